/* SPDX-License-Identifier: Apache-2.0
 *
 * Which distribution: os-release(5), and what came before it or stands beside it.
 *
 * Each file gives one struct plm_distro (plm_distro_encode) as it says it, without judgement;
 * plm_catalog_collect takes the best file and lets the others fill gaps (debian_version knows
 * "forky/sid", alpine-release knows "_alpha"), distro.c makes the ecosystem of it.
 *
 * - os-release: KEY=value lines in shell quoting; the last assignment of a key counts.
 * - lsb-release: the same with DISTRIB_ keys.
 * - debian_version: "12.5" or "forky/sid"; alpine-release: "3.19.1".
 * - the *-release files of the RPM world: one line, "NAME release VERSION (CODENAME)".
 * - SuSE-release: a name, then VERSION = 11 and PATCHLEVEL = 4.
 * O(file); all of them are small.
 */
#include "catalog_int.h"

/* Shell quoting as os-release(5) has it: 'x', "x" with backslashes, or bare. */
static plm_sv unquote(struct plm_arena *a, plm_sv v)
{
    v = plm_sv_trim(v);
    char quote = v.n ? v.p[0] : 0;
    bool quoted = v.n >= 2 && (quote == '"' || quote == '\'') && v.p[v.n - 1] == quote;
    if (quoted)
        v = plm_sv_sub(v, 1, v.n - 2);
    if (quote == '\'' || plm_sv_find(v, '\\') == SIZE_MAX)
        return v;
    char *out = plm_arena_alloc(a, v.n);
    size_t n = 0;
    for (size_t i = 0; out && i < v.n; i++) {
        if (v.p[i] == '\\' && i + 1 < v.n)
            i++;
        out[n++] = v.p[i];
    }
    return plm_sv_n(out, n);
}

static void read_keys(struct plm_arena *a, plm_sv text, const char *const keys[5], struct plm_distro *d)
{
    plm_sv *const members[5] = {&d->id, &d->version, &d->codename, &d->pretty, &d->like};
    plm_sv line, key, value;
    while (plm_sv_line(&text, &line)) {
        line = plm_sv_trim(line);
        if (line.n == 0 || line.p[0] == '#' || !plm_sv_cut(line, '=', &key, &value))
            continue;
        for (size_t i = 0; i < 5; i++)
            if (keys[i] && plm_sv_is(key, keys[i]))
                *members[i] = unquote(a, value);
    }
}

static plm_sv lower(struct plm_arena *a, plm_sv s)
{
    char *out = plm_arena_alloc(a, s.n ? s.n : 1);
    for (size_t i = 0; out && i < s.n; i++)
        out[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i];
    return out ? plm_sv_n(out, s.n) : PLM_SV_NULL;
}

static void read_os_release(struct plm_arena *a, plm_sv text, struct plm_distro *d)
{
    static const char *const keys[5] = {"ID", "VERSION_ID", "VERSION_CODENAME", "PRETTY_NAME", "ID_LIKE"};
    read_keys(a, text, keys, d);
    d->id = d->id.n ? lower(a, d->id) : PLM_SV_NULL;
}

static void read_lsb_release(struct plm_arena *a, plm_sv text, struct plm_distro *d)
{
    static const char *const keys[5] = {"DISTRIB_ID", "DISTRIB_RELEASE", "DISTRIB_CODENAME",
                                        "DISTRIB_DESCRIPTION", NULL};
    read_keys(a, text, keys, d);
    d->id = d->id.n ? lower(a, d->id) : PLM_SV_NULL;
}

static void read_debian_version(struct plm_arena *a, plm_sv text, struct plm_distro *d)
{
    (void)a;
    plm_sv v = plm_sv_trim(text), point;
    d->id = PLM_SV("debian");
    if (v.n && v.p[0] >= '0' && v.p[0] <= '9')
        plm_sv_cut(v, '.', &d->version, &point);
    else
        plm_sv_cut(v, '/', &d->codename, &point);
}

static void read_alpine_release(struct plm_arena *a, plm_sv text, struct plm_distro *d)
{
    (void)a;
    d->id = PLM_SV("alpine");
    d->version = plm_sv_trim(text);
}

