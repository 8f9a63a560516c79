/* SPDX-License-Identifier: Apache-2.0
 *
 * Vulnerability data: feeds in, one immutable store file out, opened by mmap without a lock.
 *
 * Reading:
 *     plm_auto(plm_db_close) struct plm_db *db = plm_db_open("…/plimsoll.db", err);
 *     plm_db_lookup(db, PLM_SV("Debian:12"), PLM_SV("openssl"), on_range, arg);
 *
 * Building: a feed parser pushes advisories into a sink, the builder writes sections per feed.
 *     struct plm_db_builder *b = plm_db_builder_new(ctx, err);
 *     plm_feed_read(ctx, b, "debian-dsa", path_or_url, &stats, err);
 *     plm_db_builder_write(b, out_path, err);
 *
 * The file format is described in vulndb/format.md; every offset is checked before use, so a
 * file with any byte changed gives an error or a diagnostic, never undefined behaviour.
 * A store may be read by any number of threads and processes.
 */
#pragma once

#include "base/arena.h"
#include "base/ctx.h"
#include "base/err.h"
#include "base/register.h"
#include "model/model.h"

/* ---- advisories, as feeds push them ---------------------------------------------------- */

/* Half-open interval of versions in the scheme of the ecosystem. */
struct plm_range {
    plm_sv introduced;    /* null or "0": from the beginning */
    plm_sv fixed;         /* first version that is not affected; null: no fix */
    plm_sv last_affected; /* alternative to fixed: inclusive end */
    plm_sv only;          /* alternative to all: exactly this version */
};

/* One package of one release. A row that says "not affected" has state PLM_FIX_NOT_AFFECTED and the one range
 * {.fixed = "0"}, which holds no version: it matches nothing even for a reader that ignores the state, and it
 * is kept so that `explain` can say why. Unfixed rows have a range without `fixed`, and the state says what
 * the vendor plans. */
struct plm_affected {
    plm_sv ecosystem;         /* "Debian:12", "Alpine:v3.18", "AlmaLinux:9", "npm"; as OSV writes them */
    plm_sv package;           /* source package where the ecosystem's advisories speak of sources */
    plm_sv scheme;            /* "deb"; null: the ecosystem's own */
    plm_sv arch;              /* null: all */
    plm_sv modularity;        /* rpm module "name:stream", or null */
    plm_sv channel;           /* "esm", "elts", ... : off by default; null: the normal one */
    bool is_binary;           /* `package` is a binary package name (rpm), not a source package */
    enum plm_fix_state state; /* for ranges without `fixed` */
    plm_sv severity;          /* vendor's word for this package and release, or null */
    plm_sv note;              /* vendor's reason for a state ("minor issue"), or null */
    PLM_VEC(struct plm_range) ranges;
};

struct plm_advisory {
    plm_sv id;          /* "DSA-5417-1", "CVE-2023-1234", "GHSA-…" */
    plm_sv_vec aliases; /* same flaw (OSV `aliases`) */
    plm_sv_vec covers;  /* CVEs that an erratum fixes (OSV `upstream`/`related`, DSA braces): each becomes a
                           finding */
    plm_sv title, details;
    plm_sv severity; /* vendor's word, or null */
    PLM_VEC(struct plm_cvss) cvss;
    plm_sv_vec references;
    int64_t published, modified;
    int64_t withdrawn; /* != 0: rejected or withdrawn */
    bool is_malware;   /* MAL-… */
    PLM_VEC(struct plm_affected) affected;
};

struct plm_db_builder;

