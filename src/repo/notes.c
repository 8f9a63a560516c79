/* SPDX-License-Identifier: Apache-2.0
 *
 * Diagnostics of worker threads: collected in their own arenas, put into the report by the
 * one thread that owns it. Several workers may meet the same fault (a mirror that is down):
 * equal rows are put once.
 */
#include "repo/repo_int.h"

struct repo_note *plm_repo_note(struct repo_notes *n, const char *code, enum plm_severity severity,
                                plm_sv object, const char *fmt, ...)
{
    plm_auto_free char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    int r = vasprintf(&text, fmt, ap);
    va_end(ap);
    struct repo_note *row = r < 0 ? NULL : plm_vec_push(n->arena, &n->rows);
    if (row)
        *row = (struct repo_note){.code = code,
                                  .severity = severity,
                                  .object = plm_arena_sv(n->arena, object),
                                  .message = plm_arena_sv(n->arena, plm_sv_from(text))};
    return row;
}

void plm_repo_note_err(struct repo_notes *n, const char *code, enum plm_severity severity, plm_sv object,
                       plm_err **err)
{
    plm_auto_free char *text = plm_err_text(*err);
    const char *hint = plm_err_hint_get(*err);
    struct repo_note *row = plm_repo_note(n, code, severity, object, "%s", text ? text : "out of memory");
    if (row && hint)
        row->hint = plm_arena_sv(n->arena, plm_sv_from(hint));
    plm_err_free(*err);
    *err = NULL;
}

void plm_repo_notes_put(const struct repo_notes *n, struct plm_report *r, uint32_t target)
{
    for (size_t i = 0; i < n->rows.n; i++) {
        const struct repo_note *row = &n->rows.v[i];
        bool is_known = false;
        for (size_t d = 0; d < r->diagnostics.n && !is_known; d++) {
            const struct plm_diagnostic *o = &r->diagnostics.v[d];
            is_known = o->target == target && plm_sv_is(o->code, row->code) &&
                       plm_sv_eq(o->object, row->object) && plm_sv_eq(o->message, row->message);
        }
        struct plm_diagnostic *d = is_known ? NULL
                                            : plm_diag(r, row->code, row->severity, target, row->object,
                                                       "%.*s", PLM_SV_ARG(row->message));
        if (d && row->hint.p)
            d->hint = plm_arena_sv(r->arena, row->hint);
    }
}
