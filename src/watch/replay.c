/* SPDX-License-Identifier: Apache-2.0
 *
 * Recordings as a source of events: JSON lines, one object a line (docs/watch.md documents the format).
 *
 * The kind of a line is the first of these keys that it has: recording (the head: schema, hostname,
 * addresses), event, task, container, user, group, loss, scan_done, comment. Keys that are not known are left
 * alone, so that later versions can add some; values of a wrong type, unknown types of events and lines that
 * are none of these are PARSE with file and line. What is left out has its default, and results may stand
 * once: in `res` or in the first parameter, so that recordings can be written by hand.
 *
 * Reads as it goes: memory is one line, whatever the length of the recording.
 */
#include "watch/recording_int.h"

#include "base/fs.h"

#include <fcntl.h>

#define LINE_MAX_BYTES PLM_MIB(4)
#define READ_BYTES     PLM_KIB(64)

struct replay {
    struct plm_source base;
    const struct plm_ctx *ctx;
    char *name;
    int fd;             /* -1: text */
    plm_sv text;        /* what is left of it */
    struct plm_buf buf; /* of fd: read and not yet given out */
    size_t at;
    bool is_end;
    uint64_t line;
    struct plm_json *doc; /* of the current line */
    struct plm_arena *arena;
    struct plm_event event;
    struct plm_task_info task;
    struct plm_container container;
    uint64_t last_ts, last_num;
    struct plm_source_stats stats;
};

/* ---- lines ------------------------------------------------------------------------------------- */

/* More bytes behind what is there; 0 at the end. */
static int fill(struct replay *r, plm_err **err)
{
    if (r->at) {
        memmove(r->buf.p, r->buf.p + r->at, r->buf.n - r->at);
        r->buf.n -= r->at;
        r->at = 0;
    }
    char *p = plm_buf_reserve(&r->buf, READ_BYTES);
    if (!p)
        return plm_buf_check(&r->buf, err) < 0 ? plm_wrap(err, "a line is longer than 4 MiB") : 0;
    ssize_t n;
    do
        n = read(r->fd, p, READ_BYTES);
    while (n < 0 && errno == EINTR && !plm_cancelled(r->ctx));
    if (n < 0)
        return plm_fail_sys(err, "read");
    r->buf.n += (size_t)n;
    r->is_end = n == 0;
    return 0;
}

/* The next line; a null view at the end. */
static int next_line(struct replay *r, plm_sv *out, plm_err **err)
{
    if (r->fd < 0) {
        if (!plm_sv_line(&r->text, out))
            *out = PLM_SV_NULL;
        return 0;
    }
    for (;;) {
        plm_sv rest = plm_sv_from_off(plm_buf_sv(&r->buf), r->at), line = rest, tail = PLM_SV_NULL;
        if (plm_sv_cut(rest, '\n', &line, &tail) || r->is_end) {
            r->at += line.n + (tail.p != NULL);
            *out = rest.n ? line : PLM_SV_NULL;
            return 0;
        }
        if (fill(r, err) < 0)
            return -1;
    }
}

/* ---- parameters -------------------------------------------------------------------------------- */

/* "O_RDONLY|O_CLOEXEC" by the names of the parameter's table. */
static int flags_get(plm_sv text, const struct plm_param_info *info, uint64_t *out, plm_err **err)
{
    plm_sv name;
    uint64_t sum = 0;
    for (plm_sv rest = text; plm_sv_field(&rest, '|', &name);) {
        const struct plm_flag_name *f = info->flags;
        while (f && f->name && !plm_sv_is(name, f->name))
            f++;
        if (!f || !f->name)
            return plm_fail(err, PLM_E_PARSE, "parameter '%s': '%.*s' is not known", info->name,
                            PLM_SV_ARG(name));
        sum |= f->value;
    }
    *out = sum;
    return 0;
}

static int errno_get(plm_sv text, int64_t *out, plm_err **err)
{
    for (int e = 1; e < 134; e++) {
        const char *name = plm_errno_name(e);
        if (name && plm_sv_is(text, name)) {
            *out = -e;
            return 0;
        }
    }
    return plm_fail(err, PLM_E_PARSE, "'%.*s' is no name of an error", PLM_SV_ARG(text));
}

static int number_get(yyjson_val *v, const char *key, int64_t *out, plm_err **err)
{
    if (yyjson_is_str(v))
        return errno_get(plm_json_sv(v), out, err) < 0 ? plm_wrap(err, "key '%s'", key) : 0;
    if (!yyjson_is_int(v) || (yyjson_is_uint(v) && yyjson_get_uint(v) > INT64_MAX))
        return plm_fail(err, PLM_E_PARSE, "key '%s': a whole number is expected", key);
    *out = yyjson_get_sint(v);
    return 0;
}

