# SPDX-License-Identifier: Apache-2.0
"""Images and containers of real engines: read in place, by the export stream, from an archive; the same packages by
every route, and those that dpkg-query says."""
import json
import os
import re
import stat
import subprocess

import pytest

BINARY = os.environ.get("PLIMSOLL_BINARY", "plimsoll")
OUTSIDE = ("DOCKER_", "CONTAINER_HOST", "PLIMSOLL_", "XDG_")


def run(cache, *args, **kw):
    env = {k: v for k, v in os.environ.items() if not k.startswith(OUTSIDE)}
    env |= {"HOME": str(cache), "XDG_RUNTIME_DIR": str(cache)}
    env |= kw.pop("env", {})
    return subprocess.run([BINARY, "scan", *map(str, args), "--offline", "--cache-dir", str(cache), "-o", "json"],
                          env=env, text=True, capture_output=True, **kw)


def scan(cache, *args, **kw):
    """The report. Without vulnerability data the verdict is incomplete (3) or stale (4): not what is asked here."""
    done = run(cache, *args, **kw)
    assert done.returncode in (0, 3, 4), done.stderr
    return json.loads(done.stdout)


def packages(report, layers=True):
    """Name, version and place of each package; with layers, the instruction that brought it."""
    return sorted((p["type"], p["name"], p["version"], p.get("arch"),
                   tuple((l["path"], l["layer"] if layers else None) for l in p["locations"]))
                  for p in report["packages"])


def layers(report):
    return [(l["diff_id"], l["created_by"]) for l in report["targets"][0]["source"]["layers"]]


def names_and_versions(report):
    return sorted((p["name"], p["version"]) for p in report["packages"])


def dpkg_says(docker, image):
    """What dpkg-query lists inside the image."""
    text = docker.docker("run", "--rm", "--network=none", image, "dpkg-query", "-W", "-f",
                         "${db:Status-Status} ${Package} ${Version}\n")
    rows = [line.split() for line in text.splitlines()]
    return sorted((name, version) for status, name, version in rows if status == "installed")


def test_the_layered_image_is_what_the_tests_assume(docker_engine, layered_image):
    image = json.loads(docker_engine.docker("image", "inspect", layered_image))[0]
    assert len(image["RootFS"]["Layers"]) == 4
    assert image["GraphDriver"]["Name"] == "overlay2"


def test_every_route_gives_the_same_packages(docker_engine, layered_image, tmp_path):
    host = ("-H", docker_engine.host)
    in_place = scan(tmp_path / "a", f"docker:{layered_image}", *host)
    exported = scan(tmp_path / "b", f"docker:{layered_image}", "--engine-export", *host)
    archive = docker_engine.save(layered_image, tmp_path / "image.tar")
    saved = scan(tmp_path / "c", f"docker-archive:{archive}")
    assert packages(in_place) == packages(exported) == packages(saved)
    assert layers(in_place) == layers(exported) == layers(saved)
    assert names_and_versions(in_place) == dpkg_says(docker_engine, layered_image)
    assert in_place["targets"][0]["source"]["image_id"] == saved["targets"][0]["source"]["image_id"]
    assert "hostname" not in {p["name"] for p in in_place["packages"]}  # purged in the last layer


def test_a_second_scan_reads_nothing_again(docker_engine, layered_image, tmp_path):
    first = scan(tmp_path, f"docker:{layered_image}", "-H", docker_engine.host)
    second = scan(tmp_path, f"docker:{layered_image}", "-H", docker_engine.host)
    assert "layers_cached" not in first["targets"][0]["source"]
    assert second["targets"][0]["source"]["layers_cached"] == 4
    assert packages(first) == packages(second)


def test_storage_that_others_may_write_is_exported(docker_engine, layered_image, tmp_path):
    """Layers in place are cached under the engine's word for them: only where nobody else can put files there."""
    store = docker_engine.root / "data/overlay2"
    mode = stat.S_IMODE(store.stat().st_mode)
    store.chmod(0o777)
    try:
        report = scan(tmp_path, f"docker:{layered_image}", "-H", docker_engine.host)
    finally:
        store.chmod(mode)
    assert all(l["size"] > 0 for l in report["targets"][0]["source"]["layers"])  # sizes are those of the stream's tars
    assert names_and_versions(report) == dpkg_says(docker_engine, layered_image)


