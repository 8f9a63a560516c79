/* SPDX-License-Identifier: Apache-2.0
 *
 * Which engine: the order of the docker command (cli/command/cli.go and opts/hosts.go of
 * docker/cli): -H, --context, DOCKER_HOST, DOCKER_CONTEXT, currentContext of config.json, then
 * the usual sockets. Podman: -H, CONTAINER_HOST, its sockets.
 *
 * A context is <config>/contexts/meta/<sha256 of its name>/meta.json, with TLS material in
 * <config>/contexts/tls/<same>/docker/{ca,cert,key}.pem. For -H and DOCKER_HOST, DOCKER_TLS_VERIFY
 * and DOCKER_TLS switch TLS on, DOCKER_CERT_PATH (else the config folder) holds the files.
 */
#include "docker_int.h"

#include "base/fs.h"
#include "base/text.h"
#include "codec/hash.h"

#include <dirent.h>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { NAME_BUFFER = 16 << 10 };

struct selection {
    const struct plm_ctx *ctx;
    const struct plm_engine_config *conf;
    plm_getenv_fn env;
    struct plm_arena *arena;
};

static const char *var(const struct selection *s, const char *name)
{
    const char *v = s->env ? s->env(name) : getenv(name);
    return v && *v ? v : NULL;
}

/* ---- sockets ------------------------------------------------------------------------- */

/* 0, or the errno of connecting. */
static int try_socket(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(at.sun_path))
        return ENAMETOOLONG;
    memcpy(at.sun_path, path, strlen(path));
    plm_auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    /* EAGAIN: somebody listens, the queue is full */
    return connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 || errno == EAGAIN ? 0 : errno;
}

static plm_sv owner_name(struct plm_arena *a, uid_t id)
{
    struct passwd pw, *found = NULL;
    plm_auto_free char *buf = malloc(NAME_BUFFER);
    if (buf && getpwuid_r(id, &pw, buf, NAME_BUFFER, &found) == 0 && found)
        return plm_arena_sv(a, plm_sv_from(pw.pw_name));
    return plm_arena_printf(a, "%u", (unsigned)id);
}

static plm_sv group_name(struct plm_arena *a, gid_t id)
{
    struct group gr, *found = NULL;
    plm_auto_free char *buf = malloc(NAME_BUFFER);
    if (buf && getgrgid_r(id, &gr, buf, NAME_BUFFER, &found) == 0 && found)
        return plm_arena_sv(a, plm_sv_from(gr.gr_name));
    return plm_arena_printf(a, "%u", (unsigned)id);
}

static int fail_permission(const struct selection *s, const char *path, plm_err **err)
{
    struct stat st;
    plm_sv detail = plm_arena_printf(s->arena, "uid %u", (unsigned)geteuid());
    if (stat(path, &st) == 0)
        detail = plm_arena_printf(s->arena, "uid %u; %.*s:%.*s %04o", (unsigned)geteuid(),
                                  PLM_SV_ARG(owner_name(s->arena, st.st_uid)),
                                  PLM_SV_ARG(group_name(s->arena, st.st_gid)), (unsigned)st.st_mode & 07777);
    int r = plm_fail_id(err, PLM_E_AUTH, "engine.permission", "%s: permission denied (%.*s)", path,
                        PLM_SV_ARG(detail));
    const char *command = s->conf->kind == PLM_ENGINE_PODMAN ? "podman" : "docker";
    plm_sv image = s->conf->wanted_image.n ? s->conf->wanted_image : PLM_SV("IMAGE");
    plm_err_hint(err, "%s save %.*s | plimsoll scan -", command, PLM_SV_ARG(image));
    return r;
}

static int use_socket(const struct selection *s, plm_sv path, struct plm_endpoint *out)
{
    out->unix_socket = plm_arena_cstr(s->arena, path);
    out->base = PLM_SV("http://localhost");
    out->shown = plm_arena_printf(s->arena, "unix://%.*s", PLM_SV_ARG(path));
    return 0;
}

static int use_named_socket(const struct selection *s, plm_sv path, struct plm_endpoint *out, plm_err **err)
{
    (void)use_socket(s, path, out);
    if (plm_arena_check(s->arena, err) < 0)
        return -1;
    int sys = try_socket(out->unix_socket);
    if (sys == EACCES || sys == EPERM)
        return fail_permission(s, out->unix_socket, err);
    if (sys)
        return plm_fail_id(err, PLM_E_NET, "engine.unreachable", "%s: %s (from %.*s)", out->unix_socket,
                           strerror(sys), PLM_SV_ARG(out->how));
    return 0;
}

