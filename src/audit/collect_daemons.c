/* SPDX-License-Identifier: Apache-2.0
 *
 * Collector: every engine of this machine. Places come from the variables and contexts of the caller, the
 * usual sockets, docker.socket, and from what each dockerd process listens on; one row per engine is left,
 * however many places it has. All are asked at the same time, so that several that hang do not add up.
 *
 * Quirks: /run and /var/run are one folder, so sockets are told apart by device and inode; a socket file that
 * nobody listens on is left behind by engines that died and is no engine; without rights over the processes
 * the same engine is recognised by the ID in its /info.
 */
#include "audit/daemons.h"

#include "base/fs.h"
#include "base/pool.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { PLACES_MAX = 256, AT_ONCE = 8, FIRST_ANSWER_MS = 60000 };

static plm_sv text_of_error(struct plm_arena *a, plm_err *why)
{
    plm_auto_free char *text = plm_err_text(why);
    plm_err_free(why);
    return plm_arena_sv(a, plm_sv_from(text ? text : "out of memory"));
}

/* ---- places ----------------------------------------------------------------------------------------- */

struct finder {
    struct plm_facts *f;
    plm_place_vec places;
};

static int connect_errno(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(at.sun_path))
        return ENAMETOOLONG;
    memcpy(at.sun_path, path, strlen(path));
    plm_auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    return connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 || errno == EAGAIN ? 0 : errno;
}

/* A unix socket, unless it is there already or, unasked for, nobody listens on it. */
static void add_socket(struct finder *s, plm_sv path, plm_sv how, bool is_podman, bool is_asked)
{
    struct stat st = {0};
    struct plm_arena *a = s->f->arena;
    const char *cpath = plm_arena_cstr(a, path);
    plm_auto_fd int fd = cpath ? plm_fs_open_in(s->f->root_fd, cpath, O_PATH, NULL) : -1;
    int sys = fd < 0 ? errno : fstat(fd, &st) < 0 ? errno : S_ISSOCK(st.st_mode) ? 0 : ENOTSOCK;
    if (!cpath || s->places.n >= PLACES_MAX || (sys && !is_asked && sys != EACCES))
        return;
    for (size_t i = 0; i < s->places.n; i++) {
        struct plm_place *p = &s->places.v[i];
        bool is_same = sys ? plm_sv_eq(p->path, path) : p->ino == st.st_ino && p->dev == st.st_dev;
        if (p->path.p && is_same) {
            p->is_asked |= is_asked;
            return;
        }
    }
    int refused = sys ? 0 : connect_errno(cpath);
    if (refused == ECONNREFUSED && !is_asked)
        return;
    struct plm_place *p = plm_vec_push(a, &s->places);
    if (p)
        *p = (struct plm_place){
            .endpoint = plm_arena_printf(a, "unix://%s", cpath),
            .how = plm_arena_sv(a, how),
            .is_asked = is_asked,
            .is_podman = is_podman,
            .path = plm_sv_from(cpath),
            .dev = sys ? 0 : st.st_dev,
            .ino = sys ? 0 : st.st_ino,
            .sys = sys,
        };
}

