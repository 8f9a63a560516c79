/* SPDX-License-Identifier: Apache-2.0
 *
 * The store as one file for machines without a network (format.md, "Exported file"): a fixed
 * header with the SHA-256 of the store, room for an Ed25519 key and signature, and the store as
 * one zstd frame. The signature is over the header up to and with the checksum, so it stands
 * for every byte of the store.
 *
 * Importing unpacks into a temporary file beside the store, checks length, checksum and
 * signature, opens it and verifies every section, and only then renames it into place.
 */
#include "base/fs.h"
#include "base/rd.h"
#include "base/text.h"
#include "codec/hash.h"
#include "vulndb/vulndb_int.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/mman.h>
#include <zstd.h>

#define EXPORT_MAGIC "PLMEXP1\n"

enum {
    EXPORT_VERSION = 1,
    EXPORT_SIGNED = 1,
    KEY_BYTES = 32,
    SIGNATURE_BYTES = 64,
    SIGNED_BYTES = 8 + 4 + 4 + 8 + 8 + 32, /* what the signature covers */
    EXPORT_HEADER = SIGNED_BYTES + KEY_BYTES + SIGNATURE_BYTES,
    LEVEL = 9,
    FILE_MAX = 1 << 30,
};

/* ---- keys ------------------------------------------------------------------------------------- */

static EVP_PKEY *key_read(const char *path, bool is_private, plm_err **err)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return PLM_NULL(plm_fail_sys(err, "%s", path));
    EVP_PKEY *k =
        is_private ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : PEM_read_PUBKEY(f, NULL, NULL, NULL);
    fclose(f);
    if (k && EVP_PKEY_get_id(k) == EVP_PKEY_ED25519)
        return k;
    EVP_PKEY_free(k);
    (void)!plm_fail(err, PLM_E_CONFIG, "%s: is not a PEM file with an Ed25519 %s key", path,
                    is_private ? "private" : "public");
    plm_err_hint(err,
                 is_private ? "openssl genpkey -algorithm ed25519 -out %s"
                            : "openssl pkey -in PRIVATE -pubout -out %s",
                 path);
    return NULL;
}

static int sign(const char *path, plm_sv message, unsigned char key[KEY_BYTES],
                unsigned char signature[SIGNATURE_BYTES], plm_err **err)
{
    EVP_PKEY *k = key_read(path, true, err);
    if (!k)
        return -1;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n_key = KEY_BYTES, n = SIGNATURE_BYTES;
    bool ok = ctx && EVP_PKEY_get_raw_public_key(k, key, &n_key) == 1 &&
              EVP_DigestSignInit(ctx, NULL, NULL, NULL, k) == 1 &&
              EVP_DigestSign(ctx, signature, &n, (const unsigned char *)message.p, message.n) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(k);
    return ok ? 0 : plm_fail(err, PLM_E_INTERNAL, "%s: cannot sign", path);
}

static bool signature_valid(EVP_PKEY *k, plm_sv message, plm_sv signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, k) == 1 &&
              EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.n,
                               (const unsigned char *)message.p, message.n) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

/* ---- export ----------------------------------------------------------------------------------- */

int plm_db_export(const struct plm_ctx *ctx, const char *store, const char *out, const char *key,
                  plm_err **err)
{
    (void)ctx;
    plm_auto(plm_db_close) struct plm_db *db = plm_db_open(store, err);
    if (!db || plm_db_verify(db, err) < 0)
        return -1;
    plm_auto_done(plm_buf_done) struct plm_buf head = PLM_BUF(EXPORT_HEADER), packed = PLM_BUF(FILE_MAX);
    size_t bound = ZSTD_compressBound(db->map.n);
    char *to = plm_buf_reserve(&packed, bound);
    if (!to)
        return plm_buf_check(&packed, err);
    size_t n = ZSTD_compress(to, bound, db->map.p, db->map.n, LEVEL);
    if (ZSTD_isError(n))
        return plm_fail(err, PLM_E_INTERNAL, "zstd: %s", ZSTD_getErrorName(n));
    unsigned char hash[PLM_SHA256_BYTES], raw_key[KEY_BYTES] = {0}, signature[SIGNATURE_BYTES] = {0};
    plm_sha256_of(db->map, hash);
    plm_buf_put(&head, EXPORT_MAGIC, 8);
    plm_buf_u32le(&head, EXPORT_VERSION);
    plm_buf_u32le(&head, key ? EXPORT_SIGNED : 0);
    plm_buf_u64le(&head, db->map.n);
    plm_buf_u64le(&head, n);
    plm_buf_put(&head, hash, sizeof(hash));
    if (key && sign(key, plm_buf_sv(&head), raw_key, signature, err) < 0)
        return -1;
    plm_buf_put(&head, raw_key, sizeof(raw_key));
    plm_buf_put(&head, signature, sizeof(signature));
    if (plm_buf_check(&head, err) < 0)
        return -1;
    plm_auto_done(plm_fs_atomic_done) struct plm_fs_atomic file = {.fd = -1};
    if (plm_fs_atomic_open(out, 0, &file, err) < 0 || plm_fs_write_all(file.fd, head.p, head.n, err) < 0 ||
        plm_fs_write_all(file.fd, to, n, err) < 0)
        return plm_wrap(err, "%s", out);
    return plm_fs_atomic_commit(&file, err);
}

/* ---- import ----------------------------------------------------------------------------------- */

struct package {
    plm_sv signed_part, key, signature, frame;
    uint64_t raw, packed;
    plm_sv sha256;
    bool is_signed;
};

