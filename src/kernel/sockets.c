/* SPDX-License-Identifier: Apache-2.0
 *
 * Sockets that wait for somebody, of the network namespace of any process: /proc/PID/net/tcp, tcp6,
 * udp, udp6, raw, raw6, packet, unix (proc(5), Documentation/networking/proc_net_tcp.rst).
 *
 * Tables are read in pieces, since connections make them huge; the kernel documents that tcp lists
 * all listening sockets first, so of a live table the connections are not read at all. Addresses are
 * 32-bit words in the byte order of the machine. Names of unix sockets are printed raw: a process can
 * bind one with a newline in it and forge a row, so who owns a socket is told by its descriptor
 * (plm_kernel_socket_owners), never by the name alone.
 */
#include "kernel_int.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>

/* A read of these tables ends short of a page only at their end: no row is longer than the difference. It is
 * worth to know, because to say "no more" the kernel walks its table of connections once more, whose size
 * (not its contents) takes milliseconds on large machines. */
enum { FULL = 4096 - 512 };
enum { PIECE = 1 << 16, TCP_LISTEN = 0x0a, TCP_SYN_RECV = 0x03, UDP_BOUND = 0x07, ACCEPTS = 0x10000 };

static const char *const names[] = {
    [PLM_TCP] = "tcp", [PLM_TCP6] = "tcp6", [PLM_UDP] = "udp",       [PLM_UDP6] = "udp6",
    [PLM_RAW] = "raw", [PLM_RAW6] = "raw6", [PLM_PACKET] = "packet", [PLM_UNIX] = "unix",
};

const char *plm_socket_proto_name(enum plm_socket_proto p)
{
    return names[p];
}

/* ---- lines of a file that may be large --------------------------------------------------------------- */

struct lines {
    struct plm_buf *b;
    int fd, sys;
    size_t at;
    bool is_end, is_live;
};

/* False at the end, or on an error (sys). Valid until the next call. */
static bool next_line(struct lines *l, plm_sv *line)
{
    for (;;) {
        plm_sv rest = plm_sv_from_off(plm_buf_sv(l->b), l->at);
        size_t end = plm_sv_find(rest, '\n');
        if (end != SIZE_MAX || (l->is_end && rest.n)) {
            end = end == SIZE_MAX ? rest.n : end;
            *line = plm_sv_sub(rest, 0, end);
            l->at += end + (end < rest.n);
            return true;
        }
        if (l->is_end || l->sys)
            return false;
        if (rest.n)
            memmove(l->b->p, rest.p, rest.n);
        l->b->n = rest.n;
        l->at = 0;
        char *to = rest.n > PIECE ? NULL : plm_buf_reserve(l->b, PIECE);
        if (!to) {
            l->sys = rest.n > PIECE ? EFBIG : ENOMEM;
            return false;
        }
        ssize_t n = read(l->fd, to, PIECE);
        if (n > 0) {
            l->b->n += (size_t)n;
            l->is_end = l->is_live && n < FULL;
        }
        if (n == 0)
            l->is_end = true;
        if (n < 0 && errno != EINTR)
            l->sys = errno;
    }
}

/* ---- rows ------------------------------------------------------------------------------------------- */

static bool field(plm_sv *rest, uint64_t *out)
{
    plm_sv word;
    return plm_sv_word(rest, &word) && plm_kernel_hex(word, out);
}

static bool decimal(plm_sv *rest, uint64_t *out)
{
    plm_sv word;
    return plm_sv_word(rest, &word) && plm_sv_u64(word, out);
}

void plm_socket_judge(int family, const void *address, struct plm_socket *s)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    unsigned char b[16] = {0};
    bool is_v4 = family == AF_INET;
    if (is_v4) {
        memcpy(b, mapped, sizeof(mapped));
        memcpy(b + 12, address, 4);
    } else {
        memcpy(b, address, sizeof(b));
        is_v4 = memcmp(b, mapped, sizeof(mapped)) == 0;
    }
    struct in6_addr in;
    memcpy(&in, b, sizeof(in));
    s->is_wildcard = IN6_IS_ADDR_UNSPECIFIED(&in) || (is_v4 && memcmp(b + 12, "\0\0\0\0", 4) == 0);
    s->is_loopback = IN6_IS_ADDR_LOOPBACK(&in) || (is_v4 && b[12] == 127);
}

/* "0100007F:0016" or four such words. */
static bool read_address(plm_sv text, struct plm_arena *a, struct plm_socket *s)
{
    enum { WORD = 8, V6 = 4 * WORD };
    plm_sv host, port_text;
    uint64_t word, port;
    uint32_t raw[4] = {0};
    char shown[INET6_ADDRSTRLEN];
    if (!plm_sv_cut(text, ':', &host, &port_text) || !plm_kernel_hex(port_text, &port) || port > UINT16_MAX ||
        (host.n != WORD && host.n != V6))
        return false;
    for (size_t i = 0; i < host.n / WORD; i++) {
        if (!plm_kernel_hex(plm_sv_sub(host, i * WORD, WORD), &word))
            return false;
        raw[i] = (uint32_t)word;
    }
    s->port = (uint16_t)port;
    int family = host.n == WORD ? AF_INET : AF_INET6;
    plm_socket_judge(family, raw, s);
    if (!inet_ntop(family, raw, shown, sizeof(shown)))
        return false;
    s->address = plm_arena_sv(a, plm_sv_from(shown));
    return true;
}

