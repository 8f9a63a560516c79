# SPDX-License-Identifier: Apache-2.0
"""The audit's verdicts on all containers against another reading of the same facts: `docker inspect` for what was
declared, /proc and /sys read by Python for what is in force, every process of every container."""
import os
import re

import pytest

from planted import Proc
from planted_containers import CONTAINERS, DEFAULT_CAPS



class Truth:
    """What is known of one running container."""

    def __init__(self, ground, name):
        self.declared = ground.inspect(name)
        self.host = self.declared["HostConfig"]
        self.init = Proc(self.declared["State"]["Pid"])
        self.processes = self.init.children()
        self.is_v1 = ground.parent.is_v1
        info = os.stat(ground.socket)
        self.socket = (info.st_dev, info.st_ino)

    def any(self, test):
        """Whether the test holds for one of the processes that are still there."""
        for process in self.processes:
            try:
                if test(process):
                    return True
            except FileNotFoundError:
                pass  # it ended meanwhile
        return False

    def any_bit(self, mask):
        return self.any(lambda p: (p.caps("CapBnd") | p.caps("CapEff") | p.caps("CapPrm")) & mask)

    def shares(self, name):
        return self.any(lambda p: p.ns(name) == Proc("self").ns(name))

    def memory(self):
        return self.init.limit("memory", "memory.limit_in_bytes" if self.is_v1 else "memory.max")

    def pids(self):
        return self.init.limit("pids", "pids.max")

    def reaches_socket(self):
        """By name below every mount of the container that is not too large to walk: a mount point, or a directory of the engine."""
        for point, mount in self.init.mounts().items():
            inside = f"/proc/{self.init.pid}/root{point}"
            try:
                info = os.stat(inside)
                if (info.st_dev, info.st_ino) == self.socket:
                    return True
                engine = os.stat(os.path.join(inside, "docker.sock"))
                if (engine.st_dev, engine.st_ino) == self.socket:
                    return True
            except OSError:
                pass
        return False


# check: whether it must fail, by the kernel and by the engine; the worse counts
RULES = {
    "5.4": lambda t: t.any_bit(~DEFAULT_CAPS) or t.host["Privileged"],
    "5.10": lambda t: t.shares("net"),
    "5.11": lambda t: t.memory() is None,
    "5.13": lambda t: "rw" in t.init.mounts()["/"].options or not t.host["ReadonlyRootfs"],
    "5.16": lambda t: t.shares("pid"),
    "5.17": lambda t: t.shares("ipc"),
    "5.21": lambda t: t.shares("uts"),
    "5.22": lambda t: t.any(lambda p: p.status("Seccomp") == "0"),
    "5.26": lambda t: t.any(lambda p: p.status("NoNewPrivs") == "0"),
    "5.29": lambda t: t.pids() is None,
    "R1": lambda t: t.any_bit(1 << 21),
}


@pytest.fixture(scope="session")
def truths(ground):
    """{object: Truth} of the containers that run all the time."""
    return {plant.object or plant.name: Truth(ground, plant.name) for plant in CONTAINERS
            if not plant.is_stopped and plant.name not in (*ground.failures, "looping") and ground.inspect(plant.name)["State"]["Running"]}


@pytest.mark.parametrize("check", RULES)
def test_the_verdict_is_the_kernels(ground_audit, truths, check):
    wrong = {}
    for item, truth in truths.items():
        outcome, must_fail = ground_audit.outcome(check, item), RULES[check](truth)
        is_privileged = truth.host["Privileged"] and check in ("R1",)  # one cause, one finding: 5.5 has it
        if outcome not in (("fail",) if must_fail else ("pass",)) and not (is_privileged and outcome == "na"):
            wrong[item] = (outcome, must_fail, ground_audit.row(check, item)["evidence"])
    assert len(truths) > 60
    assert not wrong


def test_a_reachable_socket_is_always_found(ground_audit, truths):
    reached = {item for item, truth in truths.items() if truth.reaches_socket()}
    assert {"bind-socket", "bind-socket-ro", "bind-socket-directory"} <= reached
    assert not {item for item in reached if ground_audit.outcome("5.32", item) != "fail"}


def test_the_limits_are_the_smallest_of_all_ancestors(ground_audit, truths):
    """The numbers in the evidence are those that the kernel has."""
    for item in ("clean", "parent-limits"):
        memory, pids = truths[item].memory(), truths[item].pids()
        text = ground_audit.evidence("5.11", item)
        assert str(memory) in text or f"{memory >> 20} MiB" in text, text
        assert re.search(rf"\b{pids}\b", ground_audit.evidence("5.29", item)), ground_audit.evidence("5.29", item)
