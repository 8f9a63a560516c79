/* SPDX-License-Identifier: Apache-2.0
 *
 * The html report's body: what to mend first, each stage's checks (what failed in full, then what a human
 * must decide, then what passed), the findings of scanned sources, what could not be examined, exceptions.
 * One sort per section; everything else is one pass over rows.
 */
#include "base/map.h"
#include "html_int.h"

/* ---- pieces ---------------------------------------------------------------------------------------- */

void plm_html_prose(const struct plm_html *h, plm_sv s)
{
    size_t ticks = 0, cut;
    s = plm_esc_clip(s, PLM_ESC_LONG, &cut);
    for (size_t i = 0; i < s.n; i++)
        ticks += s.p[i] == '`';
    plm_sv head, tail = s;
    bool in_code = false;
    while (ticks % 2 == 0 && plm_sv_cut(tail, '`', &head, &tail)) {
        plm_esc_html(h->b, head, PLM_ESC_LONG);
        plm_html_put(h, in_code ? "</code>" : "<code>");
        in_code = !in_code;
        s = tail;
    }
    plm_esc_html(h->b, s, PLM_ESC_LONG);
    if (cut)
        plm_buf_printf(h->b, "\xe2\x80\xa6 (%zu more characters)", cut);
}

void plm_html_tag(const struct plm_html *h, const char *word)
{
    bool is_loud = strcmp(word, "critical") == 0 || strcmp(word, "high") == 0;
    plm_buf_printf(h->b, "<span class=\"tag t-%s%s\">%s</span>", word, is_loud ? " solid" : "",
                   strcmp(word, "na") == 0 ? "n/a" : word);
}

void plm_html_evidence(const struct plm_html *h, const plm_sv_vec *evidence)
{
    enum { SHOWN = 50 };
    if (!evidence->n)
        return;
    plm_html_put(h, "<ul class=\"evidence mono\">");
    for (size_t i = 0; i < evidence->n && i < SHOWN; i++) {
        plm_html_put(h, "<li>");
        plm_esc_html(h->b, evidence->v[i], PLM_ESC_LONG);
        plm_html_put(h, "</li>");
    }
    if (evidence->n > SHOWN)
        plm_buf_printf(h->b, "<li>and %zu more lines, in the json report</li>", evidence->n - SHOWN);
    plm_html_put(h, "</ul>");
}

void plm_html_count(const struct plm_html *h, size_t n, const char *one, const char *many)
{
    plm_buf_printf(h->b, "%zu %s", n, n == 1 ? one : many);
}

static plm_sv object_of(const struct plm_html *h, plm_sv object, uint32_t target)
{
    return object.n ? object : plm_report_target_id(h->r, target);
}

/* ---- groups of rows ---------------------------------------------------------------------------------- */

const struct plm_finding *plm_html_finding_of(const struct plm_html *h, const struct plm_check_row *c)
{
    return plm_report_finding_of(h->audited, h->arena, c);
}

size_t plm_html_group_index(const struct plm_html *h, const struct plm_html_group *g)
{
    return (size_t)(g - h->groups.v);
}

static void sum_up(const struct plm_html *h, struct plm_html_group *g)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct plm_check_row *c = &g->rows[i];
        g->counts[c->outcome]++;
        const struct plm_finding *f = c->outcome == PLM_OUT_FAIL ? plm_html_finding_of(h, c) : NULL;
        g->covered += f && f->suppressed;
        if (f && !f->suppressed && (!g->worst || f->severity > g->worst->severity))
            g->worst = f;
    }
}

int plm_html_groups(struct plm_html *h, plm_err **err)
{
    const struct plm_report *r = h->r;
    if (plm_report_audited(r, h->arena, h->audited, err) < 0)
        return -1;
    for (size_t i = 0, n; i < r->checks.n; i += n) {
        const struct plm_check_row *c = &r->checks.v[i];
        for (n = 1; i + n < r->checks.n && c[n].target == c->target && plm_sv_eq(c[n].id, c->id);)
            n++;
        struct plm_html_group *g = plm_vec_push(h->arena, &h->groups);
        if (!g)
            return plm_fail_oom(err);
        *g = (struct plm_html_group){.rows = c, .n = n};
        sum_up(h, g);
    }
    return 0;
}

