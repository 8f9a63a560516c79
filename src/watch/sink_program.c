/* SPDX-License-Identifier: Apache-2.0
 *
 * A program that gets alerts on its standard input, one line each. Its command line is the configuration's
 * and runs through /bin/sh -c, as in Falco; nothing of an alert ever stands in a command line. keep_alive:
 * one process for all alerts, started again when it ends; else one process for each.
 *
 * It runs beside the other sinks (sender.c). A process that neither reads nor ends within `timeout` is killed
 * with its whole group; every process is waited for, so none becomes a zombie.
 */
#include "base/time.h"
#include "outputs_int.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { LINE_BYTES_MAX = 4 * 1024 * 1024, QUEUE_MESSAGES = 1024, TIMEOUT_MS = 5000, SLICE_MS = 100 };

extern char **environ;

struct program {
    struct plm_sink base;
    struct plm_arena *arena;
    enum plm_sink_format format;
    plm_sv program;
    bool keep_alive;
    uint64_t timeout_ms;
    struct plm_buf line;
    struct plm_sender *sender;
    pid_t pid; /* 0: none runs. From here on the sender's thread alone */
    int pid_fd, in;
};

static const struct plm_sink_key keys_of[] = {
    {"program", PLM_KEY_TEXT, offsetof(struct program, program)},
    {"keep_alive", PLM_KEY_FLAG, offsetof(struct program, keep_alive)},
    {"timeout", PLM_KEY_MS, offsetof(struct program, timeout_ms)},
    {"format", PLM_KEY_FORMAT, offsetof(struct program, format)},
    {NULL, PLM_KEY_TEXT, 0},
};

/* ---- the process ----------------------------------------------------------------------------- */

/* The thread blocks signals; the program begins with none blocked and SIGPIPE as usual, and in a group of its
 * own so that what it started can be ended with it. */
