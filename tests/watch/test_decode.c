/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of the kernel programs into events: parameters, paths, descriptors, sockets, tasks; what is cut
 * short.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "watch/decode.h"

#include "wire_make.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define BOOT 1000000000000000000ull

static struct plm_decoder *decoder;
static struct made m;
static struct plm_item item;

static int setup(void **state)
{
    (void)state;
    decoder = plm_decoder_new(BOOT, NULL);
    return decoder ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    plm_decoder_free(decoder);
    return 0;
}

static const struct plm_event *decode(const char *type)
{
    plm_err *err = NULL;
    if (plm_decode(decoder, made_sv(&m), &item, &err) < 0)
        fail_msg("%s", err->message);
    assert_int_equal(item.kind, PLM_ITEM_EVENT);
    if (strcmp(item.event->type->name, type) != 0)
        fail_msg("%s, not %s", item.event->type->name, type);
    return item.event;
}

static const struct plm_param *param(const char *name)
{
    int i = plm_evtype_param(item.event->type, plm_sv_from(name));
    if (i < 0 || !item.event->params[i].is_present)
        fail_msg("%s of %s is not there", name, item.event->type->name);
    return &item.event->params[i];
}

static bool has_param(const char *name)
{
    int i = plm_evtype_param(item.event->type, plm_sv_from(name));
    return i >= 0 && item.event->params[i].is_present;
}

static void check(plm_sv s, const char *text)
{
    if (!plm_sv_is(s, text) || !s.p)
        fail_msg("\"%.*s\" is not \"%s\"", PLM_SV_ARG(s), text);
}

static void file_part(unsigned arg, uint32_t mode, unsigned flags)
{
    struct plm_wire_file f = {.ino = 77, .dev = 0x801, .mode = mode, .flags = flags, .fd = 3};
    made_part(&m, PLM_WIRE_P_FILE, arg, 0, &f, sizeof(f));
}

static void open_of_a_link(void **state)
{
    (void)state;
    struct plm_wire_head *h = made_begin(&m, PLM_WIRE_SYSCALL, SYS_openat, 3);
    h->args[0] = (uint64_t)(int64_t)AT_FDCWD;
    h->args[2] = O_RDONLY | O_CLOEXEC;
    h->args[3] = 0644; /* without O_CREAT it means nothing */
    file_part(PLM_WIRE_ARG_RES, S_IFREG | 0600, PLM_WIRE_F_UPPER);
    made_text(&m, PLM_WIRE_P_PATH, PLM_WIRE_ARG_RES, "/etc/shadow");
    made_text(&m, PLM_WIRE_P_USTR, 1, "..//tmp/./link");
    const struct plm_event *e = decode("openat");
    assert_true(e->ts == BOOT + 5000000000);
    assert_true(e->has_res && e->res == 3 && e->has_fd && e->fd.num == 3);
    assert_int_equal(e->fd.type, PLM_FD_FILE);
    check(e->fd.name, "/etc/shadow");
    check(e->fd.nameraw, "..//tmp/./link");
    assert_true(e->fd.is_upper_layer);
    assert_int_equal(param("fd")->i, 3);
    check(param("name")->s, "..//tmp/./link");
    check(param("name")->resolved, "/etc/shadow");
    assert_int_equal(param("flags")->u, O_CLOEXEC);
    assert_int_equal(param("mode")->u, 0);
    assert_int_equal(param("dev")->u, 0x801);
    assert_int_equal(param("ino")->u, 77);
    assert_int_equal((int32_t)param("dirfd")->i, AT_FDCWD);
    assert_null(e->task);
}

