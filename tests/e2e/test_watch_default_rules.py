# SPDX-License-Identifier: Apache-2.0
"""Our own rules (rules/) on real actions: what they must see, and that an ordinary container sets nothing off."""
import copy
import pathlib
import shutil

import pytest
import yaml

from test_watch_official import BOX, CASES, HERE, opened, step
from watching import Action, P, Watching, acting_engine  # noqa: F401  (fixture)

RULES = pathlib.Path(__file__).parents[2] / "rules" / "plimsoll_rules.yaml"
# What lies in the tests' own directory is executed from below /var/tmp: true, and of no interest here.
OF_THE_TESTS = {"Execution from temporary directory in container", "Fence"}
# The action of the official rule must fire ours; None: of the rule's near miss ours says nothing either.
OURS = {
    "Directory traversal monitored file read": "Path traversal to sensitive file",
    "Read sensitive file trusted after startup": "Credential file read by running server",
    "Read sensitive file untrusted": "Credential file read",
    "Run shell untrusted": "Shell started by network server",
    "System user interactive": "System account works interactively",
    "Terminal shell in container": "Terminal attached to container",
    "Netcat Remote Code Execution in Container": "Netcat gives out a shell",
    "Search Private Keys or Passwords": "Search for keys and passwords",
    "Clear Log Activities": "Log file emptied",
    "Remove Bulk Data from Disk": "Data removed in bulk",
    "Create Symlink Over Sensitive Files": "Symbolic link to sensitive file",
    "Create Hardlink Over Sensitive Files": "Hard link to sensitive file",
    "Packet socket created in container": "Packet socket made in container",
    "Redirect STDOUT/STDIN to Network Connection in Container": "Standard stream bound to network",
    "Linux Kernel Module Injection Detected": "Kernel module loaded from container",
    "Debugfs Launched in Privileged Container": "Debugfs started in container",
    "Detect release_agent File Container Escapes": "Release agent written",
    "PTRACE attached to process": "Process attached to another",
    "PTRACE anti-debug attempt": "Process hides from debuggers",
    "Find AWS Credentials": "Search for cloud credentials",
    "Drop and execute new binary in container": "New file executed in container",
    "Disallowed SSH Connection Non Standard Port": "SSH to unusual port",
    "Fileless execution via memfd_create": "Program executed from memory",
    "Contact cloud metadata service from container": "Cloud metadata service contacted from container",
    "Launch Privileged Container": "Privileged container started",
    "Set Setuid or Setgid bit": "Set user or group id bit given",
    "Adding ssh keys to authorized_keys": "Keys for login changed",
    "Read ssh information": "Private key or cloud credential read",
    "Launch Suspicious Network Tool in Container": "Network tool started in container",
    "Launch Package Management Process in Container": "Package manager runs in container",
}
# Ours are wider than the official ones there: the near miss is none.
WIDER = {"Linux Kernel Module Injection Detected", "Debugfs Launched in Privileged Container",
         "Detect release_agent File Container Escapes", "Find AWS Credentials"}
SHARED_MEMORY = [step("!copy", "/proc/self/exe", "/dev/shm/@MARK@"), step("run", "", "/dev/shm/@MARK@", "x")]


@pytest.fixture(scope="module")
def guarded(acting_engine):
    folder = acting_engine.root / "default-rules"
    folder.mkdir()
    folder.chmod(0o755)
    here = None
    try:
        here = Watching(folder, acting_engine, [], [RULES])
        yield here
    finally:
        if here:
            here.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def acted(guarded):
    done = {}
    for rule, *pair in CASES:
        if rule in OURS:
            done[rule] = [guarded.act(Action(rule, copy.deepcopy(chain), list(steps), where)) for where, chain, steps in pair]
    guarded.settle()
    return done


@pytest.mark.parametrize("official", OURS)
def test_fires(guarded, acted, official):
    guarded.expect(acted[official][0], OURS[official])


@pytest.mark.parametrize("official", [o for o in OURS if o not in WIDER])
def test_near_miss(guarded, acted, official):
    assert OURS[official] not in guarded.rules_of(acted[official][1])


def test_the_page_names_every_rule():
    page = (RULES.parents[1] / "docs" / "watch-default-rules.md").read_text()
    names = [item["rule"] for item in yaml.safe_load(RULES.read_text()) if "rule" in item]
    rows = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ") and not line.startswith("| rule ")]
    assert rows == names


def test_execution_from_shared_memory(guarded):
    action = guarded.act(Action("shared memory", [P("copier")], SHARED_MEMORY))
    assert action.code == 0, action.error
    guarded.expect(action, "Execution from shared memory")
    pathlib.Path("/dev/shm", action.mark).unlink()


def test_an_ordinary_container_sets_nothing_off(guarded):
    """Its start is the runtime's work: mounts, namespaces, a new root, all with a container's identity."""
    action = guarded.act(Action("ordinary", [P("service")], [opened("/etc/hostname")], BOX))
    assert action.code == 0, action.error
    guarded.settle()
    guarded.settle()
    assert guarded.rules_of(action) - OF_THE_TESTS == set()


def test_an_ordinary_process_sets_nothing_off(guarded):
    action = guarded.act(Action("ordinary", [P("starter"), P("reader")], [opened("/etc/hostname"), step("touch", "@DIR@/file")], HERE))
    guarded.settle()
    assert action.code == 0 and guarded.rules_of(action) - OF_THE_TESTS == set()
