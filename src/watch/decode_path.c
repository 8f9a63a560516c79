/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths of arguments. A path that the kernel resolved is taken as it is; what a program wrote is joined with
 * the directory that it is relative to and cleaned as text: no "." and "//", ".." takes a component away.
 * Links are not followed then, as in Falco; successful opens do not come here. Linear.
 */
#include "watch/decode_int.h"

static void put_component(char *to, size_t *n, plm_sv c)
{
    if (!c.n || plm_sv_is(c, "."))
        return;
    if (plm_sv_is(c, "..")) {
        while (*n && to[*n - 1] != '/')
            (*n)--;
        *n -= *n > 0; /* the slash in front of it */
        return;
    }
    to[(*n)++] = '/';
    memcpy(to + *n, c.p, c.n);
    *n += c.n;
}

plm_sv plm_path_join(struct plm_arena *a, plm_sv base, plm_sv path)
{
    bool is_absolute = path.n && path.p[0] == '/';
    if (!path.p || (!is_absolute && (!base.n || base.p[0] != '/')))
        return PLM_SV_NULL;
    char *to = plm_arena_alloc(a, (is_absolute ? 0 : base.n) + path.n + 3);
    if (!to)
        return PLM_SV_NULL;
    size_t n = 0;
    plm_sv c;
    for (plm_sv rest = is_absolute ? PLM_SV_NULL : base; plm_sv_field(&rest, '/', &c);)
        put_component(to, &n, c);
    for (plm_sv rest = path; plm_sv_field(&rest, '/', &c);)
        put_component(to, &n, c);
    if (!n)
        to[n++] = '/';
    return plm_sv_n(to, n);
}

plm_sv plm_path_of_part(struct plm_arena *a, const struct plm_rec_part *p)
{
    if (!p || !p->bytes.n)
        return PLM_SV_NULL;
    if (p->bytes.p[0] == '/' || p->flags & PLM_WIRE_PATH_PSEUDO)
        return p->bytes;
    return plm_arena_printf(a, "/%.*s", PLM_SV_ARG(p->bytes)); /* the walk ended below the root */
}

plm_sv plm_rec_base(struct plm_decoder *d, unsigned dir)
{
    const struct plm_rec_part *p =
        dir < PLM_WIRE_ARG_RES ? plm_rec_find(&d->rec, PLM_WIRE_P_PATH, dir) : NULL;
    bool is_cwd = dir >= PLM_WIRE_ARG_RES || (int32_t)d->rec.h.args[dir] == -100; /* AT_FDCWD */
    if (!p && is_cwd)
        p = plm_rec_any(&d->rec, PLM_WIRE_P_CWD);
    if (!p || p->flags & (PLM_WIRE_PATH_CUT | PLM_WIRE_PATH_PSEUDO))
        return PLM_SV_NULL;
    return plm_path_of_part(d->arena, p);
}
