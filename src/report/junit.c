/* SPDX-License-Identifier: Apache-2.0
 *
 * JUnit XML, as CI systems read it (there is no standard; the shape is that of Jenkins' junit-10.xsd): a
 * suite per target, and a last one for the run itself.
 *
 * A case is what one person mends in one go: a check on an object, all vulnerabilities of one source
 * package in one version, any other finding by itself. Names hold neither versions nor counts of what comes
 * and goes, so that a CI system recognises a case from run to run. fail is a failure; what a human must
 * decide, what does not apply and what an exception covers is skipped, with the reason; what could not be
 * looked at is an error, never a pass. --min-severity leaves cases out. O(n log n) in rows and findings.
 */
#include "base/map.h"
#include "escape.h"
#include "report_int.h"

enum { LINES_MAX = 50 };

struct suite {
    const struct plm_report *r;
    struct plm_buf *body;
    size_t tests, failures, errors, skipped;
};

struct junit {
    const struct plm_report *r;
    const struct plm_report_options *opt;
    struct plm_arena *arena;
    struct plm_map *audited;         /* "target\x1fid\x1fobject" of audit findings to the finding */
    const struct plm_finding **list; /* displayed and suppressed ones, by target, worst first */
    size_t n;
    size_t tests, failures, errors;
};

static void attribute(struct plm_buf *b, const char *name, plm_sv value, size_t max)
{
    plm_buf_printf(b, " %s=\"", name);
    plm_esc_html(b, value, max);
    plm_buf_byte(b, '"');
}

/* ---- cases --------------------------------------------------------------------------------------- */

static void open_case(struct suite *s, plm_sv class, plm_sv name)
{
    s->tests++;
    plm_buf_str(s->body, "<testcase");
    attribute(s->body, "classname", class.n ? class : PLM_SV("plimsoll"), PLM_ESC_LINE);
    attribute(s->body, "name", name.n ? name : PLM_SV("-"), PLM_ESC_LINE);
    plm_buf_str(s->body, " time=\"0\">");
}

static void close_case(struct suite *s)
{
    plm_buf_str(s->body, "</testcase>\n");
}

/* failure or error, with lines of text inside. */
static void open_bad(struct suite *s, const char *element, plm_sv type, plm_sv message)
{
    size_t *count = element[0] == 'f' ? &s->failures : &s->errors;
    ++*count;
    plm_buf_printf(s->body, "<%s", element);
    attribute(s->body, "type", type.n ? type : PLM_SV("-"), PLM_ESC_LINE);
    attribute(s->body, "message", message, PLM_ESC_LONG);
    plm_buf_byte(s->body, '>');
}

static void line(struct suite *s, const char *before, plm_sv text)
{
    plm_buf_str(s->body, before);
    plm_esc_html(s->body, text, PLM_ESC_LONG);
    plm_buf_byte(s->body, '\n');
}

static void lines(struct suite *s, const char *before, const plm_sv_vec *v)
{
    for (size_t i = 0; i < v->n && i < LINES_MAX; i++)
        line(s, before, v->v[i]);
    if (v->n > LINES_MAX)
        plm_buf_printf(s->body, "and %zu more\n", v->n - LINES_MAX);
}

static void skipped(struct suite *s, const char *why, plm_sv reason)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_buf_printf(&b, "%s%s%.*s", why, reason.n ? ": " : "", PLM_SV_ARG(reason));
    s->skipped++;
    plm_buf_str(s->body, "<skipped");
    attribute(s->body, "message", plm_buf_sv(&b), PLM_ESC_LONG);
    plm_buf_str(s->body, "/>");
}

static void skipped_by(struct suite *s, const struct plm_suppressed *by)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_buf_printf(&b, "%.*s: %.*s", PLM_SV_ARG(by->by), PLM_SV_ARG(by->reason));
    if (by->until.n)
        plm_buf_printf(&b, " (until %.*s)", PLM_SV_ARG(by->until));
    skipped(s, "suppressed by", plm_buf_sv(&b));
}

/* ---- checks --------------------------------------------------------------------------------------- */

