/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a fuzz target over every file of the folders given, so that the corpus is replayed
 * under any compiler. An empty or missing corpus is a failure: a target without seeds tests nothing.
 */
#include "base/fs.h"

#include <dirent.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    size_t runs = 0;
    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
            if (e->d_name[0] == '.')
                continue;
            plm_auto_free char *path = plm_fs_join(argv[i], e->d_name);
            plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(64));
            plm_err *err = NULL;
            if (!path || plm_fs_read(path, PLM_MIB(64), &b, &err) < 0) {
                plm_auto_free char *text = plm_err_text(err);
                fprintf(stderr, "%s\n", text ? text : "out of memory");
                plm_err_free(err);
                closedir(d);
                return 1;
            }
            LLVMFuzzerTestOneInput((const uint8_t *)plm_buf_sv(&b).p, b.n);
            runs++;
        }
        if (d)
            closedir(d);
    }
    printf("%zu inputs\n", runs);
    return runs ? 0 : 1;
}
