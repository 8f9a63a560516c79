/* SPDX-License-Identifier: Apache-2.0
 *
 * What this program has, from the registries: the same rows as the reference pages.
 */
#include "audit/audit.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "cli/cli.h"
#include "inspect/inspect.h"
#include "policy/policy.h"
#include "version/version.h"
#include "vulndb/vulndb.h"

enum { FIELDS_MAX = 16 };

/* One listing: a name and how to get its rows. */
struct row {
    const char *values[FIELDS_MAX]; /* NULL: nothing */
};
struct listing {
    const char *name, *fields[FIELDS_MAX];
    size_t (*count)(void);
    void (*get)(size_t i, struct plm_arena *a, struct row *out);
};

static const char *joined(struct plm_arena *a, const char *const *list)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    for (; list && *list; list++)
        plm_buf_printf(&b, "%s%s", b.n ? ", " : "", *list);
    return plm_arena_cstr(a, plm_buf_sv(&b));
}

static size_t count_schemes(void)
{
    return PLM_SET_COUNT(plm_schemes);
}
static void get_scheme(size_t i, struct plm_arena *a, struct row *out)
{
    const struct plm_scheme *s = __start_plm_schemes[i];
    *out = (struct row){{s->id, s->summary, joined(a, s->aliases)}};
}

static size_t count_formats(void)
{
    return PLM_SET_COUNT(plm_formats);
}
static void get_format(size_t i, struct plm_arena *a, struct row *out)
{
    const struct plm_format *f = __start_plm_formats[i];
    (void)a;
    *out = (struct row){{f->id, f->summary, f->extension}};
}

static size_t count_catalogers(void)
{
    return PLM_SET_COUNT(plm_catalogers);
}
static void get_cataloger(size_t i, struct plm_arena *a, struct row *out)
{
    const struct plm_cataloger *c = __start_plm_catalogers[i];
    *out = (struct row){{c->id, c->summary, c->type, c->extractor ? joined(a, c->extractor->globs) : NULL}};
}

static size_t count_feeds(void)
{
    return PLM_SET_COUNT(plm_feeds);
}
static void get_feed(size_t i, struct plm_arena *a, struct row *out)
{
    const struct plm_feed_format *f = __start_plm_feeds[i];
    (void)a;
    *out = (struct row){{f->id, f->summary, f->upstream, f->tested}};
}

static size_t count_commands(void)
{
    return PLM_SET_COUNT(plm_commands);
}
static void get_command(size_t i, struct plm_arena *a, struct row *out)
{
    const struct plm_command *c = __start_plm_commands[i];
    (void)a;
    *out = (struct row){{c->hidden ? NULL : c->name, c->summary, c->arguments}};
}

static size_t count_options(void)
{
    return plm_options_n;
}
static void get_option(size_t i, struct plm_arena *a, struct row *out)
{
    const struct plm_option *o = &plm_options[i];
    *out = (struct row){{plm_arena_printf(a, "--%s", o->name).p, o->help, o->key, o->fallback}};
}

static size_t count_codes(void)
{
    return plm_codes_n;
}
static void get_code(size_t i, struct plm_arena *a, struct row *out)
{
    (void)a;
    *out = (struct row){{plm_codes[i].id, plm_codes[i].meaning}};
}

