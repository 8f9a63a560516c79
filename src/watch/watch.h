/* SPDX-License-Identifier: Apache-2.0
 *
 * Runtime detection (design.md part 5): events of the kernel or of a recording, Falco's rules, alerts,
 * responses. This is what the command line sees; the parts have headers of their own:
 *
 *     source.h     where events come from            kfilter.h   what the kernel sends
 *     event.h      an event and its parameters       proc.h      processes and ancestors
 *     meta.h       containers, users                 field.h     fields of conditions and outputs
 *     condition.h  conditions as trees               rules.h     rule files, rule sets, evaluation
 *     alert.h      alerts, sinks, responses
 */
#pragma once

#include "watch/alert.h"
#include "watch/rules.h"
#include "watch/source.h"

struct plm_watch;
struct plm_watch_config {
    struct plm_rules_config rules;
    struct plm_sensor_config sensor;
    struct plm_alert_options alert;
    struct plm_outputs_config outputs;
    struct plm_respond_config respond;
    struct plm_drift_config drift;
    bool prevent_drift;
    plm_sv docker_host;
    uint64_t for_ms;           /* --for; 0: until a signal */
    uint64_t metadata_wait_ms; /* alerts wait this long for metadata; default 500 */
    plm_sv replay;             /* a recording instead of the kernel; null: the kernel */
    bool watch_files;          /* hot reload: inotify on rule files and configuration */
    const plm_sv *watched;     /* further files whose change reloads */
    size_t n_watched;
    plm_sv record;             /* write what was evaluated; null: no */
    uint64_t record_around_ms; /* keep this much before an alert instead of everything; 0: everything */
    plm_sv metrics_listen;     /* "127.0.0.1:8765": /healthz, /metrics, /versions; null: none */
    uint64_t metrics_interval_ms;
    /* Called for every event before the rules are asked; -1 ends the run. May be NULL. */
    int (*on_event)(void *data, struct plm_watch *w, const struct plm_view *view, plm_err **err);
    void *on_event_data;
};

struct plm_watch_stats {
    struct plm_source_stats source;
    struct plm_procs_stats procs;
    struct plm_outputs_stats outputs;
    uint64_t n_events, n_alerts, n_by_priority[8];
    uint64_t n_internal;          /* our own messages: losses, actions, metrics */
    uint64_t n_waited, n_hurried; /* events that waited for metadata; of those, evaluated without it */
    uint64_t reloads, failed_reloads;
    double seconds;
};

/* Signals that the pipeline takes itself (HUP: reload, USR1: reopen, INT and TERM: stop) are blocked in this
 * thread and those that it starts: call it before anything that starts one. */
int plm_watch_block_signals(plm_err **err);
void plm_watch_unblock_signals(void);

/* Takes the sinks over, whatever it returns. conf outlives it; the arena holds the report. */
struct plm_watch;
struct plm_watch *plm_watch_new(const struct plm_ctx *ctx, const struct plm_watch_config *conf,
                                struct plm_sink **sinks, size_t n_sinks, struct plm_arena *a,
                                struct plm_load_report *report, plm_err **err);
/* Until the end of the recording, for_ms, a signal or ctx->cancel. Each alert is also handed to on_alert (may
 * be NULL) before it goes out. */
int plm_watch_run(struct plm_watch *w, void (*on_alert)(void *data, const struct plm_alert *a), void *data,
                  plm_err **err);
void plm_watch_stats_get(const struct plm_watch *w, struct plm_watch_stats *out);
/* How often the i-th rule that fired did, in the order of first firing; false: no more. */
bool plm_watch_triggered(const struct plm_watch *w, size_t i, plm_sv *out_rule, uint64_t *out_n);
/* Rules are read again; the old ones stay where that fails (POLICY says why). */
int plm_watch_reload(struct plm_watch *w, plm_err **err);
/* Parts of the sensor as plm_sensor_open told them; none for a recording. */
size_t plm_watch_parts(const struct plm_watch *w, const struct plm_sensor_part **out);
const struct plm_rules *plm_watch_rules(const struct plm_watch *w);
const struct plm_rule_matcher *plm_watch_matcher(const struct plm_watch *w);
/* The same to evaluate with, in on_event. */
struct plm_rule_matcher *plm_watch_matcher_use(struct plm_watch *w);
void plm_watch_free(struct plm_watch *w);
PLM_CLEANUP(struct plm_watch, plm_watch_free)

/* Reads falco.yaml (falco-rules.md part 8): what has a meaning here is carried over, the rest named. */
struct plm_falco_config; /* falco_yaml.h */
