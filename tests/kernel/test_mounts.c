/* SPDX-License-Identifier: Apache-2.0
 *
 * mountinfo: escapes, the forms of proc(5), and where a container's mount lies on the host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernel/kernel.h"

static plm_mount_vec parse(struct plm_arena *a, const char *text)
{
    plm_mount_vec v;
    assert_int_equal(plm_mounts_parse(plm_sv_from(text), a, &v, NULL), 0);
    return v;
}

static void lines(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_mount_vec v =
        parse(a, "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n"
                 "40 36 0:41 / /a\\040b\\134c\\012d ro,nosuid shared:7 master:3 propagate_from:2 "
                 "unbindable - tmpfs  rw,size=4k\n"
                 "41 36 0:4 net:[4026532182] /run/netns/x rw - nsfs nsfs ro\n");
    assert_int_equal(v.n, 3);
    assert_int_equal(v.v[0].master, 1);
    assert_int_equal(v.v[0].shared, 0);
    assert_false(v.v[0].is_read_only);
    assert_true(plm_mount_has_option(&v.v[0], "noatime"));
    assert_true(plm_mount_has_option(&v.v[0], "errors=continue"));
    assert_false(plm_mount_has_option(&v.v[0], "errors"));
    assert_true(plm_sv_is(v.v[1].point, "/a b\\c\nd"));
    assert_int_equal(v.v[1].shared, 7);
    assert_int_equal(v.v[1].source.n, 0);
    assert_true(plm_sv_is(v.v[1].type, "tmpfs"));
    assert_true(plm_sv_is(v.v[1].super_options, "rw,size=4k"));
    assert_true(v.v[1].is_read_only);
    assert_true(v.v[2].is_read_only);
    plm_err *err = NULL;
    assert_int_equal(plm_mounts_parse(PLM_SV("36 35 98:0 /mnt1 /mnt2 rw,noatime\n"), a, &v, &err), -1);
    assert_int_equal(plm_err_code(err), PLM_E_PARSE);
    plm_err_free(err);
}

static void host_paths(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_mount_vec host = parse(a, "27 1 254:0 / / rw - ext4 /dev/vda rw\n"
                                  "28 27 254:16 / /srv rw - ext4 /dev/vdb rw\n"
                                  "29 27 254:16 /data /data rw - ext4 /dev/vdb rw\n"
                                  "30 27 0:50 / /data/hidden rw - tmpfs tmpfs rw\n"
                                  "31 27 0:26 / /run rw - tmpfs tmpfs rw\n");
    plm_mount_vec in = parse(a, "90 80 254:0 /etc /mnt/e ro - ext4 /dev/vda rw\n"
                                "91 80 254:16 /data/web /www rw - ext4 /dev/vdb rw\n"
                                "92 80 254:0 / /h rw - ext4 /dev/vda rw\n"
                                "93 80 0:26 /docker.sock /s rw - tmpfs tmpfs rw\n"
                                "94 80 0:99 / /tmp rw - tmpfs tmpfs rw\n"
                                "95 80 254:0 /gone//deleted /g rw - ext4 /dev/vda rw\n"
                                "96 80 254:0 /srv/under /u rw - ext4 /dev/vda rw\n"
                                "97 80 254:16 /data/hidden /x rw - ext4 /dev/vdb rw\n");
    static const char *const want[] = {"/etc",
                                       "/data/web",
                                       "/",
                                       "/run/docker.sock",
                                       NULL,
                                       NULL,
                                       NULL /* another file system lies over /srv */,
                                       "/srv/data/hidden"};
    for (size_t i = 0; i < in.n; i++) {
        plm_sv got = plm_mount_host_path(&host, &in.v[i], a);
        if (!want[i])
            assert_null(got.p);
        else
            assert_true(plm_sv_is(got, want[i]));
    }
    assert_true(plm_sv_is(plm_mount_of(&host, PLM_SV("/srvx"))->point, "/"));
    assert_true(plm_sv_is(plm_mount_of(&host, PLM_SV("/srv"))->point, "/srv"));
    assert_true(plm_sv_is(plm_mount_of(&host, PLM_SV("/"))->point, "/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(host_paths)};
    return cmocka_run_group_tests_name("mounts", tests, NULL, NULL);
}
