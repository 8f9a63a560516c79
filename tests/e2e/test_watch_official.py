# SPDX-License-Identifier: Apache-2.0
"""Every stable and incubating rule of Falco's official files: an action that must fire it, and a near miss.

All actions are really done, on this kernel, on the host and in containers of a real dockerd, while one `plimsoll watch`
runs with both files. The near miss differs in the one thing that the rule is about.
"""
import os
import socket

import pytest
import yaml

from watching import ADDRESSES, Action, P, official, watching, acting_engine  # noqa: F401  (fixtures)

OUT, META, K8S, PRIVATE = (ADDRESSES[n] for n in ("outside", "metadata", "kubernetes", "private"))
TCP, UDP = int(socket.SOCK_STREAM), int(socket.SOCK_DGRAM)
IN, PACKET = int(socket.AF_INET), 17
HERE, BOX, TTY = None, ["--network=host"], ["--network=host", "-t"]
PRIVILEGED = ["--network=host", "--privileged", "--runtime=wrap"]


def step(*words):
    return "\t".join(map(str, words))


def opened(path, flags=os.O_RDONLY, mode=0o644):
    return step("openat", -100, path, flags, mode)


def connecting(address, port, kind):
    return [step("s=socket", IN, kind, 0), step("connect", "${s}", f"{address}:{port}")]


def served(address, port, kind=TCP):
    """A connection that succeeds: the server is the same process."""
    return [step("!l=socket", IN, kind, 0), step("!bind", "${l}", f"{address}:{port}"), step("!listen", "${l}", 5),
            step("!s=socket", IN, kind, 0), step("!connect", "${s}", f"{address}:{port}")]


