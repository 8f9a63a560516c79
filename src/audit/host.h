/* SPDX-License-Identifier: Apache-2.0
 *
 * What the host checks (check_host_*.c) share: reading single files below the root that is
 * audited, who owns a file, what is enabled, the lists of what a container host may run. Private to
 * src/audit.
 *
 * Nothing here names a path of the live machine: all goes through facts->root_fd, so a mounted disk
 * and a recorded tree are read the same way. Memory is facts->arena's.
 */
#pragma once

#include "audit/facts.h"
#include "base/fs.h"
#include "base/map.h"

/* A whole file, trimmed; on failure a null view and *out_errno (EFBIG: over max). An empty file is an empty
 * view. */
plm_sv plm_host_text(const struct plm_facts *f, const char *path, size_t max, int *out_errno);
/* The same with a path that is put together. */
plm_sv plm_host_textf(const struct plm_facts *f, int *out_errno, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool plm_host_exists(const struct plm_facts *f, const char *path);
/* 0 or errno; links are followed within the root. */
int plm_host_stat(const struct plm_facts *f, const char *path, struct stat *out);
/* Names in a directory but "." and "..", sorted; 0 or errno. */
int plm_host_names(const struct plm_facts *f, const char *dir, plm_sv_vec *out);
/* Target of a symbolic link; null if it is none. */
plm_sv plm_host_link(const struct plm_facts *f, const char *path);
/* Whether there is a running kernel to ask (/proc/sys is there); else the check has said why not. */
bool plm_host_has_kernel(struct plm_checking *k);
/* A view in facts->arena, never null unless the arena failed. */
#define plm_host_printf(f, ...) plm_arena_printf((f)->arena, __VA_ARGS__)
/* The next line of *rest without its comment ("# ...") and blanks, empty ones skipped; false at the end. */
bool plm_host_line(plm_sv *rest, plm_sv *line);
/* Whether one of the words of text (between blanks) is the word. */
bool plm_host_has_word(plm_sv text, const char *word);
/* One of the globs of a NULL-ended list or of a configured one. */
bool plm_host_is_listed(plm_sv s, const char *const *list, const plm_sv_vec *also);
/* Whether an engine is here, running or installed. */
bool plm_host_has_engine(const struct plm_facts *f);
/* Running kernel's release ("6.1.0-38-amd64"); null: no kernel to ask. */
plm_sv plm_host_release(const struct plm_facts *f);
/* Whether a process of the host (not of a container) runs this program: name is the end of its path or its
 * comm. False where processes are not known. */
bool plm_host_runs(const struct plm_facts *f, const char *name);

/* ---- package owners (host_owner.c) ---------------------------------------------------- */

enum plm_owner_state { PLM_OWNED, PLM_UNOWNED, PLM_OWNER_UNKNOWN };
struct plm_owner {
    enum plm_owner_state state;
    plm_sv package; /* owned: its name */
};
/* Who owns each path, in one pass over the package database: dpkg's and apk's lists, else files in the
 * report; both spellings of merged /usr are tried. owners has paths->n elements. *out_why: why unknown. */
void plm_host_owners(const struct plm_facts *f, const plm_sv_vec *paths, struct plm_owner *owners,
                     plm_sv *out_why);

/* ---- installed packages, by name (host_owner.c) ---------------------------------------- */

/* Version of an installed package out of the package database (dpkg, apk) or the report; null: not installed.
 * *out_is_known: false where no database could be read. */
plm_sv plm_host_package(const struct plm_facts *f, const char *name, bool *out_is_known);
/* All of them ("name version" pairs as name and version); false: unknown. */
struct plm_host_package_row {
    plm_sv name, version;
};
typedef PLM_VEC(struct plm_host_package_row) plm_host_packages;
bool plm_host_packages_list(const struct plm_facts *f, plm_host_packages *out);

/* ---- what is enabled (host_units.c) ----------------------------------------------------- */

struct plm_enabled {
    plm_sv name;   /* "ssh.service", "apt-daily.timer", "rc2.d/ssh", "cron.daily/apt", "crontab root" */
    plm_sv where;  /* the symlink or file that enables it */
    plm_sv target; /* what it leads to */
    bool is_masked;
};
typedef PLM_VEC(struct plm_enabled) plm_enabled_vec;
/* Sorted by name; false where nothing of the kind is there to read (then *out_why says it). */
bool plm_host_enabled(const struct plm_facts *f, plm_enabled_vec *out, plm_sv *out_why);

/* ---- set-uid programs (host_suid.c) ----------------------------------------------------- */

struct plm_setuid {
    plm_sv path;
    uint32_t mode, uid, gid;
};
typedef PLM_VEC(struct plm_setuid) plm_setuid_vec;
/* Every regular file with a set-uid or set-gid bit on the local file systems that honour them, but not below
 * the engines' data roots; sorted. *out_why: what was not walked (null: nothing). *out_is_partial: only a
 * first part was meant to be walked (opt->is_thorough is not set), and there is more. */
void plm_host_setuids(const struct plm_facts *f, plm_setuid_vec *out, bool *out_is_partial, plm_sv *out_why);
/* Begins the walk in a thread of its own while the engines are asked: mounts and daemons have been collected.
 * plm_host_setuids waits for it; plm_facts_free stops it. */
void plm_host_setuids_start(struct plm_facts *f);
void plm_host_setuids_stop(struct plm_setuid_walk *s);

/* ---- processes and sockets outside containers (host_surface.c) --------------------------- */

struct plm_host_program {
    plm_sv exe;         /* of a script: the script; null: unreadable */
    plm_sv interpreter; /* of a script: what runs it; else null */
    plm_sv comm;        /* of the first process */
    plm_sv cmdline;     /* of the first process, words joined by blanks, cut */
    int32_t pid;        /* the first */
    size_t n;           /* how many processes */
    int exe_errno;
    bool is_deleted, is_memfd;
};
typedef PLM_VEC(struct plm_host_program) plm_host_programs;
/* Programs that run outside of containers, one row per executable; false: *out_why. */
bool plm_host_programs_list(const struct plm_facts *f, plm_host_programs *out, plm_sv *out_why);
/* Whether a process lies in a container: by its cgroup or its pid namespace. */
bool plm_host_is_contained(const struct plm_facts *f, const struct plm_process *p);

/* ---- built-in lists (host_lists.c): what a stock container host has ----------------------- */

extern const char *const plm_host_allowed_programs[]; /* globs of paths, NULL-ended */
extern const char *const plm_host_allowed_units[];    /* globs of names of struct plm_enabled */
extern const char *const plm_host_allowed_setuid[];   /* globs of paths */
struct plm_host_listener {
    const char *port;    /* "22/tcp" */
    const char *program; /* glob of the end of the path of its owner, or NULL: any */
};
extern const struct plm_host_listener plm_host_allowed_listeners[];
extern const size_t plm_host_allowed_listeners_n;