static size_t count_audit_checks(void)
{
    size_t n = 0;
    PLM_SET_FOREACH (plm_check_groups, struct plm_check_group, g)
        n += g->n;
    return n;
}
static size_t count_checks(void)
{
    size_t n = count_audit_checks();
    PLM_SET_FOREACH (plm_inspect_check_tables, struct plm_inspect_checks, t) {
        for (const struct plm_inspect_check *c = t->v; c->id; c++)
            n++;
    }
    return n;
}
/* The check of that very id (not alias) of the other kind, or NULL. */
static const struct plm_check *audit_check(const char *id)
{
    const struct plm_check *c = plm_check_find(plm_sv_from(id));
    return c && strcmp(c->id, id) == 0 ? c : NULL;
}
static const struct plm_inspect_check *inspect_check(const char *id)
{
    const struct plm_inspect_check *c = plm_inspect_check_find(plm_sv_from(id));
    return c && strcmp(c->id, id) == 0 ? c : NULL;
}
/* One that scans judge. A fault that the audit judges too is one row, the audit's. */
static void get_inspect_check(size_t i, struct row *out)
{
    const struct plm_inspect_check *c = NULL;
    PLM_SET_FOREACH (plm_inspect_check_tables, struct plm_inspect_checks, t) {
        for (const struct plm_inspect_check *at = t->v; at->id && !c; at++)
            c = i-- == 0 ? at : NULL;
    }
    if (c && !audit_check(c->id))
        *out = (struct row){{c->id, c->title, plm_severity_name(c->severity), c->group, NULL, NULL,
                             c->rationale, c->fix, NULL, NULL, NULL, NULL, NULL, NULL, c->aliases}};
}
/* "1.2.0 5.3, 1.6.0 5.4": the numbers that it has in the versions of the benchmark. */
static const char *numbers(const struct plm_check *c, struct plm_arena *a)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    for (size_t i = 0; plm_cis_versions[i]; i++) {
        plm_sv id = plm_check_cis_id(c, plm_cis_versions[i], a);
        if (id.n)
            plm_buf_printf(&b, "%s%s %.*s", b.n ? ", " : "", plm_cis_versions[i], PLM_SV_ARG(id));
    }
    return b.n ? plm_arena_cstr(a, plm_buf_sv(&b)) : NULL;
}
static const char *controls(const struct plm_check *c, struct plm_arena *a, const char *framework)
{
    struct plm_control *v;
    size_t n;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    if (plm_check_controls(c, a, &v, &n, NULL) < 0)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (plm_sv_is(v[i].framework, framework))
            plm_buf_printf(&b, "%s%.*s", b.n ? ", " : "", PLM_SV_ARG(v[i].id));
    return b.n ? plm_arena_cstr(a, plm_buf_sv(&b)) : NULL;
}
static void get_check(size_t i, struct plm_arena *a, struct row *out)
{
    const struct plm_check *c = NULL; /* the i-th of all groups; listings are sorted afterwards */
    PLM_SET_FOREACH (plm_check_groups, struct plm_check_group, g) {
        if (!c && i < g->n)
            c = &g->checks[i];
        i -= c ? 0 : g->n;
    }
    if (!c) {
        get_inspect_check(i, out);
        return;
    }
    const struct plm_inspect_check *other = inspect_check(c->id);
    const char *stage = plm_stage_name(c->stage);
    if (other)
        stage = plm_arena_printf(a, "%s, %s", stage, other->group).p;
    const char *level =
        c->level ? plm_arena_printf(a, "%u %s", c->level, c->is_manual ? "manual" : "automated").p : NULL;
    *out = (struct row){{c->id, c->title, plm_severity_name(c->severity), stage, level, c->reads,
                         c->rationale, c->fix, plm_impact_name(c->impact), numbers(c, a),
                         controls(c, a, "cis-controls"), controls(c, a, "nist-800-190"),
                         controls(c, a, "pci-dss"), controls(c, a, "attack"), c->aliases}};
}

static void get_gate(size_t i, struct plm_arena *a, struct row *out)
{
    struct plm_policy_language_row row;
    if (plm_policy_language_get(i, a, &row))
        *out = (struct row){
            {row.id, row.description, row.legacy_name, row.origin, row.state, row.superseded_by, row.params}};
}

static const struct listing listings[] = {
    {"catalogers", {"id", "summary", "type", "files"}, count_catalogers, get_cataloger},
    {"checks",
     {"id", "title", "severity", "stage", "level", "reads", "rationale", "fix", "impact", "cis-docker",
      "cis-controls", "nist-800-190", "pci-dss", "attack", "aliases"},
     count_checks,
     get_check},
    {"codes", {"id", "meaning"}, count_codes, get_code},
    {"commands", {"name", "summary", "arguments"}, count_commands, get_command},
    {"feeds", {"id", "summary", "upstream", "tested"}, count_feeds, get_feed},
    {"formats", {"id", "summary", "extension"}, count_formats, get_format},
    {"gates",
     {"id", "description", "legacy-name", "origin", "state", "superseded-by", "parameters"},
     plm_policy_language_count,
     get_gate},
    {"options", {"name", "help", "key", "default"}, count_options, get_option},
    {"schemes", {"id", "summary", "aliases"}, count_schemes, get_scheme},
};

