/* SPDX-License-Identifier: Apache-2.0
 *
 * Every check over every object that it is about: what checks say becomes rows and findings.
 *
 * One check on one subject fills drafts, a draft per object; the worst thing said decides. Drafts
 * become rows of checks[], failures findings as well. What differs between declared and in force is
 * gathered while the checks run and becomes the rows of `drift` at the end, one per container or
 * engine. The order of everything is settled by plm_report_finish.
 */
#include "audit/facts.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

struct draft {
    plm_sv object;
    bool was_said;
    enum plm_outcome outcome;
    bool has_severity;
    enum plm_severity severity;
    plm_sv title, fix;
    plm_sv_vec evidence;
};

struct drift {
    const struct plm_daemon *daemon;
    const struct plm_container *container; /* NULL: the engine itself */
    plm_sv_vec lines;
};

struct plm_audit_run {
    struct plm_facts *facts;
    struct plm_report *report;
    uint32_t targets[PLM_STAGE_COUNT_]; /* PLM_NONE: the stage is not asked for */
    struct plm_control *controls;       /* of the check at work */
    size_t n_controls;
    enum plm_severity severity; /* of the check at work, as configured */
    bool is_for_drift;          /* the check runs only for what it finds to differ: its rows are dropped */
    PLM_VEC(struct draft) drafts;
    PLM_VEC(struct drift) drifts;
};

/* ---- what checks say -------------------------------------------------------------------------- */

static int rank(enum plm_outcome o)
{
    switch (o) {
    case PLM_OUT_NA:
        return 0;
    case PLM_OUT_PASS:
        return 1;
    case PLM_OUT_MANUAL:
        return 2;
    case PLM_OUT_UNKNOWN:
        return 3;
    case PLM_OUT_FAIL:
        return 4;
    }
    return 3;
}

static struct draft *draft_of(struct plm_checking *k, plm_sv object)
{
    struct plm_audit_run *run = k->run;
    if (!object.p)
        object = k->object;
    for (size_t i = run->drafts.n; i-- > 0;) /* the latest is asked for most */
        if (plm_sv_eq(run->drafts.v[i].object, object))
            return &run->drafts.v[i];
    struct draft *d = plm_vec_push(k->arena, &run->drafts);
    if (d)
        d->object = plm_arena_sv(k->arena, object);
    return d;
}

