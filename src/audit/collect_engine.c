/* SPDX-License-Identifier: Apache-2.0
 *
 * Collector: what the engines answer. Per engine three rounds of requests over a few connections: the lists,
 * then inspect of every container (and image, when the images stage is asked for), then their execs.
 *
 * Quirks: a container that vanishes between the list and its inspect is left out only if a second list does
 * not have it either; an engine that stalled once is asked nothing more, and one sweep has a time of its own,
 * so that a daemon which answers a byte a second cannot hold the run; swarm answers exist on managers only;
 * /system/df walks every image and is asked only for the check that reads it. Requests are proportional to
 * the containers; the order of the answers does not depend on the number of connections.
 */
#include "audit/facts.h"

#include "base/map.h"
#include "base/pool.h"
#include "base/time.h"

#include <stdatomic.h>

enum { CONTAINERS_MAX = 4096, IMAGES_MAX = 20000, LANES = 4, SWEEP_MS = 120000, EXECS_MAX = 64 };

/* ---- many requests at once ---------------------------------------------------------------------------- */

struct task {
    const char *before, *after; /* path: before, or before + ref + after */
    plm_sv ref;
    const char *what;
    struct plm_json *doc;
    plm_err *why;
};
typedef PLM_VEC(struct task) task_vec;

struct sweep {
    struct plm_facts *f;
    struct plm_daemon *d;
    uint64_t deadline;
    struct task *tasks;
    size_t n;
    atomic_size_t next;
    atomic_bool gave_up;
};

struct lane {
    struct sweep *s;
    struct plm_engine *engine; /* of this lane; NULL: could not be made */
};

static bool is_hopeless(const plm_err *why)
{
    return why && why->code == PLM_E_NET &&
           (plm_err_id(why) == NULL || strcmp(plm_err_id(why), "engine.error") != 0);
}

static void work(void *arg)
{
    struct lane *l = arg;
    struct sweep *s = l->s;
    for (;;) {
        size_t i = atomic_fetch_add(&s->next, 1);
        if (i >= s->n)
            return;
        struct task *t = &s->tasks[i];
        if (atomic_load(&s->gave_up) || plm_clock_ms() >= s->deadline) {
            (void)plm_fail_id(&t->why, PLM_E_NET, "engine.unreachable",
                              "%s: not asked, the engine did not answer in time before", t->what);
            continue;
        }
        t->doc = t->ref.p ? plm_engine_fetch_of(l->engine, t->before, t->ref, t->after, t->what, &t->why)
                          : plm_engine_fetch(l->engine, t->before, t->what, &t->why);
        if (is_hopeless(t->why))
            atomic_store(&s->gave_up, true);
    }
}

static int run_tasks(struct sweep *s, task_vec *tasks, plm_err **err)
{
    struct lane lanes[LANES];
    unsigned n = tasks->n < LANES ? (unsigned)tasks->n : LANES;
    if (n == 0)
        return 0;
    plm_auto(plm_pool_free) struct plm_pool *pool = plm_pool_new(n, err);
    if (!pool)
        return -1;
    s->tasks = tasks->v;
    s->n = tasks->n;
    atomic_store(&s->next, 0);
    int r = 0;
    for (unsigned i = 0; i < n; i++) {
        lanes[i] = (struct lane){s, i ? plm_engine_again(s->d->engine, err) : s->d->engine};
        if (!lanes[i].engine) {
            n = i;
            r = -1;
            break;
        }
        plm_engine_hurry(lanes[i].engine, s->deadline);
    }
    for (unsigned i = 0; r == 0 && i < n; i++)
        plm_pool_submit(pool, work, &lanes[i]);
    plm_pool_wait(pool);
    for (unsigned i = 1; i < n; i++)
        plm_engine_close(lanes[i].engine);
    plm_engine_hurry(s->d->engine, 0);
    return r;
}

static bool add_task(struct sweep *s, task_vec *v, const char *before, plm_sv ref, const char *after,
                     plm_sv what)
{
    struct task *t = plm_vec_push(s->f->arena, v);
    if (!t)
        return false;
    *t = (struct task){.before = before, .after = after, .ref = ref, .what = what.p ? what.p : "answer"};
    return true;
}

static plm_sv text_of_error(struct plm_arena *a, const plm_err *why)
{
    plm_auto_free char *text = plm_err_text(why);
    return plm_arena_sv(a, plm_sv_from(text ? text : "out of memory"));
}

