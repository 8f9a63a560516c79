/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/net share.
 */
#pragma once

#include "net/net.h"
#include "net/net_ops.h"

/* The module's functions; loaded once per process, from ctx->lib_dir, else from the folder of the
 * running program, else from where it is installed. UNSUPPORTED net.module where there is none. */
const struct plm_net_ops *plm_net_module(const struct plm_ctx *ctx, plm_err **err);

/* The parts of an http(s) address that decisions and messages need; views into the text. */
struct plm_net_url {
    bool is_tls;
    plm_sv host;      /* without brackets */
    plm_sv authority; /* host and port as written, no user */
    plm_sv path;      /* without query and fragment: what a message may show */
    unsigned port;
};

/* Stricter than RFC 3986, so that no second parser (libcurl's) can read another host out of it: visible
 * ASCII only, no backslash, at most one '@', a host of letters, digits, "-._" or a bracketed address. */
int plm_net_url_parse(plm_sv text, struct plm_net_url *out, plm_err **err);
bool plm_net_url_same_origin(const struct plm_net_url *a, const struct plm_net_url *b);

/* Remembers a contacted host for plm_net_hosts ("host", or "host:port" where the port is not the usual one).
 */
void plm_net_host_seen(const struct plm_net_url *url);

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7); not by strftime, whose names follow the locale. */
plm_sv plm_net_date(struct plm_arena *a, int64_t t);