static void failed_open(void **state)
{
    (void)state;
    struct plm_wire_head *h = made_begin(&m, PLM_WIRE_SYSCALL, SYS_openat, -2);
    h->args[0] = 5;
    made_text(&m, PLM_WIRE_P_PATH, 0, "/srv/data");
    made_text(&m, PLM_WIRE_P_USTR, 1, "../x//y/./z/..");
    const struct plm_event *e = decode("openat");
    assert_false(e->has_fd);
    assert_int_equal(e->res, -2);
    check(param("name")->resolved, "/srv/x/y");
    assert_false(has_param("dev"));
}

static void open_that_creates(void **state)
{
    (void)state;
    struct plm_wire_head *h = made_begin(&m, PLM_WIRE_SYSCALL, SYS_openat, 3);
    h->args[2] = O_CREAT | O_WRONLY;
    h->args[3] = 0755;
    file_part(PLM_WIRE_ARG_RES, S_IFREG | 0755, PLM_WIRE_F_CREATED);
    made_text(&m, PLM_WIRE_P_PATH, PLM_WIRE_ARG_RES, "/tmp/new");
    made_text(&m, PLM_WIRE_P_USTR, 1, "/tmp/new");
    (void)decode("openat");
    assert_true(param("flags")->u & PLM_O_CREATED);
    assert_int_equal(param("mode")->u, 0755);
    h = made_begin(&m, PLM_WIRE_SYSCALL, SYS_openat2, -13);
    uint64_t how[3] = {O_CREAT | O_RDWR, 0700, 8};
    made_part(&m, PLM_WIRE_P_STRUCT, 2, 0, how, sizeof(how));
    made_text(&m, PLM_WIRE_P_USTR, 1, "/a/../b");
    (void)decode("openat2");
    assert_int_equal(param("flags")->u, O_CREAT | O_RDWR);
    assert_int_equal(param("mode")->u, 0700);
    assert_int_equal(param("resolve")->u, 8);
    check(param("name")->resolved, "/b");
    (void)h;
}

static void paths_of_two(void **state)
{
    (void)state;
    struct plm_wire_head *h = made_begin(&m, PLM_WIRE_SYSCALL, SYS_renameat2, 0);
    h->args[0] = 4;
    h->args[2] = (uint64_t)(int64_t)AT_FDCWD;
    h->args[4] = 1;
    made_text(&m, PLM_WIRE_P_PATH, 0, "/one");
    made_text(&m, PLM_WIRE_P_CWD, PLM_WIRE_ARG_TASK, "/two");
    made_text(&m, PLM_WIRE_P_USTR, 1, "a");
    made_text(&m, PLM_WIRE_P_USTR, 3, "b");
    const struct plm_event *e = decode("renameat2");
    check(param("oldpath")->resolved, "/one/a");
    check(param("newpath")->resolved, "/two/b");
    assert_int_equal(param("flags")->u, 1);
    assert_false(e->has_fd);
    /* without the directory a relative path stays one */
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_unlink, 0);
    made_text(&m, PLM_WIRE_P_USTR, 0, "a");
    (void)decode("unlink");
    assert_null(param("path")->resolved.p);
    check(param("path")->s, "a");
    /* above the root is the root */
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_unlink, 0);
    made_text(&m, PLM_WIRE_P_USTR, 0, "/../../..");
    (void)decode("unlink");
    check(param("path")->resolved, "/");
}

static void chdir_is_what_the_kernel_found(void **state)
{
    (void)state;
    struct plm_wire_task t = made_task(20, 1, "sh");
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_chdir, 0);
    made_text(&m, PLM_WIRE_P_USTR, 0, "link");
    made_text(&m, PLM_WIRE_P_CWD, PLM_WIRE_ARG_TASK, "/real/place");
    made_part(&m, PLM_WIRE_P_TASK, PLM_WIRE_ARG_TASK, 0, &t, sizeof(t));
    const struct plm_event *e = decode("chdir");
    check(param("path")->resolved, "/real/place");
    assert_non_null(e->task);
    check(e->task->cwd, "/real/place");
    check(e->task->comm, "sh");
    assert_null(e->task->args.p); /* not told: stays */
}

