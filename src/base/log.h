/* SPDX-License-Identifier: Apache-2.0
 *
 * Logging to a sink with levels and key/value pairs, as text or JSON lines.
 *
 *     plm_log(ctx, PLM_LOG_DEBUG, "layer read", "digest", digest, "bytes", size_text, NULL);
 *
 * Pairs are C strings, ended by NULL. Libraries log debug only. No secrets.
 * Thread-safe: one write(2) per line.
 */
#pragma once

#include <stdbool.h>

enum plm_log_level { PLM_LOG_ERROR, PLM_LOG_WARN, PLM_LOG_INFO, PLM_LOG_DEBUG };

struct plm_log {
    int fd;
    enum plm_log_level level; /* messages above are dropped */
    bool json;
};

struct plm_ctx;
void plm_log(const struct plm_ctx *ctx, enum plm_log_level level, const char *message, ...)
    __attribute__((sentinel));
