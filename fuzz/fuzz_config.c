/* SPDX-License-Identifier: Apache-2.0
 *
 * A configuration file, as a project's and as any other; its first line also as a command line.
 */
#include "base/fs.h"
#include "config/config.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_file(const struct plm_ctx *ctx, const uint8_t *data, size_t size)
{
    plm_auto_fd int fd = memfd_create("plimsoll.yaml", MFD_CLOEXEC);
    if (fd < 0 || plm_fs_write_all(fd, data, size, NULL) < 0 || fchmod(fd, 0600) < 0)
        return;
    struct plm_buf path = PLM_BUF(PLM_KIB(1));
    plm_buf_printf(&path, "/proc/self/fd/%d", fd);
    const char *name = plm_buf_cstr(&path);
    /* Both verdicts are right for some input; crashes and leaks are not. */
    int rc = name ? plm_config_check_file(ctx, name, false, NULL) : 0;
    (void)rc;
    plm_buf_done(&path);
}

static void read_words(const struct plm_ctx *ctx, const uint8_t *data, size_t size)
{
    enum { WORDS_MAX = 16 };
    char *argv[WORDS_MAX + 1] = {NULL}, *nothing[] = {NULL};
    plm_sv rest = plm_sv_n((const char *)data, size), line, word;
    size_t n = 0;
    if (!plm_sv_line(&rest, &line))
        return;
    while (n < WORDS_MAX && plm_sv_word(&line, &word))
        argv[n++] = strndup(word.p, word.n);
    struct plm_config_sources s = {.argv = argv, .environ_list = nothing, .command = "scan"};
    plm_config_free(plm_config_load(ctx, &s, NULL));
    for (size_t i = 0; i < n; i++)
        free(argv[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    read_file(&ctx, data, size);
    read_words(&ctx, data, size);
    return 0;
}