/* ---- hosts --------------------------------------------------------------------------- */

static const char *file_if_there(struct plm_arena *a, const char *dir, const char *name)
{
    plm_sv path = plm_arena_printf(a, "%s/%s", dir, name);
    return path.p && access(path.p, R_OK) == 0 ? path.p : NULL;
}

static void use_tls(const struct selection *s, const char *dir, bool verify, struct plm_endpoint *out)
{
    out->ca = file_if_there(s->arena, dir, "ca.pem");
    out->cert = file_if_there(s->arena, dir, "cert.pem");
    out->key = file_if_there(s->arena, dir, "key.pem");
    out->is_insecure = !verify;
}

/* ~/.docker or DOCKER_CONFIG; NULL where there is no home. */
static const char *config_dir(const struct selection *s)
{
    const char *dir = var(s, "DOCKER_CONFIG"), *home = var(s, "HOME");
    return dir ? dir : home ? plm_arena_printf(s->arena, "%s/.docker", home).p : NULL;
}

static int use_tcp(const struct selection *s, plm_sv rest, bool is_tls, struct plm_endpoint *out,
                   plm_err **err)
{
    plm_sv address = rest;
    (void)plm_sv_cut(rest, '/', &address, &(plm_sv){0});
    if (!address.n)
        return plm_fail(err, PLM_E_USAGE, "engine address without a host (from %.*s)", PLM_SV_ARG(out->how));
    size_t colon = plm_sv_rfind(address, ':'), bracket = plm_sv_rfind(address, ']');
    bool has_port = colon != SIZE_MAX && (bracket == SIZE_MAX || colon > bracket);
    out->base = plm_arena_printf(s->arena, "http%s://%.*s%s", is_tls ? "s" : "", PLM_SV_ARG(address),
                                 has_port ? ""
                                 : is_tls ? ":2376"
                                          : ":2375");
    out->shown =
        plm_arena_printf(s->arena, "tcp://%.*s", PLM_SV_ARG(plm_sv_from_off(out->base, is_tls ? 8 : 7)));
    return plm_arena_check(s->arena, err);
}

/* "unix:///run/x.sock", "tcp://h:2376", "https://h", "/run/x.sock", "h:2375". */
static int use_host(const struct selection *s, plm_sv host, struct plm_endpoint *out, plm_err **err)
{
    static const struct {
        plm_sv prefix;
        bool is_tcp, is_tls;
    } schemes[] = {{PLM_SV("tcp://"), true, false},
                   {PLM_SV("http://"), true, false},
                   {PLM_SV("https://"), true, true},
                   {PLM_SV("unix://"), false, false}};
    bool wants_tls = out->ca || out->cert || out->is_insecure;
    if (plm_sv_starts(host, PLM_SV("/")))
        return use_named_socket(s, host, out, err);
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        plm_sv rest = plm_sv_from_off(host, schemes[i].prefix.n);
        if (!plm_sv_starts(host, schemes[i].prefix))
            continue;
        if (!schemes[i].is_tcp)
            return use_named_socket(s, rest, out, err);
        return use_tcp(s, rest, schemes[i].is_tls || wants_tls, out, err);
    }
    if (plm_sv_has(host, PLM_SV("://"))) {
        int r = plm_fail(err, PLM_E_UNSUPPORTED,
                         "engine address %.*s (from %.*s): only unix:// and tcp:// are understood",
                         PLM_SV_ARG(host), PLM_SV_ARG(out->how));
        if (plm_sv_starts(host, PLM_SV("ssh://")))
            plm_err_hint(err, "docker -H %.*s save IMAGE | plimsoll scan -", PLM_SV_ARG(host));
        return r;
    }
    return use_tcp(s, host, wants_tls, out, err);
}

