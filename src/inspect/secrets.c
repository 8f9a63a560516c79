/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets as findings: what the extractor found in the files of every layer, and what the image's
 * environment, labels, history and Dockerfile hold.
 *
 * A secret in one file is one finding however many layers carry the file; the finding says in which layers it
 * is, and whether the merged file system still shows it: deleting a file in a later layer does not take it
 * out of the image. Environment, labels and history of one image are one place: a build argument that ends up
 * in ENV is one finding. Object: the fingerprint of the secret (files), or the variable, label or step.
 */
#include "inspect/inspect.h"
#include "inspect/secret_int.h"

#include <stdlib.h>

struct run {
    struct plm_inspection *in;
    struct plm_secret_rules *rules;
    struct plm_arena *scratch;
    PLM_VEC(struct known) known; /* of the current file, or of the configuration */
    uint32_t large;
    plm_sv largest;
    plm_err **err;
};

/* A finding that more of the same may join. */
struct known {
    uint32_t finding; /* index */
    plm_sv rule, fingerprint;
    bool is_visible;
};

static const struct plm_secret_rule *rule_of(const struct plm_secret_rules *r, plm_sv id)
{
    for (size_t i = 0; i < r->rules.n; i++)
        if (plm_sv_eq(r->rules.v[i].id, id))
            return &r->rules.v[i];
    return NULL;
}

static void evidence(struct plm_report *r, struct plm_finding *f, plm_sv text)
{
    if (text.n)
        plm_sv_vec_add(r->arena, &f->evidence, text);
}

static struct known *find_known(struct run *run, const struct plm_secret_found *s)
{
    for (size_t i = 0; i < run->known.n; i++)
        if (plm_sv_eq(run->known.v[i].rule, s->rule) &&
            plm_sv_eq(run->known.v[i].fingerprint, s->fingerprint))
            return &run->known.v[i];
    return NULL;
}

/* A finding with all that does not depend on where it stands. */
static struct plm_finding *new_finding(struct run *run, const struct plm_secret_found *s)
{
    struct plm_report *r = run->in->report;
    const struct plm_secret_rule *rule = rule_of(run->rules, s->rule);
    struct plm_finding *f = plm_report_finding(r, run->in->target, PLM_KIND_SECRET);
    struct known *k = f ? plm_vec_push(run->scratch, &run->known) : NULL;
    if (!k)
        return NULL;
    *k = (struct known){.finding = (uint32_t)(r->findings.n - 1),
                        .rule = plm_arena_sv(run->scratch, s->rule),
                        .fingerprint = plm_arena_sv(run->scratch, s->fingerprint)};
    f->id = plm_arena_sv(r->arena, s->rule);
    f->severity = s->severity;
    f->title = plm_arena_sv(r->arena, rule ? rule->title : s->rule);
    f->line = s->line;
    f->remediation =
        rule && rule->remedy.n
            ? plm_arena_sv(r->arena, rule->remedy)
            : PLM_SV("Revoke it where it was issued and issue a new one; hand it to the build "
                     "with --mount=type=secret and to the container at run time, not in the image");
    for (size_t i = 0; rule && i < rule->references.n; i++)
        plm_sv_vec_add(r->arena, &f->references, rule->references.v[i]);
    plm_sv fingerprint = plm_arena_printf(r->arena, "sha256:%.*s", PLM_SV_ARG(s->fingerprint));
    plm_sv_vec_add(r->arena, &f->aliases, fingerprint);
    evidence(r, f, plm_arena_sv(r->arena, s->masked));
    evidence(r, f, plm_arena_sv(r->arena, s->note));
    return f;
}

/* ---- files -------------------------------------------------------------------------------- */

static plm_sv layer_name(const struct run *run, uint32_t layer)
{
    const struct plm_target *t = &run->in->report->targets.v[run->in->target];
    struct plm_arena *a = run->in->report->arena;
    if (layer >= t->layers.n)
        return plm_arena_printf(a, "layer %u", layer + 1);
    plm_sv id = t->layers.v[layer].digest.n ? t->layers.v[layer].digest : t->layers.v[layer].diff_id;
    plm_sv shortened = plm_sv_sub(id, 0, 19); /* "sha256:" and twelve digits */
    return plm_arena_printf(a, "layer %u of %zu (%.*s)", layer + 1, t->layers.n, PLM_SV_ARG(shortened));
}

