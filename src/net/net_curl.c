/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll-net.so: the only file that includes curl.h (see net_ops.h).
 *
 * One multi handle per client keeps connections alive; every transfer is an easy handle in it
 * and gathers its body in a bounded buffer. A full buffer pauses the transfer, so a slow reader
 * slows the sender down and nothing piles up. Redirects are not followed here: the caller judges
 * each hop. Proxies come from the environment (http_proxy, https_proxy, all_proxy, no_proxy),
 * except for unix sockets and public_only requests, whose address check must see the real peer.
 */
#include "net/net_ops.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define EXPORT __attribute__((visibility("default")))

enum { RECEIVE_BYTES = 256 << 10, HOLD_BYTES = 512 << 10, FIRST_HOLD_BYTES = 16 << 10 };

struct plm_net_client {
    CURLM *multi;
};

struct plm_net_transfer {
    struct plm_net_client *client;
    CURL *easy;
    struct curl_slist *headers, *recipients;
    char *mail; /* its text, and what of it was sent */
    size_t mail_n, mail_sent;
    char *redirect; /* by curl_url */
    char *held;     /* body bytes not taken yet: from `head` to `tail` */
    size_t head, tail, cap;
    uint64_t received;
    CURLcode result;
    bool has_headers, is_done, is_paused, is_oom, is_forbidden;
    char text[CURL_ERROR_SIZE];
};

static bool is_public_v4(uint32_t a)
{
    // clang-format off
    static const struct { uint32_t net; unsigned bits; } closed[] = { /* IANA special-purpose registry */
        {0x00000000, 8}, {0x0a000000, 8}, {0x64400000, 10}, {0x7f000000, 8}, {0xa9fe0000, 16}, {0xac100000, 12},
        {0xc0000000, 24}, {0xc0000200, 24}, {0xc0586300, 24}, {0xc0a80000, 16}, {0xc6120000, 15}, {0xc6336400, 24},
        {0xcb007100, 24}, {0xe0000000, 4}, {0xf0000000, 4},
    };
    // clang-format on
    for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
        if ((a ^ closed[i].net) >> (32 - closed[i].bits) == 0)
            return false;
    return true;
}

static uint32_t v4_at(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool is_public_v6(const unsigned char a[16])
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff}, nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (memcmp(a, mapped, sizeof(mapped)) == 0 || memcmp(a, nat64, sizeof(nat64)) == 0)
        return is_public_v4(v4_at(a + 12));
    if (a[0] == 0x20 && a[1] == 0x02) /* 6to4 */
        return is_public_v4(v4_at(a + 2));
    if (a[0] == 0x20 && a[1] == 0x01 &&
        (a[2] < 0x02 || (a[2] == 0x0d && a[3] == 0xb8))) /* Teredo & co., documentation */
        return false;
    return (a[0] & 0xe0) == 0x20; /* global unicast is 2000::/3 */
}

static bool is_public(const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof(in));
        return is_public_v4(ntohl(in.sin_addr.s_addr));
    }
    if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, sa, sizeof(in));
        return is_public_v6(in.sin6_addr.s6_addr);
    }
    return false;
}

