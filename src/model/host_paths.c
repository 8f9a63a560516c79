/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths of a host and what a container that sees them gets (the path table of CIS 5.6): used on containers
 * that run and on Compose files that will start some.
 */
#include "model/host_paths.h"

#include "base/buf.h"

/* ---- paths -------------------------------------------------------------------------------- */

bool plm_path_is_below(plm_sv path, plm_sv dir)
{
    if (plm_sv_is(dir, "/"))
        return plm_sv_starts(path, dir);
    return plm_sv_starts(path, dir) && (path.n == dir.n || path.p[dir.n] == '/');
}

plm_sv plm_path_clean(struct plm_arena *a, plm_sv path)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_sv rest = path, part;
    while (plm_sv_field(&rest, '/', &part)) {
        if (!part.n || plm_sv_is(part, "."))
            continue;
        if (plm_sv_is(part, "..")) {
            size_t slash = plm_sv_rfind(plm_buf_sv(&b), '/');
            b.n = slash == SIZE_MAX ? 0 : slash;
            continue;
        }
        plm_buf_byte(&b, '/');
        plm_buf_sv_put(&b, part);
    }
    return b.n ? plm_arena_sv(a, plm_buf_sv(&b)) : PLM_SV("/");
}

/* ---- the path table ----------------------------------------------------------------------- */

enum {
    NO = PLM_SEV_UNKNOWN,
    LO = PLM_SEV_LOW,
    ME = PLM_SEV_MEDIUM,
    HI = PLM_SEV_HIGH,
    CR = PLM_SEV_CRITICAL
};

struct path_row {
    const char *path;
    /* of the path itself, writable and read-only; of what lies below it */
    uint8_t rw, ro, below_rw, below_ro;
    const char *why;
};

/* An exact row decides for its path; else the row of the longest directory above; else, for a directory that
 * holds rows, the worst of those. */
