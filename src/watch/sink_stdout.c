/* SPDX-License-Identifier: Apache-2.0
 *
 * Standard output: one line per alert, written at once. buffered (falco.yaml's buffered_outputs): lines are
 * gathered while more alerts wait, and written when none does.
 */
#include "outputs_int.h"

enum { GATHER = 32 * 1024, LINES_MAX = 4 * 1024 * 1024 };

struct out {
    struct plm_sink base;
    struct plm_arena *arena;
    enum plm_sink_format format;
    bool buffered;
    struct plm_buf lines;
};

static const struct plm_sink_key keys_of[] = {
    {"format", PLM_KEY_FORMAT, offsetof(struct out, format)},
    {"buffered", PLM_KEY_FLAG, offsetof(struct out, buffered)},
    {NULL, PLM_KEY_TEXT, 0},
};

static int flush_lines(struct plm_sink *s, plm_err **err)
{
    struct out *o = (struct out *)s;
    int r = plm_buf_check(&o->lines, err);
    if (r == 0)
        r = plm_sink_write_all(STDOUT_FILENO, plm_buf_sv(&o->lines), 0, err);
    plm_buf_clear(&o->lines);
    return r < 0 ? plm_wrap(err, "standard output") : 0;
}

static int write_alert(struct plm_sink *s, const struct plm_alert *a, const struct plm_alert_options *options,
                       plm_err **err)
{
    struct out *o = (struct out *)s;
    plm_sink_render(o->format, a, options, &o->lines);
    plm_buf_byte(&o->lines, '\n');
    return o->buffered && o->lines.n < GATHER ? 0 : flush_lines(s, err);
}

static void close_sink(struct plm_sink *s)
{
    struct out *o = (struct out *)s;
    plm_buf_done(&o->lines);
    plm_arena_free(o->arena);
    free(o);
}

static struct plm_sink *open_sink(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                                  size_t n, plm_err **err);

static const struct plm_sink_class stdout_class = {
    .name = "stdout",
    .summary = "standard output, one line per alert: format, buffered",
    .open = open_sink,
};
PLM_REGISTER(plm_sink_classes, struct plm_sink_class, stdout_class);

static struct plm_sink *open_sink(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                                  size_t n, plm_err **err)
{
    (void)ctx;
    struct out *o = calloc(1, sizeof(*o));
    if (!o)
        return PLM_NULL(plm_fail_oom(err));
    o->base = (struct plm_sink){
        .class = &stdout_class, .write = write_alert, .flush = flush_lines, .close = close_sink};
    o->lines = PLM_BUF(LINES_MAX);
    o->arena = plm_arena_new(PLM_MIB(1));
    if (!o->arena || plm_sink_keys("stdout", keys_of, o, o->arena, keys, values, n, err) < 0) {
        int rc = o->arena ? 0 : plm_fail_oom(err);
        (void)rc;
        close_sink(&o->base);
        return NULL;
    }
    return &o->base;
}
