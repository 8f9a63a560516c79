/* SPDX-License-Identifier: Apache-2.0
 *
 * What engines said of their versions, for the next client of this process. GET /version is dear: dockerd
 * asks containerd and runs runc for it (7 ms), and a scan of many images opens a client for each.
 *
 * An entry holds for ten seconds, so that a daemon that was replaced is asked again. Oldest entries give way.
 */
#include "docker_int.h"

#include "base/time.h"

#include <pthread.h>

enum { ENTRIES = 8, VALID_MS = 10000 };

struct recalled {
    struct plm_arena *arena; /* of the views below; NULL: free */
    plm_sv endpoint;
    struct plm_engine_info info;
    uint64_t at_ms;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct recalled entries[ENTRIES];

static void copy_info(struct plm_arena *a, const struct plm_engine_info *from, struct plm_engine_info *to)
{
    to->version = plm_arena_sv(a, from->version);
    to->api_version = plm_arena_sv(a, from->api_version);
    to->os = plm_arena_sv(a, from->os);
    to->arch = plm_arena_sv(a, from->arch);
}

bool plm_engine_recall(struct plm_engine *e)
{
    bool is_known = false;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < ENTRIES && !is_known; i++) {
        const struct recalled *r = &entries[i];
        is_known = r->arena && plm_sv_eq(r->endpoint, e->at.shown) && plm_clock_ms() - r->at_ms < VALID_MS;
        if (is_known)
            copy_info(e->arena, &r->info, &e->info);
    }
    pthread_mutex_unlock(&lock);
    return is_known;
}

void plm_engine_remember(const struct plm_engine *e)
{
    struct plm_arena *a = plm_arena_new(PLM_KIB(64));
    if (!a)
        return; /* it is asked again */
    struct recalled fresh = {.arena = a, .endpoint = plm_arena_sv(a, e->at.shown), .at_ms = plm_clock_ms()};
    copy_info(a, &e->info, &fresh.info);
    if (plm_arena_failed(a)) {
        plm_arena_free(a);
        return;
    }
    pthread_mutex_lock(&lock);
    size_t slot = 0;
    for (size_t i = 0; i < ENTRIES; i++) {
        if (entries[i].arena && plm_sv_eq(entries[i].endpoint, e->at.shown)) {
            slot = i;
            break;
        }
        if (!entries[i].arena || (entries[slot].arena && entries[i].at_ms < entries[slot].at_ms))
            slot = i;
    }
    struct plm_arena *old = entries[slot].arena;
    entries[slot] = fresh;
    pthread_mutex_unlock(&lock);
    plm_arena_free(old);
}
