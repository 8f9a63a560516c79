/* SPDX-License-Identifier: Apache-2.0
 *
 * Fenced workers (design.md 5.2): a clean spawner process forks one per job; a job is bytes
 * and descriptors, its result bytes over a pipe. The process that asks parses nothing.
 *
 *     struct plm_worker w;
 *     plm_worker_start(ctx, PLM_JOB_LAYER, job_bytes, fds, n, &w, err);
 *     ... feed a ring ...
 *     plm_worker_result(&w, "layer sha256:..", max, &bytes, err);   // fails with id worker.crashed
 *     plm_worker_done(&w);                                          // kills it if it still runs
 *
 * Thread-safe: any thread may start and own workers. Pointers to static data (extractors) are
 * valid in a worker, since it is a fork of a fork of this process.
 */
#pragma once

#include "base/ctx.h"
#include "base/rd.h"
#include "base/sandbox.h"
#include "codec/stream.h"
#include "image/image.h"

/* ---- jobs: what runs inside the fence ---------------------------------------------------- */

enum plm_job {
    PLM_JOB_LAYER,    /* ring → layer record */
    PLM_JOB_TREE,     /* directory → record of wanted files */
    PLM_JOB_OVERLAY,  /* overlay2 diff directory → layer record */
    PLM_JOB_MEMBERS,  /* file (an uncompressed tar) → its members with offsets */
    PLM_JOB_SPLIT,    /* ring (an uncompressed tar) → members as they come */
    PLM_JOB_INFLATE,  /* file or pipe → its decompressed bytes */
    PLM_JOB_DOCUMENT, /* a JSON document → the parts of it that we use */
    PLM_JOB_COUNT_
};

struct plm_job_input {
    const struct plm_limits *limits;
    struct plm_rd rd; /* the bytes of the job */
    const int *fds;
    size_t n_fds;
    int out_fd; /* for jobs that stream: the result pipe */
};

struct plm_job_type {
    int (*run)(struct plm_job_input *in, struct plm_buf *out, plm_err **err);
    void (*before)(struct plm_job_input *in); /* in front of the fence; NULL: nothing */
    size_t n_trees;                           /* the first descriptors are the readable trees */
    enum plm_fence fence;
    bool is_raw;        /* writes to out_fd itself, without the frame */
    bool tells_failure; /* is_raw: its failure goes to the last descriptor, a memfd */
};
const struct plm_job_type *plm_job_type_get(enum plm_job job);

/* For jobs of a name and what is wanted: lets the extractors load their modules. */
void plm_job_load(struct plm_job_input *in);
int plm_job_layer(struct plm_job_input *in, struct plm_buf *out, plm_err **err);
int plm_job_tree(struct plm_job_input *in, struct plm_buf *out, plm_err **err);
int plm_job_overlay(struct plm_job_input *in, struct plm_buf *out, plm_err **err);
int plm_job_members(struct plm_job_input *in, struct plm_buf *out, plm_err **err);
int plm_job_split(struct plm_job_input *in, struct plm_buf *out, plm_err **err);
int plm_job_inflate(struct plm_job_input *in, struct plm_buf *out, plm_err **err);
int plm_job_document(struct plm_job_input *in, struct plm_buf *out, plm_err **err);

/* ---- workers ------------------------------------------------------------------------------ */

enum { PLM_WORKER_FDS_MAX = 8 };

struct plm_worker {
    int result_fd, status_fd; /* -1: none */
    bool has_landlock;        /* after plm_worker_result */
    bool is_broken_pipe;      /* it died because nobody read what it wrote */
};
#define PLM_WORKER_NONE ((struct plm_worker){.result_fd = -1, .status_fd = -1})

/* The descriptors are borrowed. */
int plm_worker_start(const struct plm_ctx *ctx, enum plm_job job, plm_sv bytes, const int *fds, size_t n_fds,
                     struct plm_worker *out, plm_err **err);
/* Waits for the end. The job's own failure comes back as it was; a worker that died is PLM_E_INTERNAL with
 * the id worker.crashed; more than max bytes is LIMIT. */
int plm_worker_result(struct plm_worker *w, const char *name, size_t max, struct plm_buf *out, plm_err **err);
/* Only the end of it, for jobs that stream (is_raw) and were read to their end. */
int plm_worker_wait(struct plm_worker *w, const char *name, plm_err **err);
/* The end of a job that tells its failure, which comes back as it was. What is left of its stream is not
 * read: without that failure, that it could not write any more is none. */
int plm_worker_end(struct plm_worker *w, int memfd, const char *name, plm_err **err);
/* The descriptor of the content service, where the job has one. */
struct plm_wanted;
void plm_job_service(const struct plm_job_input *in, struct plm_wanted *w);
void plm_worker_done(struct plm_worker *w);
PLM_CLEANUP_INPLACE(struct plm_worker, plm_worker_done)

/* ---- content services (image.h) -------------------------------------------------------------- */

/* Open before the worker starts, done after it has ended: declare it before the worker. */
struct plm_session {
    const struct plm_content_service *service;
    void *session;
    int fd; /* the worker's end; -1: none */
};
#define PLM_SESSION_NONE ((struct plm_session){.fd = -1})
void plm_session_open(const struct plm_content_service *s, struct plm_session *out);
/* After the worker was started: lets go of its end. */
void plm_session_started(struct plm_session *s);
void plm_session_done(struct plm_session *s);
PLM_CLEANUP_INPLACE(struct plm_session, plm_session_done)

/* ---- the ring: bytes from the process that reads and hashes them to a worker ----------------- */

enum { PLM_RING_SLOTS = 8, PLM_RING_SLOT_BYTES = 128 * 1024 };

struct plm_ring {
    char *map;
    int memfd, ours, theirs; /* memfd and theirs go to the worker */
    unsigned next, free;
    bool is_closed; /* the worker does not read any more */
};
#define PLM_RING_NONE ((struct plm_ring){.memfd = -1, .ours = -1, .theirs = -1})

int plm_ring_open(struct plm_ring *out, plm_err **err);
/* After the worker was started: lets go of its ends. */
void plm_ring_started(struct plm_ring *r);
/* The next slot to fill, or NULL when the worker reads no more. Blocks while all are in use. */
char *plm_ring_slot(struct plm_ring *r);
/* Waits until at least one more slot was given back; false when the worker reads no more. */
bool plm_ring_wait(struct plm_ring *r);
/* Hands over the slot with n bytes (1 to PLM_RING_SLOT_BYTES). */
void plm_ring_push(struct plm_ring *r, size_t n);
/* No more bytes; without it the worker sees a broken stream. */
void plm_ring_end(struct plm_ring *r);
void plm_ring_done(struct plm_ring *r);
PLM_CLEANUP_INPLACE(struct plm_ring, plm_ring_done)

/* The worker's side. A slot is given back when its bytes were read. */
struct plm_stream *plm_ring_stream(int memfd, int sock, const char *name, plm_err **err);
