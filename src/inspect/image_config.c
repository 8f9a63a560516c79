/* SPDX-License-Identifier: Apache-2.0
 *
 * What an image's config says about how it will run (OCI image-spec config.md, docker's additions): user,
 * origin, health check, credentials in the environment and labels, volumes, tag, ports, entry point.
 *
 * The four checkpoints that Dockle lists without code (CIS-DI-0002, 0003, 0004, 0011) and content trust
 * (0005) are judged as far as an image can tell; what only a person can decide is a row `manual` of the
 * report, never a pass.
 */
#include "inspect/accounts.h"
#include "inspect/names.h"

/* clang-format off */
static const struct plm_inspect_check checks[] = {
    {.id = "4.1", .aliases = "CIS-DI-0001 DL3002", .group = "image", .severity = PLM_SEV_MEDIUM, .level = "WARN",
     .title = "the image runs as a user that is not root",
     .rationale = "A process that breaks out of a container keeps its user id; root inside is root outside unless user namespaces are remapped.",
     .fix = "`RUN useradd --uid 10001 app` and `USER 10001` in the Dockerfile"},
    {.id = "4.2", .aliases = "CIS-DI-0002", .group = "image", .severity = PLM_SEV_CRITICAL, .level = "FATAL",
     .title = "the image comes from a registry that is trusted",
     .rationale = "Whoever controls the registry of an image or of its base controls the code that runs.",
     .fix = "use an allowed registry, or add it to `audit.allowed-registries`"},
    {.id = "4.5", .aliases = "CIS-DI-0005", .group = "image", .severity = PLM_SEV_NEGLIGIBLE, .level = "INFO",
     .title = "content trust is replaced by digests and signatures",
     .rationale = "DOCKER_CONTENT_TRUST is a variable of each client's shell that no image shows, and the service behind it is being retired.",
     .fix = "pin images by digest; verify signatures before they run"},
    {.id = "4.6", .aliases = "CIS-DI-0006 DL3057", .group = "image", .severity = PLM_SEV_NEGLIGIBLE, .level = "INFO",
     .title = "the image has a health check",
     .rationale = "Without one the engine knows only that a process exists, not that it works.",
     .fix = "`HEALTHCHECK CMD ...` in the Dockerfile"},
    {.id = "DKL-DI-0002", .group = "image", .severity = PLM_SEV_CRITICAL, .level = "FATAL",
     .title = "no volume or mount lies over a directory of the system",
     .rationale = "A volume over /dev, /proc, /sys or /usr hides what the kernel or the distribution keeps there, and survives an update of the image.",
     .fix = "declare volumes below directories of the application's own, such as /var/lib/app"},
    {.id = "I1", .aliases = "DKL-DI-0006", .group = "image", .severity = PLM_SEV_MEDIUM, .level = "WARN",
     .title = "images have a tag that does not move",
     .rationale = "`latest` names another image tomorrow: what was judged is not what will run.",
     .fix = "tag each build with its version, and refer to it by tag and digest"},
    {.id = "I3", .group = "image", .severity = PLM_SEV_MEDIUM,
     .title = "the image exposes no remote-control or database port",
     .rationale = "A shell, a remote desktop or a database without a password is what scanners of networks look for first.",
     .fix = "remove the EXPOSE; administer through the engine (`docker exec`), reach databases over a network of their own"},
    {.id = "I10", .group = "image", .severity = PLM_SEV_LOW,
     .title = "the image's config is well formed: entry point, ports, labels, environment",
     .rationale = "A shell form entry point does not get signals; a loader variable or a search path that others can write decides which code runs.",
     .fix = "write ENTRYPOINT and CMD in JSON form; leave LD_PRELOAD and LD_LIBRARY_PATH unset; keep relative and world-writable directories out of PATH"},
    {.id = NULL}};
/* clang-format on */
static const struct plm_inspect_checks table = {.name = "image-config", .v = checks};
PLM_REGISTER(plm_inspect_check_tables, struct plm_inspect_checks, table);

