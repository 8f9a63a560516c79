/* SPDX-License-Identifier: Apache-2.0
 *
 * What the catalogers share: the shape of their facts and of owned-file sections.
 *
 * Facts: the packages of one file, one plm_package_encode after the other, to the end.
 * Owned: sections to the end, each {key, number of paths, front-coded paths}. The key is how
 * the database calls the package that owns them ("curl:amd64", "curl"; rpm: name-version.arch); paths are
 * absolute, each stored as {bytes in common with the one before, the rest}.
 */
#pragma once

#include "base/rd.h"
#include "catalog/catalog.h"

/* A package of `type` in out->facts; counts against limits->packages. The missing source is the caller's
 * matter. */
struct catalog_writer {
    struct plm_extract_out *out;
    uint64_t packages;
    bool limit_told;
};
/* False (with one diagnostic "<code>") once the limit is reached. */
bool plm_catalog_put(struct catalog_writer *w, const char *limit_code, const struct plm_package *p);

/* Paths of one package on their way into out->owned. */
struct catalog_owned {
    struct plm_buf paths, last;
    uint64_t n;
    size_t path_max;
};
void plm_catalog_owned_begin(struct catalog_owned *o, const struct plm_limits *limits);
/* dir + "/" + base; either may be empty. Longer than the limit: left out. */
void plm_catalog_owned_add(struct catalog_owned *o, plm_sv dir, plm_sv base);
/* Writes the section and releases o. */
int plm_catalog_owned_end(struct catalog_owned *o, plm_sv key, struct plm_buf *owned, plm_err **err);
void plm_catalog_owned_done(struct catalog_owned *o);
PLM_CLEANUP_INPLACE(struct catalog_owned, plm_catalog_owned_done)

/* Next section of an owned-file view: key and count; then exactly *n calls of plm_catalog_owned_path. */
bool plm_catalog_owned_next(struct plm_rd *r, plm_sv *key, size_t *n);
/* The path, built in `last` (empty before the first of a section). */
plm_sv plm_catalog_owned_path(struct plm_rd *r, struct plm_buf *last);

/* Faults of one file: the first is told with its offset, the others are counted. */
struct catalog_faults {
    struct plm_extract_out *out;
    const char *code;
    uint64_t n;
};
void plm_catalog_bad(struct catalog_faults *f, size_t offset, const char *what);
void plm_catalog_bad_end(const struct catalog_faults *f);

/* The part of a path after its last '/'. */
plm_sv plm_catalog_basename(plm_sv path);

/* Writes claims as plm_claim_next reads them: front-coded paths, each package's name once in a row. */
struct catalog_claims {
    struct plm_extract_out *out;
    struct plm_buf path, package;
    uint64_t n;
};
void plm_catalog_claims_begin(struct catalog_claims *c, struct plm_extract_out *out);
void plm_catalog_claim(struct catalog_claims *c, const struct plm_claim *claim);
int plm_catalog_claims_end(struct catalog_claims *c, plm_err **err);
/* Lower- or upper-case hexadecimal digits to bytes; false if they are none or too many. */
bool plm_catalog_unhex(plm_sv hex, unsigned char *out, size_t max, size_t *out_n);
