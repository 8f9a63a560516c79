/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts of a feed: title, details and references of its advisories, packed into blocks of
 * about 2 KiB, each compressed by itself with one dictionary that the blocks of a feed share.
 * Small blocks keep the cost of showing one title at microseconds; the dictionary gives
 * back most of what small blocks lose.
 *
 * Writing: blocks pile up uncompressed until there is enough to train a dictionary on (or the
 * feed ends), then each block is compressed as soon as it is full. A feed with little text has
 * no dictionary.
 *
 * Reading: a digested dictionary per feed is made on first use; decompression contexts are
 * kept in a stack under the same lock and used outside it.
 */
#include "vulndb/vulndb_int.h"

#include <zdict.h>
#include <zstd.h>

enum {
    BLOCK = 2048,
    TRAIN_AT = 1 << 20,
    TRAIN_MIN = 64 << 10,
    DICTIONARY = 32 << 10,
    LEVEL = 6,
};

struct plm_text_writer {
    struct plm_buf block;          /* the one that is being filled */
    struct plm_buf backlog, sizes; /* full blocks before the dictionary exists; size_t each */
    struct plm_buf rows, texts, packed;
    struct plm_buf dictionary;
    bool trained;
    uint32_t n_blocks;
    ZSTD_CCtx *cctx;
    ZSTD_CDict *cdict;
};

struct plm_text_writer *plm_text_writer_new(plm_err **err)
{
    struct plm_text_writer *w = calloc(1, sizeof(*w));
    if (!w)
        return PLM_NULL(plm_fail_oom(err));
    w->block = w->packed = PLM_BUF(PLM_DB_BLOCK_MAX);
    w->backlog = w->sizes = PLM_BUF(PLM_MIB(64));
    w->rows = w->texts = PLM_BUF(UINT32_MAX);
    w->dictionary = PLM_BUF(DICTIONARY);
    w->cctx = ZSTD_createCCtx();
    if (!w->cctx) {
        plm_text_writer_free(w);
        return PLM_NULL(plm_fail_oom(err));
    }
    return w;
}

void plm_text_writer_free(struct plm_text_writer *w)
{
    if (!w)
        return;
    plm_buf_done(&w->block);
    plm_buf_done(&w->backlog);
    plm_buf_done(&w->sizes);
    plm_buf_done(&w->rows);
    plm_buf_done(&w->texts);
    plm_buf_done(&w->packed);
    plm_buf_done(&w->dictionary);
    ZSTD_freeCCtx(w->cctx);
    ZSTD_freeCDict(w->cdict);
    free(w);
}

static int pack(struct plm_text_writer *w, plm_sv raw, plm_err **err)
{
    size_t bound = ZSTD_compressBound(raw.n), n;
    char *to = plm_buf_reserve(&w->texts, bound);
    if (!to)
        return plm_buf_check(&w->texts, err);
    if (w->cdict)
        n = ZSTD_compress_usingCDict(w->cctx, to, bound, raw.p, raw.n, w->cdict);
    else
        n = ZSTD_compressCCtx(w->cctx, to, bound, raw.p, raw.n, LEVEL);
    if (ZSTD_isError(n))
        return plm_fail(err, PLM_E_INTERNAL, "zstd: %s", ZSTD_getErrorName(n));
    plm_buf_u32le(&w->rows, (uint32_t)w->texts.n);
    plm_buf_u32le(&w->rows, (uint32_t)n);
    plm_buf_u32le(&w->rows, (uint32_t)raw.n);
    w->texts.n += n;
    return plm_buf_check(&w->rows, err);
}

/* Makes the dictionary from the backlog (where that is worth it) and packs the backlog. */
static int train(struct plm_text_writer *w, plm_err **err)
{
    w->trained = true;
    size_t n_sizes = w->sizes.n / sizeof(size_t);
    const size_t *sizes = (const void *)w->sizes.p;
    char *to = w->backlog.n >= TRAIN_MIN ? plm_buf_reserve(&w->dictionary, DICTIONARY) : NULL;
    if (to) {
        size_t n = ZDICT_trainFromBuffer(to, DICTIONARY, w->backlog.p, sizes, (unsigned)n_sizes);
        if (!ZDICT_isError(n)) { /* it refuses too uniform samples: then there is none */
            w->dictionary.n = n;
            w->cdict = ZSTD_createCDict(to, n, LEVEL);
            if (!w->cdict)
                return plm_fail_oom(err);
        }
    }
    if (plm_buf_check(&w->dictionary, err) < 0)
        return -1;
    size_t at = 0;
    for (size_t i = 0; i < n_sizes; i++) {
        if (pack(w, plm_sv_n(w->backlog.p + at, sizes[i]), err) < 0)
            return -1;
        at += sizes[i];
    }
    plm_buf_done(&w->backlog);
    plm_buf_done(&w->sizes);
    return 0;
}

