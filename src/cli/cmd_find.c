/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll find: where is a package or a vulnerability? Looks at package lists; those of images
 * come from the layer cache, so that only layers never seen before are read.
 *
 * Running containers are answered from the lists of their images, each looked at once however many
 * containers it has; what a container installed after its start is what `scan running:` and the
 * audit's drift checks see.
 */
#include "cli/scan_options.h"

#include "base/time.h"
#include "docker/docker.h"
#include "version/version.h"

/* What is looked for: a flaw by id, or a package by name with conditions on its version. */
struct wanted {
    plm_sv name; /* of the package, or the flaw's id */
    plm_sv range;
    bool is_flaw;
};

static bool is_flaw_id(plm_sv s)
{
    static const char *const prefixes[] = {"CVE-",  "GHSA-", "DSA-",  "DLA-", "USN-", "RHSA-",
                                           "ALSA-", "RLSA-", "ELSA-", "MAL-", "OSV-"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        plm_sv p = plm_sv_from(prefixes[i]);
        if (s.n > p.n && plm_sv_ieq(plm_sv_sub(s, 0, p.n), p))
            return true;
    }
    return false;
}

/* "name", "name@1.2", "name@<1.2", "name@>=1.2,<2", or a purl. */
static int parse_wanted(const char *word, struct wanted *out, plm_err **err)
{
    plm_sv text = plm_sv_from(word);
    *out = (struct wanted){.name = text};
    if (is_flaw_id(text)) {
        out->is_flaw = true;
        return 0;
    }
    if (plm_sv_starts(text, PLM_SV("pkg:"))) {
        plm_sv head, tail;
        plm_sv_cut(text, '?', &head, &tail);
        size_t slash = plm_sv_rfind(head, '/');
        if (slash == SIZE_MAX)
            return plm_fail(err, PLM_E_USAGE, "%s is no package URL", word);
        text = plm_sv_from_off(head, slash + 1);
    }
    size_t at = plm_sv_rfind(text, '@');
    out->name = at == SIZE_MAX || at == 0 ? text : plm_sv_sub(text, 0, at);
    out->range = at == SIZE_MAX || at == 0 ? PLM_SV_NULL : plm_sv_from_off(text, at + 1);
    return out->name.n ? 0 : plm_fail(err, PLM_E_USAGE, "%s names no package", word);
}

static bool fits_condition(const struct plm_scheme *s, plm_sv version, plm_sv condition)
{
    static const struct {
        const char *op;
        int low, high; /* signs of compare that fit */
    } ops[] = {{"<=", -1, 0}, {">=", 0, 1}, {"==", 0, 0}, {"<", -1, -1}, {">", 1, 1}, {"=", 0, 0}};
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        plm_sv op = plm_sv_from(ops[i].op);
        if (!plm_sv_starts(condition, op))
            continue;
        int c = s->compare(version, plm_sv_trim(plm_sv_from_off(condition, op.n)));
        c = (c > 0) - (c < 0);
        return c >= ops[i].low && c <= ops[i].high;
    }
    return plm_sv_glob(condition, version);
}

static bool fits_range(const struct plm_package *p, plm_sv range)
{
    const struct plm_scheme *s = plm_scheme_find(p->type);
    plm_sv condition;
    while (range.p && plm_sv_field(&range, ',', &condition))
        if (condition.n &&
            (!s ? !plm_sv_eq(condition, p->version) : !fits_condition(s, p->version, plm_sv_trim(condition))))
            return false;
    return true;
}

struct row {
    plm_sv target, package, version, extra, status;
    plm_sv layer;  /* digest, else diff id, of the layer that brought it; null: not known */
    plm_sv image;  /* of a container; null: the target is no container */
    int64_t since; /* that container was made; 0: not known */
};

/* The containers that run one image: what is found in it is found in each of them. */
struct image_group {
    plm_sv word; /* "docker:sha256:..." */
    PLM_VEC(struct plm_engine_container) containers;
};
typedef PLM_VEC(struct image_group) group_vec;

