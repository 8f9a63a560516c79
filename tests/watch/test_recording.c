/* SPDX-License-Identifier: Apache-2.0
 *
 * Recordings: what is written reads back the same, every member of it; what is written by hand gets its
 * defaults; a bad line is named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "recording_int.h"

#include "base/fs.h"
#include "watch/field.h"

#include <fcntl.h>
#include <sys/mman.h>

static struct plm_source *open_text(const char *text)
{
    static struct plm_ctx ctx;
    ctx = PLM_CTX_INIT;
    struct plm_source *s = plm_replay_text(&ctx, plm_sv_from(text), "test.jsonl", NULL);
    assert_non_null(s);
    return s;
}

static void next(struct plm_source *s, struct plm_item *out)
{
    plm_err *e = NULL;
    if (s->ops->next(s, out, &e) < 0) {
        plm_auto_free char *text = plm_err_text(e);
        fail_msg("%s", text);
    }
}

/* ---- by hand ------------------------------------------------------------------------------------- */

static void by_hand(void **state)
{
    (void)state;
    plm_auto(plm_source_close) struct plm_source *s =
        open_text("{\"comment\":\"a shell in a container\"}\n\n"
                  "{\"task\":{\"tid\":7,\"comm\":\"sh\",\"args\":[\"-c\",\"\"],\"container\":\"0123\"}}\n"
                  "{\"event\":\"openat\",\"tid\":7,\"res\":\"EACCES\",\"unknown\":1,"
                  "\"params\":{\"name\":{\"raw\":\"../etc/shadow\",\"resolved\":\"/etc/"
                  "shadow\"},\"flags\":\"O_RDONLY|O_CLOEXEC\"}}\r\n"
                  "{\"event\":\"connect\",\"tid\":7,\"params\":{\"res\":-115,\"addr\":\"10.0.0.1:80\"}}\n");
    struct plm_item i;
    next(s, &i);
    assert_int_equal(i.kind, PLM_ITEM_TASK);
    assert_int_equal(i.task->pid, 7);
    assert_int_equal(i.task->vpid, -1);
    assert_int_equal(i.task->loginuid, -1);
    assert_true(plm_sv_eq(i.task->args, plm_sv_n("-c\0\0", 4)));
    assert_true(plm_sv_is(i.task->cgroup, "/docker/0123"));
    next(s, &i);
    assert_int_equal(i.kind, PLM_ITEM_EVENT);
    const struct plm_event *e = i.event;
    assert_true(e->has_res);
    assert_int_equal(e->res, -EACCES);
    assert_int_equal(e->params[0].i, -EACCES);
    assert_int_equal(e->num, 1);
    int name = plm_evtype_param(e->type, PLM_SV("name")), flags = plm_evtype_param(e->type, PLM_SV("flags"));
    assert_true(plm_sv_is(e->params[name].s, "../etc/shadow"));
    assert_true(plm_sv_is(e->params[name].resolved, "/etc/shadow"));
    assert_true(e->params[flags].is_present);
    assert_int_not_equal(e->params[flags].u, 0);
    assert_false(e->params[plm_evtype_param(e->type, PLM_SV("mode"))].is_present);
    next(s, &i);
    assert_int_equal(i.event->res, -115);
    assert_int_equal(i.event->num, 2);
    int addr = plm_evtype_param(i.event->type, PLM_SV("addr"));
    assert_int_equal(i.event->params[addr].addr->dport, 80);
    next(s, &i);
    assert_int_equal(i.kind, PLM_ITEM_END);
}

