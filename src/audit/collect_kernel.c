/* SPDX-License-Identifier: Apache-2.0
 *
 * Collector: processes and mounts of the host.
 *
 * The mounts are those of pid 1, because paths that people know are the host's; ours are taken where
 * pid 1 may not be read (it needs ptrace rights) and, in a recorded tree, they are pid 1's anyway.
 */
#include "audit/facts.h"

static plm_sv take_text(struct plm_arena *a, plm_err *err)
{
    char *text = plm_err_text(err);
    plm_sv s = text ? plm_arena_sv(a, plm_sv_from(text)) : PLM_SV("out of memory");
    free(text);
    plm_err_free(err);
    return s.p ? s : PLM_SV("out of memory");
}

static void collect_mounts(struct plm_facts *f)
{
    plm_err *failure = NULL;
    if (plm_kernel_mounts(f->kernel, 1, f->arena, &f->host_mounts, NULL) == 0 ||
        plm_kernel_mounts(f->kernel, 0, f->arena, &f->host_mounts, &failure) == 0)
        return;
    f->host_mounts = (plm_mount_vec){0};
    f->host_mounts_failure = take_text(f->arena, failure);
}

int plm_collect_kernel(struct plm_facts *f, plm_err **err)
{
    plm_err *failure = NULL;
    f->kernel = plm_kernel_open(f->ctx, f->opt->root, &failure);
    if (!f->kernel) {
        f->kernel_failure = take_text(f->arena, failure);
        f->processes_failure = f->host_mounts_failure = f->kernel_failure;
        return plm_arena_check(f->arena, err);
    }
    if (plm_kernel_processes(f->kernel, f->arena, &f->processes, &failure) < 0) {
        f->processes = (plm_process_vec){0};
        f->processes_failure = take_text(f->arena, failure);
    }
    collect_mounts(f);
    return plm_arena_check(f->arena, err);
}
