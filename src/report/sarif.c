/* SPDX-License-Identifier: Apache-2.0
 *
 * SARIF 2.1.0 (OASIS), the subset that code hosts read and the whole that the standard asks for: one run;
 * findings are results, ids are rules, what could not be examined are notifications of the invocation.
 *
 * Code hosts take at most 20 runs a file and show 5,000 results a run: the worst stay, suppressed ones go
 * first, and a notification says what was cut. They want every result to be in a file of the repository: a
 * finding of a `dir:` with a relative path is, any other gets a made-up path, SCHEME/TARGET/PATH. Messages
 * hold no control bytes; "{" and "}" are doubled because "{0}" is a placeholder, and brackets are escaped
 * because "[text](address)" is a link.
 */
#include "base/map.h"
#include "escape.h"
#include "object.h"

enum { RESULTS_MAX = 5000, NOTES_MAX = 1000, TAGS_MAX = 20, EVIDENCE_MAX = 20, TEXT_MAX = 1000 };

struct sarif {
    const struct plm_report *r;
    const struct plm_finding **list; /* worst first */
    size_t n, shown;
    struct plm_arena *arena;         /* of the keys */
    struct plm_map *rules;           /* rule id to index + 1 */
    const struct plm_finding **rule; /* the first, so worst, finding of each */
    size_t rules_n;
};

/* ---- texts -------------------------------------------------------------------------------------- */

static void message_text(struct plm_obj *o, const char *key, plm_sv s)
{
    plm_auto_done(plm_buf_done) struct plm_buf plain = PLM_BUF(PLM_MIB(1));
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_esc_plain(&plain, s, TEXT_MAX);
    for (size_t i = 0; i < plain.n; i++) {
        char c = plain.p[i];
        if (c == '[' || c == ']' || c == '\\')
            plm_buf_byte(&b, '\\');
        if (c == '{' || c == '}')
            plm_buf_byte(&b, (unsigned char)c);
        plm_buf_byte(&b, (unsigned char)c);
    }
    plm_obj_text(o, key, plm_buf_sv(&b));
}

static void message(struct plm_obj *o, const char *key, plm_sv s)
{
    struct plm_obj m = plm_obj_sub(o, key);
    message_text(&m, "text", s);
    plm_obj_close(&m);
}

/* Values of properties and names: not messages, so nothing is doubled. */
static void plain(struct plm_obj *o, const char *key, plm_sv s)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_esc_plain(&b, s, TEXT_MAX);
    plm_obj_text(o, key, plm_buf_sv(&b));
}

static const char *level_of(enum plm_severity s)
{
    return s >= PLM_SEV_HIGH ? "error" : s == PLM_SEV_MEDIUM ? "warning" : "note";
}

/* Code hosts make their own level of this number (from 9.0, 7.0, 4.0, 0.1): the score where it says the
 * same level as we do, else the middle of ours. */
static void security_severity(struct plm_obj *o, const struct plm_finding *f)
{
    static const char *const middles[] = {"0.0", "0.1", "2.0", "5.5", "8.0", "9.5"};
    plm_obj_key(o, "security-severity");
    double score = f->cvss.n ? f->cvss.v[0].score : -1;
    if (score > 0 && score <= 10 && plm_severity_of_score(score) == f->severity)
        plm_buf_printf(o->b, "\"%.1f\"", score);
    else
        plm_buf_printf(o->b, "\"%s\"", middles[f->severity]);
}

/* ---- rules -------------------------------------------------------------------------------------- */

/* Advisories keep their id; ids of different kinds must not meet. */
static void rule_id(const struct plm_finding *f, struct plm_buf *b)
{
    plm_buf_clear(b);
    if (f->kind != PLM_KIND_VULNERABILITY)
        plm_buf_printf(b, "%s/", plm_kind_name(f->kind));
    plm_esc_plain(b, f->id.n ? f->id : PLM_SV("none"), 200);
}

