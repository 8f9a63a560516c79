/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that packages own, compared with what is there: facts.packages[].owned for the gate packages.verify,
 * and the check I7.
 *
 * Which files a package claims stands in databases that come anywhere in a layer, and in layers above the
 * files; so every regular file is hashed in the pass over its layer, by the three algorithms that package
 * managers record, and the lists are compared at the end. A claimed path is looked up as a program would open
 * it: links of directories are followed (Debian's /bin is usr/bin), diversions of dpkg applied. A file that
 * is missing is no finding: slim images leave out manuals and translations on purpose. Configuration may
 * differ.
 */
#include "inspect/inspect_int.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "codec/hash.h"
#include "model/host_paths.h"

#include <stdlib.h>
#include <sys/stat.h>

/* clang-format off */
static const struct plm_inspect_check checks[] = {
    {.id = "I7", .group = "files", .severity = PLM_SEV_HIGH,
     .title = "files of packages are as their packages brought them",
     .rationale = "A program or library that differs from the package's was replaced after it was installed, by a build step or by somebody else; updates and advisories speak about the package's.",
     .fix = "reinstall the package (`apt-get install --reinstall`, `rpm -V`, `apk fix`), or build a package of the changed file"},
    {.id = NULL}};
/* clang-format on */
static const struct plm_inspect_checks table = {.name = "owned", .v = checks};
PLM_REGISTER(plm_inspect_check_tables, struct plm_inspect_checks, table);

/* ---- hashing -------------------------------------------------------------------------------------- */

enum {
    MD5_AT = 0,
    SHA1_AT = PLM_MD5_BYTES,
    SHA256_AT = SHA1_AT + PLM_SHA1_BYTES,
    SUMS = SHA256_AT + PLM_SHA256_BYTES
};

static int extract_sums(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    unsigned char sums[SUMS];
    (void)e;
    plm_md5_of(content, sums + MD5_AT);
    plm_sha1_of(content, sums + SHA1_AT);
    plm_sha256_of(content, sums + SHA256_AT);
    plm_buf_put(&out->facts, sums, sizeof(sums));
    return plm_buf_check(&out->facts, err);
}

static const char *const everything[] = {"**", NULL};
static const struct plm_extractor file_sums = {
    .id = "file-sums",
    .summary = "MD5, SHA-1 and SHA-256 of every file, to compare with what packages recorded",
    .version = 1,
    .globs = everything,
    .max_bytes = 1u << 30,
    .extract = extract_sums,
};

/* ---- looking up ----------------------------------------------------------------------------------- */

struct verifying {
    struct plm_inspection *in;
    struct plm_arena *scratch;
    struct plm_map *diverted;  /* path: struct diversion */
    struct plm_map *conffiles; /* paths */
    struct plm_map *packages;  /* name: index into facts->packages + 1 */
    size_t claimed, compared, missing, changed, unread;
};

struct diversion {
    plm_sv to, package;
};

enum { LINKS_MAX = 40 };

/* The path with links of its directories followed, but not of itself. In the arena. */
static plm_sv real_path(const struct plm_image_facts *facts, struct plm_arena *a, plm_sv path)
{
    plm_sv now = path;
    for (int links = 0; links < LINKS_MAX; links++) {
        bool again = false;
        for (size_t i = 1; i < now.n && !again; i++) {
            if (now.p[i] != '/')
                continue;
            plm_sv dir = plm_sv_sub(now, 0, i), rest = plm_sv_from_off(now, i);
            const struct plm_fact_file *f = plm_image_facts_file(facts, dir);
            if (!f || !S_ISLNK(f->mode) || !f->link.n)
                continue;
            size_t slash = plm_sv_rfind(dir, '/');
            plm_sv parent = plm_sv_sub(dir, 0, slash);
            plm_sv joined = f->link.p[0] == '/'
                                ? plm_arena_printf(a, "%.*s%.*s", PLM_SV_ARG(f->link), PLM_SV_ARG(rest))
                                : plm_arena_printf(a, "%.*s/%.*s%.*s", PLM_SV_ARG(parent),
                                                   PLM_SV_ARG(f->link), PLM_SV_ARG(rest));
            now = plm_path_clean(a, joined);
            again = true;
        }
        if (!again)
            return now;
    }
    return now;
}

static bool sum_of(const struct plm_facts *f, enum plm_claim_algorithm algorithm, plm_sv *out)
{
    if (!f || f->data.n != SUMS)
        return false;
    switch (algorithm) {
    case PLM_CLAIM_MD5:
        *out = plm_sv_sub(f->data, MD5_AT, PLM_MD5_BYTES);
        return true;
    case PLM_CLAIM_SHA1:
        *out = plm_sv_sub(f->data, SHA1_AT, PLM_SHA1_BYTES);
        return true;
    case PLM_CLAIM_SHA256:
        *out = plm_sv_sub(f->data, SHA256_AT, PLM_SHA256_BYTES);
        return true;
    case PLM_CLAIM_NONE:
    case PLM_CLAIM_OTHER:
        return false;
    }
    return false;
}

static plm_sv hex_of(struct plm_arena *a, plm_sv bytes)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(1));
    plm_text_hex(&b, (const unsigned char *)bytes.p, bytes.n);
    return plm_arena_sv(a, plm_buf_sv(&b));
}

