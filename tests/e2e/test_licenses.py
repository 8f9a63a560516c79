# SPDX-License-Identifier: Apache-2.0
"""Licenses of real packages and license files, by allow and deny lists."""
import json
import pathlib
import subprocess

import pytest

STATUS = """Package: {name}
Status: install ok installed
Maintainer: A <a@example.org>
Architecture: all
Version: 1.0
Description: none
"""
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2020 A
License: {license}
"""
MIT = """MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and so on. The above copyright notice and this permission notice
shall be included. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND.
"""


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    dpkg = root / "var/lib/dpkg"
    dpkg.mkdir(parents=True)
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\n')
    packages = {"tool": "GPL-3+", "either": "GPL-2+ or Artistic", "free": "Expat", "bare": None}
    (dpkg / "status").write_text("\n".join(STATUS.format(name=n) for n in packages))
    for name, text in packages.items():
        if text:
            doc = root / "usr/share/doc" / name
            doc.mkdir(parents=True)
            (doc / "copyright").write_text(COPYRIGHT.format(license=text))
    (root / "app").mkdir()
    (root / "app/LICENSE").write_text(MIT)
    return root


def scan(plimsoll, root, *args):
    done = plimsoll("scan", f"dir:{root}", "--only", "license", "-o", "json", "--repo", "never", "--db-update", "never", *args)
    return json.loads(done.stdout), done


def test_licenses_are_expressions(plimsoll, root):
    report, done = scan(plimsoll, root)
    assert {p["name"]: p["licenses"] for p in report["packages"]} == {
        "tool": ["GPL-3.0-or-later"], "either": ["GPL-2.0-or-later OR Artistic-1.0-Perl"], "free": ["MIT"], "bare": []}
    assert report["findings"] == []
    assert [d["message"] for d in report["diagnostics"] if d["code"] == "license.none"] == ["1 packages have no license that is known: bare"]


def test_denied_license_fails_the_run(plimsoll, root):
    report, done = scan(plimsoll, root, "--deny-license", "GPL-*", "--fail-on", "license:high")
    assert [(f["id"], f["object"], f["severity"], f["kind"]) for f in report["findings"]] == [("GPL-3.0-or-later", "tool", "high", "license")]
    assert done.returncode == 1, done.stderr


def test_allow_list_counts_files_of_applications(plimsoll, root):
    report, done = scan(plimsoll, root, "--allow-license", "GPL-3.0-or-later,Artistic-1.0-Perl", "--license-severity", "critical")
    assert sorted((f["id"], f["object"], f["severity"]) for f in report["findings"]) == [("MIT", "/app/LICENSE", "high"), ("MIT", "free", "high")]
    assert done.returncode == 0


def test_exceptions_of_licenses(plimsoll, root):
    report, done = scan(plimsoll, root, "--deny-license", "MIT")
    key = report["findings"][0]["key"]
    again, done = scan(plimsoll, root, "--deny-license", "MIT")
    assert [f["key"] for f in again["findings"]][0] == key


def test_this_machine_beside_dpkg(plimsoll):
    """Every package of this machine that has a copyright file in the machine-readable format gets a license."""
    if not pathlib.Path("/var/lib/dpkg/status").exists():
        pytest.skip("skipped: no dpkg here")
    report, done = scan(plimsoll, "/")
    named = {p["name"] for p in report["packages"] if p["licenses"]}
    listed = subprocess.run(["dpkg-query", "-W", "-f", "${Package}\n"], capture_output=True, text=True).stdout.split()
    machine = [n for n in listed if (p := pathlib.Path("/usr/share/doc") / n / "copyright").is_file() and not p.parent.is_symlink()
               and p.read_text(errors="replace").startswith("Format:") and "\nLicense: " in p.read_text(errors="replace")]
    assert machine
    assert not [n for n in machine if n not in named]
