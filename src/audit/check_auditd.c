/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks 1.1.3 to 1.1.18: changes of the engine's programs, files and sockets are recorded by audit.
 *
 * The kernel's own list of rules decides where it may be asked; files only say what somebody meant to
 * load. Where it may not be asked on a running machine, a rule in a file is "unknown", its absence a
 * failure; of a recorded tree or a mounted disk the files are all there is and decide.
 */
#include "audit/access_int.h"

#include "base/fs.h"

#define RESOLVE_MAX 2000u /* rules whose path is resolved; the others match as written */

struct knowledge {
    struct plm_checking *k;
    struct plm_arena *a;
    bool is_live;
    struct plm_audit_kernel kernel;
    struct plm_audit_rules loaded, source; /* audit.rules, rules.d */
    plm_sv daemon;                         /* what takes the records ("auditd, pid 812"); null: nothing */
    plm_sv files_failure;
    plm_sv_vec judged; /* paths without symlinks: one program may lie under two names */
};

/* ---- what is known --------------------------------------------------------------------------------- */

static void resolve_rules(struct knowledge *w, struct plm_audit_rules *rules)
{
    for (size_t i = 0; i < rules->rules.n && i < RESOLVE_MAX; i++) {
        struct plm_audit_rule *r = &rules->rules.v[i];
        plm_auto_done(plm_path_facts_done) struct plm_path_facts p = {.fd = -1};
        if (r->path.n && plm_path_examine(w->k->facts->root_fd, r->path, w->a, &p, NULL) == 0 && p.exists &&
            p.was_symlink)
            r->resolved = p.resolved;
    }
}

static void read_rules(struct knowledge *w, const char *path, struct plm_audit_rules *out)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_ACCESS_FILE_MAX);
    plm_auto(plm_err_free) plm_err *e = NULL;
    if (plm_fs_read_in(w->k->facts->root_fd, path, PLM_ACCESS_FILE_MAX, &b, &e) == 0 &&
        plm_audit_rules_parse(plm_buf_sv(&b), plm_sv_from(path), w->a, out, &e) == 0)
        return;
    if (e && e->code != PLM_E_NOTFOUND && !w->files_failure.p)
        w->files_failure = plm_arena_printf(w->a, "%s", e->message);
}

static void read_rule_files(struct knowledge *w)
{
    plm_sv_vec names = {0};
    int sys;
    read_rules(w, "/etc/audit/audit.rules", &w->loaded);
    if (plm_dir_names(w->k->facts->root_fd, "/etc/audit/rules.d", 4096, w->a, &names, &sys) < 0 &&
        sys != ENOENT)
        w->files_failure = plm_arena_printf(w->a, "/etc/audit/rules.d: %s", strerror(sys));
    for (size_t i = 0; i < names.n; i++) {
        plm_sv path = plm_arena_printf(w->a, "/etc/audit/rules.d/%.*s", PLM_SV_ARG(names.v[i]));
        if (path.p && plm_sv_ends(path, PLM_SV(".rules")))
            read_rules(w, path.p, &w->source);
    }
    resolve_rules(w, &w->loaded);
    resolve_rules(w, &w->source);
}

/* A process of the name, or on a tree without processes the installed program. */
static void find_daemon(struct knowledge *w)
{
    const struct plm_facts *f = w->k->facts;
    for (size_t i = 0; i < f->processes.n; i++)
        if (plm_sv_is(f->processes.v[i].comm, "auditd") && !f->processes.v[i].container_id.n)
            w->daemon = plm_arena_printf(w->a, "auditd, pid %d", f->processes.v[i].pid);
    if (w->daemon.p || w->is_live || f->processes.n)
        return;
    static const char *const programs[] = {"/usr/sbin/auditd", "/sbin/auditd"};
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]) && !w->daemon.p; i++) {
        plm_auto_done(plm_path_facts_done) struct plm_path_facts p = {.fd = -1};
        if (plm_path_examine(f->root_fd, plm_sv_from(programs[i]), w->a, &p, NULL) == 0 && p.exists)
            w->daemon = plm_arena_printf(w->a, "%s is installed", programs[i]);
    }
}

