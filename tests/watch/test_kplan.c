/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel's filter and the matcher against each other and against the plain evaluation of conditions:
 * an event that fires a rule passes the filter, and the matcher with its caches says what `explain` says.
 * Conditions, processes and events are made up; what the filter must drop is tested with known events.
 */
#include "eval_world.h"

#include "../base/skip.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const checks[] = {
    "evt.type in (open, openat, openat2)",
    "evt.type = connect",
    "evt.type != execve",
    "evt.type in (sendto, accept4, dup)",
    "evt.num = 0",
    "evt.num > 0",
    "evt.rawres >= 0",
    "evt.rawres in (0, 1, 2)",
    "evt.rawres < -1",
    "evt.res = SUCCESS",
    "evt.res != SUCCESS",
    "evt.res startswith E",
    "evt.res in (ENOENT, SUCCESS)",
    "evt.failed = true",
    "evt.is_open_read = true",
    "evt.is_open_write = true",
    "evt.is_open_write != true",
    "evt.is_open_exec = false",
    "evt.is_open_create = true",
    "evt.arg.flags contains O_CREAT",
    "evt.arg.flags contains \"O_TRUNC\"",
    "evt.arg.flags exists",
    "fd.num >= 0",
    "fd.num = -1",
    "fd.num < 4",
    "fd.name startswith /etc",
    "fd.name startswith /etc/",
    "fd.name startswith /",
    "fd.name = /etc/shadow",
    "fd.name in (/etc/shadow, something, /)",
    "fd.name endswith id_rsa",
    "fd.name endswith /environ",
    "fd.name endswith .ssh/id_rsa",
    "fd.name glob \"/home/*/.ssh/*\"",
    "fd.name glob \"/proc/*/environ\"",
    "fd.name glob \"/[er]*\"",
    "fd.name pmatch (/etc, /var/log, home)",
    "fd.name pmatch (/proc/*/environ)",
    "fd.name contains ssh",
    "fd.name startswith anyof (/dev, /root/)",
    "fd.name != /etc/shadow",
    "fd.directory = /etc",
    "fd.directory in (/, /etc, /root/.ssh)",
    "fd.directory startswith /etc",
    "fd.directory pmatch (/home)",
    "fd.filename in (shadow, environ, x)",
    "fd.filename endswith log",
    "fd.nameraw contains ../",
    "fd.nameraw glob *../*",
    "fd.nameraw startswith /",
    "fd.typechar = 4",
    "fd.typechar in (4, 6, f)",
    "fd.typechar != f",
    "fd.type in (ipv4, ipv6)",
    "fd.type = unix",
    "fd.sockfamily = ip",
    "fd.l4proto = tcp",
    "fd.l4proto != tcp",
    "fd.l4proto in (udp, tcp)",
    "fd.sport in (22, 53, 80)",
    "fd.port = 443",
    "fd.rport in (4444)",
    "fd.ip = 127.0.0.1",
    "fd.net != 127.0.0.0/8",
    "container.id = host",
    "container.id != host",
    "container.id in (host, 0123456789ab)",
    "proc.tty != 0",
    "proc.tty = 0",
    "proc.name = cat",
    "proc.name in (bash, tar)",
    "proc.pname = systemd",
    "proc.aname in (sshd)",
    "user.uid = 0",
    "proc.cmdline contains \"-c\"",
    "thread.cap_effective contains CAP_SYS_ADMIN",
};

static void condition(struct world *w, unsigned depth, struct plm_buf *out)
{
    uint32_t kind = depth ? pick(w, 5) : 0;
    if (kind < 2) {
        plm_buf_printf(out, "%s%s", pick(w, 4) ? "" : "not ", PICK(w, checks));
        return;
    }
    if (kind == 2)
        plm_buf_str(out, "not ");
    plm_buf_byte(out, '(');
    uint32_t n = 2 + pick(w, 3);
    const char *op = pick(w, 3) ? " and " : " or ";
    for (uint32_t i = 0; i < n; i++) {
        plm_buf_str(out, i ? op : "");
        condition(w, depth - 1, out);
    }
    plm_buf_byte(out, ')');
}