static int collect_rules(struct sarif *s, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf id = PLM_BUF(PLM_KIB(64));
    for (size_t i = 0; i < s->shown; i++) {
        rule_id(s->list[i], &id);
        plm_sv key = plm_arena_sv(s->arena, plm_buf_sv(&id));
        void **slot = key.p ? plm_map_put(s->rules, key) : NULL;
        if (!slot)
            return plm_fail_oom(err);
        if (*slot)
            continue;
        s->rule[s->rules_n++] = s->list[i];
        *slot = (void *)(uintptr_t)s->rules_n;
    }
    return plm_buf_check(&id, err);
}

static void tags(struct plm_obj *o, const struct plm_finding *f)
{
    struct plm_arr list = plm_obj_list(o, "tags");
    plm_arr_next(&list);
    plm_buf_str(o->b, "\"security\"");
    plm_arr_next(&list);
    plm_buf_printf(o->b, "\"%s\"", plm_kind_name(f->kind));
    for (size_t i = 0; i < f->controls.n && i < TAGS_MAX - 2; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
        const struct plm_control *c = &f->controls.v[i];
        plm_esc_plain(&b, c->framework, 100);
        plm_buf_byte(&b, ':');
        plm_esc_plain(&b, c->id, 100);
        plm_arr_next(&list);
        plm_text_json(o->b, plm_buf_sv(&b));
    }
    plm_arr_close(&list);
}

static void help(struct plm_obj *o, const struct plm_finding *f, plm_sv page)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_MIB(1));
    plm_auto_done(plm_buf_done) struct plm_buf marked = PLM_BUF(PLM_MIB(1));
    plm_sv title = f->title.n ? f->title : f->id;
    plm_buf_sv_put(&text, title);
    plm_esc_markdown(&marked, title, TEXT_MAX);
    if (f->remediation.n) {
        plm_buf_printf(&text, ". To do: %.*s", PLM_SV_ARG(f->remediation));
        plm_buf_str(&marked, "\n\n**To do:** ");
        plm_esc_markdown(&marked, f->remediation, TEXT_MAX);
    }
    if (page.n) {
        plm_buf_printf(&text, " %.*s", PLM_SV_ARG(page));
        plm_buf_printf(&marked, "\n\n<%.*s>", PLM_SV_ARG(page));
    }
    struct plm_obj h = plm_obj_sub(o, "help");
    message_text(&h, "text", plm_buf_sv(&text));
    plm_obj_text(&h, "markdown", plm_buf_sv(&marked));
    plm_obj_close(&h);
}

static void put_rule(struct plm_arr *list, const struct plm_finding *f)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_auto_done(plm_buf_done) struct plm_buf page = PLM_BUF(PLM_KIB(64));
    struct plm_obj o = plm_arr_object(list);
    rule_id(f, &b);
    plm_obj_text(&o, "id", plm_buf_sv(&b));
    plm_sv title = f->title.n ? f->title : f->id;
    message(&o, "shortDescription", title);
    message(&o, "fullDescription", title);
    plm_sv url = plm_report_page(f, &page);
    help(&o, f, url);
    plm_obj_extra(&o, "helpUri", url);
    struct plm_obj c = plm_obj_sub(&o, "defaultConfiguration");
    plm_obj_word(&c, "level", level_of(f->severity));
    plm_obj_close(&c);
    struct plm_obj p = plm_obj_sub(&o, "properties");
    security_severity(&p, f);
    plm_obj_word(&p, "precision", "very-high");
    tags(&p, f);
    plm_obj_close(&p);
    plm_obj_close(&o);
}

/* ---- results -------------------------------------------------------------------------------------- */

