/* SPDX-License-Identifier: Apache-2.0
 *
 * Collector: users and groups, from /etc/passwd and /etc/group below the root that is audited, and
 * whether nsswitch.conf names sources that a file reader cannot see (LDAP, SSSD, NIS).
 *
 * passwd(5): name:password:uid:gid:gecos:home:shell. group(5): name:password:gid:member,member.
 * Lines that begin with '+' or '-' include NIS and are a source of their own. glibc's nsswitch.conf
 * default, where a line or the file is missing, is "files". The first row of a name or an id wins,
 * as getpwnam and getpwuid do. Linear in the files.
 */
#include "audit/access_int.h"

#include "base/fs.h"

static bool parse_id(plm_sv s, uint32_t *out)
{
    uint64_t v;
    if (!plm_sv_u64(s, &v) || v > UINT32_MAX)
        return false;
    *out = (uint32_t)v;
    return true;
}

static size_t split(plm_sv line, plm_sv *fields, size_t max)
{
    size_t n = 0;
    while (n < max && plm_sv_field(&line, ':', &fields[n]))
        n++;
    return n;
}

static void add_source(struct plm_arena *a, struct plm_accounts *out, plm_sv name)
{
    plm_sv rest = out->other_sources, word;
    while (plm_sv_word(&rest, &word))
        if (plm_sv_eq(word, name))
            return;
    out->other_sources =
        out->other_sources.n
            ? plm_arena_printf(a, "%.*s %.*s", PLM_SV_ARG(out->other_sources), PLM_SV_ARG(name))
            : plm_arena_sv(a, name);
    out->is_files_only = false;
}

/* A '+' or '-' row takes rows of NIS in, as the "compat" service reads them. */
static bool is_nis_row(plm_sv line)
{
    return line.n && (line.p[0] == '+' || line.p[0] == '-');
}

int plm_passwd_parse(plm_sv text, struct plm_arena *a, struct plm_accounts *out, plm_err **err)
{
    plm_sv line, f[7];
    uint32_t number = 0;
    while (plm_sv_line(&text, &line)) {
        uint32_t uid, gid;
        number++;
        if (is_nis_row(line)) {
            add_source(a, out, PLM_SV("nis"));
            continue;
        }
        if (!line.n || line.p[0] == '#' || split(line, f, 7) < 4 || !f[0].n || !parse_id(f[2], &uid) ||
            !parse_id(f[3], &gid))
            continue;
        if (out->users.n >= PLM_ACCESS_LINES_MAX)
            return plm_fail(err, PLM_E_LIMIT, "over %u users", PLM_ACCESS_LINES_MAX);
        size_t n = split(line, f, 7);
        struct plm_user *u = plm_vec_push(a, &out->users);
        if (!u)
            break;
        u->name = plm_arena_sv(a, f[0]);
        u->uid = uid;
        u->gid = gid;
        u->home = n > 5 ? plm_arena_sv(a, f[5]) : PLM_SV("");
        u->shell = n > 6 ? plm_arena_sv(a, f[6]) : PLM_SV("");
        u->line = number;
    }
    return plm_arena_check(a, err);
}

int plm_group_parse(plm_sv text, struct plm_arena *a, struct plm_accounts *out, plm_err **err)
{
    plm_sv line, f[4], member;
    while (plm_sv_line(&text, &line)) {
        uint32_t gid;
        if (is_nis_row(line)) {
            add_source(a, out, PLM_SV("nis"));
            continue;
        }
        size_t n = split(line, f, 4);
        if (!line.n || line.p[0] == '#' || n < 3 || !f[0].n || !parse_id(f[2], &gid))
            continue;
        if (out->groups.n >= PLM_ACCESS_LINES_MAX)
            return plm_fail(err, PLM_E_LIMIT, "over %u groups", PLM_ACCESS_LINES_MAX);
        struct plm_group *g = plm_vec_push(a, &out->groups);
        if (!g)
            break;
        g->name = plm_arena_sv(a, f[0]);
        g->gid = gid;
        plm_sv list = n > 3 ? f[3] : PLM_SV_NULL;
        while (plm_sv_field(&list, ',', &member))
            if ((member = plm_sv_trim(member)).n)
                plm_sv_vec_add(a, &g->members, member);
    }
    return plm_arena_check(a, err);
}

