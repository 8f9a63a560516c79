/* SPDX-License-Identifier: Apache-2.0
 *
 * Where events come from: the kernel sensor (sensor.c, through the module plimsoll-bpf.so) or a recording
 * (replay.c). Both give the same items in the order of time as well as it is known.
 */
#pragma once

#include "base/ctx.h"
#include "watch/event.h"
#include "watch/kfilter.h"
#include "watch/proc.h"

enum plm_item_kind {
    PLM_ITEM_NONE,      /* nothing now: wait on the descriptor */
    PLM_ITEM_EVENT,     /* event */
    PLM_ITEM_TASK,      /* task: of the start-up scan or of a resynchronisation */
    PLM_ITEM_SCAN_DONE, /* every thread of the scan was given */
    PLM_ITEM_CONTAINER, /* container: recordings */
    PLM_ITEM_USER,      /* user and group names: recordings */
    PLM_ITEM_HOST,      /* hostname, local_ips: recordings */
    PLM_ITEM_LOSS,      /* loss: events were lost since the last one */
    PLM_ITEM_IO_URING,  /* event of type io_uring_enter with the operation as parameter */
    PLM_ITEM_END,       /* a recording ends; a sensor never does */
};

/* Losses are counted by class: what was lost is never unknown. */
enum plm_loss_class {
    PLM_LOSS_PROCESS,
    PLM_LOSS_OPEN,
    PLM_LOSS_FILE,
    PLM_LOSS_NET,
    PLM_LOSS_OTHER,
    PLM_LOSS_COUNT_
};
const char *plm_loss_name(enum plm_loss_class c); /* "process", "open" … */

struct plm_loss {
    uint64_t n[PLM_LOSS_COUNT_];
    bool must_resync; /* process events are among them: the source follows with TASK items */
};

struct plm_item {
    enum plm_item_kind kind;
    const struct plm_event *event;
    const struct plm_task_info *task;
    const struct plm_container *container;
    plm_sv container_id; /* USER: of which container; null: the host */
    bool is_group;
    uint32_t uid;
    plm_sv user_name, user_home, user_shell;
    plm_sv hostname;                /* HOST */
    const struct plm_ip *local_ips; /* HOST */
    size_t n_local_ips;
    struct plm_loss loss;
};

struct plm_source_stats {
    uint64_t n_events; /* handed out */
    uint64_t n_seen, n_wanted,
        n_irrelevant; /* in the kernel: system calls seen, sent, dropped by the filter */
    uint64_t n_lost[PLM_LOSS_COUNT_];
    uint64_t ring_bytes, ring_peak;
};

struct plm_source;
struct plm_view;
struct plm_source_ops {
    /* The next item; what it points to is good until the next call. */
    int (*next)(struct plm_source *s, struct plm_item *out, plm_err **err);
    int (*fd)(struct plm_source *s); /* to wait on; -1: none needed */
    int (*set_filter)(struct plm_source *s, const struct plm_kfilter *f,
                      plm_err **err); /* NULL op: takes all */
    /* Which rules are still possible for this process (kfilter.h), after every change of it. */
    void (*set_mask)(struct plm_source *s, const struct plm_thread *t, const struct plm_kmask *mask);
    void (*stats)(struct plm_source *s, struct plm_source_stats *out);
    void (*close)(struct plm_source *s);
};
struct plm_source {
    const struct plm_source_ops *ops;
};
static inline void plm_source_close(struct plm_source *s)
{
    if (s)
        s->ops->close(s);
}
PLM_CLEANUP(struct plm_source, plm_source_close)

/* ---- the kernel ------------------------------------------------------------------------------------ */

struct plm_sensor_config {
    size_t ring_bytes;         /* per processor, a power of two; 0: 2 MiB */
    size_t process_ring_bytes; /* of exec, fork and exit, per processor; 0: 256 KiB */
    uint32_t needs;            /* enum plm_need */
    bool no_io_uring;
};

/* What the kernel refused or lacks, program by program: for messages and `watch check --kernel`. */
struct plm_sensor_part {
    const char *name; /* "sys_exit" */
    const char *what; /* what is not seen without it */
    bool is_needed;   /* without it there is no sensor at all */
    bool is_attached;
    plm_sv why; /* not attached: the cause */
};

/* Loads and attaches; the filter is installed before anything is. UNSUPPORTED with what is lacking (BTF,
 * kernel version) or AUTH (which capabilities). parts (arena) says what is missing beyond that. */
struct plm_source *plm_sensor_open(const struct plm_ctx *ctx, const struct plm_sensor_config *conf,
                                   const struct plm_kfilter *filter, struct plm_arena *a,
                                   struct plm_sensor_part **out_parts, size_t *out_n_parts, plm_err **err);
/* Scans all tasks again; TASK items and SCAN_DONE follow. */
int plm_sensor_rescan(struct plm_source *s, plm_err **err);

/* ---- recordings (docs/watch.md; JSON lines) --------------------------------------------------------- */

/* path "-": standard input. Every line is checked; PARSE names file and line. */
struct plm_source *plm_replay_open(const struct plm_ctx *ctx, plm_sv path, plm_err **err);
struct plm_source *plm_replay_text(const struct plm_ctx *ctx, plm_sv text, const char *name, plm_err **err);

/* Writes lines; what an event's line needs (process and ancestors, container, users) is written before it,
 * once per change. The caller shows each event before it brings the table up to it, so that a replay starts
 * from the same state:
 *
 *     view.thread = plm_procs_find(procs, event->tid);      // as it was; NULL: not known
 *     plm_recorder_event(rec, &view, err);
 *     plm_recorder_applied(rec, plm_procs_apply(procs, event));
 */
struct plm_recorder;
struct plm_recorder *plm_recorder_new(int fd, bool owns_fd, plm_err **err);
/* Keep only what lies within ms of a plm_recorder_trigger, before and after it: two buffers of half of
 * max_bytes each; when one is full less is kept. */
void plm_recorder_keep_around(struct plm_recorder *r, uint64_t ms, size_t max_bytes);
void plm_recorder_trigger(struct plm_recorder *r, uint64_t ts);
/* HOST, TASK, SCAN_DONE, LOSS, CONTAINER, USER as they came; events go the way below. */
int plm_recorder_item(struct plm_recorder *r, const struct plm_item *item, plm_err **err);
int plm_recorder_event(struct plm_recorder *r, const struct plm_view *view, bool is_io_uring, plm_err **err);
/* Of a container whose metadata came late. */
int plm_recorder_container(struct plm_recorder *r, const struct plm_container *c, plm_err **err);
void plm_recorder_applied(struct plm_recorder *r, const struct plm_thread *t);
int plm_recorder_close(struct plm_recorder *r, plm_err **err); /* frees it, whatever it returns */