static bool learn(struct knowledge *w, struct plm_checking *k)
{
    *w = (struct knowledge){.k = k, .a = k->arena};
    w->is_live = k->facts->kernel && plm_kernel_is_live(k->facts->kernel);
    if (w->is_live && plm_audit_kernel_ask(w->a, &w->kernel, NULL) < 0)
        return false;
    find_daemon(w);
    if (w->is_live && !w->kernel.sys && w->kernel.daemon && !w->daemon.p)
        w->daemon = plm_arena_printf(w->a, "pid %u", w->kernel.daemon);
    resolve_rules(w, &w->kernel.rules);
    read_rule_files(w);
    return true;
}

/* ---- one path -------------------------------------------------------------------------------------- */

static enum plm_audit_cover cover_of(struct knowledge *w, const struct plm_audit_rules *rules,
                                     const struct plm_path_facts *p, const struct plm_audit_rule **rule,
                                     plm_sv *why)
{
    const struct plm_audit_rule *second_rule;
    plm_sv second_why;
    enum plm_audit_cover first = plm_audit_rules_cover(rules, p->resolved, w->a, rule, why);
    if (first == PLM_COVER_WHOLE || plm_sv_eq(p->asked, p->resolved))
        return first;
    /* rules whose own path could not be resolved are compared as written */
    enum plm_audit_cover second = plm_audit_rules_cover(rules, p->asked, w->a, &second_rule, &second_why);
    if (second <= first)
        return first;
    *rule = second_rule;
    *why = second_why;
    return second;
}

static plm_sv where(struct knowledge *w, const struct plm_audit_rule *r)
{
    return r->line
               ? plm_arena_printf(w->a, "%.*s:%u: %.*s", PLM_SV_ARG(r->file), r->line, PLM_SV_ARG(r->text))
               : plm_arena_printf(w->a, "%.*s: %.*s", PLM_SV_ARG(r->file), PLM_SV_ARG(r->text));
}

/* Says what a set of rules does with the path; WHOLE says nothing (the caller knows what it is worth). */
static enum plm_audit_cover say_cover(struct knowledge *w, const struct plm_audit_rules *rules,
                                      const char *whose, const struct plm_path_facts *p, plm_sv *out_where)
{
    const struct plm_audit_rule *rule;
    plm_sv why;
    enum plm_audit_cover cover = cover_of(w, rules, p, &rule, &why);
    *out_where = rule ? where(w, rule) : PLM_SV("");
    switch (cover) {
    case PLM_COVER_NONE:
        plm_say_on(w->k, p->asked, PLM_OUT_FAIL, "%s: no rule for %.*s", whose, PLM_SV_ARG(p->resolved));
        break;
    case PLM_COVER_PARTIAL:
        plm_say_on(w->k, p->asked, PLM_OUT_FAIL, "%.*s: %.*s", PLM_SV_ARG(*out_where), PLM_SV_ARG(why));
        break;
    case PLM_COVER_SHADOWED:
        plm_say_on(w->k, p->asked, PLM_OUT_FAIL, "%.*s comes first and takes it away",
                   PLM_SV_ARG(*out_where));
        break;
    case PLM_COVER_WHOLE:
        break;
    }
    return cover;
}

static void refix(struct knowledge *w, const struct plm_path_facts *p)
{
    plm_sv rule = plm_arena_printf(w->a, "-w %.*s -p wa -k docker", PLM_SV_ARG(p->resolved));
    plm_sv word = plm_shell_word(w->a, rule);
    plm_refix(w->k, p->asked, "%s`echo %.*s >> /etc/audit/rules.d/docker.rules && augenrules --load`",
              w->daemon.p ? "" : "install and start auditd, then ", PLM_SV_ARG(word));
}

