/* SPDX-License-Identifier: Apache-2.0
 *
 * Image archives as streams: pipes, an engine's export, files that are compressed as a whole. The manifest
 * comes last, so each member is recognised on sight and treated as a possible layer; nothing is held but
 * small JSON members.
 *
 * A fenced splitter reads the tar headers: blocks go to it through a ring, and when it gives a block back,
 * the members that begin in it have been announced. Only then does this process hand the block's bytes on: to
 * be hashed, and into the ring of a layer's worker or a buffer. Decompression of the whole, where needed, is
 * one more worker in front.
 */
#include "image/archive.h"

#include "base/fs.h"
#include "image/oci.h"
#include "image/run.h"
#include "image/worker.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

enum { HEAD = 512, IN_FLIGHT = 4, JSON_TOTAL = 32 << 20, LINKS_MAX = 16, MESSAGE_MAX = 256 << 10 };

enum member_kind { MEMBER_UNDECIDED, MEMBER_IGNORED, MEMBER_JSON, MEMBER_LAYER };

struct member {
    struct plm_member about;
    enum member_kind kind;
    char head[HEAD]; /* until it is decided */
    size_t head_n;
    struct plm_buf text; /* JSON */
    struct plm_sha256 *hash;
    char digest[PLM_DIGEST_CHARS + 1];
    struct plm_ring ring;
    char *slot;
    size_t slot_n;
    struct plm_worker worker;
    struct plm_session session;
    bool is_pending, is_cached, lacks_landlock;
    struct plm_cache_key key; /* is_cached: the entry that `record` is */
    struct plm_buf record;    /* once collected */
    plm_err *failed;
};

struct save {
    const struct plm_ctx *ctx;
    const struct plm_source *src;
    const struct plm_image_options *opt;
    struct plm_plan *plan;
    struct plm_arena *arena; /* members */
    PLM_VEC(struct member *) members;
    size_t current; /* first member that is not finished */
    struct plm_map *by_name;
    struct plm_worker splitter;
    struct plm_ring ring;
    struct plm_buf messages; /* not yet whole */
    size_t json_bytes;
    unsigned pending;
    plm_err *fault; /* of the archive */
};

/* ---- members ------------------------------------------------------------------------------------------ */

static void member_done(struct member *m)
{
    plm_buf_done(&m->text);
    plm_buf_done(&m->record);
    plm_sha256_free(m->hash);
    plm_ring_done(&m->ring);
    plm_worker_done(&m->worker);
    plm_session_done(&m->session);
    plm_err_free(m->failed);
}

static void collect(struct save *s, struct member *m)
{
    if (!m->is_pending)
        return;
    m->is_pending = false;
    s->pending--;
    plm_auto_free char *name = strndup(m->about.name.p, m->about.name.n);
    m->record =
        PLM_BUF(s->ctx->limits->record_bytes > SIZE_MAX ? SIZE_MAX : (size_t)s->ctx->limits->record_bytes);
    if (plm_worker_result(&m->worker, name ? name : "layer", m->record.max, &m->record, &m->failed) == 0)
        m->lacks_landlock = !m->worker.has_landlock;
    plm_worker_done(&m->worker);
    plm_session_done(&m->session);
    plm_ring_done(&m->ring);
}

static bool is_plain(const struct member *m)
{
    return plm_compression_sniff(plm_sv_n(m->head, m->head_n)) == PLM_COMPRESSION_NONE;
}

static struct plm_wanted wanted_of(const struct save *s, const struct member *m)
{
    return (struct plm_wanted){.extractors = s->opt->extractors,
                               .params = s->opt->params,
                               .n_extractors = s->opt->n_extractors,
                               .diff_id = s->opt->verify_diff_ids && !is_plain(m)};
}

/* A layer whose name claims a digest of which there is a record needs no worker, if the claim turns out true.
 * The record is checked now, and kept: a stream has no second chance to read the layer when it turns out
 * damaged.
 */
