/* SPDX-License-Identifier: Apache-2.0
 *
 * Every feed format against its folder tests/vulndb/ID/: the files in it, sorted by name, go
 * through the format; what it pushes must equal expected.jsonl (sink.h), byte for byte. Run with
 * PLM_UPDATE_GOLDEN=1 to write that file, then read it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/fs.h"
#include "sink.h"

#include <dirent.h>
#include <stdlib.h>

struct input {
    char *name;
    struct plm_buf data;
};

struct folder {
    struct input files[64];
    size_t n;
    struct plm_buf expected;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct input *)a)->name, ((const struct input *)b)->name);
}

static void folder_read(const char *id, struct folder *out)
{
    *out = (struct folder){.expected = PLM_BUF(PLM_MIB(16))};
    plm_auto_free char *dir = plm_fs_join(PLM_TEST_DATA, id);
    DIR *d = opendir(dir);
    if (!d)
        fail_msg("no folder tests/vulndb/%s", id);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        plm_auto_free char *path = plm_fs_join(dir, e->d_name);
        struct stat st;
        if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
            continue;
        if (plm_sv_is(plm_sv_from(e->d_name), "expected.jsonl")) {
            assert_int_equal(plm_fs_read(path, out->expected.max, &out->expected, NULL), 0);
            continue;
        }
        assert_true(out->n < sizeof(out->files) / sizeof(out->files[0]));
        struct input *in = &out->files[out->n++];
        *in = (struct input){strdup(e->d_name), PLM_BUF(PLM_MIB(16))};
        assert_int_equal(plm_fs_read(path, in->data.max, &in->data, NULL), 0);
    }
    closedir(d);
    qsort(out->files, out->n, sizeof(out->files[0]), by_name);
}

static void folder_done(struct folder *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->files[i].name);
        plm_buf_done(&f->files[i].data);
    }
    plm_buf_done(&f->expected);
}

static int feed(struct test_sink *t, const struct plm_feed_format *f, const struct folder *in, plm_err **err)
{
    for (size_t i = 0; i < in->n; i++) {
        struct plm_feed_file file = {plm_sv_from(in->files[i].name), plm_buf_sv(&in->files[i].data)};
        if (f->file(&t->sink, &file, err) < 0)
            return -1;
    }
    return f->finish ? f->finish(&t->sink, err) : 0;
}

static void golden_write(const char *id, plm_sv text)
{
    plm_auto_free char *dir = plm_fs_join(PLM_TEST_DATA, id);
    plm_auto_free char *path = plm_fs_join(dir, "expected.jsonl");
    assert_int_equal(plm_fs_write_atomic(path, text, 0, NULL), 0);
}

static void every_format_yields_what_its_folder_says(void **state)
{
    (void)state;
    struct plm_ctx ctx = PLM_CTX_INIT;
    assert_true(PLM_SET_COUNT(plm_feeds) > 0);
    PLM_SET_FOREACH (plm_feeds, struct plm_feed_format, f) {
        if (!f->file) /* repo: not read from files */
            continue;
        struct folder in;
        struct test_sink t;
        plm_err *err = NULL;
        folder_read(f->id, &in);
        assert_true(in.n > 0);
        test_sink_init(&t, &ctx, PLM_MIB(1));
        assert_int_equal(feed(&t, f, &in, &err), 0);
        if (getenv("PLM_UPDATE_GOLDEN"))
            golden_write(f->id, plm_buf_sv(&t.out));
        else if (!plm_sv_eq(plm_buf_sv(&t.out), plm_buf_sv(&in.expected)))
            fail_msg("%s: got\n%s\nexpected\n%s", f->id, plm_buf_cstr(&t.out), plm_buf_cstr(&in.expected));
        test_sink_done(&t);
        folder_done(&in);
    }
}

/* Whatever the scratch arena holds, a format ends with success or LIMIT, never with half an advisory. */
static void a_full_arena_is_an_error_not_a_gap(void **state)
{
    (void)state;
    struct plm_ctx ctx = PLM_CTX_INIT;
    PLM_SET_FOREACH (plm_feeds, struct plm_feed_format, f) {
        if (!f->file)
            continue;
        struct folder in;
        folder_read(f->id, &in);
        bool has_passed = false;
        for (size_t max = 0; max < PLM_KIB(64) && !has_passed; max += 176) {
            struct test_sink t;
            plm_err *err = NULL;
            test_sink_init(&t, &ctx, max);
            has_passed = feed(&t, f, &in, &err) == 0;
            if (!has_passed)
                assert_int_equal(plm_err_code(err), PLM_E_LIMIT);
            else if (in.expected.n)
                assert_int_equal(t.out.n, in.expected.n);
            plm_err_free(err);
            test_sink_done(&t);
        }
        assert_true(has_passed);
        folder_done(&in);
    }
}

static void descriptors_are_complete(void **state)
{
    (void)state;
    PLM_SET_FOREACH (plm_feeds, struct plm_feed_format, f) {
        assert_true(f->id && *f->id && f->summary && *f->summary && f->upstream && *f->upstream);
        assert_true(f->tested && *f->tested);
        PLM_SET_FOREACH (plm_feeds, struct plm_feed_format, g) {
            if (f != g)
                assert_string_not_equal(f->id, g->id);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_are_complete),
        cmocka_unit_test(every_format_yields_what_its_folder_says),
        cmocka_unit_test(a_full_arena_is_an_error_not_a_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
