/* SPDX-License-Identifier: Apache-2.0
 *
 * Named targets for messages: `notify:` of the configuration (slack, teams, webhook, email, syslog,
 * alertmanager). While a target cannot be reached messages wait on disk within a bound and are delivered in
 * order later; what the bound cuts off is counted and said in the next message that gets through. Secrets
 * come only as @FILE or $VARIABLE and never stand in an error, a log or the queue.
 */
#pragma once

#include "base/arena.h"
#include "base/ctx.h"
#include "base/err.h"
#include "base/register.h"
#include "model/model.h"

struct plm_notice {
    plm_sv title; /* one line */
    plm_sv text;  /* body, plain */
    enum plm_severity severity;
    plm_sv object; /* container, image, host */
    plm_sv source; /* "watch", "serve" */
    plm_sv key;    /* stable fingerprint: alertmanager groups and resolves by it; null: none */
    int64_t time;  /* seconds since the epoch */
    const plm_sv *label_names, *label_values;
    size_t n_labels;
    plm_sv json; /* the whole object as JSON, for webhook; null: made from the above */
};

struct plm_notify_target { /* one row of the configuration */
    plm_sv name, kind;
    const plm_sv *keys, *values;
    size_t n;
    plm_sv where; /* "plimsoll.yaml:12", for errors */
};

struct plm_notifier;
struct plm_notify_class {
    const char *name; /* "slack" */
    const char *summary;
    const char *const *keys; /* what it takes, NULL-ended; "!key": needed, "$key": a secret */
    /* Sends one; NET when it should be tried again, anything else when it never will. */
    int (*send)(const struct plm_ctx *ctx, const struct plm_notify_target *t, const struct plm_notice *n,
                plm_err **err);
};
PLM_SET_DECLARE(plm_notify_classes, struct plm_notify_class);

/* Checks kind, keys, secrets. CONFIG with the place. queue_dir null: no queue on disk. */
struct plm_notifier *plm_notifier_open(const struct plm_ctx *ctx, const struct plm_notify_target *t,
                                       plm_sv queue_dir, size_t max_bytes, plm_err **err);
void plm_notifier_close(struct plm_notifier *n);
PLM_CLEANUP(struct plm_notifier, plm_notifier_close)
/* Sends, or puts into the queue; -1 only if neither was possible. */
int plm_notifier_send(struct plm_notifier *n, const struct plm_notice *notice, plm_err **err);
/* Tries what waits; how many are left. Waits between attempts grow to 60 s and are the caller's:
 * *out_retry_ms. */
size_t plm_notifier_flush(struct plm_notifier *n, uint64_t *out_retry_ms);
/* Once, without the queue: `notify test NAME`. */
int plm_notifier_try(struct plm_notifier *n, const struct plm_notice *notice, plm_err **err);
