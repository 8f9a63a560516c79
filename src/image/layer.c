/* SPDX-License-Identifier: Apache-2.0
 *
 * One layer to its record: from the cache, or through a fenced worker that is fed by this thread, which
 * hashes what it feeds. A record is stored under that digest only, never under one that something else claims
 * (design.md 5.3).
 *
 * A file that was hashed before is recognised by device, inode, size, times and range; otherwise, where a
 * record of the claimed digest is known, the bytes are hashed without a worker to see whether the claim
 * holds.
 */
#include "image/run.h"
#include "image/seen.h"
#include "image/worker.h"

#include <fcntl.h>
#include <sys/stat.h>

/* ---- keys ----------------------------------------------------------------------------------------- */

bool plm_record_key(const char *digest, const char *kind, const struct plm_limits *limits,
                    const struct plm_wanted *w, struct plm_cache_key *out)
{
    struct plm_cache_hasher h = PLM_CACHE_HASHER;
    plm_cache_hash_sv(&h, PLM_SV("plimsoll layer record 2 " PLM_VERSION));
    plm_cache_hash_sv(&h, plm_sv_from(kind));
    plm_cache_hash_sv(&h, plm_sv_from(digest));
    plm_cache_hash_sv(&h, plm_sv_n((const char *)limits, sizeof(*limits)));
    plm_cache_hash_u64(&h, w->n_extractors);
    for (size_t i = 0; i < w->n_extractors; i++) {
        const struct plm_extractor *ex = w->extractors[i];
        plm_cache_hash_sv(&h, plm_sv_from(ex->id));
        plm_cache_hash_u64(&h, ex->version);
        plm_cache_hash_u64(&h, ex->max_bytes);
        for (const char *const *g = ex->globs; *g; g++)
            plm_cache_hash_sv(&h, plm_sv_from(*g));
        plm_cache_hash_sv(&h, w->params ? w->params[i] : PLM_SV_NULL);
    }
    for (size_t i = 0; i < w->n_wants; i++) {
        plm_cache_hash_u64(&h, w->wants[i].extractor);
        plm_cache_hash_sv(&h, w->wants[i].as);
        plm_cache_hash_sv(&h, w->wants[i].real);
    }
    return plm_cache_hash_end(&h, out);
}

/* ---- files that were seen ------------------------------------------------------------------------- */

static struct plm_seen extent_of(const struct plm_plan_layer *l)
{
    return (struct plm_seen){.purpose = PLM_SV("plimsoll extent 2"), .offset = l->offset, .bytes = l->bytes};
}

static bool recall(struct plm_layer_run *run, const struct stat *st)
{
    const struct plm_seen what = extent_of(run->layer);
    char digest[PLM_DIGEST_CHARS];
    if (run->opt->no_cache || !plm_seen_recall(run->ctx, &what, st, digest, sizeof(digest)) ||
        !plm_digest_valid(plm_sv_n(digest, sizeof(digest))))
        return false;
    memcpy(run->computed, digest, sizeof(digest));
    run->computed[sizeof(digest)] = 0;
    return true;
}

static void remember(struct plm_layer_run *run, const struct stat *before)
{
    const struct plm_seen what = extent_of(run->layer);
    if (!run->opt->no_cache && run->computed[0])
        plm_seen_remember(run->ctx, &what, run->layer->fd, before, run->computed, PLM_DIGEST_CHARS);
}

/* ---- records from the cache ------------------------------------------------------------------------ */

static unsigned how_to_open(const struct plm_layer_run *run)
{
    return run->opt->want_owned ? PLM_RECORD_OWNED : 0;
}

/* A record from before its diff id was asked for. A layer that could not be read whole never has one. */
static bool lacks_diff_id(const struct plm_layer_run *run)
{
    return run->wanted.diff_id && !run->record.diff_id.n && !(run->record.flags & PLM_RECORD_TRUNCATED);
}

static bool load_record(struct plm_layer_run *run, const struct plm_cache_key *key)
{
    if (run->opt->no_cache || !plm_cache_load(run->ctx, PLM_CACHE_LAYER, key, &run->map))
        return false;
    plm_err *e = NULL;
    if (plm_record_open(run->map.view, plm_cache_key_sv(key), how_to_open(run), run->wanted.n_extractors,
                        run->arena, &run->record, &e) == 0) {
        if (lacks_diff_id(run)) { /* read again, and stored with it */
            run->record = (struct plm_record){0};
            plm_fs_map_done(&run->map);
            return false;
        }
        run->is_cached = run->is_loaded = true;
        return true;
    }
    plm_log(run->ctx, PLM_LOG_DEBUG, "damaged cache entry dropped", "key", key->hex, NULL);
    plm_err_free(e);
    plm_fs_map_done(&run->map);
    plm_cache_drop(run->ctx, PLM_CACHE_LAYER, key);
    return false;
}

