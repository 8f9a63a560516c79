/* SPDX-License-Identifier: Apache-2.0
 *
 * `packages.verify`: every file that a package claims beside the file that is there. Missing comes first;
 * configuration files are meant to change; then digest, mode, size. Modes are compared as octal digits from
 * the right, because package databases differ in whether they record the type.
 *
 * FIXED follows symbolic links among directories (a package claims /lib/x, /lib is a link to usr/lib), and
 * says so when contents were not read and digests could therefore not be compared. Cost: a binary search per
 * claimed file.
 */
#include "policy/package_verify.h"

enum { LINKS_MAX = 16, TYPE_MASK = 0170000, TYPE_FILE = 0100000, TYPE_DIR = 0040000, TYPE_LINK = 0120000 };

/* ---- which file that is ------------------------------------------------------------------ */

/* The path with the first directory of it that is a link replaced by where it leads; null: none is. */
static plm_sv through_link(struct plm_policy_eval *ev, plm_sv path)
{
    for (size_t i = 1; i < path.n; i++) {
        if (path.p[i] != '/')
            continue;
        const struct plm_fact_file *f = plm_image_facts_file(ev->facts, plm_sv_sub(path, 0, i));
        if (!f || (f->mode & TYPE_MASK) != TYPE_LINK || !f->link.n)
            continue;
        size_t slash = plm_sv_rfind(f->path, '/');
        plm_sv parent = f->link.p[0] == '/' || slash == SIZE_MAX ? PLM_SV("") : plm_sv_sub(f->path, 0, slash);
        plm_sv rest = plm_sv_from_off(path, i);
        return plm_arena_printf(ev->arena, "%.*s%s%.*s%.*s", PLM_SV_ARG(parent),
                                f->link.p[0] == '/' ? "" : "/", PLM_SV_ARG(f->link), PLM_SV_ARG(rest));
    }
    return PLM_SV_NULL;
}

static const struct plm_fact_file *file_of(struct plm_policy_eval *ev, plm_sv path)
{
    const struct plm_fact_file *f = plm_image_facts_file(ev->facts, path);
    for (int i = 0; !f && ev->mode == PLM_POLICY_FIXED && i < LINKS_MAX; i++) {
        path = through_link(ev, path);
        if (!path.p)
            return NULL;
        f = plm_image_facts_file(ev->facts, path);
    }
    return f;
}

/* ---- what differs ------------------------------------------------------------------------ */

static bool mode_differs(plm_sv recorded, uint32_t mode)
{
    char digits[16];
    size_t n = 0;
    for (uint32_t m = mode; m && n < sizeof(digits); m >>= 3)
        digits[n++] = (char)('0' + (m & 7));
    while (recorded.n > 1 && recorded.p[0] == '0')
        recorded = plm_sv_from_off(recorded, 1);
    size_t compared = recorded.n < n ? recorded.n : n;
    for (size_t i = 0; i < compared; i++)
        if (digits[i] != recorded.p[recorded.n - 1 - i])
            return true;
    return false;
}

enum difference { SAME, CHANGED, MISSING, UNREAD };

static enum difference digest_differs(const struct plm_fact_owned *o, const struct plm_fact_file *f)
{
    plm_sv found = o->found;
    if (!found.n && plm_sv_ieq(o->algorithm, PLM_SV("sha256")))
        found = f->sha256;
    if (!o->digest.n)
        return SAME;
    if (!found.n)
        return UNREAD;
    return plm_sv_eq(found, o->digest) ? SAME : CHANGED;
}

static enum difference differs(const struct plm_fact_owned *o, const struct plm_fact_file *f)
{
    if (!f)
        return MISSING;
    uint32_t type = f->mode & TYPE_MASK;
    if (o->is_config || (type != TYPE_FILE && type != TYPE_DIR))
        return SAME;
    enum difference d = type == TYPE_FILE ? digest_differs(o, f) : SAME;
    if (d == CHANGED || (o->mode.n && f->mode && mode_differs(o->mode, f->mode)))
        return CHANGED;
    return type == TYPE_FILE && o->size && f->size && o->size != f->size ? CHANGED : d;
}

/* ---- the rule ---------------------------------------------------------------------------- */

struct verify {
    plm_sv_vec packages, directories;
    plm_sv check;
    size_t unread;
};

static int verify_file(struct plm_policy_eval *ev, const struct plm_policy_rule *r, struct verify *v,
                       plm_sv package, const struct plm_fact_owned *o)
{
    enum difference d = differs(o, file_of(ev, o->path));
    const char *status = d == MISSING ? "missing" : "changed";
    bool is_wanted = !v->check.n || plm_sv_is(v->check, status);
    v->unread += d == UNREAD && is_wanted;
    if (d == SAME || d == UNREAD || !is_wanted)
        return 0;
    return plm_policy_fire(
        ev, r, PLM_SV_NULL,
        "VERIFY check against package db for package '%.*s' failed on entry '%.*s' with status: "
        "'%s'",
        PLM_SV_ARG(package), PLM_SV_ARG(o->path), status);
}

/* How often the original looks at the entry: once per listed directory that it is in. */
static size_t times_listed(const struct plm_policy_eval *ev, const struct verify *v, plm_sv path)
{
    size_t n = v->directories.n ? 0 : 1;
    for (size_t i = 0; i < v->directories.n; i++)
        n += plm_sv_starts(path, v->directories.v[i]);
    return ev->mode == PLM_POLICY_FIXED && n > 1 ? 1 : n;
}

int plm_policy_verify(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    struct verify v = {.packages = plm_policy_param_list(ev, r, "only_packages"),
                       .directories = plm_policy_param_list(ev, r, "only_directories"),
                       .check = plm_policy_param(r, "check")};
    for (size_t i = 0; i < ev->facts->packages.n; i++) {
        const struct plm_fact_package *p = &ev->facts->packages.v[i];
        if (v.packages.n && !plm_policy_listed(&v.packages, p->name))
            continue;
        for (size_t k = 0; k < p->owned.n; k++)
            for (size_t n = times_listed(ev, &v, p->owned.v[k].path); n; n--)
                if (verify_file(ev, r, &v, p->name, &p->owned.v[k]) < 0)
                    return plm_fail_oom(err);
    }
    if (v.unread && ev->mode == PLM_POLICY_FIXED)
        return plm_fail_id(
            err, PLM_E_POLICY, "policy.not-checked",
            "%zu files could not be compared with their recorded digests: contents were not read", v.unread);
    return plm_arena_check(ev->arena, err);
}

static const char *const checks[] = {"changed", "missing", NULL};
const struct plm_policy_param_type plm_policy_verify_params[] = {
    {.name = "only_packages",
     .type = PLM_PARAM_LIST,
     .description = "Names of the packages whose files are compared.",
     .example = "libssl3,openssl",
     .otherwise = "every package"},
    {.name = "only_directories",
     .type = PLM_PARAM_LIST,
     .description = "Beginnings of the paths that are compared.",
     .example = "/usr,/var/lib",
     .otherwise = "every path"},
    {.name = "check",
     .type = PLM_PARAM_ENUM,
     .values = checks,
     .description = "Only files that differ, or only files that are gone.",
     .example = "changed",
     .otherwise = "both"},
    {0}};
