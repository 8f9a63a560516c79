# SPDX-License-Identifier: Apache-2.0
"""A Docker engine of the tests' own: one dockerd per pytest session, below a temporary directory.

    def test_x(docker_engine):
        docker_engine.docker("image", "ls")

It needs root and dockerd, else the tests skip and say which is missing. It touches nothing of another
engine on the machine: own data, run and containerd directories, no bridge, no packet filter rules.
"""
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from roots import root_tar

READY_SECONDS = 60


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def answers(path, what="/_ping"):
    """Whether an engine behind the socket answers."""
    connection = UnixConnection(path)
    try:
        connection.request("GET", what)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_for(path, process, log):
    """Polls the socket until the engine answers, at most READY_SECONDS."""
    deadline = time.monotonic() + READY_SECONDS
    while not answers(path):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"the engine did not come up:\n{tail}")
        time.sleep(0.05)  # between two polls, not a guess of how long it takes


class Engine:
    """A running engine; `docker` runs its command line client against it."""

    def __init__(self, socket_path, root, env=None):
        self.socket = socket_path
        self.root = root
        self.host = f"unix://{socket_path}"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")} | {"DOCKER_BUILDKIT": "0"}
        self.env["DOCKER_CONFIG"] = str(root / "config")

    def docker(self, *args, check=True, text=True, **kw):
        kw.setdefault("stdout", subprocess.PIPE)
        kw.setdefault("stderr", subprocess.PIPE)
        done = subprocess.run(("docker", "-H", self.host) + args, text=text, env=self.env, **kw)
        if check and done.returncode:
            raise RuntimeError(f"docker {' '.join(args)}: {done.stderr}")
        return done.stdout.strip() if text and done.stdout else done.stdout

    def import_tar(self, tar, name):
        return self.docker("import", str(tar), name)

    def build(self, name, dockerfile, files=None):
        """The classic builder, without network. files: name to text, beside the Dockerfile."""
        with tempfile.TemporaryDirectory(prefix="plimsoll-build-") as folder:
            for path, text in (files or {}).items():
                at = pathlib.Path(folder, path)
                at.parent.mkdir(parents=True, exist_ok=True)
                at.write_text(text)
            pathlib.Path(folder, "Dockerfile").write_text(dockerfile)
            return self.docker("build", "--network=none", "-q", "-t", name, folder)

    def save(self, name, to):
        self.docker("save", "-o", str(to), name)
        return to


def start(command, socket_path, root):
    log = root / "log"
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for(socket_path, process, log)
    except BaseException:
        stop(process)
        raise
    return process


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def unmount_below(folder):
    """What an engine left mounted, innermost first, so that its directory can be removed."""
    with open("/proc/self/mountinfo") as f:
        points = [line.split()[4] for line in f]
    for point in sorted((p for p in points if p.startswith(str(folder) + "/")), reverse=True):
        subprocess.run(["umount", "-l", point], check=False, stderr=subprocess.DEVNULL)


def needs(*programs):
    if os.geteuid() != 0:
        pytest.skip("an engine of our own needs root")
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")


@pytest.fixture(scope="session")
def docker_engine():
    """dockerd with overlay2, empty at first; shared by the whole session."""
    needs("dockerd", "docker", "containerd")
    # a short path: sun_path has 108 bytes
    root = pathlib.Path(tempfile.mkdtemp(prefix="plimsoll-dockerd-", dir="/var/tmp"))
    path = root / "docker.sock"
    (root / "config").mkdir()
    # containerd's identifiers take no underscore beside another separator, which a temporary name may have
    namespace = f"plimsoll-{os.getpid()}"
    process = None
    try:
        process = start(["dockerd", "--data-root", root / "data", "--exec-root", root / "exec", "--pidfile", root / "pid",
                         "-H", f"unix://{path}", "--bridge=none", "--iptables=false", "--ip6tables=false",
                         "--storage-driver=overlay2", "--containerd-namespace", namespace,
                         "--containerd-plugins-namespace", namespace + "-plugins"], path, root)
        yield Engine(path, root)
    finally:
        if process:
            stop(process)
        unmount_below(root)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def podman_engine():
    """podman's compatible socket with its own storage."""
    needs("podman", "docker")
    root = pathlib.Path(tempfile.mkdtemp(prefix="plimsoll-podman-", dir="/var/tmp"))
    path = root / "podman.sock"
    (root / "config").mkdir()
    process = None
    try:
        process = start(["podman", "--root", root / "data", "--runroot", root / "run", "--storage-driver=vfs",
                         "system", "service", "--time=0", f"unix://{path}"], path, root)
        yield Engine(path, root)
    finally:
        if process:
            stop(process)
        unmount_below(root)
        shutil.rmtree(root, ignore_errors=True)


