/* SPDX-License-Identifier: Apache-2.0
 *
 * The few requests that change something at an engine: pause, stop and disconnect a container. Everything
 * else in src/docker reads. Paths and answers: Docker Engine API, "ContainerPause", "ContainerStop",
 * "NetworkDisconnect"; Podman's compatible socket takes the same. 304 means that it is stopped already, and a
 * paused container answers 409 with words only.
 */
#include "docker_int.h"

#include "base/buf.h"

#define ANSWER_MAX PLM_KIB(64)
#define BODY_MAX   PLM_KIB(8)

static const struct act {
    const char *path, *what;
    const char *already; /* in the message of a 409: it is so already */
} acts[] = {
    [PLM_ENGINE_PAUSE] = {"/pause", "pausing the container", "already paused"},
    [PLM_ENGINE_UNPAUSE] = {"/unpause", "unpausing the container", "not paused"},
    [PLM_ENGINE_STOP] = {"/stop", "stopping the container", "already stopped"},
};

int plm_engine_container_act(struct plm_engine *e, plm_sv ref, enum plm_engine_act act, plm_err **err)
{
    const struct act *a = &acts[act];
    const char *path = plm_engine_path(e->arena, "/containers/", ref, a->path);
    plm_auto_done(plm_buf_done) struct plm_buf answer = PLM_BUF(ANSWER_MAX);
    int status;
    if (!path)
        return plm_fail_oom(err);
    if (plm_engine_post(e, path, PLM_SV_NULL, a->what, &status, &answer, err) < 0)
        return -1;
    bool is_so = status == 304 || ((status == 409 || status == 500) &&
                                   plm_sv_has(plm_buf_sv(&answer), plm_sv_from(a->already)));
    if (is_so || (status >= 200 && status < 300))
        return 0;
    return plm_engine_fail_status(e, status, plm_buf_sv(&answer), a->what, err);
}

static int disconnect_one(struct plm_engine *e, plm_sv id, plm_sv network, plm_err **err)
{
    const char *path = plm_engine_path(e->arena, "/networks/", network, "/disconnect");
    plm_auto_done(plm_buf_done) struct plm_buf body = PLM_BUF(BODY_MAX), answer = PLM_BUF(ANSWER_MAX);
    int status;
    plm_buf_printf(&body, "{\"Container\":\"%.*s\",\"Force\":true}", PLM_SV_ARG(id));
    if (!path || plm_buf_check(&body, err) < 0)
        return path ? -1 : plm_fail_oom(err);
    const char *what = "taking the network from the container";
    if (plm_engine_post(e, path, plm_buf_sv(&body), what, &status, &answer, err) < 0)
        return -1;
    if (status >= 200 && status < 300)
        return 0;
    return plm_engine_fail_status(e, status, plm_buf_sv(&answer), what, err);
}

int plm_engine_container_disconnect(struct plm_engine *e, plm_sv ref, size_t *out_n, plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *doc =
        plm_engine_fetch_of(e, "/containers/", ref, "/json", "container", err);
    if (!doc)
        return -1;
    plm_sv id = plm_json_str(plm_json_root(doc), "Id", NULL);
    yyjson_val *networks = plm_json_at(plm_json_root(doc), "NetworkSettings", "Networks", NULL), *key, *v;
    size_t i, n, done = 0;
    yyjson_obj_foreach(networks, i, n, key, v)
    {
        plm_sv name = plm_json_sv(key);
        if (plm_sv_is(name, "none") || plm_sv_is(name, "host"))
            continue;
        if (disconnect_one(e, id, name, err) < 0)
            return plm_wrap(err, "network %.*s", PLM_SV_ARG(name));
        done++;
    }
    if (!done)
        return plm_fail(
            err, PLM_E_UNSUPPORTED,
            "the container has no network that could be taken from it (it has none, the host's, or "
            "another container's)");
    *out_n = done;
    return 0;
}
