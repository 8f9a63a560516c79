/* SPDX-License-Identifier: Apache-2.0
 *
 * fd.*: the descriptor that the event acts on, as the kernel had it. A failed open has none; then the name,
 * the directory and the type's letter come from the path that the program asked for.
 *
 * Ends of sockets: the client is the connecting side, the server the other (or the listening address); local
 * and remote are as seen from this machine. fd.ip, fd.net, fd.port and fd.proto are both ends.
 */
#include "watch/evtype.h"
#include "watch/field_int.h"

#include "base/buf.h"

#include <netdb.h>
#include <netinet/in.h>

static const struct plm_fdinfo *fd_of(const struct plm_view *view)
{
    return view->event && view->event->has_fd ? &view->event->fd : NULL;
}
static bool is_path(const struct plm_fdinfo *fd)
{
    return fd->type == PLM_FD_FILE || fd->type == PLM_FD_DIRECTORY;
}
static bool is_inet(const struct plm_fdinfo *fd)
{
    return fd && (fd->type == PLM_FD_IPV4 || fd->type == PLM_FD_IPV6);
}

/* ---- names -------------------------------------------------------------------------------------- */

/* Absolute path that an open without a descriptor asked for; null: none. */
static plm_sv asked_path(const struct plm_event *e)
{
    const struct plm_param *p = e ? plm_event_open_path(e) : NULL;
    return !p ? PLM_SV_NULL : p->resolved.p ? p->resolved : p->s;
}

static plm_sv name_of(const struct plm_view *view)
{
    const struct plm_fdinfo *fd = fd_of(view);
    return fd && fd->name.p && (fd->num >= 0 || fd->name.n) ? fd->name : asked_path(view->event);
}

/* Up to the last slash; "/" when there is no other. A path that ends in a slash stays. */
static plm_sv directory_of(plm_sv path)
{
    size_t at = plm_sv_rfind(path, '/');
    if (at == SIZE_MAX || at == 0)
        return PLM_SV("/");
    return at + 1 == path.n ? path : plm_sv_sub(path, 0, at);
}

static plm_sv directory(const struct plm_view *view)
{
    const struct plm_fdinfo *fd = fd_of(view);
    plm_sv name = name_of(view);
    if (!name.p || (fd && fd->num >= 0 && !is_path(fd)))
        return PLM_SV_NULL;
    return fd && fd->type == PLM_FD_DIRECTORY ? name : directory_of(name);
}

GETTER(get_name)
{
    return plm_field_str(view, out, name_of(view));
}
GETTER(get_directory)
{
    return plm_field_str(view, out, directory(view));
}
GETTER(get_filename)
{
    const struct plm_fdinfo *fd = fd_of(view);
    if (!fd || fd->type != PLM_FD_FILE || !fd->name.p)
        return 0;
    size_t at = plm_sv_rfind(fd->name, '/');
    if (at == SIZE_MAX)
        return plm_field_str(view, out, PLM_SV("/"));
    return plm_field_str(view, out, at + 1 == fd->name.n ? PLM_SV("/") : plm_sv_from_off(fd->name, at + 1));
}
GETTER(get_nameraw)
{
    const struct plm_fdinfo *fd = fd_of(view);
    const struct plm_param *p = view->event ? plm_event_open_path(view->event) : NULL;
    plm_sv raw = fd && fd->nameraw.p ? fd->nameraw : p ? p->s : PLM_SV_NULL;
    if (!raw.p)
        return 0;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_FIELD_TEXT_MAX);
    for (size_t i = 0; i < raw.n; i++)
        if (raw.p[i] != '/' || i == 0 || raw.p[i - 1] != '/')
            plm_buf_byte(&b, (unsigned char)raw.p[i]);
    return plm_field_buf(view, out, &b);
}

static int put_in_container(const struct plm_view *view, struct plm_values *out, plm_sv path)
{
    plm_sv id = plm_thread_container_id(view->thread);
    if (!path.p)
        return 0;
    plm_sv s = plm_arena_printf(view->arena, "%.*s:%.*s", PLM_SV_ARG(id), PLM_SV_ARG(path));
    return s.p ? plm_field_str(view, out, s) : -1;
}
GETTER(get_containername)
{
    return put_in_container(view, out, name_of(view));
}
GETTER(get_containerdirectory)
{
    return put_in_container(view, out, directory(view));
}

