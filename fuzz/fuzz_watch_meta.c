/* SPDX-License-Identifier: Apache-2.0
 *
 * What containers and their runtimes write: paths of cgroups, answers of inspect, bundles, passwd and group.
 * The first byte chooses.
 */
#include "watch/meta_int.h"

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void group_path(plm_sv text)
{
    enum plm_runtime runtime = PLM_RT_HOST;
    plm_sv id = PLM_SV_NULL;
    if (plm_cgroup_container(text, &runtime, &id) &&
        (runtime == PLM_RT_HOST || !id.n || id.p < text.p || id.p + id.n > text.p + text.n))
        __builtin_trap();
}

static void users(plm_sv text)
{
    struct plm_user user;
    struct plm_users *u = plm_users_new();
    if (u && plm_users_parse(u, text, text, NULL) == 0) {
        (void)plm_users_find(u, 0, &user);
        (void)plm_users_find_group(u, UINT32_MAX);
    }
    plm_users_free(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    plm_sv text = plm_sv_n((const char *)data + 1, size - 1);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(4));
    plm_auto(plm_arena_free) struct plm_arena *copies = plm_arena_new(PLM_MIB(4));
    struct plm_container c = {0}, copy = {0};
    if (!a || !copies)
        return 0;
    int r = -1;
    if (data[0] == 'g')
        group_path(text);
    else if (data[0] == 'u')
        users(text);
    else if (data[0] == 'b')
        r = plm_meta_of_bundle(text, a, &c, NULL);
    else
        r = plm_meta_of_inspect(text, a, &c, NULL);
    if (r == 0 && plm_meta_copy(&copy, &c, copies, NULL) == 0 && copy.n_labels != c.n_labels)
        __builtin_trap();
    return 0;
}
