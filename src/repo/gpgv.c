/* SPDX-License-Identifier: Apache-2.0
 *
 * OpenPGP signatures by gpgv(1), run as a child without a shell.
 *
 * The child gets memory files (memfd) for everything: what it reads, its status lines
 * (--status-fd, doc/DETAILS of GnuPG) and, for clear-signed texts, the text that the signature
 * really covers (--output -). Only that text is used afterwards: what stands around a
 * clear-signed block is never read. Armoured keys are unpacked first, gpgv takes none.
 *
 * Verified means: no BADSIG, and at least one GOODSIG with its VALIDSIG by a key of the
 * keyring (and of the fingerprint list, where there is one). A signature or key that has
 * expired (EXPSIG, EXPKEYSIG) or was revoked (REVKEYSIG) does not count, and the message says
 * so. SHA-1 and MD5 are refused (--weak-digest). The exit status is not asked: it is 2 as soon
 * as one of several signatures is by an unknown key, which is normal for Debian.
 */
#include "base/fs.h"
#include "repo/repo_int.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define GPGV_TIMEOUT_MS 30000
#define KEYRING_MAX     PLM_MIB(4)
#define KEYRINGS_MAX    64u
/* Descriptor numbers in the child. */
enum { CHILD_STATUS = 3, CHILD_DATA, CHILD_SIG, CHILD_KEYS };

static int radix64(int c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool plm_dearmor(plm_sv text, struct plm_buf *out)
{
    plm_sv line;
    bool is_open = false, in_body = false;
    uint32_t bits = 0;
    unsigned have = 0;
    while (plm_sv_line(&text, &line)) {
        line = plm_sv_trim(line);
        if (!is_open) {
            is_open = plm_sv_starts(line, PLM_SV("-----BEGIN PGP"));
            continue;
        }
        if (plm_sv_starts(line, PLM_SV("-----END")))
            return out->n > 0 && !out->failed;
        if (!in_body) { /* "Version: ..." lines end with an empty one, which some files leave out */
            in_body = line.n == 0 || plm_sv_find(line, ':') == SIZE_MAX;
            if (line.n == 0 || !in_body)
                continue;
        }
        if (line.n && line.p[0] == '=')
            continue;
        for (size_t i = 0; i < line.n && line.p[i] != '='; i++) {
            int v = radix64((unsigned char)line.p[i]);
            if (v < 0)
                return false;
            bits = bits << 6 | (uint32_t)v;
            if ((have += 6) >= 8)
                plm_buf_byte(out, (unsigned char)(bits >> (have -= 8)));
        }
    }
    return false;
}

/* A memory file with these bytes, read position at the start; -1 on failure. */
static int memory_file(const char *name, plm_sv data, plm_err **err)
{
    plm_auto_fd int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0)
        return plm_fail_sys(err, "memory file for %s", name);
    if (plm_fs_write_all(fd, data.p, data.n, err) < 0)
        return -1;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return plm_fail_sys(err, "memory file for %s", name);
    return plm_take_fd(fd);
}

/* A keyring as a memory file of binary OpenPGP packets or a keybox. */
static int keyring_fd(plm_sv bytes, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(KEYRING_MAX);
    if (plm_sv_starts(plm_sv_trim(bytes), PLM_SV("-----BEGIN"))) {
        if (!plm_dearmor(bytes, &b))
            return plm_fail(err, PLM_E_PARSE, "broken armoured key");
        bytes = plm_buf_sv(&b);
    }
    return memory_file("keyring", bytes, err);
}

struct child {
    int in[4 + KEYRINGS_MAX]; /* status, data, signature, standard output, then keyrings */
    size_t keys;
};

static void child_close(struct child *c)
{
    for (size_t i = 0; i < 4 + c->keys; i++)
        if (c->in[i] >= 0)
            close(c->in[i]);
}
PLM_CLEANUP_INPLACE(struct child, child_close)

static int open_keys(const struct repo_keyring *k, struct child *c, plm_err **err)
{
    for (size_t i = 0; i < k->files.n && c->keys < KEYRINGS_MAX; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(KEYRING_MAX);
        plm_auto_free char *path = strndup(k->files.v[i].p, k->files.v[i].n);
        if (!path)
            return plm_fail_oom(err);
        if (plm_fs_read(path, KEYRING_MAX, &b, NULL) < 0)
            continue;
        int fd = keyring_fd(plm_buf_sv(&b), NULL);
        if (fd >= 0)
            c->in[4 + c->keys++] = fd;
    }
    if (k->key_block.p && c->keys < KEYRINGS_MAX) {
        int fd = keyring_fd(k->key_block, err);
        if (fd < 0)
            return -1;
        c->in[4 + c->keys++] = fd;
    }
    return c->keys ? 0 : plm_fail(err, PLM_E_AUTH, "no keyring can be read");
}

