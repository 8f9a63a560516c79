/* SPDX-License-Identifier: Apache-2.0
 *
 * dockerd's settings as it reads them itself: the argument grammar of the Go package pflag with the flags of
 * dockerd 1.13 to 29 (cmd/dockerd and daemon/command of moby/moby: config.go, config_unix.go, options.go),
 * and daemon.json (docs.docker.com/reference/cli/dockerd). tests/audit/test_settings.c compares with a real
 * dockerd, which prints both sides of every conflict between a flag and the file.
 *
 * Quirks: a flag that takes no word has a value only behind "=" ("--icc false" is refused); short flags stand
 * together ("-Dl debug"); "-l=debug" and "-ldebug" are the same; lists do not split at commas; a flag and the
 * member of daemon.json mostly differ in name ("--default-ulimit", "default-ulimits"), and the rows have the
 * name of the file. In the file, an object that is no map of options ("proxies") is looked into one level.
 * One pass over the words, one over the members.
 */
#include "audit/settings.h"

enum { SETTINGS_MAX = 20000 };

enum kind { BOOL, TEXT, LIST, MAP };

struct flag {
    const char *name;
    char letter; /* 0: none */
    enum kind kind;
    const char *key; /* in daemon.json, where it differs */
};

// clang-format off
static const struct flag flags[] = {
    {"add-runtime", 0, LIST, "runtimes"}, {"allow-direct-routing", 0, BOOL, NULL},
    {"allow-nondistributable-artifacts", 0, LIST, NULL}, {"api-cors-header", 0, TEXT, NULL},
    {"api-enable-cors", 0, BOOL, NULL}, {"authorization-plugin", 0, LIST, "authorization-plugins"},
    {"bip", 0, TEXT, NULL}, {"bip6", 0, TEXT, NULL}, {"bridge", 'b', TEXT, NULL},
    {"bridge-accept-fwmark", 0, TEXT, NULL}, {"cdi-spec-dir", 0, LIST, "cdi-spec-dirs"},
    {"cgroup-parent", 0, TEXT, NULL}, {"cluster-advertise", 0, TEXT, NULL}, {"cluster-store", 0, TEXT, NULL},
    {"cluster-store-opt", 0, MAP, "cluster-store-opts"}, {"config-file", 0, TEXT, NULL},
    {"containerd", 0, TEXT, NULL}, {"containerd-namespace", 0, TEXT, NULL},
    {"containerd-plugins-namespace", 0, TEXT, NULL}, {"cpu-rt-period", 0, TEXT, NULL},
    {"cpu-rt-runtime", 0, TEXT, NULL}, {"cri-containerd", 0, BOOL, NULL}, {"data-root", 0, TEXT, NULL},
    {"debug", 'D', BOOL, NULL}, {"default-address-pool", 0, LIST, "default-address-pools"},
    {"default-cgroupns-mode", 0, TEXT, NULL}, {"default-gateway", 0, TEXT, NULL},
    {"default-gateway-v6", 0, TEXT, NULL}, {"default-ipc-mode", 0, TEXT, NULL},
    {"default-network-opt", 0, LIST, "default-network-opts"}, {"default-runtime", 0, TEXT, NULL},
    {"default-shm-size", 0, TEXT, NULL}, {"default-ulimit", 0, LIST, "default-ulimits"},
    {"disable-legacy-registry", 0, BOOL, NULL}, {"dns", 0, LIST, NULL}, {"dns-opt", 0, LIST, "dns-opts"},
    {"dns-search", 0, LIST, NULL}, {"exec-opt", 0, LIST, "exec-opts"}, {"exec-root", 0, TEXT, NULL},
    {"experimental", 0, BOOL, NULL}, {"feature", 0, LIST, "features"}, {"firewall-backend", 0, TEXT, NULL},
    {"fixed-cidr", 0, TEXT, NULL}, {"fixed-cidr-v6", 0, TEXT, NULL}, {"graph", 'g', TEXT, "data-root"},
    {"group", 'G', TEXT, NULL}, {"help", 'h', BOOL, NULL}, {"host", 'H', LIST, "hosts"},
    {"host-gateway-ip", 0, LIST, "host-gateway-ips"}, {"http-proxy", 0, TEXT, NULL},
    {"https-proxy", 0, TEXT, NULL}, {"icc", 0, BOOL, NULL}, {"init", 0, BOOL, NULL},
    {"init-path", 0, TEXT, NULL}, {"insecure-registry", 0, LIST, "insecure-registries"},
    {"ip", 0, TEXT, NULL}, {"ip-forward", 0, BOOL, NULL}, {"ip-forward-no-drop", 0, BOOL, NULL},
    {"ip-masq", 0, BOOL, NULL}, {"ip6tables", 0, BOOL, NULL}, {"iptables", 0, BOOL, NULL},
    {"ipv6", 0, BOOL, NULL}, {"isolation", 0, TEXT, NULL}, {"label", 0, LIST, "labels"},
    {"live-restore", 0, BOOL, NULL}, {"log-driver", 0, TEXT, NULL}, {"log-format", 0, TEXT, NULL},
    {"log-level", 'l', TEXT, NULL}, {"log-opt", 0, MAP, "log-opts"},
    {"max-concurrent-downloads", 0, TEXT, NULL}, {"max-concurrent-uploads", 0, TEXT, NULL},
    {"max-download-attempts", 0, TEXT, NULL}, {"metrics-addr", 0, TEXT, NULL}, {"mtu", 0, TEXT, NULL},
    {"network-control-plane-mtu", 0, TEXT, NULL}, {"network-diagnostic-port", 0, TEXT, NULL},
    {"no-new-privileges", 0, BOOL, NULL}, {"no-proxy", 0, TEXT, NULL},
    {"node-generic-resource", 0, LIST, "node-generic-resources"}, {"nri-opts", 0, LIST, NULL},
    {"oom-score-adjust", 0, TEXT, NULL}, {"pidfile", 'p', TEXT, NULL}, {"raw-logs", 0, BOOL, NULL},
    {"registry-mirror", 0, LIST, "registry-mirrors"}, {"restart", 'r', BOOL, NULL},
    {"rootless", 0, BOOL, NULL}, {"seccomp-profile", 0, TEXT, NULL}, {"selinux-enabled", 0, BOOL, NULL},
    {"shutdown-timeout", 0, TEXT, NULL}, {"storage-driver", 's', TEXT, NULL},
    {"storage-opt", 0, LIST, "storage-opts"}, {"swarm-default-advertise-addr", 0, TEXT, NULL},
    {"tls", 0, BOOL, NULL}, {"tlscacert", 0, TEXT, NULL}, {"tlscert", 0, TEXT, NULL},
    {"tlskey", 0, TEXT, NULL}, {"tlsverify", 0, BOOL, NULL}, {"userland-proxy", 0, BOOL, NULL},
    {"userland-proxy-path", 0, TEXT, NULL}, {"userns-remap", 0, TEXT, NULL}, {"validate", 0, BOOL, NULL},
    {"version", 'v', BOOL, NULL},
};
/* Members of the file that no flag sets. */
static const char *const file_only[] = {"builder", "deprecated-key-path", "min-api-version", "proxies", "graph",
                                        "swarm-raft-election-tick", "swarm-raft-heartbeat-tick"};
