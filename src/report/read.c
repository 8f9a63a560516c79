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

/* ---- members by table ------------------------------------------------------------------------------ */

enum type { TEXT, TEXTS, INSTANT, NUMBER, NUMBER32, INDEX, REAL, FLAG, WORD, ROWS };

/* Member `key` of a JSON object goes to `offset` of a struct. What is missing or of another type is "not
 * known". */
struct member {
    const char *key;
    enum type type;
    size_t offset;
    const char *const *words;   /* WORD: of an enum, by value, NULL-ended; an unknown word is the first */
    const struct member *inner; /* ROWS: of each element; ended by a NULL key */
    size_t size;                /* ROWS: of an element */
};

// clang-format off
#define AT(s, key, type, m)         {key, type, offsetof(struct s, m), NULL, NULL, 0}
#define AT_WORD(s, key, m, words)   {key, WORD, offsetof(struct s, m), words, NULL, 0}
#define AT_ROWS(s, key, m, of, row) {key, ROWS, offsetof(struct s, m), NULL, of, sizeof(struct row)}
#define END                         {NULL, TEXT, 0, NULL, NULL, 0}

static const char *const results[] = {"none", "pass", "warn", "incomplete", "fail", NULL};
static const char *const eol_states[] = {"unknown", "supported", "ended", NULL};
static const char *const fix_states[] = {"unknown", "fixed", "not-fixed", "wont-fix", "deferred", "not-affected",
                                         "end-of-life", NULL};

static const struct member verdict_rule[] = {
    AT(plm_verdict_rule, "gate", TEXT, gate), AT(plm_verdict_rule, "trigger", TEXT, trigger),
    AT(plm_verdict_rule, "trigger_id", TEXT, trigger_id), AT(plm_verdict_rule, "action", TEXT, action),
    AT(plm_verdict_rule, "message", TEXT, message), AT(plm_verdict_rule, "allowlisted", FLAG, allowlisted), END};
static const struct member verdict[] = {
    AT_WORD(plm_verdict, "result", result, results), AT(plm_verdict, "policy", TEXT, policy),
    AT_ROWS(plm_verdict, "rules", rules, verdict_rule, plm_verdict_rule), AT(plm_verdict, "reasons", TEXTS, reasons), END};

static const struct member layer[] = {
    AT(plm_layer, "digest", TEXT, digest), AT(plm_layer, "diff_id", TEXT, diff_id),
    AT(plm_layer, "created_by", TEXT, created_by), AT(plm_layer, "size", NUMBER, size),
    AT(plm_layer, "base", FLAG, is_base),
    AT(plm_layer, "diff_id_verified", FLAG, is_diff_id_verified), END};
static const struct member source[] = {
    AT(plm_target, "scheme", TEXT, scheme), AT(plm_target, "reference", TEXT, reference),
    AT(plm_target, "digest", TEXT, digest), AT(plm_target, "image_id", TEXT, image_id),
    AT(plm_target, "platform", TEXT, platform), AT(plm_target, "created", INSTANT, created),
    AT(plm_target, "layers_cached", NUMBER32, layers_cached), AT_ROWS(plm_target, "layers", layers, layer, plm_layer), END};
static const struct member distro[] = {
    AT(plm_distro, "id", TEXT, id), AT(plm_distro, "version", TEXT, version), AT(plm_distro, "codename", TEXT, codename),
    AT(plm_distro, "pretty", TEXT, pretty), AT(plm_distro, "like", TEXT, like),
    AT(plm_distro, "ecosystem", TEXT, ecosystem), AT(plm_distro, "evidence", TEXT, evidence),
    AT(plm_distro, "eol", INSTANT, eol_date), AT_WORD(plm_distro, "eol_state", eol, eol_states), END};

static const struct member location[] = {
    AT(plm_location, "path", TEXT, path), AT(plm_location, "layer", INDEX, layer), END};
