/* SPDX-License-Identifier: Apache-2.0
 *
 * The open store (format.md): a read-only map. Opening checks the header and the section
 * table (both under checksums) and reads the description of each feed; nothing else is
 * touched, so it costs the same for any size. Contents are checked as they are followed;
 * their checksums only by plm_db_verify.
 *
 * A lookup is one binary search over the ecosystems of all feeds and one hash probe in each
 * feed that has the ecosystem.
 */
#include "base/fs.h"
#include "base/rd.h"
#include "codec/hash.h"
#include "vulndb/vulndb_int.h"

#include <fcntl.h>
#include <sys/mman.h>

static int bad_store(const char *path, const char *what, plm_err **err)
{
    int r = plm_fail_id(err, PLM_E_PARSE, "db.corrupt", "%s: %s", path, what);
    plm_err_hint(err, "plimsoll db update, or db import of a good file, replaces it");
    return r;
}

size_t plm_db_section_count(const struct plm_db *db)
{
    return plm_le32((const unsigned char *)db->map.p + 32);
}

bool plm_db_section(const struct plm_db *db, size_t i, struct plm_db_section *out)
{
    plm_sv table = plm_sv_sub(db->map, PLM_DB_HEADER, plm_db_section_count(db) * PLM_DB_SECTION_ROW);
    const unsigned char *p = plm_dbf_row(table, i, PLM_DB_SECTION_ROW);
    if (!p)
        return false;
    *out = (struct plm_db_section){plm_le32(p), plm_le32(p + 4), (uint64_t)plm_le64s(p + 8),
                                   (uint64_t)plm_le64s(p + 16), p + 24};
    return true;
}

static int head_check(struct plm_db *db, const char *path, plm_err **err)
{
    unsigned char hash[PLM_SHA256_BYTES];
    struct plm_rd r = PLM_RD(db->map);
    plm_sv magic = plm_rd_bytes(&r, 8);
    if (r.failed || !plm_sv_eq(magic, PLM_SV(PLM_DB_MAGIC)))
        return bad_store(path, "is not a plimsoll vulnerability store", err);
    uint32_t version = plm_rd_u32le(&r), header = plm_rd_u32le(&r);
    if (version != PLM_DB_VERSION && !r.failed) {
        int f = plm_fail_id(err, PLM_E_UNSUPPORTED, "db.version",
                            "%s: format version %u; this program reads %d", path, version, PLM_DB_VERSION);
        plm_err_hint(err, "plimsoll db update writes it anew");
        return f;
    }
    db->built = (int64_t)plm_rd_u64le(&r);
    uint64_t length = plm_rd_u64le(&r);
    uint32_t n_sections = plm_rd_u32le(&r), n_feeds = plm_rd_u32le(&r);
    plm_sv table_hash = plm_rd_bytes(&r, PLM_SHA256_BYTES), head_hash = plm_rd_bytes(&r, PLM_SHA256_BYTES);
    plm_sv table = plm_rd_bytes(&r, (size_t)n_sections * PLM_DB_SECTION_ROW);
    if (r.failed)
        return bad_store(path, "is cut short", err);
    plm_sha256_of(plm_sv_sub(db->map, 0, PLM_DB_HEADER_HASHED), hash);
    if (header != PLM_DB_HEADER || memcmp(hash, head_hash.p, sizeof(hash)) != 0)
        return bad_store(path, "the header does not match its checksum", err);
    plm_sha256_of(table, hash);
    if (memcmp(hash, table_hash.p, sizeof(hash)) != 0)
        return bad_store(path, "the section table does not match its checksum", err);
    if (length != db->map.n || n_feeds > PLM_DB_FEEDS_MAX)
        return bad_store(path, "has not the length that its header says", err);
    db->n_feeds = n_feeds;
    return 0;
}