static bool is_known(struct save *s, struct member *m)
{
    struct plm_wanted w = wanted_of(s, m);
    plm_sv claim = plm_member_claim(s->arena, m->about.name);
    plm_auto_done(plm_fs_map_done) struct plm_fs_map map = {0};
    if (!claim.n || s->opt->no_cache || !plm_record_key(claim.p, "tar", s->ctx->limits, &w, &m->key) ||
        !plm_cache_load(s->ctx, PLM_CACHE_LAYER, &m->key, &map))
        return false;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_record rec;
    unsigned how = s->opt->want_owned ? PLM_RECORD_OWNED : 0;
    if (!a || plm_record_open(map.view, plm_cache_key_sv(&m->key), how, w.n_extractors, a, &rec, NULL) < 0) {
        plm_cache_drop(s->ctx, PLM_CACHE_LAYER, &m->key);
        return false;
    }
    if (w.diff_id && !rec.diff_id.n && !(rec.flags & PLM_RECORD_TRUNCATED))
        return false;
    m->record = PLM_BUF(SIZE_MAX);
    plm_buf_sv_put(&m->record, map.view);
    if (m->record.failed)
        plm_buf_done(&m->record);
    return m->record.n > 0;
}

static int start_layer(struct save *s, struct member *m, plm_err **err)
{
    m->hash = plm_sha256_new(err);
    if (!m->hash)
        return -1;
    if (is_known(s, m)) {
        m->is_cached = true;
        return 0;
    }
    for (size_t i = 0; i < s->members.n && s->pending >= plm_jobs(s->ctx); i++)
        collect(s, s->members.v[i]);
    plm_auto_done(plm_buf_done) struct plm_buf job = PLM_BUF(PLM_MIB(16));
    struct plm_wanted w = wanted_of(s, m);
    plm_session_open(s->opt->service, &m->session);
    w.service = m->session.fd >= 0 ? 3 : 0;
    plm_buf_view(&job, m->about.name);
    plm_wanted_encode(&job, &w);
    if (plm_buf_check(&job, err) < 0 || plm_ring_open(&m->ring, err) < 0)
        return -1;
    const int fds[] = {m->ring.memfd, m->ring.theirs, m->session.fd};
    if (plm_worker_start(s->ctx, PLM_JOB_LAYER, plm_buf_sv(&job), fds, m->session.fd >= 0 ? 3 : 2, &m->worker,
                         err) < 0)
        return -1;
    plm_session_started(&m->session);
    plm_ring_started(&m->ring);
    m->is_pending = true;
    s->pending++;
    return 0;
}

static bool is_tar_head(plm_sv head)
{
    if (head.n < HEAD)
        return false;
    if (memcmp(head.p + 257, "ustar", 5) == 0)
        return true;
    for (size_t i = 0; i < HEAD; i++) /* an empty archive */
        if (head.p[i])
            return false;
    return true;
}

static int decide(struct save *s, struct member *m, plm_err **err)
{
    plm_sv head = plm_sv_n(m->head, m->head_n), text = plm_sv_trim(head);
    if (text.n && (text.p[0] == '{' || text.p[0] == '[') &&
        m->about.bytes <= s->ctx->limits->manifest_bytes && m->about.bytes <= JSON_TOTAL - s->json_bytes) {
        m->kind = MEMBER_JSON;
        m->text = PLM_BUF((size_t)m->about.bytes);
        s->json_bytes += (size_t)m->about.bytes;
        return 0;
    }
    bool is_layer = is_tar_head(head) || plm_compression_sniff(head) != PLM_COMPRESSION_NONE;
    m->kind = is_layer ? MEMBER_LAYER : MEMBER_IGNORED;
    return is_layer ? start_layer(s, m, err) : 0;
}

static void feed_layer(struct member *m, plm_sv bytes)
{
    plm_sha256_update(m->hash, bytes.p, bytes.n);
    while (bytes.n && m->is_pending && !m->ring.is_closed) {
        if (!m->slot) {
            m->slot = plm_ring_slot(&m->ring);
            m->slot_n = 0;
        }
        if (!m->slot)
            return;
        size_t room = PLM_RING_SLOT_BYTES - m->slot_n, take = bytes.n < room ? bytes.n : room;
        memcpy(m->slot + m->slot_n, bytes.p, take);
        m->slot_n += take;
        bytes = plm_sv_from_off(bytes, take);
        if (m->slot_n == PLM_RING_SLOT_BYTES) {
            plm_ring_push(&m->ring, m->slot_n);
            m->slot = NULL;
        }
    }
}

