/* SPDX-License-Identifier: Apache-2.0
 *
 * Evaluation: the mapping that applies, its rule sets in order (rules grouped by gate, in order of the gates'
 * first appearance), its allowlists, our exceptions, the lists of images; the lowest action decides.
 *
 * A rule that cannot be judged (facts that nobody collected, an expression that is none, a limit) ends the
 * evaluation in compat mode as in the original. In fixed mode it becomes a row that stops, and the others
 * run.
 */
#include "base/map.h"
#include "match/match.h"
#include "policy/policy_int.h"

/* ---- rows -------------------------------------------------------------------------------- */

static struct plm_policy_row *add_row(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                                      plm_sv trigger_id, plm_sv message)
{
    struct plm_policy_row *row = plm_vec_push(ev->arena, &ev->result->rows);
    if (!row)
        return NULL;
    row->gate = plm_sv_from(r->gate->name);
    row->trigger = r->trigger_name;
    row->message = message;
    row->trigger_id = trigger_id;
    if (!trigger_id.p)
        row->trigger_id = plm_policy_md5(ev, (const plm_sv[]){row->gate, row->trigger, message}, 3);
    row->action = row->rule_action = r->action;
    row->policy_id = ev->set->id;
    row->rule_id = r->id;
    row->recommendation = r->recommendation;
    row->reason = r->reason;
    row->line = r->line;
    return row;
}

int plm_policy_fire(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_sv trigger_id,
                    const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    plm_sv message = plm_arena_vprintf(ev->arena, fmt, ap);
    va_end(ap);
    if (!message.p)
        return -1;
    plm_sv id = trigger_id.p ? plm_arena_sv(ev->arena, trigger_id) : PLM_SV_NULL;
    return add_row(ev, r, id, message) ? 0 : -1;
}

static int fire_not_judged(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const plm_err *cause,
                           plm_err **err)
{
    plm_auto_free char *why = plm_err_text(cause);
    plm_sv message =
        plm_arena_printf(ev->arena, "The rule could not be evaluated: %s", why ? why : "out of memory");
    struct plm_policy_row *row = message.p ? add_row(ev, r, PLM_SV_NULL, message) : NULL;
    if (!row)
        return plm_arena_check(ev->arena, err) < 0 ? -1 : plm_fail_oom(err);
    row->is_not_judged = true;
    row->action = r->action == PLM_ACTION_GO ? PLM_ACTION_GO : PLM_ACTION_STOP;
    return 0;
}

/* ---- problems ---------------------------------------------------------------------------- */

static int add_problem(struct plm_policy_eval *ev, const struct plm_policy_problem *x, plm_err **err)
{
    struct plm_policy_problem *to = plm_vec_push(ev->arena, &ev->result->problems);
    if (!to)
        return plm_arena_check(ev->arena, err);
    *to = *x;
    return 0;
}

/* Faults only: warnings are for lint. */
static int add_faults(struct plm_policy_eval *ev, const plm_policy_problems *from, plm_err **err)
{
    for (size_t i = 0; i < from->n; i++)
        if (!from->v[i].is_warning && add_problem(ev, &from->v[i], err) < 0)
            return -1;
    return 0;
}

/* Takes the error over as a problem. */
static int add_error(struct plm_policy_eval *ev, const char *type, bool is_warning, uint32_t line,
                     plm_err **cause, plm_err **err)
{
    if (plm_err_code(*cause) == PLM_E_OOM)
        return plm_err_move(err, cause);
    plm_auto_free char *text = plm_err_text(*cause);
    plm_err_free(plm_take(*cause));
    struct plm_policy_problem x = {.is_warning = is_warning, .type = plm_sv_from(type), .line = line};
    x.details = plm_arena_sv(ev->arena, plm_sv_from(text ? text : "out of memory"));
    return add_problem(ev, &x, err);
}

/* ---- the mapping ------------------------------------------------------------------------- */

