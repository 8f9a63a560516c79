/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this module share: the layout of the store (format.md), the view of one
 * feed's sections that reader and builder both use, and the parts of the builder.
 */
#pragma once

#include "base/buf.h"
#include "vulndb/vulndb.h"

#include <pthread.h>

#define PLM_DB_MAGIC "PLMVDB1\n"

enum {
    PLM_DB_VERSION = 1,
    PLM_DB_HEADER_HASHED = 72, /* bytes under the header's own checksum */
    PLM_DB_HEADER = PLM_DB_HEADER_HASHED + 32,
    PLM_DB_SECTION_ROW = 56,
    PLM_DB_FEEDS_MAX = 4096,
    PLM_DB_BLOCK_MAX = 1 << 22, /* uncompressed bytes of one text block */
    PLM_DB_BAD_KEPT = 100,
};
#define PLM_DB_GLOBAL UINT32_MAX /* the section belongs to no feed */

/* Section types. The numbers are in files: never reuse one. */
enum plm_sec {
    PLM_SEC_META,
    PLM_SEC_STRINGS,
    PLM_SEC_ECOSYSTEMS,
    PLM_SEC_SLOTS,
    PLM_SEC_GROUPS,
    PLM_SEC_RANGES,
    PLM_SEC_VERSIONS,
    PLM_SEC_ATTRIBUTES,
    PLM_SEC_ADVISORIES,
    PLM_SEC_DICTIONARY,
    PLM_SEC_BLOCKS,
    PLM_SEC_TEXTS,
    PLM_SEC_KEV,
    PLM_SEC_EPSS,
    PLM_SEC_EOL,
    PLM_SEC_FEED_COUNT_, /* those above exist once per feed */
    PLM_SEC_ALIAS_STRINGS = 32,
    PLM_SEC_ALIAS_IDS,
    PLM_SEC_ALIAS_MEMBERS,
    PLM_SEC_END_
};
const char *plm_sec_name(uint32_t type);

/* Row sizes of the table sections. */
enum {
    PLM_ROW_ECOSYSTEM = 20,
    PLM_ROW_SLOT = 4,
    PLM_ROW_GROUP = 12,
    PLM_ROW_RANGE = 16,
    PLM_ROW_VERSION = 8,
    PLM_ROW_ATTRIBUTE = 28,
    PLM_ROW_ADVISORY = 36,
    PLM_ROW_BLOCK = 12,
    PLM_ROW_KEV = 8,
    PLM_ROW_EPSS = 8,
    PLM_ROW_EOL = 20,
    PLM_ROW_ALIAS = 12,
    PLM_ROW_MEMBER = 4,
};

/* End of a range, in an attribute row. */
enum { PLM_END_NONE, PLM_END_FIXED, PLM_END_LAST };
enum { PLM_ATTR_BINARY = 1 };
enum { PLM_ADV_WITHDRAWN = 1, PLM_ADV_MALWARE = 2 };

/* ---- one feed's sections, from a map or from memory ---------------------------------------- */

struct plm_dbf {
    plm_sv sec[PLM_SEC_FEED_COUNT_];
    plm_sv name, format;
    struct plm_feed_origin origin;
    int64_t as_of;
    uint64_t records, ranges, bad;
    plm_sv bad_rows; /* what follows in META: count and views */
    uint64_t bad_kept;
};

/* The i-th row of a table of fixed-size rows; NULL outside it. */
static inline const unsigned char *plm_dbf_row(plm_sv table, uint64_t i, size_t size)
{
    return i < table.n / size ? (const unsigned char *)table.p + (size_t)i * size : NULL;
}
static inline uint32_t plm_le32(const unsigned char *p)
{
    uint32_t v = 0;
    if (p) /* a row that is not there reads as zeros */
        memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap32(v);
#endif
    return v;
}
static inline int64_t plm_le64s(const unsigned char *p)
{
    return (int64_t)((uint64_t)plm_le32(p) | (uint64_t)plm_le32(p + 4) << 32);
}

/* String at ref of a pool. Null for ref 0; false (and null) for a ref outside it. */
bool plm_pool_get(plm_sv pool, uint32_t ref, plm_sv *out);
/* Fills name, format, counts and origin from META. */
int plm_dbf_meta(struct plm_dbf *f, plm_err **err);
void plm_dbf_meta_put(struct plm_buf *out, const struct plm_dbf *f);

struct plm_adv_row {
    plm_sv id, severity, lists;
    uint32_t block, text_at; /* block: index + 1, 0: no text */
    int64_t published, modified, withdrawn;
    uint32_t flags;
};
/* false: outside the tables. */
bool plm_dbf_advisory(const struct plm_dbf *f, uint32_t i, struct plm_adv_row *out);
/* Aliases, covers and CVSS of a row; views borrow from the pool, the vectors live in the arena. */
bool plm_dbf_lists(const struct plm_dbf *f, plm_sv lists, struct plm_arena *a, struct plm_advisory *out);
/* Range row to hit; ecosystem, package and feed are the caller's. */
bool plm_dbf_range(const struct plm_dbf *f, uint32_t i, struct plm_db_hit *out);
int plm_dbf_corrupt(const struct plm_dbf *f, const char *what, uint64_t i, plm_err **err)
    __attribute__((warn_unused_result));

