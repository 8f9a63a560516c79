/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules about package managers in RUN lines. Each manager says differently what an installation is, which
 * flags take a value, and how a version is pinned; a row of `pinned[]` or `cleaned[]` holds that for one
 * rule.
 */
#include "inspect/dockerfile_rules_int.h"

/* ---- versions ---------------------------------------------------------------------------------------- */

static bool has_any(plm_sv s, const char *const *parts)
{
    for (size_t i = 0; parts[i]; i++)
        if (plm_sv_has(s, plm_sv_from(parts[i])))
            return true;
    return false;
}

static bool ends_any(plm_sv s, const char *const *ends)
{
    for (size_t i = 0; ends[i]; i++)
        if (plm_sv_ends(s, plm_sv_from(ends[i])))
            return true;
    return false;
}

static bool starts_any(plm_sv s, const char *const *starts)
{
    for (size_t i = 0; starts[i]; i++)
        if (plm_sv_starts(s, plm_sv_from(starts[i])))
            return true;
    return false;
}

static bool apt_pinned(plm_sv p)
{
    return has_any(p, PLM_DF_WORDS("=", "/")) || plm_sv_ends(p, PLM_SV(".deb"));
}

static bool apk_pinned(plm_sv p)
{
    return has_any(p, PLM_DF_WORDS("=", "~", "<", ">")) || plm_sv_ends(p, PLM_SV(".apk"));
}

static bool zypper_pinned(plm_sv p)
{
    return has_any(p, PLM_DF_WORDS("=", "<", ">")) || plm_sv_ends(p, PLM_SV(".rpm"));
}

static bool gem_pinned(plm_sv p)
{
    return plm_sv_find(p, ':') != SIZE_MAX || plm_sv_ends(p, PLM_SV(".gem"));
}

/* NAME-VERSION: behind the first dash only what versions are made of, and one part starts with a digit. */
static bool rpm_pinned(plm_sv p)
{
    plm_sv name, rest, part;
    if (plm_sv_ends(p, PLM_SV(".rpm")))
        return true;
    if (!plm_sv_cut(p, '-', &name, &rest))
        return false;
    bool has_digit = false;
    while (plm_sv_field(&rest, '-', &part)) {
        has_digit = has_digit || (part.n && part.p[0] >= '0' && part.p[0] <= '9');
        for (size_t i = 0; i < part.n; i++) {
            char c = part.p[i];
            bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!is_letter && !(c && strchr(".~^_:+*", c)))
                return false;
        }
    }
    return has_digit;
}

static bool module_pinned(plm_sv p)
{
    return plm_sv_find(p, ':') != SIZE_MAX;
}

static bool pip_pinned(plm_sv p)
{
    bool is_vcs = starts_any(p, PLM_DF_WORDS("git+", "git:", "hg+", "svn+", "bzr+"));
    if (is_vcs)
        return plm_sv_find(p, '@') != SIZE_MAX;
    return has_any(p, PLM_DF_WORDS("==", ">=", "<=", ">", "<", "!=", "~=", "/")) ||
           ends_any(p, PLM_DF_WORDS(".whl", ".tar.gz"));
}

static bool npm_pinned(plm_sv p)
{
    if (starts_any(p, PLM_DF_WORDS("git://", "git+ssh://", "git+http://", "git+https://")))
        return plm_sv_find(p, '#') != SIZE_MAX;
    if (ends_any(p, PLM_DF_WORDS(".tar", ".tar.gz", ".tgz")) ||
        starts_any(p, PLM_DF_WORDS("/", "./", "../", "~/")) || plm_sv_is(p, ".") || plm_sv_is(p, ".."))
        return true;
    plm_sv scope, name = p;
    if (plm_sv_starts(p, PLM_SV("@")) && !plm_sv_cut(p, '/', &scope, &name))
        return false;
    return plm_sv_find(name, '@') != SIZE_MAX;
}

