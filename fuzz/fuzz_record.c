/* SPDX-License-Identifier: Apache-2.0
 *
 * Layer records as bytes of a worker that may have been taken over: anything that opens must iterate to its
 * end, in order, and read the same when its entries are written again.
 */
#include "image/merge.h"
#include "image/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void rewrite(const struct plm_record *r)
{
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(64)), owned = PLM_BUF(PLM_MIB(1));
    plm_auto_done(plm_buf_done) struct plm_buf last = PLM_BUF(PLM_MIB(1));
    plm_auto_done(plm_record_iter_done) struct plm_record_iter it;
    plm_record_iter_init(&it, r);
    struct plm_record_writer w;
    struct plm_record_entry e;
    plm_record_begin(&w, &out, &owned);
    size_t n = 0;
    int got;
    while ((got = plm_record_iter_next(&it, &e)) > 0) {
        if (!plm_path_is_canonical(e.path) || (n && plm_path_cmp(plm_buf_sv(&last), e.path) >= 0))
            __builtin_trap();
        w.last = plm_buf_sv(&last); /* the iterator moves on under the writer */
        plm_record_put_entry(&w, &e);
        plm_buf_clear(&last);
        plm_buf_sv_put(&last, e.path);
        n++;
    }
    if (got < 0 || n != r->n_entries)
        __builtin_trap();
    plm_record_end(&w, 0);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_record again;
    if (!out.failed && plm_record_open(plm_buf_sv(&out), PLM_SV_NULL, 0, 4, a, &again, NULL) < 0)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(256));
    struct plm_record r;
    if (plm_record_open(plm_sv_n((const char *)data, size), PLM_SV_NULL, PLM_RECORD_OWNED, 4, a, &r, NULL) <
        0)
        return 0;
    rewrite(&r);
    const struct plm_record twice[] = {r, r};
    plm_auto(plm_merge_free) struct plm_merge *m = plm_merge_new(twice, 2, NULL);
    struct plm_record_entry e;
    uint32_t layer;
    while (m && plm_merge_next(m, &e, &layer) > 0)
        if (layer > 1)
            __builtin_trap();
    return 0;
}
