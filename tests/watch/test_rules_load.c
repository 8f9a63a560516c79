/* SPDX-License-Identifier: Apache-2.0
 *
 * What rule files come to (falco-rules.md part 1 and 2.4): merging, lists, macros, exceptions as conditions,
 * overrides, selections, event types; several files; and that hostile files end at a limit.
 */
#include "rules_load.h"

#include "base/fs.h"

#include <sys/stat.h>

#define OPEN "evt.type = open"

static const struct row {
    const char *text, *condition; /* of the rule "r" */
} rows[] = {
    /* lists stand for their values where a value stands without quotes */
    {"- list: l\n  items: [a, b]\n" RULE("r", OPEN " and proc.name in (l, c)"),
     "evt.type = open and proc.name in (a, b, c)"},
    {"- list: l\n  items: [a, b]\n" RULE("r", OPEN " and proc.name in (l)"),
     "evt.type = open and proc.name in (a, b)"},
    {"- list: l\n  items: [a, b]\n" RULE("r", OPEN " and proc.name in l"),
     "evt.type = open and proc.name in (a, b)"},
    {"- list: l\n  items: [a, b]\n" RULE("r", OPEN " and proc.name in (\"l\")"),
     "evt.type = open and proc.name in (\"l\")"},
    {"- list: l\n  items: []\n" RULE("r", OPEN " and proc.name in (x, l, y)"),
     "evt.type = open and proc.name in (x, y)"},
    {"- list: l\n  items: []\n" RULE("r", OPEN " and proc.name in (l)"),
     "evt.type = open and proc.name in ()"},
    {"- list: l\n  items: [a]\n" RULE("r", OPEN " and proc.name = l"), "evt.type = open and proc.name = a"},
    {"- list: l\n  items: [a, b]\n" RULE("r", OPEN " and proc.name startswith anyof (l, c)"),
     "evt.type = open and proc.name startswith anyof (a, b, c)"},
    {"- list: l\n  items: [a, b]\n" RULE("r", OPEN " and proc.name startswith anyof l"),
     "evt.type = open and proc.name startswith anyof (a, b)"},
    {"- list: l\n  items: [a b, 3, '\"(x)\"', \"'y'\"]\n" RULE("r", OPEN " and proc.name in (l)"),
     "evt.type = open and proc.name in (\"a b\", 3, \"(x)\", \"y\")"},
    {"- list: l\n  items: ['a,b', 'c, d', --x=y]\n" RULE("r", OPEN " and proc.name in (l)"),
     "evt.type = open and proc.name in (a, b, \"c, d\", \"--x=y\")"},
    {"- list: a\n  items: [x]\n- list: b\n  items: [a, y]\n- list: c\n  items: [b]\n" RULE(
         "r", OPEN " and proc.name in (c)"),
     "evt.type = open and proc.name in (x, y)"},
    /* a list that is defined later is a value */
    {"- list: b\n  items: [a]\n- list: a\n  items: [x]\n" RULE("r", OPEN " and proc.name in (b)"),
     "evt.type = open and proc.name in (a)"},
    /* … until the one that names it is changed */
    {"- list: b\n  items: [a]\n- list: a\n  items: [x]\n- list: b\n  items: [y]\n  override: {items: "
     "append}\n" RULE("r", OPEN " and proc.name in (b)"),
     "evt.type = open and proc.name in (x, y)"},
    {"- list: b\n  items: [a]\n- list: a\n  items: [b]\n- list: b\n  items: [y]\n  override: {items: "
     "append}\n" RULE("r", OPEN " and proc.name in (b)"),
     "evt.type = open and proc.name in (b, y)"},
    {"- list: l\n  items: [a]\n- list: l\n  items: [b]\n  append: true\n" RULE("r",
                                                                               OPEN " and proc.name in (l)"),
     "evt.type = open and proc.name in (a, b)"},
    {"- list: l\n  items: [a]\n- list: l\n  items: [b]\n" RULE("r", OPEN " and proc.name in (l)"),
     "evt.type = open and proc.name in (b)"},
    {"- list: l\n  items: [a]\n- list: l\n  items: [b]\n  override: {items: replace}\n" RULE(
         "r", OPEN " and proc.name in (l)"),
     "evt.type = open and proc.name in (b)"},
    {RULE("r", OPEN " and proc.name in (l)") "- list: l\n  items: [a]\n",
     "evt.type = open and proc.name in (a)"},

    /* macros */
    {"- macro: m\n  condition: proc.name = a or proc.name = b\n" RULE("r", OPEN " and m"),
     "evt.type = open and (proc.name = a or proc.name = b)"},
    {"- macro: m\n  condition: proc.name = a\n" RULE("r", OPEN " and not m"),
     "evt.type = open and not proc.name = a"},
    {RULE("r", "m") "- macro: m\n  condition: " OPEN "\n", "evt.type = open"},
    {"- macro: m\n  condition: " OPEN
     "\n- macro: m\n  condition: or proc.name = b\n  append: true\n" RULE("r", "m"),
     "evt.type = open or proc.name = b"},
    {"- macro: m\n  condition: " OPEN "\n- macro: m\n  condition: or proc.name = b\n"
     "  override: {condition: append}\n" RULE("r", "m"),
     "evt.type = open or proc.name = b"},
    {"- macro: a\n  condition: " OPEN "\n- macro: b\n  condition: a\n- macro: a\n  condition: evt.type = "
     "close\n" RULE("r", "b"),
     "evt.type = close"},
    /* a redefinition may use what came between, in the old place */
    {"- macro: a\n  condition: " OPEN
     "\n- macro: b\n  condition: proc.name = b\n- macro: a\n  condition: b or "
     "evt.type = close\n" RULE("r", "a"),
     "proc.name = b or evt.type = close"},

    /* rules: redefinition, append, override */
    {RULE("r", OPEN) RULE("r", "evt.type = close"), "evt.type = close"},
    {RULE("r", OPEN) "- rule: r\n  condition: and proc.name = a\n  append: true\n",
     "evt.type = open and proc.name = a"},
    {RULE("r", OPEN) "- rule: r\n  condition: and proc.name = a\n  override: {condition: append}\n",
     "evt.type = open and proc.name = a"},
    {RULE("r", OPEN) "- rule: r\n  condition: evt.type = close\n  override: {condition: replace}\n",
     "evt.type = close"},
    {RULE("r", OPEN " or evt.type = close") "- rule: r\n  condition: and proc.name = a\n  append: true\n",
     "evt.type = open or (evt.type = close and proc.name = a)"},

    /* exceptions */
    {RULE("r",
          OPEN) "  exceptions: [{name: e, fields: [proc.name, fd.name], values: [[a, /x], [b, /y z]]}]\n",
     "evt.type = open and not ((proc.name = a and fd.name = /x) or (proc.name = b and fd.name = \"/y z\"))"},
    {RULE("r", OPEN " or " OPEN) "  exceptions: [{name: e, fields: [proc.name], values: [[a]]}]\n",
     "(evt.type = open or evt.type = open) and not proc.name = a"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: proc.name, values: [a, b c, '\"d\"']}]\n",
     "evt.type = open and not proc.name in (a, \"b c\", \"d\")"},
    {RULE("r",
          OPEN) "  exceptions: [{name: e, fields: fd.name, comps: startswith anyof, values: [/a, /b]}]\n",
     "evt.type = open and not fd.name startswith anyof (/a, /b)"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: fd.name, comps: pmatch, values: [/a]}]\n",
     "evt.type = open and not fd.name pmatch (/a)"},
    {"- list: l\n  items: [a, b]\n" RULE(
         "r",
         OPEN) "  exceptions: [{name: e, fields: [proc.name, fd.name], comps: [in, endswith], values: [[l, "
               "/x], ['(c, d)', /y], [[e, f g], /z], [h, /w]]}]\n",
     "evt.type = open and not ((proc.name in (a, b) and fd.name endswith /x) or (proc.name in (c, d) and "
     "fd.name endswith /y) or (proc.name in (e, \"f g\") and fd.name endswith /z) or (proc.name in (h) and "
     "fd.name endswith /w))"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: [proc.name]}]\n", "evt.type = open"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: [proc.name], values: []}]\n", "evt.type = open"},
    {RULE("r", OPEN) "  exceptions:\n", "evt.type = open"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: [proc.name]}]\n"
                     "- rule: r\n  exceptions: [{name: e, values: [[a], [b]]}]\n  append: true\n",
     "evt.type = open and not (proc.name = a or proc.name = b)"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: [proc.name], values: [[a]]}]\n"
                     "- rule: r\n  exceptions: [{name: e, values: [[b]]}, {name: f, fields: fd.name, values: "
                     "[/x]}]\n  condition: and evt.num > 1\n  override: {exceptions: append, condition: "
                     "append}\n",
     "(evt.type = open and evt.num > 1) and not (proc.name = a or proc.name = b) and not fd.name in (/x)"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: [proc.name], values: [[a]]}]\n"
                     "- rule: r\n  exceptions: [{name: f, fields: fd.name, values: [/x]}]\n"
                     "  override: {exceptions: replace}\n",
     "evt.type = open and not fd.name in (/x)"},
};

