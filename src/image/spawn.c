/* SPDX-License-Identifier: Apache-2.0
 *
 * The spawner: a process forked before any thread, with nothing open but one socket. A request
 * is one message: the kind of job, with descriptors [job, result, status, the job's own ...].
 * It forks a worker for each and writes the wait status to the status pipe when that ends. A
 * status pipe whose reader is gone means that nobody wants the result: the worker is killed. When
 * the main process ends, the socket does, and all workers go.
 *
 * The socket is the one mutable global of this module: it stands for a process.
 */
#include "image/worker.h"

#include "base/fs.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FD_JOB, FD_RESULT, FD_STATUS, FD_FIRST, FDS_MAX = FD_FIRST + PLM_WORKER_FDS_MAX };
/* First byte of a framed result. */
enum { RESULT_FAILED = 1, RESULT_NO_LANDLOCK = 2 };

static pthread_mutex_t spawner_lock = PTHREAD_MUTEX_INITIALIZER;
static int spawner_socket = -1;
static pid_t spawner_pid = -1;

/* ---- inside the spawner ---------------------------------------------------------------------- */

struct child {
    pid_t pid;
    int status_fd;
};

struct spawner {
    int sock, sigfd;
    struct plm_fence_program fences[PLM_FENCE_COUNT_];
    struct child *children;
    size_t n, cap;
    struct pollfd *polls;
};

static void put_failure(struct plm_buf *out, const plm_err *e)
{
    plm_auto_free char *text = plm_err_text(e);
    const char *id = plm_err_id(e), *hint = plm_err_hint_get(e);
    plm_buf_byte(out, (unsigned char)plm_err_code(e));
    plm_buf_view(out, plm_sv_from(id));
    plm_buf_view(out, plm_sv_from(text));
    plm_buf_view(out, plm_sv_from(hint));
}

static int run_job(const struct plm_job_type *type, struct plm_job_input *in, struct plm_buf *out,
                   plm_err **err)
{
    const struct plm_limits *limits = in->limits;
    out->max = limits->record_bytes > SIZE_MAX ? SIZE_MAX : (size_t)limits->record_bytes;
    if (type->run(in, out, err) < 0)
        return -1;
    return plm_buf_check(out, err);
}

/* Never returns. */
static void worker_main(const struct spawner *s, enum plm_job job, const int *fds, size_t n_fds)
{
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_NAME, "plimsoll-work");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const struct plm_job_type *type = plm_job_type_get(job);
    struct plm_fs_map map = {0};
    plm_err *e = NULL;
    bool has_landlock = false;
    static struct plm_limits limits; /* out of the map, which other code may keep views of */
    struct plm_buf out = PLM_BUF(PLM_MIB(1)), head = PLM_BUF(PLM_MIB(1));
    int r = plm_fs_map_fd(fds[FD_JOB], "job", SIZE_MAX, &map, &e);
    if (r == 0 && (map.view.n < sizeof(limits) || n_fds < FD_FIRST + type->n_trees))
        r = plm_fail(&e, PLM_E_INTERNAL, "job of %zu bytes", map.view.n);
    struct plm_job_input in = {
        .limits = &limits, .fds = fds + FD_FIRST, .n_fds = n_fds - FD_FIRST, .out_fd = fds[FD_RESULT]};
    if (r == 0) {
        memcpy(&limits, map.view.p, sizeof(limits));
        in.rd = PLM_RD(plm_sv_from_off(map.view, sizeof(limits)));
        if (type->before)
            type->before(&in);
        struct plm_fence_options fence = {.trees = fds + FD_FIRST,
                                          .n_trees = type->n_trees,
                                          .cpu_seconds = limits.worker_seconds,
                                          .memory_bytes = limits.worker_memory};
        r = plm_fence_enter(&s->fences[type->fence], &fence, &has_landlock, &e);
    }
    if (r == 0)
        r = run_job(type, &in, &out, &e);
    if (!type->is_raw || r < 0) {
        plm_buf_byte(&head,
                     (unsigned char)((r < 0 ? RESULT_FAILED : 0) | (has_landlock ? 0 : RESULT_NO_LANDLOCK)));
        if (r < 0)
            put_failure(&head, e);
    }
    int sent = 0;
    if (type->tells_failure && r < 0 && n_fds > FD_FIRST)
        sent = plm_fs_write_all(fds[n_fds - 1], head.p, head.n, NULL);
    if (!type->is_raw)
        sent = plm_fs_write_all(fds[FD_RESULT], head.p, head.n, NULL);
    if (sent == 0 && r == 0)
        sent = plm_fs_write_all(fds[FD_RESULT], out.p, out.n, NULL);
    _exit(sent < 0 ? 2 : type->is_raw && r < 0 ? 3 : 0);
}

