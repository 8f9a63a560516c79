/* SPDX-License-Identifier: Apache-2.0
 *
 * Engine API client: Docker and Podman's compatible socket. Endpoint by -H, --context,
 * DOCKER_HOST, the current docker context, then the usual sockets; version negotiated.
 *
 *     plm_auto(plm_engine_close) struct plm_engine *e = plm_engine_open(ctx, &conf, err);
 *     plm_engine_image_inspect(e, "nginx:1.25", arena, &info, err);
 *
 * Errors: engine.unreachable, engine.permission, engine.version, engine.context, engine.not-found and
 * engine.error (the engine's own message) as ids.
 * One engine handle is used by one thread at a time.
 */
#pragma once

#include "base/arena.h"
#include "base/ctx.h"
#include "base/err.h"
#include "codec/json.h"
#include "net/net.h"

enum plm_engine_kind { PLM_ENGINE_DOCKER, PLM_ENGINE_PODMAN };

struct plm_engine;

struct plm_engine_config {
    enum plm_engine_kind kind;
    plm_sv host;         /* -H: unix:///…, tcp://…, or null */
    plm_sv context;      /* --context, or null */
    plm_sv wanted_image; /* what hints are about ("docker save app | ..."), or null */
    uint64_t deadline;   /* plm_clock_ms at which every request ends (plm_engine_hurry); 0: none */
};

struct plm_engine_info {
    plm_sv endpoint; /* "unix:///run/docker.sock" */
    plm_sv name;     /* "docker", "podman" */
    plm_sv version, api_version;
    plm_sv os, arch;
    plm_sv driver;   /* storage driver: "overlay2", "overlayfs" (containerd image store) */
    plm_sv root_dir; /* DockerRootDir */
    bool is_tls;
    bool is_local; /* unix socket: its files are on this machine */
};

struct plm_engine_image {
    plm_sv id; /* config digest; with the containerd image store the digest of the manifest or index */
    plm_sv_vec tags, digests;
    plm_sv os, arch, variant;
    int64_t created;
    uint64_t size;
    plm_sv_vec diff_ids; /* bottom first */
    plm_sv driver;       /* GraphDriver.Name ("overlay2"), or null */
    plm_sv lower, upper; /* GraphDriver.Data LowerDir, UpperDir; null elsewhere */
    plm_sv manifest;     /* Descriptor.digest of engines with the containerd image store, else null */
    plm_sv config_json;  /* the Config object of the inspect answer (Env, Cmd, Labels ...), or null */
};

struct plm_engine_container {
    plm_sv id, name, image, image_id, state;
    int64_t pid;
    int64_t created; /* seconds since the epoch; lists only, 0: not known */
};

struct plm_engine *plm_engine_open(const struct plm_ctx *ctx, const struct plm_engine_config *conf,
                                   plm_err **err);
void plm_engine_close(struct plm_engine *e);
PLM_CLEANUP(struct plm_engine, plm_engine_close)
int plm_engine_describe(struct plm_engine *e, struct plm_arena *a, struct plm_engine_info *out,
                        plm_err **err);
/* What is known without asking again: the endpoint, the negotiated versions. Lives as long as e. */
const struct plm_engine_info *plm_engine_about(const struct plm_engine *e);
int plm_engine_image_inspect(struct plm_engine *e, plm_sv ref, struct plm_arena *a,
                             struct plm_engine_image *out, plm_err **err);
/* History, bottom first, with empty layers; created_by and whether it made a layer. */
struct plm_engine_history {
    plm_sv created_by;
    bool is_empty_layer;
};
int plm_engine_image_history(struct plm_engine *e, plm_sv ref, struct plm_arena *a,
                             struct plm_engine_history **out, size_t *out_n, plm_err **err);
int plm_engine_images(struct plm_engine *e, struct plm_arena *a, struct plm_engine_image **out, size_t *out_n,
                      plm_err **err);
/* all: stopped ones too. */
int plm_engine_containers(struct plm_engine *e, bool all, struct plm_arena *a,
                          struct plm_engine_container **out, size_t *out_n, plm_err **err);
