/* SPDX-License-Identifier: Apache-2.0
 *
 * Alpine repositories: ARCH/APKINDEX.tar.gz (Alpine wiki "Apk spec").
 *
 * Two gzip members: the first holds a tar, cut before its end marker, with ".SIGN.RSA.KEYNAME"
 * (SHA-1) or ".SIGN.RSA256.KEYNAME" (SHA-256), a PKCS #1 v1.5 signature over the bytes of all
 * that follows the first member; the second holds the index: stanzas of "P:name", "V:version",
 * "A:arch" lines. Keys are PEM files, by name from this machine's etc/apk/keys or configured.
 *
 * An index names no flaw: that a newer build exists is a diagnostic, never a finding.
 */
#include "base/map.h"
#include "codec/tar.h"
#include "repo/repo_int.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <zlib.h>

#define APKINDEX_MAX  PLM_MIB(64)
#define SIGNATURE_MAX PLM_KIB(64) /* the first member, inflated */

/* Inflates the first gzip member; *out_used is its length. */
static int first_member(plm_sv data, struct plm_buf *out, size_t *out_used, plm_err **err)
{
    z_stream z = {0};
    char *to = plm_buf_reserve(out, SIGNATURE_MAX);
    if (!to || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
        return plm_fail_oom(err);
    z.next_in = (Bytef *)(uintptr_t)data.p;
    z.avail_in = data.n > UINT32_MAX ? UINT32_MAX : (uInt)data.n;
    z.next_out = (Bytef *)to;
    z.avail_out = SIGNATURE_MAX;
    int r = inflate(&z, Z_FINISH);
    out->n += SIGNATURE_MAX - z.avail_out;
    *out_used = (size_t)z.total_in;
    inflateEnd(&z);
    return r == Z_STREAM_END ? 0 : plm_fail(err, PLM_E_PARSE, "APKINDEX: its first part is no signature");
}

static EVP_PKEY *read_key(const char *path)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    if (plm_fs_read(path, PLM_KIB(64), &b, NULL) < 0)
        return NULL;
    BIO *bio = BIO_new_mem_buf(b.p, (int)b.n);
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return key;
}

static bool verifies(EVP_PKEY *key, const EVP_MD *md, plm_sv signature, plm_sv data)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
              EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.n,
                               (const unsigned char *)data.p, data.n) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

/* Tries one signature with the key of its name, from the configured files or this machine's. */
static bool signature_holds(const struct repo_run *run, const struct repo_place *p, plm_sv key_name,
                            const EVP_MD *md, plm_sv signature, plm_sv data)
{
    bool ok = false;
    for (size_t i = 0; i <= p->keys.n && !ok; i++) {
        plm_auto_free char *path = NULL;
        int n = i < p->keys.n ? asprintf(&path, "%.*s", PLM_SV_ARG(p->keys.v[i]))
                              : asprintf(&path, "%s/etc/apk/keys/%.*s", run->root, PLM_SV_ARG(key_name));
        EVP_PKEY *key = n < 0 ? NULL : read_key(path);
        ok = key && verifies(key, md, signature, data);
        EVP_PKEY_free(key);
    }
    return ok;
}

static int check_signature(const struct repo_run *run, const struct repo_place *p, plm_sv head, plm_sv data,
                           plm_err **err)
{
    static const struct {
        const char *prefix, *digest;
    } kinds[] = {{".SIGN.RSA256.", "SHA256"}, {".SIGN.RSA.", "SHA1"}};
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_view(head, "APKINDEX signature", err);
    plm_auto(plm_tar_free) struct plm_tar *t = s ? plm_tar_new(s, run->ctx->limits, err) : NULL;
    if (!t)
        return -1;
    struct plm_tar_entry e;
    int r;
    while ((r = plm_tar_next(t, &e, err)) > 0)
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
            plm_sv prefix = plm_sv_from(kinds[i].prefix);
            if (!plm_sv_starts(e.name, prefix))
                continue;
            plm_auto_done(plm_buf_done) struct plm_buf sig = PLM_BUF(SIGNATURE_MAX + REPO_SLACK),
                                                       name = PLM_BUF(PLM_KIB(8));
            plm_buf_sv_put(&name, plm_sv_from_off(e.name, prefix.n));
            if (plm_tar_slurp(t, SIGNATURE_MAX, &sig, err) < 0)
                return -1;
            bool is_plain = plm_sv_find(plm_buf_sv(&name), '/') == SIZE_MAX && name.n && name.p[0] != '.';
            if (is_plain && signature_holds(run, p, plm_buf_sv(&name), EVP_get_digestbyname(kinds[i].digest),
                                            plm_buf_sv(&sig), data))
                return 0;
            break;
        }
    return r < 0 ? -1 : plm_fail_id(err, PLM_E_AUTH, "repo.unverified", "no signature by a known key");
}

