# SPDX-License-Identifier: Apache-2.0
"""`plimsoll watch` beside real actions: an engine of our own, containers, and a program that does what a script says.

    def test_x(watching):
        done = watching.act(Action("mine", [P("nginx"), P("sh")], steps=["open\t/etc/hosts\t0\t0"]))
        watching.settle()
        assert "Run shell untrusted" in watching.rules_of(done)

Every action has a directory of its own, so the path of the executable (which the official rules all print) says
whose alert it is, and neither names nor arguments of the processes are spoiled by a mark. `settle` makes a fence:
an event whose alert tells that everything before it was judged.
"""
import dataclasses
import io
import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import tarfile
import tempfile
import threading
import time

import pytest

import engine
from planted import RUNTIMES, WRAPPER, entry, until

HERE = pathlib.Path(__file__).parent
SECONDS = 60
# Addresses outside every private net, on the loopback device while the tests run: nothing leaves the machine.
ADDRESSES = {"outside": "11.11.11.11", "metadata": "169.254.169.254", "kubernetes": "10.77.0.1", "private": "10.77.0.2"}
FENCE = """
- rule: Fence
  desc: a mark of the tests
  condition: evt.type = mkdir and evt.arg.path startswith "{folder}/fence-"
  output: fence %evt.arg.path
  priority: DEBUG
- list: namespace_scope_network_only_subnet
  items: [web]
  override: {{items: replace}}
"""


@dataclasses.dataclass
class P:
    """A process: what it is called, its arguments, its argv[0] where that is not the path."""
    name: str
    args: list = dataclasses.field(default_factory=list)
    exe: str = None
    steps: list = dataclasses.field(default_factory=list)  # before it starts the next one


@dataclasses.dataclass
class Action:
    """A chain of processes of which the last one does the steps, on the host or in a container."""
    name: str
    chain: list
    steps: list = dataclasses.field(default_factory=list)
    container: list = None  # options of `docker run`; None: on the host
    mark: str = None
    out: str = ""
    error: str = ""
    code: int = None