struct rows {
    struct plm_arena *arena;
    PLM_VEC(struct row) v;
    size_t targets, incomplete; /* looked at; of them not completely readable */
};

static plm_sv layer_of(const struct plm_report *r, const struct plm_package *p)
{
    if (p->target >= r->targets.n || !p->locations.n ||
        p->locations.v[0].layer >= r->targets.v[p->target].layers.n)
        return PLM_SV_NULL;
    const struct plm_layer *l = &r->targets.v[p->target].layers.v[p->locations.v[0].layer];
    return l->digest.n ? l->digest : l->diff_id;
}

static bool add_row(struct rows *rows, const struct plm_report *r, uint32_t package, plm_sv extra,
                    plm_sv status)
{
    const struct plm_package *p = &r->packages.v[package];
    plm_sv layer = layer_of(r, p);
    struct row *row = plm_vec_push(rows->arena, &rows->v);
    if (row)
        *row = (struct row){
            .target =
                plm_arena_sv(rows->arena, p->target < r->targets.n ? r->targets.v[p->target].id : PLM_SV("")),
            .package = plm_arena_sv(rows->arena, p->name),
            .version = plm_arena_sv(rows->arena, p->version),
            .extra = plm_arena_sv(rows->arena, extra),
            .status = plm_arena_sv(rows->arena, status),
            .layer = plm_arena_sv(rows->arena, layer),
        };
    return row != NULL;
}

static void find_flaw(struct rows *rows, const struct plm_report *r, plm_sv id)
{
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct plm_finding *f = &r->findings.v[i];
        bool is_it = plm_sv_ieq(f->id, id);
        for (size_t k = 0; k < f->aliases.n && !is_it; k++)
            is_it = plm_sv_ieq(f->aliases.v[k], id);
        for (size_t k = 0; k < f->matched.n && !is_it; k++)
            is_it = plm_sv_ieq(f->matched.v[k].record, id);
        if (is_it && f->package < r->packages.n)
            add_row(rows, r, f->package, f->fix_versions.n ? f->fix_versions.v[0] : PLM_SV(""),
                    plm_sv_from(f->suppressed ? "suppressed" : plm_severity_name(f->severity)));
    }
}

static void find_package(struct rows *rows, const struct plm_report *r, const struct wanted *w)
{
    for (uint32_t i = 0; i < r->packages.n; i++) {
        const struct plm_package *p = &r->packages.v[i];
        if ((plm_sv_glob(w->name, p->name) || plm_sv_glob(w->name, p->source_name)) &&
            fits_range(p, w->range))
            add_row(rows, r, i, p->arch, PLM_SV(""));
    }
}

static int look_at(struct plm_cli *cli, struct plm_scan_setup *s, const char *word, const struct wanted *w,
                   struct rows *rows, plm_err **err)
{
    plm_auto(plm_report_free) struct plm_report *r = plm_scan_report_of(cli, s, word, err);
    if (!r)
        return -1;
    rows->targets += r->targets.n;
    for (size_t i = 0; i < r->targets.n; i++) {
        if (!r->targets.v[i].is_incomplete)
            continue;
        rows->incomplete++;
        plm_cli_note(cli,
                     "%s: a part of it could not be read or judged, so what is not found there may be there "
                     "all the same",
                     word);
    }
    if (w->is_flaw)
        find_flaw(rows, r, w->name);
    else
        find_package(rows, r, w);
    return plm_arena_check(rows->arena, err);
}

/* ---- running containers -------------------------------------------------------------------------- */

static int add_container(group_vec *groups, struct plm_arena *a, const char *scheme,
                         const struct plm_engine_container *c, plm_err **err)
{
    plm_sv word = plm_arena_printf(a, "%s:%.*s", scheme, PLM_SV_ARG(c->image_id));
    struct image_group *g = NULL;
    for (size_t i = 0; i < groups->n && !g; i++)
        if (plm_sv_eq(groups->v[i].word, word))
            g = &groups->v[i];
    if (!g) {
        g = plm_vec_push(a, groups);
        if (!g)
            return plm_arena_check(a, err);
        g->word = word;
    }
    struct plm_engine_container *slot = plm_vec_push(a, &g->containers);
    if (slot)
        *slot = *c;
    return plm_arena_check(a, err);
}

