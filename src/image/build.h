/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside a worker: what an analysis wants (matcher) and the layer that grows while its
 * entries arrive (builder). See build.c for the rules of names and links.
 */
#pragma once

#include "base/map.h"
#include "codec/hash.h"
#include "codec/stream.h"
#include "image/record.h"

/* ---- what is wanted ------------------------------------------------------------------------- */

/* The part of a job that says so: extractors in the order that facts count them, and extra wants. */
struct plm_wanted {
    const struct plm_extractor *const *extractors;
    size_t n_extractors;
    const plm_sv *params; /* one for each extractor; NULL: none */
    const struct plm_want *wants;
    size_t n_wants;
    bool diff_id;     /* hash the uncompressed layer too */
    bool all_entries; /* trees: enter every file, not only the wanted ones */
    unsigned service; /* 1 + which of the job's descriptors leads to the content service; 0: none */
    int service_fd;   /* in the worker */
};
void plm_wanted_encode(struct plm_buf *out, const struct plm_wanted *w);
int plm_wanted_decode(struct plm_rd *rd, struct plm_arena *a, struct plm_wanted *out, plm_err **err);

struct plm_match {
    uint32_t extractor;
    plm_sv as; /* under which name it was asked for: the path itself, or that of an extra want */
};

struct plm_matcher;
struct plm_matcher *plm_matcher_new(const struct plm_wanted *w, plm_err **err);
void plm_matcher_free(struct plm_matcher *m);
PLM_CLEANUP(struct plm_matcher, plm_matcher_free)
/* All extractors that want a path, each once per name; the array is borrowed until the next call. */
const struct plm_match *plm_matcher_find(struct plm_matcher *m, plm_sv path, size_t *out_n);
/* Where the first component with a wildcard starts in a pattern; pattern.n: it is a literal path. */
size_t plm_glob_literal(plm_sv pattern);

/* ---- the layer that grows -------------------------------------------------------------------- */

struct plm_builder;
struct plm_builder *plm_builder_new(const struct plm_limits *limits, const struct plm_wanted *w,
                                    plm_err **err);
void plm_builder_free(struct plm_builder *b);
PLM_CLEANUP(struct plm_builder, plm_builder_free)

/* Enters one entry under its archive name, with whiteouts by their names; `link` as in the archive.
 * *out_node is the file that arrived, or PLM_NONE where there is none (skipped, a whiteout). -1: limit or
 * memory. */
int plm_builder_add(struct plm_builder *b, const struct plm_record_entry *e, uint32_t *out_node,
                    plm_err **err);
/* The same for trees in which whiteouts are flags: the path is canonical and nothing is resolved. */
int plm_builder_add_plain(struct plm_builder *b, const struct plm_record_entry *e, uint32_t *out_node,
                          plm_err **err);

/* The node of a canonical path, if something arrived there; else PLM_NONE. */
uint32_t plm_builder_find(const struct plm_builder *b, plm_sv path);
/* Who wants the contents of a path. */
const struct plm_match *plm_builder_wants(struct plm_builder *b, plm_sv path, size_t *out_n);
/* Is there somebody who takes this file, of which the node says size and mode? For whom it is too large there
 * is the diagnostic file.too-large. */
bool plm_builder_fits(struct plm_builder *b, uint32_t node, const struct plm_match *m, size_t n, plm_sv path);
/* The same with the first PLM_EXTRACT_HEAD bytes of it (all of a smaller one), before more is read. */
bool plm_builder_goes_on(struct plm_builder *b, uint32_t node, const struct plm_match *m, size_t n,
                         plm_sv head);
/* Runs the extractors that take it (of the plm_builder_fits just before) over the contents. */
int plm_builder_extract(struct plm_builder *b, uint32_t node, const struct plm_match *m, size_t n,
                        plm_sv content, plm_err **err);
/* Reads the file for the extractors that take it (plm_builder_fits), its head first, and runs them. `scratch`
 * is kept from file to file. From a descriptor that stands at the start; what cannot be read is in *unread
 * (to be freed) and nothing of it is extracted. */
int plm_builder_take_fd(struct plm_builder *b, uint32_t node, const struct plm_match *m, size_t n, int fd,
                        struct plm_buf *scratch, plm_err **unread, plm_err **err);
struct plm_tar;
int plm_builder_take_tar(struct plm_builder *b, uint32_t node, const struct plm_match *m, size_t n,
                         struct plm_tar *t, struct plm_buf *scratch, plm_err **err);
/* A want whose bytes lie under another name: asks for one more pass. */
void plm_builder_pending(struct plm_builder *b, uint32_t extractor, plm_sv as, plm_sv real);

void plm_builder_diag(struct plm_builder *b, const char *code, enum plm_severity sev, plm_sv object,
                      const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Marks the record truncated and says why; a null code is chosen by the error. */
void plm_builder_cut(struct plm_builder *b, const char *code, plm_sv object, const plm_err *e);
/* The path of a node, in a buffer of the builder that lasts until the next call. */
plm_sv plm_builder_path(struct plm_builder *b, uint32_t node);
/* The hash of the uncompressed layer, to go into the record. */
void plm_builder_diff_id(struct plm_builder *b, const unsigned char sum[PLM_SHA256_BYTES]);
int plm_builder_write(struct plm_builder *b, struct plm_buf *out, plm_err **err);

/* Does it hold what only this run could not find out (service.unanswered)? Then it is not for the cache. */
bool plm_record_is_passing(const struct plm_record *r);
/* A layer's stream (taken) to its record: what the LAYER job does. */
int plm_layer_record(struct plm_stream *raw, plm_sv name, const struct plm_limits *limits,
                     const struct plm_wanted *wanted, struct plm_buf *out, plm_err **err);