static void rule_texts(struct world *w, unsigned n, struct plm_buf *out)
{
    for (unsigned i = 0; i < n; i++) {
        plm_buf_printf(out, "- rule: r%u\n  desc: d\n  output: o\n  priority: INFO\n  condition: '", i);
        condition(w, 4, out);
        plm_buf_str(out, "'\n");
    }
    plm_buf_cstr(out);
}

struct engines {
    struct load load;
    struct plm_rule_matcher *matcher;
    struct plm_arena *arena;
    struct plm_kplan *plan;
};

static void engines_open(struct engines *e, const char *text)
{
    *e = (struct engines){.load = {.conf = {.match_all = true}}};
    load_texts(&e->load, text, NULL);
    if (!e->load.rules)
        print_message("%s\n", text);
    assert_non_null(e->load.rules);
    e->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    e->matcher = plm_rule_matcher_new(e->load.rules, NULL);
    e->plan = plm_kplan_make(e->load.rules, e->arena, NULL);
    assert_true(e->matcher && e->plan);
}

static void engines_close(struct engines *e)
{
    plm_rule_matcher_free(e->matcher);
    plm_arena_free(e->arena);
    load_done(&e->load);
}

static bool is_hit(const struct plm_rule **hits, size_t n, const struct plm_rule *r)
{
    for (size_t i = 0; i < n; i++)
        if (hits[i] == r)
            return true;
    return false;
}

/* Returns how many rules the event fired. */
static size_t judge(struct world *w, struct engines *e, bool *out_passes)
{
    const struct plm_rule *hits[PLM_HITS_MAX];
    struct plm_kmask mask;
    size_t n = plm_rule_matcher_run(e->matcher, &w->view, hits, PLM_HITS_MAX);
    plm_kplan_mask(e->plan, &w->view, &mask);
    *out_passes = plm_kfilter_passes(plm_kplan_filter(e->plan), &mask, &w->view);
    for (size_t i = 0; i < plm_rules_count(e->load.rules); i++) {
        const struct plm_rule *r = plm_rules_get(e->load.rules, i);
        struct plm_explained *rows;
        size_t n_rows;
        bool matched;
        if (!r->is_enabled)
            continue;
        assert_int_equal(
            plm_rule_matcher_explain(e->matcher, &w->view, r, w->arena, &rows, &n_rows, &matched, NULL), 0);
        bool ok = matched == is_hit(hits, n, r) && (!matched || *out_passes);
        if (!ok)
            print_message("rule: %.*s\nevent: %s res=%lld fd=%.*s raw=%.*s matched=%d hit=%d passes=%d\n",
                          PLM_SV_ARG(r->condition_text), w->event.type->name, (long long)w->event.res,
                          PLM_SV_ARG(w->event.fd.name), PLM_SV_ARG(w->event.fd.nameraw), matched,
                          is_hit(hits, n, r), *out_passes);
        assert_true(ok);
    }
    return n;
}

static void random_rules(struct world *w, unsigned rules, unsigned events, size_t *fired, size_t *dropped)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_MIB(4));
    struct engines e;
    rule_texts(w, rules, &text);
    engines_open(&e, text.p);
    for (unsigned i = 0; i < events; i++) {
        bool passes;
        if (i % 8 == 0)
            world_process(w);
        world_event(w);
        *fired += judge(w, &e, &passes);
        *dropped += !passes;
    }
    engines_close(&e);
}

static void matched_events_pass(void **state)
{
    (void)state;
    size_t fired = 0, dropped = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        plm_auto_done(world_close) struct world w;
        world_open(&w, seed);
        random_rules(&w, 1 + pick(&w, 4), 300, &fired, &dropped);
    }
    assert_true(fired > 1000 && dropped > 1000); /* both happen, so both were tested */
}

/* More clauses than bits. */
static void shared_bits_pass(void **state)
{
    (void)state;
    size_t fired = 0, dropped = 0;
    for (uint64_t seed = 1000; seed < 1003; seed++) {
        plm_auto_done(world_close) struct world w;
        world_open(&w, seed);
        random_rules(&w, 250, 60, &fired, &dropped);
    }
    assert_true(fired > 100);
}

/* ---- what must be dropped ---------------------------------------------------------------------------- */