/* Only what looks like a module path (a host in front) needs a version. */
static bool go_pinned(plm_sv p)
{
    plm_sv host, path, module, version;
    bool has_version = plm_sv_cut(p, '@', &module, &version);
    bool is_path = plm_sv_cut(module, '/', &host, &path) && plm_sv_find(host, '.') != SIZE_MAX &&
                   host.p[0] != '.' && !plm_sv_ends(module, PLM_SV(".go"));
    if (!is_path)
        return true;
    return has_version && version.n && !plm_sv_is(version, "latest");
}

struct pinned {
    const char *const *commands;
    const char *const *verbs;
    const char *const *not_with; /* words that make it something else */
    const char *const *with_value;
    bool (*is_pinned)(plm_sv package);
    bool (*is_exempt)(const struct plm_sh_command *c);
};

static bool gem_exempt(const struct plm_sh_command *c)
{
    return plm_df_cmd_flag(c, PLM_DF_WORDS("v", "version", "file", "g"));
}

/* A word that is a variable alone says nothing. */
static bool is_opaque(plm_sv p)
{
    return p.n > 1 && p.p[0] == '$' && plm_sv_find(p, '=') == SIZE_MAX && plm_sv_find(p, ':') == SIZE_MAX &&
           p.p[1] == '(';
}

static void pinned_command(struct plm_df_judging *j, const struct plm_df_instr *in,
                           const struct plm_sh_command *c, const struct pinned *row)
{
    plm_sv_vec ops = {0};
    if (!plm_df_in(plm_sh_base(c), row->commands) || !plm_df_cmd_has(c, row->verbs) ||
        plm_df_cmd_has(c, row->not_with) || (row->is_exempt && row->is_exempt(c)))
        return;
    plm_df_cmd_operands(c, row->with_value, j->r->a, &ops);
    for (size_t i = 0; i < ops.n; i++) {
        plm_sv p = ops.v[i];
        if (plm_df_in(p, row->verbs) || plm_df_in(p, PLM_DF_WORDS("module", "")) || is_opaque(p) ||
            row->is_pinned(p))
            continue;
        plm_df_fail(j, in, "%.*s installs %.*s without a version", PLM_SV_ARG(c->words.v[0].text),
                    PLM_SV_ARG(p));
        return; /* one finding for one command */
    }
}

static void judge_pinned(struct plm_df_judging *j)
{
    for (const struct pinned *row = j->rule->arg; row->commands; row++) {
        PLM_DF_EACH(j->r, it)
        {
            size_t before = j->failed;
            PLM_DF_EACH_COMMAND(it, c)
            if (j->failed == before)
                pinned_command(j, it->in, c, row);
        }
    }
}

#define NONE PLM_DF_WORDS("\x01")
// clang-format off
static const struct pinned apt[] = {
    {PLM_DF_WORDS("apt-get"), PLM_DF_WORDS("install"), NONE, PLM_DF_WORDS("t", "target-release", "o", "option", "c", "config-file"), apt_pinned, NULL}, {0}};
static const struct pinned apk[] = {
    {PLM_DF_WORDS("apk"), PLM_DF_WORDS("add"), NONE, PLM_DF_WORDS("t", "virtual", "repository", "X", "p", "root", "keys-dir", "repositories-file", "arch"), apk_pinned, NULL}, {0}};
static const struct pinned zypper[] = {
    {PLM_DF_WORDS("zypper"), PLM_DF_WORDS("install", "in"), NONE, PLM_DF_WORDS("r", "repo", "from"), zypper_pinned, NULL}, {0}};
static const struct pinned yum[] = {
    {PLM_DF_WORDS("yum"), PLM_DF_WORDS("install"), PLM_DF_WORDS("module", "group"), PLM_DF_WORDS("c", "x", "setopt"), rpm_pinned, NULL},
    {PLM_DF_WORDS("yum"), PLM_DF_WORDS("install"), PLM_DF_WORDS("\x01"), PLM_DF_WORDS("c", "x", "setopt"), module_pinned, NULL}, {0}};