static void judge_by_kernel(struct knowledge *w, const struct plm_path_facts *p)
{
    plm_sv at, unused_why;
    const struct plm_audit_rule *rule;
    if (!w->kernel.is_enabled)
        plm_say_on(w->k, p->asked, PLM_OUT_FAIL, "kernel: auditing is switched off (enabled 0)");
    if (say_cover(w, &w->kernel.rules, "kernel", p, &at) == PLM_COVER_WHOLE) {
        plm_say_on(w->k, p->asked, PLM_OUT_PASS, "%.*s%s", PLM_SV_ARG(at),
                   w->kernel.is_locked ? " (rules are locked until the next boot)" : "");
    } else if (cover_of(w, &w->loaded, p, &rule, &unused_why) == PLM_COVER_WHOLE ||
               cover_of(w, &w->source, p, &rule, &unused_why) == PLM_COVER_WHOLE) {
        at = where(w, rule);
        plm_say_on(w->k, p->asked, PLM_OUT_FAIL, "%.*s: written, but not loaded", PLM_SV_ARG(at));
    }
}

static void judge_by_files(struct knowledge *w, const struct plm_path_facts *p)
{
    const struct plm_audit_rule *rule;
    plm_sv at, why;
    if (w->files_failure.p)
        plm_say_on(w->k, p->asked, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(w->files_failure));
    const struct plm_audit_rules *rules = &w->loaded;
    if (cover_of(w, rules, p, &rule, &why) != PLM_COVER_WHOLE && w->source.rules.n)
        rules = &w->source;
    if (say_cover(w, rules, rules == &w->source ? "/etc/audit/rules.d" : "/etc/audit/audit.rules", p, &at) !=
        PLM_COVER_WHOLE)
        return;
    if (rules->is_disabled)
        plm_say_on(w->k, p->asked, PLM_OUT_FAIL, "the rules end in -e 0: auditing is switched off");
    if (w->is_live)
        plm_say_on(w->k, p->asked, PLM_OUT_UNKNOWN, "%.*s; whether it is loaded: AUDIT_LIST_RULES: %s",
                   PLM_SV_ARG(at), strerror(w->kernel.sys));
    else
        plm_say_on(w->k, p->asked, PLM_OUT_PASS, "%.*s%s", PLM_SV_ARG(at),
                   rules->is_immutable ? " (locked by -e 2)" : "");
}

static bool add_path(plm_sv_vec *done, struct plm_arena *a, plm_sv path)
{
    for (size_t i = 0; i < done->n; i++)
        if (plm_sv_eq(done->v[i], path))
            return false;
    return plm_sv_vec_add(a, done, path);
}

/* Returns false where the path is not there. */
static bool judge_path(struct knowledge *w, plm_sv path)
{
    plm_auto_done(plm_path_facts_done) struct plm_path_facts p = {.fd = -1};
    if (!path.n || plm_path_examine(w->k->facts->root_fd, path, w->a, &p, NULL) < 0)
        return false;
    if (p.sys)
        plm_say_on(w->k, p.asked, PLM_OUT_UNKNOWN, "%.*s: %s", PLM_SV_ARG(path), strerror(p.sys));
    if (!p.exists)
        return p.sys != 0;
    if (!add_path(&w->judged, w->a, p.resolved))
        return true;
    if (w->kernel.is_absent) {
        plm_say_on(w->k, p.asked, PLM_OUT_NA, "this kernel has no audit system (NETLINK_AUDIT: %s)",
                   strerror(w->kernel.sys));
        return true;
    }
    if (!w->daemon.p)
        plm_say_on(w->k, p.asked, PLM_OUT_FAIL, "no audit daemon takes the kernel's records");
    if (w->is_live && !w->kernel.sys)
        judge_by_kernel(w, &p);
    else
        judge_by_files(w, &p);
    refix(w, &p);
    return true;
}

/* ---- which paths ----------------------------------------------------------------------------------- */

typedef bool (*judge_fn)(struct knowledge *w, const char *const *names);

static const struct plm_process *process_of(const struct plm_facts *f, const char *comm, size_t *from)
{
    while (*from < f->processes.n) {
        const struct plm_process *p = &f->processes.v[(*from)++];
        if (plm_sv_is(p->comm, comm) && !p->container_id.n)
            return p;
    }
    return NULL;
}

