/* SPDX-License-Identifier: Apache-2.0
 *
 * Each code of falco-rules.md part 10: a file that provokes it, with the message, and one beside it that does
 * not. The last rows are the shapes of text and JSON.
 */
#include "rules_load.h"

#define OPEN "evt.type = open"

static const struct row {
    const char *text, *codes, *message;
} rows[] = {
    /* nothing wrong */
    {"", "", NULL},
    {"---\n", "", NULL},
    {"- \n- null\n", "", NULL},
    {RULE("r", OPEN), "", NULL},
    {RULE("r", OPEN) "---\n---\n" RULE("s", OPEN), "", NULL},

    /* LOAD_ERR_YAML_PARSE */
    {"- rule: [", "LOAD_ERR_YAML_PARSE", "1.yaml:"},
    {"- a: *x", "LOAD_ERR_YAML_PARSE", "alias"},
    {"- rule: \"x", "LOAD_ERR_YAML_PARSE", ""},

    /* LOAD_ERR_YAML_VALIDATE: shape */
    {"rule: r", "LOAD_ERR_YAML_VALIDATE", "Rules content is not yaml array of objects"},
    {"text", "LOAD_ERR_YAML_VALIDATE", "array"},
    {"- text", "LOAD_ERR_YAML_VALIDATE", "associative array"},
    {"- [a]", "LOAD_ERR_YAML_VALIDATE", "associative array"},
    {"- list: l", "LOAD_ERR_YAML_VALIDATE", "Item has no mapping for key 'items'"},
    {"- list: l\n  items: a", "LOAD_ERR_YAML_VALIDATE", "Value is not a sequence"},
    {"- list: l\n  items: [[a]]", "LOAD_ERR_YAML_VALIDATE", "sequence value is not scalar"},
    {"- list:\n  items: []", "LOAD_ERR_YAML_VALIDATE", "Mapping for key 'list' is empty"},
    {"- list: ''\n  items: []", "LOAD_ERR_YAML_VALIDATE", "Value must be non-empty"},
    {"- list: [a]\n  items: []", "LOAD_ERR_YAML_VALIDATE", "Value is not a scalar value"},
    {"- macro: m", "LOAD_ERR_YAML_VALIDATE", "Item has no mapping for key 'condition'"},
    {"- macro: m\n  condition: ''", "LOAD_ERR_YAML_VALIDATE", "non-empty"},
    {"- rule: r\n  desc: d\n  output: o\n  priority: INFO", "LOAD_ERR_YAML_VALIDATE", "'condition'"},
    {"- rule: r\n  condition: a\n  output: o\n  priority: INFO", "LOAD_ERR_YAML_VALIDATE", "'desc'"},
    {"- rule: r\n  condition: a\n  desc: d\n  priority: INFO", "LOAD_ERR_YAML_VALIDATE", "'output'"},
    {"- rule: r\n  condition: a\n  desc: d\n  output: o", "LOAD_ERR_YAML_VALIDATE", "'priority'"},
    {"- rule: r\n  condition: a\n  desc: d\n  output: o\n  priority: HIGH", "LOAD_ERR_YAML_VALIDATE",
     "Invalid priority"},
    {RULE("r", OPEN) "  enabled: perhaps\n", "LOAD_ERR_YAML_VALIDATE", "Can't decode YAML scalar value"},
    {RULE("r", OPEN) "  enabled: [true]\n", "LOAD_ERR_YAML_VALIDATE", "scalar"},
    {RULE("r", OPEN) "  tags: t\n", "LOAD_ERR_YAML_VALIDATE", "sequence"},
    {RULE("r", OPEN) "  capture_duration: -1\n", "LOAD_ERR_YAML_VALIDATE", "decode"},
    {RULE("r", OPEN) "  capture_duration: 5000\n  capture: true\n  enabled: No\n  tags: [b, a]\n", "", NULL},

    /* versions */
    {"- required_engine_version: 0.57.0", "", NULL},
    {"- required_engine_version: 63", "", NULL},
    {"- required_engine_version: 0.63.0", "", NULL},
    {"- required_engine_version: 0.63.1", "LOAD_ERR_VALIDATE",
     "Rules require engine version 0.63.1, but engine version is 0.63.0"},
    {"- required_engine_version: 64", "LOAD_ERR_VALIDATE", "Rules require engine version 0.64.0"},
    {"- required_engine_version: 1.0.0", "LOAD_ERR_VALIDATE", "1.0.0"},
    {"- required_engine_version: latest", "LOAD_ERR_YAML_VALIDATE", "Unable to parse engine version"},
    {"- required_engine_version: 0.57", "LOAD_ERR_YAML_VALIDATE", "semver"},
    {"- required_engine_version: -3", "LOAD_ERR_YAML_VALIDATE", "semver"},
    {"- required_engine_version: [1]", "LOAD_ERR_YAML_VALIDATE", "scalar"},
    {"- required_plugin_versions: [{name: container, version: 0.4.0}]", "", NULL},
    {"- required_plugin_versions: []", "", NULL},
    {"- required_plugin_versions: [{name: container, version: 0.8.0}]", "LOAD_ERR_VALIDATE", "container"},
    {"- required_plugin_versions: [{name: container, version: 1.0.0}]", "LOAD_ERR_VALIDATE", "container"},
    {"- required_plugin_versions: [{name: k8saudit, version: 0.7.0}]", "LOAD_ERR_VALIDATE", "k8saudit"},
    {"- required_plugin_versions: [{name: x, version: 1.0.0, alternatives: [{name: container, version: "
     "0.7.0}]}]",
     "", NULL},
    {"- required_plugin_versions: [{name: container, version: 0.4.0, alternatives: [{name: container, "
     "version: 0.5.0}]}]",
     "LOAD_ERR_VALIDATE", "multiple"},
    {"- required_plugin_versions: [{name: container, version: x}]", "LOAD_ERR_VALIDATE", "Invalid"},
    {"- required_plugin_versions: {name: container, version: 0.4.0}", "LOAD_ERR_YAML_VALIDATE", "sequence"},
    {"- required_plugin_versions: [container]", "LOAD_ERR_YAML_VALIDATE", "mapping"},
    {"- required_plugin_versions: [{name: container}]", "LOAD_ERR_YAML_VALIDATE", "'version'"},
    {"- required_plugin_versions: [{name: container, version: 0.4.0, alternatives: x}]",
     "LOAD_ERR_YAML_VALIDATE", "alternatives"},

    /* LOAD_ERR_COMPILE_CONDITION */
    {RULE("r", OPEN " and"), "LOAD_ERR_COMPILE_CONDITION", "expected"},
    {RULE("r", "proc.nosuch = x and " OPEN), "LOAD_ERR_COMPILE_CONDITION", "proc.nosuch"},
    {RULE("r", "evt.type = nosuchcall"), "LOAD_ERR_COMPILE_CONDITION", "unknown event type"},
    {RULE("r", "evt.type in (open, nosuchcall)"), "LOAD_ERR_COMPILE_CONDITION", "unknown event type"},
    {RULE("r", OPEN " and proc.pid contains 3"), "LOAD_ERR_COMPILE_CONDITION", ""},
    {RULE("r", OPEN " and proc.pid = x"), "LOAD_ERR_COMPILE_CONDITION", ""},
    {RULE("r", OPEN " and evt.is_open_read = yes"), "LOAD_ERR_COMPILE_CONDITION", ""},
    {RULE("r", OPEN " and fd.sip = 10.0.0"), "LOAD_ERR_COMPILE_CONDITION", ""},
    {RULE("r", OPEN " and proc.name regex '('"), "LOAD_ERR_COMPILE_CONDITION", ""},
    {"- list: l\n  items: [a, b]\n" RULE("r", OPEN " and proc.name = l"), "LOAD_ERR_COMPILE_CONDITION",
     "2 values"},
    {"- macro: m\n  condition: a and\n", "LOAD_ERR_COMPILE_CONDITION", "expected"},
    {"- macro: m\n  condition: proc.nosuch = x\n", "LOAD_UNUSED_MACRO", NULL}, /* only what is used */
    {"- macro: m\n  condition: proc.nosuch = x\n" RULE("r", OPEN " and m"), "LOAD_ERR_COMPILE_CONDITION",
     "proc.nosuch"},

    /* LOAD_ERR_COMPILE_OUTPUT */
    {"- rule: r\n  condition: " OPEN "\n  desc: d\n  output: \"x %proc.nosuch\"\n  priority: INFO",
     "LOAD_ERR_COMPILE_OUTPUT", NULL},
    {"- rule: r\n  condition: " OPEN "\n  desc: d\n  output: x %\n  priority: INFO",
     "LOAD_ERR_COMPILE_OUTPUT", NULL},
    {"- rule: r\n  condition: " OPEN "\n  desc: d\n  output: x %proc.name.\n  priority: INFO", "", NULL},

    /* LOAD_ERR_VALIDATE */
    {RULE("r", OPEN " and m"), "LOAD_ERR_VALIDATE", "Undefined macro 'm' used in filter."},
    {"- macro: a\n  condition: b\n- macro: b\n  condition: " OPEN "\n" RULE("r", "a"), "LOAD_ERR_VALIDATE",
     "Undefined macro 'b'"},
    {"- macro: a\n  condition: " OPEN "\n- macro: b\n  condition: a\n" RULE("r", "b"), "", NULL},
    {"- macro: a\n  condition: " OPEN "\n- macro: b\n  condition: a\n- macro: a\n  condition: or b\n"
     "  override: {condition: append}\n",
     "LOAD_ERR_VALIDATE", "reference loop in macro"},
    {"- macro: a\n  condition: " OPEN "\n- macro: a\n  condition: a or a\n", "LOAD_ERR_VALIDATE",
     "reference loop in macro 'a'"},
    {"- list: l\n  items: [a]\n  override: {items: append}\n", "LOAD_ERR_VALIDATE", "no list by that name"},
    {"- macro: m\n  condition: a\n  override: {condition: append}\n", "LOAD_ERR_VALIDATE",
     "no macro by that name"},
    {"- rule: r\n  condition: a\n  override: {condition: append}\n", "LOAD_ERR_VALIDATE",
     "no rule by that name"},
    {"- rule: r\n  condition: a\n  override: {condition: replace}\n", "LOAD_ERR_VALIDATE",
     "no rule by that name"},
    {RULE("r", OPEN) "  source: syscall\n" RULE("r", OPEN) "  source: other\n", "LOAD_ERR_VALIDATE",
     "different source"},

    /* overrides */
    {RULE("r", OPEN) "- rule: r\n  condition: and a\n  append: true\n  override: {condition: append}\n",
     "LOAD_ERR_YAML_VALIDATE LOAD_DEPRECATED_ITEM", "cannot be used together"},
    {RULE("r", OPEN) "- rule: r\n  override: {condition: append}\n", "LOAD_ERR_YAML_VALIDATE",
     "An append override for 'condition' was specified but 'condition' is not defined"},
    {RULE("r", OPEN) "- rule: r\n  desc: x\n  condition: and evt.num > 0\n  override: {condition: append}\n",
     "LOAD_ERR_YAML_VALIDATE", "Unexpected key 'desc'"},
    {RULE("r", OPEN) "- rule: r\n  priority: INFO\n  override: {priority: append}\n",
     "LOAD_ERR_YAML_VALIDATE", "cannot be appended to: use 'replace' instead"},
    {RULE("r", OPEN) "- rule: r\n  condition: a\n  override: {condition: prepend}\n",
     "LOAD_ERR_YAML_VALIDATE", "Invalid override operation"},
    {RULE("r", OPEN) "- rule: r\n  source: a\n  override: {source: replace}\n", "LOAD_ERR_YAML_VALIDATE",
     "cannot be replaced"},
    {RULE("r", OPEN) "- rule: r\n  condition: a\n  override: condition\n", "LOAD_ERR_YAML_VALIDATE",
     "'override'"},

    /* exceptions */
    {RULE("r", OPEN) "  exceptions: {name: e}\n", "LOAD_ERR_YAML_VALIDATE", "must be a sequence"},
    {RULE("r", OPEN) "  exceptions: [e]\n", "LOAD_ERR_YAML_VALIDATE", "must be a mapping"},
    {RULE("r", OPEN) "  exceptions: [{fields: proc.name}]\n", "LOAD_ERR_YAML_VALIDATE", "'name'"},
    {RULE("r", OPEN) "  exceptions: [{name: e}]\n", "LOAD_ERR_YAML_VALIDATE", "'fields'"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: proc.name, values: x}]\n", "LOAD_ERR_YAML_VALIDATE",
     "values must be a sequence"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: [proc.name], comps: [=, =]}]\n", "LOAD_ERR_VALIDATE",
     "equal length"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: [proc.name], comps: [like]}]\n", "LOAD_ERR_VALIDATE",
     "'like' is not a supported comparison operator"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: [proc.nosuch]}]\n", "LOAD_ERR_VALIDATE",
     "'proc.nosuch' is not a supported filter field"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: proc.name, comps: '='}]\n", "LOAD_ERR_VALIDATE",
     "one of"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: proc.name, comps: [in]}]\n", "LOAD_ERR_VALIDATE",
     "both be strings"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: [proc.name, fd.name], values: [[a]]}]\n",
     "LOAD_ERR_VALIDATE", "equal length"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: proc.name, values: [[a]]}]\n", "LOAD_ERR_VALIDATE",
     "list of strings"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: [proc.name]}]\n"
                     "- rule: r\n  exceptions: [{name: e, fields: [fd.name], values: [[a]]}]\n"
                     "  override: {exceptions: append}\n",
     "LOAD_ERR_VALIDATE", "only values"},
    {RULE("r", OPEN) "- rule: r\n  exceptions: [{name: e, values: [[a]]}]\n"
                     "  override: {exceptions: append}\n",
     "LOAD_ERR_VALIDATE", "must have fields"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: [proc.name], comps: [' startswith ']}]\n", "", NULL},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: tolower(proc.name), values: [a]}]\n", "", NULL},

    /* warnings */
    {RULE("r", OPEN) "  source: k8s_audit\n", "LOAD_UNKNOWN_SOURCE", "Unknown source k8s_audit, skipping"},
    {RULE("r", OPEN) "  source: syscall\n", "", NULL},
    {RULE("r", "proc.name = x"), "LOAD_NO_EVTTYPE", "too many evt.type values"},
    {RULE("r", "proc.name = x") "  warn_evttypes: false\n", "", NULL},
    {RULE("r", "evt.type != open"), "LOAD_NO_EVTTYPE", ""},
    {RULE("r", "proc.nosuch = x and " OPEN) "  skip-if-unknown-filter: true\n", "LOAD_UNKNOWN_FILTER",
     "proc.nosuch"},
    {RULE("r", "evt.type = nosuchcall") "  skip-if-unknown-filter: true\n", "LOAD_UNKNOWN_FILTER",
     "unknown event type"},
    {RULE("r", OPEN " and") "  skip-if-unknown-filter: true\n", "LOAD_ERR_COMPILE_CONDITION", ""},
    {"- rule: r\n  condition: " OPEN "\n  desc: d\n  output: \"%proc.nosuch\"\n  priority: INFO\n"
     "  skip-if-unknown-filter: true\n",
     "LOAD_UNKNOWN_FILTER", NULL},
    {"- macro: m\n  condition: " OPEN "\n", "LOAD_UNUSED_MACRO", "Macro not referred to"},
    {"- macro: m\n  condition: " OPEN "\n" RULE("r", "m"), "", NULL},
    {"- list: l\n  items: [a]\n", "LOAD_UNUSED_LIST", "List not referred to"},
    {"- list: l\n  items: [a]\n" RULE("r", OPEN " and proc.name in (l)"), "", NULL},
    {"- list: l\n  items: [a]\n" RULE("r", OPEN " and proc.name = \"l\""), "LOAD_UNUSED_LIST", ""},
    {"- list: l\n  items: [a]\n- list: k\n  items: [l]\n" RULE("r", OPEN " and proc.name in (k)"), "", NULL},
    {"- something: x\n", "LOAD_UNKNOWN_ITEM", "Unknown top level item"},
    {"- {}\n", "LOAD_UNKNOWN_ITEM", ""},
    {RULE("r", OPEN) "  colour: red\n", "LOAD_UNKNOWN_KEY", "colour"},
    {"- list: l\n  items: []\n  item: a\n", "LOAD_UNKNOWN_KEY LOAD_UNUSED_LIST", "item"},
    {"- macro: m\n  condition: " OPEN "\n  output: x\n", "LOAD_UNKNOWN_KEY LOAD_UNUSED_MACRO", "output"},
    {"- list: l\n  items: []\n  append: false\n", "LOAD_DEPRECATED_ITEM LOAD_UNUSED_LIST", "append"},
    {"- macro: m\n  condition: " OPEN "\n- macro: m\n  condition: or evt.num > 0\n  append: true\n",
     "LOAD_DEPRECATED_ITEM LOAD_UNUSED_MACRO", "'append' key is deprecated"},
    {RULE("r", OPEN) "- rule: r\n  enabled: false\n", "LOAD_DEPRECATED_ITEM", "standalone 'enabled'"},
    {RULE("r", OPEN) "- rule: r\n  enabled: false\n  override: {enabled: replace}\n", "", NULL},
    {"- rule: r\n  enabled: false\n", "LOAD_ERR_VALIDATE LOAD_DEPRECATED_ITEM", "no rule by that name"},
    {RULE("r", OPEN " and evt.dir = <"), "LOAD_DEPRECATED_ITEM", "evt.dir"},
    {"- rule: r\n  condition: " OPEN "\n  desc: d\n  output: \"%container.info\"\n  priority: INFO\n",
     "LOAD_DEPRECATED_ITEM", "container.info"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: [proc.name]}]\n"
                     "- rule: r\n  exceptions: [{name: e}]\n  override: {exceptions: append}\n",
     "LOAD_APPEND_NO_VALUES", "no values"},
    {RULE("r", OPEN) "  exceptions: [{name: e, fields: [proc.name]}, {name: e, fields: [fd.name]}]\n",
     "LOAD_EXCEPTION_NAME_NOT_UNIQUE", "Multiple definitions of exception 'e'"},
    {"- macro: my-macro\n  condition: " OPEN "\n", "LOAD_INVALID_MACRO_NAME LOAD_UNUSED_MACRO", ""},
    {"- list: my list\n  items: []\n", "LOAD_INVALID_LIST_NAME LOAD_UNUSED_LIST", ""},
    {"- list: my-list.1\n  items: []\n", "LOAD_UNUSED_LIST", ""},
    {RULE("r", OPEN " and proc.name = proc.pname"), "LOAD_COMPILE_CONDITION", "misused as a const string"},
    {RULE("r", OPEN " and proc.name = \"tolower(proc.pname)\""), "LOAD_COMPILE_CONDITION", "transformer"},
    {RULE("r", OPEN " and proc.name = val(proc.pname)"), "", NULL},
    {RULE("r", OPEN " and fd.name regex '/etc/x'"), "LOAD_COMPILE_CONDITION", "= '/etc/x'"},
    {RULE("r", OPEN " and fd.name regex '.*/x/.*'"), "LOAD_COMPILE_CONDITION", "contains"},
    {RULE("r", OPEN " and fd.name regex '/x/.*'"), "LOAD_COMPILE_CONDITION", "startswith"},
    {RULE("r", OPEN " and fd.name regex '.*/x'"), "LOAD_COMPILE_CONDITION", "endswith"},
    {RULE("r", OPEN " and fd.name regex '/[a-z]+/x'"), "", NULL},
    {RULE("r", OPEN " and ka.verb = <NA>"), "LOAD_UNSAFE_NA_CHECK", "unsafe"},
    {RULE("r", OPEN " and proc.name = <NA>"), "", NULL},
};

