/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the decoder share: decode.c takes records apart, decode_calls.c has the table of
 * parameters, decode_task.c tasks and what happens to them, decode_fd.c descriptors, decode_path.c paths.
 */
#pragma once

#include "watch/decode.h"
#include "watch/evtype.h"
#include "watch/wire.h"

enum { PLM_REC_PARTS = 40, PLM_SOCKETS_SEEN = 4096, PLM_SUBSYSTEMS = 24 };

struct plm_rec_part {
    plm_sv bytes;
    uint8_t type, arg, flags;
};

/* A record taken apart. */
struct plm_rec {
    struct plm_wire_head h;
    struct plm_rec_part parts[PLM_REC_PARTS];
    size_t n;
};

struct plm_decoder {
    struct plm_arena *arena; /* of one record */
    uint64_t boot, asked;    /* epoch at boot; time of the record at which the clocks were asked */
    bool is_fixed;           /* boot was given */
    uint64_t num;
    struct plm_rec rec;
    struct plm_event event;
    struct plm_task_info task;
    /* Names of cgroup subsystems by their number in this kernel. */
    char subsystems[PLM_SUBSYSTEMS][24];
    /* What the last event of a socket said, by inode: fd.name_changed, and which end it is. */
    struct plm_socket_seen {
        uint32_t ino;
        uint32_t ends; /* hash of both */
        bool is_server, has_role;
    } sockets[PLM_SOCKETS_SEEN];
};

/* The part of that type about that argument; NULL: not there. */
const struct plm_rec_part *plm_rec_find(const struct plm_rec *r, unsigned type, unsigned arg);
/* The first of the type, whatever it is about. */
const struct plm_rec_part *plm_rec_any(const struct plm_rec *r, unsigned type);
/* Copies a part's structure; false: not there or too short. */
bool plm_rec_struct(const struct plm_rec_part *p, void *out, size_t size);

/* ---- decode_path.c ---------------------------------------------------------------------------------- */

/* base and path as one absolute path without ".", ".." and "//"; null: path is relative and base no
 * directory, or no memory. */
plm_sv plm_path_join(struct plm_arena *a, plm_sv base, plm_sv path);
/* A path of the kernel's: absolute, whatever the walk found. */
plm_sv plm_path_of_part(struct plm_arena *a, const struct plm_rec_part *p);
/* What a relative argument is relative to: the directory of descriptor argument `dir`, else the working
 * directory; null: the record does not say. */
plm_sv plm_rec_base(struct plm_decoder *d, unsigned dir);

/* ---- decode_fd.c ------------------------------------------------------------------------------------- */

/* The descriptor behind argument `arg` (PLM_WIRE_ARG_RES) into the event. */
void plm_decode_fd(struct plm_decoder *d, const struct plm_evtype *t, unsigned arg, int64_t num);
/* The two ends that the event is about, or the one of a SOCKADDR part; NULL: none. */
struct plm_addr *plm_decode_tuple(struct plm_decoder *d);
struct plm_addr *plm_decode_addr(struct plm_decoder *d, unsigned arg);
bool plm_decode_sock(const struct plm_decoder *d, unsigned arg, struct plm_wire_sock *out);

/* ---- decode_task.c ----------------------------------------------------------------------------------- */

uint64_t plm_decode_ns(const struct plm_decoder *d, uint64_t boottime);
/* d->task out of the record's parts; false: it has no TASK part. */
bool plm_decode_task(struct plm_decoder *d);
/* Parameters of execve, clone and the like, whose values are facts of the task; what = the record's kind. */
void plm_decode_task_params(struct plm_decoder *d);
void plm_decode_exit_params(struct plm_decoder *d);
void plm_decode_subsystems(struct plm_decoder *d);

/* ---- decode_calls.c ---------------------------------------------------------------------------------- */

void plm_decode_call(struct plm_decoder *d);
void plm_decode_io_uring(struct plm_decoder *d);
/* The parameter of that name, marked as there; NULL: the type has none. */
struct plm_param *plm_decode_param(struct plm_decoder *d, const char *name);