/* Faults of mappings and image lists make all of the file unusable; the original stops at the first. */
static int check_lists(struct plm_policy_eval *ev, plm_err **err)
{
    const struct plm_policy *p = ev->policy;
    struct plm_policy_result *out = ev->result;
    for (size_t i = 0; i < p->mappings.n; i++)
        if (add_faults(ev, &p->mappings.v[i].problems, err) < 0)
            return -1;
    if (add_faults(ev, &p->list_problems, err) < 0)
        return -1;
    if (ev->mode == PLM_POLICY_COMPAT && out->problems.n > 1)
        out->problems.n = 1;
    return 0;
}

static int find_mapping(struct plm_policy_eval *ev, const struct plm_policy_reference *ref,
                        const struct plm_policy_mapping **out, plm_err **err)
{
    const struct plm_policy *p = ev->policy;
    struct plm_policy_trace *trace = ev->opt ? ev->opt->trace : NULL;
    *out = NULL;
    for (size_t i = 0; i < p->mappings.n; i++) {
        const struct plm_policy_mapping *m = &p->mappings.v[i];
        const char *type = "error";
        plm_err *cause = NULL;
        /* The original tries all of them, also after one that matches. */
        int r = *out && ev->mode == PLM_POLICY_FIXED
                    ? 0
                    : plm_policy_selector_match(ev, &m->select, ref, false, &type, &cause);
        if (r < 0) {
            *out = NULL;
            return add_error(ev, type, false, m->select.line, &cause, err);
        }
        if (trace && trace->mapping && !*out)
            trace->mapping(trace, m, r == 1);
        if (r == 1 && !*out)
            *out = m;
    }
    return 0;
}

static int missing(struct plm_policy_eval *ev, const char *what, plm_sv id, size_t n, uint32_t line,
                   plm_err **err)
{
    struct plm_policy_problem x = {.line = line};
    x.type = plm_sv_from(n ? "DuplicateIdentifierFoundError" : "ReferencedObjectNotFoundError");
    x.details = plm_arena_printf(ev->arena, "%s '%.*s' %s", what, PLM_SV_ARG(id),
                                 n ? "stands more than once" : "is not in the file");
    return add_problem(ev, &x, err);
}

static const struct plm_policy_set *find_set(const struct plm_policy *p, plm_sv id, size_t *out_n)
{
    const struct plm_policy_set *found = NULL;
    *out_n = 0;
    for (size_t i = 0; i < p->sets.n; i++)
        if (plm_sv_eq(p->sets.v[i].id, id) && (*out_n)++ == 0)
            found = &p->sets.v[i];
    return *out_n == 1 ? found : NULL;
}

static const struct plm_policy_allowlist *find_allowlist(const struct plm_policy *p, plm_sv id, size_t *out_n)
{
    const struct plm_policy_allowlist *found = NULL;
    *out_n = 0;
    for (size_t i = 0; i < p->allowlists.n; i++)
        if (plm_sv_eq(p->allowlists.v[i].id, id) && (*out_n)++ == 0)
            found = &p->allowlists.v[i];
    return *out_n == 1 ? found : NULL;
}

/* What the mapping reaches must be whole. In compat mode the first faulty policy ends the policies, not the
 * allowlists. */
static int check_reached(struct plm_policy_eval *ev, const struct plm_policy_mapping *m, plm_err **err)
{
    size_t n;
    bool is_compat = ev->mode == PLM_POLICY_COMPAT;
    for (size_t i = 0; i < m->set_ids.n && !(is_compat && ev->result->problems.n); i++) {
        const struct plm_policy_set *s = find_set(ev->policy, m->set_ids.v[i], &n);
        if ((s ? add_faults(ev, &s->problems, err)
               : missing(ev, "policy", m->set_ids.v[i], n, m->select.line, err)) < 0)
            return -1;
    }
    for (size_t i = 0; i < m->allowlist_ids.n; i++) {
        const struct plm_policy_allowlist *l = find_allowlist(ev->policy, m->allowlist_ids.v[i], &n);
        if ((l ? add_faults(ev, &l->problems, err)
               : missing(ev, "allowlist", m->allowlist_ids.v[i], n, m->select.line, err)) < 0)
            return -1;
    }
    return add_faults(ev, &m->late_problems, err);
}

