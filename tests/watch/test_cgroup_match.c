/* SPDX-License-Identifier: Apache-2.0
 *
 * Container ids in cgroup paths: every form that engines write, and what only looks like one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/meta.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
    const char *path;
    enum plm_runtime runtime;
    const char *id; /* NULL: the host */
} rows[] = {
    {"/", PLM_RT_HOST, NULL},
    {"", PLM_RT_HOST, NULL},
    {"/init.scope", PLM_RT_HOST, NULL},
    {"/system.slice/ssh.service", PLM_RT_HOST, NULL},
    {"/user.slice/user-1000.slice/session-4.scope", PLM_RT_HOST, NULL},
    {"/user.slice/user-1000.slice/user@1000.service/app.slice/vim", PLM_RT_HOST, NULL},
    {"/system.slice/docker.service", PLM_RT_HOST, NULL},
    {"/machine.slice/libpod-conmon-" ID ".scope", PLM_RT_HOST, NULL},
    {"/docker/" ID, PLM_RT_DOCKER, ID},
    {"/" ID, PLM_RT_DOCKER, ID},
    {"/system.slice/docker-" ID ".scope", PLM_RT_DOCKER, ID},
    {"/system.slice/docker-" ID ".scope/init.scope", PLM_RT_DOCKER, ID},
    {"/docker/fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210/docker/" ID, PLM_RT_DOCKER,
     ID},
    {"/actions_job/" ID, PLM_RT_DOCKER, ID},
    {"/docker/" ID "0", PLM_RT_HOST, NULL},
    {"/machine.slice/libpod-" ID ".scope", PLM_RT_PODMAN, ID},
    {"/machine.slice/libpod-" ID ".scope/container", PLM_RT_PODMAN, ID},
    {"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container", PLM_RT_PODMAN,
     ID},
    {"/libpod_parent/libpod-" ID, PLM_RT_PODMAN, ID},
    {"/machine.slice/libpod-payload-" ID, PLM_RT_PODMAN, ID},
    {"/kubepods/besteffort/pod1b7e/" ID, PLM_RT_CRI, ID},
    {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1b7e.slice/cri-containerd-" ID ".scope",
     PLM_RT_CRI, ID},
    {"/kubepods.slice/kubepods-pod1b7e.slice/crio-" ID ".scope", PLM_RT_CRI, ID},
    {"/kubepods/pod1b7e/crio-" ID, PLM_RT_CRI, ID},
    {"/system.slice/containerd.service/kubepods-pod1b7e.slice:cri-containerd:" ID, PLM_RT_CRI, ID},
    {"/kubepods.slice/kubepods-pod1b7e.slice/docker-" ID ".scope", PLM_RT_CRI, ID},
    {"/system.slice/nerdctl-" ID ".scope", PLM_RT_CRI, ID},
    {"/default/redis-1", PLM_RT_CONTAINERD, "redis-1"},
    {"/k8s.io/a_b", PLM_RT_CONTAINERD, "a_b"},
    {"/lxc/web", PLM_RT_LXC, "web"},
    {"/lxc.payload/web/system.slice", PLM_RT_LXC, "web"},
    {"/lxc.payload.web", PLM_RT_LXC, "web"},
    {"/machine/box.libvirt-lxc", PLM_RT_LIBVIRT_LXC, "box"},
    {"/machine.slice/machine-lxc\\x2d2293906\\x2dbox.scope/libvirt", PLM_RT_LIBVIRT_LXC, "2293906\\x2dbox"},
    {"/machine.slice/machine-lxc\\x2d7\\x2dbox.scope", PLM_RT_LIBVIRT_LXC, "7\\x2dbox"},
    {"/libvirt/lxc/box", PLM_RT_LXC, "box"}, /* lxc is asked first, as in Falco */
    {"/system.slice/bpm-router.scope", PLM_RT_BPM, "router"},
};

static void forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum plm_runtime runtime = PLM_RT_HOST;
        plm_sv id = PLM_SV_NULL;
        bool is_one = plm_cgroup_container(plm_sv_from(rows[i].path), &runtime, &id);
        if (is_one != (rows[i].id != NULL))
            fail_msg("%s: %s", rows[i].path, is_one ? "a container" : "the host");
        if (is_one && (!plm_sv_is(id, rows[i].id) || runtime != rows[i].runtime))
            fail_msg("%s: %.*s, runtime %d", rows[i].path, PLM_SV_ARG(id), (int)runtime);
    }
}

/* A free form of containerd is at most 64 characters of an id. */
static void long_names(void **state)
{
    (void)state;
    char path[128] = "/default/";
    enum plm_runtime runtime;
    plm_sv id;
    memset(path + 9, 'n', 64);
    assert_true(plm_cgroup_container(plm_sv_n(path, 9 + 64), &runtime, &id));
    path[9 + 64] = 'n';
    assert_false(plm_cgroup_container(plm_sv_n(path, 9 + 65), &runtime, &id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
