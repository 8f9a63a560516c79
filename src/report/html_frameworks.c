/* SPDX-License-Identifier: Apache-2.0
 *
 * The html report by framework: what each control's checks came to. A control is met where all of its
 * checks pass or do not apply; a check that a human must decide or that could not be judged leaves it open.
 * The checks map to controls; that is no statement of the frameworks' owners, and the page says so.
 */
#include "base/map.h"
#include "html_int.h"

struct control {
    const struct plm_control *c;
    size_t counts[PLM_OUTCOMES];
    PLM_VEC(const struct plm_html_group *) groups; /* that failed, or are unknown */
};

typedef PLM_VEC(struct control *) control_vec;

static const struct {
    const char *id, *name;
} known[] = {{"cis-docker", "CIS Docker Benchmark"},
             {"cis-controls", "CIS Controls"},
             {"nist-800-190", "NIST SP 800-190"},
             {"pci-dss", "PCI DSS"},
             {"attack", "MITRE ATT&CK"}};

static size_t rank(plm_sv framework)
{
    size_t i = 0;
    while (i < sizeof(known) / sizeof(known[0]) && !plm_sv_is(framework, known[i].id))
        i++;
    return i;
}

static int by_control(const void *va, const void *vb)
{
    const struct plm_control *a = (*(struct control *const *)va)->c, *b = (*(struct control *const *)vb)->c;
    size_t ra = rank(a->framework), rb = rank(b->framework);
    int c = (ra > rb) - (ra < rb);
    c = c ? c : plm_sv_cmp(a->framework, b->framework);
    c = c ? c : plm_report_id_cmp(a->version, b->version);
    return c ? c : plm_report_id_cmp(a->id, b->id);
}

static int add(const struct plm_html *h, struct plm_map *by_key, const struct plm_html_group *g,
               control_vec *all, plm_err **err)
{
    for (size_t i = 0; i < g->rows[0].controls.n; i++) { /* all rows of a check have the same */
        const struct plm_control *c = &g->rows[0].controls.v[i];
        plm_sv key = plm_arena_printf(h->arena, "%.*s\n%.*s\n%.*s", PLM_SV_ARG(c->framework),
                                      PLM_SV_ARG(c->version), PLM_SV_ARG(c->id));
        void **slot = key.p ? plm_map_put(by_key, key) : NULL;
        if (!slot)
            return plm_fail_oom(err);
        if (!*slot) {
            struct control **place = plm_vec_push(h->arena, all);
            if (!place || !(*place = plm_arena_make(h->arena, struct control)))
                return plm_fail_oom(err);
            (*place)->c = c;
            *slot = *place;
        }
        struct control *at = *slot;
        for (int k = 0; k < PLM_OUTCOMES; k++)
            at->counts[k] += g->counts[k];
        bool is_open = g->counts[PLM_OUT_FAIL] || g->counts[PLM_OUT_UNKNOWN];
        const struct plm_html_group **place = is_open ? plm_vec_push(h->arena, &at->groups) : NULL;
        if (place)
            *place = g;
    }
    return 0;
}

static enum plm_outcome outcome_of(const struct control *c)
{
    return c->counts[PLM_OUT_FAIL]      ? PLM_OUT_FAIL
           : c->counts[PLM_OUT_UNKNOWN] ? PLM_OUT_UNKNOWN
           : c->counts[PLM_OUT_MANUAL]  ? PLM_OUT_MANUAL
           : c->counts[PLM_OUT_PASS]    ? PLM_OUT_PASS
                                        : PLM_OUT_NA;
}