static void put_check(const struct junit *j, struct suite *s, const struct plm_check_row *c)
{
    plm_auto_done(plm_buf_done) struct plm_buf class = PLM_BUF(PLM_MIB(4));
    plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(PLM_MIB(4));
    plm_sv first = c->evidence.n ? c->evidence.v[0] : PLM_SV_NULL;
    const struct plm_finding *f = plm_report_finding_of(j->audited, j->arena, c);
    plm_buf_printf(&class, "%.*s.%.*s", PLM_SV_ARG(plm_report_target_id(j->r, c->target)),
                   PLM_SV_ARG(c->object));
    plm_buf_printf(&name, "%.*s %.*s", PLM_SV_ARG(c->id), PLM_SV_ARG(c->title));
    open_case(s, plm_buf_sv(&class), plm_sv_trim(plm_buf_sv(&name)));
    switch (c->outcome) {
    case PLM_OUT_PASS:
        break;
    case PLM_OUT_FAIL:
        if (f && f->suppressed) {
            skipped_by(s, f->suppressed);
            break;
        }
        open_bad(s, "failure", plm_sv_from(plm_severity_name(f ? f->severity : c->severity)),
                 first.n ? first : PLM_SV("failed"));
        lines(s, "", &c->evidence);
        if (f && f->remediation.n)
            line(s, "to do: ", f->remediation);
        plm_buf_str(s->body, "</failure>");
        break;
    case PLM_OUT_MANUAL:
        skipped(s, "to be decided by a human", first);
        break;
    case PLM_OUT_NA:
        skipped(s, "does not apply", first);
        break;
    case PLM_OUT_UNKNOWN:
        open_bad(s, "error", PLM_SV("unknown"), first.n ? first : PLM_SV("could not be judged"));
        lines(s, "", &c->evidence);
        plm_buf_str(s->body, "</error>");
        break;
    }
    close_case(s);
}

/* ---- findings -------------------------------------------------------------------------------------- */

static plm_sv source_of(const struct plm_package *p)
{
    return p->source_name.n ? p->source_name : p->name;
}

static plm_sv source_version_of(const struct plm_package *p)
{
    return p->source_name.n && p->source_version.n ? p->source_version : p->version;
}

static int by_group(const void *va, const void *vb, void *arg)
{
    const struct junit *j = arg;
    const struct plm_finding *a = *(const struct plm_finding *const *)va,
                             *b = *(const struct plm_finding *const *)vb;
    const struct plm_package *pa = plm_report_package_of(j->r, a), *pb = plm_report_package_of(j->r, b);
    int c = (a->target > b->target) - (a->target < b->target);
    c = c ? c : (pa == NULL) - (pb == NULL);
    if (!c && pa && pb) {
        c = plm_sv_cmp(pa->type, pb->type);
        c = c ? c : plm_sv_cmp(source_of(pa), source_of(pb));
        c = c ? c : plm_sv_cmp(source_version_of(pa), source_version_of(pb));
        c = c ? c : (a->suppressed != NULL) - (b->suppressed != NULL);
    }
    return c ? c : (a > b) - (a < b);
}

static bool is_same_group(const struct junit *j, const struct plm_finding *a, const struct plm_finding *b)
{
    const struct plm_package *pa = plm_report_package_of(j->r, a), *pb = plm_report_package_of(j->r, b);
    return a->target == b->target && pa && pb && plm_sv_eq(pa->type, pb->type) &&
           plm_sv_eq(source_of(pa), source_of(pb)) && plm_sv_eq(source_version_of(pa), source_version_of(pb));
}

static void put_finding_line(const struct junit *j, struct suite *s, const struct plm_finding *f)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_buf_printf(&b, "%s %.*s ", plm_severity_name(f->severity), PLM_SV_ARG(f->id));
    plm_report_sentence(j->r, f, &b);
    line(s, "", plm_buf_sv(&b));
    lines(s, "  ", &f->evidence);
    if (f->remediation.n)
        line(s, "  to do: ", f->remediation);
}

/* n findings of one source package in one version; those that are suppressed stand last. */
static void put_package_group(const struct junit *j, struct suite *s, const struct plm_finding *const *list,
                              size_t n)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_auto_done(plm_buf_done) struct plm_buf class = PLM_BUF(PLM_MIB(4));
    const struct plm_package *p = plm_report_package_of(j->r, list[0]);
    plm_buf_printf(&class, "%.*s.%s", PLM_SV_ARG(plm_report_target_id(j->r, list[0]->target)),
                   plm_kind_name(list[0]->kind));
    open_case(s, plm_buf_sv(&class), source_of(p));
    size_t counting = 0;
    enum plm_severity worst = PLM_SEV_UNKNOWN;
    for (; counting < n && !list[counting]->suppressed; counting++)
        worst = list[counting]->severity > worst ? list[counting]->severity : worst;
    if (!counting) {
        skipped_by(s, list[0]->suppressed);
        close_case(s);
        return;
    }
    plm_buf_printf(&b, "%zu finding%s in %.*s %.*s, worst: %s", counting, counting == 1 ? "" : "s",
                   PLM_SV_ARG(source_of(p)), PLM_SV_ARG(source_version_of(p)), plm_severity_name(worst));
    open_bad(s, "failure", plm_sv_from(plm_severity_name(worst)), plm_buf_sv(&b));
    for (size_t i = 0; i < counting; i++)
        put_finding_line(j, s, list[i]);
    plm_buf_str(s->body, "</failure>");
    close_case(s);
}