/* A file of the packed official rules in ../shared, or NULL. */
static char *read_official(const char *name)
{
    const char *shared = getenv("PLIMSOLL_SHARED");
    plm_auto_done(plm_buf_done) struct plm_buf archive = PLM_BUF(PLM_KIB(8)), member = PLM_BUF(PLM_KIB(1));
    plm_buf_printf(&archive, "%s/data/falco-rules.tar.zst", shared ? shared : "../shared");
    plm_buf_printf(&member, "falco-rules/%s", name);
    char *argv[] = {(char[]){"tar"},        (char[]){"--zstd"},    (char[]){"-xOf"},
                    plm_buf_cstr(&archive), plm_buf_cstr(&member), NULL};
    int ends[2], status;
    if (access(argv[3], R_OK) < 0)
        return NULL;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(ends[1]);
    char *p = calloc(1, 1 << 20);
    size_t n = 0;
    for (ssize_t got; p && n + 1 < 1 << 20 && (got = read(ends[0], p + n, (1 << 20) - 1 - n)) > 0;)
        n += (size_t)got;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return p;
}

static void set_open(struct world *w, const char *path, const char *raw, int flags, int64_t res)
{
    world_event(w);
    w->event = (struct plm_event){.num = 1, .ts = 1, .tid = 200, .pid = 200, .has_res = true, .res = res};
    w->event.type = plm_evtype_find(PLM_SV("openat"));
    w->event.n_params = w->event.type->n_params;
    w->event.has_fd = true;
    w->event.fd = (struct plm_fdinfo){.num = res,
                                      .type = res < 0 ? PLM_FD_UNKNOWN : PLM_FD_FILE,
                                      .name = plm_sv_from(path),
                                      .nameraw = plm_sv_from(raw),
                                      .open_flags = (uint32_t)flags};
    world_param(w, "flags")->u = (uint64_t)flags;
    world_param(w, "name")->s = plm_sv_from(raw);
}

static bool passes(struct world *w, struct engines *e)
{
    struct plm_kmask mask;
    plm_kplan_mask(e->plan, &w->view, &mask);
    return plm_kfilter_passes(plm_kplan_filter(e->plan), &mask, &w->view);
}

/* Rules of the shape that the official files have: macros with the flags of open and paths in several forms.
 */
static const char opens[] =
    "- macro: open_read\n"
    "  condition: (evt.type in (open,openat,openat2) and evt.is_open_read=true and fd.typechar='f' and "
    "fd.num>=0)\n"
    "- rule: read\n  desc: d\n  output: o\n  priority: INFO\n"
    "  condition: open_read and (fd.name in (/etc/shadow, /etc/sudoers) or fd.directory in (/etc/pam.d)) and "
    "not proc.name in (sshd, dpkg) and not (proc.pname=x and fd.name=/etc/shadow)\n"
    "- rule: dots\n  desc: d\n  output: o\n  priority: INFO\n"
    "  condition: open_read and (fd.name startswith /etc or fd.name contains id_rsa) and fd.nameraw contains "
    "'../'\n"
    "- rule: never\n  desc: d\n  output: o\n  priority: INFO\n"
    "  condition: evt.type = read and evt.num = 0\n";

static void ordinary_opens_are_dropped(void **state)
{
    (void)state;
    plm_auto_done(world_close) struct world w;
    struct engines e;
    world_open(&w, 1);
    engines_open(&e, opens);
    w.thread = plm_procs_find(w.procs, 200);
    set_open(&w, "/etc/shadow", "/etc/shadow", O_RDONLY, 3);
    assert_true(passes(&w, &e));
    set_open(&w, "/etc/pam.d/su", "su", O_RDWR, 3);
    assert_true(passes(&w, &e));
    set_open(&w, "/etc/hosts", "/x/../etc/hosts", O_RDONLY, 3);
    assert_true(passes(&w, &e));
    set_open(&w, "/etc/hosts", "/etc/hosts", O_RDONLY, 3);
    assert_false(passes(&w, &e));
    set_open(&w, "/usr/lib/libc.so.6", "/lib/libc.so.6", O_RDONLY, 3);
    assert_false(passes(&w, &e));
    set_open(&w, "/etc/shadow", "/etc/shadow", O_WRONLY, 3);
    assert_false(passes(&w, &e));
    set_open(&w, "/etc/shadow", "/etc/shadow", O_RDONLY, -ENOENT);
    assert_false(passes(&w, &e));
    world_task(&w, 200, 100, "dpkg", 0, 0); /* a process that the rule leaves out */
    set_open(&w, "/etc/shadow", "/etc/shadow", O_RDONLY, 3);
    assert_false(passes(&w, &e));
    const struct plm_kfilter *f = plm_kplan_filter(e.plan);
    static const struct plm_kmask none;
    assert_memory_equal(&f->event[plm_evtype_find(PLM_SV("read"))->id], &none, sizeof none);
    engines_close(&e);
}

