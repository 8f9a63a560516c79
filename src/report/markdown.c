/* SPDX-License-Identifier: Apache-2.0
 *
 * Markdown (GitHub flavour) for comments of pull requests and job summaries: verdict, stages, what to mend
 * first, failed checks, vulnerabilities, what could not be looked at.
 *
 * Code hosts refuse more than 65,536 characters. A section takes what the later ones do not need at least,
 * always in whole rows and worst first; how many rows were left out stands below it. Characters are counted
 * as UTF-16 units, the strictest of the countings in use. Untrusted text goes through escape.c only.
 */
#include "base/map.h"
#include "escape.h"
#include "report_int.h"

enum {
    CHARS_MAX = 65536,
    TAIL = 1500,    /* for the sentences about what was left out, and the last line */
    RESERVE = 8000, /* kept for each later section that has rows */
    OBJECTS_SHOWN = 4,
    REASONS_MAX = 20,
    COMMAND_MAX = 1000,
};

struct row_of_check {
    const struct plm_finding *first;
    size_t n;
    plm_sv_vec objects;
};

struct md {
    const struct plm_report *r;
    const struct plm_report_options *opt;
    struct plm_buf *out;
    size_t used, later; /* characters so far; later sections that have rows */
    size_t left_out;
};

/* ---- counting -------------------------------------------------------------------------------------- */

static size_t units(plm_sv s)
{
    size_t n = 0;
    uint32_t cp;
    for (size_t i = 0; i < s.n;) {
        size_t k = plm_utf8_next(plm_sv_from_off(s, i), &cp);
        n += k == 4 ? 2 : 1;
        i += k ? k : 1;
    }
    return n;
}

/* The row, if it fits; it is emptied for the next one. */
static bool put(struct md *m, struct plm_buf *row)
{
    size_t n = units(plm_buf_sv(row));
    if (row->failed && !m->out->failed)
        m->out->failed = row->failed;
    bool fits = m->used + n + TAIL + m->later * RESERVE <= CHARS_MAX;
    if (fits) {
        plm_buf_sv_put(m->out, plm_buf_sv(row));
        m->used += n;
    }
    plm_buf_clear(row);
    return fits;
}

/* Small texts of our own, which TAIL has room for. */
static void say(struct md *m, const char *text)
{
    plm_buf_str(m->out, text);
    m->used += units(plm_sv_from(text));
}

static void say_buf(struct md *m, const struct plm_buf *b)
{
    plm_buf_sv_put(m->out, plm_buf_sv(b));
    m->used += units(plm_buf_sv(b));
    if (b->failed && !m->out->failed)
        m->out->failed = b->failed;
}

static void say_left_out(struct md *m, size_t n, const char *what)
{
    if (!n)
        return;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    plm_buf_printf(&b, "\n_%zu more %s not shown here; the json and html formats have all of them._\n", n,
                   what);
    say_buf(m, &b);
    plm_report_note(m->opt, "markdown: %zu more %s left out, 65,536 characters are the limit of code hosts",
                    n, what);
    m->left_out += n;
}

/* ---- head ------------------------------------------------------------------------------------------ */

static void put_verdict(struct md *m)
{
    const struct plm_report *r = m->r;
    const struct plm_verdict *v = &r->verdict;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_buf_printf(&b, "## plimsoll: %s\n\n", plm_result_name(v->result));
    if (r->host_name.n) {
        plm_esc_markdown_code(&b, r->host_name, PLM_ESC_LINE);
        plm_buf_str(&b, r->host_os.n ? ", " : "");
        plm_esc_markdown(&b, r->host_os, PLM_ESC_LINE);
        plm_buf_str(&b, "\n\n");
    }
    put(m, &b);
    size_t n = v->reasons.n < REASONS_MAX ? v->reasons.n : REASONS_MAX;
    for (size_t i = 0; i < n; i++) {
        plm_buf_str(&b, "- ");
        plm_esc_markdown(&b, v->reasons.v[i], PLM_ESC_LINE);
        plm_buf_str(&b, "\n");
        put(m, &b);
    }
    say_left_out(m, v->reasons.n - n, "reasons");
    size_t shown = 0, decided = 0;
    for (size_t i = 0; i < v->rules.n; i++) {
        const struct plm_verdict_rule *rule = &v->rules.v[i];
        if (plm_sv_is(rule->action, "go"))
            continue;
        if (decided++ >= REASONS_MAX)
            continue;
        plm_buf_str(&b, "- ");
        if (!plm_sv_is(rule->gate, "fail-on")) {
            plm_esc_markdown(&b, rule->action, PLM_ESC_LINE);
            plm_buf_byte(&b, ' ');
            plm_esc_markdown(&b, rule->gate, PLM_ESC_LINE);
            plm_buf_byte(&b, '.');
        }
        plm_esc_markdown(&b, rule->trigger, PLM_ESC_LINE);
        plm_buf_str(&b, ": ");
        plm_esc_markdown(&b, rule->message, PLM_ESC_LINE);
        plm_buf_str(&b, "\n");
        put(m, &b);
        shown++;
    }
    say_left_out(m, decided - shown, "rules");
}

