/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules' filter (kfilter.h) into the kernel's maps. Paths go into one longest-prefix map: a whole path is
 * the prefix that ends in a NUL, a directory the prefix that ends in a slash (deeper files pass too, which
 * costs but loses nothing). The map finds the longest entry only, so each entry carries the clauses of all
 * entries that are prefixes of it.
 *
 * A new filter replaces the old one in three steps: the kernel is told to let everything pass that either
 * wants, maps are rewritten, then it tests again. Masks of tasks that were made for the old clauses are void
 * by the filter's epoch.
 */
#include "watch/sensor_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)PLM_WIRE_DIMS == (int)PLM_KD_COUNT_, "the kernel's dimensions");
_Static_assert((int)PLM_WIRE_WORDS == (int)PLM_KWORDS, "the kernel's words");

enum { PATHS_MAX = 4096 };

struct entry {
    struct plm_path_key key;
    struct plm_clauses value;
};

static int fail_map(int r, const char *what, plm_err **err)
{
    errno = -r;
    return plm_fail_sys(err, "installing the filter: %s", what);
}

/* Words of both worlds' types. */
static void or_clauses(void *to, const void *from)
{
    for (unsigned i = 0; i < PLM_WIRE_WORDS; i++) {
        uint64_t a, b;
        memcpy(&a, (char *)to + 8 * i, 8);
        memcpy(&b, (const char *)from + 8 * i, 8);
        a |= b;
        memcpy((char *)to + 8 * i, &a, 8);
    }
}

static int clear(int fd, void *key)
{
    while (plm_bpf_map_next(fd, NULL, key) == 0) {
        int r = plm_bpf_map_drop(fd, key);
        if (r)
            return r;
    }
    return 0;
}

static int compare(const void *a_, const void *b_)
{
    const struct entry *a = a_, *b = b_;
    size_t n = (a->key.bits < b->key.bits ? a->key.bits : b->key.bits) / 8;
    int c = memcmp(a->key.text, b->key.text, n);
    return c ? c : (a->key.bits > b->key.bits) - (a->key.bits < b->key.bits);
}

static bool is_prefix(const struct entry *a, const struct entry *b)
{
    return a->key.bits <= b->key.bits && !memcmp(a->key.text, b->key.text, a->key.bits / 8);
}

/* Sorted, an entry's longest prefix is found by going up from the one before it. Entries with the same key
 * become one. */
static int put_paths(int fd, struct entry *e, size_t n)
{
    if (n)
        qsort(e, n, sizeof(*e), compare);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept && e[kept - 1].key.bits == e[i].key.bits && is_prefix(&e[kept - 1], &e[i]))
            or_clauses(e[kept - 1].value.w, e[i].value.w);
        else
            e[kept++] = e[i];
    }
    for (size_t i = 0; i < kept; i++) {
        for (size_t k = i; k-- > 0;)
            if (is_prefix(&e[k], &e[i])) {
                or_clauses(e[i].value.w, e[k].value.w);
                break;
            }
        int r = plm_bpf_map_put(fd, &e[i].key, &e[i].value);
        if (r)
            return r;
    }
    return 0;
}

static void entry_set(struct entry *e, const struct plm_kpath *p)
{
    memset(e, 0, sizeof(*e));
    size_t n = p->text.n < PLM_PATH_KEY ? p->text.n : PLM_PATH_KEY;
    memcpy(e->key.text, p->text.p, n);
    bool ends = n > 0 && p->text.p[n - 1] == '/';
    if (p->kind == PLM_KPATH_EXACT && n < PLM_PATH_KEY)
        n++; /* the NUL */
    else if (p->kind == PLM_KPATH_DIR && !ends && n < PLM_PATH_KEY)
        e->key.text[n++] = '/';
    e->key.bits = (uint32_t)n * 8;
    memcpy(e->value.w, p->clauses.w, sizeof(e->value.w));
}

static int put_name(const struct plm_sensor_maps *m, const struct plm_kfilter *f, size_t i)
{
    struct plm_name_key key = {{0}};
    struct plm_clauses value = {{0}};
    const struct plm_kpath *p = &f->paths[i];
    memcpy(key.text, p->text.p, p->text.n < PLM_NAME_KEY ? p->text.n : PLM_NAME_KEY);
    /* All clauses of names that are the same after cutting. */
    for (size_t k = 0; k < f->n_paths; k++) {
        struct plm_name_key other = {{0}};
        if (f->paths[k].kind != PLM_KPATH_NAME)
            continue;
        size_t n = f->paths[k].text.n;
        memcpy(other.text, f->paths[k].text.p, n < PLM_NAME_KEY ? n : PLM_NAME_KEY);
        if (!memcmp(&other, &key, sizeof(key)))
            or_clauses(value.w, f->paths[k].clauses.w);
    }
    return plm_bpf_map_put(m->names, &key, &value);
}

