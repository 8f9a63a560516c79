# SPDX-License-Identifier: Apache-2.0
"""plimsoll watch on recordings: alerts, reports, exit codes, falco.yaml, explain, reload with state kept."""
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

BINARY = os.environ.get("PLIMSOLL_BINARY", "build/plimsoll")
DATA = Path(__file__).parents[1] / "watch" / "recordings"
RULES = str(DATA / "rules.yaml")
LATE = str(DATA / "late_metadata.jsonl")


def run(*args, **kw):
    env = dict(os.environ, TZ="UTC")
    return subprocess.run([BINARY, "watch", *args], capture_output=True, text=True, timeout=60, env=env, **kw)


def messages(text):
    """Alerts of -o falco-json, as (rule, the output without container fields)."""
    return [(json.loads(line)["rule"], json.loads(line)["output"].split(": ", 1)[1].split(" container_id=")[0])
            for line in text.splitlines()]


def test_builtin_rules_and_statistics():
    r = run("replay", str(DATA / "shadow.jsonl"))
    assert r.returncode == 0
    assert r.stdout.startswith("10:02:11.004210337: Warning ")
    assert "file=/etc/shadow" in r.stdout
    assert "Events detected: 1\n" in r.stderr and "   WARNING: 1\n" in r.stderr
    assert run("replay", str(DATA / "shadow.jsonl"), "-q").stderr == ""


def test_alert_waits_for_metadata_and_is_judged_with_it():
    r = run("replay", LATE, "-r", RULES, "-o", "falco-json")
    assert messages(r.stdout) == [
        ("passwd read on host", "Notice passwd on host by systemd"),
        ("passwd read in nginx", "Critical passwd in web by sh"),
        ("passwd read in nginx", "Critical passwd in web by sh")]
    without = run("replay", LATE, "-r", RULES, "-o", "falco-json", "--metadata-wait", "0s")
    assert [m[0] for m in messages(without.stdout)] == ["passwd read on host", "passwd read in nginx"]


def test_deterministic_and_round_trip(tmp_path):
    first = run("replay", LATE, "-r", RULES, "--record", str(tmp_path / "again.jsonl"))
    second = run("replay", LATE, "-r", RULES)
    assert first.stdout == second.stdout
    third = run("replay", str(tmp_path / "again.jsonl"), "-r", RULES)
    assert sorted(third.stdout.splitlines()) == sorted(first.stdout.splitlines())


@pytest.mark.parametrize("gate, code", [("critical", 1), ("runtime:low", 1), ("none", 0), ("vulnerability:low", 0)])
def test_fail_on(gate, code):
    assert run("replay", LATE, "-r", RULES, "--fail-on", gate).returncode == code


def test_fail_on_of_a_level_that_did_not_occur():
    assert run("replay", str(DATA / "shadow.jsonl"), "--fail-on", "critical").returncode == 0


