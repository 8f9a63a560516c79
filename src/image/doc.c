/* SPDX-License-Identifier: Apache-2.0
 *
 * Image documents. The worker's half walks the JSON tree and writes strings and counts; the other half reads
 * them back with bounds. Absent and mistyped members are null views: whoever needs one says what is missing.
 */
#include "image/doc.h"

#include "base/rd.h"
#include "codec/json.h"
#include "image/worker.h"

/* ---- in the worker: JSON to bytes --------------------------------------------------------------------- */

/* Null and absent are 0, anything else length + 1. */
static void put(struct plm_buf *out, plm_sv s)
{
    plm_buf_varint(out, s.p ? (uint64_t)s.n + 1 : 0);
    plm_buf_sv_put(out, s);
}

static void put_strings(struct plm_buf *out, yyjson_val *array)
{
    yyjson_arr_iter it;
    yyjson_val *v;
    plm_buf_varint(out, yyjson_arr_size(array));
    if (!yyjson_arr_iter_init(array, &it))
        return;
    while ((v = yyjson_arr_iter_next(&it)) != NULL)
        put(out, plm_json_sv(v));
}

static void put_descriptor(struct plm_buf *out, yyjson_val *d)
{
    plm_sv os = plm_json_str(d, "platform", "os", NULL),
           arch = plm_json_str(d, "platform", "architecture", NULL);
    int64_t size = plm_json_int(d, "size", 0);
    put(out, plm_json_str(d, "mediaType", NULL));
    put(out, plm_json_str(d, "digest", NULL));
    plm_buf_varint(out, size > 0 ? (uint64_t)size : 0);
    put(out, os);
    put(out, arch);
    put(out, plm_json_str(d, "platform", "variant", NULL));
    put(out, plm_json_str(d, "annotations", "org.opencontainers.image.ref.name", NULL));
    put(out, plm_json_str(d, "annotations", "io.containerd.image.name", NULL));
    bool is_attestation = plm_json_str(d, "annotations", "vnd.docker.reference.type", NULL).p ||
                          (plm_sv_is(os, "unknown") && plm_sv_is(arch, "unknown"));
    plm_buf_byte(out, is_attestation);
}

static void put_descriptors(struct plm_buf *out, yyjson_val *array)
{
    yyjson_arr_iter it;
    yyjson_val *v;
    plm_buf_varint(out, yyjson_arr_size(array));
    if (!yyjson_arr_iter_init(array, &it))
        return;
    while ((v = yyjson_arr_iter_next(&it)) != NULL)
        put_descriptor(out, v);
}

static int reduce_oci(struct plm_buf *out, yyjson_val *root, const char *name, plm_err **err)
{
    yyjson_val *manifests = plm_json_at(root, "manifests", NULL), *layers = plm_json_at(root, "layers", NULL);
    if (!yyjson_is_arr(manifests) && !yyjson_is_arr(layers))
        return plm_fail(err, PLM_E_PARSE, "%s: neither an image index nor an image manifest", name);
    bool is_index = yyjson_is_arr(manifests);
    plm_buf_byte(out, is_index);
    put(out, plm_json_str(root, "mediaType", NULL));
    put_descriptor(out, plm_json_at(root, "config", NULL));
    put_descriptors(out, is_index ? manifests : layers);
    return 0;
}

static int reduce_save(struct plm_buf *out, yyjson_val *root, const char *name, plm_err **err)
{
    if (!yyjson_is_arr(root))
        return plm_fail(err, PLM_E_PARSE, "%s: not the list of images that docker save writes", name);
    yyjson_arr_iter it;
    yyjson_val *v;
    plm_buf_varint(out, yyjson_arr_size(root));
    yyjson_arr_iter_init(root, &it);
    while ((v = yyjson_arr_iter_next(&it)) != NULL) {
        put(out, plm_json_str(v, "Config", NULL));
        put_strings(out, plm_json_at(v, "RepoTags", NULL));
        put_strings(out, plm_json_at(v, "Layers", NULL));
    }
    return 0;
}

/* The keys of an object whose values say nothing ({"8080/tcp": {}}). */
static void put_keys(struct plm_buf *out, yyjson_val *object)
{
    size_t i, n;
    yyjson_val *k, *v;
    plm_buf_varint(out, yyjson_obj_size(object));
    yyjson_obj_foreach(object, i, n, k, v)
    {
        (void)v;
        put(out, plm_json_sv(k));
    }
}

static void put_labels(struct plm_buf *out, yyjson_val *object)
{
    size_t i, n;
    yyjson_val *k, *v;
    plm_buf_varint(out, yyjson_obj_size(object));
    yyjson_obj_foreach(object, i, n, k, v)
    {
        put(out, plm_json_sv(k));
        put(out, plm_json_sv(v));
    }
}