static void put_location(const struct sarif *s, struct plm_obj *result, const struct plm_finding *f)
{
    plm_auto_done(plm_buf_done) struct plm_buf uri = PLM_BUF(PLM_MIB(1));
    plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(PLM_MIB(1));
    const struct plm_package *p = plm_report_package_of(s->r, f);
    plm_report_place(s->r, f, true, &uri);
    struct plm_arr places = plm_obj_list(result, "locations");
    struct plm_obj place = plm_arr_object(&places);
    struct plm_obj physical = plm_obj_sub(&place, "physicalLocation");
    struct plm_obj file = plm_obj_sub(&physical, "artifactLocation");
    plm_obj_text(&file, "uri", plm_buf_sv(&uri));
    plm_obj_close(&file);
    struct plm_obj region = plm_obj_sub(&physical, "region");
    plm_obj_number(&region, "startLine", f->line ? f->line : 1);
    plm_obj_close(&region);
    plm_obj_close(&physical);
    struct plm_arr logical = plm_obj_list(&place, "logicalLocations");
    struct plm_obj where = plm_arr_object(&logical);
    plm_sv object = p ? p->name : f->object.n ? f->object : f->path;
    plain(&where, "name", object.n ? object : f->id);
    plm_buf_printf(&name, "%.*s/", PLM_SV_ARG(plm_report_target_id(s->r, f->target)));
    if (p)
        plm_buf_printf(&name, "%.*s/%.*s@%.*s", PLM_SV_ARG(p->type), PLM_SV_ARG(p->name),
                       PLM_SV_ARG(p->version));
    else
        plm_buf_sv_put(&name, object);
    plain(&where, "fullyQualifiedName", plm_buf_sv(&name));
    plm_obj_word(&where, "kind", p ? "package" : "resource");
    plm_obj_close(&where);
    plm_arr_close(&logical);
    plm_obj_close(&place);
    plm_arr_close(&places);
}

static void put_suppressions(struct plm_obj *o, const struct plm_suppressed *s)
{
    if (!s)
        return;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_buf_printf(&b, "%.*s: %.*s", PLM_SV_ARG(s->by), PLM_SV_ARG(s->reason));
    if (s->owner.n)
        plm_buf_printf(&b, " (%.*s)", PLM_SV_ARG(s->owner));
    if (s->until.n)
        plm_buf_printf(&b, " until %.*s", PLM_SV_ARG(s->until));
    struct plm_arr list = plm_obj_list(o, "suppressions");
    struct plm_obj row = plm_arr_object(&list);
    plm_obj_word(&row, "kind", "external");
    plm_obj_word(&row, "status", "accepted");
    plain(&row, "justification", plm_buf_sv(&b));
    plm_obj_close(&row);
    plm_arr_close(&list);
}

static void put_properties(const struct sarif *s, struct plm_obj *o, const struct plm_finding *f)
{
    const struct plm_package *p = plm_report_package_of(s->r, f);
    struct plm_obj row = plm_obj_sub(o, "properties");
    plm_obj_word(&row, "severity", plm_severity_name(f->severity));
    security_severity(&row, f);
    plm_obj_text(&row, "target", plm_report_target_id(s->r, f->target));
    if (p)
        plm_obj_extra(&row, "purl", p->purl);
    if (f->kind == PLM_KIND_VULNERABILITY) {
        plm_obj_word(&row, "fix", plm_fix_state_name(f->fix));
        plm_obj_texts(&row, "fixVersions", &f->fix_versions);
        plm_obj_flag(&row, "kev", f->kev);
        plm_obj_real(&row, "epss", f->epss);
    }
    struct plm_arr list = plm_obj_list(&row, "evidence");
    for (size_t i = 0; i < f->evidence.n && i < EVIDENCE_MAX; i++) {
        plm_arr_next(&list);
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        plm_esc_plain(&b, f->evidence.v[i], TEXT_MAX);
        plm_text_json(o->b, plm_buf_sv(&b));
    }
    plm_arr_close(&list);
    plm_obj_close(&row);
}

static void put_result(const struct sarif *s, struct plm_arr *list, const struct plm_finding *f)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    struct plm_obj o = plm_arr_object(list);
    rule_id(f, &b);
    plm_obj_text(&o, "ruleId", plm_buf_sv(&b));
    plm_obj_number(&o, "ruleIndex", (uintptr_t)plm_map_get(s->rules, plm_buf_sv(&b)) - 1);
    plm_obj_word(&o, "level", level_of(f->severity));
    plm_buf_clear(&b);
    plm_report_sentence(s->r, f, &b);
    for (size_t i = 0; i < f->evidence.n && i < 3; i++)
        plm_buf_printf(&b, "; %.*s", PLM_SV_ARG(f->evidence.v[i]));
    message(&o, "message", plm_buf_sv(&b));
    put_location(s, &o, f);
    struct plm_obj prints = plm_obj_sub(&o, "partialFingerprints");
    plm_obj_text(&prints, "plimsollKey/v1", f->key);
    plm_buf_clear(&b);
    plm_buf_printf(&b, "%.*s:1", PLM_SV_ARG(f->key));
    plm_obj_text(&prints, "primaryLocationLineHash", plm_buf_sv(&b));
    plm_obj_close(&prints);
    put_suppressions(&o, f->suppressed);
    put_properties(s, &o, f);
    plm_obj_close(&o);
}