static void close_all(const int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
}

static void answer_status(int fd, int status)
{
    (void)!write(fd, &status, sizeof(status));
    close(fd);
}

static bool room_for_child(struct spawner *s)
{
    if (s->n < s->cap)
        return true;
    size_t cap = s->cap ? s->cap * 2 : 16;
    struct child *children = realloc(s->children, cap * sizeof(*children));
    if (children)
        s->children = children;
    struct pollfd *polls = realloc(s->polls, (cap + 2) * sizeof(*polls));
    if (polls)
        s->polls = polls;
    if (!children || !polls)
        return false;
    s->cap = cap;
    return true;
}

static void start_worker(struct spawner *s, uint32_t job, const int *fds, size_t n)
{
    pid_t pid = -1;
    if (job < PLM_JOB_COUNT_ && room_for_child(s) &&
        (s->fences[plm_job_type_get(job)->fence].filter ||
         plm_fence_compile(plm_job_type_get(job)->fence, &s->fences[plm_job_type_get(job)->fence], NULL) ==
             0))
        pid = fork();
    if (pid == 0) {
        close(s->sock);
        close(s->sigfd);
        for (size_t i = 0; i < s->n; i++)
            close(s->children[i].status_fd);
        close(fds[FD_STATUS]);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        worker_main(s, job, fds, n);
    }
    for (size_t i = 0; i < n; i++)
        if (i != FD_STATUS)
            close(fds[i]);
    if (pid < 0)
        answer_status(fds[FD_STATUS], -1);
    else
        s->children[s->n++] = (struct child){pid, fds[FD_STATUS]};
}

/* False when the main process is gone. */
static bool take_request(struct spawner *s)
{
    uint32_t job;
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int) * FDS_MAX)];
    } control;
    struct iovec io = {&job, sizeof(job)};
    struct msghdr msg = {
        .msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    ssize_t got = recvmsg(s->sock, &msg, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR)
        return true;
    if (got <= 0)
        return false;
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    if (!c || c->cmsg_type != SCM_RIGHTS)
        return true;
    int fds[FDS_MAX];
    size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(fds, CMSG_DATA(c), n * sizeof(int));
    if (n < FD_FIRST || got != (ssize_t)sizeof(job))
        close_all(fds, n);
    else
        start_worker(s, job, fds, n);
    return true;
}

static void reap(struct spawner *s)
{
    struct signalfd_siginfo info;
    (void)!read(s->sigfd, &info, sizeof(info));
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (size_t i = 0; i < s->n; i++)
            if (s->children[i].pid == pid) {
                answer_status(s->children[i].status_fd, status);
                s->children[i] = s->children[--s->n];
                break;
            }
}

static void spawner_main(int sock)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN); /* the terminal's ^C is the main process' business */
    prctl(PR_SET_NAME, "plimsoll-spawn");
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, NULL);
    struct spawner s = {.sock = sock, .sigfd = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (s.sigfd < 0 || !room_for_child(&s))
        _exit(1);
    for (;;) {
        s.polls[0] = (struct pollfd){.fd = s.sock, .events = POLLIN};
        s.polls[1] = (struct pollfd){.fd = s.sigfd, .events = POLLIN};
        for (size_t i = 0; i < s.n; i++)
            s.polls[2 + i] = (struct pollfd){.fd = s.children[i].status_fd};
        if (poll(s.polls, 2 + s.n, -1) < 0 && errno != EINTR)
            break;
        for (size_t i = 0; i < s.n; i++)
            if (s.polls[2 + i].revents & (POLLERR | POLLHUP))
                kill(s.children[i].pid, SIGKILL);
        if (s.polls[1].revents)
            reap(&s);
        else if (s.polls[0].revents && !take_request(&s))
            break;
    }
    for (size_t i = 0; i < s.n; i++)
        kill(s.children[i].pid, SIGKILL);
    _exit(0);
}

