# SPDX-License-Identifier: Apache-2.0
"""The faults that the audit must find, one container each, as data.

Every container starts from BASE, in which nothing is wrong, and changes one thing. So the twin of every fault is the
container "clean" and all others beside it: a row names the checks that must fail, what their evidence must say, and
all other checks must say what they say of "clean" (or what `also` allows).

`force` is the fault itself as the kernel shows it: called with the ground and the row, true if it is really there.
"""
import dataclasses
import json
import os

BASE = {
    "runtime": [],
    "root": ["--read-only"],
    "caps": ["--cap-drop", "ALL"],
    "nnp": ["--security-opt", "no-new-privileges"],
    "memory": ["--memory", "64m", "--memory-swap", "64m"],
    "cpu": ["--cpus", "0.5"],
    "pids": ["--pids-limit", "32"],
    "restart": ["--restart", "on-failure:5"],
    "net": ["--network", "none"],
    "log": ["--log-opt", "max-size=1m"],
    "ulimit": ["--ulimit", "nofile=1024:1024"],
}
WRAP = ["--runtime", "wrap"]
DEFAULT_CAPS = 0xA80425FB
SYS_PTRACE, SYS_ADMIN, SYS_MODULE, NET_ADMIN, DAC_READ_SEARCH, MKNOD, SYS_RAWIO = 19, 21, 16, 12, 2, 27, 17


@dataclasses.dataclass
class Plant:
    name: str
    change: dict = dataclasses.field(default_factory=dict)  # part of BASE: other options; a new part: more options
    fails: dict = dataclasses.field(default_factory=dict)   # check id: what its evidence must match
    passes: tuple = ()                                      # checks that must pass, although the change is near to their fault
    also: tuple = ()                                        # checks that may say something else than of "clean"
    drift: str = None                                       # what the finding `drift` must name
    image: str = "plant:good"
    steps: list = None
    wave: int = 0                                           # started after all rows of lower waves
    is_stopped: bool = False                                # created, never started
    then: tuple = ()                                        # done after the start: called with ground and row
    force: object = None
    object: str = None                                      # of its rows; its name unless a Compose label says otherwise

    def options(self):
        return {**BASE, **self.change}


def caps(*names):
    return {"caps": ["--cap-drop", "ALL"] + [w for n in names for w in ("--cap-add", n)]}


def has_cap(*bits):
    return lambda g, p: all(g.proc(p.name).caps() >> bit & 1 for bit in bits)


def shares(name):
    return lambda g, p: g.proc(p.name).ns(name) == os.readlink(f"/proc/self/ns/{name}")


def mounts(point, path):
    """The file system below `point` is the one that the host has at `path`."""
    def check(g, p):
        inside, host = os.stat(f"/proc/{g.proc(p.name).pid}/root{point}"), os.stat(path.format(**g.words(p)))
        return (inside.st_dev, inside.st_ino) == (host.st_dev, host.st_ino)
    return check


def host_config(**values):
    return lambda g, p: all(g.inspect(p.name)["HostConfig"][k] == v for k, v in values.items())


def said(word):
    """Waits until the container has said the word: all its steps before are done."""
    def wait(g, p):
        from planted import until
        until(lambda: word in g.docker("logs", p.name).split(), f"{p.name}: {word}")
    return wait


def execute(*options):
    """A second process, which stays."""
    def start(g, p):
        from planted import until
        g.docker("exec", "-d", *options, p.name, "/plant", "pause")
        until(lambda: len(g.proc(p.name).children()) == 2, f"{p.name}: exec")
    return start


def state(key, value):
    def wait(g, p):
        from planted import until
        until(lambda: g.docker("inspect", "-f", "{{" + key + "}}", p.name) in value, f"{p.name}: {key}")
    return wait


def lift_memory_limit(g, p):
    """Someone changed the limit behind the engine's back."""
    folder = g.proc(p.name).cgroup("memory")
    for name in ("memory.memsw.limit_in_bytes", "memory.limit_in_bytes"):
        if (folder / name).exists():
            (folder / name).write_text("-1")
    if (folder / "memory.max").exists():
        (folder / "memory.max").write_text("max")


def second(g, p):
    return next(c for c in g.proc(p.name).children() if c.pid != g.proc(p.name).pid)


def bind(text, **more):
    return {"bind": ["-v", text], **more}


