/* SPDX-License-Identifier: Apache-2.0
 *
 * From os-release to the ecosystem under which advisories are filed, named as OSV names them
 * (https://ossf.github.io/osv-schema/#defined-ecosystems). One row per ID of os-release.
 *
 * A derivative has no row unless it installs the very packages of what it is built from:
 * Raspbian rebuilds Debian for another processor with own versions, Linux Mint, Kali and CentOS
 * Stream carry packages that the parent's advisories do not speak about. CentOS Linux rebuilt
 * RHEL with the same versions and is filed under it.
 */
#include "catalog_int.h"

enum form {
    FORM_WHOLE,   /* "Name:VERSION" */
    FORM_AMAZON,  /* "Amazon Linux:2023"; 1 of "2018.03", as its packages are marked ("amzn1") */
    FORM_MAJOR,   /* "Name:9" of 9.3 */
    FORM_ALPINE,  /* "Alpine:v3.19", edge */
    FORM_DEBIAN,  /* numbers, and codenames of releases that have none yet */
    FORM_UBUNTU,  /* "Ubuntu:22.04:LTS", "Ubuntu:23.10" */
    FORM_SLES,    /* "SUSE:Linux Enterprise Server 15 SP5", of every product of that service pack */
    FORM_MINOR,   /* "Photon OS:5.0", "openSUSE:Leap 15.5": VERSION_ID as it is, after a word */
    FORM_EULER,   /* "openEuler:24.03-LTS-SP1" */
    FORM_ROLLING, /* "Wolfi" */
};

static const struct {
    const char *id, *name;
    enum form form;
} distros[] = {
    {"almalinux", "AlmaLinux", FORM_MAJOR},
    {"alpine", "Alpine", FORM_ALPINE},
    {"amzn", "Amazon Linux", FORM_AMAZON},
    {"azurelinux", "Azure Linux", FORM_MAJOR},
    {"centos", "Red Hat", FORM_MAJOR},
    {"chainguard", "Chainguard", FORM_ROLLING},
    {"debian", "Debian", FORM_DEBIAN},
    {"echo", "Echo", FORM_ROLLING},
    {"fedora", "Fedora", FORM_WHOLE},
    {"mageia", "Mageia", FORM_WHOLE},
    {"mariner", "Azure Linux", FORM_MAJOR},
    {"minimos", "MinimOS", FORM_ROLLING},
    {"ol", "Oracle Linux", FORM_MAJOR},
    {"openeuler", "openEuler", FORM_EULER},
    {"opensuse", "openSUSE:Leap ", FORM_MINOR},
    {"opensuse-leap", "openSUSE:Leap ", FORM_MINOR},
    {"opensuse-tumbleweed", "openSUSE:Tumbleweed", FORM_ROLLING},
    {"photon", "Photon OS:", FORM_MINOR},
    {"rhel", "Red Hat", FORM_MAJOR},
    {"rocky", "Rocky Linux", FORM_MAJOR},
    {"sled", "SUSE:Linux Enterprise Server ", FORM_SLES},
    {"sles", "SUSE:Linux Enterprise Server ", FORM_SLES},
    {"sles_sap", "SUSE:Linux Enterprise Server ", FORM_SLES},
    {"ubuntu", "Ubuntu", FORM_UBUNTU},
    {"wolfi", "Wolfi", FORM_ROLLING},
};

static plm_sv before(plm_sv s, char c)
{
    plm_sv head, tail;
    plm_sv_cut(s, c, &head, &tail);
    return head;
}

/* Testing and unstable have no VERSION_ID; both call themselves by the name of the next release
 * ("forky/sid"), so their packages are looked up under that. */
static plm_sv debian(struct plm_arena *a, struct plm_distro *d)
{
    if (!d->codename.n && d->pretty.n) {
        /* "Debian GNU/Linux forky/sid" */
        size_t space = plm_sv_rfind(d->pretty, ' ');
        if (space != SIZE_MAX && plm_sv_ends(d->pretty, PLM_SV("/sid")))
            d->codename = before(plm_sv_from_off(d->pretty, space + 1), '/');
    }
    if (!d->version.n)
        d->version = plm_release_version(PLM_SV("debian"), d->codename);
    if (!d->codename.n)
        d->codename = plm_release_codename(PLM_SV("debian"), d->version);
    if (!d->version.n)
        d->version = PLM_SV("sid");
    return plm_arena_printf(a, "Debian:%.*s", PLM_SV_ARG(before(d->version, '.')));
}