static const struct plm_load_message *first_message(const struct plm_load_file *f)
{
    return f->errors.n ? &f->errors.v[0] : f->warnings.n ? &f->warnings.v[0] : NULL;
}

static void every_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_auto_done(load_done) struct load l = {0};
        plm_auto_done(plm_buf_done) struct plm_buf codes = PLM_BUF(PLM_KIB(4));
        load_texts(&l, rows[i].text, NULL);
        assert_int_equal(l.report.files.n, 1);
        load_codes(&l.report.files.v[0], &codes);
        const struct plm_load_message *m = first_message(&l.report.files.v[0]);
        if (!plm_sv_is(plm_buf_sv(&codes), rows[i].codes))
            fail_msg("row %zu: %s\n%s: %.*s", i, rows[i].text, plm_buf_cstr(&codes),
                     PLM_SV_ARG(m ? m->message : PLM_SV("")));
        if (rows[i].message && !plm_sv_has(m->message, plm_sv_from(rows[i].message)))
            fail_msg("row %zu: %s\n%.*s", i, rows[i].text, PLM_SV_ARG(m->message));
        assert_int_equal(l.rules == NULL, strncmp(rows[i].codes, "LOAD_ERR", 8) == 0);
        if (!l.rules)
            assert_int_equal(l.err->code, PLM_E_POLICY);
    }
}

