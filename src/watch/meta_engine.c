/* SPDX-License-Identifier: Apache-2.0
 *
 * Metadata from the Engine API (src/docker): GET /containers/ID/json of Docker and of Podman's compatible
 * socket, and of the image for its digests, once per image.
 *
 * Quirks: a name begins with a slash; Config.Image is what the user wrote, which may be an id: then the
 * image's own names say more; an address stands in NetworkSettings or, with networks of one's own, in one of
 * them. An engine that does not answer is left alone for RETRY_MS. The handle keeps some hundred bytes of
 * every request, so it is opened anew after REQUESTS_MAX.
 */
#include "watch/meta_source.h"

#include "base/time.h"
#include "docker/docker.h"

#include <stdlib.h>

enum { RETRY_MS = 2000, REQUESTS_MAX = 4096, IMAGES_MAX = 64, ASK_MS = 5000 };
#define NS_PER_S 1000000000ll

struct plm_meta_engine {
    const struct plm_ctx *ctx;
    struct plm_engine_config conf;
    struct plm_engine *engine; /* NULL: not open */
    unsigned n_requests;
    uint64_t not_before; /* plm_clock_ms */
    char *refusal;       /* why it could not be opened; NULL: it could */
    struct plm_arena *image_arena;
    struct image {
        plm_sv id, name, digest;
    } images[IMAGES_MAX];
    size_t n_images;
};

/* ---- the document ---------------------------------------------------------------------------------------
 */

static plm_sv str(struct plm_arena *a, yyjson_val *v, const char *key)
{
    plm_sv s = plm_json_str(v, key, NULL);
    return s.n ? plm_arena_sv(a, s) : PLM_SV_NULL;
}

static plm_sv without_prefix(plm_sv s, plm_sv prefix)
{
    return plm_sv_starts(s, prefix) ? plm_sv_from_off(s, prefix.n) : s;
}

static void read_mounts(yyjson_val *list, struct plm_arena *a, struct plm_container *c)
{
    size_t n = yyjson_arr_size(list), i, max;
    yyjson_val *m;
    c->mounts = n ? plm_arena_array(a, n, sizeof(*c->mounts)) : NULL;
    if (!c->mounts)
        return;
    yyjson_arr_foreach(list, i, max, m)
    {
        c->mounts[i] =
            (struct plm_container_mount){str(a, m, "Source"), str(a, m, "Destination"), str(a, m, "Mode"),
                                         str(a, m, "Propagation"), plm_json_bool(m, "RW", false)};
    }
    c->n_mounts = n;
}

struct label {
    plm_sv name, value;
};

static int by_name(const void *x, const void *y)
{
    const struct label *a = x, *b = y;
    return plm_sv_cmp(a->name, b->name);
}

void plm_meta_read_labels(yyjson_val *object, struct plm_arena *a, struct plm_container *c)
{
    size_t n = yyjson_obj_size(object), i, max, k = 0;
    yyjson_val *key, *value;
    struct label *all = n ? plm_arena_array(a, n, sizeof(*all)) : NULL;
    c->label_names = n ? plm_arena_array(a, n, sizeof(plm_sv)) : NULL;
    c->label_values = n ? plm_arena_array(a, n, sizeof(plm_sv)) : NULL;
    if (!all || !c->label_names || !c->label_values)
        return;
    yyjson_obj_foreach(object, i, max, key, value)
    {
        if (yyjson_is_str(value))
            all[k++] = (struct label){plm_arena_sv(a, plm_json_sv(key)), plm_arena_sv(a, plm_json_sv(value))};
    }
    if (k)
        qsort(all, k, sizeof(*all), by_name);
    for (i = 0; i < k; i++) {
        c->label_names[i] = all[i].name;
        c->label_values[i] = all[i].value;
    }
    c->n_labels = k;
}

