/* SPDX-License-Identifier: Apache-2.0
 *
 * What matching and explaining share: asking the store about one package and judging a range.
 */
#pragma once

#include "match/match.h"

struct plm_scheme;

enum plm_match_answer {
    PLM_MATCH_AFFECTED,
    PLM_MATCH_BEFORE, /* older than the range */
    PLM_MATCH_FIXED,  /* at or above the fix */
    PLM_MATCH_AFTER,  /* newer than the last affected version */
    PLM_MATCH_NOT_AFFECTED,
    PLM_MATCH_WITHDRAWN,
    PLM_MATCH_CHANNEL_OFF,
    PLM_MATCH_OTHER_ARCH,
    PLM_MATCH_OTHER_MODULE,
};

/* One question to the store. The caller fills db, opt, scratch, key_buf and each; plm_match_prepare the rest.
 */
struct plm_match_ask {
    const struct plm_db *db;
    const struct plm_match_options *opt;
    struct plm_arena *scratch;
    struct plm_buf *key_buf;
    int (*each)(struct plm_match_ask *q, const struct plm_db_hit *hit);
    plm_sv ecosystem;
    plm_sv fallback; /* asked for what the ecosystem has no range of; null: none */
    const struct plm_scheme *scheme;
    /* set while asking */
    const struct plm_package *package;
    plm_sv version, key;
    bool is_source;
    size_t spoken; /* ranges seen so far */
};

/* The last day of security support as it was known when the program was made; false if it is not. */
bool plm_match_eol_builtin(plm_sv product, plm_sv cycle, int64_t *out);

/* False if the target's distribution has no ecosystem or no known version scheme. */
bool plm_match_prepare(struct plm_match_ask *q, const struct plm_target *t);
int plm_match_ask(struct plm_match_ask *q, const struct plm_package *p, plm_err **err);
enum plm_match_answer plm_match_judge(const struct plm_match_ask *q, const struct plm_db_hit *h);
