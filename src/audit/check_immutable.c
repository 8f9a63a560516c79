/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of immutability: what a running container changed against its image, what runs in it that
 * the image did not bring, and containers that no engine knows of.
 */
#include "audit/container_int.h"
#include "audit/upper_layer.h"

#include "base/fs.h"
#include "base/map.h"

#include <fcntl.h>

enum { SHOWN = 12 };

/* ---- R16: changed files ------------------------------------------------------------------------------ */

static const char *const change_names[] = {
    [PLM_CHANGE_ADDED] = "added",
    [PLM_CHANGE_CHANGED] = "changed",
    [PLM_CHANGE_DELETED] = "deleted",
    [PLM_CHANGE_REPLACED] = "replaced as a whole",
};
static const struct {
    const char *name;
    enum plm_severity severity;
} ranks[PLM_RANK_COUNT_] = {
    [PLM_RANK_SETUID] = {"set-uid, set-gid or capable", PLM_SEV_HIGH},
    [PLM_RANK_EXECUTABLE] = {"executable", PLM_SEV_HIGH},
    [PLM_RANK_ACCOUNTS] = {"accounts or start-up", PLM_SEV_MEDIUM},
    [PLM_RANK_SYSTEM] = {"of the program directories", PLM_SEV_LOW},
    [PLM_RANK_OTHER] = {"other", PLM_SEV_LOW},
};

static uint64_t say_changes(struct plm_checking *k, const struct plm_layer_changes *v)
{
    uint64_t total = 0;
    for (size_t i = 0; i < v->shown.n; i++) {
        const struct plm_layer_change *c = &v->shown.v[i];
        plm_say(k, PLM_OUT_FAIL, "%s, %s: %.*s (mode %04o, uid %u)", change_names[c->change],
                ranks[c->rank].name, PLM_SV_ARG(c->path), c->mode, c->uid);
        plm_weigh(k, PLM_SV_NULL, ranks[c->rank].severity);
    }
    for (int r = 0; r < PLM_RANK_COUNT_; r++)
        total += v->counts[r];
    if (total > v->shown.n)
        plm_say(
            k, PLM_OUT_FAIL,
            "%llu changes: %llu set-uid, %llu executable, %llu of accounts or start-up, %llu of the program "
            "directories, %llu other; %zu are listed",
            (unsigned long long)total, (unsigned long long)v->counts[PLM_RANK_SETUID],
            (unsigned long long)v->counts[PLM_RANK_EXECUTABLE],
            (unsigned long long)v->counts[PLM_RANK_ACCOUNTS], (unsigned long long)v->counts[PLM_RANK_SYSTEM],
            (unsigned long long)v->counts[PLM_RANK_OTHER], v->shown.n);
    return total;
}

static void check_changes(struct plm_checking *k)
{
    struct plm_layer_changes v;
    const struct plm_container *c = k->container;
    if (plm_truth_is_missing(k))
        return;
    if (!plm_has_truth(k)) {
        plm_say(k, PLM_OUT_NA, "its files are not on this machine");
        return;
    }
    if (!c->upper_dir.p) {
        plm_say(k, PLM_OUT_UNKNOWN, "it has no overlay layer whose place is known (storage driver %.*s)",
                PLM_SV_ARG(plm_json_str(c->inspect.root, "GraphDriver", "Name", NULL)));
        return;
    }
    if (plm_upper_layer_read(k->facts, c, SHOWN, k->arena, &v, NULL) < 0) {
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s: out of memory", PLM_SV_ARG(c->upper_dir));
        return;
    }
    uint64_t total = say_changes(k, &v);
    if (v.failure.p)
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(v.failure));
    if (v.is_cut)
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s has more entries than are looked at", PLM_SV_ARG(c->upper_dir));
    if (!total && !v.failure.p && !v.is_cut)
        plm_say(k, PLM_OUT_PASS, "%.*s: nothing was added, changed or deleted", PLM_SV_ARG(c->upper_dir));
}

/* ---- R17: programs that the image did not bring -------------------------------------------------------- */

static bool is_member(const struct plm_container *c, int32_t pid)
{
    for (size_t i = 0; i < c->processes.n; i++)
        if (c->processes.v[i]->pid == pid)
            return true;
    return false;
}

