/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of the host: processor flaws, the kernel's age, lockdown, security modules, cgroups.
 *
 * Formats: Documentation/ABI/testing/sysfs-devices-system-cpu (vulnerabilities/ files: "Not affected",
 * "Vulnerable...", "Mitigation: ...", with parts between ";" or ","),
 * Documentation/admin-guide/cgroup-v2.rst, /sys/kernel/security/{lsm,lockdown}. What a kernel does not show
 * is `unknown` here, never a pass.
 */
#include "audit/host.h"
#include "base/time.h"

#include <ctype.h>

/* ---- H-CPU -------------------------------------------------------------------------------------- */

#define CPU_DIR "/sys/devices/system/cpu/vulnerabilities"

/* Words on the kernel's command line that switch mitigations off. */
static const char *const cpu_switches[] = {"mitigations=off",
                                           "nopti",
                                           "pti=off",
                                           "nospectre_v1",
                                           "nospectre_v2",
                                           "spectre_v2=off",
                                           "mds=off",
                                           "l1tf=off",
                                           "nobarrier_nospec",
                                           "tsx_async_abort=off",
                                           "retbleed=off",
                                           "srbds=off",
                                           "mmio_stale_data=off",
                                           "spec_store_bypass_disable=off",
                                           "gather_data_sampling=off",
                                           "reg_file_data_sampling=off",
                                           "spectre_bhi=off",
                                           "spec_rstack_overflow=off"};

/* One part of the file's line: fail where it says Vulnerable of this machine itself. What is said of KVM
 * concerns guests that it would run. */
static enum plm_outcome judge_cpu_part(plm_sv part, bool *is_smt_only)
{
    if (plm_sv_starts(part, PLM_SV("KVM:")))
        return PLM_OUT_NA;
    if (plm_sv_has(part, PLM_SV("Vulnerable"))) {
        *is_smt_only = false;
        return PLM_OUT_FAIL;
    }
    if (plm_sv_starts(part, PLM_SV("SMT vulnerable")))
        return PLM_OUT_FAIL;
    return PLM_OUT_PASS;
}

static void judge_cpu_file(struct plm_checking *k, plm_sv name, bool is_guest)
{
    int sys;
    plm_sv text = plm_host_textf(k->facts, &sys, CPU_DIR "/%.*s", PLM_SV_ARG(name));
    if (!text.p) {
        plm_say_on(k, name, PLM_OUT_UNKNOWN, CPU_DIR "/%.*s: %s", PLM_SV_ARG(name), strerror(sys));
        return;
    }
    enum plm_outcome worst = PLM_OUT_PASS;
    bool is_smt_only = true;
    plm_sv rest = text, part;
    while (plm_sv_field(&rest, ';', &part))
        for (plm_sv inner; plm_sv_field(&part, ',', &inner);)
            if (judge_cpu_part(plm_sv_trim(inner), &is_smt_only) == PLM_OUT_FAIL)
                worst = PLM_OUT_FAIL;
    if (worst == PLM_OUT_PASS && plm_sv_starts(text, PLM_SV("Unknown")))
        worst = PLM_OUT_UNKNOWN;
    plm_say_on(k, name, worst, CPU_DIR "/%.*s: %.*s", PLM_SV_ARG(name), PLM_SV_ARG(text));
    if (worst != PLM_OUT_FAIL)
        return;
    if (is_smt_only)
        plm_weigh(k, name, PLM_SEV_LOW);
    else
        plm_weigh(k, name, PLM_SEV_MEDIUM);
    if (is_guest)
        plm_say_on(k, name, worst,
                   "this is a virtual machine: microcode and some mitigations are its host's to give");
}