static void put_stages(struct md *m)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    const struct plm_report *r = m->r;
    if (!r->scores.n)
        return;
    plm_buf_str(&b, "\n| stage | score | pass | fail | manual | n/a | unknown | vulnerabilities |\n"
                    "|---|--:|--:|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < r->scores.n; i++) {
        const struct plm_stage_score *s = &r->scores.v[i];
        plm_buf_str(&b, "| ");
        plm_esc_markdown(&b, s->name, PLM_ESC_LINE);
        if (s->is_judged)
            plm_buf_printf(&b, " | **%u**", s->score);
        else
            plm_buf_str(&b, " | nothing to judge");
        for (int k = 0; k < PLM_OUTCOMES; k++)
            plm_buf_printf(&b, " | %llu", (unsigned long long)s->outcomes[k]);
        plm_buf_printf(&b, " | %llu |\n", (unsigned long long)s->vulnerabilities);
    }
    put(m, &b);
}

/* A fenced block: the fence is longer than any run of backticks inside. */
static void put_command(struct plm_buf *b, plm_sv command)
{
    static const char indent[] = "    "; /* inside the numbered list */
    size_t longest = 2, run = 0, cut;
    for (size_t i = 0; i < command.n; i++) {
        run = command.p[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    longest = longest > 200 ? 200 : longest;
    plm_sv rest = plm_esc_clip(command, COMMAND_MAX, &cut), line;
    plm_buf_printf(b, "\n%s", indent);
    for (size_t i = 0; i <= longest; i++)
        plm_buf_byte(b, '`');
    plm_buf_str(b, "text\n");
    while (plm_sv_line(&rest, &line)) {
        plm_buf_str(b, indent);
        plm_esc_plain(b, line, COMMAND_MAX);
        plm_buf_byte(b, '\n');
    }
    plm_buf_str(b, indent);
    for (size_t i = 0; i <= longest; i++)
        plm_buf_byte(b, '`');
    plm_buf_byte(b, '\n');
}

static void put_fixes(struct md *m)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    size_t n = m->r->fixes.n, i = 0;
    if (!n)
        return;
    m->later--;
    say(m, "\n### Mend first\n\n");
    for (; i < n; i++) {
        const struct plm_fix_row *f = &m->r->fixes.v[i];
        plm_buf_printf(&b, "%zu. **", i + 1);
        plm_esc_markdown(&b, f->title.n ? f->title : PLM_SV("-"), PLM_ESC_LINE);
        plm_buf_str(&b, "** (");
        plm_esc_markdown(&b, f->impact, PLM_ESC_LINE);
        plm_buf_printf(&b, ", closes %zu)\n", f->closes.n);
        if (plm_sv_trim(f->command).n)
            put_command(&b, f->command);
        if (!put(m, &b))
            break;
    }
    say_left_out(m, n - i, "fixes are");
}

/* ---- findings -------------------------------------------------------------------------------------- */

static void put_check_row(struct plm_buf *b, const struct row_of_check *c)
{
    const struct plm_finding *f = c->first;
    plm_buf_printf(b, "| %s | **", plm_severity_name(f->severity));
    plm_esc_markdown(b, f->id.n ? f->id : PLM_SV("-"), PLM_ESC_LINE);
    plm_buf_str(b, "** ");
    plm_esc_markdown(b, f->title, PLM_ESC_LINE);
    plm_buf_str(b, " | ");
    for (size_t i = 0; i < c->objects.n; i++) {
        plm_buf_str(b, i ? ", " : "");
        plm_esc_markdown_code(b, c->objects.v[i], 100);
    }
    if (c->n > c->objects.n)
        plm_buf_printf(b, " and %zu more", c->n - c->objects.n);
    plm_buf_str(b, " | ");
    if (f->evidence.n)
        plm_esc_markdown_code(b, f->evidence.v[0], PLM_ESC_LINE);
    plm_buf_str(b, " |\n");
}

/* Findings of one check, or of one rule of any other kind, are one row. */
static int put_failed(struct md *m, struct plm_arena *a, const struct plm_finding *const *list, size_t n,
                      plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_auto(plm_map_free) struct plm_map *by_id = plm_map_new();
    PLM_VEC(struct row_of_check *) rows = {0};
    for (size_t i = 0; i < n; i++) {
        const struct plm_finding *f = list[i];
        if (f->kind == PLM_KIND_VULNERABILITY)
            continue;
        plm_sv key =
            plm_arena_printf(a, "%d %.*s\n%.*s", (int)f->kind, PLM_SV_ARG(f->id), PLM_SV_ARG(f->title));
        void **slot = by_id && key.p ? plm_map_put(by_id, key) : NULL;
        struct row_of_check **place = slot && !*slot ? plm_vec_push(a, &rows) : NULL;
        if (place)
            *slot = *place = plm_arena_make(a, struct row_of_check);
        struct row_of_check *row = slot ? *slot : NULL;
        if (!row)
            return plm_fail_oom(err);
        row->first = row->first ? row->first : f;
        row->n++;
        plm_sv object = f->object.n ? f->object : f->path;
        if (row->objects.n < OBJECTS_SHOWN)
            plm_sv_vec_add(a, &row->objects, object.n ? object : plm_report_target_id(m->r, f->target));
    }
    if (!rows.n)
        return 0;
    m->later--;
    say(m, "\n### Failed checks and findings\n\n| severity | what must be true | fails on | seen "
           "|\n|---|---|---|---|\n");
    size_t i = 0;
    for (; i < rows.n; i++) {
        put_check_row(&b, rows.v[i]);
        if (!put(m, &b))
            break;
    }
    say_left_out(m, rows.n - i, "rows are");
    return 0;
}

static void put_vulnerability_row(const struct md *m, struct plm_buf *b, const struct plm_finding *f)
{
    plm_auto_done(plm_buf_done) struct plm_buf url = PLM_BUF(PLM_KIB(64));
    const struct plm_package *p = plm_report_package_of(m->r, f);
    plm_sv page = plm_report_page(f, &url);
    plm_buf_printf(b, "| %s | %s", plm_severity_name(f->severity), page.n ? "[" : "");
    plm_esc_markdown(b, f->id.n ? f->id : PLM_SV("-"), 100);
    if (page.n)
        plm_buf_printf(b, "](<%.*s>)", PLM_SV_ARG(page));
    plm_buf_str(b, f->kev ? " **exploited** | " : " | ");
    if (p) {
        plm_esc_markdown_code(b, p->name, 100);
        plm_buf_byte(b, ' ');
        plm_esc_markdown_code(b, p->version, 100);
    } else {
        plm_esc_markdown_code(b, f->object, 100);
    }
    plm_buf_str(b, " | ");
    if (f->fix == PLM_FIX_FIXED && f->fix_versions.n)
        plm_esc_markdown_code(b, f->fix_versions.v[0], 100);
    else
        plm_buf_str(b, plm_fix_state_name(f->fix));
    plm_buf_str(b, " | ");
    plm_esc_markdown_code(b, plm_report_target_id(m->r, f->target), 100);
    plm_buf_str(b, " |\n");
}

static void put_vulnerabilities(struct md *m, const struct plm_finding *const *list, size_t n)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    size_t total = 0, shown = 0;
    for (size_t i = 0; i < n; i++)
        total += list[i]->kind == PLM_KIND_VULNERABILITY;
    if (!total)
        return;
    m->later--;
    say(m,
        "\n### Vulnerabilities\n\n| severity | id | package | fixed in | where |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        if (list[i]->kind != PLM_KIND_VULNERABILITY)
            continue;
        put_vulnerability_row(m, &b, list[i]);
        if (!put(m, &b))
            break;
        shown++;
    }
    say_left_out(m, total - shown, "vulnerabilities are");
}

