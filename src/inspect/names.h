/* SPDX-License-Identifier: Apache-2.0
 *
 * Names that several checks judge: references of images, ports, names of environment variables.
 */
#pragma once

#include "inspect/inspect_int.h"

/* "registry.example:5000" of a reference; names without a host are docker.io's. */
plm_sv plm_reference_registry(plm_sv reference);
/* The tag behind the last ':', without the digest; null where there is none. */
plm_sv plm_reference_tag(plm_sv reference);
/* HOST, a pattern of hosts, or HOST/PATH, which allows everything below. */
bool plm_registry_allowed(const plm_sv_vec *allowed, plm_sv reference);

/* What a port ("22/tcp") gives away; NULL: nothing known. */
const char *plm_port_danger(plm_sv port);

/* Why NAME=VALUE looks like a credential ("the name holds PASSWORD", "AWS access key id"); NULL: it does not.
 */
const char *plm_env_credential(const struct plm_inspect_options *opt, plm_sv name, plm_sv value);
/* A value for a report: its first characters, never more than a quarter. In the arena. */
plm_sv plm_masked(struct plm_arena *a, plm_sv value);

plm_sv plm_path_base(plm_sv path);
/* Patterns of whole paths, or of base names where they have no slash. */
bool plm_path_matches(const plm_sv_vec *patterns, plm_sv path);
/* In a tree of installed libraries or of documentation. */
bool plm_path_is_library(plm_sv path);
