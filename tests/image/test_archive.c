/* SPDX-License-Identifier: Apache-2.0
 *
 * Image archives and layouts by every route, whole and broken (archives.py makes them).
 */
#include "image_int.h"

#include "base/fs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

static char dir[64];

static int copy_extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    (void)e;
    (void)err;
    plm_buf_sv_put(&out->facts, content);
    return 0;
}
static const char *const globs[] = {"etc/name", "gone/*", NULL};
static const struct plm_extractor copy_ex = {
    .id = "copy", .summary = "test", .version = 1, .globs = globs, .max_bytes = 64, .extract = copy_extract};
static const struct plm_extractor *const extractors[] = {&copy_ex};

static int run(const char *const *argv)
{
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    int status = -1;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/plimsoll-test-XXXXXX");
    const char *const argv[] = {"/usr/bin/python3", PLM_TEST_DATA "/archives.py", dir, NULL};
    return mkdtemp(dir) && run(argv) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    const char *const argv[] = {"rm", "-rf", dir, NULL};
    return run(argv);
}

struct how {
    const char *scheme, *file, *platform, *cache;
    unsigned jobs;
    const struct plm_limits *limits;
};

static struct plm_analysis *try(struct how h, plm_err **err)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.jobs = h.jobs;
    ctx.cache_dir = h.cache;
    if (h.limits)
        ctx.limits = h.limits;
    struct plm_image_options opt = {
        .extractors = extractors, .n_extractors = 1, .platform = plm_sv_from(h.platform)};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_sources s;
    plm_auto_free char *word = NULL;
    assert_true(asprintf(&word, "%s%s%s/%s", h.scheme ? h.scheme : "", h.scheme ? ":" : "", dir, h.file) > 0);
    if (plm_source_parse(&ctx, word, a, &s, err) < 0)
        return NULL;
    return plm_image_analyze(&ctx, &s.v[0], &opt, err);
}

static struct plm_analysis *scan(struct how h)
{
    plm_err *err = NULL;
    struct plm_analysis *a = try(h, &err);
    plm_auto_free char *text = plm_err_text(err);
    if (!a)
        fail_msg("%s: %s", h.file, text);
    return a;
}

static bool has_diag(const struct plm_analysis *a, const char *code)
{
    for (size_t i = 0; i < a->diagnostics.n; i++)
        if (plm_sv_is(a->diagnostics.v[i].code, code))
            return true;
    return false;
}

static const char *visible(const struct plm_analysis *a, const char *path)
{
    const char *text = NULL;
    for (size_t i = 0; i < a->facts.n; i++)
        if (a->facts.v[i].visible && plm_sv_is(a->facts.v[i].path, path)) {
            assert_null(text);
            text = a->facts.v[i].data.p;
        }
    return text;
}

/* The image of two layers that most archives hold. */
static void check_whole(const struct plm_analysis *a, const char *what)
{
    for (size_t i = 0; i < a->diagnostics.n; i++)
        if (a->diagnostics.v[i].severity > PLM_SEV_NEGLIGIBLE)
            fail_msg("%s: %.*s", what, PLM_SV_ARG(a->diagnostics.v[i].code));
    assert_false(a->target.is_incomplete);
    assert_int_equal(a->target.layers.n, 2);
    assert_int_equal(a->facts.n, 3);
    assert_string_equal(visible(a, "/etc/name"), "two");
    assert_null(visible(a, "/gone/name"));
    assert_int_equal(a->entries, 3);
    assert_true(a->target.layers.v[1].diff_id.n == 71);
    assert_true(plm_sv_is(a->target.platform, "linux/amd64"));
    assert_true(a->target.image_id.n == 71);
}