/* ---- the index ----------------------------------------------------------------------------------- */

struct newest {
    struct plm_map *versions; /* name to plm_sv * in arena */
    struct plm_arena *a;
    const struct plm_scheme *apk;
    uint64_t records;
};

static int on_package(void *arg, plm_sv st, plm_err **err)
{
    struct newest *n = arg;
    plm_sv line, name = PLM_SV_NULL, version = PLM_SV_NULL;
    while (plm_sv_line(&st, &line)) {
        if (plm_sv_starts(line, PLM_SV("P:")))
            name = plm_sv_from_off(line, 2);
        else if (plm_sv_starts(line, PLM_SV("V:")))
            version = plm_sv_from_off(line, 2);
    }
    if (!name.n || !version.n)
        return 0;
    n->records++;
    plm_sv *old = plm_map_get(n->versions, name);
    if (old && n->apk->compare(*old, version) >= 0)
        return 0;
    plm_sv *now = old ? old : plm_arena_make(n->a, plm_sv);
    plm_sv key = plm_arena_sv(n->a, name), value = plm_arena_sv(n->a, version);
    if (!now || !key.p || !value.p)
        return plm_arena_check(n->a, err);
    *now = value;
    void **slot = plm_map_put(n->versions, key);
    if (!slot)
        return plm_fail_oom(err);
    *slot = now;
    return 0;
}

static int read_index(const struct repo_run *run, plm_sv data, struct newest *n, plm_err **err)
{
    struct plm_stream *raw = plm_stream_view(data, "APKINDEX.tar.gz", err);
    if (!raw)
        return -1;
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_decompress(raw, run->ctx->limits, err);
    plm_auto(plm_tar_free) struct plm_tar *t = s ? plm_tar_new(s, run->ctx->limits, err) : NULL;
    if (!t)
        return -1;
    struct plm_tar_entry e;
    int r;
    while ((r = plm_tar_next(t, &e, err)) > 0) {
        if (!plm_sv_is(e.name, "APKINDEX"))
            continue;
        plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(APKINDEX_MAX + REPO_SLACK);
        if (plm_tar_slurp(t, APKINDEX_MAX, &text, err) < 0)
            return -1;
        plm_auto(plm_stream_free) struct plm_stream *v = plm_stream_view(plm_buf_sv(&text), "APKINDEX", err);
        return v ? plm_stanzas_each(v, REPO_STANZA_MAX, on_package, n, err) : -1;
    }
    return r < 0 ? -1 : plm_fail(err, PLM_E_PARSE, "no APKINDEX in it");
}

static int load_place(struct repo_worker *w, const struct repo_place *p, plm_sv arch, struct newest *n,
                      int64_t *as_of, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf file = PLM_BUF(APKINDEX_MAX), head = PLM_BUF(SIGNATURE_MAX);
    plm_sv path = plm_arena_printf(w->arena, "%.*s/APKINDEX.tar.gz", PLM_SV_ARG(arch));
    size_t used = 0;
    plm_auto(plm_err_free) plm_err *why = NULL;
    if (plm_repo_get_cached(w, p->url, path, p->public_only, APKINDEX_MAX, &file, as_of, err) < 0)
        return -1;
    if (first_member(plm_buf_sv(&file), &head, &used, err) < 0)
        return -1;
    plm_sv rest = plm_sv_from_off(plm_buf_sv(&file), used);
    if (check_signature(w->run, p, plm_buf_sv(&head), rest, &why) < 0) {
        if (!w->run->opt->allow_unverified || plm_err_code(why) == PLM_E_OOM)
            return plm_err_move(err, &why);
        plm_repo_note_err(&w->notes, "repo.unverified", PLM_SEV_MEDIUM, p->url, &why);
        if (rest.n == 0) /* no signature at all: one member, which is the index */
            rest = plm_buf_sv(&file);
    }
    return read_index(w->run, rest, n, err);
}