/* ---- what could not be looked at -------------------------------------------------------------------- */

static size_t unknown_checks(const struct plm_report *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->checks.n; i++)
        n += r->checks.v[i].outcome == PLM_OUT_UNKNOWN;
    return n;
}

static void put_blind_spots(struct md *m)
{
    const struct plm_report *r = m->r;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    size_t total = r->diagnostics.n + unknown_checks(r), shown = 0;
    if (!total)
        return;
    m->later--;
    say(m, "\n### Could not look\n\n");
    bool fits = true;
    for (size_t i = 0; fits && i < r->diagnostics.n; i++) {
        const struct plm_diagnostic *d = &r->diagnostics.v[i];
        plm_buf_printf(&b, "- %s ", plm_severity_name(d->severity));
        plm_esc_markdown_code(&b, d->code, 100);
        plm_buf_str(&b, d->object.n ? " " : "");
        plm_esc_markdown_code(&b, d->object, PLM_ESC_LINE);
        plm_buf_str(&b, ": ");
        plm_esc_markdown(&b, d->message, PLM_ESC_LINE);
        plm_buf_str(&b, d->hint.n ? "; try: " : "");
        plm_esc_markdown(&b, d->hint, PLM_ESC_LINE);
        plm_buf_byte(&b, '\n');
        fits = put(m, &b);
        shown += fits;
    }
    for (size_t i = 0; fits && i < r->checks.n; i++) {
        const struct plm_check_row *c = &r->checks.v[i];
        if (c->outcome != PLM_OUT_UNKNOWN)
            continue;
        plm_buf_str(&b, "- check **");
        plm_esc_markdown(&b, c->id, 100);
        plm_buf_str(&b, "** of ");
        plm_esc_markdown_code(&b, c->object.n ? c->object : plm_report_target_id(r, c->target), PLM_ESC_LINE);
        plm_buf_str(&b, ": ");
        plm_esc_markdown(&b, c->evidence.n ? c->evidence.v[0] : PLM_SV("no reason was given"), PLM_ESC_LINE);
        plm_buf_byte(&b, '\n');
        fits = put(m, &b);
        shown += fits;
    }
    say_left_out(m, total - shown, "lines are");
}

