/* SPDX-License-Identifier: Apache-2.0
 *
 * -o template=FILE: the template over the report as its JSON schema names it. So every field of
 * docs/schema/report-v1.schema.json can be printed, and nothing else has to be learned. The
 * syntax stands in template_parse.c.
 *
 * Values are escaped for terminals unless a filter says where they go: html, json, csv, or raw.
 * Work is bounded by a number of steps, so that nested ranges over a large report end.
 */
#include "base/limits.h"
#include "codec/json.h"
#include "template_int.h"

enum { STEPS_MAX = 50 * 1000 * 1000 };
#define DOCUMENT_MAX PLM_MIB(1024)

struct run {
    const struct plm_tpl *t;
    yyjson_val *root;
    struct plm_buf *out;
    uint64_t steps;
    plm_err **err;
};

/* A value on its way: a node of the report or a text. */
struct value {
    yyjson_val *node;
    plm_sv text; /* where there is no node; null: nothing */
};

static yyjson_val *walk(const struct run *run, yyjson_val *here, const struct plm_tpl_operand *o)
{
    yyjson_val *v = o->is_root ? run->root : here;
    plm_sv rest = o->text, name;
    while (v && plm_sv_field(&rest, '.', &name))
        if (name.n)
            v = yyjson_obj_getn(v, name.p, name.n);
    return v;
}

static struct value value_of(const struct run *run, yyjson_val *here, const struct plm_tpl_operand *o)
{
    if (!o->is_path)
        return (struct value){.text = o->text};
    return (struct value){.node = walk(run, here, o)};
}

static size_t length(struct value v)
{
    if (yyjson_is_ctn(v.node))
        return yyjson_get_len(v.node) && yyjson_is_obj(v.node) ? yyjson_obj_size(v.node)
                                                               : yyjson_arr_size(v.node);
    return v.node ? yyjson_get_len(v.node) : v.text.n;
}

static bool truth(struct value v)
{
    if (!v.node)
        return v.text.n > 0;
    if (yyjson_is_bool(v.node))
        return yyjson_get_bool(v.node);
    if (yyjson_is_num(v.node)) {
        double d = yyjson_get_num(v.node);
        return d > 0 || d < 0;
    }
    return yyjson_is_str(v.node) ? yyjson_get_len(v.node) > 0 : yyjson_is_ctn(v.node) && length(v) > 0;
}

static void put_scalar(struct plm_buf *b, yyjson_val *v)
{
    if (yyjson_is_str(v))
        plm_buf_put(b, yyjson_get_str(v), yyjson_get_len(v));
    else if (yyjson_is_bool(v))
        plm_buf_str(b, yyjson_get_bool(v) ? "true" : "false");
    else if (yyjson_is_int(v))
        plm_buf_printf(b, "%lld", (long long)yyjson_get_sint(v));
    else if (yyjson_is_num(v))
        plm_report_number(b, yyjson_get_num(v));
}

/* As text: members of a list joined, an object as JSON. */
static void put_text(struct plm_buf *b, struct value v, plm_sv separator)
{
    yyjson_val *item;
    size_t i, n;
    if (!v.node) {
        plm_buf_sv_put(b, v.text);
    } else if (yyjson_is_arr(v.node)) {
        yyjson_arr_foreach(v.node, i, n, item)
        {
            if (i)
                plm_buf_sv_put(b, separator);
            put_text(b, (struct value){.node = item}, separator);
        }
    } else if (yyjson_is_obj(v.node)) {
        plm_auto_free char *json = yyjson_val_write(v.node, YYJSON_WRITE_ESCAPE_UNICODE, NULL);
        if (json)
            plm_buf_str(b, json);
        else
            b->failed = PLM_E_OOM;
    } else {
        put_scalar(b, v.node);
    }
}

static bool equal(struct value a, struct value b)
{
    plm_auto_done(plm_buf_done) struct plm_buf x = PLM_BUF(PLM_MIB(1));
    plm_auto_done(plm_buf_done) struct plm_buf y = PLM_BUF(PLM_MIB(1));
    put_text(&x, a, PLM_SV(","));
    put_text(&y, b, PLM_SV(","));
    return !x.failed && !y.failed && plm_sv_eq(plm_buf_sv(&x), plm_buf_sv(&y));
}

