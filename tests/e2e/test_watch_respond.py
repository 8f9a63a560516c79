# SPDX-License-Identifier: Apache-2.0
"""Responses and drift prevention on real containers of a real dockerd: what is denied does not run, what is killed is
dead, what is paused stands still; in a dry run nothing of it happens and all of it is said."""
import json
import os
import shutil
import subprocess

import pytest

from planted import until
from watching import Action, P, Watching, acting_engine  # noqa: F401  (fixture)

RULES = """
- macro: container
  condition: (container.id != host)
- rule: Marked file
  desc: a file that only the tests open
  condition: evt.type = openat and fd.name endswith /plimsoll-marked
  output: marked %fd.name by %proc.exepath %proc.pid in %container.name
  priority: CRITICAL
- rule: New program
  desc: execution of a file that the image did not contain
  condition: evt.type in (execve, execveat) and evt.rawres = 0 and container and proc.is_exe_upper_layer = true
  output: new %proc.exepath in %container.name
  priority: CRITICAL
"""


@pytest.fixture
def watch(acting_engine, request):
    """watch(arguments...): the program with these rules; everything ends with the test."""
    made = []

    def start(*arguments):
        folder = acting_engine.root / f"respond-{os.getpid()}-{len(made)}-{abs(hash(request.node.name))}"
        folder.mkdir()
        folder.chmod(0o755)
        rules = folder / "rules.yaml"
        rules.write_text(RULES)
        here = Watching(folder, acting_engine, list(arguments), [rules])
        made.append((here, folder))
        return here

    yield start
    for here, folder in made:
        here.close()
        shutil.rmtree(folder, ignore_errors=True)


def opening(name):
    """A container whose process opens the marked file and then waits for its end."""
    return Action(name, [P("opener")], ["touch\t/tmp/plimsoll-marked", "openat\t-100\t/tmp/plimsoll-marked\t0\t0", "wait"], ["-d", "--network=none"])


def state(engine, action):
    name = f"{action.mark}-{os.getpid()}"
    return json.loads(engine.docker("inspect", name))[0]["State"]


DROPPING = ["!copy\t/proc/self/exe\t/tmp/@MARK@", "run\t\t/tmp/@MARK@\tnew", "r=run\t\t/tmp/@MARK@\tnew", "exit\t${r}"]


def test_drift_is_seen(watch, acting_engine):
    here = watch()
    action = here.act(Action("seen", [P("dropper")], DROPPING, ["--network=none"]))
    assert action.code == 0, action.error  # it ran
    here.expect(action, "New program")


def test_drift_is_prevented(watch, acting_engine):
    """A container is guarded a moment after its start: from then on its new files do not run, and the image's do."""
    here = watch("--prevent-drift")
    denied = here.act(Action("denied", [P("dropper")], ["!copy\t/proc/self/exe\t/tmp/@MARK@", "!until_denied\t/tmp/@MARK@",
                                                        "r=run\t\t/imaged\timaged", "exit\t${r}"], ["--network=none"]))
    assert denied.code == 0, (denied.error, here.said())


def test_drift_dry_run(watch, acting_engine):
    here = watch("--prevent-drift", "--respond-dry-run")
    action = here.act(Action("dry", [P("dropper")], ["!copy\t/proc/self/exe\t/tmp/@MARK@"] + ["!sleep\t10", "run\t\t/tmp/@MARK@\tnew"] * 100,
                             ["--network=none"]))
    assert action.code == 0, action.error  # all of them ran
    here.wait(lambda alerts: any("drift" in a["rule"].lower() for a in alerts), "the word of what would be denied", 10)


def test_kill(watch, acting_engine):
    here = watch("--respond", "kill:rule=Marked file")
    action = here.act(opening("killed"))
    until(lambda: not state(acting_engine, action)["Running"], "the death of the process")
    assert state(acting_engine, action)["ExitCode"] == 137
    here.expect(action, "Marked file")


def test_pause(watch, acting_engine):
    here = watch("--respond", "pause:rule=Marked file")
    action = here.act(opening("paused"))
    until(lambda: state(acting_engine, action)["Paused"], "the pause")
    acting_engine.docker("unpause", f"{action.mark}-{os.getpid()}")


def test_stop(watch, acting_engine):
    here = watch("--respond", "stop:rule=Marked file")
    action = here.act(opening("stopped"))
    until(lambda: not state(acting_engine, action)["Running"], "the stop")


def test_dry_run_and_never(watch, acting_engine):
    for arguments in (["--respond-dry-run"], ["--respond-never", "opener"]):
        here = watch("--respond", "kill:rule=Marked file", *arguments)
        action = here.act(opening("spared"))
        here.expect(action, "Marked file")
        here.settle()
        assert state(acting_engine, action)["Running"], arguments
        here.close()


def test_refused_without_the_capability(watch, acting_engine, tmp_path):
    """Detection runs without CAP_KILL and CAP_SYS_ADMIN; what needs them is refused by name."""
    if not shutil.which("capsh"):
        pytest.skip("capsh is not installed")
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    binary = os.environ["PLIMSOLL_BINARY"]
    for option, lacking in (("--prevent-drift", "cap_sys_admin"), ("--respond=kill:rule=*", "cap_kill")):
        done = subprocess.run(["capsh", f"--drop={lacking}", "--", "-c", f"exec {binary} watch -r {rules} {option} --for 1s"],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 3 or done.returncode == 2, done
        assert lacking.upper() in done.stderr, done.stderr
