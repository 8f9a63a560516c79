/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks 1.1.2, H-SOCK and H-GROUP: who controls an engine of this machine.
 *
 * 1.1.2 has a row per user, with every way that leads to an engine: owner, group (primary as well as
 * supplementary), ACL entry of the socket, a live process that still holds the group, a sudo rule.
 * H-SOCK has a row per way in that is no user: the socket's own mode, TCP listeners, containers and
 * forwarding processes that hold the socket, set-id programs. H-GROUP has a row per group of a socket.
 *
 * A socket is reached by whoever may write to it and may walk the directories above it. Root always
 * may; users in audit.trusted_users are meant to.
 */
#include "audit/reach.h"

/* ---- 1.1.2: users ----------------------------------------------------------------------------------- */

static bool is_trusted(const struct plm_checking *k, plm_sv name)
{
    const plm_sv_vec *trusted = &k->facts->opt->expect.trusted_users;
    for (size_t i = 0; i < trusted->n; i++)
        if (plm_sv_glob(trusted->v[i], name))
            return true;
    return false;
}

static enum plm_outcome outcome_for(const struct plm_checking *k, plm_sv name)
{
    return is_trusted(k, name) ? PLM_OUT_PASS : PLM_OUT_FAIL;
}

static size_t say_socket_users(struct plm_checking *k, const struct reach *r)
{
    size_t said = 0;
    for (size_t i = 0; i < r->sockets.n; i++) {
        const struct reach_socket *s = &r->sockets.v[i];
        for (size_t j = 0; j < k->facts->accounts.users.n; j++) {
            const struct plm_user *u = &k->facts->accounts.users.v[j];
            plm_sv way = u->uid == 0 ? PLM_SV_NULL : reach_socket_by(k, s, u);
            if (!way.p)
                continue;
            plm_say_on(k, u->name, outcome_for(k, u->name), "%.*s: %.*s", PLM_SV_ARG(s->path),
                       PLM_SV_ARG(way));
            if (s->group && plm_sv_has(way, PLM_SV("member of")))
                plm_refix(k, u->name, "`gpasswd -d %.*s %.*s`, then end the user's sessions",
                          PLM_SV_ARG(u->name), PLM_SV_ARG(s->group->name));
            else if (s->group && plm_sv_has(way, PLM_SV("primary group")))
                plm_refix(
                    k, u->name,
                    "`usermod -g %.*s %.*s` with a group of the user's own, then end the user's sessions",
                    PLM_SV_ARG(u->name), PLM_SV_ARG(u->name));
            said++;
        }
    }
    return said;
}

static size_t say_live_holders(struct plm_checking *k, const struct reach *r)
{
    size_t said = 0;
    if (k->facts->processes_failure.p)
        plm_say(k, PLM_OUT_UNKNOWN, "processes: %.*s", PLM_SV_ARG(k->facts->processes_failure));
    for (size_t i = 0; i < r->holders.n; i++) {
        const struct reach_holder *h = &r->holders.v[i];
        const struct plm_user *u = plm_user_by_uid(k->facts, h->uid);
        plm_sv name = u ? u->name : plm_arena_printf(k->arena, "uid %u", h->uid);
        plm_say_on(k, name, outcome_for(k, name), "/proc/%d/status: %.*s holds gid %.*s", h->pid,
                   PLM_SV_ARG(h->comm), PLM_SV_ARG(plm_group_text(k->facts, k->arena, h->gid)));
        said++;
    }
    return said;
}

static void say_sudo_user(struct plm_checking *k, plm_sv name, const struct plm_sudo_rule *rule,
                          const struct plm_sudo_command *c, bool asks)
{
    bool is_all = plm_sv_is(c->path, "ALL");
    /* an administrator who proves to be one is a decision for people; the others are a way around it */
    enum plm_outcome o = is_trusted(k, name) ? PLM_OUT_PASS : is_all && asks ? PLM_OUT_MANUAL : PLM_OUT_FAIL;
    plm_say_on(k, name, o, "%.*s:%u: sudo runs %.*s%s%.*s as root%s", PLM_SV_ARG(rule->file), rule->line,
               PLM_SV_ARG(c->path), c->args.n ? " " : "", PLM_SV_ARG(c->args),
               asks ? "" : " without a password");
    if (o == PLM_OUT_FAIL)
        plm_refix(k, name, "`visudo -f %.*s`: take the rule in line %u away or require a password",
                  PLM_SV_ARG(rule->file), rule->line);
}

