# SPDX-License-Identifier: Apache-2.0
"""Real Debian roots for the tests, made once per machine by debootstrap and kept as tar files.

root_tar("bullseye") is a path of a tar of a minimal system from the suite itself, without its security suite
(so it is really vulnerable); root_tar("bookworm", updated=True) has every update installed. They lie below
$XDG_CACHE_HOME/plimsoll-test, so that a second run needs no mirror.
"""
import fcntl
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

CACHE = pathlib.Path(os.environ.get("PLIMSOLL_TEST_CACHE") or
                     pathlib.Path(os.environ.get("REAL_XDG_CACHE_HOME") or os.environ.get("XDG_CACHE_HOME") or
                                  pathlib.Path(os.environ.get("REAL_HOME") or os.path.expanduser("~")) / ".cache") / "plimsoll-test")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def mirrors():
    """[(uri, label)] of the Debian archives that this machine's apt uses."""
    out = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)|$(LABEL)|$(COMPONENT)", "Created-By: Packages"],
                         capture_output=True, text=True).stdout
    return [tuple(line.split("|")[:2]) for line in out.splitlines() if line.endswith("|main")]


def mirror(label="Debian"):
    for uri, its_label in mirrors():
        if its_label == label:
            return uri.rstrip("/")
    return None


def need_root():
    if os.geteuid() != 0:
        pytest.skip("needs root: debootstrap makes device files and changes owners")


def root_tar(suite, updated=False):
    need_root()
    CACHE.mkdir(parents=True, exist_ok=True)
    name = suite + ("-updated" if updated else "")
    tar = CACHE / f"{name}.tar"
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tar.exists():
            make(suite, updated, tar)
    return tar


def make(suite, updated, tar):
    uri = mirror()
    if not uri:
        pytest.fail("apt names no Debian mirror, and no root is cached")
    work = pathlib.Path(tempfile.mkdtemp(dir=CACHE, prefix=f"work-{suite}-"))
    try:
        subprocess.run(["debootstrap", "--variant=minbase", f"--keyring={KEYRING}", suite, work, uri], check=True,
                       stdout=subprocess.DEVNULL)
        if updated:
            security = mirror("Debian-Security") or uri + "-security"
            (work / "etc/apt/sources.list").write_text(
                f"deb {uri} {suite} main\ndeb {uri} {suite}-updates main\ndeb {security} {suite}-security main\n")
            for name in ("resolv.conf", "hosts"):
                if os.path.exists(f"/etc/{name}"):
                    shutil.copy(f"/etc/{name}", work / "etc" / name)
            env = dict(os.environ, DEBIAN_FRONTEND="noninteractive", PATH="/usr/sbin:/usr/bin:/sbin:/bin")
            for argv in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "-y", "dist-upgrade"]):
                subprocess.run(["chroot", work, *argv], check=True, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for deb in (work / "var/cache/apt/archives").glob("*.deb"):
            deb.unlink()
        part = tar.with_suffix(".part")
        subprocess.run(["tar", "-C", work, "--numeric-owner", "-cf", part, "."], check=True)
        part.rename(tar)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def unpack(tar, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["tar", "-C", folder, "--numeric-owner", "-xpf", tar], check=True)
    return folder


def dpkg_packages(root):
    """What dpkg itself says is installed: {(name, version, arch, source, source version)}."""
    out = subprocess.run(
        ["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f",
         "${db:Status-Status}|${Package}|${Version}|${Architecture}|${source:Package}|${source:Version}\n"],
        check=True, capture_output=True, text=True).stdout
    rows = (line.split("|") for line in out.splitlines())
    return {tuple(row[1:]) for row in rows if row[0] == "installed"}