static const struct member package[] = {
    AT(plm_package, "id", TEXT, id), AT(plm_package, "type", TEXT, type), AT(plm_package, "name", TEXT, name),
    AT(plm_package, "version", TEXT, version), AT(plm_package, "arch", TEXT, arch), AT(plm_package, "purl", TEXT, purl),
    AT(plm_package, "cataloger", TEXT, cataloger), AT(plm_package, "owner", TEXT, owner),
    AT(plm_package, "vendor", TEXT, vendor), AT(plm_package, "modularity", TEXT, modularity),
    AT(plm_package, "status", TEXT, status), AT(plm_package, "installed_at", INSTANT, installed_at),
    AT(plm_package, "cpes", TEXTS, cpes), AT(plm_package, "licenses", TEXTS, licenses),
    AT(plm_package, "files", TEXTS, files), AT_ROWS(plm_package, "locations", locations, location, plm_location), END};
static const struct member package_source[] = {
    AT(plm_package, "name", TEXT, source_name), AT(plm_package, "version", TEXT, source_version), END};

static const struct member matched[] = {
    AT(plm_matched, "feed", TEXT, feed), AT(plm_matched, "record", TEXT, record), AT(plm_matched, "range", TEXT, range),
    AT(plm_matched, "scheme", TEXT, scheme), AT(plm_matched, "by", TEXT, by), END};
static const struct member control[] = {
    AT(plm_control, "framework", TEXT, framework), AT(plm_control, "version", TEXT, version),
    AT(plm_control, "id", TEXT, id), END};
static const struct member cvss[] = {
    AT(plm_cvss, "version", TEXT, version), AT(plm_cvss, "vector", TEXT, vector), AT(plm_cvss, "source", TEXT, source),
    AT(plm_cvss, "score", REAL, score), END};
static const struct member fix[] = {
    AT_WORD(plm_finding, "state", fix, fix_states), AT(plm_finding, "versions", TEXTS, fix_versions),
    AT(plm_finding, "date", INSTANT, fix_date), END};
static const struct member place[] = {
    AT(plm_finding, "path", TEXT, path), AT(plm_finding, "line", NUMBER32, line), AT(plm_finding, "layer", INDEX, layer), END};
static const struct member suppressed[] = {
    AT(plm_suppressed, "by", TEXT, by), AT(plm_suppressed, "reason", TEXT, reason), AT(plm_suppressed, "owner", TEXT, owner),
    AT(plm_suppressed, "until", TEXT, until), END};
static const struct member finding[] = {
    AT(plm_finding, "key", TEXT, key), AT(plm_finding, "id", TEXT, id),
    AT(plm_finding, "native_severity", TEXT, native_severity), AT(plm_finding, "title", TEXT, title),
    AT(plm_finding, "object", TEXT, object), AT(plm_finding, "remediation", TEXT, remediation),
    AT(plm_finding, "base", FLAG, is_base), AT(plm_finding, "new", FLAG, is_new),
    AT(plm_finding, "published", INSTANT, published), AT(plm_finding, "epss", REAL, epss), AT(plm_finding, "kev", FLAG, kev),
    AT(plm_finding, "aliases", TEXTS, aliases), AT(plm_finding, "evidence", TEXTS, evidence),
    AT(plm_finding, "references", TEXTS, references), AT_ROWS(plm_finding, "cvss", cvss, cvss, plm_cvss),
    AT_ROWS(plm_finding, "also_matched", matched, matched, plm_matched),
    AT_ROWS(plm_finding, "controls", controls, control, plm_control), END};

static const struct member check_row[] = {
    AT(plm_check_row, "id", TEXT, id), AT(plm_check_row, "title", TEXT, title), AT(plm_check_row, "object", TEXT, object),
    AT(plm_check_row, "evidence", TEXTS, evidence), AT_ROWS(plm_check_row, "controls", controls, control, plm_control), END};
static const struct member diagnostic[] = {
    AT(plm_diagnostic, "code", TEXT, code), AT(plm_diagnostic, "object", TEXT, object),
    AT(plm_diagnostic, "message", TEXT, message), AT(plm_diagnostic, "hint", TEXT, hint), END};
static const struct member score[] = {
    AT(plm_stage_score, "stage", TEXT, name), AT(plm_stage_score, "score", NUMBER32, score),
    AT(plm_stage_score, "judged", NUMBER, judged), AT(plm_stage_score, "failed", NUMBER, failed),
    AT(plm_stage_score, "vulnerabilities", NUMBER, vulnerabilities), END};

