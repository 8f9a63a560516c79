/* SPDX-License-Identifier: Apache-2.0
 *
 * From pushed advisories to the sections of one feed (format.md). A sink collects; ending it
 * seals the sections in memory; the builder (write.c) puts the sealed feeds of one or many
 * threads into a file.
 *
 * Everything that repeats is stored once per feed: strings, versions with their encoded keys,
 * and the tuple of attributes of a range (state, severity, scheme, arch ...), which few
 * distinct values share. Ranges are chained per (ecosystem, package) while they arrive and
 * laid out group by group at the end, so nothing is sorted but the ecosystems. O(input).
 */
#include "version/version.h"
#include "vulndb/vulndb_int.h"

#include <stdarg.h>
#include <stdio.h>

enum { TEXT_MAX = 1 << 20, BAD_TEXT_MAX = 400 };

struct range_row {
    uint32_t advisory, introduced, end, attribute, next;
};

struct group_row {
    uint32_t ecosystem, name, first, last, n;
};

struct cve_row {
    uint32_t cve, value;
};

struct writer {
    struct plm_feed_sink sink; /* first: a sink is a writer */
    plm_sv name, format;
    struct plm_strpool pool;
    struct plm_itab version_index, attribute_index, group_index;
    struct plm_buf versions, attributes, advisories; /* final rows */
    struct plm_buf ranges, groups;                   /* range_row, group_row */
    struct plm_buf ecosystems;                       /* u32 refs, in order of appearance */
    struct plm_buf kev, epss;                        /* cve_row */
    struct plm_buf eol;                              /* final rows */
    struct plm_buf key, text, bad_rows;              /* scratch, and the kept messages */
    struct plm_text_writer *texts;
    uint64_t n_advisories, n_ranges, n_bad, bad_kept;
    int64_t as_of, newest;
};

static struct writer *writer_of(struct plm_feed_sink *s)
{
    return s->impl;
}

static void writer_free(struct writer *w)
{
    if (!w)
        return;
    plm_strpool_done(&w->pool);
    plm_itab_done(&w->version_index);
    plm_itab_done(&w->attribute_index);
    plm_itab_done(&w->group_index);
    struct plm_buf *const all[] = {&w->versions, &w->attributes, &w->advisories, &w->ranges,
                                   &w->groups,   &w->ecosystems, &w->kev,        &w->epss,
                                   &w->eol,      &w->key,        &w->text,       &w->bad_rows};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        plm_buf_done(all[i]);
    plm_text_writer_free(w->texts);
    plm_arena_free(w->sink.arena);
    plm_arena_free(w->sink.keep);
    free(w);
}

static uint32_t seconds32(int64_t t)
{
    return t <= 0 ? 0 : t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
}

/* ---- tables of shared rows ------------------------------------------------------------------ */

/* Number of the row with these bytes, appended if new. */
static int row_add(struct plm_buf *table, struct plm_itab *index, plm_sv row, uint32_t *out, plm_err **err)
{
    uint64_t hash = plm_sv_hash(row);
    size_t at = 0;
    while (plm_itab_next(index, hash, &at, out))
        if (memcmp(table->p + *out * row.n, row.p, row.n) == 0)
            return 0;
    *out = (uint32_t)(table->n / row.n);
    plm_buf_sv_put(table, row);
    if (plm_buf_check(table, err) < 0)
        return -1;
    return plm_itab_add(index, hash, *out, err);
}

static void put32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> 8 * i);
}

