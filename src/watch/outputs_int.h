/* SPDX-License-Identifier: Apache-2.0
 *
 * What the queue of alerts and the sinks share.
 */
#pragma once

#include "base/ctx.h"
#include "model/model.h"
#include "watch/alert.h"

/* ---- rate limits (limit.c) ---------------------------------------------------------------- */

/* A token bucket for each pair of rule and container. What it holds back becomes one alert a second, the
 * newest of them, with the number of the others in n_similar. Not thread-safe: its user has a lock. */
struct plm_limit;
struct plm_limit *plm_limit_new(double rate, unsigned burst, plm_err **err);
void plm_limit_free(struct plm_limit *l);
/* The alert if it may go, NULL if it was taken over. now: plm_clock_ms. */
struct plm_alert *plm_limit_pass(struct plm_limit *l, struct plm_alert *a, uint64_t now);
/* The next collected alert whose second is over, by the clock or by the events' own time; NULL: none. all:
 * whatever its age. */
struct plm_alert *plm_limit_due(struct plm_limit *l, uint64_t now, bool all);
/* When plm_limit_due has something by the clock; UINT64_MAX: nothing is held back. */
uint64_t plm_limit_next(const struct plm_limit *l);

/* ---- helpers of sinks (sink_common.c) ----------------------------------------------------- */

enum plm_sink_format { PLM_SINK_DEFAULT, PLM_SINK_TEXT, PLM_SINK_FALCO_JSON, PLM_SINK_JSON };

/* One option of a sink, and where its value goes. "enabled" is accepted everywhere and means nothing here. */
struct plm_sink_key {
    const char *name;
    enum plm_sink_key_type {
        PLM_KEY_TEXT, /* plm_sv, in the arena */
        PLM_KEY_FLAG,
        PLM_KEY_NUMBER, /* uint64_t */
        PLM_KEY_SIZE,   /* uint64_t, "10M" */
        PLM_KEY_MS,     /* uint64_t, "5s" */
        PLM_KEY_FORMAT, /* enum plm_sink_format */
        PLM_KEY_SECRET, /* plm_sv: @FILE or $VARIABLE, not resolved */
        PLM_KEY_TEXTS,  /* plm_sv_vec: may be given again and again */
    } type;
    size_t offset; /* in the object */
};
/* Reads pairs into the object by the table (NULL name ends it); texts are copied into the arena. CONFIG. */
int plm_sink_keys(const char *sink, const struct plm_sink_key *table, void *object, struct plm_arena *a,
                  const plm_sv *keys, const plm_sv *values, size_t n, plm_err **err);
/* The alert as one line of text or JSON, without the newline. */
void plm_sink_render(enum plm_sink_format f, const struct plm_alert *a, const struct plm_alert_options *o,
                     struct plm_buf *out);
/* "Warning Sensitive file ...": priority and message, for logs that have their own time. */
void plm_sink_text(const struct plm_alert *a, struct plm_buf *out);
/* Writes everything to a descriptor that may be non-blocking; waits at most until `by` (plm_clock_ms, 0: as
 * long as it takes). NET net.timeout when that is over. */
int plm_sink_write_all(int fd, plm_sv data, uint64_t by, plm_err **err);
/* Is that JSON? */
bool plm_sink_is_json(enum plm_sink_format f, const struct plm_alert_options *o);
/* Our own shape: the alert as a finding of kind `runtime` (docs/watch-outputs.md). */
void plm_sink_json(const struct plm_alert *a, struct plm_buf *out);
enum plm_severity plm_sink_severity(enum plm_priority p);

/* ---- delivery in a thread of its own (sender.c) --------------------------------------------- */

/* For sinks that wait for others: messages queue up within a bound, so that a peer that hangs delays no other
 * sink. Failed sends are tried again with growing waits. */
struct plm_sender;
struct plm_sender_config {
    const char *name;    /* of the sink, for what is logged */
    size_t max_messages; /* that wait */
    size_t max_bytes;    /* of those that wait */
    size_t batch;        /* at most so many in one send; 0: 1 */
    uint64_t linger_ms;  /* wait so long for a batch to fill */
    unsigned retries;    /* after these the batch is given up */
    uint64_t retry_ms;   /* first wait, which doubles up to 30 s */
    atomic_bool *cancel; /* instead of a flag of its own; NULL: its own */
    bool keeps;          /* send puts elsewhere what it cannot deliver: it is called even when time is up */
    void *data;
    /* In the sender's thread, with its context (its cancel flag ends a send that close cannot wait for).
     * NET: to be tried again; all else is given up. */
    int (*send)(void *data, const struct plm_ctx *ctx, const plm_sv *messages, size_t n, plm_err **err);
    /* Other work of the thread, called when nothing waits: when again, in ms; UINT64_MAX: not. Or NULL. */
    uint64_t (*tick)(void *data, const struct plm_ctx *ctx);
};
struct plm_sender *plm_sender_new(const struct plm_ctx *ctx, const struct plm_sender_config *conf,
                                  plm_err **err);
/* Copies the message. LIMIT: the bound is reached. */
int plm_sender_push(struct plm_sender *s, plm_sv message, plm_err **err);
/* Given up after push took them. */
uint64_t plm_sender_lost(struct plm_sender *s);
/* Sends what waits until `by` (plm_clock_ms; 0: one second from now), then ends the thread and frees. */
void plm_sender_close(struct plm_sender *s, uint64_t by);
