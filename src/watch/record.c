/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing recordings (docs/watch.md documents the format; recording.c has the rows).
 *
 * A line is whole by itself but for the state it stands on; that is written before it whenever it changed
 * since it was written last: the thread, its leader, its ancestors, their container, the names of their
 * users. A table of what was written (a number per thread, container and user) decides; it is emptied when it
 * is full, which costs lines and loses nothing.
 *
 * To keep only what surrounds alerts there are two buffers, the older and the current one. Each begins with
 * an empty table, so each stands on its own; when the current one is older than the time asked for (or full)
 * it takes the older one's place. An alert writes both out, and what follows it goes to the file directly.
 */
#include "watch/recording_int.h"

#include "base/fs.h"
#include "base/text.h"
#include "watch/field.h"

enum { FLUSH = 1 << 16, SEEN_MAX = 1 << 18, ANCESTORS = 32 };
#define LINE_MAX_BYTES PLM_MIB(4)

struct seen {
    uint64_t key, state; /* key 0: free */
};

struct plm_recorder {
    int fd;
    bool owns_fd, has_head;
    struct plm_buf line, out;
    struct seen *seen;
    size_t n_seen, cap_seen;
    uint64_t keep_ns; /* 0: everything */
    size_t keep_max;
    struct plm_buf older, current;
    uint64_t began, live_until; /* of current; of the window behind an alert */
};

struct plm_recorder *plm_recorder_new(int fd, bool owns_fd, plm_err **err)
{
    struct plm_recorder *r = calloc(1, sizeof(*r));
    if (!r)
        return PLM_NULL(plm_fail_oom(err));
    r->fd = fd;
    r->owns_fd = owns_fd;
    r->line = PLM_BUF(LINE_MAX_BYTES);
    r->out = PLM_BUF(LINE_MAX_BYTES + FLUSH);
    return r;
}

void plm_recorder_keep_around(struct plm_recorder *r, uint64_t ms, size_t max_bytes)
{
    r->keep_ns = ms * 1000000;
    r->keep_max = max_bytes / 2;
    r->older = PLM_BUF(r->keep_max + LINE_MAX_BYTES);
    r->current = PLM_BUF(r->keep_max + LINE_MAX_BYTES);
}

/* ---- what was written ---------------------------------------------------------------------------- */

static void forget(struct plm_recorder *r)
{
    if (r->seen)
        memset(r->seen, 0, r->cap_seen * sizeof(*r->seen));
    r->n_seen = 0;
}

static bool grow_seen(struct plm_recorder *r)
{
    size_t cap = r->cap_seen ? r->cap_seen * 2 : 1024;
    struct seen *old = r->seen, *now;
    if (cap > SEEN_MAX) {
        forget(r);
        return true;
    }
    now = calloc(cap, sizeof(*now));
    if (!now)
        return false;
    for (size_t i = 0; i < r->cap_seen; i++) {
        if (!old[i].key)
            continue;
        size_t at = old[i].key & (cap - 1);
        while (now[at].key)
            at = (at + 1) & (cap - 1);
        now[at] = old[i];
    }
    free(old);
    r->seen = now;
    r->cap_seen = cap;
    return true;
}

/* Whether this state of the object is new; it is remembered. */
static bool is_new(struct plm_recorder *r, uint64_t key, uint64_t state)
{
    key |= 1;
    if (r->n_seen * 4 >= r->cap_seen * 3 && !grow_seen(r))
        return true;
    size_t at = key & (r->cap_seen - 1);
    while (r->seen[at].key && r->seen[at].key != key)
        at = (at + 1) & (r->cap_seen - 1);
    if (r->seen[at].key && r->seen[at].state == state)
        return false;
    r->n_seen += r->seen[at].key == 0;
    r->seen[at] = (struct seen){.key = key, .state = state};
    return true;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    struct {
        uint64_t a, b;
    } both = {a, b};
    return plm_sv_hash(plm_sv_n((const char *)&both, sizeof(both)));
}

