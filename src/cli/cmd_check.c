/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll check: the whole machine on one page. Host, images in use, then the audit, which joins
 * with what the scans found; one verdict.
 */
#include "cli/audit_setup.h"
#include "cli/watch_view.h"

#include "base/text.h"
#include "base/time.h"
#include "docker/docker.h"

/* Beside the policy `default`, which judges the images: fixable vulnerabilities from high, updates that a
 * security suite has whatever their severity, failed checks from high (drift, a difference between declared
 * and in force, is one).
 */
#define DEFAULT_GATE "vulnerability:high:fixable,update,audit:high"

static void add_stage(struct plm_report *r, const char *name, uint64_t *since)
{
    uint64_t now = plm_clock_ms();
    struct plm_stage_row *row = plm_vec_push(r->arena, &r->stages);
    if (row)
        *row = (struct plm_stage_row){.name = plm_sv_from(name), .ms = now - *since};
    *since = now;
}

/* Images of all containers, running or not, each once: by the name that the container was made from where it
 * still means that image, else by id. */
static int images_in_use(struct plm_cli *cli, struct plm_audit_setup *s, struct plm_arena *a, plm_sv_vec *out,
                         plm_err **err)
{
    const struct plm_engine_config conf = {.host = s->audit.host, .context = s->audit.context};
    struct plm_engine_container *list;
    size_t n;
    plm_auto(plm_engine_close) struct plm_engine *e = plm_engine_open(&cli->ctx, &conf, err);
    if (!e || plm_engine_containers(e, true, a, &list, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        plm_sv_vec_add(a, out, plm_arena_printf(a, "docker:%.*s", PLM_SV_ARG(list[i].image_id)));
    plm_sv_vec_sort_unique(out);
    return plm_arena_check(a, err);
}

static int scan_images(struct plm_cli *cli, struct plm_audit_setup *s, struct plm_report *r, plm_err **err)
{
    plm_sv_vec images = {0};
    plm_err *e = NULL;
    if (s->audit.no_engine)
        return 0;
    if (images_in_use(cli, s, s->scan.arena, &images, &e) < 0) {
        enum plm_code code = plm_err_code(e);
        if (code == PLM_E_OOM || code == PLM_E_CANCEL)
            return plm_err_move(err, &e);
        /* That there is no engine, or that it refuses, is said once: by the audit. */
        plm_err_free(e);
        return 0;
    }
    for (size_t i = 0; i < images.n; i++) {
        plm_progress_step(cli->ctx.progress, "scanning images", i + 1, images.n);
        if (plm_audit_scan(cli, s, images.v[i].p, r, err) < 0)
            return -1;
    }
    return 0;
}

static int look(struct plm_cli *cli, struct plm_audit_setup *s, struct plm_report *r, plm_err **err)
{
    uint64_t since = plm_clock_ms();
    if (s->scan.scan.want_vulnerabilities) {
        plm_progress_step(cli->ctx.progress, "scanning the host", 0, 0);
        s->scan.scan.want_facts = false;
        if (plm_audit_scan(cli, s, "host:", r, err) < 0)
            return -1;
        s->scan.scan.want_facts =
            s->policy != NULL; /* of images: those of the host are a walk of its disks */
        add_stage(r, "scan host", &since);
        if (scan_images(cli, s, r, err) < 0)
            return -1;
        add_stage(r, "scan images", &since);
    }
    plm_progress_step(cli->ctx.progress, "auditing", 0, 0);
    if (plm_audit_run(&cli->ctx, &s->audit, r, err) < 0)
        return -1;
    add_stage(r, "audit", &since);
    return plm_audit_conclude(cli, s, r, err);
}

static int check_once(struct plm_cli *cli, struct plm_audit_setup *s, plm_err **err)
{
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(err);
    if (!r || look(cli, s, r, err) < 0)
        return -1;
    if (plm_config_flag(cli->config, "watch") && cli->is_tty &&
        plm_cli_print(PLM_SV("\033[H\033[2J"), err) < 0)
        return -1;
    return plm_cli_finish(cli, r, err);
}

/* Until it is told to stop; the last page's code is the run's. */
static int watch(struct plm_cli *cli, struct plm_audit_setup *s, plm_err **err)
{
    const struct plm_engine_config conf = {.host = s->audit.host, .context = s->audit.context};
    /* Before the first look, so that nothing that happens during it is missed. */
    plm_auto(plm_lookout_free) struct plm_lookout *w = plm_lookout_new(&cli->ctx, &conf, err);
    int code = -1, more;
    if (!w)
        return -1;
    do {
        cli->started_ms = plm_clock_ms();
        code = check_once(cli, s, err);
        if (code < 0)
            return -1;
        plm_cli_note(cli, "watching %s; Ctrl-C ends it",
                     plm_lookout_has_engine(w) ? "the engine's events and files"
                                               : "files (no engine answers)");
        more = plm_lookout_wait(w, err);
    } while (more > 0);
    return more < 0 ? -1 : code;
}

static int run(struct plm_cli *cli, plm_err **err)
{
    plm_auto_done(plm_audit_setup_done) struct plm_audit_setup s = {0};
    if (plm_cli_outputs(cli, err) < 0 || plm_audit_refuse_in_container(cli, "check", err) < 0 ||
        plm_audit_setup(cli, DEFAULT_GATE, &s, err) < 0 || plm_audit_use_policy(cli, &s, err) < 0)
        return -1;
    return plm_config_flag(cli->config, "watch") ? watch(cli, &s, err) : check_once(cli, &s, err);
}

static const struct plm_command check = {
    .name = "check",
    .arguments = "",
    .summary = "this machine on one page: host, engine, images, containers; one verdict",
    .help = "Scans the host and the images of its containers, audits host, engines, images and containers, "
            "and shows how "
            "each stage stands, what to mend first, and what could not be examined. Needs root to see "
            "everything; "
            "without it, it does what it can and says what it lacked.\n\n"
            "A score is 100 * (1 - failed weight / judged weight), with weights 10, 5, 2 and 1 for critical, "
            "high, medium "
            "and low; what could not be judged counts as failed. Without --fail-on the verdict fails on any "
            "vulnerability "
            "of high or critical severity with a fix, on any update that a security suite has, on any failed "
            "check of "
            "severity high or above, on anything in force that differs from what was declared, and on images "
            "that "
            "the policy "
            "`default` stops. -v lists "
            "everything.",
    .examples = "plimsoll check\tthis machine\n"
                "plimsoll check --watch\tagain whenever something changes\n"
                "plimsoll check -o html=report.html\tthe report for an auditor\n"
                "plimsoll check -o json=today.json --against yesterday.json\tonly what is new or worse\n",
    .foreign = " status doctor ",
    .min_words = 0,
    .max_words = 0,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, check);
