/* SPDX-License-Identifier: Apache-2.0
 *
 * The CVEs that an update fixes: the changelog of each outdated source package at its fixed
 * version. A published version never changes, so the parsed result is cached for good under
 * (distribution, source, version); that there is none is remembered for a day.
 *
 * Where it comes from: the packaging archive that the Sources index lists (some 10 to 500 KB),
 * else the changelog inside the smallest binary packages of that version. Both are fetched
 * from the suite's own mirror and must have the digest that the signed indices give.
 * Workers pull jobs from one counter, each with a connection of its own.
 */
#include "base/rd.h"
#include "repo/repo_int.h"

#include <stdatomic.h>

#define FETCHERS        6u
#define MISSING_SECONDS 86400
#define CHANGES_MAX     65536u

static const char changes_magic[8] = {'P', 'L', 'M', 'R', 'C', 'L', '0', '2'};

struct fetcher {
    struct repo_worker *worker;
    struct repo_jobs *jobs;
    atomic_size_t *next;
    plm_sv distro;
};

static plm_sv cache_name(struct plm_arena *a, plm_sv distro, const struct repo_job *j)
{
    plm_auto_done(plm_buf_done) struct plm_buf key = PLM_BUF(PLM_KIB(64));
    unsigned char digest[PLM_SHA256_BYTES];
    plm_buf_view(&key, distro);
    plm_buf_view(&key, j->source);
    plm_buf_view(&key, j->version);
    plm_sha256_of(plm_buf_sv(&key), digest);
    return plm_repo_cache_name(a, "cl", digest);
}

static bool read_cached(const struct repo_run *run, struct repo_worker *w, plm_sv distro, struct repo_job *j)
{
    plm_auto_done(plm_buf_done) struct plm_buf f = PLM_BUF(REPO_CHANGELOG_MAX);
    if (!plm_repo_cache_read(run, cache_name(w->arena, distro, j), f.max, &f))
        return false;
    plm_sv bytes = plm_arena_sv(w->arena, plm_buf_sv(&f));
    struct plm_rd r = PLM_RD(bytes);
    plm_sv magic = plm_rd_bytes(&r, sizeof(changes_magic));
    bool is_known = plm_rd_u8(&r) != 0;
    uint64_t when = plm_rd_u64le(&r);
    size_t n = plm_rd_count(&r, CHANGES_MAX);
    if (r.failed || memcmp(magic.p, changes_magic, sizeof(changes_magic)) != 0 ||
        (!is_known && !run->ctx->offline && (int64_t)when + MISSING_SECONDS < run->now))
        return false;
    repo_change_vec v = {0};
    for (size_t i = 0; i < n && !r.failed; i++) {
        struct repo_change *c = plm_vec_push(w->arena, &v);
        if (!c)
            return false;
        c->version = plm_rd_view(&r);
        c->distribution = plm_rd_view(&r);
        c->urgency = plm_rd_view(&r);
        c->date = (int64_t)plm_rd_u64le(&r);
        c->cve = plm_rd_view(&r);
        c->line = plm_rd_view(&r);
    }
    for (size_t i = 0; i < v.n; i++)
        if (!v.v[i].cve.n)
            v.v[i].cve = PLM_SV_NULL;
    if (r.failed)
        return false;
    memcpy(&j->changes, &v, sizeof(v));
    j->is_known = is_known;
    return true;
}

static void write_cached(struct repo_worker *w, plm_sv distro, const struct repo_job *j)
{
    plm_auto_done(plm_buf_done) struct plm_buf f = PLM_BUF(REPO_CHANGELOG_MAX);
    size_t n = j->changes.n < CHANGES_MAX ? j->changes.n : CHANGES_MAX;
    plm_buf_put(&f, changes_magic, sizeof(changes_magic));
    plm_buf_byte(&f, j->is_known);
    plm_buf_u64le(&f, (uint64_t)w->run->now);
    plm_buf_varint(&f, n);
    for (size_t i = 0; i < n; i++) {
        const struct repo_change *c = &j->changes.v[i];
        plm_buf_view(&f, c->version);
        plm_buf_view(&f, c->distribution);
        plm_buf_view(&f, c->urgency);
        plm_buf_u64le(&f, (uint64_t)c->date);
        plm_buf_view(&f, c->cve);
        plm_buf_view(&f, c->line);
    }
    if (!f.failed)
        plm_repo_cache_write(w->run, cache_name(w->arena, distro, j), plm_buf_sv(&f));
}