/* ---- descriptors that are no files -------------------------------------------------------------------- */

static void pseudo(int nr, const char *type, const char *dentry, uint32_t mode, unsigned flags,
                   enum plm_fdtype want, const char *name)
{
    made_begin(&m, PLM_WIRE_SYSCALL, nr, 9);
    file_part(PLM_WIRE_ARG_RES, mode, flags);
    made_part(&m, PLM_WIRE_P_PATH, PLM_WIRE_ARG_RES, PLM_WIRE_PATH_PSEUDO, dentry, strlen(dentry));
    const struct plm_event *e = decode(type);
    assert_int_equal(e->fd.type, want);
    check(e->fd.name, name);
}

static void pseudo_files(void **state)
{
    (void)state;
    pseudo(SYS_eventfd2, "eventfd2", "[eventfd]", 0600, 0, PLM_FD_EVENT, "anon_inode:[eventfd]");
    pseudo(SYS_epoll_create1, "epoll_create1", "[eventpoll]", 0600, 0, PLM_FD_EVENTPOLL,
           "anon_inode:[eventpoll]");
    pseudo(SYS_inotify_init1, "inotify_init1", "inotify", 0600, 0, PLM_FD_INOTIFY, "anon_inode:inotify");
    pseudo(SYS_bpf, "bpf", "bpf-prog", 0600, 0, PLM_FD_BPF, "anon_inode:bpf-prog");
    pseudo(SYS_memfd_create, "memfd_create", "memfd:evil", S_IFREG | 0777, PLM_WIRE_F_MEMFD, PLM_FD_MEMFD,
           "memfd:evil");
    pseudo(SYS_dup, "dup", "", S_IFIFO | 0600, 0, PLM_FD_PIPE, "pipe:[77]");
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_openat, 4); /* a named pipe is a file */
    file_part(PLM_WIRE_ARG_RES, S_IFIFO | 0600, 0);
    made_text(&m, PLM_WIRE_P_PATH, PLM_WIRE_ARG_RES, "/run/initctl");
    assert_int_equal(decode("openat")->fd.type, PLM_FD_FILE);
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_openat, 4);
    file_part(PLM_WIRE_ARG_RES, S_IFDIR | 0700, 0);
    made_text(&m, PLM_WIRE_P_PATH, PLM_WIRE_ARG_RES, "/run");
    assert_int_equal(decode("openat")->fd.type, PLM_FD_DIRECTORY);
}

/* ---- sockets
 * ------------------------------------------------------------------------------------------------ */

static struct plm_wire_sock sock4(uint16_t proto, const char *l, uint16_t lport, const char *r,
                                  uint16_t rport)
{
    struct plm_wire_sock s = {.family = AF_INET,
                              .type = proto == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM,
                              .protocol = proto,
                              .state = rport ? 1 : 7,
                              .lport = lport,
                              .rport = rport,
                              .ino = 500};
    assert_int_equal(inet_pton(AF_INET, l, s.laddr), 1);
    assert_int_equal(inet_pton(AF_INET, r, s.raddr), 1);
    return s;
}

static void sockaddr_part(unsigned arg, const char *ip, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET, ip, &a.sin_addr), 1);
    made_part(&m, PLM_WIRE_P_SOCKADDR, arg, 0, &a, sizeof(a));
}

