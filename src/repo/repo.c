/* SPDX-License-Identifier: Apache-2.0
 *
 * The entry of the repository feed: which kind of repository a target has, and what the
 * report says about the feed as a whole.
 */
#include "repo/repo_int.h"

#include "base/cachedir.h"

/* "debian" or "ubuntu" where the target's packages are those of that distribution (derivatives included). */
static plm_sv deb_distro(const struct plm_distro *d)
{
    static const struct {
        const char *prefix, *id;
    } rows[] = {{"Debian", "debian"}, {"Ubuntu", "ubuntu"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (plm_sv_is(d->id, rows[i].id) ||
            (d->ecosystem.p && plm_sv_starts(d->ecosystem, plm_sv_from(rows[i].prefix))))
            return plm_sv_from(rows[i].id);
    return PLM_SV_NULL;
}

static bool has_type(const struct plm_report *r, uint32_t target, const char *type)
{
    for (size_t i = 0; i < r->packages.n; i++)
        if (r->packages.v[i].target == target && plm_sv_is(r->packages.v[i].type, type))
            return true;
    return false;
}

/* One row for all targets: the oldest date, the sum of records. */
static int feed_row(struct plm_report *r, const struct plm_repo_outcome *got, plm_err **err)
{
    struct plm_feed_row *row = NULL;
    for (size_t i = 0; i < r->feeds.n && !row; i++)
        if (plm_sv_is(r->feeds.v[i].name, "repo"))
            row = &r->feeds.v[i];
    if (!row && !(row = plm_vec_push(r->arena, &r->feeds)))
        return plm_arena_check(r->arena, err);
    row->name = PLM_SV("repo");
    row->records += got->records;
    if (!row->as_of || got->as_of < row->as_of)
        row->as_of = got->as_of;
    return 0;
}

static int scan_kinds(const struct repo_run *run, struct plm_report *r, uint32_t target,
                      struct plm_repo_outcome *got, plm_err **err)
{
    const struct plm_distro *d = &r->targets.v[target].distro;
    plm_sv deb = deb_distro(d);
    if (has_type(r, target, "deb") && deb.p)
        return plm_repo_deb(run, r, target, deb, got, err);
    if (has_type(r, target, "rpm") && d->id.p)
        return plm_repo_rpm(run, r, target, got, err);
    if (has_type(r, target, "apk") && d->id.p)
        return plm_repo_apk(run, r, target, got, err);
    return 0;
}

int plm_repo_scan(const struct plm_ctx *ctx, const struct plm_repo_options *opt, struct plm_report *r,
                  uint32_t target, plm_err **err)
{
    struct plm_repo_outcome got = {0};
    plm_auto_free char *cache =
        ctx->cache_dir ? plm_fs_join(ctx->cache_dir, plm_cache_folder(PLM_CACHE_PART_REPO)) : NULL;
    plm_auto_free char *root = opt->apt_root.n ? strndup(opt->apt_root.p, opt->apt_root.n) : strdup("/");
    if (!root || (ctx->cache_dir && !cache))
        return plm_fail_oom(err);
    struct repo_run run = {.ctx = ctx,
                           .opt = opt,
                           .root = root,
                           .cache = cache,
                           .now = plm_now(ctx),
                           .max_age = opt->max_age ? opt->max_age : 86400};
    if (scan_kinds(&run, r, target, &got, err) < 0)
        return -1;
    if (got.as_of && feed_row(r, &got, err) < 0)
        return -1;
    if (got.is_covered)
        plm_diag(r, "repo.scope", PLM_SEV_NEGLIGIBLE, target, PLM_SV("repo"),
                 "the repository feed knows the flaws that an update of the distribution has fixed; "
                 "flaws without a fix are not in it");
    if (opt->outcome)
        *opt->outcome = got;
    return plm_arena_check(r->arena, err);
}
