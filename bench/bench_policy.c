/* SPDX-License-Identifier: Apache-2.0
 *
 * Evaluation of one bundle on one image, in this process: driven by bench/run.py.
 *
 *     bench-policy BUNDLE FACTS RUNS      one line a run: milliseconds of loading and of evaluating, rows
 */
#include "base/fs.h"
#include "policy/policy.h"

#include <time.h>

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int once(const struct plm_ctx *ctx, plm_sv bundle, const struct plm_image_facts *f, plm_err **err)
{
    double start = now_ms();
    plm_auto(plm_policy_free) struct plm_policy *p =
        plm_policy_load(ctx, bundle, "bundle", PLM_POLICY_FIXED, err);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_policy_result r;
    double loaded = now_ms();
    if (!p || !a || plm_policy_evaluate(ctx, p, f, PLM_SV("docker.io/app:1"), NULL, a, &r, err) < 0)
        return -1;
    printf("%.3f %.3f %zu\n", loaded - start, now_ms() - loaded, r.rows.n);
    return 0;
}

static int run(char **argv, plm_err **err)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto_done(plm_buf_done) struct plm_buf bundle = PLM_BUF(PLM_MIB(64)), facts = PLM_BUF(PLM_MIB(256));
    if (plm_fs_read(argv[1], bundle.max, &bundle, err) < 0 ||
        plm_fs_read(argv[2], facts.max, &facts, err) < 0)
        return -1;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f =
        plm_policy_facts_read(&ctx, plm_buf_sv(&facts), argv[2], err);
    uint64_t runs;
    if (!f)
        return -1;
    if (!plm_sv_u64(plm_sv_from(argv[3]), &runs))
        return plm_fail(err, PLM_E_USAGE, "%s: no number of runs", argv[3]);
    for (uint64_t i = 0; i < runs; i++)
        if (once(&ctx, plm_buf_sv(&bundle), f, err) < 0)
            return -1;
    return 0;
}

int main(int argc, char **argv)
{
    plm_auto(plm_err_free) plm_err *err = NULL;
    if (argc != 4) {
        fprintf(stderr, "usage: bench-policy BUNDLE FACTS RUNS\n");
        return 2;
    }
    if (run(argv, &err) == 0)
        return 0;
    plm_auto_free char *text = plm_err_text(err);
    fprintf(stderr, "bench-policy: %s\n", text ? text : "failed");
    return 1;
}