WRITE = os.O_WRONLY | os.O_CREAT
CASES = [
    # rule, the action, the near miss: (where, chain, steps) each
    ("Directory traversal monitored file read", (HERE, [P("reader")], [opened("/etc/../etc/../etc/hostname")]),
     (HERE, [P("reader")], [opened("/etc/../etc/hostname")])),
    ("Read sensitive file trusted after startup", (HERE, [P("nginx")], [step("sleep", 5200), opened("/etc/shadow")]),
     (HERE, [P("nginx")], [opened("/etc/shadow")])),
    ("Read sensitive file untrusted", (HERE, [P("cat")], [opened("/etc/shadow")]), (HERE, [P("cat")], [opened("/etc/passwd")])),
    ("Run shell untrusted", (HERE, [P("nginx"), P("sh")], []), (HERE, [P("engine-x"), P("sh")], [])),
    ("System user interactive", (HERE, [P("sshd"), P("login-helper", steps=[step("!setuid", 2)]), P("id")], []),
     (HERE, [P("sshd"), P("login-helper"), P("id")], [])),
    ("Terminal shell in container", (TTY, [P("bash")], []), (BOX, [P("bash")], [])),
    ("Contact K8S API Server From Container", (BOX, [P("client")], connecting(K8S, 6443, TCP)),
     (BOX, [P("client")], connecting(PRIVATE, 6443, TCP))),
    ("Netcat Remote Code Execution in Container", (BOX, [P("nc", ["-e", "/bin/sh"])], []), (BOX, [P("nc", ["-l"])], [])),
    ("Search Private Keys or Passwords", (HERE, [P("find", ["/", "-name", "id_rsa"])], []),
     (HERE, [P("find", ["/", "-name", "id_card"])], [])),
    ("Clear Log Activities", (BOX, [P("cleaner")], [opened("/var/log/app.log", os.O_WRONLY | os.O_TRUNC)]),
     (BOX, [P("cleaner")], [opened("/var/log/app.log", os.O_WRONLY)])),
    ("Remove Bulk Data from Disk", (HERE, [P("shred")], []), (HERE, [P("shredder")], [])),
    ("Create Symlink Over Sensitive Files", (HERE, [P("linker")], [step("symlink", "/etc/shadow", "@DIR@/link")]),
     (HERE, [P("linker")], [step("symlink", "/etc/hostname", "@DIR@/link")])),
    ("Create Hardlink Over Sensitive Files", (BOX, [P("linker")], [step("link", "/etc/shadow", "/tmp/link")]),
     (BOX, [P("linker")], [step("link", "/etc/group", "/tmp/link")])),
    ("Packet socket created in container", (BOX, [P("sniffer")], [step("socket", PACKET, 3, 0)]),
     (HERE, [P("sniffer")], [step("socket", PACKET, 3, 0)])),
    ("Redirect STDOUT/STDIN to Network Connection in Container", (BOX, [P("shell-like")], served(OUT, 5501) + [step("dup2", "${s}", 1)]),
     (BOX, [P("shell-like")], served(OUT, 5502) + [step("dup2", "${s}", 10)])),
    ("Linux Kernel Module Injection Detected", (["--network=host", "--cap-add=SYS_MODULE"], [P("loader")], [step("init_module", "nothing")]),
     (BOX, [P("loader")], [step("init_module", "nothing")])),
    ("Debugfs Launched in Privileged Container", (PRIVILEGED, [P("debugfs")], []), (BOX, [P("debugfs")], [])),
    ("Detect release_agent File Container Escapes",
     (["--network=host", "--cap-add=SYS_ADMIN"], [P("escape")], [opened("/tmp/release_agent", WRITE)]),
     (BOX, [P("escape")], [opened("/tmp/release_agent", WRITE)])),
    ("PTRACE attached to process", (HERE, [P("tracer")], [step("traced", 16)]), (HERE, [P("tracer")], [step("traced", 12)])),
    ("PTRACE anti-debug attempt", (HERE, [P("tracer")], [step("traceme")]), (HERE, [P("tracer")], [step("traced", 12)])),
    ("Find AWS Credentials", (HERE, [P("find", ["/", "-path", "/root/.aws/credentials"])], []),
     (HERE, [P("find", ["/", "-path", "/root/.aws/config"])], [])),
    ("Execution from /dev/shm", (HERE, [P("tool", exe="/dev/shm/tool")], []), (HERE, [P("tool", exe="/dev/shmtool")], [])),
    ("Drop and execute new binary in container",
     (BOX, [P("dropper")], [step("!copy", "/proc/self/exe", "/tmp/@MARK@"), step("run", "", "/tmp/@MARK@", "new")]),
     (BOX, [P("dropper"), P("other")], [])),
    ("Disallowed SSH Connection Non Standard Port", (HERE, [P("ssh")], served(OUT, 8443)), (HERE, [P("ssh")], served(OUT, 2222))),
    ("Fileless execution via memfd_create", (HERE, [P("loader")], [step("memfd_run", "", "@MARK@", "hidden")]),
     (HERE, [P("loader"), P("hidden")], [])),
    # incubating
    ("Modify Shell Configuration File", (HERE, [P("vi")], [opened("@DIR@/.bashrc", WRITE)]),
     (HERE, [P("bash")], [opened("@DIR@/.bashrc", WRITE)])),
    ("Schedule Cron Jobs", (HERE, [P("crontab")], []), (HERE, [P("crontable")], [])),
    ("Read ssh information", (BOX, [P("cat")], [opened("/root/.ssh/id_rsa")]), (BOX, [P("ssh")], [opened("/root/.ssh/id_rsa")])),
    ("DB program spawned process", (HERE, [P("mysqld"), P("ls")], []), (HERE, [P("mysqld"), P("postgres")], [])),
    ("Change thread namespace", (HERE, [P("mover")], [step("n=openat", -100, "/proc/self/ns/uts", 0, 0), step("setns", "${n}", 0)]),
     (HERE, [P("nsenter")], [step("n=openat", -100, "/proc/self/ns/uts", 0, 0), step("setns", "${n}", 0)])),
    ("Change namespace privileges via unshare", (BOX, [P("mover")], [step("unshare", 0x10000000)]),
     (["--network=host", "--cap-add=SYS_ADMIN"], [P("mover")], [step("unshare", 0x04000000)])),
    ("Launch Privileged Container", (PRIVILEGED, [P("service")], []), (BOX, [P("service")], [])),
    ("Launch Excessively Capable Container", (["--network=host", "--cap-add=SYS_PTRACE"], [P("service")], []), (BOX, [P("service")], [])),
    ("System procs network activity", (HERE, [P("ls")], served(OUT, 5503)), (HERE, [P("lister")], served(OUT, 5504))),
    ("Program run with disallowed http proxy env",
     (HERE, [P("starter", steps=[step("setenv", "HTTP_PROXY", "proxy:1")]), P("curl")], []), (HERE, [P("starter"), P("curl")], [])),
    ("Unexpected UDP Traffic", (HERE, [P("sender")], connecting(OUT, 4444, UDP)), (HERE, [P("sender")], connecting(OUT, 53, UDP))),
    ("Non sudo setuid", (HERE, [P("starter", steps=[step("!setuid", 2)]), P("changer")], [step("setuid", 2)]),
     (HERE, [P("starter", steps=[step("!setuid", 33)]), P("changer")], [step("setuid", 33)])),
    ("User mgmt binaries", (HERE, [P("useradd")], []), (HERE, [P("useradd", ["-D"], exe="useradd")], [])),
    ("Create files below dev", (BOX, [P("maker")], [opened("/dev/@MARK@", WRITE)]), (BOX, [P("maker")], [opened("/dev/null", WRITE)])),
    ("Contact EC2 Instance Metadata Service From Container", (BOX, [P("client")], connecting(META, 80, UDP)),
     (BOX, [P("client")], connecting(OUT, 80, UDP))),
    ("Contact cloud metadata service from container", (BOX, [P("client")], served(META, 5505)), (HERE, [P("client")], served(META, 5506))),
    ("Launch Package Management Process in Container", (BOX, [P("shell-like"), P("apt-get")], []), (HERE, [P("apt-get")], [])),
    ("Launch Suspicious Network Tool in Container", (BOX, [P("nmap")], []), (BOX, [P("mapper")], [])),
    ("Launch Suspicious Network Tool on Host", (HERE, [P("nmap")], []), (HERE, [P("mapper")], [])),
    ("Delete or rename shell history", (BOX, [P("cleaner")], [step("unlinkat", -100, "/root/.bash_history", 0)]),
     (BOX, [P("cleaner")], [step("unlinkat", -100, "/root/plain", 0)])),
    ("Set Setuid or Setgid bit", (HERE, [P("changer")], [step("touch", "@DIR@/file"), step("!fchmodat", -100, "@DIR@/file", 0o4755)]),
     (HERE, [P("changer")], [step("touch", "@DIR@/file"), step("!fchmodat", -100, "@DIR@/file", 0o755)])),
    ("Launch Remote File Copy Tools in Container", (BOX, [P("rsync")], []), (HERE, [P("rsync")], [])),
    ("Network Connection outside Local Subnet",
     (["--network=host", "--label=io.kubernetes.pod.namespace=web", "--label=io.kubernetes.pod.name=front"], [P("client")], served(OUT, 5507)),
     (["--network=host", "--label=io.kubernetes.pod.namespace=other", "--label=io.kubernetes.pod.name=front"], [P("client")],
      served(OUT, 5508))),
    ("Mount Launched in Privileged Container", (PRIVILEGED, [P("mount", ["/dev/vda1", "/mnt"])], []), (PRIVILEGED, [P("mount")], [])),
    ("Launch Ingress Remote File Copy Tools in Container", (BOX, [P("wget")], []), (BOX, [P("curl")], [])),
    ("Read environment variable from /proc files", (BOX, [P("reader")], [opened("/proc/self/environ")]),
     (BOX, [P("reader")], [opened("/proc/self/status")])),
    ("Exfiltrating Artifacts via Kubernetes Control Plane", (BOX, [P("tar")], [opened("/data/report")]),
     (BOX, [P("starter"), P("tar")], [opened("/data/report")])),
    ("Adding ssh keys to authorized_keys", (BOX, [P("adder")], [opened("/root/.ssh/authorized_keys", WRITE)]),
     (BOX, [P("adder")], [opened("/root/.ssh/known_hosts", WRITE)])),
    ("Potential Local Privilege Escalation via Environment Variables Misuse",
     (HERE, [P("starter", steps=[step("setenv", "GLIBC_TUNABLES", "x=1")]), P("su-like")], []), (HERE, [P("starter"), P("su-like")], [])),
    ("Backdoored library loaded into SSHD (CVE-2024-3094)",
     (HERE, [P("sshd")], [step("touch", "@DIR@/liblzma.so.5.6.1"), opened("@DIR@/liblzma.so.5.6.1")]),
     (HERE, [P("sshd")], [step("touch", "@DIR@/liblzma.so.5.4.1"), opened("@DIR@/liblzma.so.5.4.1")])),
    ("BPF Program Not Profiled", (HERE, [P("prober")], [step("bpf", 5)]), (HERE, [P("bpftool")], [step("bpf", 5)])),
]


@pytest.fixture(scope="module")
def acted(watching):
    """Everything done, everything judged: {rule: (action, near miss)}."""
    done = {}
    for rule, hit, miss in CASES:
        pair = []
        for where, chain, steps in (hit, miss):
            pair.append(watching.act(Action(rule, chain, list(steps), where)))
        done[rule] = pair
    watching.settle()
    return done


def test_every_rule_has_a_case(watching):
    rules = []
    for path in official("falco_rules.yaml", "falco-incubating_rules.yaml"):
        rules += [item["rule"] for item in yaml.safe_load(path.read_text()) if "rule" in item]
    assert sorted(rules) == sorted(rule for rule, _, _ in CASES)


@pytest.mark.parametrize("rule", [rule for rule, _, _ in CASES])
def test_fires(watching, acted, rule):
    action = acted[rule][0]
    watching.expect(action, rule)


@pytest.mark.parametrize("rule", [rule for rule, _, _ in CASES])
def test_near_miss(watching, acted, rule):
    miss = acted[rule][1]
    assert miss.code == 0, f"{miss.out} {miss.error}"  # it was really done
    if miss.container is not None:
        watching.settle()
    assert rule not in watching.rules_of(miss)