/* and inside and is written as one, so that the texts above are easy to read */
static void conditions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_auto_done(load_done) struct load l = {0};
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
        load_texts(&l, rows[i].text, NULL);
        if (!l.rules)
            fail_msg("row %zu: %s\n%s", i, rows[i].text, l.err->message);
        load_condition(&l, "r", &b);
        assert_string_equal(plm_buf_cstr(&b), rows[i].condition);
    }
}

static void overrides(void **state)
{
    (void)state;
    plm_auto_done(load_done) struct load l = {0};
    load_texts(&l,
               RULE("r", OPEN) "  tags: [z, b]\n"
                               "- rule: r\n  desc: more\n  output: \" %proc.name \"\n  tags: [a, b]\n"
                               "  priority: error\n  enabled: false\n  override: {desc: append, output: "
                               "append, tags: append, priority: replace, enabled: replace}\n",
               NULL);
    const struct plm_rule *r = plm_rules_find(l.rules, PLM_SV("r"));
    assert_true(plm_sv_is(r->desc, "d more"));
    assert_true(plm_sv_is(r->output_text, "o %proc.name"));
    assert_int_equal(r->n_tags, 3);
    assert_true(plm_sv_is(r->tags[0], "a") && plm_sv_is(r->tags[2], "z"));
    assert_int_equal(r->priority, PLM_PRIO_ERROR);
    assert_false(r->is_enabled);
    assert_int_equal(r->line, 1);
    assert_true(plm_sv_is(r->file, "1.yaml"));
    plm_auto_done(load_done) struct load m = {0};
    load_texts(&m,
               RULE("r", OPEN) "  tags: [z]\n- rule: r\n  desc: x\n  output: y\n  tags: [q]\n"
                               "  override: {desc: replace, output: replace, tags: replace}\n",
               NULL);
    r = plm_rules_find(m.rules, PLM_SV("r"));
    assert_true(plm_sv_is(r->desc, "x") && plm_sv_is(r->output_text, "y") && plm_sv_is(r->tags[0], "q"));
}

