/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of priorities and the table of Falco's validation codes (falco-rules.md part 10).
 */
#include "watch/rules_int.h"

static const char *const priorities[] = {"Emergency", "Alert",  "Critical",      "Error",
                                         "Warning",   "Notice", "Informational", "Debug"};

const char *plm_priority_name(enum plm_priority p)
{
    return (unsigned)p < 8 ? priorities[p] : "";
}

bool plm_priority_parse(plm_sv text, enum plm_priority *out)
{
    if (plm_sv_ieq(text, PLM_SV("INFO"))) {
        *out = PLM_PRIO_INFORMATIONAL;
        return true;
    }
    for (unsigned i = 0; i < 8; i++)
        if (plm_sv_ieq(text, plm_sv_from(priorities[i]))) {
            *out = (enum plm_priority)i;
            return true;
        }
    return false;
}

static const struct code_row {
    const char *name, *brief, *text;
} codes[] = {
    [PLM_LOAD_ERR_FILE_READ] = {"LOAD_ERR_FILE_READ", "File read error",
                                "The file does not exist or cannot be read."},
    [PLM_LOAD_ERR_YAML_PARSE] = {"LOAD_ERR_YAML_PARSE", "YAML parse error", "The file is not valid YAML."},
    [PLM_LOAD_ERR_YAML_VALIDATE] =
        {"LOAD_ERR_YAML_VALIDATE", "Error validating internal structure of YAML file",
         "The YAML does not have the shape of a rules file: a key is missing or of another type."},
    [PLM_LOAD_ERR_COMPILE_CONDITION] =
        {"LOAD_ERR_COMPILE_CONDITION", "Error compiling condition",
         "A condition has a fault of syntax, names an unknown field, or compares what cannot be compared."},
    [PLM_LOAD_ERR_COMPILE_OUTPUT] = {"LOAD_ERR_COMPILE_OUTPUT", "Error compiling output",
                                     "An output names an unknown field or is not well formed."},
    [PLM_LOAD_ERR_VALIDATE] = {"LOAD_ERR_VALIDATE", "Error validating rule/macro/list/exception objects",
                               "A rule, macro, list or exception does not fit what it refers to."},
    [PLM_LOAD_ERR_EXTENSION] = {"LOAD_ERR_EXTENSION", "Error in extension item",
                                "An extension item could not be loaded."},
    [PLM_LOAD_UNKNOWN_SOURCE] = {"LOAD_UNKNOWN_SOURCE", "Unknown event source",
                                 "The rule is for a source of events that is not there; it is skipped."},
    [PLM_LOAD_UNSAFE_NA_CHECK] =
        {"LOAD_UNSAFE_NA_CHECK", "Unsafe <NA> comparison in condition",
         "A comparison with <NA> does not tell whether the field has a value; use exists."},
    [PLM_LOAD_NO_EVTTYPE] =
        {"LOAD_NO_EVTTYPE", "Condition has no event-type restriction",
         "The rule is evaluated for more than 100 types of events, which costs time; restrict evt.type."},
    [PLM_LOAD_UNKNOWN_FILTER] =
        {"LOAD_UNKNOWN_FILTER", "Unknown field or event-type in condition or output",
         "The rule names a field or event type that is not known and says that it is to be skipped then."},
    [PLM_LOAD_UNUSED_MACRO] = {"LOAD_UNUSED_MACRO", "Unused macro", "No rule or macro refers to the macro."},
    [PLM_LOAD_UNUSED_LIST] = {"LOAD_UNUSED_LIST", "Unused list",
                              "No rule, macro or list refers to the list."},
    [PLM_LOAD_UNKNOWN_ITEM] =
        {"LOAD_UNKNOWN_ITEM", "Unknown rules file item",
         "The item is neither a rule, a macro, a list nor a requirement; it is skipped."},
    [PLM_LOAD_DEPRECATED_ITEM] = {"LOAD_DEPRECATED_ITEM", "Used deprecated item",
                                  "What is used here is deprecated and may have no effect."},
    [PLM_LOAD_WARNING_EXTENSION] = {"LOAD_WARNING_EXTENSION", "Warning in extension item",
                                    "An extension item was loaded with a warning."},
    [PLM_LOAD_APPEND_NO_VALUES] = {"LOAD_APPEND_NO_VALUES", "Overriding/appending with no values",
                                   "What is appended brings no values and has no effect."},
    [PLM_LOAD_EXCEPTION_NAME_NOT_UNIQUE] =
        {"LOAD_EXCEPTION_NAME_NOT_UNIQUE", "Multiple exceptions defined with the same name",
         "Two exceptions of the rule have the same name; appends reach the first."},
    [PLM_LOAD_INVALID_MACRO_NAME] = {"LOAD_INVALID_MACRO_NAME", "Invalid macro name",
                                     "No condition can refer to a macro of this name."},
    [PLM_LOAD_INVALID_LIST_NAME] = {"LOAD_INVALID_LIST_NAME", "Invalid list name",
                                    "No condition can refer to a list of this name."},
    [PLM_LOAD_COMPILE_CONDITION] = {"LOAD_COMPILE_CONDITION", "Warning in rule condition",
                                    "The condition is valid but may not mean what was intended."},
    [PLM_LOAD_UNKNOWN_KEY] = {"LOAD_UNKNOWN_KEY", "Unknown key in item definition",
                              "The item has a key that has no meaning; it is ignored."},
};

const char *plm_load_code_name(enum plm_load_code c)
{
    return codes[c].name;
}

const char *plm_load_code_short(enum plm_load_code c)
{
    return codes[c].brief;
}

const char *plm_load_code_long(enum plm_load_code c)
{
    return codes[c].text;
}

static const struct key_row {
    const char *name;
    uint32_t key;
} keys[] = {
    {"condition", PLM_RK_CONDITION},
    {"output", PLM_RK_OUTPUT},
    {"desc", PLM_RK_DESC},
    {"priority", PLM_RK_PRIORITY},
    {"tags", PLM_RK_TAGS},
    {"exceptions", PLM_RK_EXCEPTIONS},
    {"enabled", PLM_RK_ENABLED},
    {"warn_evttypes", PLM_RK_WARN_EVTTYPES},
    {"skip-if-unknown-filter", PLM_RK_SKIP_UNKNOWN},
    {"capture", PLM_RK_CAPTURE},
    {"capture_duration", PLM_RK_CAPTURE_DURATION},
    {"source", PLM_RK_SOURCE},
    {"items", PLM_RK_ITEMS},
};

uint32_t plm_rules_key_find(plm_sv name)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (plm_sv_is(name, keys[i].name))
            return keys[i].key;
    return 0;
}

const char *plm_rules_key_name(uint32_t key)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (keys[i].key == key)
            return keys[i].name;
    return "";
}
