/* SPDX-License-Identifier: Apache-2.0
 *
 * Audit of a host, its engines, their images and containers against the checks of the registry:
 * facts are collected once (audit/facts.h), then every check judges every object that it is about.
 *
 *     struct plm_audit_options opt = {.stages = PLM_STAGE_ALL, ...};
 *     plm_audit_run(ctx, &opt, report, err);   // targets host, engine, images, containers, swarm;
 *                                              // checks[], findings of kind audit, diagnostics
 *     plm_audit_score(report, err);            // stage scores and the fixes that close most
 *
 * What scans have already found stands in the report given (packages of the host, vulnerabilities of
 * images): checks that join with them say `unknown` where no scan is there. An error is one of the
 * whole run (out of memory, an unusable option); everything less is an outcome or a diagnostic.
 */
#pragma once

#include "base/ctx.h"
#include "base/err.h"
#include "base/register.h"
#include "model/model.h"

enum plm_stage {
    PLM_STAGE_HOST,
    PLM_STAGE_ENGINE,
    PLM_STAGE_IMAGES,
    PLM_STAGE_CONTAINERS,
    PLM_STAGE_SWARM,
    PLM_STAGE_COUNT_
};
#define PLM_STAGE_BIT(s) (1u << (s))
#define PLM_STAGE_ALL    ((1u << PLM_STAGE_COUNT_) - 1)
const char *plm_stage_name(enum plm_stage s); /* "host", ...: also the id of the target that its rows have */
bool plm_stage_parse(plm_sv s, enum plm_stage *out);

/* What each check is about: how often it runs, and what it is handed. */
enum plm_subject {
    PLM_PER_HOST,
    PLM_PER_DAEMON,
    PLM_PER_IMAGE,
    PLM_PER_CONTAINER,
    PLM_PER_SWARM, /* once per daemon that is an active swarm node */
    PLM_PER_SERVICE,
};

struct plm_checking; /* audit/facts.h */

/* What the fix costs the one who applies it. */
enum plm_impact { PLM_IMPACT_SAFE, PLM_IMPACT_RESTART, PLM_IMPACT_MAY_BREAK };
const char *plm_impact_name(enum plm_impact i); /* "safe", "restart", "may-break" */

struct plm_check {
    const char *id; /* CIS Docker 1.6 number ("5.4"), else the specification's letter id ("R4", "H-SOCK") */
    const char *title;          /* what must be true: "capabilities are restricted" */
    const char *reads;          /* "HostConfig.CapAdd, CapBnd and CapEff of every process" */
    const char *rationale;      /* why, in one or two sentences of our own */
    const char *fix;            /* what to do; `code spans` are commands or settings */
    const char *aliases;        /* ids that other tools use for it, between blanks, or NULL */
    enum plm_severity severity; /* of a failure, unless the check says otherwise */
    enum plm_stage stage;
    enum plm_subject subject;
    enum plm_impact impact; /* of the fix */
    uint8_t level;          /* CIS level 1 or 2; 0: not in CIS */
    bool is_manual;         /* CIS calls it manual */
    bool needs_running;     /* says na for containers that do not run */
    bool is_summary;        /* runs after all others and reads their rows in facts->report */
    void (*run)(struct plm_checking *k);
};

/* One file per group of checks ends in one of these. */
struct plm_check_group {
    const char *id; /* "containers", "breakout" */
    const char *summary;
    const struct plm_check *checks;
    size_t n;
};
PLM_SET_DECLARE(plm_check_groups, struct plm_check_group);

/* All checks in the order of their ids as people read them (2.9 before 2.10, numbers before letters);
 * NULL-ended, in the arena. NULL when it failed. */
const struct plm_check *const *plm_checks_sorted(struct plm_arena *a);
/* By id or alias, any case; NULL if there is none. */
const struct plm_check *plm_check_find(plm_sv id);
int plm_check_id_cmp(plm_sv a, plm_sv b);

/* ---- frameworks (audit/mapping.c; tables V and M of the specification) -------------------- */

/* What the check maps to: cis-docker (1.6.0), cis-controls, nist-800-190, pci-dss, attack; in the arena.
 * Nothing where the specification states nothing. */
int plm_check_controls(const struct plm_check *c, struct plm_arena *a, struct plm_control **out,
                       size_t *out_n, plm_err **err);
