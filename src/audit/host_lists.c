/* SPDX-License-Identifier: Apache-2.0
 *
 * What a stock server that runs containers has: programs, units, listeners, set-uid programs. Data, matched
 * by glob.
 *
 * The lists were made from Debian 12 and 13, Ubuntu and the Red Hat family with an engine, an SSH server,
 * time keeping, logs, cron, an agent of the cloud and the tools that their installers add; a test installs
 * Debian's packages and holds the lists against them. `audit host --learn FILE` writes what a site has beside
 * them.
 */
#include "audit/host.h"

// clang-format off
/* Merged /usr or not: "**" takes both spellings of a directory. */
const char *const plm_host_allowed_programs[] = {
    /* init and its services */
    "/usr/lib/systemd/systemd", "/usr/lib/systemd/systemd-*", "/lib/systemd/systemd", "/lib/systemd/systemd-*",
    "/usr/lib/systemd/user-environment-generators/*",
    "/sbin/init", "/usr/sbin/init", "/bin/systemd*", "/usr/bin/systemd*", "/sbin/openrc*", "/usr/sbin/runsvdir", "/bin/busybox",
    "/usr/bin/dbus-daemon", "/usr/bin/dbus-broker", "/usr/bin/dbus-broker-launch", "/lib/systemd/systemd-udevd",
    "/usr/bin/udevadm", "/bin/udevadm", "/sbin/udevd", "/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd",
    "/usr/libexec/accounts-daemon", "/usr/lib/accountsservice/accounts-daemon",
    /* logins */
    "/usr/sbin/sshd", "/usr/lib/openssh/sshd-*", "/usr/libexec/openssh/*", "/usr/lib/openssh/sftp-server", "/sbin/agetty",
    "/usr/sbin/agetty", "/bin/login", "/usr/bin/login", "/sbin/getty", "/usr/bin/sudo", "/bin/su", "/usr/bin/su", "/usr/bin/newgrp", "/sbin/sulogin",
    "/bin/bash", "/usr/bin/bash", "/bin/sh", "/bin/dash", "/usr/bin/dash", "/usr/bin/zsh", "/usr/bin/fish",
    "/usr/bin/ssh-agent", "/usr/bin/tmux", "/usr/bin/screen",
    /* jobs and logs */
    "/usr/sbin/cron", "/usr/sbin/crond", "/usr/sbin/anacron", "/usr/sbin/atd", "/usr/sbin/rsyslogd", "/usr/sbin/syslog-ng",
    "/usr/lib/syslog-ng/*", "/sbin/auditd", "/usr/sbin/auditd", "/sbin/audispd", "/usr/sbin/audisp-*", "/sbin/audisp-*",
    "/usr/sbin/logrotate", "/sbin/klogd", "/sbin/syslogd",
    /* time, network, power */
    "/usr/sbin/chronyd", "/usr/sbin/ntpd", "/usr/sbin/ntpd-ng", "/usr/sbin/ntpsec-*", "/usr/sbin/openntpd",
    "/sbin/dhclient", "/usr/sbin/dhclient", "/sbin/dhcpcd", "/usr/sbin/dhcpcd", "/sbin/udhcpc", "/usr/sbin/NetworkManager",
    "/usr/lib/NetworkManager/*", "/usr/libexec/nm-*", "/usr/bin/networkd-dispatcher", "/sbin/wpa_supplicant",
    "/usr/sbin/wpa_supplicant", "/usr/sbin/irqbalance", "/usr/sbin/acpid", "/usr/sbin/thermald", "/usr/sbin/haveged",
    "/usr/sbin/rngd", "/usr/sbin/mcelog", "/usr/sbin/rasdaemon", "/usr/sbin/tuned", "/usr/sbin/firewalld",
    /* disks */
    "/sbin/multipathd", "/usr/sbin/multipathd", "/usr/sbin/smartd", "/sbin/mdadm", "/usr/sbin/mdadm", "/sbin/lvm*", "/usr/sbin/lvm*",
    "/sbin/dmeventd", "/usr/sbin/dmeventd", "/usr/libexec/udisks2/udisksd", "/usr/lib/udisks2/udisksd",
    /* updates and mail of the system itself */
    "/usr/bin/apt*", "/usr/lib/apt/**", "/usr/bin/dpkg*", "/usr/bin/unattended-upgrade*", "/usr/share/unattended-upgrades/*",
    "/usr/bin/dnf*", "/usr/libexec/packagekitd", "/usr/libexec/fwupd/fwupd", "/usr/sbin/exim4", "/usr/bin/needrestart",
    /* interpreters that run the system's own services: what they run is judged by its unit */
    "/usr/bin/python3*", "/usr/libexec/platform-python*", "/usr/bin/perl",
    /* engines */
    "/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/bin/dockerd-rootless.sh", "/usr/bin/containerd", "/usr/bin/containerd-shim*",
    "/usr/bin/docker-proxy", "/usr/sbin/docker-proxy", "/usr/libexec/docker/docker-proxy", "/usr/bin/docker-init", "/usr/bin/docker",
    "/usr/libexec/docker/**", "/usr/lib/docker/**", "/usr/bin/docker-compose", "/usr/bin/rootlesskit",
    "/usr/bin/slirp4netns", "/usr/bin/podman", "/usr/bin/conmon", "/usr/libexec/podman/*", "/usr/lib/podman/*", "/usr/bin/crun",
    "/usr/bin/runc", "/usr/sbin/runc", "/usr/bin/fuse-overlayfs", "/usr/bin/buildkitd", "/usr/bin/nerdctl", "/usr/bin/crio",
    /* machines of clouds and hypervisors */
    "/usr/sbin/qemu-ga", "/usr/bin/qemu-ga", "/usr/bin/vmtoolsd", "/usr/bin/VGAuthService", "/usr/sbin/VBoxService",
    "/usr/sbin/hv_*_daemon", "/usr/sbin/waagent", "/usr/bin/google_*", "/usr/bin/amazon-ssm-agent", "/usr/bin/ssm-*",
    "/snap/amazon-ssm-agent/**", "/usr/lib/snapd/snapd", "/usr/bin/cloud-init", "/usr/sbin/xe-daemon",
    /* guards */
    "/usr/bin/fail2ban-server", "/usr/bin/falco", "/usr/sbin/aide", "/usr/bin/plimsoll", "/usr/local/bin/plimsoll", "/usr/lib/sysstat/*",
    "/usr/lib64/sa/*", "/usr/sbin/sssd", "/usr/libexec/sssd/*",
    NULL};

