/* SPDX-License-Identifier: Apache-2.0
 *
 * The report as JSON, schema plimsoll/report/v1 (docs/schema/report-v1.schema.json). One row of a
 * list a line, so that two reports can be compared with diff and a large one read with less.
 * Not known is null; members beyond those of the schema's core are left out where not known.
 * Reading it back (read.c) and writing it again gives the same bytes.
 */
#include "object.h"

/* ---- targets -------------------------------------------------------------------------------- */

void plm_json_put_verdict(struct plm_buf *b, const struct plm_verdict *v)
{
    struct plm_obj o = plm_obj_open(b);
    plm_obj_word(&o, "result", plm_result_name(v->result));
    plm_obj_text(&o, "policy", v->policy);
    struct plm_arr list = plm_obj_list(&o, "rules");
    for (size_t i = 0; i < v->rules.n; i++) {
        const struct plm_verdict_rule *rule = &v->rules.v[i];
        struct plm_obj row = plm_arr_object(&list);
        plm_obj_text(&row, "gate", rule->gate);
        plm_obj_text(&row, "trigger", rule->trigger);
        plm_obj_text(&row, "trigger_id", rule->trigger_id);
        plm_obj_text(&row, "action", rule->action);
        plm_obj_text(&row, "message", rule->message);
        plm_obj_flag(&row, "allowlisted", rule->allowlisted);
        plm_obj_close(&row);
    }
    plm_arr_close(&list);
    plm_obj_texts(&o, "reasons", &v->reasons);
    plm_obj_close(&o);
}

static void put_source(struct plm_buf *b, const struct plm_target *t)
{
    struct plm_obj o = plm_obj_open(b);
    plm_obj_text(&o, "scheme", t->scheme);
    plm_obj_text(&o, "reference", t->reference);
    plm_obj_text(&o, "digest", t->digest);
    plm_obj_text(&o, "image_id", t->image_id);
    plm_obj_text(&o, "platform", t->platform);
    plm_obj_instant_extra(&o, "created", t->created);
    struct plm_arr list = plm_obj_list(&o, "layers");
    for (size_t i = 0; i < t->layers.n; i++) {
        const struct plm_layer *l = &t->layers.v[i];
        struct plm_obj row = plm_arr_object(&list);
        plm_obj_text(&row, "digest", l->digest);
        plm_obj_text(&row, "diff_id", l->diff_id);
        plm_obj_text(&row, "created_by", l->created_by);
        plm_obj_number(&row, "size", l->size);
        plm_obj_flag(&row, "base", l->is_base);
        if (l->is_diff_id_verified)
            plm_obj_flag(&row, "diff_id_verified", true);
        plm_obj_close(&row);
    }
    plm_arr_close(&list);
    if (t->layers_cached)
        plm_obj_number(&o, "layers_cached", t->layers_cached);
    plm_obj_close(&o);
}

static void put_distro(struct plm_buf *b, const struct plm_distro *d)
{
    static const char *const states[] = {"unknown", "supported", "ended"};
    struct plm_obj o = plm_obj_open(b);
    plm_obj_text(&o, "id", d->id);
    plm_obj_text(&o, "version", d->version);
    plm_obj_text(&o, "codename", d->codename);
    plm_obj_text(&o, "pretty", d->pretty);
    plm_obj_instant(&o, "eol", d->eol_date);
    plm_obj_word(&o, "eol_state", states[d->eol]);
    plm_obj_extra(&o, "like", d->like);
    plm_obj_extra(&o, "ecosystem", d->ecosystem);
    plm_obj_extra(&o, "evidence", d->evidence);
    plm_obj_close(&o);
}

void plm_json_put_target(struct plm_buf *b, const struct plm_target *t)
{
    struct plm_obj o = plm_obj_open(b);
    plm_obj_text(&o, "id", t->id);
    plm_obj_key(&o, "source");
    put_source(b, t);
    plm_obj_key(&o, "distro");
    if (t->distro.id.p)
        put_distro(b, &t->distro);
    else
        plm_buf_str(b, "null");
    plm_obj_flag(&o, "incomplete", t->is_incomplete);
    plm_obj_key(&o, "verdict");
    plm_json_put_verdict(b, &t->verdict);
    plm_obj_close(&o);
}

/* ---- packages ------------------------------------------------------------------------------- */