static int feed(struct save *s, struct member *m, plm_sv bytes, plm_err **err)
{
    if (m->kind == MEMBER_UNDECIDED) {
        size_t take = HEAD - m->head_n < bytes.n ? HEAD - m->head_n : bytes.n;
        memcpy(m->head + m->head_n, bytes.p, take);
        m->head_n += take;
        bytes = plm_sv_from_off(bytes, take);
        if (m->head_n < HEAD && m->head_n < m->about.bytes)
            return 0;
        if (decide(s, m, err) < 0 || feed(s, m, plm_sv_n(m->head, m->head_n), err) < 0)
            return -1;
    }
    if (m->kind == MEMBER_JSON)
        plm_buf_sv_put(&m->text, bytes);
    else if (m->kind == MEMBER_LAYER)
        feed_layer(m, bytes);
    return 0;
}

static void finish_member(struct member *m)
{
    if (m->kind != MEMBER_LAYER)
        return;
    if (m->slot && m->slot_n)
        plm_ring_push(&m->ring, m->slot_n);
    m->slot = NULL;
    if (m->is_pending)
        plm_ring_end(&m->ring);
    unsigned char sum[PLM_SHA256_BYTES];
    plm_sha256_final(m->hash, sum);
    plm_digest_text(sum, m->digest);
}

/* ---- the splitter ---------------------------------------------------------------------------------------
 */

static int announce(struct save *s, plm_sv body, plm_err **err)
{
    struct plm_rd rd = PLM_RD(body);
    struct member *m = plm_arena_make(s->arena, struct member);
    struct member **slot = m ? plm_vec_push(s->arena, &s->members) : NULL;
    if (!slot)
        return plm_fail_oom(err);
    *m = (struct member){.ring = PLM_RING_NONE, .worker = PLM_WORKER_NONE, .session = PLM_SESSION_NONE};
    *slot = m;
    const struct member *last = s->members.n > 1 ? s->members.v[s->members.n - 2] : NULL;
    if (!plm_member_decode(&rd, s->arena, &m->about) || plm_rd_left(&rd) ||
        (last && m->about.offset < last->about.offset + last->about.bytes))
        return plm_fail_id(err, PLM_E_INTERNAL, "worker.crashed", "a worker's answer cannot be read");
    void **named = plm_map_put(s->by_name, m->about.name);
    if (!named)
        return plm_fail_oom(err);
    *named = m;
    return 0;
}

/* What the splitter has written so far. */
static int take_messages(struct save *s, plm_err **err)
{
    for (;;) {
        char *to = plm_buf_reserve(&s->messages, PLM_KIB(64));
        if (!to)
            return plm_buf_check(&s->messages, err);
        ssize_t n = read(s->splitter.result_fd, to, PLM_KIB(64));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        s->messages.n += (size_t)n;
    }
    struct plm_rd rd = PLM_RD(plm_buf_sv(&s->messages));
    size_t used = 0;
    for (;;) {
        size_t n = plm_rd_left(&rd) >= 4 ? plm_rd_u32le(&rd) : SIZE_MAX;
        if (n != SIZE_MAX && (n == 0 || n > MESSAGE_MAX))
            return plm_fail_id(err, PLM_E_INTERNAL, "worker.crashed", "a worker's answer cannot be read");
        if (n > plm_rd_left(&rd))
            break;
        char kind = (char)plm_rd_u8(&rd);
        plm_sv body = plm_rd_bytes(&rd, n - 1);
        used = rd.at;
        if (kind == 'M' ? announce(s, body, err) < 0
                        : !s->fault && plm_fail(&s->fault, PLM_E_PARSE, "%.*s", PLM_SV_ARG(body)) == 0)
            return -1;
    }
    memmove(s->messages.p, s->messages.p + used, s->messages.n - used);
    s->messages.n -= used;
    return 0;
}

