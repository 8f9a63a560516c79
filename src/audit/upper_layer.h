/* SPDX-License-Identifier: Apache-2.0
 *
 * What a running container changed against its image: its overlay upper layer, read in place.
 * Private to src/audit.
 */
#pragma once

#include "audit/facts.h"

enum plm_change { PLM_CHANGE_ADDED, PLM_CHANGE_CHANGED, PLM_CHANGE_DELETED, PLM_CHANGE_REPLACED };

/* In the order in which they are shown. */
enum plm_change_rank {
    PLM_RANK_SETUID, /* runs with other rights: set-uid, set-gid or file capabilities */
    PLM_RANK_EXECUTABLE,
    PLM_RANK_ACCOUNTS, /* who may log in, what is run or loaded by itself */
    PLM_RANK_SYSTEM,   /* of the image's program directories, where packages put their files */
    PLM_RANK_OTHER,
    PLM_RANK_COUNT_
};

struct plm_layer_change {
    plm_sv path;
    enum plm_change change;
    enum plm_change_rank rank;
    uint32_t mode, uid;
};
struct plm_layer_changes {
    PLM_VEC(struct plm_layer_change) shown; /* the gravest, by rank and path */
    uint64_t counts[PLM_RANK_COUNT_];
    bool is_cut;    /* there are more entries than are looked at */
    plm_sv failure; /* the upper layer, or a part of it, could not be read; null: all of it was */
};

/* Reads c->upper_dir below the root of f against c->lower_dirs; mounts of the container are not of the layer.
 * At most max_shown changes are kept. */
int plm_upper_layer_read(struct plm_facts *f, const struct plm_container *c, size_t max_shown,
                         struct plm_arena *a, struct plm_layer_changes *out, plm_err **err);
