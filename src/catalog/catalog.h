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
