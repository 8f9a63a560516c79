/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts of an image from JSON. One shape with two sources: test cases of Anchore's behaviour ({"image",
 * "tag", "vulnerabilities"}, the image as its analysis stores it) and documents of `-o facts`, whose own keys
 * stand beside the same ones and whose `known` says what was looked at. A case has no `known`: what it does
 * not mention was looked at and empty, as the engine takes it, except what only exists with us. A key is
 * looked for in the image, then beside it. Costs: linear in the text, but for sorting the files.
 */
#include "base/text.h"
#include "base/time.h"
#include "codec/json.h"
#include "policy/policy_int.h"

struct reader {
    struct plm_image_facts *f;
    struct plm_arena *a;
    yyjson_val *image, *outer;
};

/* ---- values ------------------------------------------------------------------------------ */

static yyjson_val *find(const struct reader *r, const char *key)
{
    yyjson_val *v = yyjson_obj_get(r->image, key);
    return v ? v : yyjson_obj_get(r->outer, key);
}
static plm_sv text(const struct reader *r, yyjson_val *obj, const char *key)
{
    return plm_arena_sv(r->a, plm_json_str(obj, key, NULL));
}
static plm_sv found_text(const struct reader *r, const char *key)
{
    return plm_arena_sv(r->a, plm_json_sv(find(r, key)));
}
static uint64_t number(yyjson_val *obj, const char *key)
{
    int64_t v = plm_json_int(obj, key, 0);
    return v > 0 ? (uint64_t)v : 0;
}
static uint32_t index_of(yyjson_val *obj, const char *key)
{
    int64_t v = plm_json_int(obj, key, -1);
    return v >= 0 && v < PLM_NONE ? (uint32_t)v : PLM_NONE;
}
static double real(yyjson_val *obj, const char *key, const char *other)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    if (!v && other)
        v = yyjson_obj_get(obj, other);
    return yyjson_is_num(v) ? yyjson_get_num(v) : -1;
}
static int64_t instant(yyjson_val *obj, const char *key)
{
    int64_t t = 0;
    return plm_time_parse(plm_json_str(obj, key, NULL), &t) ? t : 0;
}
static void texts(const struct reader *r, yyjson_val *list, plm_sv_vec *out)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v)
    {
        (void)plm_sv_vec_add(r->a, out, plm_json_sv(v));
    }
}
static void keys(const struct reader *r, yyjson_val *v, plm_sv_vec *out, plm_sv_vec *values)
{
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_obj_foreach(v, i, n, key, value)
    {
        (void)plm_sv_vec_add(r->a, out, plm_json_sv(key));
        if (values)
            (void)plm_sv_vec_add(r->a, values, plm_json_sv(value));
    }
    if (yyjson_is_arr(v))
        texts(r, v, out);
}

/* Base64 with line ends (Python's encodebytes); what is none stays as it is. */
static plm_sv decoded(const struct reader *r, plm_sv s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = plm_arena_alloc(r->a, s.n + 1);
    size_t n = 0, used = 0;
    uint32_t bits = 0;
    if (!out)
        return PLM_SV_NULL;
    for (size_t i = 0; i < s.n; i++) {
        const char *d = s.p[i] ? strchr(digits, s.p[i]) : NULL;
        if (s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '=')
            continue;
        if (!d)
            return plm_arena_sv(r->a, s);
        bits = bits << 6 | (uint32_t)(d - digits);
        used += 6;
        if (used >= 8) {
            used -= 8;
            out[n++] = (char)(bits >> used);
        }
    }
    return plm_sv_n(out, n);
}

/* ---- the image --------------------------------------------------------------------------- */

static void read_known(struct reader *r)
{
    yyjson_val *known = find(r, "known"), *v;
    size_t i, n;
    r->f->known = UINT32_MAX & ~(uint32_t)(PLM_FACT_SIGNATURE | PLM_FACT_REGISTRY_DATA | PLM_FACT_CHECKS |
                                           PLM_FACT_MALWARE | PLM_FACT_SECRET_RULES);
    if (!yyjson_is_arr(known))
        return;
    r->f->known = 0;
    yyjson_arr_foreach(known, i, n, v)
    {
        plm_sv name = plm_json_sv(v);
        for (unsigned k = 0; k < PLM_FACT_COUNT; k++)
            if (plm_sv_is(name, plm_fact_name(k)))
                r->f->known |= 1u << k;
        r->f->known |= plm_sv_is(name, "feed-age")        ? (uint32_t)PLM_FACT_FEED_AGE
                       : plm_sv_is(name, "registry-data") ? (uint32_t)PLM_FACT_REGISTRY_DATA
                                                          : 0;
    }
}

