/* SPDX-License-Identifier: Apache-2.0
 *
 * Workers for the archives around images: the members of a file (jumping from header to header), the members
 * of a stream as they come, and plain decompression of an archive that is compressed as a whole.
 */
#include "base/fs.h"
#include "codec/tar.h"
#include "image/archive.h"
#include "image/record.h"
#include "image/worker.h"

enum { TRAILING_MAX = 16 << 20, MEMBERS_MAX = 100000 };

/* "./a/../b" to "b", below `base` unless it is absolute. */
static void canonical(plm_sv base, plm_sv raw, struct plm_buf *out)
{
    plm_buf_clear(out);
    if (base.n && !plm_sv_starts(raw, PLM_SV("/")))
        plm_buf_sv_put(out, base);
    plm_sv rest = raw, part;
    while (plm_sv_field(&rest, '/', &part)) {
        if (part.n == 0 || plm_sv_is(part, "."))
            continue;
        if (plm_sv_is(part, "..")) {
            size_t slash = plm_sv_rfind(plm_buf_sv(out), '/');
            out->n = slash == SIZE_MAX ? 0 : slash;
            continue;
        }
        if (out->n)
            plm_buf_byte(out, '/');
        plm_buf_sv_put(out, part);
    }
}

void plm_member_encode(struct plm_buf *out, const struct plm_member *m)
{
    plm_buf_view(out, m->name);
    plm_buf_view(out, m->link);
    plm_buf_varint(out, m->offset);
    plm_buf_varint(out, m->bytes);
}

/* Next member that is a file or a link; 0 at the end. */
static int next_member(struct plm_tar *t, struct plm_buf *name, struct plm_buf *link, struct plm_member *out,
                       plm_err **err)
{
    struct plm_tar_entry e;
    int r;
    while ((r = plm_tar_next(t, &e, err)) > 0) {
        bool is_link = e.type == PLM_TAR_SYMLINK || e.type == PLM_TAR_HARDLINK;
        if ((e.type != PLM_TAR_FILE && !is_link) || e.is_sparse)
            continue;
        canonical(PLM_SV_NULL, e.name, name);
        size_t slash = plm_sv_rfind(plm_buf_sv(name), '/');
        plm_sv dir = plm_sv_sub(plm_buf_sv(name), 0, slash == SIZE_MAX ? 0 : slash);
        canonical(e.type == PLM_TAR_SYMLINK ? dir : PLM_SV_NULL, is_link ? e.link : PLM_SV(""), link);
        if (name->failed || link->failed || memchr(name->p ? name->p : "x", 0, name->n ? name->n : 1))
            continue;
        *out = (struct plm_member){.name = plm_buf_sv(name),
                                   .link = plm_buf_sv(link),
                                   .offset = e.data_offset,
                                   .bytes = is_link ? 0 : e.size};
        return 1;
    }
    return r;
}

/* Job: nothing. Descriptor 0: the file. Answer: members, then an error text (empty: none). */
int plm_job_members(struct plm_job_input *in, struct plm_buf *out, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(PLM_KIB(64)), link = PLM_BUF(PLM_KIB(64));
    plm_auto_done(plm_buf_done) struct plm_buf list = PLM_BUF(out->max);
    if (in->n_fds < 1 || lseek(in->fds[0], 0, SEEK_SET) < 0)
        return plm_fail_sys(err, "seek");
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_fd(in->fds[0], "tar", err);
    plm_auto(plm_tar_free) struct plm_tar *t = s ? plm_tar_new(s, in->limits, err) : NULL;
    if (!t)
        return -1;
    plm_err *bad = NULL;
    struct plm_member m;
    size_t n = 0;
    int r;
    while ((r = next_member(t, &name, &link, &m, &bad)) > 0) {
        if (++n > MEMBERS_MAX) {
            r = plm_fail(&bad, PLM_E_LIMIT, "more than %d members", MEMBERS_MAX);
            break;
        }
        plm_member_encode(&list, &m);
    }
    plm_auto_free char *text = r < 0 ? plm_err_text(bad) : NULL;
    plm_err_free(bad);
    plm_buf_view(out, r < 0 ? plm_sv_from(text ? text : "out of memory") : PLM_SV(""));
    plm_buf_sv_put(out, plm_buf_sv(&list));
    return plm_buf_check(&list, err);
}

