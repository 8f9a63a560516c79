/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of containers, owned by one thread; meta_ask.c asks the runtimes in another and hands answers
 * over.
 *
 * Containers are found by the first twelve characters of their id, so full and short ids lead to the same
 * one. At most max_containers: beyond, one that no thread points to is forgotten, the one used longest ago
 * first; if all are in use the rest share one entry without a name, which is not the host. Paths of cgroups
 * are judged once: a direct-mapped cache remembers, for the forks that follow.
 */
#include "watch/meta_int.h"

#include "base/fs.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    DEFAULT_CONTAINERS = 4096,
    SHORT_ID = 12,
    BUCKETS = 1024,
    PATHS = 1024,
    PATH_BYTES = 512,
    FULL_ID_MAX = 256,
};
#define META_BYTES  PLM_MIB(1) /* of one container */
#define USERS_BYTES PLM_MIB(8) /* of all */

struct entry {
    struct plm_container c;
    struct entry *next;           /* of the bucket */
    struct entry *newer, *older;  /* by use */
    struct plm_arena *id, *facts; /* its id, its metadata */
    struct plm_users *users;
    uint32_t refs;
    bool is_asked;
};

struct path_slot {
    char *path; /* NULL: free */
    size_t n;
    struct entry *entry; /* NULL: the host */
};

struct plm_meta {
    struct plm_meta_config conf;
    struct entry *buckets[BUCKETS];
    struct entry *newest, *oldest;
    size_t n;
    struct path_slot paths[PATHS];
    struct entry overflow;
    struct plm_users *host_users;
    struct plm_asker *asker; /* NULL: nobody is asked */
    uint64_t counter;
};

static struct entry *entry_of(struct plm_container *c)
{
    return (struct entry *)c;
}

void plm_container_hold(struct plm_container *c)
{
    if (c)
        entry_of(c)->refs++;
}

void plm_container_drop(struct plm_container *c)
{
    if (c)
        entry_of(c)->refs--;
}

/* ---- the table ----------------------------------------------------------------------------------------- */

static plm_sv short_id(plm_sv id)
{
    return plm_sv_sub(id, 0, SHORT_ID);
}

static struct entry **bucket(struct plm_meta *m, plm_sv id)
{
    return &m->buckets[plm_sv_hash(short_id(id)) % BUCKETS];
}

static void use_list_remove(struct plm_meta *m, struct entry *e)
{
    *(e->newer ? &e->newer->older : &m->newest) = e->older;
    *(e->older ? &e->older->newer : &m->oldest) = e->newer;
    e->newer = e->older = NULL;
}

static void use_list_add(struct plm_meta *m, struct entry *e)
{
    e->older = m->newest;
    e->newer = NULL;
    *(m->newest ? &m->newest->newer : &m->oldest) = e;
    m->newest = e;
}

static void entry_free(struct entry *e)
{
    plm_users_free(e->users);
    plm_arena_free(e->facts);
    plm_arena_free(e->id);
    free(e);
}

static void forget(struct plm_meta *m, struct entry *e)
{
    for (size_t i = 0; i < PATHS; i++)
        if (m->paths[i].path && m->paths[i].entry == e) {
            free(m->paths[i].path);
            m->paths[i] = (struct path_slot){0};
        }
    struct entry **at = bucket(m, e->c.full_id);
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    use_list_remove(m, e);
    m->n--;
    entry_free(e);
}

static bool make_room(struct plm_meta *m)
{
    if (m->n < m->conf.max_containers)
        return true;
    struct entry *e = m->oldest;
    while (e && e->refs)
        e = e->newer;
    if (e)
        forget(m, e);
    return e != NULL;
}

static struct entry *find(struct plm_meta *m, plm_sv id)
{
    for (struct entry *e = *bucket(m, id); e; e = e->next)
        if (plm_sv_eq(e->c.full_id, id) || plm_sv_eq(e->c.id, id))
            return e;
    return NULL;
}

static struct entry *add(struct plm_meta *m, enum plm_runtime runtime, plm_sv id)
{
    if (!make_room(m))
        return NULL;
    struct entry *e = calloc(1, sizeof(*e));
    if (!e)
        return NULL;
    e->id = plm_arena_new(PLM_KIB(64));
    e->c.full_id = e->id ? plm_arena_sv(e->id, plm_sv_sub(id, 0, FULL_ID_MAX)) : PLM_SV_NULL;
    if (!e->c.full_id.p) {
        entry_free(e);
        return NULL;
    }
    e->c.runtime = runtime;
    e->c.id = short_id(e->c.full_id);
    e->c.version = ++m->counter;
    struct entry **b = bucket(m, id);
    e->next = *b;
    *b = e;
    use_list_add(m, e);
    m->n++;
    return e;
}

struct plm_container *plm_meta_find(struct plm_meta *m, plm_sv id)
{
    struct entry *e = id.n ? find(m, id) : NULL;
    return e ? &e->c : NULL;
}

size_t plm_meta_count(const struct plm_meta *m)
{
    return m->n;
}

/* ---- life ------------------------------------------------------------------------------------------------
 */

