/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll db status, db verify: what the store holds, how old it is, whether it is whole.
 */
#include "base/text.h"
#include "base/time.h"
#include "cli/db_common.h"

struct status {
    struct plm_cli *cli;
    struct plm_db *db;
    const char *path;
    bool has_oldest, is_stale;
    int64_t oldest;
};

/* The limit of db.max-age in seconds; INT64_MAX: none. */
static int64_t max_age(const struct plm_cli *cli)
{
    uint64_t ms = plm_config_number(cli->config, "db-max-age");
    return ms == UINT64_MAX || ms == 0 ? INT64_MAX : (int64_t)(ms / 1000);
}

/* "Debian:11 Debian:12 and 3 more". */
static plm_sv ecosystems_text(struct status *s, size_t i, size_t most, plm_err **err)
{
    plm_sv_vec v = {0};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    if (plm_db_feed_ecosystems(s->db, i, s->cli->arena, &v, err) < 0)
        return PLM_SV_NULL;
    for (size_t k = 0; k < v.n && k < most; k++)
        plm_buf_printf(&b, "%s%.*s", k ? ", " : "", PLM_SV_ARG(v.v[k]));
    if (v.n > most)
        plm_buf_printf(&b, " and %zu more", v.n - most);
    return plm_arena_sv(s->cli->arena, plm_buf_sv(&b));
}

static int put_table(struct status *s, struct plm_buf *out, plm_err **err)
{
    struct plm_arena *a = s->cli->arena;
    struct plm_cli_table t = {.columns = 8};
    static const char *const heads[] = {"FEED",   "FORMAT", "AS OF", "RECORDS",
                                        "RANGES", "BAD",    "SIZE",  "COVERS"};
    for (size_t i = 0; i < 8; i++)
        if (!plm_sv_vec_add(a, &t.cells, plm_sv_from(heads[i])))
            return plm_arena_check(a, err);
    for (size_t i = 0; i < plm_db_feed_count(s->db); i++) {
        struct plm_db_feed_info f;
        plm_db_feed(s->db, i, &f);
        plm_auto_done(plm_buf_done) struct plm_buf size = PLM_BUF(100);
        plm_text_bytes(&size, f.bytes);
        plm_sv covers = ecosystems_text(s, i, s->cli->verbose ? SIZE_MAX : 3, err);
        if (!covers.p)
            return -1;
        const plm_sv cells[] = {f.name,
                                f.format,
                                plm_cli_date(a, f.as_of),
                                plm_cli_count(a, f.records),
                                plm_cli_count(a, f.ranges),
                                plm_cli_count(a, f.bad),
                                plm_buf_sv(&size),
                                covers};
        for (size_t c = 0; c < 8; c++)
            if (!plm_sv_vec_add(a, &t.cells, cells[c]))
                return plm_arena_check(a, err);
    }
    plm_cli_table_put(out, &t, "00011110");
    return 0;
}

static int put_bad(struct status *s, struct plm_buf *out, plm_err **err)
{
    for (size_t i = 0; i < plm_db_feed_count(s->db); i++) {
        struct plm_db_feed_info f;
        plm_sv_vec v = {0};
        plm_db_feed(s->db, i, &f);
        if (plm_db_feed_bad(s->db, i, s->cli->arena, &v, err) < 0)
            return -1;
        for (size_t k = 0; k < v.n; k++) {
            plm_buf_printf(out, "%s%.*s: ", i + k == 0 ? "\n" : "", PLM_SV_ARG(f.name));
            plm_text_escape(out, v.v[k]);
            plm_buf_byte(out, '\n');
        }
    }
    return 0;
}

static int put_text(struct status *s, struct plm_buf *out, plm_err **err)
{
    plm_text_escape(out, plm_sv_from(s->path));
    plm_buf_str(out, ", ");
    plm_text_bytes(out, plm_db_size(s->db));
    plm_buf_str(out, ", written ");
    plm_time_put(out, plm_db_built(s->db));
    if (s->has_oldest) {
        int64_t age = plm_now(&s->cli->ctx) - s->oldest;
        plm_buf_str(out, ", oldest data ");
        plm_text_age(out, age > 0 ? age : 0);
        plm_buf_str(out, " old");
    }
    plm_buf_str(out, "\n\n");
    if (put_table(s, out, err) < 0)
        return -1;
    return s->cli->verbose ? put_bad(s, out, err) : 0;
}

static void put_key(struct plm_buf *b, const char *comma, const char *key)
{
    plm_buf_printf(b, "%s\"%s\": ", comma, key);
}

static void put_time(struct plm_buf *b, int64_t t)
{
    if (t <= 0) {
        plm_buf_str(b, "null");
        return;
    }
    plm_buf_byte(b, '"');
    plm_time_put(b, t);
    plm_buf_byte(b, '"');
}