static void order_of_definition(void **state)
{
    (void)state;
    plm_auto_done(load_done) struct load l = {0};
    load_texts(&l, RULE("b", OPEN) RULE("a", OPEN), RULE("c", OPEN) RULE("b", "evt.type = close"), NULL);
    assert_int_equal(plm_rules_count(l.rules), 3);
    static const char *const names[] = {"b", "a", "c"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(plm_sv_is(plm_rules_get(l.rules, i)->name, names[i]));
        assert_int_equal(plm_rules_get(l.rules, i)->index, i);
    }
    assert_true(plm_sv_is(plm_rules_get(l.rules, 0)->file, "2.yaml"));
    assert_int_equal(plm_rules_digest(l.rules).n, 64);
    assert_null(plm_rules_find(l.rules, PLM_SV("d")));
}

/* Each file may use what the files before it define, not what comes after. */
static void several_files(void **state)
{
    (void)state;
    plm_auto_done(load_done) struct load l = {0}, m = {0}, k = {0};
    load_texts(&l, "- macro: m\n  condition: " OPEN "\n", RULE("r", "m"), NULL);
    assert_non_null(l.rules);
    assert_int_equal(l.report.files.v[0].warnings.n, 1); /* unused there */
    assert_int_equal(l.report.files.v[1].warnings.n, 0);
    load_texts(&m, RULE("r", "m"), "- macro: m\n  condition: " OPEN "\n", NULL);
    assert_null(m.rules);
    assert_int_equal(m.report.files.v[0].errors.v[0].code, PLM_LOAD_ERR_VALIDATE);
    assert_int_equal(m.report.files.n, 1);
    load_texts(&k, "- macro: u\n  condition: " OPEN "\n", RULE("r", OPEN), NULL);
    assert_int_equal(k.report.files.v[0].warnings.n, 1); /* said once */
    assert_int_equal(k.report.files.v[1].warnings.n, 0);
}

