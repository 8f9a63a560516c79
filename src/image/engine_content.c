/* SPDX-License-Identifier: Apache-2.0
 *
 * Images read in place from containerd's content store: blobs under their digests in
 * <root>/io.containerd.content.v1.content/blobs/sha256/<hex>, as in an OCI layout. Docker 29 keeps images
 * there by default: in its own containerd's root (<data-root>/containerd/daemon) or the system's. Manifests
 * and configs are checked against their digests by the plan, layers while they are read, so the store's owner
 * does not matter. A blob that containerd discarded after unpacking makes the caller take the export stream.
 */
#include "image/engine_int.h"

#include "base/fs.h"
#include "codec/hash.h"

#include <fcntl.h>

#define CONTENT "io.containerd.content.v1.content/blobs/sha256"

struct content {
    const char *dir;
};

static int find_blob(void *impl, plm_sv digest, struct plm_extent *out, plm_err **err)
{
    const struct content *c = impl;
    struct stat st;
    if (!plm_digest_valid(digest))
        return plm_fail(err, PLM_E_UNSUPPORTED, "blob name %.*s is no sha256 digest",
                        PLM_SV_ARG(plm_sv_sub(digest, 0, 80)));
    plm_auto_free char *name = strndup(digest.p + 7, digest.n - 7);
    plm_auto_free char *path = name ? plm_fs_join(c->dir, name) : NULL;
    if (!path)
        return plm_fail_oom(err);
    plm_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        return plm_fail_sys(err, "%s", path);
    if (!S_ISREG(st.st_mode) || st.st_size < 0)
        return plm_fail(err, PLM_E_UNSUPPORTED, "%s: not a regular file", path);
    *out = (struct plm_extent){.fd = plm_take_fd(fd), .offset = 0, .bytes = (uint64_t)st.st_size};
    return 0;
}

/* A plan that got half of its layers must not keep them, nor what was said about them. */
static void drop_layers(struct plm_plan *plan)
{
    for (size_t i = 0; i < plan->layers.n; i++)
        if (plan->layers.v[i].fd >= 0)
            close(plan->layers.v[i].fd);
    plan->layers.n = plan->diagnostics.n = 0;
    plan->target.is_incomplete = false;
}

int plm_engine_plan_content(const struct plm_ctx *ctx, const struct plm_image_options *opt, plm_sv root_dir,
                            plm_sv digest, struct plm_plan *plan, plm_sv *why, plm_err **err)
{
    const char *const dirs[] = {
        root_dir.n ? plm_arena_printf(plan->arena, "%.*s/containerd/daemon/" CONTENT, PLM_SV_ARG(root_dir)).p
                   : NULL,
        root_dir.n ? plm_arena_printf(plan->arena, "%.*s/" CONTENT, PLM_SV_ARG(root_dir)).p : NULL,
        "/var/lib/containerd/" CONTENT,
    };
    *why = PLM_SV("no content store of containerd holds the image");
    if (plm_arena_check(plan->arena, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        struct content c = {dirs[i]};
        const struct plm_blobs blobs = {.find = find_blob, .impl = &c};
        struct plm_extent first = {.fd = -1};
        if (!c.dir || find_blob(&c, digest, &first, NULL) < 0)
            continue;
        close(first.fd);
        plm_err *e = NULL;
        if (plm_oci_plan(ctx, opt, &blobs, digest, plan, &e) == 0)
            return 1;
        drop_layers(plan);
        plm_auto_free char *text = plm_err_text(e);
        enum plm_code code = plm_err_code(e);
        if (code == PLM_E_OOM || code == PLM_E_LIMIT || code == PLM_E_CANCEL)
            return plm_err_move(err, &e);
        *why = plm_arena_sv(plan->arena, plm_sv_from(text));
        plm_err_free(e);
    }
    return plm_arena_check(plan->arena, err);
}
