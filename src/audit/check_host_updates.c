/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of the host: what waits to be installed, and what waits for a restart; the summary 1.2.1.
 *
 * H-UPD joins with a scan of this host that stands in the report: findings with a fix, those of the
 * distribution's own repository first (matched by the feed "repo", which needs no database). H-REBOOT reads
 * the marker of Debian's update-notifier, the kernels that are installed (/lib/modules, /boot) against the
 * one that runs, and the libraries that processes still map although their file was replaced (proc(5), maps:
 * " (deleted)").
 */
#include "audit/host.h"
#include "version/version.h"

#include <ctype.h>

/* ---- H-UPD -------------------------------------------------------------------------------------- */

/* Sources whose updates come first: what a container touches. */
static const char *const first_sources[] = {"docker*", "moby*",   "containerd*", "runc*",   "crun*",
                                            "podman*", "linux",   "linux-*",     "kernel*", "openssl*",
                                            "glibc*",  "systemd", NULL};

struct update {
    plm_sv source, fixed;
    enum plm_severity worst;
    size_t n;
    bool is_repo, is_first;
};
typedef PLM_VEC(struct update) update_vec;

static struct update *update_of(struct plm_arena *a, update_vec *v, plm_sv source)
{
    for (size_t i = 0; i < v->n; i++)
        if (plm_sv_eq(v->v[i].source, source))
            return &v->v[i];
    struct update *u = plm_vec_push(a, v);
    if (u)
        *u = (struct update){.source = source, .is_first = plm_host_is_listed(source, first_sources, NULL)};
    return u;
}

static bool is_of_repo(const struct plm_finding *f)
{
    for (size_t i = 0; i < f->matched.n; i++)
        if (plm_sv_is(f->matched.v[i].feed, "repo"))
            return true;
    return false;
}

static void gather(const struct plm_facts *f, update_vec *out, size_t by_severity[PLM_SEV_COUNT_])
{
    const struct plm_report *r = f->report;
    plm_auto(plm_map_free) struct plm_map *seen = plm_map_new();
    for (size_t i = 0; seen && i < r->findings.n; i++) {
        const struct plm_finding *x = &r->findings.v[i];
        if (x->target != f->scanned_host || x->kind != PLM_KIND_VULNERABILITY || x->suppressed ||
            x->fix != PLM_FIX_FIXED || x->package == PLM_NONE || x->package >= r->packages.n)
            continue;
        const struct plm_package *p = &r->packages.v[x->package];
        if (!plm_sv_is(p->type, "deb") && !plm_sv_is(p->type, "rpm") && !plm_sv_is(p->type, "apk"))
            continue; /* libraries of languages are no updates of the system */
        struct update *u = update_of(f->arena, out, p->source_name.n ? p->source_name : p->name);
        if (!u)
            return;
        plm_sv pair = plm_host_printf(f, "%.*s %.*s", PLM_SV_ARG(u->source), PLM_SV_ARG(x->id));
        void **slot = pair.p ? plm_map_put(seen, pair) : NULL; /* several binary packages of one source */
        if (slot && !*slot) {
            *slot = seen;
            u->n++;
            by_severity[x->severity]++;
        }
        u->worst = x->severity > u->worst ? x->severity : u->worst;
        u->is_repo |= is_of_repo(x);
        if (!u->fixed.p && x->fix_versions.n)
            u->fixed = x->fix_versions.v[0];
    }
}

static int update_order(const void *pa, const void *pb)
{
    const struct update *a = pa, *b = pb;
    if (a->is_first != b->is_first)
        return a->is_first ? -1 : 1;
    if (a->worst != b->worst)
        return a->worst > b->worst ? -1 : 1;
    return plm_sv_cmp(a->source, b->source);
}

static void say_updates(struct plm_checking *k, const update_vec *v, const size_t *n)
{
    enum plm_severity worst = PLM_SEV_UNKNOWN;
    size_t from_repo = 0;
    for (size_t i = 0; i < v->n; i++) {
        worst = v->v[i].worst > worst ? v->v[i].worst : worst;
        from_repo += v->v[i].is_repo;
    }
    plm_say(
        k, PLM_OUT_FAIL,
        "%zu source packages are behind (%zu by the distribution's own repository): %zu critical, %zu high, "
        "%zu medium, %zu low, %zu unrated flaws",
        v->n, from_repo, n[PLM_SEV_CRITICAL], n[PLM_SEV_HIGH], n[PLM_SEV_MEDIUM],
        n[PLM_SEV_LOW] + n[PLM_SEV_NEGLIGIBLE], n[PLM_SEV_UNKNOWN]);
    for (size_t i = 0; i < v->n && i < 20; i++)
        plm_say(k, PLM_OUT_FAIL, "%.*s: %zu fixed in %.*s (worst: %s)", PLM_SV_ARG(v->v[i].source), v->v[i].n,
                PLM_SV_ARG(v->v[i].fixed), plm_severity_name(v->v[i].worst));
    if (v->n > 20)
        plm_say(k, PLM_OUT_FAIL, "and %zu more source packages", v->n - 20);
    /* Flaws that nobody rated are no less pending: the check's own severity is the floor. */
    plm_weigh(k, PLM_SV_NULL, worst > k->check->severity ? worst : k->check->severity);
}

