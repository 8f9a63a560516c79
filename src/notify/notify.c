/* SPDX-License-Identifier: Apache-2.0
 *
 * A named target: its kind, its keys, its queue. Messages are sent in order: as long as one waits, later ones
 * queue up behind it. A message that the target will never take (UNSUPPORTED) is given up and counted;
 * everything else is the target's fault and tried again, with waits that double from 1 s to 60 s.
 *
 * What the bound of the queue, damage or a refusal took is said in the next message that gets through.
 */
#include "base/fs.h"
#include "base/text.h"
#include "base/time.h"
#include "notify_int.h"

enum { RETRY_FIRST_MS = 1000, RETRY_MAX_MS = 60000, NAME_MAX_BYTES = 64 };

struct plm_notifier {
    struct plm_ctx ctx;
    struct plm_arena *arena;
    struct plm_notify_target target;
    const struct plm_notify_class *class;
    struct plm_notify_queue *queue; /* NULL: none */
    enum plm_severity min_severity;
    uint64_t retry_ms; /* 0: the last attempt went well */
    uint64_t lost;     /* without a queue that remembers it */
    struct plm_arena *scratch;
};

const struct plm_notify_class *plm_notify_find(plm_sv kind)
{
    PLM_SET_FOREACH (plm_notify_classes, struct plm_notify_class, c) {
        if (plm_sv_is(kind, c->name))
            return c;
    }
    return NULL;
}

plm_sv plm_notify_value(const struct plm_notify_target *t, const char *key)
{
    for (size_t i = 0; i < t->n; i++)
        if (plm_sv_is(t->keys[i], key))
            return t->values[i];
    return PLM_SV_NULL;
}

plm_sv plm_notify_object(const struct plm_notice *n)
{
    return n->object.n ? n->object : PLM_SV("host");
}

/* ---- opening -------------------------------------------------------------------------------- */

#define FAIL(err, ...) plm_fail_id(err, PLM_E_CONFIG, "notify.target", __VA_ARGS__)

static int check_name(const struct plm_notify_target *t, plm_err **err)
{
    plm_sv s = t->name;
    bool is_good = s.n > 0 && s.n <= NAME_MAX_BYTES && s.p[0] != '.' && s.p[0] != '-';
    for (size_t i = 0; is_good && i < s.n; i++) {
        char c = s.p[i];
        is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                  c == '_' || c == '-';
    }
    if (is_good)
        return 0;
    return FAIL(err, "%.*s: a target's name is made of letters, digits, dot, dash and underscore: \"%.*s\"",
                PLM_SV_ARG(t->where), PLM_SV_ARG(t->name));
}

/* NULL: not one of the kind's keys. "!$url": needed and secret. */
static const char *find_key(const struct plm_notify_class *c, plm_sv key)
{
    for (const char *const *k = c->keys; *k; k++)
        if (plm_sv_is(key, *k + strspn(*k, "!$")))
            return *k;
    return NULL;
}

static bool is_common_key(plm_sv key)
{
    return plm_sv_is(key, "kind") || plm_sv_is(key, "min-severity");
}

static int check_value(const struct plm_notify_target *t, const char *rule, plm_sv key, plm_sv value,
                       plm_err **err)
{
    bool is_secret = memchr(rule, '$', strspn(rule, "!$")) != NULL;
    if (!value.n || memchr(value.p, '\n', value.n) || memchr(value.p, '\r', value.n))
        return FAIL(err, "%.*s: %.*s of target %.*s is not one line of text", PLM_SV_ARG(t->where),
                    PLM_SV_ARG(key), PLM_SV_ARG(t->name));
    if (!is_secret)
        return 0;
    if (!plm_secret_is_reference(value)) /* the value is not shown: it may be the secret */
        return FAIL(err, "%.*s: %.*s of target %.*s is a secret: give it as @FILE or $VARIABLE",
                    PLM_SV_ARG(t->where), PLM_SV_ARG(key), PLM_SV_ARG(t->name));
    plm_auto_done(plm_secret_wipe) struct plm_buf secret = PLM_SECRET_BUF;
    if (plm_secret_read(value, &secret, err) < 0)
        return plm_wrap(err, "%.*s: %.*s of target %.*s", PLM_SV_ARG(t->where), PLM_SV_ARG(key),
                        PLM_SV_ARG(t->name));
    return 0;
}

static int fail_key(const struct plm_notify_target *t, const struct plm_notify_class *c, plm_sv key,
                    plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf known = PLM_BUF(PLM_KIB(4));
    plm_buf_str(&known, "min-severity");
    for (const char *const *k = c->keys; *k; k++)
        plm_buf_printf(&known, ", %s", *k + strspn(*k, "!$"));
    int rc = FAIL(err, "%.*s: target %.*s: unknown key \"%.*s\"", PLM_SV_ARG(t->where), PLM_SV_ARG(t->name),
                  PLM_SV_ARG(key));
    plm_err_hint(err, "%s takes %.*s", c->name, PLM_SV_ARG(plm_buf_sv(&known)));
    return rc;
}