static const struct member stage[] = {
    AT(plm_stage_row, "name", TEXT, name), AT(plm_stage_row, "ms", NUMBER, ms), END};
static const struct member run[] = {
    AT(plm_report, "tool", TEXT, tool), AT(plm_report, "version", TEXT, version), AT(plm_report, "started", INSTANT, started),
    AT(plm_report, "network", TEXTS, network), AT_ROWS(plm_report, "stages", stages, stage, plm_stage_row), END};
static const struct member host[] = {
    AT(plm_report, "name", TEXT, host_name), AT(plm_report, "machine_id", TEXT, machine_id),
    AT(plm_report, "os", TEXT, host_os), AT(plm_report, "kernel", TEXT, kernel),
    AT(plm_report, "engines", TEXTS, engines), END};
static const struct member feed[] = {
    AT(plm_feed_row, "name", TEXT, name), AT(plm_feed_row, "as_of", INSTANT, as_of),
    AT(plm_feed_row, "records", NUMBER, records), END};
static const struct member db[] = {
    AT(plm_report, "built", INSTANT, db_built), AT_ROWS(plm_report, "feeds", feeds, feed, plm_feed_row), END};
static const struct member fix_row[] = {
    AT(plm_fix_row, "title", TEXT, title), AT(plm_fix_row, "command", TEXT, command), AT(plm_fix_row, "impact", TEXT, impact),
    AT(plm_fix_row, "weight", NUMBER, weight), AT(plm_fix_row, "closes", TEXTS, closes), END};
static const struct member whole[] = {AT_ROWS(plm_report, "fixes", fixes, fix_row, plm_fix_row), END};
// clang-format on

static int64_t instant(yyjson_val *v)
{
    int64_t t = 0;
    plm_sv s = plm_json_sv(v);
    return s.p && plm_time_parse(s, &t) ? t : 0;
}

/* 0 for anything but a number from 0 to max. */
static uint64_t number(yyjson_val *v, uint64_t max)
{
    uint64_t n = yyjson_is_uint(v) ? yyjson_get_uint(v) : 0;
    return n <= max ? n : 0;
}

static double real(yyjson_val *v)
{
    double d = yyjson_is_num(v) ? yyjson_get_num(v) : -1;
    return d >= 0 && d <= PLM_REPORT_NUMBER_MAX ? d : -1;
}

static uint32_t index_of(yyjson_val *v)
{
    return yyjson_is_uint(v) && yyjson_get_uint(v) < PLM_NONE ? (uint32_t)yyjson_get_uint(v) : PLM_NONE;
}

static void texts(const struct reader *rd, yyjson_val *list, plm_sv_vec *out)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v)
    {
        plm_sv s = plm_json_sv(v);
        if (s.p)
            plm_sv_vec_add(rd->a, out, s);
    }
}

static unsigned word(yyjson_val *v, const char *const *words)
{
    plm_sv s = plm_json_sv(v);
    for (unsigned i = 0; words[i]; i++)
        if (plm_sv_is(s, words[i]))
            return i;
    return 0;
}

static void read_members(const struct reader *rd, yyjson_val *o, const struct member *m, void *base);

static void read_rows(const struct reader *rd, yyjson_val *list, const struct member *m, void *vec)
{
    PLM_VEC(char) *out = vec; /* of elements of m->size */
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v)
    {
        void *row = plm_vec_push_(rd->a, (void **)&out->v, &out->n, &out->cap, m->size);
        if (row)
            read_members(rd, v, m->inner, row);
    }
}

