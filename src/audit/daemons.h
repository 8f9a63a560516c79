/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding the engines of a machine: what collect_daemons.c and daemon_process.c share.
 */
#pragma once

#include "audit/facts.h"

/* A place where an engine may answer. */
struct plm_place {
    plm_sv endpoint; /* as shown: "unix:///run/docker.sock", "tcp://127.0.0.1:2375" */
    plm_sv connect;  /* as plm_engine_open takes it, where that differs ("unix:///proc/812/root/..."), else
                        null */
    plm_sv context;  /* open by this docker context (its TLS material), or null */
    plm_sv how;      /* "DOCKER_HOST", "docker.socket", "held by dockerd (pid 812)" */
    bool is_asked;   /* the user named it: it counts though nothing answers */
    bool is_podman;
    bool is_remote;
    plm_sv path; /* of a unix socket; null: TCP */
    uint64_t dev, ino;
    int sys;                     /* errno of looking at the socket, 0: it is there */
    struct plm_process *process; /* that holds the listening end; NULL: not found */
};
typedef PLM_VEC(struct plm_place) plm_place_vec;

/* A process whose program is dockerd, with what it listens on. */
struct plm_engine_process {
    struct plm_process *p;
    plm_socket_vec listening; /* unix and TCP */
    plm_sv failure;           /* its descriptors could not be read */
    int root_fd;              /* its root folder, O_PATH; -1: unreadable (root_errno) */
    int root_errno;
};
typedef PLM_VEC(struct plm_engine_process) plm_engine_process_vec;

/* Processes that run dockerd, not those inside containers. */
int plm_engine_processes(struct plm_facts *f, plm_engine_process_vec *out, plm_err **err);
void plm_engine_processes_done(plm_engine_process_vec *v);
/* Adds the places that their sockets are, and sets place->process where a place is theirs. */
int plm_engine_processes_join(struct plm_facts *f, plm_engine_process_vec *v, plm_place_vec *places,
                              plm_err **err);
/* argv and daemon.json of the process behind d into d->settings; failures become d->settings_failure. */
int plm_engine_process_settings(struct plm_facts *f, const struct plm_engine_process *e, struct plm_daemon *d,
                                plm_err **err);
/* Value of a variable of /proc/PID/environ; null: not set or unreadable (*out_errno, else 0). */
plm_sv plm_process_env(struct plm_facts *f, const struct plm_process *p, const char *name, int *out_errno);