/* Programs by the running process's own file, then by the places where packages put them. */
static bool judge_programs(struct knowledge *w, const char *const *names)
{
    static const char *const dirs[] = {"/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/libexec/docker",
                                       "/snap/bin"};
    bool was_said = false;
    plm_sv_vec done = {0};
    for (; *names; names++) {
        size_t from = 0;
        const struct plm_process *p;
        bool is_running = false;
        while ((p = process_of(w->k->facts, *names, &from)))
            if (p->exe.n && (is_running = true, add_path(&done, w->a, p->exe)))
                was_said |= judge_path(w, p->exe);
        for (size_t i = 0; !is_running && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
            plm_sv path = plm_arena_printf(w->a, "%s/%s", dirs[i], *names);
            if (add_path(&done, w->a, path))
                was_said |= judge_path(w, path);
        }
    }
    return was_said;
}

static bool judge_paths(struct knowledge *w, const char *const *names)
{
    bool was_said = false;
    for (; *names; names++)
        was_said |= judge_path(w, plm_sv_from(*names));
    return was_said;
}

static bool judge_data_root(struct knowledge *w, const char *const *names)
{
    const struct plm_facts *f = w->k->facts;
    plm_sv_vec done = {0};
    bool was_said = false;
    for (size_t i = 0; i < f->daemons.n; i++)
        if (!f->daemons.v[i].is_remote && f->daemons.v[i].root_dir.n &&
            add_path(&done, w->a, f->daemons.v[i].root_dir))
            was_said |= judge_path(w, f->daemons.v[i].root_dir);
    return was_said || judge_paths(w, names);
}

static bool judge_config_file(struct knowledge *w, const char *const *names)
{
    const struct plm_facts *f = w->k->facts;
    plm_sv_vec done = {0};
    bool was_said = false;
    for (size_t i = 0; i < f->daemons.n; i++)
        if (f->daemons.v[i].has_config_file && add_path(&done, w->a, f->daemons.v[i].config_path))
            was_said |= judge_path(w, f->daemons.v[i].config_path);
    for (; *names; names++)
        if (add_path(&done, w->a, plm_sv_from(*names)))
            was_said |= judge_path(w, plm_sv_from(*names));
    return was_said;
}

static bool judge_units(struct knowledge *w, const char *const *names)
{
    bool was_said = false;
    for (; *names; names++) {
        struct plm_unit unit = {0};
        plm_auto(plm_err_free) plm_err *e = NULL;
        if (plm_unit_read(w->k->facts, *names, &unit, &e) < 0) {
            plm_say_on(w->k, plm_sv_from(*names), PLM_OUT_UNKNOWN, "%s", e ? e->message : "unreadable");
            was_said = true;
            continue;
        }
        was_said |= unit.path.p && judge_path(w, unit.path);
        for (size_t i = 0; i < unit.drop_ins.n; i++)
            was_said |= judge_path(w, unit.drop_ins.v[i]);
    }
    return was_said;
}

static bool judge_sockets(struct knowledge *w, const char *const *names)
{
    const struct plm_facts *f = w->k->facts;
    plm_sv_vec done = {0};
    bool was_said = judge_units(w, names);
    for (size_t i = 0; i < f->daemons.n; i++)
        if (f->daemons.v[i].socket_path.n && add_path(&done, w->a, f->daemons.v[i].socket_path))
            was_said |= judge_path(w, f->daemons.v[i].socket_path);
    if (done.n == 0)
        was_said |= judge_path(w, PLM_SV("/run/docker.sock"));
    return was_said;
}

static const struct {
    const char *id;
    judge_fn judge;
    const char *names[5];
} rows[] = {
    {"1.1.3", judge_programs, {"dockerd"}},
    {"1.1.4", judge_paths, {"/run/containerd"}},
    {"1.1.5", judge_data_root, {"/var/lib/docker"}},
    {"1.1.6", judge_paths, {"/etc/docker"}},
    {"1.1.7", judge_units, {"docker.service"}},
    {"1.1.8", judge_paths, {"/run/containerd/containerd.sock"}},
    {"1.1.9", judge_sockets, {"docker.socket"}},
    {"1.1.10", judge_paths, {"/etc/default/docker"}},
    {"1.1.11", judge_config_file, {"/etc/docker/daemon.json"}},
    {"1.1.12", judge_paths, {"/etc/containerd/config.toml"}},
    {"1.1.13", judge_paths, {"/etc/sysconfig/docker"}},
    {"1.1.14", judge_programs, {"containerd"}},
    {"1.1.15", judge_programs, {"containerd-shim"}},
    {"1.1.16", judge_programs, {"containerd-shim-runc-v1"}},
    {"1.1.17", judge_programs, {"containerd-shim-runc-v2"}},
    {"1.1.18", judge_programs, {"runc", "crun", "runsc", "kata-runtime"}},
};