// clang-format off
static const struct path_row rows[] = {
    {"/", CR, CR, NO, NO, "the whole host"},
    {"/bin", CR, HI, CR, HI, "programs of the host"},
    {"/boot", CR, CR, CR, CR, "kernel and boot loader"},
    {"/dev", CR, CR, HI, HI, "devices of the host"},
    {"/dev/full", NO, NO, NO, NO, ""},
    {"/dev/log", LO, LO, NO, NO, "the host's log socket"},
    {"/dev/null", NO, NO, NO, NO, ""},
    {"/dev/random", NO, NO, NO, NO, ""},
    {"/dev/shm", ME, ME, ME, ME, "shared memory of the host"},
    {"/dev/tty", NO, NO, NO, NO, ""},
    {"/dev/urandom", NO, NO, NO, NO, ""},
    {"/dev/zero", NO, NO, NO, NO, ""},
    {"/etc", CR, HI, ME, LO, "configuration and password hashes of the host"},
    {"/etc/apt", CR, LO, CR, LO, "where the host's packages come from"},
    {"/etc/ca-certificates", HI, NO, HI, NO, "certificates that the host trusts"},
    {"/etc/containerd", CR, HI, CR, HI, "configuration of the engine"},
    {"/etc/containers", CR, ME, CR, ME, "configuration of the engine"},
    {"/etc/cron.d", CR, HI, CR, HI, "programs that cron runs as root"},
    {"/etc/cron.daily", CR, HI, CR, HI, "programs that cron runs as root"},
    {"/etc/cron.hourly", CR, HI, CR, HI, "programs that cron runs as root"},
    {"/etc/cron.monthly", CR, HI, CR, HI, "programs that cron runs as root"},
    {"/etc/cron.weekly", CR, HI, CR, HI, "programs that cron runs as root"},
    {"/etc/crontab", CR, HI, NO, NO, "programs that cron runs as root"},
    {"/etc/docker", CR, CR, CR, CR, "configuration and keys of the engine"},
    {"/etc/group", CR, LO, NO, NO, "groups of the host"},
    {"/etc/gshadow", CR, CR, NO, NO, "password hashes of the host"},
    {"/etc/hostname", ME, NO, NO, NO, "the host's name"},
    {"/etc/hosts", ME, NO, NO, NO, "name resolution of the host"},
    {"/etc/init.d", CR, LO, CR, LO, "programs that run at boot"},
    {"/etc/kubernetes", CR, CR, CR, CR, "keys of the cluster"},
    {"/etc/ld.so.conf", CR, NO, NO, NO, "libraries that every program of the host loads"},
    {"/etc/ld.so.conf.d", CR, NO, CR, NO, "libraries that every program of the host loads"},
    {"/etc/ld.so.preload", CR, LO, NO, NO, "libraries that every program of the host loads"},
    {"/etc/localtime", ME, NO, NO, NO, "time zone of the host"},
    {"/etc/machine-id", ME, NO, NO, NO, "identity of the host"},
    {"/etc/modprobe.d", CR, LO, CR, LO, "commands that run when modules are loaded"},
    {"/etc/modules-load.d", CR, LO, CR, LO, "modules that are loaded at boot"},
    {"/etc/nsswitch.conf", ME, NO, NO, NO, "name resolution of the host"},
    {"/etc/os-release", ME, NO, NO, NO, "release of the host"},
    {"/etc/pam.d", CR, HI, CR, HI, "how logins are checked"},
    {"/etc/passwd", CR, LO, NO, NO, "users of the host"},
    {"/etc/pki", HI, ME, HI, ME, "keys and certificates of the host"},
    {"/etc/profile", CR, LO, NO, NO, "commands that every login runs"},
    {"/etc/profile.d", CR, LO, CR, LO, "commands that every login runs"},
    {"/etc/rc.local", CR, LO, NO, NO, "commands that run at boot"},
    {"/etc/resolv.conf", ME, NO, NO, NO, "name resolution of the host"},
    {"/etc/shadow", CR, CR, NO, NO, "password hashes of the host"},
    {"/etc/shadow-", CR, CR, NO, NO, "password hashes of the host"},
    {"/etc/ssh", CR, CR, CR, CR, "keys of the host's ssh server"},
    {"/etc/ssl", HI, ME, HI, NO, "keys and certificates of the host"},
    {"/etc/ssl/private", HI, HI, HI, HI, "private keys of the host"},
    {"/etc/sudoers", CR, CR, NO, NO, "who may become root"},
    {"/etc/sudoers.d", CR, CR, CR, CR, "who may become root"},
    {"/etc/systemd", CR, HI, CR, HI, "services of the host"},
    {"/etc/timezone", ME, NO, NO, NO, "time zone of the host"},
    {"/etc/udev", CR, LO, CR, LO, "commands that run when devices appear"},
    {"/home", ME, ME, NO, NO, "home directories"},
    {"/lib", CR, HI, CR, HI, "libraries of the host"},
    {"/lib32", CR, HI, CR, HI, "libraries of the host"},
    {"/lib64", CR, HI, CR, HI, "libraries of the host"},
    {"/libx32", CR, HI, CR, HI, "libraries of the host"},
    {"/media", ME, ME, NO, NO, "removable media"},
    {"/mnt", ME, ME, NO, NO, "file systems mounted on the host"},
    {"/opt", CR, HI, NO, NO, "programs of the host"},
    {"/proc", CR, CR, CR, CR, "kernel settings and processes of the host"},
    {"/root", CR, CR, CR, CR, "root's home directory"},
    {"/run", CR, HI, NO, NO, "sockets of the host's services, the engine's among them"},
    {"/run/buildkit", CR, CR, CR, CR, "the engine's socket"},
    {"/run/containerd", CR, CR, CR, CR, "the engine's socket"},
    {"/run/cri-dockerd.sock", CR, CR, NO, NO, "the engine's socket"},
    {"/run/crio", CR, CR, CR, CR, "the engine's socket"},
    {"/run/dbus", HI, HI, HI, HI, "the host's system bus"},
    {"/run/docker", CR, CR, CR, CR, "the engine's run directory"},
    {"/run/docker.sock", CR, CR, NO, NO, "the engine's socket"},
    {"/run/k3s", CR, CR, CR, CR, "the engine's socket"},
    {"/run/podman", CR, CR, CR, CR, "the engine's socket"},
    {"/run/systemd", CR, HI, CR, HI, "control of the host's services"},
    {"/sbin", CR, HI, CR, HI, "programs of the host"},
    {"/srv", ME, ME, NO, NO, "data that the host serves"},
    {"/sys", CR, ME, CR, ME, "kernel settings of the host"},
    {"/tmp", ME, ME, NO, NO, "temporary files of all users"},
    {"/usr", CR, HI, CR, HI, "programs of the host"},
    {"/usr/local/share", ME, NO, ME, NO, "data of the host's programs"},
    {"/usr/share", ME, NO, ME, NO, "data of the host's programs"},
    {"/var", CR, HI, NO, NO, "state of the host, the engine's among it"},
    {"/var/lib/containerd", CR, CR, CR, CR, "images and containers of the engine"},
    {"/var/lib/containers", CR, CR, CR, CR, "images and containers of the engine"},
    {"/var/lib/docker", CR, CR, CR, CR, "images and containers of the engine"},
    {"/var/lib/kubelet", CR, CR, CR, CR, "secrets and volumes of the cluster"},
    {"/var/lib/rancher", CR, CR, CR, CR, "keys of the cluster"},
    {"/var/log", ME, ME, NO, NO, "logs of the host"},
    {"/var/spool/cron", CR, HI, CR, HI, "programs that cron runs"},
    {"/var/tmp", ME, ME, NO, NO, "temporary files of all users"},
};
// clang-format on

