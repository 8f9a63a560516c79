/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives around images: what their members are, found in a fenced worker.
 */
#pragma once

#include "base/map.h"
#include "base/rd.h"
#include "image/doc.h"
#include "image/image_int.h"

/* Of a stream, as it comes: one event a member, in this order of members of the message. */
struct plm_member {
    plm_sv name;            /* canonical: no leading slash, no "." or ".." */
    plm_sv link;            /* canonical target of a symbolic or hard link, else null */
    uint64_t offset, bytes; /* of the contents in the archive */
};

void plm_member_encode(struct plm_buf *out, const struct plm_member *m);
/* False at the end of the bytes or when they are malformed (rd->failed). */
bool plm_member_decode(struct plm_rd *rd, struct plm_arena *a, struct plm_member *out);

/* All members of a regular, uncompressed archive file; later ones of the same name win. Borrows fd. A broken
 * archive gives what was found before the fault and *out_fault (to be freed). */
struct plm_members {
    PLM_VEC(struct plm_member) v;
    struct plm_map *by_name; /* index + 1 */
};
int plm_members_read(const struct plm_ctx *ctx, int fd, const char *name, struct plm_arena *a,
                     struct plm_members *out, plm_err **out_fault, plm_err **err);
void plm_members_done(struct plm_members *m);
PLM_CLEANUP_INPLACE(struct plm_members, plm_members_done)
/* Through links; NULL if there is none. */
const struct plm_member *plm_members_find(const struct plm_members *m, plm_sv name);

/* ---- documents of docker save -------------------------------------------------------------------- */

/* The digest that a member's name claims: "blobs/sha256/<hex>", "<hex>.json"; null: none. */
plm_sv plm_member_claim(struct plm_arena *a, plm_sv name);
/* What the chosen image is called: the tag that was wanted, else its first; null: it has none. */
plm_sv plm_save_tag(const struct plm_doc_save_image *image, plm_sv wanted);
/* Chooses an image by tag; fails with image.ambiguous or image.not-found and the tags there are. */
const struct plm_doc_save_image *plm_save_choose(const struct plm_doc_save *doc, plm_sv tag, const char *name,
                                                 plm_err **err);
void plm_plan_name_config(struct plm_plan *p, plm_sv name, plm_sv text);
/* Fills the target from an image config, and created_by and diff_id of the layers that the plan has. False
 * platform: error. */
int plm_plan_config(struct plm_plan *p, const struct plm_image_options *opt, const struct plm_doc_config *c,
                    plm_err **err);