static uint64_t thread_key(const struct plm_thread *t)
{
    return mix((uint64_t)(uint32_t)t->info.tid, 't');
}

/* Thread numbers are used again: the start tells them apart. */
static uint64_t thread_state(const struct plm_thread *t)
{
    return mix(t->version, t->info.clone_ts ^ (uint64_t)(uintptr_t)t);
}

/* ---- where lines go ------------------------------------------------------------------------------- */

static int flush(struct plm_recorder *r, plm_err **err)
{
    int rc = plm_buf_check(&r->out, err);
    if (rc == 0 && r->out.n)
        rc = plm_fs_write_all(r->fd, r->out.p, r->out.n, err);
    plm_buf_clear(&r->out);
    return rc;
}

static int put_out(struct plm_recorder *r, plm_sv bytes, plm_err **err)
{
    if (r->out.n + bytes.n > FLUSH && flush(r, err) < 0)
        return -1;
    if (bytes.n > FLUSH)
        return plm_fs_write_all(r->fd, bytes.p, bytes.n, err);
    plm_buf_sv_put(&r->out, bytes);
    return plm_buf_check(&r->out, err);
}

static bool is_kept_back(const struct plm_recorder *r)
{
    return r->keep_ns && !r->live_until;
}

static int end_line(struct plm_recorder *r, plm_err **err)
{
    plm_buf_byte(&r->line, '\n');
    int rc = plm_buf_check(&r->line, err);
    if (rc == 0 && is_kept_back(r)) {
        plm_buf_sv_put(&r->current, plm_buf_sv(&r->line));
        rc = plm_buf_check(&r->current, err);
    } else if (rc == 0) {
        rc = put_out(r, plm_buf_sv(&r->line), err);
    }
    plm_buf_clear(&r->line);
    return rc;
}

/* The current buffer becomes the older one; the table starts empty, so that the new one stands alone. */
static void turn(struct plm_recorder *r, uint64_t ts)
{
    struct plm_buf gone = r->older;
    r->older = r->current;
    r->current = gone;
    plm_buf_clear(&r->current);
    r->began = ts;
    forget(r);
}

static void advance(struct plm_recorder *r, uint64_t ts)
{
    if (!r->keep_ns)
        return;
    if (r->live_until && ts > r->live_until) {
        r->live_until = 0;
        turn(r, ts);
    }
    if (!r->live_until && (ts - r->began > r->keep_ns || r->current.n > r->keep_max))
        turn(r, ts);
}

void plm_recorder_trigger(struct plm_recorder *r, uint64_t ts)
{
    if (!r->keep_ns)
        return;
    struct plm_buf *both[] = {&r->older, &r->current};
    for (size_t i = 0; i < 2 && is_kept_back(r); i++) {
        plm_sv rest = plm_buf_sv(both[i]);
        while (rest.n) { /* in pieces that the way out takes */
            plm_sv piece = plm_sv_sub(rest, 0, FLUSH);
            if (put_out(r, piece, NULL) < 0)
                break; /* the next line reports the same fault */
            rest = plm_sv_from_off(rest, piece.n);
        }
        plm_buf_clear(both[i]);
    }
    r->live_until = ts + r->keep_ns;
}

/* ---- lines ---------------------------------------------------------------------------------------- */

static int put_head(struct plm_recorder *r, plm_sv hostname, const struct plm_ip *ips, size_t n,
                    plm_err **err)
{
    uint64_t kept = r->keep_ns;
    if (r->has_head)
        return 0;
    r->has_head = true;
    r->keep_ns = 0; /* the head is always written */
    plm_buf_str(&r->line, "{\"recording\":\"" PLM_RECORDING_SCHEMA "\"");
    if (hostname.p) {
        plm_buf_str(&r->line, ",\"hostname\":");
        plm_rec_text_put(&r->line, hostname);
    }
    plm_buf_str(&r->line, ",\"local_ips\":[");
    for (size_t i = 0; i < n; i++) {
        if (i)
            plm_buf_byte(&r->line, ',');
        plm_rec_ip_put(&r->line, &ips[i]);
    }
    plm_buf_str(&r->line, "]}");
    int rc = end_line(r, err);
    r->keep_ns = kept;
    return rc;
}

