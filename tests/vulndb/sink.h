/* SPDX-License-Identifier: Apache-2.0
 *
 * A feed sink that writes what it is given as JSON lines, one per push, so that tests compare texts
 * and Python can read a whole feed. Members that are null or empty are left out.
 */
#pragma once

#include "base/text.h"
#include "base/time.h"
#include "vulndb/vulndb.h"

#include <stdarg.h>
#include <stdio.h>

struct test_sink {
    struct plm_feed_sink sink;
    struct plm_buf out;
    size_t advisories, bad;
};

static void test_key(struct plm_buf *b, const char *key)
{
    if (b->n && b->p[b->n - 1] != '{')
        plm_buf_byte(b, ',');
    plm_buf_printf(b, "\"%s\":", key);
}

static void test_string(struct plm_buf *b, const char *key, plm_sv value)
{
    if (!value.p)
        return;
    test_key(b, key);
    plm_text_json(b, value);
}

static void test_strings(struct plm_buf *b, const char *key, const plm_sv_vec *v)
{
    if (!v->n)
        return;
    test_key(b, key);
    for (size_t i = 0; i < v->n; i++) {
        plm_buf_byte(b, i ? ',' : '[');
        plm_text_json(b, v->v[i]);
    }
    plm_buf_byte(b, ']');
}

static void test_time(struct plm_buf *b, const char *key, int64_t t)
{
    if (!t)
        return;
    test_key(b, key);
    plm_buf_byte(b, '"');
    plm_time_put(b, t);
    plm_buf_byte(b, '"');
}

static void test_affected(struct plm_buf *b, const struct plm_affected *a)
{
    plm_buf_byte(b, '{');
    test_string(b, "ecosystem", a->ecosystem);
    test_string(b, "package", a->package);
    test_string(b, "scheme", a->scheme);
    test_string(b, "arch", a->arch);
    test_string(b, "modularity", a->modularity);
    test_string(b, "channel", a->channel);
    if (a->is_binary) {
        test_key(b, "binary");
        plm_buf_str(b, "true");
    }
    test_string(b, "state", plm_sv_from(plm_fix_state_name(a->state)));
    test_string(b, "severity", a->severity);
    test_string(b, "note", a->note);
    test_key(b, "ranges");
    plm_buf_byte(b, '[');
    for (size_t i = 0; i < a->ranges.n; i++) {
        const struct plm_range *r = &a->ranges.v[i];
        plm_buf_str(b, i ? ",{" : "{");
        test_string(b, "introduced", r->introduced);
        test_string(b, "fixed", r->fixed);
        test_string(b, "last", r->last_affected);
        test_string(b, "only", r->only);
        plm_buf_byte(b, '}');
    }
    plm_buf_str(b, "]}");
}

static int test_sink_advisory(struct plm_feed_sink *s, const struct plm_advisory *adv, plm_err **err)
{
    struct test_sink *t = s->impl;
    struct plm_buf *b = &t->out;
    t->advisories++;
    plm_buf_byte(b, '{');
    test_string(b, "id", adv->id);
    test_strings(b, "aliases", &adv->aliases);
    test_strings(b, "covers", &adv->covers);
    test_string(b, "title", adv->title);
    test_string(b, "details", adv->details);
    test_string(b, "severity", adv->severity);
    if (adv->cvss.n) {
        test_key(b, "cvss");
        for (size_t i = 0; i < adv->cvss.n; i++) {
            plm_buf_byte(b, i ? ',' : '[');
            plm_buf_printf(b, "{\"score\":%.1f", adv->cvss.v[i].score);
            test_string(b, "vector", adv->cvss.v[i].vector);
            test_string(b, "source", adv->cvss.v[i].source);
            plm_buf_byte(b, '}');
        }
        plm_buf_byte(b, ']');
    }
    test_strings(b, "references", &adv->references);
    test_time(b, "published", adv->published);
    test_time(b, "modified", adv->modified);
    test_time(b, "withdrawn", adv->withdrawn);
    if (adv->is_malware) {
        test_key(b, "malware");
        plm_buf_str(b, "true");
    }
    test_key(b, "affected");
    plm_buf_byte(b, '[');
    for (size_t i = 0; i < adv->affected.n; i++) {
        if (i)
            plm_buf_byte(b, ',');
        test_affected(b, &adv->affected.v[i]);
    }
    plm_buf_str(b, "]}\n");
    plm_arena_reset(s->arena);
    return plm_buf_check(b, err);
}

