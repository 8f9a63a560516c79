/* SPDX-License-Identifier: Apache-2.0
 *
 * Collector: engines of this machine.
 */
#include "audit/facts.h"

int plm_collect_daemons(struct plm_facts *f, plm_err **err)
{
    (void)err;
    plm_diag(f->report, "engine.none", PLM_SEV_HIGH, PLM_NONE, PLM_SV("engine"),
             "engines are not looked for by this build");
    return 0;
}
