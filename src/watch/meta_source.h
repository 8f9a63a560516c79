/* SPDX-License-Identifier: Apache-2.0
 *
 * The runtimes that are asked for metadata: used by the asking thread alone, but for stop.
 */
#pragma once

#include "codec/json.h"
#include "watch/meta_int.h"

struct plm_meta_sources;
struct plm_meta_sources *plm_meta_sources_new(const struct plm_ctx *ctx, const struct plm_meta_config *conf,
                                              plm_err **err);
void plm_meta_sources_free(struct plm_meta_sources *s);
/* What is under way ends soon; from any thread. */
void plm_meta_sources_stop(struct plm_meta_sources *s);
/* Fills answer->c in its arena. False: nobody knows it (yet), *err says why. */
bool plm_meta_sources_ask(struct plm_meta_sources *s, enum plm_runtime runtime, plm_sv id, int32_t pid,
                          struct plm_meta_answer *answer, plm_err **err);
/* Every running container that the engines list; `take` owns each answer. */
void plm_meta_sources_list(struct plm_meta_sources *s,
                           void (*take)(void *data, struct plm_meta_answer *answer), void *data);
/* NULL: out of memory. */
struct plm_meta_answer *plm_meta_answer_new(enum plm_runtime runtime, plm_sv id);

/* ---- meta_engine.c: Docker, and Podman through the same API ---------------------------------------------
 */

struct plm_meta_engine;
struct plm_meta_engine *plm_meta_engine_new(const struct plm_ctx *ctx, bool is_podman, plm_sv host);
void plm_meta_engine_free(struct plm_meta_engine *e);
/* 0, or -1: NOTFOUND, unreachable … */
int plm_meta_engine_ask(struct plm_meta_engine *e, plm_sv id, struct plm_meta_answer *answer, plm_err **err);
int plm_meta_engine_list(struct plm_meta_engine *e, struct plm_arena *a, plm_sv_vec *out, plm_err **err);

/* The same as plm_meta_of_inspect, of a parsed answer. */
int plm_meta_of_inspect_doc(yyjson_val *root, struct plm_arena *a, struct plm_container *out, plm_err **err);
/* The strings of an object, sorted by name. */
void plm_meta_read_labels(yyjson_val *object, struct plm_arena *a, struct plm_container *c);

/* ---- meta_bundle.c: state on disk
 * -------------------------------------------------------------------------- */

/* root: where the host's files are ("" in the program, another folder in tests). */
int plm_meta_bundle_ask(const char *root, plm_sv id, struct plm_meta_answer *answer, plm_err **err);
/* The same where the minder of a process of the container says that the state lies (0: nobody is asked). */
int plm_meta_bundle_ask_minder(plm_sv id, int32_t pid, struct plm_meta_answer *answer, plm_err **err);
/* meta_shim.c: folder of the bundle; null: not found. */
plm_sv plm_meta_bundle_of(plm_sv id, int32_t pid, struct plm_arena *a);