static void unreadable_file(void **state)
{
    (void)state;
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_err_free) plm_err *err = NULL;
    struct plm_load_report report = {0};
    plm_sv file = PLM_SV("/nonexistent/rules.yaml");
    struct plm_rules_config conf = {.files = &file, .n_files = 1, .min_priority = PLM_PRIO_DEBUG};
    assert_null(plm_rules_load(&ctx, &conf, a, &report, &err));
    assert_int_equal(report.files.v[0].errors.v[0].code, PLM_LOAD_ERR_FILE_READ);
    assert_non_null(strstr(err->message, "rules.yaml"));
}

static void every_code_has_texts(void **state)
{
    (void)state;
    for (unsigned c = PLM_LOAD_ERR_FILE_READ; c <= PLM_LOAD_UNKNOWN_KEY; c++) {
        assert_int_equal(strncmp(plm_load_code_name((enum plm_load_code)c), "LOAD_", 5), 0);
        assert_int_equal(strncmp(plm_load_code_name((enum plm_load_code)c), "LOAD_ERR_", 9) == 0,
                         plm_load_is_error((enum plm_load_code)c));
        assert_true(strlen(plm_load_code_short((enum plm_load_code)c)) > 0);
        assert_true(strlen(plm_load_code_long((enum plm_load_code)c)) > 0);
    }
}

