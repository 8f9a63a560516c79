/* SPDX-License-Identifier: Apache-2.0
 *
 * Judges one file: owner and group, mode bits beyond the allowed ones, ACL entries, parents.
 *
 * Modes are compared as bits, never as numbers (0602 is "less" than 0644 and lets everybody write).
 * Who may write to a directory on the way may put another file there; with the sticky bit only owners
 * replace entries, and each next entry must be owned by root (or the wanted owner) anyway.
 */
#include "audit/access_int.h"

#include <fcntl.h>

plm_sv plm_shell_word(struct plm_arena *a, plm_sv word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+=,-";
    bool is_plain = word.n > 0 && word.p[0] != '-';
    for (size_t i = 0; i < word.n; i++)
        is_plain &= word.p[i] && strchr(plain, word.p[i]);
    if (is_plain)
        return word;
    plm_sv out = PLM_SV("'"), part, rest = word;
    bool more = true;
    while (more) {
        more = plm_sv_cut(rest, '\'', &part, &rest);
        out = plm_arena_printf(a, "%.*s%.*s%s", PLM_SV_ARG(out), PLM_SV_ARG(part), more ? "'\\''" : "'");
    }
    return out;
}

int plm_daemon_root(const struct plm_facts *f, const struct plm_daemon *d, struct plm_arena *a,
                    plm_sv *out_prefix)
{
    *out_prefix = PLM_SV("");
    if (!d->process || d->is_remote || !f->kernel || !plm_kernel_is_live(f->kernel))
        return -1;
    plm_sv path = plm_arena_printf(a, "/proc/%d/root", d->process->pid);
    if (!path.p)
        return -1;
    /* a magic link on purpose: it is the one way into another mount namespace */
    int fd = open(path.p, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    struct stat theirs, ours;
    bool is_same_root = fstat(fd, &theirs) == 0 && fstat(f->root_fd, &ours) == 0 &&
                        theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
    const char *how;
    uint64_t host = plm_kernel_host_ns(f->kernel, PLM_NS_MNT, &how), ns = d->process->ns[PLM_NS_MNT];
    if (is_same_root && (!host || !ns || host == ns)) {
        close(fd);
        return -1;
    }
    *out_prefix = path;
    return fd;
}

/* ---- owner -------------------------------------------------------------------------------------- */

static plm_sv shown(struct plm_arena *a, const struct plm_file_target *t)
{
    return plm_shell_word(a, plm_arena_printf(a, "%.*s%.*s", PLM_SV_ARG(t->prefix), PLM_SV_ARG(t->path)));
}

static const char *via(struct plm_arena *a, const struct plm_path_facts *p)
{
    plm_sv s =
        !p->was_symlink ? PLM_SV("") : plm_arena_printf(a, " (a link to %.*s)", PLM_SV_ARG(p->resolved));
    return s.p ? s.p : "";
}

static const char *note_of(struct plm_arena *a, const struct plm_file_target *t)
{
    plm_sv s = !t->note.n ? PLM_SV("") : plm_arena_printf(a, ", %.*s", PLM_SV_ARG(t->note));
    return s.p ? s.p : "";
}

/* Examined, or what stood in the way is said; false: nothing to judge. *out_said: a row was made. */
static bool examine(struct plm_checking *k, const struct plm_file_target *t, struct plm_path_facts *p,
                    bool *out_said)
{
    *out_said = false;
    if (plm_path_examine(t->root_fd, t->path, k->arena, p, NULL) < 0)
        return false;
    if (p->sys) {
        plm_say_on(k, t->object, PLM_OUT_UNKNOWN, "%.*s: %s", PLM_SV_ARG(t->path), strerror(p->sys));
        *out_said = true;
    }
    return p->exists;
}

struct fixes {
    plm_sv text;
};

static void add_fix(struct plm_arena *a, struct fixes *f, plm_sv command)
{
    f->text =
        f->text.n ? plm_arena_printf(a, "%.*s && %.*s", PLM_SV_ARG(f->text), PLM_SV_ARG(command)) : command;
}

static void judge_owner(struct plm_checking *k, const struct plm_file_target *t,
                        const struct plm_path_facts *p, struct fixes *fixes)
{
    struct plm_arena *a = k->arena;
    uint32_t uid = p->st.st_uid, gid = p->st.st_gid;
    bool is_uid_good = uid == t->uid || uid == 0,
         is_gid_good = t->takes_any_group || gid == t->gid || gid == 0;
    plm_sv user = plm_user_text(k->facts, a, uid), group = plm_group_text(k->facts, a, gid);
    plm_sv want_user = plm_user_text(k->facts, a, t->uid), want_group = plm_group_text(k->facts, a, t->gid);
    plm_say_on(k, t->object, is_uid_good && is_gid_good ? PLM_OUT_PASS : PLM_OUT_FAIL,
               "%.*s%s: owner %.*s:%.*s, wanted %.*s:%.*s%s", PLM_SV_ARG(t->path), via(a, p),
               PLM_SV_ARG(user), PLM_SV_ARG(group), PLM_SV_ARG(want_user),
               PLM_SV_ARG(t->takes_any_group ? PLM_SV("any") : want_group), note_of(a, t));
    if (is_uid_good && is_gid_good)
        return;
    if (!is_uid_good || t->is_private || t->is_socket)
        plm_weigh(k, t->object, PLM_SEV_HIGH); /* the owner changes mode and contents at will */
    plm_sv to = is_gid_good       ? plm_arena_printf(a, "%u", t->uid)
                : t->group_name.n ? plm_arena_printf(a, "%u:%.*s", t->uid, PLM_SV_ARG(t->group_name))
                                  : plm_arena_printf(a, "%u:%u", t->uid, t->gid);
    plm_sv path = shown(a, t);
    add_fix(a, fixes, plm_arena_printf(a, "chown %.*s %.*s", PLM_SV_ARG(to), PLM_SV_ARG(path)));
}

/* ---- mode, ACL, parents ------------------------------------------------------------------------- */

static const char *who_may(uint32_t extra, bool is_dir)
{
    if (extra & 0002)
        return is_dir ? "others may put files there" : "others may write";
    if (extra & 0020)
        return is_dir ? "the group may put files there" : "the group may write";
    if (extra & 0004)
        return "others may read";
    if (extra & 0040)
        return "the group may read";
    if (extra & 06000)
        return "set-id bit";
    return extra & 01000 ? "sticky bit" : "more than needed";
}

static void weigh_mode(struct plm_checking *k, const struct plm_file_target *t, uint32_t extra)
{
    if (t->is_socket && (extra & 0002))
        plm_weigh(k, t->object, PLM_SEV_CRITICAL);
    else if ((extra & 0002) || (t->is_private && (extra & 0066)) || (t->is_socket && (extra & 0020)))
        plm_weigh(k, t->object, PLM_SEV_HIGH);
    else if (t->severity != PLM_SEV_UNKNOWN)
        plm_weigh(k, t->object, t->severity);
}

/* With an ACL the group bits of a mode are the mask; what the owning group may do stands in its entry. */
static uint32_t mode_in_force(const struct plm_path_facts *p)
{
    uint32_t mode = p->st.st_mode & 07777;
    for (size_t i = 0; p->acl.is_extended && i < p->acl.entries.n; i++)
        if (p->acl.entries.v[i].tag == PLM_ACL_GROUP_OBJ)
            mode = (mode & ~(uint32_t)0070) | p->acl.entries.v[i].effective << 3;
    return mode;
}

static void judge_bits(struct plm_checking *k, const struct plm_file_target *t,
                       const struct plm_path_facts *p, struct fixes *fixes)
{
    struct plm_arena *a = k->arena;
    uint32_t mode = mode_in_force(p), extra = mode & ~t->max;
    /* setgid on a directory only makes new entries keep its group */
    if (S_ISDIR(p->st.st_mode))
        extra &= ~(uint32_t)(02000 | 01000);
    plm_sv user = plm_user_text(k->facts, a, p->st.st_uid), group = plm_group_text(k->facts, a, p->st.st_gid);
    plm_say_on(k, t->object, extra ? PLM_OUT_FAIL : PLM_OUT_PASS,
               "%.*s%s: mode 0%03o, at most 0%03o%s%s, %.*s:%.*s%s", PLM_SV_ARG(t->path), via(a, p), mode,
               t->max, extra ? ": " : "", extra ? who_may(extra, S_ISDIR(p->st.st_mode)) : "",
               PLM_SV_ARG(user), PLM_SV_ARG(group), note_of(a, t));
    if (!extra)
        return;
    weigh_mode(k, t, extra);
    plm_sv path = shown(a, t);
    add_fix(a, fixes, plm_arena_printf(a, "chmod 0%03o %.*s", mode & ~extra, PLM_SV_ARG(path)));
}

/* Bits of the mode's class that an entry may use at most: named users and groups are "others" in a mode of
 * three classes, but a group's worth (0660) is granted by group bits. */
static unsigned allowed_for(const struct plm_acl_entry *e, const struct plm_file_target *t)
{
    if (e->id == 0 && (e->tag == PLM_ACL_USER || e->tag == PLM_ACL_GROUP))
        return 7;
    if (e->tag == PLM_ACL_USER && e->id == t->uid)
        return 7;
    if (e->tag == PLM_ACL_GROUP && t->gid && e->id == t->gid)
        return t->max >> 3 & 7;
    return t->max & 7;
}

static void judge_acl(struct plm_checking *k, const struct plm_file_target *t, const struct plm_path_facts *p,
                      struct fixes *fixes)
{
    struct plm_arena *a = k->arena;
    if (p->acl_sys) {
        plm_say_on(k, t->object, PLM_OUT_UNKNOWN, "%.*s: ACL: %s", PLM_SV_ARG(t->path), strerror(p->acl_sys));
        return;
    }
    bool is_wide = false;
    for (size_t i = 0; i < p->acl.entries.n; i++) {
        const struct plm_acl_entry *e = &p->acl.entries.v[i];
        if (e->tag != PLM_ACL_USER && e->tag != PLM_ACL_GROUP)
            continue;
        unsigned extra = e->effective & ~allowed_for(e, t);
        plm_sv who =
            e->tag == PLM_ACL_USER ? plm_user_text(k->facts, a, e->id) : plm_group_text(k->facts, a, e->id);
        plm_say_on(k, t->object, extra ? PLM_OUT_FAIL : PLM_OUT_PASS,
                   "%.*s: ACL %s:%.*s:%c%c%c after the mask", PLM_SV_ARG(t->path),
                   e->tag == PLM_ACL_USER ? "user" : "group", PLM_SV_ARG(who), e->effective & 4 ? 'r' : '-',
                   e->effective & 2 ? 'w' : '-', e->effective & 1 ? 'x' : '-');
        if (extra)
            weigh_mode(k, t, extra);
        is_wide |= extra != 0;
    }
    plm_sv path = shown(a, t);
    if (is_wide)
        add_fix(a, fixes, plm_arena_printf(a, "setfacl -b %.*s", PLM_SV_ARG(path)));
}

static void judge_parents(struct plm_checking *k, const struct plm_file_target *t,
                          const struct plm_path_facts *p, struct fixes *fixes)
{
    struct plm_arena *a = k->arena;
    for (size_t i = 0; i < p->parents.n; i++) {
        const struct plm_path_step *s = &p->parents.v[i];
        bool is_owner_good = s->uid == 0 || s->uid == t->uid;
        uint32_t extra = s->mode & 01000 ? 0 : s->mode & 0022;
        if (is_owner_good && !extra)
            continue;
        plm_sv user = plm_user_text(k->facts, a, s->uid), group = plm_group_text(k->facts, a, s->gid);
        plm_say_on(k, t->object, PLM_OUT_FAIL, "directory %.*s above it: mode 0%03o, %.*s:%.*s: %s",
                   PLM_SV_ARG(s->path), s->mode, PLM_SV_ARG(user), PLM_SV_ARG(group),
                   !is_owner_good ? "its owner may replace what is in it" : who_may(extra, true));
        plm_weigh(k, t->object, PLM_SEV_HIGH);
        struct plm_file_target dir = {.prefix = t->prefix, .path = s->path};
        plm_sv path = shown(a, &dir);
        if (!is_owner_good)
            add_fix(a, fixes,
                    plm_arena_printf(a, "chown %u:%u %.*s", t->uid, t->uid ? t->gid : 0, PLM_SV_ARG(path)));
        if (extra)
            add_fix(a, fixes, plm_arena_printf(a, "chmod go-w %.*s", PLM_SV_ARG(path)));
    }
}

/* ---- all of it ---------------------------------------------------------------------------------- */

enum { OWNER = 1, MODE = 2 };

static bool judge(struct plm_checking *k, const struct plm_file_target *t, unsigned what)
{
    plm_auto_done(plm_path_facts_done) struct plm_path_facts p = {.fd = -1};
    struct fixes fixes = {.text = PLM_SV_NULL};
    bool was_said;
    if (!examine(k, t, &p, &was_said))
        return was_said;
    if (what & OWNER)
        judge_owner(k, t, &p, &fixes);
    if (what & MODE) {
        judge_bits(k, t, &p, &fixes);
        judge_acl(k, t, &p, &fixes);
        judge_parents(k, t, &p, &fixes);
    }
    if (fixes.text.n)
        plm_refix(k, t->object, "`%.*s`", PLM_SV_ARG(fixes.text));
    return true;
}

bool plm_file_judge_owner(struct plm_checking *k, const struct plm_file_target *t)
{
    return judge(k, t, OWNER);
}

bool plm_file_judge_mode(struct plm_checking *k, const struct plm_file_target *t)
{
    return judge(k, t, MODE);
}

bool plm_file_judge(struct plm_checking *k, const struct plm_file_target *t)
{
    return judge(k, t, OWNER | MODE);
}
