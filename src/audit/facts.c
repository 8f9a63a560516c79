/* SPDX-License-Identifier: Apache-2.0
 *
 * Collecting everything that checks judge, and the run itself.
 */
#include "audit/facts.h"
#include "audit/host.h"

#include "base/fs.h"

#include <fcntl.h>

struct plm_json *plm_facts_keep(struct plm_facts *f, struct plm_json *doc)
{
    if (!doc)
        return NULL;
    struct plm_json **slot = plm_vec_push(f->arena, &f->documents);
    if (!slot) {
        plm_json_free(doc);
        return NULL;
    }
    *slot = doc;
    return doc;
}

void plm_facts_free(struct plm_facts *f)
{
    if (!f)
        return;
    plm_host_setuids_stop(f->setuid_walk);
    for (size_t i = 0; i < f->daemons.n; i++)
        plm_engine_close(f->daemons.v[i].engine);
    for (size_t i = 0; i < f->documents.n; i++)
        plm_json_free(f->documents.v[i]);
    plm_kernel_close(f->kernel);
    if (f->root_fd >= 0)
        close(f->root_fd);
    plm_arena_free(f->arena);
}

static uint32_t find_scanned_host(const struct plm_report *r)
{
    for (uint32_t t = 0; t < r->targets.n; t++)
        if (plm_sv_is(r->targets.v[t].scheme, "host"))
            return t;
    return PLM_NONE;
}

int plm_facts_collect(const struct plm_ctx *ctx, const struct plm_audit_options *opt, struct plm_report *r,
                      struct plm_facts **out, plm_err **err)
{
    struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_facts_free) struct plm_facts *f = a ? plm_arena_make(a, struct plm_facts) : NULL;
    if (!f) {
        plm_arena_free(a);
        return plm_fail_oom(err);
    }
    *f = (struct plm_facts){.ctx = ctx, .opt = opt, .arena = a, .root_fd = -1, .report = r};
    f->scanned_host = find_scanned_host(r);
    const char *root = opt->root.n ? plm_arena_cstr(a, opt->root) : "/";
    if (!root)
        return plm_fail_oom(err);
    f->root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (f->root_fd < 0)
        return plm_fail_sys(err, "--root %s", root);
    if (plm_collect_kernel(f, err) < 0)
        return -1;
    if (!opt->no_engine && plm_collect_daemons(f, err) < 0)
        return -1;
    if (opt->stages & PLM_STAGE_BIT(PLM_STAGE_HOST))
        plm_host_setuids_start(f);
    if (!opt->no_engine && plm_collect_engine(f, err) < 0)
        return -1;
    if (plm_collect_containers(f, err) < 0 || plm_arena_check(a, err) < 0)
        return -1;
    *out = plm_take(f);
    return 0;
}

/* ---- settings --------------------------------------------------------------------------------- */

const struct plm_setting *plm_daemon_setting(const struct plm_daemon *d, const char *name)
{
    for (size_t i = 0; i < d->settings.n; i++)
        if (plm_sv_is(d->settings.v[i].name, name))
            return &d->settings.v[i];
    return NULL;
}

int plm_daemon_bool(const struct plm_daemon *d, struct plm_arena *a, const char *name, bool otherwise,
                    plm_sv *out_said)
{
    const struct plm_setting *s = plm_daemon_setting(d, name);
    if (s) {
        *out_said = plm_arena_printf(a, "%s: %.*s (%.*s)", name, PLM_SV_ARG(s->value), PLM_SV_ARG(s->where));
        return plm_sv_is(s->value, "true");
    }
    if (d->settings_failure.p) {
        *out_said = plm_arena_printf(a, "%s: %.*s", name, PLM_SV_ARG(d->settings_failure));
        return -1;
    }
    *out_said = plm_arena_printf(a, "%s: %s (default)", name, otherwise ? "true" : "false");
    return otherwise;
}

/* ---- a run ------------------------------------------------------------------------------------- */

static int check_ids(const struct plm_audit_options *opt, plm_err **err)
{
    for (size_t i = 0; i < opt->checks.n + opt->skip.n; i++) {
        plm_sv id, reason = PLM_SV("-");
        bool is_skip = i >= opt->checks.n;
        plm_sv text = is_skip ? opt->skip.v[i - opt->checks.n] : opt->checks.v[i];
        if (!is_skip)
            id = text;
        else if (!plm_sv_cut(text, '=', &id, &reason) || !plm_sv_trim(reason).n)
            return plm_fail(err, PLM_E_USAGE, "--skip-check %.*s: say why: %.*s=REASON", PLM_SV_ARG(text),
                            PLM_SV_ARG(id));
        if (plm_check_find(id))
            continue;
        int r = plm_fail(err, PLM_E_USAGE, "%s %.*s: there is no such check",
                         is_skip ? "--skip-check" : "--check", PLM_SV_ARG(id));
        plm_err_hint(err, "plimsoll list checks");
        return r;
    }
    return 0;
}