/* Row number + 1 of a version; 0 for none. The key is empty where the scheme is not known. */
static int version_add(struct writer *w, const struct plm_scheme *scheme, plm_sv text, uint32_t *out,
                       plm_err **err)
{
    unsigned char row[PLM_ROW_VERSION];
    uint32_t text_ref, key_ref = 0, i;
    *out = 0;
    if (!text.p || !text.n)
        return 0;
    if (plm_strpool_add(&w->pool, text, &text_ref, err) < 0)
        return -1;
    if (scheme) {
        plm_buf_clear(&w->key);
        scheme->encode(text, &w->key);
        if (plm_buf_check(&w->key, err) < 0 ||
            plm_strpool_add(&w->pool, plm_buf_sv(&w->key), &key_ref, err) < 0)
            return plm_wrap(err, "version key");
    }
    put32(row, text_ref);
    put32(row + 4, key_ref);
    if (row_add(&w->versions, &w->version_index, plm_sv_n((const char *)row, sizeof(row)), &i, err) < 0)
        return -1;
    *out = i + 1;
    return 0;
}

static int attribute_add(struct writer *w, const struct plm_affected *af, const struct plm_scheme *scheme,
                         uint8_t end, uint32_t *out, plm_err **err)
{
    unsigned char row[PLM_ROW_ATTRIBUTE];
    enum plm_severity severity = PLM_SEV_UNKNOWN;
    if (af->severity.n && !plm_severity_parse(af->severity, &severity))
        severity = PLM_SEV_UNKNOWN;
    plm_sv texts[] = {scheme ? plm_sv_from(scheme->id) : af->scheme,
                      af->arch,
                      af->modularity,
                      af->channel,
                      af->severity,
                      af->note};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        uint32_t ref;
        if (plm_strpool_add(&w->pool, plm_sv_sub(texts[i], 0, TEXT_MAX), &ref, err) < 0)
            return -1;
        put32(row + 4 * i, ref);
    }
    /* A range with a fix is fixed, whatever state its package has as a whole. */
    enum plm_fix_state state =
        end == PLM_END_FIXED && af->state != PLM_FIX_NOT_AFFECTED ? PLM_FIX_FIXED : af->state;
    row[24] = (unsigned char)state;
    row[25] = (unsigned char)severity;
    row[26] = af->is_binary ? PLM_ATTR_BINARY : 0;
    row[27] = end;
    return row_add(&w->attributes, &w->attribute_index, plm_sv_n((const char *)row, sizeof(row)), out, err);
}

static int ecosystem_add(struct writer *w, plm_sv name, uint32_t *out, plm_err **err)
{
    uint32_t ref;
    if (plm_strpool_add(&w->pool, name, &ref, err) < 0)
        return -1;
    const uint32_t *refs = (const void *)w->ecosystems.p;
    size_t n = w->ecosystems.n / sizeof(*refs);
    for (size_t i = n; i-- > 0;) { /* few, and mostly the last one again */
        if (refs[i] == ref) {
            *out = (uint32_t)i;
            return 0;
        }
    }
    if (n >= 65536)
        return plm_fail(err, PLM_E_LIMIT, "more than 65536 ecosystems in one feed");
    plm_buf_put(&w->ecosystems, &ref, sizeof(ref));
    *out = (uint32_t)n;
    return plm_buf_check(&w->ecosystems, err);
}

static int group_add(struct writer *w, uint32_t ecosystem, plm_sv package, uint32_t *out, plm_err **err)
{
    uint32_t name;
    if (plm_strpool_add(&w->pool, package, &name, err) < 0)
        return -1;
    uint64_t hash = ((uint64_t)ecosystem << 32 | name) * 0x9e3779b97f4a7c15u;
    size_t at = 0;
    while (plm_itab_next(&w->group_index, hash, &at, out)) {
        const struct group_row *g = (const struct group_row *)(const void *)w->groups.p + *out;
        if (g->ecosystem == ecosystem && g->name == name)
            return 0;
    }
    struct group_row g = {ecosystem, name, PLM_NONE, PLM_NONE, 0};
    *out = (uint32_t)(w->groups.n / sizeof(g));
    plm_buf_put(&w->groups, &g, sizeof(g));
    if (plm_buf_check(&w->groups, err) < 0)
        return -1;
    return plm_itab_add(&w->group_index, hash, *out, err);
}

