/* SPDX-License-Identifier: Apache-2.0
 *
 * One suite of a Debian-style repository: its Release, verified, and the indices it lists.
 *
 * Where the Release comes from, best first: what apt downloaded (its lists folder), what this
 * feed fetched earlier, the network; the first two only while younger than run->max_age, or
 * when there is no other way, which is said (repo.stale). apt names a list after its address:
 * scheme and user dropped, '_' as %5f, '/' as '_'. The age of an apt list is its inode change
 * time: its mtime is the mirror's Last-Modified.
 *
 * An index is judged by the digest that the verified Release lists: of its uncompressed text
 * where apt's copy is read (apt may recompress), of the compressed file where it is fetched.
 */
#include "base/rd.h"
#include "base/text.h"
#include "base/time.h"
#include "repo/repo_int.h"

#include <fcntl.h>

static const char state_magic[8] = {'P', 'L', 'M', 'R', 'S', 'T', '0', '1'};
static const char verified_magic[8] = {'P', 'L', 'M', 'R', 'R', 'L', '0', '1'};

struct raw {
    struct plm_buf text, sig; /* sig empty: text is clear-signed */
    int64_t as_of;
    bool is_there;
};

static void raw_done(struct raw *r)
{
    plm_buf_done(&r->text);
    plm_buf_done(&r->sig);
}
PLM_CLEANUP_INPLACE(struct raw, raw_done)

#define RAW_INIT ((struct raw){.text = PLM_BUF(REPO_RELEASE_MAX), .sig = PLM_BUF(PLM_MIB(1))})

/* apt's name of a list: "mirror_debian_dists_bookworm_InRelease" */
static void list_name(struct plm_buf *out, plm_sv base, plm_sv suite, plm_sv path)
{
    plm_sv host = base;
    size_t scheme = plm_sv_find_sv(base, PLM_SV("://"));
    if (scheme != SIZE_MAX)
        host = plm_sv_from_off(base, scheme + 3);
    size_t at = plm_sv_find(host, '@'), slash = plm_sv_find(host, '/');
    if (at != SIZE_MAX && (slash == SIZE_MAX || at < slash))
        host = plm_sv_from_off(host, at + 1);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(8));
    plm_buf_printf(&b, "%.*s/dists/%.*s/%.*s", PLM_SV_ARG(host), PLM_SV_ARG(suite), PLM_SV_ARG(path));
    for (size_t i = 0; i < b.n; i++) {
        unsigned char c = (unsigned char)b.p[i];
        if (c == '/')
            plm_buf_byte(out, '_');
        else if (c <= 0x20 || c >= 0x7f || strchr("\\|{}[]<>\"^~_=!@#$%&*", c))
            plm_buf_printf(out, "%%%02x", c);
        else
            plm_buf_byte(out, c);
    }
}

/* Opens a list of apt's; -1 if there is none. */
static int open_list(const struct repo_suite *s, const struct repo_base *b, plm_sv path, const char *suffix)
{
    plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(PLM_KIB(16));
    if (!b->has_lists)
        return -1;
    plm_buf_str(&name, s->w.run->root);
    plm_buf_str(&name, "/var/lib/apt/lists/");
    list_name(&name, b->url, s->name, path);
    plm_buf_str(&name, suffix);
    const char *p = plm_buf_cstr(&name);
    return p ? open(p, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
}

static void raw_from_lists(const struct repo_suite *s, const struct repo_base *b, struct raw *out)
{
    plm_auto_fd int fd = open_list(s, b, PLM_SV("InRelease"), "");
    bool is_split = fd < 0;
    if (is_split)
        fd = open_list(s, b, PLM_SV("Release"), "");
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
        plm_fs_read_fd(fd, "apt list", REPO_RELEASE_MAX, &out->text, NULL) < 0)
        return;
    if (is_split) {
        plm_auto_fd int sig = open_list(s, b, PLM_SV("Release.gpg"), "");
        if (sig < 0 || plm_fs_read_fd(sig, "apt list", PLM_MIB(1), &out->sig, NULL) < 0)
            return;
    }
    out->as_of = st.st_ctime < s->w.run->now ? st.st_ctime : s->w.run->now;
    out->is_there = true;
}

