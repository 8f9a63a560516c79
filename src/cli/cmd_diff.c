/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll diff OLD NEW: what came, went or changed between two sources, reports or baselines.
 *
 * Each side is reduced to three maps from a name to a value: packages to versions, findings to
 * severities, checks to outcomes. The maps are compared; O(both sides). Where each side has one
 * target, its name is no part of the names, so app:1 compares with app:2 and a directory with an image.
 */
#include "cli/scan_options.h"

#include "base/map.h"

enum { SHOWN = 20 };

enum what { PACKAGES, FINDINGS, CHECKS, WHATS };
static const char *const what_names[WHATS] = {"packages", "findings", "checks"};

struct side {
    struct plm_report *report;
    struct plm_arena *arena;
    bool has_one_target;
    struct plm_map *maps[WHATS]; /* name to a plm_sv in the arena */
};

struct change {
    plm_sv name, before, after; /* null: not there */
};
struct changes {
    PLM_VEC(struct change) v[WHATS];
};

static void side_done(struct side *s)
{
    for (int i = 0; i < WHATS; i++)
        plm_map_free(s->maps[i]);
    plm_arena_free(s->arena);
    plm_report_free(s->report);
}
PLM_CLEANUP_INPLACE(struct side, side_done)

/* ---- one side ------------------------------------------------------------------------------------ */

