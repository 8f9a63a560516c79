# SPDX-License-Identifier: Apache-2.0
"""Engines with faults of their own, all at once, and engines that are none.

    def test_x(daemons):
        daemons.by_flag.host, daemons.by_flag.process.pid

Each real one is a dockerd of ours without containers; DAEMONS says what is wrong with it. "clean" is the twin of all:
what one of the others gets wrong, it has right. FakeEngine speaks just enough of the API to misbehave in one way.
"""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import types

import pytest

import engine

BASE = ["--iptables=false", "--ip6tables=false", "--storage-driver=overlay2"]
NO_BRIDGE = ["--bridge=none"]
PERMISSIVE = '{"defaultAction": "SCMP_ACT_ALLOW"}'

# Options by flag and by daemon.json; {port} and {metrics} are free ports, {dir} its directory, {tls} the certificates'.
DAEMONS = {
    "by-flag": {
        "flags": NO_BRIDGE + ["-H", "unix://{dir}/docker.sock", "-H", "tcp://127.0.0.1:{port}", "-D", "--log-driver", "none",
                              "--no-new-privileges=false", "--live-restore=false", "--insecure-registry", "registry.example:5000",
                              "--insecure-registry=10.0.0.0/8", "--experimental", "--metrics-addr", "0.0.0.0:{metrics}",
                              "--registry-mirror", "http://mirror.example", "--default-ipc-mode=shareable",
                              "--seccomp-profile={dir}/permissive.json"],
    },
    "by-file": {
        "flags": ["--config-file", "{dir}/daemon.json"],
        "file": {"hosts": ["unix://{dir}/docker.sock", "tcp://127.0.0.1:{port}"], "bridge": "none", "log-level": "debug", "log-driver": "none",
                 "no-new-privileges": False, "live-restore": False, "insecure-registries": ["0.0.0.0/0"], "experimental": True,
                 "icc": True, "userland-proxy": True},
        "modes": {"daemon.json": 0o602, "docker.sock": 0o602, "data": 0o755},
    },
    # "tlsverify": false turns TLS on and verifies nothing.
    "tls-only": {
        "flags": NO_BRIDGE + ["-H", "unix://{dir}/docker.sock", "-H=tcp://127.0.0.1:{port}", "-l", "warn", "--config-file", "{dir}/daemon.json"],
        "file": {"tlsverify": False, "tlscert": "{tls}/server.pem", "tlskey": "{tls}/server-key.pem"},
    },
    "clean": {
        "flags": ["--config-file={dir}/daemon.json"],
        "file": {"hosts": ["unix://{dir}/docker.sock", "tcp://127.0.0.1:{port}"], "bridge": "none", "log-level": "info", "log-driver": "syslog",
                 "log-opts": {"syslog-address": "udp://127.0.0.1:514"}, "no-new-privileges": True, "live-restore": True,
                 "experimental": False, "userland-proxy": False, "tlsverify": True, "tlscacert": "{tls}/ca.pem",
                 "tlscert": "{tls}/server.pem", "tlskey": "{tls}/server-key.pem",
                 "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 2048}}},
        "modes": {"daemon.json": 0o644},
    },
    # In a network namespace of its own, where it may write packet filter rules.
    "own-network": {
        "flags": ["--config-file", "{dir}/daemon.json", "-H", "unix://{dir}/docker.sock"],
        "file": {"icc": False, "userland-proxy": False},
        "has_network": True,
    },
}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def certificates(folder):
    """A private authority, a server and a client certificate."""
    folder.mkdir()
    (folder / "ext").write_text("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")

    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], cwd=folder, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca-key.pem", "-out", "ca.pem", "-days", "30", "-subj", "/CN=planted ca")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server-key.pem", "-out", "server.csr", "-subj", "/CN=planted")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-out", "server.pem", "-days", "30",
            "-extfile", "ext")
    for name, mode in (("ca.pem", 0o444), ("server.pem", 0o444), ("server-key.pem", 0o400), ("ca-key.pem", 0o400)):
        (folder / name).chmod(mode)
    return folder


