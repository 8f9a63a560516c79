/* SPDX-License-Identifier: Apache-2.0
 *
 * Metadata out of the state that runtimes keep on disk, for engines without an HTTP interface:
 *
 *     containerd  /run/containerd/io.containerd.runtime.v2.task/NAMESPACE/ID/config.json
 *     CRI-O       /run/containers/storage/overlay-containers/ID/userdata/config.json
 *     Podman      /var/lib/containers/storage/overlay-containers/containers.json (names and images)
 *
 * config.json is the OCI runtime specification's bundle; its annotations carry what the CRI plugins add
 * (image, pod). What it has not (the image of a container that ctr made) stays unknown. Only the id of the
 * question goes into a path, and only when it is one word.
 */
#include "watch/meta_source.h"

#include "base/fs.h"

#include <dirent.h>

enum { PRIVILEGED_CAP_MAX = 64 };
#define CONFIG_BYTES PLM_MIB(4)
#define STORE_BYTES  PLM_MIB(16)
#define NS_PER_S     1000000000ll

/* ---- config.json ------------------------------------------------------------------------------------------
 */

static plm_sv str(struct plm_arena *a, plm_sv s)
{
    return s.n ? plm_arena_sv(a, s) : PLM_SV_NULL;
}

/* The first annotation that is there. */
static plm_sv annotation(yyjson_val *all, struct plm_arena *a, const char *const *names)
{
    for (; *names; names++) {
        plm_sv s = plm_json_str(all, *names, NULL);
        if (s.n)
            return plm_arena_sv(a, s);
    }
    return PLM_SV_NULL;
}

static bool has_namespace(yyjson_val *linux_, const char *type)
{
    size_t i, max;
    yyjson_val *ns;
    yyjson_arr_foreach(plm_json_at(linux_, "namespaces", NULL), i, max, ns)
    {
        if (plm_sv_is(plm_json_str(ns, "type", NULL), type))
            return true;
    }
    return false;
}

static bool has_option(yyjson_val *options, const char *name)
{
    size_t i, max;
    yyjson_val *o;
    yyjson_arr_foreach(options, i, max, o)
    {
        if (plm_sv_is(plm_json_sv(o), name))
            return true;
    }
    return false;
}

