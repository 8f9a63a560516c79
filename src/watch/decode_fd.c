/* SPDX-License-Identifier: Apache-2.0
 *
 * The descriptor of an event, from the kernel's struct file and struct sock (falco-rules.md 4.1): its type,
 * its name, the ends of a socket. There is no table of descriptors behind this: what a file is says its
 * inode, what is no file of a file system says its name.
 *
 * Source is the connecting side: of connect and of what is sent before a role is known, the local end; of
 * accept and of what is received so, the remote one. Which end a socket is and what its last event said of
 * the ends is kept in a direct-mapped cache by inode: fd.name_changed is true when the ends differ from those
 * (or the cache forgot them: then once too often).
 */
#include "watch/decode_int.h"

#include "base/buf.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { NAME_MAX_BYTES = 8192, STATE_ESTABLISHED = 1, EPHEMERAL = 32768 };
#define MAGIC_ANON_INODE 0x09041934u
#define MAGIC_PIDFS      0x50494446u

/* ---- files --------------------------------------------------------------------------------------------- */

static const struct {
    const char *prefix; /* of the dentry's bare name */
    enum plm_fdtype type;
} anonymous[] = {
    {"[eventfd", PLM_FD_EVENT},     {"[eventpoll", PLM_FD_EVENTPOLL},
    {"[signalfd", PLM_FD_SIGNALFD}, {"[timerfd", PLM_FD_TIMERFD},
    {"inotify", PLM_FD_INOTIFY},    {"[userfaultfd", PLM_FD_USERFAULTFD},
    {"[io_uring", PLM_FD_IO_URING}, {"[pidfd", PLM_FD_PIDFD},
    {"bpf-", PLM_FD_BPF},           {"[bpf", PLM_FD_BPF},
    {"bpf_", PLM_FD_BPF},           {"btf", PLM_FD_BPF},
    {"memfd:", PLM_FD_MEMFD},
};

static enum plm_fdtype pseudo_type(plm_sv name, const struct plm_wire_file *f)
{
    for (size_t i = 0; i < sizeof(anonymous) / sizeof(anonymous[0]); i++)
        if (plm_sv_starts(name, plm_sv_from(anonymous[i].prefix)))
            return anonymous[i].type;
    if (f->magic == MAGIC_PIDFS)
        return PLM_FD_PIDFD;
    return (f->mode & S_IFMT) == S_IFIFO ? PLM_FD_PIPE : PLM_FD_UNKNOWN;
}

static void describe_file(struct plm_decoder *d, const struct plm_wire_file *f,
                          const struct plm_rec_part *path)
{
    struct plm_fdinfo *fd = &d->event.fd;
    bool is_pseudo = path && path->flags & PLM_WIRE_PATH_PSEUDO;
    fd->dev = f->dev;
    fd->ino = f->ino;
    fd->open_flags = f->open_flags;
    fd->is_upper_layer = (f->flags & PLM_WIRE_F_UPPER) != 0;
    fd->is_lower_layer = (f->flags & PLM_WIRE_F_LOWER) != 0;
    if (f->flags & PLM_WIRE_F_MEMFD || is_pseudo || f->magic == MAGIC_ANON_INODE) {
        plm_sv name = path ? path->bytes : PLM_SV_NULL;
        fd->type = f->flags & PLM_WIRE_F_MEMFD ? PLM_FD_MEMFD : pseudo_type(name, f);
        if (fd->type == PLM_FD_PIPE)
            fd->name = plm_arena_printf(d->arena, "pipe:[%llu]", (unsigned long long)f->ino);
        else
            fd->name = fd->type == PLM_FD_MEMFD
                           ? name
                           : plm_arena_printf(d->arena, "anon_inode:%.*s", PLM_SV_ARG(name));
        return;
    }
    fd->type = (f->mode & S_IFMT) == S_IFDIR ? PLM_FD_DIRECTORY : PLM_FD_FILE;
    /* Without its front a path is none: better the one that was asked for, or no name. */
    if (path && !(path->flags & PLM_WIRE_PATH_CUT))
        fd->name = plm_path_of_part(d->arena, path);
}