def program(folder):
    compiler = next((c for c in (os.environ.get("CC", "").split() or ["cc"])[-1:] + ["cc", "gcc", "clang"] if shutil.which(c)), None)
    if not compiler:
        pytest.skip("no C compiler for the program that acts")
    out = folder / "actor"
    done = subprocess.run([compiler, "-O1", "-static", "-s", "-o", out, HERE / "actor.c"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


def image(actor):
    """A root with accounts and the usual places; what runs there is bind-mounted, but for one program of its own."""
    buf = io.BytesIO()
    with tarfile.open(fileobj=buf, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in ("etc", "etc/pam.d", "var", "var/log", "root", "root/.ssh", "home", "home/app", "home/app/.ssh", "data", "bin", "usr", "proc", "sys", "dev"):
            entry(tar, name, mode=0o755, kind=tarfile.DIRTYPE)
        entry(tar, "tmp", mode=0o1777, kind=tarfile.DIRTYPE)
        entry(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nbin:x:2:2::/:/bin/false\nwww-data:x:33:33::/:/bin/false\napp:x:1000:1000::/:/bin/sh\n")
        entry(tar, "etc/group", b"root:x:0:\nbin:x:2:\napp:x:1000:\n")
        entry(tar, "etc/shadow", b"root:*:1::::::\n", 0o640)
        for name in ("data/report", "root/.ssh/id_rsa", "root/.bash_history", "var/log/app.log", "root/plain"):
            entry(tar, name, b"x\n")
        entry(tar, "imaged", actor.read_bytes(), 0o755)
        entry(tar, "etc/os-release", b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="acting"\n')
    return buf.getvalue()


class Loopback:
    """The addresses of the tests on the loopback device; what was there before stays."""

    def __enter__(self):
        self.added = []
        for address in ADDRESSES.values():
            if subprocess.run(["ip", "addr", "add", f"{address}/32", "dev", "lo"], capture_output=True).returncode == 0:
                self.added.append(address)
        return self

    def __exit__(self, *_):
        for address in self.added:
            subprocess.run(["ip", "addr", "del", f"{address}/32", "dev", "lo"], capture_output=True)


class Watching:
    """The watching program, its alerts as they come, and the acting."""

    def __init__(self, folder, docker, arguments, rules=()):
        self.folder, self.docker = folder, docker
        self.acts = folder / "acts"
        self.acts.mkdir()
        self.acts.chmod(0o755)
        self.actor = program(folder)
        self.alerts, self.count, self.fences = [], 0, 0
        self.changed = threading.Condition()
        self.containers = []
        fence = folder / "fence.yaml"
        fence.write_text(FENCE.format(folder=self.acts))
        self.errors = open(folder / "watch.err", "wb+")
        hosts = folder / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{ADDRESSES['kubernetes']} kubernetes.default.svc.cluster.local\n")
        words = [os.environ["PLIMSOLL_BINARY"], "watch", "run"]
        for path in [*rules, fence]:
            words += ["-r", str(path)]
        words += ["-H", docker.host, "-o", "falco-json", "-o", "rule_matching=all", *arguments]
        # /etc/hosts of our own, seen by this program only
        script = f"mount --bind {shlex.quote(str(hosts))} /etc/hosts && exec {shlex.join(words)}"
        self.process = subprocess.Popen(["unshare", "-m", "sh", "-c", script], stdout=subprocess.PIPE, stderr=self.errors,
                                        stdin=subprocess.DEVNULL, text=True, env={**os.environ, "TZ": "UTC"})
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        try:
            self.settle()
        except BaseException:
            self.close()
            raise

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.alerts.append(json.loads(line))
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def alive(self):
        assert self.process.poll() is None, f"watch ended with {self.process.returncode}:\n{self.said()[-3000:]}"

    def wait(self, condition, what, seconds=SECONDS):
        """Until condition(alerts) is true."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while not condition(self.alerts):
                self.alive()
                left = deadline - time.monotonic()
                assert left > 0, f"{what}: not within {seconds} s; watch said:\n{self.said()[-2000:]}"
                self.changed.wait(min(left, 1))

    def settle(self):
        """Everything that happened before was judged when this returns. At the start the fence is put up again until it
        is seen: only then the program watches."""
        deadline = time.monotonic() + SECONDS
        while True:
            self.fences += 1
            place = self.acts / f"fence-{self.fences}"
            place.mkdir()
            seen = lambda alerts: any(a["rule"] == "Fence" and f"fence {place} " in a["output"] + " " for a in alerts)
            try:
                self.wait(seen, "the fence", 1 if self.fences < 30 else SECONDS)
                return
            except AssertionError:
                self.alive()
                if time.monotonic() > deadline:
                    raise

    # ---- acting ----

    def prepare(self, action):
        """Scripts and programs of an action; the words that start it."""
        if action.container is not None and action.chain[0].exe:
            action.chain.insert(0, P("starter"))  # `docker run` gives no argv[0] of its own
        self.count += 1
        action.mark = f"act{self.count:04d}"
        place = self.acts / action.mark
        place.mkdir()
        for i, process in enumerate(action.chain):
            path = place / process.name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                os.link(self.actor, path)
            lines = list(process.steps)
            if i + 1 < len(action.chain):
                child = action.chain[i + 1]
                child_path = str(place / child.name)
                lines.append("\t".join(["run", str(place / f"script{i + 1}"), child_path, child.exe or child_path, *child.args]))
            else:
                lines += action.steps
            text = "\n".join(lines).replace("@DIR@", str(place)).replace("@MARK@", action.mark)
            (place / f"script{i}").write_text(text + "\n")
        return place

    def act(self, action):
        place = self.prepare(action)
        first = action.chain[0]
        path, script = str(place / first.name), str(place / "script0")
        if action.container is None:
            done = subprocess.run([first.exe or path, *first.args], executable=path, env={**os.environ, "ACTOR": script},
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)
            action.code, action.out, action.error = done.returncode, done.stdout, done.stderr
            return action
        name = f"{action.mark}-{os.getpid()}"
        self.containers.append(name)
        words = ["run", "--name", name, "-v", f"{self.acts}:{self.acts}", "-e", f"ACTOR={script}", *action.container]
        done = subprocess.run(["docker", "-H", self.docker.host, *words, "acting:1", path, *first.args], env=self.docker.env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)
        action.code, action.out, action.error = done.returncode, done.stdout, done.stderr
        return action

    def of(self, action):
        """The alerts of an action."""
        with self.changed:
            return [a for a in self.alerts if f"{action.mark}" in json.dumps(a)]

    def rules_of(self, action):
        return {a["rule"] for a in self.of(action)}

    def expect(self, action, rule):
        self.wait(lambda alerts: any(a["rule"] == rule and action.mark in json.dumps(a) for a in alerts),
                  f"{rule} of {action.name} (it said: {action.out} {action.error})", 10)

    def close(self):
        if self.containers:
            subprocess.run(["docker", "-H", self.docker.host, "rm", "-f", *self.containers], env=self.docker.env, capture_output=True)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.join(10)


@pytest.fixture(scope="session")
def acting_engine():
    """A dockerd with the image acting:1 and a runtime that leaves out what this machine cannot give."""
    engine.needs("dockerd", "docker", "containerd", "runc", "ip", "unshare")
    root = pathlib.Path(tempfile.mkdtemp(prefix="acting-", dir="/var/tmp"))
    root.chmod(0o755)
    namespace, process = f"acting-{os.getpid()}", None
    try:
        path = root / "docker.sock"
        (root / "config").mkdir()
        wrap = root / "wrap"
        wrap.write_text(WRAPPER.replace("{script}", RUNTIMES["wrap"]))
        wrap.chmod(0o755)
        (root / "daemon.json").write_text(json.dumps({"runtimes": {"wrap": {"path": str(wrap)}}}))
        process = engine.start(
            ["dockerd", "--config-file", root / "daemon.json", "--data-root", root / "data", "--exec-root", root / "exec",
             "--pidfile", root / "pid", "-H", f"unix://{path}", "--bridge=none", "--iptables=false", "--ip6tables=false",
             "--storage-driver=overlay2", "--containerd-namespace", namespace, "--containerd-plugins-namespace",
             namespace + "-plugins"], path, root)
        here = engine.Engine(path, root)
        here.docker("import", "-", "acting:1", input=image(program(root)), text=False)
        with Loopback():
            yield here
    finally:
        if process:
            engine.stop(process)
        engine.unmount_below(root)
        shutil.rmtree(root, ignore_errors=True)


def official(*names):
    """Paths of the official rule files; skips where ../shared is not there."""
    shared = pathlib.Path(os.environ.get("PLIMSOLL_SHARED") or HERE.parents[2] / "shared")
    packed = shared / "data" / "falco-rules.tar.zst"
    if not packed.exists():
        pytest.skip("../shared is not here: the official rule files are not judged")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="official-rules-"))
    subprocess.run(["tar", "--zstd", "-xf", packed, "-C", folder, "--strip-components=1"], check=True)
    return [folder / name for name in names]


@pytest.fixture(scope="session")
def watching(acting_engine):
    """The official stable and incubating rules on this kernel."""
    rules = official("falco_rules.yaml", "falco-incubating_rules.yaml")
    folder = acting_engine.root / "watching"
    folder.mkdir()
    folder.chmod(0o755)
    here = None
    try:
        here = Watching(folder, acting_engine, [], rules)
        yield here
    finally:
        if here:
            here.close()
        shutil.rmtree(rules[0].parent, ignore_errors=True)
