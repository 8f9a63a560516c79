/* SPDX-License-Identifier: Apache-2.0
 *
 * A saved json report back into a model. The file may come from anywhere, so it is hostile input:
 * sizes and depth are limited by codec/json, references to targets and packages are resolved by
 * id and a dangling one is a PARSE error with the place; unknown members are ignored, because
 * newer versions add fields. Writing the result with the json format gives the same bytes.
 */
#include "base/map.h"
#include "codec/json.h"
#include "report_int.h"

struct reader {
    struct plm_report *r;
    struct plm_arena *a;
    const char *name;
    struct plm_map *targets, *packages; /* id to index + 1 */
    plm_err **err;
};

/* A copy in the report's arena; null for anything but a string. */
static plm_sv text(const struct reader *rd, yyjson_val *o, const char *key)
{
    return plm_arena_sv(rd->a, plm_json_sv(yyjson_obj_get(o, key)));
}

static int64_t instant(yyjson_val *o, const char *key)
{
    int64_t t = 0;
    plm_sv s = plm_json_sv(yyjson_obj_get(o, key));
    return s.p && plm_time_parse(s, &t) ? t : 0;
}

static uint64_t number(yyjson_val *o, const char *key)
{
    int64_t v = plm_json_int(o, key, 0);
    return v > 0 ? (uint64_t)v : 0;
}

static double real(yyjson_val *o, const char *key)
{
    yyjson_val *v = yyjson_obj_get(o, key);
    double d = yyjson_is_num(v) ? yyjson_get_num(v) : -1;
    return d >= 0 && d <= PLM_REPORT_NUMBER_MAX ? d : -1;
}

static uint32_t index_of(yyjson_val *o, const char *key)
{
    int64_t v = plm_json_int(o, key, -1);
    return v < 0 || v >= PLM_NONE ? PLM_NONE : (uint32_t)v;
}

static void texts(const struct reader *rd, yyjson_val *o, const char *key, plm_sv_vec *out)
{
    yyjson_val *list = yyjson_obj_get(o, key), *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v)
    {
        plm_sv s = plm_json_sv(v);
        if (s.p)
            plm_sv_vec_add(rd->a, out, s);
    }
}

static int fail(const struct reader *rd, const char *list, size_t i, const char *what, plm_sv value)
{
    return plm_fail_id(rd->err, PLM_E_PARSE, "report.invalid", "%s: %s[%zu]: %s \"%.*s\"", rd->name, list, i,
                       what, PLM_SV_ARG(value));
}

static int remember(const struct reader *rd, struct plm_map *m, plm_sv id, size_t i)
{
    void **slot = id.p ? plm_map_put(m, id) : NULL;
    if (id.p && !slot)
        return plm_fail_oom(rd->err);
    if (slot && !*slot)
        *slot = (void *)(uintptr_t)(i + 1);
    return 0;
}

/* Index of an id; PLM_NONE for null. */
static int resolve(const struct reader *rd, const struct plm_map *m, yyjson_val *o, const char *list,
                   size_t i, uint32_t *out)
{
    plm_sv id = plm_json_sv(o);
    if (!id.p && o && !yyjson_is_null(o))
        return fail(rd, list, i, "must name it by a text, not", plm_sv_from(yyjson_get_type_desc(o)));
    uintptr_t at = id.p ? (uintptr_t)plm_map_get(m, id) : 0;
    if (id.p && !at)
        return fail(rd, list, i, "refers to the unknown", id);
    *out = at ? (uint32_t)(at - 1) : PLM_NONE;
    return 0;
}

static bool pick(plm_sv word, const char *const *names, size_t n, size_t *out)
{
    for (*out = 0; *out < n; (*out)++)
        if (plm_sv_is(word, names[*out]))
            return true;
    *out = 0;
    return false;
}

/* ---- targets ------------------------------------------------------------------------------------ */

