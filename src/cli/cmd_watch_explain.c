/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll watch explain: for events of a recording, which predicate stopped a rule, or that it fired.
 *
 * The recording is replayed as `watch replay` does it, so the process table is that of the event. Without
 * --rule the rules are those that could be true for the type of the event. One line a predicate: a mark for
 * what it is
 * (+ true, - false), * for those that decide, and the value that the left side had.
 */
#include "cli/watch_setup.h"

#include "base/text.h"

#include <limits.h>

struct wanted {
    struct plm_cli *cli;
    uint64_t event; /* 0: any */
    const plm_sv *rules;
    size_t n_rules;
    struct plm_buf *out;
    struct plm_arena *arena;
    uint64_t n_events, n_rows;
    plm_err *failed;
};

/* `*` over any text; a rule's name has no path in it. */
static bool wild(plm_sv pattern, plm_sv s)
{
    size_t star = plm_sv_find(pattern, '*');
    if (star == SIZE_MAX)
        return plm_sv_ieq(pattern, s);
    if (s.n < star || !plm_sv_ieq(plm_sv_sub(pattern, 0, star), plm_sv_sub(s, 0, star)))
        return false;
    pattern = plm_sv_from_off(pattern, star + 1);
    s = plm_sv_from_off(s, star);
    for (;; s = plm_sv_from_off(s, 1)) {
        if (wild(pattern, s))
            return true;
        if (!s.n)
            return false;
    }
}

static bool is_wanted(const struct wanted *w, const struct plm_rule *rule, const struct plm_event *e)
{
    if (!w->n_rules)
        return rule->is_enabled && plm_evset_has(&rule->types, e->type->id);
    for (size_t i = 0; i < w->n_rules; i++)
        if (wild(w->rules[i], rule->name))
            return true;
    return false;
}

static void put_row(struct plm_buf *b, const struct plm_explained *x, const struct plm_rule *rule,
                    const struct plm_event *e)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_KIB(256));
    plm_buf_printf(b, "  %c %c %*s", x->is_decisive ? '*' : ' ', x->is_true ? '+' : '-', (int)(2 * x->depth),
                   "");
    if (!x->cond) {
        plm_buf_printf(b, "evt.type: the rule is not about %s\n", e->type->name);
        (void)rule;
        return;
    }
    switch (x->cond->kind) {
    case PLM_COND_AND:
        plm_buf_str(b, "all of\n");
        return;
    case PLM_COND_OR:
        plm_buf_str(b, "any of\n");
        return;
    case PLM_COND_NOT:
        plm_buf_str(b, "not\n");
        return;
    case PLM_COND_CHECK:
    case PLM_COND_MACRO:
        break;
    }
    plm_cond_text(x->cond, &text);
    plm_sv shown = plm_buf_sv(&text);
    bool is_cut = shown.n > 160;
    plm_text_escape(b, plm_sv_sub(shown, 0, 160));
    plm_buf_str(b, is_cut ? "…" : "");
    plm_buf_str(b, "   # ");
    if (x->actual.p) {
        plm_buf_str(b, "is ");
        plm_text_escape(b, plm_sv_sub(x->actual, 0, 200));
    } else {
        plm_buf_str(b, "has no value");
    }
    plm_buf_byte(b, '\n');
}

static int explain_rule(struct wanted *w, struct plm_rule_matcher *m, const struct plm_view *view,
                        const struct plm_rule *rule, plm_err **err)
{
    struct plm_explained *rows;
    size_t n;
    bool is_match;
    if (plm_rule_matcher_explain(m, view, rule, w->arena, &rows, &n, &is_match, err) < 0)
        return -1;
    plm_buf_str(w->out, "rule \"");
    plm_text_escape(w->out, rule->name);
    plm_buf_printf(w->out, "\" %s%s\n", is_match ? "fires" : "does not fire",
                   rule->is_enabled ? "" : " (it is switched off)");
    for (size_t i = 0; i < n; i++)
        if (rows[i].is_decisive || w->cli->verbose)
            put_row(w->out, &rows[i], rule, view->event);
    w->n_rows++;
    return 0;
}