/* The check's number in another version of the CIS Docker Benchmark ("1.2.0"): null where it is not known. */
plm_sv plm_check_cis_id(const struct plm_check *c, const char *version, struct plm_arena *a);
extern const char *const plm_cis_versions[]; /* NULL-ended, oldest first */
/* "cis", "nist", "pci", "attack", "controls" to the name used in controls[]; null: unknown word. */
plm_sv plm_framework_name(plm_sv word);
bool plm_check_is_of(const struct plm_check *c, plm_sv framework);

/* ---- a run --------------------------------------------------------------------------------- */

/* Expectations that sites differ on: configuration keys `audit.*`, the benchmark's value as default. */
struct plm_expectations {
    plm_sv_vec trusted_users;      /* who may reach the engine; root always may */
    plm_sv_vec allowed_registries; /* empty: none is configured (4.2 is manual) */
    plm_sv_vec allowed_mounts;     /* host paths (glob) that containers may mount, "PATH[:ro][@IMAGE-GLOB]" */
    plm_sv_vec allowed_capabilities; /* beyond the engine's default set */
    plm_sv_vec allowed_runtimes;     /* beside runc and io.containerd.runc.v2 */
    plm_sv_vec log_drivers;          /* drivers that count as shipping logs */
    plm_sv_vec allowed_processes;    /* paths (glob) on the host, beside the built-in list */
    plm_sv_vec allowed_services;     /* unit names (glob) */
    plm_sv_vec allowed_listeners;    /* "22/tcp", "127.0.0.1:*" */
    plm_sv_vec allowed_setuid;       /* paths (glob) */
    uint64_t max_image_age;          /* seconds; 4.4 */
    uint64_t max_idle;               /* seconds a stopped container or unused image may lie; 6.1, 6.2 */
    uint64_t restart_max;            /* 5.15: attempts, default 5 */
    uint64_t low_port;               /* 5.8: ports below are privileged, default 1024 */
    plm_sv_vec allowed_ports;        /* 5.8: privileged host ports that are meant ("80", "443") */
    plm_sv_vec severities;           /* "ID=LEVEL" */
};

struct plm_audit_options {
    unsigned stages; /* PLM_STAGE_BITs */
    plm_sv_vec
        filters;      /* "label=K[=V]", "status=", "name=", "image=" on containers; patterns; all must hold */
    plm_sv_vec names; /* containers, images or services by name (glob), empty: all */
    plm_sv_vec checks;    /* --check: only these ids, empty: all */
    plm_sv framework;     /* only checks that map to it; null: all */
    unsigned level;       /* only CIS level 1 .. level; 0: all */
    plm_sv_vec skip;      /* "ID=REASON": not run, a row `na` with the reason */
    plm_sv root;          /* --root: a recorded tree or a mounted disk; null: this machine */
    plm_sv host, context; /* one engine by address; null: every engine that is found */
    struct plm_expectations expect;
    bool is_thorough;    /* walk all of the host's disks for set-uid programs, not only a first part */
    bool no_engine;      /* ask no engine at all (recorded trees) */
    const char *program; /* argv[0], for the docker run line of the refusal in a container */
};

/* Adds the stages' targets, rows, findings and diagnostics to r. `engine.none` is a diagnostic of negligible
 * severity where no engine is found: its stages are na. USAGE where a name or check id means nothing. */
int plm_audit_run(const struct plm_ctx *ctx, const struct plm_audit_options *opt, struct plm_report *r,
                  plm_err **err);

/* Scores per stage: 100 * (1 - failed weight / judged weight); weights 10, 5, 2, 1 for critical, high,
 * medium, low; unknown counts as failed, suppressed failures do not count; and the fixes that close most
 * (safe first). Call after plm_report_finish and exceptions. */
int plm_audit_score(struct plm_report *r, plm_err **err);

/* Writes DIR: fix-safe.sh, fix-restart.sh, fix-may-break.sh (commented, never run), daemon.json (merged),
 * systemd drop-ins, audit rules, undo.sh, README; by what failed in r. USAGE if DIR is not empty. */
int plm_audit_fix_dir(const struct plm_ctx *ctx, const struct plm_audit_options *opt,
                      const struct plm_report *r, const char *dir, plm_err **err);

/* What runs, listens, starts and is set-uid on this host, as a fragment of plimsoll.yaml
 * (audit.allowed-processes, -listeners, -services, -setuid) for a person to read and use; written atomically.
 */
int plm_audit_learn(const struct plm_ctx *ctx, const struct plm_audit_options *opt, const char *path,
                    plm_err **err);
