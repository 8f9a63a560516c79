/* SPDX-License-Identifier: Apache-2.0
 *
 * facts: what policies read, of every target that was inspected, so that `policy check` and `policy test`
 * need no image (schema plimsoll/facts/v1). The shape of one image is that of Anchore's analyses as the test
 * cases of its policies use it; our own keys stand beside.
 *
 * One document: {"schema", "images": [{"image": {...}, "tag", "vulnerabilities": [...], "known": [...]}]}.
 */
#include "model/facts.h"
#include "base/text.h"
#include "base/time.h"
#include "report/report_int.h"

#include <inttypes.h>

struct writer {
    struct plm_buf *out;
    bool needs_comma;
};

static void separate(struct writer *w)
{
    if (w->needs_comma)
        plm_buf_byte(w->out, ',');
    w->needs_comma = false;
}

static void open_with(struct writer *w, const char *key, char bracket)
{
    separate(w);
    if (key)
        plm_buf_printf(w->out, "\"%s\":", key);
    plm_buf_byte(w->out, (unsigned char)bracket);
}

static void close_with(struct writer *w, char bracket)
{
    plm_buf_byte(w->out, (unsigned char)bracket);
    w->needs_comma = true;
}

static void put_value(struct writer *w, plm_sv value)
{
    separate(w);
    plm_text_json(w->out, value);
    w->needs_comma = true;
}

/* Null views are left out. */
static void put_text(struct writer *w, const char *key, plm_sv value)
{
    if (!value.p)
        return;
    separate(w);
    plm_buf_printf(w->out, "\"%s\":", key);
    put_value(w, value);
}

static void put_number(struct writer *w, const char *key, int64_t value)
{
    separate(w);
    plm_buf_printf(w->out, "\"%s\":%" PRId64, key, value);
    w->needs_comma = true;
}

static void put_index(struct writer *w, const char *key, uint32_t value)
{
    if (value != PLM_NONE)
        put_number(w, key, value);
}

static void put_real(struct writer *w, const char *key, double value)
{
    if (!(value >= 0 && value <= PLM_REPORT_NUMBER_MAX)) /* JSON has no infinity */
        return;
    separate(w);
    plm_buf_printf(w->out, "\"%s\":", key);
    plm_report_number(w->out, value);
    w->needs_comma = true;
}

static void put_bool(struct writer *w, const char *key, bool value)
{
    separate(w);
    plm_buf_printf(w->out, "\"%s\":%s", key, value ? "true" : "false");
    w->needs_comma = true;
}

static void put_list(struct writer *w, const char *key, const plm_sv_vec *list)
{
    open_with(w, key, '[');
    for (size_t i = 0; i < list->n; i++)
        put_value(w, list->v[i]);
    close_with(w, ']');
}

static void put_time(struct writer *w, const char *key, int64_t at)
{
    if (!at)
        return;
    separate(w);
    plm_buf_printf(w->out, "\"%s\":\"", key);
    plm_time_put(w->out, at);
    plm_buf_byte(w->out, '"');
    w->needs_comma = true;
}

/* ---- parts ----------------------------------------------------------------------------------------- */

