/* SPDX-License-Identifier: Apache-2.0
 *
 * systemd's journal by its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram of fields to
 * /run/systemd/journal/socket. "NAME=value\n", or where a value has line ends "NAME\n", its length as 64 bits
 * little-endian, the value, "\n". What does not fit into a datagram goes into a sealed memfd whose descriptor
 * is sent alone.
 *
 * Fields: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER and RULE, SOURCE, TAGS, CONTAINER_ID, CONTAINER_NAME,
 * CONTAINER_IMAGE, and the output fields as FALCO_<NAME> (letters and digits, the rest underscores), so that
 * `journalctl FALCO_PROC_NAME=cat` finds them.
 */
#include "base/fs.h"
#include "outputs_int.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { ENTRY_MAX = 4 * 1024 * 1024, NAME_MAX_BYTES = 60, SEND_MS = 2000 };

struct journal {
    struct plm_sink base;
    struct plm_arena *arena;
    plm_sv socket, ident;
    int fd;
    struct plm_buf entry;
};

static const struct plm_sink_key keys_of[] = {
    {"socket", PLM_KEY_TEXT, offsetof(struct journal, socket)},
    {"ident", PLM_KEY_TEXT, offsetof(struct journal, ident)},
    {NULL, PLM_KEY_TEXT, 0},
};

static void put_field(struct plm_buf *b, plm_sv name, plm_sv value)
{
    plm_buf_sv_put(b, name);
    if (value.n && memchr(value.p, '\n', value.n)) {
        plm_buf_byte(b, '\n');
        plm_buf_u64le(b, value.n);
    } else {
        plm_buf_byte(b, '=');
    }
    plm_buf_sv_put(b, value);
    plm_buf_byte(b, '\n');
}

/* "proc.aname[2]" to FALCO_PROC_ANAME_2. */
static void put_output_field(struct plm_buf *b, const struct plm_alert_field *f)
{
    plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(NAME_MAX_BYTES);
    plm_buf_str(&name, "FALCO_");
    for (size_t i = 0; i < f->key.n && name.n < NAME_MAX_BYTES; i++) {
        char c = f->key.p[i];
        bool is_lower = c >= 'a' && c <= 'z';
        bool is_kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        plm_buf_byte(&name, (unsigned char)(is_lower ? c - 32 : is_kept ? c : '_'));
    }
    while (name.n && name.p[name.n - 1] == '_')
        name.n--;
    plm_sv value = f->json;
    if (value.n >= 2 && value.p[0] == '"' && !memchr(value.p, '\\', value.n))
        value = plm_sv_sub(value, 1, value.n - 2); /* a text without escapes: as it is */
    if (!plm_sv_is(value, "null"))
        put_field(b, plm_buf_sv(&name), value);
}

static void put_entry(const struct journal *j, const struct plm_alert *a, struct plm_buf *b)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(ENTRY_MAX), tags = PLM_BUF(PLM_KIB(64));
    plm_sink_text(a, &text);
    put_field(b, PLM_SV("MESSAGE"), plm_buf_sv(&text));
    plm_buf_printf(b, "PRIORITY=%u\n", (unsigned)a->priority);
    put_field(b, PLM_SV("SYSLOG_IDENTIFIER"), j->ident.p ? j->ident : PLM_SV("plimsoll"));
    put_field(b, PLM_SV("RULE"), a->rule);
    put_field(b, PLM_SV("SOURCE"), a->source);
    for (size_t i = 0; i < a->n_tags; i++)
        plm_buf_printf(&tags, "%s%.*s", i ? "," : "", PLM_SV_ARG(a->tags[i]));
    if (tags.n)
        put_field(b, PLM_SV("TAGS"), plm_buf_sv(&tags));
    if (a->container_id.n) {
        put_field(b, PLM_SV("CONTAINER_ID"), a->container_id);
        put_field(b, PLM_SV("CONTAINER_NAME"), a->container_name);
        put_field(b, PLM_SV("CONTAINER_IMAGE"), a->image);
    }
    for (size_t i = 0; i < a->n_fields; i++)
        put_output_field(b, &a->fields[i]);
}

/* ---- sending --------------------------------------------------------------------------------- */

