/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing and reading what catalogers leave in a layer record (formats in catalog_int.h).
 */
#include "catalog_int.h"

bool plm_catalog_put(struct catalog_writer *w, const char *limit_code, const struct plm_package *p)
{
    if (w->packages >= w->out->limits->packages) {
        if (!w->limit_told)
            w->out->diag(w->out, limit_code, PLM_SEV_HIGH, "more than %llu packages, the rest is left out",
                         (unsigned long long)w->out->limits->packages);
        w->limit_told = true;
        return false;
    }
    w->packages++;
    plm_package_encode(&w->out->facts, p);
    return true;
}

plm_sv plm_catalog_basename(plm_sv path)
{
    size_t slash = plm_sv_rfind(path, '/');
    return slash == SIZE_MAX ? path : plm_sv_from_off(path, slash + 1);
}

void plm_catalog_owned_begin(struct catalog_owned *o, const struct plm_limits *limits)
{
    *o = (struct catalog_owned){.paths = PLM_BUF((size_t)limits->record_bytes),
                                .last = PLM_BUF((size_t)limits->path_bytes),
                                .path_max = (size_t)limits->path_bytes};
}

void plm_catalog_owned_done(struct catalog_owned *o)
{
    plm_buf_done(&o->paths);
    plm_buf_done(&o->last);
}

static size_t common(plm_sv a, plm_sv b)
{
    size_t n = 0;
    while (n < a.n && n < b.n && a.p[n] == b.p[n])
        n++;
    return n;
}

void plm_catalog_owned_add(struct catalog_owned *o, plm_sv dir, plm_sv base)
{
    while (dir.n && dir.p[dir.n - 1] == '/')
        dir.n--;
    while (base.n && base.p[0] == '/')
        base = plm_sv_from_off(base, 1);
    size_t total;
    if (base.n == 0 || __builtin_add_overflow(dir.n, base.n, &total) || total + 2 > o->path_max)
        return;
    /* what the next path shares with the last one is kept in `last`, only the rest is written */
    plm_sv last = plm_buf_sv(&o->last);
    size_t start = dir.n && dir.p[0] != '/' ? 1 : 0;
    size_t same = 0;
    char text[2] = {'/', 0};
    plm_sv parts[4] = {plm_sv_n(text, start), dir, plm_sv_n(text, 1), base};
    size_t rest_part = 0, rest_off = 0;
    for (; rest_part < 4; rest_part++) {
        rest_off = common(parts[rest_part], plm_sv_from_off(last, same));
        same += rest_off;
        if (rest_off < parts[rest_part].n)
            break;
    }
    if (rest_part == 4 && same == last.n)
        return; /* the same path again */
    plm_buf_varint(&o->paths, same);
    o->last.n = same;
    for (size_t i = rest_part, off = rest_off; i < 4; i++, off = 0)
        plm_buf_sv_put(&o->last, plm_sv_from_off(parts[i], off));
    plm_buf_view(&o->paths, plm_sv_from_off(plm_buf_sv(&o->last), same));
    o->n++;
}

int plm_catalog_owned_end(struct catalog_owned *o, plm_sv key, struct plm_buf *owned, plm_err **err)
{
    if (plm_buf_check(&o->paths, err) < 0 || plm_buf_check(&o->last, err) < 0)
        return -1;
    if (o->n) {
        plm_buf_view(owned, key);
        plm_buf_varint(owned, o->n);
        plm_buf_sv_put(owned, plm_buf_sv(&o->paths));
    }
    plm_catalog_owned_done(o);
    return 0;
}

bool plm_catalog_owned_next(struct plm_rd *r, plm_sv *key, size_t *n)
{
    if (plm_rd_left(r) == 0)
        return false;
    *key = plm_rd_view(r);
    *n = plm_rd_count(r, plm_rd_left(r) / 2 + 1);
    return !r->failed;
}

plm_sv plm_catalog_owned_path(struct plm_rd *r, struct plm_buf *last)
{
    size_t same = plm_rd_count(r, last->n);
    plm_sv rest = plm_rd_view(r);
    if (r->failed)
        return PLM_SV_NULL;
    last->n = same;
    plm_buf_sv_put(last, rest);
    if (last->failed)
        r->failed = true;
    return plm_buf_sv(last);
}

void plm_catalog_bad(struct catalog_faults *f, size_t offset, const char *what)
{
    if (f->n++ == 0)
        f->out->diag(f->out, f->code, PLM_SEV_HIGH, "offset %zu: %s", offset, what);
}

void plm_catalog_bad_end(const struct catalog_faults *f)
{
    if (f->n > 1)
        f->out->diag(f->out, f->code, PLM_SEV_HIGH, "%llu more faults after the first",
                     (unsigned long long)f->n - 1);
}