static curl_socket_t open_public(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct plm_net_transfer *t = arg;
    (void)purpose;
    if (!is_public(&address->addr)) {
        t->is_forbidden = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Room for n more bytes at the tail, or false where the buffer is full. */
static bool make_room(struct plm_net_transfer *t, size_t n)
{
    if (t->head == t->tail)
        t->head = t->tail = 0;
    if (t->cap - t->tail >= n)
        return true;
    if (t->head) {
        memmove(t->held, t->held + t->head, t->tail - t->head);
        t->tail -= t->head;
        t->head = 0;
    }
    size_t cap = t->cap ? t->cap : FIRST_HOLD_BYTES;
    while (cap - t->tail < n && cap < HOLD_BYTES)
        cap *= 2;
    if (cap - t->tail < n)
        return false;
    if (cap > t->cap) {
        char *grown = realloc(t->held, cap);
        if (!grown) {
            t->is_oom = true;
            return false;
        }
        t->held = grown;
        t->cap = cap;
    }
    return true;
}

static size_t on_body(char *p, size_t size, size_t count, void *arg)
{
    struct plm_net_transfer *t = arg;
    size_t n = size * count; /* curl hands over at most CURL_MAX_WRITE_SIZE bytes */
    if (!make_room(t, n)) {
        t->is_paused = !t->is_oom;
        return t->is_oom ? 0 : CURL_WRITEFUNC_PAUSE;
    }
    memcpy(t->held + t->tail, p, n);
    t->tail += n;
    t->received += n;
    return n;
}

static size_t on_header(char *p, size_t size, size_t count, void *arg)
{
    struct plm_net_transfer *t = arg;
    size_t n = size * count;
    long status = 0;
    t->received += n;
    if (n <= 2 && (p[0] == '\r' || p[0] == '\n') &&
        curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status >= 200)
        t->has_headers = true; /* not those of a 1xx before the real answer */
    return n;
}

static struct plm_net_client *client_new(void)
{
    struct plm_net_client *c = calloc(1, sizeof(*c));
    if (c && !(c->multi = curl_multi_init())) {
        free(c);
        return NULL;
    }
    return c;
}

static void client_free(struct plm_net_client *c)
{
    curl_multi_cleanup(c->multi);
    free(c);
}

static void finish(struct plm_net_transfer *t)
{
    if (t->easy) {
        curl_multi_remove_handle(t->client->multi, t->easy);
        curl_easy_cleanup(t->easy);
    }
    curl_slist_free_all(t->headers);
    curl_slist_free_all(t->recipients);
    free(t->mail);
    curl_free(t->redirect);
    free(t->held);
    free(t);
}

static bool add_header(struct plm_net_transfer *t, const char *line)
{
    struct curl_slist *list = curl_slist_append(t->headers, line);
    if (list)
        t->headers = list;
    return list != NULL;
}

#define SET(option, value) (curl_easy_setopt(t->easy, CURLOPT_##option, (value)) == CURLE_OK)

static bool set_basics(struct plm_net_transfer *t, const struct plm_net_request *r)
{
    uint64_t wait = r->connect_timeout_ms > 86400000 ? 86400000 : r->connect_timeout_ms;
    return SET(URL, r->url) && SET(PROTOCOLS_STR, r->mail_from ? "smtp,smtps" : "http,https") &&
           SET(FOLLOWLOCATION, 0L) && SET(NOSIGNAL, 1L) && SET(CONNECTTIMEOUT_MS, (long)wait) &&
           SET(BUFFERSIZE, (long)RECEIVE_BYTES) && SET(ERRORBUFFER, t->text) &&
           SET(SUPPRESS_CONNECT_HEADERS, 1L) && SET(USERAGENT, "plimsoll/" PLM_VERSION) && SET(PRIVATE, t) &&
           SET(WRITEFUNCTION, on_body) && SET(WRITEDATA, t) && SET(HEADERFUNCTION, on_header) &&
           SET(HEADERDATA, t) && SET(TCP_KEEPALIVE, 1L);
}

static bool set_peer(struct plm_net_transfer *t, const struct plm_net_request *r)
{
    if ((r->unix_socket || r->public_only) && !SET(PROXY, ""))
        return false;
    if (r->unix_socket && !SET(UNIX_SOCKET_PATH, r->unix_socket))
        return false;
    if (r->public_only && !(SET(OPENSOCKETFUNCTION, open_public) && SET(OPENSOCKETDATA, t)))
        return false;
    return SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) && (!r->tls_ca || SET(CAINFO, r->tls_ca)) &&
           (!r->tls_ca_dir || SET(CAPATH, r->tls_ca_dir)) && (!r->tls_cert || SET(SSLCERT, r->tls_cert)) &&
           (!r->tls_key || SET(SSLKEY, r->tls_key)) &&
           (!r->tls_insecure || (SET(SSL_VERIFYPEER, 0L) && SET(SSL_VERIFYHOST, 0L)));
}

static bool set_message(struct plm_net_transfer *t, const struct plm_net_request *r)
{
    for (const char *const *h = r->headers; h && *h; h++)
        if (!add_header(t, *h))
            return false;
    if (r->method && strcmp(r->method, "HEAD") == 0) {
        if (!SET(NOBODY, 1L))
            return false;
    } else if (r->body_n || (r->method && strcmp(r->method, "POST") == 0)) {
        if (!(SET(POST, 1L) && SET(POSTFIELDSIZE_LARGE, (curl_off_t)r->body_n) &&
              SET(COPYPOSTFIELDS, r->body_n ? r->body : "") && add_header(t, "Expect:")))
            return false;
    }
    if (r->method && strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0 &&
        !SET(CUSTOMREQUEST, r->method))
        return false;
    return !t->headers || SET(HTTPHEADER, t->headers);
}

static size_t on_mail(char *p, size_t size, size_t count, void *arg)
{
    struct plm_net_transfer *t = arg;
    size_t n = size * count, left = t->mail_n - t->mail_sent;
    n = n > left ? left : n;
    memcpy(p, t->mail + t->mail_sent, n);
    t->mail_sent += n;
    return n;
}

static bool set_mail(struct plm_net_transfer *t, const struct plm_net_request *r)
{
    for (const char *const *to = r->mail_to; to && *to; to++) {
        struct curl_slist *list = curl_slist_append(t->recipients, *to);
        if (!list)
            return false;
        t->recipients = list;
    }
    t->mail = malloc(r->body_n ? r->body_n : 1);
    if (!t->mail)
        return false;
    memcpy(t->mail, r->body, r->body_n);
    t->mail_n = r->body_n;
    long tls = r->starttls_optional ? CURLUSESSL_TRY : CURLUSESSL_ALL;
    return SET(PROXY, "") && SET(USE_SSL, tls) && SET(MAIL_FROM, r->mail_from) &&
           SET(MAIL_RCPT, t->recipients) && SET(UPLOAD, 1L) && SET(READFUNCTION, on_mail) &&
           SET(READDATA, t) && (!r->user || SET(USERNAME, r->user)) &&
           (!r->password || SET(PASSWORD, r->password));
}

static struct plm_net_transfer *start(struct plm_net_client *c, const struct plm_net_request *r)
{
    struct plm_net_transfer *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    t->client = c;
    t->easy = curl_easy_init();
    if (t->easy && set_basics(t, r) && set_peer(t, r) &&
        (r->mail_from ? set_mail(t, r) : set_message(t, r)) &&
        curl_multi_add_handle(c->multi, t->easy) == CURLM_OK)
        return t;
    finish(t);
    return NULL;
}

static bool perform(struct plm_net_client *c)
{
    int running, left;
    if (curl_multi_perform(c->multi, &running) != CURLM_OK)
        return false;
    for (CURLMsg *m; (m = curl_multi_info_read(c->multi, &left));) {
        char *owner = NULL;
        if (m->msg != CURLMSG_DONE ||
            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &owner) != CURLE_OK || !owner)
            continue;
        struct plm_net_transfer *t = (void *)owner;
        t->is_done = true;
        t->result = m->data.result;
    }
    return true;
}

