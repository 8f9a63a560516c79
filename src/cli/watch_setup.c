/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration of a pipeline: built-in rules or -r or falco.yaml's, the selections of both in order,
 * outputs.
 *
 * -o means two things, told apart by the name: a format (json, sarif=FILE: the report at the end; falco-json
 * and text: the stream of alerts) or a key of falco.yaml (json_output=true).
 */
#include "cli/watch_setup.h"

#include "base/time.h"
#include "cli/notify_setup.h"

#include <ctype.h>

extern const char plm_watch_default_rules[];
extern const size_t plm_watch_default_rules_n;

/* ---- rules ---------------------------------------------------------------------------------------- */

static int add_selection(struct plm_watch_setup *s, bool is_enable, plm_sv rule, plm_sv tag, plm_err **err)
{
    struct plm_selection *row = plm_vec_push(s->falco.arena, &s->falco.selections);
    if (!row)
        return plm_arena_check(s->falco.arena, err);
    *row = (struct plm_selection){.is_enable = is_enable, .rule = rule, .tag = tag};
    return 0;
}

/* Falco's order: -D, then -T, then -t, which first switches everything off. */
static int selections(struct plm_cli *cli, struct plm_watch_setup *s, plm_err **err)
{
    const plm_sv *list;
    size_t n = plm_config_list(cli->config, "skip-rule", &list);
    for (size_t i = 0; i < n; i++) {
        plm_sv pattern = plm_arena_printf(cli->arena, "*%.*s*", PLM_SV_ARG(list[i]));
        if (add_selection(s, false, pattern, PLM_SV_NULL, err) < 0)
            return -1;
    }
    n = plm_config_list(cli->config, "skip-tag", &list);
    for (size_t i = 0; i < n; i++)
        if (add_selection(s, false, PLM_SV_NULL, list[i], err) < 0)
            return -1;
    n = plm_config_list(cli->config, "only-tag", &list);
    if (n && add_selection(s, false, PLM_SV("*"), PLM_SV_NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (add_selection(s, true, PLM_SV_NULL, list[i], err) < 0)
            return -1;
    s->conf.rules.selections = s->falco.selections.v;
    s->conf.rules.n_selections = s->falco.selections.n;
    return 0;
}

static int priority(struct plm_cli *cli, struct plm_watch_setup *s, plm_err **err)
{
    plm_sv text = plm_config_text(cli->config, "priority");
    s->conf.rules.min_priority = s->falco.priority;
    if (text.n && !plm_priority_parse(text, &s->conf.rules.min_priority)) {
        int rc = plm_fail_id(err, PLM_E_USAGE, "usage.value", "--priority %.*s: no such priority",
                             PLM_SV_ARG(text));
        plm_err_hint(err, "emergency, alert, critical, error, warning, notice, informational or debug");
        return rc;
    }
    return 0;
}

/* Container fields at the end of every output, as Falco's own falco.yaml asks for. */
static int append_suggested(struct plm_watch_setup *s, plm_err **err)
{
    struct plm_append_output *o = plm_vec_push(s->falco.arena, &s->falco.append);
    if (!o)
        return plm_arena_check(s->falco.arena, err);
    *o = (struct plm_append_output){.source = PLM_SV("syscall"), .has_suggested = true};
    return 0;
}

static int rules(struct plm_cli *cli, struct plm_watch_setup *s, plm_err **err)
{
    const plm_sv *list;
    size_t n = plm_config_list(cli->config, "rules", &list);
    bool has_config = s->falco.files.n > 0;
    for (size_t i = 0; i < n; i++)
        if (!plm_sv_vec_add(cli->arena, &s->rules, list[i]))
            return plm_fail_oom(err);
    for (size_t i = 0; n == 0 && i < s->falco.rules_files.n; i++)
        if (!plm_sv_vec_add(cli->arena, &s->rules, s->falco.rules_files.v[i]))
            return plm_fail_oom(err);
    if (!s->rules.n) {
        plm_sv *text = plm_arena_make(cli->arena, plm_sv);
        if (!text || !plm_sv_vec_add(cli->arena, &s->rules, PLM_SV("plimsoll_rules.yaml")))
            return plm_fail_oom(err);
        *text = plm_sv_n(plm_watch_default_rules, plm_watch_default_rules_n);
        s->conf.rules.texts = text;
    } else if (!has_config && append_suggested(s, err) < 0) {
        return -1;
    }
    s->conf.rules.files = s->rules.v;
    s->conf.rules.n_files = s->rules.n;
    s->conf.rules.match_all = s->falco.match_all;
    s->conf.rules.append = s->falco.append.v;
    s->conf.rules.n_append = s->falco.append.n;
    return priority(cli, s, err) < 0 ? -1 : selections(cli, s, err);
}

/* ---- outputs -------------------------------------------------------------------------------------- */

static int add_stream(struct plm_watch_setup *s, plm_sv format, plm_sv path, plm_err **err)
{
    struct plm_arena *a = s->falco.arena;
    struct plm_falco_sink *sink = plm_vec_push(a, &s->falco.sinks);
    if (!sink)
        return plm_arena_check(a, err);
    bool is_file = path.n && !plm_sv_is(path, "-");
    *sink = (struct plm_falco_sink){.name = is_file ? PLM_SV("file") : PLM_SV("stdout")};
    plm_sv_vec_add(a, &sink->keys, PLM_SV("format"));
    plm_sv_vec_add(a, &sink->values, format);
    if (is_file) {
        plm_sv_vec_add(a, &sink->keys, PLM_SV("filename"));
        plm_sv_vec_add(a, &sink->values, path);
        plm_sv_vec_add(a, &sink->keys, PLM_SV("keep_alive"));
        plm_sv_vec_add(a, &sink->values, PLM_SV("true"));
    } else {
        s->has_stdout = true;
    }
    return plm_arena_check(a, err);
}

static bool is_stream(plm_sv name)
{
    return plm_sv_is(name, "falco-json") || plm_sv_is(name, "text");
}

/* -o KEY=VALUE of falco.yaml comes before falco.yaml is read as a whole; formats after it. */
static int read_output(struct plm_cli *cli, struct plm_watch_setup *s, bool only_keys, plm_err **err)
{
    const plm_sv *list;
    size_t n = plm_config_list(cli->config, "output", &list);
    for (size_t i = 0; i < n; i++) {
        plm_sv name, value;
        bool has_value = plm_sv_cut(list[i], '=', &name, &value);
        bool is_key = has_value && !is_stream(name) && !plm_format_find(name) && plm_falco_is_key(name);
        if (is_key != only_keys)
            continue;
        int rc = is_key            ? plm_falco_config_set(&cli->ctx, list[i], &s->falco, err)
                 : is_stream(name) ? add_stream(s, name, has_value ? value : PLM_SV_NULL, err)
                                   : plm_cli_output_add(cli, list[i], err);
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* Alerts go to standard output unless a report does, or falco.yaml has other outputs. */
static int streams(struct plm_cli *cli, struct plm_watch_setup *s, plm_err **err)
{
    bool has_report = false, is_said = s->has_stdout;
    for (size_t i = 0; i < cli->outputs.n; i++)
        has_report |= !cli->outputs.v[i].path.p;
    for (size_t i = 0; i < s->falco.sinks.n; i++) {
        if (!plm_sv_is(s->falco.sinks.v[i].name, "stdout"))
            continue;
        if (has_report && !is_said)
            s->falco.sinks.v[i].name = PLM_SV_NULL; /* two things on one stream could not be told apart */
        else
            s->has_stdout = true;
    }
    if (s->has_stdout || has_report || s->falco.has_sinks)
        return 0;
    return add_stream(s, s->falco.alert.json_output ? PLM_SV("falco-json") : PLM_SV("text"), PLM_SV_NULL,
                      err);
}

/* notify_output names targets of plimsoll.yaml (`targets: [ops]`; none: all of them). */
static struct plm_sink *open_notify(struct plm_cli *cli, const struct plm_falco_sink *f, plm_err **err)
{
    struct plm_sink *sink;
    plm_sv_vec names = {0};
    for (size_t i = 0; i < f->keys.n; i++) {
        if (plm_sv_is(f->keys.v[i], "targets") && !plm_sv_vec_add(cli->arena, &names, f->values.v[i]))
            return PLM_NULL(plm_fail_oom(err));
    }
    if (!names.n && !plm_sv_vec_add(cli->arena, &names, PLM_SV("all")))
        return PLM_NULL(plm_fail_oom(err));
    return plm_cli_notify_sink(cli, names.v, names.n, &sink, err) < 0 ? NULL : sink;
}

static int add_sink(struct plm_cli *cli, struct plm_watch_setup *s, struct plm_sink *sink, plm_err **err)
{
    struct plm_sink **slot = NULL;
    if (sink)
        slot = plm_vec_push(cli->arena, &s->sinks);
    if (!sink)
        return -1;
    if (!slot) {
        sink->close(sink);
        return plm_fail_oom(err);
    }
    *slot = sink;
    return 0;
}

int plm_watch_open_sinks(struct plm_cli *cli, struct plm_watch_setup *s, plm_err **err)
{
    struct plm_sink *sink;
    for (size_t i = 0; i < s->falco.sinks.n; i++) {
        const struct plm_falco_sink *f = &s->falco.sinks.v[i];
        const struct plm_sink_class *class = f->name.n ? plm_sink_find(f->name) : NULL;
        if (!f->name.n)
            continue;
        if (!class)
            return plm_fail(err, PLM_E_UNSUPPORTED, "output %.*s: no such output", PLM_SV_ARG(f->name));
        sink = plm_sv_is(f->name, "notify") ? open_notify(cli, f, err)
                                            : class->open(&cli->ctx, f->keys.v, f->values.v, f->keys.n, err);
        if (add_sink(cli, s, sink, err) < 0)
            return -1;
    }
    /* --notify NAME,... */
    if (plm_cli_notify_sink(cli, NULL, 0, &sink, err) < 0)
        return -1;
    return sink ? add_sink(cli, s, sink, err) : 0;
}

/* ---- the rest ------------------------------------------------------------------------------------- */

static plm_sv hostname(struct plm_cli *cli)
{
    char name[256] = "";
    const char *given = getenv("FALCO_HOSTNAME");
    if (given && *given)
        return plm_sv_from(given);
    return gethostname(name, sizeof(name) - 1) == 0 ? plm_arena_sv(cli->arena, plm_sv_from(name))
                                                    : PLM_SV("localhost");
}

static int falco_config(struct plm_cli *cli, struct plm_watch_setup *s, plm_err **err)
{
    plm_sv path = plm_config_text(cli->config, "falco-config");
    plm_falco_config_init(&s->falco, cli->arena);
    if (path.n && plm_falco_config_read(&cli->ctx, path, &s->falco, err) < 0)
        return -1;
    if (read_output(cli, s, true, err) < 0 || plm_falco_config_finish(&s->falco, err) < 0)
        return -1;
    for (size_t i = 0; i < s->falco.notes.n; i++)
        plm_cli_note(cli, "not carried over: %.*s", PLM_SV_ARG(s->falco.notes.v[i]));
    return 0;
}

static void set_times(struct plm_cli *cli, struct plm_watch_setup *s)
{
    const struct plm_config *c = cli->config;
    struct plm_watch_config *conf = &s->conf;
    conf->for_ms = plm_config_number(c, "for");
    if (!conf->for_ms && plm_config_number(c, "seconds"))
        conf->for_ms = plm_config_number(c, "seconds") * 1000;
    conf->metadata_wait_ms = plm_config_number(c, "metadata-wait");
    conf->record_around_ms = plm_config_number(c, "around");
    conf->metrics_interval_ms = plm_config_number(c, "metrics-interval");
    if (!conf->metrics_interval_ms)
        conf->metrics_interval_ms = s->falco.metrics_interval_ms;
}

static int responses(struct plm_cli *cli, struct plm_watch_setup *s, plm_err **err)
{
    const struct plm_config *c = cli->config;
    struct plm_watch_config *conf = &s->conf;
    const plm_sv *list;
    size_t n = plm_config_list(c, "respond", &list);
    if (n && plm_responses_parse(list, n, cli->arena, &conf->respond, err) < 0)
        return plm_wrap(err, "--respond");
    conf->respond.dry_run = conf->drift.dry_run = plm_config_flag(c, "respond-dry-run");
    conf->respond.n_never = conf->drift.n_never = plm_config_list(c, "respond-never", &list);
    conf->respond.never = conf->drift.never = list;
    conf->respond.docker_host = conf->drift.docker_host = plm_config_text(c, "host");
    conf->prevent_drift = plm_config_flag(c, "prevent-drift");
    conf->drift.fail_closed = plm_config_flag(c, "drift-fail-closed");
    return 0;
}

int plm_watch_setup(struct plm_cli *cli, struct plm_watch_setup *s, plm_err **err)
{
    const struct plm_config *c = cli->config;
    struct plm_watch_config *conf = &s->conf;
    cli->no_last_line = true;
    if (falco_config(cli, s, err) < 0 || read_output(cli, s, false, err) < 0 || streams(cli, s, err) < 0 ||
        rules(cli, s, err) < 0 || responses(cli, s, err) < 0 ||
        plm_watch_judge_read(cli, &s->gates, &s->n_gates, &s->exceptions, err) < 0)
        return -1;
    s->falco.alert.hostname = hostname(cli);
    conf->alert = s->falco.alert;
    conf->outputs = s->falco.outputs;
    conf->docker_host = plm_config_text(c, "host");
    conf->watch_files = s->falco.watch_files && !conf->rules.texts;
    conf->watched = s->falco.files.v;
    conf->n_watched = s->falco.files.n;
    conf->metrics_listen = plm_config_text(c, "metrics-listen");
    if (!conf->metrics_listen.n)
        conf->metrics_listen = s->falco.metrics_listen;
    set_times(cli, s);
    if (plm_config_flag(c, "all-events"))
        plm_cli_note(cli, "-A: nothing to do; the rules get every event that they name, I/O calls too");
    return 0;
}

void plm_watch_setup_done(struct plm_watch_setup *s)
{
    plm_watch_judge_done(s->exceptions);
    for (size_t i = 0; i < s->sinks.n; i++)
        s->sinks.v[i]->close(s->sinks.v[i]);
}