static bool is_in_upper(int upper, struct plm_arena *a, plm_sv exe)
{
    struct stat st;
    const char *path = plm_arena_cstr(a, exe);
    plm_auto_fd int fd = path && upper >= 0 ? plm_fs_open_in(upper, path, O_PATH | O_NOFOLLOW, NULL) : -1;
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* False: nothing is wrong with it. */
static bool judge_program(struct plm_checking *k, const struct plm_process *p, int upper)
{
    const struct plm_container *c = k->container;
    plm_sv where = plm_process_where(k, p, "exe");
    if (p->is_exe_memfd) {
        /* runc enters a container from a sealed copy of itself, for an instant and as a child of the engine
         */
        if (plm_sv_starts(p->exe, PLM_SV("/memfd:runc_cloned:")) && !is_member(c, p->ppid))
            return false;
        plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s, a program that is in memory only", PLM_SV_ARG(where),
                PLM_SV_ARG(p->exe));
        return true;
    }
    if (p->is_exe_deleted) {
        plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s, which was deleted since", PLM_SV_ARG(where),
                PLM_SV_ARG(p->exe));
        return true;
    }
    const struct plm_mount *m = plm_mount_of(&c->mounts, p->exe);
    bool is_in_layer = !m || plm_sv_is(m->point, "/");
    if (is_in_layer && is_in_upper(upper, k->arena, p->exe)) {
        plm_say(k, PLM_OUT_FAIL,
                "%.*s: %.*s, which is not the image's (it lies in the container's own layer)",
                PLM_SV_ARG(where), PLM_SV_ARG(p->exe));
        return true;
    }
    if (!is_in_layer && (plm_sv_is(m->type, "tmpfs") || plm_sv_is(m->type, "ramfs"))) {
        plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s, on the %.*s at %.*s", PLM_SV_ARG(where), PLM_SV_ARG(p->exe),
                PLM_SV_ARG(m->type), PLM_SV_ARG(m->point));
        return true;
    }
    return false;
}

static void check_programs(struct plm_checking *k)
{
    const struct plm_container *c = k->container;
    size_t judged = 0, wrong = 0, blind = 0;
    if (plm_truth_is_missing(k))
        return;
    if (!plm_has_truth(k)) {
        plm_say(k, PLM_OUT_NA, "its processes are not on this machine");
        return;
    }
    const char *path = c->upper_dir.p ? plm_arena_cstr(k->arena, c->upper_dir) : NULL;
    plm_auto_fd int upper = path ? plm_fs_open_in(k->facts->root_fd, path, O_PATH | O_DIRECTORY, NULL) : -1;
    for (size_t i = 0; i < c->processes.n; i++) {
        const struct plm_process *p = c->processes.v[i];
        if (p->is_kernel || plm_process_seen(p) == PLM_SEEN_GONE)
            continue;
        if (!p->exe.p) {
            blind++;
            plm_say(k, PLM_OUT_UNKNOWN, "%.*s: %s", PLM_SV_ARG(plm_process_where(k, p, "exe")),
                    strerror(p->exe_errno));
            continue;
        }
        judged++;
        wrong += judge_program(k, p, upper);
    }
    if (upper < 0 && !wrong)
        plm_say(k, PLM_OUT_UNKNOWN, "which files the container made itself is not known: %s",
                c->upper_dir.p ? "its upper layer cannot be opened"
                               : "it has no overlay layer in a known place");
    else if (!wrong && !blind)
        plm_say(k, PLM_OUT_PASS, "/proc/PID/exe of %zu processes: files of the image or of a volume", judged);
}

/* ---- R23: containers that no engine knows ----------------------------------------------------------------
 */

enum { JUST_STARTED = 10 /* seconds: an engine's list may be older than such a container */ };

struct stray {
    plm_sv id;
    const struct plm_process *first;
    size_t n;
    plm_sv shim_namespace; /* null: seen by its cgroup */
};

struct strays {
    struct plm_map *known, *found;
    bool is_list_complete;
    plm_sv gap; /* which engine's list is missing */
    bool has_kubelet;
    plm_sv ours; /* cgroups that we are in ourselves */
};

static bool remember(struct strays *s, plm_sv id)
{
    static char mark;
    void **slot = id.n ? plm_map_put(s->known, id) : NULL;
    if (slot)
        *slot = &mark;
    return slot || !id.n;
}

static bool remember_all(struct plm_facts *f, struct strays *s)
{
    s->is_list_complete = true;
    for (size_t i = 0; i < f->daemons.n; i++) {
        const struct plm_daemon *d = &f->daemons.v[i];
        size_t j, n;
        yyjson_val *v;
        if (!d->is_remote && (!d->is_answering || d->containers_failure.p)) {
            s->is_list_complete = false;
            s->gap = d->endpoint;
        }
        for (j = 0; j < d->containers.n; j++)
            if (!remember(s, d->containers.v[j].id))
                return false;
        yyjson_arr_foreach(d->plugins.root, j, n, v)
        {
            if (!remember(s, plm_json_str(v, "Id", NULL)))
                return false;
        }
    }
    return true;
}

static bool is_kubelet(const struct plm_process *p)
{
    return plm_sv_is(p->comm, "kubelet") || plm_sv_is(p->comm, "k3s-server") ||
           plm_sv_is(p->comm, "k3s-agent");
}

