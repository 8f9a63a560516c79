/* SPDX-License-Identifier: Apache-2.0
 *
 * A message as bytes, for the queue on disk: version, severity, time, texts with their lengths, labels. An
 * absent text and an empty one are the same. Secrets are no part of a message.
 */
#include "base/rd.h"
#include "notify_int.h"

enum { RECORD_VERSION = 1, LABELS_MAX = 256 };

plm_sv plm_notify_cut(plm_sv s, size_t max)
{
    if (s.n <= max)
        return s;
    size_t n = max;
    while (n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    return plm_sv_sub(s, 0, n);
}

void plm_notice_encode(const struct plm_notice *n, struct plm_buf *out)
{
    size_t n_labels = n->n_labels > LABELS_MAX ? LABELS_MAX : n->n_labels;
    plm_buf_byte(out, RECORD_VERSION);
    plm_buf_byte(out, (unsigned char)n->severity);
    plm_buf_u64le(out, (uint64_t)n->time);
    plm_buf_view(out, plm_notify_cut(n->title, PLM_KIB(4)));
    plm_buf_view(out, plm_notify_cut(n->text, PLM_NOTICE_TEXT_MAX));
    plm_buf_view(out, plm_notify_cut(n->object, PLM_KIB(4)));
    plm_buf_view(out, plm_notify_cut(n->source, PLM_KIB(4)));
    plm_buf_view(out, plm_notify_cut(n->key, PLM_KIB(4)));
    plm_buf_varint(out, n_labels);
    for (size_t i = 0; i < n_labels; i++) {
        plm_buf_view(out, plm_notify_cut(n->label_names[i], 256));
        plm_buf_view(out, plm_notify_cut(n->label_values[i], PLM_KIB(1)));
    }
    plm_buf_view(out, n->json.n <= PLM_KIB(512) ? n->json : PLM_SV_NULL); /* half an object is none */
}

static plm_sv text_of(struct plm_rd *r)
{
    plm_sv s = plm_rd_view(r);
    return s.n ? s : PLM_SV_NULL;
}

int plm_notice_decode(plm_sv record, struct plm_arena *a, struct plm_notice *out, plm_err **err)
{
    struct plm_rd r = PLM_RD(record);
    struct plm_notice n = {0};
    bool is_known = plm_rd_u8(&r) == RECORD_VERSION;
    unsigned severity = plm_rd_u8(&r);
    n.time = (int64_t)plm_rd_u64le(&r);
    n.title = text_of(&r);
    n.text = text_of(&r);
    n.object = text_of(&r);
    n.source = text_of(&r);
    n.key = text_of(&r);
    n.n_labels = plm_rd_count(&r, LABELS_MAX);
    plm_sv *names = plm_arena_array(a, n.n_labels ? n.n_labels : 1, sizeof(plm_sv));
    plm_sv *values = plm_arena_array(a, n.n_labels ? n.n_labels : 1, sizeof(plm_sv));
    if (!names || !values)
        return plm_fail_oom(err);
    for (size_t i = 0; i < n.n_labels; i++) {
        names[i] = plm_rd_view(&r);
        values[i] = plm_rd_view(&r);
    }
    n.json = text_of(&r);
    if (!is_known || r.failed || plm_rd_left(&r) || severity >= PLM_SEV_COUNT_)
        return plm_fail(err, PLM_E_PARSE, "a queued message cannot be read");
    n.severity = (enum plm_severity)severity;
    n.label_names = names;
    n.label_values = values;
    *out = n;
    return 0;
}
