/* SPDX-License-Identifier: Apache-2.0
 *
 * What a found value itself tells: structures that can be checked without asking anyone, examples,
 * placeholders.
 *
 * GitHub's and npm's tokens end in a CRC-32 of what stands before, in base 62. An AWS key id holds the
 * account number (base 32, 40 bits from the second byte, shifted by 7). A JWT's first part is a JSON object
 * (RFC 7519). A PEM block decodes to a DER sequence or to OpenSSH's own container, which says whether a
 * passphrase protects it (PROTOCOL.key). A reference (${VAR}, {{ }}, <your-token>) is no value and is
 * dropped; what looks like an example stays, at low severity, and says why.
 */
#include "inspect/secret_int.h"

#include "codec/json.h"

#include <stdlib.h>
#include <zlib.h>

static enum plm_secret_verdict say(struct plm_arena *a, plm_sv *note, enum plm_secret_verdict v, plm_sv text)
{
    *note = plm_arena_sv(a, text);
    return v;
}

/* ---- references and placeholders ---------------------------------------------------------- */

static bool is_name(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return s.n > 0;
}

static bool has(plm_sv s, const char *start, const char *end)
{
    size_t n = strlen(start) + strlen(end);
    return s.n >= n && plm_sv_starts(s, plm_sv_from(start)) && plm_sv_ends(s, plm_sv_from(end));
}

/* The whole value names where the secret comes from. */
static bool is_reference(plm_sv s)
{
    static const char *const starts[] = {"vault:", "ENC[",  "!vault", "ssm:",   "arn:aws:",    "file:/",
                                         "env:",   "op://", "awssm:", "gcpsm:", "secretKeyRef"};
    s = plm_sv_trim(s);
    while (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
        s = plm_sv_sub(s, 1, s.n - 2);
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (plm_sv_starts(s, plm_sv_from(starts[i])))
            return true;
    if (s.n > 1 && s.p[0] == '$' && is_name(plm_sv_from_off(s, 1)))
        return true;
    return has(s, "${", "}") || has(s, "$(", ")") || has(s, "{{", "}}") || has(s, "${{", "}}") ||
           has(s, "<", ">") || has(s, "<%", "%>") ||
           (has(s, "%", "%") && is_name(plm_sv_sub(s, 1, s.n - 2))) ||
           (has(s, "@", "@") && is_name(plm_sv_sub(s, 1, s.n - 2))) || (has(s, "[", "]") && s.n < 40);
}

static plm_sv lowered(struct plm_arena *a, plm_sv s)
{
    char *p = plm_arena_cstr(a, s);
    for (size_t i = 0; p && i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + 32);
    return p ? plm_sv_n(p, s.n) : PLM_SV_NULL;
}

/* The longest run in which each byte is `step` more than the one before. */
static size_t longest_run(plm_sv s, int step)
{
    size_t best = s.n ? 1 : 0, n = best;
    for (size_t i = 1; i < s.n; i++) {
        n = s.p[i] == s.p[i - 1] + step ? n + 1 : 1;
        best = n > best ? n : best;
    }
    return best;
}

/* A word or a pattern that no generated secret has; NULL: none. */
static const char *placeholder(struct plm_arena *a, plm_sv secret)
{
    static const char *const words[] = {
        "example",      "placeholder", "changeme",  "change-me",  "change_me",    "replaceme",  "replace_me",
        "replace-me",   "insert_",     "yourtoken", "your_",      "your-",        "yoursecret", "yourapikey",
        "yourpassword", "dummy",       "redacted",  "notasecret", "not-a-secret", "fake_",      "fake-",
        "sample",       "xxxxxx",      "******",    "......",     "000000000000"};
    plm_sv low = lowered(a, secret);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (plm_sv_has(low, plm_sv_from(words[i])))
            return words[i];
    if (longest_run(low, 1) >= 12)
        return "a counting sequence";
    return secret.n >= 8 && longest_run(low, 0) * 3 >= secret.n * 2 ? "one character again and again" : NULL;
}

/* Words that people type where a password goes. */
static bool is_default_password(struct plm_arena *a, plm_sv s)
{
    static const char *const words[] = {
        "password", "passwd",   "pass",   "secret",   "test",   "testing", "admin",     "root",
        "default",  "postgres", "mysql",  "guest",    "demo",   "user",    "username",  "token",
        "apikey",   "changeit", "123456", "12345678", "qwerty", "letmein", "password1", "foobar"};
    plm_sv low = lowered(a, s);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (plm_sv_is(low, words[i]))
            return true;
    return false;
}

/* ---- tokens with a checksum --------------------------------------------------------------- */

static void base62(uint32_t v, char out[6])
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (int i = 5; i >= 0; i--, v /= 62)
        out[i] = digits[v % 62];
}

