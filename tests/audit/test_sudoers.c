/* SPDX-License-Identifier: Apache-2.0
 *
 * sudoers: the grammar, what a rule gives, and the same questions put to sudo itself.
 */
#include "base/skip.h"

#include "audit/access_int.h"
#include "run_program.h"

#include <sys/stat.h>

static struct plm_sudoers parse(struct plm_arena *a, const char *text)
{
    struct plm_sudoers s;
    plm_err *e = NULL;
    assert_int_equal(plm_sudoers_parse(plm_sv_from(text), PLM_SV("/etc/sudoers"), NULL, a, &s, &e), 0);
    assert_null(e);
    return s;
}

/* What the first rule gives: path of the command, "" for nothing. */
static void assert_reach(const char *commands, const char *wanted)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_sv text = plm_arena_printf(a, "u ALL = %s\n", commands);
    struct plm_sudoers s = parse(a, text.p);
    if (s.rules.n != 1 || s.notes.n)
        fail_msg("%s: %zu rules, %zu notes", commands, s.rules.n, s.notes.n);
    const struct plm_sudo_command *c = plm_sudo_rule_reach(&s.rules.v[0]);
    plm_sv got = c ? c->path : PLM_SV("");
    if (!plm_sv_is(got, wanted))
        fail_msg("%s: reach \"%.*s\", wanted \"%s\"", commands, PLM_SV_ARG(got), wanted);
}

static void test_reach(void **state)
{
    (void)state;
    assert_reach("ALL", "ALL");
    assert_reach("(ALL:ALL) ALL", "ALL");
    assert_reach("NOPASSWD: ALL", "ALL");
    assert_reach("/usr/bin/docker", "/usr/bin/docker");
    assert_reach("/usr/bin/docker run *", "/usr/bin/docker");
    assert_reach("/usr/bin/docker *", "/usr/bin/docker");
    assert_reach("/usr/bin/docker ps", "");
    assert_reach("/usr/bin/docker logs *", "");
    assert_reach("/usr/bin/docker \"\"", "");
    assert_reach("/usr/bin/*", "/usr/bin/*");
    assert_reach("/usr/bin/", "/usr/bin/");
    assert_reach("/usr/bin/doc?er", "/usr/bin/doc?er");
    assert_reach("/usr/bin/systemctl restart docker", "");
    assert_reach("/opt/vendor/docker", "/opt/vendor/docker");
    assert_reach("/usr/bin/docker, !/usr/bin/docker", "");
    assert_reach("!/usr/bin/docker, /usr/bin/docker", "/usr/bin/docker");
    assert_reach("ALL, !/usr/bin/docker", "ALL"); /* a copy under another name is not denied */
    assert_reach("ALL, !ALL", "");
    assert_reach("/usr/bin/ls, /usr/bin/podman", "/usr/bin/podman");
    assert_reach("sha224:0GomF8mNN3wlDt1HD9XldjJ3SNgpFdbjO1+NsQ== /usr/bin/docker", "/usr/bin/docker");
    assert_reach("/usr/bin/tail -f /var/log/docker", "");
    assert_reach("CWD=/tmp NOPASSWD:SETENV: /usr/bin/nerdctl", "/usr/bin/nerdctl");
    assert_reach("/usr/bin/ctr --address /run/containerd/containerd.sock", "/usr/bin/ctr");
    assert_reach("/usr/bin/bash", "/usr/bin/bash");
    assert_reach("^/usr/bin/do(ck|g)er$ ^run .*,x$", "^/usr/bin/do(ck|g)er$");
    assert_reach("/usr/bin/cp a\\,b\\:c\\=d /x", "");
}

