# SPDX-License-Identifier: Apache-2.0
#
# plimsoll watch check: exit codes, text and JSON as falco -V has them; the official rule files.
import json
import os
import subprocess
from pathlib import Path

import pytest

BINARY = os.environ.get("PLIMSOLL_BINARY", "plimsoll")
SHARED = Path(os.environ.get("PLIMSOLL_SHARED", "../shared"))

GOOD = """
- list: shells
  items: [sh, bash]
- rule: Shell
  desc: a shell
  condition: evt.type = execve and proc.name in (shells)
  output: "shell %proc.name"
  priority: NOTICE
"""


def check(*args, cwd=None):
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    return subprocess.run([BINARY, "watch", "check", *args], capture_output=True, text=True, env=env, cwd=cwd)


def test_good_and_bad(tmp_path):
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(GOOD.replace("proc.name in", "proc.nom in"))
    (tmp_path / "doubtful.yaml").write_text(GOOD + "- macro: m\n  condition: evt.num = 0\n")
    r = check("good.yaml", cwd=tmp_path)
    assert (r.returncode, r.stdout, r.stderr) == (0, "good.yaml: Ok\n", "")
    r = check("bad.yaml", cwd=tmp_path)
    assert r.returncode == 1
    assert r.stdout.startswith("bad.yaml: Invalid\n1 Errors:\nIn rules content: (bad.yaml:1:0)\n")
    assert "LOAD_ERR_COMPILE_CONDITION (Error compiling condition)" in r.stdout
    r = check("doubtful.yaml", cwd=tmp_path)
    assert r.returncode == 0 and r.stdout == "doubtful.yaml: Ok, with warnings\n"
    assert "LOAD_UNUSED_MACRO (Unused macro)" in r.stderr
    # each on top of the good ones before it; a bad one is left out
    r = check("bad.yaml", "good.yaml", cwd=tmp_path)
    assert r.returncode == 1 and r.stdout.endswith("good.yaml: Ok\n")
    r = check("missing.yaml", cwd=tmp_path)
    assert r.returncode == 1 and "LOAD_ERR_FILE_READ" in r.stdout
    assert check().returncode == 2


def test_json(tmp_path):
    (tmp_path / "r.yaml").write_text(GOOD + "- list: unused\n  items: []\n- list: x\n")
    r = check("-o", "json", "r.yaml", cwd=tmp_path)
    assert r.returncode == 1 and r.stderr == ""
    (result,) = json.loads(r.stdout)["falco_load_results"]
    assert result["name"] == "r.yaml" and result["successful"] is False and result["warnings"] == []
    (error,) = result["errors"]
    assert error["code"] == "LOAD_ERR_YAML_VALIDATE"
    last = error["context"]["locations"][-1]
    assert (last["item_type"], last["item_name"]) == ("list", "x")
    line = (tmp_path / "r.yaml").read_text().splitlines()[last["position"]["line"]]
    assert line[last["position"]["column"]:] == "list: x"
    assert (tmp_path / "r.yaml").read_text()[last["position"]["offset"]:].startswith("list: x")


def test_explain_filter(tmp_path):
    (tmp_path / "r.yaml").write_text(GOOD)
    r = check("--explain-filter", "r.yaml", cwd=tmp_path)
    assert r.returncode == 0 and "Shell" in r.stdout


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    archive = SHARED / "data" / "falco-rules.tar.zst"
    if not archive.exists():
        pytest.skip("skipped: no official rule files")
    to = tmp_path_factory.mktemp("rules")
    subprocess.run(["tar", "--zstd", "-xf", archive, "-C", to], check=True)
    names = ["falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"]
    return [str(next(to.rglob(n))) for n in names]


def test_official_files(official):
    for f in official:
        r = check(f)
        assert (r.returncode, r.stdout) == (0, f"{f}: Ok\n")
    r = check(*official)
    assert (r.returncode, r.stdout) == (0, "".join(f"{f}: Ok\n" for f in official))
