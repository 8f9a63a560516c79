/* SPDX-License-Identifier: Apache-2.0
 *
 * Responses to alerts: kill the process, pause, stop or disconnect its container.
 *
 * The first row that fits an alert decides. A kill is a signal through a pidfd, sent at once by the thread
 * that evaluates; before it the process's start time is compared, so that a pid that was used again kills
 * nobody else. What the engine does runs in one thread behind a bounded queue: a slow engine delays
 * responses, never detection, and a full queue is said. Whatever is done, left out or fails is logged with
 * its cause and becomes an internal alert.
 *
 * Never touched, whatever rows say: process 1, kernel threads, this process, the container runtimes, and
 * what `respond.never` names (processes, executables, containers, ids, images).
 */
#include "respond_int.h"

#include "base/fs.h"
#include "base/text.h"
#include "base/time.h"
#include "docker/docker.h"

#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_MAX   256
#define MESSAGE_MAX PLM_KIB(16)
#define CONF_MAX    PLM_MIB(1)
#define AGAIN_MS    5000 /* the same action on the same container is not repeated within */
#define START_SLACK 2.0  /* seconds: start times come from two clocks */

/* Killing one of these harms every container, or the machine. */
static const plm_sv runtimes[] = {
    PLM_SV("systemd"), PLM_SV("systemd-*"),  PLM_SV("init"),
    PLM_SV("dockerd"), PLM_SV("containerd"), PLM_SV("containerd-shim*"),
    PLM_SV("runc"),    PLM_SV("runc:[*"),    PLM_SV("crun"),
    PLM_SV("conmon"),  PLM_SV("crio"),       PLM_SV("kubelet"),
    PLM_SV("podman"),  PLM_SV("(sd-*"),
};

struct job {
    enum plm_action action;
    char *container, *rule, *process; /* heap */
    int32_t pid;
};

struct plm_responder {
    const struct plm_ctx *ctx;
    struct plm_respond_config conf;
    struct plm_arena *arena; /* holds conf */
    struct plm_engine *engine;
    pthread_t worker;
    bool has_worker;
    struct job last; /* of the worker: what was done to which container */
    uint64_t last_ms;
    pthread_mutex_t lock; /* guards: */
    pthread_cond_t wake;
    struct job queue[QUEUE_MAX];
    size_t first, n;
    bool must_stop;
};

bool plm_has_capability(unsigned cap)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &head, data) < 0)
        return false;
    return data[cap / 32].effective >> (cap % 32) & 1;
}

/* ---- saying what was done ---------------------------------------------------------------------------------
 */

static plm_sv quoted(struct plm_arena *a, plm_sv text)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(MESSAGE_MAX);
    plm_text_json(&b, text);
    return b.failed ? PLM_SV("null") : plm_arena_sv(a, plm_buf_sv(&b));
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* verb: "killed", "would pause", "could not stop"; why: what failed, or null. */
static void say(struct plm_responder *r, const struct job *j, const char *verb, plm_sv why)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_KIB(256));
    if (!a)
        return;
    plm_sv container = plm_sv_from(j->container), rule = plm_sv_from(j->rule),
           process = plm_sv_from(j->process);
    bool is_kill = j->action == PLM_ACT_KILL;
    plm_sv text = is_kill
                      ? plm_arena_printf(a, "%s process %.*s (%d)", verb, PLM_SV_ARG(process), (int)j->pid)
                      : plm_arena_printf(a, "%s container %.*s", verb, PLM_SV_ARG(container));
    text = plm_arena_printf(a, "%.*s because of rule \"%.*s\"%s%.*s", PLM_SV_ARG(text), PLM_SV_ARG(rule),
                            why.n ? ": " : "", PLM_SV_ARG(why));
    if (!text.p)
        return;
    plm_log(r->ctx, why.n ? PLM_LOG_WARN : PLM_LOG_INFO, text.p, NULL);
    if (!r->conf.say)
        return;
    const struct plm_alert_field fields[] = {
        {PLM_SV("respond.action"), quoted(a, plm_sv_from(plm_response_action_name(j->action)))},
        {PLM_SV("respond.container"), container.n ? quoted(a, container) : PLM_SV("null")},
        {PLM_SV("respond.pid"), plm_arena_printf(a, "%d", (int)j->pid)},
        {PLM_SV("respond.process"), process.n ? quoted(a, process) : PLM_SV("null")},
        {PLM_SV("respond.result"), quoted(a, plm_sv_from(verb))},
        {PLM_SV("respond.rule"), quoted(a, rule)},
        {PLM_SV("respond.why"), why.n ? quoted(a, why) : PLM_SV("null")},
    };
    struct plm_alert *alert =
        plm_alert_internal(PLM_SV("plimsoll internal: response"), why.n ? PLM_PRIO_WARNING : PLM_PRIO_NOTICE,
                           text, now_ns(), fields, sizeof(fields) / sizeof(fields[0]), NULL);
    if (alert)
        r->conf.say(r->conf.say_data, alert);
}