/* Fetches one listed file and reads the changelog in it. */
static int changelog_of(struct repo_worker *w, const struct repo_job *j, const struct repo_record *rec,
                        struct plm_buf *out, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf file = PLM_BUF(REPO_ARCHIVE_MAX);
    unsigned char got[PLM_SHA256_BYTES];
    if (rec->size > REPO_ARCHIVE_MAX)
        return plm_fail(err, PLM_E_NOTFOUND, "%.*s: %llu bytes are too much to look into",
                        PLM_SV_ARG(rec->path), (unsigned long long)rec->size);
    if (plm_repo_get(w, j->suite->used->url, rec->path, j->suite->used->public_only, REPO_ARCHIVE_MAX, &file,
                     err) < 0)
        return -1;
    plm_sha256_of(plm_buf_sv(&file), got);
    if (file.n != rec->size || memcmp(got, rec->sha256, sizeof(got)) != 0)
        return plm_fail_id(err, PLM_E_PARSE, "repo.bad-index",
                           "%.*s: not the file that the index lists (SHA-256 differs)",
                           PLM_SV_ARG(rec->path));
    plm_buf_clear(out);
    plm_auto_free char *path = strndup(rec->path.p, rec->path.n);
    plm_log(w->run->ctx, PLM_LOG_DEBUG, "changelog read", "from", path ? path : "", NULL);
    return plm_changelog_extract(w->run->ctx, rec->path, plm_buf_sv(&file), out, err);
}

static bool find_source(const struct repo_job *j, struct repo_record *out)
{
    for (size_t i = 0; i < j->suite->sources.n; i++) {
        const struct repo_index *x = &j->suite->sources.v[i].index;
        struct repo_record r;
        for (size_t at = plm_index_find(x, j->source);
             plm_index_at(x, at, &r) && plm_sv_eq(r.name, j->source); at++)
            if (plm_sv_eq(r.version, j->version)) {
                *out = r;
                return true;
            }
    }
    return false;
}

/* The smallest binary package of the job's source version that is larger than `above`. */
static bool next_binary(const struct repo_job *j, uint64_t above, struct repo_record *out)
{
    bool found = false;
    for (size_t p = 0; p < j->suite->packages.n; p++) {
        const struct repo_index *x = &j->suite->packages.v[p].index;
        struct repo_record r;
        for (size_t i = 0; plm_index_at(x, i, &r); i++)
            if (r.size > above && plm_sv_eq(r.source, j->source) && plm_sv_eq(r.source_version, j->version) &&
                (!found || r.size < out->size)) {
                *out = r;
                found = true;
            }
    }
    return found;
}

/* The text from the first place that has it. NET errors end the search: they would only repeat themselves. */
static int find_changelog(struct repo_worker *w, const struct repo_job *j, struct plm_buf *text,
                          plm_err **err)
{
    struct repo_record rec = {0};
    plm_auto(plm_err_free) plm_err *why = NULL;
    if (find_source(j, &rec)) {
        if (changelog_of(w, j, &rec, text, &why) == 0)
            return 0;
        if (plm_err_code(why) == PLM_E_NET || plm_err_code(why) == PLM_E_OOM ||
            plm_err_code(why) == PLM_E_CANCEL)
            return plm_err_move(err, &why);
    }
    rec.size = 0;
    for (int tries = 0; tries < 3; tries++) {
        if (!next_binary(j, rec.size, &rec))
            break;
        plm_err_free(why);
        why = NULL;
        if (changelog_of(w, j, &rec, text, &why) == 0)
            return 0;
        if (plm_err_code(why) == PLM_E_NET)
            break;
    }
    return why ? plm_err_move(err, &why)
               : plm_fail(err, PLM_E_NOTFOUND, "neither its source nor a binary package is in the index");
}