static struct value evaluate(const struct run *run, const struct plm_tpl_node *n, yyjson_val *here,
                             struct plm_buf *scratch)
{
    struct value a = value_of(run, here, &n->a), b = value_of(run, here, &n->b);
    bool yes = false;
    switch (n->call) {
    case PLM_TPL_PLAIN:
        return a;
    case PLM_TPL_LEN:
        plm_buf_printf(scratch, "%zu", length(a));
        return (struct value){.text = plm_buf_sv(scratch)};
    case PLM_TPL_NOT:
        yes = !truth(a);
        break;
    case PLM_TPL_EQ:
        yes = equal(a, b);
        break;
    case PLM_TPL_NE:
        yes = !equal(a, b);
        break;
    case PLM_TPL_AND:
        yes = truth(a) && truth(b);
        break;
    case PLM_TPL_OR:
        yes = truth(a) || truth(b);
        break;
    }
    return (struct value){.text = yes ? PLM_SV("true") : PLM_SV("")};
}

static bool condition(const struct run *run, const struct plm_tpl_node *n, yyjson_val *here)
{
    plm_auto_done(plm_buf_done) struct plm_buf scratch = PLM_BUF(PLM_KIB(1));
    struct value v = evaluate(run, n, here, &scratch);
    if (n->call == PLM_TPL_LEN)
        return length(value_of(run, here, &n->a)) > 0;
    return truth(v);
}

static void put_csv(struct plm_buf *out, plm_sv s)
{
    plm_buf_str(out, s.n && strchr("=+-@", s.p[0]) ? "\"'" : "\"");
    for (size_t i = 0; i < s.n; i++) {
        plm_buf_byte(out, (unsigned char)s.p[i]);
        if (s.p[i] == '"')
            plm_buf_byte(out, '"');
    }
    plm_buf_byte(out, '"');
}

static void change_case(struct plm_buf *b, bool up)
{
    for (size_t i = 0; i < b->n; i++) {
        char c = b->p[i];
        b->p[i] = (char)(up && c >= 'a' && c <= 'z' ? c - 32 : !up && c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
}

static void put_value(const struct run *run, const struct plm_tpl_node *n, yyjson_val *here)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_MIB(64));
    plm_auto_done(plm_buf_done) struct plm_buf scratch = PLM_BUF(PLM_KIB(1));
    plm_auto_done(plm_buf_done) struct plm_buf escaped = PLM_BUF(PLM_MIB(64));
    struct value v = evaluate(run, n, here, &scratch);
    plm_sv separator = PLM_SV(", ");
    enum plm_tpl_filter last = PLM_TPL_UPPER; /* no place named: for a terminal */
    for (unsigned i = 0; i < n->n_steps; i++)
        if (n->steps[i].filter == PLM_TPL_JOIN)
            separator = n->steps[i].argument;
    put_text(&text, v, separator);
    for (unsigned i = 0; i < n->n_steps; i++) {
        const struct plm_tpl_step *s = &n->steps[i];
        if (s->filter == PLM_TPL_DEFAULT && text.n == 0)
            plm_buf_sv_put(&text, s->argument);
        if (s->filter == PLM_TPL_UPPER || s->filter == PLM_TPL_LOWER)
            change_case(&text, s->filter == PLM_TPL_UPPER);
        if (s->filter <= PLM_TPL_CSV)
            last = s->filter;
    }
    if (last == PLM_TPL_RAW)
        plm_buf_sv_put(run->out, plm_buf_sv(&text));
    else if (last == PLM_TPL_HTML)
        plm_text_html(run->out, plm_buf_sv(&text));
    else if (last == PLM_TPL_JSON && yyjson_is_ctn(v.node) && yyjson_is_arr(v.node)) {
        plm_auto_free char *json = yyjson_val_write(v.node, YYJSON_WRITE_ESCAPE_UNICODE, NULL);
        plm_buf_str(run->out, json ? json : "null");
    } else if (last == PLM_TPL_JSON)
        plm_text_json(run->out, plm_buf_sv(&text));
    else {
        plm_text_escape(&escaped, plm_buf_sv(&text));
        if (last == PLM_TPL_CSV)
            put_csv(run->out, plm_buf_sv(&escaped));
        else
            plm_buf_sv_put(run->out, plm_buf_sv(&escaped));
    }
    if ((text.failed || escaped.failed) && !run->out->failed)
        run->out->failed = text.failed ? text.failed : escaped.failed;
}

