/* SPDX-License-Identifier: Apache-2.0
 *
 * Fields: what each gives for events and processes that were put together here, that the registry is in
 * order, and that every name of the specification is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "field_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../base/skip.h"

/* Worlds that rows are about. */
enum setup {
    NOTHING,   /* no event, an unknown process */
    OPEN,      /* a successful openat for reading */
    CREATE,    /* a successful openat that creates an executable */
    FAILED,    /* an openat that failed */
    CONTAINER, /* OPEN in a container with metadata */
    WAITING,   /* OPEN in a container without metadata */
    CONNECT,
    LISTEN,
    WRITE, /* to a file */
    RECV,  /* from a socket */
    CHMOD,
    RENAME,
    RENAMEAT,
    SYMLINK,
    EXEC,
    SETUID,
    EXIT,
    ASYNC,
    POLL,
    PTRACE,
};

static void set_up(struct world *w, struct plm_arena *a, enum setup s)
{
    world_make(w, a);
    switch (s) {
    case NOTHING:
        w->view.thread = &w->unknown;
        w->view.hostname = PLM_SV_NULL;
        break;
    case OPEN:
        world_open(w, 3, O_RDONLY | O_CLOEXEC);
        break;
    case CREATE:
        world_open(w, 3, O_WRONLY | O_CREAT | PLM_O_CREATED);
        break;
    case FAILED:
        world_open(w, -13, O_RDWR);
        break;
    case CONTAINER:
        world_open(w, 3, O_RDONLY);
        world_container(w);
        break;
    case WAITING:
        world_open(w, 3, O_RDONLY);
        world_container(w);
        w->container.state = PLM_META_WAITING;
        break;
    case CONNECT:
        world_connect(w);
        break;
    case LISTEN:
        world_event(w, PLM_EVT_listen, 0);
        w->e.has_fd = true;
        w->e.fd = (struct plm_fdinfo){.num = 5,
                                      .type = PLM_FD_IPV6,
                                      .name = PLM_SV(":::80"),
                                      .addr = {.family = 6, .dip = {6, {0}}, .dport = 80},
                                      .lip = {6, {0}},
                                      .lport = 80,
                                      .l4 = IPPROTO_UDP,
                                      .is_listening = true};
        break;
    case WRITE:
        world_open(w, 3, O_RDONLY);
        struct plm_fdinfo fd = w->e.fd;
        world_event(w, PLM_EVT_write, 5);
        w->e.has_fd = true;
        w->e.fd = fd;
        world_param(w, "data")->s = PLM_SV("ab\n\xffz");
        break;
    case RECV:
        world_connect(w);
        struct plm_fdinfo sock = w->e.fd;
        world_event(w, PLM_EVT_recvfrom, 4);
        w->e.has_fd = true;
        w->e.fd = sock;
        w->e.fd.is_server = w->e.fd.name_changed = true;
        break;
    case CHMOD:
        world_event(w, PLM_EVT_fchmodat, 0);
        *world_param(w, "filename") =
            (struct plm_param){.is_present = true, .s = PLM_SV("x"), .resolved = PLM_SV("/work/x")};
        world_param(w, "mode")->u = 04711;
        break;
    case RENAME:
        world_event(w, PLM_EVT_rename, 0);
        *world_param(w, "oldpath") = (struct plm_param){.is_present = true, .s = PLM_SV("/a")};
        *world_param(w, "newpath") =
            (struct plm_param){.is_present = true, .s = PLM_SV("b"), .resolved = PLM_SV("/work/b")};
        break;
    case RENAMEAT:
        world_event(w, PLM_EVT_renameat2, 0);
        *world_param(w, "oldpath") =
            (struct plm_param){.is_present = true, .s = PLM_SV("a"), .resolved = PLM_SV("/work/a")};
        *world_param(w, "newpath") = (struct plm_param){.is_present = true, .s = PLM_SV("/b")};
        break;
    case SYMLINK:
        world_event(w, PLM_EVT_symlink, 0);
        world_param(w, "target")->s = PLM_SV("/etc");
        *world_param(w, "linkpath") =
            (struct plm_param){.is_present = true, .s = PLM_SV("l"), .resolved = PLM_SV("/work/l")};
        break;
    case EXEC:
        world_event(w, PLM_EVT_execve, 0);
        world_param(w, "flags")->u = PLM_EXE_WRITABLE | PLM_EXE_FROM_MEMFD;
        world_param(w, "args")->s = PLM_SV("-c\0id");
        world_param(w, "pgft_maj")->u = 2;
        world_param(w, "pgft_min")->u = 9;
        world_param(w, "cap_effective")->u = 0x1ff;
        world_param(w, "pid")->i = 100;
        break;
    case SETUID:
        world_event(w, PLM_EVT_setresuid, 0);
        world_param(w, "ruid")->u = 0;
        world_param(w, "euid")->u = 4242;
        world_param(w, "suid")->u = UINT32_MAX;
        break;
    case EXIT:
        world_event(w, PLM_EVT_procexit, 0);
        world_param(w, "sig")->u = 9;
        break;
    case ASYNC:
        world_event(w, PLM_EVT_container, 0);
        break;
    case POLL:
        world_event(w, PLM_EVT_poll, -4);
        break;
    case PTRACE:
        world_event(w, PLM_EVT_ptrace, -1);
        world_param(w, "request")->u = 16;
        world_param(w, "addr")->u = 0xabc;
        break;
    }
}

