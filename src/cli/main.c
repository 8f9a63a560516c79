/* SPDX-License-Identifier: Apache-2.0
 *
 * The dispatcher.
 */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts("plimsoll " PLM_VERSION);
    return 0;
}
