/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll watch: alerts of this machine, or of a recording, by Falco's rules.
 */
#include "cli/watch_check.h"
#include "cli/watch_setup.h"

#include <limits.h>

struct listener {
    struct plm_watch_findings *findings;
};

static void on_alert(void *data, const struct plm_alert *a)
{
    plm_watch_findings_add(((struct listener *)data)->findings, a);
}

static int add_target(struct plm_report *r, const struct plm_watch_config *conf, plm_err **err)
{
    struct plm_target *t = plm_report_target(r);
    if (!t)
        return plm_fail_oom(err);
    t->scheme = conf->replay.n ? PLM_SV("file") : PLM_SV("host");
    t->reference = plm_arena_sv(r->arena, conf->replay.n ? conf->replay : PLM_SV(""));
    t->id =
        conf->replay.n ? plm_arena_printf(r->arena, "file:%.*s", PLM_SV_ARG(conf->replay)) : PLM_SV("host:");
    return plm_arena_check(r->arena, err);
}

static void say_parts(const struct plm_cli *cli, const struct plm_watch *w)
{
    const struct plm_sensor_part *parts;
    size_t n = plm_watch_parts(w, &parts);
    for (size_t i = 0; i < n; i++)
        if (!parts[i].is_attached)
            plm_cli_note(cli, "%s is not attached (%.*s): not seen is %s", parts[i].name,
                         PLM_SV_ARG(parts[i].why), parts[i].what);
}

static int watch(struct plm_cli *cli, struct plm_watch_setup *s, plm_err **err)
{
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(err);
    if (!r || add_target(r, &s->conf, err) < 0)
        return -1;
    plm_auto(plm_watch_findings_free) struct plm_watch_findings *findings = plm_watch_findings_new(r, err);
    if (!findings || plm_watch_block_signals(err) < 0 || plm_watch_open_sinks(cli, s, err) < 0)
        return -1;
    struct listener l = {.findings = findings};
    size_t n_sinks = s->sinks.n;
    s->sinks.n = 0; /* they are taken over now */
    plm_auto(plm_watch_free) struct plm_watch *w =
        plm_watch_new(&cli->ctx, &s->conf, s->sinks.v, n_sinks, cli->arena, &s->load, err);
    if (!w) {
        plm_watch_print_load(cli, &s->load);
        plm_watch_unblock_signals();
        return -1;
    }
    say_parts(cli, w);
    int rc = plm_watch_run(w, on_alert, &l, err);
    plm_watch_unblock_signals();
    return rc < 0 ? -1 : plm_watch_conclude(cli, s, w, findings, r, err);
}

static int refuse_words(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    if (!plm_config_words(cli->config, &words))
        return 0;
    int rc =
        plm_fail_id(err, PLM_E_USAGE, "usage.command", "%s: plimsoll watch takes no such word", words[0]);
    plm_err_hint(err, "plimsoll watch [run|record|replay|explain|check|fields]; a rule file is -r %s",
                 words[0]);
    return rc;
}

/* -V with -o json, or with Falco's -o json_output=true. */
static bool wants_check_json(const struct plm_cli *cli)
{
    const plm_sv *words;
    size_t n = plm_config_list(cli->config, "output", &words);
    bool as_json = false;
    for (size_t i = 0; i < n; i++)
        as_json |= plm_sv_is(words[i], "json") || plm_sv_is(words[i], "falco-json") ||
                   plm_sv_is(words[i], "json_output=true");
    return as_json;
}

static int run(struct plm_cli *cli, plm_err **err)
{
    plm_auto_done(plm_watch_setup_done) struct plm_watch_setup s = {0};
    const plm_sv *files;
    if (refuse_words(cli, err) < 0)
        return -1;
    size_t n = plm_config_list(cli->config, "validate", &files);
    if (n)
        return plm_cli_watch_check(cli, files, n, wants_check_json(cli), err);
    if (plm_watch_setup(cli, &s, err) < 0)
        return -1;
    s.conf.replay = plm_config_text(cli->config, "replay");
    s.conf.record = plm_config_text(cli->config, "record");
    return watch(cli, &s, err);
}