/* ---- in the main process ---------------------------------------------------------------------- */

static int start_locked(plm_err **err)
{
    if (spawner_socket >= 0)
        return 0;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return plm_fail_sys(err, "socket of the spawner");
    pid_t pid = fork();
    if (pid < 0) {
        int r = plm_fail_sys(err, "fork of the spawner");
        close(pair[0]);
        close(pair[1]);
        return r;
    }
    if (pid == 0) {
        /* Nothing of the main process stays open but standard error, for sanitizer reports. */
        int keep = fcntl(pair[1], F_DUPFD, 3);
        int sock = dup3(keep, 3, O_CLOEXEC);
        if (sock < 0 && keep != 3)
            _exit(1);
        close_range(4, ~0u, 0);
        close(0);
        close(1);
        spawner_main(3);
    }
    close(pair[1]);
    spawner_socket = pair[0];
    spawner_pid = pid;
    return 0;
}

int plm_spawner_start(plm_err **err)
{
    pthread_mutex_lock(&spawner_lock);
    int r = start_locked(err);
    pthread_mutex_unlock(&spawner_lock);
    return r;
}

void plm_spawner_stop(void)
{
    pthread_mutex_lock(&spawner_lock);
    if (spawner_socket >= 0)
        close(spawner_socket);
    if (spawner_pid > 0)
        while (waitpid(spawner_pid, NULL, 0) < 0 && errno == EINTR)
            ;
    spawner_socket = -1;
    spawner_pid = -1;
    pthread_mutex_unlock(&spawner_lock);
}

static int job_memfd(const struct plm_ctx *ctx, plm_sv bytes, plm_err **err)
{
    plm_auto_fd int fd = memfd_create("plimsoll-job", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return plm_fail_sys(err, "memory for a job");
    if (plm_fs_write_all(fd, ctx->limits, sizeof(*ctx->limits), err) < 0 ||
        plm_fs_write_all(fd, bytes.p, bytes.n, err) < 0)
        return -1;
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        return plm_fail_sys(err, "seal of a job");
    return plm_take_fd(fd);
}

static int send_request(uint32_t job, const int *fds, size_t n, plm_err **err)
{
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int) * FDS_MAX)];
    } control = {0};
    struct iovec io = {&job, sizeof(job)};
    struct msghdr msg = {.msg_iov = &io,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = CMSG_SPACE(sizeof(int) * n)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * n);
    memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
    ssize_t sent;
    do
        sent = sendmsg(spawner_socket, &msg, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? plm_fail_sys(err, "request to the spawner") : 0;
}

int plm_worker_start(const struct plm_ctx *ctx, enum plm_job job, plm_sv bytes, const int *fds, size_t n_fds,
                     struct plm_worker *out, plm_err **err)
{
    if (n_fds > PLM_WORKER_FDS_MAX)
        return plm_fail(err, PLM_E_INTERNAL, "%zu descriptors for a worker", n_fds);
    if (plm_spawner_start(err) < 0)
        return -1;
    plm_auto_fd int job_fd = job_memfd(ctx, bytes, err);
    if (job_fd < 0)
        return -1;
    int result[2], status[2];
    if (pipe2(result, O_CLOEXEC) < 0)
        return plm_fail_sys(err, "pipe of a worker");
    if (pipe2(status, O_CLOEXEC) < 0) {
        close_all(result, 2);
        return plm_fail_sys(err, "pipe of a worker");
    }
    (void)fcntl(result[0], F_SETPIPE_SZ,
                1 << 20); /* fewer turns for a large record; refused is slower, not wrong */
    int all[FDS_MAX] = {job_fd, result[1], status[1]};
    if (n_fds)
        memcpy(all + FD_FIRST, fds, n_fds * sizeof(int));
    int r = send_request((uint32_t)job, all, FD_FIRST + n_fds, err);
    close(result[1]);
    close(status[1]);
    if (r < 0) {
        close(result[0]);
        close(status[0]);
        return -1;
    }
    *out = (struct plm_worker){.result_fd = result[0], .status_fd = status[0]};
    return 0;
}