static size_t say_sudo_rule(struct plm_checking *k, const struct reach *r, const struct plm_sudo_rule *rule)
{
    const struct plm_sudo_command *c = plm_sudo_rule_reach(rule);
    if (!c || !reach_sudo_is_root(k, r, c) || !reach_sudo_is_here(k, rule))
        return 0;
    bool asks = !(c->is_nopasswd || r->sudoers.never_asks);
    if (r->sudoers.asks_target && asks)
        return 0; /* whoever knows root's password needs no rule */
    size_t said = 0;
    bool has_unknown = false;
    for (size_t i = 0; i < k->facts->accounts.users.n; i++) {
        const struct plm_user *u = &k->facts->accounts.users.v[i];
        int is = u->uid == 0 ? 0 : plm_sudo_list_has(&rule->who, k->facts, u);
        has_unknown |= is < 0;
        if (is == 1 && !reach_is_service(u)) {
            say_sudo_user(k, u->name, rule, c, asks);
            said++;
        }
    }
    if (has_unknown) {
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s:%u: a netgroup or a group of another source may use sudo",
                PLM_SV_ARG(rule->file), rule->line);
        said++;
    }
    return said;
}

static size_t say_sudo(struct plm_checking *k, const struct reach *r)
{
    size_t said = 0;
    for (size_t i = 0; i < r->sudoers.rules.n; i++)
        said += say_sudo_rule(k, r, &r->sudoers.rules.v[i]);
    if (r->sudoers_sys && r->sudoers_sys != ENOENT && ++said)
        plm_say(k, PLM_OUT_UNKNOWN, "/etc/sudoers: %s", strerror(r->sudoers_sys));
    for (size_t i = 0; i < r->sudoers.notes.n; i++, said++)
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s:%u: %.*s", PLM_SV_ARG(r->sudoers.notes.v[i].file),
                r->sudoers.notes.v[i].line, PLM_SV_ARG(r->sudoers.notes.v[i].text));
    return said;
}

/* What other sources may add is said once, about the host. */
static bool say_accounts(struct plm_checking *k, plm_sv object)
{
    const struct plm_accounts *a = &k->facts->accounts;
    if (a->failure.p)
        plm_say_on(k, object, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(a->failure));
    if (!a->is_files_only)
        plm_say_on(k, object, PLM_OUT_UNKNOWN,
                   "/etc/nsswitch.conf: users and groups come from %.*s as well, which is "
                   "not asked",
                   PLM_SV_ARG(a->other_sources));
    return a->failure.p || !a->is_files_only;
}

/* Without a socket (a disk, an engine that is not started): whoever will reach it by the group. */
static size_t say_members(struct plm_checking *k, const struct plm_group *g)
{
    size_t said = 0;
    bool is_primary;
    for (size_t i = 0; i < k->facts->accounts.users.n; i++) {
        const struct plm_user *u = &k->facts->accounts.users.v[i];
        if (u->uid == 0 || !plm_user_in_group(u, g, &is_primary))
            continue;
        plm_say_on(k, u->name, outcome_for(k, u->name), "%s of %.*s",
                   is_primary ? "/etc/passwd: primary group" : "/etc/group: member", PLM_SV_ARG(g->name));
        said++;
    }
    return said;
}

static void run_users(struct plm_checking *k)
{
    struct reach r;
    if (!reach_learn(k, &r))
        return;
    const struct plm_group *docker = plm_group_by_name(k->facts, PLM_SV("docker"));
    size_t said = 0;
    if (r.sockets.n == 0 && !docker) {
        plm_say(k, PLM_OUT_NA, "no engine of this machine has a unix socket, and there is no group docker");
        return;
    }
    if (r.sockets.n == 0)
        said = say_members(k, docker);
    bool is_vague = say_accounts(k, PLM_SV_NULL);
    said += say_socket_users(k, &r) + say_live_holders(k, &r) + say_sudo(k, &r);
    if (said == 0 && !is_vague && r.sockets.n == 0)
        plm_say(k, PLM_OUT_PASS, "there is no socket, and nobody is in the group docker");
    if (said == 0 && !is_vague)
        for (size_t i = 0; i < r.sockets.n; i++)
            plm_say(k, PLM_OUT_PASS, "%.*s: mode 0%03o, %.*s; nobody but root",
                    PLM_SV_ARG(r.sockets.v[i].path), r.sockets.v[i].facts.st.st_mode & 07777u,
                    PLM_SV_ARG(r.sockets.v[i].owners));
    reach_done(&r);
}

/* ---- H-SOCK: ways that are no user ------------------------------------------------------------------ */