static void client_and_server(void **state)
{
    (void)state;
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_connect, 0)->args[0] = 3;
    struct plm_wire_sock s = sock4(IPPROTO_TCP, "10.0.0.1", 4444, "10.0.0.2", 80);
    made_part(&m, PLM_WIRE_P_SOCK, 0, 0, &s, sizeof(s));
    sockaddr_part(1, "6.6.6.6", 6); /* changed after the call: not believed */
    const struct plm_event *e = decode("connect");
    assert_int_equal(e->fd.type, PLM_FD_IPV4);
    check(e->fd.name, "10.0.0.1:4444->10.0.0.2:80");
    assert_int_equal(e->fd.addr.dport, 80);
    assert_int_equal(e->fd.rport, 80);
    assert_false(e->fd.is_server);
    assert_true(e->fd.is_connected && e->fd.name_changed);
    assert_int_equal(e->fd.l4, IPPROTO_TCP);
    assert_int_equal(param("tuple")->addr->sport, 4444);
    assert_int_equal(param("addr")->addr->dport, 6); /* what the program passed */
    assert_int_equal(e->fd.num, 3);

    made_begin(&m, PLM_WIRE_SYSCALL, SYS_accept4, 7)->args[0] = 3;
    s = sock4(IPPROTO_TCP, "10.0.0.1", 22, "10.9.9.9", 50000);
    s.ino = 501;
    made_part(&m, PLM_WIRE_P_SOCK, PLM_WIRE_ARG_RES, 0, &s, sizeof(s));
    struct plm_wire_sock listening = sock4(IPPROTO_TCP, "0.0.0.0", 22, "0.0.0.0", 0);
    listening.backlog = 32;
    listening.backlog_max = 128;
    made_part(&m, PLM_WIRE_P_SOCK, 0, 0, &listening, sizeof(listening));
    e = decode("accept4");
    check(e->fd.name, "10.9.9.9:50000->10.0.0.1:22");
    assert_true(e->fd.is_server);
    assert_int_equal(e->fd.lport, 22);
    assert_int_equal(e->fd.addr.sport, 50000);
    assert_int_equal(param("queuepct")->u, 25);
    assert_int_equal(param("queuelen")->u, 32);

    /* the role stays with the socket, whatever its ports look like */
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_shutdown, 0)->args[0] = 7;
    s = sock4(IPPROTO_TCP, "10.0.0.1", 40000, "10.9.9.9", 30000);
    s.ino = 501;
    made_part(&m, PLM_WIRE_P_SOCK, 0, 0, &s, sizeof(s));
    assert_true(decode("shutdown")->fd.is_server);
}

static void failed_connect(void **state)
{
    (void)state;
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_connect, -111)->args[0] = 3;
    struct plm_wire_sock s = sock4(IPPROTO_TCP, "0.0.0.0", 0, "0.0.0.0", 0);
    made_part(&m, PLM_WIRE_P_SOCK, 0, 0, &s, sizeof(s));
    sockaddr_part(1, "10.0.0.2", 81);
    const struct plm_event *e = decode("connect");
    check(e->fd.name, "0.0.0.0:0->10.0.0.2:81");
    assert_int_equal(e->fd.addr.dport, 81);
    assert_false(e->fd.is_connected);
}

static void listening(void **state)
{
    (void)state;
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_listen, 0)->args[0] = 4;
    m.head.args[1] = 128;
    struct plm_wire_sock s = sock4(IPPROTO_TCP, "0.0.0.0", 8080, "0.0.0.0", 0);
    s.is_listening = 1;
    s.state = 10;
    made_part(&m, PLM_WIRE_P_SOCK, 0, 0, &s, sizeof(s));
    const struct plm_event *e = decode("listen");
    check(e->fd.name, "0.0.0.0:8080");
    assert_int_equal(e->fd.addr.dport, 8080);
    assert_int_equal(e->fd.addr.sip.family, 0);
    assert_true(e->fd.is_server && e->fd.is_listening);
    assert_int_equal(param("backlog")->i, 128);
}

