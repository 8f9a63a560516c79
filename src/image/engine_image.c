/* SPDX-License-Identifier: Apache-2.0
 *
 * docker:REF and podman:REF. The inspect answer says what the image is; then, cheapest first: the layers
 * where they lie (engine_overlay.c, engine_content.c), else the stream of `docker save`, never a temporary
 * file. Both ways give the same packages. Podman's own storage is not read in place: its layout is locked by
 * its own library, and the stream is always there.
 */
#include "image/engine_int.h"

struct plm_engine *plm_engine_for(const struct plm_ctx *ctx, enum plm_engine_kind kind,
                                  const struct plm_image_options *opt, plm_sv wanted, plm_err **err)
{
    const struct plm_engine_config conf = {
        .kind = kind, .host = opt->host, .context = opt->context, .wanted_image = wanted};
    return plm_engine_open(ctx, &conf, err);
}

size_t plm_engine_kinds(const struct plm_image_options *opt, enum plm_engine_kind out[2])
{
    out[0] = PLM_ENGINE_DOCKER;
    out[1] = PLM_ENGINE_PODMAN;
    return opt->host.n || opt->context.n ? 1 : 2;
}

/* ---- the export stream ----------------------------------------------------------------- */

static ssize_t read_export(void *impl, void *p, size_t n, plm_err **err)
{
    return plm_http_read(impl, p, n, err);
}

static void free_export(void *impl)
{
    plm_http_close(impl);
}

static const struct plm_stream_ops export_ops = {.read = read_export, .free = free_export};

static struct plm_analysis *by_export(const struct plm_ctx *ctx, struct plm_engine *e,
                                      const struct plm_source *src, const struct plm_image_options *opt,
                                      plm_err **err)
{
    plm_auto(plm_http_close) struct plm_http_stream *body = plm_engine_image_export(e, src->reference, err);
    if (!body)
        return NULL;
    plm_auto_free char *name = NULL;
    if (asprintf(&name, "export of %.*s", PLM_SV_ARG(src->reference)) < 0)
        return PLM_NULL(plm_fail_oom(err));
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_new(&export_ops, body, name, err);
    if (!s)
        return NULL;
    (void)plm_take(body); /* the stream's now */
    return plm_save_stream_analyze(ctx, src, s, opt, err);
}

/* ---- in place -------------------------------------------------------------------------- */

/* 1: the plan is filled; 0: *why not; -1. */
static int plan_in_place(const struct plm_ctx *ctx, struct plm_engine *e,
                         const struct plm_engine_image *image, const struct plm_image_options *opt,
                         struct plm_plan *plan, plm_sv *why, plm_err **err)
{
    struct plm_engine_info info;
    if (!plm_engine_about(e)->is_local) {
        *why = PLM_SV("the engine is on another machine");
        return 0;
    }
    if (image->upper.n)
        return plm_engine_plan_overlay(ctx, image, plan, why, err);
    if (!image->manifest.n && !plm_sv_is(image->driver, "overlayfs")) {
        *why = PLM_SV("a storage driver that is not read in place");
        return 0;
    }
    if (plm_engine_describe(e, plan->arena, &info, err) < 0)
        return -1;
    return plm_engine_plan_content(ctx, opt, info.root_dir, image->manifest.n ? image->manifest : image->id,
                                   plan, why, err);
}

/* A blob that the store lost: perhaps the engine can make it again from what it unpacked. */
static bool lacks_a_layer(const struct plm_plan *plan)
{
    for (size_t i = 0; i < plan->layers.n; i++)
        if (plan->layers.v[i].where == PLM_LAYER_ABSENT)
            return true;
    return false;
}

static struct plm_analysis *analyze(const struct plm_ctx *ctx, enum plm_engine_kind kind,
                                    const struct plm_source *src, const struct plm_image_options *opt,
                                    plm_err **err)
{
    plm_auto(plm_engine_close) struct plm_engine *e = plm_engine_for(ctx, kind, opt, src->reference, err);
    plm_auto(plm_plan_free) struct plm_plan *plan = e ? plm_plan_new(src, err) : NULL;
    struct plm_engine_image image;
    if (!plan || plm_engine_image_inspect(e, src->reference, plan->arena, &image, err) < 0)
        return NULL;
    plm_sv why = PLM_SV("as told");
    int r = opt->engine_export || kind == PLM_ENGINE_PODMAN
                ? 0
                : plan_in_place(ctx, e, &image, opt, plan, &why, err);
    if (r < 0)
        return NULL;
    if (r > 0 && !lacks_a_layer(plan))
        return plm_plan_run(ctx, plm_take(plan), opt, err);
    if (r > 0)
        why = PLM_SV("the content store lacks a layer");
    plm_log(ctx, PLM_LOG_DEBUG, "image is exported", "image", image.id.p, "because", why.p ? why.p : "",
            NULL);
    return by_export(ctx, e, src, opt, err);
}

static struct plm_analysis *analyze_docker(const struct plm_ctx *ctx, const struct plm_source *src,
                                           const struct plm_image_options *opt, plm_err **err)
{
    return analyze(ctx, PLM_ENGINE_DOCKER, src, opt, err);
}

static struct plm_analysis *analyze_podman(const struct plm_ctx *ctx, const struct plm_source *src,
                                           const struct plm_image_options *opt, plm_err **err)
{
    return analyze(ctx, PLM_ENGINE_PODMAN, src, opt, err);
}

static const struct plm_source_handler docker = {
    .kind = PLM_SRC_DOCKER,
    .id = "docker",
    .aliases = " docker-daemon docker:// ",
    .summary = "docker:REF  an image of the Docker engine",
    .analyze = analyze_docker,
};
PLM_REGISTER(plm_source_handlers, struct plm_source_handler, docker);

static const struct plm_source_handler podman = {
    .kind = PLM_SRC_PODMAN,
    .id = "podman",
    .summary = "podman:REF  an image of Podman, over its service socket",
    .analyze = analyze_podman,
};
PLM_REGISTER(plm_source_handlers, struct plm_source_handler, podman);