static int range_add(struct writer *w, uint32_t group, struct range_row row, plm_err **err)
{
    size_t i = w->ranges.n / sizeof(row);
    if (i >= PLM_NONE)
        return plm_fail(err, PLM_E_LIMIT, "more than %u ranges in one feed", PLM_NONE - 1);
    row.next = PLM_NONE;
    plm_buf_put(&w->ranges, &row, sizeof(row));
    if (plm_buf_check(&w->ranges, err) < 0)
        return -1;
    struct group_row *g = (struct group_row *)(void *)w->groups.p + group;
    if (g->n++)
        ((struct range_row *)(void *)w->ranges.p)[g->last].next = (uint32_t)i;
    else
        g->first = (uint32_t)i;
    g->last = (uint32_t)i;
    w->n_ranges++;
    return 0;
}

/* ---- the sink ------------------------------------------------------------------------------- */

static int affected_add(struct writer *w, uint32_t advisory, const struct plm_affected *af, plm_err **err)
{
    static const struct plm_range all = {0};
    uint32_t ecosystem, group;
    const struct plm_scheme *scheme = plm_scheme_find(af->scheme.n ? af->scheme : af->ecosystem);
    if (ecosystem_add(w, af->ecosystem, &ecosystem, err) < 0 ||
        group_add(w, ecosystem, af->package, &group, err) < 0)
        return -1;
    size_t n = af->ranges.n ? af->ranges.n : 1;
    for (size_t i = 0; i < n; i++) {
        const struct plm_range *r = af->ranges.n ? &af->ranges.v[i] : &all;
        plm_sv from = r->only.n ? r->only : plm_sv_is(r->introduced, "0") ? PLM_SV_NULL : r->introduced;
        plm_sv to = r->only.n ? r->only : r->fixed.n ? r->fixed : r->last_affected;
        uint8_t end = r->only.n    ? PLM_END_LAST
                      : r->fixed.n ? PLM_END_FIXED
                      : to.n       ? PLM_END_LAST
                                   : PLM_END_NONE;
        struct range_row row = {.advisory = advisory};
        if (version_add(w, scheme, from, &row.introduced, err) < 0 ||
            version_add(w, scheme, to, &row.end, err) < 0 ||
            attribute_add(w, af, scheme, end, &row.attribute, err) < 0 || range_add(w, group, row, err) < 0)
            return -1;
    }
    return 0;
}

static int refs_put(struct writer *w, const plm_sv_vec *v, plm_err **err)
{
    plm_buf_varint(&w->text, v->n);
    for (size_t i = 0; i < v->n; i++) {
        uint32_t ref;
        if (plm_strpool_add(&w->pool, v->v[i], &ref, err) < 0)
            return -1;
        plm_buf_varint(&w->text, ref);
    }
    return 0;
}

static int lists_add(struct writer *w, const struct plm_advisory *adv, const plm_sv_vec *aliases,
                     const plm_sv_vec *covers, uint32_t *out, plm_err **err)
{
    *out = 0;
    if (!aliases->n && !covers->n && !adv->cvss.n)
        return 0;
    plm_buf_clear(&w->text);
    if (refs_put(w, aliases, err) < 0 || refs_put(w, covers, err) < 0)
        return -1;
    plm_buf_varint(&w->text, adv->cvss.n);
    for (size_t i = 0; i < adv->cvss.n; i++) {
        const struct plm_cvss *c = &adv->cvss.v[i];
        uint32_t version, vector, source;
        if (plm_strpool_add(&w->pool, c->version, &version, err) < 0 ||
            plm_strpool_add(&w->pool, c->vector, &vector, err) < 0 ||
            plm_strpool_add(&w->pool, c->source, &source, err) < 0)
            return -1;
        plm_buf_varint(&w->text, version);
        plm_buf_varint(&w->text, vector);
        plm_buf_varint(&w->text, source);
        unsigned tenths = 255; /* not known */
        if (c->score >= 0 && c->score <= 10)
            tenths = (unsigned)(c->score * 10 + 0.5); // NOLINT(bugprone-incorrect-roundings): never negative
        plm_buf_byte(&w->text, (unsigned char)tenths);
    }
    if (plm_buf_check(&w->text, err) < 0)
        return -1;
    return plm_strpool_add(&w->pool, plm_buf_sv(&w->text), out, err);
}