static void lenient(void **state)
{
    (void)state;
    plm_auto_done(load_done) struct load l = {.conf = {.lenient = true}};
    load_texts(&l, RULE("r", OPEN), RULE("r", "evt.type = close") RULE("s", OPEN) "- list: x\n",
               RULE("s", OPEN) RULE("t", OPEN), NULL);
    assert_non_null(l.rules);
    assert_int_equal(l.report.files.n, 3);
    assert_int_equal(l.report.files.v[1].errors.n, 1);
    assert_int_equal(plm_rules_count(l.rules), 3);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    load_condition(&l, "r", &b);
    assert_string_equal(plm_buf_cstr(&b), OPEN);
    assert_true(plm_sv_is(plm_rules_find(l.rules, PLM_SV("s"))->file, "3.yaml"));
    /* nothing good at all is an empty set */
    plm_auto_done(load_done) struct load e = {.conf = {.lenient = true}};
    load_texts(&e, "x", NULL);
    assert_int_equal(plm_rules_count(e.rules), 0);
}

static void priorities_and_selections(void **state)
{
    (void)state;
    static const char *const text =
        RULE("Read a", OPEN) "  tags: [x]\n" RULE("Read b", OPEN) "  tags: [y]\n  enabled: false\n" RULE(
            "Write", "evt.type = close") "  tags: [x, y]\n- rule: Loud\n  desc: d\n  output: o\n  priority: "
                                         "WARNING\n  condition: " OPEN "\n";
    plm_auto_done(load_done) struct load l = {.conf = {.min_priority = PLM_PRIO_NOTICE}};
    load_texts(&l, text, NULL);
    assert_int_equal(plm_rules_count(l.rules), 1);
    struct plm_selection s[] = {{.is_enable = false, .rule = PLM_SV("*")},
                                {.is_enable = true, .tag = PLM_SV("y")},
                                {.is_enable = false, .rule = PLM_SV("*b")},
                                {.is_enable = true, .rule = PLM_SV("R*d*a")}};
    plm_auto_done(load_done) struct load m = {.conf = {.selections = s, .n_selections = 4}};
    load_texts(&m, text, NULL);
    static const bool is_enabled[] = {true, false, true, false};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(plm_rules_get(m.rules, i)->is_enabled, is_enabled[i]);
    plm_auto_done(load_done) struct load n = {.conf = {.selections = s, .n_selections = 2}};
    load_texts(&n, text, NULL);
    const struct plm_evtype *open = plm_evtype_find(PLM_SV("open")),
                            *close = plm_evtype_find(PLM_SV("close"));
    assert_true(plm_evset_has(plm_rules_types(n.rules), open->id));
    plm_auto_done(load_done) struct load k = {.conf = {.selections = s, .n_selections = 1}};
    load_texts(&k, text, NULL);
    assert_false(plm_evset_has(plm_rules_types(k.rules), open->id));
    assert_false(plm_evset_has(plm_rules_types(k.rules), close->id));
}