static void check_cpu(struct plm_checking *k)
{
    int sys;
    plm_sv cpuinfo = plm_host_text(k->facts, "/proc/cpuinfo", PLM_MIB(16), &sys);
    bool is_guest = cpuinfo.p && plm_sv_has(cpuinfo, PLM_SV(" hypervisor"));
    plm_sv_vec names = {0};
    int failure = plm_host_names(k->facts, CPU_DIR, &names);
    if (failure || names.n == 0)
        plm_say(k, PLM_OUT_UNKNOWN, CPU_DIR ": %s", failure ? strerror(failure) : "empty");
    for (size_t i = 0; i < names.n; i++)
        judge_cpu_file(k, names.v[i], is_guest);
    plm_sv cmdline = plm_host_text(k->facts, "/proc/cmdline", PLM_KIB(64), &sys), word;
    if (!cmdline.p) {
        plm_say_on(k, PLM_SV("command line"), PLM_OUT_UNKNOWN, "/proc/cmdline: %s", strerror(sys));
        return;
    }
    bool is_off = false;
    for (plm_sv rest = cmdline; plm_sv_word(&rest, &word);)
        for (size_t i = 0; i < sizeof(cpu_switches) / sizeof(cpu_switches[0]); i++)
            if (plm_sv_is(word, cpu_switches[i])) {
                is_off = true;
                plm_say_on(k, PLM_SV("command line"), PLM_OUT_FAIL, "/proc/cmdline: %.*s", PLM_SV_ARG(word));
            }
    if (!is_off)
        plm_say_on(k, PLM_SV("command line"), PLM_OUT_PASS, "/proc/cmdline: no mitigation is switched off%s",
                   plm_host_has_word(cmdline, "nosmt") ? "; nosmt" : "");
}

/* ---- H-KERN ------------------------------------------------------------------------------------- */

/* A kernel.org release; has_patch: the third number means something. */
struct kversion {
    unsigned v[3];
};

static bool parse_kversion(plm_sv s, struct kversion *out)
{
    struct kversion k = {{0, 0, 0}};
    size_t i = 0;
    for (int part = 0; part < 3; part++) {
        size_t digits = 0;
        while (i < s.n && isdigit((unsigned char)s.p[i]) && digits++ < 6)
            k.v[part] = k.v[part] * 10 + (unsigned)(s.p[i++] - '0');
        if (!digits)
            return part == 2;
        if (part < 2 && (i >= s.n || s.p[i++] != '.')) {
            *out = k;
            return part == 1;
        }
    }
    *out = k;
    return true;
}

static int kcmp(const struct kversion *a, const struct kversion *b)
{
    for (int i = 0; i < 3; i++)
        if (a->v[i] != b->v[i])
            return a->v[i] < b->v[i] ? -1 : 1;
    return 0;
}

/* End of support of kernel.org's long-term series (kernel.org/releases). Other series live for about three
 * months: they have ended when a long-term series above them is out. */
static const struct {
    unsigned major, minor;
    int year;
    unsigned month;
} series_end[] = {{4, 4, 2022, 2},  {4, 9, 2023, 1},   {4, 14, 2024, 1},  {4, 19, 2024, 12},
                  {5, 4, 2025, 12}, {5, 10, 2026, 12}, {5, 15, 2026, 12}, {6, 1, 2027, 12},
                  {6, 6, 2027, 12}, {6, 12, 2028, 12}, {6, 18, 2028, 12}};
static const struct kversion newest_series = {{6, 18, 0}};

/* Flaws that were used to leave containers: first release with it, and the first fixed one of each series
 * (the last is the mainline release that never had it again). */
static const struct {
    const char *id, *what, *since, *fixed;
} escapes[] = {
    {"CVE-2022-0185", "fsconfig heap overflow", "5.1", "5.4.173 5.10.93 5.15.16 5.16.2 5.17"},
    {"CVE-2022-0492", "release_agent without CAP_SYS_ADMIN of the host", "2.6",
     "4.9.301 4.14.266 4.19.229 5.4.177 5.10.97 5.15.20 5.16.6 5.17"},
    {"CVE-2022-0847", "Dirty Pipe", "5.8", "5.10.102 5.15.25 5.16.11 5.17"},
    {"CVE-2021-22555", "netfilter heap write", "2.6.19",
     "4.4.267 4.9.267 4.14.231 4.19.188 5.4.113 5.10.31 5.11.15 5.12"},
    {"CVE-2023-0386", "overlayfs copies set-uid files", "5.11", "5.15.91 6.1.9 6.2"},
    {"CVE-2023-32233", "nf_tables use after free", "3.13",
     "4.14.315 4.19.283 5.4.243 5.10.180 5.15.111 6.1.28 6.2.15 6.3.2 6.4"},
    {"CVE-2024-1086", "nf_tables use after free", "3.15",
     "4.19.307 5.4.269 5.10.210 5.15.149 6.1.76 6.6.15 6.7.3 6.8"},
};