static void read_identity(struct reader *r)
{
    struct plm_image_facts *f = r->f;
    f->image_id = found_text(r, "image_id");
    f->digest = found_text(r, "image_digest");
    f->parent_digest = found_text(r, "parent_digest");
    f->base_digest = found_text(r, "base_digest");
    f->tag = found_text(r, "tag");
    f->size = number(r->image, "size");
    f->distro = found_text(r, "distro");
    f->distro_version = found_text(r, "distro_version");
    f->like_distro = found_text(r, "like_distro");
    f->dockerfile = found_text(r, "dockerfile_contents");
    plm_sv mode = plm_json_sv(find(r, "dockerfile_mode"));
    f->dockerfile_mode = plm_sv_ieq(mode, PLM_SV("actual"))    ? PLM_DOCKERFILE_ACTUAL
                         : plm_sv_ieq(mode, PLM_SV("guessed")) ? PLM_DOCKERFILE_GUESSED
                                                               : PLM_DOCKERFILE_UNKNOWN;
    texts(r, find(r, "layers"), &f->layers);
    yyjson_val *feed = find(r, "feed");
    f->has_feed_for_distro =
        plm_json_bool(feed, "covers_distro", false) || yyjson_get_bool(find(r, "has_feed_for_distro"));
    f->feed_as_of = instant(feed, "as_of");
    if (!f->feed_as_of)
        f->feed_as_of = instant(yyjson_obj_get(r->image, "feed_as_of") ? r->image : r->outer, "feed_as_of");
}

static void read_healthcheck(struct reader *r, yyjson_val *v)
{
    struct plm_image_healthcheck *h = &r->f->config.healthcheck;
    h->is_set = yyjson_is_obj(v);
    texts(r, yyjson_obj_get(v, "Test"), &h->test);
    h->is_none = h->test.n && plm_sv_is(h->test.v[0], "NONE");
    h->interval_ns = plm_json_int(v, "Interval", 0);
    h->timeout_ns = plm_json_int(v, "Timeout", 0);
    h->start_period_ns = plm_json_int(v, "StartPeriod", 0);
    h->retries = (int)plm_json_int(v, "Retries", 0);
}

static void read_config(struct reader *r)
{
    struct plm_image_config *c = &r->f->config;
    yyjson_val *data = find(r, "docker_data"), *v = find(r, "config");
    if (!v)
        v = yyjson_obj_get(data, "Config");
    r->f->architecture = c->architecture = text(r, data, "Architecture");
    r->f->os = c->os = text(r, data, "Os");
    c->variant = text(r, data, "Variant");
    c->created = text(r, data, "Created");
    c->author = text(r, data, "Author");
    c->user = text(r, v, "User");
    c->workdir = text(r, v, "WorkingDir");
    c->stop_signal = text(r, v, "StopSignal");
    texts(r, yyjson_obj_get(v, "Env"), &c->env);
    texts(r, yyjson_obj_get(v, "Entrypoint"), &c->entrypoint);
    texts(r, yyjson_obj_get(v, "Cmd"), &c->cmd);
    texts(r, yyjson_obj_get(v, "Shell"), &c->shell);
    texts(r, yyjson_obj_get(v, "OnBuild"), &c->onbuild);
    keys(r, yyjson_obj_get(v, "ExposedPorts"), &c->exposed_ports, NULL);
    keys(r, yyjson_obj_get(v, "Volumes"), &c->volumes, NULL);
    keys(r, yyjson_obj_get(v, "Labels"), &c->label_keys, &c->label_values);
    c->args_escaped = plm_json_bool(v, "ArgsEscaped", false);
    read_healthcheck(r, yyjson_obj_get(v, "Healthcheck"));
}

