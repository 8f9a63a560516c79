/* SPDX-License-Identifier: Apache-2.0
 *
 * Opens plimsoll-net.so on first use. Its path is absolute and comes from the context, the running
 * program's folder (a build tree) or the folder set at build time: no variable of the environment
 * decides what code is loaded. The module stays loaded: libcurl and OpenSSL keep exit handlers.
 */
#include "net/net_int.h"

#include "base/module.h"

#include <dlfcn.h>
#include <pthread.h>

#define MODULE "plimsoll-net.so"

/* One library per process; the lock guards the first load. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct plm_net_ops *loaded;

static int load(const struct plm_ctx *ctx, plm_err **err)
{
    plm_auto_free char *path = plm_module_path(ctx->lib_dir, MODULE);
    if (!path)
        return plm_fail_oom(err);
    void *so = path[0] == '/' ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!so) {
        const char *why = path[0] == '/' ? dlerror() : "not an absolute path";
        int r = plm_fail_id(err, PLM_E_UNSUPPORTED, "net.module", "network module %s: %s", path,
                            why ? why : "cannot be loaded");
        plm_err_hint(err, "reinstall plimsoll, or work with --offline");
        return r;
    }
    const struct plm_net_ops *ops = dlsym(so, PLM_NET_OPS_SYMBOL);
    if (!ops || ops->version != PLM_NET_OPS_VERSION) {
        dlclose(so);
        return plm_fail_id(err, PLM_E_UNSUPPORTED, "net.module", "network module %s is of another version",
                           path);
    }
    loaded = ops;
    return 0;
}

const struct plm_net_ops *plm_net_module(const struct plm_ctx *ctx, plm_err **err)
{
    pthread_mutex_lock(&lock);
    int r = loaded ? 0 : load(ctx, err);
    const struct plm_net_ops *ops = r < 0 ? NULL : loaded;
    pthread_mutex_unlock(&lock);
    return ops;
}
