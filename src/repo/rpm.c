/* SPDX-License-Identifier: Apache-2.0
 *
 * rpm repositories: repodata/repomd.xml names updateinfo.xml, the list of advisories.
 * (createrepo_c's and libdnf's formats; no formal specification)
 *
 * repomd.xml is verified by its detached signature (repomd.xml.asc) where a key is configured
 * or the machine's .repo file names a local one; else it counts as unverified. updateinfo is
 * judged by the SHA-256 that repomd.xml lists. The parsed form is cached under that digest in
 * the compact index format: a record per package of an advisory (name, version, source =
 * advisory, source version = "ARCH MODULE:STREAM") and one per advisory, named "!ID", whose
 * path holds "severity LF date LF CVEs LF title".
 *
 * An advisory touches a package when it lists that name and architecture (and module stream)
 * with a newer version than installed, rpm order with epoch.
 */
#include "base/time.h"
#include "codec/xml.h"
#include "repo/repo_int.h"

#define REPOMD_MAX PLM_MIB(4)
#define CVES_MAX   PLM_KIB(256)

/* ---- repomd.xml ------------------------------------------------------------------------------ */

struct repomd {
    struct plm_arena *a;
    bool in_updateinfo, is_sha256;
    plm_sv href, sha;
};

static int repomd_start(void *arg, const struct plm_xml *x, plm_err **err)
{
    struct repomd *m = arg;
    if (plm_xml_is(x, "repomd/data"))
        m->in_updateinfo = plm_sv_is(plm_xml_attr(x, "type"), "updateinfo");
    else if (m->in_updateinfo && plm_xml_is(x, "repomd/data/location"))
        m->href = plm_arena_sv(m->a, plm_xml_attr(x, "href"));
    else if (m->in_updateinfo && plm_xml_is(x, "repomd/data/checksum"))
        m->is_sha256 = plm_sv_is(plm_xml_attr(x, "type"), "sha256");
    return plm_arena_check(m->a, err);
}

static int repomd_end(void *arg, const struct plm_xml *x, plm_sv text, plm_err **err)
{
    struct repomd *m = arg;
    if (m->in_updateinfo && m->is_sha256 && plm_xml_is(x, "repomd/data/checksum"))
        m->sha = plm_arena_printf(m->a, "sha256:%.*s", PLM_SV_ARG(text));
    return plm_arena_check(m->a, err);
}

/* ---- updateinfo.xml ---------------------------------------------------------------------------- */

struct updates {
    struct repo_index_writer w;
    struct plm_arena *a; /* of one update; reset by it */
    struct plm_buf cves, tail;
    plm_sv id, severity, title, date, module;
    bool is_security, has_cve;
    struct repo_record pkg;
};

