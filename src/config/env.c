/* SPDX-License-Identifier: Apache-2.0
 *
 * Variables: PLIMSOLL_DB_MAX_AGE=5d for --db-max-age. Lists are split at commas. A variable of
 * this prefix that no option has is a fault: a typing error must not silently change nothing.
 */
#include "config_int.h"

/* Set by the test suites for their own use. */
static const char *const reserved[] = {"PLIMSOLL_BINARY", "PLIMSOLL_SHARED", "PLIMSOLL_BUILD", "PLIMSOLL_CI",
                                       "PLIMSOLL_TEST_CACHE"};

static bool is_reserved(plm_sv name)
{
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (plm_sv_is(name, reserved[i]))
            return true;
    return false;
}

/* "PLIMSOLL_FAIL_ON" to "fail-on". */
static plm_sv option_name(struct plm_arena *a, plm_sv variable)
{
    plm_sv tail = plm_sv_from_off(variable, strlen("PLIMSOLL_"));
    char *name = plm_arena_cstr(a, tail);
    for (char *p = name; p && *p; p++)
        *p = (char)(*p == '_' ? '-' : (*p >= 'A' && *p <= 'Z') ? *p + 32 : *p);
    return plm_sv_from(name);
}

static int set_variable(struct plm_config *c, plm_sv name, plm_sv value, plm_err **err)
{
    plm_sv option = option_name(c->arena, name);
    const struct plm_option *o = plm_option_find(option);
    if (!option.p)
        return plm_fail_oom(err);
    if (!o || !o->key) {
        int rc =
            plm_fail_id(err, PLM_E_CONFIG, "config.variable", "%.*s: no such variable", PLM_SV_ARG(name));
        const struct plm_option *near = plm_option_nearest(option, false, NULL);
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
        if (o)
            plm_err_hint(err, "--%s is a flag only", o->name);
        else if (near && near->key) {
            plm_option_variable(near, &b);
            plm_err_hint(err, "%s", plm_buf_cstr(&b) ? b.p : near->name);
        } else
            plm_err_hint(err, "unset it; plimsoll config lists what there is");
        return rc;
    }
    if (o->type != PLM_OPT_LIST)
        return plm_config_set(c, o, value, PLM_CFG_ENV, name, err);
    plm_sv rest = value, item;
    while (plm_sv_field(&rest, ',', &item))
        if (plm_config_set(c, o, plm_sv_trim(item), PLM_CFG_ENV, name, err) < 0)
            return -1;
    return 0;
}

int plm_config_read_env(struct plm_config *c, char *const *environ_list, plm_err **err)
{
    for (; environ_list && *environ_list; environ_list++) {
        plm_sv name, value, entry = plm_sv_from(*environ_list);
        if (!plm_sv_starts(entry, PLM_SV("PLIMSOLL_")) || !plm_sv_cut(entry, '=', &name, &value) ||
            is_reserved(name))
            continue;
        if (set_variable(c, name, value, err) < 0)
            return -1;
    }
    return 0;
}
