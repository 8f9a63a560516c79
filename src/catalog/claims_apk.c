/* SPDX-License-Identifier: Apache-2.0
 *
 * What apk recorded of the files of packages (lib/apk/db/installed): F directory, R file in it, behind that
 * Z "Q1" and the base64 of a SHA-1 (of a symbolic link's target, where it is one) or "Q2" and a SHA-256, and
 * a "uid:gid:mode" where it is not 0:0:644. Files below etc are configuration, as apk itself treats protected
 * paths. O(file).
 */
#include "catalog_int.h"

enum { SUM_MAX = 33 };

static int sextet(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

/* Base64 with padding; false if it is none or too long. */
static bool unbase64(plm_sv text, unsigned char *out, size_t max, size_t *out_n)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;
    while (text.n && text.p[text.n - 1] == '=')
        text.n--;
    for (size_t i = 0; i < text.n; i++) {
        int v = sextet(text.p[i]);
        if (v < 0)
            return false;
        bits = (bits << 6 | (unsigned)v) & 0xffffff;
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        if (n == max)
            return false;
        out[n++] = (unsigned char)(bits >> have);
    }
    *out_n = n;
    return true;
}

struct reader {
    struct catalog_claims claims;
    plm_sv package, dir, file;
    unsigned char sum[SUM_MAX];
    size_t sum_n;
    uint32_t mode;
};

static void flush(struct reader *r)
{
    if (!r->file.n)
        return;
    plm_sv path = r->dir.n ? plm_arena_printf(r->claims.out->arena, "/%.*s/%.*s", PLM_SV_ARG(r->dir),
                                              PLM_SV_ARG(r->file))
                           : plm_arena_printf(r->claims.out->arena, "/%.*s", PLM_SV_ARG(r->file));
    struct plm_claim claim = {.package = r->package,
                              .path = path,
                              .algorithm = r->sum_n == 20   ? PLM_CLAIM_SHA1
                                           : r->sum_n == 32 ? PLM_CLAIM_SHA256
                                                            : PLM_CLAIM_NONE,
                              .digest = plm_sv_n((const char *)r->sum, r->sum_n),
                              .mode = r->mode,
                              .is_config = plm_sv_is(r->dir, "etc") || plm_sv_starts(r->dir, PLM_SV("etc/"))};
    if (claim.algorithm == PLM_CLAIM_NONE)
        claim.digest = PLM_SV_NULL;
    plm_catalog_claim(&r->claims, &claim);
    r->file = PLM_SV_NULL;
    r->sum_n = 0;
    r->mode = 0;
}

static void set_sum(struct reader *r, plm_sv value)
{
    bool is_known = plm_sv_starts(value, PLM_SV("Q1")) || plm_sv_starts(value, PLM_SV("Q2"));
    if (!is_known || !unbase64(plm_sv_from_off(value, 2), r->sum, sizeof(r->sum), &r->sum_n))
        r->sum_n = 0;
}

/* "0:0:755" */
static void set_mode(struct reader *r, plm_sv value)
{
    size_t colon = plm_sv_rfind(value, ':');
    plm_sv digits = plm_sv_from_off(value, colon == SIZE_MAX ? 0 : colon + 1);
    uint32_t mode = 0;
    for (size_t i = 0; i < digits.n && i < 5; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '7')
            return;
        mode = mode << 3 | (uint32_t)(digits.p[i] - '0');
    }
    r->mode = mode;
}

static int extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    struct reader r = {0};
    plm_sv rest = content, line;
    (void)e;
    plm_catalog_claims_begin(&r.claims, out);
    while (plm_sv_line(&rest, &line)) {
        plm_sv value = plm_sv_from_off(line, 2);
        if (line.n < 2 || line.p[1] != ':') {
            flush(&r);
            r.dir = PLM_SV_NULL;
            continue;
        }
        if (line.p[0] == 'Z') {
            set_sum(&r, value);
            continue;
        }
        if (line.p[0] == 'a') {
            set_mode(&r, value);
            continue;
        }
        flush(&r);
        r.package = line.p[0] == 'P' ? value : r.package;
        r.dir = line.p[0] == 'F' ? value : r.dir;
        r.file = line.p[0] == 'R' ? value : PLM_SV_NULL;
    }
    flush(&r);
    return plm_catalog_claims_end(&r.claims, err);
}

static const char *const globs[] = {"lib/apk/db/installed", "usr/lib/apk/db/installed", NULL};
const struct plm_extractor plm_claims_apk = {
    .id = "claims-apk",
    .summary = "digests and modes of the files of Alpine packages",
    .version = 1,
    .globs = globs,
    .max_bytes = PLM_MIB(64),
    .extract = extract,
};
