/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of an image by their names, modes and kinds: setuid and setgid programs, what everyone may write,
 * names that credentials have, what builds leave behind.
 *
 * One walk over the sorted list of entries for each check; O(entries x names). A file that only looks like a
 * key by its extension (.pem, .key) is read: certificates, public keys and parameters are none. Names
 * that are also those of ordinary modules (settings.py, database.yml ...) count outside of library trees
 * only.
 */
#include "inspect/names.h"

#include <sys/stat.h>

/* clang-format off */
static const struct plm_inspect_check checks[] = {
    {.id = "4.8", .aliases = "CIS-DI-0008", .group = "files", .severity = PLM_SEV_NEGLIGIBLE, .level = "INFO",
     .title = "no file has the set-uid or set-gid bit",
     .rationale = "A flaw in such a program gives whoever may start it the rights of its owner.",
     .fix = "`RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} +`, or accept single ones by `audit.allowed-setuid`"},
    {.id = "4.10", .aliases = "CIS-DI-0010", .group = "image", .severity = PLM_SEV_CRITICAL, .level = "FATAL",
     .title = "no credential lies in the environment, the labels or the files of the image",
     .rationale = "Whoever can pull the image, or inspect it, has the credential; a later layer does not remove it.",
     .fix = "pass it at run time (`docker run --env-file`, Compose or Swarm secrets) or to a build step alone (`RUN --mount=type=secret`), and revoke the one that leaked"},
    {.id = "DKL-LI-0003", .group = "files", .severity = PLM_SEV_NEGLIGIBLE, .level = "INFO",
     .title = "nothing is left over from building and editing",
     .rationale = "Caches make the image large; a repository, an editor's or a shell's files tell an intruder what the source looks like.",
     .fix = "list them in .dockerignore, or copy only what the program needs from a build stage"},
    {.id = "I6", .group = "files", .severity = PLM_SEV_MEDIUM,
     .title = "nothing in the image can be written by everyone",
     .rationale = "A program, setting or directory that every user may change lets a process without rights replace what another one will run. A directory for all needs the sticky bit.",
     .fix = "`chmod o-w` on files, `chmod +t` on directories that really are for all"},
    {.id = NULL}};
/* clang-format on */
static const struct plm_inspect_checks table = {.name = "image-files", .v = checks};
PLM_REGISTER(plm_inspect_check_tables, struct plm_inspect_checks, table);

/* ---- what a file with a key's extension holds ------------------------------------------------------- */

enum key_kind { KEY_UNKNOWN, KEY_PRIVATE, KEY_PUBLIC };

static int extract_key(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    static const char *const public_marks[] = {"BEGIN CERTIFICATE",
                                               "BEGIN TRUSTED CERTIFICATE",
                                               "BEGIN X509 CRL",
                                               "PUBLIC KEY",
                                               "BEGIN DH PARAMETERS",
                                               "BEGIN EC PARAMETERS",
                                               "DNSKEY",
                                               "BEGIN CERTIFICATE REQUEST",
                                               NULL};
    enum key_kind kind = plm_sv_has(content, PLM_SV("PRIVATE KEY")) ? KEY_PRIVATE : KEY_UNKNOWN;
    (void)e;
    for (size_t i = 0; kind == KEY_UNKNOWN && public_marks[i]; i++)
        if (plm_sv_has(content, plm_sv_from(public_marks[i])))
            kind = KEY_PUBLIC;
    plm_buf_byte(&out->facts, (unsigned char)kind);
    return plm_buf_check(&out->facts, err);
}

static const char *const key_globs[] = {"**/*.pem", "**/*.key", "*.pem", "*.key", NULL};
static const struct plm_extractor key_files = {
    .id = "key-files",
    .summary =
        "whether files called *.pem and *.key hold a private key, or certificates and public keys only",
    .version = 1,
    .globs = key_globs,
    .max_bytes = 4u << 20,
    .skips_large = true,
    .extract = extract_key,
};

static bool is_public_key_file(const struct plm_analysis *an, plm_sv path)
{
    const struct plm_facts *f = plm_inspect_facts_of(an, &key_files, path);
    return f && f->data.n == 1 && f->data.p[0] == KEY_PUBLIC;
}

/* ---- the walk ------------------------------------------------------------------------------------- */

static bool files_are_missing(struct plm_judging *j)
{
    if (j->in->facts->known & PLM_FACT_FILES)
        return false;
    plm_judge_say(j, PLM_OUT_UNKNOWN, "the list of files was not read");
    return true;
}