/* ---- what it is --------------------------------------------------------------------------------- */

/* Of an open that failed it is -1, which official rules ask for (`fd.num = -1`). */
GETTER(get_num)
{
    const struct plm_fdinfo *fd = fd_of(view);
    const struct plm_event *e = view->event;
    if (fd && fd->num >= 0)
        return plm_field_i64(view, out, fd->num);
    return e && e->has_res && e->res < 0 && plm_event_open_path(e) ? plm_field_i64(view, out, -1) : 0;
}
GETTER(get_uid)
{
    const struct plm_fdinfo *fd = fd_of(view);
    if (!fd || fd->num < 0)
        return 0;
    plm_sv s = plm_arena_printf(view->arena, "%d%lld", view->thread->info.tid, (long long)fd->num);
    return s.p ? plm_field_str(view, out, s) : -1;
}
GETTER(get_type)
{
    const struct plm_fdinfo *fd = fd_of(view);
    return plm_field_str(view, out, fd ? plm_sv_from(plm_fdtype_name(fd->type)) : PLM_SV_NULL);
}

/* What the event would have made, had it succeeded. */
static enum plm_fdtype intended_type(const struct plm_event *e)
{
    static const struct {
        uint16_t event;
        enum plm_fdtype type;
    } makers[] = {
        {PLM_EVT_open, PLM_FD_FILE},
        {PLM_EVT_openat, PLM_FD_FILE},
        {PLM_EVT_openat2, PLM_FD_FILE},
        {PLM_EVT_creat, PLM_FD_FILE},
        {PLM_EVT_open_by_handle_at, PLM_FD_FILE},
        {PLM_EVT_socket, PLM_FD_IPV4},
        {PLM_EVT_accept, PLM_FD_IPV4},
        {PLM_EVT_accept4, PLM_FD_IPV4},
        {PLM_EVT_pipe, PLM_FD_PIPE},
        {PLM_EVT_pipe2, PLM_FD_PIPE},
        {PLM_EVT_eventfd, PLM_FD_EVENT},
        {PLM_EVT_eventfd2, PLM_FD_EVENT},
        {PLM_EVT_signalfd, PLM_FD_SIGNALFD},
        {PLM_EVT_signalfd4, PLM_FD_SIGNALFD},
        {PLM_EVT_timerfd_create, PLM_FD_TIMERFD},
        {PLM_EVT_inotify_init, PLM_FD_INOTIFY},
        {PLM_EVT_inotify_init1, PLM_FD_INOTIFY},
        {PLM_EVT_epoll_create, PLM_FD_EVENTPOLL},
        {PLM_EVT_epoll_create1, PLM_FD_EVENTPOLL},
        {PLM_EVT_bpf, PLM_FD_BPF},
        {PLM_EVT_userfaultfd, PLM_FD_USERFAULTFD},
        {PLM_EVT_io_uring_setup, PLM_FD_IO_URING},
        {PLM_EVT_memfd_create, PLM_FD_MEMFD},
        {PLM_EVT_pidfd_open, PLM_FD_PIDFD},
    };
    for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
        if (e->type->id == makers[i].event)
            return makers[i].type;
    return PLM_FD_UNKNOWN;
}

GETTER(get_typechar)
{
    const struct plm_fdinfo *fd = fd_of(view);
    enum plm_fdtype type = fd && fd->type != PLM_FD_UNKNOWN ? fd->type
                           : view->event                    ? intended_type(view->event)
                                                            : PLM_FD_UNKNOWN;
    char c = type == PLM_FD_UNKNOWN && !(fd && fd->num >= 0) ? '\0' : plm_fdtype_char(type);
    if (!c)
        return 0;
    plm_sv s = plm_arena_sv(view->arena, plm_sv_n(&c, 1));
    return s.p ? plm_field_str(view, out, s) : -1;
}