static bool is_vulnerable(const struct kversion *v, const char *since, const char *fixed)
{
    struct kversion f;
    if (!parse_kversion(plm_sv_from(since), &f) || kcmp(v, &f) < 0)
        return false;
    plm_sv rest = plm_sv_from(fixed), word;
    while (plm_sv_word(&rest, &word)) {
        if (!parse_kversion(word, &f))
            continue;
        if (f.v[0] == v->v[0] && f.v[1] == v->v[1])
            return kcmp(v, &f) < 0;
        if (kcmp(v, &f) >= 0 && !rest.n)
            return false; /* beyond the mainline release that has the fix */
    }
    return kcmp(v, &f) < 0;
}

/* The kernel.org release that the running kernel is built from. Debian writes it into its version ("Debian
 * 6.1.148-1"), Ubuntu into version_signature; enterprise kernels are no kernel.org release at all. */
static bool upstream_of(const struct plm_facts *f, plm_sv release, struct kversion *out, plm_sv *where)
{
    int sys;
    plm_sv version = plm_host_text(f, "/proc/version", PLM_KIB(4), &sys);
    plm_sv signature = plm_host_text(f, "/proc/version_signature", PLM_KIB(4), &sys), word,
           last = PLM_SV_NULL;
    while (signature.p && plm_sv_word(&signature, &word))
        last = word;
    if (last.p) {
        *where = plm_host_printf(f, "/proc/version_signature: %.*s", PLM_SV_ARG(last));
        return parse_kversion(last, out);
    }
    size_t at = version.p ? plm_sv_find_sv(version, PLM_SV(" Debian ")) : SIZE_MAX;
    if (at != SIZE_MAX) {
        plm_sv rest = plm_sv_from_off(version, at + 8);
        *where = PLM_SV("/proc/version");
        return plm_sv_word(&rest, &word) && parse_kversion(word, out);
    }
    static const char *const backports[] = {".el",      ".amzn",  "-default", ".fc",
                                            "-generic", "-azure", "-aws",     "-gcp"};
    for (size_t i = 0; i < sizeof(backports) / sizeof(backports[0]); i++)
        if (plm_sv_has(release, plm_sv_from(backports[i])))
            return false;
    *where = PLM_SV("/proc/sys/kernel/osrelease");
    return parse_kversion(release, out);
}

static void judge_series(struct plm_checking *k, const struct kversion *v, bool is_distro)
{
    int64_t now = plm_now(k->facts->ctx) / 86400, end;
    for (size_t i = 0; i < sizeof(series_end) / sizeof(series_end[0]); i++) {
        if (series_end[i].major != v->v[0] || series_end[i].minor != v->v[1])
            continue;
        if (!plm_time_days(series_end[i].year, series_end[i].month, 28, &end))
            return;
        bool is_over = now > end;
        plm_say(k, is_over && !is_distro ? PLM_OUT_FAIL : PLM_OUT_PASS,
                "kernel.org supports %u.%u until %d-%02u%s", v->v[0], v->v[1], series_end[i].year,
                series_end[i].month, is_distro ? "; this build is the distribution's to maintain" : "");
        return;
    }
    if (is_distro)
        plm_say(k, PLM_OUT_PASS, "%u.%u is the distribution's to maintain", v->v[0], v->v[1]);
    else if (kcmp(v, &newest_series) < 0)
        plm_say(k, PLM_OUT_FAIL, "%u.%u is no long-term series and has ended", v->v[0], v->v[1]);
    else
        plm_say(k, PLM_OUT_MANUAL, "%u.%u is newer than the table of this build", v->v[0], v->v[1]);
}