#define NA NULL /* no value */

static const struct {
    enum setup setup;
    const char *field, *text;
} rows[] = {
    // clang-format off
    /* the event */
    {OPEN, "evt.num", "42"}, {OPEN, "evt.type", "openat"}, {OPEN, "evt.dir", "<"}, {OPEN, "evt.cpu", "3"},
    {OPEN, "syscall.type", "openat"}, {EXIT, "syscall.type", NA}, {OPEN, "evt.source", "syscall"},
    {OPEN, "evt.type.is.openat", "1"}, {OPEN, "evt.type.is.open", "0"}, {OPEN, "evt.hostname", "node7"},
    {OPEN, "evt.is_async", "false"}, {ASYNC, "evt.is_async", "true"}, {ASYNC, "evt.asynctype", "container"},
    {OPEN, "evt.asynctype", NA}, {OPEN, "evt.latency", "0"}, {OPEN, "evt.latency.human", "0ns"},
    {OPEN, "evt.latency.ns", "0"}, {OPEN, "evt.latency.s", "0"}, {OPEN, "evt.latency.quantized", "0"},
    {OPEN, "evt.wait_latency", "0"}, {OPEN, "evt.count", "1"}, {OPEN, "evt.count.exit", "1"}, {OPEN, "util.cnt", "42"},
    {OPEN, "evt.category", "file"}, {CONNECT, "evt.category", "net"}, {WRITE, "evt.category", "file"},
    {RECV, "evt.category", "net"}, {EXEC, "evt.category", "process"}, {SETUID, "evt.category", "user"},
    {POLL, "evt.category", "wait"}, {PTRACE, "evt.category", "other"},
    /* result */
    {OPEN, "evt.rawres", "3"}, {FAILED, "evt.rawres", "-13"}, {EXIT, "evt.rawres", NA}, {OPEN, "evt.res", "SUCCESS"},
    {FAILED, "evt.res", "EACCES"}, {EXIT, "evt.res", NA}, {FAILED, "evt.failed", "true"}, {OPEN, "evt.failed", "false"},
    {FAILED, "evt.count.error", "1"}, {OPEN, "evt.count.error", NA}, {FAILED, "evt.count.error.file", "1"},
    {FAILED, "evt.count.error.net", NA}, {POLL, "evt.count.error.other", "1"}, {FAILED, "evt.count.error.other", NA},
    {FAILED, "evt.count.error.memory", NA},
    /* input and output */
    {WRITE, "evt.is_io", "true"}, {OPEN, "evt.is_io", "false"}, {WRITE, "evt.is_io_write", "true"},
    {RECV, "evt.is_io_write", "false"}, {RECV, "evt.is_io_read", "true"}, {WRITE, "evt.io_dir", "write"},
    {RECV, "evt.io_dir", "read"}, {OPEN, "evt.io_dir", NA}, {POLL, "evt.is_wait", "true"}, {OPEN, "evt.is_wait", "false"},
    {WRITE, "evt.is_syslog", "false"}, {WRITE, "evt.buffer", "ab\n\xffz"}, {OPEN, "evt.buffer", NA},
    {WRITE, "evt.buflen", "5"}, {OPEN, "evt.buflen", NA}, {WRITE, "evt.buflen.out", "5"}, {WRITE, "evt.buflen.in", NA},
    {RECV, "evt.buflen.in", "4"}, {WRITE, "evt.buflen.file", "5"}, {WRITE, "evt.buflen.file.out", "5"},
    {WRITE, "evt.buflen.file.in", NA}, {WRITE, "evt.buflen.net", NA}, {RECV, "evt.buflen.net", "4"},
    {RECV, "evt.buflen.net.in", "4"}, {RECV, "evt.buflen.net.out", NA},
    /* opening */
    {OPEN, "evt.is_open_read", "true"}, {OPEN, "evt.is_open_write", "false"}, {CREATE, "evt.is_open_read", "false"},
    {CREATE, "evt.is_open_write", "true"}, {FAILED, "evt.is_open_read", "true"}, {FAILED, "evt.is_open_write", "true"},
    {CREATE, "evt.is_open_create", "true"}, {OPEN, "evt.is_open_create", "false"}, {CREATE, "evt.is_open_exec", "true"},
    {OPEN, "evt.is_open_exec", "false"}, {EXEC, "evt.is_open_read", "false"},
    {OPEN, "evt.abspath", "/etc/shadow"}, {RENAME, "evt.abspath", NA}, {RENAMEAT, "evt.abspath.src", "/work/a"},
    {RENAMEAT, "evt.abspath.dst", "/b"}, {OPEN, "evt.abspath.dst", NA},
    /* parameters */
    {OPEN, "evt.arg.fd", "<f>/etc/shadow"}, {FAILED, "evt.arg.fd", "EACCES"}, {OPEN, "evt.arg.dirfd", "AT_FDCWD"},
    {OPEN, "evt.arg.name", "/etc/shadow"}, {OPEN, "evt.arg[2]", "/etc/shadow"}, {OPEN, "evt.arg[20]", NA},
    {OPEN, "evt.arg.flags", "O_RDONLY|O_CLOEXEC"}, {CREATE, "evt.arg.flags", "O_CREAT|O_WRONLY|O_F_CREATED"},
    {FAILED, "evt.arg.flags", "O_RDWR"}, {OPEN, "evt.arg.mode", "0755"}, {FAILED, "evt.arg.ino", "<NA>"},
    {OPEN, "evt.arg.dev", "801"}, {OPEN, "evt.arg.uid", NA}, {CHMOD, "evt.arg.filename", "/work/x"},
    {CHMOD, "evt.arg.mode", "S_IXOTH|S_IXGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID"}, {CHMOD, "evt.arg.res", "0"},
    {EXEC, "evt.arg.flags", "EXE_WRITABLE|EXE_FROM_MEMFD"}, {EXEC, "evt.arg.args", "-c.id."}, {EXEC, "evt.arg.cap_effective", "1FF"},
    {SETUID, "evt.arg.ruid", "root"}, {SETUID, "evt.arg.euid", "<NA>"}, {SETUID, "evt.arg.suid", "<NONE>"},
    {EXIT, "evt.arg.sig", "SIGKILL"}, {CONNECT, "evt.arg.tuple", "10.0.0.1:4444->10.0.0.2:443"},
    {CONNECT, "evt.arg.fd", "<4t>10.0.0.1:4444->10.0.0.2:443"}, {PTRACE, "evt.arg.request", "PTRACE_ATTACH"},
    {PTRACE, "evt.arg.addr", "ABC"}, {WRITE, "evt.arg.data", "ab..z"}, {PTRACE, "evt.arg.res", "EPERM"},
    {OPEN, "evt.rawarg.flags", "524288"}, {OPEN, "evt.rawarg.name", "../etc//shadow"}, {FAILED, "evt.rawarg.fd", "-13"},
    {OPEN, "evt.rawarg.uid", NA}, {CONNECT, "evt.rawarg.tuple", "10.0.0.1:4444->10.0.0.2:443"},
    {SETUID, "evt.args", "res=0 ruid=0(root) euid=4242(<NA>) suid=-1(<NONE>)"}, {POLL, "evt.args", ""},
    {SETUID, "evt.info", "res=0 ruid=0(root) euid=4242(<NA>) suid=-1(<NONE>)"},
    /* times (TZ is UTC) */
    {OPEN, "evt.time", "10:02:11.004210337"}, {OPEN, "evt.time.s", "10:02:11"}, {OPEN, "evt.outputtime", "10:02:11.004210337"},
    {OPEN, "evt.time.iso8601", "2026-07-01T10:02:11.004210337+0000"}, {OPEN, "evt.datetime", "2026-07-01 10:02:11.004210337"},
    {OPEN, "evt.datetime.s", "2026-07-01 10:02:11"}, {OPEN, "evt.rawtime", "1782900131004210337"},
    {OPEN, "evt.rawtime.s", "1782900131"}, {OPEN, "evt.rawtime.ns", "4210337"}, {OPEN, "evt.reltime", "3000000005"},
    {OPEN, "evt.reltime.s", "3"}, {OPEN, "evt.reltime.ns", "5"}, {OPEN, "evt.deltatime", "2"}, {OPEN, "evt.deltatime.s", "0"},
    {OPEN, "evt.deltatime.ns", "2"}, {OPEN, "evt.around[1782900131000000000]", "4"},
    /* the process */
    {OPEN, "proc.name", "cat"}, {NOTHING, "proc.name", "<NA>"}, {OPEN, "proc.exe", "cat"}, {NOTHING, "proc.exe", "<NA>"},
    {OPEN, "proc.exepath", "/usr/bin/cat"}, {NOTHING, "proc.exepath", NA}, {OPEN, "proc.cmdline", "cat -n /etc/shadow"},
    {OPEN, "proc.exeline", "cat -n /etc/shadow"}, {OPEN, "proc.args", "-n /etc/shadow"}, {OPEN, "proc.args[0]", "-n"},
    {OPEN, "proc.args[1]", "/etc/shadow"}, {OPEN, "proc.args[2]", NA}, {OPEN, "proc.cmdnargs", "2"},
    {OPEN, "proc.cmdlenargs", "13"}, {OPEN, "proc.cwd", "/work/"}, {OPEN, "proc.env", "HOME=/root EMPTY="},
    {OPEN, "proc.env[HOME]", "/root"}, {OPEN, "proc.env[EMPTY]", ""}, {OPEN, "proc.env[NONE]", ""},
    {OPEN, "proc.aenv[HOME]", "/home/ann"}, {OPEN, "proc.aenv[ONLY]", "bash"}, {OPEN, "proc.aenv[NONE]", NA},
    {OPEN, "proc.aenv[1]", "HOME=/home/ann EMPTY= ONLY=bash"}, {OPEN, "proc.aenv[9]", NA},
    {OPEN, "proc.pname", "bash"}, {OPEN, "proc.pcmdline", "bash"}, {OPEN, "proc.pexe", "bash"}, {OPEN, "proc.pexepath", "/usr/bin/bash"},
    {OPEN, "proc.aname", "bash sshd systemd"}, {OPEN, "proc.aname[0]", "cat"}, {OPEN, "proc.aname[1]", "bash"},
    {OPEN, "proc.aname[2]", "sshd"}, {OPEN, "proc.aname[4]", NA}, {OPEN, "proc.aexe[2]", "sshd"},
    {OPEN, "proc.aexepath[2]", "/usr/sbin/sshd"}, {OPEN, "proc.acmdline[2]", "sshd -D"}, {OPEN, "proc.apid[2]", "80"},
    {OPEN, "proc.aargs[2]", "-D"}, {OPEN, "proc.apid", "90 80 1"}, {OPEN, "proc.loginshellid", "90"},
    {OPEN, "proc.pid", "100"}, {OPEN, "proc.ppid", "90"}, {OPEN, "proc.vpid", "100"}, {NOTHING, "proc.vpid", NA},
    {OPEN, "proc.pvpid", "90"}, {OPEN, "proc.tty", "34816"}, {OPEN, "proc.sid", "90"}, {OPEN, "proc.pgid", "100"},
    {OPEN, "proc.vpgid", "100"}, {OPEN, "proc.is_vpgid_leader", "true"}, {OPEN, "proc.is_pgid_leader", "true"},
    {OPEN, "proc.is_sid_leader", "false"}, {OPEN, "proc.is_exe_upper_layer", "true"}, {OPEN, "proc.is_exe_writable", "true"},
    {OPEN, "proc.is_exe_lower_layer", "false"}, {OPEN, "proc.is_exe_from_memfd", "false"}, {OPEN, "proc.exe_ino", "77"},
    {OPEN, "proc.exe_ino.ctime", "1782900121004210337"}, {OPEN, "proc.exe_ino.mtime", "1782900111004210337"},
    {OPEN, "proc.exe_ino.ctime_duration_proc_start", "5000000000"}, {OPEN, "proc.exe_ino.ctime_duration_pidns_start", "20000000000"},
    {OPEN, "proc.pidns_init_start_ts", "1782900101004210337"}, {OPEN, "proc.duration", "5000000000"},
    {OPEN, "proc.ppid.duration", "5000000000"}, {OPEN, "proc.pid.ts", "1782900126004210337"}, {OPEN, "proc.ppid.ts", "1782900126004210337"},
    {OPEN, "proc.fdlimit", "1024"}, {OPEN, "proc.vmsize", "4000"}, {OPEN, "proc.vmrss", "300"}, {OPEN, "proc.vmswap", "2"},
    {OPEN, "proc.nthreads", "1"}, {OPEN, "proc.nchilds", "0"}, {OPEN, "proc.is_container_healthcheck", "false"},
    {OPEN, "proc.is_container_liveness_probe", "false"}, {OPEN, "proc.is_container_readiness_probe", "false"},
    /* the thread */
    {OPEN, "thread.tid", "100"}, {OPEN, "thread.vtid", "100"}, {OPEN, "thread.ismain", "true"},
    {OPEN, "thread.cap_effective", "CAP_CHOWN CAP_SYS_ADMIN"}, {OPEN, "thread.cap_permitted", "CAP_NET_ADMIN"},
    {OPEN, "thread.cap_inheritable", ""}, {OPEN, "thread.cgroups", "memory=/docker/c0ffee cpu=/x"},
    {OPEN, "thread.cgroup.cpu", "/x"}, {OPEN, "thread.cgroup.memory", "/docker/c0ffee"}, {OPEN, "thread.cgroup.pids", NA},
    {OPEN, "thread.nametid", "cat100"}, {EXEC, "thread.pfmajor", "2"}, {EXEC, "thread.pfminor", "9"}, {OPEN, "thread.pfminor", NA},
    {OPEN, "thread.vmsize", "4000"}, {OPEN, "thread.vmsize.b", "4096000"}, {OPEN, "thread.vmrss", "300"}, {OPEN, "thread.vmrss.b", "307200"},
    /* users */
    {OPEN, "user.uid", "0"}, {OPEN, "user.name", "root"}, {OPEN, "user.homedir", "<NA>"}, {OPEN, "user.shell", "<NA>"},
    {OPEN, "user.loginuid", "1000"}, {NOTHING, "user.loginuid", "-1"}, {OPEN, "user.loginname", "<NA>"},
    {OPEN, "group.gid", "0"}, {OPEN, "group.name", "root"},
    /* files */
    {OPEN, "fd.num", "3"}, {FAILED, "fd.num", "-1"}, {OPEN, "fd.type", "file"}, {FAILED, "fd.type", NA}, {OPEN, "fd.typechar", "f"},
    {FAILED, "fd.typechar", "f"}, {CONNECT, "fd.typechar", "4"}, {SETUID, "fd.typechar", NA}, {OPEN, "fd.name", "/etc/shadow"},
    {FAILED, "fd.name", "/etc/shadow"}, {SETUID, "fd.name", NA}, {OPEN, "fd.nameraw", "../etc/shadow"},
    {FAILED, "fd.nameraw", "../etc/shadow"}, {CONNECT, "fd.nameraw", NA}, {OPEN, "fd.directory", "/etc"},
    {FAILED, "fd.directory", "/etc"}, {CONNECT, "fd.directory", NA}, {OPEN, "fd.filename", "shadow"}, {FAILED, "fd.filename", NA},
    {OPEN, "fd.containername", "host:/etc/shadow"}, {CONTAINER, "fd.containerdirectory", "c0ffee00c0ff:/etc"},
    {OPEN, "fd.dev", "2049"}, {OPEN, "fd.dev.major", "8"}, {OPEN, "fd.dev.minor", "1"}, {CONNECT, "fd.dev", NA}, {OPEN, "fd.ino", "9"},
    {OPEN, "fd.uid", "1003"}, {OPEN, "fd.is_upper_layer", "true"}, {OPEN, "fd.is_lower_layer", "false"},
    /* sockets */
    {CONNECT, "fd.type", "ipv4"}, {CONNECT, "fd.name", "10.0.0.1:4444->10.0.0.2:443"}, {CONNECT, "fd.l4proto", "tcp"},
    {LISTEN, "fd.l4proto", "udp"}, {OPEN, "fd.l4proto", "<NA>"}, {SETUID, "fd.l4proto", NA}, {CONNECT, "fd.sockfamily", "ip"},
    {OPEN, "fd.sockfamily", NA}, {CONNECT, "fd.cip", "10.0.0.1"}, {CONNECT, "fd.sip", "10.0.0.2"}, {CONNECT, "fd.lip", "10.0.0.1"},
    {CONNECT, "fd.rip", "10.0.0.2"}, {CONNECT, "fd.ip", "10.0.0.1 10.0.0.2"}, {LISTEN, "fd.ip", "::"}, {LISTEN, "fd.sip", "::"},
    {LISTEN, "fd.cip", NA}, {LISTEN, "fd.rport", NA}, {CONNECT, "fd.cnet", "10.0.0.1"}, {CONNECT, "fd.snet", "10.0.0.2"},
    {CONNECT, "fd.lnet", "10.0.0.1"}, {CONNECT, "fd.rnet", "10.0.0.2"}, {CONNECT, "fd.net", "10.0.0.1 10.0.0.2"},
    {CONNECT, "fd.cport", "4444"}, {CONNECT, "fd.sport", "443"}, {CONNECT, "fd.lport", "4444"}, {CONNECT, "fd.rport", "443"},
    {CONNECT, "fd.port", "4444 443"}, {LISTEN, "fd.port", "80"}, {OPEN, "fd.port", NA}, {CONNECT, "fd.cip.name", "10.0.0.1"},
    {CONNECT, "fd.sip.name", "10.0.0.2"}, {CONNECT, "fd.lip.name", "10.0.0.1"}, {CONNECT, "fd.rip.name", "10.0.0.2"},
    {CONNECT, "fd.connected", "true"}, {OPEN, "fd.connected", "false"}, {CONNECT, "fd.name_changed", "false"},
    {RECV, "fd.name_changed", "true"}, {RECV, "fd.is_server", "true"}, {CONNECT, "fd.is_server", "false"},
    {LISTEN, "fd.is_server", "true"}, {OPEN, "fd.is_server", NA},
    /* paths */
    {OPEN, "fs.path.name", "/etc/shadow"}, {OPEN, "fs.path.nameraw", "../etc//shadow"}, {FAILED, "fs.path.name", NA},
    {CHMOD, "fs.path.name", "/work/x"}, {RENAME, "fs.path.name", NA}, {RENAME, "fs.path.source", "/a"},
    {RENAME, "fs.path.target", "/work/b"}, {RENAME, "fs.path.targetraw", "b"}, {SYMLINK, "fs.path.source", "/work/l"},
    {SYMLINK, "fs.path.sourceraw", "l"}, {SYMLINK, "fs.path.target", "/etc"}, {OPEN, "fs.path.source", NA},
    /* containers */
    {OPEN, "container.id", "host"}, {OPEN, "container.name", "host"}, {OPEN, "container.type", "host"}, {OPEN, "container.full_id", "host"},
    {OPEN, "container.image", NA}, {WAITING, "container.id", "c0ffee00c0ff"}, {WAITING, "container.name", NA},
    {WAITING, "container.privileged", NA}, {CONTAINER, "container.id", "c0ffee00c0ff"}, {CONTAINER, "container.name", "web"},
    {CONTAINER, "container.full_id", "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"},
    {CONTAINER, "container.type", "docker"}, {CONTAINER, "container.image", "reg.example/nginx:1.25"}, {CONTAINER, "container.image.id", "sha-id"},
    {CONTAINER, "container.image.repository", "reg.example/nginx"}, {CONTAINER, "container.image.tag", "1.25"},
    {CONTAINER, "container.image.digest", "sha256:aa"}, {CONTAINER, "container.ip", "172.17.0.2"}, {CONTAINER, "container.cni.json", "{}"},
    {CONTAINER, "container.privileged", "true"}, {CONTAINER, "container.host_pid", "false"}, {CONTAINER, "container.host_network", "true"},
    {CONTAINER, "container.host_ipc", "false"}, {CONTAINER, "container.start_ts", "1782900101004210337"}, {OPEN, "container.start_ts", NA},
    {CONTAINER, "container.duration", "60000000000"}, {CONTAINER, "container.label[KEY]", "v"}, {CONTAINER, "container.label.KEY", "v"},
    {CONTAINER, "container.label[org.x/y]", "w"}, {CONTAINER, "container.label[none]", NA}, {CONTAINER, "container.labels", "KEY:v,org.x/y:w"},
    {CONTAINER, "container.mounts", "/src/a:/dst/a:z:false:rprivate /src/b:/dst/b::true:"},
    {CONTAINER, "container.mount[0]", "/src/a:/dst/a:z:false:rprivate"}, {CONTAINER, "container.mount[/src/*]", "/src/a:/dst/a:z:false:rprivate"},
    {CONTAINER, "container.mount[/none]", NA}, {CONTAINER, "container.mount.dest[/src/b]", "/dst/b"}, {CONTAINER, "container.mount.dest[9]", NA},
    {CONTAINER, "container.mount.source[/dst/b]", "/src/b"}, {CONTAINER, "container.mount.mode[0]", "z"},
    {CONTAINER, "container.mount.rdwr[/src/b]", "true"}, {CONTAINER, "container.mount.propagation[0]", "rprivate"},
    {CONTAINER, "k8s.pod.name", "pod-1"}, {CONTAINER, "k8s.ns.name", "shop"}, {CONTAINER, "k8s.pod.uid", "u-1"}, {CONTAINER, "k8s.pod.id", "u-1"},
    {CONTAINER, "k8s.pod.sandbox_id", "feedfacefeed"}, {CONTAINER, "k8s.pod.full_sandbox_id", "feedfacefeedfacefeed"},
    {CONTAINER, "k8s.pod.ip", "172.17.0.2"}, {OPEN, "k8s.pod.name", NA},
    // clang-format on
};