static void say_err(struct plm_responder *r, const struct job *j, const char *verb, const plm_err *err)
{
    plm_auto_free char *text = plm_err_text(err);
    say(r, j, verb, text ? plm_sv_from(text) : PLM_SV("out of memory"));
}

/* ---- choosing
 * ------------------------------------------------------------------------------------------------ */

static bool has_tag(const struct plm_alert *a, plm_sv tag)
{
    for (size_t i = 0; i < a->n_tags; i++)
        if (plm_sv_eq(a->tags[i], tag))
            return true;
    return false;
}

static enum plm_action choose(const struct plm_responder *r, const struct plm_alert *a)
{
    for (size_t i = 0; i < r->conf.n; i++) {
        const struct plm_response *row = &r->conf.rows[i];
        if ((!row->rule.n || plm_wild(row->rule, a->rule)) && (!row->tag.n || has_tag(a, row->tag)) &&
            a->priority <= row->min_priority)
            return row->action;
    }
    return PLM_ACT_NONE;
}

/* Why it must not be touched; NULL: it may. */
static const char *never(const struct plm_responder *r, enum plm_action action, const struct plm_alert *a,
                         const struct plm_view *view)
{
    const struct plm_respond_config *c = &r->conf;
    if (plm_wild_any(c->never, c->n_never, a->container_id) ||
        plm_wild_any(c->never, c->n_never, a->container_name) ||
        plm_wild_any(c->never, c->n_never, a->image) || plm_wild_any(c->never, c->n_never, a->process) ||
        plm_wild_any(c->never, c->n_never, a->exepath))
        return "it is on the list of what is never touched";
    if (action != PLM_ACT_KILL)
        return !a->container_id.n || plm_sv_is(a->container_id, "host") ? "it is in no container" : NULL;
    if (a->pid <= 1 || a->pid == (int32_t)getpid())
        return "it is process 1 or this process";
    if (view && view->thread->info.is_kernel_thread)
        return "it is a thread of the kernel";
    bool is_host = !a->container_id.n || plm_sv_is(a->container_id, "host");
    return (is_host || plm_sv_starts(a->process, PLM_SV("runc:["))) &&
                   plm_wild_any(runtimes, sizeof(runtimes) / sizeof(runtimes[0]), a->process)
               ? "it is the container runtime or the host's init"
               : NULL;
}

/* ---- kill
 * ----------------------------------------------------------------------------------------------------- */

/* Field 22 of /proc/PID/stat in seconds since boot; negative: not known. */
static double started_at(int32_t pid)
{
    plm_auto_done(plm_buf_done) struct plm_buf path = PLM_BUF(128), text = PLM_BUF(PLM_KIB(8));
    plm_buf_printf(&path, "/proc/%d/stat", (int)pid);
    const char *p = plm_buf_cstr(&path);
    if (!p || plm_fs_read(p, PLM_KIB(8), &text, NULL) < 0)
        return -1;
    plm_sv rest = plm_buf_sv(&text), word;
    size_t close_at = plm_sv_rfind(rest, ')'); /* the name before may hold anything */
    uint64_t ticks = 0;
    if (close_at == SIZE_MAX)
        return -1;
    rest = plm_sv_from_off(rest, close_at + 1);
    for (int field = 3; field <= 22; field++)
        if (!plm_sv_word(&rest, &word) || (field == 22 && !plm_sv_u64(word, &ticks)))
            return -1;
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static bool is_same_process(int32_t pid, uint64_t clone_ts)
{
    struct timespec wall, boot;
    if (!clone_ts)
        return true;
    double started = started_at(pid);
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    double since_boot = (double)clone_ts / 1e9 - ((double)wall.tv_sec + (double)wall.tv_nsec / 1e9) +
                        ((double)boot.tv_sec + (double)boot.tv_nsec / 1e9);
    return started >= 0 && started - since_boot < START_SLACK && since_boot - started < START_SLACK;
}

static const char *kill_now(struct plm_responder *r, const struct job *j, const struct plm_view *view)
{
    plm_auto_fd int fd = (int)syscall(SYS_pidfd_open, j->pid, 0u);
    uint64_t clone_ts = view ? view->thread->info.clone_ts : 0;
    if (fd < 0 && errno == ESRCH) {
        say(r, j, "did not need to kill", PLM_SV("it has ended"));
        return "had ended";
    }
    if (fd >= 0 && !is_same_process(j->pid, clone_ts)) {
        say(r, j, "did not kill", PLM_SV("the pid belongs to another process now"));
        return "had ended";
    }
    if (fd < 0 || syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0u) < 0) {
        say(r, j, "could not kill", plm_sv_from(strerror(errno)));
        return "could not kill";
    }
    say(r, j, "killed", PLM_SV_NULL);
    return "killed";
}

