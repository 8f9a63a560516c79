/* SPDX-License-Identifier: Apache-2.0
 *
 * Zip reader: archives made here byte by byte; those of Python's zipfile are read in
 * tests/e2e/test_db.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "codec/zip.h"

#include <zlib.h>

struct member {
    const char *name, *text;
    uint16_t method, flags;
    uint32_t crc_error;
    uint64_t size; /* as claimed; 0: the truth */
    bool zip64;
};

/* Raw deflate by zlib: another implementation than the reader's. */
static void deflate_put(struct plm_buf *b, plm_sv s)
{
    unsigned char out[4096];
    z_stream z = {0};
    unsigned char in[1024];
    assert_true(s.n <= sizeof(in));
    memcpy(in, s.p, s.n);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = in;
    z.avail_in = (uInt)s.n;
    z.next_out = out;
    z.avail_out = sizeof(out);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    plm_buf_put(b, out, z.total_out);
    deflateEnd(&z);
}

static void archive(struct plm_buf *b, const struct member *m, size_t n)
{
    plm_auto_done(plm_buf_done) struct plm_buf central = PLM_BUF(PLM_MIB(1));
    for (size_t i = 0; i < n; i++) {
        plm_sv text = plm_sv_from(m[i].text), name = plm_sv_from(m[i].name);
        uint32_t at = (uint32_t)b->n, crc = (uint32_t)crc32(0, (const unsigned char *)text.p, (uInt)text.n);
        plm_buf_str(b, "PK\003\004");
        for (int k = 0; k < 22; k++)
            plm_buf_byte(b, 0xee); /* nothing in it may matter */
        plm_buf_u16le(b, (uint16_t)name.n);
        plm_buf_u16le(b, 3);
        plm_buf_sv_put(b, name);
        plm_buf_str(b, "xyz");
        size_t from = b->n;
        if (m[i].method == 8)
            deflate_put(b, text);
        else
            plm_buf_sv_put(b, text);
        uint64_t packed = b->n - from, size = m[i].size ? m[i].size : text.n;
        plm_buf_str(&central, "PK\001\002");
        plm_buf_u32le(&central, 0);
        plm_buf_u16le(&central, m[i].flags);
        plm_buf_u16le(&central, m[i].method);
        plm_buf_u32le(&central, 0);
        plm_buf_u32le(&central, crc ^ m[i].crc_error);
        plm_buf_u32le(&central, m[i].zip64 ? UINT32_MAX : (uint32_t)packed);
        plm_buf_u32le(&central, m[i].zip64 ? UINT32_MAX : (uint32_t)size);
        plm_buf_u16le(&central, (uint16_t)name.n);
        plm_buf_u16le(&central, m[i].zip64 ? 28 : 0);
        plm_buf_u16le(&central, 0);
        plm_buf_u32le(&central, 0);
        plm_buf_u32le(&central, 0);
        plm_buf_u32le(&central, m[i].zip64 ? UINT32_MAX : at);
        plm_buf_sv_put(&central, name);
        if (m[i].zip64) {
            plm_buf_u16le(&central, 1);
            plm_buf_u16le(&central, 24);
            plm_buf_u64le(&central, size);
            plm_buf_u64le(&central, packed);
            plm_buf_u64le(&central, at);
        }
    }
    uint32_t at = (uint32_t)b->n;
    plm_buf_sv_put(b, plm_buf_sv(&central));
    plm_buf_str(b, "PK\005\006");
    plm_buf_u32le(b, 0);
    plm_buf_u16le(b, (uint16_t)n);
    plm_buf_u16le(b, (uint16_t)n);
    plm_buf_u32le(b, (uint32_t)central.n);
    plm_buf_u32le(b, at);
    plm_buf_u16le(b, 7);
    plm_buf_str(b, "comment");
}