static bool text_of(struct plm_view *view, const char *field, struct plm_buf *out)
{
    struct plm_fieldref ref;
    plm_err *err = NULL;
    if (plm_field_resolve(plm_sv_from(field), &ref, &err) < 0)
        fail_msg("%s does not resolve", field);
    return plm_field_text(view, &ref, out);
}

static void values(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world w;
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        set_up(&w, a, rows[i].setup);
        bool has_value = text_of(&w.view, rows[i].field, &b);
        if (has_value != (rows[i].text != NULL))
            fail_msg("row %zu, %s: %s value", i, rows[i].field, has_value ? "a" : "no");
        if (has_value && !plm_sv_is(plm_buf_sv(&b), rows[i].text))
            fail_msg("row %zu, %s: '%.*s', not '%s'", i, rows[i].field, PLM_SV_ARG(plm_buf_sv(&b)),
                     rows[i].text);
    }
}

/* What has a value without any event and of a process that nobody knows. */
static bool is_always_there(const char *name)
{
    static const char *const names[] = {
        "container.full_id",
        "container.id",
        "container.name",
        "container.type",
        "group.gid",
        "group.name",

        "proc.cmdlenargs",
        "proc.cmdline",
        "proc.cmdnargs",
        "proc.exe",
        "proc.exe_ino",
        "proc.exeline",
        "proc.fdlimit",
        "proc.is_container_healthcheck",
        "proc.is_container_liveness_probe",
        "proc.is_container_readiness_probe",
        "proc.is_exe_from_memfd",
        "proc.is_exe_lower_layer",
        "proc.is_exe_upper_layer",
        "proc.is_exe_writable",
        "proc.is_pgid_leader",
        "proc.is_sid_leader",
        "proc.is_vpgid_leader",
        "proc.name",
        "proc.nchilds",
        "proc.nthreads",
        "proc.pgid",
        "proc.pid",
        "proc.ppid",
        "proc.sid",
        "proc.tty",
        "proc.vmrss",
        "proc.vmsize",
        "proc.vmswap",
        "proc.vpgid",
        "thread.cap_effective",
        "thread.cap_inheritable",
        "thread.cap_permitted",
        "thread.ismain",
        "thread.nametid",
        "thread.tid",
        "thread.vmrss",
        "thread.vmrss.b",
        "thread.vmsize",
        "thread.vmsize.b",
        "user.homedir",
        "user.loginname",
        "user.loginuid",
        "user.name",
        "user.shell",
        "user.uid",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void without_anything(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct world w;
    set_up(&w, a, NOTHING);
    PLM_SET_FOREACH (plm_field_classes, struct plm_field_class, c) {
        for (const struct plm_field *f = c->fields; f->name; f++) {
            struct plm_fieldref ref = {
                .field = f, .text = plm_sv_from(f->name), .key = PLM_SV("1"), .type = f->type};
            struct plm_values v = {0};
            assert_int_equal(plm_field_get(&w.view, &ref, &v), 0);
            if ((v.n > 0) != is_always_there(f->name))
                fail_msg("%s: %zu values", f->name, v.n);
        }
    }
}

/* Every field that has values at all has one in some row. */
static void all_are_tested(void **state)
{
    (void)state;
    PLM_SET_FOREACH (plm_field_classes, struct plm_field_class, c) {
        for (const struct plm_field *f = c->fields; f->name; f++) {
            bool is_tested = f->get == plm_field_none;
            for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !is_tested; i++) {
                struct plm_fieldref ref;
                is_tested = rows[i].text && plm_field_resolve(plm_sv_from(rows[i].field), &ref, NULL) == 0 &&
                            ref.field == f;
            }
            /* tested below or by other programs */
            static const char *const elsewhere[] = {
                "proc.std",
                "proc.fd",
                "fd.types",
                "fd.proto",
                "fd.cproto",
                "fd.sproto",
                "fd.lproto",
                "fd.rproto",
                "proc.sname",
                "proc.sid.",
                "proc.pgid.",
                "proc.vpgid.",
                "k8s.pod.label",
                "k8s.pod.cni",
                "evt.count.error.net",
                "evt.count.error.memory",
                "evt.buflen.net.out",
                "evt.buflen.file.in",
            };
            for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
                is_tested = is_tested || strncmp(f->name, elsewhere[i], strlen(elsewhere[i])) == 0;
            if (!is_tested)
                fail_msg("%s: no row has a value of it", f->name);
        }
    }
}

/* ---- the registry ------------------------------------------------------------------------------- */

static int count_name(const char *name)
{
    int n = 0;
    PLM_SET_FOREACH (plm_field_classes, struct plm_field_class, c) {
        for (const struct plm_field *f = c->fields; f->name; f++)
            n += strcmp(f->name, name) == 0;
    }
    return n;
}

static void registry(void **state)
{
    (void)state;
    size_t n = 0;
    PLM_SET_FOREACH (plm_field_classes, struct plm_field_class, c) {
        assert_true(c->summary && *c->summary);
        for (const struct plm_field *f = c->fields; f->name; f++, n++) {
            assert_int_equal(count_name(f->name), 1);
            assert_true(f->help && *f->help && f->help[strlen(f->help) - 1] != '.');
            assert_true(*plm_vtype_name(f->type));
            assert_non_null(f->get);
            assert_int_equal(strncmp(f->name, c->name, strlen(c->name)), 0);
            if (f[1].name && strcmp(f->name, f[1].name) >= 0)
                fail_msg("%s stands before %s", f->name, f[1].name);
            assert_ptr_equal(plm_field_find(plm_sv_from(f->name)), f);
        }
    }
    assert_true(n > 280);
}

static void names_of_specification(void **state)
{
    (void)state;
    FILE *f = fopen(PLM_TEST_DATA "/fields/names.txt", "r");
    char line[256];
    size_t n = 0;
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        struct plm_fieldref ref;
        line[strcspn(line, "\n")] = '\0';
        n++;
        if (plm_field_resolve(plm_sv_from(line), &ref, NULL) < 0)
            fail_msg("%s is not there", line);
    }
    fclose(f);
    assert_true(n > 250);
}

