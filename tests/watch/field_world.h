/* SPDX-License-Identifier: Apache-2.0
 *
 * A small world for tests of fields: systemd (1) - sshd (80) - bash (90) - cat (100), a container "c0ffee…"
 * with metadata, and events of several kinds in it. Included by one test each.
 */
#pragma once

#include "watch/evtype.h"
#include "watch/field_int.h"

#include <fcntl.h>
#include <netinet/in.h>

struct world {
    struct plm_thread init, sshd, bash, cat, unknown;
    struct plm_container container, sandbox;
    struct plm_container_mount mounts[2];
    plm_sv label_names[2], label_values[2];
    struct plm_event e;
    struct plm_addr addr;
    struct plm_view view;
};

/* 2026-07-01T10:02:11.004210337Z */
#define WORLD_TS 1782900131004210337ull
#define SEC      1000000000ull

__attribute__((unused)) static void world_thread(struct plm_thread *t, int32_t pid, const char *comm,
                                                 const char *exe, plm_sv args, struct plm_thread *parent)
{
    *t = (struct plm_thread){.parent = parent, .is_known = true, .n_tasks = 1};
    t->leader = t;
    t->info = (struct plm_task_info){.tid = pid,
                                     .pid = pid,
                                     .ptid = parent ? parent->info.pid : 0,
                                     .vtid = pid,
                                     .vpid = pid,
                                     .sid = 90,
                                     .pgid = 100,
                                     .vpgid = 100,
                                     .loginuid = 1000,
                                     .clone_ts = WORLD_TS - 5 * SEC,
                                     .comm = plm_sv_from(comm),
                                     .exe = plm_sv_from(comm),
                                     .exepath = plm_sv_from(exe),
                                     .args = args,
                                     .env = PLM_SV("HOME=/root\0EMPTY=\0"),
                                     .cwd = PLM_SV("/work")};
    if (parent)
        parent->n_children++;
}

__attribute__((unused)) static void world_make(struct world *w, struct plm_arena *a)
{
    *w = (struct world){0};
    world_thread(&w->init, 1, "systemd", "/usr/lib/systemd/systemd", PLM_SV(""), NULL);
    world_thread(&w->sshd, 80, "sshd", "/usr/sbin/sshd", PLM_SV("-D\0"), &w->init);
    world_thread(&w->bash, 90, "bash", "/usr/bin/bash", PLM_SV(""), &w->sshd);
    world_thread(&w->cat, 100, "cat", "/usr/bin/cat", PLM_SV("-n\0/etc/shadow\0"), &w->bash);
    w->bash.info.env = PLM_SV("HOME=/home/ann\0EMPTY=\0ONLY=bash\0");
    w->unknown = (struct plm_thread){.info = {.tid = 7, .pid = 7, .vtid = -1, .vpid = -1, .loginuid = -1}};
    struct plm_task_info *t = &w->cat.info;
    t->tty = 34816;
    t->exe_flags = PLM_EXE_UPPER_LAYER | PLM_EXE_WRITABLE;
    t->exe_ino = 77;
    t->exe_ctime = WORLD_TS - 10 * SEC;
    t->exe_mtime = WORLD_TS - 20 * SEC;
    t->pidns_init_ts = WORLD_TS - 30 * SEC;
    t->cap_effective = 1ull << 21 | 1;
    t->cap_permitted = 1ull << 12;
    t->cgroup = PLM_SV("/docker/c0ffee");
    t->cgroups = PLM_SV("memory=/docker/c0ffee\0cpu=/x");
    t->fdlimit = 1024, t->vm_size = 4000, t->vm_rss = 300, t->vm_swap = 2, t->n_threads = 1;
    w->view = (struct plm_view){.thread = &w->cat,
                                .arena = a,
                                .first_ts = WORLD_TS - 3 * SEC - 5,
                                .previous_ts = WORLD_TS - 2,
                                .hostname = PLM_SV("node7")};
}

