/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses (RFC 3986, narrowed), dates of HTTP, and the list of hosts contacted.
 */
#include "net/net_int.h"

#include <pthread.h>
#include <time.h>

enum { URL_MAX = 8192, HOST_MAX = 255, HOSTS_MAX = 4096 };

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

static bool is_address_char(char c)
{
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' || c == '.';
}

static bool all_of(plm_sv s, bool (*is)(char c))
{
    for (size_t i = 0; i < s.n; i++)
        if (!is(s.p[i]))
            return false;
    return s.n > 0;
}

/* host[:port] or [v6][:port] */
static bool parse_authority(plm_sv s, struct plm_net_url *out)
{
    plm_sv port = PLM_SV_NULL;
    bool is_fine;
    if (plm_sv_starts(s, PLM_SV("["))) {
        size_t end = plm_sv_find(s, ']');
        if (end == SIZE_MAX)
            return false;
        out->host = plm_sv_sub(s, 1, end - 1);
        plm_sv rest = plm_sv_from_off(s, end + 1);
        if (rest.n && rest.p[0] != ':')
            return false;
        port = rest.n ? plm_sv_from_off(rest, 1) : PLM_SV_NULL;
        is_fine = all_of(out->host, is_address_char);
    } else {
        (void)plm_sv_cut(s, ':', &out->host, &port);
        is_fine = all_of(out->host, is_host_char);
    }
    uint64_t number = out->is_tls ? 443 : 80;
    if (port.p && (!plm_sv_u64(port, &number) || number == 0 || number > 65535))
        return false;
    out->port = (unsigned)number;
    out->authority = s;
    return is_fine && out->host.n <= HOST_MAX;
}

int plm_net_url_parse(plm_sv text, struct plm_net_url *out, plm_err **err)
{
    struct plm_net_url u = {0};
    plm_sv rest = text, user, host;
    if (text.n > URL_MAX)
        return plm_fail(err, PLM_E_LIMIT, "address of %zu bytes is over the limit of %d", text.n, URL_MAX);
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] >= 0x7f || text.p[i] == '\\')
            return plm_fail(err, PLM_E_PARSE, "address with a byte 0x%02x that does not belong there",
                            (unsigned char)text.p[i]);
    if (plm_sv_starts(rest, PLM_SV("https://")))
        u.is_tls = true;
    else if (!plm_sv_starts(rest, PLM_SV("http://")))
        return plm_fail(err, PLM_E_UNSUPPORTED, "%.*s: only http:// and https:// can be fetched",
                        PLM_SV_ARG(plm_sv_sub(text, 0, 80)));
    rest = plm_sv_from_off(rest, u.is_tls ? 8 : 7);
    size_t end = 0;
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?' && rest.p[end] != '#')
        end++;
    plm_sv authority = plm_sv_sub(rest, 0, end), path = plm_sv_from_off(rest, end);
    if (!plm_sv_cut(authority, '@', &user, &host))
        host = authority;
    if (!parse_authority(host, &u))
        return plm_fail(err, PLM_E_PARSE, "address without a usable host: http%s://%.*s", u.is_tls ? "s" : "",
                        PLM_SV_ARG(plm_sv_sub(host, 0, 80)));
    size_t cut = 0;
    while (cut < path.n && path.p[cut] != '?' && path.p[cut] != '#')
        cut++;
    u.path = cut ? plm_sv_sub(path, 0, cut) : PLM_SV("/");
    *out = u;
    return 0;
}

bool plm_net_url_same_origin(const struct plm_net_url *a, const struct plm_net_url *b)
{
    return a->is_tls == b->is_tls && a->port == b->port && plm_sv_ieq(a->host, b->host);
}

/* ---- hosts: per process, because run.network is about the process, whoever made the request ---- */

static pthread_mutex_t hosts_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the two below */
static char *hosts[HOSTS_MAX];
static size_t hosts_n;

void plm_net_host_seen(const struct plm_net_url *url)
{
    bool is_usual = url->port == (url->is_tls ? 443u : 80u);
    bool is_v6 = plm_sv_find(url->host, ':') != SIZE_MAX;
    char *text = NULL;
    int r = is_usual ? asprintf(&text, "%.*s", PLM_SV_ARG(url->host))
                     : asprintf(&text, is_v6 ? "[%.*s]:%u" : "%.*s:%u", PLM_SV_ARG(url->host), url->port);
    if (r < 0)
        return; /* out of memory: the request itself will say so */
    for (char *p = text; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    pthread_mutex_lock(&hosts_lock);
    size_t i = 0;
    while (i < hosts_n && strcmp(hosts[i], text) != 0)
        i++;
    if (i == hosts_n && hosts_n < HOSTS_MAX) {
        hosts[hosts_n++] = text;
        text = NULL;
    }
    pthread_mutex_unlock(&hosts_lock);
    free(text);
}

int plm_net_hosts(struct plm_arena *a, plm_sv_vec *out, plm_err **err)
{
    plm_sv_vec v = *out;
    pthread_mutex_lock(&hosts_lock);
    for (size_t i = 0; i < hosts_n; i++)
        (void)plm_sv_vec_add(a, &v, plm_sv_from(hosts[i])); /* checked below */
    pthread_mutex_unlock(&hosts_lock);
    if (plm_arena_check(a, err) < 0)
        return -1;
    plm_sv_vec_sort_unique(&v);
    *out = v;
    return 0;
}

plm_sv plm_net_date(struct plm_arena *a, int64_t t)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t when = (time_t)t;
    struct tm tm;
    if (!gmtime_r(&when, &tm))
        return PLM_SV_NULL;
    return plm_arena_printf(a, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + (ptrdiff_t)3 * tm.tm_wday,
                            tm.tm_mday, months + (ptrdiff_t)3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour,
                            tm.tm_min, tm.tm_sec);
}