static int texts_add(struct writer *w, const struct plm_advisory *adv, uint32_t *out_block, uint32_t *out_at,
                     plm_err **err)
{
    *out_block = *out_at = 0;
    if (!adv->title.n && !adv->details.n && !adv->references.n)
        return 0;
    plm_buf_clear(&w->text);
    plm_buf_view(&w->text, plm_sv_sub(adv->title, 0, TEXT_MAX));
    plm_buf_view(&w->text, plm_sv_sub(adv->details, 0, TEXT_MAX));
    plm_buf_varint(&w->text, adv->references.n);
    for (size_t i = 0; i < adv->references.n; i++)
        plm_buf_view(&w->text, adv->references.v[i]);
    if (plm_buf_check(&w->text, err) < 0)
        return -1;
    return plm_text_writer_add(w->texts, plm_buf_sv(&w->text), out_block, out_at, err);
}

/* An id that is no CVE but has several of them as "aliases" is an erratum: it covers them. */
static bool split_aliases(struct plm_arena *a, const struct plm_advisory *adv, plm_sv_vec *aliases,
                          plm_sv_vec *covers)
{
    size_t cves = 0;
    for (size_t i = 0; i < adv->aliases.n; i++)
        cves += plm_sv_starts(adv->aliases.v[i], PLM_SV("CVE-"));
    bool is_erratum = cves > 1 && !plm_sv_starts(adv->id, PLM_SV("CVE-"));
    for (size_t i = 0; i < adv->covers.n; i++)
        if (!plm_sv_vec_add(a, covers, adv->covers.v[i]))
            return false;
    for (size_t i = 0; i < adv->aliases.n; i++) {
        plm_sv id = adv->aliases.v[i];
        if (plm_sv_eq(id, adv->id) || !id.n)
            continue;
        if (!plm_sv_vec_add(a, is_erratum && plm_sv_starts(id, PLM_SV("CVE-")) ? covers : aliases, id))
            return false;
    }
    plm_sv_vec_sort_unique(aliases);
    plm_sv_vec_sort_unique(covers);
    return true;
}

static int push_advisory(struct plm_feed_sink *s, const struct plm_advisory *adv, plm_err **err)
{
    struct writer *w = writer_of(s);
    plm_sv_vec aliases = {0}, covers = {0};
    if (!adv->id.n) {
        s->bad(s, PLM_SV("record"), "has no id");
        return 0;
    }
    if (w->n_advisories >= PLM_NONE)
        return plm_fail(err, PLM_E_LIMIT, "more than %u records in one feed", PLM_NONE - 1);
    if (!split_aliases(s->arena, adv, &aliases, &covers))
        return plm_arena_check(s->arena, err);
    uint32_t id, severity, lists, block, at;
    if (plm_strpool_add(&w->pool, adv->id, &id, err) < 0 ||
        plm_strpool_add(&w->pool, plm_sv_sub(adv->severity, 0, TEXT_MAX), &severity, err) < 0 ||
        lists_add(w, adv, &aliases, &covers, &lists, err) < 0 || texts_add(w, adv, &block, &at, err) < 0)
        return plm_wrap(err, "record %.*s", PLM_SV_ARG(adv->id));
    const uint32_t row[] = {id,
                            severity,
                            lists,
                            block,
                            at,
                            seconds32(adv->published),
                            seconds32(adv->modified),
                            seconds32(adv->withdrawn),
                            (adv->withdrawn ? PLM_ADV_WITHDRAWN : 0u) |
                                (adv->is_malware ? PLM_ADV_MALWARE : 0u)};
    for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
        plm_buf_u32le(&w->advisories, row[i]);
    if (plm_buf_check(&w->advisories, err) < 0)
        return -1;
    for (size_t i = 0; i < adv->affected.n; i++) {
        const struct plm_affected *af = &adv->affected.v[i];
        if (!af->ecosystem.n || !af->package.n)
            s->bad(s, adv->id, "affected entry %zu names no %s", i + 1,
                   af->package.n ? "ecosystem" : "package");
        else if (affected_add(w, (uint32_t)w->n_advisories, af, err) < 0)
            return plm_wrap(err, "record %.*s", PLM_SV_ARG(adv->id));
    }
    w->n_advisories++;
    int64_t seen = adv->modified > adv->published ? adv->modified : adv->published;
    if (seen > w->newest)
        w->newest = seen;
    plm_arena_reset(s->arena);
    return 0;
}