static void say_sockets(struct plm_checking *k, const struct reach *r)
{
    for (size_t i = 0; i < r->sockets.n; i++) {
        const struct reach_socket *s = &r->sockets.v[i];
        size_t users = 0, groups = 0;
        for (size_t j = 0; j < k->facts->accounts.users.n; j++) {
            const struct plm_user *u = &k->facts->accounts.users.v[j];
            users += u->uid != 0 && !is_trusted(k, u->name) && reach_socket_by(k, s, u).p;
        }
        groups = s->group != NULL;
        if (reach_socket_is_open(s)) {
            plm_say_on(k, s->path, PLM_OUT_FAIL,
                       "%.*s: mode 0%03o: every process of this host may write to it", PLM_SV_ARG(s->path),
                       s->facts.st.st_mode & 07777u);
            plm_weigh(k, s->path, PLM_SEV_CRITICAL);
            plm_sv word = plm_shell_word(k->arena, s->path);
            plm_refix(k, s->path, "`chmod 0660 %.*s`, and `SocketMode=0660` in docker.socket",
                      PLM_SV_ARG(word));
        }
        plm_say_on(k, s->path, users ? PLM_OUT_MANUAL : PLM_OUT_PASS,
                   "%.*s: mode 0%03o, %.*s; %zu users beside root%s", PLM_SV_ARG(s->path),
                   s->facts.st.st_mode & 07777u, PLM_SV_ARG(s->owners), users,
                   users    ? " (see 1.1.2)"
                   : groups ? ", the group is empty"
                            : "");
    }
}

static void say_tcp(struct plm_checking *k, const struct reach *r)
{
    for (size_t i = 0; i < r->listeners.n; i++) {
        const struct reach_listener *l = &r->listeners.v[i];
        plm_sv object = plm_arena_printf(k->arena, "tcp://%.*s:%u", PLM_SV_ARG(l->address), l->port);
        plm_say_on(k, object, PLM_OUT_MANUAL,
                   "listening socket of %.*s (pid %d): whoever reaches it%s; 2.7 judges it",
                   PLM_SV_ARG(l->daemon->product), l->pid,
                   l->needs_certificate ? " with a certificate of its authority" : " is root");
    }
    if (r->listeners_failure.p)
        plm_say(k, PLM_OUT_UNKNOWN, "listening sockets: %.*s", PLM_SV_ARG(r->listeners_failure));
}

static void say_containers(struct plm_checking *k, const struct reach *r)
{
    for (size_t i = 0; i < r->containers.n; i++) {
        const struct reach_container *c = &r->containers.v[i];
        plm_sv object = plm_arena_printf(k->arena, "container %.*s", PLM_SV_ARG(c->container->object));
        plm_say_on(k, object, PLM_OUT_MANUAL, "%.*s is mounted at %.*s%s; 5.32 judges it",
                   PLM_SV_ARG(c->source), PLM_SV_ARG(c->point),
                   c->container->is_running ? "" : " (not running)");
    }
}

static void say_forwarders(struct plm_checking *k, const struct reach *r)
{
    for (size_t i = 0; i < r->forwarders.n; i++) {
        const struct reach_forwarder *p = &r->forwarders.v[i];
        plm_sv object = plm_arena_printf(k->arena, "process %.*s", PLM_SV_ARG(p->program));
        plm_say_on(k, object, PLM_OUT_FAIL, "/proc/%d/cmdline: %.*s passes connections on to %.*s", p->pid,
                   PLM_SV_ARG(p->argument), PLM_SV_ARG(p->socket));
        plm_weigh(k, object, PLM_SEV_CRITICAL);
        plm_refix(k, object, "stop the process (pid %d); reach the engine by `docker -H ssh://` instead",
                  p->pid);
    }
}

static void say_programs(struct plm_checking *k, const struct reach *r)
{
    for (size_t i = 0; i < r->programs.n; i++) {
        const struct reach_program *p = &r->programs.v[i];
        plm_say_on(k, p->path, PLM_OUT_FAIL, "%.*s: mode 0%04o, %.*s: runs with the rights of %s",
                   PLM_SV_ARG(p->path), p->mode, PLM_SV_ARG(p->owners),
                   p->mode & 04000 ? "its owner" : "the engine's group");
        plm_sv word = plm_shell_word(k->arena, p->path);
        plm_refix(k, p->path, "`chmod ug-s %.*s`", PLM_SV_ARG(word));
    }
}

