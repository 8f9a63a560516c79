/* SPDX-License-Identifier: Apache-2.0
 *
 * Inputs of a feed: a plain or compressed file, a zip, a tar in any of these compressions, or a
 * directory; handed to the format one file at a time, decompressed, never unpacked to disk.
 * Members and directory entries are matched against the format's globs (a glob without a slash
 * against the last part of the name); a single file is taken whatever it is called.
 *
 * Order is that of the archive, and by name in a directory, so the result does not depend on
 * the file system. A member that is damaged is a bad record; an archive that is, ends the feed.
 */
#include "base/fs.h"
#include "codec/tar.h"
#include "codec/zip.h"
#include "vulndb/vulndb_int.h"

#include <dirent.h>
#include <fcntl.h>

struct input {
    const struct plm_ctx *ctx;
    const struct plm_feed_format *format;
    struct plm_feed_sink *sink;
    struct plm_buf data; /* one file */
    const char *path;
    uint64_t files, entries;
};

static bool is_wanted(const struct plm_feed_format *f, plm_sv name)
{
    if (!f->globs)
        return true;
    size_t slash = plm_sv_rfind(name, '/');
    plm_sv base = slash == SIZE_MAX ? name : plm_sv_from_off(name, slash + 1);
    for (const char *const *g = f->globs; *g; g++) {
        plm_sv pattern = plm_sv_from(*g);
        bool has_slash = plm_sv_find(pattern, '/') != SIZE_MAX;
        if (plm_sv_glob(pattern, has_slash ? name : base))
            return true;
    }
    return false;
}

static int take(struct input *in, plm_sv name, plm_sv data, plm_err **err)
{
    struct plm_feed_file file = {.name = name, .data = data};
    if (plm_cancelled(in->ctx))
        return plm_fail(err, PLM_E_CANCEL, "stopped");
    in->files++;
    plm_arena_reset(in->sink->arena);
    if (in->format->file(in->sink, &file, err) < 0)
        return plm_wrap(err, "%.*s", PLM_SV_ARG(name));
    return 0;
}

/* A damaged member costs that member only; lack of memory ends everything. */
static int skip_member(struct input *in, plm_sv name, plm_err **cause, plm_err **err)
{
    if (plm_err_code(*cause) == PLM_E_OOM || plm_err_code(*cause) == PLM_E_CANCEL)
        return plm_err_move(err, cause);
    plm_auto_free char *text = plm_err_text(*cause);
    in->sink->bad(in->sink, name, "%s", text ? text : "cannot be read");
    plm_err_free(*cause);
    *cause = NULL;
    return 0;
}

static int read_zip(struct input *in, plm_sv data, plm_err **err)
{
    plm_auto(plm_zip_free) struct plm_zip *z = plm_zip_new(data, in->path, in->ctx->limits, err);
    if (!z)
        return -1;
    struct plm_zip_entry e;
    int r;
    while ((r = plm_zip_next(z, &e, err)) > 0) {
        if (e.is_dir || !is_wanted(in->format, e.name))
            continue;
        plm_err *cause = NULL;
        plm_buf_clear(&in->data);
        if (plm_zip_read(z, &e, in->ctx->limits->file_bytes, &in->data, &cause) < 0)
            r = skip_member(in, e.name, &cause, err);
        else
            r = take(in, e.name, plm_buf_sv(&in->data), err);
        if (r < 0)
            return -1;
    }
    return r;
}

static int read_tar(struct input *in, struct plm_stream *s, plm_err **err)
{
    plm_auto(plm_tar_free) struct plm_tar *t = plm_tar_new(s, in->ctx->limits, err);
    if (!t)
        return -1;
    plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(in->ctx->limits->path_bytes + 1);
    struct plm_tar_entry e;
    int r;
    while ((r = plm_tar_next(t, &e, err)) > 0) {
        if (++in->entries > in->ctx->limits->layer_entries)
            return plm_fail(err, PLM_E_LIMIT, "%s: more members than the limit", in->path);
        plm_sv path = plm_sv_starts(e.name, PLM_SV("./")) ? plm_sv_from_off(e.name, 2) : e.name;
        if (e.type != PLM_TAR_FILE || !is_wanted(in->format, path))
            continue;
        plm_buf_clear(&name);
        plm_buf_clear(&in->data);
        plm_buf_sv_put(&name, path); /* the entry's name does not survive reading its contents */
        if (plm_buf_check(&name, err) < 0 ||
            plm_tar_slurp(t, in->ctx->limits->file_bytes, &in->data, err) < 0 ||
            take(in, plm_buf_sv(&name), plm_buf_sv(&in->data), err) < 0)
            return -1;
    }
    return r;
}

/* "dir/list.json.zst" to "list.json"; a download has ".part" behind its name. */
static plm_sv plain_name(const char *path)
{
    static const char *const endings[] = {".gz", ".zst", ".xz"};
    plm_sv s = plm_sv_from(path);
    size_t slash = plm_sv_rfind(s, '/');
    if (slash != SIZE_MAX)
        s = plm_sv_from_off(s, slash + 1);
    if (plm_sv_ends(s, PLM_SV(".part")))
        s = plm_sv_sub(s, 0, s.n - 5);
    for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++)
        if (plm_sv_ends(s, plm_sv_from(endings[i])))
            return plm_sv_sub(s, 0, s.n - strlen(endings[i]));
    return s;
}

static int read_stream(struct input *in, plm_sv data, plm_err **err)
{
    struct plm_stream *raw = plm_stream_view(data, in->path, err);
    if (!raw)
        return -1;
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_decompress(raw, in->ctx->limits, err);
    if (!s)
        return -1;
    plm_sv head;
    if (plm_stream_peek(s, &head, err) < 0)
        return -1;
    if (head.n >= 263 && memcmp(head.p + 257, "ustar", 5) == 0)
        return read_tar(in, s, err);
    plm_buf_clear(&in->data);
    if (plm_stream_slurp(s, in->ctx->limits->file_bytes, &in->data, err) < 0)
        return -1;
    return take(in, plain_name(in->path), plm_buf_sv(&in->data), err);
}

