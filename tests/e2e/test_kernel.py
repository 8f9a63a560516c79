# SPDX-License-Identifier: Apache-2.0
"""src/kernel on this machine against those who read the same kernel: util-linux, iproute2, libcap, Python."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess

import pytest

DUMP = pathlib.Path(os.environ.get("PLIMSOLL_BUILD", "build")) / "tests/kernel-dump"
SETS = ["00000000a80425fb", "000001ffffffffff", "0000000000200000"]


def need(program):
    if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
        pytest.skip(f"{program} is not installed")
    return program


def run(*argv):
    env = os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "LC_ALL": "C"}
    return subprocess.run(argv, check=True, text=True, stdout=subprocess.PIPE, env=env).stdout


@pytest.fixture(scope="module")
def listening():
    """Sockets of this test: they hold still while both sides look."""
    tcp = socket.create_server(("127.0.0.1", 0))
    tcp6 = socket.create_server(("::1", 0), family=socket.AF_INET6) if socket.has_ipv6 else None
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("0.0.0.0", 0))
    unix = socket.socket(socket.AF_UNIX)
    unix.bind("\0plimsoll-kernel-test")
    unix.listen()
    yield [s for s in (tcp, tcp6, udp, unix) if s]
    for s in (tcp, tcp6, udp, unix):
        if s:
            s.close()


@pytest.fixture(scope="module")
def seen(listening):
    if not DUMP.exists():
        pytest.skip(f"{DUMP} is not built")
    return [json.loads(line) for line in run(str(DUMP), *SETS).splitlines()]


def test_processes_are_what_python_reads(seen):
    compared = 0
    for p in (row for row in seen if row["what"] == "process" and not row["sys"] and not row["kernel"]):
        proc = pathlib.Path("/proc") / str(p["pid"])
        try:
            stat = (proc / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if int(stat[19]) != p["start"]:
                continue  # another process meanwhile
            status = dict(line.split(":\t", 1) for line in (proc / "status").read_text(errors="replace").splitlines()
                          if ":\t" in line)
            exe = os.readlink(proc / "exe")
            oom = int((proc / "oom_score_adj").read_text())
            ns = {n: int(re.search(r"\d+", os.readlink(proc / "ns" / n))[0])
                  for n in ("pid", "net", "ipc", "uts", "mnt", "user", "cgroup")}
        except OSError:
            continue
        compared += 1
        assert [p["uid"], p["euid"]] == [int(u) for u in status["Uid"].split()[:2]]
        assert [p["bnd"], p["eff"]] == [status["CapBnd"], status["CapEff"]]
        assert p["seccomp"] == int(status["Seccomp"])
        assert p["oom"] == oom
        assert exe in (p["exe"], p["exe"] + " (deleted)")
        assert {n: p[f"ns_{n}"] for n in ns} == ns
    assert compared >= 2  # this program and what started it


def test_namespaces_are_those_of_lsns(seen):
    listed = {int(row["ns"]): int(row["nprocs"]) for row in json.loads(run(need("lsns"), "-J", "-o", "NS,NPROCS,TYPE"))["namespaces"]}
    me = next(row for row in seen if row["what"] == "process" and row["pid"] == os.getpid())
    for n in ("pid", "net", "ipc", "uts", "mnt", "user", "cgroup"):
        assert me[f"ns_{n}"] in listed


def test_capabilities_are_those_of_capsh(seen):
    need("capsh")
    for row in (r for r in seen if r["what"] == "capabilities"):
        names = run("capsh", f"--decode={row['set']}").strip().partition("=")[2]
        assert ["cap_" + n.lower() for n in row["names"].split()] == [n for n in names.split(",") if n]


def test_mounts_are_those_of_findmnt(seen):
    theirs = json.loads(run(need("findmnt"), "-J", "-l", "-o", "ID,PARENT,MAJ:MIN,FSROOT,TARGET,FSTYPE"))["filesystems"]
    ours = {m["id"]: m for m in seen if m["what"] == "mount"}
    compared = 0
    for m in theirs:
        row = ours.get(int(m["id"]))
        if not row or row["target"] != m["target"]:
            continue  # containers come and go
        compared += 1
        assert [row["device"], row["root"], row["type"], row["parent"]] == \
            [m["maj:min"].strip(), m["fsroot"], m["fstype"], int(m["parent"])]
    assert compared >= 3


def test_sockets_are_those_of_this_program_and_of_ss(seen, listening):
    ours = {row["ino"]: row for row in seen if row["what"] == "socket"}
    for s in listening:
        row = ours[os.fstat(s.fileno()).st_ino]
        assert row["owner"] == os.getpid()
        name = s.getsockname()
        if s.family == socket.AF_UNIX:
            assert row["address"] == "@plimsoll-kernel-test"
        else:
            assert [row["address"], row["port"]] == list(name[:2])
    ports = {line.split()[3].rpartition(":")[2] for line in run(need("ss"), "-Hltn").splitlines()}
    for row in ours.values():
        if row["proto"] in ("tcp", "tcp6") and row["owner"] == os.getpid():
            assert str(row["port"]) in ports
