/* SPDX-License-Identifier: Apache-2.0
 *
 * Flags to names (falco-rules.md 4.3). A value that equals a name's whole value ends with that name; names of
 * several bits (O_SYNC, O_RDWR) stand before the names of their parts, whose bits they take away.
 */
#include "watch/flags.h"

#include "base/buf.h"

static void join(struct plm_buf *out, size_t start, const char *name)
{
    if (out->n > start)
        plm_buf_byte(out, '|');
    plm_buf_str(out, name);
}

void plm_flags_text(const struct plm_flag_name *f, uint64_t value, struct plm_buf *out)
{
    uint64_t rest = value;
    size_t start = out->n;
    for (; f && f->name; f++) {
        if (f->value == value) {
            join(out, start, f->name);
            return;
        }
        if (f->value && (rest & f->value) == f->value) {
            join(out, start, f->name);
            rest &= ~f->value;
        }
    }
}

void plm_flags_enum_text(const struct plm_flag_name *f, uint64_t value, struct plm_buf *out)
{
    for (size_t start = out->n; f && f->name; f++)
        if (f->value == value)
            join(out, start, f->name);
}
