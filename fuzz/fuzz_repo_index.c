/* SPDX-License-Identifier: Apache-2.0
 *
 * The compact index: opened as it is (a damaged cache file), built from the input as Packages
 * and Sources, and, where the input is one, from an LZ4 frame.
 */
#include "repo/repo_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(plm_sv bytes)
{
    struct repo_index x;
    struct repo_record r;
    if (plm_index_open(bytes, &x, NULL) < 0)
        return;
    for (size_t i = 0; i < x.count && i < 1000; i++)
        if (plm_index_at(&x, i, &r))
            (void)plm_index_find(&x, r.name);
    (void)plm_index_find(&x, PLM_SV("openssl"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_sv text = plm_sv_n((const char *)data, size);
    walk(text);
    for (int kind = REPO_PACKAGES; kind <= REPO_SOURCES; kind++) {
        plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(REPO_INDEX_BIN_MAX);
        struct plm_stream *raw = plm_stream_view(text, "input", NULL);
        if (raw && plm_lz4_is(text))
            raw = plm_lz4_stream(raw, NULL);
        plm_auto(plm_stream_free) struct plm_stream *s = raw;
        if (s && plm_index_build(s, (enum repo_index_kind)kind, &out, NULL) == 0)
            walk(plm_buf_sv(&out));
    }
    return 0;
}
