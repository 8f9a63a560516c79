/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel as a source of events (source.h): loads and attaches the programs of bpf/ through the module,
 * reads their rings in the order of time, counts what was lost and scans the tasks again when processes are
 * among it.
 *
 * Waking: the kernel wakes us at most every WAKE_NS per ring and processor. After a pass that found something
 * a timer brings us back once more, so what came without waking waits at most a millisecond; when nothing
 * happens nothing runs.
 */
#include "watch/sensor_int.h"

#include "base/cleanup.h"
#include "watch/field.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <unistd.h>

enum {
    RING_BYTES = 2 << 20, /* some 15 ms of 300,000 events a second */
    PROCESS_RING_BYTES = 256 << 10,
    WAKE_NS = 500000,
    LOOK_AGAIN_NS = 1000000,
    LOSS_EVERY = 4096, /* records between two looks at the counters */
    CPUS_MAX = 1024,
};

struct seen { /* the state of a task that was handed out last */
    uint64_t gen;
    uint32_t tid;
};

struct sensor {
    struct plm_source base;
    const struct plm_bpf_ops *ops;
    struct plm_bpf *bpf;
    struct plm_rings rings;
    struct plm_sensor_maps maps;
    struct plm_decoder *decoder;
    struct plm_scan scan;
    struct seen *seen; /* PLM_WIRE_SLOTS */
    int epoll, timer;
    bool has_found; /* something since the last NONE */
    bool wants_resync, is_scanning;
    unsigned until_loss;
    uint64_t n_events, reported[PLM_LOSS_COUNT_];
    struct plm_bpf_conf conf;
};

/* What is not seen where the kernel refuses a program. */
static const struct {
    const char *name, *what;
} programs[] = {
    {"sys_exit", "system calls"},
    {"sched_process_exec", "new programs"},
    {"sched_process_fork", "new processes until they execute something"},
    {"sched_process_exit", "ends of processes"},
    {"scan_task", "processes that were there before the start"},
    {"io_uring_submit_req", "operations submitted through io_uring"},
};

static const char *what_of(const char *name)
{
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        if (!strcmp(programs[i].name, name))
            return programs[i].what;
    return "";
}

/* ---- losses
 * ------------------------------------------------------------------------------------------------ */

static void lost_sum(const struct sensor *s, uint64_t out[PLM_LOSS_COUNT_])
{
    for (unsigned c = 0; c < PLM_LOSS_COUNT_; c++) {
        out[c] = 0;
        for (unsigned i = 0; i < s->maps.n_cpus; i++)
            out[c] += __atomic_load_n(&s->maps.stats[i].lost[c], __ATOMIC_RELAXED);
    }
}

static bool has_lost(struct sensor *s, struct plm_item *out)
{
    uint64_t now[PLM_LOSS_COUNT_], any = 0;
    lost_sum(s, now);
    for (unsigned c = 0; c < PLM_LOSS_COUNT_; c++) {
        out->loss.n[c] = now[c] - s->reported[c];
        any |= out->loss.n[c];
        s->reported[c] = now[c];
    }
    if (!any)
        return false;
    out->kind = PLM_ITEM_LOSS;
    out->loss.must_resync = out->loss.n[PLM_LOSS_PROCESS] > 0;
    if (out->loss.must_resync)
        s->wants_resync = true;
    return true;
}

/* ---- items
 * ------------------------------------------------------------------------------------------------- */

static int scan_start(struct sensor *s, plm_err **err)
{
    int fd = s->ops->scan(s->bpf);
    if (fd < 0) {
        errno = -fd;
        return plm_fail_sys(err, "starting the task iterator");
    }
    plm_scan_begin(&s->scan, fd, s->maps.conf->needs & PLM_NEED_ENV);
    s->is_scanning = true;
    return 0;
}