static plm_sv state_name(struct repo_suite *s, const struct repo_base *b)
{
    plm_auto_done(plm_buf_done) struct plm_buf key = PLM_BUF(PLM_KIB(16));
    unsigned char digest[PLM_SHA256_BYTES];
    plm_buf_view(&key, b->url);
    plm_buf_view(&key, s->name);
    plm_sha256_of(plm_buf_sv(&key), digest);
    return plm_repo_cache_name(s->w.arena, "suite", digest);
}

static void raw_from_cache(struct repo_suite *s, const struct repo_base *b, struct raw *out)
{
    plm_auto_done(plm_buf_done) struct plm_buf f = PLM_BUF(REPO_RELEASE_MAX + PLM_MIB(2));
    if (!plm_repo_cache_read(s->w.run, state_name(s, b), f.max, &f))
        return;
    struct plm_rd r = PLM_RD(plm_buf_sv(&f));
    plm_sv magic = plm_rd_bytes(&r, sizeof(state_magic));
    uint64_t at = plm_rd_u64le(&r);
    plm_sv text = plm_rd_view(&r), sig = plm_rd_view(&r);
    if (r.failed || memcmp(magic.p, state_magic, sizeof(state_magic)) != 0 || at > INT64_MAX)
        return;
    plm_buf_sv_put(&out->text, text);
    plm_buf_sv_put(&out->sig, sig);
    out->as_of = (int64_t)at < s->w.run->now ? (int64_t)at : s->w.run->now;
    out->is_there = !out->text.failed && !out->sig.failed;
}

static void remember(struct repo_suite *s, const struct repo_base *b, const struct raw *raw)
{
    plm_auto_done(plm_buf_done) struct plm_buf f = PLM_BUF(REPO_RELEASE_MAX + PLM_MIB(2));
    plm_buf_put(&f, state_magic, sizeof(state_magic));
    plm_buf_u64le(&f, (uint64_t)raw->as_of);
    plm_buf_view(&f, plm_buf_sv(&raw->text));
    plm_buf_view(&f, plm_buf_sv(&raw->sig));
    if (!f.failed)
        plm_repo_cache_write(s->w.run, state_name(s, b), plm_buf_sv(&f));
}

static int raw_from_network(struct repo_suite *s, const struct repo_base *b, struct raw *out, plm_err **err)
{
    plm_sv in = plm_arena_printf(s->w.arena, "dists/%.*s/InRelease", PLM_SV_ARG(s->name));
    plm_sv rel = plm_arena_printf(s->w.arena, "dists/%.*s/Release", PLM_SV_ARG(s->name));
    plm_sv sig = plm_arena_printf(s->w.arena, "dists/%.*s/Release.gpg", PLM_SV_ARG(s->name));
    plm_auto(plm_err_free) plm_err *why = NULL;
    if (plm_repo_get(&s->w, b->url, in, b->public_only, REPO_RELEASE_MAX, &out->text, &why) < 0) {
        if (plm_err_code(why) != PLM_E_NOTFOUND)
            return plm_err_move(err, &why);
        if (plm_repo_get(&s->w, b->url, rel, b->public_only, REPO_RELEASE_MAX, &out->text, err) < 0)
            return -1;
        plm_auto(plm_err_free) plm_err *no_sig = NULL; /* then it is unverified, which is judged later */
        (void)plm_repo_get(&s->w, b->url, sig, b->public_only, PLM_MIB(1), &out->sig, &no_sig);
    }
    out->as_of = s->w.run->now;
    out->is_there = true;
    return 0;
}