static plm_sv text_of(struct plm_arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static plm_sv text_of(struct plm_arena *a, const char *fmt, va_list ap)
{
    char *text = NULL;
    int n = vasprintf(&text, fmt, ap);
    plm_sv out = n < 0 ? PLM_SV_NULL : plm_arena_sv(a, plm_sv_n(text, (size_t)n));
    if (n >= 0)
        free(text);
    return out;
}

static void say(struct plm_checking *k, plm_sv object, enum plm_outcome outcome, plm_sv text)
{
    struct draft *d = draft_of(k, object);
    if (!d)
        return; /* the arena failed: seen by the caller of all */
    if (!d->was_said || rank(outcome) > rank(d->outcome))
        d->outcome = outcome;
    d->was_said = true;
    if (text.n)
        plm_sv_vec_add(k->arena, &d->evidence, text);
}

void plm_say(struct plm_checking *k, enum plm_outcome outcome, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(k, PLM_SV_NULL, outcome, text_of(k->arena, fmt, ap));
    va_end(ap);
}

void plm_say_on(struct plm_checking *k, plm_sv object, enum plm_outcome outcome, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(k, object, outcome, text_of(k->arena, fmt, ap));
    va_end(ap);
}

void plm_weigh(struct plm_checking *k, plm_sv object, enum plm_severity severity)
{
    struct draft *d = draft_of(k, object);
    if (d && (!d->has_severity || severity > d->severity)) {
        d->has_severity = true;
        d->severity = severity;
    }
}

void plm_retitle(struct plm_checking *k, plm_sv object, const char *fmt, ...)
{
    struct draft *d = draft_of(k, object);
    va_list ap;
    va_start(ap, fmt);
    if (d)
        d->title = text_of(k->arena, fmt, ap);
    va_end(ap);
}

void plm_refix(struct plm_checking *k, plm_sv object, const char *fmt, ...)
{
    struct draft *d = draft_of(k, object);
    va_list ap;
    va_start(ap, fmt);
    if (d)
        d->fix = text_of(k->arena, fmt, ap);
    va_end(ap);
}

void plm_drift(struct plm_checking *k, const char *fmt, ...)
{
    struct plm_audit_run *run = k->run;
    struct drift *d = NULL;
    for (size_t i = 0; i < run->drifts.n && !d; i++)
        if (run->drifts.v[i].daemon == k->daemon && run->drifts.v[i].container == k->container)
            d = &run->drifts.v[i];
    if (!d) {
        d = plm_vec_push(k->arena, &run->drifts);
        if (!d)
            return;
        d->daemon = k->daemon;
        d->container = k->container;
    }
    va_list ap;
    va_start(ap, fmt);
    plm_sv text = text_of(k->arena, fmt, ap);
    va_end(ap);
    plm_sv_vec_add(k->arena, &d->lines,
                   plm_arena_printf(k->arena, "%s: %.*s", k->check->id, PLM_SV_ARG(text)));
}

bool plm_has_truth(const struct plm_checking *k)
{
    const struct plm_container *c = k->container;
    return c && c->is_running && !c->daemon->is_remote && !c->truth_failure.p;
}

bool plm_truth_is_missing(struct plm_checking *k)
{
    const struct plm_container *c = k->container;
    if (!c->is_running || c->daemon->is_remote || !c->truth_failure.p)
        return false;
    plm_say(k, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(c->truth_failure));
    return true;
}

bool plm_inspect_is_missing(struct plm_checking *k)
{
    const struct plm_container *c = k->container;
    if (c->host_config && c->config)
        return false;
    plm_say(k, PLM_OUT_UNKNOWN, "inspect: %.*s",
            PLM_SV_ARG(c->inspect.failure.n ? c->inspect.failure
                                            : PLM_SV("the answer has no HostConfig or Config")));
    return true;
}

/* ---- drafts to rows --------------------------------------------------------------------------- */

static void add_finding(struct plm_audit_run *run, const struct plm_check *c, uint32_t target,
                        const struct draft *d)
{
    struct plm_finding *f = plm_report_finding(run->report, target, PLM_KIND_AUDIT);
    if (!f)
        return;
    f->id = plm_sv_from(c->id);
    f->severity = d->severity;
    f->title = d->title.n ? d->title : plm_sv_from(c->title);
    f->object = d->object;
    f->evidence = d->evidence;
    f->remediation = d->fix.n ? d->fix : plm_sv_from(c->fix);
    f->controls.v = run->controls;
    f->controls.n = run->n_controls;
}

static void add_row(struct plm_audit_run *run, const struct plm_check *c, uint32_t target, struct draft *d)
{
    struct plm_check_row *row = plm_report_check(run->report, target);
    if (!row)
        return;
    if (!d->was_said) {
        d->outcome = PLM_OUT_UNKNOWN;
        plm_sv_vec_add(run->report->arena, &d->evidence, PLM_SV("the check came to no result"));
    }
    if (!d->has_severity)
        d->severity = run->severity;
    row->id = plm_sv_from(c->id);
    row->title = plm_sv_from(c->title);
    row->severity = d->severity;
    row->outcome = d->outcome;
    row->object = d->object;
    row->evidence = d->evidence;
    row->controls.v = run->controls;
    row->controls.n = run->n_controls;
    if (d->outcome == PLM_OUT_FAIL)
        add_finding(run, c, target, d);
}

static void flush(struct plm_audit_run *run, const struct plm_check *c)
{
    for (size_t i = 0; i < run->drafts.n && !run->is_for_drift; i++)
        add_row(run, c, run->targets[c->stage], &run->drafts.v[i]);
    run->drafts.n = 0;
}

/* ---- which checks, which objects -------------------------------------------------------------- */

static bool is_named(const plm_sv_vec *names, plm_sv a, plm_sv b, plm_sv id)
{
    for (size_t i = 0; i < names->n; i++)
        if (plm_sv_glob(names->v[i], a) || plm_sv_glob(names->v[i], b) ||
            (names->v[i].n >= 4 && plm_sv_starts(id, names->v[i])))
            return true;
    return names->n == 0;
}

static bool has_label(const struct plm_container *c, plm_sv wanted)
{
    plm_sv key, value;
    bool has_value = plm_sv_cut(wanted, '=', &key, &value);
    size_t i, n;
    yyjson_val *k, *v;
    yyjson_obj_foreach(plm_json_at(c->config, "Labels", NULL), i, n, k, v)
    {
        if (plm_sv_eq(plm_json_sv(k), key) && (!has_value || plm_sv_glob(value, plm_json_sv(v))))
            return true;
    }
    return false;
}

/* The words of `docker ps --filter`; which keys there are was checked before the run. */
static bool passes_filters(const plm_sv_vec *filters, const struct plm_container *c)
{
    for (size_t i = 0; i < filters->n; i++) {
        plm_sv key, value;
        (void)plm_sv_cut(filters->v[i], '=', &key, &value);
        bool fits = plm_sv_is(key, "label")    ? has_label(c, value)
                    : plm_sv_is(key, "status") ? plm_sv_glob(value, c->state)
                    : plm_sv_is(key, "image")  ? plm_sv_glob(value, c->image)
                                               : plm_sv_glob(value, c->name);
        if (!fits)
            return false;
    }
    return true;
}

static bool is_container_wanted(const struct plm_audit_options *opt, const struct plm_container *c)
{
    return is_named(&opt->names, c->name, c->object, c->id) && passes_filters(&opt->filters, c);
}

static const char *skip_reason(const struct plm_audit_options *opt, const struct plm_check *c,
                               struct plm_arena *a)
{
    for (size_t i = 0; i < opt->skip.n; i++) {
        plm_sv id, reason;
        plm_sv_cut(opt->skip.v[i], '=', &id, &reason);
        if (plm_check_find(id) == c)
            return plm_arena_cstr(a, reason);
    }
    return NULL;
}

static bool is_wanted(const struct plm_audit_options *opt, const struct plm_check *c)
{
    if (!(opt->stages & PLM_STAGE_BIT(c->stage)))
        return false;
    if (opt->level && (!c->level || c->level > opt->level))
        return false;
    if (opt->framework.n && !plm_check_is_of(c, opt->framework))
        return false;
    for (size_t i = 0; i < opt->checks.n; i++)
        if (plm_check_find(opt->checks.v[i]) == c)
            return true;
    return opt->checks.n == 0;
}

static enum plm_severity severity_of(const struct plm_audit_options *opt, const struct plm_check *c)
{
    enum plm_severity s = c->severity;
    for (size_t i = 0; i < opt->expect.severities.n; i++) {
        plm_sv id, level;
        if (plm_sv_cut(opt->expect.severities.v[i], '=', &id, &level) && plm_check_find(id) == c)
            (void)plm_severity_parse(level, &s);
    }
    return s;
}

static void run_one(struct plm_checking *k)
{
    k->check->run(k);
    if (k->run->drafts.n == 0)
        (void)draft_of(k, PLM_SV_NULL); /* said nothing: a row `unknown` */
    flush(k->run, k->check);
}

/* A check whose objects cannot be listed, or of which there are none: one row that says so. */
static void run_none(struct plm_checking *k, enum plm_outcome outcome, plm_sv why)
{
    plm_say(k, outcome, "%.*s", PLM_SV_ARG(why));
    flush(k->run, k->check);
}

static size_t run_containers(struct plm_checking *k, struct plm_daemon *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->containers.n; i++) {
        k->container = &d->containers.v[i];
        k->object = k->container->object;
        if (!is_container_wanted(k->facts->opt, k->container))
            continue;
        n++;
        if (k->check->needs_running && !k->container->is_running)
            run_none(k, PLM_OUT_NA,
                     plm_arena_printf(k->arena, "State.Status: %.*s", PLM_SV_ARG(k->container->state)));
        else
            run_one(k);
    }
    k->container = NULL;
    return n;
}

