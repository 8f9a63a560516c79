/* SPDX-License-Identifier: Apache-2.0
 *
 * Directory sources, end to end: spawner, fenced worker, record, facts.
 */
#include "image_int.h"

#include "base/fs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

/* The contents as they are; "crash", "socket", "open" and "fail" misbehave. */
static int copy_extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    (void)e;
    if (plm_sv_is(content, "crash"))
        raise(SIGSEGV); /* tgkill is outside the fence: dies either way */
    if (plm_sv_is(content, "socket"))
        (void)!socket(AF_INET, SOCK_STREAM, 0);
    if (plm_sv_is(content, "open"))
        plm_buf_str(&out->facts, open("/proc/self/status", O_RDONLY) < 0 ? "refused" : "opened");
    if (plm_sv_is(content, "fail"))
        return plm_fail(err, PLM_E_PARSE, "line 1: bad");
    plm_buf_sv_put(&out->facts, content);
    plm_buf_str(&out->owned, "/owned");
    return 0;
}

static const char *const copy_globs[] = {"var/lib/db/status", "var/lib/db/status.d/*", "etc/os-release",
                                         NULL};
static const struct plm_extractor copy_ex = {.id = "copy",
                                             .summary = "test",
                                             .version = 1,
                                             .globs = copy_globs,
                                             .max_bytes = 64,
                                             .extract = copy_extract};
static const char *const deep_globs[] = {"**/pkg.json", "opt/*/x[12].txt", NULL};
static const struct plm_extractor deep_ex = {.id = "deep",
                                             .summary = "test",
                                             .version = 1,
                                             .globs = deep_globs,
                                             .max_bytes = 64,
                                             .extract = copy_extract};
static const struct plm_extractor *const extractors[] = {&copy_ex, &deep_ex};

static char root[64];

static void put(const char *path, const char *text)
{
    plm_auto_free char *full = plm_fs_join(root, path);
    plm_auto_free char *dir = strdup(full);
    *strrchr(dir, '/') = 0;
    assert_int_equal(plm_fs_mkdirs(dir, 0755, NULL), 0);
    assert_int_equal(plm_fs_write_atomic(full, plm_sv_from(text), 0644, NULL), 0);
}

static void link_to(const char *target, const char *path)
{
    plm_auto_free char *full = plm_fs_join(root, path);
    plm_auto_free char *dir = strdup(full);
    *strrchr(dir, '/') = 0;
    assert_int_equal(plm_fs_mkdirs(dir, 0755, NULL), 0);
    assert_int_equal(symlink(target, full), 0);
}

static int setup(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/plimsoll-test-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/rm", "rm", "-rf", root, (char *)NULL);
        _exit(127);
    }
    return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static struct plm_analysis *scan_root(void)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    struct plm_image_options opt = {.extractors = extractors, .n_extractors = 2, .want_owned = true};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_sources srcs;
    plm_auto_free char *word = NULL;
    assert_true(asprintf(&word, "dir:%s", root) > 0);
    assert_int_equal(plm_source_parse(&ctx, word, a, &srcs, NULL), 0);
    assert_int_equal(srcs.n, 1);
    plm_err *err = NULL;
    struct plm_analysis *out = plm_image_analyze(&ctx, &srcs.v[0], &opt, &err);
    plm_auto_free char *text = plm_err_text(err);
    if (!out)
        fail_msg("%s", text);
    return out;
}

static const struct plm_facts *fact(const struct plm_analysis *a, const char *extractor, const char *path)
{
    for (size_t i = 0; i < a->facts.n; i++)
        if (strcmp(a->facts.v[i].extractor->id, extractor) == 0 && plm_sv_is(a->facts.v[i].path, path))
            return &a->facts.v[i];
    return NULL;
}

