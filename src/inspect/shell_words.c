/* SPDX-License-Identifier: Apache-2.0
 *
 * Words of shell text: quotes, escapes, variables, substitutions. A word is read once; what a substitution
 * holds is read by plm_sh_list as commands of its own. Back quotes are unescaped into a text of their own
 * first, as shells do. (POSIX.1-2017, Shell Command Language, 2.2, 2.3, 2.6; bash: QUOTING, EXPANSION)
 */
#include "inspect/shell_int.h"

static void dollar(struct plm_sh_lex *x, struct plm_sh_word *w, bool is_quoted);
static void double_quotes(struct plm_sh_lex *x, struct plm_sh_word *w, struct plm_buf *text);

static bool is_name(int c, bool is_first)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (!is_first && c >= '0' && c <= '9');
}

static bool enter(struct plm_sh_lex *x)
{
    if (++x->depth <= PLM_SH_DEPTH_MAX)
        return true;
    plm_sh_fault(x, "nested too deep");
    x->at = x->text.n;
    return false;
}

static void use_add(struct plm_sh_lex *x, struct plm_sh_word *w, struct plm_sh_use use)
{
    if (++*x->words > PLM_SH_WORDS_MAX) {
        *x->is_over = true;
        x->at = x->text.n;
        return;
    }
    struct plm_sh_use *u = plm_vec_push(x->a, &w->uses);
    if (u)
        *u = use;
}

bool plm_sh_arithmetic_skip(struct plm_sh_lex *x)
{
    unsigned depth = 0;
    for (size_t i = x->at; i < x->text.n; i++) {
        char c = x->text.p[i];
        if (c == '(')
            depth++;
        else if (c == ')' && depth)
            depth--;
        else if (c == ')') {
            bool is_end = i + 1 < x->text.n && x->text.p[i + 1] == ')';
            x->at = is_end ? i + 2 : x->at;
            return is_end;
        }
    }
    return false;
}

/* At the first back quote. */
static void back_quotes(struct plm_sh_lex *x, struct plm_sh_word *w, bool is_quoted)
{
    use_add(x, w, (struct plm_sh_use){.is_quoted = is_quoted, .offset = (uint32_t)x->at});
    uint32_t line = plm_sh_line(x, x->at);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_SH_BYTES_MAX);
    x->at++;
    while (x->at < x->text.n && x->text.p[x->at] != '`') {
        int next = plm_sh_peek(x, 1);
        bool is_escape = x->text.p[x->at] == '\\' &&
                         (next == '`' || next == '\\' || next == '$' || (is_quoted && next == '"'));
        x->at += is_escape;
        plm_buf_byte(&b, (unsigned char)x->text.p[x->at++]);
    }
    if (x->at < x->text.n)
        x->at++;
    else
        plm_sh_fault(x, "a back quote has no end");
    if (!enter(x))
        return;
    struct plm_sh_lex inner = {.text = plm_arena_sv(x->a, plm_buf_sv(&b)),
                               .a = x->a,
                               .out = x->out,
                               .depth = x->depth,
                               .words = x->words,
                               .is_over = x->is_over,
                               .groups = x->groups,
                               .is_subst = true,
                               .line = line};
    if (inner.text.p)
        plm_sh_list(&inner, 0, true);
    x->depth--;
}

/* Inside ${ }, up to the brace that ends it. */
static void brace_rest(struct plm_sh_lex *x, struct plm_sh_word *w, bool is_quoted)
{
    /* what the operand uses is used by the word as well, as quoted as the whole */
    plm_auto_done(plm_buf_done) struct plm_buf ignored = PLM_BUF(PLM_SH_BYTES_MAX);
    while (x->at < x->text.n && x->text.p[x->at] != '}') {
        char c = x->text.p[x->at];
        if (c == '\\') {
            x->at += x->at + 1 < x->text.n ? 2 : 1;
        } else if (c == '\'' && !is_quoted) {
            size_t end = plm_sv_find(plm_sv_from_off(x->text, x->at + 1), '\'');
            x->at = end == SIZE_MAX ? x->text.n : x->at + end + 2;
        } else if (c == '"') {
            double_quotes(x, w, &ignored);
        } else if (c == '$') {
            dollar(x, w, true);
        } else if (c == '`') {
            back_quotes(x, w, true);
        } else {
            x->at++;
        }
    }
    if (x->at < x->text.n)
        x->at++;
    else
        plm_sh_fault(x, "${ has no end");
}