/* ---- rules ------------------------------------------------------------------------------- */

static int note_state(struct plm_policy_eval *ev, const struct plm_policy_rule *r, bool *out_ends,
                      plm_err **err)
{
    bool is_gate = r->gate->state != PLM_STATE_ACTIVE;
    enum plm_policy_state state = is_gate ? r->gate->state : r->trigger->state;
    *out_ends = state == PLM_STATE_EOL;
    if (state == PLM_STATE_ACTIVE)
        return 0;
    const char *successor = is_gate ? r->gate->superseded_by : r->trigger->superseded_by;
    struct plm_policy_problem x = {.is_warning = state == PLM_STATE_DEPRECATED, .line = r->line};
    x.type = plm_sv_from(*out_ends ? "EndOfLifedError" : "DeprecationWarning");
    x.details = plm_arena_printf(ev->arena, "%s.%.*s %s%s%s", r->gate->name, PLM_SV_ARG(r->trigger_name),
                                 *out_ends ? "has ended: the rule does nothing" : "will end",
                                 successor ? "; its successor is " : "", successor ? successor : "");
    return add_problem(ev, &x, err);
}

static const char *fact_name(uint32_t bit)
{
    static const char *const names[] = {
        "the configuration",  "the list of files", "packages",         "vulnerabilities", "contents of files",
        "the content search", "secrets",           "malware",          "licenses",        "packages' files",
        "image checks",       "signatures",        "ages of the data", "registry data",   "secret rules"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (bit & (1u << i))
            return names[i];
    return "facts";
}

/* JSON true is a boolean to the original's validator and no text to its trigger. */
static bool has_true(const struct plm_policy_rule *r)
{
    for (size_t i = 0; i < r->params.n; i++)
        if (r->params.v[i].is_json_bool && plm_sv_is(r->params.v[i].value, "true"))
            return true;
    return false;
}

static int judge(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    uint32_t absent = r->trigger->needs & ~ev->facts->known;
    if (absent)
        return plm_fail(err, PLM_E_POLICY, "%s were not looked at", fact_name(absent));
    if (ev->mode == PLM_POLICY_COMPAT && has_true(r))
        return plm_fail(err, PLM_E_POLICY, "a boolean value is no text");
    int rc = r->trigger->evaluate(ev, r, err);
    if (rc < 0 && err && !*err)
        return plm_arena_check(ev->arena, err) < 0 ? -1 : plm_fail_oom(err);
    return rc;
}

static int run_rule(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    bool ends;
    size_t first = ev->result->rows.n;
    struct plm_policy_trace *trace = ev->opt ? ev->opt->trace : NULL;
    if (note_state(ev, r, &ends, err) < 0)
        return -1;
    if (ends)
        return 0;
    plm_auto(plm_err_free) plm_err *cause = NULL;
    if (judge(ev, r, &cause) < 0) {
        if (plm_err_code(cause) == PLM_E_OOM || plm_err_code(cause) == PLM_E_CANCEL)
            return plm_err_move(err, &cause);
        if (ev->mode == PLM_POLICY_COMPAT) {
            plm_auto_free char *why = plm_err_text(cause);
            return plm_fail_id(err, PLM_E_POLICY, "policy.execution",
                               "Trigger evaluation failed for gate %s and trigger %.*s, due to: %s",
                               r->gate->name, PLM_SV_ARG(r->trigger_name), why ? why : "?");
        }
        if (fire_not_judged(ev, r, cause, err) < 0)
            return -1;
    }
    if (trace && trace->rule)
        trace->rule(trace, ev->set, r, ev->result, first, cause);
    return 0;
}

/* Rules of one gate run together, gates in order of their first rule. */
static int run_set(struct plm_policy_eval *ev, plm_err **err)
{
    const struct plm_policy_set *s = ev->set;
    plm_auto(plm_map_free) struct plm_map *done = plm_map_new();
    if (!done)
        return plm_fail_oom(err);
    for (size_t i = 0; i < s->rules.n; i++) {
        const struct plm_policy_gate *gate = s->rules.v[i].gate;
        void **slot = plm_map_put(done, plm_sv_from(gate->name));
        if (!slot)
            return plm_fail_oom(err);
        if (*slot)
            continue;
        *slot = done;
        for (size_t k = i; k < s->rules.n; k++) {
            if (plm_cancelled(ev->ctx))
                return plm_fail(err, PLM_E_CANCEL, "cancelled");
            if (s->rules.v[k].gate == gate && run_rule(ev, &s->rules.v[k], err) < 0)
                return -1;
        }
    }
    return 0;
}

/* ---- allowlists -------------------------------------------------------------------------- */

/* Items by their exact text; those with wildcards or expressions apart. The first that fits, in the list's
 * order, is the one that counts. */
struct index {
    const struct plm_policy_allowlist *list;
    struct plm_map *exact; /* trigger id: 1 + its first item */
    uint32_t *next;        /* of the same text, + 1 */
    PLM_VEC(uint32_t) patterns;
};

static bool is_pattern(plm_sv text)
{
    return plm_sv_find(text, '*') != SIZE_MAX || plm_sv_starts(plm_sv_trim(text), PLM_SV("regexp:"));
}

static int index_items(struct plm_policy_eval *ev, struct index *x, plm_err **err)
{
    const struct plm_policy_allowlist *l = x->list;
    x->exact = plm_map_new();
    x->next = plm_arena_array(ev->arena, l->items.n + 1, sizeof(*x->next));
    if (!x->exact || !x->next)
        return plm_fail_oom(err);
    for (size_t i = l->items.n; i-- > 0;) { /* backwards, so that chains run forwards */
        void **slot = plm_map_put(x->exact, l->items.v[i].trigger_id);
        if (!slot)
            return plm_fail_oom(err);
        x->next[i] = (uint32_t)(uintptr_t)*slot;
        *slot = (void *)(uintptr_t)(i + 1);
    }
    for (size_t i = 0; i < l->items.n; i++)
        if (is_pattern(l->items.v[i].trigger_id)) {
            uint32_t *slot = plm_vec_push(ev->arena, &x->patterns);
            if (!slot)
                return plm_arena_check(ev->arena, err);
            *slot = (uint32_t)i;
        }
    return 0;
}

static bool applies(const struct plm_policy_eval *ev, const struct plm_policy_item *item,
                    const struct plm_policy_row *row)
{
    return plm_sv_ieq(item->gate, row->gate) && !(item->expires && ev->now >= item->expires);
}

static size_t find_exact(const struct plm_policy_eval *ev, const struct index *x, plm_sv id,
                         const struct plm_policy_row *row)
{
    for (size_t i = (size_t)(uintptr_t)plm_map_get(x->exact, id); i; i = x->next[i - 1])
        if (applies(ev, &x->list->items.v[i - 1], row))
            return i - 1;
    return SIZE_MAX;
}

/* 1, 0, -1. In fixed mode a pattern that is no expression allows nothing, with a warning. */
static int fits(struct plm_policy_eval *ev, const struct plm_policy_item *item,
                const struct plm_policy_row *row, plm_err **err)
{
    plm_err *cause = NULL;
    int r = plm_policy_pattern(ev, item->trigger_id, row->trigger_id, &cause);
    if (r == 0 && row->extended_id.p)
        r = plm_policy_pattern(ev, item->trigger_id, row->extended_id, &cause);
    if (r >= 0)
        return r;
    if (ev->mode == PLM_POLICY_COMPAT) {
        plm_auto_free char *why = plm_err_text(cause);
        plm_err_free(cause);
        return plm_fail_id(err, PLM_E_POLICY, "policy.execution", "allowlist item '%.*s': %s",
                           PLM_SV_ARG(item->id), why ? why : "?");
    }
    for (size_t i = 0; i < ev->result->problems.n; i++)
        if (ev->result->problems.v[i].line == item->line &&
            plm_sv_is(ev->result->problems.v[i].type, "error")) {
            plm_err_free(cause); /* said already */
            return 0;
        }
    return add_error(ev, "error", true, item->line, &cause, err);
}

static int allow_row(struct plm_policy_eval *ev, const struct index *x, struct plm_policy_row *row,
                     plm_err **err)
{
    size_t best = find_exact(ev, x, row->trigger_id, row);
    if (row->extended_id.p) {
        size_t other = find_exact(ev, x, row->extended_id, row);
        best = other < best ? other : best;
    }
    /* What could not be judged is allowed by its own id only: a wildcard would be a silent pass. */
    for (size_t i = 0; i < x->patterns.n && x->patterns.v[i] < best && !row->is_not_judged; i++) {
        const struct plm_policy_item *item = &x->list->items.v[x->patterns.v[i]];
        int r = applies(ev, item, row) ? fits(ev, item, row, err) : 0;
        if (r < 0)
            return -1;
        if (r)
            best = x->patterns.v[i];
    }
    if (best == SIZE_MAX)
        return 0;
    row->is_allowlisted = true;
    row->action = PLM_ACTION_GO;
    row->allowlist_id = x->list->id;
    row->allowlist_name = x->list->name;
    row->allowlist_item = x->list->items.v[best].id;
    row->allowed_by = PLM_SV("allowlist");
    return 0;
}

static int run_allowlists(struct plm_policy_eval *ev, const struct plm_policy_mapping *m, plm_err **err)
{
    for (size_t l = 0; l < m->allowlist_ids.n; l++) {
        size_t n;
        struct index x = {.list = find_allowlist(ev->policy, m->allowlist_ids.v[l], &n)};
        if (!x.list)
            continue; /* a bundle that names what is not there has that problem and judges nothing */
        int rc = index_items(ev, &x, err);
        for (size_t i = 0; i < ev->result->rows.n && rc == 0; i++)
            if (!ev->result->rows.v[i].is_allowlisted)
                rc = allow_row(ev, &x, &ev->result->rows.v[i], err);
        plm_map_free(x.exact);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static void run_exceptions(struct plm_policy_eval *ev, plm_sv tag)
{
    if (!ev->opt || !ev->opt->exceptions)
        return;
    for (size_t i = 0; i < ev->result->rows.n; i++) {
        struct plm_policy_row *row = &ev->result->rows.v[i];
        const struct plm_exception *x = row->is_allowlisted
                                            ? NULL
                                            : plm_exceptions_rule(ev->ctx, ev->opt->exceptions, row->gate,
                                                                  row->trigger, row->trigger_id, tag);
        if (!x)
            continue;
        row->is_allowlisted = true;
        row->action = PLM_ACTION_GO;
        row->allowed_by = PLM_SV("exception");
        row->allowlist_item = x->id;
        row->reason = x->reason;
        row->owner = x->owner;
        row->until = x->until_text;
    }
}

/* ---- the verdict ------------------------------------------------------------------------- */

static int first_image(struct plm_policy_eval *ev, const struct plm_policy_selector *v, size_t n,
                       const struct plm_policy_reference *ref, plm_sv *out, plm_err **err)
{
    *out = PLM_SV_NULL;
    for (size_t i = 0; i < n; i++) {
        const char *type = "error";
        plm_err *cause = NULL;
        int r = plm_policy_selector_match(ev, &v[i], ref, true, &type, &cause);
        if (r < 0 && ev->mode == PLM_POLICY_COMPAT) {
            plm_auto_free char *why = plm_err_text(cause);
            plm_err_free(cause);
            return plm_fail_id(err, PLM_E_POLICY, "policy.execution", "%s: %s", type, why ? why : "?");
        }
        if (r < 0 && add_error(ev, type, true, v[i].line, &cause, err) < 0)
            return -1;
        if (r == 1) {
            *out = v[i].name.n ? v[i].name : v[i].id.n ? v[i].id : v[i].value;
            return 0;
        }
    }
    return 0;
}

static void stop_for_problems(struct plm_policy_result *out)
{
    out->is_init_error = true;
    out->policy_action = out->action = PLM_ACTION_STOP;
}

static int decide(struct plm_policy_eval *ev, const struct plm_policy_reference *ref, plm_err **err)
{
    const struct plm_policy *p = ev->policy;
    struct plm_policy_result *out = ev->result;
    bool is_old = p->dialect == PLM_DIALECT_LEGACY;
    for (size_t i = 0; i < out->rows.n; i++)
        if (!out->rows.v[i].is_allowlisted && out->rows.v[i].action < out->policy_action)
            out->policy_action = out->rows.v[i].action;
    if (first_image(ev, p->denied.v, p->denied.n, ref, &out->denied_image, err) < 0 ||
        first_image(ev, p->allowed.v, p->allowed.n, ref, &out->allowed_image, err) < 0)
        return -1;
    out->action = out->policy_action;
    if (out->denied_image.p) {
        out->action = PLM_ACTION_STOP;
        out->reason = plm_sv_from(is_old ? "blacklisted" : "denylisted");
    } else if (out->allowed_image.p) {
        out->action = PLM_ACTION_GO;
        out->reason = plm_sv_from(is_old ? "whitelisted" : "allowlisted");
    }
    return 0;
}

static int note_unmapped(struct plm_policy_eval *ev, plm_sv tag, plm_err **err)
{
    if (ev->mode == PLM_POLICY_COMPAT)
        return 0;
    struct plm_policy_problem x = {.is_warning = true, .type = PLM_SV("NoMatchedMappingWarning")};
    x.details =
        plm_arena_printf(ev->arena, "no mapping applies to %.*s: no rule was evaluated", PLM_SV_ARG(tag));
    return add_problem(ev, &x, err);
}

static int run_mapping(struct plm_policy_eval *ev, const struct plm_policy_mapping *m, plm_sv tag,
                       plm_err **err)
{
    struct plm_policy_result *out = ev->result;
    if (check_reached(ev, m, err) < 0)
        return -1;
    if (out->problems.n) {
        stop_for_problems(out);
        return 0;
    }
    out->is_mapped = true;
    out->mapping_id = m->select.id;
    out->mapping_name = m->select.name;
    for (size_t i = 0; i < m->set_ids.n; i++) {
        size_t n;
        ev->set = find_set(ev->policy, m->set_ids.v[i], &n);
        if (run_set(ev, err) < 0)
            return -1;
    }
    if (run_allowlists(ev, m, err) < 0)
        return -1;
    run_exceptions(ev, tag);
    return 0;
}

static int run(struct plm_policy_eval *ev, plm_sv tag, plm_err **err)
{
    struct plm_policy_result *out = ev->result;
    struct plm_policy_reference ref;
    const struct plm_policy_mapping *m = NULL;
    plm_policy_reference_parse(tag, ev->arena, &ref);
    if (plm_policy_cache_new(ev, err) < 0 || check_lists(ev, err) < 0 ||
        (out->problems.n == 0 && find_mapping(ev, &ref, &m, err) < 0))
        return -1;
    if (out->problems.n) {
        stop_for_problems(out);
        return 0;
    }
    if ((m ? run_mapping(ev, m, tag, err) : note_unmapped(ev, tag.n ? tag : PLM_SV("*/*:*"), err)) < 0)
        return -1;
    return out->is_init_error ? 0 : decide(ev, &ref, err);
}

int plm_policy_evaluate(const struct plm_ctx *ctx, struct plm_policy *p, const struct plm_image_facts *facts,
                        plm_sv tag, const struct plm_policy_options *opt, struct plm_arena *a,
                        struct plm_policy_result *out, plm_err **err)
{
    *out = (struct plm_policy_result){.policy_action = PLM_ACTION_GO, .action = PLM_ACTION_GO};
    out->reason = PLM_SV("policy_evaluation");
    struct plm_policy_eval ev = {.ctx = ctx,
                                 .policy = p,
                                 .mode = p->mode,
                                 .facts = facts,
                                 .opt = opt,
                                 .arena = a,
                                 .result = out,
                                 .now = plm_now(ctx)};
    int rc = run(&ev, tag, err);
    plm_policy_cache_free(&ev);
    return rc < 0 ? -1 : plm_arena_check(a, err);
}