struct plm_meta *plm_meta_new(const struct plm_ctx *ctx, const struct plm_meta_config *conf, plm_err **err)
{
    struct plm_meta *m = calloc(1, sizeof(*m));
    if (!m)
        return PLM_NULL(plm_fail_oom(err));
    m->conf = *conf;
    m->conf.max_containers = conf->max_containers ? conf->max_containers : DEFAULT_CONTAINERS;
    m->overflow.c = (struct plm_container){.runtime = PLM_RT_CONTAINERD,
                                           .full_id = PLM_SV("<overflow>"),
                                           .id = PLM_SV("<overflow>"),
                                           .state = PLM_META_FAILED,
                                           .why = PLM_SV("more containers than the table has room for")};
    if (!conf->is_offline && !(m->asker = plm_asker_new(ctx, conf, err))) {
        plm_meta_free(m);
        return NULL;
    }
    return m;
}

void plm_meta_free(struct plm_meta *m)
{
    if (!m)
        return;
    plm_asker_free(m->asker);
    while (m->oldest)
        forget(m, m->oldest);
    for (size_t i = 0; i < PATHS; i++)
        free(m->paths[i].path);
    plm_users_free(m->overflow.users);
    plm_users_free(m->host_users);
    free(m);
}

/* ---- identity ---------------------------------------------------------------------------------------------
 */

/* Whether its pid namespace is the host's: that of process 1, or ours where that one is closed to us. What
 * cannot be read is taken for the host. */
static bool in_host_namespace(int32_t pid)
{
    char path[64], its[64], host[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
    ssize_t a = readlink(path, its, sizeof(its)), b = readlink("/proc/1/ns/pid", host, sizeof(host));
    if (b <= 0)
        b = readlink("/proc/self/ns/pid", host, sizeof(host));
    return a <= 0 || b <= 0 || (a == b && memcmp(its, host, (size_t)a) == 0);
}

/* "/NAMESPACE/ID" may be a group that somebody made for a service: it is a container if containerd has a task
 * of that name, or else if the process lives in a pid namespace of its own. */
static bool is_containerd_task(const struct plm_meta *m, plm_sv path, int32_t pid)
{
    static const char *const roots[] = {"/run/containerd", "/run/k3s/containerd", "/var/run/containerd"};
    if (m->conf.is_offline)
        return true;
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(2));
        plm_buf_printf(&b, "%s/io.containerd.runtime.v2.task%.*s", roots[i], PLM_SV_ARG(path));
        const char *name = plm_buf_cstr(&b);
        if (name && access(name, F_OK) == 0)
            return true;
    }
    return pid > 0 && !in_host_namespace(pid);
}

static struct path_slot *path_slot(struct plm_meta *m, plm_sv path)
{
    return &m->paths[plm_sv_hash(path) % PATHS];
}

static void remember_path(struct path_slot *slot, plm_sv path, struct entry *e)
{
    char *copy = path.n <= PATH_BYTES ? strndup(path.p, path.n) : NULL;
    if (!copy)
        return;
    free(slot->path);
    *slot = (struct path_slot){.path = copy, .n = path.n, .entry = e};
}

static void ask(struct plm_meta *m, struct entry *e, int32_t pid)
{
    if (e->is_asked || !m->asker || e->c.state == PLM_META_KNOWN || e->c.runtime == PLM_RT_LXC ||
        e->c.runtime == PLM_RT_LIBVIRT_LXC || e->c.runtime == PLM_RT_BPM)
        return;
    e->is_asked = plm_asker_ask(m->asker, e->c.runtime, e->c.full_id, pid);
    if (e->is_asked)
        e->c.state = PLM_META_WAITING;
}

struct plm_container *plm_meta_of_cgroup(struct plm_meta *m, plm_sv path, int32_t pid)
{
    if (path.n < 2 || !path.p)
        return NULL;
    struct path_slot *slot = path_slot(m, path);
    struct entry *e;
    if (slot->path && plm_sv_eq(plm_sv_n(slot->path, slot->n), path)) {
        e = slot->entry;
    } else {
        enum plm_runtime runtime;
        plm_sv id;
        bool is_one = plm_cgroup_container(path, &runtime, &id);
        if (is_one && runtime == PLM_RT_CONTAINERD && !is_containerd_task(m, path, pid))
            is_one = false;
        e = is_one ? find(m, id) : NULL;
        if (is_one && !e && !(e = add(m, runtime, id)))
            return &m->overflow.c;
        remember_path(slot, path, e);
    }
    if (!e)
        return NULL;
    if (m->newest != e) {
        use_list_remove(m, e);
        use_list_add(m, e);
    }
    ask(m, e, pid);
    return &e->c;
}

/* ---- metadata
 * ------------------------------------------------------------------------------------------------ */

static int take_in(struct plm_meta *m, struct entry *e, const struct plm_container *c, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *fresh = plm_arena_new(META_BYTES);
    if (!fresh)
        return plm_fail_oom(err);
    if (plm_meta_copy(&e->c, c, fresh, err) < 0)
        return -1;
    plm_arena_free(e->facts);
    e->facts = plm_take(fresh);
    e->c.version = ++m->counter;
    return 0;
}

