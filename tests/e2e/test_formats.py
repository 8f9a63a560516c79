# SPDX-License-Identifier: Apache-2.0
"""Formats for code hosts, CI systems and auditors: sarif, junit, markdown, html.

Each is read with a parser that we did not write, each with hostile texts in every place.
"""
import copy
import json
import os
import pathlib
import re

import jsonschema
import pytest

HERE = pathlib.Path(__file__).parent
SAMPLE = HERE / "data" / "sample-report.json"
AUDIT = HERE / "data" / "audit-report.json"
SHARED = pathlib.Path(os.environ.get("PLIMSOLL_SHARED", HERE.parents[2] / "shared"))

# Markup of every format, terminal escapes, line breaks, bidirectional overrides, controls, long words.
EVIL = ["<script>alert(1)</script>", "a|b`c`*d*_e_[f](https://evil.example/)", "line\r\none\n# two\n\n| x |", "\x1b[2J\x1b]0;t\x07", "\u202egnp.exe",
        "nul\u0000 del\u007f c1\u0085 ff\ufffe\uffff", "@everyone #1 GH-2 www.evil.example !x ![i](//e)", "&amp; ]]> --> \" ' {0} {{x}} $a$", "../../etc/passwd",
        "\\", "\\|", "`", "``|", " ", "", "\u00e4\u6f22\U0001f6a2" * 40, "x" * (1 << 20)]


def evil_report(n=0):
    """Every text of a report replaced, one kind of evil after the other."""
    report = json.loads(AUDIT.read_text())
    at = [n]

    def text():
        at[0] += 1
        return EVIL[at[0] % len(EVIL)]

    for target in report["targets"][5:]:
        target["source"]["reference"] = text()
        target["distro"]["pretty"] = text()
    for package in report["packages"]:
        package.update(name=text(), version=text(), purl=text(), locations=[{"path": text(), "layer": None}])
    for f in report["findings"]:
        f.update(title=text(), object=text(), evidence=[text(), text()], remediation=text(), references=[text(), "https://ok.example/<x>"])
        f["location"].update(path=text())
        f["fix"]["versions"] = [text()] if f["fix"]["versions"] else []
        f["controls"] = [{"framework": text(), "version": text(), "id": text()}] + f["controls"]
        if n % 3 == 0:
            f["id"] = text()
        if f["suppressed"]:
            f["suppressed"].update(reason=text(), owner=text(), by=text(), until=text())
    for c in report["checks"]:
        c.update(title=text(), object=text(), evidence=[text(), text()])
    for fix in report["fixes"]:
        fix.update(title=text(), command=text(), impact=text())
    for d in report["diagnostics"]:
        d.update(object=text(), message=text(), hint=text())
    report["verdict"].update(reasons=[text(), text()], policy=text())
    report["verdict"]["rules"] = [{"gate": text(), "trigger": text(), "trigger_id": text(), "action": text(), "message": text(), "allowlisted": False}]
    report["host"].update(name=text(), os=text(), kernel=text(), machine_id=text(), engines=[text()])
    report["db"]["feeds"][0]["name"] = text()
    return report


@pytest.fixture
def render(plimsoll, tmp_path):
    def run(report, form, *args):
        if not isinstance(report, pathlib.Path):
            path = tmp_path / "report.json"
            path.write_text(json.dumps(report))
            report = path
        done = plimsoll("report", report, "-o", form, *args, text=False)
        assert done.returncode == 1, done.stderr
        out = done.stdout.decode()  # strict: the output is UTF-8 whatever the input was
        return out, done.stderr.decode()

    return run


def many(report, n):
    """n findings in place of the first."""
    rows = []
    for i in range(n):
        row = copy.deepcopy(report["findings"][-1])
        row.update(key=f"{i:032x}", id=f"CVE-2024-{i:05}", severity=["low", "high", "critical", "medium"][i % 4], suppressed=None)
        rows.append(row)
    report["findings"] = rows
    return report


# ---- reading and writing ----------------------------------------------------------------------------


def test_audit_reports_survive_reading_and_writing(render):
    assert render(AUDIT, "json")[0] == AUDIT.read_text()
    report = json.loads(AUDIT.read_text())
    assert {c["outcome"] for c in report["checks"]} == {"pass", "fail", "manual", "na", "unknown"}
    assert report["scores"][-1]["score"] is None and report["fixes"] and report["checks"][0]["title"]