/* ---- the target -------------------------------------------------------------------------------------- */

static void report_newer(struct repo_worker *w, const struct plm_report *r, uint32_t target,
                         const struct newest *n, struct plm_repo_outcome *out)
{
    plm_auto_done(plm_buf_done) struct plm_buf names = PLM_BUF(PLM_KIB(64));
    for (size_t i = 0; i < r->packages.n; i++) {
        const struct plm_package *p = &r->packages.v[i];
        const plm_sv *v =
            p->target == target && plm_sv_is(p->type, "apk") ? plm_map_get(n->versions, p->name) : NULL;
        if (!v || n->apk->compare(*v, p->version) <= 0)
            continue;
        if (out->outdated++ < 10)
            plm_buf_printf(&names, "%s%.*s %.*s (%.*s)", names.n ? ", " : "", PLM_SV_ARG(p->name),
                           PLM_SV_ARG(*v), PLM_SV_ARG(p->version));
    }
    if (out->outdated)
        plm_repo_note(&w->notes, "repo.newer-build", PLM_SEV_NEGLIGIBLE, r->targets.v[target].distro.id,
                      "%llu installed packages have a newer build in the repository: %.*s%s",
                      (unsigned long long)out->outdated, PLM_SV_ARG(plm_buf_sv(&names)),
                      out->outdated > 10 ? ", ..." : "");
}

static void note_place(struct repo_worker *w, const struct repo_place *p, plm_err **why)
{
    enum plm_code code = plm_err_code(*why);
    bool is_bad = code == PLM_E_PARSE || code == PLM_E_LIMIT;
    const char *net = w->run->ctx->offline ? "repo.offline" : "repo.unreachable";
    plm_repo_note_err(&w->notes, code == PLM_E_AUTH ? "repo.unverified" : (is_bad ? "repo.bad-index" : net),
                      PLM_SEV_LOW, p->url, why);
}

static plm_sv arch_of(const struct plm_report *r, uint32_t target)
{
    for (size_t i = 0; i < r->packages.n; i++) {
        const struct plm_package *p = &r->packages.v[i];
        if (p->target == target && plm_sv_is(p->type, "apk") && p->arch.n && !plm_sv_is(p->arch, "noarch"))
            return p->arch;
    }
    return PLM_SV("x86_64");
}

static int scan_places(struct repo_worker *w, struct plm_report *r, uint32_t target, struct newest *n,
                       struct plm_repo_outcome *out, plm_err **err)
{
    repo_place_vec places = {0};
    if (!n->versions || !n->apk)
        return plm_fail_oom(err);
    if (plm_places_find(w->run, w, &r->targets.v[target].distro, PLM_SV("apk"), arch_of(r, target), &places,
                        err) < 0)
        return -1;
    for (size_t i = 0; i < places.n; i++) {
        int64_t as_of = 0;
        plm_auto(plm_err_free) plm_err *why = NULL;
        if (load_place(w, &places.v[i], arch_of(r, target), n, &as_of, &why) < 0) {
            note_place(w, &places.v[i], &why);
            continue;
        }
        if (!out->as_of || as_of < out->as_of)
            out->as_of = as_of;
    }
    out->records = n->records;
    report_newer(w, r, target, n, out);
    return 0;
}

int plm_repo_apk(const struct repo_run *run, struct plm_report *r, uint32_t target,
                 struct plm_repo_outcome *out, plm_err **err)
{
    struct repo_worker w;
    int result = plm_repo_worker_init(&w, run, err);
    plm_auto(plm_map_free) struct plm_map *versions = plm_map_new();
    struct newest n = {.versions = versions, .a = w.arena, .apk = plm_scheme_find(PLM_SV("apk"))};
    if (result == 0)
        result = scan_places(&w, r, target, &n, out, err);
    plm_repo_notes_put(&w.notes, r, target);
    plm_repo_worker_done(&w);
    return result;
}