enum row { ROW_WANTED, ROW_OTHER, ROW_LAST };

/* "sl local rem st tx:rx tr:when retrnsmt uid timeout inode ..." of tcp, udp and raw. */
static enum row read_inet(plm_sv line, struct plm_arena *a, struct plm_socket *s)
{
    plm_sv number, local, remote, skipped;
    uint64_t state, uid, timeout;
    if (!plm_sv_word(&line, &number) || !plm_sv_word(&line, &local) || !plm_sv_word(&line, &remote) ||
        !field(&line, &state))
        return ROW_OTHER;
    bool is_tcp = s->proto == PLM_TCP || s->proto == PLM_TCP6;
    bool is_udp = s->proto == PLM_UDP || s->proto == PLM_UDP6;
    if (is_tcp && state != TCP_LISTEN)
        return state == TCP_SYN_RECV ? ROW_OTHER : ROW_LAST;
    if (is_udp && state != UDP_BOUND)
        return ROW_OTHER;
    for (int i = 0; i < 3; i++)
        if (!plm_sv_word(&line, &skipped))
            return ROW_OTHER;
    if (!decimal(&line, &uid) || !decimal(&line, &timeout) || !decimal(&line, &s->ino) || uid > UINT32_MAX ||
        !read_address(local, a, s))
        return ROW_OTHER;
    s->uid = (uint32_t)uid;
    return ROW_WANTED;
}

/* "sk RefCnt Type Proto Iface R Rmem User Inode": the port is the Ethernet protocol. */
static enum row read_packet(plm_sv line, struct plm_arena *a, struct plm_socket *s)
{
    plm_sv word;
    uint64_t type, protocol, interface, skipped, uid;
    if (!plm_sv_word(&line, &word) || !decimal(&line, &skipped) || !decimal(&line, &type) ||
        !field(&line, &protocol) || !decimal(&line, &interface) || !decimal(&line, &skipped) ||
        !decimal(&line, &skipped) || !decimal(&line, &uid) || !decimal(&line, &s->ino) || uid > UINT32_MAX ||
        protocol > UINT16_MAX)
        return ROW_OTHER;
    s->uid = (uint32_t)uid;
    s->port = (uint16_t)protocol;
    s->is_wildcard = interface == 0;
    s->address = interface ? plm_arena_printf(a, "interface %llu", (unsigned long long)interface)
                           : PLM_SV("every interface");
    return ROW_WANTED;
}

/* "Num: RefCount Protocol Flags Type St Inode Path", fields of fixed width but for the inode. */
static enum row read_unix(plm_sv line, struct plm_arena *a, struct plm_socket *s)
{
    plm_sv number;
    uint64_t count, protocol, flags, type, state;
    if (!plm_sv_word(&line, &number) || !plm_sv_ends(number, PLM_SV(":")) || !field(&line, &count) ||
        !field(&line, &protocol) || !field(&line, &flags) || !field(&line, &type) || !field(&line, &state) ||
        !decimal(&line, &s->ino))
        return ROW_OTHER;
    if (!(flags & ACCEPTS) || line.n < 2 || line.p[0] != ' ')
        return ROW_OTHER;
    s->address = plm_arena_sv(a, plm_sv_from_off(line, 1));
    return ROW_WANTED;
}

static enum row read_row(plm_sv line, struct plm_arena *a, struct plm_socket *s)
{
    switch (s->proto) {
    case PLM_TCP:
    case PLM_TCP6:
    case PLM_UDP:
    case PLM_UDP6:
    case PLM_RAW:
    case PLM_RAW6:
        return read_inet(line, a, s);
    case PLM_PACKET:
        return read_packet(line, a, s);
    case PLM_UNIX:
        return read_unix(line, a, s);
    }
    return ROW_OTHER;
}

/* ---- tables ------------------------------------------------------------------------------------------ */

int plm_sockets_read(struct plm_kernel *k, int fd, enum plm_socket_proto proto, struct plm_arena *a,
                     plm_socket_vec *out)
{
    struct lines l = {.b = &k->buf, .fd = fd, .is_live = k->is_live};
    plm_sv line;
    plm_buf_clear(&k->buf);
    if (!next_line(&l, &line)) /* the heading */
        return l.sys;
    while (next_line(&l, &line)) {
        struct plm_socket s = {.proto = proto};
        enum row r = read_row(line, a, &s);
        if (r == ROW_LAST && k->is_live)
            break;
        if (r != ROW_WANTED)
            continue;
        if (out->n >= k->ctx->limits->sockets)
            return E2BIG;
        struct plm_socket *slot = plm_vec_push(a, out);
        if (!slot)
            return ENOMEM;
        *slot = s;
    }
    return l.sys;
}