static const struct plm_image_config *config_of(struct plm_judging *j)
{
    if (j->in->facts->known & PLM_FACT_CONFIG)
        return &j->in->facts->config;
    plm_judge_say(j, PLM_OUT_NA, "the source has no image config");
    return NULL;
}

/* ---- 4.1 ------------------------------------------------------------------------------------------ */

static void judge_user(struct plm_judging *j)
{
    const struct plm_image_config *c = config_of(j);
    if (!c)
        return;
    plm_sv name, group;
    uint64_t uid = 0;
    (void)plm_sv_cut(c->user, ':', &name, &group);
    name = plm_sv_trim(name);
    plm_sv digits = plm_sv_starts(name, PLM_SV("+")) ? plm_sv_from_off(name, 1) : name;
    if (!name.n) {
        plm_judge_fail(j, PLM_SV("User"), "config", 0, PLM_NONE, "User is not set: root");
    } else if (plm_sv_u64(digits, &uid) || plm_sv_is(name, "root")) {
        if (uid == 0)
            plm_judge_fail(j, PLM_SV("User"), "config", 0, PLM_NONE, "User: %.*s", PLM_SV_ARG(c->user));
    } else {
        enum plm_uid_found f = plm_accounts_uid(j->in->analysis, j->in->report->arena, name, &uid);
        if (f == PLM_UID_FOUND && uid == 0)
            plm_judge_fail(j, PLM_SV("User"), "config", 0, PLM_NONE,
                           "User: %.*s, which has uid 0 in the image's /etc/passwd", PLM_SV_ARG(c->user));
        else if (f != PLM_UID_FOUND)
            plm_judge_say(j, PLM_OUT_UNKNOWN, "User: %.*s is not in the image's /etc/passwd",
                          PLM_SV_ARG(c->user));
    }
}

/* ---- 4.2, 4.5, I1 ---------------------------------------------------------------------------------- */

static plm_sv label_of(const struct plm_image_config *c, const char *key)
{
    for (size_t i = 0; i < c->label_keys.n && i < c->label_values.n; i++)
        if (plm_sv_is(c->label_keys.v[i], key))
            return c->label_values.v[i];
    return PLM_SV_NULL;
}

static void judge_origin(struct plm_judging *j)
{
    const struct plm_image_config *c = config_of(j);
    if (!c)
        return;
    const plm_sv_vec *allowed = &j->in->opt->allowed_registries;
    plm_sv own = j->in->facts->tag, base = label_of(c, "org.opencontainers.image.base.name");
    const struct {
        plm_sv ref;
        const char *what;
    } names[] = {{own, "reference"}, {base, "label org.opencontainers.image.base.name"}};
    bool is_known = false;
    for (size_t i = 0; i < 2; i++) {
        plm_sv ref = names[i].ref;
        if (!ref.n || plm_sv_starts(ref, PLM_SV("sha256:")))
            continue;
        is_known = true;
        if (!allowed->n)
            plm_judge_say(j, PLM_OUT_MANUAL, "%s: %.*s", names[i].what, PLM_SV_ARG(ref));
        else if (!plm_registry_allowed(allowed, ref))
            plm_judge_fail(j, ref, "config", 0, PLM_NONE, "%s: %.*s is not of an allowed registry",
                           names[i].what, PLM_SV_ARG(ref));
    }
    if (!is_known)
        plm_judge_say(j, PLM_OUT_MANUAL,
                      "where the image comes from is not known: it has no registry's name "
                      "and no label that names its base");
    else if (!allowed->n)
        plm_judge_say(j, PLM_OUT_MANUAL, "audit.allowed-registries is not set: a person decides");
}

static void judge_trust(struct plm_judging *j)
{
    plm_judge_say(
        j, PLM_OUT_NA,
        "retired: content trust is a setting of each client's shell, and its public service ends on "
        "2026-12-08");
}

