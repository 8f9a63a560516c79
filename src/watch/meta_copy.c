/* SPDX-License-Identifier: Apache-2.0
 *
 * What all sources of metadata share: parts of image references, what Kubernetes' labels say, deep copies.
 */
#include "watch/meta_int.h"

#include <stdlib.h>

/* "registry:5000/team/app:1.2@sha256:…": a colon after the last slash begins the tag, and
 * a name with neither tag nor digest means "latest". */
void plm_meta_split_image(struct plm_container *c)
{
    plm_sv rest = c->image, digest = PLM_SV_NULL;
    if (!rest.n || plm_sv_starts(rest, PLM_SV("sha256:")))
        return; /* an id, no name */
    size_t at = plm_sv_find(rest, '@');
    if (at != SIZE_MAX) {
        digest = plm_sv_from_off(rest, at + 1);
        rest = plm_sv_sub(rest, 0, at);
    }
    size_t slash = plm_sv_rfind(rest, '/'), colon = plm_sv_rfind(rest, ':');
    if (colon != SIZE_MAX && (slash == SIZE_MAX || colon > slash)) {
        c->image_tag = plm_sv_from_off(rest, colon + 1);
        rest = plm_sv_sub(rest, 0, colon);
    } else if (!digest.n)
        c->image_tag = PLM_SV("latest");
    c->image_repository = rest;
    if (digest.n)
        c->image_digest = digest;
}

static plm_sv label(const struct plm_container *c, const char *name)
{
    for (size_t i = 0; i < c->n_labels; i++)
        if (plm_sv_is(c->label_names[i], name))
            return c->label_values[i];
    return PLM_SV_NULL;
}

void plm_meta_use_labels(struct plm_container *c)
{
    c->pod_name = label(c, "io.kubernetes.pod.name");
    c->pod_namespace = label(c, "io.kubernetes.pod.namespace");
    c->pod_uid = label(c, "io.kubernetes.pod.uid");
    if (!c->pod_sandbox_id.p)
        c->pod_sandbox_id = label(c, "io.kubernetes.sandbox.id");
}

static const size_t views[] = {
    offsetof(struct plm_container, name),           offsetof(struct plm_container, image),
    offsetof(struct plm_container, image_id),       offsetof(struct plm_container, image_repository),
    offsetof(struct plm_container, image_tag),      offsetof(struct plm_container, image_digest),
    offsetof(struct plm_container, user),           offsetof(struct plm_container, ip),
    offsetof(struct plm_container, cni_json),       offsetof(struct plm_container, pod_name),
    offsetof(struct plm_container, pod_namespace),  offsetof(struct plm_container, pod_uid),
    offsetof(struct plm_container, pod_sandbox_id), offsetof(struct plm_container, why),
};

static plm_sv *copy_views(struct plm_arena *a, const plm_sv *from, size_t n)
{
    plm_sv *to = n ? plm_arena_array(a, n, sizeof(plm_sv)) : NULL;
    for (size_t i = 0; to && i < n; i++)
        to[i] = plm_arena_sv(a, from[i]);
    return to;
}

int plm_meta_copy(struct plm_container *to, const struct plm_container *from, struct plm_arena *a,
                  plm_err **err)
{
    struct plm_container c = *from;
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
        plm_sv *v = (plm_sv *)(void *)((char *)&c + views[i]);
        *v = plm_arena_sv(a, *v);
    }
    c.mounts = c.n_mounts ? plm_arena_array(a, c.n_mounts, sizeof(*c.mounts)) : NULL;
    for (size_t i = 0; c.mounts && i < c.n_mounts; i++) {
        const struct plm_container_mount *m = &from->mounts[i];
        c.mounts[i] = (struct plm_container_mount){plm_arena_sv(a, m->source), plm_arena_sv(a, m->dest),
                                                   plm_arena_sv(a, m->mode), plm_arena_sv(a, m->propagation),
                                                   m->is_writable};
    }
    c.label_names = copy_views(a, from->label_names, c.n_labels);
    c.label_values = copy_views(a, from->label_values, c.n_labels);
    if (plm_arena_check(a, err) < 0)
        return -1;
    c.runtime = to->runtime != PLM_RT_HOST ? to->runtime : from->runtime;
    c.full_id = to->full_id;
    c.id = to->id;
    c.version = to->version;
    *to = c;
    return 0;
}