/* ---- what the engine does
 * --------------------------------------------------------------------------------------- */

static void job_done(struct job *j)
{
    free(j->container);
    free(j->rule);
    free(j->process);
    *j = (struct job){0};
}

static void act_by_engine(struct plm_responder *r, const struct job *j)
{
    plm_auto(plm_err_free) plm_err *err = NULL;
    plm_sv id = plm_sv_from(j->container);
    size_t n;
    int result = -1;
    const char *done = "paused";
    if (j->action == PLM_ACT_PAUSE) {
        result = plm_engine_container_act(r->engine, id, PLM_ENGINE_PAUSE, &err);
    } else if (j->action == PLM_ACT_STOP) {
        done = "stopped";
        result = plm_engine_container_act(r->engine, id, PLM_ENGINE_STOP, &err);
    } else {
        done = "disconnected";
        result = plm_engine_container_disconnect(r->engine, id, &n, &err);
    }
    if (result < 0)
        say_err(r, j, "could not act on", err);
    else
        say(r, j, done, PLM_SV_NULL);
}

static bool was_just_done(const struct plm_responder *r, const struct job *j)
{
    return r->last.container && r->last.action == j->action && strcmp(r->last.container, j->container) == 0 &&
           plm_clock_ms() - r->last_ms < AGAIN_MS;
}

static void *work(void *responder)
{
    struct plm_responder *r = responder;
    for (;;) {
        pthread_mutex_lock(&r->lock);
        while (!r->n && !r->must_stop)
            pthread_cond_wait(&r->wake, &r->lock);
        if (!r->n) {
            pthread_mutex_unlock(&r->lock);
            return NULL;
        }
        struct job j = r->queue[r->first];
        r->first = (r->first + 1) % QUEUE_MAX;
        r->n--;
        pthread_mutex_unlock(&r->lock);
        if (was_just_done(r, &j)) {
            job_done(&j);
            continue;
        }
        act_by_engine(r, &j);
        job_done(&r->last);
        r->last = j;
        r->last_ms = plm_clock_ms();
    }
}

static bool push(struct plm_responder *r, const struct job *j)
{
    pthread_mutex_lock(&r->lock);
    bool fits = r->n < QUEUE_MAX;
    if (fits) {
        r->queue[(r->first + r->n++) % QUEUE_MAX] = *j;
        pthread_cond_signal(&r->wake);
    }
    pthread_mutex_unlock(&r->lock);
    return fits;
}

/* ---- the interface
 * ------------------------------------------------------------------------------------------------ */

static char *text_of(plm_sv s)
{
    return strndup(s.p ? s.p : "", s.n);
}

static const char *would_words[] = {
    [PLM_ACT_NONE] = "would do nothing to",    [PLM_ACT_KILL] = "would kill",
    [PLM_ACT_PAUSE] = "would pause",           [PLM_ACT_STOP] = "would stop",
    [PLM_ACT_DISCONNECT] = "would disconnect",
};

