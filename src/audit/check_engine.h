/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine group: what its files share. check_engine.c has the table.
 */
#pragma once

#include "audit/facts.h"

/* Says na for Podman, which has no daemon with such a setting; true if it was said. */
bool plm_not_of_podman(struct plm_checking *k);
/* Says unknown where /info did not come; true if it was said. */
bool plm_info_is_missing(struct plm_checking *k);
/* "rootless", "userns" among /info SecurityOptions; *out: the whole entry. */
bool plm_security_option(const struct plm_daemon *d, const char *name, plm_sv *out);
/* Judges a boolean setting: fail where it is not `wanted`, unknown where it cannot be known. 1, 0 or -1 as
 * plm_daemon_bool. */
int plm_judge_bool(struct plm_checking *k, const char *name, bool otherwise, bool wanted);
/* A pass by the file (or by what it leaves out) is none where the file is newer than the daemon: says why and
 * gives unknown. Everything else stays as it is. */
enum plm_outcome plm_trust(struct plm_checking *k, const char *name, enum plm_outcome outcome);
/* Value of a text setting, or null; says nothing. */
plm_sv plm_setting_text(const struct plm_daemon *d, const char *name);
/* The file system path, its owner and mode and those of every folder above, also of where links lead: says
 * fail for whatever somebody but root (or the daemon's user) may write, unknown with the errno, else pass. */
void plm_judge_path(struct plm_checking *k, plm_sv object, plm_sv path, mode_t forbidden);
/* Whole file below the root, at most 4 MiB; false: *out_why has the text of the error. */
bool plm_read_file(struct plm_checking *k, plm_sv path, plm_sv *out, plm_sv *out_why);
bool plm_is_loopback(plm_sv host);

void plm_check_2_1(struct plm_checking *k);
void plm_check_2_2(struct plm_checking *k);
void plm_check_2_3(struct plm_checking *k);
void plm_check_2_4(struct plm_checking *k);
void plm_check_2_5(struct plm_checking *k);
void plm_check_2_6(struct plm_checking *k);
void plm_check_2_8(struct plm_checking *k);
void plm_check_2_10(struct plm_checking *k);
void plm_check_2_11(struct plm_checking *k);
void plm_check_2_13(struct plm_checking *k);
void plm_check_2_14(struct plm_checking *k);
void plm_check_2_15(struct plm_checking *k);
void plm_check_2_16(struct plm_checking *k);
void plm_check_2_18(struct plm_checking *k);
void plm_check_d4(struct plm_checking *k);
void plm_check_d5(struct plm_checking *k);
void plm_check_d8(struct plm_checking *k);
void plm_check_d10(struct plm_checking *k);
void plm_check_d13(struct plm_checking *k);
void plm_check_d14(struct plm_checking *k);
void plm_check_d15(struct plm_checking *k);
void plm_check_d16(struct plm_checking *k);
void plm_check_1_1_1(struct plm_checking *k);
void plm_check_1_2_2(struct plm_checking *k);
void plm_check_2_7(struct plm_checking *k);
void plm_check_2_9(struct plm_checking *k);
void plm_check_2_12(struct plm_checking *k);
void plm_check_2_17(struct plm_checking *k);
void plm_check_d1(struct plm_checking *k);
void plm_check_d2(struct plm_checking *k);
void plm_check_d3(struct plm_checking *k);
void plm_check_d6(struct plm_checking *k);
void plm_check_d7(struct plm_checking *k);
void plm_check_d9(struct plm_checking *k);
void plm_check_d11(struct plm_checking *k);
void plm_check_d12(struct plm_checking *k);

/* Pure parts, for tests. */
/* "29.3.1", "20.10.24+dfsg1" against "29.3.1": -1, 0, 1; numbers only. */
int plm_version_numbers_cmp(plm_sv a, plm_sv b);
/* CVE ids of the table that hold for an engine of that version and its authorization plugins; NULL-ended. */
size_t plm_authz_flaws(plm_sv version, const char *out[4]);
/* A proxy address without what stands before the "@": true if there was a user or password. */
bool plm_hide_credentials(plm_sv url, struct plm_arena *a, plm_sv *out);
