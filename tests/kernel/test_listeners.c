/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening sockets by netlink and by /proc/PID/net must be the same, in a network namespace of another
 * process.
 */
#include "../base/skip.h"
#include "kernel_int.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

static void listen_on(int family, const void *address, size_t n)
{
    int fd = socket(family, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, address, (socklen_t)n) < 0 || listen(fd, 1) < 0)
        _exit(1);
}

/* A child that listens in a namespace of its own, then says "ready" and waits for its end. */
static void child(int ready)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(8080)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(8081)};
    if (unshare(CLONE_NEWNET) < 0)
        _exit(2);
    listen_on(AF_INET, &v4, sizeof(v4));
    v4.sin_port = htons(22);
    listen_on(AF_INET, &v4, sizeof(v4));
    listen_on(AF_INET6, &v6, sizeof(v6));
    if (write(ready, "r", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static bool has(const plm_socket_vec *v, const struct plm_socket *s)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->v[i].proto == s->proto && v->v[i].port == s->port && v->v[i].ino == s->ino &&
            v->v[i].uid == s->uid && v->v[i].is_wildcard == s->is_wildcard &&
            v->v[i].is_loopback == s->is_loopback && plm_sv_eq(v->v[i].address, s->address))
            return true;
    return false;
}

static void same_both_ways(void **state)
{
    (void)state;
    int pipes[2];
    char byte;
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0)
        child(pipes[1]);
    close(pipes[1]);
    bool is_ready = read(pipes[0], &byte, 1) == 1;
    close(pipes[0]);
    struct plm_ctx ctx = PLM_CTX_INIT;
    struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_kernel *k = plm_kernel_open(&ctx, PLM_SV_NULL, NULL);
    plm_socket_vec netlink = {0}, files = {0}, all = {0};
    bool is_asked = is_ready && plm_listeners_read(k, pid, a, &netlink);
    for (int p = PLM_TCP; is_ready && p <= PLM_TCP6; p++) {
        char path[64];
        snprintf(path, sizeof(path), "/proc/%d/net/%s", pid, plm_socket_proto_name((enum plm_socket_proto)p));
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(plm_sockets_read(k, fd, (enum plm_socket_proto)p, a, &files), 0);
        close(fd);
    }
    int failed = is_ready ? plm_kernel_sockets(k, pid, a, &all, NULL) : 0;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    bool is_same = netlink.n == files.n;
    for (size_t i = 0; i < netlink.n; i++)
        is_same &= has(&files, &netlink.v[i]) && has(&all, &netlink.v[i]);
    size_t found = files.n;
    plm_kernel_close(k);
    plm_arena_free(a);
    if (!is_ready)
        plm_test_skip("a network namespace needs rights that this process has not");
    assert_int_equal(failed, 0);
    assert_int_equal(found, 3);
    if (!is_asked)
        plm_test_skip("this kernel does not answer sock_diag, or we may not enter a namespace");
    assert_true(is_same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_both_ways)};
    return cmocka_run_group_tests_name("listeners", tests, NULL, NULL);
}
