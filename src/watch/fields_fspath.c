/* SPDX-License-Identifier: Apache-2.0
 *
 * fs.path.*: the paths of calls on the file system that succeeded, by meaning instead of by parameter: a
 * name, or a source and a target. For link and symlink the source is the new name and the target what it
 * leads to, as Falco has it.
 */
#include "watch/evtype.h"
#include "watch/field_int.h"

#include "base/buf.h"

struct path_event {
    uint16_t event;
    const char *name, *source, *target; /* parameters */
};

static const struct path_event path_events[] = {
    {PLM_EVT_open, "name", NULL, NULL},
    {PLM_EVT_openat, "name", NULL, NULL},
    {PLM_EVT_openat2, "name", NULL, NULL},
    {PLM_EVT_open_by_handle_at, "path", NULL, NULL},
    {PLM_EVT_creat, "name", NULL, NULL},
    {PLM_EVT_mkdir, "path", NULL, NULL},
    {PLM_EVT_mkdirat, "path", NULL, NULL},
    {PLM_EVT_rmdir, "path", NULL, NULL},
    {PLM_EVT_unlink, "path", NULL, NULL},
    {PLM_EVT_unlinkat, "name", NULL, NULL},
    {PLM_EVT_chmod, "filename", NULL, NULL},
    {PLM_EVT_fchmodat, "filename", NULL, NULL},
    {PLM_EVT_chown, "path", NULL, NULL},
    {PLM_EVT_lchown, "path", NULL, NULL},
    {PLM_EVT_fchownat, "pathname", NULL, NULL},
    {PLM_EVT_umount, "name", NULL, NULL},
    {PLM_EVT_umount2, "name", NULL, NULL},
    {PLM_EVT_rename, NULL, "oldpath", "newpath"},
    {PLM_EVT_renameat, NULL, "oldpath", "newpath"},
    {PLM_EVT_renameat2, NULL, "oldpath", "newpath"},
    {PLM_EVT_link, NULL, "newpath", "oldpath"},
    {PLM_EVT_linkat, NULL, "newpath", "oldpath"},
    {PLM_EVT_symlink, NULL, "linkpath", "target"},
    {PLM_EVT_symlinkat, NULL, "linkpath", "target"},
    {PLM_EVT_mount, NULL, "dev", "dir"},
};

enum which { NAME, SOURCE, TARGET };

static const struct plm_param *find(const struct plm_view *view, enum which which)
{
    const struct plm_event *e = view->event;
    if (!e || !e->has_res || e->res < 0)
        return NULL;
    for (size_t i = 0; i < sizeof(path_events) / sizeof(path_events[0]); i++) {
        const struct path_event *p = &path_events[i];
        const char *param = which == NAME ? p->name : which == SOURCE ? p->source : p->target;
        if (p->event == e->type->id && param)
            return plm_event_param(e, param);
    }
    return NULL;
}

static int put(const struct plm_view *view, struct plm_values *out, enum which which, bool is_raw)
{
    const struct plm_param *p = find(view, which);
    if (!p)
        return 0;
    return plm_field_str(view, out, p->resolved.p && !is_raw ? p->resolved : p->s);
}

GETTER(get_name)
{
    return put(view, out, NAME, false);
}
GETTER(get_nameraw)
{
    return put(view, out, NAME, true);
}
GETTER(get_source)
{
    return put(view, out, SOURCE, false);
}
GETTER(get_sourceraw)
{
    return put(view, out, SOURCE, true);
}
GETTER(get_target)
{
    return put(view, out, TARGET, false);
}
GETTER(get_targetraw)
{
    return put(view, out, TARGET, true);
}

// clang-format off
static const struct plm_field fields[] = {
    {"fs.path.name", PLM_V_PATH, 0, "Path of a successful open, mkdir, rmdir, unlink, chmod, chown or umount", .get = get_name},
    {"fs.path.nameraw", PLM_V_PATH, 0, "The same as the program wrote it", .get = get_nameraw},
    {"fs.path.source", PLM_V_PATH, 0, "Source of a successful rename or mount, the new name of a link", .get = get_source},
    {"fs.path.sourceraw", PLM_V_PATH, 0, "The same as the program wrote it", .get = get_sourceraw},
    {"fs.path.target", PLM_V_PATH, 0, "Target of a successful rename or mount, what a link leads to", .get = get_target},
    {"fs.path.targetraw", PLM_V_PATH, 0, "The same as the program wrote it", .get = get_targetraw},
    {.name = NULL},
};
// clang-format on
static const struct plm_field_class class = {"fs.path", "Paths of calls that succeeded", fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, class);
