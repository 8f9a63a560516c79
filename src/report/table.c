/* SPDX-License-Identifier: Apache-2.0
 *
 * The table for people: what to do first, what cannot be fixed yet, what could not be looked at,
 * the verdict last. Fits into 60 to 200 columns; text that came from an image is escaped and cut
 * to its column. Colour is by severity only, and only where the caller says so.
 *
 * A vulnerability that touches several binary packages of one source is one line: people upgrade
 * sources. Groups hold a few lines; -v lists everything. O(n log n) in the findings.
 */
#include "base/map.h"
#include "table_int.h"

enum { WIDTH_DEFAULT = 80, WIDTH_MIN = 60, WIDTH_MAX = 200, LINES_MAX = 8 };

/* ---- pieces of lines ------------------------------------------------------------------------- */

void plm_table_fit(struct plm_buf *out, plm_sv s, size_t width)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_text_escape(&b, s);
    plm_sv text = plm_buf_sv(&b);
    if (plm_text_width(text) <= width) {
        plm_buf_sv_put(out, text);
        return;
    }
    size_t dots = width < 3 ? width : 3, used = 0, at = 0;
    while (at < text.n) {
        uint32_t cp;
        size_t n = plm_utf8_next(plm_sv_from_off(text, at), &cp);
        n = n ? n : 1;
        size_t w = plm_text_width(plm_sv_sub(text, at, n));
        if (used + w > width - dots)
            break;
        used += w;
        at += n;
    }
    plm_buf_sv_put(out, plm_sv_sub(text, 0, at));
    plm_buf_printf(out, "%.*s", (int)dots, "...");
}

void plm_table_column(struct plm_buf *out, plm_sv s, size_t width)
{
    size_t start = out->n;
    plm_table_fit(out, s, width);
    size_t used = plm_text_width(plm_sv_from_off(plm_buf_sv(out), start));
    if (used < width)
        plm_buf_printf(out, "%*s", (int)(width - used), "");
}

static const char *color_of(enum plm_severity s)
{
    switch (s) {
    case PLM_SEV_CRITICAL:
        return "\033[1;31m";
    case PLM_SEV_HIGH:
        return "\033[31m";
    case PLM_SEV_MEDIUM:
        return "\033[33m";
    case PLM_SEV_LOW:
        return "\033[36m";
    case PLM_SEV_NEGLIGIBLE:
    case PLM_SEV_UNKNOWN:
    case PLM_SEV_COUNT_:
        return "\033[2m";
    }
    return "";
}

void plm_table_severity(const struct plm_table *t, enum plm_severity s, size_t width)
{
    const char *name = plm_severity_name(s);
    size_t n = strlen(name);
    plm_buf_printf(t->out, "%s%s%s%*s", t->opt->color ? color_of(s) : "", name,
                   t->opt->color ? "\033[0m" : "", (int)(width > n ? width - n : 0), "");
}

/* "2 critical, 5 high" with colours; the text without them gives the width. */
static void put_counts(struct plm_buf *out, const uint64_t *by_severity, bool color)
{
    bool any = false;
    for (int i = PLM_SEV_COUNT_ - 1; i >= 0; i--) {
        if (!by_severity[i])
            continue;
        plm_buf_printf(out, "%s%s%llu %s%s", any ? ", " : "", color ? color_of((enum plm_severity)i) : "",
                       (unsigned long long)by_severity[i], plm_severity_name((enum plm_severity)i),
                       color ? "\033[0m" : "");
        any = true;
    }
    if (!any)
        plm_buf_str(out, "none");
}

void plm_table_counts(const struct plm_table *t, const uint64_t *by_severity)
{
    put_counts(t->out, by_severity, t->opt->color);
}

void plm_table_heading(const struct plm_table *t, const char *text)
{
    plm_buf_printf(t->out, "\n%s%s%s", t->opt->color ? "\033[1m" : "", text, t->opt->color ? "\033[0m" : "");
}

/* ---- one finding a line ------------------------------------------------------------------------ */

static void put_likelihood(const struct plm_finding *f, struct plm_buf *b)
{
    if (f->kev)
        plm_buf_str(b, "exploited ");
    if (f->epss >= 0.001)
        plm_buf_printf(b, "epss %.1f%% ", f->epss * 100);
}

