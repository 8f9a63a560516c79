/* SPDX-License-Identifier: Apache-2.0
 *
 * Recordings: the rows of their objects (docs/watch.md documents the format).
 *
 * A row gives a key, the kind of its value and where the value lies in the struct. Values that equal the
 * default are left out. Bytes that are no UTF-8 (paths may hold any) are {"hex": "…"}; lists of strings are
 * arrays, in memory they are NUL-separated, with a NUL at the end only behind an empty last one.
 */
#include "watch/recording_int.h"

#include "base/text.h"

#include <arpa/inet.h>

static const char *const fd_types[] = {"unknown",  "file",    "directory", "ipv4",     "ipv6",
                                       "unix",     "pipe",    "event",     "signalfd", "eventpoll",
                                       "inotify",  "timerfd", "netlink",   "bpf",      "userfaultfd",
                                       "io_uring", "memfd",   "pidfd",     "packet",   NULL};
static const char *const runtimes[] = {"host", "docker",      "podman", "cri-o", "containerd",
                                       "lxc",  "libvirt-lxc", "bpm",    NULL};
static const char *const states[] = {"none", "waiting", "known", "failed", NULL};

// clang-format off
#define T(k, m) {#m, PLM_REC_##k, offsetof(struct plm_task_info, m), NULL}
const struct plm_rec_row plm_rec_task[] = {
    T(I32, tid), T(I32, pid), T(I32, ptid), T(I32, vtid), T(I32, vpid), T(I32, sid), T(I32, pgid), T(I32, vpgid),
    T(U32, tty), T(U32, uid), T(U32, gid), T(I64, loginuid), T(U64, cap_inheritable), T(U64, cap_permitted),
    T(U64, cap_effective), T(U64, clone_ts), T(U64, pidns_init_ts), T(TEXT, comm), T(TEXT, exe),
    T(STRINGS, args), T(STRINGS, env), T(TEXT, exepath), T(TEXT, cwd), T(TEXT, root), T(TEXT, cgroup),
    T(STRINGS, cgroups), T(U64, exe_ino), T(U64, exe_ctime), T(U64, exe_mtime), T(U32, exe_flags), T(U64, mnt_ns),
    T(U64, pid_ns), T(U64, fdlimit), T(U64, vm_size), T(U64, vm_rss), T(U64, vm_swap), T(U32, n_threads),
    T(BOOL, is_kernel_thread),
    {NULL, PLM_REC_I32, 0, NULL},
};
#define F(k, m) {#m, PLM_REC_##k, offsetof(struct plm_fdinfo, m), NULL}
const struct plm_rec_row plm_rec_fd[] = {
    F(I64, num), {"type", PLM_REC_NAME, offsetof(struct plm_fdinfo, type), fd_types}, F(TEXT, name),
    F(TEXT, nameraw), F(U32, dev), F(U64, ino), F(U32, open_flags), F(ADDR, addr), F(IP, lip), F(IP, rip),
    F(U16, lport), F(U16, rport), F(U8, l4), F(BOOL, is_listening), F(BOOL, is_connected), F(BOOL, is_server),
    F(BOOL, name_changed), F(BOOL, is_upper_layer), F(BOOL, is_lower_layer),
    {NULL, PLM_REC_I32, 0, NULL},
};
#define A(k, m) {#m, PLM_REC_##k, offsetof(struct plm_addr, m), NULL}
const struct plm_rec_row plm_rec_addr[] = {
    A(U8, family), A(IP, sip), A(IP, dip), A(U16, sport), A(U16, dport), A(TEXT, path),
    {NULL, PLM_REC_I32, 0, NULL},
};
#define C(k, m) {#m, PLM_REC_##k, offsetof(struct plm_container, m), NULL}
const struct plm_rec_row plm_rec_container[] = {
    {"runtime", PLM_REC_NAME, offsetof(struct plm_container, runtime), runtimes},
    {"id", PLM_REC_TEXT, offsetof(struct plm_container, full_id), NULL},
    {"short_id", PLM_REC_TEXT, offsetof(struct plm_container, id), NULL},
    {"state", PLM_REC_NAME, offsetof(struct plm_container, state), states}, C(TEXT, why),
    C(TEXT, name), C(TEXT, image), C(TEXT, image_id), C(TEXT, image_repository), C(TEXT, image_tag),
    C(TEXT, image_digest), C(TEXT, user), C(TEXT, ip), C(TEXT, cni_json), C(BOOL, is_privileged),
    C(BOOL, has_privileged), C(BOOL, host_pid), C(BOOL, host_network), C(BOOL, host_ipc), C(TEXT, pod_name),
    C(TEXT, pod_namespace), C(TEXT, pod_uid), C(TEXT, pod_sandbox_id), C(I64, created), C(I32, init_pid),
    {NULL, PLM_REC_I32, 0, NULL},
};
#define M(k, m) {#m, PLM_REC_##k, offsetof(struct plm_container_mount, m), NULL}
const struct plm_rec_row plm_rec_mount[] = {
    M(TEXT, source), M(TEXT, dest), M(TEXT, mode), M(TEXT, propagation), M(BOOL, is_writable),
    {NULL, PLM_REC_I32, 0, NULL},
};
#define U(k, m) {#m, PLM_REC_##k, offsetof(struct plm_rec_user_line, m), NULL}
const struct plm_rec_row plm_rec_user[] = {
    U(U32, id), U(TEXT, name), U(TEXT, home), U(TEXT, shell), U(TEXT, container),
    {NULL, PLM_REC_I32, 0, NULL},
};
// clang-format on

