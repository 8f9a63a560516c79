/* SPDX-License-Identifier: Apache-2.0
 *
 * Made-up events of made-up processes, for tests of the matcher and of the kernel's filter. Everything is
 * chosen by a small generator, so a failure names its seed.
 */
#pragma once

#include "rules_load.h"
#include "watch/kfilter.h"
#include "watch/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>

struct world {
    uint64_t seed, n_changes;
    struct plm_arena *arena;
    struct plm_procs *procs;
    struct plm_thread *thread;
    struct plm_container container;
    struct plm_event event;
    struct plm_view view;
};

static inline uint32_t pick(struct world *w, uint32_t n)
{
    w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(w->seed >> 33) % n;
}
#define PICK(w, list) ((list)[pick((w), (uint32_t)(sizeof(list) / sizeof *(list)))])

static inline void world_task(struct world *w, int32_t pid, int32_t parent, const char *name, uint32_t uid,
                              uint32_t tty)
{
    struct plm_task_info t = {.tid = pid,
                              .pid = pid,
                              .ptid = parent,
                              .vtid = pid,
                              .vpid = pid,
                              .sid = 100,
                              .pgid = pid,
                              .vpgid = pid,
                              .uid = uid,
                              .loginuid = -1,
                              .tty = tty,
                              .cap_effective = uid ? 0 : UINT64_MAX,
                              .comm = plm_sv_from(name),
                              .exe = plm_sv_from(name),
                              .args = PLM_SV("-c\0id"),
                              .exepath = PLM_SV("/usr/bin/x"),
                              .cwd = PLM_SV("/srv/")};
    assert_int_equal(plm_procs_put(w->procs, &t, NULL), 0);
}

static inline void world_open(struct world *w, uint64_t seed)
{
    *w = (struct world){.seed = seed, .arena = plm_arena_new(PLM_ARENA_NO_LIMIT)};
    struct plm_procs_config conf = {.drop_cache = plm_rule_matcher_drop_cache};
    w->procs = plm_procs_new(&conf, NULL);
    assert_non_null(w->procs);
    w->container = (struct plm_container){.runtime = PLM_RT_DOCKER, .id = PLM_SV("0123456789ab")};
    world_task(w, 100, 1, "sshd", 0, 0);
    world_task(w, 200, 100, "cat", 0, 0);
}

static inline void world_close(struct world *w)
{
    plm_procs_free(w->procs);
    plm_arena_free(w->arena);
}
PLM_CLEANUP_INPLACE(struct world, world_close)

/* The process becomes another one. */
static inline void world_process(struct world *w)
{
    static const char *const names[] = {"cat", "sshd", "bash", "tar", "nginx", "dpkg"};
    static const char *const parents[] = {"sshd", "systemd", "bash"};
    world_task(w, 100, 1, PICK(w, parents), 0, 0);
    world_task(w, 200, 100, PICK(w, names), pick(w, 2) * 1000, pick(w, 2) * 34816);
    w->thread = plm_procs_find(w->procs, 200);
    assert_non_null(w->thread);
    w->thread->container = pick(w, 2) ? &w->container : NULL;
    w->thread->version = (1ull << 32) + ++w->n_changes; /* the container: the table knows nothing of it */
}

static inline struct plm_param *world_param(struct world *w, const char *name)
{
    int at = plm_evtype_param(w->event.type, plm_sv_from(name));
    if (at < 0)
        return NULL;
    w->event.params[at].is_present = true;
    return &w->event.params[at];
}