static void read_history(struct reader *r)
{
    size_t i, n;
    yyjson_val *v, *list = find(r, "history");
    yyjson_arr_foreach(list, i, n, v)
    {
        struct plm_image_history *h = plm_vec_push(r->a, &r->f->config.history);
        if (!h)
            return;
        h->created = text(r, v, "created");
        h->created_by = text(r, v, "created_by");
        h->author = text(r, v, "author");
        h->comment = text(r, v, "comment");
        h->is_empty_layer = plm_json_bool(v, "empty_layer", false);
        h->layer = index_of(v, "layer");
    }
}

static int by_path(const void *a, const void *b)
{
    return plm_sv_cmp(((const struct plm_fact_file *)a)->path, ((const struct plm_fact_file *)b)->path);
}

static void read_files(struct reader *r)
{
    size_t i, n;
    yyjson_val *key, *v, *object = find(r, "files");
    yyjson_obj_foreach(object, i, n, key, v)
    {
        struct plm_fact_file *f = plm_vec_push(r->a, &r->f->files);
        if (!f)
            return;
        f->path = plm_arena_sv(r->a, plm_json_sv(key));
        f->mode = (uint32_t)number(v, "mode");
        f->uid = (uint32_t)number(v, "uid");
        f->gid = (uint32_t)number(v, "gid");
        f->size = number(v, "size");
        f->link = text(r, v, "link");
        if (!f->link.p)
            f->link = text(r, v, "linkdst");
        f->sha256 = text(r, v, "sha256_checksum");
        f->layer = index_of(v, "layer");
        f->rank = (uint32_t)i;
    }
    if (r->f->files.n)
        qsort(r->f->files.v, r->f->files.n, sizeof(*r->f->files.v), by_path);
}

/* ---- what analyzers found ------------------------------------------------------------------ */

static struct plm_fact_match *push_match(struct reader *r, bool is_secret)
{
    if (is_secret) {
        struct plm_fact_match *m = plm_vec_push(r->a, &r->f->secrets);
        return m;
    }
    struct plm_fact_match *m = plm_vec_push(r->a, &r->f->content);
    return m;
}

static void read_lines(struct reader *r, yyjson_val *list, struct plm_fact_match *m)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v)
    {
        uint32_t *line = plm_vec_push(r->a, &m->lines);
        if (line)
            *line = (uint32_t)yyjson_get_uint(v);
    }
}

static void read_expressions(struct reader *r, yyjson_val *artifact, plm_sv path, bool is_secret)
{
    size_t i, n;
    yyjson_val *key, *v, *object = yyjson_obj_get(artifact, "json");
    yyjson_obj_foreach(object, i, n, key, v)
    {
        struct plm_fact_match *m = push_match(r, is_secret);
        if (!m)
            return;
        m->path = path;
        m->pattern = decoded(r, plm_json_sv(key));
        read_lines(r, v, m);
    }
}

static void read_malware(struct reader *r, yyjson_val *json)
{
    plm_sv scanner = text(r, json, "scanner");
    size_t i, n;
    yyjson_val *v;
    r->f->known |= PLM_FACT_MALWARE;
    (void)plm_sv_vec_add(r->a, &r->f->malware_scanners, scanner.p ? scanner : PLM_SV(""));
    yyjson_val *findings = yyjson_obj_get(json, "findings");
    yyjson_arr_foreach(findings, i, n, v)
    {
        struct plm_fact_malware *m = plm_vec_push(r->a, &r->f->malware);
        if (m)
            *m = (struct plm_fact_malware){scanner, text(r, v, "path"), text(r, v, "signature")};
    }
}

static void read_artifacts(struct reader *r)
{
    size_t i, n;
    yyjson_val *v, *list = find(r, "artifacts");
    yyjson_arr_foreach(list, i, n, v)
    {
        plm_sv analyzer = plm_json_str(v, "analyzer", NULL), path = text(r, v, "key");
        if (plm_sv_is(analyzer, "retrieve_files")) {
            struct plm_fact_stored *s = plm_vec_push(r->a, &r->f->stored);
            if (!s)
                return;
            s->path = path;
            s->text = text(r, v, "text");
            if (!s->text.p)
                s->text = decoded(r, plm_json_str(v, "base64", NULL));
        } else if (plm_sv_is(analyzer, "content_search") || plm_sv_is(analyzer, "secret_search")) {
            read_expressions(r, v, path, plm_sv_is(analyzer, "secret_search"));
        } else if (plm_sv_is(analyzer, "malware")) {
            read_malware(r, yyjson_obj_get(v, "json"));
        }
    }
}

