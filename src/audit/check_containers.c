/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of containers: swarm mode (CIS 5.1, of the engine), restarts (5.15), commands run in them
 * (5.23, 5.24), health (5.27), age of their image (5.28), logs (R15), terminals (R18) and trouble (R20).
 *
 * Commands are read from the engine's exec records, as long as it keeps them, and from the kernel: a process
 * with capabilities that the first process cannot have was started by `exec --privileged`.
 */
#include "audit/container_int.h"

/* ---- 5.1 ---------------------------------------------------------------------------------- */

/* Swarm's ports held by the engine's own process: it takes part, whatever it says. */
static size_t swarm_listeners(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    plm_socket_vec all = {0};
    plm_process_vec own = {0};
    size_t denied = 0, found = 0;
    if (d->is_remote || !d->process || !k->facts->kernel ||
        plm_kernel_sockets(k->facts->kernel, d->process->pid, k->arena, &all, NULL) < 0)
        return 0;
    for (size_t i = 0; i < all.n; i++)
        found += all.v[i].port == 2377 && (all.v[i].proto == PLM_TCP || all.v[i].proto == PLM_TCP6);
    struct plm_process *p = found ? plm_vec_push(k->arena, &own) : NULL;
    if (!p)
        return 0;
    *p = *d->process;
    found = 0;
    if (plm_kernel_socket_owners(k->facts->kernel, &own, &all, &denied, NULL) < 0 || denied)
        return 0;
    for (size_t i = 0; i < all.n; i++)
        found += all.v[i].pid && all.v[i].port == 2377;
    return found;
}

static void check_swarm_mode(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    if (!d->info.root) {
        plm_say(k, PLM_OUT_UNKNOWN, "/info: %.*s",
                PLM_SV_ARG(d->info.failure.n ? d->info.failure : d->failure));
        return;
    }
    plm_sv state = plm_json_str(d->info.root, "Swarm", "LocalNodeState", NULL);
    if (!state.n || plm_sv_is(state, "inactive")) {
        size_t listeners = swarm_listeners(k);
        plm_say(k, listeners ? PLM_OUT_FAIL : PLM_OUT_PASS, "/info Swarm.LocalNodeState: %.*s%s",
                PLM_SV_ARG(state.n ? state : PLM_SV("not named")),
                listeners ? ", but the engine listens on 2377" : "");
        if (listeners)
            plm_drift(k, "Swarm.LocalNodeState: inactive, in force the engine listens on port 2377");
        return;
    }
    bool is_manager = plm_json_bool(yyjson_obj_get(d->info.root, "Swarm"), "ControlAvailable", false);
    if (is_manager && d->services.root && yyjson_arr_size(d->services.root) == 0)
        plm_say(k, PLM_OUT_FAIL, "/info Swarm.LocalNodeState: %.*s, and the swarm has no service",
                PLM_SV_ARG(state));
    else
        plm_say(k, PLM_OUT_MANUAL, "/info Swarm.LocalNodeState: %.*s", PLM_SV_ARG(state));
}

/* ---- 5.15 --------------------------------------------------------------------------------- */

static void check_restart(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    yyjson_val *policy = yyjson_obj_get(k->container->host_config, "RestartPolicy");
    plm_sv name = plm_json_str(policy, "Name", NULL);
    int64_t most = plm_json_int(policy, "MaximumRetryCount", 0);
    uint64_t bound = k->facts->opt->expect.restart_max ? k->facts->opt->expect.restart_max : 5;
    enum plm_outcome o = PLM_OUT_UNKNOWN;
    if (!name.n || plm_sv_is(name, "no"))
        o = PLM_OUT_PASS;
    else if (plm_sv_is(name, "on-failure"))
        o = most > 0 && (uint64_t)most <= bound ? PLM_OUT_PASS : PLM_OUT_FAIL;
    else if (plm_sv_is(name, "always") || plm_sv_is(name, "unless-stopped"))
        o = PLM_OUT_FAIL;
    plm_say(k, o, "HostConfig.RestartPolicy: %.*s, MaximumRetryCount: %lld",
            PLM_SV_ARG(name.n ? name : PLM_SV("no")), (long long)most);
}

