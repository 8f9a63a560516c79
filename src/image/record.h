/* SPDX-License-Identifier: Apache-2.0
 *
 * Layer records (design.md 5.3): the index of a layer's entries and what extractors made of
 * its files. The same bytes come from a worker's pipe and from a cache file; both are
 * checked in full before anything in them is used.
 *
 *   0  "PLMLREC" and the format's version (one byte)
 *   8  u32 flags, entries, facts, pending wants, diagnostics, 0
 *  32  u64 bytes of the main part, bytes of the owned part
 *  48  SHA-256 of the owned part
 *  80  SHA-256 of the name it is stored under, the bytes 0 to 79 and the main part
 *                                                       (both zero on the pipe: the cache seals)
 * 112  main part: varints and views; entries are sorted by path and front-coded; with the flag
 *      PLM_RECORD_DIFF_ID the last 32 bytes are the SHA-256 of the uncompressed layer
 *      owned part: lists of owned files, which facts point into
 *
 * Order of paths: component by component, so a directory is followed by what is below it.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/rd.h"
#include "image/image.h"

enum plm_entry_type {
    PLM_ENTRY_FILE,
    PLM_ENTRY_DIR,
    PLM_ENTRY_SYMLINK,
    PLM_ENTRY_HARDLINK, /* to `link`, a path of the same layer; mode, owner and size are the target's if it is
                           known */
    PLM_ENTRY_CHAR,
    PLM_ENTRY_BLOCK,
    PLM_ENTRY_FIFO,
    PLM_ENTRY_OTHER,
    PLM_ENTRY_NONE, /* nothing but a whiteout */
    PLM_ENTRY_COUNT_
};

enum {
    PLM_ENTRY_IMPLICIT = 1, /* a directory that the layer does not name but needs */
    PLM_ENTRY_WHITEOUT = 2, /* hides this path in lower layers */
    PLM_ENTRY_OPAQUE = 4,   /* hides everything below this directory in lower layers */
};

struct plm_record_entry {
    plm_sv path, link; /* borrowed until the next step; the root itself is "" */
    enum plm_entry_type type;
    unsigned flags;
    uint32_t mode, uid, gid;
    uint64_t size;
};

/* Something that an extractor made of a file. */
struct plm_record_fact {
    uint32_t extractor;
    plm_sv path;
    plm_sv data, owned;
};

/* A file that an extractor wants under one name while its bytes lie under another. */
struct plm_want {
    uint32_t extractor;
    plm_sv as, real;
};

struct plm_record_diag {
    enum plm_severity severity;
    plm_sv code, object, message;
};

/* ---- writing --------------------------------------------------------------------------------- */

struct plm_record_writer {
    struct plm_buf *out;   /* header and main part */
    struct plm_buf *owned; /* owned part */
    plm_sv last;           /* path of the last entry: lives as long as the writer */
    uint32_t counts[4];
    unsigned section;
    bool has_diff_id;
};

enum {
    PLM_RECORD_TRUNCATED = 1, /* something could not be read: its diagnostics say what */
    PLM_RECORD_DIFF_ID = 2,   /* set by plm_record_put_diff_id */
};

void plm_record_begin(struct plm_record_writer *w, struct plm_buf *out, struct plm_buf *owned);
/* In the order entries, facts, wants, diagnostics; entries sorted. */
void plm_record_put_entry(struct plm_record_writer *w, const struct plm_record_entry *e);
void plm_record_put_fact(struct plm_record_writer *w, const struct plm_record_fact *f);
void plm_record_put_want(struct plm_record_writer *w, const struct plm_want *want);
void plm_record_put_diag(struct plm_record_writer *w, const struct plm_record_diag *d);
/* After everything else: the hash of the uncompressed layer (32 bytes). */
void plm_record_put_diff_id(struct plm_record_writer *w, plm_sv sum);
/* Writes the counts and appends the owned part to `out`. */
void plm_record_end(struct plm_record_writer *w, unsigned flags);

/* ---- reading --------------------------------------------------------------------------------- */

struct plm_record {
    plm_sv bytes; /* borrowed */
    unsigned flags;
    uint32_t n_entries;
    plm_sv entries; /* where they are coded */
    struct plm_record_fact *facts;
    size_t n_facts;
    struct plm_want *wants;
    size_t n_wants;
    struct plm_record_diag *diags;
    size_t n_diags;
    plm_sv diff_id; /* 32 bytes; null: not computed */
};

enum {
    PLM_RECORD_OWNED = 1, /* the owned part is wanted */
};

/* Views are borrowed from bytes, arrays live in the arena. PARSE on anything that is not a record.
 * `sealed_as` is the name under which the cache has it: the checksums must hold for that name, so that
 * neither changed bytes nor another layer's record pass. Null: not from the cache, nothing of it is trusted.
 */
int plm_record_open(plm_sv bytes, plm_sv sealed_as, unsigned how, size_t n_extractors, struct plm_arena *a,
                    struct plm_record *out, plm_err **err);
/* Fills in the checksums of an opened, unsealed record for the name that it will have. */
void plm_record_seal(char *bytes, size_t n, plm_sv name);

struct plm_record_iter {
    struct plm_rd rd;
    uint32_t left;
    struct plm_buf path;
};
void plm_record_iter_init(struct plm_record_iter *it, const struct plm_record *r);
/* 1: an entry; 0: the end; -1: malformed (never after plm_record_open) or out of memory. */
int plm_record_iter_next(struct plm_record_iter *it, struct plm_record_entry *out);
void plm_record_iter_done(struct plm_record_iter *it);
PLM_CLEANUP_INPLACE(struct plm_record_iter, plm_record_iter_done)

/* Of what a file system has; device 0:0 of overlay2 is the caller's matter. (files.c) */
enum plm_entry_type plm_entry_type_of(uint32_t mode);
/* The order of paths. */
int plm_path_cmp(plm_sv a, plm_sv b);
/* Is `path` below the directory `dir` ("" is above everything)? */
bool plm_path_below(plm_sv dir, plm_sv path);
/* No leading, trailing or double slash, no "." or "..", no NUL byte. */
bool plm_path_is_canonical(plm_sv path);
