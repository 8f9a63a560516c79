/* SPDX-License-Identifier: Apache-2.0
 *
 * falco.yaml: the table of its keys (falco-rules.md part 8), each with what becomes of it here. A key that is
 * carried over has a reader; one that has no meaning here has a sentence that says why. Whatever the table
 * does not know is named too, so that nobody believes that it works.
 */
#include "watch/falco_int.h"

#include "base/fs.h"
#include "base/time.h"

#include <dirent.h>
#include <sys/stat.h>

#define FILE_MAX_BYTES PLM_MIB(4)

typedef int (*reader)(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err);

/* ---- values --------------------------------------------------------------------------------------- */

static int fail_value(const struct plm_falco_node *n, const char *key, const char *what, plm_err **err)
{
    return plm_fail(err, PLM_E_CONFIG, "%.*s: %s: %s is expected", PLM_SV_ARG(n->where), key, what);
}

static int note(struct plm_falco_config *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int note(struct plm_falco_config *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    plm_sv text = plm_arena_vprintf(c->arena, fmt, ap);
    va_end(ap);
    if (text.p)
        plm_sv_vec_add(c->arena, &c->notes, text);
    return 0;
}

/* NULL nodes leave *out as it is. */
static int get_flag(const struct plm_falco_node *n, const char *key, bool *out, plm_err **err)
{
    struct plm_yaml_node y = {.kind = PLM_YAML_SCALAR};
    if (!n || n->kind == PLM_YAML_NULL)
        return 0;
    y.text = n->text;
    return n->kind == PLM_YAML_SCALAR && plm_yaml_bool(&y, out) ? 0
                                                                : fail_value(n, key, "true or false", err);
}

static int get_number(const struct plm_falco_node *n, const char *key, uint64_t *out, plm_err **err)
{
    if (!n || n->kind == PLM_YAML_NULL)
        return 0;
    return n->kind == PLM_YAML_SCALAR && plm_sv_u64(n->text, out) ? 0 : fail_value(n, key, "a number", err);
}

static plm_sv text_of(const struct plm_falco_node *n)
{
    return n && n->kind == PLM_YAML_SCALAR ? n->text : PLM_SV_NULL;
}

static int get_texts(struct plm_falco_config *c, const struct plm_falco_node *n, const char *key,
                     plm_sv_vec *out, plm_err **err)
{
    if (n->kind == PLM_YAML_SCALAR)
        return plm_sv_vec_add(c->arena, out, n->text) ? 0 : plm_arena_check(c->arena, err);
    for (size_t i = 0; i < n->items.n; i++) {
        if (!n->items.v[i].value || n->items.v[i].value->kind != PLM_YAML_SCALAR ||
            n->kind != PLM_YAML_SEQUENCE)
            return fail_value(n, key, "a list of texts", err);
        if (!plm_sv_vec_add(c->arena, out, n->items.v[i].value->text))
            return plm_arena_check(c->arena, err);
    }
    return 0;
}

/* ---- keys that are carried over ------------------------------------------------------------------- */

static int read_rules_files(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    c->has_rules_files = true;
    return get_texts(c, n, "rules_files", &c->rules_files, err);
}

static int read_priority(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return plm_priority_parse(text_of(n), &c->priority) ? 0 : fail_value(n, "priority", "a priority", err);
}

static int read_watch(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return get_flag(n, "watch_config_files", &c->watch_files, err);
}

static int read_iso(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return get_flag(n, "time_format_iso_8601", &c->alert.iso_time, err);
}

static int read_base64(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return get_flag(n, "buffer_format_base64", &c->alert.buffer_base64, err);
}

static int read_json(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return get_flag(n, "json_output", &c->alert.json_output, err);
}

static int read_json_output(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return get_flag(n, "json_include_output_property", &c->alert.with_output, err);
}

static int read_json_message(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return get_flag(n, "json_include_message_property", &c->alert.with_message, err);
}

static int read_json_fields(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return get_flag(n, "json_include_output_fields_property", &c->alert.with_fields, err);
}

static int read_json_tags(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return get_flag(n, "json_include_tags_property", &c->alert.with_tags, err);
}

static int read_matching(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    plm_sv text = text_of(n);
    c->match_all = plm_sv_is(text, "all");
    return c->match_all || plm_sv_is(text, "first") ? 0 : fail_value(n, "rule_matching", "first or all", err);
}

static int read_queue(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    uint64_t capacity = c->outputs.queue;
    if (get_number(plm_falco_get(n, "capacity"), "outputs_queue.capacity", &capacity, err) < 0)
        return -1;
    c->outputs.queue = capacity > SIZE_MAX ? SIZE_MAX : (size_t)capacity;
    return 0;
}

static int read_timeout(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return get_number(n, "output_timeout", &c->outputs.timeout_ms, err);
}

static int read_static_fields(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    plm_sv *names = plm_arena_array(c->arena, n->items.n + 1, sizeof(*names));
    plm_sv *values = plm_arena_array(c->arena, n->items.n + 1, sizeof(*values));
    if (!names || !values)
        return plm_arena_check(c->arena, err);
    for (size_t i = 0; i < n->items.n; i++) {
        names[i] = n->items.v[i].key;
        values[i] = text_of(n->items.v[i].value);
    }
    c->alert.static_names = names;
    c->alert.static_values = values;
    c->alert.n_static = n->kind == PLM_YAML_MAPPING ? n->items.n : 0;
    return 0;
}

/* - enable: {rule: NAME | tag: T}, - disable: … in order. */
static int read_selections(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    for (size_t i = 0; i < n->items.n; i++) {
        const struct plm_falco_node *item = n->items.v[i].value;
        for (size_t k = 0; item && item->kind == PLM_YAML_MAPPING && k < item->items.n; k++) {
            plm_sv word = item->items.v[k].key;
            const struct plm_falco_node *what = item->items.v[k].value;
            struct plm_selection *s = plm_vec_push(c->arena, &c->selections);
            if (!s)
                return plm_arena_check(c->arena, err);
            *s = (struct plm_selection){.is_enable = plm_sv_is(word, "enable"),
                                        .rule = text_of(plm_falco_get(what, "rule")),
                                        .tag = text_of(plm_falco_get(what, "tag"))};
            if ((!s->is_enable && !plm_sv_is(word, "disable")) || !s->rule.p == !s->tag.p)
                return fail_value(item, "rules", "enable or disable with a rule or a tag", err);
        }
    }
    return 0;
}

static int read_extra_fields(struct plm_falco_config *c, const struct plm_falco_node *n,
                             struct plm_append_output *out, plm_err **err)
{
    plm_sv *names = plm_arena_array(c->arena, n->items.n + 1, sizeof(*names));
    plm_sv *formats = plm_arena_array(c->arena, n->items.n + 1, sizeof(*formats));
    if (!names || !formats)
        return plm_arena_check(c->arena, err);
    for (size_t i = 0; i < n->items.n; i++) {
        const struct plm_falco_node *item = n->items.v[i].value;
        bool is_pair = item && item->kind == PLM_YAML_MAPPING && item->items.n == 1;
        names[i] = is_pair ? item->items.v[0].key : text_of(item);
        if (is_pair)
            formats[i] = text_of(item->items.v[0].value);
        if (!names[i].n)
            return fail_value(n, "append_output", "fields, or name: format", err);
    }
    out->field_names = names;
    out->field_formats = formats;
    out->n_fields = n->items.n;
    return 0;
}

static int read_append_one(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    struct plm_append_output *o = plm_vec_push(c->arena, &c->append);
    const struct plm_falco_node *match = plm_falco_get(n, "match"), *tags = plm_falco_get(match, "tags"),
                                *fields = plm_falco_get(n, "extra_fields");
    plm_sv_vec list = {0};
    if (!o)
        return plm_arena_check(c->arena, err);
    *o = (struct plm_append_output){.rule = text_of(plm_falco_get(match, "rule")),
                                    .source = text_of(plm_falco_get(match, "source")),
                                    .extra_output = text_of(plm_falco_get(n, "extra_output"))};
    if ((tags && get_texts(c, tags, "append_output", &list, err) < 0) ||
        get_flag(plm_falco_get(n, "suggested_output"), "suggested_output", &o->has_suggested, err) < 0 ||
        (fields && read_extra_fields(c, fields, o, err) < 0))
        return -1;
    o->tags = list.v;
    o->n_tags = list.n;
    return 0;
}

static int read_append(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    c->append.n = 0; /* what the file says instead of the default */
    for (size_t i = 0; i < n->items.n; i++)
        if (!n->items.v[i].value || read_append_one(c, n->items.v[i].value, err) < 0)
            return n->items.v[i].value ? -1 : fail_value(n, "append_output", "a list of entries", err);
    return 0;
}

static int add_sink(struct plm_falco_config *c, const char *name, const struct plm_falco_node *n,
                    plm_err **err)
{
    bool is_enabled = false;
    c->has_sinks = true;
    if (get_flag(plm_falco_get(n, "enabled"), name, &is_enabled, err) < 0)
        return -1;
    if (!is_enabled)
        return 0;
    struct plm_falco_sink *s = plm_vec_push(c->arena, &c->sinks);
    if (!s)
        return plm_arena_check(c->arena, err);
    *s = (struct plm_falco_sink){.name = plm_sv_from(name)};
    for (size_t i = 0; i < n->items.n; i++) {
        const struct plm_falco_node *v = n->items.v[i].value;
        if (plm_sv_is(n->items.v[i].key, "enabled") || !v)
            continue;
        plm_sv_vec texts = {0}; /* a list gives its key several times */
        if (v->kind != PLM_YAML_NULL && get_texts(c, v, name, &texts, err) < 0)
            return -1;
        for (size_t k = 0; k < texts.n; k++)
            if (texts.v[k].n && (!plm_sv_vec_add(c->arena, &s->keys, n->items.v[i].key) ||
                                 !plm_sv_vec_add(c->arena, &s->values, texts.v[k])))
                return plm_arena_check(c->arena, err);
    }
    return 0;
}

static int read_stdout(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return add_sink(c, "stdout", n, err);
}

static int read_syslog(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return add_sink(c, "syslog", n, err);
}

static int read_file(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return add_sink(c, "file", n, err);
}

static int read_program(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return add_sink(c, "program", n, err);
}

static int read_http(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return add_sink(c, "http", n, err);
}

/* Ours; Falco has none of the three. */
static int read_journald(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return add_sink(c, "journald", n, err);
}

static int read_nats(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return add_sink(c, "nats", n, err);
}

static int read_notify(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    return add_sink(c, "notify", n, err);
}

/* outputs: {rate, max_burst}: Falco's key of old for limiting alerts; here per rule and container. */
static int read_limits(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    uint64_t rate = 0, burst = 1000;
    if (get_number(plm_falco_get(n, "rate"), "outputs.rate", &rate, err) < 0 ||
        get_number(plm_falco_get(n, "max_burst"), "outputs.max_burst", &burst, err) < 0)
        return -1;
    c->outputs.rate = (double)rate;
    c->outputs.burst = burst > UINT32_MAX ? UINT32_MAX : (unsigned)burst;
    return 0;
}

static int read_webserver(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    bool is_enabled = false, with_tls = false;
    uint64_t port = 8765;
    plm_sv address = text_of(plm_falco_get(n, "listen_address"));
    if (get_flag(plm_falco_get(n, "enabled"), "webserver.enabled", &is_enabled, err) < 0 ||
        get_flag(plm_falco_get(n, "ssl_enabled"), "webserver.ssl_enabled", &with_tls, err) < 0 ||
        get_number(plm_falco_get(n, "listen_port"), "webserver.listen_port", &port, err) < 0)
        return -1;
    if (!is_enabled)
        return 0;
    if (with_tls)
        return note(
            c, "webserver.ssl_enabled: /healthz and /metrics are served without TLS, so the web server stays "
               "off; put a proxy before --metrics-listen");
    if (!address.n)
        address = PLM_SV("0.0.0.0");
    c->metrics_listen =
        plm_arena_printf(c->arena, "%.*s:%llu", PLM_SV_ARG(address), (unsigned long long)port);
    return plm_arena_check(c->arena, err);
}

static int read_metrics(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    bool is_enabled = false;
    uint64_t ms = 3600000;
    const struct plm_falco_node *interval = plm_falco_get(n, "interval");
    if (get_flag(plm_falco_get(n, "enabled"), "metrics.enabled", &is_enabled, err) < 0)
        return -1;
    if (interval && !plm_duration_parse(text_of(interval), &ms))
        return fail_value(interval, "metrics.interval", "a duration", err);
    if (is_enabled)
        c->metrics_interval_ms = ms;
    return 0;
}

static int read_drops(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    const struct plm_falco_node *actions = plm_falco_get(n, "actions");
    for (size_t i = 0; actions && i < actions->items.n; i++) {
        plm_sv word = text_of(actions->items.v[i].value);
        if (plm_sv_is(word, "ignore") || plm_sv_is(word, "exit"))
            note(c, "syscall_event_drops.actions: %.*s: losses are always said, and never end the run",
                 PLM_SV_ARG(word));
    }
    return plm_arena_check(c->arena, err);
}

static int read_log_json(struct plm_falco_config *c, const struct plm_falco_node *n, plm_err **err)
{
    (void)n;
    note(c, "log_stderr, log_syslog, log_level: the log goes to standard error; -q and -v say how much");
    return plm_arena_check(c->arena, err);
}

/* ---- the table ------------------------------------------------------------------------------------ */

static const struct falco_key {
    const char *name;
    reader read;     /* NULL: it has no meaning here */
    const char *why; /* then: what is done instead; NULL: nothing needs to be said */
} falco_keys[] = {
    {"append_output", read_append, NULL},
    {"base_syscalls", NULL, "the rules decide what the kernel sends; I/O calls too when a rule names them"},
    {"buffer_format_base64", read_base64, NULL},
    {"buffered_outputs", NULL, "alerts are written at once"},
    {"capture", NULL, "plimsoll watch record --around DUR keeps what surrounds alerts"},
    {"config_files", NULL, NULL}, /* read by plm_falco_config_read */
    {"engine", NULL, "plimsoll has one engine; a recording is replayed with plimsoll watch replay FILE"},
    {"falco_libs", NULL, "the process table has its own bounds"},
    {"file_output", read_file, NULL},
    {"grpc", NULL, "there is no gRPC server"},
    {"grpc_output", NULL, "there is no gRPC server"},
    {"http_output", read_http, NULL},
    {"journald_output", read_journald, NULL},
    {"json_include_message_property", read_json_message, NULL},
    {"json_include_output_fields_property", read_json_fields, NULL},
    {"json_include_output_property", read_json_output, NULL},
    {"json_include_tags_property", read_json_tags, NULL},
    {"json_output", read_json, NULL},
    {"libs_logger", NULL, "there is no such log"},
    {"load_plugins", NULL, "plugins are not loaded; containers are known without one"},
    {"log_level", NULL, NULL},
    {"log_stderr", read_log_json, NULL},
    {"log_syslog", NULL, NULL},
    {"metrics", read_metrics, NULL},
    {"nats_output", read_nats, NULL},
    {"notify_output", read_notify, NULL},
    {"output_timeout", read_timeout, NULL},
    {"outputs", read_limits, NULL},
    {"outputs_queue", read_queue, NULL},
    {"plugins", NULL, "plugins are not loaded; containers are known without one"},
    {"plugins_hostinfo", NULL, "plugins are not loaded"},
    {"priority", read_priority, NULL},
    {"program_output", read_program, NULL},
    {"rule_matching", read_matching, NULL},
    {"rules", read_selections, NULL},
    {"rules_file", read_rules_files, NULL},
    {"rules_files", read_rules_files, NULL},
    {"static_fields", read_static_fields, NULL},
    {"stdout_output", read_stdout, NULL},
    {"syscall_event_drops", read_drops, NULL},
    {"syscall_event_timeouts", NULL, "the sensor does not wait for a stream of events"},
    {"syslog_output", read_syslog, NULL},
    {"time_format_iso_8601", read_iso, NULL},
    {"watch_config_files", read_watch, NULL},
    {"webserver", read_webserver, NULL},
};

static const struct falco_key *key_of(plm_sv name)
{
    for (size_t i = 0; i < sizeof(falco_keys) / sizeof(falco_keys[0]); i++)
        if (plm_sv_is(name, falco_keys[i].name))
            return &falco_keys[i];
    return NULL;
}

bool plm_falco_is_key(plm_sv name)
{
    size_t end = 0;
    while (end < name.n && name.p[end] != '.' && name.p[end] != '[')
        end++;
    return end < name.n || key_of(name) != NULL;
}

/* ---- files ---------------------------------------------------------------------------------------- */

void plm_falco_config_init(struct plm_falco_config *c, struct plm_arena *a)
{
    *c = (struct plm_falco_config){
        .arena = a,
        .watch_files = true,
        .priority = PLM_PRIO_DEBUG,
        .alert = {.with_output = true, .with_fields = true, .with_tags = true},
    };
    c->root = plm_arena_make(a, struct plm_falco_node);
    if (c->root)
        c->root->kind = PLM_YAML_MAPPING;
}

static int read_tree(const struct plm_ctx *ctx, plm_sv path, struct plm_falco_config *c,
                     struct plm_falco_node **out, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(FILE_MAX_BYTES);
    const char *name = plm_arena_cstr(c->arena, path);
    if (!name)
        return plm_fail_oom(err);
    if (plm_fs_read(name, FILE_MAX_BYTES, &b, err) < 0)
        return -1;
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(plm_buf_sv(&b), name, ctx->limits, err);
    if (!doc)
        return -1;
    *out = plm_falco_tree_of(plm_yaml_root(doc), name, c->arena);
    if (!*out || !plm_sv_vec_add(c->arena, &c->files, path))
        return plm_arena_check(c->arena, err);
    if ((*out)->kind == PLM_YAML_SEQUENCE || (*out)->kind == PLM_YAML_SCALAR)
        return plm_fail(err, PLM_E_CONFIG, "%s: a mapping is expected", name);
    return plm_arena_check(c->arena, err);
}

static int merge_file(const struct plm_ctx *ctx, plm_sv path, plm_sv strategy, struct plm_falco_config *c,
                      plm_err **err)
{
    struct plm_falco_node *tree;
    if (read_tree(ctx, path, c, &tree, err) < 0)
        return -1;
    if (plm_falco_get(tree, "config_files"))
        note(c, "%.*s: config_files of an included file are not followed", PLM_SV_ARG(path));
    return plm_falco_merge(c->root, tree, strategy, c->arena, err);
}

/* A directory stands for its .yaml and .yml files in lexical order; one that is missing for none, as in
 * Falco. */
static int merge_path(const struct plm_ctx *ctx, plm_sv path, plm_sv strategy, struct plm_falco_config *c,
                      plm_err **err)
{
    struct stat st;
    struct dirent **list;
    const char *name = plm_arena_cstr(c->arena, path);
    if (!name)
        return plm_fail_oom(err);
    if (stat(name, &st) < 0)
        return note(c, "config_files: %s: not there", name);
    if (!S_ISDIR(st.st_mode))
        return merge_file(ctx, path, strategy, c, err);
    int n = scandir(name, &list, NULL, alphasort), rc = 0;
    if (n < 0)
        return plm_fail_sys(err, "%s", name);
    for (int i = 0; i < n; i++) {
        plm_sv entry = plm_sv_from(list[i]->d_name);
        bool is_yaml = plm_sv_ends(entry, PLM_SV(".yaml")) || plm_sv_ends(entry, PLM_SV(".yml"));
        plm_sv full = is_yaml ? plm_arena_printf(c->arena, "%s/%s", name, list[i]->d_name) : PLM_SV_NULL;
        if (rc == 0 && full.p)
            rc = merge_file(ctx, full, strategy, c, err);
        free(list[i]);
    }
    free(list);
    return rc;
}

int plm_falco_config_read(const struct plm_ctx *ctx, plm_sv path, struct plm_falco_config *c, plm_err **err)
{
    struct plm_falco_node *tree;
    if (!c->root)
        return plm_fail_oom(err);
    if (read_tree(ctx, path, c, &tree, err) < 0 ||
        plm_falco_merge(c->root, tree, PLM_SV("override"), c->arena, err) < 0)
        return -1;
    const struct plm_falco_node *more = plm_falco_get(tree, "config_files");
    for (size_t i = 0; more && i < more->items.n; i++) {
        const struct plm_falco_node *v = more->items.v[i].value;
        plm_sv file = v && v->kind == PLM_YAML_MAPPING ? text_of(plm_falco_get(v, "path")) : text_of(v);
        if (!file.n)
            return fail_value(more, "config_files", "a list of paths", err);
        if (merge_path(ctx, file, text_of(plm_falco_get(v, "strategy")), c, err) < 0)
            return -1;
    }
    return plm_arena_check(c->arena, err);
}

int plm_falco_config_set(const struct plm_ctx *ctx, plm_sv text, struct plm_falco_config *c, plm_err **err)
{
    plm_sv path, value;
    if (!plm_sv_cut(text, '=', &path, &value))
        return plm_fail(err, PLM_E_USAGE, "-o %.*s: KEY=VALUE is expected", PLM_SV_ARG(text));
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(value, "-o", ctx->limits, NULL);
    const struct plm_yaml_node *root = doc ? plm_yaml_root(doc) : NULL;
    struct plm_yaml_node plain = {.kind = PLM_YAML_SCALAR, .text = value}; /* "rules[].disable.rule=*" */
    struct plm_falco_node *n =
        plm_falco_tree_of(root && root->kind != PLM_YAML_NULL ? root : &plain, "-o", c->arena);
    if (!n || !c->root)
        return plm_fail_oom(err);
    n->where = plm_arena_printf(c->arena, "-o %.*s", PLM_SV_ARG(path));
    return plm_falco_assign(c->root, path, n, c->arena, err) < 0 ? plm_wrap(err, "-o %.*s", PLM_SV_ARG(text))
                                                                 : 0;
}

int plm_falco_config_finish(struct plm_falco_config *c, plm_err **err)
{
    for (size_t i = 0; c->root && i < c->root->items.n; i++) {
        plm_sv name = c->root->items.v[i].key;
        const struct plm_falco_node *value = c->root->items.v[i].value;
        const struct falco_key *k = key_of(name);
        if (!k)
            note(c, "%.*s: not a key that is known here", PLM_SV_ARG(name));
        else if (k->why)
            note(c, "%s: %s", k->name, k->why);
        else if (k->read && value && value->kind != PLM_YAML_NULL && k->read(c, value, err) < 0)
            return -1;
    }
    return plm_arena_check(c->arena, err);
}