/* Whether one of the ids that lead to the process is an engine's, or is one that we are in ourselves. */
static bool is_accounted_for(const struct strays *s, plm_sv cgroup, plm_sv *out_id)
{
    plm_sv id;
    *out_id = PLM_SV_NULL;
    while (plm_cgroup_next_id(&cgroup, &id)) {
        if (plm_map_get(s->known, id))
            return true;
        if (!out_id->p && !plm_cgroup_has_container(s->ours, id))
            *out_id = id;
    }
    return !out_id->p;
}

/* A container that ended, or that was made after the engine was asked, is no stray. */
static bool is_still_there(struct plm_facts *f, const struct plm_process *p)
{
    if (p->started && plm_kernel_is_live(f->kernel) && plm_now(f->ctx) - p->started < JUST_STARTED)
        return false;
    struct plm_process now = *p;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return true;
    now.has_details = false;
    now.sys = 0;
    plm_kernel_process_details(f->kernel, a, &now);
    return now.sys != ESRCH && now.sys != ENOENT;
}

static bool note(struct plm_checking *k, struct strays *s, plm_sv id, const struct plm_process *p,
                 plm_sv shim_namespace)
{
    void **slot = plm_map_put(s->found, id);
    if (!slot)
        return false;
    struct stray *one = *slot;
    if (!one) {
        *slot = one = plm_arena_make(k->arena, struct stray);
        if (!one)
            return false;
        *one = (struct stray){.id = id, .first = p};
    }
    if (shim_namespace.p)
        one->shim_namespace = shim_namespace;
    else if (one->n++ == 0)
        one->first = p;
    return true;
}

/* "containerd-shim-runc-v2 -namespace moby -id ID -address ..." */
static bool read_shim(struct plm_checking *k, struct strays *s, const struct plm_process *p)
{
    struct plm_process shim = *p;
    plm_sv id = PLM_SV_NULL, ns = PLM_SV_NULL, word;
    plm_kernel_process_details(k->facts->kernel, k->arena, &shim);
    if (!plm_sv_starts(plm_base_name(shim.exe), PLM_SV("containerd-shim")))
        return true; /* only called so */
    for (size_t i = 1; (word = plm_process_arg(&shim, i)).p; i++) {
        if (plm_sv_is(word, "-id") || plm_sv_is(word, "--id"))
            id = plm_process_arg(&shim, ++i);
        else if (plm_sv_is(word, "-namespace") || plm_sv_is(word, "--namespace"))
            ns = plm_process_arg(&shim, ++i);
    }
    if (!id.n || plm_map_get(s->known, id) || plm_cgroup_has_container(s->ours, id))
        return true;
    return note(k, s, id, p, ns.n ? ns : PLM_SV("default"));
}

static bool find_strays(struct plm_checking *k, struct strays *s)
{
    const struct plm_facts *f = k->facts;
    for (size_t i = 0; i < f->processes.n; i++) {
        const struct plm_process *p = &f->processes.v[i];
        plm_sv id;
        s->has_kubelet |= is_kubelet(p);
        if (p->is_kernel)
            continue;
        if (plm_sv_starts(p->comm, PLM_SV("containerd-shim")) && !read_shim(k, s, p))
            return false;
        if (p->container_id.p && p->state != 'Z' && !is_accounted_for(s, p->cgroup, &id) &&
            !note(k, s, id, p, PLM_SV_NULL))
            return false;
    }
    return true;
}

static void say_stray(struct plm_checking *k, const struct strays *s, const struct stray *one)
{
    plm_sv cgroup = one->first->cgroup;
    bool is_podman = plm_sv_has(cgroup, PLM_SV("libpod"));
    bool is_pod = plm_sv_has(cgroup, PLM_SV("kubepods")) || plm_sv_is(one->shim_namespace, "k8s.io");
    plm_sv object = plm_arena_printf(k->arena, "container %.*s", PLM_SV_ARG(plm_sv_sub(one->id, 0, 12)));
    plm_sv what = one->n ? plm_arena_printf(k->arena, "%zu processes in its cgroup, the first is %d (%.*s)",
                                            one->n, one->first->pid, PLM_SV_ARG(one->first->comm))
                         : plm_arena_printf(k->arena, "only its shim was seen, process %d", one->first->pid);
    if (one->shim_namespace.p)
        what = plm_arena_printf(k->arena, "%.*s; containerd namespace %.*s", PLM_SV_ARG(what),
                                PLM_SV_ARG(one->shim_namespace));
    if (is_pod && s->has_kubelet)
        plm_say_on(k, object, PLM_OUT_PASS, "a pod's: run by the kubelet; %.*s", PLM_SV_ARG(what));
    else if (is_podman)
        plm_say_on(k, object, PLM_OUT_MANUAL, "Podman's, which keeps no daemon that could be asked: %.*s",
                   PLM_SV_ARG(what));
    else
        plm_say_on(k, object, PLM_OUT_FAIL, "no engine on this machine knows it: %.*s", PLM_SV_ARG(what));
}