static void read_matches(struct reader *r, const char *key, bool is_secret)
{
    size_t i, n;
    yyjson_val *v, *list = find(r, key);
    yyjson_arr_foreach(list, i, n, v)
    {
        struct plm_fact_match *m = push_match(r, is_secret);
        if (!m)
            return;
        m->path = text(r, v, "path");
        m->pattern = text(r, v, "pattern");
        read_lines(r, yyjson_obj_get(v, "lines"), m);
    }
}

/* Our own spelling of what artifacts say. */
static void read_found(struct reader *r)
{
    size_t i, n;
    yyjson_val *v, *list = find(r, "stored");
    yyjson_arr_foreach(list, i, n, v)
    {
        struct plm_fact_stored *s = plm_vec_push(r->a, &r->f->stored);
        if (!s)
            return;
        *s = (struct plm_fact_stored){text(r, v, "path"), text(r, v, "text")};
        if (!s->text.p)
            s->text = decoded(r, plm_json_str(v, "base64", NULL));
    }
    read_matches(r, "content", false);
    read_matches(r, "secrets", true);
    texts(r, find(r, "malware_scanners"), &r->f->malware_scanners);
    yyjson_val *malware = find(r, "malware");
    yyjson_arr_foreach(malware, i, n, v)
    {
        struct plm_fact_malware *m = plm_vec_push(r->a, &r->f->malware);
        if (m)
            *m =
                (struct plm_fact_malware){text(r, v, "scanner"), text(r, v, "path"), text(r, v, "signature")};
    }
}

static void read_issues(struct reader *r)
{
    size_t i, n;
    yyjson_val *v, *list = find(r, "issues");
    yyjson_arr_foreach(list, i, n, v)
    {
        struct plm_fact_issue *s = plm_vec_push(r->a, &r->f->issues);
        if (!s)
            return;
        (void)plm_kind_parse(plm_json_str(v, "kind", NULL), &s->kind);
        (void)plm_severity_parse(plm_json_str(v, "severity", NULL), &s->severity);
        s->id = text(r, v, "id");
        texts(r, yyjson_obj_get(v, "aliases"), &s->aliases);
        s->object = text(r, v, "object");
        s->message = text(r, v, "message");
        s->line = (uint32_t)number(v, "line");
        s->is_base = plm_json_bool(v, "base", false);
        s->finding = PLM_NONE;
    }
}

/* ---- packages ---------------------------------------------------------------------------- */

static void read_owned(struct reader *r, yyjson_val *list, struct plm_fact_package *p)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v)
    {
        struct plm_fact_owned *o = plm_vec_push(r->a, &p->owned);
        if (!o)
            return;
        o->path = text(r, v, "path");
        o->algorithm = text(r, v, "algorithm");
        o->digest = text(r, v, "digest");
        o->found = text(r, v, "found");
        o->mode = text(r, v, "mode");
        o->size = number(v, "size");
        o->is_config = plm_json_bool(v, "is_config", false) || plm_json_bool(v, "config", false);
    }
}

static void read_packages(struct reader *r)
{
    size_t i, n;
    yyjson_val *v, *list = find(r, "packages");
    yyjson_arr_foreach(list, i, n, v)
    {
        struct plm_fact_package *p = plm_vec_push(r->a, &r->f->packages);
        if (!p)
            return;
        p->name = text(r, v, "name");
        p->version = text(r, v, "version");
        p->release = text(r, v, "release");
        p->full_version = text(r, v, "fullversion");
        p->type = text(r, v, "pkg_type");
        p->license = text(r, v, "license");
        p->location = text(r, v, "location");
        yyjson_val *owned = yyjson_obj_get(v, "owned");
        read_owned(r, owned ? owned : yyjson_obj_get(v, "files"), p);
    }
}

static struct plm_fact_cvss *read_scores(struct reader *r, yyjson_val *list, size_t *out_n)
{
    size_t i, n, count = yyjson_arr_size(list);
    struct plm_fact_cvss *scores = count ? plm_arena_array(r->a, count, sizeof(*scores)) : NULL;
    yyjson_val *v;
    *out_n = scores ? count : 0;
    if (!scores)
        return NULL;
    yyjson_arr_foreach(list, i, n, v)
    {
        scores[i].version = text(r, v, "version");
        scores[i].base = real(v, "base", "base_score");
        scores[i].exploitability = real(v, "exploitability", "exploitability_score");
        scores[i].impact = real(v, "impact", "impact_score");
    }
    return scores;
}