/* Moves what the task got into an answer. */
static void take(struct plm_facts *f, struct task *t, struct plm_answer *out)
{
    out->doc = plm_facts_keep(f, plm_take(t->doc));
    out->root = out->doc ? plm_json_root(out->doc) : NULL;
    out->failure = out->doc ? PLM_SV_NULL : text_of_error(f->arena, t->why);
    plm_err_free(plm_take(t->why));
}

/* ---- lists ----------------------------------------------------------------------------------------------
 */

static bool wants(const struct plm_facts *f, const char *check)
{
    for (size_t i = 0; i < f->opt->checks.n; i++) {
        const struct plm_check *c = plm_check_find(f->opt->checks.v[i]);
        if (c && strcmp(c->id, check) == 0)
            return true;
    }
    return f->opt->checks.n == 0;
}

static bool wants_images(const struct plm_facts *f)
{
    return (f->opt->stages & PLM_STAGE_BIT(PLM_STAGE_IMAGES)) != 0;
}

struct list {
    const char *path, *what;
    struct plm_answer *out;
};

/* Lists of everything; containers and images stand in *out_containers and *out_images. */
static int ask_lists(struct sweep *s, struct plm_answer *containers, struct plm_answer *images, plm_err **err)
{
    struct plm_daemon *d = s->d;
    yyjson_val *swarm = plm_json_at(d->info.root, "Swarm", NULL);
    bool is_active = plm_sv_is(plm_json_str(swarm, "LocalNodeState", NULL), "active");
    bool is_manager = is_active && plm_json_bool(swarm, "ControlAvailable", false);
    struct list lists[10];
    size_t n = 0;
    task_vec tasks = {0};
    lists[n++] = (struct list){"/containers/json?all=1", "container list", containers};
    if (wants_images(s->f))
        lists[n++] = (struct list){"/images/json", "image list", images};
    lists[n++] = (struct list){"/networks", "network list", &d->networks};
    lists[n++] = (struct list){"/volumes", "volume list", &d->volumes};
    lists[n++] = (struct list){"/plugins", "plugin list", &d->plugins};
    if (wants_images(s->f) && wants(s->f, "6.1"))
        lists[n++] = (struct list){"/system/df?type=image", "disk usage", &d->df};
    if (is_manager) {
        lists[n++] = (struct list){"/swarm", "swarm", &d->swarm};
        lists[n++] = (struct list){"/nodes", "node list", &d->nodes};
        lists[n++] = (struct list){"/services", "service list", &d->services};
        lists[n++] = (struct list){"/secrets", "secret list", &d->secrets};
    } else if (is_active) {
        d->swarm.failure = d->nodes.failure = d->services.failure = d->secrets.failure =
            PLM_SV("this node is a worker: only a manager can tell");
    }
    for (size_t i = 0; i < n; i++)
        if (!add_task(s, &tasks, lists[i].path, PLM_SV_NULL, NULL, plm_sv_from(lists[i].what)))
            return plm_arena_check(s->f->arena, err);
    int r = run_tasks(s, &tasks, err);
    for (size_t i = 0; i < n; i++)
        take(s->f, &tasks.v[i], lists[i].out);
    return r;
}

/* Why a list cannot be used; null: it can. */
static plm_sv list_failure(struct plm_facts *f, struct plm_answer *a, size_t max, const char *what)
{
    if (!a->root)
        return a->failure.p ? a->failure : PLM_SV("not asked");
    if (!yyjson_is_arr(a->root) && !yyjson_is_null(a->root))
        return plm_arena_printf(f->arena, "%s: the answer is no list", what);
    if (yyjson_arr_size(a->root) > max)
        return plm_arena_printf(f->arena, "%s: %zu entries, more than the %zu that are looked at", what,
                                yyjson_arr_size(a->root), max);
    return PLM_SV_NULL;
}

/* ---- containers ------------------------------------------------------------------------------------------
 */

/* "/name": a container's links add "/other/alias". */
static plm_sv own_name(yyjson_val *names, plm_sv id)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(names, i, n, v)
    {
        plm_sv s = plm_json_sv(v);
        if (plm_sv_starts(s, PLM_SV("/")))
            s = plm_sv_from_off(s, 1);
        if (s.n && plm_sv_find(s, '/') == SIZE_MAX)
            return s;
    }
    return plm_sv_sub(id, 0, 12);
}