/* Contents of the first member, or the code of the error. */
static enum plm_code first(plm_sv data, struct plm_buf *out, uint64_t max)
{
    plm_err *err = NULL;
    enum plm_code code = 0;
    struct plm_zip_entry e;
    plm_auto(plm_zip_free) struct plm_zip *z = plm_zip_new(data, "t.zip", &plm_limits_default, &err);
    int r = z ? plm_zip_next(z, &e, &err) : -1;
    if (r == 0)
        code = PLM_E_EMPTY;
    else if (r < 0 || plm_zip_read(z, &e, max, out, &err) < 0)
        code = plm_err_code(err);
    plm_err_free(err);
    return code;
}

static void test_members(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    const struct member m[] = {{.name = "a.json", .text = "{\"a\": 1}"},
                               {.name = "dir/", .text = ""},
                               {.name = "dir/b.json", .text = "bbbbbbbbbbbbbbbbbbbbbbbbbbb", .method = 8},
                               {.name = "empty", .text = "", .method = 8},
                               {.name = "big", .text = "zip64 fields", .zip64 = true, .method = 8}};
    archive(&b, m, 5);
    assert_true(plm_zip_sniff(plm_buf_sv(&b)));
    plm_err *err = NULL;
    plm_auto(plm_zip_free) struct plm_zip *z =
        plm_zip_new(plm_buf_sv(&b), "t.zip", &plm_limits_default, &err);
    assert_non_null(z);
    struct plm_zip_entry e;
    for (size_t i = 0; i < 5; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(1000);
        assert_int_equal(plm_zip_next(z, &e, &err), 1);
        assert_true(plm_sv_is(e.name, m[i].name));
        assert_int_equal(e.is_dir, i == 1);
        assert_int_equal(plm_zip_read(z, &e, 1000, &out, &err), 0);
        assert_true(plm_sv_is(plm_buf_sv(&out), m[i].text));
    }
    assert_int_equal(plm_zip_next(z, &e, &err), 0);
    assert_int_equal(plm_zip_next(z, &e, &err), 0);
}

static void refused(struct member m, uint64_t max, enum plm_code code)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1)), out = PLM_BUF(PLM_MIB(1));
    archive(&b, &m, 1);
    assert_int_equal(first(plm_buf_sv(&b), &out, max), code);
    assert_int_equal(out.n, code ? 0 : strlen(m.text));
}

static void test_lies_and_limits(void **state)
{
    (void)state;
    refused((struct member){.name = "x", .text = "text"}, 4, 0);
    refused((struct member){.name = "x", .text = "text"}, 3, PLM_E_LIMIT);
    refused((struct member){.name = "x", .text = "text", .crc_error = 1}, 100, PLM_E_PARSE);
    refused((struct member){.name = "x", .text = "text", .method = 8, .size = 3}, 100, PLM_E_PARSE);
    refused((struct member){.name = "x", .text = "text", .method = 8, .size = 5}, 100, PLM_E_PARSE);
    refused((struct member){.name = "x", .text = "text", .size = 5}, 100, PLM_E_PARSE);
    refused((struct member){.name = "x", .text = "text", .method = 12}, 100, PLM_E_UNSUPPORTED);
    refused((struct member){.name = "x", .text = "text", .flags = 1}, 100, PLM_E_UNSUPPORTED);
    refused((struct member){.name = "x", .text = "text", .method = 8, .size = 1u << 30}, UINT32_MAX,
            PLM_E_LIMIT);
}

static void test_every_truncation_and_flip(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    const struct member m[] = {
        {.name = "a", .text = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", .method = 8, .zip64 = true}};
    archive(&b, m, 1);
    for (size_t n = 0; n + 7 < b.n; n++) { /* an exact copy: a read past its end is seen by the sanitizer */
        plm_auto_free char *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, b.p, n);
        plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(1000);
        assert_int_not_equal(first(plm_sv_n(copy, n), &out, 1000), 0);
    }
    for (size_t i = 0; i < b.n * 8; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(1000);
        b.p[i / 8] ^= (char)(1 << i % 8);
        if (first(plm_buf_sv(&b), &out, 1000) == 0)
            assert_true(plm_sv_is(plm_buf_sv(&out), m[0].text));
        b.p[i / 8] ^= (char)(1 << i % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_lies_and_limits),
        cmocka_unit_test(test_every_truncation_and_flip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
