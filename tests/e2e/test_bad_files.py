# SPDX-License-Identifier: Apache-2.0
"""Bad input against the real program: package databases, the cache, the store, configuration, exceptions, saved reports, what is no
file at all; scans that are killed and scans at the same time. What holds for every case: bad_input.py."""
import gzip
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import struct
import subprocess
import time

import pytest

from bad_input import (BASE, RELEASE, STATUS, TOP, archives, docker_archive, image_of, oci_archive, oci_dir, put, raw_tar, stanza, store,
                       world)  # noqa: F401  (fixtures)

ALMA = b'ID="almalinux"\nVERSION_ID="9.3"\nPRETTY_NAME="AlmaLinux 9.3"\n'
ALPINE = b'ID=alpine\nVERSION_ID=3.21.3\nPRETTY_NAME="Alpine Linux v3.21"\n'

# ---- package databases -----------------------------------------------------------------------------------------------


def rpm_header(name, version, release):
    """A header blob: index of (tag, type, offset, count), then the strings."""
    tags = [(1000, name), (1001, version), (1002, release), (1022, "x86_64"), (1044, f"{name}-{version}-{release}.src.rpm")]
    index, data = b"", b""
    for tag, text in tags:
        index += struct.pack(">IIII", tag, 6, len(data), 1)
        data += text.encode() + b"\0"
    return struct.pack(">II", len(tags), len(data)) + index + data


RPMS = [("bash", "5.1", "1"), ("glibc", "2.34", "83"), ("zlib", "1.2.11", "40")]
BLOBS = [rpm_header(*row) for row in RPMS]


def rpm_sqlite(path):
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        db.executemany("INSERT INTO Packages (blob) VALUES (?)", [(b,) for b in BLOBS])
    db.close()
    return path.read_bytes()


