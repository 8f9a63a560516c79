/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of the host: enabled services and jobs, packages, set-uid programs, the kind of system.
 *
 * What a package of the distribution brought and the built-in list names is expected; the rest is a row of
 * its own, so that it can be excepted or learned one by one.
 */
#include "audit/host.h"

/* ---- H-SVC -------------------------------------------------------------------------------------- */

static void check_services(struct plm_checking *k)
{
    const struct plm_facts *f = k->facts;
    plm_enabled_vec v = {0};
    plm_sv why = PLM_SV_NULL;
    if (!plm_host_enabled(f, &v, &why)) {
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(why));
        return;
    }
    size_t expected = 0, masked = 0;
    for (size_t i = 0; i < v.n; i++) {
        const struct plm_enabled *e = &v.v[i];
        if (e->is_masked) {
            masked++;
        } else if (plm_host_is_listed(e->name, plm_host_allowed_units, &f->opt->expect.allowed_services)) {
            expected++;
        } else {
            plm_say_on(k, e->name, PLM_OUT_FAIL, "%.*s%s%.*s", PLM_SV_ARG(e->where),
                       e->target.n ? " -> " : "", PLM_SV_ARG(e->target));
            if (!plm_sv_has(e->name, PLM_SV("/")))
                plm_refix(
                    k, e->name,
                    "`systemctl disable --now %.*s`; if it is meant, name it in `audit.allowed-services`",
                    PLM_SV_ARG(e->name));
        }
    }
    plm_say(k, PLM_OUT_PASS, "%zu enabled units and jobs are those of a container host, %zu are masked",
            expected, masked);
}

/* ---- H-PKG -------------------------------------------------------------------------------------- */

// clang-format off
static const struct {
    const char *names; /* globs between blanks */
    const char *what;
    enum plm_severity severity;
} unwanted[] = {
    {"gcc gcc-[0-9] gcc-[0-9][0-9] g++ g++-[0-9] g++-[0-9][0-9] clang clang-[0-9]* gcc-c++ tcc golang-go golang-[0-9]*-go rustc build-base gdb",
     "compilers and debuggers", PLM_SEV_LOW},
    {"xserver-xorg xserver-xorg-core xorg-x11-server-Xorg xorg-server gnome-shell plasma-desktop xfce4-session lightdm gdm gdm3 sddm xwayland",
     "a desktop", PLM_SEV_LOW},
    {"apache2 httpd nginx nginx-core nginx-light nginx-full lighttpd caddy tomcat9 tomcat10 haproxy squid varnish", "web servers and proxies", PLM_SEV_MEDIUM},
    {"mysql-server mysql-server-[0-9]* mariadb-server mariadb-server-[0-9]* postgresql postgresql-[0-9]* postgresql-server mongodb-org-server mongodb-server redis-server redis "
     "valkey-server memcached rabbitmq-server elasticsearch influxdb", "database servers", PLM_SEV_MEDIUM},
    {"samba nfs-kernel-server nfs-server rpcbind nis ypserv", "file servers and RPC", PLM_SEV_MEDIUM},
    {"avahi-daemon avahi cups cups-daemon cups-browsed bluez", "discovery, printing, bluetooth", PLM_SEV_LOW},
    {"telnetd telnetd-ssl inetutils-telnetd telnet-server rsh-server rsh-redone-server openbsd-inetd xinetd inetutils-inetd tftpd tftpd-hpa atftpd tftp-server "
     "vsftpd proftpd proftpd-core proftpd-basic pure-ftpd ftpd snmpd talkd", "services without encryption", PLM_SEV_MEDIUM},
    {"bind9 dnsmasq isc-dhcp-server kea slapd openldap-servers dovecot-core dovecot sendmail", "name, directory and mail servers", PLM_SEV_LOW},
};
// clang-format on

static bool is_unwanted(plm_sv name, const char *globs)
{
    plm_sv rest = plm_sv_from(globs), word;
    while (plm_sv_word(&rest, &word))
        if (plm_sv_glob(word, name))
            return true;
    return false;
}

