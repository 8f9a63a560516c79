/* SPDX-License-Identifier: Apache-2.0
 *
 * What is enabled on the host: systemd units, System V scripts, cron jobs and at jobs.
 *
 * - systemd.unit(5): a unit is enabled by a link in NAME.wants/, NAME.requires/ or NAME.upholds/ of a unit
 *   directory; /etc before /run before /usr. A unit that is a link to /dev/null is masked wherever it is
 * wanted. Generators write into /run/systemd/generator*: what they made of fstab, getty or sysv is read
 * there.
 * - rc2.d to rc5.d: "S" and two digits and the script's name; where systemd has a unit of the name (or a
 * mask) the script is not run. Debian makes these links for every daemon, so they matter only without
 * systemd.
 * - cron(8): /etc/crontab, /etc/cron.d, /etc/cron.{hourly,daily,weekly,monthly}, users' own in
 *   /var/spool/cron[/crontabs]; at(1): /var/spool/cron/atjobs, /var/spool/at.
 */
#include "audit/host.h"

static const char *const unit_dirs[] = {"/etc/systemd/system",         "/run/systemd/system",
                                        "/run/systemd/generator",      "/run/systemd/generator.early",
                                        "/run/systemd/generator.late", "/usr/local/lib/systemd/system",
                                        "/usr/lib/systemd/system",     "/lib/systemd/system"};

struct gather {
    const struct plm_facts *f;
    struct plm_map *seen; /* names */
    plm_enabled_vec *out;
    plm_sv_vec masked;
};

static struct plm_enabled *add(struct gather *g, plm_sv name, plm_sv where)
{
    name = plm_arena_sv(g->f->arena, name);
    void **slot = name.p ? plm_map_put(g->seen, name) : NULL;
    if (!slot || *slot)
        return NULL;
    *slot = g;
    struct plm_enabled *e = plm_vec_push(g->f->arena, g->out);
    if (e)
        *e = (struct plm_enabled){.name = name, .where = where};
    return e;
}

/* ---- systemd ------------------------------------------------------------------------------------ */

static void gather_masks(struct gather *g, plm_sv_vec *names, const char *dir)
{
    for (size_t i = 0; i < names->n; i++) {
        if (!plm_sv_has(names->v[i], PLM_SV(".")) || plm_sv_ends(names->v[i], PLM_SV(".wants")) ||
            plm_sv_ends(names->v[i], PLM_SV(".d")))
            continue;
        plm_sv path = plm_host_printf(g->f, "%s/%.*s", dir, PLM_SV_ARG(names->v[i]));
        if (path.p && plm_sv_is(plm_host_link(g->f, path.p), "/dev/null"))
            (void)plm_sv_vec_add(g->f->arena, &g->masked, names->v[i]);
    }
}

