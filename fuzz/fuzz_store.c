/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a store. The checksums that guard the header and the section table would stop the
 * fuzzer at the door, so they are made right first: what is tested is that everything behind them
 * is checked when it is followed.
 */
#include "base/fs.h"
#include "codec/hash.h"
#include "vulndb/vulndb.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HEADER = 104, HASHED = 72, ROW = 56 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Right magic, sizes and checksums over whatever the sections say. */
static void make_plausible(unsigned char *p, size_t n)
{
    memcpy(p, "PLMVDB1\n\1\0\0\0\x68\0\0\0", 16);
    uint64_t length = n;
    for (int i = 0; i < 8; i++)
        p[24 + i] = (unsigned char)(length >> 8 * i);
    p[33] &= 1; /* at most 511 sections, which must fit */
    p[34] = p[35] = 0;
    size_t sections = (size_t)p[32] | (size_t)p[33] << 8, room = (n - HEADER) / ROW;
    if (sections > room) {
        sections = room;
        p[32] = (unsigned char)sections;
        p[33] = (unsigned char)(sections >> 8);
    }
    uint64_t at = HEADER + sections * ROW;
    for (size_t i = 0; i < sections; i++) { /* sections lie one behind the other */
        unsigned char *row = p + HEADER + i * ROW;
        uint64_t len = (uint64_t)row[16] | (uint64_t)row[17] << 8;
        if (len > n - at || i + 1 == sections)
            len = n - at;
        for (int k = 0; k < 8; k++) {
            row[8 + k] = (unsigned char)(at >> 8 * k);
            row[16 + k] = (unsigned char)(len >> 8 * k);
        }
        at += len;
    }
    plm_sha256_of(plm_sv_n((const char *)p + HEADER, sections * ROW), p + 40);
    plm_sha256_of(plm_sv_n((const char *)p, HASHED), p + 72);
}

static int look(void *arg, const struct plm_db_hit *h)
{
    size_t *sum = arg;
    const plm_sv all[] = {
        h->ecosystem, h->package,           h->scheme,     h->arch,  h->modularity,    h->channel,
        h->note,      h->native_severity,   h->introduced, h->fixed, h->last_affected, h->introduced_key,
        h->fixed_key, h->last_affected_key, h->id};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        for (size_t k = 0; k < all[i].n; k++)
            *sum += (unsigned char)all[i].p[k];
    return *sum > 1 << 22 ? -1 : 0; /* enough of one input */
}

static int seen(void *arg, uint32_t feed, uint32_t advisory)
{
    *(size_t *)arg += feed + advisory;
    return 0;
}

static void ask_feed(const struct plm_db *db, size_t i, struct plm_arena *a, size_t *sum)
{
    struct plm_db_feed_info info;
    plm_sv_vec v = {0};
    plm_db_feed(db, i, &info);
    (void)!plm_db_each_range(db, i, look, sum, NULL);
    (void)!plm_db_feed_ecosystems(db, i, a, &v, NULL);
    (void)!plm_db_feed_bad(db, i, a, &v, NULL);
    for (size_t k = 0; k < v.n && k < 16; k++)
        (void)!plm_db_lookup(db, v.v[k], PLM_SV("openssl"), look, sum, NULL);
    for (uint32_t k = 0; k < info.advisories && k < 16; k++) {
        struct plm_advisory adv;
        if (plm_db_advisory(db, (uint32_t)i, k, a, &adv, NULL) == 0)
            *sum += adv.title.n + adv.details.n + adv.references.n;
    }
}

static void ask(const struct plm_db *db)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    size_t sum = 0;
    int64_t t;
    double x, y;
    for (size_t i = 0; a && i < plm_db_feed_count(db) && i < 16; i++)
        ask_feed(db, i, a, &sum);
    plm_sv_vec v = {0};
    if (a)
        (void)!plm_db_aliases(db, PLM_SV("CVE-2024-1"), a, &v, NULL);
    (void)plm_db_kev(db, PLM_SV("CVE-2024-1"), &t);
    (void)plm_db_epss(db, PLM_SV("CVE-2024-1"), &x, &y);
    (void)plm_db_eol(db, PLM_SV("debian"), PLM_SV("12"), &t);
    (void)plm_db_as_of(db, PLM_SV("Debian:12"), &v, &t);
    (void)!plm_db_find(db, PLM_SV("CVE-2024-1"), seen, &sum, NULL);
    (void)!plm_db_verify(db, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEADER || size > 1 << 20)
        return 0;
    plm_auto_fd int fd = memfd_create("store", MFD_CLOEXEC);
    plm_auto_free unsigned char *p = malloc(size);
    if (fd < 0 || !p)
        return 0;
    memcpy(p, data, size);
    make_plausible(p, size);
    if (plm_fs_write_all(fd, p, size, NULL) < 0)
        return 0;
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    plm_auto(plm_db_close) struct plm_db *db = plm_db_open(path, NULL);
    if (db)
        ask(db);
    return 0;
}
