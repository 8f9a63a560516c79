/* SPDX-License-Identifier: Apache-2.0
 *
 * Catalogers: which files describe installed packages, and how they read. Each is one file
 * that ends in an extractor descriptor (image/image.h) whose facts are packages in the
 * encoding of model/model.h; `os-release` and its fallbacks give the distribution.
 *
 *     plm_catalog_collect(ctx, analysis, PLM_CATALOG_OWNED, report, target_index, err);
 *
 * fills report->packages and target.distro from an analysis: visible databases win, each
 * package gets the layer that brought it (the lowest layer from which it is in the database
 * without a break; so the facts of hidden databases are wanted too) and its purl. The diagnostics of the
 * analysis are the caller's to copy; collect adds only its own. Everything is copied into the report's arena.
 */
#pragma once

#include "image/image.h"
#include "model/model.h"

struct plm_cataloger {
    const char *id; /* "dpkg" */
    const char *summary;
    const char *type; /* purl type of its packages; NULL: gives no packages */
    const struct plm_extractor *extractor;
    bool on_request; /* not in plm_extractors: runs only where it is added (licenses of Debian packages) */
};
PLM_SET_DECLARE(plm_catalogers, struct plm_cataloger);

/* The one that is on request: licenses of Debian packages, from their copyright files. */
extern const struct plm_extractor plm_dpkg_license_extractor;

enum { PLM_CATALOG_OWNED = 1, PLM_CATALOG_ALL_LAYERS = 2 };

int plm_catalog_collect(const struct plm_ctx *ctx, const struct plm_analysis *a, unsigned flags,
                        struct plm_report *r, uint32_t target, plm_err **err);

/* Fills version (rolling releases) and ecosystem from what the release files said: id, version and codename
 * to the name under which advisories are filed. Null ecosystem: not known, or a derivative whose packages are
 * its own. Strings go into the arena or are static. */
int plm_distro_resolve(struct plm_arena *a, struct plm_distro *d, plm_err **err);
/* "pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12" (package-url specification); null view if the
 * arena failed or the package has no type or name. d may be NULL. */
plm_sv plm_purl_make(struct plm_arena *a, const struct plm_package *p, const struct plm_distro *d);

/* ---- files that packages claim ------------------------------------------------------------ */

/* A file that a package manager's database claims, with what it recorded of it. */
enum plm_claim_algorithm { PLM_CLAIM_NONE, PLM_CLAIM_MD5, PLM_CLAIM_SHA1, PLM_CLAIM_SHA256, PLM_CLAIM_OTHER };
struct plm_claim {
    plm_sv package, path; /* package as its database calls it, without architecture; path absolute */
    enum plm_claim_algorithm algorithm;
    plm_sv digest; /* bytes; null with NONE */
    uint32_t mode; /* permissions; 0: not recorded */
    uint64_t size; /* 0: not recorded */
    bool is_config;
    bool is_diversion; /* dpkg-divert: what others install as `path` lies at `digest`; `package` diverts */
};
/* "md5"; NULL for NONE and OTHER. */
const char *plm_claim_algorithm_name(enum plm_claim_algorithm a);

/* The extractors that read them: dpkg's md5sums, conffiles and diversions, apk's database, rpm's. Not in
 * plm_extractors: for runs that verify. */
extern const struct plm_extractor plm_claims_dpkg, plm_claims_apk, plm_claims_rpm;
bool plm_claim_is_extractor(const struct plm_extractor *x);

/* Reads the facts of one of these. Views last until the next call.
 *     struct plm_claim_reader r = plm_claim_read(facts->data);
 *     while (plm_claim_next(&r, &claim)) ...
 *     plm_claim_reader_done(&r); */
struct plm_claim_reader {
    plm_sv data;
    size_t at;
    struct plm_buf path, package;
};
struct plm_claim_reader plm_claim_read(plm_sv facts);
bool plm_claim_next(struct plm_claim_reader *r, struct plm_claim *out);
void plm_claim_reader_done(struct plm_claim_reader *r);
PLM_CLEANUP_INPLACE(struct plm_claim_reader, plm_claim_reader_done)
