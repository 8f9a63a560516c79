/* SPDX-License-Identifier: Apache-2.0
 *
 * What reading (replay.c) and writing (record.c) recordings share: one row per key of a line's object, read
 * and written by the same two functions, so that the round trip is complete by construction.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "codec/json.h"
#include "watch/meta.h"
#include "watch/source.h"

#define PLM_RECORDING_SCHEMA "plimsoll/recording/v1"

enum plm_rec_kind {
    PLM_REC_I32,
    PLM_REC_I64,
    PLM_REC_U8,
    PLM_REC_U16,
    PLM_REC_U32,
    PLM_REC_U64,
    PLM_REC_BOOL,
    PLM_REC_TEXT,    /* plm_sv: a string, or {"hex": "..."} where it is no UTF-8 */
    PLM_REC_STRINGS, /* plm_sv, NUL-separated: an array of texts */
    PLM_REC_IP,      /* struct plm_ip: "10.0.0.1" */
    PLM_REC_ADDR,    /* struct plm_addr: an object, or text for those who write by hand */
    PLM_REC_NAME,    /* an enum: one of names */
};

struct plm_rec_row {
    const char *key; /* NULL ends the table */
    enum plm_rec_kind kind;
    size_t offset;
    const char *const *names; /* of NAME: by value, NULL-ended */
};

extern const struct plm_rec_row plm_rec_task[];      /* struct plm_task_info */
extern const struct plm_rec_row plm_rec_fd[];        /* struct plm_fdinfo */
extern const struct plm_rec_row plm_rec_addr[];      /* struct plm_addr */
extern const struct plm_rec_row plm_rec_container[]; /* struct plm_container */
extern const struct plm_rec_row plm_rec_mount[];     /* struct plm_container_mount */
extern const struct plm_rec_row plm_rec_user[];      /* struct plm_rec_user_line */

struct plm_rec_user_line {
    uint32_t id;
    plm_sv name, home, shell, container;
};

/* What a key that is not there means. */
extern const struct plm_task_info plm_rec_task_default;
extern const struct plm_fdinfo plm_rec_fd_default;
extern const struct plm_container plm_rec_container_default;

/* Members of obj into *base; what is not there stays. PARSE names the key. Texts are borrowed from the
 * document or lie in the arena. */
int plm_rec_read(yyjson_val *obj, const struct plm_rec_row *rows, void *base, struct plm_arena *a,
                 plm_err **err);
/* One value; key is for the message. */
int plm_rec_text_get(yyjson_val *v, const char *key, struct plm_arena *a, plm_sv *out, plm_err **err);
int plm_rec_strings_get(yyjson_val *v, const char *key, struct plm_arena *a, plm_sv *out, plm_err **err);
int plm_rec_addr_get(yyjson_val *v, const char *key, struct plm_arena *a, struct plm_addr *out,
                     plm_err **err);
int plm_rec_ip_get(yyjson_val *v, const char *key, struct plm_ip *out, plm_err **err);

/* `{"key":value,…}` of what differs from the default. `more`: members that stand before it, or null. */
void plm_rec_write(struct plm_buf *b, const struct plm_rec_row *rows, const void *base, const void *otherwise,
                   plm_sv more);
void plm_rec_text_put(struct plm_buf *b, plm_sv s);
void plm_rec_strings_put(struct plm_buf *b, plm_sv s);
void plm_rec_ip_put(struct plm_buf *b, const struct plm_ip *ip);
void plm_rec_addr_put(struct plm_buf *b, const struct plm_addr *addr);
