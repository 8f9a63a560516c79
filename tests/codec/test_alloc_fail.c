/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation of every parser of this module fails once.
 */
#include "../base/alloc_fail.h"

#include "base/buf.h"
#include "base/fs.h"
#include "codec/ar.h"
#include "codec/hash.h"
#include "codec/json.h"
#include "codec/spdx.h"
#include "codec/tar.h"
#include "codec/toml.h"
#include "codec/xml.h"
#include "codec/yaml.h"
#include "codec/zip.h"

static int json(void *arg, plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *j =
        plm_json_parse(*(plm_sv *)arg, "j", &plm_limits_default, err);
    return j ? 0 : -1;
}

static int yaml(void *arg, plm_err **err)
{
    plm_auto(plm_yaml_free) struct plm_yaml *y =
        plm_yaml_parse(*(plm_sv *)arg, "y", &plm_limits_default, err);
    return y ? 0 : -1;
}

static int toml(void *arg, plm_err **err)
{
    plm_auto(plm_toml_free) struct plm_toml *t =
        plm_toml_parse(*(plm_sv *)arg, "t", &plm_limits_default, err);
    return t ? 0 : -1;
}

static int spdx(void *arg, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
    const struct plm_spdx *out;
    return a ? plm_spdx_parse(*(plm_sv *)arg, a, &out, err) : plm_fail_oom(err);
}

static int hash(void *arg, plm_err **err)
{
    (void)arg;
    plm_auto(plm_sha256_free) struct plm_sha256 *h = plm_sha256_new(err);
    return h ? 0 : -1;
}

static int unpack(void *arg, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(64));
    return plm_decompress(*(plm_sv *)arg, "s", out.max, &out, err);
}

static void see(void *arg, plm_sv bytes)
{
    *(size_t *)arg += bytes.n;
}

static int tap(void *arg, plm_err **err)
{
    size_t seen = 0;
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(64));
    struct plm_stream *in = plm_stream_view(*(plm_sv *)arg, "s", err);
    plm_auto(plm_stream_free) struct plm_stream *s = in ? plm_stream_tap(in, see, &seen, err) : NULL;
    int r = s ? plm_stream_slurp(s, out.max, &out, err) : -1;
    assert_true(r < 0 || seen == ((plm_sv *)arg)->n);
    return r;
}

static int tar(void *arg, plm_err **err)
{
    struct plm_stream *in = plm_stream_view(*(plm_sv *)arg, "t", err);
    plm_auto(plm_stream_free) struct plm_stream *s =
        in ? plm_stream_decompress(in, &plm_limits_default, err) : NULL;
    plm_auto(plm_tar_free) struct plm_tar *t = s ? plm_tar_new(s, &plm_limits_default, err) : NULL;
    struct plm_tar_entry e;
    int r = -1;
    while (t && (r = plm_tar_next(t, &e, err)) > 0) {
        plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(64));
        if (plm_tar_slurp(t, out.max, &out, err) < 0)
            return -1;
    }
    return r;
}

static int zip(void *arg, plm_err **err)
{
    plm_auto(plm_zip_free) struct plm_zip *z = plm_zip_new(*(plm_sv *)arg, "z", &plm_limits_default, err);
    struct plm_zip_entry e;
    int r = -1;
    while (z && (r = plm_zip_next(z, &e, err)) > 0) {
        plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(64));
        if (plm_zip_read(z, &e, out.max, &out, err) < 0)
            return -1;
    }
    return r;
}

static int on_end(void *arg, const struct plm_xml *x, plm_sv text, plm_err **err)
{
    (void)arg, (void)x, (void)text, (void)err;
    return 0;
}

static int xml(void *arg, plm_err **err)
{
    static const struct plm_xml_ops ops = {NULL, on_end};
    return plm_xml_parse_view(*(plm_sv *)arg, "x", &plm_limits_default, &ops, NULL, err);
}

static int ar(void *arg, plm_err **err)
{
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_view(*(plm_sv *)arg, "a", err);
    plm_auto(plm_ar_free) struct plm_ar *a = s ? plm_ar_new(s, &plm_limits_default, err) : NULL;
    struct plm_ar_entry e;
    int r = -1;
    while (a && (r = plm_ar_next(a, &e, err)) > 0) {
        plm_auto(plm_stream_free) struct plm_stream *m = plm_ar_member(a, err);
        plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(1));
        if (!m || plm_stream_slurp(m, out.max, &out, err) < 0)
            return -1;
    }
    return r;
}

/* Seeds of the fuzz targets are valid input of every kind. */
static const struct {
    const char *seed;
    int (*run)(void *arg, plm_err **err);
    size_t at_least;
} rows[] = {
    {"json/manifest", json, 1}, /* a yyjson of the distribution allocates on its own */
    {"yaml/config", yaml, 5},
    {"toml/rules", toml, 5},
    {"spdx/strict", spdx, 1},
    {"json/manifest", hash, 1},
    {"stream/hello.gz", unpack, 5},
    {"stream/hello.zst", unpack, 5},
    {"stream/hello.xz", unpack, 5},
    {"stream/plain", tap, 5},
    {"tar/pax", tar, 5},
    {"tar/sparse10", tar, 5},
    {"tar/gnu", tar, 5},
    {"zip/two", zip, 4},
    {"xml/oval", xml, 4},
    {"ar/names", ar, 8},
};

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_auto_free char *path = plm_fs_join(PLM_TEST_DATA "/../../fuzz/corpus", rows[i].seed);
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        assert_int_equal(plm_fs_read(path, b.max, &b, NULL), 0);
        plm_sv data = plm_buf_sv(&b);
        size_t n = plm_test_sweep(rows[i].run, &data);
        if (n < rows[i].at_least)
            fail_msg("%s: only %zu allocations", rows[i].seed, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
