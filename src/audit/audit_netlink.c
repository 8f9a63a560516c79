/* SPDX-License-Identifier: Apache-2.0
 *
 * The audit rules that the kernel has loaded, and whether a daemon takes the records.
 *
 * NETLINK_AUDIT (linux/audit.h): AUDIT_GET answers with struct audit_status, AUDIT_LIST_RULES with one
 * message per rule and NLMSG_DONE. Both need CAP_AUDIT_CONTROL in the initial namespaces; ECONNREFUSED is
 * the answer elsewhere. A kernel without audit has no such protocol. Reads only, ends within a second.
 */
#include "audit/access_int.h"

#include "base/rd.h"

#include <linux/audit.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#define MESSAGE_MAX PLM_KIB(64)

static int ask(int fd, uint16_t type)
{
    struct nlmsghdr h = {
        .nlmsg_len = sizeof(h), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = type};
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t n = sendto(fd, &h, sizeof(h), 0, (const struct sockaddr *)&kernel, sizeof(kernel));
    return n < 0 ? errno : 0;
}

static void take_status(plm_sv body, struct plm_audit_kernel *out)
{
    struct plm_rd r = PLM_RD(body);
    (void)plm_rd_u32le(&r); /* mask */
    uint32_t enabled = plm_rd_u32le(&r);
    (void)plm_rd_u32le(&r); /* failure */
    uint32_t pid = plm_rd_u32le(&r);
    if (r.failed)
        return;
    out->is_enabled = enabled != 0;
    out->is_locked = enabled == 2;
    out->daemon = pid;
}

/* One message; *out_done: the answer ends with it. errno. */
static int take_message(uint16_t type, plm_sv body, struct plm_arena *a, struct plm_audit_kernel *out,
                        bool *out_done)
{
    struct plm_rd r = PLM_RD(body);
    *out_done = type == NLMSG_DONE || type == NLMSG_ERROR || type == AUDIT_GET;
    if (type == NLMSG_ERROR) {
        int sys = -(int)plm_rd_u32le(&r);
        return r.failed ? EBADMSG : sys;
    }
    if (type == AUDIT_GET)
        take_status(body, out);
    if (type == AUDIT_LIST_RULES && plm_audit_rule_decode(body, a, &out->rules, NULL) < 0)
        return EBADMSG;
    return 0;
}

static int answer(int fd, uint16_t question, struct plm_arena *a, char *room, struct plm_audit_kernel *out)
{
    int sys = ask(fd, question);
    bool is_done = false;
    while (sys == 0 && !is_done) {
        ssize_t n = recv(fd, room, MESSAGE_MAX, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? ETIMEDOUT : errno;
        struct plm_rd r = PLM_RD(plm_sv_n(room, (size_t)n));
        while (sys == 0 && !is_done && plm_rd_left(&r) >= NLMSG_HDRLEN) {
            size_t start = r.at;
            uint32_t length = plm_rd_u32le(&r);
            uint16_t type = plm_rd_u16le(&r);
            plm_rd_skip(&r, NLMSG_HDRLEN - 6);
            if (length < NLMSG_HDRLEN)
                return EBADMSG;
            plm_sv body = plm_rd_bytes(&r, length - NLMSG_HDRLEN);
            if (r.failed)
                return EBADMSG;
            sys = take_message(type, body, a, out, &is_done);
            plm_rd_seek(&r, start + NLMSG_ALIGN(length) <= r.data.n ? start + NLMSG_ALIGN(length) : r.data.n);
        }
    }
    return sys;
}

int plm_audit_kernel_ask(struct plm_arena *a, struct plm_audit_kernel *out, plm_err **err)
{
    *out = (struct plm_audit_kernel){0};
    plm_auto_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
    if (fd < 0) {
        out->sys = errno;
        out->is_absent = errno == EPROTONOSUPPORT;
        return 0;
    }
    struct timeval patience = {.tv_sec = 1};
    plm_auto_free char *room = malloc(MESSAGE_MAX);
    if (!room)
        return plm_fail_oom(err);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
        out->sys = errno;
    if (!out->sys)
        out->sys = answer(fd, AUDIT_GET, a, room, out);
    if (!out->sys)
        out->sys = answer(fd, AUDIT_LIST_RULES, a, room, out);
    return plm_arena_check(a, err);
}