static void check_kernel_age(struct plm_checking *k)
{
    if (!plm_host_has_kernel(k))
        return;
    const struct plm_facts *f = k->facts;
    plm_sv release = plm_host_release(f), where = PLM_SV_NULL;
    struct kversion v;
    if (!release.n) {
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/sys/kernel/osrelease cannot be read");
        return;
    }
    plm_say(k, PLM_OUT_PASS, "/proc/sys/kernel/osrelease: %.*s", PLM_SV_ARG(release));
    const struct plm_distro *d =
        f->scanned_host == PLM_NONE ? NULL : &f->report->targets.v[f->scanned_host].distro;
    if (d && d->eol == PLM_EOL_ENDED) {
        plm_say(k, PLM_OUT_FAIL, "%.*s is past its end of life: nobody mends this kernel",
                PLM_SV_ARG(d->pretty));
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_HIGH);
    }
    if (!upstream_of(f, release, &v, &where)) {
        plm_say(k, d ? PLM_OUT_PASS : PLM_OUT_MANUAL,
                "the distribution carries its own fixes in this kernel: its packages decide (H-UPD)");
        return;
    }
    plm_say(k, PLM_OUT_PASS, "%.*s: built from kernel.org %u.%u.%u", PLM_SV_ARG(where), v.v[0], v.v[1],
            v.v[2]);
    judge_series(k, &v, !plm_sv_is(where, "/proc/sys/kernel/osrelease"));
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
        if (is_vulnerable(&v, escapes[i].since, escapes[i].fixed)) {
            plm_say(k, PLM_OUT_FAIL, "%s (%s): fixed in %s", escapes[i].id, escapes[i].what,
                    escapes[i].fixed);
            plm_weigh(k, PLM_SV_NULL, PLM_SEV_HIGH);
        }
}

/* ---- H-LOCK ------------------------------------------------------------------------------------- */

static void check_lockdown(struct plm_checking *k)
{
    int sys;
    plm_sv lockdown = plm_host_text(k->facts, "/sys/kernel/security/lockdown", 256, &sys);
    if (!lockdown.p)
        plm_say_on(k, PLM_SV("lockdown"), PLM_OUT_UNKNOWN, "/sys/kernel/security/lockdown: %s",
                   strerror(sys));
    else
        plm_say_on(k, PLM_SV("lockdown"),
                   plm_sv_has(lockdown, PLM_SV("[none]")) ? PLM_OUT_FAIL : PLM_OUT_PASS,
                   "/sys/kernel/security/lockdown: %.*s", PLM_SV_ARG(lockdown));
    if (!plm_host_exists(k->facts, "/sys/firmware/efi")) {
        bool has_sys = plm_host_exists(k->facts, "/sys/kernel");
        plm_say_on(k, PLM_SV("secure boot"), has_sys ? PLM_OUT_NA : PLM_OUT_UNKNOWN,
                   has_sys ? "/sys/firmware/efi: the machine was not booted by EFI" : "/sys is not there");
        return;
    }
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(64);
    plm_auto(plm_err_free) plm_err *err = NULL;
    static const char path[] = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    if (plm_fs_read_in(k->facts->root_fd, path, 64, &b, &err) < 0 || b.n < 5)
        plm_say_on(k, PLM_SV("secure boot"), PLM_OUT_UNKNOWN, "%s: %s", path,
                   err && err->sys ? strerror(err->sys) : "not a variable of five bytes");
    else /* four bytes of attributes, then the value */
        plm_say_on(k, PLM_SV("secure boot"), b.p[4] == 1 ? PLM_OUT_PASS : PLM_OUT_FAIL, "%s: %d", path,
                   b.p[4]);
}

/* ---- H-LSM -------------------------------------------------------------------------------------- */

static void judge_apparmor(struct plm_checking *k)
{
    int sys;
    plm_sv profiles = plm_host_text(k->facts, "/sys/kernel/security/apparmor/profiles", PLM_MIB(4), &sys),
           line;
    if (!profiles.p) {
        plm_say(k, PLM_OUT_UNKNOWN, "/sys/kernel/security/apparmor/profiles: %s", strerror(sys));
        return;
    }
    bool has_docker = false;
    size_t complain = 0;
    while (plm_sv_line(&profiles, &line)) {
        if (plm_sv_starts(line, PLM_SV("docker-default "))) {
            has_docker = true;
            plm_say(k, plm_sv_has(line, PLM_SV("(enforce)")) ? PLM_OUT_PASS : PLM_OUT_FAIL,
                    "apparmor/profiles: %.*s", PLM_SV_ARG(line));
        } else if (plm_sv_ends(line, PLM_SV("(complain)"))) {
            complain++;
        }
    }
    if (complain)
        plm_say(k, PLM_OUT_PASS, "apparmor/profiles: %zu profiles only complain", complain);
    if (!has_docker) /* dockerd loads it when it starts, other engines when they start a container */
        plm_say(k, k->facts->daemons.n ? PLM_OUT_MANUAL : PLM_OUT_PASS,
                "apparmor/profiles: docker-default is not loaded");
}

