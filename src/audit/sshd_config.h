/* SPDX-License-Identifier: Apache-2.0
 *
 * sshd_config(5): what sshd would use for a connection of a given user. Private to src/audit.
 *
 *     struct plm_sshd_config c;
 *     plm_sshd_config_read(f, "/etc/ssh/sshd_config", &c);
 *     plm_sv v = plm_sshd_config_get(&c, "permitrootlogin", NULL, &where);   // null: the default holds
 */
#pragma once

#include "audit/host.h"

struct plm_sshd_setting {
    plm_sv key; /* lower case */
    plm_sv value;
    plm_sv path;
    uint32_t line;
    uint32_t match; /* 0: outside of Match blocks; else the number of the block, from 1 */
};
struct plm_sshd_match {
    plm_sv criteria; /* text behind Match */
    plm_sv path;
    uint32_t line;
};
struct plm_sshd_config {
    PLM_VEC(struct plm_sshd_setting) settings; /* in the order of reading */
    PLM_VEC(struct plm_sshd_match) matches;
    plm_sv_vec unreadable; /* "FILE: reason" of includes that could not be read */
};

/* 0, or errno of the file itself. */
int plm_sshd_config_read(const struct plm_facts *f, const char *path, struct plm_sshd_config *out);
/* Pure part, for one text; include is called for each pattern of an Include and may be NULL. */
typedef void (*plm_sshd_include)(void *arg, plm_sv pattern, uint32_t match, unsigned depth);
void plm_sshd_config_parse(struct plm_arena *a, plm_sv text, plm_sv path, uint32_t match, unsigned depth,
                           plm_sshd_include include, void *arg, struct plm_sshd_config *out);
/* First value outside of Match blocks (and of "Match all"): the one that holds for a connection that no block
 * names. NULL: not set. */
const struct plm_sshd_setting *plm_sshd_config_get(const struct plm_sshd_config *c, const char *key);
