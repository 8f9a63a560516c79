/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule sets of the secret search: our YAML, what files build on, and the literals of all rules together.
 *
 * The format is written down in docs/secrets.md. A key that is not known is an error in our own format: a
 * misspelt "allow" must not pass for an empty one.
 */
#include "inspect/secret_int.h"

#include "base/fs.h"
#include "base/map.h"
#include "base/rd.h"
#include "codec/toml.h"
#include "codec/yaml.h"

#include <stdlib.h>

enum { MAX_RULES = 20000, MAX_EXTENDS = 8, MAX_FILE = 16 << 20, MAX_PATTERN = 1 << 16 };

/* ---- the set ------------------------------------------------------------------------------ */

struct plm_secret_rules *plm_secret_rules_new(plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_secret_rules *r = a ? plm_arena_make(a, struct plm_secret_rules) : NULL;
    if (!r)
        return PLM_NULL(plm_fail_oom(err));
    r->for_paths = &r->matcher;
    if (plm_secret_matcher_init(&r->matcher, err) < 0) {
        plm_secret_matcher_done(&r->matcher);
        return NULL;
    }
    r->arena = plm_take(a);
    return r;
}

static void allows_done(plm_secret_allows *v)
{
    for (size_t i = 0; i < v->n; i++) {
        for (size_t k = 0; k < v->v[i].n_paths; k++)
            plm_secret_regex_done(&v->v[i].paths[k]);
        for (size_t k = 0; k < v->v[i].n_patterns; k++)
            plm_secret_regex_done(&v->v[i].patterns[k]);
    }
}

static void rule_done(struct plm_secret_rule *rule)
{
    plm_secret_regex_done(&rule->pattern);
    plm_secret_regex_done(&rule->path);
    allows_done(&rule->allow);
}

void plm_secret_rules_free(struct plm_secret_rules *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->rules.n; i++)
        rule_done(&r->rules.v[i]);
    allows_done(&r->allow);
    plm_secret_matcher_done(&r->matcher);
    plm_arena_free(r->arena);
}

struct plm_secret_rule *plm_secret_rules_slot(struct plm_secret_rules *r, plm_sv id)
{
    for (size_t i = 0; i < r->rules.n; i++) {
        if (plm_sv_eq(r->rules.v[i].id, id)) {
            rule_done(&r->rules.v[i]);
            r->rules.v[i] = (struct plm_secret_rule){0};
            return &r->rules.v[i];
        }
    }
    return r->rules.n < MAX_RULES ? plm_vec_push(r->arena, &r->rules) : NULL;
}

void plm_secret_warn(struct plm_secret_rules *r, const char *name, uint32_t line, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    plm_sv what = plm_arena_vprintf(r->arena, fmt, ap);
    va_end(ap);
    plm_sv text = plm_arena_printf(r->arena, "%s:%u: %.*s", name, line, PLM_SV_ARG(what));
    plm_sv_vec_add(r->arena, &r->warnings, text);
}

/* ---- our YAML ----------------------------------------------------------------------------- */

struct yaml_file {
    struct plm_secret_rules *r;
    const char *name;
    plm_err **err;
};

static int bad(struct yaml_file *f, const struct plm_yaml_node *n, const char *what)
{
    return plm_fail(f->err, PLM_E_CONFIG, "%s:%u:%u: %s", f->name, n->line, n->column, what);
}

static int text_of(struct yaml_file *f, const struct plm_yaml_node *n, plm_sv *out)
{
    plm_sv t = plm_yaml_text(n);
    if (!t.n)
        return bad(f, n, "a text was expected");
    *out = plm_arena_sv(f->r->arena, t);
    return out->p ? 0 : plm_fail_oom(f->err);
}

/* A scalar or a list of them. */
static int texts_of(struct yaml_file *f, const struct plm_yaml_node *n, plm_sv_vec *out)
{
    if (n->kind == PLM_YAML_SCALAR)
        return plm_sv_vec_add(f->r->arena, out, n->text) ? 0 : plm_fail_oom(f->err);
    if (n->kind != PLM_YAML_SEQUENCE)
        return bad(f, n, "a list of texts was expected");
    for (size_t i = 0; i < n->n; i++) {
        plm_sv t = plm_yaml_text(n->items[i]);
        if (!t.n)
            return bad(f, n->items[i], "a text was expected");
        if (!plm_sv_vec_add(f->r->arena, out, t))
            return plm_fail_oom(f->err);
    }
    return 0;
}

