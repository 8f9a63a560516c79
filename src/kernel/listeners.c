/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening TCP sockets of a network namespace by NETLINK_SOCK_DIAG (sock_diag(7)), as ss(8) asks.
 *
 * /proc/PID/net/tcp ends with a walk over the machine's whole table of connections, one per namespace
 * and file, milliseconds each where memory is large; this walks the listening ones only. The netlink
 * socket must be made inside the namespace, so a thread of its own enters it, makes the socket and
 * ends: no other thread ever leaves where it is. That needs CAP_SYS_ADMIN; without it, on kernels
 * without the interface, and for recorded trees, the caller reads the files.
 */
#include "kernel_int.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>

enum { ANSWER_MAX = 1 << 16, TCP_STATE_LISTEN = 10, STALLED_SECONDS = 2 };

struct entry {
    int ns_fd, socket_fd;
};

static void *enter(void *arg)
{
    struct entry *e = arg;
    if (setns(e->ns_fd, CLONE_NEWNET) == 0)
        e->socket_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    return NULL;
}

/* A netlink socket of that namespace; -1: not to be had. */
static int open_in(struct plm_kernel *k, int32_t pid)
{
    plm_auto_fd int ns =
        plm_kernel_openat(k, k->proc_fd, plm_kernel_pid_path(k, pid, "ns/net").text, O_RDONLY);
    struct entry e = {.ns_fd = ns, .socket_fd = -1};
    pthread_t thread;
    if (ns < 0 || pthread_create(&thread, NULL, enter, &e) != 0)
        return -1;
    (void)pthread_join(thread, NULL);
    return e.socket_fd;
}

static bool ask(int fd, int family)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 request;
    } q = {
        .header = {.nlmsg_len = sizeof(q),
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .request = {.sdiag_family = (uint8_t)family,
                    .sdiag_protocol = IPPROTO_TCP,
                    .idiag_states = 1u << TCP_STATE_LISTEN},
    };
    struct timeval patience = {.tv_sec = STALLED_SECONDS};
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
           send(fd, &q, sizeof(q), MSG_NOSIGNAL) == (ssize_t)sizeof(q);
}

static bool add(struct plm_kernel *k, const struct inet_diag_msg *m, struct plm_arena *a, plm_socket_vec *out)
{
    char shown[INET6_ADDRSTRLEN];
    struct plm_socket s = {.proto = m->idiag_family == AF_INET ? PLM_TCP : PLM_TCP6,
                           .port = ntohs(m->id.idiag_sport),
                           .ino = m->idiag_inode,
                           .uid = m->idiag_uid};
    plm_socket_judge(m->idiag_family, m->id.idiag_src, &s);
    if (!inet_ntop(m->idiag_family, m->id.idiag_src, shown, sizeof(shown)))
        return false;
    s.address = plm_arena_sv(a, plm_sv_from(shown));
    if (out->n >= k->ctx->limits->sockets)
        return false;
    struct plm_socket *slot = plm_vec_push(a, out);
    if (slot)
        *slot = s;
    return slot != NULL;
}

/* 1: there is more, 0: that was all, -1: no answer to go by. */
static int read_answer(struct plm_kernel *k, char *at, size_t n, struct plm_arena *a, plm_socket_vec *out)
{
    while (n >= sizeof(struct nlmsghdr)) {
        struct nlmsghdr h;
        memcpy(&h, at, sizeof(h));
        if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > n || h.nlmsg_flags & NLM_F_DUMP_INTR)
            return -1;
        if (h.nlmsg_type == NLMSG_DONE)
            return 0;
        struct inet_diag_msg m;
        if (h.nlmsg_type != SOCK_DIAG_BY_FAMILY || h.nlmsg_len < NLMSG_HDRLEN + sizeof(m))
            return -1;
        memcpy(&m, at + NLMSG_HDRLEN, sizeof(m));
        if (!add(k, &m, a, out))
            return -1;
        size_t step = NLMSG_ALIGN((size_t)h.nlmsg_len);
        at += step < n ? step : n;
        n -= step < n ? step : n;
    }
    return 1;
}

bool plm_listeners_read(struct plm_kernel *k, int32_t pid, struct plm_arena *a, plm_socket_vec *out)
{
    size_t before = out->n;
    int more = -1;
    plm_auto_fd int fd = k->is_live ? open_in(k, pid) : -1;
    for (int v6 = 0; fd >= 0 && v6 < 2; v6++) {
        plm_buf_clear(&k->buf);
        char *to = plm_buf_reserve(&k->buf, ANSWER_MAX);
        more = to && ask(fd, v6 ? AF_INET6 : AF_INET) ? 1 : -1;
        while (more > 0) {
            ssize_t n = recv(fd, to, ANSWER_MAX, MSG_TRUNC);
            if (n < 0 && errno == EINTR)
                continue;
            more = n <= 0 || n > ANSWER_MAX ? -1 : read_answer(k, to, (size_t)n, a, out);
        }
        if (more < 0)
            break;
    }
    if (more < 0)
        out->n = before;
    return more == 0;
}
