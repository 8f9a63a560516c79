/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands that judge by a policy share: the policy of an option or a word, saved facts, the scan.
 */
#pragma once

#include "cli/scan_options.h"

/* --mode; fixed unless it says otherwise. */
enum plm_policy_mode plm_cli_policy_mode(const struct plm_cli *cli);
/* A built-in policy by its name, else a file. */
struct plm_policy *plm_cli_policy_open(struct plm_cli *cli, plm_sv name, enum plm_policy_mode mode,
                                       plm_err **err);
/* Is it a document of facts (-o facts, or the image of a policy's test), not a report or a list of packages?
 */
bool plm_cli_is_facts(const char *path);
/* One document of facts as a report of one target without findings. */
struct plm_report *plm_cli_facts_report(struct plm_cli *cli, const char *path, plm_err **err);

/* What a policy's rules read is looked at, whatever --only says: a rule that nobody looked for judges
 * nothing.
 */
int plm_cli_policy_look_for(const struct plm_policy_wants *wants, struct plm_scan_setup *s, plm_err **err);
/* A source, scanned as the setup says, or saved facts: a report with facts. */
struct plm_report *plm_cli_policy_facts(struct plm_cli *cli, struct plm_scan_setup *s, const char *word,
                                        plm_err **err);

/* The run of `scan` and `policy check`: sources or saved facts in turn into one report, gates, the policy
 * (--policy, else the given one; NULL: none), outputs. An exit code, or -1. */
int plm_cli_scan(struct plm_cli *cli, const char *policy, plm_err **err);
