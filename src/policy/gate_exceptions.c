/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `exceptions`: what allows findings must not be forgotten. Looks at our exceptions and at the items of
 * the allowlists of the same file; one finding each, with the id "<exception id>+<last day>", so that a
 * renewed exception is a new one.
 */
#include "base/time.h"
#include "match/match.h"
#include "policy/gate_common.h"

struct entry {
    plm_sv id, owner, reason, ticket;
    int64_t until; /* 0: never */
    bool is_item;  /* of an allowlist: it has neither owner nor ticket */
};

typedef int each_fn(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const struct entry *e,
                    plm_err **err);

static int for_each(struct plm_policy_eval *ev, const struct plm_policy_rule *r, each_fn *each, plm_err **err)
{
    const struct plm_exceptions *x = ev->opt ? ev->opt->exceptions : NULL;
    for (size_t i = 0; x && i < x->rows.n; i++) {
        const struct plm_exception *row = &x->rows.v[i];
        struct entry e = {row->id, row->owner, row->reason, row->ticket, row->until, false};
        if (each(ev, r, &e, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < ev->policy->allowlists.n; i++) {
        const struct plm_policy_allowlist *l = &ev->policy->allowlists.v[i];
        for (size_t k = 0; k < l->items.n; k++) {
            const struct plm_policy_item *item = &l->items.v[k];
            struct entry e = {
                .id = item->trigger_id, .reason = item->description, .until = item->expires, .is_item = true};
            if (each(ev, r, &e, err) < 0)
                return -1;
        }
    }
    return 0;
}

static int fire(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const struct entry *e,
                const char *verb, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf date = PLM_BUF(PLM_KIB(1));
    plm_time_put_date(&date, e->until);
    plm_sv day = plm_buf_sv(&date), by = PLM_SV(" of "), none = PLM_SV("");
    plm_sv id = plm_arena_printf(ev->arena, "%.*s+%.*s", PLM_SV_ARG(e->id), PLM_SV_ARG(day));
    plm_sv of = e->owner.n ? by : none;
    if (!id.p || plm_policy_fire(ev, r, id, "Exception for %.*s%.*s%.*s %s on %.*s", PLM_SV_ARG(e->id),
                                 PLM_SV_ARG(of), PLM_SV_ARG(e->owner), verb, PLM_SV_ARG(day)) < 0)
        return plm_fail_oom(err);
    return 0;
}

static int expiring_one(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const struct entry *e,
                        plm_err **err)
{
    uint64_t days = 0;
    plm_policy_param_number(r, "days", &days);
    bool is_soon = e->until && e->until >= ev->now && plm_policy_days_ago(e->until, days) <= ev->now;
    return is_soon ? fire(ev, r, e, "ends", err) : 0;
}
static int expiring(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return for_each(ev, r, expiring_one, err);
}

static int expired_one(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const struct entry *e,
                       plm_err **err)
{
    return e->until && e->until < ev->now ? fire(ev, r, e, "ended", err) : 0;
}
static int expired(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return for_each(ev, r, expired_one, err);
}

static int incomplete_one(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const struct entry *e,
                          plm_err **err)
{
    plm_sv_vec fields = plm_policy_param_list(ev, r, "fields");
    const struct {
        plm_sv name;
        bool is_missing;
    } known[] = {{PLM_SV("reason"), !e->reason.n},
                 {PLM_SV("owner"), !e->is_item && !e->owner.n},
                 {PLM_SV("ticket"), !e->is_item && !e->ticket.n},
                 {PLM_SV("until"), !e->until}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!known[i].is_missing || !plm_policy_listed(&fields, known[i].name))
            continue;
        plm_sv id = plm_arena_printf(ev->arena, "%.*s+%.*s", PLM_SV_ARG(e->id), PLM_SV_ARG(known[i].name));
        if (!id.p || plm_policy_fire(ev, r, id, "Exception for %.*s has no %.*s", PLM_SV_ARG(e->id),
                                     PLM_SV_ARG(known[i].name)) < 0)
            return plm_fail_oom(err);
    }
    return 0;
}
static int incomplete(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return for_each(ev, r, incomplete_one, err);
}

static const struct plm_policy_param_type expiring_params[] = {
    {.name = "days",
     .type = PLM_PARAM_INTEGER,
     .is_required = true,
     .description = "How many days before its end an exception is reported.",
     .example = "14",
     .origin = PLM_ORIGIN_OURS},
    {0}};
static const struct plm_policy_param_type incomplete_params[] = {
    {.name = "fields",
     .type = PLM_PARAM_LIST,
     .is_required = true,
     .description =
         "What every exception must have: reason, owner, ticket, until. Items of allowlists have neither "
         "owner nor ticket.",
     .example = "reason,owner,until",
     .origin = PLM_ORIGIN_OURS},
    {0}};

static const struct plm_policy_trigger triggers[] = {
    {.name = "expiring",
     .description = "Fires for each exception that ends soon.",
     .origin = PLM_ORIGIN_OURS,
     .params = expiring_params,
     .evaluate = expiring},
    {.name = "expired",
     .description = "Fires for each exception that has ended.",
     .origin = PLM_ORIGIN_OURS,
     .evaluate = expired},
    {.name = "incomplete",
     .description = "Fires for each exception that lacks a reason, an owner, a ticket or an end.",
     .origin = PLM_ORIGIN_OURS,
     .params = incomplete_params,
     .evaluate = incomplete},
    {0}};

static const struct plm_policy_gate exceptions = {
    .name = "exceptions",
    .description = "Exceptions and items of allowlists themselves.",
    .origin = PLM_ORIGIN_OURS,
    .triggers = triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, exceptions);
