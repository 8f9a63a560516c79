/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials in short texts: environment values, labels, arguments.
 *
 * Two ways to be one. By shape: tokens whose issuers gave them a prefix, a length and an alphabet (AWS,
 * GitHub, GitLab, Slack, Stripe, Google, npm, PyPI, SendGrid, private keys, JSON web tokens, addresses with a
 * password). By name: a variable called PASSWORD, SECRET, TOKEN or KEY with a value that is none of: empty, a
 * switch, a number, a path, a reference to another variable, a public key. A value that anyone would guess
 * (`changeme`) counts low, a name that says the value lies in a file (`_FILE`) does not count. What is found
 * is shown as its first four characters and its length, never more than a quarter of it.
 */
#include "audit/container_int.h"

enum { MASK_SHOWN = 4, MIN_SECRET = 6 };

/* ---- by shape ----------------------------------------------------------------------------- */

enum alphabet { UPPER_DIGIT, ALNUM, WORDLIKE, HEX };

static bool is_of(unsigned char c, enum alphabet a)
{
    bool is_digit = c >= '0' && c <= '9', is_upper = c >= 'A' && c <= 'Z', is_lower = c >= 'a' && c <= 'z';
    switch (a) {
    case UPPER_DIGIT:
        return is_digit || is_upper;
    case ALNUM:
        return is_digit || is_upper || is_lower;
    case WORDLIKE:
        return is_digit || is_upper || is_lower || c == '_' || c == '-' || c == '.';
    case HEX:
        return is_digit || (c >= 'a' && c <= 'f');
    }
    return false;
}

static const struct shape {
    const char *prefix;
    enum alphabet alphabet;
    uint16_t least, most; /* characters behind the prefix */
    const char *kind;
} shapes[] = {
    {"AKIA", UPPER_DIGIT, 16, 16, "AWS access key id"},
    {"ASIA", UPPER_DIGIT, 16, 16, "AWS temporary access key id"},
    {"ghp_", ALNUM, 36, 255, "GitHub personal access token"},
    {"gho_", ALNUM, 36, 255, "GitHub OAuth token"},
    {"ghu_", ALNUM, 36, 255, "GitHub user token"},
    {"ghs_", ALNUM, 36, 255, "GitHub server token"},
    {"ghr_", ALNUM, 36, 255, "GitHub refresh token"},
    {"github_pat_", WORDLIKE, 60, 255, "GitHub fine-grained token"},
    {"glpat-", WORDLIKE, 20, 255, "GitLab personal access token"},
    {"xoxb-", WORDLIKE, 20, 255, "Slack bot token"},
    {"xoxp-", WORDLIKE, 20, 255, "Slack user token"},
    {"xoxa-", WORDLIKE, 20, 255, "Slack app token"},
    {"xapp-", WORDLIKE, 20, 255, "Slack app-level token"},
    {"sk_live_", ALNUM, 16, 255, "Stripe secret key"},
    {"rk_live_", ALNUM, 16, 255, "Stripe restricted key"},
    {"AIza", WORDLIKE, 35, 35, "Google API key"},
    {"ya29.", WORDLIKE, 30, 1024, "Google OAuth token"},
    {"npm_", ALNUM, 36, 36, "npm token"},
    {"pypi-", WORDLIKE, 50, 1024, "PyPI token"},
    {"SG.", WORDLIKE, 60, 80, "SendGrid key"},
    {"dckr_pat_", WORDLIKE, 20, 64, "Docker Hub token"},
    {"hvs.", WORDLIKE, 24, 255, "Vault token"},
    {"dop_v1_", HEX, 64, 64, "DigitalOcean token"},
};

static bool hit(struct plm_arena *a, const char *kind, enum plm_severity severity, plm_sv value,
                struct plm_secret_hit *out)
{
    size_t shown = value.n / 4 < MASK_SHOWN ? value.n / 4 : MASK_SHOWN;
    out->kind = plm_sv_from(kind);
    out->severity = severity;
    out->masked = plm_arena_printf(a, "%.*s… (%zu characters)", (int)shown, value.p, value.n);
    return true;
}

/* A documentation example, which every scanner's test and every tutorial has. */
static bool is_example(plm_sv token)
{
    return plm_sv_ends(token, PLM_SV("EXAMPLE")) || plm_sv_has(token, PLM_SV("XXXXXXXX")) ||
           plm_sv_has(token, PLM_SV("xxxxxxxx"));
}

static bool find_token(struct plm_arena *a, plm_sv text, struct plm_secret_hit *out)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        const struct shape *s = &shapes[i];
        plm_sv prefix = plm_sv_from(s->prefix), rest = text;
        for (size_t at; (at = plm_sv_find_sv(rest, prefix)) != SIZE_MAX;
             rest = plm_sv_from_off(rest, at + 1)) {
            size_t n = 0;
            plm_sv tail = plm_sv_from_off(rest, at + prefix.n);
            size_t pos = (size_t)(rest.p - text.p) + at;
            bool is_start = pos == 0 || !is_of((unsigned char)text.p[pos - 1], ALNUM);
            while (n < tail.n && is_of((unsigned char)tail.p[n], s->alphabet))
                n++;
            if (!is_start || n < s->least || n > s->most)
                continue;
            plm_sv token = plm_sv_sub(rest, at, prefix.n + n);
            return hit(a, s->kind, is_example(token) ? PLM_SEV_LOW : PLM_SEV_HIGH, token, out);
        }
    }
    return false;
}

