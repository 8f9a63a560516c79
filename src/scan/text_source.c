/* SPDX-License-Identifier: Apache-2.0
 *
 * Sources without an image: a Compose file or a Dockerfile is a target of its own, with findings and no
 * packages.
 */
#include "scan/scan_int.h"

#include "base/fs.h"
#include "inspect/compose.h"
#include "inspect/dockerfile_rules.h"

enum { TEXT_MAX = 4 << 20 };

bool plm_scan_is_text(enum plm_scheme_kind kind)
{
    return kind == PLM_SRC_COMPOSE || kind == PLM_SRC_DOCKERFILE;
}

int plm_scan_text(const struct plm_ctx *ctx, const struct plm_source *src, const struct plm_scan_options *opt,
                  struct plm_report *r, plm_err **err)
{
    struct plm_arena *a = r->arena;
    char *path = plm_arena_cstr(a, src->reference);
    plm_auto_done(plm_buf_done) struct plm_buf bytes = PLM_BUF(TEXT_MAX);
    if (!path)
        return plm_fail_oom(err);
    if (plm_fs_read(path, bytes.max, &bytes, err) < 0)
        return -1;
    plm_sv text = plm_arena_sv(a, bytes.n ? plm_buf_sv(&bytes) : PLM_SV(""));
    uint32_t target = (uint32_t)r->targets.n;
    struct plm_target *t = plm_report_target(r);
    if (!t)
        return plm_arena_check(a, err);
    *t = (struct plm_target){
        .id = plm_arena_printf(a, "%.*s:%s", PLM_SV_ARG(src->scheme), path),
        .scheme = plm_arena_sv(a, src->scheme),
        .reference = plm_arena_sv(a, src->reference),
    };
    if (plm_arena_check(a, err) < 0)
        return -1;
    if (src->kind == PLM_SRC_DOCKERFILE)
        return plm_dockerfile_check_with(ctx, text, src->reference, &opt->inspect, r, target, err);
    return plm_compose_check(ctx, text, src->reference, &opt->inspect, r, target, err);
}