/* The bytes of one block, of which the splitter has seen everything, to the members that they belong to. */
static int route(struct save *s, const char *p, uint64_t at, size_t n, plm_err **err)
{
    while (s->current < s->members.n) {
        struct member *m = s->members.v[s->current];
        uint64_t from = m->about.offset, to = from + m->about.bytes, end = at + n;
        if (from >= end && m->about.bytes)
            return 0;
        uint64_t a = from > at ? from : at, b = to < end ? to : end;
        if (a < b && feed(s, m, plm_sv_n(p + (a - at), (size_t)(b - a)), err) < 0)
            return -1;
        if (to > end)
            return 0;
        finish_member(m);
        s->current++;
    }
    return 0;
}

struct block {
    const char *p;
    uint64_t at;
    size_t n;
};

/* Blocks that the splitter holds, oldest first. */
struct flight {
    struct block v[PLM_RING_SLOTS];
    unsigned first, n;
};

static int land(struct save *s, struct flight *f, plm_err **err)
{
    bool is_open = s->ring.free > PLM_RING_SLOTS - f->n || plm_ring_wait(&s->ring);
    if (take_messages(s, err) < 0)
        return -1;
    if (!is_open)
        return s->fault ? 0
                        : plm_fail_id(err, PLM_E_INTERNAL, "worker.crashed",
                                      "the worker that split the archive died");
    while (f->n && s->ring.free > PLM_RING_SLOTS - f->n) {
        const struct block *b = &f->v[f->first];
        if (route(s, b->p, b->at, b->n, err) < 0)
            return -1;
        f->first = (f->first + 1) % PLM_RING_SLOTS;
        f->n--;
    }
    return 0;
}

static int pump(struct save *s, struct plm_stream *in, plm_err **err)
{
    struct flight f = {0};
    uint64_t at = 0;
    for (bool is_end = false; !is_end && !s->ring.is_closed;) {
        if (plm_cancelled(s->ctx))
            return plm_fail(err, PLM_E_CANCEL, "cancelled");
        char *slot = plm_ring_slot(&s->ring);
        size_t n = 0;
        while (slot && n < PLM_RING_SLOT_BYTES && !is_end) {
            ssize_t got = plm_stream_read(in, slot + n, PLM_RING_SLOT_BYTES - n, err);
            if (got < 0)
                return -1;
            is_end = got == 0;
            n += (size_t)got;
        }
        if (!slot)
            break;
        if (n) {
            f.v[(f.first + f.n++) % PLM_RING_SLOTS] = (struct block){slot, at, n};
            plm_ring_push(&s->ring, n);
            at += n;
        }
        while (f.n >= IN_FLIGHT && !s->ring.is_closed)
            if (land(s, &f, err) < 0)
                return -1;
    }
    s->plan->bytes_read += at;
    plm_ring_end(&s->ring);
    while (f.n && !s->ring.is_closed)
        if (land(s, &f, err) < 0)
            return -1;
    return take_messages(s, err);
}

/* ---- the image
 * ---------------------------------------------------------------------------------------------- */

static struct member *find(const struct save *s, plm_sv name)
{
    for (unsigned links = 0; links < LINKS_MAX; links++) {
        struct member *m = plm_map_get(s->by_name, name);
        if (!m || !m->about.link.n)
            return m;
        name = m->about.link;
    }
    return NULL;
}

/* A member's record into a plan's layer; false if it is no layer or could not be analysed. */
static bool take_record(struct save *s, struct member *m, struct plm_plan_layer *out)
{
    struct plm_wanted w = wanted_of(s, m);
    struct plm_cache_key key;
    bool has_key = m->digest[0] && plm_record_key(m->digest, "tar", s->ctx->limits, &w, &key);
    collect(s, m);
    bool is_usable = !m->is_cached || (has_key && memcmp(key.hex, m->key.hex, sizeof(key.hex)) == 0);
    if (!m->failed && m->record.n && is_usable) {
        out->record = PLM_BUF(SIZE_MAX);
        plm_buf_sv_put(&out->record, plm_buf_sv(&m->record));
        if (m->is_cached)
            out->sealed_as = plm_arena_sv(s->plan->arena, plm_cache_key_sv(&key));
    }
    out->bytes = m->about.bytes;
    out->is_plain = is_plain(m);
    out->computed = plm_arena_sv(s->plan->arena, plm_sv_from(m->digest));
    out->where = out->record.n ? PLM_LAYER_RECORD : PLM_LAYER_ABSENT;
    return out->record.n && !out->record.failed;
}