/* What a feed parser is given. */
struct plm_feed_sink {
    const struct plm_ctx *ctx;
    struct plm_arena *arena; /* scratch of one advisory: the sink resets it after each push of an advisory */
    struct plm_arena *keep;  /* lives until the feed ends: for formats that join files */
    void *state;             /* the format's own, NULL at the start; what it points to lives in `keep` */
    void *impl;
    /* Copies what it needs. */
    int (*advisory)(struct plm_feed_sink *s, const struct plm_advisory *adv, plm_err **err);
    int (*kev)(struct plm_feed_sink *s, plm_sv cve, int64_t added, plm_err **err);
    int (*epss)(struct plm_feed_sink *s, plm_sv cve, double score, double percentile, plm_err **err);
    int (*eol)(struct plm_feed_sink *s, plm_sv product, plm_sv cycle, plm_sv codename, int64_t eol,
               plm_err **err);
    /* The feed speaks about this ecosystem, even where it pushes no range for it (a release without
     * advisories yet). */
    int (*covers)(struct plm_feed_sink *s, plm_sv ecosystem, plm_err **err);
    /* A record that could not be understood: counted, kept with file and line for `db status -v`. */
    void (*bad)(struct plm_feed_sink *s, plm_sv where, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
    /* The data's own date, if it says so. */
    void (*as_of)(struct plm_feed_sink *s, int64_t t);
};

/* One input of a feed: a member of an archive or a file of a directory, already decompressed. */
struct plm_feed_file {
    plm_sv name; /* relative path, for messages and formats that speak by file name */
    plm_sv data;
};

struct plm_feed_format {
    const char *id; /* "debian-dsa" */
    const char *summary;
    const char *upstream;     /* where such data come from */
    const char *tested;       /* "real data", or "shape from documentation" */
    const char *const *globs; /* file names inside an archive or directory that are its input, NULL-ended */
    /* Called once per input file. A broken file is reported by sink->bad and 0; an error ends the feed. */
    int (*file)(struct plm_feed_sink *s, const struct plm_feed_file *f, plm_err **err);
    /* Called once after all files, for formats that join files; may be NULL. */
    int (*finish)(struct plm_feed_sink *s, plm_err **err);
};
PLM_SET_DECLARE(plm_feeds, struct plm_feed_format);

struct plm_feed_stats {
    uint64_t files, records, ranges, bad;
    int64_t as_of;
};

const struct plm_feed_format *plm_feed_format_find(plm_sv id);

/* Where a feed's data came from, kept with them so that an update can ask "changed since?". All may be null
 * or 0. */
struct plm_feed_origin {
    plm_sv url, etag;
    int64_t last_modified;
};

struct plm_db;

struct plm_db_builder *plm_db_builder_new(const struct plm_ctx *ctx, plm_err **err);
void plm_db_builder_free(struct plm_db_builder *b);
PLM_CLEANUP(struct plm_db_builder, plm_db_builder_free)
/* path: a file (plain, .gz, .zst, .xz), a zip, a tar(.gz|.zst|.xz), or a directory; name: of the feed, unique
 * in the store. as_of 0: from the data, never later than now. On failure the builder is as before. Several
 * feeds may be read into one builder by several threads. out may be NULL. */
int plm_feed_read(const struct plm_ctx *ctx, struct plm_db_builder *b, const char *name, const char *format,
                  const char *path, int64_t as_of, struct plm_feed_stats *out, plm_err **err);
/* Notes the origin of a feed that is already in b. */
int plm_db_builder_origin(struct plm_db_builder *b, plm_sv name, const struct plm_feed_origin *origin,
                          plm_err **err);
/* Takes a feed as it stands in an open store, checksums verified; as_of 0 keeps its own. old must outlive b.
 * NOTFOUND where old has no such feed. */
int plm_db_builder_reuse(struct plm_db_builder *b, const struct plm_db *old, plm_sv name, int64_t as_of,
                         plm_err **err);
/* Writes the store and puts it in place atomically: path is the old file or the whole new one, whatever
 * happens. */
int plm_db_builder_write(struct plm_db_builder *b, const char *path, plm_err **err);

/* For tests and for data that no file holds: a sink of a feed of its own. `end` adds the feed to the builder.
 */
struct plm_feed_sink *plm_feed_begin(const struct plm_ctx *ctx, const char *name, const char *format,
                                     plm_err **err);
int plm_feed_end(struct plm_feed_sink *s, struct plm_db_builder *b, int64_t as_of, struct plm_feed_stats *out,
                 plm_err **err);
void plm_feed_abandon(struct plm_feed_sink *s);
PLM_CLEANUP(struct plm_feed_sink, plm_feed_abandon)

/* ---- reading the store ------------------------------------------------------------------ */

struct plm_db *plm_db_open(const char *path, plm_err **err);
void plm_db_close(struct plm_db *db);
PLM_CLEANUP(struct plm_db, plm_db_close)

/* One affected range of one advisory, borrowed from the map. Keys are in the scheme's encoding. */
struct plm_db_hit {
    uint32_t feed;     /* index for plm_db_feed */
    uint32_t advisory; /* for plm_db_advisory */
    plm_sv ecosystem, package;
    plm_sv scheme, arch, modularity, channel;
    bool is_binary;
    enum plm_fix_state state;
    enum plm_severity severity; /* of this package and release; unknown: use the advisory's */
    plm_sv native_severity, note;
    plm_sv introduced, fixed, last_affected; /* texts; exactly one version: introduced == last_affected */
    plm_sv introduced_key, fixed_key, last_affected_key; /* encoded; null as above */
    plm_sv id;                                           /* the advisory's id */
    bool withdrawn, is_malware;
};
/* Calls fn for each range filed under (ecosystem, package). Stops on a negative return and returns it. */
int plm_db_lookup(const struct plm_db *db, plm_sv ecosystem, plm_sv package,
                  int (*fn)(void *arg, const struct plm_db_hit *hit), void *arg, plm_err **err);
/* The whole advisory (without `affected`), texts decompressed into the arena. */
int plm_db_advisory(const struct plm_db *db, uint32_t feed, uint32_t advisory, struct plm_arena *a,
                    struct plm_advisory *out, plm_err **err);
/* All ids that stand for the same flaw as id (union-find over aliases of all feeds), with id; the CVE first.
 */
int plm_db_aliases(const struct plm_db *db, plm_sv id, struct plm_arena *a, plm_sv_vec *out, plm_err **err);
bool plm_db_kev(const struct plm_db *db, plm_sv cve, int64_t *out_added);
bool plm_db_epss(const struct plm_db *db, plm_sv cve, double *out_score, double *out_percentile);
/* End of life of (product, cycle): "debian", "12". False if not known. */
bool plm_db_eol(const struct plm_db *db, plm_sv product, plm_sv cycle, int64_t *out);
/* Are the rows of a channel used? The null view is the normal one and always is; others by name. */
bool plm_db_channel_on(const plm_sv_vec *channels, plm_sv channel);
/* Does any loaded feed speak about this ecosystem? Rows of a channel that is off (ESM, ELTS) say nothing; a
 * feed that declares the ecosystem without a row for it does speak. `channels`: those that are on. */
bool plm_db_covers(const struct plm_db *db, plm_sv ecosystem, const plm_sv_vec *channels);
/* The oldest as_of among the feeds that cover the ecosystem (null view: any ecosystem, whatever the channels)
 * and know their date. False if none does. */
bool plm_db_as_of(const struct plm_db *db, plm_sv ecosystem, const plm_sv_vec *channels, int64_t *out);
/* The first feed that covers the ecosystem (null view: any) and whose data carry no date: how old it is,
 * nobody knows. */
bool plm_db_undated(const struct plm_db *db, plm_sv ecosystem, const plm_sv_vec *channels, plm_sv *out_feed);

struct plm_db_feed_info {
    plm_sv name, format;
    int64_t as_of;
    uint64_t records, ranges, bad;
    struct plm_feed_origin origin;
    uint64_t bytes, text_bytes;          /* of its sections in the file; text_bytes of them are texts */
    uint64_t advisories, kev, epss, eol; /* rows: advisory numbers of this feed are below `advisories` */
};
size_t plm_db_feed_count(const struct plm_db *db);
void plm_db_feed(const struct plm_db *db, size_t i, struct plm_db_feed_info *out);
/* What feed i covers, sorted; and the first records that could not be understood, "file:line: why". */
int plm_db_feed_ecosystems(const struct plm_db *db, size_t i, struct plm_arena *a, plm_sv_vec *out,
                           plm_err **err);
int plm_db_feed_bad(const struct plm_db *db, size_t i, struct plm_arena *a, plm_sv_vec *out, plm_err **err);
int64_t plm_db_built(const struct plm_db *db);
uint64_t plm_db_size(const struct plm_db *db);
/* Every range of feed i, in file order: for search and comparison. Stops like plm_db_lookup. */
int plm_db_each_range(const struct plm_db *db, size_t i, int (*fn)(void *arg, const struct plm_db_hit *hit),
                      void *arg, plm_err **err);
/* Calls fn for each record that has this id or names it as alias or covered. O(records). */
int plm_db_find(const struct plm_db *db, plm_sv id, int (*fn)(void *arg, uint32_t feed, uint32_t advisory),
                void *arg, plm_err **err);
/* Checksums of every section and a walk over all offsets. */
int plm_db_verify(const struct plm_db *db, plm_err **err);
/* Only the checksums, and only where this state of the file was not found good before (remembered below
 * ctx->cache_dir; without one they are computed each time). */
int plm_db_check_once(const struct plm_ctx *ctx, const struct plm_db *db, plm_err **err);

/* Where the store lies unless --db says otherwise: <cache_dir>/db/plimsoll.db. Heap string; NULL without a
 * cache directory or memory. */
char *plm_db_default_path(const struct plm_ctx *ctx);
/* now - plm_db_as_of of all feeds, at least 0; INT64_MAX if no dated feed covers anything. */
int64_t plm_db_age(const struct plm_ctx *ctx, const struct plm_db *db);

/* ---- update ------------------------------------------------------------------------------- */

/* A feed that the configuration names: "[NAME:]FORMAT=PATH|URL". */
struct plm_db_source {
    plm_sv name, format, address; /* address NUL-terminated */
};
typedef PLM_VEC(struct plm_db_source) plm_db_sources;

/* The feeds of feeds/default.yaml, which is built into the program. */
int plm_db_sources_default(const struct plm_ctx *ctx, struct plm_arena *a, plm_db_sources *out,
                           plm_err **err);
/* Adds one; CONFIG for an unknown format or no address. */
int plm_db_source_parse(plm_sv text, struct plm_arena *a, plm_db_sources *out, plm_err **err);
/* Names for those that have none: the format; format and file name where several share a format. USAGE when
 * two are called the same. */
int plm_db_sources_name(struct plm_arena *a, plm_db_sources *v, plm_err **err);

enum plm_db_update_state {
    PLM_DB_FEED_NEW,       /* fetched and read */
    PLM_DB_FEED_UNCHANGED, /* the origin says so: sections kept, as_of is now */
    PLM_DB_FEED_FAILED,    /* sections kept as they were, if there are any */
    PLM_DB_FEED_DROPPED,   /* fetched once, no longer configured */
    PLM_DB_FEED_KEPT,      /* built from a file, not ours to update */
};
const char *plm_db_update_state_name(enum plm_db_update_state s);

struct plm_db_update_row {
    plm_sv name;
    enum plm_db_update_state state;
    uint64_t fetched; /* bytes over the network */
    struct plm_feed_stats stats;
    plm_sv message; /* of a failure, or null */
};

struct plm_db_update_options {
    const char *path;            /* of the store */
    const char *from;            /* directory that holds the feeds instead of the network, or NULL */
    int64_t as_of;               /* of feeds read from files; 0: from the data */
    uint64_t connect_timeout_ms; /* 0: net's own */
    bool is_build;               /* a new store of exactly these feeds, and none if one fails */
    plm_db_sources sources;
};
typedef PLM_VEC(struct plm_db_update_row) plm_db_update_rows;

/* Brings the store up to date: conditional and resumable downloads, only changed feeds are read, the store is
 * replaced at the end. Rows (sorted by name) live in a. 0 also where feeds failed, -1 where no store could be
 * written or none is left; the old one then stands. IO "db.locked" while another process updates the same
 * store. */
int plm_db_update(const struct plm_ctx *ctx, const struct plm_db_update_options *opt, struct plm_arena *a,
                  plm_db_update_rows *out, plm_err **err);

/* Fetches url into the file `part` (resuming it where its note matches) for reading it; res as of
 * plm_http_open. is_unchanged: the origin says that `known` is still what it has. */
int plm_db_fetch(const struct plm_ctx *ctx, const char *url, const char *part,
                 const struct plm_feed_origin *known, uint64_t connect_timeout_ms, struct plm_arena *a,
                 struct plm_feed_origin *out, uint64_t *out_bytes, bool *out_unchanged, plm_err **err);

/* ---- export and import --------------------------------------------------------------------- */

/* One compressed file with the store's SHA-256 and, with key (PEM, Ed25519 private), a signature over it. */
int plm_db_export(const struct plm_ctx *ctx, const char *store, const char *out, const char *key,
                  plm_err **err);

struct plm_db_imported {
    bool is_signed;   /* a signature was there */
    bool is_verified; /* and was made by the given key */
    plm_sv signer;    /* hex SHA-256 of the public key, or null */
};
/* Checks an exported file (or a bare store) completely, then replaces the store. key: PEM public key that
 * must have signed it, or NULL. POLICY "db.signature" for a missing or wrong signature. */
int plm_db_import(const struct plm_ctx *ctx, const char *file, const char *store, const char *key,
                  struct plm_arena *a, struct plm_db_imported *out, plm_err **err);