static void lower_all(struct plm_arena *a, plm_sv_vec *v)
{
    for (size_t i = 0; i < v->n; i++) {
        char *p = plm_arena_cstr(a, v->v[i]);
        for (size_t k = 0; p && k < v->v[i].n; k++)
            if (p[k] >= 'A' && p[k] <= 'Z')
                p[k] = (char)(p[k] + 32);
        v->v[i].p = p;
        v->v[i].n = p ? v->v[i].n : 0;
    }
}

static int bool_of(struct yaml_file *f, const struct plm_yaml_node *n, bool *out)
{
    return plm_yaml_bool(n, out) ? 0 : bad(f, n, "true or false was expected");
}

static int regex_of(struct yaml_file *f, const struct plm_yaml_node *n, struct plm_secret_regex *out)
{
    plm_sv t;
    if (text_of(f, n, &t) < 0)
        return -1;
    if (t.n > MAX_PATTERN)
        return bad(f, n, "the expression is too long");
    return plm_secret_regex_init(out, t, PLM_SECRET_PCRE2, f->r->arena, f->err);
}

static int regexes_of(struct yaml_file *f, const struct plm_yaml_node *n, struct plm_secret_regex **out,
                      size_t *out_n)
{
    plm_sv_vec texts = {0};
    if (texts_of(f, n, &texts) < 0)
        return -1;
    *out = plm_arena_array(f->r->arena, texts.n + 1, sizeof(**out));
    if (!*out)
        return plm_fail_oom(f->err);
    for (size_t i = 0; i < texts.n; i++, (*out_n)++)
        if (plm_secret_regex_init(&(*out)[i], texts.v[i], PLM_SECRET_PCRE2, f->r->arena, f->err) < 0)
            return -1;
    return 0;
}

/* ASCII digits with one point: "3", "3.5". */
static bool number_of(plm_sv s, double *out)
{
    plm_sv whole = s, part = PLM_SV_NULL;
    uint64_t w = 0, p = 0;
    (void)plm_sv_cut(s, '.', &whole, &part);
    if (!plm_sv_u64(whole, &w) || part.n > 6 || (part.p && !plm_sv_u64(part, &p)))
        return false;
    double scale = 1;
    for (size_t i = 0; i < part.n; i++)
        scale *= 10;
    *out = (double)w + (double)p / scale;
    return true;
}

typedef int (*key_fn)(struct yaml_file *f, const struct plm_yaml_node *n, void *to);
struct key {
    const char *name;
    key_fn read;
};

static int each_key(struct yaml_file *f, const struct plm_yaml_node *map, const struct key *keys, void *to)
{
    if (map->kind != PLM_YAML_MAPPING)
        return bad(f, map, "a mapping was expected");
    for (size_t i = 0; i < map->n; i++) {
        const struct key *k = keys;
        while (k->name && !plm_sv_is(map->keys[i]->text, k->name))
            k++;
        if (!k->name)
            return plm_fail(f->err, PLM_E_CONFIG, "%s:%u:%u: unknown key %.*s", f->name, map->keys[i]->line,
                            map->keys[i]->column, PLM_SV_ARG(map->keys[i]->text));
        if (k->read && map->items[i]->kind != PLM_YAML_NULL && k->read(f, map->items[i], to) < 0)
            return -1;
    }
    return 0;
}

#define ALLOW(to) ((struct plm_secret_allow *)(to))
#define RULE(to)  ((struct plm_secret_rule *)(to))