static int unsigned_get(yyjson_val *v, const struct plm_param_info *info, struct plm_param *out,
                        plm_err **err)
{
    bool is_id = info->type == PLM_P_UID || info->type == PLM_P_GID;
    if (yyjson_is_str(v))
        return flags_get(plm_json_sv(v), info, &out->u, err);
    if (is_id && yyjson_is_sint(v) && yyjson_get_sint(v) == -1)
        out->u = UINT32_MAX;
    else if (yyjson_is_uint(v) && (!is_id || yyjson_get_uint(v) <= UINT32_MAX))
        out->u = yyjson_get_uint(v);
    else
        return plm_fail(err, PLM_E_PARSE, "parameter '%s': a number from 0 is expected", info->name);
    return 0;
}

static int path_get(struct replay *r, yyjson_val *v, const char *name, struct plm_param *out, plm_err **err)
{
    yyjson_val *raw = yyjson_obj_get(v, "raw"), *resolved = yyjson_obj_get(v, "resolved");
    if (!raw)
        return plm_rec_text_get(v, name, r->arena, &out->s, err);
    if (resolved && plm_rec_text_get(resolved, name, r->arena, &out->resolved, err) < 0)
        return -1;
    return plm_rec_text_get(raw, name, r->arena, &out->s, err);
}

static int param_get(struct replay *r, yyjson_val *v, const struct plm_param_info *info,
                     struct plm_param *out, plm_err **err)
{
    switch (info->type) {
    case PLM_P_ERRNO:
    case PLM_P_FD:
    case PLM_P_PID:
    case PLM_P_INT:
        return number_get(v, info->name, &out->i, err);
    case PLM_P_UINT:
    case PLM_P_HEX:
    case PLM_P_FLAGS:
    case PLM_P_ENUM:
    case PLM_P_MODE:
    case PLM_P_UID:
    case PLM_P_GID:
    case PLM_P_SIGNAL:
        return unsigned_get(v, info, out, err);
    case PLM_P_STR:
    case PLM_P_BYTES:
        return plm_rec_text_get(v, info->name, r->arena, &out->s, err);
    case PLM_P_PATH:
        return path_get(r, v, info->name, out, err);
    case PLM_P_STRINGS:
        return plm_rec_strings_get(v, info->name, r->arena, &out->s, err);
    case PLM_P_TUPLE:
    case PLM_P_ADDR:
        out->addr = plm_arena_make(r->arena, struct plm_addr);
        return out->addr ? plm_rec_addr_get(v, info->name, r->arena, out->addr, err)
                         : plm_arena_check(r->arena, err);
    }
    return 0;
}

static bool is_result(enum plm_param_type t)
{
    return t == PLM_P_ERRNO || t == PLM_P_FD || t == PLM_P_PID;
}

static int params_get(struct replay *r, yyjson_val *obj, struct plm_event *e, plm_err **err)
{
    const struct plm_evtype *t = e->type;
    e->n_params = t->n_params;
    for (unsigned i = 0; i < t->n_params; i++) {
        yyjson_val *v = yyjson_obj_get(obj, t->params[i].name);
        if (!v || yyjson_is_null(v)) {
            if (i == 0 && !v && e->has_res && is_result(t->params[0].type)) {
                e->params[0].i = e->res;
                e->params[0].is_present = true;
            }
            continue;
        }
        if (param_get(r, v, &t->params[i], &e->params[i], err) < 0)
            return -1;
        e->params[i].is_present = true;
    }
    if (!e->has_res && t->n_params && is_result(t->params[0].type) && e->params[0].is_present) {
        e->res = e->params[0].i;
        e->has_res = true;
    }
    return 0;
}

/* ---- lines by kind ------------------------------------------------------------------------------ */

/* "container": ID of a task names its cgroup, for recordings that are written by hand. */
static int task_get(struct replay *r, yyjson_val *v, plm_err **err)
{
    r->task = plm_rec_task_default;
    if (plm_rec_read(v, plm_rec_task, &r->task, r->arena, err) < 0)
        return plm_wrap(err, "task");
    if (!r->task.pid)
        r->task.pid = r->task.tid;
    if (!r->task.tid)
        r->task.tid = r->task.pid;
    if (!r->task.tid)
        return plm_fail(err, PLM_E_PARSE, "task: key 'tid' is missing");
    plm_sv id = plm_json_str(v, "container", NULL);
    if (id.n && !r->task.cgroup.p)
        r->task.cgroup = plm_arena_printf(r->arena, "/docker/%.*s", PLM_SV_ARG(id));
    return plm_arena_check(r->arena, err);
}

