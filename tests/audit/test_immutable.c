/* SPDX-License-Identifier: Apache-2.0
 *
 * R16, R17 and R23 over directories laid out as an overlay has them, and over a recorded host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../base/skip.h"
#include "audit/upper_layer.h"
#include "base/fs.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define TREE PLM_TEST_DATA "/../kernel/trees/v2-systemd"
#define ID_A "5f0c2ad4b7e1937a5d1e0f6b3c8a92d4e7f61b0c3a5d8e92f4b7c6a1d0e3f285"
#define ID_B "9a3b7c1d5e8f0246a8c0e1f3b5d7092468ace13579bdf02468ace13579bdf024"

struct world {
    struct plm_ctx ctx;
    struct plm_report *report;
    struct plm_audit_options opt;
    struct plm_facts facts;
    char dir[64];
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    w->ctx = PLM_CTX_INIT;
    w->report = plm_report_new(NULL);
    w->opt.stages = PLM_STAGE_ALL;
    snprintf(w->dir, sizeof(w->dir), "/tmp/plimsoll-immutable-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    w->facts = (struct plm_facts){.ctx = &w->ctx,
                                  .opt = &w->opt,
                                  .arena = plm_arena_new(PLM_ARENA_NO_LIMIT),
                                  .report = w->report,
                                  .root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    struct plm_daemon *d = plm_vec_push(w->facts.arena, &w->facts.daemons);
    *d = (struct plm_daemon){
        .endpoint = PLM_SV("unix:///run/docker.sock"), .product = PLM_SV("docker"), .is_answering = true};
    *state = w;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
    (void)st;
    (void)flag;
    (void)at;
    return remove(path);
}

static int tear_down(void **state)
{
    struct world *w = *state;
    nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    plm_kernel_close(w->facts.kernel);
    close(w->facts.root_fd);
    plm_arena_free(w->facts.arena);
    plm_report_free(w->report);
    free(w);
    return 0;
}

static plm_sv path_in(struct world *w, const char *name)
{
    return plm_arena_printf(w->facts.arena, "%s/%s", w->dir, name);
}

static void put(struct world *w, const char *name, mode_t mode)
{
    char *path = plm_arena_cstr(w->facts.arena, path_in(w, name));
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        (void)mkdir(path, 0755);
        *slash = '/';
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static struct plm_container *add_container(struct world *w, const char *id)
{
    struct plm_daemon *d = &w->facts.daemons.v[0];
    struct plm_container *c = plm_vec_push(w->facts.arena, &d->containers);
    *c = (struct plm_container){.daemon = d,
                                .id = plm_sv_from(id),
                                .name = PLM_SV("app"),
                                .object = PLM_SV("app"),
                                .is_running = true,
                                .upper_dir = path_in(w, "upper")};
    c->lower_dirs = plm_arena_printf(w->facts.arena, "%s/init:%s/image", w->dir, w->dir);
    return c;
}

static const struct plm_layer_change *change_of(const struct plm_layer_changes *v, const char *path)
{
    for (size_t i = 0; i < v->shown.n; i++)
        if (plm_sv_is(v->shown.v[i].path, path))
            return &v->shown.v[i];
    return NULL;
}

static void lay_out(struct world *w)
{
    put(w, "image/usr/bin/tool", 0755);
    put(w, "image/etc/passwd", 0644);
    put(w, "image/usr/share/doc/old", 0644);
    put(w, "image/var/keep", 0644);
    put(w, "init/etc/hosts", 0644);
    put(w, "upper/usr/bin/tool", 0755);
    put(w, "upper/tmp/dropped", 0700);
    put(w, "upper/tmp/root-shell", 04755);
    put(w, "upper/etc/passwd", 0644);
    put(w, "upper/run/app.pid", 0644);
    put(w, "upper/.dockerenv", 0755);
    put(w, "upper/etc/hosts", 0644);
    put(w, "upper/data/hidden-by-the-volume", 0755);
    put(w, "upper/var/only-copied-up/x", 0644);
    put(w, "image/var/only-copied-up/x", 0644);
}

static void layer(void **state)
{
    struct world *w = *state;
    struct plm_layer_changes v;
    lay_out(w);
    struct plm_container *c = add_container(w, ID_A);
    struct plm_mount *m = plm_vec_push(w->facts.arena, &c->mounts);
    m->point = PLM_SV("/data");
    assert_int_equal(plm_upper_layer_read(&w->facts, c, 20, w->facts.arena, &v, NULL), 0);
    assert_null(v.failure.p);
    assert_int_equal(v.shown.n, 6);
    assert_true(plm_sv_is(v.shown.v[0].path, "/tmp/root-shell"));
    assert_int_equal(v.shown.v[0].rank, PLM_RANK_SETUID);
    assert_int_equal(change_of(&v, "/tmp/dropped")->change, PLM_CHANGE_ADDED);
    assert_int_equal(change_of(&v, "/tmp/dropped")->rank, PLM_RANK_EXECUTABLE);
    assert_int_equal(change_of(&v, "/usr/bin/tool")->change, PLM_CHANGE_CHANGED);
    assert_int_equal(change_of(&v, "/etc/passwd")->rank, PLM_RANK_ACCOUNTS);
    assert_int_equal(change_of(&v, "/run/app.pid")->rank, PLM_RANK_OTHER);
    assert_null(change_of(&v, "/.dockerenv"));
    assert_null(change_of(&v, "/etc/hosts"));
    /* bounded: the gravest stay, all are counted */
    assert_int_equal(plm_upper_layer_read(&w->facts, c, 2, w->facts.arena, &v, NULL), 0);
    assert_int_equal(v.shown.n, 2);
    assert_true(plm_sv_is(v.shown.v[0].path, "/tmp/root-shell"));
    assert_true(plm_sv_is(v.shown.v[1].path, "/tmp/dropped"));
    assert_int_equal(v.counts[PLM_RANK_EXECUTABLE], 2);
    assert_int_equal(v.counts[PLM_RANK_OTHER], 2);
}

