/* SPDX-License-Identifier: Apache-2.0
 *
 * Check of the host: programs that run outside of containers, one row per executable.
 *
 * Gravest first: a file that was deleted or lies in memory or in a directory that everybody may write; then a
 * program that no package brought; then one that the list of a container host does not name. "(deleted)"
 * below /usr of a program that is there again is an update that waits for a restart: H-REBOOT says that one,
 * not this check.
 */
#include "audit/host.h"

static bool is_in_open_directory(plm_sv path)
{
    static const char *const dirs[] = {"/tmp/",     "/var/tmp/",    "/dev/shm/",
                                       "/run/shm/", "/dev/mqueue/", "/run/user/"};
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
        if (plm_sv_starts(path, plm_sv_from(dirs[i])))
            return true;
    return false;
}

/* Why a program is a grave matter; NULL: it is not. */
static const char *grave_reason(const struct plm_facts *f, const struct plm_host_program *p)
{
    if (p->is_memfd)
        return "runs from memory, no file is behind it";
    if (is_in_open_directory(p->exe))
        return "runs from a directory that everybody may write";
    if (!p->is_deleted)
        return NULL;
    const char *path = plm_arena_cstr(f->arena, p->exe);
    return path && plm_host_exists(f, path) ? NULL : "its file was deleted";
}

/* Tools of the base system run for a moment in anybody's shell or job: who has no right to them cannot be
 * told by them. */
static bool is_base_tool(const struct plm_owner *owner)
{
    static const char *const packages[] = {
        "coreutils",    "coreutils-*", "grep",    "sed",       "gawk",     "mawk",      "util-linux",
        "util-linux-*", "findutils",   "procps",  "procps-ng", "less",     "tar",       "gzip",
        "xz-utils",     "hostname",    "vim*",    "nano",      "bsdutils", "diffutils", "base-files",
        "man-db",       "debianutils", "busybox", NULL};
    return owner->state == PLM_OWNED && plm_host_is_listed(owner->package, packages, NULL);
}

static void judge_program(struct plm_checking *k, const struct plm_host_program *p,
                          const struct plm_owner *owner, plm_sv why)
{
    const struct plm_facts *f = k->facts;
    plm_sv object = p->exe;
    const char *grave = grave_reason(f, p);
    bool is_allowed = plm_host_is_listed(object, NULL, &f->opt->expect.allowed_processes);
    /* A script that a package brought is judged by the unit or job that starts it. */
    bool is_listed = plm_host_is_listed(object, plm_host_allowed_programs, NULL) || is_base_tool(owner) ||
                     (p->interpreter.p && owner->state == PLM_OWNED);
    const char *fault = grave                         ? grave
                        : is_allowed                  ? NULL
                        : owner->state == PLM_UNOWNED ? "no package brought it"
                        : !is_listed                  ? "is no program of a container host"
                                                      : NULL;
    plm_say_on(k, object, fault ? PLM_OUT_FAIL : PLM_OUT_PASS, "pid %d (%.*s)%s%s%s%.*s", p->pid,
               PLM_SV_ARG(p->comm), fault ? ": " : "", fault ? fault : "",
               owner->package.n ? "; package " : "", PLM_SV_ARG(owner->package));
    if (p->n > 1)
        plm_say_on(k, object, PLM_OUT_PASS, "%zu processes", p->n);
    if (fault && p->cmdline.n)
        plm_say_on(k, object, PLM_OUT_PASS, "/proc/%d/cmdline: %.*s", p->pid, PLM_SV_ARG(p->cmdline));
    if (!fault && !is_allowed && owner->state == PLM_OWNER_UNKNOWN)
        plm_say_on(k, object, PLM_OUT_UNKNOWN, "its package: %.*s", PLM_SV_ARG(why));
    if (grave)
        plm_weigh(k, object, PLM_SEV_HIGH);
}

static void check_processes(struct plm_checking *k)
{
    const struct plm_facts *f = k->facts;
    plm_host_programs v = {0};
    plm_sv why = PLM_SV_NULL;
    if (!plm_host_programs_list(f, &v, &why)) {
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(why));
        return;
    }
    plm_sv_vec paths = {0};
    for (size_t i = 0; i < v.n; i++)
        (void)plm_sv_vec_add(f->arena, &paths, v.v[i].exe.p ? v.v[i].exe : PLM_SV(""));
    struct plm_owner *owners = plm_arena_array(f->arena, v.n, sizeof(*owners));
    if (!owners || paths.n != v.n)
        return;
    plm_host_owners(f, &paths, owners, &why);
    size_t hidden = 0;
    for (size_t i = 0; i < v.n; i++) {
        if (v.v[i].exe.p) {
            judge_program(k, &v.v[i], &owners[i], why);
            continue;
        }
        hidden += v.v[i].n;
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/%d/exe (%.*s): %s", v.v[i].pid, PLM_SV_ARG(v.v[i].comm),
                strerror(v.v[i].exe_errno));
    }
    plm_say(k, hidden ? PLM_OUT_UNKNOWN : PLM_OUT_PASS, "%zu programs run outside of containers", v.n);
}

static const struct plm_check checks[] = {
    {.id = "H-PROC",
     .title = "nothing runs beside the containers that does not belong to a container host",
     .reads = "exe and cmdline of every process that is in no container, the package database; "
              "`audit.allowed-processes`",
     .rationale = "A program of the host has all of its rights. One that nobody installed, or whose file is "
                  "gone, is what an intruder "
                  "leaves behind.",
     .fix = "find out who started it; stop it, or move it into a container; if it is meant, name its path in "
            "`audit.allowed-processes`",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_processes},
};
static const struct plm_check_group host_surface = {
    .id = "host-surface", .summary = "what runs beside the containers", .checks = checks, .n = 1};
PLM_REGISTER(plm_check_groups, struct plm_check_group, host_surface);
