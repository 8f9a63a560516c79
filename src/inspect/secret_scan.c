/* SPDX-License-Identifier: Apache-2.0
 *
 * One text against a rule set.
 *
 * The literals of all rules are looked for in one pass. A literal that is a rule's keyword opens the rule for
 * this text; one that its expression must contain makes a candidate, if what follows can match at all. Then
 * each open rule's expression is tried at its candidates only, within the distance that the expression can
 * reach (unbounded ones: within a window). Rules whose expressions need no literal are tried on the whole
 * text, if a keyword of theirs is there. What matches goes through the rule's group, entropy, path,
 * allowlists and the judge.
 */
#include "inspect/secret_int.h"

#include "codec/hash.h"

#include <math.h>
#include <stdlib.h>

enum {
    MAX_CANDIDATES = 1 << 18,
    MAX_HITS = 2000,
    MAX_FULL = 8 << 20,   /* of a text that rules without literals are tried on */
    WINDOW_BEFORE = 4096, /* of an expression without a bound */
    WINDOW_AFTER = 1 << 17,
    SLACK = 16,            /* bytes behind the end for \b, $ and look-ahead */
    HEAD = 8000,           /* bytes that are asked for NUL */
    LINE_MAX_SHOWN = 4096, /* of a line that allowlists and comments are looked for in */
    MASK_SHOWN = 4,
};

struct candidate {
    uint32_t rule, anchor;
    size_t at;
};

struct scan {
    struct plm_secret_rules *r;
    plm_sv path, text;
    struct plm_arena *arena;
    struct plm_secret_scan_result *out;
    bool *has_keyword;
    bool is_binary;
    PLM_VEC(struct candidate) candidates;
    bool oom;
};

bool plm_secret_is_binary(plm_sv text)
{
    size_t n = text.n < HEAD ? text.n : HEAD;
    return n && text.p && memchr(text.p, '\0', n) != NULL;
}

double plm_secret_entropy(plm_sv s)
{
    unsigned counts[256] = {0};
    double sum = 0;
    for (size_t i = 0; i < s.n; i++)
        counts[(unsigned char)s.p[i]]++;
    for (size_t i = 0; i < 256; i++) {
        double p = (double)counts[i] / (double)s.n;
        if (counts[i])
            sum -= p * log2(p);
    }
    return sum;
}

/* ---- the one pass ------------------------------------------------------------------------- */

static void on_literal(void *ctx, uint32_t literal, size_t at)
{
    struct scan *s = ctx;
    for (uint32_t i = 0; i < s->r->uses[literal].n; i++) {
        struct plm_secret_use use = s->r->uses[literal].v[i];
        const struct plm_secret_rule *rule = &s->r->rules.v[use.rule];
        if (use.anchor == PLM_NONE) {
            s->has_keyword[use.rule] = true;
            continue;
        }
        const struct plm_secret_anchor *a = &rule->pattern.anchors.v[use.anchor];
        if ((s->is_binary && !rule->is_binary) ||
            (!a->folds && memcmp(s->text.p + at, a->literal.p, a->literal.n) != 0) ||
            !plm_secret_runs_match(a, s->text, at + a->literal.n))
            continue;
        if (s->candidates.n == MAX_CANDIDATES) {
            s->out->limit_reached = true;
            return;
        }
        struct candidate *c = plm_vec_push(s->arena, &s->candidates);
        if (c)
            *c = (struct candidate){use.rule, use.anchor, at};
        else
            s->oom = true;
    }
}

static int by_rule_and_place(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->rule != y->rule)
        return x->rule < y->rule ? -1 : 1;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (x->anchor > y->anchor) - (x->anchor < y->anchor);
}

/* ---- allowlists --------------------------------------------------------------------------- */

/* With and without the leading slash: gitleaks' paths are relative. */
static bool path_found(struct scan *s, struct plm_secret_regex *re)
{
    plm_sv relative = plm_sv_from_off(s->path, s->path.n && s->path.p[0] == '/');
    return plm_secret_found(&s->r->matcher, re, relative) ||
           (relative.n < s->path.n && plm_secret_found(&s->r->matcher, re, s->path));
}

