/* SPDX-License-Identifier: Apache-2.0
 *
 * TOML 1.0: lines, headers, keys and tables. The parser goes through the text once. One map for the whole
 * document (number of the table + key) finds the children, so that neither long tables nor many headers make
 * it slower than linear.
 *
 * Who may add to a table is the harder part of the format: a header opens a table that nothing else has
 * defined, dotted keys only pass through tables that dotted keys made, and what is written inline is closed.
 */
#include "codec/toml_int.h"

#include "base/text.h"

#include <stdarg.h>

struct plm_toml {
    struct plm_arena *arena;
    struct plm_toml_node *root;
};

int plm_toml_fault(struct toml_parser *p, enum plm_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    plm_sv what = plm_arena_vprintf(p->arena, fmt, ap);
    va_end(ap);
    return plm_fail(p->err, code, "%s:%u:%zu: %.*s", p->name, p->line, p->at - p->line_start + 1,
                    PLM_SV_ARG(what));
}

struct toml_build *plm_toml_make(struct toml_parser *p, enum plm_toml_kind kind, enum toml_origin origin)
{
    if (++p->nodes > p->limits->yaml_events || p->nodes > UINT32_MAX)
        return PLM_NULL(plm_toml_fault(p, PLM_E_LIMIT, "too many values"));
    struct toml_build *b = plm_arena_make(p->arena, struct toml_build);
    if (!b)
        return PLM_NULL(plm_fail_oom(p->err));
    b->node = (struct plm_toml_node){
        .kind = kind, .line = p->line, .column = (uint32_t)(p->at - p->line_start + 1)};
    b->origin = origin;
    b->id = (uint32_t)p->nodes;
    return b;
}

int plm_toml_append(struct toml_parser *p, struct toml_build *to, struct toml_build *child)
{
    struct plm_toml_node **slot =
        plm_vec_push_(p->arena, (void **)&to->node.items, &to->node.n, &to->cap, sizeof(*to->node.items));
    if (!slot)
        return plm_fail_oom(p->err);
    *slot = &child->node;
    return 0;
}

static void **slot_of(struct toml_parser *p, const struct toml_build *table, plm_sv key)
{
    size_t n;
    char *composed =
        __builtin_add_overflow(key.n, sizeof(table->id), &n) ? NULL : plm_arena_alloc(p->arena, n);
    if (!composed)
        return NULL;
    memcpy(composed, &table->id, sizeof(table->id));
    if (key.n)
        memcpy(composed + sizeof(table->id), key.p, key.n);
    return plm_map_put(p->keys, plm_sv_n(composed, n));
}

int plm_toml_put(struct toml_parser *p, struct toml_build *table, plm_sv key, struct toml_build *child)
{
    void **slot = slot_of(p, table, key);
    if (!slot)
        return plm_fail_oom(p->err);
    if (*slot)
        return plm_toml_fault(p, PLM_E_PARSE, "the key %.*s stands twice", PLM_SV_ARG(key));
    *slot = child;
    child->node.key = key;
    return plm_toml_append(p, table, child);
}

/* ---- blanks and lines --------------------------------------------------------------------- */

void plm_toml_skip_blanks(struct toml_parser *p)
{
    while (plm_toml_peek(p, 0) == ' ' || plm_toml_peek(p, 0) == '\t')
        p->at++;
}

static int skip_comment(struct toml_parser *p)
{
    if (plm_toml_peek(p, 0) != '#')
        return 0;
    for (int c; (c = plm_toml_peek(p, 0)) >= 0 && c != '\n'; p->at++) {
        if (c == '\r' && plm_toml_peek(p, 1) == '\n')
            return 0;
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return plm_toml_fault(p, PLM_E_PARSE, "a control character in a comment");
    }
    return 0;
}

/* 1: took a line end; 0: none there. */
static int take_line_end(struct toml_parser *p)
{
    size_t n = plm_toml_peek(p, 0) == '\n'                                  ? 1
               : plm_toml_peek(p, 0) == '\r' && plm_toml_peek(p, 1) == '\n' ? 2
                                                                            : 0;
    if (!n)
        return 0;
    p->at += n;
    p->line++;
    p->line_start = p->at;
    return 1;
}

int plm_toml_skip_lines(struct toml_parser *p)
{
    do {
        plm_toml_skip_blanks(p);
        if (skip_comment(p) < 0)
            return -1;
    } while (take_line_end(p));
    return 0;
}

int plm_toml_end_of_line(struct toml_parser *p)
{
    plm_toml_skip_blanks(p);
    if (skip_comment(p) < 0)
        return -1;
    if (p->at < p->text.n && !take_line_end(p))
        return plm_toml_fault(p, PLM_E_PARSE, "the end of the line was expected");
    return 0;
}

