/* SPDX-License-Identifier: Apache-2.0
 *
 * The header blob as rpm databases store it (rpm docs/manual/format_header.md, lib/header.c):
 *
 *     u32be il, u32be dl, il entries {u32be tag, type, offset, count}, dl bytes of data
 *
 * without the 8 bytes of magic that package files have. Offsets are into the data. The first
 * entry is a region marker (tag 61 to 63), which only matters for signatures. Entries are not trusted to be
 * sorted; of a tag that stands twice the first counts. Types used here: 3 int16, 4 int32, 6 string, 8 string
 * array, 9 translated string. O(blob).
 */
#include "rpm_int.h"

enum {
    TAG_NAME = 1000,
    TAG_VERSION = 1001,
    TAG_RELEASE = 1002,
    TAG_EPOCH = 1003,
    TAG_INSTALLTIME = 1008,
    TAG_VENDOR = 1011,
    TAG_LICENSE = 1014,
    TAG_ARCH = 1022,
    TAG_FILESIZES = 1028,
    TAG_FILEMODES = 1030,
    TAG_FILEDIGESTS = 1035,
    TAG_FILEFLAGS = 1037,
    TAG_SOURCERPM = 1044,
    TAG_DIRINDEXES = 1116,
    TAG_BASENAMES = 1117,
    TAG_DIRNAMES = 1118,
    TAG_FILEDIGESTALGO = 5011,
    TAG_MODULARITYLABEL = 5096,
};
enum { TYPE_INT16 = 3, TYPE_INT32 = 4, TYPE_STRING = 6, TYPE_STRING_ARRAY = 8, TYPE_I18N = 9 };

/* As in rpm's hdrblobInit: more cannot be written by rpm. */
#define INDEX_MAX 0x10000u
#define DATA_MAX  0x10000000u

struct entry {
    uint32_t tag, type, offset, count;
};

/* The NUL-ended string at the start of data; false if none ends. */
static bool string_at(plm_sv data, plm_sv *out)
{
    size_t end = plm_sv_find(data, '\0');
    if (end == SIZE_MAX)
        return false;
    *out = plm_sv_sub(data, 0, end);
    return true;
}

/* The data of a tag; false if the type is not the wanted one or the count cannot fit. */
static bool data_of(const struct entry *e, plm_sv store, uint32_t type, plm_sv *out)
{
    if (e->offset > store.n || e->count == 0)
        return false;
    plm_sv data = plm_sv_from_off(store, e->offset);
    if (type == TYPE_INT32 || type == TYPE_INT16) {
        size_t width = type == TYPE_INT32 ? 4 : 2;
        if (e->type != type || e->count > data.n / width)
            return false;
        *out = plm_sv_sub(data, 0, (size_t)e->count * width);
        return true;
    }
    if (type == TYPE_STRING)
        return (e->type == TYPE_STRING || e->type == TYPE_I18N) && string_at(data, out);
    *out = data;
    return e->type == type && e->count <= data.n;
}

static uint32_t int_of(plm_sv data)
{
    struct plm_rd r = PLM_RD(data);
    return plm_rd_u32be(&r);
}

static const struct {
    uint32_t tag;
    size_t member;
} strings[] = {
    {TAG_NAME, offsetof(struct rpm_header, name)},
    {TAG_VERSION, offsetof(struct rpm_header, version)},
    {TAG_RELEASE, offsetof(struct rpm_header, release)},
    {TAG_VENDOR, offsetof(struct rpm_header, vendor)},
    {TAG_LICENSE, offsetof(struct rpm_header, license)},
    {TAG_ARCH, offsetof(struct rpm_header, arch)},
    {TAG_SOURCERPM, offsetof(struct rpm_header, source_rpm)},
    {TAG_MODULARITYLABEL, offsetof(struct rpm_header, modularity)},
};

/* What is recorded of the files, array beside array. Data that do not fit are left out: the package is
 * there all the same. */
