/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML 1.1 over libyaml's event parser. Nodes live in one arena; an alias points to the node
 * of its anchor, which was finished before it (an alias inside its own anchor is refused), so
 * the tree is acyclic. Shared nodes cost nothing here but would if a reader walked them all:
 * each alias therefore charges the size of its anchor against yaml_events.
 */
#include "codec/yaml.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/text.h"

#include <stdarg.h>
#include <yaml.h>

struct plm_yaml {
    struct plm_arena *arena;
    struct plm_yaml_node *root;
};

struct anchor {
    struct plm_yaml_node *node;
    uint64_t cost; /* events of the anchored node, aliases expanded; 0 while it is being built */
};

struct builder {
    yaml_parser_t parser;
    struct plm_arena *arena;
    struct plm_map *anchors;
    const char *name;
    const struct plm_limits *limits;
    uint64_t events;
    bool is_stream; /* several documents, keys may stand twice */
    plm_sv text;
    size_t seen_index, seen_byte; /* libyaml counts characters; marks come nearly in order */
    struct plm_yaml_fault fault;
    plm_err **err;
};

typedef PLM_VEC(struct plm_yaml_node *) node_vec;

/* The byte where a mark's character begins. Nodes are made in the order of their starts, so the walk goes
 * through the text once. */
static size_t byte_of(struct builder *b, size_t index)
{
    if (index < b->seen_index)
        b->seen_index = b->seen_byte = 0;
    while (b->seen_index < index && b->seen_byte < b->text.n) {
        b->seen_byte++;
        while (b->seen_byte < b->text.n && ((unsigned char)b->text.p[b->seen_byte] & 0xc0) == 0x80)
            b->seen_byte++;
        b->seen_index++;
    }
    return b->seen_byte;
}

static int fault(struct builder *b, enum plm_code code, yaml_mark_t at, const char *what)
{
    b->fault = (struct plm_yaml_fault){.line = (uint32_t)at.line + 1,
                                       .column = (uint32_t)at.column + 1,
                                       .offset = (uint32_t)byte_of(b, at.index)};
    return plm_fail(b->err, code, "%s:%zu:%zu: %s", b->name, at.line + 1, at.column + 1, what);
}

static int next(struct builder *b, yaml_event_t *e)
{
    if (!yaml_parser_parse(&b->parser, e)) {
        if (b->parser.error == YAML_MEMORY_ERROR)
            return plm_fail_oom(b->err);
        return fault(b, PLM_E_PARSE, b->parser.problem_mark,
                     b->parser.problem ? b->parser.problem : "not YAML");
    }
    if (++b->events > b->limits->yaml_events) {
        int r = fault(b, PLM_E_LIMIT, e->start_mark, "too many YAML events");
        yaml_event_delete(e);
        return r;
    }
    return 0;
}

static struct plm_yaml_node *make(struct builder *b, enum plm_yaml_kind kind, yaml_mark_t at)
{
    struct plm_yaml_node *n = plm_arena_make(b->arena, struct plm_yaml_node);
    if (n)
        *n = (struct plm_yaml_node){.kind = kind,
                                    .line = (uint32_t)at.line + 1,
                                    .column = (uint32_t)at.column + 1,
                                    .offset = (uint32_t)byte_of(b, at.index)};
    return n;
}

static struct plm_yaml_node *build(struct builder *b, const yaml_event_t *e, unsigned depth);

static bool is_null_text(plm_sv t)
{
    return t.n == 0 || plm_sv_is(t, "~") || plm_sv_is(t, "null") || plm_sv_is(t, "Null") ||
           plm_sv_is(t, "NULL");
}

static struct plm_yaml_node *build_scalar(struct builder *b, const yaml_event_t *e)
{
    plm_sv text = plm_sv_n((const char *)e->data.scalar.value, e->data.scalar.length);
    bool is_plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct plm_yaml_node *n =
        make(b, is_plain && is_null_text(text) ? PLM_YAML_NULL : PLM_YAML_SCALAR, e->start_mark);
    if (!n)
        return NULL;
    n->is_quoted = !is_plain;
    n->text = plm_arena_sv(b->arena, text);
    return n;
}

/* Items up to the end event; for a mapping keys and values in turn. */
static int build_items(struct builder *b, node_vec *out, yaml_event_type_t end, unsigned depth)
{
    for (;;) {
        yaml_event_t e;
        if (next(b, &e) < 0)
            return -1;
        if (e.type == end) {
            yaml_event_delete(&e);
            return 0;
        }
        struct plm_yaml_node *item = build(b, &e, depth);
        yaml_event_delete(&e);
        struct plm_yaml_node **slot = item ? plm_vec_push(b->arena, out) : NULL;
        if (!slot)
            return -1;
        *slot = item;
    }
}