static void judge_selinux(struct plm_checking *k)
{
    int sys;
    plm_sv enforce = plm_host_text(k->facts, "/sys/fs/selinux/enforce", 16, &sys);
    plm_say(k, enforce.p && plm_sv_is(enforce, "1") ? PLM_OUT_PASS : PLM_OUT_FAIL,
            "/sys/fs/selinux/enforce: %.*s", PLM_SV_ARG(enforce));
    if (!plm_host_exists(k->facts, "/etc/selinux/targeted/contexts/lxc_contexts") &&
        !plm_host_exists(k->facts, "/usr/share/selinux/packages/container.pp.bz2"))
        plm_say(k, PLM_OUT_MANUAL, "no policy for containers (container-selinux) was found");
}

static void check_lsm(struct plm_checking *k)
{
    int sys;
    const struct plm_facts *f = k->facts;
    plm_sv list = plm_host_text(f, "/sys/kernel/security/lsm", PLM_KIB(4), &sys);
    plm_sv enabled = plm_host_text(f, "/sys/module/apparmor/parameters/enabled", 16, &sys);
    bool has_apparmor = enabled.p && plm_sv_is(enabled, "Y");
    bool has_selinux = plm_host_exists(f, "/sys/fs/selinux/enforce");
    if (list.p)
        plm_say(k, PLM_OUT_PASS, "/sys/kernel/security/lsm: %.*s", PLM_SV_ARG(list));
    if (enabled.p)
        plm_say(k, PLM_OUT_PASS, "/sys/module/apparmor/parameters/enabled: %.*s", PLM_SV_ARG(enabled));
    if (has_apparmor)
        judge_apparmor(k);
    if (has_selinux)
        judge_selinux(k);
    if (has_apparmor || has_selinux)
        return;
    if (!list.p && !plm_host_exists(f, "/sys/module"))
        plm_say(k, PLM_OUT_UNKNOWN, "/sys is not there: a disk that is not booted does not show it");
    else
        plm_say(k, PLM_OUT_FAIL, "neither AppArmor nor SELinux is active");
}

/* ---- H-CG --------------------------------------------------------------------------------------- */

static void judge_v1(struct plm_checking *k)
{
    static const char *const wanted[] = {"memory", "pids", "cpu"};
    int sys;
    plm_sv text = plm_host_text(k->facts, "/proc/cgroups", PLM_KIB(16), &sys), line;
    plm_say(k, PLM_OUT_FAIL, "/sys/fs/cgroup: version 1 (deprecated)");
    for (size_t i = 0; i < 3; i++) {
        bool is_on = false;
        plm_sv rest = text;
        while (text.p && plm_sv_line(&rest, &line)) {
            plm_sv name, w = PLM_SV_NULL;
            if (!plm_sv_word(&line, &name) || !plm_sv_is(name, wanted[i]))
                continue;
            for (int c = 0; c < 3; c++)
                (void)plm_sv_word(&line, &w);
            is_on = plm_sv_is(w, "1");
        }
        if (is_on)
            continue;
        plm_say(k, text.p ? PLM_OUT_FAIL : PLM_OUT_UNKNOWN, "/proc/cgroups: controller %s is off", wanted[i]);
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_MEDIUM);
    }
    if (plm_host_exists(k->facts, "/sys/fs/cgroup/memory") &&
        !plm_host_exists(k->facts, "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes"))
        plm_say(k, PLM_OUT_FAIL,
                "memory.memsw.limit_in_bytes is not there: swap is not accounted (`swapaccount=1`)");
}

static void judge_v2(struct plm_checking *k, plm_sv controllers)
{
    static const char *const wanted[] = {"memory", "pids", "cpu"};
    plm_say(k, PLM_OUT_PASS, "/sys/fs/cgroup/cgroup.controllers: %.*s", PLM_SV_ARG(controllers));
    for (size_t i = 0; i < 3; i++)
        if (!plm_host_has_word(controllers, wanted[i])) {
            plm_say(k, PLM_OUT_FAIL, "cgroup.controllers: %s is missing, limits of it cannot hold",
                    wanted[i]);
            plm_weigh(k, PLM_SV_NULL, PLM_SEV_MEDIUM);
        }
}