static void whiteouts_and_opaque_directories(void **state)
{
    struct world *w = *state;
    struct plm_layer_changes v;
    lay_out(w);
    struct plm_container *c = add_container(w, ID_A);
    char *gone = plm_arena_cstr(w->facts.arena, path_in(w, "upper/usr/share/doc/old"));
    put(w, "upper/usr/share/doc/new", 0644);
    put(w, "upper/var/new", 0644);
    char *var = plm_arena_cstr(w->facts.arena, path_in(w, "upper/var"));
    char *never = plm_arena_cstr(w->facts.arena, path_in(w, "upper/var/made-and-removed"));
    if (mknod(gone, S_IFCHR, makedev(0, 0)) < 0 || mknod(never, S_IFCHR, makedev(0, 0)) < 0 ||
        setxattr(var, "trusted.overlay.opaque", "y", 1, 0) < 0)
        plm_test_skip("whiteouts and trusted attributes need root and a file system that has them");
    assert_int_equal(plm_upper_layer_read(&w->facts, c, 50, w->facts.arena, &v, NULL), 0);
    assert_int_equal(change_of(&v, "/usr/share/doc/old")->change, PLM_CHANGE_DELETED);
    assert_int_equal(change_of(&v, "/usr/share/doc/old")->rank, PLM_RANK_SYSTEM);
    assert_int_equal(change_of(&v, "/var")->change, PLM_CHANGE_REPLACED);
    assert_null(change_of(&v, "/var/made-and-removed"));
}

static void hostile_layer(void **state)
{
    struct world *w = *state;
    struct plm_layer_changes v;
    put(w, "upper/a\nb\033[31m", 0755);
    char *link = plm_arena_cstr(w->facts.arena, path_in(w, "upper/etc"));
    assert_int_equal(symlink("/etc", link), 0); /* a link instead of a directory: not followed */
    char *fifo = plm_arena_cstr(w->facts.arena, path_in(w, "upper/pipe"));
    assert_int_equal(mkfifo(fifo, 0777), 0);
    struct plm_container *c = add_container(w, ID_A);
    assert_int_equal(plm_upper_layer_read(&w->facts, c, 50, w->facts.arena, &v, NULL), 0);
    assert_int_equal(v.shown.n, 3);
    c->upper_dir = path_in(w, "nowhere");
    assert_int_equal(plm_upper_layer_read(&w->facts, c, 50, w->facts.arena, &v, NULL), 0);
    assert_true(v.failure.n);
}

/* ---- the checks --------------------------------------------------------------------------------------- */

static const struct plm_check_row *judge(struct world *w, const char *id, const char *object)
{
    plm_sv_vec_add(w->facts.arena, &w->opt.checks, plm_sv_from(id));
    assert_int_equal(plm_audit_judge(&w->facts, NULL), 0);
    for (size_t i = 0; i < w->report->checks.n; i++)
        if (plm_sv_is(w->report->checks.v[i].id, id) &&
            (!object || plm_sv_is(w->report->checks.v[i].object, object)))
            return &w->report->checks.v[i];
    fail_msg("no row of %s on %s", id, object ? object : "anything");
    return NULL;
}

static enum plm_severity severity_of(const struct world *w, const char *id)
{
    for (size_t i = 0; i < w->report->findings.n; i++)
        if (plm_sv_is(w->report->findings.v[i].id, id))
            return w->report->findings.v[i].severity;
    fail_msg("no finding of %s", id);
    return PLM_SEV_UNKNOWN;
}

static void changed(void **state)
{
    struct world *w = *state;
    lay_out(w);
    add_container(w, ID_A);
    assert_int_equal(judge(w, "R16", "app")->outcome, PLM_OUT_FAIL);
    assert_int_equal(severity_of(w, "R16"), PLM_SEV_HIGH);
}