static int run_replay(struct plm_cli *cli, plm_err **err)
{
    plm_auto_done(plm_watch_setup_done) struct plm_watch_setup s = {0};
    const char *const *words;
    if (plm_config_words(cli->config, &words) != 1)
        return plm_fail_id(err, PLM_E_USAGE, "usage.value", "name one recording");
    if (plm_watch_setup(cli, &s, err) < 0)
        return -1;
    s.conf.replay = plm_sv_from(words[0]);
    s.conf.record = plm_config_text(cli->config, "record");
    return watch(cli, &s, err);
}

static int run_record(struct plm_cli *cli, plm_err **err)
{
    plm_auto_done(plm_watch_setup_done) struct plm_watch_setup s = {0};
    const char *const *words;
    if (plm_config_words(cli->config, &words) != 1)
        return plm_fail_id(err, PLM_E_USAGE, "usage.value", "name the file to write");
    if (plm_watch_setup(cli, &s, err) < 0)
        return -1;
    s.conf.record = plm_sv_from(words[0]);
    return watch(cli, &s, err);
}

#define HELP                                                                                                 \
    "Reads system calls from the kernel through BPF programs and asks the rules about them. The rules are "  \
    "Falco's "                                                                                               \
    "language; without -r and -c the built-in rules are used. Alerts go to standard output as they come, a " \
    "line "                                                                                                  \
    "each; -o falco-json gives Falco's JSON, -o json, sarif, junit and the other formats write a report at " \
    "the "                                                                                                   \
    "end, in which every alert is a finding of kind runtime. -o KEY=VALUE sets a key of falco.yaml.\n\n"     \
    "Rule files are read again when they change or on SIGHUP; a file that does not load leaves the old "     \
    "rules "                                                                                                 \
    "running. SIGUSR1 opens output files again. It needs root, or CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE and " \
    "CAP_DAC_READ_SEARCH."

static const struct plm_command watch_command = {
    .name = "watch",
    .arguments = "",
    .summary = "runtime detection: alerts of this machine by Falco's rules",
    .help = HELP,
    .examples = "plimsoll watch\tthis machine, by the built-in rules\n"
                "plimsoll watch -r falco_rules.yaml -r my_rules.yaml\tFalco's rules and your own after them\n"
                "plimsoll watch -c /etc/falco/falco.yaml\tas a Falco that is set up already\n"
                "plimsoll watch --for 5m --fail-on critical -o junit=watch.xml\tin a test pipeline\n",
    .foreign = " falco run-falco monitor tracee tetragon ",
    .min_words = 0,
    .max_words = UINT_MAX,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, watch_command);

static const struct plm_command watch_run = {
    .name = "watch run",
    .arguments = "",
    .summary = "the same as plimsoll watch",
    .help = HELP,
    .examples = "plimsoll watch run -r falco_rules.yaml\tFalco's rules\n",
    .min_words = 0,
    .max_words = UINT_MAX,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, watch_run);

static const struct plm_command watch_replay = {
    .name = "watch replay",
    .arguments = "FILE|-",
    .summary = "ask the rules about a recording",
    .help = "Evaluates a recording (JSON lines, docs/watch.md) as the kernel's events are; needs no rights. "
            "The same "
            "recording and rules give the same alerts in the same order.",
    .examples =
        "plimsoll watch replay incident.jsonl -r rules.yaml\twhat these rules say about it\n"
        "plimsoll watch replay incident.jsonl --fail-on warning\texit 1 if a rule of that level fired\n",
    .min_words = 1,
    .max_words = 1,
    .run = run_replay,
};
PLM_REGISTER(plm_commands, struct plm_command, watch_replay);

static const struct plm_command watch_record = {
    .name = "watch record",
    .arguments = "FILE|-",
    .summary = "write events of this machine into a recording",
    .help = "Watches as plimsoll watch does and writes every event that the rules were asked about, with "
            "processes, "
            "containers and users, as JSON lines. --around keeps only what surrounds alerts.",
    .examples = "plimsoll watch record incident.jsonl --for 1m\ta minute of this machine\n"
                "plimsoll watch record alerts.jsonl --around 5s\tfive seconds before and after each alert\n",
    .foreign = " capture ",
    .min_words = 1,
    .max_words = 1,
    .run = run_record,
};
PLM_REGISTER(plm_commands, struct plm_command, watch_record);
