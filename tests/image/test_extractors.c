/* SPDX-License-Identifier: Apache-2.0
 *
 * Extractors with parameters that choose by name and by the first bytes: from a directory, and from an image
 * whose layers are remembered.
 */
#include "image_int.h"

#include "base/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

/* The parameters are the end of names that are not wanted; "bad" cannot be read. */
static int prepare(plm_sv params, const struct plm_limits *limits, struct plm_arena *a, void **out_state,
                   plm_err **err)
{
    (void)limits;
    if (plm_sv_is(params, "bad"))
        return plm_fail(err, PLM_E_PARSE, "rule 1: bad");
    plm_sv *state = plm_arena_make(a, plm_sv);
    if (state)
        *state = plm_arena_sv(a, params);
    *out_state = state;
    return plm_arena_check(a, err);
}

static bool wants(const void *state, const struct plm_entry *e)
{
    return !plm_sv_ends(e->path, *(const plm_sv *)state);
}

static bool wants_head(const void *state, const struct plm_entry *e, plm_sv head)
{
    (void)state, (void)e;
    return head.n <= PLM_EXTRACT_HEAD && !memchr(head.p, 0, head.n);
}

static int extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    (void)e;
    plm_buf_printf(&out->facts, "%.*s %zu %c", PLM_SV_ARG(*(const plm_sv *)out->state), content.n,
                   content.n ? content.p[content.n - 1] : '-');
    return plm_buf_check(&out->facts, err);
}

static const char *const globs[] = {"**", NULL};
static const struct plm_extractor chooser = {.id = "chooser",
                                             .summary = "test",
                                             .version = 1,
                                             .globs = globs,
                                             .max_bytes = 20000,
                                             .skips_large = true,
                                             .prepare = prepare,
                                             .wants = wants,
                                             .wants_head = wants_head,
                                             .extract = extract};
static const struct plm_extractor *const extractors[] = {&chooser};

static char root[64];

static int run(const char *command)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (chdir(root) == 0)
            execl("/bin/sh", "sh", "-ec", command, (char *)NULL);
        _exit(127);
    }
    int status;
    return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

/* Files around the size of the head, one over the limit, a binary, a link; the same as an image. */
static int setup(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/plimsoll-test-XXXXXX");
    return mkdtemp(root) &&
                   run("mkdir -p tree/etc; cd tree; printf a >one.txt; printf b >two.cfg; "
                       "for n in 8191 8192 8193 20000 20001; do "
                       "head -c $((n-1)) /dev/zero | tr '\\0' x >etc/$n; printf z >>etc/$n; done; "
                       "printf 'E\\0F' >etc/binary; head -c 9000 /dev/zero | tr '\\0' y >etc/late; "
                       "printf '\\0z' >>etc/late; "
                       "ln -s one.txt link; : >etc/empty; cd ..; tar cf layer.tar -C tree .; "
                       "sum=$(sha256sum layer.tar | cut -d' ' -f1); "
                       "echo '{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"diff_ids\":"
                       "[\"sha256:'$sum'\"]}}' >config.json; "
                       "echo "
                       "'[{\"Config\":\"config.json\",\"RepoTags\":[\"a:1\"],\"Layers\":[\"layer.tar\"]}]' "
                       ">manifest.json; tar cf image.tar manifest.json config.json layer.tar") == 0
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    return run("rm -rf \"$PWD\"");
}

static struct plm_analysis *scan(const char *scheme, const char *name, plm_sv params)
{
    plm_auto_free char *cache = plm_fs_join(root, "cache");
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.cache_dir = cache;
    struct plm_image_options opt = {.extractors = extractors, .n_extractors = 1, .params = &params};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_sources srcs;
    plm_auto_free char *word = NULL;
    plm_auto(plm_err_free) plm_err *err = NULL;
    assert_true(asprintf(&word, "%s:%s/%s", scheme, root, name) > 0);
    assert_int_equal(plm_source_parse(&ctx, word, a, &srcs, NULL), 0);
    struct plm_analysis *out = plm_image_analyze(&ctx, &srcs.v[0], &opt, &err);
    assert_non_null(out);
    return out;
}

static void assert_fact(const struct plm_analysis *a, const char *path, const char *want)
{
    for (size_t i = 0; i < a->facts.n; i++)
        if (plm_sv_is(a->facts.v[i].path, path)) {
            assert_non_null(want);
            assert_true(plm_sv_is(a->facts.v[i].data, want));
            return;
        }
    assert_null(want);
}

static void assert_chosen(const struct plm_analysis *a)
{
    assert_fact(a, "/one.txt", ".cfg 1 a");
    assert_fact(a, "/two.cfg", NULL);
    assert_fact(a, "/etc/8191", ".cfg 8191 z");
    assert_fact(a, "/etc/8192", ".cfg 8192 z");
    assert_fact(a, "/etc/8193", ".cfg 8193 z");
    assert_fact(a, "/etc/20000", ".cfg 20000 z");
    assert_fact(a, "/etc/20001", NULL);
    assert_fact(a, "/etc/binary", NULL);
    assert_fact(a, "/etc/late", ".cfg 9002 z"); /* what stands behind the head decides nothing */
    assert_fact(a, "/link", NULL);
    for (size_t i = 0; i < a->diagnostics.n; i++)
        assert_false(plm_sv_is(a->diagnostics.v[i].code, "file.too-large"));
    assert_false(a->target.is_incomplete);
}

static void names_and_heads_choose(void **state)
{
    (void)state;
    plm_auto(plm_analysis_free) struct plm_analysis *tree = scan("dir", "tree", PLM_SV(".cfg"));
    assert_chosen(tree);
    plm_auto(plm_analysis_free) struct plm_analysis *image =
        scan("docker-archive", "image.tar", PLM_SV(".cfg"));
    assert_chosen(image);
}

static void other_parameters_are_another_record(void **state)
{
    (void)state;
    plm_auto(plm_analysis_free) struct plm_analysis *a = scan("docker-archive", "image.tar", PLM_SV(".cfg"));
    assert_chosen(a);
    plm_auto(plm_analysis_free) struct plm_analysis *b = scan("docker-archive", "image.tar", PLM_SV(".txt"));
    assert_int_equal(b->target.layers_cached, 0);
    assert_fact(b, "/one.txt", NULL);
    assert_fact(b, "/two.cfg", ".txt 1 b");
    plm_auto(plm_analysis_free) struct plm_analysis *c = scan("docker-archive", "image.tar", PLM_SV(".cfg"));
    assert_int_equal(c->target.layers_cached, 1);
    assert_chosen(c);
}

static void parameters_that_cannot_be_read_are_said(void **state)
{
    (void)state;
    static const char *const sources[][2] = {{"dir", "tree"}, {"docker-archive", "image.tar"}};
    for (size_t i = 0; i < 2; i++) {
        plm_auto(plm_analysis_free) struct plm_analysis *a =
            scan(sources[i][0], sources[i][1], PLM_SV("bad"));
        size_t said = 0;
        for (size_t k = 0; k < a->diagnostics.n; k++)
            said += plm_sv_has(a->diagnostics.v[k].message, PLM_SV("rule 1: bad"));
        assert_int_equal(said, 1);
        assert_int_equal(a->facts.n, 0);
        assert_true(a->target.is_incomplete);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_and_heads_choose, setup, teardown),
        cmocka_unit_test_setup_teardown(other_parameters_are_another_record, setup, teardown),
        cmocka_unit_test_setup_teardown(parameters_that_cannot_be_read_are_said, setup, teardown),
    };
    if (plm_spawner_start(NULL) < 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    plm_spawner_stop();
    return failed;
}