/* Quadratic up to 16 keys, a hash map beyond: files of feeds have mappings of thousands. */
static int refuse_duplicate(struct builder *b, const struct plm_yaml_node *n)
{
    plm_auto(plm_map_free) struct plm_map *seen = n->n > 16 ? plm_map_new() : NULL;
    for (size_t i = 0; i < n->n; i++) {
        bool twice = false;
        if (seen) {
            void **slot = plm_map_put(seen, n->keys[i]->text);
            if (!slot)
                return plm_fail_oom(b->err);
            twice = *slot != NULL;
            *slot = n->keys[i];
        }
        for (size_t k = 0; !seen && k < i && !twice; k++)
            twice = plm_sv_eq(n->keys[k]->text, n->keys[i]->text);
        if (twice)
            return plm_fail(b->err, PLM_E_PARSE, "%s:%u:%u: the key %.*s stands twice", b->name,
                            n->keys[i]->line, n->keys[i]->column, PLM_SV_ARG(n->keys[i]->text));
    }
    return 0;
}

static struct plm_yaml_node *build_mapping(struct builder *b, const yaml_event_t *e, unsigned depth)
{
    struct plm_yaml_node *n = make(b, PLM_YAML_MAPPING, e->start_mark);
    node_vec flat = {0};
    if (!n || build_items(b, &flat, YAML_MAPPING_END_EVENT, depth) < 0)
        return NULL;
    n->n = flat.n / 2;
    n->keys = plm_arena_array(b->arena, n->n, sizeof(*n->keys));
    n->items = plm_arena_array(b->arena, n->n, sizeof(*n->items));
    if (!n->keys || !n->items)
        return NULL;
    for (size_t i = 0; i < n->n; i++) {
        n->keys[i] = flat.v[2 * i];
        n->items[i] = flat.v[2 * i + 1];
        if (n->keys[i]->kind == PLM_YAML_SEQUENCE || n->keys[i]->kind == PLM_YAML_MAPPING)
            return PLM_NULL(plm_fail(b->err, PLM_E_PARSE, "%s:%u:%u: a key must be a scalar", b->name,
                                     n->keys[i]->line, n->keys[i]->column));
    }
    return !b->is_stream && refuse_duplicate(b, n) < 0 ? NULL : n;
}

static struct plm_yaml_node *build_sequence(struct builder *b, const yaml_event_t *e, unsigned depth)
{
    struct plm_yaml_node *n = make(b, PLM_YAML_SEQUENCE, e->start_mark);
    node_vec items = {0};
    if (!n || build_items(b, &items, YAML_SEQUENCE_END_EVENT, depth) < 0)
        return NULL;
    n->items = items.v;
    n->n = items.n;
    return n;
}

static struct plm_yaml_node *follow_alias(struct builder *b, const yaml_event_t *e)
{
    struct anchor *a = plm_map_get(b->anchors, plm_sv_from((const char *)e->data.alias.anchor));
    if (!a || a->cost == 0)
        return PLM_NULL(
            fault(b, PLM_E_PARSE, e->start_mark, a ? "an alias inside its own anchor" : "unknown alias"));
    if (__builtin_add_overflow(b->events, a->cost, &b->events) || b->events > b->limits->yaml_events)
        return PLM_NULL(fault(b, PLM_E_LIMIT, e->start_mark, "aliases expand to too many YAML events"));
    return a->node;
}

/* A later anchor of the same name replaces the earlier one (YAML 1.1, 3.2.2.2). */
static struct anchor *note_anchor(struct builder *b, const yaml_char_t *name)
{
    plm_sv key = plm_arena_sv(b->arena, plm_sv_from((const char *)name));
    void **slot = key.p ? plm_map_put(b->anchors, key) : NULL;
    struct anchor *a = slot ? plm_arena_make(b->arena, struct anchor) : NULL;
    if (a)
        *slot = a;
    return a;
}

static struct plm_yaml_node *build(struct builder *b, const yaml_event_t *e, unsigned depth)
{
    if (depth == 0)
        return PLM_NULL(fault(b, PLM_E_LIMIT, e->start_mark, "nested too deep"));
    if (e->type == YAML_ALIAS_EVENT)
        return follow_alias(b, e);
    const yaml_char_t *name = e->type == YAML_SCALAR_EVENT           ? e->data.scalar.anchor
                              : e->type == YAML_SEQUENCE_START_EVENT ? e->data.sequence_start.anchor
                              : e->type == YAML_MAPPING_START_EVENT  ? e->data.mapping_start.anchor
                                                                     : NULL;
    struct anchor *a = name ? note_anchor(b, name) : NULL;
    if (name && !a)
        return PLM_NULL(plm_fail_oom(b->err));
    uint64_t before = b->events;
    struct plm_yaml_node *n = e->type == YAML_SCALAR_EVENT           ? build_scalar(b, e)
                              : e->type == YAML_SEQUENCE_START_EVENT ? build_sequence(b, e, depth - 1)
                              : e->type == YAML_MAPPING_START_EVENT
                                  ? build_mapping(b, e, depth - 1)
                                  : PLM_NULL(fault(b, PLM_E_PARSE, e->start_mark, "unexpected event"));
    if (n && a)
        *a = (struct anchor){.node = n, .cost = b->events - before + 1};
    return n;
}