static void put_config(struct writer *w, const struct plm_image_facts *f)
{
    const struct plm_image_config *c = &f->config;
    open_with(w, "config", '{');
    put_text(w, "User", c->user);
    put_text(w, "WorkingDir", c->workdir);
    put_text(w, "StopSignal", c->stop_signal);
    put_list(w, "Env", &c->env);
    put_list(w, "Entrypoint", &c->entrypoint);
    put_list(w, "Cmd", &c->cmd);
    put_list(w, "Shell", &c->shell);
    put_list(w, "OnBuild", &c->onbuild);
    put_list(w, "ExposedPorts", &c->exposed_ports);
    put_list(w, "Volumes", &c->volumes);
    open_with(w, "Labels", '{');
    for (size_t i = 0; i < c->label_keys.n; i++) {
        separate(w);
        plm_text_json(w->out, c->label_keys.v[i]);
        plm_buf_byte(w->out, ':');
        put_value(w, c->label_values.v[i].p ? c->label_values.v[i] : PLM_SV(""));
    }
    close_with(w, '}');
    if (c->healthcheck.is_set) {
        open_with(w, "Healthcheck", '{');
        put_list(w, "Test", &c->healthcheck.test);
        put_number(w, "Interval", c->healthcheck.interval_ns);
        put_number(w, "Timeout", c->healthcheck.timeout_ns);
        put_number(w, "StartPeriod", c->healthcheck.start_period_ns);
        put_number(w, "Retries", c->healthcheck.retries);
        close_with(w, '}');
    }
    put_bool(w, "ArgsEscaped", c->args_escaped);
    close_with(w, '}');
    open_with(w, "history", '[');
    for (size_t i = 0; i < c->history.n; i++) {
        const struct plm_image_history *h = &c->history.v[i];
        open_with(w, NULL, '{');
        put_text(w, "created", h->created);
        put_text(w, "created_by", h->created_by.p ? h->created_by : PLM_SV(""));
        put_text(w, "author", h->author);
        put_text(w, "comment", h->comment);
        put_bool(w, "empty_layer", h->is_empty_layer);
        put_index(w, "layer", h->layer);
        close_with(w, '}');
    }
    close_with(w, ']');
}

static const char *entry_type(uint32_t mode)
{
    switch (mode & 0170000) {
    case 0040000:
        return "dir";
    case 0120000:
        return "slink";
    case 0020000:
    case 0060000:
        return "dev";
    case 0010000:
        return "fifo";
    case 0140000:
        return "sock";
    default:
        return "file";
    }
}

static void put_files(struct writer *w, const struct plm_image_facts *f)
{
    open_with(w, "files", '{');
    for (size_t i = 0; i < f->files.n; i++) {
        const struct plm_fact_file *file = &f->files.v[i];
        separate(w);
        plm_text_json(w->out, file->path);
        plm_buf_str(w->out, ":{");
        put_text(w, "name", file->path);
        put_number(w, "mode", file->mode);
        put_text(w, "entry_type", plm_sv_from(entry_type(file->mode)));
        put_number(w, "uid", file->uid);
        put_number(w, "gid", file->gid);
        put_number(w, "size", (int64_t)file->size);
        put_text(w, "link", file->link);
        put_text(w, "sha256_checksum", file->sha256);
        put_index(w, "layer", file->layer);
        close_with(w, '}');
    }
    close_with(w, '}');
}

static void put_packages(struct writer *w, const struct plm_image_facts *f)
{
    open_with(w, "packages", '[');
    for (size_t i = 0; i < f->packages.n; i++) {
        const struct plm_fact_package *p = &f->packages.v[i];
        open_with(w, NULL, '{');
        put_text(w, "name", p->name);
        put_text(w, "version", p->version);
        put_text(w, "release", p->release);
        put_text(w, "fullversion", p->full_version);
        put_text(w, "pkg_type", p->type);
        put_text(w, "license", p->license);
        put_text(w, "location", p->location);
        if (p->owned.n)
            open_with(w, "owned", '[');
        for (size_t k = 0; k < p->owned.n; k++) {
            const struct plm_fact_owned *o = &p->owned.v[k];
            open_with(w, NULL, '{');
            put_text(w, "path", o->path);
            put_text(w, "algorithm", o->algorithm);
            put_text(w, "digest", o->digest);
            put_text(w, "found", o->found);
            put_text(w, "mode", o->mode);
            put_number(w, "size", (int64_t)o->size);
            put_bool(w, "is_config", o->is_config);
            close_with(w, '}');
        }
        if (p->owned.n)
            close_with(w, ']');
        close_with(w, '}');
    }
    close_with(w, ']');
}

static void put_cvss(struct writer *w, const char *key, const struct plm_fact_cvss *v, size_t n)
{
    open_with(w, key, '[');
    for (size_t i = 0; i < n; i++) {
        open_with(w, NULL, '{');
        put_text(w, "version", v[i].version);
        put_real(w, "base_score", v[i].base);
        put_real(w, "exploitability_score", v[i].exploitability);
        put_real(w, "impact_score", v[i].impact);
        close_with(w, '}');
    }
    close_with(w, ']');
}