/* ---- addresses -------------------------------------------------------------------------------------------
 */

static struct plm_ip ip_of(uint16_t family, const uint8_t *bytes)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    struct plm_ip ip = {0};
    if (family == AF_INET || memcmp(bytes, mapped, sizeof(mapped)) == 0) {
        ip.family = 4;
        memcpy(ip.b, family == AF_INET ? bytes : bytes + sizeof(mapped), 4);
    } else {
        ip.family = 6;
        memcpy(ip.b, bytes, 16);
    }
    return ip;
}

static bool is_any(const struct plm_ip *ip)
{
    for (size_t i = 0; i < sizeof(ip->b); i++)
        if (ip->b[i])
            return false;
    return true;
}

/* The end that a struct sockaddr names. */
struct end {
    struct plm_ip ip;
    uint16_t port;
    plm_sv path;
    bool is_unix, is_there;
};

/* sun_path ends at a NUL; an abstract name begins with one, which Falco leaves out as well. */
static plm_sv unix_path(plm_sv raw)
{
    if (raw.n && raw.p[0] == '\0')
        raw = plm_sv_from_off(raw, 1);
    return plm_sv_sub(raw, 0, strnlen(raw.p ? raw.p : "", raw.n));
}

static struct end end_of(plm_sv bytes)
{
    struct end e = {0};
    uint16_t family;
    if (bytes.n < sizeof(family))
        return e;
    memcpy(&family, bytes.p, sizeof(family));
    plm_sv rest = plm_sv_from_off(bytes, 2);
    if (family == AF_UNIX) {
        e.is_unix = true;
        e.path = unix_path(rest);
        e.is_there = e.path.n > 0;
    }
    size_t at = family == AF_INET ? 2 : 6,
           need = family == AF_INET ? 6 : 22; /* IPv6: the flow label between */
    if ((family == AF_INET || family == AF_INET6) && rest.n >= need) {
        e.port = (uint16_t)((uint8_t)rest.p[0] << 8 | (uint8_t)rest.p[1]);
        e.ip = ip_of(family, (const uint8_t *)rest.p + at);
        e.is_there = true;
    }
    return e;
}

bool plm_decode_sock(const struct plm_decoder *d, unsigned arg, struct plm_wire_sock *out)
{
    return plm_rec_struct(plm_rec_find(&d->rec, PLM_WIRE_P_SOCK, arg), out, sizeof(*out));
}

/* The address in user memory that the call was given or gave. */
static struct end user_end(const struct plm_decoder *d)
{
    const struct plm_rec_part *p = plm_rec_any(&d->rec, PLM_WIRE_P_SOCKADDR);
    return p ? end_of(p->bytes) : (struct end){0};
}

struct plm_addr *plm_decode_addr(struct plm_decoder *d, unsigned arg)
{
    const struct plm_rec_part *p = plm_rec_find(&d->rec, PLM_WIRE_P_SOCKADDR, arg);
    struct end e = p ? end_of(p->bytes) : (struct end){0};
    struct plm_addr *a = e.is_there ? plm_arena_make(d->arena, struct plm_addr) : NULL;
    if (!a)
        return NULL;
    a->family = e.is_unix ? 1 : e.ip.family;
    a->path = e.path;
    a->dip = e.ip;
    a->dport = e.port;
    return a;
}

/* ---- sockets
 * ------------------------------------------------------------------------------------------------ */

enum role { ROLE_UNKNOWN, ROLE_CLIENT, ROLE_SERVER };

/* What the call itself says of the role of our end. */
static enum role role_of_call(const struct plm_evtype *t, bool has_user_end)
{
    switch (t->id) {
    case PLM_EVT_connect:
        return ROLE_CLIENT;
    case PLM_EVT_accept:
    case PLM_EVT_accept4:
        return ROLE_SERVER;
    case PLM_EVT_sendto:
    case PLM_EVT_sendmsg:
    case PLM_EVT_sendmmsg:
        return has_user_end ? ROLE_CLIENT : ROLE_UNKNOWN;
    case PLM_EVT_recvfrom:
    case PLM_EVT_recvmsg:
    case PLM_EVT_recvmmsg:
        return has_user_end ? ROLE_SERVER : ROLE_UNKNOWN;
    default:
        return ROLE_UNKNOWN;
    }
}

