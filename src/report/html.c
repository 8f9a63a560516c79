/* SPDX-License-Identifier: Apache-2.0
 *
 * The report for an auditor: one self-contained HTML file. Style and script are built in (html.css,
 * html.js), charts are SVG, nothing is loaded and nothing is linked to outside. The page's own policy
 * allows just that style and that script, by their SHA-256, so even markup that slipped through escaping
 * could neither run nor load anything. Everything is readable without the script, which only filters and
 * opens what is folded before printing.
 */
#include "base/map.h"
#include "codec/hash.h"
#include "html_int.h"

extern const char plm_report_css[], plm_report_js[];
extern const size_t plm_report_css_n, plm_report_js_n;

/* ---- the frame --------------------------------------------------------------------------------------- */

static void put_hash(const struct plm_html *h, plm_sv text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char hash[PLM_SHA256_BYTES + 1] = {0};
    plm_sha256_of(text, hash);
    plm_html_put(h, "'sha256-");
    for (size_t i = 0; i < PLM_SHA256_BYTES; i += 3) {
        uint32_t v = (uint32_t)hash[i] << 16 | (uint32_t)hash[i + 1] << 8 |
                     (i + 2 < PLM_SHA256_BYTES ? hash[i + 2] : 0);
        for (int k = 18; k >= 0; k -= 6)
            plm_buf_byte(h->b,
                         i + 2 >= PLM_SHA256_BYTES && k == 0 ? '=' : (unsigned char)digits[v >> k & 63]);
    }
    plm_html_put(h, "'");
}

static void put_head(const struct plm_html *h)
{
    plm_sv css = plm_sv_n(plm_report_css, plm_report_css_n), js = plm_sv_n(plm_report_js, plm_report_js_n);
    plm_html_put(h, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
                    "http-equiv=\"Content-Security-Policy\" "
                    "content=\"default-src 'none'; style-src ");
    put_hash(h, css);
    plm_html_put(h, "; script-src ");
    put_hash(h, js);
    plm_html_put(h, "; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" "
                    "content=\"width=device-width, initial-scale=1\">\n<meta "
                    "name=\"referrer\" content=\"no-referrer\">\n<title>plimsoll: ");
    plm_html_put(h, plm_result_name(h->r->verdict.result));
    plm_html_put(h, ", ");
    plm_html_text(h, h->r->host_name.n ? h->r->host_name
                     : h->r->targets.n ? h->r->targets.v[0].id
                                       : PLM_SV("report"));
    plm_html_put(h, "</title>\n<style>");
    plm_buf_sv_put(h->b, css);
    plm_html_put(h, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#verdict\">Skip to the "
                    "verdict</a>\n<div class=\"page\">\n");
}

static bool is_audit(const struct plm_report *r)
{
    return r->checks.n || r->scores.n;
}

static void put_mast(const struct plm_html *h)
{
    const struct plm_report *r = h->r;
    plm_html_put(h, "<header class=\"mast\">");
    plm_html_mark(h);
    plm_html_put(h, "<div><p class=\"eyebrow\">plimsoll ");
    plm_html_put(h, is_audit(r) ? "container host security report" : "scan report");
    if (r->started) {
        plm_html_put(h, ", ");
        plm_time_put_date(h->b, r->started);
    }
    plm_html_put(h, "</p><h1>");
    plm_html_text(h, r->host_name.n && (is_audit(r) || !r->targets.n) ? r->host_name
                     : r->targets.n                                   ? r->targets.v[0].id
                                                                      : PLM_SV("report"));
    plm_html_put(h, "</h1>");
    if (is_audit(r) && r->host_os.n) {
        plm_html_put(h, "<p class=\"who\">");
        plm_html_text(h, r->host_os);
        plm_html_put(h, r->kernel.n ? ", kernel " : "");
        plm_html_text(h, r->kernel);
        plm_html_put(h, r->machine_id.n ? ", machine id " : "");
        plm_html_text(h, r->machine_id);
        plm_html_put(h, "</p>");
    }
    plm_html_put(h, "</div></header>\n<nav class=\"contents\" aria-label=\"Contents\"><a "
                    "href=\"#verdict\">Verdict</a>");
    if (r->fixes.n)
        plm_html_put(h, "<a href=\"#fixes\">Mend first</a>");
    for (uint32_t i = 0; i < r->targets.n && i < 40; i++) {
        plm_buf_printf(h->b, "<a href=\"#t%u\">", i);
        plm_esc_html(h->b, r->targets.v[i].id, 60);
        plm_html_put(h, "</a>");
    }
    bool has_controls = false;
    for (size_t i = 0; i < h->groups.n; i++)
        has_controls |= h->groups.v[i].rows[0].controls.n > 0;
    if (has_controls)
        plm_html_put(h, "<a href=\"#frameworks\">Frameworks</a>");
    plm_html_put(h, "<a href=\"#blind\">Not examined</a><a href=\"#run\">This run</a></nav>\n");
}

