/* SPDX-License-Identifier: Apache-2.0
 *
 * Regular expressions of secret rules: from Go's dialect (RE2) to PCRE2's, and what each must contain.
 *
 * The reader below goes through an expression once and computes for every part its length, the bytes it can
 * consist of, the few strings it stands for if it is that simple, and its best set of anchors: literals of
 * which one is in every match, each with what can follow it, simplified upwards (a part becomes a run of any
 * of its bytes). A part it does not understand (look-behind, back references, Unicode properties) makes the
 * expression opaque: it has no anchors and is tried everywhere.
 */
#include "inspect/secret_int.h"

#include <stdlib.h>

enum {
    MAX_STRINGS = 24, /* a part that stands for more strings is not followed as strings */
    MAX_STRING = 40,
    MAX_ANCHORS = 64,
    MAX_RUNS = 40,
    MAX_DEPTH = 60,
    USEFUL = 2,     /* a shorter literal is everywhere */
    WELL_KNOWN = 6, /* a longer one is not better */
};

typedef plm_sv_vec strings;

struct part {
    uint32_t min, max;
    struct plm_secret_bytes set;
    bool is_exact; /* it stands for `exact` and nothing else */
    bool folds;    /* some of these strings match in any case: they are lower case */
    strings exact;
    struct plm_secret_anchors anchors; /* n == 0: none */
    bool is_assertion;
};
typedef PLM_VEC(struct part) parts;

struct reader {
    plm_sv s;
    size_t at;
    struct plm_arena *a;
    bool folds;  /* (?i) */
    bool dotall; /* (?s) */
    bool opaque;
    unsigned depth;
    enum plm_secret_dialect dialect;
};

/* ---- sets and lengths --------------------------------------------------------------------- */

static void set_add(struct plm_secret_bytes *s, unsigned c)
{
    s->w[(c & 255) >> 6] |= (uint64_t)1 << (c & 63);
}

static void set_range(struct plm_secret_bytes *s, unsigned from, unsigned to)
{
    for (unsigned c = from; c <= to && c < 256; c++)
        set_add(s, c);
}

static void set_join(struct plm_secret_bytes *to, const struct plm_secret_bytes *s)
{
    for (int i = 0; i < 4; i++)
        to->w[i] |= s->w[i];
}

static void set_invert(struct plm_secret_bytes *s)
{
    for (int i = 0; i < 4; i++)
        s->w[i] = ~s->w[i];
}

static void set_fold(struct plm_secret_bytes *s)
{
    for (unsigned c = 'a'; c <= 'z'; c++)
        if (plm_secret_bytes_has(s, (unsigned char)c) || plm_secret_bytes_has(s, (unsigned char)(c - 32))) {
            set_add(s, c);
            set_add(s, c - 32);
        }
}

static uint32_t add(uint32_t a, uint32_t b)
{
    uint32_t sum;
    return __builtin_add_overflow(a, b, &sum) ? PLM_SECRET_NO_END : sum;
}

static uint32_t times(uint32_t a, uint32_t b)
{
    uint32_t product;
    return __builtin_mul_overflow(a, b, &product) ? PLM_SECRET_NO_END : product;
}

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

static bool is_letter(unsigned c)
{
    return lower((unsigned char)c) >= 'a' && lower((unsigned char)c) <= 'z';
}

/* ---- strings of a part -------------------------------------------------------------------- */

static struct part part_of_nothing(struct reader *r)
{
    struct part p = {.is_exact = true};
    plm_sv_vec_add(r->a, &p.exact, PLM_SV(""));
    return p;
}

static void fold_strings(struct reader *r, struct part *p)
{
    for (size_t i = 0; i < p->exact.n; i++) {
        char *copy = plm_arena_cstr(r->a, p->exact.v[i]);
        for (size_t k = 0; copy && k < p->exact.v[i].n; k++)
            copy[k] = (char)lower((unsigned char)copy[k]);
        if (copy)
            p->exact.v[i].p = copy;
    }
    p->folds = true;
}

