/* SPDX-License-Identifier: Apache-2.0
 *
 * Output formats (falco-rules.md 3.1): text with %field, %field[arg], %transformer(field) and %20field,
 * compiled once per rule. Missing values print <NA> and are null in JSON.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "watch/field.h"

struct plm_operand;

struct plm_output_token {
    plm_sv text;                       /* literal text; null: a field */
    plm_sv key;                        /* as written: "proc.aname[2]", the key in output_fields */
    uint32_t width;                    /* 0: as long as it is */
    const struct plm_operand *operand; /* the field, perhaps inside transformers */
    bool is_list;
};

struct plm_output_format {
    const struct plm_output_token *tokens;
    size_t n;
    bool had_container_info; /* %container.info stood there (deprecated, printed as nothing) */
    uint32_t needs;          /* enum plm_need */
    bool needs_metadata;
};

/* PARSE with the offset of the bad token. Lives in the arena. */
struct plm_output_format *plm_output_compile(plm_sv text, struct plm_arena *a, size_t *out_offset,
                                             plm_err **err);
/* The text, control characters and invalid UTF-8 escaped as JSON would. */
void plm_output_text(const struct plm_output_format *f, const struct plm_view *view, struct plm_buf *out);

/* The same unescaped; is_base64: bytes (evt.buffer) in base64. */
void plm_output_put(const struct plm_output_format *f, const struct plm_view *view, bool is_base64,
                    struct plm_buf *out);
/* The value of one field token as text; false: no value. */
bool plm_output_token_text(const struct plm_output_token *t, const struct plm_view *view, bool is_base64,
                           struct plm_buf *out);
/* Its value as JSON: numbers and booleans as such, lists as arrays, null where there is none. evt.time and
 * evt.time.iso8601 are a number of nanoseconds. */
void plm_output_token_json(const struct plm_output_token *t, const struct plm_view *view, bool is_base64,
                           struct plm_buf *out);
/* Control characters and invalid UTF-8 escaped as JSON would, on one line. */
void plm_output_escape(struct plm_buf *out, plm_sv text);

/* The value of an operand (transform.c): fields, transformers, texts. Values as of plm_field_get; the type is
 * *out_type. */
int plm_operand_get(const struct plm_operand *o, const struct plm_view *view, enum plm_vtype *out_type,
                    struct plm_values *out);
/* Resolves the fields inside, checks the arguments of transformers. */
int plm_operand_resolve(struct plm_operand *o, struct plm_arena *a, enum plm_vtype *out_type,
                        bool *out_is_list, plm_err **err);
