/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll scan: configuration to scan options, sources in turn into one report, gates, outputs.
 */
#include "cli/policy_common.h"

#include "base/fs.h"

#include <limits.h>

/* The policy of a run, read before the work so that a fault in it costs nothing. */
struct judged_by {
    struct plm_policy *policy; /* NULL: none */
    struct plm_policy_wants wants;
    struct plm_scan_policy scan;
};

static void judged_by_done(struct judged_by *j)
{
    plm_policy_free(j->policy);
}
PLM_CLEANUP_INPLACE(struct judged_by, judged_by_done)

static int read_policy(struct plm_cli *cli, const char *otherwise, struct judged_by *j, plm_err **err)
{
    plm_sv name = plm_config_text(cli->config, "policy");
    if (!name.n)
        name = plm_sv_from(otherwise);
    if (!name.n)
        return 0;
    enum plm_policy_mode mode = plm_cli_policy_mode(cli);
    j->policy = plm_cli_policy_open(cli, name, mode, err);
    if (!j->policy)
        return -1;
    plm_policy_wants(j->policy, &j->wants);
    plm_sv id = plm_policy_id(j->policy), label = plm_policy_name(j->policy);
    j->scan = (struct plm_scan_policy){.policy = j->policy,
                                       .mode = mode,
                                       .name = id.n      ? id
                                               : label.n ? label
                                                         : name,
                                       .tag = plm_config_text(cli->config, "tag")};
    return 0;
}

static int apply_policy(struct plm_cli *cli, struct plm_scan_setup *s, struct judged_by *j,
                        struct plm_report *r, plm_err **err)
{
    size_t unmapped = 0;
    if (!j->policy)
        return 0;
    j->scan.exceptions = s->exceptions;
    j->scan.before = s->before && s->before->facts.n ? s->before->facts.v[0] : NULL;
    if (plm_scan_policy_judge(&cli->ctx, &j->scan, r, &unmapped, err) < 0)
        return -1;
    if (unmapped)
        plm_cli_exit_add(cli, r, PLM_EXIT_EMPTY);
    if (s->exceptions && plm_exceptions_note(&cli->ctx, s->exceptions, r, err) < 0)
        return -1;
    return plm_report_finish(r, err);
}

/* Saved facts as the only source. */
static int read_facts(struct plm_cli *cli, const struct plm_scan_setup *s, struct plm_report **r,
                      bool *out_is_saved, plm_err **err)
{
    for (size_t i = 0; i < s->words.n; i++) {
        if (!plm_cli_is_facts(s->words.v[i].p))
            continue;
        if (s->words.n > 1)
            return plm_fail(err, PLM_E_USAGE, "%s: saved facts are judged alone, not beside other sources",
                            s->words.v[i].p);
        struct plm_report *saved = plm_cli_facts_report(cli, s->words.v[i].p, err);
        if (!saved)
            return -1;
        plm_report_free(*r);
        *r = saved;
        *out_is_saved = true;
    }
    return 0;
}

/* A source that failed does not stop the others; alone it is the run's error. */
static int scan_words(struct plm_cli *cli, struct plm_scan_setup *s, struct plm_report *r, plm_err **err)
{
    for (size_t i = 0; i < s->words.n; i++) {
        plm_err *e = NULL;
        plm_progress_step(cli->ctx.progress, "scanning", i + 1, s->words.n);
        if (plm_scan_word(&cli->ctx, s->words.v[i].p, &s->scan, r, &e) >= 0)
            continue;
        if (s->words.n == 1 || plm_err_code(e) == PLM_E_USAGE || plm_err_code(e) == PLM_E_CONFIG ||
            plm_err_code(e) == PLM_E_CANCEL || plm_err_code(e) == PLM_E_OOM)
            return plm_err_move(err, &e);
        plm_cli_error(cli, e);
        plm_diag_err(r, "target.failed", PLM_SEV_HIGH, PLM_NONE, s->words.v[i], e);
        plm_cli_exit_add(cli, r, plm_code_exit(e->code));
        plm_err_free(e);
    }
    return 0;
}

