/* SPDX-License-Identifier: Apache-2.0
 *
 * The layer that grows while its entries arrive, as a tree of nodes (OCI image-spec, layer.md;
 * compared with what overlay2 and containerd make of the same archives):
 *
 *   - a later entry of the same path replaces the earlier one, with everything below it unless both are
 *     directories;
 *   - missing parents are implicit directories of the layer;
 *   - a parent that is a symbolic link *of this layer* is followed, clamped to the root; links of lower
 * layers are not known here and so never followed;
 *   - `.wh.NAME` hides NAME in lower layers, `.wh..wh..opq` everything of its directory; other `.wh..wh.`
 * names are left-overs of aufs and mean nothing;
 *   - names lose leading slashes, "." and ".."; a ".." above the root is a diagnostic and the entry is left
 * out.
 *
 * A node takes 48 bytes and its name; the hash table over (parent, name) 8 bytes.
 */
#include "image/build.h"

#include <stdarg.h>
#include <stdio.h>

enum { ROOT = 0, LINKS_MAX = 40, DIAGS_MAX = 1000, NO_NODE = -1 };

struct node {
    uint32_t parent, name, first_child,
        next_sibling;      /* name: offset in names; links are indices, PLM_NONE ends */
    uint32_t link, link_n; /* offset in names */
    uint64_t size;
    uint32_t mode, uid, gid;
    uint16_t name_n, path_n;
    uint16_t serial; /* raised when the node is replaced: facts of earlier contents are void */
    uint8_t type, flags;
};

struct fact {
    uint32_t node, extractor;
    uint16_t serial;
    plm_sv as; /* null: the node's own path */
    struct plm_buf data, owned;
};

struct prepared {
    void *state;
    bool is_done, is_failed;
};

struct plm_builder {
    const struct plm_limits *limits;
    struct plm_wanted wanted;
    struct plm_matcher *matcher;
    struct plm_arena *arena; /* texts of diagnostics and pending wants */
    struct plm_arena *prepared;
    struct prepared *states; /* of the extractors, in `prepared` */
    bool *taken; /* in `prepared`, by match of the file that is looked at: who takes its contents */
    struct node *nodes;
    uint32_t n_nodes, cap_nodes;
    uint32_t *table; /* node + 1 */
    uint32_t table_size;
    struct plm_buf names;
    struct plm_buf path, todo;
    PLM_VEC(struct fact) facts;
    PLM_VEC(struct plm_want) pending;
    PLM_VEC(struct plm_record_diag) diags;
    uint32_t diags_dropped;
    bool is_truncated, has_diff_id;
    unsigned char diff_id[PLM_SHA256_BYTES];
};

/* ---- life ------------------------------------------------------------------------------------- */

static uint32_t new_node(struct plm_builder *b, uint32_t parent, plm_sv name);

static int prepare_none(struct plm_builder *b, plm_err **err)
{
    b->prepared = plm_arena_new(PLM_ARENA_NO_LIMIT);
    b->states =
        b->prepared ? plm_arena_array(b->prepared, b->wanted.n_extractors + 1, sizeof(*b->states)) : NULL;
    /* A file matches each extractor once under its own name and once for each extra want. */
    b->taken = b->states ? plm_arena_array(b->prepared, b->wanted.n_extractors + b->wanted.n_wants + 1,
                                           sizeof(*b->taken))
                         : NULL;
    return b->taken ? 0 : plm_fail_oom(err);
}

/* Not before a file is there for it: many layers have none, and rules can be dear to read. False: it cannot
 * run, which the record says once. */
static bool is_ready(struct plm_builder *b, uint32_t extractor)
{
    struct prepared *p = &b->states[extractor];
    const struct plm_extractor *ex = b->wanted.extractors[extractor];
    if (p->is_done)
        return !p->is_failed;
    plm_err *bad = NULL;
    plm_sv params = b->wanted.params ? b->wanted.params[extractor] : PLM_SV_NULL;
    p->is_done = true;
    if (ex->prepare && ex->prepare(params, b->limits, b->prepared, &p->state, &bad) < 0) {
        p->is_failed = true;
        plm_builder_cut(b, NULL, plm_sv_from(ex->id), bad);
        plm_err_free(bad);
    }
    return !p->is_failed;
}

struct plm_builder *plm_builder_new(const struct plm_limits *limits, const struct plm_wanted *w,
                                    plm_err **err)
{
    plm_auto(plm_builder_free) struct plm_builder *b = calloc(1, sizeof(*b));
    if (!b)
        return PLM_NULL(plm_fail_oom(err));
    b->limits = limits;
    b->wanted = *w;
    b->names = PLM_BUF(UINT32_MAX);
    b->path = PLM_BUF(PLM_KIB(64));
    b->todo = PLM_BUF(PLM_KIB(64));
    b->arena = plm_arena_new(PLM_MIB(64));
    b->matcher = plm_matcher_new(w, err);
    if (!b->matcher)
        return NULL;
    if (!b->arena || new_node(b, PLM_NONE, PLM_SV("")) != ROOT)
        return PLM_NULL(plm_fail_oom(err));
    b->nodes[ROOT].type = PLM_ENTRY_DIR;
    b->nodes[ROOT].flags = PLM_ENTRY_IMPLICIT;
    return prepare_none(b, err) < 0 ? NULL : plm_take(b);
}

