/* SPDX-License-Identifier: Apache-2.0 */
#include "model/facts.h"

#include <stdlib.h>

const char *plm_fact_name(unsigned i)
{
    static const char *const names[PLM_FACT_COUNT] = {
        "config",   "files", "packages", "vulnerabilities", "stored",   "content",  "secrets",     "malware",
        "licenses", "owned", "checks",   "signature",       "feed_age", "registry", "secret_rules"};
    return i < PLM_FACT_COUNT ? names[i] : NULL;
}

struct plm_image_facts *plm_image_facts_new(plm_err **err)
{
    struct plm_image_facts *f = calloc(1, sizeof(*f));
    struct plm_arena *a = f ? plm_arena_new(PLM_ARENA_NO_LIMIT) : NULL;
    if (!a) {
        free(f);
        return PLM_NULL(plm_fail_oom(err));
    }
    f->arena = a;
    f->target = PLM_NONE;
    return f;
}

void plm_image_facts_free(struct plm_image_facts *f)
{
    if (!f)
        return;
    plm_arena_free(f->arena);
    free(f);
}

const struct plm_fact_file *plm_image_facts_file(const struct plm_image_facts *f, plm_sv path)
{
    size_t low = 0, high = f->files.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = plm_sv_cmp(f->files.v[middle].path, path);
        if (c == 0)
            return &f->files.v[middle];
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct plm_fact_stored *plm_image_facts_stored(const struct plm_image_facts *f, plm_sv path)
{
    for (size_t i = 0; i < f->stored.n; i++)
        if (plm_sv_eq(f->stored.v[i].path, path))
            return &f->stored.v[i];
    return NULL;
}