static plm_sv address_of(yyjson_val *root, struct plm_arena *a)
{
    yyjson_val *settings = plm_json_at(root, "NetworkSettings", NULL), *key, *net;
    plm_sv ip = plm_json_str(settings, "IPAddress", NULL);
    size_t i, max;
    yyjson_obj_foreach(plm_json_at(settings, "Networks", NULL), i, max, key, net)
    {
        if (!ip.n)
            ip = plm_json_str(net, "IPAddress", NULL);
    }
    return ip.n ? plm_arena_sv(a, ip) : PLM_SV_NULL;
}

int plm_meta_of_inspect(plm_sv json, struct plm_arena *a, struct plm_container *out, plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *doc =
        plm_json_parse(json, "container", &plm_limits_default, err);
    return doc ? plm_meta_of_inspect_doc(plm_json_root(doc), a, out, err) : -1;
}

int plm_meta_of_inspect_doc(yyjson_val *root, struct plm_arena *a, struct plm_container *out, plm_err **err)
{
    yyjson_val *config = plm_json_at(root, "Config", NULL), *host = plm_json_at(root, "HostConfig", NULL);
    if (!plm_json_str(root, "Id", NULL).n || !config)
        return plm_fail(err, PLM_E_PARSE, "the answer describes no container");
    struct plm_container c = *out;
    c.state = PLM_META_KNOWN;
    c.name = without_prefix(str(a, root, "Name"), PLM_SV("/"));
    c.image = str(a, config, "Image");
    c.image_id = without_prefix(str(a, root, "Image"), PLM_SV("sha256:"));
    c.user = str(a, config, "User");
    c.ip = address_of(root, a);
    yyjson_val *privileged = plm_json_at(host, "Privileged", NULL);
    c.has_privileged = yyjson_is_bool(privileged);
    c.is_privileged = yyjson_get_bool(privileged);
    c.host_pid = plm_sv_is(plm_json_str(host, "PidMode", NULL), "host");
    c.host_network = plm_sv_is(plm_json_str(host, "NetworkMode", NULL), "host");
    c.host_ipc = plm_sv_is(plm_json_str(host, "IpcMode", NULL), "host");
    read_mounts(plm_json_at(root, "Mounts", NULL), a, &c);
    plm_meta_read_labels(plm_json_at(config, "Labels", NULL), a, &c);
    int64_t created;
    c.created = plm_time_parse(plm_json_str(root, "Created", NULL), &created) && created > 0 &&
                        created < INT64_MAX / NS_PER_S
                    ? created * NS_PER_S
                    : 0;
    int64_t pid = plm_json_int(plm_json_at(root, "State", NULL), "Pid", 0);
    c.init_pid = pid > 0 && pid <= INT32_MAX ? (int32_t)pid : 0;
    if (plm_arena_check(a, err) < 0)
        return -1;
    plm_meta_split_image(&c);
    plm_meta_use_labels(&c);
    *out = c;
    return 0;
}

/* ---- asking ----------------------------------------------------------------------------------------------
 */

struct plm_meta_engine *plm_meta_engine_new(const struct plm_ctx *ctx, bool is_podman, plm_sv host)
{
    struct plm_meta_engine *e = calloc(1, sizeof(*e));
    if (!e)
        return NULL;
    e->ctx = ctx;
    e->conf.kind = is_podman ? PLM_ENGINE_PODMAN : PLM_ENGINE_DOCKER;
    e->conf.host = host;
    e->image_arena = plm_arena_new(PLM_KIB(256));
    if (!e->image_arena) {
        plm_meta_engine_free(e);
        return NULL;
    }
    return e;
}

void plm_meta_engine_free(struct plm_meta_engine *e)
{
    if (!e)
        return;
    plm_engine_close(e->engine);
    plm_arena_free(e->image_arena);
    free(e->refusal);
    free(e);
}