static void only_a_pid_file(void **state)
{
    struct world *w = *state;
    put(w, "upper/run/app.pid", 0644);
    add_container(w, ID_A);
    assert_int_equal(judge(w, "R16", "app")->outcome, PLM_OUT_FAIL);
    assert_int_equal(severity_of(w, "R16"), PLM_SEV_LOW);
}

static void unchanged(void **state)
{
    struct world *w = *state;
    put(w, "upper/.dockerenv", 0755);
    add_container(w, ID_A);
    assert_int_equal(judge(w, "R16", "app")->outcome, PLM_OUT_PASS);
}

static void unreadable_layer_is_no_pass(void **state)
{
    struct world *w = *state;
    add_container(w, ID_A);
    assert_int_equal(judge(w, "R16", "app")->outcome, PLM_OUT_UNKNOWN);
}

static void programs(struct world *w, const char *exe, bool is_memfd, bool is_deleted, enum plm_outcome want)
{
    put(w, "upper/tmp/miner", 0755);
    struct plm_process *p = plm_arena_make(w->facts.arena, struct plm_process);
    *p = (struct plm_process){.pid = 77,
                              .comm = PLM_SV("x"),
                              .has_details = true,
                              .has_status = true,
                              .exe = plm_sv_from(exe),
                              .exe_errno = exe ? 0 : EACCES,
                              .is_exe_memfd = is_memfd,
                              .is_exe_deleted = is_deleted};
    struct plm_container *c = add_container(w, ID_A);
    static const char *const mounts[][2] = {{"/", "overlay"}, {"/dev/shm", "tmpfs"}, {"/srv", "ext4"}};
    for (size_t i = 0; i < 3; i++) {
        struct plm_mount *m = plm_vec_push(w->facts.arena, &c->mounts);
        m->point = plm_sv_from(mounts[i][0]);
        m->type = plm_sv_from(mounts[i][1]);
    }
    c->init = p;
    *plm_vec_push(w->facts.arena, &c->processes) = p;
    assert_int_equal(judge(w, "R17", "app")->outcome, want);
}

static void program_of_the_image(void **state)
{
    programs(*state, "/usr/bin/app", false, false, PLM_OUT_PASS);
}
static void program_of_the_layer(void **state)
{
    programs(*state, "/tmp/miner", false, false, PLM_OUT_FAIL);
}
static void program_on_tmpfs(void **state)
{
    programs(*state, "/dev/shm/x", false, false, PLM_OUT_FAIL);
}
static void program_of_a_volume(void **state)
{
    programs(*state, "/srv/app", false, false, PLM_OUT_PASS);
}
static void program_in_memory(void **state)
{
    programs(*state, "/memfd:x", true, false, PLM_OUT_FAIL);
}
static void program_deleted(void **state)
{
    programs(*state, "/usr/bin/app", false, true, PLM_OUT_FAIL);
}
static void program_unreadable(void **state)
{
    programs(*state, NULL, false, false, PLM_OUT_UNKNOWN);
}
static void engine_entering(void **state)
{
    programs(*state, "/memfd:runc_cloned:/proc/self/exe", true, false, PLM_OUT_PASS);
}

static void read_tree(struct world *w)
{
    w->opt.root = PLM_SV(TREE);
    assert_int_equal(plm_collect_kernel(&w->facts, NULL), 0);
}

static void strays(void **state)
{
    struct world *w = *state;
    read_tree(w);
    add_container(w, ID_A);
    assert_int_equal(judge(w, "R23", "container 9a3b7c1d5e8f")->outcome, PLM_OUT_FAIL);
    for (size_t i = 0; i < w->report->checks.n; i++)
        assert_false(plm_sv_is(w->report->checks.v[i].object, "container 5f0c2ad4b7e1"));
}

static void no_strays(void **state)
{
    struct world *w = *state;
    read_tree(w);
    add_container(w, ID_A);
    add_container(w, ID_B);
    assert_int_equal(judge(w, "R23", NULL)->outcome, PLM_OUT_PASS);
}

static void an_engine_that_does_not_answer(void **state)
{
    struct world *w = *state;
    read_tree(w);
    w->facts.daemons.v[0].is_answering = false;
    const struct plm_check_row *row = judge(w, "R23", NULL); /* one row, whatever the number of containers */
    assert_int_equal(row->outcome, PLM_OUT_UNKNOWN);
    assert_int_equal(w->report->checks.n, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(layer),
        T(whiteouts_and_opaque_directories),
        T(hostile_layer),
        T(changed),
        T(only_a_pid_file),
        T(unchanged),
        T(unreadable_layer_is_no_pass),
        T(program_of_the_image),
        T(program_of_the_layer),
        T(program_on_tmpfs),
        T(program_of_a_volume),
        T(program_in_memory),
        T(program_deleted),
        T(program_unreadable),
        T(engine_entering),
        T(strays),
        T(no_strays),
        T(an_engine_that_does_not_answer),
    };
    return cmocka_run_group_tests_name("immutable", tests, NULL, NULL);
}
