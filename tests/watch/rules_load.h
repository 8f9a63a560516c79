/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule files from texts, for tests of the loader.
 */
#pragma once

#include "base/buf.h"
#include "base/ctx.h"
#include "watch/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define LOAD_FILES 4

struct load {
    struct plm_arena *arena;
    struct plm_load_report report;
    struct plm_rules_config conf;
    struct plm_rules *rules;
    struct plm_err *err;
};

static inline void load_done(struct load *l)
{
    plm_rules_unref(l->rules);
    plm_err_free(l->err);
    plm_arena_free(l->arena);
}
PLM_CLEANUP_INPLACE(struct load, load_done)

/* Up to four texts, NULL-ended; they are called 1.yaml and so on. */
static inline void load_texts(struct load *l, ...)
{
    static const char *const names[LOAD_FILES] = {"1.yaml", "2.yaml", "3.yaml", "4.yaml"};
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_sv files[LOAD_FILES], texts[LOAD_FILES];
    size_t n = 0;
    va_list ap;
    va_start(ap, l);
    for (const char *t; n < LOAD_FILES && (t = va_arg(ap, const char *)) != NULL; n++) {
        files[n] = plm_sv_from(names[n]);
        texts[n] = plm_sv_from(t);
    }
    va_end(ap);
    l->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    l->conf.files = files;
    l->conf.texts = texts;
    l->conf.n_files = n;
    if (!l->conf.min_priority)
        l->conf.min_priority = PLM_PRIO_DEBUG;
    l->rules = plm_rules_load(&ctx, &l->conf, l->arena, &l->report, &l->err);
}

/* "LOAD_X LOAD_Y": errors, then warnings of one file. */
static inline void load_codes(const struct plm_load_file *f, struct plm_buf *out)
{
    for (size_t i = 0; i < f->errors.n + f->warnings.n; i++) {
        const struct plm_load_message *m =
            i < f->errors.n ? &f->errors.v[i] : &f->warnings.v[i - f->errors.n];
        plm_buf_printf(out, "%s%s", i ? " " : "", plm_load_code_name(m->code));
    }
}

/* The text of a rule's resolved condition. */
static inline void load_condition(const struct load *l, const char *rule, struct plm_buf *out)
{
    const struct plm_rule *r = plm_rules_find(l->rules, plm_sv_from(rule));
    assert_non_null(r);
    plm_cond_text(r->condition, out);
    plm_buf_cstr(out);
}

/* A rule with this condition and the rest of what it needs. */
#define RULE(name, condition)                                                                                \
    "- rule: " name "\n  desc: d\n  output: o\n  priority: INFO\n  condition: " condition "\n"