static enum plm_net_state state_of(const struct plm_net_transfer *t)
{
    if (!t->is_done)
        return PLM_NET_RUNNING;
    return t->result == CURLE_OK ? PLM_NET_DONE : PLM_NET_FAILED;
}

static void stop(struct plm_net_transfer *t, CURLcode why)
{
    t->is_done = true;
    t->result = why;
}

static enum plm_net_state step(struct plm_net_transfer *t, unsigned wait_ms)
{
    if (t->is_done || t->tail > t->head)
        return state_of(t);
    if (t->is_paused) {
        t->is_paused = false;
        CURLcode r = curl_easy_pause(t->easy, CURLPAUSE_CONT); /* delivers what curl holds */
        if (r != CURLE_OK)
            stop(t, r);
    }
    bool had_headers = t->has_headers;
    for (int turn = 0; turn < 2; turn++) {
        if (!t->is_done && !perform(t->client))
            stop(t, CURLE_FAILED_INIT);
        if (turn || t->is_done || t->tail > t->head || t->has_headers != had_headers)
            break;
        if (curl_multi_poll(t->client->multi, NULL, 0, (int)wait_ms, NULL) != CURLM_OK)
            stop(t, CURLE_FAILED_INIT);
    }
    return state_of(t);
}

static bool has_headers(const struct plm_net_transfer *t)
{
    return t->has_headers;
}