static int spawn(struct program *p, int read_end, plm_err **err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return plm_fail_oom(err);
    if (posix_spawnattr_init(&attr) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return plm_fail_oom(err);
    }
    int r = posix_spawn_file_actions_adddup2(&actions, read_end, STDIN_FILENO);
    if (!r)
        r = posix_spawnattr_setsigmask(&attr, &none);
    if (!r)
        r = posix_spawnattr_setsigdefault(&attr, &usual);
    if (!r)
        r = posix_spawnattr_setpgroup(&attr, 0);
    if (!r)
        r = posix_spawnattr_setflags(&attr,
                                     POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    char *argv[] = {strdup("sh"), strdup("-c"), strndup(p->program.p, p->program.n), NULL};
    if (!r && argv[0] && argv[1] && argv[2])
        r = posix_spawn(&p->pid, "/bin/sh", &actions, &attr, argv, environ);
    else if (!r)
        r = ENOMEM;
    for (int i = 0; i < 3; i++)
        free(argv[i]);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    errno = r;
    return r ? plm_fail_sys(err, "/bin/sh") : 0;
}

static int start(struct program *p, plm_err **err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return plm_fail_sys(err, "pipe");
    int r = spawn(p, ends[0], err);
    close(ends[0]);
    if (r < 0) {
        p->pid = 0;
        close(ends[1]);
        return -1;
    }
    p->in = ends[1];
    (void)fcntl(p->in, F_SETFL, O_NONBLOCK);
    p->pid_fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
    return 0;
}

/* Has it ended by then? */
static bool await_end(const struct program *p, const struct plm_ctx *ctx, uint64_t by, int *out_status)
{
    for (;;) {
        pid_t r = waitpid(p->pid, out_status, WNOHANG);
        if (r == p->pid || (r < 0 && errno == ECHILD))
            return true;
        uint64_t now = plm_clock_ms();
        if (now >= by || plm_cancelled(ctx))
            return false;
        struct pollfd f = {.fd = p->pid_fd, .events = POLLIN};
        uint64_t left = by - now;
        (void)poll(&f, p->pid_fd >= 0, (int)(left < SLICE_MS ? left : SLICE_MS));
    }
}

/* Closes its input and waits for it; what does not end is killed. Its wait status, or -1 where it was killed.
 */
static int finish(struct program *p, const struct plm_ctx *ctx, uint64_t by)
{
    int status = -1;
    if (!p->pid)
        return 0;
    if (p->in >= 0)
        close(p->in);
    p->in = -1;
    if (!await_end(p, ctx, by, &status)) {
        kill(-p->pid, SIGKILL);
        while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
            ;
        status = -1;
    }
    if (p->pid_fd >= 0)
        close(p->pid_fd);
    p->pid_fd = -1;
    p->pid = 0;
    return status;
}

static int judge(const struct program *p, int status, plm_err **err)
{
    if (status == -1)
        return plm_fail_id(err, PLM_E_IO, "watch.program",
                           "the program did not end within %llu ms and was killed",
                           (unsigned long long)p->timeout_ms);
    if (WIFSIGNALED(status))
        return plm_fail_id(err, PLM_E_IO, "watch.program", "the program ended by signal %d",
                           WTERMSIG(status));
    if (WEXITSTATUS(status))
        return plm_fail_id(err, PLM_E_IO, "watch.program", "the program ended with status %d",
                           WEXITSTATUS(status));
    return 0;
}

/* ---- in the sender's thread ------------------------------------------------------------------ */

static int send_once(struct program *p, const struct plm_ctx *ctx, plm_sv line, plm_err **err)
{
    plm_err *e = NULL;
    uint64_t by = plm_clock_ms() + p->timeout_ms;
    if (start(p, err) < 0)
        return -1;
    int r = plm_sink_write_all(p->in, line, by, &e);
    bool is_closed = r < 0 && e->sys == EPIPE; /* it did not want to read all: its status says how it went */
    int status = finish(p, ctx, r == 0 || is_closed ? by : 0);
    if (r < 0 && !is_closed)
        return plm_err_move(err, &e);
    plm_err_free(e);
    return judge(p, status, err);
}

/* A program that ended is started once more for this line. */
static int send_to_running(struct program *p, const struct plm_ctx *ctx, plm_sv line, plm_err **err)
{
    for (int attempt = 0;; attempt++) {
        plm_err *e = NULL;
        bool was_running = p->pid != 0;
        if (!was_running && start(p, err) < 0)
            return -1;
        uint64_t by = plm_clock_ms() + p->timeout_ms;
        if (plm_sink_write_all(p->in, line, by, &e) == 0)
            return 0;
        bool may_repeat = was_running && e->sys == EPIPE && attempt == 0;
        (void)finish(p, ctx, may_repeat ? by : 0);
        if (!may_repeat)
            return plm_err_move(err, &e);
        plm_err_free(e);
    }
}

static int send_line(void *data, const struct plm_ctx *ctx, const plm_sv *messages, size_t n, plm_err **err)
{
    struct program *p = data;
    (void)n; /* one at a time */
    int r = p->keep_alive ? send_to_running(p, ctx, messages[0], err) : send_once(p, ctx, messages[0], err);
    if (r < 0 && err && *err && (*err)->code == PLM_E_NET)
        (*err)->code = PLM_E_IO; /* a program that hangs is not tried again */
    return r;
}

/* ---- the sink -------------------------------------------------------------------------------- */

static int write_alert(struct plm_sink *s, const struct plm_alert *a, const struct plm_alert_options *options,
                       plm_err **err)
{
    struct program *p = (struct program *)s;
    plm_buf_clear(&p->line);
    plm_sink_render(p->format, a, options, &p->line);
    plm_buf_byte(&p->line, '\n');
    return plm_buf_check(&p->line, err) < 0 ? -1 : plm_sender_push(p->sender, plm_buf_sv(&p->line), err);
}

static uint64_t n_lost(struct plm_sink *s)
{
    return plm_sender_lost(((struct program *)s)->sender);
}

static void close_sink(struct plm_sink *s)
{
    struct program *p = (struct program *)s;
    const struct plm_ctx ctx = PLM_CTX_INIT;
    plm_sender_close(p->sender, s->close_by);
    uint64_t by = plm_clock_ms() + p->timeout_ms;
    (void)finish(p, &ctx, s->close_by && s->close_by < by ? s->close_by : by);
    plm_buf_done(&p->line);
    plm_arena_free(p->arena);
    free(p);
}

static struct plm_sink *open_sink(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                                  size_t n, plm_err **err);

static const struct plm_sink_class program_class = {
    .name = "program",
    .summary = "a program that reads alerts: program, keep_alive, timeout, format",
    .open = open_sink,
};
PLM_REGISTER(plm_sink_classes, struct plm_sink_class, program_class);

static int prepare(struct program *p, const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                   size_t n, plm_err **err)
{
    if (!(p->arena = plm_arena_new(PLM_MIB(1))))
        return plm_fail_oom(err);
    if (plm_sink_keys("program", keys_of, p, p->arena, keys, values, n, err) < 0)
        return -1;
    if (!p->program.n)
        return plm_fail_id(err, PLM_E_CONFIG, "watch.output", "output program: program is missing");
    const struct plm_sender_config conf = {
        .name = "program",
        .max_messages = QUEUE_MESSAGES,
        .max_bytes = PLM_MIB(16),
        .data = p,
        .send = send_line,
    };
    return (p->sender = plm_sender_new(ctx, &conf, err)) ? 0 : -1;
}

static struct plm_sink *open_sink(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                                  size_t n, plm_err **err)
{
    struct program *p = calloc(1, sizeof(*p));
    if (!p)
        return PLM_NULL(plm_fail_oom(err));
    p->base = (struct plm_sink){
        .class = &program_class, .write = write_alert, .n_lost = n_lost, .close = close_sink};
    p->line = PLM_BUF(LINE_BYTES_MAX);
    p->timeout_ms = TIMEOUT_MS;
    p->pid_fd = p->in = -1;
    if (prepare(p, ctx, keys, values, n, err) < 0) {
        close_sink(&p->base);
        return NULL;
    }
    return &p->base;
}
