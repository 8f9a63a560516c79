/* SPDX-License-Identifier: Apache-2.0
 *
 * The first of the inspectors: the image's config and its list of files become facts, from which the checks
 * and the gates of policies work.
 */
#include "inspect/inspect.h"

static plm_sv_vec copy_list(struct plm_arena *a, const plm_sv_vec *from)
{
    plm_sv_vec out = {0};
    for (size_t i = 0; i < from->n; i++)
        plm_sv_vec_add(a, &out, from->v[i]);
    return out;
}

static void copy_config(struct plm_arena *a, const struct plm_image_config *from, struct plm_image_config *to)
{
    *to = (struct plm_image_config){
        .architecture = plm_arena_sv(a, from->architecture),
        .os = plm_arena_sv(a, from->os),
        .variant = plm_arena_sv(a, from->variant),
        .created = plm_arena_sv(a, from->created),
        .author = plm_arena_sv(a, from->author),
        .user = plm_arena_sv(a, from->user),
        .workdir = plm_arena_sv(a, from->workdir),
        .stop_signal = plm_arena_sv(a, from->stop_signal),
        .env = copy_list(a, &from->env),
        .entrypoint = copy_list(a, &from->entrypoint),
        .cmd = copy_list(a, &from->cmd),
        .shell = copy_list(a, &from->shell),
        .onbuild = copy_list(a, &from->onbuild),
        .exposed_ports = copy_list(a, &from->exposed_ports),
        .volumes = copy_list(a, &from->volumes),
        .label_keys = copy_list(a, &from->label_keys),
        .label_values = copy_list(a, &from->label_values),
        .args_escaped = from->args_escaped,
        .healthcheck = from->healthcheck,
    };
    to->healthcheck.test = copy_list(a, &from->healthcheck.test);
    for (size_t i = 0; i < from->history.n; i++) {
        struct plm_image_history *h = plm_vec_push(a, &to->history);
        if (!h)
            return;
        *h = from->history.v[i];
        h->created = plm_arena_sv(a, h->created);
        h->created_by = plm_arena_sv(a, h->created_by);
        h->author = plm_arena_sv(a, h->author);
        h->comment = plm_arena_sv(a, h->comment);
    }
}

static void copy_entries(const struct plm_analysis *an, struct plm_image_facts *f)
{
    f->files.v = plm_arena_array(f->arena, an->files.n, sizeof(*f->files.v));
    for (size_t i = 0; f->files.v && i < an->files.n; i++) {
        struct plm_fact_file *to = &f->files.v[i];
        *to = an->files.v[i];
        to->path = plm_arena_sv(f->arena, to->path);
        to->link = plm_arena_sv(f->arena, to->link);
        f->files.n = i + 1;
    }
    f->files.cap = f->files.n;
}

static int inspect(struct plm_inspection *in, plm_err **err)
{
    struct plm_image_facts *f = in->facts;
    if (in->analysis->config) {
        copy_config(f->arena, in->analysis->config, &f->config);
        f->architecture = f->config.architecture;
        f->os = f->config.os;
        f->known |= PLM_FACT_CONFIG;
    }
    if (in->analysis->has_files) {
        copy_entries(in->analysis, f);
        f->known |= PLM_FACT_FILES;
    }
    return plm_arena_check(f->arena, err);
}

static bool is_wanted(const struct plm_inspect_options *opt)
{
    return opt->want_files || opt->want_owned || opt->wants[PLM_KIND_MISCONFIGURATION] ||
           opt->wants[PLM_KIND_SECRET];
}

static const struct plm_inspector image_facts = {
    .id = "facts",
    .summary = "image config and list of files",
    .needs_entries = true,
    .needs_config = true,
    .is_wanted = is_wanted,
    .inspect = inspect,
    .order = 0,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, image_facts);
