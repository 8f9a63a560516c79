/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads as /proc describes them (proc(5)): for one that no record announced, and as the start-up scan where
 * the kernel has no task iterator. /proc/TID is there for every thread, also where it is not listed.
 *
 * Any file may be gone between two reads, or be closed to us: its facts are then missing, and without
 * `status` and `stat` there is no thread. Start times count in clock ticks since boot, so they are a
 * hundredth of a second coarse. Links to files that were unlinked end in " (deleted)".
 */
#include "watch/field.h"

#include "base/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FIELD_PGRP = 5, FIELD_SESSION, FIELD_TTY, FIELD_FLAGS = 9, FIELD_START = 22, FIELDS = 23 };
enum { STATUS_MAX = 1 << 14, STRINGS_MAX = 4096, CGROUP_MAX = 1 << 16 };
#define PF_KTHREAD_ 0x00200000u
#define NS_PER_S    1000000000ull

struct plm_proc_reader {
    char *proc;
    uint32_t needs;
    uint64_t boot; /* nanoseconds of the epoch at boot */
    uint64_t tick; /* nanoseconds of a clock tick */
};

struct plm_proc_reader *plm_proc_reader_new(const char *proc, uint32_t needs, plm_err **err)
{
    struct plm_proc_reader *r = calloc(1, sizeof(*r));
    if (!r || !(r->proc = strdup(proc))) {
        free(r);
        return PLM_NULL(plm_fail_oom(err));
    }
    struct timespec real, boot;
    clock_gettime(CLOCK_REALTIME, &real);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    long hz = sysconf(_SC_CLK_TCK);
    r->needs = needs;
    r->boot = ((uint64_t)real.tv_sec - (uint64_t)boot.tv_sec) * NS_PER_S + (uint64_t)real.tv_nsec -
              (uint64_t)boot.tv_nsec;
    r->tick = NS_PER_S / (hz > 0 ? (uint64_t)hz : 100);
    return r;
}

void plm_proc_reader_free(struct plm_proc_reader *r)
{
    if (!r)
        return;
    free(r->proc);
    free(r);
}

/* ---- files of one thread --------------------------------------------------------------------------------
 */

struct place {
    const struct plm_proc_reader *r;
    int32_t tid;
    struct plm_arena *a;
};

static const char *path_of(const struct place *at, const char *name)
{
    return plm_arena_printf(at->a, "%s/%d/%s", at->r->proc, at->tid, name).p;
}