/* ---- keys --------------------------------------------------------------------------------- */

static bool is_bare(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static int one_key(struct toml_parser *p, plm_sv *out)
{
    plm_toml_skip_blanks(p);
    int c = plm_toml_peek(p, 0);
    if (c == '"' || c == '\'')
        return plm_toml_string(p, false, out);
    size_t from = p->at;
    while (is_bare(plm_toml_peek(p, 0)))
        p->at++;
    if (p->at == from)
        return plm_toml_fault(p, PLM_E_PARSE, "a key was expected");
    *out = plm_arena_sv(p->arena, plm_sv_sub(p->text, from, p->at - from));
    return out->p ? 0 : plm_fail_oom(p->err);
}

/* 1: a dot follows, and so another key; 0: the last one. */
static int next_key(struct toml_parser *p, unsigned *depth, plm_sv *out)
{
    if ((*depth)-- == 0)
        return plm_toml_fault(p, PLM_E_LIMIT, "nested too deep");
    if (one_key(p, out) < 0)
        return -1;
    plm_toml_skip_blanks(p);
    if (plm_toml_peek(p, 0) != '.')
        return 0;
    p->at++;
    return 1;
}

/* One step of a dotted key: the table of that name, made if it is missing. One that so far was only a step of
 * a header is taken over: no header can define it afterwards. */
static struct toml_build *step_dotted(struct toml_parser *p, struct toml_build *table, plm_sv key)
{
    void **slot = slot_of(p, table, key);
    if (!slot)
        return PLM_NULL(plm_fail_oom(p->err));
    struct toml_build *found = *slot;
    if (found && found->origin == TOML_IMPLICIT)
        found->origin = TOML_DOTTED;
    if (found && found->origin != TOML_DOTTED)
        return PLM_NULL(
            plm_toml_fault(p, PLM_E_PARSE, "%.*s was defined before and is closed", PLM_SV_ARG(key)));
    if (!found &&
        (!(found = plm_toml_make(p, PLM_TOML_TABLE, TOML_DOTTED)) || plm_toml_put(p, table, key, found) < 0))
        return NULL;
    return found;
}

int plm_toml_key_value(struct toml_parser *p, struct toml_build *table, unsigned depth)
{
    plm_sv key = PLM_SV_NULL;
    uint32_t line = p->line, column = (uint32_t)(p->at - p->line_start + 1);
    int more;
    while ((more = next_key(p, &depth, &key)) > 0) {
        if (!(table = step_dotted(p, table, key)))
            return -1;
    }
    if (more < 0)
        return -1;
    if (plm_toml_peek(p, 0) != '=')
        return plm_toml_fault(p, PLM_E_PARSE, "= was expected after the key %.*s", PLM_SV_ARG(key));
    p->at++;
    plm_toml_skip_blanks(p);
    struct toml_build *v = plm_toml_value(p, depth);
    if (!v)
        return -1;
    v->node.line = line;
    v->node.column = column;
    return plm_toml_put(p, table, key, v);
}

/* ---- headers ------------------------------------------------------------------------------ */

/* One step of a header that is not its last. */
static struct toml_build *step_header(struct toml_parser *p, struct toml_build *table, plm_sv key)
{
    void **slot = slot_of(p, table, key);
    if (!slot)
        return PLM_NULL(plm_fail_oom(p->err));
    struct toml_build *found = *slot;
    if (!found) {
        found = plm_toml_make(p, PLM_TOML_TABLE, TOML_IMPLICIT);
        return found && plm_toml_put(p, table, key, found) == 0 ? found : NULL;
    }
    if (found->origin == TOML_VALUE)
        return PLM_NULL(plm_toml_fault(p, PLM_E_PARSE, "%.*s is a value, no table", PLM_SV_ARG(key)));
    if (found->origin == TOML_ELEMENTS) /* its elements are builds too: the node is their first member */
        return (struct toml_build *)(void *)found->node.items[found->node.n - 1];
    return found;
}

static struct toml_build *open_table(struct toml_parser *p, struct toml_build *parent, plm_sv key)
{
    void **slot = slot_of(p, parent, key);
    if (!slot)
        return PLM_NULL(plm_fail_oom(p->err));
    struct toml_build *found = *slot;
    if (found && found->origin != TOML_IMPLICIT)
        return PLM_NULL(plm_toml_fault(p, PLM_E_PARSE, "%.*s was defined before", PLM_SV_ARG(key)));
    if (found) {
        found->origin = TOML_HEADER;
        found->node.line = p->line;
        return found;
    }
    found = plm_toml_make(p, PLM_TOML_TABLE, TOML_HEADER);
    return found && plm_toml_put(p, parent, key, found) == 0 ? found : NULL;
}

static struct toml_build *open_element(struct toml_parser *p, struct toml_build *parent, plm_sv key)
{
    void **slot = slot_of(p, parent, key);
    if (!slot)
        return PLM_NULL(plm_fail_oom(p->err));
    struct toml_build *list = *slot;
    if (list && list->origin != TOML_ELEMENTS)
        return PLM_NULL(
            plm_toml_fault(p, PLM_E_PARSE, "%.*s was defined before as something else", PLM_SV_ARG(key)));
    if (!list &&
        (!(list = plm_toml_make(p, PLM_TOML_ARRAY, TOML_ELEMENTS)) || plm_toml_put(p, parent, key, list) < 0))
        return NULL;
    struct toml_build *element = plm_toml_make(p, PLM_TOML_TABLE, TOML_HEADER);
    return element && plm_toml_append(p, list, element) == 0 ? element : NULL;
}

/* "[a.b]" or "[[a.b]]": the table that the lines below belong to. */
static struct toml_build *header(struct toml_parser *p, struct toml_build *root)
{
    bool is_element = plm_toml_peek(p, 1) == '[';
    unsigned depth = (unsigned)p->limits->depth;
    struct toml_build *table = root;
    plm_sv key = PLM_SV_NULL;
    int more;
    p->at += is_element ? 2 : 1;
    while ((more = next_key(p, &depth, &key)) > 0) {
        if (!(table = step_header(p, table, key)))
            return NULL;
    }
    if (more < 0)
        return NULL;
    if (plm_toml_peek(p, 0) != ']' || (is_element && plm_toml_peek(p, 1) != ']'))
        return PLM_NULL(plm_toml_fault(p, PLM_E_PARSE, "%s was expected", is_element ? "]]" : "]"));
    table = is_element ? open_element(p, table, key) : open_table(p, table, key);
    p->at += is_element ? 2 : 1;
    return table && plm_toml_end_of_line(p) == 0 ? table : NULL;
}

static int document(struct toml_parser *p, struct toml_build *root)
{
    struct toml_build *table = root;
    if (!plm_utf8_valid(p->text))
        return plm_toml_fault(p, PLM_E_PARSE, "not UTF-8");
    if (plm_sv_starts(p->text, PLM_SV("\xef\xbb\xbf")))
        p->at = p->line_start = 3;
    while (plm_toml_skip_lines(p) == 0) {
        if (p->at >= p->text.n)
            return 0;
        if (plm_toml_peek(p, 0) == '[') {
            if (!(table = header(p, root)))
                return -1;
        } else if (plm_toml_key_value(p, table, (unsigned)p->limits->depth) < 0 ||
                   plm_toml_end_of_line(p) < 0) {
            return -1;
        }
    }
    return -1;
}

/* ---- the tree ----------------------------------------------------------------------------- */

struct plm_toml *plm_toml_parse(plm_sv text, const char *name, const struct plm_limits *limits, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_map_free) struct plm_map *keys = plm_map_new();
    struct plm_toml *doc = arena ? plm_arena_make(arena, struct plm_toml) : NULL;
    plm_err *e = NULL;
    struct toml_parser p = {.text = {text.p ? text.p : "", text.n},
                            .line = 1,
                            .name = name,
                            .limits = limits,
                            .arena = arena,
                            .keys = keys,
                            .err = &e};
    if (!doc || !keys)
        return PLM_NULL(plm_fail_oom(err));
    struct toml_build *root = plm_toml_make(&p, PLM_TOML_TABLE, TOML_HEADER);
    if (!root || document(&p, root) < 0)
        return PLM_NULL(e ? plm_err_move(err, &e) : plm_fail_oom(err));
    doc->root = &root->node;
    doc->arena = plm_take(arena);
    return doc;
}

void plm_toml_free(struct plm_toml *doc)
{
    if (doc)
        plm_arena_free(doc->arena);
}

const struct plm_toml_node *plm_toml_root(const struct plm_toml *doc)
{
    return doc->root;
}

const struct plm_toml_node *plm_toml_get(const struct plm_toml_node *n, ...)
{
    va_list ap;
    va_start(ap, n);
    for (const char *key; n && (key = va_arg(ap, const char *)) != NULL;) {
        const struct plm_toml_node *found = NULL;
        for (size_t i = 0; n->kind == PLM_TOML_TABLE && i < n->n && !found; i++)
            if (plm_sv_is(n->items[i]->key, key))
                found = n->items[i];
        n = found;
    }
    va_end(ap);
    return n;
}

plm_sv plm_toml_text(const struct plm_toml_node *n)
{
    return n && n->kind == PLM_TOML_STRING ? n->text : PLM_SV_NULL;
}