static int updates_start(void *arg, const struct plm_xml *x, plm_err **err)
{
    struct updates *u = arg;
    if (plm_xml_is(x, "updates/update")) {
        plm_arena_reset(u->a);
        plm_buf_clear(&u->cves);
        u->id = u->severity = u->title = u->date = u->module = PLM_SV_NULL;
        u->is_security = plm_sv_is(plm_xml_attr(x, "type"), "security");
    } else if (plm_xml_is(x, "updates/update/issued")) {
        u->date = plm_arena_sv(u->a, plm_xml_attr(x, "date"));
    } else if (plm_xml_is(x, "updates/update/references/reference")) {
        plm_sv id = plm_xml_attr(x, "id");
        if (!id.p || !plm_sv_starts(id, PLM_SV("CVE-")))
            id = plm_sv_is(plm_xml_attr(x, "type"), "cve") ? plm_xml_attr(x, "title") : PLM_SV_NULL;
        if (id.p && plm_sv_starts(id, PLM_SV("CVE-")) && plm_sv_find(id, ' ') == SIZE_MAX)
            plm_buf_printf(&u->cves, "%s%.*s", u->cves.n ? " " : "", PLM_SV_ARG(id));
    } else if (plm_xml_is(x, "updates/update/pkglist/collection")) {
        u->module = PLM_SV_NULL;
    } else if (plm_xml_is(x, "updates/update/pkglist/collection/module")) {
        u->module = plm_arena_printf(u->a, "%.*s:%.*s", PLM_SV_ARG(plm_xml_attr(x, "name")),
                                     PLM_SV_ARG(plm_xml_attr(x, "stream")));
    } else if (plm_xml_is(x, "updates/update/pkglist/collection/package")) {
        plm_sv epoch = plm_xml_attr(x, "epoch"), version = plm_xml_attr(x, "version");
        bool has_epoch = epoch.n && !plm_sv_is(epoch, "0");
        u->pkg = (struct repo_record){.name = plm_arena_sv(u->a, plm_xml_attr(x, "name")), .source = u->id};
        u->pkg.version = plm_arena_printf(u->a, "%.*s%s%.*s-%.*s", PLM_SV_ARG(has_epoch ? epoch : PLM_SV("")),
                                          has_epoch ? ":" : "", PLM_SV_ARG(version),
                                          PLM_SV_ARG(plm_xml_attr(x, "release")));
        u->pkg.source_version =
            plm_arena_printf(u->a, "%.*s %.*s", PLM_SV_ARG(plm_xml_attr(x, "arch")), PLM_SV_ARG(u->module));
        if (u->pkg.name.n && version.n && u->id.n)
            plm_index_put(&u->w, &u->pkg);
    }
    return plm_arena_check(u->a, err);
}

static int updates_end(void *arg, const struct plm_xml *x, plm_sv text, plm_err **err)
{
    struct updates *u = arg;
    if (plm_xml_is(x, "updates/update/id"))
        u->id = plm_arena_sv(u->a, text);
    else if (plm_xml_is(x, "updates/update/severity"))
        u->severity = plm_arena_sv(u->a, text);
    else if (plm_xml_is(x, "updates/update/title"))
        u->title = plm_arena_sv(u->a, text);
    else if (plm_xml_is(x, "updates/update") && u->id.n && (u->cves.n || u->is_security)) {
        struct repo_record r = {.name = plm_arena_printf(u->a, "!%.*s", PLM_SV_ARG(u->id))};
        r.path =
            plm_arena_printf(u->a, "%.*s\n%.*s\n%.*s\n%.*s", PLM_SV_ARG(u->severity), PLM_SV_ARG(u->date),
                             PLM_SV_ARG(plm_buf_sv(&u->cves)), PLM_SV_ARG(u->title));
        plm_index_put(&u->w, &r);
    }
    return plm_buf_check(&u->w.pool, err) < 0 ? -1 : plm_arena_check(u->a, err);
}

static int build_updates(const struct plm_ctx *ctx, plm_sv packed, struct plm_buf *out, plm_err **err)
{
    static const struct plm_xml_ops ops = {updates_start, updates_end};
    struct plm_limits limits = *ctx->limits;
    limits.layer_bytes = REPO_INDEX_RAW_MAX;
    struct updates u = {.w = REPO_INDEX_WRITER, .a = plm_arena_new(PLM_MIB(64)), .cves = PLM_BUF(CVES_MAX)};
    struct plm_stream *raw =
        u.a ? plm_stream_view(packed, "updateinfo.xml", err) : PLM_NULL(plm_fail_oom(err));
    plm_auto(plm_stream_free) struct plm_stream *s = raw ? plm_stream_decompress(raw, &limits, err) : NULL;
    int r = s ? plm_xml_parse(s, &limits, &ops, &u, err) : -1;
    if (r == 0)
        r = plm_index_finish(&u.w, out, err);
    plm_buf_done(&u.w.pool);
    plm_buf_done(&u.w.offsets);
    plm_buf_done(&u.cves);
    plm_arena_free(u.a);
    return r;
}

/* ---- one repository ------------------------------------------------------------------------------ */

struct rpm_repo {
    const struct repo_place *place;
    struct plm_buf data;
    struct plm_fs_map map;
    struct repo_index index;
    int64_t as_of;
};

