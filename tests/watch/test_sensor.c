/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel sensor on the running kernel: real actions of children of ours, and what the sensor makes of
 * them. Skipped where the kernel or our rights do not allow it; the reason is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fs.h"
#include "watch/proc.h"
#include "watch/source.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
    struct plm_arena *arena;
    struct plm_source *source;
};

static bool open_sensor(struct fixture *f, const struct plm_sensor_config *conf)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    struct plm_sensor_part *parts;
    size_t n;
    plm_err *err = NULL;
    char dir[4096], *lib = realpath("/proc/self/cwd", dir); /* unit tests run in the build tree */
    ctx.lib_dir = lib;
    f->arena = plm_arena_new(1 << 20);
    f->source = plm_sensor_open(&ctx, conf, NULL, f->arena, &parts, &n, &err);
    if (f->source)
        return true;
    print_message("skipped: %s\n", err ? err->message : "no reason given");
    assert_true(!err || err->code == PLM_E_UNSUPPORTED || err->code == PLM_E_AUTH);
    plm_err_free(err);
    plm_arena_free(f->arena);
    return false;
}

static void close_sensor(struct fixture *f)
{
    plm_source_close(f->source);
    plm_arena_free(f->arena);
}

/* Hands every item to `see` until that says enough; the wait for the next one is bounded. */
static bool watch(struct fixture *f, bool (*see)(void *data, const struct plm_item *item), void *data)
{
    for (unsigned quiet = 0; quiet < 100;) {
        struct plm_item item;
        plm_err *err = NULL;
        assert_int_equal(f->source->ops->next(f->source, &item, &err), 0);
        if (item.kind == PLM_ITEM_NONE) {
            struct pollfd p = {.fd = f->source->ops->fd(f->source), .events = POLLIN};
            quiet += poll(&p, 1, 50) == 0;
            continue;
        }
        if (see(data, &item))
            return true;
    }
    return false;
}

static bool is_scan_done(void *data, const struct plm_item *item)
{
    unsigned *own = data;
    if (item->kind == PLM_ITEM_TASK && item->task->pid == getpid() && item->task->exepath.n)
        ++*own;
    return item->kind == PLM_ITEM_SCAN_DONE;
}

struct wanted {
    pid_t pid;
    const char *file, *link;
    bool has_file, has_dup, has_exec, has_fork, has_socket;
    bool is_ended;
};

static bool see_child(void *data, const struct plm_item *item)
{
    struct wanted *w = data;
    const struct plm_event *e = item->event;
    if (item->kind != PLM_ITEM_EVENT || e->pid != w->pid)
        return false;
    plm_sv type = plm_sv_from(e->type->name);
    if (e->task && !w->has_exec)
        w->has_fork = true;
    if (plm_sv_eq(type, PLM_SV("openat")) && plm_sv_eq(e->fd.name, plm_sv_from(w->file))) {
        w->has_file = true;
        assert_true(plm_sv_eq(e->fd.nameraw, plm_sv_from(w->link)));
    }
    if (plm_sv_eq(type, PLM_SV("dup")) && plm_sv_eq(e->fd.name, plm_sv_from(w->file)))
        w->has_dup = true;
    if (plm_sv_eq(type, PLM_SV("connect")) && e->fd.type == PLM_FD_UNIX)
        w->has_socket = true;
    if (plm_sv_eq(type, PLM_SV("execve")) && e->res == 0) {
        assert_non_null(e->task);
        w->has_exec = plm_sv_eq(e->task->exe, PLM_SV("renamed"));
    }
    w->is_ended = plm_sv_eq(type, PLM_SV("procexit"));
    return w->is_ended;
}

static void child_main(const char *link)
{
    int fd = openat(AT_FDCWD, link, O_RDONLY);
    int copy = dup(fd);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/nonexistent/plimsoll"};
    (void)!connect(s, (struct sockaddr *)&a, sizeof(a));
    char name[] = "renamed", *argv[] = {name, NULL}, *envp[] = {NULL};
    if (fd >= 0 && copy >= 0)
        execve("/bin/true", argv, envp);
    _exit(1);
}

static void test_links_and_dup_hide_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct plm_sensor_config conf = {0};
    if (!open_sensor(&f, &conf))
        skip();
    unsigned own = 0;
    assert_true(watch(&f, is_scan_done, &own));
    assert_true(own > 0);

    char dir[] = "/tmp/plimsoll-sensor-XXXXXX", file[64], link[64];
    assert_non_null(mkdtemp(dir));
    snprintf(file, sizeof(file), "%s/secret", dir);
    snprintf(link, sizeof(link), "%s/harmless", dir);
    int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(symlink("secret", link), 0);
    struct wanted w = {.file = file, .link = link};
    w.pid = fork();
    assert_true(w.pid >= 0);
    if (w.pid == 0)
        child_main(link);
    assert_true(watch(&f, see_child, &w));
    assert_true(w.has_fork && w.has_file && w.has_dup && w.has_socket && w.has_exec);
    int status;
    assert_int_equal(waitpid(w.pid, &status, 0), w.pid);
    unlink(link);
    unlink(file);
    rmdir(dir);
    close_sensor(&f);
}

struct loss {
    unsigned n_loss, n_done;
};

static bool see_loss(void *data, const struct plm_item *item)
{
    struct loss *l = data;
    if (item->kind == PLM_ITEM_LOSS && item->loss.must_resync)
        l->n_loss++;
    if (item->kind == PLM_ITEM_SCAN_DONE)
        l->n_done++;
    return l->n_loss && l->n_done > 1;
}

/* Rings of one page and hundreds of short processes: what is lost is said, and a new scan follows by itself.
 */
static void test_lost_processes_are_scanned_again(void **state)
{
    (void)state;
    struct fixture f;
    struct plm_sensor_config conf = {.ring_bytes = 4096, .process_ring_bytes = 4096};
    if (!open_sensor(&f, &conf))
        skip();
    for (int i = 0; i < 300; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            _exit(0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
    }
    struct loss l = {0};
    assert_true(watch(&f, see_loss, &l));
    struct plm_source_stats st;
    f.source->ops->stats(f.source, &st);
    assert_true(st.n_lost[PLM_LOSS_PROCESS] > 0);
    close_sensor(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_and_dup_hide_nothing),
        cmocka_unit_test(test_lost_processes_are_scanned_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
