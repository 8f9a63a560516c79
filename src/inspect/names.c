/* SPDX-License-Identifier: Apache-2.0
 *
 * References, ports and names of variables as the image, Dockerfile and Compose checks judge them.
 *
 * A variable is a credential by its name (Dockle's words; KEY, PASS, ACCESS and TOKEN count at the end of a
 * part between underscores, so that KEYBOARD or COMPASS does not) or by the shape of its value. An empty
 * value is none, and neither is one that is a switch, a reference to another variable, or the path that a
 * name ending in _FILE, _PATH or _DIR announces.
 */
#include "inspect/names.h"

/* ---- references ----------------------------------------------------------------------------------- */

plm_sv plm_reference_registry(plm_sv reference)
{
    plm_sv head, rest;
    bool has_host = plm_sv_cut(reference, '/', &head, &rest) &&
                    (plm_sv_find(head, '.') != SIZE_MAX || plm_sv_find(head, ':') != SIZE_MAX ||
                     plm_sv_is(head, "localhost"));
    return has_host ? head : PLM_SV("docker.io");
}

plm_sv plm_reference_tag(plm_sv reference)
{
    plm_sv name, digest, last;
    (void)plm_sv_cut(reference, '@', &name, &digest);
    size_t slash = plm_sv_rfind(name, '/');
    last = plm_sv_from_off(name, slash == SIZE_MAX ? 0 : slash + 1);
    size_t colon = plm_sv_find(last, ':');
    return colon == SIZE_MAX ? PLM_SV_NULL : plm_sv_from_off(last, colon + 1);
}

/* Does `allowed` ("docker.io/library") stand at the start of the reference, whose host may be unsaid? */
static bool is_below(plm_sv allowed, plm_sv reference)
{
    while (allowed.n && allowed.p[allowed.n - 1] == '/')
        allowed.n--;
    plm_sv host = plm_reference_registry(reference), head, path;
    plm_sv rest = reference;
    if (plm_sv_starts(reference, host) && reference.n > host.n && reference.p[host.n] == '/')
        rest = plm_sv_from_off(reference, host.n + 1);
    if (!plm_sv_cut(allowed, '/', &head, &path))
        return plm_sv_glob(allowed, host);
    if (!plm_sv_glob(head, host))
        return false;
    if (plm_sv_is(host, "docker.io") && plm_sv_is(path, "library") && plm_sv_find(rest, '/') == SIZE_MAX)
        return true;
    plm_sv tail = plm_sv_from_off(rest, path.n);
    return plm_sv_starts(rest, path) && (!tail.n || tail.p[0] == '/' || tail.p[0] == ':' || tail.p[0] == '@');
}

bool plm_registry_allowed(const plm_sv_vec *allowed, plm_sv reference)
{
    for (size_t i = 0; i < allowed->n; i++)
        if (is_below(allowed->v[i], reference))
            return true;
    return false;
}

/* ---- ports ---------------------------------------------------------------------------------------- */

const char *plm_port_danger(plm_sv port)
{
    static const struct {
        uint16_t port;
        const char *what;
    } dangerous[] = {
        {22, "a shell over ssh"},
        {23, "telnet"},
        {111, "rpcbind"},
        {445, "SMB file shares"},
        {512, "rexec"},
        {513, "rlogin"},
        {514, "rsh"},
        {1433, "SQL Server"},
        {2375, "an engine's API without TLS"},
        {2376, "an engine's API"},
        {2379, "etcd"},
        {3306, "MySQL"},
        {3389, "a remote desktop"},
        {5432, "PostgreSQL"},
        {5900, "a remote screen (VNC)"},
        {6379, "Redis"},
        {9200, "Elasticsearch"},
        {10250, "the kubelet's API"},
        {11211, "memcached"},
        {27017, "MongoDB"},
    };
    plm_sv number, protocol;
    uint64_t n;
    bool has_protocol = plm_sv_cut(port, '/', &number, &protocol);
    if (!plm_sv_u64(number, &n) || (has_protocol && !plm_sv_ieq(protocol, PLM_SV("tcp"))))
        return NULL;
    for (size_t i = 0; i < sizeof(dangerous) / sizeof(dangerous[0]); i++)
        if (dangerous[i].port == n)
            return dangerous[i].what;
    return NULL;
}

