/* SPDX-License-Identifier: Apache-2.0
 *
 * Registries: one file per cataloger, scheme, feed, command or format; each ends in
 * one `static const` descriptor and a PLM_REGISTER line. The core never names it.
 *
 *     static const struct plm_scheme deb = {.id = "deb", ...};
 *     PLM_REGISTER(plm_schemes, struct plm_scheme, deb);
 *
 *     PLM_SET_DECLARE(plm_schemes, struct plm_scheme);
 *     PLM_SET_FOREACH(plm_schemes, struct plm_scheme, s) { use(s); }
 *
 * Pointers (not structs) go into a named linker section; order in it is the linker's,
 * so users sort by id. The library that holds such files is linked whole.
 */
#pragma once

#include <stddef.h>

#define PLM_REGISTER(set, type, obj)                                                                         \
    static const type *const plm_reg_##set##_##obj                                                           \
        __attribute__((used, retain, section(#set), aligned(sizeof(void *)))) = &(obj)

#define PLM_SET_DECLARE(set, type)                                                                           \
    extern const type *const __start_##set[] __attribute__((visibility("hidden")));                          \
    extern const type *const __stop_##set[] __attribute__((visibility("hidden")))

#define PLM_SET_COUNT(set) ((size_t)(__stop_##set - __start_##set))

#define PLM_SET_FOREACH(set, type, it)                                                                       \
    for (const type *const *it##_pp = __start_##set, *it; it##_pp < __stop_##set && ((it = *it##_pp), 1);    \
         it##_pp++)
