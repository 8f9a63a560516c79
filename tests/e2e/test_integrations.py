# SPDX-License-Identifier: Apache-2.0
"""The files of integrations/: their YAML is read, their scripts are taken out and run, with a stand-in that ends as
told and with the program itself."""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import textwrap

import pytest
import yaml

TOP = pathlib.Path(__file__).parents[2]
AT = TOP / "integrations"


def load(path):
    return yaml.safe_load((AT / path).read_text())


def github_script():
    """Both scripts of the action, with the output of the first handed to the second as the runner does."""
    steps = {s["name"]: s for s in load("github/action.yml")["runs"]["steps"]}
    return (f"( {steps['Scan']['run']} )\nGATE_STATUS=$(sed -n 's/^status=//p' \"$GITHUB_OUTPUT\")\nexport GATE_STATUS\n"
            + steps["Verdict"]["run"])


def gitlab_script():
    return "\n".join(load("gitlab/plimsoll.gitlab-ci.yml")["plimsoll"]["script"])


def jenkins_script():
    text = (AT / "jenkins/vars/plimsollScan.groovy").read_text()
    body = re.search(r"script: '''(.*?)'''", text, re.S)[1]
    return textwrap.dedent(body.replace("\\\\", "\\"))


def azure_script():
    return [s for s in load("azure/azure-pipelines.yml")["steps"] if s.get("name") == "gate"][0]["script"]


def circleci_script():
    steps = [s["run"] for s in load("circleci/config.yml")["jobs"]["plimsoll"]["steps"] if isinstance(s, dict) and "run" in s]
    return [s["command"] for s in steps if s["name"] == "plimsoll"][0]


def shell_script():
    return f'"{AT}/shell/plimsoll-gate.sh" "$GATE_SOURCE"'


SCRIPTS = {"github": github_script, "gitlab": gitlab_script, "jenkins": jenkins_script, "azure": azure_script, "circleci": circleci_script,
           "shell": shell_script}

STAND_IN = """#!/bin/sh
printf '%s\\n' "$@" > "$ARGUMENTS"
for word; do
    case $word in *=plimsoll-reports/*) echo report > "${word#*=}" ;; esac
done
exit "$STATUS"
"""


class World:
    def __init__(self, folder):
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.work = folder / "pipeline"
        self.work.mkdir()
        self.env = {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(folder), "GATE_SOURCE": "docker:app:1", "GATE_POLICY": "default",
                    "GATE_FAIL_ON": "high:fixable", "GATE_CACHE": str(folder / "cache"), "GITHUB_OUTPUT": str(folder / "output"),
                    "GITHUB_STEP_SUMMARY": str(folder / "summary"), "PIPELINE_WORKSPACE": str(folder), "ARGUMENTS": str(folder / "arguments")}

    def stand_in(self, status):
        path = self.bin / "plimsoll"
        path.write_text(STAND_IN)
        path.chmod(0o755)
        self.env["STATUS"] = str(status)

    def run(self, script, **more):
        pathlib.Path(self.env["GITHUB_OUTPUT"]).write_text("")
        return subprocess.run(["sh", "-e"], input=script, capture_output=True, text=True, cwd=self.work, env={**self.env, **more}, timeout=120)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.mark.parametrize("status", [0, 1, 2, 3, 4, 5, 139])
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_failed_verdict_is_not_a_failed_run(world, name, status):
    world.stand_in(status)
    done = world.run(SCRIPTS[name]())
    assert done.returncode == status, done.stderr
    said = done.stdout + done.stderr
    if name != "jenkins":  # there the step says it, not the script
        assert ("verdict is fail" in said) == (status == 1)
        assert bool(re.search("did not run", said, re.I)) == (status > 1)
    arguments = (world.folder / "arguments").read_text().split("\n")
    assert arguments[:2] == ["scan", "docker:app:1"]
    assert arguments[arguments.index("--policy") + 1] == "default"
    assert arguments[arguments.index("--fail-on") + 1] == "high:fixable"
    assert ".plimsoll-cache" in arguments[arguments.index("--cache-dir") + 1] or name in ("jenkins", "shell")
    reports = list((world.work / "plimsoll-reports").iterdir())
    assert any(r.name == "plimsoll-junit.xml" for r in reports) and any(r.suffix == ".json" for r in reports)
    if name == "github":
        out = (world.folder / "output").read_text()
        assert f"status={status}\n" in out and "verdict=" + {0: "pass", 1: "fail"}.get(status, "error") + "\n" in out


