/* SPDX-License-Identifier: Apache-2.0
 *
 * ar archives over a stream: Debian packages (deb(5)) and static libraries, with the long
 * names of GNU and BSD.
 *
 *     plm_auto(plm_ar_free) struct plm_ar *a = plm_ar_new(s, limits, err);
 *     while ((r = plm_ar_next(a, &e, err)) > 0)
 *         if (plm_sv_starts(e.name, PLM_SV("control.tar")))
 *             member = plm_ar_member(a, err);   // a stream of its contents, to be decompressed
 */
#pragma once

#include "codec/stream.h"

struct plm_ar;

struct plm_ar_entry {
    plm_sv name; /* borrowed until the next call; without padding and without GNU's trailing slash */
    uint64_t size, mtime, uid, gid;
    uint32_t mode;
};

/* Borrows s. PARSE if it does not begin with "!<arch>\n". */
struct plm_ar *plm_ar_new(struct plm_stream *s, const struct plm_limits *limits, plm_err **err);
void plm_ar_free(struct plm_ar *a);
PLM_CLEANUP(struct plm_ar, plm_ar_free)
/* 1: a member; 0: the end; -1. Symbol and name tables are not members. */
int plm_ar_next(struct plm_ar *a, struct plm_ar_entry *out, plm_err **err);
/* Contents of the current member. */
ssize_t plm_ar_read(struct plm_ar *a, void *p, size_t n, plm_err **err);
/* The same as a stream, which borrows a and must be freed before the next call on it. */
struct plm_stream *plm_ar_member(struct plm_ar *a, plm_err **err);
