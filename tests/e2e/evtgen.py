# SPDX-License-Identifier: Apache-2.0
"""An interpreter of the event-generator's declarative test format: what stands in a file is really done.

    for case in cases(text):            # one for each combination of values
        action = to_action(case)        # watching.Action
        ...
        matches(case, alert)

A case has a chain of processes (`context`), resources that the last of them holds (files, directories, pipes, sockets,
processes), steps (system calls whose arguments may name results of earlier ones, `${step.ret}`, `${resource.fd}`), scripts
before and after, and the alert that must come.
"""
import copy
import fcntl
import itertools
import os
import pathlib
import platform
import re
import shlex
import signal
import socket
import stat

import yaml

from watching import Action, P

WORDS = {name: value for module in (os, fcntl, socket, signal, stat) for name, value in vars(module).items()
         if re.match(r"(O_|AT_|SOCK_|AF_|MSG_|SIG|F_|S_I|IPPROTO_)", name) and isinstance(value, int)}
WORDS |= {"AT_FDCWD": -100, "AT_REMOVEDIR": 0x200, "AT_SYMLINK_NOFOLLOW": 0x100, "AT_SYMLINK_FOLLOW": 0x400, "AT_EMPTY_PATH": 0x1000,
          "RESOLVE_NO_XDEV": 1, "RESOLVE_NO_MAGICLINKS": 2, "RESOLVE_NO_SYMLINKS": 4, "RESOLVE_BENEATH": 8, "RESOLVE_IN_ROOT": 16,
          "RESOLVE_CACHED": 32, "O_LARGEFILE": 0, "MFD_CLOEXEC": 1, "CLONE_NEWUSER": 0x10000000, "CLONE_NEWNS": 0x20000,
          "CLONE_NEWPID": 0x20000000, "CLONE_NEWNET": 0x40000000, "CLONE_NEWUTS": 0x4000000, "CLONE_NEWIPC": 0x8000000,
          "RENAME_NOREPLACE": 1, "RENAME_EXCHANGE": 2, "PTRACE_TRACEME": 0, "PTRACE_ATTACH": 16, "PTRACE_SEIZE": 0x4206,
          "PTRACE_POKETEXT": 4, "PTRACE_POKEDATA": 5, "PTRACE_SETREGS": 13, "PTRACE_GETREGS": 12}
