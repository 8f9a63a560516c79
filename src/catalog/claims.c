/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that packages claim, as facts: {flags, package where it changes, bytes in common with the path
 * before, the rest of the path, digest, mode, size} one after the other. Flags: algorithm in the low three
 * bits, then config, diversion, "the package changes". A database of 60,000 files takes about 3 MB.
 */
#include "catalog_int.h"

enum { ALGORITHM = 7, CONFIG = 8, DIVERSION = 16, NEW_PACKAGE = 32 };

bool plm_claim_is_extractor(const struct plm_extractor *x)
{
    return x == &plm_claims_dpkg || x == &plm_claims_apk || x == &plm_claims_rpm;
}

const char *plm_claim_algorithm_name(enum plm_claim_algorithm a)
{
    switch (a) {
    case PLM_CLAIM_MD5:
        return "md5";
    case PLM_CLAIM_SHA1:
        return "sha1";
    case PLM_CLAIM_SHA256:
        return "sha256";
    case PLM_CLAIM_NONE:
    case PLM_CLAIM_OTHER:
        return NULL;
    }
    return NULL;
}

bool plm_catalog_unhex(plm_sv hex, unsigned char *out, size_t max, size_t *out_n)
{
    if (hex.n % 2 || hex.n / 2 > max)
        return false;
    for (size_t i = 0; i < hex.n; i++) {
        char c = hex.p[i];
        int v = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (v < 0)
            return false;
        out[i / 2] = (unsigned char)(i % 2 ? out[i / 2] | v : v << 4);
    }
    *out_n = hex.n / 2;
    return true;
}

/* ---- writing -------------------------------------------------------------------------------------- */

void plm_catalog_claims_begin(struct catalog_claims *c, struct plm_extract_out *out)
{
    size_t max = out->limits->path_bytes < PLM_MIB(1) ? (size_t)out->limits->path_bytes : PLM_MIB(1);
    *c = (struct catalog_claims){.out = out, .path = PLM_BUF(max), .package = PLM_BUF(max)};
}

void plm_catalog_claim(struct catalog_claims *c, const struct plm_claim *claim)
{
    struct plm_buf *to = &c->out->facts;
    plm_sv before = plm_buf_sv(&c->path);
    size_t common = 0;
    if (claim->path.n > c->path.max || claim->package.n > c->package.max)
        return; /* longer than any file's path may be */
    while (common < before.n && common < claim->path.n && before.p[common] == claim->path.p[common])
        common++;
    bool is_new = !plm_sv_eq(plm_buf_sv(&c->package), claim->package);
    plm_buf_byte(to, (unsigned char)(claim->algorithm | (claim->is_config ? CONFIG : 0) |
                                     (claim->is_diversion ? DIVERSION : 0) | (is_new ? NEW_PACKAGE : 0)));
    if (is_new)
        plm_buf_view(to, claim->package);
    plm_buf_varint(to, common);
    plm_buf_view(to, plm_sv_from_off(claim->path, common));
    plm_buf_view(to, claim->digest);
    plm_buf_varint(to, claim->mode);
    plm_buf_varint(to, claim->size);
    c->path.n = common;
    plm_buf_sv_put(&c->path, plm_sv_from_off(claim->path, common));
    if (is_new) {
        plm_buf_clear(&c->package);
        plm_buf_sv_put(&c->package, claim->package);
    }
    c->n++;
}

int plm_catalog_claims_end(struct catalog_claims *c, plm_err **err)
{
    int r = plm_buf_check(&c->path, err) < 0 || plm_buf_check(&c->package, err) < 0 ||
                    plm_buf_check(&c->out->facts, err) < 0
                ? -1
                : 0;
    plm_buf_done(&c->path);
    plm_buf_done(&c->package);
    return r;
}

/* ---- reading -------------------------------------------------------------------------------------- */

struct plm_claim_reader plm_claim_read(plm_sv facts)
{
    return (struct plm_claim_reader){
        .data = facts, .path = PLM_BUF(PLM_MIB(1)), .package = PLM_BUF(PLM_MIB(1))};
}

bool plm_claim_next(struct plm_claim_reader *r, struct plm_claim *out)
{
    struct plm_rd rd = {.data = r->data, .at = r->at};
    if (plm_rd_left(&rd) == 0)
        return false;
    uint8_t flags = plm_rd_u8(&rd);
    if (flags & NEW_PACKAGE) {
        plm_buf_clear(&r->package);
        plm_buf_sv_put(&r->package, plm_rd_view(&rd));
    }
    size_t common = plm_rd_count(&rd, r->path.n);
    r->path.n = common;
    plm_buf_sv_put(&r->path, plm_rd_view(&rd));
    unsigned algorithm = flags & ALGORITHM;
    *out = (struct plm_claim){
        .package = plm_buf_sv(&r->package),
        .path = plm_buf_sv(&r->path),
        .algorithm = algorithm <= PLM_CLAIM_OTHER ? (enum plm_claim_algorithm)algorithm : PLM_CLAIM_OTHER,
        .digest = plm_rd_view(&rd),
        .mode = (uint32_t)plm_rd_count(&rd, UINT32_MAX),
        .size = plm_rd_varint(&rd),
        .is_config = flags & CONFIG,
        .is_diversion = flags & DIVERSION,
    };
    r->at = rd.at;
    return !rd.failed && !r->path.failed && !r->package.failed;
}

void plm_claim_reader_done(struct plm_claim_reader *r)
{
    plm_buf_done(&r->path);
    plm_buf_done(&r->package);
}
