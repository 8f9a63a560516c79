/* SPDX-License-Identifier: Apache-2.0
 *
 * What was once computed of a file, remembered by the file's identity (design.md 5.3): device, inode, size,
 * mtime and ctime. Digests of archives and of the engine's programs, which are dear to read again.
 *
 *     if (!plm_seen_recall(ctx, &what, &st, value, sizeof(value))) {
 *         ... compute it ...
 *         plm_seen_remember(ctx, &what, fd, &st, value, sizeof(value));
 *     }
 *
 * Entries are bound to their name and proven by a hash: a torn or exchanged one is no entry. A file that
 * changed while it was read, or so lately that its times could not tell, is not remembered.
 */
#pragma once

#include "base/ctx.h"
#include "base/sv.h"

#include <sys/stat.h>

enum { PLM_SEEN_VALUE_MAX = 128 };

struct plm_seen {
    plm_sv purpose;         /* "plimsoll extent 1": what the value is, with its version */
    uint64_t offset, bytes; /* the part of the file that it is of; 0, 0: the whole */
};

/* Exactly n bytes (at most PLM_SEEN_VALUE_MAX) into value; false if there is no entry of that length. */
bool plm_seen_recall(const struct plm_ctx *ctx, const struct plm_seen *what, const struct stat *st,
                     char *value, size_t n);
/* `before` is the file's state when reading began. */
void plm_seen_remember(const struct plm_ctx *ctx, const struct plm_seen *what, int fd,
                       const struct stat *before, const char *value, size_t n);
