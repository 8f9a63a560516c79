/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that a policy asks for by name: contents (facts.stored, as Anchore's retrieve_files) and SHA-256
 * (facts.files[].sha256).
 *
 * The names are parameters, so the extractors want every path and take those of a sorted list:
 * O(log names) for each entry. Contents are bounded by STORED_MAX each, as in the original (1000 kB): a
 * larger file is the diagnostic file.too-large and counts as not stored. Links are not followed.
 */
#include "inspect/inspect_int.h"

#include "base/buf.h"
#include "base/rd.h"
#include "base/text.h"
#include "codec/hash.h"
#include "model/host_paths.h"

#include <stdlib.h>

enum { STORED_MAX = 1000 * 1024, NAMES_MAX = 100000 };

/* ---- parameters: sorted relative paths -------------------------------------------------------------- */

static int put_names(const plm_sv_vec *paths, struct plm_arena *a, plm_sv *out, plm_err **err)
{
    plm_sv_vec names = {0};
    for (size_t i = 0; i < paths->n; i++)
        plm_sv_vec_add(a, &names, plm_sv_from_off(plm_path_clean(a, paths->v[i]), 1));
    plm_sv_vec_sort_unique(&names);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(16));
    plm_buf_varint(&b, names.n);
    for (size_t i = 0; i < names.n; i++)
        plm_buf_view(&b, names.v[i]);
    if (plm_buf_check(&b, err) < 0)
        return -1;
    *out = plm_arena_sv(a, plm_buf_sv(&b));
    return plm_arena_check(a, err);
}

static int prepare(plm_sv params, const struct plm_limits *limits, struct plm_arena *a, void **out_state,
                   plm_err **err)
{
    struct plm_rd r = PLM_RD(params);
    plm_sv_vec *names = plm_arena_make(a, plm_sv_vec);
    size_t n = plm_rd_count(&r, NAMES_MAX);
    (void)limits;
    for (size_t i = 0; names && i < n; i++)
        plm_sv_vec_add(a, names, plm_rd_view(&r));
    *out_state = names;
    return r.failed ? plm_fail(err, PLM_E_INTERNAL, "malformed list of paths") : plm_arena_check(a, err);
}

static int by_text(const void *a, const void *b)
{
    return plm_sv_cmp(*(const plm_sv *)a, *(const plm_sv *)b);
}

static bool wants(const void *state, const struct plm_entry *e)
{
    const plm_sv_vec *names = state;
    return names && names->n && bsearch(&e->path, names->v, names->n, sizeof(*names->v), by_text);
}

/* ---- the two extractors ----------------------------------------------------------------------------- */

static int extract_text(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    (void)e;
    plm_buf_sv_put(&out->facts, content);
    return plm_buf_check(&out->facts, err);
}

static int extract_digest(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out,
                          plm_err **err)
{
    unsigned char sum[PLM_SHA256_BYTES];
    (void)e;
    plm_sha256_of(content, sum);
    plm_buf_put(&out->facts, sum, sizeof(sum));
    return plm_buf_check(&out->facts, err);
}

static const char *const everything[] = {"**", NULL};
static const struct plm_extractor retrieve_text = {
    .id = "retrieve",
    .summary = "contents of the files that a policy names",
    .version = 1,
    .globs = everything,
    .max_bytes = STORED_MAX,
    .extract = extract_text,
    .prepare = prepare,
    .wants = wants,
};
static const struct plm_extractor retrieve_digest = {
    .id = "file-digests",
    .summary = "SHA-256 of the files that a policy names",
    .version = 1,
    .globs = everything,
    .max_bytes = 1u << 30,
    .extract = extract_digest,
    .prepare = prepare,
    .wants = wants,
};

/* ---- contents ------------------------------------------------------------------------------------- */

static bool wants_text(const struct plm_inspect_options *opt)
{
    return opt->retrieve.n > 0;
}

static int text_params(const struct plm_inspect_options *opt, size_t i, struct plm_arena *a, plm_sv *out,
                       plm_err **err)
{
    (void)i;
    return put_names(&opt->retrieve, a, out, err);
}

static int store(struct plm_inspection *in, plm_err **err)
{
    for (size_t i = 0; i < in->analysis->facts.n; i++) {
        const struct plm_facts *f = &in->analysis->facts.v[i];
        if (f->extractor != &retrieve_text || !f->visible)
            continue;
        struct plm_fact_stored *s = plm_vec_push(in->facts->arena, &in->facts->stored);
        if (s) {
            s->path = plm_arena_sv(in->facts->arena, f->path);
            s->text = plm_arena_sv(in->facts->arena, f->data.p ? f->data : PLM_SV(""));
        }
    }
    in->facts->known |= PLM_FACT_STORED;
    return plm_arena_check(in->facts->arena, err);
}

static const struct plm_extractor *const text_extractors[] = {&retrieve_text, NULL};
static const struct plm_inspector retrieve = {
    .id = "retrieve",
    .summary = "contents of the files that a policy names",
    .extractors = text_extractors,
    .is_wanted = wants_text,
    .params = text_params,
    .inspect = store,
    .order = 5,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, retrieve);

/* ---- digests -------------------------------------------------------------------------------------- */

static bool wants_digests(const struct plm_inspect_options *opt)
{
    return opt->digests.n > 0;
}

static int digest_params(const struct plm_inspect_options *opt, size_t i, struct plm_arena *a, plm_sv *out,
                         plm_err **err)
{
    (void)i;
    return put_names(&opt->digests, a, out, err);
}

static int note_digests(struct plm_inspection *in, plm_err **err)
{
    struct plm_image_facts *facts = in->facts;
    for (size_t i = 0; i < facts->files.n; i++) {
        struct plm_fact_file *file = &facts->files.v[i];
        const struct plm_facts *f = plm_inspect_facts_of(in->analysis, &retrieve_digest, file->path);
        if (!f || f->data.n != PLM_SHA256_BYTES)
            continue;
        plm_auto_done(plm_buf_done) struct plm_buf hex = PLM_BUF(PLM_KIB(1));
        plm_text_hex(&hex, (const unsigned char *)f->data.p, f->data.n);
        file->sha256 = plm_arena_sv(facts->arena, plm_buf_sv(&hex));
    }
    return plm_arena_check(facts->arena, err);
}

static const struct plm_extractor *const digest_extractors[] = {&retrieve_digest, NULL};
static const struct plm_inspector digests = {
    .id = "file-digests",
    .summary = "SHA-256 of the files that a policy names",
    .extractors = digest_extractors,
    .needs_entries = true,
    .is_wanted = wants_digests,
    .params = digest_params,
    .inspect = note_digests,
    .order = 5,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, digests);