/* Containers of every engine that answers; where none does, the first one's error. */
static int list_running(struct plm_cli *cli, const struct plm_scan_setup *s, group_vec *out, plm_err **err)
{
    static const struct {
        enum plm_engine_kind kind;
        const char *scheme;
    } kinds[] = {{PLM_ENGINE_DOCKER, "docker"}, {PLM_ENGINE_PODMAN, "podman"}};
    bool is_named = s->scan.image.host.n || s->scan.image.context.n, has_answer = false;
    plm_auto(plm_err_free) plm_err *first = NULL;
    for (size_t i = 0; i < (is_named ? 1u : 2u); i++) {
        const struct plm_engine_config conf = {
            .kind = kinds[i].kind, .host = s->scan.image.host, .context = s->scan.image.context};
        plm_auto(plm_err_free) plm_err *e = NULL;
        plm_auto(plm_engine_close) struct plm_engine *engine = plm_engine_open(&cli->ctx, &conf, &e);
        if (!engine) {
            /* One that is there and refuses is not one that is absent. */
            if (plm_err_code(e) != PLM_E_NET && plm_err_code(e) != PLM_E_NOTFOUND)
                return plm_err_move(err, &e);
            first = first ? first : plm_take(e);
            continue;
        }
        struct plm_engine_container *list;
        size_t n;
        has_answer = true;
        if (plm_engine_containers(engine, false, s->arena, &list, &n, err) < 0)
            return -1;
        for (size_t k = 0; k < n; k++)
            if (add_container(out, s->arena, kinds[i].scheme, &list[k], err) < 0)
                return -1;
    }
    return has_answer ? 0 : plm_err_move(err, &first);
}

/* Rows of an image become rows of each container that runs it. An image that was deleted under its containers
 * is looked at through their roots. */
static int look_at_group(struct plm_cli *cli, struct plm_scan_setup *s, const struct image_group *g,
                         const struct wanted *w, struct rows *rows, plm_err **err)
{
    struct rows found = {.arena = rows->arena};
    plm_err *e = NULL;
    if (look_at(cli, s, g->word.p, w, &found, &e) < 0) {
        if (plm_err_code(e) != PLM_E_NOTFOUND)
            return plm_err_move(err, &e);
        plm_err_free(e);
        for (size_t i = 0; i < g->containers.n; i++) {
            plm_sv word = plm_arena_printf(s->arena, "container:%.*s", PLM_SV_ARG(g->containers.v[i].id));
            if (!word.p)
                return plm_fail_oom(err);
            if (look_at(cli, s, word.p, w, rows, err) < 0)
                return -1;
        }
        return 0;
    }
    rows->targets += g->containers.n;
    rows->incomplete += found.incomplete ? g->containers.n : 0;
    for (size_t i = 0; i < g->containers.n; i++)
        for (size_t k = 0; k < found.v.n; k++) {
            struct row *row = plm_vec_push(rows->arena, &rows->v);
            if (!row)
                return plm_arena_check(rows->arena, err);
            *row = found.v.v[k];
            row->target =
                plm_arena_printf(rows->arena, "container:%.*s", PLM_SV_ARG(g->containers.v[i].name));
            row->image = g->containers.v[i].image;
            row->since = g->containers.v[i].created;
        }
    return plm_arena_check(rows->arena, err);
}

/* ---- output ---------------------------------------------------------------------------------------- */

/* RFC 3339 as JSON; a date for people. */
static void put_since(struct plm_buf *b, int64_t since, bool as_json)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(64);
    if (since)
        plm_time_put(&text, since);
    if (!as_json)
        plm_buf_sv_put(b, plm_sv_sub(plm_buf_sv(&text), 0, 10));
    else if (since)
        plm_text_json(b, plm_buf_sv(&text));
    else
        plm_buf_str(b, "null");
}

