/* SPDX-License-Identifier: Apache-2.0
 *
 * Stanzas of a stream of control data (deb822(5)): Packages and Sources are up to 60 MB of
 * text, of which one window is held. codec/deb822.h reads whole texts; an index always
 * separates stanzas by one empty line without blanks, so a search for two newlines will do.
 * Linear.
 */
#include "repo/repo_int.h"

/* Hands out the whole stanzas of a window; returns how many bytes were used, -1 when fn said so. */
static ssize_t window_stanzas(const struct plm_buf *w, bool at_end, int (*fn)(void *, plm_sv, plm_err **),
                              void *arg, plm_err **err)
{
    size_t at = 0;
    while (at < w->n) {
        const char *end = memmem(w->p + at, w->n - at, "\n\n", 2);
        if (!end && !at_end)
            break;
        size_t n = end ? (size_t)(end - (w->p + at)) : w->n - at;
        if (n && fn(arg, plm_sv_n(w->p + at, n), err) < 0)
            return -1;
        at += end ? n + 2 : n;
        while (end && at < w->n && w->p[at] == '\n')
            at++;
    }
    return (ssize_t)at;
}

int plm_stanzas_each(struct plm_stream *s, size_t max, int (*fn)(void *arg, plm_sv stanza, plm_err **err),
                     void *arg, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf w = PLM_BUF(max);
    for (;;) {
        size_t room = max - w.n < PLM_KIB(256) ? max - w.n : PLM_KIB(256);
        if (room == 0)
            return plm_fail(err, PLM_E_LIMIT, "%s: a stanza of over %zu bytes at offset %llu",
                            plm_stream_name(s), max, (unsigned long long)plm_stream_offset(s));
        char *to = plm_buf_reserve(&w, room);
        if (!to)
            return plm_buf_check(&w, err);
        ssize_t r = plm_stream_read(s, to, room, err);
        if (r < 0)
            return -1;
        w.n += (size_t)r;
        ssize_t used = window_stanzas(&w, r == 0, fn, arg, err);
        if (used < 0)
            return -1;
        memmove(w.p, w.p + used, w.n - (size_t)used);
        w.n -= (size_t)used;
        if (r == 0)
            return 0;
    }
}
