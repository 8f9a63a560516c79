# SPDX-License-Identifier: Apache-2.0
"""check, audit's options, find --in running, diff: the commands around the checks, on a real engine."""
import json
import os
import signal
import subprocess
import time

import pytest

from roots import root_tar

QUIET = ("--db-update", "never", "--repo", "never", "-q")


@pytest.fixture(scope="module")
def two(docker_engine):
    """Two running containers of one image."""
    docker_engine.import_tar(root_tar("bookworm"), "check:1")
    names = ("check-a", "check-b")
    for name in names:
        docker_engine.docker("run", "-d", "--network=none", "--name", name, "check:1", "sleep", "infinity")
    yield names
    docker_engine.docker("rm", "-f", *names, check=False)


def rows(done, path):
    assert done.returncode in (0, 1, 3, 4), done.stderr
    return json.loads(path.read_text())


def test_the_whole_page(plimsoll, docker_engine, two):
    out = plimsoll.cwd / "r.json"
    done = plimsoll("check", "-H", docker_engine.host, "-o", f"json={out}", "-o", "table", *QUIET)
    report = rows(done, out)
    scores = {s["stage"]: s for s in report["scores"]}
    assert list(scores) == ["host", "engine", "images", "containers", "swarm"]
    assert scores["swarm"]["score"] is None or not scores["swarm"].get("judged")
    counted = {}
    for c in report["checks"]:
        if c["target"] == "containers":
            counted[c["outcome"]] = counted.get(c["outcome"], 0) + 1
    for outcome, n in counted.items():
        assert scores["containers"]["outcomes"][outcome] == n
    weights = {"critical": 10, "high": 5, "medium": 2, "low": 1}
    judged = [c for c in report["checks"] if c["target"] == "containers" and c["outcome"] in ("pass", "fail", "unknown")]
    total = sum(weights.get(c["severity"], 0) for c in judged)
    failed = sum(weights.get(c["severity"], 0) for c in judged if c["outcome"] != "pass")
    assert (scores["containers"]["judged"], scores["containers"]["failed"]) == (total, failed)
    assert scores["containers"]["score"] == 100 - -(-100 * failed // total)
    assert len(report["fixes"]) <= 10
    impacts = [f["impact"] for f in report["fixes"]]
    assert impacts == sorted(impacts, key=["safe", "restart", "may-break"].index)
    keys = {f["key"] for f in report["findings"]}
    assert all(key in keys for fix in report["fixes"] for key in fix["closes"])
    for word in ("VERDICT", "STAGES", "FIX FIRST"):
        assert word in done.stdout
    assert len(done.stdout.splitlines()) < 90


def test_the_default_policy_judges_the_images(plimsoll, docker_engine, two, tmp_path):
    """One image carries a private key; its neighbours are warned of only."""
    key = subprocess.run(["openssl", "genrsa", "2048"], check=True, capture_output=True, text=True).stdout
    docker_engine.build("check-key:1", "FROM check:1\nRUN printf '%s' '" + key.replace("\n", "\\n") + "' > /srv/server.key\n")
    docker_engine.docker("run", "-d", "--network=none", "--name", "check-key", "check-key:1", "sleep", "infinity")
    out = tmp_path / "check.json"
    try:
        done = plimsoll("check", "-H", docker_engine.host, "-o", f"json={out}", "-o", "table", *QUIET)
        assert "policy default: stops 2 of 2 images" in done.stdout, done.stdout[:1500]  # without data nothing is known of them
        stops = {}
        for target in json.loads(out.read_text())["targets"]:
            if target["source"]["scheme"] == "docker":
                stops[target["source"]["image_id"]] = {(r["gate"], r["trigger"]) for r in target["verdict"]["rules"]
                                                       if r["action"] == "stop" and r["gate"] not in ("fail-on", "vulnerabilities")}
        ids = [docker_engine.docker("inspect", "-f", "{{.Id}}", name) for name in ("check:1", "check-key:1")]
        assert stops[ids[0]] == set()
        assert stops[ids[1]] == {("secrets", "found"), ("checks", "failed")}
        assert key.splitlines()[1] not in out.read_text(), "the key itself is in the report"
        # What the scans found counts for a gate that asks for it, though the page sums it up.
        done = plimsoll("check", "-H", docker_engine.host, "--fail-on", "secret:high", "-o", "table", *QUIET)
        assert done.returncode == 1 and "secret:high" in done.stdout, done.stdout[:1500]
        # A gate of one's own is the whole judgement.
        done = plimsoll("check", "-H", docker_engine.host, "--fail-on", "none", "-o", "table", *QUIET)
        assert "policy" not in done.stdout
    finally:
        docker_engine.docker("rm", "-f", "check-key", check=False)


def test_without_an_engine_the_host_is_judged(plimsoll):
    out = plimsoll.cwd / "r.json"
    done = plimsoll("check", "-H", f"unix://{plimsoll.cwd}/none.sock", "-o", f"json={out}", *QUIET)
    report = rows(done, out)
    assert any(c["target"] == "host" and c["outcome"] == "pass" for c in report["checks"])
    assert not any(c["outcome"] == "pass" for c in report["checks"] if c["target"] == "containers")


@pytest.mark.parametrize("args, says", [
    (("--check", "no-such"), "no such check"),
    (("--skip-check", "5.5"), "say why"),
    (("--filter", "colour=red"), "label=KEY"),
    (("--level", "3"), "1 or 2"),
    (("--severities", "5.5"), "CHECK=LEVEL"),
    (("host", "web"), "takes no names"),
])
def test_faults_of_the_command_line(plimsoll, args, says):
    done = plimsoll("audit", *args)
    assert done.returncode == 2
    assert says in done.stderr


def test_names_filters_frameworks_and_skips(plimsoll, docker_engine, two):
    def audit(*args):
        done = plimsoll("audit", *args, "-H", docker_engine.host, "--skip", "vulnerability", "-q", "-o", "json")
        assert done.returncode in (0, 3), done.stderr
        return json.loads(done.stdout)["checks"]
    assert {c["object"] for c in audit("containers", "check-a", "--check", "5.5")} == {"check-a"}
    assert {c["object"] for c in audit("containers", "--filter", "name=*-b", "--check", "5.5")} == {"check-b"}
    nist = audit("containers", "check-a", "--framework", "nist")
    assert nist and all(any(k["framework"] == "nist-800-190" for k in c["controls"]) for c in nist if c["id"] != "drift")
    skipped = audit("containers", "check-a", "--check", "5.5", "--skip-check", "5.5=known")
    assert [(c["outcome"], c["evidence"]) for c in skipped] == [("na", ["skipped: known"])]
    done = plimsoll("audit", "containers", "nobody", "-H", docker_engine.host, "--skip", "vulnerability")
    assert done.returncode != 0 and "nobody" in done.stderr


def test_an_exception_and_a_comparison_move_the_verdict(plimsoll, docker_engine, two):
    common = ("audit", "containers", "check-a", "-H", docker_engine.host, "--skip", "vulnerability", "-q", "--check", "5.11",
              "--fail-on", "medium")
    assert plimsoll(*common, "-o", "json=before.json").returncode == 1
    accepted = plimsoll.cwd / "accepted.yaml"
    accepted.write_text("- id: '5.11'\n  where: {object: check-a}\n  reason: a test\n  owner: us\n  until: 2099-01-01\n")
    assert plimsoll(*common, "--exceptions", accepted).returncode == 0
    assert plimsoll(*common, "--against", "before.json").returncode == 0
    diff = plimsoll("diff", "before.json", "before.json", "-o", "json", "--db-update", "never")
    assert json.loads(diff.stdout) == {"packages": [], "findings": [], "checks": []}


def test_find_names_each_container_of_an_image(plimsoll, docker_engine, two):
    done = plimsoll("find", "libc6", "--in", "running", "-H", docker_engine.host, "-o", "json", *QUIET)
    assert done.returncode == 0, done.stderr
    found = [r for r in json.loads(done.stdout) if r["target"] in ("container:check-a", "container:check-b")]
    assert [r["target"] for r in found] == ["container:check-a", "container:check-b"]
    version = docker_engine.docker("run", "--rm", "--network=none", "check:1", "dpkg-query", "-W", "-f", "${Version}", "libc6")
    created = docker_engine.docker("inspect", "-f", "{{.Created}}", "check-a")
    assert {r["version"] for r in found} == {version}
    assert found[0]["since"][:16] == created[:16]
    assert found[0]["image"] == "check:1" and found[0]["layer"].startswith("sha256:")


def wait_for(condition, what):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)  # between two looks, not a guess of how long it takes


