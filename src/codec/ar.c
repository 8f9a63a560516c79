/* SPDX-License-Identifier: Apache-2.0
 *
 * The common ar format: "!<arch>\n", then members, each with a header of 60 text bytes (name 16,
 * mtime 12, uid 6, gid 6, mode 8 octal, size 10, "`\n") and its contents, padded to even length.
 * GNU ends names with a slash and keeps long ones in a member "//", named "/OFFSET" (GNU binutils,
 * ar.h); BSD writes "#1/LENGTH" and puts the name in front of the contents. "/", "/SYM64/" and
 * "__.SYMDEF" are symbol tables. Streaming; memory for the name table only, which is limited.
 */
#include "codec/ar.h"

#include "base/buf.h"

enum { HEADER = 60, BSD_NAME_MAX = 4096 };

struct plm_ar {
    struct plm_stream *s;
    const struct plm_limits *limits;
    uint64_t left; /* of the current member, without padding */
    bool is_odd;
    struct plm_buf names; /* GNU's table */
    struct plm_buf name;
};

struct plm_ar *plm_ar_new(struct plm_stream *s, const struct plm_limits *limits, plm_err **err)
{
    char magic[8];
    struct plm_ar *a = calloc(1, sizeof(*a));
    if (!a)
        return PLM_NULL(plm_fail_oom(err));
    *a = (struct plm_ar){
        .s = s, .limits = limits, .names = PLM_BUF((size_t)limits->pax_bytes), .name = PLM_BUF(BSD_NAME_MAX)};
    int r = plm_stream_read_full(s, magic, sizeof(magic), err);
    if (r == 0 && memcmp(magic, "!<arch>\n", sizeof(magic)) != 0)
        r = plm_fail(err, PLM_E_PARSE, "%s: not an ar archive", plm_stream_name(s));
    if (r < 0) {
        plm_ar_free(a);
        return NULL;
    }
    return a;
}

void plm_ar_free(struct plm_ar *a)
{
    if (!a)
        return;
    plm_buf_done(&a->names);
    plm_buf_done(&a->name);
    free(a);
}

static int bad(const struct plm_ar *a, plm_err **err, const char *what)
{
    return plm_fail(err, PLM_E_PARSE, "%s: ar header before offset %llu: %s", plm_stream_name(a->s),
                    (unsigned long long)plm_stream_offset(a->s), what);
}

/* Digits padded with blanks at the end; an empty field is 0. */
static bool number(plm_sv field, unsigned base, uint64_t *out)
{
    uint64_t v = 0;
    field = plm_sv_trim(field);
    for (size_t i = 0; i < field.n; i++) {
        unsigned d = (unsigned)(unsigned char)field.p[i] - '0';
        if (d >= base || __builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, d, &v))
            return false;
    }
    *out = v;
    return true;
}

/* The contents of a name table, or a name in front of contents. */
static int take(struct plm_ar *a, struct plm_buf *to, uint64_t n, plm_err **err)
{
    if (n > a->left)
        return bad(a, err, "name longer than its member");
    plm_buf_clear(to);
    char *p = n <= to->max ? plm_buf_reserve(to, (size_t)n) : NULL;
    if (!p)
        return n <= to->max ? plm_buf_check(to, err)
                            : plm_fail(err, PLM_E_LIMIT, "%s: ar names of %llu bytes are over the limit",
                                       plm_stream_name(a->s), (unsigned long long)n);
    if (plm_stream_read_full(a->s, p, (size_t)n, err) < 0)
        return -1;
    to->n = (size_t)n;
    a->left -= n;
    return 0;
}

