/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/notify share.
 */
#pragma once

#include "notify/notify.h"

/* ---- records of the queue (record.c) -------------------------------------------------------- */

#define PLM_NOTICE_TEXT_MAX   PLM_KIB(64)
#define PLM_NOTICE_RECORD_MAX PLM_MIB(1)

/* ---- the queue on disk (queue.c) ------------------------------------------------------------ */

struct plm_notify_queue;
/* Makes the directory (mode 0700). CONFIG notify.queue-busy: another process has it. */
struct plm_notify_queue *plm_notify_queue_open(const char *dir, size_t max_bytes, plm_err **err);
void plm_notify_queue_close(struct plm_notify_queue *q);
PLM_CLEANUP(struct plm_notify_queue, plm_notify_queue_close)
size_t plm_notify_queue_count(const struct plm_notify_queue *q);
/* LIMIT: the bound is reached; it was counted as lost. On success it is on disk. */
int plm_notify_queue_push(struct plm_notify_queue *q, plm_sv record, plm_err **err);
/* The oldest record; a null view: none. It lives until the next call. */
int plm_notify_queue_peek(struct plm_notify_queue *q, plm_sv *out, plm_err **err);
/* Forgets the oldest. */
int plm_notify_queue_pop(struct plm_notify_queue *q, plm_err **err);
uint64_t plm_notify_queue_lost(const struct plm_notify_queue *q);
/* n was said (negative: more were lost). */
void plm_notify_queue_said(struct plm_notify_queue *q, int64_t n);
/* The next record at *at of a segment's bytes: 1; 0 at the end; -1 where the rest is damaged. */
int plm_notify_segment_next(plm_sv data, size_t *at, plm_sv *out);

/* ---- for the kinds of targets --------------------------------------------------------------- */

/* A key's value; null: not given. */
plm_sv plm_notify_value(const struct plm_notify_target *t, const char *key);
/* At most max bytes, cut between characters. */
plm_sv plm_notify_cut(plm_sv s, size_t max);
/* "critical", and "host" or the object. */
plm_sv plm_notify_object(const struct plm_notice *n);
/* The notice as one JSON object: what webhook sends unless the notice carries its own. */
void plm_notify_json(const struct plm_notice *n, struct plm_buf *out);

#define PLM_NOTIFY_TLS_KEYS "tls-ca", "tls-cert", "tls-key", "insecure"

/* Posts a body. url: an address, or the reference of a secret one; only its host is ever shown. header: one
 * more, or NULL. Uses the TLS keys of the target, and "$authorization" if it has it. */
int plm_notify_post(const struct plm_ctx *ctx, const struct plm_notify_target *t, plm_sv url,
                    const char *header, plm_sv body, plm_err **err);
