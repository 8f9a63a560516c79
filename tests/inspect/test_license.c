/* SPDX-License-Identifier: Apache-2.0
 *
 * License texts, beside those that Debian ships; packages against lists.
 */
#include "inspect/inspect.h"
#include "inspect/license_texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static bool read_file(const char *path, struct plm_buf *out)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    for (size_t n = 1; n;) {
        char *to = plm_buf_reserve(out, 65536);
        assert_non_null(to);
        n = fread(to, 1, 65536, f);
        out->n += n;
    }
    fclose(f);
    return true;
}

static void texts_that_debian_ships(void **state)
{
    (void)state;
    static const struct {
        const char *name, *id;
    } rows[] = {
        {"Apache-2.0", "Apache-2.0"},  {"Artistic", "Artistic-1.0-Perl"},
        {"BSD", "BSD-3-Clause"},       {"CC0-1.0", "CC0-1.0"},
        {"GFDL-1.2", "GFDL-1.2-only"}, {"GFDL-1.3", "GFDL-1.3-only"},
        {"GPL-1", "GPL-1.0-only"},     {"GPL-2", "GPL-2.0-only"},
        {"GPL-3", "GPL-3.0-only"},     {"LGPL-2", "LGPL-2.0-only"},
        {"LGPL-2.1", "LGPL-2.1-only"}, {"LGPL-3", "LGPL-3.0-only"},
        {"MPL-1.1", "MPL-1.1"},        {"MPL-2.0", "MPL-2.0"},
    };
    size_t seen = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char path[128];
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        snprintf(path, sizeof(path), "/usr/share/common-licenses/%s", rows[i].name);
        if (!read_file(path, &b))
            continue;
        seen++;
        plm_sv id = plm_license_of_text(plm_buf_sv(&b));
        if (!plm_sv_is(id, rows[i].id))
            fail_msg("%s: %.*s", rows[i].name, PLM_SV_ARG(id));
    }
    if (!seen) {
        print_message("skipped: no texts in /usr/share/common-licenses\n");
        skip();
    }
}

static void texts_that_are_nearly_one(void **state)
{
    (void)state;
    assert_null(plm_license_of_text(PLM_SV("All rights reserved.")).p);
    assert_null(plm_license_of_text(PLM_SV("")).p);
    assert_null(plm_license_of_text(PLM_SV("This is under the GPL, see the file COPYING.")).p);
    assert_null(plm_license_of_text(PLM_SV("Licensed under the MIT license.")).p);
    plm_sv one =
        PLM_SV("Permission is hereby granted, free of charge, to any person obtaining a copy of "
               "this\n\tsoftware and ... "
               "The above copyright notice\n// and this permission notice shall be included. THE SOFTWARE IS "
               "PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND");
    assert_true(plm_sv_is(plm_license_of_text(one), "MIT"));
}

struct world {
    struct plm_arena *arena;
    struct plm_analysis analysis;
    struct plm_inspect_options opt;
    struct plm_report *report;
    struct plm_image_facts *facts;
};

static void add_package(struct world *w, const char *name, const char *licenses)
{
    struct plm_package *p = plm_report_package(w->report, 0);
    struct plm_fact_package *f = plm_vec_push(w->facts->arena, &w->facts->packages);
    assert_true(p && f);
    p->type = PLM_SV("deb");
    p->name = f->name = plm_sv_from(name);
    plm_sv rest = licenses ? plm_sv_from(licenses) : PLM_SV_NULL, field;
    while (plm_sv_field(&rest, ';', &field))
        plm_sv_vec_add(w->report->arena, &p->licenses, field);
}

static void world_init(struct world *w)
{
    *w = (struct world){.arena = plm_arena_new(PLM_ARENA_NO_LIMIT), .report = plm_report_new(NULL)};
    w->facts = plm_image_facts_new(NULL);
    assert_true(w->arena && w->report && w->facts && plm_report_target(w->report));
    w->opt.wants[PLM_KIND_LICENSE] = true;
    add_package(w, "bash", "GPL-3+");
    add_package(w, "perl", "GPL-1+ or Artistic");
    add_package(w, "curl", "curl;ISC;BSD-4-Clause");
    add_package(w, "own", NULL);
    add_package(w, "odd", "Acme private");
}

