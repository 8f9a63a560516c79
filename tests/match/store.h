/* SPDX-License-Identifier: Apache-2.0
 *
 * A store, a report and their packages in a few lines, for the tests of match and scan.
 *
 *     struct plm_feed_sink *s = feed(&ctx, "osv");
 *     push(s, &(struct record){.id = "CVE-2024-1", .ecosystem = "Debian:12", .package = "curl", .fixed =
 * "2"}); finish(s, builder, as_of);
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "match/match.h"

#include <stdio.h>
#include <unistd.h>

enum { NOW = 1795527540 }; /* 2026-11-24 */
static const plm_sv_vec no_channels __attribute__((unused));

static inline void must(int r, plm_err *err)
{
    if (r >= 0)
        return;
    plm_auto_free char *text = plm_err_text(err);
    plm_err_free(err);
    fail_msg("%s", text ? text : "failed without an error");
}

static inline struct plm_ctx test_ctx(void)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.now = NOW;
    ctx.now_injected = true;
    ctx.jobs = 1;
    return ctx;
}

static inline plm_sv text_of(const char *s)
{
    return s ? plm_sv_from(s) : PLM_SV_NULL;
}

struct record {
    const char *id, *alias, *covers, *covers2, *ecosystem, *package, *introduced, *fixed, *last, *arch,
        *module, *channel, *severity, *adv_severity;
    bool is_binary;
    int64_t withdrawn;
    enum plm_fix_state state;
};

static inline struct plm_feed_sink *feed(const struct plm_ctx *ctx, const char *name)
{
    plm_err *err = NULL;
    struct plm_feed_sink *s = plm_feed_begin(ctx, name, "osv", &err);
    must(s ? 0 : -1, err);
    return s;
}

static inline void push(struct plm_feed_sink *s, const struct record *r)
{
    plm_err *err = NULL;
    struct plm_range range = {
        .introduced = text_of(r->introduced), .fixed = text_of(r->fixed), .last_affected = text_of(r->last)};
    struct plm_affected af = {.ecosystem = text_of(r->ecosystem),
                              .package = text_of(r->package),
                              .arch = text_of(r->arch),
                              .modularity = text_of(r->module),
                              .channel = text_of(r->channel),
                              .severity = text_of(r->severity),
                              .is_binary = r->is_binary,
                              .state = r->state};
    af.ranges.v = &range;
    af.ranges.n = 1;
    plm_sv alias = text_of(r->alias), covers[] = {text_of(r->covers), text_of(r->covers2)};
    struct plm_advisory adv = {.id = text_of(r->id),
                               .withdrawn = r->withdrawn,
                               .severity = text_of(r->adv_severity),
                               .published = 1700000000};
    adv.aliases.v = &alias;
    adv.aliases.n = alias.n ? 1 : 0;
    adv.covers.v = covers;
    adv.covers.n = (covers[0].n ? 1u : 0u) + (covers[1].n ? 1u : 0u);
    adv.affected.v = &af;
    adv.affected.n = r->package ? 1 : 0;
    must(s->advisory(s, &adv, &err), err);
}

static inline struct plm_db_builder *builder(const struct plm_ctx *ctx)
{
    plm_err *err = NULL;
    struct plm_db_builder *b = plm_db_builder_new(ctx, &err);
    must(b ? 0 : -1, err);
    return b;
}

static inline void finish(struct plm_feed_sink *s, struct plm_db_builder *b, int64_t as_of)
{
    plm_err *err = NULL;
    must(plm_feed_end(s, b, as_of, NULL, &err), err);
}

/* Writes and opens; frees the builder. The file is gone as soon as it is mapped. */
static inline struct plm_db *opened(struct plm_db_builder *b)
{
    char path[] = "/tmp/plm-test-match-XXXXXX";
    plm_err *err = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    must(plm_db_builder_write(b, path, &err), err);
    plm_db_builder_free(b);
    struct plm_db *db = plm_db_open(path, &err);
    unlink(path);
    must(db ? 0 : -1, err);
    return db;
}

static inline struct plm_report *report(void)
{
    struct plm_report *r = plm_report_new(NULL);
    assert_non_null(r);
    return r;
}

static inline uint32_t target(struct plm_report *r, const char *id, const char *version,
                              const char *ecosystem)
{
    struct plm_target *t = plm_report_target(r);
    assert_non_null(t);
    t->id = PLM_SV("dir:/x");
    t->reference = PLM_SV("/x");
    t->distro.id = text_of(id);
    t->distro.version = text_of(version);
    t->distro.ecosystem = text_of(ecosystem);
    return (uint32_t)r->targets.n - 1;
}

static inline struct plm_package *package(struct plm_report *r, uint32_t t, const char *type,
                                          const char *name, const char *version)
{
    struct plm_package *p = plm_report_package(r, t);
    assert_non_null(p);
    p->type = text_of(type);
    p->name = p->source_name = text_of(name);
    p->version = p->source_version = text_of(version);
    return p;
}

static inline const struct plm_diagnostic *diagnostic(const struct plm_report *r, const char *code)
{
    for (size_t i = 0; i < r->diagnostics.n; i++)
        if (plm_sv_is(r->diagnostics.v[i].code, code))
            return &r->diagnostics.v[i];
    return NULL;
}

static inline const struct plm_finding *finding(const struct plm_report *r, const char *id)
{
    for (size_t i = 0; i < r->findings.n; i++)
        if (plm_sv_is(r->findings.v[i].id, id))
            return &r->findings.v[i];
    return NULL;
}