static plm_sv base_of(plm_sv path)
{
    size_t slash = plm_sv_rfind(path, '/');
    return plm_sv_from_off(path, slash == SIZE_MAX ? 0 : slash + 1);
}

static bool matches(const plm_sv_vec *patterns, plm_sv path)
{
    for (size_t i = 0; i < patterns->n; i++) {
        plm_sv p = patterns->v[i];
        bool is_path = plm_sv_find(p, '/') != SIZE_MAX;
        bool is_rooted = is_path && p.p[0] == '/';
        if (plm_sv_glob(p, is_rooted ? path : is_path ? plm_sv_from_off(path, 1) : base_of(path)))
            return true;
    }
    return false;
}

/* ---- 4.8 ------------------------------------------------------------------------------------------ */

static void judge_setuid(struct plm_judging *j)
{
    const struct plm_image_facts *facts = j->in->facts;
    if (files_are_missing(j))
        return;
    for (size_t i = 0; i < facts->files.n; i++) {
        const struct plm_fact_file *f = &facts->files.v[i];
        if (!S_ISREG(f->mode) || !(f->mode & (S_ISUID | S_ISGID)) ||
            matches(&j->in->opt->accepted_setuid, f->path))
            continue;
        const char *what =
            f->mode & S_ISUID ? f->mode & S_ISGID ? "set-uid and set-gid" : "set-uid" : "set-gid";
        plm_judge_fail(j, f->path, "file", 0, f->layer, "%.*s is %s: mode %04o, owner %u:%u",
                       PLM_SV_ARG(f->path), what, f->mode & 07777, f->uid, f->gid);
    }
}

/* ---- I6 ------------------------------------------------------------------------------------------- */

static void judge_writable(struct plm_judging *j)
{
    const struct plm_image_facts *facts = j->in->facts;
    if (files_are_missing(j))
        return;
    for (size_t i = 0; i < facts->files.n; i++) {
        const struct plm_fact_file *f = &facts->files.v[i];
        bool is_dir = S_ISDIR(f->mode);
        if ((!is_dir && !S_ISREG(f->mode)) || !(f->mode & S_IWOTH) || (is_dir && (f->mode & S_ISVTX)))
            continue;
        plm_judge_fail(j, f->path, "file", 0, f->layer, "%.*s is a %s that everyone may write: mode %04o",
                       PLM_SV_ARG(f->path), is_dir ? "directory without the sticky bit" : "file",
                       f->mode & 07777);
    }
}

/* ---- 4.10: names of credentials -------------------------------------------------------------------- */

struct name_row {
    const char *pattern;
    bool in_libraries; /* counts in library trees too */
};
static const struct name_row credential_names[] = {
    {"credentials.json", true},
    {"credential", true},
    {"credentials", true},
    {"credential.json", true},
    {"password.txt", true},
    {"passwords.txt", true},
    {"id_rsa", true},
    {"id_dsa", true},
    {"id_ecdsa", true},
    {"id_ed25519", true},
    {"id_ecdsa_sk", true},
    {"id_ed25519_sk", true},
    {"secret_token.rb", false},
    {"carrierwave.rb", false},
    {"omniauth.rb", false},
    {"settings.py", false},
    {"database.yml", false},
    {"credentials.xml", true},
    {".env", true},
    {".env.*", true},
    {".netrc", true},
    {".pgpass", true},
    {".git-credentials", true},
    {"ssh_host_*_key", true},
};
static const char *const key_extensions[] = {"key",      "pem", "p12",  "pfx",     "ppk",
                                             "keystore", "jks", "kdbx", "private", "secret"};

/* Trees of installed libraries and of documentation. */
static bool is_library(plm_sv path)
{
    static const char *const parts[] = {"/site-packages/", "/dist-packages/", "/node_modules/", "/gems/",
                                        "/usr/share/",     "/usr/lib/python", "/vendor/",       NULL};
    for (size_t i = 0; parts[i]; i++)
        if (plm_sv_has(path, plm_sv_from(parts[i])))
            return true;
    return false;
}

static bool is_example(plm_sv base)
{
    static const char *const ends[] = {".example", ".sample", ".template", ".dist", ".defaults", NULL};
    for (size_t i = 0; ends[i]; i++)
        if (plm_sv_ends(base, plm_sv_from(ends[i])))
            return true;
    return false;
}