/* Behind "${". */
static void braces(struct plm_sh_lex *x, struct plm_sh_word *w, bool is_quoted)
{
    struct plm_sh_use use = {.is_quoted = is_quoted, .offset = (uint32_t)x->at - 2};
    int c = plm_sh_peek(x, 0), next = plm_sh_peek(x, 1);
    use.is_length = c == '#' && next != '}' && next != ':' && next >= 0;
    use.is_indirect = c == '!' && is_name(next, true);
    x->at += use.is_length || use.is_indirect;
    size_t from = x->at;
    if (is_name(plm_sh_peek(x, 0), true))
        while (is_name(plm_sh_peek(x, 0), false))
            x->at++;
    else if (plm_sh_peek(x, 0) >= '0' && plm_sh_peek(x, 0) <= '9')
        while (plm_sh_peek(x, 0) >= '0' && plm_sh_peek(x, 0) <= '9')
            x->at++;
    else if (plm_sh_peek(x, 0) >= 0 && strchr("@*#?-$!", plm_sh_peek(x, 0)))
        x->at++;
    use.name = plm_sv_sub(x->text, from, x->at - from);
    size_t op = x->at;
    size_t before = w->uses.n;
    use_add(x, w, use);
    if (!enter(x))
        return;
    brace_rest(x, w, is_quoted);
    x->depth--;
    if (before < w->uses.n && x->at > op)
        w->uses.v[before].op = plm_sv_sub(x->text, op, x->at - op - 1);
}

/* At a '$'. */
static void dollar(struct plm_sh_lex *x, struct plm_sh_word *w, bool is_quoted)
{
    size_t from = x->at++;
    int c = plm_sh_peek(x, 0);
    w->is_literal = false;
    if (c == '{') {
        x->at++;
        braces(x, w, is_quoted);
    } else if (c == '(') {
        x->at++;
        if (plm_sh_peek(x, 0) == '(') {
            x->at++;
            if (plm_sh_arithmetic_skip(x))
                return;
            x->at--;
        }
        use_add(x, w, (struct plm_sh_use){.is_quoted = is_quoted, .offset = (uint32_t)from});
        if (!enter(x))
            return;
        plm_sh_list(x, ')', true);
        x->depth--;
    } else if (is_name(c, true)) {
        while (is_name(plm_sh_peek(x, 0), false))
            x->at++;
        plm_sv name = plm_sv_sub(x->text, from + 1, x->at - from - 1);
        use_add(x, w, (struct plm_sh_use){.name = name, .is_quoted = is_quoted, .offset = (uint32_t)from});
    } else if (c > 0 && strchr("0123456789@*#?-$!", c)) {
        x->at++;
        plm_sv name = plm_sv_sub(x->text, from + 1, 1);
        use_add(x, w, (struct plm_sh_use){.name = name, .is_quoted = is_quoted, .offset = (uint32_t)from});
    }
}

/* At the first double quote. */
static void double_quotes(struct plm_sh_lex *x, struct plm_sh_word *w, struct plm_buf *text)
{
    x->at++;
    w->is_quoted = true;
    while (x->at < x->text.n && x->text.p[x->at] != '"') {
        size_t from = x->at;
        char c = x->text.p[from];
        int next = plm_sh_peek(x, 1);
        if (c == '\\' && next == '\n') {
            x->at += 2;
            continue;
        }
        if (c == '\\' && next > 0 && strchr("$`\"\\", next)) {
            plm_buf_byte(text, (unsigned char)next);
            x->at += 2;
            continue;
        }
        if (c == '$')
            dollar(x, w, true);
        else if (c == '`') {
            w->is_literal = false;
            back_quotes(x, w, true);
        } else
            x->at++;
        plm_buf_sv_put(text, plm_sv_sub(x->text, from, x->at - from));
    }
    if (x->at < x->text.n)
        x->at++;
    else
        plm_sh_fault(x, "a double quote has no end");
}

