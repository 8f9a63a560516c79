/* SPDX-License-Identifier: Apache-2.0
 *
 * What the checks of containers share: reading HostConfig as the engine does, following
 * `container:NAME` modes, walking the processes of a container, and where its mounts lie on the
 * host. Private to src/audit; everything returned lives in k->arena or in the facts.
 */
#pragma once

#include "audit/facts.h"
#include "model/host_paths.h"

/* ---- inspect JSON ------------------------------------------------------------------------- */

/* yyjson_obj_foreach steps over the pair of an absent object; this does not. */
#define PLM_OBJ_FOREACH(obj, i, n, key, val)                                                                 \
    if (yyjson_is_obj(obj))                                                                                  \
    yyjson_obj_foreach(obj, i, n, key, val)
/* Strings of HostConfig; null: absent. */
plm_sv plm_host_config_str(const struct plm_checking *k, const char *key);
/* "a, b, c" of a JSON array of strings, cut after a few; "none" when empty or absent. */
plm_sv plm_json_list_text(struct plm_arena *a, yyjson_val *list);
/* Whether the engine's word list has the entry: /info SecurityOptions "name=selinux". -1: /info is missing.
 */
int plm_daemon_has_security_option(const struct plm_daemon *d, const char *entry);
/* Value of the last SecurityOpt of that name ("seccomp=X", "seccomp:X"; a bare "no-new-privileges" is "");
 * null: no such entry. */
plm_sv plm_security_opt(const struct plm_container *c, const char *name);
bool plm_container_is_privileged(const struct plm_container *c); /* as declared */
/* Says `na` for a privileged container, whose single cause is judged by 5.5. */
bool plm_is_privileged_na(struct plm_checking *k);

/* ---- namespaces --------------------------------------------------------------------------- */

enum plm_sharing {
    PLM_SHARE_NONE,
    PLM_SHARE_HOST,      /* itself, or through any number of `container:` */
    PLM_SHARE_CONTAINER, /* with one that keeps it from the host */
    PLM_SHARE_UNKNOWN,   /* names a container or path that the engine does not list */
};
struct plm_ns_mode {
    enum plm_sharing sharing;
    const struct plm_container *with; /* the first container named, or NULL */
    plm_sv said;                      /* "HostConfig.NetworkMode: container:web, which is host" */
};
struct plm_ns_mode plm_namespace_declared(struct plm_checking *k, const char *key);
/* In the namespace of the host or of the engine's own process: 1, 0; -1: cannot be known. */
int plm_process_shares_host_ns(const struct plm_checking *k, const struct plm_process *p, enum plm_ns ns);
/* Runs in the host's network, by the kernel where it is known, else as declared. */
bool plm_container_is_host_net(struct plm_checking *k);

/* ---- processes ---------------------------------------------------------------------------- */

enum plm_seen { PLM_SEEN, PLM_SEEN_GONE, PLM_SEEN_UNREADABLE };
enum plm_seen plm_process_seen(const struct plm_process *p);
/* In the user namespace of the container's first process: rights in a deeper one are no rights over the
 * container. True where it cannot be known. */
bool plm_process_is_at_top(const struct plm_container *c, const struct plm_process *p);
/* "/proc/812/status (nginx)" */
plm_sv plm_process_where(const struct plm_checking *k, const struct plm_process *p, const char *file);
plm_sv plm_base_name(plm_sv path);
/* Name of the program that a process runs: exe, else comm. */
plm_sv plm_process_program(const struct plm_process *p);

/* Bits of the last capability of the kernel and below. */
uint64_t plm_caps_known(const struct plm_checking *k);
/* What CapAdd, CapDrop and Privileged come to; *out_unknown: names that are no capability, or null. */
uint64_t plm_caps_declared(const struct plm_checking *k, plm_sv *out_unknown);
/* Union of all capability sets of a process. */
uint64_t plm_caps_of(const struct plm_process *p);
/* Union over the container's processes; *out_who: the first that has any of `wanted`. *out_unreadable counts.
 */
uint64_t plm_caps_in_force(const struct plm_checking *k, uint64_t wanted, const struct plm_process **out_who,
                           size_t *out_unreadable);
/* What "every capability" means on this machine: the engine's own bounding set, else all known. */
uint64_t plm_caps_full(const struct plm_checking *k);

/* Counts sayings so that a container with a thousand processes has five lines and "and 995 more". */
enum { PLM_SAID_MAX = 5 };

/* Listening sockets of the container's processes, also in the host's network namespace (then by owner). False
 * and why in *out_failure when they cannot be known. */
bool plm_container_listeners(struct plm_checking *k, plm_socket_vec *out, plm_sv *out_failure);

/* ---- mounts ------------------------------------------------------------------------------- */

/* A directory or file of the host that a container sees. */
struct plm_bind {
    plm_sv host;     /* on the host: canonical, links resolved where it can be read */
    plm_sv declared; /* as written (Source, device= of a volume), null: only the kernel shows it */
    plm_sv point;    /* in the container */
    plm_sv how;      /* field or file that says so */
    bool is_writable;
    bool is_actual;                /* the kernel shows it */
    const struct plm_mount *mount; /* of the container, or NULL */
    plm_sv propagation;
};
typedef PLM_VEC(struct plm_bind) plm_bind_vec;
/* Binds as declared and as in force. False: the kernel's side could not be read (said as unknown). */
bool plm_container_binds(struct plm_checking *k, plm_bind_vec *out);
/* Without "//", "." and ".."; links resolved below facts->root_fd when the path exists there. */
plm_sv plm_host_path(struct plm_facts *f, struct plm_arena *a, plm_sv path);
/* Allowed by the expectation `allowed_mounts`. */
bool plm_mount_is_allowed(const struct plm_checking *k, const struct plm_bind *b);

/* What a bind of that host path gives away; the data root and sockets of the engines found count too. */
struct plm_path_risk plm_path_risk(struct plm_facts *f, struct plm_arena *a, plm_sv host, bool is_writable);

/* ---- users --------------------------------------------------------------------------------- */

/* The container half of 4.1, said on the container's object: its user after every override, and the users
 * that its processes have. For the check of images, which runs once per image. */
void plm_say_container_user(struct plm_checking *k, const struct plm_container *c);
/* Root by name or number as the engine reads it: "", "root", "0", "00", "+0", each with any group. */
bool plm_is_root_user(plm_sv user);
/* The host's number of the container's user 0, by its first process's uid_map; false: it has none. */
bool plm_root_of_map(const struct plm_process *init, uint32_t *out);

/* ---- secrets ------------------------------------------------------------------------------ */

/* A credential in a text, or in the value of a variable: what it is, null if it is none. The value itself
 * never leaves this call. */
struct plm_secret_hit {
    plm_sv kind;                /* "AWS access key id" */
    enum plm_severity severity; /* low: a placeholder or a weak hint */
    plm_sv masked;              /* "AKIA… (20 characters)" */
};
bool plm_secret_in(struct plm_arena *a, plm_sv name, plm_sv value, struct plm_secret_hit *out);
