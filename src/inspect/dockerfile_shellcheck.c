/* SPDX-License-Identifier: Apache-2.0
 *
 * RUN lines through the program shellcheck, where the user's PATH has it. One process judges all of them:
 * each text is a sealed memory file that it reads as /proc/self/fd/N; JSON comes back over a pipe, bounded in
 * size and time. It gets no configuration, no SHELLCHECK_OPTS and no -x, so that a text cannot make it read
 * other files. A script is "#!SHELL", a line that exports what the Dockerfile sets, then the text:
 * shellcheck's line 3 is the text's first. Whatever goes wrong is a diagnostic, and the tokenizer judges
 * instead.
 */
#include "inspect/dockerfile_rules_int.h"

#include "codec/json.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

enum { SCRIPTS_MAX = 200, FIRST_FD = 20, OUTPUT_MAX = 8 << 20, WAIT_MS = 30000 };

struct run {
    struct plm_df_rules *r;
    char *program;
    int out;              /* reading end of the pipe */
    int fds[SCRIPTS_MAX]; /* scripts */
    const struct plm_df_instr *of[SCRIPTS_MAX];
    size_t n;
};

static void run_done(struct run *x)
{
    for (size_t i = 0; i < x->n; i++)
        close(x->fds[i]);
    if (x->out >= 0)
        close(x->out);
    free(x->program);
}

/* From absolute directories of PATH only. */
static char *find_program(void)
{
    plm_sv rest = plm_sv_from(getenv("PATH")), dir;
    while (plm_sv_field(&rest, ':', &dir)) {
        plm_auto_free char *path = NULL;
        struct stat st;
        if (!dir.n || dir.p[0] != '/' || asprintf(&path, "%.*s/shellcheck", PLM_SV_ARG(dir)) < 0)
            continue;
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0)
            return plm_take(path);
    }
    return NULL;
}

static bool is_name(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c != '_' && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(i && c >= '0' && c <= '9'))
            return false;
    }
    return s.n != 0;
}

static void put_script(struct plm_buf *b, const struct plm_df_item *it, plm_sv text)
{
    static const char *const known[] = {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy",
                                        "FTP_PROXY",  "ftp_proxy",  "NO_PROXY",    "no_proxy"};
    plm_sv name = PLM_SV("/bin/sh");
    if (it->shell.n &&
        is_name(plm_sv_from_off(it->shell.v[0], plm_sv_starts(it->shell.v[0], PLM_SV("/bin/")) ? 5 : 0)))
        name = it->shell.v[0];
    plm_buf_printf(b, "#!%.*s\nexport", PLM_SV_ARG(name));
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        plm_buf_printf(b, " %s=1", known[i]);
    for (const struct plm_df_var *v = it->in->vars; v; v = v->next)
        if (v->name.p && is_name(v->name))
            plm_buf_printf(b, " %.*s=1", PLM_SV_ARG(v->name));
    plm_buf_byte(b, '\n');
    plm_buf_sv_put(b, text);
    plm_buf_byte(b, '\n');
}

/* A closed set of bytes, readable through a path. */
static int script_fd(plm_sv text)
{
    plm_auto_fd int fd = memfd_create("run", MFD_CLOEXEC);
    size_t at = 0;
    while (fd >= 0 && at < text.n) {
        ssize_t n = write(fd, text.p + at, text.n - at);
        if (n <= 0)
            return -1;
        at += (size_t)n;
    }
    return plm_take_fd(fd);
}

static bool script_add(struct run *x, const struct plm_df_item *it)
{
    plm_sv text = plm_df_shell_text(it->in, x->r->a);
    if (!text.p || !it->sh || it->in->is_json)
        return true;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    put_script(&b, it, text);
    int fd = b.failed ? -1 : script_fd(plm_buf_sv(&b));
    if (fd < 0)
        return false;
    x->of[x->n] = it->in;
    x->fds[x->n++] = fd;
    return true;
}

/* ---- the process ------------------------------------------------------------------------------------------
 */

