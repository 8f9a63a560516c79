/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract between the program and its module plimsoll-yara.so (yara_module.c), which alone knows
 * libyara. The name of its one symbol carries the version, and the table repeats it.
 */
#pragma once

#include <stddef.h>

#define PLM_YARA_OPS_VERSION 1u
#define PLM_YARA_OPS_SYMBOL  "plm_yara_ops_v1"
#define PLM_YARA_MODULE      "plimsoll-yara.so"

/* severity and description are the rule's meta values, or NULL. */
typedef void plm_yara_found(void *arg, const char *rule, const char *severity, const char *description);

struct plm_yara_ops {
    unsigned version;
    const char *library; /* "4.2.3" */
    /* The text is NUL-ended and includes nothing. NULL: the first error, with its line, is in `error`. */
    void *(*compile)(const char *text, char *error, size_t error_n);
    /* 0; -1: not scanned to the end (time, memory), the text is in `error`. */
    int (*scan)(void *rules, const void *p, size_t n, int seconds, plm_yara_found *found, void *arg,
                char *error, size_t error_n);
    void (*free)(void *rules);
};