TEMPLATE = re.compile(r"%\{\s*item\.(\w+)\s*\}")
BINDING = re.compile(r"^\$\{\s*([\w.]+)\s*\}$")
# Arguments of each system call in order: name, default; ":n" number or flags, ":s" text, ":a" address.
CALLS = {
    "open": ["pathname:s", "flags:n=0", "mode:n=0"],
    "creat": ["pathname:s", "mode:n=0"],
    "openat": ["dirfd:n=AT_FDCWD", "pathname:s", "flags:n=0", "mode:n=0"],
    "openat2": ["dirfd:n=AT_FDCWD", "pathname:s", "how.flags:n=0", "how.mode:n=0", "how.resolve:n=0"],
    "read": ["fd:n", "len:n=1"],
    "write": ["fd:n", "buffer:s"],
    "close": ["fd:n"],
    "dup": ["oldfd:n"],
    "dup2": ["oldfd:n", "newfd:n"],
    "dup3": ["oldfd:n", "newfd:n", "flags:n=0"],
    "link": ["oldpath:s", "newpath:s"],
    "linkat": ["olddirfd:n=AT_FDCWD", "oldpath:s", "newdirfd:n=AT_FDCWD", "newpath:s", "flags:n=0"],
    "symlink": ["target:s", "linkpath:s"],
    "symlinkat": ["target:s", "newdirfd:n=AT_FDCWD", "linkpath:s"],
    "rename": ["oldpath:s", "newpath:s"],
    "renameat": ["olddirfd:n=AT_FDCWD", "oldpath:s", "newdirfd:n=AT_FDCWD", "newpath:s"],
    "renameat2": ["olddirfd:n=AT_FDCWD", "oldpath:s", "newdirfd:n=AT_FDCWD", "newpath:s", "flags:n=0"],
    "unlink": ["pathname:s"],
    "unlinkat": ["dirfd:n=AT_FDCWD", "pathname:s", "flags:n=0"],
    "mkdir": ["pathname:s", "mode:n=0755"],
    "mkdirat": ["dirfd:n=AT_FDCWD", "pathname:s", "mode:n=0755"],
    "rmdir": ["pathname:s"],
    "chmod": ["pathname:s", "mode:n"],
    "fchmod": ["fd:n", "mode:n"],
    "fchmodat": ["dirfd:n=AT_FDCWD", "pathname:s", "mode:n"],
    "socket": ["domain:n", "type:n", "protocol:n=0"],
    "connect": ["fd:n", "address:a"],
    "bind": ["fd:n", "address:a"],
    "listen": ["fd:n", "backlog:n=1"],
    "accept": ["fd:n"],
    "sendto": ["fd:n", "buf:s", "flags:n=0", "destaddr:a="],
    "kill": ["pid:n", "sig:n"],
    "ptrace": ["request:n", "pid:n", "addr:n=0", "data:n=0"],
    "setuid": ["uid:n"],
    "setns": ["fd:n", "nstype:n=0"],
    "unshare": ["flags:n"],
    "init_module": ["image:s="],
    "finit_module": ["fd:n", "params:s=", "flags:n=0"],
    "bpf": ["cmd:n"],
    "memfd_create": ["name:s", "flags:n=0"],
    "userfaultfd": ["flags:n=0"],
    "chdir": ["pathname:s"],
}
ALIASES = {"buffer": "buf", "buf": "buffer", "addr": "address", "destaddress": "destaddr", "signal": "sig", "path": "pathname",
           "filename": "pathname", "backlog": "backlog", "len": "len", "moduleimage": "image", "paramvalues": "params"}


class Unknown(Exception):
    """The case asks for something that this interpreter does not know."""


def load(text):
    """The file as YAML; its templates may stand unquoted, which YAML itself forbids."""
    return yaml.safe_load(re.sub(r"(:\s+)(%\{[^}\n]*\})\s*$", r'\1"\2"', text, flags=re.M))


def fill(value, item):
    if isinstance(value, dict):
        return {k: fill(v, item) for k, v in value.items()}
    if isinstance(value, list):
        return [fill(v, item) for v in value]
    if isinstance(value, str):
        whole = TEMPLATE.fullmatch(value.strip())
        if whole:
            return copy.deepcopy(item[whole.group(1)])
        return TEMPLATE.sub(lambda m: str(item[m.group(1)]), value)
    return value


def runs_here(condition):
    for name, test in (condition or {}).items():
        if name != "arch":
            raise Unknown(f"runIf {name}")
        here = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
        same = test.get("val") == here
        if test.get("op") not in ("eq", "ne"):
            raise Unknown(f"runIf {test}")
        if same != (test["op"] == "eq"):
            return False
    return True


def cases(text):
    """Every test of the file, once for each combination of its values; those for other machines are left out."""
    for test in load(text)["tests"]:
        body = {k: v for k, v in test.items() if k != "cases"}
        items = []
        for group in test.get("cases") or [{"strategy": "vector", "values": {}}]:
            if group["strategy"] == "vector":
                items.append(group["values"])
            elif group["strategy"] == "matrix":
                names = list(group["values"])
                items += [dict(zip(names, row)) for row in itertools.product(*group["values"].values())]
            else:
                raise Unknown(f"strategy {group['strategy']}")
        for i, item in enumerate(items):
            case = fill(body, item)
            if not runs_here(case.get("runIf")):
                continue
            case["id"] = f"{test['name']}[{i}]"
            case["item"] = item
            yield case


# ---- to scripts ------------------------------------------------------------------------------------

