/* SPDX-License-Identifier: Apache-2.0
 *
 * Images and containers as the engine describes them: JSON answers into our structures.
 *
 * Quirks: "<none>:<none>" stands for no name; lists may be null; a container's name has a leading
 * slash; Created is seconds in lists and RFC 3339 in inspect answers; engines with the containerd
 * image store have no GraphDriver (or one without Data) and add Descriptor. The history answer is
 * top first and does not say which steps made a layer: see mark_layers.
 */
#include "docker_int.h"

#include "base/time.h"

/* Strings of a JSON array into vec, without "<none>" names. */
static void add_names(struct plm_arena *a, plm_sv_vec *vec, yyjson_val *list)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v)
    {
        plm_sv s = plm_json_sv(v);
        if (s.n && !plm_sv_starts(s, PLM_SV("<none>")) && !plm_sv_ends(s, PLM_SV("<none>")))
            (void)plm_sv_vec_add(a, vec, s); /* a failed arena is seen by the caller */
    }
}

static plm_sv str(struct plm_arena *a, yyjson_val *v, const char *key)
{
    return plm_arena_sv(a, plm_json_str(v, key, NULL));
}

static uint64_t number(yyjson_val *v, const char *key)
{
    int64_t n = plm_json_int(v, key, 0);
    return n > 0 ? (uint64_t)n : 0;
}

static void read_names(struct plm_arena *a, yyjson_val *v, struct plm_engine_image *out)
{
    out->id = str(a, v, "Id");
    add_names(a, &out->tags, plm_json_at(v, "RepoTags", NULL));
    add_names(a, &out->digests, plm_json_at(v, "RepoDigests", NULL));
    plm_sv_vec_sort_unique(&out->tags);
    plm_sv_vec_sort_unique(&out->digests);
    out->size = number(v, "Size");
}

static plm_sv written(struct plm_arena *a, yyjson_val *v)
{
    size_t n = 0;
    plm_auto_free char *text = v ? yyjson_val_write(v, 0, &n) : NULL;
    return text ? plm_arena_sv(a, plm_sv_n(text, n)) : PLM_SV_NULL;
}

int plm_engine_image_inspect(struct plm_engine *e, plm_sv ref, struct plm_arena *a,
                             struct plm_engine_image *out, plm_err **err)
{
    const char *path = plm_engine_path(e->arena, "/images/", ref, "/json");
    plm_sv what = plm_arena_printf(e->arena, "image %.*s", PLM_SV_ARG(ref));
    if (!path || !what.p)
        return plm_fail_oom(err);
    plm_auto(plm_json_free) struct plm_json *doc = plm_engine_fetch(e, path, what.p, err);
    if (!doc)
        return -1;
    yyjson_val *root = plm_json_root(doc);
    struct plm_engine_image image = {0};
    read_names(a, root, &image);
    image.os = str(a, root, "Os");
    image.arch = str(a, root, "Architecture");
    image.variant = str(a, root, "Variant");
    if (!plm_time_parse(plm_json_str(root, "Created", NULL), &image.created))
        image.created = 0;
    add_names(a, &image.diff_ids, plm_json_at(root, "RootFS", "Layers", NULL));
    yyjson_val *driver = plm_json_at(root, "GraphDriver", NULL);
    image.driver = str(a, driver, "Name");
    image.upper = str(a, plm_json_at(driver, "Data", NULL), "UpperDir");
    image.lower = str(a, plm_json_at(driver, "Data", NULL), "LowerDir");
    image.manifest = str(a, plm_json_at(root, "Descriptor", NULL), "digest");
    image.config_json = written(a, plm_json_at(root, "Config", NULL));
    if (plm_arena_check(a, err) < 0)
        return -1;
    if (!image.id.n)
        return plm_fail_id(err, PLM_E_PARSE, "engine.error", "%s: the answer of %.*s has no Id", what.p,
                           PLM_SV_ARG(e->at.shown));
    *out = image;
    return 0;
}

/* ---- history ------------------------------------------------------------------------- */

/* Steps that leave files behind. "/bin/sh -c #(nop) ENV ..." is the classic builder's way to write the rest;
 * BuildKit writes "ENV A=b" and "RUN /bin/sh -c ... # buildkit". */
static bool may_make_layer(plm_sv by)
{
    static const plm_sv makers[] = {PLM_SV("ADD "), PLM_SV("COPY "), PLM_SV("RUN "), PLM_SV("WORKDIR ")};
    size_t nop = plm_sv_find_sv(by, PLM_SV("#(nop)"));
    if (nop != SIZE_MAX)
        by = plm_sv_trim(plm_sv_from_off(by, nop + 6));
    else if (plm_sv_starts(by, PLM_SV("/bin/sh -c ")) || plm_sv_starts(by, PLM_SV("|")))
        return true;
    for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
        if (plm_sv_starts(by, makers[i]))
            return true;
    return false;
}

/* Steps with bytes made a layer; of those without, the likely ones fill up to the number of layers (a RUN
 * that only deletes has none), the rest bottom first. */
static void mark_layers(struct plm_engine_history *h, const uint64_t *sizes, size_t n, size_t layers)
{
    size_t left = layers;
    for (size_t i = 0; i < n; i++) {
        h[i].is_empty_layer = sizes[i] == 0;
        left -= sizes[i] && left;
    }
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < n && left; i++)
            if (h[i].is_empty_layer && (round || may_make_layer(h[i].created_by))) {
                h[i].is_empty_layer = false;
                left--;
            }
}

