/* SPDX-License-Identifier: Apache-2.0
 *
 * Namespaces (namespaces(7)) and whether we are in a container.
 *
 * The initial namespaces have inodes that the kernel fixes (include/linux/proc_ns.h, PROC_*_INIT_INO);
 * net and mnt got theirs only lately and elsewhere are numbered as they come, so they have no
 * well-known value here. /proc/1/ns needs ptrace rights over pid 1, which even root may lack.
 */
#include "kernel_int.h"

#define INIT_PID_INO UINT64_C(4026531836)

static const struct {
    const char *name, *path;
    uint64_t initial; /* 0: not fixed */
} kinds[PLM_NS_COUNT_] = {
    // clang-format off
    [PLM_NS_PID]    = {"pid",    "ns/pid",    INIT_PID_INO},
    [PLM_NS_NET]    = {"net",    "ns/net",    0},
    [PLM_NS_IPC]    = {"ipc",    "ns/ipc",    UINT64_C(4026531839)},
    [PLM_NS_UTS]    = {"uts",    "ns/uts",    UINT64_C(4026531838)},
    [PLM_NS_MNT]    = {"mnt",    "ns/mnt",    0},
    [PLM_NS_USER]   = {"user",   "ns/user",   UINT64_C(4026531837)},
    [PLM_NS_CGROUP] = {"cgroup", "ns/cgroup", UINT64_C(4026531835)},
    [PLM_NS_TIME]   = {"time",   "ns/time",   UINT64_C(4026531834)},
    // clang-format on
};

const char *plm_ns_name(enum plm_ns ns)
{
    return kinds[ns].name;
}

uint64_t plm_ns_inode(plm_sv link)
{
    plm_sv kind, number;
    uint64_t ino;
    if (!plm_sv_cut(link, '[', &kind, &number) || !plm_sv_ends(number, PLM_SV("]")) ||
        !plm_sv_u64(plm_sv_sub(number, 0, number.n - 1), &ino))
        return 0;
    return ino;
}

int plm_ns_read(struct plm_kernel *k, int dir, enum plm_ns ns, uint64_t *out)
{
    plm_sv link;
    int sys = plm_kernel_link(k, dir, kinds[ns].path, &link);
    if (sys)
        return sys;
    *out = plm_ns_inode(link);
    return *out ? 0 : EINVAL;
}

static uint64_t ns_of(struct plm_kernel *k, int32_t pid, enum plm_ns ns)
{
    uint64_t ino = 0;
    plm_auto_fd int dir = plm_kernel_pid_dir(k, pid);
    return dir >= 0 && plm_ns_read(k, dir, ns, &ino) == 0 ? ino : 0;
}

uint64_t plm_kernel_host_ns(struct plm_kernel *k, enum plm_ns ns, const char **out_how)
{
    if (!k->host_ns_how[ns]) {
        const char *how = "/proc/1/ns";
        uint64_t ino = ns_of(k, 1, ns);
        if (!ino && k->is_root_ours && !plm_kernel_in_container(k)) {
            how = "/proc/self/ns";
            ino = ns_of(k, 0, ns);
        }
        if (!ino) {
            how = kinds[ns].initial ? "the inode that the kernel gives its first one" : "not known";
            ino = kinds[ns].initial;
        }
        k->host_ns[ns] = ino;
        k->host_ns_how[ns] = how;
    }
    if (out_how)
        *out_how = k->host_ns_how[ns];
    return k->host_ns[ns];
}

/* ---- are we in a container? ------------------------------------------------------------------ */

/* An overlay is an engine's if its directories are where engines keep layers: a live system's root is an
 * overlay too. Engines with many layers give them relative to the data root ("l/ABC:l/DEF"). */
static bool is_engine_overlay(const struct plm_mount *m)
{
    static const char *const places[] = {"/overlay2/",           "/io.containerd.snapshotter.",
                                         "/containers/storage/", "lowerdir=l/",
                                         "/storage/overlay/",    "/fuse-overlayfs/",
                                         "/docker/overlay"};
    if (plm_sv_is(m->type, "fuse.fuse-overlayfs"))
        return true;
    if (!plm_sv_is(m->type, "overlay"))
        return false;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (plm_sv_has(m->super_options, plm_sv_from(places[i])))
            return true;
    return false;
}

bool plm_kernel_in_container(struct plm_kernel *k)
{
    if (!k->is_root_ours) /* what is judged is another root, so "we" are not in it */
        return false;
    uint64_t pid_ns = ns_of(k, 0, PLM_NS_PID);
    if (pid_ns && pid_ns != INIT_PID_INO)
        return true;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_mount_vec v = {0};
    if (!a || plm_kernel_mounts(k, 0, a, &v, NULL) < 0)
        return false;
    const struct plm_mount *root = plm_mount_of(&v, PLM_SV("/"));
    return root && is_engine_overlay(root);
}
