/* SPDX-License-Identifier: Apache-2.0
 *
 * What a process did. An event is the exit of a system call, or the end of a process (`procexit`); its
 * parameters are described by the table of event types, which follows Falco's names (falco-rules.md part 5).
 * A source (the kernel sensor, a recording) makes events; everything they point to belongs to the source and
 * is good until its next event.
 *
 * Paths of successful calls are those of the kernel's own objects (dentry walk at the event), so neither
 * links nor dup nor `..` hides a file; what the program wrote stands beside it (`raw`).
 */
#pragma once

#include "base/arena.h"
#include "base/sv.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- types of events ------------------------------------------------------------------------ */

/* How a parameter is written as text (falco-rules.md 4.3) and which member of plm_param holds it. */
enum plm_param_type {
    PLM_P_ERRNO, /* i: result, negative errno */
    PLM_P_FD,    /* i: descriptor or negative errno; text `<typechar>name` of plm_event.fd where that is it */
    PLM_P_PID,   /* i */
    PLM_P_INT,   /* i */
    PLM_P_UINT,  /* u */
    PLM_P_HEX,   /* u */
    PLM_P_STR,   /* s */
    PLM_P_PATH,  /* s: as given; resolved: absolute */
    PLM_P_BYTES, /* s: at most PLM_SNAPLEN bytes */
    PLM_P_STRINGS, /* s: NUL-separated (args, env, cgroups) */
    PLM_P_FLAGS,   /* u: the kernel's bit mask, names of the type's table joined with | */
    PLM_P_ENUM,    /* u: one value, all its names */
    PLM_P_MODE,    /* u: S_IRUSR|…; a type without a table: octal */
    PLM_P_UID,     /* u: uint32_t, UINT32_MAX: none */
    PLM_P_GID,     /* u */
    PLM_P_SIGNAL,  /* u */
    PLM_P_TUPLE,   /* addr: both ends */
    PLM_P_ADDR,    /* addr: one end */
};

#define PLM_SNAPLEN    80 /* bytes of a buffer that an event carries */
#define PLM_PARAMS_MAX 32
#define PLM_EVTYPE_MAX 512 /* types of events, a bound for bit sets */

/* In the flags of open calls: this call created the file (O_F_CREATED). */
#define PLM_O_CREATED (1ull << 32)

struct plm_flag_name {
    const char *name;
    uint64_t value;
};

struct plm_param_info {
    const char *name; /* "res", "fd", "path" */
    enum plm_param_type type;
    const struct plm_flag_name *flags; /* of FLAGS, ENUM, MODE; ends with a NULL name */
};

enum plm_evclass { /* evt.category */
                   PLM_EVC_OTHER,
                   PLM_EVC_FILE,
                   PLM_EVC_NET,
                   PLM_EVC_IPC,
                   PLM_EVC_MEMORY,
                   PLM_EVC_PROCESS,
                   PLM_EVC_SLEEP,
                   PLM_EVC_SYSTEM,
                   PLM_EVC_SIGNAL,
                   PLM_EVC_USER,
                   PLM_EVC_TIME,
                   PLM_EVC_WAIT,
                   PLM_EVC_IO_READ,
                   PLM_EVC_IO_WRITE,
                   PLM_EVC_IO_OTHER,
                   PLM_EVC_SCHED,
                   PLM_EVC_INTERNAL,
};

struct plm_evtype {
    const char *name; /* "openat", "procexit"; the system call's own name where it is one */
    uint16_t id;      /* index into the table: below PLM_EVTYPE_MAX, the same on every machine of one build */
    int16_t syscall;  /* number on this machine's architecture; -1: not a system call, or not here */
    uint8_t category; /* enum plm_evclass */
    bool is_typed;    /* has parameters of its own; others have only what every call has (none) */
    bool has_fd;      /* fd.* of this event is parameter `fd_param` */
    uint8_t fd_param;
    uint8_t n_params;
    const struct plm_param_info *params;
};

const struct plm_evtype *plm_evtype_get(unsigned id); /* NULL: no such id */
const struct plm_evtype *plm_evtype_find(plm_sv name);
const struct plm_evtype *plm_evtype_of_syscall(int nr); /* this machine's numbers */
unsigned plm_evtype_count(void);
/* Index of a parameter by name, or -1. */
int plm_evtype_param(const struct plm_evtype *t, plm_sv name);

