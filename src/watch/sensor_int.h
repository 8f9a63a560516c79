/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the sensor share: sensor.c (the source), sensor_rings.c (records of all rings in order),
 * sensor_filter.c (rules' filter and masks into maps), sensor_scan.c (task iterator), sensor_calls.c (what is
 * read of each call), bpf_load.c (the module).
 */
#pragma once

#include "watch/bpf_ops.h"
#include "watch/decode.h"
#include "watch/source.h"
#include "watch/wire_call.h"

const struct plm_bpf_ops *plm_bpf_load(const struct plm_ctx *ctx, plm_err **err);

/* bpf(2) on a map; 0 or -errno. */
int plm_bpf_map_put(int fd, const void *key, const void *value);
int plm_bpf_map_drop(int fd, const void *key);
int plm_bpf_map_next(int fd, const void *key, void *out_key); /* key NULL: the first */

void plm_sensor_calls(struct plm_call calls[PLM_CALLS]);
/* Native numbers of the calls of 32-bit programs; 0xffff: none that is known. */
void plm_sensor_compat(uint16_t numbers[PLM_CALLS]);

/* ---- rings ------------------------------------------------------------------------------------------------
 */

struct plm_ring {
    uint64_t *consumer;       /* shared with the kernel */
    const uint64_t *producer; /* shared with the kernel */
    const unsigned char *data;
    size_t bytes; /* a power of two; data is mapped twice in a row */
    uint64_t at;  /* next record */
    uint64_t ts;  /* its time; 0: the ring is empty */
    uint32_t n;   /* its bytes */
};

struct plm_rings {
    struct plm_ring *ring;
    unsigned n;
    struct plm_ring *held; /* whose record was handed out last: given back at the next call */
    uint64_t now;          /* CLOCK_BOOTTIME, as of the last look */
    uint64_t peak;         /* most bytes that waited in one ring */
};

int plm_rings_open(struct plm_rings *r, const struct plm_bpf_ops *ops, struct plm_bpf *b,
                   const struct plm_bpf_conf *conf, plm_err **err);
void plm_rings_done(struct plm_rings *r);
/* The oldest record of all; false: none may be handed out now. *out_wait: nanoseconds until one that waits
 * may (0: none waits). The bytes are good until the next call. */
bool plm_rings_next(struct plm_rings *r, plm_sv *out, uint64_t *out_wait);

/* ---- filter -----------------------------------------------------------------------------------------------
 */

struct plm_sensor_maps {
    int calls, paths, names, ports, rings, ring0;
    struct plm_wire_conf *conf;   /* mapped */
    struct plm_wire_slot *slots;  /* mapped, PLM_WIRE_SLOTS */
    struct plm_wire_stats *stats; /* mapped, one per processor */
    unsigned n_cpus;
    uint32_t needs; /* whatever the filter says */
};

/* Installs a filter (NULL: everything with a type of its own). Until it returns more is sent, never less. */
int plm_sensor_filter_put(const struct plm_sensor_maps *m, const struct plm_kfilter *f, plm_err **err);

/* ---- scan -------------------------------------------------------------------------------------------------
 */

/* Records of the task iterator, completed with what only /proc has (arguments, environment). */
struct plm_scan {
    int fd; /* -1: no scan runs */
    bool wants_env, is_end;
    struct plm_buf in;  /* read, not handed out: from `at` */
    struct plm_buf out; /* the record that was handed out */
    size_t at;
};

void plm_scan_begin(struct plm_scan *s, int fd, bool wants_env);
void plm_scan_done(struct plm_scan *s);
/* The next record; 1: there is one, 0: the scan is over. */
int plm_scan_next(struct plm_scan *s, plm_sv *out, plm_err **err);