static const struct plm_diagnostic *diag(const struct plm_analysis *a, const char *code)
{
    for (size_t i = 0; i < a->diagnostics.n; i++)
        if (plm_sv_is(a->diagnostics.v[i].code, code))
            return &a->diagnostics.v[i];
    return NULL;
}

static void only_wanted_files_become_facts(void **state)
{
    (void)state;
    put("var/lib/db/status", "one");
    put("var/lib/db/status.d/a", "two");
    put("var/lib/db/status.d/sub/b", "not wanted");
    put("srv/app/pkg.json", "three");
    put("pkg.json", "four");
    put("opt/tool/x1.txt", "five");
    put("opt/tool/x3.txt", "not wanted");
    plm_auto(plm_analysis_free) struct plm_analysis *a = scan_root();
    assert_int_equal(a->facts.n, 5);
    assert_true(plm_sv_is(fact(a, "copy", "/var/lib/db/status")->data, "one"));
    assert_true(plm_sv_is(fact(a, "copy", "/var/lib/db/status")->owned, "/owned"));
    assert_true(plm_sv_is(fact(a, "copy", "/var/lib/db/status.d/a")->data, "two"));
    assert_true(plm_sv_is(fact(a, "deep", "/srv/app/pkg.json")->data, "three"));
    assert_true(plm_sv_is(fact(a, "deep", "/pkg.json")->data, "four"));
    assert_true(plm_sv_is(fact(a, "deep", "/opt/tool/x1.txt")->data, "five"));
    assert_false(a->target.is_incomplete);
    assert_int_equal(a->diagnostics.n, diag(a, "fence.no-landlock") ? 1 : 0);
}

static void links_are_followed_inside_the_root_only(void **state)
{
    (void)state;
    put("usr/lib/os-release", "inside");
    link_to("../usr/lib/os-release", "etc/os-release");
    link_to("/real/db", "var/lib/db");
    put("real/db/status", "moved");
    put("real/db/status.d/a", "listed");
    plm_auto(plm_analysis_free) struct plm_analysis *a = scan_root();
    assert_true(plm_sv_is(fact(a, "copy", "/etc/os-release")->data, "inside"));
    assert_true(plm_sv_is(fact(a, "copy", "/var/lib/db/status")->data, "moved"));
}

static void a_link_out_of_the_root_stays_inside(void **state)
{
    (void)state;
    put("etc/keep", "");
    link_to("../../../../../../etc/os-release", "var/lib/db/status");
    plm_auto(plm_analysis_free) struct plm_analysis *a = scan_root();
    assert_int_equal(a->facts.n, 0);
    assert_false(a->target.is_incomplete);
}

static void link_loops_are_diagnostics(void **state)
{
    (void)state;
    link_to("os-release", "etc/os-release");
    plm_auto(plm_analysis_free) struct plm_analysis *a = scan_root();
    assert_non_null(diag(a, "file.unreadable"));
    assert_true(a->target.is_incomplete);
}

static void large_and_broken_files_are_diagnostics(void **state)
{
    (void)state;
    put("var/lib/db/status", "0123456789012345678901234567890123456789012345678901234567890123456789");
    put("var/lib/db/status.d/a", "fail");
    plm_auto(plm_analysis_free) struct plm_analysis *a = scan_root();
    assert_int_equal(a->facts.n, 0);
    assert_non_null(diag(a, "file.too-large"));
    assert_true(plm_sv_is(diag(a, "copy.unreadable")->object, "/var/lib/db/status.d/a"));
    assert_true(a->target.is_incomplete);
}

static void a_worker_that_dies_is_a_diagnostic(void **state)
{
    (void)state;
    put("var/lib/db/status", "crash");
    plm_auto(plm_analysis_free) struct plm_analysis *a = scan_root();
    assert_non_null(diag(a, "worker.crashed"));
    assert_true(a->target.is_incomplete);
    put("var/lib/db/status", "fine");
    plm_auto(plm_analysis_free) struct plm_analysis *again = scan_root();
    assert_false(again->target.is_incomplete);
    assert_true(plm_sv_is(fact(again, "copy", "/var/lib/db/status")->data, "fine"));
}