static void append_output(void **state)
{
    (void)state;
    plm_sv tag = PLM_SV("x"), names[2] = {PLM_SV("proc.pid"), PLM_SV("who")},
           formats[2] = {PLM_SV_NULL, PLM_SV("%user.name!")};
    struct plm_append_output a[] = {
        {.rule = PLM_SV("r"), .extra_output = PLM_SV("p=%proc.name")},
        {.tags = &tag, .n_tags = 1, .field_names = names, .field_formats = formats, .n_fields = 2},
        {.source = PLM_SV("other"), .extra_output = PLM_SV("never")},
        {.rule = PLM_SV("s"), .has_suggested = true}};
    plm_auto_done(load_done) struct load l = {.conf = {.append = a, .n_append = 4}};
    load_texts(&l, RULE("r", OPEN) "  tags: [x]\n" RULE("s", OPEN), NULL);
    const struct plm_rule *r = plm_rules_find(l.rules, PLM_SV("r")),
                          *s = plm_rules_find(l.rules, PLM_SV("s"));
    assert_true(plm_sv_is(r->output_text, "o p=%proc.name"));
    assert_int_equal(r->n_extra, 2);
    assert_true(plm_sv_is(r->extra_names[0], "proc.pid") && plm_sv_is(r->extra_names[1], "who"));
    assert_int_equal(r->extra_formats[0]->n, 1);
    assert_int_equal(s->n_extra, 0);
    assert_true(plm_sv_ends(s->output_text, PLM_SV(" k8s_pod_name=%k8s.pod.name k8s_ns_name=%k8s.ns.name")));
    assert_true(s->needs_metadata && !r->needs_metadata);
}

static const struct types_row {
    const char *condition, *types; /* "*": all, "-x y": all but these */
} types_rows[] = {
    {"evt.type = open", "open"},
    {"evt.type == open", "open"},
    {"evt.type in (open, close)", "close open"},
    {"evt.type != open", "-open"},
    {"not evt.type = open", "-open"},
    {"not evt.type != open", "open"},
    {"not evt.type in (open, close)", "-close open"},
    {"proc.name = x", "*"},
    {"not proc.name = x", "*"},
    {"evt.type exists", "*"},
    {"evt.type startswith open", "*"},
    {"evt.type = open and proc.name = x", "open"},
    {"evt.type = open and not proc.name = x", "open"},
    {"evt.type = open or proc.name = x", "*"},
    {"evt.type = open or evt.type = close", "close open"},
    {"evt.type = open and evt.type = close", ""},
    {"not (evt.type = open or evt.type = close)", "-close open"},
    {"not (evt.type != open and evt.type != close)", "close open"},
    {"not (not evt.type in (open, close) or evt.type = close)", "open"},
    {"evt.num = 0", ""},
    {"not evt.num = 0", "*"},
    {"evt.num != 0", "*"},
    {"evt.num >= 0", "*"},
    {"evt.num < 1", ""},
    {"evt.num = 7", "*"},
    {"not evt.num = 7", "*"},
    {"evt.type = open or evt.num = 0", "open"},
    {"evt.type = open and not evt.num = 0", "open"},
};

static void event_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(types_rows) / sizeof(types_rows[0]); i++) {
        plm_auto_done(load_done) struct load l = {0};
        plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_KIB(4)), in = PLM_BUF(PLM_KIB(64)),
                                                   out = PLM_BUF(PLM_KIB(64));
        plm_buf_printf(&text, "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: %s\n",
                       types_rows[i].condition);
        load_texts(&l, plm_buf_cstr(&text), NULL);
        assert_non_null(l.rules);
        const struct plm_rule *r = plm_rules_get(l.rules, 0);
        for (unsigned t = 0; t < plm_evtype_count(); t++) {
            struct plm_buf *b = plm_evset_has(&r->types, t) ? &in : &out;
            plm_buf_printf(b, "%s%s", b->n ? " " : "", plm_evtype_get(t)->name);
        }
        const char *want = types_rows[i].types;
        bool ok = *want == '*'   ? r->n_types == plm_evtype_count()
                  : *want == '-' ? plm_sv_is(plm_buf_sv(&out), want + 1)
                                 : plm_sv_is(plm_buf_sv(&in), want);
        if (!ok)
            fail_msg("%s: %.100s", types_rows[i].condition, plm_buf_cstr(&in));
    }
}

/* ---- files and directories --------------------------------------------------------------------------- */

