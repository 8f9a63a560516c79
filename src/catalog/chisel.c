/* SPDX-License-Identifier: Apache-2.0
 *
 * Ubuntu packages cut to slices: the manifest that Chisel leaves in an image
 * (github.com/canonical/chisel, public/manifest and public/jsonwall): zstd, then one JSON object a line.
 *
 *     {"jsonwall":"1.0","schema":"1.0","count":42}
 *     {"kind":"package","name":"openssl","version":"3.0.2-0ubuntu1.18","sha256":"...","arch":"amd64"}
 *     {"kind":"slice","name":"openssl_config"}
 *     {"kind":"content","slice":"openssl_config","path":"/etc/ssl/openssl.cnf"}
 *
 * The manifest does not say from which source a package was built: the source is left unknown,
 * which plm_catalog_collect reports unless another database knows it. Package names have no
 * '_', so a slice's package ends at the first. Lines are sorted, the content of a package stands together.
 * O(file).
 */
#include "catalog_int.h"
#include "codec/json.h"
#include "codec/stream.h"

struct reader {
    struct catalog_writer writer;
    struct catalog_faults faults;
    struct catalog_owned owned;
    struct plm_buf owner; /* the package whose content is being read; empty: none */
    bool more;
};

static int end_owner(struct reader *r, plm_err **err)
{
    int rc =
        r->owner.n ? plm_catalog_owned_end(&r->owned, plm_buf_sv(&r->owner), &r->writer.out->owned, err) : 0;
    plm_buf_clear(&r->owner);
    return rc;
}

static int on_content(struct reader *r, yyjson_val *line, plm_err **err)
{
    plm_sv package, rest, path = plm_json_str(line, "path", NULL);
    plm_sv_cut(plm_json_str(line, "slice", NULL), '_', &package, &rest);
    if (package.n == 0 || path.n == 0 || path.p[path.n - 1] == '/')
        return 0;
    if (!plm_sv_eq(package, plm_buf_sv(&r->owner))) {
        if (end_owner(r, err) < 0)
            return -1;
        plm_catalog_owned_begin(&r->owned, r->writer.out->limits);
        plm_buf_sv_put(&r->owner, package);
    }
    plm_catalog_owned_add(&r->owned, PLM_SV(""), path);
    return plm_buf_check(&r->owner, err);
}

static int on_line(struct reader *r, plm_sv line, size_t offset, plm_err **err)
{
    plm_err *fault = NULL;
    plm_auto(plm_json_free) struct plm_json *doc =
        plm_json_parse(line, "line", r->writer.out->limits, &fault);
    if (!doc) {
        if (plm_err_code(fault) == PLM_E_OOM)
            return plm_err_move(err, &fault);
        plm_catalog_bad(&r->faults, offset, "line is no JSON object");
        plm_err_free(fault);
        return 0;
    }
    yyjson_val *root = plm_json_root(doc);
    plm_sv kind = plm_json_str(root, "kind", NULL);
    if (plm_sv_is(kind, "content"))
        return on_content(r, root, err);
    if (!plm_sv_is(kind, "package"))
        return 0;
    struct plm_package p = {.type = PLM_SV("deb"),
                            .name = plm_json_str(root, "name", NULL),
                            .version = plm_json_str(root, "version", NULL),
                            .arch = plm_json_str(root, "arch", NULL),
                            .cataloger = PLM_SV("chisel")};
    if (!p.name.n || !p.version.n)
        plm_catalog_bad(&r->faults, offset, "package without name or version");
    else
        r->more = plm_catalog_put(&r->writer, "chisel.too-many", &p);
    return 0;
}

static int chisel_extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out,
                          plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF((size_t)out->limits->file_bytes);
    (void)e;
    if (plm_decompress(content, "manifest.wall", (size_t)out->limits->file_bytes, &text, err) < 0)
        return -1;
    struct reader r = {.writer = {.out = out},
                       .faults = {.out = out, .code = "chisel.malformed"},
                       .owner = PLM_BUF(PLM_KIB(64)),
                       .more = true};
    plm_sv rest = plm_buf_sv(&text), line, all = rest;
    int rc = 0;
    while (rc == 0 && r.more && plm_sv_line(&rest, &line))
        if (line.n)
            rc = on_line(&r, line, (size_t)(line.p - all.p), err);
    if (rc == 0)
        rc = end_owner(&r, err);
    plm_catalog_bad_end(&r.faults);
    plm_catalog_owned_done(&r.owned);
    plm_buf_done(&r.owner);
    return rc;
}

static const char *const globs[] = {"var/lib/chisel/manifest.wall", NULL};

static const struct plm_extractor extractor = {
    .id = "chisel",
    .summary = "manifests of images cut by Chisel",
    .version = 1,
    .globs = globs,
    .max_bytes = PLM_MIB(64),
    .extract = chisel_extract,
};
PLM_REGISTER(plm_extractors, struct plm_extractor, extractor);

static const struct plm_cataloger chisel = {
    .id = "chisel",
    .summary = "Ubuntu packages in chiselled images (manifest.wall)",
    .type = "deb",
    .extractor = &extractor,
};
PLM_REGISTER(plm_catalogers, struct plm_cataloger, chisel);
