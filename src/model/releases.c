/* SPDX-License-Identifier: Apache-2.0
 *
 * The releases of Debian and Ubuntu: their number as VERSION_ID has it, their codename as suites, trackers
 * and os-release have it, and the name under which advisories list them (OSV's ecosystem). Newer ones are
 * added here and nowhere else; https://www.debian.org/releases/, https://wiki.ubuntu.com/Releases.
 */
#include "model/model.h"

// clang-format off
static const struct {
    const char *distro, *version, *codename, *ecosystem;
} releases[] = {
    {"debian", "1.1", "buzz", "Debian:1.1"},
    {"debian", "1.2", "rex", "Debian:1.2"},
    {"debian", "1.3", "bo", "Debian:1.3"},
    {"debian", "2.0", "hamm", "Debian:2.0"},
    {"debian", "2.1", "slink", "Debian:2.1"},
    {"debian", "2.2", "potato", "Debian:2.2"},
    {"debian", "3.0", "woody", "Debian:3.0"},
    {"debian", "3.1", "sarge", "Debian:3.1"},
    {"debian", "4", "etch", "Debian:4"},
    {"debian", "5", "lenny", "Debian:5"},
    {"debian", "6", "squeeze", "Debian:6"},
    {"debian", "7", "wheezy", "Debian:7"},
    {"debian", "8", "jessie", "Debian:8"},
    {"debian", "9", "stretch", "Debian:9"},
    {"debian", "10", "buster", "Debian:10"},
    {"debian", "11", "bullseye", "Debian:11"},
    {"debian", "12", "bookworm", "Debian:12"},
    {"debian", "13", "trixie", "Debian:13"},
    {"debian", "14", "forky", "Debian:14"},
    {"debian", "15", "duke", "Debian:15"},
    {"debian", "sid", "sid", "Debian:sid"},
    {"debian", "sid", "unstable", "Debian:sid"},
    {"ubuntu", "4.10", "warty", "Ubuntu:4.10"},
    {"ubuntu", "5.04", "hoary", "Ubuntu:5.04"},
    {"ubuntu", "5.10", "breezy", "Ubuntu:5.10"},
    {"ubuntu", "6.06", "dapper", "Ubuntu:6.06"},
    {"ubuntu", "6.10", "edgy", "Ubuntu:6.10"},
    {"ubuntu", "7.04", "feisty", "Ubuntu:7.04"},
    {"ubuntu", "7.10", "gutsy", "Ubuntu:7.10"},
    {"ubuntu", "8.04", "hardy", "Ubuntu:8.04"},
    {"ubuntu", "8.10", "intrepid", "Ubuntu:8.10"},
    {"ubuntu", "9.04", "jaunty", "Ubuntu:9.04"},
    {"ubuntu", "9.10", "karmic", "Ubuntu:9.10"},
    {"ubuntu", "10.04", "lucid", "Ubuntu:10.04:LTS"},
    {"ubuntu", "10.10", "maverick", "Ubuntu:10.10"},
    {"ubuntu", "11.04", "natty", "Ubuntu:11.04"},
    {"ubuntu", "11.10", "oneiric", "Ubuntu:11.10"},
    {"ubuntu", "12.04", "precise", "Ubuntu:12.04:LTS"},
    {"ubuntu", "12.10", "quantal", "Ubuntu:12.10"},
    {"ubuntu", "13.04", "raring", "Ubuntu:13.04"},
    {"ubuntu", "13.10", "saucy", "Ubuntu:13.10"},
    {"ubuntu", "14.04", "trusty", "Ubuntu:14.04:LTS"},
    {"ubuntu", "14.10", "utopic", "Ubuntu:14.10"},
    {"ubuntu", "15.04", "vivid", "Ubuntu:15.04"},
    {"ubuntu", "15.10", "wily", "Ubuntu:15.10"},
    {"ubuntu", "16.04", "xenial", "Ubuntu:16.04:LTS"},
    {"ubuntu", "16.10", "yakkety", "Ubuntu:16.10"},
    {"ubuntu", "17.04", "zesty", "Ubuntu:17.04"},
    {"ubuntu", "17.10", "artful", "Ubuntu:17.10"},
    {"ubuntu", "18.04", "bionic", "Ubuntu:18.04:LTS"},
    {"ubuntu", "18.10", "cosmic", "Ubuntu:18.10"},
    {"ubuntu", "19.04", "disco", "Ubuntu:19.04"},
    {"ubuntu", "19.10", "eoan", "Ubuntu:19.10"},
    {"ubuntu", "20.04", "focal", "Ubuntu:20.04:LTS"},
    {"ubuntu", "20.10", "groovy", "Ubuntu:20.10"},
    {"ubuntu", "21.04", "hirsute", "Ubuntu:21.04"},
    {"ubuntu", "21.10", "impish", "Ubuntu:21.10"},
    {"ubuntu", "22.04", "jammy", "Ubuntu:22.04:LTS"},
    {"ubuntu", "22.10", "kinetic", "Ubuntu:22.10"},
    {"ubuntu", "23.04", "lunar", "Ubuntu:23.04"},
    {"ubuntu", "23.10", "mantic", "Ubuntu:23.10"},
    {"ubuntu", "24.04", "noble", "Ubuntu:24.04:LTS"},
    {"ubuntu", "24.10", "oracular", "Ubuntu:24.10"},
    {"ubuntu", "25.04", "plucky", "Ubuntu:25.04"},
    {"ubuntu", "25.10", "questing", "Ubuntu:25.10"},
    {"ubuntu", "26.04", "resolute", "Ubuntu:26.04:LTS"},
};
// clang-format on
enum { RELEASES = sizeof(releases) / sizeof(releases[0]) };

/* RELEASES if there is none. */
static size_t by_codename(plm_sv distro, plm_sv codename)
{
    size_t i = 0;
    while (i < RELEASES &&
           !(plm_sv_is(distro, releases[i].distro) && plm_sv_is(codename, releases[i].codename)))
        i++;
    return i;
}

plm_sv plm_release_codename(plm_sv distro, plm_sv version)
{
    for (size_t i = 0; i < RELEASES; i++)
        if (plm_sv_is(distro, releases[i].distro) && plm_sv_is(version, releases[i].version))
            return plm_sv_from(releases[i].codename);
    return PLM_SV_NULL;
}

plm_sv plm_release_version(plm_sv distro, plm_sv codename)
{
    size_t i = by_codename(distro, codename);
    return i < RELEASES ? plm_sv_from(releases[i].version) : PLM_SV_NULL;
}

plm_sv plm_release_ecosystem(plm_sv distro, plm_sv codename)
{
    size_t i = by_codename(distro, codename);
    return i < RELEASES ? plm_sv_from(releases[i].ecosystem) : PLM_SV_NULL;
}
