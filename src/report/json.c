/* SPDX-License-Identifier: Apache-2.0
 *
 * The report as JSON, schema plimsoll/report/v1 (docs/schema/report-v1.schema.json). One row of a
 * list a line, so that two reports can be compared with diff and a large one read with less.
 * Not known is null; members beyond those of the schema's core are left out where not known.
 * Reading it back (read.c) and writing it again gives the same bytes.
 */
#include "report_int.h"

/* A writer that knows when a comma is due: `first` is true at the start of each object. */
struct obj {
    struct plm_buf *b;
    bool first;
};

static struct obj open_object(struct plm_buf *b)
{
    plm_buf_byte(b, '{');
    return (struct obj){b, true};
}

static void key(struct obj *o, const char *name)
{
    plm_buf_printf(o->b, "%s\"%s\":", o->first ? "" : ",", name);
    o->first = false;
}

static void close_object(struct obj *o)
{
    plm_buf_byte(o->b, '}');
}

static void put_text(struct plm_buf *b, plm_sv s)
{
    if (s.p)
        plm_text_json(b, s);
    else
        plm_buf_str(b, "null");
}

static void text(struct obj *o, const char *name, plm_sv s)
{
    key(o, name);
    put_text(o->b, s);
}

/* Left out where not known. */
static void extra(struct obj *o, const char *name, plm_sv s)
{
    if (s.p)
        text(o, name, s);
}

static void word(struct obj *o, const char *name, const char *s)
{
    text(o, name, plm_sv_from(s));
}

static void number(struct obj *o, const char *name, uint64_t v)
{
    key(o, name);
    plm_buf_printf(o->b, "%llu", (unsigned long long)v);
}

static void flag(struct obj *o, const char *name, bool v)
{
    key(o, name);
    plm_buf_str(o->b, v ? "true" : "false");
}

/* Negative: not known. So is what no score can be: JSON has no infinity. */
static void real(struct obj *o, const char *name, double v)
{
    key(o, name);
    if (!(v >= 0 && v <= PLM_REPORT_NUMBER_MAX))
        plm_buf_str(o->b, "null");
    else
        plm_report_number(o->b, v);
}

static void index_or_null(struct obj *o, const char *name, uint32_t v)
{
    key(o, name);
    if (v == PLM_NONE)
        plm_buf_str(o->b, "null");
    else
        plm_buf_printf(o->b, "%u", v);
}

static void instant(struct obj *o, const char *name, int64_t t)
{
    key(o, name);
    if (t == 0) {
        plm_buf_str(o->b, "null");
        return;
    }
    plm_buf_byte(o->b, '"');
    plm_time_put(o->b, t);
    plm_buf_byte(o->b, '"');
}

static void instant_extra(struct obj *o, const char *name, int64_t t)
{
    if (t)
        instant(o, name, t);
}

static void texts(struct obj *o, const char *name, const plm_sv_vec *v)
{
    key(o, name);
    plm_buf_byte(o->b, '[');
    for (size_t i = 0; i < v->n; i++) {
        plm_buf_str(o->b, i ? "," : "");
        put_text(o->b, v->v[i]);
    }
    plm_buf_byte(o->b, ']');
}

/* ---- targets -------------------------------------------------------------------------------- */

void plm_json_put_verdict(struct plm_buf *b, const struct plm_verdict *v)
{
    struct obj o = open_object(b);
    word(&o, "result", plm_result_name(v->result));
    text(&o, "policy", v->policy);
    key(&o, "rules");
    plm_buf_byte(b, '[');
    for (size_t i = 0; i < v->rules.n; i++) {
        const struct plm_verdict_rule *rule = &v->rules.v[i];
        plm_buf_str(b, i ? "," : "");
        struct obj row = open_object(b);
        text(&row, "gate", rule->gate);
        text(&row, "trigger", rule->trigger);
        text(&row, "trigger_id", rule->trigger_id);
        text(&row, "action", rule->action);
        text(&row, "message", rule->message);
        flag(&row, "allowlisted", rule->allowlisted);
        close_object(&row);
    }
    plm_buf_byte(b, ']');
    texts(&o, "reasons", &v->reasons);
    close_object(&o);
}