static bool has_word(plm_sv text, plm_sv word)
{
    for (size_t i = 0; i + word.n <= text.n; i++)
        if (plm_sv_ieq(plm_sv_sub(text, i, word.n), word))
            return true;
    return false;
}

struct place {
    plm_sv secret, match, line;
};

static bool pattern_allows(struct scan *s, const struct plm_secret_allow *a, const struct place *p)
{
    plm_sv text = p->secret;
    switch (a->part) {
    case PLM_SECRET_OF_SECRET:
        break;
    case PLM_SECRET_OF_MATCH:
        text = p->match;
        break;
    case PLM_SECRET_OF_LINE:
        text = p->line;
        break;
    }
    for (size_t i = 0; i < a->n_patterns; i++)
        if (plm_secret_found(&s->r->matcher, &a->patterns[i], text))
            return true;
    return false;
}

static bool path_allows(struct scan *s, const struct plm_secret_allow *a)
{
    for (size_t i = 0; i < a->n_paths; i++)
        if (path_found(s, &a->paths[i]))
            return true;
    return false;
}

static bool word_allows(const struct plm_secret_allow *a, const struct place *p)
{
    for (size_t i = 0; i < a->words.n; i++)
        if (has_word(p->secret, a->words.v[i]))
            return true;
    return false;
}

static bool is_for(const struct plm_secret_allow *a, plm_sv rule)
{
    for (size_t i = 0; i < a->rules.n; i++)
        if (plm_sv_eq(a->rules.v[i], rule))
            return true;
    return a->rules.n == 0;
}

static bool allows(struct scan *s, const struct plm_secret_allow *a, const struct place *p)
{
    if (!a->needs_all)
        return path_allows(s, a) || word_allows(a, p) || pattern_allows(s, a, p);
    return !a->has_commits && (!a->n_paths || path_allows(s, a)) && (!a->words.n || word_allows(a, p)) &&
           (!a->n_patterns || pattern_allows(s, a, p));
}

static bool is_allowed(struct scan *s, const struct plm_secret_rule *rule, const struct place *p)
{
    if (has_word(p->line, PLM_SV("gitleaks:allow")) || has_word(p->line, PLM_SV("plimsoll:allow")))
        return true;
    for (size_t i = 0; i < rule->allow.n; i++)
        if (allows(s, &rule->allow.v[i], p))
            return true;
    for (size_t i = 0; i < s->r->allow.n; i++)
        if (is_for(&s->r->allow.v[i], rule->id) && allows(s, &s->r->allow.v[i], p))
            return true;
    return false;
}

/* ---- hits --------------------------------------------------------------------------------- */

/* The lines around a match; of long ones what is near. */
static plm_sv lines_around(plm_sv text, size_t start, size_t end)
{
    size_t from = start, to = end;
    while (from > 0 && text.p[from - 1] != '\n' && start - from < LINE_MAX_SHOWN)
        from--;
    while (to < text.n && text.p[to] != '\n' && to - end < LINE_MAX_SHOWN)
        to++;
    return plm_sv_sub(text, from, to - from);
}

static void locate(plm_sv text, size_t at, uint32_t *line, uint32_t *column)
{
    size_t from = 0;
    uint32_t n = 1;
    for (const char *p; from < at && (p = memchr(text.p + from, '\n', at - from)) != NULL; n++)
        from = (size_t)(p - text.p) + 1;
    *line = n;
    *column = (uint32_t)(at - from + 1);
}

static void fingerprint(plm_sv secret, char out[17])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[PLM_SHA256_BYTES];
    plm_sha256_of(secret, hash);
    for (size_t i = 0; i < 8; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[16] = '\0';
}

