/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading contents or skipping them must give the same entries.
 */
#include "base/buf.h"
#include "codec/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t list(plm_sv archive, bool with_contents)
{
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_view(archive, "fuzz", NULL);
    plm_auto(plm_tar_free) struct plm_tar *t = s ? plm_tar_new(s, &plm_limits_default, NULL) : NULL;
    struct plm_tar_entry e;
    uint64_t hash = 0;
    while (t && plm_tar_next(t, &e, NULL) > 0) {
        if (e.name.n > plm_limits_default.path_bytes)
            abort();
        hash = hash * 31 + plm_sv_hash(e.name) + plm_sv_hash(e.link) + e.size + plm_tar_xattr(&e, "user.x").n;
        char sink[4096];
        uint64_t got = 0;
        ssize_t r = 1;
        /* A sparse file may claim any size. */
        while (with_contents && got < PLM_MIB(1) && (r = plm_tar_read(t, sink, sizeof(sink), NULL)) > 0)
            got += (uint64_t)r;
        if (got > e.size || (r == 0 && got != e.size))
            abort();
        if (r < 0) /* cut short in this entry: its successor cannot be there either way */
            break;
    }
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_sv archive = plm_sv_n((const char *)data, size);
    if (list(archive, false) != list(archive, true))
        abort();
    return 0;
}
