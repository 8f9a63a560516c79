/* SPDX-License-Identifier: Apache-2.0
 *
 * What the engine sources (docker:, podman:, containerd:, container:, images:, running:) share.
 */
#pragma once

#include "docker/docker.h"
#include "image/image_int.h"

/* Opens the engine of that kind as the options say. */
struct plm_engine *plm_engine_for(const struct plm_ctx *ctx, enum plm_engine_kind kind,
                                  const struct plm_image_options *opt, plm_sv wanted, plm_err **err);
/* Kinds to ask for an object of any engine; -H and --context name one endpoint, so only docker then. */
size_t plm_engine_kinds(const struct plm_image_options *opt, enum plm_engine_kind out[2]);

/* Fills the plan with the layers of an image where they lie in the engine's storage.
 * 1: done; 0: not possible, *why (in the plan's arena) says what is missing; -1: out of memory and the like.
 */
int plm_engine_plan_overlay(const struct plm_ctx *ctx, const struct plm_engine_image *image,
                            struct plm_plan *plan, plm_sv *why, plm_err **err);
int plm_engine_plan_content(const struct plm_ctx *ctx, const struct plm_image_options *opt, plm_sv root_dir,
                            plm_sv digest, struct plm_plan *plan, plm_sv *why, plm_err **err);

/* Whether path and every folder above it belong to root or to us and no one else can write there (a sticky
 * folder above is fine): only then can nobody have put another directory in its place. */
bool plm_path_is_guarded(const char *path);

/* Digest of an image name in a containerd metadata file, whatever the namespace. NOTFOUND; PARSE for a file
 * that is not sound. */
int plm_containerd_resolve(const char *meta_db, plm_sv ref, struct plm_arena *a, plm_sv *out_digest,
                           plm_err **err);
/* The same over the file's bytes. */
int plm_bolt_image_digest(plm_sv file, plm_sv name, struct plm_arena *a, plm_sv *out_digest, plm_err **err);
