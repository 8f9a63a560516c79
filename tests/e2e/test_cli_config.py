# SPDX-License-Identifier: Apache-2.0
"""plimsoll.yaml, variables and flags: which wins, who may write a file, what a project may not set."""
import json
import os
import shutil
import subprocess

import pytest


def effective(plimsoll, *args, **kwargs):
    done = plimsoll("config", "-o", "json", *args, **kwargs)
    assert done.returncode == 0, done.stderr
    return {row["key"]: row for row in json.loads(done.stdout)}


def test_order_of_precedence(plimsoll):
    named = plimsoll.cwd / "named.yaml"
    plimsoll.user_config("jobs: 1\nsort: id\nverbose: 1\n")
    assert effective(plimsoll)["jobs"]["value"] == "1"
    plimsoll.project_config("jobs: 2\nsort: epss\n")
    assert effective(plimsoll)["jobs"]["value"] == "2"
    named.write_text("jobs: 3\n")
    assert effective(plimsoll, "--config", named)["jobs"]["value"] == "3"
    env = {"PLIMSOLL_JOBS": "4"}
    assert effective(plimsoll, "--config", named, env=env)["jobs"]["value"] == "4"
    rows = effective(plimsoll, "--config", named, "--jobs", "5", env=env)
    assert rows["jobs"] == {"key": "jobs", "value": "5", "origin": "flag", "where": "--jobs"}
    assert rows["sort"] == {"key": "sort", "value": "epss", "origin": "project", "where": "plimsoll.yaml:2"}
    assert rows["verbose"]["origin"] == "user"
    assert rows["timeout"] == {"key": "timeout", "value": "none", "origin": "default", "where": None}
    assert effective(plimsoll, "--no-project-config")["sort"]["value"] == "id"


def test_lists_replace_and_nested_keys_work(plimsoll):
    plimsoll.user_config("only: [secret]\nfail-on: critical\ndb:\n  max-age: 2w\n")
    plimsoll.project_config("only: [vulnerability, license]\n")
    rows = effective(plimsoll)
    assert rows["only"]["value"] == "vulnerability,license"
    assert rows["fail-on"]["value"] == "critical"
    assert rows["db.max-age"]["value"] == "2w"
    env = {"PLIMSOLL_EXCEPTIONS": "a.yaml,b.yaml", "PLIMSOLL_DB_MAX_AGE": "none"}
    rows = effective(plimsoll, env=env)
    assert rows["exceptions"]["value"] == "a.yaml,b.yaml" and rows["db.max-age"]["where"] == "PLIMSOLL_DB_MAX_AGE"


@pytest.mark.parametrize("text, says", [
    ("jbos: 3\n", ":1: unknown key \"jbos\" [config.key]; try: jobs"),
    ("\ndb:\n  max-agee: 3d\n", ":3: unknown key \"db.max-agee\" [config.key]; try: db.max-age"),
    ("db: 5\n", "unknown key \"db\""),
    ("db-max-age: 5d\n", "try: db.max-age"),
    ("now: 2026-01-01\n", "--now is a flag only"),
    ("jobs: many\n", ":1: \"many\" is no value for jobs [config.value]"),
    ("jobs: [1, 2]\n", "takes one value"),
    ("jobs:\n", "has no value"),
    ("jobs: {a: b}\n", "has no value"),
    ("sort: nothing\n", "one of severity"),
    ("only: [secret, nonsense]\n", "\"nonsense\""),
    ("- a\n", "not a mapping"),
    ("jobs: 1\njobs: 2\n", "jobs"),
    ("jobs: \"1\n", "2"),
    ("a: &x [*x]\n", "plimsoll.yaml"),
    ("lock: [jobs]\n", "only /etc/plimsoll/plimsoll.yaml may lock"),
    ("\"jobs\\0\": 1\n", "unknown key"),
    ("\x01", "plimsoll.yaml"),
])
def test_faults_are_exit_2_with_file_and_line(plimsoll, text, says):
    path = plimsoll.user_config(text)
    done = plimsoll("version")
    assert done.returncode == 2 and done.stdout == ""
    assert str(path) in done.stderr and says in done.stderr
    assert plimsoll("config", "check", path, env={"XDG_CONFIG_HOME": "/nonexistent"}).returncode == 2


def test_missing_named_file_and_unknown_variables(plimsoll):
    done = plimsoll("version", "--config", "missing.yaml")
    assert done.returncode == 2 and "missing.yaml" in done.stderr
    done = plimsoll("version", env={"PLIMSOLL_JOBZ": "1"})
    assert done.returncode == 2 and "PLIMSOLL_JOBZ: no such variable [config.variable]; try: PLIMSOLL_JOBS" in done.stderr
    done = plimsoll("version", env={"PLIMSOLL_NOW": "2026-01-01"})
    assert done.returncode == 2 and "--now is a flag only" in done.stderr
    assert plimsoll("version", env={"PLIMSOLL_JOBS": ""}).returncode == 2
    assert plimsoll("version", env={"XDG_CONFIG_HOME": "relative"}).returncode == 0


@pytest.mark.parametrize("text", ["db: {file: /tmp/x}\n", "db: {update: never}\n", "offline: true\n", "host: tcp://h:1\n",
                                  "repo: {mirrors: [\"debian=http://m/debian\"]}\n", "cache-dir: x\n", "output: json=/etc/passwd\n",
                                  "repo: {allow-unverified: true}\n", "no-project-config: true\n"])
