/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths of a host: what mounting one into a container gives away. Pure text; links are not followed.
 */
#pragma once

#include "base/arena.h"
#include "model/model.h"

/* Without empty and "." parts, ".." taken up; always absolute. In the arena. */
plm_sv plm_path_clean(struct plm_arena *a, plm_sv path);
/* Is it the directory or in it? */
bool plm_path_is_below(plm_sv path, plm_sv dir);

struct plm_path_risk {
    enum plm_severity severity; /* UNKNOWN: nothing sensitive */
    const char *why;
};
/* By the table, and by directories that hold credentials wherever they are (".ssh"). */
struct plm_path_risk plm_path_table_risk(plm_sv host, bool is_writable);
struct plm_path_risk plm_path_worse(struct plm_path_risk r, enum plm_severity severity, const char *why);