@pytest.mark.parametrize("n", [0, 5])
def test_hostile_reports_survive_reading_and_writing(render, n):
    once = render(evil_report(n), "json")[0]
    assert render(json.loads(once), "json")[0] == once


# ---- sarif --------------------------------------------------------------------------------------------


def sarif_schema():
    path = SHARED / "schemas" / "sarif-2.1.0.schema.json"
    if not path.exists():
        pytest.skip("skipped: no ../shared")
    return jsonschema.validators.validator_for(json.loads(path.read_text()))(json.loads(path.read_text()), format_checker=jsonschema.FormatChecker())


def check_sarif(text):
    doc = json.loads(text)
    assert doc["version"] == "2.1.0" and len(doc["runs"]) == 1
    run = doc["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert len({r["id"] for r in rules}) == len(rules)
    assert len(run["results"]) <= 5000
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri) and not uri.startswith("/")
        assert not {".", ".."} & set(uri.split("/")[:-1]), uri
        assert len(result["message"]["text"]) < 2200 and result["partialFingerprints"]["plimsollKey/v1"]
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202e\ufffe]", result["message"]["text"])
    for rule in rules:
        assert rule["help"]["text"] and rule["help"]["markdown"] and rule["shortDescription"]["text"]
        assert 0 <= float(rule["properties"]["security-severity"]) <= 10 and len(rule["properties"]["tags"]) <= 20
    return run


def test_sarif_follows_the_schema(render):
    validator = sarif_schema()
    for report in (AUDIT, SAMPLE, evil_report(), evil_report(1)):
        validator.validate(json.loads(render(report, "sarif")[0]))


def test_sarif_says_what_the_report_says(render):
    report = json.loads(AUDIT.read_text())
    run = check_sarif(render(AUDIT, "sarif")[0])
    assert len(run["results"]) == len(report["findings"])
    assert {r["partialFingerprints"]["plimsollKey/v1"] for r in run["results"]} == {f["key"] for f in report["findings"]}
    hidden = [r for r in run["results"] if r.get("suppressions")]
    assert [r["ruleId"] for r in hidden] == ["audit/1.1.1"] and run["results"][-1] is not None
    assert "single disk" in hidden[0]["suppressions"][0]["justification"] and run["results"][-1] == hidden[0]
    levels = {"critical": 9.0, "high": 7.0, "medium": 4.0, "low": 0.1}
    for result in run["results"]:
        assert float(result["properties"]["security-severity"]) >= levels[result["properties"]["severity"]]
    invocation = run["invocations"][0]
    assert invocation["exitCode"] == 1 and invocation["executionSuccessful"] and invocation["machine"] == "host1.example.org"
    said = {n["descriptor"]["id"]: n for n in invocation["toolExecutionNotifications"]}
    assert said["engine.permission"]["level"] == "error" and "check 1.1.3" in said["check.unknown"]["message"]["text"]


def test_sarif_keeps_the_worst(render):
    report = many(json.loads(AUDIT.read_text()), 5200)
    report["checks"] *= 30
    text, said = render(report, "sarif")
    run = check_sarif(text)
    assert len(run["results"]) == 5000
    assert {r["properties"]["severity"] for r in run["results"][:1300]} == {"critical"}
    assert sum(r["properties"]["severity"] == "low" for r in run["results"]) == 1100
    notes = [n["message"]["text"] for n in run["invocations"][0]["toolExecutionNotifications"] if n["descriptor"]["id"] == "report.cut"]
    assert len(notes) == 1 and "5000 of 5200" in notes[0] and "5000 of 5200" in said


@pytest.mark.parametrize("n", range(4))
def test_sarif_of_hostile_texts(render, n):
    check_sarif(render(evil_report(n), "sarif")[0])


def test_sarif_places_findings_of_a_repository_in_its_files(render):
    report = json.loads(SAMPLE.read_text())
    secret = next(f for f in report["findings"] if f["kind"] == "secret")
    secret["location"].update(path="/deploy/key file.pem", line=7)
    for reference, uri in (("./app", "app/deploy/key%20file.pem"), (".", "deploy/key%20file.pem"), ("/srv/app", "dir/srv/app/deploy/key%20file.pem")):
        report["targets"][0]["source"].update(scheme="dir", reference=reference)
        run = check_sarif(render(report, "sarif")[0])
        place = next(r for r in run["results"] if r["ruleId"] == "secret/private-key")["locations"][0]["physicalLocation"]
        assert place == {"artifactLocation": {"uri": uri}, "region": {"startLine": 7}}
