/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/image share. A kind of source is one file that ends in a
 * `struct plm_source_handler` (PLM_REGISTER); it fills a plan and lets the core do the rest:
 *
 *     plan: target description + layers, each with the place where its bytes lie
 *       └─ plm_plan_run: cache, fenced workers in parallel, merge, facts ─▶ plm_analysis
 *
 * For a source that is an engine's image:
 *   - read in place: one PLM_LAYER_OVERLAY layer per diff directory, bottom first, `diff_id` set and `dir_fd`
 *     open; the record is cached under the diff id (only root writes there: design.md 5.3);
 *   - containerd's content store: plm_oci_plan with a plm_blobs that finds blobs by digest;
 *   - the export stream: plm_save_stream_analyze with the stream of `docker save`;
 * For a running container: plm_tree_analyze with a descriptor of its root directory.
 * Strings of a plan live in its arena, which becomes the analysis' arena.
 */
#pragma once

#include "base/buf.h"
#include "codec/stream.h"
#include "image/image.h"

/* ---- kinds of sources ------------------------------------------------------------------ */

struct plm_source_handler {
    enum plm_scheme_kind kind;
    const char *id;      /* canonical scheme */
    const char *aliases; /* " docker-daemon docker:// ": other spellings, each between spaces; NULL: none */
    const char *summary; /* "docker-archive:FILE[:TAG]  what it is" */
    struct plm_analysis *(*analyze)(const struct plm_ctx *ctx, const struct plm_source *src,
                                    const struct plm_image_options *opt, plm_err **err);
    /* images: and running:; else NULL. */
    int (*expand)(const struct plm_ctx *ctx, const struct plm_source *src,
                  const struct plm_image_options *opt, struct plm_arena *a, struct plm_source **out,
                  size_t *out_n, plm_err **err);
};
PLM_SET_DECLARE(plm_source_handlers, struct plm_source_handler);

/* ---- plans ----------------------------------------------------------------------------- */

enum plm_layer_where {
    PLM_LAYER_EXTENT,  /* a range of a file: a blob, or a member of an archive */
    PLM_LAYER_OVERLAY, /* an overlay2 diff directory, read in place */
    PLM_LAYER_RECORD,  /* already analysed (streams): `record` holds it */
    PLM_LAYER_ABSENT,  /* cannot be had; a diagnostic of the plan says why */
};

struct plm_plan_layer {
    struct plm_layer
        about; /* becomes target.layers[i]; about.digest is the *claimed* digest of the blob, or null */
    enum plm_layer_where where;
    int fd;                 /* EXTENT: the file; OVERLAY: the directory; -1 otherwise. Owned by the plan */
    uint64_t offset, bytes; /* EXTENT */
    bool is_plain;          /* EXTENT: uncompressed as far as is known, so about.diff_id is its digest too */
    plm_sv name;            /* for messages */
    struct plm_buf record;  /* RECORD: heap, owned */
    plm_sv sealed_as; /* RECORD: its name in the cache, for which its checksums must hold; null: a worker's */
    plm_sv computed;  /* digest of the bytes as read by this process; filled by the run */
};

struct plm_plan {
    struct plm_arena *arena;
    struct plm_target target; /* all but layers, distro, verdict */
    PLM_VEC(struct plm_plan_layer) layers;
    PLM_VEC(struct plm_diagnostic) diagnostics;
    struct plm_image_config *config; /* in the arena; NULL: none was read */
    uint64_t bytes_read;
    uint64_t file_bytes; /* as the engine says; 0: count them */
    bool has_stored;     /* something went to the cache, whose bound is then to be kept */
};

struct plm_record_entry;
struct plm_plan *plm_plan_new(const struct plm_source *src, plm_err **err);
void plm_plan_free(struct plm_plan *p);
PLM_CLEANUP(struct plm_plan, plm_plan_free)
/* A diagnostic of the plan; high or above marks the target incomplete. */
void plm_plan_diag(struct plm_plan *p, const char *code, enum plm_severity sev, plm_sv object,
                   const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void plm_plan_diag_err(struct plm_plan *p, const char *code, enum plm_severity sev, plm_sv object,
                       const plm_err *e);
/* Puts the source's name before an error that ends the planning, and the digests that did not match, which
 * are its likely cause. Returns -1. */
int plm_plan_wrap(const struct plm_plan *p, const char *name, plm_err **err);
/* One entry of the merged view into a->files, and their order once all are there. */
void plm_analysis_add_file(struct plm_analysis *a, struct plm_arena *arena, const struct plm_record_entry *e,
                           uint32_t layer);
void plm_analysis_sort_files(struct plm_analysis *a);
/* Analyses all layers and merges them. Takes the plan, also on failure. */
struct plm_analysis *plm_plan_run(const struct plm_ctx *ctx, struct plm_plan *plan,
                                  const struct plm_image_options *opt, plm_err **err);

/* A directory tree as one target without layers. `fd` is borrowed. */
struct plm_analysis *plm_tree_analyze(const struct plm_ctx *ctx, const struct plm_source *src, int fd,
                                      const struct plm_image_options *opt, plm_err **err);
/* `docker save` (classic or OCI-style) as a stream, uncompressed; nothing is buffered but its small JSON
 * members. Borrows the stream. src->tag chooses among several images; null: there must be one. */
struct plm_analysis *plm_save_stream_analyze(const struct plm_ctx *ctx, const struct plm_source *src,
                                             struct plm_stream *stream, const struct plm_image_options *opt,
                                             plm_err **err);
/* The same from a pipe, a socket, or a file that is compressed as a whole; borrowed. */
struct plm_analysis *plm_save_fd_analyze(const struct plm_ctx *ctx, const struct plm_source *src, int fd,
                                         const struct plm_image_options *opt, plm_err **err);

/* ---- OCI content ----------------------------------------------------------------------- */

struct plm_extent {
    int fd; /* owned by the receiver */
    uint64_t offset, bytes;
};
/* Where blobs lie. `find` fails with NOTFOUND where there is none. */
struct plm_blobs {
    int (*find)(void *impl, plm_sv digest, struct plm_extent *out, plm_err **err);
    /* Where layers were analysed already (streams): fills `where`, `record` and `bytes`, false if it has
     * none. May be NULL. */
    bool (*record)(void *impl, plm_sv digest, struct plm_plan_layer *out);
    void *impl;
};
/* Follows a descriptor (index, nested index, manifest) to the image of opt->platform and fills the plan:
 * digests of manifest and config are verified, layers are EXTENTs with claimed digests. */
int plm_oci_plan(const struct plm_ctx *ctx, const struct plm_image_options *opt,
                 const struct plm_blobs *blobs, plm_sv digest, struct plm_plan *plan, plm_err **err);