/* PREFIX + 30 characters + 6 of the checksum. */
static bool is_checksum_token(plm_sv s)
{
    static const char *const prefixes[] = {"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "npm_"};
    for (size_t i = 0; s.n == 40 && i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (plm_sv_starts(s, plm_sv_from(prefixes[i])))
            return is_name(s);
    return false;
}

static enum plm_secret_verdict judge_checksum(plm_sv s, struct plm_arena *a, plm_sv *note)
{
    char want[6];
    base62((uint32_t)crc32(0, (const unsigned char *)s.p + 4, 30), want);
    if (memcmp(want, s.p + 34, 6) == 0)
        return say(a, note, PLM_SECRET_KEEP, PLM_SV("its checksum is right: a real token of this issuer"));
    return say(a, note, PLM_SECRET_WEAKEN,
               PLM_SV("its checksum does not match: mistyped, or made up as an example"));
}

/* ---- AWS ---------------------------------------------------------------------------------- */

static bool is_aws_id(plm_sv s)
{
    return s.n == 20 && (plm_sv_starts(s, PLM_SV("AKIA")) || plm_sv_starts(s, PLM_SV("ASIA")));
}

static enum plm_secret_verdict judge_aws(plm_sv s, struct plm_arena *a, plm_sv *note)
{
    uint64_t v = 0;
    for (size_t i = 4; i < 14; i++) { /* ten digits of five bits: the first 48 are the six bytes */
        char c = s.p[i];
        int d = c >= 'A' && c <= 'Z' ? c - 'A' : c >= '2' && c <= '7' ? c - '2' + 26 : -1;
        if (d < 0)
            return say(a, note, PLM_SECRET_WEAKEN, PLM_SV("not base 32: no key id that AWS hands out"));
        v = v << 5 | (uint64_t)d;
    }
    v >>= 2;
    uint64_t account = (v & UINT64_C(0x7fffffffff80)) >> 7;
    /* Older ids, below "Q", do not hold the number. */
    if (s.p[4] < 'Q' || account > UINT64_C(999999999999))
        return PLM_SECRET_KEEP;
    *note = plm_arena_printf(a, "belongs to AWS account %012llu", (unsigned long long)account);
    return PLM_SECRET_KEEP;
}

/* ---- base 64 ------------------------------------------------------------------------------ */

static int digit64(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+' || c == '-' ? 62
           : c == '/' || c == '_' ? 63
                                  : -1;
}

/* Both alphabets; blanks and line ends, also written as \n and \r, are skipped. Null: something else is in
 * it. */
static plm_sv decode64(struct plm_arena *a, plm_sv s)
{
    char *out = plm_arena_alloc(a, s.n / 4 * 3 + 4);
    size_t n = 0;
    uint32_t v = 0;
    unsigned bits = 0;
    for (size_t i = 0; out && i < s.n; i++) {
        if (s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == 'n' || s.p[i + 1] == 'r')) {
            i++;
            continue;
        }
        if (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '=')
            continue;
        int d = digit64(s.p[i]);
        if (d < 0)
            return PLM_SV_NULL;
        v = v << 6 | (uint32_t)d;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[n++] = (char)(v >> bits);
        }
    }
    return out ? plm_sv_n(out, n) : PLM_SV_NULL;
}

/* ---- JWT ---------------------------------------------------------------------------------- */

static bool is_jwt(plm_sv s)
{
    plm_sv rest = s, part;
    size_t n = 0;
    while (plm_sv_field(&rest, '.', &part))
        n++;
    return n == 3 && s.n > 20 && plm_sv_starts(s, PLM_SV("ey"));
}

static struct plm_json *json_of(struct plm_arena *a, plm_sv part)
{
    plm_sv text = decode64(a, part);
    return text.n && text.n < 65536 ? plm_json_parse(text, "JWT", &plm_limits_default, NULL) : NULL;
}

static enum plm_secret_verdict judge_jwt(plm_sv s, struct plm_arena *a, plm_sv *note)
{
    plm_sv head, rest, body, signature;
    if (!plm_sv_cut(s, '.', &head, &rest) || !plm_sv_cut(rest, '.', &body, &signature))
        return PLM_SECRET_KEEP;
    plm_auto(plm_json_free) struct plm_json *header = json_of(a, head), *claims = json_of(a, body);
    plm_sv alg = header ? plm_json_str(plm_json_root(header), "alg", NULL) : PLM_SV_NULL;
    if (!alg.n)
        return say(a, note, PLM_SECRET_LOWER,
                   PLM_SV("no JWT: its first part is no JSON object with \"alg\""));
    if (alg.n > 16 || !is_name(alg))
        alg = PLM_SV("?");
    int64_t expires = claims ? plm_json_int(plm_json_root(claims), "exp", 0) : 0;
    if (!signature.n || plm_sv_ieq(alg, PLM_SV("none")))
        return say(a, note, PLM_SECRET_LOWER, PLM_SV("a JWT without a signature"));
    *note = expires > 0 ? plm_arena_printf(a, "a JWT signed with %.*s, valid until %lld (seconds since 1970)",
                                           PLM_SV_ARG(alg), (long long)expires)
                        : plm_arena_printf(a, "a JWT signed with %.*s, without an end", PLM_SV_ARG(alg));
    return PLM_SECRET_KEEP;
}