static enum plm_severity severity_of(const struct plm_html_group *g)
{
    return g->worst ? g->worst->severity : g->rows[0].severity;
}

bool plm_html_is_open(const struct plm_html_group *g)
{
    return g->counts[PLM_OUT_FAIL] > g->covered || g->counts[PLM_OUT_UNKNOWN];
}

static int by_urgency(const void *va, const void *vb)
{
    const struct plm_html_group *a = *(const struct plm_html_group *const *)va,
                                *b = *(const struct plm_html_group *const *)vb;
    bool fails_a = a->counts[PLM_OUT_FAIL] > a->covered, fails_b = b->counts[PLM_OUT_FAIL] > b->covered;
    int c = (int)plm_html_is_open(b) - (int)plm_html_is_open(a);
    if (!c && plm_html_is_open(a)) {
        c = (int)fails_b - (int)fails_a;
        c = c ? c : (int)severity_of(b) - (int)severity_of(a);
    }
    return c ? c : plm_report_id_cmp(a->rows[0].id, b->rows[0].id);
}

/* ---- checks ------------------------------------------------------------------------------------------ */

static void put_controls(const struct plm_html *h, const struct plm_check_row *c)
{
    if (!c->controls.n)
        return;
    plm_html_put(h, "<p class=\"controls\">");
    for (size_t i = 0; i < c->controls.n; i++) {
        const struct plm_control *k = &c->controls.v[i];
        bool is_next = i && plm_sv_eq(c->controls.v[i - 1].framework, k->framework) &&
                       plm_sv_eq(c->controls.v[i - 1].version, k->version);
        if (!is_next) {
            plm_html_put(h, i ? " \xc2\xb7 " : "");
            plm_html_text(h, k->framework);
            plm_html_put(h, k->version.n ? " " : "");
            plm_html_text(h, k->version);
            plm_html_put(h, ": ");
        } else {
            plm_html_put(h, ", ");
        }
        plm_html_text(h, k->id);
    }
    plm_html_put(h, "</p>");
}

static void put_rows(const struct plm_html *h, const struct plm_html_group *g, enum plm_outcome outcome)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct plm_check_row *c = &g->rows[i];
        const struct plm_finding *f = outcome == PLM_OUT_FAIL ? plm_html_finding_of(h, c) : NULL;
        if (c->outcome != outcome)
            continue;
        plm_html_put(h, "<tr><td class=\"tagcell\">");
        plm_html_tag(h, plm_outcome_name(outcome));
        plm_html_put(h, "</td><th scope=\"row\">");
        plm_html_text(h, object_of(h, c->object, c->target));
        plm_html_put(h, "</th><td>");
        plm_html_evidence(h, &c->evidence);
        if (f && f->suppressed)
            plm_html_put(h, "<p class=\"soft\">covered by an exception, see below</p>");
        plm_html_put(h, "</td></tr>\n");
    }
}

/* A check that failed or could not be judged, with every object. */
static void put_open_check(const struct plm_html *h, const struct plm_html_group *g)
{
    const struct plm_check_row *first = &g->rows[0];
    plm_buf_printf(h->b,
                   "<article class=\"check\" data-row id=\"c%zu\"><div class=\"head\"><span class=\"id\">",
                   plm_html_group_index(h, g));
    plm_html_text(h, first->id);
    plm_html_put(h, "</span><h3>");
    plm_html_text(h, first->title.n ? first->title : g->worst ? g->worst->title : first->id);
    plm_html_put(h, "</h3>");
    plm_html_tag(h, plm_severity_name(severity_of(g)));
    if (g->counts[PLM_OUT_FAIL])
        plm_buf_printf(h->b, "<span class=\"soft\">fails on %zu of %zu</span></div>", g->counts[PLM_OUT_FAIL],
                       g->n);
    else
        plm_buf_printf(h->b, "<span class=\"soft\">unknown on %zu of %zu</span></div>",
                       g->counts[PLM_OUT_UNKNOWN], g->n);
    if (g->worst && g->worst->remediation.n) {
        plm_html_put(h, "<p class=\"todo\">");
        plm_html_prose(h, g->worst->remediation);
        plm_html_put(h, "</p>");
    }
    plm_html_put(h, "<table class=\"wide\"><thead class=\"hide\"><tr><th scope=\"col\">result</th><th "
                    "scope=\"col\">object</th><th "
                    "scope=\"col\">evidence</th></tr></thead><tbody>\n");
    put_rows(h, g, PLM_OUT_FAIL);
    put_rows(h, g, PLM_OUT_UNKNOWN);
    plm_html_put(h, "</tbody></table>");
    if (g->counts[PLM_OUT_PASS]) {
        plm_html_put(h, "<details><summary>passes on ");
        plm_html_count(h, g->counts[PLM_OUT_PASS], "object", "objects");
        plm_html_put(h, "</summary><table class=\"wide\"><tbody>\n");
        put_rows(h, g, PLM_OUT_PASS);
        plm_html_put(h, "</tbody></table></details>");
    }
    put_controls(h, first);
    plm_html_put(h, "</article>\n");
}

