/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs extractors over files or texts as an image analysis would, and collects the result.
 *
 *     struct harness h;
 *     harness_init(&h);
 *     harness_add(&h, "var/lib/dpkg/status", text, layer, visible);
 *     harness_collect(&h, flags);            // h.report
 *     harness_done(&h);
 */
#pragma once

#include "base/fs.h"
#include "catalog_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct harness {
    struct plm_extract_out out; /* first: the diag callback gets its address */
    struct plm_analysis analysis;
    struct plm_report *report;
    struct plm_buf diags; /* "code: message\n" */
    struct plm_limits limits;
};

__attribute__((format(printf, 4, 5))) static inline void
harness_diag(struct plm_extract_out *out, const char *code, enum plm_severity sev, const char *fmt, ...)
{
    (void)sev;
    struct harness *h = (struct harness *)(void *)out;
    va_list ap;
    char *text = NULL;
    va_start(ap, fmt);
    assert_true(vasprintf(&text, fmt, ap) >= 0);
    va_end(ap);
    plm_buf_printf(&h->diags, "%s: %s\n", code, text);
    free(text);
}

static inline void harness_init(struct harness *h)
{
    *h = (struct harness){.diags = PLM_BUF(PLM_MIB(1)), .limits = plm_limits_default};
    h->analysis.arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    h->report = plm_report_new(NULL);
    assert_non_null(h->analysis.arena);
    assert_non_null(h->report);
    assert_non_null(plm_report_target(h->report));
}

static inline void harness_done(struct harness *h)
{
    plm_arena_free(h->analysis.arena);
    plm_report_free(h->report);
    plm_buf_done(&h->diags);
}

static inline const struct plm_extractor *harness_extractor(plm_sv path)
{
    PLM_SET_FOREACH (plm_catalogers, struct plm_cataloger, c) {
        for (const char *const *g = c->extractor->globs; *g; g++)
            if (plm_sv_glob(plm_sv_from(*g), path))
                return c->extractor;
    }
    return NULL;
}

/* 0, or -1 with the extractor's error as a diagnostic, as image/ does it. */
static inline int harness_add(struct harness *h, const char *path, plm_sv content, uint32_t layer,
                              bool visible)
{
    const struct plm_extractor *x = harness_extractor(plm_sv_from(path));
    if (!x)
        fail_msg("no extractor wants %s", path);
    struct plm_entry e = {.path = plm_sv_from(path), .size = content.n, .mode = 0100644};
    h->out.facts = PLM_BUF(PLM_MIB(64));
    h->out.owned = PLM_BUF(PLM_MIB(64));
    h->out.arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    h->out.diag = harness_diag;
    h->out.limits = &h->limits;
    plm_err *err = NULL;
    int rc = x->extract(&e, content, &h->out, &err);
    if (rc < 0) {
        char *text = plm_err_text(err);
        plm_buf_printf(&h->diags, "%s.unreadable: %s\n", x->id, text);
        free(text);
        plm_err_free(err);
    }
    assert_int_equal(plm_buf_check(&h->out.facts, NULL), 0);
    struct plm_facts *f = plm_vec_push(h->analysis.arena, &h->analysis.facts);
    assert_non_null(f);
    *f = (struct plm_facts){.extractor = x, .layer = layer, .visible = visible};
    f->path = plm_arena_printf(h->analysis.arena, "/%s", path);
    f->data = plm_arena_sv(h->analysis.arena, plm_buf_sv(&h->out.facts));
    f->owned = plm_arena_sv(h->analysis.arena, plm_buf_sv(&h->out.owned));
    plm_buf_done(&h->out.facts);
    plm_buf_done(&h->out.owned);
    plm_arena_free(h->out.arena);
    return rc;
}

static inline void harness_file(struct harness *h, const char *path, const char *file)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(64));
    plm_err *err = NULL;
    if (plm_fs_read(file, PLM_MIB(64), &b, &err) < 0)
        fail_msg("%s", err->message);
    harness_add(h, path, plm_buf_sv(&b), PLM_NONE, true);
}

static inline int harness_fact_cmp(const void *x, const void *y)
{
    const struct plm_facts *a = x, *b = y;
    int c = strcmp(a->extractor->id, b->extractor->id);
    if (c == 0)
        c = plm_sv_cmp(a->path, b->path);
    return c ? c : (a->layer > b->layer) - (a->layer < b->layer);
}

static inline void harness_collect(struct harness *h, unsigned flags)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    if (h->analysis.facts.n)
        qsort(h->analysis.facts.v, h->analysis.facts.n, sizeof(h->analysis.facts.v[0]), harness_fact_cmp);
    assert_int_equal(plm_catalog_collect(&ctx, &h->analysis, flags, h->report, 0, NULL), 0);
}

static inline const struct plm_package *harness_package(const struct harness *h, const char *name)
{
    for (size_t i = 0; i < h->report->packages.n; i++)
        if (plm_sv_is(h->report->packages.v[i].name, name))
            return &h->report->packages.v[i];
    return NULL;
}

#define assert_sv(v, text)                                                                                   \
    do {                                                                                                     \
        if (!plm_sv_is((v), (text)))                                                                         \
            fail_msg("%s is '%.*s', not '%s'", #v, PLM_SV_ARG(v), (text));                                   \
    } while (0)