void plm_builder_free(struct plm_builder *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->facts.n; i++) {
        plm_buf_done(&b->facts.v[i].data);
        plm_buf_done(&b->facts.v[i].owned);
    }
    plm_matcher_free(b->matcher);
    plm_arena_free(b->prepared);
    plm_arena_free(b->arena);
    plm_buf_done(&b->names);
    plm_buf_done(&b->path);
    plm_buf_done(&b->todo);
    free(b->nodes);
    free(b->table);
    free(b);
}

/* ---- nodes ------------------------------------------------------------------------------------ */

static plm_sv node_name(const struct plm_builder *b, const struct node *n)
{
    return plm_sv_sub(plm_buf_sv(&b->names), n->name, n->name_n);
}

static uint32_t slot_of(const struct plm_builder *b, uint32_t parent, plm_sv name)
{
    uint64_t h = plm_sv_hash(name) ^ (parent * 0x9e3779b97f4a7c15u);
    h ^= h >> 29;
    return (uint32_t)h & (b->table_size - 1);
}

static uint32_t find(const struct plm_builder *b, uint32_t parent, plm_sv name)
{
    for (uint32_t i = slot_of(b, parent, name);; i = (i + 1) & (b->table_size - 1)) {
        if (b->table[i] == 0)
            return PLM_NONE;
        const struct node *n = &b->nodes[b->table[i] - 1];
        if (n->parent == parent && plm_sv_eq(node_name(b, n), name))
            return b->table[i] - 1;
    }
}

static void enter_table(struct plm_builder *b, uint32_t node)
{
    const struct node *n = &b->nodes[node];
    uint32_t i = slot_of(b, n->parent, node_name(b, n));
    while (b->table[i])
        i = (i + 1) & (b->table_size - 1);
    b->table[i] = node + 1;
}

static bool grow(struct plm_builder *b)
{
    uint32_t cap = b->cap_nodes ? b->cap_nodes * 2 : 1024;
    struct node *nodes = realloc(b->nodes, cap * sizeof(*nodes));
    if (nodes)
        b->nodes = nodes;
    uint32_t *table = nodes ? calloc((size_t)cap * 2, sizeof(*table)) : NULL;
    if (!table)
        return false;
    free(b->table);
    b->table = table;
    b->table_size = cap * 2;
    b->cap_nodes = cap;
    for (uint32_t i = 0; i < b->n_nodes; i++)
        enter_table(b, i);
    return true;
}

static uint32_t store(struct plm_builder *b, plm_sv text)
{
    uint32_t at = (uint32_t)b->names.n;
    plm_buf_sv_put(&b->names, text);
    return b->names.failed ? PLM_NONE : at;
}

/* PLM_NONE: out of memory. */
static uint32_t new_node(struct plm_builder *b, uint32_t parent, plm_sv name)
{
    if (b->n_nodes == b->cap_nodes && !grow(b))
        return PLM_NONE;
    uint32_t at = store(b, name), index = b->n_nodes;
    if (at == PLM_NONE)
        return PLM_NONE;
    struct node n = {.parent = parent,
                     .name = at,
                     .name_n = (uint16_t)name.n,
                     .type = PLM_ENTRY_NONE,
                     .first_child = PLM_NONE,
                     .next_sibling = PLM_NONE};
    if (parent != PLM_NONE) {
        struct node *p = &b->nodes[parent];
        n.path_n = (uint16_t)(p->path_n + (p->path_n ? 1u : 0u) + name.n);
        n.next_sibling = p->first_child;
        p->first_child = index;
    }
    b->nodes[index] = n;
    b->n_nodes++;
    enter_table(b, index);
    return index;
}

static void put_path(struct plm_builder *b, struct plm_buf *out, uint32_t node)
{
    const struct node *n = &b->nodes[node];
    size_t end = n->path_n;
    plm_buf_clear(out);
    char *to = plm_buf_reserve(out, end + 1);
    if (!to)
        return;
    for (uint32_t at = node; at != ROOT; at = b->nodes[at].parent) {
        plm_sv name = node_name(b, &b->nodes[at]);
        memcpy(to + end - name.n, name.p, name.n);
        end -= name.n;
        if (end)
            to[--end] = '/';
    }
    out->n = n->path_n;
}

plm_sv plm_builder_path(struct plm_builder *b, uint32_t node)
{
    put_path(b, &b->path, node);
    return plm_buf_sv(&b->path);
}