static void put_other(const struct junit *j, struct suite *s, const struct plm_finding *f)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_auto_done(plm_buf_done) struct plm_buf class = PLM_BUF(PLM_MIB(4));
    plm_buf_printf(&class, "%.*s.%s", PLM_SV_ARG(plm_report_target_id(j->r, f->target)),
                   plm_kind_name(f->kind));
    plm_buf_printf(&b, "%.*s %.*s", PLM_SV_ARG(f->id), PLM_SV_ARG(f->object.n ? f->object : f->path));
    open_case(s, plm_buf_sv(&class), plm_sv_trim(plm_buf_sv(&b)));
    if (f->suppressed) {
        skipped_by(s, f->suppressed);
    } else {
        open_bad(s, "failure", plm_sv_from(plm_severity_name(f->severity)), f->title.n ? f->title : f->id);
        put_finding_line(j, s, f);
        plm_buf_str(s->body, "</failure>");
    }
    close_case(s);
}

static void put_findings(const struct junit *j, struct suite *s, uint32_t target)
{
    bool any_vulnerability = false;
    size_t packages = 0;
    for (size_t i = 0, n; i < j->n; i += n) {
        n = 1;
        if (j->list[i]->target != target)
            continue;
        while (i + n < j->n && is_same_group(j, j->list[i], j->list[i + n]))
            n++;
        bool is_package = plm_report_package_of(j->r, j->list[i]) != NULL;
        any_vulnerability |= is_package;
        if (is_package)
            put_package_group(j, s, j->list + i, n);
        else if (!plm_report_check_of(j->r, j->list[i])) /* else it has its case already */
            put_other(j, s, j->list[i]);
    }
    for (size_t i = 0; i < j->r->packages.n; i++)
        packages += j->r->packages.v[i].target == target;
    if (packages && !any_vulnerability) {
        plm_auto_done(plm_buf_done) struct plm_buf class = PLM_BUF(PLM_MIB(4));
        plm_buf_printf(&class, "%.*s.vulnerability", PLM_SV_ARG(plm_report_target_id(j->r, target)));
        open_case(s, plm_buf_sv(&class), PLM_SV("packages"));
        close_case(s);
    }
}

/* ---- what could not be looked at ------------------------------------------------------------------- */

static void put_diagnostics(const struct junit *j, struct suite *s, uint32_t target)
{
    for (size_t i = 0; i < j->r->diagnostics.n; i++) {
        const struct plm_diagnostic *d = &j->r->diagnostics.v[i];
        uint32_t at = d->target < j->r->targets.n ? d->target : PLM_NONE;
        if (at != target)
            continue;
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
        plm_buf_printf(&b, "%.*s %.*s", PLM_SV_ARG(d->code), PLM_SV_ARG(d->object));
        open_case(s, PLM_SV("could not look"), plm_sv_trim(plm_buf_sv(&b)));
        if (d->severity >= PLM_SEV_HIGH) { /* it makes the result incomplete */
            open_bad(s, "error", d->code, d->message);
            line(s, "", d->message);
            if (d->hint.n)
                line(s, "try: ", d->hint);
            plm_buf_str(s->body, "</error>");
        } else {
            skipped(s, "note", d->message);
        }
        close_case(s);
    }
}

/* "vulnerabilities.package CVE-2024-0001+curl: ", for the length of the report. */
static const char *rule_label(struct suite *s, const struct plm_verdict_rule *rule)
{
    plm_sv label = plm_arena_printf(s->r->arena, "%.*s.%.*s %.*s: ", PLM_SV_ARG(rule->gate),
                                    PLM_SV_ARG(rule->trigger), PLM_SV_ARG(rule->trigger_id));
    return label.p ? label.p : "";
}

static void put_verdict(const struct junit *j, struct suite *s)
{
    const struct plm_verdict *v = &j->r->verdict;
    open_case(s, PLM_SV("plimsoll"), PLM_SV("verdict"));
    plm_sv first = v->reasons.n ? v->reasons.v[0] : PLM_SV_NULL;
    switch (v->result) {
    case PLM_RESULT_PASS:
    case PLM_RESULT_WARN:
        break;
    case PLM_RESULT_NONE:
        skipped(s, "nothing decides", first);
        break;
    case PLM_RESULT_INCOMPLETE:
        open_bad(s, "error", PLM_SV("incomplete"), first.n ? first : PLM_SV("the result is incomplete"));
        lines(s, "", &v->reasons);
        plm_buf_str(s->body, "</error>");
        break;
    case PLM_RESULT_FAIL:
        open_bad(s, "failure", PLM_SV("verdict"), first.n ? first : PLM_SV("the verdict is fail"));
        lines(s, "", &v->reasons);
        for (size_t i = 0, shown = 0; i < v->rules.n && shown < LINES_MAX; i++) {
            const struct plm_verdict_rule *rule = &v->rules.v[i];
            if (!plm_sv_is(rule->action, "stop"))
                continue;
            line(s, plm_sv_is(rule->gate, "fail-on") ? "" : rule_label(s, rule), rule->message);
            shown++;
        }
        plm_buf_str(s->body, "</failure>");
        break;
    }
    close_case(s);
}

