/* SPDX-License-Identifier: Apache-2.0
 *
 * For the fuzz targets of feed formats: one input as one file, into a sink that reads every byte
 * that it is given, so that a sanitizer sees a view that points astray.
 */
#pragma once

#include "vulndb/vulndb.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t fuzz_sum; /* keeps the reads from being optimised away */

static void fuzz_read(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++)
        fuzz_sum += (unsigned char)s.p[i];
}

static void fuzz_read_all(const plm_sv_vec *v)
{
    for (size_t i = 0; i < v->n; i++)
        fuzz_read(v->v[i]);
}

static int fuzz_advisory(struct plm_feed_sink *s, const struct plm_advisory *adv, plm_err **err)
{
    (void)err;
    plm_sv own[] = {adv->id, adv->title, adv->details, adv->severity};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        fuzz_read(own[i]);
    fuzz_read_all(&adv->aliases);
    fuzz_read_all(&adv->covers);
    fuzz_read_all(&adv->references);
    for (size_t i = 0; i < adv->cvss.n; i++)
        fuzz_read(adv->cvss.v[i].vector);
    for (size_t i = 0; i < adv->affected.n; i++) {
        const struct plm_affected *a = &adv->affected.v[i];
        plm_sv row[] = {a->ecosystem, a->package, a->arch, a->modularity, a->channel, a->severity, a->note};
        for (size_t k = 0; k < sizeof(row) / sizeof(row[0]); k++)
            fuzz_read(row[k]);
        for (size_t k = 0; k < a->ranges.n; k++) {
            const struct plm_range *r = &a->ranges.v[k];
            plm_sv ends[] = {r->introduced, r->fixed, r->last_affected, r->only};
            for (size_t e = 0; e < sizeof(ends) / sizeof(ends[0]); e++)
                fuzz_read(ends[e]);
        }
        if (a->state == PLM_FIX_NOT_AFFECTED && (a->ranges.n != 1 || !plm_sv_is(a->ranges.v[0].fixed, "0")))
            abort(); /* the contract of struct plm_affected */
    }
    plm_arena_reset(s->arena);
    return 0;
}

static int fuzz_kev(struct plm_feed_sink *s, plm_sv cve, int64_t added, plm_err **err)
{
    (void)s, (void)added, (void)err;
    fuzz_read(cve);
    return 0;
}

static int fuzz_epss(struct plm_feed_sink *s, plm_sv cve, double score, double percentile, plm_err **err)
{
    (void)s, (void)err;
    fuzz_read(cve);
    if (!(score >= 0 && score <= 1 && percentile >= 0 && percentile <= 1))
        abort();
    return 0;
}

static int fuzz_eol(struct plm_feed_sink *s, plm_sv product, plm_sv cycle, plm_sv codename, int64_t eol,
                    plm_err **err)
{
    (void)s, (void)eol, (void)err;
    fuzz_read(product);
    fuzz_read(cycle);
    fuzz_read(codename);
    return 0;
}

static int fuzz_covers(struct plm_feed_sink *s, plm_sv ecosystem, plm_err **err)
{
    (void)s, (void)err;
    fuzz_read(ecosystem);
    return 0;
}

static void __attribute__((format(printf, 3, 4)))
fuzz_bad(struct plm_feed_sink *s, plm_sv where, const char *fmt, ...)
{
    (void)s;
    fuzz_read(where);
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) >= 0) {
        fuzz_read(plm_sv_from(text));
        free(text);
    }
    va_end(ap);
}

static void fuzz_as_of(struct plm_feed_sink *s, int64_t t)
{
    (void)s, (void)t;
}

static inline int fuzz_feed(const char *format, const char *name, const uint8_t *data, size_t size)
{
    struct plm_limits limits = plm_limits_default;
    limits.yaml_events = 100000;
    struct plm_ctx ctx = {.limits = &limits};
    struct plm_feed_sink sink = {.ctx = &ctx,
                                 .arena = plm_arena_new((size_t)64 << 20),
                                 .keep = plm_arena_new((size_t)64 << 20),
                                 .advisory = fuzz_advisory,
                                 .kev = fuzz_kev,
                                 .epss = fuzz_epss,
                                 .eol = fuzz_eol,
                                 .covers = fuzz_covers,
                                 .bad = fuzz_bad,
                                 .as_of = fuzz_as_of};
    plm_err *err = NULL;
    /* a copy without anything behind its end, which is never NULL */
    char *copy = malloc(size ? size : 1);
    const struct plm_feed_format *found = NULL;
    PLM_SET_FOREACH (plm_feeds, struct plm_feed_format, f) {
        if (plm_sv_is(plm_sv_from(f->id), format))
            found = f;
    }
    if (!found || !copy || !sink.arena || !sink.keep)
        abort();
    if (size)
        memcpy(copy, data, size);
    struct plm_feed_file file = {plm_sv_from(name), plm_sv_n(copy, size)};
    if (found->file(&sink, &file, &err) == 0 && found->finish && found->finish(&sink, &err) < 0)
        fuzz_sum++;
    plm_err_free(err);
    plm_arena_free(sink.arena);
    plm_arena_free(sink.keep);
    free(copy);
    return 0;
}