static int by_name(const void *a, const void *b)
{
    const struct plm_container *x = a, *y = b;
    int r = plm_sv_cmp(x->name, y->name);
    return r ? r : plm_sv_cmp(x->id, y->id);
}

static int list_containers(struct sweep *s, yyjson_val *list, plm_err **err)
{
    struct plm_arena *a = s->f->arena;
    struct plm_daemon *d = s->d;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v)
    {
        plm_sv id = plm_json_str(v, "Id", NULL);
        struct plm_container *c = id.n ? plm_vec_push(a, &d->containers) : NULL;
        if (!c)
            continue;
        yyjson_val *labels = plm_json_at(v, "Labels", NULL);
        plm_sv project = plm_sv_trim(plm_json_str(labels, "com.docker.compose.project", NULL));
        plm_sv service = plm_sv_trim(plm_json_str(labels, "com.docker.compose.service", NULL));
        *c = (struct plm_container){
            .daemon = d,
            .id = id,
            .name = own_name(plm_json_at(v, "Names", NULL), id),
            .image = plm_json_str(v, "Image", NULL),
            .image_id = plm_json_str(v, "ImageID", NULL),
            .state = plm_json_str(v, "State", NULL),
        };
        c->object = project.n && service.n
                        ? plm_arena_printf(a, "%.*s/%.*s", PLM_SV_ARG(project), PLM_SV_ARG(service))
                        : c->name;
    }
    if (d->containers.n)
        qsort(d->containers.v, d->containers.n, sizeof(*d->containers.v), by_name);
    return plm_arena_check(a, err);
}

static bool is_bool(yyjson_val *v)
{
    return yyjson_is_bool(v);
}

static bool is_number(yyjson_val *v)
{
    return yyjson_is_num(v);
}

static bool is_text(yyjson_val *v)
{
    return yyjson_is_str(v);
}

static bool is_list(yyjson_val *v)
{
    return yyjson_is_arr(v);
}

static bool is_object(yyjson_val *v)
{
    return yyjson_is_obj(v);
}

/* Fields that checks judge by; a null or an absent one means the engine's default. */
static const struct field_type {
    const char *section, *name; /* section NULL: of the answer itself */
    bool (*is_type)(yyjson_val *v);
    const char *type;
} field_types[] = {
    // clang-format off
    {"HostConfig", "Privileged", is_bool, "boolean"},
    {"HostConfig", "ReadonlyRootfs", is_bool, "boolean"},
    {"HostConfig", "PublishAllPorts", is_bool, "boolean"},
    {"HostConfig", "OomKillDisable", is_bool, "boolean"},
    {"HostConfig", "AutoRemove", is_bool, "boolean"},
    {"HostConfig", "Memory", is_number, "number"},
    {"HostConfig", "MemorySwap", is_number, "number"},
    {"HostConfig", "NanoCpus", is_number, "number"},
    {"HostConfig", "CpuShares", is_number, "number"},
    {"HostConfig", "CpuQuota", is_number, "number"},
    {"HostConfig", "PidsLimit", is_number, "number"},
    {"HostConfig", "OomScoreAdj", is_number, "number"},
    {"HostConfig", "ShmSize", is_number, "number"},
    {"HostConfig", "NetworkMode", is_text, "text"},
    {"HostConfig", "PidMode", is_text, "text"},
    {"HostConfig", "IpcMode", is_text, "text"},
    {"HostConfig", "UTSMode", is_text, "text"},
    {"HostConfig", "UsernsMode", is_text, "text"},
    {"HostConfig", "CgroupParent", is_text, "text"},
    {"HostConfig", "Runtime", is_text, "text"},
    {"HostConfig", "CpusetCpus", is_text, "text"},
    {"HostConfig", "CapAdd", is_list, "list"},
    {"HostConfig", "CapDrop", is_list, "list"},
    {"HostConfig", "SecurityOpt", is_list, "list"},
    {"HostConfig", "Binds", is_list, "list"},
    {"HostConfig", "Devices", is_list, "list"},
    {"HostConfig", "DeviceCgroupRules", is_list, "list"},
    {"HostConfig", "Ulimits", is_list, "list"},
    {"HostConfig", "GroupAdd", is_list, "list"},
    {"HostConfig", "MaskedPaths", is_list, "list"},
    {"HostConfig", "ReadonlyPaths", is_list, "list"},
    {"HostConfig", "ExtraHosts", is_list, "list"},
    {"HostConfig", "Links", is_list, "list"},
    {"HostConfig", "RestartPolicy", is_object, "object"},
    {"HostConfig", "PortBindings", is_object, "object"},
    {"HostConfig", "LogConfig", is_object, "object"},
    {"HostConfig", "Sysctls", is_object, "object"},
    {"Config", "User", is_text, "text"},
    {"Config", "Image", is_text, "text"},
    {"Config", "Env", is_list, "list"},
    {"Config", "Labels", is_object, "object"},
    {"Config", "Healthcheck", is_object, "object"},
    {"Config", "ExposedPorts", is_object, "object"},
    {"State", "Pid", is_number, "number"},
    {"State", "Status", is_text, "text"},
    {"State", "StartedAt", is_text, "text"},
    {"NetworkSettings", "Ports", is_object, "object"},
    {"NetworkSettings", "Networks", is_object, "object"},
    {NULL, "Mounts", is_list, "list"},
    {NULL, "ExecIDs", is_list, "list"},
    {NULL, "State", is_object, "object"},
    {NULL, "NetworkSettings", is_object, "object"},
    // clang-format on
};