static void store_record(struct plm_layer_run *run, const struct plm_cache_key *key)
{
    if (run->opt->no_cache || plm_record_is_passing(&run->record))
        return;
    run->is_stored = true;
    plm_record_seal(run->bytes.p, run->bytes.n, plm_cache_key_sv(key));
    plm_cache_store(run->ctx, PLM_CACHE_LAYER, key, plm_buf_sv(&run->bytes));
}

static bool extent_key(const struct plm_layer_run *run, const char *digest, struct plm_cache_key *out)
{
    return plm_record_key(digest, "tar", run->ctx->limits, &run->wanted, out);
}

/* ---- reading --------------------------------------------------------------------------------------- */

/* Reads the extent once, hashing; feeds the ring if there is one. */
static int read_extent(struct plm_layer_run *run, struct plm_ring *ring, plm_err **err)
{
    const struct plm_plan_layer *l = run->layer;
    plm_auto(plm_sha256_free) struct plm_sha256 *hash = plm_sha256_new(err);
    plm_auto_free char *own = malloc(PLM_RING_SLOT_BYTES);
    if (!hash || !own)
        return hash ? plm_fail_oom(err) : -1;
    for (uint64_t done = 0; done < l->bytes;) {
        if (plm_cancelled(run->ctx))
            return plm_fail(err, PLM_E_CANCEL, "cancelled");
        size_t want = l->bytes - done < PLM_RING_SLOT_BYTES ? (size_t)(l->bytes - done) : PLM_RING_SLOT_BYTES;
        char *slot = ring ? plm_ring_slot(ring) : NULL;
        char *to = slot ? slot : own;
        if (plm_fs_pread_all(l->fd, to, want, l->offset + done, err) < 0)
            return plm_wrap(err, "%.*s", PLM_SV_ARG(l->name));
        plm_sha256_update(hash, to, want);
        if (slot)
            plm_ring_push(ring, want);
        done += want;
        run->bytes_read += want;
    }
    if (ring)
        plm_ring_end(ring);
    unsigned char sum[PLM_SHA256_BYTES];
    plm_sha256_final(hash, sum);
    plm_digest_text(sum, run->computed);
    return 0;
}

static int open_answer(struct plm_layer_run *run, struct plm_worker *w, plm_err **err)
{
    size_t max =
        run->ctx->limits->record_bytes > SIZE_MAX ? SIZE_MAX : (size_t)run->ctx->limits->record_bytes;
    plm_auto_free char *name = strndup(run->layer->name.p ? run->layer->name.p : "layer",
                                       run->layer->name.p ? run->layer->name.n : 5);
    if (!name)
        return plm_fail_oom(err);
    run->bytes = PLM_BUF(max);
    if (plm_worker_result(w, name, max, &run->bytes, err) < 0)
        return -1;
    run->lacks_landlock = !w->has_landlock;
    if (plm_record_open(plm_buf_sv(&run->bytes), PLM_SV_NULL, how_to_open(run), run->wanted.n_extractors,
                        run->arena, &run->record, err) < 0)
        return plm_wrap(err, "%s", name);
    run->is_loaded = true;
    return 0;
}

static int job_bytes(const struct plm_layer_run *run, struct plm_buf *out, plm_err **err)
{
    plm_buf_view(out, run->layer->name);
    plm_wanted_encode(out, &run->wanted);
    return plm_buf_check(out, err);
}

static int analyze_extent(struct plm_layer_run *run, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf job = PLM_BUF(PLM_MIB(16));
    plm_auto_done(plm_session_done) struct plm_session session = PLM_SESSION_NONE;
    plm_auto_done(plm_ring_done) struct plm_ring ring = PLM_RING_NONE;
    plm_auto_done(plm_worker_done) struct plm_worker w = PLM_WORKER_NONE;
    plm_session_open(run->opt->service, &session);
    run->wanted.service = session.fd >= 0 ? 3 : 0;
    if (job_bytes(run, &job, err) < 0 || plm_ring_open(&ring, err) < 0)
        return -1;
    const int fds[] = {ring.memfd, ring.theirs, session.fd};
    if (plm_worker_start(run->ctx, PLM_JOB_LAYER, plm_buf_sv(&job), fds, session.fd >= 0 ? 3 : 2, &w, err) <
        0)
        return -1;
    plm_session_started(&session);
    plm_ring_started(&ring);
    plm_err *unread = NULL;
    int r = read_extent(run, &ring, &unread);
    if (r < 0) { /* the worker sees the end of its stream and gives what it has */
        plm_ring_done(&ring);
        run->computed[0] = 0;
    }
    if (r < 0 && plm_err_code(unread) == PLM_E_CANCEL)
        return plm_err_move(err, &unread);
    plm_err *e = NULL;
    if (open_answer(run, &w, &e) < 0) {
        plm_err_free(unread);
        return plm_err_move(err, &e);
    }
    return r < 0 ? plm_err_move(err, &unread) : 0;
}