static size_t run_images(struct plm_checking *k, struct plm_daemon *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->images.n; i++) {
        k->image = &d->images.v[i];
        k->object = k->image->object;
        if (!is_named(&k->facts->opt->names, k->object, k->object, k->image->id))
            continue;
        n++;
        run_one(k);
    }
    k->image = NULL;
    return n;
}

static bool is_swarm_node(const struct plm_daemon *d)
{
    return plm_sv_is(plm_json_str(d->info.root, "Swarm", "LocalNodeState", NULL), "active");
}

static size_t run_services(struct plm_checking *k, struct plm_daemon *d)
{
    size_t n = 0, i, max;
    yyjson_val *v;
    yyjson_arr_foreach(d->services.root, i, max, v)
    {
        plm_sv name = plm_json_str(v, "Spec", "Name", NULL), id = plm_json_str(v, "ID", NULL);
        if (!is_named(&k->facts->opt->names, name, name, id))
            continue;
        k->service = v;
        k->object = name.n ? name : id;
        n++;
        run_one(k);
    }
    k->service = NULL;
    return n;
}

/* What could not be listed of this daemon for this kind of subject; null: nothing. */
static plm_sv listing_failure(const struct plm_daemon *d, enum plm_subject s)
{
    switch (s) {
    case PLM_PER_HOST:
    case PLM_PER_DAEMON:
        return PLM_SV_NULL;
    case PLM_PER_CONTAINER:
        return d->containers_failure;
    case PLM_PER_IMAGE:
        return d->images_failure;
    case PLM_PER_SWARM:
        return d->info.failure;
    case PLM_PER_SERVICE:
        return d->info.failure.p ? d->info.failure : d->services.failure;
    }
    return PLM_SV_NULL;
}