/* The first field that holds what no engine puts there, else NULL: a check that took it for absent would
 * pass. */
static const struct field_type *wrong_field(yyjson_val *root)
{
    for (size_t i = 0; i < sizeof(field_types) / sizeof(field_types[0]); i++) {
        const struct field_type *t = &field_types[i];
        yyjson_val *in = t->section ? yyjson_obj_get(root, t->section) : root,
                   *v = yyjson_obj_get(in, t->name);
        if (v && !yyjson_is_null(v) && !t->is_type(v))
            return t;
    }
    return NULL;
}

static void read_inspect(struct plm_container *c, struct plm_arena *a)
{
    yyjson_val *root = c->inspect.root;
    c->host_config = plm_json_at(root, "HostConfig", NULL);
    c->config = plm_json_at(root, "Config", NULL);
    c->network = plm_json_at(root, "NetworkSettings", NULL);
    if (root && (!yyjson_is_obj(c->host_config) || !yyjson_is_obj(c->config)))
        c->host_config = c->config = NULL; /* said by plm_inspect_is_missing */
    const struct field_type *wrong = wrong_field(root);
    if (wrong) {
        c->host_config = c->config = NULL;
        c->inspect.failure = plm_arena_printf(a, "%s%s%s is no %s", wrong->section ? wrong->section : "",
                                              wrong->section ? "." : "", wrong->name, wrong->type);
    }
    plm_sv state = plm_json_str(root, "State", "Status", NULL), image = plm_json_str(root, "Image", NULL);
    if (state.n)
        c->state = state;
    if (image.n)
        c->image_id = image;
    c->is_running = plm_sv_is(c->state, "running") || plm_sv_is(c->state, "paused");
}

/* Drops those whose inspect said 404 and that a second list does not have. */
static int drop_vanished(struct sweep *s, const bool *is_missing, plm_err **err)
{
    struct plm_daemon *d = s->d;
    size_t missing = 0, kept = 0;
    for (size_t i = 0; i < d->containers.n; i++)
        missing += is_missing[i];
    if (!missing)
        return 0;
    task_vec tasks = {0};
    struct plm_answer again = {0};
    if (!add_task(s, &tasks, "/containers/json?all=1", PLM_SV_NULL, NULL, PLM_SV("container list")))
        return plm_arena_check(s->f->arena, err);
    int r = run_tasks(s, &tasks, err);
    take(s->f, &tasks.v[0], &again);
    if (r < 0 || !again.root)
        return r; /* the failures of inspect stay */
    for (size_t i = 0; i < d->containers.n; i++) {
        bool is_there = !is_missing[i];
        size_t k, n;
        yyjson_val *v;
        yyjson_arr_foreach(again.root, k, n, v) if (!is_there) is_there =
            plm_sv_eq(plm_json_str(v, "Id", NULL), d->containers.v[i].id);
        if (is_there)
            d->containers.v[kept++] = d->containers.v[i];
    }
    d->containers.n = kept;
    return 0;
}

