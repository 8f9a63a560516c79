/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a finding stands, for formats whose readers know only files of a repository (sarif, gitlab,
 * gitlab-codequality, github-annotations, checkstyle).
 */
#include "escape.h"
#include "report_int.h"

static void put(struct plm_buf *b, plm_sv s, bool is_uri, bool keep_slash)
{
    if (is_uri)
        plm_esc_uri(b, s, keep_slash);
    else
        plm_esc_plain(b, s, PLM_ESC_LINE);
}

static bool is_in_repository(const struct plm_target *t)
{
    return plm_sv_is(t->scheme, "dir") && t->reference.n && t->reference.p[0] != '/' &&
           !plm_sv_has(t->reference, PLM_SV(".."));
}

static void put_directory(const struct plm_target *t, bool is_uri, struct plm_buf *b)
{
    plm_sv dir = t->reference;
    while (plm_sv_starts(dir, PLM_SV("./")))
        dir = plm_sv_from_off(dir, 2);
    while (plm_sv_ends(dir, PLM_SV("/")))
        dir = plm_sv_sub(dir, 0, dir.n - 1);
    if (plm_sv_is(dir, ".") || !dir.n)
        return;
    put(b, dir, is_uri, true);
    plm_buf_byte(b, '/');
}

/* "docker/registry.example.org/app%3A1/", "audit/host/". */
static void put_made_up_path(const struct plm_target *t, bool is_uri, struct plm_buf *b)
{
    plm_sv name = t->reference.n ? t->reference : t->id;
    put(b, t->scheme, is_uri, false);
    plm_buf_byte(b, '/');
    while (plm_sv_starts(name, PLM_SV("/")))
        name = plm_sv_from_off(name, 1);
    if (!name.n || plm_sv_starts(name, t->scheme))
        return; /* host: */
    put(b, name, is_uri, true);
    plm_buf_byte(b, '/');
}

void plm_report_place(const struct plm_report *r, const struct plm_finding *f, bool is_uri, struct plm_buf *b)
{
    const struct plm_target *t = f->target < r->targets.n ? &r->targets.v[f->target] : NULL;
    const struct plm_package *p = plm_report_package_of(r, f);
    plm_sv path = f->path;
    if (!path.n && p && p->locations.n)
        path = p->locations.v[0].path;
    bool is_path = path.n > 0;
    path = is_path ? path : f->object;
    if (t && is_in_repository(t))
        put_directory(t, is_uri, b);
    else if (t)
        put_made_up_path(t, is_uri, b);
    while (plm_sv_starts(path, PLM_SV("/")))
        path = plm_sv_from_off(path, 1);
    put(b, path.n ? path : f->id.n ? f->id : PLM_SV("none"), is_uri, is_path);
}