static void put_vulnerabilities(struct writer *w, const struct plm_image_facts *f)
{
    open_with(w, "vulnerabilities", '[');
    for (size_t i = 0; i < f->vulnerabilities.n; i++) {
        const struct plm_fact_vulnerability *v = &f->vulnerabilities.v[i];
        open_with(w, NULL, '{');
        put_text(w, "id", v->id);
        put_text(w, "severity", v->severity);
        put_text(w, "link", v->link);
        put_text(w, "package", v->package);
        put_text(w, "version", v->version);
        put_text(w, "package_type", v->package_type);
        put_text(w, "location", v->location);
        put_list(w, "fix_versions", &v->fix_versions);
        put_bool(w, "will_not_fix", v->will_not_fix);
        put_time(w, "fix_observed_at", v->fixed_at);
        put_time(w, "detected_at", v->detected_at);
        put_time(w, "published", v->published);
        put_cvss(w, "nvd_cvss", v->nvd, v->n_nvd);
        put_cvss(w, "vendor_cvss", v->vendor, v->n_vendor);
        put_real(w, "epss", v->epss);
        put_real(w, "epss_percentile", v->epss_percentile > 0 ? v->epss_percentile : -1);
        put_real(w, "epss_percentile", v->epss_percentile);
        put_real(w, "risk", v->risk);
        put_bool(w, "kev", v->kev);
        put_bool(w, "base", v->is_base);
        put_index(w, "layer", v->layer);
        close_with(w, '}');
    }
    close_with(w, ']');
}

/* Contents that JSON cannot hold as they are go in base64. */
static void put_stored(struct writer *w, const struct plm_fact_stored *s)
{
    open_with(w, NULL, '{');
    put_text(w, "path", s->path);
    if (plm_utf8_valid(s->text)) {
        put_text(w, "text", s->text);
    } else {
        separate(w);
        plm_buf_str(w->out, "\"base64\":\"");
        plm_text_base64(w->out, s->text);
        plm_buf_byte(w->out, '"');
        w->needs_comma = true;
    }
    close_with(w, '}');
}

static void put_matches(struct writer *w, const char *key, const struct plm_fact_match *v, size_t n)
{
    open_with(w, key, '[');
    for (size_t i = 0; i < n; i++) {
        open_with(w, NULL, '{');
        put_text(w, "path", v[i].path);
        put_text(w, "pattern", v[i].pattern);
        open_with(w, "lines", '[');
        for (size_t k = 0; k < v[i].lines.n; k++) {
            separate(w);
            plm_buf_printf(w->out, "%u", v[i].lines.v[k]);
            w->needs_comma = true;
        }
        close_with(w, ']');
        close_with(w, '}');
    }
    close_with(w, ']');
}

static void put_found(struct writer *w, const struct plm_image_facts *f)
{
    open_with(w, "stored", '[');
    for (size_t i = 0; i < f->stored.n; i++)
        put_stored(w, &f->stored.v[i]);
    close_with(w, ']');
    put_matches(w, "content", f->content.v, f->content.n);
    put_matches(w, "secrets", f->secrets.v, f->secrets.n);
    put_list(w, "malware_scanners", &f->malware_scanners);
    open_with(w, "malware", '[');
    for (size_t i = 0; i < f->malware.n; i++) {
        open_with(w, NULL, '{');
        put_text(w, "scanner", f->malware.v[i].scanner);
        put_text(w, "path", f->malware.v[i].path);
        put_text(w, "signature", f->malware.v[i].signature);
        close_with(w, '}');
    }
    close_with(w, ']');
    open_with(w, "issues", '[');
    for (size_t i = 0; i < f->issues.n; i++) {
        const struct plm_fact_issue *s = &f->issues.v[i];
        open_with(w, NULL, '{');
        put_text(w, "kind", plm_sv_from(plm_kind_name(s->kind)));
        put_text(w, "id", s->id);
        put_list(w, "aliases", &s->aliases);
        put_text(w, "object", s->object);
        put_text(w, "message", s->message);
        put_text(w, "severity", plm_sv_from(plm_severity_name(s->severity)));
        put_number(w, "line", s->line);
        put_bool(w, "base", s->is_base);
        close_with(w, '}');
    }
    close_with(w, ']');
}

