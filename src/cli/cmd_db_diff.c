/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll db diff OLD NEW: which records came, went or changed, feed by feed.
 *
 * Every record is reduced to one number: a hash of what it says, plus those of its ranges (added
 * up, so their order does not matter). Numbers of equal ids are compared. O(both stores).
 */
#include "base/map.h"
#include "base/text.h"
#include "cli/db_common.h"

struct side {
    const struct plm_db *db;
    size_t feed;
    struct plm_map *map; /* id to index + 1 into sums */
    uint64_t *sums;      /* by first record of the id */
    uint32_t *of;        /* record to index */
    size_t n;
};

struct changes {
    plm_sv name;
    plm_sv_vec added, removed, changed;
};

static uint64_t mix(uint64_t h, plm_sv s)
{
    return (h ^ plm_sv_hash(s)) * 0x9e3779b97f4a7c15u + 1;
}

static uint64_t record_hash(const struct plm_advisory *adv)
{
    uint64_t h = mix(mix(mix(1, adv->title), adv->details), adv->severity);
    for (size_t i = 0; i < adv->aliases.n; i++)
        h = mix(h, adv->aliases.v[i]);
    h = mix(h, PLM_SV("|"));
    for (size_t i = 0; i < adv->covers.n; i++)
        h = mix(h, adv->covers.v[i]);
    for (size_t i = 0; i < adv->cvss.n; i++)
        h = mix(h, adv->cvss.v[i].vector);
    return h + (adv->withdrawn ? 7 : 0);
}

static int add_range(void *arg, const struct plm_db_hit *h)
{
    struct side *s = arg;
    uint64_t x =
        mix(mix(mix(mix(mix(2, h->ecosystem), h->package), h->introduced), h->fixed), h->last_affected);
    x = mix(mix(mix(x, h->arch), h->channel), h->native_severity) + (uint64_t)h->state;
    s->sums[s->of[h->advisory]] += x;
    return 0;
}

static void side_done(struct side *s)
{
    plm_map_free(s->map);
    free(s->sums);
    free(s->of);
}

static int side_fill(struct side *s, struct plm_arena *a, plm_err **err)
{
    struct plm_db_feed_info f;
    plm_db_feed(s->db, s->feed, &f);
    s->n = (size_t)f.advisories;
    s->map = plm_map_new();
    s->sums = calloc(s->n + 1, sizeof(*s->sums));
    s->of = calloc(s->n + 1, sizeof(*s->of));
    if (!s->map || !s->sums || !s->of)
        return plm_fail_oom(err);
    for (uint32_t i = 0; i < s->n; i++) {
        struct plm_advisory adv;
        if (plm_db_advisory(s->db, (uint32_t)s->feed, i, a, &adv, err) < 0)
            return -1;
        void **slot = plm_map_put(s->map, adv.id); /* ids lie in the store, not in the arena */
        if (!slot)
            return plm_fail_oom(err);
        if (!*slot)
            *slot = (void *)(uintptr_t)(i + 1);
        s->of[i] = (uint32_t)(uintptr_t)*slot - 1;
        s->sums[s->of[i]] += record_hash(&adv);
        plm_arena_reset(a);
    }
    return plm_db_each_range(s->db, s->feed, add_range, s, err);
}

/* NULL: the feed is not there. */
static int side_open(const struct plm_db *db, plm_sv name, struct side *out, plm_err **err)
{
    *out = (struct side){.db = db};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    for (size_t i = 0; i < plm_db_feed_count(db); i++) {
        struct plm_db_feed_info f;
        plm_db_feed(db, i, &f);
        out->feed = i;
        if (plm_sv_eq(f.name, name))
            return side_fill(out, a, err);
    }
    out->map = plm_map_new();
    return out->map ? 0 : plm_fail_oom(err);
}

static int compare(const struct side *x, const struct side *y, struct plm_arena *a, struct changes *out,
                   plm_err **err)
{
    for (size_t i = 0; i < plm_map_count(x->map); i++) {
        plm_sv id = plm_map_key(x->map, i);
        uintptr_t old = (uintptr_t)plm_map_value(x->map, i), new = (uintptr_t)plm_map_get(y->map, id);
        if (!new)
            (void)!plm_sv_vec_add(a, &out->removed, id);
        else if (x->sums[old - 1] != y->sums[new - 1])
            (void)!plm_sv_vec_add(a, &out->changed, id);
    }
    for (size_t i = 0; i < plm_map_count(y->map); i++)
        if (!plm_map_get(x->map, plm_map_key(y->map, i)))
            (void)!plm_sv_vec_add(a, &out->added, plm_map_key(y->map, i));
    plm_sv_vec_sort_unique(&out->added);
    plm_sv_vec_sort_unique(&out->removed);
    plm_sv_vec_sort_unique(&out->changed);
    return plm_arena_check(a, err);
}

