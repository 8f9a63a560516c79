/* SPDX-License-Identifier: Apache-2.0
 *
 * Accounts, ACLs and paths, each against a second opinion: python's pwd and grp, getfacl, the kernel's walk.
 */
#include "base/skip.h"

#include "audit/access_int.h"
#include "run_program.h"

#include <limits.h>
#include <sys/stat.h>

static void test_accounts(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_facts f = {.arena = a, .has_accounts = true};
    f.accounts.is_files_only = true;
    plm_sv passwd = PLM_SV("root:x:0:0:root:/root:/bin/bash\n"
                           "broken line\n"
                           "alice:x:1000:998:,,,:/home/alice:/bin/sh\n"
                           "bob:x:1001:1001::/home/bob:\n"
                           "toor:x:0:0::/root:/bin/sh\n"
                           "short:x:5:6\n"
                           "bad:x:abc:1::/:/\n"
                           ":x:7:7::/:/\n");
    plm_sv group = PLM_SV("root:x:0:\ndocker:x:998:bob, carol,,\nusers:x:100\n");
    assert_int_equal(plm_passwd_parse(passwd, a, &f.accounts, NULL), 0);
    assert_int_equal(plm_group_parse(group, a, &f.accounts, NULL), 0);
    assert_int_equal(f.accounts.users.n, 5);
    assert_int_equal(f.accounts.groups.n, 3);
    assert_true(plm_sv_is(plm_user_by_uid(&f, 0)->name, "root"));
    assert_true(plm_sv_is(plm_user_by_name(&f, PLM_SV("alice"))->shell, "/bin/sh"));
    assert_int_equal(plm_user_by_name(&f, PLM_SV("alice"))->line, 3);
    assert_int_equal(plm_group_by_name(&f, PLM_SV("docker"))->members.n, 2);
    bool is_primary;
    assert_true(
        plm_user_in_group(plm_user_by_name(&f, PLM_SV("alice")), plm_group_by_gid(&f, 998), &is_primary));
    assert_true(is_primary);
    assert_true(
        plm_user_in_group(plm_user_by_name(&f, PLM_SV("bob")), plm_group_by_gid(&f, 998), &is_primary));
    assert_false(is_primary);
    assert_true(plm_sv_is(plm_user_text(&f, a, 1000), "alice(1000)"));
    assert_true(plm_sv_is(plm_group_text(&f, a, 4711), "4711"));
    assert_true(f.accounts.is_files_only);
    assert_int_equal(plm_passwd_parse(PLM_SV("+::::::\n"), a, &f.accounts, NULL), 0);
    assert_false(f.accounts.is_files_only);
}

static void test_nsswitch(void **state)
{
    (void)state;
    static const struct {
        const char *text, *others;
    } rows[] = {{"passwd: files systemd\ngroup: files [SUCCESS=merge] systemd\nhosts: dns\n", ""},
                {"passwd:\tfiles sss\ngroup: sss files ldap\n", "sss ldap"},
                {"group: files [NOTFOUND=return] winbind # ldap\n", "winbind"},
                {"initgroups: files [ !UNAVAIL = return ] nis\n", "nis"},
                {"", ""}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
        struct plm_accounts acc = {.is_files_only = true};
        assert_int_equal(plm_nsswitch_parse(plm_sv_from(rows[i].text), a, &acc, NULL), 0);
        assert_int_equal(acc.is_files_only, !*rows[i].others);
        if (!plm_sv_is(acc.other_sources, rows[i].others))
            fail_msg("%s: %.*s", rows[i].text, PLM_SV_ARG(acc.other_sources));
    }
}

