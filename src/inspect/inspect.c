/* SPDX-License-Identifier: Apache-2.0
 *
 * The inspectors in their order, and what they share.
 */
#include "inspect/inspect.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int by_order(const void *a, const void *b)
{
    const struct plm_inspector *const *x = a, *const *y = b;
    if ((*x)->order != (*y)->order)
        return (*x)->order < (*y)->order ? -1 : 1;
    return strcmp((*x)->id, (*y)->id);
}

static const struct plm_inspector **sorted(struct plm_arena *a, size_t *n)
{
    const struct plm_inspector **v = plm_arena_array(a, PLM_SET_COUNT(plm_inspectors) + 1, sizeof(*v));
    *n = 0;
    PLM_SET_FOREACH (plm_inspectors, struct plm_inspector, i) {
        if (v)
            v[(*n)++] = i;
    }
    if (v)
        qsort(v, *n, sizeof(*v), by_order);
    return v;
}

int plm_inspect_prepare(const struct plm_inspect_options *opt, struct plm_arena *a,
                        struct plm_image_options *io, plm_err **err)
{
    size_t n, total = io->n_extractors;
    const struct plm_inspector **v = sorted(a, &n);
    for (size_t i = 0; v && i < n; i++)
        for (size_t k = 0; v[i]->extractors && v[i]->extractors[k]; k++)
            total++;
    const struct plm_extractor **list = plm_arena_array(a, total + 1, sizeof(*list));
    plm_sv *params = plm_arena_array(a, total + 1, sizeof(*params));
    if (!v || !list || !params)
        return plm_arena_check(a, err);
    if (io->n_extractors)
        memcpy(list, io->extractors, io->n_extractors * sizeof(*list));
    if (io->params)
        memcpy(params, io->params, io->n_extractors * sizeof(*params));
    size_t at = io->n_extractors;
    for (size_t i = 0; i < n; i++) {
        if (!v[i]->is_wanted(opt))
            continue;
        io->want_entries = io->want_entries || v[i]->needs_entries;
        io->want_config = io->want_config || v[i]->needs_config;
        if (v[i]->set_up && v[i]->set_up(opt, a, io, err) < 0)
            return -1;
        for (size_t k = 0; v[i]->extractors && v[i]->extractors[k]; k++, at++) {
            list[at] = v[i]->extractors[k];
            if (v[i]->params && v[i]->params(opt, k, a, &params[at], err) < 0)
                return -1;
        }
    }
    io->extractors = list;
    io->params = params;
    io->n_extractors = at;
    return plm_arena_check(a, err);
}

int plm_inspect_target(const struct plm_ctx *ctx, const struct plm_inspect_options *opt,
                       const struct plm_analysis *a, struct plm_report *r, uint32_t target,
                       struct plm_image_facts *facts, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_ARENA_NO_LIMIT);
    size_t n;
    const struct plm_inspector **v = scratch ? sorted(scratch, &n) : NULL;
    if (!v)
        return plm_fail_oom(err);
    struct plm_inspection in = {
        .ctx = ctx, .opt = opt, .analysis = a, .report = r, .target = target, .facts = facts};
    for (size_t i = 0; i < n; i++)
        if (v[i]->is_wanted(opt) && v[i]->inspect(&in, err) < 0)
            return plm_wrap(err, "%s", v[i]->id);
    return plm_arena_check(facts->arena, err) < 0 || plm_arena_check(r->arena, err) < 0 ? -1 : 0;
}

struct plm_finding *plm_inspect_find(struct plm_inspection *in, const struct plm_inspect_check *check,
                                     plm_sv object, const char *from, uint32_t line, uint32_t layer,
                                     const char *fmt, ...)
{
    struct plm_arena *a = in->report->arena;
    va_list ap;
    va_start(ap, fmt);
    plm_sv text = plm_arena_vprintf(a, fmt, ap);
    va_end(ap);
    struct plm_finding *f = plm_report_finding(in->report, in->target, PLM_KIND_MISCONFIGURATION);
    if (!f)
        return NULL;
    f->id = plm_sv_from(check->id);
    f->severity = check->severity;
    f->title = plm_sv_from(check->title);
    f->object = plm_arena_sv(a, object);
    f->line = line;
    f->layer = layer;
    f->remediation = plm_sv_from(check->fix);
    f->native_severity = plm_sv_from(check->level);
    if (strcmp(from, "file") == 0 && plm_sv_starts(object, PLM_SV("/")))
        f->path = f->object;
    plm_sv aliases = plm_sv_from(check->aliases), alias;
    while (plm_sv_word(&aliases, &alias))
        plm_sv_vec_add(a, &f->aliases, alias);
    plm_sv_vec_sort_unique(&f->aliases);
    plm_sv_vec_add(a, &f->evidence, text);
    plm_sv_vec_add(a, &f->evidence, plm_arena_printf(a, "from: %s", from));
    return f;
}