static void note_lines(struct run *run, struct plm_finding *f, const struct plm_secret_found *s)
{
    struct plm_report *r = run->in->report;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(4096);
    if (s->column > 1)
        evidence(r, f, plm_arena_printf(r->arena, "column %u", s->column));
    if (!s->n_more)
        return;
    plm_buf_str(&b, "also on line");
    for (size_t i = 0; i < s->n_more; i++)
        plm_buf_printf(&b, "%s %u", i ? "," : "", s->more[i]);
    evidence(r, f, plm_arena_sv(r->arena, plm_buf_sv(&b)));
}

static void file_secret(struct run *run, const struct plm_facts *file, const struct plm_secret_found *s)
{
    struct plm_report *r = run->in->report;
    struct known *k = find_known(run, s);
    if (k) {
        struct plm_finding *f = &r->findings.v[k->finding];
        k->is_visible = k->is_visible || file->visible;
        plm_sv name = layer_name(run, file->layer);
        evidence(r, f, plm_arena_printf(r->arena, "also in %.*s", PLM_SV_ARG(name)));
        return;
    }
    struct plm_finding *f = new_finding(run, s);
    if (!f)
        return;
    run->known.v[run->known.n - 1].is_visible = file->visible;
    f->object = plm_arena_sv(r->arena, s->fingerprint);
    f->path = plm_arena_sv(r->arena, file->path);
    f->layer = file->layer;
    note_lines(run, f, s);
    if (file->layer != PLM_NONE) {
        plm_sv name = layer_name(run, file->layer);
        evidence(r, f, plm_arena_printf(r->arena, "in %.*s", PLM_SV_ARG(name)));
    }
}

/* All layers of a path were seen. */
static void end_of_path(struct run *run)
{
    struct plm_report *r = run->in->report;
    for (size_t i = 0; i < run->known.n; i++)
        if (!run->known.v[i].is_visible)
            evidence(r, &r->findings.v[run->known.v[i].finding],
                     PLM_SV("a later layer deleted or replaced the file: the secret is still in the image"));
    run->known.n = 0;
}

static void files(struct run *run)
{
    const struct plm_analysis *an = run->in->analysis;
    plm_sv path = PLM_SV_NULL;
    for (size_t i = 0; i < an->facts.n; i++) {
        const struct plm_facts *file = &an->facts.v[i];
        plm_secret_found_vec found = {0};
        if (file->extractor != &plm_secret_extractor || !file->data.n)
            continue;
        if (!plm_sv_eq(path, file->path))
            end_of_path(run);
        path = file->path;
        if (!plm_secret_facts_read(file->data, run->scratch, &found)) {
            plm_diag(run->in->report, "secrets.malformed", PLM_SEV_HIGH, run->in->target, file->path,
                     "the facts of this file cannot be read");
            continue;
        }
        for (size_t k = 0; k < found.n; k++)
            file_secret(run, file, &found.v[k]);
    }
    end_of_path(run);
}

/* Said once for all, with the largest as example: an image is full of large files that are no text. */
static void large_files(struct run *run)
{
    const struct plm_analysis *an = run->in->analysis;
    uint64_t most = 0;
    for (size_t i = 0; an->has_files && i < an->files.n; i++) {
        const struct plm_fact_file *f = &an->files.v[i];
        if ((f->mode & 0170000) != 0100000 || f->size <= PLM_SECRET_FILE_MAX ||
            !plm_secret_is_searched(f->path))
            continue;
        run->large++;
        if (f->size > most) {
            most = f->size;
            run->largest = f->path;
        }
    }
    if (run->large)
        plm_diag(run->in->report, "secrets.too-large", PLM_SEV_LOW, run->in->target, run->largest,
                 "%u files over %u MiB were not searched for secrets; the largest has %llu bytes", run->large,
                 (unsigned)(PLM_SECRET_FILE_MAX >> 20), (unsigned long long)most);
}

/* ---- configuration and texts -------------------------------------------------------------- */