static int package_parse(plm_sv data, const char *name, struct package *out, plm_err **err)
{
    struct plm_rd r = PLM_RD(data);
    plm_rd_skip(&r, 8);
    uint32_t version = plm_rd_u32le(&r), flags = plm_rd_u32le(&r);
    out->raw = plm_rd_u64le(&r);
    out->packed = plm_rd_u64le(&r);
    out->sha256 = plm_rd_bytes(&r, PLM_SHA256_BYTES);
    out->key = plm_rd_bytes(&r, KEY_BYTES);
    out->signature = plm_rd_bytes(&r, SIGNATURE_BYTES);
    out->signed_part = plm_sv_sub(data, 0, SIGNED_BYTES);
    out->frame = plm_sv_from_off(data, r.at);
    out->is_signed = flags & EXPORT_SIGNED;
    if (r.failed || version != EXPORT_VERSION || flags > EXPORT_SIGNED || out->packed != out->frame.n)
        return plm_fail_id(err, PLM_E_PARSE, "db.corrupt",
                           "%s: the header is not valid, or the file is cut short", name);
    if (out->raw > FILE_MAX || out->raw == 0)
        return plm_fail(err, PLM_E_LIMIT, "%s: a store of %llu bytes is over the limit", name,
                        (unsigned long long)out->raw);
    return 0;
}

static int signature_check(const struct package *p, const char *name, const char *key, struct plm_arena *a,
                           struct plm_db_imported *out, plm_err **err)
{
    out->is_signed = p->is_signed;
    if (key && !p->is_signed)
        return plm_fail_id(err, PLM_E_POLICY, "db.signature", "%s: is not signed, but a key was given", name);
    if (!p->is_signed)
        return 0;
    unsigned char hash[PLM_SHA256_BYTES];
    plm_auto_done(plm_buf_done) struct plm_buf hex = PLM_BUF(100);
    plm_sha256_of(p->key, hash);
    plm_text_hex(&hex, hash, sizeof(hash));
    out->signer = plm_arena_sv(a, plm_buf_sv(&hex));
    EVP_PKEY *k =
        key ? key_read(key, false, err)
            : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)p->key.p, KEY_BYTES);
    if (key && !k)
        return -1;
    bool ok = k && signature_valid(k, p->signed_part, p->signature);
    EVP_PKEY_free(k);
    if (!ok)
        return plm_fail_id(err, PLM_E_POLICY, "db.signature", "%s: the signature is not %s", name,
                           key ? "by the given key" : "valid");
    out->is_verified = key != NULL;
    return 0;
}

static int unpack(const struct package *p, const char *name, int fd, plm_err **err)
{
    plm_auto_free char *raw = malloc(p->raw);
    if (!raw)
        return plm_fail_oom(err);
    size_t n = ZSTD_decompress(raw, p->raw, p->frame.p, p->frame.n);
    unsigned char hash[PLM_SHA256_BYTES];
    if (ZSTD_isError(n) || n != p->raw)
        return plm_fail_id(err, PLM_E_PARSE, "db.corrupt", "%s: the compressed store is damaged", name);
    plm_sha256_of(plm_sv_n(raw, n), hash);
    if (memcmp(hash, p->sha256.p, sizeof(hash)) != 0)
        return plm_fail_id(err, PLM_E_PARSE, "db.corrupt", "%s: the store does not match its checksum", name);
    return plm_fs_write_all(fd, raw, n, err);
}

static int import_to(plm_sv data, const char *name, const char *key, struct plm_fs_atomic *file,
                     struct plm_arena *a, struct plm_db_imported *out, plm_err **err)
{
    if (plm_sv_starts(data, PLM_SV(EXPORT_MAGIC))) {
        struct package p;
        if (package_parse(data, name, &p, err) < 0 || signature_check(&p, name, key, a, out, err) < 0 ||
            unpack(&p, name, file->fd, err) < 0)
            return -1;
    } else if (!plm_sv_starts(data, PLM_SV(PLM_DB_MAGIC))) {
        return plm_fail(err, PLM_E_PARSE, "%s: is neither an exported file nor a store", name);
    } else if (key) {
        return plm_fail_id(err, PLM_E_POLICY, "db.signature", "%s: is a bare store, which has no signature",
                           name);
    } else if (plm_fs_write_all(file->fd, data.p, data.n, err) < 0) {
        return -1;
    }
    plm_auto(plm_db_close) struct plm_db *db = plm_db_open(file->tmp, err);
    if (!db || plm_db_verify(db, err) < 0)
        return plm_wrap(err, "%s", name);
    return 0;
}

int plm_db_import(const struct plm_ctx *ctx, const char *file, const char *store, const char *key,
                  struct plm_arena *a, struct plm_db_imported *out, plm_err **err)
{
    (void)ctx;
    struct plm_db_imported result = {0};
    plm_auto_fd int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return plm_fail_sys(err, "%s", file);
    plm_auto_done(plm_fs_map_done) struct plm_fs_map map = {0};
    if (plm_fs_map_fd(fd, file, FILE_MAX, &map, err) < 0)
        return -1;
    plm_auto_free char *dir = strndup(store, (size_t)(strrchr(store, '/') ? strrchr(store, '/') - store : 0));
    if (!dir)
        return plm_fail_oom(err);
    if (*dir && plm_fs_mkdirs(dir, 0755, err) < 0)
        return -1;
    plm_auto_fd int lock = plm_db_lock(store, err);
    plm_auto_done(plm_fs_atomic_done) struct plm_fs_atomic to = {.fd = -1};
    if (lock < 0 || plm_fs_atomic_open(store, 0, &to, err) < 0 ||
        import_to(map.view, file, key, &to, a, &result, err) < 0 || plm_fs_atomic_commit(&to, err) < 0)
        return -1;
    *out = result;
    return 0;
}
