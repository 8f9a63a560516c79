/* SPDX-License-Identifier: Apache-2.0
 *
 * Two small tars (the first two bytes are the length of the first) as layers: both become records that open,
 * and their merge is sorted, without a path below something that is no directory.
 */
#include "image/build.h"
#include "image/merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool load(plm_sv tar, struct plm_arena *a, struct plm_buf *bytes, struct plm_record *out)
{
    static const struct plm_limits limits = {.layer_bytes = 1 << 22,
                                             .layer_entries = 1000,
                                             .ratio = 200,
                                             .path_bytes = 4096,
                                             .pax_bytes = 1 << 16,
                                             .file_bytes = 1 << 16,
                                             .spool_bytes = 1 << 16,
                                             .record_bytes = 1 << 22,
                                             .depth = 32};
    const struct plm_wanted nothing = {0};
    struct plm_stream *s = plm_stream_view(tar, "fuzz", NULL);
    if (!s || plm_layer_record(s, PLM_SV("fuzz"), &limits, &nothing, bytes, NULL) < 0)
        return false;
    if (plm_record_open(plm_buf_sv(bytes), PLM_SV_NULL, 0, 0, a, out, NULL) < 0)
        __builtin_trap();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    plm_sv all = plm_sv_n((const char *)data + 2, size - 2);
    size_t first = (size_t)data[0] << 8 | data[1];
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto_done(plm_buf_done) struct plm_buf lower = PLM_BUF(1 << 22), upper = PLM_BUF(1 << 22);
    plm_auto_done(plm_buf_done) struct plm_buf last = PLM_BUF(1 << 20), leaf = PLM_BUF(1 << 20);
    struct plm_record r[2];
    if (!load(plm_sv_sub(all, 0, first), a, &lower, &r[0]) ||
        !load(plm_sv_from_off(all, first), a, &upper, &r[1]))
        return 0;
    plm_auto(plm_merge_free) struct plm_merge *m = plm_merge_new(r, 2, NULL);
    struct plm_record_entry e;
    uint32_t layer;
    for (size_t n = 0; m && plm_merge_next(m, &e, &layer) > 0; n++) {
        if (n && plm_path_cmp(plm_buf_sv(&last), e.path) >= 0)
            __builtin_trap();
        if (leaf.n && plm_path_below(plm_buf_sv(&leaf), e.path))
            __builtin_trap();
        plm_buf_clear(&last);
        plm_buf_sv_put(&last, e.path);
        plm_buf_clear(&leaf);
        if (e.type != PLM_ENTRY_DIR)
            plm_buf_sv_put(&leaf, e.path);
    }
    return 0;
}