static bool is_fresh(const struct repo_run *run, const struct raw *r)
{
    return r->is_there && (uint64_t)(run->now - r->as_of) <= run->max_age;
}

/* The Release's bytes from the best place. */
static int get_raw(struct repo_suite *s, const struct repo_base *b, struct raw *out, plm_err **err)
{
    plm_auto_done(raw_done) struct raw lists = RAW_INIT, cached = RAW_INIT;
    raw_from_lists(s, b, &lists);
    raw_from_cache(s, b, &cached);
    struct raw *best = lists.is_there && (!cached.is_there || lists.as_of >= cached.as_of) ? &lists : &cached;
    bool is_offline = s->w.run->ctx->offline;
    if (best->is_there && (is_offline || is_fresh(s->w.run, best))) {
        *out = *best;
        *best = (struct raw){0};
        return 0;
    }
    plm_auto(plm_err_free) plm_err *why = NULL;
    if (raw_from_network(s, b, out, &why) == 0) {
        remember(s, b, out);
        return 0;
    }
    if (!best->is_there)
        return plm_err_move(err, &why);
    raw_done(out);
    plm_auto_done(plm_buf_done) struct plm_buf age = PLM_BUF(64);
    plm_text_age(&age, s->w.run->now - best->as_of);
    plm_auto_free char *text = plm_err_text(why);
    plm_repo_note(&s->w.notes, "repo.stale", PLM_SEV_MEDIUM, s->name, "%s; what was fetched %.*s ago is used",
                  text ? text : "out of memory", PLM_SV_ARG(plm_buf_sv(&age)));
    *out = *best;
    *best = (struct raw){0};
    return 0;
}

/* ---- verification -------------------------------------------------------------------------- */

/* What a verdict depends on: the bytes, and the keys as they are now. */
static int verdict_key(const struct repo_base *b, const struct raw *raw, unsigned char out[PLM_SHA256_BYTES],
                       plm_err **err)
{
    plm_auto(plm_sha256_free) struct plm_sha256 *h = plm_sha256_new(err);
    plm_auto_done(plm_buf_done) struct plm_buf keys = PLM_BUF(PLM_MIB(1));
    if (!h)
        return -1;
    for (size_t i = 0; i < b->keyring.files.n; i++) {
        struct stat st = {0};
        plm_auto_free char *path = strndup(b->keyring.files.v[i].p, b->keyring.files.v[i].n);
        if (path && stat(path, &st) == 0)
            plm_buf_u64le(&keys, (uint64_t)st.st_size ^ (uint64_t)st.st_mtime << 20);
        plm_buf_view(&keys, b->keyring.files.v[i]);
    }
    for (size_t i = 0; i < b->keyring.fingerprints.n; i++)
        plm_buf_view(&keys, b->keyring.fingerprints.v[i]);
    plm_buf_view(&keys, b->keyring.key_block);
    plm_buf_view(&keys, plm_buf_sv(&raw->sig));
    if (plm_buf_check(&keys, err) < 0)
        return -1;
    plm_sha256_update(h, keys.p, keys.n);
    plm_sha256_update(h, raw->text.p, raw->text.n);
    plm_sha256_final(h, out);
    return 0;
}

static bool verified_before(struct repo_suite *s, plm_sv name)
{
    plm_auto_done(plm_buf_done) struct plm_buf f = PLM_BUF(REPO_RELEASE_MAX + PLM_KIB(4));
    if (!plm_repo_cache_read(s->w.run, name, f.max, &f))
        return false;
    struct plm_rd r = PLM_RD(plm_buf_sv(&f));
    plm_sv magic = plm_rd_bytes(&r, sizeof(verified_magic)), key = plm_rd_view(&r), text = plm_rd_view(&r);
    if (r.failed || memcmp(magic.p, verified_magic, sizeof(verified_magic)) != 0 || !key.n)
        return false;
    s->key = plm_arena_sv(s->w.arena, key);
    plm_buf_clear(&s->text);
    plm_buf_sv_put(&s->text, text);
    return !s->text.failed;
}