static void check_updates(struct plm_checking *k)
{
    const struct plm_facts *f = k->facts;
    if (f->scanned_host == PLM_NONE) {
        plm_say(
            k, PLM_OUT_UNKNOWN,
            "the packages of this host were not scanned in this run (`plimsoll check` and `scan host:` do)");
        return;
    }
    const struct plm_target *t = &f->report->targets.v[f->scanned_host];
    update_vec v = {0};
    size_t n[PLM_SEV_COUNT_] = {0};
    gather(f, &v, n);
    if (v.n) {
        qsort(v.v, v.n, sizeof(v.v[0]), update_order);
        say_updates(k, &v, n);
    }
    bool is_covered = t->repo_as_of || f->report->db_built;
    if (t->distro.eol == PLM_EOL_ENDED)
        plm_say(k, PLM_OUT_FAIL, "%.*s gets no security updates any more", PLM_SV_ARG(t->distro.pretty));
    if (t->is_incomplete)
        plm_say(k, PLM_OUT_UNKNOWN, "the scan of this host is incomplete: see its diagnostics");
    else if (!is_covered)
        plm_say(k, PLM_OUT_UNKNOWN,
                "neither the distribution's security suite nor vulnerability data could be asked");
    else if (!v.n)
        plm_say(k, PLM_OUT_PASS, "no installed package is behind a security update");
}

/* ---- H-REBOOT ----------------------------------------------------------------------------------- */

/* "-cloud-amd64" of "6.1.0-38-cloud-amd64": what follows the last number between dashes. Only kernels of one
 * flavour replace each other. */
static plm_sv flavour_of(plm_sv release)
{
    size_t at = 0;
    for (size_t i = 0; i + 1 < release.n; i++)
        if (release.p[i] == '-' && isdigit((unsigned char)release.p[i + 1])) {
            at = i + 1;
            while (at < release.n && (isdigit((unsigned char)release.p[at]) || release.p[at] == '.'))
                at++;
        }
    if (at == 0) /* "6.12.3-arch": what follows the first number */
        while (at < release.n && (isdigit((unsigned char)release.p[at]) || release.p[at] == '.'))
            at++;
    return plm_sv_from_off(release, at);
}

static void gather_kernels(const struct plm_facts *f, plm_sv_vec *out)
{
    static const char *const prefixes[] = {"vmlinuz-", "vmlinux-"};
    plm_sv_vec names = {0}, boot = {0};
    (void)plm_host_names(f, "/lib/modules", &names);
    for (size_t i = 0; i < names.n; i++) {
        plm_sv dep = plm_host_printf(f, "/lib/modules/%.*s/modules.dep", PLM_SV_ARG(names.v[i]));
        if (dep.p && plm_host_exists(f, dep.p)) /* what a removed kernel leaves behind has none */
            (void)plm_sv_vec_add(f->arena, out, names.v[i]);
    }
    (void)plm_host_names(f, "/boot", &boot);
    for (size_t i = 0; i < boot.n; i++)
        for (size_t p = 0; p < 2; p++)
            if (plm_sv_starts(boot.v[i], plm_sv_from(prefixes[p])) &&
                !plm_sv_has(boot.v[i], PLM_SV("rescue")))
                (void)plm_sv_vec_add(f->arena, out, plm_sv_from_off(boot.v[i], strlen(prefixes[p])));
    plm_sv_vec_sort_unique(out);
}

/* Same release, newer build: Debian's "6.1.148-1" in /proc/version against the installed package. */
static void judge_build(struct plm_checking *k, const struct plm_scheme *deb, plm_sv release)
{
    int sys;
    bool is_known;
    plm_sv version = plm_host_text(k->facts, "/proc/version", PLM_KIB(4), &sys), running;
    size_t at = version.p ? plm_sv_find_sv(version, PLM_SV(" Debian ")) : SIZE_MAX;
    plm_sv name = plm_host_printf(k->facts, "linux-image-%.*s", PLM_SV_ARG(release));
    plm_sv installed = name.p ? plm_host_package(k->facts, name.p, &is_known) : PLM_SV_NULL;
    if (at == SIZE_MAX || !installed.n)
        return;
    plm_sv rest = plm_sv_from_off(version, at + 8);
    if (plm_sv_word(&rest, &running) && deb->compare(installed, running) > 0)
        plm_say_on(k, PLM_SV("kernel"), PLM_OUT_FAIL, "%.*s %.*s is installed, %.*s runs", PLM_SV_ARG(name),
                   PLM_SV_ARG(installed), PLM_SV_ARG(running));
}