static uint64_t not_negative(int64_t v)
{
    return v > 0 ? (uint64_t)v : 0;
}

static void put_healthcheck(struct plm_buf *out, yyjson_val *h)
{
    plm_buf_byte(out, yyjson_is_obj(h));
    put_strings(out, plm_json_at(h, "Test", NULL));
    plm_buf_varint(out, not_negative(plm_json_int(h, "Interval", 0)));
    plm_buf_varint(out, not_negative(plm_json_int(h, "Timeout", 0)));
    plm_buf_varint(out, not_negative(plm_json_int(h, "StartPeriod", 0)));
    plm_buf_varint(out, not_negative(plm_json_int(h, "Retries", 0)));
}

/* What is said of containers made from the image ("config"). */
static void put_runtime(struct plm_buf *out, yyjson_val *c)
{
    put(out, plm_json_str(c, "User", NULL));
    put(out, plm_json_str(c, "WorkingDir", NULL));
    put(out, plm_json_str(c, "StopSignal", NULL));
    static const char *const lists[] = {"Env", "Entrypoint", "Cmd", "Shell", "OnBuild"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        put_strings(out, plm_json_at(c, lists[i], NULL));
    put_keys(out, plm_json_at(c, "ExposedPorts", NULL));
    put_keys(out, plm_json_at(c, "Volumes", NULL));
    put_labels(out, plm_json_at(c, "Labels", NULL));
    plm_buf_byte(out, plm_json_bool(c, "ArgsEscaped", false));
    put_healthcheck(out, plm_json_at(c, "Healthcheck", NULL));
}

static int reduce_config(struct plm_buf *out, yyjson_val *root, const char *name, plm_err **err)
{
    if (!yyjson_is_obj(root))
        return plm_fail(err, PLM_E_PARSE, "%s: not an image config", name);
    put(out, plm_json_str(root, "os", NULL));
    put(out, plm_json_str(root, "architecture", NULL));
    put(out, plm_json_str(root, "variant", NULL));
    put(out, plm_json_str(root, "created", NULL));
    put_strings(out, plm_json_at(root, "rootfs", "diff_ids", NULL));
    yyjson_val *history = plm_json_at(root, "history", NULL), *v;
    yyjson_arr_iter it;
    plm_buf_varint(out, yyjson_arr_size(history));
    if (yyjson_arr_iter_init(history, &it))
        while ((v = yyjson_arr_iter_next(&it)) != NULL) {
            put(out, plm_json_str(v, "created_by", NULL));
            plm_buf_byte(out, plm_json_bool(v, "empty_layer", false));
            put(out, plm_json_str(v, "created", NULL));
            put(out, plm_json_str(v, "author", NULL));
            put(out, plm_json_str(v, "comment", NULL));
        }
    put(out, plm_json_str(root, "author", NULL));
    put_runtime(out, plm_json_at(root, "config", NULL));
    return 0;
}

int plm_doc_reduce(enum plm_doc_kind kind, plm_sv text, const char *name, const struct plm_limits *limits,
                   struct plm_buf *out, plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *doc = plm_json_parse(text, name, limits, err);
    if (!doc)
        return -1;
    yyjson_val *root = plm_json_root(doc);
    int r = -1;
    switch (kind) {
    case PLM_DOC_OCI:
        r = reduce_oci(out, root, name, err);
        break;
    case PLM_DOC_SAVE:
        r = reduce_save(out, root, name, err);
        break;
    case PLM_DOC_CONFIG:
        r = reduce_config(out, root, name, err);
        break;
    }
    return r < 0 ? -1 : plm_buf_check(out, err);
}

/* Job: kind, name, text. */
int plm_job_document(struct plm_job_input *in, struct plm_buf *out, plm_err **err)
{
    unsigned kind = plm_rd_u8(&in->rd);
    plm_sv name = plm_rd_view(&in->rd), text = plm_rd_view(&in->rd);
    plm_auto_free char *z = strndup(name.p, name.n);
    if (in->rd.failed || kind > PLM_DOC_CONFIG)
        return plm_fail(err, PLM_E_INTERNAL, "malformed job");
    return z ? plm_doc_reduce(kind, text, z, in->limits, out, err) : plm_fail_oom(err);
}

/* ---- outside: bytes to structs
 * ----------------------------------------------------------------------------- */

static plm_sv get(struct plm_rd *r, struct plm_arena *a)
{
    size_t n = plm_rd_count(r, plm_rd_left(r));
    return n ? plm_arena_sv(a, plm_rd_bytes(r, n - 1)) : PLM_SV_NULL;
}

/* A count of things of which each takes at least a byte. */
static size_t get_count(struct plm_rd *r)
{
    return plm_rd_count(r, plm_rd_left(r));
}

static plm_sv *get_strings(struct plm_rd *r, struct plm_arena *a, size_t *out_n)
{
    size_t n = get_count(r);
    plm_sv *v = plm_arena_array(a, n, sizeof(*v));
    for (size_t i = 0; v && i < n && !r->failed; i++)
        v[i] = get(r, a);
    *out_n = v ? n : 0;
    return v;
}

static void get_descriptor(struct plm_rd *r, struct plm_arena *a, struct plm_doc_descriptor *d)
{
    d->media_type = get(r, a);
    d->digest = get(r, a);
    d->size = plm_rd_varint(r);
    d->os = get(r, a);
    d->arch = get(r, a);
    d->variant = get(r, a);
    d->ref_name = get(r, a);
    d->image_name = get(r, a);
    d->is_attestation = plm_rd_u8(r) != 0;
}

static int end_decode(const struct plm_rd *r, const struct plm_arena *a, plm_err **err)
{
    if (plm_arena_check(a, err) < 0)
        return -1;
    if (r->failed || plm_rd_left(r))
        return plm_fail(err, PLM_E_PARSE, "a worker's answer cannot be read");
    return 0;
}

int plm_doc_oci_decode(plm_sv bytes, struct plm_arena *a, struct plm_doc_oci *out, plm_err **err)
{
    struct plm_rd r = PLM_RD(bytes);
    struct plm_doc_oci d = {.is_index = plm_rd_u8(&r) != 0};
    d.media_type = get(&r, a);
    get_descriptor(&r, a, &d.config);
    d.n = get_count(&r);
    d.v = plm_arena_array(a, d.n, sizeof(*d.v));
    for (size_t i = 0; d.v && i < d.n && !r.failed; i++)
        get_descriptor(&r, a, &d.v[i]);
    if (end_decode(&r, a, err) < 0)
        return -1;
    *out = d;
    return 0;
}

int plm_doc_save_decode(plm_sv bytes, struct plm_arena *a, struct plm_doc_save *out, plm_err **err)
{
    struct plm_rd r = PLM_RD(bytes);
    struct plm_doc_save d = {.n = get_count(&r)};
    d.v = plm_arena_array(a, d.n, sizeof(*d.v));
    for (size_t i = 0; d.v && i < d.n && !r.failed; i++) {
        d.v[i].config = get(&r, a);
        d.v[i].tags = get_strings(&r, a, &d.v[i].n_tags);
        d.v[i].layers = get_strings(&r, a, &d.v[i].n_layers);
    }
    if (end_decode(&r, a, err) < 0)
        return -1;
    *out = d;
    return 0;
}

/* The strings that have a value. */
static plm_sv_vec get_list(struct plm_rd *r, struct plm_arena *a)
{
    plm_sv_vec out = {0};
    size_t n = get_count(r);
    for (size_t i = 0; i < n && !r->failed; i++) {
        plm_sv one = get(r, a), *slot = one.p ? plm_vec_push(a, &out) : NULL;
        if (slot)
            *slot = one;
    }
    return out;
}

struct label {
    plm_sv key, value;
};

static int by_key(const void *a, const void *b)
{
    return plm_sv_cmp(((const struct label *)a)->key, ((const struct label *)b)->key);
}

static void get_labels(struct plm_rd *r, struct plm_arena *a, struct plm_image_config *c)
{
    size_t n = get_count(r);
    struct label *v = plm_arena_array(a, n, sizeof(*v));
    for (size_t i = 0; v && i < n && !r->failed; i++) {
        v[i].key = get(r, a);
        v[i].value = get(r, a);
    }
    if (v && n)
        qsort(v, n, sizeof(*v), by_key);
    for (size_t i = 0; v && i < n; i++) {
        plm_sv_vec_add(a, &c->label_keys, v[i].key);
        plm_sv_vec_add(a, &c->label_values, v[i].value);
    }
}

static void get_healthcheck(struct plm_rd *r, struct plm_arena *a, struct plm_image_healthcheck *h)
{
    bool is_there = plm_rd_u8(r) != 0;
    h->test = get_list(r, a);
    h->interval_ns = (int64_t)plm_rd_varint(r);
    h->timeout_ns = (int64_t)plm_rd_varint(r);
    h->start_period_ns = (int64_t)plm_rd_varint(r);
    h->retries = (int)plm_rd_count(r, INT32_MAX);
    h->is_none = h->test.n && plm_sv_is(h->test.v[0], "NONE");
    h->is_set = is_there && h->test.n && h->test.v[0].n; /* an empty test inherits, which is none here */
}

static void get_image(struct plm_rd *r, struct plm_arena *a, const struct plm_doc_config *d,
                      struct plm_image_config *c)
{
    c->os = d->os;
    c->architecture = d->arch;
    c->variant = d->variant;
    c->created = d->created;
    c->author = get(r, a);
    c->user = get(r, a);
    c->workdir = get(r, a);
    c->stop_signal = get(r, a);
    c->env = get_list(r, a);
    c->entrypoint = get_list(r, a);
    c->cmd = get_list(r, a);
    c->shell = get_list(r, a);
    c->onbuild = get_list(r, a);
    c->exposed_ports = get_list(r, a);
    c->volumes = get_list(r, a);
    plm_sv_vec_sort_unique(&c->exposed_ports);
    plm_sv_vec_sort_unique(&c->volumes);
    get_labels(r, a, c);
    c->args_escaped = plm_rd_u8(r) != 0;
    get_healthcheck(r, a, &c->healthcheck);
}

/* Entries that made a layer pair with the layers in their order. */
static void get_history(struct plm_rd *r, struct plm_arena *a, struct plm_doc_config *d)
{
    uint32_t layer = 0;
    d->n_history = get_count(r);
    d->history = plm_arena_array(a, d->n_history, sizeof(*d->history));
    for (size_t i = 0; d->history && i < d->n_history && !r->failed; i++) {
        plm_sv by = get(r, a);
        bool is_empty = plm_rd_u8(r) != 0;
        struct plm_image_history *h = plm_vec_push(a, &d->image->history);
        if (!h)
            return;
        d->history[i] = (struct plm_doc_history){by, is_empty};
        h->created_by = by;
        h->is_empty_layer = is_empty;
        h->layer = is_empty || layer >= d->n_diff_ids ? PLM_NONE : layer++;
        h->created = get(r, a);
        h->author = get(r, a);
        h->comment = get(r, a);
    }
}

int plm_doc_config_decode(plm_sv bytes, struct plm_arena *a, struct plm_doc_config *out, plm_err **err)
{
    struct plm_rd r = PLM_RD(bytes);
    struct plm_doc_config d = {.os = get(&r, a)};
    d.arch = get(&r, a);
    d.variant = get(&r, a);
    d.created = get(&r, a);
    d.diff_ids = get_strings(&r, a, &d.n_diff_ids);
    d.image = plm_arena_make(a, struct plm_image_config);
    if (!d.image)
        return plm_arena_check(a, err);
    get_history(&r, a, &d);
    get_image(&r, a, &d, d.image);
    if (end_decode(&r, a, err) < 0)
        return -1;
    *out = d;
    return 0;
}

static int reduce_fenced(const struct plm_ctx *ctx, enum plm_doc_kind kind, plm_sv text, const char *name,
                         struct plm_buf *out, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf job = PLM_BUF(SIZE_MAX);
    plm_auto_done(plm_worker_done) struct plm_worker w = PLM_WORKER_NONE;
    plm_buf_byte(&job, (unsigned char)kind);
    plm_buf_view(&job, plm_sv_from(name));
    plm_buf_view(&job, text);
    if (plm_buf_check(&job, err) < 0 ||
        plm_worker_start(ctx, PLM_JOB_DOCUMENT, plm_buf_sv(&job), NULL, 0, &w, err) < 0)
        return -1;
    return plm_worker_result(&w, name, out->max, out, err);
}

#define DOC_MAX(ctx) ((size_t)(ctx)->limits->manifest_bytes * 4)

int plm_doc_oci(const struct plm_ctx *ctx, plm_sv text, const char *name, struct plm_arena *a,
                struct plm_doc_oci *out, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(DOC_MAX(ctx));
    return reduce_fenced(ctx, PLM_DOC_OCI, text, name, &b, err) < 0
               ? -1
               : plm_doc_oci_decode(plm_buf_sv(&b), a, out, err);
}

int plm_doc_save(const struct plm_ctx *ctx, plm_sv text, const char *name, struct plm_arena *a,
                 struct plm_doc_save *out, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(DOC_MAX(ctx));
    return reduce_fenced(ctx, PLM_DOC_SAVE, text, name, &b, err) < 0
               ? -1
               : plm_doc_save_decode(plm_buf_sv(&b), a, out, err);
}

int plm_doc_config(const struct plm_ctx *ctx, plm_sv text, const char *name, struct plm_arena *a,
                   struct plm_doc_config *out, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(DOC_MAX(ctx));
    return reduce_fenced(ctx, PLM_DOC_CONFIG, text, name, &b, err) < 0
               ? -1
               : plm_doc_config_decode(plm_buf_sv(&b), a, out, err);
}
