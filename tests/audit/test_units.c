/* SPDX-License-Identifier: Apache-2.0
 *
 * systemd units and their drop-ins: by hand, and against `systemd-analyze cat-config --root`, which prints
 * the files in the order in which they take effect.
 */
#include "../base/skip.h"
#include "audit/settings.h"

#include "../catalog/spawn.h"
#include "base/fs.h"

#include <ftw.h>

static struct plm_arena *arena;
static char root[64];

static int set_up(void **state)
{
    (void)state;
    arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    (void)snprintf(root, sizeof(root), "/tmp/plm-units-XXXXXX");
    return arena && mkdtemp(root) ? 0 : -1;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    plm_arena_free(arena);
    return nftw(root, drop, 8, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *path, const char *text)
{
    plm_sv full = plm_arena_printf(arena, "%s%s", root, path);
    char *dir = plm_arena_cstr(arena, full);
    *strrchr(dir, '/') = 0;
    assert_int_equal(plm_fs_mkdirs(dir, 0755, NULL), 0);
    assert_int_equal(plm_fs_write_atomic(full.p, plm_sv_from(text), 0644, NULL), 0);
}

static void put_link(const char *path, const char *target)
{
    plm_sv full = plm_arena_printf(arena, "%s%s", root, path);
    assert_int_equal(symlink(target, full.p), 0);
}

static struct plm_unit read_unit(const char *name)
{
    struct plm_facts f = {.arena = arena, .root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    struct plm_unit u = {0};
    plm_auto(plm_err_free) plm_err *err = NULL;
    int r = plm_unit_read(&f, name, &u, &err);
    close(f.root_fd);
    if (r < 0)
        fail_msg("%s: %s", name, err->message);
    return u;
}

static plm_sv values(const struct plm_unit *u, const char *section, const char *key)
{
    plm_sv_vec v = {0};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    assert_int_equal(plm_unit_values(u, section, key, arena, &v, NULL), 0);
    for (size_t i = 0; i < v.n; i++)
        plm_buf_printf(&b, "%s%.*s", i ? "|" : "", PLM_SV_ARG(v.v[i]));
    return plm_arena_sv(arena, plm_buf_sv(&b));
}

static void test_syntax(void **state)
{
    (void)state;
    struct plm_unit u = {0};
    const char *text = "\xef\xbb\xbf# comment\n; comment\n[Service]\n  ExecStart = /usr/bin/dockerd \\\n"
                       "# in between\n   -H fd:// \\\n  -D\nnonsense\nEnvironment=\"A=b c\"\n[Install]\n"
                       "WantedBy=x\\\n";
    assert_int_equal(plm_unit_parse(plm_sv_from(text), PLM_SV("/u"), arena, &u, NULL), 0);
    assert_int_equal(u.settings.n, 3);
    assert_true(plm_sv_is(u.settings.v[0].value, "/usr/bin/dockerd     -H fd://    -D"));
    assert_int_equal(u.settings.v[0].line, 4);
    assert_true(plm_sv_is(u.settings.v[1].value, "\"A=b c\""));
    assert_true(plm_sv_is(u.settings.v[2].section, "Install") && plm_sv_is(u.settings.v[2].value, "x"));
}

static void test_drop_ins(void **state)
{
    (void)state;
    put("/lib/systemd/system/docker.service",
        "[Unit]\nDescription=d\n[Service]\nExecStart=/usr/bin/dockerd -H fd://\n");
    put("/usr/lib/systemd/system/docker.service.d/10-a.conf", "[Service]\nEnvironment=LIB\n");
    put("/etc/systemd/system/docker.service.d/10-a.conf", "[Service]\nEnvironment=ETC\n");
    put("/run/systemd/system/docker.service.d/05-z.conf", "[Service]\nEnvironment=FIRST\n");
    put("/etc/systemd/system/docker.service.d/override.conf",
        "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375\n");
    put("/etc/systemd/system/docker.service.d/no.txt", "[Service]\nEnvironment=NOT\n");
    put("/etc/systemd/system/service.d/all.conf", "[Service]\nEnvironment=TYPE\n");
    struct plm_unit u = read_unit("docker.service");
    assert_true(plm_sv_is(u.path, "/lib/systemd/system/docker.service"));
    assert_true(plm_sv_is(values(&u, "Service", "ExecStart"), "/usr/bin/dockerd -H tcp://0.0.0.0:2375"));
    assert_true(plm_sv_is(values(&u, "Service", "Environment"), "FIRST|ETC|TYPE"));
    assert_int_equal(u.drop_ins.n, 4);

    plm_auto_done(plm_buf_done) struct plm_buf said = PLM_BUF(PLM_MIB(1));
    plm_sv option = plm_arena_printf(arena, "--root=%s", root);
    const char *argv[] = {"systemd-analyze", option.p, "cat-config", "systemd/system/docker.service", NULL};
    if (spawn_read(argv, &said) != 0) {
        plm_buf_done(&said);
        plm_test_skip("a platform without systemd-analyze, or without its cat-config --root");
    }
    /* It knows nothing of service.d: compare the unit's own. */
    plm_auto_done(plm_buf_done) struct plm_buf mine = PLM_BUF(PLM_MIB(1));
    for (size_t i = 0; i < u.drop_ins.n; i++)
        if (plm_sv_has(u.drop_ins.v[i], PLM_SV("/docker.service.d/")))
            plm_buf_printf(&mine, "%.*s\n", PLM_SV_ARG(u.drop_ins.v[i]));
    plm_auto_done(plm_buf_done) struct plm_buf theirs = PLM_BUF(PLM_MIB(1));
    plm_sv rest = plm_buf_sv(&said), line;
    while (plm_sv_line(&rest, &line)) {
        size_t at = plm_sv_find_sv(line, PLM_SV("/docker.service.d/"));
        size_t from = plm_sv_find_sv(line, plm_sv_from(root));
        if (plm_sv_starts(line, PLM_SV("# ")) && at != SIZE_MAX && from != SIZE_MAX)
            plm_buf_printf(&theirs, "%.*s\n", PLM_SV_ARG(plm_sv_from_off(line, from + strlen(root))));
    }
    if (!plm_sv_eq(plm_buf_sv(&mine), plm_buf_sv(&theirs)))
        fail_msg("systemd reads\n%.*sand we\n%.*s", PLM_SV_ARG(plm_buf_sv(&theirs)),
                 PLM_SV_ARG(plm_buf_sv(&mine)));
}

static void test_masks_and_names(void **state)
{
    (void)state;
    struct plm_unit u = read_unit("docker.service");
    size_t n = u.drop_ins.n;
    put("/lib/systemd/system/docker.service.d/20-masked.conf", "[Service]\nEnvironment=MASKED\n");
    put_link("/etc/systemd/system/docker.service.d/20-masked.conf", "/dev/null");
    u = read_unit("docker.service");
    assert_true(n > 0 && u.drop_ins.n == n);
    u = read_unit("absent.service");
    assert_null(u.path.p);
    put("/lib/systemd/system/masked.service", "[Service]\nExecStart=x\n");
    put("/etc/systemd/system/other", "");
    put_link("/etc/systemd/system/masked.service", "/dev/null");
    u = read_unit("masked.service");
    assert_true(u.path.p && u.is_masked && u.settings.n == 0);
    put("/lib/systemd/system/real.service", "[Service]\nExecStart=real\n");
    put("/lib/systemd/system/real.service.d/a.conf", "[Service]\nUser=u\n");
    put_link("/etc/systemd/system/alias.service", "/lib/systemd/system/real.service");
    u = read_unit("alias.service");
    assert_true(plm_sv_is(values(&u, "Service", "ExecStart"), "real"));
    assert_true(plm_sv_is(values(&u, "Service", "User"), "u"));
    put("/lib/systemd/system/a-b@.service", "[Service]\nExecStart=t\n");
    put("/lib/systemd/system/a-b@1.service", "[Service]\nExecStart=i\n");
    put("/etc/systemd/system/a-.service.d/p.conf", "[Service]\nUser=prefix\n");
    put("/etc/systemd/system/a-b@.service.d/t.conf", "[Service]\nGroup=template\n");
    u = read_unit("a-b@1.service");
    assert_true(plm_sv_is(values(&u, "Service", "User"), "prefix"));
    assert_true(plm_sv_is(values(&u, "Service", "Group"), "template"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_drop_ins),
        cmocka_unit_test(test_masks_and_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
