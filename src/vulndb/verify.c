/* SPDX-License-Identifier: Apache-2.0
 *
 * plm_db_verify: every section against its checksum, then every row and every ref followed as
 * a reader would. O(size of the store).
 */
#include "codec/hash.h"
#include "vulndb/vulndb_int.h"

int plm_db_checksums(const struct plm_db *db, plm_err **err)
{
    struct plm_db_section s;
    for (size_t i = 0; plm_db_section(db, i, &s); i++) {
        unsigned char hash[PLM_SHA256_BYTES];
        plm_sha256_of(plm_sv_sub(db->map, (size_t)s.off, (size_t)s.len), hash);
        if (memcmp(hash, s.sha256, sizeof(hash)) != 0)
            return plm_fail_id(err, PLM_E_PARSE, "db.corrupt",
                               "%s: section %s at offset %llu does not match its checksum", db->path,
                               plm_sec_name(s.type), (unsigned long long)s.off);
    }
    return 0;
}

static int count_range(void *arg, const struct plm_db_hit *hit)
{
    (void)hit;
    ++*(uint64_t *)arg;
    return 0;
}

static int reached(void *arg, const struct plm_db_hit *hit)
{
    (void)hit;
    *(bool *)arg = true;
    return 0;
}

struct look {
    const struct plm_db *db;
    plm_sv last;
    plm_err **err;
};

/* Each package must be found again by its name. */
static int package_is_indexed(void *arg, const struct plm_db_hit *hit)
{
    struct look *l = arg;
    if (hit->package.p == l->last.p)
        return 0;
    l->last = hit->package;
    bool found = false;
    if (plm_db_lookup(l->db, hit->ecosystem, hit->package, reached, &found, l->err) < 0)
        return -1;
    return found ? 0
                 : plm_fail_id(l->err, PLM_E_PARSE, "db.corrupt", "%s: %.*s is not in the index", l->db->path,
                               PLM_SV_ARG(hit->package));
}

static int feed_rows(const struct plm_db *db, uint32_t i, struct plm_arena *a, plm_err **err)
{
    const struct plm_dbf *f = &db->feeds[i];
    uint64_t ranges = 0;
    struct look l = {db, PLM_SV_NULL, err};
    if (plm_db_each_range(db, i, count_range, &ranges, err) < 0 ||
        plm_db_each_range(db, i, package_is_indexed, &l, err) < 0)
        return -1;
    if (ranges != f->ranges || ranges != f->sec[PLM_SEC_RANGES].n / PLM_ROW_RANGE)
        return plm_dbf_corrupt(f, "count of ranges, not", f->ranges, err);
    size_t n = f->sec[PLM_SEC_ADVISORIES].n / PLM_ROW_ADVISORY;
    for (uint32_t k = 0; k < n; k++) {
        struct plm_advisory adv;
        if (plm_db_advisory(db, i, k, a, &adv, err) < 0)
            return -1;
        plm_arena_reset(a);
    }
    plm_sv_vec rows = {0};
    return plm_db_feed_bad(db, i, a, &rows, err);
}

static int alias_rows(const struct plm_db *db, struct plm_arena *a, plm_err **err)
{
    const unsigned char *p;
    for (size_t i = 0; (p = plm_dbf_row(db->alias_ids, i, PLM_ROW_ALIAS)); i++) {
        plm_sv id;
        plm_sv_vec members = {0};
        if (!plm_pool_get(db->alias_strings, plm_le32(p), &id) ||
            plm_db_aliases(db, id, a, &members, err) < 0)
            return -1;
        if (members.n < 2)
            return plm_fail_id(err, PLM_E_PARSE, "db.corrupt", "%s: alias row %zu cannot be found", db->path,
                               i);
        plm_arena_reset(a);
    }
    return 0;
}

int plm_db_verify(const struct plm_db *db, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    if (plm_db_checksums(db, err) < 0)
        return -1;
    for (uint32_t i = 0; i < db->n_feeds; i++) {
        if (feed_rows(db, i, a, err) < 0)
            return -1;
        plm_arena_reset(a);
    }
    return alias_rows(db, a, err);
}