/* Units that only order others at boot or describe devices and mounts are nothing that runs. */
static bool is_inert(plm_sv unit)
{
    static const char *const kinds[] = {".target", ".mount",  ".automount", ".swap",
                                        ".slice",  ".device", ".scope"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (plm_sv_ends(unit, plm_sv_from(kinds[i])))
            return true;
    return false;
}

static void gather_wants(struct gather *g, plm_sv dir)
{
    plm_sv_vec names = {0};
    (void)plm_host_names(g->f, dir.p,
                         &names); /* read by its owner only: what is not shown is said by the caller */
    for (size_t i = 0; i < names.n; i++) {
        if (is_inert(names.v[i]))
            continue;
        plm_sv where = plm_host_printf(g->f, "%.*s/%.*s", PLM_SV_ARG(dir), PLM_SV_ARG(names.v[i]));
        struct plm_enabled *e = where.p ? add(g, names.v[i], where) : NULL;
        if (e)
            e->target = plm_host_link(g->f, where.p);
    }
}

static bool gather_units(struct gather *g)
{
    bool is_there = false;
    /* The two last are one directory where /usr is merged: names are taken once anyway. */
    for (size_t d = 0; d < sizeof(unit_dirs) / sizeof(unit_dirs[0]); d++) {
        plm_sv_vec names = {0};
        if (plm_host_names(g->f, unit_dirs[d], &names) != 0)
            continue;
        is_there = true;
        gather_masks(g, &names, unit_dirs[d]);
        for (size_t i = 0; i < names.n; i++)
            if (plm_sv_ends(names.v[i], PLM_SV(".wants")) || plm_sv_ends(names.v[i], PLM_SV(".requires")) ||
                plm_sv_ends(names.v[i], PLM_SV(".upholds"))) {
                plm_sv dir = plm_host_printf(g->f, "%s/%.*s", unit_dirs[d], PLM_SV_ARG(names.v[i]));
                if (dir.p)
                    gather_wants(g, dir);
            }
    }
    for (size_t i = 0; i < g->out->n; i++)
        for (size_t m = 0; m < g->masked.n; m++)
            g->out->v[i].is_masked |= plm_sv_eq(g->masked.v[m], g->out->v[i].name);
    return is_there;
}

/* ---- System V ----------------------------------------------------------------------------------- */

static bool has_systemd(const struct plm_facts *f)
{
    return plm_host_exists(f, "/usr/lib/systemd/systemd") || plm_host_exists(f, "/lib/systemd/systemd");
}

static bool gather_sysv(struct gather *g)
{
    static const char *const dirs[] = {"/etc/rc2.d", "/etc/rc3.d", "/etc/rc4.d", "/etc/rc5.d",
                                       "/etc/runlevels/default"};
    bool is_there = false;
    for (size_t d = 0; d < sizeof(dirs) / sizeof(dirs[0]); d++) {
        plm_sv_vec names = {0};
        if (plm_host_names(g->f, dirs[d], &names) != 0)
            continue;
        is_there = true;
        for (size_t i = 0; i < names.n; i++) {
            plm_sv n = names.v[i];
            bool is_rc = n.n > 3 && n.p[0] == 'S' && n.p[1] >= '0' && n.p[1] <= '9';
            bool is_openrc = d == 4;
            if (!is_rc && !is_openrc)
                continue;
            plm_sv name = plm_host_printf(g->f, "init.d/%.*s", PLM_SV_ARG(is_rc ? plm_sv_from_off(n, 3) : n));
            plm_sv where = plm_host_printf(g->f, "%s/%.*s", dirs[d], PLM_SV_ARG(n));
            struct plm_enabled *e = name.p && where.p ? add(g, name, where) : NULL;
            if (e)
                e->target = plm_host_link(g->f, where.p);
        }
    }
    return is_there;
}

/* ---- cron and at -------------------------------------------------------------------------------- */

static const struct {
    const char *dir, *prefix;
} job_dirs[] = {
    {"/etc/cron.d", "cron.d"},
    {"/etc/cron.hourly", "cron.hourly"},
    {"/etc/cron.daily", "cron.daily"},
    {"/etc/cron.weekly", "cron.weekly"},
    {"/etc/cron.monthly", "cron.monthly"},
    {"/var/spool/cron/crontabs", "crontab"},
    {"/var/spool/cron", "crontab"},
    {"/etc/crontabs", "crontab"},
    {"/var/spool/cron/atjobs", "at"},
    {"/var/spool/at", "at"},
};

static bool is_job(size_t d, plm_sv name)
{
    if (name.p[0] == '.' || plm_sv_ends(name, PLM_SV("~")) || plm_sv_ends(name, PLM_SV(".dpkg-old")) ||
        plm_sv_ends(name, PLM_SV(".dpkg-dist")))
        return false;
    if (strcmp(job_dirs[d].dir, "/var/spool/cron") ==
        0) /* Debian has directories there, Red Hat the tables */
        return !plm_sv_is(name, "crontabs") && !plm_sv_is(name, "atjobs") && !plm_sv_is(name, "atspool") &&
               !plm_sv_is(name, "lastrun");
    return true;
}

/* A crontab that has only comments and variables does nothing. */
static bool has_lines(const struct plm_facts *f, const char *path)
{
    int sys;
    plm_sv text = plm_host_text(f, path, PLM_MIB(1), &sys), line, word;
    if (!text.p)
        return sys != ENOENT;
    while (plm_host_line(&text, &line)) {
        plm_sv rest = line;
        if (plm_sv_word(&rest, &word) && plm_sv_find(word, '=') == SIZE_MAX &&
            !plm_sv_starts(plm_sv_trim(rest), PLM_SV("=")))
            return true;
    }
    return false;
}

static bool gather_jobs(struct gather *g)
{
    bool is_there = false;
    for (size_t d = 0; d < sizeof(job_dirs) / sizeof(job_dirs[0]); d++) {
        plm_sv_vec names = {0};
        if (plm_host_names(g->f, job_dirs[d].dir, &names) != 0)
            continue;
        is_there = true;
        for (size_t i = 0; i < names.n; i++) {
            plm_sv where = plm_host_printf(g->f, "%s/%.*s", job_dirs[d].dir, PLM_SV_ARG(names.v[i]));
            plm_sv name = plm_host_printf(g->f, "%s/%.*s", job_dirs[d].prefix, PLM_SV_ARG(names.v[i]));
            bool is_table = strcmp(job_dirs[d].prefix, "crontab") == 0 || d == 0;
            if (!where.p || !name.p || !is_job(d, names.v[i]) || (is_table && !has_lines(g->f, where.p)))
                continue;
            (void)add(g, name, where);
        }
    }
    return is_there;
}

static int enabled_order(const void *pa, const void *pb)
{
    return plm_sv_cmp(((const struct plm_enabled *)pa)->name, ((const struct plm_enabled *)pb)->name);
}

bool plm_host_enabled(const struct plm_facts *f, plm_enabled_vec *out, plm_sv *out_why)
{
    plm_auto(plm_map_free) struct plm_map *seen = plm_map_new();
    struct gather g = {.f = f, .seen = seen, .out = out};
    if (!seen) {
        *out_why = PLM_SV("out of memory");
        return false;
    }
    bool is_there = gather_units(&g);
    if (!has_systemd(f))
        is_there |= gather_sysv(&g);
    is_there |= gather_jobs(&g);
    if (out->n)
        qsort(out->v, out->n, sizeof(out->v[0]), enabled_order);
    if (!is_there)
        *out_why = PLM_SV("no unit, rc or cron directory is there");
    return is_there;
}