/* ---- 5.23, 5.24 --------------------------------------------------------------------------- */

static plm_sv exec_command(struct plm_checking *k, yyjson_val *config)
{
    /* Arguments are left out: they may hold passwords. */
    plm_sv program = plm_json_str(config, "entrypoint", NULL);
    return plm_arena_printf(k->arena, "%.*s", PLM_SV_ARG(program.n ? program : PLM_SV("(no command)")));
}

/* Says about exec records that could not be read, unless they are gone. */
static bool is_exec_readable(struct plm_checking *k, const struct plm_answer *e)
{
    if (e->root)
        return true;
    if (e->failure.n && !plm_sv_has(e->failure, PLM_SV("No such exec")) &&
        !plm_sv_has(e->failure, PLM_SV("404")) && !plm_sv_has(e->failure, PLM_SV("o such exec instance")))
        plm_say(k, PLM_OUT_UNKNOWN, "ExecIDs: %.*s", PLM_SV_ARG(e->failure));
    return false;
}

static size_t privileged_execs(struct plm_checking *k)
{
    const struct plm_container *c = k->container;
    size_t found = 0;
    for (size_t i = 0; i < c->execs.n; i++) {
        yyjson_val *config =
            is_exec_readable(k, &c->execs.v[i]) ? yyjson_obj_get(c->execs.v[i].root, "ProcessConfig") : NULL;
        if (!plm_json_bool(config, "privileged", false))
            continue;
        found++;
        plm_say(k, PLM_OUT_FAIL, "/exec ProcessConfig.privileged: true (%.*s)",
                PLM_SV_ARG(exec_command(k, config)));
    }
    return found;
}

static void check_privileged_exec(struct plm_checking *k)
{
    const struct plm_container *c = k->container;
    if (plm_inspect_is_missing(k) || plm_is_privileged_na(k))
        return;
    size_t found = privileged_execs(k), unknown = 0;
    plm_say(k, PLM_OUT_PASS, "ExecIDs: %zu read", c->execs.n);
    if (plm_truth_is_missing(k) || !plm_has_truth(k))
        return;
    if (plm_process_seen(c->init) != PLM_SEEN) {
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/%d/status: unreadable", c->init->pid);
        return;
    }
    for (size_t i = 0; i < c->processes.n; i++) {
        const struct plm_process *p = c->processes.v[i];
        enum plm_seen seen = plm_process_seen(p);
        unknown += seen == PLM_SEEN_UNREADABLE;
        if (seen != PLM_SEEN || !plm_process_is_at_top(c, p))
            continue;
        uint64_t beyond = plm_caps_of(p) & ~(c->init->cap_bnd | c->init->cap_inh);
        if (!beyond)
            continue;
        plm_say(k, PLM_OUT_FAIL, "%.*s: beyond CapBnd of the first process: %.*s",
                PLM_SV_ARG(plm_process_where(k, p, "status")), PLM_SV_ARG(plm_cap_names(k->arena, beyond)));
        if (!found++)
            plm_drift(k, "a process with more than the container was given: %.*s (pid %d)",
                      PLM_SV_ARG(plm_cap_names(k->arena, beyond)), p->pid);
    }
    if (unknown)
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/PID/status: unreadable for %zu processes", unknown);
    plm_say(k, PLM_OUT_PASS, "/proc/PID/status: %zu processes compared with the first", c->processes.n);
}

static bool is_below_init(const struct plm_container *c, const struct plm_process *p)
{
    int32_t pid = p->ppid;
    for (size_t steps = 0; steps <= c->processes.n; steps++) {
        if (pid == c->init->pid)
            return true;
        const struct plm_process *parent = NULL;
        for (size_t i = 0; i < c->processes.n && !parent; i++)
            if (c->processes.v[i]->pid == pid)
                parent = c->processes.v[i];
        if (!parent)
            return false;
        pid = parent->ppid;
    }
    return false;
}