static void run_job(struct fetcher *f, struct repo_job *j)
{
    struct repo_worker *w = f->worker;
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(REPO_CHANGELOG_MAX + REPO_SLACK);
    plm_auto(plm_err_free) plm_err *why = NULL;
    repo_change_vec v = {0};
    if (find_changelog(w, j, &text, &why) == 0 &&
        plm_changelog_parse(plm_arena_sv(w->arena, plm_buf_sv(&text)), w->arena, &v, &why) == 0) {
        memcpy(&j->changes, &v, sizeof(v));
        j->is_known = true;
        write_cached(w, f->distro, j);
        return;
    }
    enum plm_code code = plm_err_code(why);
    if (code == PLM_E_NOTFOUND || code == PLM_E_PARSE || code == PLM_E_LIMIT)
        write_cached(w, f->distro, j);
    plm_repo_note_err(&w->notes, w->run->ctx->offline ? "repo.offline" : "repo.no-changelog", PLM_SEV_LOW,
                      plm_arena_printf(w->arena, "%.*s %.*s", PLM_SV_ARG(j->source), PLM_SV_ARG(j->version)),
                      &why);
}

static void fetch_jobs(void *arg)
{
    struct fetcher *f = arg;
    for (size_t i; (i = atomic_fetch_add(f->next, 1)) < f->jobs->rows.n;)
        if (!f->jobs->rows.v[i].is_cached)
            run_job(f, &f->jobs->rows.v[i]);
}

static void load_sources(void *arg)
{
    plm_suite_load_sources(*(struct repo_suite **)arg);
}

/* The source indices of the suites that have something to fetch. */
static int sources_for(const struct repo_jobs *jobs, plm_err **err)
{
    struct repo_suite *list[16];
    size_t n = 0;
    for (size_t i = 0; i < jobs->rows.n; i++) {
        struct repo_suite *s = jobs->rows.v[i].suite;
        bool is_listed = jobs->rows.v[i].is_cached || s->sources_tried;
        for (size_t k = 0; k < n && !is_listed; k++)
            is_listed = list[k] == s;
        if (!is_listed && n < sizeof(list) / sizeof(list[0]))
            list[n++] = s;
    }
    return plm_repo_parallel(FETCHERS, load_sources, list, n, sizeof(list[0]), err);
}

int plm_changes_load(const struct repo_run *run, plm_sv distro, struct repo_jobs *jobs,
                     struct repo_notes *notes, plm_err **err)
{
    size_t missing = 0;
    jobs->workers = calloc(FETCHERS, sizeof(*jobs->workers));
    if (!jobs->workers)
        return plm_fail_oom(err);
    for (; jobs->workers_n < FETCHERS; jobs->workers_n++)
        if (plm_repo_worker_init(&jobs->workers[jobs->workers_n], run, err) < 0)
            return -1;
    for (size_t i = 0; i < jobs->rows.n; i++) {
        jobs->rows.v[i].is_cached = read_cached(run, &jobs->workers[0], distro, &jobs->rows.v[i]);
        missing += !jobs->rows.v[i].is_cached;
        if (jobs->rows.v[i].is_cached && !jobs->rows.v[i].is_known)
            plm_repo_note(notes, "repo.no-changelog", PLM_SEV_LOW,
                          plm_arena_printf(notes->arena, "%.*s %.*s", PLM_SV_ARG(jobs->rows.v[i].source),
                                           PLM_SV_ARG(jobs->rows.v[i].version)),
                          "its changelog could not be had when last tried, less than a day ago");
    }
    if (!missing)
        return 0;
    if (run->ctx->offline) {
        plm_repo_note(notes, "repo.offline", PLM_SEV_MEDIUM, distro,
                      "changelogs of %zu outdated source packages are not cached: their CVEs are not named",
                      missing);
        return 0;
    }
    if (sources_for(jobs, err) < 0)
        return -1;
    struct fetcher fetchers[FETCHERS];
    atomic_size_t next = 0;
    for (size_t i = 0; i < FETCHERS; i++)
        fetchers[i] =
            (struct fetcher){.worker = &jobs->workers[i], .jobs = jobs, .next = &next, .distro = distro};
    return plm_repo_parallel(FETCHERS, fetch_jobs, fetchers, missing < FETCHERS ? missing : FETCHERS,
                             sizeof(fetchers[0]), err);
}

void plm_jobs_done(struct repo_jobs *jobs)
{
    for (size_t i = 0; i < jobs->workers_n; i++)
        plm_repo_worker_done(&jobs->workers[i]);
    free(jobs->workers);
    jobs->workers = NULL;
    jobs->workers_n = 0;
}