static const struct {
    uint32_t tag, type;
    size_t data, count;
} file_arrays[] = {
    {TAG_FILESIZES, TYPE_INT32, offsetof(struct rpm_header, sizes), offsetof(struct rpm_header, n_sizes)},
    {TAG_FILEMODES, TYPE_INT16, offsetof(struct rpm_header, modes), offsetof(struct rpm_header, n_modes)},
    {TAG_FILEDIGESTS, TYPE_STRING_ARRAY, offsetof(struct rpm_header, digests),
     offsetof(struct rpm_header, n_digests)},
    {TAG_FILEFLAGS, TYPE_INT32, offsetof(struct rpm_header, flags), offsetof(struct rpm_header, n_flags)},
};

static void take_file_array(const struct entry *e, plm_sv store, struct rpm_header *h)
{
    plm_sv data;
    if (e->tag == TAG_FILEDIGESTALGO && data_of(e, store, TYPE_INT32, &data))
        h->digest_algorithm = int_of(data);
    for (size_t i = 0; i < sizeof(file_arrays) / sizeof(file_arrays[0]); i++) {
        if (e->tag != file_arrays[i].tag || !data_of(e, store, file_arrays[i].type, &data))
            continue;
        *(plm_sv *)(void *)((char *)h + file_arrays[i].data) = data;
        *(uint32_t *)(void *)((char *)h + file_arrays[i].count) = e->count;
    }
}

/* False if a tag that is wanted has data that do not fit. */
static bool take_entry(const struct entry *e, plm_sv store, struct rpm_header *h)
{
    plm_sv data;
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        if (e->tag != strings[i].tag)
            continue;
        plm_sv *member = (plm_sv *)(void *)((char *)h + strings[i].member);
        if (!data_of(e, store, TYPE_STRING, &data))
            return false;
        if (!member->p)
            *member = data;
        return true;
    }
    if (e->tag == TAG_EPOCH || e->tag == TAG_INSTALLTIME) {
        if (!data_of(e, store, TYPE_INT32, &data))
            return false;
        if (e->tag == TAG_INSTALLTIME) {
            h->install_time = int_of(data);
        } else if (!h->has_epoch) {
            h->has_epoch = true;
            h->epoch = int_of(data);
        }
    } else if (e->tag == TAG_BASENAMES) {
        h->n_basenames = e->count;
        return data_of(e, store, TYPE_STRING_ARRAY, &h->basenames);
    } else if (e->tag == TAG_DIRNAMES) {
        h->n_dirnames = e->count;
        return data_of(e, store, TYPE_STRING_ARRAY, &h->dirnames);
    } else if (e->tag == TAG_DIRINDEXES) {
        h->n_dir_indexes = e->count;
        return data_of(e, store, TYPE_INT32, &h->dir_indexes);
    }
    return true;
}

int plm_rpm_header_parse(plm_sv blob, struct rpm_header *out, plm_err **err)
{
    struct plm_rd r = PLM_RD(blob);
    uint32_t il = plm_rd_u32be(&r), dl = plm_rd_u32be(&r);
    if (r.failed || il == 0 || il > INDEX_MAX || dl > DATA_MAX)
        return plm_fail(err, PLM_E_PARSE, "no rpm header (%u entries, %u bytes)", il, dl);
    size_t index_bytes = (size_t)il * 16;
    if (plm_rd_left(&r) < index_bytes || plm_rd_left(&r) - index_bytes < dl)
        return plm_fail(err, PLM_E_PARSE,
                        "rpm header of %zu bytes ends before its %u entries and %u bytes of data", blob.n, il,
                        dl);
    plm_sv store = plm_sv_sub(blob, 8 + index_bytes, dl);
    struct rpm_header h = {0};
    for (uint32_t i = 0; i < il; i++) {
        struct entry e = {.tag = plm_rd_u32be(&r)};
        e.type = plm_rd_u32be(&r);
        e.offset = plm_rd_u32be(&r);
        e.count = plm_rd_u32be(&r);
        take_file_array(&e, store, &h);
        if (!take_entry(&e, store, &h))
            return plm_fail(err, PLM_E_PARSE, "tag %u of the rpm header lies outside of its data", e.tag);
    }
    if (!h.name.n || !h.version.n || !h.release.p)
        return plm_fail(err, PLM_E_PARSE, "rpm header without name, version or release");
    *out = h;
    return 0;
}

