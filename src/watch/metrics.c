/* SPDX-License-Identifier: Apache-2.0
 *
 * /healthz, /versions and /metrics over HTTP/1.0, and the text that Prometheus reads.
 *
 * A tiny answerer on purpose: one request at a time, read and answered by the pipeline's own thread. A
 * request must fit into one read; a client that neither sends nor takes its answer holds the pipeline for at
 * most a fifth of a second (the rings are larger than that) and loses the rest. It listens where the
 * configuration says (loopback by default) and knows three paths.
 */
#include "watch/watch_int.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { REQUEST_MAX = 4096, CLIENTS = 16 };

struct plm_metrics_http {
    int fd;
};

/* ---- text ---------------------------------------------------------------------------------------- */

static void metric(struct plm_buf *b, const char *name, const char *type, const char *help, double value)
{
    plm_buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name, type, name, value);
}

/* Prometheus label values: backslash, quote and newline are escaped. */
static void label(struct plm_buf *b, plm_sv s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\' || s.p[i] == '"')
            plm_buf_byte(b, '\\');
        if (s.p[i] == '\n')
            plm_buf_str(b, "\\n");
        else
            plm_buf_byte(b, (unsigned char)s.p[i]);
    }
}

static void by_rule(struct plm_watch *w, struct plm_buf *b)
{
    plm_sv rule;
    uint64_t n;
    plm_buf_str(b, "# HELP falcosecurity_falco_rules_matches_total alerts of a rule\n"
                   "# TYPE falcosecurity_falco_rules_matches_total counter\n");
    for (size_t i = 0; plm_watch_triggered(w, i, &rule, &n); i++) {
        const struct plm_rule *r = plm_rules_find(w->set.rules, rule);
        plm_buf_str(b, "falcosecurity_falco_rules_matches_total{rule_name=\"");
        label(b, rule);
        plm_buf_printf(b, "\",priority=\"%s\",source=\"syscall\"} %llu\n",
                       r ? plm_priority_name(r->priority) : "", (unsigned long long)n);
    }
}

static void by_class(const struct plm_watch_stats *s, struct plm_buf *b)
{
    plm_buf_str(b, "# HELP falcosecurity_scap_n_drops_buffer_total events lost, by class\n"
                   "# TYPE falcosecurity_scap_n_drops_buffer_total counter\n");
    for (unsigned i = 0; i < PLM_LOSS_COUNT_; i++)
        plm_buf_printf(b, "falcosecurity_scap_n_drops_buffer_total{drop=\"%s\"} %llu\n",
                       plm_loss_name((enum plm_loss_class)i), (unsigned long long)s->source.n_lost[i]);
}

void plm_metrics_text(struct plm_watch *w, struct plm_buf *out)
{
    struct plm_watch_stats s;
    uint64_t lost = 0;
    plm_watch_stats_get(w, &s);
    for (unsigned i = 0; i < PLM_LOSS_COUNT_; i++)
        lost += s.source.n_lost[i];
    plm_sv digest = plm_rules_digest(w->set.rules);
    plm_buf_str(out,
                "# HELP plimsoll_watch_info the program and its rules\n# TYPE plimsoll_watch_info gauge\n"
                "plimsoll_watch_info{version=\"" PLM_VERSION "\",engine_version=\"" PLM_FALCO_ENGINE
                "\",rules_sha256=\"");
    label(out, digest);
    plm_buf_str(out, "\"} 1\n");
    metric(out, "falcosecurity_falco_duration_seconds_total", "counter", "time since the start", s.seconds);
    metric(out, "falcosecurity_scap_n_evts_total", "counter",
           "system calls that the kernel programs looked at", (double)s.source.n_seen);
    metric(out, "falcosecurity_scap_n_drops_total", "counter", "events lost", (double)lost);
    by_class(&s, out);
    metric(out, "plimsoll_watch_kernel_irrelevant_total", "counter",
           "events that the kernel's filter left out", (double)s.source.n_irrelevant);
    metric(out, "plimsoll_watch_events_total", "counter", "events that the rules were asked about",
           (double)s.n_events);
    metric(out, "plimsoll_watch_alerts_total", "counter", "alerts", (double)s.n_alerts);
    metric(out, "plimsoll_watch_metadata_waits_total", "counter", "events that waited for container metadata",
           (double)s.n_waited);
    metric(out, "plimsoll_watch_metadata_missed_total", "counter", "of those, evaluated without it",
           (double)s.n_hurried);
    metric(out, "falcosecurity_falco_outputs_queue_num_drops_total", "counter", "alerts that no output took",
           (double)s.outputs.n_dropped);
    metric(out, "plimsoll_watch_outputs_failed_total", "counter", "writes to outputs that failed",
           (double)s.outputs.n_failed);
    metric(out, "falcosecurity_scap_n_threads", "gauge", "threads in the process table",
           (double)s.procs.n_threads);
    metric(out, "plimsoll_watch_threads_refused_total", "counter", "threads that did not fit",
           (double)s.procs.n_refused);
    metric(out, "falcosecurity_scap_n_containers", "gauge", "containers known",
           (double)plm_meta_count(w->meta));
    metric(out, "plimsoll_watch_reloads_total", "counter", "rule sets taken over", (double)s.reloads);
    metric(out, "plimsoll_watch_reloads_failed_total", "counter", "rule sets that did not load",
           (double)s.failed_reloads);
    by_rule(w, out);
}

