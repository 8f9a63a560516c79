# SPDX-License-Identifier: Apache-2.0
"""Bad input against the real program: archives, layers, package databases, the cache, the store, configuration.

Two things hold for every case here (Outcome): the program ends by itself within the time and the memory that the tests grant,
never by a signal, and no fenced worker dies; and what it could not look at is never a clean result: exit 0 only with
the packages and the finding that an undamaged image has.
"""
import bz2
import gzip
import io
import json
import lzma
import os
import pathlib
import shutil
import sqlite3
import stat
import struct
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
TOP = archives.layer(("var/lib/dpkg/status", stanza("openssl", "3.0.8-1") + stanza("zlib1g", "1:1.2.13.dfsg-1")), ("opt/x", os.urandom(3000)))
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
        self.report = json.loads(out) if code != 2 and out.startswith("{") else None

    def codes(self):
        return {d["code"] for d in self.report["diagnostics"]} if self.report else set()

    def says(self):
        """Every word of diagnostics and standard error."""
        rows = self.report["diagnostics"] if self.report else []
        return "\n".join(f"{d['object']}: {d['message']} [{d['code']}]" for d in rows) + "\n" + self.err

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
        return [*map(str, words), "--offline", "--repo", "never", "--db", str(self.db), "--db-max-age", "none", "--now", NOW,
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
    (folder / "osv.zip").write_bytes(osv_zip([osv(1)]))
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


# ---- the undamaged image ------------------------------------------------------------------------------------------


@pytest.fixture(params=["docker-archive", "oci-archive"])
def archive(request, tmp_path):
    """Scheme and bytes of the undamaged image."""
    if request.param == "docker-archive":
        return request.param, docker_archive(BASE, TOP)
    return request.param, oci_archive(tmp_path / "layout", [BASE, TOP])


def test_the_undamaged_image_is_clean(world, archive):
    scheme, data = archive
    path = put(world, "good.tar", data)
    for got in (world.scan(f"{scheme}:{path}"), world.scan(path), world.scan_bytes(data), world.scan_bytes(gzip.compress(data))):
        assert got.code == 0 and got.is_whole(), got.says()
        assert not got.codes() - {"exception.unused"}, got.says()


# ---- truncated and flipped ------------------------------------------------------------------------------------------


def test_truncated_archives_are_never_clean(world, archive):
    scheme, data = archive
    end = len(data.rstrip(b"\0"))
    for n in sorted({0, 1, 100, 257, 511, 512, 513, 1023, end - 1} | set(range(512, end, 1536)) | set(range(700, end, 1700))):
        path = put(world, "cut.tar", data[:n])
        for got in (world.scan(f"{scheme}:{path}"), world.scan_bytes(data[:n])):
            if got.code == 0 and n > end - 1024:  # nothing but a member that no image needs was cut
                assert got.is_whole(), (n, got.says())
                continue
            assert got.code == 3 and (got.args[1] == "-" or "cut.tar" in got.says()), (n, got.says())
    packed = gzip.compress(data)
    for n in range(0, len(packed) - 8, len(packed) // 12):
        assert world.scan(f"{scheme}:{put(world, 'cut.tgz', packed[:n])}").code == 3, n
        assert world.scan_bytes(packed[:n]).code == 3, n


def test_flipped_bits_are_found_or_harmless(world, archive):
    scheme, data = archive
    for at in range(3, len(data.rstrip(b"\0")), 211):
        mutated = bytearray(data)
        mutated[at] ^= 1 << at % 8
        path = put(world, "flip.tar", mutated)
        for got in (world.scan(f"{scheme}:{path}"), world.scan_bytes(mutated)):
            assert got.code in (0, 3), (at, got.says())
            assert got.code == 3 or got.is_whole(), (at, got.says())
            assert got.code == 0 or "flip.tar" in got.says() or got.args[1] == "-" or got.codes(), (at, got.says())


def test_flipped_bits_in_a_layout_are_found(world, tmp_path):
    top = oci_dir(tmp_path / "layout", [BASE, TOP])
    for path in sorted(p for p in top.rglob("*") if p.is_file()):
        good = path.read_bytes()
        for at in range(0, len(good), len(good) // 6 + 1):
            bad = bytearray(good)
            bad[at] ^= 1 << at % 8
            path.write_bytes(bad)
            got = world.scan(f"oci-dir:{top}")
            assert got.code == 3 or got.is_whole(), (path, at, got.says())
            if path.parent.name == "sha256":
                assert got.code == 3 and path.name[:12] in got.says(), (path, at, got.says())
        for n in (0, len(good) // 2, len(good) - 1):
            path.write_bytes(good[:n])
            world.bad(f"oci-dir:{top}") if path.name != "oci-layout" else world.scan(f"oci-dir:{top}")
        path.unlink()
        if path.name != "oci-layout":
            got = world.bad(f"oci-dir:{top}")
            assert path.name[:12] in got.says(), got.says()
        path.write_bytes(good)
    assert world.scan(f"oci-dir:{top}").is_whole()
