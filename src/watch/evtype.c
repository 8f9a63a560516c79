/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of event types: every system call by name and the events that are none. Built by the compiler out
 * of evtype_list.inc and evtype_params.inc; names are found by bisection, numbers through an index.
 */
#include "watch/evtype.h"

#include "watch/flags.h"

#include <seccomp.h>

#include "watch/evtype_params.inc"

#define NUMBER(nr)    ((nr) >= 0 && (nr) < NUMBERS_MAX ? (int16_t)(nr) : (int16_t)-1)
#define PARAMS(array) (uint8_t)(sizeof(array) / sizeof((array)[0]))

enum { NUMBERS_MAX = 1024 };

static const struct plm_evtype types[] = {
#define EV(name_, nr, category_)                                                                             \
    {.name = #name_, .id = PLM_EVT_##name_, .syscall = NUMBER(nr), .category = PLM_EVC_##category_},
#define EVP(name_, nr, category_, fd)                                                                        \
    {.name = #name_,                                                                                         \
     .id = PLM_EVT_##name_,                                                                                  \
     .syscall = NUMBER(nr),                                                                                  \
     .category = PLM_EVC_##category_,                                                                        \
     .is_typed = true,                                                                                       \
     .has_fd = (fd) >= 0,                                                                                    \
     .fd_param = (uint8_t)((fd) >= 0 ? (fd) : 0),                                                            \
     .n_params = PARAMS(plm_evp_##name_),                                                                    \
     .params = plm_evp_##name_},
#include "watch/evtype_list.inc"
#undef EV
#undef EVP
};

/* id + 1 by number; what has no number here stands behind the numbers, where nobody looks. */
static const uint16_t by_number[NUMBERS_MAX + PLM_EVT_COUNT_] = {
#define EV(name, nr, category)      [(nr) >= 0 ? (nr) : NUMBERS_MAX + PLM_EVT_##name] = PLM_EVT_##name + 1,
#define EVP(name, nr, category, fd) EV(name, nr, category)
#include "watch/evtype_list.inc"
#undef EV
#undef EVP
};

/* The kernel's names of calls that have another name as events. */
static const struct {
    const char *name;
    uint16_t id;
} aliases[] = {
    {"pread64", PLM_EVT_pread},
    {"prlimit64", PLM_EVT_prlimit},
    {"pwrite64", PLM_EVT_pwrite},
};

const struct plm_evtype *plm_evtype_get(unsigned id)
{
    return id < PLM_EVT_COUNT_ ? &types[id] : NULL;
}

unsigned plm_evtype_count(void)
{
    return PLM_EVT_COUNT_;
}

const struct plm_evtype *plm_evtype_find(plm_sv name)
{
    size_t lo = 0, hi = PLM_EVT_COUNT_;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = plm_sv_cmp(name, plm_sv_from(types[mid].name));
        if (c == 0)
            return &types[mid];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (plm_sv_is(name, aliases[i].name))
            return &types[aliases[i].id];
    return NULL;
}

const struct plm_evtype *plm_evtype_of_syscall(int nr)
{
    return nr >= 0 && nr < NUMBERS_MAX && by_number[nr] ? &types[by_number[nr] - 1] : NULL;
}

int plm_evtype_param(const struct plm_evtype *t, plm_sv name)
{
    for (unsigned i = 0; i < t->n_params; i++)
        if (plm_sv_is(name, t->params[i].name))
            return (int)i;
    return -1;
}
