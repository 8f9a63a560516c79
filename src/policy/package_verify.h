/* SPDX-License-Identifier: Apache-2.0
 *
 * The trigger `verify` of the gate `packages`, which is a file of its own: parameters and evaluation.
 */
#pragma once

#include "policy/gate_common.h"

extern const struct plm_policy_param_type plm_policy_verify_params[];
int plm_policy_verify(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err);