/* At a single quote; `is_ansi`: $'..', where a backslash escapes. */
static void single_quotes(struct plm_sh_lex *x, struct plm_sh_word *w, bool is_ansi, struct plm_buf *text)
{
    size_t from = ++x->at;
    w->is_quoted = true;
    while (x->at < x->text.n && x->text.p[x->at] != '\'')
        x->at += is_ansi && x->text.p[x->at] == '\\' ? 2 : 1;
    if (x->at > x->text.n)
        x->at = x->text.n;
    plm_buf_sv_put(text, plm_sv_sub(x->text, from, x->at - from));
    if (x->at < x->text.n)
        x->at++;
    else
        plm_sh_fault(x, "a single quote has no end");
}

/* Past balanced parentheses: an extended pattern such as @(a|b), at its parenthesis. */
static void skip_parentheses(struct plm_sh_lex *x)
{
    unsigned depth = 0;
    for (; x->at < x->text.n; x->at++) {
        char c = x->text.p[x->at];
        depth += c == '(';
        if (c == ')' && --depth == 0) {
            x->at++;
            return;
        }
    }
}

static bool ends_word(int c)
{
    return c < 0 || strchr(" \t\r\n;&|<>()", c);
}

/* <(..) and >(..), at the sign. */
static void process_substitution(struct plm_sh_lex *x, struct plm_sh_word *w)
{
    x->at += 2;
    w->is_literal = false;
    if (!enter(x))
        return;
    plm_sh_list(x, ')', true);
    x->depth--;
}

/* One unquoted byte or what starts with it; false: the word ends here. */
static bool word_part(struct plm_sh_lex *x, struct plm_sh_word *w, struct plm_buf *text, size_t start)
{
    size_t from = x->at;
    int c = plm_sh_peek(x, 0), next = plm_sh_peek(x, 1);
    if ((c == '<' || c == '>') && next == '(' && from == start) {
        process_substitution(x, w);
    } else if (c == '(' && from > start && strchr("?*+@!", x->text.p[from - 1])) {
        skip_parentheses(x);
    } else if (ends_word(c)) {
        return false;
    } else if (c == '\\') {
        x->at += next >= 0 ? 2 : 1;
        w->is_quoted = w->is_quoted || next != '\n';
        if (next >= 0 && next != '\n')
            plm_buf_byte(text, (unsigned char)next);
        return true;
    } else if (c == '\'' || (c == '$' && next == '\'')) {
        x->at += c == '$';
        single_quotes(x, w, c == '$', text);
        return true;
    } else if (c == '"' || (c == '$' && next == '"')) {
        x->at += c == '$';
        double_quotes(x, w, text);
        return true;
    } else if (c == '$') {
        dollar(x, w, false);
    } else if (c == '`') {
        w->is_literal = false;
        back_quotes(x, w, false);
    } else {
        w->has_glob = w->has_glob || c == '*' || c == '?' || c == '[';
        x->at++;
    }
    plm_buf_sv_put(text, plm_sv_sub(x->text, from, x->at - from));
    return true;
}

void plm_sh_word_read(struct plm_sh_lex *x, struct plm_sh_word *w)
{
    size_t start = x->at;
    *w = (struct plm_sh_word){.is_literal = true, .offset = (uint32_t)start, .line = plm_sh_line(x, start)};
    if (++*x->words > PLM_SH_WORDS_MAX)
        *x->is_over = true;
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_SH_BYTES_MAX);
    while (!*x->is_over && word_part(x, w, &text, start))
        ;
    if (x->at == start)
        x->at += x->at < x->text.n; /* an operator where none may be: always forward */
    w->raw = plm_sv_sub(x->text, start, x->at - start);
    plm_sv clean = plm_buf_sv(&text);
    w->text = plm_sv_eq(clean, w->raw) ? w->raw : plm_arena_sv(x->a, clean);
    w->is_literal = w->is_literal && !w->has_glob;
}

void plm_sh_array_skip(struct plm_sh_lex *x)
{
    struct plm_sh_word w;
    x->at++;
    while (x->at < x->text.n && !*x->is_over) {
        char c = x->text.p[x->at];
        if (c == ')') {
            x->at++;
            return;
        }
        if (ends_word((unsigned char)c))
            x->at++;
        else
            plm_sh_word_read(x, &w);
    }
}