static void read_verdict(const struct reader *rd, yyjson_val *o, struct plm_verdict *out)
{
    static const char *const results[] = {"none", "pass", "warn", "incomplete", "fail"};
    size_t at, i, n;
    pick(plm_json_sv(yyjson_obj_get(o, "result")), results, 5, &at);
    out->result = (enum plm_result)at;
    out->policy = text(rd, o, "policy");
    yyjson_val *v, *rules = yyjson_obj_get(o, "rules");
    yyjson_arr_foreach(rules, i, n, v)
    {
        struct plm_verdict_rule *rule = plm_vec_push(rd->a, &out->rules);
        if (!rule)
            return;
        rule->gate = text(rd, v, "gate");
        rule->trigger = text(rd, v, "trigger");
        rule->trigger_id = text(rd, v, "trigger_id");
        rule->action = text(rd, v, "action");
        rule->message = text(rd, v, "message");
        rule->allowlisted = plm_json_bool(v, "allowlisted", false);
    }
    texts(rd, o, "reasons", &out->reasons);
}

static void read_source(const struct reader *rd, yyjson_val *o, struct plm_target *t)
{
    t->scheme = text(rd, o, "scheme");
    t->reference = text(rd, o, "reference");
    t->digest = text(rd, o, "digest");
    t->image_id = text(rd, o, "image_id");
    t->platform = text(rd, o, "platform");
    t->created = instant(o, "created");
    t->layers_cached = (uint32_t)number(o, "layers_cached");
    yyjson_val *v, *layers = yyjson_obj_get(o, "layers");
    size_t i, n;
    yyjson_arr_foreach(layers, i, n, v)
    {
        struct plm_layer *l = plm_vec_push(rd->a, &t->layers);
        if (!l)
            return;
        l->digest = text(rd, v, "digest");
        l->diff_id = text(rd, v, "diff_id");
        l->created_by = text(rd, v, "created_by");
        l->size = number(v, "size");
        l->is_base = plm_json_bool(v, "base", false);
        l->is_diff_id_verified = plm_json_bool(v, "diff_id_verified", false);
    }
}

static void read_distro(const struct reader *rd, yyjson_val *o, struct plm_distro *d)
{
    static const char *const states[] = {"unknown", "supported", "ended"};
    size_t at;
    d->id = text(rd, o, "id");
    d->version = text(rd, o, "version");
    d->codename = text(rd, o, "codename");
    d->pretty = text(rd, o, "pretty");
    d->like = text(rd, o, "like");
    d->ecosystem = text(rd, o, "ecosystem");
    d->evidence = text(rd, o, "evidence");
    d->eol_date = instant(o, "eol");
    pick(plm_json_sv(yyjson_obj_get(o, "eol_state")), states, 3, &at);
    d->eol = (enum plm_eol_state)at;
}

static int read_targets(const struct reader *rd, yyjson_val *list)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v)
    {
        struct plm_target *t = plm_report_target(rd->r);
        if (!t)
            return plm_fail_oom(rd->err);
        t->id = text(rd, v, "id");
        if (!t->id.p)
            return fail(rd, "targets", i, "has no", PLM_SV("id"));
        read_source(rd, yyjson_obj_get(v, "source"), t);
        read_distro(rd, yyjson_obj_get(v, "distro"), &t->distro);
        read_verdict(rd, yyjson_obj_get(v, "verdict"), &t->verdict);
        t->is_incomplete = plm_json_bool(v, "incomplete", false);
        if (remember(rd, rd->targets, t->id, i) < 0)
            return -1;
    }
    return 0;
}

/* ---- packages ------------------------------------------------------------------------------------ */

static void read_locations(const struct reader *rd, yyjson_val *list, struct plm_package *p)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v)
    {
        struct plm_location *l = plm_vec_push(rd->a, &p->locations);
        if (!l)
            return;
        l->path = text(rd, v, "path");
        l->layer = index_of(v, "layer");
    }
}

static int read_packages(const struct reader *rd, yyjson_val *list)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v)
    {
        uint32_t target;
        if (resolve(rd, rd->targets, yyjson_obj_get(v, "target"), "packages", i, &target) < 0)
            return -1;
        struct plm_package *p = plm_report_package(rd->r, target);
        if (!p)
            return plm_fail_oom(rd->err);
        p->id = text(rd, v, "id");
        p->type = text(rd, v, "type");
        p->name = text(rd, v, "name");
        p->version = text(rd, v, "version");
        p->arch = text(rd, v, "arch");
        p->purl = text(rd, v, "purl");
        p->cataloger = text(rd, v, "cataloger");
        p->owner = text(rd, v, "owner");
        p->vendor = text(rd, v, "vendor");
        p->modularity = text(rd, v, "modularity");
        p->status = text(rd, v, "status");
        p->installed_at = instant(v, "installed_at");
        p->source_name = text(rd, yyjson_obj_get(v, "source"), "name");
        p->source_version = text(rd, yyjson_obj_get(v, "source"), "version");
        texts(rd, v, "cpes", &p->cpes);
        texts(rd, v, "licenses", &p->licenses);
        texts(rd, v, "files", &p->files);
        read_locations(rd, yyjson_obj_get(v, "locations"), p);
        if (!p->id.p)
            return fail(rd, "packages", i, "has no", PLM_SV("id"));
        if (remember(rd, rd->packages, p->id, i) < 0)
            return -1;
    }
    return 0;
}

