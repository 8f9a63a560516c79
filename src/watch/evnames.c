/* SPDX-License-Identifier: Apache-2.0
 *
 * Short texts of events: errors, kinds of descriptors, addresses. strerrorname_np would do for errors but
 * gives ENOTSUP for EOPNOTSUPP and EDEADLOCK on some architectures; Falco's names are those of the kernel.
 */
#include "watch/event.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

static const char *const fdtype_names[PLM_FD_COUNT_] = {
    [PLM_FD_FILE] = "file",
    [PLM_FD_DIRECTORY] = "directory",
    [PLM_FD_IPV4] = "ipv4",
    [PLM_FD_IPV6] = "ipv6",
    [PLM_FD_UNIX] = "unix",
    [PLM_FD_PIPE] = "pipe",
    [PLM_FD_EVENT] = "event",
    [PLM_FD_SIGNALFD] = "signalfd",
    [PLM_FD_EVENTPOLL] = "eventpoll",
    [PLM_FD_INOTIFY] = "inotify",
    [PLM_FD_TIMERFD] = "timerfd",
    [PLM_FD_NETLINK] = "netlink",
    [PLM_FD_BPF] = "bpf",
    [PLM_FD_USERFAULTFD] = "userfaultfd",
    [PLM_FD_IO_URING] = "io_uring",
    [PLM_FD_MEMFD] = "memfd",
    [PLM_FD_PIDFD] = "pidfd",
};
static const char fdtype_chars[PLM_FD_COUNT_] = {
    [PLM_FD_FILE] = 'f',    [PLM_FD_DIRECTORY] = 'd', [PLM_FD_IPV4] = '4',        [PLM_FD_IPV6] = '6',
    [PLM_FD_UNIX] = 'u',    [PLM_FD_PIPE] = 'p',      [PLM_FD_EVENT] = 'e',       [PLM_FD_SIGNALFD] = 's',
    [PLM_FD_INOTIFY] = 'i', [PLM_FD_EVENTPOLL] = 'l', [PLM_FD_TIMERFD] = 't',     [PLM_FD_NETLINK] = 'n',
    [PLM_FD_BPF] = 'b',     [PLM_FD_IO_URING] = 'r',  [PLM_FD_USERFAULTFD] = 'u', [PLM_FD_MEMFD] = 'm',
    [PLM_FD_PIDFD] = 'P',   [PLM_FD_UNKNOWN] = 'o',
};

const char *plm_fdtype_name(enum plm_fdtype t)
{
    return t < PLM_FD_COUNT_ ? fdtype_names[t] : NULL;
}

char plm_fdtype_char(enum plm_fdtype t)
{
    return t < PLM_FD_COUNT_ ? fdtype_chars[t] : '\0';
}