static void run_auditd(struct plm_checking *k)
{
    struct knowledge w;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].id, k->check->id) != 0 || !learn(&w, k))
            continue;
        if (!rows[i].judge(&w, rows[i].names))
            plm_say(k, PLM_OUT_NA, "%s: not on this machine", rows[i].names[0]);
    }
}

#define AUDITED(number, what, where_, lvl, sev)                                                              \
    {                                                                                                        \
        .id = number, .title = "changes of " what " are recorded by audit",                                  \
        .reads = "audit rules of the kernel (AUDIT_LIST_RULES), /etc/audit; " where_,                        \
        .rationale = "Whoever changes it takes over the engine, and so the host; a record made by the "      \
                     "kernel says who it was.",                                                              \
        .fix = "a rule `-w PATH -p wa -k docker` in `/etc/audit/rules.d/docker.rules`, then "                \
               "`augenrules --load`",                                                                        \
        .severity = sev, .stage = PLM_STAGE_HOST, .subject = PLM_PER_HOST, .impact = PLM_IMPACT_SAFE,        \
        .level = lvl, .run = run_auditd                                                                      \
    }

// clang-format off
static const struct plm_check checks[] = {
    AUDITED("1.1.3", "the engine's program", "the file behind dockerd", 1, PLM_SEV_MEDIUM),
    AUDITED("1.1.4", "containerd's state", "/run/containerd", 1, PLM_SEV_LOW),
    AUDITED("1.1.5", "the data root", "DockerRootDir", 1, PLM_SEV_LOW),
    AUDITED("1.1.6", "the configuration directory", "/etc/docker", 1, PLM_SEV_MEDIUM),
    AUDITED("1.1.7", "the unit of the engine", "docker.service and drop-ins", 2, PLM_SEV_LOW),
    AUDITED("1.1.8", "containerd's socket", "/run/containerd/containerd.sock", 2, PLM_SEV_LOW),
    AUDITED("1.1.9", "the engine's socket", "sockets of all engines, docker.socket", 2, PLM_SEV_LOW),
    AUDITED("1.1.10", "the environment of the engine", "/etc/default/docker", 2, PLM_SEV_LOW),
    AUDITED("1.1.11", "the engine's configuration", "daemon.json in effect", 2, PLM_SEV_LOW),
    AUDITED("1.1.12", "containerd's configuration", "/etc/containerd/config.toml", 2, PLM_SEV_LOW),
    AUDITED("1.1.13", "the engine's sysconfig file", "/etc/sysconfig/docker", 2, PLM_SEV_LOW),
    AUDITED("1.1.14", "containerd's program", "the file behind containerd", 2, PLM_SEV_LOW),
    AUDITED("1.1.15", "the shim", "containerd-shim", 2, PLM_SEV_LOW),
    AUDITED("1.1.16", "the first runc shim", "containerd-shim-runc-v1", 2, PLM_SEV_LOW),
    AUDITED("1.1.17", "the second runc shim", "containerd-shim-runc-v2", 2, PLM_SEV_LOW),
    AUDITED("1.1.18", "the low-level runtimes", "runc, crun, runsc, kata-runtime", 2, PLM_SEV_LOW),
};
// clang-format on
static const struct plm_check_group group = {
    .id = "auditd",
    .summary = "audit rules for the engine's files",
    .checks = checks,
    .n = sizeof(checks) / sizeof(checks[0]),
};
PLM_REGISTER(plm_check_groups, struct plm_check_group, group);