static void judge_tag(struct plm_judging *j)
{
    plm_sv ref = j->in->facts->tag;
    if (!ref.n || plm_sv_starts(ref, PLM_SV("sha256:")) || plm_sv_find(ref, '@') != SIZE_MAX) {
        plm_judge_say(j, PLM_OUT_NA, ref.n ? "named by digest" : "the source has no tag");
        return;
    }
    plm_sv tag = plm_reference_tag(ref);
    if (!tag.n || plm_sv_is(tag, "latest"))
        plm_judge_fail(j, ref, "config", 0, PLM_NONE,
                       tag.n ? "the tag is latest" : "no tag, which is latest");
}

/* ---- 4.6 ------------------------------------------------------------------------------------------ */

static void judge_health(struct plm_judging *j)
{
    const struct plm_image_config *c = config_of(j);
    if (!c)
        return;
    if (!c->healthcheck.is_set || !c->healthcheck.test.n)
        plm_judge_fail(j, PLM_SV("Healthcheck"), "config", 0, PLM_NONE, "Healthcheck is not set");
    else if (c->healthcheck.is_none || plm_sv_is(c->healthcheck.test.v[0], "NONE"))
        plm_judge_fail(j, PLM_SV("Healthcheck"), "config", 0, PLM_NONE, "Healthcheck: NONE");
}

/* ---- DKL-DI-0002 ------------------------------------------------------------------------------------ */

static bool is_system_dir(plm_sv path)
{
    static const char *const exact[] = {"/",      "/bin",  "/boot", "/etc", "/lib", "/lib32",
                                        "/lib64", "/sbin", "/usr",  "/var", "/run", NULL};
    static const char *const below[] = {"/dev",       "/proc",        "/sys",     "/boot",
                                        "/usr/bin",   "/usr/sbin",    "/usr/lib", "/usr/lib32",
                                        "/usr/lib64", "/usr/libexec", NULL};
    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    for (size_t i = 0; exact[i]; i++)
        if (plm_sv_is(path, exact[i]))
            return true;
    for (size_t i = 0; below[i]; i++) {
        plm_sv dir = plm_sv_from(below[i]);
        if (plm_sv_starts(path, dir) && (path.n == dir.n || path.p[dir.n] == '/'))
            return true;
    }
    return false;
}

static void judge_volumes(struct plm_judging *j)
{
    const struct plm_image_config *c = config_of(j);
    for (size_t i = 0; c && i < c->volumes.n; i++)
        if (is_system_dir(c->volumes.v[i]))
            plm_judge_fail(j, c->volumes.v[i], "config", 0, PLM_NONE, "volume over %.*s",
                           PLM_SV_ARG(c->volumes.v[i]));
}

/* ---- I3 ------------------------------------------------------------------------------------------- */

static bool is_accepted_port(const plm_sv_vec *accepted, plm_sv port)
{
    plm_sv number, protocol;
    (void)plm_sv_cut(port, '/', &number, &protocol);
    for (size_t i = 0; i < accepted->n; i++)
        if (plm_sv_eq(accepted->v[i], port) || plm_sv_eq(accepted->v[i], number))
            return true;
    return false;
}

static void judge_ports(struct plm_judging *j)
{
    const struct plm_image_config *c = config_of(j);
    for (size_t i = 0; c && i < c->exposed_ports.n; i++) {
        plm_sv port = c->exposed_ports.v[i];
        const char *what = plm_port_danger(port);
        if (what && !is_accepted_port(&j->in->opt->accepted_ports, port))
            plm_judge_fail(j, port, "config", 0, PLM_NONE, "exposes %.*s: %s", PLM_SV_ARG(port), what);
    }
}

/* ---- I10 ------------------------------------------------------------------------------------------ */

/* A path that the caller's directory or others decide. */
static void judge_search_path(struct plm_judging *j, plm_sv value)
{
    plm_sv rest = value, dir;
    while (plm_sv_field(&rest, ':', &dir)) {
        if (dir.n == 0 || dir.p[0] != '/')
            plm_judge_fail(j, PLM_SV("Env PATH"), "config", 0, PLM_NONE,
                           "PATH has the relative part \"%.*s\"", PLM_SV_ARG(dir));
        else if (plm_sv_is(dir, "/tmp") || plm_sv_is(dir, "/var/tmp") || plm_sv_is(dir, "/dev/shm"))
            plm_judge_fail(j, PLM_SV("Env PATH"), "config", 0, PLM_NONE,
                           "PATH has %.*s, which everyone writes", PLM_SV_ARG(dir));
    }
}