/* The first characters, as far as they are printable and a small part of the whole; the length. */
static plm_sv masked(struct plm_arena *a, plm_sv secret)
{
    size_t n = secret.n / 4 < MASK_SHOWN ? secret.n / 4 : MASK_SHOWN, shown = 0;
    while (shown < n && secret.p[shown] > ' ' && secret.p[shown] < 0x7f)
        shown++;
    return plm_arena_printf(a, "%.*s\xe2\x80\xa6 (%zu characters)", (int)shown, secret.p, secret.n);
}

static enum plm_severity weighed(const struct plm_secret_rule *rule, enum plm_secret_verdict v)
{
    enum plm_severity s = rule->severity;
    if (v == PLM_SECRET_LOWER)
        return s > PLM_SEV_LOW ? PLM_SEV_LOW : s;
    if (v == PLM_SECRET_WEAKEN && s > PLM_SEV_LOW)
        return (enum plm_severity)(s - 1);
    return s;
}

static bool seen_before(const struct scan *s, const struct plm_secret_rule *rule, size_t secret_start)
{
    for (size_t i = s->out->hits.n; i-- > 0 && s->out->hits.v[i].rule == rule;)
        if (s->out->hits.v[i].secret_start == secret_start)
            return true;
    return false;
}

static void note_hit(struct scan *s, const struct plm_secret_rule *rule, size_t start, size_t end,
                     size_t secret_start, size_t secret_end)
{
    plm_sv text = s->text;
    while (secret_end > secret_start && (text.p[secret_end - 1] == '\n' || text.p[secret_end - 1] == '\r'))
        secret_end--;
    struct place p = {.secret = plm_sv_sub(text, secret_start, secret_end - secret_start),
                      .match = plm_sv_sub(text, start, end - start),
                      .line = lines_around(text, start, end)};
    plm_sv note = PLM_SV_NULL;
    if (!p.secret.n || seen_before(s, rule, secret_start))
        return;
    if (rule->entropy > 0 && plm_secret_entropy(p.secret) <= rule->entropy)
        return;
    enum plm_secret_verdict v = plm_secret_judge(p.secret, s->arena, &note);
    if (v == PLM_SECRET_DROP || is_allowed(s, rule, &p))
        return;
    if (s->out->hits.n == MAX_HITS) {
        s->out->limit_reached = true;
        return;
    }
    struct plm_secret_hit *h = plm_vec_push(s->arena, &s->out->hits);
    if (!h) {
        s->oom = true;
        return;
    }
    *h = (struct plm_secret_hit){.rule = rule,
                                 .start = start,
                                 .end = end,
                                 .secret_start = secret_start,
                                 .secret_end = secret_end,
                                 .severity = weighed(rule, v),
                                 .masked = masked(s->arena, p.secret),
                                 .note = note};
    fingerprint(p.secret, h->fingerprint);
}

/* From the match data: the rule's group, or the first that took part, or all of it. Returns the end. */
static size_t take_match(struct scan *s, const struct plm_secret_rule *rule, size_t base)
{
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(s->r->matcher.data);
    uint32_t n = pcre2_get_ovector_count(s->r->matcher.data), groups = 0, use = 0;
    (void)pcre2_pattern_info(rule->pattern.code, PCRE2_INFO_CAPTURECOUNT, &groups);
    if (rule->group && rule->group < n && v[2 * rule->group] != PCRE2_UNSET)
        use = rule->group;
    for (uint32_t i = 1; !rule->group && !use && i <= groups && i < n; i++)
        if (v[2 * i] != PCRE2_UNSET && v[2 * i + 1] > v[2 * i])
            use = i;
    size_t start = base + v[0], end = base + v[1];
    if (end < start) /* \K in a look-ahead */
        return start;
    note_hit(s, rule, start, end, base + v[2 * use], base + v[2 * use + 1]);
    return end;
}

/* ---- rules -------------------------------------------------------------------------------- */