/* The node and everything below it are as if they had never come. */
static void erase(struct plm_builder *b, uint32_t top)
{
    uint32_t at = top;
    for (;;) {
        struct node *n = &b->nodes[at];
        n->serial++;
        n->type = PLM_ENTRY_NONE;
        n->flags &= at == top ? PLM_ENTRY_WHITEOUT : 0;
        if (n->first_child != PLM_NONE) {
            at = n->first_child;
            continue;
        }
        while (at != top && b->nodes[at].next_sibling == PLM_NONE)
            at = b->nodes[at].parent;
        if (at == top)
            return;
        at = b->nodes[at].next_sibling;
    }
}

static void make_implicit(struct plm_builder *b, uint32_t node)
{
    if (b->nodes[node].type != PLM_ENTRY_NONE)
        erase(b, node);
    b->nodes[node].type = PLM_ENTRY_DIR;
    b->nodes[node].flags |= PLM_ENTRY_IMPLICIT;
}

/* ---- diagnostics ------------------------------------------------------------------------------ */

static void put_diag(struct plm_builder *b, const char *code, enum plm_severity sev, plm_sv object,
                     const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));
static void put_diag(struct plm_builder *b, const char *code, enum plm_severity sev, plm_sv object,
                     const char *fmt, va_list ap)
{
    if (b->diags.n >= DIAGS_MAX) {
        b->diags_dropped++;
        return;
    }
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_KIB(16));
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    char *p = n > 0 ? plm_buf_reserve(&text, (size_t)n + 1) : NULL;
    if (p) {
        vsnprintf(p, (size_t)n + 1, fmt, ap);
        text.n = (size_t)n;
    }
    struct plm_record_diag *d = plm_vec_push(b->arena, &b->diags);
    if (d)
        *d = (struct plm_record_diag){.severity = sev,
                                      .code = plm_arena_sv(b->arena, plm_sv_from(code)),
                                      .object = plm_arena_sv(b->arena, object.p ? object : PLM_SV("")),
                                      .message = plm_arena_sv(b->arena, plm_buf_sv(&text))};
}

void plm_builder_diag(struct plm_builder *b, const char *code, enum plm_severity sev, plm_sv object,
                      const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put_diag(b, code, sev, object, fmt, ap);
    va_end(ap);
}

void plm_builder_cut(struct plm_builder *b, const char *code, plm_sv object, const plm_err *e)
{
    plm_auto_free char *text = plm_err_text(e);
    const char *id = plm_err_id(e);
    if (!code)
        code = id                               ? id
               : plm_err_code(e) == PLM_E_LIMIT ? "layer.limit"
               : plm_err_code(e) == PLM_E_PARSE ? "layer.corrupt"
                                                : "layer.unreadable";
    b->is_truncated = true;
    plm_builder_diag(b, code, PLM_SEV_HIGH, object, "%s", text ? text : "out of memory");
}

/* ---- names to nodes ---------------------------------------------------------------------------- */

/* "./a//b/../c/" to "a/c". False if ".." leads above the root. */
static bool normalise(plm_sv raw, struct plm_buf *out)
{
    plm_buf_clear(out);
    plm_sv rest = raw, part;
    bool is_inside = true;
    while (plm_sv_field(&rest, '/', &part)) {
        if (part.n == 0 || plm_sv_is(part, "."))
            continue;
        if (plm_sv_is(part, "..")) {
            size_t slash = plm_sv_rfind(plm_buf_sv(out), '/');
            is_inside = is_inside && out->n > 0;
            out->n = slash == SIZE_MAX ? 0 : slash;
            continue;
        }
        if (out->n)
            plm_buf_byte(out, '/');
        plm_buf_sv_put(out, part);
    }
    return is_inside;
}

/* PLM_NONE with *err where there is no room for it. */
static uint32_t child(struct plm_builder *b, uint32_t parent, plm_sv name, plm_err **err)
{
    uint32_t at = find(b, parent, name);
    if (at != PLM_NONE)
        return at;
    int r = 0;
    if (b->n_nodes > b->limits->layer_entries)
        r = plm_fail(err, PLM_E_LIMIT, "more than limits.layer_entries (%llu) entries",
                     (unsigned long long)b->limits->layer_entries);
    else if ((at = new_node(b, parent, name)) == PLM_NONE)
        r = plm_fail_oom(err);
    return r < 0 ? PLM_NONE : at;
}

enum { SKIPPED = 1 };

/* Puts a link's target in front of what is still to walk. */
static bool splice(struct plm_builder *b, const struct node *link, plm_sv rest)
{
    plm_auto_done(plm_buf_done) struct plm_buf next = PLM_BUF(PLM_KIB(64));
    plm_buf_sv_put(&next, plm_sv_sub(plm_buf_sv(&b->names), link->link, link->link_n));
    plm_buf_byte(&next, '/');
    plm_buf_sv_put(&next, rest);
    struct plm_buf old = b->todo;
    b->todo = next;
    next = old;
    return !b->todo.failed;
}