static const char *header(struct plm_net_transfer *t, const char *name)
{
    struct curl_header *h = NULL;
    return curl_easy_header(t->easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK ? h->value : NULL;
}

/* CURLINFO_REDIRECT_URL is not known before the body's end, so Location is resolved here. */
static const char *redirect_of(struct plm_net_transfer *t)
{
    const char *location = header(t, "Location");
    char *base = NULL;
    if (t->redirect || !location || curl_easy_getinfo(t->easy, CURLINFO_EFFECTIVE_URL, &base) != CURLE_OK)
        return t->redirect;
    CURLU *u = curl_url();
    if (u && curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK &&
        curl_url_set(u, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK)
        (void)curl_url_get(u, CURLUPART_URL, &t->redirect, 0); /* stays NULL on failure */
    curl_url_cleanup(u);
    return t->redirect;
}

static void reply(struct plm_net_transfer *t, struct plm_net_reply *out)
{
    long status = 0;
    curl_off_t length = -1;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    *out = (struct plm_net_reply){
        .status = (int)status,
        .length = length < 0 ? UINT64_MAX : (uint64_t)length,
        .etag = header(t, "ETag"),
        .content_type = header(t, "Content-Type"),
        .last_modified = header(t, "Last-Modified"),
        .content_range = header(t, "Content-Range"),
        .redirect = redirect_of(t),
    };
}

static size_t take(struct plm_net_transfer *t, void *p, size_t n)
{
    if (n > t->tail - t->head)
        n = t->tail - t->head;
    if (n)
        memcpy(p, t->held + t->head, n);
    t->head += n;
    return n;
}

static uint64_t activity(struct plm_net_transfer *t)
{
    curl_off_t sent = 0, connected = 0;
    long request = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    (void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &request);
    (void)curl_easy_getinfo(t->easy, CURLINFO_APPCONNECT_TIME_T, &connected);
    return t->received + (uint64_t)sent + (uint64_t)request + (connected > 0);
}

static enum plm_net_failure kind_of(const struct plm_net_transfer *t)
{
    if (t->is_oom)
        return PLM_NET_OOM;
    if (t->is_forbidden)
        return PLM_NET_FORBIDDEN;
    switch ((int)t->result) { /* an enum of another project: only what we tell apart */
    case CURLE_OUT_OF_MEMORY:
        return PLM_NET_OOM;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return PLM_NET_RESOLVE;
    case CURLE_COULDNT_CONNECT:
        return PLM_NET_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        return PLM_NET_TIMEOUT;
    case CURLE_LOGIN_DENIED:
        return PLM_NET_LOGIN;
    case CURLE_PARTIAL_FILE:
        return PLM_NET_TRUNCATED;
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return PLM_NET_TLS;
    default:
        return PLM_NET_OTHER;
    }
}

static const char *failure(struct plm_net_transfer *t, enum plm_net_failure *out_kind, int *out_errno)
{
    long sys = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &sys);
    *out_kind = kind_of(t);
    *out_errno = (int)sys;
    return t->text[0] ? t->text : curl_easy_strerror(t->result);
}

EXPORT extern const struct plm_net_ops plm_net_ops_v2;

const struct plm_net_ops plm_net_ops_v2 = {
    .version = PLM_NET_OPS_VERSION,
    .client_new = client_new,
    .client_free = client_free,
    .start = start,
    .step = step,
    .has_headers = has_headers,
    .reply = reply,
    .take = take,
    .activity = activity,
    .failure = failure,
    .finish = finish,
};

__attribute__((constructor)) static void initialise(void)
{
    /* Before any other thread can use libcurl: the loader holds its lock. A failure shows in client_new. */
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}