static int text_secrets(struct run *run, plm_sv name, plm_sv text, plm_sv object, const char *from,
                        uint32_t layer, bool has_lines)
{
    struct plm_report *r = run->in->report;
    struct plm_secret_scan_result res;
    if (plm_secret_scan(run->rules, name, text, run->scratch, &res, run->err) < 0)
        return -1;
    if (res.limit_reached)
        plm_diag(r, "secrets.gave-up", PLM_SEV_MEDIUM, run->in->target, object,
                 "an expression or the number of its secrets reached a limit: more may be in it");
    for (size_t i = 0; i < res.hits.n; i++) {
        const struct plm_secret_hit *h = &res.hits.v[i];
        struct plm_secret_found s = {.rule = h->rule->id,
                                     .masked = h->masked,
                                     .note = h->note,
                                     .fingerprint = plm_sv_from(h->fingerprint),
                                     .severity = h->severity,
                                     .line = has_lines ? h->line : 0,
                                     .column = h->column};
        struct known *k = find_known(run, &s);
        struct plm_finding *f = k ? &r->findings.v[k->finding] : new_finding(run, &s);
        if (!f)
            continue;
        if (k) {
            evidence(r, f, plm_arena_printf(r->arena, "also in %s: %.*s", from, PLM_SV_ARG(object)));
            continue;
        }
        f->object = plm_arena_sv(r->arena, object);
        f->layer = layer;
        evidence(r, f, plm_arena_printf(r->arena, "from: %s", from));
    }
    return 0;
}

static int environment(struct run *run, const struct plm_image_config *c)
{
    for (size_t i = 0; i < c->env.n; i++) {
        plm_sv name = c->env.v[i], value;
        (void)plm_sv_cut(c->env.v[i], '=', &name, &value);
        plm_sv object = plm_arena_printf(run->scratch, "env %.*s", PLM_SV_ARG(name));
        if (text_secrets(run, PLM_SV("<env>"), c->env.v[i], object, "config", PLM_NONE, false) < 0)
            return -1;
    }
    for (size_t i = 0; i < c->label_keys.n && i < c->label_values.n; i++) {
        plm_sv key = c->label_keys.v[i], value = c->label_values.v[i];
        plm_sv object = plm_arena_printf(run->scratch, "label %.*s", PLM_SV_ARG(key)),
               text = plm_arena_printf(run->scratch, "%.*s=%.*s", PLM_SV_ARG(key), PLM_SV_ARG(value));
        if (text_secrets(run, PLM_SV("<label>"), text, object, "config", PLM_NONE, false) < 0)
            return -1;
    }
    return 0;
}

static int commands(struct run *run, const plm_sv_vec *v, const char *what)
{
    for (size_t i = 0; i < v->n; i++) {
        plm_sv object = plm_sv_from(what);
        if (text_secrets(run, PLM_SV("<command>"), v->v[i], object, "config", PLM_NONE, false) < 0)
            return -1;
    }
    return 0;
}

static int history(struct run *run, const struct plm_image_config *c)
{
    for (size_t i = 0; i < c->history.n; i++) {
        const struct plm_image_history *h = &c->history.v[i];
        plm_sv object = plm_arena_printf(run->scratch, "history step %zu", i + 1);
        if (text_secrets(run, PLM_SV("<history>"), h->created_by, object, "history", h->layer, false) < 0 ||
            text_secrets(run, PLM_SV("<history>"), h->comment, object, "history", h->layer, false) < 0)
            return -1;
    }
    return 0;
}

static int configuration(struct run *run)
{
    const struct plm_image_config *c = run->in->analysis->config;
    const struct plm_inspect_options *o = run->in->opt;
    if (c && (environment(run, c) < 0 || commands(run, &c->entrypoint, "entrypoint") < 0 ||
              commands(run, &c->cmd, "cmd") < 0 || history(run, c) < 0))
        return -1;
    plm_sv name = o->dockerfile_name.n ? o->dockerfile_name : PLM_SV("Dockerfile");
    if (o->dockerfile.n && text_secrets(run, name, o->dockerfile, name, "dockerfile", PLM_NONE, true) < 0)
        return -1;
    run->known.n = 0;
    return 0;
}

/* ---- what is shown elsewhere -------------------------------------------------------------- */

static int redact(struct run *run, const char *as, struct plm_arena *a, plm_sv *text)
{
    return text->n ? plm_secret_redact(run->rules, plm_sv_from(as), *text, a, text, run->err) : 0;
}

static int redact_all(struct run *run, const char *as, struct plm_arena *a, plm_sv_vec *v)
{
    for (size_t i = 0; i < v->n; i++)
        if (redact(run, as, a, &v->v[i]) < 0)
            return -1;
    return 0;
}