static int put_task(struct plm_recorder *r, const struct plm_task_info *t, plm_err **err)
{
    plm_buf_str(&r->line, "{\"task\":");
    plm_rec_write(&r->line, plm_rec_task, t, &plm_rec_task_default, PLM_SV_NULL);
    plm_buf_byte(&r->line, '}');
    return end_line(r, err);
}

/* Members that no row holds, put before the others. */
static void container_lists(const struct plm_container *c, struct plm_buf *b)
{
    static const struct plm_container_mount none;
    plm_buf_str(b, "\"mounts\":[");
    for (size_t i = 0; i < c->n_mounts; i++) {
        if (i)
            plm_buf_byte(b, ',');
        plm_rec_write(b, plm_rec_mount, &c->mounts[i], &none, PLM_SV_NULL);
    }
    plm_buf_str(b, "],\"labels\":{");
    for (size_t i = 0; i < c->n_labels; i++) {
        if (i)
            plm_buf_byte(b, ',');
        plm_text_json(b, c->label_names[i]);
        plm_buf_byte(b, ':');
        plm_rec_text_put(b, c->label_values[i]);
    }
    plm_buf_byte(b, '}');
}

int plm_recorder_container(struct plm_recorder *r, const struct plm_container *c, plm_err **err)
{
    if (!c || !is_new(r, mix(plm_sv_hash(c->full_id), 'c'), mix(c->version, c->state)))
        return 0;
    plm_auto_done(plm_buf_done) struct plm_buf lists = PLM_BUF(LINE_MAX_BYTES);
    container_lists(c, &lists);
    if (plm_buf_check(&lists, err) < 0)
        return -1;
    struct plm_container otherwise = plm_rec_container_default;
    otherwise.id = plm_sv_sub(c->full_id, 0, 12);
    if (!plm_sv_eq(c->id, otherwise.id))
        otherwise.id = PLM_SV_NULL;
    otherwise.runtime = (enum plm_runtime) - 1; /* always written */
    plm_buf_str(&r->line, "{\"container\":");
    plm_rec_write(&r->line, plm_rec_container, c, &otherwise, plm_buf_sv(&lists));
    plm_buf_byte(&r->line, '}');
    return end_line(r, err);
}

static int put_name(struct plm_recorder *r, bool is_group, const struct plm_rec_user_line *u, plm_err **err)
{
    static const struct plm_rec_user_line none = {.id = UINT32_MAX};
    plm_buf_str(&r->line, is_group ? "{\"group\":" : "{\"user\":");
    plm_rec_write(&r->line, plm_rec_user, u, &none, PLM_SV_NULL);
    plm_buf_byte(&r->line, '}');
    return end_line(r, err);
}

static int note_id(struct plm_recorder *r, const struct plm_view *view, uint32_t id, bool is_group,
                   plm_err **err)
{
    const struct plm_container *c = view->thread ? view->thread->container : NULL;
    struct plm_rec_user_line line = {.id = id, .container = c ? c->full_id : PLM_SV_NULL};
    if (id == UINT32_MAX || !view->meta)
        return 0;
    if (!is_new(r, mix(mix(plm_sv_hash(line.container), id), is_group ? 'g' : 'u'), 0))
        return 0;
    if (is_group) {
        line.name = plm_meta_group(view->meta, c, view->event->pid, id);
    } else {
        struct plm_user user;
        if (plm_meta_user(view->meta, c, view->event->pid, id, &user)) {
            line.name = user.name;
            line.home = user.home;
            line.shell = user.shell;
        }
    }
    return line.name.p ? put_name(r, is_group, &line, err) : 0;
}

