# SPDX-License-Identifier: Apache-2.0
"""Reports: the schema, every format, widths, colours, escaping, files."""
import copy
import csv
import io
import json
import os
import pathlib
import pty
import re
import stat
import subprocess

import jsonschema
import pytest

HERE = pathlib.Path(__file__).parent
SAMPLE = HERE / "data" / "sample-report.json"
SCHEMA = HERE.parents[1] / "docs" / "schema" / "report-v1.schema.json"


def strict(schema):
    """The published schema lets unknown members pass, as newer versions add some; our own reports may have none."""
    schema = copy.deepcopy(schema)

    def close(node):
        if isinstance(node, dict):
            if node.get("type") == "object" and "properties" in node:
                node["additionalProperties"] = False
            for child in node.values():
                close(child)
        elif isinstance(node, list):
            for child in node:
                close(child)

    close(schema)
    return schema


def validate(report):
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(report, strict(schema))


def test_json_follows_its_schema(plimsoll):
    report = json.loads(plimsoll("report", SAMPLE, "-o", "json").stdout)
    validate(report)
    del report["run"]["exit"]
    with pytest.raises(jsonschema.ValidationError):
        validate(report)


def test_reading_and_writing_gives_the_same_bytes(plimsoll):
    assert plimsoll("report", SAMPLE, "-o", "json", text=False).stdout == SAMPLE.read_bytes()
    assert plimsoll("report", "-", "-o", "json", text=False, input=SAMPLE.read_bytes()).stdout == SAMPLE.read_bytes()


def test_sums_are_made_again(plimsoll, tmp_path):
    report = json.loads(SAMPLE.read_text())
    report["summary"]["findings"] = 99
    report["unknown"] = {"later": True}
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(report))
    assert plimsoll("report", changed, "-o", "json").stdout == SAMPLE.read_text()


@pytest.mark.parametrize("width", [60, 80, 100, 140, 200])
def test_table(plimsoll, golden, width):
    done = plimsoll("report", SAMPLE, env={"COLUMNS": str(width)})
    assert done.returncode == 1 and done.stderr == ""
    assert max(map(len, done.stdout.splitlines())) <= width
    golden(f"report-table-{width}.txt", done.stdout)


@pytest.mark.parametrize("group", ["package", "layer", "severity", "none"])
def test_table_groups(plimsoll, golden, group):
    golden(f"report-group-{group}.txt", plimsoll("report", SAMPLE, "--group-by", group, "--show-suppressed").stdout)


@pytest.mark.parametrize("name", ["jsonl", "csv"])
def test_formats(plimsoll, golden, name):
    golden(f"report.{name}", plimsoll("report", SAMPLE, "-o", name).stdout)


def test_csv_is_read_by_somebody_else(plimsoll):
    rows = list(csv.DictReader(io.StringIO(plimsoll("report", SAMPLE, "-o", "csv").stdout)))
    findings = [f for f in json.loads(SAMPLE.read_text())["findings"] if not f["suppressed"]]
    assert len(rows) == len(findings)
    assert {row["key"] for row in rows} == {f["key"] for f in findings}
    assert "'=cmd|'/C calc'!A0" in {row["package"] for row in rows}


def test_jsonl_is_one_object_a_line(plimsoll):
    rows = [json.loads(line) for line in plimsoll("report", SAMPLE, "-o", "jsonl").stdout.splitlines()]
    report = json.loads(SAMPLE.read_text())
    assert [r for r in rows if r.pop("record") == "diagnostic"] == report["diagnostics"]
    assert sum("key" in r for r in rows) == report["summary"]["findings"]


def test_display_options_do_not_touch_json(plimsoll):
    done = plimsoll("report", SAMPLE, "-o", "json", "--min-severity", "critical", "--sort", "id", "--group-by", "none")
    assert done.stdout == SAMPLE.read_text()
    text = plimsoll("report", SAMPLE, "--min-severity", "high").stdout
    assert "CVE-2024-5535" in text and "CVE-2010-4756" not in text
    assert "8 findings" in text and "Shown: high and above." in text


def test_several_outputs_in_one_run(plimsoll):
    done = plimsoll("report", SAMPLE, "-o", "table", "-o", "json=a.json", "-o", "csv=out/", "-o", "jsonl=out/")
    assert done.returncode == 1
    assert done.stdout == plimsoll("report", SAMPLE).stdout
    assert (plimsoll.cwd / "a.json").read_text() == SAMPLE.read_text()
    assert sorted(p.name for p in (plimsoll.cwd / "out").iterdir()) == ["report.csv", "report.jsonl"]
    assert sorted(p.name for p in plimsoll.cwd.iterdir()) == ["a.json", "out"]  # no temporary file stays


def test_a_file_that_cannot_be_written_does_not_stop_the_others(plimsoll):
    (plimsoll.cwd / "dir.csv").mkdir()
    done = plimsoll("report", SAMPLE, "-o", "csv=dir.csv", "-o", "json=a.json", "-o", "table")
    assert done.returncode == 3 and "dir.csv" in done.stderr
    assert (plimsoll.cwd / "a.json").read_text() == SAMPLE.read_text()
    assert "VERDICT" in done.stdout
    done = plimsoll("report", SAMPLE, "-o", "json=nowhere/a.json")
    assert done.returncode == 3 and "nowhere" in done.stderr