static int wait_child(pid_t pid, plm_err **err)
{
    plm_auto_fd int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    int r = 1;
    if (pidfd >= 0)
        do
            r = poll(&p, 1, GPGV_TIMEOUT_MS);
        while (r < 0 && errno == EINTR);
    if (r == 0)
        kill(pid, SIGKILL);
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return plm_fail_sys(err, "wait for gpgv");
    if (r == 0)
        return plm_fail(err, PLM_E_AUTH, "gpgv did not end within %d s", GPGV_TIMEOUT_MS / 1000);
    return 0;
}

/* In the child every descriptor is first moved out of the way, then to its number: the numbers may overlap.
 */
static int spawn_actions(posix_spawn_file_actions_t *acts, const struct child *c)
{
    static const int targets[] = {CHILD_STATUS, CHILD_DATA, CHILD_SIG, STDOUT_FILENO};
    const int high = 200;
    int r = 0;
    for (size_t i = 0; i < 4 + c->keys; i++)
        if (c->in[i] >= 0)
            r |= posix_spawn_file_actions_adddup2(acts, c->in[i], high + (int)i);
    for (size_t i = 0; i < 4 + c->keys; i++)
        if (c->in[i] >= 0)
            r |= posix_spawn_file_actions_adddup2(acts, high + (int)i,
                                                  i < 4 ? targets[i] : CHILD_KEYS + (int)(i - 4));
    for (size_t i = 0; i < 4 + c->keys; i++)
        if (c->in[i] >= 0)
            r |= posix_spawn_file_actions_addclose(acts, high + (int)i);
    r |= posix_spawn_file_actions_addopen(acts, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    r |= posix_spawn_file_actions_addopen(acts, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    return r;
}

static int run_gpgv(const struct child *c, bool is_detached, plm_err **err)
{
    char keys[KEYRINGS_MAX][32];
    const char *argv[16 + 2 * KEYRINGS_MAX];
    size_t n = 0;
    const char *const fixed[] = {"gpgv",          "--status-fd",   "3",
                                 "--weak-digest", "SHA1",          "--weak-digest",
                                 "MD5",           "--weak-digest", "RIPEMD160"};
    for (; n < sizeof(fixed) / sizeof(fixed[0]); n++)
        argv[n] = fixed[n];
    for (size_t i = 0; i < c->keys; i++) {
        snprintf(keys[i], sizeof(keys[i]), "/proc/self/fd/%d", CHILD_KEYS + (int)i);
        argv[n++] = "--keyring";
        argv[n++] = keys[i];
    }
    if (is_detached) {
        argv[n++] = "/proc/self/fd/5";
    } else {
        argv[n++] = "--output";
        argv[n++] = "-";
    }
    argv[n++] = "/proc/self/fd/4";
    argv[n] = NULL;
    /* GNUPGHOME away from the user's: gpgv reads no configuration, and keyrings are named by path */
    static const char *const env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", "GNUPGHOME=/nonexistent", NULL};
    static const char *const places[] = {"/usr/bin/gpgv", "/bin/gpgv", "/usr/local/bin/gpgv",
                                         "/usr/bin/gpgv2"};
    posix_spawn_file_actions_t acts;
    if (posix_spawn_file_actions_init(&acts) != 0)
        return plm_fail_oom(err);
    pid_t pid;
    int r = spawn_actions(&acts, c) ? ENOMEM : ENOENT;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && r == ENOENT; i++) {
        plm_sv path = plm_sv_from(places[i]);
        if (access(path.p, X_OK) == 0)
            r = posix_spawn(&pid, path.p, &acts, NULL, (char *const *)(uintptr_t)argv,
                            (char *const *)(uintptr_t)env);
    }
    posix_spawn_file_actions_destroy(&acts);
    if (r == ENOENT) {
        int failed = plm_fail_id(err, PLM_E_UNSUPPORTED, "repo.no-gpgv", "gpgv is not installed");
        plm_err_hint(err, "install the package gpgv");
        return failed;
    }
    if (r != 0) {
        errno = r;
        return plm_fail_sys(err, "start gpgv");
    }
    return wait_child(pid, err);
}

struct verdict {
    bool good, bad;
    plm_sv fault, key;
};

static bool key_allowed(const struct repo_keyring *k, plm_sv fpr, plm_sv primary)
{
    for (size_t i = 0; i < k->fingerprints.n; i++) {
        plm_sv want = k->fingerprints.v[i];
        if (plm_sv_ends(want, PLM_SV("!")))
            want.n--;
        if (plm_sv_ieq(want, fpr) || plm_sv_ieq(want, primary))
            return true;
    }
    return k->fingerprints.n == 0;
}

static void read_status(const struct repo_keyring *k, plm_sv text, struct verdict *v)
{
    static const struct {
        const char *word, *fault;
    } faults[] = {{"EXPKEYSIG", "signed by an expired key"},
                  {"EXPSIG", "the signature has expired"},
                  {"REVKEYSIG", "signed by a revoked key"},
                  {"NO_PUBKEY", "signed by a key that is not in the keyring"},
                  {"ERRSIG", "the signature cannot be checked"},
                  {"NODATA", "no signature in it"}};
    plm_sv line, word, fpr, primary;
    bool is_good = false;
    size_t rank = SIZE_MAX; /* the best explanation stands first in the table */
    while (plm_sv_line(&text, &line)) {
        if (!plm_sv_word(&line, &word) || !plm_sv_is(word, "[GNUPG:]") || !plm_sv_word(&line, &word))
            continue;
        if (plm_sv_is(word, "NEWSIG"))
            is_good = false;
        else if (plm_sv_is(word, "GOODSIG"))
            is_good = true;
        else if (plm_sv_is(word, "BADSIG"))
            v->bad = true;
        else if (plm_sv_is(word, "VALIDSIG") && is_good && plm_sv_word(&line, &fpr)) {
            primary = fpr; /* the last field is the primary key's fingerprint */
            while (plm_sv_word(&line, &word))
                primary = word;
            if (key_allowed(k, fpr, primary)) {
                v->good = true;
                v->key = fpr;
            } else {
                v->fault = PLM_SV("signed by a key that Signed-By does not name");
            }
        }
        for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
            if (i < rank && plm_sv_is(word, faults[i].word)) {
                v->fault = plm_sv_from(faults[i].fault);
                rank = i;
            }
    }
}

static int read_back(int fd, const char *name, size_t max, struct plm_buf *out, plm_err **err)
{
    if (lseek(fd, 0, SEEK_SET) < 0)
        return plm_fail_sys(err, "%s", name);
    return plm_fs_read_fd(fd, name, max, out, err);
}

int plm_gpgv_verify(const struct repo_keyring *k, plm_sv data, plm_sv signature, struct plm_buf *out_text,
                    struct plm_arena *a, plm_sv *out_key, plm_err **err)
{
    plm_auto_done(child_close) struct child c = {.in = {-1, -1, -1, -1}};
    plm_auto_done(plm_buf_done) struct plm_buf status = PLM_BUF(PLM_KIB(64)),
                                               text = PLM_BUF(REPO_RELEASE_MAX);
    if (open_keys(k, &c, err) < 0 || (c.in[0] = memory_file("status", PLM_SV_NULL, err)) < 0 ||
        (c.in[1] = memory_file("data", data, err)) < 0 ||
        (c.in[3] = memory_file("text", PLM_SV_NULL, err)) < 0)
        return -1;
    if (signature.p && (c.in[2] = memory_file("signature", signature, err)) < 0)
        return -1;
    if (run_gpgv(&c, signature.p != NULL, err) < 0 ||
        read_back(c.in[0], "gpgv", PLM_KIB(64), &status, err) < 0)
        return -1;
    struct verdict v = {0};
    read_status(k, plm_buf_sv(&status), &v);
    if (v.bad)
        return plm_fail_id(err, PLM_E_AUTH, "repo.unverified", "the signature does not match the text");
    if (!v.good)
        return plm_fail_id(err, PLM_E_AUTH, "repo.unverified", "%.*s",
                           PLM_SV_ARG(v.fault.p ? v.fault : PLM_SV("no valid signature")));
    if (!signature.p && read_back(c.in[3], "signed text", REPO_RELEASE_MAX, &text, err) < 0)
        return -1;
    plm_buf_sv_put(out_text, signature.p ? data : plm_buf_sv(&text));
    *out_key = plm_arena_sv(a, v.key);
    return plm_buf_check(out_text, err) < 0 ? -1 : plm_arena_check(a, err);
}