static void check_packages(struct plm_checking *k)
{
    plm_host_packages v = {0};
    if (!plm_host_packages_list(k->facts, &v)) {
        plm_say(k, PLM_OUT_UNKNOWN,
                "no package database that is read here was found, and this host was not scanned in this run");
        return;
    }
    for (size_t u = 0; u < sizeof(unwanted) / sizeof(unwanted[0]); u++) {
        plm_sv object = plm_sv_from(unwanted[u].what), names = PLM_SV_NULL;
        size_t n = 0;
        for (size_t i = 0; i < v.n; i++) {
            if (!is_unwanted(v.v[i].name, unwanted[u].names))
                continue;
            n++;
            plm_say_on(k, object, PLM_OUT_FAIL, "package %.*s %.*s", PLM_SV_ARG(v.v[i].name),
                       PLM_SV_ARG(v.v[i].version));
            names = names.n
                        ? plm_host_printf(k->facts, "%.*s %.*s", PLM_SV_ARG(names), PLM_SV_ARG(v.v[i].name))
                        : v.v[i].name;
        }
        if (!n) {
            plm_say_on(k, object, PLM_OUT_PASS, "none is installed");
            continue;
        }
        plm_weigh(k, object, unwanted[u].severity);
        plm_refix(k, object, "remove them, or move them into containers: `apt-get purge %.*s`",
                  PLM_SV_ARG(names));
    }
    plm_say(k, PLM_OUT_PASS, "%zu packages looked at", v.n);
}

/* ---- H-SUID ------------------------------------------------------------------------------------- */

static bool is_open_to_all(plm_sv path)
{
    return plm_sv_starts(path, PLM_SV("/tmp/")) || plm_sv_starts(path, PLM_SV("/var/tmp/")) ||
           plm_sv_starts(path, PLM_SV("/dev/shm/")) || plm_sv_starts(path, PLM_SV("/home/"));
}

static void check_setuid(struct plm_checking *k)
{
    const struct plm_facts *f = k->facts;
    plm_setuid_vec v = {0};
    plm_sv why = PLM_SV_NULL;
    bool is_partial;
    plm_host_setuids(f, &v, &is_partial, &why);
    size_t expected = 0;
    for (size_t i = 0; i < v.n; i++) {
        const struct plm_setuid *s = &v.v[i];
        bool is_listed = plm_host_is_listed(s->path, plm_host_allowed_setuid, &f->opt->expect.allowed_setuid);
        bool is_writable = (s->mode & 022) != 0;
        if (is_listed && !is_writable) {
            expected++;
            continue;
        }
        plm_say_on(k, s->path, PLM_OUT_FAIL, "mode %04o, uid %u, gid %u%s", s->mode, s->uid, s->gid,
                   is_writable ? ": others may write it" : "");
        bool is_root = (s->mode & S_ISUID) && s->uid == 0;
        plm_weigh(k, s->path,
                  is_root && (is_open_to_all(s->path) || is_writable) ? PLM_SEV_CRITICAL
                  : is_root                                           ? PLM_SEV_MEDIUM
                                                                      : PLM_SEV_LOW);
        plm_refix(k, s->path, "`chmod a-s %.*s`; if it is meant, name it in `audit.allowed-setuid`",
                  PLM_SV_ARG(s->path));
    }
    /* A first part that was asked for is no failure to look: a person decides whether to look at the rest. */
    plm_say(k,
            is_partial ? PLM_OUT_MANUAL
            : why.p    ? PLM_OUT_UNKNOWN
                       : PLM_OUT_PASS,
            "%zu set-uid and set-gid programs are those of a container host%s%.*s", expected,
            why.p ? "; " : "", PLM_SV_ARG(why));
}

/* ---- H-OS --------------------------------------------------------------------------------------- */

static const char *const container_systems[] = {
    "flatcar",   "bottlerocket", "coreos",           "talos",   "rancheros", "k3os",   "cos",       "photon",
    "sle-micro", "slem",         "opensuse-microos", "microos", "burmilla",  "kairos", "elemental", NULL};