/* The official rules over made-up events, and the calls that no rule wants. */
static void official_rules(void **state)
{
    (void)state;
    static const char *const names[] = {"falco_rules.yaml", "falco-incubating_rules.yaml",
                                        "falco-sandbox_rules.yaml"};
    char *text[3] = {0};
    for (size_t i = 0; i < 3; i++)
        text[i] = read_official(names[i]);
    if (!text[0] || !text[1] || !text[2])
        plm_test_skip("../shared is not here: the official rule files are not judged");
    struct engines e = {.load = {.conf = {.match_all = true}}};
    load_texts(&e.load, text[0], text[1], text[2], NULL);
    assert_non_null(e.load.rules);
    e.arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    e.matcher = plm_rule_matcher_new(e.load.rules, NULL);
    e.plan = plm_kplan_make(e.load.rules, e.arena, NULL);
    assert_true(e.matcher && e.plan);
    const struct plm_kfilter *f = plm_kplan_filter(e.plan);
    static const struct plm_kmask none;
    static const char *const unwanted[] = {"read", "close", "getppid", "write", "mmap"};
    for (size_t i = 0; i < 5; i++)
        assert_memory_equal(&f->event[plm_evtype_find(plm_sv_from(unwanted[i]))->id], &none, sizeof none);
    plm_auto_done(world_close) struct world w;
    world_open(&w, 7);
    for (unsigned i = 0; i < 4000; i++) {
        bool ignored;
        if (i % 8 == 0)
            world_process(&w);
        world_event(&w);
        judge(&w, &e, &ignored);
    }
    for (unsigned i = 0; i < 3; i++)
        free(text[i]);
    engines_close(&e);
}

/* fd.num = -1 and fd.typechar = f hold for an open that failed. */
static void a_failed_open_is_seen(void **state)
{
    (void)state;
    plm_auto_done(world_close) struct world w;
    struct engines e;
    const struct plm_rule *hits[2];
    world_open(&w, 1);
    engines_open(&e, RULE("failed",
                          "evt.type in (open,openat,openat2) and fd.typechar='f' and fd.num=-1 and evt.res "
                          "startswith E and fd.nameraw contains '../'"));
    w.thread = plm_procs_find(w.procs, 200);
    set_open(&w, "/etc/shadow", "../etc/shadow", O_RDONLY, -EACCES);
    assert_true(passes(&w, &e));
    assert_int_equal(plm_rule_matcher_run(e.matcher, &w.view, hits, 2), 1);
    set_open(&w, "/etc/shadow", "../etc/shadow", O_RDONLY, 3);
    assert_false(passes(&w, &e));
    assert_int_equal(plm_rule_matcher_run(e.matcher, &w.view, hits, 2), 0);
    engines_close(&e);
}

static void explained(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    struct engines e;
    engines_open(&e, opens);
    plm_kplan_explain(e.plan, &b);
    assert_non_null(plm_buf_cstr(&b));
    assert_non_null(strstr(b.p, "read; no ip socket; no unix socket; path /etc/shadow, /etc/sudoers, "
                                "/etc/pam.d/<file>; process: 1 test"));
    assert_non_null(strstr(b.p, "path with .."));
    assert_non_null(strstr(b.p, "never\n    no event can meet it\n"));
    engines_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matched_events_pass),        cmocka_unit_test(shared_bits_pass),
        cmocka_unit_test(ordinary_opens_are_dropped), cmocka_unit_test(official_rules),
        cmocka_unit_test(a_failed_open_is_seen),      cmocka_unit_test(explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