void plm_json_put_package(struct plm_buf *b, const struct plm_report *r, const struct plm_package *p)
{
    struct plm_obj o = plm_obj_open(b);
    plm_obj_text(&o, "target", plm_report_target_id(r, p->target));
    plm_obj_text(&o, "id", p->id);
    plm_obj_text(&o, "type", p->type);
    plm_obj_text(&o, "name", p->name);
    plm_obj_text(&o, "version", p->version);
    plm_obj_text(&o, "arch", p->arch);
    plm_obj_text(&o, "purl", p->purl);
    plm_obj_texts(&o, "cpes", &p->cpes);
    struct plm_obj source = plm_obj_sub(&o, "source");
    plm_obj_text(&source, "name", p->source_name);
    plm_obj_text(&source, "version", p->source_version);
    plm_obj_close(&source);
    plm_obj_texts(&o, "licenses", &p->licenses);
    struct plm_arr list = plm_obj_list(&o, "locations");
    for (size_t i = 0; i < p->locations.n; i++) {
        struct plm_obj row = plm_arr_object(&list);
        plm_obj_text(&row, "path", p->locations.v[i].path);
        plm_obj_index(&row, "layer", p->locations.v[i].layer);
        plm_obj_close(&row);
    }
    plm_arr_close(&list);
    plm_obj_text(&o, "cataloger", p->cataloger);
    plm_obj_text(&o, "owner", p->owner);
    plm_obj_extra(&o, "vendor", p->vendor);
    plm_obj_extra(&o, "modularity", p->modularity);
    plm_obj_extra(&o, "status", p->status);
    plm_obj_instant_extra(&o, "installed_at", p->installed_at);
    if (p->files.n)
        plm_obj_texts(&o, "files", &p->files);
    plm_obj_close(&o);
}

/* ---- findings ------------------------------------------------------------------------------- */

static void put_package_reference(struct plm_buf *b, const struct plm_package *p)
{
    if (!p) {
        plm_buf_str(b, "null");
        return;
    }
    struct plm_obj o = plm_obj_open(b);
    plm_obj_text(&o, "id", p->id);
    plm_obj_text(&o, "name", p->name);
    plm_obj_text(&o, "version", p->version);
    plm_obj_text(&o, "type", p->type);
    plm_obj_text(&o, "purl", p->purl);
    plm_obj_close(&o);
}

static void put_matched(struct plm_buf *b, const struct plm_matched *m)
{
    struct plm_obj o = plm_obj_open(b);
    plm_obj_text(&o, "feed", m->feed);
    plm_obj_text(&o, "record", m->record);
    plm_obj_text(&o, "range", m->range);
    plm_obj_text(&o, "scheme", m->scheme);
    plm_obj_text(&o, "by", m->by);
    plm_obj_close(&o);
}

static void put_matches(struct plm_obj *o, const struct plm_finding *f)
{
    plm_obj_key(o, "matched");
    if (f->matched.n)
        put_matched(o->b, &f->matched.v[0]);
    else
        plm_buf_str(o->b, "null");
    if (f->matched.n < 2)
        return;
    struct plm_arr list = plm_obj_list(o, "also_matched");
    for (size_t i = 1; i < f->matched.n; i++) {
        plm_arr_next(&list);
        put_matched(o->b, &f->matched.v[i]);
    }
    plm_arr_close(&list);
}

static void put_cvss(struct plm_obj *o, const struct plm_finding *f)
{
    struct plm_arr list = plm_obj_list(o, "cvss");
    for (size_t i = 0; i < f->cvss.n; i++) {
        const struct plm_cvss *c = &f->cvss.v[i];
        struct plm_obj row = plm_arr_object(&list);
        plm_obj_text(&row, "version", c->version);
        plm_obj_text(&row, "vector", c->vector);
        plm_obj_real(&row, "score", c->score);
        plm_obj_text(&row, "source", c->source);
        plm_obj_close(&row);
    }
    plm_arr_close(&list);
}

static void put_controls(struct plm_obj *o, const struct plm_control *v, size_t n)
{
    struct plm_arr list = plm_obj_list(o, "controls");
    for (size_t i = 0; i < n; i++) {
        struct plm_obj row = plm_arr_object(&list);
        plm_obj_text(&row, "framework", v[i].framework);
        plm_obj_text(&row, "version", v[i].version);
        plm_obj_text(&row, "id", v[i].id);
        plm_obj_close(&row);
    }
    plm_arr_close(&list);
}

static void put_fix_and_location(struct plm_obj *o, const struct plm_finding *f)
{
    struct plm_obj fix = plm_obj_sub(o, "fix");
    plm_obj_word(&fix, "state", plm_fix_state_name(f->fix));
    plm_obj_texts(&fix, "versions", &f->fix_versions);
    plm_obj_instant_extra(&fix, "date", f->fix_date);
    plm_obj_close(&fix);
    struct plm_obj at = plm_obj_sub(o, "location");
    plm_obj_text(&at, "path", f->path);
    plm_obj_key(&at, "line");
    if (f->line)
        plm_buf_printf(o->b, "%u", f->line);
    else
        plm_buf_str(o->b, "null");
    plm_obj_index(&at, "layer", f->layer);
    plm_obj_close(&at);
}

