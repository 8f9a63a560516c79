/* SPDX-License-Identifier: Apache-2.0
 *
 * Charts of the html report: SVG with presentation attributes only, because the page's policy allows no
 * style attributes. Each says in words what it shows, for those who do not see it; colours are never the
 * only carrier: numbers stand beside them.
 */
#include "html_int.h"

/* The load line on a ship's side. */
void plm_html_mark(const struct plm_html *h)
{
    plm_html_put(
        h,
        "<svg width=\"44\" height=\"44\" viewBox=\"0 0 44 44\" aria-hidden=\"true\"><circle cx=\"22\" "
        "cy=\"22\" r=\"13\" "
        "fill=\"none\" stroke-width=\"3.5\" class=\"mark-line\"/><path d=\"M2 22h40\" stroke-width=\"3.5\" "
        "class=\"mark-line\"/></svg>");
}

void plm_html_ring(const struct plm_html *h, const struct plm_stage_score *s)
{
    const double around = 2 * 3.14159265358979 * 26;
    const char *level = s->score >= 90 ? "" : s->score >= 60 ? " mid" : " bad";
    plm_html_put(h, "<svg width=\"64\" height=\"64\" viewBox=\"0 0 64 64\" role=\"img\" aria-label=\"");
    if (s->is_judged)
        plm_buf_printf(h->b, "score %u of 100", s->score);
    else
        plm_html_put(h, "nothing to judge");
    plm_html_put(
        h, "\"><circle cx=\"32\" cy=\"32\" r=\"26\" fill=\"none\" stroke-width=\"6\" class=\"ring-track\"/>");
    if (s->is_judged && s->score)
        plm_buf_printf(
            h->b,
            "<circle cx=\"32\" cy=\"32\" r=\"26\" fill=\"none\" stroke-width=\"6\" class=\"ring%s\" "
            "stroke-dasharray=\"%.2f %.2f\" transform=\"rotate(-90 32 32)\"/>",
            level, around * s->score / 100, around);
    plm_buf_printf(h->b, "<text x=\"32\" y=\"39\" text-anchor=\"middle\" class=\"ring-text%s\">",
                   s->is_judged ? "" : " ring-none");
    if (s->is_judged)
        plm_buf_printf(h->b, "%u", s->score);
    else
        plm_html_put(h, "\xe2\x80\x93");
    plm_html_put(h, "</text></svg>");
}

void plm_html_bar(const struct plm_html *h, const char *label, const char *const *names,
                  const uint64_t *values, size_t n)
{
    double total = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        total += (double)values[i];
    plm_buf_printf(h->b,
                   "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" "
                   "aria-label=\"%s:",
                   label);
    for (size_t i = 0; i < n; i++)
        if (values[i])
            plm_buf_printf(h->b, " %llu %s", (unsigned long long)values[i], names[i]);
    plm_html_put(h, total > 0 ? "\">" : " none\"><rect width=\"1000\" height=\"10\" class=\"f-track\"/>");
    for (size_t i = 0; i < n; i++) {
        double w = total > 0 ? 1000 * (double)values[i] / total : 0;
        if (values[i])
            plm_buf_printf(h->b, "<rect x=\"%.2f\" width=\"%.2f\" height=\"10\" class=\"f-%s\"/>", at,
                           w > 3 ? w - 2 : w, names[i]);
        at += w;
    }
    plm_html_put(h, "</svg>");
}