int plm_engine_container_inspect(struct plm_engine *e, plm_sv ref, struct plm_arena *a,
                                 struct plm_engine_container *out, plm_err **err);
/* Any GET of the API as JSON ("/info", "/containers/json?all=1"), for those who judge what the typed calls
 * leave out; `what` names the object in errors. A stalled answer ends as the context says, a body over
 * limits->json_bytes is LIMIT. Never anything but GET. */
struct plm_json *plm_engine_fetch(struct plm_engine *e, const char *path, const char *what, plm_err **err);
/* The same with ref escaped into the path: before + ref + after. */
struct plm_json *plm_engine_fetch_of(struct plm_engine *e, const char *before, plm_sv ref, const char *after,
                                     const char *what, plm_err **err);
/* Another connection to the same engine, for another thread; nothing is asked. Close it before e. */
struct plm_engine *plm_engine_again(const struct plm_engine *e, plm_err **err);
/* From now on requests end at this plm_clock_ms, however many bytes still come; 0: no such end. */
void plm_engine_hurry(struct plm_engine *e, uint64_t deadline);
/* The stream of /events as JSON lines; filters: JSON ("{\"type\":[\"container\"]}") or null. A read that
 * waits longer than wait_ms fails with net.stalled: nothing happened meanwhile, open it again. */
struct plm_http_stream *plm_engine_events(struct plm_engine *e, plm_sv filters, uint64_t wait_ms,
                                          plm_err **err);

/* How a TCP port answers a client that has no certificate: a request in plain HTTP, then one over TLS without
 * verifying the server. Nothing but GET /_ping is asked. */
enum plm_probe {
    PLM_PROBE_OPEN,       /* the API answers in plain HTTP */
    PLM_PROBE_UNVERIFIED, /* it answers over TLS to anybody */
    PLM_PROBE_REFUSED,    /* TLS ends because there is no client certificate */
    PLM_PROBE_UNKNOWN,    /* neither: out_why */
};
enum plm_probe plm_engine_probe(const struct plm_ctx *ctx, plm_sv host, uint16_t port, struct plm_arena *a,
                                plm_sv *out_why);

/* Where the caller's docker and podman would look: DOCKER_HOST, CONTAINER_HOST and docker's contexts, sorted;
 * nothing is connected to. A context whose file cannot be read is left out. */
struct plm_engine_place {
    plm_sv host;    /* "unix:///run/docker.sock", "tcp://h:2376", "ssh://h" */
    plm_sv context; /* name, or null */
    plm_sv how;     /* "DOCKER_HOST", "context prod" */
    bool is_podman;
    bool is_chosen; /* the one that `docker` or `podman` without options would use */
};
int plm_engine_known_places(const struct plm_ctx *ctx, struct plm_arena *a, struct plm_engine_place **out,
                            size_t *out_n, plm_err **err);
/* The one that -H HOST or --context NAME means. */
int plm_engine_place_of(const struct plm_ctx *ctx, plm_sv host, plm_sv context, struct plm_arena *a,
                        struct plm_engine_place *out, plm_err **err);
/* The stream of `docker save REF`. One at a time; close it before the engine. */
struct plm_http_stream *plm_engine_image_export(struct plm_engine *e, plm_sv ref, plm_err **err);

/* ---- what changes something (act.c): responses of `watch`, nothing else calls these -------------------- */

enum plm_engine_act { PLM_ENGINE_PAUSE, PLM_ENGINE_UNPAUSE, PLM_ENGINE_STOP };
/* A container that is in that state already is a success. */
int plm_engine_container_act(struct plm_engine *e, plm_sv ref, enum plm_engine_act act, plm_err **err);
/* Takes every network from it; UNSUPPORTED if it has none that can be taken (the host's, another
 * container's). *out_n: how many were. */
int plm_engine_container_disconnect(struct plm_engine *e, plm_sv ref, size_t *out_n, plm_err **err);