/* One cause, one row: an engine that did not answer would make strays of all its containers. */
static bool is_undecided(const struct strays *s, const struct stray *one)
{
    return !s->is_list_complete && !plm_sv_has(one->first->cgroup, PLM_SV("libpod")) &&
           !plm_sv_has(one->first->cgroup, PLM_SV("kubepods"));
}

static void judge_strays(struct plm_checking *k, struct strays *s)
{
    size_t said = 0, undecided = 0;
    for (size_t i = 0; i < plm_map_count(s->found); i++) {
        const struct stray *one = plm_map_value(s->found, i);
        if (!is_still_there(k->facts, one->first))
            continue;
        said++;
        if (is_undecided(s, one))
            undecided++;
        else
            say_stray(k, s, one);
    }
    if (undecided)
        plm_say(k, PLM_OUT_UNKNOWN,
                "%zu containers are in no list that was read, and %.*s did not give its list", undecided,
                PLM_SV_ARG(s->gap));
    if (!said)
        plm_say(k, PLM_OUT_PASS,
                "every process in a container's cgroup and every shim belongs to one of %zu "
                "containers and plugins that the engines list",
                plm_map_count(s->known));
}

static void check_strays(struct plm_checking *k)
{
    struct plm_facts *f = k->facts;
    if (!f->kernel || f->processes_failure.p) {
        plm_say(k, PLM_OUT_UNKNOWN, "/proc: %.*s",
                PLM_SV_ARG(f->processes_failure.p ? f->processes_failure : f->kernel_failure));
        return;
    }
    if (f->opt->no_engine || f->opt->host.p || f->opt->context.p) {
        plm_say(k, PLM_OUT_NA, "not every engine of this machine was asked");
        return;
    }
    plm_auto(plm_map_free) struct plm_map *known = plm_map_new(), *found = plm_map_new();
    struct strays s = {.known = known, .found = found};
    int sys = 0;
    s.ours = plm_kernel_is_live(f->kernel)
                 ? plm_kernel_text(f->kernel, k->arena, "/proc/self/cgroup", PLM_KIB(64), &sys)
                 : PLM_SV_NULL;
    if (!known || !found || !remember_all(f, &s) || !find_strays(k, &s))
        plm_say(k, PLM_OUT_UNKNOWN, "out of memory");
    else
        judge_strays(k, &s);
}

/* ---- the table
 * --------------------------------------------------------------------------------------------- */

static const struct plm_check checks[] = {
    {.id = "R16",
     .title = "running containers have not changed their image's files",
     .reads = "the upper directory of the container's overlay, the mounts of its first process",
     .rationale =
         "A container is made from an image that was scanned and approved. Programs added since, and files "
         "changed since, were not; they are how an intruder stays, and they are lost at the next start.",
     .fix = "Find out who made the change, recreate the container from its image, and start it with "
            "`--read-only` "
            "(compose: `read_only: true`), with `--tmpfs` or volumes where it must write.",
     .severity = PLM_SEV_HIGH,
     .stage = PLM_STAGE_CONTAINERS,
     .subject = PLM_PER_CONTAINER,
     .impact = PLM_IMPACT_RESTART,
     .needs_running = true,
     .run = check_changes},
    {.id = "R17",
     .title = "containers run only programs that their image brought",
     .reads = "/proc/PID/exe of every process, the upper directory of the container's overlay",
     .rationale = "A program that was written into the running container, that was deleted after it was "
                  "started, or that exists in memory only, is not what was scanned.",
     .fix = "Stop and keep the container for examination (`docker pause NAME`), then recreate it from its "
            "image.",
     .severity = PLM_SEV_HIGH,
     .stage = PLM_STAGE_CONTAINERS,
     .subject = PLM_PER_CONTAINER,
     .impact = PLM_IMPACT_RESTART,
     .needs_running = true,
     .run = check_programs},
    {.id = "R23",
     .title = "every container belongs to an engine",
     .reads = "/proc/PID/cgroup of every process, command lines of shims, the container lists of all engines",
     .rationale =
         "A container that no engine lists was started around the engine, its policies and its logs.",
     .fix = "Look at its processes (`systemd-cgls`, `ctr namespaces list`, `ctr -n NAMESPACE tasks list`) "
            "and end "
            "what nobody answers for.",
     .severity = PLM_SEV_HIGH,
     .stage = PLM_STAGE_CONTAINERS,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_strays},
};

static const struct plm_check_group immutable = {
    .id = "immutable",
    .summary = "changed files and foreign programs in running containers, containers that no engine knows",
    .checks = checks,
    .n = sizeof(checks) / sizeof(checks[0]),
};
PLM_REGISTER(plm_check_groups, struct plm_check_group, immutable);
