/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of `respond.actions`: what is done about which alerts.
 *
 *     ACTION:KEY=VALUE[,KEY=VALUE...]
 *
 *     kill:rule=Program executed from memory
 *     pause:tag=escape,priority=critical
 *     stop:priority=alert
 *
 * Keys: `priority` (this or more severe), `tag`, and `rule` (a name with `*`), which comes last and takes the
 * rest of the text, since names of rules hold commas. At least one key is given: a row that fits every alert
 * has to say `rule=*`.
 */
#include "respond_int.h"

static const char *const action_names[] = {
    [PLM_ACT_NONE] = "none",
    [PLM_ACT_KILL] = "kill",
    [PLM_ACT_PAUSE] = "pause",
    [PLM_ACT_STOP] = "stop",
    [PLM_ACT_DISCONNECT] = "disconnect",
};

const char *plm_response_action_name(enum plm_action action)
{
    return action_names[action];
}

static bool action_of(plm_sv text, enum plm_action *out)
{
    for (unsigned i = PLM_ACT_NONE; i <= PLM_ACT_DISCONNECT; i++)
        if (plm_sv_is(text, action_names[i])) {
            *out = (enum plm_action)i;
            return true;
        }
    return false;
}

static int set_key(struct plm_response *r, plm_sv key, plm_sv value, plm_sv text, plm_err **err)
{
    if (!value.n)
        return plm_fail(err, PLM_E_CONFIG, "response \"%.*s\": %.*s= has no value", PLM_SV_ARG(text),
                        PLM_SV_ARG(key));
    if (plm_sv_is(key, "rule")) {
        r->rule = value;
    } else if (plm_sv_is(key, "tag")) {
        r->tag = value;
    } else if (!plm_sv_is(key, "priority")) {
        return plm_fail(err, PLM_E_CONFIG, "response \"%.*s\": \"%.*s\" is none of priority, tag, rule",
                        PLM_SV_ARG(text), PLM_SV_ARG(key));
    } else if (!plm_priority_parse(value, &r->min_priority)) {
        return plm_fail(err, PLM_E_CONFIG, "response \"%.*s\": \"%.*s\" is no priority", PLM_SV_ARG(text),
                        PLM_SV_ARG(value));
    }
    return 0;
}

int plm_response_parse(plm_sv text, struct plm_response *out, plm_err **err)
{
    struct plm_response r = {.min_priority = PLM_PRIO_DEBUG};
    plm_sv action, rest, one, key, value;
    if (!plm_sv_cut(text, ':', &action, &rest) || !rest.n)
        return plm_fail(err, PLM_E_CONFIG,
                        "response \"%.*s\": write ACTION:KEY=VALUE, as in pause:tag=escape or kill:rule=NAME",
                        PLM_SV_ARG(text));
    if (!action_of(plm_sv_trim(action), &r.action))
        return plm_fail(err, PLM_E_CONFIG,
                        "response \"%.*s\": \"%.*s\" is none of none, kill, pause, stop, disconnect",
                        PLM_SV_ARG(text), PLM_SV_ARG(action));
    rest = plm_sv_trim(rest);
    while (rest.p) {
        if (plm_sv_starts(rest, PLM_SV("rule="))) {
            one = rest;
            rest = PLM_SV_NULL;
        } else if (!plm_sv_field(&rest, ',', &one)) {
            break;
        }
        (void)plm_sv_cut(one, '=', &key, &value);
        if (set_key(&r, plm_sv_trim(key), plm_sv_trim(value), text, err) < 0)
            return -1;
    }
    *out = r;
    return 0;
}

int plm_responses_parse(const plm_sv *texts, size_t n, struct plm_arena *a, struct plm_respond_config *out,
                        plm_err **err)
{
    struct plm_response *rows = plm_arena_array(a, n, sizeof(*rows));
    if (plm_arena_check(a, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (plm_response_parse(texts[i], &rows[i], err) < 0)
            return -1;
    out->rows = rows;
    out->n = n;
    return 0;
}