static void read_vulnerabilities(struct reader *r)
{
    size_t i, n;
    yyjson_val *x, *list = find(r, "vulnerabilities");
    yyjson_arr_foreach(list, i, n, x)
    {
        struct plm_fact_vulnerability *v = plm_vec_push(r->a, &r->f->vulnerabilities);
        if (!v)
            return;
        v->id = text(r, x, "id");
        v->link = text(r, x, "link");
        v->package = text(r, x, "package");
        v->version = text(r, x, "version");
        v->package_type = text(r, x, "package_type");
        v->location = text(r, x, "location");
        v->severity = text(r, x, "severity");
        texts(r, yyjson_obj_get(x, "fix_versions"), &v->fix_versions);
        v->will_not_fix = plm_json_bool(x, "will_not_fix", false);
        v->fixed_at = instant(x, "fix_observed_at");
        v->detected_at = instant(x, "detected_at");
        v->published = instant(x, "published");
        v->nvd = read_scores(r, yyjson_obj_get(x, "nvd_cvss"), &v->n_nvd);
        v->vendor = read_scores(r, yyjson_obj_get(x, "vendor_cvss"), &v->n_vendor);
        v->epss = real(x, "epss", NULL);
        v->epss_percentile = real(x, "epss_percentile", NULL);
        v->epss_percentile = real(x, "epss_percentile", NULL);
        if (v->epss_percentile < 0)
            v->epss_percentile = 0;
        v->risk = real(x, "risk", NULL);
        v->kev = plm_json_bool(x, "kev", false);
        v->is_base = plm_json_bool(x, "base", false);
        v->layer = index_of(x, "layer");
        v->finding = PLM_NONE;
    }
}

static void read_registry(struct reader *r)
{
    size_t i, n;
    yyjson_val *v, *list = find(r, "registry");
    yyjson_arr_foreach(list, i, n, v)
    {
        struct plm_fact_registry *x = plm_vec_push(r->a, &r->f->registry);
        if (!x)
            return;
        x->type = text(r, v, "type");
        x->name = text(r, v, "name");
        x->latest = text(r, v, "latest");
        texts(r, yyjson_obj_get(v, "versions"), &x->versions);
    }
}

struct plm_image_facts *plm_policy_facts_of(yyjson_val *outer, const char *name, plm_err **err)
{
    yyjson_val *image = yyjson_obj_get(outer, "image");
    if (!yyjson_is_obj(outer))
        return PLM_NULL(plm_fail(err, PLM_E_PARSE, "%s: no facts of an image: not an object", name));
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = plm_image_facts_new(err);
    if (!f)
        return NULL;
    struct reader r = {.f = f, .a = f->arena, .image = yyjson_is_obj(image) ? image : outer, .outer = outer};
    read_known(&r);
    read_identity(&r);
    read_config(&r);
    read_history(&r);
    read_files(&r);
    read_artifacts(&r);
    read_found(&r);
    read_issues(&r);
    read_packages(&r);
    read_vulnerabilities(&r);
    read_registry(&r);
    if (plm_arena_check(f->arena, err) < 0)
        return NULL;
    return plm_take(f);
}

struct plm_image_facts *plm_policy_facts_read_at(const struct plm_ctx *ctx, plm_sv json, const char *name,
                                                 size_t index, size_t *out_n, plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *doc = plm_json_parse(json, name, ctx->limits, err);
    if (!doc)
        return NULL;
    yyjson_val *root = plm_json_root(doc), *images = yyjson_obj_get(root, "images");
    size_t n = yyjson_is_arr(images) ? yyjson_arr_size(images) : 1;
    if (out_n)
        *out_n = n;
    if (index >= n)
        return PLM_NULL(
            plm_fail(err, PLM_E_EMPTY, "%s: no facts of an image %zu: it has %zu", name, index, n));
    return plm_policy_facts_of(yyjson_is_arr(images) ? yyjson_arr_get(images, index) : root, name, err);
}

struct plm_image_facts *plm_policy_facts_read(const struct plm_ctx *ctx, plm_sv json, const char *name,
                                              plm_err **err)
{
    return plm_policy_facts_read_at(ctx, json, name, 0, NULL, err);
}
