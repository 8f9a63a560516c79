/* SPDX-License-Identifier: Apache-2.0
 *
 * What the gates npms and ruby_gems share: rules about installed packages of one type beside what their
 * registry has. The type is the calling file's: "npm", "gem".
 */
#pragma once

#include "policy/gate_common.h"

struct plm_registry_gate {
    plm_sv type;
    const char *newer_prefix, *unknown, *unknown_tail, *bad_version, *denied,
        *unavailable; /* words of messages */
};

int plm_registry_newer(const struct plm_registry_gate *g, struct plm_policy_eval *ev,
                       const struct plm_policy_rule *r, plm_err **err);
int plm_registry_unknown(const struct plm_registry_gate *g, struct plm_policy_eval *ev,
                         const struct plm_policy_rule *r, plm_err **err);
int plm_registry_bad_version(const struct plm_registry_gate *g, struct plm_policy_eval *ev,
                             const struct plm_policy_rule *r, plm_err **err);
int plm_registry_denylist(const struct plm_registry_gate *g, struct plm_policy_eval *ev,
                          const struct plm_policy_rule *r, plm_err **err);
int plm_registry_unavailable(const struct plm_registry_gate *g, struct plm_policy_eval *ev,
                             const struct plm_policy_rule *r, plm_err **err);
/* Registry data: no need of a trigger, because the original stays silent without them. */
void plm_registry_wants(const struct plm_policy_rule *r, struct plm_arena *a, struct plm_policy_wants *out);
extern const struct plm_policy_param_type plm_registry_denylist_params[];