void plm_responder_act(struct plm_responder *r, struct plm_alert *a, const struct plm_view *view)
{
    static const char *const asked[] = {[PLM_ACT_NONE] = NULL,
                                        [PLM_ACT_KILL] = NULL,
                                        [PLM_ACT_PAUSE] = "pausing",
                                        [PLM_ACT_STOP] = "stopping",
                                        [PLM_ACT_DISCONNECT] = "disconnecting"};
    struct job j = {.action = choose(r, a), .pid = a->pid};
    if (j.action == PLM_ACT_NONE)
        return;
    j.container = text_of(a->container_id);
    j.rule = text_of(a->rule);
    j.process = text_of(a->process);
    const char *result = "out of memory", *why = never(r, j.action, a, view);
    if (!j.container || !j.rule || !j.process) {
        a->action = plm_sv_from(result);
    } else if (why) {
        result = "not touched";
        say(r, &j, "did not touch", plm_sv_from(why));
    } else if (r->conf.dry_run) {
        result = would_words[j.action];
        say(r, &j, result, PLM_SV_NULL);
    } else if (j.action == PLM_ACT_KILL) {
        result = kill_now(r, &j, view);
    } else if (push(r, &j)) {
        a->action = plm_sv_from(asked[j.action]);
        return;
    } else {
        result = "queue is full";
        say(r, &j, "could not act on", PLM_SV("too many responses wait for the engine"));
    }
    a->action = plm_sv_from(result);
    job_done(&j);
}

static int copy_rows(struct plm_responder *r, const struct plm_respond_config *conf, plm_err **err)
{
    struct plm_response *rows = plm_arena_array(r->arena, conf->n, sizeof(*rows));
    plm_sv *names = plm_arena_array(r->arena, conf->n_never, sizeof(*names));
    for (size_t i = 0; rows && i < conf->n; i++) {
        rows[i] = conf->rows[i];
        rows[i].rule = plm_arena_sv(r->arena, conf->rows[i].rule);
        rows[i].tag = plm_arena_sv(r->arena, conf->rows[i].tag);
    }
    for (size_t i = 0; names && i < conf->n_never; i++)
        names[i] = plm_arena_sv(r->arena, conf->never[i]);
    r->conf = *conf;
    r->conf.rows = rows;
    r->conf.never = names;
    r->conf.docker_host = plm_arena_sv(r->arena, conf->docker_host);
    return plm_arena_check(r->arena, err);
}

static bool wants(const struct plm_respond_config *c, enum plm_action from, enum plm_action to)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->rows[i].action >= from && c->rows[i].action <= to)
            return true;
    return false;
}

/* What the rows need is there, or nobody would learn of it before it is needed. */
static int check_means(struct plm_responder *r, plm_err **err)
{
    if (r->conf.dry_run)
        return 0;
    if (wants(&r->conf, PLM_ACT_KILL, PLM_ACT_KILL) && !plm_has_capability(CAP_KILL))
        return plm_fail_id(err, PLM_E_AUTH, "watch.capability", "the response kill needs CAP_KILL");
    if (!wants(&r->conf, PLM_ACT_PAUSE, PLM_ACT_DISCONNECT))
        return 0;
    const struct plm_engine_config conf = {.kind = PLM_ENGINE_DOCKER, .host = r->conf.docker_host};
    r->engine = plm_engine_open(r->ctx, &conf, err);
    return r->engine ? 0 : plm_wrap(err, "the responses pause, stop and disconnect need the engine");
}

static int start_worker(struct plm_responder *r, plm_err **err)
{
    if (!r->engine)
        return 0;
    errno = pthread_create(&r->worker, NULL, work, r);
    r->has_worker = errno == 0;
    return r->has_worker ? 0 : plm_fail_sys(err, "thread for responses");
}

struct plm_responder *plm_responder_new(const struct plm_ctx *ctx, const struct plm_respond_config *conf,
                                        plm_err **err)
{
    struct plm_responder *r = calloc(1, sizeof(*r));
    if (!r)
        return PLM_NULL(plm_fail_oom(err));
    r->ctx = ctx;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->wake, NULL);
    r->arena = plm_arena_new(CONF_MAX);
    int result = r->arena ? copy_rows(r, conf, err) : plm_fail_oom(err);
    if (result < 0 || check_means(r, err) < 0 || start_worker(r, err) < 0) {
        plm_responder_free(r);
        return NULL;
    }
    return r;
}

void plm_responder_free(struct plm_responder *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->must_stop = true;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    if (r->has_worker)
        pthread_join(r->worker, NULL); /* what waits is done first */
    job_done(&r->last);
    plm_engine_close(r->engine);
    plm_arena_free(r->arena);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
