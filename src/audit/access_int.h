/* SPDX-License-Identifier: Apache-2.0
 *
 * What the readers of the host's access rules share: accounts, sudoers, audit rules, ACLs and the
 * judgement of a path. Private to src/audit. Parsers are pure, so that tests and fuzzers call them.
 */
#pragma once

#include "audit/facts.h"
#include "base/buf.h"

#include <sys/stat.h>

#define PLM_ACCESS_FILE_MAX  PLM_MIB(4) /* one passwd, group, sudoers or rules file */
#define PLM_ACCESS_LINES_MAX 200000u    /* users, groups, rules of one file */

/* ---- accounts (collect_accounts.c) --------------------------------------------------------- */

/* Rows of passwd(5) and group(5); lines that are none are left out, as libc does. */
int plm_passwd_parse(plm_sv text, struct plm_arena *a, struct plm_accounts *out, plm_err **err);
int plm_group_parse(plm_sv text, struct plm_arena *a, struct plm_accounts *out, plm_err **err);
/* Fills is_files_only and other_sources from the passwd, group and initgroups lines of nsswitch.conf(5). */
int plm_nsswitch_parse(plm_sv text, struct plm_arena *a, struct plm_accounts *out, plm_err **err);
const struct plm_user *plm_user_by_name(const struct plm_facts *f, plm_sv name);
const struct plm_group *plm_group_by_name(const struct plm_facts *f, plm_sv name);
/* "docker (998)", "uid 1001"-like texts for evidence; never null. */
plm_sv plm_user_text(const struct plm_facts *f, struct plm_arena *a, uint32_t uid);
plm_sv plm_group_text(const struct plm_facts *f, struct plm_arena *a, uint32_t gid);
/* Whether the user is a member by primary group or by the group's list. */
bool plm_user_in_group(const struct plm_user *u, const struct plm_group *g, bool *out_is_primary);

/* ---- POSIX ACLs (acl.c) -------------------------------------------------------------------- */

enum plm_acl_tag {
    PLM_ACL_USER_OBJ = 0x01,
    PLM_ACL_USER = 0x02,
    PLM_ACL_GROUP_OBJ = 0x04,
    PLM_ACL_GROUP = 0x08,
    PLM_ACL_MASK = 0x10,
    PLM_ACL_OTHER = 0x20,
};
struct plm_acl_entry {
    enum plm_acl_tag tag;
    unsigned perm;      /* rwx bits as written */
    unsigned effective; /* after the mask, for named users, groups and the owning group */
    uint32_t id;        /* of named users and groups */
};
struct plm_acl {
    bool is_extended; /* has named entries or a mask: wider or narrower than the mode tells */
    PLM_VEC(struct plm_acl_entry) entries;
};
/* The value of the extended attribute system.posix_acl_access (version 2). PARSE for anything else. */
int plm_acl_parse(plm_sv bytes, struct plm_arena *a, struct plm_acl *out, plm_err **err);
/* Of an open file (may be O_PATH, through /proc/self/fd). No ACL: an empty one and 0. */
int plm_acl_of_fd(int fd, struct plm_arena *a, struct plm_acl *out, plm_err **err);

/* ---- a path (path_trust.c) ----------------------------------------------------------------- */

struct plm_path_step {
    plm_sv path; /* without symlinks */
    uint32_t uid, gid, mode;
};
struct plm_path_facts {
    plm_sv asked, resolved; /* as asked for; without symlinks */
    bool exists;
    int sys; /* errno where it could not be found out; 0 with !exists: not there */
    int fd;  /* O_PATH of the final inode, or -1; owned: plm_path_facts_done */
    struct stat st;
    bool was_symlink; /* a component was one */
    struct plm_acl acl;
    int acl_sys;                           /* errno of reading the ACL; 0: read */
    PLM_VEC(struct plm_path_step) parents; /* every directory on the way, "/" first, once each */
};
/* Walks path below root_fd as the kernel would, symlinks followed, and keeps every directory it went through.
 * Fails only out of memory; whatever the tree holds is in *out. */
int plm_path_examine(int root_fd, plm_sv path, struct plm_arena *a, struct plm_path_facts *out,
                     plm_err **err);