/* Walks the canonical path in b->todo to the directory that holds its last component, following links of this
 * layer; makes implicit directories unless `must_exist`. 0, SKIPPED (with *why) or -1. */
static int walk(struct plm_builder *b, bool must_exist, uint32_t *out_dir, plm_sv *out_name, const char **why,
                plm_err **err)
{
    uint32_t dir = ROOT;
    unsigned links = 0;
    plm_sv rest = plm_buf_sv(&b->todo), part = PLM_SV("");
    while (plm_sv_field(&rest, '/', &part)) {
        if (part.n == 0 || plm_sv_is(part, "."))
            continue;
        if (plm_sv_is(part, "..")) { /* only in link targets: clamped */
            dir = dir == ROOT ? ROOT : b->nodes[dir].parent;
            continue;
        }
        if (!rest.p)
            break;
        if (part.n + b->nodes[dir].path_n + 1u > b->limits->path_bytes) {
            *why = "its path is longer than limits.path_bytes";
            return SKIPPED;
        }
        uint32_t at = must_exist ? find(b, dir, part) : child(b, dir, part, err);
        if (at == PLM_NONE && must_exist) {
            *why = "";
            return SKIPPED;
        }
        if (at == PLM_NONE)
            return -1;
        const struct node *n = &b->nodes[at];
        if (n->type == PLM_ENTRY_SYMLINK) {
            if (++links > LINKS_MAX) {
                *why = "its parents are a loop of symbolic links";
                return SKIPPED;
            }
            if (n->link_n && b->names.p[n->link] == '/')
                dir = ROOT;
            if (!splice(b, n, rest)) {
                *why = "its parents are links to a path without end";
                return SKIPPED;
            }
            rest = plm_buf_sv(&b->todo);
            continue;
        }
        if (n->type != PLM_ENTRY_DIR && !must_exist)
            make_implicit(b, at);
        dir = at;
    }
    *out_dir = dir;
    *out_name = part;
    if (part.n + b->nodes[dir].path_n + 1u > b->limits->path_bytes || part.n > UINT16_MAX) {
        *why = "its path is longer than limits.path_bytes";
        return SKIPPED;
    }
    return 0;
}

static void fill(struct plm_builder *b, uint32_t node, const struct plm_record_entry *e)
{
    struct node *n = &b->nodes[node];
    n->type = (uint8_t)e->type;
    n->mode = e->mode;
    n->uid = e->uid;
    n->gid = e->gid;
    n->size = e->size;
    n->link_n = 0;
}

/* A directory that comes again keeps what is below it; anything else replaces what was there. */
static void replace(struct plm_builder *b, uint32_t node, const struct plm_record_entry *e)
{
    struct node *n = &b->nodes[node];
    bool is_merge = n->type == PLM_ENTRY_DIR && e->type == PLM_ENTRY_DIR;
    if (n->type != PLM_ENTRY_NONE && !is_merge)
        erase(b, node);
    n->flags &= (uint8_t)~PLM_ENTRY_IMPLICIT;
    fill(b, node, e);
}

/* A hard link is the file that it names, which must have come before in this layer. */
static int link_hard(struct plm_builder *b, uint32_t node, plm_sv link, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf canonical = PLM_BUF(PLM_KIB(64));
    (void)normalise(link, &canonical);
    plm_buf_clear(&b->todo);
    plm_buf_sv_put(&b->todo, plm_buf_sv(&canonical));
    uint32_t dir, target = PLM_NONE;
    plm_sv name;
    const char *why = NULL;
    int r = walk(b, true, &dir, &name, &why, err);
    if (r < 0)
        return -1;
    if (r == 0)
        target = find(b, dir, name);
    if (target == node || (target != PLM_NONE && b->nodes[target].type == PLM_ENTRY_NONE))
        target = PLM_NONE;
    if (target != PLM_NONE) {
        put_path(b, &b->path, target);
        uint32_t text = store(b, plm_buf_sv(&b->path));
        const struct node from = b->nodes[target];
        struct node *n = &b->nodes[node];
        if (text == PLM_NONE)
            return plm_fail_oom(err);
        n->mode = from.mode;
        n->uid = from.uid;
        n->gid = from.gid;
        n->size = from.size;
        n->link = text;
        n->link_n = from.path_n;
        return 0;
    }
    uint32_t text = store(b, plm_buf_sv(&canonical));
    if (text == PLM_NONE)
        return plm_fail_oom(err);
    b->nodes[node].link = text;
    b->nodes[node].link_n = (uint32_t)canonical.n;
    plm_auto_done(plm_buf_done) struct plm_buf path = PLM_BUF(PLM_KIB(64));
    put_path(b, &path, node);
    size_t n_wants; /* what an extractor asked for and cannot have makes the result incomplete */
    (void)plm_matcher_find(b->matcher, plm_buf_sv(&path), &n_wants);
    plm_builder_diag(b, "layer.link-unresolved", n_wants ? PLM_SEV_HIGH : PLM_SEV_MEDIUM, plm_buf_sv(&path),
                     "a hard link to %.*s, which this layer does not hold",
                     PLM_SV_ARG(plm_buf_sv(&canonical)));
    return 0;
}

