/* SPDX-License-Identifier: Apache-2.0
 *
 * The pipeline: source, process table, rules, alerts, responses, outputs.
 *
 *     item ─▶ procs (state) ─▶ matcher ─▶ alert ─▶ responder ─▶ outputs
 *                 │                └ waits for metadata (watch_late.c)
 *                 └ mask of still possible clauses, back to the source after exec, fork, change of
 * credentials
 *
 * One thread does all of it. It waits in epoll on the source, on answers of the engine, on signals, on files
 * that decide (hot reload) and on the metrics socket; while events come it looks at the others every BATCH
 * events. Per event nothing is allocated unless a rule fires.
 *
 * A replay runs without a clock: waits are measured in the recording's time, so the same recording gives the
 * same alerts in the same order.
 */
#include "watch/hosts.h"
#include "watch/watch_int.h"

#include "base/time.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>

enum { BATCH = 512, TICK_MS = 1000, CLOSE_MS = 5000, PRIME_MS = 300, LOCAL_IPS_MAX = 256 };
#define RECORD_KEEP_MAX PLM_MIB(32)

/* ---- alerts -------------------------------------------------------------------------------------- */

static uint64_t monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void count(struct plm_watch *w, const struct plm_alert *a)
{
    if (plm_sv_is(a->source, "internal")) {
        w->stats.n_internal++;
        return;
    }
    w->stats.n_alerts++;
    w->stats.n_by_priority[a->priority]++;
    uint64_t *n = plm_map_get(w->counts, a->rule);
    if (!n) {
        plm_sv key = plm_arena_sv(w->arena, a->rule);
        n = plm_arena_make(w->arena, uint64_t);
        void **slot = n && key.p ? plm_map_put(w->counts, key) : NULL;
        if (!slot)
            return;
        *slot = n;
    }
    ++*n;
}

void plm_watch_deliver(struct plm_watch *w, struct plm_alert *a, const struct plm_view *view)
{
    count(w, a);
    if (view && w->responder)
        plm_responder_act(w->responder, a, view);
    if (w->on_alert)
        w->on_alert(w->on_alert_data, a);
    if (w->recorder && view)
        plm_recorder_trigger(w->recorder, a->ts);
    if (w->outputs)
        plm_outputs_push(w->outputs, a);
    else
        plm_alert_free(a);
}

static void fire(struct plm_watch *w, const struct plm_rule *rule, const struct plm_view *view)
{
    plm_err *e = NULL;
    uint64_t seen = monotonic_ns();
    struct plm_alert *a = plm_alert_make(rule, view, &w->conf->alert, &e);
    if (!a) {
        plm_auto_free char *text = plm_err_text(e);
        plm_log(w->ctx, PLM_LOG_ERROR, "an alert could not be made", "cause", text ? text : "out of memory",
                NULL);
        plm_err_free(e);
        return;
    }
    a->seen = seen;
    plm_watch_deliver(w, a, view);
}

size_t plm_watch_evaluate(struct plm_watch *w, struct plm_rule_matcher *m, const struct plm_view *view)
{
    const struct plm_rule *hits[PLM_WATCH_HITS];
    size_t n = plm_rule_matcher_run(m, view, hits, PLM_WATCH_HITS);
    for (size_t i = 0; i < n; i++)
        fire(w, hits[i], view);
    return n;
}

/* ---- items --------------------------------------------------------------------------------------- */

static uint64_t now_of(const struct plm_watch *w)
{
    return w->is_replay ? w->view.previous_ts / 1000000 : plm_clock_ms();
}