static void put_source(struct plm_buf *b, const struct plm_target *t)
{
    struct obj o = open_object(b);
    text(&o, "scheme", t->scheme);
    text(&o, "reference", t->reference);
    text(&o, "digest", t->digest);
    text(&o, "image_id", t->image_id);
    text(&o, "platform", t->platform);
    instant_extra(&o, "created", t->created);
    key(&o, "layers");
    plm_buf_byte(b, '[');
    for (size_t i = 0; i < t->layers.n; i++) {
        const struct plm_layer *l = &t->layers.v[i];
        plm_buf_str(b, i ? "," : "");
        struct obj row = open_object(b);
        text(&row, "digest", l->digest);
        text(&row, "diff_id", l->diff_id);
        text(&row, "created_by", l->created_by);
        number(&row, "size", l->size);
        flag(&row, "base", l->is_base);
        if (l->is_diff_id_verified)
            flag(&row, "diff_id_verified", true);
        close_object(&row);
    }
    plm_buf_byte(b, ']');
    if (t->layers_cached)
        number(&o, "layers_cached", t->layers_cached);
    close_object(&o);
}

static void put_distro(struct plm_buf *b, const struct plm_distro *d)
{
    static const char *const states[] = {"unknown", "supported", "ended"};
    struct obj o = open_object(b);
    text(&o, "id", d->id);
    text(&o, "version", d->version);
    text(&o, "codename", d->codename);
    text(&o, "pretty", d->pretty);
    instant(&o, "eol", d->eol_date);
    word(&o, "eol_state", states[d->eol]);
    extra(&o, "like", d->like);
    extra(&o, "ecosystem", d->ecosystem);
    extra(&o, "evidence", d->evidence);
    close_object(&o);
}

void plm_json_put_target(struct plm_buf *b, const struct plm_target *t)
{
    struct obj o = open_object(b);
    text(&o, "id", t->id);
    key(&o, "source");
    put_source(b, t);
    key(&o, "distro");
    if (t->distro.id.p)
        put_distro(b, &t->distro);
    else
        plm_buf_str(b, "null");
    flag(&o, "incomplete", t->is_incomplete);
    key(&o, "verdict");
    plm_json_put_verdict(b, &t->verdict);
    close_object(&o);
}

/* ---- packages ------------------------------------------------------------------------------- */

void plm_json_put_package(struct plm_buf *b, const struct plm_report *r, const struct plm_package *p)
{
    struct obj o = open_object(b);
    text(&o, "target", plm_report_target_id(r, p->target));
    text(&o, "id", p->id);
    text(&o, "type", p->type);
    text(&o, "name", p->name);
    text(&o, "version", p->version);
    text(&o, "arch", p->arch);
    text(&o, "purl", p->purl);
    texts(&o, "cpes", &p->cpes);
    key(&o, "source");
    struct obj source = open_object(b);
    text(&source, "name", p->source_name);
    text(&source, "version", p->source_version);
    close_object(&source);
    texts(&o, "licenses", &p->licenses);
    key(&o, "locations");
    plm_buf_byte(b, '[');
    for (size_t i = 0; i < p->locations.n; i++) {
        plm_buf_str(b, i ? "," : "");
        struct obj row = open_object(b);
        text(&row, "path", p->locations.v[i].path);
        index_or_null(&row, "layer", p->locations.v[i].layer);
        close_object(&row);
    }
    plm_buf_byte(b, ']');
    text(&o, "cataloger", p->cataloger);
    text(&o, "owner", p->owner);
    extra(&o, "vendor", p->vendor);
    extra(&o, "modularity", p->modularity);
    extra(&o, "status", p->status);
    instant_extra(&o, "installed_at", p->installed_at);
    if (p->files.n)
        texts(&o, "files", &p->files);
    close_object(&o);
}

