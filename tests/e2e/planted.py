# SPDX-License-Identifier: Apache-2.0
"""A real engine with containers that have one fault each (planted_containers.py has the table), for the audit's tests.

    def test_x(ground):
        ground.inspect("privileged"), ground.proc("privileged").status("CapBnd")

Everything is the session's own and is gone afterwards: data, sockets, containerd namespaces, bridge, cgroup. The machine
of the tests may lack a capability that privileged containers are given: the runtime "wrap" takes it off the list first.
"""
import concurrent.futures
import hashlib
import io
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
import types

import pytest

import engine
from audited import Audit
from planted_containers import CONTAINERS, HOSTILE_BODIES

HERE = pathlib.Path(__file__).parent
SECONDS = 60
CGROUPS = pathlib.Path("/sys/fs/cgroup")
TAG = f"plm{os.getpid()}"

# Runs runc with an OCI configuration in which one thing is changed: what the engine declared is then not in force.
WRAPPER = """#!/bin/sh
command= bundle=
for word; do
    case $previous in --bundle|-b) bundle=$word/config.json;; --process|-p) bundle=$word;; esac
    case $word in create|run|exec) command=$word;; esac
    previous=$word
done
[ -z "$command" ] || [ -z "$bundle" ] || sed -i '{script}' "$bundle"
exec runc "$@"
"""
RUNTIMES = {
    "wrap": 's/"CAP_SYS_RESOURCE",//g; s/,"CAP_SYS_RESOURCE"//g',
    "loose": 's/"noNewPrivileges":true/"noNewPrivileges":false/g; s/"seccomp":{/"ignored":{/',
}


def until(condition, what):
    """The first true value of the condition, polled until a deadline."""
    deadline = time.monotonic() + SECONDS
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what}: not within {SECONDS} s")
        time.sleep(0.02)  # between two polls, not a guess of how long it takes