static void datagrams(void **state)
{
    (void)state;
    const char *peer[] = {"10.0.0.9", "10.0.0.9", "10.0.0.8"};
    const bool changed[] = {true, false, true};
    for (int i = 0; i < 3; i++) {
        made_begin(&m, PLM_WIRE_SYSCALL, SYS_sendto, 4)->args[0] = 5;
        m.head.args[2] = 4;
        struct plm_wire_sock s = sock4(IPPROTO_UDP, "10.0.0.1", 5353, "0.0.0.0", 0);
        s.ino = 900;
        made_part(&m, PLM_WIRE_P_SOCK, 0, 0, &s, sizeof(s));
        sockaddr_part(4, peer[i], 53);
        made_part(&m, PLM_WIRE_P_BYTES, 1, 0, "ping", 4);
        const struct plm_event *e = decode("sendto");
        assert_int_equal(e->fd.name_changed, changed[i]);
        assert_false(e->fd.is_connected);
        assert_int_equal(e->fd.l4, IPPROTO_UDP);
        assert_int_equal(e->fd.addr.sport, 5353);
        check(param("data")->s, "ping");
        assert_int_equal(param("size")->u, 4);
    }
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_recvfrom, 4)->args[0] = 5;
    struct plm_wire_sock s = sock4(IPPROTO_UDP, "10.0.0.1", 53, "0.0.0.0", 0);
    made_part(&m, PLM_WIRE_P_SOCK, 0, 0, &s, sizeof(s));
    sockaddr_part(4, "10.0.0.7", 40000);
    const struct plm_event *e = decode("recvfrom");
    check(e->fd.name, "10.0.0.7:40000->10.0.0.1:53");
    assert_true(e->fd.is_server);
}

static void six_and_mapped(void **state)
{
    (void)state;
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_connect, 0)->args[0] = 3;
    struct plm_wire_sock s = {.family = AF_INET6,
                              .type = SOCK_STREAM,
                              .protocol = IPPROTO_TCP,
                              .state = 1,
                              .lport = 1000,
                              .rport = 443,
                              .ino = 7};
    assert_int_equal(inet_pton(AF_INET6, "2001:db8::1", s.laddr), 1);
    assert_int_equal(inet_pton(AF_INET6, "2001:db8::2", s.raddr), 1);
    made_part(&m, PLM_WIRE_P_SOCK, 0, 0, &s, sizeof(s));
    assert_int_equal(decode("connect")->fd.type, PLM_FD_IPV6);
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_connect, 0)->args[0] = 3;
    assert_int_equal(inet_pton(AF_INET6, "::ffff:10.0.0.1", s.laddr), 1);
    assert_int_equal(inet_pton(AF_INET6, "::ffff:10.0.0.2", s.raddr), 1);
    made_part(&m, PLM_WIRE_P_SOCK, 0, 0, &s, sizeof(s));
    const struct plm_event *e = decode("connect");
    assert_int_equal(e->fd.type, PLM_FD_IPV4);
    check(e->fd.name, "10.0.0.1:1000->10.0.0.2:443");
}

static void unix_sockets(void **state)
{
    (void)state;
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_connect, 0)->args[0] = 3;
    struct plm_wire_sock s = {.family = AF_UNIX, .type = SOCK_STREAM, .state = 1, .ino = 9};
    made_part(&m, PLM_WIRE_P_SOCK, 0, 0, &s, sizeof(s));
    made_part(&m, PLM_WIRE_P_SUN_PEER, 0, 0, "/run/docker.sock\0xx", 19);
    const struct plm_event *e = decode("connect");
    assert_int_equal(e->fd.type, PLM_FD_UNIX);
    check(e->fd.name, "/run/docker.sock");
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_connect, -2)->args[0] = 3;
    made_part(&m, PLM_WIRE_P_SOCK, 0, 0, &s, sizeof(s));
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "\0abstract"};
    made_part(&m, PLM_WIRE_P_SOCKADDR, 1, 0, &un, offsetof(struct sockaddr_un, sun_path) + 9);
    e = decode("connect");
    check(e->fd.name, "abstract");
    check(param("addr")->addr->path, "abstract");
}

/* ---- processes
 * ---------------------------------------------------------------------------------------------- */

