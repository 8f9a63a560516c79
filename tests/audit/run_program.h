/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs another program for a second opinion: its standard output, or NULL where it is not installed.
 */
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Heap text (free it); NULL: no such program. *out_status: its exit status. */
static inline char *plm_test_output(char *const argv[], int *out_status)
{
    int ends[2];
    pid_t pid;
    if (pipe(ends) < 0)
        return NULL;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    int r = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    char *text = r == 0 ? calloc(1, 1 << 20) : NULL;
    size_t n = 0;
    for (ssize_t got = 1; text && got > 0; n += got > 0 ? (size_t)got : 0)
        got = read(ends[0], text + n, ((size_t)1 << 20) - 1 - n);
    close(ends[0]);
    if (r == 0)
        waitpid(pid, out_status, 0);
    return text;
}
