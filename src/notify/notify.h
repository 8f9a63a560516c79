/* SPDX-License-Identifier: Apache-2.0
 *
 * Named targets for messages: `notify:` of the configuration (slack, teams, webhook, email, syslog,
 * alertmanager). While a target cannot be reached messages wait on disk within a bound and are delivered in
 * order later; what the bound cuts off is counted and said in the next message that gets through. Secrets
 * come only as @FILE or $VARIABLE and never stand in an error, a log or the queue.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
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
    plm_sv json; /* the whole object as JSON: `data` of what webhook sends; null: none */
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
    /* Sends one. UNSUPPORTED: the target will never take this message; anything else is tried again, because
     * the target may come back, or its secret be put right. */
    int (*send)(const struct plm_ctx *ctx, const struct plm_notify_target *t, const struct plm_notice *n,
                plm_err **err);
};
PLM_SET_DECLARE(plm_notify_classes, struct plm_notify_class);

/* Checks kind, keys, secrets. CONFIG with the place. queue_dir null: no queue on disk. */
struct plm_notifier *plm_notifier_open(const struct plm_ctx *ctx, const struct plm_notify_target *t,
                                       plm_sv queue_dir, size_t max_bytes, plm_err **err);
void plm_notifier_close(struct plm_notifier *n);
PLM_CLEANUP(struct plm_notifier, plm_notifier_close)
/* Sends, or puts into the queue; -1 only if neither was possible. Below the target's min-severity: nothing.
 */
int plm_notifier_send(struct plm_notifier *n, const struct plm_notice *notice, plm_err **err);
/* Tries what waits; how many are left. Waits between attempts grow to 60 s and are the caller's:
 * *out_retry_ms. */
size_t plm_notifier_flush(struct plm_notifier *n, uint64_t *out_retry_ms);
/* Once, without the queue: `notify test NAME`. */
int plm_notifier_try(struct plm_notifier *n, const struct plm_notice *notice, plm_err **err);
/* What a message that lost company to the bound, to a broken queue file or to a target's refusal says. */
size_t plm_notifier_waiting(const struct plm_notifier *n);
uint64_t plm_notifier_lost(const struct plm_notifier *n);
const struct plm_notify_class *plm_notify_find(plm_sv kind);

/* ---- a message as bytes (record.c) -------------------------------------------------------- */

/* Longer texts are cut at 64 KiB. */
void plm_notice_encode(const struct plm_notice *n, struct plm_buf *out);
/* Views into the record; labels in the arena. PARSE. */
int plm_notice_decode(plm_sv record, struct plm_arena *a, struct plm_notice *out, plm_err **err);

/* ---- secrets (secret.c) ------------------------------------------------------------------- */

/* "@FILE" or "$VARIABLE". */
bool plm_secret_is_reference(plm_sv s);
#define PLM_SECRET_BUF PLM_BUF(PLM_KIB(72))
/* The secret that a reference names, without a line end, NUL-ended behind it. CONFIG names the file or the
 * variable, never what is in it. Wipe the buffer with plm_secret_wipe. */
int plm_secret_read(plm_sv reference, struct plm_buf *out, plm_err **err);
void plm_secret_wipe(struct plm_buf *b);
PLM_CLEANUP_INPLACE(struct plm_buf, plm_secret_wipe)
/* Adds "NAME: sha256=<hex>" of the body to `out`: what GitHub calls X-Hub-Signature-256. */
int plm_secret_sign(plm_sv reference, plm_sv header_name, plm_sv body, struct plm_buf *out, plm_err **err);

/* ---- system log (syslog.c) ---------------------------------------------------------------- */

/* "daemon", "local0" to the facility's number. */
bool plm_syslog_facility(plm_sv name, unsigned *out);
struct plm_syslog;
/* address: a socket's path ("/dev/log"), "udp://host:514" or "tcp://host:601" (RFC 5424; octets counted on
 * TCP). Connects with the first message. NET net.offline. */
struct plm_syslog *plm_syslog_new(const struct plm_ctx *ctx, plm_sv address, unsigned facility, plm_sv ident,
                                  plm_err **err);
void plm_syslog_free(struct plm_syslog *s);
PLM_CLEANUP(struct plm_syslog, plm_syslog_free)
/* severity: 0 (emergency) to 7. time: seconds, 0: none given. NET where it may be tried again. */
int plm_syslog_send(struct plm_syslog *s, unsigned severity, int64_t time, plm_sv text, plm_err **err);