static int print_json(const struct rows *rows, const struct wanted *w, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(64));
    plm_buf_str(&b, "[");
    for (size_t i = 0; i < rows->v.n; i++) {
        const struct row *x = &rows->v.v[i];
        plm_buf_str(&b, i ? ",\n {\"target\":" : "\n {\"target\":");
        plm_text_json(&b, x->target);
        plm_buf_str(&b, ",\"package\":");
        plm_text_json(&b, x->package);
        plm_buf_str(&b, ",\"version\":");
        plm_text_json(&b, x->version);
        plm_buf_str(&b, w->is_flaw ? ",\"fix\":" : ",\"arch\":");
        plm_text_json(&b, x->extra);
        if (w->is_flaw) {
            plm_buf_str(&b, ",\"severity\":");
            plm_text_json(&b, x->status);
        }
        if (x->layer.n) {
            plm_buf_str(&b, ",\"layer\":");
            plm_text_json(&b, x->layer);
        }
        if (x->image.p) {
            plm_buf_str(&b, ",\"image\":");
            plm_text_json(&b, x->image);
            plm_buf_str(&b, ",\"since\":");
            put_since(&b, x->since, true);
        }
        plm_buf_byte(&b, '}');
    }
    plm_buf_str(&b, rows->v.n ? "\n]\n" : "]\n");
    return plm_buf_check(&b, err) < 0 ? -1 : plm_cli_print(plm_buf_sv(&b), err);
}

static size_t column_width(const struct rows *rows, size_t offset, size_t least)
{
    for (size_t i = 0; i < rows->v.n; i++) {
        size_t n = plm_text_width(*(const plm_sv *)(const void *)((const char *)&rows->v.v[i] + offset));
        least = n > least ? n : least;
    }
    return least;
}

static void put_cell(struct plm_buf *b, plm_sv text, size_t width)
{
    size_t before = b->n;
    plm_text_escape(b, text);
    for (size_t n = plm_text_width(plm_sv_n(b->p + before, b->n - before)); n < width + 2; n++)
        plm_buf_byte(b, ' ');
}

/* "sha256:0123456789ab…" to "0123456789ab". */
static plm_sv short_digest(plm_sv digest)
{
    size_t colon = plm_sv_find(digest, ':');
    return plm_sv_sub(digest, colon == SIZE_MAX ? 0 : colon + 1, 12);
}

static int print_table(const struct plm_cli *cli, const struct rows *rows, const struct wanted *w,
                       plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(64));
    size_t wt = column_width(rows, offsetof(struct row, target), 6),
           wp = column_width(rows, offsetof(struct row, package), 7),
           wv = column_width(rows, offsetof(struct row, version), 7),
           we = column_width(rows, offsetof(struct row, extra), 4),
           wi = column_width(rows, offsetof(struct row, image), 5),
           ws = column_width(rows, offsetof(struct row, status), 8);
    bool has_image = false, has_layer = false;
    for (size_t i = 0; i < rows->v.n; i++) {
        has_image |= rows->v.v[i].image.p != NULL;
        has_layer |= rows->v.v[i].layer.n > 0;
    }
    for (size_t i = 0; i <= rows->v.n && rows->v.n; i++) {
        static const struct row head = {
            .target = {"TARGET", 6}, .package = {"PACKAGE", 7}, .version = {"VERSION", 7}};
        struct row x = i ? rows->v.v[i - 1] : head;
        if (!i) {
            x.extra = w->is_flaw ? PLM_SV("FIX") : PLM_SV("ARCH");
            x.status = w->is_flaw ? PLM_SV("SEVERITY") : PLM_SV("");
            x.image = PLM_SV("IMAGE");
            x.layer = PLM_SV("LAYER");
        }
        put_cell(&b, x.target, wt);
        put_cell(&b, x.package, wp);
        put_cell(&b, x.version, wv);
        put_cell(&b, x.extra, we);
        if (w->is_flaw)
            put_cell(&b, x.status, ws);
        if (has_image) {
            put_cell(&b, x.image, wi);
            put_since(&b, x.since, false);
            plm_buf_str(&b, i ? "  " : "SINCE       ");
        }
        if (has_layer)
            plm_text_escape(&b, i ? short_digest(x.layer) : x.layer);
        while (b.n && b.p[b.n - 1] == ' ')
            b.n--;
        plm_buf_byte(&b, '\n');
    }
    if (plm_buf_check(&b, err) < 0 || plm_cli_print(plm_buf_sv(&b), err) < 0)
        return -1;
    plm_cli_note(cli, "%zu found in %zu target%s", rows->v.n, rows->targets, rows->targets == 1 ? "" : "s");
    return 0;
}

