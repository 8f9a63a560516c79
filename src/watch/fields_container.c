/* SPDX-License-Identifier: Apache-2.0
 *
 * container.* and k8s.*: where the process runs. The id comes from the cgroup and is always there; everything
 * else from the container runtime, and has no value until it told (alerts wait for it a little). The host has
 * the id and the name "host" and no image.
 *
 * Pod labels stand at the pod's sandbox, a container of its own.
 */
#include "watch/field_int.h"

#include "base/buf.h"

#include <fnmatch.h>

static const struct plm_container *container_of(const struct plm_view *view)
{
    return view->thread->container;
}
static const struct plm_container *known(const struct plm_view *view)
{
    const struct plm_container *c = container_of(view);
    return c && c->state == PLM_META_KNOWN ? c : NULL;
}

plm_sv plm_thread_container_id(const struct plm_thread *t)
{
    return t->container ? t->container->id : PLM_SV("host");
}

/* ---- identity ----------------------------------------------------------------------------------- */

GETTER(get_id)
{
    return plm_field_str(view, out, plm_thread_container_id(view->thread));
}
GETTER(get_full_id)
{
    const struct plm_container *c = container_of(view);
    return plm_field_str(view, out, c ? c->full_id : PLM_SV("host"));
}
GETTER(get_name)
{
    const struct plm_container *c = known(view);
    return plm_field_str(view, out, c ? c->name : container_of(view) ? PLM_SV_NULL : PLM_SV("host"));
}
GETTER(get_type)
{
    static const char *const names[] = {
        [PLM_RT_HOST] = "host", [PLM_RT_DOCKER] = "docker",           [PLM_RT_PODMAN] = "podman",
        [PLM_RT_CRI] = "cri",   [PLM_RT_CONTAINERD] = "containerd",   [PLM_RT_LXC] = "lxc",
        [PLM_RT_BPM] = "bpm",   [PLM_RT_LIBVIRT_LXC] = "libvirt-lxc",
    };
    const struct plm_container *c = container_of(view);
    return plm_field_str(view, out, plm_sv_from(names[c ? c->runtime : PLM_RT_HOST]));
}
#define TEXT(fn, member)                                                                                     \
    GETTER(fn)                                                                                               \
    {                                                                                                        \
        const struct plm_container *c = known(view);                                                         \
        return plm_field_str(view, out, c ? c->member : PLM_SV_NULL);                                        \
    }
TEXT(get_image, image)
TEXT(get_image_id, image_id)
TEXT(get_image_repository, image_repository)
TEXT(get_image_tag, image_tag)
TEXT(get_image_digest, image_digest)
TEXT(get_ip, ip)
TEXT(get_cni_json, cni_json)
TEXT(get_pod_name, pod_name)
TEXT(get_pod_namespace, pod_namespace)
TEXT(get_pod_uid, pod_uid)
TEXT(get_full_sandbox_id, pod_sandbox_id)

#define TRUTH(fn, is_there, member)                                                                          \
    GETTER(fn)                                                                                               \
    {                                                                                                        \
        const struct plm_container *c = known(view);                                                         \
        return c && (is_there) ? plm_field_bool(view, out, c->member) : 0;                                   \
    }
TRUTH(get_privileged, c->has_privileged, is_privileged)
TRUTH(get_host_pid, true, host_pid)
TRUTH(get_host_network, true, host_network)
TRUTH(get_host_ipc, true, host_ipc)

GETTER(get_start_ts)
{
    uint64_t ts = view->thread->info.pidns_init_ts;
    return container_of(view) && ts ? plm_field_u64(view, out, ts) : 0;
}
GETTER(get_duration)
{
    const struct plm_container *c = known(view);
    uint64_t since = c && c->created > 0 ? (uint64_t)c->created : view->thread->info.pidns_init_ts;
    if (!container_of(view) || !since || !view->event || view->event->ts < since)
        return 0;
    return plm_field_u64(view, out, view->event->ts - since);
}

