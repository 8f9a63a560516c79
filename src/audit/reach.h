/* SPDX-License-Identifier: Apache-2.0
 *
 * Every way to an engine of this machine, as the access checks need it. Private to src/audit.
 */
#pragma once

#include "audit/access_int.h"

struct reach_socket {
    const struct plm_daemon *daemon;
    plm_sv path;                   /* as the engine has it */
    struct plm_path_facts facts;   /* owned */
    const struct plm_group *group; /* that may write, not root's; NULL: none */
    plm_sv owners;                 /* "root(0):docker(998)" */
};
struct reach_holder { /* a live process that is not root's and has the group of a socket */
    int32_t pid;
    uint32_t uid, gid;
    plm_sv comm;
};
struct reach_listener {
    const struct plm_daemon *daemon;
    plm_sv address;
    uint16_t port;
    int32_t pid;
    bool needs_certificate;
};
struct reach_container {
    const struct plm_container *container;
    plm_sv source, point;
};
struct reach_forwarder {
    int32_t pid;
    plm_sv program, argument, socket;
};
struct reach_program {
    plm_sv path, owners;
    uint32_t mode;
};
struct reach {
    PLM_VEC(struct reach_socket) sockets;
    PLM_VEC(struct reach_holder) holders; /* one per user and group */
    PLM_VEC(struct reach_listener) listeners;
    plm_sv listeners_failure;
    PLM_VEC(struct reach_container) containers;
    PLM_VEC(struct reach_forwarder) forwarders;
    PLM_VEC(struct reach_program) programs;
    struct plm_sudoers sudoers;
    int sudoers_sys;
};
/* False: out of memory, nothing to free. */
bool reach_learn(struct plm_checking *k, struct reach *r);
void reach_done(struct reach *r);
/* How the user may write to the socket ("member of docker(998) by /etc/group"); null: not at all. */
plm_sv reach_socket_by(struct plm_checking *k, const struct reach_socket *s, const struct plm_user *u);
/* Others may write, and walk there. */
bool reach_socket_is_open(const struct reach_socket *s);
/* Accounts that nobody logs in with (no shell, no home): a rule for ALL means people. */
bool reach_is_service(const struct plm_user *u);
bool reach_sudo_is_root(const struct plm_checking *k, const struct reach *r,
                        const struct plm_sudo_command *c);
/* Whether the rule is for this host: names that are another host's are not; what cannot be told is. */
bool reach_sudo_is_here(const struct plm_checking *k, const struct plm_sudo_rule *rule);