static size_t run_daemon(struct plm_checking *k, struct plm_daemon *d)
{
    k->daemon = d;
    k->object = d->endpoint;
    plm_sv failure = k->check->subject == PLM_PER_DAEMON ? PLM_SV_NULL
                     : !d->is_answering                  ? d->failure
                                                         : listing_failure(d, k->check->subject);
    if (failure.p) {
        run_none(k, PLM_OUT_UNKNOWN, failure);
        return 1;
    }
    switch (k->check->subject) {
    case PLM_PER_HOST:
        return 0;
    case PLM_PER_DAEMON:
        run_one(k);
        return 1;
    case PLM_PER_CONTAINER:
        return run_containers(k, d);
    case PLM_PER_IMAGE:
        return run_images(k, d);
    case PLM_PER_SWARM:
        if (!is_swarm_node(d))
            return 0;
        run_one(k);
        return 1;
    case PLM_PER_SERVICE:
        return is_swarm_node(d) ? run_services(k, d) : 0;
    }
    return 0;
}

static plm_sv why_none(const struct plm_facts *f, enum plm_subject s)
{
    if (f->daemons.n == 0)
        return PLM_SV("no container engine was found");
    switch (s) {
    case PLM_PER_HOST:
    case PLM_PER_DAEMON:
        break;
    case PLM_PER_CONTAINER:
        return f->opt->filters.n ? PLM_SV("no container passes the filters")
                                 : PLM_SV("there are no containers");
    case PLM_PER_IMAGE:
        return PLM_SV("there are no images");
    case PLM_PER_SWARM:
        return PLM_SV("Swarm.LocalNodeState: not active");
    case PLM_PER_SERVICE:
        return PLM_SV("there are no services");
    }
    return PLM_SV("there is nothing of the kind");
}