static plm_sv propagation_of(yyjson_val *options)
{
    static const char *const kinds[] = {"rprivate", "private", "rshared", "shared", "rslave", "slave"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (has_option(options, kinds[i]))
            return plm_sv_from(kinds[i]);
    return PLM_SV_NULL;
}

/* Mounts that somebody asked for: binds, not the proc, sysfs and tmpfs that every container has. */
static void read_mounts(yyjson_val *list, struct plm_arena *a, struct plm_container *c)
{
    size_t n = yyjson_arr_size(list), i, max;
    yyjson_val *m;
    c->mounts = n ? plm_arena_array(a, n, sizeof(*c->mounts)) : NULL;
    if (!c->mounts)
        return;
    yyjson_arr_foreach(list, i, max, m)
    {
        yyjson_val *options = plm_json_at(m, "options", NULL);
        if (!plm_sv_is(plm_json_str(m, "type", NULL), "bind") && !has_option(options, "bind") &&
            !has_option(options, "rbind"))
            continue;
        bool is_writable = !has_option(options, "ro");
        c->mounts[c->n_mounts++] = (struct plm_container_mount){
            str(a, plm_json_str(m, "source", NULL)), str(a, plm_json_str(m, "destination", NULL)),
            is_writable ? PLM_SV("rw") : PLM_SV("ro"), propagation_of(options), is_writable};
    }
}

/* No document says so in so many words: nothing of /proc is masked, and the container may administrate. */
static bool is_privileged(yyjson_val *root)
{
    yyjson_val *masked = plm_json_at(root, "linux", "maskedPaths", NULL), *cap;
    size_t i, max;
    if (yyjson_arr_size(masked) > 0)
        return false;
    yyjson_arr_foreach(plm_json_at(root, "process", "capabilities", "effective", NULL), i, max, cap)
    {
        if (plm_sv_is(plm_json_sv(cap), "CAP_SYS_ADMIN"))
            return true;
    }
    return false;
}

static plm_sv user_of(yyjson_val *root, struct plm_arena *a)
{
    yyjson_val *user = plm_json_at(root, "process", "user", NULL);
    return user ? plm_arena_printf(a, "%lld", (long long)plm_json_int(user, "uid", 0)) : PLM_SV_NULL;
}

static int labels_of(yyjson_val *annotations, struct plm_arena *a, struct plm_container *c)
{
    /* CRI-O keeps the labels as JSON in an annotation; containerd's CRI has those of the pod beside. */
    plm_sv text = plm_json_str(annotations, "io.kubernetes.cri-o.Labels", NULL);
    plm_auto(plm_json_free) struct plm_json *doc =
        text.n ? plm_json_parse(text, "labels", &plm_limits_default, NULL) : NULL;
    plm_meta_read_labels(doc ? plm_json_root(doc) : annotations, a, c);
    return 0;
}

int plm_meta_of_bundle(plm_sv json, struct plm_arena *a, struct plm_container *out, plm_err **err)
{
    static const char *const image[] = {"io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName",
                                        "io.kubernetes.cri-o.Image", NULL};
    static const char *const name[] = {"io.kubernetes.cri.container-name", "io.kubernetes.container.name",
                                       "nerdctl/name", "io.kubernetes.cri.sandbox-name", NULL};
    static const char *const pod[] = {"io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name", NULL};
    static const char *const space[] = {"io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace",
                                        NULL};
    static const char *const uid[] = {"io.kubernetes.cri.sandbox-uid", "io.kubernetes.pod.uid", NULL};
    static const char *const sandbox[] = {"io.kubernetes.cri.sandbox-id", "io.kubernetes.cri-o.SandboxID",
                                          NULL};
    plm_auto(plm_json_free) struct plm_json *doc = plm_json_parse(json, "bundle", &plm_limits_default, err);
    if (!doc)
        return -1;
    yyjson_val *root = plm_json_root(doc), *all = plm_json_at(root, "annotations", NULL);
    if (!plm_json_at(root, "ociVersion", NULL))
        return plm_fail(err, PLM_E_PARSE, "the document is no OCI runtime configuration");
    struct plm_container c = *out;
    c.state = PLM_META_KNOWN;
    c.image = annotation(all, a, image);
    c.name = annotation(all, a, name);
    yyjson_val *linux_ = plm_json_at(root, "linux", NULL);
    c.host_pid = !has_namespace(linux_, "pid");
    c.host_network = !has_namespace(linux_, "network");
    c.host_ipc = !has_namespace(linux_, "ipc");
    c.has_privileged = true;
    c.is_privileged = is_privileged(root);
    c.user = user_of(root, a);
    read_mounts(plm_json_at(root, "mounts", NULL), a, &c);
    if (labels_of(all, a, &c) < 0 || plm_arena_check(a, err) < 0)
        return -1;
    plm_meta_split_image(&c);
    plm_meta_use_labels(&c);
    c.pod_name = c.pod_name.n ? c.pod_name : annotation(all, a, pod);
    c.pod_namespace = c.pod_namespace.n ? c.pod_namespace : annotation(all, a, space);
    c.pod_uid = c.pod_uid.n ? c.pod_uid : annotation(all, a, uid);
    c.pod_sandbox_id = c.pod_sandbox_id.n ? c.pod_sandbox_id : annotation(all, a, sandbox);
    *out = c;
    return plm_arena_check(a, err);
}

/* ---- Podman's list of containers
 * ----------------------------------------------------------------------------- */

static int of_store(plm_sv json, plm_sv id, struct plm_meta_answer *answer, plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *doc =
        plm_json_parse(json, "containers.json", &plm_limits_default, err);
    size_t i, max;
    yyjson_val *one, *found = NULL;
    if (!doc)
        return -1;
    yyjson_arr_foreach(plm_json_root(doc), i, max, one)
    {
        if (plm_sv_eq(plm_json_str(one, "id", NULL), id))
            found = one;
    }
    if (!found)
        return plm_fail(err, PLM_E_NOTFOUND, "no container of that id in the store");
    struct plm_container *c = &answer->c;
    struct plm_arena *a = answer->arena;
    /* What Podman knows more stands as JSON in a string. */
    plm_auto(plm_json_free) struct plm_json *more =
        plm_json_parse(plm_json_str(found, "metadata", NULL), "metadata", &plm_limits_default, NULL);
    yyjson_val *extra = more ? plm_json_root(more) : NULL;
    c->image = str(a, plm_json_str(extra, "image-name", NULL));
    c->image_id = str(a, plm_json_str(found, "image", NULL));
    c->name = str(a, plm_json_sv(yyjson_arr_get_first(plm_json_at(found, "names", NULL))));
    int64_t created = plm_json_int(extra, "created-at", 0);
    c->created = created > 0 && created < INT64_MAX / NS_PER_S ? created * NS_PER_S : 0;
    c->state = PLM_META_KNOWN;
    plm_meta_split_image(c);
    return plm_arena_check(a, err);
}

/* ---- where they lie
 * -------------------------------------------------------------------------------------------- */

static bool is_word(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'z') ||
              (s.p[i] >= 'A' && s.p[i] <= 'Z') || strchr("._-", s.p[i])))
            return false;
    return s.n > 0 && s.p[0] != '.';
}