static plm_sv name_of(const struct side *s, uint32_t target, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static plm_sv name_of(const struct side *s, uint32_t target, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    plm_auto_free char *owned = text;
    if (!owned)
        return PLM_SV_NULL;
    if (s->has_one_target || target >= s->report->targets.n)
        return plm_arena_sv(s->arena, plm_sv_from(owned));
    return plm_arena_printf(s->arena, "%.*s: %s", PLM_SV_ARG(s->report->targets.v[target].id), owned);
}

/* The same name twice (two versions of a package): both values, in the order of the report. */
static int put(struct side *s, enum what what, plm_sv name, plm_sv value, plm_err **err)
{
    void **slot = name.p ? plm_map_put(s->maps[what], name) : NULL;
    plm_sv *v = slot ? plm_arena_make(s->arena, plm_sv) : NULL;
    if (!v)
        return plm_fail_oom(err);
    plm_sv *old = *slot;
    bool is_same = old && plm_sv_eq(*old, value);
    *v = old && !is_same ? plm_arena_printf(s->arena, "%.*s, %.*s", PLM_SV_ARG(*old), PLM_SV_ARG(value))
                         : value;
    *slot = v;
    return plm_arena_check(s->arena, err);
}

static int put_all(struct side *s, plm_err **err)
{
    const struct plm_report *r = s->report;
    for (size_t i = 0; i < r->packages.n; i++) {
        const struct plm_package *p = &r->packages.v[i];
        plm_sv name = name_of(s, p->target, "%.*s (%.*s%s%.*s)", PLM_SV_ARG(p->name), PLM_SV_ARG(p->type),
                              p->arch.n ? ", " : "", PLM_SV_ARG(p->arch));
        if (put(s, PACKAGES, name, p->version, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct plm_finding *f = &r->findings.v[i];
        plm_sv in = f->package < r->packages.n ? r->packages.v[f->package].name
                    : f->object.n              ? f->object
                                               : f->path;
        plm_sv name = name_of(s, f->target, "%.*s in %.*s", PLM_SV_ARG(f->id), PLM_SV_ARG(in));
        if (!f->suppressed && put(s, FINDINGS, name, plm_sv_from(plm_severity_name(f->severity)), err) < 0)
            return -1;
    }
    for (size_t i = 0; i < r->checks.n; i++) {
        const struct plm_check_row *c = &r->checks.v[i];
        plm_sv name = name_of(s, c->target, "%.*s on %.*s", PLM_SV_ARG(c->id), PLM_SV_ARG(c->object));
        if (put(s, CHECKS, name, plm_sv_from(plm_outcome_name(c->outcome)), err) < 0)
            return -1;
    }
    return 0;
}

static int side_open(struct plm_cli *cli, struct plm_scan_setup *setup, const char *word, struct side *s,
                     plm_err **err)
{
    s->report = plm_scan_report_of(cli, setup, word, err);
    if (!s->report)
        return -1;
    s->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    for (int i = 0; i < WHATS; i++)
        if (!(s->maps[i] = plm_map_new()))
            return plm_fail_oom(err);
    if (!s->arena)
        return plm_fail_oom(err);
    s->has_one_target = s->report->targets.n <= 1;
    for (size_t i = 0; i < s->report->targets.n; i++)
        if (s->report->targets.v[i].is_incomplete)
            plm_cli_note(
                cli, "%s: a part of it could not be read or judged, so what seems to have gone may be there",
                word);
    return 0;
}

/* ---- both ------------------------------------------------------------------------------------------ */

static int by_name(const void *va, const void *vb)
{
    return plm_sv_cmp(((const struct change *)va)->name, ((const struct change *)vb)->name);
}

static int add(struct plm_arena *a, struct changes *c, int what, plm_sv name, const plm_sv *before,
               const plm_sv *after, plm_err **err)
{
    struct change *row = plm_vec_push(a, &c->v[what]);
    if (!row)
        return plm_arena_check(a, err);
    *row = (struct change){
        .name = name, .before = before ? *before : PLM_SV_NULL, .after = after ? *after : PLM_SV_NULL};
    return 0;
}

static int compare(const struct side *old, const struct side *new, struct plm_arena *a, struct changes *out,
                   plm_err **err)
{
    for (int w = 0; w < WHATS; w++) {
        for (size_t i = 0; i < plm_map_count(old->maps[w]); i++) {
            plm_sv name = plm_map_key(old->maps[w], i);
            const plm_sv *x = plm_map_value(old->maps[w], i), *y = plm_map_get(new->maps[w], name);
            if ((!y || !plm_sv_eq(*x, *y)) && add(a, out, w, name, x, y, err) < 0)
                return -1;
        }
        for (size_t i = 0; i < plm_map_count(new->maps[w]); i++) {
            plm_sv name = plm_map_key(new->maps[w], i);
            if (!plm_map_get(old->maps[w], name) &&
                add(a, out, w, name, NULL, plm_map_value(new->maps[w], i), err) < 0)
                return -1;
        }
        if (out->v[w].n)
            qsort(out->v[w].v, out->v[w].n, sizeof(*out->v[w].v), by_name);
    }
    return 0;
}

static void put_json(struct plm_buf *b, const struct changes *c)
{
    plm_buf_byte(b, '{');
    for (int w = 0; w < WHATS; w++) {
        plm_buf_printf(b, "%s\n\"%s\": [", w ? "," : "", what_names[w]);
        for (size_t i = 0; i < c->v[w].n; i++) {
            const plm_sv values[] = {c->v[w].v[i].before, c->v[w].v[i].after};
            plm_buf_str(b, i ? ",\n {\"name\": " : "\n {\"name\": ");
            plm_text_json(b, c->v[w].v[i].name);
            for (int k = 0; k < 2; k++) {
                plm_buf_str(b, k ? ", \"after\": " : ", \"before\": ");
                if (values[k].p)
                    plm_text_json(b, values[k]);
                else
                    plm_buf_str(b, "null");
            }
            plm_buf_byte(b, '}');
        }
        plm_buf_str(b, "]");
    }
    plm_buf_str(b, "\n}\n");
}

static void put_line(struct plm_buf *b, const struct change *c)
{
    plm_buf_str(b, !c->before.p ? "  + " : !c->after.p ? "  - " : "  ~ ");
    plm_text_escape(b, c->name);
    plm_buf_str(b, "  ");
    plm_text_escape(b, c->before.p ? c->before : c->after);
    if (c->before.p && c->after.p) {
        plm_buf_str(b, " -> ");
        plm_text_escape(b, c->after);
    }
    plm_buf_byte(b, '\n');
}

static void put_table(struct plm_buf *b, const struct changes *c, bool all)
{
    for (int w = 0; w < WHATS; w++) {
        size_t counts[3] = {0}, n = c->v[w].n;
        for (size_t i = 0; i < n; i++)
            counts[!c->v[w].v[i].before.p ? 0 : !c->v[w].v[i].after.p ? 1 : 2]++;
        plm_buf_printf(b, "%s: %zu came, %zu went, %zu changed\n", what_names[w], counts[0], counts[1],
                       counts[2]);
        size_t shown = all || n < SHOWN ? n : SHOWN;
        for (size_t i = 0; i < shown; i++)
            put_line(b, &c->v[w].v[i]);
        if (shown < n)
            plm_buf_printf(b, "    and %zu more: -v or -o json\n", n - shown);
    }
}

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    bool json;
    struct changes changes = {0};
    plm_auto_done(plm_scan_setup_done) struct plm_scan_setup s = {0};
    plm_auto_done(side_done) struct side old = {0}, new = {0};
    plm_config_words(cli->config, &words);
    if (plm_cli_wants_json(cli, &json, err) < 0 ||
        plm_scan_setup(cli, PLM_SETUP_NO_WORDS | PLM_SETUP_VULNERABILITIES, &s, err) < 0 ||
        side_open(cli, &s, words[0], &old, err) < 0 || side_open(cli, &s, words[1], &new, err) < 0)
        return -1;
    old.has_one_target = new.has_one_target = old.has_one_target &&new.has_one_target;
    if (put_all(&old, err) < 0 || put_all(&new, err) < 0 || compare(&old, &new, s.arena, &changes, err) < 0)
        return -1;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(512));
    if (json)
        put_json(&b, &changes);
    else
        put_table(&b, &changes, cli->verbose > 0);
    return plm_buf_check(&b, err) < 0 ? -1 : plm_cli_print(plm_buf_sv(&b), err);
}

static const struct plm_command diff = {
    .name = "diff",
    .arguments = "OLD NEW",
    .summary = "what came, went or changed between two images, reports or baselines",
    .help = "OLD and NEW are sources or saved reports. Packages are compared by version, findings by "
            "severity, checks by "
            "outcome; suppressed findings do not count. The table stops after 20 of a kind unless -v is "
            "given; json has "
            "all of them.",
    .examples = "plimsoll diff app:1.4 app:1.5\twhat the new image brings\n"
                "plimsoll diff yesterday.json today.json\ttwo reports of plimsoll check\n",
    .foreign = " compare delta ",
    .min_words = 2,
    .max_words = 2,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, diff);
