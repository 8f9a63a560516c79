/* SPDX-License-Identifier: Apache-2.0
 *
 * Tar reader: ustar, old GNU and GNU long names, pax extended headers (path, linkpath, size,
 * SCHILY.xattr.*, GNU.sparse.*), base-256 numbers, sparse files. Streaming, bounded.
 *
 *     plm_auto(plm_tar_free) struct plm_tar *t = plm_tar_new(stream, limits, err);
 *     while ((r = plm_tar_next(t, &e, err)) > 0)
 *         if (e.type == PLM_TAR_FILE) plm_tar_read(t, ...)   // optional; the rest is skipped
 *
 * Names are as in the archive, without normalisation: see image/ for that.
 */
#pragma once

#include "codec/stream.h"

struct plm_buf;
struct plm_tar;

enum plm_tar_type {
    PLM_TAR_FILE,
    PLM_TAR_DIR,
    PLM_TAR_SYMLINK,
    PLM_TAR_HARDLINK,
    PLM_TAR_CHAR,
    PLM_TAR_BLOCK,
    PLM_TAR_FIFO,
    PLM_TAR_OTHER
};

struct plm_tar_entry {
    plm_sv name, link; /* borrowed until the next call */
    enum plm_tar_type type;
    char typeflag;
    uint32_t mode, dev_major, dev_minor;
    uint64_t uid, gid, size; /* size: of the contents as read (sparse: real size) */
    int64_t mtime;
    uint64_t header_offset, data_offset; /* in the tar stream */
    bool is_sparse;
    plm_sv xattrs; /* "key\0varint-length value" ... or null; see plm_tar_xattr */
};

struct plm_tar *plm_tar_new(struct plm_stream *s, const struct plm_limits *limits,
                            plm_err **err); /* borrows s */
void plm_tar_free(struct plm_tar *t);
PLM_CLEANUP(struct plm_tar, plm_tar_free)
/* 1: an entry; 0: end of archive; -1. A missing end marker at a block boundary is the end (as GNU tar warns).
 */
int plm_tar_next(struct plm_tar *t, struct plm_tar_entry *out, plm_err **err);
/* Contents of the current entry. */
ssize_t plm_tar_read(struct plm_tar *t, void *p, size_t n, plm_err **err);
int plm_tar_slurp(struct plm_tar *t, size_t max, struct plm_buf *out, plm_err **err);
/* Value of one extended attribute of an entry; null view if absent. */
plm_sv plm_tar_xattr(const struct plm_tar_entry *e, const char *key);