int plm_engine_image_history(struct plm_engine *e, plm_sv ref, struct plm_arena *a,
                             struct plm_engine_history **out, size_t *out_n, plm_err **err)
{
    struct plm_engine_image image;
    const char *path = plm_engine_path(e->arena, "/images/", ref, "/history");
    if (!path)
        return plm_fail_oom(err);
    if (plm_engine_image_inspect(e, ref, a, &image, err) < 0)
        return -1;
    plm_auto(plm_json_free) struct plm_json *doc = plm_engine_fetch(e, path, "image history", err);
    if (!doc)
        return -1;
    yyjson_val *list = plm_json_root(doc), *v;
    size_t n = yyjson_arr_size(list), i, max;
    struct plm_engine_history *h = plm_arena_array(a, n, sizeof(*h));
    uint64_t *sizes = plm_arena_array(a, n, sizeof(*sizes));
    if (plm_arena_check(a, err) < 0)
        return -1;
    yyjson_arr_foreach(list, i, max, v)
    {
        h[n - 1 - i].created_by = str(a, v, "CreatedBy");
        sizes[n - 1 - i] = number(v, "Size");
    }
    mark_layers(h, sizes, n, image.diff_ids.n);
    if (plm_arena_check(a, err) < 0)
        return -1;
    *out = h;
    *out_n = n;
    return 0;
}

/* ---- lists --------------------------------------------------------------------------- */

static int by_image_id(const void *a, const void *b)
{
    const struct plm_engine_image *x = a, *y = b;
    return plm_sv_cmp(x->id, y->id);
}

int plm_engine_images(struct plm_engine *e, struct plm_arena *a, struct plm_engine_image **out, size_t *out_n,
                      plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *doc = plm_engine_fetch(e, "/images/json", "image list", err);
    if (!doc)
        return -1;
    yyjson_val *list = plm_json_root(doc), *v;
    size_t i, n;
    struct plm_engine_image *images = plm_arena_array(a, yyjson_arr_size(list), sizeof(*images));
    if (plm_arena_check(a, err) < 0)
        return -1;
    yyjson_arr_foreach(list, i, n, v)
    {
        read_names(a, v, &images[i]);
        images[i].created = plm_json_int(v, "Created", 0);
    }
    if (plm_arena_check(a, err) < 0)
        return -1;
    n = yyjson_arr_size(list);
    if (n)
        qsort(images, n, sizeof(*images), by_image_id);
    *out = images;
    *out_n = n;
    return 0;
}

static plm_sv without_slash(plm_sv name)
{
    return plm_sv_starts(name, PLM_SV("/")) ? plm_sv_from_off(name, 1) : name;
}

static int by_name(const void *a, const void *b)
{
    const struct plm_engine_container *x = a, *y = b;
    int r = plm_sv_cmp(x->name, y->name);
    return r ? r : plm_sv_cmp(x->id, y->id);
}

int plm_engine_containers(struct plm_engine *e, bool all, struct plm_arena *a,
                          struct plm_engine_container **out, size_t *out_n, plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *doc =
        plm_engine_fetch(e, all ? "/containers/json?all=1" : "/containers/json", "container list", err);
    if (!doc)
        return -1;
    yyjson_val *list = plm_json_root(doc), *v;
    size_t i, n;
    struct plm_engine_container *c = plm_arena_array(a, yyjson_arr_size(list), sizeof(*c));
    if (plm_arena_check(a, err) < 0)
        return -1;
    yyjson_arr_foreach(list, i, n, v)
    {
        plm_sv name = plm_json_sv(yyjson_arr_get_first(plm_json_at(v, "Names", NULL)));
        c[i] = (struct plm_engine_container){
            .id = str(a, v, "Id"),
            .name = plm_arena_sv(a, without_slash(name)),
            .image = str(a, v, "Image"),
            .image_id = str(a, v, "ImageID"),
            .state = str(a, v, "State"),
            .created = plm_json_int(v, "Created", 0),
        };
    }
    if (plm_arena_check(a, err) < 0)
        return -1;
    n = yyjson_arr_size(list);
    if (n)
        qsort(c, n, sizeof(*c), by_name);
    *out = c;
    *out_n = n;
    return 0;
}

int plm_engine_container_inspect(struct plm_engine *e, plm_sv ref, struct plm_arena *a,
                                 struct plm_engine_container *out, plm_err **err)
{
    const char *path = plm_engine_path(e->arena, "/containers/", ref, "/json");
    plm_sv what = plm_arena_printf(e->arena, "container %.*s", PLM_SV_ARG(ref));
    if (!path || !what.p)
        return plm_fail_oom(err);
    plm_auto(plm_json_free) struct plm_json *doc = plm_engine_fetch(e, path, what.p, err);
    if (!doc)
        return -1;
    yyjson_val *root = plm_json_root(doc), *state = plm_json_at(root, "State", NULL);
    struct plm_engine_container c = {
        .id = str(a, root, "Id"),
        .name = plm_arena_sv(a, without_slash(plm_json_str(root, "Name", NULL))),
        .image = str(a, plm_json_at(root, "Config", NULL), "Image"),
        .image_id = str(a, root, "Image"),
        .state = str(a, state, "Status"),
        .pid = plm_json_int(state, "Pid", 0),
    };
    if (plm_arena_check(a, err) < 0)
        return -1;
    *out = c;
    return 0;
}