/* At most max bytes of a file of /proc; null: unreadable. */
static plm_sv text_of(const struct place *at, const char *name, size_t max)
{
    const char *path = path_of(at, name);
    plm_auto_fd int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    char *to = fd >= 0 ? plm_arena_alloc(at->a, max + 1) : NULL;
    size_t n = 0;
    while (to && n < max) {
        ssize_t got = read(fd, to + n, max - n);
        if (got < 0)
            return PLM_SV_NULL;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    return to ? plm_sv_n(to, n) : PLM_SV_NULL;
}

static plm_sv link_of(const struct place *at, const char *name)
{
    const char *path = path_of(at, name);
    char *to = path ? plm_arena_alloc(at->a, PATH_MAX) : NULL;
    ssize_t n = to ? readlink(path, to, PATH_MAX) : -1;
    if (n <= 0)
        return PLM_SV_NULL;
    plm_sv s = plm_sv_n(to, (size_t)n);
    if (plm_sv_ends(s, PLM_SV(" (deleted)")))
        s.n -= sizeof(" (deleted)") - 1;
    return s;
}

/* "mnt:[4026531840]" */
static uint64_t ns_of(const struct place *at, const char *name)
{
    plm_sv s = link_of(at, name), head, tail;
    uint64_t ino = 0;
    if (!plm_sv_cut(s, '[', &head, &tail) || !tail.n)
        return 0;
    tail.n--;
    return plm_sv_u64(tail, &ino) ? ino : 0;
}

/* ---- status and stat
 * ---------------------------------------------------------------------------------------- */

static plm_sv row_of(plm_sv status, const char *key)
{
    plm_sv line, name, value;
    while (plm_sv_line(&status, &line))
        if (plm_sv_cut(line, ':', &name, &value) && plm_sv_is(name, key))
            return plm_sv_trim(value);
    return PLM_SV_NULL;
}

static plm_sv word_of(plm_sv row, int n)
{
    plm_sv word = PLM_SV_NULL;
    while (n-- >= 0)
        if (!plm_sv_word(&row, &word))
            return PLM_SV_NULL;
    return word;
}

static uint64_t number_of(plm_sv status, const char *key, int n)
{
    uint64_t v = 0;
    return plm_sv_u64(word_of(row_of(status, key), n), &v) ? v : 0;
}

/* The innermost of the numbers that the namespaces give it. */
static int32_t last_of(plm_sv status, const char *key, int32_t otherwise)
{
    plm_sv row = row_of(status, key), word, last = PLM_SV_NULL;
    uint64_t v = 0;
    while (plm_sv_word(&row, &word))
        last = word;
    return plm_sv_u64(last, &v) && v <= INT32_MAX ? (int32_t)v : otherwise;
}

static uint64_t hex_of(plm_sv status, const char *key)
{
    plm_sv s = row_of(status, key);
    uint64_t v = 0;
    for (size_t i = 0; i < s.n && i < 16; i++) {
        char c = s.p[i];
        v = v << 4 | (uint64_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return v;
}

/* Fields behind the name, which may hold anything. */
static bool read_stat(const struct place *at, struct plm_task_info *out)
{
    plm_sv text = text_of(at, "stat", STATUS_MAX), word;
    size_t open_ = plm_sv_find(text, '('), close_ = plm_sv_rfind(text, ')');
    if (open_ == SIZE_MAX || close_ == SIZE_MAX || close_ < open_)
        return false;
    out->comm = plm_sv_sub(text, open_ + 1, close_ - open_ - 1);
    plm_sv rest = plm_sv_from_off(text, close_ + 1);
    uint64_t v[FIELDS] = {0};
    for (int i = 3; i < FIELDS; i++) {
        if (!plm_sv_word(&rest, &word))
            return false;
        if (!plm_sv_u64(word, &v[i]))
            v[i] = 0; /* the state, a letter; negative numbers */
    }
    out->pgid = (int32_t)v[FIELD_PGRP];
    out->sid = (int32_t)v[FIELD_SESSION];
    out->tty = (uint32_t)v[FIELD_TTY];
    out->is_kernel_thread = (v[FIELD_FLAGS] & PF_KTHREAD_) != 0;
    out->clone_ts = at->r->boot + v[FIELD_START] * at->r->tick;
    return true;
}

static bool read_status(const struct place *at, struct plm_task_info *out)
{
    plm_sv s = text_of(at, "status", STATUS_MAX);
    out->pid = (int32_t)number_of(s, "Tgid", 0);
    if (out->pid <= 0)
        return false;
    out->tid = at->tid;
    out->ptid = (int32_t)number_of(s, "PPid", 0);
    out->uid = (uint32_t)number_of(s, "Uid", 1);
    out->gid = (uint32_t)number_of(s, "Gid", 1);
    out->vpid = last_of(s, "NStgid", out->pid);
    out->vtid = last_of(s, "NSpid", out->tid);
    out->vpgid = last_of(s, "NSpgid", -1);
    out->cap_inheritable = hex_of(s, "CapInh");
    out->cap_permitted = hex_of(s, "CapPrm");
    out->cap_effective = hex_of(s, "CapEff");
    out->n_threads = (uint32_t)number_of(s, "Threads", 0);
    out->vm_size = number_of(s, "VmSize", 0);
    out->vm_rss = number_of(s, "VmRSS", 0);
    out->vm_swap = number_of(s, "VmSwap", 0);
    return true;
}

/* ---- the rest
 * -------------------------------------------------------------------------------------------------- */

static plm_sv without_end(plm_sv strings)
{
    while (strings.n && strings.p[strings.n - 1] == '\0')
        strings.n--;
    return strings;
}

static void read_strings(const struct place *at, struct plm_task_info *out)
{
    plm_sv all = text_of(at, "cmdline", STRINGS_MAX);
    if (all.n) {
        if (!plm_sv_cut(all, '\0', &out->exe, &out->args))
            out->args = plm_sv_from_off(all, all.n);
        out->args = without_end(out->args);
    }
    if (at->r->needs & PLM_NEED_ENV)
        out->env = without_end(text_of(at, "environ", STRINGS_MAX));
}

static bool has_group(plm_sv groups, plm_sv name)
{
    plm_sv one, subsystem, path;
    while (plm_sv_field(&groups, '\0', &one))
        if (plm_sv_cut(one, '=', &subsystem, &path) && plm_sv_eq(subsystem, name))
            return true;
    return false;
}

/* The path that names a container, else version 2's, else the longest; and all of them as "subsystem=path".
 */
static void read_cgroups(const struct place *at, struct plm_task_info *out)
{
    plm_sv text = text_of(at, "cgroup", CGROUP_MAX), line, number, rest, list, path, one;
    plm_auto_done(plm_buf_done) struct plm_buf all = PLM_BUF(CGROUP_MAX);
    bool has_id = false;
    while (plm_sv_line(&text, &line)) {
        if (!plm_sv_cut(line, ':', &number, &rest) || !plm_sv_cut(rest, ':', &list, &path))
            continue;
        enum plm_runtime runtime;
        plm_sv id;
        bool is_v2 = !list.n,
             names = plm_cgroup_container(path, &runtime, &id) && runtime != PLM_RT_CONTAINERD;
        if (!has_id && (names || !out->cgroup.p || (is_v2 && path.n > 1) || path.n > out->cgroup.n))
            out->cgroup = path;
        has_id = has_id || names || (is_v2 && path.n > 1);
        if (is_v2) /* last in the file: every controller that no version 1 hierarchy took */
            list = PLM_SV("cpuset,cpu,cpuacct,io,memory,pids");
        while (plm_sv_field(&list, ',', &one)) {
            if (plm_sv_starts(one, PLM_SV("name=")) || (is_v2 && has_group(plm_buf_sv(&all), one)))
                continue;
            plm_buf_sv_put(&all, one);
            plm_buf_byte(&all, '=');
            plm_buf_sv_put(&all, path);
            plm_buf_byte(&all, '\0');
        }
    }
    if (all.n && !all.failed)
        out->cgroups = plm_arena_sv(at->a, without_end(plm_buf_sv(&all)));
}

static void read_exe(const struct place *at, struct plm_task_info *out)
{
    struct stat st;
    const char *path = path_of(at, "exe");
    out->exepath = link_of(at, "exe");
    if (plm_sv_starts(out->exepath, PLM_SV("/memfd:")))
        out->exe_flags |= PLM_EXE_FROM_MEMFD;
    if (!path || stat(path, &st) < 0)
        return;
    out->exe_ino = st.st_ino;
    out->exe_ctime = (uint64_t)st.st_ctim.tv_sec * NS_PER_S + (uint64_t)st.st_ctim.tv_nsec;
    out->exe_mtime = (uint64_t)st.st_mtim.tv_sec * NS_PER_S + (uint64_t)st.st_mtim.tv_nsec;
}

static void read_limit(const struct place *at, struct plm_task_info *out)
{
    plm_sv text = text_of(at, "limits", STATUS_MAX), line, word;
    while (plm_sv_line(&text, &line)) {
        if (!plm_sv_starts(line, PLM_SV("Max open files")))
            continue;
        plm_sv rest = plm_sv_from_off(line, sizeof("Max open files") - 1);
        if (plm_sv_word(&rest, &word))
            (void)plm_sv_u64(word, &out->fdlimit); /* "unlimited" cannot be */
    }
}

bool plm_proc_reader_lookup(void *reader, int32_t tid, struct plm_arena *a, struct plm_task_info *out)
{
    const struct place at = {.r = reader, .tid = tid, .a = a};
    struct plm_task_info t = {.loginuid = -1};
    uint64_t v;
    if (tid <= 0 || !read_status(&at, &t) || !read_stat(&at, &t))
        return false;
    if (plm_sv_u64(plm_sv_trim(text_of(&at, "loginuid", 32)), &v) && v != UINT32_MAX)
        t.loginuid = (int64_t)v;
    if (!t.is_kernel_thread) {
        read_strings(&at, &t);
        read_exe(&at, &t);
        read_cgroups(&at, &t);
        read_limit(&at, &t);
        t.cwd = link_of(&at, "cwd");
        t.root = link_of(&at, "root");
        if (plm_sv_is(t.root, "/"))
            t.root = PLM_SV_NULL;
        t.mnt_ns = ns_of(&at, "ns/mnt");
        t.pid_ns = ns_of(&at, "ns/pid");
    }
    if (plm_arena_failed(a))
        return false;
    *out = t;
    return true;
}

/* ---- all of them
 * ------------------------------------------------------------------------------------------------- */

static int put_one(struct plm_proc_reader *r, struct plm_procs *p, struct plm_arena *a, int32_t tid,
                   plm_err **err)
{
    struct plm_task_info info;
    plm_arena_reset(a);
    return plm_proc_reader_lookup(r, tid, a, &info) ? plm_procs_put(p, &info, err) : 0;
}

/* Numbers in a directory, each to put_one but `except`, which was put before. */
static int put_listed(struct plm_proc_reader *r, struct plm_procs *p, struct plm_arena *a, int32_t pid,
                      plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf path = PLM_BUF(PATH_MAX);
    plm_buf_printf(&path, "%s/%d/task", r->proc, pid);
    const char *name = plm_buf_cstr(&path);
    DIR *d = name ? opendir(name) : NULL; /* gone: nothing to put */
    const struct dirent *e;
    int result = 0;
    while (d && result == 0 && (e = readdir(d))) {
        uint64_t tid;
        if (plm_sv_u64(plm_sv_from(e->d_name), &tid) && tid <= INT32_MAX && (int32_t)tid != pid)
            result = put_one(r, p, a, (int32_t)tid, err);
    }
    if (d)
        closedir(d);
    return result;
}

int plm_proc_reader_scan(struct plm_proc_reader *r, struct plm_procs *p, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(4));
    if (!a)
        return plm_fail_oom(err);
    DIR *d = opendir(r->proc);
    if (!d)
        return plm_fail_sys(err, "%s", r->proc);
    const struct dirent *e;
    int result = 0;
    while (result == 0 && (e = readdir(d))) {
        uint64_t pid;
        if (!plm_sv_u64(plm_sv_from(e->d_name), &pid) || pid == 0 || pid > INT32_MAX)
            continue;
        result = put_one(r, p, a, (int32_t)pid, err);
        if (result == 0)
            result = put_listed(r, p, a, (int32_t)pid, err);
    }
    closedir(d);
    return result;
}
