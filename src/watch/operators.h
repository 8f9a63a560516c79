/* SPDX-License-Identifier: Apache-2.0
 *
 * One check of a condition, compiled: `fd.name startswith /etc/` with its operands parsed for the type of its
 * left side (falco-rules.md 2.1). Shared by the loader, which wants the errors, and by the matcher.
 *
 *     struct plm_check *c = plm_check_new(cond, arena, err);   // PARSE: operator against type, bad operand
 *     bool is_true = plm_check_test(c, &view);
 *
 * A check lives in the arena and refers to the condition; it is immutable, so threads may share it.
 */
#pragma once

#include "watch/condition.h"

struct plm_check;

/* Resolves nothing: the operands of cond (lhs, rhs) went through plm_operand_resolve before. */
struct plm_check *plm_check_new(const struct plm_cond *cond, struct plm_arena *a, plm_err **err);
/* Fetches the values of the left side and tests them. */
bool plm_check_test(const struct plm_check *c, const struct plm_view *view);
/* The same for values that were fetched before. */
bool plm_check_values(const struct plm_check *c, const struct plm_view *view, const struct plm_values *v);
/* ---- parts, each with its own file ------------------------------------------------------------------- */

/* fnmatch without FNM_PATHNAME, in linear space and without recursion on `*`. */
bool plm_glob_match(plm_sv pattern, plm_sv s, bool is_icase);

/* Sets of strings. */
struct plm_strset;
struct plm_strset *plm_strset_new(const plm_sv *v, size_t n, struct plm_arena *a);
bool plm_strset_has(const struct plm_strset *set, plm_sv s);

/* pmatch: the operands as component prefixes. */
struct plm_pathset;
struct plm_pathset *plm_pathset_new(const plm_sv *v, size_t n, struct plm_arena *a);
bool plm_pathset_match(const struct plm_pathset *set, plm_sv path);

/* regex: RE2's POSIX syntax on the whole string, run by PCRE2 within limits. PARSE says why and where. */
struct plm_posix_re;
struct plm_posix_re *plm_posix_re_new(plm_sv pattern, struct plm_arena *a, plm_err **err);
bool plm_posix_re_match(const struct plm_posix_re *re, plm_sv s);

/* Operands as values. False: not one. */
bool plm_ip_parse(plm_sv text, struct plm_ip *out);
bool plm_net_parse(plm_sv text, struct plm_ip *out, unsigned *out_bits);
bool plm_net_has(const struct plm_ip *net, unsigned bits, const struct plm_ip *ip);
bool plm_port_parse(plm_sv text, uint64_t *out); /* numbers and service names */
/* Decimal, 0x and whole decimal fractions ("5e9"); negative ones as two's complement. */
bool plm_number_parse(plm_sv text, bool is_signed, int64_t *out);
bool plm_hex_parse(plm_sv text, struct plm_arena *a, plm_sv *out);
