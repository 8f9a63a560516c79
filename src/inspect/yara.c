/* SPDX-License-Identifier: Apache-2.0
 *
 * Malware by YARA rules (virustotal.github.io/yara). libyara is in a module that each worker opens before its
 * fence goes up; it compiles the rules and scans behind it, so that a fault of libyara on a hostile file
 * stays there. The main process compiles the rules once too, which are its configuration and no image's: a
 * fault in them is a fault of the configuration, with its line.
 *
 * Parameters: the module's path, libyara's version, the rules. They are part of the cache's key. A rule's
 * meta values "severity" and "description" are used where they are texts; without them a match is high.
 */
#include "base/fs.h"
#include "base/module.h"
#include "base/rd.h"
#include "inspect/inspect.h"
#include "inspect/yara_ops.h"

#include <dlfcn.h>

enum { RULES_MAX = 32 * 1024 * 1024, ERROR_MAX = 512, SECONDS_MAX = 60, MATCHES_MAX = 100 };

/* NULL where it is not there, or is another version's. */
static const struct plm_yara_ops *open_module(const char *path, int how)
{
    void *so = path && path[0] == '/' ? dlopen(path, RTLD_NOW | RTLD_LOCAL | how) : NULL;
    const struct plm_yara_ops *ops = so ? dlsym(so, PLM_YARA_OPS_SYMBOL) : NULL;
    return ops && ops->version == PLM_YARA_OPS_VERSION ? ops : NULL;
}

/* ---- in the worker ------------------------------------------------------------------------ */

struct state {
    const struct plm_yara_ops *ops;
    void *rules;
};

static void load(plm_sv params)
{
    struct plm_rd rd = PLM_RD(params);
    plm_sv path = plm_rd_view(&rd);
    plm_auto_free char *z = path.n ? strndup(path.p, path.n) : NULL;
    (void)open_module(z, 0);
}

static int prepare(plm_sv params, const struct plm_limits *limits, struct plm_arena *a, void **out_state,
                   plm_err **err)
{
    struct plm_rd rd = PLM_RD(params);
    plm_sv path = plm_rd_view(&rd);
    (void)plm_rd_view(&rd);
    plm_sv text = plm_rd_view(&rd);
    char error[ERROR_MAX];
    (void)limits;
    *out_state = NULL;
    if (!params.n)
        return 0;
    struct state *s = plm_arena_make(a, struct state);
    const char *file = plm_arena_cstr(a, path), *rules = plm_arena_cstr(a, text);
    if (!s || !file || !rules)
        return plm_fail_oom(err);
    s->ops = open_module(file, RTLD_NOLOAD); /* it was opened before the fence */
    if (!s->ops)
        return plm_fail(err, PLM_E_UNSUPPORTED, "the YARA module was not loaded");
    s->rules = s->ops->compile(rules, error, sizeof(error));
    if (!s->rules)
        return plm_fail(err, PLM_E_CONFIG, "YARA rules: %s", error);
    *out_state = s;
    return 0;
}

static bool wants(const void *state, const struct plm_entry *e)
{
    return state && e->size > 0;
}

struct matches {
    struct plm_buf *out;
    size_t n;
};

static void on_found(void *arg, const char *rule, const char *severity, const char *description)
{
    struct matches *m = arg;
    if (m->n++ >= MATCHES_MAX)
        return;
    plm_buf_view(m->out, plm_sv_from(rule));
    plm_buf_view(m->out, plm_sv_from(severity));
    plm_buf_view(m->out, plm_sv_from(description));
}

static int extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    struct state *s = out->state;
    struct matches m = {.out = &out->facts};
    char error[ERROR_MAX];
    (void)e;
    if (s &&
        s->ops->scan(s->rules, content.p, content.n, SECONDS_MAX, on_found, &m, error, sizeof(error)) < 0)
        out->diag(out, "malware.not-scanned", PLM_SEV_HIGH, "YARA did not scan this file to its end: %s",
                  error);
    return plm_buf_check(&out->facts, err);
}

static const char *const everything[] = {"**", NULL};
static const struct plm_extractor yara = {
    .id = "malware-yara",
    .summary = "files that match YARA rules",
    .version = 1,
    .globs = everything,
    .max_bytes = 1u << 30,
    .extract = extract,
    .load = load,
    .prepare = prepare,
    .wants = wants,
};
static const struct plm_extractor *const extractors[] = {&yara, NULL};

/* ---- in the main process -------------------------------------------------------------------- */

static bool is_wanted(const struct plm_inspect_options *opt)
{
    return opt->wants[PLM_KIND_MALWARE] && opt->yara_rules.n;
}