static int ready(struct plm_meta_engine *e, plm_err **err)
{
    if (e->engine && e->n_requests++ < REQUESTS_MAX) {
        plm_engine_hurry(e->engine, plm_clock_ms() + ASK_MS);
        return 0;
    }
    plm_engine_close(e->engine);
    e->engine = NULL;
    e->n_requests = 0;
    if (plm_clock_ms() < e->not_before)
        return plm_fail_id(err, PLM_E_NET, "engine.unreachable", "%s",
                           e->refusal ? e->refusal : "the engine did not answer");
    plm_err *why = NULL;
    e->conf.deadline = plm_clock_ms() + ASK_MS;
    e->engine = plm_engine_open(e->ctx, &e->conf, &why);
    free(e->refusal);
    e->refusal = e->engine ? NULL : plm_err_text(why);
    if (e->engine)
        return 0;
    e->not_before = plm_clock_ms() + RETRY_MS;
    return plm_err_move(err, &why);
}

/* A connection that broke is opened anew; what the engine answered stays. */
static int failed(struct plm_meta_engine *e, const plm_err *why)
{
    if (why && why->code == PLM_E_NOTFOUND)
        return -1;
    plm_engine_close(e->engine);
    e->engine = NULL;
    return -1;
}

static const struct image *image_of(struct plm_meta_engine *e, plm_sv id)
{
    for (size_t i = 0; i < e->n_images; i++)
        if (plm_sv_eq(e->images[i].id, id))
            return &e->images[i];
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
    struct plm_engine_image image;
    if (!a || !id.n || plm_engine_image_inspect(e->engine, id, a, &image, NULL) < 0)
        return NULL;
    if (e->n_images == IMAGES_MAX || plm_arena_used(e->image_arena) > PLM_KIB(128)) {
        plm_arena_reset(e->image_arena);
        e->n_images = 0;
    }
    struct image fresh = {.id = plm_arena_sv(e->image_arena, id)};
    plm_sv name, digest;
    if (image.tags.n)
        fresh.name = plm_arena_sv(e->image_arena, image.tags.v[0]);
    if (image.digests.n && plm_sv_cut(image.digests.v[0], '@', &name, &digest))
        fresh.digest = plm_arena_sv(e->image_arena, digest);
    if (plm_arena_failed(e->image_arena)) {
        plm_arena_reset(e->image_arena);
        e->n_images = 0;
        return NULL;
    }
    e->images[e->n_images] = fresh;
    return &e->images[e->n_images++];
}

static bool is_id(plm_sv image, plm_sv id)
{
    image = without_prefix(image, PLM_SV("sha256:"));
    return image.n >= 8 && plm_sv_starts(id, image);
}

int plm_meta_engine_ask(struct plm_meta_engine *e, plm_sv id, struct plm_meta_answer *answer, plm_err **err)
{
    plm_err *why = NULL;
    if (ready(e, err) < 0)
        return -1;
    plm_auto(plm_json_free) struct plm_json *doc =
        plm_engine_fetch_of(e->engine, "/containers/", id, "/json", "container", &why);
    if (!doc) {
        (void)failed(e, why);
        return plm_err_move(err, &why);
    }
    struct plm_container *c = &answer->c;
    if (plm_meta_of_inspect_doc(plm_json_root(doc), answer->arena, c, err) < 0)
        return -1;
    c->runtime = e->conf.kind == PLM_ENGINE_PODMAN ? PLM_RT_PODMAN : PLM_RT_DOCKER;
    const struct image *image = image_of(e, c->image_id);
    if (!image)
        return 0;
    if (is_id(c->image, c->image_id) && image->name.n) {
        c->image = plm_arena_sv(answer->arena, image->name);
        plm_meta_split_image(c);
    }
    if (!c->image_digest.n)
        c->image_digest = plm_arena_sv(answer->arena, image->digest);
    return plm_arena_check(answer->arena, err);
}

int plm_meta_engine_list(struct plm_meta_engine *e, struct plm_arena *a, plm_sv_vec *out, plm_err **err)
{
    struct plm_engine_container *all;
    size_t n;
    if (ready(e, err) < 0)
        return -1;
    if (plm_engine_containers(e->engine, false, a, &all, &n, err) < 0)
        return failed(e, err ? *err : NULL);
    for (size_t i = 0; i < n; i++)
        if (!plm_sv_vec_add(a, out, all[i].id))
            return plm_arena_check(a, err);
    return 0;
}
