/* SPDX-License-Identifier: Apache-2.0
 *
 * The folder of the running program comes from /proc/self/exe.
 */
#include "base/module.h"

#include "base/cleanup.h"
#include "base/fs.h"

/* A heap string; NULL where /proc does not tell. */
static char *program_dir(void)
{
    char *path = realpath("/proc/self/exe", NULL);
    char *slash = path ? strrchr(path, '/') : NULL;
    if (slash)
        *slash = 0;
    return path;
}

char *plm_module_path(const char *lib_dir, const char *name)
{
    if (lib_dir)
        return plm_fs_join(lib_dir, name);
    plm_auto_free char *dir = program_dir();
    plm_auto_free char *beside = dir ? plm_fs_join(dir, name) : NULL;
    if (beside && access(beside, R_OK) == 0)
        return plm_take(beside);
    return plm_fs_join(PLM_MODULE_DIR, name);
}