/* Every row of this machine's files as libc reads them. */
static void test_against_python(void **state)
{
    (void)state;
    static char program[] =
        "import pwd, grp\n"
        "for u in pwd.getpwall(): print('u', u.pw_uid, u.pw_gid, u.pw_name, u.pw_dir, sep=':')\n"
        "for g in grp.getgrall(): print('g', g.gr_gid, len(g.gr_mem), g.gr_name, '', sep=':')\n";
    char name[] = "/usr/bin/python3", option[] = "-c";
    char *const argv[] = {name, option, program, NULL};
    int status = 0;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_facts f = {.arena = a, .root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    plm_collect_accounts(&f);
    close(f.root_fd);
    char *text = plm_test_output(argv, &status);
    if (!text || status || !f.accounts.is_files_only) {
        free(text);
        plm_arena_free(plm_take(a));
        plm_test_skip("no /usr/bin/python3, or this machine has more than files");
    }
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    for (size_t i = 0; i < f.accounts.users.n; i++) {
        const struct plm_user *u = &f.accounts.users.v[i];
        plm_buf_printf(&b, "u:%u:%u:%.*s:%.*s\n", u->uid, u->gid, PLM_SV_ARG(u->name), PLM_SV_ARG(u->home));
    }
    for (size_t i = 0; i < f.accounts.groups.n; i++) {
        const struct plm_group *g = &f.accounts.groups.v[i];
        plm_buf_printf(&b, "g:%u:%zu:%.*s:\n", g->gid, g->members.n, PLM_SV_ARG(g->name));
    }
    assert_string_equal(plm_buf_cstr(&b), text);
    free(text);
    assert_null(f.accounts.failure.p);
}

/* ---- ACLs ------------------------------------------------------------------------------------------ */

static void test_acl_bytes(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    static const unsigned char bytes[] = {2,    0,    0,    0,    1,    0,    6,    0,    0xff, 0xff, 0xff,
                                          0xff, 2,    0,    6,    0,    0xe8, 3,    0,    0,    4,    0,
                                          6,    0,    0xff, 0xff, 0xff, 0xff, 0x10, 0,    4,    0,    0xff,
                                          0xff, 0xff, 0xff, 0x20, 0,    0,    0,    0xff, 0xff, 0xff, 0xff};
    struct plm_acl acl = {0};
    plm_sv whole = plm_sv_n((const char *)bytes, sizeof(bytes));
    assert_int_equal(plm_acl_parse(whole, a, &acl, NULL), 0);
    assert_true(acl.is_extended);
    assert_int_equal(acl.entries.n, 5);
    assert_int_equal(acl.entries.v[1].id, 1000);
    assert_int_equal(acl.entries.v[1].perm, 6);
    assert_int_equal(acl.entries.v[1].effective, 4); /* the mask takes w away */
    assert_int_equal(acl.entries.v[0].effective, 6); /* not from the owner */
    for (size_t n = 0; n < whole.n; n++)
        if (n < 4 || (n - 4) % 8)
            assert_int_equal(plm_acl_parse(plm_sv_sub(whole, 0, n), a, &acl, NULL), -1);
    assert_int_equal(plm_acl_parse(PLM_SV("\3\0\0\0"), a, &acl, NULL), -1);
    assert_int_equal(plm_acl_parse(PLM_SV("\2\0\0\0\3\0\4\0\0\0\0\0"), a, &acl, NULL), -1);
    assert_int_equal(plm_acl_parse(PLM_SV("\2\0\0\0\2\0\10\0\0\0\0\0"), a, &acl, NULL), -1);
}

static void test_against_getfacl(void **state)
{
    (void)state;
    char path[] = "/tmp/plm-acl-XXXXXX";
    int fd = mkstemp(path), status = 0;
    assert_true(fd >= 0);
    char set[] = "setfacl", m[] = "-m", spec[] = "u:1234:rw,u:1235:r,g:4321:rwx,m::r";
    char get[] = "getfacl", options[] = "-nce";
    char *const make[] = {set, m, spec, path, NULL}, *const show[] = {get, options, path, NULL};
    char *text = plm_test_output(make, &status);
    bool is_made = text && status == 0;
    free(text);
    text = is_made ? plm_test_output(show, &status) : NULL;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_acl acl = {0};
    int r = plm_acl_of_fd(fd, a, &acl, NULL);
    close(fd);
    unlink(path);
    if (!text) {
        plm_arena_free(plm_take(a));
        plm_test_skip("no setfacl (package acl), or a file system without ACLs");
    }
    assert_int_equal(r, 0);
    assert_int_equal(acl.entries.n, 7);
    for (size_t i = 0; i < acl.entries.n; i++) {
        const struct plm_acl_entry *e = &acl.entries.v[i];
        if (e->tag != PLM_ACL_USER && e->tag != PLM_ACL_GROUP)
            continue;
        plm_sv row =
            plm_arena_printf(a, "%s:%u:%c%c%c", e->tag == PLM_ACL_USER ? "user" : "group", e->id,
                             e->perm & 4 ? 'r' : '-', e->perm & 2 ? 'w' : '-', e->perm & 1 ? 'x' : '-');
        plm_sv effective = plm_arena_printf(a, "#effective:%c%c%c", e->effective & 4 ? 'r' : '-',
                                            e->effective & 2 ? 'w' : '-', e->effective & 1 ? 'x' : '-');
        const char *at = strstr(text, row.p);
        assert_non_null(at);
        assert_non_null(strstr(at, effective.p));
        assert_true(strstr(at, effective.p) < strchr(at, '\n'));
    }
    free(text);
}

/* ---- paths ------------------------------------------------------------------------------------------ */

struct tree {
    char dir[32];
    int fd;
};

static void tree_make(struct tree *t)
{
    (void)snprintf(t->dir, sizeof(t->dir), "/tmp/plm-path-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    t->fd = open(t->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(t->fd >= 0);
    assert_int_equal(mkdirat(t->fd, "a", 0755), 0);
    assert_int_equal(mkdirat(t->fd, "a/b", 0755), 0);
    assert_int_equal(mkdirat(t->fd, "c", 0755), 0);
    close(openat(t->fd, "c/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
    assert_int_equal(symlinkat("/c", t->fd, "a/b/abs"), 0);
    assert_int_equal(symlinkat("../../c/file", t->fd, "a/b/rel"), 0);
    assert_int_equal(symlinkat("loop", t->fd, "loop"), 0);
    assert_int_equal(symlinkat("../../../../../c/file", t->fd, "a/up"), 0);
}

static void tree_done(struct tree *t)
{
    static const char *const files[] = {"a/b/abs", "a/b/rel", "a/up", "loop", "c/file"};
    static const char *const dirs[] = {"a/b", "a", "c"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlinkat(t->fd, files[i], 0);
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
        unlinkat(t->fd, dirs[i], AT_REMOVEDIR);
    close(t->fd);
    rmdir(t->dir);
}

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *path, *resolved, *parents;
        int sys;
    } rows[] = {{"/c/file", "/c/file", "/ /c", 0},
                {"c//./file", "/c/file", "/ /c", 0},
                {"/a/b/abs/file", "/c/file", "/ /a /a/b /c", 0},
                {"/a/b/rel", "/c/file", "/ /a /a/b /c", 0},
                {"/a/up", "/c/file", "/ /a /c", 0},
                {"/../../c", "/c", "/", 0},
                {"/", "/", "", 0},
                {"/a/none", NULL, NULL, 0},
                {"/c/file/below", NULL, NULL, 0},
                {"/loop", NULL, NULL, ELOOP}};
    struct tree t;
    tree_make(&t);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
        plm_auto_done(plm_path_facts_done) struct plm_path_facts p = {.fd = -1};
        assert_int_equal(plm_path_examine(t.fd, plm_sv_from(rows[i].path), a, &p, NULL), 0);
        assert_int_equal(p.exists, rows[i].resolved != NULL);
        assert_int_equal(p.sys, rows[i].sys);
        if (!p.exists)
            continue;
        assert_true(plm_sv_is(p.resolved, rows[i].resolved));
        plm_sv seen = PLM_SV("");
        for (size_t j = 0; j < p.parents.n; j++)
            seen = plm_arena_printf(a, "%.*s%s%.*s", PLM_SV_ARG(seen), j ? " " : "",
                                    PLM_SV_ARG(p.parents.v[j].path));
        if (!plm_sv_is(seen, rows[i].parents))
            fail_msg("%s: parents %.*s", rows[i].path, PLM_SV_ARG(seen));
        if (plm_sv_is(p.resolved, "/c/file"))
            assert_int_equal(p.st.st_mode & 07777, 0640);
    }
    tree_done(&t);
}

static void test_shell_words(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    assert_true(plm_sv_is(plm_shell_word(a, PLM_SV("/etc/docker/daemon.json")), "/etc/docker/daemon.json"));
    assert_true(plm_sv_is(plm_shell_word(a, PLM_SV("/a b")), "'/a b'"));
    assert_true(plm_sv_is(plm_shell_word(a, PLM_SV("/a'$(x)")), "'/a'\\''$(x)'"));
    assert_true(plm_sv_is(plm_shell_word(a, PLM_SV("")), "''"));
    assert_true(plm_sv_is(plm_shell_word(a, PLM_SV("-rf")), "'-rf'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accounts),        cmocka_unit_test(test_nsswitch),
        cmocka_unit_test(test_against_python),  cmocka_unit_test(test_acl_bytes),
        cmocka_unit_test(test_against_getfacl), cmocka_unit_test(test_paths),
        cmocka_unit_test(test_shell_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