static void root_processes(struct plm_checking *k)
{
    const struct plm_container *c = k->container;
    uint32_t root;
    if (!plm_root_of_map(c->init, &root))
        return; /* the container has no user 0 at all */
    for (size_t i = 0; i < c->processes.n; i++) {
        const struct plm_process *p = c->processes.v[i];
        enum plm_seen seen = plm_process_seen(p);
        if (seen == PLM_SEEN_UNREADABLE)
            plm_say(k, PLM_OUT_UNKNOWN, "/proc/%d/status: unreadable", p->pid);
        if (p == c->init || seen != PLM_SEEN || (p->uid[1] != root && p->uid[0] != root))
            continue;
        bool is_child = is_below_init(c, p);
        plm_say(k, is_child ? PLM_OUT_MANUAL : PLM_OUT_FAIL, "%.*s: Uid %u, %s",
                PLM_SV_ARG(plm_process_where(k, p, "status")), p->uid[1],
                is_child ? "below the first process: a set-uid program" : "not started by the first process");
    }
}

static void check_root_exec(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_container *c = k->container;
    plm_sv user = plm_json_str(c->config, "User", NULL);
    uint32_t root;
    bool has_truth = plm_has_truth(k) && plm_process_seen(c->init) == PLM_SEEN;
    bool is_root = has_truth && plm_root_of_map(c->init, &root) && c->init->uid[1] == root;
    if (plm_is_root_user(user) || is_root) {
        plm_say(k, PLM_OUT_NA, "Config.User: \"%.*s\", the container itself runs as root", PLM_SV_ARG(user));
        return;
    }
    for (size_t i = 0; i < c->execs.n; i++) {
        yyjson_val *config =
            is_exec_readable(k, &c->execs.v[i]) ? yyjson_obj_get(c->execs.v[i].root, "ProcessConfig") : NULL;
        plm_sv as = plm_json_str(config, "user", NULL);
        if (as.n && plm_is_root_user(as)) /* empty: the container's own user */
            plm_say(k, PLM_OUT_FAIL, "/exec ProcessConfig.user: %.*s (%.*s), Config.User: %.*s",
                    PLM_SV_ARG(as), PLM_SV_ARG(exec_command(k, config)), PLM_SV_ARG(user));
    }
    plm_say(k, PLM_OUT_PASS, "Config.User: %.*s; ExecIDs: %zu read", PLM_SV_ARG(user), c->execs.n);
    if (!plm_truth_is_missing(k) && has_truth)
        root_processes(k);
}

/* ---- 5.27 --------------------------------------------------------------------------------- */

static void check_health(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    yyjson_val *health = yyjson_obj_get(k->container->config, "Healthcheck"),
               *test = yyjson_obj_get(health, "Test");
    plm_sv first = plm_json_sv(yyjson_arr_get_first(test));
    plm_sv status = plm_json_str(k->container->inspect.root, "State", "Health", "Status", NULL);
    bool has_test = yyjson_arr_size(test) > 0 && !plm_sv_is(first, "NONE");
    plm_say(k, has_test ? PLM_OUT_PASS : PLM_OUT_FAIL, "Config.Healthcheck: %.*s%s%.*s",
            PLM_SV_ARG(!yyjson_arr_size(test) ? PLM_SV("none") : first),
            status.n ? "; State.Health.Status: " : "", PLM_SV_ARG(status));
}

/* ---- 5.28 --------------------------------------------------------------------------------- */

