/* SPDX-License-Identifier: Apache-2.0
 *
 * The only program in the containers of the audit's end-to-end tests (planted.py): static, it plays what a
 * fault needs and then waits. Its arguments are steps, done in order:
 *
 *     copy FROM TO MODE | chmod PATH MODE | unlink PATH | listen PORT | say WORD | exit CODE | pause
 *     fork            the child does the steps that follow, the parent pauses
 *     exec ARG...     replaces itself by the program ARG
 *     memfd STEP...   goes on in a copy of itself that lies in memory only
 *
 * `pause` ends at SIGTERM, also as process 1, so that a whole engine stops at once.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void pause_until_term(void)
{
    for (int sig = 0;;) {
        sigset_t all;
        sigfillset(&all);
        if (sigwait(&all, &sig) == 0 && (sig == SIGTERM || sig == SIGINT))
            exit(0);
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
    }
}

static void copy_to(const char *from, int out)
{
    char buf[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        err(1, "%s", from);
    for (ssize_t n; (n = read(in, buf, sizeof(buf))) != 0;)
        if (n < 0 || write(out, buf, (size_t)n) != n)
            err(1, "copy of %s", from);
    close(in);
}

static void copy(const char *from, const char *to, const char *mode)
{
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    if (out < 0)
        err(1, "%s", to);
    copy_to(from, out);
    if (fchmod(out, (mode_t)strtoul(mode, NULL, 8)))
        err(1, "chmod %s", to);
    close(out);
}

static void listen_on(const char *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 1))
        err(1, "port %s", port);
}

static void go_on_in_memory(char **argv)
{
    int fd = memfd_create("hidden", MFD_CLOEXEC);
    if (fd < 0)
        err(1, "memfd");
    copy_to("/proc/self/exe", fd);
    fexecve(fd, argv, environ);
    err(1, "fexecve");
}

int main(int argc, char **argv)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (char **a = argv + 1; *a; a++) {
        int left = (int)(argv + argc - a) - 1;
        if (!strcmp(*a, "copy") && left >= 3) {
            copy(a[1], a[2], a[3]);
            a += 3;
        } else if (!strcmp(*a, "chmod") && left >= 2) {
            if (chmod(a[1], (mode_t)strtoul(a[2], NULL, 8)))
                err(1, "chmod %s", a[1]);
            a += 2;
        } else if (!strcmp(*a, "unlink") && left >= 1) {
            if (unlink(*++a))
                err(1, "unlink %s", *a);
        } else if (!strcmp(*a, "listen") && left >= 1) {
            listen_on(*++a);
        } else if (!strcmp(*a, "say") && left >= 1) {
            puts(*++a);
            fflush(stdout);
        } else if (!strcmp(*a, "exit") && left >= 1) {
            return (int)strtol(a[1], NULL, 10);
        } else if (!strcmp(*a, "fork")) {
            if (fork() > 0)
                pause_until_term();
        } else if (!strcmp(*a, "exec") && left >= 1) {
            execv(a[1], a + 1);
            err(1, "%s", a[1]);
        } else if (!strcmp(*a, "memfd")) {
            go_on_in_memory(a);
        } else if (!strcmp(*a, "pause")) {
            pause_until_term();
        } else {
            errx(2, "%s: no such step, or too few words after it", *a);
        }
    }
    return 0;
}
