/* SPDX-License-Identifier: Apache-2.0
 *
 * The dotted codes of errors and diagnostics, with one line of meaning each. They are stable: a
 * script may look for one. A test compares this table with the codes that the sources use.
 */
#include "model/model.h"

// clang-format off
const struct plm_code_row plm_codes[] = {
    {"config.exists", "the file to write is there already"},
    {"config.file", "a configuration file is not a mapping of keys, or not a regular file"},
    {"config.key", "a key that no option has"},
    {"config.owner", "a configuration file belongs to somebody else, or others may write it"},
    {"config.project", "a project's plimsoll.yaml sets what it may not"},
    {"config.value", "a value that the option does not take"},
    {"config.variable", "a PLIMSOLL_ variable that no option has"},
    {"report.invalid", "a saved report contradicts itself"},
    {"report.schema", "the file is no report of plimsoll, or of a version that this one does not know"},
    {"report.template", "a template that cannot be read"},
    {"usage.command", "no such command"},
    {"usage.format", "no such output format"},
    {"usage.option", "no such option, or not of this command"},
    {"usage.value", "an option's value is missing or wrong"},
    {"usage.words", "too few or too many words"},
};
// clang-format on
const size_t plm_codes_n = sizeof(plm_codes) / sizeof(plm_codes[0]);
