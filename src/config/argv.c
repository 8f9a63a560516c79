/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line: --name VALUE, --name=VALUE, --flag, --no-flag, -o VALUE, -oVALUE, bundled
 * letters (-qv), "--" ends the options. A word that is no option here gets the nearest option, or
 * the name that it has here when it is another tool's.
 */
#include "config_int.h"

struct args {
    struct plm_config *c;
    char *const *next; /* words not yet read */
    const char *command;
};

static int fail_unknown(const struct args *a, plm_sv word, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    int rc = plm_fail_id(err, PLM_E_USAGE, "usage.option", "%.*s: no such option", PLM_SV_ARG(word));
    plm_sv name = word;
    while (name.n && name.p[0] == '-')
        name = plm_sv_from_off(name, 1);
    const struct plm_option *near = name.n > 1 ? plm_option_nearest(name, false, a->command) : NULL;
    const char *foreign = plm_option_foreign_hint(word, &b);
    if (foreign)
        plm_err_hint(err, "%s", foreign);
    else if (near)
        plm_err_hint(err, "--%s", near->name);
    else
        plm_err_hint(err, "plimsoll help%s%s", a->command ? " " : "", a->command ? a->command : "");
    return rc;
}

static int set(const struct args *a, const struct plm_option *o, plm_sv word, plm_sv value, plm_err **err)
{
    if (a->command && !plm_option_is_of(o, a->command)) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
        const char *foreign = plm_option_foreign_hint(word, &b);
        int rc = plm_fail_id(err, PLM_E_USAGE, "usage.option", "%.*s: not an option of \"plimsoll %s\"",
                             PLM_SV_ARG(word), a->command);
        if (foreign)
            plm_err_hint(err, "%s", foreign);
        else
            plm_err_hint(err, "plimsoll help %s", a->command);
        return rc;
    }
    return plm_config_set(a->c, o, value, PLM_CFG_FLAG, word, err);
}

/* The value of an option: what is attached, else the next word. */
static int value_of(struct args *a, plm_sv word, const struct plm_option *o, plm_sv attached, plm_sv *out,
                    plm_err **err)
{
    if (!attached.p && !*a->next) {
        int rc = plm_fail_id(err, PLM_E_USAGE, "usage.value", "%.*s: a value is missing", PLM_SV_ARG(word));
        plm_err_hint(err, "--%s %s", o->name, o->argument);
        return rc;
    }
    *out = attached.p ? attached : plm_sv_from(*a->next++);
    return 0;
}

static int long_option(struct args *a, const char *arg, plm_err **err)
{
    plm_sv word, attached, value = PLM_SV_NULL;
    if (!plm_sv_cut(plm_sv_from(arg), '=', &word, &attached))
        attached = PLM_SV_NULL;
    plm_sv name = plm_sv_from_off(word, 2);
    const struct plm_option *o = plm_option_find(name);
    bool negated = false;
    if (!o && plm_sv_starts(name, PLM_SV("no-"))) {
        o = plm_option_find(plm_sv_from_off(name, 3));
        negated = o && o->type == PLM_OPT_FLAG && o->key;
        if (!negated)
            o = NULL;
    }
    if (!o)
        return fail_unknown(a, word, err);
    if (plm_option_takes_value(o))
        return value_of(a, word, o, attached, &value, err) < 0 ? -1 : set(a, o, word, value, err);
    if (attached.p && negated)
        return plm_fail_id(err, PLM_E_USAGE, "usage.value", "%.*s: takes no value", PLM_SV_ARG(word));
    value = negated ? PLM_SV("false") : o->type == PLM_OPT_COUNT ? PLM_SV("1") : PLM_SV("true");
    return set(a, o, word, attached.p ? attached : value, err);
}

static int short_options(struct args *a, const char *arg, plm_err **err)
{
    plm_sv letters = plm_sv_from(arg + 1);
    while (letters.n) {
        char flag[3] = {'-', letters.p[0], 0};
        plm_sv word = plm_sv_n(flag, 2), value = PLM_SV_NULL;
        const struct plm_option *o = plm_option_by_letter(letters.p[0]);
        letters = plm_sv_from_off(letters, 1);
        if (!o)
            return fail_unknown(a, letters.p == arg + 2 && letters.n ? plm_sv_from(arg) : word, err);
        if (plm_option_takes_value(o)) {
            plm_sv attached = letters.n ? letters : PLM_SV_NULL;
            if (attached.n && attached.p[0] == '=')
                attached = plm_sv_from_off(attached, 1);
            return value_of(a, word, o, attached, &value, err) < 0 ? -1 : set(a, o, word, value, err);
        }
        if (set(a, o, word, o->type == PLM_OPT_COUNT ? PLM_SV("1") : PLM_SV("true"), err) < 0)
            return -1;
    }
    return 0;
}

int plm_config_read_argv(struct plm_config *c, char *const *argv, const char *command, plm_err **err)
{
    struct args a = {.c = c, .next = argv, .command = command};
    bool only_words = false;
    while (a.next && *a.next) {
        const char *arg = *a.next++;
        bool is_option = !only_words && arg[0] == '-' && arg[1];
        if (is_option && strcmp(arg, "--") == 0) {
            only_words = true;
            continue;
        }
        if (is_option && (arg[1] == '-' ? long_option(&a, arg, err) : short_options(&a, arg, err)) < 0)
            return -1;
        if (is_option)
            continue;
        const char **w = plm_vec_push(c->arena, &c->words);
        if (!w || !(*w = plm_arena_cstr(c->arena, plm_sv_from(arg))))
            return plm_fail_oom(err);
    }
    return 0;
}