static void put_suppressed(struct plm_obj *o, const struct plm_suppressed *s)
{
    plm_obj_key(o, "suppressed");
    if (!s) {
        plm_buf_str(o->b, "null");
        return;
    }
    struct plm_obj row = plm_obj_open(o->b);
    plm_obj_text(&row, "by", s->by);
    plm_obj_text(&row, "reason", s->reason);
    plm_obj_text(&row, "owner", s->owner);
    plm_obj_text(&row, "until", s->until);
    plm_obj_close(&row);
}

void plm_json_put_finding(struct plm_buf *b, const struct plm_report *r, const struct plm_finding *f)
{
    struct plm_obj o = plm_obj_open(b);
    plm_obj_text(&o, "key", f->key);
    plm_obj_text(&o, "target", plm_report_target_id(r, f->target));
    plm_obj_text(&o, "id", f->id);
    plm_obj_word(&o, "kind", plm_kind_name(f->kind));
    plm_obj_word(&o, "severity", plm_severity_name(f->severity));
    plm_obj_text(&o, "native_severity", f->native_severity);
    plm_obj_text(&o, "title", f->title);
    plm_obj_key(&o, "package");
    put_package_reference(b, plm_report_package_of(r, f));
    plm_obj_text(&o, "object", f->object);
    put_fix_and_location(&o, f);
    plm_obj_texts(&o, "aliases", &f->aliases);
    put_cvss(&o, f);
    plm_obj_real(&o, "epss", f->epss);
    plm_obj_flag(&o, "kev", f->kev);
    plm_obj_real(&o, "risk", f->risk);
    put_matches(&o, f);
    plm_obj_flag(&o, "base", f->is_base);
    if (f->is_new)
        plm_obj_flag(&o, "new", true);
    plm_obj_instant_extra(&o, "published", f->published);
    put_controls(&o, f->controls.v, f->controls.n);
    plm_obj_texts(&o, "evidence", &f->evidence);
    plm_obj_text(&o, "remediation", f->remediation);
    plm_obj_texts(&o, "references", &f->references);
    put_suppressed(&o, f->suppressed);
    plm_obj_close(&o);
}

void plm_json_put_check(struct plm_buf *b, const struct plm_report *r, const struct plm_check_row *c)
{
    struct plm_obj o = plm_obj_open(b);
    plm_obj_text(&o, "target", plm_report_target_id(r, c->target));
    plm_obj_text(&o, "id", c->id);
    plm_obj_word(&o, "outcome", plm_outcome_name(c->outcome));
    plm_obj_word(&o, "severity", plm_severity_name(c->severity));
    plm_obj_extra(&o, "title", c->title);
    plm_obj_text(&o, "object", c->object);
    plm_obj_texts(&o, "evidence", &c->evidence);
    put_controls(&o, c->controls.v, c->controls.n);
    plm_obj_close(&o);
}

void plm_json_put_score(struct plm_buf *b, const struct plm_stage_score *s)
{
    struct plm_obj o = plm_obj_open(b);
    plm_obj_text(&o, "stage", s->name);
    plm_obj_key(&o, "score");
    if (s->is_judged)
        plm_buf_printf(b, "%u", s->score);
    else
        plm_buf_str(b, "null");
    plm_obj_number(&o, "judged", s->judged);
    plm_obj_number(&o, "failed", s->failed);
    struct plm_obj n = plm_obj_sub(&o, "outcomes");
    for (int i = 0; i < PLM_OUTCOMES; i++)
        plm_obj_number(&n, plm_outcome_name((enum plm_outcome)i), s->outcomes[i]);
    plm_obj_close(&n);
    plm_obj_number(&o, "vulnerabilities", s->vulnerabilities);
    plm_obj_close(&o);
}

void plm_json_put_fix(struct plm_buf *b, const struct plm_fix_row *f)
{
    struct plm_obj o = plm_obj_open(b);
    plm_obj_text(&o, "title", f->title);
    plm_obj_text(&o, "command", f->command);
    plm_obj_text(&o, "impact", f->impact);
    plm_obj_number(&o, "weight", f->weight);
    plm_obj_texts(&o, "closes", &f->closes);
    plm_obj_close(&o);
}

void plm_json_put_diagnostic(struct plm_buf *b, const struct plm_report *r, const struct plm_diagnostic *d)
{
    struct plm_obj o = plm_obj_open(b);
    plm_obj_text(&o, "code", d->code);
    plm_obj_word(&o, "severity", plm_severity_name(d->severity));
    plm_obj_text(&o, "target", plm_report_target_id(r, d->target));
    plm_obj_text(&o, "object", d->object);
    plm_obj_text(&o, "message", d->message);
    plm_obj_text(&o, "hint", d->hint);
    plm_obj_close(&o);
}