static struct part part_of_set(struct reader *r, struct plm_secret_bytes set)
{
    struct part p = {.min = 1, .max = 1, .set = set};
    unsigned n = 0, seen[8], c;
    for (c = 0; c < 256 && n < 8; c++)
        if (plm_secret_bytes_has(&set, (unsigned char)c))
            seen[n++] = c;
    if (n == 0 || n >= 8)
        return p;
    p.is_exact = true;
    for (unsigned i = 0; i < n; i++) {
        char ch = (char)seen[i];
        /* the two cases of one letter become one string that folds */
        if (is_letter(seen[i]) && plm_secret_bytes_has(&set, (unsigned char)(seen[i] ^ 32))) {
            p.folds = true;
            if (seen[i] < 'a')
                continue;
        }
        plm_sv_vec_add(r->a, &p.exact, plm_sv_n(&ch, 1));
    }
    if (p.folds)
        fold_strings(r, &p);
    return p;
}

/* a's strings each followed by each of b's; false: too many or too long. */
static bool cross(struct reader *r, struct part *a, struct part *b)
{
    strings out = {0};
    if (a->exact.n * b->exact.n > MAX_STRINGS)
        return false;
    if (a->folds != b->folds)
        fold_strings(r, a->folds ? b : a);
    for (size_t i = 0; i < a->exact.n; i++) {
        for (size_t k = 0; k < b->exact.n; k++) {
            plm_sv x = a->exact.v[i], y = b->exact.v[k];
            plm_sv *slot = x.n + y.n > MAX_STRING ? NULL : plm_vec_push(r->a, &out);
            if (!slot)
                return false;
            *slot = plm_arena_printf(r->a, "%.*s%.*s", (int)x.n, x.p, (int)y.n, y.p);
        }
    }
    a->exact = out;
    return true;
}

/* ---- anchors ------------------------------------------------------------------------------ */

/* How telling the weakest literal is; 0: of no use. */
static unsigned score_of(const struct plm_secret_anchors *v)
{
    unsigned least = v->n ? UINT32_MAX : 0;
    for (size_t i = 0; i < v->n; i++) {
        size_t n = v->v[i].literal.n < WELL_KNOWN ? v->v[i].literal.n : WELL_KNOWN;
        unsigned one = n < USEFUL ? 0 : (unsigned)n * 4 + (v->v[i].before != PLM_SECRET_NO_END ? 12 : 0);
        least = one < least ? one : least;
    }
    return least;
}

static struct plm_secret_anchors anchors_of_strings(struct reader *r, const struct part *p)
{
    struct plm_secret_anchors out = {0};
    for (size_t i = 0; i < p->exact.n; i++) {
        struct plm_secret_anchor *an = plm_vec_push(r->a, &out);
        if (an)
            *an = (struct plm_secret_anchor){
                .literal = p->exact.v[i], .folds = p->folds, .may_start_there = true};
    }
    return out;
}

static void add_run(struct reader *r, struct plm_secret_anchor *an, const struct part *p)
{
    if (p->max == 0 || an->n_runs >= MAX_RUNS)
        return;
    struct plm_secret_run *v = plm_arena_array(r->a, an->n_runs + 1, sizeof(*v));
    if (!v)
        return;
    if (an->n_runs)
        memcpy(v, an->runs, an->n_runs * sizeof(*v));
    v[an->n_runs++] = (struct plm_secret_run){.set = p->set, .min = p->min, .max = p->max};
    an->runs = v;
}

/* A string's bytes one by one; other parts as one run. */
static void add_follower(struct reader *r, struct plm_secret_anchor *an, const struct part *p)
{
    if (!p->is_exact || p->exact.n != 1 || p->exact.v[0].n < 2) {
        add_run(r, an, p);
        return;
    }
    for (size_t i = 0; i < p->exact.v[0].n; i++) {
        struct part one = {.min = 1, .max = 1};
        set_add(&one.set, (unsigned char)p->exact.v[0].p[i]);
        if (p->folds)
            set_fold(&one.set);
        add_run(r, an, &one);
    }
}