static plm_sv alpine(struct plm_arena *a, struct plm_distro *d)
{
    if (plm_sv_has(d->version, PLM_SV("_alpha")) || plm_sv_is(d->version, "edge")) {
        d->version = PLM_SV("edge");
        return PLM_SV("Alpine:edge");
    }
    size_t first = plm_sv_find(d->version, '.');
    if (first == SIZE_MAX)
        return PLM_SV_NULL;
    plm_sv minor = before(plm_sv_from_off(d->version, first + 1), '.');
    return plm_arena_printf(a, "Alpine:v%.*s.%.*s", PLM_SV_ARG(plm_sv_sub(d->version, 0, first)),
                            PLM_SV_ARG(before(minor, '_')));
}

/* Long-term releases are the .04 ones of even years (since 10.04 they are named so). */
static plm_sv ubuntu(struct plm_arena *a, const struct plm_distro *d)
{
    plm_sv v = d->version;
    bool lts = v.n == 5 && plm_sv_ends(v, PLM_SV(".04")) && (v.p[1] - '0') % 2 == 0;
    return plm_arena_printf(a, "Ubuntu:%.*s%s", PLM_SV_ARG(v), lts ? ":LTS" : "");
}

/* "15.5" is 15 SP5, "12" is 12. */
static plm_sv sles(struct plm_arena *a, const char *name, const struct plm_distro *d)
{
    plm_sv major, pack;
    bool has_pack = plm_sv_cut(d->version, '.', &major, &pack);
    if (!has_pack || pack.n == 0 || plm_sv_is(pack, "0"))
        return plm_arena_printf(a, "%s%.*s", name, PLM_SV_ARG(major));
    return plm_arena_printf(a, "%s%.*s SP%.*s", name, PLM_SV_ARG(major), PLM_SV_ARG(pack));
}

/* openEuler keeps the long-term mark out of VERSION_ID: PRETTY_NAME is "openEuler 24.03 (LTS-SP1)". */
static plm_sv euler(struct plm_arena *a, const struct plm_distro *d)
{
    size_t open = plm_sv_find(d->pretty, '(');
    plm_sv mark = open == SIZE_MAX ? PLM_SV("") : before(plm_sv_from_off(d->pretty, open + 1), ')');
    return plm_arena_printf(a, "openEuler:%.*s%s%.*s", PLM_SV_ARG(d->version), mark.n ? "-" : "",
                            PLM_SV_ARG(mark));
}

static plm_sv ecosystem_of(struct plm_arena *a, const char *name, enum form form, struct plm_distro *d)
{
    bool needs_version = form != FORM_ROLLING && form != FORM_DEBIAN;
    if (needs_version && !d->version.n)
        return PLM_SV_NULL;
    switch (form) {
    case FORM_WHOLE:
        return plm_arena_printf(a, "%s:%.*s", name, PLM_SV_ARG(d->version));
    case FORM_AMAZON:
        return plm_sv_find(d->version, '.') != SIZE_MAX
                   ? plm_arena_printf(a, "%s:1", name)
                   : plm_arena_printf(a, "%s:%.*s", name, PLM_SV_ARG(d->version));
    case FORM_MAJOR:
        return plm_arena_printf(a, "%s:%.*s", name, PLM_SV_ARG(before(d->version, '.')));
    case FORM_ALPINE:
        return alpine(a, d);
    case FORM_DEBIAN:
        return debian(a, d);
    case FORM_UBUNTU:
        return ubuntu(a, d);
    case FORM_SLES:
        return sles(a, name, d);
    case FORM_MINOR:
        return plm_arena_printf(a, "%s%.*s", name, PLM_SV_ARG(d->version));
    case FORM_EULER:
        return euler(a, d);
    case FORM_ROLLING:
        if (!d->version.n)
            d->version = PLM_SV("rolling");
        return plm_sv_from(name);
    }
    return PLM_SV_NULL;
}

int plm_distro_resolve(struct plm_arena *a, struct plm_distro *d, plm_err **err)
{
    d->ecosystem = PLM_SV_NULL;
    /* CentOS Stream runs ahead of RHEL; the older release file tells it apart by name only */
    bool is_stream = plm_sv_is(d->id, "centos") && plm_sv_has(d->pretty, PLM_SV("Stream"));
    for (size_t i = 0; i < sizeof(distros) / sizeof(distros[0]) && !is_stream; i++)
        if (plm_sv_is(d->id, distros[i].id))
            d->ecosystem = ecosystem_of(a, distros[i].name, distros[i].form, d);
    if (!d->ecosystem.p && !d->version.n && d->id.n)
        d->version = PLM_SV("rolling");
    return plm_arena_check(a, err);
}