static const struct {
    const char *name;
    uint8_t severity;
    const char *why;
} credential_dirs[] = {
    {".aws", HI, "cloud credentials"},       {".azure", HI, "cloud credentials"},
    {".docker", HI, "registry credentials"}, {".gnupg", HI, "private keys"},
    {".kube", HI, "cluster credentials"},    {".ssh", CR, "ssh keys and authorized_keys"},
};

struct plm_path_risk plm_path_worse(struct plm_path_risk r, enum plm_severity severity, const char *why)
{
    if (severity > r.severity)
        r = (struct plm_path_risk){severity, why};
    return r;
}

static struct plm_path_risk by_table(plm_sv host, bool is_writable)
{
    struct plm_path_risk r = {PLM_SEV_UNKNOWN, ""};
    const struct path_row *above = NULL;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct path_row *row = &rows[i];
        plm_sv path = plm_sv_from(row->path);
        if (plm_sv_eq(path, host))
            return plm_path_worse(r, (enum plm_severity)(is_writable ? row->rw : row->ro), row->why);
        if (plm_path_is_below(host, path) && (!above || path.n > strlen(above->path)))
            above = row;
    }
    if (above)
        r = plm_path_worse(r, (enum plm_severity)(is_writable ? above->below_rw : above->below_ro),
                           above->why);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (plm_path_is_below(plm_sv_from(rows[i].path), host))
            r = plm_path_worse(r, (enum plm_severity)(is_writable ? rows[i].rw : rows[i].ro), rows[i].why);
    return r;
}

struct plm_path_risk plm_path_table_risk(plm_sv host, bool is_writable)
{
    struct plm_path_risk r = by_table(host, is_writable);
    plm_sv rest = host, part;
    while (plm_sv_field(&rest, '/', &part))
        for (size_t i = 0; i < sizeof(credential_dirs) / sizeof(credential_dirs[0]); i++)
            if (plm_sv_is(part, credential_dirs[i].name))
                r = plm_path_worse(r, (enum plm_severity)credential_dirs[i].severity, credential_dirs[i].why);
    return r;
}
