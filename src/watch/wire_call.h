/* SPDX-License-Identifier: Apache-2.0
 *
 * What user space tells the kernel programs (the other direction is wire.h): for every system call what to
 * read of its arguments, and the rules' filter in the form in which the kernel evaluates it (kfilter.h). Read
 * by both worlds.
 */
#pragma once

#include "wire.h"

#define PLM_CALLS 512 /* system call numbers are below */

/* What an argument is, hence what a record brings of it. `aux` is the number of another argument or a size.
 */
enum plm_call_kind {
    PLM_CALL_NONE,
    PLM_CALL_FD,    /* FILE and PATH, or SOCK */
    PLM_CALL_DIRFD, /* of the path argument that follows it: PATH, where that is relative and needed */
    PLM_CALL_STR,   /* USTR; aux 1: a path without a dirfd (CWD where it is relative); 2: with one; 0: text */
    PLM_CALL_ADDR,  /* SOCKADDR, its length is argument aux */
    PLM_CALL_ADDR_OUT, /* SOCKADDR, argument aux points to its length */
    PLM_CALL_BUF,      /* BYTES, result bytes long; failed: argument aux */
    PLM_CALL_IOV,      /* BYTES of the first of argument aux vectors that is not empty */
    PLM_CALL_MSG,      /* SOCKADDR and BYTES of a msghdr; aux 1: of the first of several */
    PLM_CALL_STRUCT,   /* STRUCT, aux × 4 bytes */
    PLM_CALL_INTS,     /* BYTES, aux × 4 bytes, after a call that succeeded */
    PLM_CALL_ARGV,     /* ARGS: vector of strings */
};

/* flags */
#define PLM_CALL_CHANGES 1u /* changes the task: sent whenever it succeeds, with TASK */
#define PLM_CALL_CWD     2u /* with CWD and ROOT too */
#define PLM_CALL_CLONE   4u /* the child's exit (result 0) is not sent */
#define PLM_CALL_EXEC    8u /* success is sched_process_exec's; a failure has TASK, CWD, EXE */
#define PLM_CALL_PRCTL                                                                                       \
    16u                  /* changes the task when argument 0 is PR_SET_NAME; argument 1 is a string then     \
                          */
#define PLM_CALL_HOW 32u /* the open flags are the first member of the structure at `open_flags` */

#define PLM_CALL_NO_ARG 0xff

struct plm_call {
    __u8 flags;      /* PLM_CALL_* */
    __u8 class;      /* enum plm_loss_class */
    __u8 object;     /* descriptor whose path, family and ports the filter tests: argument, PLM_WIRE_ARG_RES,
                        NO_ARG */
    __u8 open_flags; /* argument with O_* of an open; NO_ARG */
    __u8 kind[6], aux[6];
    __u8 has_fd;  /* the result is a descriptor */
    __u8 creates; /* creat(): writes and creates, whatever the flags */
    __u8 unused[2];
    __u64 mask[PLM_WIRE_WORDS]; /* clauses about this call */
};

/* `wanted`: 1 when rules ask for the call, 2 when the process table does. */
#define PLM_WANT_RULES 1u
#define PLM_WANT_STATE 2u

/* As enum plm_kdim of kfilter.h. */
#define PLM_WIRE_DIMS 22

struct plm_wire_conf {
    __u8 wanted[PLM_CALLS];
    __u64 dim[PLM_WIRE_DIMS][PLM_WIRE_WORDS];
    __u64 any_path[PLM_WIRE_WORDS], any_port[PLM_WIRE_WORDS];
    __u64 root_dir[PLM_WIRE_WORDS]; /* files directly in "/" */
    __u32 bypass;                   /* maps are being changed: tests are skipped, more is sent */
    __u32 has_paths, has_names, has_ports;
    __u32 self;    /* our own thread group: its calls are not sent */
    __u32 needs;   /* enum plm_need */
    __u32 page_kb; /* of a page */
    __u32 wake_ns; /* a ring's reader is woken at most this often */
    __u32 n_cpus;
    __u32 epoch;             /* of the filter: masks made for another one do not count */
    __u16 compat[PLM_CALLS]; /* i386 numbers → ours, 0xffff: none */
};

/* Keys of the path maps; longer texts are cut, which lets more pass. */
#define PLM_PATH_KEY 256
#define PLM_NAME_KEY 32
struct plm_path_key {
    __u32 bits;
    __u8 text[PLM_PATH_KEY]; /* with a NUL at the end where the whole path is meant */
};
struct plm_name_key {
    __u8 text[PLM_NAME_KEY];
};
struct plm_clauses {
    __u64 w[PLM_WIRE_WORDS];
};

/* Counters of one processor. */
struct plm_wire_stats {
    __u64 seen, wanted, irrelevant;
    __u64 lost[5]; /* enum plm_loss_class */
    __u64 busy;    /* of lost: the scratch space was in use */
    __u64 last_wake[2];
    __u64 unused[5];
};
_Static_assert(sizeof(struct plm_wire_stats) == 128, "two cache lines");