static int crashed(int status, const char *name, plm_err **err)
{
    if (WIFSIGNALED(status)) {
        int sig = WTERMSIG(status);
        const char *why = sig == SIGXCPU   ? "it used more processor time than limits.worker_seconds"
                          : sig == SIGSYS  ? "it made a system call outside its fence"
                          : sig == SIGKILL ? "it was killed"
                                           : strsignal(sig);
        return plm_fail_id(err, PLM_E_INTERNAL, "worker.crashed", "%s: the worker that read it died: %s",
                           name, why);
    }
    return plm_fail_id(err, PLM_E_INTERNAL, "worker.crashed",
                       "%s: the worker that read it ended with code %d", name,
                       WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static int job_failure(plm_sv answer, const char *name, plm_err **err)
{
    /* Ids are dotted words that outlive the error: those that a worker may report stand here. */
    static const char *const ids[] = {"layer.read",      "limit.bytes",    "limit.ratio", "image.not-found",
                                      "image.ambiguous", "image.platform", NULL};
    struct plm_rd rd = PLM_RD(answer);
    enum plm_code code = plm_rd_u8(&rd);
    plm_sv id = plm_rd_view(&rd), text = plm_rd_view(&rd), hint = plm_rd_view(&rd);
    if (rd.failed || code == 0 || code >= PLM_E_COUNT_)
        return plm_fail_id(err, PLM_E_INTERNAL, "worker.crashed", "%s: a worker's answer cannot be read",
                           name);
    size_t i = 0;
    while (ids[i] && !plm_sv_is(id, ids[i]))
        i++;
    bool is_named = plm_sv_starts(text, plm_sv_from(name)); /* parsers name their document themselves */
    int r = plm_fail_id(err, code, ids[i], "%s%s%.*s", is_named ? "" : name, is_named ? "" : ": ",
                        PLM_SV_ARG(text));
    if (hint.n)
        plm_err_hint(err, "%.*s", PLM_SV_ARG(hint));
    return r;
}

int plm_worker_wait(struct plm_worker *w, const char *name, plm_err **err)
{
    int status = -1;
    ssize_t got;
    do
        got = read(w->status_fd, &status, sizeof(status));
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof(status) || status == -1)
        return plm_fail_id(err, PLM_E_INTERNAL, "worker.crashed", "%s: no worker could be started for it",
                           name);
    w->is_broken_pipe = WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE;
    return status ? crashed(status, name, err) : 0;
}

int plm_worker_end(struct plm_worker *w, int memfd, const char *name, plm_err **err)
{
    plm_auto_done(plm_fs_map_done) struct plm_fs_map map = {0};
    plm_err *died = NULL;
    close(w->result_fd);
    w->result_fd = -1;
    int r = plm_worker_wait(w, name, &died);
    off_t told = lseek(memfd, 0, SEEK_END);
    if (told > 1) {
        plm_err_free(died);
        return plm_fs_map_fd(memfd, name, PLM_MIB(1), &map, err) < 0
                   ? -1
                   : job_failure(plm_sv_from_off(map.view, 1), name, err);
    }
    bool has_left = r < 0 && w->is_broken_pipe;
    if (r < 0 && !has_left)
        return plm_err_move(err, &died);
    plm_err_free(died);
    return 0;
}

int plm_worker_result(struct plm_worker *w, const char *name, size_t max, struct plm_buf *out, plm_err **err)
{
    size_t before = out->n;
    unsigned char flags = 0;
    ssize_t got;
    do
        got = read(w->result_fd, &flags, 1);
    while (got < 0 && errno == EINTR);
    if (got > 0 && plm_fs_read_fd(w->result_fd, name, max, out, err) < 0)
        return -1;
    if (plm_worker_wait(w, name, err) < 0)
        return -1;
    if (got <= 0)
        return plm_fail_id(err, PLM_E_INTERNAL, "worker.crashed", "%s: a worker gave no answer", name);
    w->has_landlock = !(flags & RESULT_NO_LANDLOCK);
    if (!(flags & RESULT_FAILED))
        return 0;
    int r = job_failure(plm_sv_from_off(plm_buf_sv(out), before), name, err);
    out->n = before;
    return r;
}

void plm_worker_done(struct plm_worker *w)
{
    if (w->result_fd >= 0)
        close(w->result_fd);
    if (w->status_fd >= 0)
        close(w->status_fd);
    *w = PLM_WORKER_NONE;
}
