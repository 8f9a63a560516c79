/* SPDX-License-Identifier: Apache-2.0
 *
 * Alerts and where they go. An alert is made once, as text and as output fields, the moment its rule matches
 * (or when the metadata that it waits for has come); after that it depends on nothing of the event. Sinks run
 * behind a bounded queue in one thread; overflow is counted and said.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "watch/rules.h"

struct plm_alert_field {
    plm_sv key;  /* as written in the output */
    plm_sv json; /* its JSON value: "\"cat\"", "3", "null" */
};

/* Heap object with an arena of its own. */
struct plm_alert {
    struct plm_arena *arena;
    plm_sv rule, source; /* source: "syscall", "internal" */
    enum plm_priority priority;
    uint64_t ts;   /* nanoseconds since the epoch */
    uint64_t seen; /* monotonic nanoseconds when the event was read from the source: latency */
    plm_sv hostname;
    plm_sv message; /* the formatted output, without time and priority */
    plm_sv *tags;   /* sorted */
    size_t n_tags;
    struct plm_alert_field *fields; /* sorted by key */
    size_t n_fields;
    plm_sv container_id, container_name, image; /* of the process; null: the host */
    int32_t pid;
    plm_sv process; /* proc.name */
    plm_sv exepath;
    uint64_t n_similar; /* alerts that were aggregated into this one */
    plm_sv action;      /* "killed", "would pause" …, or null */
};

struct plm_alert_options { /* falco.yaml and our own */
    bool iso_time;         /* time_format_iso_8601 */
    bool json_output, with_output, with_message, with_fields, with_tags;
    bool buffer_base64;
    plm_sv hostname;                            /* FALCO_HOSTNAME or the host's */
    const plm_sv *static_names, *static_values; /* static_fields */
    size_t n_static;
};

struct plm_alert *plm_alert_make(const struct plm_rule *rule, const struct plm_view *view,
                                 const struct plm_alert_options *o, plm_err **err);
/* An internal message: "Falco internal: syscall event drop" style. */
struct plm_alert *plm_alert_internal(plm_sv rule, enum plm_priority priority, plm_sv message, uint64_t ts,
                                     const struct plm_alert_field *fields, size_t n_fields, plm_err **err);
void plm_alert_free(struct plm_alert *a);
PLM_CLEANUP(struct plm_alert, plm_alert_free)
/* "10:02:11.004210337: Warning message". */
void plm_alert_line(const struct plm_alert *a, const struct plm_alert_options *o, struct plm_buf *out);
/* One line of JSON in Falco's shape, without the newline (falco-rules.md 3.2). */
void plm_alert_falco_json(const struct plm_alert *a, const struct plm_alert_options *o, struct plm_buf *out);

/* ---- sinks (one file each: sink_*.c) ----------------------------------------------------------------- */

struct plm_sink;
struct plm_sink_class {
    const char *name; /* "stdout", "file", "syslog", "journald", "program", "http", "nats", "notify" */
    const char *summary;
    /* Options: pairs of key and value, as in falco.yaml's NAME_output. CONFIG names a bad one. */
    struct plm_sink *(*open)(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values, size_t n,
                             plm_err **err);
};
PLM_SET_DECLARE(plm_sink_classes, struct plm_sink_class);
struct plm_sink {
    const struct plm_sink_class *class;
    int (*write)(struct plm_sink *s, const struct plm_alert *a, const struct plm_alert_options *o,
                 plm_err **err);
    int (*flush)(struct plm_sink *s, plm_err **err); /* NULL: nothing to do */
    void (*reopen)(struct plm_sink *s);              /* SIGUSR1; NULL: nothing */
    /* Of sinks that deliver later, in a thread of their own: how many alerts they gave up. NULL: none. */
    uint64_t (*n_lost)(struct plm_sink *s);
    void (*close)(struct plm_sink *s);
    uint64_t close_by; /* plm_clock_ms by which close should have ended; set before it is called */
};
const struct plm_sink_class *plm_sink_find(plm_sv name);
/* The sink "notify": alerts go to these targets (notify.h), each with its own thread and, in queue_dir, its
 * own queue on disk. plm_cli_notify_sink makes it from the configuration. */
struct plm_notify_target;
struct plm_sink *plm_sink_notify_new(const struct plm_ctx *ctx, const struct plm_notify_target *targets,
                                     size_t n, plm_sv queue_dir, size_t max_bytes, plm_err **err);

