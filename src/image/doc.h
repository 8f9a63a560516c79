/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON documents of images (OCI image-spec: index, manifest, config; docker's manifest.json and image
 * config), parsed in a fenced worker and reduced to what we use.
 */
#pragma once

#include "base/ctx.h"
#include "image/image.h"

enum plm_doc_kind {
    PLM_DOC_OCI,    /* index or manifest */
    PLM_DOC_SAVE,   /* manifest.json of docker save */
    PLM_DOC_CONFIG, /* image config */
};

struct plm_doc_descriptor {
    plm_sv media_type, digest;
    uint64_t size;
    plm_sv os, arch, variant; /* platform */
    plm_sv ref_name;          /* org.opencontainers.image.ref.name */
    plm_sv image_name;        /* io.containerd.image.name */
    bool is_attestation;      /* vnd.docker.reference.type, or a platform unknown/unknown */
};

struct plm_doc_oci {
    bool is_index;
    plm_sv media_type;
    struct plm_doc_descriptor config; /* of a manifest */
    struct plm_doc_descriptor *v;     /* manifests of an index, layers of a manifest */
    size_t n;
};

struct plm_doc_save_image {
    plm_sv config;
    plm_sv *tags, *layers;
    size_t n_tags, n_layers;
};
struct plm_doc_save {
    struct plm_doc_save_image *v;
    size_t n;
};

struct plm_doc_history {
    plm_sv created_by;
    bool is_empty_layer;
};
struct plm_doc_config {
    plm_sv os, arch, variant, created;
    plm_sv *diff_ids;
    size_t n_diff_ids;
    struct plm_doc_history *history;
    size_t n_history;
    struct plm_image_config *image; /* all of it */
};

/* Views live in the arena. The text is data of the named file. */
int plm_doc_oci(const struct plm_ctx *ctx, plm_sv text, const char *name, struct plm_arena *a,
                struct plm_doc_oci *out, plm_err **err);
int plm_doc_save(const struct plm_ctx *ctx, plm_sv text, const char *name, struct plm_arena *a,
                 struct plm_doc_save *out, plm_err **err);
int plm_doc_config(const struct plm_ctx *ctx, plm_sv text, const char *name, struct plm_arena *a,
                   struct plm_doc_config *out, plm_err **err);

/* The two halves, for tests and fuzzing: JSON to bytes (in the worker), bytes to structs (checked). */
int plm_doc_reduce(enum plm_doc_kind kind, plm_sv text, const char *name, const struct plm_limits *limits,
                   struct plm_buf *out, plm_err **err);
int plm_doc_oci_decode(plm_sv bytes, struct plm_arena *a, struct plm_doc_oci *out, plm_err **err);
int plm_doc_save_decode(plm_sv bytes, struct plm_arena *a, struct plm_doc_save *out, plm_err **err);
int plm_doc_config_decode(plm_sv bytes, struct plm_arena *a, struct plm_doc_config *out, plm_err **err);
