/* SPDX-License-Identifier: Apache-2.0
 *
 * See the header. An entry is the value and, in hex, the SHA-256 of its name and the value.
 */
#include "image/seen.h"

#include "base/text.h"
#include "image/cache.h"

#include <time.h>

enum { PROOF_CHARS = 2 * PLM_SHA256_BYTES };
/* Times are not finer than a tick: a file that changed this shortly ago could change again without a trace.
 */
enum { SETTLED_NS = 20 * 1000 * 1000 };

static bool key_of(const struct plm_seen *what, const struct stat *st, struct plm_cache_key *out)
{
    struct plm_cache_hasher h = PLM_CACHE_HASHER;
    plm_cache_hash_sv(&h, what->purpose);
    const uint64_t parts[] = {
        st->st_dev,
        st->st_ino,
        (uint64_t)st->st_size,
        (uint64_t)st->st_mtim.tv_sec,
        (uint64_t)st->st_mtim.tv_nsec,
        (uint64_t)st->st_ctim.tv_sec,
        (uint64_t)st->st_ctim.tv_nsec,
        what->offset,
        what->bytes,
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        plm_cache_hash_u64(&h, parts[i]);
    return plm_cache_hash_end(&h, out);
}

/* Over the name it is stored under as well, since an entry could be another file's. */
static bool proof_of(const struct plm_cache_key *key, const char *value, size_t n, struct plm_buf *out)
{
    plm_auto_done(plm_buf_done) struct plm_buf both = PLM_BUF(PLM_KIB(1));
    unsigned char sum[PLM_SHA256_BYTES];
    plm_buf_put(&both, key->hex, sizeof(key->hex)); /* with its end */
    plm_buf_put(&both, value, n);
    plm_sha256_of(plm_buf_sv(&both), sum);
    plm_text_hex(out, sum, sizeof(sum));
    return !both.failed && !out->failed;
}

bool plm_seen_recall(const struct plm_ctx *ctx, const struct plm_seen *what, const struct stat *st,
                     char *value, size_t n)
{
    struct plm_cache_key key;
    plm_auto_done(plm_fs_map_done) struct plm_fs_map map = {0};
    plm_auto_done(plm_buf_done) struct plm_buf proof = PLM_BUF(PLM_KIB(1));
    if (n > PLM_SEEN_VALUE_MAX || !key_of(what, st, &key) ||
        !plm_cache_load(ctx, PLM_CACHE_SEEN, &key, &map) || map.view.n != n + PROOF_CHARS ||
        !proof_of(&key, map.view.p, n, &proof) ||
        !plm_sv_eq(plm_buf_sv(&proof), plm_sv_from_off(map.view, n)))
        return false;
    memcpy(value, map.view.p, n);
    return true;
}

static bool is_settled(const struct stat *before, const struct stat *now)
{
    struct timespec clock;
    if (clock_gettime(CLOCK_REALTIME, &clock) < 0)
        return false;
    int64_t age = (clock.tv_sec - now->st_ctim.tv_sec) * 1000000000 + clock.tv_nsec - now->st_ctim.tv_nsec;
    return age >= SETTLED_NS && now->st_size == before->st_size &&
           memcmp(&now->st_ctim, &before->st_ctim, sizeof(now->st_ctim)) == 0 &&
           memcmp(&now->st_mtim, &before->st_mtim, sizeof(now->st_mtim)) == 0;
}

void plm_seen_remember(const struct plm_ctx *ctx, const struct plm_seen *what, int fd,
                       const struct stat *before, const char *value, size_t n)
{
    struct stat now;
    struct plm_cache_key key;
    plm_auto_done(plm_buf_done) struct plm_buf bytes = PLM_BUF(PLM_KIB(1));
    if (n > PLM_SEEN_VALUE_MAX || fstat(fd, &now) < 0 || !is_settled(before, &now) ||
        !key_of(what, &now, &key))
        return;
    plm_buf_put(&bytes, value, n);
    if (proof_of(&key, value, n, &bytes))
        plm_cache_store(ctx, PLM_CACHE_SEEN, &key, plm_buf_sv(&bytes));
}
