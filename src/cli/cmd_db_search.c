/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll db search: what the data say about an id, a package or a word.
 *
 * An id is looked up with all its aliases; else a package of that name; else the word in ids,
 * package names, titles and details, any case. One pass over the records marks what is meant, one
 * over the ranges collects them: linear in the store, a second at most.
 */
#include "base/text.h"
#include "cli/db_common.h"

struct row {
    uint32_t feed, advisory;
    plm_sv ecosystem, package, range, state, severity;
};

struct search {
    struct plm_cli *cli;
    struct plm_db *db;
    plm_sv query;
    unsigned char **marks; /* by feed, by record */
    uint64_t found;
    PLM_VEC(struct row) rows;
};

static bool mark(struct search *s, uint32_t feed, uint32_t advisory)
{
    if (!s->marks[feed][advisory]) {
        s->marks[feed][advisory] = 1;
        s->found++;
    }
    return true;
}

static int mark_record(void *arg, uint32_t feed, uint32_t advisory)
{
    return mark(arg, feed, advisory) ? 0 : -1;
}

static int mark_package(void *arg, const struct plm_db_hit *h)
{
    struct search *s = arg;
    if (plm_sv_ieq(h->package, s->query))
        mark(s, h->feed, h->advisory);
    return 0;
}

static bool contains(plm_sv text, plm_sv word)
{
    for (size_t i = 0; i + word.n <= text.n; i++)
        if (plm_sv_ieq(plm_sv_sub(text, i, word.n), word))
            return true;
    return false;
}

static int mark_package_part(void *arg, const struct plm_db_hit *h)
{
    struct search *s = arg;
    if (contains(h->package, s->query))
        mark(s, h->feed, h->advisory);
    return 0;
}

static int mark_texts(struct search *s, uint32_t feed, uint64_t records, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    for (uint32_t i = 0; i < records; i++) {
        struct plm_advisory adv;
        if (plm_cancelled(&s->cli->ctx))
            return plm_fail(err, PLM_E_CANCEL, "stopped");
        if (plm_db_advisory(s->db, feed, i, a, &adv, err) < 0)
            return -1;
        if (contains(adv.id, s->query) || contains(adv.title, s->query) || contains(adv.details, s->query))
            mark(s, feed, i);
        plm_arena_reset(a);
    }
    return 0;
}

static uint64_t advisories_of(const struct plm_db *db, size_t feed)
{
    struct plm_db_feed_info f;
    plm_db_feed(db, feed, &f);
    return f.advisories;
}

static int mark_all(struct search *s, plm_err **err)
{
    plm_sv_vec ids = {0};
    if (plm_db_aliases(s->db, s->query, s->cli->arena, &ids, err) < 0)
        return -1;
    for (size_t i = 0; i < ids.n; i++)
        if (plm_db_find(s->db, ids.v[i], mark_record, s, err) < 0)
            return -1;
    size_t n = plm_db_feed_count(s->db);
    for (size_t i = 0; !s->found && i < n; i++)
        if (plm_db_each_range(s->db, i, mark_package, s, err) < 0)
            return -1;
    if (s->found)
        return 0;
    for (uint32_t i = 0; i < n; i++)
        if (plm_db_each_range(s->db, i, mark_package_part, s, err) < 0 ||
            mark_texts(s, i, advisories_of(s->db, i), err) < 0)
            return -1;
    return 0;
}

/* "< 3.0.9-1", "[1.2, 1.4)", "= 2.0". */
static plm_sv range_text(struct plm_arena *a, const struct plm_db_hit *h)
{
    plm_sv from = h->introduced, fixed = h->fixed, last = h->last_affected;
    if (fixed.p)
        return from.p ? plm_arena_printf(a, "[%.*s, %.*s)", PLM_SV_ARG(from), PLM_SV_ARG(fixed))
                      : plm_arena_printf(a, "< %.*s", PLM_SV_ARG(fixed));
    if (last.p && from.p)
        return plm_sv_eq(from, last)
                   ? plm_arena_printf(a, "= %.*s", PLM_SV_ARG(last))
                   : plm_arena_printf(a, "[%.*s, %.*s]", PLM_SV_ARG(from), PLM_SV_ARG(last));
    if (last.p)
        return plm_arena_printf(a, "<= %.*s", PLM_SV_ARG(last));
    return from.p ? plm_arena_printf(a, ">= %.*s", PLM_SV_ARG(from)) : PLM_SV("all versions");
}