static const struct pinned dnf[] = {
    {PLM_DF_WORDS("dnf", "microdnf", "tdnf"), PLM_DF_WORDS("install"), PLM_DF_WORDS("module", "group"), PLM_DF_WORDS("c", "x", "setopt"), rpm_pinned, NULL},
    {PLM_DF_WORDS("dnf", "microdnf", "tdnf"), PLM_DF_WORDS("install"), PLM_DF_WORDS("\x01"), PLM_DF_WORDS("c", "x", "setopt"), module_pinned, NULL}, {0}};
static const struct pinned gem[] = {
    {PLM_DF_WORDS("gem"), PLM_DF_WORDS("install", "i"), NONE, PLM_DF_WORDS("n", "bindir", "i", "install-dir", "P", "source", "s", "p", "http-proxy"), gem_pinned, gem_exempt}, {0}};
static const struct pinned go[] = {
    {PLM_DF_WORDS("go"), PLM_DF_WORDS("install", "get", "run"), NONE, PLM_DF_WORDS("ldflags", "tags", "o", "mod", "modfile", "C"), go_pinned, NULL}, {0}};
// clang-format on

/* dnf and yum in two ways: `install`, and `module install`. */
static void judge_rpm(struct plm_df_judging *j)
{
    const struct pinned *rows = j->rule->arg;
    PLM_DF_EACH(j->r, it)
    {
        size_t before = j->failed;
        PLM_DF_EACH_COMMAND(it, c)
        {
            bool is_module = plm_df_cmd_has(c, PLM_DF_WORDS("module"));
            if (j->failed == before)
                pinned_command(j, it->in, c, &rows[is_module]);
        }
    }
}

/* ---- pip and npm -------------------------------------------------------------------------------------- */

/* Index of the word behind `install`; 0: no installation by pip. */
static size_t pip_install(const struct plm_sh_command *c)
{
    plm_sv name = plm_sh_base(c);
    bool is_python = plm_sv_starts(name, PLM_SV("python"));
    bool is_pip = plm_sv_starts(name, PLM_SV("pip")) && !plm_sv_starts(name, PLM_SV("pipx")) &&
                  !plm_sv_starts(name, PLM_SV("pipenv"));
    bool has_module = is_pip;
    for (size_t i = 1; i < c->words.n; i++) {
        plm_sv w = c->words.v[i].text;
        if (is_python && plm_sv_is(w, "pip") && plm_sv_is(c->words.v[i - 1].text, "-m"))
            has_module = true;
        else if (has_module && plm_sv_is(w, "install"))
            return i + 1;
    }
    return 0;
}

static const char *const pip_values[] = {"abi",
                                         "b",
                                         "build",
                                         "e",
                                         "editable",
                                         "extra-index-url",
                                         "f",
                                         "find-links",
                                         "i",
                                         "index-url",
                                         "implementation",
                                         "no-binary",
                                         "only-binary",
                                         "platform",
                                         "prefix",
                                         "progress-bar",
                                         "proxy",
                                         "python-version",
                                         "root",
                                         "src",
                                         "t",
                                         "target",
                                         "trusted-host",
                                         "upgrade-strategy",
                                         "timeout",
                                         "retries",
                                         "cache-dir",
                                         "log",
                                         "cert",
                                         "global-option",
                                         "config-settings",
                                         NULL};

static void judge_pip(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    {
        size_t before = j->failed;
        PLM_DF_EACH_COMMAND(it, c)
        {
            size_t at = pip_install(c);
            bool is_file = plm_df_cmd_flag(c, PLM_DF_WORDS("requirement", "r", "constraint", "c", "group")) ||
                           plm_df_cmd_has(c, PLM_DF_WORDS("."));
            if (!at || is_file || j->failed != before)
                continue;
            plm_sv_vec ops = {0};
            plm_df_cmd_operands(c, pip_values, j->r->a, &ops);
            bool is_behind = false;
            for (size_t i = 0; i < ops.n && j->failed == before; i++) {
                if (is_behind && !pip_pinned(ops.v[i]) && !is_opaque(ops.v[i]))
                    plm_df_fail(j, it->in, "pip installs %.*s without a version", PLM_SV_ARG(ops.v[i]));
                is_behind = is_behind || plm_sv_is(ops.v[i], "install");
            }
        }
    }
}