/* Which clauses are still possible for this process, told to the source when an attribute changed. */
static void push_mask(struct plm_watch *w, struct plm_thread *t, const struct plm_view *view)
{
    if (w->is_replay)
        return;
    if (t->slot >= w->n_pushed) { /* the table has grown */
        size_t n = plm_procs_capacity(w->procs);
        uint64_t *more = n > t->slot ? realloc(w->pushed, (n + 1) * sizeof(*more)) : NULL;
        if (!more)
            return; /* without a mask more is sent */
        memset(more + w->n_pushed, 0, (n + 1 - w->n_pushed) * sizeof(*more));
        w->pushed = more;
        w->n_pushed = n;
    }
    if (w->pushed[t->slot] == t->version)
        return;
    struct plm_kmask mask;
    struct plm_view v = *view;
    v.thread = t;
    plm_kplan_mask(w->set.plan, &v, &mask);
    w->source->ops->set_mask(w->source, t, &mask);
    w->pushed[t->slot] = t->version;
}

static void record_fault(struct plm_watch *w, plm_err *e)
{
    plm_auto_free char *text = plm_err_text(e);
    if (!w->record_failed)
        plm_watch_say(w, PLM_SV("Falco internal: recording"), PLM_PRIO_ERROR, "the recording stops here: %s",
                      text ? text : "out of memory");
    w->record_failed = true;
    plm_err_free(e);
}

static void record_event(struct plm_watch *w, const struct plm_item *item)
{
    plm_err *e = NULL;
    struct plm_view v = w->view;
    if (!w->recorder || w->record_failed)
        return;
    v.event = item->event;
    v.thread = plm_procs_find(w->procs, item->event->tid);
    if (plm_recorder_event(w->recorder, &v, item->kind == PLM_ITEM_IO_URING, &e) < 0)
        record_fault(w, e);
}

static void record_item(struct plm_watch *w, const struct plm_item *item)
{
    plm_err *e = NULL;
    if (w->recorder && !w->record_failed && plm_recorder_item(w->recorder, item, &e) < 0)
        record_fault(w, e);
}

static int on_event(struct plm_watch *w, const struct plm_item *item, plm_err **err)
{
    const struct plm_event *e = item->event;
    struct plm_view *v = &w->view;
    record_event(w, item);
    struct plm_thread *t = plm_procs_apply(w->procs, e);
    if (w->recorder)
        plm_recorder_applied(w->recorder, t);
    v->event = e;
    v->thread = t;
    v->first_ts = v->first_ts ? v->first_ts : e->ts;
    push_mask(w, t, v);
    if (w->drift && t->container && e->task && t->info.vpid == 1)
        plm_drift_hint(w->drift);
    if (w->conf->on_event && w->conf->on_event(w->conf->on_event_data, w, v, err) < 0)
        return -1;
    const struct plm_rule *hits[PLM_WATCH_HITS];
    size_t n = plm_rule_matcher_run(w->set.matcher, v, hits, PLM_WATCH_HITS);
    if (!t->container || !plm_late_take(w, v, n > 0, w->is_replay ? e->ts / 1000000 : plm_clock_ms()))
        for (size_t i = 0; i < n; i++)
            fire(w, hits[i], v);
    v->previous_ts = e->ts;
    plm_procs_after(w->procs, e);
    if (plm_arena_used(w->scratch))
        plm_arena_reset(w->scratch);
    w->stats.n_events++;
    if (w->is_replay && e->ts / 1000000 >= plm_late_deadline(w->late))
        plm_late_release(w, e->ts / 1000000, false);
    return 0;
}

static int on_task(struct plm_watch *w, const struct plm_item *item, plm_err **err)
{
    record_item(w, item);
    if (plm_procs_put(w->procs, item->task, err) < 0)
        return -1;
    struct plm_thread *t = plm_procs_find(w->procs, item->task->tid);
    if (!t)
        return 0;
    if (w->recorder)
        plm_recorder_applied(w->recorder, t);
    push_mask(w, t, &w->view);
    return 0;
}

