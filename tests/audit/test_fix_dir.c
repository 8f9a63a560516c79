/* SPDX-License-Identifier: Apache-2.0
 *
 * --fix-dir: scripts that a shell accepts, that do what they say and can be taken back, and into which no
 * text of a container gets as a command.
 */
#include "base/skip.h"

#include "audit/access_int.h"
#include "base/fs.h"
#include "run_program.h"

#include <sys/stat.h>

struct world {
    char dir[40];
    char *out; /* where the files go */
    struct plm_arena *arena;
    struct plm_report *report;
    struct plm_audit_options opt;
    struct plm_facts facts;
};

static const struct plm_ctx ctx = {.limits = &plm_limits_default};

static void begin(struct world *w)
{
    *w = (struct world){0};
    (void)snprintf(w->dir, sizeof(w->dir), "/tmp/plm-fix-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    w->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    w->report = plm_report_new(NULL);
    w->out = plm_fs_join(w->dir, "out");
    assert_true(w->arena && w->report && w->out);
    assert_int_equal(mkdir(w->out, 0700), 0);
    w->facts = (struct plm_facts){.ctx = &ctx,
                                  .opt = &w->opt,
                                  .arena = w->arena,
                                  .root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC),
                                  .report = w->report};
}

static void run(const char *one, const char *two, const char *three, int wanted)
{
    char *argv[] = {strdup(one), two ? strdup(two) : NULL, three ? strdup(three) : NULL, NULL};
    int status = -1;
    char *text = plm_test_output(argv, &status);
    for (int i = 0; i < 3; i++)
        free(argv[i]);
    if (text && (!WIFEXITED(status) || WEXITSTATUS(status) != wanted))
        fail_msg("%s %s %s: status %d\n%s", one, two ? two : "", three ? three : "", status, text);
    free(text);
}

static void end(struct world *w)
{
    run("rm", "-rf", w->dir, 0);
    close(w->facts.root_fd);
    free(w->out);
    plm_report_free(w->report);
    plm_arena_free(w->arena);
}

static void add(struct world *w, const char *id, const char *object, const char *remedy)
{
    struct plm_finding *f = plm_report_finding(w->report, 0, PLM_KIND_AUDIT);
    assert_non_null(f);
    f->id = plm_sv_from(id);
    f->severity = PLM_SEV_MEDIUM;
    f->title = PLM_SV("title");
    f->object = plm_sv_from(object);
    f->remediation = plm_sv_from(remedy);
    assert_true(plm_sv_vec_add(w->report->arena, &f->evidence, PLM_SV("evidence\n`rm -rf /`")));
}

static plm_sv text_of(struct world *w, const char *name)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_auto_free char *path = plm_fs_join(w->out, name);
    assert_int_equal(plm_fs_read(path, PLM_MIB(1), &b, NULL), 0);
    return plm_arena_sv(w->arena, plm_buf_sv(&b));
}

static bool has_line(plm_sv text, const char *wanted)
{
    plm_sv line;
    while (plm_sv_line(&text, &line))
        if (plm_sv_is(line, wanted))
            return true;
    return false;
}

static void test_do_and_undo(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    plm_sv path = plm_arena_printf(w.arena, "%s/a 'b'", w.dir);
    int fd = open(path.p, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0646), 0);
    plm_sv word = plm_shell_word(w.arena, path);
    add(&w, "3.20", path.p, plm_arena_printf(w.arena, "`chmod 0644 %.*s`", PLM_SV_ARG(word)).p);
    add(&w, "1.1.6", "/etc/docker", "`echo '-w /etc/docker' >> /etc/audit/rules.d/docker.rules`");
    assert_int_equal(plm_fix_dir_write(&w.facts, w.report, w.out, NULL), 0);
    static const char *const scripts[] = {"fix-safe.sh", "fix-restart.sh", "fix-may-break.sh", "undo.sh"};
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        plm_auto_free char *script = plm_fs_join(w.out, scripts[i]);
        run("sh", "-n", script, 0);
        run("shellcheck", script, NULL, 0);
    }
    assert_true(has_line(text_of(&w, "docker.rules"), "-w /etc/docker -p wa -k docker"));
    struct stat st;
    plm_sv line = plm_arena_printf(w.arena, "chmod 0644 %.*s", PLM_SV_ARG(word));
    assert_true(has_line(text_of(&w, "fix-safe.sh"), line.p));
    run("sh", "-c", line.p, 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    plm_sv back = plm_arena_printf(w.arena, "chmod 0646 %.*s", PLM_SV_ARG(word));
    assert_true(has_line(text_of(&w, "undo.sh"), back.p));
    run("sh", "-c", back.p, 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0646);
    close(fd);
    end(&w);
}