/* Beginnings of the one-line release files; the longest first where one begins another. */
static const struct {
    const char *name, *id;
} names[] = {
    {"Red Hat Enterprise Linux", "rhel"},
    {"CentOS Stream", "centos-stream"},
    {"CentOS", "centos"},
    {"AlmaLinux", "almalinux"},
    {"Rocky Linux", "rocky"},
    {"Fedora", "fedora"},
    {"Oracle Linux", "ol"},
    {"Enterprise Linux Enterprise", "ol"},
    {"Amazon Linux", "amzn"},
    {"Scientific Linux", "scientific"},
    {"CBL-Mariner", "mariner"},
    {"Common Base Linux Mariner", "mariner"},
    {"Microsoft Azure Linux", "azurelinux"},
    {"Azure Linux", "azurelinux"},
    {"VMware Photon", "photon"},
    {"Photon", "photon"},
    {"openEuler", "openeuler"},
    {"Mageia", "mageia"},
    {"SUSE Linux Enterprise", "sles"},
    {"openSUSE", "opensuse"},
};

static void read_release_line(struct plm_arena *a, plm_sv text, struct plm_distro *d)
{
    (void)a;
    plm_sv line = PLM_SV(""), rest;
    plm_sv_line(&text, &line);
    line = plm_sv_trim(line);
    d->pretty = line;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !d->id.p; i++)
        if (plm_sv_starts(line, plm_sv_from(names[i].name)))
            d->id = plm_sv_from(names[i].id);
    /* the first word that begins with a digit is the version */
    rest = line;
    for (plm_sv word; !d->version.n && plm_sv_word(&rest, &word);)
        if (word.p[0] >= '0' && word.p[0] <= '9')
            d->version = word;
    size_t open = plm_sv_find(line, '('), close = plm_sv_rfind(line, ')');
    if (open != SIZE_MAX && close != SIZE_MAX && close > open)
        d->codename = plm_sv_sub(line, open + 1, close - open - 1);
}

static void read_suse_release(struct plm_arena *a, plm_sv text, struct plm_distro *d)
{
    plm_sv rest = text, line, key, value, patch = PLM_SV_NULL;
    read_release_line(a, text, d);
    d->codename = PLM_SV_NULL;
    while (plm_sv_line(&rest, &line)) {
        if (!plm_sv_cut(line, '=', &key, &value))
            continue;
        key = plm_sv_trim(key);
        if (plm_sv_is(key, "VERSION"))
            d->version = plm_sv_trim(value);
        else if (plm_sv_is(key, "PATCHLEVEL"))
            patch = plm_sv_trim(value);
    }
    if (patch.n && !plm_sv_is(patch, "0"))
        d->version = plm_arena_printf(a, "%.*s.%.*s", PLM_SV_ARG(d->version), PLM_SV_ARG(patch));
}

static const struct {
    const char *file;
    void (*read)(struct plm_arena *a, plm_sv text, struct plm_distro *d);
} readers[] = {{"os-release", read_os_release},
               {"lsb-release", read_lsb_release},
               {"debian_version", read_debian_version},
               {"alpine-release", read_alpine_release},
               {"SuSE-release", read_suse_release}};

static int os_release_extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out,
                              plm_err **err)
{
    struct plm_distro d = {.evidence = plm_arena_printf(out->arena, "/%.*s", PLM_SV_ARG(e->path))};
    plm_sv base = plm_catalog_basename(e->path);
    void (*read)(struct plm_arena *, plm_sv, struct plm_distro *) = read_release_line;
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        if (plm_sv_is(base, readers[i].file))
            read = readers[i].read;
    read(out->arena, content, &d);
    if (plm_arena_check(out->arena, err) < 0)
        return -1;
    if (d.id.n)
        plm_distro_encode(&out->facts, &d);
    return 0;
}

static const char *const globs[] = {
    "etc/os-release",         "usr/lib/os-release",     "etc/lsb-release",
    "etc/debian_version",     "etc/alpine-release",     "etc/redhat-release",
    "etc/centos-release",     "etc/fedora-release",     "etc/almalinux-release",
    "etc/rocky-release",      "etc/oracle-release",     "etc/enterprise-release",
    "etc/system-release",     "etc/SuSE-release",       "etc/mariner-release",
    "etc/azurelinux-release", "etc/photon-release",     "etc/openEuler-release",
    "etc/mageia-release",     "usr/lib/system-release", NULL};

static const struct plm_extractor extractor = {
    .id = "os-release",
    .summary = "os-release and the release files that distributions had before it",
    .version = 1,
    .globs = globs,
    .max_bytes = PLM_MIB(1),
    .extract = os_release_extract,
};
PLM_REGISTER(plm_extractors, struct plm_extractor, extractor);

static const struct plm_cataloger os_release = {
    .id = "os-release",
    .summary = "The Linux distribution and its release",
    .extractor = &extractor,
};
PLM_REGISTER(plm_catalogers, struct plm_cataloger, os_release);
