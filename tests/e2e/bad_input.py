# SPDX-License-Identifier: Apache-2.0
"""What the tests of bad input share: a world to run the program in, and makers of images.

Two things hold for every case (Outcome): the program ends by itself within the time and the memory that the tests grant,
never by a signal, and no fenced worker dies; and what it could not look at is never a clean result: exit 0 only with
the packages and the finding that an undamaged image has.
"""
import io
import json
import os
import pathlib
import random
import subprocess
import sys
import tarfile
import tempfile
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "image"))
import archives  # noqa: E402
from test_db import osv, osv_zip  # noqa: E402

NOW = "2026-03-01T00:00:00Z"
SECONDS = 60
IS_SANITIZED = "ASAN_OPTIONS" in os.environ
RSS_KIB = (4096 if IS_SANITIZED else 768) * 1024

RELEASE = b'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'


def stanza(name, version):
    return (f"Package: {name}\nStatus: install ok installed\nPriority: optional\nSection: libs\nMaintainer: nobody <n@example.org>\n"
            f"Architecture: amd64\nVersion: {version}\nDescription: {name}\n\n").encode()


# Two layers: the second replaces the database. One flaw is known: openssl before 3.0.9-1.
BASE = archives.layer(("etc", None), ("etc/os-release", RELEASE), ("var/lib/dpkg/status", stanza("openssl", "3.0.8-1")))
TOP = archives.layer(("var/lib/dpkg/status", stanza("openssl", "3.0.8-1") + stanza("zlib1g", "1:1.2.13.dfsg-1")), ("opt/x", random.Random(1).randbytes(3000)))
PACKAGES = [("openssl", "3.0.8-1"), ("zlib1g", "1:1.2.13.dfsg-1")]
FINDINGS = ["CVE-2026-1"]


class Outcome:
    """One run: its exit code, its report or None, its words."""

    def __init__(self, args, code, out, err, rss):
        self.args, self.code, self.out, self.err = args, code, out, err
        assert code >= 0, f"{args}: ended by signal {-code}: {err}"
        assert rss <= RSS_KIB, f"{args}: {rss} KiB"
        assert "AddressSanitizer" not in err and "runtime error" not in err, err
        assert "worker.crashed" not in err + out, (args, err, out)
        try:
            self.report = json.loads(out)
        except ValueError:
            self.report = None

    def codes(self):
        return {d["code"] for d in self.report["diagnostics"]} if self.report else set()

    def says(self):
        """Every word of diagnostics and standard error."""
        rows = self.report["diagnostics"] if self.report else []
        names = [t["id"] for t in self.report["targets"]] if self.report else []
        return "\n".join(f"{d['object'] or ''}: {d['message']} [{d['code']}]" for d in rows) + "\n" + self.err + "\n".join(names)

    def packages(self):
        return [(p["name"], p["version"]) for p in self.report["packages"]]

    def findings(self):
        return sorted({f["id"] for f in self.report["findings"]})

    def is_whole(self):
        return self.packages() == PACKAGES and self.findings() == FINDINGS


class World:
    def __init__(self, plimsoll, db):
        self.plimsoll, self.db = plimsoll, db
        self.env, self.cwd = plimsoll.env, plimsoll.cwd
        self.cache = plimsoll.home / "cache"

    def argv(self, *words):
        return [*map(str, words), "--only", "vulnerability", "--offline", "--repo", "never", "--db", str(self.db), "--db-max-age", "none", "--now", NOW,
                "--cache-dir", str(self.cache), "--platform", "linux/amd64", "-o", "json"]

    def run(self, *args, stdin=None, env=None, preexec=None, prefix=()):
        """Any command, with its time and memory watched."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen([*prefix, self.plimsoll.binary, *map(str, args)], cwd=self.cwd, env={**self.env, **(env or {})},
                                       stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=err, preexec_fn=preexec)
            timer = threading.Timer(SECONDS, process.kill)
            timer.start()
            _, status, usage = os.wait4(process.pid, 0)
            timer.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            return Outcome(args, process.returncode, out.read().decode(), err.read().decode(), usage.ru_maxrss)

    def scan(self, *words, **kw):
        return self.run("scan", *self.argv(*words), **kw)

    def scan_bytes(self, data, **kw):
        """The bytes on standard input."""
        with tempfile.TemporaryFile() as f:
            f.write(data)
            f.seek(0)
            return self.scan("-", stdin=f, **kw)

    def bad(self, *words, code=3, says=(), **kw):
        """A scan that must not end well; `says`: words that must stand in its diagnostics or errors."""
        got = self.scan(*words, **kw)
        assert got.code == code, (got.code, got.says())
        for one in [says] if isinstance(says, str) else says:
            assert one in got.says(), (one, got.says())
        if got.report and code == 3:
            assert got.report["verdict"]["result"] == "incomplete"
        return got


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    (folder / "osv.zip").write_bytes(osv_zip([osv(1), osv(2, "bash", "0:5.1-2", "AlmaLinux:9"), osv(3, "musl", "1.2.4-r2", "Alpine:v3.21")]))
    subprocess.run([os.environ["PLIMSOLL_BINARY"], "db", "build", "--feed", f"osv={folder}/osv.zip", "--out", folder / "x.db",
                    "--now", NOW], check=True, env={"HOME": str(folder), "PATH": os.environ["PATH"]}, stdout=subprocess.DEVNULL)
    return folder / "x.db"


@pytest.fixture
def world(plimsoll, store):
    return World(plimsoll, store)


def tar_bytes(members, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def docker_archive(*tars, pack=lambda t: t):
    return tar_bytes(archives.save([(["app:1"], list(tars))], pack=pack))


def oci_dir(folder, tars, **more):
    """An OCI layout of one image; returns its directory."""
    archives.layout(str(folder), [archives.tagged(archives.manifest(str(folder), list(tars), **more), "latest")])
    return folder


def oci_archive(folder, tars):
    top = oci_dir(folder, tars)
    rows = sorted(p for p in top.rglob("*") if p.is_file())
    return tar_bytes([(str(p.relative_to(top)), p.read_bytes()) for p in rows])


def put(world, name, data):
    path = world.cwd / name
    path.write_bytes(data)
    return path


def raw_tar(*entries):
    """(name, data, keywords of TarInfo) without any cleaning of the names."""
    buf = io.BytesIO()
    with tarfile.open(fileobj=buf, mode="w", format=tarfile.GNU_FORMAT, errors="surrogateescape") as tar:
        for name, data, *more in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in (more[0] if more else {}).items():
                setattr(info, key, value)
            tar.addfile(info, io.BytesIO(data))
    return buf.getvalue()


def link(name, target, kind=tarfile.SYMTYPE):
    return (name, b"", {"type": kind, "linkname": target})


def image_of(world, *tars, name="image.tar"):
    return f"docker-archive:{put(world, name, docker_archive(*tars))}"


STATUS = stanza("openssl", "3.0.8-1")
