/* SPDX-License-Identifier: Apache-2.0
 *
 * The program: the spawner first, while the process is still clean, then the dispatcher.
 */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    return plm_cli_main(argc, argv, environ);
}