static int read_bundle(const char *path, enum plm_runtime runtime, struct plm_meta_answer *answer,
                       plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(CONFIG_BYTES);
    if (plm_fs_read(path, CONFIG_BYTES, &text, err) < 0)
        return -1;
    if (plm_meta_of_bundle(plm_buf_sv(&text), answer->arena, &answer->c, err) < 0)
        return plm_wrap(err, "%s", path);
    answer->c.runtime = answer->c.runtime == PLM_RT_DOCKER ? PLM_RT_CRI : runtime;
    return 0;
}

/* DIR/NAMESPACE/ID/config.json: the namespace is not known, there are few. */
static int in_containerd(const char *dir, plm_sv id, struct plm_meta_answer *answer, plm_err **err)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    int r = -1;
    while (d && r < 0 && (e = readdir(d))) {
        if (e->d_name[0] == '.' || strcmp(e->d_name, "moby") == 0) /* Docker's own say nothing of images */
            continue;
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(8));
        plm_buf_printf(&b, "%s/%s/%.*s/config.json", dir, e->d_name, PLM_SV_ARG(id));
        const char *path = plm_buf_cstr(&b);
        if (path && access(path, R_OK) == 0)
            r = read_bundle(path, answer->c.runtime == PLM_RT_CRI ? PLM_RT_CRI : PLM_RT_CONTAINERD, answer,
                            err);
    }
    if (d)
        closedir(d);
    if (r < 0 && err && !*err)
        return plm_fail(err, PLM_E_NOTFOUND, "%s has no such task", dir);
    return r;
}

static int in_list(const char *path, plm_sv id, struct plm_meta_answer *answer)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(STORE_BYTES);
    return path && plm_fs_read(path, STORE_BYTES, &text, NULL) == 0
               ? of_store(plm_buf_sv(&text), id, answer, NULL)
               : -1;
}

static const char *const lists[] = {"containers.json", "volatile-containers.json"};

static int in_store(const char *root, plm_sv id, struct plm_meta_answer *answer, plm_err **err)
{
    static const char *const places[] = {"/var/lib/containers/storage/overlay-containers",
                                         "/run/containers/storage/overlay-containers"};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 2; k++) {
            plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(8));
            plm_buf_printf(&b, "%s%s/%s", root, places[i], lists[k]);
            if (in_list(plm_buf_cstr(&b), id, answer) == 0)
                return 0;
        }
    return plm_fail(err, PLM_E_NOTFOUND, "no runtime's state on disk knows the container");
}

int plm_meta_bundle_ask(const char *root, plm_sv id, struct plm_meta_answer *answer, plm_err **err)
{
    static const char *const dirs[] = {"/run/containerd/io.containerd.runtime.v2.task",
                                       "/run/k3s/containerd/io.containerd.runtime.v2.task"};
    if (!is_word(id))
        return plm_fail(err, PLM_E_NOTFOUND, "the id is no word");
    for (size_t i = 0; i < 2; i++) {
        plm_auto_free char *dir = plm_fs_join(*root ? root : "/", dirs[i] + 1);
        if (dir && in_containerd(dir, id, answer, NULL) == 0)
            return 0;
    }
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(8));
    plm_buf_printf(&b, "%s/run/containers/storage/overlay-containers/%.*s/userdata/config.json", root,
                   PLM_SV_ARG(id));
    const char *path = plm_buf_cstr(&b);
    bool has_bundle = path && answer->c.runtime != PLM_RT_PODMAN &&
                      read_bundle(path, PLM_RT_CRI, answer, NULL) == 0 && answer->c.image.n;
    return has_bundle ? 0 : in_store(root, id, answer, err);
}

/* The bundle itself, and the list of the store that it lies in (STORE/overlay-containers/ID/userdata). */
int plm_meta_bundle_ask_minder(plm_sv id, int32_t pid, struct plm_meta_answer *answer, plm_err **err)
{
    plm_sv dir = is_word(id) ? plm_meta_bundle_of(id, pid, answer->arena) : PLM_SV_NULL;
    if (!dir.n)
        return plm_fail(err, PLM_E_NOTFOUND, "nobody minds the container");
    bool is_podman = answer->c.runtime == PLM_RT_PODMAN;
    for (size_t k = 0; k < 2 && is_podman; k++) {
        plm_sv list = plm_arena_printf(answer->arena, "%.*s/../../%s", PLM_SV_ARG(dir), lists[k]);
        if (in_list(list.p, id, answer) == 0)
            return 0;
    }
    plm_sv config = plm_arena_printf(answer->arena, "%.*s/config.json", PLM_SV_ARG(dir));
    if (!config.p)
        return plm_fail_oom(err);
    return read_bundle(config.p, answer->c.runtime, answer, err);
}