// clang-format on
enum { N_FLAGS = sizeof(flags) / sizeof(flags[0]) };

static plm_sv key_of(const struct flag *f)
{
    return plm_sv_from(f->key ? f->key : f->name);
}

static const struct flag *flag_by_name(plm_sv name)
{
    for (size_t i = 0; i < N_FLAGS; i++)
        if (plm_sv_is(name, flags[i].name))
            return &flags[i];
    return NULL;
}

static const struct flag *flag_by_letter(char c)
{
    for (size_t i = 0; c && i < N_FLAGS; i++)
        if (flags[i].letter == c)
            return &flags[i];
    return NULL;
}

static const struct flag *flag_by_key(plm_sv key)
{
    for (size_t i = 0; i < N_FLAGS; i++)
        if (plm_sv_eq(key, key_of(&flags[i])))
            return &flags[i];
    return NULL;
}

bool plm_settings_is_known(plm_sv name)
{
    for (size_t i = 0; i < sizeof(file_only) / sizeof(file_only[0]); i++)
        if (plm_sv_is(name, file_only[i]))
            return true;
    return flag_by_key(name) != NULL;
}

bool plm_settings_add(struct plm_daemon *d, struct plm_arena *a, plm_sv name, plm_sv value,
                      enum plm_setting_origin origin, plm_sv where)
{
    struct plm_setting *s = plm_vec_push(a, &d->settings);
    if (!s)
        return false;
    *s = (struct plm_setting){plm_arena_sv(a, name), plm_arena_sv(a, value), origin, where};
    return s->name.p && s->value.p;
}

/* ---- arguments ---------------------------------------------------------------------------------- */

struct words {
    struct plm_daemon *d;
    struct plm_arena *a;
    plm_sv rest, where;
};