/* ---- the invocation -------------------------------------------------------------------------------- */

static void notification(struct plm_arr *list, const char *level, plm_sv code, plm_sv target, plm_sv text)
{
    struct plm_obj o = plm_arr_object(list);
    plm_obj_word(&o, "level", level);
    struct plm_obj d = plm_obj_sub(&o, "descriptor");
    plain(&d, "id", code.n ? code : PLM_SV("none"));
    plm_obj_close(&d);
    message(&o, "message", text);
    if (target.n) {
        struct plm_obj p = plm_obj_sub(&o, "properties");
        plain(&p, "target", target);
        plm_obj_close(&p);
    }
    plm_obj_close(&o);
}

static void put_diagnostic(const struct plm_report *r, struct plm_arr *list, const struct plm_diagnostic *d)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    if (d->object.n)
        plm_buf_printf(&b, "%.*s: ", PLM_SV_ARG(d->object));
    plm_buf_sv_put(&b, d->message);
    if (d->hint.n)
        plm_buf_printf(&b, "; try: %.*s", PLM_SV_ARG(d->hint));
    notification(list, level_of(d->severity), d->code, plm_report_target_id(r, d->target), plm_buf_sv(&b));
}

/* A check that could not be judged is no result, and must not be silent. */
static void put_unknown(const struct plm_report *r, struct plm_arr *list, const struct plm_check_row *c)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_buf_printf(&b, "check %.*s", PLM_SV_ARG(c->id));
    if (c->object.n)
        plm_buf_printf(&b, " of %.*s", PLM_SV_ARG(c->object));
    plm_buf_str(&b, " could not be judged");
    for (size_t i = 0; i < c->evidence.n && i < 3; i++)
        plm_buf_printf(&b, "%s%.*s", i ? "; " : ": ", PLM_SV_ARG(c->evidence.v[i]));
    notification(list, "warning", PLM_SV("check.unknown"), plm_report_target_id(r, c->target),
                 plm_buf_sv(&b));
}

static void put_notifications(const struct sarif *s, struct plm_obj *o, const struct plm_report_options *opt)
{
    const struct plm_report *r = s->r;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    struct plm_arr list = plm_obj_list(o, "toolExecutionNotifications");
    size_t count = 0, left_out = 0;
    if (s->shown < s->n) {
        plm_buf_printf(&b, "%zu of %zu results are in this file, the worst first; -o json has all of them",
                       s->shown, s->n);
        notification(&list, "warning", PLM_SV("report.cut"), PLM_SV_NULL, plm_buf_sv(&b));
        plm_report_note(opt, "sarif: %.*s", PLM_SV_ARG(plm_buf_sv(&b)));
    }
    for (size_t i = 0; i < r->diagnostics.n; i++)
        if (count++ < NOTES_MAX)
            put_diagnostic(r, &list, &r->diagnostics.v[i]);
    for (size_t i = 0; i < r->checks.n; i++)
        if (r->checks.v[i].outcome == PLM_OUT_UNKNOWN && count++ < NOTES_MAX)
            put_unknown(r, &list, &r->checks.v[i]);
    left_out = count > NOTES_MAX ? count - NOTES_MAX : 0;
    if (left_out) {
        plm_buf_clear(&b);
        plm_buf_printf(&b, "%zu more notifications are not in this file; -o json has all of them", left_out);
        notification(&list, "warning", PLM_SV("report.cut"), PLM_SV_NULL, plm_buf_sv(&b));
        plm_report_note(opt, "sarif: %.*s", PLM_SV_ARG(plm_buf_sv(&b)));
    }
    plm_arr_close(&list);
}

static bool is_complete(const struct plm_report *r)
{
    bool complete = r->exit_code == 0 || r->exit_code == 1;
    for (size_t i = 0; i < r->exit_also.n; i++)
        complete &= r->exit_also.v[i] == 1;
    return complete;
}