static void put_state(const struct plm_finding *f, struct plm_buf *b)
{
    switch (f->fix) {
    case PLM_FIX_WONT_FIX:
        plm_buf_str(b, "won't be fixed ");
        break;
    case PLM_FIX_DEFERRED:
        plm_buf_str(b, "deferred ");
        break;
    case PLM_FIX_END_OF_LIFE:
        plm_buf_str(b, "end of life ");
        break;
    case PLM_FIX_UNKNOWN:
    case PLM_FIX_FIXED:
    case PLM_FIX_NOT_FIXED:
    case PLM_FIX_NOT_AFFECTED:
    case PLM_FIX_COUNT_:
        break;
    }
}

static void put_place(const struct plm_finding *f, struct plm_buf *b)
{
    if (f->package == PLM_NONE && f->object.p)
        plm_buf_printf(b, "%.*s ", PLM_SV_ARG(f->object));
    if (f->package == PLM_NONE && f->path.p && !(f->object.p && plm_sv_eq(f->path, f->object))) {
        plm_buf_printf(b, "%.*s", PLM_SV_ARG(f->path));
        if (f->line)
            plm_buf_printf(b, ":%u", f->line);
        plm_buf_byte(b, ' ');
    }
}

void plm_table_finding(const struct plm_table *t, const struct plm_finding *f, size_t id_width, plm_sv lead)
{
    plm_auto_done(plm_buf_done) struct plm_buf tail = PLM_BUF(PLM_MIB(1));
    plm_buf_str(t->out, "  ");
    plm_table_severity(t, f->severity, 10);
    plm_buf_byte(t->out, ' ');
    plm_table_column(t->out, f->id, id_width);
    size_t left = t->width - 13 - id_width;
    if (lead.n) {
        size_t w = left > 60 ? left / 2 : left / 2 + 4;
        plm_buf_byte(t->out, ' ');
        plm_table_column(t->out, lead, w - 1);
        left -= w;
    }
    put_likelihood(f, &tail);
    put_state(f, &tail);
    put_place(f, &tail);
    if (f->is_new)
        plm_buf_str(&tail, "new ");
    if (f->suppressed)
        plm_buf_printf(&tail, "(suppressed: %.*s) ", PLM_SV_ARG(f->suppressed->by));
    plm_buf_sv_put(&tail, f->title);
    plm_sv text = plm_sv_trim(plm_buf_sv(&tail));
    if (text.n && left > 4) {
        plm_buf_byte(t->out, ' ');
        plm_table_fit(t->out, text, left - 1);
    }
    while (t->out->n && t->out->p[t->out->n - 1] == ' ')
        t->out->n--;
    plm_buf_byte(t->out, '\n');
}

/* Ids separated by commas into one line, then how many more there are. */
static void id_line(const struct plm_table *t, const struct plm_bunch *g, size_t from)
{
    size_t column = 2, n = g->findings.n, i = from;
    plm_buf_str(t->out, "  ");
    for (; i < n; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
        plm_table_fit(&b, g->findings.v[i]->id, 40);
        size_t w = plm_text_width(plm_buf_sv(&b)) + 2;
        size_t reserve = i + 1 < n ? 10 : 0; /* for ", +1234" */
        if (i > from && column + w + reserve > t->width)
            break;
        plm_buf_printf(t->out, "%s%.*s", i > from ? ", " : "", PLM_SV_ARG(plm_buf_sv(&b)));
        column += w;
    }
    if (i < n)
        plm_buf_printf(t->out, ", +%zu", n - i);
    plm_buf_byte(t->out, '\n');
}

/* ---- groups ------------------------------------------------------------------------------------- */

static size_t id_width_of(const struct plm_bunch *g, size_t n)
{
    size_t width = 14;
    for (size_t i = 0; i < n; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
        plm_table_fit(&b, g->findings.v[i]->id, 24);
        size_t w = plm_text_width(plm_buf_sv(&b));
        width = w > width ? w : width;
    }
    return width;
}

