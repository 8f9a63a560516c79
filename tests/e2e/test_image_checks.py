# SPDX-License-Identifier: Apache-2.0
"""Checks of images and Compose files on real images: built by docker on a Debian root, and archives made here.

Files of packages are compared with what `dpkg --verify` says of the same root.
"""
import io
import json
import os
import subprocess
import sys
import tarfile

import pytest

import roots
from conftest import TOP

sys.path.insert(0, str(TOP / "tests" / "image"))
import archives  # noqa: E402

DOCKLE = {"CIS-DI-0001", "CIS-DI-0006", "CIS-DI-0007", "CIS-DI-0008", "CIS-DI-0009", "CIS-DI-0010", "DKL-DI-0001", "DKL-DI-0002",
          "DKL-DI-0003", "DKL-DI-0004", "DKL-DI-0005", "DKL-DI-0006", "DKL-LI-0001", "DKL-LI-0002", "DKL-LI-0003"}

BAD = """FROM checks:base
RUN apt-get update || true
RUN sudo true || true
RUN apt-get update && apt-get -y dist-upgrade || true
RUN apk add curl || true
RUN apt-get install --allow-unauthenticated -y nothing || true
ADD app.conf /app/
COPY id_rsa /root/.ssh/id_rsa
RUN mkdir -p /app/.git && touch /app/.git/HEAD /app/Dockerfile && chmod 666 /app/app.conf
RUN echo 'open::1:0:99999:7:::' >> /etc/shadow && echo 'toor:x:0:0::/:/bin/sh' >> /etc/passwd
ENV MYSQL_PASSWORD=correct-horse
EXPOSE 22
VOLUME /usr/bin
"""

GOOD = """FROM checks:base
RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} + ; rm -rf /var/lib/apt/lists/*
COPY app.conf /app/
HEALTHCHECK CMD true
ENTRYPOINT ["/bin/true"]
USER nobody
"""


def scan(plimsoll, source, *options, ok=(0, 3)):
    done = plimsoll("scan", source, "--only", "misconfiguration", "-o", "json", *options)
    assert done.returncode in ok, done.stderr
    return json.loads(done.stdout)


def ids(report):
    return {f["id"] for f in report["findings"]} | {a for f in report["findings"] for a in f["aliases"]}


@pytest.fixture(scope="module")
def built(docker_engine, tmp_path_factory):
    """{name: archive} of the two images."""
    folder = tmp_path_factory.mktemp("images")
    docker_engine.import_tar(roots.root_tar("bookworm"), "checks:base")
    files = {"app.conf": "a = 1\n", "id_rsa": "-----BEGIN OPENSSH PRIVATE KEY-----\n"}
    docker_engine.build("checks-bad:latest", BAD, files)
    docker_engine.build("checks-good:1", GOOD, files)
    return {name: docker_engine.save(tag, folder / f"{name}.tar")
            for name, tag in (("bad", "checks-bad:latest"), ("good", "checks-good:1"))}


def test_everything_wrong_is_found(plimsoll, built):
    report = scan(plimsoll, f"docker-archive:{built['bad']}")
    assert DOCKLE <= ids(report), DOCKLE - ids(report)
    assert {"CIS-DI-0011", "I3", "I6"} <= ids(report)
    by = {(f["id"], f["object"]): f for f in report["findings"]}
    layers = report["targets"][0]["source"]["layers"]
    key = by["4.10", "/root/.ssh/id_rsa"]
    assert "COPY" in layers[key["location"]["layer"]]["created_by"] if isinstance(key["location"]["layer"], int) else key["location"]["layer"]
    assert key["location"]["path"] == "/root/.ssh/id_rsa" and "from: file" in key["evidence"]
    assert by["I3", "22/tcp"]["evidence"][-1] == "from: config"
    assert "from: history" in by["DKL-DI-0001", "RUN sudo true || true"]["evidence"]
    assert ("DKL-LI-0001", "/etc/shadow open") in by and ("DKL-LI-0002", "/etc/passwd toor") in by
    assert "correct-horse" not in json.dumps([f["evidence"] for f in report["findings"]])


def test_nothing_is_found_where_all_is_well(plimsoll, built):
    report = scan(plimsoll, f"docker-archive:{built['good']}")
    assert not ids(report) & (DOCKLE | {"CIS-DI-0011", "I3", "I6", "I10"}), [(f["id"], f["object"]) for f in report["findings"]]
    outcomes = {c["id"]: c["outcome"] for c in report["checks"]}
    assert outcomes["4.2"] == "manual" and outcomes["4.5"] == "na"
    assert all(outcomes[i] == "pass" for i in ("4.1", "4.6", "4.7", "4.8", "4.9", "4.10", "4.11", "DKL-LI-0001", "I1")), outcomes


def test_the_gate_is_dockles_exit_level(plimsoll, built):
    bad, good = (f"docker-archive:{built[name]}" for name in ("bad", "good"))
    assert plimsoll("scan", bad, "--only", "misconfiguration", "--fail-on", "misconfiguration:critical").returncode == 1
    assert plimsoll("scan", good, "--only", "misconfiguration", "--fail-on", "misconfiguration:medium").returncode == 0


def test_a_warm_scan_says_the_same(plimsoll, built):
    first = scan(plimsoll, f"docker-archive:{built['bad']}")
    second = scan(plimsoll, f"docker-archive:{built['bad']}")
    assert first["findings"] == second["findings"] and first["checks"] == second["checks"]