static plm_sv extension_of(plm_sv base)
{
    size_t dot = plm_sv_rfind(base, '.');
    return dot == SIZE_MAX || dot == 0 ? PLM_SV_NULL : plm_sv_from_off(base, dot + 1);
}

/* Extensions are given with or without their dot. */
static bool has_extension(const plm_sv_vec *list, plm_sv extension)
{
    for (size_t i = 0; i < list->n; i++) {
        plm_sv e = plm_sv_starts(list->v[i], PLM_SV(".")) ? plm_sv_from_off(list->v[i], 1) : list->v[i];
        if (extension.n && plm_sv_ieq(e, extension))
            return true;
    }
    return false;
}

static const char *credential_file(const struct plm_inspection *in, plm_sv path)
{
    plm_sv base = base_of(path), extension = extension_of(base);
    const struct plm_inspect_options *opt = in->opt;
    if (matches(&opt->accepted_files, path) || has_extension(&opt->accepted_extensions, extension))
        return NULL;
    if (matches(&opt->sensitive_files, path) || has_extension(&opt->sensitive_extensions, extension))
        return "configured as sensitive";
    for (size_t i = 0; i < sizeof(credential_names) / sizeof(credential_names[0]); i++) {
        const struct name_row *row = &credential_names[i];
        if (plm_sv_glob(plm_sv_from(row->pattern), base))
            return is_example(base) || (!row->in_libraries && is_library(path))
                       ? NULL
                       : "the name of a file of credentials";
    }
    for (size_t i = 0; i < sizeof(key_extensions) / sizeof(key_extensions[0]); i++)
        if (extension.n && plm_sv_ieq(plm_sv_from(key_extensions[i]), extension))
            return is_public_key_file(in->analysis, path) ? NULL : "the extension of a key";
    return NULL;
}

static void judge_credential_files(struct plm_judging *j)
{
    const struct plm_image_facts *facts = j->in->facts;
    for (size_t i = 0; i < facts->files.n; i++) {
        const struct plm_fact_file *f = &facts->files.v[i];
        const char *why = S_ISREG(f->mode) ? credential_file(j->in, f->path) : NULL;
        if (why)
            plm_judge_fail(j, f->path, "file", 0, f->layer, "%.*s has %s", PLM_SV_ARG(f->path), why);
    }
}

/* Environment: names and values; labels: values by their shape. Values are masked. */
static void judge_credential_texts(struct plm_judging *j)
{
    const struct plm_image_config *c = &j->in->facts->config;
    struct plm_arena *a = j->in->report->arena;
    for (size_t i = 0; i < c->env.n; i++) {
        plm_sv name, value;
        if (!plm_sv_cut(c->env.v[i], '=', &name, &value))
            continue;
        const char *why = plm_env_credential(j->in->opt, name, value);
        if (!why)
            continue;
        plm_sv shown = plm_masked(a, value);
        plm_judge_fail(j, plm_arena_printf(a, "Env %.*s", PLM_SV_ARG(name)), "config", 0, PLM_NONE,
                       "Env %.*s: %s; value %.*s", PLM_SV_ARG(name), why, PLM_SV_ARG(shown));
    }
    for (size_t i = 0; i < c->label_keys.n && i < c->label_values.n; i++) {
        const char *why = plm_env_credential(j->in->opt, PLM_SV(""), c->label_values.v[i]);
        if (why)
            plm_judge_fail(j, plm_arena_printf(a, "Label %.*s", PLM_SV_ARG(c->label_keys.v[i])), "config", 0,
                           PLM_NONE, "label %.*s: %s", PLM_SV_ARG(c->label_keys.v[i]), why);
    }
}

static void judge_credentials(struct plm_judging *j)
{
    if (j->in->facts->known & PLM_FACT_CONFIG)
        judge_credential_texts(j);
    if (j->in->facts->known & PLM_FACT_FILES)
        judge_credential_files(j);
    else
        plm_judge_say(j, PLM_OUT_UNKNOWN, "the list of files was not read");
}

/* ---- DKL-LI-0003 ------------------------------------------------------------------------------------ */

static const char *const left_files[] = {"Dockerfile",
                                         "Dockerfile.*",
                                         "*.Dockerfile",
                                         "Containerfile",
                                         "docker-compose.yml",
                                         "docker-compose.yaml",
                                         "docker-compose.*.yml",
                                         "compose.yml",
                                         "compose.yaml",
                                         ".dockerignore",
                                         ".vimrc",
                                         ".viminfo",
                                         ".*.swp",
                                         ".*.swo",
                                         ".DS_Store",
                                         "Thumbs.db",
                                         ".bash_history",
                                         ".ash_history",
                                         ".python_history",
                                         ".node_repl_history",
                                         ".mysql_history",
                                         ".psql_history",
                                         NULL};