static void names_line(const struct plm_table *t, const struct plm_bunch *g)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    bool same = g->names.n == 1 && plm_sv_eq(g->names.v[0], g->title);
    for (size_t i = 0; !same && i < g->names.n; i++)
        plm_buf_printf(&b, "%s%.*s", i ? ", " : "in ", PLM_SV_ARG(g->names.v[i]));
    if (g->layer != PLM_NONE) {
        plm_buf_printf(&b, "%slayer %u%s", b.n ? "; " : "", g->layer, g->is_base ? " (base image)" : "");
        if (g->created_by.n)
            plm_buf_printf(&b, ": %.*s", PLM_SV_ARG(g->created_by));
    }
    if (!b.n)
        return;
    plm_buf_str(t->out, "  ");
    plm_table_fit(t->out, plm_buf_sv(&b), t->width - 2);
    plm_buf_byte(t->out, '\n');
}

/* "openssl 3.0.11-1 -> 3.0.15-1      2 critical, 5 high", on two lines where one is too narrow. */
static void group_line(const struct plm_table *t, const struct plm_bunch *g)
{
    plm_auto_done(plm_buf_done) struct plm_buf head = PLM_BUF(PLM_MIB(1));
    plm_auto_done(plm_buf_done) struct plm_buf plain = PLM_BUF(PLM_KIB(4));
    plm_buf_printf(&head, "%.*s", PLM_SV_ARG(g->title));
    if (g->from.p)
        plm_buf_printf(&head, " %.*s", PLM_SV_ARG(g->from));
    if (g->to.p)
        plm_buf_printf(&head, " -> %.*s", PLM_SV_ARG(g->to));
    put_counts(&plain, g->counts, false);
    size_t counts_width = plm_text_width(plm_buf_sv(&plain));
    plm_buf_str(t->out, t->opt->color ? "\033[1m" : "");
    size_t start = t->out->n;
    plm_table_fit(t->out, plm_buf_sv(&head), t->width);
    size_t used = plm_text_width(plm_sv_from_off(plm_buf_sv(t->out), start));
    plm_buf_str(t->out, t->opt->color ? "\033[0m" : "");
    size_t column = t->width / 2 > used + 2 ? t->width / 2 : used + 2;
    if (column + counts_width > t->width)
        column = used + 2;
    if (column + counts_width > t->width) {
        plm_buf_str(t->out, "\n  ");
        column = used = 0;
    }
    plm_buf_printf(t->out, "%*s", (int)(column - used), "");
    plm_table_counts(t, g->counts);
    plm_buf_byte(t->out, '\n');
}

void plm_table_group(const struct plm_table *t, const struct plm_bunch *g, bool brief)
{
    group_line(t, g);
    names_line(t, g);
    bool all = t->opt->verbose > 0;
    size_t n = g->findings.n, shown = all ? n : brief ? 0 : n <= LINES_MAX ? n : LINES_MAX - 1;
    size_t width = id_width_of(g, shown);
    for (size_t i = 0; i < shown; i++)
        plm_table_finding(t, g->findings.v[i], width, PLM_SV_NULL);
    if (shown < n)
        id_line(t, g, shown);
}

/* ---- sections ------------------------------------------------------------------------------------ */

static void target_line(const struct plm_table *t, const struct plm_target *target, size_t packages)
{
    const struct plm_report *r = t->r;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    const char *colon = target->scheme.p && plm_sv_eq(target->id, target->reference) ? ":" : NULL;
    plm_buf_printf(&b, "%.*s%s%.*s", PLM_SV_ARG(colon ? target->scheme : PLM_SV_NULL), colon ? colon : "",
                   PLM_SV_ARG(target->id));
    plm_buf_str(t->out, t->opt->color ? "\033[1m" : "");
    plm_table_fit(t->out, plm_buf_sv(&b), t->width);
    plm_buf_printf(t->out, "%s\n  ", t->opt->color ? "\033[0m" : "");
    plm_buf_clear(&b);
    const struct plm_distro *d = &target->distro;
    if (d->pretty.n)
        plm_buf_sv_put(&b, d->pretty);
    else if (d->id.n)
        plm_buf_printf(&b, "%.*s %.*s", PLM_SV_ARG(d->id), PLM_SV_ARG(d->version));
    else
        plm_buf_str(&b, "no known distribution");
    if (d->eol == PLM_EOL_ENDED)
        plm_buf_str(&b, ", END OF LIFE");
    if (target->platform.n)
        plm_buf_printf(&b, ", %.*s", PLM_SV_ARG(target->platform));
    if (target->created && r->started > target->created) {
        plm_buf_str(&b, ", made ");
        plm_text_age(&b, r->started - target->created);
        plm_buf_str(&b, " ago");
    }
    if (!plm_sv_is(target->scheme, "facts")) /* saved facts have no package rows of the report */
        plm_buf_printf(&b, ", %zu package%s", packages, packages == 1 ? "" : "s");
    if (target->layers.n)
        plm_buf_printf(&b, ", %zu layer%s", target->layers.n, target->layers.n == 1 ? "" : "s");
    plm_table_fit(t->out, plm_buf_sv(&b), t->width - 2);
    plm_buf_byte(t->out, '\n');
}

