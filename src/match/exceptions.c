/* SPDX-License-Identifier: Apache-2.0
 *
 * Exceptions (design.md 4.1): YAML rows `{id, where: {...}, reason, owner, until, ticket}`,
 * as a list or under the key `exceptions`. `id` is a finding's id, one of its aliases, or its
 * key; patterns are those of plm_sv_glob, a purl without version covers all versions. `until`
 * is the last day, UTC. Rows of a policy's verdict are covered by the same file.
 */
#include "base/fs.h"
#include "base/time.h"
#include "codec/yaml.h"
#include "match/match.h"

struct plm_exceptions *plm_exceptions_new(plm_err **err)
{
    struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    struct plm_exceptions *e = a ? plm_arena_make(a, struct plm_exceptions) : NULL;
    if (!e) {
        plm_arena_free(a);
        return PLM_NULL(plm_fail_oom(err));
    }
    e->arena = a;
    return e;
}

void plm_exceptions_free(struct plm_exceptions *e)
{
    if (e)
        plm_arena_free(e->arena);
}

/* ---- reading -------------------------------------------------------------------------------- */

struct key_row {
    const char *name;
    size_t offset; /* of a plm_sv in struct plm_exception */
};

static const struct key_row top_keys[] = {
    {"id", offsetof(struct plm_exception, id)},
    {"reason", offsetof(struct plm_exception, reason)},
    {"owner", offsetof(struct plm_exception, owner)},
    {"ticket", offsetof(struct plm_exception, ticket)},
    {"until", offsetof(struct plm_exception, until_text)},
};