/* ---- findings ------------------------------------------------------------------------------------ */

static void read_one_match(const struct reader *rd, yyjson_val *o, struct plm_finding *f)
{
    struct plm_matched *m = yyjson_is_obj(o) ? plm_vec_push(rd->a, &f->matched) : NULL;
    if (!m)
        return;
    m->feed = text(rd, o, "feed");
    m->record = text(rd, o, "record");
    m->range = text(rd, o, "range");
    m->scheme = text(rd, o, "scheme");
    m->by = text(rd, o, "by");
}

static void read_controls(const struct reader *rd, yyjson_val *list, void *vec)
{
    PLM_VEC(struct plm_control) *out = vec;
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v)
    {
        struct plm_control *c = plm_vec_push(rd->a, out);
        if (!c)
            return;
        c->framework = text(rd, v, "framework");
        c->version = text(rd, v, "version");
        c->id = text(rd, v, "id");
    }
}

static void read_scores(const struct reader *rd, yyjson_val *o, struct plm_finding *f)
{
    yyjson_val *v, *list = yyjson_obj_get(o, "cvss");
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v)
    {
        struct plm_cvss *c = plm_vec_push(rd->a, &f->cvss);
        if (!c)
            return;
        c->version = text(rd, v, "version");
        c->vector = text(rd, v, "vector");
        c->source = text(rd, v, "source");
        c->score = real(v, "score");
    }
    f->epss = real(o, "epss");
    f->kev = plm_json_bool(o, "kev", false);
}

static void read_fix(const struct reader *rd, yyjson_val *o, struct plm_finding *f)
{
    plm_sv state = plm_json_sv(yyjson_obj_get(o, "state"));
    for (int i = 0; i < PLM_FIX_COUNT_; i++)
        if (plm_sv_is(state, plm_fix_state_name((enum plm_fix_state)i)))
            f->fix = (enum plm_fix_state)i;
    texts(rd, o, "versions", &f->fix_versions);
    f->fix_date = instant(o, "date");
}

static int read_suppressed(const struct reader *rd, yyjson_val *o, struct plm_finding *f)
{
    if (!yyjson_is_obj(o))
        return 0;
    f->suppressed = plm_arena_make(rd->a, struct plm_suppressed);
    if (!f->suppressed)
        return plm_fail_oom(rd->err);
    f->suppressed->by = text(rd, o, "by");
    f->suppressed->reason = text(rd, o, "reason");
    f->suppressed->owner = text(rd, o, "owner");
    f->suppressed->until = text(rd, o, "until");
    return 0;
}

