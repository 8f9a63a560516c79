/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration to audit options, and what is done once after the audit.
 */
#include "cli/audit_setup.h"

#include "cli/policy_common.h"
#include "kernel/kernel.h"

/* ---- options ----------------------------------------------------------------------------------- */

static const struct {
    const char *option;
    size_t offset; /* of a plm_sv_vec in struct plm_audit_options */
} lists[] = {
    {"check", offsetof(struct plm_audit_options, checks)},
    {"skip-check", offsetof(struct plm_audit_options, skip)},
    {"filter", offsetof(struct plm_audit_options, filters)},
    {"trusted-users", offsetof(struct plm_audit_options, expect.trusted_users)},
    {"allowed-registries", offsetof(struct plm_audit_options, expect.allowed_registries)},
    {"allowed-mounts", offsetof(struct plm_audit_options, expect.allowed_mounts)},
    {"allowed-capabilities", offsetof(struct plm_audit_options, expect.allowed_capabilities)},
    {"allowed-runtimes", offsetof(struct plm_audit_options, expect.allowed_runtimes)},
    {"log-drivers", offsetof(struct plm_audit_options, expect.log_drivers)},
    {"allowed-processes", offsetof(struct plm_audit_options, expect.allowed_processes)},
    {"allowed-services", offsetof(struct plm_audit_options, expect.allowed_services)},
    {"allowed-listeners", offsetof(struct plm_audit_options, expect.allowed_listeners)},
    {"allowed-setuid", offsetof(struct plm_audit_options, expect.allowed_setuid)},
    {"allowed-ports", offsetof(struct plm_audit_options, expect.allowed_ports)},
    {"severities", offsetof(struct plm_audit_options, expect.severities)},
};

static void set_lists(const struct plm_config *c, struct plm_arena *a, struct plm_audit_options *o)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const plm_sv *v;
        size_t n = plm_config_list(c, lists[i].option, &v);
        plm_sv_vec *to = (plm_sv_vec *)(void *)((char *)o + lists[i].offset);
        for (size_t k = 0; k < n; k++)
            plm_sv_vec_add(a, to, v[k]);
    }
}

static int check_severities(const struct plm_audit_options *o, plm_err **err)
{
    for (size_t i = 0; i < o->expect.severities.n; i++) {
        plm_sv id, level;
        enum plm_severity s;
        plm_sv text = o->expect.severities.v[i];
        if (!plm_sv_cut(text, '=', &id, &level) || !plm_severity_parse(level, &s) || !plm_check_find(id))
            return plm_fail(err, PLM_E_CONFIG, "audit.severities: %.*s is not CHECK=LEVEL", PLM_SV_ARG(text));
    }
    return 0;
}

static int set_options(struct plm_cli *cli, struct plm_audit_setup *s, plm_err **err)
{
    const struct plm_config *c = cli->config;
    struct plm_audit_options *o = &s->audit;
    set_lists(c, s->scan.arena, o);
    o->stages = PLM_STAGE_ALL;
    o->framework = plm_framework_name(plm_config_text(c, "framework"));
    o->level = (unsigned)plm_config_number(c, "level");
    o->root = plm_config_text(c, "root");
    o->host = plm_config_text(c, "host");
    o->context = plm_config_text(c, "context");
    /* The engines of a disk or of a recorded tree do not answer here. */
    o->no_engine = o->root.n && !o->host.n && !o->context.n;
    o->expect.max_image_age = plm_config_number(c, "max-image-age") / 1000;
    o->expect.max_idle = plm_config_number(c, "max-idle") / 1000;
    o->expect.restart_max = plm_config_number(c, "restart-max");
    o->expect.low_port = plm_config_number(c, "low-port");
    if (plm_config_is_set(c, "level") && o->level != 1 && o->level != 2)
        return plm_fail(err, PLM_E_USAGE, "--level: 1 or 2");
    return check_severities(o, err);
}

int plm_audit_setup(struct plm_cli *cli, const char *default_gate, struct plm_audit_setup *out, plm_err **err)
{
    *out = (struct plm_audit_setup){0};
    /* A gate that cannot be read must fail before the work, not after it. */
    bool is_set = plm_config_is_set(cli->config, "fail-on");
    plm_sv text = is_set ? plm_config_text(cli->config, "fail-on") : plm_sv_from(default_gate);
    if (plm_gates_parse(text, PLM_KIND_AUDIT, cli->arena, &out->gates, &out->n_gates, err) < 0)
        return -1;
    out->is_gate_given = out->n_gates > 0;
    if (plm_scan_setup(cli, PLM_SETUP_VULNERABILITIES | PLM_SETUP_INSPECT | PLM_SETUP_NO_WORDS, &out->scan,
                       err) < 0 ||
        set_options(cli, out, err) < 0)
        return -1;
    return plm_arena_check(out->scan.arena, err);
}

int plm_audit_use_policy(struct plm_cli *cli, struct plm_audit_setup *s, plm_err **err)
{
    plm_sv name = plm_config_text(cli->config, "policy");
    if (!name.n && plm_config_is_set(cli->config, "fail-on"))
        return 0;
    s->policy_name = name.n ? name : PLM_SV("default");
    s->policy = plm_cli_policy_open(cli, s->policy_name, PLM_POLICY_FIXED, err);
    if (!s->policy)
        return -1;
    struct plm_policy_wants wants;
    plm_policy_wants(s->policy, &wants);
    return plm_cli_policy_look_for(&wants, &s->scan, err);
}

