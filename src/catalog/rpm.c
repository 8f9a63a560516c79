/* SPDX-License-Identifier: Apache-2.0
 *
 * RPM packages: the database in usr/lib/sysimage/rpm or var/lib/rpm, in any of rpm's three
 * formats, told apart by their first bytes (rpm_sqlite.c, rpm_ndb.c, rpm_bdb.c), and its
 * replacement in images without a package manager:
 *
 * - var/lib/rpmmanifest/container-manifest-2 (distroless Azure Linux, CBL-Mariner): a line a package, fields
 *   by tab: name, version-release, install time, build time, vendor, "(none)", size, arch, epoch, source rpm.
 * - container-manifest-1 repeats the names as name-version-release.arch; plm_catalog_collect uses it only
 *   where the other is missing.
 *
 * A write-ahead log beside rpmdb.sqlite that holds frames is not applied: the newest changes
 * may be missing, which is a diagnostic (rpm.wal-not-read). Broken headers are reported with
 * their offset; the others are kept.
 */
#include "rpm_int.h"

struct reader {
    struct catalog_writer writer;
    struct catalog_faults faults;
    plm_err *failed; /* an error that is not the file's: out of memory, record full */
};

static void on_bad(void *arg, size_t offset, const char *what)
{
    struct reader *r = arg;
    plm_catalog_bad(&r->faults, offset, what);
}

static bool on_blob(void *arg, plm_sv blob, size_t offset)
{
    struct reader *r = arg;
    struct rpm_header h;
    plm_err *e = NULL;
    int more = plm_rpm_header_parse(blob, &h, &e);
    if (more == 0)
        more = plm_rpm_header_put(&h, &r->writer, &e);
    if (more < 0 && plm_err_code(e) == PLM_E_PARSE) {
        plm_catalog_bad(&r->faults, offset, e->message);
        plm_err_free(e);
        return true;
    }
    if (more < 0)
        r->failed = e;
    return more > 0;
}

int plm_rpm_database_read(plm_sv content, struct rpm_sink *sink, plm_err **err)
{
    static const struct {
        bool (*is)(plm_sv file);
        int (*read)(plm_sv file, struct rpm_sink *s, plm_err **err);
    } formats[] = {{plm_rpm_sqlite_is, plm_rpm_sqlite_read},
                   {plm_rpm_ndb_is, plm_rpm_ndb_read},
                   {plm_rpm_bdb_is, plm_rpm_bdb_read}};
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (formats[i].is(content))
            return formats[i].read(content, sink, err);
    if (content.n == 0)
        return 0; /* created by a package manager that then wrote another format */
    return plm_fail(err, PLM_E_PARSE, "neither SQLite, NDB nor Berkeley DB");
}

static int read_database(plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    struct reader r = {.writer = {.out = out}, .faults = {.out = out, .code = "rpm.malformed"}};
    struct rpm_sink sink = {.arg = &r, .budget = content.n, .blob = on_blob, .bad = on_bad};
    int rc = plm_rpm_database_read(content, &sink, err);
    plm_catalog_bad_end(&r.faults);
    if (r.failed && rc == 0)
        return plm_err_move(err, &r.failed);
    plm_err_free(r.failed);
    return rc;
}

/* One line "name-version-release.arch" of container-manifest-1. */
static bool split_nevra(plm_sv line, struct rpm_header *h)
{
    size_t dot = plm_sv_rfind(line, '.');
    size_t release = plm_sv_rfind(plm_sv_sub(line, 0, dot), '-');
    if (dot == SIZE_MAX || release == SIZE_MAX)
        return false;
    size_t version = plm_sv_rfind(plm_sv_sub(line, 0, release), '-');
    if (version == SIZE_MAX || version == 0)
        return false;
    *h = (struct rpm_header){.name = plm_sv_sub(line, 0, version),
                             .version = plm_sv_sub(line, version + 1, release - version - 1),
                             .release = plm_sv_sub(line, release + 1, dot - release - 1),
                             .arch = plm_sv_from_off(line, dot + 1)};
    return true;
}

