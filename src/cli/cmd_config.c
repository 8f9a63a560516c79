/* SPDX-License-Identifier: Apache-2.0
 *
 * config: what is in force and where each value came from. config check: are the files right.
 * config init: a file with every key, all commented out.
 */
#include "base/fs.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/notify_setup.h"

#include <limits.h>

/* Does the text look like a secret's? Nothing in the table is one today; a URL may carry a password. */
static void put_value(struct plm_buf *b, plm_sv v)
{
    size_t scheme = plm_sv_find_sv(v, PLM_SV("://")), at = plm_sv_find(v, '@');
    if (scheme == SIZE_MAX || at == SIZE_MAX || at < scheme) {
        plm_buf_sv_put(b, v);
        return;
    }
    plm_buf_sv_put(b, plm_sv_sub(v, 0, scheme + 3));
    plm_buf_str(b, "***");
    plm_buf_sv_put(b, plm_sv_from_off(v, at));
}

static void put_row(struct plm_buf *b, plm_sv key, plm_sv value, enum plm_config_origin origin, plm_sv where)
{
    enum { KEY_COLUMNS = 24, VALUE_COLUMNS = 24 };
    size_t start = b->n;
    plm_text_escape(b, key);
    plm_buf_printf(b, "%*s ", (int)(b->n - start < KEY_COLUMNS ? KEY_COLUMNS - (b->n - start) : 0), "");
    start = b->n;
    plm_text_escape(b, value.p ? value : PLM_SV("-"));
    plm_buf_printf(b, "%*s  %s", (int)(b->n - start < VALUE_COLUMNS ? VALUE_COLUMNS - (b->n - start) : 0), "",
                   plm_config_origin_name(origin));
    plm_buf_str(b, where.p ? " " : "");
    plm_text_escape(b, where);
    plm_buf_byte(b, '\n');
}

static void put_json_row(struct plm_buf *b, plm_sv key, plm_sv value, enum plm_config_origin origin,
                         plm_sv where)
{
    plm_buf_printf(b, "%s\n{\"key\": ", b->n > 1 ? "," : "");
    plm_text_json(b, key);
    plm_buf_str(b, ", \"value\": ");
    if (value.p)
        plm_text_json(b, value);
    else
        plm_buf_str(b, "null");
    plm_buf_printf(b, ", \"origin\": \"%s\", \"where\": ", plm_config_origin_name(origin));
    if (where.p)
        plm_text_json(b, where);
    else
        plm_buf_str(b, "null");
    plm_buf_str(b, "}");
}

/* Targets of messages: name and kind; what their keys hold is nobody's business here. */
static void put_targets(const struct plm_cli *cli, struct plm_buf *b, bool json)
{
    const struct plm_config_target *t;
    size_t n = plm_config_targets(cli->config, &t);
    for (size_t i = 0; i < n; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf key = PLM_BUF(PLM_KIB(4));
        plm_buf_printf(&key, "notify.%.*s", PLM_SV_ARG(t[i].name));
        plm_sv name = plm_buf_sv(&key);
        if (json) {
            put_json_row(b, name, t[i].kind, t[i].origin, t[i].where);
            continue;
        }
        put_row(b, name, t[i].kind, t[i].origin, t[i].where);
    }
}

static int show(struct plm_cli *cli, plm_err **err)
{
    bool json;
    if (plm_cli_wants_json(cli, &json, err) < 0)
        return -1;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_buf_str(&b, json ? "[" : "");
    for (size_t i = 0; i < plm_options_n; i++) {
        const struct plm_option *o = &plm_options[i];
        plm_sv where;
        if (!o->key)
            continue;
        plm_auto_done(plm_buf_done) struct plm_buf value = PLM_BUF(PLM_MIB(1));
        plm_sv v = plm_config_text(cli->config, o->name);
        enum plm_config_origin origin = plm_config_origin(cli->config, o->name, &where);
        put_value(&value, v);
        plm_sv shown = v.p ? plm_buf_sv(&value) : PLM_SV_NULL;
        if (json)
            put_json_row(&b, plm_sv_from(o->key), shown, origin, where);
        else
            put_row(&b, plm_sv_from(o->key), shown, origin, where);
    }
    put_targets(cli, &b, json);
    plm_buf_str(&b, json ? "\n]\n" : "");
    return plm_buf_check(&b, err) < 0 ? -1 : plm_cli_print(plm_buf_sv(&b), err);
}

