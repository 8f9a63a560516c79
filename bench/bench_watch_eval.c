/* SPDX-License-Identifier: Apache-2.0
 *
 * Cost of rules on events, in this process, without a kernel:
 *
 *     bench-watch-eval EVENTS FILE...
 *
 * Prints, in processor time, milliseconds of loading the files, of compiling the matcher and of the kernel's
 * filter, then nanoseconds of one mask of a process and of one wanted event (opens for writing, sensitive
 * reads, connects and unlinks of 64 processes, all rules evaluated without the kernel's filter before them).
 */
#include "watch/kfilter.h"
#include "watch/watch.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <time.h>

enum { PROCESSES = 64 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* others may use the machine */
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static struct plm_param *param(struct plm_event *e, const char *name)
{
    int at = plm_evtype_param(e->type, plm_sv_from(name));
    if (at < 0)
        return NULL;
    e->params[at].is_present = true;
    return &e->params[at];
}

static int put_process(struct plm_procs *p, int32_t pid, plm_err **err)
{
    static const char *const names[] = {"python3", "nginx", "bash", "dockerd", "postgres", "cc1"};
    struct plm_task_info t = {
        .tid = pid, .pid = pid, .ptid = pid > 1000 ? 1000 : 1, .vtid = pid, .vpid = pid};
    t.sid = t.pgid = t.vpgid = pid;
    t.uid = (uint32_t)pid % 2 * 1000;
    t.comm = t.exe = plm_sv_from(names[(size_t)pid % (sizeof names / sizeof *names)]);
    t.args = PLM_SV("-m\0http.server\0--bind\0localhost");
    t.exepath = PLM_SV("/usr/bin/program");
    t.cwd = PLM_SV("/srv/");
    return plm_procs_put(p, &t, err);
}

static void make_open(struct plm_event *e, plm_sv path, int flags)
{
    e->type = plm_evtype_find(PLM_SV("openat"));
    e->n_params = e->type->n_params;
    e->has_fd = true;
    e->fd = (struct plm_fdinfo){.num = 3, .type = PLM_FD_FILE, .name = path, .nameraw = path};
    param(e, "flags")->u = (uint64_t)flags;
    param(e, "name")->s = path;
}

static void make_connect(struct plm_event *e)
{
    e->type = plm_evtype_find(PLM_SV("connect"));
    e->n_params = e->type->n_params;
    e->has_fd = true;
    e->fd = (struct plm_fdinfo){.num = 3, .type = PLM_FD_IPV4, .l4 = IPPROTO_TCP};
    e->fd.name = PLM_SV("10.0.0.1:50000->93.184.216.34:443");
    e->fd.lip = e->fd.addr.sip = (struct plm_ip){4, {10, 0, 0, 1}};
    e->fd.rip = e->fd.addr.dip = (struct plm_ip){4, {93, 184, 216, 34}};
    e->fd.rport = e->fd.addr.dport = 443;
    e->fd.addr.family = 4;
}

static void make_unlink(struct plm_event *e)
{
    e->type = plm_evtype_find(PLM_SV("unlinkat"));
    e->n_params = e->type->n_params;
    param(e, "name")->s = PLM_SV("/var/lib/app/cache.tmp");
}

static void make_event(struct plm_event *e, uint64_t n)
{
    *e = (struct plm_event){.num = n + 1, .ts = n, .has_res = true, .res = 3};
    e->tid = e->pid = (int32_t)(1001 + n % PROCESSES);
    switch (n % 4) {
    case 0:
        make_open(e, PLM_SV("/var/lib/app/data.db"), O_RDWR | O_CREAT);
        break;
    case 1:
        make_open(e, PLM_SV("/etc/pam.d/common-auth"), O_RDONLY);
        break;
    case 2:
        make_connect(e);
        break;
    default:
        make_unlink(e);
    }
}

static int run(struct plm_rules *rules, uint64_t n_events, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_ARENA_NO_LIMIT);
    double start = now_ms();
    plm_auto(plm_rule_matcher_free) struct plm_rule_matcher *m = plm_rule_matcher_new(rules, err);
    double compiled = now_ms();
    struct plm_kplan *plan = a && m ? plm_kplan_make(rules, a, err) : NULL;
    struct plm_procs_config conf = {.drop_cache = plm_rule_matcher_drop_cache};
    printf("matcher %.2f ms, filter %.2f ms\n", compiled - start, now_ms() - compiled);
    plm_auto(plm_procs_free) struct plm_procs *procs = plan ? plm_procs_new(&conf, err) : NULL;
    if (!procs || !scratch)
        return -1;
    for (int32_t i = 0; i <= PROCESSES; i++)
        if (put_process(procs, 1000 + i, err) < 0)
            return -1;
    struct plm_event e;
    struct plm_view view = {.event = &e, .procs = procs, .arena = scratch};
    const struct plm_rule *hits[PLM_HITS_MAX];
    struct plm_kmask mask;
    uint64_t n_hits = 0;
    start = now_ms();
    for (uint64_t i = 0; i < n_events / 100; i++) {
        view.thread = plm_procs_find(procs, (int32_t)(1001 + i % PROCESSES));
        plm_kplan_mask(plan, &view, &mask);
        plm_arena_reset(scratch);
    }
    printf("mask %.0f ns\n", (now_ms() - start) * 1e6 / (double)(n_events / 100 + 1));
    start = now_ms();
    for (uint64_t i = 0; i < n_events; i++) {
        make_event(&e, i);
        view.thread = plm_procs_find(procs, e.tid);
        n_hits += plm_rule_matcher_run(m, &view, hits, PLM_HITS_MAX);
        plm_arena_reset(scratch);
    }
    printf("event %.0f ns, %llu hits\n", (now_ms() - start) * 1e6 / (double)n_events,
           (unsigned long long)n_hits);
    return 0;
}

int main(int argc, char **argv)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_err *err = NULL;
    uint64_t n_events;
    plm_sv files[16];
    size_t n = 0;
    if (argc < 3 || argc > 18 || !plm_sv_u64(plm_sv_from(argv[1]), &n_events) || !n_events)
        return 2;
    for (int i = 2; i < argc; i++)
        files[n++] = plm_sv_from(argv[i]);
    struct plm_rules_config conf = {
        .files = files, .n_files = n, .min_priority = PLM_PRIO_DEBUG, .match_all = true};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    double start = now_ms();
    plm_auto(plm_rules_unref) struct plm_rules *rules = a ? plm_rules_load(&ctx, &conf, a, NULL, &err) : NULL;
    printf("load %.2f ms\n", now_ms() - start);
    int rc = rules ? run(rules, n_events, &err) : -1;
    if (rc < 0)
        fprintf(stderr, "%s\n", err ? err->message : "failed");
    plm_err_free(err);
    return rc < 0;
}
