/* SPDX-License-Identifier: Apache-2.0
 *
 * Debian control data (deb822(5)): dpkg's status, Packages, Sources, Release, *.sources files.
 * Everything borrows from the text; nothing is allocated, nothing can fail.
 *
 *     struct plm_deb822 it = PLM_DEB822(text);
 *     while (plm_deb822_next(&it)) {
 *         static const char *const names[] = {"Package", "Version", "Status"};
 *         plm_sv v[3];
 *         size_t bad = plm_deb822_pick(it.stanza, names, v, 3);   // null views where absent
 *     }
 *
 * Values are raw: trimmed at both ends, continuation lines with their leading blank inside.
 * plm_deb822_line takes such a value apart.
 */
#pragma once

#include "base/sv.h"

struct plm_deb822 {
    plm_sv rest;
    plm_sv stanza; /* without the empty line behind it */
    size_t line;   /* of the stanza's first line, from 1 */
    size_t next_line;
};

#define PLM_DEB822(view) ((struct plm_deb822){.rest = (view), .next_line = 1})

struct plm_deb822_field {
    plm_sv name;  /* null: a line that is no field; value holds it */
    plm_sv value; /* p is never NULL */
};

/* The next stanza; false at the end. Runs of empty lines and comment lines ("#") are one gap. */
bool plm_deb822_next(struct plm_deb822 *it);
/* Takes the next field off *rest (start with a stanza); false at the end. Comment lines are left out. */
bool plm_deb822_field(plm_sv *rest, struct plm_deb822_field *out);
/* Value of the first field of that name, whatever its case; null view if absent. */
plm_sv plm_deb822_get(plm_sv stanza, const char *name);
/* Several at once in a single pass, null views where absent. Returns how many lines were no field. */
size_t plm_deb822_pick(plm_sv stanza, const char *const *names, plm_sv *out, size_t n);
/* Takes the next line off a value, trimmed; a line of one "." is an empty one; comments are left out. */
bool plm_deb822_line(plm_sv *rest, plm_sv *line);