static int ensure_socket(struct journal *j, plm_err **err)
{
    if (j->fd >= 0)
        return 0;
    j->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return j->fd < 0 ? plm_fail_sys(err, "a socket") : 0;
}

/* A name where the journal listens is asked for anew each time: a restarted journald needs no reconnect. */
static int send_to(const struct journal *j, const struct iovec *data, int memfd)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    plm_sv path = j->socket.p ? j->socket : PLM_SV("/run/systemd/journal/socket");
    memcpy(to.sun_path, path.p, path.n);
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec copy = *data;
    struct msghdr m = {.msg_name = &to, .msg_namelen = sizeof(to)};
    if (memfd < 0) {
        m.msg_iov = &copy;
        m.msg_iovlen = 1;
    } else {
        m.msg_control = control.bytes;
        m.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &memfd, sizeof(int));
    }
    for (int attempt = 0; attempt < 2; attempt++) {
        if (sendmsg(j->fd, &m, MSG_NOSIGNAL) >= 0)
            return 0;
        struct pollfd p = {.fd = j->fd, .events = POLLOUT};
        if (errno != EAGAIN || poll(&p, 1, SEND_MS) <= 0)
            return -1;
    }
    return -1;
}

static int send_memfd(const struct journal *j, plm_sv entry, plm_err **err)
{
    plm_auto_fd int fd = memfd_create("journal-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return plm_fail_sys(err, "memfd");
    if (plm_fs_write_all(fd, entry.p, entry.n, err) < 0)
        return -1;
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    if (fcntl(fd, F_ADD_SEALS, seals) < 0)
        return plm_fail_sys(err, "memfd");
    return send_to(j, &(struct iovec){0}, fd) < 0 ? plm_fail_sys(err, "the journal") : 0;
}

static int write_alert(struct plm_sink *s, const struct plm_alert *a, const struct plm_alert_options *options,
                       plm_err **err)
{
    struct journal *j = (struct journal *)s;
    (void)options;
    plm_buf_clear(&j->entry);
    put_entry(j, a, &j->entry);
    if (plm_buf_check(&j->entry, err) < 0 || ensure_socket(j, err) < 0)
        return -1;
    const struct iovec data = {j->entry.p, j->entry.n};
    if (send_to(j, &data, -1) == 0)
        return 0;
    if (errno == EMSGSIZE || errno == ENOBUFS)
        return send_memfd(j, plm_buf_sv(&j->entry), err);
    return plm_fail_sys(err, "the journal");
}

static void close_sink(struct plm_sink *s)
{
    struct journal *j = (struct journal *)s;
    if (j->fd >= 0)
        close(j->fd);
    plm_buf_done(&j->entry);
    plm_arena_free(j->arena);
    free(j);
}

static struct plm_sink *open_sink(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                                  size_t n, plm_err **err);

static const struct plm_sink_class journald_class = {
    .name = "journald",
    .summary = "systemd's journal with a field for each output field: socket, ident",
    .open = open_sink,
};
PLM_REGISTER(plm_sink_classes, struct plm_sink_class, journald_class);

static int prepare(struct journal *j, const plm_sv *keys, const plm_sv *values, size_t n, plm_err **err)
{
    if (!(j->arena = plm_arena_new(PLM_MIB(1))))
        return plm_fail_oom(err);
    if (plm_sink_keys("journald", keys_of, j, j->arena, keys, values, n, err) < 0)
        return -1;
    if (j->socket.n >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return plm_fail_id(err, PLM_E_CONFIG, "watch.output",
                           "output journald: the socket's path is too long");
    return 0;
}

static struct plm_sink *open_sink(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                                  size_t n, plm_err **err)
{
    (void)ctx;
    struct journal *j = calloc(1, sizeof(*j));
    if (!j)
        return PLM_NULL(plm_fail_oom(err));
    j->base = (struct plm_sink){.class = &journald_class, .write = write_alert, .close = close_sink};
    j->entry = PLM_BUF(ENTRY_MAX);
    j->fd = -1;
    if (prepare(j, keys, values, n, err) < 0) {
        close_sink(&j->base);
        return NULL;
    }
    return &j->base;
}