/* repomd.xml, verified or allowed to be not. */
static int get_repomd(struct repo_worker *w, const struct repo_place *p, struct plm_buf *out,
                      int64_t *out_as_of, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf raw = PLM_BUF(REPOMD_MAX), sig = PLM_BUF(PLM_MIB(1));
    plm_sv md = PLM_SV("repodata/repomd.xml"), key;
    int64_t sig_at;
    if (plm_repo_get_cached(w, p->url, md, p->public_only, REPOMD_MAX, &raw, out_as_of, err) < 0)
        return -1;
    struct repo_keyring ring = {0};
    memcpy(&ring.files, &p->keys, sizeof(ring.files));
    plm_auto(plm_err_free) plm_err *why = NULL;
    int r = !p->keys.n
                ? plm_fail_id(&why, PLM_E_AUTH, "repo.unverified", "no key is known for its repomd.xml")
                : plm_repo_get_cached(w, p->url, PLM_SV("repodata/repomd.xml.asc"), p->public_only,
                                      PLM_MIB(1), &sig, &sig_at, &why);
    if (r == 0)
        r = plm_gpgv_verify(&ring, plm_buf_sv(&raw), plm_buf_sv(&sig), out, w->arena, &key, &why);
    if (r == 0)
        return 0;
    if (!w->run->opt->allow_unverified) {
        (void)plm_err_move(err, &why);
        int failed = plm_wrap(err, "repodata/repomd.xml is not verified");
        plm_err_hint(err, "name its key in repo.mirrors, or set repo.allow-unverified");
        return failed;
    }
    plm_repo_note_err(&w->notes, "repo.unverified", PLM_SEV_MEDIUM, p->url, &why);
    plm_buf_clear(out);
    plm_buf_sv_put(out, plm_buf_sv(&raw));
    return plm_buf_check(out, err);
}

/* The digest of a detached signature may be armoured; gpgv takes both. */
static int load_repo(struct repo_worker *w, struct rpm_repo *repo, plm_err **err)
{
    static const struct plm_xml_ops ops = {repomd_start, repomd_end};
    plm_auto_done(plm_buf_done) struct plm_buf md = PLM_BUF(REPOMD_MAX), packed = PLM_BUF(REPO_INDEX_MAX);
    struct repomd m = {.a = w->arena};
    unsigned char want[PLM_SHA256_BYTES], got[PLM_SHA256_BYTES];
    if (get_repomd(w, repo->place, &md, &repo->as_of, err) < 0 ||
        plm_xml_parse_view(plm_buf_sv(&md), "repomd.xml", w->run->ctx->limits, &ops, &m, err) < 0)
        return -1;
    if (!m.href.n)
        return plm_fail_id(err, PLM_E_UNSUPPORTED, "repo.no-updateinfo",
                           "the repository has no updateinfo: no advisories");
    if (!plm_digest_parse(m.sha, want) || plm_sv_has(m.href, PLM_SV("://")))
        return plm_fail(err, PLM_E_PARSE, "repomd.xml: no usable address and SHA-256 of updateinfo");
    plm_sv name = plm_repo_cache_name(w->arena, "upd", want);
    if (plm_repo_cache_map(w->run, name, REPO_INDEX_BIN_MAX, &repo->map) &&
        plm_index_open(repo->map.view, &repo->index, NULL) == 0)
        return 0;
    if (plm_repo_get(w, repo->place->url, m.href, repo->place->public_only, REPO_INDEX_MAX, &packed, err) < 0)
        return -1;
    plm_sha256_of(plm_buf_sv(&packed), got);
    if (memcmp(got, want, sizeof(got)) != 0)
        return plm_fail_id(err, PLM_E_PARSE, "repo.bad-index",
                           "%.*s: not the file that repomd.xml lists (SHA-256 differs)", PLM_SV_ARG(m.href));
    if (build_updates(w->run->ctx, plm_buf_sv(&packed), &repo->data, err) < 0)
        return -1;
    plm_repo_cache_write(w->run, name, plm_buf_sv(&repo->data));
    return plm_index_open(plm_buf_sv(&repo->data), &repo->index, err);
}