static int cve_add(struct plm_feed_sink *s, struct plm_buf *to, plm_sv cve, uint32_t value, plm_err **err)
{
    struct cve_row row = {.value = value};
    if (!plm_cve_pack(cve, &row.cve)) {
        s->bad(s, cve, "is not a CVE id");
        return 0;
    }
    plm_buf_put(to, &row, sizeof(row));
    return plm_buf_check(to, err);
}

static int push_kev(struct plm_feed_sink *s, plm_sv cve, int64_t added, plm_err **err)
{
    struct writer *w = writer_of(s);
    if (added > w->newest)
        w->newest = added;
    return cve_add(s, &w->kev, cve, seconds32(added), err);
}

/* 17 bits of score in hundred-thousandths (as published), 15 of percentile. */
static int push_epss(struct plm_feed_sink *s, plm_sv cve, double score, double percentile, plm_err **err)
{
    if (!(score >= 0 && score <= 1 && percentile >= 0 && percentile <= 1)) {
        s->bad(s, cve, "EPSS values are not between 0 and 1");
        return 0;
    }
    uint32_t packed = (uint32_t)(score * 100000 + 0.5) << 15 | (uint32_t)(percentile * 32767 + 0.5);
    return cve_add(s, &writer_of(s)->epss, cve, packed, err);
}

static int push_eol(struct plm_feed_sink *s, plm_sv product, plm_sv cycle, plm_sv codename, int64_t eol,
                    plm_err **err)
{
    struct writer *w = writer_of(s);
    uint32_t refs[3];
    if (plm_strpool_add(&w->pool, product, &refs[0], err) < 0 ||
        plm_strpool_add(&w->pool, cycle, &refs[1], err) < 0 ||
        plm_strpool_add(&w->pool, codename, &refs[2], err) < 0)
        return -1;
    for (size_t i = 0; i < 3; i++)
        plm_buf_u32le(&w->eol, refs[i]);
    plm_buf_u64le(&w->eol, (uint64_t)eol);
    return plm_buf_check(&w->eol, err);
}

static int push_covers(struct plm_feed_sink *s, plm_sv ecosystem, plm_err **err)
{
    uint32_t i;
    return ecosystem.n ? ecosystem_add(writer_of(s), ecosystem, &i, err) : 0;
}