/* An arena that failed is noticed once, at the end. */
static void read_members(const struct reader *rd, yyjson_val *o, const struct member *m, void *base)
{
    for (; m->key; m++) {
        yyjson_val *v = yyjson_obj_get(o, m->key);
        void *to = (char *)base + m->offset;
        switch (m->type) {
        case TEXT:
            *(plm_sv *)to = plm_arena_sv(rd->a, plm_json_sv(v));
            break;
        case TEXTS:
            texts(rd, v, to);
            break;
        case INSTANT:
            *(int64_t *)to = instant(v);
            break;
        case NUMBER:
            *(uint64_t *)to = number(v, INT64_MAX);
            break;
        case NUMBER32:
            *(uint32_t *)to = (uint32_t)number(v, UINT32_MAX);
            break;
        case INDEX:
            *(uint32_t *)to = index_of(v);
            break;
        case REAL:
            *(double *)to = real(v);
            break;
        case FLAG:
            *(bool *)to = yyjson_is_true(v);
            break;
        case WORD:
            *(unsigned *)to = word(v, m->words); /* enums without negative values are unsigned */
            break;
        case ROWS:
            read_rows(rd, v, m, to);
            break;
        }
    }
}

/* ---- lists whose rows refer to each other ----------------------------------------------------------- */

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

/* ---- one row of each list ---------------------------------------------------------------------------- */

static int read_severity(const struct reader *rd, yyjson_val *o, const char *list, size_t i,
                         enum plm_severity *out)
{
    plm_sv s = plm_json_sv(yyjson_obj_get(o, "severity"));
    return plm_severity_parse(s, out) ? 0 : fail(rd, list, i, "has the unknown severity", s);
}

static int read_target(const struct reader *rd, yyjson_val *o, size_t i)
{
    struct plm_target *t = plm_report_target(rd->r);
    if (!t)
        return plm_fail_oom(rd->err);
    t->id = plm_arena_sv(rd->a, plm_json_sv(yyjson_obj_get(o, "id")));
    if (!t->id.p)
        return fail(rd, "targets", i, "has no", PLM_SV("id"));
    read_members(rd, yyjson_obj_get(o, "source"), source, t);
    read_members(rd, yyjson_obj_get(o, "distro"), distro, &t->distro);
    read_members(rd, yyjson_obj_get(o, "verdict"), verdict, &t->verdict);
    t->is_incomplete = plm_json_bool(o, "incomplete", false);
    return remember(rd, rd->targets, t->id, i);
}

static int read_package(const struct reader *rd, yyjson_val *o, size_t i)
{
    uint32_t target;
    if (resolve(rd, rd->targets, yyjson_obj_get(o, "target"), "packages", i, &target) < 0)
        return -1;
    struct plm_package *p = plm_report_package(rd->r, target);
    if (!p)
        return plm_fail_oom(rd->err);
    read_members(rd, o, package, p);
    read_members(rd, yyjson_obj_get(o, "source"), package_source, p);
    if (!p->id.p)
        return fail(rd, "packages", i, "has no", PLM_SV("id"));
    return remember(rd, rd->packages, p->id, i);
}

static int read_finding(const struct reader *rd, yyjson_val *o, size_t i)
{
    uint32_t target, pkg;
    enum plm_kind kind;
    plm_sv said = plm_json_sv(yyjson_obj_get(o, "kind"));
    if (!plm_kind_parse(said, &kind))
        return fail(rd, "findings", i, "has the unknown kind", said);
    if (resolve(rd, rd->targets, yyjson_obj_get(o, "target"), "findings", i, &target) < 0 ||
        resolve(rd, rd->packages, yyjson_obj_get(yyjson_obj_get(o, "package"), "id"), "findings", i, &pkg) <
            0)
        return -1;
    struct plm_finding *f = plm_report_finding(rd->r, target, kind);
    if (!f)
        return plm_fail_oom(rd->err);
    f->package = pkg;
    yyjson_val *first = yyjson_obj_get(o, "matched"), *hidden = yyjson_obj_get(o, "suppressed");
    struct plm_matched *m = yyjson_is_obj(first) ? plm_vec_push(rd->a, &f->matched) : NULL;
    if (m)
        read_members(rd, first, matched, m);
    read_members(rd, o, finding, f);
    read_members(rd, yyjson_obj_get(o, "fix"), fix, f);
    read_members(rd, yyjson_obj_get(o, "location"), place, f);
    if (yyjson_is_obj(hidden)) {
        f->suppressed = plm_arena_make(rd->a, struct plm_suppressed);
        if (!f->suppressed)
            return plm_fail_oom(rd->err);
        read_members(rd, hidden, suppressed, f->suppressed);
    }
    return read_severity(rd, o, "findings", i, &f->severity);
}