static int check_keys(const struct plm_notify_target *t, const struct plm_notify_class *c, plm_err **err)
{
    for (size_t i = 0; i < t->n; i++) {
        const char *rule = is_common_key(t->keys[i]) ? "" : find_key(c, t->keys[i]);
        if (!rule)
            return fail_key(t, c, t->keys[i], err);
        if (check_value(t, rule, t->keys[i], t->values[i], err) < 0)
            return -1;
    }
    for (const char *const *k = c->keys; *k; k++) {
        const char *name = *k + strspn(*k, "!$");
        if (memchr(*k, '!', strspn(*k, "!$")) && !plm_notify_value(t, name).p)
            return FAIL(err, "%.*s: target %.*s of kind %s needs %s", PLM_SV_ARG(t->where),
                        PLM_SV_ARG(t->name), c->name, name);
    }
    return 0;
}

static int fail_kind(const struct plm_notify_target *t, plm_err **err)
{
    int rc = t->kind.n
                 ? FAIL(err, "%.*s: target %.*s: unknown kind \"%.*s\"", PLM_SV_ARG(t->where),
                        PLM_SV_ARG(t->name), PLM_SV_ARG(t->kind))
                 : FAIL(err, "%.*s: target %.*s has no kind", PLM_SV_ARG(t->where), PLM_SV_ARG(t->name));
    plm_err_hint(err, "one of slack, teams, webhook, email, syslog, alertmanager");
    return rc;
}

static int copy_target(struct plm_notifier *n, const struct plm_notify_target *t, plm_err **err)
{
    plm_sv *keys = plm_arena_array(n->arena, t->n + 1, sizeof(plm_sv));
    plm_sv *values = plm_arena_array(n->arena, t->n + 1, sizeof(plm_sv));
    if (!keys || !values)
        return plm_fail_oom(err);
    for (size_t i = 0; i < t->n; i++) {
        keys[i] = plm_arena_sv(n->arena, t->keys[i]);
        values[i] = plm_arena_sv(n->arena, t->values[i]);
    }
    n->target = (struct plm_notify_target){
        .name = plm_arena_sv(n->arena, t->name),
        .kind = plm_arena_sv(n->arena, t->kind),
        .keys = keys,
        .values = values,
        .n = t->n,
        .where = plm_arena_sv(n->arena, t->where),
    };
    return plm_arena_check(n->arena, err);
}

static int open_queue(struct plm_notifier *n, plm_sv queue_dir, size_t max_bytes, plm_err **err)
{
    plm_sv dir = plm_arena_printf(n->arena, "%.*s/%.*s", PLM_SV_ARG(queue_dir), PLM_SV_ARG(n->target.name));
    if (!dir.p)
        return plm_fail_oom(err);
    if (!(n->queue = plm_notify_queue_open(dir.p, max_bytes, err)))
        return plm_wrap(err, "target %.*s: queue", PLM_SV_ARG(n->target.name));
    return 0;
}

static int prepare(struct plm_notifier *n, const struct plm_notify_target *t, plm_err **err)
{
    n->arena = plm_arena_new(PLM_MIB(1));
    n->scratch = plm_arena_new(PLM_MIB(2));
    if (!n->arena || !n->scratch)
        return plm_fail_oom(err);
    if (check_name(t, err) < 0)
        return -1;
    if (!(n->class = plm_notify_find(t->kind)))
        return fail_kind(t, err);
    plm_sv min = plm_notify_value(t, "min-severity");
    if (min.p && (!plm_severity_parse(min, &n->min_severity)))
        return FAIL(err, "%.*s: target %.*s: min-severity: no such level \"%.*s\"", PLM_SV_ARG(t->where),
                    PLM_SV_ARG(t->name), PLM_SV_ARG(min));
    return check_keys(t, n->class, err) < 0 ? -1 : copy_target(n, t, err);
}

struct plm_notifier *plm_notifier_open(const struct plm_ctx *ctx, const struct plm_notify_target *t,
                                       plm_sv queue_dir, size_t max_bytes, plm_err **err)
{
    plm_auto(plm_notifier_close) struct plm_notifier *n = calloc(1, sizeof(*n));
    if (!n)
        return PLM_NULL(plm_fail_oom(err));
    n->ctx = *ctx;
    if (prepare(n, t, err) < 0)
        return NULL;
    if (queue_dir.p && open_queue(n, queue_dir, max_bytes, err) < 0)
        return NULL;
    return plm_take(n);
}

void plm_notifier_close(struct plm_notifier *n)
{
    if (!n)
        return;
    plm_notify_queue_close(n->queue);
    plm_arena_free(n->arena);
    plm_arena_free(n->scratch);
    free(n);
}

/* ---- sending -------------------------------------------------------------------------------- */