# Runs in a mount namespace of its own: the newer engine inside its root, its data visible under one path in both.
NEWER = """
set -e
mount --make-rprivate /
mkdir -p "$1$2"
mount --bind "$2" "$1$2"
mount -t proc proc "$1/proc"
mount --rbind /sys "$1/sys"
mount --rbind /dev "$1/dev"
exec chroot "$1" dockerd --config-file "$2/daemon.json" --data-root "$2/data" --exec-root "$2/exec" --pidfile "$2/pid" \
    -H "unix://$2/docker.sock" --bridge=none --iptables=false --ip6tables=false
"""


def newer_root():
    """A trixie root with its docker.io, made once in the machine's test cache from trixie.tar."""
    tar = root_tar("trixie")
    root = tar.with_name("trixie-docker")
    if not (root / "usr/sbin/dockerd").exists():
        new = pathlib.Path(tempfile.mkdtemp(prefix="trixie-docker-", dir=tar.parent))
        new.chmod(0o755)
        subprocess.run(["tar", "-C", new, "-xf", tar], check=True)
        shutil.copy("/etc/resolv.conf", new / "etc/resolv.conf")
        shutil.copy("/etc/hosts", new / "etc/hosts")
        install = ("mount -t proc proc proc; export DEBIAN_FRONTEND=noninteractive; chroot . apt-get -qq update && "
                   "chroot . apt-get -qq -y --no-install-recommends install docker.io")
        done = subprocess.run(["unshare", "-m", "sh", "-c", install], cwd=new, capture_output=True, text=True)
        if done.returncode:
            shutil.rmtree(new, ignore_errors=True)
            pytest.skip("trixie's docker.io cannot be installed: " + done.stderr.strip()[-200:])
        new.rename(root)
    return root


@pytest.fixture(scope="session")
def snapshotter_engine():
    """A newer dockerd that keeps images in containerd's content store, as Docker 29 does by default."""
    needs("docker", "unshare")
    newer = newer_root()
    root = pathlib.Path(tempfile.mkdtemp(prefix="plimsoll-newer-", dir="/var/tmp"))
    path = root / "docker.sock"
    (root / "config").mkdir()
    (root / "daemon.json").write_text('{"features": {"containerd-snapshotter": true}}')
    process = None
    try:
        process = start(["unshare", "-m", "sh", "-c", NEWER, "sh", newer, root], path, root)
        yield Engine(path, root)
    finally:
        if process:
            stop(process)
        unmount_below(root)
        shutil.rmtree(root, ignore_errors=True)
        shutil.rmtree(f"{newer}{root}", ignore_errors=True)


CONTAINERD = """
version = 2
root = "{root}/var/lib/containerd"
state = "{root}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "{root}/containerd.sock"
"""


class Containerd:
    def __init__(self, root):
        self.root = root

    def ctr(self, *args):
        return subprocess.run(("ctr", "-a", self.root / "containerd.sock") + args, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def containerd_engine():
    """containerd alone; its files lie below `root` as on a machine's disk."""
    needs("containerd", "ctr")
    root = pathlib.Path(tempfile.mkdtemp(prefix="plimsoll-containerd-", dir="/var/tmp"))
    (root / "config.toml").write_text(CONTAINERD.format(root=root))
    engine, process = Containerd(root), None
    try:
        with open(root / "log", "wb") as log:
            process = subprocess.Popen(["containerd", "-c", root / "config.toml"], stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                engine.ctr("version")
                break
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.05)
        yield engine
    finally:
        if process:
            stop(process)
        unmount_below(root)
        shutil.rmtree(root, ignore_errors=True)


# Two layers above an imported root: files added, replaced, deleted, a directory made opaque.
DOCKERFILE = """\
FROM {base}
COPY marker /opt/marker
LABEL purpose=test
RUN rm -rf /usr/share/doc /etc/motd && mkdir /usr/share/doc && echo new > /usr/share/doc/only
RUN rm /opt/marker && dpkg --purge --force-all hostname >/dev/null 2>&1
"""


@pytest.fixture(scope="session")
def layered_image(docker_engine):
    """Name of an image of several layers with whiteouts and an opaque directory, on a Debian root."""
    docker_engine.import_tar(root_tar("bullseye"), "bullseye:base")
    docker_engine.build("bullseye:layered", DOCKERFILE.format(base="bullseye:base"), {"marker": "here\n"})
    return "bullseye:layered"