/* A saved report as the only source: its findings are judged again, by today's gate and exceptions. */
static int read_saved(struct plm_cli *cli, const struct plm_scan_setup *s, struct plm_report **r,
                      bool *out_is_saved, plm_err **err)
{
    struct plm_sources src;
    for (size_t i = 0; i < s->words.n; i++) {
        if (plm_source_parse(&cli->ctx, s->words.v[i].p, s->arena, &src, err) < 0)
            return -1;
        if (src.v[0].kind != PLM_SRC_REPORT)
            continue;
        if (s->words.n > 1)
            return plm_fail(err, PLM_E_USAGE, "%s: a saved report is judged alone, not beside other sources",
                            s->words.v[i].p);
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(cli->ctx.limits->json_bytes);
        const char *path = plm_arena_cstr(s->arena, src.v[0].reference);
        if (!path)
            return plm_fail_oom(err);
        if (plm_fs_read(path, b.max, &b, err) < 0)
            return -1;
        struct plm_report *saved = plm_report_read(&cli->ctx, plm_buf_sv(&b), path, err);
        if (!saved)
            return -1;
        plm_report_free(*r);
        *r = saved;
        *out_is_saved = true;
    }
    return 0;
}

/* A named target in which there was nothing to judge: no package. That a distribution is known says nothing
 * about what is installed: its database may have been deleted, or stand behind a link that leads nowhere. */
static void note_empty(const struct plm_cli *cli, const struct plm_scan_setup *s, struct plm_report *r)
{
    if (!s->scan.want_vulnerabilities && r->facts.n)
        return; /* what else was asked for is not about packages */
    for (uint32_t t = 0; t < r->targets.n; t++) {
        plm_sv scheme = r->targets.v[t].scheme;
        if (plm_sv_is(scheme, plm_scheme_name(PLM_SRC_COMPOSE)) ||
            plm_sv_is(scheme, plm_scheme_name(PLM_SRC_DOCKERFILE)))
            continue; /* a text holds no packages */
        bool has_package = false, has_distro = r->targets.v[t].distro.id.n > 0;
        for (size_t i = 0; i < r->packages.n && !has_package; i++)
            has_package = r->packages.v[i].target == t;
        if (has_package)
            continue;
        plm_diag(r, "target.empty", PLM_SEV_MEDIUM, t, r->targets.v[t].reference,
                 "no package was found%s: nothing could be judged",
                 has_distro ? "" : ", and no distribution");
        plm_cli_exit_add(cli, r, PLM_EXIT_EMPTY);
    }
}

static void note_age(const struct plm_cli *cli, const struct plm_scan_setup *s, struct plm_report *r)
{
    uint64_t max_ms = plm_config_number(cli->config, "db-max-age");
    int64_t age;
    if (!s->scan.want_vulnerabilities ||
        !plm_scan_data_age(&cli->ctx, s->scan.db, &s->scan.match.channels, r, &age))
        return;
    if (age == INT64_MAX) {
        struct plm_diagnostic *d =
            plm_diag(r, "db.missing", PLM_SEV_HIGH, PLM_NONE, PLM_SV("vulnerability data"),
                     "no loaded feed covers the packages found, so vulnerabilities were not judged");
        if (d)
            d->hint = PLM_SV("plimsoll db update, or plimsoll db build --feed FORMAT=PATH; a distribution "
                             "mirror is enough "
                             "for the repository feed");
        plm_cli_exit_add(cli, r, PLM_EXIT_STALE);
    } else if (max_ms != UINT64_MAX && (uint64_t)age > max_ms / 1000) {
        plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(64);
        plm_text_age(&text, age);
        struct plm_diagnostic *d =
            plm_diag(r, "db.stale", PLM_SEV_MEDIUM, PLM_NONE, PLM_SV("vulnerability data"),
                     "the data are %.*s old", PLM_SV_ARG(plm_buf_sv(&text)));
        if (d)
            d->hint = PLM_SV("plimsoll db update; --db-max-age sets what is accepted");
        plm_cli_exit_add(cli, r, PLM_EXIT_STALE);
    }
}

/* What --fail-on high:fixable would have done, where no gate was given. */
static void hint_gate(const struct plm_cli *cli, const struct plm_report *r)
{
    static const struct plm_gate usual = {
        .kind = PLM_KIND_VULNERABILITY, .level = PLM_SEV_HIGH, .fixable = true};
    size_t n = 0, unknown = 0;
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct plm_finding *f = &r->findings.v[i];
        n += plm_gate_hits(&usual, f);
        unknown += !f->suppressed && f->severity == PLM_SEV_UNKNOWN;
    }
    char also[96] = "";
    if (unknown)
        snprintf(also, sizeof(also), "; %zu ha%s no known severity, which only the level unknown counts",
                 unknown, unknown == 1 ? "s" : "ve");
    plm_cli_note(cli, "no gate was given; --fail-on high:fixable would %s this run (%zu finding%s)%s",
                 n ? "fail" : "pass", n, n == 1 ? "" : "s", also);
}

