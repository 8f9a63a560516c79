/* SPDX-License-Identifier: Apache-2.0
 *
 * Alerts (falco-rules.md 3.1 and 3.2): made of a rule and what its event shows, then independent of both.
 * Each field of the output is read twice, for the text and for output_fields; an alert is rare enough for
 * that.
 */
#include "watch/alert.h"
#include "watch/field_int.h"

#include "base/text.h"

#include <stdlib.h>

#define ALERT_TEXT_MAX PLM_MIB(4)

struct maker {
    struct plm_alert *alert;
    const struct plm_view *view;
    const struct plm_alert_options *o;
    PLM_VEC(struct plm_alert_field) fields;
    struct plm_buf text; /* scratch */
};

static struct plm_alert *new_alert(plm_err **err)
{
    struct plm_arena *arena = plm_arena_new(ALERT_TEXT_MAX * 4);
    struct plm_alert *a = arena ? plm_arena_make(arena, struct plm_alert) : NULL;
    if (!a) {
        plm_arena_free(arena);
        return PLM_NULL(plm_fail(err, PLM_E_OOM, "out of memory for an alert"));
    }
    a->arena = arena;
    return a;
}

void plm_alert_free(struct plm_alert *a)
{
    if (a)
        plm_arena_free(a->arena);
}

/* The scratch text, moved into the alert; a null view after a failure, which the arena or the buffer keeps.
 */
static plm_sv take_text(struct maker *m)
{
    plm_sv s = m->text.failed ? PLM_SV_NULL : plm_arena_sv(m->alert->arena, plm_buf_sv(&m->text));
    if (!m->text.failed)
        plm_buf_clear(&m->text);
    return s;
}

/* ---- fields ------------------------------------------------------------------------------------- */

static void add_field(struct maker *m, plm_sv key)
{
    struct plm_alert_field *f = plm_vec_push(m->alert->arena, &m->fields);
    plm_sv json = take_text(m);
    if (f)
        *f = (struct plm_alert_field){plm_arena_sv(m->alert->arena, key), json};
}

static void add_tokens(struct maker *m, const struct plm_output_format *f)
{
    for (size_t i = 0; i < f->n; i++) {
        if (!f->tokens[i].operand)
            continue;
        plm_output_token_json(&f->tokens[i], m->view, m->o->buffer_base64, &m->text);
        add_field(m, f->tokens[i].key);
    }
}

/* extra_fields: a plain field keeps its type, any other format is a text. */
static void add_extra(struct maker *m, plm_sv name, const struct plm_output_format *f)
{
    if (f->n == 1 && f->tokens[0].operand && !f->tokens[0].width) {
        plm_output_token_json(&f->tokens[0], m->view, m->o->buffer_base64, &m->text);
    } else {
        plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(ALERT_TEXT_MAX);
        plm_output_put(f, m->view, m->o->buffer_base64, &text);
        plm_text_json(&m->text, plm_buf_sv(&text));
        if (text.failed)
            m->text.failed = text.failed;
    }
    add_field(m, name);
}

static int cmp_field(const void *a, const void *b)
{
    const struct plm_alert_field *x = a, *y = b;
    int c = plm_sv_cmp(x->key, y->key);
    return c ? c : (x->json.p > y->json.p) - (x->json.p < y->json.p);
}

static bool has_field(const struct maker *m, plm_sv key)
{
    for (size_t i = 0; i < m->fields.n; i++)
        if (plm_sv_eq(m->fields.v[i].key, key))
            return true;
    return false;
}

/* Sorted by key; a key that stands in the output more than once has one value. */
static void finish_fields(struct maker *m)
{
    size_t n = 0;
    if (m->fields.n)
        qsort(m->fields.v, m->fields.n, sizeof(*m->fields.v), cmp_field);
    for (size_t i = 0; i < m->fields.n; i++)
        if (!n || !plm_sv_eq(m->fields.v[i].key, m->fields.v[n - 1].key))
            m->fields.v[n++] = m->fields.v[i];
    m->alert->fields = m->fields.v;
    m->alert->n_fields = n;
}

static void make_fields(struct maker *m, const struct plm_rule *rule)
{
    plm_buf_printf(&m->text, "%llu", (unsigned long long)m->alert->ts);
    add_field(m, m->o->iso_time ? PLM_SV("evt.time.iso8601") : PLM_SV("evt.time"));
    add_tokens(m, rule->output);
    for (size_t i = 0; i < rule->n_extra; i++)
        if (!has_field(m, rule->extra_names[i]))
            add_extra(m, rule->extra_names[i], rule->extra_formats[i]);
    for (size_t i = 0; i < m->o->n_static; i++) {
        if (has_field(m, m->o->static_names[i]))
            continue;
        plm_text_json(&m->text, m->o->static_values[i]);
        add_field(m, m->o->static_names[i]);
    }
    finish_fields(m);
}

/* ---- making ------------------------------------------------------------------------------------- */

static void take_tags(struct plm_alert *a, const struct plm_rule *rule)
{
    a->tags = plm_arena_array(a->arena, rule->n_tags + 1, sizeof(*a->tags));
    for (size_t i = 0; i < rule->n_tags && a->tags; i++)
        a->tags[a->n_tags++] = plm_arena_sv(a->arena, rule->tags[i]);
}

static void take_process(struct plm_alert *a, const struct plm_view *view)
{
    const struct plm_thread *t = view->thread;
    a->pid = t->info.pid;
    a->process = plm_arena_sv(a->arena, t->info.comm);
    a->exepath = plm_arena_sv(a->arena, t->info.exepath);
    if (t->container) {
        a->container_id = plm_arena_sv(a->arena, t->container->id);
        a->container_name = plm_arena_sv(a->arena, t->container->name);
        a->image = plm_arena_sv(a->arena, t->container->image);
    }
}