def test_a_running_container_is_read_through_the_kernel(docker_engine, layered_image, tmp_path):
    # The container's own process makes the change: `docker exec` lands outside it where the engine itself runs in a chroot.
    script = "echo started; read go; dpkg --purge --force-all e2fsprogs; echo changed; exec sleep 600"
    inside = subprocess.Popen(["docker", "-H", docker_engine.host, "run", "-i", "--network=none", "--name", "plm-running",
                               layered_image, "sh", "-c", script], env=docker_engine.env, text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    host = ("-H", docker_engine.host)
    try:
        assert inside.stdout.readline() == "started\n"
        name = docker_engine.docker("inspect", "-f", "{{.Id}}", "plm-running")
        image = scan(tmp_path, f"docker:{layered_image}", *host)
        container = scan(tmp_path, "container:plm-running", *host)
        assert packages(container, layers=False) == packages(image, layers=False)
        assert container["targets"][0]["source"]["image_id"] == image["targets"][0]["source"]["image_id"]
        # what changed inside shows at once
        inside.stdin.write("go\n")
        inside.stdin.flush()
        assert "changed\n" in iter(inside.stdout.readline, "")
        changed = scan(tmp_path, f"container:{name[:12]}", *host)
        assert names_and_versions(image) != names_and_versions(changed)
        assert "e2fsprogs" not in {p["name"] for p in changed["packages"]}
        running = scan(tmp_path, "running:", *host)
        assert [t["id"] for t in running["targets"]] == ["container:plm-running"]
        docker_engine.docker("stop", "-t", "0", name)
        stopped = run(tmp_path, "container:plm-running", *host)
        assert stopped.returncode == 3
        assert "is not running (exited)" in stopped.stderr and f"plimsoll scan {layered_image}" in stopped.stderr
    finally:
        docker_engine.docker("rm", "-f", "plm-running")
        inside.communicate()


def test_all_images_are_scanned_once(docker_engine, layered_image, tmp_path):
    docker_engine.docker("tag", layered_image, "bullseye:again")
    try:
        report = scan(tmp_path, "images:", "-H", docker_engine.host)
        ids = [t["id"] for t in report["targets"]]
        assert "docker:bullseye:again" in ids and "docker:bullseye:base" in ids
        assert "docker:bullseye:layered" not in ids  # the same image under its second name
    finally:
        docker_engine.docker("rmi", "bullseye:again")


def test_what_is_not_there_is_named(docker_engine, tmp_path):
    done = run(tmp_path, "docker:never:was", "-H", docker_engine.host)
    assert done.returncode == 3
    assert "never:was" in done.stderr and docker_engine.host in done.stderr and "engine.not-found" in done.stderr
    done = run(tmp_path, "never:was", env={"DOCKER_HOST": docker_engine.host})  # every place with its cause
    assert done.returncode == 3 and "engine.not-found" in done.stderr
    assert docker_engine.host in done.stderr and "no Podman engine answers" in done.stderr
    done = run(tmp_path, "container:never-was", "-H", docker_engine.host)
    assert done.returncode == 3 and "engine.not-found" in done.stderr
    done = run(tmp_path, "docker:never:was", "-H", f"unix://{tmp_path}/no.sock")
    assert done.returncode == 3 and "engine.unreachable" in done.stderr and "No such file" in done.stderr


def test_no_permission_says_who_and_what_to_try(docker_engine, layered_image, tmp_path):
    """As the user nobody, who cannot open the socket."""
    docker_engine.socket.chmod(0o660)
    docker_engine.root.chmod(0o755)
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents:
        if parent.owner() == "root" and stat.S_IMODE(parent.stat().st_mode) == 0o700:
            parent.chmod(0o711)
    done = run(tmp_path, f"docker:{layered_image}", "-H", docker_engine.host, user=65534, group=65534, extra_groups=[])
    assert done.returncode == 3, done.stderr
    group = re.escape(docker_engine.socket.group())
    assert re.search(rf"{docker_engine.socket}: permission denied \(uid 65534; root:{group} 0660\)", done.stderr), done.stderr
    assert "engine.permission" in done.stderr
    assert f"docker save {layered_image} | plimsoll scan -" in done.stderr


def test_podman_by_export(podman_engine, docker_engine, layered_image, tmp_path):
    archive = docker_engine.save(layered_image, tmp_path / "image.tar")
    podman_engine.docker("load", "-i", str(archive))
    report = scan(tmp_path / "p", f"podman:{layered_image}", "-H", podman_engine.host)
    assert report["targets"][0]["id"] == f"podman:{layered_image}"
    reference = scan(tmp_path / "d", f"docker:{layered_image}", "-H", docker_engine.host)
    assert packages(report) == packages(reference)


def test_the_containerd_image_store_in_place(snapshotter_engine, docker_engine, layered_image, tmp_path):
    archive = docker_engine.save(layered_image, tmp_path / "image.tar")
    snapshotter_engine.docker("load", "-i", str(archive))
    host = ("-H", snapshotter_engine.host)
    in_place = scan(tmp_path / "a", f"docker:{layered_image}", *host)
    exported = scan(tmp_path / "b", f"docker:{layered_image}", "--engine-export", *host)
    reference = scan(tmp_path / "c", f"docker:{layered_image}", "-H", docker_engine.host)
    assert packages(in_place) == packages(exported) == packages(reference)
    assert layers(in_place) == layers(reference)
    assert in_place["targets"][0]["source"]["digest"]  # the manifest's: it came from the content store
    again = scan(tmp_path / "a", f"docker:{layered_image}", *host)
    assert again["targets"][0]["source"]["layers_cached"] == 4


def test_a_lost_blob_is_not_a_clean_result(snapshotter_engine, tmp_path):
    """A layer that the content store lost can come from nowhere: the engine says so, nothing is called clean."""
    (tmp_path / "a").write_text("a\n")
    subprocess.run(["tar", "-C", tmp_path, "-cf", tmp_path / "root.tar", "a"], check=True)
    snapshotter_engine.import_tar(tmp_path / "root.tar", "small:1")
    host = ("-H", snapshotter_engine.host)
    whole = run(tmp_path, "docker:small:1", *host)
    assert whole.returncode == 5 and "1 layer" in whole.stderr, whole.stderr  # no package in it
    blobs = snapshotter_engine.root / "data/containerd/daemon/io.containerd.content.v1.content/blobs/sha256"
    image = json.loads(snapshotter_engine.docker("image", "inspect", "small:1"))[0]["Id"]
    manifest = json.loads((blobs / image.split(":")[1]).read_text())
    (blobs / manifest["layers"][0]["digest"].split(":")[1]).unlink()
    done = run(tmp_path / "other-cache", "docker:small:1", *host)
    assert done.returncode == 3
    assert not done.stdout or json.loads(done.stdout)["verdict"]["result"] == "incomplete"
    snapshotter_engine.docker("rmi", "small:1")


def test_containerd_without_docker(containerd_engine, docker_engine, layered_image, tmp_path):
    archive = docker_engine.save(layered_image, tmp_path / "image.tar")
    containerd_engine.ctr("-n", "elsewhere", "images", "import", "--no-unpack", str(archive))
    report = scan(tmp_path / "a", f"containerd:{layered_image}", "--root", containerd_engine.root)
    reference = scan(tmp_path / "b", f"docker:{layered_image}", "-H", docker_engine.host)
    assert packages(report) == packages(reference)
    done = run(tmp_path, "containerd:never:was", "--root", containerd_engine.root)
    assert done.returncode == 3 and "engine.not-found" in done.stderr


@pytest.mark.parametrize("variable", ["DOCKER_HOST", "DOCKER_CONTEXT", "configuration"])
def test_the_engine_is_found_as_docker_finds_it(docker_engine, layered_image, tmp_path, variable):
    env = {"DOCKER_CONFIG": str(docker_engine.root / "config")}
    if variable == "DOCKER_HOST":
        env["DOCKER_HOST"] = docker_engine.host
    else:
        docker_engine.docker("context", "create", "--docker", f"host={docker_engine.host}", f"ctx-{variable}")
        if variable == "DOCKER_CONTEXT":
            env["DOCKER_CONTEXT"] = f"ctx-{variable}"
        else:
            subprocess.run(["docker", "context", "use", f"ctx-{variable}"], check=True, capture_output=True,
                           env=docker_engine.env)
    report = scan(tmp_path, f"docker:{layered_image}", env=env)
    assert report["packages"]


