/* SPDX-License-Identifier: Apache-2.0
 *
 * Check of the host: the engine's programs against the checksums of their packages, one row per file.
 *
 * dpkg keeps /var/lib/dpkg/info/NAME.md5sums: "HASH  path" without the leading slash. MD5 tells damage and
 * clumsy replacement, not an attacker who also rewrote the list; that limit is said. rpm's digests are in its
 * database, which is not read here: unknown. A file that the administrator put beside packages has no
 * checksum: unowned is H-PROC's to say.
 */
#include "audit/host.h"
#include "base/text.h"
#include "image/seen.h"

#include <fcntl.h>
#include <openssl/evp.h>

static const char *const programs[] = {
    "dockerd", "containerd", "runc", "docker", "containerd-shim-runc-v2", "docker-proxy"};
static const char *const dirs[] = {"/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin",
                                   "/usr/libexec/docker"};

enum { MD5_CHARS = 32 };
static const struct plm_seen md5_seen = {.purpose = PLM_SV("plimsoll md5 1")};

/* Hex digits of the whole file; false and *out_errno. */
static bool hash_file(int fd, struct plm_buf *out, int *out_errno)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned char *chunk = md ? malloc(PLM_KIB(256)) : NULL, hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    bool is_good = chunk && EVP_DigestInit_ex(md, EVP_md5(), NULL) == 1;
    for (ssize_t r; is_good && (r = read(fd, chunk, PLM_KIB(256))) != 0;) {
        if (r < 0)
            *out_errno = errno;
        is_good = r > 0 && EVP_DigestUpdate(md, chunk, (size_t)r) == 1;
    }
    is_good = is_good && EVP_DigestFinal_ex(md, hash, &n) == 1;
    EVP_MD_CTX_free(md);
    free(chunk);
    if (is_good)
        plm_text_hex(out, hash, n);
    else if (!*out_errno)
        *out_errno = ENOTSUP; /* FIPS builds have no MD5 */
    return is_good && !out->failed;
}

/* 32 hex digits in the arena, or null and *out_errno. Hashing the engine's programs costs more than the rest
 * of the stage, so what was hashed is remembered by the file's identity. */
static plm_sv md5_of(const struct plm_facts *f, const char *path, int *out_errno)
{
    plm_auto(plm_err_free) plm_err *err = NULL;
    plm_auto_fd int fd = plm_fs_open_in(f->root_fd, path, O_RDONLY, &err);
    struct stat st;
    char known[MD5_CHARS];
    *out_errno = fd < 0 ? (err && err->sys ? err->sys : EIO) : 0;
    if (fd < 0)
        return PLM_SV_NULL;
    if (fstat(fd, &st) < 0) {
        *out_errno = errno;
        return PLM_SV_NULL;
    }
    if (plm_seen_recall(f->ctx, &md5_seen, &st, known, sizeof(known)))
        return plm_arena_sv(f->arena, plm_sv_n(known, sizeof(known)));
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(1));
    if (!hash_file(fd, &b, out_errno))
        return PLM_SV_NULL;
    plm_sv text = plm_buf_sv(&b);
    plm_seen_remember(f->ctx, &md5_seen, fd, &st, text.p, text.n);
    return plm_arena_sv(f->arena, text);
}

/* The package's word for the path, under both spellings of merged /usr. */
static plm_sv expected_md5(plm_sv sums, plm_sv path)
{
    plm_sv line, rel = plm_sv_from_off(path, 1);
    plm_sv shorter = plm_sv_starts(rel, PLM_SV("usr/")) ? plm_sv_from_off(rel, 4) : rel;
    while (plm_sv_line(&sums, &line)) {
        plm_sv rest = line, hash;
        if (!plm_sv_word(&rest, &hash) || hash.n != 32)
            continue;
        rest = plm_sv_trim(rest);
        if (plm_sv_eq(rest, rel) || plm_sv_eq(rest, shorter))
            return hash;
    }
    return PLM_SV_NULL;
}

