/* SPDX-License-Identifier: Apache-2.0
 *
 * Files searched line by line by named expressions, as Anchore's analyzers do it: `NAME=REGEX`, matched at
 * the start of each line (its end included), in regular files up to a size; what is kept is the path, the
 * pattern's text and the numbers of the lines, from 0. Two searches: contents (facts.content; no patterns of
 * its own) and secrets (facts.secrets; five by default, files up to 10000 bytes).
 *
 * The lines are bytes and so are the patterns. A pattern that does not compile, or gives up on a file, is a
 * diagnostic and matches nothing there. Cost: lines times patterns; PCRE2's own look at required characters
 * makes most of them cheap.
 */
#include "inspect/inspect_int.h"

#include "base/buf.h"
#include "base/rd.h"
#include "codec/pyre.h"

enum { CONTENT_MAX = 1 << 20, SECRET_MAX = 10000, PATTERNS_MAX = 1000, LINES_MAX = 100000 };

/* The original's own, character by character: they are part of its messages. */
static const char *const secret_patterns[] = {
    "AWS_ACCESS_KEY=(?i).*aws_access_key_id( *=+ *).*(?<![A-Z0-9])[A-Z0-9]{20}(?![A-Z0-9]).*",
    ("AWS_SECRET_KEY=(?i).*aws_secret_access_key( *=+ "
     "*).*(?<![A-Za-z0-9/+=])[A-Za-z0-9/+=]{40}(?![A-Za-z0-9/+=]).*"),
    "PRIV_KEY=(?i)-+BEGIN(.*)PRIVATE KEY-+",
    "DOCKER_AUTH=(?i).*\"auth\": *\".+\"",
    "API_KEY=(?i).*api(-|_)key( *=+ *).*(?<![A-Z0-9])[A-Z0-9]{20,60}(?![A-Z0-9]).*",
    NULL,
};

/* ---- in the worker -------------------------------------------------------------------------------- */

struct pattern {
    plm_sv text;
    struct plm_pyre *re; /* NULL: it does not compile */
};
typedef PLM_VEC(struct pattern) pattern_vec;

/* The expressions live in the arena, as long as the worker. */
static int prepare(plm_sv params, const struct plm_limits *limits, struct plm_arena *a, void **out_state,
                   plm_err **err)
{
    struct plm_rd r = PLM_RD(params);
    pattern_vec *patterns = plm_arena_make(a, pattern_vec);
    size_t n = plm_rd_count(&r, PATTERNS_MAX);
    (void)limits;
    for (size_t i = 0; patterns && i < n; i++) {
        struct pattern *p = plm_vec_push(a, patterns);
        plm_sv name, regex;
        if (!p)
            break;
        p->text = plm_rd_view(&r);
        plm_err *bad = NULL;
        if (plm_sv_cut(p->text, '=', &name, &regex))
            p->re = plm_pyre_new_in(a, regex, PLM_PYRE_BYTES, &bad);
        if (plm_err_code(bad) == PLM_E_OOM)
            return plm_err_move(err, &bad);
        plm_err_free(bad); /* said once by the inspector */
    }
    *out_state = patterns;
    return r.failed ? plm_fail(err, PLM_E_INTERNAL, "malformed list of patterns") : plm_arena_check(a, err);
}

/* Python's readlines: a line keeps its end. */
static bool next_line(plm_sv *rest, plm_sv *line)
{
    if (!rest->n)
        return false;
    size_t end = plm_sv_find(*rest, '\n');
    size_t n = end == SIZE_MAX ? rest->n : end + 1;
    *line = plm_sv_sub(*rest, 0, n);
    *rest = plm_sv_from_off(*rest, n);
    return true;
}