/* ---- matching ---------------------------------------------------------------------------------------- */

struct advisory {
    plm_sv severity, date, cves, title;
};

static bool find_advisory(const struct repo_index *x, plm_sv id, struct plm_arena *a, struct advisory *out)
{
    struct repo_record r;
    plm_sv name = plm_arena_printf(a, "!%.*s", PLM_SV_ARG(id));
    if (!plm_index_at(x, plm_index_find(x, name), &r))
        return false;
    plm_sv rest = r.path;
    *out = (struct advisory){0};
    plm_sv *to[] = {&out->severity, &out->date, &out->cves};
    for (size_t i = 0; i < 3; i++)
        if (!plm_sv_field(&rest, '\n', to[i]))
            return false;
    out->title = rest;
    return true;
}

static bool same_build_kind(const struct plm_package *p, const struct repo_record *r)
{
    plm_sv arch, module;
    if (!plm_sv_cut(r->source_version, ' ', &arch, &module))
        return false;
    bool arch_ok =
        !p->arch.n || plm_sv_eq(arch, p->arch) || plm_sv_is(arch, "noarch") || plm_sv_is(p->arch, "noarch");
    return arch_ok && (module.n == 0 ? !p->modularity.n : plm_sv_starts(p->modularity, module));
}

static int emit_advisory(struct repo_emit *e, uint32_t package, const struct repo_record *r,
                         const struct advisory *adv, struct plm_arena *a, plm_err **err)
{
    const struct plm_package *p = &e->report->packages.v[package];
    int64_t date = 0;
    plm_sv day = adv->date, cves = adv->cves, id;
    (void)plm_time_parse(plm_sv_sub(day, 0, 10), &date);
    struct repo_hit hit = {.package = package,
                           .title = adv->title,
                           .record = r->source,
                           .fixed = r->version,
                           .by = PLM_SV("package"),
                           .date = date,
                           .native_severity = adv->severity.n ? adv->severity : PLM_SV_NULL};
    (void)plm_sv_vec_add(a, &hit.evidence,
                         plm_arena_printf(a, "%.*s (%.*s, %.*s) has %.*s %.*s; installed is %.*s",
                                          PLM_SV_ARG(r->source),
                                          PLM_SV_ARG(adv->severity.n ? adv->severity : PLM_SV("no severity")),
                                          PLM_SV_ARG(day.n ? day : PLM_SV("no date")), PLM_SV_ARG(p->name),
                                          PLM_SV_ARG(r->version), PLM_SV_ARG(p->version)));
    if (!cves.n) {
        hit.id = r->source;
        return plm_emit(e, &hit, err);
    }
    while (plm_sv_word(&cves, &id)) {
        hit.id = id;
        if (plm_emit(e, &hit, err) < 0)
            return -1;
    }
    return 0;
}

/* All advisories of one installed package, the lowest version first: that is the one which fixed a flaw. */
static int match_one(struct repo_emit *e, uint32_t package, const struct repo_index *x,
                     const struct plm_scheme *rpm, uint64_t *outdated, plm_err **err)
{
    const struct plm_package *p = &e->report->packages.v[package];
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    PLM_VEC(struct repo_record) hits = {0};
    struct repo_record r;
    if (!a)
        return plm_fail_oom(err);
    for (size_t i = plm_index_find(x, p->name); plm_index_at(x, i, &r) && plm_sv_eq(r.name, p->name); i++) {
        if (!same_build_kind(p, &r) || rpm->compare(r.version, p->version) <= 0)
            continue;
        struct repo_record *to = plm_vec_push(a, &hits);
        if (!to)
            return plm_arena_check(a, err);
        size_t at = hits.n - 1;
        for (; at > 0 && rpm->compare(hits.v[at - 1].version, r.version) > 0; at--)
            hits.v[at] = hits.v[at - 1];
        hits.v[at] = r;
    }
    for (size_t i = 0; i < hits.n; i++) {
        struct advisory adv;
        if (find_advisory(x, hits.v[i].source, a, &adv) &&
            emit_advisory(e, package, &hits.v[i], &adv, a, err) < 0)
            return -1;
    }
    *outdated += hits.n > 0;
    return 0;
}