/* ---- the whole ------------------------------------------------------------------------------ */

void plm_json_put_run(struct plm_buf *b, const struct plm_report *r)
{
    struct plm_obj o = plm_obj_open(b);
    plm_obj_text(&o, "tool", r->tool);
    plm_obj_text(&o, "version", r->version);
    plm_obj_instant(&o, "started", r->started);
    plm_obj_key(&o, "seconds");
    plm_buf_printf(b, "%llu.%03llu", (unsigned long long)(r->elapsed_ms / 1000),
                   (unsigned long long)(r->elapsed_ms % 1000));
    plm_obj_word(&o, "clock", r->clock_injected ? "injected" : "system");
    struct plm_obj e = plm_obj_sub(&o, "exit");
    plm_obj_key(&e, "code");
    plm_buf_printf(b, "%d", r->exit_code);
    struct plm_arr also = plm_obj_list(&e, "also");
    for (size_t i = 0; i < r->exit_also.n; i++) {
        plm_arr_next(&also);
        plm_buf_printf(b, "%d", r->exit_also.v[i]);
    }
    plm_arr_close(&also);
    plm_obj_close(&e);
    plm_obj_texts(&o, "network", &r->network);
    struct plm_arr list = plm_obj_list(&o, "stages");
    for (size_t i = 0; i < r->stages.n; i++) {
        struct plm_obj row = plm_arr_object(&list);
        plm_obj_text(&row, "name", r->stages.v[i].name);
        plm_obj_number(&row, "ms", r->stages.v[i].ms);
        plm_obj_close(&row);
    }
    plm_arr_close(&list);
    plm_obj_close(&o);
}

static void put_host(struct plm_buf *b, const struct plm_report *r)
{
    struct plm_obj o = plm_obj_open(b);
    plm_obj_text(&o, "name", r->host_name);
    plm_obj_text(&o, "machine_id", r->machine_id);
    plm_obj_text(&o, "os", r->host_os);
    plm_obj_text(&o, "kernel", r->kernel);
    plm_obj_texts(&o, "engines", &r->engines);
    plm_obj_close(&o);
}

static void put_db(struct plm_buf *b, const struct plm_report *r)
{
    struct plm_obj o = plm_obj_open(b);
    plm_obj_instant(&o, "built", r->db_built);
    struct plm_arr list = plm_obj_list(&o, "feeds");
    for (size_t i = 0; i < r->feeds.n; i++) {
        struct plm_obj row = plm_arr_object(&list);
        plm_obj_text(&row, "name", r->feeds.v[i].name);
        plm_obj_instant(&row, "as_of", r->feeds.v[i].as_of);
        plm_obj_number(&row, "records", r->feeds.v[i].records);
        plm_obj_close(&row);
    }
    plm_arr_close(&list);
    plm_obj_close(&o);
}

void plm_json_put_summary(struct plm_buf *b, const struct plm_report *r)
{
    const struct plm_counts *c = &r->counts;
    struct plm_obj o = plm_obj_open(b);
    plm_obj_number(&o, "targets", c->targets);
    plm_obj_number(&o, "packages", c->packages);
    plm_obj_number(&o, "layers", c->layers);
    plm_obj_number(&o, "layers_cached", c->layers_cached);
    plm_obj_number(&o, "findings", r->findings.n - c->suppressed);
    struct plm_obj s = plm_obj_sub(&o, "by_severity");
    for (int i = PLM_SEV_COUNT_ - 1; i >= 0; i--)
        plm_obj_number(&s, plm_severity_name((enum plm_severity)i), c->by_severity[i]);
    plm_obj_close(&s);
    struct plm_obj k = plm_obj_sub(&o, "by_kind");
    for (int i = 0; i < PLM_KIND_COUNT_; i++)
        plm_obj_number(&k, plm_kind_name((enum plm_kind)i), c->by_kind[i]);
    plm_obj_close(&k);
    plm_obj_number(&o, "fixable", c->fixable);
    plm_obj_number(&o, "suppressed", c->suppressed);
    plm_obj_number(&o, "diagnostics", c->diagnostics);
    plm_obj_close(&o);
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
    if (r->scores.n) /* of check and audit only */
        PUT_LIST("scores", r->scores, plm_json_put_score(out, &r->scores.v[i]));
    if (r->fixes.n)
        PUT_LIST("fixes", r->fixes, plm_json_put_fix(out, &r->fixes.v[i]));
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