const char *const plm_host_allowed_units[] = {
    /* systemd's own, by whichever package split */
    "systemd-*", "getty@*", "autovt@*", "serial-getty@*", "console-getty.service", "console-setup.service", "keyboard-setup.service",
    "kmod-static-nodes.service", "kmod.service", "ldconfig.service", "rc-local.service", "dbus*",
    "user@*", "user-runtime-dir@*", "modprobe@*", "quotaon*", "initrd-*", "plymouth-*", "proc-sys-fs-binfmt_misc.*",
    "first-boot-complete*", "syslog.*", "remote-fs*", "ctrl-alt-del*", "emergency*", "rescue*", "tpm2*", "capsule@*",
    "breakpoint-*", "getty-*", "cryptdisks*", "networkd-*", "hibernate-*", "sys-*", "binfmt-support.service", "dev-hugepages*",
    /* network */
    "networking.service", "ifup@*", "ifupdown-*", "NetworkManager*", "nm-*", "dhcpcd*", "resolvconf*", "netplan-*", "ufw.service",
    "nftables.service", "iptables*", "netfilter-persistent*", "firewalld*", "wpa_supplicant*", "dbus-fi.w1.*", "dbus-org.*",
    "network*", "e2scrub*", "fstrim.timer", "open-iscsi*", "iscsi*", "pppd-dns*",
    /* logins, jobs, logs, time */
    "ssh.service", "ssh.socket", "sshd.service", "sshd.socket", "sshd-*", "ssh-*", "sshd@*", "cron.service", "cron-*", "crond.service",
    "anacron*", "atd.service", "rsyslog*", "syslog-ng*", "auditd*", "audit-rules*", "logrotate.timer", "man-db.timer", "mlocate*",
    "plocate*", "updatedb*", "chrony*", "ntp*", "sysstat*", "dpkg-db-backup.timer", "exim4*", "fail2ban*", "rng-tools*", "haveged*",
    /* updates */
    "apt-*", "unattended-upgrades.service", "dnf-*", "dnf5-*", "packagekit*", "fwupd*", "update-notifier-*", "motd-news.*", "needrestart*",
    "apport*", "ua-*", "ubuntu-*", "esm-*", "pollinate*", "snapd*", "snap.*", "snap-*", "secureboot-db*", "grub-*", "kdump*", "mcelog*",
    /* disks and machine */
    "lvm2-*", "lvm-*", "dm-event*", "blk-availability*", "mdadm*", "mdmonitor*", "mdcheck*", "multipath*", "smartd*", "smartmontools*",
    "udisks2*", "blk-*", "raid-check*", "xfs_scrub*", "btrfs*", "zfs*", "irqbalance*", "acpid*", "thermald*", "tuned*", "finalrd*",
    "lm-sensors*", "rasdaemon*", "nvmf*", "nvme*", "selinux-*", "apparmor*", "polkit*", "accounts-daemon*", "import-state*", "loadmodules*",
    "low-memory-monitor*", "power-profiles*", "switcheroo*", "set-root-pw*", "rtkit*",
    /* engines */
    "docker.service", "docker.socket", "containerd.service", "podman*", "netavark*", "crio.service", "buildkit*", "plimsoll*",
    /* clouds and hypervisors */
    "cloud-*", "cloud-init*", "qemu-guest-agent*", "vmtoolsd*", "open-vm-tools*", "vgauth*", "run-vmblock*", "run-rpc_pipefs.*",
    "walinuxagent*", "waagent*", "google-*", "gce-*", "amazon-*", "hv-*", "hypervkvpd*", "hypervvssd*", "hypervfcopyd*", "ec2-*", "growroot*", "sssd*",
    /* System V and cron jobs that the packages above bring */
    "init.d/*kmod*", "init.d/cron", "init.d/ssh", "init.d/sshd", "init.d/rsyslog", "init.d/docker", "init.d/dbus", "init.d/chrony",
    "init.d/auditd", "init.d/containerd", "init.d/networking", "init.d/udev", "init.d/procps", "init.d/sudo", "init.d/apparmor",
    "init.d/unattended-upgrades", "init.d/exim4", "init.d/anacron", "init.d/atd", "init.d/acpid", "init.d/crond", "init.d/local",
    "init.d/chronyd", "init.d/hwclock*", "init.d/qemu-guest-agent", "init.d/fail2ban", "init.d/sysstat", "init.d/irqbalance",
    "init.d/smartmontools", "init.d/mdadm*", "init.d/open-vm-tools", "init.d/grub-common", "init.d/console-setup*", "init.d/keyboard-setup*",
    "init.d/ufw", "init.d/cloud-*", "init.d/rng-tools*", "init.d/plymouth*", "init.d/lm-sensors", "init.d/screen-cleanup",
    "cron.*/apt*", "cron.*/dpkg", "cron.*/logrotate", "cron.*/man-db", "cron.*/e2scrub_all", "cron.*/sysstat", "cron.*/exim4-base",
    "cron.*/mdadm", "cron.*/0anacron", "cron.*/anacron", "cron.*/0hourly", "cron.*/raid-check", "cron.*/popularity-contest",
    "cron.*/passwd", "cron.*/bsdmainutils", "cron.*/mlocate", "cron.*/plocate", "cron.*/locate", "cron.*/fake-hwclock",
    "cron.*/update-notifier-common", "cron.*/ubuntu-*", "cron.*/aptitude", "cron.*/chkrootkit", "cron.*/rkhunter", "cron.*/aide*",
    "cron.*/zfsutils-linux", "cron.*/certwatch", "cron.*/google-*",
    NULL};