/* Sections follow each other without gaps; types that a newer writer added are left alone. */
static int sections_map(struct plm_db *db, const char *path, plm_err **err)
{
    struct plm_db_section s;
    uint64_t at = PLM_DB_HEADER + (uint64_t)plm_db_section_count(db) * PLM_DB_SECTION_ROW;
    for (size_t i = 0; plm_db_section(db, i, &s); i++) {
        if (s.off != at || s.len > db->map.n - at)
            return bad_store(path, "a section lies outside the file", err);
        at += s.len;
        plm_sv view = plm_sv_sub(db->map, (size_t)s.off, (size_t)s.len);
        plm_sv *to = NULL;
        if (s.feed == PLM_DB_GLOBAL)
            to = s.type == PLM_SEC_ALIAS_STRINGS   ? &db->alias_strings
                 : s.type == PLM_SEC_ALIAS_IDS     ? &db->alias_ids
                 : s.type == PLM_SEC_ALIAS_MEMBERS ? &db->alias_members
                                                   : NULL;
        else if (s.feed >= db->n_feeds)
            return bad_store(path, "a section belongs to no feed", err);
        else if (s.type < PLM_SEC_FEED_COUNT_)
            to = &db->feeds[s.feed].sec[s.type];
        if (to && to->p)
            return bad_store(path, "has a section twice", err);
        if (to)
            *to = view;
    }
    return at == db->map.n ? 0 : bad_store(path, "has bytes behind its sections", err);
}

static int by_eco(const void *a, const void *b)
{
    const struct plm_db_eco *x = a, *y = b;
    int c = plm_sv_cmp(x->name, y->name);
    return c ? c : (x->feed > y->feed) - (x->feed < y->feed);
}

static int ecos_collect(struct plm_db *db, plm_err **err)
{
    size_t total = 0;
    for (size_t i = 0; i < db->n_feeds; i++)
        total += db->feeds[i].sec[PLM_SEC_ECOSYSTEMS].n / PLM_ROW_ECOSYSTEM;
    db->ecos = calloc(total + 1, sizeof(*db->ecos));
    if (!db->ecos)
        return plm_fail_oom(err);
    for (size_t i = 0; i < db->n_feeds; i++) {
        const struct plm_dbf *f = &db->feeds[i];
        const unsigned char *p;
        for (uint32_t k = 0; (p = plm_dbf_row(f->sec[PLM_SEC_ECOSYSTEMS], k, PLM_ROW_ECOSYSTEM)); k++) {
            struct plm_db_eco *e = &db->ecos[db->n_ecos];
            if (!plm_pool_get(f->sec[PLM_SEC_STRINGS], plm_le32(p), &e->name))
                return plm_dbf_corrupt(f, "ecosystem", k, err);
            e->feed = (uint32_t)i;
            e->row = k;
            db->n_ecos++;
        }
    }
    if (db->n_ecos)
        qsort(db->ecos, db->n_ecos, sizeof(*db->ecos), by_eco);
    return 0;
}

static int open_map(struct plm_db *db, const char *path, plm_err **err)
{
    db->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    if (db->fd < 0 || fstat(db->fd, &st) < 0)
        return plm_fail_sys(err, "%s", path);
    if (!S_ISREG(st.st_mode))
        return plm_fail(err, PLM_E_UNSUPPORTED, "%s: is not a regular file", path);
    if (st.st_size < PLM_DB_HEADER)
        return bad_store(path, "is not a plimsoll vulnerability store", err);
    size_t n = (size_t)st.st_size;
    void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, db->fd, 0);
    if (p == MAP_FAILED)
        return plm_fail_sys(err, "%s", path);
    db->map = (plm_sv){p, n};
    return 0;
}

static int open_parts(struct plm_db *db, const char *path, plm_err **err)
{
    db->path = strdup(path);
    if (!db->path)
        return plm_fail_oom(err);
    if (open_map(db, path, err) < 0 || head_check(db, path, err) < 0)
        return -1;
    db->feeds = calloc(db->n_feeds + 1, sizeof(*db->feeds));
    if (!db->feeds)
        return plm_fail_oom(err);
    if (sections_map(db, path, err) < 0)
        return -1;
    for (size_t i = 0; i < db->n_feeds; i++)
        if (plm_dbf_meta(&db->feeds[i], err) < 0)
            return plm_wrap(err, "%s", path);
    if (ecos_collect(db, err) < 0)
        return plm_wrap(err, "%s", path);
    db->texts = plm_text_reader_new(db->n_feeds, err);
    return db->texts ? 0 : -1;
}

struct plm_db *plm_db_open(const char *path, plm_err **err)
{
    struct plm_db *db = calloc(1, sizeof(*db));
    if (!db)
        return PLM_NULL(plm_fail_oom(err));
    db->fd = -1;
    if (open_parts(db, path, err) < 0) {
        plm_db_close(db);
        return NULL;
    }
    return db;
}

