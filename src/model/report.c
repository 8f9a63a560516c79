/* SPDX-License-Identifier: Apache-2.0
 *
 * Building a report and bringing it into its one order.
 *
 * Finding keys: SHA-256-free on purpose (base has no libcrypto): 128 bits of two FNV-1a
 * hashes over kind, id, target reference without tag or digest, package type and name (no
 * version), object and path. They must be stable, not unforgeable.
 */
#include "base/text.h"
#include "model/facts.h"
#include "model/model.h"

#include <stdarg.h>
#include <stdio.h>

struct plm_report *plm_report_new(plm_err **err)
{
    struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_report *r = a ? plm_arena_make(a, struct plm_report) : NULL;
    if (!r) {
        plm_arena_free(a);
        return PLM_NULL(plm_fail_oom(err));
    }
    r->arena = a;
    r->tool = PLM_SV("plimsoll");
    return r;
}

void plm_report_free(struct plm_report *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->facts.n; i++)
        plm_image_facts_free(r->facts.v[i]);
    plm_arena_free(r->arena);
}

struct plm_target *plm_report_target(struct plm_report *r)
{
    return plm_vec_push(r->arena, &r->targets);
}

struct plm_package *plm_report_package(struct plm_report *r, uint32_t target)
{
    struct plm_package *p = plm_vec_push(r->arena, &r->packages);
    if (p)
        p->target = target;
    return p;
}

struct plm_finding *plm_report_finding(struct plm_report *r, uint32_t target, enum plm_kind kind)
{
    struct plm_finding *f = plm_vec_push(r->arena, &r->findings);
    if (f) {
        f->target = target;
        f->kind = kind;
        f->package = PLM_NONE;
        f->layer = PLM_NONE;
        f->epss = -1;
        f->risk = -1;
    }
    return f;
}

struct plm_check_row *plm_report_check(struct plm_report *r, uint32_t target)
{
    struct plm_check_row *c = plm_vec_push(r->arena, &r->checks);
    if (c)
        c->target = target;
    return c;
}

static struct plm_diagnostic *add_diag(struct plm_report *r, const char *code, enum plm_severity severity,
                                       uint32_t target, plm_sv object, plm_sv message)
{
    struct plm_diagnostic *d = plm_vec_push(r->arena, &r->diagnostics);
    if (!d)
        return NULL;
    *d = (struct plm_diagnostic){.code = plm_sv_from(code),
                                 .severity = severity,
                                 .target = target,
                                 .object = plm_arena_sv(r->arena, object),
                                 .message = message};
    if (severity >= PLM_SEV_HIGH && target < r->targets.n)
        r->targets.v[target].is_incomplete = true;
    return d;
}

struct plm_diagnostic *plm_diag(struct plm_report *r, const char *code, enum plm_severity severity,
                                uint32_t target, plm_sv object, const char *fmt, ...)
{
    va_list ap;
    char *text = NULL;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    struct plm_diagnostic *d = add_diag(r, code, severity, target, object,
                                        plm_arena_sv(r->arena, text ? plm_sv_from(text) : PLM_SV("")));
    free(text);
    return d;
}

struct plm_diagnostic *plm_diag_err(struct plm_report *r, const char *code, enum plm_severity severity,
                                    uint32_t target, plm_sv object, const plm_err *e)
{
    plm_auto_free char *text = plm_err_text(e);
    const char *hint = plm_err_hint_get(e);
    struct plm_diagnostic *d = add_diag(r, code, severity, target, object,
                                        plm_arena_sv(r->arena, plm_sv_from(text ? text : "out of memory")));
    if (d && hint)
        d->hint = plm_arena_sv(r->arena, plm_sv_from(hint));
    return d;
}

/* ---- order ----------------------------------------------------------------------------- */

