/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll audit: the checks of a host, its engines, their images and containers.
 */
#include "cli/audit_setup.h"

#include <limits.h>

/* The first word may name a stage; the rest are names of containers, images or services. */
static int read_words(struct plm_cli *cli, struct plm_audit_setup *s, plm_err **err)
{
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words), i = 0;
    enum plm_stage stage;
    if (n && plm_stage_parse(plm_sv_from(words[0]), &stage)) {
        s->audit.stages = PLM_STAGE_BIT(stage);
        s->audit.is_thorough = stage == PLM_STAGE_HOST;
        i = 1;
    } else if (n) {
        s->audit.stages = PLM_STAGE_BIT(PLM_STAGE_IMAGES) | PLM_STAGE_BIT(PLM_STAGE_CONTAINERS) |
                          PLM_STAGE_BIT(PLM_STAGE_SWARM);
    }
    bool takes_names =
        s->audit.stages & (PLM_STAGE_BIT(PLM_STAGE_IMAGES) | PLM_STAGE_BIT(PLM_STAGE_CONTAINERS) |
                           PLM_STAGE_BIT(PLM_STAGE_SWARM));
    if (i < n && !takes_names)
        return plm_fail(err, PLM_E_USAGE, "audit %s takes no names, but got \"%s\"", words[0], words[i]);
    for (; i < n; i++)
        plm_sv_vec_add(s->scan.arena, &s->audit.names, plm_sv_from(words[i]));
    return plm_arena_check(s->scan.arena, err);
}

static bool needs_host(unsigned stages)
{
    return (stages & (PLM_STAGE_BIT(PLM_STAGE_HOST) | PLM_STAGE_BIT(PLM_STAGE_ENGINE) |
                      PLM_STAGE_BIT(PLM_STAGE_CONTAINERS))) != 0;
}

static int write_fixes(struct plm_cli *cli, struct plm_audit_setup *s, const struct plm_report *r,
                       plm_err **err)
{
    plm_sv dir = plm_config_text(cli->config, "fix-dir");
    const char *path = dir.n ? plm_arena_cstr(s->scan.arena, dir) : NULL;
    if (!dir.n)
        return 0;
    return path ? plm_audit_fix_dir(&cli->ctx, &s->audit, r, path, err) : plm_fail_oom(err);
}

static int run(struct plm_cli *cli, plm_err **err)
{
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(err);
    plm_auto_done(plm_audit_setup_done) struct plm_audit_setup s = {0};
    if (!r || plm_cli_outputs(cli, err) < 0 || plm_audit_setup(cli, NULL, &s, err) < 0 ||
        read_words(cli, &s, err) < 0)
        return -1;
    if (needs_host(s.audit.stages) && plm_audit_refuse_in_container(cli, "audit", err) < 0)
        return -1;
    plm_sv learn = plm_config_text(cli->config, "learn");
    if (learn.n) {
        s.audit.is_thorough = true;
        return plm_audit_learn(&cli->ctx, &s.audit, learn.p, err) < 0 ? -1 : PLM_EXIT_PASSED;
    }
    /* Packages behind updates are judged by what a scan of the host finds. */
    unsigned host_stages = PLM_STAGE_BIT(PLM_STAGE_HOST) | PLM_STAGE_BIT(PLM_STAGE_ENGINE);
    bool wants_scan = s.scan.scan.want_vulnerabilities && (s.audit.stages & host_stages) && !s.audit.names.n;
    if (wants_scan && plm_audit_scan(cli, &s, "host:", r, err) < 0)
        return -1;
    if (plm_audit_run(&cli->ctx, &s.audit, r, err) < 0 || plm_audit_conclude(cli, &s, r, err) < 0)
        return -1;
    if (write_fixes(cli, &s, r, err) < 0)
        return -1;
    return plm_cli_finish(cli, r, err);
}

static const struct plm_command audit = {
    .name = "audit",
    .arguments = "[host|engine|images|containers|swarm] [NAME...]",
    .summary = "checks of this host, its engines, images and containers",
    .help = "Judges what is declared and what the kernel says is in force, by the checks that plimsoll list "
            "checks "
            "shows: the CIS Docker Benchmark's numbers, and more. Five outcomes: pass, fail, manual (a "
            "person decides), "
            "na (does not apply) and unknown (could not be determined, with the reason). Names are those of "
            "containers, "
            "images or services; patterns work.\n\n"
            "Without --fail-on the result is none and the exit code 0; --fail-on high fails on any failed "
            "check of that "
            "severity.",
    .examples = "plimsoll audit\teverything on this machine\n"
                "plimsoll audit containers web db\ttwo containers\n"
                "plimsoll audit --fix-dir fixes\tscripts that mend what failed, to read and then run\n"
                "plimsoll audit engine --framework cis -o json\tthe engine against the CIS benchmark\n"
                "",
    .foreign = " bench docker-bench lynis benchmark kube-bench ",
    .min_words = 0,
    .max_words = UINT_MAX,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, audit);