static int collect(void *arg, const struct plm_db_hit *h)
{
    struct search *s = arg;
    if (!s->marks[h->feed][h->advisory])
        return 0;
    struct row *r = plm_vec_push(s->cli->arena, &s->rows);
    if (!r)
        return -1;
    *r = (struct row){h->feed,
                      h->advisory,
                      h->ecosystem,
                      h->package,
                      range_text(s->cli->arena, h),
                      plm_sv_from(plm_fix_state_name(h->state)),
                      h->native_severity};
    return r->range.p ? 0 : -1;
}

static int row_order(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->feed != y->feed || x->advisory != y->advisory)
        return x->feed != y->feed ? (x->feed < y->feed ? -1 : 1) : (x->advisory < y->advisory ? -1 : 1);
    int c = plm_sv_cmp(x->ecosystem, y->ecosystem);
    if (!c)
        c = plm_sv_cmp(x->package, y->package);
    return c ? c : plm_sv_cmp(x->range, y->range);
}

static int collect_all(struct search *s, plm_err **err)
{
    for (size_t i = 0; i < plm_db_feed_count(s->db); i++)
        if (plm_db_each_range(s->db, i, collect, s, err) < 0)
            return plm_arena_failed(s->cli->arena) ? plm_arena_check(s->cli->arena, err) : -1;
    if (s->rows.n)
        qsort(s->rows.v, s->rows.n, sizeof(*s->rows.v), row_order);
    return 0;
}

/* ---- output ----------------------------------------------------------------------------------- */

static void put_ids(struct plm_buf *b, const char *label, const plm_sv_vec *v)
{
    if (v->n)
        plm_buf_printf(b, "  %s", label);
    for (size_t i = 0; i < v->n; i++) {
        plm_buf_byte(b, ' ');
        plm_text_escape(b, v->v[i]);
    }
    if (v->n)
        plm_buf_byte(b, '\n');
}

static void put_scores(struct search *s, struct plm_buf *b, const struct plm_advisory *adv)
{
    int64_t added;
    double score, percentile;
    if (plm_db_kev(s->db, adv->id, &added))
        plm_buf_printf(b, "  known to be exploited, listed %.*s\n",
                       PLM_SV_ARG(plm_cli_date(s->cli->arena, added)));
    if (plm_db_epss(s->db, adv->id, &score, &percentile))
        plm_buf_printf(b, "  EPSS %.5f, percentile %.3f\n", score, percentile);
}

static void put_record(struct search *s, struct plm_buf *b, plm_sv feed, const struct plm_advisory *adv,
                       const struct row *rows, size_t n)
{
    plm_text_escape(b, adv->id);
    plm_buf_printf(b, " (%.*s)%s", PLM_SV_ARG(feed), adv->withdrawn ? " WITHDRAWN" : "");
    if (adv->severity.n) {
        plm_buf_str(b, " ");
        plm_text_escape(b, adv->severity);
    }
    plm_buf_str(b, "  ");
    plm_text_escape(b,
                    adv->title.n ? adv->title : plm_sv_sub(adv->details, 0, plm_sv_find(adv->details, '\n')));
    plm_buf_byte(b, '\n');
    put_ids(b, "also", &adv->aliases);
    put_ids(b, "covers", &adv->covers);
    put_scores(s, b, adv);
    struct plm_cli_table t = {.columns = 4};
    for (size_t i = 0; i < n; i++) {
        const plm_sv cells[] = {plm_arena_printf(s->cli->arena, "  %.*s", PLM_SV_ARG(rows[i].ecosystem)),
                                rows[i].package, rows[i].range, rows[i].state};
        for (size_t c = 0; c < 4; c++)
            (void)!plm_sv_vec_add(s->cli->arena, &t.cells, cells[c]);
    }
    plm_cli_table_put(b, &t, "0000");
}

static void put_json_ids(struct plm_buf *b, const char *key, const plm_sv_vec *v)
{
    plm_buf_printf(b, ", \"%s\": [", key);
    for (size_t i = 0; i < v->n; i++) {
        plm_buf_str(b, i ? ", " : "");
        plm_text_json(b, v->v[i]);
    }
    plm_buf_byte(b, ']');
}

static void put_json_text(struct plm_buf *b, const char *key, plm_sv v)
{
    plm_buf_printf(b, "\"%s\": ", key);
    if (v.p)
        plm_text_json(b, v);
    else
        plm_buf_str(b, "null");
}