static int allow_paths(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    return regexes_of(f, n, &ALLOW(to)->paths, &ALLOW(to)->n_paths);
}
static int allow_patterns(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    return regexes_of(f, n, &ALLOW(to)->patterns, &ALLOW(to)->n_patterns);
}
static int allow_words(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    if (texts_of(f, n, &ALLOW(to)->words) < 0)
        return -1;
    lower_all(f->r->arena, &ALLOW(to)->words);
    return 0;
}
static int allow_rules(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    return texts_of(f, n, &ALLOW(to)->rules);
}
static int allow_all(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    return bool_of(f, n, &ALLOW(to)->needs_all);
}
static int allow_on(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    plm_sv t = plm_yaml_text(n);
    if (!plm_sv_is(t, "secret") && !plm_sv_is(t, "match") && !plm_sv_is(t, "line"))
        return bad(f, n, "secret, match or line was expected");
    ALLOW(to)->part = plm_sv_is(t, "secret")  ? PLM_SECRET_OF_SECRET
                      : plm_sv_is(t, "match") ? PLM_SECRET_OF_MATCH
                                              : PLM_SECRET_OF_LINE;
    return 0;
}

static const struct key allow_keys[] = {
    {"paths", allow_paths}, {"patterns", allow_patterns}, {"words", allow_words}, {"on", allow_on},
    {"all", allow_all},     {"rules", allow_rules},       {"reason", NULL},       {NULL, NULL},
};

static int allows_of(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    plm_secret_allows *v = to;
    if (n->kind != PLM_YAML_SEQUENCE)
        return bad(f, n, "a list was expected");
    for (size_t i = 0; i < n->n; i++) {
        struct plm_secret_allow one = {0}, *slot;
        if (each_key(f, n->items[i], allow_keys, &one) < 0)
            return -1;
        if (!one.n_paths && !one.n_patterns && !one.words.n)
            return bad(f, n->items[i], "paths, patterns or words was expected: this would allow nothing");
        if (!(slot = plm_vec_push(f->r->arena, v)))
            return plm_fail_oom(f->err);
        *slot = one;
    }
    return 0;
}

static int rule_id(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    return text_of(f, n, &RULE(to)->id);
}
static int rule_title(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    return text_of(f, n, &RULE(to)->title);
}
static int rule_remedy(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    return text_of(f, n, &RULE(to)->remedy);
}
static int rule_severity(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    return plm_severity_parse(plm_yaml_text(n), &RULE(to)->severity) ? 0 : bad(f, n, "unknown severity");
}
static int rule_pattern(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    RULE(to)->has_pattern = true;
    return regex_of(f, n, &RULE(to)->pattern);
}
static int rule_path(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    RULE(to)->has_path = true;
    return regex_of(f, n, &RULE(to)->path);
}
static int rule_group(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    uint64_t v;
    if (!plm_sv_u64(plm_yaml_text(n), &v) || v > 63)
        return bad(f, n, "a number of a group was expected");
    RULE(to)->group = (uint32_t)v;
    return 0;
}
static int rule_entropy(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    return number_of(plm_yaml_text(n), &RULE(to)->entropy) ? 0 : bad(f, n, "a number was expected");
}
static int rule_keywords(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    if (texts_of(f, n, &RULE(to)->keywords) < 0)
        return -1;
    lower_all(f->r->arena, &RULE(to)->keywords);
    return 0;
}
static int rule_tags(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    return texts_of(f, n, &RULE(to)->tags);
}
static int rule_references(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    return texts_of(f, n, &RULE(to)->references);
}
static int rule_generic(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    return bool_of(f, n, &RULE(to)->is_generic);
}
static int rule_binary(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    return bool_of(f, n, &RULE(to)->is_binary);
}
static int rule_allow(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    return allows_of(f, n, &RULE(to)->allow);
}

static const struct key rule_keys[] = {
    {"id", rule_id},           {"title", rule_title},       {"severity", rule_severity},
    {"pattern", rule_pattern}, {"group", rule_group},       {"path", rule_path},
    {"entropy", rule_entropy}, {"keywords", rule_keywords}, {"tags", rule_tags},
    {"generic", rule_generic}, {"binary", rule_binary},     {"references", rule_references},
    {"remedy", rule_remedy},   {"allow", rule_allow},       {NULL, NULL},
};