void plm_audit_setup_done(struct plm_audit_setup *s)
{
    plm_policy_free(s->policy);
    plm_scan_setup_done(&s->scan);
}

/* ---- the machine or a container ------------------------------------------------------------------ */

int plm_audit_refuse_in_container(const struct plm_cli *cli, const char *command, plm_err **err)
{
    if (plm_config_text(cli->config, "root").n)
        return 0;
    plm_auto(plm_kernel_close) struct plm_kernel *k = plm_kernel_open(&cli->ctx, PLM_SV_NULL, NULL);
    if (!k || !plm_kernel_in_container(k))
        return 0;
    int r = plm_fail_id(err, PLM_E_USAGE, "host.in-container", "%s: this is a container, not the machine",
                        command);
    plm_err_hint(
        err,
        "docker run --rm --pid=host --net=host --userns=host --cap-add=SYS_PTRACE --cap-add=SYS_ADMIN "
        "--security-opt apparmor=unconfined -v /:/host:ro,rslave -v /run/docker.sock:/run/docker.sock IMAGE "
        "%s "
        "--root /host -H unix:///run/docker.sock",
        command);
    return r;
}

/* ---- what inspectors found ------------------------------------------------------------------------ */

/* What scans of this run found in images beside vulnerabilities: the audit has summed it up per image, and
 * the facts hold it for the policy; the same fault is not listed twice. */
static void drop_inspections(struct plm_report *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->findings.n; i++) {
        enum plm_kind kind = r->findings.v[i].kind;
        if (kind != PLM_KIND_MISCONFIGURATION && kind != PLM_KIND_SECRET)
            r->findings.v[kept++] = r->findings.v[i];
    }
    r->findings.n = kept;
    kept = 0;
    for (size_t i = 0; i < r->checks.n; i++)
        if (plm_sv_is(r->targets.v[r->checks.v[i].target].scheme, "audit"))
            r->checks.v[kept++] = r->checks.v[i];
    r->checks.n = kept;
}

/* ---- scans ----------------------------------------------------------------------------------------- */

int plm_audit_scan(struct plm_cli *cli, struct plm_audit_setup *s, const char *word, struct plm_report *r,
                   plm_err **err)
{
    plm_err *e = NULL;
    if (plm_scan_word(&cli->ctx, word, &s->scan.scan, r, &e) >= 0)
        return 0;
    enum plm_code code = plm_err_code(e);
    if (code == PLM_E_CANCEL || code == PLM_E_OOM || code == PLM_E_CONFIG)
        return plm_err_move(err, &e);
    plm_cli_error(cli, e);
    plm_diag_err(r, "target.failed", PLM_SEV_HIGH, PLM_NONE, plm_sv_from(word), e);
    plm_cli_exit_add(cli, r, plm_code_exit(code));
    plm_err_free(e);
    return 0;
}

/* ---- from findings to the verdict -------------------------------------------------------------------- */

/* A check that was named and could not be judged makes the run incomplete; others only count in the score. */
static void note_unknown(const struct plm_audit_options *o, struct plm_report *r)
{
    for (size_t i = 0; o->checks.n && i < r->checks.n; i++) {
        const struct plm_check_row *row = &r->checks.v[i];
        if (row->outcome == PLM_OUT_UNKNOWN)
            plm_diag(r, "audit.unknown", PLM_SEV_HIGH, row->target, row->object,
                     "check %.*s could not be judged: %.*s", PLM_SV_ARG(row->id),
                     PLM_SV_ARG(row->evidence.n ? row->evidence.v[0] : PLM_SV("no evidence")));
    }
}

static int judge_images(struct plm_cli *cli, struct plm_audit_setup *s, struct plm_report *r, plm_err **err)
{
    const struct plm_scan_policy p = {.policy = s->policy,
                                      .mode = PLM_POLICY_FIXED,
                                      .name = s->policy_name,
                                      .exceptions = s->scan.exceptions,
                                      .images_only = true};
    size_t unmapped;
    if (!s->policy || !r->facts.n)
        return 0;
    if (plm_scan_policy_judge(&cli->ctx, &p, r, &unmapped, err) < 0)
        return -1;
    if (unmapped)
        plm_cli_exit_add(cli, r, PLM_EXIT_EMPTY);
    return 0;
}

int plm_audit_conclude(struct plm_cli *cli, struct plm_audit_setup *s, struct plm_report *r, plm_err **err)
{
    note_unknown(&s->audit, r);
    s->scan.scan.exceptions_later = true; /* the policy may use those that no finding needs */
    if (plm_scan_finish(&cli->ctx, &s->scan.scan, s->scan.before, r, err) < 0)
        return -1;
    /* Gates before anything is dropped: secret:high means what was found. */
    if (plm_gates_judge(r, s->gates, s->n_gates, s->is_gate_given, err) < 0)
        return -1;
    drop_inspections(r);
    if (judge_images(cli, s, r, err) < 0 ||
        (s->scan.exceptions && plm_exceptions_note(&cli->ctx, s->scan.exceptions, r, err) < 0) ||
        plm_report_finish(r, err) < 0 || plm_audit_score(r, err) < 0)
        return -1;
    if (plm_net_hosts(r->arena, &r->network, err) < 0)
        return -1;
    plm_sv dir = plm_config_text(cli->config, "fix-dir");
    if (!dir.n)
        return 0;
    if (plm_audit_fix_dir(&cli->ctx, &s->audit, r, dir.p, err) < 0)
        return plm_wrap(err, "--fix-dir");
    plm_cli_note(cli, "%.*s: read what it holds before you run any of it", PLM_SV_ARG(dir));
    return 0;
}