static int by_id(const void *a, const void *b)
{
    return plm_check_id_cmp(plm_sv_from(((const struct row *)a)->values[0]),
                            plm_sv_from(((const struct row *)b)->values[0]));
}

static size_t collect(const struct listing *l, struct plm_arena *a, struct row **out)
{
    size_t n = 0, all = l->count();
    struct row *rows = plm_arena_array(a, all + 1, sizeof(*rows));
    for (size_t i = 0; rows && i < all; i++) {
        l->get(i, a, &rows[n]);
        n += rows[n].values[0] != NULL;
    }
    if (n > 1)
        qsort(rows, n, sizeof(*rows), by_id);
    *out = rows;
    return n;
}

static void put_json(struct plm_buf *b, const struct listing *l, const struct row *rows, size_t n)
{
    plm_buf_str(b, "[");
    for (size_t i = 0; i < n; i++) {
        plm_buf_str(b, i ? ",\n{" : "\n{");
        for (int k = 0; k < FIELDS_MAX && l->fields[k]; k++) {
            plm_buf_printf(b, "%s\"%s\": ", k ? ", " : "", l->fields[k]);
            if (rows[i].values[k])
                plm_text_json(b, plm_sv_from(rows[i].values[k]));
            else
                plm_buf_str(b, "null");
        }
        plm_buf_byte(b, '}');
    }
    plm_buf_str(b, "\n]\n");
}

static void put_table(struct plm_buf *b, const struct row *rows, size_t n, unsigned width)
{
    size_t column = 12;
    for (size_t i = 0; i < n; i++)
        column = strlen(rows[i].values[0]) > column ? strlen(rows[i].values[0]) : column;
    for (size_t i = 0; i < n; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_KIB(64));
        plm_help_wrap(&text, plm_sv_from(rows[i].values[1]), (unsigned)column + 2, width < 60 ? 60 : width);
        plm_buf_printf(b, "%-*s", (int)column + 2, rows[i].values[0]);
        plm_buf_sv_put(b, plm_sv_from_off(plm_buf_sv(&text), column + 2));
    }
}

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    bool json;
    plm_config_words(cli->config, &words);
    if (plm_cli_wants_json(cli, &json, err) < 0)
        return -1;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    for (size_t i = 0; i < sizeof(listings) / sizeof(listings[0]); i++) {
        struct row *rows;
        if (strcmp(words[0], listings[i].name) != 0) {
            plm_buf_printf(&b, "%s%s", i ? ", " : "", listings[i].name);
            continue;
        }
        size_t n = collect(&listings[i], cli->arena, &rows);
        plm_buf_clear(&b);
        if (json)
            put_json(&b, &listings[i], rows, n);
        else
            put_table(&b, rows, n, cli->width);
        if (plm_arena_check(cli->arena, err) < 0 || plm_buf_check(&b, err) < 0)
            return -1;
        return plm_cli_print(plm_buf_sv(&b), err);
    }
    int rc = plm_fail_id(err, PLM_E_USAGE, "usage.words", "plimsoll list: \"%s\" is not something to list",
                         words[0]);
    plm_err_hint(err, "one of %s", plm_buf_cstr(&b) ? b.p : "");
    return rc;
}

static const struct plm_command list = {
    .name = "list",
    .arguments = "WHAT",
    .summary =
        "what this program has: catalogers, checks, feeds, formats, gates, schemes, options, commands, codes",
    .help = "Lists one of: catalogers, checks, codes (of errors and diagnostics), commands, feeds, formats, "
            "gates, options, "
            "schemes.\n"
            "With -o json all that is known of each.",
    .examples = "plimsoll list formats\twhat -o understands\n"
                "plimsoll list feeds -o json\tfor a program\n",
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, list);