/* "-----BEGIN RSA PRIVATE KEY-----" */
static bool is_private_key(plm_sv text)
{
    size_t at = plm_sv_find_sv(text, PLM_SV("-----BEGIN "));
    plm_sv line = at == SIZE_MAX ? PLM_SV_NULL : plm_sv_sub(text, at, 64);
    return plm_sv_has(line, PLM_SV("PRIVATE KEY"));
}

/* Three base64url parts, the first an object: "eyJ". */
static bool find_jwt(struct plm_arena *a, plm_sv text, struct plm_secret_hit *out)
{
    size_t at = plm_sv_find_sv(text, PLM_SV("eyJ"));
    if (at == SIZE_MAX)
        return false;
    plm_sv rest = plm_sv_from_off(text, at);
    size_t n = 0, dots = 0;
    while (n < rest.n && is_of((unsigned char)rest.p[n], WORDLIKE))
        dots += rest.p[n++] == '.';
    plm_sv token = plm_sv_sub(rest, 0, n), second;
    size_t dot = plm_sv_find(token, '.');
    second = dot == SIZE_MAX ? PLM_SV_NULL : plm_sv_from_off(token, dot + 1);
    return dots == 2 && n >= 40 && plm_sv_starts(second, PLM_SV("eyJ")) &&
           hit(a, "JSON web token", PLM_SEV_HIGH, token, out);
}

/* ---- by name ------------------------------------------------------------------------------ */

static plm_sv lower(struct plm_arena *a, plm_sv s)
{
    char *p = plm_arena_cstr(a, s);
    for (size_t i = 0; p && i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + 32);
    return p ? (plm_sv){p, s.n} : PLM_SV_NULL;
}

static bool has_word(plm_sv name, const char *word)
{
    plm_sv rest = name, want = plm_sv_from(word);
    for (size_t at; (at = plm_sv_find_sv(rest, want)) != SIZE_MAX; rest = plm_sv_from_off(rest, at + 1)) {
        size_t from = (size_t)(rest.p - name.p) + at, to = from + want.n;
        bool starts = from == 0 || !is_of((unsigned char)name.p[from - 1], ALNUM),
             ends = to == name.n || !is_of((unsigned char)name.p[to], ALNUM);
        if (starts && ends)
            return true;
    }
    return false;
}

/* What a name says about its value; NULL: nothing. Lower case. */
static const char *kind_by_name(plm_sv name)
{
    static const char *const passwords[] = {"password", "passwd", "passphrase", "pgpassword", "pwd"},
                             *const words[] = {"secret", "token", "apikey", "credential", "credentials"},
                             *const pairs[] = {"api_key",     "api-key",  "access_key",     "secret_key",
                                               "private_key", "auth_key", "encryption_key", "signing_key",
                                               "master_key",  "app_key",  "account_key"};
    /* Where it lies, how long it lives, whom it is for: not the secret itself. */
    static const char *const not_it[] = {"file",   "path",     "dir",      "url",     "uri",      "name",
                                         "id",     "ttl",      "expiry",   "expires", "length",   "type",
                                         "policy", "min",      "max",      "enabled", "required", "header",
                                         "issuer", "audience", "lifetime", "timeout", "public",   "hash"};
    if (plm_sv_is(name, "pwd") || plm_sv_is(name, "oldpwd"))
        return NULL; /* the working directory */
    for (size_t i = 0; i < sizeof(not_it) / sizeof(not_it[0]); i++)
        if (plm_sv_ends(name, plm_sv_from(not_it[i])) && has_word(name, not_it[i]))
            return NULL;
    for (size_t i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++)
        if (has_word(name, passwords[i]) || plm_sv_ends(name, plm_sv_from(passwords[i])))
            return "password";
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (has_word(name, words[i]))
            return "secret or token";
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (plm_sv_ends(name, plm_sv_from(pairs[i])))
            return "key";
    return NULL;
}