static void exec(void **state)
{
    (void)state;
    struct plm_wire_task t = made_task(20, 10, "cat");
    t.exe_flags = PLM_WIRE_F_UPPER | PLM_WIRE_F_WRITABLE;
    t.loginuid = 1000;
    t.cap_effective = 2;
    made_begin(&m, PLM_WIRE_EXEC, SYS_execve, 0);
    made_part(&m, PLM_WIRE_P_TASK, PLM_WIRE_ARG_TASK, 0, &t, sizeof(t));
    made_part(&m, PLM_WIRE_P_ARGS, PLM_WIRE_ARG_TASK, 0, "cat\0-n\0/etc/shadow", 19);
    made_part(&m, PLM_WIRE_P_ENV, PLM_WIRE_ARG_TASK, 0, "A=1\0B=2", 8);
    made_text(&m, PLM_WIRE_P_EXE, PLM_WIRE_ARG_TASK, "/usr/bin/cat");
    made_text(&m, PLM_WIRE_P_CWD, PLM_WIRE_ARG_TASK, "/root");
    made_text(&m, PLM_WIRE_P_USTR, 0, "./cat");
    made_part(&m, PLM_WIRE_P_CGROUP, PLM_WIRE_ARG_TASK, 0, "/docker/x", 9);
    const struct plm_event *e = decode("execve");
    assert_non_null(e->task);
    check(e->task->exe, "cat");
    check(plm_strings_get(e->task->args, 0), "-n");
    check(plm_strings_get(e->task->args, 1), "/etc/shadow");
    assert_null(plm_strings_get(e->task->args, 2).p);
    check(plm_strings_get(e->task->env, 1), "B=2");
    check(e->task->cgroup, "/docker/x");
    assert_int_equal(e->task->exe_flags, PLM_EXE_UPPER_LAYER | PLM_EXE_WRITABLE);
    assert_true(e->task->clone_ts == BOOT + 4000000000);
    assert_int_equal(param("flags")->u, PLM_EXE_UPPER_LAYER | PLM_EXE_WRITABLE);
    check(param("exe")->s, "cat");
    check(param("comm")->s, "cat");
    check(param("filename")->resolved, "/root/cat");
    check(param("trusted_exepath")->s, "/usr/bin/cat");
    assert_int_equal(param("ptid")->i, 10);
    assert_int_equal(param("loginuid")->u, 1000);
    assert_int_equal(param("cap_effective")->u, 2);
    assert_true(e->has_res && e->res == 0);
}

static void exec_without_arguments(void **state)
{
    (void)state;
    struct plm_wire_task t = made_task(20, 10, "true");
    made_begin(&m, PLM_WIRE_EXEC, SYS_execve, 0);
    made_part(&m, PLM_WIRE_P_TASK, PLM_WIRE_ARG_TASK, 0, &t, sizeof(t));
    made_part(&m, PLM_WIRE_P_ARGS, PLM_WIRE_ARG_TASK, 0, "true", 5);
    const struct plm_event *e = decode("execve");
    assert_non_null(e->task->args.p); /* known, and none */
    assert_int_equal(e->task->args.n, 0);
}

static void failed_exec(void **state)
{
    (void)state;
    struct plm_wire_task t = made_task(20, 10, "sh");
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_execve, -2);
    made_part(&m, PLM_WIRE_P_TASK, PLM_WIRE_ARG_TASK, 0, &t, sizeof(t));
    made_part(&m, PLM_WIRE_P_ARGS, PLM_WIRE_ARG_TASK, 0, "nope\0-x", 8);
    made_text(&m, PLM_WIRE_P_USTR, 0, "/bin/nope");
    const struct plm_event *e = decode("execve");
    assert_int_equal(e->res, -2);
    assert_int_equal(param("res")->i, -2);
    check(param("exe")->s, "nope");
    check(param("filename")->s, "/bin/nope");
    check(param("comm")->s, "sh");
    assert_null(e->task->exe.p); /* the task is still what it was */
}

