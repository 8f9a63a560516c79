/* SPDX-License-Identifier: Apache-2.0
 *
 * Any condition on any event: the first line is the condition of a rule, the rest decides the event. A rule
 * that fires must pass the kernel's filter, and the matcher must say what `explain` says.
 */
#include "watch/kfilter.h"
#include "watch/rules.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t take(plm_sv *rest)
{
    uint64_t v = 0;
    for (size_t i = 0; i < 4 && rest->n; i++, *rest = plm_sv_from_off(*rest, 1))
        v = v << 8 | (unsigned char)rest->p[0];
    return v;
}

static plm_sv take_text(plm_sv *rest)
{
    size_t n = rest->n ? (unsigned char)rest->p[0] % 64 : 0;
    plm_sv s = plm_sv_sub(*rest, 1, n);
    *rest = plm_sv_from_off(*rest, n + 1);
    return s.p ? s : PLM_SV("");
}

static void make_event(struct plm_event *e, plm_sv rest)
{
    *e = (struct plm_event){.num = 1, .ts = 1, .tid = 1, .pid = 1, .has_res = true};
    e->type = plm_evtype_get((unsigned)take(&rest) % plm_evtype_count());
    e->res = (int32_t)take(&rest);
    e->n_params = e->type->n_params;
    e->has_fd = e->type->has_fd;
    e->fd = (struct plm_fdinfo){.num = e->res, .type = (enum plm_fdtype)(take(&rest) % PLM_FD_COUNT_)};
    e->fd.name = take_text(&rest);
    e->fd.nameraw = take_text(&rest);
    int at = plm_evtype_param(e->type, PLM_SV("flags"));
    if (at >= 0 && e->type->params[at].type == PLM_P_FLAGS) {
        e->params[at].is_present = true;
        e->params[at].u = take(&rest);
    }
}

static void judge(struct plm_rules *rules, plm_sv rest, struct plm_arena *a)
{
    plm_auto(plm_rule_matcher_free) struct plm_rule_matcher *m = plm_rule_matcher_new(rules, NULL);
    const struct plm_kplan *p = plm_kplan_make(rules, a, NULL);
    struct plm_event e;
    struct plm_thread t = {.info = {.tid = 1, .pid = 1, .ptid = 0, .loginuid = -1, .comm = PLM_SV("cat")}};
    t.leader = &t;
    struct plm_view view = {.event = &e, .thread = &t, .arena = a};
    if (!m || !p)
        abort();
    make_event(&e, rest);
    const struct plm_rule *hit;
    size_t n = plm_rule_matcher_run(m, &view, &hit, 1);
    struct plm_kmask mask;
    plm_kplan_mask(p, &view, &mask);
    struct plm_explained *rows;
    size_t n_rows;
    bool matched;
    if (plm_rule_matcher_explain(m, &view, plm_rules_get(rules, 0), a, &rows, &n_rows, &matched, NULL) < 0 ||
        matched != (n == 1) || (n && !plm_kfilter_passes(plm_kplan_filter(p), &mask, &view)))
        abort();
    plm_rule_matcher_drop_cache(t.cache);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_sv rest = plm_sv_n((const char *)data, size), line;
    if (!plm_sv_line(&rest, &line) || line.n > 4096)
        return 0;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(256));
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_buf_str(&b, "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: |\n    ");
    plm_buf_sv_put(&b, line);
    plm_buf_str(&b, "\n");
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_sv name = PLM_SV("r.yaml"), text = plm_buf_sv(&b);
    struct plm_rules_config conf = {
        .files = &name, .texts = &text, .n_files = 1, .min_priority = PLM_PRIO_DEBUG, .match_all = true};
    plm_auto(plm_rules_unref) struct plm_rules *rules = a ? plm_rules_load(&ctx, &conf, a, NULL, NULL) : NULL;
    if (rules && plm_rules_count(rules) == 1)
        judge(rules, rest, a);
    return 0;
}