def test_report_against_its_schema(tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    schema = next(Path(__file__).parents[2].glob("**/report*.schema.json"), None)
    r = run("replay", LATE, "-r", RULES, "-o", "json", "-o", f"sarif={tmp_path}/a.sarif", "-o", f"junit={tmp_path}/a.xml")
    report = json.loads(r.stdout)
    if schema:
        jsonschema.validate(report, json.loads(schema.read_text()))
    found = {(f["id"], f["object"]): f for f in report["findings"]}
    assert set(found) == {("passwd read in nginx", "web"), ("passwd read on host", "host")}
    assert found["passwd read in nginx", "web"]["severity"] == "critical"
    assert found["passwd read in nginx", "web"]["native_severity"] == "Critical"
    assert len(found["passwd read in nginx", "web"]["evidence"]) == 2
    again = json.loads(run("replay", LATE, "-r", RULES, "-o", "json").stdout)
    assert [f["key"] for f in again["findings"]] == [f["key"] for f in report["findings"]]
    assert json.loads((tmp_path / "a.sarif").read_text())["version"] == "2.1.0"
    assert "passwd read in nginx" in (tmp_path / "a.xml").read_text()


def test_exceptions_apply(tmp_path):
    (tmp_path / "e.yaml").write_text(
        "exceptions:\n  - id: passwd read in nginx\n    where: {object: web}\n    reason: known\n    owner: me\n"
        "    until: 2099-01-01\n")
    r = run("replay", LATE, "-r", RULES, "--exceptions", str(tmp_path / "e.yaml"), "--fail-on", "critical", "-o", "json")
    assert r.returncode == 0, r.stderr
    assert [f["suppressed"] is not None for f in json.loads(r.stdout)["findings"]].count(True) == 1


def test_falco_yaml_is_carried_over(tmp_path):
    (tmp_path / "more.yaml").write_text("priority: critical\n")
    (tmp_path / "falco.yaml").write_text(
        f"rules_files: ['${{RULES_DIR}}/rules.yaml']\nconfig_files: [{tmp_path}/more.yaml]\njson_output: true\n"
        "json_include_tags_property: false\nplugins: [{name: x}]\nstdout_output: {enabled: true}\n"
        f"file_output: {{enabled: true, filename: {tmp_path}/alerts.log}}\nno_such_key: 1\n"
        "append_output:\n  - match: {rule: passwd read in nginx}\n    extra_output: tail=%fd.name\n"
        "    extra_fields: [evt.num, {where: 'at %fd.directory'}]\n")
    r = subprocess.run([BINARY, "watch", "replay", LATE, "-c", str(tmp_path / "falco.yaml")], capture_output=True, text=True,
                       env=dict(os.environ, RULES_DIR=str(DATA)), timeout=60)
    assert r.returncode == 0, r.stderr
    alerts = [json.loads(line) for line in r.stdout.splitlines()]
    assert {a["rule"] for a in alerts} == {"passwd read in nginx"}
    assert alerts[0]["output"].endswith("tail=/etc/passwd")
    assert alerts[0]["output_fields"]["where"] == "at /etc" and isinstance(alerts[0]["output_fields"]["evt.num"], int)
    assert "tags" not in alerts[0]
    assert (tmp_path / "alerts.log").read_text() == r.stdout
    assert "not carried over: plugins" in r.stderr and "no_such_key" in r.stderr
    set_ = run("replay", LATE, "-r", RULES, "-o", "json_output=true", "-o", "rules[].disable.rule=*host")
    assert [json.loads(line)["rule"] for line in set_.stdout.splitlines()] == ["passwd read in nginx"] * 2


def test_selection_of_rules():
    def names(*args):
        return {m[0] for m in messages(run("replay", LATE, "-r", RULES, "-o", "falco-json", *args).stdout)}
    assert names("-T", "container") == {"passwd read on host"}
    assert names("-t", "container") == {"passwd read in nginx"}
    assert names("-D", "nginx") == {"passwd read on host"}
    assert names("--priority", "critical") == {"passwd read in nginx"}


def test_explain():
    r = run("explain", LATE, "-r", RULES, "--event", "2", "--rule", "*nginx")
    assert r.returncode == 0
    assert 'rule "passwd read in nginx" does not fire' in r.stdout
    assert "container.image.repository = nginx" in r.stdout
    assert "fd.name" not in r.stdout
    assert "fires\n" in run("why", LATE, "-r", RULES, "--event", "2", "--rule", "*host").stdout
    assert run("explain", LATE, "--event", "99").returncode != 0


def test_bad_recording_names_file_and_line(tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"task":{"tid":1}}\n{"event":"nosuch","tid":1}\n')
    r = run("replay", str(bad))
    assert r.returncode == 3 and f"{bad}:2" in r.stderr and "nosuch" in r.stderr
    assert run("replay", str(tmp_path / "none.jsonl")).returncode not in (0, 1)


def test_bad_rules_exit_1(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("- rule: x\n  desc: d\n  condition: no.such.field = 1\n  output: x\n  priority: INFO\n")
    r = run("replay", LATE, "-r", str(bad))
    assert r.returncode == 1 and "LOAD_ERR_COMPILE_CONDITION" in r.stderr


def feed(p, lines):
    p.stdin.write("".join(line + "\n" for line in lines))
    p.stdin.flush()


def test_reload_keeps_state(tmp_path):
    """Events, a bad file, a good file, events: the process that was announced before is still known."""
    rules = tmp_path / "r.yaml"
    rule = "- rule: {n}\n  desc: d\n  condition: evt.type = openat and proc.name = keeper\n  output: by %proc.name\n  priority: INFO\n"
    rules.write_text(rule.format(n="first"))
    event = '{"event":"openat","tid":7,"res":3}'
    p = subprocess.Popen([BINARY, "watch", "replay", "-", "-r", str(rules), "-o", "falco-json"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def next_alert():
        return json.loads(p.stdout.readline())["rule"]
    try:
        feed(p, ['{"task":{"tid":7,"comm":"keeper"}}'] + [event] * 600)
        assert [next_alert() for _ in range(600)] == ["first"] * 600
        rules.write_text("- rule: [broken\n")
        p.send_signal(signal.SIGHUP)
        feed(p, [event] * 1200)
        got = [next_alert() for _ in range(1201)]
        assert got.count("first") == 1200 and got.count("Falco internal: rules reload") >= 1
        rules.write_text(rule.format(n="second"))
        p.send_signal(signal.SIGHUP)
        feed(p, [event] * 1200)
        p.stdin.close()
        rest = [json.loads(line)["rule"] for line in p.stdout]
        assert rest.count("first") + rest.count("second") == 1200
        assert rest[-1] == "second"
    finally:
        p.kill()
        p.wait()


def test_sigterm_ends_with_statistics():
    p = subprocess.Popen([BINARY, "watch", "replay", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True)
    try:
        feed(p, ['{"task":{"tid":1,"comm":"a"}}'] + ['{"event":"close","tid":1,"res":0}'] * 2000)
        deadline = time.monotonic() + 20
        while p.poll() is None and time.monotonic() < deadline:
            p.send_signal(signal.SIGTERM)
            try:
                feed(p, ['{"event":"close","tid":1,"res":0}'] * 600)
                p.wait(0.2)
            except (subprocess.TimeoutExpired, BrokenPipeError):
                pass
        assert p.poll() == 0
        assert "Events detected:" in p.stderr.read()
    finally:
        p.kill()
        p.wait()