int plm_meta_put(struct plm_meta *m, const struct plm_container *c, plm_err **err)
{
    plm_sv id = c->full_id.n ? c->full_id : c->id;
    if (!id.n)
        return plm_fail(err, PLM_E_PARSE, "a container without an id");
    struct entry *e = find(m, id);
    if (!e && !(e = add(m, c->runtime, id)))
        return m->n < m->conf.max_containers
                   ? plm_fail_oom(err)
                   : plm_fail(err, PLM_E_LIMIT, "more than %u containers", m->conf.max_containers);
    if (c->runtime != PLM_RT_HOST)
        e->c.runtime = c->runtime;
    return take_in(m, e, c, err);
}

int plm_meta_fd(const struct plm_meta *m)
{
    return m->asker ? plm_asker_fd(m->asker) : -1;
}

size_t plm_meta_poll(struct plm_meta *m)
{
    size_t n = 0;
    struct plm_meta_answer *next;
    for (struct plm_meta_answer *a = m->asker ? plm_asker_take(m->asker) : NULL; a; a = next) {
        next = a->next;
        struct entry *e = find(m, a->c.full_id);
        if (!e && a->c.state == PLM_META_KNOWN) /* of the start-up list */
            e = add(m, a->c.runtime, a->c.full_id);
        if (e && !(e->c.state == PLM_META_KNOWN && a->c.state == PLM_META_FAILED) &&
            take_in(m, e, &a->c, NULL) == 0) {
            e->is_asked =
                e->c.state == PLM_META_KNOWN; /* a failure is asked again when the next process enters */
            n++;
        }
        plm_meta_answer_free(a);
    }
    return n;
}

void plm_meta_prime(struct plm_meta *m, unsigned wait_ms)
{
    if (!m->asker)
        return;
    plm_asker_prime(m->asker);
    (void)plm_asker_wait_primed(m->asker, wait_ms);
    (void)plm_meta_poll(m);
}

/* ---- users
 * ------------------------------------------------------------------------------------------------------ */

/* Names that a container keeps are bounded by USERS_BYTES over all: the others' go first. */
static void bound_users(struct plm_meta *m, const struct entry *keep)
{
    size_t sum = 0;
    for (struct entry *e = m->newest; e; e = e->older)
        sum += e->users ? plm_users_bytes(e->users) : 0;
    for (struct entry *e = m->oldest; e && sum > USERS_BYTES; e = e->newer)
        if (e != keep && e->users) {
            sum -= plm_users_bytes(e->users);
            plm_users_free(e->users);
            e->users = NULL;
        }
}

static struct plm_users *users_of(struct plm_meta *m, const struct plm_container *c)
{
    struct entry *e = c ? (struct entry *)(uintptr_t)c : NULL;
    struct plm_users **at = e ? &e->users : &m->host_users;
    if (!*at) {
        *at = plm_users_new();
        if (e && *at)
            bound_users(m, e);
    }
    return *at;
}

static void refresh(const struct plm_meta *m, struct plm_users *u, const struct plm_container *c, int32_t pid,
                    bool is_missing)
{
    if (!m->conf.is_offline && (!c || pid > 0))
        plm_users_refresh(u, c ? pid : 0, is_missing);
}

bool plm_meta_user(struct plm_meta *m, const struct plm_container *c, int32_t pid, uint32_t uid,
                   struct plm_user *out)
{
    struct plm_users *u = users_of(m, c);
    *out = (struct plm_user){PLM_SV_NULL, PLM_SV_NULL, PLM_SV_NULL};
    if (u) {
        refresh(m, u, c, pid, false);
        if (plm_users_find(u, uid, out))
            return true;
        refresh(m, u, c, pid, true);
        if (plm_users_find(u, uid, out))
            return true;
    }
    if (uid == 0)
        out->name = PLM_SV("root");
    return uid == 0;
}

plm_sv plm_meta_group(struct plm_meta *m, const struct plm_container *c, int32_t pid, uint32_t gid)
{
    struct plm_users *u = users_of(m, c);
    plm_sv name = PLM_SV_NULL;
    if (u) {
        refresh(m, u, c, pid, false);
        name = plm_users_find_group(u, gid);
        if (!name.p)
            refresh(m, u, c, pid, true);
        name = plm_users_find_group(u, gid);
    }
    return name.p || gid != 0 ? name : PLM_SV("root");
}

int plm_meta_put_user(struct plm_meta *m, const struct plm_container *c, uint32_t uid,
                      const struct plm_user *u, plm_err **err)
{
    struct plm_users *users = users_of(m, c);
    return users ? plm_users_put(users, uid, u, err) : plm_fail_oom(err);
}

int plm_meta_put_group(struct plm_meta *m, const struct plm_container *c, uint32_t gid, plm_sv name,
                       plm_err **err)
{
    struct plm_users *users = users_of(m, c);
    return users ? plm_users_put_group(users, gid, name, err) : plm_fail_oom(err);
}