static plm_sv claim_of(const struct plm_plan_layer *l)
{
    if (plm_digest_valid(l->about.digest))
        return l->about.digest;
    return l->is_plain && plm_digest_valid(l->about.diff_id) ? l->about.diff_id : PLM_SV_NULL;
}

static int hash_only(struct plm_layer_run *run, plm_sv claim, plm_err **err)
{
    if (read_extent(run, NULL, err) < 0)
        return -1;
    struct plm_cache_key key;
    return plm_sv_eq(claim, plm_sv_from(run->computed)) && extent_key(run, run->computed, &key) &&
           load_record(run, &key);
}

static int run_extent(struct plm_layer_run *run, plm_err **err)
{
    struct stat st;
    struct plm_cache_key key;
    if (fstat(run->layer->fd, &st) < 0)
        return plm_fail_sys(err, "%.*s", PLM_SV_ARG(run->layer->name));
    if (recall(run, &st) && extent_key(run, run->computed, &key) && load_record(run, &key))
        return 0;
    plm_sv claim = claim_of(run->layer);
    if (claim.n && !run->computed[0] && !run->opt->no_cache) {
        plm_auto_free char *digest = strndup(claim.p, claim.n);
        if (digest && extent_key(run, digest, &key) && plm_cache_has(run->ctx, PLM_CACHE_LAYER, &key)) {
            int r = hash_only(run, claim, err);
            if (r != 0) {
                if (r > 0)
                    remember(run, &st);
                return r < 0 ? -1 : 0;
            }
        }
    }
    if (analyze_extent(run, err) < 0)
        return -1;
    remember(run, &st);
    if (extent_key(run, run->computed, &key))
        store_record(run, &key);
    return 0;
}

/* A directory of the engine's storage: its diff id is the engine's word, and only root can write there. */
static int run_overlay(struct plm_layer_run *run, plm_err **err)
{
    struct plm_cache_key key;
    plm_auto_free char *diff_id =
        strndup(run->layer->about.diff_id.p ? run->layer->about.diff_id.p : "", run->layer->about.diff_id.n);
    bool has_key = diff_id && plm_digest_valid(plm_sv_from(diff_id)) &&
                   plm_record_key(diff_id, "overlay", run->ctx->limits, &run->wanted, &key);
    if (has_key && load_record(run, &key))
        return 0;
    plm_auto_done(plm_buf_done) struct plm_buf job = PLM_BUF(PLM_MIB(16));
    plm_auto_done(plm_session_done) struct plm_session session = PLM_SESSION_NONE;
    plm_auto_done(plm_worker_done) struct plm_worker w = PLM_WORKER_NONE;
    plm_session_open(run->opt->service, &session);
    run->wanted.service = session.fd >= 0 ? 2 : 0;
    const int fds[] = {run->layer->fd, session.fd};
    if (job_bytes(run, &job, err) < 0 || plm_worker_start(run->ctx, PLM_JOB_OVERLAY, plm_buf_sv(&job), fds,
                                                          session.fd >= 0 ? 2 : 1, &w, err) < 0)
        return -1;
    plm_session_started(&session);
    if (open_answer(run, &w, err) < 0)
        return -1;
    if (has_key && !(run->record.flags & PLM_RECORD_TRUNCATED))
        store_record(run, &key);
    return 0;
}

static int run_record(struct plm_layer_run *run, plm_err **err)
{
    if (plm_record_open(plm_buf_sv(&run->layer->record), run->layer->sealed_as, how_to_open(run),
                        run->wanted.n_extractors, run->arena, &run->record, err) < 0)
        return -1;
    run->is_loaded = true;
    return 0;
}

void plm_layer_run(struct plm_layer_run *run)
{
    plm_arena_free(run->arena);
    run->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    int r = run->arena ? 0 : plm_fail_oom(&run->failed);
    if (r == 0)
        switch (run->layer->where) {
        case PLM_LAYER_EXTENT:
            r = run_extent(run, &run->failed);
            break;
        case PLM_LAYER_OVERLAY:
            r = run_overlay(run, &run->failed);
            break;
        case PLM_LAYER_RECORD:
            r = run_record(run, &run->failed);
            break;
        case PLM_LAYER_ABSENT:
            break;
        }
    plm_sv claim = run->layer->where == PLM_LAYER_EXTENT ? claim_of(run->layer) : PLM_SV_NULL;
    run->is_mismatch = r == 0 && claim.n && run->computed[0] && !plm_sv_eq(claim, plm_sv_from(run->computed));
}

void plm_layer_run_done(struct plm_layer_run *run)
{
    plm_arena_free(run->arena);
    plm_fs_map_done(&run->map);
    plm_buf_done(&run->bytes);
    plm_err_free(run->failed);
    *run = (struct plm_layer_run){0};
}
