/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/repo share. Each parser here works on views and allocates only in
 * the arena it is given; the network and the cache are reached through fetch.c alone.
 */
#pragma once

#include "base/fs.h"
#include "codec/deb822.h"
#include "codec/hash.h"
#include "codec/stream.h"
#include "net/net.h"
#include "repo/repo.h"
#include "version/version.h"

/* Limits of this module: what a mirror may make us hold. */
#define REPO_RELEASE_MAX   PLM_MIB(8)   /* one InRelease */
#define REPO_INDEX_MAX     PLM_MIB(96)  /* one Packages or Sources, compressed */
#define REPO_INDEX_RAW_MAX PLM_MIB(512) /* the same, uncompressed */
#define REPO_INDEX_BIN_MAX PLM_MIB(128) /* its compact form */
#define REPO_STANZA_MAX    PLM_MIB(1)   /* one stanza of it */
#define REPO_ARCHIVE_MAX   PLM_MIB(24)  /* one packaging archive or binary package */
#define REPO_CHANGELOG_MAX PLM_MIB(16)  /* one changelog */
#define REPO_SOURCES_MAX   PLM_MIB(1)   /* one sources.list or .sources file */
#define REPO_SLACK         PLM_KIB(128) /* a reader asks for a whole chunk before it knows that it needs none */
#define REPO_ENTRIES_MAX   4096         /* sources of a machine, suites of a release, ... */

/* ---- notes: diagnostics of a worker, merged into the report by the caller's thread ------------- */