/* A message of the splitter: length, then kind and body. */
static int send_message(int fd, char kind, plm_sv body, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(256));
    plm_buf_u32le(&b, (uint32_t)body.n + 1);
    plm_buf_byte(&b, (unsigned char)kind);
    plm_buf_sv_put(&b, body);
    return plm_buf_check(&b, err) < 0 ? -1 : plm_fs_write_all(fd, b.p, b.n, err);
}

static int split(struct plm_stream *s, const struct plm_limits *limits, int fd, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(PLM_KIB(64)), link = PLM_BUF(PLM_KIB(64));
    plm_auto(plm_tar_free) struct plm_tar *t = plm_tar_new(s, limits, err);
    if (!t)
        return -1;
    struct plm_member m;
    int r;
    for (size_t n = 0; (r = next_member(t, &name, &link, &m, err)) > 0;) {
        if (++n > MEMBERS_MAX)
            return plm_fail(err, PLM_E_LIMIT, "more than %d members", MEMBERS_MAX);
        plm_auto_done(plm_buf_done) struct plm_buf body = PLM_BUF(PLM_KIB(200));
        plm_member_encode(&body, &m);
        if (plm_buf_check(&body, err) < 0 || send_message(fd, 'M', plm_buf_sv(&body), err) < 0)
            return -1;
    }
    return r;
}

/* Job: nothing. Descriptors: a ring. Writes a message per member before it asks for the bytes after its
 * header. */
int plm_job_split(struct plm_job_input *in, struct plm_buf *out, plm_err **err)
{
    (void)out;
    if (in->n_fds < 2)
        return plm_fail(err, PLM_E_INTERNAL, "a stream without a ring");
    plm_auto(plm_stream_free) struct plm_stream *s = plm_ring_stream(in->fds[0], in->fds[1], "tar", err);
    if (!s)
        return -1;
    plm_err *bad = NULL;
    if (split(s, in->limits, in->out_fd, &bad) < 0) {
        plm_auto_free char *text = plm_err_text(bad);
        plm_err_free(bad);
        if (send_message(in->out_fd, 'E', plm_sv_from(text ? text : "out of memory"), err) < 0)
            return -1;
    }
    /* The rest, so that turns are given back to the end: padding. More than that may be without an end. */
    plm_sv part;
    for (uint64_t left = TRAILING_MAX;; left -= part.n) {
        if (plm_stream_peek(s, &part, NULL) < 0 || part.n == 0)
            break;
        if (part.n > left)
            return send_message(in->out_fd, 'E',
                                PLM_SV("tar: more than 16 MiB follow the end of the archive"), err);
        if (plm_stream_skip(s, part.n, NULL) < 0)
            break;
    }
    return 0;
}

/* Job: nothing. Descriptor 0: a file, pipe or socket. Writes its decompressed bytes. */
int plm_job_inflate(struct plm_job_input *in, struct plm_buf *out, plm_err **err)
{
    (void)out;
    struct plm_stream *raw = in->n_fds ? plm_stream_fd(in->fds[0], "archive", err) : NULL;
    plm_auto(plm_stream_free) struct plm_stream *s = raw ? plm_stream_decompress(raw, in->limits, err) : NULL;
    if (!s)
        return -1;
    for (;;) {
        plm_sv part;
        if (plm_stream_peek(s, &part, err) < 0)
            return -1;
        if (part.n == 0)
            return 0;
        if (plm_fs_write_all(in->out_fd, part.p, part.n, err) < 0 || plm_stream_skip(s, part.n, err) < 0)
            return -1;
    }
}