static const char *const errno_names[] = {
#define E(name) [name] = #name
    E(EPERM),
    E(ENOENT),
    E(ESRCH),
    E(EINTR),
    E(EIO),
    E(ENXIO),
    E(E2BIG),
    E(ENOEXEC),
    E(EBADF),
    E(ECHILD),
    E(EAGAIN),
    E(ENOMEM),
    E(EACCES),
    E(EFAULT),
    E(ENOTBLK),
    E(EBUSY),
    E(EEXIST),
    E(EXDEV),
    E(ENODEV),
    E(ENOTDIR),
    E(EISDIR),
    E(EINVAL),
    E(ENFILE),
    E(EMFILE),
    E(ENOTTY),
    E(ETXTBSY),
    E(EFBIG),
    E(ENOSPC),
    E(ESPIPE),
    E(EROFS),
    E(EMLINK),
    E(EPIPE),
    E(EDOM),
    E(ERANGE),
    E(EDEADLK),
    E(ENAMETOOLONG),
    E(ENOLCK),
    E(ENOSYS),
    E(ENOTEMPTY),
    E(ELOOP),
    E(ENOMSG),
    E(EIDRM),
    E(ECHRNG),
    E(EL2NSYNC),
    E(EL3HLT),
    E(EL3RST),
    E(ELNRNG),
    E(EUNATCH),
    E(ENOCSI),
    E(EL2HLT),
    E(EBADE),
    E(EBADR),
    E(EXFULL),
    E(ENOANO),
    E(EBADRQC),
    E(EBADSLT),
    E(EBFONT),
    E(ENOSTR),
    E(ENODATA),
    E(ETIME),
    E(ENOSR),
    E(ENONET),
    E(ENOPKG),
    E(EREMOTE),
    E(ENOLINK),
    E(EADV),
    E(ESRMNT),
    E(ECOMM),
    E(EPROTO),
    E(EMULTIHOP),
    E(EDOTDOT),
    E(EBADMSG),
    E(EOVERFLOW),
    E(ENOTUNIQ),
    E(EBADFD),
    E(EREMCHG),
    E(ELIBACC),
    E(ELIBBAD),
    E(ELIBSCN),
    E(ELIBMAX),
    E(ELIBEXEC),
    E(EILSEQ),
    E(ERESTART),
    E(ESTRPIPE),
    E(EUSERS),
    E(ENOTSOCK),
    E(EDESTADDRREQ),
    E(EMSGSIZE),
    E(EPROTOTYPE),
    E(ENOPROTOOPT),
    E(EPROTONOSUPPORT),
    E(ESOCKTNOSUPPORT),
    E(EOPNOTSUPP),
    E(EPFNOSUPPORT),
    E(EAFNOSUPPORT),
    E(EADDRINUSE),
    E(EADDRNOTAVAIL),
    E(ENETDOWN),
    E(ENETUNREACH),
    E(ENETRESET),
    E(ECONNABORTED),
    E(ECONNRESET),
    E(ENOBUFS),
    E(EISCONN),
    E(ENOTCONN),
    E(ESHUTDOWN),
    E(ETOOMANYREFS),
    E(ETIMEDOUT),
    E(ECONNREFUSED),
    E(EHOSTDOWN),
    E(EHOSTUNREACH),
    E(EALREADY),
    E(EINPROGRESS),
    E(ESTALE),
    E(EUCLEAN),
    E(ENOTNAM),
    E(ENAVAIL),
    E(EISNAM),
    E(EREMOTEIO),
    E(EDQUOT),
    E(ENOMEDIUM),
    E(EMEDIUMTYPE),
    E(ECANCELED),
    E(ENOKEY),
    E(EKEYEXPIRED),
    E(EKEYREVOKED),
    E(EKEYREJECTED),
    E(EOWNERDEAD),
    E(ENOTRECOVERABLE),
    E(ERFKILL),
    E(EHWPOISON),
#undef E
    /* What the kernel uses inside and a tracer of exits sees when a signal interrupts a call. */
    [512] = "ERESTARTSYS",
    [513] = "ERESTARTNOINTR",
    [514] = "ERESTARTNOHAND",
    [515] = "ENOIOCTLCMD",
    [516] = "ERESTART_RESTARTBLOCK",
};

const char *plm_errno_name(int e)
{
    return e > 0 && (size_t)e < sizeof(errno_names) / sizeof(errno_names[0]) ? errno_names[e] : NULL;
}

void plm_ip_text(const struct plm_ip *ip, struct plm_buf *out)
{
    char text[INET6_ADDRSTRLEN];
    if (ip->family && inet_ntop(ip->family == 6 ? AF_INET6 : AF_INET, ip->b, text, sizeof(text)))
        plm_buf_str(out, text);
}

static void end_text(const struct plm_ip *ip, uint16_t port, struct plm_buf *out)
{
    plm_ip_text(ip, out);
    plm_buf_printf(out, ":%u", port);
}

/* Falco writes no brackets around IPv6 addresses. A unix socket is its path; an address with one end only is
 * that end. */
void plm_addr_text(const struct plm_addr *a, struct plm_buf *out)
{
    if (a->family == 1) {
        plm_buf_sv_put(out, a->path);
        return;
    }
    if (a->sip.family)
        end_text(&a->sip, a->sport, out);
    if (a->dip.family) {
        if (a->sip.family)
            plm_buf_str(out, "->");
        end_text(&a->dip, a->dport, out);
    }
}
