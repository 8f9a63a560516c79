/* SPDX-License-Identifier: Apache-2.0
 *
 * Images read in place from an engine's overlay2 store.
 *
 * The inspect answer names the directories: UpperDir, then LowerDir from top to bottom, which pair with
 * RootFS.Layers reversed. Their root also holds the image configs, one file per image, named by its digest
 * (image/overlay2/imagedb/content/sha256/<hex>). A config whose digest is the image's id proves that this is
 * the store the engine speaks of: a socket may lead to another machine. The layers are cached under their
 * diff ids, so the store must be one where only root (or we) can write.
 *
 * Layout: moby, daemon/graphdriver/overlay2/overlay.go and image/fs.go.
 */
#include "image/engine_int.h"

#include "base/fs.h"
#include "base/time.h"
#include "codec/hash.h"
#include "image/doc.h"

#include <fcntl.h>

static bool is_guarded_entry(const char *path, bool is_last)
{
    struct stat st;
    if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()))
        return false;
    bool others_write = (st.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    return !others_write || (!is_last && (st.st_mode & S_ISVTX));
}

bool plm_path_is_guarded(const char *path)
{
    plm_auto_free char *copy = strdup(path);
    if (!copy || copy[0] != '/')
        return false;
    for (char *slash = copy; (slash = strchr(slash + 1, '/'));) {
        *slash = 0;
        bool is_fine = is_guarded_entry(copy, false);
        *slash = '/';
        if (!is_fine)
            return false;
    }
    return is_guarded_entry("/", false) && is_guarded_entry(copy, true);
}

/* "<root>/overlay2/<id>/diff" to <root>; null if it is none of these. */
static plm_sv store_root(plm_sv upper)
{
    size_t at = plm_sv_find_sv(upper, PLM_SV("/overlay2/"));
    if (at == SIZE_MAX || !plm_sv_starts(upper, PLM_SV("/")) || plm_sv_has(upper, PLM_SV("/../")))
        return PLM_SV_NULL;
    return plm_sv_sub(upper, 0, at);
}

/* The config file of the image, checked against its id. 1: read; 0: not there or not that. */
static int read_config(const struct plm_ctx *ctx, plm_sv root, plm_sv id, struct plm_plan *plan,
                       struct plm_doc_config *out)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(ctx->limits->manifest_bytes);
    unsigned char hash[PLM_SHA256_BYTES];
    char digest[PLM_DIGEST_CHARS + 1];
    if (!plm_digest_valid(id))
        return 0;
    plm_sv path = plm_arena_printf(plan->arena, "%.*s/image/overlay2/imagedb/content/sha256/%.*s",
                                   PLM_SV_ARG(root), PLM_SV_ARG(plm_sv_from_off(id, 7)));
    if (!path.p || plm_fs_read(path.p, text.max, &text, NULL) < 0)
        return 0;
    plm_sha256_of(plm_buf_sv(&text), hash);
    plm_digest_text(hash, digest);
    if (!plm_sv_is(id, digest))
        return 0;
    plm_auto_done(plm_buf_done) struct plm_buf reduced = PLM_BUF((size_t)ctx->limits->manifest_bytes * 4);
    return plm_doc_reduce(PLM_DOC_CONFIG, plm_buf_sv(&text), path.p, ctx->limits, &reduced, NULL) == 0 &&
           plm_doc_config_decode(plm_buf_sv(&reduced), plan->arena, out, NULL) == 0;
}

/* Opens "<root>/overlay2/<id>/diff", whose parent must be guarded; the directory itself is the image's "/"
 * and may belong to anyone. */
