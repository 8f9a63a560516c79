/* SPDX-License-Identifier: Apache-2.0
 *
 * Opens plimsoll-bpf.so on first use (see net/net_load.c, which is the same for the network module: an
 * absolute path, no variable of the environment), and the few calls of bpf(2) that need no libbpf.
 */
#include "watch/sensor_int.h"

#include "base/cleanup.h"
#include "base/module.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MODULE "plimsoll-bpf.so"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct plm_bpf_ops *loaded; /* guarded by lock */

static int load(const struct plm_ctx *ctx, plm_err **err)
{
    plm_auto_free char *path = plm_module_path(ctx->lib_dir, MODULE);
    if (!path)
        return plm_fail_oom(err);
    void *so = path[0] == '/' ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!so) {
        const char *why = path[0] == '/' ? dlerror() : "not an absolute path";
        int r = plm_fail_id(err, PLM_E_UNSUPPORTED, "watch.module", "kernel module of watch: %s: %s", path,
                            why ? why : "cannot be loaded");
        plm_err_hint(err, "this plimsoll was built without clang or libbpf, or libbpf1 is not installed");
        return r;
    }
    const struct plm_bpf_ops *ops = dlsym(so, PLM_BPF_OPS_SYMBOL);
    if (!ops || ops->version != PLM_BPF_OPS_VERSION) {
        dlclose(so);
        return plm_fail_id(err, PLM_E_UNSUPPORTED, "watch.module", "module %s is of another version", path);
    }
    loaded = ops;
    return 0;
}

const struct plm_bpf_ops *plm_bpf_load(const struct plm_ctx *ctx, plm_err **err)
{
    pthread_mutex_lock(&lock);
    int r = loaded ? 0 : load(ctx, err);
    const struct plm_bpf_ops *ops = r < 0 ? NULL : loaded;
    pthread_mutex_unlock(&lock);
    return ops;
}

static int map_call(int command, int fd, const void *key, void *value)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof(attr));
    attr.map_fd = (unsigned)fd;
    attr.key = (uintptr_t)key;
    attr.value = (uintptr_t)value;
    return syscall(SYS_bpf, command, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

int plm_bpf_map_put(int fd, const void *key, const void *value)
{
    union {
        const void *c;
        void *p;
    } v = {.c = value};
    return map_call(BPF_MAP_UPDATE_ELEM, fd, key, v.p);
}

int plm_bpf_map_drop(int fd, const void *key)
{
    return map_call(BPF_MAP_DELETE_ELEM, fd, key, NULL);
}

int plm_bpf_map_next(int fd, const void *key, void *out_key)
{
    return map_call(BPF_MAP_GET_NEXT_KEY, fd, key, out_key);
}
