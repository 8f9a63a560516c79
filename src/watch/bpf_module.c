/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll-bpf.so: the only file that includes libbpf's headers (see bpf_ops.h).
 *
 * All programs are loaded in one object, which is fast (BTF of the kernel is read once). If the kernel
 * refuses that, each program is tried in an object of its own to learn which ones it refuses and why, and the
 * rest is loaded together: a missing tracepoint or a helper that is too new costs one program, not the
 * sensor.
 */
#include "watch/bpf_ops.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

extern const char plm_bpf_object[];
extern const size_t plm_bpf_object_n;

enum { PROGRAMS_MAX = 16, LOG_BYTES = 8192, WHY_BYTES = 512 };

struct plm_bpf {
    struct plm_bpf_conf conf;
    struct bpf_object *object;
    int *rings; /* descriptors, 2 * n_cpus */
    unsigned n_programs;
    struct plm_bpf_program rows[PROGRAMS_MAX];
    struct bpf_program *programs[PROGRAMS_MAX];
    struct bpf_link *links[PROGRAMS_MAX];
    char why[PROGRAMS_MAX][WHY_BYTES];
    bool is_refused[PROGRAMS_MAX];
};

/* What libbpf says while it works goes here instead of to standard error: its print hook has no argument for
 * us. The lock is held around every call that may print. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char said[LOG_BYTES];
static size_t said_n;

__attribute__((format(printf, 2, 0))) static int keep_log(enum libbpf_print_level level, const char *format,
                                                          va_list args)
{
    if (level == LIBBPF_DEBUG)
        return 0;
    size_t left = sizeof(said) - said_n;
    int n = vsnprintf(said + said_n, left, format, args);
    if (n > 0)
        said_n += (size_t)n < left ? (size_t)n : left - 1;
    return n;
}

/* The last line that says something, without libbpf's own frame around it. */
static void last_words(int error, char *out, size_t out_n)
{
    const char *best = NULL;
    size_t best_n = 0;
    for (const char *p = said; *p;) {
        size_t n = strcspn(p, "\n");
        bool is_frame = n < 3 || memmem(p, n, "BEGIN PROG", 10) || memmem(p, n, "END PROG", 8) ||
                        memmem(p, n, "processed ", 10) || memmem(p, n, "failed to load", 14) ||
                        memmem(p, n, "load bpf program failed", 23);
        if (!is_frame) {
            best = p;
            best_n = n;
        }
        p += n + (p[n] == '\n');
    }
    if (!best || error == EPERM || error == EACCES)
        snprintf(out, out_n, "%s", strerror(error));
    else
        snprintf(out, out_n, "%s: %.*s", strerror(error), (int)(best_n < 400 ? best_n : 400), best);
}

static bool is_needed(const char *name)
{
    return !strcmp(name, "sys_exit");
}

static bool is_skipped(const struct plm_bpf_conf *conf, const char *name)
{
    for (const char *const *s = conf->skip; s && *s; s++)
        if (!strcmp(*s, name))
            return true;
    return false;
}

/* Sizes that only the machine knows. */
static int size_maps(struct bpf_object *o, const struct plm_bpf_conf *conf)
{
    static const struct {
        const char *map;
        unsigned per_cpu, more;
    } rows[] = {{"scratches", 1, 1}, {"stats", 1, 0}, {"rings", 2, 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bpf_map *m = bpf_object__find_map_by_name(o, rows[i].map);
        int r = m ? bpf_map__set_max_entries(m, conf->n_cpus * rows[i].per_cpu + rows[i].more) : -ENOENT;
        if (r)
            return r;
    }
    return 0;
}

/* Opens the object with `only` (NULL: all that are not refused) and loads it. Log in `said`. */
static int load(struct plm_bpf *b, const char *only, struct bpf_object **out)
{
    said_n = 0;
    said[0] = 0;
    /* cppcheck-suppress unknownMacro */
    LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "plimsoll");
    struct bpf_object *o = bpf_object__open_mem(plm_bpf_object, plm_bpf_object_n, &opts);
    if (!o)
        return -errno;
    int r = size_maps(o, &b->conf);
    unsigned i = 0;
    struct bpf_program *p;
    bpf_object__for_each_program(p, o)
    {
        const char *name = bpf_program__name(p);
        bool is_on = only ? !strcmp(only, name) : !b->is_refused[i] && !is_skipped(&b->conf, name);
        if (!r)
            r = bpf_program__set_autoload(p, is_on);
        i++;
    }
    if (!r)
        r = bpf_object__load(o);
    if (r) {
        bpf_object__close(o);
        return r;
    }
    *out = o;
    return 0;
}

/* Which programs does the kernel refuse? One object each. */
static int probe(struct plm_bpf *b)
{
    /* cppcheck-suppress unknownMacro */
    LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "plimsoll");
    struct bpf_object *o = bpf_object__open_mem(plm_bpf_object, plm_bpf_object_n, &opts);
    if (!o)
        return -errno;
    unsigned i = 0;
    int result = 0;
    struct bpf_program *p;
    bpf_object__for_each_program(p, o)
    {
        const char *name = bpf_program__name(p);
        if (i >= PROGRAMS_MAX)
            break;
        if (!is_skipped(&b->conf, name)) {
            struct bpf_object *one = NULL;
            int r = load(b, name, &one);
            if (r) {
                b->is_refused[i] = true;
                b->rows[i].error = -r;
                last_words(-r, b->why[i], WHY_BYTES);
                if (is_needed(name))
                    result = r;
            } else {
                bpf_object__close(one);
            }
        }
        i++;
    }
    bpf_object__close(o);
    return result;
}