static int feed_changes(const struct plm_db *old, const struct plm_db *new, plm_sv name, struct plm_arena *a,
                        struct changes *out, plm_err **err)
{
    struct side x, y = {0};
    out->name = name;
    int r = side_open(old, name, &x, err);
    if (r == 0)
        r = side_open(new, name, &y, err);
    if (r == 0)
        r = compare(&x, &y, a, out, err);
    side_done(&x);
    side_done(&y);
    return r;
}

static void put_list(struct plm_buf *b, const char *sign, const plm_sv_vec *v, size_t most)
{
    for (size_t i = 0; i < v->n && i < most; i++) {
        plm_buf_printf(b, "  %s ", sign);
        plm_text_escape(b, v->v[i]);
        plm_buf_byte(b, '\n');
    }
    if (v->n > most)
        plm_buf_printf(b, "  %s and %zu more\n", sign, v->n - most);
}

static void put_json_list(struct plm_buf *b, const char *key, const plm_sv_vec *v)
{
    plm_buf_printf(b, ", \"%s\": [", key);
    for (size_t i = 0; i < v->n; i++) {
        plm_buf_str(b, i ? ", " : "");
        plm_text_json(b, v->v[i]);
    }
    plm_buf_byte(b, ']');
}

enum { SHOWN = 20 };

static void put(struct plm_buf *b, const struct changes *c, bool json, bool is_first, bool all)
{
    if (json) {
        plm_buf_str(b, is_first ? "\n  {\"name\": " : ",\n  {\"name\": ");
        plm_text_json(b, c->name);
        put_json_list(b, "added", &c->added);
        put_json_list(b, "removed", &c->removed);
        put_json_list(b, "changed", &c->changed);
        plm_buf_byte(b, '}');
        return;
    }
    size_t most = all ? SIZE_MAX : SHOWN;
    plm_buf_printf(b, "%.*s: %zu added, %zu removed, %zu changed\n", PLM_SV_ARG(c->name), c->added.n,
                   c->removed.n, c->changed.n);
    put_list(b, "+", &c->added, most);
    put_list(b, "-", &c->removed, most);
    put_list(b, "~", &c->changed, most);
}

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    bool json;
    plm_config_words(cli->config, &words);
    if (plm_cli_wants_json(cli, &json, err) < 0)
        return -1;
    plm_auto(plm_db_close) struct plm_db *old = plm_db_open(words[0], err);
    plm_auto(plm_db_close) struct plm_db *new = old ? plm_db_open(words[1], err) : NULL;
    if (!new)
        return -1;
    plm_sv_vec names = {0};
    const struct plm_db *const both[] = {old, new};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < plm_db_feed_count(both[k]); i++) {
            struct plm_db_feed_info f;
            plm_db_feed(both[k], i, &f);
            (void)!plm_sv_vec_add(cli->arena, &names, f.name);
        }
    if (plm_arena_check(cli->arena, err) < 0)
        return -1;
    plm_sv_vec_sort_unique(&names);
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(512));
    plm_buf_str(&out, json ? "[" : "");
    for (size_t i = 0; i < names.n; i++) {
        struct changes c = {0};
        if (feed_changes(old, new, names.v[i], cli->arena, &c, err) < 0)
            return -1;
        put(&out, &c, json, i == 0, cli->verbose > 0);
    }
    plm_buf_str(&out, json ? "\n]\n" : "");
    if (plm_buf_check(&out, err) < 0)
        return -1;
    return plm_cli_print(plm_buf_sv(&out), err);
}

static const struct plm_command db_diff = {
    .name = "db diff",
    .arguments = "OLD NEW",
    .summary = "which vulnerability records came, went or changed between two stores",
    .help = "Feed by feed: ids that were added (+), removed (-) or changed (~). The table stops after 20 of "
            "a kind "
            "unless -v is given; json has all of them.",
    .examples = "plimsoll db diff yesterday.db ~/.cache/plimsoll/db/plimsoll.db\twhat an update brought\n",
    .min_words = 2,
    .max_words = 2,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, db_diff);