/* The anchors as they stand in a sequence: others before, others behind. */
static struct plm_secret_anchors placed(struct reader *r, const struct plm_secret_anchors *v,
                                        const parts *all, size_t from, size_t behind)
{
    struct plm_secret_anchors out = {0};
    for (size_t i = 0; i < v->n && i < MAX_ANCHORS; i++) {
        struct plm_secret_anchor *an = plm_vec_push(r->a, &out);
        if (!an)
            break;
        *an = v->v[i];
        for (size_t k = 0; k < from; k++) {
            an->before = add(an->before, all->v[k].max);
            an->may_start_there = an->may_start_there && all->v[k].min == 0 && !all->v[k].is_assertion;
        }
        for (size_t k = behind; k < all->n; k++) {
            an->after = add(an->after, all->v[k].max);
            add_follower(r, an, &all->v[k]);
        }
    }
    return out;
}

static void prefer(struct plm_secret_anchors *best, unsigned *score, const struct plm_secret_anchors *v)
{
    unsigned s = v->n <= MAX_ANCHORS ? score_of(v) : 0;
    if (s > *score || (s == *score && s && v->n < best->n)) {
        *best = *v;
        *score = s;
    }
}

/* ---- sequences, choices, repetitions ------------------------------------------------------ */

/* The strings of a run of exact parts, as far as they stay few. */
static size_t join_exact(struct reader *r, const parts *all, size_t from, struct part *out)
{
    size_t i = from + 1;
    *out = all->v[from];
    for (; i < all->n && all->v[i].is_exact; i++) {
        struct part next = all->v[i], kept = *out;
        if (!cross(r, out, &next)) {
            *out = kept;
            break;
        }
    }
    return i;
}

static struct part sequence(struct reader *r, parts *all)
{
    struct part out = part_of_nothing(r);
    unsigned score = 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct part *p = &all->v[i];
        out.min = add(out.min, p->min);
        out.max = add(out.max, p->max);
        set_join(&out.set, &p->set);
        out.is_assertion = out.is_assertion || p->is_assertion;
        struct part copy = *p;
        out.is_exact = out.is_exact && p->is_exact && cross(r, &out, &copy);
    }
    for (size_t i = 0; i < all->n;) {
        size_t next = i + 1;
        struct plm_secret_anchors own = all->v[i].anchors;
        if (all->v[i].is_exact) {
            struct part joined;
            next = join_exact(r, all, i, &joined);
            own = anchors_of_strings(r, &joined);
        }
        struct plm_secret_anchors there = placed(r, &own, all, i, next);
        prefer(&out.anchors, &score, &there);
        i = next;
    }
    return out;
}

static struct part choice(struct reader *r, const parts *branches)
{
    struct part out = {.min = PLM_SECRET_NO_END, .is_exact = true};
    bool all_anchored = true;
    for (size_t i = 0; i < branches->n; i++) {
        struct part b = branches->v[i];
        out.min = b.min < out.min ? b.min : out.min;
        out.max = b.max > out.max ? b.max : out.max;
        out.is_assertion = out.is_assertion || b.is_assertion;
        set_join(&out.set, &b.set);
        if (out.is_exact && (!b.is_exact || out.exact.n + b.exact.n > MAX_STRINGS))
            out.is_exact = false;
        if (out.is_exact && i && out.folds != b.folds)
            fold_strings(r, out.folds ? &b : &out);
        out.folds = out.folds || b.folds;
        for (size_t k = 0; out.is_exact && k < b.exact.n; k++)
            plm_sv_vec_add(r->a, &out.exact, b.exact.v[k]);
        struct plm_secret_anchors own = b.is_exact ? anchors_of_strings(r, &b) : b.anchors;
        all_anchored = all_anchored && own.n && out.anchors.n + own.n <= MAX_ANCHORS;
        for (size_t k = 0; all_anchored && k < own.n; k++) {
            struct plm_secret_anchor *an = plm_vec_push(r->a, &out.anchors);
            if (an)
                *an = own.v[k];
        }
    }
    if (!all_anchored)
        out.anchors.n = 0;
    return out;
}

