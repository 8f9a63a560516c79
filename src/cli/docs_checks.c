/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference page of all checks, from their descriptors and the mapping tables.
 */
#include "audit/audit.h"
#include "cli/docs_int.h"
#include "inspect/inspect.h"

static void put_controls(struct plm_buf *b, const struct plm_check *c, struct plm_arena *a)
{
    static const struct {
        const char *framework, *label;
    } shown[] = {{"cis-controls", "CIS Controls v8"},
                 {"nist-800-190", "NIST SP 800-190"},
                 {"pci-dss", "PCI DSS 4.0.1"},
                 {"attack", "ATT&amp;CK"}};
    struct plm_control *v;
    size_t n = 0;
    if (plm_check_controls(c, a, &v, &n, NULL) < 0)
        return; /* the arena failed: seen by the caller */
    for (size_t k = 0; k < sizeof(shown) / sizeof(shown[0]); k++) {
        bool any = false;
        for (size_t i = 0; i < n; i++) {
            if (!plm_sv_is(v[i].framework, shown[k].framework))
                continue;
            plm_buf_printf(b, "%s%.*s", any ? ", " : "", PLM_SV_ARG(v[i].id));
            any = true;
        }
        if (any)
            plm_buf_printf(b, " (%s); ", shown[k].label);
    }
}

static void put_numbers(struct plm_buf *b, const struct plm_check *c, struct plm_arena *a)
{
    bool any = false;
    for (size_t i = 0; plm_cis_versions[i]; i++) {
        plm_sv id = plm_check_cis_id(c, plm_cis_versions[i], a);
        if (!id.n)
            continue;
        plm_buf_printf(b, "%s%.*s (%s)", any ? ", " : "Maps to CIS Docker Benchmark ", PLM_SV_ARG(id),
                       plm_cis_versions[i]);
        any = true;
    }
    if (any)
        plm_buf_printf(b, ", level %u, %s.\n", c->level, c->is_manual ? "manual" : "automated");
}

static void put_check(struct plm_buf *b, const struct plm_check *c, struct plm_arena *a)
{
    plm_buf_printf(b, "### %s %s\n\n", c->id, c->title);
    plm_buf_printf(b, "%s; stage %s. Reads %s.\n\n%s\n\nFix (%s): %s\n\n", plm_severity_name(c->severity),
                   plm_stage_name(c->stage), c->reads, c->rationale, plm_impact_name(c->impact), c->fix);
    size_t start = b->n;
    put_numbers(b, c, a);
    put_controls(b, c, a);
    if (b->n > start)
        plm_buf_str(b, "\n\n");
}

static void put_inspect_check(struct plm_buf *b, const struct plm_inspect_check *c)
{
    plm_buf_printf(b, "### %s (%s): %s\n\n%s", c->id, c->group, c->title, plm_severity_name(c->severity));
    if (c->level)
        plm_buf_printf(b, " (%s)", c->level);
    if (c->aliases)
        plm_buf_printf(b, "; also %s", c->aliases);
    if (c->is_off)
        plm_buf_str(b, "; only where a configuration asks for it");
    plm_buf_str(b, ".");
    if (c->rationale)
        plm_buf_printf(b, "\n\n%s", c->rationale);
    if (c->fix)
        plm_buf_printf(b, "\n\nFix: %s", c->fix);
    plm_buf_str(b, "\n\n");
}

static int by_check_id(const void *a, const void *b)
{
    const struct plm_inspect_check *const *x = a, *const *y = b;
    return plm_check_id_cmp(plm_sv_from((*x)->id), plm_sv_from((*y)->id));
}

static void put_inspect_checks(struct plm_buf *b, struct plm_arena *a)
{
    size_t n;
    const struct plm_inspect_check **v = plm_inspect_checks_all(a, &n);
    if (v)
        qsort(v, n, sizeof(*v), by_check_id);
    plm_buf_str(
        b,
        "## Checks of images, Dockerfiles and Compose files\n\nWhat `plimsoll scan` judges as kind "
        "`misconfiguration`. The id is the CIS number or the letter where the audit\njudges the same, else "
        "Dockle's, else Hadolint's; the other tools' ids work wherever an id is asked for. Levels of "
        "those tools: FATAL\nis critical, WARN medium, INFO negligible; `--fail-on "
        "misconfiguration:LEVEL` is their exit level.\n\n");
    plm_buf_str(b, "| id | also | what must be true | severity | of |\n|---|---|---|---|---|\n");
    for (size_t i = 0; v && i < n; i++)
        plm_buf_printf(b, "| %s | %s | %s | %s | %s |\n", v[i]->id, v[i]->aliases ? v[i]->aliases : "",
                       v[i]->title, plm_severity_name(v[i]->severity), v[i]->group);
    plm_buf_byte(b, '\n');
    for (size_t i = 0; v && i < n; i++)
        put_inspect_check(b, v[i]);
}

void plm_docs_page_checks(struct plm_buf *b, struct plm_arena *a)
{
    plm_docs_page_start(
        b, "Checks",
        "What `plimsoll audit` and `plimsoll check` judge. Ids are the numbers of the CIS Docker Benchmark "
        "1.6.0 where "
        "it has the\ncheck, else letters of our own: H host, D engine, F files, I images, R containers, S "
        "swarm. Every "
        "check ends in one of five\noutcomes: pass, fail, manual (a person decides; evidence is given), na "
        "(does not apply) "
        "and unknown (could not be determined).\nSeverities are those of a failure and can be set by "
        "`audit.severities`; some checks judge single objects higher or lower.");
    const struct plm_check *const *list = plm_checks_sorted(a);
    plm_buf_str(b, "| id | what must be true | severity | stage |\n|---|---|---|---|\n");
    for (const struct plm_check *const *c = list; c && *c; c++)
        plm_buf_printf(b, "| %s | %s | %s | %s |\n", (*c)->id, (*c)->title, plm_severity_name((*c)->severity),
                       plm_stage_name((*c)->stage));
    plm_buf_byte(b, '\n');
    for (; list && *list; list++)
        put_check(b, *list, a);
    put_inspect_checks(b, a);
}