/* Remembers which state of the task the receiver of this record knows. */
static void note(struct sensor *s, plm_sv record)
{
    struct plm_wire_head h;
    memcpy(&h, record.p, sizeof(h));
    if (!h.gen || h.kind == PLM_WIRE_EXIT)
        return;
    struct seen *e = &s->seen[(uint32_t)h.tid & (PLM_WIRE_SLOTS - 1)];
    e->gen = h.gen;
    e->tid = (uint32_t)h.tid;
}

static int next_scanned(struct sensor *s, struct plm_item *out, plm_err **err)
{
    plm_sv record;
    int r = plm_scan_next(&s->scan, &record, err);
    if (r < 0)
        return plm_wrap(err, "scanning processes");
    if (r == 0) {
        plm_scan_done(&s->scan);
        s->is_scanning = false;
        out->kind = PLM_ITEM_SCAN_DONE;
        return 0;
    }
    note(s, record);
    return plm_decode(s->decoder, record, out, err);
}

/* Nothing now: clears what woke us and says when to look again. */
static void rest(struct sensor *s, uint64_t wait)
{
    struct epoll_event events[16];
    while (epoll_wait(s->epoll, events, 16, 0) == 16)
        continue;
    uint64_t ns = s->has_found ? LOOK_AGAIN_NS : 0;
    if (wait && (!ns || wait < ns))
        ns = wait;
    s->has_found = false;
    if (!ns)
        return;
    struct itimerspec t = {.it_value = {.tv_nsec = (long)ns}};
    timerfd_settime(s->timer, 0, &t, NULL);
}

static int sensor_next(struct plm_source *base, struct plm_item *out, plm_err **err)
{
    struct sensor *s = (struct sensor *)base;
    for (bool has_rested = false;;) {
        *out = (struct plm_item){.kind = PLM_ITEM_NONE};
        if (s->is_scanning) {
            if (next_scanned(s, out, err) < 0)
                return -1;
            if (out->kind != PLM_ITEM_NONE)
                return 0;
            continue;
        }
        if (s->until_loss-- == 0) {
            s->until_loss = LOSS_EVERY;
            if (has_lost(s, out))
                return 0;
        }
        plm_sv record;
        uint64_t wait;
        if (plm_rings_next(&s->rings, &record, &wait)) {
            s->has_found = true;
            has_rested = false;
            note(s, record);
            if (plm_decode(s->decoder, record, out, err) < 0)
                return plm_wrap(err, "record of the kernel");
            if (out->kind == PLM_ITEM_NONE)
                continue;
            s->n_events++;
            return 0;
        }
        if (!has_rested) { /* what came before the marks were cleared is looked for once more */
            s->until_loss = LOSS_EVERY;
            if (has_lost(s, out))
                return 0;
            rest(s, wait);
            has_rested = true;
            continue;
        }
        if (!s->wants_resync)
            return 0;
        s->wants_resync = false;
        if (scan_start(s, err) < 0)
            return -1;
    }
}

static int sensor_fd(struct plm_source *base)
{
    return ((struct sensor *)base)->epoll;
}

static int sensor_set_filter(struct plm_source *base, const struct plm_kfilter *f, plm_err **err)
{
    return plm_sensor_filter_put(&((struct sensor *)base)->maps, f, err);
}

static void sensor_set_mask(struct plm_source *base, const struct plm_thread *t, const struct plm_kmask *mask)
{
    struct sensor *s = (struct sensor *)base;
    uint32_t tid = (uint32_t)t->info.tid, i = tid & (PLM_WIRE_SLOTS - 1);
    struct plm_wire_slot *slot = &s->maps.slots[i];
    const struct seen *e = &s->seen[i];
    if (e->tid != tid || __atomic_load_n(&slot->tid, __ATOMIC_RELAXED) != tid ||
        __atomic_load_n(&slot->gen, __ATOMIC_RELAXED) != e->gen)
        return; /* it has changed since: what comes next says how */
    __atomic_store_n(&slot->mask_gen, 0, __ATOMIC_SEQ_CST);
    for (unsigned w = 0; w < PLM_WIRE_WORDS; w++)
        __atomic_store_n(&slot->mask[w], mask->w[w], __ATOMIC_RELAXED);
    __atomic_store_n(&slot->flags, t->container ? PLM_WIRE_SLOT_CONTAINER : 0, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->mask_gen, e->gen + s->maps.conf->epoch, __ATOMIC_SEQ_CST);
}

