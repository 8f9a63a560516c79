/* SPDX-License-Identifier: Apache-2.0
 *
 * Loading a policy: the form is found by its text, read by that form's reader, then checked.
 */
#include "base/time.h"
#include "policy/policy_int.h"

struct plm_policy *plm_policy_load(const struct plm_ctx *ctx, plm_sv text, const char *name,
                                   enum plm_policy_mode mode, plm_err **err)
{
    plm_auto(plm_policy_free) struct plm_policy *p = calloc(1, sizeof(*p));
    if (!p || !(p->arena = plm_arena_new(PLM_ARENA_NO_LIMIT)))
        return PLM_NULL(plm_fail_oom(err));
    p->mode = mode;
    p->file = plm_arena_cstr(p->arena, plm_sv_from(name));
    if (!p->file)
        return PLM_NULL(plm_arena_check(p->arena, err));
    plm_sv start = plm_sv_sub(plm_sv_trim(text), 0, 1);
    bool is_json = plm_sv_is(start, "{") || plm_sv_is(start, "[");
    if ((is_json ? plm_policy_read_json(ctx, text, p->file, p, err)
                 : plm_policy_read_yaml(ctx, text, p->file, p, err)) < 0 ||
        plm_policy_check(p, err) < 0)
        return NULL;
    return plm_take(p);
}

void plm_policy_free(struct plm_policy *p)
{
    if (!p)
        return;
    plm_arena_free(p->arena);
    free(p);
}

plm_sv plm_policy_id(const struct plm_policy *p)
{
    return p->id;
}
plm_sv plm_policy_name(const struct plm_policy *p)
{
    return p->name;
}
const plm_policy_problems *plm_policy_all_problems(const struct plm_policy *p)
{
    return &p->problems;
}

void plm_policy_wants(const struct plm_policy *p, struct plm_policy_wants *out)
{
    *out = (struct plm_policy_wants){0};
    for (size_t i = 0; i < p->sets.n; i++)
        for (size_t k = 0; k < p->sets.v[i].rules.n; k++) {
            const struct plm_policy_rule *r = &p->sets.v[i].rules.v[k];
            if (!r->trigger)
                continue;
            out->facts |= r->trigger->needs;
            out->needs_history |= strcmp(r->gate->name, "dockerfile") == 0;
            if (r->gate->wants)
                r->gate->wants(r, p->arena, out);
        }
    if (out->needs_history)
        out->facts |= PLM_FACT_CONFIG;
    plm_sv_vec_sort_unique(&out->retrieve);
    plm_sv_vec_sort_unique(&out->digests);
}

void plm_policy_problem(struct plm_policy *p, plm_policy_problems *to, const char *type, uint32_t line,
                        uint32_t column, const char *fmt, ...)
{
    struct plm_policy_problem *x = plm_vec_push(p->arena, to);
    if (!x)
        return;
    va_list ap;
    va_start(ap, fmt);
    x->details = plm_arena_vprintf(p->arena, fmt, ap);
    va_end(ap);
    x->type = plm_sv_from(type);
    x->line = line;
    x->column = column;
}

/* "2030-01-31T00:00:00Z", "...:00.123Z", "...:00:123Z"; nothing else: no offset, no bare date. */
bool plm_policy_expiry_parse(plm_sv text, int64_t *out)
{
    static const char shape[] = "0000-00-00T00:00:00";
    size_t n = sizeof(shape) - 1;
    if (text.n < n + 1 || text.p[text.n - 1] != 'Z')
        return false;
    for (size_t i = 0; i < n; i++) {
        bool is_digit = text.p[i] >= '0' && text.p[i] <= '9';
        if (shape[i] == '0' ? !is_digit : text.p[i] != shape[i])
            return false;
    }
    plm_sv fraction = plm_sv_sub(text, n, text.n - n - 1);
    bool is_more = false;
    if (fraction.n) {
        if ((fraction.p[0] != '.' && fraction.p[0] != ':') || fraction.n < 2 || fraction.n > 7)
            return false;
        for (size_t i = 1; i < fraction.n; i++) {
            if (fraction.p[i] < '0' || fraction.p[i] > '9')
                return false;
            is_more |= fraction.p[i] != '0';
        }
    }
    char whole[sizeof(shape) + 1];
    memcpy(whole, text.p, n);
    whole[n] = 'Z';
    if (!plm_time_parse(plm_sv_n(whole, n + 1), out))
        return false;
    *out += is_more;
    return true;
}
