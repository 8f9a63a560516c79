/* SPDX-License-Identifier: Apache-2.0
 *
 * The table's parts: lines (table.c), which findings stand together (group.c), the one screen of
 * `check` (screen.c).
 */
#pragma once

#include "report_int.h"

struct plm_table {
    const struct plm_report *r;
    const struct plm_report_options *opt;
    struct plm_buf *out;
    size_t width;
};

struct plm_bunch {
    plm_sv title;      /* source package, package, layer, severity */
    plm_sv from, to;   /* versions; null where not one upgrade */
    plm_sv scheme;     /* version scheme of `to` */
    plm_sv created_by; /* of the layer */
    plm_sv_vec names;  /* binary packages, sorted */
    uint32_t layer;    /* of all of them, or PLM_NONE */
    bool is_base;
    double risk, epss; /* highest */
    uint64_t counts[PLM_SEV_COUNT_];
    PLM_VEC(const struct plm_finding *) findings; /* each id once, in the order asked for */
};

/* At most width columns, escaped, "..." where cut. */
void plm_table_fit(struct plm_buf *out, plm_sv s, size_t width);
/* The same, padded to exactly width columns. */
void plm_table_column(struct plm_buf *out, plm_sv s, size_t width);
void plm_table_severity(const struct plm_table *t, enum plm_severity s, size_t width);
void plm_table_counts(const struct plm_table *t, const uint64_t *by_severity);
void plm_table_heading(const struct plm_table *t, const char *text);
void plm_table_wrap(const struct plm_table *t, plm_sv s, size_t indent);
/* One line; lead: a column between id and text (package and versions), or null. */
void plm_table_finding(const struct plm_table *t, const struct plm_finding *f, size_t id_width, plm_sv lead);
/* brief: ids only. */
void plm_table_group(const struct plm_table *t, const struct plm_bunch *g, bool brief);
/* All findings of one target from the selected list (group.c). */
void plm_table_findings(const struct plm_table *t, struct plm_arena *a, const struct plm_finding *const *list,
                        size_t n, uint32_t target);
/* What an audit of one target came to (table_checks.c); audited: of plm_report_audited. */
struct plm_map;
void plm_table_checks(const struct plm_table *t, struct plm_arena *a, const struct plm_map *audited,
                      uint32_t target);
/* The one screen of `check`. */
void plm_table_screen(const struct plm_table *t);
/* The verdict and what decided it (table_verdict.c). */
void plm_table_verdict(const struct plm_table *t);