static void judge_kernel(struct plm_checking *k)
{
    plm_sv object = PLM_SV("kernel"), release = plm_host_release(k->facts), newest = PLM_SV_NULL;
    const struct plm_scheme *deb = plm_scheme_find(PLM_SV("deb"));
    plm_sv_vec kernels = {0};
    if (!release.n || !deb) {
        plm_say_on(k, object, PLM_OUT_UNKNOWN,
                   "/proc/sys/kernel/osrelease: not there, no kernel runs from this disk");
        return;
    }
    gather_kernels(k->facts, &kernels);
    bool is_there = false;
    for (size_t i = 0; i < kernels.n; i++) {
        is_there |= plm_sv_eq(kernels.v[i], release);
        if (plm_sv_eq(flavour_of(kernels.v[i]), flavour_of(release)) &&
            (!newest.p || deb->compare(kernels.v[i], newest) > 0))
            newest = kernels.v[i];
    }
    if (newest.p && deb->compare(newest, release) > 0)
        plm_say_on(k, object, PLM_OUT_FAIL, "%.*s runs, %.*s is installed", PLM_SV_ARG(release),
                   PLM_SV_ARG(newest));
    else if (is_there)
        plm_say_on(k, object, PLM_OUT_PASS, "%.*s runs and is the newest installed", PLM_SV_ARG(release));
    else if (kernels.n == 0)
        plm_say_on(k, object, PLM_OUT_NA, "%.*s runs, no kernel is installed here: it comes from outside",
                   PLM_SV_ARG(release));
    else
        plm_say_on(k, object, PLM_OUT_FAIL, "%.*s runs and is not installed any more", PLM_SV_ARG(release));
    judge_build(k, deb, release);
    plm_refix(k, object, "reboot into the newest kernel");
}

static bool is_library(plm_sv path)
{
    return (plm_sv_starts(path, PLM_SV("/usr/")) || plm_sv_starts(path, PLM_SV("/lib")) ||
            plm_sv_starts(path, PLM_SV("/bin/")) || plm_sv_starts(path, PLM_SV("/sbin/")) ||
            plm_sv_starts(path, PLM_SV("/opt/"))) &&
           !plm_sv_has(path, PLM_SV("/share/")) && !plm_sv_has(path, PLM_SV("/cache/"));
}

/* First executable mapping of a file that is not there any more; null: none. */
static plm_sv deleted_mapping(plm_sv maps)
{
    plm_sv line, word;
    while (plm_sv_line(&maps, &line)) {
        if (!plm_sv_ends(line, PLM_SV(" (deleted)")))
            continue;
        plm_sv rest = line, mode = PLM_SV_NULL;
        for (int i = 0; i < 5; i++) {
            if (!plm_sv_word(&rest, &word))
                break;
            mode = i == 1 ? word : mode;
        }
        plm_sv path = plm_sv_trim(rest);
        path = plm_sv_sub(path, 0, path.n - strlen(" (deleted)"));
        if (mode.n >= 3 && mode.p[2] == 'x' && is_library(path))
            return path;
    }
    return PLM_SV_NULL;
}

static void judge_libraries(struct plm_checking *k)
{
    const struct plm_facts *f = k->facts;
    plm_sv object = PLM_SV("processes");
    size_t stale = 0, denied = 0, seen = 0;
    if (f->processes_failure.p || f->processes.n == 0) {
        plm_say_on(k, object, PLM_OUT_UNKNOWN, "processes: %.*s",
                   PLM_SV_ARG(f->processes_failure.n ? f->processes_failure : PLM_SV("none are seen")));
        return;
    }
    for (size_t i = 0; i < f->processes.n; i++) {
        const struct plm_process *p = &f->processes.v[i];
        if (p->is_kernel || p->state == 'Z' || plm_host_is_contained(f, p))
            continue;
        int sys;
        plm_sv maps = plm_host_textf(f, &sys, "/proc/%d/maps", p->pid);
        if (!maps.p) {
            denied += sys != ENOENT && sys != ESRCH;
            continue;
        }
        seen++;
        plm_sv path = deleted_mapping(maps);
        if (path.p && stale++ < 10)
            plm_say_on(k, object, PLM_OUT_FAIL, "/proc/%d/maps (%.*s): %.*s was replaced", p->pid,
                       PLM_SV_ARG(p->comm), PLM_SV_ARG(path));
    }
    if (stale > 10)
        plm_say_on(k, object, PLM_OUT_FAIL, "and %zu more processes", stale - 10);
    if (denied)
        plm_say_on(k, object, PLM_OUT_UNKNOWN, "maps of %zu processes cannot be read", denied);
    plm_say_on(k, object, PLM_OUT_PASS, "%zu processes looked at", seen);
    plm_refix(k, object, "restart the services that are named (`systemctl restart UNIT`), or reboot");
}

