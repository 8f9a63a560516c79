/* SPDX-License-Identifier: Apache-2.0
 *
 * The grammar of Falco's conditions (libs, filter/parser; falco-rules.md part 2), by recursive descent:
 *
 *     expr   := and_e ("or" and_e)*          and_e := not_e ("and" not_e)*
 *     not_e  := "not"* ("(" expr ")" | check)
 *     check  := lhs "exists" | lhs op value | MACRO
 *
 * Quirks that rules in the field lean on: `not` toggles; keywords may be followed by "(" at once; word
 * operators need a blank, `in intersects pmatch exists` and the symbols do not; oneof, anyof and allof are
 * modifiers only before a "(" or a name, else they are the value; in quotes `\ ` is one backslash and a
 * quote after any backslash never ends the string. We are wider in one place: a macro's name may begin with
 * a keyword (`nothing`). Linear in the text; recursion is bounded by PLM_COND_DEPTH parentheses.
 */
#include "watch/condition_int.h"

#include <stdarg.h>

struct parser {
    plm_sv text;
    size_t at;
    unsigned depth;
    struct plm_arena *arena;
    size_t fault_at;
    plm_err **err;
};

typedef PLM_VEC(struct plm_cond *) cond_vec;
typedef PLM_VEC(struct plm_literal) literal_vec;
typedef PLM_VEC(struct plm_operand) operand_vec;

__attribute__((format(printf, 3, 4))) static int fault(struct parser *p, size_t at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    plm_sv what = plm_arena_vprintf(p->arena, fmt, ap);
    va_end(ap);
    p->fault_at = at;
    return what.p ? plm_fail(p->err, PLM_E_PARSE, "%s", what.p) : plm_fail_oom(p->err);
}

/* ---- characters ------------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\b';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_alpha(c) || is_digit(c) || c == '_';
}

static bool is_bare_char(char c)
{
    return c != '\0' && c != '(' && c != ')' && c != '"' && c != '\'' && c != '=' && c != ',' &&
           !is_blank(c) && c != '\f' && c != '\v';
}

bool plm_cond_is_bare(plm_sv text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!is_bare_char(text.p[i]))
            return false;
    return text.n > 0;
}

static char peek(const struct parser *p, size_t ahead)
{
    return ahead < p->text.n - p->at ? p->text.p[p->at + ahead] : '\0';
}

static bool skip_blanks(struct parser *p)
{
    size_t from = p->at;
    while (p->at < p->text.n && is_blank(p->text.p[p->at]))
        p->at++;
    return p->at > from;
}

static bool take(struct parser *p, const char *lit)
{
    plm_sv s = plm_sv_from(lit);
    if (!plm_sv_starts(plm_sv_from_off(p->text, p->at), s))
        return false;
    p->at += s.n;
    return true;
}

/* A keyword: not the beginning of a longer name. */
static bool take_keyword(struct parser *p, const char *word)
{
    size_t n = strlen(word);
    char after = peek(p, n);
    return !is_word(after) && after != '.' && take(p, word);
}

static bool is_keyword(plm_sv word)
{
    return plm_sv_is(word, "and") || plm_sv_is(word, "or") || plm_sv_is(word, "not");
}

static plm_sv since(const struct parser *p, size_t from)
{
    return plm_sv_sub(p->text, from, p->at - from);
}

/* ident ("." ident)*; null, and nothing taken, when there is none. */
static plm_sv lex_name(struct parser *p, bool *out_dotted)
{
    size_t from = p->at;
    *out_dotted = false;
    if (!is_alpha(peek(p, 0)))
        return PLM_SV_NULL;
    for (;;) {
        while (is_word(peek(p, 0)))
            p->at++;
        if (peek(p, 0) != '.' || !is_alpha(peek(p, 1)))
            return since(p, from);
        p->at++;
        *out_dotted = true;
    }
}