static int judge(struct plm_cli *cli, struct plm_scan_setup *s, struct judged_by *by, struct plm_report *r,
                 bool is_saved, plm_err **err)
{
    plm_sv text = plm_config_text(cli->config, "fail-on");
    bool is_given = plm_config_is_set(cli->config, "fail-on");
    struct plm_gate *gates = NULL;
    size_t n = 0;
    if (is_given && plm_gates_parse(text, PLM_KIND_VULNERABILITY, r->arena, &gates, &n, err) < 0)
        return -1;
    if (is_saved) {
        s->scan.db = NULL; /* the feeds, their age and what was empty stand in the report */
    } else {
        note_empty(cli, s, r);
        note_age(cli, s, r);
    }
    if (plm_scan_finish(&cli->ctx, &s->scan, s->before, r, err) < 0)
        return -1;
    is_given = is_given && n > 0;
    if (plm_gates_judge(r, gates, n, is_given, err) < 0)
        return -1;
    if (!is_given && !by->policy)
        hint_gate(cli, r);
    return apply_policy(cli, s, by, r, err);
}

int plm_cli_scan(struct plm_cli *cli, const char *policy, plm_err **err)
{
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(err);
    plm_auto_done(plm_scan_setup_done) struct plm_scan_setup s = {0};
    plm_auto_done(judged_by_done) struct judged_by by = {0};
    if (!r || plm_cli_outputs(cli, err) < 0)
        return -1;
    /* A gate that cannot be read must fail before the work, not after it. */
    struct plm_gate *gates;
    size_t n_gates;
    if (plm_gates_parse(plm_config_text(cli->config, "fail-on"), PLM_KIND_VULNERABILITY, cli->arena, &gates,
                        &n_gates, err) < 0 ||
        read_policy(cli, policy, &by, err) < 0)
        return -1;
    unsigned facts = by.policy ? PLM_SETUP_FACTS : 0;
    if (plm_scan_setup(cli, PLM_SETUP_VULNERABILITIES | PLM_SETUP_INSPECT | facts, &s, err) < 0)
        return -1;
    for (size_t i = 0; i < cli->outputs.n; i++)
        s.scan.want_facts = s.scan.want_facts || strcmp(cli->outputs.v[i].format->id, "facts") == 0;
    s.scan.inspect.want_files = s.scan.inspect.want_files || s.scan.want_facts;
    if (s.words.n == 0) {
        plm_cli_note(cli, "nothing to scan: the engine has no such images or containers");
        return PLM_EXIT_PASSED;
    }
    s.scan.exceptions_later = by.policy != NULL;
    if (by.policy && plm_cli_policy_look_for(&by.wants, &s, err) < 0)
        return -1;
    bool is_saved = false;
    if ((by.policy && read_facts(cli, &s, &r, &is_saved, err) < 0) ||
        (!is_saved && read_saved(cli, &s, &r, &is_saved, err) < 0) ||
        (!is_saved && scan_words(cli, &s, r, err) < 0) || judge(cli, &s, &by, r, is_saved, err) < 0)
        return -1;
    if (plm_net_hosts(r->arena, &r->network, err) < 0)
        return -1;
    return plm_cli_finish(cli, r, err);
}

static int run(struct plm_cli *cli, plm_err **err)
{
    return plm_cli_scan(cli, NULL, err);
}

static const struct plm_command scan = {
    .name = "scan",
    .arguments = "SOURCE...",
    .summary = "findings and verdict of images, directories, containers and this host",
    .help = "A source is SCHEME:REFERENCE: docker:REF, podman:REF, docker-archive:FILE, oci-archive:FILE, "
            "oci-dir:DIR[:TAG], "
            "dir:DIR, file:FILE, host:, container:ID, images: (all local images), running: (all running "
            "containers) or - "
            "(standard input). Without a scheme: a path if it starts with / ./ ../ ~ or is a regular file, "
            "else an image "
            "reference, looked for in Docker, then Podman.\n\n"
            "Vulnerabilities come from the loaded store (plimsoll db) and from the distribution's own "
            "repositories; what could "
            "not be judged is listed as a diagnostic and is never a clean result.",
    .examples = "plimsoll scan host:\tthe packages of this machine\n"
                "plimsoll scan nginx:1.25 --fail-on high:fixable\tan image of the local engine; exit 1 on "
                "high with a fix\n"
                "docker save app | plimsoll scan - -o json=app.json\tan image from a pipe, into a report\n",
    .foreign = " image fs rootfs filesystem vm ",
    .min_words = 0,
    .max_words = UINT_MAX,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, scan);