const char *const plm_host_allowed_setuid[] = {
    "/bin/su", "/usr/bin/su", "/bin/mount", "/usr/bin/mount", "/bin/umount", "/usr/bin/umount", "/usr/bin/sudo", "/usr/bin/passwd",
    "/usr/bin/chfn", "/usr/bin/chsh", "/usr/bin/gpasswd", "/usr/bin/newgrp", "/usr/bin/chage", "/usr/bin/expiry", "/usr/bin/newuidmap",
    "/usr/bin/newgidmap", "/usr/bin/crontab", "/usr/bin/at", "/usr/bin/ssh-agent", "/usr/bin/sg", "/usr/bin/wall", "/usr/bin/write*",
    "/usr/bin/bsd-write", "/usr/bin/dotlockfile", "/usr/bin/pkexec", "/usr/bin/locate", "/usr/bin/mlocate", "/usr/bin/plocate",
    "/usr/bin/screen", "/bin/fusermount*", "/usr/bin/fusermount*", "/usr/bin/ntfs-3g", "/bin/ntfs-3g", "/bin/ping*", "/usr/bin/ping*",
    "/usr/bin/sudoedit", "/usr/bin/run0", "/usr/bin/doas", "/usr/bin/bwrap", "/usr/bin/staprun",
    "/sbin/unix_chkpwd", "/usr/sbin/unix_chkpwd", "/sbin/pam_timestamp_check", "/usr/sbin/pam_timestamp_check", "/usr/sbin/exim4",
    "/usr/sbin/postdrop", "/usr/sbin/postqueue", "/usr/sbin/lockdev", "/usr/sbin/utempter", "/usr/libexec/utempter/utempter",
    "/usr/lib/x86_64-linux-gnu/utempter/utempter", "/usr/lib/*/utempter/utempter", "/usr/lib/dbus-1.0/dbus-daemon-launch-helper",
    "/usr/libexec/dbus-1/dbus-daemon-launch-helper", "/lib/dbus-1.0/dbus-daemon-launch-helper", "/usr/lib/openssh/ssh-keysign",
    "/usr/libexec/openssh/ssh-keysign", "/usr/lib/policykit-1/polkit-agent-helper-1", "/usr/lib/polkit-1/polkit-agent-helper-1",
    "/usr/libexec/polkit-agent-helper-1", "/usr/lib/snapd/snap-confine", "/usr/lib/eject/dmcrypt-get-device", "/usr/libexec/sssd/*",
    "/usr/sbin/grub2-set-bootflag", "/usr/sbin/mount.nfs", "/sbin/mount.nfs", "/usr/sbin/mount.cifs", "/sbin/mount.cifs",
    "/usr/bin/vmware-user-suid-wrapper", "/sbin/mount.ntfs*", "/usr/bin/ssh-keysign", "/usr/sbin/pppd", "/bin/bbsuid", "/usr/lib/xtables-addons/*",
    NULL};
// clang-format on

/* Ports that may listen, and who on them. */
const struct plm_host_listener plm_host_allowed_listeners[] = {
    {"22/tcp", "sshd"},      {"22/tcp", "systemd"},
    {"68/udp", "dhc*"},      {"68/udp", "systemd-networkd"},
    {"68/udp", "udhcpc"},    {"68/udp", "NetworkManager"},
    {"546/udp", "dhc*"},     {"546/udp", "systemd-networkd"},
    {"123/udp", "chronyd"},  {"123/udp", "ntpd*"},
    {"323/udp", "chronyd"},  {"546/udp", "NetworkManager"},
    {"2377/tcp", "dockerd"}, {"7946/tcp", "dockerd"},
    {"7946/udp", "dockerd"},
};
const size_t plm_host_allowed_listeners_n =
    sizeof(plm_host_allowed_listeners) / sizeof(plm_host_allowed_listeners[0]);
