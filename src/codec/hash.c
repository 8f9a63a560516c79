/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 (and MD5 and SHA-1, for what package managers recorded) by libcrypto's own block functions (the
 * same accelerated code that EVP ends in). EVP allocates in EVP_DigestInit, also when an object is used
 * again, and SHA256() does too: out of memory they would leave a wrong digest or crash in the next update.
 * These cannot fail.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "codec/hash.h"

#include "base/text.h"

#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

struct plm_sha256 {
    SHA256_CTX ctx;
};

struct plm_sha256 *plm_sha256_new(plm_err **err)
{
    struct plm_sha256 *h = calloc(1, sizeof(*h));
    if (!h)
        return PLM_NULL(plm_fail_oom(err));
    SHA256_Init(&h->ctx);
    return h;
}

void plm_sha256_free(struct plm_sha256 *h)
{
    free(h);
}

void plm_sha256_update(struct plm_sha256 *h, const void *p, size_t n)
{
    if (n)
        SHA256_Update(&h->ctx, p, n);
}

void plm_sha256_final(struct plm_sha256 *h, unsigned char out[PLM_SHA256_BYTES])
{
    SHA256_Final(out, &h->ctx);
    SHA256_Init(&h->ctx);
}

void plm_sha256_of(plm_sv data, unsigned char out[PLM_SHA256_BYTES])
{
    struct plm_sha256 h;
    SHA256_Init(&h.ctx);
    plm_sha256_update(&h, data.p, data.n);
    plm_sha256_final(&h, out);
}

void plm_hmac_sha256_of(plm_sv key, plm_sv data, unsigned char out[PLM_SHA256_BYTES])
{
    enum { BLOCK = SHA256_CBLOCK };
    unsigned char pad[BLOCK] = {0};
    struct plm_sha256 h;
    if (key.n > BLOCK)
        plm_sha256_of(key, pad);
    else if (key.n)
        memcpy(pad, key.p, key.n);
    for (size_t i = 0; i < BLOCK; i++)
        pad[i] ^= 0x36;
    SHA256_Init(&h.ctx);
    plm_sha256_update(&h, pad, BLOCK);
    plm_sha256_update(&h, data.p, data.n);
    plm_sha256_final(&h, out);
    for (size_t i = 0; i < BLOCK; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    plm_sha256_update(&h, pad, BLOCK);
    plm_sha256_update(&h, out, PLM_SHA256_BYTES);
    plm_sha256_final(&h, out);
    OPENSSL_cleanse(pad, sizeof(pad));
}

void plm_md5_of(plm_sv data, unsigned char out[PLM_MD5_BYTES])
{
    MD5_CTX ctx;
    MD5_Init(&ctx);
    if (data.n)
        MD5_Update(&ctx, data.p, data.n);
    MD5_Final(out, &ctx);
}

void plm_sha1_of(plm_sv data, unsigned char out[PLM_SHA1_BYTES])
{
    SHA_CTX ctx;
    SHA1_Init(&ctx);
    if (data.n)
        SHA1_Update(&ctx, data.p, data.n);
    SHA1_Final(out, &ctx);
}

void plm_digest_text(const unsigned char hash[PLM_SHA256_BYTES], char out[PLM_DIGEST_CHARS + 1])
{
    static const char hex[] = "0123456789abcdef";
    memcpy(out, "sha256:", 7);
    for (size_t i = 0; i < PLM_SHA256_BYTES; i++) {
        out[7 + 2 * i] = hex[hash[i] >> 4];
        out[8 + 2 * i] = hex[hash[i] & 15];
    }
    out[PLM_DIGEST_CHARS] = 0;
}

static int nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool plm_digest_parse(plm_sv digest, unsigned char out[PLM_SHA256_BYTES])
{
    if (digest.n != PLM_DIGEST_CHARS || !plm_sv_starts(digest, PLM_SV("sha256:")))
        return false;
    unsigned char hash[PLM_SHA256_BYTES];
    for (size_t i = 0; i < PLM_SHA256_BYTES; i++) {
        int hi = nibble(digest.p[7 + 2 * i]), lo = nibble(digest.p[8 + 2 * i]);
        if (hi < 0 || lo < 0)
            return false;
        hash[i] = (unsigned char)(hi << 4 | lo);
    }
    memcpy(out, hash, sizeof(hash));
    return true;
}

bool plm_digest_valid(plm_sv digest)
{
    unsigned char ignored[PLM_SHA256_BYTES];
    return plm_digest_parse(digest, ignored);
}
