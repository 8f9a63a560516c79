# SPDX-License-Identifier: Apache-2.0
"""The host checks against things that are not ours: sysctl, find, dpkg, sshd -T, iptables, ss."""
import json
import os
import pathlib
import random
import re
import shutil
import subprocess

import pytest


def audit(plimsoll, check, *more, **kwargs):
    done = plimsoll("audit", "host", "--offline", "--check", check, "-o", "json", *more, **kwargs)
    rows = [row for row in json.loads(done.stdout)["checks"] if row["id"] == check]
    return {row["object"]: row for row in rows}


@pytest.mark.skipif(not shutil.which("sysctl"), reason="skipped: no sysctl program")
def test_sysctl_values_are_those_of_sysctl(plimsoll):
    compared = 0
    for key, row in audit(plimsoll, "H-SYSCTL").items():
        said = re.match(re.escape(key) + r" = (.*?)(?: \(.*)?$", row["evidence"][0])
        if not said or "*" in key:
            continue
        theirs = subprocess.run(["sysctl", "-n", key], capture_output=True, text=True)
        if theirs.returncode == 0:
            assert said.group(1) == theirs.stdout.strip(), key
            compared += 1
    assert compared > 5


def make_root(tmp_path, files):
    for name, (mode, text) in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
    return tmp_path


def test_set_uid_programs_are_those_of_find(plimsoll, tmp_path):
    modes = {"usr/bin/one": 0o4755, "usr/bin/two": 0o2755, "opt/a b/three": 0o6711, "usr/bin/plain": 0o755,
             "etc/four": 0o4644, "var/lib/docker/overlay2/x/five": 0o4755}
    root = make_root(tmp_path / "root", {name: (mode, "x") for name, mode in modes.items()})
    (root / "usr/bin/link").symlink_to("one")
    found = subprocess.run(["find", root, "-path", root / "var/lib/docker", "-prune", "-o", "-type", "f", "-perm", "/6000", "-print"],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    theirs = {"/" + os.path.relpath(path, root) for path in found}
    ours = {name for name, row in audit(plimsoll, "H-SUID", "--root", root).items() if row["outcome"] == "fail"}
    assert ours == theirs and len(ours) == 4


@pytest.mark.skipif(not shutil.which("dpkg") or not pathlib.Path("/var/lib/dpkg/info").is_dir(), reason="skipped: no dpkg here")
def test_checksums_are_those_of_dpkg(plimsoll):
    compared = 0
    for path, row in audit(plimsoll, "H-FIM").items():
        package = re.search(r"package (\S+) says", row["evidence"][0])
        if not package:
            continue
        verified = subprocess.run(["dpkg", "-V", package.group(1)], capture_output=True, text=True).stdout
        assert (row["outcome"] == "fail") == any(line.endswith(" " + path) for line in verified.splitlines()), path
        compared += 1
    if not compared:
        pytest.skip("skipped: no engine of a package is installed")


CHOICES = {"PermitRootLogin": ["yes", "no", "prohibit-password"], "PasswordAuthentication": ["yes", "no"],
           "PermitEmptyPasswords": ["yes", "no"], "X11Forwarding": ["yes", "no"], "AllowTcpForwarding": ["yes", "no", "local"],
           "MaxAuthTries": ["3", "6", "9"], "StrictModes": ["yes", "no"], "GatewayPorts": ["yes", "no"]}


def some_lines(rng):
    lines = []
    for key in rng.sample(list(CHOICES), rng.randint(1, 6)):
        value = rng.choice(CHOICES[key])
        lines.append(rng.choice(["{} {}", "{}={}", "  {}\t{} # why", '{} "{}"', "{} = {}"]).format(rng.choice([key, key.lower()]), value))
    return lines


@pytest.mark.skipif(not pathlib.Path("/usr/sbin/sshd").exists() or os.geteuid() != 0, reason="skipped: no sshd here, or not root")
@pytest.mark.parametrize("seed", range(8))
def test_ssh_settings_are_those_of_sshd(plimsoll, tmp_path, seed):
    rng = random.Random(seed)
    conf = tmp_path / "root/etc/ssh"
    (conf / "sshd_config.d").mkdir(parents=True)
    make_root(tmp_path / "root", {"usr/sbin/sshd": (0o755, "x")})
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    lines = some_lines(rng)
    included = some_lines(rng)
    tail = some_lines(rng) + ["Match User deploy", "  PermitEmptyPasswords yes"]
    (conf / "sshd_config.d/a.conf").write_text("\n".join(included) + "\n")
    (conf / "sshd_config").write_text("\n".join(lines + ["Include sshd_config.d/*.conf"] + tail) + "\n")
    theirs = tmp_path / "theirs"  # sshd does not change its root: the same with the path as it is
    theirs.write_text("\n".join([f"HostKey {tmp_path}/key"] + lines + [f"Include {conf}/sshd_config.d/*.conf"] + tail) + "\n")
    os.makedirs("/run/sshd", exist_ok=True)
    done = subprocess.run(["/usr/sbin/sshd", "-T", "-f", theirs, "-C", "user=nobody,host=h,addr=192.0.2.1"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    truth = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    rows = audit(plimsoll, "H-SSH", "--root", tmp_path / "root")
    for key in CHOICES:
        ours = rows[key]["evidence"][0].split(" ")[1].lower()
        assert ours == truth[key.lower()].replace("without-password", "prohibit-password").lower(), key


FILTER = """
set -e
iptables -N DOCKER-USER
iptables -A DOCKER-USER -s 192.0.2.0/24 -j DROP
iptables -A DOCKER-USER -j RETURN
iptables -P FORWARD DROP
iptables -P INPUT DROP
"""


@pytest.mark.skipif(not shutil.which("iptables") or os.geteuid() != 0, reason="skipped: no iptables here, or not root")
def test_the_packet_filter_is_the_one_iptables_made(plimsoll):
    binary = plimsoll.binary
    script = FILTER + f"exec {binary} audit host --offline --check H-FW -o json"
    done = subprocess.run(["unshare", "-n", "sh", "-c", script], capture_output=True, text=True, env=plimsoll.env, cwd=plimsoll.cwd)
    version = subprocess.run(["iptables", "-V"], capture_output=True, text=True).stdout
    if "nf_tables" not in version or not done.stdout:
        pytest.skip("skipped: iptables-nft cannot be used here: " + done.stderr[-200:])
    rows = {row["object"]: row for row in json.loads(done.stdout)["checks"] if row["id"] == "H-FW"}
    assert rows["FORWARD"]["outcome"] == "pass" and "policy drop" in rows["FORWARD"]["evidence"][0]
    assert any("DOCKER-USER has rules" in line for line in rows["host"]["evidence"])
    assert any("chain INPUT of table filter denies" in line for line in rows["host"]["evidence"])


@pytest.mark.skipif(not shutil.which("ss"), reason="skipped: no ss program")
def test_listeners_are_those_of_ss(plimsoll):
    def listed():
        text = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout
        return {re.sub(r"%[^:\]]+", "", line.split()[3]).replace("*:", "[::]:") + "/tcp" for line in text.splitlines()}
    before, ours, after = listed(), set(audit(plimsoll, "H-LISTEN")), listed()
    assert {x for x in ours if x.endswith("/tcp")} >= before & after  # others come and go meanwhile
    assert {x for x in ours if x.endswith("/tcp")} <= before | after or before != after
