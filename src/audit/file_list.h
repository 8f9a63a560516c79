/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of files to judge, for the checks 3.x and F1 to F6: a lister adds targets, file_list_run
 * judges each inode once and says `na` where nothing was there. Private to src/audit.
 */
#pragma once

#include "audit/access_int.h"

/* "/" as an engine sees it. daemon NULL: the host itself. */
struct file_root {
    const struct plm_daemon *daemon;
    int fd; /* -1: the host's */
    plm_sv prefix;
};

struct file_inode {
    uint64_t dev, ino;
};

struct file_list {
    struct plm_checking *k;
    struct plm_arena *a;
    struct file_root host;
    PLM_VEC(struct file_root) roots; /* of every engine of this machine */
    plm_file_target_vec targets;
    PLM_VEC(struct file_inode) seen;
    size_t said; /* rows that the lister made itself */
};

static inline bool file_root_is_docker(const struct file_root *r)
{
    return !plm_sv_is(r->daemon->product, "podman");
}

/* Adds a file that is there; NULL where it is not or stands in the list already. The pointer holds until the
 * next call. */
struct plm_file_target *file_list_host(struct file_list *l, plm_sv path, uint32_t max, plm_sv note);
struct plm_file_target *file_list_daemon(struct file_list *l, const struct file_root *r, plm_sv path,
                                         uint32_t max, plm_sv note);
/* A row `unknown`. */
void file_list_unknown(struct file_list *l, plm_sv object, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Names in a directory; false: not there, or unreadable (said). */
bool file_list_names(struct file_list *l, const struct file_root *r, plm_sv dir, plm_sv_vec *out);
/* A variable in the environment of the engine's process; null: not set or unreadable. */
plm_sv file_list_env(struct file_list *l, const struct plm_daemon *d, const char *name);
/* Text of a file below a root; null view: not there or not readable. */
plm_sv file_list_text(struct file_list *l, const struct file_root *r, plm_sv path, size_t max);

typedef void (*file_lister)(struct file_list *l);
typedef bool (*file_judge)(struct plm_checking *k, const struct plm_file_target *t);
/* Lists, judges each, says `na` with the text absent where that made no row. */
void file_list_run(struct plm_checking *k, file_lister list, file_judge judge, const char *absent);