/* ---- comparing ------------------------------------------------------------------------------------ */

static void say_changed(struct plm_judging *j, struct verifying *v, const struct plm_claim *claim,
                        const struct plm_fact_file *file, plm_sv what)
{
    v->changed++;
    plm_judge_fail(j, file->path, "file", 0, file->layer, "%.*s of the package %.*s %.*s",
                   PLM_SV_ARG(file->path), PLM_SV_ARG(claim->package), PLM_SV_ARG(what));
}

/* apk records the digest of what a link says. */
static bool link_matches(const struct plm_claim *claim, const struct plm_fact_file *file)
{
    unsigned char sum[PLM_SHA256_BYTES];
    if (claim->algorithm == PLM_CLAIM_SHA1)
        plm_sha1_of(file->link, sum);
    else if (claim->algorithm == PLM_CLAIM_SHA256)
        plm_sha256_of(file->link, sum);
    else
        return false;
    size_t n = claim->algorithm == PLM_CLAIM_SHA1 ? PLM_SHA1_BYTES : PLM_SHA256_BYTES;
    return claim->digest.n == n && memcmp(claim->digest.p, sum, n) == 0;
}

static void compare(struct plm_judging *j, struct verifying *v, const struct plm_claim *claim,
                    const struct plm_fact_file *file, const struct plm_facts *sums)
{
    struct plm_arena *a = v->scratch;
    plm_sv found;
    bool is_config = claim->is_config || plm_map_get(v->conffiles, claim->path);
    if (claim->algorithm == PLM_CLAIM_NONE || is_config)
        return;
    if (S_ISLNK(file->mode)) {
        if (!link_matches(claim, file))
            say_changed(j, v, claim, file,
                        plm_arena_printf(a, "is a link to %.*s now", PLM_SV_ARG(file->link)));
        v->compared++;
    } else if (!S_ISREG(file->mode)) {
        say_changed(j, v, claim, file, PLM_SV("is no regular file now"));
    } else if (!sum_of(sums, claim->algorithm, &found)) {
        v->unread++;
    } else {
        v->compared++;
        if (!plm_sv_eq(found, claim->digest))
            say_changed(j, v, claim, file,
                        plm_arena_printf(a, "has another content: %s %.*s, recorded %.*s",
                                         plm_claim_algorithm_name(claim->algorithm),
                                         PLM_SV_ARG(hex_of(a, found)), PLM_SV_ARG(hex_of(a, claim->digest))));
    }
}

static void put_fact(struct verifying *v, const struct plm_claim *claim, const struct plm_facts *sums)
{
    struct plm_arena *a = v->in->facts->arena;
    uintptr_t at = (uintptr_t)plm_map_get(v->packages, claim->package);
    struct plm_fact_owned *o = NULL;
    if (at)
        o = plm_vec_push(a, &v->in->facts->packages.v[at - 1].owned);
    plm_sv found;
    if (!o)
        return;
    *o = (struct plm_fact_owned){.path = plm_arena_sv(a, claim->path),
                                 .size = claim->size,
                                 .is_config = claim->is_config || plm_map_get(v->conffiles, claim->path)};
    const char *algorithm = plm_claim_algorithm_name(claim->algorithm);
    if (algorithm) {
        o->algorithm = plm_sv_from(algorithm);
        o->digest = hex_of(a, claim->digest);
    }
    if (sum_of(sums, claim->algorithm, &found))
        o->found = hex_of(a, found);
    if (claim->mode)
        o->mode = plm_arena_printf(a, "%o", claim->mode);
}

static void verify(struct plm_judging *j, struct verifying *v, const struct plm_claim *claim)
{
    plm_sv path = claim->path;
    const struct diversion *d = plm_map_get(v->diverted, path);
    if (d && !plm_sv_eq(d->package, claim->package))
        path = d->to;
    path = real_path(v->in->facts, v->scratch, path);
    const struct plm_fact_file *file = plm_image_facts_file(v->in->facts, path);
    bool is_hard_link =
        file && S_ISREG(file->mode) && file->link.n; /* hashed under the name that came first */
    const struct plm_facts *sums =
        plm_inspect_facts_of(v->in->analysis, &file_sums, is_hard_link ? file->link : path);
    v->claimed++;
    put_fact(v, claim, sums);
    if (file)
        compare(j, v, claim, file, sums);
    else
        v->missing++;
}

/* ---- all claims ----------------------------------------------------------------------------------- */

