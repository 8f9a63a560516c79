/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose file system it is: container names and images, for the list of what is never touched. The engine is
 * asked once per container that appears: with the overlay2 driver the mount point is
 * GraphDriver.Data.MergedDir of its description; where containerd keeps the images, the container's id is a
 * part of the path. An engine that does not answer within two seconds costs that long once per new container,
 * in the scanning thread only.
 */
#include "drift_int.h"

#include "base/time.h"
#include "docker/docker.h"

#include <stdlib.h>

#define ASK_MS    2000
#define NAMES_MAX PLM_MIB(8)

struct known {
    plm_sv id, name, image, point;
};

struct plm_drift_names {
    struct plm_engine *engine; /* NULL: could not be opened */
    struct plm_arena *arena;   /* of everything below; bounded, then forgotten and asked for again */
    PLM_VEC(struct known) list;
};

struct plm_drift_names *plm_drift_names_new(const struct plm_ctx *ctx, plm_sv docker_host, plm_err **err)
{
    struct plm_drift_names *n = calloc(1, sizeof(*n));
    if (!n)
        return PLM_NULL(plm_fail_oom(err));
    n->arena = plm_arena_new(NAMES_MAX);
    if (!n->arena) {
        plm_drift_names_free(n);
        return PLM_NULL(plm_fail_oom(err));
    }
    const struct plm_engine_config conf = {.kind = PLM_ENGINE_DOCKER, .host = docker_host};
    n->engine = plm_engine_open(ctx, &conf, NULL);
    return n;
}

void plm_drift_names_free(struct plm_drift_names *n)
{
    if (!n)
        return;
    plm_engine_close(n->engine);
    plm_arena_free(n->arena);
    free(n);
}

static bool is_known(const struct plm_drift_names *n, plm_sv id)
{
    for (size_t i = 0; i < n->list.n; i++)
        if (plm_sv_eq(n->list.v[i].id, id))
            return true;
    return false;
}

static plm_sv copy(struct plm_arena *a, yyjson_val *v, const char *key)
{
    return plm_arena_sv(a, plm_json_str(v, key, NULL));
}

/* One container's description into the list. */
static void learn(struct plm_drift_names *n, plm_sv id)
{
    plm_auto(plm_json_free) struct plm_json *doc =
        plm_engine_fetch_of(n->engine, "/containers/", id, "/json", "container", NULL);
    if (!doc)
        return;
    yyjson_val *root = plm_json_root(doc), *data = plm_json_at(root, "GraphDriver", "Data", NULL);
    plm_sv name = plm_json_str(root, "Name", NULL);
    struct known *k = plm_vec_push(n->arena, &n->list);
    if (!k)
        return;
    *k = (struct known){
        .id = plm_arena_sv(n->arena, id),
        .name = plm_arena_sv(n->arena, plm_sv_starts(name, PLM_SV("/")) ? plm_sv_from_off(name, 1) : name),
        .image = copy(n->arena, plm_json_at(root, "Config", NULL), "Image"),
        .point = copy(n->arena, data, "MergedDir"),
    };
}

/* What the engine has that we do not know yet. */
static void refresh(struct plm_drift_names *n)
{
    if (plm_arena_failed(n->arena) || plm_arena_used(n->arena) > NAMES_MAX / 2) {
        plm_arena_reset(n->arena);
        n->list.v = NULL;
        n->list.n = n->list.cap = 0;
    }
    plm_engine_hurry(n->engine, plm_clock_ms() + ASK_MS);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(NAMES_MAX);
    struct plm_engine_container *v;
    size_t count;
    if (!a || plm_engine_containers(n->engine, true, a, &v, &count, NULL) < 0)
        return;
    for (size_t i = 0; i < count; i++)
        if (!is_known(n, v[i].id))
            learn(n, v[i].id);
}

static const struct known *find(const struct plm_drift_names *n, plm_sv point, plm_sv id)
{
    for (size_t i = 0; i < n->list.n; i++) {
        const struct known *k = &n->list.v[i];
        if ((k->point.n && plm_sv_eq(k->point, point)) || (id.n && plm_sv_eq(k->id, id)) ||
            (k->id.n && point.n && plm_sv_has(point, k->id)))
            return k;
    }
    return NULL;
}

bool plm_drift_names_find(struct plm_drift_names *n, plm_sv point, plm_sv id, struct plm_drift_fs *fs)
{
    if (!n->engine)
        return false;
    const struct known *k = find(n, point, id);
    if (!k) {
        refresh(n);
        k = find(n, point, id);
    }
    if (!k)
        return false;
    fs->id = plm_arena_sv(fs->arena, k->id);
    fs->name = plm_arena_sv(fs->arena, k->name);
    fs->image = plm_arena_sv(fs->arena, k->image);
    return true;
}
