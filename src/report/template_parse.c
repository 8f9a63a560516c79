/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates, the syntax: a small part of Go's text/template, so that what people know works.
 *
 *     {{range .findings}}{{if eq .severity "critical"}}{{.id}} {{.package.name}}
 *     {{end}}{{end}}
 *
 *     {{PATH}}  {{PATH | FILTER ARG | ...}}   PATH: . (this element), .a.b, $.a (from the top)
 *     {{range PATH}} ... {{else}} ... {{end}}      {{if COND}} ... {{else}} ... {{end}}
 *     COND: PATH, not X, eq X Y, ne X Y, and X Y, or X Y; also values: len PATH
 *     X, Y: PATH, "text" (no escapes), a number.   {{- and -}} eat white space, {{/ * ... * /}} is a comment
 *
 * No loops but over what the report holds, no calls, no files, no variables: a template cannot do
 * anything but print. O(text).
 */
#include "template_int.h"

struct parser {
    struct plm_arena *a;
    struct plm_tpl *t;
    plm_sv rest;
    uint32_t line;
    size_t open[PLM_TPL_DEPTH_MAX];
    unsigned depth;
    plm_err **err;
};

static int fail(const struct parser *p, const char *what, plm_sv near)
{
    return plm_fail_id(p->err, PLM_E_CONFIG, "report.template", "template line %u: %s \"%.*s\"", p->line,
                       what, PLM_SV_ARG(plm_sv_sub(near, 0, 60)));
}

static struct plm_tpl_node *push(const struct parser *p, enum plm_tpl_kind kind)
{
    struct plm_tpl_node *n = plm_vec_push(p->a, &p->t->nodes);
    if (n) {
        n->kind = kind;
        n->line = p->line;
        n->otherwise = n->end = SIZE_MAX; /* not seen yet */
    }
    return n;
}

/* Next word of an action: a quoted text with its quotes, "|", or a run of other bytes. */
static bool next_word(plm_sv *rest, plm_sv *out)
{
    plm_sv s = plm_sv_trim(*rest);
    size_t n = 0;
    if (!s.n)
        return false;
    if (s.p[0] == '"') {
        size_t end = plm_sv_find(plm_sv_from_off(s, 1), '"');
        n = end == SIZE_MAX ? s.n : end + 2;
    } else if (s.p[0] == '|') {
        n = 1;
    } else {
        while (n < s.n && !strchr(" \t\r\n|\"", s.p[n]))
            n++;
    }
    *out = plm_sv_sub(s, 0, n);
    *rest = plm_sv_from_off(s, n);
    return true;
}

static bool is_literal(plm_sv w)
{
    return w.n >= 2 && w.p[0] == '"' && w.p[w.n - 1] == '"';
}

static int operand(const struct parser *p, plm_sv word, struct plm_tpl_operand *out)
{
    bool is_number = word.n > 0;
    for (size_t i = 0; i < word.n; i++)
        is_number &= (word.p[i] >= '0' && word.p[i] <= '9') || (word.p[i] == '.' && i > 0);
    *out = (struct plm_tpl_operand){.text = word};
    if (is_literal(word)) {
        out->text = plm_sv_sub(word, 1, word.n - 2);
        return 0;
    }
    if (is_number)
        return 0;
    out->is_root = word.n && word.p[0] == '$';
    plm_sv path = out->is_root ? plm_sv_from_off(word, 1) : word;
    if (!out->is_root && (!path.n || path.p[0] != '.'))
        return fail(p, "expected a path such as .id, a \"text\" or a number at", word);
    if (path.n && path.p[0] != '.')
        return fail(p, "expected $.name at", word);
    out->is_path = true;
    out->text = plm_sv_from_off(path, path.n ? 1 : 0);
    return 0;
}

static int filters(const struct parser *p, plm_sv rest, struct plm_tpl_node *n)
{
    static const struct {
        const char *name;
        enum plm_tpl_filter filter;
        bool takes_text;
    } rows[] = {
        {"raw", PLM_TPL_RAW, false},  {"html", PLM_TPL_HTML, false},      {"json", PLM_TPL_JSON, false},
        {"csv", PLM_TPL_CSV, false},  {"upper", PLM_TPL_UPPER, false},    {"lower", PLM_TPL_LOWER, false},
        {"join", PLM_TPL_JOIN, true}, {"default", PLM_TPL_DEFAULT, true},
    };
    plm_sv word;
    while (next_word(&rest, &word)) {
        plm_sv name, argument;
        if (!plm_sv_is(word, "|") || !next_word(&rest, &name))
            return fail(p, "expected | FILTER at", word);
        const size_t count = sizeof(rows) / sizeof(rows[0]);
        size_t i = 0;
        while (i < count && !plm_sv_is(name, rows[i].name))
            i++;
        if (i == count)
            return fail(p, "unknown filter", name);
        if (n->n_steps == PLM_TPL_FILTERS_MAX)
            return fail(p, "too many filters at", name);
        struct plm_tpl_step *step = &n->steps[n->n_steps++];
        step->filter = rows[i].filter;
        if (rows[i].takes_text && (!next_word(&rest, &argument) || !is_literal(argument)))
            return fail(p, "expected a \"text\" after the filter", name);
        if (rows[i].takes_text)
            step->argument = plm_sv_sub(argument, 1, argument.n - 2);
    }
    return 0;
}