static void sensor_stats(struct plm_source *base, struct plm_source_stats *out)
{
    struct sensor *s = (struct sensor *)base;
    *out = (struct plm_source_stats){.n_events = s->n_events, .ring_peak = s->rings.peak};
    lost_sum(s, out->n_lost);
    for (unsigned i = 0; i < s->maps.n_cpus; i++) {
        out->n_seen += s->maps.stats[i].seen;
        out->n_wanted += s->maps.stats[i].wanted;
        out->n_irrelevant += s->maps.stats[i].irrelevant;
    }
    out->ring_bytes = (uint64_t)s->conf.n_cpus * (s->conf.ring_bytes + s->conf.process_ring_bytes);
}

static void unmap(void *p, size_t n)
{
    if (p && p != MAP_FAILED)
        munmap(p, n);
}

static size_t stats_bytes(unsigned n_cpus)
{
    return n_cpus * sizeof(struct plm_wire_stats);
}

static void sensor_close(struct plm_source *base)
{
    struct sensor *s = (struct sensor *)base;
    plm_scan_done(&s->scan);
    plm_rings_done(&s->rings);
    unmap(s->maps.conf, sizeof(*s->maps.conf));
    unmap(s->maps.slots, PLM_WIRE_SLOTS * sizeof(*s->maps.slots));
    unmap(s->maps.stats, stats_bytes(s->maps.n_cpus));
    if (s->bpf)
        s->ops->close(s->bpf);
    plm_decoder_free(s->decoder);
    if (s->epoll >= 0)
        close(s->epoll);
    if (s->timer >= 0)
        close(s->timer);
    free(s->seen);
    free(s);
}

static const struct plm_source_ops ops = {
    .next = sensor_next,
    .fd = sensor_fd,
    .set_filter = sensor_set_filter,
    .set_mask = sensor_set_mask,
    .stats = sensor_stats,
    .close = sensor_close,
};

/* ---- opening
 * ----------------------------------------------------------------------------------------------- */

static void file_close(FILE *f)
{
    fclose(f);
}
PLM_CLEANUP(FILE, file_close)

static bool has_capability(unsigned number)
{
    plm_auto(file_close) FILE *f = fopen("/proc/self/status", "re");
    char line[256];
    unsigned long long mask = 0;
    while (f && fgets(line, sizeof(line), f))
        if (!strncmp(line, "CapEff:", 7))
            mask = strtoull(line + 7, NULL, 16);
    return mask >> number & 1;
}

/* Why loading failed, in terms of what somebody can change. */
static int explain(int error, const char *why, plm_err **err)
{
    enum { CAP_SYS_ADMIN_ = 21, CAP_PERFMON_ = 38, CAP_BPF_ = 39 };
    if (error == EPERM || error == EACCES) {
        bool is_admin = has_capability(CAP_SYS_ADMIN_);
        bool lacks_bpf = !is_admin && !has_capability(CAP_BPF_);
        bool lacks_perfmon = !is_admin && !has_capability(CAP_PERFMON_);
        if (lacks_bpf || lacks_perfmon)
            return plm_fail_id(err, PLM_E_AUTH, "watch.capability", "the kernel sensor needs %s%s%s",
                               lacks_bpf ? "CAP_BPF" : "", lacks_bpf && lacks_perfmon ? " and " : "",
                               lacks_perfmon ? "CAP_PERFMON" : "");
        return plm_fail_id(err, PLM_E_UNSUPPORTED, "watch.kernel",
                           "the kernel refuses the sensor's programs: %s", why);
    }
    if (error == ENOMEM)
        return plm_fail_oom(err);
    return plm_fail_id(err, PLM_E_UNSUPPORTED, "watch.kernel", "the kernel cannot run the sensor: %s", why);
}