static void put_registry(struct writer *w, const struct plm_image_facts *f)
{
    open_with(w, "registry", '[');
    for (size_t i = 0; i < f->registry.n; i++) {
        open_with(w, NULL, '{');
        put_text(w, "type", f->registry.v[i].type);
        put_text(w, "name", f->registry.v[i].name);
        put_text(w, "latest", f->registry.v[i].latest);
        put_list(w, "versions", &f->registry.v[i].versions);
        close_with(w, '}');
    }
    close_with(w, ']');
}

static void put_known(struct writer *w, const struct plm_image_facts *f)
{
    open_with(w, "known", '[');
    for (unsigned i = 0; i < PLM_FACT_COUNT; i++)
        if (f->known & 1u << i)
            put_value(w, plm_sv_from(plm_fact_name(i)));
    close_with(w, ']');
}

static void put_image(struct writer *w, const struct plm_image_facts *f)
{
    static const char *const modes[] = {"Unknown", "Guessed", "Actual"};
    open_with(w, "image", '{');
    put_text(w, "image_id",
             plm_sv_starts(f->image_id, PLM_SV("sha256:")) ? plm_sv_from_off(f->image_id, 7) : f->image_id);
    put_text(w, "image_digest", f->digest);
    put_text(w, "parent_digest", f->parent_digest);
    put_text(w, "dockerfile_mode", plm_sv_from(modes[f->dockerfile_mode]));
    put_text(w, "dockerfile_contents", f->dockerfile);
    put_number(w, "size", (int64_t)f->size);
    put_text(w, "distro", f->distro);
    put_text(w, "distro_version", f->distro_version);
    put_text(w, "like_distro", f->like_distro);
    open_with(w, "docker_data", '{');
    put_text(w, "Architecture", f->architecture);
    put_text(w, "Os", f->os);
    put_text(w, "Variant", f->config.variant);
    put_text(w, "Created", f->config.created);
    put_text(w, "Author", f->config.author);
    close_with(w, '}');
    put_list(w, "layers", &f->layers);
    if (f->known & PLM_FACT_CONFIG)
        put_config(w, f);
    if (f->known & PLM_FACT_FILES)
        put_files(w, f);
    put_packages(w, f);
    close_with(w, '}');
}

static int write_facts(const struct plm_report *r, const struct plm_report_options *opt, struct plm_buf *out,
                       plm_err **err)
{
    struct writer w = {.out = out};
    (void)opt;
    open_with(&w, NULL, '{');
    put_text(&w, "schema", PLM_SV("plimsoll/facts/v1"));
    open_with(&w, "images", '[');
    for (size_t i = 0; i < r->facts.n; i++) {
        const struct plm_image_facts *f = r->facts.v[i];
        open_with(&w, NULL, '{');
        put_text(&w, "tag", f->tag);
        put_known(&w, f);
        put_image(&w, f);
        put_vulnerabilities(&w, f);
        put_found(&w, f);
        put_registry(&w, f);
        put_bool(&w, "has_feed_for_distro", f->has_feed_for_distro);
        put_time(&w, "feed_as_of", f->feed_as_of);
        put_text(&w, "base_digest", f->base_digest);
        close_with(&w, '}');
    }
    close_with(&w, ']');
    close_with(&w, '}');
    plm_buf_byte(out, '\n');
    return plm_buf_check(out, err);
}

static const struct plm_format facts = {
    .id = "facts",
    .summary = "what policies read of each image: config, files, packages, findings (plimsoll/facts/v1)",
    .extension = "json",
    .write = write_facts,
};
PLM_REGISTER(plm_formats, struct plm_format, facts);