/* A rule's places, in order. */
static void try_candidates(struct scan *s, struct plm_secret_rule *rule, const struct candidate *v, size_t n)
{
    size_t done = 0, base;
    plm_sv text = s->text;
    for (size_t i = 0; i < n; i++) {
        const struct plm_secret_anchor *a = &rule->pattern.anchors.v[v[i].anchor];
        size_t at = v[i].at;
        if (at < done)
            continue;
        size_t before = a->before == PLM_SECRET_NO_END ? WINDOW_BEFORE : a->before;
        size_t after = a->after == PLM_SECRET_NO_END ? WINDOW_AFTER : (size_t)a->after + SLACK;
        size_t from = at - done > before ? at - before : done, end = at + a->literal.n;
        end = text.n - end > after ? end + after : text.n;
        /* Where a match may start at the literal, it is cheaper to ask that first. */
        if (a->may_start_there && before &&
            !plm_secret_match(&s->r->matcher, &rule->pattern, text, at, at, end, true, &base))
            continue;
        if (plm_secret_match(&s->r->matcher, &rule->pattern, text, from, at, end, before == 0, &base)) {
            size_t to = take_match(s, rule, base);
            done = to > at ? to : at + 1;
        }
    }
}

static void try_everywhere(struct scan *s, struct plm_secret_rule *rule)
{
    size_t n = s->text.n < MAX_FULL ? s->text.n : MAX_FULL, base;
    if (n < s->text.n)
        s->out->limit_reached = true;
    for (size_t at = 0; at < n;) {
        if (!plm_secret_match(&s->r->matcher, &rule->pattern, s->text, at, n, n, false, &base))
            return;
        size_t to = take_match(s, rule, base);
        at = to > at ? to : at + 1;
    }
}

static bool is_open(struct scan *s, uint32_t i)
{
    struct plm_secret_rule *rule = &s->r->rules.v[i];
    return (!s->is_binary || rule->is_binary) && (!rule->keywords.n || s->has_keyword[i]) &&
           (!rule->has_path || path_found(s, &rule->path));
}

static void try_rules(struct scan *s)
{
    if (s->candidates.n)
        qsort(s->candidates.v, s->candidates.n, sizeof(*s->candidates.v), by_rule_and_place);
    for (size_t i = 0, next; i < s->candidates.n; i = next) {
        uint32_t rule = s->candidates.v[i].rule;
        for (next = i; next < s->candidates.n && s->candidates.v[next].rule == rule;)
            next++;
        if (is_open(s, rule))
            try_candidates(s, &s->r->rules.v[rule], s->candidates.v + i, next - i);
    }
    for (size_t i = 0; i < s->r->n_unanchored; i++)
        if (is_open(s, s->r->unanchored[i]))
            try_everywhere(s, &s->r->rules.v[s->r->unanchored[i]]);
}

/* ---- the path alone ----------------------------------------------------------------------- */

static void try_path(struct scan *s, struct plm_secret_rule *rule)
{
    struct place nothing = {PLM_SV(""), PLM_SV(""), PLM_SV("")};
    if (!path_found(s, &rule->path) || is_allowed(s, rule, &nothing))
        return;
    struct plm_secret_hit *h = plm_vec_push(s->arena, &s->out->hits);
    if (!h) {
        s->oom = true;
        return;
    }
    *h = (struct plm_secret_hit){.rule = rule,
                                 .severity = rule->severity,
                                 .masked = plm_arena_printf(s->arena, "the file (%zu bytes)", s->text.n)};
    fingerprint(s->text, h->fingerprint);
}

bool plm_secret_wants_path(const struct plm_secret_rules *r, plm_sv path)
{
    plm_auto_done(plm_buf_done) struct plm_buf full = PLM_BUF(PLM_KIB(64));
    plm_buf_byte(&full, '/');
    plm_buf_sv_put(&full, path);
    for (size_t i = 0; i < r->n_path_only; i++) {
        struct plm_secret_regex *re = &r->rules.v[r->path_only[i]].path;
        if (plm_secret_found(r->for_paths, re, path) || plm_secret_found(r->for_paths, re, plm_buf_sv(&full)))
            return true;
    }
    return false;
}