/* Records are stored once checked; a worker's answer is untrusted until then. */
static void store(struct save *s, const struct member *m, const struct plm_plan_layer *l)
{
    struct plm_wanted w = wanted_of(s, m);
    struct plm_cache_key key;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_record rec;
    if (!a || s->opt->no_cache || m->is_cached || !m->digest[0] || l->where != PLM_LAYER_RECORD ||
        plm_record_open(plm_buf_sv(&l->record), PLM_SV_NULL, 0, w.n_extractors, a, &rec, NULL) < 0 ||
        plm_record_is_passing(&rec) || !plm_record_key(m->digest, "tar", s->ctx->limits, &w, &key))
        return;
    plm_record_seal(l->record.p, l->record.n, plm_cache_key_sv(&key));
    plm_cache_store(s->ctx, PLM_CACHE_LAYER, &key, plm_buf_sv(&l->record));
    s->plan->has_stored = true;
}

static void judge_member(struct save *s, const struct member *m, plm_sv claim)
{
    if (m->failed)
        plm_plan_diag_err(s->plan, "layer.unreadable", PLM_SEV_HIGH, m->about.name, m->failed);
    if (claim.n && m->digest[0] && !plm_sv_is(claim, m->digest))
        plm_plan_diag(s->plan, "layer.digest-mismatch", PLM_SEV_HIGH, m->about.name,
                      "its bytes have the digest %s, not %.*s", m->digest, PLM_SV_ARG(claim));
}

static int add_layer(struct save *s, plm_sv name, plm_err **err)
{
    struct plm_plan *p = s->plan;
    struct plm_plan_layer *l = plm_vec_push(p->arena, &p->layers);
    if (!l)
        return plm_fail_oom(err);
    *l = (struct plm_plan_layer){.where = PLM_LAYER_ABSENT, .fd = -1, .name = plm_arena_sv(p->arena, name)};
    struct member *m = find(s, name);
    if (!m || m->kind != MEMBER_LAYER) {
        plm_plan_diag(p, "layer.missing", PLM_SEV_HIGH, name,
                      m ? "not a layer" : "the layer is not in the archive");
        return 0;
    }
    l->about.digest = plm_member_claim(p->arena, m->about.name);
    l->about.size = m->about.bytes;
    (void)take_record(s, m, l);
    store(s, m, l);
    return 0;
}

static int text_of(const struct save *s, plm_sv name, plm_sv *out, plm_err **err)
{
    const struct member *m = find(s, name);
    if (!m || m->kind != MEMBER_JSON || m->text.n != m->about.bytes)
        return plm_fail(err, PLM_E_PARSE, "the member %.*s is missing or cut off", PLM_SV_ARG(name));
    *out = plm_buf_sv(&m->text);
    return 0;
}

static int plan_save(struct save *s, plm_err **err)
{
    struct plm_plan *p = s->plan;
    plm_sv text, config;
    struct plm_doc_save doc;
    struct plm_doc_config c;
    if (text_of(s, PLM_SV("manifest.json"), &text, err) < 0 ||
        plm_doc_save(s->ctx, text, "manifest.json", p->arena, &doc, err) < 0)
        return -1;
    const struct plm_doc_save_image *image = plm_save_choose(&doc, s->src->tag, "the archive", err);
    if (!image)
        return -1;
    p->target.tag = plm_save_tag(image, s->src->tag);
    if (image->n_layers > s->ctx->limits->layers)
        return plm_fail(err, PLM_E_LIMIT, "%zu layers are over limits.layers", image->n_layers);
    for (size_t i = 0; i < image->n_layers; i++)
        if (add_layer(s, image->layers[i], err) < 0)
            return -1;
    if (text_of(s, image->config, &config, err) < 0)
        return -1;
    plm_plan_name_config(p, image->config, config);
    const char *doc_name = plm_arena_cstr(p->arena, image->config);
    if (!doc_name)
        return plm_fail_oom(err);
    if (plm_doc_config(s->ctx, config, doc_name, p->arena, &c, err) < 0 ||
        plm_plan_config(p, s->opt, &c, err) < 0)
        return -1;
    for (size_t i = 0; i < p->layers.n; i++) {
        const struct plm_plan_layer *l = &p->layers.v[i];
        const struct member *m = find(s, l->name);
        plm_sv claim = l->about.digest.n ? l->about.digest : l->is_plain ? l->about.diff_id : PLM_SV_NULL;
        if (m && m->kind == MEMBER_LAYER)
            judge_member(s, m, claim);
    }
    return 0;
}