GETTER(get_dev)
{
    const struct plm_fdinfo *fd = fd_of(view);
    return fd && is_path(fd) ? plm_field_u64(view, out, fd->dev) : 0;
}
GETTER(get_major)
{
    const struct plm_fdinfo *fd = fd_of(view);
    return fd && is_path(fd) ? plm_field_u64(view, out, fd->dev >> 8 & 0xfff) : 0;
}
GETTER(get_minor)
{
    const struct plm_fdinfo *fd = fd_of(view);
    return fd && is_path(fd) ? plm_field_u64(view, out, (fd->dev & 0xff) | (fd->dev >> 12 & 0xfff00)) : 0;
}
GETTER(get_ino)
{
    const struct plm_fdinfo *fd = fd_of(view);
    return fd && fd->ino ? plm_field_u64(view, out, fd->ino) : 0;
}

#define FLAG(fn, member)                                                                                     \
    GETTER(fn)                                                                                               \
    {                                                                                                        \
        const struct plm_fdinfo *fd = fd_of(view);                                                           \
        return fd && fd->num >= 0 ? plm_field_bool(view, out, fd->member) : 0;                               \
    }
FLAG(get_connected, is_connected)
FLAG(get_name_changed, name_changed)
FLAG(get_upper, is_upper_layer)
FLAG(get_lower, is_lower_layer)

GETTER(get_is_server)
{
    const struct plm_fdinfo *fd = fd_of(view);
    bool has_role = is_inet(fd) || (fd && fd->type == PLM_FD_UNIX);
    return has_role ? plm_field_bool(view, out, fd->is_server || fd->is_listening) : 0;
}

/* ---- sockets ------------------------------------------------------------------------------------ */

GETTER(get_sockfamily)
{
    const struct plm_fdinfo *fd = fd_of(view);
    if (is_inet(fd))
        return plm_field_str(view, out, PLM_SV("ip"));
    return fd && fd->type == PLM_FD_UNIX ? plm_field_str(view, out, PLM_SV("unix")) : 0;
}
GETTER(get_l4proto)
{
    const struct plm_fdinfo *fd = fd_of(view);
    if (!fd || fd->num < 0)
        return 0;
    switch (is_inet(fd) ? fd->l4 : 0) {
    case IPPROTO_TCP:
        return plm_field_str(view, out, PLM_SV("tcp"));
    case IPPROTO_UDP:
        return plm_field_str(view, out, PLM_SV("udp"));
    case IPPROTO_ICMP:
        return plm_field_str(view, out, PLM_SV("icmp"));
    case IPPROTO_RAW:
        return plm_field_str(view, out, PLM_SV("raw"));
    default:
        return plm_field_str(view, out, PLM_SV("<NA>"));
    }
}

/* The ends: address and port; NULL address: not there. */
struct end {
    const struct plm_ip *ip;
    uint16_t port;
};
static struct end client(const struct plm_fdinfo *fd)
{
    return (struct end){&fd->addr.sip, fd->addr.sport};
}
static struct end server(const struct plm_fdinfo *fd)
{
    return (struct end){&fd->addr.dip, fd->addr.dport};
}
static struct end local(const struct plm_fdinfo *fd)
{
    return (struct end){&fd->lip, fd->lport};
}
static struct end remote(const struct plm_fdinfo *fd)
{
    return (struct end){&fd->rip, fd->rport};
}

