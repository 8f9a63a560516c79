/* SPDX-License-Identifier: Apache-2.0
 *
 * Containers: identity from the cgroup path at once, metadata (name, image, mounts, labels) from the Engine
 * API, Podman and containerd as it comes. Look-ups run in one thread of their own; the owner of the table
 * collects answers with plm_meta_poll and is woken through plm_meta_fd. Users and groups of a container are
 * those of its own /etc/passwd and /etc/group.
 */
#pragma once

#include "base/arena.h"
#include "base/ctx.h"
#include "base/err.h"

enum plm_runtime {
    PLM_RT_HOST,
    PLM_RT_DOCKER,
    PLM_RT_PODMAN,
    PLM_RT_CRI,
    PLM_RT_CONTAINERD,
    PLM_RT_LXC,
    PLM_RT_LIBVIRT_LXC,
    PLM_RT_BPM,
};

struct plm_container_mount {
    plm_sv source, dest, mode, propagation;
    bool is_writable;
};

enum plm_meta_state { PLM_META_NONE, PLM_META_WAITING, PLM_META_KNOWN, PLM_META_FAILED };

struct plm_container {
    enum plm_runtime runtime;
    plm_sv full_id, id; /* id: the first 12 characters */
    enum plm_meta_state state;
    plm_sv why; /* FAILED: the cause, one line */
    /* KNOWN: null and false where the runtime said nothing. */
    plm_sv name, image /* as given: "nginx:1.25" */, image_id, image_repository, image_tag, image_digest;
    plm_sv user, ip, cni_json;
    bool is_privileged, has_privileged, host_pid, host_network, host_ipc;
    struct plm_container_mount *mounts;
    size_t n_mounts;
    plm_sv *label_names, *label_values; /* sorted by name */
    size_t n_labels;
    plm_sv pod_name, pod_namespace, pod_uid, pod_sandbox_id; /* from the labels io.kubernetes.* */
    int64_t created;                                         /* nanoseconds since the epoch, 0: not known */
    int32_t init_pid;
    uint64_t version; /* changes with every change of the above */
};

struct plm_meta;

struct plm_meta_config {
    bool is_offline;         /* ask nobody: replay, tests */
    plm_sv docker_host;      /* -H; null: the usual sockets */
    unsigned max_containers; /* 0: 4096 */
};

struct plm_meta *plm_meta_new(const struct plm_ctx *ctx, const struct plm_meta_config *conf, plm_err **err);
void plm_meta_free(struct plm_meta *m);
PLM_CLEANUP(struct plm_meta, plm_meta_free)
/* Which container a cgroup path names; false: none (the host). id_max 64. */
bool plm_cgroup_container(plm_sv path, enum plm_runtime *out_runtime, plm_sv *out_id);
/* The container of a process by its cgroup path (cached by path); NULL: the host. Asks for its metadata the
 * first time it is seen. */
struct plm_container *plm_meta_of_cgroup(struct plm_meta *m, plm_sv path, int32_t pid);
/* Puts in metadata by hand: recordings, tests. */
int plm_meta_put(struct plm_meta *m, const struct plm_container *c, plm_err **err);
struct plm_container *plm_meta_find(struct plm_meta *m, plm_sv id); /* full or short */
size_t plm_meta_count(const struct plm_meta *m);
int plm_meta_fd(const struct plm_meta *m); /* readable when answers wait; -1: never */
/* Takes the answers in; how many containers changed. */
size_t plm_meta_poll(struct plm_meta *m);
/* All running containers are asked for at once (start-up): returns when the runtimes answered or after
 * wait_ms. */
void plm_meta_prime(struct plm_meta *m, unsigned wait_ms);

/* User and group names; c NULL: the host. `pid`: a process of it, through whose root the files are read; 0:
 * only what is cached. Null view: not known (uid 0 is always "root"). Views live until the next change of
 * that container. */
struct plm_user {
    plm_sv name, home, shell;
};
bool plm_meta_user(struct plm_meta *m, const struct plm_container *c, int32_t pid, uint32_t uid,
                   struct plm_user *out);
plm_sv plm_meta_group(struct plm_meta *m, const struct plm_container *c, int32_t pid, uint32_t gid);
/* Puts in a user or a group by hand: recordings, tests. */
int plm_meta_put_user(struct plm_meta *m, const struct plm_container *c, uint32_t uid,
                      const struct plm_user *u, plm_err **err);
int plm_meta_put_group(struct plm_meta *m, const struct plm_container *c, uint32_t gid, plm_sv name,
                       plm_err **err);