/* One table of all rows with that outcome, of checks that are not shown above. */
static void put_quiet(const struct plm_html *h, struct plm_html_group *const *v, size_t n,
                      enum plm_outcome outcome, const char *summary, bool open)
{
    size_t rows = 0, checks = 0;
    for (size_t i = 0; i < n; i++) {
        bool shown_above = plm_html_is_open(v[i]) && outcome == PLM_OUT_PASS;
        rows += shown_above
                    ? 0
                    : v[i]->counts[outcome] -
                          (outcome == PLM_OUT_FAIL && plm_html_is_open(v[i]) ? v[i]->counts[outcome] : 0);
        checks +=
            !shown_above && v[i]->counts[outcome] && !(outcome == PLM_OUT_FAIL && plm_html_is_open(v[i]));
    }
    if (!rows)
        return;
    plm_buf_printf(h->b, "<details%s><summary>%s: ", open ? " open" : "", summary);
    plm_html_count(h, checks, "check", "checks");
    plm_html_put(h, " on ");
    plm_html_count(h, rows, "object", "objects");
    plm_html_put(h, "</summary><table class=\"wide three\"><thead><tr><th scope=\"col\">check</th><th "
                    "scope=\"col\">object</th><th "
                    "scope=\"col\">evidence</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < v[i]->n; k++) {
            const struct plm_check_row *c = &v[i]->rows[k];
            if (c->outcome != outcome ||
                (plm_html_is_open(v[i]) && (outcome == PLM_OUT_PASS || outcome == PLM_OUT_FAIL)))
                continue;
            plm_html_put(h, "<tr data-row><th scope=\"row\"><span class=\"id\">");
            plm_html_text(h, c->id);
            plm_html_put(h, "</span> ");
            plm_html_text(h, c->title);
            plm_html_put(h, "</th><td>");
            plm_html_text(h, object_of(h, c->object, c->target));
            plm_html_put(h, "</td><td>");
            plm_html_evidence(h, &c->evidence);
            plm_html_put(h, "</td></tr>\n");
        }
    }
    plm_html_put(h, "</tbody></table></details>");
}

static void put_checks(const struct plm_html *h, uint32_t target)
{
    PLM_VEC(struct plm_html_group *) v = {0};
    for (size_t i = 0; i < h->groups.n; i++) {
        struct plm_html_group **place =
            h->groups.v[i].rows[0].target == target ? plm_vec_push(h->arena, &v) : NULL;
        if (place)
            *place = &h->groups.v[i];
    }
    if (v.n > 1)
        qsort(v.v, v.n, sizeof(*v.v), by_urgency);
    for (size_t i = 0; i < v.n; i++)
        if (plm_html_is_open(v.v[i]))
            put_open_check(h, v.v[i]);
    put_quiet(h, v.v, v.n, PLM_OUT_FAIL, "Covered by an exception", false);
    put_quiet(h, v.v, v.n, PLM_OUT_MANUAL, "To be decided by a human", true);
    put_quiet(h, v.v, v.n, PLM_OUT_PASS, "Passed", false);
    put_quiet(h, v.v, v.n, PLM_OUT_NA, "Does not apply", false);
}

