/* SPDX-License-Identifier: Apache-2.0
 *
 * Loops of system calls for bench_watch.py.
 *
 * usage: bench-watch-load getppid|open|fork SECONDS FILE     prints nanoseconds per turn
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void turn_getppid(const char *file)
{
    (void)file;
    syscall(SYS_getppid);
}

static void turn_open(const char *file)
{
    char bytes[64];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, bytes, sizeof(bytes)) < 0)
        exit(1);
    close(fd);
}

static void turn_fork(const char *file)
{
    (void)file;
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
        exit(1);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*turn)(const char *file);
        unsigned batch;
    } loops[] = {{"getppid", turn_getppid, 1000}, {"open", turn_open, 100}, {"fork", turn_fork, 1}};
    for (size_t i = 0; argc == 4 && i < sizeof(loops) / sizeof(loops[0]); i++) {
        if (strcmp(argv[1], loops[i].name))
            continue;
        uint64_t begin = now(), end = begin + (uint64_t)(strtod(argv[2], NULL) * 1e9), n = 0, at;
        do {
            for (unsigned k = 0; k < loops[i].batch; k++)
                loops[i].turn(argv[3]);
            n += loops[i].batch;
            at = now();
        } while (at < end);
        printf("%.1f\n", (double)(at - begin) / (double)n);
        return 0;
    }
    fputs("usage: bench-watch-load getppid|open|fork SECONDS FILE\n", stderr);
    return 2;
}