static void put_invocation(const struct sarif *s, struct plm_obj *run, const struct plm_report_options *opt)
{
    const struct plm_report *r = s->r;
    struct plm_arr list = plm_obj_list(run, "invocations");
    struct plm_obj o = plm_arr_object(&list);
    plm_obj_flag(&o, "executionSuccessful", is_complete(r));
    plm_obj_key(&o, "exitCode");
    plm_buf_printf(o.b, "%d", r->exit_code);
    plm_obj_instant_extra(&o, "startTimeUtc", r->started);
    plm_obj_instant_extra(&o, "endTimeUtc", r->started ? r->started + (int64_t)(r->elapsed_ms / 1000) : 0);
    if (r->host_name.n)
        plain(&o, "machine", r->host_name);
    put_notifications(s, &o, opt);
    plm_obj_close(&o);
    plm_arr_close(&list);
}

static void put_driver(const struct sarif *s, struct plm_obj *run)
{
    const struct plm_report *r = s->r;
    struct plm_obj tool = plm_obj_sub(run, "tool");
    struct plm_obj driver = plm_obj_sub(&tool, "driver");
    plain(&driver, "name", r->tool.n ? r->tool : PLM_SV("plimsoll"));
    if (r->version.n)
        plain(&driver, "version", r->version);
    struct plm_arr rules = plm_obj_list(&driver, "rules");
    for (size_t i = 0; i < s->rules_n && s->rule[i]; i++)
        put_rule(&rules, s->rule[i]);
    plm_arr_close(&rules);
    plm_obj_close(&driver);
    plm_obj_close(&tool);
}

static void put_run(const struct sarif *s, const struct plm_report_options *opt, struct plm_buf *out)
{
    struct plm_obj run = plm_obj_open(out);
    put_driver(s, &run);
    put_invocation(s, &run, opt);
    struct plm_arr results = plm_obj_list(&run, "results");
    for (size_t i = 0; i < s->shown; i++) {
        plm_buf_byte(out, '\n');
        put_result(s, &results, s->list[i]);
    }
    plm_arr_close(&results);
    plm_obj_word(&run, "columnKind", "utf16CodeUnits");
    struct plm_obj p = plm_obj_sub(&run, "properties");
    plm_obj_word(&p, "verdict", plm_result_name(s->r->verdict.result));
    plm_obj_texts(&p, "reasons", &s->r->verdict.reasons);
    if (s->r->verdict.policy.n) { /* the rows of a policy, which stand on no finding alone */
        plm_obj_key(&p, "policy");
        plm_json_put_verdict(out, &s->r->verdict);
    }
    plm_obj_close(&p);
    plm_obj_close(&run);
}

static int write_sarif(const struct plm_report *r, const struct plm_report_options *opt, struct plm_buf *out,
                       plm_err **err)
{
    struct sarif s = {.r = r};
    if (plm_report_worst_first(r, opt, &s.list, &s.n, err) < 0)
        return -1;
    s.shown = s.n < RESULTS_MAX ? s.n : RESULTS_MAX;
    s.arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    s.rules = plm_map_new();
    s.rule = calloc(s.shown + 1, sizeof(*s.rule));
    int rc = s.arena && s.rules && s.rule ? collect_rules(&s, err) : plm_fail_oom(err);
    if (rc == 0) {
        struct plm_obj o = plm_obj_open(out);
        plm_obj_word(&o, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
        plm_obj_word(&o, "version", "2.1.0");
        struct plm_arr runs = plm_obj_list(&o, "runs");
        plm_arr_next(&runs);
        put_run(&s, opt, out);
        plm_arr_close(&runs);
        plm_obj_close(&o);
        plm_buf_byte(out, '\n');
    }
    plm_map_free(s.rules);
    plm_arena_free(s.arena);
    free(s.rule);
    free(s.list);
    return rc < 0 ? rc : plm_buf_check(out, err);
}

static const struct plm_format sarif = {
    .id = "sarif",
    .summary =
        "SARIF 2.1.0 for code hosts: the 5,000 worst findings, what could not be examined as notifications",
    .extension = "sarif",
    .write = write_sarif,
};
PLM_REGISTER(plm_formats, struct plm_format, sarif);