static void check_reboot(struct plm_checking *k)
{
    int sys;
    plm_sv marker = plm_host_text(k->facts, "/run/reboot-required", PLM_KIB(4), &sys),
           object = PLM_SV("/run/reboot-required");
    plm_sv packages = plm_host_text(k->facts, "/run/reboot-required.pkgs", PLM_KIB(64), &sys), line;
    if (marker.p || packages.n)
        plm_say_on(k, object, PLM_OUT_FAIL, "/run/reboot-required: %.*s", PLM_SV_ARG(marker));
    else if (plm_host_exists(k->facts, "/proc/sys/kernel"))
        plm_say_on(k, object, PLM_OUT_PASS, "/run/reboot-required: not there");
    else
        plm_say_on(k, object, PLM_OUT_NA, "/run is not kept on a disk");
    for (size_t i = 0; packages.p && i < 20 && plm_host_line(&packages, &line); i++)
        plm_say_on(k, object, PLM_OUT_FAIL, "/run/reboot-required.pkgs: %.*s", PLM_SV_ARG(line));
    judge_kernel(k);
    judge_libraries(k);
}

/* ---- 1.2.1 -------------------------------------------------------------------------------------- */

/* Each fault is a finding of its own already, so the summary weighs little; it fails where one of them is
 * grave. */
static void check_hardened(struct plm_checking *k)
{
    const struct plm_report *r = k->facts->report;
    size_t n[PLM_OUTCOMES] = {0}, grave = 0;
    for (size_t i = 0; i < r->checks.n; i++) {
        const struct plm_check_row *row = &r->checks.v[i];
        if (!plm_sv_starts(row->id, PLM_SV("H-")))
            continue;
        n[row->outcome]++;
        grave += row->outcome == PLM_OUT_FAIL && row->severity >= PLM_SEV_HIGH;
    }
    size_t judged = n[PLM_OUT_PASS] + n[PLM_OUT_FAIL] + n[PLM_OUT_MANUAL];
    if (!judged)
        plm_say(k, PLM_OUT_UNKNOWN, "no check of the host came to a result in this run");
    else
        plm_say(k,
                grave                                              ? PLM_OUT_FAIL
                : judged == n[PLM_OUT_PASS] && !n[PLM_OUT_UNKNOWN] ? PLM_OUT_PASS
                                                                   : PLM_OUT_MANUAL,
                "H-*: %zu pass, %zu fail (%zu of severity high or above), %zu for a person to decide, %zu "
                "unknown",
                n[PLM_OUT_PASS], n[PLM_OUT_FAIL], grave, n[PLM_OUT_MANUAL], n[PLM_OUT_UNKNOWN]);
}

static const struct plm_check checks[] = {
    {.id = "1.2.1",
     .title = "the host is hardened",
     .reads = "the outcomes of all checks H-*",
     .rationale =
         "A container is as safe as the host below it. This row sums up what the checks of the host found.",
     .fix = "mend what the checks H-* found, the gravest first: `plimsoll audit host`",
     .severity = PLM_SEV_LOW,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .level = 1,
     .is_manual = true,
     .is_summary = true,
     .run = check_hardened},
    {.id = "H-UPD",
     .title = "no security update waits",
     .reads = "the scan of this host: findings that a newer package fixes",
     .rationale = "Most break-ins use a flaw whose fix was already there. Engine, runtime, kernel and the "
                  "libraries that everything "
                  "loads come first.",
     .fix = "`apt-get update && apt-get upgrade` (`dnf upgrade --security`, `apk upgrade`); switch on "
            "unattended upgrades",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_RESTART,
     .run = check_updates},
    {.id = "H-REBOOT",
     .title = "what was updated is what runs",
     .reads = "/run/reboot-required, /proc/sys/kernel/osrelease, /lib/modules, /boot, /proc/PID/maps",
     .rationale = "An update that was installed protects nothing until the old kernel and the processes with "
                  "the old library are gone.",
     .fix = "reboot, or restart the services that are named",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_RESTART,
     .run = check_reboot},
};
static const struct plm_check_group host_updates = {.id = "host-updates",
                                                    .summary = "updates of the host",
                                                    .checks = checks,
                                                    .n = sizeof(checks) / sizeof(checks[0])};
PLM_REGISTER(plm_check_groups, struct plm_check_group, host_updates);
