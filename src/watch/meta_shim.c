/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a runtime keeps a container's state, learnt from the process that minds it: engines may be told to
 * keep it anywhere (--root, --state), and users' own engines do. The minder is an ancestor of the container's
 * processes:
 *
 *     containerd-shim-runc-v2   its working directory is the bundle of its first container, the others'
 * beside it conmon                    "-b BUNDLE" among its arguments (Podman, CRI-O)
 *
 * Minders are the host's: a process in a container that calls itself so would have to be its own ancestor.
 */
#include "watch/meta_source.h"

#include "watch/proc.h"

enum { STEPS = 32 };

static plm_sv parent_of(plm_sv path)
{
    size_t slash = plm_sv_rfind(path, '/');
    return slash == SIZE_MAX ? PLM_SV_NULL : plm_sv_sub(path, 0, slash);
}

static plm_sv bundle_of_conmon(plm_sv args)
{
    plm_sv one, rest = args;
    bool is_next = false;
    while (plm_sv_field(&rest, '\0', &one)) {
        if (is_next)
            return one;
        is_next = plm_sv_is(one, "-b") || plm_sv_is(one, "--bundle");
    }
    return PLM_SV_NULL;
}

plm_sv plm_meta_bundle_of(plm_sv id, int32_t pid, struct plm_arena *a)
{
    plm_auto(plm_proc_reader_free) struct plm_proc_reader *r = plm_proc_reader_new("/proc", 0, NULL);
    struct plm_task_info t;
    uint64_t inner = 0;
    for (int i = 0; r && i < STEPS && pid > 1 && plm_proc_reader_lookup(r, pid, a, &t); i++, pid = t.ptid) {
        inner = i ? inner : t.pid_ns;
        if (plm_sv_starts(t.comm, PLM_SV("containerd-shim"))) {
            plm_sv dir = parent_of(t.cwd);
            return dir.n ? plm_arena_printf(a, "%.*s/%.*s", PLM_SV_ARG(dir), PLM_SV_ARG(id)) : PLM_SV_NULL;
        }
        if (plm_sv_is(t.comm, "conmon") && t.pid_ns != inner)
            return bundle_of_conmon(t.args);
    }
    return PLM_SV_NULL;
}
