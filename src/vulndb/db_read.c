/* SPDX-License-Identifier: Apache-2.0
 *
 * What a scan asks of the store beside ranges: whole records, aliases, KEV, EPSS, end of life,
 * and what the feeds are. Tables of CVEs and aliases are sorted: binary search.
 */
#include "base/fs.h"
#include "base/rd.h"
#include "vulndb/vulndb_int.h"

static int texts_get(const struct plm_db *db, uint32_t feed, const struct plm_adv_row *row,
                     struct plm_arena *a, struct plm_advisory *out, plm_err **err)
{
    const struct plm_dbf *f = &db->feeds[feed];
    plm_sv block;
    if (row->block == 0)
        return 0;
    if (plm_text_block(db->texts, f, feed, row->block - 1, a, &block, err) < 0)
        return -1;
    struct plm_rd r = PLM_RD(block);
    plm_rd_seek(&r, row->text_at);
    out->title = plm_rd_view(&r);
    out->details = plm_rd_view(&r);
    size_t n = plm_rd_count(&r, plm_rd_left(&r));
    for (size_t i = 0; i < n && !r.failed; i++) {
        plm_sv s = plm_rd_view(&r);
        plm_sv *slot = plm_vec_push(a, &out->references);
        if (!slot)
            return plm_arena_check(a, err);
        *slot = s;
    }
    if (r.failed)
        return plm_dbf_corrupt(f, "text of block", row->block - 1, err);
    if (!out->title.n)
        out->title = PLM_SV_NULL;
    if (!out->details.n)
        out->details = PLM_SV_NULL;
    return 0;
}

int plm_db_advisory(const struct plm_db *db, uint32_t feed, uint32_t advisory, struct plm_arena *a,
                    struct plm_advisory *out, plm_err **err)
{
    struct plm_adv_row row;
    struct plm_advisory adv = {0};
    if (feed >= db->n_feeds)
        return plm_fail(err, PLM_E_NOTFOUND, "no feed %u", feed);
    const struct plm_dbf *f = &db->feeds[feed];
    if (!plm_dbf_advisory(f, advisory, &row) || !plm_dbf_lists(f, row.lists, a, &adv))
        return plm_arena_failed(a) ? plm_arena_check(a, err) : plm_dbf_corrupt(f, "advisory", advisory, err);
    adv.id = row.id;
    adv.severity = row.severity;
    adv.published = row.published;
    adv.modified = row.modified;
    adv.withdrawn = row.flags & PLM_ADV_WITHDRAWN ? (row.withdrawn ? row.withdrawn : 1) : 0;
    adv.is_malware = row.flags & PLM_ADV_MALWARE;
    if (texts_get(db, feed, &row, a, &adv, err) < 0)
        return -1;
    *out = adv;
    return 0;
}

/* ---- aliases -------------------------------------------------------------------------------- */