static int ask_execs(struct sweep *s, plm_err **err)
{
    struct plm_daemon *d = s->d;
    task_vec tasks = {0};
    size_t i, n, at = 0;
    yyjson_val *v;
    for (size_t k = 0; k < d->containers.n; k++)
        yyjson_arr_foreach(plm_json_at(d->containers.v[k].inspect.root, "ExecIDs", NULL), i, n, v)
        {
            if (i < EXECS_MAX && !add_task(s, &tasks, "/exec/", plm_json_sv(v), "/json", PLM_SV("exec")))
                return plm_arena_check(s->f->arena, err);
        }
    int r = run_tasks(s, &tasks, err);
    for (size_t k = 0; k < d->containers.n; k++) {
        struct plm_container *c = &d->containers.v[k];
        size_t ids = yyjson_arr_size(plm_json_at(c->inspect.root, "ExecIDs", NULL));
        for (i = 0; i < ids && i < EXECS_MAX && at < tasks.n; i++, at++) {
            bool has_ended = plm_err_code(tasks.v[at].why) == PLM_E_NOTFOUND;
            struct plm_answer dropped = {0};
            struct plm_answer *out = has_ended ? &dropped : plm_vec_push(s->f->arena, &c->execs);
            take(s->f, &tasks.v[at], out ? out : &dropped);
        }
    }
    return r < 0 ? r : plm_arena_check(s->f->arena, err);
}

/* ---- images
 * ------------------------------------------------------------------------------------------------ */

static void add_names(struct plm_arena *a, plm_sv_vec *out, yyjson_val *list)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v)
    {
        plm_sv s = plm_json_sv(v);
        if (s.n && !plm_sv_has(s, PLM_SV("<none>")))
            plm_sv_vec_add(a, out, s);
    }
    plm_sv_vec_sort_unique(out);
}

static plm_sv short_id(plm_sv id)
{
    size_t colon = plm_sv_find(id, ':');
    return plm_sv_sub(id, colon == SIZE_MAX ? 0 : colon + 1, 12);
}

static int by_image(const void *a, const void *b)
{
    const struct plm_image_facts *x = a, *y = b;
    int r = plm_sv_cmp(x->object, y->object);
    return r ? r : plm_sv_cmp(x->id, y->id);
}

static int list_images(struct sweep *s, yyjson_val *list, plm_err **err)
{
    struct plm_arena *a = s->f->arena;
    struct plm_daemon *d = s->d;
    plm_auto(plm_map_free) struct plm_map *used = plm_map_new(), *parents = plm_map_new();
    size_t i, n;
    yyjson_val *v;
    if (!used || !parents)
        return plm_fail_oom(err);
    for (i = 0; i < d->containers.n; i++) {
        plm_sv id = d->containers.v[i].image_id;
        void **slot = id.n ? plm_map_put(used, id) : NULL;
        if (slot)
            *slot = d;
    }
    yyjson_arr_foreach(list, i, n, v)
    {
        plm_sv parent = plm_json_str(v, "ParentId", NULL);
        void **slot = parent.n ? plm_map_put(parents, parent) : NULL;
        if (slot)
            *slot = d;
    }
    yyjson_arr_foreach(list, i, n, v)
    {
        plm_sv id = plm_json_str(v, "Id", NULL);
        struct plm_image_facts *m = id.n ? plm_vec_push(a, &d->images) : NULL;
        if (!m)
            continue;
        *m = (struct plm_image_facts){.daemon = d, .id = id, .created = plm_json_int(v, "Created", 0)};
        int64_t size = plm_json_int(v, "Size", 0);
        m->size = size > 0 ? (uint64_t)size : 0;
        add_names(a, &m->tags, plm_json_at(v, "RepoTags", NULL));
        add_names(a, &m->digests, plm_json_at(v, "RepoDigests", NULL));
        m->object = m->tags.n ? m->tags.v[0] : m->digests.n ? m->digests.v[0] : short_id(id);
        m->is_used = plm_map_get(used, id) != NULL;
        m->is_parent = plm_map_get(parents, id) != NULL;
        m->is_dangling = m->tags.n == 0;
    }
    if (d->images.n)
        qsort(d->images.v, d->images.n, sizeof(*d->images.v), by_image);
    return plm_arena_check(a, err);
}

/* ---- one engine
 * ---------------------------------------------------------------------------------------------- */

