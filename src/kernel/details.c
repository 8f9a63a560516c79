/* SPDX-License-Identifier: Apache-2.0
 *
 * What is dear to know about a process: exe, cmdline, status, namespaces, maps, label, limits
 * (proc(5), user_namespaces(7)). All of it is read through one descriptor of its directory, and
 * the start time is compared first: a recycled pid gives ESRCH, not another process's facts.
 *
 * Quirks: exe of a deleted file ends in " (deleted)", which a file may also be called; the label
 * of SELinux ends in a NUL; the name line of status has its newlines escaped, so no process can
 * forge a line of it; attr/current says EINVAL where no LSM answers.
 */
#include "kernel_int.h"

#include "base/fs.h"

#include <fcntl.h>
#include <limits.h>

enum { SMALL_MAX = 1 << 16, CMDLINE_MAX = 1 << 20, STATUS_MAX = 1 << 20, GROUPS_MAX = 65536 };

static void note(struct plm_process *p, int sys)
{
    if (sys && !p->sys)
        p->sys = sys;
}

/* Trimmed copy; null where it could not be read. */
static plm_sv text_of(struct plm_kernel *k, struct plm_arena *a, int dir, const char *name, size_t max,
                      int *out_sys)
{
    plm_sv text;
    *out_sys = plm_kernel_read(k, dir, name, max, &text);
    if (*out_sys)
        return PLM_SV_NULL;
    while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\0'))
        text.n--;
    return plm_arena_sv(a, text);
}

/* ---- exe ------------------------------------------------------------------------------------- */

#define DELETED PLM_SV(" (deleted)")

/* Whether the process really sees a file of that very name, which is the one that it runs. */
static bool is_really_called(const struct plm_process *p, int dir, const char *path)
{
    struct stat st;
    plm_auto_fd int root = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    plm_auto_fd int fd = root >= 0 ? plm_fs_open_in(root, path, O_PATH, NULL) : -1;
    return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == p->exe_dev && st.st_ino == p->exe_ino;
}

static void read_exe(struct plm_kernel *k, struct plm_arena *a, int dir, struct plm_process *p)
{
    plm_sv link;
    struct stat st;
    if (p->is_kernel)
        return;
    p->exe_errno = plm_kernel_link(k, dir, "exe", &link);
    if (p->exe_errno) {
        note(p, p->exe_errno);
        return;
    }
    p->exe = plm_arena_sv(a, link);
    if (k->is_live && fstatat(dir, "exe", &st, 0) == 0) {
        p->exe_dev = st.st_dev;
        p->exe_ino = st.st_ino;
    }
    if (!p->exe.p || !plm_sv_ends(p->exe, DELETED) || (k->is_live && is_really_called(p, dir, p->exe.p)))
        return;
    p->exe.n -= DELETED.n;
    p->is_exe_memfd = plm_sv_starts(p->exe, PLM_SV("/memfd:"));
    p->is_exe_deleted = !p->is_exe_memfd;
}

/* ---- status ---------------------------------------------------------------------------------- */

static bool four_ids(plm_sv value, uint32_t out[4])
{
    plm_sv word;
    uint64_t v;
    for (size_t i = 0; i < 4; i++) {
        if (!plm_sv_word(&value, &word) || !plm_sv_u64(word, &v) || v > UINT32_MAX)
            return false;
        out[i] = (uint32_t)v;
    }
    return true;
}

static void read_groups(struct plm_arena *a, plm_sv value, struct plm_process *p)
{
    plm_sv word;
    uint64_t v;
    while (p->groups.n < GROUPS_MAX && plm_sv_word(&value, &word)) {
        if (!plm_sv_u64(word, &v) || v > UINT32_MAX)
            continue;
        uint32_t *slot = plm_vec_push(a, &p->groups);
        if (!slot)
            return;
        *slot = (uint32_t)v;
    }
}

static int small_number(plm_sv value)
{
    uint64_t v;
    return plm_sv_u64(plm_sv_trim(value), &v) && v <= INT32_MAX ? (int)v : -1;
}

