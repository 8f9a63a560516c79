/* SPDX-License-Identifier: Apache-2.0
 *
 * containerd:REF: an image of a containerd without Docker (Kubernetes nodes, nerdctl, ctr), read from its
 * files: the name in its metadata (engine_bolt.c), the content in its store (engine_content.c). Its API is
 * gRPC; for a reader its files say the same. --root looks below a mounted disk.
 */
#include "image/engine_int.h"

static const char *const roots[] = {
    "/var/lib/containerd",
    "/var/lib/docker/containerd/daemon",
    "/var/lib/rancher/k3s/agent/containerd",
};

/* "nginx" to "docker.io/library/nginx:latest": containerd keeps full names (distribution/reference,
 * normalize.go). */
static plm_sv full_name(struct plm_arena *a, plm_sv ref)
{
    size_t slash = plm_sv_find(ref, '/');
    plm_sv first = slash == SIZE_MAX ? PLM_SV_NULL : plm_sv_sub(ref, 0, slash);
    bool has_host = first.n && (plm_sv_find(first, '.') != SIZE_MAX || plm_sv_find(first, ':') != SIZE_MAX ||
                                plm_sv_is(first, "localhost"));
    plm_sv last = plm_sv_from_off(ref, plm_sv_rfind(ref, '/') == SIZE_MAX ? 0 : plm_sv_rfind(ref, '/') + 1);
    bool has_tag = plm_sv_find(last, ':') != SIZE_MAX || plm_sv_find(last, '@') != SIZE_MAX;
    return plm_arena_printf(a, "%s%.*s%s",
                            has_host  ? ""
                            : first.n ? "docker.io/"
                                      : "docker.io/library/",
                            PLM_SV_ARG(ref), has_tag ? "" : ":latest");
}

/* The digest, and the root that knows it. Names are tried as written and in full. */
static int resolve(const struct plm_image_options *opt, plm_sv ref, struct plm_plan *plan, plm_sv *out_root,
                   plm_sv *out_digest, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf tried = PLM_BUF(PLM_KIB(64));
    const plm_sv names[] = {ref, full_name(plan->arena, ref)};
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        plm_sv root = plm_arena_printf(plan->arena, "%.*s%s", PLM_SV_ARG(opt->root), roots[i]);
        plm_sv db =
            plm_arena_printf(plan->arena, "%.*s/io.containerd.metadata.v1.bolt/meta.db", PLM_SV_ARG(root));
        if (plm_arena_check(plan->arena, err) < 0)
            return -1;
        for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            plm_auto(plm_err_free) plm_err *e = NULL;
            if (plm_containerd_resolve(db.p, names[k], plan->arena, out_digest, &e) == 0) {
                *out_root = root;
                return 0;
            }
            if (plm_err_code(e) == PLM_E_AUTH || plm_err_code(e) == PLM_E_OOM)
                return plm_err_move(err, &e);
            if (k) {
                plm_auto_free char *text = plm_err_text(e);
                plm_buf_printf(&tried, "%s%s", tried.n ? "; " : "", text ? text : "out of memory");
            }
        }
    }
    return plm_fail_id(err, PLM_E_NOTFOUND, "engine.not-found", "image %.*s: %.*s", PLM_SV_ARG(ref),
                       PLM_SV_ARG(plm_buf_sv(&tried)));
}

static struct plm_analysis *analyze(const struct plm_ctx *ctx, const struct plm_source *src,
                                    const struct plm_image_options *opt, plm_err **err)
{
    plm_auto(plm_plan_free) struct plm_plan *plan = plm_plan_new(src, err);
    plm_sv root = PLM_SV_NULL, digest = PLM_SV_NULL, why = PLM_SV_NULL;
    if (!plan || resolve(opt, src->reference, plan, &root, &digest, err) < 0)
        return NULL;
    int r = plm_engine_plan_content(ctx, opt, root, digest, plan, &why, err);
    if (r > 0)
        return plm_plan_run(ctx, plm_take(plan), opt, err);
    if (r < 0)
        return NULL;
    (void)PLM_NULL(
        plm_fail(err, PLM_E_UNSUPPORTED, "image %.*s: %.*s", PLM_SV_ARG(src->reference), PLM_SV_ARG(why)));
    plm_err_hint(err, "ctr images export - %.*s | plimsoll scan -", PLM_SV_ARG(src->reference));
    return NULL;
}

static const struct plm_source_handler containerd = {
    .kind = PLM_SRC_CONTAINERD,
    .id = "containerd",
    .summary = "containerd:REF  an image of containerd, any namespace, from its own files",
    .analyze = analyze,
};
PLM_REGISTER(plm_source_handlers, struct plm_source_handler, containerd);