/* -H and DOCKER_HOST: TLS by the variables. */
static int use_host_of_user(const struct selection *s, plm_sv host, const char *how, struct plm_endpoint *out,
                            plm_err **err)
{
    bool verify = var(s, "DOCKER_TLS_VERIFY") != NULL;
    const char *dir = var(s, "DOCKER_CERT_PATH") ? var(s, "DOCKER_CERT_PATH") : config_dir(s);
    bool is_socket = plm_sv_starts(host, PLM_SV("/")) || plm_sv_starts(host, PLM_SV("unix://"));
    out->how = plm_sv_from(how);
    if (!is_socket && dir && (verify || var(s, "DOCKER_TLS") || plm_sv_starts(host, PLM_SV("https://"))))
        use_tls(s, dir, verify || !var(s, "DOCKER_TLS"), out);
    if (!is_socket && verify && !out->ca)
        return plm_fail(err, PLM_E_CONFIG, "DOCKER_TLS_VERIFY is set, but %s/ca.pem cannot be read",
                        dir ? dir : "~/.docker");
    return use_host(s, host, out, err);
}

/* ---- contexts ------------------------------------------------------------------------ */

/* The JSON file, NULL without an error where it does not exist. */
static struct plm_json *read_json(const struct selection *s, const char *path, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(s->ctx->limits->manifest_bytes);
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return NULL;
    if (plm_fs_read(path, b.max, &b, err) < 0)
        return NULL;
    return plm_json_parse(plm_buf_sv(&b), path, s->ctx->limits, err);
}

static int use_context(const struct selection *s, plm_sv name, const char *from, struct plm_endpoint *out,
                       plm_err **err)
{
    unsigned char hash[PLM_SHA256_BYTES];
    char digest[PLM_DIGEST_CHARS + 1];
    const char *dir = config_dir(s);
    plm_sha256_of(name, hash);
    plm_digest_text(hash, digest);
    const char *hex = strchr(digest, ':') + 1;
    plm_sv meta = plm_arena_printf(s->arena, "%s/contexts/meta/%s/meta.json", dir ? dir : "", hex);
    plm_sv tls = plm_arena_printf(s->arena, "%s/contexts/tls/%s/docker", dir ? dir : "", hex);
    out->how = plm_arena_printf(s->arena, "context %.*s (%s)", PLM_SV_ARG(name), from);
    if (plm_arena_check(s->arena, err) < 0)
        return -1;
    plm_err *why = NULL;
    plm_auto(plm_json_free) struct plm_json *doc = dir ? read_json(s, meta.p, &why) : NULL;
    if (why) {
        (void)plm_err_move(err, &why);
        return plm_wrap(err, "docker context %.*s", PLM_SV_ARG(name));
    }
    if (!doc) {
        int r = plm_fail_id(err, PLM_E_CONFIG, "engine.context",
                            "docker context %.*s (from %s) does not exist", PLM_SV_ARG(name), from);
        plm_err_hint(err, "docker context ls");
        return r;
    }
    yyjson_val *docker = plm_json_at(plm_json_root(doc), "Endpoints", "docker", NULL);
    plm_sv host = plm_arena_sv(s->arena, plm_json_str(docker, "Host", NULL));
    if (!host.n)
        return plm_fail_id(err, PLM_E_CONFIG, "engine.context", "%s: no docker endpoint with a Host", meta.p);
    if (access(tls.p, F_OK) == 0 || plm_json_bool(docker, "SkipTLSVerify", false))
        use_tls(s, tls.p, !plm_json_bool(docker, "SkipTLSVerify", false), out);
    return use_host(s, host, out, err);
}

/* currentContext of config.json. A broken file is an error: guessing would scan another machine. */
static int current_context(const struct selection *s, plm_sv *out, plm_err **err)
{
    const char *dir = config_dir(s);
    plm_sv path = dir ? plm_arena_printf(s->arena, "%s/config.json", dir) : PLM_SV_NULL;
    if (!path.p)
        return plm_arena_check(s->arena, err);
    plm_err *why = NULL;
    plm_auto(plm_json_free) struct plm_json *doc = read_json(s, path.p, &why);
    if (why && why->code == PLM_E_AUTH) { /* another user's home: as if there were none */
        plm_err_free(why);
        return 0;
    }
    if (why) {
        (void)plm_err_move(err, &why);
        return plm_wrap(err, "docker configuration");
    }
    if (doc)
        *out = plm_arena_sv(s->arena, plm_json_str(plm_json_root(doc), "currentContext", NULL));
    return plm_arena_check(s->arena, err);
}

/* ---- the usual sockets --------------------------------------------------------------- */

