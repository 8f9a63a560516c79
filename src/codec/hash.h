/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 over libcrypto, streaming and one-shot, and "sha256:<hex>" digests.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/sv.h"

#define PLM_SHA256_BYTES 32
#define PLM_DIGEST_CHARS 71 /* "sha256:" and 64 hex digits */

struct plm_sha256;
struct plm_sha256 *plm_sha256_new(plm_err **err);
void plm_sha256_free(struct plm_sha256 *h);
PLM_CLEANUP(struct plm_sha256, plm_sha256_free)
void plm_sha256_update(struct plm_sha256 *h, const void *p, size_t n);
/* Ends the hash; the object can be used again afterwards. */
void plm_sha256_final(struct plm_sha256 *h, unsigned char out[PLM_SHA256_BYTES]);
void plm_sha256_of(plm_sv data, unsigned char out[PLM_SHA256_BYTES]);
/* HMAC-SHA-256 (RFC 2104). */
void plm_hmac_sha256_of(plm_sv key, plm_sv data, unsigned char out[PLM_SHA256_BYTES]);

/* Only to compare with what package managers recorded: both are broken as signatures. */
#define PLM_MD5_BYTES  16
#define PLM_SHA1_BYTES 20
void plm_md5_of(plm_sv data, unsigned char out[PLM_MD5_BYTES]);
void plm_sha1_of(plm_sv data, unsigned char out[PLM_SHA1_BYTES]);

/* NUL-terminated "sha256:..." */
void plm_digest_text(const unsigned char hash[PLM_SHA256_BYTES], char out[PLM_DIGEST_CHARS + 1]);
/* Exactly "sha256:" and 64 lower-case hex digits (OCI image-spec, descriptor.md). */
bool plm_digest_valid(plm_sv digest);
bool plm_digest_parse(plm_sv digest, unsigned char out[PLM_SHA256_BYTES]);