static int put_ip(const struct plm_view *view, struct plm_values *out, const struct plm_fdinfo *fd,
                  struct end end)
{
    (void)fd;
    return plm_field_ip(view, out, end.ip);
}
static int put_port(const struct plm_view *view, struct plm_values *out, const struct plm_fdinfo *fd,
                    struct end end)
{
    (void)fd;
    return end.ip->family ? plm_field_u64(view, out, end.port) : 0;
}
/* The service's name, the number where it has none. */
static int put_proto(const struct plm_view *view, struct plm_values *out, const struct plm_fdinfo *fd,
                     struct end end)
{
    char space[1024];
    struct servent entry, *found = NULL;
    const char *protocol = fd->l4 == IPPROTO_UDP ? "udp" : fd->l4 == IPPROTO_TCP ? "tcp" : NULL;
    if (!end.ip->family)
        return 0;
    plm_sv s;
    if (getservbyport_r(htons(end.port), protocol, &entry, space, sizeof(space), &found) == 0 && found)
        s = plm_arena_sv(view->arena, plm_sv_from(found->s_name));
    else
        s = plm_arena_printf(view->arena, "%u", end.port);
    return s.p ? plm_field_str(view, out, s) : -1;
}
/* For comparing: the address as text; a name to print is not known without asking a server. */
static int put_host(const struct plm_view *view, const struct plm_fieldref *ref, struct plm_values *out,
                    struct end end)
{
    if (ref->for_output || !end.ip->family)
        return 0;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_FIELD_TEXT_MAX);
    plm_ip_text(end.ip, &b);
    return plm_field_buf(view, out, &b);
}

#define END(fn, put, which)                                                                                  \
    GETTER(fn)                                                                                               \
    {                                                                                                        \
        const struct plm_fdinfo *fd = fd_of(view);                                                           \
        return is_inet(fd) ? put(view, out, fd, which(fd)) : 0;                                              \
    }
#define BOTH(fn, put)                                                                                        \
    GETTER(fn)                                                                                               \
    {                                                                                                        \
        const struct plm_fdinfo *fd = fd_of(view);                                                           \
        if (!is_inet(fd))                                                                                    \
            return 0;                                                                                        \
        return put(view, out, fd, client(fd)) < 0 || put(view, out, fd, server(fd)) < 0 ? -1 : 0;            \
    }
#define HOST(fn, which)                                                                                      \
    GETTER(fn)                                                                                               \
    {                                                                                                        \
        const struct plm_fdinfo *fd = fd_of(view);                                                           \
        return is_inet(fd) ? put_host(view, ref, out, which(fd)) : 0;                                        \
    }
BOTH(get_ip, put_ip)
END(get_cip, put_ip, client)
END(get_sip, put_ip, server)
END(get_lip, put_ip, local)
END(get_rip, put_ip, remote)
BOTH(get_port, put_port)
END(get_cport, put_port, client)
END(get_sport, put_port, server)
END(get_lport, put_port, local)
END(get_rport, put_port, remote)
BOTH(get_proto, put_proto)
END(get_cproto, put_proto, client)
END(get_sproto, put_proto, server)
END(get_lproto, put_proto, local)
END(get_rproto, put_proto, remote)
HOST(get_cip_name, client)
HOST(get_sip_name, server)
HOST(get_lip_name, local)
HOST(get_rip_name, remote)