__attribute__((format(printf, 3, 4))) static void push_bad(struct plm_feed_sink *s, plm_sv where,
                                                           const char *fmt, ...)
{
    struct writer *w = writer_of(s);
    w->n_bad++;
    if (w->bad_kept >= PLM_DB_BAD_KEPT)
        return;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_buf_sv_put(&b, plm_sv_sub(where, 0, BAD_TEXT_MAX));
    plm_buf_str(&b, ": ");
    va_list ap;
    va_start(ap, fmt);
    char text[BAD_TEXT_MAX];
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (n > 0)
        plm_buf_put(&b, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
    plm_buf_view(&w->bad_rows, plm_buf_sv(&b));
    w->bad_kept++;
}

static void push_as_of(struct plm_feed_sink *s, int64_t t)
{
    struct writer *w = writer_of(s);
    if (t > w->as_of)
        w->as_of = t;
}

struct plm_feed_sink *plm_feed_begin(const struct plm_ctx *ctx, const char *name, const char *format,
                                     plm_err **err)
{
    struct writer *w = calloc(1, sizeof(*w));
    if (!w)
        return PLM_NULL(plm_fail_oom(err));
    const size_t rows_max = PLM_NONE * (size_t)32;
    struct plm_buf *const tables[] = {&w->versions,   &w->attributes, &w->advisories, &w->ranges, &w->groups,
                                      &w->ecosystems, &w->kev,        &w->epss,       &w->eol};
    for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
        *tables[i] = PLM_BUF(rows_max);
    w->key = w->bad_rows = PLM_BUF(PLM_MIB(1));
    w->text = PLM_BUF(PLM_DB_BLOCK_MAX);
    w->sink = (struct plm_feed_sink){
        .ctx = ctx,
        .impl = w,
        .advisory = push_advisory,
        .kev = push_kev,
        .epss = push_epss,
        .eol = push_eol,
        .covers = push_covers,
        .bad = push_bad,
        .as_of = push_as_of,
    };
    w->sink.arena = plm_arena_new(PLM_MIB(256));
    w->sink.keep = plm_arena_new(PLM_ARENA_NO_LIMIT);
    bool have_arenas = w->sink.arena && w->sink.keep;
    if (have_arenas) {
        w->name = plm_arena_sv(w->sink.keep, plm_sv_from(name));
        w->format = plm_arena_sv(w->sink.keep, plm_sv_from(format));
    }
    if (!w->name.n || !w->format.p) {
        writer_free(w);
        return PLM_NULL(have_arenas ? plm_fail(err, PLM_E_USAGE, "a feed needs a name") : plm_fail_oom(err));
    }
    w->texts = plm_text_writer_new(err);
    if (!w->texts || plm_strpool_init(&w->pool, err) < 0) {
        writer_free(w);
        return NULL;
    }
    return &w->sink;
}

void plm_feed_abandon(struct plm_feed_sink *s)
{
    if (s)
        writer_free(writer_of(s));
}

/* ---- sealing -------------------------------------------------------------------------------- */

static int by_cve(const void *a, const void *b)
{
    const struct cve_row *x = a, *y = b;
    return x->cve != y->cve ? (x->cve > y->cve) - (x->cve < y->cve)
                            : (x->value > y->value) - (x->value < y->value);
}

/* Sorted rows; of several for one CVE the largest value (the later date, the higher score). */
static void seal_cves(struct plm_buf *rows, struct plm_buf *out)
{
    size_t n = rows->n / sizeof(struct cve_row);
    struct cve_row *v = (void *)rows->p;
    *out = PLM_BUF(rows->max);
    if (n)
        qsort(v, n, sizeof(*v), by_cve);
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && v[i + 1].cve == v[i].cve)
            continue;
        plm_buf_u32le(out, v[i].cve);
        plm_buf_u32le(out, v[i].value);
    }
    plm_buf_done(rows);
}

struct eco_order {
    plm_sv name;
    uint32_t ref, number;
};

static int by_eco_name(const void *a, const void *b)
{
    return plm_sv_cmp(((const struct eco_order *)a)->name, ((const struct eco_order *)b)->name);
}

struct seal {
    struct writer *w;
    struct plm_buf *out; /* owned[] of the sealed feed */
    uint32_t *heads;     /* groups chained by ecosystem: first group, and next by group */
    uint32_t *nexts;
};