/* "CVE-2024-12345" in 32 bits: year - 1999 in the upper 6, the number below. */
bool plm_cve_pack(plm_sv cve, uint32_t *out);

/* ---- the open store ------------------------------------------------------------------------ */

struct plm_text_reader;

struct plm_db_eco {
    plm_sv name;
    uint32_t feed, row;
};

struct plm_db {
    int fd;
    plm_sv map;
    char *path;
    int64_t built;
    struct plm_dbf *feeds;
    size_t n_feeds;
    plm_sv alias_strings, alias_ids, alias_members;
    struct plm_db_eco *ecos; /* of all feeds, by name then feed */
    size_t n_ecos;
    struct plm_text_reader *texts;
};

/* A section row of the table, checked against the file. */
struct plm_db_section {
    uint32_t type, feed;
    uint64_t off, len;
    const unsigned char *sha256;
};
size_t plm_db_section_count(const struct plm_db *db);
bool plm_db_section(const struct plm_db *db, size_t i, struct plm_db_section *out);

/* Decompressing: contexts and dictionaries are made on first use and shared under a lock. */
struct plm_text_reader *plm_text_reader_new(size_t n_feeds, plm_err **err);
void plm_text_reader_free(struct plm_text_reader *r);
/* Text block i of a feed (index from 0), into the arena. */
int plm_text_block(struct plm_text_reader *r, const struct plm_dbf *f, size_t feed, uint32_t i,
                   struct plm_arena *a, plm_sv *out, plm_err **err);

/* ---- building ------------------------------------------------------------------------------ */

/* Hash table from a hash to row numbers; the caller compares. */
struct plm_itab {
    struct plm_itab_slot {
        uint32_t hash, value; /* value + 1; 0: free */
    } * slots;
    size_t n, mask;
};
void plm_itab_done(struct plm_itab *t);
/* Walks the candidates of a hash: start with *at = 0. */
bool plm_itab_next(const struct plm_itab *t, uint64_t hash, size_t *at, uint32_t *out);
int plm_itab_add(struct plm_itab *t, uint64_t hash, uint32_t value, plm_err **err);

/* String pool with every string once. */
struct plm_strpool {
    struct plm_buf bytes;
    struct plm_itab index;
};
int plm_strpool_init(struct plm_strpool *p, plm_err **err);
void plm_strpool_done(struct plm_strpool *p);
/* Ref of a string; 0 for a null view. */
int plm_strpool_add(struct plm_strpool *p, plm_sv s, uint32_t *out, plm_err **err);

struct plm_text_writer;
struct plm_text_writer *plm_text_writer_new(plm_err **err);
void plm_text_writer_free(struct plm_text_writer *w);
PLM_CLEANUP(struct plm_text_writer, plm_text_writer_free)
/* Adds one advisory's text; *out_block is index + 1. */
int plm_text_writer_add(struct plm_text_writer *w, plm_sv text, uint32_t *out_block, uint32_t *out_at,
                        plm_err **err);
int plm_text_writer_end(struct plm_text_writer *w, struct plm_buf *dictionary, struct plm_buf *blocks,
                        struct plm_buf *texts, plm_err **err);

/* A feed that is ready to be written: sections in memory of its own or borrowed from an old store. */
struct plm_feed_built {
    struct plm_dbf view;
    struct plm_buf owned[PLM_SEC_FEED_COUNT_];
};

struct plm_db_builder {
    const struct plm_ctx *ctx;
    pthread_mutex_t lock; /* guards what follows */
    struct plm_feed_built **feeds;
    size_t n, cap;
};
int plm_db_builder_add(struct plm_db_builder *b, struct plm_feed_built *f,
                       plm_err **err); /* takes f on success */
void plm_feed_built_free(struct plm_feed_built *f);
PLM_CLEANUP(struct plm_feed_built, plm_feed_built_free)

/* The three alias sections over all feeds. */
int plm_aliases_build(struct plm_feed_built *const *feeds, size_t n, struct plm_buf *strings,
                      struct plm_buf *ids, struct plm_buf *members, plm_err **err);

/* ---- inputs -------------------------------------------------------------------------------- */

/* Every section against its checksum; O(size of the store). */
int plm_db_checksums(const struct plm_db *db, plm_err **err);
/* Walks path as plm_feed_read describes and calls the format for each wanted file. */
int plm_feed_input(const struct plm_ctx *ctx, const struct plm_feed_format *format, const char *path,
                   struct plm_feed_sink *s, uint64_t *out_files, plm_err **err);

/* Descriptor that holds the lock of a store until it is closed; -1 with IO "db.locked". */
int plm_db_lock(const char *store, plm_err **err);