/* ---- suites ---------------------------------------------------------------------------------------- */

static void put_suite(struct junit *j, struct plm_buf *out, uint32_t target)
{
    const struct plm_report *r = j->r;
    plm_auto_done(plm_buf_done) struct plm_buf body = PLM_BUF(SIZE_MAX / 2);
    struct suite s = {.r = r, .body = &body};
    for (size_t i = 0; target != PLM_NONE && i < r->checks.n; i++)
        if (r->checks.v[i].target == target && r->checks.v[i].severity >= j->opt->min_severity)
            put_check(j, &s, &r->checks.v[i]);
    if (target != PLM_NONE)
        put_findings(j, &s, target);
    put_diagnostics(j, &s, target);
    if (target == PLM_NONE)
        put_verdict(j, &s);
    plm_buf_str(out, "<testsuite");
    attribute(out, "name", target == PLM_NONE ? PLM_SV("run") : r->targets.v[target].id, PLM_ESC_LINE);
    plm_buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"0\"", s.tests,
                   s.failures, s.errors, s.skipped);
    if (r->host_name.n)
        attribute(out, "hostname", r->host_name, PLM_ESC_LINE);
    if (r->started) {
        plm_auto_done(plm_buf_done) struct plm_buf t = PLM_BUF(PLM_KIB(1));
        plm_time_put(&t, r->started);
        attribute(out, "timestamp", plm_sv_sub(plm_buf_sv(&t), 0, 19), 19); /* the schema wants no zone */
    }
    plm_buf_str(out, ">\n");
    plm_buf_sv_put(out, plm_buf_sv(&body));
    plm_buf_str(out, "</testsuite>\n");
    if (body.failed && !out->failed)
        out->failed = body.failed;
    j->tests += s.tests;
    j->failures += s.failures;
    j->errors += s.errors;
}

static int collect(struct junit *j, plm_err **err)
{
    struct plm_report_options all = *j->opt;
    all.show_suppressed = true;
    j->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    j->audited = plm_map_new();
    if (!j->arena || !j->audited)
        return plm_fail_oom(err);
    if (plm_report_select(j->r, &all, &j->list, &j->n, err) < 0)
        return -1;
    if (plm_report_audited(j->r, j->arena, j->audited, err) < 0)
        return -1;
    qsort_r(j->list, j->n, sizeof(*j->list), by_group, j);
    return 0;
}

static int write_junit(const struct plm_report *r, const struct plm_report_options *opt, struct plm_buf *out,
                       plm_err **err)
{
    struct junit j = {.r = r, .opt = opt};
    plm_auto_done(plm_buf_done) struct plm_buf suites = PLM_BUF(SIZE_MAX / 2);
    int rc = collect(&j, err);
    for (uint32_t i = 0; rc == 0 && i < r->targets.n; i++)
        put_suite(&j, &suites, i);
    if (rc == 0) {
        put_suite(&j, &suites, PLM_NONE);
        plm_buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        plm_buf_printf(out,
                       "<testsuites name=\"plimsoll\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
                       "time=\"%llu.%03llu\">\n",
                       j.tests, j.failures, j.errors, (unsigned long long)(r->elapsed_ms / 1000),
                       (unsigned long long)(r->elapsed_ms % 1000));
        plm_buf_sv_put(out, plm_buf_sv(&suites));
        plm_buf_str(out, "</testsuites>\n");
        rc = plm_arena_check(j.arena, err) < 0 || plm_buf_check(&suites, err) < 0 ? -1
                                                                                  : plm_buf_check(out, err);
    }
    free(j.list);
    plm_map_free(j.audited);
    plm_arena_free(j.arena);
    return rc;
}

static const struct plm_format junit = {
    .id = "junit",
    .summary =
        "JUnit XML for CI systems: a suite per target, a case per check and per vulnerable source package",
    .extension = "xml",
    .write = write_junit,
};
PLM_REGISTER(plm_formats, struct plm_format, junit);
