/* SPDX-License-Identifier: Apache-2.0
 *
 * The start-up scan: records of the kernel's task iterator, read like a file. The iterator cannot read other
 * processes' memory before 5.18 (and not everywhere after), so arguments and environment come from /proc and
 * are appended as parts; a process that has ended meanwhile has none.
 */
#include "watch/sensor_int.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10 };

void plm_scan_begin(struct plm_scan *s, int fd, bool wants_env)
{
    plm_scan_done(s);
    *s = (struct plm_scan){
        .fd = fd, .wants_env = wants_env, .in = PLM_BUF(PLM_MIB(1)), .out = PLM_BUF(PLM_MIB(1))};
}

void plm_scan_done(struct plm_scan *s)
{
    if (s->fd >= 0)
        close(s->fd);
    plm_buf_done(&s->in);
    plm_buf_done(&s->out);
    *s = (struct plm_scan){.fd = -1};
}

static int fill(struct plm_scan *s, plm_err **err)
{
    if (s->at) {
        memmove(s->in.p, s->in.p + s->at, s->in.n - s->at);
        s->in.n -= s->at;
        s->at = 0;
    }
    char *to = plm_buf_reserve(&s->in, READ_BYTES);
    if (!to)
        return plm_buf_check(&s->in, err);
    ssize_t n;
    do
        n = read(s->fd, to, READ_BYTES);
    while (n < 0 && (errno == EINTR || errno == EAGAIN));
    if (n < 0)
        return plm_fail_sys(err, "reading the task iterator");
    s->in.n += (size_t)n;
    s->is_end = n == 0;
    return 0;
}

/* Appends a file of /proc as a part of s->out. */
static void append(struct plm_scan *s, int pid, const char *name, unsigned type, uint16_t *n_parts)
{
    plm_auto_free char *path = NULL;
    if (asprintf(&path, "/proc/%d/%s", pid, name) < 0) {
        path = NULL;
        return;
    }
    plm_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    char bytes[PLM_WIRE_ARGS_MAX];
    ssize_t n = read(fd, bytes, sizeof(bytes));
    if (n <= 0)
        return;
    struct plm_wire_part part = {
        .type = (uint16_t)type,
        .size = (uint16_t)n,
        .arg = PLM_WIRE_ARG_TASK,
        .flags = (size_t)n == sizeof(bytes) ? PLM_WIRE_CUT : 0,
    };
    plm_buf_put(&s->out, &part, sizeof(part));
    plm_buf_put(&s->out, bytes, (size_t)n);
    plm_buf_put(&s->out, "\0\0\0\0\0\0\0", (8 - (size_t)n % 8) % 8);
    *n_parts = (uint16_t)(*n_parts + 1);
}

int plm_scan_next(struct plm_scan *s, plm_sv *out, plm_err **err)
{
    struct plm_wire_head h;
    for (;;) {
        size_t left = s->in.n - s->at;
        if (left >= sizeof(h)) {
            memcpy(&h, s->in.p + s->at, sizeof(h));
            if (h.size < sizeof(h) || h.size > PLM_WIRE_RECORD_MAX)
                return plm_fail(err, PLM_E_INTERNAL, "the task iterator gave a record of %u bytes", h.size);
            if (left >= h.size)
                break;
        }
        if (s->is_end)
            return 0;
        if (fill(s, err) < 0)
            return -1;
    }
    plm_buf_clear(&s->out);
    plm_buf_put(&s->out, s->in.p + s->at, h.size);
    s->at += h.size;
    if (h.tid == h.pid) {
        append(s, h.pid, "cmdline", PLM_WIRE_P_ARGS, &h.n_parts);
        if (s->wants_env)
            append(s, h.pid, "environ", PLM_WIRE_P_ENV, &h.n_parts);
    }
    if (plm_buf_check(&s->out, err) < 0)
        return -1;
    h.size = (uint32_t)s->out.n;
    memcpy(s->out.p, &h, sizeof(h));
    *out = plm_buf_sv(&s->out);
    return 1;
}
