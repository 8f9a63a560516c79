/* SPDX-License-Identifier: Apache-2.0
 *
 * What decides about the findings of a watch: --fail-on and exceptions. In a file of its own, because
 * src/scan and src/watch both have a `source` and an `action`.
 */
#include "cli/watch_judge.h"

#include "scan/scan.h"

int plm_watch_judge_read(struct plm_cli *cli, struct plm_gate **out_gates, size_t *out_n,
                         struct plm_exceptions **out_exceptions, plm_err **err)
{
    const plm_sv *list;
    if (plm_gates_parse(plm_config_text(cli->config, "fail-on"), PLM_KIND_RUNTIME, cli->arena, out_gates,
                        out_n, err) < 0)
        return -1;
    size_t n = plm_config_list(cli->config, "exceptions", &list);
    if (!n)
        return 0;
    plm_auto(plm_exceptions_free) struct plm_exceptions *e = plm_exceptions_new(err);
    if (!e)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (plm_exceptions_load(&cli->ctx, e, list[i].p, err) < 0)
            return -1;
    *out_exceptions = plm_take(e);
    return 0;
}

int plm_watch_judge(struct plm_cli *cli, struct plm_report *r, const struct plm_gate *gates, size_t n,
                    struct plm_exceptions *exceptions, plm_err **err)
{
    if (plm_report_finish(r, err) < 0)
        return -1;
    if (exceptions &&
        (plm_exceptions_apply(&cli->ctx, exceptions, r, err) < 0 ||
         plm_exceptions_note(&cli->ctx, exceptions, r, err) < 0 || plm_report_finish(r, err) < 0))
        return -1;
    return plm_gates_judge(r, gates, n, n > 0, err);
}

void plm_watch_judge_done(struct plm_exceptions *exceptions)
{
    plm_exceptions_free(exceptions);
}