static void text_shape(void **state)
{
    (void)state;
    plm_auto_done(load_done) struct load l = {0};
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_KIB(64)), more = PLM_BUF(PLM_KIB(64));
    load_texts(&l, "# ä\n- list: l\n  items: []\n" RULE("Read it", "evt.type = open and\n    proc.nam = x"),
               NULL);
    plm_load_file_text(&l.report.files.v[0], &out, &more);
    assert_string_equal(
        plm_buf_cstr(&out),
        "1.yaml: Invalid\n"
        "1 Errors:\n"
        "In rules content: (1.yaml:1:0)\n"
        "    rule 'Read it': (1.yaml:3:2)\n"
        "    rule condition: (1.yaml:7:13)\n"
        "    condition expression: (\"evt.type = open and ...\":0:20)\n"
        "------\n"
        "evt.type = open and proc.nam = x\n"
        "                    ^\n"
        "------\n"
        "LOAD_ERR_COMPILE_CONDITION (Error compiling condition): there is no field proc.nam\n");
}

static void long_lines_are_cut(void **state)
{
    (void)state;
    plm_auto_done(load_done) struct load l = {0};
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_KIB(64));
    plm_buf_str(&text, "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: ");
    for (int i = 0; i < 50; i++)
        plm_buf_str(&text, "evt.num > 1 and ");
    plm_buf_str(&text, "x.y = 1");
    for (int i = 0; i < 50; i++)
        plm_buf_str(&text, " and evt.num > 2");
    plm_buf_byte(&text, '\n');
    load_texts(&l, plm_buf_cstr(&text), NULL);
    plm_sv s = l.report.files.v[0].errors.v[0].snippet, line, rest = s;
    assert_true(plm_sv_line(&rest, &line));
    assert_int_equal(line.n, 160);
    assert_true(plm_sv_starts(line, PLM_SV("...")) && plm_sv_ends(line, PLM_SV("...")));
    size_t at = plm_sv_find_sv(line, PLM_SV("x.y"));
    assert_true(plm_sv_line(&rest, &line));
    assert_int_equal(plm_sv_find(line, '^'), at);
}