/* The table of falco-rules.md 4.1 itself, where it is at hand: | `name` | type | … */
static void table_of_specification(void **state)
{
    (void)state;
    const char *shared = getenv("PLIMSOLL_SHARED");
    struct plm_buf path = PLM_BUF(PLM_KIB(8));
    plm_buf_printf(&path, "%s/spec/falco-rules.md", shared ? shared : "");
    FILE *f = fopen(plm_buf_cstr(&path), "r");
    plm_buf_done(&path);
    char line[4096];
    size_t n = 0;
    if (!f)
        plm_test_skip("../shared is not here: the names of the specification are not compared");
    while (fgets(line, sizeof(line), f)) {
        plm_sv text = plm_sv_from(line), name, rest;
        struct plm_fieldref ref;
        if (!plm_sv_starts(text, PLM_SV("| `")) || !plm_sv_cut(plm_sv_from_off(text, 3), '`', &name, &rest) ||
            !plm_sv_has(name, PLM_SV(".")) || !plm_sv_has(rest, PLM_SV("/")))
            continue;
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(1));
        for (size_t i = 0; i < name.n; i++)
            plm_buf_byte(&b, name.p[i] == 'N' && i && name.p[i - 1] == '[' ? '2' : (unsigned char)name.p[i]);
        if (plm_field_resolve(plm_buf_sv(&b), &ref, NULL) < 0)
            fail_msg("%.*s is not there", PLM_SV_ARG(name));
        n++;
    }
    fclose(f);
    assert_true(n >= 90);
}