static void put_json_record(struct plm_buf *b, plm_sv feed, const struct plm_advisory *adv,
                            const struct row *rows, size_t n, bool is_first)
{
    plm_buf_str(b, is_first ? "\n  {" : ",\n  {");
    put_json_text(b, "id", adv->id);
    plm_buf_str(b, ", ");
    put_json_text(b, "feed", feed);
    plm_buf_str(b, ", ");
    put_json_text(b, "severity", adv->severity);
    plm_buf_printf(b, ", \"withdrawn\": %s, ", adv->withdrawn ? "true" : "false");
    put_json_text(b, "title", adv->title);
    plm_buf_str(b, ", ");
    put_json_text(b, "details", adv->details);
    put_json_ids(b, "aliases", &adv->aliases);
    put_json_ids(b, "covers", &adv->covers);
    put_json_ids(b, "references", &adv->references);
    plm_buf_str(b, ", \"affected\": [");
    for (size_t i = 0; i < n; i++) {
        plm_buf_str(b, i ? ", {" : "{");
        put_json_text(b, "ecosystem", rows[i].ecosystem);
        plm_buf_str(b, ", ");
        put_json_text(b, "package", rows[i].package);
        plm_buf_str(b, ", ");
        put_json_text(b, "range", rows[i].range);
        plm_buf_str(b, ", ");
        put_json_text(b, "state", rows[i].state);
        plm_buf_str(b, ", ");
        put_json_text(b, "severity", rows[i].severity);
        plm_buf_byte(b, '}');
    }
    plm_buf_str(b, "]}");
}

enum { SHOWN = 40 };

static int put_all(struct search *s, bool json, struct plm_buf *b, plm_err **err)
{
    uint64_t shown = 0;
    size_t at = 0;
    plm_buf_str(b, json ? "[" : "");
    for (uint32_t f = 0; f < plm_db_feed_count(s->db); f++) {
        struct plm_db_feed_info info;
        plm_db_feed(s->db, f, &info);
        uint64_t n = advisories_of(s->db, f);
        for (uint32_t k = 0; k < n; k++) {
            struct plm_advisory adv;
            if (!s->marks || !s->marks[f] || !s->marks[f][k])
                continue;
            size_t first = at;
            while (at < s->rows.n && s->rows.v[at].feed == f && s->rows.v[at].advisory == k)
                at++;
            if (!json && !s->cli->verbose && shown >= SHOWN)
                continue;
            if (plm_db_advisory(s->db, f, k, s->cli->arena, &adv, err) < 0)
                return -1;
            if (json)
                put_json_record(b, info.name, &adv, s->rows.v + first, at - first, shown == 0);
            else
                put_record(s, b, info.name, &adv, s->rows.v + first, at - first);
            shown++;
        }
    }
    plm_buf_str(b, json ? (shown ? "\n]\n" : "]\n") : "");
    if (shown < s->found)
        plm_buf_printf(b, "and %llu more records; -v shows all\n", (unsigned long long)(s->found - shown));
    return plm_buf_check(b, err);
}

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    bool json;
    plm_config_words(cli->config, &words);
    struct search s = {.cli = cli, .query = plm_sv_from(words[0])};
    if (plm_cli_wants_json(cli, &json, err) < 0)
        return -1;
    if (!s.query.n)
        return plm_fail_id(err, PLM_E_USAGE, "usage.arguments", "nothing to search for");
    plm_auto(plm_db_close) struct plm_db *db = plm_cli_db_open(cli, err);
    if (!db)
        return -1;
    s.db = db;
    size_t n = plm_db_feed_count(db);
    s.marks = plm_arena_array(cli->arena, n + 1, sizeof(*s.marks));
    for (size_t i = 0; s.marks && i < n; i++)
        s.marks[i] = plm_arena_alloc(cli->arena, advisories_of(db, i) + 1);
    if (plm_arena_check(cli->arena, err) < 0 || mark_all(&s, err) < 0 || collect_all(&s, err) < 0)
        return -1;
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(512));
    if (put_all(&s, json, &out, err) < 0 || plm_cli_print(plm_buf_sv(&out), err) < 0)
        return -1;
    if (!s.found)
        plm_cli_note(cli, "no record names or mentions %s", words[0]);
    return PLM_EXIT_PASSED;
}

static const struct plm_command db_search = {
    .name = "db search",
    .arguments = "ID|PACKAGE|TEXT",
    .summary = "what the vulnerability data say about an id, a package or a word",
    .help = "An id is looked up together with its aliases. If no record has it, records about a package of "
            "that name "
            "are shown, and if there is none either, records that mention the text.\n\n"
            "The table stops after 40 records unless -v is given; json has all of them.",
    .examples = "plimsoll db search CVE-2021-44228\tevery record of one flaw\n"
                "plimsoll db search openssl -o json\teverything about a package\n",
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, db_search);