/* ---- private keys ------------------------------------------------------------------------- */

static bool is_pem(plm_sv s)
{
    return plm_sv_has(plm_sv_sub(s, 0, 80), PLM_SV("-----BEGIN ")) && plm_sv_has(s, PLM_SV("PRIVATE KEY"));
}

/* Between the header lines and "-----END". */
static plm_sv pem_body(plm_sv s, bool *encrypted)
{
    size_t at = plm_sv_find_sv(s, PLM_SV("-----BEGIN "));
    plm_sv rest = plm_sv_from_off(s, at + 11);
    at = plm_sv_find_sv(rest, PLM_SV("-----"));
    if (at == SIZE_MAX)
        return PLM_SV_NULL;
    *encrypted = plm_sv_has(plm_sv_sub(rest, 0, at), PLM_SV("ENCRYPTED"));
    rest = plm_sv_from_off(rest, at + 5);
    at = plm_sv_find_sv(rest, PLM_SV("-----END"));
    plm_sv body = plm_sv_sub(rest, 0, at == SIZE_MAX ? rest.n : at);
    if (plm_sv_has(body, PLM_SV("Proc-Type:"))) {
        *encrypted = *encrypted || plm_sv_has(body, PLM_SV("ENCRYPTED"));
        /* the headers end at an empty line */
        size_t end = plm_sv_find_sv(body, PLM_SV("\n\n"));
        end = end == SIZE_MAX ? plm_sv_find_sv(body, PLM_SV("\r\n\r\n")) : end;
        body = end == SIZE_MAX ? body : plm_sv_from_off(body, end + 2);
    }
    return body;
}

static enum plm_secret_verdict judge_pem(plm_sv s, struct plm_arena *a, plm_sv *note)
{
    static const char openssh[] = "openssh-key-v1";
    bool encrypted = false;
    plm_sv body = pem_body(s, &encrypted);
    if (plm_sv_has(plm_sv_sub(s, 0, 80), PLM_SV("PGP")))
        return say(a, note, PLM_SECRET_KEEP, PLM_SV("an OpenPGP private key"));
    plm_sv der = decode64(a, body);
    if (encrypted)
        return say(a, note, PLM_SECRET_WEAKEN, PLM_SV("protected by a passphrase"));
    if (plm_sv_starts(der, plm_sv_n(openssh, sizeof(openssh)))) {
        plm_sv cipher = plm_sv_sub(der, sizeof(openssh), 8); /* its length, then its name */
        if (!plm_sv_eq(cipher, plm_sv_n("\0\0\0\4none", 8)))
            return say(a, note, PLM_SECRET_WEAKEN, PLM_SV("an OpenSSH key, protected by a passphrase"));
        return say(a, note, PLM_SECRET_KEEP, PLM_SV("an OpenSSH key without a passphrase"));
    }
    if (der.n > 30 && der.p[0] == 0x30)
        return say(a, note, PLM_SECRET_KEEP, PLM_SV("decodes to a key without a passphrase"));
    return say(a, note, PLM_SECRET_LOWER, PLM_SV("no key inside: the block does not decode to one"));
}

/* ---- all ---------------------------------------------------------------------------------- */

enum plm_secret_verdict plm_secret_judge(plm_sv secret, struct plm_arena *a, plm_sv *out_note)
{
    *out_note = PLM_SV_NULL;
    if (is_pem(secret))
        return judge_pem(secret, a, out_note);
    if (is_reference(secret))
        return PLM_SECRET_DROP;
    const char *why = placeholder(a, secret);
    if (why) {
        *out_note = plm_arena_printf(a, "looks like a placeholder: %s", why);
        return PLM_SECRET_LOWER;
    }
    if (is_checksum_token(secret))
        return judge_checksum(secret, a, out_note);
    if (is_aws_id(secret))
        return judge_aws(secret, a, out_note);
    if (is_jwt(secret))
        return judge_jwt(secret, a, out_note);
    if (is_default_password(a, secret))
        return say(a, out_note, PLM_SECRET_LOWER, PLM_SV("a word that everyone tries first"));
    if (plm_sv_starts(secret, PLM_SV("sk_test_")) || plm_sv_starts(secret, PLM_SV("rk_test_")))
        return say(a, out_note, PLM_SECRET_WEAKEN, PLM_SV("of the test mode"));
    return PLM_SECRET_KEEP;
}