/* ---- labels ------------------------------------------------------------------------------------- */

static int put_label(const struct plm_view *view, struct plm_values *out, const struct plm_container *c,
                     plm_sv name)
{
    for (size_t i = 0; c && i < c->n_labels; i++)
        if (plm_sv_eq(c->label_names[i], name))
            return plm_field_str(view, out, c->label_values[i]);
    return 0;
}
static int put_labels(const struct plm_view *view, struct plm_values *out, const struct plm_container *c,
                      const char *separator)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_FIELD_TEXT_MAX);
    if (!c)
        return 0;
    for (size_t i = 0; i < c->n_labels; i++) {
        plm_sv name = c->label_names[i], value = c->label_values[i];
        plm_buf_printf(&b, "%s%.*s:%.*s", i ? separator : "", PLM_SV_ARG(name), PLM_SV_ARG(value));
    }
    return plm_field_buf(view, out, &b);
}
/* The sandbox of the container's pod; NULL: none, or not known. */
static const struct plm_container *sandbox(const struct plm_view *view)
{
    const struct plm_container *c = known(view);
    if (!c || !c->pod_sandbox_id.n || !view->meta)
        return NULL;
    const struct plm_container *s = plm_meta_find(view->meta, c->pod_sandbox_id);
    return s && s->state == PLM_META_KNOWN ? s : NULL;
}
GETTER(get_label)
{
    return put_label(view, out, known(view), ref->key);
}
GETTER(get_labels)
{
    return put_labels(view, out, known(view), ",");
}
GETTER(get_pod_label)
{
    return put_label(view, out, sandbox(view), ref->key);
}
GETTER(get_pod_labels)
{
    return put_labels(view, out, sandbox(view), ", ");
}

/* ---- pods --------------------------------------------------------------------------------------- */

GETTER(get_sandbox_id)
{
    const struct plm_container *c = known(view);
    return plm_field_str(view, out, c ? plm_sv_sub(c->pod_sandbox_id, 0, 12) : PLM_SV_NULL);
}
GETTER(get_pod_ip)
{
    const struct plm_container *c = known(view), *s = sandbox(view);
    return plm_field_str(view, out, !c || !c->pod_name.p ? PLM_SV_NULL : s && s->ip.n ? s->ip : c->ip);
}
GETTER(get_pod_cni)
{
    const struct plm_container *s = sandbox(view);
    return plm_field_str(view, out, s ? s->cni_json : PLM_SV_NULL);
}

/* ---- mounts ------------------------------------------------------------------------------------- */

static bool is_like(plm_sv text, plm_sv pattern)
{
    char *t = strndup(text.p ? text.p : "", text.n), *p = strndup(pattern.p ? pattern.p : "", pattern.n);
    bool fits = t && p && fnmatch(p, t, 0) == 0;
    free(t);
    free(p);
    return fits;
}

/* The mount of that number, else the first whose source (destination) is like the argument. */
static const struct plm_container_mount *find_mount(const struct plm_view *view,
                                                    const struct plm_fieldref *ref, bool by_dest)
{
    const struct plm_container *c = known(view);
    for (size_t i = 0; c && i < c->n_mounts; i++) {
        const struct plm_container_mount *m = &c->mounts[i];
        if (ref->has_index ? i == (size_t)ref->index : is_like(by_dest ? m->dest : m->source, ref->key))
            return m;
    }
    return NULL;
}
static void mount_text(const struct plm_container_mount *m, struct plm_buf *out)
{
    plm_buf_printf(out, "%.*s:%.*s:%.*s:%s:%.*s", PLM_SV_ARG(m->source), PLM_SV_ARG(m->dest),
                   PLM_SV_ARG(m->mode), m->is_writable ? "true" : "false", PLM_SV_ARG(m->propagation));
}
GETTER(get_mounts)
{
    const struct plm_container *c = known(view);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_FIELD_TEXT_MAX);
    if (!c)
        return 0;
    for (size_t i = 0; i < c->n_mounts; i++) {
        if (i)
            plm_buf_byte(&b, ' ');
        mount_text(&c->mounts[i], &b);
    }
    return plm_field_buf(view, out, &b);
}
GETTER(get_mount)
{
    const struct plm_container_mount *m = find_mount(view, ref, false);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_FIELD_TEXT_MAX);
    if (!m)
        return 0;
    mount_text(m, &b);
    return plm_field_buf(view, out, &b);
}
#define MOUNT(fn, by_dest, expr)                                                                             \
    GETTER(fn)                                                                                               \
    {                                                                                                        \
        const struct plm_container_mount *m = find_mount(view, ref, by_dest);                                \
        return m ? plm_field_str(view, out, expr) : 0;                                                       \
    }