static inline void world_file(struct world *w)
{
    static const char *const paths[] = {"/etc/shadow",
                                        "/etc/hosts",
                                        "/etc/pam.d/su",
                                        "/usr/lib/libc.so",
                                        "/root/.ssh/id_rsa",
                                        "/home/a/.ssh/id_rsa",
                                        "/dev/null",
                                        "/",
                                        "/etc",
                                        "/proc/1/environ",
                                        "/var/log/syslog",
                                        "/x"};
    static const char *const raws[] = {"../../etc/shadow", "/etc//hosts", "x", "a..b", "/proc/self/environ"};
    static const uint32_t flags[] = {O_RDONLY, O_WRONLY, O_RDWR, O_PATH, O_TMPFILE | O_RDWR, 3};
    uint64_t f = PICK(w, flags) | (pick(w, 3) ? 0 : O_CREAT) | (pick(w, 3) ? 0 : O_TRUNC);
    struct plm_fdinfo *fd = &w->event.fd;
    fd->name = plm_sv_from(PICK(w, paths));
    fd->nameraw = plm_sv_from(PICK(w, raws));
    fd->type = pick(w, 4) ? PLM_FD_FILE : PLM_FD_DIRECTORY;
    fd->open_flags = (uint32_t)f;
    struct plm_param *p = world_param(w, "flags");
    if (p)
        p->u = f;
    p = world_param(w, "name");
    if (p)
        p->s = fd->nameraw;
}

static inline void world_socket(struct world *w)
{
    static const enum plm_fdtype types[] = {PLM_FD_IPV4, PLM_FD_IPV6, PLM_FD_UNIX, PLM_FD_PIPE, PLM_FD_FILE};
    static const uint16_t ports[] = {22, 53, 80, 443, 4444, 50000};
    struct plm_fdinfo *fd = &w->event.fd;
    fd->type = PICK(w, types);
    fd->name = fd->type == PLM_FD_FILE ? PLM_SV("/etc/shadow") : PLM_SV("something");
    if (fd->type != PLM_FD_IPV4 && fd->type != PLM_FD_IPV6)
        return;
    fd->l4 = pick(w, 2) ? IPPROTO_TCP : IPPROTO_UDP;
    uint8_t family = fd->type == PLM_FD_IPV4 ? 4 : 6;
    fd->addr =
        (struct plm_addr){.family = family, .sip = {family, {10, 0, 0, 1}}, .dip = {family, {127, 0, 0, 1}}};
    fd->addr.sport = fd->lport = PICK(w, ports);
    fd->addr.dport = fd->rport = PICK(w, ports);
    fd->lip = fd->addr.sip;
    fd->rip = fd->addr.dip;
}

static inline void world_event(struct world *w)
{
    static const char *const types[] = {"open",   "openat",   "openat2", "creat",  "open_by_handle_at",
                                        "execve", "connect",  "accept4", "sendto", "dup",
                                        "setuid", "unlinkat", "close",   "read",   "procexit"};
    plm_arena_reset(w->arena);
    w->event = (struct plm_event){.num = 1 + pick(w, 1000), .ts = 1, .tid = 200, .pid = 200};
    const char *name = PICK(w, types);
    w->event.type = plm_evtype_find(plm_sv_from(name));
    assert_non_null(w->event.type);
    w->event.n_params = w->event.type->n_params;
    static const int64_t results[] = {0, 1, 3, 1000, -EPERM, -ENOENT, -EINPROGRESS};
    w->event.has_res = strcmp(name, "procexit") != 0;
    w->event.res = w->event.has_res ? PICK(w, results) : 0;
    bool is_open = strncmp(name, "open", 4) == 0 || strcmp(name, "creat") == 0;
    w->event.has_fd = w->event.type->has_fd;
    w->event.fd.num = is_open || strncmp(name, "acc", 3) == 0 ? w->event.res : 3;
    if (is_open)
        world_file(w);
    else if (w->event.has_fd)
        world_socket(w);
    if (is_open && w->event.res < 0)
        w->event.fd.type = PLM_FD_UNKNOWN;
    w->view = (struct plm_view){.event = &w->event,
                                .thread = w->thread,
                                .procs = w->procs,
                                .arena = w->arena,
                                .hostname = PLM_SV("h")};
}