@pytest.mark.parametrize("name", SCRIPTS)
def test_names_cannot_become_commands(world, name):
    world.stand_in(0)
    evil = "x; touch pwned; $(touch pwned) `touch pwned`"
    world.run(SCRIPTS[name](), GATE_SOURCE=evil, GATE_POLICY=evil, GATE_FAIL_ON=evil)
    arguments = (world.folder / "arguments").read_text().split("\n")
    assert arguments.count(evil) == 3
    assert not (world.work / "pwned").exists()


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_clean_shell(name):
    if not shutil.which("shellcheck"):
        pytest.skip("skipped: no shellcheck here")
    done = subprocess.run(["shellcheck", "-s", "sh", "-"], input="#!/bin/sh\n" + SCRIPTS[name](), capture_output=True, text=True)
    bad = [line for line in done.stdout.splitlines() if re.search(r"SC\d+ \((error|warning)\)", line) and "SC2154" not in line]
    assert not bad, done.stdout


def test_the_action_hands_inputs_over_as_variables():
    for step in load("github/action.yml")["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert step.get("shell") == "sh" or "uses" in step


def test_caches_and_reports_are_published():
    github = load("github/action.yml")["runs"]["steps"]
    assert any(s.get("uses", "").startswith("actions/cache@") and s["with"]["path"] == ".plimsoll-cache" for s in github)
    assert any("upload-sarif" in s.get("uses", "") for s in github)
    gitlab = load("gitlab/plimsoll.gitlab-ci.yml")["plimsoll"]
    assert gitlab["cache"]["paths"] == [".plimsoll-cache"] and gitlab["artifacts"]["when"] == "always"
    for kind, path in gitlab["artifacts"]["reports"].items():
        assert f"={path}" in "\n".join(gitlab["script"]), kind
    circle = load("circleci/config.yml")["jobs"]["plimsoll"]["steps"]
    assert {next(iter(s)) for s in circle if isinstance(s, dict)} >= {"restore_cache", "save_cache", "store_test_results", "store_artifacts"}
    azure = load("azure/azure-pipelines.yml")["steps"]
    assert {s["task"] for s in azure if "task" in s} == {"Cache@2", "PublishTestResults@2", "PublishPipelineArtifact@1"}
    groovy = (AT / "jenkins/vars/plimsollScan.groovy").read_text()
    assert "recordIssues" in groovy and "junit(" in groovy
    assert groovy.count("{") == groovy.count("}") and groovy.count("(") == groovy.count(")")


def test_hooks_and_configuration_say_the_same():
    hooks = {h["id"]: h for h in yaml.safe_load((TOP / ".pre-commit-hooks.yaml").read_text())}
    local = {h["id"]: h for h in load("pre-commit/.pre-commit-config.yaml")["repos"][0]["hooks"]}
    assert hooks.keys() == local.keys()
    for name, hook in local.items():
        assert all(hooks[name][key] == value for key, value in hook.items())
        assert shlex.split(hook["entry"])[:2] == ["plimsoll", "scan"]
    files = re.compile(hooks["plimsoll"]["files"])
    for path in ("Dockerfile", "a/Dockerfile.prod", "x.dockerfile", "docker-compose.yml", "b/compose.override.yaml", "Containerfile"):
        assert files.search(path), path
    for path in ("Dockerfile/readme.md", "notes.yml", "composer.json"):
        assert not files.search(path), path


@pytest.mark.parametrize("name", SCRIPTS)
def test_with_the_program_itself(world, plimsoll, name):
    """A root with one package and a secret, judged by the real program: reports in every format, exit 0 or 1."""
    if "--policy" not in plimsoll("scan", "--help").stdout:
        pytest.skip("skipped: this build has no --policy")
    (world.bin / "plimsoll").symlink_to(os.environ["PLIMSOLL_BINARY"])
    root = world.work / "root"
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\n')
    (root / "var/lib/dpkg/status").write_text("Package: tool\nStatus: install ok installed\nMaintainer: A <a@example.org>\nArchitecture: all\n"
                                              "Version: 1.0\nDescription: none\n\n")
    policy = world.work / "policy.yaml"
    for action, wanted in (("warn", (0, 4)), ("stop", (1,))):
        policy.write_text(json.dumps(bundle(action)))
        done = world.run(SCRIPTS[name](), GATE_SOURCE="dir:./root", GATE_POLICY=str(policy), GATE_FAIL_ON="none", PLIMSOLL_REPO="never",
                         PLIMSOLL_DB_UPDATE="never", PLIMSOLL_ONLY="misconfiguration")
        assert done.returncode in wanted, done.stdout + done.stderr
        assert (world.work / "plimsoll-reports/plimsoll-junit.xml").read_text().startswith("<?xml")
        json.loads((world.work / "plimsoll-reports/plimsoll.json").read_text())


def bundle(action):
    return {"id": "b", "name": "b", "version": "1_0", "policies": [{"id": "p", "name": "p", "version": "1_0", "rules": [
        {"id": "r", "gate": "always", "trigger": "always", "action": action, "params": []}]}], "whitelists": [], "mappings": [
            {"id": "m", "name": "m", "registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"}, "policy_ids": ["p"], "whitelist_ids": []}],
        "whitelisted_images": [], "blacklisted_images": []}