static int run_check(struct plm_audit_run *run, const struct plm_check *c, plm_err **err)
{
    struct plm_facts *f = run->facts;
    struct plm_checking k = {.check = c, .facts = f, .arena = run->report->arena, .run = run};
    if (plm_check_controls(c, k.arena, &run->controls, &run->n_controls, err) < 0)
        return -1;
    run->severity = severity_of(f->opt, c);
    const char *skipped = skip_reason(f->opt, c, k.arena);
    k.object = plm_sv_from(plm_stage_name(c->stage));
    if (skipped) {
        run_none(&k, PLM_OUT_NA, plm_arena_printf(k.arena, "skipped: %s", skipped));
        return plm_arena_check(k.arena, err);
    }
    if (c->subject == PLM_PER_HOST) {
        run_one(&k);
        return plm_arena_check(k.arena, err);
    }
    size_t n = 0;
    for (size_t i = 0; i < f->daemons.n; i++)
        n += run_daemon(&k, &f->daemons.v[i]);
    if (n == 0 && f->opt->names.n == 0) {
        k.daemon = NULL;
        k.object = plm_sv_from(plm_stage_name(c->stage));
        run_none(&k, PLM_OUT_NA, why_none(f, c->subject));
    }
    return plm_arena_check(k.arena, err);
}

/* ---- drift ------------------------------------------------------------------------------------ */

static void judge_drift(struct plm_checking *k)
{
    (void)k; /* judged last, from what the other checks found: add_drift */
}

static const struct plm_check drift_checks[] = {{
    .id = "drift",
    .title = "what is in force is what was declared",
    .reads = "every declared setting that the kernel shows as well",
    .rationale = "A difference means that somebody changed the container or the engine behind the daemon, "
                 "that a runtime "
                 "wrapper changed it, or that the daemon does not say the truth.",
    .fix = "find out who changed it; recreate the container from its declaration (`docker compose up -d "
           "--force-recreate`) "
           "or restart the engine",
    .severity = PLM_SEV_HIGH,
    .stage = PLM_STAGE_CONTAINERS,
    .subject = PLM_PER_CONTAINER,
    .impact = PLM_IMPACT_RESTART,
    .run = judge_drift,
}};
static const struct plm_check_group drift_group = {
    .id = "drift", .summary = "declared against in force", .checks = drift_checks, .n = 1};
PLM_REGISTER(plm_check_groups, struct plm_check_group, drift_group);

static const struct drift *find_drift(const struct plm_audit_run *run, const struct plm_daemon *d,
                                      const struct plm_container *c)
{
    for (size_t i = 0; i < run->drifts.n; i++)
        if (run->drifts.v[i].daemon == d && run->drifts.v[i].container == c)
            return &run->drifts.v[i];
    return NULL;
}

static void add_drift(struct plm_audit_run *run, enum plm_stage stage, struct plm_daemon *d,
                      struct plm_container *c)
{
    struct plm_checking k = {.check = &drift_checks[0],
                             .facts = run->facts,
                             .arena = run->report->arena,
                             .daemon = d,
                             .container = c,
                             .object = c ? c->object : d->endpoint,
                             .run = run};
    const struct drift *lines = find_drift(run, d, c);
    if (c && !c->host_config)
        (void)plm_inspect_is_missing(&k); /* nothing declared is known, so nothing was compared */
    else if (c && !c->is_running)
        plm_say(&k, PLM_OUT_NA, "State.Status: %.*s", PLM_SV_ARG(c->state));
    else if (d->is_remote)
        plm_say(&k, PLM_OUT_NA, "the engine runs on another machine");
    else if (c && c->truth_failure.p)
        plm_say(&k, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(c->truth_failure));
    else if (!lines)
        plm_say(&k, PLM_OUT_PASS, "nothing differs");
    for (size_t i = 0; lines && i < lines->lines.n; i++)
        plm_say(&k, PLM_OUT_FAIL, "%.*s", PLM_SV_ARG(lines->lines.v[i]));
    for (size_t i = 0; i < run->drafts.n; i++)
        add_row(run, k.check, run->targets[stage], &run->drafts.v[i]);
    run->drafts.n = 0;
}