static int on_user(struct plm_watch *w, const struct plm_item *item, plm_err **err)
{
    const struct plm_container *c = item->container_id.p ? plm_meta_find(w->meta, item->container_id) : NULL;
    record_item(w, item);
    if (item->container_id.p && !c)
        return 0; /* names of a container that no line tells of */
    if (item->is_group)
        return plm_meta_put_group(w->meta, c, item->uid, item->user_name, err);
    struct plm_user u = {.name = item->user_name, .home = item->user_home, .shell = item->user_shell};
    return plm_meta_put_user(w->meta, c, item->uid, &u, err);
}

static int on_container(struct plm_watch *w, const struct plm_item *item, plm_err **err)
{
    record_item(w, item);
    if (plm_meta_put(w->meta, item->container, err) < 0)
        return -1;
    plm_late_release(w, now_of(w), false);
    return 0;
}

/* The recording's machine instead of this one. */
static int on_host(struct plm_watch *w, const struct plm_item *item, plm_err **err)
{
    struct plm_ip *ips = plm_arena_array(w->host_arena, item->n_local_ips + 1, sizeof(*ips));
    if (!ips)
        return plm_arena_check(w->host_arena, err);
    if (item->n_local_ips)
        memcpy(ips, item->local_ips, item->n_local_ips * sizeof(*ips));
    w->view.local_ips = ips;
    w->view.n_local_ips = item->n_local_ips;
    if (item->hostname.p)
        w->view.hostname = plm_arena_sv(w->host_arena, item->hostname);
    record_item(w, item);
    return plm_arena_check(w->host_arena, err);
}

static void on_loss(struct plm_watch *w, const struct plm_item *item)
{
    record_item(w, item);
    plm_watch_note_loss(w, &item->loss);
    if (item->loss.must_resync) {
        plm_procs_resync_begin(w->procs);
        w->is_scanning = true;
    }
    plm_watch_say_losses(w, now_of(w), false);
}

static void on_scan_done(struct plm_watch *w, const struct plm_item *item)
{
    record_item(w, item);
    if (w->is_scanning)
        plm_procs_resync_end(w->procs);
    w->is_scanning = false;
}

static int on_item(struct plm_watch *w, const struct plm_item *item, plm_err **err)
{
    switch (item->kind) {
    case PLM_ITEM_EVENT:
    case PLM_ITEM_IO_URING:
        return on_event(w, item, err);
    case PLM_ITEM_TASK:
        return on_task(w, item, err);
    case PLM_ITEM_SCAN_DONE:
        on_scan_done(w, item);
        return 0;
    case PLM_ITEM_CONTAINER:
        return on_container(w, item, err);
    case PLM_ITEM_USER:
        return on_user(w, item, err);
    case PLM_ITEM_HOST:
        return on_host(w, item, err);
    case PLM_ITEM_LOSS:
        on_loss(w, item);
        return 0;
    case PLM_ITEM_NONE:
    case PLM_ITEM_END:
        break;
    }
    return 0;
}

/* ---- the loop ------------------------------------------------------------------------------------ */