static void the_fence_holds(void **state)
{
    (void)state;
    put("var/lib/db/status", "open");
    plm_auto(plm_analysis_free) struct plm_analysis *a = scan_root();
    if (!diag(a, "fence.no-landlock"))
        assert_true(plm_sv_starts(fact(a, "copy", "/var/lib/db/status")->data, PLM_SV("refused")));
#ifndef PLM_SANITIZED /* there a refused call fails, so that reports come out */
    put("var/lib/db/status", "socket");
    plm_auto(plm_analysis_free) struct plm_analysis *b = scan_root();
    assert_non_null(diag(b, "worker.crashed"));
#endif
}

static void a_fifo_does_not_hang(void **state)
{
    (void)state;
    put("var/lib/db/x", "");
    plm_auto_free char *path = plm_fs_join(root, "var/lib/db/status");
    assert_int_equal(mkfifo(path, 0644), 0);
    plm_auto(plm_analysis_free) struct plm_analysis *a = scan_root();
    assert_int_equal(a->facts.n, 0);
}

static void sources_follow_the_grammar(void **state)
{
    (void)state;
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_sources s;
    assert_int_equal(plm_source_parse(&ctx, "nginx:1.25", a, &s, NULL), 0);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.v[0].kind, PLM_SRC_DOCKER);
    assert_int_equal(s.v[1].kind, PLM_SRC_PODMAN);
    assert_int_equal(plm_source_parse(&ctx, "docker://alpine", a, &s, NULL), 0);
    assert_true(plm_sv_is(s.v[0].reference, "alpine"));
    assert_int_equal(plm_source_parse(&ctx, "-", a, &s, NULL), 0);
    assert_int_equal(s.v[0].kind, PLM_SRC_STDIN);
    assert_int_equal(plm_source_parse(&ctx, "host:", a, &s, NULL), 0);
    assert_int_equal(s.v[0].kind, PLM_SRC_HOST);
    put("app.tar", "x");
    plm_auto_free char *word = NULL;
    assert_true(asprintf(&word, "docker-archive:%s/app.tar:app:1.0", root) > 0);
    assert_int_equal(plm_source_parse(&ctx, word, a, &s, NULL), 0);
    assert_true(plm_sv_is(s.v[0].tag, "app:1.0"));
    assert_true(plm_sv_ends(s.v[0].reference, PLM_SV("/app.tar")));
    assert_int_equal(plm_source_parse(&ctx, root, a, &s, NULL), 0);
    assert_int_equal(s.v[0].kind, PLM_SRC_DIR);
    plm_auto(plm_err_free) plm_err *err = NULL;
    assert_int_equal(plm_source_parse(&ctx, "ftp://x/y", a, &s, &err), -1);
    assert_int_equal(err->code, PLM_E_USAGE);
    assert_int_equal(plm_source_parse(&ctx, "./no/such/file", a, &s, NULL), -1);
    assert_int_equal(plm_source_parse(&ctx, "host:x", a, &s, NULL), -1);
    assert_int_equal(plm_source_parse(&ctx, "what is this", a, &s, NULL), -1);
    assert_int_equal(plm_source_parse(&ctx, "", a, &s, NULL), -1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    if (plm_spawner_start(NULL) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(only_wanted_files_become_facts),
        TEST(links_are_followed_inside_the_root_only),
        TEST(a_link_out_of_the_root_stays_inside),
        TEST(link_loops_are_diagnostics),
        TEST(large_and_broken_files_are_diagnostics),
        TEST(a_worker_that_dies_is_a_diagnostic),
        TEST(the_fence_holds),
        TEST(a_fifo_does_not_hang),
        TEST(sources_follow_the_grammar),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    plm_spawner_stop();
    return failed;
}
