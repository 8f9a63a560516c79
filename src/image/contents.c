/* SPDX-License-Identifier: Apache-2.0
 *
 * Contents of wanted files, on their way to the extractors: the head first, since most files that somebody
 * wants by pattern are binaries that are left out once that is seen. One buffer serves all files of a layer:
 * fresh memory for each costs more than copying into it. A buffer that a large file made is not kept.
 */
#include "image/build.h"

#include "base/fs.h"
#include "codec/tar.h"

enum { KEPT = 4 << 20 };

static void start(struct plm_buf *scratch)
{
    if (scratch->cap <= KEPT) {
        plm_buf_clear(scratch);
        return;
    }
    size_t max = scratch->max;
    plm_buf_done(scratch);
    *scratch = PLM_BUF(max);
}

/* Up to the head's size. */
static int read_head(int fd, struct plm_buf *out, plm_err **err)
{
    while (out->n < PLM_EXTRACT_HEAD) {
        char *to = plm_buf_reserve(out, PLM_EXTRACT_HEAD);
        ssize_t r = to ? read(fd, to, PLM_EXTRACT_HEAD - out->n) : -1;
        if (!to)
            return plm_buf_check(out, err);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return plm_fail_sys(err, "read");
        if (r == 0)
            return 0;
        out->n += (size_t)r;
    }
    return 0;
}

int plm_builder_take_fd(struct plm_builder *b, uint32_t node, const struct plm_match *m, size_t n, int fd,
                        struct plm_buf *scratch, plm_err **unread, plm_err **err)
{
    start(scratch);
    if (read_head(fd, scratch, unread) < 0)
        return 0;
    if (!plm_builder_goes_on(b, node, m, n, plm_buf_sv(scratch)))
        return 0;
    if (scratch->n >= PLM_EXTRACT_HEAD && plm_fs_read_fd(fd, "read", scratch->max, scratch, unread) < 0)
        return 0;
    return plm_builder_extract(b, node, m, n, plm_buf_sv(scratch), err);
}

int plm_builder_take_tar(struct plm_builder *b, uint32_t node, const struct plm_match *m, size_t n,
                         struct plm_tar *t, struct plm_buf *scratch, plm_err **err)
{
    start(scratch);
    while (scratch->n < PLM_EXTRACT_HEAD) {
        char *to = plm_buf_reserve(scratch, PLM_EXTRACT_HEAD);
        ssize_t r = to ? plm_tar_read(t, to, PLM_EXTRACT_HEAD - scratch->n, err) : -1;
        if (r < 0)
            return to ? -1 : plm_buf_check(scratch, err);
        if (r == 0)
            break;
        scratch->n += (size_t)r;
    }
    if (!plm_builder_goes_on(b, node, m, n, plm_buf_sv(scratch)))
        return 0;
    if (plm_tar_slurp(t, scratch->max - scratch->n, scratch, err) < 0)
        return -1;
    return plm_builder_extract(b, node, m, n, plm_buf_sv(scratch), err);
}