struct head { /* members of an event that are plain numbers */
    uint64_t num, ts;
    uint16_t cpu;
    int32_t tid, pid;
};
#define H(k, m)                                                                                              \
    {                                                                                                        \
#m, PLM_REC_##k, offsetof(struct head, m), NULL                                                      \
    }
static const struct plm_rec_row head_rows[] = {H(U64, num), H(U64, ts),  H(U16, cpu),
                                               H(I32, tid), H(I32, pid), {NULL, PLM_REC_I32, 0, NULL}};
#undef H

static int event_get(struct replay *r, yyjson_val *root, struct plm_item *out, plm_err **err)
{
    struct plm_event *e = &r->event;
    plm_sv name = plm_json_str(root, "event", NULL);
    struct head h = {.num = r->last_num + 1, .ts = r->last_ts + 1000};
    *e = (struct plm_event){.type = plm_evtype_find(name)};
    if (!e->type)
        return plm_fail(err, PLM_E_PARSE, "'%.*s' is no type of events", PLM_SV_ARG(name));
    if (plm_rec_read(root, head_rows, &h, r->arena, err) < 0)
        return -1;
    e->num = r->last_num = h.num;
    e->ts = r->last_ts = h.ts;
    e->cpu = h.cpu;
    yyjson_val *res = yyjson_obj_get(root, "res"), *fd = yyjson_obj_get(root, "fd"),
               *task = yyjson_obj_get(root, "task");
    if (task) {
        if (task_get(r, task, err) < 0)
            return -1;
        e->task = &r->task;
        h.tid = h.tid ? h.tid : r->task.tid;
        h.pid = h.pid ? h.pid : r->task.pid;
    }
    e->tid = h.tid ? h.tid : h.pid;
    e->pid = h.pid ? h.pid : h.tid;
    if (!e->tid)
        return plm_fail(err, PLM_E_PARSE, "key 'tid' is missing");
    if (res && !yyjson_is_null(res)) {
        if (number_get(res, "res", &e->res, err) < 0)
            return -1;
        e->has_res = true;
    }
    if (fd) {
        e->has_fd = true;
        e->fd = plm_rec_fd_default;
        if (plm_rec_read(fd, plm_rec_fd, &e->fd, r->arena, err) < 0)
            return plm_wrap(err, "fd");
    }
    out->kind = plm_json_bool(root, "io_uring", false) ? PLM_ITEM_IO_URING : PLM_ITEM_EVENT;
    out->event = e;
    r->stats.n_events++;
    return params_get(r, yyjson_obj_get(root, "params"), e, err);
}

static int task_line(struct replay *r, yyjson_val *root, struct plm_item *out, plm_err **err)
{
    out->kind = PLM_ITEM_TASK;
    out->task = &r->task;
    return task_get(r, yyjson_obj_get(root, "task"), err);
}

static int mounts_get(struct replay *r, yyjson_val *list, struct plm_container *c, plm_err **err)
{
    size_t i, max;
    yyjson_val *v;
    c->mounts = plm_arena_array(r->arena, yyjson_arr_size(list) + 1, sizeof(*c->mounts));
    if (!c->mounts)
        return plm_arena_check(r->arena, err);
    yyjson_arr_foreach(list, i, max, v)
    {
        if (plm_rec_read(v, plm_rec_mount, &c->mounts[i], r->arena, err) < 0)
            return plm_wrap(err, "mounts");
        c->n_mounts++;
    }
    return 0;
}

struct label {
    plm_sv name, value;
};