static void lines_that_are_bad(void **state)
{
    (void)state;
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"{\"event\":\"nosuchcall\",\"tid\":1}", "nosuchcall"},
        {"{\"event\":\"openat\"}", "tid"},
        {"{\"event\":\"openat\",\"tid\":\"x\"}", "tid"},
        {"{\"event\":\"openat\",\"tid\":1,\"res\":\"ENOSUCH\"}", "ENOSUCH"},
        {"{\"event\":\"openat\",\"tid\":1,\"params\":{\"flags\":\"O_NOSUCH\"}}", "O_NOSUCH"},
        {"{\"event\":\"openat\",\"tid\":4294967296}", "tid"},
        {"{\"task\":{\"tid\":1,\"args\":\"a b\"}}", "args"},
        {"{\"task\":{}}", "tid"},
        {"{\"container\":{\"name\":\"x\"}}", "id"},
        {"{\"container\":{\"id\":\"x\",\"runtime\":\"jail\"}}", "jail"},
        {"{\"recording\":\"plimsoll/recording/v9\"}", "v9"},
        {"{\"loss\":{\"open\":-1}}", "open"},
        {"{\"what\":1}", "none of the keys"},
        {"[1]", "none of the keys"},
        {"{\"task\":", "JSON"},
        {"{\"task\":{\"tid\":1,\"comm\":{\"hex\":\"0g\"}}}", "comm"},
    };
    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        char text[256];
        snprintf(text, sizeof(text), "{\"comment\":1}\n%s\n", rows[k].line);
        plm_auto(plm_source_close) struct plm_source *s = open_text(text);
        plm_err *e = NULL;
        struct plm_item i;
        if (s->ops->next(s, &i, &e) == 0)
            fail_msg("accepted: %s", rows[k].line);
        plm_auto_free char *said = plm_err_text(e);
        if (!strstr(said, "test.jsonl:2") || !strstr(said, rows[k].says))
            fail_msg("%s: %s", rows[k].line, said);
        assert_int_equal(e->code, PLM_E_PARSE);
        plm_err_free(e);
    }
}

/* ---- there and back ------------------------------------------------------------------------------ */

/* Every row of a table gets a value of its own; then nothing can be mixed up or left out. */
static void fill_rows(const struct plm_rec_row *rows, void *base, unsigned seed)
{
    static char texts[64][16];
    for (unsigned n = seed; rows->key; rows++, n++) {
        void *p = (char *)base + rows->offset;
        snprintf(texts[n % 64], sizeof(texts[0]), "t%u\xff", n); /* no UTF-8 */
        switch (rows->kind) {
        case PLM_REC_I32:
            *(int32_t *)p = -(int32_t)n - 2;
            break;
        case PLM_REC_I64:
            *(int64_t *)p = INT64_MIN + n;
            break;
        case PLM_REC_U8:
            *(uint8_t *)p = (uint8_t)(200 + n % 50);
            break;
        case PLM_REC_U16:
            *(uint16_t *)p = (uint16_t)(60000 + n);
            break;
        case PLM_REC_U32:
            *(uint32_t *)p = UINT32_MAX - 1 - n;
            break;
        case PLM_REC_U64:
            *(uint64_t *)p = UINT64_MAX - n;
            break;
        case PLM_REC_BOOL:
            *(bool *)p = true;
            break;
        case PLM_REC_TEXT:
            *(plm_sv *)p = plm_sv_from(texts[n % 64]);
            break;
        case PLM_REC_STRINGS:
            *(plm_sv *)p = n % 2 ? PLM_SV("a\0b c\0\0") : PLM_SV("x\0\xfe");
            break;
        case PLM_REC_IP:
            *(struct plm_ip *)p = (struct plm_ip){.family = 4, .b = {10, 0, 0, (uint8_t)n}};
            break;
        case PLM_REC_ADDR:
            fill_rows(plm_rec_addr, p, n);
            break;
        case PLM_REC_NAME:
            *(unsigned *)p = 3;
            break;
        }
    }
}

/* What writing makes of it, compared as text: writing is the one that knows all members. */
static void assert_same(const struct plm_rec_row *rows, const void *a, const void *b)
{
    static const char nothing[4096];
    plm_auto_done(plm_buf_done) struct plm_buf x = PLM_BUF(PLM_MIB(1)), y = PLM_BUF(PLM_MIB(1));
    plm_rec_write(&x, rows, a, nothing, PLM_SV_NULL);
    plm_rec_write(&y, rows, b, nothing, PLM_SV_NULL);
    assert_string_equal(plm_buf_cstr(&x), plm_buf_cstr(&y));
}

static void rows_round_trip(void **state)
{
    (void)state;
    static const struct {
        const struct plm_rec_row *rows;
        size_t size;
    } tables[] = {{plm_rec_task, sizeof(struct plm_task_info)},
                  {plm_rec_fd, sizeof(struct plm_fdinfo)},
                  {plm_rec_container, sizeof(struct plm_container)},
                  {plm_rec_mount, sizeof(struct plm_container_mount)},
                  {plm_rec_user, sizeof(struct plm_rec_user_line)}};
    static const char nothing[4096];
    for (size_t k = 0; k < sizeof(tables) / sizeof(tables[0]); k++) {
        plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
        char *in = plm_arena_alloc(a, tables[k].size), *out = plm_arena_alloc(a, tables[k].size);
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        fill_rows(tables[k].rows, in, (unsigned)k);
        plm_rec_write(&b, tables[k].rows, in, nothing, PLM_SV_NULL);
        plm_auto(plm_json_free) struct plm_json *doc =
            plm_json_parse(plm_buf_sv(&b), "rows", &plm_limits_default, NULL);
        assert_non_null(doc);
        assert_int_equal(plm_rec_read(plm_json_root(doc), tables[k].rows, out, a, NULL), 0);
        assert_same(tables[k].rows, in, out);
        /* The text has as many keys as the table has rows: nothing equals the default. */
        size_t n = 0;
        while (tables[k].rows[n].key)
            n++;
        assert_int_equal(yyjson_obj_size(plm_json_root(doc)), n);
    }
}