/* Gives the member's name; 0: it is a table, not a member. */
static int resolve(struct plm_ar *a, plm_sv raw, plm_sv *out, plm_err **err)
{
    uint64_t n;
    if (plm_sv_is(raw, "//"))
        return take(a, &a->names, a->left, err) < 0 ? -1 : 0;
    if (plm_sv_is(raw, "/") || plm_sv_is(raw, "/SYM64/") || plm_sv_starts(raw, PLM_SV("__.SYMDEF")))
        return 0;
    if (plm_sv_starts(raw, PLM_SV("#1/")) && plm_sv_u64(plm_sv_from_off(raw, 3), &n)) {
        if (take(a, &a->name, n, err) < 0)
            return -1;
        plm_sv name = plm_buf_sv(&a->name);
        size_t nul = plm_sv_find(name, 0);
        *out = nul == SIZE_MAX ? name : plm_sv_sub(name, 0, nul);
        return plm_sv_starts(*out, PLM_SV("__.SYMDEF")) ? 0 : 1;
    }
    if (raw.n > 1 && raw.p[0] == '/' && plm_sv_u64(plm_sv_from_off(raw, 1), &n)) {
        if (n >= a->names.n)
            return bad(a, err, "name outside of the table of names");
        plm_sv rest = plm_sv_from_off(plm_buf_sv(&a->names), (size_t)n);
        plm_sv_line(&rest, &raw);
    }
    if (plm_sv_ends(raw, PLM_SV("/")))
        raw.n--;
    plm_buf_clear(&a->name);
    plm_buf_sv_put(&a->name, raw);
    *out = plm_buf_sv(&a->name);
    return plm_buf_check(&a->name, err) < 0 ? -1 : 1;
}

/* 1: a header was read; 0: the archive ends before it. */
static int read_header(struct plm_ar *a, char h[HEADER], struct plm_ar_entry *e, plm_err **err)
{
    plm_sv w;
    uint64_t mode;
    if (plm_stream_skip(a->s, a->left, err) < 0 || plm_stream_peek(a->s, &w, err) < 0)
        return -1;
    a->left = 0;
    if (a->is_odd && w.n && (plm_stream_skip(a->s, 1, err) < 0 || plm_stream_peek(a->s, &w, err) < 0))
        return -1;
    a->is_odd = false;
    if (w.n == 0)
        return 0;
    if (plm_stream_read_full(a->s, h, HEADER, err) < 0)
        return -1;
    plm_sv v = plm_sv_n(h, HEADER);
    if (h[58] != '`' || h[59] != '\n')
        return bad(a, err, "no end mark");
    if (!number(plm_sv_sub(v, 16, 12), 10, &e->mtime) || !number(plm_sv_sub(v, 28, 6), 10, &e->uid) ||
        !number(plm_sv_sub(v, 34, 6), 10, &e->gid) || !number(plm_sv_sub(v, 40, 8), 8, &mode) ||
        !number(plm_sv_sub(v, 48, 10), 10, &a->left))
        return bad(a, err, "unusable number");
    e->mode = (uint32_t)mode;
    a->is_odd = a->left & 1;
    return 1;
}

int plm_ar_next(struct plm_ar *a, struct plm_ar_entry *out, plm_err **err)
{
    struct plm_ar_entry e = {0};
    char h[HEADER];
    for (;;) {
        int r = read_header(a, h, &e, err);
        if (r <= 0)
            return r;
        r = resolve(a, plm_sv_trim(plm_sv_n(h, 16)), &e.name, err);
        if (r < 0)
            return -1;
        if (r > 0) {
            e.size = a->left;
            *out = e;
            return 1;
        }
    }
}

ssize_t plm_ar_read(struct plm_ar *a, void *p, size_t n, plm_err **err)
{
    if (n > a->left)
        n = (size_t)a->left;
    if (n == 0)
        return 0;
    ssize_t r = plm_stream_read(a->s, p, n, err);
    if (r == 0)
        return plm_fail(err, PLM_E_PARSE, "%s: ends in the middle of an ar member", plm_stream_name(a->s));
    if (r > 0)
        a->left -= (uint64_t)r;
    return r;
}

static ssize_t member_read(void *impl, void *p, size_t n, plm_err **err)
{
    return plm_ar_read(impl, p, n, err);
}

static void member_free(void *impl)
{
    (void)impl; /* borrowed */
}

struct plm_stream *plm_ar_member(struct plm_ar *a, plm_err **err)
{
    static const struct plm_stream_ops ops = {.read = member_read, .free = member_free};
    plm_auto_free char *name = NULL;
    if (asprintf(&name, "%s: %.*s", plm_stream_name(a->s), PLM_SV_ARG(plm_buf_sv(&a->name))) < 0) {
        name = NULL;
        return PLM_NULL(plm_fail_oom(err));
    }
    return plm_stream_new(&ops, a, name, err);
}
