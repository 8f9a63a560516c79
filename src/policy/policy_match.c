/* SPDX-License-Identifier: Apache-2.0
 *
 * What one evaluation keeps: compiled expressions by their text, the digest, gates' prepared data; and the
 * two pattern languages of bundles. Expressions are Python's, matched from the start and free at the end.
 * Wildcards know only '*', which runs over everything but a newline, and must cover the whole subject.
 */
#include "base/map.h"
#include "codec/pyre.h"
#include "policy/policy_int.h"

#include <openssl/evp.h>

struct compiled {
    struct plm_pyre *re; /* NULL: it is no expression, `why` says it */
    enum plm_code code;
    plm_sv why;
};

struct plm_policy_cache {
    struct plm_map *expressions; /* text: struct compiled in the arena */
    struct plm_map *prepared;    /* gate's name: whatever it keeps */
    plm_sv last;                 /* the text that was asked for last: rules try one on many subjects */
    struct compiled *last_compiled;
    EVP_MD *md5;
    EVP_MD_CTX *digest;
};

int plm_policy_cache_new(struct plm_policy_eval *ev, plm_err **err)
{
    struct plm_policy_cache *c = ev->cache = calloc(1, sizeof(*c));
    if (c) {
        c->expressions = plm_map_new();
        c->prepared = plm_map_new();
        /* Ids are MD5 by the format's definition; nothing rests on their strength. */
        c->md5 = EVP_MD_fetch(NULL, "MD5", NULL);
        c->digest = EVP_MD_CTX_new();
    }
    if (c && c->expressions && c->prepared && c->digest) {
        if (c->md5)
            return 0;
        return plm_fail(err, PLM_E_UNSUPPORTED,
                        "this system's libcrypto has no MD5, which ids of findings are made of");
    }
    return plm_fail_oom(err);
}

void plm_policy_cache_free(struct plm_policy_eval *ev)
{
    struct plm_policy_cache *c = ev->cache;
    if (!c)
        return;
    for (size_t i = 0; c->expressions && i < plm_map_count(c->expressions); i++) {
        struct compiled *x = plm_map_value(c->expressions, i);
        if (x)
            plm_pyre_free(x->re);
    }
    plm_map_free(c->expressions);
    plm_map_free(c->prepared);
    EVP_MD_free(c->md5);
    EVP_MD_CTX_free(c->digest);
    free(c);
    ev->cache = NULL;
}

void **plm_policy_prepared(struct plm_policy_eval *ev, const struct plm_policy_gate *gate)
{
    return plm_map_put(ev->cache->prepared, plm_sv_from(gate->name));
}

plm_sv plm_policy_md5(struct plm_policy_eval *ev, const plm_sv *pieces, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_MD_CTX *d = ev->cache->digest;
    bool ok = EVP_DigestInit_ex2(d, ev->cache->md5, NULL) == 1;
    for (size_t i = 0; i < n && ok; i++)
        ok = EVP_DigestUpdate(d, pieces[i].p ? pieces[i].p : "", pieces[i].n) == 1;
    char *text =
        ok && EVP_DigestFinal_ex(d, hash, &size) == 1 ? plm_arena_alloc(ev->arena, 2 * size + 1) : NULL;
    if (!text)
        return PLM_SV_NULL;
    for (unsigned i = 0; i < size; i++) {
        text[2 * i] = digits[hash[i] >> 4];
        text[2 * i + 1] = digits[hash[i] & 15];
    }
    return plm_sv_n(text, 2 * size);
}

/* ---- expressions ------------------------------------------------------------------------- */

static int compile(struct plm_policy_eval *ev, plm_sv regex, struct compiled **out, plm_err **err)
{
    struct plm_policy_cache *c = ev->cache;
    if (c->last_compiled && c->last.p == regex.p && c->last.n == regex.n) {
        *out = c->last_compiled;
        return 0;
    }
    void **slot = plm_map_put(c->expressions, regex);
    if (!slot)
        return plm_fail_oom(err);
    if (!*slot) {
        struct compiled *x = plm_arena_make(ev->arena, struct compiled);
        if (!x)
            return plm_fail_oom(err);
        plm_err *fault = NULL;
        x->re = plm_pyre_new(regex, PLM_PYRE_JIT | PLM_PYRE_START, &fault);
        if (!x->re) {
            plm_auto_free char *text = plm_err_text(fault);
            x->code = plm_err_code(fault);
            x->why = plm_arena_sv(ev->arena, plm_sv_from(text ? text : "out of memory"));
        }
        plm_err_free(fault);
        *slot = x;
    }
    *out = c->last_compiled = *slot;
    c->last = regex;
    return 0;
}

int plm_policy_match(struct plm_policy_eval *ev, plm_sv regex, plm_sv subject, plm_err **err)
{
    struct compiled *x = NULL;
    if (compile(ev, regex, &x, err) < 0)
        return -1;
    if (!x->re)
        return plm_fail(err, x->code, "the expression '%.*s': %.*s", PLM_SV_ARG(regex), PLM_SV_ARG(x->why));
    int hit = plm_pyre_test(x->re, subject, PLM_PYRE_MATCH, err);
    return hit < 0 ? plm_wrap(err, "the expression '%.*s'", PLM_SV_ARG(regex)) : hit;
}

/* ---- wildcards --------------------------------------------------------------------------- */

/* Goes back to the last '*' only: what an earlier one could take, that one can. */
static bool wildcard(plm_sv pattern, plm_sv s)
{
    size_t i = 0, k = 0, star = SIZE_MAX, from = 0;
    while (k < s.n) {
        if (i < pattern.n && pattern.p[i] == '*') {
            star = i++;
            from = k;
        } else if (i < pattern.n && pattern.p[i] == s.p[k]) {
            i++;
            k++;
        } else if (star != SIZE_MAX && s.p[from] != '\n') {
            k = ++from;
            i = star + 1;
        } else {
            return false;
        }
    }
    while (i < pattern.n && pattern.p[i] == '*')
        i++;
    return i == pattern.n;
}

int plm_policy_pattern(struct plm_policy_eval *ev, plm_sv pattern, plm_sv subject, plm_err **err)
{
    size_t blanks = 0;
    while (blanks < pattern.n && plm_sv_trim(plm_sv_sub(pattern, blanks, 1)).n == 0)
        blanks++;
    if (!plm_sv_starts(plm_sv_from_off(pattern, blanks), PLM_SV("regexp:")))
        return wildcard(pattern, subject);
    /* The original looks behind the blanks but drops seven characters from the very start. */
    size_t drop = ev->mode == PLM_POLICY_COMPAT ? 7 : blanks + 7;
    return plm_policy_match(ev, plm_sv_from_off(pattern, drop), subject, err);
}
