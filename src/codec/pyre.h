/* SPDX-License-Identifier: Apache-2.0
 *
 * Regular expressions as Python's `re` reads them (Anchore's bundles and analyzers are written for it), run
 * by PCRE2 within limits.
 *
 *     plm_auto(plm_pyre_free) struct plm_pyre *re = plm_pyre_new(pattern, 0, err);    // PARSE: why and where
 *     int hit = plm_pyre_test(re, text, PLM_PYRE_MATCH, err);                         // 1, 0, -1: LIMIT
 *
 * An expression is immutable and may be used by several threads. In a fenced worker the flag JIT must not be
 * given: no memory becomes executable there.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/sv.h"

enum {
    PLM_PYRE_ICASE = 1, /* re.IGNORECASE */
    PLM_PYRE_BYTES = 2, /* a bytes pattern: \w, \d, \s and case are ASCII, a dot is one byte */
    PLM_PYRE_JIT = 4,   /* compile to machine code where PCRE2 can */
    PLM_PYRE_START = 8, /* only ever used with PLM_PYRE_MATCH: machine code cannot be told so afterwards */
};
enum plm_pyre_how {
    PLM_PYRE_MATCH,  /* re.match: from the start, the end is free */
    PLM_PYRE_SEARCH, /* re.search */
    PLM_PYRE_FULL,   /* re.fullmatch */
};

struct plm_pyre;

/* PARSE with Python's reason and position ("nothing to repeat at position 0"), also for what only PCRE2 would
 * accept; LIMIT for patterns over 64 KiB. */
struct plm_pyre *plm_pyre_new(plm_sv pattern, unsigned flags, plm_err **err);
/* The same in an arena, with which it dies: plm_pyre_free is not for it. */
struct plm_pyre *plm_pyre_new_in(struct plm_arena *a, plm_sv pattern, unsigned flags, plm_err **err);
void plm_pyre_free(struct plm_pyre *re);
PLM_CLEANUP(struct plm_pyre, plm_pyre_free)
/* 1: it matches, 0: it does not, -1: the limit of steps or memory was reached (LIMIT). */
int plm_pyre_test(const struct plm_pyre *re, plm_sv text, enum plm_pyre_how how, plm_err **err);
/* The same, and where: the whole match. */
int plm_pyre_find(const struct plm_pyre *re, plm_sv text, enum plm_pyre_how how, plm_sv *out, plm_err **err);