/* ---- an OCI layout as a stream
 * ------------------------------------------------------------------------------- */

static struct member *find_blob(struct save *s, plm_sv digest)
{
    return find(s, plm_arena_printf(s->arena, "blobs/sha256/%.*s", PLM_SV_ARG(plm_sv_from_off(digest, 7))));
}

static int stream_find(void *impl, plm_sv digest, struct plm_extent *out, plm_err **err)
{
    struct save *s = impl;
    const struct member *m = find_blob(s, digest);
    if (!m || m->kind != MEMBER_JSON)
        return plm_fail(err, PLM_E_NOTFOUND, "%.*s is not in the archive", PLM_SV_ARG(digest));
    plm_auto_fd int fd = memfd_create("plimsoll-document", MFD_CLOEXEC);
    if (fd < 0)
        return plm_fail_sys(err, "memory for a document");
    if (plm_fs_write_all(fd, m->text.p, m->text.n, err) < 0)
        return -1;
    *out = (struct plm_extent){.fd = plm_take_fd(fd), .bytes = m->text.n};
    return 0;
}

static bool stream_record(void *impl, plm_sv digest, struct plm_plan_layer *out)
{
    struct save *s = impl;
    struct member *m = find_blob(s, digest);
    if (!m || m->kind != MEMBER_LAYER)
        return false;
    bool has = take_record(s, m, out);
    store(s, m, out);
    judge_member(s, m, digest);
    return has;
}

static int plan_layout(struct save *s, plm_err **err)
{
    const struct plm_blobs blobs = {.find = stream_find, .record = stream_record, .impl = s};
    plm_sv text;
    if (text_of(s, PLM_SV("index.json"), &text, err) < 0)
        return -1;
    if (s->src->kind == PLM_SRC_STDIN || s->src->how.n)
        s->plan->target.scheme = PLM_SV("oci-archive");
    return plm_oci_plan_index(s->ctx, s->opt, &blobs, text, s->src->tag, s->plan, err);
}

/* ---- the whole
 * ------------------------------------------------------------------------------------------------ */

static int start_splitter(struct save *s, plm_err **err)
{
    if (plm_ring_open(&s->ring, err) < 0)
        return -1;
    const int fds[] = {s->ring.memfd, s->ring.theirs};
    if (plm_worker_start(s->ctx, PLM_JOB_SPLIT, PLM_SV(""), fds, 2, &s->splitter, err) < 0)
        return -1;
    plm_ring_started(&s->ring);
    return fcntl(s->splitter.result_fd, F_SETFL, O_NONBLOCK) < 0 ? plm_fail_sys(err, "pipe of the splitter")
                                                                 : 0;
}

static int plan_stream(struct save *s, struct plm_stream *in, plm_err **err)
{
    if (start_splitter(s, err) < 0)
        return -1;
    plm_err *cut = NULL;
    if (pump(s, in, &cut) < 0 && plm_err_code(cut) == PLM_E_CANCEL)
        return plm_err_move(err, &cut);
    if (cut && !s->fault)
        s->fault = plm_take(cut);
    plm_err_free(cut);
    bool has_save = find(s, PLM_SV("manifest.json")), has_layout = find(s, PLM_SV("index.json"));
    bool wants_layout = (s->src->kind == PLM_SRC_OCI_ARCHIVE && has_layout) || !has_save;
    int r;
    if (has_save || has_layout) {
        if (s->fault)
            plm_plan_diag_err(s->plan, "archive.corrupt", PLM_SEV_HIGH, s->src->reference, s->fault);
        r = wants_layout ? plan_layout(s, err) : plan_save(s, err);
    } else {
        r = s->fault ? plm_err_move(err, &s->fault)
                     : plm_fail(err, PLM_E_PARSE,
                                "not an image archive: neither manifest.json nor index.json is in it");
    }
    const char *name = plm_arena_cstr(s->arena, s->src->reference);
    return r < 0 ? plm_plan_wrap(s->plan, name && *name ? name : "standard input", err) : 0;
}