static int open_layer(struct plm_arena *a, plm_sv root, plm_sv dir)
{
    plm_sv rest = plm_sv_from_off(dir, root.n), id = PLM_SV_NULL, tail = PLM_SV_NULL;
    if (!plm_sv_starts(dir, root) || !plm_sv_starts(rest, PLM_SV("/overlay2/")) ||
        !plm_sv_cut(plm_sv_from_off(rest, 10), '/', &id, &tail) || !plm_sv_is(tail, "diff") || !id.n ||
        id.p[0] == '.')
        return -1;
    const char *parent = plm_arena_cstr(a, plm_sv_sub(dir, 0, dir.n - 5)), *path = plm_arena_cstr(a, dir);
    if (!parent || !path || !is_guarded_entry(parent, true))
        return -1;
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static void describe(struct plm_plan *plan, const struct plm_engine_image *image,
                     const struct plm_doc_config *config)
{
    struct plm_arena *a = plan->arena;
    plan->target.image_id = plm_arena_sv(a, image->id);
    plan->target.platform =
        plm_arena_printf(a, "%.*s/%.*s%s%.*s", PLM_SV_ARG(config->os), PLM_SV_ARG(config->arch),
                         config->variant.n ? "/" : "", PLM_SV_ARG(config->variant));
    if (!plm_time_parse(config->created, &plan->target.created))
        plan->target.created = 0;
    plan->config = config->image;
    plan->file_bytes = image->size; /* in a directory, hard links cannot be told from files */
    for (size_t i = 0; i < config->image->history.n; i++) {
        const struct plm_image_history *h = &config->image->history.v[i];
        if (h->layer < plan->layers.n)
            plan->layers.v[h->layer].about.created_by = h->created_by;
    }
}

static size_t split_dirs(const struct plm_engine_image *image, plm_sv *dirs, size_t max)
{
    plm_sv rest = image->lower, dir;
    size_t n = 0;
    if (n < max)
        dirs[n++] = image->upper;
    while (n < max && plm_sv_field(&rest, ':', &dir))
        if (dir.n)
            dirs[n++] = dir;
    return rest.p && rest.n ? max + 1 : n; /* more directories than layers */
}

static bool diff_ids_agree(const struct plm_engine_image *image, const struct plm_doc_config *config)
{
    if (config->n_diff_ids != image->diff_ids.n)
        return false;
    for (size_t i = 0; i < image->diff_ids.n; i++)
        if (!plm_sv_eq(config->diff_ids[i], image->diff_ids.v[i]) || !plm_digest_valid(image->diff_ids.v[i]))
            return false;
    return true;
}

static int not_here(struct plm_plan *plan, plm_sv *why, const char *text, plm_sv object)
{
    *why = plm_arena_printf(plan->arena, "%s%s%.*s", text, object.n ? ": " : "", PLM_SV_ARG(object));
    return 0;
}

static int add_layers(const struct plm_engine_image *image, plm_sv root, const plm_sv *dirs,
                      struct plm_plan *plan, plm_sv *why)
{
    size_t n = image->diff_ids.n;
    for (size_t i = 0; i < n; i++) {
        plm_sv dir = dirs[n - 1 - i];
        plm_auto_fd int fd = open_layer(plan->arena, root, dir);
        if (fd < 0)
            return not_here(plan, why, "a layer directory cannot be used", dir);
        struct plm_plan_layer *l = plm_vec_push(plan->arena, &plan->layers);
        if (!l)
            return -1;
        *l = (struct plm_plan_layer){
            .about.diff_id = plm_arena_sv(plan->arena, image->diff_ids.v[i]),
            .where = PLM_LAYER_OVERLAY,
            .fd = plm_take_fd(fd),
            .name = plm_arena_sv(plan->arena, dir),
        };
    }
    return 1;
}

int plm_engine_plan_overlay(const struct plm_ctx *ctx, const struct plm_engine_image *image,
                            struct plm_plan *plan, plm_sv *why, plm_err **err)
{
    size_t n = image->diff_ids.n;
    struct plm_doc_config config;
    plm_sv root = store_root(image->upper);
    if (!root.n || n == 0)
        return not_here(plan, why, "the engine names no overlay2 directory", PLM_SV_NULL);
    if (n > ctx->limits->layers)
        return plm_fail(err, PLM_E_LIMIT, "image of %zu layers is over the limit of %llu", n,
                        (unsigned long long)ctx->limits->layers);
    const char *store = plm_arena_printf(plan->arena, "%.*s/overlay2", PLM_SV_ARG(root)).p;
    plm_sv *dirs = plm_arena_array(plan->arena, n, sizeof(*dirs));
    if (plm_arena_check(plan->arena, err) < 0)
        return -1;
    if (!plm_path_is_guarded(store))
        return not_here(plan, why, "not readable, or others can write there", plm_sv_from(store));
    if (!read_config(ctx, root, image->id, plan, &config))
        return not_here(plan, why, "no config of this image below", root);
    if (!diff_ids_agree(image, &config) || split_dirs(image, dirs, n) != n)
        return not_here(plan, why, "directories and layers do not pair", PLM_SV_NULL);
    int r = add_layers(image, root, dirs, plan, why);
    if (r == 1)
        describe(plan, image, &config);
    return plm_arena_check(plan->arena, err) < 0 ? -1 : r;
}