/* The groups of one ecosystem with their ranges and hash slots. */
static int seal_ecosystem(struct seal *se, const struct eco_order *eco, plm_err **err)
{
    struct plm_buf *out = se->out;
    const struct group_row *groups = (const void *)se->w->groups.p;
    const struct range_row *ranges = (const void *)se->w->ranges.p;
    plm_sv pool = plm_buf_sv(&se->w->pool.bytes);
    uint32_t n = 0, first = (uint32_t)(out[PLM_SEC_GROUPS].n / PLM_ROW_GROUP);
    for (uint32_t g = se->heads[eco->number]; g != PLM_NONE; g = se->nexts[g])
        n++;
    uint32_t n_slots = n ? 4 : 0;
    while (n_slots < n + n / 2)
        n_slots *= 2;
    plm_auto_free uint32_t *slots = calloc(n_slots ? n_slots : 1, sizeof(*slots));
    if (!slots)
        return plm_fail_oom(err);
    uint32_t at = 0;
    for (uint32_t g = se->heads[eco->number]; g != PLM_NONE; g = se->nexts[g], at++) {
        plm_sv name;
        (void)plm_pool_get(pool, groups[g].name, &name);
        uint32_t k = (uint32_t)plm_sv_hash(name) & (n_slots - 1);
        while (slots[k])
            k = (k + 1) & (n_slots - 1);
        slots[k] = at + 1;
        plm_buf_u32le(&out[PLM_SEC_GROUPS], groups[g].name);
        plm_buf_u32le(&out[PLM_SEC_GROUPS], (uint32_t)(out[PLM_SEC_RANGES].n / PLM_ROW_RANGE));
        plm_buf_u32le(&out[PLM_SEC_GROUPS], groups[g].n);
        for (uint32_t r = groups[g].first; r != PLM_NONE; r = ranges[r].next) {
            plm_buf_u32le(&out[PLM_SEC_RANGES], ranges[r].advisory);
            plm_buf_u32le(&out[PLM_SEC_RANGES], ranges[r].introduced);
            plm_buf_u32le(&out[PLM_SEC_RANGES], ranges[r].end);
            plm_buf_u32le(&out[PLM_SEC_RANGES], ranges[r].attribute);
        }
    }
    const uint32_t row[] = {eco->ref, (uint32_t)(out[PLM_SEC_SLOTS].n / PLM_ROW_SLOT), n_slots, first, n};
    for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
        plm_buf_u32le(&out[PLM_SEC_ECOSYSTEMS], row[i]);
    for (uint32_t i = 0; i < n_slots; i++)
        plm_buf_u32le(&out[PLM_SEC_SLOTS], slots[i]);
    return 0;
}

static int seal_index(struct writer *w, struct plm_buf *out, plm_err **err)
{
    const uint32_t *refs = (const void *)w->ecosystems.p;
    const struct group_row *groups = (const void *)w->groups.p;
    size_t n_ecos = w->ecosystems.n / sizeof(*refs), n_groups = w->groups.n / sizeof(*groups);
    plm_auto_free struct eco_order *order = calloc(n_ecos + 1, sizeof(*order));
    plm_auto_free uint32_t *heads = calloc(n_ecos + 1, sizeof(*heads));
    plm_auto_free uint32_t *nexts = calloc(n_groups + 1, sizeof(*nexts));
    if (!order || !heads || !nexts)
        return plm_fail_oom(err);
    for (size_t i = 0; i < n_ecos; i++) {
        order[i] = (struct eco_order){.ref = refs[i], .number = (uint32_t)i};
        (void)plm_pool_get(plm_buf_sv(&w->pool.bytes), refs[i], &order[i].name);
        heads[i] = PLM_NONE;
    }
    for (size_t g = n_groups; g-- > 0;) { /* backwards, so that a chain runs forwards */
        nexts[g] = heads[groups[g].ecosystem];
        heads[groups[g].ecosystem] = (uint32_t)g;
    }
    if (n_ecos)
        qsort(order, n_ecos, sizeof(*order), by_eco_name);
    static const enum plm_sec index[] = {PLM_SEC_ECOSYSTEMS, PLM_SEC_SLOTS, PLM_SEC_GROUPS, PLM_SEC_RANGES};
    for (size_t i = 0; i < sizeof(index) / sizeof(*index); i++)
        out[index[i]] = PLM_BUF(w->ranges.max);
    struct seal se = {w, out, heads, nexts};
    for (size_t i = 0; i < n_ecos; i++)
        if (seal_ecosystem(&se, &order[i], err) < 0)
            return -1;
    for (size_t i = 0; i < sizeof(index) / sizeof(*index); i++)
        if (plm_buf_check(&out[index[i]], err) < 0)
            return -1;
    plm_buf_done(&w->ranges);
    plm_buf_done(&w->groups);
    return 0;
}

