/* SPDX-License-Identifier: Apache-2.0
 *
 * libyara behind the table of yara_ops.h. It runs inside fenced workers: rules cannot include files, and
 * libyara's own handlers of signals are off, since contents lie in memory and cannot be cut under it.
 */
#include "inspect/yara_ops.h"

#include <stdio.h>
#include <string.h>
#include <yara.h>

#define EXPORT __attribute__((visibility("default")))

struct error {
    char *text;
    size_t n;
};

static void on_error(int level, const char *file, int line, const YR_RULE *rule, const char *message,
                     void *arg)
{
    struct error *e = arg;
    (void)file;
    (void)rule;
    if (level == YARA_ERROR_LEVEL_ERROR && !e->text[0])
        snprintf(e->text, e->n, "line %d: %s", line, message);
}

static void *compile(const char *text, char *error, size_t error_n)
{
    struct error e = {error, error_n};
    YR_COMPILER *c = NULL;
    YR_RULES *rules = NULL;
    error[0] = 0;
    if (yr_initialize() != ERROR_SUCCESS) {
        snprintf(error, error_n, "libyara does not start");
        return NULL;
    }
    if (yr_compiler_create(&c) == ERROR_SUCCESS) {
        yr_compiler_set_callback(c, on_error, &e);
        yr_compiler_set_include_callback(c, NULL, NULL, NULL);
        if (yr_compiler_add_string(c, text, NULL) == 0 && yr_compiler_get_rules(c, &rules) != ERROR_SUCCESS)
            rules = NULL;
        yr_compiler_destroy(c);
    }
    if (!rules) {
        if (!error[0])
            snprintf(error, error_n, "out of memory");
        yr_finalize();
    }
    return rules;
}

struct finding {
    plm_yara_found *found;
    void *arg;
};

static int on_match(YR_SCAN_CONTEXT *context, int message, void *data, void *arg)
{
    struct finding *f = arg;
    YR_RULE *rule = data;
    YR_META *meta;
    const char *severity = NULL, *description = NULL;
    (void)context;
    if (message != CALLBACK_MSG_RULE_MATCHING)
        return CALLBACK_CONTINUE;
    yr_rule_metas_foreach(rule, meta)
    {
        if (meta->type != META_TYPE_STRING)
            continue;
        if (strcmp(meta->identifier, "severity") == 0)
            severity = meta->string;
        else if (strcmp(meta->identifier, "description") == 0)
            description = meta->string;
    }
    f->found(f->arg, rule->identifier, severity, description);
    return CALLBACK_CONTINUE;
}

static int scan(void *rules, const void *p, size_t n, int seconds, plm_yara_found *found, void *arg,
                char *error, size_t error_n)
{
    struct finding f = {found, arg};
    int r = yr_rules_scan_mem(rules, p, n, SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING,
                              on_match, &f, seconds);
    if (r == ERROR_SUCCESS)
        return 0;
    if (r == ERROR_SCAN_TIMEOUT)
        snprintf(error, error_n, "not finished in %d s", seconds);
    else
        snprintf(error, error_n, "error %d of libyara", r);
    return -1;
}

static void rules_free(void *rules)
{
    yr_rules_destroy(rules);
    yr_finalize();
}

EXPORT extern const struct plm_yara_ops plm_yara_ops_v1;

const struct plm_yara_ops plm_yara_ops_v1 = {
    .version = PLM_YARA_OPS_VERSION,
    .library = YR_VERSION,
    .compile = compile,
    .scan = scan,
    .free = rules_free,
};