static int spawn(struct run *x, pid_t *pid)
{
    char paths[SCRIPTS_MAX][32];
    char program[] = "shellcheck", norc[] = "--norc", format[] = "--format=json",
         exclude[] = "--exclude=2187,1090,1091", level[] = "--severity=style", lang[] = "LC_ALL=C.UTF-8",
         path_env[] = "PATH=/usr/bin:/bin";
    char *argv[SCRIPTS_MAX + 8] = {program, norc, format, exclude, level}, *env[] = {lang, path_env, NULL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    posix_spawn_file_actions_t acts;
    int e = posix_spawn_file_actions_init(&acts);
    if (!e)
        e = posix_spawn_file_actions_addopen(&acts, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!e)
        e = posix_spawn_file_actions_adddup2(&acts, ends[1], STDOUT_FILENO);
    if (!e)
        e = posix_spawn_file_actions_addopen(&acts, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    for (size_t i = 0; i < x->n && !e; i++) {
        /* scripts' own descriptors are made to lie above these (moved in collect) */
        (void)snprintf(paths[i], sizeof(paths[i]), "/proc/self/fd/%d", FIRST_FD + (int)i);
        e = posix_spawn_file_actions_adddup2(&acts, x->fds[i], FIRST_FD + (int)i);
        argv[5 + i] = paths[i];
    }
    if (!e)
        e = posix_spawn(pid, x->program, &acts, NULL, argv, env);
    posix_spawn_file_actions_destroy(&acts);
    close(ends[1]);
    x->out = ends[0];
    return e ? -1 : 0;
}

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* All that it says, or false: too much, or too late. */
static bool read_output(int fd, struct plm_buf *b)
{
    int64_t end = now_ms() + WAIT_MS;
    for (;;) {
        int64_t left = end - now_ms();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        char *to = ready > 0 ? plm_buf_reserve(b, 65536) : NULL;
        if (!to)
            return false;
        ssize_t n = read(fd, to, 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        b->n += (size_t)n;
    }
}

/* 0 and 1 (there are findings) are answers. */
static bool finish(pid_t pid, bool is_good)
{
    int status = 0;
    if (!is_good)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return is_good && WIFEXITED(status) && WEXITSTATUS(status) <= 1;
}

/* ---- what it says
 * ------------------------------------------------------------------------------------------ */

static enum plm_severity severity_of(plm_sv level)
{
    if (plm_sv_is(level, "error"))
        return PLM_SEV_HIGH;
    if (plm_sv_is(level, "warning"))
        return PLM_SEV_MEDIUM;
    return plm_sv_is(level, "info") ? PLM_SEV_LOW : PLM_SEV_NEGLIGIBLE;
}

static const struct plm_inspect_check *check_of(struct plm_arena *a, int64_t code, enum plm_severity severity)
{
    char *id = plm_arena_cstr(a, plm_arena_printf(a, "SC%lld", (long long)code));
    const struct plm_inspect_check *known = id ? plm_inspect_check_find(plm_sv_from(id)) : NULL;
    struct plm_inspect_check *own = known || !id ? NULL : plm_arena_make(a, struct plm_inspect_check);
    if (!own)
        return known;
    own->id = id;
    own->group = "dockerfile";
    own->severity = severity;
    own->title = "RUN lines are clean shell text";
    own->rationale = "shellcheck's finding";
    own->fix = "see shellcheck's page of this id";
    return own;
}

static void put_comment(struct run *x, yyjson_val *v)
{
    struct plm_arena *a = x->r->in->report->arena;
    plm_sv file = plm_json_str(v, "file", NULL), message = plm_json_str(v, "message", NULL);
    size_t slash = plm_sv_rfind(file, '/');
    uint64_t fd;
    if (slash == SIZE_MAX || !plm_sv_u64(plm_sv_from_off(file, slash + 1), &fd) || fd < FIRST_FD ||
        fd - FIRST_FD >= x->n)
        return;
    int64_t line = plm_json_int(v, "line", 0) - 2;
    plm_sv level = plm_arena_sv(a, plm_json_str(v, "level", NULL));
    char *word = plm_arena_cstr(a, level);
    const struct plm_inspect_check *check = check_of(a, plm_json_int(v, "code", 0), severity_of(level));
    if (line < 1 || !check || !word)
        return;
    plm_sv text =
        plm_arena_printf(a, "%.*s (shellcheck; line %lld of the command, column %lld)", PLM_SV_ARG(message),
                         (long long)line, (long long)plm_json_int(v, "column", 0));
    plm_df_report(x->r, check, check->id, word, severity_of(level), x->of[fd - FIRST_FD], text);
}

static bool put_comments(struct run *x, plm_sv output)
{
    plm_auto(plm_json_free) struct plm_json *doc =
        plm_json_parse(output, "shellcheck", &plm_limits_default, NULL);
    yyjson_val *root = doc ? plm_json_root(doc) : NULL, *v;
    size_t i, n;
    if (!yyjson_is_arr(root))
        return false;
    yyjson_arr_foreach(root, i, n, v)
    {
        put_comment(x, v);
    }
    return true;
}

static bool judge_batch(struct run *x)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(OUTPUT_MAX);
    pid_t pid;
    if (spawn(x, &pid) < 0)
        return false;
    bool is_good = read_output(x->out, &b);
    return finish(pid, is_good) && put_comments(x, plm_buf_sv(&b));
}

/* Descriptors above those that the child gets, so that a dup2 never overwrites one that is still to come. */
static bool lift(struct run *x)
{
    for (size_t i = 0; i < x->n; i++) {
        int up = fcntl(x->fds[i], F_DUPFD_CLOEXEC, FIRST_FD + SCRIPTS_MAX);
        if (up < 0)
            return false;
        close(x->fds[i]);
        x->fds[i] = up;
    }
    return true;
}

int plm_df_shell_checks(struct plm_df_rules *r, plm_err **err)
{
    struct run *x = plm_arena_make(r->a, struct run);
    if (!x)
        return plm_arena_check(r->a, err);
    *x = (struct run){.r = r, .out = -1, .program = r->opt->no_shellcheck ? NULL : find_program()};
    bool is_good = x->program != NULL, is_whole = true, has_any = false;
    PLM_DF_EACH(r, it)
    {
        has_any = has_any || it->sh;
        if (is_good && x->n == SCRIPTS_MAX)
            is_whole = false;
        else if (is_good)
            is_good = script_add(x, it);
    }
    if (is_good && x->n)
        is_good = lift(x) && judge_batch(x);
    if (!is_good && has_any)
        plm_df_shell_builtin(r);
    if (!is_good && x->program)
        plm_diag(r->in->report, "dockerfile.shellcheck", PLM_SEV_LOW, r->in->target, r->name,
                 "shellcheck gave no answer; the built-in shell checks judged");
    if (!is_whole)
        plm_diag(r->in->report, "dockerfile.shellcheck", PLM_SEV_LOW, r->in->target, r->name,
                 "shellcheck judged the first %d RUN lines only", SCRIPTS_MAX);
    run_done(x);
    return 0;
}