static bool is_true(plm_sv v)
{
    return plm_df_in(v, PLM_DF_WORDS("1", "true", "True", "TRUE", "on", "On", "ON", "yes", "Yes", "YES",
                                     "off", "0"))
               ? !plm_df_in(v, PLM_DF_WORDS("off", "0"))
               : false;
}

/* PIP_NO_CACHE_DIR before the command, exported in the same text, or ENV of the stage. */
static bool pip_env(const struct plm_df_item *it)
{
    const struct plm_df_var *v = plm_df_var_find(it->in->vars, PLM_SV("PIP_NO_CACHE_DIR"));
    if (v && v->is_env && is_true(v->value))
        return true;
    PLM_DF_EACH_COMMAND(it, c)
    {
        for (size_t i = 0; i < c->assigns.n; i++)
            if (plm_sv_is(c->assigns.v[i].name, "PIP_NO_CACHE_DIR") && is_true(c->assigns.v[i].value.text))
                return true;
        for (size_t i = 1; i < c->words.n && plm_sv_is(plm_sh_name(c), "export"); i++) {
            plm_sv name, value;
            if (plm_sv_cut(c->words.v[i].text, '=', &name, &value) && plm_sv_is(name, "PIP_NO_CACHE_DIR") &&
                is_true(value))
                return true;
        }
    }
    return false;
}

static void judge_pip_cache(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    {
        if (!it->sh || pip_env(it) || plm_df_has_cache(it->in, "/root/.cache/pip"))
            continue;
        size_t before = j->failed;
        PLM_DF_EACH_COMMAND(it, c)
        if (j->failed == before && pip_install(c) && !plm_sh_has_flag(c, "no-cache-dir"))
            plm_df_fail(j, it->in, "pip keeps what it downloads in the layer");
    }
}

static void judge_npm(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    {
        size_t before = j->failed;
        PLM_DF_EACH_COMMAND(it, c)
        {
            plm_sv_vec ops = {0};
            if (!plm_sv_is(plm_sh_base(c), "npm"))
                continue;
            plm_df_cmd_operands(c, PLM_DF_WORDS("prefix", "C", "registry", "loglevel", "cache", "userconfig"),
                                j->r->a, &ops);
            for (size_t i = 1; i < ops.n && plm_sv_is(ops.v[0], "install") && j->failed == before; i++)
                if (!npm_pinned(ops.v[i]) && !is_opaque(ops.v[i]))
                    plm_df_fail(j, it->in, "npm installs %.*s without a version", PLM_SV_ARG(ops.v[i]));
        }
    }
}

/* ---- questions, recommendations ------------------------------------------------------------------------ */

struct needs {
    const char *const *commands;
    const char *const *verbs;
    const char *const *flags; /* one of them must be there */
    const char *what;
};

static unsigned count_q(const struct plm_sh_command *c)
{
    unsigned n = 0;
    for (size_t i = 1; i < c->words.n; i++) {
        plm_sv w = c->words.v[i].text;
        if (plm_sv_is(w, "-q=2") || plm_sv_is(w, "--quiet=2"))
            return 2;
        n += plm_sv_is(w, "--quiet");
        for (size_t k = 1; k < w.n && w.p[0] == '-' && w.p[1] != '-'; k++)
            n += w.p[k] == 'q';
    }
    return n;
}

static void judge_needs(struct plm_df_judging *j)
{
    const struct needs *row = j->rule->arg;
    PLM_DF_EACH(j->r, it)
    {
        size_t before = j->failed;
        PLM_DF_EACH_COMMAND(it, c)
        {
            bool is_it = plm_df_in(plm_sh_base(c), row->commands) && plm_df_cmd_has(c, row->verbs);
            bool is_apt = plm_sv_is(plm_sh_base(c), "apt-get");
            bool has = plm_df_cmd_flag(c, row->flags) || plm_df_cmd_has(c, row->flags) ||
                       (is_apt && plm_df_in(PLM_SV("y"), row->flags) && count_q(c) >= 2);
            if (is_it && !has && j->failed == before)
                plm_df_fail(j, it->in, "%.*s %s", PLM_SV_ARG(c->words.v[0].text), row->what);
        }
    }
}

