/* SPDX-License-Identifier: Apache-2.0
 *
 * Files. Contents of an image or another root are opened only through plm_fs_open_in,
 * never through a joined path. All descriptors are O_CLOEXEC.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/sv.h"

#include <sys/stat.h>
#include <sys/types.h>

/* Opens path below the directory root_fd as if that were "/": symlinks and ".." cannot leave it
 * (openat2 RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS). O_NOCTTY | O_NONBLOCK is added, so a FIFO does not hang.
 */
int plm_fs_open_in(int root_fd, const char *path, int flags, plm_err **err);
/* Reads a whole regular file of at most max bytes into out (appended). Anything that is not regular:
 * UNSUPPORTED. */
int plm_fs_read_in(int root_fd, const char *path, size_t max, struct plm_buf *out, plm_err **err);
int plm_fs_read(const char *path, size_t max, struct plm_buf *out, plm_err **err);
int plm_fs_read_fd(int fd, const char *name, size_t max, struct plm_buf *out, plm_err **err);
/* Writes all of it, restarting on EINTR. */
int plm_fs_write_all(int fd, const void *p, size_t n, plm_err **err);
/* Exactly n bytes at an offset; a short file is PARSE. */
int plm_fs_pread_all(int fd, void *p, size_t n, uint64_t off, plm_err **err);

/* Atomic replacement: a temporary file in the same directory, fsync, rename. Mode 0644 & ~umask unless given.
 */
int plm_fs_write_atomic(const char *path, plm_sv data, mode_t mode, plm_err **err);
/* The parts of it, for writers that stream: fd of the temporary file; commit renames, else it is unlinked. */
struct plm_fs_atomic {
    int fd;
    char *tmp, *path;
};
int plm_fs_atomic_open(const char *path, mode_t mode, struct plm_fs_atomic *out, plm_err **err);
int plm_fs_atomic_commit(struct plm_fs_atomic *a, plm_err **err);
void plm_fs_atomic_done(struct plm_fs_atomic *a);
PLM_CLEANUP_INPLACE(struct plm_fs_atomic, plm_fs_atomic_done)

/* mkdir -p, mode 0755 & ~umask for new ones. */
int plm_fs_mkdirs(const char *path, mode_t mode, plm_err **err);
/* Heap string "a/b"; NULL only when out of memory. */
char *plm_fs_join(const char *a, const char *b);

/* Read-only mapping of a file. view.p is NULL for an empty file. */
struct plm_fs_map {
    plm_sv view;
};
int plm_fs_map_fd(int fd, const char *name, size_t max, struct plm_fs_map *out, plm_err **err);
void plm_fs_map_done(struct plm_fs_map *m);
PLM_CLEANUP_INPLACE(struct plm_fs_map, plm_fs_map_done)