/* Sets of event types. */
struct plm_evset {
    uint64_t w[PLM_EVTYPE_MAX / 64];
};
static inline void plm_evset_add(struct plm_evset *s, unsigned id)
{
    s->w[id / 64] |= 1ull << (id % 64);
}
static inline bool plm_evset_has(const struct plm_evset *s, unsigned id)
{
    return id < PLM_EVTYPE_MAX && (s->w[id / 64] >> (id % 64) & 1);
}

/* ---- addresses and descriptors --------------------------------------------------------------- */

struct plm_ip {
    uint8_t family; /* 4, 6, 0: none */
    uint8_t b[16];  /* network order; 4 bytes for family 4 */
};

/* A socket's ends. "source" is the connecting side (client), "dest" the server, where that is known. */
struct plm_addr {
    uint8_t family; /* 4, 6, 1: unix, 0: none */
    struct plm_ip sip, dip;
    uint16_t sport, dport;
    plm_sv path; /* unix */
};

enum plm_fdtype {
    PLM_FD_UNKNOWN,
    PLM_FD_FILE,
    PLM_FD_DIRECTORY,
    PLM_FD_IPV4,
    PLM_FD_IPV6,
    PLM_FD_UNIX,
    PLM_FD_PIPE,
    PLM_FD_EVENT,
    PLM_FD_SIGNALFD,
    PLM_FD_EVENTPOLL,
    PLM_FD_INOTIFY,
    PLM_FD_TIMERFD,
    PLM_FD_NETLINK,
    PLM_FD_BPF,
    PLM_FD_USERFAULTFD,
    PLM_FD_IO_URING,
    PLM_FD_MEMFD,
    PLM_FD_PIDFD,
    PLM_FD_PACKET, /* and other socket families: their own name stays unknown */
    PLM_FD_COUNT_
};

/* The descriptor that the event acts on, read from the kernel's struct file and struct sock. */
struct plm_fdinfo {
    int64_t num;
    enum plm_fdtype type;
    plm_sv name;    /* absolute path, socket text, "pipe:[1]"; made by the decoder */
    plm_sv nameraw; /* as the program gave it */
    uint32_t dev;   /* new_encode_dev form */
    uint64_t ino;
    uint32_t open_flags;    /* O_* of the file */
    struct plm_addr addr;   /* sip/sport: client; dip/dport: server (or the listening address) */
    struct plm_ip lip, rip; /* local and remote end, family 0: not there */
    uint16_t lport, rport;
    uint8_t l4; /* IPPROTO_TCP …, 0: not known */
    bool is_listening, is_connected, is_server, name_changed;
    bool is_upper_layer, is_lower_layer;
};

/* ---- an event ---------------------------------------------------------------------------------- */

struct plm_param {
    bool is_present; /* false: memory could not be read, or the recording lacks it: `<NA>` */
    union {
        int64_t i;
        uint64_t u;
        plm_sv s;
        struct plm_addr *addr;
    };
    plm_sv resolved; /* paths: absolute and normal; null: as given */
};

struct plm_task_info; /* watch/proc.h */

struct plm_event {
    const struct plm_evtype *type;
    uint64_t num; /* from 1; 0 never */
    uint64_t ts;  /* nanoseconds since the epoch */
    uint16_t cpu;
    int32_t tid, pid; /* of the initial pid namespace (thread, thread group) */
    bool has_res;
    int64_t res; /* return value, -errno */
    bool has_fd;
    struct plm_fdinfo fd;
    unsigned n_params; /* as many as type->n_params */
    struct plm_param params[PLM_PARAMS_MAX];
    /* The thread as the kernel saw it at this event; NULL where the event brings none. Always there for
     * execve, execveat, clone… (the new thread, when seen from the child), and the first event of a thread
     * that the source had not announced. */
    const struct plm_task_info *task;
};

/* Text of a parameter (falco-rules.md 4.3): raw and resolved form; either may be empty. Appended to `raw` and
 * `resolved`. names: looks up users, groups and processes; NULL: numbers only. */
struct plm_buf;
struct plm_view;
void plm_param_text(const struct plm_view *view, unsigned index, struct plm_buf *raw,
                    struct plm_buf *resolved);

const char *plm_fdtype_name(enum plm_fdtype t); /* "file"; NULL: none */
char plm_fdtype_char(enum plm_fdtype t);        /* 'f'; 0: none */
const char *plm_errno_name(int e);              /* "EACCES", NULL: not known */
/* Address as text: "10.0.0.1", "::1". */
void plm_ip_text(const struct plm_ip *ip, struct plm_buf *out);
/* "10.0.0.1:4444->10.0.0.2:80". */
void plm_addr_text(const struct plm_addr *addr, struct plm_buf *out);
