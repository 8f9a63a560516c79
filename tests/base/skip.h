/* SPDX-License-Identifier: Apache-2.0
 *
 * Skipping a cmocka test with its reason: "skipped TEST: reason", which tools/run_tests.py shows and judges.
 *
 * cmocka's skip() jumps out of the test, so no cleanup attribute of the functions in between runs: free
 * what is held before calling it, or LeakSanitizer fails the whole program.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define plm_test_skip(...) plm_test_skip_named(__func__, __VA_ARGS__)

#define plm_test_skip_named(name, ...)                                                                       \
    do {                                                                                                     \
        print_message("skipped %s: ", (name));                                                               \
        print_message(__VA_ARGS__);                                                                          \
        print_message("\n");                                                                                 \
        skip();                                                                                              \
    } while (0)
