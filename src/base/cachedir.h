/* SPDX-License-Identifier: Apache-2.0
 *
 * What lies under ctx->cache_dir and may be thrown away at any time: layer records (layers/), what was
 * learned of files (seen/), indices and changelogs of repositories (repo/). Whoever owns a folder reads and
 * writes it; here its files are aged, counted and removed, all of them by one rule: a file's modification
 * time is its last use.
 *
 *     plm_cache_touch(fd, &st);                      // at each use
 *     plm_cache_prune(ctx, 1 << 30, 0, &removed, err);   // the least recently used go first
 *
 * Any number of processes may do so at once; what another removed is not missed. The store of vulnerability
 * data lies beside these folders and is none of them.
 */
#pragma once

#include "base/ctx.h"
#include "base/err.h"

#include <sys/stat.h>

enum plm_cache_part { PLM_CACHE_PART_LAYERS, PLM_CACHE_PART_SEEN, PLM_CACHE_PART_REPO, PLM_CACHE_PARTS_ };

#define PLM_CACHE_BYTES_DEFAULT ((uint64_t)1 << 30)

struct plm_cache_status {
    uint64_t records, bytes, oldest_used; /* of all parts; seconds since the epoch, 0: empty */
    struct {
        uint64_t records, bytes;
    } parts[PLM_CACHE_PARTS_];
};

/* "layers": the folder of a part. Entries of layers and seen lie in 256 folders "00" to "ff" of it. */
const char *plm_cache_folder(enum plm_cache_part part);
/* Marks an open cache file as used, at most once an hour. */
void plm_cache_touch(int fd, const struct stat *st);
int plm_cache_status(const struct plm_ctx *ctx, struct plm_cache_status *out, plm_err **err);
/* Removes what was not used since (seconds since the epoch; 0: no such rule), then the least recently used
 * until at most max_bytes stay, and what killed writers left behind. out_removed may be NULL. */
int plm_cache_prune(const struct plm_ctx *ctx, uint64_t max_bytes, int64_t unused_since,
                    struct plm_cache_status *out_removed, plm_err **err);