static int read_rules(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    (void)to;
    if (n->kind != PLM_YAML_SEQUENCE)
        return bad(f, n, "a list of rules was expected");
    for (size_t i = 0; i < n->n; i++) {
        struct plm_secret_rule one = {.severity = PLM_SEV_HIGH, .line = n->items[i]->line}, *slot;
        if (each_key(f, n->items[i], rule_keys, &one) < 0)
            return -1;
        if (!one.id.n)
            return bad(f, n->items[i], "a rule without an id");
        if (!one.has_pattern && !one.has_path)
            return bad(f, n->items[i], "a rule needs a pattern or a path");
        if (!one.title.n)
            one.title = one.id;
        if (!(slot = plm_secret_rules_slot(f->r, one.id)))
            return bad(f, n->items[i], "too many rules");
        *slot = one;
    }
    return 0;
}

static int read_disable(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    (void)to;
    return texts_of(f, n, &f->r->disabled);
}

static int read_allow(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    (void)to;
    return allows_of(f, n, &f->r->allow);
}

static int read_version(struct yaml_file *f, const struct plm_yaml_node *n, void *to)
{
    (void)to;
    return plm_sv_is(plm_yaml_text(n), "1") ? 0 : bad(f, n, "this program knows version 1");
}

static const struct key file_keys[] = {
    {"version", read_version}, {"extends", NULL},     {"disable", read_disable},
    {"rules", read_rules},     {"allow", read_allow}, {NULL, NULL},
};

int plm_secret_rules_add_yaml(struct plm_secret_rules *r, plm_sv text, const char *name,
                              const struct plm_limits *limits, plm_err **err)
{
    struct yaml_file f = {.r = r, .name = name, .err = err};
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(text, name, limits, err);
    if (!doc)
        return -1;
    if (plm_yaml_root(doc)->kind == PLM_YAML_NULL)
        return 0;
    return each_key(&f, plm_yaml_root(doc), file_keys, NULL);
}

/* ---- what files build on ------------------------------------------------------------------ */

bool plm_secret_is_toml(plm_sv text, plm_sv name)
{
    if (plm_sv_ends(name, PLM_SV(".toml")))
        return true;
    if (plm_sv_ends(name, PLM_SV(".yaml")) || plm_sv_ends(name, PLM_SV(".yml")))
        return false;
    return plm_sv_starts(text, PLM_SV("[[")) || plm_sv_has(text, PLM_SV("\n[[")) ||
           plm_sv_has(text, PLM_SV("\n[extend]"));
}

static int base_of_toml(plm_sv text, const char *name, const struct plm_limits *limits, struct plm_arena *a,
                        struct plm_secret_base *out, plm_err **err)
{
    plm_auto(plm_toml_free) struct plm_toml *doc = plm_toml_parse(text, name, limits, err);
    if (!doc)
        return -1;
    const struct plm_toml_node *extend = plm_toml_get(plm_toml_root(doc), "extend", NULL);
    const struct plm_toml_node *use = plm_toml_get(extend, "useDefault", NULL);
    out->wants_builtin = use && use->kind == PLM_TOML_BOOL && use->boolean;
    out->path = plm_arena_sv(a, plm_toml_text(plm_toml_get(extend, "path", NULL)));
    if (!out->path.n)
        out->path = PLM_SV_NULL;
    return 0;
}

/* extends: builtin (also where nothing is said), none, or a file. */
static int base_of_yaml(plm_sv text, const char *name, const struct plm_limits *limits, struct plm_arena *a,
                        struct plm_secret_base *out, plm_err **err)
{
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(text, name, limits, err);
    if (!doc)
        return -1;
    plm_sv word = plm_yaml_text(plm_yaml_get(plm_yaml_root(doc), "extends", NULL));
    out->wants_builtin = !word.n || plm_sv_is(word, "builtin");
    out->path =
        word.n && !out->wants_builtin && !plm_sv_is(word, "none") ? plm_arena_sv(a, word) : PLM_SV_NULL;
    return 0;
}