/* ---- verdict and stages ---------------------------------------------------------------------------------
 */

static void put_severities(const struct plm_html *h)
{
    static const char *const names[] = {"critical", "high", "medium", "low", "negligible", "unknown"};
    uint64_t values[6], total = 0;
    for (size_t i = 0; i < 6; i++)
        total += values[i] = h->r->counts.by_severity[PLM_SEV_COUNT_ - 1 - (int)i];
    plm_html_put(h, "<div><p><strong>");
    plm_html_count(h, total, "finding", "findings");
    plm_html_put(h, "</strong></p>");
    plm_html_bar(h, "findings", names, values, 6);
    plm_html_put(h, "<p class=\"legend\">");
    for (size_t i = 0; i < 6; i++)
        if (values[i])
            plm_buf_printf(h->b, "<span class=\"t-%s\"><b>%llu</b> %s</span>", names[i],
                           (unsigned long long)values[i], names[i]);
    plm_html_put(h, "</p>");
    if (h->r->counts.by_kind[PLM_KIND_VULNERABILITY])
        plm_buf_printf(h->b,
                       "<p class=\"soft\">%llu are vulnerabilities of packages; %llu of them have a fix.</p>",
                       (unsigned long long)h->r->counts.by_kind[PLM_KIND_VULNERABILITY],
                       (unsigned long long)h->r->counts.fixable);
    plm_html_put(h, "</div>");
}

static void put_verdict(const struct plm_html *h)
{
    static const char *const words[] = {"No verdict", "Passed", "Passed with warnings", "Incomplete",
                                        "Failed"};
    const struct plm_verdict *v = &h->r->verdict;
    plm_buf_printf(h->b,
                   "<main>\n<div id=\"verdict\" class=\"sheet verdict %s\"><div><h2 "
                   "class=\"hide\">Verdict</h2><strong class=\"word\">%s</strong>",
                   plm_result_name(v->result), words[v->result]);
    if (v->policy.n) {
        plm_html_put(h, "<p class=\"soft\">by the policy ");
        plm_html_text(h, v->policy);
        plm_html_put(h, "</p>");
    }
    plm_html_put(h, v->reasons.n || v->rules.n ? "<ul class=\"plain\">" : "");
    for (size_t i = 0; i < v->reasons.n; i++) {
        plm_html_put(h, "<li>");
        plm_html_text(h, v->reasons.v[i]);
        plm_html_put(h, "</li>");
    }
    for (size_t i = 0; i < v->rules.n; i++) {
        plm_html_put(h, "<li>");
        plm_html_text(h, v->rules.v[i].trigger);
        plm_html_put(h, ": ");
        plm_html_text(h, v->rules.v[i].message);
        plm_html_put(h, v->rules.v[i].allowlisted ? " (allowlisted)</li>" : "</li>");
    }
    plm_html_put(h, v->reasons.n || v->rules.n ? "</ul></div>" : "</div>");
    put_severities(h);
    plm_html_put(h, "</div>\n");
}

