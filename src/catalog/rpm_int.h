/* SPDX-License-Identifier: Apache-2.0
 *
 * The rpm cataloger's parts: three database readers that hand over header blobs, and the
 * header parser.
 */
#pragma once

#include "catalog_int.h"

/* What a database reader is given. */
struct rpm_sink {
    void *arg;
    size_t budget; /* bytes of blobs that may still come: the file's size, as each byte belongs to one blob */
    /* One header blob; offset: where in the file it begins. Borrowed during the call. False: enough. */
    bool (*blob)(void *arg, plm_sv blob, size_t offset);
    /* Something unreadable at offset; reading goes on where it can. */
    void (*bad)(void *arg, size_t offset, const char *what);
};

/* Takes n bytes off the budget; tells and returns false where overlapping blobs exceed it. */
static inline bool rpm_sink_spend(struct rpm_sink *s, size_t n, size_t offset)
{
    if (n > s->budget) {
        s->bad(s->arg, offset, "blobs overlap: together larger than the file");
        return false;
    }
    s->budget -= n;
    return true;
}

bool plm_rpm_sqlite_is(plm_sv file);
int plm_rpm_sqlite_read(plm_sv file, struct rpm_sink *s, plm_err **err);
bool plm_rpm_ndb_is(plm_sv file);
int plm_rpm_ndb_read(plm_sv file, struct rpm_sink *s, plm_err **err);
bool plm_rpm_bdb_is(plm_sv file);
int plm_rpm_bdb_read(plm_sv file, struct rpm_sink *s, plm_err **err);

/* A database file of any of the three formats. PARSE if it is none; an empty file has no blobs. */
int plm_rpm_database_read(plm_sv content, struct rpm_sink *s, plm_err **err);

/* What a header says; views borrow from the blob. */
struct rpm_header {
    plm_sv name, version, release, arch, source_rpm, license, vendor, modularity;
    bool has_epoch;
    uint32_t epoch, install_time;
    /* Owned files: basename i lies in dirname dir_indexes[i]. */
    plm_sv basenames, dirnames, dir_indexes; /* the raw data of the tags */
    uint32_t n_basenames, n_dirnames, n_dir_indexes;
    /* What is recorded of each; the data are 0 bytes where the tag is missing. */
    plm_sv digests, flags, modes, sizes;
    uint32_t n_digests, n_flags, n_modes, n_sizes, digest_algorithm;
};
/* PARSE with what is wrong. */
int plm_rpm_header_parse(plm_sv blob, struct rpm_header *out, plm_err **err);
/* Writes the package (and its files) to the record. gpg-pubkey entries, which are keys and no packages, are
 * skipped. 1: written or skipped, 0: the limit is reached, -1. */
int plm_rpm_header_put(const struct rpm_header *h, struct catalog_writer *w, plm_err **err);

/* "bash-5.1.8-6.el9.src.rpm": name and version-release; false if it has no such shape. */
bool plm_rpm_nevra_split(plm_sv file, plm_sv *name, plm_sv *evr);