struct plm_alert *plm_alert_make(const struct plm_rule *rule, const struct plm_view *view,
                                 const struct plm_alert_options *o, plm_err **err)
{
    plm_auto(plm_alert_free) struct plm_alert *a = new_alert(err);
    plm_auto_done(plm_buf_done) struct plm_buf message = PLM_BUF(ALERT_TEXT_MAX);
    if (!a)
        return NULL;
    struct maker m = {.alert = a, .view = view, .o = o, .text = PLM_BUF(ALERT_TEXT_MAX)};
    a->rule = plm_arena_sv(a->arena, rule->name);
    a->source = plm_arena_sv(a->arena, rule->source.n ? rule->source : PLM_SV("syscall"));
    a->priority = rule->priority;
    a->ts = view->event ? view->event->ts : 0;
    a->hostname = plm_arena_sv(a->arena, o->hostname.p ? o->hostname : view->hostname);
    take_tags(a, rule);
    take_process(a, view);
    plm_output_put(rule->output, view, o->buffer_base64, &message);
    plm_output_escape(&m.text, plm_buf_sv(&message));
    a->message = take_text(&m);
    make_fields(&m, rule);
    int failed = plm_buf_check(&message, err);
    if (failed == 0)
        failed = plm_buf_check(&m.text, err);
    if (failed == 0)
        failed = plm_arena_check(a->arena, err);
    /* What the view's arena could not hold is a value that is missing here. */
    if (failed == 0)
        failed = plm_arena_check(view->arena, err);
    plm_buf_done(&m.text);
    return failed < 0 ? PLM_NULL(plm_wrap(err, "alert of rule %.*s", PLM_SV_ARG(rule->name))) : plm_take(a);
}

struct plm_alert *plm_alert_internal(plm_sv rule, enum plm_priority priority, plm_sv message, uint64_t ts,
                                     const struct plm_alert_field *fields, size_t n_fields, plm_err **err)
{
    plm_auto(plm_alert_free) struct plm_alert *a = new_alert(err);
    if (!a)
        return NULL;
    a->rule = plm_arena_sv(a->arena, rule);
    a->source = PLM_SV("internal");
    a->priority = priority;
    a->ts = ts;
    a->message = plm_arena_sv(a->arena, message);
    a->fields = plm_arena_array(a->arena, n_fields + 1, sizeof(*a->fields));
    for (size_t i = 0; i < n_fields && a->fields; i++)
        a->fields[a->n_fields++] = (struct plm_alert_field){plm_arena_sv(a->arena, fields[i].key),
                                                            plm_arena_sv(a->arena, fields[i].json)};
    if (a->fields)
        qsort(a->fields, a->n_fields, sizeof(*a->fields), cmp_field);
    if (plm_arena_check(a->arena, err) < 0)
        return PLM_NULL(plm_wrap(err, "alert %.*s", PLM_SV_ARG(rule)));
    return plm_take(a);
}

/* ---- text and JSON ------------------------------------------------------------------------------ */

void plm_alert_line(const struct plm_alert *a, const struct plm_alert_options *o, struct plm_buf *out)
{
    if (o->iso_time)
        plm_time_iso(a->ts, "+0000", out);
    else
        plm_time_text(a->ts, false, true, out);
    plm_buf_printf(out, ": %s ", plm_priority_name(a->priority));
    plm_buf_sv_put(out, a->message);
}

static void put_member(struct plm_buf *out, const char *key, plm_sv value)
{
    plm_buf_printf(out, "%s\"%s\":", out->n && out->p[out->n - 1] != '{' ? "," : "", key);
    plm_text_json(out, value);
}

static void put_fields(const struct plm_alert *a, struct plm_buf *out)
{
    plm_buf_str(out, ",\"output_fields\":{");
    for (size_t i = 0; i < a->n_fields; i++) {
        if (i)
            plm_buf_byte(out, ',');
        plm_text_json(out, a->fields[i].key);
        plm_buf_byte(out, ':');
        plm_buf_sv_put(out, a->fields[i].json);
    }
    plm_buf_byte(out, '}');
}

static void put_tags(const struct plm_alert *a, struct plm_buf *out)
{
    plm_buf_str(out, ",\"tags\":[");
    for (size_t i = 0; i < a->n_tags; i++) {
        if (i)
            plm_buf_byte(out, ',');
        plm_text_json(out, a->tags[i]);
    }
    plm_buf_byte(out, ']');
}

void plm_alert_falco_json(const struct plm_alert *a, const struct plm_alert_options *o, struct plm_buf *out)
{
    plm_auto_done(plm_buf_done) struct plm_buf line = PLM_BUF(ALERT_TEXT_MAX * 2);
    plm_auto_done(plm_buf_done) struct plm_buf time = PLM_BUF(PLM_KIB(1));
    plm_alert_line(a, o, &line);
    plm_time_iso(a->ts, "Z", &time);
    plm_buf_byte(out, '{');
    put_member(out, "hostname", a->hostname.p ? a->hostname : o->hostname);
    if (o->with_message)
        put_member(out, "message", a->message);
    if (o->with_output)
        put_member(out, "output", plm_buf_sv(&line));
    if (o->with_fields)
        put_fields(a, out);
    put_member(out, "priority", plm_sv_from(plm_priority_name(a->priority)));
    put_member(out, "rule", a->rule);
    put_member(out, "source", a->source);
    if (o->with_tags)
        put_tags(a, out);
    put_member(out, "time", plm_buf_sv(&time));
    plm_buf_byte(out, '}');
    if (line.failed || time.failed)
        out->failed = line.failed ? line.failed : time.failed;
}
