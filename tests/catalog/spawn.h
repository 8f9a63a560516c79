/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs other programs for tests that compare with them.
 */
#pragma once

#include "base/buf.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Standard output of a program into out; its exit status, 127 if it is not there. Standard error is dropped.
 */
static inline int spawn_read(const char *const *argv, struct plm_buf *out)
{
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(fds[1], 1);
        dup2(null, 2);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(fds[1]);
    for (;;) {
        char *p = plm_buf_reserve(out, 65536);
        assert_non_null(p);
        ssize_t n = read(fds[0], p, 65536);
        if (n <= 0)
            break;
        out->n += (size_t)n;
    }
    close(fds[0]);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* One member of an archive in $PLIMSOLL_SHARED/data. False (and the reason on standard output) where
 * it is missing: then call skip(), nothing is held. */
static inline bool spawn_shared(const char *archive, const char *member, struct plm_buf *out)
{
    const char *shared = getenv("PLIMSOLL_SHARED");
    char *path = NULL;
    assert_true(asprintf(&path, "%s/data/%s", shared ? shared : "../shared", archive) > 0);
    bool found = access(path, R_OK) == 0;
    if (found) {
        const char *argv[] = {"tar", "--zstd", "-xOf", path, member, NULL};
        assert_int_equal(spawn_read(argv, out), 0);
        assert_true(out->n > 0);
    } else {
        print_message("skipped: reads ../shared, which has no %s\n", path);
    }
    free(path);
    return found;
}