static int read_file(struct input *in, int fd, bool is_regular, plm_err **err)
{
    plm_auto_done(plm_fs_map_done) struct plm_fs_map map = {0};
    plm_auto_done(plm_buf_done) struct plm_buf piped = PLM_BUF(in->ctx->limits->http_bytes);
    plm_sv data;
    if (is_regular) {
        if (plm_fs_map_fd(fd, in->path, in->ctx->limits->layer_bytes, &map, err) < 0)
            return -1;
        data = map.view;
    } else { /* a pipe or a terminal: nothing to map */
        if (plm_fs_read_fd(fd, in->path, in->ctx->limits->http_bytes, &piped, err) < 0)
            return -1;
        data = plm_buf_sv(&piped);
    }
    return plm_zip_sniff(data) ? read_zip(in, data, err) : read_stream(in, data, err);
}

/* ---- directories ----------------------------------------------------------------------------- */

static int list_dir(int fd, const char *name, struct plm_arena *a, plm_sv_vec *out, plm_err **err)
{
    int again = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *d = again >= 0 ? fdopendir(again) : NULL;
    if (!d) {
        int r = plm_fail_sys(err, "%s", name);
        if (again >= 0)
            close(again);
        return r;
    }
    int r = 0;
    for (struct dirent *e; r == 0 && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            !plm_sv_vec_add(a, out, plm_sv_from(e->d_name)))
            r = plm_arena_check(a, err);
    closedir(d);
    plm_sv_vec_sort_unique(out);
    return r;
}

static int read_dir(struct input *in, int root, const char *relative, unsigned depth, plm_err **err);

static int read_entry(struct input *in, int root, const char *path, unsigned depth, plm_err **err)
{
    struct stat st;
    if (fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : plm_fail_sys(err, "%s", path);
    if (S_ISDIR(st.st_mode))
        return read_dir(in, root, path, depth + 1, err);
    if (!S_ISREG(st.st_mode) || !is_wanted(in->format, plm_sv_from(path)))
        return 0;
    plm_err *cause = NULL;
    plm_buf_clear(&in->data);
    if (plm_fs_read_in(root, path, in->ctx->limits->file_bytes, &in->data, &cause) < 0)
        return skip_member(in, plm_sv_from(path), &cause, err);
    return take(in, plm_sv_from(path), plm_buf_sv(&in->data), err);
}

static int read_dir(struct input *in, int root, const char *relative, unsigned depth, plm_err **err)
{
    if (depth > in->ctx->limits->depth)
        return plm_fail(err, PLM_E_LIMIT, "%s: directories nest too deep", relative);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    plm_sv_vec names = {0};
    if (list_dir(root, *relative ? relative : ".", a, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.n; i++) {
        if (++in->entries > in->ctx->limits->layer_entries)
            return plm_fail(err, PLM_E_LIMIT, "%s: more files than the limit", in->path);
        plm_sv path = plm_arena_printf(a, "%s%s%s", relative, *relative ? "/" : "", names.v[i].p);
        if (!path.p)
            return plm_arena_check(a, err);
        if (read_entry(in, root, path.p, depth, err) < 0)
            return -1;
    }
    return 0;
}

int plm_feed_input(const struct plm_ctx *ctx, const struct plm_feed_format *format, const char *path,
                   struct plm_feed_sink *s, uint64_t *out_files, plm_err **err)
{
    struct input in = {.ctx = ctx, .format = format, .sink = s, .path = path};
    in.data = PLM_BUF(ctx->limits->file_bytes + 1);
    plm_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return plm_fail_sys(err, "%s", path);
    int r =
        S_ISDIR(st.st_mode) ? read_dir(&in, fd, "", 0, err) : read_file(&in, fd, S_ISREG(st.st_mode), err);
    plm_buf_done(&in.data);
    if (r < 0)
        return -1;
    if (in.files == 0)
        return plm_fail(err, PLM_E_EMPTY, "%s: holds no file that the format %s reads", path, format->id);
    *out_files = in.files;
    return 0;
}

/* ---- a whole feed ---------------------------------------------------------------------------- */

const struct plm_feed_format *plm_feed_format_find(plm_sv id)
{
    PLM_SET_FOREACH (plm_feeds, struct plm_feed_format, f) {
        if (plm_sv_is(id, f->id))
            return f;
    }
    return NULL;
}

int plm_feed_read(const struct plm_ctx *ctx, struct plm_db_builder *b, const char *name, const char *format,
                  const char *path, int64_t as_of, struct plm_feed_stats *out, plm_err **err)
{
    const struct plm_feed_format *f = plm_feed_format_find(plm_sv_from(format));
    if (!f) {
        int r = plm_fail(err, PLM_E_USAGE, "unknown feed format %s", format);
        plm_err_hint(err, "plimsoll list feeds shows them");
        return r;
    }
    plm_auto(plm_feed_abandon) struct plm_feed_sink *s = plm_feed_begin(ctx, name, format, err);
    if (!s)
        return -1;
    uint64_t files = 0;
    if (plm_feed_input(ctx, f, path, s, &files, err) < 0 || (f->finish && f->finish(s, err) < 0))
        return plm_wrap(err, "feed %s", name);
    struct plm_feed_stats stats;
    if (plm_feed_end(plm_take(s), b, as_of, &stats, err) < 0)
        return plm_wrap(err, "feed %s", name);
    stats.files = files;
    if (out)
        *out = stats;
    return 0;
}
