/* SPDX-License-Identifier: Apache-2.0
 *
 * What collectors found and checks judge: private to src/audit. Everything lives in facts->arena.
 * Collectors (collect_*.c) fill it before the first check runs; checks only read, and read single
 * files of the host (a sysctl, a unit) through facts->kernel themselves.
 *
 * A check is a function that says one or more things about its object; the worst outcome wins
 * (fail, unknown, manual, pass, na) and every saying becomes a line of evidence:
 *
 *     static void check_privileged(struct plm_checking *k)
 *     {
 *         bool declared = plm_json_bool(k->container->host_config, "Privileged", false);
 *         plm_say(k, declared ? PLM_OUT_FAIL : PLM_OUT_PASS, "HostConfig.Privileged: %s", declared ? "true" :
 * "false");
 *         ...
 *         if (declared != actual)
 *             plm_drift(k, "privileged is declared %d, in force %d", declared, actual);
 *     }
 *
 * A check that says nothing is `unknown`: forgetting a branch can never become a pass.
 */
#pragma once

#include "audit/audit.h"
#include "codec/json.h"
#include "docker/docker.h"
#include "kernel/kernel.h"

/* ---- engines -------------------------------------------------------------------------- */

enum plm_setting_origin { PLM_SET_DEFAULT, PLM_SET_ARGV, PLM_SET_FILE };

/* One effective setting of dockerd, by its daemon.json name ("insecure-registries"); lists have a row per
 * element, maps a row per entry ("max-size=10m"). */
struct plm_setting {
    plm_sv name, value; /* booleans are "true" and "false" */
    enum plm_setting_origin origin;
    plm_sv where; /* "/proc/812/cmdline", "/etc/docker/daemon.json" */
};

/* An API answer, or why there is none. */
struct plm_answer {
    struct plm_json *doc; /* owned by facts (freed with them); NULL: see failure */
    yyjson_val *root;     /* NULL with doc */
    plm_sv failure;       /* text of the error; null where doc is there or it was not asked */
};

struct plm_container;
struct plm_image_facts;

struct plm_daemon {
    plm_sv endpoint; /* "unix:///run/docker.sock": the object of its rows */
    plm_sv product;  /* "docker", "podman" */
    bool is_answering;
    plm_sv failure; /* why it does not answer */
    struct plm_engine *engine;
    struct plm_answer info, version, networks, volumes, plugins, df, swarm, nodes, services, secrets;
    /* the process behind it; NULL: not found (process_failure) */
    const struct plm_process *process;
    plm_sv process_failure, how_found;
    plm_socket_vec listeners;        /* unix and TCP sockets that the process listens on */
    plm_sv listeners_failure;        /* they could not be told: none is no answer */
    bool is_rootless, is_remote;     /* remote: no process, no kernel truth */
    plm_sv socket_path;              /* as the host sees it; null: TCP */
    uint64_t socket_dev, socket_ino; /* of the socket's inode in the file system; 0: unreadable */
    /* configuration in effect; settings_failure where argv or file could not be read or parsed */
    PLM_VEC(struct plm_setting) settings;
    plm_sv settings_failure;
    plm_sv config_path; /* of its daemon.json, whether or not it is there */
    bool has_config_file, is_config_stale;
    struct plm_answer config;                 /* the file, parsed */
    plm_sv root_dir;                          /* DockerRootDir; null: not known */
    PLM_VEC(struct plm_container) containers; /* all, by name */
    plm_sv containers_failure;
    PLM_VEC(struct plm_image_facts) images;
    plm_sv images_failure;
};

/* First (or, for scalars, the only) row; NULL: not set, the default holds. */
const struct plm_setting *plm_daemon_setting(const struct plm_daemon *d, const char *name);
/* -1: cannot be known (settings_failure); else 0 or 1. otherwise: dockerd's default. out_said:
 * "userland-proxy: true (default)" for evidence. */
