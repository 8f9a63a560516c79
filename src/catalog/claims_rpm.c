/* SPDX-License-Identifier: Apache-2.0
 *
 * What rpm recorded of the files of packages, from the header blobs of its database (rpm
 * docs/manual/tags.md): FILEDIGESTS in hexadecimal (empty for what is no regular file) by FILEDIGESTALGO (1
 * MD5, also where the tag is missing; 2 SHA-1; 8 SHA-256; others are kept and cannot be compared), FILEMODES,
 * FILESIZES, FILEFLAGS (1 configuration, 64 ghost: the package only claims the name). A header whose arrays
 * differ in length is left out: the cataloger says what is wrong with it. O(database).
 */
#include "rpm_int.h"

enum { FLAG_CONFIG = 1, FLAG_GHOST = 64, DIGEST_MAX = 64, MODE_TYPE = 0170000, MODE_REGULAR = 0100000 };

struct reader {
    struct catalog_claims claims;
    plm_err *failed;
};

static enum plm_claim_algorithm algorithm_of(uint32_t n)
{
    return n == 0 || n == 1 ? PLM_CLAIM_MD5
           : n == 2         ? PLM_CLAIM_SHA1
           : n == 8         ? PLM_CLAIM_SHA256
                            : PLM_CLAIM_OTHER;
}

/* The NUL-ended string at the start of *rest, taken off. */
static bool take_string(plm_sv *rest, plm_sv *out)
{
    size_t end = plm_sv_find(*rest, '\0');
    if (end == SIZE_MAX)
        return false;
    *out = plm_sv_sub(*rest, 0, end);
    *rest = plm_sv_from_off(*rest, end + 1);
    return true;
}

/* Cursors over the arrays, in step. */
struct files {
    plm_sv basenames, digests;
    struct plm_rd dirs, flags, modes, sizes;
};

static bool put_file(struct reader *r, const struct rpm_header *h, const plm_sv *dirs, struct files *f)
{
    plm_sv base, hex = PLM_SV_NULL;
    uint32_t dir = plm_rd_u32be(&f->dirs);
    if (!take_string(&f->basenames, &base) || dir >= h->n_dirnames ||
        (h->n_digests && !take_string(&f->digests, &hex)))
        return false;
    uint32_t flags = h->n_flags ? plm_rd_u32be(&f->flags) : 0;
    uint32_t mode = h->n_modes ? plm_rd_u16be(&f->modes) : 0;
    uint32_t size = h->n_sizes ? plm_rd_u32be(&f->sizes) : 0;
    if (flags & FLAG_GHOST)
        return true;
    unsigned char sum[DIGEST_MAX];
    size_t n = 0;
    struct plm_claim claim = {
        .package = h->name,
        .path = plm_arena_printf(r->claims.out->arena, "%.*s%.*s", PLM_SV_ARG(dirs[dir]), PLM_SV_ARG(base)),
        .mode = mode & 07777,
        .is_config = flags & FLAG_CONFIG};
    if (hex.n && plm_catalog_unhex(hex, sum, sizeof(sum), &n)) {
        claim.algorithm = algorithm_of(h->digest_algorithm);
        claim.digest = plm_sv_n((const char *)sum, n);
    }
    if ((mode & MODE_TYPE) == MODE_REGULAR)
        claim.size = size;
    plm_catalog_claim(&r->claims, &claim);
    return true;
}

static int put_files(struct reader *r, const struct rpm_header *h, plm_err **err)
{
    uint32_t n = h->n_basenames;
    bool fits = n && n == h->n_dir_indexes && h->n_dirnames && (!h->n_digests || h->n_digests == n) &&
                (!h->n_flags || h->n_flags == n) && (!h->n_modes || h->n_modes == n) &&
                (!h->n_sizes || h->n_sizes == n);
    if (!fits || plm_sv_is(h->name, "gpg-pubkey"))
        return 0;
    struct plm_arena *a = r->claims.out->arena;
    plm_sv *dirs = plm_arena_array(a, h->n_dirnames, sizeof(*dirs)), rest = h->dirnames;
    if (!dirs)
        return plm_arena_check(a, err);
    for (uint32_t i = 0; i < h->n_dirnames; i++)
        if (!take_string(&rest, &dirs[i]))
            return 0;
    struct files f = {.basenames = h->basenames,
                      .digests = h->digests,
                      .dirs = PLM_RD(h->dir_indexes),
                      .flags = PLM_RD(h->flags),
                      .modes = PLM_RD(h->modes),
                      .sizes = PLM_RD(h->sizes)};
    for (uint32_t i = 0; i < n; i++)
        if (!put_file(r, h, dirs, &f))
            return 0;
    return plm_arena_check(a, err);
}

static bool on_blob(void *arg, plm_sv blob, size_t offset)
{
    struct reader *r = arg;
    struct rpm_header h;
    plm_err *bad = NULL;
    (void)offset;
    if (plm_rpm_header_parse(blob, &h, &bad) < 0) {
        bool is_ours = plm_err_code(bad) != PLM_E_PARSE;
        if (is_ours)
            r->failed = bad;
        else
            plm_err_free(bad);
        return !is_ours;
    }
    return put_files(r, &h, &r->failed) == 0;
}

/* Said by the cataloger. */
static void on_bad(void *arg, size_t offset, const char *what)
{
    (void)arg;
    (void)offset;
    (void)what;
}

static int extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    (void)e;
    struct reader r = {0};
    plm_catalog_claims_begin(&r.claims, out);
    struct rpm_sink sink = {.arg = &r, .budget = content.n, .blob = on_blob, .bad = on_bad};
    plm_err *bad = NULL;
    int rc = plm_rpm_database_read(content, &sink, &bad);
    bool is_theirs = rc < 0 && plm_err_code(bad) == PLM_E_PARSE; /* said by the cataloger, too */
    if (is_theirs) {
        plm_err_free(bad);
        bad = NULL;
    }
    if (plm_catalog_claims_end(&r.claims, bad || r.failed ? NULL : err) < 0 && !bad && !r.failed)
        return -1;
    if (r.failed) {
        plm_err_free(bad);
        return plm_err_move(err, &r.failed);
    }
    return bad ? plm_err_move(err, &bad) : 0;
}

static const char *const globs[] = {"usr/lib/sysimage/rpm/rpmdb.sqlite",
                                    "usr/lib/sysimage/rpm/Packages.db",
                                    "usr/lib/sysimage/rpm/Packages",
                                    "var/lib/rpm/rpmdb.sqlite",
                                    "var/lib/rpm/Packages.db",
                                    "var/lib/rpm/Packages",
                                    NULL};
const struct plm_extractor plm_claims_rpm = {
    .id = "claims-rpm",
    .summary = "digests, modes and sizes of the files of rpm packages",
    .version = 1,
    .globs = globs,
    .max_bytes = PLM_MIB(256),
    .extract = extract,
};