static int check_kernel(plm_err **err)
{
    struct utsname u;
    if (uname(&u) < 0)
        return plm_fail_sys(err, "uname");
    char *end;
    unsigned long major = strtoul(u.release, &end, 10);
    unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    if (major < 5 || (major == 5 && minor < 10))
        return plm_fail_id(err, PLM_E_UNSUPPORTED, "watch.kernel",
                           "kernel %s is too old for the sensor: 5.10 is the oldest", u.release);
    if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
        return plm_fail_id(
            err, PLM_E_UNSUPPORTED, "watch.btf",
            "kernel %s has no type information (/sys/kernel/btf/vmlinux, CONFIG_DEBUG_INFO_BTF)", u.release);
    return 0;
}

/* Processors that may ever come online. */
static unsigned processors(void)
{
    plm_auto(file_close) FILE *f = fopen("/sys/devices/system/cpu/possible", "re");
    char line[256] = "";
    long last = -1;
    if (f && fgets(line, sizeof(line), f)) {
        const char *p = line;
        for (const char *q = line; *q; q++)
            if (*q == '-' || *q == ',')
                p = q + 1;
        last = (long)strtoul(p, NULL, 10);
    }
    if (last < 0)
        last = get_nprocs_conf() - 1;
    return last < 0 ? 1 : last >= CPUS_MAX ? CPUS_MAX : (unsigned)last + 1;
}

static uint32_t ring_size(size_t wanted, size_t usual)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = page;
    size_t want = wanted ? wanted : usual;
    while (n < want && n < PLM_MIB(256))
        n *= 2;
    return (uint32_t)n;
}

static void *map_map(int fd, size_t bytes)
{
    void *p = fd < 0 ? MAP_FAILED : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

static int maps_open(struct sensor *s, plm_err **err)
{
    struct plm_sensor_maps *m = &s->maps;
    m->n_cpus = s->conf.n_cpus;
    m->calls = s->ops->map_fd(s->bpf, "calls");
    m->paths = s->ops->map_fd(s->bpf, "paths");
    m->names = s->ops->map_fd(s->bpf, "names");
    m->ports = s->ops->map_fd(s->bpf, "ports");
    m->rings = s->ops->map_fd(s->bpf, "rings");
    m->ring0 = s->ops->ring_fd(s->bpf, 0);
    m->conf = map_map(s->ops->map_fd(s->bpf, ".bss"), sizeof(*m->conf));
    m->slots = map_map(s->ops->map_fd(s->bpf, "slots"), PLM_WIRE_SLOTS * sizeof(*m->slots));
    m->stats = map_map(s->ops->map_fd(s->bpf, "stats"), stats_bytes(m->n_cpus));
    if (!m->conf || !m->slots || !m->stats)
        return plm_fail_sys(err, "mapping the sensor's maps");
    plm_sensor_compat(m->conf->compat);
    m->conf->needs = m->needs;
    m->conf->self = (uint32_t)getpid();
    m->conf->page_kb = (uint32_t)(sysconf(_SC_PAGESIZE) / 1024);
    m->conf->wake_ns = WAKE_NS;
    m->conf->n_cpus = m->n_cpus;
    return 0;
}

static int wait_open(struct sensor *s, plm_err **err)
{
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (s->epoll < 0 || s->timer < 0)
        return plm_fail_sys(err, "waiting for the sensor");
    struct epoll_event e = {.events = EPOLLIN | EPOLLET};
    int r = epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->timer, &e);
    for (unsigned i = 0; !r && i < 2 * s->conf.n_cpus; i++)
        r = epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->ops->ring_fd(s->bpf, i), &e);
    return r ? plm_fail_sys(err, "waiting for the sensor") : 0;
}