def plant_binary(folder):
    """The static program of the images, compiled."""
    compiler = next((c for c in (os.environ.get("CC", "").split() or ["cc"])[-1:] + ["cc", "gcc", "clang"] if shutil.which(c)), None)
    if not compiler:
        pytest.skip("no C compiler for the program of the planted containers")
    out = folder / "plant"
    done = subprocess.run([compiler, "-O1", "-static", "-s", "-o", out, HERE / "plant.c"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip("no static program can be linked: " + done.stderr.strip()[-200:])
    return out


# ---- images ----------------------------------------------------------------------------------------

PASSWD = b"root:x:0:0:root:/root:/plant\ntoor:x:0:0::/root:/plant\napp:x:1000:1000::/:/plant\n"
STATUS = (b"Package: plant-tool\nStatus: install ok installed\nMaintainer: nobody <n@example.org>\nArchitecture: amd64\n"
          b"Version: 1.0-1\nDescription: a tool\n\n")


def entry(tar, name, data=b"", mode=0o644, kind=tarfile.REGTYPE, link="", uid=0):
    info = tarfile.TarInfo(name)
    info.mode, info.type, info.linkname, info.uid, info.gid = mode, kind, link, uid, uid
    info.size = len(data) if kind == tarfile.REGTYPE else 0
    tar.addfile(info, io.BytesIO(data))


def layer(plant):
    """One layer: the program under three names, accounts, a package that owns /usr/bin/tool."""
    buf = io.BytesIO()
    with tarfile.open(fileobj=buf, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in ("usr", "usr/bin", "usr/sbin", "etc", "var", "var/lib", "var/lib/dpkg", "var/lib/dpkg/info", "opt", "root"):
            entry(tar, name, mode=0o755, kind=tarfile.DIRTYPE)
        entry(tar, "tmp", mode=0o1777, kind=tarfile.DIRTYPE)
        entry(tar, "plant", plant, 0o755)
        for name in ("usr/bin/tool", "usr/sbin/sshd"):
            entry(tar, name, mode=0o755, kind=tarfile.LNKTYPE, link="plant")
        entry(tar, "etc/passwd", PASSWD)
        entry(tar, "etc/group", b"root:x:0:\napp:x:1000:\n")
        entry(tar, "etc/motd", b"hello\n")
        entry(tar, "etc/os-release", b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="planted"\n')
        entry(tar, "var/lib/dpkg/status", STATUS)
        entry(tar, "var/lib/dpkg/info/plant-tool.list", b"/.\n/usr\n/usr/bin\n/usr/bin/tool\n/etc\n/etc/motd\n")
    return buf.getvalue()


def sha(data):
    return hashlib.sha256(data).hexdigest()


HEALTHY = {"Test": ["CMD", "/plant", "exit", "0"], "Interval": 3600 * 10**9}
GOOD = {"User": "app", "Entrypoint": ["/plant"], "Cmd": ["pause"], "Env": ["PATH=/usr/sbin:/usr/bin"], "Healthcheck": HEALTHY}
STEPS = ["COPY plant /", "CMD [\"pause\"]"]
# tag: what differs from GOOD, and the history
IMAGES = {
    "plant:good": ({}, STEPS),
    "plant:sick": ({"Healthcheck": {"Test": ["CMD", "/plant", "exit", "1"], "Interval": 2 * 10**9, "Retries": 1}}, STEPS),
    "plant:number": ({"User": "0:0"}, STEPS),
    "plant:toor": ({"User": "toor"}, STEPS),
    "plant:unset": ({"User": ""}, STEPS),
    "plant:unhealthy": ({"Healthcheck": {"Test": ["NONE"]}}, STEPS),
    "plant:update": ({}, ["COPY plant /", "/bin/sh -c apt-get update", "/bin/sh -c apt-get -y install curl"]),
    "plant:add": ({}, ["ADD https://example.org/tool.tgz /usr/bin/tool", "CMD [\"pause\"]"]),
    "plant:pipe": ({}, ["/bin/sh -c curl -s https://example.org/install | sh", "CMD [\"pause\"]"]),
    "plant:telnet": ({"ExposedPorts": {"23/tcp": {}, "2375/tcp": {}}}, STEPS),
    "plant:latest": ({}, STEPS),
}


def archive(plant, created):
    """All images as one `docker save` archive; they share the layer."""
    tar, rows = layer(plant), []
    buf = io.BytesIO()
    with tarfile.open(fileobj=buf, mode="w") as out:
        entry(out, "layer.tar", tar)
        for tag, (config, steps) in IMAGES.items():
            history = [{"created": created, "created_by": steps[0]}]
            history += [{"created": created, "created_by": step, "empty_layer": True} for step in steps[1:]]
            text = json.dumps({"architecture": "amd64", "os": "linux", "created": created, "config": {**GOOD, **config},
                               "history": history, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(tar)]},
                               "comment": tag}).encode()
            entry(out, sha(text) + ".json", text)
            rows.append({"Config": sha(text) + ".json", "RepoTags": [tag], "Layers": ["layer.tar"]})
        entry(out, "manifest.json", json.dumps(rows).encode())
    return buf.getvalue()


# ---- the kernel's side, read by Python ---------------------------------------------------------------

class Proc:
    """One process, by /proc."""

    def __init__(self, pid):
        self.pid = pid

    def text(self, name):
        return pathlib.Path(f"/proc/{self.pid}/{name}").read_text(errors="replace")

    def status(self, key):
        return next(line.split(":", 1)[1].strip() for line in self.text("status").splitlines() if line.startswith(key + ":"))

    def caps(self, key="CapBnd"):
        return int(self.status(key), 16)

    def ns(self, name):
        return os.readlink(f"/proc/{self.pid}/ns/{name}")

    def exe(self):
        return os.readlink(f"/proc/{self.pid}/exe")

    def mounts(self):
        """{mount point: (major:minor, root, options, optional fields, type)}"""
        rows = {}
        for line in self.text("mountinfo").splitlines():
            left, right = line.split(" - ", 1)
            fields = left.split()
            rows[fields[4]] = types.SimpleNamespace(device=fields[2], root=fields[3], options=fields[5].split(","),
                                                    optional=fields[6:], type=right.split()[0])
        return rows

    def cgroup(self, controller):
        """Directory of the process's cgroup of that controller (v1), or of the only hierarchy (v2)."""
        for line in self.text("cgroup").splitlines():
            _, names, path = line.split(":", 2)
            if controller in names.split(","):
                return CGROUPS / controller / path.lstrip("/")
            if names == "" and not (CGROUPS / controller).is_dir():
                return CGROUPS / path.lstrip("/")
        raise RuntimeError(f"/proc/{self.pid}/cgroup: no {controller}")

    def limit(self, controller, name):
        """The smallest number in that file of the cgroup and of its ancestors; None where none limits."""
        folder, found = self.cgroup(controller), []
        while folder != CGROUPS and folder != CGROUPS / controller:
            text = (folder / name).read_text().strip() if (folder / name).exists() else "max"
            if text not in ("max", "-1") and int(text) < 2**62:
                found.append(int(text))
            folder = folder.parent
        return min(found, default=None)

    def children(self):
        """Every process of the container's cgroup."""
        controller = "pids" if (CGROUPS / "pids").is_dir() else ""
        return [Proc(int(pid)) for pid in (self.cgroup(controller) / "cgroup.procs").read_text().split()]


# ---- the engine ----------------------------------------------------------------------------------------

def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


class Bridge:
    """An interface of our own for the engine's default network, on a free subnet."""

    def __init__(self, name):
        self.name = name[:15]
        taken = ip("-4", "addr").stdout + ip("-4", "route").stdout
        number = next(n for n in range(231, 250) if f"10.{n}." not in taken)
        self.prefix = f"10.{number}"

    def __enter__(self):
        try:
            ip("link", "add", self.name, "type", "bridge")
            ip("addr", "add", f"{self.prefix}.0.1/24", "dev", self.name)
            ip("link", "set", self.name, "up")
        except subprocess.CalledProcessError as e:
            ip("link", "del", self.name, check=False)
            pytest.skip("no bridge can be made: " + e.stderr.strip())
        return self

    def __exit__(self, *_):
        for name in (self.name, self.name + "n"):
            ip("link", "del", name, check=False)


class ParentCgroup:
    """A cgroup with limits that containers are put below."""

    LIMITS = {"memory": ("memory.limit_in_bytes", "134217728"), "pids": ("pids.max", "99"), "cpu": ("cpu.cfs_quota_us", "50000")}
    LIMITS_V2 = {"": [("memory.max", "134217728"), ("pids.max", "99"), ("cpu.max", "50000 100000")]}

    def __init__(self, name):
        self.name = name
        self.is_v1 = (CGROUPS / "memory").is_dir()
        self.folders = [CGROUPS / c / name for c in self.LIMITS] if self.is_v1 else [CGROUPS / name]

    def __enter__(self):
        for folder in self.folders:
            folder.mkdir(exist_ok=True)
        if self.is_v1:
            for controller, (file, value) in self.LIMITS.items():
                (CGROUPS / controller / self.name / file).write_text(value)
        else:
            for file, value in self.LIMITS_V2[""]:
                (CGROUPS / self.name / file).write_text(value)
        return self

    def __exit__(self, *_):
        tops = [CGROUPS / c.name / self.name for c in CGROUPS.iterdir()] if self.is_v1 else self.folders
        for top in tops:
            for folder, _, _ in os.walk(top, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass


class Ground(engine.Engine):
    """The engine of the planted containers."""

    def __init__(self, socket_path, root, bridge, parent):
        super().__init__(socket_path, root)
        self.bridge, self.parent = bridge, parent
        self.net = TAG[:12] + "-net"
        self.tree = root / "tree"
        self.pid = None
        self.pids = {}
        self.seen = {}
        self.failures = {}

    def get(self, what):
        connection = engine.UnixConnection(self.socket)
        try:
            connection.request("GET", what)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def post(self, what, body):
        """(status, answer) of a request whose body is sent as it is."""
        connection = engine.UnixConnection(self.socket)
        try:
            connection.request("POST", what, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else {}
        finally:
            connection.close()

    def inspect(self, name):
        return self.get(f"/containers/{name}/json")

    def proc(self, name):
        return Proc(self.inspect(name)["State"]["Pid"])

    def words(self, plant):
        """Values for the placeholders of the table."""
        return {"root": self.root, "tree": self.tree, "socket": self.socket, "net": self.net, "parent": "/" + self.parent.name,
                "gid": self.gid, "low6": self.low6}

    def run(self, plant):
        words = self.words(plant)
        options = [word.format(**words) for part in plant.options().values() for word in part]
        steps = plant.steps or []
        what = ["create"] if plant.is_stopped else ["run", "-d"]
        self.docker(*what, "--name", plant.name, *options, plant.image, *steps)
        for step in plant.then:
            step(self, plant)

    def sow(self):
        """Starts every container of the table, those that need another one after it."""
        self.docker("network", "create", "-o", f"com.docker.network.bridge.name={self.bridge.name}n", "--subnet",
                    f"{self.bridge.prefix}.1.0/24", self.net)
        self.docker("volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=/etc", "etc-volume")
        self.docker("volume", "create", "plain-volume")
        for name, body in HOSTILE_BODIES.items():
            status, answer = self.post(f"/containers/create?name={name}", body)
            if status != 201:
                self.failures[name] = f"{status} {answer}"
        for wave in sorted({plant.wave for plant in CONTAINERS}):
            with concurrent.futures.ThreadPoolExecutor(3) as pool:
                rows = {plant.name: pool.submit(self.run, plant) for plant in CONTAINERS if plant.wave == wave}
            for name, row in rows.items():
                if row.exception():
                    self.failures[name] = str(row.exception())

    def furnish(self):
        """Files that the containers mount."""
        (self.tree / "data").mkdir(parents=True)
        (self.tree / "link").symlink_to("/etc")
        (self.tree / "shared").mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "planted", self.tree / "shared"], check=True)
        subprocess.run(["mount", "--make-shared", self.tree / "shared"], check=True)
        for name, script in RUNTIMES.items():
            path = self.root / name
            path.write_text(WRAPPER.replace("{script}", script))
            path.chmod(0o755)


def free_low_port():
    """A privileged port that nothing holds on ::1."""
    for port in (443, 843, 844, 845):
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as s:
            try:
                s.bind(("::1", port))
                return port
            except OSError:
                pass
    return None


def clear(root):
    engine.unmount_below(root)
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def ground():
    """The engine with all containers of the table running."""
    engine.needs("dockerd", "docker", "containerd", "runc", "ip")
    root = pathlib.Path(tempfile.mkdtemp(prefix="planted-", dir="/var/tmp"))
    namespace = f"planted-{os.getpid()}"
    process = None
    try:
        plant = plant_binary(root)
        with Bridge(TAG + "b") as bridge, ParentCgroup(TAG) as parent:
            path = root / "docker.sock"
            (root / "config").mkdir()
            here = Ground(path, root, bridge, parent)
            here.furnish()
            here.low6 = free_low_port()
            (root / "daemon.json").write_text(json.dumps({"runtimes": {name: {"path": str(root / name)} for name in RUNTIMES}}))
            try:
                process = engine.start(
                    ["dockerd", "--config-file", root / "daemon.json", "--data-root", root / "data", "--exec-root", root / "exec",
                     "--pidfile", root / "pid", "-H", f"unix://{path}", f"--bridge={bridge.name}", "--iptables=false",
                     "--ip6tables=false", "--storage-driver=overlay2", "--containerd-namespace", namespace,
                     "--containerd-plugins-namespace", namespace + "-plugins"], path, root)
                here.pid = process.pid
                here.gid = os.stat(path).st_gid
                created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
                here.docker("load", input=archive(plant.read_bytes(), created), text=False)
                here.sow()
                yield here
            finally:
                if process:
                    engine.stop(process)
    finally:
        clear(root)


@pytest.fixture(scope="session")
def ground_audit(ground, tmp_path_factory):
    """All containers of it, judged once; their users are judged with the images."""
    folder = tmp_path_factory.mktemp("audit")
    audit = Audit(folder, "containers", "-H", ground.host)
    audit.join(Audit(folder, "images", "-H", ground.host))
    return audit