static int read_finding(const struct reader *rd, yyjson_val *o, size_t i)
{
    uint32_t target, package;
    enum plm_kind kind;
    plm_sv word = plm_json_sv(yyjson_obj_get(o, "kind"));
    if (!plm_kind_parse(word, &kind))
        return fail(rd, "findings", i, "has the unknown kind", word);
    if (resolve(rd, rd->targets, yyjson_obj_get(o, "target"), "findings", i, &target) < 0 ||
        resolve(rd, rd->packages, yyjson_obj_get(yyjson_obj_get(o, "package"), "id"), "findings", i,
                &package) < 0)
        return -1;
    struct plm_finding *f = plm_report_finding(rd->r, target, kind);
    if (!f)
        return plm_fail_oom(rd->err);
    f->package = package;
    f->key = text(rd, o, "key");
    f->id = text(rd, o, "id");
    word = plm_json_sv(yyjson_obj_get(o, "severity"));
    if (!plm_severity_parse(word, &f->severity))
        return fail(rd, "findings", i, "has the unknown severity", word);
    f->native_severity = text(rd, o, "native_severity");
    f->title = text(rd, o, "title");
    f->object = text(rd, o, "object");
    f->remediation = text(rd, o, "remediation");
    f->is_base = plm_json_bool(o, "base", false);
    f->is_new = plm_json_bool(o, "new", false);
    f->published = instant(o, "published");
    read_fix(rd, yyjson_obj_get(o, "fix"), f);
    read_scores(rd, o, f);
    yyjson_val *at = yyjson_obj_get(o, "location"), *v, *more = yyjson_obj_get(o, "also_matched");
    f->path = text(rd, at, "path");
    f->line = (uint32_t)number(at, "line");
    f->layer = index_of(at, "layer");
    read_one_match(rd, yyjson_obj_get(o, "matched"), f);
    size_t k, n;
    yyjson_arr_foreach(more, k, n, v)
    {
        read_one_match(rd, v, f);
    }
    texts(rd, o, "aliases", &f->aliases);
    texts(rd, o, "evidence", &f->evidence);
    texts(rd, o, "references", &f->references);
    read_controls(rd, yyjson_obj_get(o, "controls"), &f->controls);
    return read_suppressed(rd, yyjson_obj_get(o, "suppressed"), f);
}

/* ---- the rest ------------------------------------------------------------------------------------- */

static int read_checks(const struct reader *rd, yyjson_val *list)
{
    static const char *const outcomes[] = {"pass", "fail", "manual", "na", "unknown"};
    yyjson_val *v;
    size_t i, n, at;
    yyjson_arr_foreach(list, i, n, v)
    {
        uint32_t target;
        if (resolve(rd, rd->targets, yyjson_obj_get(v, "target"), "checks", i, &target) < 0)
            return -1;
        struct plm_check_row *c = plm_report_check(rd->r, target);
        if (!c)
            return plm_fail_oom(rd->err);
        plm_sv outcome = plm_json_sv(yyjson_obj_get(v, "outcome"));
        if (!pick(outcome, outcomes, 5, &at))
            return fail(rd, "checks", i, "has the unknown outcome", outcome);
        c->outcome = (enum plm_outcome)at;
        c->id = text(rd, v, "id");
        c->object = text(rd, v, "object");
        texts(rd, v, "evidence", &c->evidence);
        read_controls(rd, yyjson_obj_get(v, "controls"), &c->controls);
    }
    return 0;
}

static int read_diagnostics(const struct reader *rd, yyjson_val *list)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v)
    {
        struct plm_diagnostic d = {.code = text(rd, v, "code"),
                                   .object = text(rd, v, "object"),
                                   .message = text(rd, v, "message"),
                                   .hint = text(rd, v, "hint")};
        plm_sv word = plm_json_sv(yyjson_obj_get(v, "severity"));
        if (!plm_severity_parse(word, &d.severity))
            return fail(rd, "diagnostics", i, "has the unknown severity", word);
        if (resolve(rd, rd->targets, yyjson_obj_get(v, "target"), "diagnostics", i, &d.target) < 0)
            return -1;
        struct plm_diagnostic *slot = plm_vec_push(rd->a, &rd->r->diagnostics);
        if (!slot)
            return plm_fail_oom(rd->err);
        *slot = d;
    }
    return 0;
}

static void read_run(const struct reader *rd, yyjson_val *o)
{
    struct plm_report *r = rd->r;
    yyjson_val *v, *also = yyjson_obj_get(yyjson_obj_get(o, "exit"), "also"),
                   *stages = yyjson_obj_get(o, "stages");
    size_t i, n;
    r->tool = text(rd, o, "tool");
    r->version = text(rd, o, "version");
    r->started = instant(o, "started");
    double seconds = real(o, "seconds");
    r->elapsed_ms = seconds > 0 && seconds < 1e12 ? (uint64_t)(seconds * 1000 + 0.5) : 0;
    r->clock_injected = plm_sv_is(plm_json_sv(yyjson_obj_get(o, "clock")), "injected");
    r->exit_code = (int)(number(yyjson_obj_get(o, "exit"), "code") & 0xff);
    texts(rd, o, "network", &r->network);
    yyjson_arr_foreach(also, i, n, v)
    {
        int *slot = plm_vec_push(rd->a, &r->exit_also);
        if (slot)
            *slot = (int)(yyjson_get_uint(v) & 0xff);
    }
    yyjson_arr_foreach(stages, i, n, v)
    {
        struct plm_stage_row *s = plm_vec_push(rd->a, &r->stages);
        if (s)
            *s = (struct plm_stage_row){.name = text(rd, v, "name"), .ms = number(v, "ms")};
    }
}