static int order_u32(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static plm_sv first_path(const struct plm_package *p)
{
    return p->locations.n ? p->locations.v[0].path : PLM_SV_NULL;
}

static int by_package(const void *va, const void *vb)
{
    const struct plm_package *a = va, *b = vb;
    int c = order_u32(a->target, b->target);
    c = c ? c : plm_sv_cmp(a->type, b->type);
    c = c ? c : plm_sv_cmp(a->name, b->name);
    c = c ? c : plm_sv_cmp(a->version, b->version);
    c = c ? c : plm_sv_cmp(a->arch, b->arch);
    return c ? c : plm_sv_cmp(first_path(a), first_path(b));
}

static int by_finding(const void *va, const void *vb)
{
    const struct plm_finding *a = va, *b = vb;
    int c = order_u32(a->target, b->target);
    c = c ? c : (int)b->severity - (int)a->severity;
    c = c ? c : (int)a->kind - (int)b->kind;
    c = c ? c : plm_sv_cmp(a->id, b->id);
    c = c ? c : order_u32(a->package, b->package);
    c = c ? c : plm_sv_cmp(a->object, b->object);
    c = c ? c : plm_sv_cmp(a->path, b->path);
    return c ? c : order_u32(a->line, b->line);
}

static int by_check(const void *va, const void *vb)
{
    const struct plm_check_row *a = va, *b = vb;
    int c = order_u32(a->target, b->target);
    c = c ? c : plm_sv_cmp(a->id, b->id);
    return c ? c : plm_sv_cmp(a->object, b->object);
}

static int by_diagnostic(const void *va, const void *vb)
{
    const struct plm_diagnostic *a = va, *b = vb;
    int c = order_u32(a->target, b->target);
    c = c ? c : (int)b->severity - (int)a->severity;
    c = c ? c : plm_sv_cmp(a->code, b->code);
    c = c ? c : plm_sv_cmp(a->object, b->object);
    return c ? c : plm_sv_cmp(a->message, b->message);
}

#define SORT(vec, cmp)                                                                                       \
    do {                                                                                                     \
        if ((vec).n > 1)                                                                                     \
            qsort((vec).v, (vec).n, sizeof(*(vec).v), cmp);                                                  \
    } while (0)

/* Sorts packages and renumbers what points to them; `owner` and finding.package survive. */
static int sort_packages(struct plm_report *r, plm_err **err)
{
    size_t n = r->packages.n;
    if (n < 2)
        return 0;
    plm_auto_free uint32_t *map = calloc(n, sizeof(*map));
    if (!map)
        return plm_fail_oom(err);
    /* A package remembers its old place in an array beside it: sort an array of (package, index). */
    struct tagged {
        struct plm_package p;
        uint32_t was;
    };
    plm_auto_free struct tagged *t = calloc(n, sizeof(*t));
    if (!t)
        return plm_fail_oom(err);
    for (size_t i = 0; i < n; i++) {
        t[i].p = r->packages.v[i];
        t[i].was = (uint32_t)i;
    }
    qsort(t, n, sizeof(*t), by_package); /* struct tagged starts with the package */
    for (size_t i = 0; i < n; i++) {
        map[t[i].was] = (uint32_t)i;
        r->packages.v[i] = t[i].p;
    }
    for (size_t i = 0; i < r->findings.n; i++)
        if (r->findings.v[i].package < n)
            r->findings.v[i].package = map[r->findings.v[i].package];
    return 0;
}

/* ---- keys, ids, counts ------------------------------------------------------------------ */

static plm_sv without_tag(plm_sv ref)
{
    plm_sv head, tail;
    if (plm_sv_cut(ref, '@', &head, &tail))
        ref = head;
    size_t colon = plm_sv_rfind(ref, ':'), slash = plm_sv_rfind(ref, '/');
    if (colon != SIZE_MAX && (slash == SIZE_MAX || colon > slash))
        ref = plm_sv_sub(ref, 0, colon);
    return ref;
}

static void make_key(struct plm_report *r, struct plm_finding *f)
{
    static const char sep[] = "\x1f";
    struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_buf_str(&b, plm_kind_name(f->kind));
    plm_buf_str(&b, sep);
    plm_buf_sv_put(&b, f->id);
    plm_buf_str(&b, sep);
    if (f->target < r->targets.n) {
        const struct plm_target *t = &r->targets.v[f->target];
        bool is_image = t->layers.n > 0;
        plm_buf_sv_put(&b, is_image ? without_tag(t->reference) : t->reference);
    }
    plm_buf_str(&b, sep);
    if (f->package < r->packages.n) {
        const struct plm_package *p = &r->packages.v[f->package];
        plm_buf_sv_put(&b, p->type);
        plm_buf_str(&b, sep);
        plm_buf_sv_put(&b, p->name);
        plm_buf_str(&b, sep);
        plm_buf_sv_put(&b, p->arch);
    }
    plm_buf_str(&b, sep);
    plm_buf_sv_put(&b, f->object);
    plm_buf_str(&b, sep);
    plm_buf_sv_put(&b, f->path);
    uint64_t h1 = plm_sv_hash(plm_buf_sv(&b));
    plm_buf_str(&b, sep);
    uint64_t h2 = plm_sv_hash(plm_buf_sv(&b));
    plm_buf_done(&b);
    f->key = plm_arena_printf(r->arena, "%016llx%016llx", (unsigned long long)h1, (unsigned long long)h2);
}

/* 100 × max(EPSS, 1 if KEV) × CVSS/10; unknown where none of them is known (design.md part 2). */
static void make_risk(struct plm_finding *f)
{
    double cvss = -1;
    for (size_t i = 0; i < f->cvss.n && cvss < 0; i++)
        cvss = f->cvss.v[i].score;
    double likelihood = f->kev ? 1 : f->epss;
    f->risk = cvss < 0 || likelihood < 0 ? -1 : 100 * likelihood * cvss / 10;
}

static void count(struct plm_report *r)
{
    struct plm_counts c = {
        .packages = r->packages.n, .targets = r->targets.n, .diagnostics = r->diagnostics.n};
    for (size_t i = 0; i < r->targets.n; i++) {
        c.layers += r->targets.v[i].layers.n;
        c.layers_cached += r->targets.v[i].layers_cached;
    }
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct plm_finding *f = &r->findings.v[i];
        if (f->suppressed) {
            c.suppressed++;
            continue;
        }
        c.by_severity[f->severity]++;
        c.by_kind[f->kind]++;
        c.fixable += f->kind == PLM_KIND_VULNERABILITY && f->fix == PLM_FIX_FIXED;
    }
    r->counts = c;
}

int plm_report_finish(struct plm_report *r, plm_err **err)
{
    if (sort_packages(r, err) < 0)
        return -1;
    for (size_t i = 0; i < r->packages.n; i++) {
        struct plm_package *p = &r->packages.v[i];
        if (!p->id.p)
            p->id = plm_arena_printf(r->arena, "p%zu", i + 1);
    }
    SORT(r->findings, by_finding);
    SORT(r->checks, by_check);
    SORT(r->diagnostics, by_diagnostic);
    for (size_t i = 0; i < r->findings.n; i++) {
        if (!r->findings.v[i].key.p)
            make_key(r, &r->findings.v[i]);
        make_risk(&r->findings.v[i]);
    }
    plm_sv_vec_sort_unique(&r->network);
    count(r);
    return plm_arena_check(r->arena, err);
}
