/* SPDX-License-Identifier: Apache-2.0
 *
 * The filter as text (`watch check --explain-filter`): each enabled rule, its clauses, and the checks that
 * are left to user space.
 */
#include "watch/kplan_int.h"

enum { NAMES_SHOWN = 24, PATHS_SHOWN = 12, CHECKS_SHOWN = 8 };

static void put_types(const struct plm_evset *s, struct plm_buf *out)
{
    unsigned n = 0;
    for (unsigned id = 0; id < plm_evtype_count(); id++)
        n += plm_evset_has(s, id);
    if (n > NAMES_SHOWN) {
        plm_buf_printf(out, "%u types of events", n);
        return;
    }
    const char *gap = "";
    for (unsigned id = 0; id < plm_evtype_count(); id++) {
        const struct plm_evtype *t = plm_evset_has(s, id) ? plm_evtype_get(id) : NULL;
        if (!t)
            continue;
        plm_buf_printf(out, "%s%s", gap, t->name);
        gap = " ";
    }
}

/* Of each pair the side that is left; nothing where both are. */
static void put_dims(uint32_t dims, struct plm_buf *out)
{
    for (unsigned d = 0; d < PLM_KD_COUNT_; d++)
        if (dims >> d & 1 && !(dims >> (d ^ 1) & 1))
            plm_buf_printf(out, "; %s", plm_kdim_name((enum plm_kdim)d));
}

static void put_paths(const struct plm_kcube *c, struct plm_buf *out)
{
    static const char *const forms[][2] = {[PLM_KPATH_EXACT] = {"", ""},
                                           [PLM_KPATH_PREFIX] = {"", "*"},
                                           [PLM_KPATH_NAME] = {"**/", ""},
                                           [PLM_KPATH_DIR] = {"", "/<file>"},
                                           [PLM_KPATH_SUFFIX] = {"*", ""}};
    if (!c->has_paths)
        return;
    plm_buf_printf(out, "; path %s", c->paths.n ? "" : "that is no file's");
    for (size_t i = 0; i < c->paths.n && i < PATHS_SHOWN; i++) {
        plm_sv text = c->paths.v[i].text;
        bool is_root = c->paths.v[i].kind == PLM_KPATH_DIR && plm_sv_is(text, "/");
        plm_buf_printf(out, "%s%s%.*s%s", i ? ", " : "", forms[c->paths.v[i].kind][0],
                       is_root ? 0 : (int)text.n, text.p, forms[c->paths.v[i].kind][1]);
    }
    if (c->paths.n > PATHS_SHOWN)
        plm_buf_printf(out, " and %zu more", c->paths.n - PATHS_SHOWN);
}

static void put_ports(const struct plm_kcube *c, struct plm_buf *out)
{
    if (!c->has_ports)
        return;
    plm_buf_str(out, "; port");
    for (size_t i = 0; i < c->ports.n && i < PATHS_SHOWN; i++)
        plm_buf_printf(out, "%s%u", i ? ", " : " ", c->ports.v[i]);
    if (c->ports.n > PATHS_SHOWN)
        plm_buf_printf(out, " and %zu more", c->ports.n - PATHS_SHOWN);
}

static void put_process(const struct plm_kcube *c, struct plm_buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < c->alts.n; i++)
        n += c->alts.v[i].nodes.n;
    if (n)
        plm_buf_printf(out, "; process: %zu test%s", n, n == 1 ? "" : "s");
}

struct left {
    const struct plm_cond *v[CHECKS_SHOWN];
    size_t n;
};

/* Checks that neither the kernel nor the mask of the process decides. */
static void collect(const struct plm_cond *c, bool is_not, struct left *l)
{
    if (c->kind != PLM_COND_CHECK) {
        for (size_t i = 0; i < c->n_children; i++)
            collect(c->children[i], is_not != (c->kind == PLM_COND_NOT), l);
        return;
    }
    if (plm_kleaf_is_known(c, is_not) || plm_kmask_is_own(c))
        return;
    if (l->n < CHECKS_SHOWN)
        l->v[l->n] = c;
    l->n++;
}

static void put_left(const struct plm_rule *r, struct plm_buf *out)
{
    struct left l = {.n = 0};
    collect(r->condition, false, &l);
    if (!l.n)
        return;
    plm_buf_str(out, "    left to user space: ");
    for (size_t i = 0; i < l.n && i < CHECKS_SHOWN; i++) {
        plm_buf_str(out, i ? "; " : "");
        plm_cond_text(l.v[i], out);
    }
    if (l.n > CHECKS_SHOWN)
        plm_buf_printf(out, "; and %zu more", l.n - CHECKS_SHOWN);
    plm_buf_byte(out, '\n');
}

static size_t put_clauses(const struct plm_kplan *p, const struct plm_rule *r, struct plm_buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < p->clauses.n; i++) {
        const struct plm_kclause *c = &p->clauses.v[i];
        if (c->rule != r)
            continue;
        n++;
        plm_buf_printf(out, "    %3u: ", c->bit);
        put_types(&c->cube.types, out);
        put_dims(c->cube.dims, out);
        put_paths(&c->cube, out);
        put_ports(&c->cube, out);
        put_process(&c->cube, out);
        plm_buf_byte(out, '\n');
    }
    return n;
}

void plm_kplan_explain(const struct plm_kplan *p, struct plm_buf *out)
{
    plm_buf_printf(out, "%zu rules, %zu clauses in %u bits, %zu paths, %zu ports\n", p->rules.n, p->clauses.n,
                   p->filter.n_clauses, p->filter.n_paths, p->filter.n_ports);
    for (size_t i = 0; i < p->rules.n; i++) {
        const struct plm_rule *r = p->rules.v[i];
        plm_buf_printf(out, "%.*s\n", PLM_SV_ARG(r->name));
        if (!put_clauses(p, r, out))
            plm_buf_str(out, "    no event can meet it\n");
        put_left(r, out);
    }
}