static int put_json_feed(struct status *s, size_t i, struct plm_buf *b, plm_err **err)
{
    struct plm_db_feed_info f;
    plm_sv_vec covers = {0}, bad = {0};
    plm_db_feed(s->db, i, &f);
    if (plm_db_feed_ecosystems(s->db, i, s->cli->arena, &covers, err) < 0 ||
        plm_db_feed_bad(s->db, i, s->cli->arena, &bad, err) < 0)
        return -1;
    put_key(b, i ? ",\n    {" : "\n    {", "name");
    plm_text_json(b, f.name);
    put_key(b, ", ", "format");
    plm_text_json(b, f.format);
    put_key(b, ", ", "as_of");
    put_time(b, f.as_of);
    const struct {
        const char *key;
        uint64_t value;
    } numbers[] = {
        {"records", f.records}, {"ranges", f.ranges}, {"bad", f.bad},     {"kev", f.kev},
        {"epss", f.epss},       {"eol", f.eol},       {"bytes", f.bytes}, {"text_bytes", f.text_bytes}};
    for (size_t k = 0; k < sizeof(numbers) / sizeof(*numbers); k++) {
        put_key(b, ", ", numbers[k].key);
        plm_buf_printf(b, "%llu", (unsigned long long)numbers[k].value);
    }
    put_key(b, ", ", "url");
    if (f.origin.url.n)
        plm_text_json(b, f.origin.url);
    else
        plm_buf_str(b, "null");
    const plm_sv_vec *const lists[] = {&covers, &bad};
    static const char *const keys[] = {"covers", "bad_records"};
    for (size_t l = 0; l < 2; l++) {
        put_key(b, ", ", keys[l]);
        plm_buf_byte(b, '[');
        for (size_t k = 0; k < lists[l]->n; k++) {
            plm_buf_str(b, k ? ", " : "");
            plm_text_json(b, lists[l]->v[k]);
        }
        plm_buf_byte(b, ']');
    }
    plm_buf_byte(b, '}');
    return 0;
}

static int put_json(struct status *s, struct plm_buf *b, plm_err **err)
{
    put_key(b, "{\n  ", "path");
    plm_text_json(b, plm_sv_from(s->path));
    put_key(b, ",\n  ", "built");
    put_time(b, plm_db_built(s->db));
    put_key(b, ",\n  ", "bytes");
    plm_buf_printf(b, "%llu", (unsigned long long)plm_db_size(s->db));
    put_key(b, ",\n  ", "oldest");
    put_time(b, s->has_oldest ? s->oldest : 0);
    put_key(b, ",\n  ", "stale");
    plm_buf_str(b, s->is_stale ? "true" : "false");
    put_key(b, ",\n  ", "feeds");
    plm_buf_byte(b, '[');
    for (size_t i = 0; i < plm_db_feed_count(s->db); i++)
        if (put_json_feed(s, i, b, err) < 0)
            return -1;
    plm_buf_str(b, "\n  ]\n}\n");
    return 0;
}

static int run_status(struct plm_cli *cli, plm_err **err)
{
    bool json;
    if (plm_cli_wants_json(cli, &json, err) < 0)
        return -1;
    plm_auto(plm_db_close) struct plm_db *db = plm_cli_db_open(cli, err);
    if (!db)
        return -1;
    const plm_sv_vec none = {0}; /* of the channels: here every feed counts */
    struct status s = {.cli = cli, .db = db, .path = plm_cli_db_path(cli, err)};
    s.has_oldest = plm_db_as_of(db, PLM_SV_NULL, &none, &s.oldest);
    int64_t age = s.has_oldest ? plm_now(&cli->ctx) - s.oldest : INT64_MAX, limit = max_age(cli);
    s.is_stale = limit != INT64_MAX && (!s.has_oldest || age > limit);
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(64));
    if ((json ? put_json(&s, &out, err) : put_text(&s, &out, err)) < 0 || plm_buf_check(&out, err) < 0 ||
        plm_cli_print(plm_buf_sv(&out), err) < 0)
        return -1;
    plm_sv undated = PLM_SV_NULL;
    if (plm_db_undated(db, PLM_SV_NULL, &none, &undated))
        plm_cli_note(cli,
                     "the data of %.*s carry no date, so their age is not known; db build --as-of gives one",
                     PLM_SV_ARG(undated));
    if (!s.is_stale)
        return PLM_EXIT_PASSED;
    if (s.has_oldest || !undated.n)
        plm_cli_note(cli, "%s; plimsoll db update fetches new ones",
                     s.has_oldest ? "the data are older than db.max-age" : "the store covers no ecosystem");
    return PLM_EXIT_STALE;
}

static const struct plm_command db_status = {
    .name = "db status",
    .summary = "what the vulnerability data are, and how old",
    .help = "Age, records and coverage of every feed in the store. -v lists everything that is covered and "
            "the first "
            "records of each feed that could not be understood.\n\n"
            "Exit 4 when there are no data or they are older than db.max-age.",
    .examples = "plimsoll db status\ta table\n"
                "plimsoll db status -o json --db-max-age none\tfor scripts\n",
    .run = run_status,
};
PLM_REGISTER(plm_commands, struct plm_command, db_status);

static int run_verify(struct plm_cli *cli, plm_err **err)
{
    plm_auto(plm_db_close) struct plm_db *db = plm_cli_db_open(cli, err);
    if (!db || plm_db_verify(db, err) < 0)
        return -1;
    plm_cli_note(cli, "the store is whole");
    return PLM_EXIT_PASSED;
}

static const struct plm_command db_verify = {
    .name = "db verify",
    .summary = "check every byte of the store",
    .help = "Compares each section with its checksum and follows every reference in it. Exit 3 when it is "
            "damaged.",
    .examples = "plimsoll db verify\tthe store in use\n"
                "plimsoll db verify --db my.db\tanother one\n",
    .run = run_verify,
};
PLM_REGISTER(plm_commands, struct plm_command, db_verify);
