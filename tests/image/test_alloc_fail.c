/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation of reading an image document fails once: JSON to bytes, and bytes to structs.
 */
#include "../base/alloc_fail.h"

#include "image/doc.h"

static const char index_text[] = "{\"manifests\": [{\"mediaType\": \"m\", \"digest\": \"sha256:d\", "
                                 "\"size\": 7, \"platform\": {\"os\": \"linux\", "
                                 "\"architecture\": \"arm\", \"variant\": \"v7\"}, \"annotations\": "
                                 "{\"org.opencontainers.image.ref.name\": "
                                 "\"latest\"}}, {}]}";
static const char save_text[] =
    "[{\"Config\": \"c.json\", \"RepoTags\": [\"a:1\", \"b:2\"], \"Layers\": [\"one/layer.tar\", \"two\"]}]";
static const char config_text[] =
    "{\"os\": \"linux\", \"architecture\": \"amd64\", \"created\": \"2024-05-06T07:08:09Z\", \"rootfs\": "
    "{\"diff_ids\": [\"sha256:1\", \"sha256:2\"]}, \"history\": [{\"created_by\": \"ADD x\"}, "
    "{\"empty_layer\": true}]}";

struct ask {
    enum plm_doc_kind kind;
    plm_sv text;
};

static int decode(enum plm_doc_kind kind, plm_sv bytes, struct plm_arena *a, plm_err **err)
{
    struct plm_doc_oci oci;
    struct plm_doc_save save;
    struct plm_doc_config config;
    switch (kind) {
    case PLM_DOC_OCI:
        return plm_doc_oci_decode(bytes, a, &oci, err);
    case PLM_DOC_SAVE:
        return plm_doc_save_decode(bytes, a, &save, err);
    case PLM_DOC_CONFIG:
        return plm_doc_config_decode(bytes, a, &config, err);
    }
    return -1;
}

static int document(void *arg, plm_err **err)
{
    const struct ask *q = arg;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    if (!a)
        return plm_fail_oom(err);
    return plm_doc_reduce(q->kind, q->text, "x.json", &plm_limits_default, &b, err) < 0
               ? -1
               : decode(q->kind, plm_buf_sv(&b), a, err);
}

static void documents(void **state)
{
    (void)state;
    struct ask asks[] = {{PLM_DOC_OCI, plm_sv_from(index_text)},
                         {PLM_DOC_SAVE, plm_sv_from(save_text)},
                         {PLM_DOC_CONFIG, plm_sv_from(config_text)}};
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++)
        assert_true(plm_test_sweep(document, &asks[i]) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(documents)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