/* Row of an id in ALIAS_IDS, or NULL. A ref that leads nowhere compares as the empty string. */
static const unsigned char *alias_row(const struct plm_db *db, plm_sv id)
{
    size_t lo = 0, hi = db->alias_ids.n / PLM_ROW_ALIAS;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const unsigned char *p = plm_dbf_row(db->alias_ids, mid, PLM_ROW_ALIAS);
        plm_sv have;
        (void)plm_pool_get(db->alias_strings, plm_le32(p), &have);
        int c = plm_sv_cmp(have, id);
        if (c == 0)
            return p;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

int plm_db_aliases(const struct plm_db *db, plm_sv id, struct plm_arena *a, plm_sv_vec *out, plm_err **err)
{
    const unsigned char *p = alias_row(db, id);
    if (!p)
        return plm_sv_vec_add(a, out, id) ? 0 : plm_arena_check(a, err);
    uint64_t first = plm_le32(p + 4), n = plm_le32(p + 8);
    for (uint64_t i = 0; i < n; i++) {
        const unsigned char *m = plm_dbf_row(db->alias_members, first + i, PLM_ROW_MEMBER);
        plm_sv s;
        if (!m || !plm_pool_get(db->alias_strings, plm_le32(m), &s) || !s.n)
            return plm_fail_id(err, PLM_E_PARSE, "db.corrupt", "%s: bad aliases of %.*s", db->path,
                               PLM_SV_ARG(id));
        plm_sv *slot = plm_vec_push(a, out);
        if (!slot)
            return plm_arena_check(a, err);
        *slot = s;
    }
    return 0;
}

/* ---- KEV, EPSS, end of life ------------------------------------------------------------------ */

static const unsigned char *cve_row(plm_sv table, uint32_t cve)
{
    size_t lo = 0, hi = table.n / PLM_ROW_KEV;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const unsigned char *p = plm_dbf_row(table, mid, PLM_ROW_KEV);
        uint32_t have = plm_le32(p);
        if (have == cve)
            return p;
        if (have < cve)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}
_Static_assert(PLM_ROW_KEV == PLM_ROW_EPSS, "one search for both");

static const unsigned char *cve_find(const struct plm_db *db, enum plm_sec type, plm_sv cve)
{
    uint32_t packed;
    if (!plm_cve_pack(cve, &packed))
        return NULL;
    const unsigned char *p = NULL;
    for (size_t i = 0; i < db->n_feeds && !p; i++)
        p = cve_row(db->feeds[i].sec[type], packed);
    return p;
}

bool plm_db_kev(const struct plm_db *db, plm_sv cve, int64_t *out_added)
{
    const unsigned char *p = cve_find(db, PLM_SEC_KEV, cve);
    if (p && out_added)
        *out_added = plm_le32(p + 4);
    return p != NULL;
}

bool plm_db_epss(const struct plm_db *db, plm_sv cve, double *out_score, double *out_percentile)
{
    const unsigned char *p = cve_find(db, PLM_SEC_EPSS, cve);
    if (!p)
        return false;
    uint32_t v = plm_le32(p + 4);
    if (out_score)
        *out_score = (v >> 15) / 100000.0;
    if (out_percentile)
        *out_percentile = (v & 0x7fff) / 32767.0;
    return true;
}

static bool eol_in(const struct plm_dbf *f, plm_sv product, plm_sv cycle, int64_t *out)
{
    const unsigned char *p;
    for (uint32_t i = 0; (p = plm_dbf_row(f->sec[PLM_SEC_EOL], i, PLM_ROW_EOL)); i++) {
        plm_sv s[3];
        bool ok = true;
        for (size_t k = 0; k < 3; k++)
            ok &= plm_pool_get(f->sec[PLM_SEC_STRINGS], plm_le32(p + 4 * k), &s[k]);
        if (ok && plm_sv_eq(s[0], product) &&
            (plm_sv_eq(s[1], cycle) || (s[2].n && plm_sv_ieq(s[2], cycle)))) {
            *out = plm_le64s(p + 12);
            return true;
        }
    }
    return false;
}

bool plm_db_eol(const struct plm_db *db, plm_sv product, plm_sv cycle, int64_t *out)
{
    for (size_t i = 0; i < db->n_feeds; i++)
        if (eol_in(&db->feeds[i], product, cycle, out))
            return true;
    return false;
}

/* ---- what it holds --------------------------------------------------------------------------- */

size_t plm_db_feed_count(const struct plm_db *db)
{
    return db->n_feeds;
}

void plm_db_feed(const struct plm_db *db, size_t i, struct plm_db_feed_info *out)
{
    const struct plm_dbf *f = &db->feeds[i];
    *out = (struct plm_db_feed_info){
        .name = f->name,
        .format = f->format,
        .as_of = f->as_of,
        .records = f->records,
        .ranges = f->ranges,
        .bad = f->bad,
        .origin = f->origin,
        .text_bytes = f->sec[PLM_SEC_TEXTS].n + f->sec[PLM_SEC_BLOCKS].n + f->sec[PLM_SEC_DICTIONARY].n,
        .advisories = f->sec[PLM_SEC_ADVISORIES].n / PLM_ROW_ADVISORY,
        .kev = f->sec[PLM_SEC_KEV].n / PLM_ROW_KEV,
        .epss = f->sec[PLM_SEC_EPSS].n / PLM_ROW_EPSS,
        .eol = f->sec[PLM_SEC_EOL].n / PLM_ROW_EOL,
    };
    for (size_t k = 0; k < PLM_SEC_FEED_COUNT_; k++)
        out->bytes += f->sec[k].n;
}

int plm_db_feed_ecosystems(const struct plm_db *db, size_t i, struct plm_arena *a, plm_sv_vec *out,
                           plm_err **err)
{
    for (size_t k = 0; k < db->n_ecos; k++)
        if (db->ecos[k].feed == i && !plm_sv_vec_add(a, out, db->ecos[k].name))
            return plm_arena_check(a, err);
    return 0;
}

int plm_db_feed_bad(const struct plm_db *db, size_t i, struct plm_arena *a, plm_sv_vec *out, plm_err **err)
{
    const struct plm_dbf *f = &db->feeds[i];
    struct plm_rd r = PLM_RD(f->bad_rows);
    for (uint64_t k = 0; k < f->bad_kept; k++) {
        plm_sv s = plm_rd_view(&r);
        if (r.failed)
            return plm_dbf_corrupt(f, "message", k, err);
        if (!plm_sv_vec_add(a, out, s))
            return plm_arena_check(a, err);
    }
    return 0;
}

int64_t plm_db_built(const struct plm_db *db)
{
    return db->built;
}

uint64_t plm_db_size(const struct plm_db *db)
{
    return db->map.n;
}

static bool names(const plm_sv_vec *v, plm_sv id)
{
    for (size_t i = 0; i < v->n; i++)
        if (plm_sv_eq(v->v[i], id))
            return true;
    return false;
}

int plm_db_find(const struct plm_db *db, plm_sv id, int (*fn)(void *arg, uint32_t feed, uint32_t advisory),
                void *arg, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    for (uint32_t i = 0; i < db->n_feeds; i++) {
        const struct plm_dbf *f = &db->feeds[i];
        size_t n = f->sec[PLM_SEC_ADVISORIES].n / PLM_ROW_ADVISORY;
        for (uint32_t k = 0; k < n; k++) {
            struct plm_adv_row row;
            struct plm_advisory adv = {0};
            if (!plm_dbf_advisory(f, k, &row) || !plm_dbf_lists(f, row.lists, a, &adv))
                return plm_arena_failed(a) ? plm_arena_check(a, err) : plm_dbf_corrupt(f, "advisory", k, err);
            int r = plm_sv_eq(row.id, id) || names(&adv.aliases, id) || names(&adv.covers, id) ? fn(arg, i, k)
                                                                                               : 0;
            if (r < 0)
                return r;
            plm_arena_reset(a);
        }
    }
    return 0;
}

char *plm_db_default_path(const struct plm_ctx *ctx)
{
    return ctx->cache_dir ? plm_fs_join(ctx->cache_dir, "db/plimsoll.db") : NULL;
}

int64_t plm_db_age(const struct plm_ctx *ctx, const struct plm_db *db)
{
    int64_t as_of, now = plm_now(ctx);
    if (!plm_db_as_of(db, PLM_SV_NULL, &(plm_sv_vec){0}, &as_of))
        return INT64_MAX;
    return now > as_of ? now - as_of : 0;
}