def test_watch_looks_again_when_a_container_comes(plimsoll, docker_engine, two):
    out = plimsoll.cwd / "w.json"
    process = subprocess.Popen([plimsoll.binary, "check", "--watch", "-H", docker_engine.host, "--skip", "vulnerability",
                                "-o", f"json={out}"], cwd=plimsoll.cwd, env=plimsoll.env, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    try:
        wait_for(out.exists, "no first page")
        assert "check-late" not in out.read_text()
        docker_engine.docker("run", "-d", "--network=none", "--name", "check-late", "check:1", "sleep", "infinity")
        wait_for(lambda: "check-late" in out.read_text(), "the new container did not come")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert "the engine's events and files" in err
        assert process.returncode in (0, 1, 3)
    finally:
        if process.poll() is None:
            process.kill()
        docker_engine.docker("rm", "-f", "check-late", check=False)


def test_learning_gives_what_the_next_audit_accepts(plimsoll):
    if os.geteuid() != 0:
        pytest.skip("processes of others are read as root only")
    done = plimsoll("audit", "host", "--learn", "allowed.yaml")
    assert done.returncode == 0, done.stderr
    done = plimsoll("audit", "host", "--config", "allowed.yaml", "--check", "H-SUID", "--skip", "vulnerability", "-o", "json")
    failed = [c["object"] for c in json.loads(done.stdout)["checks"] if c["outcome"] == "fail"]
    import stat
    assert [path for path in failed if os.path.exists(path) and not os.stat(path).st_mode & (stat.S_IWGRP | stat.S_IWOTH)] == []
