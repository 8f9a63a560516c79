/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of container metadata share, and what the process table needs of them.
 */
#pragma once

#include "watch/meta.h"

#include <sys/stat.h>

/* A container that a thread points to is not forgotten. NULL: nothing. */
void plm_container_hold(struct plm_container *c);
void plm_container_drop(struct plm_container *c);

/* ---- users.c ------------------------------------------------------------------------------------- */

/* Users and groups of one root file system. */
struct plm_users;
struct plm_users *plm_users_new(void); /* NULL: out of memory */
void plm_users_free(struct plm_users *u);
size_t plm_users_bytes(const struct plm_users *u);
/* Reads /etc/passwd and /etc/group below /proc/PID/root (pid 0: our own root) unless that was done a moment
 * ago and the files are the same. Unreadable: what is cached stays. */
void plm_users_refresh(struct plm_users *u, int32_t pid, bool is_missing);
bool plm_users_find(const struct plm_users *u, uint32_t uid, struct plm_user *out);
plm_sv plm_users_find_group(const struct plm_users *u, uint32_t gid);
int plm_users_put(struct plm_users *u, uint32_t uid, const struct plm_user *user, plm_err **err);
int plm_users_put_group(struct plm_users *u, uint32_t gid, plm_sv name, plm_err **err);
/* Texts of passwd(5) and group(5); replaces what was read before, not what was put by hand. */
int plm_users_parse(struct plm_users *u, plm_sv passwd, plm_sv group, plm_err **err);

/* ---- meta_ask.c: the thread that asks --------------------------------------------------------------- */

struct plm_meta_answer {
    struct plm_meta_answer *next;
    struct plm_arena *arena;
    struct plm_container c; /* views of the arena; state KNOWN or FAILED */
};

struct plm_asker;
struct plm_asker *plm_asker_new(const struct plm_ctx *ctx, const struct plm_meta_config *conf, plm_err **err);
void plm_asker_free(struct plm_asker *a);
/* Queues the question; false: the queue is full. */
bool plm_asker_ask(struct plm_asker *a, enum plm_runtime runtime, plm_sv id, int32_t pid);
/* Asks for all running containers; plm_asker_is_primed is true when they were answered. */
void plm_asker_prime(struct plm_asker *a);
bool plm_asker_wait_primed(struct plm_asker *a, unsigned wait_ms);
int plm_asker_fd(const struct plm_asker *a);
/* The answers so far, oldest first; the caller frees each with plm_meta_answer_free. */
struct plm_meta_answer *plm_asker_take(struct plm_asker *a);
void plm_meta_answer_free(struct plm_meta_answer *answer);

/* ---- what the sources of metadata make of their documents (tested with recorded ones) ---------------- */

/* An answer of GET /containers/ID/json, of Docker or of Podman. Views of the arena. */
int plm_meta_of_inspect(plm_sv json, struct plm_arena *a, struct plm_container *out, plm_err **err);
/* An OCI bundle's config.json as containerd keeps it, with the annotations of the CRI plugin. */
int plm_meta_of_bundle(plm_sv json, struct plm_arena *a, struct plm_container *out, plm_err **err);
/* repository, tag and digest of an image reference. */
void plm_meta_split_image(struct plm_container *c);
/* Pod names and the like out of the labels, which must be sorted. */
void plm_meta_use_labels(struct plm_container *c);
/* Everything of `from` that is metadata, copied into the arena. */
int plm_meta_copy(struct plm_container *to, const struct plm_container *from, struct plm_arena *a,
                  plm_err **err);