/* ---- variables ------------------------------------------------------------------------------------ */

static bool ends_in(plm_sv s, plm_sv end)
{
    return s.n >= end.n && plm_sv_ieq(plm_sv_from_off(s, s.n - end.n), end);
}

static bool holds(plm_sv s, plm_sv word)
{
    for (size_t i = 0; word.n && i + word.n <= s.n; i++)
        if (plm_sv_ieq(plm_sv_sub(s, i, word.n), word))
            return true;
    return false;
}

static bool in_list(const plm_sv_vec *list, plm_sv s)
{
    for (size_t i = 0; i < list->n; i++)
        if (plm_sv_ieq(list->v[i], s))
            return true;
    return false;
}

/* Words that end in KEY, PASS or TOKEN and mean something else. */
static bool is_innocent(plm_sv part)
{
    static const char *const words[] = {"monkey",  "turkey", "donkey",  "hockey",   "jockey", "whiskey",
                                        "compass", "bypass", "surpass", "trespass", NULL};
    for (size_t i = 0; words[i]; i++)
        if (ends_in(part, plm_sv_from(words[i])))
            return true;
    return false;
}

static const char *word_of(plm_sv name)
{
    static const struct {
        const char *word, *said;
    } anywhere[] = {{"PASSWORD", "the name holds PASSWORD"},
                    {"PASSWD", "the name holds PASSWD"},
                    {"PASSPHRASE", "the name holds PASSPHRASE"},
                    {"SECRET", "the name holds SECRET"},
                    {"CREDENTIAL", "the name holds CREDENTIAL"}},
      at_end[] = {{"PASS", "the name holds PASS"},
                  {"KEY", "the name holds KEY"},
                  {"ACCESS", "the name holds ACCESS"},
                  {"TOKEN", "the name holds TOKEN"}};
    for (size_t i = 0; i < sizeof(anywhere) / sizeof(anywhere[0]); i++)
        if (holds(name, plm_sv_from(anywhere[i].word)))
            return anywhere[i].said;
    for (size_t at = 0; at <= name.n;) {
        size_t end = at;
        while (end < name.n && name.p[end] != '_' && name.p[end] != '-' && name.p[end] != '.')
            end++;
        plm_sv part = plm_sv_sub(name, at, end - at);
        for (size_t i = 0; i < sizeof(at_end) / sizeof(at_end[0]); i++)
            if (ends_in(part, plm_sv_from(at_end[i].word)) && !is_innocent(part))
                return at_end[i].said;
        at = end + 1;
    }
    return NULL;
}

/* Public keys, fingerprints and checksums: names that hold a word and are no credentials. */
static bool is_public_name(plm_sv name)
{
    static const char *const ends[] = {
        "GPG_KEY",         "GPG_KEYS", "PUBLIC_KEY", "PUBKEY",        "PUBLIC_KEYS",
        "KEY_FINGERPRINT", "KEYRING",  "KEYSERVER",  "KEYSTORE_TYPE", NULL};
    for (size_t i = 0; ends[i]; i++)
        if (ends_in(name, plm_sv_from(ends[i])))
            return true;
    return false;
}

static bool is_no_value(plm_sv name, plm_sv value)
{
    static const char *const switches[] = {"true", "false", "yes",  "no",   "on", "off",
                                           "0",    "1",     "none", "null", NULL};
    for (size_t i = 0; switches[i]; i++)
        if (plm_sv_ieq(value, plm_sv_from(switches[i])))
            return true;
    bool is_reference = value.n > 1 && value.p[0] == '$';
    bool names_place = ends_in(name, PLM_SV("_FILE")) || ends_in(name, PLM_SV("_PATH")) ||
                       ends_in(name, PLM_SV("_DIR")) || ends_in(name, PLM_SV("_URL"));
    return !value.n || is_reference || (names_place && plm_sv_find(value, '/') != SIZE_MAX);
}

