/* SPDX-License-Identifier: Apache-2.0
 *
 * Licenses of Debian packages, which the dpkg database does not hold: usr/share/doc/NAME/copyright.
 *
 * Where the file is machine-readable (DEP-5, "Format:" in its first stanza) the short names of
 * all License fields; else the names of the texts in /usr/share/common-licenses that it refers
 * to. Best effort: what neither way finds is left unknown. Its extractor is not among plm_extractors: it runs
 * only where someone adds it. O(file).
 */
#include "catalog_int.h"
#include "codec/deb822.h"

#define COMMON "/usr/share/common-licenses/"

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '+';
}

/* "GPL-2+ or Artistic": one expression a field, as it is written. */
static void from_fields(struct plm_deb822 it, struct plm_arena *a, plm_sv_vec *out)
{
    while (plm_deb822_next(&it)) {
        plm_sv value = plm_deb822_get(it.stanza, "License"), name, rest;
        plm_sv_cut(value, '\n', &name, &rest);
        name = plm_sv_trim(name);
        if (name.n)
            plm_sv_vec_add(a, out, name);
    }
}

static void from_references(plm_sv text, struct plm_arena *a, plm_sv_vec *out)
{
    for (size_t at; (at = plm_sv_find_sv(text, PLM_SV(COMMON))) != SIZE_MAX;) {
        text = plm_sv_from_off(text, at + sizeof(COMMON) - 1);
        size_t n = 0;
        while (n < text.n && is_name_byte(text.p[n]))
            n++;
        plm_sv name = plm_sv_sub(text, 0, n);
        while (name.n && name.p[name.n - 1] == '.') /* the end of a sentence */
            name.n--;
        if (name.n)
            plm_sv_vec_add(a, out, name);
    }
}

static int license_extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out,
                           plm_err **err)
{
    plm_sv dir = plm_sv_sub(e->path, 0, plm_sv_rfind(e->path, '/'));
    struct plm_package p = {.type = PLM_SV("deb"), .name = plm_catalog_basename(dir)};
    struct plm_deb822 it = PLM_DEB822(content), first = it;
    if (plm_deb822_next(&first) && plm_deb822_get(first.stanza, "Format").n)
        from_fields(it, out->arena, &p.licenses);
    else
        from_references(content, out->arena, &p.licenses);
    if (plm_arena_check(out->arena, err) < 0)
        return -1;
    plm_sv_vec_sort_unique(&p.licenses);
    if (p.licenses.n)
        plm_package_encode(&out->facts, &p);
    return 0;
}

static const char *const globs[] = {"usr/share/doc/*/copyright", NULL};

const struct plm_extractor plm_dpkg_license_extractor = {
    .id = "dpkg-license",
    .summary = "copyright files of Debian packages",
    .version = 1,
    .globs = globs,
    .max_bytes = PLM_MIB(4),
    .extract = license_extract,
};
static const struct plm_cataloger dpkg_license = {
    .id = "dpkg-license",
    .summary = "Licenses of Debian and Ubuntu packages, from their copyright files",
    .type = "deb",
    .extractor = &plm_dpkg_license_extractor,
    .on_request = true,
};
PLM_REGISTER(plm_catalogers, struct plm_cataloger, dpkg_license);