/* The text inside a clear-signed block that nobody has verified (RFC 4880, 7). */
static void strip_clearsign(plm_sv text, struct plm_buf *out)
{
    plm_sv line;
    if (!plm_sv_starts(text, PLM_SV("-----BEGIN PGP SIGNED MESSAGE-----"))) {
        plm_buf_sv_put(out, text);
        return;
    }
    while (plm_sv_line(&text, &line) && line.n)
        ;
    while (plm_sv_line(&text, &line) && !plm_sv_starts(line, PLM_SV("-----BEGIN PGP SIGNATURE-----"))) {
        plm_buf_sv_put(out, plm_sv_starts(line, PLM_SV("- ")) ? plm_sv_from_off(line, 2) : line);
        plm_buf_byte(out, '\n');
    }
}

static int verify(struct repo_suite *s, const struct repo_base *b, const struct raw *raw, plm_err **err)
{
    unsigned char digest[PLM_SHA256_BYTES];
    if (verdict_key(b, raw, digest, err) < 0)
        return -1;
    plm_sv name = plm_repo_cache_name(s->w.arena, "rel", digest);
    if (verified_before(s, name))
        return 0;
    plm_auto(plm_err_free) plm_err *why = NULL;
    bool is_clear = plm_sv_has(plm_sv_sub(plm_buf_sv(&raw->text), 0, 4096), PLM_SV("-----BEGIN PGP SIGNED"));
    plm_buf_clear(&s->text);
    int r = !is_clear && raw->sig.n == 0
                ? plm_fail_id(&why, PLM_E_AUTH, "repo.unverified", "it is not signed")
                : plm_gpgv_verify(&b->keyring, plm_buf_sv(&raw->text),
                                  is_clear ? PLM_SV_NULL : plm_buf_sv(&raw->sig), &s->text, s->w.arena,
                                  &s->key, &why);
    if (r == 0) {
        plm_auto_done(plm_buf_done) struct plm_buf f = PLM_BUF(REPO_RELEASE_MAX + PLM_KIB(4));
        plm_buf_put(&f, verified_magic, sizeof(verified_magic));
        plm_buf_view(&f, s->key);
        plm_buf_view(&f, plm_buf_sv(&s->text));
        if (!f.failed)
            plm_repo_cache_write(s->w.run, name, plm_buf_sv(&f));
        return 0;
    }
    if (plm_err_code(why) == PLM_E_OOM || !s->w.run->opt->allow_unverified) {
        plm_err_hint(&why, "keys: install the distribution's keyring package or name one in repo.mirrors; "
                           "repo.allow-unverified uses the index anyway");
        return plm_err_move(err, &why);
    }
    plm_repo_note_err(&s->w.notes, "repo.unverified", PLM_SEV_MEDIUM,
                      plm_arena_printf(s->w.arena, "%.*s %.*s", PLM_SV_ARG(b->url), PLM_SV_ARG(s->name)),
                      &why);
    s->key = PLM_SV_NULL;
    plm_buf_clear(&s->text);
    strip_clearsign(plm_buf_sv(&raw->text), &s->text);
    return plm_buf_check(&s->text, err);
}