static size_t usual_sockets(const struct selection *s, const char *out[3])
{
    const char *run = var(s, "XDG_RUNTIME_DIR");
    size_t n = 0;
    if (s->conf->kind == PLM_ENGINE_PODMAN) {
        if (run)
            out[n++] = plm_arena_printf(s->arena, "%s/podman/podman.sock", run).p;
        out[n++] = "/run/podman/podman.sock";
        return n;
    }
    out[n++] = "/run/docker.sock";
    out[n++] = "/var/run/docker.sock";
    if (run)
        out[n++] = plm_arena_printf(s->arena, "%s/docker.sock", run).p;
    return n;
}

/* /var/run is usually a link to /run: then there is one socket, and one line about it. */
static bool is_same_as_first(const char *const *paths, size_t i)
{
    struct stat a, b;
    if (i != 1 || strcmp(paths[i], "/var/run/docker.sock") != 0)
        return false;
    plm_auto_free char *real = realpath("/var/run", NULL);
    return (real && strcmp(real, "/run") == 0) || (stat(paths[0], &a) == 0 && stat(paths[i], &b) == 0 &&
                                                   a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

static int use_usual(const struct selection *s, struct plm_endpoint *out, plm_err **err)
{
    const char *paths[3], *denied = NULL;
    size_t n = usual_sockets(s, paths);
    plm_auto_done(plm_buf_done) struct plm_buf tried = PLM_BUF(PLM_KIB(16));
    out->how = PLM_SV("default");
    if (plm_arena_check(s->arena, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (is_same_as_first(paths, i))
            continue;
        int sys = try_socket(paths[i]);
        if (!sys)
            return use_socket(s, plm_sv_from(paths[i]), out);
        if ((sys == EACCES || sys == EPERM) && !denied)
            denied = paths[i];
        plm_buf_printf(&tried, "%s%s: %s", tried.n ? ", " : "", paths[i], strerror(sys));
    }
    if (denied)
        return fail_permission(s, denied, err);
    bool is_podman = s->conf->kind == PLM_ENGINE_PODMAN;
    int r = plm_fail_id(err, PLM_E_NET, "engine.unreachable", "no %s engine answers (%.*s)",
                        is_podman ? "Podman" : "Docker", PLM_SV_ARG(plm_buf_sv(&tried)));
    plm_err_hint(err,
                 is_podman ? "podman system service --time=0 &" : "start the engine, or name it with -H");
    return r;
}

int plm_endpoint_select(const struct plm_ctx *ctx, const struct plm_engine_config *conf, plm_getenv_fn env,
                        struct plm_arena *a, struct plm_endpoint *out, plm_err **err)
{
    const struct selection s = {ctx, conf, env, a};
    struct plm_endpoint e = {0};
    int r;
    plm_sv context = conf->context;
    const char *from = "--context";
    if (conf->kind == PLM_ENGINE_PODMAN && context.n)
        return plm_fail(err, PLM_E_USAGE, "--context names a Docker engine, not Podman's: use -H");
    if (conf->host.n && context.n)
        return plm_fail(err, PLM_E_USAGE, "-H and --context exclude each other");
    if (conf->host.n) {
        r = use_host_of_user(&s, conf->host, "-H", &e, err);
    } else if (conf->kind == PLM_ENGINE_PODMAN) {
        const char *host = var(&s, "CONTAINER_HOST");
        r = host ? use_host_of_user(&s, plm_sv_from(host), "CONTAINER_HOST", &e, err)
                 : use_usual(&s, &e, err);
    } else if (!context.n && var(&s, "DOCKER_HOST")) {
        r = use_host_of_user(&s, plm_sv_from(var(&s, "DOCKER_HOST")), "DOCKER_HOST", &e, err);
    } else {
        if (!context.n && var(&s, "DOCKER_CONTEXT")) {
            context = plm_sv_from(var(&s, "DOCKER_CONTEXT"));
            from = "DOCKER_CONTEXT";
        }
        if (!context.n) {
            from = "docker configuration";
            if (current_context(&s, &context, err) < 0)
                return -1;
        }
        bool is_default = !context.n || plm_sv_is(context, "default");
        r = is_default ? use_usual(&s, &e, err) : use_context(&s, context, from, &e, err);
    }
    if (r < 0 || plm_arena_check(a, err) < 0)
        return -1;
    *out = e;
    return 0;
}

/* ---- all that the caller knows of -------------------------------------------------------------- */

enum { CONTEXTS_MAX = 1000 };
typedef PLM_VEC(struct plm_engine_place) place_vec;

static void add_variable(const struct selection *s, place_vec *v, const char *name, bool is_podman,
                         bool is_chosen)
{
    struct plm_engine_place *p = var(s, name) ? plm_vec_push(s->arena, v) : NULL;
    if (p)
        *p = (struct plm_engine_place){.host = plm_arena_sv(s->arena, plm_sv_from(var(s, name))),
                                       .how = plm_sv_from(name),
                                       .is_podman = is_podman,
                                       .is_chosen = is_chosen};
}

static void add_context(const struct selection *s, place_vec *v, const char *path, plm_sv chosen)
{
    plm_err *why = NULL;
    plm_auto(plm_json_free) struct plm_json *doc = read_json(s, path, &why);
    plm_err_free(why); /* a context that nobody can use leads to no engine */
    yyjson_val *root = doc ? plm_json_root(doc) : NULL;
    plm_sv name = plm_json_str(root, "Name", NULL);
    plm_sv host = plm_json_str(root, "Endpoints", "docker", "Host", NULL);
    struct plm_engine_place *p = name.n && host.n ? plm_vec_push(s->arena, v) : NULL;
    if (p)
        *p = (struct plm_engine_place){.host = plm_arena_sv(s->arena, host),
                                       .context = plm_arena_sv(s->arena, name),
                                       .how = plm_arena_printf(s->arena, "context %.*s", PLM_SV_ARG(name)),
                                       .is_chosen = plm_sv_eq(name, chosen)};
}

static void add_contexts(const struct selection *s, place_vec *v)
{
    const char *dir = config_dir(s);
    plm_sv chosen = plm_sv_from(var(s, "DOCKER_CONTEXT"));
    if (!dir)
        return;
    if (!chosen.n)
        (void)!current_context(s, &chosen, NULL); /* broken: then none of them is the chosen one */
    if (var(s, "DOCKER_HOST"))
        chosen = PLM_SV_NULL; /* it goes before */
    plm_sv folder = plm_arena_printf(s->arena, "%s/contexts/meta", dir);
    DIR *d = folder.p ? opendir(folder.p) : NULL;
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d)) && v->n < CONTEXTS_MAX;) {
        plm_sv path = plm_arena_printf(s->arena, "%.*s/%s/meta.json", PLM_SV_ARG(folder), e->d_name);
        if (e->d_name[0] != '.' && path.p)
            add_context(s, v, path.p, chosen);
    }
    closedir(d);
}