static int add_drifts(struct plm_audit_run *run, plm_err **err)
{
    struct plm_facts *f = run->facts;
    const struct plm_check *c = &drift_checks[0];
    if (plm_check_controls(c, run->report->arena, &run->controls, &run->n_controls, err) < 0)
        return -1;
    run->severity = severity_of(f->opt, c);
    for (size_t i = 0; i < f->daemons.n; i++) {
        struct plm_daemon *d = &f->daemons.v[i];
        if (run->targets[PLM_STAGE_ENGINE] != PLM_NONE && find_drift(run, d, NULL))
            add_drift(run, PLM_STAGE_ENGINE, d, NULL);
        for (size_t j = 0; run->targets[PLM_STAGE_CONTAINERS] != PLM_NONE && j < d->containers.n; j++)
            if (is_named(&f->opt->names, d->containers.v[j].name, d->containers.v[j].object,
                         d->containers.v[j].id))
                add_drift(run, PLM_STAGE_CONTAINERS, d, &d->containers.v[j]);
    }
    return plm_arena_check(run->report->arena, err);
}

/* ---- all of it -------------------------------------------------------------------------------- */

static int add_targets(struct plm_audit_run *run, plm_err **err)
{
    for (int s = 0; s < PLM_STAGE_COUNT_; s++) {
        run->targets[s] = PLM_NONE;
        if (!(run->facts->opt->stages & PLM_STAGE_BIT(s)))
            continue;
        struct plm_target *t = plm_report_target(run->report);
        if (!t)
            return plm_arena_check(run->report->arena, err);
        t->id = t->reference = plm_sv_from(plm_stage_name((enum plm_stage)s));
        t->scheme = PLM_SV("audit");
        run->targets[s] = (uint32_t)(run->report->targets.n - 1);
    }
    return 0;
}

static bool may_find_drift(const struct plm_audit_options *opt, const struct plm_check *c)
{
    return (opt->stages & PLM_STAGE_BIT(c->stage)) &&
           (c->subject == PLM_PER_CONTAINER || c->subject == PLM_PER_DAEMON);
}

int plm_audit_judge(struct plm_facts *f, plm_err **err)
{
    struct plm_audit_run run = {.facts = f, .report = f->report};
    const struct plm_check *const *list = plm_checks_sorted(f->report->arena);
    if (!list)
        return plm_fail_oom(err);
    if (add_targets(&run, err) < 0)
        return -1;
    const struct plm_check *drift = &drift_checks[0];
    bool wants_engine = (f->opt->stages & PLM_STAGE_BIT(PLM_STAGE_ENGINE)) != 0;
    struct plm_audit_options also = *f->opt;
    also.stages |= wants_engine ? PLM_STAGE_BIT(PLM_STAGE_CONTAINERS) : 0;
    bool wants_drift = is_wanted(&also, drift);
    for (int pass = 0; pass < 2; pass++)
        for (const struct plm_check *const *c = list; *c; c++) {
            bool wanted = is_wanted(f->opt, *c);
            if (*c == drift || (*c)->is_summary != (pass == 1))
                continue;
            /* Without the checks that compare, "nothing differs" would be said of what nobody looked at. */
            run.is_for_drift = !wanted && wants_drift && may_find_drift(f->opt, *c);
            if (!wanted && !run.is_for_drift)
                continue;
            if (plm_cancelled(f->ctx))
                return plm_fail(err, PLM_E_CANCEL, "cancelled");
            if (run_check(&run, *c, err) < 0)
                return -1;
        }
    run.is_for_drift = false;
    return wants_drift ? add_drifts(&run, err) : 0;
}
