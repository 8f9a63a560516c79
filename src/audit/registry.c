/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks as one list. Groups register themselves (one file each); here they are put into the
 * order in which people read ids, and found by id or by another tool's name.
 */
#include "audit/audit.h"

static const char *const stage_names[PLM_STAGE_COUNT_] = {"host", "engine", "images", "containers", "swarm"};

const char *plm_stage_name(enum plm_stage s)
{
    return s < PLM_STAGE_COUNT_ ? stage_names[s] : "host";
}

bool plm_stage_parse(plm_sv s, enum plm_stage *out)
{
    for (int i = 0; i < PLM_STAGE_COUNT_; i++)
        if (plm_sv_is(s, stage_names[i])) {
            *out = (enum plm_stage)i;
            return true;
        }
    return false;
}

const char *plm_impact_name(enum plm_impact i)
{
    static const char *const names[] = {"safe", "restart", "may-break"};
    return names[i];
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes a run of digits, or one other byte, off *s. */
static bool piece(plm_sv *s, bool *out_is_number, uint64_t *out_number, char *out_byte)
{
    if (!s->n)
        return false;
    size_t n = 0;
    while (n < s->n && n < 9 && is_digit(s->p[n]))
        n++;
    *out_is_number = n > 0;
    *out_byte = s->p[0];
    if (n && !plm_sv_u64(plm_sv_sub(*s, 0, n), out_number))
        return false;
    *s = plm_sv_from_off(*s, n ? n : 1);
    return true;
}

int plm_check_id_cmp(plm_sv a, plm_sv b)
{
    plm_sv x = a, y = b;
    for (;;) {
        bool is_x, is_y;
        uint64_t nx = 0, ny = 0;
        char cx, cy;
        bool has_x = piece(&x, &is_x, &nx, &cx), has_y = piece(&y, &is_y, &ny, &cy);
        if (!has_x || !has_y)
            return has_x ? 1 : has_y ? -1 : plm_sv_cmp(a, b);
        if (is_x != is_y)
            return is_x ? -1 : 1;
        if (is_x && nx != ny)
            return nx < ny ? -1 : 1;
        if (!is_x && cx != cy)
            return (unsigned char)cx < (unsigned char)cy ? -1 : 1;
    }
}

static int by_id(const void *va, const void *vb)
{
    const struct plm_check *const *a = va, *const *b = vb;
    return plm_check_id_cmp(plm_sv_from((*a)->id), plm_sv_from((*b)->id));
}

const struct plm_check *const *plm_checks_sorted(struct plm_arena *a)
{
    size_t n = 0;
    PLM_SET_FOREACH (plm_check_groups, struct plm_check_group, g)
        n += g->n;
    const struct plm_check **list = plm_arena_array(a, n + 1, sizeof(*list));
    if (!list)
        return NULL;
    n = 0;
    PLM_SET_FOREACH (plm_check_groups, struct plm_check_group, g)
        for (size_t i = 0; i < g->n; i++)
            list[n++] = &g->checks[i];
    qsort(list, n, sizeof(*list), by_id);
    return list;
}

static bool is_alias(const char *aliases, plm_sv id)
{
    plm_sv rest = plm_sv_from(aliases), word;
    while (aliases && plm_sv_word(&rest, &word))
        if (plm_sv_ieq(word, id))
            return true;
    return false;
}

const struct plm_check *plm_check_find(plm_sv id)
{
    const struct plm_check *other = NULL;
    PLM_SET_FOREACH (plm_check_groups, struct plm_check_group, g)
        for (size_t i = 0; i < g->n; i++) {
            if (plm_sv_ieq(plm_sv_from(g->checks[i].id), id))
                return &g->checks[i];
            if (is_alias(g->checks[i].aliases, id))
                other = &g->checks[i];
        }
    return other;
}