static void names_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum plm_code code;
    } bad[] = {
        {"proc", PLM_E_NOTFOUND},
        {"proc.nme", PLM_E_NOTFOUND},
        {"Proc.name", PLM_E_NOTFOUND},
        {"evt.arg", PLM_E_PARSE},
        {"evt.arg.", PLM_E_NOTFOUND},
        {"evt.arg.nonesuch", PLM_E_NOTFOUND},
        {"evt.type.is.opn", PLM_E_NOTFOUND},
        {"proc.name[1]", PLM_E_PARSE},
        {"proc.aname[x]", PLM_E_PARSE},
        {"proc.aname[", PLM_E_PARSE},
        {"proc.aname[]", PLM_E_PARSE},
        {"proc.aname[1]x", PLM_E_PARSE},
        {"proc.aname[-1]", PLM_E_PARSE},
        {"proc.aname[99999999999]", PLM_E_PARSE},
        {"container.label", PLM_E_PARSE},
        {"container.mount", PLM_E_PARSE},
        {"evt.around[x]", PLM_E_PARSE},
        {"proc.env['a]", PLM_E_PARSE},
        {"proc.env[a b]", PLM_E_PARSE},
        {"", PLM_E_NOTFOUND},
        {"[1]", PLM_E_NOTFOUND},
        {"evt.arg.flags[1]", PLM_E_PARSE},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct plm_fieldref ref;
        plm_auto(plm_err_free) plm_err *err = NULL;
        if (plm_field_resolve(plm_sv_from(bad[i].text), &ref, &err) == 0)
            fail_msg("'%s' resolves", bad[i].text);
        if (plm_err_code(err) != bad[i].code)
            fail_msg("'%s': code %d", bad[i].text, (int)plm_err_code(err));
    }
}

