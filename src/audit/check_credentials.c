/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials where every user of the engine reads them: environment, labels and command of containers (R14).
 *
 * The values come from inspect and, for running containers, need no other source: the environment of the
 * first process is the same list. Shown are name, kind, length and the first characters, never the value.
 * secret_patterns.c says what counts.
 */
#include "audit/container_int.h"

static void say_hit(struct plm_checking *k, const char *field, plm_sv name, const struct plm_secret_hit *h)
{
    plm_weigh(k, PLM_SV_NULL, h->severity);
    plm_say(k, PLM_OUT_FAIL, "%s: %.*s is a %.*s: %.*s%s", field, PLM_SV_ARG(name), PLM_SV_ARG(h->kind),
            PLM_SV_ARG(h->masked), h->severity == PLM_SEV_LOW ? " (weak or guessable)" : "");
}

static size_t judge_env(struct plm_checking *k)
{
    size_t i, n, found = 0;
    yyjson_val *v;
    yyjson_arr_foreach(yyjson_obj_get(k->container->config, "Env"), i, n, v)
    {
        plm_sv name, value;
        struct plm_secret_hit h;
        if (!plm_sv_cut(plm_json_sv(v), '=', &name, &value) || !plm_secret_in(k->arena, name, value, &h))
            continue;
        found++;
        say_hit(k, "Config.Env", name, &h);
    }
    return found;
}

static size_t judge_labels(struct plm_checking *k)
{
    size_t i, n, found = 0;
    yyjson_val *key, *v;
    PLM_OBJ_FOREACH(yyjson_obj_get(k->container->config, "Labels"), i, n, key, v)
    {
        struct plm_secret_hit h;
        if (!plm_secret_in(k->arena, plm_json_sv(key), plm_json_sv(v), &h))
            continue;
        found++;
        say_hit(k, "Config.Labels", plm_json_sv(key), &h);
    }
    return found;
}

/* "--password=X", "--password X", "-e DB_PASSWORD=X" within arguments. */
static size_t judge_words(struct plm_checking *k, yyjson_val *list, const char *field)
{
    size_t i, n, found = 0;
    yyjson_val *v;
    plm_sv flag = PLM_SV("");
    yyjson_arr_foreach(list, i, n, v)
    {
        plm_sv word = plm_json_sv(v), name, value = PLM_SV_NULL;
        struct plm_secret_hit h;
        bool is_pair = plm_sv_cut(word, '=', &name, &value) && plm_sv_find(name, ' ') == SIZE_MAX;
        while (is_pair && name.n && name.p[0] == '-')
            name = plm_sv_from_off(name, 1);
        bool is_flag = word.n > 1 && word.p[0] == '-';
        if (is_pair ? plm_secret_in(k->arena, name, value, &h)
                    : !is_flag && plm_secret_in(k->arena, flag, word, &h)) {
            found++;
            say_hit(k, field, plm_arena_printf(k->arena, "word %zu", i + 1), &h);
        }
        flag = PLM_SV("");
        if (is_flag && !is_pair)
            for (flag = word; flag.n && flag.p[0] == '-';)
                flag = plm_sv_from_off(flag, 1);
    }
    return found;
}

static void check_credentials(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_container *c = k->container;
    size_t found = judge_env(k) + judge_labels(k);
    size_t words = judge_words(k, yyjson_obj_get(c->inspect.root, "Args"), "Args");
    /* Args are Cmd behind an entrypoint: said once. */
    if (!words)
        words = judge_words(k, yyjson_obj_get(c->config, "Cmd"), "Config.Cmd") +
                judge_words(k, yyjson_obj_get(c->config, "Entrypoint"), "Config.Entrypoint");
    if (!found && !words)
        plm_say(k, PLM_OUT_PASS, "Config.Env, Labels, Cmd: no credential known by shape or name");
}

static const struct plm_check checks[] = {
    {.id = "R14",
     .title = "no credential stands in the environment, labels or command of containers",
     .reads = "Config.Env, Labels, Cmd, Entrypoint; Args",
     .rationale =
         "Every user of the engine and every process of the container reads them; they end in logs, crash "
         "reports and images made by commit.",
     .fix = "Hand it over as a file: `--mount type=bind,source=FILE,target=/run/secrets/NAME,readonly` "
            "(compose: "
            "`secrets:`), name that file with `NAME_FILE`, and change the credential.",
     .severity = PLM_SEV_HIGH,
     .stage = PLM_STAGE_CONTAINERS,
     .subject = PLM_PER_CONTAINER,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_credentials},
};

static const struct plm_check_group credentials = {
    .id = "credentials",
    .summary = "credentials in the settings of containers",
    .checks = checks,
    .n = sizeof(checks) / sizeof(checks[0]),
};
PLM_REGISTER(plm_check_groups, struct plm_check_group, credentials);