CLEAN = [
    Plant("clean", passes=("5.4", "5.5", "5.6", "5.7", "5.8", "5.10", "5.11", "5.12", "5.13", "5.14", "5.15", "5.16", "5.17", "5.18",
                           "5.19", "5.20", "5.21", "5.22", "5.23", "5.24", "5.26", "5.27", "5.29", "5.30", "5.32", "R1", "R2", "R3", "R4",
                           "R5", "R6", "R8", "R10", "R11", "R12", "R14", "R15", "R16", "R17", "R19", "R20", "R21", "R22"),
          force=lambda g, p: g.proc(p.name).caps() == 0 and g.proc(p.name).status("Seccomp") == "2" and
          g.proc(p.name).status("NoNewPrivs") == "1" and "ro" in g.proc(p.name).mounts()["/"].options and
          g.proc(p.name).limit("memory", "memory.limit_in_bytes" if g.parent.is_v1 else "memory.max") == 64 << 20),
    Plant("clean-compose", {"label": ["--label", "com.docker.compose.project=shop", "--label", "com.docker.compose.service=web"]},
          object="shop/web"),
    Plant("default-caps", {"caps": []}, passes=("5.4", "R1", "R2", "R3"), force=lambda g, p: g.proc(p.name).caps() == DEFAULT_CAPS),
    Plant("plain-volume", bind("plain-volume:/data"), passes=("5.6", "5.32", "R19"), also=("5.13",)),
    Plant("port-loopback", {"net": ["--network", "{net}", "-p", "127.0.0.1:48080:8080"]}, steps=["listen", "8080", "pause"],
          passes=("5.8", "5.10", "5.14", "5.30"), also=("5.9", "R13")),
    Plant("nnp-true", {"nnp": ["--security-opt", "no-new-privileges:true"]}, passes=("5.26",)),
    Plant("restart-no", {"restart": []}, passes=("5.15",)),
    Plant("cpu-shares", {"cpu": ["--cpu-shares", "512"]}, passes=("5.12",)),
]

