/* SPDX-License-Identifier: Apache-2.0
 *
 * Which runtimes are asked about a container, in which order: the one that its cgroup path names first, then
 * the others, because several engines use the same form of path ("/ID" is Docker's and the CRI's).
 */
#include "watch/meta_source.h"

#include "base/buf.h"

#include <stdatomic.h>
#include <stdlib.h>

struct plm_meta_sources {
    struct plm_ctx ctx; /* the caller's, with a cancel flag of our own */
    atomic_bool must_stop;
    struct plm_meta_engine *docker, *podman;
};

struct plm_meta_sources *plm_meta_sources_new(const struct plm_ctx *ctx, const struct plm_meta_config *conf,
                                              plm_err **err)
{
    struct plm_meta_sources *s = calloc(1, sizeof(*s));
    if (!s)
        return PLM_NULL(plm_fail_oom(err));
    s->ctx = *ctx;
    s->ctx.cancel = &s->must_stop;
    s->docker = plm_meta_engine_new(&s->ctx, false, conf->docker_host);
    s->podman = plm_meta_engine_new(&s->ctx, true, PLM_SV_NULL);
    if (!s->docker || !s->podman) {
        plm_meta_sources_free(s);
        return PLM_NULL(plm_fail_oom(err));
    }
    return s;
}

void plm_meta_sources_free(struct plm_meta_sources *s)
{
    if (!s)
        return;
    plm_meta_engine_free(s->docker);
    plm_meta_engine_free(s->podman);
    free(s);
}

void plm_meta_sources_stop(struct plm_meta_sources *s)
{
    atomic_store_explicit(&s->must_stop, true, memory_order_relaxed);
}

static int ask_docker(struct plm_meta_sources *s, plm_sv id, int32_t pid, struct plm_meta_answer *answer,
                      plm_err **err)
{
    (void)pid;
    return plm_meta_engine_ask(s->docker, id, answer, err);
}

static int ask_podman(struct plm_meta_sources *s, plm_sv id, int32_t pid, struct plm_meta_answer *answer,
                      plm_err **err)
{
    (void)pid;
    return plm_meta_engine_ask(s->podman, id, answer, err);
}

static int ask_disk(struct plm_meta_sources *s, plm_sv id, int32_t pid, struct plm_meta_answer *answer,
                    plm_err **err)
{
    (void)s;
    (void)pid;
    return plm_meta_bundle_ask("", id, answer, err);
}

static int ask_minder(struct plm_meta_sources *s, plm_sv id, int32_t pid, struct plm_meta_answer *answer,
                      plm_err **err)
{
    (void)s;
    return plm_meta_bundle_ask_minder(id, pid, answer, err);
}

typedef int (*ask_fn)(struct plm_meta_sources *s, plm_sv id, int32_t pid, struct plm_meta_answer *answer,
                      plm_err **err);
enum { ORDER_MAX = 4 };

static const struct {
    enum plm_runtime runtime;
    ask_fn order[ORDER_MAX];
} orders[] = {
    {PLM_RT_DOCKER, {ask_docker, ask_disk, ask_podman, NULL}},
    {PLM_RT_PODMAN, {ask_podman, ask_disk, ask_minder, NULL}},
    {PLM_RT_CRI, {ask_disk, ask_minder, ask_docker, NULL}},
    {PLM_RT_CONTAINERD, {ask_disk, ask_minder, NULL, NULL}},
};

bool plm_meta_sources_ask(struct plm_meta_sources *s, enum plm_runtime runtime, plm_sv id, int32_t pid,
                          struct plm_meta_answer *answer, plm_err **err)
{
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
        for (size_t k = 0; orders[i].runtime == runtime && k < ORDER_MAX && orders[i].order[k]; k++) {
            plm_err *why = NULL;
            if (orders[i].order[k](s, id, pid, answer, &why) == 0)
                return true;
            if (err && !*err) /* the first one's cause is the one to tell */
                *err = plm_take(why);
            plm_err_free(why);
        }
    return false;
}

static void list_engine(struct plm_meta_sources *s, struct plm_meta_engine *e, enum plm_runtime runtime,
                        void (*take)(void *data, struct plm_meta_answer *answer), void *data)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(16));
    plm_sv_vec ids = {0};
    if (!a || plm_meta_engine_list(e, a, &ids, NULL) < 0)
        return;
    for (size_t i = 0; i < ids.n && !plm_cancelled(&s->ctx); i++) {
        struct plm_meta_answer *answer = plm_meta_answer_new(runtime, ids.v[i]);
        if (!answer)
            return;
        if (plm_meta_engine_ask(e, ids.v[i], answer, NULL) == 0)
            take(data, answer);
        else
            plm_meta_answer_free(answer);
    }
}

void plm_meta_sources_list(struct plm_meta_sources *s,
                           void (*take)(void *data, struct plm_meta_answer *answer), void *data)
{
    list_engine(s, s->docker, PLM_RT_DOCKER, take, data);
    list_engine(s, s->podman, PLM_RT_PODMAN, take, data);
}