static int test_sink_kev(struct plm_feed_sink *s, plm_sv cve, int64_t added, plm_err **err)
{
    struct plm_buf *b = &((struct test_sink *)s->impl)->out;
    plm_buf_byte(b, '{');
    test_string(b, "kev", cve);
    test_time(b, "added", added);
    plm_buf_str(b, "}\n");
    return plm_buf_check(b, err);
}

static int test_sink_epss(struct plm_feed_sink *s, plm_sv cve, double score, double percentile, plm_err **err)
{
    struct plm_buf *b = &((struct test_sink *)s->impl)->out;
    plm_buf_byte(b, '{');
    test_string(b, "epss", cve);
    plm_buf_printf(b, ",\"score\":%.5f,\"percentile\":%.5f}\n", score, percentile);
    return plm_buf_check(b, err);
}

static int test_sink_eol(struct plm_feed_sink *s, plm_sv product, plm_sv cycle, plm_sv codename, int64_t eol,
                         plm_err **err)
{
    struct plm_buf *b = &((struct test_sink *)s->impl)->out;
    plm_buf_byte(b, '{');
    test_string(b, "eol", product);
    test_string(b, "cycle", cycle);
    test_string(b, "codename", codename);
    test_time(b, "date", eol);
    plm_buf_str(b, "}\n");
    return plm_buf_check(b, err);
}

static int test_sink_covers(struct plm_feed_sink *s, plm_sv ecosystem, plm_err **err)
{
    struct plm_buf *b = &((struct test_sink *)s->impl)->out;
    plm_buf_byte(b, '{');
    test_string(b, "ecosystem", ecosystem);
    plm_buf_str(b, "}\n");
    return plm_buf_check(b, err);
}

static void __attribute__((format(printf, 3, 4)))
test_sink_bad(struct plm_feed_sink *s, plm_sv where, const char *fmt, ...)
{
    struct test_sink *t = s->impl;
    t->bad++;
    va_list ap;
    va_start(ap, fmt);
    char *text = NULL;
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    plm_buf_byte(&t->out, '{');
    test_string(&t->out, "bad", where);
    test_string(&t->out, "why", n < 0 ? PLM_SV_NULL : plm_sv_from(text));
    plm_buf_str(&t->out, "}\n");
    if (n >= 0)
        free(text);
}

static void test_sink_as_of(struct plm_feed_sink *s, int64_t when)
{
    struct plm_buf *b = &((struct test_sink *)s->impl)->out;
    plm_buf_byte(b, '{');
    test_time(b, "as_of", when);
    plm_buf_str(b, "}\n");
}

/* The sink in place; arena_bytes bounds the scratch of one advisory. */
static inline void test_sink_init(struct test_sink *t, const struct plm_ctx *ctx, size_t arena_bytes)
{
    *t = (struct test_sink){.out = PLM_BUF(SIZE_MAX)};
    t->sink = (struct plm_feed_sink){.ctx = ctx,
                                     .arena = plm_arena_new(arena_bytes),
                                     .keep = plm_arena_new(PLM_ARENA_NO_LIMIT),
                                     .impl = t,
                                     .advisory = test_sink_advisory,
                                     .kev = test_sink_kev,
                                     .epss = test_sink_epss,
                                     .eol = test_sink_eol,
                                     .covers = test_sink_covers,
                                     .bad = test_sink_bad,
                                     .as_of = test_sink_as_of};
}

static inline void test_sink_done(struct test_sink *t)
{
    plm_arena_free(t->sink.arena);
    plm_arena_free(t->sink.keep);
    plm_buf_done(&t->out);
}

static inline const struct plm_feed_format *test_format(const char *id)
{
    PLM_SET_FOREACH (plm_feeds, struct plm_feed_format, f) {
        if (plm_sv_is(plm_sv_from(f->id), id))
            return f;
    }
    return NULL;
}