static plm_sv lex_bare(struct parser *p)
{
    size_t from = p->at;
    while (p->at < p->text.n && is_bare_char(p->text.p[p->at]))
        p->at++;
    return p->at > from ? since(p, from) : PLM_SV_NULL;
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Length of the number at the start of s, or 0. */
static size_t number_length(plm_sv s)
{
    size_t i = 0;
    if (s.n > 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X') && is_hex(s.p[2])) {
        for (i = 3; i < s.n && is_hex(s.p[i]);)
            i++;
        return i;
    }
    if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
        i++;
    size_t digits = i;
    while (i < s.n && is_digit(s.p[i]))
        i++;
    if (i == digits)
        return 0;
    if (i + 1 < s.n && s.p[i] == '.' && is_digit(s.p[i + 1]))
        for (i++; i < s.n && is_digit(s.p[i]);)
            i++;
    if (i + 2 < s.n && (s.p[i] == 'e' || s.p[i] == 'E') && (s.p[i + 1] == '+' || s.p[i + 1] == '-') &&
        is_digit(s.p[i + 2]))
        for (i += 2; i < s.n && is_digit(s.p[i]);)
            i++;
    return i;
}

/* ---- quoted strings ---------------------------------------------------------------------------------- */

static int hex_value(char c)
{
    return is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* One escape at s[0] (behind the backslash). Bytes taken, 0 after a fault. */
static size_t unescape(struct parser *p, plm_sv s, size_t at, char quote, char *out)
{
    static const char from[] = "bfnrt\\/ ", to[] = "\b\f\n\r\t\\/\\";
    const char *known = s.n && s.p[0] ? strchr(from, s.p[0]) : NULL;
    if (known) {
        *out = to[known - from];
        return 1;
    }
    if (s.n && (s.p[0] == '"' || s.p[0] == '\'')) {
        *out = s.p[0];
        if (s.p[0] == quote)
            return 1;
        (void)fault(p, at, "invalid \\%c escape in %c-quoted string", s.p[0], quote);
        return 0;
    }
    if (s.n > 2 && s.p[0] == 'x' && is_hex(s.p[1]) && is_hex(s.p[2])) {
        *out = (char)(hex_value(s.p[1]) << 4 | hex_value(s.p[2]));
        if (*out)
            return 3;
        (void)fault(p, at, "a string must not contain a NUL byte");
        return 0;
    }
    (void)fault(p, at, "unknown escape sequence in string");
    return 0;
}

/* 1: a string (in *out), 0: none here, -1: a fault. */
static int lex_quoted(struct parser *p, plm_sv *out)
{
    char quote = peek(p, 0);
    size_t from = p->at;
    if (quote != '"' && quote != '\'')
        return 0;
    size_t end = from + 1;
    while (end < p->text.n && (p->text.p[end] != quote || p->text.p[end - 1] == '\\'))
        end++;
    if (end >= p->text.n)
        return fault(p, from, "expected a closing %c", quote);
    plm_sv inner = plm_sv_sub(p->text, from + 1, end - from - 1);
    char *copy = plm_arena_alloc(p->arena, inner.n + 1);
    if (!copy)
        return plm_fail_oom(p->err);
    size_t n = 0;
    for (size_t i = 0; i < inner.n;) {
        if (inner.p[i] == '\0')
            return fault(p, from + 1 + i, "a string must not contain a NUL byte");
        if (inner.p[i] != '\\') {
            copy[n++] = inner.p[i++];
            continue;
        }
        size_t taken = unescape(p, plm_sv_from_off(inner, i + 1), from + 1 + i, quote, &copy[n]);
        if (!taken)
            return -1;
        i += 1 + taken;
        n++;
    }
    p->at = end + 1;
    *out = plm_sv_n(copy, n);
    return 1;
}

/* A value without or with quotes: 1, 0: none here, -1. */
static int lex_value(struct parser *p, struct plm_literal *out)
{
    size_t from = p->at;
    plm_sv text = PLM_SV_NULL;
    int quoted = lex_quoted(p, &text);
    if (quoted < 0)
        return -1;
    if (!quoted)
        text = lex_bare(p);
    if (!text.p)
        return 0;
    *out = (struct plm_literal){.text = text,
                                .offset = (uint32_t)from,
                                .is_bare = !quoted,
                                .is_number = !quoted && number_length(text) == text.n};
    return 1;
}

/* ---- fields and transformers --------------------------------------------------------------------------- */

/* "[" arg "]" directly behind a name: 1 with the argument, 0: none, -1. */
static int lex_argument(struct parser *p, plm_sv *out)
{
    size_t from = p->at;
    if (!take(p, "["))
        return 0;
    int quoted = lex_quoted(p, out);
    if (quoted < 0)
        return -1;
    if (!quoted) {
        size_t start = p->at;
        while (p->at < p->text.n && !strchr("[]\"' \t\r\n", p->text.p[p->at]))
            p->at++;
        *out = since(p, start);
    }
    if (!out->n)
        return fault(p, from, "expected an argument between [ and ]");
    if (!take(p, "]"))
        return fault(p, p->at, "expected a ] after the argument");
    return 1;
}

static int parse_operand(struct parser *p, struct plm_operand *out, unsigned depth);

static int parse_arguments(struct parser *p, struct plm_operand *o, unsigned depth)
{
    operand_vec args = {0};
    skip_blanks(p);
    if (o->kind == PLM_OPERAND_LIST && take(p, ")"))
        return 0;
    for (;;) {
        struct plm_operand *arg = plm_vec_push(p->arena, &args);
        if (!arg)
            return plm_fail_oom(p->err);
        skip_blanks(p);
        if (parse_operand(p, arg, depth + 1) < 0)
            return -1;
        skip_blanks(p);
        if (take(p, ")"))
            break;
        if (!take(p, ","))
            return fault(p, p->at, "expected a ',' or a ')'");
    }
    o->args = args.v;
    o->n_args = args.n;
    return 0;
}

static int parse_transform(struct parser *p, struct plm_operand *out, unsigned depth)
{
    out->kind = PLM_OPERAND_TRANSFORM;
    if (parse_arguments(p, out, depth) < 0)
        return -1;
    plm_sv key;
    int has_key = lex_argument(p, &key);
    if (has_key > 0)
        out->key = key;
    return has_key < 0 ? -1 : 0;
}

/* A field's name with its argument, as written: `proc.env["A B"]`. */
static int parse_field(struct parser *p, plm_sv name, struct plm_operand *out)
{
    plm_sv key;
    size_t from = (size_t)(name.p - p->text.p);
    int has_key = lex_argument(p, &key);
    if (has_key < 0)
        return -1;
    out->kind = PLM_OPERAND_FIELD;
    out->text = since(p, from);
    return 0;
}

/* A field or a transformer: 1, 0: neither stands here (nothing is taken), -1. */
static int parse_field_or_transform(struct parser *p, struct plm_operand *out, unsigned depth)
{
    size_t from = p->at;
    bool is_dotted;
    plm_sv name = lex_name(p, &is_dotted);
    int r = 0;
    if (depth > PLM_COND_DEPTH)
        return fault(p, from, "nested more than %d deep", PLM_COND_DEPTH);
    if (name.p && is_dotted) {
        r = parse_field(p, name, out);
    } else if (name.p && peek(p, 0) == '(' && plm_transform_find(name, &out->transform)) {
        p->at++;
        r = parse_transform(p, out, depth);
    } else {
        p->at = from;
        return 0;
    }
    out->offset = (uint32_t)from;
    out->length = (uint32_t)(p->at - from);
    return r < 0 ? -1 : 1;
}

/* An argument of a transformer. */
static int parse_operand(struct parser *p, struct plm_operand *out, unsigned depth)
{
    size_t from = p->at;
    int r = parse_field_or_transform(p, out, depth);
    if (r != 0)
        return r < 0 ? -1 : 0;
    if (take(p, "(")) {
        out->kind = PLM_OPERAND_LIST;
        r = parse_arguments(p, out, depth) < 0 ? -1 : 1;
    } else {
        out->kind = PLM_OPERAND_TEXT;
        r = lex_quoted(p, &out->text);
        size_t n = r == 0 ? number_length(plm_sv_from_off(p->text, p->at)) : 0;
        if (n) {
            out->text = plm_sv_sub(p->text, p->at, n);
            p->at += n;
            r = 1;
        }
    }
    if (r == 0)
        return fault(p, p->at, "expected a field, a transformer, a quoted string, a number or a list");
    out->offset = (uint32_t)from;
    out->length = (uint32_t)(p->at - from);
    return r < 0 ? -1 : 0;
}

struct plm_operand *plm_operand_parse(plm_sv text, struct plm_arena *a, plm_err **err)
{
    plm_sv copy = plm_arena_sv(a, text.p ? text : PLM_SV(""));
    struct plm_operand *out = plm_arena_make(a, struct plm_operand);
    if (!copy.p || !out)
        return PLM_NULL(plm_fail_oom(err));
    struct parser p = {.text = copy, .arena = a, .err = err};
    int r = parse_field_or_transform(&p, out, 0);
    if (r > 0 && p.at == p.text.n)
        return out;
    return r < 0 ? NULL : PLM_NULL(plm_fail(err, PLM_E_PARSE, "not a field: '%.*s'", PLM_SV_ARG(text)));
}

/* ---- checks
 * ------------------------------------------------------------------------------------------------ */

struct op_row {
    plm_sv text;
    enum plm_op op;
    bool needs_blank;
};

/* Longer symbols before their prefixes. */
static const struct op_row ops[] = {
    {{"exists", sizeof("exists") - 1}, PLM_OP_EXISTS, false},
    {{"<=", sizeof("<=") - 1}, PLM_OP_LE, false},
    {{"<", sizeof("<") - 1}, PLM_OP_LT, false},
    {{">=", sizeof(">=") - 1}, PLM_OP_GE, false},
    {{">", sizeof(">") - 1}, PLM_OP_GT, false},
    {{"==", sizeof("==") - 1}, PLM_OP_EQ, false},
    {{"=", sizeof("=") - 1}, PLM_OP_EQ, false},
    {{"!=", sizeof("!=") - 1}, PLM_OP_NE, false},
    {{"glob", sizeof("glob") - 1}, PLM_OP_GLOB, true},
    {{"iglob", sizeof("iglob") - 1}, PLM_OP_IGLOB, true},
    {{"contains", sizeof("contains") - 1}, PLM_OP_CONTAINS, true},
    {{"icontains", sizeof("icontains") - 1}, PLM_OP_ICONTAINS, true},
    {{"bcontains", sizeof("bcontains") - 1}, PLM_OP_BCONTAINS, true},
    {{"startswith", sizeof("startswith") - 1}, PLM_OP_STARTSWITH, true},
    {{"bstartswith", sizeof("bstartswith") - 1}, PLM_OP_BSTARTSWITH, true},
    {{"endswith", sizeof("endswith") - 1}, PLM_OP_ENDSWITH, true},
    {{"regex", sizeof("regex") - 1}, PLM_OP_REGEX, true},
    {{"intersects", sizeof("intersects") - 1}, PLM_OP_INTERSECTS, false},
    {{"in", sizeof("in") - 1}, PLM_OP_IN, false},
    {{"pmatch", sizeof("pmatch") - 1}, PLM_OP_PMATCH, false},
};
enum { N_OPS = sizeof(ops) / sizeof(ops[0]) };

bool plm_op_find(plm_sv name, enum plm_op *out)
{
    for (size_t i = 0; i < N_OPS; i++)
        if (plm_sv_eq(name, ops[i].text)) {
            *out = ops[i].op;
            return true;
        }
    return false;
}

static int lex_op(struct parser *p, enum plm_op *out)
{
    for (size_t i = 0; i < N_OPS; i++) {
        if (ops[i].needs_blank && !is_blank(peek(p, ops[i].text.n)))
            continue;
        if (plm_sv_starts(plm_sv_from_off(p->text, p->at), ops[i].text)) {
            p->at += ops[i].text.n;
            *out = ops[i].op;
            return 0;
        }
    }
    return fault(p, p->at,
                 "expected a valid check operator: one of 'exists', '=', '==', '!=', '<', '<=', '>', '>=', "
                 "'in', 'intersects', 'pmatch', 'contains', 'icontains', 'bcontains', 'startswith', "
                 "'bstartswith', 'endswith', 'glob', 'iglob', 'regex'");
}

/* values ")": the opening parenthesis is behind us. */
static int parse_list(struct parser *p, struct plm_cond *c)
{
    literal_vec values = {0};
    c->is_list_form = true;
    skip_blanks(p);
    while (values.n || !take(p, ")")) {
        struct plm_literal l;
        skip_blanks(p);
        int r = lex_value(p, &l);
        if (r == 0)
            return fault(p, p->at, "expected a value in the list");
        struct plm_literal *slot = r > 0 ? plm_vec_push(p->arena, &values) : NULL;
        if (!slot)
            return r < 0 ? -1 : plm_fail_oom(p->err);
        *slot = l;
        skip_blanks(p);
        if (take(p, ")"))
            break;
        if (!take(p, ","))
            return fault(p, p->at, "expected a ')' or a ',' in the list");
    }
    c->values = values.v;
    c->n_values = values.n;
    return 0;
}

int plm_cond_values_parse(plm_sv text, struct plm_arena *a, struct plm_literal **out, size_t *out_n)
{
    struct parser p = {.text = text, .arena = a};
    literal_vec values = {0};
    do {
        struct plm_literal l;
        skip_blanks(&p);
        if (lex_value(&p, &l) <= 0)
            return -1;
        struct plm_literal *slot = plm_vec_push(a, &values);
        if (!slot)
            return -1;
        *slot = l;
        skip_blanks(&p);
    } while (take(&p, ","));
    *out = values.v;
    *out_n = values.n;
    return p.at == text.n ? 0 : -1;
}

static int set_one(struct parser *p, struct plm_cond *c, struct plm_literal l)
{
    c->values = plm_arena_make(p->arena, struct plm_literal);
    if (!c->values)
        return plm_fail_oom(p->err);
    c->values[0] = l;
    c->n_values = 1;
    return 0;
}

/* A field or a transformer on the right stands only as val(field) or transformer(...): 1, 0: none, -1. */
static int parse_right_operand(struct parser *p, struct plm_cond *c)
{
    size_t from = p->at;
    bool is_dotted;
    enum plm_transform t;
    plm_sv name = lex_name(p, &is_dotted);
    bool is_transform = name.p && !is_dotted && peek(p, 0) == '(' && plm_transform_find(name, &t);
    p->at = from;
    if (!is_transform)
        return 0;
    c->rhs = plm_arena_make(p->arena, struct plm_operand);
    return c->rhs ? parse_field_or_transform(p, c->rhs, 0) : plm_fail_oom(p->err);
}

/* oneof, anyof and allof, where a list or a name that is no keyword follows. */
static void parse_modifier(struct parser *p, struct plm_cond *c)
{
    size_t from = p->at;
    bool is_dotted;
    enum plm_op_modifier m;
    plm_sv word = lex_name(p, &is_dotted);
    if (word.p && !is_dotted && plm_modifier_find(word, &m)) {
        skip_blanks(p);
        size_t behind = p->at;
        plm_sv next = lex_name(p, &is_dotted);
        p->at = behind;
        if (peek(p, 0) == '(' || (next.p && !is_keyword(next))) {
            c->modifier = m;
            return;
        }
    }
    p->at = from;
}

static int parse_number(struct parser *p, struct plm_cond *c)
{
    size_t n = number_length(plm_sv_from_off(p->text, p->at));
    char after = peek(p, n);
    if (!n || (after && is_bare_char(after)))
        return fault(p, p->at, "expected a number");
    plm_sv text = plm_sv_sub(p->text, p->at, n);
    struct plm_literal l = {.text = text, .offset = (uint32_t)p->at, .is_bare = true, .is_number = true};
    p->at += n;
    return set_one(p, c, l);
}

static int parse_right(struct parser *p, struct plm_cond *c)
{
    skip_blanks(p);
    if (!plm_op_is_list(c->op) && !plm_op_is_number(c->op))
        parse_modifier(p, c);
    int r = c->modifier == PLM_MOD_NONE ? parse_right_operand(p, c) : 0;
    if (r != 0)
        return r < 0 ? -1 : 0;
    if (plm_op_is_number(c->op))
        return parse_number(p, c);
    bool takes_list = plm_op_is_list(c->op) || c->modifier != PLM_MOD_NONE;
    if (takes_list && take(p, "("))
        return parse_list(p, c);
    struct plm_literal l;
    if (takes_list && !is_alpha(peek(p, 0)))
        return fault(p, p->at, "expected a list of values in parentheses or a name");
    r = lex_value(p, &l);
    if (r == 0)
        return fault(p, p->at, "expected a quoted or a bare string");
    return r < 0 ? -1 : set_one(p, c, l);
}

static int parse_check(struct parser *p, struct plm_cond *c)
{
    size_t from = p->at;
    struct plm_operand lhs = {0};
    int r = parse_field_or_transform(p, &lhs, 0);
    if (r < 0)
        return -1;
    c->offset = (uint32_t)from;
    c->source = p->text;
    if (r == 0) {
        bool is_dotted;
        c->kind = PLM_COND_MACRO;
        c->macro = lex_name(p, &is_dotted);
        if (!c->macro.p || is_keyword(c->macro))
            return fault(p, from, "expected a '(', a field check or the name of a macro");
    } else {
        c->kind = PLM_COND_CHECK;
        if (lhs.kind == PLM_OPERAND_TRANSFORM && lhs.transform == PLM_TR_VAL)
            return fault(p, from, "val() stands only on the right-hand side");
        c->lhs = plm_arena_make(p->arena, struct plm_operand);
        if (!c->lhs)
            return plm_fail_oom(p->err);
        *c->lhs = lhs;
        skip_blanks(p);
        if (lex_op(p, &c->op) < 0 || (c->op != PLM_OP_EXISTS && parse_right(p, c) < 0))
            return -1;
    }
    c->length = (uint32_t)(p->at - from);
    return 0;
}

/* ---- and, or, not
 * --------------------------------------------------------------------------------------------- */

static struct plm_cond *parse_or(struct parser *p);

/* Behind a "(". */
static struct plm_cond *parse_group(struct parser *p)
{
    if (++p->depth > PLM_COND_DEPTH)
        return PLM_NULL(fault(p, p->at, "nested more than %d deep", PLM_COND_DEPTH));
    struct plm_cond *c = parse_or(p);
    if (!c)
        return NULL;
    skip_blanks(p);
    if (!take(p, ")"))
        return PLM_NULL(fault(p, p->at, "expected a ')'"));
    p->depth--;
    return c;
}

/* A node over children that ends where the parser is. */
static struct plm_cond *join(struct parser *p, enum plm_cond_kind kind, size_t from, const cond_vec *children)
{
    struct plm_cond *c = plm_arena_make(p->arena, struct plm_cond);
    if (!c)
        return PLM_NULL(plm_fail_oom(p->err));
    *c = (struct plm_cond){.kind = kind,
                           .offset = (uint32_t)from,
                           .length = (uint32_t)(p->at - from),
                           .source = p->text,
                           .children = children->v,
                           .n_children = children->n};
    return c;
}

static struct plm_cond *parse_not(struct parser *p)
{
    skip_blanks(p);
    size_t from = p->at;
    bool is_not = false;
    while (take_keyword(p, "not")) {
        is_not = !is_not;
        skip_blanks(p);
    }
    struct plm_cond *c;
    if (take(p, "(")) {
        c = parse_group(p);
    } else {
        c = plm_arena_make(p->arena, struct plm_cond);
        if (!c)
            return PLM_NULL(plm_fail_oom(p->err));
        c = parse_check(p, c) < 0 ? NULL : c;
    }
    if (!c || !is_not)
        return c;
    cond_vec one = {0};
    struct plm_cond **slot = plm_vec_push(p->arena, &one);
    if (!slot)
        return PLM_NULL(plm_fail_oom(p->err));
    *slot = c;
    return join(p, PLM_COND_NOT, from, &one);
}

/* Children between a keyword; a single one stands for itself. */
static struct plm_cond *parse_chain(struct parser *p, enum plm_cond_kind kind)
{
    cond_vec children = {0};
    skip_blanks(p);
    size_t from = p->at, end;
    do {
        struct plm_cond *c = kind == PLM_COND_OR ? parse_chain(p, PLM_COND_AND) : parse_not(p);
        struct plm_cond **slot = c ? plm_vec_push(p->arena, &children) : NULL;
        if (!slot)
            return c ? PLM_NULL(plm_fail_oom(p->err)) : NULL;
        *slot = c;
        end = p->at;
        skip_blanks(p);
    } while (take_keyword(p, kind == PLM_COND_OR ? "or" : "and"));
    p->at = end;
    return children.n == 1 ? children.v[0] : join(p, kind, from, &children);
}

static struct plm_cond *parse_or(struct parser *p)
{
    return parse_chain(p, PLM_COND_OR);
}

struct plm_cond *plm_cond_parse(plm_sv text, struct plm_arena *a, size_t *out_offset, plm_err **err)
{
    plm_sv copy = plm_arena_sv(a, text.p ? text : PLM_SV(""));
    if (!copy.p)
        return PLM_NULL(plm_fail_oom(err));
    struct parser p = {.text = copy, .arena = a, .err = err};
    struct plm_cond *c = NULL;
    if (text.n >= UINT32_MAX)
        (void)fault(&p, 0, "a condition of %zu bytes is too long", text.n);
    else
        c = parse_or(&p);
    if (c) {
        skip_blanks(&p);
        if (p.at < p.text.n) {
            (void)fault(&p, p.at, "unexpected token after expression, expecting 'or', 'and'");
            c = NULL;
        }
    }
    if (!c && out_offset)
        *out_offset = p.fault_at;
    return c;
}
