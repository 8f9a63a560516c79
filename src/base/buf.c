/* SPDX-License-Identifier: Apache-2.0
 *
 * Growing byte buffer; doubles up to its maximum.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

void plm_buf_done(struct plm_buf *b)
{
    free(b->p);
    *b = PLM_BUF(b->max);
}

int plm_buf_check(const struct plm_buf *b, plm_err **err)
{
    if (b->failed == PLM_E_LIMIT)
        return plm_fail(err, PLM_E_LIMIT, "output over the limit of %zu bytes", b->max);
    return b->failed ? plm_fail_oom(err) : 0;
}

static bool make_room(struct plm_buf *b, size_t n, size_t cap_max)
{
    if (b->failed)
        return false;
    if (b->p && n <= b->cap - b->n)
        return true;
    size_t need;
    if (__builtin_add_overflow(b->n, n, &need) || need > cap_max) {
        b->failed = PLM_E_LIMIT;
        return false;
    }
    size_t cap = b->cap ? b->cap : 256;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    char *p = realloc(b->p, cap);
    if (!p) {
        b->failed = PLM_E_OOM;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

char *plm_buf_reserve(struct plm_buf *b, size_t n)
{
    if (!b->failed && n > b->max - (b->n < b->max ? b->n : b->max))
        b->failed = PLM_E_LIMIT;
    return make_room(b, n, SIZE_MAX) ? b->p + b->n : NULL;
}

void plm_buf_put(struct plm_buf *b, const void *p, size_t n)
{
    char *to = n ? plm_buf_reserve(b, n) : NULL;
    if (to) {
        memcpy(to, p, n);
        b->n += n;
    }
}

void plm_buf_byte(struct plm_buf *b, unsigned char c)
{
    plm_buf_put(b, &c, 1);
}

void plm_buf_sv_put(struct plm_buf *b, plm_sv s)
{
    plm_buf_put(b, s.p, s.n);
}

void plm_buf_str(struct plm_buf *b, const char *s)
{
    plm_buf_put(b, s, strlen(s));
}

void plm_buf_printf(struct plm_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    /* vsnprintf writes a NUL, which needs a byte of room beyond the maximum. */
    if (n > 0 && plm_buf_reserve(b, (size_t)n) && make_room(b, (size_t)n + 1, SIZE_MAX)) {
        vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

char *plm_buf_cstr(struct plm_buf *b)
{
    if (!make_room(b, 1, SIZE_MAX))
        return NULL;
    b->p[b->n] = 0;
    return b->p;
}

char *plm_buf_take(struct plm_buf *b, size_t *out_n)
{
    if (!plm_buf_cstr(b))
        return NULL;
    char *p = b->p;
    if (out_n)
        *out_n = b->n;
    *b = PLM_BUF(b->max);
    return p;
}

void plm_buf_u16le(struct plm_buf *b, uint16_t v)
{
    plm_buf_put(b, (unsigned char[]){(unsigned char)v, (unsigned char)(v >> 8)}, 2);
}

void plm_buf_u32le(struct plm_buf *b, uint32_t v)
{
    plm_buf_u16le(b, (uint16_t)v);
    plm_buf_u16le(b, (uint16_t)(v >> 16));
}

void plm_buf_u64le(struct plm_buf *b, uint64_t v)
{
    plm_buf_u32le(b, (uint32_t)v);
    plm_buf_u32le(b, (uint32_t)(v >> 32));
}

void plm_buf_varint(struct plm_buf *b, uint64_t v)
{
    unsigned char tmp[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        tmp[n++] = (unsigned char)(v | 0x80);
    tmp[n++] = (unsigned char)v;
    plm_buf_put(b, tmp, n);
}

void plm_buf_view(struct plm_buf *b, plm_sv s)
{
    plm_buf_varint(b, s.n);
    plm_buf_sv_put(b, s);
}
