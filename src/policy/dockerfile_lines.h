/* SPDX-License-Identifier: Apache-2.0
 *
 * The Dockerfile as policy rules see it, prepared once per evaluation: the original's lines in compat mode,
 * real instructions in fixed mode; and what the image runs as and exposes.
 */
#pragma once

#include "policy/policy_int.h"

struct plm_policy_line {
    plm_sv directive; /* upper case */
    plm_sv rest;      /* behind it, without blanks around */
    plm_sv text;      /* the line */
};
struct plm_dockerfile;
struct plm_policy_lines {
    PLM_VEC(struct plm_policy_line) v;
    const struct plm_dockerfile *parsed; /* fixed mode, Actual: the document; else NULL */
};

/* Prepared at the first call, kept for the evaluation. NULL: memory, or a limit of the Dockerfile. */
const struct plm_policy_lines *plm_policy_lines(struct plm_policy_eval *ev,
                                                const struct plm_policy_gate *gate, plm_err **err);

/* The original's: of the last USER line, "root" without one; false: a line that it does not understand. */
bool plm_policy_user_of_lines(const struct plm_policy_lines *l, plm_sv *out);
/* The names that mean the user the image runs as, the one it is written as first; how many. */
enum { PLM_POLICY_USER_NAMES = 4 };
size_t plm_policy_user_of_image(struct plm_policy_eval *ev, const struct plm_policy_lines *l,
                                plm_sv out[PLM_POLICY_USER_NAMES]);

struct plm_policy_port {
    uint32_t first, last; /* the same, unless it is a range */
    plm_sv protocol;      /* "tcp" */
    plm_sv text;          /* as it was written first */
    bool is_word;         /* no number: a variable without a value */
};
struct plm_policy_ports {
    struct plm_policy_port *v;
    size_t n, cap;
};
/* Of the Dockerfile's last stage and of the configuration, each port and protocol once. */
int plm_policy_ports_of_image(struct plm_policy_eval *ev, const struct plm_policy_lines *l,
                              struct plm_policy_ports *out, plm_err **err);