def number(value):
    """A number, or names of flags joined with |, or a binding, which the acting program resolves."""
    if isinstance(value, bool) or value is None:
        return int(bool(value))
    if isinstance(value, int):
        return value
    text = str(value).strip()
    bound = BINDING.match(text)
    if bound:
        return "${" + bound.group(1).replace(".", "_") + "}"
    total = 0
    for part in (p.strip() for p in text.split("|")):
        if part in WORDS:
            total |= int(WORDS[part])
        elif re.fullmatch(r"-?(0x[0-9a-fA-F]+|\d+)", part):
            total |= int(part, 0) if not re.fullmatch(r"0\d+", part) else int(part, 8)
        else:
            raise Unknown(f"{part}: not a known flag")
    return total


def address(value):
    text = str(value or "")
    return "unix:" + text if text.startswith(("/", "@")) else text


def lookup(args, name):
    """An argument whatever its upper and lower case, or null."""
    for part in name.split("."):
        if not isinstance(args, dict):
            return None
        known = {k.lower().replace("_", ""): v for k, v in args.items()}
        args = known[part] if part in known else known.get(ALIASES.get(part, ""))
    return args


def call(name, args):
    if name not in CALLS:
        raise Unknown(f"system call {name}")
    words = [name]
    for spec in CALLS[name]:
        key, _, rest = spec.partition(":")
        kind, has_default, default = rest[0], "=" in rest, rest[2:]
        value = lookup(args or {}, key)
        if value is None:
            if not has_default:
                raise Unknown(f"{name} without {key}")
            value = default
        if kind == "a" and value == "":
            break
        words.append(str(number(value)) if kind == "n" else address(value) if kind == "a" else str(value))
    return words