/* "high  layer.truncated  /a/b: message" and the hint below it, wrapped by cutting. */
static void diagnostics(const struct plm_table *t)
{
    const struct plm_report *r = t->r;
    if (!r->diagnostics.n)
        return;
    plm_table_heading(t, "COULD NOT LOOK");
    plm_buf_printf(t->out, "  %zu diagnostic%s\n", r->diagnostics.n, r->diagnostics.n == 1 ? "" : "s");
    for (size_t i = 0; i < r->diagnostics.n; i++) {
        const struct plm_diagnostic *d = &r->diagnostics.v[i];
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        if (r->targets.n > 1 && d->target < r->targets.n)
            plm_buf_printf(&b, "%.*s: ", PLM_SV_ARG(r->targets.v[d->target].id));
        if (d->object.n)
            plm_buf_printf(&b, "%.*s: ", PLM_SV_ARG(d->object));
        plm_buf_sv_put(&b, d->message);
        plm_buf_str(t->out, "  ");
        plm_table_severity(t, d->severity, 10);
        plm_buf_byte(t->out, ' ');
        plm_table_fit(t->out, d->code, t->width - 13);
        plm_buf_byte(t->out, '\n');
        plm_table_wrap(t, plm_buf_sv(&b), 13);
        if (d->hint.n) {
            plm_buf_clear(&b);
            plm_buf_printf(&b, "try: %.*s", PLM_SV_ARG(d->hint));
            plm_table_wrap(t, plm_buf_sv(&b), 13);
        }
    }
}

/* Escaped, broken at blanks, or inside a word that is longer than a line. */
void plm_table_wrap(const struct plm_table *t, plm_sv s, size_t indent)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_text_escape(&b, s);
    plm_sv rest = plm_buf_sv(&b), word;
    size_t column = 0;
    while (plm_sv_word(&rest, &word)) {
        size_t w = plm_text_width(word);
        if (column && column + 1 + w > t->width) {
            plm_buf_byte(t->out, '\n');
            column = 0;
        }
        if (column)
            plm_buf_byte(t->out, ' ');
        else
            plm_buf_printf(t->out, "%*s", (int)indent, "");
        column = column ? column + 1 : indent;
        plm_table_fit(t->out, word, t->width - column);
        column += w < t->width - column ? w : t->width - column;
    }
    plm_buf_byte(t->out, '\n');
}

static void suppressed(const struct plm_table *t)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(16));
    plm_sv_vec by = {0};
    for (size_t i = 0; a && i < t->r->findings.n; i++)
        if (t->r->findings.v[i].suppressed)
            plm_sv_vec_add(a, &by, t->r->findings.v[i].suppressed->by);
    if (!by.n)
        return;
    size_t total = by.n;
    plm_sv_vec_sort_unique(&by);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_buf_printf(&b, "%zu finding%s suppressed by ", total, total == 1 ? "" : "s");
    for (size_t i = 0; i < by.n; i++)
        plm_buf_printf(&b, "%s%.*s", i ? ", " : "", PLM_SV_ARG(by.v[i]));
    if (!t->opt->show_suppressed)
        plm_buf_str(&b, "; --show-suppressed lists them");
    plm_buf_byte(t->out, '\n');
    plm_table_wrap(t, plm_buf_sv(&b), 0);
}