static int by_how(const void *a, const void *b)
{
    const struct plm_engine_place *x = a, *y = b;
    return x->is_chosen != y->is_chosen ? (x->is_chosen ? -1 : 1) : plm_sv_cmp(x->how, y->how);
}

int plm_engine_known_places(const struct plm_ctx *ctx, struct plm_arena *a, struct plm_engine_place **out,
                            size_t *out_n, plm_err **err)
{
    const struct plm_engine_config conf = {.kind = PLM_ENGINE_DOCKER};
    const struct selection s = {ctx, &conf, NULL, a};
    place_vec v = {0};
    add_variable(&s, &v, "DOCKER_HOST", false, true);
    add_variable(&s, &v, "CONTAINER_HOST", true, true);
    add_contexts(&s, &v);
    if (plm_arena_check(a, err) < 0)
        return -1;
    if (v.n)
        qsort(v.v, v.n, sizeof(*v.v), by_how);
    *out = v.v;
    *out_n = v.n;
    return 0;
}

int plm_engine_place_of(const struct plm_ctx *ctx, plm_sv host, plm_sv context, struct plm_arena *a,
                        struct plm_engine_place *out, plm_err **err)
{
    const struct plm_engine_config conf = {.kind = PLM_ENGINE_DOCKER, .host = host, .context = context};
    struct plm_endpoint at = {0};
    if (plm_endpoint_select(ctx, &conf, NULL, a, &at, err) < 0)
        return -1;
    *out = (struct plm_engine_place){
        .host = at.shown, .context = plm_arena_sv(a, context), .how = at.how, .is_chosen = true};
    return 0;
}
