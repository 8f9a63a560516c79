/* SPDX-License-Identifier: Apache-2.0
 *
 * falco.yaml (falco-rules.md part 8): what has a meaning here is carried over, everything else is named in a
 * note; nothing in it is an error but a file that cannot be read or is no YAML, and a value that a carried
 * key cannot have.
 *
 *     struct plm_falco_config c;
 *     plm_falco_config_init(&c, arena);
 *     plm_falco_config_read(ctx, PLM_SV("/etc/falco/falco.yaml"), &c, err);   // and its config_files
 *     plm_falco_config_set(ctx, PLM_SV("json_output=true"), &c, err);         // -o
 *     plm_falco_config_finish(&c, err);                                       // now the members are filled
 */
#pragma once

#include "base/ctx.h"
#include "watch/watch.h"

struct plm_falco_node;

struct plm_falco_sink { /* an enabled NAME_output */
    plm_sv name;        /* "stdout", "file", … : of plm_sink_classes */
    plm_sv_vec keys, values;
};

struct plm_falco_config {
    struct plm_arena *arena;
    struct plm_falco_node *root; /* merged */
    plm_sv_vec files;            /* that were read: their changes reload */
    plm_sv_vec notes;            /* what was not carried over, a line each */
    /* filled by plm_falco_config_finish; the initial values are those of a Falco without a file */
    plm_sv_vec rules_files;
    bool has_rules_files, watch_files, match_all;
    enum plm_priority priority;
    PLM_VEC(struct plm_selection) selections;
    PLM_VEC(struct plm_append_output) append;
    struct plm_alert_options alert;
    struct plm_outputs_config outputs;
    PLM_VEC(struct plm_falco_sink) sinks;
    bool has_sinks; /* any NAME_output is configured */
    plm_sv metrics_listen;
    uint64_t metrics_interval_ms;
    bool log_json;
};

void plm_falco_config_init(struct plm_falco_config *c, struct plm_arena *a);
/* IO, PARSE and CONFIG name the file; texts are copied. */
int plm_falco_config_read(const struct plm_ctx *ctx, plm_sv path, struct plm_falco_config *c, plm_err **err);
/* "key.sub[0]=value"; [] appends. USAGE. */
int plm_falco_config_set(const struct plm_ctx *ctx, plm_sv text, struct plm_falco_config *c, plm_err **err);
int plm_falco_config_finish(struct plm_falco_config *c, plm_err **err);
/* Whether NAME of -o NAME=VALUE is a key of falco.yaml rather than a format. */
bool plm_falco_is_key(plm_sv name);
