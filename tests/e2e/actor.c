/* SPDX-License-Identifier: Apache-2.0
 *
 * The only program of the runtime tests (watching.py): static, it does the system calls that a script names.
 * Its own name and arguments mean nothing, so that it can play any program; the script is the file that the
 * variable ACTOR names. Without it, it does nothing and exits 0.
 *
 * A script has one step a line, words separated by tabs: `[VAR=]STEP WORD...`. VAR keeps the step's result; a
 * word `${VAR}` stands for it. Numbers are decimal, 0x or 0 octal; the test writes flags as numbers. A step
 * that fails keeps its -errno as result and the script goes on, because failing calls are events too; a line
 * that starts with `!` must succeed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MAX_WORDS = 64, MAX_VARS = 64 };

static struct variable {
    char name[32];
    long value;
} variables[MAX_VARS];
static size_t n_variables;

static void keep(const char *name, long value)
{
    struct variable *v = NULL;
    for (size_t i = 0; i < n_variables && !v; i++)
        if (!strcmp(variables[i].name, name))
            v = &variables[i];
    if (!v) {
        if (n_variables == MAX_VARS)
            errx(2, "too many variables");
        v = &variables[n_variables++];
        snprintf(v->name, sizeof(v->name), "%s", name);
    }
    v->value = value;
}

static long number(const char *word)
{
    char name[32];
    if (sscanf(word, "${%31[^}]}", name) == 1) {
        for (size_t i = 0; i < n_variables; i++)
            if (!strcmp(variables[i].name, name))
                return variables[i].value;
        errx(2, "%s: not set", word);
    }
    char *end;
    errno = 0;
    long v = (long)strtoull(word, &end, 0);
    if (errno || *end || end == word)
        errx(2, "%s: not a number", word);
    return v;
}

/* "1.2.3.4:80", "[::1]:80", "unix:PATH" ("unix:@x": abstract). */
static socklen_t address(char *word, struct sockaddr_storage *out)
{
    *out = (struct sockaddr_storage){0};
    if (!strncmp(word, "unix:", 5)) {
        struct sockaddr_un *un = (struct sockaddr_un *)out;
        un->sun_family = AF_UNIX;
        size_t n = strlen(word + 5);
        if (n >= sizeof(un->sun_path))
            errx(2, "%s: too long", word);
        memcpy(un->sun_path, word + 5, n);
        if (un->sun_path[0] == '@')
            un->sun_path[0] = 0;
        return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (un->sun_path[0] != 0));
    }
    char *colon = strrchr(word, ':');
    if (!colon)
        errx(2, "%s: no port", word);
    in_port_t port = htons((uint16_t)number(colon + 1));
    if (word[0] == '[') {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
        *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
        colon[-1] = 0;
        if (inet_pton(AF_INET6, word + 1, &in6->sin6_addr) != 1)
            errx(2, "%s: no address", word + 1);
        return sizeof(*in6);
    }
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
    *colon = 0;
    if (inet_pton(AF_INET, word, &in->sin_addr) != 1)
        errx(2, "%s: no address", word);
    return sizeof(*in);
}

static void start(char *script, char *path, char **argv)
{
    if (setenv("ACTOR", script, 1))
        err(2, "setenv");
    execv(path, argv);
    err(2, "%s", path);
}

/* A child of its own: run SCRIPT PATH ARGV0 ARG... gives its wait status. */
static long run(char **w)
{
    pid_t child = fork();
    if (child == 0)
        start(w[0], w[1], w + 2);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return -1;
    return status;
}

/* The same without waiting: gives its process id. */
static long launch(char **w)
{
    int ready[2];
    if (pipe2(ready, O_CLOEXEC))
        return -1;
    pid_t child = fork();
    if (child == 0)
        start(w[0], w[1], w + 2);
    close(ready[1]);
    char c;
    while (child > 0 && read(ready[0], &c, 1) < 0 && errno == EINTR) {
    }
    close(ready[0]);
    return child;
}

static void copy(int in, int out)
{
    static char buf[65536];
    for (ssize_t n; (n = read(in, buf, sizeof(buf))) != 0;)
        if (n < 0 || write(out, buf, (size_t)n) != n)
            err(2, "copy");
}