/* Inspect of every container and, where they were listed, of every image, with its history. */
static int ask_each(struct sweep *s, plm_err **err)
{
    struct plm_facts *f = s->f;
    struct plm_daemon *d = s->d;
    task_vec tasks = {0};
    bool is_ok = true;
    for (size_t i = 0; i < d->containers.n; i++)
        is_ok &= add_task(s, &tasks, "/containers/", d->containers.v[i].id, "/json",
                          plm_arena_printf(f->arena, "container %.*s", PLM_SV_ARG(d->containers.v[i].name)));
    for (size_t i = 0; i < d->images.n; i++) {
        plm_sv what = plm_arena_printf(f->arena, "image %.*s", PLM_SV_ARG(d->images.v[i].object));
        is_ok &= add_task(s, &tasks, "/images/", d->images.v[i].id, "/json", what) &&
                 add_task(s, &tasks, "/images/", d->images.v[i].id, "/history", what);
    }
    bool *is_missing = plm_arena_array(f->arena, d->containers.n, sizeof(*is_missing));
    if (!is_ok || !is_missing)
        return plm_arena_check(f->arena, err);
    int r = run_tasks(s, &tasks, err);
    for (size_t i = 0; i < d->containers.n; i++) {
        is_missing[i] = tasks.v[i].why && plm_err_code(tasks.v[i].why) == PLM_E_NOTFOUND;
        take(f, &tasks.v[i], &d->containers.v[i].inspect);
        read_inspect(&d->containers.v[i], f->arena);
    }
    for (size_t i = 0; i < d->images.n; i++) {
        struct plm_image_facts *m = &d->images.v[i];
        take(f, &tasks.v[d->containers.n + 2 * i], &m->inspect);
        take(f, &tasks.v[d->containers.n + 2 * i + 1], &m->history);
        m->config = plm_json_at(m->inspect.root, "Config", NULL);
    }
    return r < 0 ? r : drop_vanished(s, is_missing, err);
}

static int ask_engine(struct plm_facts *f, struct plm_daemon *d, plm_err **err)
{
    struct sweep s = {.f = f, .d = d, .deadline = plm_clock_ms() + SWEEP_MS};
    struct plm_answer containers = {0}, images = {0};
    if (ask_lists(&s, &containers, &images, err) < 0)
        return -1;
    d->containers_failure = list_failure(f, &containers, CONTAINERS_MAX, "container list");
    if (!d->containers_failure.p && list_containers(&s, containers.root, err) < 0)
        return -1;
    if (wants_images(f)) {
        d->images_failure = list_failure(f, &images, IMAGES_MAX, "image list");
        if (!d->images_failure.p && list_images(&s, images.root, err) < 0)
            return -1;
    }
    if (ask_each(&s, err) < 0 || ask_execs(&s, err) < 0)
        return -1;
    return plm_arena_check(f->arena, err);
}

static void not_asked(struct plm_daemon *d, plm_sv why)
{
    struct plm_answer *const all[] = {&d->networks, &d->volumes,  &d->plugins, &d->df,
                                      &d->swarm,    &d->services, &d->nodes,   &d->secrets};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        all[i]->failure = why;
    d->containers_failure = d->images_failure = why;
}

/* An object's name is its engine's own: where two engines have the same, the later says which it is. */
static int tell_apart(struct plm_facts *f, plm_err **err)
{
    plm_auto(plm_map_free) struct plm_map *seen = plm_map_new();
    if (!seen)
        return plm_fail_oom(err);
    for (size_t i = 0; i < f->daemons.n && f->daemons.n > 1; i++) {
        struct plm_daemon *d = &f->daemons.v[i];
        for (size_t k = 0; k < d->containers.n + d->images.n; k++) {
            bool is_container = k < d->containers.n;
            plm_sv *object =
                is_container ? &d->containers.v[k].object : &d->images.v[k - d->containers.n].object;
            plm_sv key = plm_arena_printf(f->arena, "%c%.*s", is_container ? 'c' : 'i', PLM_SV_ARG(*object));
            void **slot = key.p ? plm_map_put(seen, key) : NULL;
            if (!slot)
                return plm_fail_oom(err);
            if (*slot && *slot != d)
                *object =
                    plm_arena_printf(f->arena, "%.*s@%.*s", PLM_SV_ARG(*object), PLM_SV_ARG(d->endpoint));
            else
                *slot = d;
        }
    }
    return plm_arena_check(f->arena, err);
}

int plm_collect_engine(struct plm_facts *f, plm_err **err)
{
    for (size_t i = 0; i < f->daemons.n; i++) {
        struct plm_daemon *d = &f->daemons.v[i];
        if (!d->engine || !d->is_answering || !d->info.root)
            not_asked(d, d->failure.p ? d->failure : PLM_SV("the engine does not answer"));
        else if (ask_engine(f, d, err) < 0)
            return -1;
    }
    return tell_apart(f, err);
}