PRIVILEGES = [
    Plant("privileged", {"caps": ["--privileged"], "runtime": WRAP},
          {"5.4": r"CapBnd|Privileged", "5.5": r"Privileged: true", "5.18": r".", "5.22": r"Seccomp: 0|Privileged", "R9": r"wrap"},
          also=("5.2", "5.3", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R22", "5.6"),
          force=lambda g, p: has_cap(SYS_ADMIN, SYS_MODULE, SYS_RAWIO)(g, p) and g.proc(p.name).status("Seccomp") == "0"),
    Plant("privileged-stopped", {"caps": ["--privileged"], "restart": ["--restart", "always"]},
          {"5.4": r"Privileged", "5.5": r"Privileged: true", "5.15": r"always", "5.22": r"Privileged|unconfined"},
          is_stopped=True, also=("5.2", "5.3", "5.18", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R20", "R22"),
          force=lambda g, p: g.inspect(p.name)["State"]["Status"] == "created"),
    Plant("cap-all", {"caps": ["--cap-add", "ALL"], "runtime": WRAP}, {"5.4": r"CapBnd|ALL", "R1": r"SYS_ADMIN|ALL",
          "R2": r"SYS_MODULE|ALL", "R3": r".", "R9": r"wrap"}, also=("R22", "R5", "R6"), force=has_cap(SYS_ADMIN, SYS_MODULE, SYS_RAWIO)),
    Plant("cap-sys-admin", caps("SYS_ADMIN"), {"5.4": r"SYS_ADMIN", "R1": r"SYS_ADMIN"}, passes=("5.5", "R2"), force=has_cap(SYS_ADMIN)),
    Plant("cap-sys-module", caps("CAP_SYS_MODULE"), {"5.4": r"SYS_MODULE", "R2": r"SYS_MODULE"}, passes=("5.5", "R1"), force=has_cap(SYS_MODULE)),
    Plant("cap-sys-ptrace", {**caps("sys_ptrace"), "pid": ["--pid", "host"]}, {"5.4": r"SYS_PTRACE", "5.16": r"host", "R3": r"SYS_PTRACE"},
          also=("5.3",), force=has_cap(SYS_PTRACE)),
    Plant("cap-net-admin", {**caps("NET_ADMIN"), "net": ["--network", "host"]}, {"5.4": r"NET_ADMIN", "5.10": r"host", "R3": r"NET_ADMIN",
          "R22": r"NET_ADMIN"}, also=("5.8", "5.9", "R13"), force=has_cap(NET_ADMIN)),
    Plant("cap-dac-read-search", caps("DAC_READ_SEARCH"), {"5.4": r"DAC_READ_SEARCH", "R3": r"DAC_READ_SEARCH"}, force=has_cap(DAC_READ_SEARCH)),
    Plant("exec-privileged", {"runtime": WRAP}, {"5.23": r"privileged|Cap", "5.4": r"Cap(Eff|Bnd|Prm)", "R9": r"wrap"},
          then=(execute("--privileged", "-u", "0"),), drift=r"5\.4",
          also=("5.24", "5.22", "5.26", "R1", "R2", "R3", "5.2", "5.3", "4.1", "5.5"),
          force=lambda g, p: second(g, p).caps("CapEff") >> SYS_ADMIN & 1),
    Plant("exec-root", {}, {"5.24": r"root|\b0\b"}, then=(execute("-u", "0"),), passes=("5.23", "5.4"), also=("4.1",),
          force=lambda g, p: second(g, p).status("Uid").split()[0] == "0"),
    Plant("exec-user", {}, then=(execute(),), passes=("5.23", "5.24", "5.4")),
    Plant("nnp-unset", {"nnp": []}, {"5.26": r"NoNewPrivs: 0"}, force=lambda g, p: g.proc(p.name).status("NoNewPrivs") == "0"),
    Plant("nnp-equals-false", {"nnp": ["--security-opt", "no-new-privileges=false"]}, {"5.26": r"false"},
          force=lambda g, p: g.proc(p.name).status("NoNewPrivs") == "0"),
    Plant("nnp-colon-false", {"nnp": ["--security-opt", "no-new-privileges:false"]}, {"5.26": r"false"},
          force=lambda g, p: g.proc(p.name).status("NoNewPrivs") == "0"),
    Plant("seccomp-unconfined", {"seccomp": ["--security-opt", "seccomp=unconfined"]}, {"5.22": r"unconfined|Seccomp: 0"},
          force=lambda g, p: g.proc(p.name).status("Seccomp") == "0"),
    Plant("unmasked", {"paths": ["--security-opt", "systempaths=unconfined"]}, {"R4": r"MaskedPaths|/proc"}, also=("R5",), passes=("5.22",),
          force=lambda g, p: not any(m.startswith("/proc/") for m in g.proc(p.name).mounts())),
    Plant("runtime-loose", {"runtime": ["--runtime", "loose"]}, {"5.26": r"NoNewPrivs: 0", "5.22": r"Seccomp: 0", "R9": r"loose"},
          drift=r"5\.(22|26)", force=lambda g, p: g.proc(p.name).status("NoNewPrivs") == "0" and g.proc(p.name).status("Seccomp") == "0"),
]

USERS = [
    Plant("user-numbers", {"user": ["--user", "0:0"]}, {"4.1": r"\b0\b"}, force=lambda g, p: g.proc(p.name).status("Uid").split()[0] == "0"),
    Plant("user-plus", {"user": ["--user", "+0"]}, {"4.1": r"\b0\b"}, force=lambda g, p: g.proc(p.name).status("Uid").split()[0] == "0"),
    Plant("user-name", {"user": ["--user", "root"]}, {"4.1": r"root|\b0\b"}, force=lambda g, p: g.proc(p.name).status("Uid").split()[0] == "0"),
    Plant("user-alias", {"user": ["--user", "toor"]}, {"4.1": r"toor|\b0\b"}, force=lambda g, p: g.proc(p.name).status("Uid").split()[0] == "0"),
    Plant("user-other", {"user": ["--user", "1000:1000"]}, passes=("4.1",)),
    Plant("group-docker", {"group": ["--group-add", "{gid}"]}, {"R12": r"."},
          force=lambda g, p: str(g.gid) in g.proc(p.name).status("Groups").split()),
]

MOUNTS = [
    # The bind is recursive, its "ro" is not: what is mounted below "/" stays writable.
    Plant("bind-root", bind("/:/host"), {"5.6": r"/", "5.32": r"sock", "R19": r"."}, also=("R5", "R7"), force=mounts("/host", "/")),
    Plant("bind-root-ro", bind("/:/host:ro"), {"5.6": r"/", "5.32": r"sock"}, also=("R5", "R7", "R19", "drift"), force=mounts("/host", "/")),
    Plant("bind-etc", bind("/etc:/x"), {"5.6": r"/etc", "R19": r"."}, passes=("5.32",), force=mounts("/x", "/etc")),
    Plant("bind-etc-ro", bind("/etc:/x:ro"), {"5.6": r"/etc"}, passes=("5.32", "R19"), force=mounts("/x", "/etc")),
    Plant("bind-run", bind("/run:/host-run"), {"5.6": r"/run"}, also=("5.32", "R19"), force=mounts("/host-run", "/run")),
    Plant("bind-socket-directory", bind("{root}:/engine"), {"5.32": r"sock"}, also=("5.6", "R5", "R19", "drift"), force=mounts("/engine/docker.sock", "{socket}")),
    Plant("bind-socket", bind("{socket}:/tmp/innocent.txt"), {"5.32": r"innocent"}, also=("5.6",), force=mounts("/tmp/innocent.txt", "{socket}")),
    Plant("bind-socket-ro", bind("{socket}:/x.sock:ro"), {"5.32": r"x\.sock"}, also=("5.6",), force=mounts("/x.sock", "{socket}")),
    Plant("volume-etc", bind("etc-volume:/x"), {"5.6": r"/etc", "R19": r"."}, force=mounts("/x", "/etc")),
    Plant("volumes-from", {"bind": ["--volumes-from", "volume-etc"]}, {"5.6": r"/etc", "R19": r"."}, wave=1, force=mounts("/x", "/etc")),
    Plant("bind-dots", bind("/var/../etc:/x:ro"), {"5.6": r"/etc"}, force=mounts("/x", "/etc")),
    Plant("bind-link", bind("{tree}/link:/x:ro"), {"5.6": r"/etc"}, force=mounts("/x", "/etc")),
    Plant("bind-shared", bind("{tree}/shared:/x:shared"), {"5.20": r"shared"}, also=("5.6",),
          force=lambda g, p: any(o.startswith("shared:") for o in g.proc(p.name).mounts()["/x"].optional)),
    Plant("docker-host", {"env": ["-e", "DOCKER_HOST=tcp://10.0.0.9:2375"]}, {"5.32": r"DOCKER_HOST"}, also=("R14",)),
]

NAMESPACES = [
    Plant("pid-host", {"ns": ["--pid", "host"]}, {"5.16": r"host"}, also=("5.3",), force=shares("pid")),
    Plant("pid-through", {"ns": ["--pid", "container:pid-host"]}, {"5.16": r"pid-host|host"}, wave=1, also=("5.3", "R8"), force=shares("pid")),
    Plant("net-host", {"net": ["--network", "host"]}, {"5.10": r"host"}, also=("5.8", "5.9", "R13"), force=shares("net")),
    Plant("net-through", {"net": ["--network", "container:net-host"]}, {"5.10": r"net-host|host"}, wave=1, also=("5.8", "5.9", "R8", "R13"), force=shares("net")),
    Plant("net-through-two", {"net": ["--network", "container:net-through"]}, {"5.10": r"net-through|host"}, wave=2,
          also=("5.8", "5.9", "R8", "R13"), force=shares("net")),
    Plant("ipc-host", {"ns": ["--ipc", "host"]}, {"5.17": r"host"}, also=("5.3",), force=shares("ipc")),
    Plant("ipc-through", {"ns": ["--ipc", "container:ipc-host"]}, {"5.17": r"ipc-host|host"}, wave=1, also=("5.3", "R8"), force=shares("ipc")),
    Plant("uts-host", {"ns": ["--uts", "host"]}, {"5.21": r"host"}, force=shares("uts")),
    Plant("userns-host", {"ns": ["--userns", "host"]}, {"5.31": r"host"}, force=shares("user")),
    Plant("pid-owner", {}, also=("R8",)),
    Plant("pid-peer", {"ns": ["--pid", "container:pid-owner"]}, {"R8": r"pid-owner"}, passes=("5.16",), wave=1,
          force=lambda g, p: g.proc(p.name).ns("pid") == g.proc("pid-owner").ns("pid")),
]

DEVICES = [
    Plant("device-rule", {"device": ["--device-cgroup-rule", "b *:* rwm"]}, {"5.18": r"b \*:\*", "R6": r"b \*:\*"},
          force=lambda g, p: not g.parent.is_v1 or "b *:* rwm" in (g.proc(p.name).cgroup("devices") / "devices.list").read_text()),
    Plant("device-null", {"device": ["--device", "/dev/kmsg"]}, {"5.18": r"/dev/kmsg"}, also=("R6",),
          force=lambda g, p: os.path.exists(f"/proc/{g.proc(p.name).pid}/root/dev/kmsg")),
    Plant("device-disk", {"device": ["--device", "/dev/loop0"], **caps("MKNOD")}, {"5.18": r"/dev/loop0", "R6": r"loop0|7:0"}, also=("5.4", "R3"),
          force=lambda g, p: os.path.exists(f"/proc/{g.proc(p.name).pid}/root/dev/loop0")),
]

NETWORK = [
    Plant("port-ipv6", {"net": ["--network", "{net}", "-p", "[::1]:{low6}:8080"]}, {"5.8": r"::1"}, steps=["listen", "8080", "pause"],
          passes=("5.14",), also=("5.9", "R13")),
    Plant("port-low", {"net": ["--network", "{net}", "-p", "127.0.0.1:87:8080"]}, {"5.8": r"\b87\b"}, steps=["listen", "8080", "pause"],
          passes=("5.14",), also=("5.9", "R13")),
    Plant("port-wildcard", {"net": ["--network", "{net}", "-p", "48081:8080"]}, {"5.14": r"0\.0\.0\.0|::"}, steps=["listen", "8080", "pause"],
          passes=("5.8",), also=("5.9", "R13")),
    Plant("bridge-default", {"net": []}, {"5.30": r"bridge"}, also=("R13",)),
    Plant("link", {"net": ["--link", "bridge-default:other"]}, {"5.30": r"bridge", "R21": r"bridge-default"}, wave=1, also=("R13",)),
    Plant("metadata", {"net": ["--network", "none", "--add-host", "meta:169.254.169.254"]}, {"R13": r"169\.254\.169\.254"}),
    Plant("sshd", {"entry": ["--entrypoint", "/usr/sbin/sshd"]}, {"5.7": r"sshd"}, steps=["pause"],
          force=lambda g, p: g.proc(p.name).exe() == "/usr/sbin/sshd"),
    Plant("not-sshd", {"env": ["-e", "sshd=1"]}, steps=["say", "sshd", "pause"], passes=("5.7",)),
]

SECRETS = [
    Plant("secret-aws", {"env": ["-e", "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7QWERTYU", "-e",
                                 "AWS_SECRET_ACCESS_KEY=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"]}, {"R14": r"AWS"}),
    Plant("secret-password", {"env": ["-e", "DB_PASSWORD=correct-horse-9battery"]}, {"R14": r"DB_PASSWORD"}),
    Plant("secret-label", {"label": ["--label", "backup.token=ghp_16C7e42F292c6912E7710c838347Ae178B4a"]}, {"R14": r"backup\.token"}),
    Plant("secret-file", {"env": ["-e", "DB_PASSWORD_FILE=/run/secrets/db", "-e", "LANG=C.UTF-8", "-e", "PASSWORD_LENGTH=12"]}, passes=("R14",)),
]

LIMITS = [
    Plant("no-limits", {"memory": [], "cpu": [], "pids": [], "ulimit": []},
          {"5.11": r"[Mm]emory", "5.12": r"[Cc]pu|CPU|cpu", "5.29": r"[Pp]ids"}, also=("5.19", "R10"),
          force=lambda g, p: g.proc(p.name).limit("memory", "memory.limit_in_bytes" if g.parent.is_v1 else "memory.max") is None),
    Plant("parent-limits", {"memory": [], "cpu": [], "pids": [], "parent": ["--cgroup-parent", "{parent}"]},
          passes=("5.11", "5.12", "5.29"), also=("5.25", "R10"),
          force=lambda g, p: g.proc(p.name).limit("pids", "pids.max") == 99),
    Plant("lifted-memory", {}, {"5.11": r"[Mm]emory"}, then=(lift_memory_limit,), drift=r"5\.11", also=("R10",),
          force=lambda g, p: g.proc(p.name).limit("memory", "memory.limit_in_bytes" if g.parent.is_v1 else "memory.max") is None),
    Plant("oom-kill-disable", {"oom": ["--oom-kill-disable"]}, {"R10": r"[Oo]om"}),
    Plant("oom-score", {"oom": ["--oom-score-adj", "-500"]}, {"R10": r"-500"}, is_stopped=True,
          also=("R20",), force=host_config(OomScoreAdj=-500)),
    Plant("shm-huge", {"shm": ["--shm-size", "8g"]}, {"R10": r"[Ss]hm"}),
    Plant("ulimits-none", {"ulimit": []}, also=("5.19",)),
    Plant("sysctl", {"sysctl": ["--sysctl", "net.ipv4.ip_forward=1"]}, {"R11": r"net\.ipv4\.ip_forward"}),
]

RUNNING = [
    Plant("writable", {"root": []}, {"5.13": r"ReadonlyRootfs|rw"}, passes=("R16", "R17")),
    Plant("changed", {"root": [], "user": ["--user", "0"]}, {"5.13": r".", "4.1": r".", "R16": r"/opt/new|/opt/suid|/usr/bin/tool"},
          steps=["copy", "/plant", "/opt/new", "755", "copy", "/plant", "/opt/suid", "4755", "unlink", "/usr/bin/tool", "copy", "/plant", "/usr/bin/tool",
                 "755", "unlink", "/etc/motd", "say", "ready", "pause"], then=(said("ready"),), also=("R19",)),
    Plant("from-upper", {"root": []}, {"5.13": r".", "R17": r"/tmp/new"}, also=("R16",),
          steps=["copy", "/plant", "/tmp/new", "755", "say", "ready", "fork", "exec", "/tmp/new", "pause"],
          then=(said("ready"), lambda g, p: second_exe(g, p, "/tmp/new"))),
    Plant("from-deleted", {"root": []}, {"5.13": r".", "R17": r"deleted"}, also=("R16",),
          steps=["copy", "/plant", "/tmp/gone", "755", "fork", "exec", "/tmp/gone", "unlink", "/tmp/gone", "say", "ready", "pause"],
          then=(said("ready"),), force=lambda g, p: second(g, p).exe().endswith("(deleted)")),
    Plant("from-memory", {}, {"R17": r"memfd"}, steps=["fork", "memfd", "say", "ready", "pause"], then=(said("ready"),),
          force=lambda g, p: second(g, p).exe().startswith("/memfd:")),
    Plant("restart-always", {"restart": ["--restart", "always"]}, {"5.15": r"always"}),
    Plant("restart-often", {"restart": ["--restart", "on-failure:10"]}, {"5.15": r"10"}),
    Plant("looping", {"restart": ["--restart", "always"]}, {"5.15": r"always", "R20": r"[Rr]estart"}, steps=["exit", "1"],
          then=(state(".RestartCount", ("2", "3", "4", "5")),), also=("5.27",)),
    Plant("health-none", {"health": ["--no-healthcheck"]}, {"5.27": r"NONE|[Hh]ealth"}, also=("R20",)),
    Plant("health-sick", {}, {"R20": r"unhealthy"}, image="plant:sick", also=("5.27",),
          then=(state(".State.Health.Status", ("unhealthy",)), lambda g, p: g.docker("pause", p.name))),
    Plant("log-none", {"log": ["--log-driver", "none"]}, {"R15": r"none"}, also=("2.13",)),
    Plant("log-unbounded", {"log": []}, {"R15": r"max-size|json-file"}),
]

HOSTILE = "<script>alert(1)</script> \x1b[31mred\x1b[0m \r\n\t\u202e %s%n $(id) `id` '\"; --"
# Created by the API with these bodies, byte by byte, and never started.
HOSTILE_BODIES = {
    "hostile-label": json.dumps({"Image": "plant:good", "Labels": {HOSTILE: HOSTILE, "com.docker.compose.project": HOSTILE,
                                                                   "com.docker.compose.service": "\x1b]0;own\x07"},
                                 "HostConfig": {"NetworkMode": "none", "Privileged": True}}).encode(),
    "hostile-big": json.dumps({"Image": "plant:good", "Labels": {"k" * 65536: "v" * 65536}, "Env": ["A=" + "x" * 65536, "NOEQUALS", HOSTILE],
                               "HostConfig": {"NetworkMode": "none"}}).encode(),
    "hostile-bytes": b'{"Image": "plant:good", "Labels": {"bytes": "\xff\xfe\xc0\x80"}, "Env": ["B=\xff\xfe"], "Cmd": ["\xed\xa0\x80"],'
                     b' "HostConfig": {"NetworkMode": "none", "Binds": ["/etc:/\xc3\xa9\xff"]}}',
}

CONTAINERS = CLEAN + PRIVILEGES + USERS + MOUNTS + NAMESPACES + DEVICES + NETWORK + SECRETS + LIMITS + RUNNING


def second_exe(g, p, path):
    from planted import until
    until(lambda: [c for c in g.proc(p.name).children() if c.exe() == path], f"{p.name}: {path}")