static int by_name(const void *a, const void *b)
{
    return plm_sv_cmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

static int labels_get(struct replay *r, yyjson_val *obj, struct plm_container *c, plm_err **err)
{
    size_t i, max, n = yyjson_obj_size(obj);
    yyjson_val *k, *v;
    struct label *labels = plm_arena_array(r->arena, n + 1, sizeof(*labels));
    c->label_names = plm_arena_array(r->arena, n + 1, sizeof(*c->label_names));
    c->label_values = plm_arena_array(r->arena, n + 1, sizeof(*c->label_values));
    if (!labels || !c->label_names || !c->label_values)
        return plm_arena_check(r->arena, err);
    yyjson_obj_foreach(obj, i, max, k, v)
    {
        labels[i].name = plm_json_sv(k);
        if (plm_rec_text_get(v, "labels", r->arena, &labels[i].value, err) < 0)
            return -1;
    }
    qsort(labels, n, sizeof(*labels), by_name);
    for (i = 0; i < n; i++) {
        c->label_names[i] = labels[i].name;
        c->label_values[i] = labels[i].value;
    }
    c->n_labels = n;
    return 0;
}

static int container_line(struct replay *r, yyjson_val *root, struct plm_item *out, plm_err **err)
{
    struct plm_container *c = &r->container;
    yyjson_val *v = yyjson_obj_get(root, "container");
    *c = plm_rec_container_default;
    out->kind = PLM_ITEM_CONTAINER;
    out->container = c;
    if (plm_rec_read(v, plm_rec_container, c, r->arena, err) < 0)
        return plm_wrap(err, "container");
    if (!c->full_id.n)
        return plm_fail(err, PLM_E_PARSE, "container: key 'id' is missing");
    if (!c->id.n)
        c->id = plm_sv_sub(c->full_id, 0, 12);
    yyjson_val *mounts = yyjson_obj_get(v, "mounts"), *labels = yyjson_obj_get(v, "labels");
    if (mounts && mounts_get(r, mounts, c, err) < 0)
        return -1;
    return labels ? labels_get(r, labels, c, err) : 0;
}

static int name_line(struct replay *r, yyjson_val *v, bool is_group, struct plm_item *out, plm_err **err)
{
    struct plm_rec_user_line u = {0};
    if (plm_rec_read(v, plm_rec_user, &u, r->arena, err) < 0)
        return plm_wrap(err, is_group ? "group" : "user");
    out->kind = PLM_ITEM_USER;
    out->is_group = is_group;
    out->uid = u.id;
    out->user_name = u.name;
    out->user_home = u.home;
    out->user_shell = u.shell;
    out->container_id = u.container;
    return 0;
}

static int user_line(struct replay *r, yyjson_val *root, struct plm_item *out, plm_err **err)
{
    return name_line(r, yyjson_obj_get(root, "user"), false, out, err);
}

static int group_line(struct replay *r, yyjson_val *root, struct plm_item *out, plm_err **err)
{
    return name_line(r, yyjson_obj_get(root, "group"), true, out, err);
}

static int loss_line(struct replay *r, yyjson_val *root, struct plm_item *out, plm_err **err)
{
    yyjson_val *v = yyjson_obj_get(root, "loss");
    if (!yyjson_is_obj(v))
        return plm_fail(err, PLM_E_PARSE, "loss: an object is expected");
    out->kind = PLM_ITEM_LOSS;
    out->loss.must_resync = plm_json_bool(v, "must_resync", false);
    for (unsigned i = 0; i < PLM_LOSS_COUNT_; i++) {
        const char *key = plm_loss_name((enum plm_loss_class)i);
        yyjson_val *n = yyjson_obj_get(v, key);
        if (n && !yyjson_is_uint(n))
            return plm_fail(err, PLM_E_PARSE, "loss: key '%s': a number from 0 is expected", key);
        out->loss.n[i] = yyjson_get_uint(n);
        r->stats.n_lost[i] += out->loss.n[i];
    }
    return 0;
}

static int scan_done_line(struct replay *r, yyjson_val *root, struct plm_item *out, plm_err **err)
{
    (void)r, (void)root, (void)err;
    out->kind = PLM_ITEM_SCAN_DONE;
    return 0;
}

static int comment_line(struct replay *r, yyjson_val *root, struct plm_item *out, plm_err **err)
{
    (void)r, (void)root, (void)err;
    out->kind = PLM_ITEM_NONE;
    return 0;
}

static int head_line(struct replay *r, yyjson_val *root, struct plm_item *out, plm_err **err)
{
    plm_sv schema = plm_json_str(root, "recording", NULL);
    if (!plm_sv_is(schema, PLM_RECORDING_SCHEMA))
        return plm_fail(err, PLM_E_PARSE, "'%.*s' is not %s", PLM_SV_ARG(schema), PLM_RECORDING_SCHEMA);
    yyjson_val *ips = yyjson_obj_get(root, "local_ips"), *v;
    size_t i, max;
    struct plm_ip *list = plm_arena_array(r->arena, yyjson_arr_size(ips) + 1, sizeof(*list));
    if (!list)
        return plm_arena_check(r->arena, err);
    yyjson_arr_foreach(ips, i, max, v)
    {
        if (plm_rec_ip_get(v, "local_ips", &list[i], err) < 0)
            return -1;
        out->n_local_ips++;
    }
    out->kind = PLM_ITEM_HOST;
    out->local_ips = list;
    out->hostname = plm_json_str(root, "hostname", NULL);
    return 0;
}

static const struct line_kind {
    const char *key;
    int (*get)(struct replay *r, yyjson_val *root, struct plm_item *out, plm_err **err);
} line_kinds[] = {{"recording", head_line},      {"event", event_get},          {"task", task_line},
                  {"container", container_line}, {"user", user_line},           {"group", group_line},
                  {"loss", loss_line},           {"scan_done", scan_done_line}, {"comment", comment_line}};

static int parse(struct replay *r, plm_sv line, struct plm_item *out, plm_err **err)
{
    plm_json_free(plm_take(r->doc));
    plm_arena_reset(r->arena);
    r->doc = plm_json_parse(line, "JSON", r->ctx->limits, err);
    if (!r->doc)
        return -1;
    yyjson_val *root = plm_json_root(r->doc);
    for (size_t i = 0; i < sizeof(line_kinds) / sizeof(line_kinds[0]); i++)
        if (yyjson_obj_get(root, line_kinds[i].key))
            return line_kinds[i].get(r, root, out, err);
    return plm_fail(err, PLM_E_PARSE,
                    "no line of a recording: none of the keys event, task, container, user, "
                    "group, loss, scan_done, recording or comment");
}

/* ---- the source --------------------------------------------------------------------------------- */

static int replay_next(struct plm_source *s, struct plm_item *out, plm_err **err)
{
    struct replay *r = (struct replay *)s;
    for (;;) {
        plm_sv line;
        *out = (struct plm_item){0};
        if (next_line(r, &line, err) < 0)
            return plm_wrap(err, "%s", r->name);
        if (!line.p) {
            out->kind = PLM_ITEM_END;
            return 0;
        }
        r->line++;
        if (!plm_sv_trim(line).n)
            continue;
        if (parse(r, line, out, err) < 0)
            return plm_wrap(err, "%s:%llu", r->name, (unsigned long long)r->line);
        if (out->kind != PLM_ITEM_NONE)
            return 0;
    }
}

static int replay_fd(struct plm_source *s)
{
    (void)s;
    return -1;
}

static int replay_set_filter(struct plm_source *s, const struct plm_kfilter *f, plm_err **err)
{
    (void)s, (void)f, (void)err;
    return 0;
}

static void replay_set_mask(struct plm_source *s, const struct plm_thread *t, const struct plm_kmask *mask)
{
    (void)s, (void)t, (void)mask;
}

static void replay_stats(struct plm_source *s, struct plm_source_stats *out)
{
    *out = ((struct replay *)s)->stats;
}

static void replay_close(struct plm_source *s)
{
    struct replay *r = (struct replay *)s;
    plm_json_free(r->doc);
    plm_arena_free(r->arena);
    plm_buf_done(&r->buf);
    if (r->fd > STDERR_FILENO)
        close(r->fd);
    free(r->name);
    free(r);
}

static const struct plm_source_ops replay_ops = {
    .next = replay_next,
    .fd = replay_fd,
    .set_filter = replay_set_filter,
    .set_mask = replay_set_mask,
    .stats = replay_stats,
    .close = replay_close,
};

static struct replay *replay_new(const struct plm_ctx *ctx, const char *name, plm_err **err)
{
    struct replay *r = calloc(1, sizeof(*r));
    if (!r)
        return PLM_NULL(plm_fail_oom(err));
    r->base.ops = &replay_ops;
    r->ctx = ctx;
    r->fd = -1;
    r->buf = PLM_BUF(LINE_MAX_BYTES);
    r->name = strdup(name);
    r->arena = plm_arena_new(2 * LINE_MAX_BYTES);
    if (!r->name || !r->arena) {
        replay_close(&r->base);
        return PLM_NULL(plm_fail_oom(err));
    }
    return r;
}

struct plm_source *plm_replay_text(const struct plm_ctx *ctx, plm_sv text, const char *name, plm_err **err)
{
    struct replay *r = replay_new(ctx, name, err);
    if (!r)
        return NULL;
    r->text = text;
    return &r->base;
}

struct plm_source *plm_replay_open(const struct plm_ctx *ctx, plm_sv path, plm_err **err)
{
    bool is_stdin = plm_sv_is(path, "-");
    plm_auto_free char *name = is_stdin ? strdup("standard input") : strndup(path.p ? path.p : "", path.n);
    if (!name)
        return PLM_NULL(plm_fail_oom(err));
    plm_auto_fd int fd = is_stdin ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return PLM_NULL(plm_fail_sys(err, "%s", name));
    struct replay *r = replay_new(ctx, name, err);
    if (!r)
        return NULL;
    r->fd = plm_take_fd(fd);
    return &r->base;
}