/* "passwd: files [NOTFOUND=return] sss": services that answer from local files only are left out. */
int plm_nsswitch_parse(plm_sv text, struct plm_arena *a, struct plm_accounts *out, plm_err **err)
{
    static const char *const local[] = {"files", "compat", "systemd", "extrausers", "altfiles", "db"};
    plm_sv line, key, services, word;
    while (plm_sv_line(&text, &line)) {
        plm_sv unused;
        (void)plm_sv_cut(line, '#', &line, &unused);
        if (!plm_sv_cut(line, ':', &key, &services))
            continue;
        key = plm_sv_trim(key);
        if (!plm_sv_is(key, "passwd") && !plm_sv_is(key, "group") && !plm_sv_is(key, "initgroups"))
            continue;
        bool is_action = false;
        while (plm_sv_word(&services, &word)) {
            bool is_local = is_action || word.p[0] == '[';
            if (is_local)
                is_action = word.p[word.n - 1] != ']';
            for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
                is_local |= plm_sv_is(word, local[i]);
            if (!is_local)
                add_source(a, out, word);
        }
    }
    return plm_arena_check(a, err);
}

typedef int (*parse_fn)(plm_sv text, struct plm_arena *a, struct plm_accounts *out, plm_err **err);

static void read_one(struct plm_facts *f, const char *path, parse_fn parse, bool may_be_absent)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_ACCESS_FILE_MAX);
    plm_auto(plm_err_free) plm_err *e = NULL;
    if (plm_fs_read_in(f->root_fd, path, PLM_ACCESS_FILE_MAX, &b, &e) == 0 &&
        parse(plm_buf_sv(&b), f->arena, &f->accounts, &e) == 0)
        return;
    if (may_be_absent && e && e->code == PLM_E_NOTFOUND)
        return;
    if (!f->accounts.failure.p)
        f->accounts.failure = plm_arena_printf(f->arena, "%s", e ? e->message : path);
}

void plm_collect_accounts(struct plm_facts *f)
{
    if (f->has_accounts)
        return;
    f->has_accounts = true;
    f->accounts.is_files_only = true;
    read_one(f, "/etc/passwd", plm_passwd_parse, false);
    read_one(f, "/etc/group", plm_group_parse, false);
    read_one(f, "/etc/nsswitch.conf", plm_nsswitch_parse, true);
}

const struct plm_user *plm_user_by_uid(const struct plm_facts *f, uint32_t uid)
{
    for (size_t i = 0; i < f->accounts.users.n; i++)
        if (f->accounts.users.v[i].uid == uid)
            return &f->accounts.users.v[i];
    return NULL;
}

const struct plm_group *plm_group_by_gid(const struct plm_facts *f, uint32_t gid)
{
    for (size_t i = 0; i < f->accounts.groups.n; i++)
        if (f->accounts.groups.v[i].gid == gid)
            return &f->accounts.groups.v[i];
    return NULL;
}

const struct plm_user *plm_user_by_name(const struct plm_facts *f, plm_sv name)
{
    for (size_t i = 0; i < f->accounts.users.n; i++)
        if (plm_sv_eq(f->accounts.users.v[i].name, name))
            return &f->accounts.users.v[i];
    return NULL;
}

const struct plm_group *plm_group_by_name(const struct plm_facts *f, plm_sv name)
{
    for (size_t i = 0; i < f->accounts.groups.n; i++)
        if (plm_sv_eq(f->accounts.groups.v[i].name, name))
            return &f->accounts.groups.v[i];
    return NULL;
}

plm_sv plm_user_text(const struct plm_facts *f, struct plm_arena *a, uint32_t uid)
{
    const struct plm_user *u = plm_user_by_uid(f, uid);
    return u ? plm_arena_printf(a, "%.*s(%u)", PLM_SV_ARG(u->name), uid) : plm_arena_printf(a, "%u", uid);
}

plm_sv plm_group_text(const struct plm_facts *f, struct plm_arena *a, uint32_t gid)
{
    const struct plm_group *g = plm_group_by_gid(f, gid);
    return g ? plm_arena_printf(a, "%.*s(%u)", PLM_SV_ARG(g->name), gid) : plm_arena_printf(a, "%u", gid);
}

bool plm_user_in_group(const struct plm_user *u, const struct plm_group *g, bool *out_is_primary)
{
    *out_is_primary = u->gid == g->gid;
    if (*out_is_primary)
        return true;
    for (size_t i = 0; i < g->members.n; i++)
        if (plm_sv_eq(g->members.v[i], u->name))
            return true;
    return false;
}
