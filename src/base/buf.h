/* SPDX-License-Identifier: Apache-2.0
 *
 * Growing byte buffer with a hard maximum and a sticky failure: append freely, check once.
 *
 *     plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
 *     plm_buf_printf(&b, "%s\n", name);
 *     if (plm_buf_check(&b, err) < 0)
 *         return -1;
 *
 * After a failure the contents stay as they were and further appends do nothing.
 */
#pragma once

#include "base/err.h"
#include "base/sv.h"

#include <stdint.h>

#define PLM_KIB(n) ((size_t)(n) << 10)
#define PLM_MIB(n) ((size_t)(n) << 20)

struct plm_buf {
    char *p;
    size_t n, cap, max;
    enum plm_code failed; /* 0: none */
};

#define PLM_BUF(max_bytes) ((struct plm_buf){.max = (max_bytes)})

void plm_buf_done(struct plm_buf *b);
PLM_CLEANUP_INPLACE(struct plm_buf, plm_buf_done)

static inline plm_sv plm_buf_sv(const struct plm_buf *b)
{
    return (plm_sv){b->p ? b->p : "", b->n};
}
static inline void plm_buf_clear(struct plm_buf *b)
{
    b->n = 0;
    b->failed = 0;
}
/* 0, or -1 with PLM_E_OOM or PLM_E_LIMIT. */
int plm_buf_check(const struct plm_buf *b, plm_err **err);
/* Room for n more bytes; NULL on failure. The caller writes there and adds to b->n. */
char *plm_buf_reserve(struct plm_buf *b, size_t n);

void plm_buf_put(struct plm_buf *b, const void *p, size_t n);
void plm_buf_byte(struct plm_buf *b, unsigned char c);
void plm_buf_sv_put(struct plm_buf *b, plm_sv s);
void plm_buf_str(struct plm_buf *b, const char *s);
void plm_buf_printf(struct plm_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* NUL behind the end (not counted in n); NULL on failure. */
char *plm_buf_cstr(struct plm_buf *b);
/* Moves the bytes out (free() them); the buffer is empty afterwards. NULL if failed. */
char *plm_buf_take(struct plm_buf *b, size_t *out_n);

/* Binary writers, the mirror of base/rd.h. Varint is LEB128; a view is varint length + bytes,
 * with length 0 for null as well as empty. */
void plm_buf_u16le(struct plm_buf *b, uint16_t v);
void plm_buf_u32le(struct plm_buf *b, uint32_t v);
void plm_buf_u64le(struct plm_buf *b, uint64_t v);
void plm_buf_varint(struct plm_buf *b, uint64_t v);
void plm_buf_view(struct plm_buf *b, plm_sv s);