/* Is it the suite that was asked for, and is it still valid? */
static int judge_release(struct repo_suite *s, const struct repo_base *b, plm_err **err)
{
    const struct repo_release *r = &s->release;
    if (!b->is_configured && s->origin.p && !plm_sv_ieq(r->origin, s->origin))
        return plm_fail(err, PLM_E_POLICY, "its origin is \"%.*s\", not %.*s", PLM_SV_ARG(r->origin),
                        PLM_SV_ARG(s->origin));
    if (s->codename.p && r->codename.p && !plm_sv_starts(r->codename, s->codename))
        return plm_fail(err, PLM_E_POLICY, "it is \"%.*s\", not %.*s", PLM_SV_ARG(r->codename),
                        PLM_SV_ARG(s->codename));
    if (r->valid_until && r->valid_until < s->w.run->now) {
        plm_auto_done(plm_buf_done) struct plm_buf t = PLM_BUF(64);
        plm_time_put(&t, r->valid_until);
        s->is_stale = true;
        if (s->as_of > r->valid_until)
            s->as_of = r->valid_until;
        plm_repo_note(&s->w.notes, "repo.stale", PLM_SEV_MEDIUM, s->name,
                      "%.*s: its Release was valid until %.*s: newer updates may be missing",
                      PLM_SV_ARG(b->url), PLM_SV_ARG(plm_buf_sv(&t)));
    }
    return 0;
}

/* ---- indices --------------------------------------------------------------------------------- */

/* A stream that hashes what passes. */
struct tee {
    struct plm_stream *below;
    struct plm_sha256 *hash;
};

static ssize_t tee_read(void *impl, void *p, size_t n, plm_err **err)
{
    struct tee *t = impl;
    ssize_t r = plm_stream_read(t->below, p, n, err);
    if (r > 0)
        plm_sha256_update(t->hash, p, (size_t)r);
    return r;
}

static void tee_free(void *impl)
{
    struct tee *t = impl;
    plm_stream_free(t->below);
    free(t);
}

static struct plm_stream *tee_stream(struct plm_stream *below, struct plm_sha256 *hash, plm_err **err)
{
    static const struct plm_stream_ops ops = {.read = tee_read, .free = tee_free};
    struct tee *t = calloc(1, sizeof(*t));
    struct plm_stream *s =
        t ? plm_stream_new(&ops, t, plm_stream_name(below), err) : PLM_NULL(plm_fail_oom(err));
    if (!s) {
        free(t);
        plm_stream_free(below);
        return NULL;
    }
    *t = (struct tee){.below = below, .hash = hash};
    return s;
}

/* Compact form of a (compressed) index; want: digest of the uncompressed text, or NULL. Takes raw. */
static int build(const struct repo_suite *s, struct plm_stream *raw, enum repo_index_kind kind,
                 const unsigned char *want, struct plm_buf *out, plm_err **err)
{
    struct plm_limits limits = *s->w.run->ctx->limits;
    limits.layer_bytes = REPO_INDEX_RAW_MAX;
    plm_sv head;
    if (plm_stream_peek(raw, &head, err) < 0) {
        plm_stream_free(raw);
        return -1;
    }
    struct plm_stream *plain =
        plm_lz4_is(head) ? plm_lz4_stream(raw, err) : plm_stream_decompress(raw, &limits, err);
    if (!plain)
        return -1;
    plm_auto(plm_sha256_free) struct plm_sha256 *h = plm_sha256_new(err);
    if (!h) {
        plm_stream_free(plain);
        return -1;
    }
    plm_auto(plm_stream_free) struct plm_stream *t = tee_stream(plain, h, err);
    if (!t || plm_index_build(t, kind, out, err) < 0)
        return -1;
    unsigned char got[PLM_SHA256_BYTES];
    plm_sha256_final(h, got);
    if (want && memcmp(got, want, sizeof(got)) != 0)
        return plm_fail(err, PLM_E_PARSE, "%s: not the index that the Release lists (SHA-256 differs)",
                        plm_stream_name(t));
    return 0;
}

static const char *const suffixes[] = {".zst", ".xz", ".gz", ""};

static bool build_from_lists(const struct repo_suite *s, plm_sv path, enum repo_index_kind kind,
                             const unsigned char *want, struct plm_buf *out)
{
    static const char *const kept[] = {"", ".lz4", ".gz", ".xz", ".zst"};
    for (size_t i = 0; want && i < sizeof(kept) / sizeof(kept[0]); i++) {
        int fd = open_list(s, s->used, path, kept[i]);
        struct plm_stream *raw = fd < 0 ? NULL : plm_stream_fd(fd, "apt list", NULL);
        plm_buf_clear(out);
        if (raw && build(s, raw, kind, want, out, NULL) == 0)
            return true;
    }
    plm_buf_clear(out);
    return false;
}