static struct plm_socket_seen *seen_of(struct plm_decoder *d, uint32_t ino)
{
    struct plm_socket_seen *s = &d->sockets[ino * 0x9e3779b1u >> 20 & (PLM_SOCKETS_SEEN - 1)];
    if (s->ino != ino)
        *s = (struct plm_socket_seen){.ino = ino};
    return s;
}

static bool decide_server(struct plm_decoder *d, const struct plm_wire_sock *w, enum role role)
{
    struct plm_socket_seen *s = seen_of(d, w->ino);
    if (w->protocol != IPPROTO_UDP && role != ROLE_UNKNOWN) {
        s->is_server = role == ROLE_SERVER;
        s->has_role = true;
    }
    if (role != ROLE_UNKNOWN)
        return role == ROLE_SERVER;
    if (s->has_role)
        return s->is_server;
    return w->lport < EPHEMERAL && w->lport < w->rport; /* a guess by the ports */
}

static uint32_t hash_ends(const struct plm_fdinfo *fd)
{
    struct {
        struct plm_ip l, r;
        uint16_t lp, rp;
    } k;
    memset(&k, 0, sizeof(k));
    k.l = fd->lip;
    k.r = fd->rip;
    k.lp = fd->lport;
    k.rp = fd->rport;
    return (uint32_t)plm_sv_hash(plm_sv_n((const char *)&k, sizeof(k))) | 1u;
}

static void note_ends(struct plm_decoder *d, uint32_t ino)
{
    struct plm_socket_seen *s = seen_of(d, ino);
    uint32_t ends = hash_ends(&d->event.fd);
    d->event.fd.name_changed = ino && s->ends != ends;
    s->ends = ends;
}

static void name_inet(struct plm_decoder *d)
{
    struct plm_fdinfo *fd = &d->event.fd;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(NAME_MAX_BYTES);
    plm_addr_text(&fd->addr, &b);
    if (!b.failed && b.n)
        fd->name = plm_arena_sv(d->arena, plm_buf_sv(&b));
}

static void describe_inet(struct plm_decoder *d, const struct plm_wire_sock *w)
{
    struct plm_fdinfo *fd = &d->event.fd;
    struct end user = user_end(d);
    bool is_accept = d->event.type->id == PLM_EVT_accept || d->event.type->id == PLM_EVT_accept4;
    fd->lip = ip_of(w->family, w->laddr);
    fd->lport = w->lport;
    fd->rip = ip_of(w->family, w->raddr);
    fd->rport = w->rport;
    bool has_remote = w->rport || !is_any(&fd->rip);
    /* A connected socket's peer is the kernel's word; what stands in user memory may have been changed since.
     */
    bool is_local = d->event.type->id == PLM_EVT_bind || d->event.type->id == PLM_EVT_getsockname;
    if (!has_remote && !is_accept && !is_local && user.is_there && !user.is_unix) {
        fd->rip = user.ip;
        fd->rport = user.port;
        has_remote = true;
    }
    if (is_local && user.is_there && !user.is_unix && !fd->lport && d->event.res < 0) {
        fd->lip = user.ip;
        fd->lport = user.port;
    }
    fd->type = fd->rip.family == 6 || (fd->lip.family == 6 && !(has_remote && fd->rip.family == 4))
                   ? PLM_FD_IPV6
                   : PLM_FD_IPV4;
    if (fd->type == PLM_FD_IPV4 && fd->lip.family == 6 && is_any(&fd->lip))
        fd->lip = (struct plm_ip){.family = 4}; /* "::" of a socket that speaks to an IPv4 peer */
    fd->l4 = (uint8_t)w->protocol;
    fd->is_listening = w->is_listening || w->state == 10;
    bool is_datagram = w->type == SOCK_DGRAM || w->type == SOCK_RAW;
    fd->is_connected = is_datagram ? w->rport != 0 : w->state == STATE_ESTABLISHED;
    fd->addr.family = fd->type == PLM_FD_IPV6 ? 6 : 4;
    if (!has_remote) {
        fd->rip = (struct plm_ip){0};
        fd->is_server = fd->is_listening || is_local;
        if (fd->lport || !is_any(&fd->lip)) { /* a listening or bound one */
            fd->addr.dip = fd->lip;
            fd->addr.dport = fd->lport;
        }
    } else {
        fd->is_server = decide_server(d, w, role_of_call(d->event.type, user.is_there));
        fd->addr.sip = fd->is_server ? fd->rip : fd->lip;
        fd->addr.sport = fd->is_server ? fd->rport : fd->lport;
        fd->addr.dip = fd->is_server ? fd->lip : fd->rip;
        fd->addr.dport = fd->is_server ? fd->lport : fd->rport;
    }
    name_inet(d);
    note_ends(d, w->ino);
}