static int check(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words);
    /* Without words: loading the configuration, which has happened, was the check but for the targets. */
    for (size_t i = 0; i < n; i++) {
        const char *slash = strrchr(words[i], '/');
        bool is_project =
            strcmp(slash ? slash + 1 : words[i], "plimsoll.yaml") == 0 && (!slash || slash == words[i] + 1);
        if (plm_config_check_file(&cli->ctx, words[i], is_project, err) < 0)
            return -1;
    }
    if (!n && plm_cli_notify_check(cli, err) < 0)
        return -1;
    return plm_cli_print(PLM_SV("the configuration is right\n"), err);
}

static void commented_file(struct plm_buf *b)
{
    plm_buf_str(
        b,
        "# plimsoll.yaml: every key with its default, commented out. The same names are flags (--fail-on) "
        "and\n"
        "# variables (PLIMSOLL_FAIL_ON). Order: locked > flag > environment > --config > ./plimsoll.yaml >\n"
        "# the user's file > /etc/plimsoll/plimsoll.yaml; a list replaces the one below it. Keys marked (*) "
        "may\n"
        "# not stand in a project's ./plimsoll.yaml.\n");
    plm_sv last = PLM_SV("");
    for (size_t i = 0; i < plm_options_n; i++) {
        const struct plm_option *o = &plm_options[i];
        plm_sv group, name;
        if (!o->key)
            continue;
        bool is_nested = plm_sv_cut(plm_sv_from(o->key), '.', &group, &name);
        plm_buf_printf(b, "\n# %s%s\n", o->help, o->system_only ? " (*)" : "");
        if (is_nested && !plm_sv_eq(group, last))
            plm_buf_printf(b, "#%.*s:\n", PLM_SV_ARG(group));
        last = is_nested ? group : PLM_SV("");
        const char *value = o->fallback               ? o->fallback
                            : o->type == PLM_OPT_FLAG ? "false"
                            : o->argument             ? o->argument
                                                      : "0";
        bool is_list = o->type == PLM_OPT_LIST || o->type == PLM_OPT_WORDS;
        plm_buf_printf(b, "#%s%.*s: %s%s%s\n", is_nested ? "  " : "",
                       PLM_SV_ARG(is_nested ? name : plm_sv_from(o->key)), is_list ? "[\"" : "", value,
                       is_list ? "\"]" : "");
    }
}

static int init(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words);
    const char *path = n ? words[0] : "plimsoll.yaml";
    if (!plm_config_flag(cli->config, "force") && access(path, F_OK) == 0) {
        int rc = plm_fail_id(err, PLM_E_USAGE, "config.exists", "%s: is there already", path);
        plm_err_hint(err, "plimsoll config init --force");
        return rc;
    }
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    commented_file(&b);
    if (plm_buf_check(&b, err) < 0 || plm_fs_write_atomic(path, plm_buf_sv(&b), 0644, err) < 0)
        return -1;
    plm_cli_note(cli, "%s written; every key is commented out", path);
    return PLM_EXIT_PASSED;
}

static const struct plm_command config = {
    .name = "config",
    .summary = "effective configuration, and where each value came from",
    .examples = "plimsoll config\twhat is in force here\n"
                "plimsoll config --no-project-config\twithout the project's file\n",
    .run = show,
};
PLM_REGISTER(plm_commands, struct plm_command, config);

static const struct plm_command config_check = {
    .name = "config check",
    .arguments = "[FILE...]",
    .summary = "are the configuration files right",
    .help = "Checks the files that are in force, or the ones named: keys, values, owner and mode. A file "
            "that is named\n"
            "plimsoll.yaml in the working directory is checked as a project file, which may set less.",
    .max_words = UINT_MAX,
    .run = check,
};
PLM_REGISTER(plm_commands, struct plm_command, config_check);

static const struct plm_command config_init = {
    .name = "config init",
    .arguments = "[FILE]",
    .summary = "write a commented configuration file",
    .max_words = 1,
    .run = init,
};
PLM_REGISTER(plm_commands, struct plm_command, config_init);