__attribute__((unused)) static void world_container(struct world *w)
{
    w->mounts[0] = (struct plm_container_mount){PLM_SV("/src/a"), PLM_SV("/dst/a"), PLM_SV("z"),
                                                PLM_SV("rprivate"), false};
    w->mounts[1] =
        (struct plm_container_mount){PLM_SV("/src/b"), PLM_SV("/dst/b"), PLM_SV_NULL, PLM_SV_NULL, true};
    w->label_names[0] = PLM_SV("KEY"), w->label_values[0] = PLM_SV("v");
    w->label_names[1] = PLM_SV("org.x/y"), w->label_values[1] = PLM_SV("w");
    w->container = (struct plm_container){
        .runtime = PLM_RT_DOCKER,
        .full_id = PLM_SV("c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"),
        .id = PLM_SV("c0ffee00c0ff"),
        .state = PLM_META_KNOWN,
        .name = PLM_SV("web"),
        .image = PLM_SV("reg.example/nginx:1.25"),
        .image_id = PLM_SV("sha-id"),
        .image_repository = PLM_SV("reg.example/nginx"),
        .image_tag = PLM_SV("1.25"),
        .image_digest = PLM_SV("sha256:aa"),
        .ip = PLM_SV("172.17.0.2"),
        .cni_json = PLM_SV("{}"),
        .is_privileged = true,
        .has_privileged = true,
        .host_network = true,
        .mounts = w->mounts,
        .n_mounts = 2,
        .label_names = w->label_names,
        .label_values = w->label_values,
        .n_labels = 2,
        .pod_name = PLM_SV("pod-1"),
        .pod_namespace = PLM_SV("shop"),
        .pod_uid = PLM_SV("u-1"),
        .pod_sandbox_id = PLM_SV("feedfacefeedfacefeed"),
        .created = (int64_t)(WORLD_TS - 60 * SEC),
    };
    w->cat.container = &w->container;
}

__attribute__((unused)) static struct plm_param *world_param(struct world *w, const char *name)
{
    int at = plm_evtype_param(w->e.type, plm_sv_from(name));
    w->e.params[at].is_present = true;
    return &w->e.params[at];
}

__attribute__((unused)) static void world_event(struct world *w, enum plm_evt type, int64_t res)
{
    const struct plm_evtype *t = plm_evtype_get(type);
    w->e = (struct plm_event){.type = t, .num = 42, .ts = WORLD_TS, .cpu = 3, .tid = 100, .pid = 100};
    w->e.n_params = t->n_params;
    w->e.has_res = t->id != PLM_EVT_procexit;
    w->e.res = res;
    if (t->n_params)
        w->e.params[0] = (struct plm_param){.is_present = true, .i = res};
    w->view.event = &w->e;
}

/* openat(AT_FDCWD, "../etc//shadow", flags, 0755) as seen from /work. */
__attribute__((unused)) static void world_open(struct world *w, int64_t res, uint64_t flags)
{
    world_event(w, PLM_EVT_openat, res);
    world_param(w, "dirfd")->i = AT_FDCWD;
    *world_param(w, "name") = (struct plm_param){
        .is_present = true, .s = PLM_SV("../etc//shadow"), .resolved = PLM_SV("/etc/shadow")};
    world_param(w, "flags")->u = flags;
    world_param(w, "mode")->u = 0755;
    if (res < 0)
        return;
    world_param(w, "dev")->u = 0x801;
    world_param(w, "ino")->u = 9;
    w->e.has_fd = true;
    w->e.fd = (struct plm_fdinfo){.num = res,
                                  .type = PLM_FD_FILE,
                                  .name = PLM_SV("/etc/shadow"),
                                  .nameraw = PLM_SV("../etc//shadow"),
                                  .dev = 0x801,
                                  .ino = 9,
                                  .is_upper_layer = true};
}

/* connect(3, 10.0.0.2:443) from 10.0.0.1:4444. */
__attribute__((unused)) static void world_connect(struct world *w)
{
    world_event(w, PLM_EVT_connect, 0);
    w->addr = (struct plm_addr){
        .family = 4, .sip = {4, {10, 0, 0, 1}}, .dip = {4, {10, 0, 0, 2}}, .sport = 4444, .dport = 443};
    world_param(w, "tuple")->addr = &w->addr;
    world_param(w, "fd")->i = 3;
    w->e.has_fd = true;
    w->e.fd = (struct plm_fdinfo){.num = 3,
                                  .type = PLM_FD_IPV4,
                                  .name = PLM_SV("10.0.0.1:4444->10.0.0.2:443"),
                                  .addr = w->addr,
                                  .lip = w->addr.sip,
                                  .rip = w->addr.dip,
                                  .lport = 4444,
                                  .rport = 443,
                                  .l4 = IPPROTO_TCP,
                                  .is_connected = true};
}