/* ---- findings ------------------------------------------------------------------------------- */

static void put_package_reference(struct plm_buf *b, const struct plm_package *p)
{
    if (!p) {
        plm_buf_str(b, "null");
        return;
    }
    struct obj o = open_object(b);
    text(&o, "id", p->id);
    text(&o, "name", p->name);
    text(&o, "version", p->version);
    text(&o, "type", p->type);
    text(&o, "purl", p->purl);
    close_object(&o);
}

static void put_matched(struct plm_buf *b, const struct plm_matched *m)
{
    struct obj o = open_object(b);
    text(&o, "feed", m->feed);
    text(&o, "record", m->record);
    text(&o, "range", m->range);
    text(&o, "scheme", m->scheme);
    text(&o, "by", m->by);
    close_object(&o);
}

static void put_matches(struct obj *o, const struct plm_finding *f)
{
    key(o, "matched");
    if (f->matched.n)
        put_matched(o->b, &f->matched.v[0]);
    else
        plm_buf_str(o->b, "null");
    if (f->matched.n < 2)
        return;
    key(o, "also_matched");
    plm_buf_byte(o->b, '[');
    for (size_t i = 1; i < f->matched.n; i++) {
        plm_buf_str(o->b, i > 1 ? "," : "");
        put_matched(o->b, &f->matched.v[i]);
    }
    plm_buf_byte(o->b, ']');
}

static void put_cvss(struct obj *o, const struct plm_finding *f)
{
    key(o, "cvss");
    plm_buf_byte(o->b, '[');
    for (size_t i = 0; i < f->cvss.n; i++) {
        const struct plm_cvss *c = &f->cvss.v[i];
        plm_buf_str(o->b, i ? "," : "");
        struct obj row = open_object(o->b);
        text(&row, "version", c->version);
        text(&row, "vector", c->vector);
        real(&row, "score", c->score);
        text(&row, "source", c->source);
        close_object(&row);
    }
    plm_buf_byte(o->b, ']');
}

static void put_controls(struct obj *o, const struct plm_control *v, size_t n)
{
    key(o, "controls");
    plm_buf_byte(o->b, '[');
    for (size_t i = 0; i < n; i++) {
        plm_buf_str(o->b, i ? "," : "");
        struct obj row = open_object(o->b);
        text(&row, "framework", v[i].framework);
        text(&row, "version", v[i].version);
        text(&row, "id", v[i].id);
        close_object(&row);
    }
    plm_buf_byte(o->b, ']');
}

static void put_fix_and_location(struct obj *o, const struct plm_finding *f)
{
    key(o, "fix");
    struct obj fix = open_object(o->b);
    word(&fix, "state", plm_fix_state_name(f->fix));
    texts(&fix, "versions", &f->fix_versions);
    instant_extra(&fix, "date", f->fix_date);
    close_object(&fix);
    key(o, "location");
    struct obj at = open_object(o->b);
    text(&at, "path", f->path);
    key(&at, "line");
    if (f->line)
        plm_buf_printf(o->b, "%u", f->line);
    else
        plm_buf_str(o->b, "null");
    index_or_null(&at, "layer", f->layer);
    close_object(&at);
}

static void put_suppressed(struct obj *o, const struct plm_suppressed *s)
{
    key(o, "suppressed");
    if (!s) {
        plm_buf_str(o->b, "null");
        return;
    }
    struct obj row = open_object(o->b);
    text(&row, "by", s->by);
    text(&row, "reason", s->reason);
    text(&row, "owner", s->owner);
    text(&row, "until", s->until);
    close_object(&row);
}