int plm_daemon_bool(const struct plm_daemon *d, struct plm_arena *a, const char *name, bool otherwise,
                    plm_sv *out_said);

/* ---- containers and images ------------------------------------------------------------- */

struct plm_container {
    struct plm_daemon *daemon;
    plm_sv id, name;               /* name without slash */
    plm_sv object;                 /* Compose "project/service", else the name */
    plm_sv image, image_id, state; /* "running", "exited", "created", "paused" ... */
    bool is_running;               /* running or paused: it has processes */
    struct plm_answer inspect;
    yyjson_val *host_config, *config, *network; /* of inspect; NULL where it failed */
    PLM_VEC(struct plm_answer) execs;           /* of ExecIDs */
    /* kernel truth, running ones on this machine; truth_failure says why not */
    plm_sv truth_failure; /* null: the following are valid */
    const struct plm_process *init;
    PLM_VEC(const struct plm_process *) processes; /* with details; init first, then by pid */
    struct plm_cgroup cgroup;
    plm_mount_vec mounts; /* of init */
    plm_sv mounts_failure;
    plm_socket_vec sockets; /* of init's network namespace, when it is not the host's */
    plm_sv sockets_failure;
    plm_sv upper_dir, lower_dirs; /* overlay; null: another driver */
};

struct plm_image_facts {
    struct plm_daemon *daemon;
    plm_sv id, object; /* object: first tag, else digest reference, else short id */
    plm_sv_vec tags, digests;
    int64_t created;
    uint64_t size;
    bool is_used; /* by a container of this daemon, running or not */
    bool is_dangling, is_parent;
    struct plm_answer inspect, history;
    yyjson_val *config;
};

/* ---- the host --------------------------------------------------------------------------- */

struct plm_user {
    plm_sv name, home, shell;
    uint32_t uid, gid;
    uint32_t line;
};
struct plm_group {
    plm_sv name;
    uint32_t gid;
    plm_sv_vec members;
};
/* /etc/passwd and /etc/group (collect_accounts.c). */
struct plm_accounts {
    PLM_VEC(struct plm_user) users;
    PLM_VEC(struct plm_group) groups;
    plm_sv failure; /* a file could not be read */
    bool
        is_files_only; /* nsswitch names nothing beside files (compat, systemd): else other users may exist */
    plm_sv other_sources; /* "ldap sss" */
};

/* One systemd unit file with its drop-ins (collect_units.c), by the search order of the specification. */
struct plm_unit_setting {
    plm_sv section, key, value;
    plm_sv path;
    uint32_t line;
};
struct plm_unit {
    plm_sv name, path;                         /* path null: no such unit */
    bool is_masked;                            /* an empty file or a link to /dev/null */
    plm_sv_vec drop_ins;                       /* paths */
    PLM_VEC(struct plm_unit_setting) settings; /* in the order of effect */
};

struct plm_facts {
    const struct plm_ctx *ctx;
    const struct plm_audit_options *opt;
    struct plm_arena *arena;
    struct plm_kernel *kernel; /* NULL: no /proc there (kernel_failure) */
    plm_sv kernel_failure;
    int root_fd;               /* the directory that stands for "/" */
    struct plm_report *report; /* what scans found; diagnostics go here */
    uint32_t scanned_host;     /* target of a scan of this host in report, or PLM_NONE */
    plm_process_vec processes; /* all; details of those of containers and engines */
    plm_sv processes_failure;
    plm_mount_vec host_mounts;
    plm_sv host_mounts_failure;
    struct plm_accounts accounts;
    bool has_accounts;
    PLM_VEC(struct plm_daemon) daemons;
    PLM_VEC(struct plm_json *) documents; /* freed by plm_facts_free */
    struct plm_setuid_walk *setuid_walk;  /* under way (host_suid.c); NULL: not begun */
};