def rpm_ndb(_path):
    out = b"RpmP" + struct.pack("<IIII", 0, 1, 1, len(BLOBS) + 1) + bytes(12)
    body, block = b"", 256
    for i in range((4096 - 32) // 16):
        blocks = (16 + len(BLOBS[i]) + 12 + 15) // 16 if i < len(BLOBS) else 0
        out += b"Slot" + struct.pack("<III", *((i + 1, block, blocks) if blocks else (0, 0, 0)))
        if blocks:
            one = b"BlbS" + struct.pack("<III", i + 1, 1, len(BLOBS[i])) + BLOBS[i]
            body += one.ljust(blocks * 16 - 12, b"\0") + struct.pack("<II", 0, len(BLOBS[i])) + b"BlbE"
            block += blocks
    return out + body


def rpm_bdb(_path):
    """A meta page, one hash page of off-page items, their overflow pages."""
    page = 4096

    def head(number, entries, used, kind, nxt=0):
        return bytes(8) + struct.pack("<IIIHHBB", number, 0, nxt, entries, used, 0, kind)

    meta = bytearray(page)
    meta[12:16], meta[16:20], meta[20:24] = struct.pack("<I", 0x061561), struct.pack("<I", 9), struct.pack("<I", page)
    meta[25] = 8
    meta[32:36] = struct.pack("<I", 1 + len(BLOBS))
    offsets, items, at, over = [], b"", page, b""
    for i, blob in enumerate(BLOBS):
        value = struct.pack("<B3xII", 3, 2 + i, len(blob))
        for item in (b"\1" + struct.pack("<I", i + 1), value):
            at -= len(item)
            offsets.append(at)
            items = item + items
        over += (head(2 + i, 1, len(blob), 7) + blob).ljust(page, b"\0")
    first = head(1, len(offsets), at, 13) + struct.pack(f"<{len(offsets)}H", *offsets)
    return bytes(meta) + first + bytes(page - len(first) - len(items)) + items + over


DATABASES = {
    "dpkg": (RELEASE, "var/lib/dpkg/status", lambda p: b"".join(stanza(*row) for row in (("openssl", "3.0.8-1"), ("b", "2"), ("c", "3")))),
    "apk": (ALPINE, "lib/apk/db/installed", lambda p: b"".join(
        b"C:Q1abc=\nP:%s\nV:%s\nA:x86_64\nL:MIT\no:%s\n\n" % (n, v, n) for n, v in ((b"musl", b"1.2.4-r0"), (b"b", b"2-r0"), (b"c", b"3-r0")))),
    "rpm-sqlite": (ALMA, "var/lib/rpm/rpmdb.sqlite", rpm_sqlite),
    "rpm-ndb": (ALMA, "usr/lib/sysimage/rpm/Packages.db", rpm_ndb),
    "rpm-bdb": (ALMA, "var/lib/rpm/Packages", rpm_bdb),
}


def database(world, kind):
    release, path, make = DATABASES[kind]
    return release, path, make(world.cwd / "made.db")


def with_database(world, release, path, data):
    return image_of(world, raw_tar(("etc/os-release", release), (path, bytes(data))))


@pytest.mark.parametrize("kind", DATABASES)
def test_whole_package_databases_are_clean(world, kind):
    got = world.scan(with_database(world, *database(world, kind)))
    assert got.code == 0 and len(got.packages()) == 3 and len(got.findings()) == 1, got.says()


@pytest.mark.parametrize("kind", DATABASES)
def test_truncated_package_databases_are_told(world, kind):
    """What can be read is kept. A text database cut between two lines may be a shorter one."""
    release, path, data = database(world, kind)
    step = max(len(data) // 40, 7)
    for n in range(0, len(data.rstrip(b"\0")) - 2, step):
        got = world.scan(with_database(world, release, path, data[:n]))
        if kind in ("dpkg", "apk") and data[:n].endswith(b"\n"):
            continue
        assert got.code in ((3, 5) if n == 0 else (3,)), (n, got.code, got.says())
        assert path in got.says() or n == 0, (n, got.says())


@pytest.mark.parametrize("kind", ["rpm-sqlite", "rpm-ndb", "rpm-bdb"])
def test_flipped_bytes_of_binary_databases_never_crash(world, kind):
    """A byte of a name or of a version cannot be told from another one: then a package differs, but none is lost in silence."""
    release, path, data = database(world, kind)
    for at in sorted(set(range(0, 120, 5)) | set(range(0, len(data), len(data) // 90))):
        bad = bytearray(data)
        bad[at] ^= 0xff
        got = world.scan(with_database(world, release, path, bad))
        assert got.code == 0 and len(got.packages()) == 3 or got.code in (3, 5), (at, got.code, got.says())
        assert got.code != 3 or path in got.says() or not got.packages() or "db.no-coverage" in got.says(), (at, got.says())


@pytest.mark.parametrize("kind,old,new,says", [
    ("dpkg", b"Package: b\n", b"Package b\n", "var/lib/dpkg/status"),
    ("dpkg", b"Package: b\n", b"Package: b\n\0\n", "var/lib/dpkg/status"),
    ("dpkg", b"Version: 2\n", b"", "var/lib/dpkg/status"),
    ("dpkg", b"Package: b\n", b"", "var/lib/dpkg/status"),
    ("dpkg", b"Package: b\n", b"\xff\xfe\x00\x80garbage\n", "var/lib/dpkg/status"),
    ("apk", b"P:b\n", b"Pb\n", "lib/apk/db/installed"),
    ("apk", b"P:b\n", b"", "lib/apk/db/installed"),
    ("apk", b"V:2-r0\n", b"", "lib/apk/db/installed"),
    ("apk", b"P:b\n", b"P:b\n\0\xff\n", "lib/apk/db/installed"),
    ("rpm-sqlite", BLOBS[1][:8], b"\xff" * 8, "var/lib/rpm/rpmdb.sqlite"),
    ("rpm-ndb", BLOBS[1][:8], b"\xff" * 8, "usr/lib/sysimage/rpm/Packages.db"),
    ("rpm-bdb", b"glibc\0", b"\0\0\0\0\0\0", "var/lib/rpm/Packages"),
])
def test_a_broken_record_in_the_middle_costs_only_itself(world, kind, old, new, says):
    release, path, data = database(world, kind)
    assert old in data
    at = data.index(old) if kind != "rpm-sqlite" else data.index(BLOBS[1])
    got = world.scan(with_database(world, release, path, data[:at] + new + data[at + len(old):]))
    assert got.code == 3 and says in got.says(), (got.code, got.says())
    names = [n for n, _ in got.packages()]
    first, last = {"dpkg": ("openssl", "c"), "apk": ("musl", "c")}.get(kind, ("bash", "zlib"))
    assert first in names and last in names, (names, got.says())
    assert len(got.findings()) == 1


def test_a_package_database_of_garbage(world):
    for kind in DATABASES:
        release, path, _ = database(world, kind)
        for data in (b"\0" * 9000, bytes(range(256)) * 40, b"\xff" * 5000, b"SQLite format 3\0" + b"\xff" * 9000):
            got = world.scan(with_database(world, release, path, data))
            assert got.code == 3 and path in got.says(), (kind, data[:8], got.code, got.says())


def test_hostile_release_files(world):
    for text in (b"", b"\0" * 100, b"\xff\xfe" * 50, b"ID=" + b"x" * 100000, b"ID=$(reboot)\nVERSION_ID=`id`\n", b'ID="debian\nVERSION_ID=12"\n'):
        got = world.scan(image_of(world, raw_tar(("etc/os-release", text), ("var/lib/dpkg/status", STATUS))))
        assert got.code in (3, 4), (text[:20], got.code, got.says())


# ---- the cache ------------------------------------------------------------------------------------------------------------


def entries(world, folder):
    return sorted(p for p in (world.cache / folder).rglob("*") if p.is_file())


def test_cache_entries_with_changed_bytes_are_read_again(world):
    image = image_of(world, BASE, TOP)
    data = (world.cwd / "image.tar").read_bytes()
    assert world.scan(image).is_whole()
    good = {p: p.read_bytes() for p in entries(world, "layers") + entries(world, "seen")}
    assert len(good) >= 2
    for path, bytes_ in good.items():
        for at in range(0, len(bytes_), max(len(bytes_) // 25, 1)):
            bad = bytearray(bytes_)
            bad[at] ^= 0x41
            path.write_bytes(bad)
            for got in (world.scan(image), world.scan_bytes(data)):
                assert got.code == 0 and got.is_whole(), (path, at, got.says())
        for n in (0, 1, len(bytes_) - 1):
            path.write_bytes(bytes_[:n])
            assert world.scan(image).is_whole(), (path, n)
        path.write_bytes(bytes_ + b"x")
        assert world.scan(image).is_whole(), path
    assert world.scan(image).report["diagnostics"] == []


def test_damaged_cache_entries_do_not_reach_a_stream(world, tmp_path):
    """The layers of an OCI archive are known by their names before they were read; a stream can be read only once."""
    data = oci_archive(tmp_path / "layout", [BASE, TOP])
    assert world.scan_bytes(data).is_whole()
    good = {p: p.read_bytes() for p in entries(world, "layers")}
    for path, bytes_ in good.items():
        path.write_bytes(bytes_[:200] + b"?" + bytes_[201:])
        got = world.scan_bytes(data)
        assert got.code == 0 and got.is_whole(), got.says()
    paths = list(good)
    paths[0].write_bytes(good[paths[1]])
    paths[1].write_bytes(good[paths[0]])
    got = world.scan_bytes(data)
    assert got.code == 0 and got.is_whole(), got.says()


def test_a_cache_entry_under_the_name_of_another_layer_is_not_believed(world):
    image = image_of(world, BASE, TOP)
    other = image_of(world, archives.layer(("var/lib/dpkg/status", stanza("openssl", "9"))), name="other.tar")
    assert world.scan(image).is_whole()
    mine = {f: entries(world, f) for f in ("layers", "seen")}
    world.scan(other)
    for folder, paths in mine.items():
        others = [p for p in entries(world, folder) if p not in paths]
        assert len(others) == 1 or folder == "seen"
        for path in paths:
            for alien in others + [p for p in paths if p != path]:
                good = path.read_bytes()
                path.write_bytes(alien.read_bytes())
                got = world.scan(image)
                assert got.code == 0 and got.is_whole(), (folder, got.says())
                path.write_bytes(good)


def test_cache_entries_that_are_no_files_or_not_ours(world):
    image = image_of(world, BASE, TOP)
    assert world.scan(image).is_whole()
    for path in entries(world, "layers"):
        good = path.read_bytes()
        for make in (os.mkfifo, lambda p: os.symlink("/dev/zero", p), lambda p: os.mkdir(p), lambda p: os.symlink(p, p)):
            path.unlink() if not path.is_dir() or path.is_symlink() else path.rmdir()
            make(path)
            assert world.scan(image).is_whole()
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
                path.touch()
        path.unlink(missing_ok=True)
        path.write_bytes(good)
        path.chmod(0o666)  # others may have written it
        assert world.scan(image).is_whole()
    shutil.rmtree(world.cache)
    world.cache.write_text("a file where the directory should be")
    assert world.scan(image).is_whole()


def test_two_scans_at_the_same_time_share_a_cache(world):
    images = [image_of(world, BASE, TOP, name=f"{i}.tar") for i in range(3)]
    running = [subprocess.Popen([world.plimsoll.binary, "scan", *world.argv(images[i % 3])], env=world.env, cwd=world.cwd, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for i in range(12)]
    outs = [p.communicate(timeout=60) for p in running]
    assert [p.returncode for p in running] == [0] * 12, outs
    reports = [json.loads(out) for out, _ in outs]
    seen = {json.dumps([[(p["name"], p["version"]) for p in r["packages"]], [f["id"] for f in r["findings"]], r["diagnostics"]]) for r in reports}
    assert len(seen) == 1, seen
    assert not [p for p in entries(world, "layers") if ".tmp." in p.name]
    assert world.scan(images[0]).is_whole()


def test_killed_scans_leave_a_usable_cache(world, tmp_path):
    """Killed while the archive, given through a FIFO, is read up to known points; at the end too, where records are stored."""
    for data in (docker_archive(BASE, TOP), oci_archive(tmp_path / "layout", [BASE, TOP])):
        path = put(world, "whole.tar", data)
        for n in sorted({0, 1, 512, 700, 5000, len(data) // 2, len(data) - 1024, len(data)}):
            read_end, write_end = os.pipe()
            process = subprocess.Popen([world.plimsoll.binary, "scan", *world.argv("-")], env=world.env, cwd=world.cwd, stdin=read_end,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            os.close(read_end)
            os.write(write_end, data[:n]) if n else None
            while process.poll() is None and pipe_fill(write_end):
                time.sleep(0.001)  # until it has taken what was written
            process.kill()
            process.wait()
            os.close(write_end)
            for got in (world.scan(path), world.scan_bytes(data)):
                assert got.code == 0 and got.is_whole(), (n, got.says())
            if n % 2:
                shutil.rmtree(world.cache)


def pipe_fill(fd):
    """Bytes that lie in a pipe, unread."""
    import fcntl
    import termios
    return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0\0\0\0"))[0]


# ---- the store ------------------------------------------------------------------------------------------------------------


def test_a_damaged_store_is_never_a_clean_result(world):
    good = world.db.read_bytes()
    image = image_of(world, BASE, TOP)
    world.db = world.cwd / "bad.db"
    for at in sorted(set(range(0, min(len(good), 400), 9)) | set(range(0, len(good), max(len(good) // 120, 1)))):
        bad = bytearray(good)
        bad[at] ^= 1 << at % 8
        world.db.write_bytes(bad)
        got = world.scan(image)
        assert got.code in (3, 4) and "bad.db" in got.err, (at, got.code, got.says())
        assert world.run("db", "verify", "--db", world.db).code == 3, at
    world.db.write_bytes(good)
    assert world.scan(image).is_whole()
    assert world.scan(image).is_whole()
    os.utime(world.db, (1, 1))  # times like any other: what was found good is asked again
    world.db.write_bytes(good[:-9] + b"?" + good[-8:])
    assert world.scan(image).code == 3
    for n in (0, 1, 7, 8, 64, 100, len(good) // 2, len(good) - 1):
        world.db.write_bytes(good[:n])
        got = world.scan(image)
        assert got.code in (3, 4), (n, got.code, got.says())
    for make in (os.mkfifo, os.mkdir):
        world.db.unlink()
        make(world.db)
        assert world.scan(image).code in (3, 4)
        if world.db.is_dir():
            world.db.rmdir()
            world.db.touch()


# ---- configuration ---------------------------------------------------------------------------------------------------------


def bomb(levels=12):
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, levels)]
    return "\n".join(rows) + "\n"


HOSTILE_YAML = {
    "deep-flow": b"a: " + b"[" * 100000, "deep-closed": b"a: " + b"[" * 5000 + b"]" * 5000,
    "deep-block": b"".join(b" " * i + b"a:\n" for i in range(2000)), "deep-map": b"{a: " * 20000,
    "alias-bomb": bomb().encode(), "alias-loop": b"a: &a [*a]\n", "alias-missing": b"jobs: *x\n", "merge": b"<<: {jobs: 1}\n",
    "duplicate": b"jobs: 1\njobs: 2\n", "duplicate-nested": b"db:\n  max-age: 1d\n  max-age: 2d\n",
    "huge": b"# " + b"x" * (3 << 20) + b"\njobs: 1\n", "huge-value": b"platform: " + b"y" * (2 << 20) + b"\n",
    "latin-1": b"platform: \xe9\xff\n", "utf-16": "jobs: [".encode("utf-16"), "nul": b"jobs: 1\0\n", "control": b"jobs: \033[31m\n",
    "tag": b"jobs: !!python/object/apply:os.system ['id']\n", "two-documents": b"jobs: 1\n---\njobs: 2\n", "list": b"- jobs\n", "scalar": b"jobs\n",
    "unclosed": b"fail-on: [high\n", "tab": b"db:\n\tmax-age: 1d\n", "key-control": b"\"jo\\e[2Jbs\": 1\n", "key-list": b"[jobs]: 1\n", "null-key": b"~: 1\n",
    "garbage": bytes(range(256)) * 20,
}


@pytest.mark.parametrize("name", HOSTILE_YAML)
def test_hostile_configuration_files(world, name):
    path = put(world, "hostile.yaml", HOSTILE_YAML[name])
    path.chmod(0o644)
    got = world.run("scan", *world.argv(image_of(world, BASE)), "--config", path)
    assert got.code == 2 and "hostile.yaml" in got.err, (got.code, got.err)
    assert "hostile.yaml:" in got.err and not [c for c in got.err if ord(c) < 32 and c != "\n"], got.err
    assert got.out == ""
    assert world.run("config", "check", path).code == 2


@pytest.mark.parametrize("name", [n for n in HOSTILE_YAML if n not in ("list", "scalar")] + ["number", "rows"])
def test_hostile_exceptions_files(world, name):
    data = {**HOSTILE_YAML, "number": b"exceptions: 3\n", "rows": b"exceptions: [1, 2]\n"}[name]
    path = put(world, "hostile.yaml", data)
    got = world.run("scan", *world.argv(image_of(world, BASE)), "--exceptions", path)
    assert got.code == 2 and "hostile.yaml" in got.err, (got.code, got.err)
    assert not [c for c in got.err if ord(c) < 32 and c != "\n"], got.err


@pytest.mark.parametrize("where", ["{}", "{purl: }", "{purl: []}", "{purl: [x]}", "{purl: {a: b}}", "{image: ''}", "{base: maybe}", "{purl: x, purl: y}", "[]", "x"])
def test_a_condition_without_a_value_does_not_except_everything(world, where):
    """`where: {purl: }` would match every package."""
    path = put(world, "x.yaml", f"- {{id: CVE-2026-1, reason: r, where: {where}}}\n".encode())
    got = world.run("scan", *world.argv(image_of(world, BASE)), "--exceptions", path, "--fail-on", "any:unknown")
    if where == "{}":
        assert got.code == 0
    else:
        assert got.code == 2 and "x.yaml:1" in got.err, (got.code, got.err, got.report and got.report["findings"])


# ---- saved reports -----------------------------------------------------------------------------------------------------------


def test_hostile_saved_reports(world):
    good = world.scan(image_of(world, BASE, TOP)).out.encode()
    path = put(world, "saved.json", good)
    assert world.run("report", path, "-o", "json").code == 0
    for n in range(0, len(good.rstrip()) - 1, len(good) // 60):
        path.write_bytes(good[:n])
        got = world.run("report", path, "-o", "json")
        assert got.code == 3 and "saved.json" in got.err and got.out == "", (n, got.err)
    for at in range(0, len(good), 97):
        bad = bytearray(good)
        bad[at] ^= 1 << at % 7
        path.write_bytes(bad)
        got = world.run("report", path, "-o", "table")
        assert got.code in (0, 1, 3, 4, 5), (at, got.err)
        assert got.code != 3 or "saved.json" in got.err or "incomplete" in got.out, (at, got.err)
    report = json.loads(good)

    def hostile(change):
        r = json.loads(good)
        change(r)
        path.write_text(json.dumps(r))
        return world.run("report", path, "-o", "json")

    for key in report:
        for value in (None, 1, "x", [], {}, [[]], [None], -1, 1e400, "9" * 1000):
            got = hostile(lambda r: r.__setitem__(key, value))
            assert got.code in (0, 1, 3, 4, 5), (key, value, got.err)
    for other in (-1, 2**64, 1e308, "no such target", [], {}):
        for place in ("packages", "findings"):
            got = hostile(lambda r: r[place][0].__setitem__("target", other))
            assert got.code == 3 and "saved.json" in got.err, (place, other, got.code, got.err)
    for data in (b"[" * 300000, b'{"a":' * 100000, b'{"schema": "plimsoll/report/v1", "schema": "x"}', b"\xff\xfe{\0}\0", b"\0" * 1000,
                 b'{"schema": "plimsoll/report/v999"}', gzip.compress(good)):
        path.write_bytes(data)
        got = world.run("report", path)
        assert got.code == 3 and "saved.json" in got.err, (data[:20], got.code, got.err)
        with open(path, "rb") as f:
            assert world.run("report", "-", stdin=f).code == 3


# ---- what is no file -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["docker-archive:", "oci-archive:", "oci-dir:", "dir:", "file:", "report:", ""])
def test_what_is_no_file_or_no_directory(world, scheme):
    fifo, folder, plain = world.cwd / "fifo", world.cwd / "folder", put(world, "plain", b"hello")
    os.mkfifo(fifo)
    folder.mkdir()
    socket_path = world.cwd / "nothing-here"
    loop = world.cwd / "loop"
    loop.symlink_to(loop)
    for path in ("/dev/null", "/dev/zero", folder, plain, socket_path, loop, f"{plain}/x", "/dev/full", "/proc/self/mem", "x" * 5000, world.cwd / ("y" * 300)):
        got = world.scan(f"{scheme}{path}")
        assert got.code in (2, 3, 5), (path, got.code, got.says())
        assert str(path)[:60] in got.says() or str(path)[0] == "x", (path, got.says())


def test_a_stream_without_an_end_is_left(world):
    """Zeros are the end of a tar, again and again; an archive may be followed by anything."""
    for after in ("/dev/zero", "/dev/urandom"):
        reader = subprocess.Popen(["sh", "-c", 'exec cat "$1" "$2"', "sh", put(world, "x.tar", docker_archive(BASE, TOP)), after],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        got = world.scan("-", stdin=reader.stdout)
        reader.stdout.close()
        reader.wait(10)
        assert got.code == 3 and "the end of the archive" in got.says(), got.says()
        assert got.packages() == [("openssl", "3.0.8-1"), ("zlib1g", "1:1.2.13.dfsg-1")]


def test_a_fifo_is_a_stream(world):
    """What a process substitution gives. Nobody who writes: that waits, as cat would."""
    fifo = world.cwd / "fifo"
    os.mkfifo(fifo)
    writer = subprocess.Popen(["sh", "-c", 'cat "$1" > "$2"', "sh", put(world, "x.tar", docker_archive(BASE, TOP)), fifo])
    got = world.scan(f"docker-archive:{fifo}")
    writer.wait(10)
    assert got.code == 0 and got.is_whole(), got.says()


@pytest.mark.parametrize("data", [b"", b"x", b"\0" * 511, b"\x1f\x8b", b"\x1f\x8b\x08\x00" + b"\xff" * 600, b"\x28\xb5\x2f\xfd" + b"\xff" * 600,
                                  b"\xfd7zXZ\0" + b"\xff" * 600, b"{" * 5000, b"[]", b"\xff" * 100000, b"PK\3\4" + b"\0" * 600], ids=range(11))
def test_garbage_on_standard_input(world, data):
    got = world.scan_bytes(data)
    assert got.code == 3 and "standard input" in got.err, (got.code, got.says())
    path = put(world, "garbage", data)
    for scheme in ("docker-archive:", "oci-archive:"):
        got = world.scan(f"{scheme}{path}")
        assert got.code == 3 and "garbage" in got.err, (got.code, got.says())


def test_a_closed_standard_input(world):
    got = world.scan("-", preexec=lambda: os.close(0))
    assert got.code in (2, 3) and got.err, got.says()


# ---- files that may not be read -----------------------------------------------------------------------------------------------------


def test_unreadable_files_are_no_clean_result(world, tmp_path):
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    for path in [world.cwd, *world.cwd.parents]:
        if str(path) != "/" and path.stat().st_uid == os.geteuid():
            path.chmod(path.stat().st_mode | 0o711)
    home = world.cwd / "home"
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    world.cache = home / "cache"
    env = {"HOME": str(home), "XDG_CACHE_HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    db = world.cwd / "x.db"
    shutil.copy(world.db, db)
    world.db = db
    probe = world.run("version", env=env, prefix=prefix)
    if probe.code:
        pytest.skip("the program cannot be run by another user from where it lies: reads ../shared or a closed directory")

    def scan(word):
        return world.scan(word, env=env, prefix=prefix)

    archive = put(world, "image.tar", docker_archive(BASE, TOP))
    assert scan(f"docker-archive:{archive}").is_whole()
    archive.chmod(0)
    got = scan(f"docker-archive:{archive}")
    assert got.code == 3 and "image.tar" in got.err and "ermission" in got.err, got.says()
    assert scan(archive).code == 3
    layout = oci_dir(world.cwd / "layout", [BASE, TOP])
    for blob in sorted((layout / "blobs/sha256").iterdir()):
        blob.chmod(0)
        got = scan(f"oci-dir:{layout}")
        assert got.code == 3 and blob.name in got.says() and "ermission" in got.says(), got.says()
        blob.chmod(0o644)
    assert scan(f"oci-dir:{layout}").is_whole()
    root = world.cwd / "root"
    for name, data in (("etc/os-release", RELEASE), ("var/lib/dpkg/status", STATUS)):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_bytes(data)
    assert scan(f"dir:{root}").code == 0
    for name in ("var/lib/dpkg/status", "var/lib/dpkg", "var", "etc/os-release", "etc", "."):
        (root / name).chmod(0)
        got = scan(f"dir:{root}")
        assert got.code == 3 and "ermission" in got.says(), (name, got.code, got.says())
        (root / name).chmod(0o755)
    db.chmod(0)
    got = scan(f"dir:{root}")
    assert got.code in (3, 4) and got.says(), got.says()


def test_pipes_in_place_of_files_do_not_hang(world):
    """Where a regular file is wanted, a FIFO that nobody writes to must not stop the run."""
    fifo = world.cwd / "fifo"
    os.mkfifo(fifo)
    image = image_of(world, BASE, TOP)
    layout = oci_dir(world.cwd / "layout", [BASE, TOP])
    (layout / "index.json").unlink()
    os.mkfifo(layout / "index.json")
    for words, code in ((["scan", *world.argv(image), "--exceptions", fifo], 2), (["scan", *world.argv(image), "--config", fifo], 2),
                        (["scan", *world.argv(f"oci-dir:{layout}")], 3), (["scan", *world.argv(fifo)], 3),
                        (["scan", *world.argv(f"oci-dir:{fifo}")], 3), (["scan", *world.argv(f"dir:{fifo}")], 3),
                        (["scan", *world.argv("--sources", fifo)], 3)):
        got = world.run(*words)
        assert got.code in (2, code) and ("fifo" in got.says() or "index.json" in got.says()), (words, got.code, got.says())
    root = world.cwd / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/os-release").write_bytes(RELEASE)
    (root / "var/lib/dpkg").mkdir(parents=True)
    os.mkfifo(root / "var/lib/dpkg/status")
    assert world.scan(f"dir:{root}").code in (3, 5)
    (root / "var/lib/dpkg/status").unlink()
    (root / "var/lib/dpkg/status").symlink_to("status")
    assert world.scan(f"dir:{root}").code in (3, 5)
    (root / "var/lib/dpkg/status").unlink()
    put(world, "outside", stanza("outside", "1"))
    (root / "var/lib/dpkg/status").symlink_to(world.cwd / "outside")
    got = world.scan(f"dir:{root}")
    assert got.code in (3, 5) and "outside" not in [n for n, _ in got.packages()], got.says()