static int read_check(const struct reader *rd, yyjson_val *o, size_t i)
{
    uint32_t target;
    if (resolve(rd, rd->targets, yyjson_obj_get(o, "target"), "checks", i, &target) < 0)
        return -1;
    struct plm_check_row *c = plm_report_check(rd->r, target);
    if (!c)
        return plm_fail_oom(rd->err);
    read_members(rd, o, check_row, c);
    if (yyjson_obj_get(o, "severity") && read_severity(rd, o, "checks", i, &c->severity) < 0)
        return -1; /* reports of 0.1.0 have none */
    plm_sv outcome = plm_json_sv(yyjson_obj_get(o, "outcome"));
    for (int k = 0; k < PLM_OUTCOMES; k++) {
        if (!plm_sv_is(outcome, plm_outcome_name((enum plm_outcome)k)))
            continue;
        c->outcome = (enum plm_outcome)k;
        return 0;
    }
    return fail(rd, "checks", i, "has the unknown outcome", outcome);
}

static int read_score(const struct reader *rd, yyjson_val *o, size_t i)
{
    struct plm_stage_score *s = plm_vec_push(rd->a, &rd->r->scores);
    if (!s)
        return plm_fail_oom(rd->err);
    read_members(rd, o, score, s);
    s->is_judged = yyjson_is_uint(yyjson_obj_get(o, "score"));
    yyjson_val *counts = yyjson_obj_get(o, "outcomes");
    for (int k = 0; k < PLM_OUTCOMES; k++)
        s->outcomes[k] = number(yyjson_obj_get(counts, plm_outcome_name((enum plm_outcome)k)), INT64_MAX);
    return s->score <= 100 ? 0 : fail(rd, "scores", i, "is above 100:", s->name);
}

static int read_diagnostic(const struct reader *rd, yyjson_val *o, size_t i)
{
    struct plm_diagnostic *d = plm_vec_push(rd->a, &rd->r->diagnostics);
    if (!d)
        return plm_fail_oom(rd->err);
    read_members(rd, o, diagnostic, d);
    return read_severity(rd, o, "diagnostics", i, &d->severity) < 0
               ? -1
               : resolve(rd, rd->targets, yyjson_obj_get(o, "target"), "diagnostics", i, &d->target);
}

/* ---- the whole --------------------------------------------------------------------------------------- */

static void read_run(const struct reader *rd, yyjson_val *o)
{
    struct plm_report *r = rd->r;
    read_members(rd, o, run, r);
    double seconds = real(yyjson_obj_get(o, "seconds"));
    r->elapsed_ms = seconds > 0 ? (uint64_t)(seconds * 1000 + 0.5) : 0;
    r->clock_injected = plm_sv_is(plm_json_sv(yyjson_obj_get(o, "clock")), "injected");
    yyjson_val *ended = yyjson_obj_get(o, "exit"), *v, *also = yyjson_obj_get(ended, "also");
    r->exit_code = (int)number(yyjson_obj_get(ended, "code"), UINT8_MAX);
    size_t i, n;
    yyjson_arr_foreach(also, i, n, v)
    {
        int *slot = plm_vec_push(rd->a, &r->exit_also);
        if (slot)
            *slot = (int)number(v, UINT8_MAX);
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

/* Targets before what refers to them. */
static const struct {
    const char *name;
    int (*read)(const struct reader *rd, yyjson_val *o, size_t i);
} lists[] = {{"targets", read_target}, {"packages", read_package}, {"findings", read_finding},
             {"checks", read_check},   {"scores", read_score},     {"diagnostics", read_diagnostic}};

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
    read_members(rd, yyjson_obj_get(root, "host"), host, rd->r);
    read_members(rd, yyjson_obj_get(root, "db"), db, rd->r);
    read_members(rd, yyjson_obj_get(root, "verdict"), verdict, &rd->r->verdict);
    read_members(rd, root, whole, rd->r);
    for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
        yyjson_val *v, *list = yyjson_obj_get(root, lists[k].name);
        size_t i, n;
        yyjson_arr_foreach(list, i, n, v)
        {
            if (lists[k].read(rd, v, i) < 0)
                return -1;
        }
    }
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