/* Attaches, sys_exit last: what it sees should find the process table's programs at work. */
static int attach_all(struct sensor *s, plm_err **err)
{
    const struct plm_bpf_program *p;
    int needed = -1;
    for (unsigned i = 0; (p = s->ops->program(s->bpf, i)); i++) {
        if (p->is_needed)
            needed = (int)i;
        else if (p->is_loaded)
            (void)s->ops->attach(s->bpf, i); /* a part that is missing: said through parts */
    }
    if (needed < 0)
        return plm_fail(err, PLM_E_INTERNAL, "the sensor's object has no sys_exit program");
    int r = s->ops->attach(s->bpf, (unsigned)needed);
    return r < 0 ? explain(-r, s->ops->program(s->bpf, (unsigned)needed)->why, err) : 0;
}

static int parts_make(struct sensor *s, struct plm_arena *a, struct plm_sensor_part **out, size_t *out_n,
                      plm_err **err)
{
    size_t n = 0;
    while (s->ops->program(s->bpf, (unsigned)n))
        n++;
    struct plm_sensor_part *parts = plm_arena_array(a, n, sizeof(struct plm_sensor_part));
    if (!parts)
        return plm_fail_oom(err);
    for (size_t i = 0; i < n; i++) {
        const struct plm_bpf_program *p = s->ops->program(s->bpf, (unsigned)i);
        parts[i] = (struct plm_sensor_part){
            .name = plm_arena_cstr(a, plm_sv_from(p->name)),
            .what = what_of(p->name),
            .is_needed = p->is_needed,
            .is_attached = p->is_attached,
            .why = p->is_attached ? PLM_SV_NULL : plm_arena_sv(a, plm_sv_from(p->why)),
        };
        if (!parts[i].name || (!p->is_attached && !parts[i].why.p))
            return plm_fail_oom(err);
    }
    *out = parts;
    *out_n = n;
    return 0;
}

static int sensor_setup(struct sensor *s, const struct plm_kfilter *filter, plm_err **err)
{
    char why[1024] = "";
    int error = 0;
    s->bpf = s->ops->open(&s->conf, &error, why, sizeof(why));
    if (!s->bpf)
        return explain(error, why, err);
    s->seen = calloc(PLM_WIRE_SLOTS, sizeof(*s->seen));
    if (!s->seen)
        return plm_fail_oom(err);
    s->decoder = plm_decoder_new(0, err);
    if (!s->decoder || maps_open(s, err) < 0 ||
        plm_rings_open(&s->rings, s->ops, s->bpf, &s->conf, err) < 0 || wait_open(s, err) < 0 ||
        plm_sensor_filter_put(&s->maps, filter, err) < 0)
        return -1;
    return attach_all(s, err);
}

struct plm_source *plm_sensor_open(const struct plm_ctx *ctx, const struct plm_sensor_config *conf,
                                   const struct plm_kfilter *filter, struct plm_arena *a,
                                   struct plm_sensor_part **out_parts, size_t *out_n_parts, plm_err **err)
{
    static const char *const skip[] = {"io_uring_submit_req", NULL};
    if (check_kernel(err) < 0)
        return NULL;
    struct sensor *s = calloc(1, sizeof(*s));
    if (!s)
        return PLM_NULL(plm_fail_oom(err));
    s->base.ops = &ops;
    s->epoll = s->timer = s->scan.fd = -1;
    s->ops = plm_bpf_load(ctx, err);
    s->conf = (struct plm_bpf_conf){
        .n_cpus = processors(),
        .ring_bytes = ring_size(conf->ring_bytes, RING_BYTES),
        .process_ring_bytes = ring_size(conf->process_ring_bytes, PROCESS_RING_BYTES),
        .skip = conf->no_io_uring ? skip : NULL,
    };
    s->maps.needs = conf->needs;
    if (!s->ops || sensor_setup(s, filter, err) < 0 || parts_make(s, a, out_parts, out_n_parts, err) < 0) {
        sensor_close(&s->base);
        return NULL;
    }
    plm_err *refused = NULL;
    if (scan_start(s, &refused) < 0) /* said as a part; tasks are then learned from their events */
        plm_err_free(refused);
    return &s->base;
}

int plm_sensor_rescan(struct plm_source *base, plm_err **err)
{
    return scan_start((struct sensor *)base, err);
}
