/* SPDX-License-Identifier: Apache-2.0
 *
 * The cache under ctx->cache_dir: layer records (layers/), and what was learned of files that had a certain
 * identity (seen/). Every number of processes may use it at once: entries are written beside and renamed, and
 * checked when read. A missing, foreign or damaged entry is no entry. Failing to write is silent but for the
 * debug log.
 */
#pragma once

#include "base/ctx.h"
#include "base/fs.h"
#include "codec/hash.h"
#include "image/image.h"

enum plm_cache_kind { PLM_CACHE_LAYER, PLM_CACHE_SEEN };

struct plm_cache_key {
    char hex[2 * PLM_SHA256_BYTES + 1];
};
static inline plm_sv plm_cache_key_sv(const struct plm_cache_key *key)
{
    return plm_sv_n(key->hex, sizeof(key->hex) - 1);
}

/* A key out of parts; each is framed, so that ("ab", "c") and ("a", "bc") differ. */
struct plm_cache_hasher {
    struct plm_buf parts;
};
#define PLM_CACHE_HASHER ((struct plm_cache_hasher){.parts = PLM_BUF(PLM_MIB(16))})
void plm_cache_hash_sv(struct plm_cache_hasher *h, plm_sv s);
void plm_cache_hash_u64(struct plm_cache_hasher *h, uint64_t v);
/* Ends it and frees its memory; false when out of memory. */
bool plm_cache_hash_end(struct plm_cache_hasher *h, struct plm_cache_key *out);

/* True and a mapping if there is one that only this user or root could have written. */
bool plm_cache_load(const struct plm_ctx *ctx, enum plm_cache_kind kind, const struct plm_cache_key *key,
                    struct plm_fs_map *out);
bool plm_cache_has(const struct plm_ctx *ctx, enum plm_cache_kind kind, const struct plm_cache_key *key);
void plm_cache_store(const struct plm_ctx *ctx, enum plm_cache_kind kind, const struct plm_cache_key *key,
                     plm_sv bytes);
void plm_cache_drop(const struct plm_ctx *ctx, enum plm_cache_kind kind, const struct plm_cache_key *key);