static int expression(const struct parser *p, plm_sv rest, struct plm_tpl_node *n)
{
    static const struct {
        const char *name;
        enum plm_tpl_call call;
        int operands;
    } calls[] = {
        {"len", PLM_TPL_LEN, 1}, {"not", PLM_TPL_NOT, 1}, {"eq", PLM_TPL_EQ, 2},
        {"ne", PLM_TPL_NE, 2},   {"and", PLM_TPL_AND, 2}, {"or", PLM_TPL_OR, 2},
    };
    plm_sv word;
    int operands = 1;
    if (!next_word(&rest, &word))
        return fail(p, "a value is missing in", n->text);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (!plm_sv_is(word, calls[i].name))
            continue;
        n->call = calls[i].call;
        operands = calls[i].operands;
        if (!next_word(&rest, &word))
            return fail(p, "a value is missing after", plm_sv_from(calls[i].name));
        break;
    }
    if (operand(p, word, &n->a) < 0)
        return -1;
    if (operands == 2 && !next_word(&rest, &word))
        return fail(p, "a second value is missing after", word);
    if (operands == 2 && operand(p, word, &n->b) < 0)
        return -1;
    return filters(p, rest, n);
}

static int block_end(struct parser *p, bool is_else)
{
    if (p->depth == 0)
        return fail(p, "nothing is open at", is_else ? PLM_SV("else") : PLM_SV("end"));
    size_t open = p->open[p->depth - 1], here = p->t->nodes.n;
    if (is_else && p->t->nodes.v[open].otherwise != SIZE_MAX)
        return fail(p, "a second", PLM_SV("else"));
    if (!push(p, is_else ? PLM_TPL_ELSE : PLM_TPL_END))
        return plm_fail_oom(p->err);
    struct plm_tpl_node *n = &p->t->nodes.v[open];
    if (is_else) {
        n->otherwise = here;
        return 0;
    }
    n->end = here;
    if (n->otherwise == SIZE_MAX)
        n->otherwise = here;
    p->depth--;
    return 0;
}

static int action(struct parser *p, plm_sv text)
{
    plm_sv rest = text, word = PLM_SV_NULL;
    if (plm_sv_starts(text, PLM_SV("/*")))
        return plm_sv_ends(text, PLM_SV("*/")) ? 0 : fail(p, "the comment does not end in", text);
    plm_sv after = text;
    next_word(&after, &word);
    if (plm_sv_is(word, "end") || plm_sv_is(word, "else"))
        return plm_sv_trim(after).n ? fail(p, "one word too many in", text)
                                    : block_end(p, plm_sv_is(word, "else"));
    bool is_range = plm_sv_is(word, "range"), is_block = is_range || plm_sv_is(word, "if");
    if (is_block)
        rest = after;
    if (is_block && p->depth == PLM_TPL_DEPTH_MAX)
        return fail(p, "nested too deeply at", text);
    if (is_block)
        p->open[p->depth++] = p->t->nodes.n;
    struct plm_tpl_node *n = push(p, is_range ? PLM_TPL_RANGE : is_block ? PLM_TPL_IF : PLM_TPL_VALUE);
    if (!n)
        return plm_fail_oom(p->err);
    n->text = text;
    return expression(p, rest, n);
}

static uint32_t lines_of(plm_sv s)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\n';
    return n;
}

static plm_sv trim_end(plm_sv s)
{
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
        s.n--;
    return s;
}

static plm_sv trim_start(plm_sv s)
{
    while (s.n && strchr(" \t\r\n", s.p[0]))
        s = plm_sv_from_off(s, 1);
    return s;
}

int plm_tpl_parse(plm_sv text, struct plm_arena *a, struct plm_tpl *out, plm_err **err)
{
    struct parser p = {.a = a, .t = out, .rest = text, .line = 1, .err = err};
    bool eat = false;
    while (p.rest.n) {
        size_t at = plm_sv_find_sv(p.rest, PLM_SV("{{"));
        plm_sv literal = plm_sv_sub(p.rest, 0, at == SIZE_MAX ? p.rest.n : at), body = PLM_SV_NULL;
        uint32_t line = p.line + lines_of(literal);
        plm_sv shown = eat ? trim_start(literal) : literal;
        if (at != SIZE_MAX) {
            plm_sv tail = plm_sv_from_off(p.rest, at + 2);
            size_t end = plm_sv_find_sv(tail, PLM_SV("}}"));
            p.line = line;
            if (end == SIZE_MAX)
                return fail(&p, "the action does not end:", tail);
            body = plm_sv_sub(tail, 0, end);
            p.rest = plm_sv_from_off(tail, end + 2);
            if (body.n && body.p[0] == '-') {
                shown = trim_end(shown);
                body = plm_sv_from_off(body, 1);
            }
            eat = body.n && body.p[body.n - 1] == '-';
            body = plm_sv_sub(body, 0, body.n - eat);
        } else {
            p.rest = PLM_SV("");
        }
        struct plm_tpl_node *n = shown.n ? push(&p, PLM_TPL_TEXT) : NULL;
        if (shown.n && !n)
            return plm_fail_oom(err);
        if (n)
            n->text = shown;
        if (at == SIZE_MAX)
            break;
        if (action(&p, plm_sv_trim(body)) < 0)
            return -1;
        p.line += lines_of(body);
    }
    return p.depth ? fail(&p, "not closed:", out->nodes.v[p.open[p.depth - 1]].text)
                   : plm_arena_check(a, err);
}