static void put_row(const struct plm_html *h, const struct control *c)
{
    static const char *const labels[] = {"pass", "fail", "manual", "n/a", "unknown"};
    plm_html_put(h, "<tr data-row><th scope=\"row\">");
    plm_html_text(h, c->c->id);
    plm_html_put(h, "</th><td class=\"tagcell\">");
    plm_html_tag(h, plm_outcome_name(outcome_of(c)));
    plm_html_put(h, "</td>");
    for (int k = 0; k < PLM_OUTCOMES; k++)
        plm_buf_printf(h->b, "<td class=\"num\" data-label=\"%s\">%zu</td>", labels[k], c->counts[k]);
    plm_html_put(h, "<td>");
    for (size_t i = 0; i < c->groups.n; i++) {
        const struct plm_html_group *g = c->groups.v[i];
        bool has_anchor = plm_html_is_open(g); /* what exceptions cover stands in a folded table */
        plm_html_put(h, i ? ", " : "");
        if (has_anchor)
            plm_buf_printf(h->b, "<a href=\"#c%zu\">", plm_html_group_index(h, g));
        plm_html_text(h, g->rows[0].id);
        plm_html_put(h, has_anchor ? "</a>" : "");
    }
    plm_html_put(h, "</td></tr>\n");
}

static void put_framework(const struct plm_html *h, struct control *const *v, size_t n)
{
    static const char *const names[] = {"pass", "fail", "manual", "na", "unknown"};
    static const char *const words[] = {"pass", "fail", "to be decided", "do not apply", "unknown"};
    uint64_t counts[PLM_OUTCOMES] = {0};
    size_t at = rank(v[0]->c->framework);
    for (size_t i = 0; i < n; i++)
        counts[outcome_of(v[i])]++;
    plm_html_put(h, "<h3 class=\"sub\">");
    if (at < sizeof(known) / sizeof(known[0]))
        plm_html_text(h, plm_sv_from(known[at].name));
    else
        plm_html_text(h, v[0]->c->framework);
    plm_html_put(h, " ");
    plm_html_text(h, v[0]->c->version);
    plm_html_put(h, "</h3>");
    plm_html_bar(h, "controls", names, counts, PLM_OUTCOMES);
    plm_html_put(h, "<p class=\"legend\">");
    for (int k = 0; k < PLM_OUTCOMES; k++)
        if (counts[k])
            plm_buf_printf(h->b, "<span class=\"t-%s\"><b>%llu</b> %s</span>", names[k],
                           (unsigned long long)counts[k], words[k]);
    plm_html_put(h, "</p><details><summary>");
    plm_html_count(h, n, "control", "controls");
    plm_html_put(h, "</summary><table class=\"wide\"><thead><tr><th scope=\"col\">control</th><th "
                    "scope=\"col\">result</th><th scope=\"col\" "
                    "class=\"num\">pass</th><th scope=\"col\" class=\"num\">fail</th><th scope=\"col\" "
                    "class=\"num\">manual</th><th scope=\"col\" "
                    "class=\"num\">n/a</th><th scope=\"col\" class=\"num\">unknown</th><th "
                    "scope=\"col\">failed or unknown checks</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < n; i++)
        put_row(h, v[i]);
    plm_html_put(h, "</tbody></table></details>");
}

int plm_html_frameworks(const struct plm_html *h, plm_err **err)
{
    plm_auto(plm_map_free) struct plm_map *by_key = plm_map_new();
    control_vec all = {0};
    if (!by_key)
        return plm_fail_oom(err);
    for (size_t i = 0; i < h->groups.n; i++)
        if (add(h, by_key, &h->groups.v[i], &all, err) < 0)
            return -1;
    if (!all.n)
        return 0;
    qsort(all.v, all.n, sizeof(*all.v), by_control);
    plm_html_put(h, "<section id=\"frameworks\"><h2>By framework</h2><p class=\"lede\">What the checks that "
                    "map to each control came to, in rows of a "
                    "check on an object. The mapping is plimsoll\xe2\x80\x99s own; it is no "
                    "certification.</p><div class=\"sheet\">");
    for (size_t i = 0, n; i < all.n; i += n) {
        for (n = 1; i + n < all.n && plm_sv_eq(all.v[i + n]->c->framework, all.v[i]->c->framework) &&
                    plm_sv_eq(all.v[i + n]->c->version, all.v[i]->c->version);)
            n++;
        put_framework(h, all.v + i, n);
    }
    plm_html_put(h, "</div></section>\n");
    return 0;
}
