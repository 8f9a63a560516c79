/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of paths as tests of the kernel: fd.name, fd.directory, fd.filename of a file whose absolute path is
 * known (kfilter.h). An operand that no absolute path can meet gives no test at all; one whose test the
 * kernel does not have (contains) leaves every path possible.
 */
#include "watch/kplan_int.h"

enum path_field { PATH_NONE, PATH_NAME, PATH_DIRECTORY, PATH_FILENAME };

static enum path_field path_field(const struct plm_cond *c)
{
    const char *name = plm_kfield_name(c->lhs);
    if (strcmp(name, "fd.name") == 0)
        return PATH_NAME;
    if (strcmp(name, "fd.directory") == 0)
        return PATH_DIRECTORY;
    return strcmp(name, "fd.filename") == 0 ? PATH_FILENAME : PATH_NONE;
}

bool plm_kpath_is_known(const struct plm_cond *c)
{
    enum path_field f = path_field(c);
    bool is_whole = c->op == PLM_OP_EQ || c->op == PLM_OP_IN || c->op == PLM_OP_INTERSECTS;
    bool is_begin = c->op == PLM_OP_STARTSWITH || c->op == PLM_OP_PMATCH;
    if (c->rhs)
        return false;
    switch (f) {
    case PATH_NONE:
        return false;
    case PATH_NAME:
        return is_whole || is_begin || c->op == PLM_OP_ENDSWITH || c->op == PLM_OP_GLOB;
    case PATH_DIRECTORY:
        return is_whole || is_begin;
    case PATH_FILENAME:
        return is_whole || c->op == PLM_OP_ENDSWITH;
    }
    return false;
}

/* What one operand asks of the path. */
enum outcome { ASK_TEST, ASK_NEVER, ASK_ANY };

static enum outcome test_of(enum plm_kpath_kind kind, plm_sv text, struct plm_kpath_test *out)
{
    *out = (struct plm_kpath_test){.kind = kind, .text = text};
    return ASK_TEST;
}

static bool is_absolute(plm_sv s)
{
    return s.n && s.p[0] == '/';
}

static enum outcome prefix_of(plm_sv s, struct plm_kpath_test *out)
{
    if (s.n && !is_absolute(s))
        return ASK_NEVER;
    return s.n < 2 ? ASK_ANY : test_of(PLM_KPATH_PREFIX, s, out);
}

/* The end of a path: its last component, or how that ends. */
static enum outcome ending_of(plm_sv s, struct plm_kpath_test *out)
{
    size_t at = plm_sv_rfind(s, '/');
    plm_sv last = at == SIZE_MAX ? s : plm_sv_from_off(s, at + 1);
    if (!last.n)
        return ASK_ANY;
    return test_of(at == SIZE_MAX ? PLM_KPATH_SUFFIX : PLM_KPATH_NAME, last, out);
}

static bool is_special(char c)
{
    return c == '*' || c == '?' || c == '[' || c == ']' || c == '\\';
}

/* By what stands behind the last wildcard, or before the first. */
static enum outcome glob_of(plm_sv s, struct plm_kpath_test *out)
{
    size_t first = 0, last = s.n;
    while (first < s.n && !is_special(s.p[first]))
        first++;
    if (first == s.n)
        return is_absolute(s) ? test_of(PLM_KPATH_EXACT, s, out) : ASK_NEVER;
    while (!is_special(s.p[last - 1]))
        last--;
    plm_sv tail = plm_sv_from_off(s, last), head = plm_sv_sub(s, 0, first);
    if (plm_sv_find(s, '[') == SIZE_MAX && plm_sv_find(s, '\\') == SIZE_MAX && tail.n &&
        ending_of(tail, out) == ASK_TEST && (out->kind == PLM_KPATH_NAME || head.n < 3))
        return ASK_TEST;
    return prefix_of(head, out);
}

/* The components before the first one with a wildcard, as a path. */
static enum outcome pmatch_of(plm_sv s, struct plm_arena *a, struct plm_kpath_test *out)
{
    char *p = plm_arena_alloc(a, s.n + 2); /* one more for the slash of a relative operand */
    plm_sv rest = s, part;
    size_t n = 0;
    while (p && plm_sv_field(&rest, '/', &part)) {
        bool is_wild = false;
        for (size_t i = 0; i < part.n; i++)
            is_wild |= is_special(part.p[i]);
        if (is_wild)
            break;
        if (!part.n)
            continue;
        p[n++] = '/';
        memcpy(p + n, part.p, part.n);
        n += part.n;
    }
    return prefix_of(plm_sv_n(p, n), out); /* no memory: the caller asks the arena */
}

static enum outcome operand_of(const struct plm_cond *c, plm_sv s, struct plm_arena *a,
                               struct plm_kpath_test *out)
{
    enum path_field f = path_field(c);
    if (c->op == PLM_OP_STARTSWITH)
        return prefix_of(s, out);
    if (c->op == PLM_OP_PMATCH)
        return pmatch_of(s, a, out);
    if (c->op == PLM_OP_GLOB)
        return glob_of(s, out);
    if (c->op == PLM_OP_ENDSWITH)
        return f == PATH_FILENAME && plm_sv_find(s, '/') != SIZE_MAX ? ASK_ANY : ending_of(s, out);
    if (f == PATH_FILENAME) /* its value for the root is "/" */
        return plm_sv_find(s, '/') != SIZE_MAX || !s.n ? ASK_ANY : test_of(PLM_KPATH_NAME, s, out);
    if (!is_absolute(s))
        return ASK_NEVER;
    return test_of(f == PATH_NAME ? PLM_KPATH_EXACT : PLM_KPATH_DIR, s, out);
}

int plm_kpath_tests(const struct plm_cond *c, struct plm_arena *a, struct plm_kcube *out)
{
    struct plm_kcube r = {.has_paths = true};
    for (size_t i = 0; i < c->n_values && r.has_paths; i++) {
        struct plm_kpath_test t;
        enum outcome o = operand_of(c, c->values[i].text, a, &t);
        if (plm_arena_failed(a))
            return -1;
        r.has_paths = o != ASK_ANY && r.paths.n < PLM_KPATHS_MAX;
        struct plm_kpath_test *at = o == ASK_TEST ? plm_vec_push(a, &r.paths) : NULL;
        if (o == ASK_TEST && !at)
            return -1;
        if (at)
            *at = t;
    }
    out->has_paths = r.has_paths;
    memcpy(&out->paths, &r.paths, sizeof out->paths);
    return 0;
}

bool plm_kpath_holds(enum plm_kpath_kind kind, plm_sv text, plm_sv path)
{
    size_t at = plm_sv_rfind(path, '/');
    plm_sv last = at == SIZE_MAX ? path : plm_sv_from_off(path, at + 1);
    plm_sv dir = at == SIZE_MAX || at == 0 ? PLM_SV("/") : plm_sv_sub(path, 0, at);
    switch (kind) {
    case PLM_KPATH_EXACT:
        return plm_sv_eq(path, text);
    case PLM_KPATH_PREFIX:
        return plm_sv_starts(path, text);
    case PLM_KPATH_NAME:
        return plm_sv_eq(last, text);
    case PLM_KPATH_DIR:
        return plm_sv_eq(dir, text) || plm_sv_eq(path, text);
    case PLM_KPATH_SUFFIX:
        return plm_sv_ends(last, text);
    }
    return true;
}