void plm_path_facts_done(struct plm_path_facts *p);
PLM_CLEANUP_INPLACE(struct plm_path_facts, plm_path_facts_done)

/* Names in a directory, sorted; -1 with *out_sys (E2BIG: more than max; *out has those before it). */
int plm_dir_names(int root_fd, const char *path, size_t max, struct plm_arena *a, plm_sv_vec *out,
                  int *out_sys);

/* ---- sudoers (sudoers.c) ------------------------------------------------------------------- */

struct plm_sudo_member { /* after alias expansion: "alice", "%docker", "#1000", "%#998", "+net", "ALL" */
    plm_sv name;
    bool is_negated;
};
typedef PLM_VEC(struct plm_sudo_member) plm_sudo_list;
struct plm_sudo_command {
    plm_sv path, args; /* "ALL" or a path, a directory with its "/", a pattern; args null: any */
    bool is_denied, is_nopasswd;
    const plm_sudo_list *run_as; /* NULL: none written, so runas_default */
    const plm_sudo_list *run_group;
};
struct plm_sudo_rule {
    plm_sudo_list who, hosts;
    PLM_VEC(struct plm_sudo_command) commands;
    plm_sv file;
    uint32_t line;
};
struct plm_sudoers_note { /* what could not be read as the grammar says */
    plm_sv file;
    uint32_t line;
    plm_sv text;
};
struct plm_sudoers {
    PLM_VEC(struct plm_sudo_rule) rules;
    PLM_VEC(struct plm_sudoers_note) notes;
    bool never_asks;       /* `Defaults !authenticate` for everyone */
    bool asks_target;      /* `Defaults targetpw` or `rootpw`: root's own password is asked for */
    plm_sv run_as_default; /* null: root */
};
/* How an include is read: text of the file in *out, or the names in a directory; NULL: includes are noted
 * only. Returns false with *out_sys set where it cannot be. */
struct plm_sudo_source {
    void *self;
    bool (*file)(void *self, plm_sv path, plm_sv *out, int *out_sys);
    bool (*directory)(void *self, plm_sv path, plm_sv_vec *out_names, int *out_sys);
};
int plm_sudoers_parse(plm_sv text, plm_sv name, const struct plm_sudo_source *source, struct plm_arena *a,
                      struct plm_sudoers *out, plm_err **err);
/* /etc/sudoers with its includes, below root_fd. *out_sys: errno of the main file; 0: read. */
int plm_sudoers_read(int root_fd, struct plm_arena *a, struct plm_sudoers *out, int *out_sys, plm_err **err);
/* Last entry that names the user decides, as sudo judges: 1, 0; -1: a netgroup or the like, not known. */
int plm_sudo_list_has(const plm_sudo_list *list, const struct plm_facts *f, const struct plm_user *u);
/* The command that lets the rule's users control an engine or be root: "ALL", "/usr/bin/docker"; NULL: none.
 * A denial takes away what it names wholly and without arguments; "ALL, !X" stays ALL (sudoers(5) says why).
 */
const struct plm_sudo_command *plm_sudo_rule_reach(const struct plm_sudo_rule *rule);

/* ---- audit rules (audit_rules.c) ----------------------------------------------------------- */

#define PLM_AUDIT_X 1u
#define PLM_AUDIT_W 2u
#define PLM_AUDIT_R 4u
#define PLM_AUDIT_A 8u

enum plm_rule_list {
    PLM_RULE_EXIT,
    PLM_RULE_USER,
    PLM_RULE_TASK,
    PLM_RULE_EXCLUDE,
    PLM_RULE_FILESYSTEM,
    PLM_RULE_OTHER
};
struct plm_audit_rule {
    enum plm_rule_list list;
    bool is_never, is_always;
    plm_sv path;       /* -F path=, or -w of what may be a file or a directory (is_tree); null: none */
    bool is_tree;      /* everything below path as well: -F dir=, -w */
    plm_sv resolved;   /* path without symlinks, where the caller found out; null */
    unsigned perm;     /* PLM_AUDIT_ bits; 0: not said, so every access */
    plm_sv narrowed;   /* fields that keep it from covering everyone ("auid>=1000"), null: none */
    bool has_syscalls; /* only some system calls */
    plm_sv text;       /* as written, or rebuilt from the kernel's structure */
    plm_sv file;       /* "kernel" or the file */
    uint32_t line;
};
struct plm_audit_rules {
    PLM_VEC(struct plm_audit_rule) rules; /* in the order of evaluation */
    bool is_immutable;                    /* -e 2 */
    bool is_disabled;                     /* -e 0 */
    PLM_VEC(struct plm_sudoers_note) notes;
};
/* Text of an audit.rules(7) file; appends. */
int plm_audit_rules_parse(plm_sv text, plm_sv name, struct plm_arena *a, struct plm_audit_rules *out,
                          plm_err **err);