static void on_signal(struct plm_watch *w)
{
    struct signalfd_siginfo si;
    while (read(w->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
        if (si.ssi_signo == SIGHUP)
            w->must_reload = true;
        else if (si.ssi_signo == SIGUSR1)
            w->must_reopen = true;
        else
            w->is_stopped = true;
    }
}

static void on_wake(struct plm_watch *w)
{
    uint64_t n;
    (void)!read(w->wake, &n, sizeof(n));
    plm_watch_read_mail(w);
}

static void answers_came(struct plm_watch *w)
{
    if (plm_meta_poll(w->meta) > 0)
        plm_late_release(w, now_of(w), false);
}

enum { ON_SOURCE, ON_META, ON_SIGNAL, ON_FILES, ON_WAKE, ON_HTTP };

static void dispatch(struct plm_watch *w, int what)
{
    switch (what) {
    case ON_META:
        answers_came(w);
        break;
    case ON_SIGNAL:
        on_signal(w);
        break;
    case ON_FILES:
        if (plm_watch_files_changed(w))
            w->reload_at_ms = plm_clock_ms() + 100; /* an editor writes more than once */
        break;
    case ON_WAKE:
        on_wake(w);
        break;
    case ON_HTTP:
        plm_metrics_http_serve(w->http, w);
        break;
    case ON_SOURCE:
    default: /* read by the loop */
        break;
    }
}

static int wait_for(struct plm_watch *w, uint64_t timeout_ms, plm_err **err)
{
    struct epoll_event events[8];
    int n = epoll_wait(w->epoll, events, 8, (int)timeout_ms);
    if (n < 0 && errno != EINTR)
        return plm_fail_sys(err, "epoll");
    for (int i = 0; i < n; i++)
        dispatch(w, events[i].data.fd);
    return 0;
}

static void tick(struct plm_watch *w, uint64_t now)
{
    struct plm_procs_stats s;
    if (now < w->next_tick_ms)
        return;
    w->next_tick_ms = now + TICK_MS;
    plm_watch_say_losses(w, now, false);
    plm_procs_stats_get(w->procs, &s);
    if (s.n_refused > w->refused_said) {
        plm_watch_say(w, PLM_SV("Falco internal: process table full"), PLM_PRIO_WARNING,
                      "%llu threads did not fit into the process table",
                      (unsigned long long)(s.n_refused - w->refused_said));
        w->refused_said = s.n_refused;
    }
    if (w->conf->metrics_interval_ms && now >= w->next_metrics_ms) {
        w->next_metrics_ms = now + w->conf->metrics_interval_ms;
        plm_watch_say_metrics(w);
    }
}

/* What a signal or a changed file asked for. */
static void do_requests(struct plm_watch *w, uint64_t now)
{
    if (w->must_reopen && w->outputs)
        plm_outputs_reopen(w->outputs);
    w->must_reopen = false;
    if (w->must_reload || (w->reload_at_ms && now >= w->reload_at_ms)) {
        w->must_reload = false;
        w->reload_at_ms = 0;
        (void)plm_watch_reload(w, NULL); /* says what failed itself */
    }
}

static uint64_t min_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How long nothing needs to be done unless something comes. */
static uint64_t idle_ms(const struct plm_watch *w, uint64_t now, uint64_t end)
{
    uint64_t at = min_of(w->next_tick_ms, min_of(plm_late_deadline(w->late), end));
    if (w->reload_at_ms)
        at = min_of(at, w->reload_at_ms);
    return at > now ? min_of(at - now, TICK_MS) : 0;
}

/* Up to BATCH items; whether the source has nothing more now. */
static int drain(struct plm_watch *w, bool *out_is_dry, plm_err **err)
{
    struct plm_item item;
    *out_is_dry = false;
    for (unsigned i = 0; i < BATCH; i++) {
        if (w->source->ops->next(w->source, &item, err) < 0)
            return -1;
        if (item.kind == PLM_ITEM_NONE) {
            *out_is_dry = true;
            return 0;
        }
        if (item.kind == PLM_ITEM_END) {
            w->is_stopped = true;
            return 0;
        }
        if (on_item(w, &item, err) < 0)
            return -1;
    }
    return 0;
}

static int loop(struct plm_watch *w, plm_err **err)
{
    uint64_t end = w->conf->for_ms && !w->is_replay ? w->started_ms + w->conf->for_ms : UINT64_MAX;
    bool is_dry = false;
    while (!w->is_stopped && !plm_cancelled(w->ctx)) {
        if (drain(w, &is_dry, err) < 0)
            return -1;
        if (w->is_stopped)
            break;
        uint64_t now = plm_clock_ms();
        if (!w->is_replay && now >= plm_late_deadline(w->late))
            plm_late_release(w, now, false);
        if (now >= end)
            break;
        if (!w->is_replay)
            tick(w, now);
        do_requests(w, now);
        if (wait_for(w, is_dry ? idle_ms(w, now, end) : 0, err) < 0)
            return -1;
    }
    return 0;
}

int plm_watch_run(struct plm_watch *w, void (*on_alert)(void *data, const struct plm_alert *a), void *data,
                  plm_err **err)
{
    w->on_alert = on_alert;
    w->on_alert_data = data;
    w->started_ms = plm_clock_ms();
    w->next_tick_ms = w->started_ms + TICK_MS;
    w->next_metrics_ms = w->started_ms + w->conf->metrics_interval_ms;
    int rc = loop(w, err);
    plm_late_release(w, now_of(w), true);
    plm_watch_say_losses(w, now_of(w), true);
    plm_watch_read_mail(w);
    w->stats.seconds = (double)(plm_clock_ms() - w->started_ms) / 1000;
    plm_watch_stats_get(w, &w->stats);
    if (w->recorder) {
        plm_err *e = NULL;
        if (plm_recorder_close(plm_take(w->recorder), &e) < 0)
            record_fault(w, e);
    }
    if (w->outputs) {
        plm_outputs_close(plm_take(w->outputs), CLOSE_MS);
    }
    return rc;
}

/* ---- making one ---------------------------------------------------------------------------------- */

static void own_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGUSR1);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