// clang-format off
static const struct needs apt_yes = {PLM_DF_WORDS("apt-get"), PLM_DF_WORDS("install"), PLM_DF_WORDS("y", "yes", "assume-yes"), "install without -y asks a question"};
static const struct needs apt_recommends = {PLM_DF_WORDS("apt-get"), PLM_DF_WORDS("install"), PLM_DF_WORDS("no-install-recommends", "APT::Install-Recommends=false", "APT::Install-Recommends=0"), "install without --no-install-recommends"};
static const struct needs yum_yes = {PLM_DF_WORDS("yum"), PLM_DF_WORDS("install", "groupinstall", "localinstall"), PLM_DF_WORDS("y", "assumeyes"), "install without -y asks a question"};
static const struct needs dnf_yes = {PLM_DF_WORDS("dnf", "microdnf", "tdnf"), PLM_DF_WORDS("install", "groupinstall", "localinstall"), PLM_DF_WORDS("y", "assumeyes"), "install without -y asks a question"};
static const struct needs zypper_yes = {PLM_DF_WORDS("zypper"), PLM_DF_WORDS("install", "in", "remove", "rm", "source-install", "si", "patch"), PLM_DF_WORDS("non-interactive", "n", "no-confirm", "y"), "without -n asks a question"};
// clang-format on

/* ---- what is left behind --------------------------------------------------------------------------------
 */

struct cleaned {
    const char *command;
    const char *const *verbs;       /* what leaves something behind */
    const char *const *clean;       /* words of the same command that remove it: all of them */
    const char *const *directories; /* or an rm of one of these, or a cache mounted over one */
    bool is_per_stage;              /* only in stages whose layers end up in the image */
    const char *what;
};

static bool has_all(const struct plm_sh_command *c, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        if (!plm_df_cmd_has(c, PLM_DF_WORDS(words[i])))
            return false;
    return words[0] != NULL;
}

static bool removes(const struct plm_sh_command *c, const char *const *directories)
{
    if (!plm_df_in(plm_sh_base(c), PLM_DF_WORDS("rm", "find")))
        return false;
    for (size_t i = 1; i < c->words.n; i++)
        for (size_t k = 0; directories[k]; k++)
            if (plm_sv_starts(c->words.v[i].text, plm_sv_from(directories[k])))
                return true;
    return false;
}

static bool leaves(const struct plm_df_item *it, const struct cleaned *row)
{
    bool is_dirty = false;
    for (size_t k = 0; row->directories[k]; k++)
        if (plm_df_has_cache(it->in, row->directories[k]))
            return false;
    PLM_DF_EACH_COMMAND(it, c)
    {
        bool is_it = plm_sv_is(plm_sh_base(c), row->command);
        if (is_it && plm_df_cmd_has(c, row->verbs))
            is_dirty = true;
        else if ((is_it && has_all(c, row->clean)) || removes(c, row->directories))
            is_dirty = false;
    }
    return is_dirty;
}

static void judge_cleaned(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    {
        size_t before = j->failed;
        bool counts = it->in->stage == PLM_NONE || j->r->is_used[it->in->stage];
        for (const struct cleaned *row = j->rule->arg; it->sh && row->command && j->failed == before; row++)
            if ((counts || !row->is_per_stage) && leaves(it, row))
                plm_df_fail(j, it->in, "%s", row->what);
    }
}