static void world_run(struct world *w)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    assert_int_equal(plm_inspect_target(&ctx, &w->opt, &w->analysis, w->report, 0, w->facts, NULL), 0);
}

static void world_done(struct world *w)
{
    plm_report_free(w->report);
    plm_image_facts_free(w->facts);
    plm_arena_free(w->arena);
}

static const struct plm_finding *about(const struct world *w, const char *object)
{
    for (size_t i = 0; i < w->report->findings.n; i++)
        if (plm_sv_is(w->report->findings.v[i].object, object))
            return &w->report->findings.v[i];
    return NULL;
}

static bool has_code(const struct world *w, const char *code, const char *text)
{
    for (size_t i = 0; i < w->report->diagnostics.n; i++)
        if (plm_sv_is(w->report->diagnostics.v[i].code, code) &&
            plm_sv_has(w->report->diagnostics.v[i].message, plm_sv_from(text)))
            return true;
    return false;
}

static void denied_ones_are_findings(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    plm_sv_vec_add(w.arena, &w.opt.license_deny, PLM_SV("GPL-*"));
    plm_sv_vec_add(w.arena, &w.opt.license_deny, PLM_SV("BSD-4-Clause"));
    world_run(&w);
    assert_int_equal(w.report->findings.n, 2); /* perl has the Artistic arm */
    assert_true(plm_sv_is(about(&w, "bash")->id, "GPL-3.0-or-later"));
    assert_int_equal(about(&w, "bash")->severity, PLM_SEV_HIGH);
    assert_true(plm_sv_is(about(&w, "curl")->id, "BSD-4-Clause"));
    assert_int_equal(about(&w, "curl")->package, 2);
    assert_true(has_code(&w, "license.none", "1 packages"));
    assert_true(has_code(&w, "license.not-normalised", "Acme private"));
    assert_true(plm_sv_is(w.report->packages.v[1].licenses.v[0], "GPL-1.0-or-later OR Artistic-1.0-Perl"));
    assert_true(w.facts->known & PLM_FACT_LICENSES);
    assert_true(plm_sv_is(w.facts->packages.v[2].license, "curl ISC BSD-4-Clause"));
    world_done(&w);
}

static void what_is_not_allowed_is_a_finding(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    plm_sv_vec_add(w.arena, &w.opt.license_allow, PLM_SV("GPL-3.0-or-later"));
    plm_sv_vec_add(w.arena, &w.opt.license_allow, PLM_SV("Artistic-1.0-Perl"));
    w.opt.license_severity = PLM_SEV_CRITICAL;
    world_run(&w);
    assert_int_equal(w.report->findings.n, 2);
    assert_true(plm_sv_is(about(&w, "odd")->id, "LicenseRef-Acme-private"));
    assert_int_equal(about(&w, "odd")->severity, PLM_SEV_HIGH);
    assert_true(plm_sv_is(about(&w, "curl")->id, "curl"));
    world_done(&w);
}

static void facts_alone_make_no_findings(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.opt.wants[PLM_KIND_LICENSE] = false;
    w.opt.want_licenses = true;
    plm_sv_vec_add(w.arena, &w.opt.license_deny, PLM_SV("*"));
    world_run(&w);
    assert_int_equal(w.report->findings.n, 0);
    assert_int_equal(w.report->diagnostics.n, 0);
    assert_true(w.facts->known & PLM_FACT_LICENSES);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_that_debian_ships),      cmocka_unit_test(texts_that_are_nearly_one),
        cmocka_unit_test(denied_ones_are_findings),     cmocka_unit_test(what_is_not_allowed_is_a_finding),
        cmocka_unit_test(facts_alone_make_no_findings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