int plm_watch_block_signals(plm_err **err)
{
    sigset_t set;
    own_signals(&set);
    errno = pthread_sigmask(SIG_BLOCK, &set, NULL);
    return errno ? plm_fail_sys(err, "signals") : 0;
}

void plm_watch_unblock_signals(void)
{
    sigset_t set;
    own_signals(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static int add_fd(struct plm_watch *w, int fd, int what, plm_err **err)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = what};
    if (fd >= 0 && epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
        return plm_fail_sys(err, "epoll");
    return 0;
}

static int open_fds(struct plm_watch *w, plm_err **err)
{
    sigset_t set;
    own_signals(&set);
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    w->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->epoll < 0 || w->signals < 0 || w->wake < 0)
        return plm_fail_sys(err, "descriptors of the event loop");
    if (w->conf->watch_files && plm_watch_watch_files(w, err) < 0)
        return -1;
    if (w->conf->metrics_listen.n) {
        w->http = plm_metrics_http_open(w->conf->metrics_listen, err);
        if (!w->http || add_fd(w, plm_metrics_http_fd(w->http), ON_HTTP, err) < 0)
            return -1;
    }
    if (add_fd(w, w->signals, ON_SIGNAL, err) < 0 || add_fd(w, w->wake, ON_WAKE, err) < 0 ||
        add_fd(w, w->inotify, ON_FILES, err) < 0 || add_fd(w, plm_meta_fd(w->meta), ON_META, err) < 0)
        return -1;
    return add_fd(w, w->source->ops->fd(w->source), ON_SOURCE, err);
}

/* Addresses of this machine's interfaces: which end of a connection is the local one. */
static int local_addresses(struct plm_watch *w, plm_err **err)
{
    struct ifaddrs *list = NULL;
    struct plm_ip *ips = plm_arena_array(w->host_arena, LOCAL_IPS_MAX, sizeof(*ips));
    size_t n = 0;
    if (!ips)
        return plm_fail_oom(err);
    if (getifaddrs(&list) < 0)
        return 0; /* a machine without network */
    for (struct ifaddrs *i = list; i && n < LOCAL_IPS_MAX; i = i->ifa_next) {
        if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET) {
            ips[n].family = 4;
            memcpy(ips[n++].b, &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr, 4);
        } else if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET6) {
            ips[n].family = 6;
            memcpy(ips[n++].b, &((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr, 16);
        }
    }
    freeifaddrs(list);
    w->view.local_ips = ips;
    w->view.n_local_ips = n;
    return 0;
}