static int order(const void *x, const void *y)
{
    const struct plm_socket *a = x, *b = y;
    if (a->proto != b->proto)
        return a->proto < b->proto ? -1 : 1;
    int c = plm_sv_cmp(a->address, b->address);
    if (c)
        return c;
    if (a->port != b->port)
        return a->port < b->port ? -1 : 1;
    return (a->ino > b->ino) - (a->ino < b->ino);
}

int plm_kernel_sockets(struct plm_kernel *k, int32_t pid, struct plm_arena *a, plm_socket_vec *out,
                       plm_err **err)
{
    *out = (plm_socket_vec){0};
    bool has_any = false;
    plm_auto_fd int dir =
        plm_kernel_openat(k, k->proc_fd, plm_kernel_pid_path(k, pid, "net").text, O_PATH | O_DIRECTORY);
    int first = dir >= 0 && plm_listeners_read(k, pid, a, out) ? PLM_UDP : PLM_TCP;
    for (int p = first; dir >= 0 && p <= PLM_UNIX; p++) {
        plm_auto_fd int fd = plm_kernel_openat(k, dir, names[p], O_RDONLY);
        int sys = fd < 0 ? errno : plm_sockets_read(k, fd, (enum plm_socket_proto)p, a, out);
        if (sys == E2BIG)
            return plm_fail(err, PLM_E_LIMIT, "/proc/%d/net/%s: more than %llu sockets", pid, names[p],
                            (unsigned long long)k->ctx->limits->sockets);
        errno = sys;
        if (sys && sys != ENOENT) /* a kernel without IPv6, without packet sockets */
            return plm_fail_sys(err, "/proc/%d/net/%s", pid, names[p]);
        has_any |= sys == 0;
    }
    if (!has_any) {
        errno = dir < 0 ? errno : ENOENT;
        return plm_fail_sys(err, "/proc/%d/net", pid);
    }
    if (out->n)
        qsort(out->v, out->n, sizeof(*out->v), order);
    return plm_arena_check(a, err);
}

/* ---- owners -------------------------------------------------------------------------------------------- */

struct by_inode {
    uint64_t ino;
    struct plm_socket *socket;
};

static int inode_order(const void *x, const void *y)
{
    const struct by_inode *a = x, *b = y;
    return (a->ino > b->ino) - (a->ino < b->ino);
}

static void claim(struct by_inode *v, size_t n, plm_sv link, int32_t pid)
{
    if (!plm_sv_starts(link, PLM_SV("socket:[")))
        return;
    struct by_inode key = {.ino = plm_ns_inode(link)};
    struct by_inode *hit = key.ino ? bsearch(&key, v, n, sizeof(*v), inode_order) : NULL;
    if (!hit)
        return;
    while (hit > v && hit[-1].ino == key.ino) /* a forged row has the inode of another */
        hit--;
    for (; hit < v + n && hit->ino == key.ino; hit++)
        if (!hit->socket->pid)
            hit->socket->pid = pid;
}

/* 0, or an errno where the descriptors of that process could not be read. */
static int scan_fds(struct plm_kernel *k, int32_t pid, struct by_inode *v, size_t n)
{
    int fd = plm_kernel_openat(k, k->proc_fd, plm_kernel_pid_path(k, pid, "fd").text, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        int sys = errno;
        if (fd >= 0)
            close(fd);
        return sys;
    }
    const struct dirent *e;
    plm_sv link;
    errno = 0;
    while ((e = readdir(dir))) {
        if (e->d_name[0] != '.' && plm_kernel_link(k, dirfd(dir), e->d_name, &link) == 0)
            claim(v, n, link, pid);
        errno = 0;
    }
    int sys = errno;
    closedir(dir);
    return sys;
}

int plm_kernel_socket_owners(struct plm_kernel *k, const plm_process_vec *processes, plm_socket_vec *sockets,
                             size_t *out_denied, plm_err **err)
{
    *out_denied = 0;
    if (!sockets->n)
        return 0;
    plm_auto_free struct by_inode *v = reallocarray(NULL, sockets->n, sizeof(*v));
    if (!v)
        return plm_fail_oom(err);
    for (size_t i = 0; i < sockets->n; i++)
        v[i] = (struct by_inode){sockets->v[i].ino, &sockets->v[i]};
    qsort(v, sockets->n, sizeof(*v), inode_order);
    for (size_t i = 0; i < processes->n; i++) {
        if (processes->v[i].is_kernel)
            continue;
        int sys = scan_fds(k, processes->v[i].pid, v, sockets->n);
        if (sys == ENOMEM)
            return plm_fail_oom(err);
        *out_denied += sys && sys != ENOENT && sys != ESRCH; /* those have gone */
    }
    return 0;
}