// clang-format off
static const struct cleaned apt_lists[] = {{"apt-get", PLM_DF_WORDS("update"), NONE, PLM_DF_WORDS("/var/lib/apt/lists"), true, "apt-get update leaves its lists in the layer"}, {0}};
static const struct cleaned yum_cache[] = {{"yum", PLM_DF_WORDS("install"), PLM_DF_WORDS("clean", "all"), PLM_DF_WORDS("/var/cache/yum"), false, "yum install without `yum clean all` in the same RUN"}, {0}};
static const struct cleaned dnf_cache[] = {
    {"dnf", PLM_DF_WORDS("install"), PLM_DF_WORDS("clean", "all"), PLM_DF_WORDS("/var/cache/dnf", "/var/cache/libdnf5", "/var/cache/yum"), false, "dnf install without `dnf clean all` in the same RUN"},
    {"microdnf", PLM_DF_WORDS("install"), PLM_DF_WORDS("clean", "all"), PLM_DF_WORDS("/var/cache/dnf", "/var/cache/yum"), false, "microdnf install without `microdnf clean all` in the same RUN"}, {0}};
static const struct cleaned zypper_cache[] = {
    {"zypper", PLM_DF_WORDS("install", "in"), PLM_DF_WORDS("clean"), PLM_DF_WORDS("/var/cache/zypp"), false, "zypper install without `zypper clean` in the same RUN"}, {0}};
static const struct cleaned yarn_cache[] = {{"yarn", PLM_DF_WORDS("install"), PLM_DF_WORDS("cache", "clean"), PLM_DF_WORDS("/usr/local/share/.cache/yarn", "/root/.cache/yarn", "/root/.yarn/berry/cache"), true, "yarn install without `yarn cache clean` in the same RUN"}, {0}};
// clang-format on

static void judge_apk_cache(struct plm_df_judging *j)
{
    static const char *const cache[] = {"/var/cache/apk", "/etc/apk/cache", NULL};
    PLM_DF_EACH(j->r, it)
    {
        bool is_dirty = false;
        PLM_DF_EACH_COMMAND(it, c)
        {
            bool is_add = plm_df_cmd_is(c, "apk", PLM_DF_WORDS("add"));
            is_dirty = (is_dirty || (is_add && !plm_sh_has_flag(c, "no-cache"))) && !removes(c, cache);
        }
        if (is_dirty && !plm_df_has_cache(it->in, cache[0]) && !plm_df_has_cache(it->in, cache[1]))
            plm_df_fail(j, it->in, "apk add without --no-cache");
    }
}

static void judge_zypper_upgrade(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    PLM_DF_EACH_COMMAND(it, c)
    if (plm_df_cmd_is(c, "zypper", PLM_DF_WORDS("dist-upgrade", "dup")))
        plm_df_fail(j, it->in, "zypper dist-upgrade: the base image decides the release");
}

const struct plm_df_rule plm_df_rules_packages[] = {
    {"DL3008", "warning", false, judge_pinned, apt},
    {"DL3009", "info", false, judge_cleaned, apt_lists},
    {"DL3013", "warning", false, judge_pip, NULL},
    {"DL3014", "warning", false, judge_needs, &apt_yes},
    {"DL3015", "info", false, judge_needs, &apt_recommends},
    {"DL3016", "warning", false, judge_npm, NULL},
    {"DL3018", "warning", false, judge_pinned, apk},
    {"DL3019", "info", false, judge_apk_cache, NULL},
    {"DL3028", "warning", false, judge_pinned, gem},
    {"DL3030", "warning", false, judge_needs, &yum_yes},
    {"DL3032", "warning", false, judge_cleaned, yum_cache},
    {"DL3033", "warning", false, judge_rpm, yum},
    {"DL3034", "warning", false, judge_needs, &zypper_yes},
    {"DL3035", "warning", false, judge_zypper_upgrade, NULL},
    {"DL3036", "warning", false, judge_cleaned, zypper_cache},
    {"DL3037", "warning", false, judge_pinned, zypper},
    {"DL3038", "warning", false, judge_needs, &dnf_yes},
    {"DL3040", "warning", false, judge_cleaned, dnf_cache},
    {"DL3041", "warning", false, judge_rpm, dnf},
    {"DL3042", "warning", false, judge_pip_cache, NULL},
    {"DL3060", "info", false, judge_cleaned, yarn_cache},
    {"DL3062", "warning", false, judge_pinned, go},
    {NULL, NULL, false, NULL, NULL},
};