struct repo_note {
    const char *code;
    enum plm_severity severity;
    plm_sv object, message, hint;
};
struct repo_notes {
    struct plm_arena *arena;
    PLM_VEC(struct repo_note) rows;
};
/* Returns the note, or NULL when the arena failed. */
struct repo_note *plm_repo_note(struct repo_notes *n, const char *code, enum plm_severity severity,
                                plm_sv object, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* The same with an error's text; frees *err. */
void plm_repo_note_err(struct repo_notes *n, const char *code, enum plm_severity severity, plm_sv object,
                       plm_err **err);
/* Rows into the report, equal ones once. */
void plm_repo_notes_put(const struct repo_notes *n, struct plm_report *r, uint32_t target);

/* ---- stanzas.c: indices as streams ------------------------------------------------------------ */

/* Calls fn for every stanza of a stream; holds at most max bytes of it. Stops on a negative return. */
int plm_stanzas_each(struct plm_stream *s, size_t max, int (*fn)(void *arg, plm_sv stanza, plm_err **err),
                     void *arg, plm_err **err);

/* ---- sources_list.c: what apt reads ------------------------------------------------------------ */

struct repo_source {
    plm_sv uri, suite; /* uri without a trailing slash */
    plm_sv_vec components;
    plm_sv_vec signed_by; /* files, or 40-digit fingerprints */
    plm_sv signed_by_key; /* an armoured key block written into the file, or null */
    plm_sv_vec archs;
    plm_sv file;
    uint32_t line;
    const char *skipped; /* why it cannot be used, or NULL */
};
typedef PLM_VEC(struct repo_source) repo_source_vec;

/* One file; the name's suffix ".sources" decides for deb822. deb-src and disabled entries are left out. Never
 * fails on content: what cannot be understood is a row with `skipped`. */
int plm_sources_parse(plm_sv text, plm_sv file, struct plm_arena *a, repo_source_vec *out, plm_err **err);
/* etc/apt/sources.list, sources.list.d/ *.list and *.sources below root, in apt's order. */
int plm_sources_read(const char *root, struct plm_arena *a, repo_source_vec *out, plm_err **err);

/* ---- release.c: Release files ----------------------------------------------------------------- */

struct repo_release {
    plm_sv origin, label, suite, codename, version;
    int64_t date, valid_until; /* 0: not said */
    bool by_hash;
    plm_sv text; /* the verified text; borrowed */
    plm_sv sums; /* the SHA256 field's lines */
};
/* PARSE without a SHA256 field or with a date that is none. */
int plm_release_parse(plm_sv text, struct repo_release *out, plm_err **err);
/* Size and SHA-256 of a file that the release lists. */
bool plm_release_find(const struct repo_release *r, plm_sv path, uint64_t *out_size,
                      unsigned char out[PLM_SHA256_BYTES]);

/* ---- gpgv.c: signatures ------------------------------------------------------------------------ */

struct repo_keyring {
    plm_sv_vec files;        /* binary or armoured */
    plm_sv_vec fingerprints; /* only these keys (Signed-By: FPR), empty: any */
    plm_sv key_block;        /* an armoured key, or null */
};
/* Verifies a clear-signed text (signature null) or a detached signature over `data`. out_text gets the text
 * that the signature covers, out_key the signing key's fingerprint. AUTH: not verified, and why; UNSUPPORTED:
 * no gpgv here. */
int plm_gpgv_verify(const struct repo_keyring *k, plm_sv data, plm_sv signature, struct plm_buf *out_text,
                    struct plm_arena *a, plm_sv *out_key, plm_err **err);
/* RFC 4880 radix-64: the bytes between the armour lines (first block), the checksum not looked at. */
bool plm_dearmor(plm_sv text, struct plm_buf *out);

/* ---- lz4.c ------------------------------------------------------------------------------------- */

/* LZ4 frames (what apt writes with Acquire::GzipIndexes) as a stream; takes s. */
struct plm_stream *plm_lz4_stream(struct plm_stream *s, plm_err **err);
bool plm_lz4_is(plm_sv head);

/* ---- index.c: compact form of Packages and Sources --------------------------------------------- */

struct repo_record {
    plm_sv name, version, source, source_version, path; /* path: of the .deb, or of the packaging archive */
    uint64_t size;
    unsigned char sha256[PLM_SHA256_BYTES];
};
enum repo_index_kind { REPO_PACKAGES, REPO_SOURCES };
struct repo_index {
    plm_sv data;
    size_t count;
};
struct repo_index_writer {
    struct plm_buf pool, offsets;
};
#define REPO_INDEX_WRITER ((struct repo_index_writer){PLM_BUF(REPO_INDEX_BIN_MAX), PLM_BUF(PLM_MIB(16))})
void plm_index_put(struct repo_index_writer *w, const struct repo_record *r);
/* Sorts and writes the file; the writer is empty afterwards, also on failure. */
int plm_index_finish(struct repo_index_writer *w, struct plm_buf *out, plm_err **err);
/* Parses a whole index from a stream into its compact form. */
int plm_index_build(struct plm_stream *s, enum repo_index_kind kind, struct plm_buf *out, plm_err **err);
/* Checks the header; data is borrowed. PARSE if it is no index. */
int plm_index_open(plm_sv data, struct repo_index *out, plm_err **err);
/* The i-th record in name order; false if damaged. */
bool plm_index_at(const struct repo_index *x, size_t i, struct repo_record *out);
/* First position whose name is `name`; SIZE_MAX if there is none. Equal names follow each other. */
size_t plm_index_find(const struct repo_index *x, plm_sv name);

/* ---- changelog.c ------------------------------------------------------------------------------- */

struct repo_change {
    plm_sv version, distribution, urgency;
    int64_t date; /* 0: not readable */
    plm_sv cve;   /* upper case; null: the row only says that the entry exists */
    plm_sv line;  /* the line that names it, trimmed */
};
typedef PLM_VEC(struct repo_change) repo_change_vec;
/* For every entry one row without a CVE, then one per CVE that it names, in the order of the text; views into
 * text or arena. max entries and lines bounded by text. */
int plm_changelog_parse(plm_sv text, struct plm_arena *a, repo_change_vec *out, plm_err **err);
/* debian/changelog out of a packaging archive, .diff.gz or binary package, chosen by the file's name. */
int plm_changelog_extract(const struct plm_ctx *ctx, plm_sv name, plm_sv archive, struct plm_buf *out,
                          plm_err **err);

/* ---- fetch.c: the network and the cache ---------------------------------------------------------- */

/* One call of plm_repo_scan. Read-only for workers. */
struct repo_run {
    const struct plm_ctx *ctx;
    const struct plm_repo_options *opt;
    const char *root;  /* of this machine's etc/, NUL-ended */
    const char *cache; /* ctx->cache_dir/repo, or NULL */
    int64_t now;
    uint64_t max_age;
};

/* What one worker thread owns. */
struct repo_worker {
    const struct repo_run *run;
    struct plm_arena *arena;
    struct repo_notes notes;  /* in arena */
    struct plm_http *http[2]; /* [1]: public addresses only; made on first use */
};
int plm_repo_worker_init(struct repo_worker *w, const struct repo_run *run, plm_err **err);
void plm_repo_worker_done(struct repo_worker *w);
/* BASE/PATH into out (up to max bytes). With run offline: NET at once. */
int plm_repo_get(struct repo_worker *w, plm_sv base, plm_sv path, bool public_only, size_t max,
                 struct plm_buf *out, plm_err **err);

/* The same through the cache: what was fetched within run->max_age is not asked for again; when the mirror
 * does not answer an older copy is used, and said. out_as_of: when it was fetched. */
int plm_repo_get_cached(struct repo_worker *w, plm_sv base, plm_sv path, bool public_only, size_t max,
                        struct plm_buf *out, int64_t *out_as_of, plm_err **err);

/* "idx-<hex>": the name of a cache file from the digest of its key. */
plm_sv plm_repo_cache_name(struct plm_arena *a, const char *kind,
                           const unsigned char digest[PLM_SHA256_BYTES]);
/* False if it is not there. */
bool plm_repo_cache_read(const struct repo_run *run, plm_sv name, size_t max, struct plm_buf *out);
/* Maps it, and marks it used. */
bool plm_repo_cache_map(const struct repo_run *run, plm_sv name, size_t max, struct plm_fs_map *out);
/* Best effort: a cache that cannot be written only costs time. */
void plm_repo_cache_write(const struct repo_run *run, plm_sv name, plm_sv data);
/* Removes what of the cache, changelogs too, was not used for 60 days. */
void plm_repo_cache_prune(const struct repo_run *run);
/* Runs fn over n items in up to `threads` threads, returns when all are done. */
int plm_repo_parallel(unsigned threads, void (*fn)(void *), void *items, size_t n, size_t size,
                      plm_err **err);

/* ---- suite.c: one suite of a Debian-style repository ----------------------------------------------- */

struct repo_base {
    plm_sv url;
    struct repo_keyring keyring;
    bool is_configured; /* named by the user: its Origin field is not compared */
    bool has_lists;     /* apt of this machine may hold its lists */
    bool public_only;
};

struct repo_part {          /* one loaded index */
    plm_sv component, arch; /* arch null: Sources */
    struct repo_index index;
    struct plm_fs_map map; /* the cache file, or: */
    struct plm_buf memory;
};

struct repo_suite {
    plm_sv name;     /* "bookworm-security" */
    plm_sv codename; /* what its Codename must begin with */
    plm_sv origin;   /* what its Origin must be */
    bool is_security;
    PLM_VEC(struct repo_base) bases;
    plm_sv_vec components, archs;
    /* results */
    struct repo_worker w;
    const struct repo_base *used; /* NULL: could not be loaded */
    struct repo_release release;
    struct plm_buf text;
    int64_t as_of;
    plm_sv key; /* fingerprint that signed it, or null: not verified */
    bool is_stale;
    PLM_VEC(struct repo_part) packages, sources;
    bool sources_tried;
};
/* Release and Packages of a suite, from the first base that works; what failed stands in s->w.notes. */
void plm_suite_load(struct repo_suite *s);
void plm_suite_load_sources(struct repo_suite *s);
void plm_suite_done(struct repo_suite *s);
/* Newest record of a binary package; false if the suite has none. */
bool plm_suite_newest(const struct repo_suite *s, const struct plm_scheme *deb, plm_sv arch, plm_sv name,
                      struct repo_record *out);

/* ---- mirrors.c: which suites of which mirrors -------------------------------------------------------- */

/* The suites of a target and the bases to try for each; `out_suites` in arena. Notes for what was skipped. */
int plm_mirrors_plan(const struct repo_run *run, struct plm_arena *a, plm_sv distro, plm_sv codename,
                     bool is_own_release, struct repo_notes *notes, struct repo_suite **out, size_t *out_n,
                     plm_err **err);

/* ---- changes.c: the CVEs that an update fixes -------------------------------------------------------- */

struct repo_job { /* one source package at its fixed version */
    plm_sv source, version;
    struct repo_suite *suite;
    /* results, in worker's arena */
    repo_change_vec changes;
    bool is_known;  /* the changelog was read, now or earlier */
    bool is_cached; /* nothing to fetch */
};
struct repo_jobs {
    PLM_VEC(struct repo_job) rows;
    struct repo_worker *workers;
    size_t workers_n;
};
/* Fills the changes of every job: from the cache, else from the packaging archive, else from a binary
 * package. */
int plm_changes_load(const struct repo_run *run, plm_sv distro, struct repo_jobs *jobs,
                     struct repo_notes *notes, plm_err **err);
void plm_jobs_done(struct repo_jobs *jobs);

/* ---- emit.c: findings ---------------------------------------------------------------------------------- */

struct repo_emit {
    struct plm_report *report;
    uint32_t target;
    struct plm_map *known; /* "index id" of the target's vulnerabilities to their place + 1 */
    plm_sv scheme;
};
int plm_emit_init(struct repo_emit *e, struct plm_report *r, uint32_t target, plm_sv scheme, plm_err **err);
void plm_emit_done(struct repo_emit *e);
struct repo_hit {
    uint32_t package;
    plm_sv id, title, record, fixed, by, native_severity;
    plm_sv_vec evidence;
    int64_t date;
};
/* A finding, or more provenance for the one that is there: one per (id, package). False if it was there from
 * this feed. */
int plm_emit(struct repo_emit *e, const struct repo_hit *hit, plm_err **err);

/* ---- the three kinds ----------------------------------------------------------------------------------- */

int plm_repo_deb(const struct repo_run *run, struct plm_report *r, uint32_t target, plm_sv distro,
                 struct plm_repo_outcome *out, plm_err **err);
/* Repositories that are not Debian's: addresses that stand for a target. */
struct repo_place {
    plm_sv url;
    plm_sv_vec keys; /* files */
    bool public_only;
};
typedef PLM_VEC(struct repo_place) repo_place_vec;
/* Is this machine's own distribution that of the target? (etc/os-release) */
bool plm_repo_same_distro(const struct repo_run *run, plm_sv id);
/* One .repo file of yum/dnf (yum.conf(5)): enabled repositories with a baseurl into out, the others as notes.
 */
int plm_yum_parse(plm_sv text, plm_sv file, plm_sv releasever, plm_sv basearch, struct plm_arena *a,
                  repo_place_vec *out, struct repo_notes *notes, plm_err **err);
/* Configured places and this machine's for the target's distribution; what was skipped, and that there is
 * none (repo.no-mirror), as notes. type: "rpm" or "apk". */
int plm_places_find(const struct repo_run *run, struct repo_worker *w, const struct plm_distro *distro,
                    plm_sv type, plm_sv arch, repo_place_vec *out, plm_err **err);
int plm_repo_rpm(const struct repo_run *run, struct plm_report *r, uint32_t target,
                 struct plm_repo_outcome *out, plm_err **err);
int plm_repo_apk(const struct repo_run *run, struct plm_report *r, uint32_t target,
                 struct plm_repo_outcome *out, plm_err **err);
