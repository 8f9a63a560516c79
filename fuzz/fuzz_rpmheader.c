/* SPDX-License-Identifier: Apache-2.0
 *
 * One rpm header, wrapped into the smallest NDB database that holds it, so that the mutator works
 * on the header alone.
 */
#include "catalog_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_buf b = PLM_BUF(PLM_MIB(64));
    size_t blocks = (16 + size + 12 + 15) / 16;
    const uint32_t head[] = {0x506d7052u, 0, 1, 1, 2, 0, 0, 0, 0x746f6c53u, 1, 256, (uint32_t)blocks};
    for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
        plm_buf_u32le(&b, head[i]);
    while (b.n < 4096)
        plm_buf_byte(&b, 0);
    const uint32_t blob[] = {0x53626c42u, 1, 1, (uint32_t)size};
    for (size_t i = 0; i < sizeof(blob) / sizeof(blob[0]); i++)
        plm_buf_u32le(&b, blob[i]);
    plm_buf_put(&b, data, size);
    while (b.n < 4096 + blocks * 16 - 12)
        plm_buf_byte(&b, 0);
    plm_buf_u32le(&b, 0);
    plm_buf_u32le(&b, (uint32_t)size);
    plm_buf_u32le(&b, 0x45626c42u);
    catalog_run("rpm", "var/lib/rpm/Packages.db", (const uint8_t *)plm_buf_sv(&b).p, b.n);
    plm_buf_done(&b);
    return 0;
}