static struct plm_buf buf_move(struct plm_buf *b)
{
    struct plm_buf moved = *b;
    *b = PLM_BUF(0);
    return moved;
}

/* as_of: what the caller says, else the feed, else its newest record; never in the future, which would make
 * old data look young. */
static int64_t as_of_choose(const struct writer *w, int64_t as_of)
{
    int64_t t = as_of ? as_of : w->as_of ? w->as_of : w->newest, now = plm_now(w->sink.ctx);
    return t > now ? now : t;
}

static int seal_all(struct writer *w, int64_t as_of, struct plm_feed_built *f, plm_err **err)
{
    struct plm_buf *o = f->owned;
    if (seal_index(w, o, err) < 0 ||
        plm_text_writer_end(w->texts, &o[PLM_SEC_DICTIONARY], &o[PLM_SEC_BLOCKS], &o[PLM_SEC_TEXTS], err) < 0)
        return -1;
    seal_cves(&w->kev, &o[PLM_SEC_KEV]);
    seal_cves(&w->epss, &o[PLM_SEC_EPSS]);
    if (plm_buf_check(&o[PLM_SEC_KEV], err) < 0 || plm_buf_check(&o[PLM_SEC_EPSS], err) < 0)
        return -1;
    o[PLM_SEC_STRINGS] = buf_move(&w->pool.bytes);
    o[PLM_SEC_VERSIONS] = buf_move(&w->versions);
    o[PLM_SEC_ATTRIBUTES] = buf_move(&w->attributes);
    o[PLM_SEC_ADVISORIES] = buf_move(&w->advisories);
    o[PLM_SEC_EOL] = buf_move(&w->eol);
    struct plm_dbf meta = {.name = w->name,
                           .format = w->format,
                           .as_of = as_of_choose(w, as_of),
                           .records = w->n_advisories,
                           .ranges = w->n_ranges,
                           .bad = w->n_bad,
                           .bad_rows = plm_buf_sv(&w->bad_rows),
                           .bad_kept = w->bad_kept};
    meta.records +=
        o[PLM_SEC_KEV].n / PLM_ROW_KEV + o[PLM_SEC_EPSS].n / PLM_ROW_EPSS + o[PLM_SEC_EOL].n / PLM_ROW_EOL;
    o[PLM_SEC_META] = PLM_BUF(PLM_MIB(1));
    plm_dbf_meta_put(&o[PLM_SEC_META], &meta);
    if (plm_buf_check(&o[PLM_SEC_META], err) < 0)
        return -1;
    for (size_t i = 0; i < PLM_SEC_FEED_COUNT_; i++)
        f->view.sec[i] = plm_buf_sv(&o[i]);
    return plm_dbf_meta(&f->view, err);
}

int plm_feed_end(struct plm_feed_sink *s, struct plm_db_builder *b, int64_t as_of, struct plm_feed_stats *out,
                 plm_err **err)
{
    struct writer *w = writer_of(s);
    plm_auto(plm_feed_built_free) struct plm_feed_built *f = calloc(1, sizeof(*f));
    int r = f ? seal_all(w, as_of, f, err) : plm_fail_oom(err);
    writer_free(w);
    if (!f || r < 0)
        return -1;
    struct plm_feed_stats stats = {
        .records = f->view.records, .ranges = f->view.ranges, .bad = f->view.bad, .as_of = f->view.as_of};
    if (plm_db_builder_add(b, f, err) < 0)
        return -1;
    f = NULL;
    if (out)
        *out = stats;
    return 0;
}
