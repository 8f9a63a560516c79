/* SPDX-License-Identifier: Apache-2.0
 *
 * See notify_setup.h. The queue of root is /var/lib/plimsoll/notify; a user's is below XDG_STATE_HOME.
 */
#include "cli/notify_setup.h"

#include "watch/watch.h"

int plm_cli_notify_targets(struct plm_cli *cli, struct plm_notify_target **out, size_t *out_n, plm_err **err)
{
    const struct plm_config_target *rows;
    size_t n = plm_config_targets(cli->config, &rows);
    struct plm_notify_target *t = plm_arena_array(cli->arena, n + 1, sizeof(*t));
    if (!t)
        return plm_fail_oom(err);
    for (size_t i = 0; i < n; i++)
        t[i] = (struct plm_notify_target){.name = rows[i].name,
                                          .kind = rows[i].kind,
                                          .keys = rows[i].keys,
                                          .values = rows[i].values,
                                          .n = rows[i].n,
                                          .where = rows[i].where};
    *out = t;
    *out_n = n;
    return 0;
}

const struct plm_notify_target *plm_cli_notify_find(const struct plm_notify_target *targets, size_t n,
                                                    plm_sv name, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf names = PLM_BUF(PLM_KIB(64));
    for (size_t i = 0; i < n; i++) {
        if (plm_sv_eq(targets[i].name, name))
            return &targets[i];
        plm_buf_printf(&names, "%s%.*s", i ? ", " : "", PLM_SV_ARG(targets[i].name));
    }
    int rc = plm_fail_id(err, PLM_E_CONFIG, "notify.unknown", "notify: there is no target \"%.*s\"",
                         PLM_SV_ARG(name));
    if (n)
        plm_err_hint(err, "there are %.*s", PLM_SV_ARG(plm_buf_sv(&names)));
    else
        plm_err_hint(err, "name one below notify: in plimsoll.yaml");
    return PLM_NULL(rc);
}

int plm_cli_notify_check(struct plm_cli *cli, plm_err **err)
{
    struct plm_notify_target *t;
    size_t n;
    if (plm_cli_notify_targets(cli, &t, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        plm_auto(plm_notifier_close) struct plm_notifier *one =
            plm_notifier_open(&cli->ctx, &t[i], PLM_SV_NULL, 0, err);
        if (!one)
            return -1;
    }
    return 0;
}

static plm_sv queue_dir(struct plm_cli *cli)
{
    plm_sv given = plm_config_text(cli->config, "notify-dir");
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (given.p)
        return given;
    if (geteuid() == 0)
        return PLM_SV("/var/lib/plimsoll/notify");
    if (state && state[0] == '/')
        return plm_arena_printf(cli->arena, "%s/plimsoll/notify", state);
    if (home && home[0] == '/')
        return plm_arena_printf(cli->arena, "%s/.local/state/plimsoll/notify", home);
    return PLM_SV_NULL;
}

static bool has_all(const plm_sv *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (plm_sv_is(names[i], "all"))
            return true;
    return false;
}

int plm_cli_notify_sink(struct plm_cli *cli, const plm_sv *names, size_t n, struct plm_sink **out,
                        plm_err **err)
{
    struct plm_notify_target *all;
    size_t n_all, n_chosen = 0;
    *out = NULL;
    if (!n)
        n = plm_config_list(cli->config, "notify", &names);
    if (!n)
        return 0;
    if (plm_cli_notify_targets(cli, &all, &n_all, err) < 0)
        return -1;
    struct plm_notify_target *chosen = plm_arena_array(cli->arena, n + n_all + 1, sizeof(*chosen));
    if (!chosen)
        return plm_fail_oom(err);
    bool every = has_all(names, n);
    for (size_t i = 0; i < (every ? n_all : n); i++) {
        const struct plm_notify_target *t = every ? &all[i] : plm_cli_notify_find(all, n_all, names[i], err);
        if (!t)
            return -1;
        bool is_again = false; /* a name that is given twice is one target */
        for (size_t k = 0; k < n_chosen; k++)
            is_again = is_again || plm_sv_eq(chosen[k].name, t->name);
        if (!is_again)
            chosen[n_chosen++] = *t;
    }
    if (!n_chosen)
        return plm_fail_id(err, PLM_E_CONFIG, "notify.unknown", "notify: plimsoll.yaml names no target");
    plm_sv dir = queue_dir(cli);
    if (!dir.p)
        return plm_fail_id(err, PLM_E_CONFIG, "notify.no-dir",
                           "no directory for messages that wait: --notify-dir DIR");
    *out = plm_sink_notify_new(&cli->ctx, chosen, n_chosen, dir,
                               plm_config_number(cli->config, "notify-max-size"), err);
    return *out ? 0 : -1;
}