static void read_host_and_db(const struct reader *rd, yyjson_val *host, yyjson_val *db)
{
    struct plm_report *r = rd->r;
    yyjson_val *v, *feeds = yyjson_obj_get(db, "feeds");
    size_t i, n;
    r->host_name = text(rd, host, "name");
    r->machine_id = text(rd, host, "machine_id");
    r->host_os = text(rd, host, "os");
    r->kernel = text(rd, host, "kernel");
    texts(rd, host, "engines", &r->engines);
    r->db_built = instant(db, "built");
    yyjson_arr_foreach(feeds, i, n, v)
    {
        struct plm_feed_row *f = plm_vec_push(rd->a, &r->feeds);
        if (f)
            *f = (struct plm_feed_row){
                .name = text(rd, v, "name"), .as_of = instant(v, "as_of"), .records = number(v, "records")};
    }
}

/* A report without its findings, or without what could not be looked at, would be shown as a clean one. */
static int check_whole(const struct reader *rd, yyjson_val *root)
{
    static const struct {
        const char *name;
        yyjson_type type;
    } parts[] = {{"run", YYJSON_TYPE_OBJ},      {"targets", YYJSON_TYPE_ARR},
                 {"packages", YYJSON_TYPE_ARR}, {"findings", YYJSON_TYPE_ARR},
                 {"verdict", YYJSON_TYPE_OBJ},  {"diagnostics", YYJSON_TYPE_ARR}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (yyjson_get_type(yyjson_obj_get(root, parts[i].name)) != parts[i].type)
            return plm_fail_id(rd->err, PLM_E_PARSE, "report.invalid", "%s: %s: missing or of the wrong type",
                               rd->name, parts[i].name);
    return 0;
}

static int read_all(const struct reader *rd, yyjson_val *root)
{
    plm_sv schema = plm_json_sv(yyjson_obj_get(root, "schema"));
    if (!plm_sv_is(schema, "plimsoll/report/v1")) {
        int rc = plm_fail_id(rd->err, PLM_E_UNSUPPORTED, "report.schema",
                             "%s: schema \"%.*s\" is not plimsoll/report/v1", rd->name, PLM_SV_ARG(schema));
        plm_err_hint(rd->err, "a file that plimsoll scan -o json wrote");
        return rc;
    }
    read_run(rd, yyjson_obj_get(root, "run"));
    read_host_and_db(rd, yyjson_obj_get(root, "host"), yyjson_obj_get(root, "db"));
    if (read_targets(rd, yyjson_obj_get(root, "targets")) < 0 ||
        read_packages(rd, yyjson_obj_get(root, "packages")) < 0)
        return -1;
    yyjson_val *v, *findings = yyjson_obj_get(root, "findings");
    size_t i, n;
    yyjson_arr_foreach(findings, i, n, v)
    {
        if (read_finding(rd, v, i) < 0)
            return -1;
    }
    read_verdict(rd, yyjson_obj_get(root, "verdict"), &rd->r->verdict);
    if (read_checks(rd, yyjson_obj_get(root, "checks")) < 0 ||
        read_diagnostics(rd, yyjson_obj_get(root, "diagnostics")) < 0)
        return -1;
    return plm_arena_check(rd->a, rd->err) < 0 || check_whole(rd, root) < 0
               ? -1
               : plm_report_finish(rd->r, rd->err);
}

struct plm_report *plm_report_read(const struct plm_ctx *ctx, plm_sv json, const char *name, plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *doc = plm_json_parse(json, name, ctx->limits, err);
    plm_auto(plm_report_free) struct plm_report *r = doc ? plm_report_new(err) : NULL;
    plm_auto(plm_map_free) struct plm_map *targets = plm_map_new();
    plm_auto(plm_map_free) struct plm_map *packages = plm_map_new();
    if (!r)
        return NULL;
    if (!targets || !packages)
        return PLM_NULL(plm_fail_oom(err));
    struct reader rd = {r, r->arena, name, targets, packages, err};
    return read_all(&rd, plm_json_root(doc)) < 0 ? NULL : plm_take(r);
}