static void put_stage(const struct plm_html *h, const struct plm_stage_score *s)
{
    static const char *const names[] = {"pass", "fail", "manual", "na", "unknown"};
    uint32_t target = PLM_NONE;
    for (uint32_t i = 0; i < h->r->targets.n; i++)
        if (plm_sv_is(h->r->targets.v[i].scheme, "audit") && plm_sv_eq(h->r->targets.v[i].id, s->name))
            target = i;
    if (target == PLM_NONE)
        plm_html_put(h, "<div class=\"sheet stage\">");
    else
        plm_buf_printf(h->b, "<a class=\"sheet stage\" href=\"#t%u\">", target);
    plm_html_put(h, "<div class=\"top\">");
    plm_html_ring(h, s);
    plm_html_put(h, "<div><div class=\"name\">");
    plm_html_text(h, s->name);
    plm_html_put(h, "</div><div class=\"counts\">");
    if (!s->is_judged)
        plm_html_put(h, "nothing to judge");
    else
        plm_buf_printf(h->b, "%llu of %llu pass", (unsigned long long)s->outcomes[PLM_OUT_PASS],
                       (unsigned long long)(s->outcomes[PLM_OUT_PASS] + s->outcomes[PLM_OUT_FAIL] +
                                            s->outcomes[PLM_OUT_UNKNOWN]));
    plm_html_put(h, "</div></div></div>");
    plm_html_bar(h, "checks", names, s->outcomes, PLM_OUTCOMES);
    plm_html_put(h, "<div class=\"counts\">");
    const char *before = "";
    static const struct {
        enum plm_outcome outcome;
        const char *word;
    } rest[] = {{PLM_OUT_FAIL, "fail"},
                {PLM_OUT_UNKNOWN, "unknown"},
                {PLM_OUT_MANUAL, "manual"},
                {PLM_OUT_NA, "n/a"}};
    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
        if (!s->outcomes[rest[i].outcome])
            continue;
        plm_buf_printf(h->b, "%s%llu %s", before, (unsigned long long)s->outcomes[rest[i].outcome],
                       rest[i].word);
        before = " \xc2\xb7 ";
    }
    if (s->vulnerabilities)
        plm_buf_printf(h->b, "%s%llu vulnerabilities", before, (unsigned long long)s->vulnerabilities);
    plm_html_put(h, target == PLM_NONE ? "</div></div>\n" : "</div></a>\n");
}

static void put_stages(const struct plm_html *h)
{
    if (!h->r->scores.n)
        return;
    plm_html_put(h, "<section id=\"stages\"><h2>Stages</h2><p class=\"lede\">A score is 100 \xc3\x97 (1 "
                    "\xe2\x88\x92 failed weight \xc3\xb7 judged weight); "
                    "critical weighs 10, high 5, medium 2, low 1. What is unknown counts as failed.</p><div "
                    "class=\"stages\">\n");
    for (size_t i = 0; i < h->r->scores.n; i++)
        put_stage(h, &h->r->scores.v[i]);
    plm_html_put(h, "</div></section>\n");
}

/* ---- about the run ----------------------------------------------------------------------------------------
 */

static void fact(const struct plm_html *h, const char *name, plm_sv value)
{
    if (!value.n)
        return;
    plm_buf_printf(h->b, "<dt>%s</dt><dd>", name);
    plm_html_text(h, value);
    plm_html_put(h, "</dd>");
}

static void facts_of(const struct plm_html *h, const char *name, const plm_sv_vec *v)
{
    for (size_t i = 0; i < v->n; i++)
        fact(h, i ? "" : name, v->v[i]);
}

static void put_feeds(const struct plm_html *h)
{
    const struct plm_report *r = h->r;
    if (!r->feeds.n) {
        plm_html_put(h, "<p class=\"soft\">No vulnerability data were used.</p>");
        return;
    }
    plm_html_put(h, "<table><thead><tr><th scope=\"col\">data</th><th scope=\"col\">as of</th><th "
                    "scope=\"col\" class=\"num\">age</th><th scope=\"col\" "
                    "class=\"num\">records</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < r->feeds.n; i++) {
        const struct plm_feed_row *f = &r->feeds.v[i];
        plm_html_put(h, "<tr><th scope=\"row\">");
        plm_html_text(h, f->name);
        plm_html_put(h, "</th><td class=\"when\">");
        if (f->as_of)
            plm_time_put(h->b, f->as_of);
        else
            plm_html_put(h, "not known");
        plm_html_put(h, "</td><td class=\"num\">");
        if (f->as_of && r->started >= f->as_of)
            plm_text_age(h->b, r->started - f->as_of);
        plm_buf_printf(h->b, "</td><td class=\"num\">%llu</td></tr>\n", (unsigned long long)f->records);
    }
    plm_html_put(h, "</tbody></table>");
}