static struct part repeated(struct reader *r, const struct part *p, uint32_t min, uint32_t max)
{
    struct part out = {.min = times(p->min, min), .set = p->set, .is_assertion = p->is_assertion};
    out.max = max == PLM_SECRET_NO_END ? (p->max ? PLM_SECRET_NO_END : 0) : times(p->max, max);
    if (min == 1 && max == 1)
        return *p;
    if (p->is_exact && max <= MAX_STRING) { /* all powers of it */
        struct part power = part_of_nothing(r);
        out.is_exact = true;
        out.folds = p->folds;
        for (uint32_t i = 0; out.is_exact && i <= max; i++) {
            for (size_t k = 0; i >= min && out.is_exact && k < power.exact.n; k++) {
                plm_sv_vec_add(r->a, &out.exact, power.exact.v[k]);
                out.is_exact = out.exact.n <= MAX_STRINGS;
            }
            struct part once = *p;
            if (i < max && out.is_exact)
                out.is_exact = cross(r, &power, &once);
        }
        if (out.is_exact)
            return out;
        out.exact = (strings){0};
        out.folds = false;
    }
    if (min > 0) { /* the anchors of the first round */
        struct part more = {.set = p->set,
                            .min = times(p->min, min - 1),
                            .max = max == PLM_SECRET_NO_END ? PLM_SECRET_NO_END : times(p->max, max - 1)};
        parts both = {0};
        struct part *slots[2] = {plm_vec_push(r->a, &both), NULL};
        if (slots[0])
            *slots[0] = *p;
        slots[1] = plm_vec_push(r->a, &both);
        if (slots[1]) {
            *slots[1] = more;
            struct plm_secret_anchors own = p->is_exact ? anchors_of_strings(r, p) : p->anchors;
            out.anchors = placed(r, &own, &both, 0, 1);
        }
    }
    return out;
}

/* ---- classes and escapes ------------------------------------------------------------------ */

static int peek(const struct reader *r, size_t ahead)
{
    return ahead < r->s.n - r->at ? (unsigned char)r->s.p[r->at + ahead] : -1;
}

static bool ahead_is(const struct reader *r, const char *what)
{
    return plm_sv_starts(plm_sv_from_off(r->s, r->at), plm_sv_from(what));
}

static int hex_digit(int c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* \d \w \s and their opposites; false: another letter. */
static bool class_letter(int c, struct plm_secret_bytes *out)
{
    *out = (struct plm_secret_bytes){0};
    switch (c | 32) {
    case 'd':
        set_range(out, '0', '9');
        break;
    case 'w':
        set_range(out, '0', '9');
        set_range(out, 'a', 'z');
        set_range(out, 'A', 'Z');
        set_add(out, '_');
        break;
    case 's':
        set_range(out, '\t', '\r');
        set_add(out, ' ');
        break;
    default:
        return false;
    }
    if (!(c & 32))
        set_invert(out);
    return true;
}

/* Behind the backslash: one byte, or -1 for what this reader does not follow. */
static int escaped_byte(struct reader *r)
{
    static const char from[] = "tnrfae", to[] = "\t\n\r\f\a\x1b";
    int c = peek(r, 0);
    r->at++;
    const char *at = c > 0 ? strchr(from, c) : NULL;
    if (at)
        return to[at - from];
    if (c == 'v' && r->dialect == PLM_SECRET_GO)
        return '\v';
    if (c == 'x') {
        int high = hex_digit(peek(r, 0)), low = hex_digit(peek(r, 1));
        if (high < 0 || low < 0 || high > 7)
            return -1;
        r->at += 2;
        return high * 16 + low;
    }
    return c < 0 || c >= 128 || is_letter((unsigned)c) || (c >= '0' && c <= '9') ? -1 : c;
}

static bool posix_class(struct reader *r, struct plm_secret_bytes *out)
{
    static const struct {
        const char *name, *ranges; /* pairs of first and last byte */
    } classes[] = {
        {"[:alnum:]", "09azAZ"},  {"[:alpha:]", "azAZ"},   {"[:digit:]", "09"},
        {"[:lower:]", "az"},      {"[:upper:]", "AZ"},     {"[:word:]", "09azAZ__"},
        {"[:xdigit:]", "09afAF"}, {"[:space:]", "\t\r  "}, {"[:punct:]", "!/:@[`{~"},
        {"[:print:]", " ~"},      {"[:graph:]", "!~"},     {"[:blank:]", "\t\t  "},
    };
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (!ahead_is(r, classes[i].name))
            continue;
        for (const char *p = classes[i].ranges; *p; p += 2)
            set_range(out, (unsigned char)p[0], (unsigned char)p[1]);
        r->at += strlen(classes[i].name);
        return true;
    }
    return false;
}