static void write_file(const char *dir, const char *name, const char *text)
{
    plm_auto_free char *path = plm_fs_join(dir, name);
    assert_int_equal(plm_fs_write_atomic(path, plm_sv_from(text), 0600, NULL), 0);
}

static void directories(void **state)
{
    (void)state;
    char dir[] = "/tmp/plimsoll-rules-XXXXXX";
    assert_non_null(mkdtemp(dir));
    write_file(dir, "20.yaml", RULE("r", "evt.type = close"));
    write_file(dir, "10.yml", RULE("r", OPEN) RULE("s", OPEN));
    write_file(dir, "30.txt", "not rules");
    write_file(dir, ".x.yaml", "not rules");
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_sv file = plm_sv_from(dir);
    struct plm_rules_config conf = {.files = &file, .n_files = 1, .min_priority = PLM_PRIO_DEBUG};
    plm_auto_done(load_done) struct load l = {.arena = plm_arena_new(PLM_ARENA_NO_LIMIT)};
    l.rules = plm_rules_load(&ctx, &conf, l.arena, &l.report, &l.err);
    assert_non_null(l.rules);
    assert_int_equal(l.report.files.n, 2);
    assert_true(plm_sv_ends(l.report.files.v[0].name, PLM_SV("/10.yml")));
    assert_true(plm_sv_ends(plm_rules_get(l.rules, 0)->file, PLM_SV("/20.yaml")));
    static const char *const names[] = {"10.yml", "20.yaml", "30.txt", ".x.yaml"};
    for (size_t i = 0; i < 4; i++) {
        plm_auto_free char *path = plm_fs_join(dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

/* ---- hostile files ----------------------------------------------------------------------------------------
 */

static void doubling(struct plm_buf *b, int n, const char *first, const char *next)
{
    plm_buf_str(b, first);
    for (int i = 1; i < n; i++)
        for (const char *p = next; *p; p++) {
            if (*p == '@')
                plm_buf_printf(b, "%d", i);
            else if (*p == '#')
                plm_buf_printf(b, "%d", i - 1);
            else
                plm_buf_byte(b, (unsigned char)*p);
        }
}

static void macros_cannot_explode(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_auto_done(load_done) struct load l = {0};
    doubling(&b, 60, "- macro: m0\n  condition: " OPEN "\n", "- macro: m@\n  condition: m# or m#\n");
    load_texts(&l, plm_buf_cstr(&b), NULL);
    assert_null(l.rules);
    assert_non_null(strstr(l.err->message, "parts"));
}

static void macros_cannot_be_too_deep(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_auto_done(load_done) struct load l = {0}, m = {0};
    doubling(&b, 2000, "- macro: m0\n  condition: " OPEN "\n", "- macro: m@\n  condition: not m#\n");
    load_texts(&l, plm_buf_cstr(&b), NULL);
    assert_null(l.rules);
    assert_non_null(strstr(l.err->message, "deep"));
    plm_buf_clear(&b);
    doubling(&b, 900, "- macro: m0\n  condition: " OPEN "\n", "- macro: m@\n  condition: not m#\n");
    plm_buf_str(&b, RULE("r", "m899"));
    load_texts(&m, plm_buf_cstr(&b), NULL);
    assert_non_null(m.rules);
}

static void lists_cannot_explode(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_auto_done(load_done) struct load l = {0};
    doubling(&b, 60, "- list: l0\n  items: [a, b]\n", "- list: l@\n  items: [l#, l#]\n");
    load_texts(&l, plm_buf_cstr(&b), NULL);
    assert_null(l.rules);
    assert_int_equal(l.err->code, PLM_E_POLICY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions),
        cmocka_unit_test(overrides),
        cmocka_unit_test(order_of_definition),
        cmocka_unit_test(several_files),
        cmocka_unit_test(lenient),
        cmocka_unit_test(priorities_and_selections),
        cmocka_unit_test(append_output),
        cmocka_unit_test(event_types),
        cmocka_unit_test(directories),
        cmocka_unit_test(macros_cannot_explode),
        cmocka_unit_test(macros_cannot_be_too_deep),
        cmocka_unit_test(lists_cannot_explode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
