/* SPDX-License-Identifier: Apache-2.0
 *
 * clamd(8), "COMMANDS": a command with the prefix z ends in NUL, and so does its answer. INSTREAM is followed
 * by chunks, each a length (four bytes, big-endian) and that many bytes, and ends with a length of 0. Beyond
 * its StreamMaxLength the daemon answers "INSTREAM size limit exceeded. ERROR" and closes, often while we
 * still write: then the answer is read all the same, and a reset connection after some megabytes means the
 * same.
 */
#include "inspect/clamd.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

/* ---- addresses ------------------------------------------------------------------------ */

static plm_sv without(plm_sv s, plm_sv prefix)
{
    return plm_sv_starts(s, prefix) ? plm_sv_from_off(s, prefix.n) : s;
}

bool plm_clamd_is_tcp(plm_sv address)
{
    return !plm_sv_starts(address, PLM_SV("/")) && !plm_sv_starts(address, PLM_SV("unix:"));
}

static int with_timeout(int fd, uint64_t ms)
{
    struct timeval t = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) < 0 ||
                   setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) < 0
               ? -1
               : 0;
}

static int connect_unix(plm_sv path, uint64_t ms, plm_err **err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    path = without(without(path, PLM_SV("unix:")), PLM_SV("//"));
    if (!path.p || !path.n || path.n >= sizeof(to.sun_path))
        return plm_fail(err, PLM_E_CONFIG, "clamd: the path of the socket is empty or too long");
    memcpy(to.sun_path, path.p, path.n);
    plm_auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || with_timeout(fd, ms) < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
        return plm_fail_sys(err, "clamd: %.*s", PLM_SV_ARG(path));
    return plm_take_fd(fd);
}

static int connect_tcp(plm_sv address, uint64_t ms, plm_err **err)
{
    plm_sv rest = without(address, PLM_SV("tcp://"));
    size_t colon = plm_sv_rfind(rest, ':');
    if (colon == SIZE_MAX || colon == 0 || colon + 1 == rest.n)
        return plm_fail(err, PLM_E_CONFIG, "clamd: %.*s is neither a path nor HOST:PORT",
                        PLM_SV_ARG(address));
    plm_sv host_part = plm_sv_sub(rest, 0, colon);
    if (host_part.n > 2 && host_part.p[0] == '[')
        host_part = plm_sv_sub(host_part, 1, host_part.n - 2);
    plm_auto_free char *host = host_part.p ? strndup(host_part.p, host_part.n) : NULL;
    plm_auto_free char *port = strndup(rest.p + colon + 1, rest.n - colon - 1);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    if (!host || !port)
        return plm_fail_oom(err);
    int bad = getaddrinfo(host, port, &hints, &list);
    if (bad)
        return plm_fail(err, PLM_E_NET, "clamd: %s: %s", host, gai_strerror(bad));
    int fd = -1, sys = 0;
    for (const struct addrinfo *i = list; i && fd < 0; i = i->ai_next) {
        fd = socket(i->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && with_timeout(fd, ms) == 0 && connect(fd, i->ai_addr, i->ai_addrlen) == 0)
            continue;
        sys = errno;
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    if (fd >= 0)
        return fd;
    errno = sys;
    return plm_fail_sys(err, "clamd: %.*s", PLM_SV_ARG(address));
}

static int open_socket(plm_sv address, uint64_t ms, plm_err **err)
{
    ms = ms ? ms : PLM_CLAMD_TIMEOUT_MS;
    return plm_clamd_is_tcp(address) ? connect_tcp(address, ms, err) : connect_unix(address, ms, err);
}

/* ---- talking --------------------------------------------------------------------------- */

static int put_all(int fd, const void *p, size_t n)
{
    const char *at = p;
    while (n) {
        ssize_t put = send(fd, at, n, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return -1;
        at += put;
        n -= (size_t)put;
    }
    return 0;
}

/* Up to a NUL or the end of the connection. */
static int answer(int fd, struct plm_buf *out, plm_err **err)
{
    for (;;) {
        char *to = plm_buf_reserve(out, 256);
        if (!to)
            return plm_buf_check(out, err);
        ssize_t got = recv(fd, to, 256, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK
                       ? plm_fail(err, PLM_E_NET, "clamd: no answer in time")
                       : plm_fail_sys(err, "clamd: answer");
        const char *end = got ? memchr(to, 0, (size_t)got) : NULL;
        out->n += end ? (size_t)(end - to) : (size_t)got;
        if (end || got == 0)
            return 0;
    }
}

int plm_clamd_begin(plm_sv address, uint64_t timeout_ms, plm_err **err)
{
    static const char command[] = "zINSTREAM"; /* with its NUL */
    plm_auto_fd int fd = open_socket(address, timeout_ms, err);
    if (fd < 0)
        return -1;
    if (put_all(fd, command, sizeof(command)) < 0)
        return plm_fail_sys(err, "clamd: %.*s", PLM_SV_ARG(address));
    return plm_take_fd(fd);
}

int plm_clamd_chunk(int fd, const void *p, size_t n)
{
    unsigned char length[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16), (unsigned char)(n >> 8),
                               (unsigned char)n};
    return put_all(fd, length, sizeof(length)) < 0 || put_all(fd, p, n) < 0 ? -1 : 0;
}

int plm_clamd_end(int fd, struct plm_buf *out, plm_err **err)
{
    plm_auto_fd int owned = fd;
    static const unsigned char end[4];
    (void)put_all(owned, end, sizeof(end)); /* it may have answered and closed already */
    if (answer(owned, out, err) < 0)
        return -1;
    return out->n ? 0 : plm_fail(err, PLM_E_NET, "clamd: closed the connection without an answer");
}

int plm_clamd_version(plm_sv address, uint64_t timeout_ms, struct plm_buf *out, plm_err **err)
{
    static const char command[] = "zVERSION";
    plm_auto_fd int fd = open_socket(address, timeout_ms, err);
    if (fd < 0)
        return -1;
    if (put_all(fd, command, sizeof(command)) < 0)
        return plm_fail_sys(err, "clamd: %.*s", PLM_SV_ARG(address));
    if (answer(fd, out, err) < 0)
        return -1;
    if (!plm_sv_starts(plm_buf_sv(out), PLM_SV("ClamAV")))
        return plm_fail(err, PLM_E_NET, "clamd: %.*s does not answer as a ClamAV daemon",
                        PLM_SV_ARG(address));
    return 0;
}

enum plm_clamd_verdict plm_clamd_verdict(plm_sv text, plm_sv *out_text)
{
    text = plm_sv_trim(text);
    if (plm_sv_starts(text, PLM_SV("stream: ")))
        text = plm_sv_from_off(text, 8);
    *out_text = text;
    if (plm_sv_is(text, "OK"))
        return PLM_CLAMD_CLEAN;
    if (plm_sv_ends(text, PLM_SV(" FOUND"))) {
        *out_text = plm_sv_sub(text, 0, text.n - 6);
        return PLM_CLAMD_FOUND;
    }
    return plm_sv_has(text, PLM_SV("size limit exceeded")) ? PLM_CLAMD_TOO_LARGE : PLM_CLAMD_FAILED;
}
