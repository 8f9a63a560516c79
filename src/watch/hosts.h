/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of host names for fd.cip.name and its like: a check is true when the event's address is among
 * those that the name has now. One thread asks the resolver and asks again from time to time, so that
 * evaluating an event never waits for a name server; a name that is not known yet, or not any more, has no
 * address.
 *
 *     plm_hosts_want(h, name);              // when rules are loaded
 *     if (plm_hosts_has(h, name, &ip)) ...  // at an event
 */
#pragma once

#include "watch/event.h"

#include "base/err.h"

enum {
    PLM_HOSTS_MAX = 1024,       /* names; more are refused: never resolved */
    PLM_HOST_ADDRESSES_MAX = 64 /* of one name */
};

struct plm_rules;
struct plm_hosts;
struct plm_hosts *plm_hosts_new(plm_err **err);
/* Does not wait for the resolver. */
void plm_hosts_free(struct plm_hosts *h);
PLM_CLEANUP(struct plm_hosts, plm_hosts_free)
void plm_hosts_want(struct plm_hosts *h, plm_sv name);
/* Every name that a condition of an enabled rule compares an address with. */
void plm_hosts_want_rules(struct plm_hosts *h, const struct plm_rules *rules);
/* h NULL: nothing is known. */
bool plm_hosts_has(struct plm_hosts *h, plm_sv name, const struct plm_ip *ip);