static bool read_capability(plm_sv key, plm_sv value, struct plm_process *p)
{
    const struct {
        const char *key;
        uint64_t *to;
    } rows[] = {
        {"CapInh", &p->cap_inh}, {"CapPrm", &p->cap_prm}, {"CapEff", &p->cap_eff},
        {"CapBnd", &p->cap_bnd}, {"CapAmb", &p->cap_amb},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (plm_sv_is(key, rows[i].key))
            return plm_kernel_hex(plm_sv_trim(value), rows[i].to);
    return false;
}

int plm_process_status_parse(plm_sv text, struct plm_arena *a, struct plm_process *p)
{
    plm_sv line, key, value, word;
    unsigned caps = 0;
    bool has_uid = false, has_gid = false;
    p->no_new_privs = p->seccomp = p->seccomp_filters = -1;
    while (plm_sv_line(&text, &line)) {
        if (!plm_sv_cut(line, ':', &key, &value))
            continue;
        if (plm_sv_starts(key, PLM_SV("Cap")))
            caps += read_capability(key, value, p);
        else if (plm_sv_is(key, "Uid"))
            has_uid = four_ids(value, p->uid);
        else if (plm_sv_is(key, "Gid"))
            has_gid = four_ids(value, p->gid);
        else if (plm_sv_is(key, "Groups"))
            read_groups(a, value, p);
        else if (plm_sv_is(key, "NoNewPrivs"))
            p->no_new_privs = small_number(value);
        else if (plm_sv_is(key, "Seccomp"))
            p->seccomp = small_number(value);
        else if (plm_sv_is(key, "Seccomp_filters"))
            p->seccomp_filters = small_number(value);
        else if (plm_sv_is(key, "NSpid"))
            while (plm_sv_word(&value, &word))
                p->ns_pid = small_number(word) > 0 ? small_number(word) : p->ns_pid;
    }
    enum { SETS = 5, SETS_BEFORE_AMBIENT = 4 }; /* CapAmb came with 4.3 */
    p->has_status = has_uid && has_gid && (caps == SETS || caps == SETS_BEFORE_AMBIENT);
    return p->has_status ? 0 : EINVAL;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Whether the directory is still that of p. */
static int check_identity(struct plm_kernel *k, int dir, const struct plm_process *p)
{
    plm_sv text;
    struct plm_process now = {0};
    int sys = plm_kernel_read(k, dir, "stat", SMALL_MAX, &text);
    if (sys)
        return sys;
    return plm_process_stat_parse(text, &now) && now.start_ticks == p->start_ticks ? 0 : ESRCH;
}

static void read_label(struct plm_kernel *k, struct plm_arena *a, int dir, struct plm_process *p)
{
    int sys;
    p->lsm_label = text_of(k, a, dir, "attr/current", SMALL_MAX, &sys);
    if (!p->lsm_label.n)
        p->lsm_label = text_of(k, a, dir, "attr/apparmor/current", SMALL_MAX, &sys);
    if (!p->lsm_label.n)
        p->lsm_label = PLM_SV_NULL;
}

static int read_oom(struct plm_kernel *k, int dir)
{
    plm_sv text;
    if (plm_kernel_read(k, dir, "oom_score_adj", SMALL_MAX, &text) != 0)
        return INT_MIN;
    text = plm_sv_trim(text);
    bool is_negative = plm_sv_starts(text, PLM_SV("-"));
    int v = small_number(plm_sv_from_off(text, is_negative));
    return v < 0 ? INT_MIN : is_negative ? -v : v;
}

static void read_all(struct plm_kernel *k, struct plm_arena *a, int dir, struct plm_process *p)
{
    plm_sv text;
    int sys = check_identity(k, dir, p);
    if (sys) {
        note(p, sys);
        return;
    }
    read_exe(k, a, dir, p);
    p->cmdline = text_of(k, a, dir, "cmdline", CMDLINE_MAX, &sys);
    note(p, sys);
    sys = plm_kernel_read(k, dir, "status", STATUS_MAX, &text);
    note(p, sys ? sys : plm_process_status_parse(text, a, p));
    for (int ns = 0; ns < PLM_NS_COUNT_; ns++)
        p->ns_errno[ns] = plm_ns_read(k, dir, (enum plm_ns)ns, &p->ns[ns]);
    p->uid_map = text_of(k, a, dir, "uid_map", SMALL_MAX, &sys);
    note(p, sys);
    p->gid_map = text_of(k, a, dir, "gid_map", SMALL_MAX, &sys);
    p->limits = text_of(k, a, dir, "limits", SMALL_MAX, &sys);
    p->oom_score_adj = read_oom(k, dir);
    read_label(k, a, dir, p);
}

void plm_kernel_process_details(struct plm_kernel *k, struct plm_arena *a, struct plm_process *p)
{
    if (p->has_details)
        return;
    p->has_details = true;
    p->oom_score_adj = INT_MIN;
    p->no_new_privs = p->seccomp = p->seccomp_filters = -1;
    plm_auto_fd int dir = plm_kernel_pid_dir(k, p->pid);
    if (dir >= 0) {
        read_all(k, a, dir, p);
        return;
    }
    note(p, errno);
    p->exe_errno = errno;
    for (int ns = 0; ns < PLM_NS_COUNT_; ns++)
        p->ns_errno[ns] = p->sys;
}

uint64_t plm_kernel_process_ns(struct plm_kernel *k, const struct plm_process *p, enum plm_ns ns)
{
    uint64_t ino = 0;
    if (p->has_details)
        return p->ns[ns];
    plm_auto_fd int dir = plm_kernel_pid_dir(k, p->pid);
    return dir >= 0 && plm_ns_read(k, dir, ns, &ino) == 0 ? ino : 0;
}

/* ---- questions ------------------------------------------------------------------------------- */

plm_sv plm_process_arg(const struct plm_process *p, size_t n)
{
    plm_sv rest = p->cmdline, word;
    if (!rest.n)
        return PLM_SV_NULL;
    while (plm_sv_field(&rest, '\0', &word))
        if (n-- == 0)
            return word;
    return PLM_SV_NULL;
}

int plm_process_is_identity_mapped(const struct plm_process *p)
{
    plm_sv rest = p->uid_map, first, second, third, more;
    if (!rest.n)
        return -1;
    return plm_sv_word(&rest, &first) && plm_sv_word(&rest, &second) && plm_sv_word(&rest, &third) &&
           !plm_sv_word(&rest, &more) && plm_sv_is(first, "0") && plm_sv_is(second, "0") &&
           plm_sv_is(third, "4294967295");
}

bool plm_process_limit(const struct plm_process *p, const char *row, uint64_t *out_soft)
{
    plm_sv rest = p->limits, line, word, name = plm_sv_from(row);
    while (plm_sv_line(&rest, &line)) {
        if (!plm_sv_starts(line, name) || line.n == name.n || line.p[name.n] != ' ')
            continue;
        line = plm_sv_from_off(line, name.n);
        if (!plm_sv_word(&line, &word))
            return false;
        if (plm_sv_is(word, "unlimited")) {
            *out_soft = UINT64_MAX;
            return true;
        }
        return plm_sv_u64(word, out_soft);
    }
    return false;
}