size_t plm_notifier_waiting(const struct plm_notifier *n)
{
    return n->queue ? plm_notify_queue_count(n->queue) : 0;
}

uint64_t plm_notifier_lost(const struct plm_notifier *n)
{
    return n->queue ? plm_notify_queue_lost(n->queue) : n->lost;
}

static void count_lost(struct plm_notifier *n, int64_t said)
{
    if (n->queue)
        plm_notify_queue_said(n->queue, said);
    else
        n->lost = said > 0 ? 0 : n->lost + 1;
}

/* One attempt, with the number of lost ones in the text. */
static int attempt(struct plm_notifier *n, const struct plm_notice *notice, plm_err **err)
{
    struct plm_notice m = *notice;
    uint64_t lost = plm_notifier_lost(n);
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_NOTICE_TEXT_MAX + PLM_KIB(1));
    m.text = plm_notify_cut(m.text, PLM_NOTICE_TEXT_MAX);
    if (lost) {
        plm_buf_printf(&text,
                       "(%llu message%s before this one %s lost: the target could not be reached and "
                       "the queue was full, or it refused them)\n",
                       (unsigned long long)lost, lost == 1 ? "" : "s", lost == 1 ? "was" : "were");
        plm_buf_sv_put(&text, m.text);
        m.text = plm_buf_sv(&text);
        if (plm_buf_check(&text, err) < 0)
            return -1;
    }
    if (n->class->send(&n->ctx, &n->target, &m, err) < 0) {
        n->retry_ms = n->retry_ms ? n->retry_ms * 2 : RETRY_FIRST_MS;
        n->retry_ms = n->retry_ms > RETRY_MAX_MS ? RETRY_MAX_MS : n->retry_ms;
        return plm_wrap(err, "target %.*s", PLM_SV_ARG(n->target.name));
    }
    n->retry_ms = 0;
    if (lost)
        count_lost(n, (int64_t)lost);
    return 0;
}

static bool is_final(const plm_err *e)
{
    return plm_err_code(e) == PLM_E_UNSUPPORTED;
}

static int enqueue(struct plm_notifier *n, const struct plm_notice *notice, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf record = PLM_BUF(PLM_NOTICE_RECORD_MAX);
    plm_notice_encode(notice, &record);
    if (plm_buf_check(&record, err) < 0)
        return -1;
    return plm_notify_queue_push(n->queue, plm_buf_sv(&record), err);
}

int plm_notifier_send(struct plm_notifier *n, const struct plm_notice *notice, plm_err **err)
{
    if (notice->severity < n->min_severity)
        return 0;
    if (n->queue && plm_notify_queue_count(n->queue))
        return enqueue(n, notice, err);
    plm_err *why = NULL;
    if (attempt(n, notice, &why) == 0)
        return 0;
    if (n->queue && !is_final(why)) {
        plm_err_free(why);
        return enqueue(n, notice, err);
    }
    count_lost(n, -1);
    return plm_err_move(err, &why);
}

/* The oldest one: 1 sent or given up, 0 it stays. */
static int flush_one(struct plm_notifier *n)
{
    plm_sv record;
    struct plm_notice notice;
    plm_err *why = NULL;
    if (plm_notify_queue_peek(n->queue, &record, &why) < 0) {
        plm_err_free(why);
        return 0;
    }
    plm_arena_reset(n->scratch);
    bool is_good = plm_notice_decode(record, n->scratch, &notice, &why) == 0;
    if (is_good && attempt(n, &notice, &why) < 0 && !is_final(why)) {
        plm_auto_free char *text = plm_err_text(why);
        plm_log(&n->ctx, PLM_LOG_DEBUG, "a target cannot be reached", "target", n->target.name.p, "cause",
                text ? text : "", NULL);
        plm_err_free(why);
        return 0;
    }
    if (why) {
        plm_auto_free char *text = plm_err_text(why);
        plm_log(&n->ctx, PLM_LOG_ERROR, "a message was given up", "target", n->target.name.p, "cause",
                text ? text : "", NULL);
        plm_err_free(plm_take(why));
        count_lost(n, -1);
    }
    if (plm_notify_queue_pop(n->queue, &why) == 0)
        return 1;
    plm_err_free(why);
    return 0;
}

size_t plm_notifier_flush(struct plm_notifier *n, uint64_t *out_retry_ms)
{
    *out_retry_ms = 0;
    if (!n->queue)
        return 0;
    while (plm_notify_queue_count(n->queue) && !plm_cancelled(&n->ctx) && flush_one(n))
        ;
    size_t left = plm_notify_queue_count(n->queue);
    if (left)
        *out_retry_ms = n->retry_ms ? n->retry_ms : RETRY_FIRST_MS;
    return left;
}

int plm_notifier_try(struct plm_notifier *n, const struct plm_notice *notice, plm_err **err)
{
    return n->class->send(&n->ctx, &n->target, notice, err);
}
