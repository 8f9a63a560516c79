/* SPDX-License-Identifier: Apache-2.0
 *
 * Packages and distributions as bytes, for layer records and caches. One table of string
 * members per struct, so that writer and reader cannot disagree about the order. A null
 * view is written as 0, any other as length + 1.
 */
#include "base/rd.h"
#include "model/model.h"

static const size_t package_strings[] = {
    offsetof(struct plm_package, type),        offsetof(struct plm_package, name),
    offsetof(struct plm_package, version),     offsetof(struct plm_package, arch),
    offsetof(struct plm_package, source_name), offsetof(struct plm_package, source_version),
    offsetof(struct plm_package, purl),        offsetof(struct plm_package, vendor),
    offsetof(struct plm_package, modularity),  offsetof(struct plm_package, status),
    offsetof(struct plm_package, cataloger),
};

static const size_t distro_strings[] = {
    offsetof(struct plm_distro, id),       offsetof(struct plm_distro, version),
    offsetof(struct plm_distro, codename), offsetof(struct plm_distro, pretty),
    offsetof(struct plm_distro, like),     offsetof(struct plm_distro, ecosystem),
    offsetof(struct plm_distro, evidence),
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void put(struct plm_buf *out, plm_sv s)
{
    plm_buf_varint(out, s.p ? (uint64_t)s.n + 1 : 0);
    plm_buf_sv_put(out, s);
}

static plm_sv get(struct plm_rd *r, struct plm_arena *a)
{
    size_t n = plm_rd_count(r, plm_rd_left(r));
    return n ? plm_arena_sv(a, plm_rd_bytes(r, n - 1)) : PLM_SV_NULL;
}

static void put_all(struct plm_buf *out, const void *base, const size_t *members, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put(out, *(const plm_sv *)((const char *)base + members[i]));
}

static void get_all(struct plm_rd *r, struct plm_arena *a, void *base, const size_t *members, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *(plm_sv *)(void *)((char *)base + members[i]) = get(r, a);
}

static void put_vec(struct plm_buf *out, const plm_sv_vec *v)
{
    plm_buf_varint(out, v->n);
    for (size_t i = 0; i < v->n; i++)
        put(out, v->v[i]);
}

static void get_vec(struct plm_rd *r, struct plm_arena *a, plm_sv_vec *v)
{
    size_t n = plm_rd_count(r, plm_rd_left(r));
    for (size_t i = 0; i < n && !r->failed; i++) {
        plm_sv s = get(r, a);
        plm_sv_vec_add(a, v, s);
    }
}

void plm_package_encode(struct plm_buf *out, const struct plm_package *p)
{
    put_all(out, p, package_strings, COUNT(package_strings));
    plm_buf_u64le(out, (uint64_t)p->installed_at);
    put_vec(out, &p->licenses);
    put_vec(out, &p->cpes);
}

void plm_package_decode(struct plm_rd *r, struct plm_arena *a, struct plm_package *out)
{
    struct plm_package p = {0};
    get_all(r, a, &p, package_strings, COUNT(package_strings));
    p.installed_at = (int64_t)plm_rd_u64le(r);
    get_vec(r, a, &p.licenses);
    get_vec(r, a, &p.cpes);
    if (!r->failed)
        *out = p;
}

void plm_distro_encode(struct plm_buf *out, const struct plm_distro *d)
{
    put_all(out, d, distro_strings, COUNT(distro_strings));
}

void plm_distro_decode(struct plm_rd *r, struct plm_arena *a, struct plm_distro *out)
{
    struct plm_distro d = {0};
    get_all(r, a, &d, distro_strings, COUNT(distro_strings));
    if (!r->failed)
        *out = d;
}
