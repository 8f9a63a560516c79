/* SPDX-License-Identifier: Apache-2.0
 *
 * The waiting half of `check --watch`.
 *
 * Health checks make exec and health events all day; only what changes the answer is asked for.
 * The reader thread owns its engine handle; it tells the caller through a pipe and stops when the
 * stream ends or the pipe is closed. plm_lookout_free shuts the stream's wait down by the time that the
 * stream may be silent, so it detaches rather than joins: everything the thread uses is its own.
 */
#include "cli/watch_view.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/inotify.h>

enum { QUIET_MS = 400, RETRY_MS = 10000, SILENT_MS = 24 * 3600 * 1000, BURST = 64 };

#define FILTERS                                                                                              \
    "{\"type\":[\"container\",\"image\",\"network\",\"volume\",\"daemon\",\"plugin\",\"service\",\"node\"]," \
    "\"event\":[\"create\",\"start\",\"die\",\"destroy\",\"update\",\"rename\",\"pause\",\"unpause\","       \
    "\"exec_start\","                                                                                        \
    "\"pull\",\"delete\",\"tag\",\"untag\",\"import\",\"load\",\"connect\",\"disconnect\",\"reload\","       \
    "\"remove\","                                                                                            \
    "\"enable\",\"disable\"]}"

struct reader {
    struct plm_ctx ctx; /* a copy: the thread outlives the caller's */
    struct plm_engine *engine;
    struct plm_http_stream *stream;
    int fd; /* write end of the pipe */
};

struct plm_lookout {
    const struct plm_ctx *ctx;
    const struct plm_engine_config *conf;
    int files;  /* inotify */
    int events; /* read end; -1: no engine */
};

/* What decides a check: the engine's configuration, accounts, services, packages, the sockets. */
static const char *const watched[] = {"/etc",
                                      "/etc/docker",
                                      "/etc/ssh",
                                      "/etc/ssh/sshd_config.d",
                                      "/etc/sudoers.d",
                                      "/etc/audit/rules.d",
                                      "/etc/systemd/system",
                                      "/etc/sysctl.d",
                                      "/var/lib/dpkg",
                                      "/run",
                                      NULL};

static void *read_events(void *arg)
{
    struct reader *r = arg;
    char bytes[4096];
    while (plm_http_read(r->stream, bytes, sizeof(bytes), NULL) > 0)
        if (write(r->fd, "e", 1) < 0 && errno != EAGAIN)
            break; /* nobody waits any more */
    plm_http_close(r->stream);
    plm_engine_close(r->engine);
    close(r->fd); /* the other end sees the end */
    free(r);
    return NULL;
}

/* No engine is no error: files are watched all the same. */
static int subscribe(struct plm_lookout *w, plm_err **err)
{
    int ends[2];
    struct reader *r = calloc(1, sizeof(*r));
    if (!r)
        return plm_fail_oom(err);
    r->ctx = *w->ctx;
    r->ctx.cancel = NULL;
    r->ctx.progress = NULL;
    r->engine = plm_engine_open(&r->ctx, w->conf, NULL);
    r->stream = r->engine ? plm_engine_events(r->engine, plm_sv_from(FILTERS), SILENT_MS, NULL) : NULL;
    if (!r->stream || pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        plm_http_close(r->stream);
        plm_engine_close(r->engine);
        free(r);
        return 0;
    }
    r->fd = ends[1];
    pthread_t thread;
    if (pthread_create(&thread, NULL, read_events, r) != 0) {
        close(ends[0]);
        close(ends[1]);
        plm_http_close(r->stream);
        plm_engine_close(r->engine);
        free(r);
        return plm_fail(err, PLM_E_INTERNAL, "no thread could be started");
    }
    (void)pthread_detach(thread);
    w->events = ends[0];
    return 0;
}

struct plm_lookout *plm_lookout_new(const struct plm_ctx *ctx, const struct plm_engine_config *conf,
                                    plm_err **err)
{
    plm_auto(plm_lookout_free) struct plm_lookout *w = calloc(1, sizeof(*w));
    if (!w)
        return PLM_NULL(plm_fail_oom(err));
    w->ctx = ctx;
    w->conf = conf;
    w->events = -1;
    w->files = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (w->files < 0)
        return PLM_NULL(plm_fail_sys(err, "inotify"));
    for (size_t i = 0; watched[i]; i++) /* one that is not there cannot change */
        (void)!inotify_add_watch(w->files, watched[i],
                                 IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ATTRIB);
    return subscribe(w, err) < 0 ? NULL : plm_take(w);
}

void plm_lookout_free(struct plm_lookout *w)
{
    if (!w)
        return;
    if (w->events >= 0)
        close(w->events);
    if (w->files >= 0)
        close(w->files);
    free(w);
}

bool plm_lookout_has_engine(const struct plm_lookout *w)
{
    return w->events >= 0;
}

/* Reads what there is; true if the end was seen. */
static bool drain(int fd)
{
    char bytes[4096];
    ssize_t n;
    do
        n = read(fd, bytes, sizeof(bytes));
    while (n > 0);
    return n == 0;
}

/* One wait: 1 something came, 0 nothing in that time, -1 cancelled. */
static int wait_once(struct plm_lookout *w, int timeout_ms)
{
    struct pollfd fds[2] = {{.fd = w->files, .events = POLLIN}, {.fd = w->events, .events = POLLIN}};
    int n = poll(fds, 2, timeout_ms);
    if (plm_cancelled(w->ctx))
        return -1;
    if (n <= 0)
        return 0;
    if (fds[0].revents)
        (void)drain(w->files);
    if (fds[1].revents && drain(w->events)) {
        close(w->events); /* the engine went away: that is a change too */
        w->events = -1;
    }
    return 1;
}

int plm_lookout_wait(struct plm_lookout *w, plm_err **err)
{
    int got;
    do {
        if (w->events < 0) {
            if (subscribe(w, err) < 0)
                return -1;
            if (w->events >= 0)
                return 1; /* an engine that was not there before */
        }
        got = wait_once(w, w->events < 0 ? RETRY_MS : -1);
    } while (got == 0);
    /* The rest of the burst, within reason. */
    for (int i = 0; i < BURST && got > 0; i++)
        got = wait_once(w, QUIET_MS);
    return got < 0 ? 0 : 1;
}