/* {index of the pattern, number of lines, lines as differences}. */
static void search(const struct pattern *p, size_t index, plm_sv content, struct plm_extract_out *out)
{
    plm_auto_done(plm_buf_done) struct plm_buf lines = PLM_BUF(PLM_MIB(1));
    plm_sv rest = content, line;
    uint32_t number = 0, before = 0, n = 0;
    for (; n < LINES_MAX && next_line(&rest, &line); number++) {
        int hit = plm_pyre_test(p->re, line, PLM_PYRE_MATCH, NULL);
        if (hit < 0) {
            out->diag(out, "content.gave-up", PLM_SEV_MEDIUM, "%.*s gave up on line %u", PLM_SV_ARG(p->text),
                      number);
            break;
        }
        if (!hit)
            continue;
        plm_buf_varint(&lines, number - before);
        before = number;
        n++;
    }
    if (!n)
        return;
    plm_buf_varint(&out->facts, index);
    plm_buf_varint(&out->facts, n);
    plm_buf_sv_put(&out->facts, plm_buf_sv(&lines));
}

static int extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    const pattern_vec *patterns = out->state;
    (void)e;
    for (size_t i = 0; patterns && i < patterns->n; i++)
        if (patterns->v[i].re)
            search(&patterns->v[i], i, content, out);
    return plm_buf_check(&out->facts, err);
}

static bool wants_nothing_large(const void *state, const struct plm_entry *e)
{
    const pattern_vec *patterns = state;
    return patterns && patterns->n && e->size > 0;
}

static const char *const everything[] = {"**", NULL};
static const struct plm_extractor content_search = {
    .id = "content-search",
    .summary = "lines that match the expressions of a policy",
    .version = 1,
    .globs = everything,
    .max_bytes = CONTENT_MAX,
    .skips_large = true,
    .extract = extract,
    .prepare = prepare,
    .wants = wants_nothing_large,
};
static const struct plm_extractor secret_search = {
    .id = "secret-search",
    .summary = "lines that match Anchore's expressions for secrets",
    .version = 1,
    .globs = everything,
    .max_bytes = SECRET_MAX,
    .skips_large = true,
    .extract = extract,
    .prepare = prepare,
    .wants = wants_nothing_large,
};

/* ---- the inspectors --------------------------------------------------------------------------------- */

static int put_patterns(const plm_sv_vec *patterns, struct plm_arena *a, plm_sv *out, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(16));
    if (patterns->n > PATTERNS_MAX)
        return plm_fail(err, PLM_E_LIMIT, "more than %d patterns to search for", PATTERNS_MAX);
    plm_buf_varint(&b, patterns->n);
    for (size_t i = 0; i < patterns->n; i++)
        plm_buf_view(&b, patterns->v[i]);
    if (plm_buf_check(&b, err) < 0)
        return -1;
    *out = plm_arena_sv(a, plm_buf_sv(&b));
    return plm_arena_check(a, err);
}

/* A pattern that cannot be searched for is said: it would look like one that was not found. */
static void check_patterns(struct plm_inspection *in, const plm_sv_vec *patterns)
{
    for (size_t i = 0; i < patterns->n; i++) {
        plm_sv name, regex;
        plm_err *bad = NULL;
        if (!plm_sv_cut(patterns->v[i], '=', &name, &regex)) {
            plm_diag(in->report, "content.pattern", PLM_SEV_HIGH, in->target, patterns->v[i],
                     "not NAME=REGEX");
            continue;
        }
        struct plm_pyre *re = plm_pyre_new(regex, PLM_PYRE_BYTES, &bad);
        if (!re)
            plm_diag_err(in->report, "content.pattern", PLM_SEV_HIGH, in->target, name, bad);
        plm_err_free(bad);
        plm_pyre_free(re);
    }
}

typedef __typeof__(((struct plm_image_facts *)0)->content) match_vec;