static int open_source(struct plm_watch *w, plm_err **err)
{
    const struct plm_watch_config *c = w->conf;
    if (w->is_replay) {
        w->source = plm_replay_open(w->ctx, c->replay, err);
        return w->source ? 0 : -1;
    }
    struct plm_sensor_config sensor = c->sensor;
    const struct plm_kfilter *filter = plm_kplan_filter(w->set.plan);
    sensor.needs |= plm_rules_needs(w->set.rules) | (filter ? filter->needs : 0);
    w->source = plm_sensor_open(w->ctx, &sensor, filter, w->arena, &w->parts, &w->n_parts, err);
    return w->source ? 0 : -1;
}

static int open_tables(struct plm_watch *w, plm_err **err)
{
    struct plm_meta_config meta = {.is_offline = w->is_replay, .docker_host = w->conf->docker_host};
    w->meta = plm_meta_new(w->ctx, &meta, err);
    if (!w->meta)
        return -1;
    struct plm_procs_config procs = {.meta = w->meta, .drop_cache = plm_rule_matcher_drop_cache};
    if (!w->is_replay) {
        w->reader = plm_proc_reader_new("/proc", plm_rules_needs(w->set.rules), err);
        if (!w->reader)
            return -1;
        procs.lookup = plm_proc_reader_lookup;
        procs.lookup_data = w->reader;
    }
    w->procs = plm_procs_new(&procs, err);
    if (!w->procs)
        return -1;
    w->n_pushed = w->is_replay ? 0 : plm_procs_capacity(w->procs);
    w->pushed = calloc(w->n_pushed + 1, sizeof(*w->pushed));
    w->late = plm_late_new(w->conf->metadata_wait_ms, err);
    if (!w->pushed || !w->late)
        return w->pushed ? -1 : plm_fail_oom(err);
    w->view.procs = w->procs;
    w->view.meta = w->meta;
    w->view.arena = w->scratch;
    w->view.hostname = w->conf->alert.hostname;
    if (w->is_replay)
        return 0;
    w->view.is_live = true;
    if (!w->ctx->offline) {
        w->hosts = plm_hosts_new(err);
        if (!w->hosts)
            return -1;
        plm_hosts_want_rules(w->hosts, w->set.rules);
        w->view.hosts = w->hosts;
    }
    plm_meta_prime(w->meta, PRIME_MS);
    return local_addresses(w, err);
}

static int open_recorder(struct plm_watch *w, plm_err **err)
{
    if (!w->conf->record.n)
        return 0;
    const char *path = plm_arena_cstr(w->arena, w->conf->record);
    if (!path)
        return plm_fail_oom(err);
    bool is_stdout = strcmp(path, "-") == 0;
    plm_auto_fd int fd = is_stdout ? dup(STDOUT_FILENO)
                                   : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return plm_fail_sys(err, "recording %s", path);
    w->recorder = plm_recorder_new(fd, true, err);
    if (!w->recorder)
        return -1;
    (void)plm_take_fd(fd);
    if (w->conf->record_around_ms)
        plm_recorder_keep_around(w->recorder, w->conf->record_around_ms, RECORD_KEEP_MAX);
    return 0;
}

static int open_ends(struct plm_watch *w, plm_err **err)
{
    const struct plm_watch_config *c = w->conf;
    if (c->respond.n) {
        struct plm_respond_config respond = c->respond;
        respond.dry_run = respond.dry_run || w->is_replay; /* the processes of a recording are not there */
        respond.say = plm_watch_on_action;
        respond.say_data = w;
        w->responder = plm_responder_new(w->ctx, &respond, err);
        if (!w->responder)
            return -1;
    }
    if (open_recorder(w, err) < 0)
        return -1;
    if (!c->prevent_drift || w->is_replay)
        return 0;
    w->drift = plm_drift_start(w->ctx, &c->drift, plm_watch_on_denied, w, err);
    return w->drift ? 0 : -1;
}