/* ---- findings of scanned sources ------------------------------------------------------------------------
 */

static void put_vulnerability(const struct plm_html *h, const struct plm_finding *f)
{
    const struct plm_package *p = plm_report_package_of(h->r, f);
    plm_html_put(h, "<tr data-row><td class=\"tagcell\">");
    plm_html_tag(h, plm_severity_name(f->severity));
    plm_html_put(h, "</td><th scope=\"row\">");
    plm_html_text(h, f->id);
    plm_html_put(h, f->kev ? " <span class=\"tag t-fail\">exploited</span></th><td>" : "</th><td>");
    plm_html_text(h, p ? p->name : f->object);
    plm_html_put(h, "</td><td class=\"mono\" data-label=\"installed\">");
    plm_html_text(h, p ? p->version : PLM_SV_NULL);
    plm_html_put(h, "</td><td class=\"mono\" data-label=\"fixed in\">");
    if (f->fix == PLM_FIX_FIXED && f->fix_versions.n)
        plm_html_text(h, f->fix_versions.v[0]);
    else
        plm_html_put(h, plm_fix_state_name(f->fix));
    plm_html_put(h, "</td><td class=\"num\" data-label=\"CVSS\">");
    if (f->cvss.n && f->cvss.v[0].score >= 0)
        plm_buf_printf(h->b, "%.1f", f->cvss.v[0].score);
    plm_html_put(h, "</td><td class=\"num\" data-label=\"EPSS\">");
    if (f->epss >= 0)
        plm_buf_printf(h->b, "%.1f\xc2\xa0%%", f->epss * 100);
    plm_html_put(h, "</td><td>");
    plm_html_text(h, f->title);
    plm_html_put(h, "</td></tr>\n");
}

static void put_other(const struct plm_html *h, const struct plm_finding *f)
{
    plm_html_put(h, "<tr data-row><td class=\"tagcell\">");
    plm_html_tag(h, plm_severity_name(f->severity));
    plm_html_put(h, "</td><th scope=\"row\">");
    plm_html_text(h, f->id);
    plm_html_put(h, "</th><td>");
    plm_html_text(h, f->object.n ? f->object : f->path);
    if (f->line)
        plm_buf_printf(h->b, ":%u", f->line);
    plm_html_put(h, "</td><td>");
    plm_html_text(h, f->title);
    plm_html_evidence(h, &f->evidence);
    if (f->remediation.n) {
        plm_html_put(h, "<p class=\"soft\">");
        plm_html_prose(h, f->remediation);
        plm_html_put(h, "</p>");
    }
    plm_html_put(h, "</td></tr>\n");
}

/* is_flaw: vulnerabilities, else everything that is no failed check. */
static size_t put_findings(const struct plm_html *h, uint32_t target, bool is_flaw)
{
    size_t n = 0;
    for (size_t i = 0; i < h->r->findings.n; i++) { /* the report's order: worst first */
        const struct plm_finding *f = &h->r->findings.v[i];
        if (f->target != target || f->suppressed || (f->kind == PLM_KIND_VULNERABILITY) != is_flaw ||
            f->severity < h->opt->min_severity || (!is_flaw && plm_report_check_of(h->r, f)))
            continue;
        if (!n++)
            plm_html_put(
                h,
                is_flaw
                    ? "<table class=\"wide\"><thead><tr><th scope=\"col\">severity</th><th "
                      "scope=\"col\">id</th><th "
                      "scope=\"col\">package</th><th scope=\"col\">installed</th><th scope=\"col\">fixed "
                      "in</th><th "
                      "scope=\"col\" class=\"num\">CVSS</th><th scope=\"col\" class=\"num\">EPSS</th><th "
                      "scope=\"col\">what it is</th></tr></thead><tbody>\n"
                    : "<table class=\"wide\"><thead><tr><th scope=\"col\">severity</th><th "
                      "scope=\"col\">id</th><th "
                      "scope=\"col\">object</th><th scope=\"col\">what was found</th></tr></thead><tbody>\n");
        if (is_flaw)
            put_vulnerability(h, f);
        else
            put_other(h, f);
    }
    if (n)
        plm_html_put(h, "</tbody></table>");
    return n;
}