static bool is_guessable(plm_sv v)
{
    static const char *const words[] = {
        "changeme",  "change-me",     "change_me",    "changeit", "password",  "passwd",     "secret",
        "example",   "test",          "testing",      "admin",    "root",      "default",    "postgres",
        "mysql",     "dummy",         "placeholder",  "demo",     "guest",     "letmein",    "replace-me",
        "replaceme", "your-password", "yourpassword", "xxx",      "xxxxxx",    "todo",       "123456",
        "12345678",  "1234",          "qwerty",       "passw0rd", "password1", "password123"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (plm_sv_is(v, words[i]))
            return true;
    return false;
}

/* A switch, a number, a path, a reference, a mask: no secret. */
static bool is_no_secret(plm_sv v)
{
    static const char *const words[] = {"true",     "false",    "yes",      "no",  "on",
                                        "off",      "none",     "null",     "nil", "enabled",
                                        "disabled", "optional", "required", "auto"};
    uint64_t n;
    bool is_masked = v.n > 0;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (plm_sv_is(v, words[i]))
            return true;
    for (size_t i = 0; i < v.n; i++)
        is_masked &= v.p[i] == '*';
    return !v.n || is_masked || v.p[0] == '/' || plm_sv_starts(v, PLM_SV("./")) ||
           plm_sv_starts(v, PLM_SV("file:")) || v.p[0] == '$' || plm_sv_starts(v, PLM_SV("{{")) ||
           (v.p[0] == '<' && v.p[v.n - 1] == '>') || plm_sv_starts(v, PLM_SV("ssh-rsa ")) ||
           plm_sv_starts(v, PLM_SV("ssh-ed25519 ")) || plm_sv_starts(v, PLM_SV("-----begin public")) ||
           plm_sv_starts(v, PLM_SV("vault:")) || plm_sv_starts(v, PLM_SV("arn:")) ||
           (v.n < 4 && plm_sv_u64(v, &n));
}

/* Different bytes; a word of ordinary text has few for its length. */
static unsigned distinct(plm_sv v)
{
    bool seen[256] = {false};
    unsigned n = 0;
    for (size_t i = 0; i < v.n; i++) {
        n += !seen[(unsigned char)v.p[i]];
        seen[(unsigned char)v.p[i]] = true;
    }
    return n;
}

static bool has_digit_and_letter(plm_sv v)
{
    bool digit = false, letter = false;
    for (size_t i = 0; i < v.n; i++) {
        digit |= v.p[i] >= '0' && v.p[i] <= '9';
        letter |= (v.p[i] >= 'a' && v.p[i] <= 'z') || (v.p[i] >= 'A' && v.p[i] <= 'Z');
    }
    return digit && letter;
}

/* scheme://user:password@host; not where the password is empty or a reference. */
static bool find_url_password(struct plm_arena *a, plm_sv text, struct plm_secret_hit *out)
{
    plm_sv rest = text;
    for (size_t at; (at = plm_sv_find_sv(rest, PLM_SV("://"))) != SIZE_MAX;) {
        rest = plm_sv_from_off(rest, at + 3);
        size_t n = 0;
        while (n < rest.n && (unsigned char)rest.p[n] > ' ' && !strchr("/?#\"'<>", rest.p[n]))
            n++;
        plm_sv authority = plm_sv_sub(rest, 0, n), user, password;
        size_t sign = plm_sv_rfind(authority, '@');
        if (sign == SIZE_MAX || !plm_sv_cut(plm_sv_sub(authority, 0, sign), ':', &user, &password) ||
            !password.n)
            continue;
        plm_sv low = lower(a, password);
        if (is_no_secret(low))
            continue;
        return hit(a, "password in an address", is_guessable(low) ? PLM_SEV_LOW : PLM_SEV_HIGH, password,
                   out);
    }
    return false;
}

static bool by_name(struct plm_arena *a, plm_sv name, plm_sv value, struct plm_secret_hit *out)
{
    plm_sv low = lower(a, plm_sv_trim(value));
    const char *kind = kind_by_name(lower(a, name));
    if (!kind || is_no_secret(low))
        return false;
    if (is_guessable(low))
        return hit(a, kind, PLM_SEV_LOW, value, out);
    if (strcmp(kind, "password") == 0) /* people choose words */
        return hit(a, kind, value.n >= MIN_SECRET ? PLM_SEV_HIGH : PLM_SEV_LOW, value, out);
    /* keys and tokens are made by machines: many different characters, letters with digits */
    bool is_random = value.n >= 16 && distinct(value) >= 10 && has_digit_and_letter(value) &&
                     plm_sv_find(value, ' ') == SIZE_MAX;
    return value.n >= MIN_SECRET && distinct(value) > 3 &&
           hit(a, kind, is_random ? PLM_SEV_HIGH : PLM_SEV_LOW, value, out);
}

bool plm_secret_in(struct plm_arena *a, plm_sv name, plm_sv value, struct plm_secret_hit *out)
{
    if (!value.n)
        return false;
    if (is_private_key(value))
        return hit(a, "private key", PLM_SEV_HIGH, value, out);
    /* AWS secret keys have no prefix: 40 characters under their own name. */
    if (value.n == 40 && plm_sv_has(lower(a, name), PLM_SV("aws")) &&
        plm_sv_has(lower(a, name), PLM_SV("secret")) && has_digit_and_letter(value))
        return hit(a, "AWS secret access key",
                   is_example(value) || plm_sv_ends(value, PLM_SV("EXAMPLEKEY")) ? PLM_SEV_LOW : PLM_SEV_HIGH,
                   value, out);
    return find_token(a, value, out) || find_jwt(a, value, out) || find_url_password(a, value, out) ||
           by_name(a, name, value, out);
}