/* ".wh.NAME" in a directory. */
static int whiteout(struct plm_builder *b, uint32_t dir, plm_sv name, plm_sv full, plm_err **err)
{
    if (plm_sv_is(name, ".wh..wh..opq")) {
        b->nodes[dir].flags |= PLM_ENTRY_OPAQUE;
        return 0;
    }
    if (plm_sv_starts(name, PLM_SV(".wh..wh.")))
        return 0;
    plm_sv hidden = plm_sv_from_off(name, 4);
    if (hidden.n == 0 || plm_sv_is(hidden, ".") || plm_sv_is(hidden, "..")) {
        plm_builder_diag(b, "layer.bad-whiteout", PLM_SEV_MEDIUM, full, "a whiteout that names nothing");
        return 0;
    }
    uint32_t at = child(b, dir, hidden, err);
    if (at == PLM_NONE)
        return -1;
    b->nodes[at].flags |= PLM_ENTRY_WHITEOUT;
    return 0;
}

static int settle(struct plm_builder *b, uint32_t node, const struct plm_record_entry *e, plm_err **err)
{
    replace(b, node, e);
    if (e->type == PLM_ENTRY_SYMLINK) {
        uint32_t text = store(b, e->link);
        if (text == PLM_NONE)
            return plm_fail_oom(err);
        b->nodes[node].link = text;
        b->nodes[node].link_n = (uint32_t)e->link.n;
    }
    return e->type == PLM_ENTRY_HARDLINK ? link_hard(b, node, e->link, err) : 0;
}

/* It saw the bytes under the name that came first, and whichever name they have is the same to it. */
static bool wants_everything(const struct plm_extractor *ex)
{
    for (const char *const *g = ex->globs; *g; g++)
        if (strcmp(*g, "**") == 0)
            return true;
    return false;
}

static struct plm_entry entry_of(const struct node *n, plm_sv path)
{
    return (struct plm_entry){.path = path, .size = n->size, .mode = n->mode, .uid = n->uid, .gid = n->gid};
}

/* One that chooses by names saw them only if it also chooses the name that came first. */
static bool saw_bytes(struct plm_builder *b, const struct plm_match *m, uint32_t node, plm_sv target)
{
    const struct plm_extractor *ex = b->wanted.extractors[m->extractor];
    if (!wants_everything(ex) || !is_ready(b, m->extractor))
        return wants_everything(ex);
    const void *state = b->states[m->extractor].state;
    struct plm_entry own = entry_of(&b->nodes[node], m->as), first = entry_of(&b->nodes[node], target);
    return !ex->wants || !ex->wants(state, &own) || ex->wants(state, &first);
}

/* Extractors that want a hard link's name but did not see its bytes under the name that came first. */
static void ask_for_link(struct plm_builder *b, uint32_t node)
{
    put_path(b, &b->path, node);
    plm_sv target = plm_sv_sub(plm_buf_sv(&b->names), b->nodes[node].link, b->nodes[node].link_n);
    size_t n;
    const struct plm_match *m = plm_matcher_find(b->matcher, plm_buf_sv(&b->path), &n);
    for (size_t i = 0; i < n; i++) {
        bool is_known = saw_bytes(b, &m[i], node, target);
        for (size_t k = 0; k < b->wanted.n_wants && !is_known; k++)
            is_known = b->wanted.wants[k].extractor == m[i].extractor &&
                       plm_sv_eq(b->wanted.wants[k].as, m[i].as) &&
                       plm_sv_eq(b->wanted.wants[k].real, target);
        if (!is_known && target.n)
            plm_builder_pending(b, m[i].extractor, m[i].as, target);
    }
}

int plm_builder_add(struct plm_builder *b, const struct plm_record_entry *e, uint32_t *out_node,
                    plm_err **err)
{
    *out_node = PLM_NONE;
    if (memchr(e->path.p, 0, e->path.n) || e->path.n > PLM_KIB(32)) {
        plm_builder_diag(b, "layer.bad-name", PLM_SEV_MEDIUM, plm_sv_sub(e->path, 0, 256),
                         "an entry whose name is no path was left out");
        return 0;
    }
    plm_auto_done(plm_buf_done) struct plm_buf canonical = PLM_BUF(PLM_KIB(64));
    if (!normalise(e->path, &canonical)) {
        plm_builder_diag(b, "layer.path-escape", PLM_SEV_MEDIUM, e->path,
                         "an entry whose name leads above the root was left out");
        return 0;
    }
    if (canonical.failed)
        return plm_fail_oom(err);
    if (canonical.n == 0) { /* the root itself */
        if (e->type == PLM_ENTRY_DIR) {
            b->nodes[ROOT].flags &= (uint8_t)~PLM_ENTRY_IMPLICIT;
            fill(b, ROOT, e);
        }
        return 0;
    }
    plm_buf_clear(&b->todo);
    plm_buf_sv_put(&b->todo, plm_buf_sv(&canonical));
    uint32_t dir;
    plm_sv name;
    const char *why = NULL;
    int r = walk(b, false, &dir, &name, &why, err);
    if (r < 0)
        return -1;
    if (r == SKIPPED) {
        plm_builder_diag(b, "layer.bad-path", PLM_SEV_MEDIUM, plm_sv_sub(e->path, 0, 4096), "left out: %s",
                         why);
        return 0;
    }
    if (plm_sv_starts(name, PLM_SV(".wh.")))
        return whiteout(b, dir, name, plm_buf_sv(&canonical), err);
    uint32_t node = child(b, dir, name, err);
    if (node == PLM_NONE || settle(b, node, e, err) < 0)
        return -1;
    if (e->type == PLM_ENTRY_HARDLINK)
        ask_for_link(b, node);
    *out_node = e->type == PLM_ENTRY_FILE ? node : PLM_NONE;
    return 0;
}