void plm_json_put_finding(struct plm_buf *b, const struct plm_report *r, const struct plm_finding *f)
{
    struct obj o = open_object(b);
    text(&o, "key", f->key);
    text(&o, "target", plm_report_target_id(r, f->target));
    text(&o, "id", f->id);
    word(&o, "kind", plm_kind_name(f->kind));
    word(&o, "severity", plm_severity_name(f->severity));
    text(&o, "native_severity", f->native_severity);
    text(&o, "title", f->title);
    key(&o, "package");
    put_package_reference(b, plm_report_package_of(r, f));
    text(&o, "object", f->object);
    put_fix_and_location(&o, f);
    texts(&o, "aliases", &f->aliases);
    put_cvss(&o, f);
    real(&o, "epss", f->epss);
    flag(&o, "kev", f->kev);
    real(&o, "risk", f->risk);
    put_matches(&o, f);
    flag(&o, "base", f->is_base);
    if (f->is_new)
        flag(&o, "new", true);
    instant_extra(&o, "published", f->published);
    put_controls(&o, f->controls.v, f->controls.n);
    texts(&o, "evidence", &f->evidence);
    text(&o, "remediation", f->remediation);
    texts(&o, "references", &f->references);
    put_suppressed(&o, f->suppressed);
    close_object(&o);
}

void plm_json_put_check(struct plm_buf *b, const struct plm_report *r, const struct plm_check_row *c)
{
    struct obj o = open_object(b);
    text(&o, "target", plm_report_target_id(r, c->target));
    text(&o, "id", c->id);
    word(&o, "outcome", plm_outcome_name(c->outcome));
    text(&o, "object", c->object);
    texts(&o, "evidence", &c->evidence);
    put_controls(&o, c->controls.v, c->controls.n);
    close_object(&o);
}

void plm_json_put_diagnostic(struct plm_buf *b, const struct plm_report *r, const struct plm_diagnostic *d)
{
    struct obj o = open_object(b);
    text(&o, "code", d->code);
    word(&o, "severity", plm_severity_name(d->severity));
    text(&o, "target", plm_report_target_id(r, d->target));
    text(&o, "object", d->object);
    text(&o, "message", d->message);
    text(&o, "hint", d->hint);
    close_object(&o);
}

/* ---- the whole ------------------------------------------------------------------------------ */

void plm_json_put_run(struct plm_buf *b, const struct plm_report *r)
{
    struct obj o = open_object(b);
    text(&o, "tool", r->tool);
    text(&o, "version", r->version);
    instant(&o, "started", r->started);
    key(&o, "seconds");
    plm_buf_printf(b, "%llu.%03llu", (unsigned long long)(r->elapsed_ms / 1000),
                   (unsigned long long)(r->elapsed_ms % 1000));
    word(&o, "clock", r->clock_injected ? "injected" : "system");
    key(&o, "exit");
    struct obj e = open_object(b);
    key(&e, "code");
    plm_buf_printf(b, "%d", r->exit_code);
    key(&e, "also");
    plm_buf_byte(b, '[');
    for (size_t i = 0; i < r->exit_also.n; i++)
        plm_buf_printf(b, "%s%d", i ? "," : "", r->exit_also.v[i]);
    plm_buf_byte(b, ']');
    close_object(&e);
    texts(&o, "network", &r->network);
    key(&o, "stages");
    plm_buf_byte(b, '[');
    for (size_t i = 0; i < r->stages.n; i++) {
        plm_buf_str(b, i ? "," : "");
        struct obj row = open_object(b);
        text(&row, "name", r->stages.v[i].name);
        number(&row, "ms", r->stages.v[i].ms);
        close_object(&row);
    }
    plm_buf_byte(b, ']');
    close_object(&o);
}

static void put_host(struct plm_buf *b, const struct plm_report *r)
{
    struct obj o = open_object(b);
    text(&o, "name", r->host_name);
    text(&o, "machine_id", r->machine_id);
    text(&o, "os", r->host_os);
    text(&o, "kernel", r->kernel);
    texts(&o, "engines", &r->engines);
    close_object(&o);
}

