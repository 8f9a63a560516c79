/* SPDX-License-Identifier: Apache-2.0
 *
 * overlay2 diff directories read in place: whiteouts as devices, opaque directories as attributes; the record
 * is cached under the engine's diff id.
 */
#include "../base/skip.h"
#include "image_int.h"

#include "base/fs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <cmocka.h>

static char dir[64];

static int copy_extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    (void)e;
    (void)err;
    plm_buf_sv_put(&out->facts, content);
    return 0;
}
static const char *const globs[] = {"etc/name", "gone/*", "op/*", NULL};
static const struct plm_extractor copy_ex = {
    .id = "copy", .summary = "test", .version = 1, .globs = globs, .max_bytes = 64, .extract = copy_extract};
static const struct plm_extractor *const extractors[] = {&copy_ex};

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/plimsoll-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", dir, (char *)NULL);
        _exit(127);
    }
    return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static void put(const char *path, const char *text)
{
    plm_auto_free char *full = plm_fs_join(dir, path);
    plm_auto_free char *parent = strdup(full);
    *strrchr(parent, '/') = 0;
    assert_int_equal(plm_fs_mkdirs(parent, 0755, NULL), 0);
    assert_int_equal(plm_fs_write_atomic(full, plm_sv_from(text), 0644, NULL), 0);
}

static void add_layer(struct plm_plan *p, const char *name, const char *diff_id)
{
    plm_auto_free char *full = plm_fs_join(dir, name);
    struct plm_plan_layer *l = plm_vec_push(p->arena, &p->layers);
    *l = (struct plm_plan_layer){.where = PLM_LAYER_OVERLAY,
                                 .name = plm_arena_sv(p->arena, plm_sv_from(name))};
    l->about.diff_id = plm_arena_sv(p->arena, plm_sv_from(diff_id));
    l->fd = open(full, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(l->fd >= 0);
}

static struct plm_analysis *scan(const char *cache)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.cache_dir = cache;
    struct plm_image_options opt = {.extractors = extractors, .n_extractors = 1};
    struct plm_source src = {.kind = PLM_SRC_DOCKER, .scheme = PLM_SV("docker"), .reference = PLM_SV("app")};
    struct plm_plan *p = plm_plan_new(&src, NULL);
    add_layer(p, "lower", "sha256:1111111111111111111111111111111111111111111111111111111111111111");
    add_layer(p, "upper", "sha256:2222222222222222222222222222222222222222222222222222222222222222");
    plm_err *err = NULL;
    struct plm_analysis *a = plm_plan_run(&ctx, p, &opt, &err);
    plm_auto_free char *text = plm_err_text(err);
    if (!a)
        fail_msg("%s", text);
    return a;
}

static bool is_visible(const struct plm_analysis *a, const char *path)
{
    for (size_t i = 0; i < a->facts.n; i++)
        if (a->facts.v[i].visible && plm_sv_is(a->facts.v[i].path, path))
            return true;
    return false;
}

static void diff_directories_are_layers(void **state)
{
    (void)state;
    put("lower/etc/name", "one");
    put("lower/gone/a", "deleted");
    put("lower/gone/b", "stays");
    put("lower/op/hidden", "hidden");
    put("upper/etc/name", "two");
    put("upper/gone/x", "new");
    put("upper/op/shown", "shown");
    plm_auto_free char *white = plm_fs_join(dir, "upper/gone/a");
    plm_auto_free char *op = plm_fs_join(dir, "upper/op");
    if (mknod(white, S_IFCHR, makedev(0, 0)) < 0) { /* very old kernels want root for it */
        free(plm_take(white));
        free(plm_take(op));
        plm_test_skip("no device 0:0 can be made here");
    }
    bool has_opaque = setxattr(op, "trusted.overlay.opaque", "y", 1, 0) == 0 ||
                      setxattr(op, "user.overlay.opaque", "y", 1, 0) == 0;
    plm_auto_free char *cache = plm_fs_join(dir, "cache");
    for (unsigned i = 0; i < 2; i++) {
        plm_auto(plm_analysis_free) struct plm_analysis *a = scan(cache);
        assert_false(a->target.is_incomplete);
        assert_int_equal(a->target.layers_cached, 2 * i);
        assert_true(is_visible(a, "/etc/name"));
        assert_false(is_visible(a, "/gone/a"));
        assert_true(is_visible(a, "/gone/b"));
        assert_true(is_visible(a, "/gone/x"));
        assert_true(is_visible(a, "/op/shown"));
        assert_int_equal(is_visible(a, "/op/hidden"), !has_opaque);
    }
}

int main(void)
{
    if (plm_spawner_start(NULL) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(diff_directories_are_layers, setup, teardown)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    plm_spawner_stop();
    return failed;
}
