/* SPDX-License-Identifier: Apache-2.0
 *
 * images: and running: stand for what the engines of this machine have: every image once (by its id, under
 * its first name), every running container. All engines that answer are asked; where none does, all causes
 * are told.
 */
#include "image/engine_int.h"

#include "base/map.h"

typedef PLM_VEC(struct plm_source) source_vec;

/* What one engine adds to the list. */
typedef int (*list_fn)(struct plm_engine *e, enum plm_engine_kind kind, struct plm_map *seen,
                       struct plm_arena *a, source_vec *out, plm_err **err);

/* True the first time. */
static bool is_new(struct plm_map *seen, plm_sv key, plm_err **err, int *failed)
{
    void **slot = plm_map_put(seen, key);
    if (!slot) {
        *failed = plm_fail_oom(err);
        return false;
    }
    bool was_new = !*slot;
    *slot = seen;
    return was_new;
}

static int list_images(struct plm_engine *e, enum plm_engine_kind kind, struct plm_map *seen,
                       struct plm_arena *a, source_vec *out, plm_err **err)
{
    struct plm_engine_image *images;
    size_t n;
    int failed = 0;
    if (plm_engine_images(e, a, &images, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n && !failed; i++) {
        if (!is_new(seen, images[i].id, err, &failed))
            continue;
        struct plm_source *s = plm_vec_push(a, out);
        if (!s)
            break;
        *s = (struct plm_source){
            .kind = kind == PLM_ENGINE_PODMAN ? PLM_SRC_PODMAN : PLM_SRC_DOCKER,
            .scheme = kind == PLM_ENGINE_PODMAN ? PLM_SV("podman") : PLM_SV("docker"),
            .reference = images[i].tags.n      ? images[i].tags.v[0]
                         : images[i].digests.n ? images[i].digests.v[0]
                                               : images[i].id,
        };
    }
    return failed ? failed : plm_arena_check(a, err);
}

static int list_running(struct plm_engine *e, enum plm_engine_kind kind, struct plm_map *seen,
                        struct plm_arena *a, source_vec *out, plm_err **err)
{
    struct plm_engine_container *c;
    size_t n;
    int failed = 0;
    (void)kind;
    if (plm_engine_containers(e, false, a, &c, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n && !failed; i++) {
        /* a name that two engines use is asked for by id */
        plm_sv reference = c[i].name.n && is_new(seen, c[i].name, err, &failed) ? c[i].name : c[i].id;
        if (failed || !is_new(seen, c[i].id, err, &failed))
            continue;
        struct plm_source *s = plm_vec_push(a, out);
        if (!s)
            break;
        *s = (struct plm_source){
            .kind = PLM_SRC_CONTAINER, .scheme = PLM_SV("container"), .reference = reference};
    }
    return failed ? failed : plm_arena_check(a, err);
}

static int by_reference(const void *a, const void *b)
{
    const struct plm_source *x = a, *y = b;
    int r = plm_sv_cmp(x->scheme, y->scheme);
    return r ? r : plm_sv_cmp(x->reference, y->reference);
}

static int expand(const struct plm_ctx *ctx, const struct plm_image_options *opt, list_fn list,
                  struct plm_arena *a, struct plm_source **out, size_t *out_n, plm_err **err)
{
    plm_auto(plm_map_free) struct plm_map *seen = plm_map_new();
    plm_auto_done(plm_buf_done) struct plm_buf tried = PLM_BUF(PLM_KIB(64));
    enum plm_engine_kind kinds[2];
    size_t n = plm_engine_kinds(opt, kinds), answered = 0;
    source_vec v = {0};
    if (!seen)
        return plm_fail_oom(err);
    for (size_t i = 0; i < n; i++) {
        plm_auto(plm_err_free) plm_err *e = NULL;
        plm_auto(plm_engine_close) struct plm_engine *engine =
            plm_engine_for(ctx, kinds[i], opt, PLM_SV_NULL, &e);
        if (engine) {
            if (list(engine, kinds[i], seen, a, &v, err) < 0)
                return -1;
            answered++;
        } else if (n == 1 || (plm_err_code(e) != PLM_E_NET && plm_err_code(e) != PLM_E_NOTFOUND)) {
            return plm_err_move(err, &e); /* it is there: a list without its part would pass for the whole */
        } else {
            plm_auto_free char *text = plm_err_text(e);
            plm_buf_printf(&tried, "%s%s", tried.n ? "; " : "", text ? text : "out of memory");
        }
    }
    if (!answered)
        return plm_fail_id(err, PLM_E_NET, "engine.unreachable", "%.*s", PLM_SV_ARG(plm_buf_sv(&tried)));
    if (v.n)
        qsort(v.v, v.n, sizeof(*v.v), by_reference);
    *out = v.v;
    *out_n = v.n;
    return 0;
}

static int expand_images(const struct plm_ctx *ctx, const struct plm_source *src,
                         const struct plm_image_options *opt, struct plm_arena *a, struct plm_source **out,
                         size_t *out_n, plm_err **err)
{
    (void)src;
    return expand(ctx, opt, list_images, a, out, out_n, err);
}

static int expand_running(const struct plm_ctx *ctx, const struct plm_source *src,
                          const struct plm_image_options *opt, struct plm_arena *a, struct plm_source **out,
                          size_t *out_n, plm_err **err)
{
    (void)src;
    return expand(ctx, opt, list_running, a, out, out_n, err);
}

static const struct plm_source_handler images = {
    .kind = PLM_SRC_IMAGES,
    .id = "images",
    .summary = "images:  every image of the local engines",
    .expand = expand_images,
};
PLM_REGISTER(plm_source_handlers, struct plm_source_handler, images);

static const struct plm_source_handler running = {
    .kind = PLM_SRC_RUNNING,
    .id = "running",
    .summary = "running:  every running container of the local engines",
    .expand = expand_running,
};
PLM_REGISTER(plm_source_handlers, struct plm_source_handler, running);
