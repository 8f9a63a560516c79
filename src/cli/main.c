/* SPDX-License-Identifier: Apache-2.0
 *
 * The program: the spawner first, while the process is still clean, then the dispatcher.
 */
#include "cli/cli.h"
#include "image/image.h"

#include <fcntl.h>

/* A standard stream that the caller closed must not become the next descriptor that is opened: results would
 * go into the spawner's socket. What is put there instead refuses the wrong direction, so that writing is an
 * error. */
static void keep_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        int opened =
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY); // NOLINT: stays open like the others
        if (opened >= 0 && opened != fd)
            close(opened);
    }
}

int main(int argc, char **argv)
{
    keep_standard_streams();
    plm_err *err = NULL;
    if (plm_spawner_start(&err) < 0) {
        plm_auto_free char *text = plm_err_text(err);
        fprintf(stderr, "plimsoll: %s\n", text ? text : "out of memory");
        plm_err_free(err);
        return PLM_EXIT_INCOMPLETE;
    }
    int code = plm_cli_main(argc, argv, environ);
    plm_spawner_stop();
    return code;
}
