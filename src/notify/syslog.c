/* SPDX-License-Identifier: Apache-2.0
 *
 * The system log. On a local socket (/dev/log) a datagram is what syslog(3) writes: "<PRI>Mmm dd hh:mm:ss
 * IDENT[PID]: TEXT", local time; glibc's own words, so that logger, journald, rsyslog and busybox read it the
 * same. To another machine it is RFC 5424, over UDP one message a datagram, over TCP with its length in front
 * (RFC 6587, 3.4.1).
 *
 * A local socket is a datagram one, or a stream (syslog-ng may use that; then each message ends with NUL).
 * The daemon may be restarted: an error closes the socket and the message is sent once more over a new one.
 * No send waits longer than SEND_MS.
 */
#include "base/text.h"
#include "base/time.h"
#include "notify_int.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { SEND_MS = 5000, TEXT_MAX = 8192, UDP_MAX = 2048, HEADER_MAX = 512 };

struct plm_syslog {
    const struct plm_ctx *ctx;
    enum { LOCAL, UDP, TCP } kind;
    char *address, *host, *port, *ident;
    unsigned facility;
    int fd;
    bool is_stream;
};

bool plm_syslog_facility(plm_sv name, unsigned *out)
{
    static const char *const names[] = {"kern",   "user",   "mail",   "daemon", "auth",     "syslog",
                                        "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
                                        "",       "",       "",       "",       "local0",   "local1",
                                        "local2", "local3", "local4", "local5", "local6",   "local7"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (name.n && plm_sv_ieq(name, plm_sv_from(names[i]))) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* "udp://host:514", "tcp://[::1]:601". */
static int split(struct plm_syslog *s, plm_sv rest, const char *port, plm_err **err)
{
    size_t colon = plm_sv_rfind(rest, ':'), close = plm_sv_rfind(rest, ']');
    bool has_port = colon != SIZE_MAX && (close == SIZE_MAX || colon > close);
    plm_sv host = has_port ? plm_sv_sub(rest, 0, colon) : rest;
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = plm_sv_sub(host, 1, host.n - 2);
    plm_sv number = has_port ? plm_sv_from_off(rest, colon + 1) : plm_sv_from(port);
    uint64_t n;
    if (!host.n || !plm_sv_u64(number, &n) || n == 0 || n > 65535)
        return plm_fail_id(err, PLM_E_CONFIG, "notify.target",
                           "%s: an address is a path, udp://HOST:PORT or tcp://HOST:PORT", s->address);
    s->host = strndup(host.p, host.n);
    s->port = strndup(number.p, number.n);
    return s->host && s->port ? 0 : plm_fail_oom(err);
}

struct plm_syslog *plm_syslog_new(const struct plm_ctx *ctx, plm_sv address, unsigned facility, plm_sv ident,
                                  plm_err **err)
{
    plm_auto(plm_syslog_free) struct plm_syslog *s = calloc(1, sizeof(*s));
    if (!s)
        return PLM_NULL(plm_fail_oom(err));
    s->ctx = ctx;
    s->fd = -1;
    s->facility = facility;
    plm_sv name = ident.n ? plm_sv_sub(ident, 0, 48) : PLM_SV("plimsoll");
    s->address = strndup(address.p, address.n);
    s->ident = strndup(name.p, name.n);
    if (!s->address || !s->ident)
        return PLM_NULL(plm_fail_oom(err));
    bool is_udp = plm_sv_starts(address, PLM_SV("udp://")), is_tcp = plm_sv_starts(address, PLM_SV("tcp://"));
    s->kind = is_udp ? UDP : is_tcp ? TCP : LOCAL;
    if (s->kind != LOCAL && split(s, plm_sv_from_off(address, 6), is_udp ? "514" : "601", err) < 0)
        return NULL;
    if (s->kind == LOCAL && (address.p[0] != '/' || address.n >= sizeof(((struct sockaddr_un *)0)->sun_path)))
        return PLM_NULL(plm_fail_id(err, PLM_E_CONFIG, "notify.target",
                                    "%s: an address is a path, udp://HOST:PORT or tcp://HOST:PORT",
                                    s->address));
    return plm_take(s);
}

static void hang_up(struct plm_syslog *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

void plm_syslog_free(struct plm_syslog *s)
{
    if (!s)
        return;
    hang_up(s);
    free(s->address);
    free(s->host);
    free(s->port);
    free(s->ident);
    free(s);
}

/* ---- connecting ------------------------------------------------------------------------------ */

static int fail_address(const struct plm_syslog *s, int sys, plm_err **err)
{
    return plm_fail_id(err, PLM_E_NET, "net.connect", "%s: %s", s->address, strerror(sys));
}

static int connect_local(struct plm_syslog *s, plm_err **err)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    memcpy(a.sun_path, s->address, strlen(s->address) + 1);
    static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
    int sys = 0;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        s->fd = socket(AF_UNIX, types[i] | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (s->fd >= 0 && connect(s->fd, (struct sockaddr *)&a, sizeof(a)) == 0) {
            s->is_stream = types[i] == SOCK_STREAM;
            return 0;
        }
        sys = errno;
        hang_up(s);
        if (sys != EPROTOTYPE)
            break;
    }
    return fail_address(s, sys, err);
}

/* Ready to write within the time: 0. */
static int await(int fd, uint64_t by)
{
    for (;;) {
        uint64_t now = plm_clock_ms();
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        int r = now >= by ? 0 : poll(&p, 1, (int)(by - now));
        if (r > 0)
            return 0;
        if (r == 0 || errno != EINTR) {
            errno = r == 0 ? ETIMEDOUT : errno;
            return -1;
        }
    }
}

static bool try_connect(struct plm_syslog *s, const struct addrinfo *a)
{
    int sys = 0;
    socklen_t n = sizeof(sys);
    s->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
    if (s->fd < 0)
        return false;
    if (connect(s->fd, a->ai_addr, a->ai_addrlen) == 0)
        return true;
    if (errno == EINPROGRESS && await(s->fd, plm_clock_ms() + SEND_MS) == 0 &&
        getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &sys, &n) == 0 && sys == 0)
        return true;
    if (sys)
        errno = sys;
    sys = errno;
    hang_up(s);
    errno = sys;
    return false;
}

static int connect_remote(struct plm_syslog *s, plm_err **err)
{
    if (s->ctx->offline)
        return plm_fail_id(err, PLM_E_NET, "net.offline", "%s: offline", s->address);
    struct addrinfo want = {.ai_socktype = s->kind == UDP ? SOCK_DGRAM : SOCK_STREAM}, *list = NULL;
    int r = getaddrinfo(s->host, s->port, &want, &list);
    if (r)
        return plm_fail_id(err, PLM_E_NET, "net.resolve", "%s: %s", s->address, gai_strerror(r));
    bool is_open = false;
    for (const struct addrinfo *a = list; a && !is_open; a = a->ai_next)
        is_open = try_connect(s, a);
    int sys = errno;
    freeaddrinfo(list);
    s->is_stream = s->kind == TCP;
    return is_open ? 0 : fail_address(s, sys, err);
}

/* ---- messages -------------------------------------------------------------------------------- */

static void put_local(const struct plm_syslog *s, unsigned pri, time_t t, plm_sv text, struct plm_buf *b)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm;
    if (!localtime_r(&t, &tm) || tm.tm_mon < 0 || tm.tm_mon > 11)
        tm = (struct tm){.tm_mday = 1};
    plm_buf_printf(b, "<%u>%s %2d %02d:%02d:%02d %s[%d]: ", pri, months[tm.tm_mon], tm.tm_mday, tm.tm_hour,
                   tm.tm_min, tm.tm_sec, s->ident, (int)getpid());
    plm_buf_sv_put(b, text);
}