static void put_db(struct plm_buf *b, const struct plm_report *r)
{
    struct obj o = open_object(b);
    instant(&o, "built", r->db_built);
    key(&o, "feeds");
    plm_buf_byte(b, '[');
    for (size_t i = 0; i < r->feeds.n; i++) {
        plm_buf_str(b, i ? "," : "");
        struct obj row = open_object(b);
        text(&row, "name", r->feeds.v[i].name);
        instant(&row, "as_of", r->feeds.v[i].as_of);
        number(&row, "records", r->feeds.v[i].records);
        close_object(&row);
    }
    plm_buf_byte(b, ']');
    close_object(&o);
}

void plm_json_put_summary(struct plm_buf *b, const struct plm_report *r)
{
    const struct plm_counts *c = &r->counts;
    struct obj o = open_object(b);
    number(&o, "targets", c->targets);
    number(&o, "packages", c->packages);
    number(&o, "layers", c->layers);
    number(&o, "layers_cached", c->layers_cached);
    number(&o, "findings", r->findings.n - c->suppressed);
    key(&o, "by_severity");
    struct obj s = open_object(b);
    for (int i = PLM_SEV_COUNT_ - 1; i >= 0; i--)
        number(&s, plm_severity_name((enum plm_severity)i), c->by_severity[i]);
    close_object(&s);
    key(&o, "by_kind");
    struct obj k = open_object(b);
    for (int i = 0; i < PLM_KIND_COUNT_; i++)
        number(&k, plm_kind_name((enum plm_kind)i), c->by_kind[i]);
    close_object(&k);
    number(&o, "fixable", c->fixable);
    number(&o, "suppressed", c->suppressed);
    number(&o, "diagnostics", c->diagnostics);
    close_object(&o);
}

#define PUT_LIST(name, vec, put)                                                                             \
    do {                                                                                                     \
        plm_buf_str(out, ",\n\"" name "\": [");                                                              \
        for (size_t i = 0; i < (vec).n; i++) {                                                               \
            plm_buf_str(out, i ? ",\n" : "\n");                                                              \
            put;                                                                                             \
        }                                                                                                    \
        plm_buf_str(out, (vec).n ? "\n]" : "]");                                                             \
    } while (0)

static int write_json(const struct plm_report *r, const struct plm_report_options *opt, struct plm_buf *out,
                      plm_err **err)
{
    (void)opt; /* the machine's report is complete whatever is displayed */
    plm_buf_str(out, "{\n\"schema\": \"plimsoll/report/v1\",\n\"run\": ");
    plm_json_put_run(out, r);
    plm_buf_str(out, ",\n\"host\": ");
    put_host(out, r);
    PUT_LIST("targets", r->targets, plm_json_put_target(out, &r->targets.v[i]));
    plm_buf_str(out, ",\n\"db\": ");
    put_db(out, r);
    PUT_LIST("packages", r->packages, plm_json_put_package(out, r, &r->packages.v[i]));
    PUT_LIST("findings", r->findings, plm_json_put_finding(out, r, &r->findings.v[i]));
    PUT_LIST("checks", r->checks, plm_json_put_check(out, r, &r->checks.v[i]));
    plm_buf_str(out, ",\n\"verdict\": ");
    plm_json_put_verdict(out, &r->verdict);
    plm_buf_str(out, ",\n\"summary\": ");
    plm_json_put_summary(out, r);
    PUT_LIST("diagnostics", r->diagnostics, plm_json_put_diagnostic(out, r, &r->diagnostics.v[i]));
    plm_buf_str(out, "\n}\n");
    return plm_buf_check(out, err);
}

static const struct plm_format json = {
    .id = "json",
    .summary = "the whole report, schema plimsoll/report/v1; read again by plimsoll report",
    .extension = "json",
    .write = write_json,
};
PLM_REGISTER(plm_formats, struct plm_format, json);