/* One line of container-manifest-2. */
static bool split_fields(plm_sv line, struct rpm_header *h)
{
    plm_sv f[10];
    size_t n = 0;
    while (n < 10 && plm_sv_field(&line, '\t', &f[n]))
        n++;
    size_t dash = n == 10 ? plm_sv_rfind(f[1], '-') : SIZE_MAX;
    if (dash == SIZE_MAX || dash == 0 || f[0].n == 0)
        return false;
    *h = (struct rpm_header){.name = f[0],
                             .version = plm_sv_sub(f[1], 0, dash),
                             .release = plm_sv_from_off(f[1], dash + 1),
                             .vendor = f[4],
                             .arch = f[7],
                             .source_rpm = plm_sv_trim(f[9])};
    uint64_t epoch = 0, installed = 0;
    h->has_epoch = plm_sv_u64(f[8], &epoch) && epoch <= UINT32_MAX;
    h->epoch = h->has_epoch ? (uint32_t)epoch : 0;
    h->install_time = plm_sv_u64(f[2], &installed) && installed <= UINT32_MAX ? (uint32_t)installed : 0;
    return true;
}

static int read_manifest(bool (*split)(plm_sv line, struct rpm_header *h), plm_sv text,
                         struct plm_extract_out *out, plm_err **err)
{
    struct reader r = {.writer = {.out = out}, .faults = {.out = out, .code = "rpm.malformed"}};
    plm_sv rest = text, line;
    while (plm_sv_line(&rest, &line)) {
        if (plm_sv_trim(line).n == 0)
            continue;
        struct rpm_header h;
        if (!split(line, &h)) {
            plm_catalog_bad(&r.faults, (size_t)(line.p - text.p),
                            "line is no package of a container manifest");
            continue;
        }
        int more = plm_rpm_header_put(&h, &r.writer, err);
        if (more < 0)
            return -1;
        if (more == 0)
            break;
    }
    plm_catalog_bad_end(&r.faults);
    return 0;
}

static int rpm_extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    if (plm_sv_ends(e->path, PLM_SV("-wal"))) {
        /* 32 bytes of header, then frames of 24 bytes and a page */
        if (content.n > 32 + 24)
            out->diag(
                out, "rpm.wal-not-read", PLM_SEV_HIGH,
                "the write-ahead log holds %zu bytes that are not applied: the newest changes may be missing",
                content.n);
        return 0;
    }
    if (plm_sv_has(e->path, PLM_SV("/rpmmanifest/")))
        return read_manifest(plm_sv_ends(e->path, PLM_SV("-1")) ? split_nevra : split_fields, content, out,
                             err);
    return read_database(content, out, err);
}

static const char *const globs[] = {"usr/lib/sysimage/rpm/rpmdb.sqlite",
                                    "usr/lib/sysimage/rpm/rpmdb.sqlite-wal",
                                    "usr/lib/sysimage/rpm/Packages.db",
                                    "usr/lib/sysimage/rpm/Packages",
                                    "var/lib/rpm/rpmdb.sqlite",
                                    "var/lib/rpm/rpmdb.sqlite-wal",
                                    "var/lib/rpm/Packages.db",
                                    "var/lib/rpm/Packages",
                                    "var/lib/rpmmanifest/container-manifest-1",
                                    "var/lib/rpmmanifest/container-manifest-2",
                                    NULL};

static const struct plm_extractor extractor = {
    .id = "rpm",
    .summary = "rpm databases (SQLite, NDB, Berkeley DB) and container manifests",
    .version = 1,
    .globs = globs,
    .max_bytes = PLM_MIB(256),
    .extract = rpm_extract,
};
PLM_REGISTER(plm_extractors, struct plm_extractor, extractor);

static const struct plm_cataloger rpm = {
    .id = "rpm",
    .summary = "RPM packages (rpmdb in SQLite, NDB or Berkeley DB format, container manifests)",
    .type = "rpm",
    .extractor = &extractor,
};
PLM_REGISTER(plm_catalogers, struct plm_cataloger, rpm);