int plm_secret_rules_base(plm_sv text, plm_sv name, const struct plm_limits *limits, struct plm_arena *a,
                          struct plm_secret_base *out, plm_err **err)
{
    const char *file = plm_arena_cstr(a, name);
    *out = (struct plm_secret_base){0};
    if (!file)
        return plm_fail_oom(err);
    return plm_secret_is_toml(text, name) ? base_of_toml(text, file, limits, a, out, err)
                                          : base_of_yaml(text, file, limits, a, out, err);
}

int plm_secret_rules_add(struct plm_secret_rules *r, plm_sv text, plm_sv name,
                         const struct plm_limits *limits, plm_err **err)
{
    const char *file = plm_arena_cstr(r->arena, name);
    if (!file)
        return plm_fail_oom(err);
    return plm_secret_is_toml(text, name) ? plm_secret_rules_add_gitleaks(r, text, file, limits, err)
                                          : plm_secret_rules_add_yaml(r, text, file, limits, err);
}

/* ---- one parameter for the workers -------------------------------------------------------- */

struct chain {
    plm_sv text, name;
};

static plm_sv beside(struct plm_arena *a, plm_sv name, plm_sv path)
{
    size_t slash = plm_sv_rfind(name, '/');
    if (path.p[0] == '/' || slash == SIZE_MAX)
        return plm_arena_sv(a, path);
    plm_sv dir = plm_sv_sub(name, 0, slash + 1);
    return plm_arena_printf(a, "%.*s%.*s", PLM_SV_ARG(dir), PLM_SV_ARG(path));
}

static int follow(struct chain *v, size_t *n, const struct plm_limits *limits, struct plm_arena *a,
                  plm_err **err)
{
    struct plm_secret_base base = {0};
    for (;;) {
        if (plm_secret_rules_base(v[*n - 1].text, v[*n - 1].name, limits, a, &base, err) < 0)
            return -1;
        if (!base.path.n)
            break;
        if (*n == MAX_EXTENDS)
            return plm_fail(err, PLM_E_CONFIG, "%.*s: files that extend each other, deeper than %d",
                            PLM_SV_ARG(v[0].name), MAX_EXTENDS);
        plm_sv name = beside(a, v[*n - 1].name, base.path);
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(MAX_FILE);
        const char *path = plm_arena_cstr(a, name);
        if (!path || plm_fs_read(path, MAX_FILE, &b, err) < 0)
            return path ? plm_wrap(err, "%.*s extends it", PLM_SV_ARG(v[*n - 1].name)) : plm_fail_oom(err);
        v[(*n)++] = (struct chain){.text = plm_arena_sv(a, plm_buf_sv(&b)), .name = name};
    }
    if (base.wants_builtin && *n <= MAX_EXTENDS)
        v[(*n)++] = (struct chain){.text = plm_sv_n(plm_inspect_secret_rules, plm_inspect_secret_rules_n),
                                   .name = PLM_SV("built-in.yaml")};
    return 0;
}

int plm_secret_params(plm_sv text, plm_sv name, const struct plm_limits *limits, struct plm_arena *a,
                      plm_sv *out, plm_err **err)
{
    struct chain v[MAX_EXTENDS + 1] = {{.text = text, .name = name}};
    size_t n = 1;
    if (!text.p)
        v[0] = (struct chain){.text = plm_sv_n(plm_inspect_secret_rules, plm_inspect_secret_rules_n),
                              .name = PLM_SV("built-in.yaml")};
    else if (follow(v, &n, limits, a, err) < 0)
        return -1;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(256));
    plm_buf_varint(&b, n);
    while (n-- > 0) {
        plm_buf_view(&b, v[n].name);
        plm_buf_view(&b, v[n].text);
    }
    if (plm_buf_check(&b, err) < 0)
        return -1;
    *out = plm_arena_sv(a, plm_buf_sv(&b));
    return out->p ? 0 : plm_fail_oom(err);
}

