/* SPDX-License-Identifier: Apache-2.0
 *
 * Opens a store and looks up every package of a list, as a scan does: ranges, comparison of keys, and
 * for each range that applies the whole record with its texts. bench_db.py drives it.
 *
 *     bench-db-match STORE ECOSYSTEM ROUNDS < names     prints "packages ranges hits min_us median_us"
 */
#include "base/fs.h"
#include "version/version.h"
#include "vulndb/vulndb.h"

#include <stdio.h>
#include <time.h>

struct round {
    const struct plm_db *db;
    struct plm_arena *arena;
    plm_sv installed; /* key */
    size_t ranges, hits;
};

static int on_range(void *arg, const struct plm_db_hit *h)
{
    struct round *r = arg;
    struct plm_advisory adv;
    r->ranges++;
    if (h->state == PLM_FIX_NOT_AFFECTED || (h->fixed_key.p && plm_sv_cmp(r->installed, h->fixed_key) >= 0))
        return 0;
    r->hits++;
    plm_arena_reset(r->arena);
    return plm_db_advisory(r->db, h->feed, h->advisory, r->arena, &adv, NULL);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int one_round(const char *path, plm_sv ecosystem, plm_sv names, struct round *r, size_t *packages)
{
    plm_auto(plm_db_close) struct plm_db *db = plm_db_open(path, NULL);
    plm_sv rest = names, name;
    r->db = db;
    r->ranges = r->hits = *packages = 0;
    while (db && plm_sv_line(&rest, &name)) {
        ++*packages;
        if (plm_db_lookup(db, ecosystem, name, on_range, r, NULL) < 0)
            return -1;
    }
    return db ? 0 : -1;
}

int main(int argc, char **argv)
{
    enum { MOST = 1000 };
    static double times[MOST];
    uint64_t rounds;
    plm_auto_done(plm_buf_done) struct plm_buf names = PLM_BUF(PLM_MIB(1)), key = PLM_BUF(1000);
    if (argc != 4 || !plm_sv_u64(plm_sv_from(argv[3]), &rounds) || rounds < 1 || rounds > MOST ||
        plm_fs_read_fd(0, "standard input", PLM_MIB(1), &names, NULL) < 0)
        return 2;
    const struct plm_scheme *scheme = plm_scheme_find(plm_sv_from(argv[2]));
    plm_auto(plm_arena_free) struct plm_arena *arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!scheme || !arena)
        return 2;
    scheme->encode(PLM_SV("1:2.0-1"), &key); /* some version: about half of the ranges apply */
    struct round r = {.arena = arena, .installed = plm_buf_sv(&key)};
    size_t packages = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        double from = now_us();
        if (one_round(argv[1], plm_sv_from(argv[2]), plm_buf_sv(&names), &r, &packages) < 0)
            return 1;
        times[i] = now_us() - from;
    }
    qsort(times, rounds, sizeof(*times), by_value);
    printf("%zu %zu %zu %.0f %.0f\n", packages, r.ranges, r.hits, times[0], times[rounds / 2]);
    return 0;
}