static long copy_file(char **w)
{
    int in = open(w[0], O_RDONLY | O_CLOEXEC), out = open(w[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    if (in < 0 || out < 0)
        return -1;
    copy(in, out);
    close(in);
    return close(out);
}

/* memfd_run SCRIPT NAME ARGV0 ARG...: this program once more, from memory. */
static long memfd_run(char **w)
{
    pid_t child = fork();
    if (child == 0) {
        int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), fd = memfd_create(w[1], MFD_CLOEXEC);
        if (self < 0 || fd < 0 || setenv("ACTOR", w[0], 1))
            err(2, "memfd");
        copy(self, fd);
        syscall(SYS_execveat, fd, "", w + 2, environ, AT_EMPTY_PATH);
        err(2, "execveat");
    }
    int status = 0;
    return child < 0 || waitpid(child, &status, 0) < 0 ? -1 : status;
}

/* A controlling terminal of a session of our own. */
static long terminal(char **w)
{
    (void)w;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) || unlockpt(master))
        return -1;
    pid_t child = fork();
    if (child > 0) {
        int status = 0;
        waitpid(child, &status, 0);
        exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
    setsid();
    int slave = open(ptsname(master), O_RDWR | O_CLOEXEC);
    return slave < 0 ? -1 : ioctl(slave, TIOCSCTTY, 0);
}

/* A child that stops at once and is traced: ptrace with REQUEST on it, then it ends. */
static long traced(char **w)
{
    pid_t child = fork();
    if (child == 0) {
        for (;;)
            pause();
    }
    static char area[4096];
    long done = syscall(SYS_ptrace, number(w[0]), child, 0, area);
    int status;
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return done;
}

static long stop_self(char **w)
{
    (void)w;
    return syscall(SYS_ptrace, 0, 0, 0, 0);
}

static long send_to(char **w)
{
    struct sockaddr_storage at;
    bool has = w[3] != NULL;
    socklen_t n = has ? address(w[3], &at) : 0;
    return sendto((int)number(w[0]), w[1], strlen(w[1]), (int)number(w[2]),
                  has ? (struct sockaddr *)&at : NULL, n);
}

static long send_msg(char **w)
{
    struct sockaddr_storage at;
    struct iovec part = {w[1], strlen(w[1])};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (w[3]) {
        m.msg_namelen = address(w[3], &at);
        m.msg_name = &at;
    }
    return sendmsg((int)number(w[0]), &m, (int)number(w[2]));
}

static long receive(char **w)
{
    char buf[4096];
    struct sockaddr_storage from;
    socklen_t n = sizeof(from);
    return recvfrom((int)number(w[0]), buf, sizeof(buf), (int)number(w[1]), (struct sockaddr *)&from, &n);
}

static long connect_to(char **w)
{
    struct sockaddr_storage at;
    socklen_t n = address(w[1], &at);
    return connect((int)number(w[0]), (struct sockaddr *)&at, n);
}

