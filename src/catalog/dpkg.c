/* SPDX-License-Identifier: Apache-2.0
 *
 * Debian packages: the status database of dpkg (deb-control(5), dpkg(1)), its relatives, and
 * the lists of owned files beside it.
 *
 * - var/lib/dpkg/status: stanzas; only packages whose state leaves files unpacked are installed
 *   (installed, unpacked, half-*, triggers-*); config-files and not-installed are not. The
 *   source package is "Source: name (version)", absent where it equals the package; a binary
 *   rebuild (+bN) so keeps the version of its source.
 * - var/lib/dpkg/status.d/NAME (distroless images): one stanza a file without Status, the file
 *   name may be encoded; NAME.md5sums lists the files.
 * - opkg's status (usr/lib/opkg, var/lib/opkg): the same stanzas, type "opkg".
 * - info/NAME[:ARCH].list: owned paths, directories too. A line that the next line continues
 *   with '/' is a directory; empty directories stay in the list.
 *
 * A broken stanza is reported with its offset and the others are kept. O(file).
 */
#include "catalog_int.h"
#include "codec/deb822.h"

static bool in_words(plm_sv word, const char *const *words)
{
    for (; *words; words++)
        if (plm_sv_is(word, *words))
            return true;
    return false;
}

/* The third word of "want flag state". */
static plm_sv state_of(plm_sv status)
{
    plm_sv word = PLM_SV_NULL, state = PLM_SV_NULL;
    for (unsigned i = 0; i < 3 && plm_sv_word(&status, &word); i++)
        state = i == 2 ? word : PLM_SV_NULL;
    return state;
}

static bool is_installed(plm_sv state)
{
    static const char *const installed[] = {
        "installed",        "unpacked", "half-configured", "half-installed", "triggers-awaited",
        "triggers-pending", NULL};
    return in_words(state, installed);
}

/* "glibc (2.31-13)" or "glibc". */
static void set_source(struct plm_package *p, plm_sv source)
{
    plm_sv name, rest;
    plm_sv_cut(source, '(', &name, &rest);
    name = plm_sv_trim(name);
    size_t end = plm_sv_find(rest, ')');
    plm_sv version = end == SIZE_MAX ? PLM_SV("") : plm_sv_trim(plm_sv_sub(rest, 0, end));
    p->source_name = name.n ? name : p->name;
    p->source_version = version.n ? version : p->version;
}

enum { F_PACKAGE, F_VERSION, F_ARCH, F_SOURCE, F_STATUS, F_COUNT };
static const char *const names[F_COUNT] = {"Package", "Version", "Architecture", "Source", "Status"};

/* False once no more packages may come. */
static bool read_stanza(const plm_sv *f, size_t offset, const char *type, struct catalog_writer *w,
                        struct catalog_faults *faults)
{
    plm_sv state = f[F_STATUS].p ? state_of(f[F_STATUS]) : PLM_SV("installed");
    const char *fault = !f[F_PACKAGE].n                              ? "stanza without Package"
                        : !state.n                                   ? "Status is not three words"
                        : is_installed(state) && f[F_VERSION].n == 0 ? "installed package without Version"
                                                                     : NULL;
    if (fault)
        plm_catalog_bad(faults, offset, fault);
    if (fault || !is_installed(state))
        return true;
    struct plm_package p = {.type = plm_sv_from(type),
                            .name = f[F_PACKAGE],
                            .version = f[F_VERSION],
                            .arch = f[F_ARCH],
                            .status = state,
                            .cataloger = PLM_SV("dpkg")};
    set_source(&p, f[F_SOURCE]);
    return plm_catalog_put(w, "dpkg.too-many", &p);
}

static int read_status(plm_sv text, const char *type, bool is_database, struct plm_extract_out *out)
{
    struct catalog_writer w = {.out = out};
    struct catalog_faults faults = {.out = out, .code = "dpkg.malformed"};
    struct plm_deb822 it = PLM_DEB822(text);
    while (plm_deb822_next(&it)) {
        plm_sv f[F_COUNT];
        size_t offset = (size_t)(it.stanza.p - text.p);
        if (plm_deb822_pick(it.stanza, names, f, F_COUNT) > 0)
            plm_catalog_bad(&faults, offset, "stanza with a line that is neither a field nor a continuation");
        if (!read_stanza(f, offset, type, &w, &faults))
            break;
    }
    /* dpkg ends every line; the files of status.d are made by others */
    if (is_database && text.n && text.p[text.n - 1] != '\n')
        plm_catalog_bad(&faults, text.n, "cut off within a line");
    plm_catalog_bad_end(&faults);
    return 0;
}

/* info/NAME.list: one absolute path a line. */
static int read_list(plm_sv key, plm_sv text, struct plm_extract_out *out, plm_err **err)
{
    plm_auto_done(plm_catalog_owned_done) struct catalog_owned o;
    plm_catalog_owned_begin(&o, out->limits);
    plm_sv line = PLM_SV_NULL, next;
    bool more = plm_sv_line(&text, &line);
    while (more) {
        more = plm_sv_line(&text, &next);
        bool is_dir = line.n == 0 || plm_sv_is(line, "/.") ||
                      (more && next.n > line.n && plm_sv_starts(next, line) && next.p[line.n] == '/');
        if (!is_dir)
            plm_catalog_owned_add(&o, PLM_SV(""), line);
        line = next;
    }
    return plm_catalog_owned_end(&o, key, &out->owned, err);
}

/* status.d/NAME.md5sums: "<32 hex digits>  path". */
static int read_md5sums(plm_sv key, plm_sv text, struct plm_extract_out *out, plm_err **err)
{
    plm_auto_done(plm_catalog_owned_done) struct catalog_owned o;
    plm_catalog_owned_begin(&o, out->limits);
    plm_sv line, sum;
    while (plm_sv_line(&text, &line))
        if (plm_sv_word(&line, &sum))
            plm_catalog_owned_add(&o, PLM_SV(""), plm_sv_trim(line));
    return plm_catalog_owned_end(&o, key, &out->owned, err);
}

static int dpkg_extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    plm_sv base = plm_catalog_basename(e->path);
    if (plm_sv_has(e->path, PLM_SV("/info/")))
        return read_list(plm_sv_sub(base, 0, base.n - 5), content, out, err);
    if (plm_sv_ends(base, PLM_SV(".md5sums")))
        return read_md5sums(plm_sv_sub(base, 0, base.n - 8), content, out, err);
    return read_status(content, plm_sv_has(e->path, PLM_SV("/opkg/")) ? "opkg" : "deb",
                       !plm_sv_has(e->path, PLM_SV("/status.d/")), out);
}

static const char *const globs[] = {
    "var/lib/dpkg/status", "var/lib/dpkg/status.d/*",  "var/lib/dpkg/info/*.list", "usr/lib/opkg/status",
    "var/lib/opkg/status", "usr/lib/opkg/info/*.list", "var/lib/opkg/info/*.list", NULL};

static const struct plm_extractor extractor = {
    .id = "dpkg",
    .summary = "dpkg and opkg status databases, distroless status.d, file lists",
    .version = 2,
    .globs = globs,
    .max_bytes = PLM_MIB(64),
    .extract = dpkg_extract,
};
PLM_REGISTER(plm_extractors, struct plm_extractor, extractor);

static const struct plm_cataloger dpkg = {
    .id = "dpkg",
    .summary = "Debian and Ubuntu packages (dpkg, distroless status.d), OpenWrt packages (opkg)",
    .type = "deb",
    .extractor = &extractor,
};
PLM_REGISTER(plm_catalogers, struct plm_cataloger, dpkg);