static plm_sv read_sums(const struct plm_facts *f, plm_sv package)
{
    int sys;
    plm_sv text = plm_host_textf(f, &sys, "/var/lib/dpkg/info/%.*s.md5sums", PLM_SV_ARG(package));
    if (text.p)
        return text;
    plm_sv_vec names = {0};
    (void)plm_host_names(f, "/var/lib/dpkg/info",
                         &names); /* multi-arch packages have the architecture in the name */
    for (size_t i = 0; i < names.n; i++)
        if (plm_sv_starts(names.v[i], package) && names.v[i].n > package.n &&
            names.v[i].p[package.n] == ':' && plm_sv_ends(names.v[i], PLM_SV(".md5sums")))
            return plm_host_textf(f, &sys, "/var/lib/dpkg/info/%.*s", PLM_SV_ARG(names.v[i]));
    return PLM_SV_NULL;
}

static void judge_file(struct plm_checking *k, plm_sv path, const struct plm_owner *owner, plm_sv why)
{
    const struct plm_facts *f = k->facts;
    if (owner->state != PLM_OWNED) {
        plm_say_on(k, path, PLM_OUT_UNKNOWN, "%.*s: %.*s, so there is no checksum to hold it against",
                   PLM_SV_ARG(path),
                   PLM_SV_ARG(owner->state == PLM_UNOWNED ? PLM_SV("no package brought it") : why));
        return;
    }
    int sys;
    plm_sv want = expected_md5(read_sums(f, owner->package), path), got = md5_of(f, path.p, &sys);
    if (!want.p)
        plm_say_on(k, path, PLM_OUT_UNKNOWN, "package %.*s carries no checksum of it",
                   PLM_SV_ARG(owner->package));
    else if (!got.p)
        plm_say_on(k, path, PLM_OUT_UNKNOWN, "%.*s: %s", PLM_SV_ARG(path), strerror(sys));
    else
        plm_say_on(k, path, plm_sv_eq(want, got) ? PLM_OUT_PASS : PLM_OUT_FAIL,
                   "md5 %.*s, package %.*s says %.*s", PLM_SV_ARG(got), PLM_SV_ARG(owner->package),
                   PLM_SV_ARG(want));
    plm_refix(k, path, "find out who replaced it; `apt-get install --reinstall %.*s`",
              PLM_SV_ARG(owner->package));
}

static void check_integrity(struct plm_checking *k)
{
    const struct plm_facts *f = k->facts;
    plm_sv_vec paths = {0};
    for (size_t p = 0; p < sizeof(programs) / sizeof(programs[0]); p++)
        for (size_t d = 0; d < sizeof(dirs) / sizeof(dirs[0]); d++) {
            plm_sv path = plm_host_printf(f, "%s/%s", dirs[d], programs[p]);
            struct stat st;
            /* where /usr/sbin is a link to bin, or the program a link, the same file is not said twice */
            char *dir = plm_arena_cstr(f->arena, plm_sv_from(dirs[d]));
            if (path.p && dir && !plm_host_link(f, dir).p && !plm_host_link(f, path.p).p &&
                plm_host_stat(f, path.p, &st) == 0 && S_ISREG(st.st_mode))
                (void)plm_sv_vec_add(f->arena, &paths, path);
        }
    if (!paths.n) {
        plm_say(k, PLM_OUT_NA, "no program of an engine is installed");
        return;
    }
    plm_sv why = PLM_SV_NULL;
    struct plm_owner *owners = plm_arena_array(f->arena, paths.n, sizeof(*owners));
    if (!owners)
        return;
    plm_host_owners(f, &paths, owners, &why);
    for (size_t i = 0; i < paths.n; i++)
        judge_file(k, paths.v[i], &owners[i], why);
}

static const struct plm_check checks[] = {
    {.id = "H-FIM",
     .title = "the engine's programs are those of their packages",
     .reads = "dockerd, containerd, runc and docker against /var/lib/dpkg/info/*.md5sums",
     .rationale = "Who replaces the engine or its runtime controls every container from below. The checksums "
                  "are MD5 and lie on the same disk: they "
                  "show a replaced file, not a careful intruder.",
     .fix = "find out who replaced the file; install the package again",
     .severity = PLM_SEV_HIGH,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_RESTART,
     .run = check_integrity},
};
static const struct plm_check_group host_fim = {
    .id = "host-fim", .summary = "integrity of the engine's programs", .checks = checks, .n = 1};
PLM_REGISTER(plm_check_groups, struct plm_check_group, host_fim);