int plm_builder_add_plain(struct plm_builder *b, const struct plm_record_entry *e, uint32_t *out_node,
                          plm_err **err)
{
    *out_node = PLM_NONE;
    uint32_t at = ROOT;
    plm_sv rest = e->path, part;
    while (rest.n && plm_sv_field(&rest, '/', &part)) {
        if (part.n > UINT16_MAX || part.n + b->nodes[at].path_n + 1u > b->limits->path_bytes) {
            plm_builder_diag(b, "layer.bad-path", PLM_SEV_MEDIUM, plm_sv_sub(e->path, 0, 4096),
                             "left out: its path is longer than limits.path_bytes");
            return 0;
        }
        at = child(b, at, part, err);
        if (at == PLM_NONE)
            return -1;
        if (rest.p && b->nodes[at].type != PLM_ENTRY_DIR)
            make_implicit(b, at);
    }
    if (e->type != PLM_ENTRY_NONE && settle(b, at, e, err) < 0)
        return -1;
    b->nodes[at].flags |= e->flags & (PLM_ENTRY_WHITEOUT | PLM_ENTRY_OPAQUE);
    *out_node = e->type == PLM_ENTRY_FILE ? at : PLM_NONE;
    return 0;
}

/* ---- contents ---------------------------------------------------------------------------------- */

uint32_t plm_builder_find(const struct plm_builder *b, plm_sv path)
{
    uint32_t at = ROOT;
    plm_sv rest = path, part;
    while (at != PLM_NONE && rest.n && plm_sv_field(&rest, '/', &part))
        at = find(b, at, part);
    return at != PLM_NONE && b->nodes[at].type != PLM_ENTRY_NONE ? at : PLM_NONE;
}

const struct plm_match *plm_builder_wants(struct plm_builder *b, plm_sv path, size_t *out_n)
{
    return plm_matcher_find(b->matcher, path, out_n);
}

struct extraction {
    struct plm_extract_out out; /* first: the extractor sees only this */
    struct plm_builder *builder;
    plm_sv object;
};

static void extraction_diag(struct plm_extract_out *out, const char *code, enum plm_severity sev,
                            const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void extraction_diag(struct plm_extract_out *out, const char *code, enum plm_severity sev,
                            const char *fmt, ...)
{
    struct extraction *x = (struct extraction *)(void *)out;
    va_list ap;
    va_start(ap, fmt);
    put_diag(x->builder, code, sev, x->object, fmt, ap);
    va_end(ap);
}

static int extract_one(struct plm_builder *b, uint32_t node, const struct plm_match *m, plm_sv path,
                       plm_sv content, plm_err **err)
{
    const struct plm_extractor *ex = b->wanted.extractors[m->extractor];
    const struct node *n = &b->nodes[node];
    bool is_other = !plm_sv_eq(m->as, path);
    struct plm_entry e = {.path = m->as, .size = n->size, .mode = n->mode, .uid = n->uid, .gid = n->gid};
    size_t max = b->limits->record_bytes > SIZE_MAX ? SIZE_MAX : (size_t)b->limits->record_bytes;
    struct extraction x = {.out = {.facts = PLM_BUF(max),
                                   .owned = PLM_BUF(max),
                                   .diag = extraction_diag,
                                   .limits = b->limits,
                                   .state = b->states[m->extractor].state,
                                   .service = b->wanted.service ? b->wanted.service_fd : -1},
                           .builder = b};
    plm_auto_done(plm_buf_done) struct plm_buf object = PLM_BUF(PLM_KIB(64));
    plm_buf_byte(&object, '/');
    plm_buf_sv_put(&object, m->as);
    x.object = plm_buf_sv(&object);
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_ARENA_NO_LIMIT);
    x.out.arena = scratch;
    plm_err *bad = NULL;
    int r = scratch ? ex->extract(&e, content, &x.out, &bad) : plm_fail_oom(&bad);
    if (r == 0 && (plm_buf_check(&x.out.facts, &bad) < 0 || plm_buf_check(&x.out.owned, &bad) < 0))
        r = -1;
    if (r < 0) {
        plm_auto_free char *code = NULL;
        plm_auto_free char *text = plm_err_text(bad);
        if (asprintf(&code, "%s.unreadable", ex->id) < 0)
            code = NULL;
        plm_builder_diag(b, code ? code : "file.unreadable", PLM_SEV_HIGH, x.object, "%s",
                         text ? text : "out of memory");
        plm_err_free(bad);
    }
    struct fact *f = x.out.facts.n || x.out.owned.n ? plm_vec_push(b->arena, &b->facts) : NULL;
    if (!f) {
        plm_buf_done(&x.out.facts);
        plm_buf_done(&x.out.owned);
        return plm_arena_check(b->arena, err);
    }
    *f = (struct fact){.node = node,
                       .extractor = m->extractor,
                       .serial = n->serial,
                       .as = is_other ? plm_arena_sv(b->arena, m->as) : PLM_SV_NULL,
                       .data = x.out.facts,
                       .owned = x.out.owned};
    return 0;
}