static const struct key_row where_keys[] = {
    {"purl", offsetof(struct plm_exception, purl)},   {"image", offsetof(struct plm_exception, image)},
    {"path", offsetof(struct plm_exception, path)},   {"layer", offsetof(struct plm_exception, layer)},
    {"check", offsetof(struct plm_exception, check)}, {"object", offsetof(struct plm_exception, object)},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int bad(plm_err **err, const char *name, const struct plm_yaml_node *n, const char *what, plm_sv text)
{
    return plm_fail_id(err, PLM_E_CONFIG, "exceptions.invalid", "%s:%u: %s%s%.*s", name, n->line, what,
                       text.n ? ": " : "", PLM_SV_ARG(text));
}

static const struct key_row *find_key(const struct key_row *rows, size_t n, plm_sv name)
{
    for (size_t i = 0; i < n; i++)
        if (plm_sv_is(name, rows[i].name))
            return &rows[i];
    return NULL;
}

/* A key without a text must not count as absent: an absent pattern fits everything. */
static int read_text(struct plm_exceptions *e, struct plm_exception *x, const struct key_row *row,
                     const struct plm_yaml_node *n, const char *name, plm_err **err)
{
    plm_sv text = plm_yaml_text(n);
    if (!text.n)
        return bad(err, name, n, "a text is missing for the key", plm_sv_from(row->name));
    *(plm_sv *)(void *)((char *)x + row->offset) = plm_arena_sv(e->arena, text);
    return 0;
}

static bool read_line(const struct plm_yaml_node *n, uint32_t *out)
{
    uint64_t line;
    if (!plm_sv_u64(plm_yaml_text(n), &line) || line == 0 || line > UINT32_MAX)
        return false;
    *out = (uint32_t)line;
    return true;
}

static int read_where(struct plm_exceptions *e, struct plm_exception *x, const struct plm_yaml_node *n,
                      const char *name, plm_err **err)
{
    if (n->kind != PLM_YAML_MAPPING)
        return bad(err, name, n, "`where` must be a mapping", PLM_SV_NULL);
    for (size_t i = 0; i < n->n; i++) {
        plm_sv key = n->keys[i]->text;
        const struct key_row *row = find_key(where_keys, COUNT(where_keys), key);
        enum plm_kind kind;
        bool flag;
        if (row) {
            if (read_text(e, x, row, n->items[i], name, err) < 0)
                return -1;
        } else if (plm_sv_is(key, "base") && plm_yaml_bool(n->items[i], &flag)) {
            x->base = flag;
        } else if (plm_sv_is(key, "line") && read_line(n->items[i], &x->at_line)) {
            continue;
        } else if (plm_sv_is(key, "kind") && plm_kind_parse(plm_yaml_text(n->items[i]), &kind)) {
            x->kind = (int)kind;
        } else {
            return bad(err, name, n->keys[i], "unknown or unusable key in `where`", key);
        }
    }
    return 0;
}

static int read_row(struct plm_exceptions *e, const struct plm_yaml_node *n, const char *name, plm_err **err)
{
    if (n->kind != PLM_YAML_MAPPING)
        return bad(err, name, n, "an exception must be a mapping with `id` and `reason`", PLM_SV_NULL);
    struct plm_exception x = {
        .base = -1, .kind = -1, .file = plm_arena_sv(e->arena, plm_sv_from(name)), .line = n->line};
    for (size_t i = 0; i < n->n; i++) {
        plm_sv key = n->keys[i]->text;
        const struct key_row *row = find_key(top_keys, COUNT(top_keys), key);
        if (!row && !plm_sv_is(key, "where"))
            return bad(err, name, n->keys[i], "unknown key", key);
        if ((row ? read_text(e, &x, row, n->items[i], name, err)
                 : read_where(e, &x, n->items[i], name, err)) < 0)
            return -1;
    }
    if (!x.id.n)
        return bad(err, name, n, "an exception needs an `id` (\"*\" for all)", PLM_SV_NULL);
    if (!x.reason.n)
        return bad(err, name, n, "an exception needs a `reason`", x.id);
    if (x.until_text.n) {
        if (x.until_text.n != 10 || !plm_time_parse(x.until_text, &x.until))
            return bad(err, name, n, "`until` is not a date (YYYY-MM-DD)", x.until_text);
        x.until += 86400 - 1;
    }
    struct plm_exception *slot = plm_vec_push(e->arena, &e->rows);
    if (slot)
        *slot = x;
    return 0;
}

/* faults: NULL ends at the first. */
static int read_list(struct plm_exceptions *e, const struct plm_yaml_node *list, const char *name,
                     plm_sv_vec *faults, plm_err **err)
{
    for (size_t i = 0; i < list->n; i++) {
        plm_err *one = NULL;
        if (read_row(e, list->items[i], name, &one) == 0)
            continue;
        if (!faults || plm_err_code(one) == PLM_E_OOM)
            return plm_err_move(err, &one);
        if (!plm_sv_vec_add(e->arena, faults, plm_sv_from(one->message))) {
            plm_err_free(one);
            return plm_arena_check(e->arena, err);
        }
        plm_err_free(one);
    }
    return plm_arena_check(e->arena, err);
}

int plm_exceptions_parse_all(const struct plm_ctx *ctx, struct plm_exceptions *e, plm_sv yaml,
                             const char *name, plm_sv_vec *out_faults, plm_err **err)
{
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(yaml, name, ctx->limits, err);
    if (!doc) {
        if (err && *err && ((*err)->code == PLM_E_PARSE || (*err)->code == PLM_E_LIMIT))
            (*err)->code = PLM_E_CONFIG;
        return -1;
    }
    const struct plm_yaml_node *list = plm_yaml_root(doc);
    if (list->kind == PLM_YAML_MAPPING) {
        for (size_t i = 0; i < list->n; i++)
            if (!plm_sv_is(list->keys[i]->text, "exceptions"))
                return bad(err, name, list->keys[i], "unknown key", list->keys[i]->text);
        list = plm_yaml_get(list, "exceptions", NULL);
    }
    if (!list || list->kind == PLM_YAML_NULL)
        return 0;
    if (list->kind != PLM_YAML_SEQUENCE)
        return bad(err, name, list, "exceptions must be a list", PLM_SV_NULL);
    return read_list(e, list, name, out_faults, err);
}

int plm_exceptions_parse(const struct plm_ctx *ctx, struct plm_exceptions *e, plm_sv yaml, const char *name,
                         plm_err **err)
{
    return plm_exceptions_parse_all(ctx, e, yaml, name, NULL, err);
}

int plm_exceptions_load(const struct plm_ctx *ctx, struct plm_exceptions *e, const char *path, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
    if (plm_fs_read(path, b.max, &b, err) < 0) {
        if (err && *err)
            (*err)->code = PLM_E_CONFIG;
        return -1;
    }
    const char *format = plm_exceptions_format(ctx, path, plm_buf_sv(&b));
    return format ? plm_exceptions_parse_foreign(ctx, e, format, plm_buf_sv(&b), path, err)
                  : plm_exceptions_parse(ctx, e, plm_buf_sv(&b), path, err);
}

/* ---- applying ------------------------------------------------------------------------------- */

static bool fits(plm_sv pattern, plm_sv text)
{
    return !pattern.p || plm_sv_glob(pattern, text);
}

static bool fits_id(const struct plm_exception *x, const struct plm_finding *f)
{
    if (plm_sv_glob(x->id, f->id) || plm_sv_eq(x->id, f->key))
        return true;
    for (size_t i = 0; i < f->aliases.n; i++)
        if (plm_sv_eq(x->id, f->aliases.v[i]))
            return true;
    return false;
}

/* "pkg:deb/debian/curl" covers every version and qualifier; with a version exactly that one. */
static bool fits_purl(plm_sv pattern, plm_sv purl)
{
    if (!pattern.p)
        return true;
    plm_sv head, tail;
    plm_sv_cut(purl, '?', &head, &tail);
    if (plm_sv_glob(pattern, head) || plm_sv_glob(pattern, purl))
        return true;
    size_t at = plm_sv_rfind(head, '@');
    return at != SIZE_MAX && plm_sv_glob(pattern, plm_sv_sub(head, 0, at));
}

bool plm_exception_is_expired(const struct plm_exception *x, int64_t now)
{
    return x->until && x->until < now;
}

bool plm_exception_same(const struct plm_exception *a, const struct plm_exception *b)
{
    return plm_sv_eq(a->id, b->id) && plm_sv_eq(a->purl, b->purl) && plm_sv_eq(a->image, b->image) &&
           plm_sv_eq(a->path, b->path) && plm_sv_eq(a->layer, b->layer) && plm_sv_eq(a->check, b->check) &&
           plm_sv_eq(a->object, b->object) && a->base == b->base && a->kind == b->kind &&
           a->at_line == b->at_line;
}

bool plm_exception_fits(const struct plm_exception *x, const struct plm_report *r,
                        const struct plm_finding *f)
{
    if ((x->at_line && x->at_line != f->line) || (x->kind >= 0 && x->kind != (int)f->kind))
        return false;
    if (!fits_id(x, f) || !fits(x->path, f->path) || !fits(x->object, f->object))
        return false;
    if (x->check.p && !(f->kind != PLM_KIND_VULNERABILITY && plm_sv_glob(x->check, f->id)))
        return false;
    if (x->base >= 0 && x->base != f->is_base)
        return false;
    if (x->purl.p && (f->package >= r->packages.n || !fits_purl(x->purl, r->packages.v[f->package].purl)))
        return false;
    if (f->target >= r->targets.n)
        return !x->image.p && !x->layer.p;
    const struct plm_target *t = &r->targets.v[f->target];
    if (!fits(x->image, t->reference) && !fits(x->image, t->id))
        return false;
    if (!x->layer.p)
        return true;
    if (f->layer >= t->layers.n)
        return false;
    const struct plm_layer *l =
        &t->layers.v[f->layer]; /* a diff id that a config merely claims excuses nothing */
    return plm_sv_glob(x->layer, l->digest) || (l->is_diff_id_verified && plm_sv_glob(x->layer, l->diff_id));
}

bool plm_exceptions_want_diff_ids(const struct plm_exceptions *e)
{
    for (size_t i = 0; i < e->rows.n; i++)
        if (e->rows.v[i].layer.p)
            return true;
    return false;
}

static int suppress(struct plm_report *r, struct plm_finding *f, const struct plm_exception *x, plm_err **err)
{
    struct plm_suppressed *s = plm_arena_make(r->arena, struct plm_suppressed);
    if (!s)
        return plm_arena_check(r->arena, err);
    *s = (struct plm_suppressed){.by = PLM_SV("exception"),
                                 .reason = plm_arena_sv(r->arena, x->reason),
                                 .owner = plm_arena_sv(r->arena, x->owner),
                                 .until = plm_arena_sv(r->arena, x->until_text)};
    f->suppressed = s;
    return 0;
}

int plm_exceptions_apply(const struct plm_ctx *ctx, struct plm_exceptions *e, struct plm_report *r,
                         plm_err **err)
{
    int64_t now = plm_now(ctx);
    for (size_t i = 0; i < e->rows.n; i++) {
        struct plm_exception *x = &e->rows.v[i];
        bool is_expired = plm_exception_is_expired(x, now);
        for (size_t k = 0; k < r->findings.n; k++) {
            struct plm_finding *f = &r->findings.v[k];
            if (!plm_exception_fits(x, r, f))
                continue;
            x->is_used = true;
            if (!is_expired && !f->suppressed && suppress(r, f, x, err) < 0)
                return -1;
        }
    }
    return plm_arena_check(r->arena, err);
}

int plm_exceptions_note(const struct plm_ctx *ctx, const struct plm_exceptions *e, struct plm_report *r,
                        plm_err **err)
{
    int64_t now = plm_now(ctx);
    for (size_t i = 0; i < e->rows.n; i++) {
        const struct plm_exception *x = &e->rows.v[i];
        if (plm_exception_is_expired(x, now))
            plm_diag(r, "exception.expired", PLM_SEV_MEDIUM, PLM_NONE, x->id, "%.*s:%u: ended on %.*s%s",
                     PLM_SV_ARG(x->file), x->line, PLM_SV_ARG(x->until_text),
                     x->is_used ? "; what it suppressed counts again" : "");
        else if (!x->is_used)
            plm_diag(r, "exception.unused", PLM_SEV_NEGLIGIBLE, PLM_NONE, x->id,
                     "%.*s:%u: no finding of this run fits it", PLM_SV_ARG(x->file), x->line);
    }
    for (size_t i = 0; i < e->skipped.n; i++) {
        const struct plm_exception_skip *s = &e->skipped.v[i];
        plm_diag(r, "exception.not-carried", PLM_SEV_LOW, PLM_NONE, s->file, "%.*s:%u: %.*s",
                 PLM_SV_ARG(s->file), s->line, PLM_SV_ARG(s->what));
    }
    return plm_arena_check(r->arena, err);
}

/* ---- rows of a policy's verdict ----------------------------------------------------------------- */

/* "CVE-2018-0737+openssl": the flaw before the plus, the package behind it. */
static bool fits_vulnerability_row(const struct plm_exception *x, plm_sv trigger_id)
{
    plm_sv flaw, package, purl, rest;
    if (!plm_sv_cut(trigger_id, '+', &flaw, &package) || !plm_sv_glob(x->id, flaw))
        return false;
    if (!x->purl.p)
        return true;
    plm_sv_cut(x->purl, '?', &purl, &rest);
    size_t slash = plm_sv_rfind(purl, '/');
    return plm_sv_glob(slash == SIZE_MAX ? purl : plm_sv_from_off(purl, slash + 1), package);
}

static bool fits_rule(const struct plm_exception *x, plm_sv name, plm_sv trigger_id, plm_sv image)
{
    if (x->path.p || x->layer.p || x->object.p || x->base >= 0 || x->at_line)
        return false;
    bool is_flaw = plm_sv_starts(name, PLM_SV("vulnerabilities."));
    if (x->kind >= 0 && !(x->kind == PLM_KIND_VULNERABILITY && is_flaw))
        return false;
    if (!fits(x->check, name) || (x->image.p && !plm_sv_glob(x->image, image)))
        return false;
    if (plm_sv_is(name, "vulnerabilities.package") && fits_vulnerability_row(x, trigger_id))
        return true;
    return !x->purl.p && (plm_sv_glob(x->id, trigger_id) || plm_sv_glob(x->id, name));
}

const struct plm_exception *plm_exceptions_rule(const struct plm_ctx *ctx, struct plm_exceptions *e,
                                                plm_sv gate, plm_sv trigger, plm_sv trigger_id, plm_sv image)
{
    int64_t now = plm_now(ctx);
    plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(PLM_KIB(4));
    plm_buf_sv_put(&name, gate);
    plm_buf_byte(&name, '.');
    plm_buf_sv_put(&name, trigger);
    for (size_t i = 0; i < e->rows.n; i++) {
        struct plm_exception *x = &e->rows.v[i];
        if (!fits_rule(x, plm_buf_sv(&name), trigger_id, image))
            continue;
        x->is_used = true;
        if (!plm_exception_is_expired(x, now))
            return x;
    }
    return NULL;
}