/* What strconv.ParseBool takes: 1 true, 0 false, -1 neither. */
static int parse_bool(plm_sv s)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        if (plm_sv_is(s, yes[i]))
            return 1;
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        if (plm_sv_is(s, no[i]))
            return 0;
    return -1;
}

/* Scalars hold one row: the last word wins. A map holds one per key. */
static int set(struct words *w, const struct flag *f, plm_sv value, plm_err **err)
{
    if (f->kind == BOOL) {
        int b = parse_bool(value);
        if (b < 0)
            return plm_fail(err, PLM_E_PARSE, "--%s=%.*s is neither true nor false", f->name,
                            PLM_SV_ARG(value));
        value = b ? PLM_SV("true") : PLM_SV("false");
    }
    plm_sv key = plm_sv_sub(value, 0, plm_sv_find(value, '='));
    for (size_t i = 0; f->kind != LIST && i < w->d->settings.n; i++) {
        struct plm_setting *s = &w->d->settings.v[i];
        plm_sv old = plm_sv_sub(s->value, 0, plm_sv_find(s->value, '='));
        if (!plm_sv_eq(s->name, key_of(f)) || (f->kind == MAP && !plm_sv_eq(old, key)))
            continue;
        s->value = plm_arena_sv(w->a, value);
        return plm_arena_check(w->a, err);
    }
    if (w->d->settings.n >= SETTINGS_MAX)
        return plm_fail(err, PLM_E_LIMIT, "more than %d settings", SETTINGS_MAX);
    if (!plm_settings_add(w->d, w->a, key_of(f), value, PLM_SET_ARGV, w->where))
        return plm_arena_check(w->a, err);
    return 0;
}

/* The next word as the value of f. */
static int set_from_next(struct words *w, const struct flag *f, plm_err **err)
{
    plm_sv value;
    if (!plm_sv_field(&w->rest, 0, &value))
        return plm_fail(err, PLM_E_PARSE, "--%s needs a value", f->name);
    return set(w, f, value, err);
}

static int read_long(struct words *w, plm_sv word, plm_err **err)
{
    plm_sv name, value;
    bool has_value = plm_sv_cut(word, '=', &name, &value);
    const struct flag *f = flag_by_name(name);
    if (!f)
        return plm_fail(err, PLM_E_PARSE, "dockerd has no flag --%.*s", PLM_SV_ARG(name));
    if (has_value)
        return set(w, f, value, err);
    return f->kind == BOOL ? set(w, f, PLM_SV("true"), err) : set_from_next(w, f, err);
}

/* "Dl=debug": letters that take no value, then at most one that does. */
static int read_short(struct words *w, plm_sv word, plm_err **err)
{
    while (word.n) {
        const struct flag *f = flag_by_letter(word.p[0]);
        if (!f)
            return plm_fail(err, PLM_E_PARSE, "dockerd has no flag -%.1s", word.p);
        word = plm_sv_from_off(word, 1);
        if (word.n > 1 && word.p[0] == '=')
            return set(w, f, plm_sv_from_off(word, 1), err);
        if (f->kind != BOOL)
            return word.n ? set(w, f, word, err) : set_from_next(w, f, err);
        if (set(w, f, PLM_SV("true"), err) < 0)
            return -1;
    }
    return 0;
}

int plm_settings_argv(struct plm_daemon *d, plm_sv cmdline, plm_sv where, struct plm_arena *a, plm_err **err)
{
    struct words w = {d, a, cmdline, plm_arena_sv(a, where)};
    plm_sv word;
    bool is_over = false;
    if (!plm_sv_field(&w.rest, 0, &word)) /* its own name */
        return plm_fail(err, PLM_E_PARSE, "no arguments at all");
    while (plm_sv_field(&w.rest, 0, &word)) {
        int r;
        if (plm_sv_is(word, "--") && !is_over) {
            is_over = true; /* what follows are arguments, and dockerd takes none */
            continue;
        }
        if (is_over)
            r = plm_fail(err, PLM_E_PARSE, "\"%.*s\" is an argument; dockerd takes none", PLM_SV_ARG(word));
        else if (plm_sv_starts(word, PLM_SV("--")))
            r = read_long(&w, plm_sv_from_off(word, 2), err);
        else if (word.n > 1 && word.p[0] == '-')
            r = read_short(&w, plm_sv_from_off(word, 1), err);
        else if (plm_sv_is(word, "daemon") && d->settings.n == 0) /* `docker daemon`, until 17.x */
            r = 0;
        else
            r = plm_fail(err, PLM_E_PARSE, "\"%.*s\" is no flag of dockerd", PLM_SV_ARG(word));
        if (r < 0)
            return -1;
    }
    return plm_arena_check(a, err);
}