static void put_5424(const struct plm_syslog *s, unsigned pri, int64_t t, plm_sv text, struct plm_buf *b)
{
    char host[256];
    if (gethostname(host, sizeof(host)) < 0)
        host[0] = 0;
    host[sizeof(host) - 1] = 0;
    plm_buf_printf(b, "<%u>1 ", pri);
    plm_time_put(b, t);
    plm_buf_printf(b, " %s %s %d - - ", host[0] ? host : "-", s->ident, (int)getpid());
    if (!plm_sv_eq(text, PLM_SV("")))
        plm_buf_str(b, "\xef\xbb\xbf"); /* RFC 5424, 6.4: UTF-8 says so */
    plm_buf_sv_put(b, text);
}

static void frame(const struct plm_syslog *s, plm_sv message, struct plm_buf *b)
{
    if (s->kind == TCP)
        plm_buf_printf(b, "%zu ", message.n);
    plm_buf_sv_put(b, s->kind == UDP ? plm_notify_cut(message, UDP_MAX) : message);
    if (s->kind == LOCAL && s->is_stream)
        plm_buf_byte(b, 0);
}

static int send_all(struct plm_syslog *s, plm_sv data)
{
    uint64_t by = plm_clock_ms() + SEND_MS;
    while (data.n) {
        ssize_t n = send(s->fd, data.p, data.n, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == ENOBUFS) && await(s->fd, by) == 0)
            continue;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data = s->is_stream ? plm_sv_from_off(data, (size_t)n) : PLM_SV_NULL;
    }
    return 0;
}