struct plm_watch *plm_watch_new(const struct plm_ctx *ctx, const struct plm_watch_config *conf,
                                struct plm_sink **sinks, size_t n_sinks, struct plm_arena *a,
                                struct plm_load_report *report, plm_err **err)
{
    plm_auto(plm_watch_free) struct plm_watch *w = calloc(1, sizeof(*w));
    if (!w) {
        (void)plm_fail_oom(err);
        goto fail;
    }
    w->ctx = ctx;
    w->conf = conf;
    w->is_replay = conf->replay.n > 0;
    w->epoll = w->signals = w->inotify = w->wake = -1;
    w->mail_end = &w->mail;
    pthread_mutex_init(&w->lock, NULL);
    w->arena = plm_arena_new(PLM_MIB(64));
    w->host_arena = plm_arena_new(PLM_MIB(1));
    w->scratch = plm_arena_new(PLM_MIB(64));
    w->counts = plm_map_new();
    if (!w->arena || !w->scratch || !w->host_arena || !w->counts) {
        (void)plm_fail_oom(err);
        goto fail;
    }
    if (plm_ruleset_load(ctx, &conf->rules, a, report, &w->set, err) < 0 || open_tables(w, err) < 0 ||
        open_source(w, err) < 0 || open_ends(w, err) < 0 || open_fds(w, err) < 0)
        goto fail;
    w->outputs = plm_outputs_new(ctx, &conf->outputs, &conf->alert, sinks, n_sinks, err);
    if (!w->outputs)
        return NULL; /* it closed them */
    return plm_take(w);
fail:
    for (size_t i = 0; i < n_sinks; i++)
        sinks[i]->close(sinks[i]);
    return NULL;
}

void plm_watch_free(struct plm_watch *w)
{
    if (!w)
        return;
    plm_drift_stop(w->drift);
    plm_responder_free(w->responder);
    plm_outputs_close(w->outputs, CLOSE_MS);
    if (plm_recorder_close(w->recorder, NULL) < 0)
        plm_log(w->ctx, PLM_LOG_WARN, "the recording is not complete", NULL);
    plm_late_free(w->late);
    plm_source_close(w->source);
    plm_procs_free(w->procs);
    plm_proc_reader_free(w->reader);
    plm_meta_free(w->meta);
    plm_hosts_free(w->hosts);
    plm_ruleset_done(&w->set);
    plm_metrics_http_close(w->http);
    int fds[] = {w->epoll, w->signals, w->inotify, w->wake};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    plm_watch_drop_mail(w);
    pthread_mutex_destroy(&w->lock);
    plm_map_free(w->counts);
    plm_arena_free(w->scratch);
    plm_arena_free(w->host_arena);
    plm_arena_free(w->arena);
    free(w->pushed);
    free(w);
}

/* ---- questions ----------------------------------------------------------------------------------- */

void plm_watch_stats_get(const struct plm_watch *w, struct plm_watch_stats *out)
{
    struct plm_watch_stats s = w->stats;
    w->source->ops->stats(w->source, &s.source);
    plm_procs_stats_get(w->procs, &s.procs);
    if (w->outputs)
        plm_outputs_stats_get(w->outputs, &s.outputs);
    if (s.seconds <= 0 && w->started_ms)
        s.seconds = (double)(plm_clock_ms() - w->started_ms) / 1000;
    *out = s;
}

bool plm_watch_triggered(const struct plm_watch *w, size_t i, plm_sv *out_rule, uint64_t *out_n)
{
    if (i >= plm_map_count(w->counts))
        return false;
    *out_rule = plm_map_key(w->counts, i);
    *out_n = *(const uint64_t *)plm_map_value(w->counts, i);
    return true;
}

size_t plm_watch_parts(const struct plm_watch *w, const struct plm_sensor_part **out)
{
    *out = w->parts;
    return w->n_parts;
}

const struct plm_rules *plm_watch_rules(const struct plm_watch *w)
{
    return w->set.rules;
}

const struct plm_rule_matcher *plm_watch_matcher(const struct plm_watch *w)
{
    return w->set.matcher;
}

struct plm_rule_matcher *plm_watch_matcher_use(struct plm_watch *w)
{
    return w->set.matcher;
}