void plm_db_close(struct plm_db *db)
{
    if (!db)
        return;
    plm_text_reader_free(db->texts);
    if (db->map.p) {
        union {
            const void *in;
            void *out;
        } u = {.in = db->map.p};
        munmap(u.out, db->map.n);
    }
    if (db->fd >= 0)
        close(db->fd);
    free(db->ecos);
    free(db->feeds);
    free(db->path);
    free(db);
}

/* ---- lookup --------------------------------------------------------------------------------- */

/* First entry of an ecosystem; n_ecos if there is none. */
static size_t eco_first(const struct plm_db *db, plm_sv ecosystem)
{
    size_t lo = 0, hi = db->n_ecos;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (plm_sv_cmp(db->ecos[mid].name, ecosystem) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < db->n_ecos && plm_sv_eq(db->ecos[lo].name, ecosystem) ? lo : db->n_ecos;
}

struct group {
    plm_sv package;
    uint32_t first, n;
};

static bool group_get(const struct plm_dbf *f, uint64_t i, struct group *out)
{
    const unsigned char *p = plm_dbf_row(f->sec[PLM_SEC_GROUPS], i, PLM_ROW_GROUP);
    if (!p || !plm_pool_get(f->sec[PLM_SEC_STRINGS], plm_le32(p), &out->package))
        return false;
    out->first = plm_le32(p + 4);
    out->n = plm_le32(p + 8);
    return out->first <= f->sec[PLM_SEC_RANGES].n / PLM_ROW_RANGE &&
           out->n <= f->sec[PLM_SEC_RANGES].n / PLM_ROW_RANGE - out->first;
}

/* 1: found, 0: not there. */
static int group_find(const struct plm_dbf *f, const unsigned char *eco, plm_sv package, struct group *out,
                      plm_err **err)
{
    uint32_t slots = plm_le32(eco + 4), n_slots = plm_le32(eco + 8), groups = plm_le32(eco + 12);
    uint32_t k = (uint32_t)plm_sv_hash(package);
    if (n_slots & (n_slots - 1)) /* the mask below would miss the section's end, and the loop its own */
        return plm_dbf_corrupt(f, "hash table of an ecosystem", n_slots, err);
    for (uint32_t i = 0; i < n_slots; i++) {
        uint64_t at = slots + (uint64_t)((k + i) & (n_slots - 1));
        const unsigned char *p = plm_dbf_row(f->sec[PLM_SEC_SLOTS], at, PLM_ROW_SLOT);
        if (!p)
            return plm_dbf_corrupt(f, "slot", at, err);
        uint32_t v = plm_le32(p);
        if (!v)
            return 0;
        uint64_t g = groups + (uint64_t)v - 1;
        if (!group_get(f, g, out))
            return plm_dbf_corrupt(f, "group", g, err);
        if (plm_sv_eq(out->package, package))
            return 1;
    }
    return 0;
}

static int group_ranges(const struct plm_db *db, uint32_t feed, const struct group *g, plm_sv ecosystem,
                        int (*fn)(void *arg, const struct plm_db_hit *hit), void *arg, plm_err **err)
{
    const struct plm_dbf *f = &db->feeds[feed];
    for (uint32_t i = 0; i < g->n; i++) {
        struct plm_db_hit hit = {.feed = feed, .ecosystem = ecosystem, .package = g->package};
        if (!plm_dbf_range(f, g->first + i, &hit))
            return plm_dbf_corrupt(f, "range", g->first + i, err);
        int r = fn(arg, &hit);
        if (r < 0)
            return r;
    }
    return 0;
}

int plm_db_lookup(const struct plm_db *db, plm_sv ecosystem, plm_sv package,
                  int (*fn)(void *arg, const struct plm_db_hit *hit), void *arg, plm_err **err)
{
    for (size_t i = eco_first(db, ecosystem); i < db->n_ecos && plm_sv_eq(db->ecos[i].name, ecosystem); i++) {
        const struct plm_dbf *f = &db->feeds[db->ecos[i].feed];
        const unsigned char *eco =
            plm_dbf_row(f->sec[PLM_SEC_ECOSYSTEMS], db->ecos[i].row, PLM_ROW_ECOSYSTEM);
        struct group g;
        int r = eco ? group_find(f, eco, package, &g, err) : 0;
        if (r > 0)
            r = group_ranges(db, db->ecos[i].feed, &g, db->ecos[i].name, fn, arg, err);
        if (r < 0)
            return r;
    }
    return 0;
}

int plm_db_each_range(const struct plm_db *db, size_t i, int (*fn)(void *arg, const struct plm_db_hit *hit),
                      void *arg, plm_err **err)
{
    const struct plm_dbf *f = &db->feeds[i];
    const unsigned char *eco;
    for (uint32_t k = 0; (eco = plm_dbf_row(f->sec[PLM_SEC_ECOSYSTEMS], k, PLM_ROW_ECOSYSTEM)); k++) {
        plm_sv name;
        if (!plm_pool_get(f->sec[PLM_SEC_STRINGS], plm_le32(eco), &name))
            return plm_dbf_corrupt(f, "ecosystem", k, err);
        uint64_t first = plm_le32(eco + 12), n = plm_le32(eco + 16);
        for (uint64_t g = first; g < first + n; g++) {
            struct group group;
            if (!group_get(f, g, &group))
                return plm_dbf_corrupt(f, "group", g, err);
            int r = group_ranges(db, (uint32_t)i, &group, name, fn, arg, err);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

/* ---- coverage ------------------------------------------------------------------------------- */

bool plm_db_channel_on(const plm_sv_vec *channels, plm_sv channel)
{
    bool is_on = channel.n == 0;
    for (size_t i = 0; i < channels->n && !is_on; i++)
        is_on = plm_sv_ieq(channels->v[i], channel);
    return is_on;
}

/* Does a feed's part of an ecosystem have a row that is used? As good as always the first one is. What is
 * damaged counts: whoever looks it up says so. */
static bool eco_speaks(const struct plm_db *db, const struct plm_db_eco *e, const plm_sv_vec *channels)
{
    const struct plm_dbf *f = &db->feeds[e->feed];
    const unsigned char *row = plm_dbf_row(f->sec[PLM_SEC_ECOSYSTEMS], e->row, PLM_ROW_ECOSYSTEM);
    if (!row)
        return true;
    uint64_t first = plm_le32(row + 12), n = plm_le32(row + 16);
    for (uint64_t g = first; g < first + n; g++) {
        struct group group;
        if (!group_get(f, g, &group))
            return true;
        for (uint32_t i = 0; i < group.n; i++) {
            struct plm_db_hit hit = {0};
            if (!plm_dbf_range(f, group.first + i, &hit) || plm_db_channel_on(channels, hit.channel))
                return true;
        }
    }
    return n == 0;
}

/* Walks the feeds that cover an ecosystem: start with *at = 0. Null view: all entries of all feeds. */
static const struct plm_dbf *next_cover(const struct plm_db *db, plm_sv ecosystem, const plm_sv_vec *channels,
                                        size_t *at)
{
    if (*at == 0 && ecosystem.p)
        *at = eco_first(db, ecosystem);
    while (*at < db->n_ecos) {
        const struct plm_db_eco *e = &db->ecos[(*at)++];
        if (ecosystem.p && !plm_sv_eq(e->name, ecosystem))
            return NULL;
        if (!ecosystem.p || eco_speaks(db, e, channels))
            return &db->feeds[e->feed];
    }
    return NULL;
}

bool plm_db_covers(const struct plm_db *db, plm_sv ecosystem, const plm_sv_vec *channels)
{
    size_t at = 0;
    return ecosystem.p && next_cover(db, ecosystem, channels, &at);
}

bool plm_db_as_of(const struct plm_db *db, plm_sv ecosystem, const plm_sv_vec *channels, int64_t *out)
{
    bool found = false;
    const struct plm_dbf *f;
    for (size_t at = 0; (f = next_cover(db, ecosystem, channels, &at));) {
        if (f->as_of && (!found || f->as_of < *out)) {
            *out = f->as_of;
            found = true;
        }
    }
    return found;
}

bool plm_db_undated(const struct plm_db *db, plm_sv ecosystem, const plm_sv_vec *channels, plm_sv *out_feed)
{
    const struct plm_dbf *f;
    for (size_t at = 0; (f = next_cover(db, ecosystem, channels, &at));) {
        if (!f->as_of) {
            *out_feed = f->name;
            return true;
        }
    }
    return false;
}