static int transmit(struct plm_syslog *s, plm_sv message, plm_err **err)
{
    for (int attempt = 0;; attempt++) {
        bool was_open = s->fd >= 0;
        if (!was_open && (s->kind == LOCAL ? connect_local(s, err) : connect_remote(s, err)) < 0)
            return -1;
        plm_auto_done(plm_buf_done) struct plm_buf data = PLM_BUF(TEXT_MAX + HEADER_MAX + 32);
        frame(s, message, &data);
        if (plm_buf_check(&data, err) < 0)
            return -1;
        if (send_all(s, plm_buf_sv(&data)) == 0)
            return 0;
        int sys = errno;
        hang_up(s);
        if (!was_open || attempt)
            return fail_address(s, sys, err);
    }
}

int plm_syslog_send(struct plm_syslog *s, unsigned severity, int64_t time, plm_sv text, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf clean = PLM_BUF(4 * TEXT_MAX),
                                               message = PLM_BUF(TEXT_MAX + HEADER_MAX);
    int64_t t = time ? time : plm_now(s->ctx);
    unsigned pri = s->facility * 8 + (severity & 7);
    plm_text_escape(
        &clean, plm_notify_cut(text, TEXT_MAX)); /* no control bytes: a line end would begin a second entry */
    plm_sv line = plm_notify_cut(plm_buf_sv(&clean), TEXT_MAX);
    if (s->kind == LOCAL)
        put_local(s, pri, (time_t)t, line, &message);
    else
        put_5424(s, pri, t, line, &message);
    if (plm_buf_check(&clean, err) < 0 || plm_buf_check(&message, err) < 0)
        return -1;
    return transmit(s, plm_buf_sv(&message), err);
}

/* ---- the kind of target ---------------------------------------------------------------------- */

static unsigned level_of(enum plm_severity s)
{
    static const unsigned table[] = {
        [PLM_SEV_UNKNOWN] = 6, [PLM_SEV_NEGLIGIBLE] = 6, [PLM_SEV_LOW] = 5,
        [PLM_SEV_MEDIUM] = 4,  [PLM_SEV_HIGH] = 3,       [PLM_SEV_CRITICAL] = 2,
    };
    return table[s];
}

static int send_syslog(const struct plm_ctx *ctx, const struct plm_notify_target *t,
                       const struct plm_notice *n, plm_err **err)
{
    plm_sv address = plm_notify_value(t, "address"), facility = plm_notify_value(t, "facility");
    unsigned number = 3; /* daemon */
    if (facility.p && !plm_syslog_facility(facility, &number))
        return plm_fail_id(err, PLM_E_CONFIG, "notify.target", "facility: no such one: %.*s",
                           PLM_SV_ARG(facility));
    plm_auto(plm_syslog_free) struct plm_syslog *s = plm_syslog_new(
        ctx, address.p ? address : PLM_SV("/dev/log"), number, plm_notify_value(t, "ident"), err);
    if (!s)
        return -1;
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_KIB(256));
    plm_buf_sv_put(&text, n->title);
    plm_buf_str(&text, n->object.n ? " | object=" : "");
    plm_buf_sv_put(&text, n->object);
    plm_buf_str(&text, n->text.n ? " | " : "");
    plm_buf_sv_put(&text, n->text);
    if (plm_buf_check(&text, err) < 0)
        return -1;
    return plm_syslog_send(s, level_of(n->severity), n->time, plm_buf_sv(&text), err);
}

static const char *const keys[] = {"address", "facility", "ident", NULL};
static const struct plm_notify_class syslog_class = {
    .name = "syslog",
    .summary = "the system log: /dev/log, or RFC 5424 over UDP or TCP",
    .keys = keys,
    .send = send_syslog,
};
PLM_REGISTER(plm_notify_classes, struct plm_notify_class, syslog_class);
