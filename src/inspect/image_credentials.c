/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials by their names: variables of the environment, build arguments and labels, names and extensions
 * of files. What contents give away is the secret scanner's.
 *
 * A file that only looks like a key by its extension (.pem, .key) is read: certificates, public keys and
 * parameters are none. Names that are also those of ordinary modules (settings.py, database.yml ...) count
 * outside of library trees only.
 */
#include "inspect/names.h"
#include "inspect/steps.h"

#include <sys/stat.h>

/* clang-format off */
static const struct plm_inspect_check checks[] = {
    {.id = "4.10", .aliases = "CIS-DI-0010", .group = "image", .severity = PLM_SEV_CRITICAL, .level = "FATAL",
     .title = "no credential lies in the environment, the labels or the files of the image",
     .rationale = "Whoever can pull the image, or inspect it, has the credential; a later layer does not remove it.",
     .fix = "pass it at run time (`docker run --env-file`, Compose or Swarm secrets) or to a build step alone (`RUN --mount=type=secret`), and revoke the one that leaked"},
    {.id = NULL}};
/* clang-format on */
static const struct plm_inspect_checks table = {.name = "image-credentials", .v = checks};
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
    plm_sv base = plm_path_base(path), extension = extension_of(base);
    const struct plm_inspect_options *opt = in->opt;
    if (plm_path_matches(&opt->accepted_files, path) || has_extension(&opt->accepted_extensions, extension))
        return NULL;
    if (plm_path_matches(&opt->sensitive_files, path) || has_extension(&opt->sensitive_extensions, extension))
        return "configured as sensitive";
    for (size_t i = 0; i < sizeof(credential_names) / sizeof(credential_names[0]); i++) {
        const struct name_row *row = &credential_names[i];
        if (plm_sv_glob(plm_sv_from(row->pattern), base))
            return is_example(base) || (!row->in_libraries && plm_path_is_library(path))
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

/* ---- steps ---------------------------------------------------------------------------------------- */

static bool is_in_config(const struct plm_inspection *in, plm_sv name)
{
    const plm_sv_vec *env = &in->facts->config.env;
    for (size_t i = 0; in->facts->known & PLM_FACT_CONFIG && i < env->n; i++)
        if (plm_sv_starts(env->v[i], name) && env->v[i].n > name.n && env->v[i].p[name.n] == '=')
            return true;
    return false;
}

static void judge_pair(struct plm_judging *j, const struct plm_step *s, const char *what, plm_sv name,
                       plm_sv value)
{
    struct plm_arena *a = j->in->report->arena;
    const char *why = plm_env_credential(j->in->opt, name, value);
    if (!why)
        return;
    bool is_file = strcmp(s->from, "dockerfile") == 0;
    plm_sv shown = plm_masked(a, value);
    struct plm_finding *f = plm_judge_fail(j, plm_arena_printf(a, "%s %.*s", what, PLM_SV_ARG(name)), s->from,
                                           is_file ? s->number : 0, s->layer,
                                           "%s %.*s: %s; value %.*s; %s %u", what, PLM_SV_ARG(name), why,
                                           PLM_SV_ARG(shown), is_file ? "line" : "history entry", s->number);
    if (f && is_file)
        f->path = plm_arena_sv(a, j->in->opt->dockerfile_name);
}

/* Build arguments end in the history. Of ENV only what is not in the config any more. */
static void judge_credential_steps(struct plm_judging *j)
{
    const struct plm_steps *steps = j->subject;
    for (size_t i = 0; i < steps->v.n; i++) {
        const struct plm_step *s = &steps->v.v[i];
        const struct plm_df_instr *in = s->in;
        for (size_t k = 0; k < in->build_args.n; k++) {
            plm_sv name, value;
            if (plm_sv_cut(in->build_args.v[k], '=', &name, &value))
                judge_pair(j, s, "build argument", name, value);
        }
        bool is_arg = in->kind == PLM_DF_ARG, is_env = in->kind == PLM_DF_ENV;
        for (size_t k = 0; (is_arg || is_env) && k < in->pairs.n; k++)
            if (is_arg || !is_in_config(j->in, in->pairs.v[k].key))
                judge_pair(j, s, is_arg ? "ARG" : "ENV", in->pairs.v[k].key, in->pairs.v[k].value);
    }
}

static void judge_credentials(struct plm_judging *j)
{
    if (j->in->facts->known & PLM_FACT_CONFIG)
        judge_credential_texts(j);
    judge_credential_steps(j);
    if (j->in->facts->known & PLM_FACT_FILES)
        judge_credential_files(j);
    else
        plm_judge_say(j, PLM_OUT_UNKNOWN, "the list of files was not read");
}

static const struct plm_judge judges[] = {{"4.10", judge_credentials, NULL}};

static bool is_wanted(const struct plm_inspect_options *opt)
{
    return opt->wants[PLM_KIND_MISCONFIGURATION];
}

static int inspect(struct plm_inspection *in, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_steps steps;
    if (!scratch)
        return plm_fail_oom(err);
    if (plm_steps_read(in, scratch, &steps, err) < 0)
        return -1;
    return plm_judge_all_of(in, &steps, judges, 1, err);
}

static const struct plm_extractor *const extractors[] = {&key_files, NULL};

static const struct plm_inspector image_credentials = {
    .id = "image-credentials",
    .summary = "credentials by their names: environment, build arguments, labels, files",
    .extractors = extractors,
    .needs_entries = true,
    .needs_config = true,
    .is_wanted = is_wanted,
    .inspect = inspect,
    .order = 10,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, image_credentials);
