/* SPDX-License-Identifier: Apache-2.0
 *
 * What dpkg recorded of the files of packages:
 *
 * - var/lib/dpkg/info/NAME[:ARCH].md5sums (and status.d/NAME.md5sums of distroless images): "<32 hex digits>
 *   two blanks, path", without the conffiles (deb-md5sums(5));
 * - Conffiles of var/lib/dpkg/status: "PATH MD5 [obsolete] [remove-on-upgrade]", the digest that was
 * installed;
 * - var/lib/dpkg/diversions: three lines each, the path, where it lies now, who diverted it (":" the
 *   administrator); the diverting package's own file has the path.
 *
 * A line of another shape is counted and told once. O(file).
 */
#include "catalog_int.h"

#include "codec/deb822.h"

enum { MD5_BYTES = 16 };

/* "curl:amd64" to "curl". */
static plm_sv without_arch(plm_sv package)
{
    plm_sv name, arch;
    (void)plm_sv_cut(package, ':', &name, &arch);
    return name;
}

static bool put(struct catalog_claims *c, plm_sv package, plm_sv hex, plm_sv path, bool is_config)
{
    unsigned char sum[MD5_BYTES];
    size_t n = 0;
    if (!path.n || !plm_catalog_unhex(hex, sum, sizeof(sum), &n) || n != MD5_BYTES)
        return false;
    plm_sv absolute = path.p[0] == '/' ? path : plm_arena_printf(c->out->arena, "/%.*s", PLM_SV_ARG(path));
    struct plm_claim claim = {.package = package,
                              .path = absolute,
                              .algorithm = PLM_CLAIM_MD5,
                              .digest = plm_sv_n((const char *)sum, n),
                              .is_config = is_config};
    plm_catalog_claim(c, &claim);
    return true;
}

static void read_md5sums(struct catalog_claims *c, struct catalog_faults *faults, plm_sv package, plm_sv text)
{
    plm_sv rest = text, line, sum;
    while (plm_sv_line(&rest, &line)) {
        plm_sv path = line;
        size_t offset = (size_t)(line.p - text.p);
        if (!plm_sv_trim(line).n)
            continue;
        if (!plm_sv_word(&path, &sum)) {
            plm_catalog_bad(faults, offset, "line without a digest");
            continue;
        }
        /* two separators; the name itself may begin or end with a blank, but none does */
        path = plm_sv_trim(path);
        if (plm_sv_starts(path, PLM_SV("./")))
            path = plm_sv_from_off(path, 2);
        if (!put(c, package, sum, path, false))
            plm_catalog_bad(faults, offset, "line that is no digest and path");
    }
}

static void read_conffiles(struct catalog_claims *c, plm_sv text)
{
    static const char *const names[] = {"Package", "Conffiles"};
    struct plm_deb822 it = PLM_DEB822(text);
    while (plm_deb822_next(&it)) {
        plm_sv v[2], line, path, sum;
        (void)plm_deb822_pick(it.stanza, names, v, 2);
        while (v[0].n && plm_deb822_line(&v[1], &line))
            if (plm_sv_word(&line, &path) && plm_sv_word(&line, &sum))
                (void)put(c, v[0], sum, path, true); /* "newconffile" is no digest yet */
    }
}

static void read_diversions(struct catalog_claims *c, struct catalog_faults *faults, plm_sv text)
{
    plm_sv rest = text, from, to, package;
    while (plm_sv_line(&rest, &from)) {
        if (!plm_sv_line(&rest, &to) || !plm_sv_line(&rest, &package)) {
            plm_catalog_bad(faults, text.n, "diversion cut off");
            return;
        }
        struct plm_claim claim = {.package = package, .path = from, .digest = to, .is_diversion = true};
        plm_catalog_claim(c, &claim);
    }
}

static int extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    plm_sv base = plm_catalog_basename(e->path), ending = PLM_SV(".md5sums");
    struct catalog_claims c;
    struct catalog_faults faults = {.out = out, .code = "dpkg.malformed"};
    plm_catalog_claims_begin(&c, out);
    if (plm_sv_ends(base, ending))
        read_md5sums(&c, &faults, without_arch(plm_sv_sub(base, 0, base.n - ending.n)), content);
    else if (plm_sv_is(base, "diversions"))
        read_diversions(&c, &faults, content);
    else
        read_conffiles(&c, content);
    plm_catalog_bad_end(&faults);
    return plm_catalog_claims_end(&c, err);
}

static const char *const globs[] = {"var/lib/dpkg/info/*.md5sums", "var/lib/dpkg/status.d/*.md5sums",
                                    "var/lib/dpkg/status", "var/lib/dpkg/diversions", NULL};
const struct plm_extractor plm_claims_dpkg = {
    .id = "claims-dpkg",
    .summary = "digests of the files of Debian packages: md5sums, conffiles, diversions",
    .version = 1,
    .globs = globs,
    .max_bytes = PLM_MIB(64),
    .extract = extract,
};