static int put_names(struct plm_recorder *r, const struct plm_view *view, plm_err **err)
{
    const struct plm_event *e = view->event;
    const struct plm_task_info *tasks[] = {view->thread ? &view->thread->info : NULL, e->task};
    for (size_t i = 0; i < 2; i++)
        if (tasks[i] && (note_id(r, view, tasks[i]->uid, false, err) < 0 ||
                         note_id(r, view, tasks[i]->gid, true, err) < 0 ||
                         note_id(r, view, (uint32_t)tasks[i]->loginuid, false, err) < 0))
            return -1;
    for (unsigned i = 0; i < e->n_params; i++) {
        enum plm_param_type t = e->type->params[i].type;
        if ((t == PLM_P_UID || t == PLM_P_GID) && e->params[i].is_present &&
            note_id(r, view, (uint32_t)e->params[i].u, t == PLM_P_GID, err) < 0)
            return -1;
    }
    return 0;
}

/* The thread and what it stands on, oldest first. */
static int put_thread(struct plm_recorder *r, const struct plm_thread *t, plm_err **err)
{
    const struct plm_thread *chain[ANCESTORS * 2];
    size_t n = 0;
    const struct plm_thread *p = t;
    while (p && n + 1 < ANCESTORS * 2) {
        const struct plm_thread *leader = p->leader ? p->leader : p, *parent = leader->parent;
        chain[n++] = p;
        if (leader != p)
            chain[n++] = leader;
        p = parent == p ? NULL : parent;
    }
    while (n-- > 0) {
        if (!chain[n]->is_known || !is_new(r, thread_key(chain[n]), thread_state(chain[n])))
            continue;
        if (plm_recorder_container(r, chain[n]->container, err) < 0 || put_task(r, &chain[n]->info, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- events --------------------------------------------------------------------------------------- */

static void put_param(struct plm_buf *b, const struct plm_param_info *info, const struct plm_param *p)
{
    switch (info->type) {
    case PLM_P_ERRNO:
    case PLM_P_FD:
    case PLM_P_PID:
    case PLM_P_INT:
        plm_buf_printf(b, "%lld", (long long)p->i);
        break;
    case PLM_P_UINT:
    case PLM_P_HEX:
    case PLM_P_FLAGS:
    case PLM_P_ENUM:
    case PLM_P_MODE:
    case PLM_P_UID:
    case PLM_P_GID:
    case PLM_P_SIGNAL:
        plm_buf_printf(b, "%llu", (unsigned long long)p->u);
        break;
    case PLM_P_STR:
    case PLM_P_BYTES:
        plm_rec_text_put(b, p->s);
        break;
    case PLM_P_PATH:
        if (p->resolved.p) {
            plm_buf_str(b, "{\"raw\":");
            plm_rec_text_put(b, p->s);
            plm_buf_str(b, ",\"resolved\":");
            plm_rec_text_put(b, p->resolved);
            plm_buf_byte(b, '}');
        } else {
            plm_rec_text_put(b, p->s);
        }
        break;
    case PLM_P_STRINGS:
        plm_rec_strings_put(b, p->s);
        break;
    case PLM_P_TUPLE:
    case PLM_P_ADDR:
        if (p->addr)
            plm_rec_addr_put(b, p->addr);
        else
            plm_buf_str(b, "null");
        break;
    }
}

static void put_event(struct plm_buf *b, const struct plm_event *e, bool is_io_uring)
{
    bool is_first = true;
    plm_buf_printf(b, "{\"event\":\"%s\",\"num\":%llu,\"ts\":%llu,\"cpu\":%u,\"tid\":%d,\"pid\":%d",
                   e->type->name, (unsigned long long)e->num, (unsigned long long)e->ts, e->cpu, e->tid,
                   e->pid);
    if (is_io_uring)
        plm_buf_str(b, ",\"io_uring\":true");
    if (e->has_res)
        plm_buf_printf(b, ",\"res\":%lld", (long long)e->res);
    if (e->has_fd) {
        plm_buf_str(b, ",\"fd\":");
        plm_rec_write(b, plm_rec_fd, &e->fd, &plm_rec_fd_default, PLM_SV_NULL);
    }
    plm_buf_str(b, ",\"params\":{");
    for (unsigned i = 0; i < e->n_params && i < e->type->n_params; i++) {
        const struct plm_param_info *info = &e->type->params[i];
        if (!e->params[i].is_present && i)
            continue;
        plm_buf_printf(b, "%s\"%s\":", is_first ? "" : ",", info->name);
        if (e->params[i].is_present)
            put_param(b, info, &e->params[i]);
        else
            plm_buf_str(b, "null"); /* said, or a reader takes it from `res` */
        is_first = false;
    }
    plm_buf_byte(b, '}');
    if (e->task) {
        plm_buf_str(b, ",\"task\":");
        plm_rec_write(b, plm_rec_task, e->task, &plm_rec_task_default, PLM_SV_NULL);
    }
    plm_buf_byte(b, '}');
}

int plm_recorder_event(struct plm_recorder *r, const struct plm_view *view, bool is_io_uring, plm_err **err)
{
    if (put_head(r, view->hostname, view->local_ips, view->n_local_ips, err) < 0)
        return -1;
    advance(r, view->event->ts);
    if ((view->thread && put_thread(r, view->thread, err) < 0) || put_names(r, view, err) < 0)
        return -1;
    put_event(&r->line, view->event, is_io_uring);
    return end_line(r, err);
}

/* A replay brings its table to the same state by itself. */
void plm_recorder_applied(struct plm_recorder *r, const struct plm_thread *t)
{
    (void)is_new(r, thread_key(t), thread_state(t));
}

static int put_loss(struct plm_recorder *r, const struct plm_loss *loss, plm_err **err)
{
    plm_buf_printf(&r->line, "{\"loss\":{\"must_resync\":%s", loss->must_resync ? "true" : "false");
    for (unsigned i = 0; i < PLM_LOSS_COUNT_; i++)
        plm_buf_printf(&r->line, ",\"%s\":%llu", plm_loss_name((enum plm_loss_class)i),
                       (unsigned long long)loss->n[i]);
    plm_buf_str(&r->line, "}}");
    return end_line(r, err);
}

int plm_recorder_item(struct plm_recorder *r, const struct plm_item *item, plm_err **err)
{
    if (item->kind == PLM_ITEM_HOST)
        return put_head(r, item->hostname, item->local_ips, item->n_local_ips, err);
    if (r->keep_ns && (item->kind == PLM_ITEM_TASK || item->kind == PLM_ITEM_SCAN_DONE))
        return 0; /* the tasks of kept events are written with them */
    if (put_head(r, PLM_SV_NULL, NULL, 0, err) < 0)
        return -1;
    switch (item->kind) {
    case PLM_ITEM_TASK:
        return put_task(r, item->task, err);
    case PLM_ITEM_CONTAINER:
        return plm_recorder_container(r, item->container, err);
    case PLM_ITEM_USER: {
        struct plm_rec_user_line u = {.id = item->uid,
                                      .name = item->user_name,
                                      .home = item->user_home,
                                      .shell = item->user_shell,
                                      .container = item->container_id};
        return put_name(r, item->is_group, &u, err);
    }
    case PLM_ITEM_LOSS:
        return put_loss(r, &item->loss, err);
    case PLM_ITEM_SCAN_DONE:
        plm_buf_str(&r->line, "{\"scan_done\":true}");
        return end_line(r, err);
    case PLM_ITEM_HOST:
    case PLM_ITEM_NONE:
    case PLM_ITEM_EVENT:
    case PLM_ITEM_IO_URING:
    case PLM_ITEM_END:
        break;
    }
    return 0;
}

int plm_recorder_close(struct plm_recorder *r, plm_err **err)
{
    if (!r)
        return 0;
    int rc = flush(r, err);
    if (r->owns_fd && close(r->fd) < 0 && rc == 0)
        rc = plm_fail_sys(err, "recording");
    plm_buf_done(&r->line);
    plm_buf_done(&r->out);
    plm_buf_done(&r->older);
    plm_buf_done(&r->current);
    free(r->seen);
    free(r);
    return rc;
}