/* Stream start, then per document its start, node and end, stream end. */
static struct plm_yaml_node *build_documents(struct builder *b)
{
    node_vec roots = {0};
    for (;;) {
        yaml_event_t e;
        if (next(b, &e) < 0)
            return NULL;
        yaml_event_type_t type = e.type;
        yaml_mark_t at = e.start_mark;
        bool is_frame = type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT ||
                        type == YAML_DOCUMENT_END_EVENT || type == YAML_STREAM_END_EVENT;
        struct plm_yaml_node *root = is_frame ? NULL : build(b, &e, (unsigned)b->limits->depth);
        yaml_event_delete(&e);
        if (type == YAML_DOCUMENT_START_EVENT && roots.n && !b->is_stream)
            return PLM_NULL(fault(b, PLM_E_PARSE, at, "a second document"));
        if (!is_frame) {
            struct plm_yaml_node **slot = root ? plm_vec_push(b->arena, &roots) : NULL;
            if (!slot)
                return NULL;
            *slot = root;
        }
        if (type != YAML_STREAM_END_EVENT)
            continue;
        if (!b->is_stream)
            return roots.n ? roots.v[0] : make(b, PLM_YAML_NULL, (yaml_mark_t){0});
        struct plm_yaml_node *all = make(b, PLM_YAML_SEQUENCE, (yaml_mark_t){0});
        if (all) {
            all->items = roots.v;
            all->n = roots.n;
        }
        return all;
    }
}

static struct plm_yaml *parse(plm_sv text, struct builder *b, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_map_free) struct plm_map *anchors = plm_map_new();
    struct plm_yaml *doc = arena ? plm_arena_make(arena, struct plm_yaml) : NULL;
    plm_err *e = NULL;
    b->arena = arena;
    b->anchors = anchors;
    b->text = text;
    b->err = &e;
    if (!doc || !anchors || !yaml_parser_initialize(&b->parser)) {
        b->err = NULL;
        return PLM_NULL(plm_fail_oom(err));
    }
    yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b->parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
    struct plm_yaml_node *root = build_documents(b);
    yaml_parser_delete(&b->parser);
    b->err = NULL;
    if (!root)
        return PLM_NULL(e ? plm_err_move(err, &e) : plm_fail_oom(err));
    doc->root = root;
    doc->arena = plm_take(arena);
    return doc;
}

struct plm_yaml *plm_yaml_parse(plm_sv text, const char *name, const struct plm_limits *limits, plm_err **err)
{
    struct builder b = {.name = name, .limits = limits};
    return parse(text, &b, err);
}

struct plm_yaml *plm_yaml_parse_stream(plm_sv text, const char *name, const struct plm_limits *limits,
                                       struct plm_yaml_fault *out_fault, plm_err **err)
{
    struct builder b = {.name = name, .limits = limits, .is_stream = true};
    struct plm_yaml *doc = parse(text, &b, err);
    if (!doc && out_fault)
        *out_fault = b.fault;
    return doc;
}

void plm_yaml_free(struct plm_yaml *doc)
{
    if (doc)
        plm_arena_free(doc->arena);
}

const struct plm_yaml_node *plm_yaml_root(const struct plm_yaml *doc)
{
    return doc->root;
}

const struct plm_yaml_node *plm_yaml_get(const struct plm_yaml_node *n, ...)
{
    va_list ap;
    va_start(ap, n);
    for (const char *key; n && (key = va_arg(ap, const char *)) != NULL;) {
        const struct plm_yaml_node *found = NULL;
        for (size_t i = 0; n->kind == PLM_YAML_MAPPING && i < n->n && !found; i++)
            if (plm_sv_is(n->keys[i]->text, key))
                found = n->items[i];
        n = found;
    }
    va_end(ap);
    return n;
}

plm_sv plm_yaml_text(const struct plm_yaml_node *n)
{
    return n && n->kind == PLM_YAML_SCALAR ? n->text : PLM_SV_NULL;
}

bool plm_yaml_bool(const struct plm_yaml_node *n, bool *out)
{
    static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false", "no", "off"};
    plm_sv t = plm_yaml_text(n);
    for (size_t i = 0; i < 3; i++) {
        if (plm_sv_ieq(t, plm_sv_from(yes[i])) || plm_sv_ieq(t, plm_sv_from(no[i]))) {
            *out = plm_sv_ieq(t, plm_sv_from(yes[i]));
            return true;
        }
    }
    return false;
}

/* Letters first, none of the indicators behind; words that readers take for booleans or nulls need quotes. */
static bool is_plain(plm_sv s, bool in_flow)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
    if (!s.n || !((s.p[0] >= 'A' && s.p[0] <= 'Z') || (s.p[0] >= 'a' && s.p[0] <= 'z')))
        return false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (plm_sv_ieq(s, plm_sv_from(words[i])))
            return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : ' ';
        bool is_word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (is_word || memchr("-_./+()'=@;", c, 11) || (c == ' ' && i + 1 < s.n) || (c == ',' && !in_flow) ||
            (c == ':' && next != ' ' && !in_flow))
            continue;
        return false;
    }
    return true;
}

void plm_yaml_put(struct plm_buf *b, plm_sv text, bool in_flow)
{
    if (is_plain(text, in_flow))
        plm_buf_sv_put(b, text);
    else
        plm_text_json(b, text);
}
