# SPDX-License-Identifier: Apache-2.0
"""What policies read of an image (-o facts), beside tar, the image's own config and a second route to the same image."""
import io
import json
import stat
import tarfile

import pytest

import roots

KINDS = {tarfile.REGTYPE: stat.S_IFREG, tarfile.AREGTYPE: stat.S_IFREG, tarfile.LNKTYPE: stat.S_IFREG, tarfile.DIRTYPE: stat.S_IFDIR,
         tarfile.SYMTYPE: stat.S_IFLNK, tarfile.CHRTYPE: stat.S_IFCHR, tarfile.BLKTYPE: stat.S_IFBLK, tarfile.FIFOTYPE: stat.S_IFIFO}
CONFIG = {"User": "app:app", "WorkingDir": "/srv", "Env": ["A=1", "PATH=/bin"], "Entrypoint": ["/srv/run"], "Cmd": ["--fast"],
          "ExposedPorts": {"8080/tcp": {}, "53/udp": {}}, "Volumes": {"/data": {}}, "Labels": {"b": "2", "a": "1"}, "StopSignal": "SIGINT",
          "Healthcheck": {"Test": ["CMD", "/srv/ok"], "Interval": 30000000000, "Retries": 3}}


def archive(path, layers, config):
    """A docker-archive of these layer tars."""
    import hashlib
    names = []
    with tarfile.open(path, "w") as out:
        def member(name, data):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
        for i, data in enumerate(layers):
            names.append(f"{i}/layer.tar")
            member(names[-1], data)
        doc = {"architecture": "amd64", "os": "linux", "config": config,
               "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(d).hexdigest() for d in layers]},
               "history": [{"created_by": "ADD base", "created": "2026-01-02T03:04:05Z"}, {"created_by": "ENV A=1", "empty_layer": True},
                           *[{"created_by": f"RUN step {i}", "comment": "buildkit"} for i in range(1, len(layers))]]}
        text = json.dumps(doc).encode()
        digest = hashlib.sha256(text).hexdigest()
        member(f"{digest}.json", text)
        member("manifest.json", json.dumps([{"Config": f"{digest}.json", "RepoTags": ["app:1"], "Layers": names}]).encode())
    return digest


def upper_layer():
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as t:
        def add(name, content=None, **fields):
            info = tarfile.TarInfo(name)
            for k, v in fields.items():
                setattr(info, k, v)
            info.size = len(content or b"")
            t.addfile(info, io.BytesIO(content or b""))
        add("srv/run", b"#!/bin/sh\n", mode=0o4755, uid=5, gid=6)
        add("srv/link", type=tarfile.SYMTYPE, linkname="run")
        add("srv/hard", type=tarfile.LNKTYPE, linkname="srv/run")
        add("etc/.wh.hostname")
    return data.getvalue()


@pytest.fixture
def facts(plimsoll, tmp_path):
    folder = tmp_path
    base = roots.root_tar("bookworm").read_bytes()
    digest = archive(folder / "app.tar", [base, upper_layer()], CONFIG)
    out = folder / "facts.json"
    done = plimsoll("scan", folder / "app.tar", "--offline", "--only", "misconfiguration", "-o", f"facts={out}")
    assert done.returncode in (0, 3, 4), done.stderr
    document = json.loads(out.read_text())
    assert document["schema"] == "plimsoll/facts/v1"
    image = document["images"][0]["image"]
    assert image["image_id"] == digest
    return image, base


def test_the_files_are_those_of_the_layers(facts):
    image, base = facts
    want = {}
    with tarfile.open(fileobj=io.BytesIO(base)) as t:
        for m in t:
            name = "/" + m.name.removeprefix("./").rstrip("/")
            if name not in ("/", "/."):
                want[name] = (KINDS[m.type] | m.mode, m.uid, m.gid)
    want.pop("/etc/hostname", None)
    root = (stat.S_IFREG | 0o4755, 5, 6)
    want |= {"/srv/run": root, "/srv/hard": root, "/srv/link": (stat.S_IFLNK | 0o644, 0, 0)}
    got = {path: (f["mode"], f["uid"], f["gid"]) for path, f in image["files"].items()}
    assert set(got) == set(want)
    # Hard links of the base carry the attributes of what they lead to.
    assert {p: v for p, v in got.items() if v != want[p]} == {}
    assert image["files"]["/srv/run"]["layer"] == 1 and image["files"]["/usr/bin/env"]["layer"] == 0
    assert image["files"]["/srv/link"]["link"] == "run" and image["files"]["/srv/hard"]["link"] == "/srv/run"


def test_the_config_is_that_of_the_image(facts):
    image, _ = facts
    config = image["config"]
    assert config["ExposedPorts"] == sorted(CONFIG["ExposedPorts"]) and config["Volumes"] == ["/data"]
    assert config["Labels"] == CONFIG["Labels"]
    for key in ("User", "WorkingDir", "Env", "Entrypoint", "Cmd", "StopSignal"):
        assert config[key] == CONFIG[key]
    assert config["Healthcheck"]["Test"] == CONFIG["Healthcheck"]["Test"] and config["Healthcheck"]["Interval"] == 30000000000
    assert [h["created_by"] for h in image["history"]] == ["ADD base", "ENV A=1", "RUN step 1"]
    assert [h["empty_layer"] for h in image["history"]] == [False, True, False]


def test_a_directory_has_the_files_that_find_sees(plimsoll, tmp_path):
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    (tmp_path / "root/a b").mkdir(mode=0o711)
    (tmp_path / "root/a b/x").symlink_to("../etc")
    out = tmp_path / "facts.json"
    plimsoll("scan", f"dir:{tmp_path}/root", "--offline", "--only", "misconfiguration", "-o", f"facts={out}")
    files = json.loads(out.read_text())["images"][0]["image"]["files"]
    want = {"/" + str(p.relative_to(tmp_path / "root")): p.lstat() for p in (tmp_path / "root").rglob("*")}
    assert {p: f["mode"] for p, f in files.items()} == {p: s.st_mode for p, s in want.items()}