static void fork_and_exit(void **state)
{
    (void)state;
    struct plm_wire_task t = made_task(30, 20, "sh");
    made_begin(&m, PLM_WIRE_FORK, SYS_clone, 0)->tid = 30;
    made_part(&m, PLM_WIRE_P_TASK, PLM_WIRE_ARG_TASK, 0, &t, sizeof(t));
    const struct plm_event *e = decode("clone");
    assert_int_equal(e->task->ptid, 20);
    assert_int_equal(param("ptid")->i, 20);
    assert_int_equal(e->res, 0);
    made_begin(&m, PLM_WIRE_FORK, -1, 0);
    made_part(&m, PLM_WIRE_P_TASK, PLM_WIRE_ARG_TASK, 0, &t, sizeof(t));
    assert_int_equal(plm_decode(decoder, made_sv(&m), &item, NULL), 0);
    assert_int_equal(item.kind, PLM_ITEM_TASK);
    assert_int_equal(item.task->tid, 30);
    made_begin(&m, PLM_WIRE_EXIT, -1, 9)->args[0] = 1;
    e = decode("procexit");
    assert_int_equal(param("sig")->u, 9);
    assert_int_equal(param("reaper_tid")->i, 1);
    made_begin(&m, PLM_WIRE_EXIT, -1, 3 << 8);
    (void)decode("procexit");
    assert_int_equal(param("ret")->i, 3);
    assert_int_equal(param("sig")->u, 0);
    assert_false(e->has_res);
}

static void the_best_cgroup(void **state)
{
    (void)state;
#define CID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    struct plm_wire_task t = made_task(30, 20, "sh");
    made_begin(&m, PLM_WIRE_TASK, -1, 0);
    made_part(&m, PLM_WIRE_P_TASK, PLM_WIRE_ARG_TASK, 0, &t, sizeof(t));
    made_text(&m, PLM_WIRE_P_CGROUP, PLM_WIRE_ARG_TASK, "/");
    made_part(&m, PLM_WIRE_P_CGROUP, PLM_WIRE_ARG_TASK, 5,
              "/some/where/else/that/is/long/enough/to/be/chosen/before/it/all", 62);
    made_part(&m, PLM_WIRE_P_CGROUP, PLM_WIRE_ARG_TASK, 12, "/docker/" CID, 72);
    assert_int_equal(plm_decode(decoder, made_sv(&m), &item, NULL), 0);
    check(item.task->cgroup, "/docker/" CID);
    assert_non_null(item.task->cgroups.p);
}

static void io_uring(void **state)
{
    (void)state;
    struct plm_wire_head *h = made_begin(&m, PLM_WIRE_IO_URING, -1, 0);
    h->args[0] = 18;
    h->args[3] = (uint64_t)-1;
    made_text(&m, PLM_WIRE_P_USTR, 4, "/etc/shadow");
    assert_int_equal(plm_decode(decoder, made_sv(&m), &item, NULL), 0);
    assert_int_equal(item.kind, PLM_ITEM_IO_URING);
    check(param("operation")->s, "IORING_OP_OPENAT");
    check(item.event->fd.name, "/etc/shadow");
}