static void judge_environment(struct plm_judging *j, const struct plm_image_config *c)
{
    static const char *const loader[] = {"LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", NULL};
    for (size_t i = 0; i < c->env.n; i++) {
        plm_sv name, value;
        if (!plm_sv_cut(c->env.v[i], '=', &name, &value) || !value.n)
            continue;
        if (plm_sv_is(name, "PATH"))
            judge_search_path(j, value);
        for (size_t k = 0; loader[k]; k++)
            if (plm_sv_is(name, loader[k]) && !plm_sv_is(name, "LD_LIBRARY_PATH"))
                plm_judge_fail(j, plm_arena_printf(j->in->report->arena, "Env %.*s", PLM_SV_ARG(name)),
                               "config", 0, PLM_NONE, "%.*s=%.*s", PLM_SV_ARG(name), PLM_SV_ARG(value));
    }
}

static bool is_valid_port(plm_sv text)
{
    plm_sv port, protocol;
    uint64_t n;
    bool has = plm_sv_cut(text, '/', &port, &protocol);
    return plm_sv_u64(port, &n) && n > 0 && n < 65536 &&
           (!has || plm_sv_is(protocol, "tcp") || plm_sv_is(protocol, "udp") || plm_sv_is(protocol, "sctp"));
}

static bool is_shell_form(const plm_sv_vec *argv)
{
    return argv->n >= 3 && plm_sv_ends(argv->v[0], PLM_SV("sh")) && plm_sv_is(argv->v[1], "-c") &&
           !plm_sv_starts(plm_sv_trim(argv->v[2]), PLM_SV("exec "));
}

static void judge_form(struct plm_judging *j)
{
    const struct plm_image_config *c = config_of(j);
    if (!c)
        return;
    if (!c->entrypoint.n && !c->cmd.n)
        plm_judge_fail(j, PLM_SV("Cmd"), "config", 0, PLM_NONE, "neither Entrypoint nor Cmd: nothing to run");
    if (is_shell_form(&c->entrypoint))
        plm_judge_fail(j, PLM_SV("Entrypoint"), "config", 0, PLM_NONE,
                       "Entrypoint is in shell form: %.*s gets no signals", PLM_SV_ARG(c->entrypoint.v[2]));
    for (size_t i = 0; i < c->exposed_ports.n; i++)
        if (!is_valid_port(c->exposed_ports.v[i]))
            plm_judge_fail(j, c->exposed_ports.v[i], "config", 0, PLM_NONE, "ExposedPorts: %.*s is no port",
                           PLM_SV_ARG(c->exposed_ports.v[i]));
    for (size_t i = 0; i < c->label_keys.n; i++)
        if (!c->label_keys.v[i].n)
            plm_judge_fail(j, PLM_SV("Labels"), "config", 0, PLM_NONE, "a label without a name");
    judge_environment(j, c);
}

static const struct plm_judge judges[] = {
    {"4.1", judge_user, NULL},
    {"4.2", judge_origin, NULL},
    {"4.5", judge_trust, NULL},
    {"4.6", judge_health, NULL},
    {"DKL-DI-0002", judge_volumes, NULL},
    {"I1", judge_tag, NULL},
    {"I3", judge_ports, NULL},
    {"I10", judge_form, NULL},
};

static bool is_wanted(const struct plm_inspect_options *opt)
{
    return opt->wants[PLM_KIND_MISCONFIGURATION];
}

static int inspect(struct plm_inspection *in, plm_err **err)
{
    return plm_judge_all(in, judges, sizeof(judges) / sizeof(judges[0]), err);
}

static const struct plm_inspector image_config = {
    .id = "image-config",
    .summary =
        "how the image will run, by its config: user, origin, health check, volumes, tag, ports, entry "
        "point",
    .needs_config = true,
    .is_wanted = is_wanted,
    .inspect = inspect,
    .order = 10,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, image_config);