static void put_last_line(struct md *m)
{
    const struct plm_report *r = m->r;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    plm_buf_str(&b, "\n<sub>plimsoll ");
    plm_esc_markdown(&b, r->version, 40);
    if (r->started) {
        plm_buf_str(&b, ", ");
        plm_time_put(&b, r->started);
    }
    plm_buf_printf(&b, ", %llu package%s", (unsigned long long)r->counts.packages,
                   r->counts.packages == 1 ? "" : "s");
    if (r->counts.suppressed)
        plm_buf_printf(&b, ", %llu suppressed", (unsigned long long)r->counts.suppressed);
    plm_buf_str(&b, "</sub>\n");
    say_buf(m, &b);
}

static int write_markdown(const struct plm_report *r, const struct plm_report_options *opt,
                          struct plm_buf *out, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    const struct plm_finding **list = NULL;
    size_t n = 0, counting = 0, flaws = 0;
    if (!a)
        return plm_fail_oom(err);
    if (plm_report_worst_first(r, opt, &list, &n, err) < 0)
        return -1;
    while (counting < n && !list[counting]->suppressed)
        flaws += list[counting++]->kind == PLM_KIND_VULNERABILITY;
    struct md m = {.r = r, .opt = opt, .out = out};
    m.later = (size_t)(r->fixes.n > 0) + (flaws > 0) + (counting > flaws) +
              (r->diagnostics.n + unknown_checks(r) > 0);
    put_verdict(&m);
    put_stages(&m);
    put_fixes(&m);
    int rc = put_failed(&m, a, list, counting, err);
    put_vulnerabilities(&m, list, counting);
    put_blind_spots(&m);
    put_last_line(&m);
    free(list);
    return rc < 0 || plm_arena_check(a, err) < 0 ? -1 : plm_buf_check(out, err);
}

static const struct plm_format markdown = {
    .id = "markdown",
    .summary = "for comments of pull requests and job summaries: at most 65,536 characters, the worst first",
    .extension = "md",
    .write = write_markdown,
};
PLM_REGISTER(plm_formats, struct plm_format, markdown);
