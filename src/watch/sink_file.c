/* SPDX-License-Identifier: Apache-2.0
 *
 * A file that grows by one line per alert. keep_alive: false opens it for each alert; SIGUSR1 opens it again
 * (logrotate's way). max_size rotates it here: FILE becomes FILE.1, that FILE.2, up to max_files.
 *
 * A line that could not be written whole (a full disk) is ended before the next one, so that at most one line
 * of the file is damaged. Alerts tell what users type: the file is made with mode 0640.
 */
#include "base/fs.h"
#include "outputs_int.h"

#include <fcntl.h>
#include <limits.h>

enum { LINE_MAX_BYTES = 4 * 1024 * 1024, FILES_MAX = 1000 };

struct file {
    struct plm_sink base;
    struct plm_arena *arena;
    enum plm_sink_format format;
    plm_sv filename;
    bool keep_alive, is_torn;
    uint64_t max_size, max_files;
    int fd;
    uint64_t size; /* of the open file */
    struct plm_buf line;
};

static const struct plm_sink_key keys_of[] = {
    {"filename", PLM_KEY_TEXT, offsetof(struct file, filename)},
    {"keep_alive", PLM_KEY_FLAG, offsetof(struct file, keep_alive)},
    {"format", PLM_KEY_FORMAT, offsetof(struct file, format)},
    {"max_size", PLM_KEY_SIZE, offsetof(struct file, max_size)},
    {"max_files", PLM_KEY_NUMBER, offsetof(struct file, max_files)},
    {NULL, PLM_KEY_TEXT, 0},
};

static void close_file(struct file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

static int open_file(struct file *f, plm_err **err)
{
    struct stat st;
    if (f->fd >= 0)
        return 0;
    f->fd = open(f->filename.p, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
    if (f->fd < 0)
        return plm_fail_sys(err, "%s", f->filename.p);
    f->size = fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    return 0;
}

/* FILE.(i-1) to FILE.i, the oldest first; FILE.1 is FILE. Missing ones are no fault. */
static int rotate(struct file *f, plm_err **err)
{
    close_file(f);
    for (uint64_t i = f->max_files; i > 0; i--) {
        plm_auto_free char *from = NULL, *to = NULL;
        int n = i == 1 ? asprintf(&from, "%s", f->filename.p)
                       : asprintf(&from, "%s.%llu", f->filename.p, (unsigned long long)i - 1);
        int m = asprintf(&to, "%s.%llu", f->filename.p, (unsigned long long)i);
        if (n < 0 || m < 0)
            return plm_fail_oom(err);
        if (rename(from, to) < 0 && errno != ENOENT)
            return plm_fail_sys(err, "%s: renaming it to %s", from, to);
    }
    return open_file(f, err);
}

static int write_line(struct file *f, plm_err **err)
{
    if (open_file(f, err) < 0)
        return -1;
    bool is_full = f->max_size && f->size && f->size + f->line.n > f->max_size;
    if (is_full && rotate(f, err) < 0)
        return -1;
    if (f->is_torn) {
        if (plm_fs_write_all(f->fd, "\n", 1, err) < 0)
            return plm_wrap(err, "%s", f->filename.p);
        f->is_torn = false;
    }
    if (plm_fs_write_all(f->fd, f->line.p, f->line.n, err) < 0) {
        f->is_torn = true;
        return plm_wrap(err, "%s", f->filename.p);
    }
    f->size += f->line.n;
    return 0;
}

static int write_alert(struct plm_sink *s, const struct plm_alert *a, const struct plm_alert_options *options,
                       plm_err **err)
{
    struct file *f = (struct file *)s;
    plm_buf_clear(&f->line);
    plm_sink_render(f->format, a, options, &f->line);
    plm_buf_byte(&f->line, '\n');
    int r = plm_buf_check(&f->line, err);
    if (r == 0)
        r = write_line(f, err);
    if (!f->keep_alive)
        close_file(f);
    return r;
}

static void reopen_file(struct plm_sink *s)
{
    close_file((struct file *)s); /* the next alert opens it */
}

static void close_sink(struct plm_sink *s)
{
    struct file *f = (struct file *)s;
    close_file(f);
    plm_buf_done(&f->line);
    plm_arena_free(f->arena);
    free(f);
}

static struct plm_sink *open_sink(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                                  size_t n, plm_err **err);

static const struct plm_sink_class file_class = {
    .name = "file",
    .summary = "a file with rotation: filename, keep_alive, format, max_size, max_files",
    .open = open_sink,
};
PLM_REGISTER(plm_sink_classes, struct plm_sink_class, file_class);

static int prepare(struct file *f, const plm_sv *keys, const plm_sv *values, size_t n, plm_err **err)
{
    if (!(f->arena = plm_arena_new(PLM_MIB(1))))
        return plm_fail_oom(err);
    if (plm_sink_keys("file", keys_of, f, f->arena, keys, values, n, err) < 0)
        return -1;
    if (!f->filename.n)
        return plm_fail_id(err, PLM_E_CONFIG, "watch.output", "output file: filename is missing");
    if (f->max_files < 1 || f->max_files > FILES_MAX)
        return plm_fail_id(err, PLM_E_CONFIG, "watch.output", "output file: max_files is not from 1 to %d",
                           FILES_MAX);
    if (open_file(f, err) < 0) /* now, not at the first alert */
        return plm_wrap(err, "output file");
    if (!f->keep_alive)
        close_file(f);
    return 0;
}

static struct plm_sink *open_sink(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                                  size_t n, plm_err **err)
{
    (void)ctx;
    struct file *f = calloc(1, sizeof(*f));
    if (!f)
        return PLM_NULL(plm_fail_oom(err));
    f->base = (struct plm_sink){
        .class = &file_class, .write = write_alert, .reopen = reopen_file, .close = close_sink};
    f->line = PLM_BUF(LINE_MAX_BYTES);
    f->fd = -1;
    f->max_files = 5;
    if (prepare(f, keys, values, n, err) < 0) {
        close_sink(&f->base);
        return NULL;
    }
    return &f->base;
}