int plm_facts_collect(const struct plm_ctx *ctx, const struct plm_audit_options *opt, struct plm_report *r,
                      struct plm_facts **out, plm_err **err);
void plm_facts_free(struct plm_facts *f);
PLM_CLEANUP(struct plm_facts, plm_facts_free)

/* Collectors, in the order in which they run. Each says what it could not see in the facts and goes on. */
int plm_collect_kernel(struct plm_facts *f, plm_err **err); /* collect_kernel.c: processes, mounts */
int plm_collect_daemons(struct plm_facts *f,
                        plm_err **err); /* collect_daemons.c: endpoints, processes, settings */
int plm_collect_engine(struct plm_facts *f,
                       plm_err **err); /* collect_engine.c: API answers, containers, images */
int plm_collect_containers(struct plm_facts *f,
                           plm_err **err); /* collect_containers.c: kernel truth of each */
/* On first use; idempotent. */
void plm_collect_accounts(struct plm_facts *f);
const struct plm_user *plm_user_by_uid(const struct plm_facts *f, uint32_t uid);
const struct plm_group *plm_group_by_gid(const struct plm_facts *f, uint32_t gid);
int plm_unit_read(struct plm_facts *f, const char *name, struct plm_unit *out, plm_err **err);
/* The values of a key in force: an assignment of nothing empties the list. Scalars: the last one. */
int plm_unit_values(const struct plm_unit *u, const char *section, const char *key, struct plm_arena *a,
                    plm_sv_vec *out, plm_err **err);
/* Keeps a document until the facts die. NULL doc stays NULL. */
struct plm_json *plm_facts_keep(struct plm_facts *f, struct plm_json *doc);

/* Runs every registered check that opt asks for over facts made by a collector or by a test: rows and
 * findings into facts->report. */
int plm_audit_judge(struct plm_facts *f, plm_err **err);

/* ---- what a check has in hand ------------------------------------------------------------- */

struct plm_audit_run; /* judge.c */

struct plm_checking {
    const struct plm_check *check;
    struct plm_facts *facts;         /* read-only but for plm_collect_accounts */
    struct plm_arena *arena;         /* of the report: evidence goes here */
    struct plm_daemon *daemon;       /* engine, images, containers, swarm */
    struct plm_container *container; /* PLM_PER_CONTAINER */
    struct plm_image_facts *image;   /* PLM_PER_IMAGE */
    yyjson_val *service;             /* PLM_PER_SERVICE: an element of daemon->services */
    plm_sv object;                   /* the subject's */
    struct plm_audit_run *run;
};

/* A saying about the subject's object: moves the outcome to the worse of both, adds the text as evidence (an
 * empty format adds none). Evidence is "field or file: value", escaped when shown, not here. */
void plm_say(struct plm_checking *k, enum plm_outcome outcome, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same about another object (a sysctl key, a file, a user): a row of its own. */
void plm_say_on(struct plm_checking *k, plm_sv object, enum plm_outcome outcome, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Severity of the failure of that object (null: the subject's), where it is not the check's. The highest
 * that was set holds. */
void plm_weigh(struct plm_checking *k, plm_sv object, enum plm_severity severity);
/* A title or fix for this object in place of the check's. */
void plm_retitle(struct plm_checking *k, plm_sv object, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void plm_refix(struct plm_checking *k, plm_sv object, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Declared and in force differ: a line of the finding `drift` of this object (which names the check). */
void plm_drift(struct plm_checking *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The reason why the kernel's side of this container is not known, said as `unknown`; true if it was said
 * (the caller judges the declared side only). Stopped ones and remote engines have no kernel side: false, and
 * nothing is said. */
bool plm_truth_is_missing(struct plm_checking *k);
/* True if the container runs here and its kernel side is known. */
bool plm_has_truth(const struct plm_checking *k);
/* inspect failed: says unknown and returns true. */
bool plm_inspect_is_missing(struct plm_checking *k);
