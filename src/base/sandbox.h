/* SPDX-License-Identifier: Apache-2.0
 *
 * The fence around a process that parses hostile bytes (design.md 5.2): resource limits,
 * no_new_privs, no capabilities, Landlock, a seccomp allow-list. Once entered it cannot be left.
 *
 *     plm_fence_compile(PLM_FENCE_STREAM, &program, err);   // once, in the process that forks
 *     ... fork ...
 *     plm_fence_enter(&program, &options, &has_landlock, err);
 *
 * A call outside the list kills the process; opening a file in the STREAM fence and a few
 * probes of libraries merely fail. In sanitizer builds every refused call merely fails and
 * the address space is not limited, so that reports come out.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum plm_fence {
    PLM_FENCE_STREAM,  /* descriptors that are already open, nothing else */
    PLM_FENCE_TREE,    /* reads below some directories */
    PLM_FENCE_OVERLAY, /* the same, with the right to read the trusted.* attributes of an overlay */
    PLM_FENCE_COUNT_
};

struct plm_fence_program {
    enum plm_fence kind;
    void *filter; /* struct sock_filter[n] */
    uint16_t n;
};

struct plm_fence_options {
    const int *trees; /* TREE: directories (O_PATH will do) below which reading is allowed */
    size_t n_trees;
    uint64_t cpu_seconds;  /* 0: no limit */
    uint64_t memory_bytes; /* address space, 0: no limit */
};

int plm_fence_compile(enum plm_fence kind, struct plm_fence_program *out, plm_err **err);
void plm_fence_done(struct plm_fence_program *p);
/* *out_landlock is false where the kernel has no Landlock; everything else is an error. */
int plm_fence_enter(const struct plm_fence_program *p, const struct plm_fence_options *opt,
                    bool *out_landlock, plm_err **err);