static long bind_to(char **w)
{
    struct sockaddr_storage at;
    socklen_t n = address(w[1], &at);
    int one = 1;
    setsockopt((int)number(w[0]), SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    return bind((int)number(w[0]), (struct sockaddr *)&at, n);
}

static long open2(char **w)
{
    struct open_how how = {
        .flags = (uint64_t)number(w[2]), .mode = (uint64_t)number(w[3]), .resolve = (uint64_t)number(w[4])};
    return syscall(SYS_openat2, number(w[0]), w[1], &how, sizeof(how));
}

static long load_module(char **w)
{
    return syscall(SYS_init_module, w[0], strlen(w[0]), "");
}

static long bpf(char **w)
{
    char attr[128] = {0};
    return syscall(SYS_bpf, number(w[0]), attr, sizeof(attr));
}

static long new_signalfd(char **w)
{
    (void)w;
    sigset_t none;
    sigemptyset(&none);
    return signalfd(-1, &none, SFD_CLOEXEC);
}

static long new_pipe(char **w)
{
    int ends[2];
    if (pipe(ends))
        return -1;
    keep(w[0], ends[0]);
    keep(w[1], ends[1]);
    return 0;
}

static long chdir_to(char **w)
{
    return chdir(w[0]);
}

static long rename_self(char **w)
{
    return prctl(PR_SET_NAME, w[0]);
}

static long set_env(char **w)
{
    return setenv(w[0], w[1], 1);
}

static long touch(char **w)
{
    int fd = open(w[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return fd < 0 ? -1 : close(fd);
}

static long say(char **w)
{
    puts(w[0]);
    return fflush(stdout);
}

static long wait_for_end(char **w)
{
    (void)w;
    for (int sig = 0;;) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        if (sigwait(&all, &sig) == 0 && (sig == SIGTERM || sig == SIGINT))
            exit(0);
    }
}

static long shell(char **w)
{
    return system(w[0]);
}

/* until_denied PATH: runs it again and again, until the kernel refuses to execute it; at most 30 s. */
static long until_denied(char **w)
{
    for (int i = 0; i < 3000; i++) {
        pid_t child = fork();
        if (child == 0) {
            char *argv[] = {w[0], NULL};
            setenv("ACTOR", "", 1);
            execv(w[0], argv);
            _exit(errno == EPERM || errno == EACCES ? 77 : 78);
        }
        int status = 0;
        waitpid(child, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
            return 0;
        poll(NULL, 0, 10); /* between two attempts */
    }
    errno = ETIME;
    return -1;
}

/* Where the age of a process is what a rule asks for. */
static long sleep_ms(char **w)
{
    return poll(NULL, 0, (int)number(w[0]));
}

static long exit_now(char **w)
{
    exit((int)number(w[0]));
}

static long read_some(char **w)
{
    char buf[4096];
    size_t n = (size_t)number(w[1]);
    return read((int)number(w[0]), buf, n < sizeof(buf) ? n : sizeof(buf));
}

static long write_text(char **w)
{
    return write((int)number(w[0]), w[1], strlen(w[1]));
}

static long epoll_new(char **w)
{
    (void)w;
    return epoll_create1(EPOLL_CLOEXEC);
}

static long eventfd_new(char **w)
{
    (void)w;
    return eventfd(0, EFD_CLOEXEC);
}

static long inotify_new(char **w)
{
    (void)w;
    return inotify_init1(IN_CLOEXEC);
}

static const struct step {
    const char *name;
    int min;
    long (*run)(char **words);
    /* Without a function: a system call whose words are `n`umbers and `s`trings. */
    long nr;
    const char *kinds;
} steps[] = {
    {"run", 3, run, 0, NULL},
    {"launch", 3, launch, 0, NULL},
    {"copy", 2, copy_file, 0, NULL},
    {"memfd_run", 3, memfd_run, 0, NULL},
    {"terminal", 0, terminal, 0, NULL},
    {"traced", 1, traced, 0, NULL},
    {"traceme", 0, stop_self, 0, NULL},
    {"sendto", 3, send_to, 0, NULL},
    {"sendmsg", 3, send_msg, 0, NULL},
    {"recvfrom", 2, receive, 0, NULL},
    {"connect", 2, connect_to, 0, NULL},
    {"bind", 2, bind_to, 0, NULL},
    {"openat2", 5, open2, 0, NULL},
    {"init_module", 1, load_module, 0, NULL},
    {"bpf", 1, bpf, 0, NULL},
    {"signalfd", 0, new_signalfd, 0, NULL},
    {"eventfd", 0, eventfd_new, 0, NULL},
    {"epoll", 0, epoll_new, 0, NULL},
    {"inotify", 0, inotify_new, 0, NULL},
    {"pipe", 2, new_pipe, 0, NULL},
    {"name", 1, rename_self, 0, NULL},
    {"setenv", 2, set_env, 0, NULL},
    {"touch", 1, touch, 0, NULL},
    {"say", 1, say, 0, NULL},
    {"wait", 0, wait_for_end, 0, NULL},
    {"shell", 1, shell, 0, NULL},
    {"until_denied", 1, until_denied, 0, NULL},
    {"sleep", 1, sleep_ms, 0, NULL},
    {"exit", 1, exit_now, 0, NULL},
    {"read", 2, read_some, 0, NULL},
    {"write", 2, write_text, 0, NULL},
    {"chdir", 1, chdir_to, 0, NULL},
#ifdef SYS_open
    {"open", 3, NULL, SYS_open, "snn"},
    {"creat", 2, NULL, SYS_creat, "sn"},
    {"link", 2, NULL, SYS_link, "ss"},
    {"symlink", 2, NULL, SYS_symlink, "ss"},
    {"unlink", 1, NULL, SYS_unlink, "s"},
    {"rename", 2, NULL, SYS_rename, "ss"},
    {"mkdir", 2, NULL, SYS_mkdir, "sn"},
    {"rmdir", 1, NULL, SYS_rmdir, "s"},
    {"chmod", 2, NULL, SYS_chmod, "sn"},
    {"chown", 3, NULL, SYS_chown, "snn"},
    {"lchown", 3, NULL, SYS_lchown, "snn"},
    {"dup2", 2, NULL, SYS_dup2, "nn"},
#endif
    {"openat", 4, NULL, SYS_openat, "nsnn"},
    {"close", 1, NULL, SYS_close, "n"},
    {"linkat", 5, NULL, SYS_linkat, "nsnsn"},
    {"symlinkat", 3, NULL, SYS_symlinkat, "sns"},
    {"unlinkat", 3, NULL, SYS_unlinkat, "nsn"},
    {"renameat", 4, NULL, SYS_renameat, "nsns"},
    {"renameat2", 5, NULL, SYS_renameat2, "nsnsn"},
    {"mkdirat", 3, NULL, SYS_mkdirat, "nsn"},
    {"fchmod", 2, NULL, SYS_fchmod, "nn"},
    {"fchmodat", 3, NULL, SYS_fchmodat, "nsn"},
    {"fchown", 3, NULL, SYS_fchown, "nnn"},
    {"fchownat", 5, NULL, SYS_fchownat, "nsnnn"},
    {"dup", 1, NULL, SYS_dup, "n"},
    {"dup3", 3, NULL, SYS_dup3, "nnn"},
    {"socket", 3, NULL, SYS_socket, "nnn"},
    {"listen", 2, NULL, SYS_listen, "nn"},
    {"accept", 1, NULL, SYS_accept, "n"},
    {"accept4", 4, NULL, SYS_accept4, "nnnn"},
    {"kill", 2, NULL, SYS_kill, "nn"},
    {"ptrace", 4, NULL, SYS_ptrace, "nnnn"},
    {"setuid", 1, NULL, SYS_setuid, "n"},
    {"setgid", 1, NULL, SYS_setgid, "n"},
    {"setresuid", 3, NULL, SYS_setresuid, "nnn"},
    {"setns", 2, NULL, SYS_setns, "nn"},
    {"unshare", 1, NULL, SYS_unshare, "n"},
    {"finit_module", 3, NULL, SYS_finit_module, "nsn"},
    {"memfd_create", 2, NULL, SYS_memfd_create, "sn"},
    {"userfaultfd", 1, NULL, SYS_userfaultfd, "n"},
    {"mount", 5, NULL, SYS_mount, "sssns"},
    {"umount2", 2, NULL, SYS_umount2, "sn"},
    {"setsid", 0, NULL, SYS_setsid, ""},
    {"chroot", 1, NULL, SYS_chroot, "s"},
    {"truncate", 2, NULL, SYS_truncate, "sn"},
    {"getpid", 0, NULL, SYS_getpid, ""},
    {"getuid", 0, NULL, SYS_getuid, ""},
};

static long do_step(const struct step *s, char **w)
{
    errno = 0;
    long result;
    if (s->run) {
        result = s->run(w);
    } else {
        long a[6] = {0};
        for (size_t i = 0; s->kinds[i]; i++)
            a[i] = s->kinds[i] == 's' ? (long)w[i] : number(w[i]);
        result = syscall(s->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
    return result < 0 ? -errno : result;
}

static void do_line(char *line)
{
    char *w[MAX_WORDS + 1];
    int n = 0;
    for (char *rest = line, *word; n < MAX_WORDS && (word = strsep(&rest, "\t")) != NULL;)
        w[n++] = word;
    w[n] = NULL;
    bool must = w[0][0] == '!';
    char *name = w[0] + must, *equals = strchr(name, '='), *variable = NULL;
    if (equals) {
        *equals = 0;
        variable = name;
        name = equals + 1;
    }
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (!strcmp(steps[i].name, name)) {
            if (n - 1 < steps[i].min)
                errx(2, "%s: %d words, needs %d", name, n - 1, steps[i].min);
            long result = do_step(&steps[i], w + 1);
            if (must && result < 0)
                errx(3, "%s: %s", name, strerror((int)-result));
            if (variable)
                keep(variable, result);
            return;
        }
    errx(2, "%s: no such step", name);
}

int main(void)
{
    const char *path = getenv("ACTOR");
    if (!path || !*path)
        return 0;
    FILE *f = fopen(path, "re");
    if (!f)
        err(2, "%s", path);
    char *line = NULL;
    size_t cap = 0;
    for (ssize_t n; (n = getline(&line, &cap, f)) > 0;) {
        if (line[n - 1] == '\n')
            line[n - 1] = 0;
        if (line[0] && line[0] != '#')
            do_line(line);
    }
    return 0;
}