/* Whether an address is one of this machine's. Names are not resolved: only "localhost" is ours. */
static bool is_local_address(plm_sv host)
{
    char text[INET6_ADDRSTRLEN], theirs[INET6_ADDRSTRLEN];
    struct ifaddrs *list = NULL;
    if (plm_sv_starts(host, PLM_SV("[")) && plm_sv_ends(host, PLM_SV("]")))
        host = plm_sv_sub(host, 1, host.n - 2);
    if (!host.n || plm_sv_is(host, "localhost") || plm_sv_starts(host, PLM_SV("127.")) ||
        plm_sv_is(host, "::1") || plm_sv_is(host, "0.0.0.0") || plm_sv_is(host, "::"))
        return true;
    if (host.n >= sizeof(text) || getifaddrs(&list) < 0)
        return false;
    memcpy(text, host.p, host.n);
    text[host.n] = 0;
    bool is_ours = false;
    for (const struct ifaddrs *i = list; i && !is_ours; i = i->ifa_next) {
        if (!i->ifa_addr || (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
            continue;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        bool is_four = i->ifa_addr->sa_family == AF_INET;
        if (is_four)
            memcpy(&v4, i->ifa_addr, sizeof(v4));
        else
            memcpy(&v6, i->ifa_addr, sizeof(v6));
        const void *at = is_four ? (const void *)&v4.sin_addr : (const void *)&v6.sin6_addr;
        is_ours = inet_ntop(i->ifa_addr->sa_family, at, theirs, sizeof(theirs)) && strcmp(theirs, text) == 0;
    }
    freeifaddrs(list);
    return is_ours;
}

static bool is_local_tcp(plm_sv endpoint)
{
    size_t scheme = plm_sv_find_sv(endpoint, PLM_SV("://"));
    plm_sv rest = scheme == SIZE_MAX ? endpoint : plm_sv_from_off(endpoint, scheme + 3);
    size_t colon = plm_sv_rfind(rest, ':'), bracket = plm_sv_rfind(rest, ']');
    bool has_port = colon != SIZE_MAX && (bracket == SIZE_MAX || colon > bracket);
    return is_local_address(has_port ? plm_sv_sub(rest, 0, colon) : rest);
}

static void add_tcp(struct finder *s, plm_sv endpoint, plm_sv context, plm_sv how, bool is_asked)
{
    struct plm_arena *a = s->f->arena;
    bool is_remote = !is_local_tcp(endpoint);
    for (size_t i = 0; i < s->places.n; i++)
        if (plm_sv_eq(s->places.v[i].endpoint, endpoint))
            return;
    if ((is_remote && !is_asked) || s->places.n >= PLACES_MAX)
        return; /* another machine's engine is audited there, or by name */
    struct plm_place *p = plm_vec_push(a, &s->places);
    if (p)
        *p = (struct plm_place){.endpoint = plm_arena_sv(a, endpoint),
                                .context = plm_arena_sv(a, context),
                                .how = plm_arena_sv(a, how),
                                .is_asked = is_asked,
                                .is_remote = is_remote};
}

/* DOCKER_HOST, CONTAINER_HOST and docker's contexts. */
static int add_known(struct finder *s, plm_err **err)
{
    struct plm_engine_place *known = NULL;
    size_t n = 0;
    if (plm_engine_known_places(s->f->ctx, s->f->arena, &known, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        plm_sv host = known[i].host;
        bool is_path = plm_sv_starts(host, PLM_SV("/"));
        if (is_path || plm_sv_starts(host, PLM_SV("unix://")))
            add_socket(s, is_path ? host : plm_sv_from_off(host, 7), known[i].how, known[i].is_podman,
                       known[i].is_chosen);
        else if (!plm_sv_starts(host, PLM_SV("ssh://")) && !plm_sv_starts(host, PLM_SV("npipe://")))
            add_tcp(s, host, known[i].context, known[i].how, known[i].is_chosen);
    }
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    const plm_sv *x = a, *y = b;
    return plm_sv_cmp(*x, *y);
}

/* /run/user/UID/docker.sock of rootless engines, and podman's. */
static void add_of_users(struct finder *s)
{
    plm_sv_vec users = {0};
    plm_auto_fd int fd = plm_fs_open_in(s->f->root_fd, "/run/user", O_RDONLY | O_DIRECTORY, NULL);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        return;
    (void)plm_take_fd(fd);
    for (struct dirent *e; (e = readdir(dir)) && users.n < PLACES_MAX;)
        if (e->d_name[0] != '.')
            plm_sv_vec_add(s->f->arena, &users, plm_sv_from(e->d_name));
    closedir(dir);
    if (users.n)
        qsort(users.v, users.n, sizeof(*users.v), compare_names);
    for (size_t i = 0; i < users.n; i++) {
        plm_sv run = plm_arena_printf(s->f->arena, "/run/user/%.*s", PLM_SV_ARG(users.v[i]));
        add_socket(s, plm_arena_printf(s->f->arena, "%.*s/docker.sock", PLM_SV_ARG(run)),
                   PLM_SV("usual socket of a rootless engine"), false, false);
        add_socket(s, plm_arena_printf(s->f->arena, "%.*s/podman/podman.sock", PLM_SV_ARG(run)),
                   PLM_SV("usual socket of rootless podman"), true, false);
    }
}

static void add_of_units(struct finder *s)
{
    struct plm_unit u = {0};
    plm_sv_vec streams = {0};
    if (plm_unit_read(s->f, "docker.socket", &u, NULL) < 0 || u.is_masked ||
        plm_unit_values(&u, "Socket", "ListenStream", s->f->arena, &streams, NULL) < 0)
        return; /* the usual places remain; 3.3 reports the unit */
    for (size_t i = 0; i < streams.n; i++) {
        plm_sv path = streams.v[i];
        if (plm_sv_starts(path, PLM_SV("%t/")))
            path = plm_arena_printf(s->f->arena, "/run/%.*s", PLM_SV_ARG(plm_sv_from_off(path, 3)));
        if (plm_sv_starts(path, PLM_SV("/")))
            add_socket(s, path, PLM_SV("ListenStream of docker.socket"), false, false);
    }
}

static int find_places(struct finder *s, plm_engine_process_vec *processes, plm_err **err)
{
    const struct plm_audit_options *opt = s->f->opt;
    if (opt->host.n || opt->context.n) {
        plm_sv h = opt->host;
        bool is_path = plm_sv_starts(h, PLM_SV("/"));
        if (is_path || plm_sv_starts(h, PLM_SV("unix://"))) {
            add_socket(s, is_path ? h : plm_sv_from_off(h, 7), PLM_SV("-H"), false, true);
        } else {
            struct plm_engine_place place = {0};
            if (plm_engine_place_of(s->f->ctx, opt->host, opt->context, s->f->arena, &place, err) < 0)
                return -1;
            if (plm_sv_starts(place.host, PLM_SV("unix://")))
                add_socket(s, plm_sv_from_off(place.host, 7), place.how, false, true);
            else
                add_tcp(s, place.host, opt->context, place.how, true);
        }
        plm_place_vec all = s->places; /* the process behind it, no other engine */
        size_t n = all.n;
        if (plm_engine_processes_join(s->f, processes, &all, err) < 0)
            return -1;
        s->places = all;
        s->places.n = n;
        return 0;
    }
    if (add_known(s, err) < 0)
        return -1;
    add_socket(s, PLM_SV("/run/docker.sock"), PLM_SV("usual socket"), false, false);
    add_socket(s, PLM_SV("/var/run/docker.sock"), PLM_SV("usual socket"), false, false);
    add_of_units(s);
    add_of_users(s);
    add_socket(s, PLM_SV("/run/podman/podman.sock"), PLM_SV("usual socket of podman"), true, false);
    return plm_engine_processes_join(s->f, processes, &s->places, err);
}

/* ---- from places to engines ---------------------------------------------------------------------------- */

struct opening {
    const struct plm_ctx *ctx;
    struct plm_place *place;
    struct plm_engine *engine;
    struct plm_json *version, *info;
    plm_err *why, *info_why;
};

static void open_one(void *arg)
{
    struct opening *o = arg;
    const struct plm_place *p = o->place;
    if (plm_sv_starts(p->endpoint, PLM_SV("pid:"))) {
        (void)plm_fail_id(&o->why, PLM_E_NET, "engine.unreachable",
                          "%.*s runs dockerd, but where it listens cannot be read", PLM_SV_ARG(p->endpoint));
        return;
    }
    struct plm_engine_config conf = {
        .kind = p->is_podman ? PLM_ENGINE_PODMAN : PLM_ENGINE_DOCKER,
        .host = p->context.n   ? PLM_SV_NULL
                : p->connect.n ? p->connect
                               : p->endpoint,
        .context = p->context,
        .deadline = plm_clock_ms() + FIRST_ANSWER_MS,
    };
    o->engine = plm_engine_open(o->ctx, &conf, &o->why);
    if (!o->engine)
        return;
    o->version = plm_engine_fetch(o->engine, "/version", "engine version", &o->why);
    if (!o->version)
        return;
    o->info = plm_engine_fetch(o->engine, "/info", "engine information", &o->info_why);
}

/* One place for each engine: those that the same process holds are one, the first of them is kept. */
static void drop_doubles(plm_place_vec *v)
{
    size_t kept = 0;
    for (size_t i = 0; i < v->n; i++) {
        bool is_double = false;
        for (size_t k = 0; k < kept && v->v[i].process; k++)
            is_double |= v->v[k].process == v->v[i].process;
        if (!is_double)
            v->v[kept++] = v->v[i];
    }
    v->n = kept;
}

static bool is_podman_answer(const struct plm_daemon *d)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(plm_json_at(d->version.root, "Components", NULL), i, n,
                       v) if (plm_sv_has(plm_json_str(v, "Name", NULL), PLM_SV("Podman"))) return true;
    return false;
}

static bool has_security_option(const struct plm_daemon *d, const char *name)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(plm_json_at(d->info.root, "SecurityOptions", NULL), i, n,
                       v) if (plm_sv_starts(plm_json_sv(v), plm_sv_from(name))) return true;
    return false;
}

static void answer(struct plm_facts *f, struct plm_answer *out, struct plm_json *doc, plm_err *why)
{
    out->doc = plm_facts_keep(f, doc);
    out->root = out->doc ? plm_json_root(out->doc) : NULL;
    if (why)
        out->failure = text_of_error(f->arena, why);
}

static const struct plm_engine_process *process_of(const plm_engine_process_vec *v,
                                                   const struct plm_process *p)
{
    for (size_t i = 0; p && i < v->n; i++)
        if (v->v[i].p == p)
            return &v->v[i];
    return NULL;
}

static void explain_no_process(struct plm_facts *f, struct plm_daemon *d)
{
    if (d->is_remote)
        d->process_failure = PLM_SV("the engine runs on another machine");
    else if (!f->kernel)
        d->process_failure = f->kernel_failure.p ? f->kernel_failure : PLM_SV("no /proc there");
    else if (f->processes_failure.p)
        d->process_failure = f->processes_failure;
    else
        d->process_failure =
            plm_arena_printf(f->arena, "no dockerd process was seen to hold the socket%s",
                             geteuid() == 0 ? "" : " (its descriptors can be read by root only)");
}

static int make_daemon(struct plm_facts *f, struct opening *o, const plm_engine_process_vec *processes,
                       plm_err **err)
{
    const struct plm_place *p = o->place;
    struct plm_daemon *d = plm_vec_push(f->arena, &f->daemons);
    if (!d)
        return plm_arena_check(f->arena, err);
    *d = (struct plm_daemon){
        .endpoint = p->endpoint,
        .how_found = p->how,
        .is_remote = p->is_remote,
        .socket_path = p->path,
        .socket_dev = p->dev,
        .socket_ino = p->ino,
        .process = p->process,
        .engine = plm_take(o->engine),
        .product = p->is_podman ? PLM_SV("podman") : PLM_SV("docker"),
    };
    answer(f, &d->version, plm_take(o->version), NULL);
    answer(f, &d->info, plm_take(o->info), plm_take(o->info_why));
    d->is_answering = d->version.root != NULL;
    if (o->why)
        d->failure = text_of_error(f->arena, plm_take(o->why));
    else if (!d->info.root)
        d->failure = d->info.failure;
    if (is_podman_answer(d))
        d->product = PLM_SV("podman");
    d->root_dir = plm_json_str(d->info.root, "DockerRootDir", NULL);
    const struct plm_engine_process *e = process_of(processes, p->process);
    if (!e) {
        explain_no_process(f, d);
        d->settings_failure =
            plm_arena_printf(f->arena, "arguments and file: %.*s", PLM_SV_ARG(d->process_failure));
    } else {
        d->listeners = e->listening;
        d->listeners_failure = e->failure;
        if (plm_engine_process_settings(f, e, d, err) < 0)
            return -1;
    }
    d->is_rootless |= has_security_option(d, "name=rootless");
    return plm_arena_check(f->arena, err);
}

/* Whether an engine before this one gave the same ID: known only where no process tells them apart. */
static bool is_known_engine(const struct plm_facts *f, const struct opening *o)
{
    plm_sv id = o->info ? plm_json_str(plm_json_root(o->info), "ID", NULL) : PLM_SV_NULL;
    plm_sv dir = o->info ? plm_json_str(plm_json_root(o->info), "DockerRootDir", NULL) : PLM_SV_NULL;
    for (size_t i = 0; id.n && i < f->daemons.n; i++) {
        const struct plm_daemon *d = &f->daemons.v[i];
        if (plm_sv_eq(plm_json_str(d->info.root, "ID", NULL), id) && plm_sv_eq(d->root_dir, dir) &&
            (!d->process || !o->place->process))
            return true;
    }
    return false;
}

static void opening_done(struct opening *o)
{
    plm_json_free(o->version);
    plm_json_free(o->info);
    plm_engine_close(o->engine);
    plm_err_free(o->why);
    plm_err_free(o->info_why);
}

static int ask_all(struct plm_facts *f, plm_place_vec *places, const plm_engine_process_vec *processes,
                   plm_err **err)
{
    if (places->n == 0)
        return 0;
    struct opening *o = plm_arena_array(f->arena, places->n, sizeof(*o));
    unsigned threads = places->n < AT_ONCE ? (unsigned)places->n : AT_ONCE;
    plm_auto(plm_pool_free) struct plm_pool *pool = o ? plm_pool_new(threads, err) : NULL;
    if (!pool)
        return o ? -1 : plm_fail_oom(err);
    for (size_t i = 0; i < places->n; i++) {
        o[i] = (struct opening){.ctx = f->ctx, .place = &places->v[i]};
        plm_pool_submit(pool, open_one, &o[i]);
    }
    plm_pool_wait(pool);
    int r = 0;
    for (size_t i = 0; i < places->n; i++) {
        if (r == 0 && !is_known_engine(f, &o[i]))
            r = make_daemon(f, &o[i], processes, err);
        opening_done(&o[i]);
    }
    return r;
}

int plm_collect_daemons(struct plm_facts *f, plm_err **err)
{
    struct finder s = {.f = f};
    plm_engine_process_vec processes = {0};
    int r = plm_engine_processes(f, &processes, err);
    if (r == 0)
        r = find_places(&s, &processes, err);
    if (r == 0) {
        drop_doubles(&s.places);
        r = ask_all(f, &s.places, &processes, err);
    }
    plm_engine_processes_done(&processes);
    return r;
}