static void run_sockets(struct plm_checking *k)
{
    struct reach r;
    if (!reach_learn(k, &r))
        return;
    if (k->facts->daemons.n == 0)
        plm_say(k, PLM_OUT_NA, "no container engine was found");
    else if (r.sockets.n + r.listeners.n == 0)
        plm_say(k, PLM_OUT_NA, "no engine of this machine has a socket");
    say_sockets(k, &r);
    say_tcp(k, &r);
    say_containers(k, &r);
    say_forwarders(k, &r);
    say_programs(k, &r);
    reach_done(&r);
}

/* ---- H-GROUP ---------------------------------------------------------------------------------------- */

static void say_group(struct plm_checking *k, const struct plm_group *g)
{
    size_t members = 0;
    bool is_primary;
    plm_sv object = g->name;
    for (size_t i = 0; i < k->facts->accounts.users.n; i++) {
        const struct plm_user *u = &k->facts->accounts.users.v[i];
        if (u->uid == 0 || !plm_user_in_group(u, g, &is_primary))
            continue;
        members++;
        plm_say_on(k, object, outcome_for(k, u->name), "%.*s by %s", PLM_SV_ARG(u->name),
                   is_primary ? "its primary group in /etc/passwd" : "/etc/group");
    }
    for (size_t i = 0; i < g->members.n; i++)
        if (!plm_user_by_name(k->facts, g->members.v[i])) {
            members++;
            plm_say_on(k, object, outcome_for(k, g->members.v[i]),
                       "%.*s by /etc/group, a name without an account", PLM_SV_ARG(g->members.v[i]));
        }
    if (!say_accounts(k, object) && members == 0)
        plm_say_on(k, object, PLM_OUT_PASS, "/etc/group: %.*s has no members", PLM_SV_ARG(g->name));
    plm_refix(k, object, "`gpasswd -d USER %.*s`; name those who are meant in `audit.trusted_users`",
              PLM_SV_ARG(g->name));
}

static void run_groups(struct plm_checking *k)
{
    struct reach r;
    if (!reach_learn(k, &r))
        return;
    const struct plm_group *docker = plm_group_by_name(k->facts, PLM_SV("docker"));
    bool has_docker = false;
    for (size_t i = 0; i < r.sockets.n; i++) {
        const struct plm_group *g = r.sockets.v[i].group;
        bool is_repeated = false;
        for (size_t j = 0; j < i; j++)
            is_repeated |= r.sockets.v[j].group == g;
        has_docker |= g && g == docker;
        if (g && !is_repeated)
            say_group(k, g);
    }
    if (docker && !has_docker)
        say_group(k, docker); /* sockets of an engine that starts later belong to it */
    else if (!has_docker && k->facts->accounts.failure.p)
        (void)say_accounts(k, PLM_SV_NULL);
    else if (!docker)
        plm_say(k, PLM_OUT_NA, "/etc/group: there is no group docker");
    reach_done(&r);
}

static const struct plm_check checks[] = {
    {.id = "1.1.2",
     .title = "only trusted users control the engine",
     .reads = "owner, mode and ACL of every engine socket; /etc/passwd, /etc/group; groups of all processes; "
              "/etc/sudoers",
     .rationale = "Whoever can talk to the engine can start a container that is root on the host.",
     .fix = "`gpasswd -d USER docker`; name those who are meant in `audit.trusted_users`",
     .severity = PLM_SEV_HIGH,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .level = 1,
     .run = run_users},
    {.id = "H-SOCK",
     .title = "nothing but the engine's clients reaches its socket",
     .reads =
         "sockets of all engines, listening TCP sockets, mounts of containers, command lines of forwarders, "
         "set-id programs",
     .rationale =
         "A socket has more doors than its group: mode bits, containers that mount it, forwarders, programs "
         "that run with the group's rights.",
     .fix = "close the way that the evidence names",
     .severity = PLM_SEV_HIGH,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = run_sockets},
    {.id = "H-GROUP",
     .title = "the engine's group has only trusted members",
     .reads = "/etc/passwd (primary groups too), /etc/group, /etc/nsswitch.conf",
     .rationale = "Membership of the group is root without a password and without a trace in sudo's log.",
     .fix = "`gpasswd -d USER docker`; name those who are meant in `audit.trusted_users`",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = run_groups},
};
static const struct plm_check_group group = {
    .id = "access",
    .summary = "who controls the engine",
    .checks = checks,
    .n = sizeof(checks) / sizeof(checks[0]),
};
PLM_REGISTER(plm_check_groups, struct plm_check_group, group);