static void json_shape(void **state)
{
    (void)state;
    plm_auto_done(load_done) struct load l = {0};
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_KIB(64));
    load_texts(&l, "- macro: ä\n  condition: evt.type = open\n- macro: a\n", NULL);
    plm_load_report_json(&l.report, &out);
    assert_string_equal(
        plm_buf_cstr(&out),
        "{\"falco_load_results\":[{\"errors\":[{\"code\":\"LOAD_ERR_YAML_VALIDATE\",\"codedesc\":\"Error "
        "validating internal structure of YAML file\",\"context\":{\"locations\":[{\"item_name\":\"\",\"item_"
        "type\":\"rules content\",\"position\":{\"column\":0,\"line\":0,\"name\":\"1.yaml\",\"offset\":0}},{"
        "\"item_name\":\"a\",\"item_type\":\"macro\",\"position\":{\"column\":2,\"line\":2,\"name\":\"1."
        "yaml\","
        "\"offset\":43}}],\"snippet\":\"- macro: a\\n  ^\\n\"},\"message\":\"Item has no mapping for key "
        "'condition'\"}],\"name\":\"1.yaml\",\"schema_valid\":false,\"schema_warnings\":[],\"successful\":"
        "false,\"warnings\":[{\"code\":\"LOAD_INVALID_MACRO_NAME\",\"codedesc\":\"No condition can refer to "
        "a "
        "macro of this name.\",\"context\":{\"locations\":[{\"item_name\":\"\",\"item_type\":\"rules "
        "content\",\"position\":{\"column\":0,\"line\":0,\"name\":\"1.yaml\",\"offset\":0}},{\"item_name\":"
        "\"ä\",\"item_type\":\"macro\",\"position\":{\"column\":2,\"line\":0,\"name\":\"1.yaml\",\"offset\":"
        "2}}],\"snippet\":\"- macro: ä\\n  ^\\n\"},\"message\":\"Macro has an invalid name. Macro names must "
        "match a regular expression: [a-zA-Z]+[a-zA-Z0-9_]*\"}]}]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code),         cmocka_unit_test(unreadable_file),
        cmocka_unit_test(text_shape),         cmocka_unit_test(every_code_has_texts),
        cmocka_unit_test(long_lines_are_cut), cmocka_unit_test(json_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
