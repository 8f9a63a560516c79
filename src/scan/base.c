/* SPDX-License-Identifier: Apache-2.0
 *
 * Which layers belong to the base image, where nobody said it with --base: images that were
 * scanned before are remembered in <cache_dir>/images.tsv, one line each, "CHAIN<TAB>REFERENCE",
 * where CHAIN is the SHA-256 over the digests of all its layers, bottom first. The longest
 * remembered image whose layers are the lowest layers of this one is its base.
 *
 * The digests are those that were verified while reading (of the blob, of the tar where no blob
 * digest exists and the tar lies there as it is), so an image cannot claim a base that it does not have. The
 * file is appended to by single writes and started anew beyond 1 MiB: it is a memory, nothing depends on it.
 */
#include "scan/scan_int.h"

#include "base/fs.h"
#include "base/text.h"
#include "codec/hash.h"

#include <fcntl.h>

enum { FILE_MAX = 1 << 20, CHAIN_CHARS = 64 };

struct chain {
    char text[CHAIN_CHARS + 1];
};

/* chains[i] is over the layers 0 to i; false where a layer has no digest. */
static bool make_chains(const struct plm_target *t, struct chain *chains)
{
    plm_auto_done(plm_buf_done) struct plm_buf joined = PLM_BUF(PLM_MIB(1));
    for (size_t i = 0; i < t->layers.n; i++) {
        const struct plm_layer *l = &t->layers.v[i];
        plm_sv digest = l->digest.n ? l->digest : l->is_diff_id_verified ? l->diff_id : PLM_SV_NULL;
        unsigned char hash[PLM_SHA256_BYTES];
        if (!digest.n)
            return false;
        plm_buf_sv_put(&joined, digest);
        plm_buf_byte(&joined, '\n');
        if (joined.failed)
            return false;
        plm_sha256_of(plm_buf_sv(&joined), hash);
        char text[PLM_DIGEST_CHARS + 1];
        plm_digest_text(hash, text);
        memcpy(chains[i].text, text + PLM_DIGEST_CHARS - CHAIN_CHARS, CHAIN_CHARS + 1);
    }
    return t->layers.n > 0;
}

/* Number of layers of the longest remembered image below this one; 0: none. */
static size_t longest_known(plm_sv memory, const struct chain *chains, size_t n, bool *out_is_known)
{
    size_t best = 0;
    plm_sv line, key, reference;
    *out_is_known = false;
    while (plm_sv_line(&memory, &line)) {
        if (!plm_sv_cut(line, '\t', &key, &reference) || key.n != CHAIN_CHARS)
            continue;
        for (size_t i = 0; i < n; i++) {
            if (!plm_sv_eq(key, plm_sv_n(chains[i].text, CHAIN_CHARS)))
                continue;
            if (i + 1 == n)
                *out_is_known = true;
            else if (i + 1 > best)
                best = i + 1;
        }
    }
    return best;
}

static void remember(const char *path, const struct chain *chain, plm_sv reference, bool start_anew)
{
    plm_auto_done(plm_buf_done) struct plm_buf line = PLM_BUF(PLM_KIB(16));
    plm_buf_printf(&line, "%s\t", chain->text);
    plm_text_escape(&line, reference);
    plm_buf_byte(&line, '\n');
    plm_auto_fd int fd =
        open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (start_anew ? O_TRUNC : 0), 0600);
    /* A line that could not be written is one base fewer that is known. */
    if (fd >= 0 && !line.failed && write(fd, line.p, line.n) < 0)
        return;
}

int plm_scan_detect_base(const struct plm_ctx *ctx, struct plm_target *t, plm_err **err)
{
    if (!ctx->cache_dir || t->layers.n == 0 || t->is_incomplete)
        return 0;
    plm_auto_free struct chain *chains = calloc(t->layers.n, sizeof(*chains));
    plm_auto_free char *path = plm_fs_join(ctx->cache_dir, "images.tsv");
    if (!chains || !path)
        return plm_fail_oom(err);
    if (!make_chains(t, chains))
        return 0;
    plm_auto_done(plm_buf_done) struct plm_buf memory = PLM_BUF(FILE_MAX);
    bool is_too_large = plm_fs_read(path, FILE_MAX, &memory, NULL) < 0 && memory.n > 0, is_known;
    size_t n = longest_known(plm_buf_sv(&memory), chains, t->layers.n, &is_known);
    for (size_t i = 0; i < n; i++)
        t->layers.v[i].is_base = true;
    if (!is_known)
        remember(path, &chains[t->layers.n - 1], t->reference,
                 is_too_large || memory.n > FILE_MAX - PLM_KIB(16));
    return 0;
}
