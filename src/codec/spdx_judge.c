/* SPDX-License-Identifier: Apache-2.0
 *
 * SPDX expressions as text, as a list of ids, and against lists of allowed and denied licenses. All of it is
 * linear in the expression times the lists.
 */
#include "base/buf.h"
#include "codec/spdx.h"

/* ---- texts ---------------------------------------------------------------------------- */

static void put(struct plm_buf *b, const struct plm_spdx *e, bool is_inner)
{
    if (e->kind == PLM_SPDX_LICENSE) {
        plm_buf_sv_put(b, e->id);
        plm_buf_str(b, e->is_plus ? "+" : "");
        plm_buf_str(b, e->exception.p ? " WITH " : "");
        plm_buf_sv_put(b, e->exception);
        return;
    }
    plm_buf_str(b, is_inner ? "(" : "");
    for (size_t i = 0; i < e->arms.n; i++) {
        plm_buf_str(b, !i ? "" : e->kind == PLM_SPDX_AND ? " AND " : " OR ");
        put(b, e->arms.v[i], e->kind == PLM_SPDX_AND);
    }
    plm_buf_str(b, is_inner ? ")" : "");
}

plm_sv plm_spdx_text(const struct plm_spdx *e, struct plm_arena *a)
{
    /* names of the list are longer than the spellings that stand for them, but never 64 times */
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF((size_t)PLM_SPDX_TEXT_MAX * 64);
    put(&b, e, false);
    return b.failed ? PLM_SV_NULL : plm_arena_sv(a, plm_buf_sv(&b));
}

void plm_spdx_ids(const struct plm_spdx *e, struct plm_arena *a, plm_sv_vec *out)
{
    for (size_t i = 0; i < e->arms.n; i++)
        plm_spdx_ids(e->arms.v[i], a, out);
    if (e->kind != PLM_SPDX_LICENSE)
        return;
    for (size_t i = 0; i < out->n; i++)
        if (plm_sv_eq(out->v[i], e->id))
            return;
    plm_sv_vec_add(a, out, e->id);
}

/* ---- items of a list ------------------------------------------------------------------ */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* '*' is any run of bytes; any case. Only the last star is gone back to: O(pattern times text). */
static bool glob(plm_sv pattern, plm_sv s)
{
    size_t p = 0, i = 0, star = SIZE_MAX, mark = 0;
    while (i < s.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            mark = i;
        } else if (p < pattern.n && lower(pattern.p[p]) == lower(s.p[i])) {
            p++;
            i++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            i = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

/* "GPL-3.0-or-later" to family "GPL" and version "3.0"; false for an id without -only or -or-later. */
static bool family(plm_sv id, plm_sv *out_name, plm_sv *out_version, bool *out_later)
{
    *out_later = plm_sv_ends(id, PLM_SV("-or-later"));
    if (!*out_later && !plm_sv_ends(id, PLM_SV("-only")))
        return false;
    plm_sv stem = plm_sv_sub(id, 0, id.n - (*out_later ? 9 : 5));
    size_t dash = plm_sv_rfind(stem, '-');
    if (dash == SIZE_MAX)
        return false;
    *out_name = plm_sv_sub(stem, 0, dash);
    *out_version = plm_sv_from_off(stem, dash + 1);
    return true;
}

/* Is the license "X-or-later" usable under the terms of the item, a version of X that is not lower? Versions
 * of these families are one digit, a dot and one digit. */
static bool later_reaches(plm_sv item, plm_sv id)
{
    plm_sv item_name, item_version, name, version;
    bool item_later, is_later;
    return family(item, &item_name, &item_version, &item_later) && family(id, &name, &version, &is_later) &&
           is_later && plm_sv_eq(item_name, name) && plm_sv_cmp(item_version, version) >= 0;
}

static bool names_both(plm_sv item, plm_sv id)
{
    plm_sv name, version;
    bool is_later;
    return family(id, &name, &version, &is_later) && item.n == name.n + 1 + version.n &&
           plm_sv_ieq(item, plm_sv_sub(id, 0, item.n));
}

bool plm_spdx_matches(plm_sv item, const struct plm_spdx *e, bool is_allow)
{
    size_t with = plm_sv_find_sv(item, PLM_SV(" WITH "));
    if (with != SIZE_MAX) {
        plm_sv exception = plm_sv_trim(plm_sv_from_off(item, with + 6));
        if (!e->exception.p || !glob(exception, e->exception))
            return false;
        item = plm_sv_trim(plm_sv_sub(item, 0, with));
    }
    if (plm_sv_find(item, '*') != SIZE_MAX)
        return glob(item, e->id);
    if (plm_sv_ieq(item, e->id) || names_both(item, e->id))
        return true;
    plm_sv canonical = plm_spdx_id(item);
    return canonical.p && (plm_sv_eq(canonical, e->id) || (is_allow && later_reaches(canonical, e->id)));
}

/* ---- verdicts ------------------------------------------------------------------------- */

static bool any(const struct plm_spdx_list *list, const struct plm_spdx *e, bool is_allow, bool with_only)
{
    for (size_t i = 0; list && i < list->n; i++)
        if ((!with_only || plm_sv_has(list->v[i], PLM_SV(" WITH "))) &&
            plm_spdx_matches(list->v[i], e, is_allow))
            return true;
    return false;
}

static enum plm_spdx_verdict judge_leaf(const struct plm_spdx *e, const struct plm_spdx_list *allow,
                                        const struct plm_spdx_list *deny)
{
    if (any(deny, e, false, false) && !any(allow, e, true, true))
        return PLM_SPDX_DENIED;
    return !allow || !allow->n || any(allow, e, true, false) ? PLM_SPDX_OK : PLM_SPDX_NOT_ALLOWED;
}

enum plm_spdx_verdict plm_spdx_judge(const struct plm_spdx *e, const struct plm_spdx_list *allow,
                                     const struct plm_spdx_list *deny, const struct plm_spdx **which)
{
    if (e->kind == PLM_SPDX_LICENSE) {
        if (which)
            *which = e;
        return judge_leaf(e, allow, deny);
    }
    enum plm_spdx_verdict verdict = PLM_SPDX_OK;
    for (size_t i = 0; i < e->arms.n; i++) {
        const struct plm_spdx *arm_which = NULL;
        enum plm_spdx_verdict arm = plm_spdx_judge(e->arms.v[i], allow, deny, &arm_which);
        bool decides = i == 0 || (e->kind == PLM_SPDX_AND ? arm > verdict : arm < verdict);
        if (!decides)
            continue;
        verdict = arm;
        if (which)
            *which = arm_which;
    }
    return verdict;
}