/* ---- the result --------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const struct plm_secret_hit *x = a, *y = b;
    if (x->secret_start != y->secret_start)
        return x->secret_start < y->secret_start ? -1 : 1;
    if (x->secret_end != y->secret_end)
        return x->secret_end > y->secret_end ? -1 : 1;
    return plm_sv_cmp(x->rule->id, y->rule->id);
}

static bool overlap(const struct plm_secret_hit *a, const struct plm_secret_hit *b)
{
    return a->secret_start < b->secret_end && b->secret_start < a->secret_end;
}

/* What only looks like a secret goes where a rule knows better; of several such the first stays. */
static void drop_generic(plm_secret_hits *v)
{
    bool *gone = calloc(v->n + 1, sizeof(*gone));
    size_t n = 0;
    for (size_t i = 0; gone && i < v->n; i++)
        for (size_t k = 0; v->v[i].rule->is_generic && k < v->n && !gone[i]; k++)
            gone[i] =
                k != i && !gone[k] && overlap(&v->v[i], &v->v[k]) && (!v->v[k].rule->is_generic || k < i);
    for (size_t i = 0; gone && i < v->n; i++)
        if (!gone[i])
            v->v[n++] = v->v[i];
    v->n = gone ? n : v->n;
    free(gone);
}

int plm_secret_scan(struct plm_secret_rules *r, plm_sv path, plm_sv text, struct plm_arena *a,
                    struct plm_secret_scan_result *out, plm_err **err)
{
    struct scan s = {.r = r, .path = path, .text = {text.p ? text.p : "", text.n}, .arena = a, .out = out};
    *out = (struct plm_secret_scan_result){0};
    s.is_binary = plm_secret_is_binary(text);
    s.has_keyword = plm_arena_array(a, r->rules.n + 1, sizeof(*s.has_keyword));
    if (!s.has_keyword)
        return plm_fail_oom(err);
    r->matcher.limit_reached = false;
    for (size_t i = 0; i < r->n_path_only; i++)
        try_path(&s, &r->rules.v[r->path_only[i]]);
    if (!s.is_binary || r->any_binary) {
        plm_secret_literals_scan(r->literals, s.text, on_literal, &s);
        try_rules(&s);
    }
    out->limit_reached = out->limit_reached || r->matcher.limit_reached;
    if (out->hits.n)
        qsort(out->hits.v, out->hits.n, sizeof(*out->hits.v), by_place);
    drop_generic(&out->hits);
    for (size_t i = 0; i < out->hits.n; i++)
        if (out->hits.v[i].end)
            locate(s.text, out->hits.v[i].secret_start, &out->hits.v[i].line, &out->hits.v[i].column);
    return s.oom ? plm_fail_oom(err) : plm_arena_check(a, err);
}

int plm_secret_redact(struct plm_secret_rules *r, plm_sv path, plm_sv text, struct plm_arena *a, plm_sv *out,
                      plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(2 * text.n + PLM_KIB(256));
    struct plm_secret_scan_result res;
    size_t at = 0;
    if (!scratch)
        return plm_fail_oom(err);
    if (plm_secret_scan(r, path, text, scratch, &res, err) < 0)
        return -1;
    *out = text;
    for (size_t i = 0; i < res.hits.n; i++) {
        const struct plm_secret_hit *h = &res.hits.v[i];
        if (h->secret_start < at || !h->end)
            continue; /* inside the one before */
        plm_buf_put(&b, text.p + at, h->secret_start - at);
        plm_buf_sv_put(&b, h->masked);
        at = h->secret_end;
    }
    if (!at)
        return 0;
    plm_buf_put(&b, text.p + at, text.n - at);
    if (plm_buf_check(&b, err) < 0)
        return -1;
    *out = plm_arena_sv(a, plm_buf_sv(&b));
    return out->p ? 0 : plm_fail_oom(err);
}
