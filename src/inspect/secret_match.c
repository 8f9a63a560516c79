/* SPDX-License-Identifier: Apache-2.0
 *
 * Expressions of secret rules at work: PCRE2 with limits, and the cheap question before it.
 */
#include "inspect/secret_int.h"

enum {
    CONTEXT = 8,           /* bytes before a start that look-behind and \b may see */
    MATCH_LIMIT = 2000000, /* steps of one call */
    DEPTH_LIMIT = 20000,   /* nested back-tracking points */
    HEAP_LIMIT_KIB = 32768,
};

int plm_secret_regex_ready(struct plm_secret_regex *re, plm_err **err)
{
    int code;
    PCRE2_SIZE at;
    unsigned char message[160];
    if (re->code)
        return 0;
    if (re->is_bad)
        return plm_fail(err, PLM_E_PARSE, "not a regular expression");
    pcre2_compile_context *cc = pcre2_compile_context_create(NULL);
    if (!cc)
        return plm_fail_oom(err);
    (void)pcre2_set_newline(cc, PCRE2_NEWLINE_LF);
    (void)pcre2_set_bsr(cc, PCRE2_BSR_ANYCRLF);
    re->code = pcre2_compile((PCRE2_SPTR)re->text.p, re->text.n, re->flags, &code, &at, cc);
    pcre2_compile_context_free(cc);
    if (re->code)
        return 0;
    re->is_bad = true;
    (void)pcre2_get_error_message(code, message, sizeof(message));
    return plm_fail(err, PLM_E_PARSE, "at %zu of the expression: %s", (size_t)at, (const char *)message);
}

void plm_secret_regex_done(struct plm_secret_regex *re)
{
    pcre2_code_free(re->code);
    re->code = NULL;
}

int plm_secret_matcher_init(struct plm_secret_matcher *m, plm_err **err)
{
    m->data = pcre2_match_data_create(64, NULL);
    m->context = pcre2_match_context_create(NULL);
    if (!m->data || !m->context)
        return plm_fail_oom(err);
    (void)pcre2_set_match_limit(m->context, MATCH_LIMIT);
    (void)pcre2_set_depth_limit(m->context, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(m->context, HEAP_LIMIT_KIB);
    return 0;
}

void plm_secret_matcher_done(struct plm_secret_matcher *m)
{
    pcre2_match_data_free(m->data);
    pcre2_match_context_free(m->context);
    *m = (struct plm_secret_matcher){0};
}

bool plm_secret_match(struct plm_secret_matcher *m, struct plm_secret_regex *re, plm_sv text, size_t from,
                      size_t last, size_t end, bool anchored, size_t *out_base)
{
    if (plm_secret_regex_ready(re, NULL) < 0 || from > text.n)
        return false;
    size_t base = from > CONTEXT ? from - CONTEXT : 0;
    (void)pcre2_set_offset_limit(m->context, last - base);
    int r = pcre2_match(re->code, (PCRE2_SPTR)(text.p ? text.p + base : ""), end - base, from - base,
                        anchored ? PCRE2_ANCHORED : 0, m->data, m->context);
    if (r == PCRE2_ERROR_MATCHLIMIT || r == PCRE2_ERROR_DEPTHLIMIT || r == PCRE2_ERROR_HEAPLIMIT ||
        r == PCRE2_ERROR_NOMEMORY)
        m->limit_reached = true;
    *out_base = base;
    return r >= 0;
}

/* All literals that a match needs are missing: no need to ask. */
static bool lacks_literals(const struct plm_secret_regex *re, plm_sv text)
{
    for (size_t i = 0; i < re->anchors.n; i++) {
        plm_sv want = re->anchors.v[i].literal;
        for (size_t at = 0; at + want.n <= text.n; at++) {
            plm_sv there = plm_sv_sub(text, at, want.n);
            if (re->anchors.v[i].folds ? plm_sv_ieq(there, want) : plm_sv_eq(there, want))
                return false;
        }
    }
    return re->anchors.n > 0;
}

bool plm_secret_found(struct plm_secret_matcher *m, struct plm_secret_regex *re, plm_sv text)
{
    size_t base;
    return !lacks_literals(re, text) && plm_secret_match(m, re, text, 0, text.n, text.n, false, &base);
}

/* The set of places (bits, from the end of the literal) that can be reached through each run in turn. A place
 * beyond the window means that nothing more is known: it can match. */
bool plm_secret_runs_match(const struct plm_secret_anchor *a, plm_sv text, size_t from)
{
    size_t left = text.n - from;
    unsigned avail = left < 64 ? (unsigned)left : 64;
    const unsigned char *p = (const unsigned char *)text.p + from;
    uint64_t here = 1;
    for (size_t i = 0; i < a->n_runs; i++) {
        const struct plm_secret_run *run = &a->runs[i];
        uint64_t now = here, reached, in_set = 0;
        unsigned low = (unsigned)__builtin_ctzll(here), high = 63 - (unsigned)__builtin_clzll(here);
        unsigned to = run->max < 64 - high ? high + run->max : 64;
        for (unsigned k = low; k < to && k < avail; k++) {
            if (plm_secret_bytes_has(&run->set, p[k]))
                in_set |= (uint64_t)1 << k;
            else if (k > high)
                break;
        }
        for (uint32_t k = 0; k < run->min; k++) {
            if (now & in_set & (uint64_t)1 << 63)
                return true;
            now = (now & in_set) << 1;
            if (!now)
                return false;
        }
        reached = now;
        for (uint32_t k = run->min; k < run->max; k++) {
            if (now & in_set & (uint64_t)1 << 63)
                return true;
            now = ((now & in_set) << 1) & ~reached;
            if (!now)
                break;
            reached |= now;
        }
        here = reached;
    }
    return true;
}