struct plm_outputs_config {
    size_t queue;        /* alerts that may wait; 0: 8192 */
    uint64_t timeout_ms; /* a sink blocked longer is said; 0: 2000 */
    /* Rate limit per rule (and container): alerts a second and burst; 0: none. What is held back is counted
     * and said in one alert per second (n_similar). */
    double rate;
    unsigned burst;
};
struct plm_outputs_stats {
    uint64_t n_alerts;     /* pushed: those written, dropped, aggregated, and those that wait */
    uint64_t n_written;    /* given to every sink */
    uint64_t n_dropped;    /* the queue was full, or closing took too long */
    uint64_t n_aggregated; /* stand as n_similar in another */
    uint64_t n_failed;     /* writes that a sink refused, and what sinks gave up later */
    uint64_t n_blocked;    /* times that a sink took longer than timeout_ms */
};
struct plm_outputs;
/* Takes the sinks over. */
struct plm_outputs *plm_outputs_new(const struct plm_ctx *ctx, const struct plm_outputs_config *conf,
                                    const struct plm_alert_options *o, struct plm_sink **sinks, size_t n,
                                    plm_err **err);
void plm_outputs_push(struct plm_outputs *o, struct plm_alert *a); /* takes it */
void plm_outputs_reopen(struct plm_outputs *o);
void plm_outputs_stats_get(struct plm_outputs *o, struct plm_outputs_stats *out);
/* Writes what waits (at most wait_ms), closes all. */
void plm_outputs_close(struct plm_outputs *o, uint64_t wait_ms);

/* ---- responses (respond.c) ---------------------------------------------------------------------------- */

enum plm_action { PLM_ACT_NONE, PLM_ACT_KILL, PLM_ACT_PAUSE, PLM_ACT_STOP, PLM_ACT_DISCONNECT };
const char *plm_response_action_name(enum plm_action action); /* "kill" */

struct plm_response {               /* a row of `respond.actions`; all that is given must fit the alert */
    plm_sv rule;                    /* wildcard with *; null: any */
    plm_sv tag;                     /* null: any */
    enum plm_priority min_priority; /* this or more severe; PLM_PRIO_DEBUG: any */
    enum plm_action action;
};
/* "kill:rule=Program executed from memory", "pause:tag=escape,priority=critical": CONFIG says what is wrong.
 * `rule=` comes last and takes the rest of the text. out borrows the text. */
int plm_response_parse(plm_sv text, struct plm_response *out, plm_err **err);
/* Many rows into out->rows, out->n; the array lives in the arena. */
struct plm_respond_config;
int plm_responses_parse(const plm_sv *texts, size_t n, struct plm_arena *a, struct plm_respond_config *out,
                        plm_err **err);

struct plm_respond_config {
    const struct plm_response *rows; /* the first that fits */
    size_t n;
    bool dry_run;
    const plm_sv *never; /* names of processes, containers and images (wildcards) that are never touched */
    size_t n_never;
    plm_sv docker_host;
    /* Takes an internal alert about each action; called in the responder's thread too. NULL: only the log. */
    void (*say)(void *data, struct plm_alert *a);
    void *say_data;
};
struct plm_responder;
/* AUTH names the capability that is missing (CAP_KILL), or what the engine's socket answers, unless dry_run:
 * nobody learns of it only when it is needed. */
struct plm_responder *plm_responder_new(const struct plm_ctx *ctx, const struct plm_respond_config *conf,
                                        plm_err **err);
void plm_responder_free(struct plm_responder *r);
PLM_CLEANUP(struct plm_responder, plm_responder_free)
/* Queues the action for this alert; kill is done at once (pidfd). Sets a->action. Each action is logged and
 * makes an internal alert through `say`. Never blocks. view NULL: what the alert itself says. */
void plm_responder_act(struct plm_responder *r, struct plm_alert *a, const struct plm_view *view);

/* ---- drift prevention (drift.c) ------------------------------------------------------------------------ */

struct plm_drift_config {
    bool fail_closed; /* what cannot be judged is denied */
    bool dry_run;
    /* Wildcards with *: paths of executables, names of processes, names, ids and images of containers. */
    const plm_sv *never;
    size_t n_never;
    /* Names, ids and images of the containers that are guarded; none: all. For a roll-out by steps. */
    const plm_sv *only;
    size_t n_only;
    plm_sv docker_host; /* names of containers come from there, where never or only have any row */
};
struct plm_drift_stats {
    uint64_t n_asked, n_denied, n_would_deny, n_unjudged; /* executions */
    uint64_t n_file_systems;                              /* of containers, guarded now */
};
struct plm_drift;
/* Own thread that answers fanotify permission events (FAN_OPEN_EXEC_PERM) of containers' file systems. AUTH
 * names CAP_SYS_ADMIN, UNSUPPORTED the kernel's lack. on_denied is called in that thread. */
struct plm_drift *plm_drift_start(const struct plm_ctx *ctx, const struct plm_drift_config *conf,
                                  void (*on_denied)(void *data, int32_t pid, plm_sv path, bool was_denied),
                                  void *data, plm_err **err);
/* A container that just started: its file systems are looked at (again) soon. Never blocks; any thread. */
void plm_drift_hint(struct plm_drift *d);
void plm_drift_stats_get(struct plm_drift *d, struct plm_drift_stats *out);
void plm_drift_stop(struct plm_drift *d);
PLM_CLEANUP(struct plm_drift, plm_drift_stop)
