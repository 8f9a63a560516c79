/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables of /proc/net. The first byte chooses which; the rest is the file, through a memory file as the
 * kernel's are read.
 */
#include "kernel/kernel_int.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_socket_vec v = {0};
    if (!size)
        return 0;
    plm_auto_fd int fd = memfd_create("net", MFD_CLOEXEC);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    struct plm_kernel k = {.ctx = &ctx, .buf = PLM_BUF(PLM_MIB(4))};
    if (a && fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)size - 1 && lseek(fd, 0, SEEK_SET) == 0)
        (void)plm_sockets_read(&k, fd, (enum plm_socket_proto)(data[0] % (PLM_UNIX + 1)), a, &v);
    for (size_t i = 0; i < v.n; i++)
        if (!v.v[i].address.p && !plm_arena_failed(a))
            __builtin_trap();
    plm_buf_done(&k.buf);
    return 0;
}
