/* SPDX-License-Identifier: Apache-2.0
 *
 * The queue on disk: order, surviving a restart, the bound, damage at the end of a segment, one owner at a
 * time.
 */
#include "notify/notify_int.h"

#include "base/buf.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char *folder(char *out)
{
    memcpy(out, "/tmp/plimsoll-queue-XXXXXX", sizeof("/tmp/plimsoll-queue-XXXXXX"));
    assert_non_null(mkdtemp(out));
    return out;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void expect(struct plm_notify_queue *q, const char *text)
{
    plm_sv got;
    assert_int_equal(plm_notify_queue_peek(q, &got, NULL), 0);
    assert_true(plm_sv_is(got, text));
    assert_int_equal(plm_notify_queue_pop(q, NULL), 0);
}

static void first_in_first_out_and_over_a_restart(void **state)
{
    (void)state;
    char dir[32];
    struct plm_notify_queue *q = plm_notify_queue_open(folder(dir), PLM_MIB(1), NULL);
    assert_non_null(q);
    assert_int_equal(plm_notify_queue_push(q, PLM_SV("one"), NULL), 0);
    assert_int_equal(plm_notify_queue_push(q, PLM_SV("two"), NULL), 0);
    assert_int_equal(plm_notify_queue_push(q, PLM_SV("three"), NULL), 0);
    expect(q, "one");
    plm_notify_queue_close(q);
    q = plm_notify_queue_open(dir, PLM_MIB(1), NULL);
    assert_non_null(q);
    assert_int_equal(plm_notify_queue_count(q), 2);
    expect(q, "two");
    expect(q, "three");
    plm_sv none;
    assert_int_equal(plm_notify_queue_peek(q, &none, NULL), 0);
    assert_null(none.p);
    plm_notify_queue_close(q);
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void one_owner(void **state)
{
    (void)state;
    char dir[32];
    struct plm_notify_queue *q = plm_notify_queue_open(folder(dir), PLM_MIB(1), NULL);
    plm_auto(plm_err_free) plm_err *err = NULL;
    assert_null(plm_notify_queue_open(dir, PLM_MIB(1), &err));
    assert_string_equal(plm_err_id(err), "notify.queue-busy");
    plm_notify_queue_close(q);
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void the_bound_refuses_the_newest_and_counts(void **state)
{
    (void)state;
    char dir[32], text[1024];
    memset(text, 'x', sizeof(text));
    struct plm_notify_queue *q = plm_notify_queue_open(folder(dir), PLM_KIB(64), NULL);
    size_t kept = 0, refused = 0;
    for (int i = 0; i < 200; i++) {
        plm_auto(plm_err_free) plm_err *err = NULL;
        if (plm_notify_queue_push(q, plm_sv_n(text, sizeof(text)), &err) == 0) {
            kept++;
        } else {
            assert_int_equal(plm_err_code(err), PLM_E_LIMIT);
            refused++;
        }
    }
    assert_true(kept > 30 && kept < 65);
    assert_int_equal(plm_notify_queue_count(q), kept);
    assert_int_equal(plm_notify_queue_lost(q), refused);
    plm_notify_queue_close(q);
    q = plm_notify_queue_open(dir, PLM_KIB(64), NULL);
    assert_int_equal(plm_notify_queue_lost(q), refused); /* still to be said after a restart */
    plm_notify_queue_said(q, (int64_t)refused);
    assert_int_equal(plm_notify_queue_lost(q), 0);
    plm_notify_queue_close(q);
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int tear_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)ftw;
    /* the file that holds the records is the largest */
    if (type == FTW_F && st->st_size > 3000)
        assert_int_equal(truncate(path, st->st_size - 7), 0);
    return 0;
}

static void a_torn_end_costs_the_torn_record_only(void **state)
{
    (void)state;
    char dir[32], text[1024];
    memset(text, 'y', sizeof(text));
    struct plm_notify_queue *q = plm_notify_queue_open(folder(dir), PLM_MIB(1), NULL);
    for (int i = 0; i < 4; i++)
        assert_int_equal(plm_notify_queue_push(q, plm_sv_n(text, sizeof(text)), NULL), 0);
    plm_notify_queue_close(q);
    nftw(dir, tear_one, 8, FTW_PHYS);
    q = plm_notify_queue_open(dir, PLM_MIB(1), NULL);
    assert_non_null(q);
    size_t n = 0;
    for (plm_sv got; plm_notify_queue_peek(q, &got, NULL) == 0 && got.p; n++) {
        assert_int_equal(got.n, sizeof(text));
        assert_int_equal(plm_notify_queue_pop(q, NULL), 0);
    }
    assert_int_equal(n, 3);
    plm_notify_queue_close(q);
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void a_notice_comes_back(void **state)
{
    (void)state;
    plm_sv names[] = {PLM_SV("rule")}, values[] = {PLM_SV("Mine")};
    struct plm_notice in = {.title = PLM_SV("t"),
                            .text = PLM_SV("line\nline"),
                            .severity = PLM_SEV_HIGH,
                            .object = PLM_SV("web"),
                            .source = PLM_SV("watch"),
                            .key = PLM_SV("k"),
                            .time = 7,
                            .label_names = names,
                            .label_values = values,
                            .n_labels = 1};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_notice_encode(&in, &b);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
    struct plm_notice out;
    assert_int_equal(plm_notice_decode(plm_buf_sv(&b), a, &out, NULL), 0);
    assert_true(plm_sv_eq(out.title, in.title) && plm_sv_eq(out.text, in.text) && plm_sv_eq(out.key, in.key));
    assert_int_equal(out.severity, in.severity);
    assert_int_equal(out.time, 7);
    assert_int_equal(out.n_labels, 1);
    assert_true(plm_sv_is(out.label_values[0], "Mine"));
    for (size_t n = 0; n < b.n; n++) /* any cut is refused or gives less, never a crash */
        (void)plm_notice_decode(plm_sv_n(b.p, n), a, &out, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out_and_over_a_restart), cmocka_unit_test(one_owner),
        cmocka_unit_test(the_bound_refuses_the_newest_and_counts),
        cmocka_unit_test(a_torn_end_costs_the_torn_record_only), cmocka_unit_test(a_notice_comes_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