/* An event of every type, every parameter filled. */
static void fill_params(struct plm_event *e, struct plm_addr *addr)
{
    e->n_params = e->type->n_params;
    for (unsigned i = 0; i < e->n_params; i++) {
        struct plm_param *p = &e->params[i];
        p->is_present = true;
        switch (e->type->params[i].type) {
        case PLM_P_ERRNO:
        case PLM_P_FD:
        case PLM_P_PID:
        case PLM_P_INT:
            p->i = -(int64_t)i - 1;
            break;
        case PLM_P_UINT:
        case PLM_P_HEX:
        case PLM_P_FLAGS:
        case PLM_P_ENUM:
        case PLM_P_MODE:
        case PLM_P_SIGNAL:
            p->u = (1ull << 40) + i;
            break;
        case PLM_P_UID:
        case PLM_P_GID:
            p->u = UINT32_MAX;
            break;
        case PLM_P_STR:
        case PLM_P_BYTES:
            p->s = plm_sv_n("a\0\xff", 3);
            break;
        case PLM_P_PATH:
            p->s = PLM_SV("../x");
            p->resolved = PLM_SV("/a/x");
            break;
        case PLM_P_STRINGS:
            p->s = PLM_SV("one\0two");
            break;
        case PLM_P_TUPLE:
        case PLM_P_ADDR:
            p->addr = addr;
            break;
        }
    }
}

static void assert_same_event(const struct plm_event *a, const struct plm_event *b)
{
    assert_ptr_equal(a->type, b->type);
    assert_int_equal(a->num, b->num);
    assert_int_equal(a->ts, b->ts);
    assert_int_equal(a->cpu, b->cpu);
    assert_int_equal(a->tid, b->tid);
    assert_int_equal(a->pid, b->pid);
    assert_int_equal(a->has_res, b->has_res);
    assert_int_equal(a->res, b->res);
    assert_int_equal(a->has_fd, b->has_fd);
    assert_int_equal(a->n_params, b->n_params);
    for (unsigned i = 0; i < a->n_params; i++) {
        const struct plm_param *p = &a->params[i], *q = &b->params[i];
        enum plm_param_type t = a->type->params[i].type;
        assert_int_equal(p->is_present, q->is_present);
        if (t == PLM_P_TUPLE || t == PLM_P_ADDR)
            assert_same(plm_rec_addr, p->addr, q->addr);
        else if (t == PLM_P_STR || t == PLM_P_PATH || t == PLM_P_BYTES || t == PLM_P_STRINGS)
            assert_true(plm_sv_eq(p->s, q->s) && plm_sv_eq(p->resolved, q->resolved));
        else
            assert_int_equal(p->u, q->u);
    }
    if (a->has_fd)
        assert_same(plm_rec_fd, &a->fd, &b->fd);
    assert_int_equal(a->task != NULL, b->task != NULL);
    if (a->task)
        assert_same(plm_rec_task, a->task, b->task);
}