static int end_block(struct plm_text_writer *w, plm_err **err)
{
    plm_sv raw = plm_buf_sv(&w->block);
    if (raw.n == 0)
        return 0;
    w->n_blocks++;
    if (w->trained) {
        if (pack(w, raw, err) < 0)
            return -1;
    } else {
        plm_buf_sv_put(&w->backlog, raw);
        plm_buf_put(&w->sizes, &raw.n, sizeof(raw.n));
        if (plm_buf_check(&w->backlog, err) < 0 || plm_buf_check(&w->sizes, err) < 0)
            return -1;
        if (w->backlog.n >= TRAIN_AT && train(w, err) < 0)
            return -1;
    }
    plm_buf_clear(&w->block);
    return 0;
}

int plm_text_writer_add(struct plm_text_writer *w, plm_sv text, uint32_t *out_block, uint32_t *out_at,
                        plm_err **err)
{
    if (w->block.n + text.n > BLOCK && end_block(w, err) < 0)
        return -1;
    *out_block = w->n_blocks + 1;
    *out_at = (uint32_t)w->block.n;
    plm_buf_sv_put(&w->block, text);
    return plm_buf_check(&w->block, err);
}

int plm_text_writer_end(struct plm_text_writer *w, struct plm_buf *dictionary, struct plm_buf *blocks,
                        struct plm_buf *texts, plm_err **err)
{
    if (end_block(w, err) < 0 || (!w->trained && train(w, err) < 0))
        return -1;
    *dictionary = w->dictionary;
    *blocks = w->rows;
    *texts = w->texts;
    w->dictionary = w->rows = w->texts = PLM_BUF(0);
    return 0;
}

/* ---- reading ------------------------------------------------------------------------------- */

struct plm_text_reader {
    pthread_mutex_t lock; /* guards what follows */
    ZSTD_DDict **ddicts;  /* by feed */
    size_t n_feeds;
    ZSTD_DCtx *idle[8];
    size_t n_idle;
};

struct plm_text_reader *plm_text_reader_new(size_t n_feeds, plm_err **err)
{
    struct plm_text_reader *r = calloc(1, sizeof(*r));
    if (r)
        r->ddicts = calloc(n_feeds ? n_feeds : 1, sizeof(*r->ddicts));
    if (!r || !r->ddicts) {
        free(r);
        return PLM_NULL(plm_fail_oom(err));
    }
    r->n_feeds = n_feeds;
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void plm_text_reader_free(struct plm_text_reader *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_feeds; i++)
        ZSTD_freeDDict(r->ddicts[i]);
    for (size_t i = 0; i < r->n_idle; i++)
        ZSTD_freeDCtx(r->idle[i]);
    pthread_mutex_destroy(&r->lock);
    free(r->ddicts);
    free(r);
}

/* The feed's digested dictionary; NULL where it has none (or no memory, or the bytes are none: then blocks
 * that need it fail to decompress). */
static ZSTD_DDict *borrow(struct plm_text_reader *r, const struct plm_dbf *f, size_t feed, ZSTD_DCtx **out)
{
    plm_sv d = f->sec[PLM_SEC_DICTIONARY];
    pthread_mutex_lock(&r->lock);
    if (!r->ddicts[feed] && d.n)
        r->ddicts[feed] = ZSTD_createDDict(d.p, d.n);
    ZSTD_DDict *dict = r->ddicts[feed];
    *out = r->n_idle ? r->idle[--r->n_idle] : NULL;
    pthread_mutex_unlock(&r->lock);
    if (!*out)
        *out = ZSTD_createDCtx();
    return dict;
}

static void give_back(struct plm_text_reader *r, ZSTD_DCtx *d)
{
    pthread_mutex_lock(&r->lock);
    if (r->n_idle < sizeof(r->idle) / sizeof(*r->idle))
        r->idle[r->n_idle++] = plm_take(d);
    pthread_mutex_unlock(&r->lock);
    ZSTD_freeDCtx(d);
}

int plm_text_block(struct plm_text_reader *r, const struct plm_dbf *f, size_t feed, uint32_t i,
                   struct plm_arena *a, plm_sv *out, plm_err **err)
{
    const unsigned char *row = plm_dbf_row(f->sec[PLM_SEC_BLOCKS], i, PLM_ROW_BLOCK);
    plm_sv texts = f->sec[PLM_SEC_TEXTS];
    uint32_t off = row ? plm_le32(row) : 0, packed = row ? plm_le32(row + 4) : 0,
             size = row ? plm_le32(row + 8) : 0;
    if (!row || !packed || off > texts.n || packed > texts.n - off || size > PLM_DB_BLOCK_MAX)
        return plm_dbf_corrupt(f, "block", i, err);
    char *to = plm_arena_alloc(a, size);
    if (!to)
        return plm_arena_check(a, err);
    ZSTD_DCtx *dctx;
    ZSTD_DDict *dict = borrow(r, f, feed, &dctx);
    if (!dctx)
        return plm_fail_oom(err);
    size_t n = dict ? ZSTD_decompress_usingDDict(dctx, to, size, texts.p + off, packed, dict)
                    : ZSTD_decompressDCtx(dctx, to, size, texts.p + off, packed);
    give_back(r, dctx);
    if (ZSTD_isError(n) || n != size)
        return plm_dbf_corrupt(f, "block", i, err);
    *out = (plm_sv){to, size};
    return 0;
}
