# SPDX-License-Identifier: Apache-2.0
"""The same vulnerable Debian by every route, against what dpkg itself says.

The expectation is computed here from the advisory lists by an own reader and `dpkg --compare-versions`:
no advisory may be missed and none invented.
"""
import functools
import json
import os
import pathlib
import re
import subprocess
import tarfile

import pytest

import roots

SHARED = pathlib.Path(os.environ.get("PLIMSOLL_SHARED", "../shared"))
BINARY = os.environ.get("PLIMSOLL_BINARY", "build/gcc/plimsoll")


@functools.lru_cache(maxsize=None)
def is_older(a, b):
    return subprocess.run(["dpkg", "--compare-versions", a, "lt", b]).returncode == 0


def read_lists(folder, release):
    """[(advisory, cves, source package, fixed version or None)] of DSA.list and DLA.list."""
    rows = []
    for name in ("DSA.list", "DLA.list"):
        advisory, cves = None, []
        for line in (folder / name).read_text(errors="replace").splitlines():
            if m := re.match(r"^\[[^]]*\] (D[SL]A-\S+)", line):
                advisory, cves = m.group(1), []
            elif m := re.match(r"^\s+\{([^}]*)\}", line):
                cves = m.group(1).split()
            elif m := re.match(rf"^\s+\[{release}\] - (\S+) (\S+)", line):
                version = m.group(2)
                rows.append((advisory, tuple(cves), m.group(1), None if version.startswith("<") else version))
    return rows


def expected(rows, packages):
    """{(flaw id, binary package)} by the rule: the installed source version is older than the fixed one."""
    out = set()
    by_source = {}
    for name, _version, _arch, source, source_version in packages:
        by_source.setdefault(source, []).append((name, source_version))
    for advisory, cves, source, fixed in rows:
        for name, version in by_source.get(source, []):
            if fixed and is_older(version, fixed):
                out.update((cve, name) for cve in (cves or (advisory,)))
    return out