static int fetch_listed(struct repo_suite *s, plm_sv path, const unsigned char digest[PLM_SHA256_BYTES],
                        struct plm_buf *out, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf url = PLM_BUF(PLM_KIB(8));
    size_t slash = plm_sv_rfind(path, '/');
    plm_sv dir = slash == SIZE_MAX ? PLM_SV(".") : plm_sv_sub(path, 0, slash);
    plm_auto(plm_err_free) plm_err *why = NULL;
    if (s->release.by_hash) {
        plm_buf_printf(&url, "dists/%.*s/%.*s/by-hash/SHA256/", PLM_SV_ARG(s->name), PLM_SV_ARG(dir));
        plm_text_hex(&url, digest, PLM_SHA256_BYTES);
        if (plm_repo_get(&s->w, s->used->url, plm_buf_sv(&url), s->used->public_only, REPO_INDEX_MAX, out,
                         &why) == 0)
            return 0;
        if (plm_err_code(why) != PLM_E_NOTFOUND)
            return plm_err_move(err, &why);
        plm_buf_clear(&url);
    }
    plm_buf_printf(&url, "dists/%.*s/%.*s", PLM_SV_ARG(s->name), PLM_SV_ARG(path));
    return plm_repo_get(&s->w, s->used->url, plm_buf_sv(&url), s->used->public_only, REPO_INDEX_MAX, out,
                        err);
}

static int build_from_network(struct repo_suite *s, plm_sv path, enum repo_index_kind kind,
                              const unsigned char *want, struct plm_buf *out, plm_err **err)
{
    plm_auto(plm_err_free) plm_err *why = NULL;
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        unsigned char listed[PLM_SHA256_BYTES], got[PLM_SHA256_BYTES];
        uint64_t size;
        plm_sv file = plm_arena_printf(s->w.arena, "%.*s%s", PLM_SV_ARG(path), suffixes[i]);
        if (!plm_release_find(&s->release, file, &size, listed))
            continue;
        plm_auto_done(plm_buf_done) struct plm_buf packed = PLM_BUF(REPO_INDEX_MAX);
        plm_err_free(why);
        why = NULL;
        if (fetch_listed(s, file, listed, &packed, &why) < 0) {
            if (plm_err_code(why) == PLM_E_NOTFOUND)
                continue;
            return plm_err_move(err, &why);
        }
        plm_sha256_of(plm_buf_sv(&packed), got);
        if (packed.n != size || memcmp(got, listed, sizeof(got)) != 0)
            return plm_fail_id(err, PLM_E_PARSE, "repo.bad-index",
                               "%.*s: %zu bytes that are not the file that the Release lists (%llu bytes)",
                               PLM_SV_ARG(file), packed.n, (unsigned long long)size);
        struct plm_stream *raw = plm_stream_view(plm_buf_sv(&packed), file.p ? file.p : "index", err);
        return raw ? build(s, raw, kind, want, out, err) : -1;
    }
    return why ? plm_err_move(err, &why)
               : plm_fail_id(err, PLM_E_NOTFOUND, "repo.no-arch", "%.*s is not in this suite",
                             PLM_SV_ARG(path));
}