static void put_target(const struct plm_html *h, uint32_t target)
{
    const struct plm_target *t = &h->r->targets.v[target];
    bool is_stage = plm_sv_is(t->scheme, "audit");
    size_t packages = 0;
    for (size_t i = 0; i < h->r->packages.n; i++)
        packages += h->r->packages.v[i].target == target;
    plm_buf_printf(h->b, "<section id=\"t%u\"><h2>", target);
    plm_html_put(h, is_stage ? "Stage: " : "Scanned: ");
    plm_html_text(h, t->id);
    plm_html_put(h, "</h2><p class=\"lede\">");
    if (!is_stage) {
        plm_html_text(h, t->distro.pretty.n ? t->distro.pretty : t->scheme);
        plm_html_put(h, ", ");
        plm_html_count(h, packages, "package", "packages");
        if (t->distro.eol == PLM_EOL_ENDED)
            plm_html_put(h, ", <strong class=\"t-fail\">end of life</strong>");
        if (t->image_id.n) {
            plm_html_put(h, ", <span class=\"mono\">");
            plm_html_text(h, plm_sv_sub(t->image_id, 0, 19));
            plm_html_put(h, "</span>");
        }
    }
    if (t->is_incomplete)
        plm_html_put(h, " <strong class=\"t-medium\">A part of it could not be examined.</strong>");
    plm_html_put(h, "</p><div class=\"sheet\">\n");
    put_checks(h, target);
    size_t n = put_findings(h, target, true) + put_findings(h, target, false);
    if (!n && !is_stage)
        plm_html_put(h, "<p class=\"soft\">No findings.</p>");
    plm_html_put(h, "</div></section>\n");
}

/* A stage without a row and without a finding has nothing to show. */
static bool has_anything(const struct plm_html *h, uint32_t target)
{
    const struct plm_report *r = h->r;
    if (!plm_sv_is(r->targets.v[target].scheme, "audit"))
        return true;
    for (size_t i = 0; i < r->checks.n; i++)
        if (r->checks.v[i].target == target)
            return true;
    for (size_t i = 0; i < r->findings.n; i++)
        if (r->findings.v[i].target == target)
            return true;
    return false;
}

void plm_html_targets(const struct plm_html *h)
{
    for (uint32_t i = 0; i < h->r->targets.n; i++)
        if (has_anything(h, i))
            put_target(h, i);
}

/* ---- lists ------------------------------------------------------------------------------------------------
 */

void plm_html_fixes(const struct plm_html *h)
{
    if (!h->r->fixes.n)
        return;
    plm_html_put(h, "<section id=\"fixes\"><h2>Mend first</h2><p class=\"lede\">What closes the most, by "
                    "weight of the failed checks. Nothing of it was "
                    "run.</p><ol class=\"sheet plain fixes\">\n");
    for (size_t i = 0; i < h->r->fixes.n; i++) {
        const struct plm_fix_row *f = &h->r->fixes.v[i];
        const char *class = plm_sv_is(f->impact, "safe")      ? "safe"
                            : plm_sv_is(f->impact, "restart") ? "restart"
                                                              : "may-break";
        plm_html_put(h, "<li><div><div class=\"head\"><h3>");
        plm_html_text(h, f->title);
        plm_buf_printf(h->b, "</h3><span class=\"tag t-%s\">", class);
        plm_html_text(h, f->impact);
        plm_html_put(h, "</span><span class=\"soft\">closes ");
        plm_html_count(h, f->closes.n, "finding", "findings");
        plm_html_put(h, "</span></div>");
        if (plm_sv_find(f->command, '`') != SIZE_MAX && plm_sv_find(f->command, '\n') == SIZE_MAX) {
            plm_html_put(h, "<p class=\"todo\">"); /* a sentence with code spans */
            plm_html_prose(h, f->command);
            plm_html_put(h, "</p>");
        } else if (plm_sv_trim(f->command).n) {
            plm_html_put(h, "<pre>");
            plm_esc_html_lines(h->b, f->command, PLM_ESC_LONG);
            plm_html_put(h, "</pre>");
        }
        plm_html_put(h, "</div></li>\n");
    }
    plm_html_put(h, "</ol></section>\n");
}