static bool one_fits(const struct plm_builder *b, const struct plm_match *m, uint64_t size)
{
    uint64_t max = b->wanted.extractors[m->extractor]->max_bytes;
    return size <= (max && max < b->limits->file_bytes ? max : b->limits->file_bytes);
}

static bool is_needed(struct plm_builder *b, const struct plm_match *m, uint32_t node)
{
    const struct plm_extractor *ex = b->wanted.extractors[m->extractor];
    struct plm_entry e = entry_of(&b->nodes[node], m->as);
    return is_ready(b, m->extractor) && (!ex->wants || ex->wants(b->states[m->extractor].state, &e));
}

bool plm_builder_fits(struct plm_builder *b, uint32_t node, const struct plm_match *m, size_t n, plm_sv path)
{
    bool any = false;
    uint64_t size = b->nodes[node].size;
    for (size_t i = 0; i < n; i++) {
        const struct plm_extractor *ex = b->wanted.extractors[m[i].extractor];
        bool needed = is_needed(b, &m[i], node), fits = one_fits(b, &m[i], size);
        b->taken[i] = needed && fits;
        any = any || b->taken[i];
        if (!needed || fits || ex->skips_large)
            continue;
        plm_auto_done(plm_buf_done) struct plm_buf object = PLM_BUF(PLM_KIB(64));
        plm_buf_byte(&object, '/');
        plm_buf_sv_put(&object, path);
        plm_builder_diag(b, "file.too-large", PLM_SEV_HIGH, plm_buf_sv(&object),
                         "%llu bytes are more than the extractor %s reads", (unsigned long long)size, ex->id);
    }
    return any;
}

bool plm_builder_goes_on(struct plm_builder *b, uint32_t node, const struct plm_match *m, size_t n,
                         plm_sv head)
{
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        const struct plm_extractor *ex = b->wanted.extractors[m[i].extractor];
        struct plm_entry e = entry_of(&b->nodes[node], m[i].as);
        if (b->taken[i] && ex->wants_head && !ex->wants_head(b->states[m[i].extractor].state, &e, head))
            b->taken[i] = false;
        any = any || b->taken[i];
    }
    return any;
}

int plm_builder_extract(struct plm_builder *b, uint32_t node, const struct plm_match *m, size_t n,
                        plm_sv content, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf path = PLM_BUF(PLM_KIB(64));
    put_path(b, &path, node);
    for (size_t i = 0; i < n; i++)
        if (b->taken[i] && one_fits(b, &m[i], content.n) &&
            extract_one(b, node, &m[i], plm_buf_sv(&path), content, err) < 0)
            return -1;
    return 0;
}

void plm_builder_pending(struct plm_builder *b, uint32_t extractor, plm_sv as, plm_sv real)
{
    struct plm_want *w = plm_vec_push(b->arena, &b->pending);
    if (w)
        *w = (struct plm_want){extractor, plm_arena_sv(b->arena, as), plm_arena_sv(b->arena, real)};
}

/* ---- the record --------------------------------------------------------------------------------- */

struct emission {
    struct plm_builder *b;
    struct plm_record_writer w;
    struct plm_buf now, before; /* paths: the writer needs the one before */
    uint32_t *order;            /* stack of children, sorted per directory */
    size_t n_order, cap_order;
};

static int name_order(const void *pa, const void *pb, void *builder)
{
    const struct plm_builder *b = builder;
    const struct node *na = &b->nodes[*(const uint32_t *)pa], *nb = &b->nodes[*(const uint32_t *)pb];
    return plm_sv_cmp(node_name(b, na), node_name(b, nb));
}

