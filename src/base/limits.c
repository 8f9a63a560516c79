/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"

#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

const struct plm_limits plm_limits_default = {
    .layer_bytes = GIB(64),
    .layer_entries = 2000000,
    .ratio = 200,
    .path_bytes = 4096,
    .pax_bytes = MIB(1),
    .file_bytes = MIB(256),
    .spool_bytes = MIB(512),
    .record_bytes = MIB(256),
    .manifest_bytes = MIB(8),
    .layers = 512,
    .packages = 200000,
    .json_bytes = MIB(256),
    .yaml_events = 20000000,
    .depth = 128,
    .worker_seconds = 600,
    .worker_memory = GIB(2),
    .http_bytes = MIB(512),
    .processes = 1u << 20,
    .mounts = 200000,
    .sockets = 1u << 18,
};
