# SPDX-License-Identifier: Apache-2.0
"""Containers of real engines: identity from the cgroup, metadata, users; compared with what the engines say.

tests/watch/meta_dump.c prints what src/watch makes of a process.
"""
import json
import os
import pathlib
import subprocess

import pytest

from watching import acting_engine  # noqa: F401  (fixture)

BUILD = pathlib.Path(os.environ.get("PLIMSOLL_BUILD", "build"))

HERE = pathlib.Path(__file__).resolve().parent

PASSWD = "root:x:0:0:root:/root:/bin/sh\nshop:x:4711:4712:Shop:/srv/shop:/bin/sh\n"
GROUP = "root:x:0:\nshopkeepers:x:4712:shop\n"


def dump(host, *pids, env=None):
    tool = BUILD / "tests/meta-dump"
    if not tool.exists():
        pytest.skip(f"{tool} is not built")
    done = subprocess.run([tool, BUILD.resolve(), host, *map(str, pids)], capture_output=True, text=True, timeout=120, env=env)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def shop_tar(tmp_path_factory):
    """An image of one static program (plant.c) with accounts of its own."""
    root = tmp_path_factory.mktemp("shop")
    for folder in ("bin", "etc", "srv/shop", "proc", "dev", "sys", "tmp"):
        (root / folder).mkdir(parents=True)
    done = subprocess.run(["cc", "-O1", "-static", "-s", "-o", root / "bin/wait", HERE / "plant.c"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip("no static program can be linked: " + done.stderr.strip()[-200:])
    (root / "etc/passwd").write_text(PASSWD)
    (root / "etc/group").write_text(GROUP)
    tar = tmp_path_factory.mktemp("tar") / "shop.tar"
    subprocess.run(["tar", "-C", root, "-cf", tar, "."], check=True)
    return tar


def test_docker(docker_engine, shop_tar):
    d = docker_engine
    d.import_tar(shop_tar, "shop/till:2.1")
    made = d.docker("run", "-d", "--network=none", "--name", "till", "--label", "team=blue", "--user", "4711:4712",
                    "-v", "/srv:/host:ro", "shop/till:2.1", "/bin/wait", "pause")
    try:
        said = json.loads(d.docker("inspect", "till"))[0]
        pid = said["State"]["Pid"]
        got, ours = dump(d.host, pid, os.getpid())
        assert got["id"] == made[:12] and got["full_id"] == said["Id"]
        assert got["runtime"] == "docker" and got["name"] == "till", json.dumps(got)
        assert (got["image"], got["repository"], got["tag"]) == ("shop/till:2.1", "shop/till", "2.1")
        assert "sha256:" + got["image_id"] == said["Image"]
        assert got["labels"] == {"team": "blue"} and got["container_user"] == "4711:4712"
        assert got["privileged"] is False and got["host_pid"] is False and got["init_pid"] == pid
        assert got["mounts"] == [{"source": "/srv", "dest": "/host", "writable": False}]
        # names are the container's own
        assert (got["user"], got["home"], got["group"]) == ("shop", "/srv/shop", "shopkeepers")
        assert "id" not in ours and ours["user"] == "root"
    finally:
        d.docker("rm", "-f", "till", check=False)


def test_docker_privileged_by_image_id(acting_engine, shop_tar):
    d = acting_engine  # its runtime "wrap" leaves out the capability that this machine may lack
    image = d.import_tar(shop_tar, "shop/scale:1")
    d.docker("run", "-d", "--network=none", "--name", "scale", "--privileged", "--runtime=wrap", "--pid=host", image, "/bin/wait", "pause")
    try:
        pid = json.loads(d.docker("inspect", "scale"))[0]["State"]["Pid"]
        got, = dump(d.host, pid)
        assert got["privileged"] is True and got["host_pid"] is True
        assert got["repository"] == "shop/scale"  # an id says nothing: the image's own name
        assert got["user"] == "root"
    finally:
        d.docker("rm", "-f", "scale", check=False)


def podman_pid(podman, shop_tar):
    podman("import", str(shop_tar), "localhost/shop/desk:3")
    podman("run", "-d", "--network=none", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", "--name", "desk", "localhost/shop/desk:3", "/bin/wait", "pause")
    return json.loads(podman("inspect", "desk"))[0]


def test_podman(podman_engine, shop_tar):
    def podman(*args, check=True):
        done = subprocess.run(["podman", "--root", podman_engine.root / "data", "--runroot", podman_engine.root / "run",
                               "--storage-driver=vfs", *args], capture_output=True, text=True)
        if check and done.returncode:
            pytest.skip("podman cannot run a container here: " + done.stderr.strip()[-200:])
        return done.stdout
    try:
        said = podman_pid(podman, shop_tar)
        pid = said["State"]["Pid"]
        # through the socket, and without one through the store that its monitor names
        for host in (podman_engine.host, "unix:///nonexistent"):
            got, = dump("", pid, env=os.environ | {"CONTAINER_HOST": host})
            assert got["runtime"] == "podman" and got["full_id"] == said["Id"], got
            assert got["name"] == "desk" and got["repository"] == "localhost/shop/desk" and got["tag"] == "3", (host, got)
    finally:
        podman("rm", "-f", "-t", "0", "desk", check=False)


def test_containerd(containerd_engine, shop_tar):
    e = containerd_engine
    archive = e.root / "shop.oci.tar"
    name = f"drawer-{os.getpid()}"
    image = make_archive(shop_tar, archive)
    e.ctr("images", "import", str(archive))
    try:
        e.ctr("run", "-d", image, name, "/bin/wait", "pause")
    except subprocess.CalledProcessError as failed:
        pytest.skip("ctr cannot run a container here: " + failed.stderr.strip()[-200:])
    try:
        pid = int(e.ctr("tasks", "ls").splitlines()[1].split()[1])
        got, = dump("unix:///nonexistent", pid)
        assert got["runtime"] == "containerd" and got["full_id"] == name, got
        assert got["privileged"] is False and got["host_pid"] is False, got
        assert (got["user"], got["why"]) == ("root", None)
    finally:
        for what in (("tasks", "kill", "-s", "9"), ("tasks", "delete", "-f"), ("containers", "delete")):
            subprocess.run(["ctr", "-a", e.root / "containerd.sock", *what, name], check=False, capture_output=True)


def make_archive(tar, archive):
    """A docker-archive of one layer, as `ctr images import` reads it."""
    import hashlib
    import io
    import tarfile
    layer = tar.read_bytes()
    digest = hashlib.sha256(layer).hexdigest()
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
                         "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest]}}).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": name, "RepoTags": ["docker.io/shop/drawer:1"], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(archive, "w") as out:
        for path, data in ((name, config), ("layer.tar", layer), ("manifest.json", manifest)):
            info = tarfile.TarInfo(path)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return "docker.io/shop/drawer:1"