static void describe_unix(struct plm_decoder *d, const struct plm_wire_sock *w, unsigned arg)
{
    struct plm_fdinfo *fd = &d->event.fd;
    const struct plm_rec_part *own = plm_rec_find(&d->rec, PLM_WIRE_P_SUN, arg);
    const struct plm_rec_part *peer = plm_rec_find(&d->rec, PLM_WIRE_P_SUN_PEER, arg);
    struct end user = user_end(d);
    plm_sv own_path = own ? unix_path(own->bytes) : PLM_SV_NULL;
    plm_sv peer_path = peer ? unix_path(peer->bytes) : PLM_SV_NULL;
    fd->type = PLM_FD_UNIX;
    fd->addr.family = 1;
    fd->addr.path = peer_path.n ? peer_path : own_path.n ? own_path : user.is_unix ? user.path : PLM_SV_NULL;
    fd->name = fd->addr.path.p ? fd->addr.path : PLM_SV("");
    fd->is_listening = w->is_listening != 0;
    fd->is_connected = w->state == STATE_ESTABLISHED;
    fd->is_server = fd->is_listening || (own_path.n && !peer_path.n);
}

static void describe_sock(struct plm_decoder *d, const struct plm_wire_sock *w, unsigned arg)
{
    struct plm_fdinfo *fd = &d->event.fd;
    fd->ino = w->ino;
    if (w->family == AF_INET || w->family == AF_INET6)
        describe_inet(d, w);
    else if (w->family == AF_UNIX)
        describe_unix(d, w, arg);
    else
        fd->type = w->family == AF_NETLINK ? PLM_FD_NETLINK : PLM_FD_PACKET;
}

/* ---- the descriptor
 * ------------------------------------------------------------------------------------------- */

void plm_decode_fd(struct plm_decoder *d, const struct plm_evtype *t, unsigned arg, int64_t num)
{
    struct plm_event *e = &d->event;
    struct plm_wire_file f;
    struct plm_wire_sock w;
    (void)t;
    if (num < 0)
        return;
    e->has_fd = true;
    e->fd.num = num;
    bool has_file = plm_rec_struct(plm_rec_find(&d->rec, PLM_WIRE_P_FILE, arg), &f, sizeof(f));
    if (has_file) {
        e->fd.dev = f.dev;
        e->fd.ino = f.ino;
        e->fd.open_flags = f.open_flags;
    }
    if (plm_decode_sock(d, arg, &w))
        describe_sock(d, &w, arg);
    else if (has_file)
        describe_file(d, &f, plm_rec_find(&d->rec, PLM_WIRE_P_PATH, arg));
}

/* The ends of the event's descriptor as a parameter. */
struct plm_addr *plm_decode_tuple(struct plm_decoder *d)
{
    const struct plm_fdinfo *fd = &d->event.fd;
    if (!d->event.has_fd || !fd->addr.family)
        return NULL;
    struct plm_addr *a = plm_arena_make(d->arena, struct plm_addr);
    if (a)
        *a = fd->addr;
    return a;
}
