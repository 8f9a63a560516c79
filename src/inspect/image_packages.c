/* SPDX-License-Identifier: Apache-2.0
 *
 * What is installed, from the package lists and the vulnerabilities of the same report: packages that an
 * image of a service does not need, and fixes that it does not have. Both were listed by Dockle without code;
 * the severities are ours. Runs after the packages are known; vulnerabilities are judged where they were
 * looked for.
 */
#include "inspect/inspect_int.h"

/* clang-format off */
static const struct plm_inspect_check checks[] = {
    {.id = "4.3", .aliases = "CIS-DI-0003", .group = "image", .severity = PLM_SEV_LOW,
     .title = "the image holds no tools that it does not need",
     .rationale = "Remote shells, compilers, debuggers and network tools are what an intruder looks for first, and every package brings its own flaws.",
     .fix = "build in one stage and copy the result into a slim or distroless one"},
    {.id = "4.4", .aliases = "CIS-DI-0004", .group = "image", .severity = PLM_SEV_MEDIUM,
     .title = "the image has the fixes that there are",
     .rationale = "A fix that is published is also published to those who attack.",
     .fix = "rebuild the image on an updated base: `docker build --pull --no-cache`"},
    {.id = NULL}};
/* clang-format on */
static const struct plm_inspect_checks table = {.name = "image-packages", .v = checks};
PLM_REGISTER(plm_inspect_check_tables, struct plm_inspect_checks, table);

/* ---- 4.3 ------------------------------------------------------------------------------------------ */

static const struct {
    const char *pattern, *what;
} needless[] = {
    {"openssh-server", "a remote shell"},
    {"dropbear", "a remote shell"},
    {"telnetd", "a remote shell"},
    {"telnet-server", "a remote shell"},
    {"inetutils-telnetd", "a remote shell"},
    {"rsh-server", "a remote shell"},
    {"rsh-client", "a remote shell"},
    {"telnet", "a client without encryption"},
    {"ftp", "a client without encryption"},
    {"tftp*", "a client without encryption"},
    {"vsftpd", "a file server"},
    {"samba", "a file server"},
    {"nfs-kernel-server", "a file server"},
    {"gcc", "a compiler"},
    {"gcc-[0-9]", "a compiler"},
    {"gcc-[0-9][0-9]", "a compiler"},
    {"g++", "a compiler"},
    {"g++-[0-9]", "a compiler"},
    {"g++-[0-9][0-9]", "a compiler"},
    {"gcc-c++", "a compiler"},
    {"clang", "a compiler"},
    {"clang-[0-9]", "a compiler"},
    {"clang-[0-9][0-9]", "a compiler"},
    {"build-essential", "a compiler"},
    {"build-base", "a compiler"},
    {"gdb", "a debugger"},
    {"strace", "a debugger"},
    {"ltrace", "a debugger"},
    {"tcpdump", "a network tool"},
    {"wireshark*", "a network tool"},
    {"nmap", "a network tool"},
    {"nmap-ncat", "a network tool"},
    {"netcat*", "a network tool"},
    {"ncat", "a network tool"},
    {"socat", "a network tool"},
    {"sudo", "a way to more rights"},
    {"docker.io", "an engine"},
    {"docker-ce*", "an engine"},
    {"containerd*", "an engine"},
    {"podman", "an engine"},
    {"xserver-xorg*", "a desktop"},
    {"cups", "a print server"},
    {"avahi-daemon", "a name service"},
};

static bool is_distribution_package(const struct plm_package *p)
{
    return plm_sv_is(p->type, "deb") || plm_sv_is(p->type, "rpm") || plm_sv_is(p->type, "apk");
}

static void judge_needless(struct plm_judging *j)
{
    const struct plm_report *r = j->in->report;
    size_t seen = 0, n = r->packages.n;
    for (size_t i = 0; i < n; i++) {
        const struct plm_package *p = &r->packages.v[i];
        if (p->target != j->in->target || !is_distribution_package(p))
            continue;
        seen++;
        for (size_t k = 0; k < sizeof(needless) / sizeof(needless[0]); k++) {
            if (!plm_sv_glob(plm_sv_from(needless[k].pattern), p->name))
                continue;
            struct plm_finding *f = plm_judge_fail(
                j, p->name, "file", 0, p->locations.n ? p->locations.v[0].layer : PLM_NONE,
                "%.*s %.*s is installed: %s", PLM_SV_ARG(p->name), PLM_SV_ARG(p->version), needless[k].what);
            if (f && p->locations.n)
                f->path = p->locations.v[0].path;
            break;
        }
    }
    if (!seen)
        plm_judge_say(j, PLM_OUT_NA, "no packages of a distribution were found");
}

/* ---- 4.4 ------------------------------------------------------------------------------------------ */

static void judge_fixes(struct plm_judging *j)
{
    const struct plm_report *r = j->in->report;
    plm_sv worst = PLM_SV_NULL;
    size_t fixable = 0, serious = 0, packages = 0;
    for (size_t i = 0; i < r->packages.n; i++)
        packages += r->packages.v[i].target == j->in->target;
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct plm_finding *f = &r->findings.v[i];
        if (f->target != j->in->target || f->kind != PLM_KIND_VULNERABILITY || f->fix != PLM_FIX_FIXED ||
            f->suppressed)
            continue;
        fixable++;
        /* an update without a published severity is a security update all the same */
        bool is_serious = f->severity >= PLM_SEV_HIGH || f->severity == PLM_SEV_UNKNOWN;
        serious += is_serious;
        if (is_serious && !worst.n)
            worst = f->id;
    }
    if (serious)
        plm_judge_fail(
            j, PLM_SV("security updates"), "file", 0, PLM_NONE,
            "%zu flaws have a fix that the image lacks, %zu of them high, critical or not rated; one is %.*s",
            fixable, serious, PLM_SV_ARG(worst));
    else if (!packages)
        plm_judge_say(j, PLM_OUT_NA, "no packages were found");
    else if (!j->in->opt->wants[PLM_KIND_VULNERABILITY])
        plm_judge_say(j, PLM_OUT_MANUAL, "vulnerabilities were not looked for in this run");
    else
        plm_judge_say(j, PLM_OUT_PASS, "flaws with a fix: %zu, none of them high or critical", fixable);
}

static const struct plm_judge judges[] = {{"4.3", judge_needless, NULL}, {"4.4", judge_fixes, NULL}};

static bool is_wanted(const struct plm_inspect_options *opt)
{
    return opt->wants[PLM_KIND_MISCONFIGURATION];
}

static int inspect(struct plm_inspection *in, plm_err **err)
{
    return plm_judge_all(in, judges, sizeof(judges) / sizeof(judges[0]), err);
}

static const struct plm_inspector image_packages = {
    .id = "image-packages",
    .summary = "what is installed: needless packages, fixes that are missing",
    .is_wanted = is_wanted,
    .inspect = inspect,
    .order = 20,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, image_packages);