/* The arrays in step: one pass over the basenames; dirnames are found once and kept as offsets. */
static int put_files(const struct rpm_header *h, plm_sv key, struct plm_extract_out *out, plm_err **err)
{
    if (h->n_basenames == 0 || h->n_basenames != h->n_dir_indexes || h->n_dirnames == 0)
        return 0;
    plm_sv *dirs = plm_arena_array(out->arena, h->n_dirnames, sizeof(*dirs));
    if (!dirs)
        return plm_arena_check(out->arena, err);
    plm_sv rest = h->dirnames;
    for (uint32_t i = 0; i < h->n_dirnames; i++) {
        if (!string_at(rest, &dirs[i]))
            return plm_fail(err, PLM_E_PARSE, "directory names of the rpm header end early");
        rest = plm_sv_from_off(rest, dirs[i].n + 1);
    }
    plm_auto_done(plm_catalog_owned_done) struct catalog_owned o;
    plm_catalog_owned_begin(&o, out->limits);
    struct plm_rd index = PLM_RD(h->dir_indexes);
    rest = h->basenames;
    for (uint32_t i = 0; i < h->n_basenames; i++) {
        plm_sv base;
        uint32_t at = plm_rd_u32be(&index);
        if (!string_at(rest, &base) || at >= h->n_dirnames)
            return plm_fail(err, PLM_E_PARSE, "file names of the rpm header do not fit its directories");
        rest = plm_sv_from_off(rest, base.n + 1);
        plm_catalog_owned_add(&o, dirs[at], base);
    }
    return plm_catalog_owned_end(&o, key, &out->owned, err);
}

bool plm_rpm_nevra_split(plm_sv file, plm_sv *name, plm_sv *evr)
{
    static const char *const endings[] = {".src.rpm", ".nosrc.rpm", NULL};
    bool found = false;
    for (const char *const *s = endings; *s && !found; s++) {
        found = plm_sv_ends(file, plm_sv_from(*s));
        if (found)
            file = plm_sv_sub(file, 0, file.n - strlen(*s));
    }
    size_t release = plm_sv_rfind(file, '-');
    if (!found || release == SIZE_MAX)
        return false;
    size_t version = plm_sv_rfind(plm_sv_sub(file, 0, release), '-');
    if (version == SIZE_MAX || version == 0)
        return false;
    *name = plm_sv_sub(file, 0, version);
    *evr = plm_sv_from_off(file, version + 1);
    return true;
}

int plm_rpm_header_put(const struct rpm_header *h, struct catalog_writer *w, plm_err **err)
{
    if (plm_sv_is(h->name, "gpg-pubkey"))
        return 1;
    struct plm_arena *a = w->out->arena;
    plm_sv vr = plm_arena_printf(a, "%.*s-%.*s", PLM_SV_ARG(h->version), PLM_SV_ARG(h->release));
    plm_sv epoch = h->has_epoch && h->epoch ? plm_arena_printf(a, "%u:", h->epoch) : PLM_SV("");
    struct plm_package p = {.type = PLM_SV("rpm"),
                            .name = h->name,
                            .arch = h->arch,
                            .vendor = h->vendor,
                            .modularity = h->modularity,
                            .cataloger = PLM_SV("rpm"),
                            .installed_at = h->install_time};
    p.version = plm_arena_printf(a, "%.*s%.*s", PLM_SV_ARG(epoch), PLM_SV_ARG(vr));
    plm_sv source_evr, license = h->license;
    if (plm_rpm_nevra_split(h->source_rpm, &p.source_name, &source_evr)) {
        /* the source package's name leaves the epoch out; it is the binary's where the version is */
        p.source_version = plm_sv_eq(source_evr, vr) ? p.version : source_evr;
    } else {
        p.source_name = p.name;
        p.source_version = p.version;
    }
    if (license.n) {
        p.licenses.v = &license;
        p.licenses.n = 1;
    }
    plm_sv key = plm_arena_printf(a, "%.*s-%.*s.%.*s", PLM_SV_ARG(h->name), PLM_SV_ARG(p.version),
                                  PLM_SV_ARG(h->arch));
    if (plm_arena_check(a, err) < 0)
        return -1;
    if (!plm_catalog_put(w, "rpm.too-many", &p))
        return 0;
    return put_files(h, key, w->out, err) < 0 ? -1 : 1;
}
