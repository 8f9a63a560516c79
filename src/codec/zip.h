/* SPDX-License-Identifier: Apache-2.0
 *
 * Zip reader over a whole archive in memory (or mapped): central directory, stored and
 * deflated members, zip64. Members come in the order of the central directory.
 *
 *     plm_auto(plm_zip_free) struct plm_zip *z = plm_zip_new(bytes, "all.zip", limits, err);
 *     while ((r = plm_zip_next(z, &e, err)) > 0)
 *         if (wanted(e.name)) plm_zip_read(z, &e, max, &buf, err);
 *
 * Encrypted members and other methods are UNSUPPORTED when read, not when listed.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/sv.h"

struct plm_zip;

struct plm_zip_entry {
    plm_sv name; /* borrowed from the archive; as written, not normalised */
    uint64_t size, packed;
    uint64_t header_at; /* of the local header */
    uint32_t crc;
    uint16_t method, flags;
    bool is_dir;
};

struct plm_zip *plm_zip_new(plm_sv data, const char *name, const struct plm_limits *limits,
                            plm_err **err); /* borrows data */
void plm_zip_free(struct plm_zip *z);
PLM_CLEANUP(struct plm_zip, plm_zip_free)
/* 1: an entry; 0: the end; -1. */
int plm_zip_next(struct plm_zip *z, struct plm_zip_entry *out, plm_err **err);
/* Appends the contents, CRC checked. LIMIT above max bytes or above limits->ratio. */
int plm_zip_read(struct plm_zip *z, const struct plm_zip_entry *e, uint64_t max, struct plm_buf *out,
                 plm_err **err);
/* Do these first bytes look like a zip archive? */
bool plm_zip_sniff(plm_sv head);