/* One member of a class: a byte, or a whole set (-2); -1: not followed. */
static int class_member(struct reader *r, struct plm_secret_bytes *set)
{
    struct plm_secret_bytes more;
    int c = peek(r, 0);
    if (c == '[' && (peek(r, 1) == ':' || peek(r, 1) == '.' || peek(r, 1) == '='))
        return posix_class(r, set) ? -2 : -1;
    r->at++;
    if (c != '\\')
        return c >= 128 ? -1 : c;
    if (class_letter(peek(r, 0), &more)) {
        r->at++;
        set_join(set, &more);
        return -2;
    }
    if (peek(r, 0) == 'b' && r->dialect == PLM_SECRET_PCRE2) {
        r->at++;
        return '\b';
    }
    return escaped_byte(r);
}

static struct part class(struct reader *r)
{
    struct plm_secret_bytes set = {0};
    bool is_negated = peek(r, 1) == '^';
    r->at += is_negated ? 2 : 1;
    for (bool first = true; !r->opaque && (first || peek(r, 0) != ']'); first = false) {
        int from = peek(r, 0) < 0 ? -1 : class_member(r, &set);
        if (from == -1) {
            r->opaque = true;
            break;
        }
        if (from == -2)
            continue;
        if (peek(r, 0) != '-' || peek(r, 1) == ']' || peek(r, 1) < 0) {
            set_add(&set, (unsigned)from);
            continue;
        }
        r->at++;
        int to = class_member(r, &set);
        if (to == -2) { /* [a-\d]: the hyphen is itself */
            set_add(&set, (unsigned)from);
            set_add(&set, '-');
        } else if (to < from) {
            r->opaque = true;
        } else {
            set_range(&set, (unsigned)from, (unsigned)to);
        }
    }
    r->at++;
    if (r->folds)
        set_fold(&set);
    if (is_negated)
        set_invert(&set);
    return part_of_set(r, set);
}

static struct part one_byte(struct reader *r, unsigned c)
{
    struct plm_secret_bytes set = {0};
    set_add(&set, c);
    if (r->folds)
        set_fold(&set);
    return part_of_set(r, set);
}

static struct part assertion(struct reader *r)
{
    struct part p = part_of_nothing(r);
    p.is_assertion = true;
    return p;
}

/* \Q...\E */
static struct part quoted(struct reader *r)
{
    parts all = {0};
    for (r->at++; peek(r, 0) >= 0 && !ahead_is(r, "\\E"); r->at++) {
        struct part *p = plm_vec_push(r->a, &all);
        if (peek(r, 0) >= 128)
            r->opaque = true;
        if (p)
            *p = one_byte(r, (unsigned)peek(r, 0));
    }
    r->at += ahead_is(r, "\\E") ? 2 : 0;
    return sequence(r, &all);
}

static struct part escape(struct reader *r)
{
    struct plm_secret_bytes set;
    r->at++;
    int c = peek(r, 0);
    if (c == 'Q')
        return quoted(r);
    if (c == 'b' || c == 'B' || c == 'A' || c == 'z' || c == 'Z' || c == 'G') {
        r->at++;
        return assertion(r);
    }
    if (class_letter(c, &set)) {
        r->at++;
        return part_of_set(r, set);
    }
    c = escaped_byte(r);
    if (c < 0)
        r->opaque = true;
    return one_byte(r, c < 0 ? 0 : (unsigned)c);
}

/* ---- groups ------------------------------------------------------------------------------- */

static struct part alternatives(struct reader *r);

/* "i", "-i", "s-i" ...; the flags hold to the end of the group. False: something else stands there. */
static bool flags(struct reader *r, bool *folds, bool *dotall)
{
    bool on = true;
    for (; peek(r, 0) >= 0; r->at++) {
        int c = peek(r, 0);
        if (c == ')' || c == ':')
            return true;
        if (c == '-')
            on = false;
        else if (c == 'i')
            *folds = on;
        else if (c == 's')
            *dotall = on;
        else if (c != 'm' && c != 'U' && c != 'J')
            return false;
    }
    return false;
}

