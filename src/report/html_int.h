/* SPDX-License-Identifier: Apache-2.0
 *
 * The html report's parts: the document and what is about the run (html.c), checks and findings
 * (html_checks.c), frameworks (html_frameworks.c), charts (html_charts.c).
 */
#pragma once

#include "escape.h"
#include "report_int.h"

/* All rows of one check in one target. */
struct plm_html_group {
    const struct plm_check_row *rows;
    size_t n;
    size_t counts[PLM_OUTCOMES];
    size_t covered;                  /* failures that an exception covers; counted in counts[FAIL] too */
    const struct plm_finding *worst; /* of its failures; NULL: none */
};

struct plm_html {
    const struct plm_report *r;
    const struct plm_report_options *opt;
    struct plm_arena *arena;
    struct plm_buf *b;
    struct plm_map *audited;               /* "target\nid\nobject" of audit findings to the finding */
    PLM_VEC(struct plm_html_group) groups; /* in the order of the report's checks */
};

static inline void plm_html_put(const struct plm_html *h, const char *markup)
{
    plm_buf_str(h->b, markup);
}
static inline void plm_html_text(const struct plm_html *h, plm_sv s)
{
    plm_esc_html(h->b, s, PLM_ESC_LINE);
}
/* Long text of ours: `code spans` become <code>. */
void plm_html_prose(const struct plm_html *h, plm_sv s);
/* <span class="tag t-WORD">WORD</span>; word is one of our own. */
void plm_html_tag(const struct plm_html *h, const char *word);
void plm_html_evidence(const struct plm_html *h, const plm_sv_vec *evidence);
/* "1 check", "2 checks". */
void plm_html_count(const struct plm_html *h, size_t n, const char *one, const char *many);

int plm_html_groups(struct plm_html *h, plm_err **err);
/* The finding that a failed row made; NULL: none. */
const struct plm_finding *plm_html_finding_of(const struct plm_html *h, const struct plm_check_row *c);
/* It fails or is unknown on an object that no exception covers: then it is shown in full. */
bool plm_html_is_open(const struct plm_html_group *g);
/* The number in the anchor "#cN" of a group. */
size_t plm_html_group_index(const struct plm_html *h, const struct plm_html_group *g);

void plm_html_fixes(const struct plm_html *h);
void plm_html_targets(const struct plm_html *h);
void plm_html_blind_spots(const struct plm_html *h);
void plm_html_exceptions(const struct plm_html *h);
int plm_html_frameworks(const struct plm_html *h, plm_err **err);

void plm_html_mark(const struct plm_html *h);
void plm_html_ring(const struct plm_html *h, const struct plm_stage_score *s);
/* A bar of parts next to each other; classes are "f-NAME". */
void plm_html_bar(const struct plm_html *h, const char *label, const char *const *names,
                  const uint64_t *values, size_t n);