void plm_html_blind_spots(const struct plm_html *h)
{
    const struct plm_report *r = h->r;
    plm_html_put(h, "<section id=\"blind\"><h2>What could not be examined</h2><p class=\"lede\">Nothing here "
                    "was counted as passed. High and above make "
                    "the result incomplete.</p><div class=\"sheet\">");
    size_t n = 0;
    static const char head[] = "<table class=\"wide\"><thead><tr><th scope=\"col\">weight</th><th "
                               "scope=\"col\">what</th><th scope=\"col\">where</th><th "
                               "scope=\"col\">why</th></tr></thead><tbody>\n";
    for (size_t i = 0; i < r->diagnostics.n; i++) {
        const struct plm_diagnostic *d = &r->diagnostics.v[i];
        plm_html_put(h, n++ ? "" : head);
        plm_html_put(h, "<tr data-row><td class=\"tagcell\">");
        plm_html_tag(h, plm_severity_name(d->severity));
        plm_html_put(h, "</td><th scope=\"row\">");
        plm_html_text(h, d->code);
        plm_html_put(h, "</th><td>");
        plm_html_text(h, object_of(h, d->object, d->target));
        plm_html_put(h, "</td><td>");
        plm_html_text(h, d->message);
        if (d->hint.n) {
            plm_html_put(h, "<p class=\"soft\">To look there: ");
            plm_html_prose(h, d->hint);
            plm_html_put(h, "</p>");
        }
        plm_html_put(h, "</td></tr>\n");
    }
    for (size_t i = 0; i < r->checks.n; i++) {
        const struct plm_check_row *c = &r->checks.v[i];
        if (c->outcome != PLM_OUT_UNKNOWN)
            continue;
        plm_html_put(h, n++ ? "" : head);
        plm_html_put(h, "<tr data-row><td class=\"tagcell\">");
        plm_html_tag(h, plm_severity_name(c->severity));
        plm_html_put(h, "</td><th scope=\"row\">check ");
        plm_html_text(h, c->id);
        plm_html_put(h, "</th><td>");
        plm_html_text(h, object_of(h, c->object, c->target));
        plm_html_put(h, "</td><td>");
        plm_html_evidence(h, &c->evidence);
        plm_html_put(h, "</td></tr>\n");
    }
    plm_html_put(h, n ? "</tbody></table></div></section>\n"
                      : "<p>Everything that was asked for was examined.</p></div></section>\n");
}

void plm_html_exceptions(const struct plm_html *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->r->findings.n; i++) {
        const struct plm_finding *f = &h->r->findings.v[i];
        const struct plm_package *p = plm_report_package_of(h->r, f);
        if (!f->suppressed)
            continue;
        if (!n++)
            plm_html_put(h, "<section id=\"exceptions\"><h2>Exceptions</h2><p class=\"lede\">Findings that "
                            "do not count, who said so and until "
                            "when.</p><div class=\"sheet\"><table class=\"wide\"><thead><tr><th "
                            "scope=\"col\">finding</th><th scope=\"col\">object</th><th "
                            "scope=\"col\">by</th><th scope=\"col\">reason</th><th "
                            "scope=\"col\">owner</th><th scope=\"col\">until</th></tr></thead><tbody>\n");
        plm_html_put(h, "<tr data-row><th scope=\"row\">");
        plm_html_text(h, f->id);
        plm_html_put(h, "</th><td>");
        plm_html_text(h, p ? p->name : object_of(h, f->object, f->target));
        plm_html_put(h, "</td><td>");
        plm_html_text(h, f->suppressed->by);
        plm_html_put(h, "</td><td>");
        plm_html_text(h, f->suppressed->reason);
        plm_html_put(h, "</td><td data-label=\"owner\">");
        plm_html_text(h, f->suppressed->owner);
        plm_html_put(h, "</td><td class=\"when\" data-label=\"until\">");
        plm_html_text(h, f->suppressed->until);
        plm_html_put(h, "</td></tr>\n");
    }
    if (n)
        plm_html_put(h, "</tbody></table></div></section>\n");
}