static void events_round_trip(void **state)
{
    (void)state;
    struct plm_addr addr = {0};
    struct plm_task_info task = {0};
    fill_rows(plm_rec_addr, &addr, 1);
    fill_rows(plm_rec_task, &task, 5);
    task.tid = 9;
    task.pid = 8;
    for (unsigned id = 0; id < plm_evtype_count(); id++) {
        struct plm_event e = {
            .type = plm_evtype_get(id), .num = id + 1, .ts = 1ull << 60, .cpu = 3, .tid = 9, .pid = 8};
        e.has_res = id % 2;
        e.res = id % 2 ? -2 : 0;
        e.has_fd = id % 3 == 0;
        e.task = id % 5 == 0 ? &task : NULL;
        fill_rows(plm_rec_fd, &e.fd, id);
        fill_params(&e, &addr);
        if (!e.has_res && e.n_params) { /* the first parameter would say the result again */
            e.has_res = true;
            e.res = e.params[0].i;
        }
        int fd = memfd_create("recording", MFD_CLOEXEC);
        assert_true(fd >= 0);
        struct plm_recorder *r = plm_recorder_new(fd, false, NULL);
        struct plm_view v = {.event = &e};
        assert_int_equal(plm_recorder_event(r, &v, id % 7 == 0, NULL), 0);
        assert_int_equal(plm_recorder_close(r, NULL), 0);
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(plm_fs_read_fd(fd, "recording", b.max, &b, NULL), 0);
        close(fd);
        plm_auto(plm_source_close) struct plm_source *s = open_text(plm_buf_cstr(&b));
        struct plm_item item;
        next(s, &item);
        assert_int_equal(item.kind, PLM_ITEM_HOST);
        next(s, &item);
        assert_int_equal(item.kind, id % 7 == 0 ? PLM_ITEM_IO_URING : PLM_ITEM_EVENT);
        assert_same_event(&e, item.event);
    }
}

static void other_items_round_trip(void **state)
{
    (void)state;
    struct plm_ip ips[2] = {{.family = 4, .b = {127, 0, 0, 1}}, {.family = 6, .b = {[15] = 1}}};
    struct plm_container c = {0};
    fill_rows(plm_rec_container, &c, 0);
    c.full_id = PLM_SV("0123456789abcdef");
    c.id = PLM_SV("0123456789ab");
    struct plm_container_mount mount = {.source = PLM_SV("/a"), .dest = PLM_SV("/b"), .is_writable = true};
    plm_sv names[] = {PLM_SV("a"), PLM_SV("b")}, values[] = {PLM_SV("1"), PLM_SV("2")};
    c.mounts = &mount;
    c.n_mounts = 1;
    c.label_names = names;
    c.label_values = values;
    c.n_labels = 2;
    const struct plm_item items[] = {
        {.kind = PLM_ITEM_HOST, .hostname = PLM_SV("node7"), .local_ips = ips, .n_local_ips = 2},
        {.kind = PLM_ITEM_CONTAINER, .container = &c},
        {.kind = PLM_ITEM_USER,
         .uid = 7,
         .user_name = PLM_SV("app"),
         .user_home = PLM_SV("/h"),
         .container_id = c.full_id},
        {.kind = PLM_ITEM_USER, .uid = 8, .is_group = true, .user_name = PLM_SV("grp")},
        {.kind = PLM_ITEM_LOSS, .loss = {.n = {1, 2, 3, 4, 5}, .must_resync = true}},
        {.kind = PLM_ITEM_SCAN_DONE}};
    int fd = memfd_create("recording", MFD_CLOEXEC);
    struct plm_recorder *r = plm_recorder_new(fd, false, NULL);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(plm_recorder_item(r, &items[i], NULL), 0);
    assert_int_equal(plm_recorder_close(r, NULL), 0);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(plm_fs_read_fd(fd, "recording", b.max, &b, NULL), 0);
    close(fd);
    plm_auto(plm_source_close) struct plm_source *s = open_text(plm_buf_cstr(&b));
    struct plm_item got;
    for (size_t i = 0; i < 6; i++) {
        next(s, &got);
        assert_int_equal(got.kind, items[i].kind);
        assert_int_equal(got.is_group, items[i].is_group);
        assert_int_equal(got.uid, items[i].uid);
        assert_true(plm_sv_eq(got.user_name, items[i].user_name));
        assert_true(plm_sv_eq(got.user_home, items[i].user_home));
        assert_true(plm_sv_eq(got.container_id, items[i].container_id));
        assert_true(plm_sv_eq(got.hostname, items[i].hostname));
        assert_int_equal(got.n_local_ips, items[i].n_local_ips);
        assert_memory_equal(&got.loss, &items[i].loss, sizeof(got.loss));
        if (got.kind == PLM_ITEM_CONTAINER) {
            assert_same(plm_rec_container, got.container, &c);
            assert_int_equal(got.container->n_mounts, 1);
            assert_same(plm_rec_mount, got.container->mounts, &mount);
            assert_int_equal(got.container->n_labels, 2);
            assert_true(plm_sv_is(got.container->label_values[1], "2"));
        }
    }
}

/* ---- around alerts --------------------------------------------------------------------------------- */

static size_t count_of(plm_sv text, const char *what)
{
    size_t n = 0;
    for (size_t at; (at = plm_sv_find_sv(text, plm_sv_from(what))) != SIZE_MAX; n++)
        text = plm_sv_from_off(text, at + 1);
    return n;
}