static void put_run(const struct plm_html *h)
{
    const struct plm_report *r = h->r;
    plm_auto_done(plm_buf_done) struct plm_buf t = PLM_BUF(PLM_KIB(4));
    plm_html_put(h, "<section id=\"run\"><h2>This run</h2><p class=\"lede\">Which machine was looked at, "
                    "with what, and how old the data were.</p><div "
                    "class=\"sheet two\"><dl class=\"facts\">");
    fact(h, "Host", r->host_name);
    fact(h, "Machine id", r->machine_id);
    fact(h, "Operating system", r->host_os);
    fact(h, "Kernel", r->kernel);
    facts_of(h, "Engines", &r->engines);
    if (r->started) {
        plm_time_put(&t, r->started);
        plm_buf_str(&t, r->clock_injected ? " (given with --now)" : "");
        fact(h, "Started", plm_buf_sv(&t));
        plm_buf_clear(&t);
    }
    plm_buf_printf(&t, "%llu.%03llu s", (unsigned long long)(r->elapsed_ms / 1000),
                   (unsigned long long)(r->elapsed_ms % 1000));
    fact(h, "Took", plm_buf_sv(&t));
    plm_buf_clear(&t);
    plm_buf_printf(&t, "%.*s %.*s", PLM_SV_ARG(r->tool), PLM_SV_ARG(r->version));
    fact(h, "Tool", plm_buf_sv(&t));
    plm_buf_clear(&t);
    plm_buf_printf(&t, "%d", r->exit_code);
    fact(h, "Exit code", plm_buf_sv(&t));
    plm_buf_clear(&t);
    plm_buf_printf(&t, "%llu targets, %llu packages, %zu rows of checks",
                   (unsigned long long)r->counts.targets, (unsigned long long)r->counts.packages,
                   r->checks.n);
    fact(h, "Examined", plm_buf_sv(&t));
    if (r->network.n)
        facts_of(h, "Contacted", &r->network);
    else
        fact(h, "Contacted", PLM_SV("no other machine"));
    plm_html_put(h, "</dl><div>");
    put_feeds(h);
    plm_html_put(h, "</div></div></section>\n</main>\n<footer>Made by plimsoll ");
    plm_html_text(h, r->version);
    plm_html_put(h, ". This file loads nothing and sends nothing. The json report of the same run is the "
                    "complete record.</footer>\n</div>\n<script>");
    plm_buf_sv_put(h->b, plm_sv_n(plm_report_js, plm_report_js_n));
    plm_html_put(h, "</script>\n</body>\n</html>\n");
}

static int write_html(const struct plm_report *r, const struct plm_report_options *opt, struct plm_buf *out,
                      plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_map_free) struct plm_map *audited = plm_map_new();
    if (!a || !audited)
        return plm_fail_oom(err);
    struct plm_html h = {.r = r, .opt = opt, .arena = a, .b = out, .audited = audited};
    if (plm_html_groups(&h, err) < 0)
        return -1;
    put_head(&h);
    put_mast(&h);
    put_verdict(&h);
    put_stages(&h);
    plm_html_fixes(&h);
    plm_html_put(&h, "<div class=\"filter\" id=\"filter\" hidden><label "
                     "for=\"filter-word\">Filter</label><input type=\"search\" id=\"filter-word\" "
                     "placeholder=\"container, check, CVE, severity\"><span id=\"filter-said\" "
                     "class=\"soft\" role=\"status\"></span></div>\n");
    plm_html_targets(&h);
    if (plm_html_frameworks(&h, err) < 0)
        return -1;
    plm_html_blind_spots(&h);
    plm_html_exceptions(&h);
    put_run(&h);
    return plm_arena_check(a, err) < 0 ? -1 : plm_buf_check(out, err);
}

static const struct plm_format html = {
    .id = "html",
    .summary = "one self-contained page for an auditor: stages, evidence, frameworks, charts; prints well",
    .extension = "html",
    .write = write_html,
};
PLM_REGISTER(plm_formats, struct plm_format, html);
