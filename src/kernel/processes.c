/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of processes: /proc/PID/stat and /proc/PID/cgroup of each (proc(5)).
 *
 * The name in stat stands in parentheses and may hold anything, parentheses and newlines too, so
 * fields are counted from the last ')'. Two small files per process are read; everything dear
 * (details.c) is left to who asks. Linear in the number of processes.
 */
#include "kernel_int.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

enum { STAT_MAX = 1 << 14, CGROUP_MAX = 1 << 20, FIELD_FLAGS = 9, FIELD_START = 22 };
#define PF_KTHREAD 0x00200000u
#define USER_HZ_   100 /* of recorded trees; the live value is sysconf's */

/* Fields 3 .. 22 of stat, behind the name. */
static bool read_fields(plm_sv rest, struct plm_process *p)
{
    plm_sv word;
    uint64_t v = 0;
    for (int field = 3; field <= FIELD_START; field++) {
        if (!plm_sv_word(&rest, &word))
            return false;
        if (field == 3) {
            p->state = word.p[0];
            continue;
        }
        if (field != 4 && field != FIELD_FLAGS && field != FIELD_START)
            continue;
        if (!plm_sv_u64(word, &v))
            return false;
        if (field == 4) {
            if (v > INT32_MAX)
                return false;
            p->ppid = (int32_t)v;
        } else if (field == FIELD_FLAGS) {
            p->is_kernel = (v & PF_KTHREAD) != 0;
        }
    }
    p->start_ticks = v;
    return true;
}

bool plm_process_stat_parse(plm_sv text, struct plm_process *p)
{
    size_t open = plm_sv_find(text, '('), close = plm_sv_rfind(text, ')');
    if (open == SIZE_MAX || close == SIZE_MAX || close < open)
        return false;
    p->comm = plm_sv_sub(text, open + 1, close - open - 1);
    return read_fields(plm_sv_from_off(text, close + 1), p);
}

static int64_t started_at(struct plm_kernel *k, uint64_t ticks)
{
    int64_t boot = plm_kernel_boot_time(k);
    long hz = k->is_live ? sysconf(_SC_CLK_TCK) : USER_HZ_;
    return boot && hz > 0 ? boot + (int64_t)(ticks / (uint64_t)hz) : 0;
}

/* 1: read; 0: it has gone, or there is nothing to say about it; -1: out of memory. */
static int read_process(struct plm_kernel *k, struct plm_arena *a, int32_t pid, plm_sv last_cgroup,
                        struct plm_process *p)
{
    plm_sv text;
    int sys = plm_kernel_read(k, k->proc_fd, plm_kernel_pid_path(k, pid, "stat").text, STAT_MAX, &text);
    if (sys || !plm_process_stat_parse(text, p))
        return sys == ENOMEM ? -1 : 0;
    p->pid = pid;
    p->comm = plm_arena_sv(a, p->comm);
    if (p->is_kernel)
        return 1;
    sys = plm_kernel_read(k, k->proc_fd, plm_kernel_pid_path(k, pid, "cgroup").text, CGROUP_MAX, &text);
    if (sys)
        return sys == ENOMEM ? -1 : 1;
    text = plm_sv_trim(text);
    p->cgroup = last_cgroup.p && plm_sv_eq(text, last_cgroup) ? last_cgroup : plm_arena_sv(a, text);
    p->container_id = plm_cgroup_container_id(p->cgroup);
    return 1;
}

static int by_pid(const void *x, const void *y)
{
    const struct plm_process *a = x, *b = y;
    return (a->pid > b->pid) - (a->pid < b->pid);
}

static int list(struct plm_kernel *k, DIR *dir, struct plm_arena *a, plm_process_vec *out, plm_err **err)
{
    plm_sv last_cgroup = PLM_SV_NULL;
    for (;;) {
        errno = 0;
        const struct dirent *e = readdir(dir);
        if (!e)
            return errno ? plm_fail_sys(err, "/proc") : 0;
        uint64_t pid;
        if (!plm_sv_u64(plm_sv_from(e->d_name), &pid) || pid == 0 || pid > INT32_MAX)
            continue;
        struct plm_process p = {0};
        int r = read_process(k, a, (int32_t)pid, last_cgroup, &p);
        if (r < 0)
            return plm_fail_oom(err);
        if (r == 0)
            continue;
        if (out->n >= k->ctx->limits->processes)
            return plm_fail(err, PLM_E_LIMIT, "/proc: more than %llu processes",
                            (unsigned long long)k->ctx->limits->processes);
        struct plm_process *slot = plm_vec_push(a, out);
        if (!slot)
            return plm_arena_check(a, err);
        *slot = p;
        if (p.cgroup.p)
            last_cgroup = p.cgroup;
    }
}

int plm_kernel_processes(struct plm_kernel *k, struct plm_arena *a, plm_process_vec *out, plm_err **err)
{
    *out = (plm_process_vec){0};
    int fd = plm_kernel_openat(k, k->proc_fd, ".", O_RDONLY | O_DIRECTORY);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        int r = plm_fail_sys(err, "/proc");
        if (fd >= 0)
            close(fd);
        return r;
    }
    int r = list(k, dir, a, out, err);
    closedir(dir);
    if (r < 0 || plm_arena_check(a, err) < 0)
        return -1;
    if (out->n)
        qsort(out->v, out->n, sizeof(*out->v), by_pid);
    for (size_t i = 0; i < out->n; i++)
        out->v[i].started = started_at(k, out->v[i].start_ticks);
    return 0;
}

/* ---- container ids in cgroup paths --------------------------------------------------------------- */

enum { ID_DIGITS = 64 };

static bool is_id(plm_sv s)
{
    if (s.n != ID_DIGITS)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
            return false;
    return true;
}

/* "<id>", "docker-<id>.scope", "cri-containerd-<id>.scope", "libpod-<id>", "system.slice:docker:<id>". A
 * monitor ("libpod-conmon-<id>.scope") is the engine's, not the container's. */
static plm_sv id_of_component(plm_sv c)
{
    if (plm_sv_ends(c, PLM_SV(".scope")))
        c.n -= sizeof(".scope") - 1;
    if (c.n < ID_DIGITS)
        return PLM_SV_NULL;
    plm_sv id = plm_sv_from_off(c, c.n - ID_DIGITS), before = plm_sv_sub(c, 0, c.n - ID_DIGITS);
    if (!is_id(id))
        return PLM_SV_NULL;
    if (before.n && before.p[before.n - 1] != '-' && before.p[before.n - 1] != ':')
        return PLM_SV_NULL;
    return plm_sv_ends(before, PLM_SV("conmon-")) ? PLM_SV_NULL : id;
}

bool plm_cgroup_next_id(plm_sv *rest, plm_sv *id)
{
    while (rest->n) {
        size_t end = 0;
        while (end < rest->n && rest->p[end] != '/' && rest->p[end] != '\n')
            end++;
        *id = id_of_component(plm_sv_sub(*rest, 0, end));
        *rest = plm_sv_from_off(*rest, end + 1);
        if (id->p)
            return true;
    }
    return false;
}

plm_sv plm_cgroup_container_id(plm_sv text)
{
    plm_sv id;
    return plm_cgroup_next_id(&text, &id) ? id : PLM_SV_NULL;
}

bool plm_cgroup_has_container(plm_sv text, plm_sv id)
{
    plm_sv found;
    while (plm_cgroup_next_id(&text, &found))
        if (plm_sv_eq(found, id))
            return true;
    return false;
}
