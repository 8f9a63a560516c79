/* SPDX-License-Identifier: Apache-2.0
 *
 * Plans: the description of a target and the places where its layers lie.
 */
#include "image/image_int.h"

#include <stdarg.h>
#include <stdio.h>

struct plm_plan *plm_plan_new(const struct plm_source *src, plm_err **err)
{
    plm_auto(plm_plan_free) struct plm_plan *p = calloc(1, sizeof(*p));
    if (!p)
        return PLM_NULL(plm_fail_oom(err));
    p->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!p->arena)
        return PLM_NULL(plm_fail_oom(err));
    p->target.scheme = plm_arena_sv(p->arena, src->scheme);
    p->target.reference = plm_arena_sv(p->arena, src->reference);
    p->target.id = plm_arena_printf(p->arena, "%.*s:%.*s%s%.*s", PLM_SV_ARG(src->scheme),
                                    PLM_SV_ARG(src->reference), src->tag.n ? ":" : "", PLM_SV_ARG(src->tag));
    if (plm_arena_check(p->arena, err) < 0)
        return NULL;
    return plm_take(p);
}

void plm_plan_free(struct plm_plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->layers.n; i++) {
        if (p->layers.v[i].fd >= 0)
            close(p->layers.v[i].fd);
        plm_buf_done(&p->layers.v[i].record);
    }
    plm_arena_free(p->arena);
    free(p);
}

static void add_diag(struct plm_plan *p, const char *code, enum plm_severity sev, plm_sv object,
                     plm_sv message, plm_sv hint)
{
    struct plm_diagnostic *d = plm_vec_push(p->arena, &p->diagnostics);
    if (!d)
        return;
    *d = (struct plm_diagnostic){.code = plm_arena_sv(p->arena, plm_sv_from(code)),
                                 .severity = sev,
                                 .target = PLM_NONE,
                                 .object = plm_arena_sv(p->arena, object),
                                 .message = message,
                                 .hint = hint};
    if (sev >= PLM_SEV_HIGH)
        p->target.is_incomplete = true;
}

void plm_plan_diag(struct plm_plan *p, const char *code, enum plm_severity sev, plm_sv object,
                   const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    plm_auto_free char *text = NULL;
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    add_diag(p, code, sev, object, plm_arena_sv(p->arena, plm_sv_from(text ? text : "out of memory")),
             PLM_SV_NULL);
}

int plm_plan_wrap(const struct plm_plan *p, const char *name, plm_err **err)
{
    for (size_t i = 0; i < p->diagnostics.n; i++) {
        const struct plm_diagnostic *d = &p->diagnostics.v[i];
        if (plm_sv_is(d->code, "image.digest-mismatch"))
            (void)!plm_wrap(err, "%.*s: %.*s", PLM_SV_ARG(d->object), PLM_SV_ARG(d->message));
    }
    return plm_wrap(err, "%s", name);
}

void plm_plan_diag_err(struct plm_plan *p, const char *code, enum plm_severity sev, plm_sv object,
                       const plm_err *e)
{
    plm_auto_free char *text = plm_err_text(e);
    const char *id = plm_err_id(e);
    add_diag(p, id ? id : code, sev, object,
             plm_arena_sv(p->arena, plm_sv_from(text ? text : "out of memory")),
             plm_arena_sv(p->arena, plm_sv_from(plm_err_hint_get(e))));
}