static int check_rules(const struct plm_yara_ops *ops, plm_sv name, const char *text, plm_err **err)
{
    char error[ERROR_MAX];
    void *rules = ops->compile(text, error, sizeof(error));
    if (!rules)
        return plm_fail(err, PLM_E_CONFIG, "%.*s: %s", PLM_SV_ARG(name), error);
    ops->free(rules);
    return 0;
}

/* Null where the module is not installed: inspect says so. */
static int params(const struct plm_inspect_options *opt, size_t i, struct plm_arena *a, plm_sv *out,
                  plm_err **err)
{
    plm_auto_free char *path = plm_module_path(NULL, PLM_YARA_MODULE);
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(RULES_MAX), b = PLM_BUF(RULES_MAX + PLM_MIB(1));
    const char *name = plm_arena_cstr(a, opt->yara_rules);
    (void)i;
    *out = PLM_SV_NULL;
    if (!path || !name)
        return plm_fail_oom(err);
    if (plm_fs_read(name, text.max, &text, err) < 0)
        return plm_wrap(err, "--yara-rules");
    const struct plm_yara_ops *ops = open_module(path, 0);
    if (!ops)
        return 0;
    const char *z = plm_buf_cstr(&text);
    if (!z)
        return plm_buf_check(&text, err);
    if (check_rules(ops, opt->yara_rules, z, err) < 0)
        return -1;
    plm_buf_view(&b, plm_sv_from(path));
    plm_buf_view(&b, plm_sv_from(ops->library));
    plm_buf_view(&b, plm_buf_sv(&text));
    if (plm_buf_check(&b, err) < 0)
        return -1;
    *out = plm_arena_sv(a, plm_buf_sv(&b));
    return plm_arena_check(a, err);
}

static void add_finding(struct plm_inspection *in, const struct plm_facts *f, plm_sv rule, plm_sv severity,
                        plm_sv description)
{
    struct plm_report *r = in->report;
    struct plm_finding *x = plm_report_finding(r, in->target, PLM_KIND_MALWARE);
    if (!x)
        return;
    x->id = plm_arena_sv(r->arena, rule);
    if (!severity.n || !plm_severity_parse(severity, &x->severity))
        x->severity = PLM_SEV_HIGH;
    x->title = description.n ? plm_arena_sv(r->arena, description) : PLM_SV("a YARA rule matches this file");
    x->path = x->object = plm_arena_sv(r->arena, f->path);
    x->layer = f->layer;
    x->remediation =
        PLM_SV("find out which step of the build brought the file, and rebuild the image without it");
    plm_sv_vec_add(r->arena, &x->evidence, plm_arena_printf(r->arena, "YARA rule %.*s", PLM_SV_ARG(rule)));
    if (!f->visible)
        plm_sv_vec_add(r->arena, &x->evidence,
                       PLM_SV("a later layer hides the file, but it is still part of the image"));
    if (!f->visible)
        return;
    struct plm_fact_malware *m = plm_vec_push(in->facts->arena, &in->facts->malware);
    if (m)
        *m = (struct plm_fact_malware){.scanner = PLM_SV("yara"),
                                       .path = plm_arena_sv(in->facts->arena, f->path),
                                       .signature = plm_arena_sv(in->facts->arena, rule)};
}

static int inspect(struct plm_inspection *in, plm_err **err)
{
    plm_auto_free char *path = plm_module_path(NULL, PLM_YARA_MODULE);
    if (!open_module(path, 0)) {
        plm_diag(in->report, "malware.no-scanner", PLM_SEV_HIGH, in->target, in->opt->yara_rules,
                 "no file was matched with YARA rules: the module %s is not installed",
                 path ? path : PLM_YARA_MODULE);
        return 0;
    }
    plm_sv_vec_add(in->facts->arena, &in->facts->malware_scanners, PLM_SV("yara"));
    in->facts->known |= PLM_FACT_MALWARE;
    for (size_t i = 0; i < in->analysis->facts.n; i++) {
        const struct plm_facts *f = &in->analysis->facts.v[i];
        struct plm_rd rd = PLM_RD(f->data);
        while (f->extractor == &yara && plm_rd_left(&rd) > 0) {
            plm_sv rule = plm_rd_view(&rd), severity = plm_rd_view(&rd), description = plm_rd_view(&rd);
            if (rd.failed)
                return plm_fail(err, PLM_E_INTERNAL, "malformed record of a scanner");
            add_finding(in, f, rule, severity, description);
        }
    }
    return plm_arena_check(in->report->arena, err) < 0 ? -1 : plm_arena_check(in->facts->arena, err);
}

static const struct plm_inspector inspector = {
    .id = "malware-yara",
    .summary = "malware, by YARA rules; only where it is asked for",
    .extractors = extractors,
    .is_wanted = is_wanted,
    .params = params,
    .inspect = inspect,
    .order = 10,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, inspector);