static int rings_make(struct plm_bpf *b)
{
    unsigned n = 2 * b->conf.n_cpus;
    b->rings = calloc(n, sizeof(*b->rings));
    if (!b->rings)
        return -ENOMEM;
    for (unsigned i = 0; i < n; i++)
        b->rings[i] = -1;
    struct bpf_map *outer = bpf_object__find_map_by_name(b->object, "rings");
    for (unsigned i = 0; i < n; i++) {
        uint32_t bytes = i < b->conf.n_cpus ? b->conf.ring_bytes : b->conf.process_ring_bytes;
        int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "plimsoll_ring", 0, 0, bytes, NULL);
        if (fd < 0)
            return fd;
        b->rings[i] = fd;
        int r = bpf_map_update_elem(bpf_map__fd(outer), &i, &fd, BPF_ANY);
        if (r)
            return r;
    }
    return 0;
}

static void rows_fill(struct plm_bpf *b)
{
    struct bpf_program *p;
    bpf_object__for_each_program(p, b->object)
    {
        if (b->n_programs == PROGRAMS_MAX)
            break;
        unsigned i = b->n_programs++;
        struct plm_bpf_program *row = &b->rows[i];
        b->programs[i] = p;
        row->name = bpf_program__name(p);
        row->is_needed = is_needed(row->name);
        row->is_loaded = bpf_program__fd(p) >= 0;
        if (is_skipped(&b->conf, row->name))
            snprintf(b->why[i], WHY_BYTES, "switched off");
        row->why = b->why[i];
    }
}

static void module_close(struct plm_bpf *b)
{
    if (!b)
        return;
    for (unsigned i = 0; i < PROGRAMS_MAX; i++)
        if (b->links[i])
            bpf_link__destroy(b->links[i]);
    for (unsigned i = 0; b->rings && i < 2 * b->conf.n_cpus; i++)
        if (b->rings[i] >= 0)
            close(b->rings[i]);
    free(b->rings);
    if (b->object)
        bpf_object__close(b->object);
    free(b);
}

static struct plm_bpf *module_open(const struct plm_bpf_conf *conf, int *out_errno, char *why, size_t why_n)
{
    struct plm_bpf *b = calloc(1, sizeof(*b));
    if (!b) {
        *out_errno = ENOMEM;
        snprintf(why, why_n, "%s", strerror(ENOMEM));
        return NULL;
    }
    b->conf = *conf;
    pthread_mutex_lock(&lock);
    libbpf_print_fn_t before = libbpf_set_print(keep_log);
    int r = load(b, NULL, &b->object);
    if (r && r != -EPERM) {
        r = probe(b);
        if (!r)
            r = load(b, NULL, &b->object);
    }
    if (!r)
        r = rings_make(b);
    if (r) {
        *out_errno = -r;
        last_words(-r, why, why_n);
    } else {
        rows_fill(b);
    }
    libbpf_set_print(before);
    pthread_mutex_unlock(&lock);
    if (r) {
        module_close(b);
        return NULL;
    }
    return b;
}

static int module_map_fd(struct plm_bpf *b, const char *name)
{
    struct bpf_map *m = bpf_object__find_map_by_name(b->object, name);
    return m ? bpf_map__fd(m) : -1;
}

static int module_ring_fd(struct plm_bpf *b, unsigned i)
{
    return i < 2 * b->conf.n_cpus ? b->rings[i] : -1;
}

static const struct plm_bpf_program *module_program(struct plm_bpf *b, unsigned i)
{
    return i < b->n_programs ? &b->rows[i] : NULL;
}

static int module_attach(struct plm_bpf *b, unsigned i)
{
    if (i >= b->n_programs || !b->rows[i].is_loaded)
        return -ENOENT;
    pthread_mutex_lock(&lock);
    libbpf_print_fn_t before = libbpf_set_print(keep_log);
    said_n = 0;
    said[0] = 0;
    b->links[i] = bpf_program__attach(b->programs[i]);
    int r = b->links[i] ? 0 : -errno;
    if (r) {
        b->rows[i].error = -r;
        last_words(-r, b->why[i], WHY_BYTES);
    }
    b->rows[i].is_attached = !r;
    libbpf_set_print(before);
    pthread_mutex_unlock(&lock);
    return r;
}

static int module_scan(struct plm_bpf *b)
{
    for (unsigned i = 0; i < b->n_programs; i++)
        if (!strcmp(b->rows[i].name, "scan_task")) {
            if (!b->links[i])
                return -ENOENT;
            int fd = bpf_iter_create(bpf_link__fd(b->links[i]));
            return fd < 0 ? -errno : fd;
        }
    return -ENOENT;
}

EXPORT extern const struct plm_bpf_ops plm_bpf_ops_v1;
const struct plm_bpf_ops plm_bpf_ops_v1 = {
    .version = PLM_BPF_OPS_VERSION,
    .open = module_open,
    .close = module_close,
    .map_fd = module_map_fd,
    .ring_fd = module_ring_fd,
    .program = module_program,
    .attach = module_attach,
    .scan = module_scan,
};