static void only_what_surrounds_an_alert(void **state)
{
    (void)state;
    int fd = memfd_create("recording", MFD_CLOEXEC);
    struct plm_recorder *r = plm_recorder_new(fd, false, NULL);
    struct plm_thread t = {
        .info = {.tid = 5, .pid = 5, .comm = PLM_SV("sh")}, .is_known = true, .version = 1};
    t.leader = &t;
    plm_recorder_keep_around(r, 1000, PLM_MIB(1));
    for (uint64_t sec = 1; sec <= 60; sec++) {
        struct plm_event e = {
            .type = plm_evtype_find(PLM_SV("close")), .num = sec, .ts = sec * 1000000000, .tid = 5, .pid = 5};
        struct plm_view v = {.event = &e, .thread = &t};
        assert_int_equal(plm_recorder_event(r, &v, false, NULL), 0);
        if (sec == 30)
            plm_recorder_trigger(r, e.ts);
    }
    assert_int_equal(plm_recorder_close(r, NULL), 0);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(plm_fs_read_fd(fd, "recording", b.max, &b, NULL), 0);
    close(fd);
    plm_sv text = plm_buf_sv(&b);
    assert_true(plm_sv_has(text, PLM_SV("\"num\":29,")));
    assert_true(plm_sv_has(text, PLM_SV("\"num\":30,")));
    assert_true(plm_sv_has(text, PLM_SV("\"num\":31,")));
    assert_false(plm_sv_has(text, PLM_SV("\"num\":26,")));
    assert_false(plm_sv_has(text, PLM_SV("\"num\":33,")));
    assert_int_equal(count_of(text, "\"recording\""), 1);
    /* The first event that is kept has its process before it. */
    assert_true(plm_sv_find_sv(text, PLM_SV("\"task\"")) < plm_sv_find_sv(text, PLM_SV("\"event\"")));
}

static void state_is_written_once_per_change(void **state)
{
    (void)state;
    int fd = memfd_create("recording", MFD_CLOEXEC);
    struct plm_recorder *r = plm_recorder_new(fd, false, NULL);
    struct plm_thread parent = {
        .info = {.tid = 1, .pid = 1, .comm = PLM_SV("init")}, .is_known = true, .version = 1};
    struct plm_thread t = {
        .info = {.tid = 5, .pid = 5, .comm = PLM_SV("sh")}, .is_known = true, .version = 1};
    parent.leader = &parent;
    t.leader = &t;
    t.parent = &parent;
    struct plm_event e = {.type = plm_evtype_find(PLM_SV("close")), .num = 1, .tid = 5, .pid = 5};
    struct plm_view v = {.event = &e, .thread = &t};
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(plm_recorder_event(r, &v, false, NULL), 0);
    t.version = 2;
    plm_recorder_applied(r, &t); /* the event itself says it */
    assert_int_equal(plm_recorder_event(r, &v, false, NULL), 0);
    t.version = 3; /* nothing said it */
    assert_int_equal(plm_recorder_event(r, &v, false, NULL), 0);
    assert_int_equal(plm_recorder_close(r, NULL), 0);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(plm_fs_read_fd(fd, "recording", b.max, &b, NULL), 0);
    close(fd);
    assert_int_equal(count_of(plm_buf_sv(&b), "{\"task\":{\"tid\":1,"), 1);
    assert_int_equal(count_of(plm_buf_sv(&b), "{\"task\":{\"tid\":5,"), 2);
    assert_int_equal(count_of(plm_buf_sv(&b), "\"event\""), 7);
}

static void a_line_too_long(void **state)
{
    (void)state;
    struct plm_ctx ctx = PLM_CTX_INIT;
    char path[] = "/tmp/plimsoll-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 5 << 20), 0);
    close(fd);
    plm_auto(plm_source_close) struct plm_source *s = plm_replay_open(&ctx, plm_sv_from(path), NULL);
    unlink(path);
    struct plm_item i;
    plm_err *e = NULL;
    assert_int_equal(s->ops->next(s, &i, &e), -1);
    assert_int_equal(e->code, PLM_E_LIMIT);
    plm_err_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(lines_that_are_bad),
        cmocka_unit_test(rows_round_trip),
        cmocka_unit_test(events_round_trip),
        cmocka_unit_test(other_items_round_trip),
        cmocka_unit_test(only_what_surrounds_an_alert),
        cmocka_unit_test(state_is_written_once_per_change),
        cmocka_unit_test(a_line_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
