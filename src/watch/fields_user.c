/* SPDX-License-Identifier: Apache-2.0
 *
 * user.* and group.*: names as the container itself has them (its own passwd and group files). What has no
 * name is the literal text <NA>, as in Falco, so that `user.name != root` is true for it.
 */
#include "watch/field_int.h"

#define NOT_KNOWN PLM_SV("<NA>")

static bool find_user(const struct plm_view *view, uint32_t uid, struct plm_user *out)
{
    const struct plm_thread *t = view->thread;
    *out = (struct plm_user){0};
    return view->meta && uid != UINT32_MAX && plm_meta_user(view->meta, t->container, t->info.pid, uid, out);
}

plm_sv plm_view_user(const struct plm_view *view, uint32_t uid)
{
    struct plm_user user;
    if (find_user(view, uid, &user) && user.name.n)
        return user.name;
    return uid == 0 ? PLM_SV("root") : NOT_KNOWN;
}

plm_sv plm_view_group(const struct plm_view *view, uint32_t gid)
{
    const struct plm_thread *t = view->thread;
    plm_sv name = PLM_SV_NULL;
    if (view->meta && gid != UINT32_MAX)
        name = plm_meta_group(view->meta, t->container, t->info.pid, gid);
    if (name.n)
        return name;
    return gid == 0 ? PLM_SV("root") : NOT_KNOWN;
}

GETTER(get_uid)
{
    return plm_field_u64(view, out, view->thread->info.uid);
}
GETTER(get_name)
{
    return plm_field_str(view, out, plm_view_user(view, view->thread->info.uid));
}
GETTER(get_homedir)
{
    struct plm_user user;
    bool is_found = find_user(view, view->thread->info.uid, &user) && user.home.n;
    return plm_field_str(view, out, is_found ? user.home : NOT_KNOWN);
}
GETTER(get_shell)
{
    struct plm_user user;
    bool is_found = find_user(view, view->thread->info.uid, &user) && user.shell.n;
    return plm_field_str(view, out, is_found ? user.shell : NOT_KNOWN);
}
GETTER(get_loginuid)
{
    return plm_field_i64(view, out, view->thread->info.loginuid);
}
GETTER(get_loginname)
{
    int64_t uid = view->thread->info.loginuid;
    return plm_field_str(view, out,
                         uid < 0 || uid >= UINT32_MAX ? NOT_KNOWN : plm_view_user(view, (uint32_t)uid));
}
GETTER(get_gid)
{
    return plm_field_u64(view, out, view->thread->info.gid);
}
GETTER(get_group)
{
    return plm_field_str(view, out, plm_view_group(view, view->thread->info.gid));
}

// clang-format off
static const struct plm_field user_fields[] = {
    {"user.homedir", PLM_V_STR, PLM_F_PROCESS, "Home directory of the user", .get = get_homedir},
    {"user.loginname", PLM_V_STR, PLM_F_PROCESS, "Name of the login user (the audit user), <NA> when unset", .get = get_loginname},
    {"user.loginuid", PLM_V_I64, PLM_F_PROCESS, "Audit user id, -1 when unset", .get = get_loginuid},
    {"user.name", PLM_V_STR, PLM_F_PROCESS, "User name as the container's own passwd file has it, else <NA>", .get = get_name},
    {"user.shell", PLM_V_STR, PLM_F_PROCESS, "Shell of the user", .get = get_shell},
    {"user.uid", PLM_V_U64, PLM_F_PROCESS, "Effective user id", .get = get_uid},
    {.name = NULL},
};
static const struct plm_field group_fields[] = {
    {"group.gid", PLM_V_U64, PLM_F_PROCESS, "Effective group id", .get = get_gid},
    {"group.name", PLM_V_STR, PLM_F_PROCESS, "Group name as the container's own group file has it, else <NA>", .get = get_group},
    {.name = NULL},
};
// clang-format on
static const struct plm_field_class user_class = {"user", "The user of the process", user_fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, user_class);
static const struct plm_field_class group_class = {"group", "The group of the process", group_fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, group_class);