static int run_nodes(struct run *run, size_t from, size_t to, yyjson_val *here);

static int run_range(struct run *run, size_t at, yyjson_val *here)
{
    const struct plm_tpl_node *n = &run->t->nodes.v[at];
    yyjson_val *list = walk(run, here, &n->a), *item, *name;
    size_t i, count;
    if (!yyjson_is_ctn(list) || length((struct value){.node = list}) == 0)
        return run_nodes(run, n->otherwise, n->end, here);
    if (yyjson_is_obj(list)) {
        yyjson_obj_foreach(list, i, count, name, item)
        {
            if (run_nodes(run, at + 1, n->otherwise, item) < 0)
                return -1;
        }
        return 0;
    }
    yyjson_arr_foreach(list, i, count, item)
    {
        if (run_nodes(run, at + 1, n->otherwise, item) < 0)
            return -1;
    }
    return 0;
}

/* Depth is bounded by the parser. */
static int run_nodes(struct run *run, size_t from, size_t to, yyjson_val *here)
{
    for (size_t i = from; i < to; i++) {
        const struct plm_tpl_node *n = &run->t->nodes.v[i];
        if (++run->steps > STEPS_MAX)
            return plm_fail_id(run->err, PLM_E_LIMIT, "report.template",
                               "template line %u: more than %d steps", n->line, STEPS_MAX);
        if (run->out->failed)
            return plm_buf_check(run->out, run->err);
        switch (n->kind) {
        case PLM_TPL_TEXT:
            plm_buf_sv_put(run->out, n->text);
            break;
        case PLM_TPL_VALUE:
            put_value(run, n, here);
            break;
        case PLM_TPL_RANGE:
            if (run_range(run, i, here) < 0)
                return -1;
            i = n->end;
            break;
        case PLM_TPL_IF:
            if (condition(run, n, here) ? run_nodes(run, i + 1, n->otherwise, here) < 0
                                        : run_nodes(run, n->otherwise, n->end, here) < 0)
                return -1;
            i = n->end;
            break;
        case PLM_TPL_ELSE:
        case PLM_TPL_END:
            break;
        }
    }
    return 0;
}

int plm_template_check(plm_sv text, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    struct plm_tpl t = {0};
    return a ? plm_tpl_parse(text, a, &t, err) : plm_fail_oom(err);
}

static int write_template(const struct plm_report *r, const struct plm_report_options *opt,
                          struct plm_buf *out, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(DOCUMENT_MAX);
    struct plm_tpl t = {0};
    if (!a)
        return plm_fail_oom(err);
    if (plm_tpl_parse(opt->template_text, a, &t, err) < 0)
        return -1;
    struct plm_limits limits = plm_limits_default;
    limits.json_bytes = DOCUMENT_MAX;
    if (plm_format_find(PLM_SV("json"))->write(r, opt, &text, err) < 0)
        return -1;
    plm_auto(plm_json_free) struct plm_json *doc = plm_json_parse(plm_buf_sv(&text), "report", &limits, err);
    if (!doc)
        return -1;
    struct run run = {.t = &t, .root = plm_json_root(doc), .out = out, .err = err};
    return run_nodes(&run, 0, t.nodes.n, run.root) < 0 ? -1 : plm_buf_check(out, err);
}

static const struct plm_format template = {
    .id = "template",
    .summary = "a text of your own, template=FILE: a part of Go's template language over the fields of the "
               "json report",
    .extension = "txt",
    .write = write_template,
};
PLM_REGISTER(plm_formats, struct plm_format, template);