/* ---- HTTP ---------------------------------------------------------------------------------------- */

static int parse_listen(plm_sv text, struct sockaddr_in *out, plm_err **err)
{
    size_t colon = plm_sv_rfind(text, ':');
    uint64_t port;
    char host[INET_ADDRSTRLEN] = "127.0.0.1";
    plm_sv h = colon == SIZE_MAX ? PLM_SV_NULL : plm_sv_sub(text, 0, colon);
    *out = (struct sockaddr_in){.sin_family = AF_INET};
    if (!plm_sv_u64(colon == SIZE_MAX ? text : plm_sv_from_off(text, colon + 1), &port) ||
        port > UINT16_MAX || h.n >= sizeof(host))
        return plm_fail(err, PLM_E_CONFIG, "'%.*s' is no address to listen on (127.0.0.1:8765)",
                        PLM_SV_ARG(text));
    if (h.n) {
        memcpy(host, h.p, h.n);
        host[h.n] = '\0';
    }
    out->sin_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, host, &out->sin_addr) != 1)
        return plm_fail(err, PLM_E_CONFIG, "'%.*s' is no address to listen on (127.0.0.1:8765)",
                        PLM_SV_ARG(text));
    return 0;
}

struct plm_metrics_http *plm_metrics_http_open(plm_sv listen_on, plm_err **err)
{
    struct sockaddr_in addr;
    int one = 1;
    if (parse_listen(listen_on, &addr, err) < 0)
        return NULL;
    plm_auto_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
        bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, CLIENTS) < 0)
        return PLM_NULL(plm_fail_sys(err, "metrics on %.*s", PLM_SV_ARG(listen_on)));
    struct plm_metrics_http *h = calloc(1, sizeof(*h));
    if (!h)
        return PLM_NULL(plm_fail_oom(err));
    h->fd = plm_take_fd(fd);
    return h;
}

void plm_metrics_http_close(struct plm_metrics_http *h)
{
    if (!h)
        return;
    close(h->fd);
    free(h);
}

int plm_metrics_http_fd(const struct plm_metrics_http *h)
{
    return h->fd;
}

static void answer(struct plm_watch *w, plm_sv request, struct plm_buf *out)
{
    plm_auto_done(plm_buf_done) struct plm_buf body = PLM_BUF(PLM_MIB(4));
    const char *status = "200 OK", *type = "application/json";
    plm_sv line = request, method = PLM_SV_NULL, path = PLM_SV_NULL;
    plm_sv_line(&request, &line);
    plm_sv_word(&line, &method);
    plm_sv_word(&line, &path);
    if (!plm_sv_is(method, "GET") && !plm_sv_is(method, "HEAD")) {
        status = "405 Method Not Allowed";
    } else if (plm_sv_is(path, "/healthz")) {
        plm_buf_str(&body, "{\"status\": \"ok\"}\n");
    } else if (plm_sv_is(path, "/versions")) {
        plm_buf_str(&body, "{\"engine_version_semver\": \"" PLM_FALCO_ENGINE
                           "\", \"plimsoll_version\": \"" PLM_VERSION "\"}\n");
    } else if (plm_sv_is(path, "/metrics")) {
        type = "text/plain; version=0.0.4; charset=utf-8";
        plm_metrics_text(w, &body);
    } else {
        status = "404 Not Found";
    }
    plm_buf_printf(out, "HTTP/1.0 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                   status, type, body.n);
    if (!plm_sv_is(method, "HEAD"))
        plm_buf_sv_put(out, plm_buf_sv(&body));
}

static void serve_one(int fd, struct plm_watch *w)
{
    char request[REQUEST_MAX];
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(4) + PLM_KIB(1));
    struct timeval wait = {.tv_usec =
                               100000}; /* a scraper sends at once; whoever does not is not waited for */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) < 0)
        return;
    ssize_t n = recv(fd, request, sizeof(request), 0);
    if (n <= 0)
        return;
    answer(w, plm_sv_n(request, (size_t)n), &out);
    for (size_t at = 0; at < out.n;) {
        ssize_t sent = send(fd, out.p + at, out.n - at, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        at += (size_t)sent;
    }
}

void plm_metrics_http_serve(struct plm_metrics_http *h, struct plm_watch *w)
{
    plm_auto_fd int fd = accept4(h->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        serve_one(fd, w);
}