static int load_part(struct repo_suite *s, plm_sv component, plm_sv arch, struct repo_part *part,
                     plm_err **err)
{
    enum repo_index_kind kind = arch.p ? REPO_PACKAGES : REPO_SOURCES;
    plm_sv path = arch.p ? plm_arena_printf(s->w.arena, "%.*s/binary-%.*s/Packages", PLM_SV_ARG(component),
                                            PLM_SV_ARG(arch))
                         : plm_arena_printf(s->w.arena, "%.*s/source/Sources", PLM_SV_ARG(component));
    unsigned char digest[PLM_SHA256_BYTES];
    uint64_t size;
    bool has_plain = plm_release_find(&s->release, path, &size, digest), is_listed = has_plain;
    for (size_t i = 0; !is_listed && i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        is_listed = plm_release_find(&s->release,
                                     plm_arena_printf(s->w.arena, "%.*s%s", PLM_SV_ARG(path), suffixes[i]),
                                     &size, digest);
    if (!is_listed)
        return plm_fail_id(err, PLM_E_NOTFOUND, "repo.no-arch", "%.*s is not in this suite",
                           PLM_SV_ARG(path));
    plm_sv name = plm_repo_cache_name(s->w.arena, arch.p ? "idx" : "src", digest);
    *part = (struct repo_part){.component = component, .arch = arch, .memory = PLM_BUF(REPO_INDEX_BIN_MAX)};
    if (plm_repo_cache_map(s->w.run, name, REPO_INDEX_BIN_MAX, &part->map)) {
        if (plm_index_open(part->map.view, &part->index, NULL) == 0)
            return 0;
        plm_fs_map_done(&part->map);
        part->map = (struct plm_fs_map){0};
    }
    if (!build_from_lists(s, path, kind, has_plain ? digest : NULL, &part->memory) &&
        build_from_network(s, path, kind, has_plain ? digest : NULL, &part->memory, err) < 0) {
        plm_buf_done(&part->memory);
        return -1;
    }
    plm_repo_cache_write(s->w.run, name, plm_buf_sv(&part->memory));
    plm_repo_cache_prune(
        s->w.run); /* a new index: the ones of earlier releases go when nobody used them for long */
    if (plm_repo_cache_map(s->w.run, name, REPO_INDEX_BIN_MAX,
                           &part->map)) { /* page cache rather than heap */
        plm_buf_done(&part->memory);
        return plm_index_open(part->map.view, &part->index, err);
    }
    return plm_index_open(plm_buf_sv(&part->memory), &part->index, err);
}

/* ---- the suite -------------------------------------------------------------------------------- */

static void note_part(struct repo_suite *s, plm_sv component, plm_err **why)
{
    plm_sv object = plm_arena_printf(s->w.arena, "%.*s %.*s/%.*s", PLM_SV_ARG(s->used->url),
                                     PLM_SV_ARG(s->name), PLM_SV_ARG(component));
    enum plm_code code = plm_err_code(*why);
    const char *id = plm_err_id(*why);
    if (id && strcmp(id, "repo.no-arch") == 0)
        plm_repo_note_err(&s->w.notes, "repo.no-arch", PLM_SEV_LOW, object, why);
    else if (code == PLM_E_PARSE || code == PLM_E_LIMIT)
        plm_repo_note_err(&s->w.notes, "repo.bad-index", PLM_SEV_HIGH, object, why);
    else
        plm_repo_note_err(&s->w.notes, s->w.run->ctx->offline ? "repo.offline" : "repo.unreachable",
                          PLM_SEV_MEDIUM, object, why);
}

static void load_parts(struct repo_suite *s)
{
    for (size_t c = 0; c < s->components.n; c++)
        for (size_t i = 0; i < s->archs.n; i++) {
            plm_auto(plm_err_free) plm_err *why = NULL;
            struct repo_part part;
            if (load_part(s, s->components.v[c], s->archs.v[i], &part, &why) < 0) {
                note_part(s, s->components.v[c], &why);
                continue;
            }
            struct repo_part *to = plm_vec_push(s->w.arena, &s->packages);
            if (to)
                *to = part;
        }
}

static void note_base(struct repo_suite *s, const struct repo_base *b, plm_err **why)
{
    enum plm_code code = plm_err_code(*why);
    plm_sv object = plm_arena_printf(s->w.arena, "%.*s %.*s", PLM_SV_ARG(b->url), PLM_SV_ARG(s->name));
    if (code == PLM_E_AUTH || code == PLM_E_UNSUPPORTED)
        plm_repo_note_err(&s->w.notes, "repo.unverified", PLM_SEV_HIGH, object, why);
    else if (code == PLM_E_POLICY)
        plm_repo_note_err(&s->w.notes, "repo.skipped-source", PLM_SEV_NEGLIGIBLE, object, why);
    else if (code == PLM_E_PARSE || code == PLM_E_LIMIT)
        plm_repo_note_err(&s->w.notes, "repo.bad-index", PLM_SEV_HIGH, object, why);
    else
        plm_repo_note_err(&s->w.notes, s->w.run->ctx->offline ? "repo.offline" : "repo.unreachable",
                          PLM_SEV_MEDIUM, object, why);
}

static int try_base(struct repo_suite *s, const struct repo_base *b, plm_err **err)
{
    plm_auto_done(raw_done) struct raw raw = RAW_INIT;
    if (get_raw(s, b, &raw, err) < 0)
        return -1;
    s->as_of = raw.as_of;
    if (verify(s, b, &raw, err) < 0 || plm_release_parse(plm_buf_sv(&s->text), &s->release, err) < 0)
        return -1;
    return judge_release(s, b, err);
}

void plm_suite_load(struct repo_suite *s)
{
    s->text = PLM_BUF(REPO_RELEASE_MAX);
    for (size_t i = 0; i < s->bases.n && !s->packages.n; i++) {
        plm_auto(plm_err_free) plm_err *why = NULL;
        if (try_base(s, &s->bases.v[i], &why) < 0) {
            note_base(s, &s->bases.v[i], &why);
            continue;
        }
        s->used = &s->bases.v[i];
        load_parts(s);
    }
    if (!s->packages.n)
        s->used = NULL;
}

void plm_suite_load_sources(struct repo_suite *s)
{
    for (size_t c = 0; c < s->components.n && s->used && !s->sources_tried; c++) {
        plm_auto(plm_err_free) plm_err *why = NULL;
        struct repo_part part;
        if (load_part(s, s->components.v[c], PLM_SV_NULL, &part, &why) < 0) {
            plm_auto_free char *text =
                plm_err_text(why); /* not fatal: the binary packages have changelogs too */
            plm_log(s->w.run->ctx, PLM_LOG_DEBUG, "no source index", "cause", text ? text : "", NULL);
            continue;
        }
        struct repo_part *to = plm_vec_push(s->w.arena, &s->sources);
        if (to)
            *to = part;
    }
    s->sources_tried = true;
}

void plm_suite_done(struct repo_suite *s)
{
    for (size_t i = 0; i < s->packages.n; i++) {
        plm_fs_map_done(&s->packages.v[i].map);
        plm_buf_done(&s->packages.v[i].memory);
    }
    for (size_t i = 0; i < s->sources.n; i++) {
        plm_fs_map_done(&s->sources.v[i].map);
        plm_buf_done(&s->sources.v[i].memory);
    }
    plm_buf_done(&s->text);
    plm_repo_worker_done(&s->w);
}

bool plm_suite_newest(const struct repo_suite *s, const struct plm_scheme *deb, plm_sv arch, plm_sv name,
                      struct repo_record *out)
{
    bool found = false;
    for (size_t i = 0; i < s->packages.n; i++) {
        const struct repo_part *p = &s->packages.v[i];
        if (arch.n && !plm_sv_is(arch, "all") && !plm_sv_eq(p->arch, arch))
            continue;
        struct repo_record r;
        for (size_t at = plm_index_find(&p->index, name);
             plm_index_at(&p->index, at, &r) && plm_sv_eq(r.name, name); at++)
            if (!found || deb->compare(r.version, out->version) > 0) {
                *out = r;
                found = true;
            }
    }
    return found;
}