static void add_matches(struct plm_arena *a, const struct plm_facts *f, const plm_sv_vec *patterns,
                        match_vec *out)
{
    struct plm_rd r = PLM_RD(f->data);
    while (!r.failed && plm_rd_left(&r)) {
        size_t index = plm_rd_count(&r, PATTERNS_MAX), n = plm_rd_count(&r, LINES_MAX);
        struct plm_fact_match *m = NULL;
        if (!r.failed && index < patterns->n)
            m = plm_vec_push(a, out);
        uint32_t line = 0;
        if (m) {
            m->path = plm_arena_sv(a, f->path);
            m->pattern = plm_arena_sv(a, patterns->v[index]);
        }
        for (size_t i = 0; i < n && !r.failed; i++) {
            line += (uint32_t)plm_rd_count(&r, UINT32_MAX);
            if (!m)
                continue;
            uint32_t *slot = plm_vec_push(a, &m->lines);
            if (slot)
                *slot = line;
        }
    }
}

static void collect(struct plm_inspection *in, const struct plm_extractor *x, const plm_sv_vec *patterns,
                    match_vec *out)
{
    check_patterns(in, patterns);
    for (size_t i = 0; i < in->analysis->facts.n; i++)
        if (in->analysis->facts.v[i].extractor == x && in->analysis->facts.v[i].visible)
            add_matches(in->facts->arena, &in->analysis->facts.v[i], patterns, out);
}

static bool wants_content(const struct plm_inspect_options *opt)
{
    return opt->content_patterns.n > 0;
}

static int content_params(const struct plm_inspect_options *opt, size_t i, struct plm_arena *a, plm_sv *out,
                          plm_err **err)
{
    (void)i;
    return put_patterns(&opt->content_patterns, a, out, err);
}

static int inspect_content(struct plm_inspection *in, plm_err **err)
{
    match_vec out = {0};
    collect(in, &content_search, &in->opt->content_patterns, &out);
    in->facts->content = out;
    in->facts->known |= PLM_FACT_CONTENT;
    return plm_arena_check(in->facts->arena, err);
}

static bool wants_secrets(const struct plm_inspect_options *opt)
{
    return opt->want_anchore_secrets || opt->secret_patterns.n > 0;
}

/* Those that are given, else the five. */
static int patterns_of(const struct plm_inspect_options *opt, struct plm_arena *a, plm_sv_vec *out,
                       plm_err **err)
{
    *out = opt->secret_patterns;
    if (out->n)
        return 0;
    *out = (plm_sv_vec){0};
    for (size_t i = 0; secret_patterns[i]; i++)
        plm_sv_vec_add(a, out, plm_sv_from(secret_patterns[i]));
    return plm_arena_check(a, err);
}

static int secret_params(const struct plm_inspect_options *opt, size_t i, struct plm_arena *a, plm_sv *out,
                         plm_err **err)
{
    plm_sv_vec patterns;
    (void)i;
    return patterns_of(opt, a, &patterns, err) < 0 ? -1 : put_patterns(&patterns, a, out, err);
}

static int inspect_secrets(struct plm_inspection *in, plm_err **err)
{
    plm_sv_vec patterns;
    match_vec out = {0};
    if (patterns_of(in->opt, in->facts->arena, &patterns, err) < 0)
        return -1;
    collect(in, &secret_search, &patterns, &out);
    in->facts->secrets.v = out.v;
    in->facts->secrets.n = out.n;
    in->facts->secrets.cap = out.cap;
    in->facts->known |= PLM_FACT_SECRETS;
    return plm_arena_check(in->facts->arena, err);
}

static const struct plm_extractor *const content_extractors[] = {&content_search, NULL};
static const struct plm_extractor *const secret_extractors[] = {&secret_search, NULL};

static const struct plm_inspector content = {
    .id = "content-search",
    .summary = "lines of files that match the expressions of a policy",
    .extractors = content_extractors,
    .is_wanted = wants_content,
    .params = content_params,
    .inspect = inspect_content,
    .order = 5,
};
static const struct plm_inspector secrets = {
    .id = "secret-search",
    .summary = "lines of files that match Anchore's expressions for secrets, where a policy asks for them",
    .extractors = secret_extractors,
    .is_wanted = wants_secrets,
    .params = secret_params,
    .inspect = inspect_secrets,
    .order = 5,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, content);
PLM_REGISTER(plm_inspectors, struct plm_inspector, secrets);