class Script:
    def __init__(self):
        self.lines, self.after, self.setup, self.cleanup = [], [], [], []

    def add(self, *words, must=False, keep=None):
        self.lines.append(("!" if must else "") + (f"{keep.replace('.', '_')}=" if keep else "") + "\t".join(map(str, words)))

    def resource(self, r):
        kind, name = r["type"], r["name"]
        if kind == "fd":
            self.descriptor(r, name)
        elif kind == "clientServer":
            self.sockets(r, name)
        elif kind == "process":
            path = r.get("exePath") or f"@DIR@/resource-{name}"
            args = shlex.split(r.get("args") or "")
            self.add("copy", "/proc/self/exe", path)
            self.add("launch", "@DIR@/wait", path, r.get("exe") or r.get("procName") or path, *args, must=True, keep=f"{name}.pid")
            self.after.append(["kill", "${" + name + "_pid}", int(signal.SIGKILL)])
        else:
            raise Unknown(f"resource {kind}")

    def descriptor(self, r, name):
        kind = r["subtype"]
        keep = f"{name}.fd"
        if kind == "file":
            # Made before by the harness where it is missing, so that only the steps are events of note.
            self.setup.append(("file", r["filePath"]))
            self.add("openat", -100, r["filePath"], os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_PATH", 0) * (not r.get("_used")), 0, keep=keep)
        elif kind == "directory":
            self.setup.append(("directory", r["dirPath"]))
            self.add("openat", -100, r["dirPath"], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | getattr(os, "O_PATH", 0), 0, keep=keep)
        elif kind == "pipe":
            self.add("pipe", f"{name}_readFd", f"{name}_writeFd", must=True)
        elif kind in ("event", "eventfd"):
            self.add("eventfd", must=True, keep=keep)
        elif kind == "signalfd":
            self.add("signalfd", must=True, keep=keep)
        elif kind == "eventpoll":
            self.add("epoll", must=True, keep=keep)
        elif kind == "inotify":
            self.add("inotify", must=True, keep=keep)
        elif kind in ("mem", "memfd"):
            self.add("memfd_create", r.get("fileName") or name, 0, must=True, keep=keep)
        else:
            raise Unknown(f"fd {kind}")

    def sockets(self, r, name):
        proto = r["l4Proto"]
        family = int({"4": socket.AF_INET, "6": socket.AF_INET6}.get(proto[-1], socket.AF_UNIX))
        kind = int(socket.SOCK_DGRAM if proto.startswith("udp") else socket.SOCK_STREAM)
        at = r.get("address") or f"unix:@DIR@/{name}.sock"
        at = at if at.startswith("unix:") else address(at)
        self.add("socket", family, kind, 0, must=True, keep=f"{name}.server.fd")
        self.setup.append(("address", at))
        self.add("bind", "${" + f"{name}_server_fd" + "}", at, must=True)
        if kind == int(socket.SOCK_STREAM):
            self.add("listen", "${" + f"{name}_server_fd" + "}", 8, must=True)
        self.add("socket", family, kind, 0, must=True, keep=f"{name}.client.fd")
        if kind == int(socket.SOCK_STREAM):
            self.add("connect", "${" + f"{name}_client_fd" + "}", at, must=True)


def uses(case, name):
    """Whether a step reads or writes through the resource."""
    return any(step.get("syscall") in ("read", "write") and name in str(step.get("args")) for step in case.get("steps") or [])


def to_action(case):
    """The chain and its steps; what has to be there before stands in action.setup."""
    script = Script()
    for r in case.get("resources") or []:
        script.resource({**r, "_used": uses(case, r["name"])})
    for step in case.get("steps") or []:
        if step.get("type") != "syscall":
            raise Unknown(f"step {step.get('type')}")
        words = call(step["syscall"], step.get("args"))
        script.add(*words, keep=f"{step['name']}.ret")
    for words in script.after:
        script.add(*words)
    context = case.get("context") or {}
    chain = []
    for i, p in enumerate(context.get("processes") or [{}]):
        path = p.get("exePath") or ""
        name = p.get("name") or p.get("procName") or os.path.basename(path) or f"acting{i}"
        if p.get("capabilities") not in (None, "all=iep"):
            raise Unknown("capabilities of a process")
        before = [f"setenv\t{k}\t{v}" for k, v in (p.get("env") or {}).items()]
        chain.append(P(name, shlex.split(p.get("args") or ""), p.get("exe"), []))
        if before and i:
            chain[i - 1].steps += before
        elif before:
            raise Unknown("environment of the first process")
        if p.get("user") not in (None, "root"):
            raise Unknown("user of a process")
    container = None
    if context.get("container") is not None:
        container = ["--network=host"]
        for k, v in (context["container"].get("env") or {}).items():
            container += ["-e", f"{k}={v}"]
        if context["container"].get("privileged"):
            container += ["--privileged", "--runtime=wrap"]
    action = Action(case["id"], chain, script.lines, container)
    action.setup = script.setup
    return action


class Setup:
    """Files, directories and scripts around one case on the host; in a container they are the image's own."""

    def __init__(self, case, action):
        self.case, self.action, self.made = case, action, []

    def __enter__(self):
        if self.action.container is None:
            for kind, value in self.action.setup:
                path = pathlib.Path(str(value))
                if kind in ("file", "directory") and "@DIR@" not in str(value) and not path.exists():
                    for parent in reversed([p for p in path.parents if not p.exists()]):
                        parent.mkdir()
                        self.made.append(parent)
                    path.mkdir() if kind == "directory" else path.touch()
                    self.made.append(path)
        if self.case.get("before"):
            os.system(self.case["before"])
        return self

    def __exit__(self, *_):
        if self.case.get("after"):
            os.system(self.case["after"])
        for path in reversed(self.made):
            try:
                path.rmdir() if path.is_dir() else path.unlink()
            except OSError:
                pass


def matches(case, alert):
    """Whether the alert is the one that the case expects."""
    expected = case.get("expectedOutcome") or {}
    if alert["rule"] != case["rule"]:
        return False
    if "source" in expected and alert["source"] != expected["source"]:
        return False
    if "priority" in expected and alert["priority"].lower() != expected["priority"].lower():
        return False
    fields = alert["output_fields"]
    return all(str(fields.get(name)) == str(value) for name, value in (expected.get("outputFields") or {}).items() if name in fields)