static int match_all(struct plm_report *r, uint32_t target, const struct repo_index *x,
                     struct plm_repo_outcome *out, plm_err **err)
{
    const struct plm_scheme *rpm = plm_scheme_find(PLM_SV("rpm"));
    struct repo_emit e;
    int result = plm_emit_init(&e, r, target, PLM_SV("rpm"), err);
    for (size_t i = 0; i < r->packages.n && result == 0 && rpm; i++)
        if (r->packages.v[i].target == target && plm_sv_is(r->packages.v[i].type, "rpm"))
            result = match_one(&e, (uint32_t)i, x, rpm, &out->outdated, err);
    plm_emit_done(&e);
    return result;
}

static bool is_without_errata(const plm_err *why)
{
    const char *id = plm_err_id(why);
    return plm_err_code(why) == PLM_E_UNSUPPORTED && id && strcmp(id, "repo.no-updateinfo") == 0;
}

static void note_repo(struct repo_worker *w, const struct repo_place *p, plm_err **why)
{
    enum plm_code code = plm_err_code(*why);
    if (is_without_errata(*why))
        plm_repo_note_err(&w->notes, "repo.no-updateinfo", PLM_SEV_LOW, p->url, why);
    else if (code == PLM_E_AUTH || code == PLM_E_UNSUPPORTED)
        plm_repo_note_err(&w->notes, "repo.unverified", PLM_SEV_HIGH, p->url, why);
    else if (code == PLM_E_PARSE || code == PLM_E_LIMIT)
        plm_repo_note_err(&w->notes, "repo.bad-index", PLM_SEV_HIGH, p->url, why);
    else
        plm_repo_note_err(&w->notes, w->run->ctx->offline ? "repo.offline" : "repo.unreachable",
                          PLM_SEV_MEDIUM, p->url, why);
}

static int scan_place(struct repo_worker *w, const struct repo_place *p, struct plm_report *r,
                      uint32_t target, bool *missed, struct plm_repo_outcome *out, plm_err **err)
{
    struct rpm_repo repo = {.place = p, .data = PLM_BUF(REPO_INDEX_BIN_MAX)};
    plm_auto(plm_err_free) plm_err *why = NULL;
    int result = 0;
    if (load_repo(w, &repo, &why) < 0) {
        *missed = *missed || !is_without_errata(why);
        note_repo(w, p, &why);
    } else {
        out->is_covered = true;
        out->records += repo.index.count;
        if (!out->as_of || repo.as_of < out->as_of)
            out->as_of = repo.as_of;
        result = match_all(r, target, &repo.index, out, err);
    }
    plm_fs_map_done(&repo.map);
    plm_buf_done(&repo.data);
    return result;
}

static plm_sv main_arch(const struct plm_report *r, uint32_t target)
{
    for (size_t i = 0; i < r->packages.n; i++)
        if (r->packages.v[i].target == target && plm_sv_is(r->packages.v[i].type, "rpm") &&
            r->packages.v[i].arch.n && !plm_sv_is(r->packages.v[i].arch, "noarch"))
            return r->packages.v[i].arch;
    return PLM_SV("x86_64");
}

int plm_repo_rpm(const struct repo_run *run, struct plm_report *r, uint32_t target,
                 struct plm_repo_outcome *out, plm_err **err)
{
    struct repo_worker w;
    repo_place_vec places = {0};
    bool missed = false;
    int result = plm_repo_worker_init(&w, run, err);
    if (result == 0)
        result = plm_places_find(run, &w, &r->targets.v[target].distro, PLM_SV("rpm"), main_arch(r, target),
                                 &places, err);
    for (size_t i = 0; i < places.n && result == 0; i++)
        result = scan_place(&w, &places.v[i], r, target, &missed, out, err);
    if (missed) /* half of the repositories say nothing about the packages of the other half */
        out->is_covered = false;
    plm_repo_notes_put(&w.notes, r, target);
    plm_repo_worker_done(&w);
    return result;
}
