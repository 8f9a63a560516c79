/* SPDX-License-Identifier: Apache-2.0
 *
 * How old an engine is. Engines from the distribution are judged by what a scan of this host found for their
 * packages, because distributions mend old versions; upstream builds by the flaws in the table below.
 * Versions compare by their numbers only: "20.10.24+dfsg1" is 20.10.24.
 */
#include "audit/check_engine.h"

/* ---- versions
 * ---------------------------------------------------------------------------------------------- */

static uint64_t next_number(plm_sv *s)
{
    uint64_t n = 0;
    while (s->n && s->p[0] >= '0' && s->p[0] <= '9') {
        if (n < UINT32_MAX)
            n = n * 10 + (uint64_t)(s->p[0] - '0');
        *s = plm_sv_from_off(*s, 1);
    }
    if (s->n && s->p[0] == '.')
        *s = plm_sv_from_off(*s, 1);
    else
        *s = PLM_SV_NULL; /* "+dfsg1", "-ce", "~rc1" */
    return n;
}

int plm_version_numbers_cmp(plm_sv a, plm_sv b)
{
    while (a.n || b.n) {
        uint64_t x = next_number(&a), y = next_number(&b);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

/* A flaw holds from `from` up to, not including, `fixed`. Upstream's advisories of moby/moby. */
struct flaw {
    const char *id, *from, *fixed;
};
static const struct flaw authz_flaws[] = {
    /* body not sent to the plugin when Content-Length is 0; each branch has a fix of its own */
    {"CVE-2024-41110", "18.9.1", "23.0.15"},
    {"CVE-2024-41110", "24.0.0", "25.0.6"},
    {"CVE-2024-41110", "26.0.0", "26.1.5"},
    {"CVE-2024-41110", "27.0.0", "27.1.1"},
    /* body over the limit is not sent to the plugin */
    {"CVE-2026-34040", "0", "29.3.1"},
};

size_t plm_authz_flaws(plm_sv version, const char *out[4])
{
    size_t n = 0;
    for (size_t i = 0; i < sizeof(authz_flaws) / sizeof(authz_flaws[0]) && n < 4; i++)
        if (plm_version_numbers_cmp(version, plm_sv_from(authz_flaws[i].from)) >= 0 &&
            plm_version_numbers_cmp(version, plm_sv_from(authz_flaws[i].fixed)) < 0)
            out[n++] = authz_flaws[i].id;
    return n;
}

/* A version that says that the distribution mends it: "20.10.24+dfsg1", "1.6.20~ds1". */
static bool is_distribution_build(plm_sv version)
{
    return plm_sv_has(version, PLM_SV("dfsg")) || plm_sv_has(version, PLM_SV("~ds")) ||
           plm_sv_has(version, PLM_SV("+ds")) || plm_sv_has(version, PLM_SV("ubuntu")) ||
           plm_sv_has(version, PLM_SV(".el")) || plm_sv_has(version, PLM_SV(".fc"));
}

/* ---- packages
 * ------------------------------------------------------------------------------------------------ */

static bool is_engine_package(const struct plm_package *p)
{
    static const char *const names[] = {"docker.io", "docker-ce",  "docker-engine",   "moby-engine",
                                        "docker",    "containerd", "containerd.io",   "runc",
                                        "podman",    "crun",       "moby-containerd", "moby-runc"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (plm_sv_is(p->name, names[i]))
            return true;
    return false;
}

static bool is_of_scan(const struct plm_facts *f, const struct plm_package *p)
{
    bool is_os = plm_sv_is(p->type, "deb") || plm_sv_is(p->type, "rpm") || plm_sv_is(p->type, "apk") ||
                 plm_sv_is(p->type, "alpm");
    return p->target == f->scanned_host && is_os && is_engine_package(p);
}

/* Unsuppressed findings of a package that an update would close. */
static size_t count_fixable(const struct plm_report *r, uint32_t package, plm_sv *out_first)
{
    size_t n = 0;
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct plm_finding *f = &r->findings.v[i];
        if (f->package != package || f->kind != PLM_KIND_VULNERABILITY || f->suppressed ||
            f->fix != PLM_FIX_FIXED)
            continue;
        if (!n++)
            *out_first = f->id;
    }
    return n;
}

static void say_versions(struct plm_checking *k)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(plm_json_at(k->daemon->version.root, "Components", NULL), i, n, v)
    {
        plm_say(k, PLM_OUT_NA, "GET /version: %.*s %.*s", PLM_SV_ARG(plm_json_str(v, "Name", NULL)),
                PLM_SV_ARG(plm_json_str(v, "Version", NULL)));
    }
}

void plm_check_1_2_2(struct plm_checking *k)
{
    const struct plm_facts *f = k->facts;
    const struct plm_daemon *d = k->daemon;
    const struct plm_report *r = f->report;
    size_t packages = 0;
    say_versions(k);
    if (d->process && d->process->is_exe_deleted)
        plm_say(k, PLM_OUT_FAIL, "/proc/%d/exe: deleted: the installed version does not run yet",
                (int)d->process->pid);
    if (d->is_remote) {
        plm_say(k, PLM_OUT_UNKNOWN, "the engine runs on another machine");
        return;
    }
    if (f->scanned_host == PLM_NONE) {
        plm_say(k, PLM_OUT_UNKNOWN, "this host was not scanned for vulnerabilities");
        return;
    }
    for (uint32_t i = 0; i < r->packages.n; i++) {
        plm_sv first = PLM_SV_NULL;
        const struct plm_package *p = &r->packages.v[i];
        if (!is_of_scan(f, p))
            continue;
        packages++;
        size_t n = count_fixable(r, i, &first);
        if (n)
            plm_say(k, PLM_OUT_FAIL, "package %.*s %.*s: %zu flaws that an update closes (%.*s ...)",
                    PLM_SV_ARG(p->name), PLM_SV_ARG(p->version), n, PLM_SV_ARG(first));
        else
            plm_say(k, PLM_OUT_PASS, "package %.*s %.*s: nothing to update", PLM_SV_ARG(p->name),
                    PLM_SV_ARG(p->version));
    }
    if (!packages)
        plm_say(k, PLM_OUT_UNKNOWN, "no package of this host is an engine: it was installed by other means");
    else if (r->targets.v[f->scanned_host].is_incomplete)
        plm_say(k, PLM_OUT_UNKNOWN, "the scan of this host is incomplete");
}

/* ---- D1, D7
 * -------------------------------------------------------------------------------------------------- */

void plm_check_d1(struct plm_checking *k)
{
    plm_sv min = plm_json_str(k->daemon->version.root, "MinAPIVersion", NULL);
    if (plm_not_of_podman(k))
        return;
    if (!min.n)
        plm_say(k, PLM_OUT_UNKNOWN, "GET /version: no MinAPIVersion");
    else
        plm_say(k, plm_version_numbers_cmp(min, PLM_SV("1.44")) < 0 ? PLM_OUT_FAIL : PLM_OUT_PASS,
                "MinAPIVersion: %.*s", PLM_SV_ARG(min));
}

static bool has_finding(const struct plm_facts *f, const char *id)
{
    for (size_t i = 0; i < f->report->findings.n; i++) {
        const struct plm_finding *v = &f->report->findings.v[i];
        if (v->target != f->scanned_host || v->kind != PLM_KIND_VULNERABILITY || v->suppressed ||
            v->package == PLM_NONE || !is_engine_package(&f->report->packages.v[v->package]))
            continue;
        if (plm_sv_is(v->id, id))
            return true;
        for (size_t a = 0; a < v->aliases.n; a++)
            if (plm_sv_is(v->aliases.v[a], id))
                return true;
    }
    return false;
}

void plm_check_d7(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    const char *ids[4];
    if (plm_not_of_podman(k) || plm_info_is_missing(k))
        return;
    if (yyjson_arr_size(plm_json_at(d->info.root, "Plugins", "Authorization", NULL)) == 0) {
        plm_say(k, PLM_OUT_NA, "no authorization plugin");
        return;
    }
    plm_sv version = plm_json_str(d->version.root, "Version", NULL);
    if (!version.n || version.p[0] < '0' || version.p[0] > '9') {
        plm_say(k, PLM_OUT_UNKNOWN, "Version: \"%.*s\" is no version", PLM_SV_ARG(version));
        return;
    }
    size_t n = plm_authz_flaws(version, ids);
    if (n == 0)
        plm_say(k, PLM_OUT_PASS, "Version: %.*s", PLM_SV_ARG(version));
    for (size_t i = 0; i < n; i++) {
        if (!is_distribution_build(version))
            plm_say(k, PLM_OUT_FAIL, "Version: %.*s has %s", PLM_SV_ARG(version), ids[i]);
        else if (k->facts->scanned_host == PLM_NONE)
            plm_say(k, PLM_OUT_UNKNOWN,
                    "Version: %.*s: the distribution may have mended %s; the host was not scanned",
                    PLM_SV_ARG(version), ids[i]);
        else
            plm_say(k, has_finding(k->facts, ids[i]) ? PLM_OUT_FAIL : PLM_OUT_MANUAL,
                    "Version: %.*s: the scan of this host %s %s", PLM_SV_ARG(version),
                    has_finding(k->facts, ids[i]) ? "found" : "did not find", ids[i]);
    }
}