static void test_grammar(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_sudoers s = parse(a, "# a comment\n"
                                    "Defaults env_reset, secure_path=\"/usr/sbin:/usr/bin\"\n"
                                    "Defaults:bob !authenticate\n"
                                    "User_Alias OPS = alice, %ops : DEVS = bob, !carol\n"
                                    "Cmnd_Alias ENGINE = /usr/bin/docker, \\\n"
                                    "    /usr/bin/podman\n"
                                    "Runas_Alias ADM = root, #0\n"
                                    "OPS, DEVS ALL = (ADM : docker) NOPASSWD: ENGINE, (www) PASSWD: /bin/ls "
                                    ": web1, !web2 = /bin/id\n"
                                    "#1000 ALL=(root) /bin/true # why\n"
                                    "\"last name\" ALL = ALL\n");
    assert_int_equal(s.notes.n, 0);
    assert_int_equal(s.rules.n, 4);
    assert_false(s.never_asks);
    const struct plm_sudo_rule *r = &s.rules.v[0];
    assert_int_equal(r->line, 8);
    assert_int_equal(r->who.n, 4);
    assert_true(plm_sv_is(r->who.v[1].name, "%ops"));
    assert_true(r->who.v[3].is_negated);
    assert_int_equal(r->commands.n, 3);
    assert_true(r->commands.v[0].is_nopasswd && r->commands.v[1].is_nopasswd);
    assert_false(r->commands.v[2].is_nopasswd);
    assert_int_equal(r->commands.v[0].run_as->n, 2);
    assert_true(plm_sv_is(r->commands.v[0].run_group->v[0].name, "docker"));
    assert_true(plm_sv_is(r->commands.v[2].run_as->v[0].name, "www"));
    assert_int_equal(s.rules.v[1].hosts.n, 2);
    assert_true(plm_sv_is(s.rules.v[2].who.v[0].name, "#1000"));
    assert_null(s.rules.v[2].commands.v[0].args.p);
    assert_true(plm_sv_is(s.rules.v[3].who.v[0].name, "last name"));
}

static void test_bad_input(void **state)
{
    (void)state;
    static const char *const bad[] = {"alice\n",
                                      "alice ALL\n",
                                      "alice ALL=\n",
                                      "alice ALL=(root /bin/ls\n",
                                      "User_Alias = x\n",
                                      "@include /nowhere\n",
                                      "alice ALL = docker\n",
                                      "A ALL = /bin/ls : \n",
                                      "Cmnd_Alias LOOP = LOOP\nu ALL = LOOP\n"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
        struct plm_sudoers s = parse(a, bad[i]);
        if (s.notes.n == 0)
            fail_msg("nothing is noted of: %s", bad[i]);
    }
    /* aliases that double at every step */
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    plm_sv text = PLM_SV("User_Alias A0 = x, y\n");
    for (int i = 1; i < 30; i++)
        text = plm_arena_printf(a, "%.*sUser_Alias A%d = A%d, A%d\n", PLM_SV_ARG(text), i, i - 1, i - 1);
    text = plm_arena_printf(a, "%.*sA29 ALL = ALL\n", PLM_SV_ARG(text));
    struct plm_sudoers s = parse(a, text.p);
    assert_int_equal(s.notes.n, 1);
}

static void write_file(int dir, const char *name, const char *text, mode_t mode)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void test_includes(void **state)
{
    (void)state;
    char dir[] = "/tmp/plm-sudoers-XXXXXX";
    assert_non_null(mkdtemp(dir));
    int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(fd, "etc", 0755), 0);
    assert_int_equal(mkdirat(fd, "etc/sudoers.d", 0755), 0);
    write_file(fd, "etc/sudoers", "#includedir /etc/sudoers.d\n@include local\n", 0440);
    write_file(fd, "etc/local", "carol ALL = ALL\n", 0440);
    write_file(fd, "etc/sudoers.d/20-b", "bob ALL = ALL\n", 0440);
    write_file(fd, "etc/sudoers.d/10-a", "alice ALL = ALL\n", 0440);
    write_file(fd, "etc/sudoers.d/30.rpmsave", "mallory ALL = ALL\n", 0440);
    write_file(fd, "etc/sudoers.d/40~", "mallory ALL = ALL\n", 0440);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_sudoers s;
    int sys;
    assert_int_equal(plm_sudoers_read(fd, a, &s, &sys, NULL), 0);
    assert_int_equal(sys, 0);
    assert_int_equal(s.rules.n, 3);
    assert_true(plm_sv_is(s.rules.v[0].who.v[0].name, "alice"));
    assert_true(plm_sv_is(s.rules.v[0].file, "/etc/sudoers.d/10-a"));
    assert_true(plm_sv_is(s.rules.v[1].who.v[0].name, "bob"));
    assert_true(plm_sv_is(s.rules.v[2].who.v[0].name, "carol"));
    static const char *const made[] = {"etc/sudoers.d/20-b", "etc/sudoers.d/10-a", "etc/sudoers.d/30.rpmsave",
                                       "etc/sudoers.d/40~",  "etc/local",          "etc/sudoers"};
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        unlinkat(fd, made[i], 0);
    unlinkat(fd, "etc/sudoers.d", AT_REMOVEDIR);
    assert_int_equal(plm_sudoers_read(fd, a, &s, &sys, NULL), 0);
    assert_int_equal(sys, ENOENT);
    unlinkat(fd, "etc", AT_REMOVEDIR);
    close(fd);
    rmdir(dir);
}