/* A rule may need the key to know the value. */
static int redact_labels(struct run *run, struct plm_arena *a, struct plm_image_config *c)
{
    for (size_t i = 0; i < c->label_keys.n && i < c->label_values.n; i++) {
        plm_sv key = c->label_keys.v[i], value = c->label_values.v[i],
               text = plm_arena_printf(a, "%.*s=%.*s", PLM_SV_ARG(key), PLM_SV_ARG(value));
        if (redact(run, "<label>", a, &text) < 0)
            return -1;
        if (plm_sv_starts(text, key))
            c->label_values.v[i] = plm_sv_from_off(text, key.n + 1);
    }
    return 0;
}

/* What saved facts would show. */
static int redact_facts(struct run *run)
{
    struct plm_image_facts *f = run->in->facts;
    struct plm_image_config *c = &f->config;
    const char *name = run->in->opt->dockerfile_name.n
                           ? plm_arena_cstr(run->scratch, run->in->opt->dockerfile_name)
                           : "Dockerfile";
    if (redact_all(run, "<env>", f->arena, &c->env) < 0 || redact_labels(run, f->arena, c) < 0 ||
        redact_all(run, "<command>", f->arena, &c->entrypoint) < 0 ||
        redact_all(run, "<command>", f->arena, &c->cmd) < 0 ||
        redact(run, name, f->arena, &f->dockerfile) < 0)
        return -1;
    for (size_t i = 0; i < c->history.n; i++)
        if (redact(run, "<history>", f->arena, &c->history.v[i].created_by) < 0 ||
            redact(run, "<history>", f->arena, &c->history.v[i].comment) < 0)
            return -1;
    return 0;
}

/* The history instruction stands in the report with each layer. */
static int redact_layers(struct run *run)
{
    struct plm_target *t = &run->in->report->targets.v[run->in->target];
    for (size_t i = 0; i < t->layers.n; i++)
        if (redact(run, "<history>", run->in->report->arena, &t->layers.v[i].created_by) < 0)
            return -1;
    return 0;
}

/* ---- the inspector ------------------------------------------------------------------------ */

static int params(const struct plm_inspect_options *opt, size_t i, struct plm_arena *a, plm_sv *out,
                  plm_err **err)
{
    plm_auto(plm_err_free) plm_err *e = NULL;
    plm_auto(plm_secret_rules_free) struct plm_secret_rules *r = NULL;
    (void)i;
    if (plm_secret_params(opt->secret_rules, opt->secret_rules_name, &plm_limits_default, a, out, &e) == 0)
        r = plm_secret_rules_of_params(*out, opt->secret_rules.p != NULL, &plm_limits_default, &e);
    if (r)
        return 0;
    if (plm_err_code(e) == PLM_E_OOM)
        return plm_err_move(err, &e);
    char *text = plm_err_text(e);
    int code = plm_fail(err, PLM_E_CONFIG, "secret rules: %s", text ? text : "");
    free(text);
    return code;
}

static int inspect(struct plm_inspection *in, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_sv p;
    if (!scratch)
        return plm_fail_oom(err);
    if (plm_secret_params(in->opt->secret_rules, in->opt->secret_rules_name, in->ctx->limits, scratch, &p,
                          err) < 0)
        return -1;
    plm_auto(plm_secret_rules_free) struct plm_secret_rules *rules =
        plm_secret_rules_of_params(p, false, in->ctx->limits, err);
    if (!rules)
        return -1;
    struct run run = {.in = in, .rules = rules, .scratch = scratch, .err = err};
    for (size_t i = 0; i < rules->warnings.n; i++)
        plm_diag(in->report, "secrets.rules", PLM_SEV_LOW, in->target, PLM_SV_NULL, "%.*s",
                 PLM_SV_ARG(rules->warnings.v[i]));
    files(&run);
    large_files(&run);
    if (configuration(&run) < 0 || redact_layers(&run) < 0 || redact_facts(&run) < 0)
        return -1;
    return plm_arena_check(scratch, err) < 0 ? -1 : plm_arena_check(in->report->arena, err);
}

static bool is_wanted(const struct plm_inspect_options *opt)
{
    return opt->wants[PLM_KIND_SECRET];
}

static const struct plm_extractor *const extractors[] = {&plm_secret_extractor, NULL};
static const struct plm_inspector secrets = {
    .id = "secrets",
    .summary = "secrets in files of all layers, environment, labels, history and Dockerfile",
    .extractors = extractors,
    .needs_entries = true,
    .needs_config = true,
    .is_wanted = is_wanted,
    .params = params,
    .inspect = inspect,
    .order = 50, /* behind the checks, which read what is redacted here */
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, secrets);
