/* SPDX-License-Identifier: Apache-2.0
 *
 * container:ID: the root of a running container as the kernel shows it, /proc/PID/root. The engine names the
 * process; a descriptor of /proc/PID then pins it (a reused pid would not be reached through it), and its
 * control group must carry the container's id, so neither a race nor an engine that lies about a pid makes us
 * read another process' root.
 */
#include "image/engine_int.h"

#include "base/fs.h"

#include <fcntl.h>

enum { CGROUP_BYTES = 64 << 10, ID_CHARS = 64 };

static int fail_gone(const struct plm_engine_container *c, plm_err **err)
{
    return plm_fail_id(err, PLM_E_NOTFOUND, "container.not-running", "container %.*s is not running any more",
                       PLM_SV_ARG(c->name));
}

/* The root directory of the container's first process. */
static int open_root(const struct plm_engine_container *c, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf groups = PLM_BUF(CGROUP_BYTES);
    plm_auto_free char *proc = NULL;
    if (asprintf(&proc, "/proc/%lld", (long long)c->pid) < 0)
        return plm_fail_oom(err);
    plm_auto_fd int dir = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return errno == ENOENT ? fail_gone(c, err) : plm_fail_sys(err, "%s", proc);
    plm_auto_fd int file = openat(dir, "cgroup", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return fail_gone(c, err);
    if (plm_fs_read_fd(file, "cgroup", CGROUP_BYTES, &groups, err) < 0)
        return plm_wrap(err, "%s", proc);
    if (c->id.n != ID_CHARS || !plm_sv_has(plm_buf_sv(&groups), c->id))
        return plm_fail_id(err, PLM_E_UNSUPPORTED, "container.foreign",
                           "process %lld is not in a control group of container %.*s", (long long)c->pid,
                           PLM_SV_ARG(c->name));
    int root = openat(dir, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root >= 0)
        return root;
    if (errno == ESRCH || errno == ENOENT)
        return fail_gone(c, err);
    int r = plm_fail_sys(err, "%s/root", proc);
    plm_err_hint(err, "run as root, or scan its image: plimsoll scan %.*s", PLM_SV_ARG(c->image));
    return r;
}

static struct plm_analysis *analyze_found(const struct plm_ctx *ctx, const struct plm_source *src,
                                          const struct plm_engine_container *c, bool is_local,
                                          const struct plm_image_options *opt, plm_err **err)
{
    int r = 0;
    if (!is_local)
        r = plm_fail_id(err, PLM_E_UNSUPPORTED, "container.remote", "container %.*s runs on another machine",
                        PLM_SV_ARG(c->name));
    else if (c->pid <= 0)
        r = plm_fail_id(err, PLM_E_NOTFOUND, "container.not-running", "container %.*s is not running (%.*s)",
                        PLM_SV_ARG(c->name), PLM_SV_ARG(c->state));
    if (r < 0) {
        plm_err_hint(err, "scan its image: plimsoll scan %.*s", PLM_SV_ARG(c->image));
        return NULL;
    }
    plm_auto_fd int root = open_root(c, err);
    if (root < 0)
        return NULL;
    plm_auto(plm_analysis_free) struct plm_analysis *a = plm_tree_analyze(ctx, src, root, opt, err);
    if (!a)
        return NULL;
    a->target.image_id = plm_arena_sv(a->arena, c->image_id);
    return plm_arena_check(a->arena, err) < 0 ? NULL : plm_take(a);
}

static struct plm_analysis *analyze(const struct plm_ctx *ctx, const struct plm_source *src,
                                    const struct plm_image_options *opt, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    plm_auto_done(plm_buf_done) struct plm_buf tried = PLM_BUF(PLM_KIB(64));
    enum plm_engine_kind kinds[2];
    size_t n = plm_engine_kinds(opt, kinds);
    if (!a)
        return PLM_NULL(plm_fail_oom(err));
    for (size_t i = 0; i < n; i++) {
        plm_auto(plm_err_free) plm_err *e = NULL;
        struct plm_engine_container c;
        plm_auto(plm_engine_close) struct plm_engine *engine =
            plm_engine_for(ctx, kinds[i], opt, PLM_SV_NULL, &e);
        if (engine && plm_engine_container_inspect(engine, src->reference, a, &c, &e) == 0)
            return analyze_found(ctx, src, &c, plm_engine_about(engine)->is_local, opt, err);
        if (n == 1 || (plm_err_code(e) != PLM_E_NET && plm_err_code(e) != PLM_E_NOTFOUND))
            return PLM_NULL(plm_err_move(err, &e)); /* it is there, but cannot be asked */
        plm_auto_free char *text = plm_err_text(e);
        plm_buf_printf(&tried, "%s%s", tried.n ? "; " : "", text ? text : "out of memory");
    }
    return PLM_NULL(
        plm_fail_id(err, PLM_E_NOTFOUND, "engine.not-found", "%.*s", PLM_SV_ARG(plm_buf_sv(&tried))));
}

static const struct plm_source_handler container = {
    .kind = PLM_SRC_CONTAINER,
    .id = "container",
    .summary = "container:NAME  the root of a running container, through the kernel",
    .analyze = analyze,
};
PLM_REGISTER(plm_source_handlers, struct plm_source_handler, container);