static bool all_of(plm_sv s, bool lower)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                  (lower && ((c >= 'a' && c <= 'z') || c == '_'));
        if (!is)
            return false;
    }
    return true;
}

/* scheme://user:password@host */
static bool has_password_in_url(plm_sv value)
{
    size_t at = plm_sv_find_sv(value, PLM_SV("://"));
    if (at == SIZE_MAX)
        return false;
    plm_sv rest = plm_sv_from_off(value, at + 3), authority, user, password, tail;
    (void)plm_sv_cut(rest, '/', &authority, &tail);
    size_t sign = plm_sv_rfind(authority, '@');
    return sign != SIZE_MAX && plm_sv_cut(plm_sv_sub(authority, 0, sign), ':', &user, &password) &&
           password.n && password.p[0] != '$';
}

static const char *shape_of(plm_sv value)
{
    if (plm_sv_has(value, PLM_SV("-----BEGIN ")) && plm_sv_has(value, PLM_SV("PRIVATE KEY")))
        return "the value is a private key";
    if (value.n == 20 && (plm_sv_starts(value, PLM_SV("AKIA")) || plm_sv_starts(value, PLM_SV("ASIA"))) &&
        all_of(value, false))
        return "the value is an AWS access key id";
    static const char *const prefixes[] = {"ghp_",  "gho_",     "ghs_",      "github_pat_", "glpat-",
                                           "xoxb-", "sk_live_", "dckr_pat_", "npm_",        NULL};
    for (size_t i = 0; prefixes[i]; i++)
        if (plm_sv_starts(value, plm_sv_from(prefixes[i])) && value.n >= 20)
            return "the value has the form of a service's token";
    return has_password_in_url(value) ? "the value is an address with a password" : NULL;
}

const char *plm_env_credential(const struct plm_inspect_options *opt, plm_sv name, plm_sv value)
{
    if (in_list(&opt->accepted_keys, name) || is_no_value(name, value))
        return NULL;
    for (size_t i = 0; i < opt->sensitive_words.n; i++)
        if (holds(name, opt->sensitive_words.v[i]))
            return "the name holds a word of inspect.sensitive-words";
    const char *shape = shape_of(value);
    if (shape)
        return shape;
    return is_public_name(name) ? NULL : word_of(name);
}

plm_sv plm_masked(struct plm_arena *a, plm_sv value)
{
    size_t shown = value.n / 4 < 4 ? value.n / 4 : 4;
    while (shown && ((unsigned char)value.p[shown] & 0xc0) == 0x80)
        shown--; /* not within a character */
    return plm_arena_printf(a, "%.*s... (%zu characters)", (int)shown, value.p ? value.p : "", value.n);
}

/* ---- paths ---------------------------------------------------------------------------------------- */

plm_sv plm_path_base(plm_sv path)
{
    size_t slash = plm_sv_rfind(path, '/');
    return plm_sv_from_off(path, slash == SIZE_MAX ? 0 : slash + 1);
}

bool plm_path_matches(const plm_sv_vec *patterns, plm_sv path)
{
    for (size_t i = 0; i < patterns->n; i++) {
        plm_sv p = patterns->v[i];
        bool is_path = plm_sv_find(p, '/') != SIZE_MAX;
        bool is_rooted = is_path && p.p[0] == '/';
        if (plm_sv_glob(p, is_rooted ? path : is_path ? plm_sv_from_off(path, 1) : plm_path_base(path)))
            return true;
    }
    return false;
}

bool plm_path_is_library(plm_sv path)
{
    static const char *const parts[] = {"/site-packages/", "/dist-packages/", "/node_modules/", "/gems/",
                                        "/usr/share/",     "/usr/lib/python", "/vendor/",       NULL};
    for (size_t i = 0; parts[i]; i++)
        if (plm_sv_has(path, plm_sv_from(parts[i])))
            return true;
    return false;
}