static int explain_event(void *data, struct plm_watch *watch, const struct plm_view *view, plm_err **err)
{
    struct wanted *w = data;
    const struct plm_event *e = view->event;
    const struct plm_rules *rules = plm_watch_rules(watch);
    if (w->event && e->num != w->event)
        return 0;
    plm_sv name = view->thread->info.comm;
    plm_buf_printf(w->out, "event %llu: %s by ", (unsigned long long)e->num, e->type->name);
    plm_text_escape(w->out, name.n ? name : PLM_SV("?"));
    plm_buf_printf(w->out, " (pid %d)\n", e->pid);
    w->n_events++;
    for (size_t i = 0; i < plm_rules_count(rules); i++) {
        const struct plm_rule *rule = plm_rules_get(rules, i);
        if (is_wanted(w, rule, e) && explain_rule(w, plm_watch_matcher_use(watch), view, rule, err) < 0)
            return -1;
    }
    plm_arena_reset(w->arena);
    if (w->out->n > PLM_KIB(256)) {
        if (plm_cli_print(plm_buf_sv(w->out), err) < 0)
            return -1;
        plm_buf_clear(w->out);
    }
    return plm_buf_check(w->out, err);
}

static int check_found(const struct wanted *w, plm_err **err)
{
    if (!w->n_events)
        return w->event ? plm_fail(err, PLM_E_NOTFOUND, "the recording has no event %llu",
                                   (unsigned long long)w->event)
                        : plm_fail(err, PLM_E_EMPTY, "the recording has no events");
    if (!w->n_rows && w->n_rules)
        return plm_fail(err, PLM_E_NOTFOUND, "no rule is called %.*s", PLM_SV_ARG(w->rules[0]));
    return 0;
}

static int run(struct plm_cli *cli, plm_err **err)
{
    plm_auto_done(plm_watch_setup_done) struct plm_watch_setup s = {0};
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(16));
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    const char *const *words;
    struct wanted w = {.cli = cli, .out = &out, .arena = a};
    if (!a)
        return plm_fail_oom(err);
    if (plm_config_words(cli->config, &words) != 1)
        return plm_fail_id(err, PLM_E_USAGE, "usage.value", "name one recording");
    if (plm_watch_setup(cli, &s, err) < 0)
        return -1;
    w.event = plm_config_number(cli->config, "event");
    w.n_rules = plm_config_list(cli->config, "rule", &w.rules);
    s.conf.replay = plm_sv_from(words[0]);
    s.conf.metadata_wait_ms = 0;
    s.conf.watch_files = false;
    s.conf.on_event = explain_event;
    s.conf.on_event_data = &w;
    plm_auto(plm_watch_free) struct plm_watch *watch =
        plm_watch_new(&cli->ctx, &s.conf, NULL, 0, cli->arena, &s.load, err);
    if (!watch) {
        plm_watch_print_load(cli, &s.load);
        return -1;
    }
    if (plm_watch_run(watch, NULL, NULL, err) < 0 || check_found(&w, err) < 0)
        return -1;
    return plm_cli_print(plm_buf_sv(&out), err) < 0 ? -1 : PLM_EXIT_PASSED;
}

#define HELP                                                                                                 \
    "Replays the recording and says for each event (or --event N) and each rule that could be true for it "  \
    "(or "                                                                                                   \
    "--rule NAME) whether it fires and which predicates decided: + true, - false, and the value that the "   \
    "left side "                                                                                             \
    "had. -v prints all predicates, with a star before those that decide. --event and --rule narrow it."

static const struct plm_command explain = {
    .name = "watch explain",
    .arguments = "FILE|-",
    .summary = "why a rule fired or did not, predicate by predicate",
    .help = HELP,
    .examples =
        "plimsoll watch explain incident.jsonl --event 7 -r rules.yaml\twhat stopped each rule at event 7\n"
        "plimsoll watch explain incident.jsonl --rule 'Read sensitive*'\tone rule at every event\n",
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, explain);

static const struct plm_command why = {
    .name = "watch why",
    .arguments = "FILE|-",
    .summary = "the same as plimsoll watch explain",
    .help = HELP,
    .examples = "plimsoll watch why incident.jsonl --event 7\twhat stopped each rule at event 7\n",
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, why);
