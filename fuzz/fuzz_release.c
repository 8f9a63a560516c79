/* SPDX-License-Identifier: Apache-2.0
 *
 * Release files, armour, and packaging archives by every name that changelogs are looked for in.
 */
#include "repo/repo_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"x.deb", "x.diff.gz", "x.debian.tar.xz"};
    plm_sv text = plm_sv_n((const char *)data, size);
    struct plm_ctx ctx = PLM_CTX_INIT;
    struct repo_release r;
    unsigned char digest[PLM_SHA256_BYTES];
    uint64_t n;
    if (plm_release_parse(text, &r, NULL) == 0)
        (void)plm_release_find(&r, PLM_SV("main/binary-amd64/Packages"), &n, digest);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(16));
    (void)plm_dearmor(text, &b);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        plm_buf_clear(&b);
        (void)plm_changelog_extract(&ctx, plm_sv_from(names[i]), text, &b, NULL);
    }
    return 0;
}