/* Whatever a remedy holds, only the known shapes become lines that run. */
static void test_nothing_foreign_runs(void **state)
{
    (void)state;
    static const char *const bad[] = {"`rm -rf /`",
                                      "`chmod 0644 /etc/passwd; rm x`",
                                      "`chmod 0644 $(id)`",
                                      "`chmod 0644 /etc/passwd && rm -rf x`",
                                      "`chmod 0644 /etc/passwd\nrm x`",
                                      "`chmod 0644 'unclosed`",
                                      "`chmod -R 0777 /`",
                                      "`sysctl -w kernel.x=1 | sh`",
                                      "`chown $(whoami) /etc/passwd`",
                                      "`docker rm -f web`"};
    struct world w;
    begin(&w);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        add(&w, i & 1 ? "3.20" : "5.4", "web\nrm -rf /\n", bad[i]);
    assert_int_equal(plm_fix_dir_write(&w.facts, w.report, w.out, NULL), 0);
    static const char *const scripts[] = {"fix-safe.sh", "fix-restart.sh", "fix-may-break.sh"};
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        plm_sv text = text_of(&w, scripts[i]), line;
        while (plm_sv_line(&text, &line))
            if (line.n && line.p[0] != '#' && !plm_sv_starts(line, PLM_SV("set -eu")) &&
                !plm_sv_starts(line, PLM_SV("here=")) && !plm_sv_is(line, "chmod 0644 /etc/passwd"))
                fail_msg("%s has the line: %.*s", scripts[i], PLM_SV_ARG(line));
    }
    end(&w);
}

static void test_daemon_json(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    plm_sv path = plm_arena_printf(w.arena, "%s/daemon.json", w.dir);
    assert_int_equal(
        plm_fs_write_atomic(path.p, PLM_SV("{\"debug\": true, \"labels\": [\"a=b\"]}"), 0644, NULL), 0);
    plm_auto(plm_json_free) struct plm_json *doc =
        plm_json_parse(PLM_SV("{\"debug\": true, \"labels\": [\"a=b\"]}"), "x", &plm_limits_default, NULL);
    struct plm_daemon *d = plm_vec_push(w.arena, &w.facts.daemons);
    assert_non_null(d);
    *d = (struct plm_daemon){.endpoint = PLM_SV("unix:///run/docker.sock"),
                             .product = PLM_SV("docker"),
                             .config_path = path,
                             .has_config_file = true};
    d->config.root = plm_json_root(doc);
    struct plm_setting *s = plm_vec_push(w.arena, &d->settings);
    assert_non_null(s);
    *s = (struct plm_setting){.name = PLM_SV("icc"), .value = PLM_SV("true"), .origin = PLM_SET_ARGV};
    const struct {
        const char *id, *remedy;
    } rows[] = {{"2.3", "`\"log-level\": \"info\"` in daemon.json, and no `debug`"},
                {"2.15", "`\"live-restore\": true` in daemon.json"},
                {"2.2", "`\"icc\": false` in daemon.json"},
                {"2.12", "`\"authorization-plugins\": [\"NAME\"]`; its socket root:root 0600"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        add(&w, rows[i].id, "unix:///run/docker.sock", rows[i].remedy);
    assert_int_equal(plm_fix_dir_write(&w.facts, w.report, w.out, NULL), 0);
    plm_sv text = text_of(&w, "daemon.json");
    assert_true(plm_sv_has(text, PLM_SV("\"live-restore\": true")));
    assert_true(plm_sv_has(text, PLM_SV("\"log-level\": \"info\"")));
    assert_true(plm_sv_has(text, PLM_SV("\"a=b\"")));
    assert_false(plm_sv_has(text, PLM_SV("debug")));
    assert_false(plm_sv_has(text, PLM_SV("icc")));
    assert_false(plm_sv_has(text, PLM_SV("authorization-plugins")));
    assert_true(plm_sv_has(text_of(&w, "daemon.json.before"), PLM_SV("\"debug\": true")));
    assert_true(plm_sv_has(text_of(&w, "undo.sh"), PLM_SV("daemon.json.before")));
    end(&w);
}

static void test_a_used_folder_is_refused(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    plm_auto(plm_err_free) plm_err *e = NULL;
    assert_int_equal(plm_audit_fix_dir(&ctx, &w.opt, w.report, w.dir, &e), -1);
    assert_non_null(e);
    assert_int_equal(e->code, PLM_E_USAGE);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_do_and_undo), cmocka_unit_test(test_nothing_foreign_runs),
        cmocka_unit_test(test_daemon_json), cmocka_unit_test(test_a_used_folder_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
