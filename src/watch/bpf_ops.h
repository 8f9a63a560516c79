/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract between the program and its module plimsoll-bpf.so (bpf_module.c), which alone knows libbpf
 * and carries the compiled programs of bpf/. The module exports one symbol, PLM_BPF_OPS_SYMBOL, a table of
 * functions. It loads and attaches; maps are used by their descriptors (sensor.c), so nothing else crosses.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLM_BPF_OPS_VERSION 1u
#define PLM_BPF_OPS_SYMBOL  "plm_bpf_ops_v1"

struct plm_bpf;

struct plm_bpf_conf {
    unsigned n_cpus;
    uint32_t ring_bytes, process_ring_bytes; /* per processor, powers of two and multiples of a page */
    const char *const *skip;                 /* programs that are not wanted; NULL-ended */
};

/* One program of the object. */
struct plm_bpf_program {
    const char *name;
    bool is_needed; /* open() fails without it */
    bool is_loaded, is_attached;
    int error;       /* errno of what refused it, 0 */
    const char *why; /* text of the kernel or of libbpf; lives as long as the object */
};

struct plm_bpf_ops {
    unsigned version;
    /* Loads all programs and creates all maps; attaches nothing. NULL: *out_errno and a text in why. */
    struct plm_bpf *(*open)(const struct plm_bpf_conf *conf, int *out_errno, char *why, size_t why_n);
    void (*close)(struct plm_bpf *b); /* detaches */
    /* Descriptor of a map (owned by the object), -1: none. "rings" have theirs: ring_fd. */
    int (*map_fd)(struct plm_bpf *b, const char *name);
    int (*ring_fd)(struct plm_bpf *b,
                   unsigned i); /* below 2 * n_cpus; the second half are the process rings */
    const struct plm_bpf_program *(*program)(struct plm_bpf *b, unsigned i); /* NULL: past the end */
    int (*attach)(struct plm_bpf *b, unsigned i);                            /* 0 or -errno (then `why`) */
    /* A descriptor from which the task iterator's records can be read; -errno. */
    int (*scan)(struct plm_bpf *b);
};
