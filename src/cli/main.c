/* SPDX-License-Identifier: Apache-2.0
 *
 * The program: the spawner first, while the process is still clean, then the dispatcher.
 */
#include "cli/cli.h"
#include "image/image.h"

int main(int argc, char **argv)
{
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