const struct plm_task_info plm_rec_task_default = {.vtid = -1, .vpid = -1, .loginuid = -1};
const struct plm_fdinfo plm_rec_fd_default = {.num = -1};
const struct plm_container plm_rec_container_default = {.runtime = PLM_RT_DOCKER, .state = PLM_META_KNOWN};

/* ---- reading ----------------------------------------------------------------------------------- */

static int fail_kind(const char *key, const char *what, plm_err **err)
{
    return plm_fail(err, PLM_E_PARSE, "key '%s': %s is expected", key, what);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int hex_get(plm_sv hex, const char *key, struct plm_arena *a, plm_sv *out, plm_err **err)
{
    if (!hex.p || hex.n % 2)
        return fail_kind(key, "a string, or {\"hex\": \"...\"}", err);
    char *p = plm_arena_alloc(a, hex.n / 2 + 1);
    if (!p)
        return plm_arena_check(a, err);
    for (size_t i = 0; i < hex.n; i += 2) {
        int hi = hex_digit(hex.p[i]), lo = hex_digit(hex.p[i + 1]);
        if (hi < 0 || lo < 0)
            return fail_kind(key, "lower-case hexadecimal", err);
        p[i / 2] = (char)(hi << 4 | lo);
    }
    *out = plm_sv_n(p, hex.n / 2);
    return 0;
}

int plm_rec_text_get(yyjson_val *v, const char *key, struct plm_arena *a, plm_sv *out, plm_err **err)
{
    if (yyjson_is_obj(v))
        return hex_get(plm_json_str(v, "hex", NULL), key, a, out, err);
    if (!yyjson_is_str(v))
        return fail_kind(key, "a string", err);
    *out = plm_json_sv(v);
    return 0;
}

int plm_rec_strings_get(yyjson_val *v, const char *key, struct plm_arena *a, plm_sv *out, plm_err **err)
{
    if (!yyjson_is_arr(v))
        return fail_kind(key, "an array of strings", err);
    plm_sv_vec parts = {0};
    size_t i, max, total = 0;
    yyjson_val *item;
    yyjson_arr_foreach(v, i, max, item)
    {
        plm_sv *s = plm_vec_push(a, &parts);
        if (!s || plm_rec_text_get(item, key, a, s, err) < 0)
            return s ? -1 : plm_arena_check(a, err);
        total += s->n + 1; /* a document is bounded: no overflow */
    }
    char *p = plm_arena_alloc(a, total + 1), *at = p;
    if (!p)
        return plm_arena_check(a, err);
    for (i = 0; i < parts.n; i++) {
        if (parts.v[i].n)
            memcpy(at, parts.v[i].p, parts.v[i].n);
        at += parts.v[i].n;
        *at++ = '\0';
    }
    bool is_ended = parts.n && parts.v[parts.n - 1].n == 0;
    *out = plm_sv_n(p, parts.n && !is_ended ? total - 1 : total);
    return 0;
}

static bool parse_ip(plm_sv text, struct plm_ip *out)
{
    char buf[INET6_ADDRSTRLEN + 1];
    struct plm_ip ip = {0};
    if (!text.n || text.n >= sizeof(buf))
        return false;
    memcpy(buf, text.p, text.n);
    buf[text.n] = '\0';
    if (inet_pton(AF_INET, buf, ip.b) == 1)
        ip.family = 4;
    else if (inet_pton(AF_INET6, buf, ip.b) == 1)
        ip.family = 6;
    else
        return false;
    *out = ip;
    return true;
}

int plm_rec_ip_get(yyjson_val *v, const char *key, struct plm_ip *out, plm_err **err)
{
    return parse_ip(plm_json_sv(v), out) ? 0 : fail_kind(key, "an IP address as a string", err);
}

/* "10.0.0.1:80", "[::1]:80", and "::1:80" as the kernel's own texts have it. */
static bool parse_end(plm_sv text, struct plm_ip *ip, uint16_t *port)
{
    size_t colon = plm_sv_rfind(text, ':');
    uint64_t n;
    if (colon == SIZE_MAX || !plm_sv_u64(plm_sv_from_off(text, colon + 1), &n) || n > UINT16_MAX)
        return false;
    plm_sv host = plm_sv_sub(text, 0, colon);
    if (plm_sv_starts(host, PLM_SV("[")) && plm_sv_ends(host, PLM_SV("]")))
        host = plm_sv_sub(host, 1, host.n - 2);
    *port = (uint16_t)n;
    return parse_ip(host, ip);
}

/* "1.2.3.4:5->6.7.8.9:10", one end alone is the destination, anything with a slash or @ is a unix socket. */
static bool parse_addr(plm_sv text, struct plm_addr *out)
{
    struct plm_addr addr = {0};
    size_t arrow = plm_sv_find_sv(text, PLM_SV("->"));
    if (text.n && (text.p[0] == '/' || text.p[0] == '@')) {
        addr.family = 1;
        addr.path = text;
    } else if (arrow == SIZE_MAX) {
        if (!parse_end(text, &addr.dip, &addr.dport))
            return false;
        addr.family = addr.dip.family;
    } else {
        if (!parse_end(plm_sv_sub(text, 0, arrow), &addr.sip, &addr.sport) ||
            !parse_end(plm_sv_from_off(text, arrow + 2), &addr.dip, &addr.dport))
            return false;
        addr.family = addr.dip.family;
    }
    *out = addr;
    return true;
}

int plm_rec_addr_get(yyjson_val *v, const char *key, struct plm_arena *a, struct plm_addr *out, plm_err **err)
{
    if (yyjson_is_obj(v))
        return plm_rec_read(v, plm_rec_addr, out, a, err) < 0 ? plm_wrap(err, "key '%s'", key) : 0;
    return parse_addr(plm_json_sv(v), out) ? 0 : fail_kind(key, "an address, or its members", err);
}

static int name_get(yyjson_val *v, const struct plm_rec_row *row, unsigned *out, plm_err **err)
{
    plm_sv name = plm_json_sv(v);
    for (unsigned i = 0; row->names[i]; i++)
        if (plm_sv_is(name, row->names[i])) {
            *out = i;
            return 0;
        }
    return plm_fail(err, PLM_E_PARSE, "key '%s': '%.*s' is not known", row->key, PLM_SV_ARG(name));
}

static int signed_get(yyjson_val *v, const char *key, int64_t min, int64_t max, int64_t *out, plm_err **err)
{
    if (!yyjson_is_int(v) || (yyjson_is_uint(v) && yyjson_get_uint(v) > (uint64_t)max))
        return fail_kind(key, "a whole number within its range", err);
    int64_t n = yyjson_is_uint(v) ? (int64_t)yyjson_get_uint(v) : yyjson_get_sint(v);
    if (n < min)
        return fail_kind(key, "a whole number within its range", err);
    *out = n;
    return 0;
}

static int unsigned_get(yyjson_val *v, const char *key, uint64_t max, uint64_t *out, plm_err **err)
{
    if (!yyjson_is_uint(v) || yyjson_get_uint(v) > max)
        return fail_kind(key, "a whole number from 0 within its range", err);
    *out = yyjson_get_uint(v);
    return 0;
}

static int value_get(yyjson_val *v, const struct plm_rec_row *row, void *p, struct plm_arena *a,
                     plm_err **err)
{
    int64_t i = 0;
    uint64_t u = 0;
    int rc;
    switch (row->kind) {
    case PLM_REC_I32:
        rc = signed_get(v, row->key, INT32_MIN, INT32_MAX, &i, err);
        if (rc == 0)
            *(int32_t *)p = (int32_t)i;
        return rc;
    case PLM_REC_I64:
        return signed_get(v, row->key, INT64_MIN, INT64_MAX, p, err);
    case PLM_REC_U8:
        rc = unsigned_get(v, row->key, UINT8_MAX, &u, err);
        if (rc == 0)
            *(uint8_t *)p = (uint8_t)u;
        return rc;
    case PLM_REC_U16:
        rc = unsigned_get(v, row->key, UINT16_MAX, &u, err);
        if (rc == 0)
            *(uint16_t *)p = (uint16_t)u;
        return rc;
    case PLM_REC_U32:
        rc = unsigned_get(v, row->key, UINT32_MAX, &u, err);
        if (rc == 0)
            *(uint32_t *)p = (uint32_t)u;
        return rc;
    case PLM_REC_U64:
        return unsigned_get(v, row->key, UINT64_MAX, p, err);
    case PLM_REC_BOOL:
        if (!yyjson_is_bool(v))
            return fail_kind(row->key, "true or false", err);
        *(bool *)p = yyjson_get_bool(v);
        return 0;
    case PLM_REC_TEXT:
        return plm_rec_text_get(v, row->key, a, p, err);
    case PLM_REC_STRINGS:
        return plm_rec_strings_get(v, row->key, a, p, err);
    case PLM_REC_IP:
        return plm_rec_ip_get(v, row->key, p, err);
    case PLM_REC_ADDR:
        return plm_rec_addr_get(v, row->key, a, p, err);
    case PLM_REC_NAME:
        return name_get(v, row, p, err);
    }
    return 0;
}

int plm_rec_read(yyjson_val *obj, const struct plm_rec_row *rows, void *base, struct plm_arena *a,
                 plm_err **err)
{
    if (!yyjson_is_obj(obj))
        return plm_fail(err, PLM_E_PARSE, "an object is expected");
    for (; rows->key; rows++) {
        yyjson_val *v = yyjson_obj_get(obj, rows->key);
        if (v && !yyjson_is_null(v) && value_get(v, rows, (char *)base + rows->offset, a, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- writing ----------------------------------------------------------------------------------- */

void plm_rec_text_put(struct plm_buf *b, plm_sv s)
{
    if (plm_utf8_valid(s)) {
        plm_text_json(b, s);
        return;
    }
    plm_buf_str(b, "{\"hex\":\"");
    plm_text_hex(b, (const unsigned char *)s.p, s.n);
    plm_buf_str(b, "\"}");
}

void plm_rec_strings_put(struct plm_buf *b, plm_sv s)
{
    plm_buf_byte(b, '[');
    for (size_t at = 0; at < s.n;) {
        plm_sv rest = plm_sv_from_off(s, at);
        size_t n = plm_sv_find(rest, '\0');
        if (n == SIZE_MAX)
            n = rest.n;
        if (at)
            plm_buf_byte(b, ',');
        plm_rec_text_put(b, plm_sv_sub(rest, 0, n));
        at += n + 1;
    }
    plm_buf_byte(b, ']');
}

void plm_rec_ip_put(struct plm_buf *b, const struct plm_ip *ip)
{
    char text[INET6_ADDRSTRLEN];
    if (inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->b, text, sizeof(text)))
        plm_buf_printf(b, "\"%s\"", text);
    else
        plm_buf_str(b, "null");
}

void plm_rec_addr_put(struct plm_buf *b, const struct plm_addr *addr)
{
    static const struct plm_addr none;
    plm_rec_write(b, plm_rec_addr, addr, &none, PLM_SV_NULL);
}

static bool same_text(plm_sv a, plm_sv b)
{
    return (a.p == NULL) == (b.p == NULL) && plm_sv_eq(a, b);
}

static bool same_ip(const struct plm_ip *a, const struct plm_ip *b)
{
    return a->family == b->family && memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static bool same_addr(const struct plm_addr *a, const struct plm_addr *b)
{
    return a->family == b->family && same_ip(&a->sip, &b->sip) && same_ip(&a->dip, &b->dip) &&
           a->sport == b->sport && a->dport == b->dport && same_text(a->path, b->path);
}

/* Whether the value is the default: then nothing is written. */
static bool is_same(enum plm_rec_kind kind, const void *p, const void *q)
{
    switch (kind) {
    case PLM_REC_I32:
    case PLM_REC_U32:
    case PLM_REC_NAME:
        return *(const uint32_t *)p == *(const uint32_t *)q;
    case PLM_REC_I64:
    case PLM_REC_U64:
        return *(const uint64_t *)p == *(const uint64_t *)q;
    case PLM_REC_U8:
        return *(const uint8_t *)p == *(const uint8_t *)q;
    case PLM_REC_U16:
        return *(const uint16_t *)p == *(const uint16_t *)q;
    case PLM_REC_BOOL:
        return *(const bool *)p == *(const bool *)q;
    case PLM_REC_TEXT:
    case PLM_REC_STRINGS:
        return same_text(*(const plm_sv *)p, *(const plm_sv *)q);
    case PLM_REC_IP:
        return same_ip(p, q);
    case PLM_REC_ADDR:
        return same_addr(p, q);
    }
    return false;
}

static void value_put(struct plm_buf *b, const struct plm_rec_row *row, const void *p)
{
    switch (row->kind) {
    case PLM_REC_I32:
        plm_buf_printf(b, "%d", *(const int32_t *)p);
        break;
    case PLM_REC_I64:
        plm_buf_printf(b, "%lld", (long long)*(const int64_t *)p);
        break;
    case PLM_REC_U8:
        plm_buf_printf(b, "%u", *(const uint8_t *)p);
        break;
    case PLM_REC_U16:
        plm_buf_printf(b, "%u", *(const uint16_t *)p);
        break;
    case PLM_REC_U32:
        plm_buf_printf(b, "%u", *(const uint32_t *)p);
        break;
    case PLM_REC_U64:
        plm_buf_printf(b, "%llu", (unsigned long long)*(const uint64_t *)p);
        break;
    case PLM_REC_BOOL:
        plm_buf_str(b, *(const bool *)p ? "true" : "false");
        break;
    case PLM_REC_TEXT:
        plm_rec_text_put(b, *(const plm_sv *)p);
        break;
    case PLM_REC_STRINGS:
        plm_rec_strings_put(b, *(const plm_sv *)p);
        break;
    case PLM_REC_IP:
        plm_rec_ip_put(b, p);
        break;
    case PLM_REC_ADDR:
        plm_rec_addr_put(b, p);
        break;
    case PLM_REC_NAME:
        plm_buf_printf(b, "\"%s\"", row->names[*(const unsigned *)p]);
        break;
    }
}

void plm_rec_write(struct plm_buf *b, const struct plm_rec_row *rows, const void *base, const void *otherwise,
                   plm_sv more)
{
    bool is_first = more.n == 0;
    plm_buf_byte(b, '{');
    plm_buf_sv_put(b, more);
    for (; rows->key; rows++) {
        const void *p = (const char *)base + rows->offset;
        if (is_same(rows->kind, p, (const char *)otherwise + rows->offset))
            continue;
        plm_buf_printf(b, "%s\"%s\":", is_first ? "" : ",", rows->key);
        value_put(b, rows, p);
        is_first = false;
    }
    plm_buf_byte(b, '}');
}

const char *plm_loss_name(enum plm_loss_class c)
{
    static const char *const names[PLM_LOSS_COUNT_] = {"process", "open", "file", "net", "other"};
    return names[c];
}