static const char *const left_dirs[] = {".cache",        ".git",          ".svn",    ".hg",    ".vscode",
                                        ".idea",         ".npm",          ".aws",    ".azure", ".gcp",
                                        ".node-gyp",     ".parcel-cache", ".gradle", ".m2",    ".nyc_output",
                                        ".pytest_cache", ".ccache",       NULL};
/* Files below these mean that a package manager was not told to clean up. */
static const char *const cache_dirs[] = {"/var/cache/apt/archives/*.deb",
                                         "/var/cache/apk/*",
                                         "/var/cache/yum/**",
                                         "/var/cache/dnf/**",
                                         "/var/cache/zypp/**",
                                         NULL};

static bool is_one_of(const char *const *patterns, plm_sv s)
{
    for (; *patterns; patterns++)
        if (plm_sv_glob(plm_sv_from(*patterns), s))
            return true;
    return false;
}

/* Is there a regular file below the directory of entry `at`? The list is sorted by path, so that all of it
 * follows closely; other names may stand between ("/a-b" before "/a/b"). */
static bool has_file_below(const struct plm_image_facts *facts, size_t at)
{
    plm_sv dir = facts->files.v[at].path;
    for (size_t i = at + 1; i < facts->files.n && plm_sv_starts(facts->files.v[i].path, dir); i++) {
        plm_sv path = facts->files.v[i].path;
        if (path.p[dir.n] == '/' && S_ISREG(facts->files.v[i].mode))
            return true;
    }
    return false;
}

static void judge_leftovers(struct plm_judging *j)
{
    const struct plm_image_facts *facts = j->in->facts;
    plm_sv_vec dirs = {0};
    plm_sv inside = PLM_SV_NULL; /* the directory that was told last */
    if (files_are_missing(j))
        return;
    for (size_t i = 0; i < facts->files.n; i++) {
        const struct plm_fact_file *f = &facts->files.v[i];
        plm_sv base = base_of(f->path);
        bool is_told =
            inside.n && plm_sv_starts(f->path, inside) && f->path.n > inside.n && f->path.p[inside.n] == '/';
        if (is_told || is_library(f->path) || matches(&j->in->opt->accepted_files, f->path))
            continue;
        if (S_ISDIR(f->mode) && is_one_of(left_dirs, base) && has_file_below(facts, i)) {
            inside = f->path;
            plm_judge_fail(j, f->path, "file", 0, f->layer, "%.*s is a left-over directory",
                           PLM_SV_ARG(f->path));
        } else if (S_ISREG(f->mode) && is_one_of(left_files, base)) {
            plm_judge_fail(j, f->path, "file", 0, f->layer, "%.*s is a left-over file", PLM_SV_ARG(f->path));
        } else if (S_ISREG(f->mode) && is_one_of(cache_dirs, f->path)) {
            plm_sv dir = plm_sv_sub(f->path, 0, f->path.n - base.n - 1);
            if (!dirs.n || !plm_sv_eq(dirs.v[dirs.n - 1], dir))
                plm_judge_fail(j, dir, "file", 0, f->layer, "%.*s holds the cache of a package manager",
                               PLM_SV_ARG(dir));
            plm_sv_vec_add(j->in->report->arena, &dirs, dir);
        }
    }
}

static const struct plm_judge judges[] = {{"4.8", judge_setuid, NULL},
                                          {"4.10", judge_credentials, NULL},
                                          {"I6", judge_writable, NULL},
                                          {"DKL-LI-0003", judge_leftovers, NULL}};

static bool is_wanted(const struct plm_inspect_options *opt)
{
    return opt->wants[PLM_KIND_MISCONFIGURATION];
}

static int inspect(struct plm_inspection *in, plm_err **err)
{
    return plm_judge_all(in, judges, sizeof(judges) / sizeof(judges[0]), err);
}

static const struct plm_extractor *const extractors[] = {&key_files, NULL};

static const struct plm_inspector image_files = {
    .id = "image-files",
    .summary =
        "files of the image: set-uid programs, what everyone may write, names of credentials, left-overs",
    .extractors = extractors,
    .needs_entries = true,
    .needs_config = true,
    .is_wanted = is_wanted,
    .inspect = inspect,
    .order = 10,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, image_files);
