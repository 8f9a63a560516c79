/* SPDX-License-Identifier: Apache-2.0
 *
 * Flags of calls on sockets and descriptors.
 */
#include "watch/flags.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

// clang-format off
const struct plm_flag_name plm_flags_family[] = {
    {"AF_SMC", 43},
    {"AF_NFC", AF_NFC},
    {"AF_ALG", AF_ALG},
    {"AF_CAIF", AF_CAIF},
    {"AF_IEEE802154", AF_IEEE802154},
    {"AF_PHONET", AF_PHONET},
    {"AF_ISDN", AF_ISDN},
    {"AF_RXRPC", AF_RXRPC},
    {"AF_IUCV", AF_IUCV},
    {"AF_BLUETOOTH", AF_BLUETOOTH},
    {"AF_TIPC", AF_TIPC},
    {"AF_CAN", AF_CAN},
    {"AF_LLC", AF_LLC},
    {"AF_WANPIPE", AF_WANPIPE},
    {"AF_PPPOX", AF_PPPOX},
    {"AF_IRDA", AF_IRDA},
    {"AF_SNA", AF_SNA},
    {"AF_RDS", AF_RDS},
    {"AF_ATMSVC", AF_ATMSVC},
    {"AF_ECONET", AF_ECONET},
    {"AF_ASH", AF_ASH},
    {"AF_PACKET", AF_PACKET},
    {"AF_ROUTE", AF_ROUTE},
    {"AF_NETLINK", AF_NETLINK},
    {"AF_KEY", AF_KEY},
    {"AF_SECURITY", AF_SECURITY},
    {"AF_NETBEUI", AF_NETBEUI},
    {"AF_DECnet", AF_DECnet},
    {"AF_ROSE", AF_ROSE},
    {"AF_INET6", AF_INET6},
    {"AF_X25", AF_X25},
    {"AF_ATMPVC", AF_ATMPVC},
    {"AF_BRIDGE", AF_BRIDGE},
    {"AF_NETROM", AF_NETROM},
    {"AF_APPLETALK", AF_APPLETALK},
    {"AF_IPX", AF_IPX},
    {"AF_AX25", AF_AX25},
    {"AF_INET", AF_INET},
    {"AF_LOCAL", AF_LOCAL},
    {"AF_UNIX", AF_UNIX},
    {"AF_UNSPEC", AF_UNSPEC},
    {"AF_VSOCK", 40},
    {"AF_KCM", 41},
    {"AF_QIPCRTR", 42},
    {"AF_XDP", 44},
    {"AF_MCTP", 45},
    {"AF_IB", 27},
    {"AF_MPLS", 28},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_socktype[] = {
    {"SOCK_STREAM", SOCK_STREAM},
    {"SOCK_DGRAM", SOCK_DGRAM},
    {"SOCK_RAW", SOCK_RAW},
    {"SOCK_RDM", SOCK_RDM},
    {"SOCK_SEQPACKET", SOCK_SEQPACKET},
    {"SOCK_DCCP", SOCK_DCCP},
    {"SOCK_PACKET", SOCK_PACKET},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_shutdown[] = {
    {"SHUT_RDWR", SHUT_RDWR},
    {"SHUT_WR", SHUT_WR},
    {"SHUT_RD", SHUT_RD},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_sol[] = {
    {"SOL_SOCKET", SOL_SOCKET},
    {"SOL_TCP", 6},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_sockopt[] = {
    {"SO_COOKIE", SO_COOKIE},
    {"SO_MEMINFO", SO_MEMINFO},
    {"SO_PEERGROUPS", SO_PEERGROUPS},
    {"SO_ATTACH_BPF", SO_ATTACH_BPF},
    {"SO_INCOMING_CPU", SO_INCOMING_CPU},
    {"SO_BPF_EXTENSIONS", SO_BPF_EXTENSIONS},
    {"SO_MAX_PACING_RATE", SO_MAX_PACING_RATE},
    {"SO_BUSY_POLL", SO_BUSY_POLL},
    {"SO_SELECT_ERR_QUEUE", SO_SELECT_ERR_QUEUE},
    {"SO_LOCK_FILTER", SO_LOCK_FILTER},
    {"SO_NOFCS", SO_NOFCS},
    {"SO_PEEK_OFF", SO_PEEK_OFF},
    {"SO_WIFI_STATUS", SO_WIFI_STATUS},
    {"SO_RXQ_OVFL", SO_RXQ_OVFL},
    {"SO_DOMAIN", SO_DOMAIN},
    {"SO_PROTOCOL", SO_PROTOCOL},
    {"SO_TIMESTAMPING", SO_TIMESTAMPING},
    {"SO_MARK", SO_MARK},
    {"SO_TIMESTAMPNS", SO_TIMESTAMPNS},
    {"SO_PASSSEC", SO_PASSSEC},
    {"SO_PEERSEC", SO_PEERSEC},
    {"SO_ACCEPTCONN", SO_ACCEPTCONN},
    {"SO_TIMESTAMP", SO_TIMESTAMP},
    {"SO_PEERNAME", SO_PEERNAME},
    {"SO_DETACH_FILTER", SO_DETACH_FILTER},
    {"SO_ATTACH_FILTER", SO_ATTACH_FILTER},
    {"SO_BINDTODEVICE", SO_BINDTODEVICE},
    {"SO_SECURITY_ENCRYPTION_NETWORK", SO_SECURITY_ENCRYPTION_NETWORK},
    {"SO_SECURITY_ENCRYPTION_TRANSPORT", SO_SECURITY_ENCRYPTION_TRANSPORT},
    {"SO_SECURITY_AUTHENTICATION", SO_SECURITY_AUTHENTICATION},
    {"SO_SNDTIMEO", SO_SNDTIMEO},
    {"SO_RCVTIMEO", SO_RCVTIMEO},
    {"SO_SNDLOWAT", SO_SNDLOWAT},
    {"SO_RCVLOWAT", SO_RCVLOWAT},
    {"SO_PEERCRED", SO_PEERCRED},
    {"SO_PASSCRED", SO_PASSCRED},
    {"SO_REUSEPORT", SO_REUSEPORT},
    {"SO_BSDCOMPAT", SO_BSDCOMPAT},
    {"SO_LINGER", SO_LINGER},
    {"SO_PRIORITY", SO_PRIORITY},
    {"SO_NO_CHECK", SO_NO_CHECK},
    {"SO_OOBINLINE", SO_OOBINLINE},
    {"SO_KEEPALIVE", SO_KEEPALIVE},
    {"SO_RCVBUFFORCE", SO_RCVBUFFORCE},
    {"SO_SNDBUFFORCE", SO_SNDBUFFORCE},
    {"SO_RCVBUF", SO_RCVBUF},
    {"SO_SNDBUF", SO_SNDBUF},
    {"SO_BROADCAST", SO_BROADCAST},
    {"SO_DONTROUTE", SO_DONTROUTE},
    {"SO_ERROR", SO_ERROR},
    {"SO_TYPE", SO_TYPE},
    {"SO_REUSEADDR", SO_REUSEADDR},
    {"SO_DEBUG", SO_DEBUG},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_fcntl[] = {
    {"F_GETPIPE_SZ", F_GETPIPE_SZ},
    {"F_SETPIPE_SZ", F_SETPIPE_SZ},
    {"F_NOTIFY", F_NOTIFY},
    {"F_DUPFD_CLOEXEC", F_DUPFD_CLOEXEC},
    {"F_CANCELLK", 1029},
    {"F_GETLEASE", F_GETLEASE},
    {"F_SETLEASE", F_SETLEASE},
    {"F_GETOWN_EX", F_GETOWN_EX},
    {"F_SETOWN_EX", F_SETOWN_EX},
    {"F_GETSIG", F_GETSIG},
    {"F_SETSIG", F_SETSIG},
    {"F_GETOWN", F_GETOWN},
    {"F_SETOWN", F_SETOWN},
    {"F_SETLKW", F_SETLKW},
    {"F_SETLK", F_SETLK},
    {"F_GETLK", F_GETLK},
    {"F_SETFL", F_SETFL},
    {"F_GETFL", F_GETFL},
    {"F_SETFD", F_SETFD},
    {"F_GETFD", F_GETFD},
    {"F_DUPFD", F_DUPFD},
    {"F_OFD_GETLK", F_OFD_GETLK},
    {"F_OFD_SETLK", F_OFD_SETLK},
    {"F_OFD_SETLKW", F_OFD_SETLKW},
    {"F_ADD_SEALS", 1033},
    {"F_GET_SEALS", 1034},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_accept4[] = {
    {"SOCK_NONBLOCK", SOCK_NONBLOCK},
    {"SOCK_CLOEXEC", SOCK_CLOEXEC},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_epoll_create[] = {
    {"EPOLL_CLOEXEC", EPOLL_CLOEXEC},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_pidfd[] = {
    {"PIDFD_NONBLOCK", O_NONBLOCK},
    {NULL, 0},
};
// clang-format on