MOUNT(get_mount_source, true, m->source)
MOUNT(get_mount_dest, false, m->dest)
MOUNT(get_mount_mode, false, m->mode.p ? m->mode : PLM_SV(""))
MOUNT(get_mount_rdwr, false, m->is_writable ? PLM_SV("true") : PLM_SV("false"))
MOUNT(get_mount_propagation, false, m->propagation.p ? m->propagation : PLM_SV(""))

#define I         PLM_F_PROCESS
#define C         (PLM_F_PROCESS | PLM_F_CONTAINER)
#define LABEL     (C | PLM_F_NAME_SUFFIX | PLM_F_ARG_KEY | PLM_F_ARG_NEEDED)
#define MOUNT_ARG (C | PLM_F_ARG_INDEX | PLM_F_ARG_KEY | PLM_F_ARG_NEEDED)
#define D         PLM_F_DEPRECATED
#define DL        (PLM_F_DEPRECATED | PLM_F_NAME_SUFFIX | PLM_F_ARG_KEY | PLM_F_ARG_NEEDED)
// clang-format off
static const struct plm_field container_fields[] = {
    {"container.cni.json", PLM_V_STR, C, "Network configuration of the container", .get = get_cni_json},
    {"container.duration", PLM_V_RELTIME, PLM_F_CONTAINER, "Nanoseconds since the container was made", .get = get_duration},
    {"container.full_id", PLM_V_STR, I, "Whole id of the container, host on the host", .get = get_full_id},
    {"container.healthcheck", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"container.host_ipc", PLM_V_BOOL, C, "The container shares the host's IPC namespace", .get = get_host_ipc},
    {"container.host_network", PLM_V_BOOL, C, "The container shares the host's network", .get = get_host_network},
    {"container.host_pid", PLM_V_BOOL, C, "The container shares the host's pid namespace", .get = get_host_pid},
    {"container.id", PLM_V_STR, I, "First 12 digits of the container's id, host on the host", .get = get_id},
    {"container.image", PLM_V_STR, C, "Image as it was named when the container was made", .get = get_image},
    {"container.image.digest", PLM_V_STR, C, "Digest of the image's manifest", .get = get_image_digest},
    {"container.image.id", PLM_V_STR, C, "Id of the image", .get = get_image_id},
    {"container.image.repository", PLM_V_STR, C, "Image without tag and digest", .get = get_image_repository},
    {"container.image.tag", PLM_V_STR, C, "Tag of the image", .get = get_image_tag},
    {"container.ip", PLM_V_STR, C, "Address of the container", .get = get_ip},
    {"container.label", PLM_V_STR, LABEL, "A label: container.label[NAME] or container.label.NAME", .get = get_label},
    {"container.labels", PLM_V_STR, C, "All labels, name:value joined with commas", .get = get_labels},
    {"container.liveness_probe", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"container.mount", PLM_V_STR, MOUNT_ARG, "A mount by number or source (may be a pattern): source:dest:mode:rdwr:propagation", .get = get_mount},
    {"container.mount.dest", PLM_V_PATH, MOUNT_ARG, "Destination of a mount by number or source", .get = get_mount_dest},
    {"container.mount.mode", PLM_V_STR, MOUNT_ARG, "Mode of a mount by number or source", .get = get_mount_mode},
    {"container.mount.propagation", PLM_V_STR, MOUNT_ARG, "Propagation of a mount by number or source", .get = get_mount_propagation},
    {"container.mount.rdwr", PLM_V_STR, MOUNT_ARG, "Whether a mount, by number or source, is writable: true or false", .get = get_mount_rdwr},
    {"container.mount.source", PLM_V_PATH, MOUNT_ARG, "Source of a mount by number or destination", .get = get_mount_source},
    {"container.mounts", PLM_V_STR, C, "All mounts, joined with blanks", .get = get_mounts},
    {"container.name", PLM_V_STR, C, "Name of the container, host on the host", .get = get_name},
    {"container.privileged", PLM_V_BOOL, C, "The container is privileged", .get = get_privileged},
    {"container.readiness_probe", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"container.start_ts", PLM_V_ABSTIME, I, "Start of the container's first process, nanoseconds since the epoch", .get = get_start_ts},
    {"container.type", PLM_V_STR, I, "docker, podman, cri, containerd, lxc, libvirt-lxc, bpm, host", .get = get_type},
    {.name = NULL},
};
static const struct plm_field k8s_fields[] = {
    {"k8s.deployment.id", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"k8s.deployment.label", PLM_V_STR, DL, "No value", .get = plm_field_none},
    {"k8s.deployment.labels", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"k8s.deployment.name", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"k8s.ns.id", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"k8s.ns.label", PLM_V_STR, DL, "No value", .get = plm_field_none},
    {"k8s.ns.labels", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"k8s.ns.name", PLM_V_STR, C, "Namespace of the pod", .get = get_pod_namespace},
    {"k8s.pod.cni.json", PLM_V_STR, C, "Network configuration of the pod", .get = get_pod_cni},
    {"k8s.pod.full_sandbox_id", PLM_V_STR, C, "Whole id of the pod's sandbox", .get = get_full_sandbox_id},
    {"k8s.pod.id", PLM_V_STR, C, "The pod's uid, by its older name", .get = get_pod_uid},
    {"k8s.pod.ip", PLM_V_STR, C, "Address of the pod", .get = get_pod_ip},
    {"k8s.pod.label", PLM_V_STR, LABEL, "A label of the pod: k8s.pod.label[NAME] or k8s.pod.label.NAME", .get = get_pod_label},
    {"k8s.pod.labels", PLM_V_STR, C, "All labels of the pod, name:value joined with a comma and a blank", .get = get_pod_labels},
    {"k8s.pod.name", PLM_V_STR, C, "Name of the pod", .get = get_pod_name},
    {"k8s.pod.sandbox_id", PLM_V_STR, C, "First 12 digits of the id of the pod's sandbox", .get = get_sandbox_id},
    {"k8s.pod.uid", PLM_V_STR, C, "Uid of the pod", .get = get_pod_uid},
    {"k8s.rc.id", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"k8s.rc.label", PLM_V_STR, DL, "No value", .get = plm_field_none},
    {"k8s.rc.labels", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"k8s.rc.name", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"k8s.rs.id", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"k8s.rs.label", PLM_V_STR, DL, "No value", .get = plm_field_none},
    {"k8s.rs.labels", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"k8s.rs.name", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"k8s.svc.id", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"k8s.svc.label", PLM_V_STR, DL, "No value", .get = plm_field_none},
    {"k8s.svc.labels", PLM_V_STR, D, "No value", .get = plm_field_none},
    {"k8s.svc.name", PLM_V_STR, D, "No value", .get = plm_field_none},
    {.name = NULL},
};
// clang-format on
static const struct plm_field_class container_class = {"container", "The container of the process",
                                                       container_fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, container_class);
static const struct plm_field_class k8s_class = {"k8s", "The pod of the process", k8s_fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, k8s_class);