static int check_filters(const struct plm_audit_options *opt, plm_err **err)
{
    static const char *const keys[] = {"label", "status", "name", "image"};
    for (size_t i = 0; i < opt->filters.n; i++) {
        plm_sv key, value;
        bool is_known = false, has_value = plm_sv_cut(opt->filters.v[i], '=', &key, &value) && value.n;
        for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
            is_known |= plm_sv_is(key, keys[k]);
        if (!is_known || !has_value)
            return plm_fail(err, PLM_E_USAGE, "--filter %.*s: label=KEY[=VALUE], status=, name= or image=",
                            PLM_SV_ARG(opt->filters.v[i]));
    }
    return 0;
}

static bool is_name_known(const struct plm_facts *f, plm_sv name)
{
    for (size_t i = 0; i < f->daemons.n; i++) {
        const struct plm_daemon *d = &f->daemons.v[i];
        for (size_t j = 0; j < d->containers.n; j++)
            if (plm_sv_glob(name, d->containers.v[j].name) || plm_sv_glob(name, d->containers.v[j].object) ||
                (name.n >= 4 && plm_sv_starts(d->containers.v[j].id, name)))
                return true;
        for (size_t j = 0; j < d->images.n; j++)
            if (plm_sv_glob(name, d->images.v[j].object) ||
                (name.n >= 4 && plm_sv_starts(d->images.v[j].id, name)))
                return true;
        size_t k, n;
        yyjson_val *v;
        yyjson_arr_foreach(d->services.root, k, n,
                           v) if (plm_sv_glob(name, plm_json_str(v, "Spec", "Name", NULL))) return true;
    }
    return false;
}

static int check_names(const struct plm_facts *f, plm_err **err)
{
    for (size_t i = 0; i < f->opt->names.n; i++)
        if (!is_name_known(f, f->opt->names.v[i]))
            return plm_fail_id(err, PLM_E_NOTFOUND, "audit.no-such-object",
                               "%.*s: no engine here has a container, image or service of that name",
                               PLM_SV_ARG(f->opt->names.v[i]));
    return 0;
}

static void describe_engines(struct plm_facts *f)
{
    struct plm_report *r = f->report;
    for (size_t i = 0; i < f->daemons.n; i++) {
        const struct plm_daemon *d = &f->daemons.v[i];
        plm_sv version = plm_json_str(d->version.root, "Version", NULL);
        plm_sv_vec_add(r->arena, &r->engines,
                       plm_arena_printf(r->arena, "%.*s%s%.*s at %.*s", PLM_SV_ARG(d->product),
                                        version.n ? " " : "", PLM_SV_ARG(version), PLM_SV_ARG(d->endpoint)));
        if (!d->is_answering)
            plm_diag(r, "engine.unreachable", PLM_SEV_HIGH, PLM_NONE, d->endpoint, "%.*s",
                     PLM_SV_ARG(d->failure));
    }
    plm_sv_vec_sort_unique(&r->engines);
    unsigned of_engine = f->opt->stages & ~PLM_STAGE_BIT(PLM_STAGE_HOST);
    if (f->daemons.n == 0 && of_engine)
        plm_diag(r, "engine.none", PLM_SEV_NEGLIGIBLE, PLM_NONE, PLM_SV("engine"),
                 "no container engine was found on this machine");
}

/* Part of what an engine should have answered is not there. */
static bool is_partly_unknown(const struct plm_daemon *d)
{
    bool is_partial = !d->is_answering || d->info.failure.p || d->containers_failure.p || d->images_failure.p;
    for (size_t i = 0; i < d->containers.n && !is_partial; i++)
        is_partial = d->containers.v[i].inspect.failure.p != NULL;
    return is_partial;
}

/* An engine that was named and could not be read whole makes the run incomplete; one that was only found is
 * said. */
static void conclude_named_engine(struct plm_facts *f)
{
    struct plm_report *r = f->report;
    if (!f->opt->host.n && !f->opt->context.n)
        return;
    for (size_t i = 0; i < f->daemons.n; i++) {
        if (!is_partly_unknown(&f->daemons.v[i]))
            continue;
        for (size_t t = 0; t < r->targets.n; t++)
            if (!plm_sv_is(r->targets.v[t].id, "host"))
                r->targets.v[t].is_incomplete = true;
    }
}

int plm_audit_run(const struct plm_ctx *ctx, const struct plm_audit_options *opt, struct plm_report *r,
                  plm_err **err)
{
    plm_auto(plm_facts_free) struct plm_facts *f = NULL;
    if (check_ids(opt, err) < 0 || check_filters(opt, err) < 0 ||
        plm_facts_collect(ctx, opt, r, &f, err) < 0 || check_names(f, err) < 0)
        return -1;
    describe_engines(f);
    if (plm_audit_judge(f, err) < 0)
        return -1;
    conclude_named_engine(f);
    return 0;
}