/* Past "(?<name>", "(?P<name>", "(?'name'"; false: none. */
static bool group_name(struct reader *r)
{
    size_t from = ahead_is(r, "?P<") ? 3 : ahead_is(r, "?<") || ahead_is(r, "?'") ? 2 : 0;
    char end = from && r->s.p[r->at + from - 1] == '\'' ? '\'' : '>';
    if (!from || peek(r, from) == '=' || peek(r, from) == '!')
        return false;
    for (r->at += from; peek(r, 0) >= 0 && peek(r, 0) != end;)
        r->at++;
    r->at++;
    return true;
}

static struct part inside(struct reader *r)
{
    struct part p = alternatives(r);
    if (peek(r, 0) != ')')
        r->opaque = true;
    r->at++;
    return p;
}

static struct part group(struct reader *r)
{
    bool folds = r->folds, dotall = r->dotall;
    struct part p;
    r->at++;
    if (peek(r, 0) == '*') { /* verbs */
        r->opaque = true;
        return part_of_nothing(r);
    }
    if (peek(r, 0) != '?' || group_name(r)) {
        p = inside(r);
    } else if (ahead_is(r, "?=") || ahead_is(r, "?!") || ahead_is(r, "?<=") || ahead_is(r, "?<!")) {
        r->at += peek(r, 1) == '<' ? 3 : 2;
        (void)inside(r);
        p = assertion(r);
    } else if (ahead_is(r, "?>") || ahead_is(r, "?|")) {
        r->at += 2;
        p = inside(r);
    } else {
        r->at++;
        if (!flags(r, &r->folds, &r->dotall)) {
            r->opaque = true;
            return part_of_nothing(r);
        }
        if (peek(r, 0) == ')') { /* for the rest of the group around it */
            r->at++;
            return part_of_nothing(r);
        }
        r->at++;
        p = inside(r);
    }
    r->folds = folds;
    r->dotall = dotall;
    return p;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static struct part atom(struct reader *r)
{
    int c = peek(r, 0);
    struct plm_secret_bytes any = {0};
    if (c == '(')
        return group(r);
    if (c == '[')
        return class(r);
    if (c == '\\')
        return escape(r);
    r->at++;
    if (c == '^' || c == '$')
        return assertion(r);
    if (c == '.') {
        if (!r->dotall)
            set_add(&any, '\n');
        set_invert(&any);
        return part_of_set(r, any);
    }
    if (c >= 128 || c == '*' || c == '+' || c == '?')
        r->opaque = true;
    return one_byte(r, (unsigned)c);
}

static bool number(struct reader *r, uint32_t *out)
{
    uint32_t v = 0;
    bool any = false;
    for (; peek(r, 0) >= '0' && peek(r, 0) <= '9' && v < 100000; r->at++, any = true)
        v = v * 10 + (uint32_t)(peek(r, 0) - '0');
    *out = v;
    return any;
}

/* "{n}", "{n,}", "{n,m}"; anything else in braces is text. */
static bool braces(struct reader *r, uint32_t *min, uint32_t *max)
{
    size_t from = r->at;
    r->at++;
    bool ok = number(r, min);
    *max = *min;
    if (ok && peek(r, 0) == ',') {
        r->at++;
        if (!number(r, max))
            *max = PLM_SECRET_NO_END;
    }
    ok = ok && peek(r, 0) == '}';
    r->at = ok ? r->at + 1 : from;
    return ok;
}

static bool quantifier(struct reader *r, uint32_t *min, uint32_t *max)
{
    int c = peek(r, 0);
    *min = c == '+';
    *max = c == '?' ? 1 : PLM_SECRET_NO_END;
    if (c == '{' ? !braces(r, min, max) : c != '*' && c != '+' && c != '?')
        return false;
    if (c != '{')
        r->at++;
    if (peek(r, 0) == '?' || peek(r, 0) == '+') /* lazy, possessive */
        r->at++;
    return true;
}

static struct part branch(struct reader *r)
{
    parts all = {0};
    while (!r->opaque && peek(r, 0) >= 0 && peek(r, 0) != '|' && peek(r, 0) != ')') {
        uint32_t min, max;
        struct part p = atom(r);
        while (quantifier(r, &min, &max))
            p = repeated(r, &p, min, max);
        struct part *slot = plm_vec_push(r->a, &all);
        if (slot)
            *slot = p;
    }
    return sequence(r, &all);
}

static struct part alternatives(struct reader *r)
{
    parts branches = {0};
    if (r->depth++ > MAX_DEPTH)
        r->opaque = true;
    for (;;) {
        struct part p = branch(r);
        struct part *slot = plm_vec_push(r->a, &branches);
        if (slot)
            *slot = p;
        if (r->opaque || peek(r, 0) != '|')
            break;
        r->at++;
    }
    r->depth--;
    return branches.n == 1 ? branches.v[0] : choice(r, &branches);
}

static void find_anchors(struct plm_secret_regex *re, plm_sv source, enum plm_secret_dialect dialect,
                         struct plm_arena *a)
{
    struct reader r = {.s = source, .a = a, .dialect = dialect};
    struct part p = alternatives(&r);
    if (r.opaque || r.at < source.n)
        return;
    struct plm_secret_anchors v = p.is_exact ? anchors_of_strings(&r, &p) : p.anchors;
    if (v.n <= MAX_ANCHORS && score_of(&v) > 0)
        re->anchors = v;
}

/* ---- from Go to PCRE2 --------------------------------------------------------------------- */

/* Only the differences: a hyphen behind a class escape (PCRE2 refuses what Go takes for a hyphen), \v (one
 * byte in Go), {,n} (text in Go), \C. Everything else that Go takes means the same. */
static plm_sv from_go(plm_sv s, struct plm_arena *a)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(4 * s.n + 16);
    bool in_class = false;
    size_t class_start = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : '\0';
        if (c == '\\' && next) {
            bool is_set = strchr("dDwWsS", next) != NULL;
            if (next == 'v')
                plm_buf_str(&b, "\\x0b");
            else if (next == 'C' && !in_class)
                plm_buf_str(&b, "(?s:.)");
            else
                plm_buf_put(&b, s.p + i, 2);
            i++;
            if (in_class && is_set && i + 2 < s.n && s.p[i + 1] == '-' && s.p[i + 2] != ']') {
                plm_buf_str(&b, "\\-");
                i++;
            }
            continue;
        }
        if (!in_class && c == '[') {
            in_class = true;
            class_start = i + (next == '^' ? 2 : 1);
        } else if (in_class && c == '[' && next == ':') {
            plm_sv rest = plm_sv_from_off(s, i);
            size_t end = plm_sv_find_sv(rest, PLM_SV(":]"));
            if (end != SIZE_MAX) {
                plm_buf_put(&b, rest.p, end + 2);
                i += end + 1;
                continue;
            }
        } else if (in_class && c == ']' && i != class_start) {
            in_class = false;
        } else if (!in_class && c == '{' && next == ',') {
            plm_buf_byte(&b, '\\');
        }
        plm_buf_byte(&b, (unsigned char)c);
    }
    return plm_buf_check(&b, NULL) < 0 ? PLM_SV_NULL : plm_arena_sv(a, plm_buf_sv(&b));
}

/* Beyond ASCII the expression needs characters; else bytes do, and any file can be searched as it is. */
static bool needs_utf(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] >= 128)
            return true;
        if (s.p[i] == '\\' && i + 1 < s.n) {
            i++;
            if (s.p[i] == 'p' || s.p[i] == 'P' || (s.p[i] == 'x' && i + 1 < s.n && s.p[i + 1] == '{'))
                return true;
        }
    }
    return false;
}

int plm_secret_regex_init(struct plm_secret_regex *re, plm_sv source, enum plm_secret_dialect dialect,
                          struct plm_arena *a, plm_err **err)
{
    *re = (struct plm_secret_regex){.text = dialect == PLM_SECRET_GO ? from_go(source, a)
                                                                     : plm_arena_sv(a, source)};
    if (!re->text.p)
        return plm_fail_oom(err);
    re->flags = PCRE2_USE_OFFSET_LIMIT | PCRE2_NEVER_BACKSLASH_C;
    if (dialect == PLM_SECRET_GO)
        re->flags |= PCRE2_DOLLAR_ENDONLY;
    if (needs_utf(source))
        re->flags |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
    else
        find_anchors(re, source, dialect, a);
    return plm_arena_check(a, err);
}