struct plm_secret_rules *plm_secret_rules_of_params(plm_sv params, bool check,
                                                    const struct plm_limits *limits, plm_err **err)
{
    plm_auto(plm_secret_rules_free) struct plm_secret_rules *r = plm_secret_rules_new(err);
    struct plm_rd rd = PLM_RD(params);
    uint64_t n = r ? plm_rd_varint(&rd) : 0;
    if (!r)
        return NULL;
    for (uint64_t i = 0; i < n && !rd.failed; i++) {
        plm_sv name = plm_rd_view(&rd), text = plm_rd_view(&rd);
        if (!rd.failed && plm_secret_rules_add(r, text, name, limits, err) < 0)
            return NULL;
    }
    if (rd.failed)
        return PLM_NULL(plm_fail(err, PLM_E_INTERNAL, "parameters of the secret search"));
    return plm_secret_rules_finish(r, check, err) < 0 ? NULL : plm_take(r);
}

/* ---- literals of all rules ---------------------------------------------------------------- */

static void remove_disabled(struct plm_secret_rules *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->rules.n; i++) {
        bool off = false;
        for (size_t k = 0; k < r->disabled.n && !off; k++)
            off = plm_sv_eq(r->disabled.v[k], r->rules.v[i].id);
        if (off)
            rule_done(&r->rules.v[i]);
        else
            r->rules.v[n++] = r->rules.v[i];
    }
    r->rules.n = n;
}

struct gather {
    struct plm_secret_rules *r;
    struct plm_map *known; /* literal: index + 1 */
    PLM_VEC(plm_sv) literals;
    PLM_VEC(struct use_at) uses;
};
struct use_at {
    uint32_t literal;
    struct plm_secret_use use;
};

static int note_literal(struct gather *g, plm_sv text, uint32_t rule, uint32_t anchor)
{
    struct plm_arena *a = g->r->arena;
    plm_sv_vec one = {0};
    if (!plm_sv_vec_add(a, &one, text))
        return -1;
    lower_all(a, &one);
    void **slot = plm_map_put(g->known, one.v[0]);
    if (!slot)
        return -1;
    if (!*slot) {
        plm_sv *lit = plm_vec_push(a, &g->literals);
        if (!lit)
            return -1;
        *lit = one.v[0];
        *slot = (void *)(uintptr_t)g->literals.n;
    }
    struct use_at *use = plm_vec_push(a, &g->uses);
    if (!use)
        return -1;
    *use = (struct use_at){.literal = (uint32_t)((uintptr_t)*slot - 1), .use = {rule, anchor}};
    return 0;
}

/* A keyword of one byte is in every text: as if it were not there. */
static bool has_short_keyword(const struct plm_secret_rule *rule)
{
    for (size_t i = 0; i < rule->keywords.n; i++)
        if (rule->keywords.v[i].n < 2)
            return true;
    return false;
}

static bool contains_keyword(const struct plm_secret_rule *rule, plm_sv literal)
{
    for (size_t i = 0; i < rule->keywords.n; i++)
        for (size_t at = 0; at + rule->keywords.v[i].n <= literal.n; at++)
            if (plm_sv_ieq(plm_sv_sub(literal, at, rule->keywords.v[i].n), rule->keywords.v[i]))
                return true;
    return false;
}

/* Where each literal that a match needs has a keyword in it, keywords say nothing more. */
static bool has_needless_keywords(const struct plm_secret_rule *rule)
{
    for (size_t i = 0; i < rule->pattern.anchors.n; i++)
        if (!contains_keyword(rule, rule->pattern.anchors.v[i].literal))
            return false;
    return rule->pattern.anchors.n > 0;
}

static int gather_rule(struct gather *g, uint32_t i)
{
    struct plm_secret_rules *r = g->r;
    struct plm_secret_rule *rule = &r->rules.v[i];
    r->any_binary = r->any_binary || rule->is_binary;
    if (!rule->has_pattern) {
        r->path_only[r->n_path_only++] = i;
        return 0;
    }
    if (has_short_keyword(rule) || has_needless_keywords(rule))
        rule->keywords.n = 0;
    for (size_t k = 0; k < rule->keywords.n; k++)
        if (note_literal(g, rule->keywords.v[k], i, PLM_NONE) < 0)
            return -1;
    const struct plm_secret_anchors *v = &rule->pattern.anchors;
    for (size_t k = 0; k < v->n; k++)
        if (note_literal(g, v->v[k].literal, i, (uint32_t)k) < 0)
            return -1;
    if (!v->n)
        r->unanchored[r->n_unanchored++] = i;
    return 0;
}