static void check_cgroups(struct plm_checking *k)
{
    int sys;
    plm_sv controllers = plm_host_text(k->facts, "/sys/fs/cgroup/cgroup.controllers", PLM_KIB(4), &sys);
    if (controllers.p)
        judge_v2(k, controllers);
    else if (plm_host_exists(k->facts, "/sys/fs/cgroup/memory") ||
             plm_host_exists(k->facts, "/sys/fs/cgroup/pids") ||
             plm_host_exists(k->facts, "/sys/fs/cgroup/cpu"))
        judge_v1(k);
    else
        plm_say(k, PLM_OUT_UNKNOWN, "/sys/fs/cgroup/cgroup.controllers: %s; no version 1 hierarchy either",
                strerror(sys));
    for (size_t i = 0; i < k->facts->daemons.n; i++) {
        yyjson_val *warnings = plm_json_at(k->facts->daemons.v[i].info.root, "Warnings", NULL), *v;
        size_t at, max;
        yyjson_arr_foreach(warnings, at, max, v)
        {
            plm_sv text = plm_json_sv(v);
            if (plm_sv_has(text, PLM_SV("limit support")) || plm_sv_has(text, PLM_SV("controller")))
                plm_say(k, PLM_OUT_FAIL, "/info Warnings: %.*s", PLM_SV_ARG(text));
        }
    }
}

static const struct plm_check checks[] = {
    {.id = "H-CPU",
     .title = "known flaws of the processor are mitigated",
     .reads = CPU_DIR "/*, /proc/cmdline",
     .rationale =
         "Containers share the processor with everything else: a flaw that is not mitigated lets one read "
         "the memory of another.",
     .fix =
         "install the microcode package (`intel-microcode`, `amd64-microcode`) and the newest kernel, remove "
         "`mitigations=off` and its kin from the kernel's command line, reboot; in a virtual machine: update "
         "its "
         "host",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_RESTART,
     .run = check_cpu},
    {.id = "H-KERN",
     .title = "the kernel is maintained and has no known way out of a container",
     .reads = "/proc/sys/kernel/osrelease, /proc/version, /proc/version_signature; the end of life of the "
              "distribution",
     .rationale =
         "The kernel is the wall between containers and the host. A series that is no longer mended keeps "
         "every hole that is found from now on.",
     .fix = "upgrade to a maintained kernel and reboot",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_RESTART,
     .run = check_kernel_age},
    {.id = "H-LOCK",
     .title = "the kernel is locked down against root, and boots only what is signed",
     .reads = "/sys/kernel/security/lockdown, the EFI variable SecureBoot",
     .rationale =
         "Without lockdown a root process can change the running kernel, and what it changed survives in "
         "nothing that can be checked.",
     .fix =
         "enable secure boot in the firmware, which locks the kernel down; or boot with `lockdown=integrity`",
     .severity = PLM_SEV_NEGLIGIBLE,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_lockdown},
    {.id = "H-LSM",
     .title = "AppArmor or SELinux is active",
     .reads = "/sys/kernel/security/lsm, /sys/module/apparmor, /sys/kernel/security/apparmor/profiles, "
              "/sys/fs/selinux/enforce",
     .rationale =
         "A mandatory profile holds a container even where its capabilities and mounts would let it out. "
         "Without a security module no container of the host has one.",
     .fix = "boot with `apparmor=1 security=apparmor` and install `apparmor`, or `setenforce 1` and "
            "SELINUX=enforcing "
            "in /etc/selinux/config",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_RESTART,
     .run = check_lsm},
    {.id = "H-CG",
     .title = "cgroup version 2 with the controllers that limits need",
     .reads = "/sys/fs/cgroup/cgroup.controllers, /proc/cgroups, Warnings of /info",
     .rationale =
         "Limits of memory, tasks and processor time are only as good as the controllers behind them; "
         "version 1 is no longer developed and lets a container with CAP_SYS_ADMIN use release_agent.",
     .fix = "boot with `systemd.unified_cgroup_hierarchy=1` and with `cgroup_enable=memory swapaccount=1` "
            "where a "
            "controller is off",
     .severity = PLM_SEV_LOW,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_RESTART,
     .run = check_cgroups},
};
static const struct plm_check_group host_kernel = {.id = "host-kernel",
                                                   .summary = "the kernel that all containers share",
                                                   .checks = checks,
                                                   .n = sizeof(checks) / sizeof(checks[0])};
PLM_REGISTER(plm_check_groups, struct plm_check_group, host_kernel);