def filled(value, words):
    """The placeholders of a row, at every depth."""
    if isinstance(value, str):
        return value.format(**words)
    if isinstance(value, list):
        return [filled(v, words) for v in value]
    if isinstance(value, dict):
        return {k: filled(v, words) for k, v in value.items()}
    return value


class Daemon:
    def __init__(self, name, row, top, tls):
        self.name, self.row, self.root = name, row, top / name
        (self.root / "config").mkdir(parents=True)
        self.socket = self.root / "docker.sock"
        self.host = f"unix://{self.socket}"
        self.words = {"dir": self.root, "tls": tls, "port": free_port(), "metrics": free_port()}
        self.process = None

    def begin(self):
        (self.root / "permissive.json").write_text(PERMISSIVE)
        if "file" in self.row:
            (self.root / "daemon.json").write_text(json.dumps(filled(self.row["file"], self.words), indent=1))
        namespace = f"planted-{self.name}-{os.getpid()}"
        has_network = self.row.get("has_network")
        command = ["dockerd", "--data-root", self.root / "data", "--exec-root", self.root / "exec", "--pidfile", self.root / "pid",
                   "--containerd-namespace", namespace, "--containerd-plugins-namespace", namespace + "-plugins",
                   *(BASE[2:] if has_network else BASE), *filled(self.row["flags"], self.words)]
        if has_network:
            command = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command]
        with open(self.root / "log", "wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True,
                                            env={"PATH": os.environ["PATH"]})

    def wait(self):
        engine.wait_for(self.socket, self.process, self.root / "log")
        for name, mode in self.row.get("modes", {}).items():
            (self.root / name).chmod(mode)

    def get(self, what):
        connection = engine.UnixConnection(self.socket)
        try:
            connection.request("GET", what)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


def imitators(top, target):
    """Processes that look like the target's dockerd and claim that it is safe: one by its arguments, one by its program too."""
    claims = ["--tlsverify", "--icc=false", "--no-new-privileges=true", "--live-restore=true", "--log-level=info", "-H", target.host]
    shutil.copy("/bin/sleep", top / "dockerd")
    script = "import signal; signal.pause()"
    return [subprocess.Popen(["dockerd", "-c", script, *claims], executable=sys.executable, start_new_session=True),
            subprocess.Popen(["dockerd " + " ".join(claims), "infinity"], executable=top / "dockerd", start_new_session=True)]


@pytest.fixture(scope="session")
def daemons():
    """All engines of DAEMONS, running, and the imitators of "by-flag"."""
    engine.needs("dockerd", "containerd", "openssl", "unshare", "ip")
    top = pathlib.Path(tempfile.mkdtemp(prefix="planted-", dir="/var/tmp"))
    top.chmod(0o755)
    rows, others = {}, []
    try:
        tls = certificates(top / "tls")
        rows = {name: Daemon(name, row, top, tls) for name, row in DAEMONS.items()}
        for row in rows.values():
            row.begin()
        for row in rows.values():
            row.wait()
        others = imitators(top, rows["by-flag"])
        yield types.SimpleNamespace(**{k.replace("-", "_"): v for k, v in rows.items()}, all=rows, imitators=others, top=top)
    finally:
        for other in others:
            other.kill()
            other.wait()
        for row in rows.values():
            if row.process:
                row.process.terminate()
        for row in rows.values():
            if row.process:
                engine.stop(row.process)
        engine.unmount_below(top)
        shutil.rmtree(top, ignore_errors=True)


# ---- engines that are none ---------------------------------------------------------------------------

VERSION = {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12", "Os": "linux", "Arch": "amd64", "KernelVersion": "6.1",
           "Platform": {"Name": ""}, "Components": [{"Name": "Engine", "Version": "20.10.24", "Details": {"ApiVersion": "1.41"}}]}
INFO = {"ID": "fake", "ServerVersion": "20.10.24", "Driver": "overlay2", "DockerRootDir": "/nowhere/docker", "SecurityOptions": ["name=seccomp,profile=default"],
        "LoggingDriver": "json-file", "CgroupDriver": "cgroupfs", "CgroupVersion": "1", "DefaultRuntime": "runc", "Runtimes": {"runc": {"path": "runc"}},
        "LiveRestoreEnabled": False, "ExperimentalBuild": False, "OperatingSystem": "fake", "OSType": "linux", "Architecture": "x86_64", "Name": "fake",
        "RegistryConfig": {"InsecureRegistryCIDRs": ["127.0.0.0/8"], "IndexConfigs": {}}, "Plugins": {"Authorization": None},
        "Swarm": {"LocalNodeState": "inactive"}, "Containers": 0, "Images": 0, "Warnings": None}


