/* SPDX-License-Identifier: Apache-2.0
 *
 * The repository feed: what the distribution's own package repositories say about the
 * installed packages, without any vulnerability database (design.md 5.1, issue 3 part 4).
 *
 * Debian and Ubuntu: the release's and its security pocket's Packages indices (InRelease
 * verified with gpgv), then the changelog of each outdated source package; every CVE named
 * between the installed and the fixed version is a finding. rpm: updateinfo.xml. Alpine:
 * APKINDEX, which only tells that a newer build exists (a diagnostic, never a finding).
 *
 *     struct plm_repo_outcome got = {0};
 *     struct plm_repo_options opts = {.is_host = true, .apt_root = PLM_SV("/"), .outcome = &got};
 *     plm_repo_scan(ctx, &opts, report, target_index, err);
 *
 * Mirrors come from this machine's own sources or from the configuration (repo.mirrors);
 * addresses written in an image are used only with from_image, and then only public ones.
 * Indices and per-(source package, version) results are cached under ctx->cache_dir/repo.
 * Offline: only what is cached or already downloaded by apt is used.
 *
 * Diagnostics: repo.scope (what the feed cannot know), repo.no-mirror, repo.unreachable,
 * repo.unverified, repo.stale, repo.offline, repo.skipped-source, repo.no-arch,
 * repo.bad-index, repo.no-changelog, repo.no-updateinfo, repo.newer-build.
 *
 * Thread rule: a call owns `report`; it starts threads of its own for fetching and joins them.
 */
#pragma once

#include "base/ctx.h"
#include "model/model.h"

struct plm_repo_mirror {
    plm_sv distro;  /* "debian"; for rpm and apk the os-release id as well */
    plm_sv kind;    /* "main", "security", or null: both */
    plm_sv url;     /* "http://mirror/debian"; rpm: the folder that holds repodata/; apk: that holds
                       ARCH/APKINDEX.tar.gz */
    plm_sv keyring; /* file, or null: the distribution's */
};

/* What the feed could look at, for the coverage rules of the caller. */
struct plm_repo_outcome {
    bool is_covered;   /* the security suite (rpm: the updateinfo of every repository that has one) was read:
                          absence of findings means something */
    int64_t as_of;     /* oldest index that was used; 0: none */
    uint64_t records;  /* index records looked into */
    uint64_t outdated; /* installed packages behind the repository */
};

struct plm_repo_options {
    PLM_VEC(struct plm_repo_mirror) mirrors; /* configured; tried before this machine's */
    plm_sv_vec components;                   /* besides "main" (Ubuntu: besides "main" and "universe") */
    bool is_host;                            /* the target is this machine: use its own sources and lists */
    plm_sv root;                      /* the target's root directory where it is one (host:, dir:), or null */
    bool from_image;                  /* --repo-from-image */
    bool allow_unverified;            /* repo.allow-unverified */
    uint64_t max_age;                 /* seconds that a cached index is good for; 0: a day */
    plm_sv apt_root;                  /* where this machine's etc/ is: "/" but in tests; null: "/" */
    struct plm_repo_outcome *outcome; /* or NULL */
};

/* Findings and diagnostics into r; a row in r->feeds ("repo"). 0 also when nothing could be had: the
 * diagnostics say so. */
int plm_repo_scan(const struct plm_ctx *ctx, const struct plm_repo_options *opt, struct plm_report *r,
                  uint32_t target, plm_err **err);