#define EITHER (PLM_F_FILTER_ONLY | PLM_F_ANY | PLM_F_NO_RHS)
#define NAMED  (PLM_F_HOSTNAME | PLM_F_NO_RHS | PLM_F_NO_TRANSFORM)
// clang-format off
static const struct plm_field fields[] = {
    {"fd.cip", PLM_V_IP, 0, "Address of the client, the connecting side", .get = get_cip},
    {"fd.cip.name", PLM_V_STR, NAMED, "Client address by host name: true if it is one of the name's addresses", .get = get_cip_name},
    {"fd.cnet", PLM_V_NET, PLM_F_NO_RHS, "Client address in a network", .get = get_cip},
    {"fd.connected", PLM_V_BOOL, 0, "The socket has been connected", .get = get_connected},
    {"fd.containerdirectory", PLM_V_STR, 0, "container.id:directory", .get = get_containerdirectory},
    {"fd.containername", PLM_V_STR, 0, "container.id:name", .get = get_containername},
    {"fd.cport", PLM_V_PORT, 0, "Port of the client", .get = get_cport},
    {"fd.cproto", PLM_V_STR, 0, "Service name of the client's port", .get = get_cproto},
    {"fd.dev", PLM_V_U64, 0, "Device of the file", .get = get_dev},
    {"fd.dev.major", PLM_V_U64, 0, "Major number of the device of the file", .get = get_major},
    {"fd.dev.minor", PLM_V_U64, 0, "Minor number of the device of the file", .get = get_minor},
    {"fd.directory", PLM_V_PATH, 0, "Directory of the file; a directory itself", .get = get_directory},
    {"fd.filename", PLM_V_STR, 0, "Last component of the file's path", .get = get_filename},
    {"fd.ino", PLM_V_U64, 0, "Inode", .get = get_ino},
    {"fd.ip", PLM_V_IP, EITHER, "Address of either end", .get = get_ip},
    {"fd.is_lower_layer", PLM_V_BOOL, 0, "The file is in a lower layer of an overlay file system", .get = get_lower},
    {"fd.is_server", PLM_V_BOOL, 0, "The process is the server of this socket", .get = get_is_server},
    {"fd.is_upper_layer", PLM_V_BOOL, 0, "The file is in the upper layer of an overlay file system", .get = get_upper},
    {"fd.l4proto", PLM_V_STR, 0, "tcp, udp, icmp, raw, else <NA>", .get = get_l4proto},
    {"fd.lip", PLM_V_IP, 0, "Local address", .get = get_lip},
    {"fd.lip.name", PLM_V_STR, NAMED, "Local address by host name", .get = get_lip_name},
    {"fd.lnet", PLM_V_NET, PLM_F_NO_RHS, "Local address in a network", .get = get_lip},
    {"fd.lport", PLM_V_PORT, 0, "Local port", .get = get_lport},
    {"fd.lproto", PLM_V_STR, 0, "Service name of the local port", .get = get_lproto},
    {"fd.name", PLM_V_PATH, 0, "Path of a file as the kernel resolved it, client->server of a socket; the path asked for when an open failed", .get = get_name},
    {"fd.name_changed", PLM_V_BOOL, 0, "This event changed the name of the descriptor (addresses of UDP)", .get = get_name_changed},
    {"fd.nameraw", PLM_V_PATH, 0, "Path as the program wrote it, double slashes squeezed", .get = get_nameraw},
    {"fd.net", PLM_V_NET, EITHER, "Address of either end in a network", .get = get_ip},
    {"fd.num", PLM_V_I64, 0, "Number of the descriptor", .get = get_num},
    {"fd.port", PLM_V_PORT, EITHER, "Port of either end", .get = get_port},
    {"fd.proto", PLM_V_STR, EITHER, "Service name of either port", .get = get_proto},
    {"fd.rip", PLM_V_IP, 0, "Remote address", .get = get_rip},
    {"fd.rip.name", PLM_V_STR, NAMED, "Remote address by host name", .get = get_rip_name},
    {"fd.rnet", PLM_V_NET, PLM_F_NO_RHS, "Remote address in a network", .get = get_rip},
    {"fd.rport", PLM_V_PORT, 0, "Remote port", .get = get_rport},
    {"fd.rproto", PLM_V_STR, 0, "Service name of the remote port", .get = get_rproto},
    {"fd.sip", PLM_V_IP, 0, "Address of the server, the other side or the listening address", .get = get_sip},
    {"fd.sip.name", PLM_V_STR, NAMED, "Server address by host name", .get = get_sip_name},
    {"fd.snet", PLM_V_NET, PLM_F_NO_RHS, "Server address in a network", .get = get_sip},
    {"fd.sockfamily", PLM_V_STR, 0, "ip or unix", .get = get_sockfamily},
    {"fd.sport", PLM_V_PORT, 0, "Port of the server", .get = get_sport},
    {"fd.sproto", PLM_V_STR, 0, "Service name of the server's port", .get = get_sproto},
    {"fd.type", PLM_V_STR, 0, "file, directory, ipv4, ipv6, unix, pipe, event, signalfd, eventpoll, inotify, timerfd, netlink, bpf, userfaultfd, io_uring, memfd, pidfd", .get = get_type},
    {"fd.typechar", PLM_V_STR, 0, "The type as one letter; what the event would have made when it failed", .get = get_typechar},
    {"fd.uid", PLM_V_STR, 0, "Thread id and descriptor in one word", .get = get_uid},
    {.name = NULL},
};
// clang-format on
static const struct plm_field_class class = {"fd", "The descriptor that the event acts on", fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, class);