static void emit_node(struct emission *x, uint32_t node)
{
    struct plm_builder *b = x->b;
    const struct node *n = &b->nodes[node];
    bool is_root = node == ROOT;
    if (n->type == PLM_ENTRY_NONE && !(n->flags & PLM_ENTRY_WHITEOUT))
        return;
    if (is_root && (n->flags & PLM_ENTRY_IMPLICIT) && !(n->flags & PLM_ENTRY_OPAQUE))
        return;
    struct plm_buf swap = x->before;
    x->before = x->now;
    x->now = swap;
    put_path(b, &x->now, node);
    struct plm_record_entry e = {.path = plm_buf_sv(&x->now),
                                 .type = n->type,
                                 .flags = n->flags,
                                 .mode = n->mode,
                                 .uid = n->uid,
                                 .gid = n->gid,
                                 .size = n->size};
    if (n->type == PLM_ENTRY_SYMLINK || n->type == PLM_ENTRY_HARDLINK)
        e.link = plm_sv_sub(plm_buf_sv(&b->names), n->link, n->link_n);
    if (n->type == PLM_ENTRY_DIR && (n->flags & PLM_ENTRY_WHITEOUT))
        plm_builder_diag(
            b, "layer.whiteout-readded", PLM_SEV_LOW, e.path,
            "removed and made again in one layer: container engines lose the removal, and files of lower "
            "layers reappear there");
    plm_record_put_entry(&x->w, &e);
}

/* Pushes the children of a directory, sorted; -1 when out of memory. */
static int push_children(struct emission *x, uint32_t dir)
{
    size_t first = x->n_order;
    for (uint32_t c = x->b->nodes[dir].first_child; c != PLM_NONE; c = x->b->nodes[c].next_sibling) {
        if (x->n_order == x->cap_order) {
            size_t cap = x->cap_order ? x->cap_order * 2 : 1024;
            uint32_t *order = realloc(x->order, cap * sizeof(*order));
            if (!order)
                return -1;
            x->order = order;
            x->cap_order = cap;
        }
        x->order[x->n_order++] = c;
    }
    if (x->n_order == first)
        return 0;
    qsort_r(x->order + first, x->n_order - first, sizeof(*x->order), name_order, x->b);
    for (size_t i = first, k = x->n_order; i + 1 < k; i++, k--) { /* the smallest on top */
        uint32_t t = x->order[i];
        x->order[i] = x->order[k - 1];
        x->order[k - 1] = t;
    }
    return 0;
}

static int emit_all(struct emission *x, plm_err **err)
{
    emit_node(x, ROOT);
    if (push_children(x, ROOT) < 0)
        return plm_fail_oom(err);
    while (x->n_order) {
        uint32_t node = x->order[--x->n_order];
        emit_node(x, node);
        if (x->b->nodes[node].first_child != PLM_NONE && push_children(x, node) < 0)
            return plm_fail_oom(err);
    }
    return 0;
}

static void emit_rest(struct emission *x)
{
    struct plm_builder *b = x->b;
    for (size_t i = 0; i < b->facts.n; i++) {
        const struct fact *f = &b->facts.v[i];
        if (f->serial != b->nodes[f->node].serial)
            continue;
        put_path(b, &b->path, f->node);
        struct plm_record_fact out = {.extractor = f->extractor,
                                      .path = f->as.p ? f->as : plm_buf_sv(&b->path),
                                      .data = plm_buf_sv(&f->data),
                                      .owned = plm_buf_sv(&f->owned)};
        plm_record_put_fact(&x->w, &out);
    }
    for (size_t i = 0; i < b->pending.n; i++)
        plm_record_put_want(&x->w, &b->pending.v[i]);
    if (b->diags_dropped) {
        b->diags.n--;
        plm_builder_diag(b, "diagnostics.many", PLM_SEV_MEDIUM, PLM_SV(""),
                         "%u more diagnostics of this layer", b->diags_dropped + 1);
    }
    for (size_t i = 0; i < b->diags.n; i++)
        plm_record_put_diag(&x->w, &b->diags.v[i]);
    if (b->has_diff_id)
        plm_record_put_diff_id(&x->w, plm_sv_n((const char *)b->diff_id, PLM_SHA256_BYTES));
}

void plm_builder_diff_id(struct plm_builder *b, const unsigned char sum[PLM_SHA256_BYTES])
{
    memcpy(b->diff_id, sum, PLM_SHA256_BYTES);
    b->has_diff_id = true;
}

int plm_builder_write(struct plm_builder *b, struct plm_buf *out, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf owned = PLM_BUF(out->max);
    struct emission x = {.b = b, .now = PLM_BUF(PLM_KIB(64)), .before = PLM_BUF(PLM_KIB(64))};
    plm_record_begin(&x.w, out, &owned);
    int r = emit_all(&x, err);
    if (r == 0)
        emit_rest(&x);
    plm_buf_done(&x.now);
    plm_buf_done(&x.before);
    free(x.order);
    plm_record_end(&x.w, b->is_truncated ? PLM_RECORD_TRUNCATED : 0);
    return r < 0 ? -1 : plm_buf_check(out, err);
}
