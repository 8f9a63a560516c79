/* SPDX-License-Identifier: Apache-2.0
 *
 * Alpine packages: lib/apk/db/installed (usr/lib/apk/db since Alpine 3.23, Wolfi, Chainguard),
 * the format of apk-tools 2 and 3 (apk_db.c: one letter, a colon, a value per line; a blank
 * line ends a package).
 *
 * P name, V version, A architecture, L license expression, o origin (source package; its
 * version is the package's, as one APKBUILD builds all), F directory, R file in it. Other letters are not
 * needed here. A package without name or version is reported with its offset. O(file).
 */
#include "catalog_int.h"

struct reader {
    struct catalog_writer writer;
    struct catalog_faults faults;
    struct catalog_owned owned;
    struct plm_package p;
    plm_sv license, dir;
    size_t offset;
    bool any;
};

/* 1 to go on, 0 once no more packages may come, -1. */
static int end_package(struct reader *r, plm_err **err)
{
    if (!r->any)
        return 1;
    struct plm_package *p = &r->p;
    if (!p->name.n || !p->version.n) {
        plm_catalog_bad(&r->faults, r->offset,
                        p->name.n ? "package without version" : "package without name");
        plm_catalog_owned_done(&r->owned);
    } else {
        p->type = PLM_SV("apk");
        p->cataloger = PLM_SV("apk");
        if (!p->source_name.n)
            p->source_name = p->name;
        p->source_version = p->version;
        if (r->license.n) {
            p->licenses.v = &r->license;
            p->licenses.n = 1;
        }
        if (!plm_catalog_put(&r->writer, "apk.too-many", p))
            return 0;
        if (plm_catalog_owned_end(&r->owned, p->name, &r->writer.out->owned, err) < 0)
            return -1;
    }
    r->p = (struct plm_package){0};
    r->license = r->dir = PLM_SV_NULL;
    r->any = false;
    return 1;
}

static void set_field(struct reader *r, char letter, plm_sv value)
{
    switch (letter) {
    case 'P':
        r->p.name = value;
        break;
    case 'V':
        r->p.version = value;
        break;
    case 'A':
        r->p.arch = value;
        break;
    case 'o':
        r->p.source_name = value;
        break;
    case 'L':
        r->license = value;
        break;
    case 'F':
        r->dir = value;
        break;
    case 'R':
        plm_catalog_owned_add(&r->owned, r->dir, value);
        break;
    default: /* letters of no interest, and those that apk will invent */
        break;
    }
}

static int apk_extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    (void)e;
    struct reader r = {.writer = {.out = out}, .faults = {.out = out, .code = "apk.malformed"}};
    plm_sv rest = content, line;
    int more = 1;
    while (more > 0 && plm_sv_line(&rest, &line)) {
        size_t offset = (size_t)(line.p - content.p);
        if (line.n == 0) {
            more = end_package(&r, err);
            continue;
        }
        if (line.n < 2 || line.p[1] != ':') {
            plm_catalog_bad(&r.faults, offset, "line does not begin with a letter and a colon");
            continue;
        }
        if (!r.any) {
            r.any = true;
            r.offset = offset;
            plm_catalog_owned_begin(&r.owned, out->limits);
        }
        set_field(&r, line.p[0], plm_sv_from_off(line, 2));
    }
    if (more > 0)
        more = end_package(&r, err);
    plm_catalog_owned_done(&r.owned);
    if (content.n && content.p[content.n - 1] != '\n') /* apk ends every line */
        plm_catalog_bad(&r.faults, content.n, "cut off within a line");
    plm_catalog_bad_end(&r.faults);
    return more < 0 ? -1 : 0;
}

static const char *const globs[] = {"lib/apk/db/installed", "usr/lib/apk/db/installed", NULL};

static const struct plm_extractor extractor = {
    .id = "apk",
    .summary = "the installed database of apk-tools",
    .version = 2,
    .globs = globs,
    .max_bytes = PLM_MIB(64),
    .extract = apk_extract,
};
PLM_REGISTER(plm_extractors, struct plm_extractor, extractor);

static const struct plm_cataloger apk = {
    .id = "apk",
    .summary = "Alpine, Wolfi and Chainguard packages",
    .type = "apk",
    .extractor = &extractor,
};
PLM_REGISTER(plm_catalogers, struct plm_cataloger, apk);
