/* SPDX-License-Identifier: Apache-2.0
 *
 * The pipeline's own: what watch.c, watch_late.c, watch_reload.c, watch_say.c and metrics.c share. One thread
 * runs all of it; only the mail is written by others (drift prevention, responses).
 */
#pragma once

#include "base/map.h"
#include "watch/kfilter.h"
#include "watch/watch.h"

#include <pthread.h>

#define PLM_WATCH_HITS PLM_HITS_MAX

/* One compiled rule set; a reload makes a new one beside it. */
struct plm_ruleset {
    struct plm_arena *arena;
    struct plm_rules *rules;
    struct plm_rule_matcher *matcher;
    struct plm_rule_matcher
        *late; /* for events that waited: their threads are copies, with caches of their own */
    struct plm_kplan *plan;
    struct plm_evset waits; /* types of events for which a condition reads metadata of containers */
};
int plm_ruleset_load(const struct plm_ctx *ctx, const struct plm_rules_config *conf,
                     struct plm_arena *report_arena, struct plm_load_report *report, struct plm_ruleset *out,
                     plm_err **err);
void plm_ruleset_done(struct plm_ruleset *s);

/* A view whose event and threads are copies in the arena: it outlives the event. */
#define PLM_VIEW_THREADS 64
struct plm_view_copy {
    struct plm_view view;
    struct plm_thread *threads[PLM_VIEW_THREADS]; /* the thread, its leader, ancestors, as far as they fit */
    size_t n_threads;
};
int plm_view_copy(const struct plm_view *view, struct plm_arena *a, struct plm_view_copy *out, plm_err **err);

struct plm_late;         /* events that wait for metadata */
struct plm_metrics_http; /* metrics.c */

struct plm_mail { /* what other threads have to say: a refusal of drift prevention, or an alert */
    struct plm_mail *next;
    struct plm_alert *alert; /* NULL: a refusal */
    int32_t pid;
    bool was_denied;
    char path[];
};

struct plm_watch {
    const struct plm_ctx *ctx;
    const struct plm_watch_config *conf;
    struct plm_arena *arena;
    struct plm_ruleset set;
    struct plm_source *source;
    struct plm_sensor_part *parts;
    size_t n_parts;
    struct plm_meta *meta;
    struct plm_hosts *hosts;
    struct plm_procs *procs;
    struct plm_proc_reader *reader; /* of threads that the sensor did not announce */
    struct plm_outputs *outputs;
    struct plm_responder *responder;
    struct plm_drift *drift;
    struct plm_recorder *recorder;
    struct plm_late *late;
    struct plm_metrics_http *http;
    struct plm_view view;
    struct plm_arena *scratch, *host_arena; /* of one event; of hostname and addresses */
    void (*on_alert)(void *data, const struct plm_alert *a);
    void *on_alert_data;

    int epoll, signals, inotify, wake; /* -1: none */
    bool is_replay, is_stopped, must_reload, must_reopen, is_scanning;
    uint64_t started_ms, reload_at_ms, next_tick_ms, next_metrics_ms;
    uint64_t *pushed; /* per slot of the process table: version whose mask the source has */
    size_t n_pushed;
    struct plm_map *counts; /* rule name to uint64_t in the arena */
    struct plm_watch_stats stats;
    struct plm_loss lost; /* not yet said */
    uint64_t lost_said_ms, refused_said;
    bool record_failed;

    pthread_mutex_t lock; /* guards mail */
    struct plm_mail *mail, **mail_end;
    unsigned n_mail;
};

/* ---- watch.c ---- */
/* Hands an alert on: responses (view not NULL), on_alert, outputs. Takes it. */
void plm_watch_deliver(struct plm_watch *w, struct plm_alert *a, const struct plm_view *view);
/* Evaluates a view by this matcher and delivers what fires. */
size_t plm_watch_evaluate(struct plm_watch *w, struct plm_rule_matcher *m, const struct plm_view *view);

/* ---- watch_late.c ---- */
struct plm_late *plm_late_new(uint64_t wait_ms, plm_err **err);
void plm_late_free(struct plm_late *l);
/* Whether the event must wait for its container; then it was copied and is evaluated later. */
bool plm_late_take(struct plm_watch *w, const struct plm_view *view, bool is_hit, uint64_t now_ms);
/* Evaluates what waited long enough or whose container is known now. all: everything. */
void plm_late_release(struct plm_watch *w, uint64_t now_ms, bool all);
/* When the next one must go; UINT64_MAX: none waits. */
uint64_t plm_late_deadline(const struct plm_late *l);

/* ---- watch_say.c: internal alerts ---- */
void plm_watch_say(struct plm_watch *w, plm_sv rule, enum plm_priority p, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void plm_watch_note_loss(struct plm_watch *w, const struct plm_loss *loss);
void plm_watch_say_losses(struct plm_watch *w, uint64_t now_ms, bool at_end);
void plm_watch_on_denied(void *data, int32_t pid, plm_sv path, bool was_denied);
void plm_watch_on_action(void *data, struct plm_alert *a); /* takes it */
void plm_watch_read_mail(struct plm_watch *w);
void plm_watch_drop_mail(struct plm_watch *w);
void plm_watch_say_metrics(struct plm_watch *w);

/* ---- watch_reload.c ---- */
int plm_watch_watch_files(struct plm_watch *w, plm_err **err);
/* Reads what inotify says; true if something that matters changed. */
bool plm_watch_files_changed(struct plm_watch *w);

/* ---- metrics.c ---- */
void plm_metrics_text(struct plm_watch *w, struct plm_buf *out);
struct plm_metrics_http *plm_metrics_http_open(plm_sv listen, plm_err **err);
void plm_metrics_http_close(struct plm_metrics_http *h);
int plm_metrics_http_fd(const struct plm_metrics_http *h);
/* Answers one client; waits for it 0.1 s at most for each of reading and writing. */
void plm_metrics_http_serve(struct plm_metrics_http *h, struct plm_watch *w);