def container(number, **host_config):
    """(row of the list, inspect answer) of a stopped container."""
    ident = f"{number:064x}"
    name = f"c{number}"
    row = {"Id": ident, "Names": ["/" + name], "Image": "x:1", "ImageID": "sha256:" + "0" * 64, "Command": "x", "Created": 1700000000,
           "Ports": [], "Labels": {}, "State": "exited", "Status": "Exited (0)", "HostConfig": {"NetworkMode": "none"},
           "NetworkSettings": {"Networks": {}}, "Mounts": []}
    inspect = {"Id": ident, "Name": "/" + name, "Created": "2026-01-01T00:00:00Z", "Path": "x", "Args": [], "Image": "sha256:" + "0" * 64,
               "State": {"Status": "exited", "Running": False, "Paused": False, "Pid": 0, "ExitCode": 0, "StartedAt": "2026-01-01T00:00:00Z"},
               "RestartCount": 0, "Driver": "overlay2", "ExecIDs": None, "Mounts": [], "GraphDriver": {"Name": "overlay2", "Data": None},
               "HostConfig": {"NetworkMode": "none", "Privileged": False, "RestartPolicy": {"Name": "no"}, "Runtime": "runc", **host_config},
               "Config": {"Image": "x:1", "Env": [], "Labels": {}, "User": "1000"}, "NetworkSettings": {"Ports": {}, "Networks": {}}}
    return row, inspect


def usual(path, containers):
    """The answer of a well-behaved engine with those containers; None: 404."""
    fixed = {"/version": VERSION, "/info": INFO, "/images/json": [], "/networks": [], "/volumes": {"Volumes": [], "Warnings": None},
             "/plugins": [], "/system/df": {"LayersSize": 0, "Images": [], "Containers": [], "Volumes": [], "BuildCache": []},
             "/containers/json": [row for row, _ in containers.values()]}
    if path in fixed:
        return fixed[path]
    words = path.split("/")
    if len(words) == 4 and words[1] == "containers" and words[3] == "json":
        return containers.get(words[2], (None, None))[1]
    return None


class FakeEngine:
    """An HTTP server on a unix socket. answer(path) gives what a JSON answer holds, None for 404, or bytes to be sent as they
    are; after bytes nothing more is sent and the connection stays open (closes: it is closed). `hangs`: nothing is answered."""

    def __init__(self, folder, answer=None, closes=False, hangs=False):
        self.path = str(folder / "fake.sock")
        self.host = "unix://" + self.path
        self.answer, self.closes, self.hangs = answer, closes, hangs
        self.asked = []
        self.open = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.open.append(connection)
                if not self.hangs:
                    threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError), connection.makefile("rb") as stream:
            while True:
                words = stream.readline().split()
                while stream.readline().strip():
                    pass
                if len(words) < 2:
                    return
                path = words[1].decode().split("?")[0]
                if path.startswith("/v1."):
                    path = path[path.index("/", 1):]
                self.asked.append(path)
                answer = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nOSType: linux\r\nContent-Length: 2\r\n\r\nOK"
                if path != "/_ping":
                    answer = self.answer(path)
                    if isinstance(answer, bytes):
                        connection.sendall(answer)
                        if self.closes:
                            connection.shutdown(socket.SHUT_RDWR)
                        return
                    status = "404 Not Found" if answer is None else "200 OK"
                    body = json.dumps({"message": "no such thing"} if answer is None else answer).encode()
                    answer = (f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nApi-Version: 1.41\r\nContent-Length: {len(body)}"
                              "\r\n\r\n").encode() + body
                connection.sendall(answer)

    def close(self):
        self.listener.close()
        for connection in self.open:
            with contextlib.suppress(OSError):
                connection.close()