def test_a_project_may_not_choose_data_and_machines(plimsoll, text):
    path = plimsoll.project_config(text)
    done = plimsoll("version")
    assert done.returncode == 2 and "[config.project]" in done.stderr and "plimsoll.yaml:1: a project file may not" in done.stderr
    assert plimsoll("version", "--no-project-config").returncode == 0
    path.rename(plimsoll.cwd / "other.yaml")
    assert plimsoll("version", "--config", "other.yaml").returncode == 0


def test_only_the_working_directory_is_a_project(plimsoll):
    plimsoll.project_config("jobs: 7\n")
    below = plimsoll.cwd / "below"
    below.mkdir()
    assert effective(plimsoll)["jobs"]["value"] == "7"
    assert effective(plimsoll, cwd=below)["jobs"]["value"] is None


def test_files_that_others_may_write_are_refused(plimsoll):
    path = plimsoll.project_config("jobs: 7\n")
    for mode in (0o664, 0o646):
        path.chmod(mode)
        done = plimsoll("version")
        assert done.returncode == 2 and "others may write" in done.stderr and "chmod go-w" in done.stderr
    path.chmod(0o644)
    assert plimsoll("version").returncode == 0
    user = plimsoll.user_config("jobs: 7\n")
    user.chmod(0o666)
    assert plimsoll("version").returncode == 2
    user.chmod(0o600)
    real = plimsoll.cwd / "real.yaml"
    path.rename(real)
    path.symlink_to(real)
    done = plimsoll("version")
    assert done.returncode == 2 and "symbolic link" in done.stderr
    path.unlink()
    path.mkdir()
    assert plimsoll("version").returncode == 2


def test_files_of_somebody_else_are_refused(plimsoll):
    if os.geteuid() != 0:
        pytest.skip("needs root to give a file away")
    path = plimsoll.project_config("jobs: 7\n")
    os.chown(path, 1234, 1234)
    done = plimsoll("version")
    assert done.returncode == 2 and "owned by uid 1234, not by uid 0 or root [config.owner]" in done.stderr


def test_a_fifo_does_not_hang(plimsoll):
    os.mkfifo(plimsoll.cwd / "plimsoll.yaml")
    assert plimsoll("version", timeout=20).returncode == 2


def in_system(plimsoll, text, *args, **kwargs):
    """Runs with /etc/plimsoll/plimsoll.yaml of our own, in a mount namespace."""
    etc = plimsoll.home / "etc"
    (etc / "plimsoll").mkdir(parents=True, exist_ok=True)
    (etc / "plimsoll" / "plimsoll.yaml").write_text(text)
    argv = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', str(etc), plimsoll.binary, *args]
    return subprocess.run(argv, env={**plimsoll.env, **kwargs}, cwd=plimsoll.cwd, capture_output=True, text=True, timeout=60)


def test_the_system_locks_keys(plimsoll):
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("needs root and unshare to show another /etc")
    text = "offline: true\njobs: 2\nlock: [offline, db.max-age]\n"
    done = in_system(plimsoll, text, "config", "-o", "json", "--no-offline", "--jobs", "3", PLIMSOLL_DB_MAX_AGE="90d")
    rows = {row["key"]: row for row in json.loads(done.stdout)}
    assert rows["offline"]["value"] == "true" and rows["offline"]["origin"] == "locked"
    assert rows["offline"]["where"] == "/etc/plimsoll/plimsoll.yaml:3"
    assert rows["db.max-age"]["value"] == "5d"
    assert rows["jobs"]["value"] == "3"
    assert "locks this key" in done.stderr
    done = in_system(plimsoll, "lock: [nonsense]\n", "version")
    assert done.returncode == 2 and "plimsoll.yaml:1: unknown key \"nonsense\"" in done.stderr
    done = in_system(plimsoll, "lock: offline\n", "version")
    assert done.returncode == 2 and "lock is a list" in done.stderr


def test_init_writes_a_file_that_is_right(plimsoll):
    assert plimsoll("config", "init").returncode == 0
    path = plimsoll.cwd / "plimsoll.yaml"
    assert plimsoll("config", "check", "plimsoll.yaml").returncode == 0
    done = plimsoll("config", "init")
    assert done.returncode == 2 and "--force" in done.stderr
    assert plimsoll("config", "init", "-f").returncode == 0
    # Every key, uncommented, is a key.
    keys = [row["key"] for row in json.loads(plimsoll("config", "-o", "json").stdout)]
    text = path.read_text()
    for key in keys:
        assert f"{key.split('.')[-1]}: " in text
    uncommented = "\n".join(line[1:] for line in text.splitlines() if line.startswith("#") and not line.startswith("# "))
    other = plimsoll.cwd / "all.yaml"
    other.write_text(uncommented)
    said = plimsoll("config", "check", other).stderr
    assert "unknown key" not in said and "line" not in said.replace("a line", "")


def test_passwords_in_addresses_are_not_shown(plimsoll):
    plimsoll.user_config("repo:\n  mirrors: [\"debian=http://user:hunter2@mirror/debian\"]\n")
    shown = plimsoll("config").stdout
    assert "hunter2" not in shown and "***@mirror" in shown