static struct plm_analysis *analyze(struct save *s, struct plm_stream *in, plm_err **err)
{
    plm_auto(plm_plan_free) struct plm_plan *plan = plm_plan_new(s->src, err);
    if (!plan)
        return NULL;
    s->plan = plan;
    int r = plan_stream(s, in, err);
    for (size_t i = 0; i < s->members.n; i++)
        member_done(s->members.v[i]);
    plm_ring_done(&s->ring);
    plm_worker_done(&s->splitter);
    plm_buf_done(&s->messages);
    plm_err_free(s->fault);
    return r < 0 ? NULL : plm_plan_run(s->ctx, plm_take(plan), s->opt, err);
}

struct plm_analysis *plm_save_stream_analyze(const struct plm_ctx *ctx, const struct plm_source *src,
                                             struct plm_stream *stream, const struct plm_image_options *opt,
                                             plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_map_free) struct plm_map *names = plm_map_new();
    if (!a || !names)
        return PLM_NULL(plm_fail_oom(err));
    struct save s = {.ctx = ctx,
                     .src = src,
                     .opt = opt,
                     .arena = a,
                     .by_name = names,
                     .splitter = PLM_WORKER_NONE,
                     .ring = PLM_RING_NONE,
                     .messages = PLM_BUF(PLM_MIB(8))};
    return analyze(&s, stream, err);
}

/* What ended the decompression early is why the archive is cut: it comes before what the tar reader said. */
static struct plm_analysis *judge_inflate(struct plm_analysis *a, plm_sv name, plm_err *bad, plm_err **err)
{
    plm_auto_free char *text = plm_err_text(bad);
    const char *id = plm_err_id(bad);
    if (!a) {
        if (err) {
            plm_err_free(*err);
            *err = NULL;
        }
        return PLM_NULL(plm_err_move(err, &bad));
    }
    struct plm_diagnostic *d = plm_vec_push(a->arena, &a->diagnostics);
    if (d)
        *d = (struct plm_diagnostic){.code = plm_sv_from(id ? id : "archive.corrupt"),
                                     .severity = PLM_SEV_HIGH,
                                     .target = PLM_NONE,
                                     .object = plm_arena_sv(a->arena, name),
                                     .message =
                                         plm_arena_sv(a->arena, plm_sv_from(text ? text : "out of memory"))};
    a->target.is_incomplete = true;
    plm_err_free(bad);
    return a;
}

struct plm_analysis *plm_save_fd_analyze(const struct plm_ctx *ctx, const struct plm_source *src, int fd,
                                         const struct plm_image_options *opt, plm_err **err)
{
    plm_auto_done(plm_worker_done) struct plm_worker w = PLM_WORKER_NONE;
    plm_auto_free char *reference = strndup(src->reference.p ? src->reference.p : "", src->reference.n);
    const char *name = reference && *reference ? reference : "standard input";
    plm_auto_fd int told = memfd_create("plimsoll-failure", MFD_CLOEXEC);
    if (told < 0)
        return PLM_NULL(plm_fail_sys(err, "memory for a worker"));
    const int fds[] = {fd, told};
    if (plm_worker_start(ctx, PLM_JOB_INFLATE, PLM_SV(""), fds, 2, &w, err) < 0)
        return NULL;
    int copy = fcntl(w.result_fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return PLM_NULL(plm_fail_sys(err, "pipe of a worker"));
    struct plm_stream *in = plm_stream_fd(copy, name, err);
    if (!in)
        return NULL;
    struct plm_analysis *a = plm_save_stream_analyze(ctx, src, in, opt, err);
    plm_stream_free(in);
    plm_err *bad = NULL;
    return plm_worker_end(&w, told, name, &bad) < 0 ? judge_inflate(a, plm_sv_from(name), bad, err) : a;
}