/* One struct audit_rule_data as the kernel sends it; appends. */
int plm_audit_rule_decode(plm_sv bytes, struct plm_arena *a, struct plm_audit_rules *out, plm_err **err);
/* Whether the rule is about path (by its path, or a directory above it with is_tree). */
bool plm_audit_rule_names(const struct plm_audit_rule *rule, plm_sv path);
enum plm_audit_cover { PLM_COVER_NONE, PLM_COVER_PARTIAL, PLM_COVER_SHADOWED, PLM_COVER_WHOLE };
/* Whether writes and attribute changes of path by everyone are recorded. *out_rule: what decides (a `never`
 * rule for SHADOWED); *out_why: what a partial one leaves out, in the arena. */
enum plm_audit_cover plm_audit_rules_cover(const struct plm_audit_rules *rules, plm_sv path,
                                           struct plm_arena *a, const struct plm_audit_rule **out_rule,
                                           plm_sv *out_why);

/* The kernel's own list, by netlink (audit_netlink.c). */
struct plm_audit_kernel {
    bool is_absent; /* this kernel has no audit */
    int sys;        /* errno of asking; 0: the following are valid */
    bool is_enabled, is_locked;
    uint32_t daemon; /* pid of the audit daemon, 0: none */
    struct plm_audit_rules rules;
};
int plm_audit_kernel_ask(struct plm_arena *a, struct plm_audit_kernel *out, plm_err **err);

/* ---- files of the engine (file_judge.c) ---------------------------------------------------- */

/* One file, directory or socket with what is wanted of it. */
struct plm_file_target {
    int root_fd; /* borrowed */
    plm_sv
        prefix; /* what commands on this host put before the path ("/proc/812/root"); "" for the host's own */
    plm_sv path;   /* as the engine sees it */
    plm_sv object; /* of its row */
    plm_sv note;   /* why it is looked at ("tlskey of unix:///run/docker.sock"), or null */
    uint32_t uid;  /* owner wanted; root's is always good as well */
    bool takes_any_group;
    uint32_t gid;               /* group wanted, beside 0 */
    plm_sv group_name;          /* of gid in commands; null: by number */
    uint32_t max;               /* mode bits allowed */
    bool is_private;            /* a key: ACL entries for others and more than max weigh high */
    bool is_socket;             /* everyone who may write is root: weighs critical for others */
    enum plm_severity severity; /* of a mode beyond max that lets nobody write or read a secret; UNKNOWN: the
                                   check's */
};
typedef PLM_VEC(struct plm_file_target) plm_file_target_vec;

/* Says on k about owner and group, or about mode, ACL and every parent directory, as a row per path; a path
 * that does not exist says nothing and gives false. */
bool plm_file_judge_owner(struct plm_checking *k, const struct plm_file_target *t);
bool plm_file_judge_mode(struct plm_checking *k, const struct plm_file_target *t);
bool plm_file_judge(struct plm_checking *k, const struct plm_file_target *t); /* both */
/* A word for the shell: as it is, or quoted. */
plm_sv plm_shell_word(struct plm_arena *a, plm_sv word);
/* The directory that is "/" for the engine's process: its own descriptor (close it) with the prefix for
 * commands, or -1 where it is the host's (then use facts->root_fd). */
int plm_daemon_root(const struct plm_facts *f, const struct plm_daemon *d, struct plm_arena *a,
                    plm_sv *out_prefix);

/* ---- --fix-dir (fix_dir.c) ------------------------------------------------------------------ */

/* The files of plm_audit_fix_dir for what failed in r, into a directory that is there. */
int plm_fix_dir_write(struct plm_facts *f, const struct plm_report *r, const char *dir, plm_err **err);