static const char *const container_variants[] = {"coreos", "iot", "atomic", NULL};

/* The value of a key of os-release(5), without its quotes. */
static plm_sv os_value(plm_sv text, const char *key)
{
    plm_sv line, name, value;
    while (plm_sv_line(&text, &line))
        if (plm_sv_cut(plm_sv_trim(line), '=', &name, &value) && plm_sv_is(name, key)) {
            bool is_quoted = value.n >= 2 && (value.p[0] == '"' || value.p[0] == '\'');
            return is_quoted ? plm_sv_sub(value, 1, value.n - 2) : value;
        }
    return PLM_SV_NULL;
}

static void check_os(struct plm_checking *k)
{
    int sys;
    plm_sv text = plm_host_text(k->facts, "/etc/os-release", PLM_KIB(64), &sys);
    if (!text.p)
        text = plm_host_text(k->facts, "/usr/lib/os-release", PLM_KIB(64), &sys);
    if (!text.p) {
        plm_say(k, PLM_OUT_UNKNOWN, "/etc/os-release: %s", strerror(sys));
        return;
    }
    plm_sv id = os_value(text, "ID"), variant = os_value(text, "VARIANT_ID"),
           pretty = os_value(text, "PRETTY_NAME");
    bool is_made_for = plm_host_is_listed(id, container_systems, NULL) ||
                       plm_host_is_listed(variant, container_variants, NULL);
    plm_say(k, is_made_for ? PLM_OUT_PASS : PLM_OUT_FAIL, "/etc/os-release: %.*s (ID=%.*s%s%.*s)%s",
            PLM_SV_ARG(pretty), PLM_SV_ARG(id), variant.n ? ", VARIANT_ID=" : "", PLM_SV_ARG(variant),
            is_made_for ? "" : ", a system for all purposes");
}

static const struct plm_check checks[] = {
    {.id = "H-SVC",
     .title = "only services of a container host are enabled",
     .reads = "links in the wants and requires directories of systemd, masks, generators, rc directories, "
              "cron and at jobs; "
              "`audit.allowed-services`",
     .rationale = "Whatever starts by itself beside the engine is one more way in, and it runs with the "
                  "host's rights.",
     .fix = "disable it, or move it into a container; if it is meant, name it in `audit.allowed-services`",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_services},
    {.id = "H-PKG",
     .title = "no package is installed that a container host does not need",
     .reads = "the package database (dpkg, apk; rpm by the scan of the host)",
     .rationale = "Compilers help who has broken in; servers and desktops bring flaws and listeners. Their "
                  "place is a container.",
     .fix = "remove the packages, or move them into containers",
     .severity = PLM_SEV_LOW,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_packages},
    {.id = "H-SUID",
     .title = "set-uid programs are those of the base system",
     .reads =
         "modes of all files of local file systems, outside of the engines' data; `audit.allowed-setuid`",
     .rationale = "A set-uid program gives its owner's rights to whoever starts it. One that the system did "
                  "not bring is a back door, or "
                  "will be one.",
     .fix = "take the bit away: `chmod a-s FILE`; if it is meant, name it in `audit.allowed-setuid`",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_setuid},
    {.id = "H-OS",
     .title = "the operating system is one built for containers",
     .reads = "/etc/os-release",
     .rationale = "Systems such as Flatcar, Bottlerocket, Fedora CoreOS or Talos have a root file system "
                  "that cannot be written, update as a "
                  "whole and carry nothing but the engine.",
     .fix = "for the next host, consider a system that is built for containers",
     .severity = PLM_SEV_NEGLIGIBLE,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_os},
};
static const struct plm_check_group host_services = {.id = "host-services",
                                                     .summary =
                                                         "what the host starts, installs and lets through",
                                                     .checks = checks,
                                                     .n = sizeof(checks) / sizeof(checks[0])};
PLM_REGISTER(plm_check_groups, struct plm_check_group, host_services);