static void arguments(void **state)
{
    (void)state;
    struct plm_fieldref ref;
    assert_int_equal(plm_field_resolve(PLM_SV("proc.aname[2]"), &ref, NULL), 0);
    assert_true(ref.has_index && ref.index == 2);
    assert_int_equal(plm_field_resolve(PLM_SV("proc.env[\"A B\"]"), &ref, NULL), 0);
    assert_true(plm_sv_is(ref.key, "A B"));
    assert_int_equal(plm_field_resolve(PLM_SV("container.label.a.b-c"), &ref, NULL), 0);
    assert_true(plm_sv_is(ref.key, "a.b-c"));
    assert_int_equal(plm_field_resolve(PLM_SV("evt.rawarg.res"), &ref, NULL), 0);
    assert_int_equal(ref.type, PLM_V_I64);
    assert_int_equal(plm_field_resolve(PLM_SV("evt.rawarg.flags"), &ref, NULL), 0);
    assert_int_equal(ref.type, PLM_V_U64);
    assert_int_equal(plm_field_resolve(PLM_SV("evt.arg.data"), &ref, NULL), 0);
    assert_int_equal(plm_field_needs(&ref), PLM_NEED_BUFFER);
}

/* Descriptors of this very process, and none for a recording. */
static void live_descriptors(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    struct world w;
    set_up(&w, a, OPEN);
    w.cat.info.pid = getpid();
    assert_false(text_of(&w.view, "proc.stdin.type", &b));
    w.view.is_live = true;
    int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir >= 0);
    plm_sv name = plm_arena_printf(a, "fd.types[%d]", dir);
    assert_true(text_of(&w.view, name.p, &b));
    assert_true(plm_sv_has(plm_buf_sv(&b), PLM_SV("directory")));
    plm_buf_clear(&b);
    assert_true(text_of(&w.view, "fd.types", &b));
    assert_true(plm_sv_has(plm_buf_sv(&b), PLM_SV("directory")));
    plm_buf_clear(&b);
    assert_true(text_of(&w.view, "proc.fdopencount", &b));
    assert_true(text_of(&w.view, "proc.fdusage", &b));
    assert_false(text_of(&w.view, "fd.types[99999]", &b));
    close(dir);
}

static void lists_are_bounded(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_view view = {.arena = a};
    struct plm_values v = {0};
    for (int i = 0; i < 200; i++)
        assert_int_equal(plm_field_u64(&view, &v, (uint64_t)i), 0);
    assert_int_equal(v.n, 64);
    assert_int_equal(v.v[63].u, 63);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(without_anything),
        cmocka_unit_test(all_are_tested),
        cmocka_unit_test(registry),
        cmocka_unit_test(names_of_specification),
        cmocka_unit_test(table_of_specification),
        cmocka_unit_test(names_that_are_none),
        cmocka_unit_test(arguments),
        cmocka_unit_test(live_descriptors),
        cmocka_unit_test(lists_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
