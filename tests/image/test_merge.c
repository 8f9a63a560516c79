/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers to records to the merged view, compared with what umoci unpacks from the same layers, and with
 * the rules of the specification where engines differ (layers.py makes both).
 */
#include "build.h"
#include "merge.h"

#include "base/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

static char dir[64];

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
    const char *const argv[] = {"/usr/bin/python3", PLM_TEST_DATA "/layers.py", dir, NULL};
    return mkdtemp(dir) && run(argv) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    const char *const argv[] = {"rm", "-rf", dir, NULL};
    return run(argv);
}

static int line_order(const void *a, const void *b)
{
    return plm_sv_cmp(*(const plm_sv *)a, *(const plm_sv *)b);
}

struct view {
    struct plm_arena *arena;
    struct plm_record records[32];
    struct plm_buf bytes[32];
    size_t n;
    plm_sv_vec lines;
};

static void load(struct view *v, const char *folder)
{
    const struct plm_wanted nothing = {0};
    for (;; v->n++) {
        plm_auto_free char *path = NULL;
        assert_true(asprintf(&path, "%s/%zu.tar", folder, v->n) > 0);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return;
        assert_true(v->n < 32);
        struct plm_stream *s = plm_stream_fd(fd, path, NULL);
        v->bytes[v->n] = PLM_BUF(PLM_MIB(16));
        assert_int_equal(
            plm_layer_record(s, plm_sv_from(path), &plm_limits_default, &nothing, &v->bytes[v->n], NULL), 0);
        assert_int_equal(plm_record_open(plm_buf_sv(&v->bytes[v->n]), PLM_SV_NULL, 0, 0, v->arena,
                                         &v->records[v->n], NULL),
                         0);
    }
}

static void add_line(struct view *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add_line(struct view *v, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    plm_auto_free char *text = NULL;
    assert_true(vasprintf(&text, fmt, ap) >= 0);
    va_end(ap);
    assert_true(plm_sv_vec_add(v->arena, &v->lines, plm_sv_from(text)));
}

/* umoci shows a hard link as the file that it is. */
static void dump(struct view *v, bool is_umoci)
{
    plm_auto(plm_merge_free) struct plm_merge *m = plm_merge_new(v->records, v->n, NULL);
    struct plm_record_entry e;
    uint32_t layer;
    int r;
    while ((r = plm_merge_next(m, &e, &layer)) > 0) {
        char kind = "fdlhcbp??"[e.type];
        if (kind == 'h' && is_umoci)
            kind = 'f';
        bool has_owner = geteuid() == 0;
        if (e.path.n)
            add_line(v, "%c %o %u %u %.*s", kind, e.mode, has_owner ? e.uid : 0, has_owner ? e.gid : 0,
                     PLM_SV_ARG(e.path));
    }
    assert_int_equal(r, 0);
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < v->records[i].n_diags; k++) {
            plm_auto_free char *line = NULL;
            assert_true(asprintf(&line, "diag %.*s", PLM_SV_ARG(v->records[i].diags[k].code)) > 0);
            plm_sv_vec_add(v->arena, &v->lines, plm_sv_from(line));
        }
    plm_sv_vec_sort_unique(&v->lines);
}

static void check_case(const char *name)
{
    plm_auto_free char *folder = plm_fs_join(dir, name);
    plm_auto_free char *expected = plm_fs_join(folder, "expected");
    plm_auto_free char *flag = plm_fs_join(folder, "umoci");
    plm_auto_done(plm_buf_done) struct plm_buf want = PLM_BUF(PLM_MIB(1)), umoci = PLM_BUF(16);
    assert_int_equal(plm_fs_read(expected, PLM_MIB(1), &want, NULL), 0);
    assert_int_equal(plm_fs_read(flag, 16, &umoci, NULL), 0);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct view v = {.arena = a};
    load(&v, folder);
    dump(&v, umoci.p[0] == '1');
    plm_sv_vec lines = {0};
    plm_sv rest = plm_buf_sv(&want), line;
    while (plm_sv_field(&rest, 0, &line))
        if (line.n)
            plm_sv_vec_add(a, &lines, line);
    if (lines.n)
        qsort(lines.v, lines.n, sizeof(*lines.v), line_order);
    for (size_t i = 0; i < lines.n || i < v.lines.n; i++) {
        plm_sv have = i < v.lines.n ? v.lines.v[i] : PLM_SV("(nothing)");
        plm_sv should = i < lines.n ? lines.v[i] : PLM_SV("(nothing)");
        if (!plm_sv_eq(have, should))
            fail_msg("%s: \"%.*s\" where \"%.*s\" is expected", name, PLM_SV_ARG(have), PLM_SV_ARG(should));
    }
    for (size_t i = 0; i < v.n; i++)
        plm_buf_done(&v.bytes[i]);
}

static void merged_views_are_as_expected(void **state)
{
    (void)state;
    DIR *d = opendir(dir);
    size_t n = 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.') {
            check_case(e->d_name);
            n++;
        }
    closedir(d);
    assert_true(n >= 20);
}

/* ---- records -------------------------------------------------------------------------------------- */

static void records_survive_no_flipped_byte(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto_free char *folder = plm_fs_join(dir, "many");
    struct view v = {.arena = a};
    load(&v, folder);
    struct plm_buf *b = &v.bytes[0];
    const plm_sv name = PLM_SV("its name in the cache");
    plm_record_seal(b->p, b->n, name);
    struct plm_record r;
    assert_int_equal(plm_record_open(plm_buf_sv(b), name, PLM_RECORD_OWNED, 0, a, &r, NULL), 0);
    assert_int_equal(plm_record_open(plm_buf_sv(b), PLM_SV("another"), PLM_RECORD_OWNED, 0, a, &r, NULL), -1);
    for (size_t i = 0; i < b->n; i++) {
        b->p[i] ^= 1;
        assert_int_equal(plm_record_open(plm_buf_sv(b), name, PLM_RECORD_OWNED, 0, a, &r, NULL), -1);
        b->p[i] ^= 1;
    }
    for (size_t i = 0; i < b->n; i++)
        assert_int_equal(plm_record_open(plm_sv_n(b->p, i), PLM_SV_NULL, 0, 0, a, &r, NULL), -1);
    for (size_t i = 0; i < v.n; i++)
        plm_buf_done(&v.bytes[i]);
}

static void paths_sort_by_component(void **state)
{
    (void)state;
    static const char *const sorted[] = {"", "a", "a/b", "a/b/c", "a/c", "a-b", "a.b", "ab", "b"};
    for (size_t i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++)
        for (size_t k = 0; k < sizeof(sorted) / sizeof(sorted[0]); k++) {
            int c = plm_path_cmp(plm_sv_from(sorted[i]), plm_sv_from(sorted[k]));
            assert_int_equal((c > 0) - (c < 0), (i > k) - (i < k));
        }
    assert_true(plm_path_is_canonical(PLM_SV("a/b")));
    assert_false(plm_path_is_canonical(PLM_SV("/a")));
    assert_false(plm_path_is_canonical(PLM_SV("a/../b")));
    assert_false(plm_path_is_canonical(PLM_SV("a//b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merged_views_are_as_expected),
        cmocka_unit_test(records_survive_no_flipped_byte),
        cmocka_unit_test(paths_sort_by_component),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