/* How many different ids the findings that count have: the report has one finding per package, people count
 * flaws. */
static size_t distinct_flaws(const struct plm_report *r)
{
    plm_auto(plm_map_free) struct plm_map *seen = plm_map_new();
    for (size_t i = 0; seen && i < r->findings.n; i++) {
        void **slot = r->findings.v[i].suppressed ? NULL : plm_map_put(seen, r->findings.v[i].id);
        if (slot)
            *slot = seen;
    }
    return seen ? plm_map_count(seen) : 0;
}

static void summary(const struct plm_table *t)
{
    const struct plm_counts *c = &t->r->counts;
    plm_auto_done(plm_buf_done) struct plm_buf plain = PLM_BUF(PLM_KIB(4));
    uint64_t total = t->r->findings.n - c->suppressed;
    size_t flaws = distinct_flaws(t->r);
    if (total == 0) {
        plm_buf_printf(t->out, "\nNo findings in %llu package%s.\n", (unsigned long long)c->packages,
                       c->packages == 1 ? "" : "s");
        return;
    }
    plm_buf_printf(t->out, "\n%llu finding%s", (unsigned long long)total, total == 1 ? "" : "s");
    if (flaws < total)
        plm_buf_printf(t->out, " of %zu flaw%s", flaws, flaws == 1 ? "" : "s");
    put_counts(&plain, c->by_severity, false);
    plm_buf_str(t->out, plain.n + 30 > t->width ? ":\n  " : ": ");
    put_counts(t->out, c->by_severity, t->opt->color);
    if (c->by_kind[PLM_KIND_VULNERABILITY])
        plm_buf_printf(t->out, "%s%llu can be fixed", plain.n + 55 > t->width ? ";\n  " : "; ",
                       (unsigned long long)c->fixable);
    plm_buf_byte(t->out, '\n');
    if (t->opt->min_severity > PLM_SEV_UNKNOWN)
        plm_buf_printf(t->out, "Shown: %s and above.\n", plm_severity_name(t->opt->min_severity));
}

static int write_table(const struct plm_report *r, const struct plm_report_options *opt, struct plm_buf *out,
                       plm_err **err)
{
    unsigned width = opt->width ? opt->width : WIDTH_DEFAULT;
    struct plm_table t = {.r = r, .opt = opt, .out = out};
    t.width = width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    const struct plm_finding **list = NULL;
    size_t n = 0;
    if (!a)
        return plm_fail_oom(err);
    plm_auto(plm_map_free) struct plm_map *audited = plm_map_new();
    if (!audited)
        return plm_fail_oom(err);
    if (plm_report_audited(r, a, audited, err) < 0 || plm_report_select(r, opt, &list, &n, err) < 0)
        return -1;
    if (opt->one_screen && !opt->verbose && r->scores.n) {
        free(list);
        plm_table_screen(&t);
        return plm_buf_check(out, err);
    }
    size_t kept = 0; /* failed checks stand with their stage */
    for (size_t i = 0; i < n; i++)
        if (!plm_report_check_of(r, list[i]))
            list[kept++] = list[i];
    n = kept;
    for (uint32_t i = 0; i < r->targets.n; i++) {
        size_t packages = 0;
        for (size_t k = 0; k < r->packages.n; k++)
            packages += r->packages.v[k].target == i;
        plm_buf_str(out, i ? "\n" : "");
        if (plm_sv_is(r->targets.v[i].scheme, "audit"))
            plm_table_checks(&t, a, audited, i);
        else
            target_line(&t, &r->targets.v[i], packages);
        if (!opt->only_verdict)
            plm_table_findings(&t, a, list, n, i);
    }
    free(list);
    diagnostics(&t);
    if (!opt->only_verdict)
        suppressed(&t);
    if (!opt->only_verdict)
        summary(&t);
    plm_table_verdict(&t);
    return plm_arena_check(a, err) < 0 ? -1 : plm_buf_check(out, err);
}

static const struct plm_format table = {
    .id = "table",
    .summary = "for people: grouped by the upgrade that fixes most, verdict last (the default)",
    .extension = "txt",
    .write = write_table,
};
PLM_REGISTER(plm_formats, struct plm_format, table);
