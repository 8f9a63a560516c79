/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding a scheme by name. A handful of schemes with short alias lists: a linear search is
 * enough, callers keep the pointer.
 */
#include "version/version.h"

static bool is_named(const struct plm_scheme *s, plm_sv name)
{
    if (plm_sv_ieq(name, plm_sv_from(s->id)))
        return true;
    for (const char *const *a = s->aliases; a && *a; a++)
        if (plm_sv_ieq(name, plm_sv_from(*a)))
            return true;
    return false;
}

const struct plm_scheme *plm_scheme_find(plm_sv name)
{
    plm_sv base, suffix;
    plm_sv_cut(name, ':', &base, &suffix);
    PLM_SET_FOREACH (plm_schemes, struct plm_scheme, s) {
        if (is_named(s, base))
            return s;
    }
    return NULL;
}