def archive(path, files=(), **config):
    tars = [archives.layer(*files)]
    conf = archives.config(tars, **config)
    members = [(archives.sha(tars[0]) + "/layer.tar", tars[0]), (archives.sha(conf) + ".json", conf)]
    rows = [{"Config": archives.sha(conf) + ".json", "RepoTags": ["app:1"], "Layers": [members[0][0]]}]
    with tarfile.open(path, "w") as tar:
        for name, data in members + [("manifest.json", json.dumps(rows).encode())]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def test_what_is_accepted_and_what_is_added(plimsoll, tmp_path):
    image = archive(tmp_path / "a.tar", [("app/x.key", b"?"), ("app/site.cfg", b"1"), ("app/.env", b"A=1")],
                    config={"Env": ["FINE_KEY=abc", "SITEWORD_X=1x"]})

    def objects(*options):
        report = scan(plimsoll, f"docker-archive:{image}", *options)
        return {f["object"] for f in report["findings"] if f["id"] == "4.10"}

    assert objects() == {"/app/x.key", "/app/.env", "Env FINE_KEY"}
    assert objects("--accept-key", "FINE_KEY", "--accept-extension", "key", "--accept-file", "/app/.env") == set()
    assert objects("--sensitive-word", "siteword", "--sensitive-file", "site.cfg") == {
        "/app/x.key", "/app/.env", "/app/site.cfg", "Env FINE_KEY", "Env SITEWORD_X"}
    plimsoll.user_config("inspect:\n  accept-files: [.env]\n  sensitive-extensions: [cfg]\n")
    assert objects() == {"/app/x.key", "/app/site.cfg", "Env FINE_KEY"}


def test_registries(plimsoll, tmp_path):
    image = archive(tmp_path / "a.tar", config={"Labels": {"org.opencontainers.image.base.name": "evil.example/base:1"}})
    for allowed, fails in (("docker.io,reg.example", True), ("docker.io,evil.example", False)):
        report = scan(plimsoll, f"docker-archive:{image}", "--allowed-registries", allowed)
        assert ("CIS-DI-0002" in ids(report)) == fails


def verify(root):
    """{path: changed, for dpkg's --verify}; configuration left out."""
    out = subprocess.run(["dpkg", "--verify", f"--root={root}"], capture_output=True, text=True).stdout
    changed, missing = set(), set()
    for line in out.splitlines():
        words = line.split()
        if "c" in words[1:-1]:
            continue
        (missing if words[0] == "missing" else changed).add(words[-1])
    return changed, missing


def test_files_of_packages_as_dpkg_verifies_them(plimsoll, tmp_path):
    root = roots.unpack(roots.root_tar("bookworm"), tmp_path / "root")
    assert verify(root)[0] == set()
    for path in ("usr/bin/id", "usr/share/doc/bash/copyright", "usr/lib/os-release"):
        with open(root / path, "ab") as f:
            f.write(b"changed\n")
    (root / "etc/debconf.conf").write_text("a conffile may differ\n")
    (root / "usr/bin/tac").unlink()
    changed, missing = verify(root)
    assert len(changed) == 3 and missing == {"/usr/bin/tac"}
    tar = tmp_path / "root.tar"
    subprocess.run(["tar", "-C", root, "--numeric-owner", "-cf", tar, "."], check=True)
    with open(tar, "rb") as f:
        layer = f.read()
    conf = archives.config([layer])
    image = tmp_path / "image.tar"
    with tarfile.open(image, "w") as out:
        rows = [{"Config": "config.json", "RepoTags": ["app:1"], "Layers": ["l/layer.tar"]}]
        for name, data in (("l/layer.tar", layer), ("config.json", conf), ("manifest.json", json.dumps(rows).encode())):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    for source in (f"dir:{root}", f"docker-archive:{image}"):
        report = scan(plimsoll, source, "--verify-packages")
        assert {f["object"] for f in report["findings"] if f["id"] == "I7"} == changed
        row = next(c for c in report["checks"] if c["id"] == "I7")
        assert row["outcome"] == "fail" and "missing: 1," in row["evidence"][0] and "not read: 0" in row["evidence"][0]


COMPOSE = """services:
  web:
    image: nginx
    privileged: true
    volumes: [/var/run/docker.sock:/var/run/docker.sock]
    environment: {DB_PASSWORD: correct-horse}
"""


def test_compose_file_as_source(plimsoll, tmp_path):
    path = tmp_path / "docker-compose.yml"
    path.write_text(COMPOSE)
    for source in (f"compose:{path}", str(path)):
        report = scan(plimsoll, source)
        assert {"5.5", "5.32", "5.6", "R14", "I1", "5.11", "5.26"} <= ids(report)
        finding = next(f for f in report["findings"] if f["id"] == "5.5")
        assert finding["location"]["line"] == 4 and finding["object"] == "web"
        assert "correct-horse" not in json.dumps(report)
    assert plimsoll("scan", str(path), "--only", "misconfiguration", "--fail-on", "misconfiguration:critical").returncode == 1
    path.write_text("services: [\n")
    assert plimsoll("scan", f"compose:{path}", "--only", "misconfiguration").returncode == 3


def test_a_directory_is_judged_by_its_files(plimsoll, tmp_path):
    root = tmp_path / "r"
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text("a:x:0:0::/:\nb:x:0:0::/:\n")
    (root / "x").mkdir()
    os.chmod(root / "x", 0o777)
    report = scan(plimsoll, f"dir:{root}", ok=(0, 3, 5))
    assert {"DKL-LI-0002", "I6"} <= ids(report) and "4.1" not in ids(report)
