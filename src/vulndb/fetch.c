/* SPDX-License-Identifier: Apache-2.0
 *
 * One file over HTTP into a part file that survives an interruption. Beside FILE.part stands
 * FILE.part.note with the address and the validators of what is being fetched; the next attempt
 * asks for the rest, on condition that the origin still has the same thing (If-Range), and
 * begins anew where it has not. The note is written before the first byte, so a kill leaves
 * nothing that could be continued wrongly.
 */
#include "base/fs.h"
#include "base/progress.h"
#include "net/net.h"
#include "vulndb/vulndb_int.h"

#include <fcntl.h>

struct fetch {
    const struct plm_ctx *ctx;
    const char *url, *part;
    char *note;
    struct plm_feed_origin noted; /* of the part file; url null: none to go on with */
    uint64_t have;
    uint64_t connect_timeout_ms;
};

/* Three lines: address, etag, last-modified. */
static int note_write(const struct fetch *f, const struct plm_http_response *res, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_buf_printf(&b, "%s\n%.*s\n%lld\n", f->url, PLM_SV_ARG(res->etag), (long long)res->last_modified);
    if (plm_buf_check(&b, err) < 0)
        return -1;
    return plm_fs_write_atomic(f->note, plm_buf_sv(&b), 0, err);
}

static void note_read(struct fetch *f, struct plm_arena *a)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_sv url, etag, modified, rest;
    uint64_t t;
    struct stat st;
    if (plm_fs_read(f->note, PLM_KIB(64), &b, NULL) < 0 || stat(f->part, &st) < 0 || st.st_size <= 0)
        return;
    rest = plm_buf_sv(&b);
    if (!plm_sv_line(&rest, &url) || !plm_sv_line(&rest, &etag) || !plm_sv_line(&rest, &modified) ||
        !plm_sv_is(url, f->url) || !plm_sv_u64(modified, &t) || (!etag.n && !t))
        return;
    f->noted = (struct plm_feed_origin){plm_arena_sv(a, url), plm_arena_sv(a, etag), (int64_t)t};
    f->have = (uint64_t)st.st_size;
}

static int copy_body(const struct fetch *f, struct plm_http_stream *s, const struct plm_http_response *res,
                     int fd, uint64_t *out_bytes, plm_err **err)
{
    plm_auto_free char *buf = malloc(PLM_KIB(128));
    if (!buf)
        return plm_fail_oom(err);
    uint64_t done = 0, limit = f->ctx->limits->http_bytes,
             total = res->length == UINT64_MAX ? 0 : res->length;
    ssize_t n;
    while ((n = plm_http_read(s, buf, PLM_KIB(128), err)) > 0) {
        done += (uint64_t)n;
        if (f->have + done > limit)
            return plm_fail(err, PLM_E_LIMIT, "%s: more than %llu bytes", f->url, (unsigned long long)limit);
        if (plm_fs_write_all(fd, buf, (size_t)n, err) < 0)
            return plm_wrap(err, "%s", f->part);
        if (plm_cancelled(f->ctx))
            return plm_fail(err, PLM_E_CANCEL, "stopped while fetching %s", f->url);
        plm_progress_step(f->ctx->progress, f->url, done, total);
    }
    *out_bytes = done;
    return n < 0 ? -1 : 0;
}

/* Asks once. *out_status is 200, 206 or 304. */
static int attempt(struct fetch *f, struct plm_http *h, const struct plm_feed_origin *known,
                   struct plm_arena *a, struct plm_feed_origin *out, uint64_t *out_bytes, int *out_status,
                   plm_err **err)
{
    const struct plm_feed_origin *condition = f->have ? &f->noted : known;
    struct plm_http_request req = {.if_none_match = condition->etag,
                                   .if_modified_since = condition->last_modified,
                                   .resume_from = f->have,
                                   .max_bytes = f->ctx->limits->http_bytes};
    struct plm_http_response res;
    plm_auto(plm_http_close) struct plm_http_stream *s = plm_http_open(h, f->url, &req, &res, err);
    if (!s)
        return -1;
    *out_status = res.status;
    *out_bytes = 0;
    if (res.status == 304)
        return 0;
    if (res.status != 206)
        f->have = 0;
    plm_auto_fd int fd = open(f->part, O_WRONLY | O_CREAT | O_CLOEXEC | (f->have ? O_APPEND : O_TRUNC), 0644);
    if (fd < 0)
        return plm_fail_sys(err, "%s", f->part);
    if (!f->have && note_write(f, &res, err) < 0)
        return -1;
    *out = f->have ? f->noted
                   : (struct plm_feed_origin){plm_arena_sv(a, plm_sv_from(f->url)), plm_arena_sv(a, res.etag),
                                              res.last_modified};
    return copy_body(f, s, &res, fd, out_bytes, err);
}

/* The part is as long as the whole, or longer (416), or the origin knows no ranges. */
static bool is_refused(const plm_err *e)
{
    plm_sv id = plm_sv_from(plm_err_id(e));
    return plm_sv_is(id, "net.range") || plm_sv_is(id, "net.status");
}

static int fetch_all(struct fetch *f, const struct plm_feed_origin *known, struct plm_arena *a,
                     struct plm_feed_origin *out, uint64_t *out_bytes, bool *out_unchanged, plm_err **err)
{
    struct plm_http_config conf = {.connect_timeout_ms = f->connect_timeout_ms};
    plm_auto(plm_http_free) struct plm_http *h = plm_http_new(f->ctx, &conf, err);
    if (!h)
        return -1;
    int status = 0;
    plm_err *first = NULL;
    note_read(f, a);
    bool resumed = f->have > 0;
    int r = attempt(f, h, known, a, out, out_bytes, &status, resumed ? &first : err);
    if (r < 0 && resumed && is_refused(first)) { /* once more, from the start */
        plm_err_free(first);
        first = NULL;
        f->have = 0;
        r = attempt(f, h, known, a, out, out_bytes, &status, err);
    } else if (r < 0 && resumed) {
        return plm_err_move(err, &first);
    }
    if (r < 0)
        return -1;
    *out_unchanged = status == 304;
    return plm_arena_check(a, err);
}

int plm_db_fetch(const struct plm_ctx *ctx, const char *url, const char *part,
                 const struct plm_feed_origin *known, uint64_t connect_timeout_ms, struct plm_arena *a,
                 struct plm_feed_origin *out, uint64_t *out_bytes, bool *out_unchanged, plm_err **err)
{
    struct fetch f = {.ctx = ctx, .url = url, .part = part, .connect_timeout_ms = connect_timeout_ms};
    if (asprintf(&f.note, "%s.note", part) < 0)
        return plm_fail_oom(err);
    int r = fetch_all(&f, known, a, out, out_bytes, out_unchanged, err);
    free(f.note);
    return r;
}
