/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/docker share.
 */
#pragma once

#include "docker/docker.h"

/* Where an engine listens and how to speak to it. Strings live in the arena given. */
struct plm_endpoint {
    const char *unix_socket;     /* or NULL: TCP */
    plm_sv base;                 /* "http://localhost" or "https://host:2376" */
    plm_sv shown;                /* "unix:///run/docker.sock", "tcp://host:2376" */
    const char *ca, *cert, *key; /* TLS files, or NULL */
    bool is_insecure;            /* TLS without verification (DOCKER_TLS, SkipTLSVerify) */
    plm_sv how;                  /* what decided: "-H", "DOCKER_HOST", "context prod", "default" */
};

/* Variables of the environment that take part, so that tests need not set them. NULL: getenv. */
typedef const char *(*plm_getenv_fn)(const char *name);

/* Selects the endpoint as the docker command does. A unix socket has been connected to once, so
 * engine.permission and engine.unreachable come from here; a TCP endpoint has not. */
int plm_endpoint_select(const struct plm_ctx *ctx, const struct plm_engine_config *conf, plm_getenv_fn env,
                        struct plm_arena *a, struct plm_endpoint *out, plm_err **err);

struct plm_engine {
    const struct plm_ctx *ctx;
    enum plm_engine_kind kind;
    struct plm_endpoint at;
    struct plm_http *http;
    struct plm_arena *arena;
    struct plm_engine_info info;
    uint64_t deadline; /* plm_clock_ms; 0: none */
    bool is_described; /* info.driver and info.root_dir were asked for */
};

/* What this endpoint said of its versions within the last seconds, into e->info; false: it must be asked. */
bool plm_engine_recall(struct plm_engine *e);
void plm_engine_remember(const struct plm_engine *e);

/* "1.44" to 1 * 1000 + 44; 0 if it is no version. */
unsigned plm_api_version_parse(plm_sv text);
/* The version to speak with an engine that offers min to max; 0: none in common. */
unsigned plm_api_version_choose(unsigned server_min, unsigned server_max);

/* "/images/<ref>/json" with ref escaped for a path. NULL only when out of memory. */
const char *plm_engine_path(struct plm_arena *a, const char *before, plm_sv ref, const char *after);
int plm_engine_fail_status(struct plm_engine *e, int status, plm_sv body, const char *what, plm_err **err);
/* The one way to change something at the engine (act.c only): POST of JSON, whatever status comes back. */
int plm_engine_post(struct plm_engine *e, const char *path, plm_sv body, const char *what, int *out_status,
                    struct plm_buf *answer, plm_err **err);