/* ---- daemon.json ---------------------------------------------------------------------------------- */

struct members {
    struct plm_daemon *d;
    struct plm_arena *a;
    plm_sv where;
};

/* A scalar as text; anything deeper as JSON. */
static plm_sv text_of(struct plm_arena *a, yyjson_val *v)
{
    size_t n = 0;
    if (yyjson_is_str(v))
        return plm_arena_sv(a, plm_sv_n(yyjson_get_str(v), yyjson_get_len(v)));
    if (yyjson_is_null(v))
        return PLM_SV("");
    plm_auto_free char *text = yyjson_val_write(v, 0, &n);
    return text ? plm_arena_sv(a, plm_sv_n(text, n)) : PLM_SV_NULL;
}

/* Entry of a map as the flag would have it: "max-size=10m", "nofile=1024:2048", "kata=/usr/bin/kata". */
static plm_sv entry_text(struct plm_arena *a, plm_sv map, plm_sv key, yyjson_val *v)
{
    if (plm_sv_is(map, "default-ulimits") && yyjson_is_obj(v))
        return plm_arena_printf(a, "%.*s=%lld:%lld", PLM_SV_ARG(key),
                                (long long)plm_json_int(v, "Soft", plm_json_int(v, "soft", 0)),
                                (long long)plm_json_int(v, "Hard", plm_json_int(v, "hard", 0)));
    if (plm_sv_is(map, "runtimes") && yyjson_is_obj(v)) {
        plm_sv path = plm_json_str(v, "path", NULL), type = plm_json_str(v, "runtimeType", NULL);
        return plm_arena_printf(a, "%.*s=%.*s", PLM_SV_ARG(key), PLM_SV_ARG(path.n ? path : type));
    }
    return plm_arena_printf(a, "%.*s=%.*s", PLM_SV_ARG(key), PLM_SV_ARG(text_of(a, v)));
}

static bool is_map(plm_sv name)
{
    static const char *const maps[] = {"log-opts", "runtimes",           "default-ulimits",
                                       "features", "cluster-store-opts", "default-network-opts"};
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        if (plm_sv_is(name, maps[i]))
            return true;
    return false;
}

static int add_member(struct members *m, plm_sv name, plm_sv value, plm_err **err)
{
    if (m->d->settings.n >= SETTINGS_MAX)
        return plm_fail(err, PLM_E_LIMIT, "more than %d settings", SETTINGS_MAX);
    if (!value.p || !plm_settings_add(m->d, m->a, name, value, PLM_SET_FILE, m->where))
        return plm_fail_oom(err);
    return 0;
}

static int read_object(struct members *m, plm_sv name, yyjson_val *v, plm_err **err)
{
    size_t i, n;
    yyjson_val *k, *e;
    if (!is_map(name) && !plm_sv_is(name, "proxies"))
        return add_member(m, name, text_of(m->a, v), err);
    yyjson_obj_foreach(v, i, n, k, e)
    {
        plm_sv key = plm_json_sv(k);
        int r = is_map(name) ? add_member(m, name, entry_text(m->a, name, key, e), err)
                             : add_member(m, key, text_of(m->a, e), err);
        if (r < 0)
            return -1;
    }
    return 0;
}

int plm_settings_json(struct plm_daemon *d, yyjson_val *root, plm_sv where, struct plm_arena *a,
                      plm_err **err)
{
    struct members m = {d, a, plm_arena_sv(a, where)};
    size_t i, n;
    yyjson_val *k, *v, *e;
    if (!yyjson_is_obj(root))
        return plm_fail(err, PLM_E_PARSE, "%.*s: not a JSON object", PLM_SV_ARG(where));
    yyjson_obj_foreach(root, i, n, k, v)
    {
        plm_sv name = plm_json_sv(k);
        int r = 0;
        if (yyjson_is_null(v))
            continue; /* as if it were not there */
        if (plm_sv_is(name, "graph"))
            name = PLM_SV("data-root");
        if (yyjson_is_obj(v))
            r = read_object(&m, name, v, err);
        else if (!yyjson_is_arr(v))
            r = add_member(&m, name, text_of(a, v), err);
        size_t j, max;
        yyjson_arr_foreach(v, j, max, e) if (r == 0) r = add_member(&m, name, text_of(a, e), err);
        if (r < 0)
            return -1;
    }
    return plm_arena_check(a, err);
}