def test_what_is_no_regular_file_is_written_in_place(plimsoll):
    link, target = plimsoll.cwd / "link.json", plimsoll.cwd / "target.json"
    target.write_text("old and much longer\n" * 10000)
    link.symlink_to(target)
    assert plimsoll("report", SAMPLE, "-o", "json=link.json", "-o", "csv=/dev/null").returncode == 1
    assert link.is_symlink() and target.read_text() == SAMPLE.read_text()
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert plimsoll("report", SAMPLE, "-o", "json=/dev/stdout").stdout == SAMPLE.read_text()


def on_terminal(plimsoll, *args, **env):
    """Standard output of a run on a terminal of 100 columns."""
    leader, follower = pty.openpty()
    with os.fdopen(leader, "rb", buffering=0) as screen:
        process = subprocess.Popen([plimsoll.binary, *map(str, args)], env={**plimsoll.env, "TERM": "xterm", **env}, cwd=plimsoll.cwd,
                                   stdin=subprocess.DEVNULL, stdout=follower, stderr=subprocess.DEVNULL)
        os.close(follower)
        text = b""
        while True:
            try:
                part = screen.read(65536)
            except OSError:  # EIO: the other side is closed
                break
            if not part:
                break
            text += part
        process.wait(timeout=30)
    return text.decode()


def test_colors_only_on_a_terminal(plimsoll):
    assert "\033" not in plimsoll("report", SAMPLE).stdout
    colored = on_terminal(plimsoll, "report", SAMPLE)
    assert "\033[1;31mcritical\033[0m" in colored
    assert "\033" not in on_terminal(plimsoll, "report", SAMPLE, NO_COLOR="1")
    assert "\033" not in on_terminal(plimsoll, "report", SAMPLE, TERM="dumb")
    assert "\033" not in on_terminal(plimsoll, "report", SAMPLE, "--color", "never")
    assert "\033[1;31m" in plimsoll("report", SAMPLE, "--color", "always").stdout
    assert "\033[1;31m" in on_terminal(plimsoll, "report", SAMPLE, "--color", "always", NO_COLOR="1")
    plain = re.sub(r"\033\[[0-9;]*m", "", plimsoll("report", SAMPLE, "--color", "always").stdout)
    assert plain == plimsoll("report", SAMPLE).stdout


def test_hostile_names_are_escaped_everywhere(plimsoll, tmp_path):
    report = json.loads(SAMPLE.read_text())
    evil = "a\033]0;x\007\r\n\u202e\u0085|<b>\"',=\\"
    report["targets"][0]["distro"]["pretty"] = evil
    for package in report["packages"]:
        package["name"] = package["version"] = package["source"]["name"] = evil
    for finding in report["findings"]:
        finding["title"] = finding["object"] = evil
        finding["fix"]["versions"] = [evil] if finding["fix"]["versions"] else []
    for row in report["diagnostics"]:
        row["message"] = row["object"] = evil
    report["verdict"]["reasons"] = [evil]
    path = tmp_path / "evil.json"
    path.write_text(json.dumps(report))
    template = tmp_path / "t.tmpl"
    template.write_text("{{range .findings}}{{.title}};{{.title | html}};{{.title | csv}};{{.title | json}}\n{{end}}")
    for args in (["-o", "table"], ["-o", "table", "-v", "--group-by", "none"], ["-o", "csv"], ["-o", "jsonl"], ["-o", f"template={template}"]):
        done = plimsoll("report", path, *args, text=False)
        assert done.returncode == 1, done.stderr
        text = done.stdout.decode()
        bad = [c for c in text if (ord(c) < 32 and c != "\n") or ord(c) == 127 or 128 <= ord(c) < 160]
        if "template" not in args[1]:
            assert not bad, args
        assert "\033" not in text and "\007" not in text, args
        assert "\u202e" not in text or args[1] == f"template={template}", args


@pytest.mark.parametrize("text", ["", "[", "null", "{}", "[1]", '{"schema": 1}', '{"schema": "plimsoll/report/v1", "packages": [3]}', "[" * 100000],
                         ids=range(8))
def test_files_that_are_no_report(plimsoll, tmp_path, text):
    path = tmp_path / "no-report.json"
    path.write_text(text)
    done = plimsoll("report", path)
    assert done.returncode == 3 and "no-report.json" in done.stderr and done.stdout == ""


def test_template_from_a_file(plimsoll, golden):
    template = plimsoll.cwd / "report.tmpl"
    template.write_text("{{range .findings}}{{if not .suppressed}}{{.severity | upper}} {{.id}} {{.package.name | default \"-\"}}"
                        " {{.fix.versions | join \" or \"}}\n{{end}}{{end}}{{len .findings}} in all, verdict {{.verdict.result}}\n")
    done = plimsoll("report", SAMPLE, "-o", "template=report.tmpl", "-o", "template=report.tmpl=out.txt")
    golden("report-template.txt", done.stdout)
    assert (plimsoll.cwd / "out.txt").read_text() == done.stdout
    template.write_text("one\n{{range .x}}")
    done = plimsoll("report", SAMPLE, "-o", "template=report.tmpl")
    assert done.returncode == 2 and "template line 2: not closed: \"range .x\"" in done.stderr