/* "nginx" to "nginx:latest", without the default registry. */
static plm_sv tag_of(struct plm_arena *a, plm_sv ref)
{
    static const char *const prefixes[] = {"docker.io/library/", "docker.io/", "index.docker.io/library/"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (plm_sv_starts(ref, plm_sv_from(prefixes[i])))
            ref = plm_sv_from_off(ref, strlen(prefixes[i]));
    bool has_tag = plm_sv_find(plm_base_name(ref), ':') != SIZE_MAX;
    return has_tag ? ref : plm_arena_printf(a, "%.*s:latest", PLM_SV_ARG(ref));
}

static const struct plm_image_facts *image_of_tag(struct plm_checking *k, plm_sv tag)
{
    for (size_t i = 0; i < k->daemon->images.n; i++) {
        const struct plm_image_facts *image = &k->daemon->images.v[i];
        for (size_t j = 0; j < image->tags.n; j++)
            if (plm_sv_eq(tag_of(k->arena, image->tags.v[j]), tag))
                return image;
    }
    return NULL;
}

static void check_image_age(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_container *c = k->container;
    plm_sv ref = plm_json_str(c->config, "Image", NULL);
    if (!ref.n)
        ref = c->image;
    if (plm_sv_starts(ref, PLM_SV("sha256:")) || plm_sv_find(ref, '@') != SIZE_MAX ||
        (c->image_id.n > 7 && plm_sv_starts(plm_sv_from_off(c->image_id, 7), ref))) {
        plm_say(k, PLM_OUT_NA, "Config.Image: %.*s names one image, no tag that could move", PLM_SV_ARG(ref));
        return;
    }
    if (k->daemon->images_failure.p) {
        plm_say(k, PLM_OUT_UNKNOWN, "image list: %.*s", PLM_SV_ARG(k->daemon->images_failure));
        return;
    }
    if (!k->daemon->images.n && !(k->facts->opt->stages & PLM_STAGE_BIT(PLM_STAGE_IMAGES))) {
        plm_say(k, PLM_OUT_NA, "the images were not asked for (stage images)");
        return;
    }
    const struct plm_image_facts *now = image_of_tag(k, tag_of(k->arena, ref));
    if (!now)
        plm_say(k, PLM_OUT_MANUAL, "Config.Image: %.*s, a tag that names no local image any more; runs %.*s",
                PLM_SV_ARG(ref), PLM_SV_ARG(c->image_id));
    else
        plm_say(k, plm_sv_eq(now->id, c->image_id) ? PLM_OUT_PASS : PLM_OUT_FAIL,
                "Config.Image: %.*s is %.*s locally, the container runs %.*s", PLM_SV_ARG(ref),
                PLM_SV_ARG(now->id), PLM_SV_ARG(c->image_id));
}

/* ---- R15 ---------------------------------------------------------------------------------- */

static bool is_driver_expected(const struct plm_checking *k, plm_sv driver)
{
    const plm_sv_vec *list = &k->facts->opt->expect.log_drivers;
    for (size_t i = 0; i < list->n; i++)
        if (plm_sv_eq(list->v[i], driver))
            return true;
    return false;
}

static void check_log(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    yyjson_val *log = yyjson_obj_get(k->container->host_config, "LogConfig");
    plm_sv driver = plm_json_str(log, "Type", NULL), most = plm_json_str(log, "Config", "max-size", NULL);
    bool is_none = plm_sv_is(driver, "none");
    bool is_unbounded = (plm_sv_is(driver, "json-file") || plm_sv_is(driver, "k8s-file")) &&
                        (!most.n || plm_sv_is(most, "-1")) && !is_driver_expected(k, driver);
    plm_sv said = plm_arena_printf(k->arena, "HostConfig.LogConfig: %.*s, max-size: %.*s", PLM_SV_ARG(driver),
                                   PLM_SV_ARG(most.n ? most : PLM_SV("none")));
    plm_say(k,
            is_none || is_unbounded ? PLM_OUT_FAIL
            : driver.n              ? PLM_OUT_PASS
                                    : PLM_OUT_UNKNOWN,
            "%.*s", PLM_SV_ARG(said));
}

/* ---- R18 ---------------------------------------------------------------------------------- */

static void check_terminal(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_container *c = k->container;
    bool tty = plm_json_bool(c->config, "Tty", false), input = plm_json_bool(c->config, "OpenStdin", false);
    bool removes = plm_json_bool(c->host_config, "AutoRemove", false);
    bool no_log = plm_sv_is(plm_json_str(c->host_config, "LogConfig", "Type", NULL), "none");
    plm_say(k, tty || input ? PLM_OUT_FAIL : PLM_OUT_PASS, "Config.Tty: %s, OpenStdin: %s",
            tty ? "true" : "false", input ? "true" : "false");
    plm_say(k, removes && no_log ? PLM_OUT_FAIL : PLM_OUT_PASS,
            "HostConfig.AutoRemove: %s, LogConfig.Type: %s", removes ? "true" : "false",
            no_log ? "none, nothing of it will be left" : "kept until it is removed");
}

/* ---- R20 ---------------------------------------------------------------------------------- */

enum { RESTARTS_MANY = 3 };

static void check_trouble(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_container *c = k->container;
    yyjson_val *state = yyjson_obj_get(c->inspect.root, "State");
    int64_t restarts = plm_json_int(c->inspect.root, "RestartCount", 0);
    plm_sv health = plm_json_str(state, "Health", "Status", NULL);
    bool is_restarting = plm_json_bool(state, "Restarting", false),
         is_dead = plm_json_bool(state, "Dead", false), is_paused = plm_json_bool(state, "Paused", false),
         was_killed = plm_json_bool(state, "OOMKilled", false);
    plm_say(k, is_restarting || is_dead || is_paused ? PLM_OUT_FAIL : PLM_OUT_PASS, "State.Status: %.*s",
            PLM_SV_ARG(c->state));
    plm_say(k, restarts >= RESTARTS_MANY ? PLM_OUT_FAIL : PLM_OUT_PASS, "RestartCount: %lld",
            (long long)restarts);
    if (health.n)
        plm_say(k, plm_sv_is(health, "unhealthy") ? PLM_OUT_FAIL : PLM_OUT_PASS, "State.Health.Status: %.*s",
                PLM_SV_ARG(health));
    if (was_killed)
        plm_say(k, PLM_OUT_FAIL, "State.OOMKilled: true");
}

#define PER_CONTAINER .stage = PLM_STAGE_CONTAINERS, .subject = PLM_PER_CONTAINER

static const struct plm_check checks[] = {
    {.id = "5.1",
     .title = "swarm mode is off unless it is used",
     .reads = "/info Swarm, services of the swarm, port 2377 of the engine's process",
     .rationale = "Swarm opens ports to other machines that may then start services here as root.",
     .fix = "`docker swarm leave` (`--force` on a manager) where no service runs.",
     .severity = PLM_SEV_MEDIUM,
     .aliases = "check_5_1",
     .stage = PLM_STAGE_ENGINE,
     .subject = PLM_PER_DAEMON,
     .level = 1,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_swarm_mode},
    {.id = "5.15",
     .title = "containers are restarted a few times only",
     .reads = "HostConfig.RestartPolicy",
     .rationale =
         "A container that is restarted without end hides its crashes, and repeats an attack that needs many "
         "tries.",
     .fix = "`docker update --restart on-failure:5 NAME` (compose: `restart: on-failure:5`).",
     .severity = PLM_SEV_LOW,
     .aliases = "check_5_15",
     .level = 1,
     .impact = PLM_IMPACT_SAFE,
     PER_CONTAINER,
     .run = check_restart},
    {.id = "5.23",
     .title = "no command was run in a container with --privileged",
     .reads =
         "exec records (ProcessConfig.privileged); capabilities of every process against the first one's",
     .rationale = "Such a command has every capability, whatever the container was given.",
     .fix =
         "End it (`docker restart NAME`) and use `docker exec` without `--privileged`; who needs more gets a "
         "container of its own (compose: `cap_add:`).",
     .severity = PLM_SEV_HIGH,
     .aliases = "check_5_23",
     .level = 2,
     .impact = PLM_IMPACT_RESTART,
     PER_CONTAINER,
     .run = check_privileged_exec},
    {.id = "5.24",
     .title = "no command was run as root in a container of another user",
     .reads = "exec records (ProcessConfig.user), Config.User; Uid of every process",
     .rationale = "Root inside owns the container's files and mounts, which its own user was kept from.",
     .fix = "End it (`docker restart NAME`) and use `docker exec` without `-u root` (compose: `user:`).",
     .severity = PLM_SEV_MEDIUM,
     .aliases = "check_5_24",
     .level = 2,
     .is_manual = true,
     .impact = PLM_IMPACT_RESTART,
     PER_CONTAINER,
     .run = check_root_exec},
    {.id = "5.27",
     .title = "the health of containers is checked",
     .reads = "Config.Healthcheck, State.Health",
     .rationale = "Without a check the engine calls a container well as long as its process exists.",
     .fix = "Start it with `--health-cmd COMMAND` (compose: `healthcheck: {test: [CMD, …]}`) or put "
            "HEALTHCHECK into "
            "the image.",
     .severity = PLM_SEV_LOW,
     .aliases = "check_5_27",
     .level = 1,
     .impact = PLM_IMPACT_RESTART,
     PER_CONTAINER,
     .run = check_health},
    {.id = "5.28",
     .title = "containers run the image that their tag names now",
     .reads = "Config.Image and Image against the local tags; registries are not asked",
     .rationale =
         "A container keeps the image it was made from: an update that was pulled protects only new ones.",
     .fix = "Make it anew from the current image: `docker rm -f NAME`, `docker run …` (compose: `docker "
            "compose up -d`).",
     .severity = PLM_SEV_MEDIUM,
     .aliases = "check_5_28",
     .level = 1,
     .is_manual = true,
     .impact = PLM_IMPACT_RESTART,
     PER_CONTAINER,
     .run = check_image_age},
    {.id = "R15",
     .title = "logs of containers are kept and bounded",
     .reads = "HostConfig.LogConfig",
     .rationale = "Without a log nothing tells what happened; without a limit the log fills the disk.",
     .fix = "Start it with `--log-opt max-size=10m --log-opt max-file=3` (compose: `logging: {options: "
            "{max-size: "
            "10m}}`), or with a driver that ships logs.",
     .severity = PLM_SEV_LOW,
     .impact = PLM_IMPACT_RESTART,
     PER_CONTAINER,
     .run = check_log},
    {.id = "R18",
     .title = "containers have no terminal and no open input",
     .reads = "Config.Tty, OpenStdin; HostConfig.AutoRemove, LogConfig",
     .rationale = "An open input takes commands from whoever attaches to it; a container that removes itself "
                  "and keeps "
                  "no log leaves nothing to look at.",
     .fix = "Start services without `-i` and `-t` (compose: `stdin_open:`, `tty:`).",
     .severity = PLM_SEV_NEGLIGIBLE,
     .impact = PLM_IMPACT_RESTART,
     PER_CONTAINER,
     .run = check_terminal},
    {.id = "R20",
     .title = "no container is in trouble",
     .reads = "State, RestartCount, State.Health",
     .rationale =
         "Containers that restart in a loop, are unhealthy, paused, dead or were ended for memory do not do "
         "their work, and may show an attack.",
     .fix = "Look at `docker logs NAME` and `docker inspect NAME`; `docker unpause NAME` or `docker rm NAME` "
            "(compose: "
            "`docker compose logs`, `docker compose up -d`).",
     .severity = PLM_SEV_LOW,
     .impact = PLM_IMPACT_SAFE,
     PER_CONTAINER,
     .run = check_trouble},
};

static const struct plm_check_group containers = {
    .id = "containers",
    .summary = "restarts, commands, health, images and logs of containers",
    .checks = checks,
    .n = sizeof(checks) / sizeof(checks[0]),
};
PLM_REGISTER(plm_check_groups, struct plm_check_group, containers);