def scan(source, db, tmp_path, *extra, ok=(0, 1, 3)):
    env = dict(os.environ, HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"), XDG_CONFIG_HOME=str(tmp_path / "config"))
    r = subprocess.run([BINARY, "scan", source, "--db", db, "-o", "json", "--offline", "--only", "vulnerability", "--db-max-age",
                        "none", *extra], env=env, capture_output=True, text=True)
    assert r.returncode in ok, r.stderr
    return json.loads(r.stdout)


def found(report):
    names = {p["id"]: p["name"] for p in report["packages"]}
    return {(f["id"], names[f["package"]["id"]]) for f in report["findings"] if f["kind"] == "vulnerability"}


def listed(report):
    return {(p["name"], p["version"], p["arch"], p["source"]["name"], p["source"]["version"]) for p in report["packages"]}


@pytest.fixture(scope="session")
def lists(tmp_path_factory):
    archive = SHARED / "data" / "debian-security-tracker.tar.zst"
    if not archive.exists():
        pytest.skip("reads ../shared, which is not here")
    folder = tmp_path_factory.mktemp("lists")
    subprocess.run(["tar", "--zstd", "-xf", archive, "-C", folder], check=True)
    return folder / "debian-security-tracker"


@pytest.fixture(scope="session")
def db(lists, tmp_path_factory):
    out = tmp_path_factory.mktemp("db") / "dsa.db"
    subprocess.run([BINARY, "db", "build", "--feed", f"debian-dsa={lists}", "--out", out], check=True)
    return out


@pytest.fixture(scope="session")
def bullseye(tmp_path_factory):
    return roots.unpack(roots.root_tar("bullseye"), tmp_path_factory.mktemp("bullseye") / "root")


@pytest.fixture(scope="session")
def truth(bullseye, lists):
    return expected(read_lists(lists, "bullseye"), roots.dpkg_packages(bullseye))


@pytest.fixture(scope="session")
def oci_dir(bullseye, tmp_path_factory):
    """Made by umoci, not by us."""
    folder = tmp_path_factory.mktemp("oci")
    image = folder / "image"
    subprocess.run(["umoci", "init", "--layout", image], check=True)
    subprocess.run(["umoci", "new", "--image", f"{image}:latest"], check=True)
    subprocess.run(["umoci", "insert", "--image", f"{image}:latest", bullseye, "/"], check=True, stdout=subprocess.DEVNULL)
    return image


def test_directory(bullseye, db, truth, tmp_path):
    report = scan(f"dir:{bullseye}", db, tmp_path)
    assert listed(report) == roots.dpkg_packages(bullseye)
    assert len(truth) > 100
    assert found(report) == truth


def test_oci_layout_made_by_umoci(oci_dir, bullseye, db, truth, tmp_path):
    report = scan(f"oci-dir:{oci_dir}:latest", db, tmp_path)
    assert listed(report) == roots.dpkg_packages(bullseye)
    assert found(report) == truth


def test_engine_in_place_export_and_save(docker_engine, bullseye, db, truth, tmp_path):
    """A real dockerd that imported the same root: its storage read in place, its export stream, docker save."""
    docker_engine.import_tar(roots.root_tar("bullseye"), "truth:bullseye")
    image = ("docker:truth:bullseye", db, tmp_path, "-H", docker_engine.host)
    for report in (scan(*image), scan(*image, "--engine-export", "--no-cache"),
                   scan(f"docker-archive:{docker_engine.save('truth:bullseye', tmp_path / 'saved.tar')}", db, tmp_path)):
        assert listed(report) == roots.dpkg_packages(bullseye)
        assert found(report) == truth


@pytest.mark.parametrize("kind", ["docker-archive", "oci-archive"])
def test_archives_made_by_skopeo(kind, oci_dir, bullseye, db, truth, tmp_path):
    archive = tmp_path / "image.tar"
    tag = ":bullseye:latest" if kind == "docker-archive" else ":latest"
    subprocess.run(["skopeo", "copy", "-q", "--insecure-policy", f"oci:{oci_dir}:latest", f"{kind}:{archive}{tag}"], check=True)
    report = scan(f"{kind}:{archive}", db, tmp_path)
    assert listed(report) == roots.dpkg_packages(bullseye)
    assert found(report) == truth
    # The same file named plainly is recognised.
    assert found(scan(str(archive), db, tmp_path)) == truth


def test_bookworm_with_all_updates_has_none(lists, db, tmp_path):
    tar = roots.root_tar("bookworm", updated=True)
    root = roots.unpack(tar, tmp_path / "root")
    packages = roots.dpkg_packages(root)
    report = scan(f"dir:{root}", db, tmp_path)
    assert listed(report) == packages
    assert expected(read_lists(lists, "bookworm"), packages) == set()
    assert found(report) == set()


def test_jobs_do_not_change_the_report(oci_dir, db, tmp_path):
    reports = []
    for jobs in ("1", "4"):
        report = scan(f"oci-dir:{oci_dir}:latest", db, tmp_path, "--jobs", jobs, "--now", "2026-11-24T00:00:00Z", "--cache-dir",
                      str(tmp_path / f"cache-{jobs}"))
        for key in ("seconds", "stages"):
            report["run"].pop(key, None)
        reports.append(json.dumps(report, sort_keys=True))
    assert reports[0] == reports[1]


def base_layers(report):
    return [layer["base"] for layer in report["targets"][0]["source"]["layers"]]


def test_base_image_named_or_scanned_before(docker_engine, layered_image, db, tmp_path):
    image = (f"docker:{layered_image}", db, tmp_path, "-H", docker_engine.host)
    assert not any(base_layers(scan(*image)))
    named = scan(*image, "--base", "docker:bullseye:base")
    assert base_layers(named) == [True] + [False] * (len(base_layers(named)) - 1)
    assert all(f["base"] for f in named["findings"] if f["location"]["layer"] == 0)
    scan("docker:bullseye:base", db, tmp_path, "-H", docker_engine.host)
    assert base_layers(scan(*image)) == base_layers(named)
    other = scan(*image, "--base", f"docker:{layered_image}", "--fail-on", "unknown:own")
    assert other["verdict"]["result"] != "fail"


def test_a_saved_report_is_judged_again(bullseye, db, tmp_path):
    saved = tmp_path / "saved.json"
    scan(f"dir:{bullseye}", db, tmp_path, "-o", f"json={saved}")
    for source in (saved, f"report:{saved}"):
        again = scan(str(source), db, tmp_path, "--fail-on", "unknown:fixable", ok=(1,))
        assert found(again) == found(json.loads(saved.read_text()))
        assert again["verdict"]["result"] == "fail"
    accepted = tmp_path / "accepted.yaml"
    accepted.write_text('- {id: "*", reason: test, owner: me}\n')
    again = scan(f"report:{saved}", db, tmp_path, "--fail-on", "unknown:fixable", "--exceptions", str(accepted), ok=(0, 3))
    assert again["verdict"]["result"] != "fail" and again["db"]["feeds"] == json.loads(saved.read_text())["db"]["feeds"]