static int put_all_paths(const struct plm_sensor_maps *m, const struct plm_kfilter *f, plm_err **err)
{
    struct plm_wire_conf *c = m->conf;
    memcpy(c->any_path, f->any_path.w, sizeof(c->any_path));
    memset(c->root_dir, 0, sizeof(c->root_dir));
    c->has_paths = c->has_names = 0;
    struct entry *e = calloc(2 * f->n_paths + 1, sizeof(*e));
    if (!e)
        return plm_fail_oom(err);
    size_t n = 0;
    int r = 0;
    for (size_t i = 0; i < f->n_paths && !r; i++) {
        const struct plm_kpath *p = &f->paths[i];
        if (p->kind == PLM_KPATH_NAME && c->has_names < PATHS_MAX) {
            r = put_name(m, f, i);
            c->has_names++;
        } else if (p->kind == PLM_KPATH_DIR && plm_sv_eq(p->text, PLM_SV("/"))) {
            or_clauses(c->root_dir, p->clauses.w);
        } else if (n + 1 < PATHS_MAX && p->text.n && p->kind <= PLM_KPATH_DIR && p->kind != PLM_KPATH_NAME) {
            entry_set(&e[n++], p);
            if (p->kind == PLM_KPATH_DIR) { /* the directory itself too */
                struct plm_kpath whole = *p;
                whole.kind = PLM_KPATH_EXACT;
                entry_set(&e[n++], &whole);
            }
        } else { /* no room, matches all, or a kind that is not tested here */
            or_clauses(c->any_path, p->clauses.w);
        }
    }
    if (!r)
        r = put_paths(m->paths, e, n);
    c->has_paths = n > 0;
    free(e);
    return r ? fail_map(r, "paths", err) : 0;
}

static int put_ports(const struct plm_sensor_maps *m, const struct plm_kfilter *f, plm_err **err)
{
    memcpy(m->conf->any_port, f->any_port.w, sizeof(m->conf->any_port));
    m->conf->has_ports = f->n_ports > 0;
    for (size_t i = 0; i < f->n_ports; i++) {
        struct plm_clauses value = {{0}};
        if (i >= PATHS_MAX) {
            or_clauses(m->conf->any_port, f->ports[i].clauses.w);
            continue;
        }
        for (size_t k = 0; k < f->n_ports; k++)
            if (f->ports[k].port == f->ports[i].port)
                or_clauses(value.w, f->ports[k].clauses.w);
        int r = plm_bpf_map_put(m->ports, &f->ports[i].port, &value);
        if (r)
            return fail_map(r, "ports", err);
    }
    return 0;
}

static bool is_any(const uint64_t *w)
{
    return w[0] | w[1] | w[2] | w[3];
}

static int put_calls(const struct plm_sensor_maps *m, const struct plm_kfilter *f, uint8_t wanted[PLM_CALLS],
                     plm_err **err)
{
    static const uint64_t all[PLM_WIRE_WORDS] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    struct plm_call calls[PLM_CALLS];
    plm_sensor_calls(calls);
    memset(wanted, 0, PLM_CALLS);
    for (unsigned id = 0; id < plm_evtype_count(); id++) {
        const struct plm_evtype *t = plm_evtype_get(id);
        if (!t || t->syscall < 0 || t->syscall >= PLM_CALLS)
            continue;
        const uint64_t *mask = f ? f->event[id].w : all;
        or_clauses(calls[t->syscall].mask, mask);
        if (f ? is_any(mask) : t->is_typed)
            wanted[t->syscall] |= PLM_WANT_RULES;
    }
    for (uint32_t nr = 0; nr < PLM_CALLS; nr++) {
        if (calls[nr].flags & (PLM_CALL_CHANGES | PLM_CALL_PRCTL))
            wanted[nr] |= PLM_WANT_STATE;
        int r = plm_bpf_map_put(m->calls, &nr, &calls[nr]);
        if (r)
            return fail_map(r, "system calls", err);
    }
    return 0;
}

/* Returns when no program runs any more that began before: changing a map of maps waits for that. */
static int settle(const struct plm_sensor_maps *m, plm_err **err)
{
    uint32_t zero = 0;
    int r = plm_bpf_map_put(m->rings, &zero, &m->ring0);
    return r ? fail_map(r, "rings", err) : 0;
}

int plm_sensor_filter_put(const struct plm_sensor_maps *m, const struct plm_kfilter *f, plm_err **err)
{
    struct plm_wire_conf *c = m->conf;
    struct plm_path_key path;
    struct plm_name_key name;
    uint16_t port;
    uint8_t wanted[PLM_CALLS];
    __atomic_store_n(&c->bypass, 1, __ATOMIC_SEQ_CST);
    if (settle(m, err) < 0)
        return -1;
    c->epoch += 0x9e3779b1u; /* far from any sum of an earlier epoch and a later time */
    int r = clear(m->paths, &path);
    if (!r)
        r = clear(m->names, &name);
    if (!r)
        r = clear(m->ports, &port);
    if (r)
        return fail_map(r, "emptying maps", err);
    if (put_calls(m, f, wanted, err) < 0)
        return -1;
    for (unsigned i = 0; i < PLM_CALLS; i++)
        __atomic_store_n(&c->wanted[i], wanted[i], __ATOMIC_RELAXED);
    if (!f)
        return 0; /* untested */
    if (put_all_paths(m, f, err) < 0 || put_ports(m, f, err) < 0)
        return -1;
    for (unsigned d = 0; d < PLM_WIRE_DIMS; d++)
        memcpy(c->dim[d], f->dim[d].w, sizeof(c->dim[d]));
    c->needs = f->needs | m->needs;
    __atomic_store_n(&c->bypass, 0, __ATOMIC_SEQ_CST);
    return 0;
}
