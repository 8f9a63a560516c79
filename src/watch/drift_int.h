/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of drift prevention share: drift.c answers, drift_scan.c finds the file systems of
 * containers and marks them, drift_layers.c judges a file, drift_names.c knows whose file system it is.
 */
#pragma once

#include "kernel/kernel.h"
#include "respond_int.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

enum plm_drift_verdict {
    PLM_DRIFT_IMAGE,   /* the file is the image's own */
    PLM_DRIFT_WRITTEN, /* it was written in the container */
    PLM_DRIFT_UNKNOWN, /* the layers could not be looked at */
};

/* A guarded file system: the overlay of a container, or a tmpfs of one (nothing in it is of an image).
 * Counted, since the answering thread may hold one while the scanning thread forgets it. */
struct plm_drift_fs {
    atomic_uint refs;
    struct plm_arena *arena; /* holds the views */
    dev_t dev;
    bool is_overlay;
    plm_sv upper;              /* as mountinfo has it: with dev the identity of an overlay */
    const char *const *lowers; /* absolute directories on the host, topmost first */
    size_t n_lowers;
    plm_sv id, name, image; /* of the container; null: not known */
    bool is_never;
    bool is_named; /* is_never is decided */
};

void plm_drift_fs_unref(struct plm_drift_fs *fs);
PLM_CLEANUP(struct plm_drift_fs, plm_drift_fs_unref)
/* Reads the layers of an overlay mount; host: our own mounts, for relative paths of layers. NULL: OOM. */
struct plm_drift_fs *plm_drift_fs_new(const struct plm_mount *m, const plm_mount_vec *host, plm_err **err);
/* Judges the open file fd, which is at path below the root of the file system. */
enum plm_drift_verdict plm_drift_judge(const struct plm_drift_fs *fs, int fd, plm_sv path);

/* Containers by the mount point of their file system, asked of the engine; used by one thread. */
struct plm_drift_names;
struct plm_drift_names *plm_drift_names_new(const struct plm_ctx *ctx, plm_sv docker_host, plm_err **err);
void plm_drift_names_free(struct plm_drift_names *n);
PLM_CLEANUP(struct plm_drift_names, plm_drift_names_free)
/* Fills id, name and image of fs (copies in its arena). point: where it is mounted; id: from a process's
 * cgroup, or null. False: the engine does not know it or does not answer. */
bool plm_drift_names_find(struct plm_drift_names *n, plm_sv point, plm_sv id, struct plm_drift_fs *fs);

struct plm_drift {
    const struct plm_ctx *ctx;
    const struct plm_drift_config *conf;
    struct plm_drift_config conf_copy;
    struct plm_arena *arena;
    void (*on_denied)(void *data, int32_t pid, plm_sv path, bool was_denied);
    void *data;
    int fan;  /* the fanotify group */
    int stop; /* eventfd: readable once the threads shall end */
    int hint; /* eventfd: a container started */
    pthread_t answerer, scanner;
    bool has_answerer, has_scanner;
    atomic_ullong n_asked, n_denied, n_would_deny, n_unjudged;
    pthread_mutex_t lock; /* guards: */
    struct plm_drift_fs **guarded;
    size_t n_guarded;
};

/* The scanning thread: void *(struct plm_drift *). */
void *plm_drift_scan_run(void *drift);
/* One pass. The first is made by plm_drift_start: what runs then is guarded when it returns. */
void plm_drift_scan_once(struct plm_drift *d, struct plm_kernel *k, struct plm_drift_names *names,
                         bool with_processes);
/* The file system with this device number, with a reference; NULL: none. */
struct plm_drift_fs *plm_drift_find(struct plm_drift *d, dev_t dev);