/* cvtsudoers -f json of a file with everything above: the same users and commands per rule. */
static void test_against_cvtsudoers(void **state)
{
    (void)state;
    static const char text[] = "User_Alias OPS = alice, %ops\n"
                               "Cmnd_Alias ENGINE = /usr/bin/docker, /usr/bin/podman run *\n"
                               "OPS ALL = (root) NOPASSWD: ENGINE, !/usr/bin/su\n"
                               "bob web = (ALL : ALL) ALL\n"
                               "%#27, #1000 ALL = (www-data) /bin/ls a\\,b, PASSWD: /usr/bin/\n"
                               "carol ALL = /bin/a : db1 = /bin/b\n";
    char path[] = "/tmp/plm-sudoers-XXXXXX";
    int fd = mkstemp(path), status = 0;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
    close(fd);
    char name[] = "cvtsudoers", expand[] = "-e", format[] = "-f", kind[] = "json";
    char *const argv[] = {name, expand, format, kind, path, NULL};
    char *json = plm_test_output(argv, &status);
    unlink(path);
    if (!json || !*json) {
        free(json);
        plm_test_skip("cvtsudoers is not installed (package sudo)");
    }
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_sudoers s = parse(a, text);
    plm_auto(plm_json_free) struct plm_json *doc =
        plm_json_parse(plm_sv_from(json), "cvtsudoers", &plm_limits_default, NULL);
    free(json);
    assert_non_null(doc);
    yyjson_val *specs = plm_json_at(plm_json_root(doc), "User_Specs", NULL), *spec, *command, *group;
    size_t i, n, j, m, k, l, rule = 0;
    yyjson_arr_foreach(specs, i, n, spec)
    {
        assert_true(rule < s.rules.n);
        const struct plm_sudo_rule *r = &s.rules.v[rule++];
        assert_int_equal(r->who.n, yyjson_arr_size(plm_json_at(spec, "User_List", NULL)));
        assert_int_equal(r->hosts.n, yyjson_arr_size(plm_json_at(spec, "Host_List", NULL)));
        size_t at = 0;
        yyjson_arr_foreach(plm_json_at(spec, "Cmnd_Specs", NULL), j, m, group)
        {
            yyjson_arr_foreach(plm_json_at(group, "Commands", NULL), k, l, command)
            {
                assert_true(at < r->commands.n);
                const struct plm_sudo_command *c = &r->commands.v[at++];
                plm_sv whole =
                    c->args.p ? plm_arena_printf(a, "%.*s %.*s", PLM_SV_ARG(c->path), PLM_SV_ARG(c->args))
                              : c->path;
                plm_sv theirs = plm_json_str(command, "command", NULL);
                if (!plm_sv_eq(whole, theirs))
                    fail_msg("\"%.*s\", cvtsudoers \"%.*s\"", PLM_SV_ARG(whole), PLM_SV_ARG(theirs));
                assert_int_equal(c->is_denied, plm_json_bool(command, "negated", false));
            }
        }
        assert_int_equal(at, r->commands.n);
    }
    assert_int_equal(rule, s.rules.n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reach), cmocka_unit_test(test_grammar),
                                       cmocka_unit_test(test_bad_input), cmocka_unit_test(test_includes),
                                       cmocka_unit_test(test_against_cvtsudoers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
