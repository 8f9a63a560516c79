/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of the host: accounts without a password, logs, time, disks; what else belongs to a hardened host.
 *
 * Formats: shadow(5), sudoers(5) (by sudoers.c; only NOPASSWD for every command is judged here, who reaches
 * the engine is H-SOCK's), journald.conf(5), mountinfo, login.defs(5).
 */
#include "audit/access_int.h"
#include "audit/host.h"

#include <sys/statvfs.h>

#include <fcntl.h>

/* ---- H-AUTH ------------------------------------------------------------------------------------- */

static void judge_shadow(struct plm_checking *k)
{
    int sys;
    plm_sv object = PLM_SV("passwords"), text = plm_host_text(k->facts, "/etc/shadow", PLM_MIB(4), &sys),
           line;
    if (!text.p) {
        plm_say_on(k, object, PLM_OUT_UNKNOWN, "/etc/shadow: %s", strerror(sys));
        return;
    }
    size_t n = 0;
    while (plm_sv_line(&text, &line)) {
        plm_sv name, rest, hash, more;
        if (!plm_sv_cut(line, ':', &name, &rest))
            continue;
        (void)plm_sv_cut(rest, ':', &hash, &more);
        n++;
        if (!hash.n)
            plm_say_on(k, object, PLM_OUT_FAIL, "/etc/shadow: %.*s has an empty password", PLM_SV_ARG(name));
    }
    plm_say_on(k, object, PLM_OUT_PASS, "/etc/shadow: %zu accounts looked at", n);
    plm_refix(k, object, "`passwd -l NAME` for each account that is named");
}

static void judge_uids(struct plm_checking *k)
{
    plm_sv object = PLM_SV("uid 0");
    int sys;
    plm_sv text = plm_host_text(k->facts, "/etc/passwd", PLM_MIB(4), &sys), line, f[4];
    if (!text.p) {
        plm_say_on(k, object, PLM_OUT_UNKNOWN, "/etc/passwd: %s", strerror(sys));
        return;
    }
    while (plm_sv_line(&text, &line)) {
        size_t n = 0;
        while (n < 4 && plm_sv_field(&line, ':', &f[n]))
            n++;
        uint64_t uid;
        if (n < 4 || plm_sv_starts(f[0], PLM_SV("#")))
            continue;
        if (plm_sv_u64(f[2], &uid) && uid == 0 && !plm_sv_is(f[0], "root"))
            plm_say_on(k, object, PLM_OUT_FAIL, "/etc/passwd: %.*s has uid 0", PLM_SV_ARG(f[0]));
        if (!f[1].n)
            plm_say_on(k, object, PLM_OUT_FAIL, "/etc/passwd: %.*s has an empty password field",
                       PLM_SV_ARG(f[0]));
    }
    plm_say_on(k, object, PLM_OUT_PASS, "/etc/passwd read");
    plm_refix(k, object, "give the account a uid of its own, or remove it");
}

/* Each file that has rules, and each rule that gives every command without a password. */
static void judge_sudo_rules(struct plm_checking *k, plm_sv object, const struct plm_sudoers *s)
{
    plm_sv last = PLM_SV_NULL;
    for (size_t i = 0; i < s->rules.n; i++) {
        const struct plm_sudo_rule *r = &s->rules.v[i];
        if (!plm_sv_eq(r->file, last))
            plm_say_on(k, object, PLM_OUT_PASS, "%.*s read", PLM_SV_ARG(r->file));
        last = r->file;
        for (size_t c = 0; c < r->commands.n; c++) {
            const struct plm_sudo_command *cmd = &r->commands.v[c];
            if (cmd->is_nopasswd && !cmd->is_denied && plm_sv_is(cmd->path, "ALL"))
                plm_say_on(k, object, PLM_OUT_FAIL, "%.*s, line %u: NOPASSWD: ALL for %.*s%s",
                           PLM_SV_ARG(r->file), r->line,
                           PLM_SV_ARG(r->who.n ? r->who.v[0].name : PLM_SV("nobody")),
                           r->who.n > 1 ? " and others" : "");
        }
    }
    if (s->never_asks)
        plm_say_on(k, object, PLM_OUT_FAIL,
                   "Defaults !authenticate: no rule asks for a password (as NOPASSWD)");
}

static void judge_sudo(struct plm_checking *k)
{
    plm_sv object = PLM_SV("sudo");
    struct plm_sudoers s = {0};
    plm_err *e = NULL;
    int sys = 0;
    if (plm_sudoers_read(k->facts->root_fd, k->facts->arena, &s, &sys, &e) < 0) {
        plm_auto_free char *text = plm_err_text(e);
        plm_err_free(e);
        plm_say_on(k, object, PLM_OUT_UNKNOWN, "/etc/sudoers: %s", text ? text : "out of memory");
        return;
    }
    if (sys) {
        plm_say_on(k, object, sys == ENOENT ? PLM_OUT_NA : PLM_OUT_UNKNOWN, "/etc/sudoers: %s",
                   sys == ENOENT ? "not there" : strerror(sys));
        return;
    }
    for (size_t i = 0; i < s.notes.n; i++)
        plm_say_on(k, object, PLM_OUT_UNKNOWN, "%.*s, line %u: %.*s", PLM_SV_ARG(s.notes.v[i].file),
                   s.notes.v[i].line, PLM_SV_ARG(s.notes.v[i].text));
    plm_say_on(k, object, PLM_OUT_PASS, "/etc/sudoers: %zu rules with its includes", s.rules.n);
    judge_sudo_rules(k, object, &s);
    plm_refix(k, object, "take NOPASSWD out of the rule, or name the few commands that need it");
}

static void judge_umask(struct plm_checking *k)
{
    int sys;
    plm_sv object = PLM_SV("umask"), text = plm_host_text(k->facts, "/etc/login.defs", PLM_MIB(1), &sys),
           line, word, value = PLM_SV_NULL;
    plm_sv rest = text;
    while (rest.p && plm_host_line(&rest, &line))
        if (plm_sv_word(&line, &word) && plm_sv_is(word, "UMASK"))
            (void)plm_sv_word(&line, &value);
    plm_weigh(k, object, PLM_SEV_LOW);
    if (!value.n) {
        plm_say_on(k, object, text.p || sys == ENOENT ? PLM_OUT_NA : PLM_OUT_UNKNOWN, "/etc/login.defs: %s",
                   text.p ? "no UMASK" : strerror(sys));
        return;
    }
    char last = value.p[value.n - 1], group = value.n > 1 ? value.p[value.n - 2] : '0';
    bool hides_writes = ((last - '0') & 2) && ((group - '0') & 2);
    plm_say_on(k, object, hides_writes ? PLM_OUT_PASS : PLM_OUT_FAIL, "/etc/login.defs: UMASK %.*s",
               PLM_SV_ARG(value));
    plm_refix(k, object, "`UMASK 027` in /etc/login.defs");
}

static void check_auth(struct plm_checking *k)
{
    judge_shadow(k);
    judge_uids(k);
    judge_sudo(k);
    judge_umask(k);
}

/* ---- H-LOG -------------------------------------------------------------------------------------- */

static plm_sv journald_setting(const struct plm_facts *f, const char *key, plm_sv *where)
{
    static const char *const dirs[] = {"/usr/lib/systemd/journald.conf.d", "/run/systemd/journald.conf.d",
                                       "/etc/systemd/journald.conf.d"};
    plm_sv found = PLM_SV_NULL;
    plm_sv_vec paths = {0};
    (void)plm_sv_vec_add(f->arena, &paths, PLM_SV("/etc/systemd/journald.conf"));
    for (size_t d = 0; d < 3; d++) {
        plm_sv_vec names = {0};
        (void)plm_host_names(f, dirs[d], &names);
        for (size_t i = 0; i < names.n; i++)
            (void)plm_sv_vec_add(f->arena, &paths,
                                 plm_host_printf(f, "%s/%.*s", dirs[d], PLM_SV_ARG(names.v[i])));
    }
    for (size_t i = 0; i < paths.n; i++) {
        int sys;
        plm_sv text = paths.v[i].p ? plm_host_text(f, paths.v[i].p, PLM_MIB(1), &sys) : PLM_SV_NULL, line,
               name, value;
        while (text.p && plm_host_line(&text, &line))
            if (plm_sv_cut(line, '=', &name, &value) && plm_sv_is(plm_sv_trim(name), key)) {
                found = plm_sv_trim(value);
                *where = paths.v[i];
            }
    }
    return found;
}

static void judge_journal(struct plm_checking *k)
{
    const struct plm_facts *f = k->facts;
    plm_sv object = PLM_SV("logs on disk"), where = PLM_SV_NULL,
           storage = journald_setting(f, "Storage", &where);
    bool has_syslog = plm_host_exists(f, "/usr/sbin/rsyslogd") || plm_host_exists(f, "/usr/sbin/syslog-ng");
    bool has_systemd = plm_host_exists(f, "/usr/lib/systemd/systemd-journald") ||
                       plm_host_exists(f, "/lib/systemd/systemd-journald");
    bool has_dir = plm_host_exists(f, "/var/log/journal");
    bool is_kept = plm_sv_is(storage, "persistent") ||
                   (has_dir && !plm_sv_is(storage, "volatile") && !plm_sv_is(storage, "none"));
    if (!has_systemd && !has_syslog) {
        bool has_busybox = plm_host_exists(f, "/sbin/syslogd");
        plm_say_on(k, object, has_busybox ? PLM_OUT_PASS : PLM_OUT_FAIL,
                   "neither journald nor a syslog daemon is installed%s",
                   has_busybox ? ", but BusyBox' syslogd" : "");
        return;
    }
    plm_say_on(k, object, is_kept || has_syslog ? PLM_OUT_PASS : PLM_OUT_FAIL,
               "journald: Storage=%.*s, /var/log/journal is %sthere; %s",
               PLM_SV_ARG(storage.n ? storage : PLM_SV("auto")), has_dir ? "" : "not ",
               has_syslog ? "a syslog daemon writes to /var/log" : "no other syslog daemon");
    plm_refix(k, object,
              "`mkdir -p /var/log/journal` and `Storage=persistent` in /etc/systemd/journald.conf; restart "
              "systemd-journald");
}

static bool ships_rsyslog(const struct plm_facts *f, const char *path)
{
    int sys;
    plm_sv text = plm_host_text(f, path, PLM_MIB(1), &sys), line, word;
    while (text.p && plm_host_line(&text, &line)) {
        if (plm_sv_has(line, PLM_SV("omfwd")) || plm_sv_has(line, PLM_SV("omrelp")) ||
            plm_sv_has(line, PLM_SV("omkafka")) || plm_sv_has(line, PLM_SV("omelasticsearch")))
            return true;
        plm_sv rest = line;
        if (plm_sv_word(&rest, &word) && plm_sv_starts(plm_sv_trim(rest), PLM_SV("@")))
            return true;
    }
    return false;
}

static void judge_remote(struct plm_checking *k)
{
    static const char *const agents[] = {"systemd-journal-upload",
                                         "fluent-bit",
                                         "fluentd",
                                         "filebeat",
                                         "promtail",
                                         "vector",
                                         "vmagent",
                                         "otelcol",
                                         "splunkd",
                                         "google_cloud_ops_agent",
                                         "amazon-cloudwatch-agent"};
    const struct plm_facts *f = k->facts;
    plm_sv object = PLM_SV("logs elsewhere");
    plm_sv_vec names = {0};
    bool ships = ships_rsyslog(f, "/etc/rsyslog.conf");
    (void)plm_host_names(f, "/etc/rsyslog.d", &names);
    for (size_t i = 0; i < names.n && !ships; i++) {
        plm_sv path = plm_host_printf(f, "/etc/rsyslog.d/%.*s", PLM_SV_ARG(names.v[i]));
        ships = path.p && ships_rsyslog(f, path.p);
    }
    plm_weigh(k, object, PLM_SEV_LOW);
    for (size_t i = 0; i < sizeof(agents) / sizeof(agents[0]); i++)
        if (plm_host_runs(f, agents[i])) {
            plm_say_on(k, object, PLM_OUT_PASS, "%s runs", agents[i]);
            return;
        }
    plm_say_on(k, object, ships ? PLM_OUT_PASS : PLM_OUT_FAIL,
               ships ? "rsyslog forwards" : "nothing known ships logs off this host");
    plm_refix(k, object,
              "forward logs: `*.* @@loghost:6514` in /etc/rsyslog.d, systemd-journal-upload, or an agent");
}

static void judge_auditd(struct plm_checking *k)
{
    const struct plm_facts *f = k->facts;
    plm_sv object = PLM_SV("auditd");
    bool is_installed = plm_host_exists(f, "/sbin/auditd") || plm_host_exists(f, "/usr/sbin/auditd");
    if (f->processes_failure.p || f->processes.n == 0)
        plm_say_on(k, object, is_installed ? PLM_OUT_UNKNOWN : PLM_OUT_FAIL, "auditd is %sinstalled",
                   is_installed ? "" : "not ");
    else if (plm_host_runs(f, "auditd"))
        plm_say_on(k, object, PLM_OUT_PASS, "auditd runs");
    else
        plm_say_on(k, object, PLM_OUT_FAIL, "auditd does not run (it is %sinstalled)",
                   is_installed ? "" : "not ");
    plm_refix(k, object, "`apt-get install auditd` or `dnf install audit`; `systemctl enable --now auditd`");
}

static void judge_rotation(struct plm_checking *k)
{
    const struct plm_facts *f = k->facts;
    plm_sv object = PLM_SV("rotation of logs");
    bool has = plm_host_exists(f, "/usr/sbin/logrotate") || plm_host_exists(f, "/usr/bin/logrotate");
    bool needs = plm_host_exists(f, "/usr/sbin/rsyslogd") || plm_host_exists(f, "/usr/sbin/syslog-ng");
    plm_weigh(k, object, PLM_SEV_LOW);
    plm_say_on(k, object,
               has     ? PLM_OUT_PASS
               : needs ? PLM_OUT_FAIL
                       : PLM_OUT_NA,
               has     ? "logrotate is installed"
               : needs ? "logrotate is not installed"
                       : "no syslog daemon: journald limits itself");
    plm_refix(k, object, "`apt-get install logrotate`");
}

static void check_logs(struct plm_checking *k)
{
    judge_journal(k);
    judge_remote(k);
    judge_auditd(k);
    judge_rotation(k);
}

/* ---- H-TIME ------------------------------------------------------------------------------------- */

static void check_time(struct plm_checking *k)
{
    static const char *const daemons[] = {"chronyd", "ntpd",  "systemd-timesyncd", "openntpd",
                                          "ntpsec",  "ptp4l", "VBoxService",       "vmtoolsd"};
    static const char *const programs[] = {"/usr/sbin/chronyd", "/usr/sbin/ntpd",
                                           "/usr/lib/systemd/systemd-timesyncd",
                                           "/lib/systemd/systemd-timesyncd", "/usr/sbin/openntpd"};
    const struct plm_facts *f = k->facts;
    for (size_t i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++)
        if (plm_host_runs(f, daemons[i])) {
            plm_say(k, PLM_OUT_PASS, "%s runs", daemons[i]);
            return;
        }
    bool is_installed = false;
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        is_installed |= plm_host_exists(f, programs[i]);
    bool is_seen = !f->processes_failure.p && f->processes.n;
    plm_say(k, is_seen || !is_installed ? PLM_OUT_FAIL : PLM_OUT_UNKNOWN,
            is_seen        ? "no daemon that keeps the time runs"
            : is_installed ? "a daemon that keeps the time is installed; whether it runs is not seen"
                           : "no daemon that keeps the time is installed");
}

/* ---- H-DISK ------------------------------------------------------------------------------------- */

static void judge_space(struct plm_checking *k, plm_sv path)
{
    plm_sv object = plm_host_printf(k->facts, "free space of %.*s", PLM_SV_ARG(path));
    plm_auto(plm_err_free) plm_err *err = NULL;
    const char *p = plm_arena_cstr(k->facts->arena, path);
    plm_auto_fd int fd = p ? plm_fs_open_in(k->facts->root_fd, p, O_PATH, &err) : -1;
    struct statvfs v;
    if (fd < 0 || fstatvfs(fd, &v) < 0) {
        plm_say_on(k, object, err && err->sys == ENOENT ? PLM_OUT_NA : PLM_OUT_UNKNOWN, "%.*s: %s",
                   PLM_SV_ARG(path), strerror(err ? err->sys : errno));
        return;
    }
    unsigned space = v.f_blocks ? (unsigned)(v.f_bavail * 100 / v.f_blocks) : 100;
    unsigned inodes = v.f_files ? (unsigned)(v.f_favail * 100 / v.f_files) : 100;
    plm_say_on(k, object, space < 10 || inodes < 10 ? PLM_OUT_FAIL : PLM_OUT_PASS,
               "%.*s: %u %% of the space and %u %% of the inodes are free", PLM_SV_ARG(path), space, inodes);
    plm_refix(k, object, "`docker system prune` after a look at `docker system df`, or a larger file system");
}

static const struct {
    const char *point, *options;
} mount_rows[] = {{"/tmp", "nodev nosuid noexec"},
                  {"/var/tmp", "nodev nosuid"},
                  {"/dev/shm", "nodev nosuid noexec"},
                  {"/var", "nodev"},
                  {"/home", "nodev nosuid"}};

static void judge_mount(struct plm_checking *k, const char *point, const char *options)
{
    plm_sv object = plm_sv_from(point), rest = plm_sv_from(options), word;
    const struct plm_mount *m = NULL;
    for (size_t i = 0; i < k->facts->host_mounts.n; i++)
        if (plm_sv_eq(k->facts->host_mounts.v[i].point, object))
            m = &k->facts->host_mounts.v[i];
    if (!m) {
        bool is_wanted = strcmp(point, "/home") != 0 && strcmp(point, "/var/tmp") != 0;
        plm_say_on(k, object, is_wanted ? PLM_OUT_FAIL : PLM_OUT_NA,
                   "mountinfo: %s is no file system of its own", point);
        plm_refix(k, object, "a file system of its own for %s (`systemctl enable tmp.mount` for /tmp)",
                  point);
        return;
    }
    while (plm_sv_word(&rest, &word)) {
        char option[16];
        (void)snprintf(option, sizeof(option), "%.*s", PLM_SV_ARG(word));
        if (!plm_mount_has_option(m, option))
            plm_say_on(k, object, PLM_OUT_FAIL, "mountinfo: %s has no %s", point, option);
    }
    plm_say_on(k, object, PLM_OUT_PASS, "mountinfo: %.*s %.*s", PLM_SV_ARG(m->type), PLM_SV_ARG(m->options));
    plm_refix(k, object, "mount it with %s (/etc/fstab, or a drop-in of its mount unit)", options);
}

static void check_disks(struct plm_checking *k)
{
    const struct plm_facts *f = k->facts;
    bool has_root = false;
    for (size_t i = 0; i < f->daemons.n; i++)
        if (f->daemons.v[i].root_dir.n && !f->daemons.v[i].is_remote) {
            judge_space(k, f->daemons.v[i].root_dir);
            has_root = true;
        }
    if (!has_root)
        judge_space(k, plm_host_exists(f, "/var/lib/docker") ? PLM_SV("/var/lib/docker") : PLM_SV("/var"));
    if (f->host_mounts_failure.p || f->host_mounts.n == 0) {
        plm_say(k, PLM_OUT_UNKNOWN, "mounts: %.*s",
                PLM_SV_ARG(f->host_mounts_failure.n ? f->host_mounts_failure : PLM_SV("none are shown")));
        return;
    }
    for (size_t i = 0; i < sizeof(mount_rows) / sizeof(mount_rows[0]); i++)
        judge_mount(k, mount_rows[i].point, mount_rows[i].options);
}

/* ---- H-KUBE, H-DCT ------------------------------------------------------------------------------ */

static void check_kubernetes(struct plm_checking *k)
{
    static const char *const signs[] = {"/etc/kubernetes/kubelet.conf",
                                        "/var/lib/kubelet/config.yaml",
                                        "/etc/rancher/k3s",
                                        "/var/lib/rancher",
                                        "/etc/rancher/rke2",
                                        "/var/snap/microk8s",
                                        "/var/lib/k0s"};
    static const char *const programs[] = {"kubelet", "k3s", "k3s-server", "rke2", "k0s"};
    size_t n = 0;
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (plm_host_exists(k->facts, signs[i]) && ++n)
            plm_say(k, PLM_OUT_MANUAL, "%s is there", signs[i]);
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        if (plm_host_runs(k->facts, programs[i]) && ++n)
            plm_say(k, PLM_OUT_MANUAL, "%s runs", programs[i]);
    if (n)
        plm_say(k, PLM_OUT_MANUAL, "this host is a node of a Kubernetes cluster: audit the cluster as well");
    else
        plm_say(k, PLM_OUT_NA, "no kubelet, k3s, rke2, k0s or microk8s is here");
}

static void check_content_trust(struct plm_checking *k)
{
    static const char *const policies[] = {"/etc/containers/policy.json", "/etc/plimsoll/trust.yaml"};
    int sys;
    plm_sv environment = plm_host_text(k->facts, "/etc/environment", PLM_KIB(64), &sys);
    bool is_set = environment.p && plm_sv_has(environment, PLM_SV("DOCKER_CONTENT_TRUST=1"));
    if (is_set)
        plm_say(k, PLM_OUT_PASS, "/etc/environment: DOCKER_CONTENT_TRUST=1");
    for (size_t i = 0; i < 2; i++) {
        plm_sv text = plm_host_text(k->facts, policies[i], PLM_MIB(1), &sys);
        if (text.p && (plm_sv_has(text, PLM_SV("signedBy")) || plm_sv_has(text, PLM_SV("sigstoreSigned")) ||
                       plm_sv_has(text, PLM_SV("reject"))))
            plm_say(k, PLM_OUT_PASS, "%s asks for signatures", policies[i]);
    }
    if (!plm_host_has_engine(k->facts))
        plm_say(k, PLM_OUT_NA, "no engine is here");
    else
        plm_say(k, PLM_OUT_MANUAL, "which signatures are asked for, and where, is for a person to decide");
}

static const struct plm_check checks[] = {
    {.id = "H-AUTH",
     .title = "no account gives root away",
     .reads = "/etc/passwd, /etc/shadow, /etc/sudoers and sudoers.d, /etc/login.defs",
     .rationale = "An empty password, a second uid 0 or sudo without a password for everything turns any "
                  "foothold into root of the host.",
     .fix = "lock the account, or take the right away",
     .severity = PLM_SEV_HIGH,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_auth},
    {.id = "H-LOG",
     .title = "logs are kept, rotated and sent elsewhere; the audit daemon runs",
     .reads = "journald.conf, /var/log/journal, rsyslog's configuration, running agents, auditd, logrotate",
     .rationale = "After a break-in the logs of the host say what happened, if they outlive a reboot and "
                  "whoever became root.",
     .fix = "keep the journal on disk, forward it, and run auditd",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_SAFE,
     .run = check_logs},
    {.id = "H-TIME",
     .title = "the clock is kept",
     .reads = "running and installed time daemons",
     .rationale = "Certificates, signatures and the order of logs depend on the time.",
     .fix = "`apt-get install chrony` (or systemd-timesyncd) and enable it",
     .severity = PLM_SEV_LOW,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_SAFE,
     .run = check_time},
    {.id = "H-DISK",
     .title = "disks have room, and where users write nothing is a device or set-uid",
     .reads = "statvfs of the engine's data root, /proc/1/mountinfo",
     .rationale = "A full disk stops every container; a file system of its own with nodev, nosuid and noexec "
                  "keeps what is dropped there from "
                  "becoming a program or a device.",
     .fix = "file systems of their own, with the options named",
     .severity = PLM_SEV_LOW,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_disks},
    {.id = "H-KUBE",
     .title = "whether the host is a node of a Kubernetes cluster",
     .reads = "files and processes of kubelet, k3s, rke2, k0s and microk8s",
     .rationale =
         "The cluster decides what runs on its nodes: the settings of one host are only half of the answer.",
     .fix = "audit the cluster as well",
     .severity = PLM_SEV_NEGLIGIBLE,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_SAFE,
     .run = check_kubernetes},
    {.id = "H-DCT",
     .title = "images are accepted only with a signature",
     .reads = "/etc/environment, /etc/containers/policy.json",
     .rationale = "A tag says nothing about who built the image. Content trust of Docker ends with its "
                  "clients; a policy on signatures holds for "
                  "everybody.",
     .fix = "a policy on signatures in front of the engine",
     .severity = PLM_SEV_LOW,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .is_manual = true,
     .run = check_content_trust},
};
static const struct plm_check_group host_hardening = {.id = "host-hardening",
                                                      .summary = "accounts, logs, time and disks of the host",
                                                      .checks = checks,
                                                      .n = sizeof(checks) / sizeof(checks[0])};
PLM_REGISTER(plm_check_groups, struct plm_check_group, host_hardening);