/* Calls `each` for the claims of every visible database. */
static void each_claim(struct plm_judging *j, struct verifying *v,
                       void (*each)(struct plm_judging *j, struct verifying *v,
                                    const struct plm_claim *claim))
{
    const struct plm_analysis *an = v->in->analysis;
    for (size_t i = 0; i < an->facts.n; i++) {
        const struct plm_facts *f = &an->facts.v[i];
        if (!f->visible || !plm_claim_is_extractor(f->extractor))
            continue;
        plm_auto_done(plm_claim_reader_done) struct plm_claim_reader r = plm_claim_read(f->data);
        struct plm_claim claim;
        while (plm_claim_next(&r, &claim))
            each(j, v, &claim);
    }
}

static void learn(struct plm_judging *j, struct verifying *v, const struct plm_claim *claim)
{
    struct plm_arena *a = v->scratch;
    (void)j;
    if (!claim->is_config && !claim->is_diversion)
        return;
    struct plm_map *map = claim->is_diversion ? v->diverted : v->conffiles;
    struct diversion *d = plm_arena_make(a, struct diversion);
    plm_sv path = plm_arena_sv(a, claim->path);
    void **slot = d && path.p ? plm_map_put(map, path) : NULL;
    if (!slot)
        return;
    *d = (struct diversion){.to = plm_arena_sv(a, claim->digest), .package = plm_arena_sv(a, claim->package)};
    *slot = d;
}

static void judge_claim(struct plm_judging *j, struct verifying *v, const struct plm_claim *claim)
{
    if (!claim->is_diversion)
        verify(j, v, claim);
}

/* The rows of facts->packages by name; those that nobody entered yet are made from the report. */
static void enter_packages(struct verifying *v)
{
    static const struct {
        const char *ours, *theirs;
    } types[] = {{"deb", "dpkg"}, {"rpm", "rpm"}, {"apk", "APKG"}};
    struct plm_image_facts *facts = v->in->facts;
    for (size_t i = 0; i < facts->packages.n; i++) {
        void **slot = plm_map_put(v->packages, facts->packages.v[i].name);
        if (slot)
            *slot = (void *)(uintptr_t)(i + 1);
    }
    for (size_t i = 0; i < v->in->report->packages.n; i++) {
        const struct plm_package *p = &v->in->report->packages.v[i];
        const char *type = NULL;
        for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++)
            if (p->target == v->in->target && plm_sv_is(p->type, types[k].ours))
                type = types[k].theirs;
        if (!type || plm_map_get(v->packages, p->name))
            continue;
        struct plm_fact_package *row = plm_vec_push(facts->arena, &facts->packages);
        void **slot = row ? plm_map_put(v->packages, p->name) : NULL;
        if (!slot)
            return;
        row->name = plm_arena_sv(facts->arena, p->name);
        row->full_version = plm_arena_sv(facts->arena, p->version);
        row->type = plm_sv_from(type);
        *slot = (void *)(uintptr_t)facts->packages.n;
    }
}

static void judge_owned(struct plm_judging *j)
{
    struct plm_inspection *in = j->in;
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_map_free) struct plm_map *diverted = plm_map_new();
    plm_auto(plm_map_free) struct plm_map *conffiles = plm_map_new();
    plm_auto(plm_map_free) struct plm_map *packages = plm_map_new();
    if (!scratch || !diverted || !conffiles || !packages) {
        plm_judge_say(j, PLM_OUT_UNKNOWN, "out of memory");
        return;
    }
    struct verifying v = {
        .in = in, .scratch = scratch, .diverted = diverted, .conffiles = conffiles, .packages = packages};
    enter_packages(&v);
    each_claim(j, &v, learn);
    each_claim(j, &v, judge_claim);
    if (!v.claimed)
        plm_judge_say(j, PLM_OUT_NA, "no package database that records digests");
    else
        plm_judge_say(j, v.unread ? PLM_OUT_UNKNOWN : PLM_OUT_PASS,
                      "claimed: %zu files, compared: %zu, changed: %zu, missing: %zu, not read: %zu",
                      v.claimed, v.compared, v.changed, v.missing, v.unread);
    in->facts->known |= v.claimed || in->facts->known & PLM_FACT_FILES ? PLM_FACT_OWNED : 0;
}

static const struct plm_judge judges[] = {{"I7", judge_owned, NULL}};

static bool is_wanted(const struct plm_inspect_options *opt)
{
    return opt->want_owned;
}

static int inspect(struct plm_inspection *in, plm_err **err)
{
    return plm_judge_all(in, judges, 1, err) < 0 ? -1 : plm_arena_check(in->facts->arena, err);
}

static const struct plm_extractor *const extractors[] = {&file_sums, &plm_claims_dpkg, &plm_claims_apk,
                                                         &plm_claims_rpm, NULL};

static const struct plm_inspector owned = {
    .id = "owned",
    .summary = "files of packages, compared with the digests that dpkg, apk and rpm recorded",
    .extractors = extractors,
    .needs_entries = true,
    .is_wanted = is_wanted,
    .inspect = inspect,
    .order = 15,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, owned);