/* Where to look: --in, else this host and all local images. Names are words of the source grammar or report
 * files. */
static int places(struct plm_cli *cli, struct plm_scan_setup *s, group_vec *groups, plm_err **err)
{
    const plm_sv *list;
    static const plm_sv usual[] = {{"host", 4}, {"images", 6}};
    size_t n = plm_config_list(cli->config, "in", &list);
    bool is_usual = n == 0;
    if (is_usual) {
        list = usual;
        n = 2;
    }
    for (size_t i = 0; i < n; i++) {
        if (plm_sv_is(list[i], "running") || plm_sv_is(list[i], "running:")) {
            if (list_running(cli, s, groups, err) < 0)
                return -1;
            continue;
        }
        bool is_name = plm_sv_is(list[i], "host") || plm_sv_is(list[i], "images");
        plm_sv word = is_name ? plm_arena_printf(s->arena, "%.*s:", PLM_SV_ARG(list[i]))
                              : plm_arena_sv(s->arena, list[i]);
        plm_err *e = NULL;
        if (plm_scan_setup_add(cli, s, word.p, &e) >= 0)
            continue;
        if (!is_usual)
            return plm_err_move(err, &e);
        /* Nobody asked for images by name: a machine without an engine has none. */
        plm_cli_error(cli, e);
        plm_err_free(e);
    }
    return 0;
}

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    struct wanted w;
    bool wants_json;
    group_vec groups = {0};
    plm_auto_done(plm_scan_setup_done) struct plm_scan_setup s = {0};
    plm_config_words(cli->config, &words);
    if (parse_wanted(words[0], &w, err) < 0 || plm_cli_wants_json(cli, &wants_json, err) < 0)
        return -1;
    unsigned flags = PLM_SETUP_NO_WORDS | (w.is_flaw ? (unsigned)PLM_SETUP_VULNERABILITIES : 0u);
    if (plm_scan_setup(cli, flags, &s, err) < 0 || places(cli, &s, &groups, err) < 0)
        return -1;
    struct rows rows = {.arena = s.arena};
    int failed = 0;
    for (size_t i = 0; i < s.words.n + groups.n; i++) {
        plm_err *e = NULL;
        int r = i < s.words.n ? look_at(cli, &s, s.words.v[i].p, &w, &rows, &e)
                              : look_at_group(cli, &s, &groups.v[i - s.words.n], &w, &rows, &e);
        if (r >= 0)
            continue;
        failed = plm_code_exit(plm_err_code(e));
        plm_cli_error(cli, e);
        plm_err_free(e);
    }
    if ((wants_json ? print_json(&rows, &w, err) : print_table(cli, &rows, &w, err)) < 0)
        return -1;
    return failed ? failed : rows.incomplete ? PLM_EXIT_INCOMPLETE : PLM_EXIT_PASSED;
}

static const struct plm_command find = {
    .name = "find",
    .arguments = "CVE|PURL|NAME[@RANGE]",
    .summary = "where is a package or a vulnerability?",
    .help = "Looks at the package lists of this host and of all local images, or of what --in names: host, "
            "images, running, a source, "
            "or a saved report. Layers seen before come from the cache. RANGE is a version, a pattern, or "
            "conditions such as "
            "\">=1.2,<1.4\" in the order of the package's own ecosystem.",
    .examples = "plimsoll find CVE-2023-0464 --in running\twhich running containers does it touch?\n"
                "plimsoll find 'openssl@<3.0.9'\twho still has an old one?\n",
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, find);
