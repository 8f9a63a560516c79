/* SPDX-License-Identifier: Apache-2.0
 *
 * SPDX license expressions (SPDX 2.3, annex D): "(MIT OR Apache-2.0) AND GPL-2.0-or-later WITH
 * Classpath-exception-2.0". Two readers give the same tree: `parse` takes the grammar as specified,
 * `normalise` what packages hold instead (Debian's "GPL-2+ or Artistic", Fedora's "GPLv2+ and BSD",
 * classifiers, addresses) and never fails for what a text says: a name that is not known becomes a
 * LicenseRef-.
 *
 *     const struct plm_spdx *e;
 *     if (plm_spdx_normalise(PLM_SV("GPLv2+ or MIT"), arena, &e, &is_known, err) < 0) ...
 *     plm_sv text = plm_spdx_text(e, arena);             // "GPL-2.0-or-later OR MIT"
 *     verdict = plm_spdx_judge(e, &allow, &deny, &which);
 *
 * Trees and texts live in the arena; the list of identifiers is built in (feeds/spdx-licenses.tsv).
 */
#pragma once

#include "base/arena.h"

enum plm_spdx_kind { PLM_SPDX_LICENSE, PLM_SPDX_AND, PLM_SPDX_OR };

struct plm_spdx {
    enum plm_spdx_kind kind;
    /* LICENSE */
    plm_sv id;        /* as the list spells it; "LicenseRef-..." or "DocumentRef-...:LicenseRef-..." */
    plm_sv exception; /* after WITH, or null */
    bool is_plus;     /* "Apache-2.0+": this or a later version, where the list has no -or-later */
    bool is_ref;      /* not an id of the list */
    /* AND, OR: at least two, none of the same kind */
    PLM_VEC(const struct plm_spdx *) arms;
};

enum {
    PLM_SPDX_TEXT_MAX = 4096, /* bytes of one expression */
    PLM_SPDX_DEPTH_MAX = 32,  /* parentheses */
    PLM_SPDX_REF_MAX = 64,    /* bytes of a name that becomes a LicenseRef- */
};

/* The specified grammar; ids and operators in any case. Deprecated ids become what replaced them ("GPL-2.0+":
 * "GPL-2.0-or-later"). PARSE with line and column for anything else and for ids that are not in the list;
 * LIMIT. */
int plm_spdx_parse(plm_sv text, struct plm_arena *a, const struct plm_spdx **out, plm_err **err);

/* Any text. *out is NULL where it says nothing ("NOASSERTION", "UNKNOWN", blank). *out_known (may be NULL):
 * every part of it was recognised; an exception that is not known is left out, which only makes the license
 * stricter. Fails only without memory. */
int plm_spdx_normalise(plm_sv text, struct plm_arena *a, const struct plm_spdx **out, bool *out_known,
                       plm_err **err);

/* The canonical text; a null view if the arena failed. */
plm_sv plm_spdx_text(const struct plm_spdx *e, struct plm_arena *a);
/* Ids of all its licenses in order of appearance ("GPL-2.0-only WITH x" gives "GPL-2.0-only"), without
 * duplicates. */
void plm_spdx_ids(const struct plm_spdx *e, struct plm_arena *a, plm_sv_vec *out);

/* The list's spelling of an id, or what replaced a deprecated one; a null view if it is not in the list. */
plm_sv plm_spdx_id(plm_sv id);
/* What names are looked up by: lower case, without blanks, dashes, "the", "license", "version", "v" before a
 * digit and ".0" at the end of a number. Into out (text.n + 1 bytes or more); its length. */
size_t plm_spdx_fold(plm_sv text, char *out);

/* ---- lists ---------------------------------------------------------------------------- */

enum plm_spdx_verdict {
    PLM_SPDX_OK,
    PLM_SPDX_NOT_ALLOWED,
    PLM_SPDX_DENIED
}; /* order: the worst of AND's arms decides */

/* Items: an id ("MIT"), an id with exception, a pattern ("LicenseRef-*", "GPL-*", "*"), any case. An id
 * without exception stands for the license with any; a deprecated "GPL-3.0" for GPL-3.0-only and
 * GPL-3.0-or-later. An allowed version satisfies an "or later" of a lower one. */
struct plm_spdx_list {
    const plm_sv *v;
    size_t n;
};
/* An OR takes its best arm, an AND its worst. A leaf is denied if an item of `deny` matches it and no item of
 * `allow` names it with its exception; it is not allowed if `allow` has items and none matches. *which (may
 * be NULL): the first license that decided. */
enum plm_spdx_verdict plm_spdx_judge(const struct plm_spdx *e, const struct plm_spdx_list *allow,
                                     const struct plm_spdx_list *deny, const struct plm_spdx **which);
/* Does an item match this leaf? */
bool plm_spdx_matches(plm_sv item, const struct plm_spdx *license, bool is_allow);