static void every_route_gives_the_same(void **state)
{
    (void)state;
    static const struct how routes[] = {
        {"docker-archive", "classic.tar", 0, 0, 0, 0},
        {"docker-archive", "gz-layers.tar", 0, 0, 0, 0},
        {"docker-archive", "outer.tar.gz", 0, 0, 0, 0},
        {NULL, "classic.tar", 0, 0, 0, 0},
        {NULL, "outer.tar.gz", 0, 0, 0, 0},
        {NULL, "oci.tar", 0, 0, 0, 0},
        {"oci-dir", "oci:latest", 0, 0, 0, 0},
        {"oci", "oci:latest", 0, 0, 0, 0},
        {"oci-archive", "oci.tar:latest", 0, 0, 0, 0},
        {"docker-archive", "two-images.tar:b:2", 0, 0, 0, 0},
        {"oci-dir", "umoci:v1", 0, 0, 0, 0},
        {"oci-dir", "umoci", 0, 0, 0, 0},
        {"oci-dir", "skopeo-oci", 0, 0, 0, 0},
        {"docker-archive", "skopeo-docker.tar", 0, 0, 0, 0},
        {"oci-archive", "skopeo-oci.tar", 0, 0, 0, 0},
        {"oci-dir", "multi", "linux/amd64", 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (i == 5)
            continue; /* two names are in it: see below */
        plm_auto(plm_analysis_free) struct plm_analysis *a = scan(routes[i]);
        check_whole(a, routes[i].file);
    }
}

static void provenance_comes_from_the_history(void **state)
{
    (void)state;
    plm_auto(plm_analysis_free) struct plm_analysis *a =
        scan((struct how){.scheme = "docker-archive", .file = "classic.tar"});
    assert_true(plm_sv_is(a->target.layers.v[0].created_by, "step 0"));
    assert_true(plm_sv_is(a->target.layers.v[1].created_by, "step 1"));
    assert_int_equal(a->target.created, 1714979289);
}

static void standard_input_is_a_stream(void **state)
{
    (void)state;
    static const char *const files[] = {"classic.tar", "outer.tar.gz", "gz-layers.tar", "skopeo-oci.tar"};
    struct plm_ctx ctx = PLM_CTX_INIT;
    struct plm_image_options opt = {.extractors = extractors, .n_extractors = 1};
    struct plm_source src = {.kind = PLM_SRC_STDIN, .scheme = PLM_SV("-"), .reference = PLM_SV("")};
    for (size_t i = 0; i < 4; i++) {
        plm_auto_free char *path = plm_fs_join(dir, files[i]);
        int pair[2];
        assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
        pid_t pid = fork();
        if (pid == 0) {
            dup2(pair[1], 1);
            execlp("cat", "cat", path, (char *)NULL);
            _exit(127);
        }
        close(pair[1]);
        plm_auto(plm_analysis_free) struct plm_analysis *a =
            plm_save_fd_analyze(&ctx, &src, pair[0], &opt, NULL);
        close(pair[0]);
        waitpid(pid, NULL, 0);
        assert_non_null(a);
        check_whole(a, files[i]);
    }
}

static void links_between_members_are_followed(void **state)
{
    (void)state;
    plm_auto(plm_analysis_free) struct plm_analysis *a =
        scan((struct how){.scheme = "docker-archive", .file = "links.tar"});
    assert_int_equal(a->target.layers.n, 3);
    assert_string_equal(visible(a, "/etc/name"), "one");
    assert_false(a->target.is_incomplete);
}

static void an_image_is_chosen_by_name_and_platform(void **state)
{
    (void)state;
    plm_err *err = NULL;
    assert_null(try((struct how){.scheme = "docker-archive", .file = "two-images.tar"}, &err));
    assert_string_equal(plm_err_id(err), "image.ambiguous");
    plm_auto_free char *text = plm_err_text(err);
    assert_true(plm_sv_has(plm_sv_from(text), PLM_SV("b:2")));
    plm_err_free(err);
    err = NULL;
    assert_null(try((struct how){.scheme = "docker-archive", .file = "two-images.tar:x"}, &err));
    assert_int_equal(err->code, PLM_E_NOTFOUND);
    plm_err_free(err);
    err = NULL;
    assert_null(try((struct how){.scheme = "oci-dir", .file = "oci"}, &err));
    assert_string_equal(plm_err_id(err), "image.ambiguous");
    plm_err_free(err);
    plm_auto(plm_analysis_free) struct plm_analysis *c =
        scan((struct how){.scheme = "docker-archive", .file = "two-images.tar:c:3"});
    assert_int_equal(c->target.layers.n, 1);
    plm_auto(plm_analysis_free) struct plm_analysis *base =
        scan((struct how){.scheme = "oci-dir", .file = "oci:base"});
    assert_string_equal(visible(base, "/etc/name"), "one");
    plm_auto(plm_analysis_free) struct plm_analysis *v7 =
        scan((struct how){.scheme = "oci-dir", .file = "multi", .platform = "linux/arm"});
    assert_string_equal(visible(v7, "/etc/name"), "two");
    plm_auto(plm_analysis_free) struct plm_analysis *v6 =
        scan((struct how){.scheme = "oci-dir", .file = "multi", .platform = "linux/arm/v6"});
    assert_string_equal(visible(v6, "/etc/name"), "one");
    err = NULL;
    assert_null(try((struct how){.scheme = "oci-dir", .file = "multi", .platform = "linux/s390x"}, &err));
    assert_string_equal(plm_err_id(err), "image.platform");
    plm_err_free(err);
    err = NULL;
    assert_null(
        try((struct how){.scheme = "docker-archive", .file = "arm.tar", .platform = "linux/amd64"}, &err));
    assert_string_equal(plm_err_id(err), "image.platform");
    plm_err_free(err);
    plm_auto(plm_analysis_free) struct plm_analysis *arm =
        scan((struct how){.scheme = "docker-archive", .file = "arm.tar"});
    assert_true(plm_sv_is(arm->target.platform, "linux/arm64"));
}

static void what_is_wrong_is_a_diagnostic(void **state)
{
    (void)state;
    static const struct {
        const char *scheme, *file, *code;
    } rows[] = {
        {"docker-archive", "bad-diffid.tar", "layer.digest-mismatch"},
        {"docker-archive", "bad-config.tar", "image.digest-mismatch"},
        {"docker-archive", "no-layer.tar", "layer.missing"},
        {"docker-archive", "cut-layer.tar", "layer.corrupt"},
        {"docker-archive", "flipped-gz.tar", "layer.corrupt"},
        {"docker-archive", "loop.tar", "layer.link-loop"},
        {"oci-dir", "odd", "layer.media-type"},
        {"oci-dir", "badblob", "layer.digest-mismatch"},
        {"oci-dir", "missing", "layer.missing"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_auto(plm_analysis_free) struct plm_analysis *a =
            scan((struct how){.scheme = rows[i].scheme, .file = rows[i].file});
        if (!has_diag(a, rows[i].code))
            fail_msg("%s: no %s", rows[i].file, rows[i].code);
        assert_true(a->target.is_incomplete);
    }
    static const char *const hopeless[] = {"no-manifest.tar", "not-json.tar", "cut-outer.tar", "junk.tar",
                                           "empty.tar"};
    for (size_t i = 0; i < 5; i++) {
        plm_err *err = NULL;
        assert_null(try((struct how){.scheme = "docker-archive", .file = hopeless[i]}, &err));
        if (err->code != PLM_E_PARSE)
            fail_msg("%s: %s", hopeless[i], err->message);
        plm_err_free(err);
    }
}

static void limits_are_diagnostics(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t limit;
        uint64_t value;
        const char *code;
    } rows[] = {
        {"bomb.tar", offsetof(struct plm_limits, ratio), 200, "limit.ratio"},
        {"bomb.tar", offsetof(struct plm_limits, layer_bytes), 1 << 20, "limit.bytes"},
        {"classic.tar", offsetof(struct plm_limits, layer_bytes), 1024, "limit.bytes"},
        {"classic.tar", offsetof(struct plm_limits, layer_entries), 2, "layer.limit"},
    };
    for (size_t i = 0; i < 4; i++) {
        struct plm_limits limits = plm_limits_default;
        memcpy((char *)&limits + rows[i].limit, &rows[i].value, sizeof(uint64_t));
        plm_auto(plm_analysis_free) struct plm_analysis *a =
            scan((struct how){.scheme = "docker-archive", .file = rows[i].file, .limits = &limits});
        if (!has_diag(a, rows[i].code))
            fail_msg("%zu: no %s", i, rows[i].code);
        assert_true(a->target.is_incomplete);
    }
    struct plm_limits limits = plm_limits_default;
    limits.layers = 1;
    plm_err *err = NULL;
    assert_null(
        try((struct how){.scheme = "docker-archive", .file = "classic.tar", .limits = &limits}, &err));
    assert_int_equal(err->code, PLM_E_LIMIT);
    plm_err_free(err);
    limits = plm_limits_default;
    limits.manifest_bytes = 16;
    err = NULL;
    assert_null(
        try((struct how){.scheme = "docker-archive", .file = "classic.tar", .limits = &limits}, &err));
    assert_int_equal(err->code, PLM_E_LIMIT);
    plm_err_free(err);
}

static void fixed_paths_are_found_behind_links(void **state)
{
    (void)state;
    static const char *const files[] = {"symlinked.tar", "upper-link.tar"};
    plm_auto_free char *cache = plm_fs_join(dir, "link-cache");
    for (size_t i = 0; i < 4; i++) {
        plm_auto(plm_analysis_free) struct plm_analysis *a =
            scan((struct how){.scheme = "docker-archive", .file = files[i / 2], .cache = cache});
        assert_string_equal(visible(a, "/etc/name"), "moved");
        assert_false(a->target.is_incomplete);
        assert_int_equal(a->bytes_read == 0, i % 2);
    }
    plm_auto(plm_analysis_free) struct plm_analysis *h =
        scan((struct how){.scheme = "docker-archive", .file = "hardlink.tar"});
    assert_string_equal(visible(h, "/etc/name"), "linked");
}

static void the_cache_is_checked_and_used(void **state)
{
    (void)state;
    plm_auto_free char *cache = plm_fs_join(dir, "cache");
    struct how h = {.scheme = "docker-archive", .file = "classic.tar", .cache = cache};
    plm_auto(plm_analysis_free) struct plm_analysis *cold = scan(h);
    assert_int_equal(cold->target.layers_cached, 0);
    plm_auto(plm_analysis_free) struct plm_analysis *warm = scan(h);
    check_whole(warm, "warm");
    assert_int_equal(warm->target.layers_cached, 2);
    assert_int_equal(warm->bytes_read, 0);
    /* another file with the same layers is hashed, not analysed */
    const char *const copy[] = {"sh", "-c", "cp \"$0/classic.tar\" \"$0/copy.tar\"", dir, NULL};
    assert_int_equal(run(copy), 0);
    plm_auto(plm_analysis_free) struct plm_analysis *other =
        scan((struct how){.scheme = "docker-archive", .file = "copy.tar", .cache = cache});
    assert_int_equal(other->target.layers_cached, 2);
    assert_true(other->bytes_read > 0);
    /* damaged entries are read again */
    const char *const damage[] = {
        "sh", "-c",
        "find \"$0/cache/layers\" -type f | while read -r f; do printf x | dd of=\"$f\" bs=1 "
        "seek=130 conv=notrunc 2>/dev/null; done",
        dir, NULL};
    assert_int_equal(run(damage), 0);
    plm_auto(plm_analysis_free) struct plm_analysis *again = scan(h);
    check_whole(again, "damaged");
    assert_int_equal(again->target.layers_cached, 0);
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.cache_dir = cache;
    struct plm_cache_status status, removed;
    assert_int_equal(plm_cache_status(&ctx, &status, NULL), 0);
    assert_true(status.records >= 4 && status.bytes > 0);
    assert_int_equal(plm_cache_prune(&ctx, 0, 0, &removed, NULL), 0);
    assert_int_equal(removed.records, status.records);
    assert_int_equal(plm_cache_status(&ctx, &status, NULL), 0);
    assert_int_equal(status.records, 0);
}

static void a_forged_claim_does_not_poison_the_cache(void **state)
{
    (void)state;
    plm_auto_free char *cache = plm_fs_join(dir, "poison");
    plm_auto(plm_analysis_free) struct plm_analysis *bad =
        scan((struct how){.scheme = "oci-dir", .file = "badblob", .cache = cache});
    assert_true(has_diag(bad, "layer.digest-mismatch"));
    plm_auto(plm_analysis_free) struct plm_analysis *good =
        scan((struct how){.scheme = "oci-dir", .file = "oci:latest", .cache = cache});
    check_whole(good, "after a forged blob");
    /* and a known good record does not hide a swapped blob */
    plm_auto(plm_analysis_free) struct plm_analysis *still =
        scan((struct how){.scheme = "oci-dir", .file = "badblob", .cache = cache});
    assert_true(has_diag(still, "layer.digest-mismatch"));
}

static void any_number_of_jobs_gives_the_same(void **state)
{
    (void)state;
    plm_auto(plm_analysis_free) struct plm_analysis *one =
        scan((struct how){.scheme = "docker-archive", .file = "links.tar", .jobs = 1});
    plm_auto(plm_analysis_free) struct plm_analysis *many =
        scan((struct how){.scheme = "docker-archive", .file = "links.tar", .jobs = 8});
    assert_int_equal(one->facts.n, many->facts.n);
    for (size_t i = 0; i < one->facts.n; i++) {
        assert_true(plm_sv_eq(one->facts.v[i].path, many->facts.v[i].path));
        assert_true(plm_sv_eq(one->facts.v[i].data, many->facts.v[i].data));
        assert_int_equal(one->facts.v[i].layer, many->facts.v[i].layer);
        assert_int_equal(one->facts.v[i].visible, many->facts.v[i].visible);
    }
}

int main(void)
{
    if (plm_spawner_start(NULL) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_gives_the_same),
        cmocka_unit_test(provenance_comes_from_the_history),
        cmocka_unit_test(standard_input_is_a_stream),
        cmocka_unit_test(links_between_members_are_followed),
        cmocka_unit_test(an_image_is_chosen_by_name_and_platform),
        cmocka_unit_test(what_is_wrong_is_a_diagnostic),
        cmocka_unit_test(limits_are_diagnostics),
        cmocka_unit_test(fixed_paths_are_found_behind_links),
        cmocka_unit_test(the_cache_is_checked_and_used),
        cmocka_unit_test(a_forged_claim_does_not_poison_the_cache),
        cmocka_unit_test(any_number_of_jobs_gives_the_same),
    };
    int failed = cmocka_run_group_tests(tests, setup, teardown);
    plm_spawner_stop();
    return failed;
}