static void others(void **state)
{
    (void)state;
    struct plm_wire_head *h = made_begin(&m, PLM_WIRE_SYSCALL, SYS_ptrace, 0);
    h->args[0] = 16;
    h->args[1] = 77;
    (void)decode("ptrace");
    assert_int_equal(param("request")->u, 16);
    assert_int_equal(param("pid")->i, 77);
    h = made_begin(&m, PLM_WIRE_SYSCALL, SYS_mount, 0);
    h->args[3] = 0xc0ed0000u | 4096;
    made_text(&m, PLM_WIRE_P_USTR, 0, "none");
    made_text(&m, PLM_WIRE_P_USTR, 1, "/mnt");
    made_text(&m, PLM_WIRE_P_USTR, 2, "tmpfs");
    (void)decode("mount");
    assert_int_equal(param("flags")->u, 4096);
    check(param("dir")->s, "/mnt");
    h = made_begin(&m, PLM_WIRE_SYSCALL, SYS_pipe2, 0);
    int fds[2] = {5, 6};
    made_part(&m, PLM_WIRE_P_BYTES, 0, 0, fds, sizeof(fds));
    (void)decode("pipe2");
    assert_int_equal(param("fd2")->i, 6);
    struct plm_wire_task t = made_task(20, 10, "x");
    t.cap_permitted = 12;
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_capset, 0);
    made_part(&m, PLM_WIRE_P_TASK, PLM_WIRE_ARG_TASK, 0, &t, sizeof(t));
    (void)decode("capset");
    assert_int_equal(param("cap_permitted")->u, 12);
    h = made_begin(&m, PLM_WIRE_SYSCALL, SYS_clone, 33);
    h->args[0] = 0x10000;
    (void)decode("clone");
    assert_int_equal(param("flags")->u, 0x10000);
    assert_int_equal(param("res")->i, 33);
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_getpid, 33); /* no parameters */
    assert_int_equal(decode("getpid")->n_params, 0);
    made_begin(&m, PLM_WIRE_SYSCALL, 5000, 0);
    assert_int_equal(plm_decode(decoder, made_sv(&m), &item, NULL), 0);
    assert_int_equal(item.kind, PLM_ITEM_NONE);
}

/* Every prefix of a record, and every size that a part may claim: an error or less, never more. Copies of the
 * exact size, so that sanitizers see a byte too far. */
static void cut_short(void **state)
{
    (void)state;
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_openat, 3);
    file_part(PLM_WIRE_ARG_RES, S_IFREG, 0);
    made_text(&m, PLM_WIRE_P_PATH, PLM_WIRE_ARG_RES, "/etc/shadow");
    size_t n = made_sv(&m).n;
    for (size_t i = 0; i <= n; i++) {
        char *copy = malloc(i ? i : 1);
        assert_non_null(copy);
        memcpy(copy, m.bytes, i);
        int r = plm_decode(decoder, plm_sv_n(copy, i), &item, NULL);
        assert_int_equal(r, i < n ? -1 : 0);
        if (i < n)
            assert_int_equal(item.kind, PLM_ITEM_NONE);
        free(copy);
    }
    uint16_t large = 60000;
    memcpy(m.bytes + sizeof(m.head) + 2, &large, 2);
    plm_err *err = NULL;
    assert_int_equal(plm_decode(decoder, made_sv(&m), &item, &err), -1);
    assert_int_equal(err->code, PLM_E_PARSE);
    plm_err_free(err);
    made_begin(&m, PLM_WIRE_SYSCALL, SYS_openat, 3)->n_parts = 1;
    assert_int_equal(plm_decode(decoder, made_sv(&m), &item, NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_of_a_link),
        cmocka_unit_test(failed_open),
        cmocka_unit_test(open_that_creates),
        cmocka_unit_test(paths_of_two),
        cmocka_unit_test(chdir_is_what_the_kernel_found),
        cmocka_unit_test(pseudo_files),
        cmocka_unit_test(client_and_server),
        cmocka_unit_test(failed_connect),
        cmocka_unit_test(listening),
        cmocka_unit_test(datagrams),
        cmocka_unit_test(six_and_mapped),
        cmocka_unit_test(unix_sockets),
        cmocka_unit_test(exec),
        cmocka_unit_test(exec_without_arguments),
        cmocka_unit_test(failed_exec),
        cmocka_unit_test(fork_and_exit),
        cmocka_unit_test(the_best_cgroup),
        cmocka_unit_test(io_uring),
        cmocka_unit_test(others),
        cmocka_unit_test(cut_short),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