static int index_uses(struct gather *g)
{
    struct plm_secret_rules *r = g->r;
    r->uses = plm_arena_array(r->arena, g->literals.n + 1, sizeof(*r->uses));
    struct plm_secret_use *flat = plm_arena_array(r->arena, g->uses.n + 1, sizeof(*flat));
    if (!r->uses || !flat)
        return -1;
    for (size_t i = 0; i < g->uses.n; i++)
        r->uses[g->uses.v[i].literal].n++;
    size_t at = 0;
    for (size_t i = 0; i < g->literals.n; i++) {
        r->uses[i].v = flat + at;
        at += r->uses[i].n;
        r->uses[i].n = 0;
    }
    for (size_t i = 0; i < g->uses.n; i++) {
        uint32_t l = g->uses.v[i].literal;
        r->uses[l].v[r->uses[l].n++] = g->uses.v[i].use;
    }
    return 0;
}

static int check_regex(struct plm_secret_regex *re, const struct plm_secret_rule *rule, plm_err **err)
{
    if (plm_secret_regex_ready(re, err) == 0)
        return 0;
    return rule ? plm_wrap(err, "rule %.*s", PLM_SV_ARG(rule->id)) : plm_wrap(err, "allowlist");
}

static int check_allows(plm_secret_allows *v, const struct plm_secret_rule *rule, plm_err **err)
{
    for (size_t i = 0; i < v->n; i++) {
        for (size_t k = 0; k < v->v[i].n_paths; k++)
            if (check_regex(&v->v[i].paths[k], rule, err) < 0)
                return -1;
        for (size_t k = 0; k < v->v[i].n_patterns; k++)
            if (check_regex(&v->v[i].patterns[k], rule, err) < 0)
                return -1;
    }
    return 0;
}

/* A group of the rule that its expression does not have would make every match its own secret. */
static int check_group(const struct plm_secret_rule *rule, plm_err **err)
{
    uint32_t groups = 0;
    (void)pcre2_pattern_info(rule->pattern.code, PCRE2_INFO_CAPTURECOUNT, &groups);
    if (rule->group > groups)
        return plm_fail(err, PLM_E_CONFIG, "rule %.*s: group %u of an expression with %u groups",
                        PLM_SV_ARG(rule->id), rule->group, groups);
    return 0;
}

static int check_all(struct plm_secret_rules *r, plm_err **err)
{
    for (size_t i = 0; i < r->rules.n; i++) {
        struct plm_secret_rule *rule = &r->rules.v[i];
        if (rule->has_pattern && (check_regex(&rule->pattern, rule, err) < 0 || check_group(rule, err) < 0))
            return -1;
        if (rule->has_path && check_regex(&rule->path, rule, err) < 0)
            return -1;
        if (check_allows(&rule->allow, rule, err) < 0)
            return -1;
    }
    return check_allows(&r->allow, NULL, err);
}

int plm_secret_rules_finish(struct plm_secret_rules *r, bool check, plm_err **err)
{
    plm_auto(plm_map_free) struct plm_map *known = plm_map_new();
    struct gather g = {.r = r, .known = known};
    remove_disabled(r);
    r->unanchored = plm_arena_array(r->arena, r->rules.n + 1, sizeof(*r->unanchored));
    r->path_only = plm_arena_array(r->arena, r->rules.n + 1, sizeof(*r->path_only));
    if (!known || !r->unanchored || !r->path_only)
        return plm_fail_oom(err);
    for (size_t i = 0; i < r->rules.n; i++)
        if (gather_rule(&g, (uint32_t)i) < 0)
            return plm_fail_oom(err);
    if (index_uses(&g) < 0 || !(r->literals = plm_secret_literals_new(r->arena, g.literals.v, g.literals.n)))
        return plm_fail_oom(err);
    return check ? check_all(r, err) : plm_arena_check(r->arena, err);
}
