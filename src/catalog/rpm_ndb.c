/* SPDX-License-Identifier: Apache-2.0
 *
 * rpm's "new database" (Packages.db; SUSE; rpm lib/backend/ndb/rpmpkg.c). Little-endian.
 *
 *     header, 32 bytes: 'RpmP', version 0, generation, slot pages, next package, unused
 *     slots, 16 bytes each from offset 32 to slot pages * 4096: 'Slot', package index (0: free),
 *         block offset, block count; a block is 16 bytes
 *     blob: 'BlbS', package index, generation, length; data, padding;
 *         adler32 of header and data, length, 'BlbE'
 *
 * Slots are the truth; a blob whose head or tail does not belong to its slot is reported and
 * skipped. The checksum is not verified: a broken header is noticed by its parser. O(file).
 */
#include "rpm_int.h"

#define NDB_MAGIC  0x506d7052u /* "RpmP" */
#define SLOT_MAGIC 0x746f6c53u /* "Slot" */
#define BLOB_HEAD  0x53626c42u /* "BlbS" */
#define BLOB_TAIL  0x45626c42u /* "BlbE" */

enum { PAGE = 4096, SLOT = 16, BLOCK = 16, HEAD = 16, TAIL = 12 };

bool plm_rpm_ndb_is(plm_sv file)
{
    struct plm_rd r = PLM_RD(file);
    return plm_rd_u32le(&r) == NDB_MAGIC;
}

/* False once enough has been read. */
static bool read_slot(plm_sv file, uint32_t index, uint32_t block, uint32_t blocks, size_t at,
                      struct rpm_sink *s)
{
    uint64_t start = (uint64_t)block * BLOCK, bytes = (uint64_t)blocks * BLOCK;
    if (start > file.n || bytes > file.n - start || bytes < HEAD + TAIL) {
        s->bad(s->arg, at, "slot points outside of the file");
        return true;
    }
    struct plm_rd r = PLM_RD(plm_sv_sub(file, (size_t)start, (size_t)bytes));
    uint32_t magic = plm_rd_u32le(&r), owner = plm_rd_u32le(&r);
    (void)plm_rd_u32le(&r);
    uint32_t length = plm_rd_u32le(&r);
    if (magic != BLOB_HEAD || owner != index || length > bytes - HEAD - TAIL) {
        s->bad(s->arg, (size_t)start, "blob does not belong to its slot");
        return true;
    }
    plm_sv blob = plm_rd_bytes(&r, length);
    plm_rd_seek(&r, (size_t)bytes - 8);
    uint32_t tail_length = plm_rd_u32le(&r), tail = plm_rd_u32le(&r);
    if (r.failed || tail != BLOB_TAIL || tail_length != length) {
        s->bad(s->arg, (size_t)start, "blob has no proper end");
        return true;
    }
    return rpm_sink_spend(s, length, (size_t)start) && s->blob(s->arg, blob, (size_t)start);
}

int plm_rpm_ndb_read(plm_sv file, struct rpm_sink *s, plm_err **err)
{
    struct plm_rd r = PLM_RD(file);
    uint32_t magic = plm_rd_u32le(&r), version = plm_rd_u32le(&r);
    (void)plm_rd_u32le(&r);
    uint64_t slots_end = (uint64_t)plm_rd_u32le(&r) * PAGE;
    plm_rd_seek(&r, 32);
    if (r.failed || magic != NDB_MAGIC)
        return plm_fail(err, PLM_E_PARSE, "no NDB database header");
    if (version != 0)
        return plm_fail(err, PLM_E_UNSUPPORTED, "NDB database of version %u", version);
    if (slots_end > file.n) {
        s->bad(s->arg, file.n, "file ends within its slot pages");
        slots_end = file.n;
    }
    while (r.at + SLOT <= slots_end) {
        size_t at = r.at;
        uint32_t slot_magic = plm_rd_u32le(&r), index = plm_rd_u32le(&r), block = plm_rd_u32le(&r),
                 blocks = plm_rd_u32le(&r);
        if (slot_magic != SLOT_MAGIC)
            s->bad(s->arg, at, "no slot");
        else if (index != 0 && !read_slot(file, index, block, blocks, at, s))
            break;
    }
    return 0;
}
