/* SPDX-License-Identifier: Apache-2.0
 *
 * Version schemes: how an ecosystem orders its version strings. One file per scheme, each
 * ending in one descriptor. Two ways that must agree (there is a test): comparing strings,
 * and comparing keys by memcmp that were encoded once (vulndb stores keys).
 *
 *     const struct plm_scheme *s = plm_scheme_find(PLM_SV("deb"));
 *     int c = s->compare(PLM_SV("1.0~rc1-1"), PLM_SV("1.0-1"));   // <0, 0, >0
 *     s->encode(v, &key_buf);                                     // bytes, ordered by plm_sv_cmp
 *
 * Total orders: every byte string has a place, `valid` says whether the ecosystem's own
 * tools would accept it. No allocation in compare; O(length).
 */
#pragma once

#include "base/buf.h"
#include "base/register.h"
#include "base/sv.h"

struct plm_scheme {
    const char *id;             /* "deb" */
    const char *const *aliases; /* OSV ecosystem names and distributions that use it; NULL-ended, or NULL */
    const char *summary;
    int (*compare)(plm_sv a, plm_sv b);
    bool (*valid)(plm_sv v);
    /* Appends a key such that plm_sv_cmp of two keys has the sign of compare. Failure is the buffer's. */
    void (*encode)(plm_sv v, struct plm_buf *key);
};

PLM_SET_DECLARE(plm_schemes, struct plm_scheme);

/* By id or alias, ASCII case ignored; an ecosystem suffix (":12") is ignored. NULL if unknown. */
const struct plm_scheme *plm_scheme_find(plm_sv name);
