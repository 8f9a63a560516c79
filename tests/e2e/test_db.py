# SPDX-License-Identifier: Apache-2.0
"""The `db` commands: build, update against a server of our own, import and export, status, search, diff, verify.

Own small records; nothing of upstream.
"""
import io
import json
import os
import pathlib
import random
import signal
import subprocess
import tarfile
import zipfile

import pytest

from feed_server import FeedServer

BINARY = os.environ["PLIMSOLL_BINARY"]
NOW = "2026-03-01T00:00:00Z"


def osv(number, package="openssl", fixed="3.0.9-1", eco="Debian:12", modified="2026-02-01T00:00:00Z"):
    return {
        "schema_version": "1.6.0", "id": f"DSA-{number}-1", "modified": modified, "published": "2026-01-01T00:00:00Z",
        "upstream": [f"CVE-2026-{number}"], "summary": f"{package} - security update", "details": f"Problem {number}.",
        "affected": [{"package": {"ecosystem": eco, "name": package},
                      "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}],
    }


def osv_zip(records):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for r in records:
            z.writestr(zipfile.ZipInfo(r["id"] + ".json"), json.dumps(r))
    return out.getvalue()


def kev(cves):
    return json.dumps({"title": "t", "catalogVersion": "1", "dateReleased": "2026-02-02T00:00:00.000Z", "count": len(cves),
                       "vulnerabilities": [{"cveID": c, "dateAdded": "2026-02-01"} for c in cves]}).encode()


class Runner:
    def __init__(self, folder):
        self.folder = folder
        self.db = folder / "store.db"
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"),
                    "XDG_CONFIG_HOME": str(folder / "config")}

    def argv(self, *words, db=True):
        return [BINARY, *words, "--now", NOW] + (["--db", str(self.db)] if db else [])

    def __call__(self, *words, code=0, db=True):
        p = subprocess.run(self.argv(*map(str, words), db=db), env=self.env, cwd=self.folder, capture_output=True,
                           text=True, timeout=120)
        assert p.returncode == code, (p.returncode, p.stdout, p.stderr)
        return p

    def start(self, *words, db=True):
        return subprocess.Popen(self.argv(*map(str, words), db=db), env=self.env, cwd=self.folder,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def status(self, code=0):
        return json.loads(self("db", "status", "-o", "json", "--db-max-age", "none", code=code).stdout)

    def feeds(self):
        return {f["name"]: f for f in self.status()["feeds"]}


@pytest.fixture
def run(tmp_path):
    return Runner(tmp_path)


@pytest.fixture
def server():
    s = FeedServer()
    yield s
    s.close()


def build(run, records, *more, out=None):
    path = run.folder / "osv.zip"
    path.write_bytes(osv_zip(records))
    run("db", "build", "--feed", f"osv={path}", *more, "--out", out or run.db, db=False)


# ---- build, status, search, verify ------------------------------------------------------------------

def test_build_from_zip_tar_directory_and_compressed_file_are_the_same(run):
    records = [osv(i, f"pkg{i % 7}") for i in range(40)]
    (run.folder / "dir" / "sub").mkdir(parents=True)
    for r in records:
        (run.folder / "dir" / "sub" / (r["id"] + ".json")).write_text(json.dumps(r))
    (run.folder / "a.zip").write_bytes(osv_zip(sorted(records, key=lambda r: r["id"])))
    with tarfile.open(run.folder / "a.tar.gz", "w:gz") as t:
        for f in sorted((run.folder / "dir" / "sub").iterdir()):
            t.add(f, f.name)
    stores = []
    for source in ("dir", "a.zip", "a.tar.gz"):
        run("db", "build", "--feed", f"x:osv={source}", "--out", run.folder / "s.db", db=False)
        stores.append((run.folder / "s.db").read_bytes())
    assert stores[0] == stores[1] == stores[2]


def test_same_with_one_and_many_jobs(run):
    for i in range(5):
        (run.folder / f"f{i}.zip").write_bytes(osv_zip([osv(100 * i + k, f"pkg{k}") for k in range(30)]))
    feeds = [w for i in range(5) for w in ("--feed", f"osv=f{i}.zip")]
    run("db", "build", *feeds, "--jobs", "1", "--out", "one.db", db=False)
    run("db", "build", *feeds, "--jobs", "4", "--out", "four.db", db=False)
    assert (run.folder / "one.db").read_bytes() == (run.folder / "four.db").read_bytes()


def test_status_and_exit_codes(run):
    p = run("db", "status", code=4)
    assert "db.missing" in p.stderr and "db update" in p.stderr
    build(run, [osv(1), osv(2, "zlib")])
    feed = run.feeds()["osv"]
    assert (feed["records"], feed["ranges"], feed["covers"]) == (2, 2, ["Debian:12"])
    assert feed["as_of"] == "2026-02-01T00:00:00Z"
    text = run("db", "status", code=4)  # 28 days old
    assert "osv" in text.stdout and "2026-02-01" in text.stdout
    run("db", "status", "--db-max-age", "4w")
    run("db", "status", "--db-max-age", "27d", code=4)


def test_as_of_option_wins_and_the_future_is_cut(run):
    build(run, [osv(1)], "--as-of", "2026-02-20T00:00:00Z")
    assert run.feeds()["osv"]["as_of"] == "2026-02-20T00:00:00Z"
    build(run, [osv(1, modified="2030-01-01T00:00:00Z")])
    assert run.feeds()["osv"]["as_of"] == NOW


def test_search_by_id_package_and_text(run):
    build(run, [osv(1), osv(2, "zlib", "1.3-1"), osv(3, "zlib", "1.4-1", "Debian:13")])
    ids = lambda word: [r["id"] for r in json.loads(run("db", "search", word, "-o", "json").stdout)]
    assert ids("CVE-2026-2") == ["DSA-2-1"]
    assert ids("DSA-3-1") == ["DSA-3-1"]
    assert sorted(ids("zlib")) == ["DSA-2-1", "DSA-3-1"]
    assert ids("problem 1") == ["DSA-1-1"]
    assert ids("nothing-like-it") == []
    record = json.loads(run("db", "search", "DSA-2-1", "-o", "json").stdout)[0]
    assert record["affected"] == [{"ecosystem": "Debian:12", "package": "zlib", "range": "< 1.3-1", "state": "fixed",
                                   "severity": None}]
    table = run("db", "search", "CVE-2026-2").stdout
    assert "DSA-2-1 (osv)" in table and "< 1.3-1" in table


def test_diff(run):
    build(run, [osv(1), osv(2), osv(3)], out=run.folder / "old.db")
    build(run, [osv(1), osv(2, fixed="9-1"), osv(4)], out=run.folder / "new.db")
    got = json.loads(run("db", "diff", "old.db", "new.db", "-o", "json", db=False).stdout)
    assert got == [{"name": "osv", "added": ["DSA-4-1"], "removed": ["DSA-3-1"], "changed": ["DSA-2-1"]}]
    assert "1 added, 1 removed, 1 changed" in run("db", "diff", "old.db", "new.db", db=False).stdout
    assert "0 added, 0 removed, 0 changed" in run("db", "diff", "new.db", "new.db", db=False).stdout


def test_build_mistakes(run):
    assert "no file to write" in run("db", "build", "--feed", "osv=x", code=2, db=False).stderr
    assert "unknown feed format" in run("db", "build", "--feed", "nope=x", "--out", "o.db", code=2, db=False).stderr
    assert "FORMAT=PATH" in run("db", "build", "--feed", "nope", "--out", "o.db", code=2, db=False).stderr
    assert "missing.zip" in run("db", "build", "--feed", "osv=missing.zip", "--out", "o.db", code=3, db=False).stderr
    build(run, [osv(1)], out=run.folder / "o.db")
    before = (run.folder / "o.db").read_bytes()
    (run.folder / "cut.zip").write_bytes(osv_zip([osv(1), osv(2)])[:-30])
    run("db", "build", "--feed", "osv=cut.zip", "--out", "o.db", code=3, db=False)
    assert (run.folder / "o.db").read_bytes() == before
    assert [p.name for p in run.folder.glob("o.db*")] == ["o.db"]


def test_bad_records_are_counted_with_their_place(run):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as z:
        z.writestr("good.json", json.dumps(osv(1)))
        z.writestr("bad.json", '{"id": ')
    (run.folder / "b.zip").write_bytes(data.getvalue())
    run("db", "build", "--feed", "osv=b.zip", "--out", run.db, db=False)
    feed = run.feeds()["osv"]
    assert feed["records"] == 1 and feed["bad"] == 1 and "bad.json" in feed["bad_records"][0]
    assert "bad.json" in run("db", "status", "-v", "--db-max-age", "none").stdout


def test_damaged_member_of_a_zip_costs_only_itself(run):
    data = bytearray(osv_zip([osv(1), osv(2)]))
    at = data.index(b"PK\x03\x04", 10) + 60  # inside the second member's deflate data
    data[at] ^= 0xff
    (run.folder / "d.zip").write_bytes(data)
    run("db", "build", "--feed", "osv=d.zip", "--out", run.db, db=False)
    feed = run.feeds()["osv"]
    assert feed["records"] == 1 and feed["bad"] == 1 and "DSA-2-1.json" in feed["bad_records"][0]


def test_any_byte_changed_is_noticed_by_verify_and_harmless_elsewhere(run):
    build(run, [osv(i, f"p{i}") for i in range(12)])
    run("db", "verify")
    good = run.db.read_bytes()
    rng = random.Random(7)
    for at in [0, 9, 20, 40, 80, 110, len(good) - 1] + [rng.randrange(len(good)) for _ in range(40)]:
        bad = bytearray(good)
        bad[at] ^= 1 << rng.randrange(8)
        run.db.write_bytes(bad)
        run("db", "verify", code=3)
        for words in (("db", "search", "p3"), ("db", "search", "CVE-2026-5"), ("db", "status", "-v")):
            p = subprocess.run(run.argv(*words), env=run.env, capture_output=True, timeout=60)
            assert p.returncode in (0, 3, 4), (at, words, p)
    for size in (0, 50, 200, len(good) // 2, len(good) - 1):
        run.db.write_bytes(good[:size])
        run("db", "verify", code=3)


# ---- kill -9 ------------------------------------------------------------------------------------------

def kill_when(p, event):
    assert event()
    os.kill(p.pid, signal.SIGKILL)
    assert p.wait(30) == -signal.SIGKILL
    p.stderr.close()


def test_kill_during_build_leaves_the_old_store(run):
    build(run, [osv(1)])
    before = run.db.read_bytes()
    fifo = run.folder / "feed.json"
    os.mkfifo(fifo)
    p = run.start("db", "build", "--feed", f"kev={fifo}", "--out", run.db, db=False)
    with open(fifo, "wb") as f:  # opens when the reader has: it waits for the data now
        f.write(b'{"vulnerabilities": [')
        f.flush()
        kill_when(p, lambda: p.poll() is None)
    assert run.db.read_bytes() == before
    run("db", "verify")


def test_kill_during_update_leaves_the_old_store_and_the_download_is_resumed(run, server):
    feed = ["--feed", f"osv={server.url}/all.zip"]
    server.files["/all.zip"] = osv_zip([osv(1)])
    run("db", "update", *feed)
    before = run.db.read_bytes()
    big = osv_zip([osv(i, f"p{i}") for i in range(300)])
    server.files["/all.zip"] = big
    server.stall["/all.zip"] = 20000
    p = run.start("db", "update", *feed)
    assert server.stalled.wait(30)
    part = run.folder / "download" / "osv" / "all.zip.part"
    while not part.exists() or part.stat().st_size < 20000:  # the bytes are on their way to the file
        assert p.poll() is None
        os.sched_yield()
    kill_when(p, lambda: True)
    assert run.db.read_bytes() == before
    run("db", "verify")
    server.release.set()
    server.stall.clear()
    run("db", "update", *feed)
    assert server.statuses("/all.zip")[-1] == 206
    assert server.requests[-1][2]["Range"] == "bytes=20000-"
    assert run.feeds()["osv"]["records"] == 300
    assert not part.exists()
    run("db", "verify")


def test_changed_file_is_not_glued_to_an_old_part(run, server):
    feed = ["--feed", f"osv={server.url}/all.zip"]
    server.files["/all.zip"] = osv_zip([osv(i, f"p{i}") for i in range(300)])
    server.stall["/all.zip"] = 9000
    p = run.start("db", "update", *feed)
    assert server.stalled.wait(30)
    part = run.folder / "download" / "osv" / "all.zip.part"
    while not part.exists() or part.stat().st_size < 9000:
        assert p.poll() is None
        os.sched_yield()
    kill_when(p, lambda: True)
    server.release.set()
    server.stall.clear()
    server.files["/all.zip"] = osv_zip([osv(i, f"q{i}") for i in range(200)])
    run("db", "update", *feed)
    assert server.statuses("/all.zip")[-1] == 200
    assert run.feeds()["osv"]["records"] == 200


def test_leftovers_of_a_killed_update_are_swept(run, server):
    server.files["/k.json"] = kev(["CVE-2026-1"])
    (run.folder / "store.db.tmp.abcdef").write_bytes(b"x")
    run("db", "update", "--feed", f"kev={server.url}/k.json")
    assert not list(run.folder.glob("*.tmp.*"))


# ---- update -------------------------------------------------------------------------------------------

def test_update_is_conditional_and_only_changed_feeds_are_fetched(run, server):
    feeds = ["--feed", f"osv={server.url}/all.zip", "--feed", f"kev={server.url}/kev.json"]
    server.files["/all.zip"] = osv_zip([osv(1)])
    server.files["/kev.json"] = kev(["CVE-2026-1"])
    p = run("db", "update", *feeds)
    assert "osv: updated" in p.stderr and "kev: updated" in p.stderr
    assert run.feeds()["osv"]["as_of"] == NOW  # when it was fetched
    p = run("db", "update", *feeds)
    assert "osv: unchanged" in p.stderr and server.statuses("/all.zip") == [200, 304]
    server.files["/kev.json"] = kev(["CVE-2026-1", "CVE-2026-2"])
    p = run("db", "update", *feeds)
    assert "osv: unchanged" in p.stderr and "kev: updated" in p.stderr
    assert run.feeds()["kev"]["kev"] == 2
    assert "openssl" in run("db", "search", "DSA-1-1").stdout
    run("db", "verify")


def test_failed_feed_keeps_its_old_section_and_is_reported(run, server):
    feeds = ["--feed", f"osv={server.url}/all.zip", "--feed", f"kev={server.url}/kev.json"]
    server.files["/all.zip"] = osv_zip([osv(1)])
    server.files["/kev.json"] = kev(["CVE-2026-1"])
    run("db", "update", *feeds)
    server.files["/all.zip"] = b"PK\x03\x04 this is not a zip"
    server.files["/kev.json"] = kev(["CVE-2026-1", "CVE-2026-3"])
    p = run("db", "update", *feeds, code=3)
    assert "osv: failed" in p.stderr and "kev: updated" in p.stderr and "db.update" in p.stderr
    assert run.feeds()["osv"]["records"] == 1 and run.feeds()["kev"]["kev"] == 2
    del server.files["/kev.json"]
    del server.files["/all.zip"]
    before = run.db.read_bytes()
    p = run("db", "update", *feeds, code=3)
    assert "404" in p.stderr and run.db.read_bytes() == before


def test_damaged_sections_are_fetched_again(run, server):
    feeds = ["--feed", f"osv={server.url}/all.zip"]
    server.files["/all.zip"] = osv_zip([osv(i) for i in range(50)])
    run("db", "update", *feeds)
    bad = bytearray(run.db.read_bytes())
    bad[-2000] ^= 0xff
    run.db.write_bytes(bad)
    run("db", "verify", code=3)
    run("db", "update", *feeds)
    run("db", "verify")
    assert run.feeds()["osv"]["records"] == 50
    run.db.write_bytes(b"rubbish")
    run("db", "update", *feeds)
    run("db", "verify")


def test_feeds_from_files_stay_and_dropped_addresses_go(run, server):
    build(run, [osv(1)])
    server.files["/kev.json"] = kev(["CVE-2026-1"])
    p = run("db", "update", "--feed", f"kev={server.url}/kev.json")
    assert "osv: kept" in p.stderr
    assert sorted(run.feeds()) == ["kev", "osv"]
    p = run("db", "update", "--feed", f"other:kev={server.url}/kev.json")
    assert "kev: dropped" in p.stderr and sorted(run.feeds()) == ["osv", "other"]


def test_update_from_a_directory(run):
    folder = run.folder / "usb"
    folder.mkdir()
    (folder / "deb.zip").write_bytes(osv_zip([osv(1)]))
    mirror = folder / "feeds.example" / "x"
    mirror.mkdir(parents=True)
    (mirror / "kev.json").write_bytes(kev(["CVE-2026-1"]))
    run("db", "update", "--from", folder, "--feed", "deb:osv=https://feeds.example/all.zip",
        "--feed", "k:kev=https://feeds.example/x/kev.json", "--offline")
    assert sorted(run.feeds()) == ["deb", "k"]
    p = run("db", "update", "--from", folder, "--feed", "absent:osv=https://feeds.example/none.zip", code=3)
    assert "absent" in p.stderr


def test_offline_update_fails_and_keeps(run, server):
    server.files["/kev.json"] = kev(["CVE-2026-1"])
    feed = ["--feed", f"kev={server.url}/kev.json"]
    run("db", "update", *feed)
    asked = len(server.requests)
    p = run("db", "update", *feed, "--offline", code=3)
    assert "offline" in p.stderr and len(server.requests) == asked
    assert run.feeds()["kev"]["kev"] == 1


def test_a_host_that_cannot_be_reached_is_tried_once(run, server):
    server.files["/kev.json"] = kev(["CVE-2026-1"])
    dead = FeedServer()
    dead.close()
    p = run("db", "update", "--jobs", "1", "--feed", f"a:osv={dead.url}/a.zip", "--feed", f"b:osv={dead.url}/b.zip",
            "--feed", f"kev={server.url}/kev.json", code=3)
    assert "kev: updated" in p.stderr and "2 of 3 feeds" in p.stderr
    assert p.stderr.count("not tried") == 1
    assert list(run.feeds()) == ["kev"]


def test_second_update_at_the_same_time_is_refused(run, server):
    server.files["/kev.json"] = kev([f"CVE-2026-{i}" for i in range(500)])
    server.stall["/kev.json"] = 100
    feed = ["--feed", f"kev={server.url}/kev.json"]
    first = run.start("db", "update", *feed)
    assert server.stalled.wait(30)
    p = run("db", "update", *feed, code=3)
    assert "db.locked" in p.stderr
    kill_when(first, lambda: True)
    server.release.set()
    server.stall.clear()
    run("db", "update", *feed)


def test_build_from_an_address(run, server):
    server.files["/all.zip"] = osv_zip([osv(1)])
    run("db", "build", "--feed", f"osv={server.url}/all.zip", "--out", run.db, db=False)
    assert run.feeds()["osv"]["url"] == f"{server.url}/all.zip"


# ---- import and export --------------------------------------------------------------------------------

def test_export_and_import(run):
    build(run, [osv(1), osv(2)])
    good = run.db.read_bytes()
    run("db", "export", "out.plm")
    run.db.unlink()
    run("db", "import", "out.plm")
    assert run.db.read_bytes() == good
    run.db.unlink()
    run("db", "update", "--from", "out.plm")
    assert run.db.read_bytes() == good
    data = (run.folder / "out.plm").read_bytes()
    rng = random.Random(3)
    for at in [0, 8, 12, 16, 24, 40] + [rng.randrange(160, len(data)) for _ in range(20)]:
        bad = bytearray(data)
        bad[at] ^= 0x40
        (run.folder / "bad.plm").write_bytes(bad)
        run("db", "import", "bad.plm", code=3)
        assert run.db.read_bytes() == good
    (run.folder / "bad.plm").write_bytes(data[:-1])
    run("db", "import", "bad.plm", code=3)
    bare = bytearray(good)
    bare[len(good) // 2] ^= 1
    (run.folder / "bare.db").write_bytes(bare)
    run("db", "import", "bare.db", code=3)
    (run.folder / "bare.db").write_bytes(good)
    run("db", "import", "bare.db")
    assert not list(run.folder.glob("*.tmp.*"))


def keys(folder, name):
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", folder / f"{name}.key"], check=True)
    subprocess.run(["openssl", "pkey", "-in", folder / f"{name}.key", "-pubout", "-out", folder / f"{name}.pub"], check=True)


def test_signatures(run):
    keys(run.folder, "ours")
    keys(run.folder, "theirs")
    build(run, [osv(1)])
    good = run.db.read_bytes()
    run("db", "export", "plain.plm")
    run("db", "export", "--sign", "ours.key", "signed.plm")
    assert "signed by the given key" in run("db", "import", "--key", "ours.pub", "signed.plm").stderr
    assert "unchecked" in run("db", "import", "signed.plm").stderr
    assert "db.signature" in run("db", "import", "--key", "theirs.pub", "signed.plm", code=1).stderr
    assert "db.signature" in run("db", "import", "--key", "ours.pub", "plain.plm", code=1).stderr
    (run.folder / "bare.db").write_bytes(good)
    assert "db.signature" in run("db", "import", "--key", "ours.pub", "bare.db", code=1).stderr
    run("db", "import", "--key", "plain.plm", "signed.plm", code=2)
    # OpenSSL itself agrees: the signature is over the first 64 bytes
    data = (run.folder / "signed.plm").read_bytes()
    (run.folder / "message").write_bytes(data[:64])
    (run.folder / "signature").write_bytes(data[96:160])
    subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "ours.pub", "-rawin", "-in", "message",
                    "-sigfile", "signature"], cwd=run.folder, check=True, capture_output=True)
    # another store under the old signature
    build(run, [osv(9)], out=run.folder / "other.db")
    run("db", "export", "other.plm", "--db", "other.db", db=False)
    other = (run.folder / "other.plm").read_bytes()
    forged = bytearray(other)
    forged[12:16] = data[12:16]
    forged[64:160] = data[64:160]
    (run.folder / "forged.plm").write_bytes(forged)
    run("db", "import", "--key", "ours.pub", "forged.plm", code=1)
    run("db", "import", "forged.plm", code=1)
    assert run.db.read_bytes() == good


def test_import_makes_the_default_place(run):
    build(run, [osv(1)], out=run.folder / "x.db")
    run("db", "import", "x.db", db=False)
    assert pathlib.Path(run.env["XDG_CACHE_HOME"], "plimsoll", "db", "plimsoll.db").exists()
    run("db", "verify", db=False)


# ---- coverage ---------------------------------------------------------------------------------------


def test_a_channel_that_is_off_is_no_coverage(run):
    """A store of nothing but Ubuntu Pro's rows ends as one that says nothing about the release at all."""
    root = run.folder / "root"
    (root / "etc").mkdir(parents=True)
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "etc/os-release").write_text('ID=ubuntu\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n')
    (root / "var/lib/dpkg/status").write_text(
        "Package: openssl\nStatus: install ok installed\nMaintainer: n <n@example.org>\nArchitecture: amd64\nVersion: 3.0.8-1\nDescription: d\n\n")
    args = ("scan", f"dir:{root}", "--only", "vulnerability", "--offline", "--repo", "never", "--no-cache", "-o", "json", "--db-max-age", "none")
    build(run, [osv(1, eco="Debian:12")])
    nothing = json.loads(run(*args, code=3).stdout)
    build(run, [osv(1, eco="Ubuntu:Pro:24.04:LTS")])
    channel = json.loads(run(*args, code=3).stdout)
    for report in (nothing, channel):
        assert report["verdict"]["result"] == "incomplete" and not report["findings"]
        assert "db.no-coverage" in {d["code"] for d in report["diagnostics"]}
    assert channel["run"]["exit"] == nothing["run"]["exit"]
    on = json.loads(run(*args, "--channels", "esm").stdout)
    assert [f["id"] for f in on["findings"]] == ["CVE-2026-1"]
    run(*args[:-2], "--db-max-age", "1h", code=3)
