# SPDX-License-Identifier: Apache-2.0
"""Formats for code hosts, CI systems and auditors: sarif, junit, markdown, html.

Each is read with a parser that we did not write, each with hostile texts in every place.
"""
import base64
import copy
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import unicodedata
from xml.etree import ElementTree

import html5lib
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


# ---- junit ----------------------------------------------------------------------------------------------

# The shape that CI systems agree on (Jenkins' junit-10.xsd): attributes that must be there, that may be, and children.
JUNIT = {
    "testsuites": ({"name", "tests", "failures", "errors"}, {"time", "disabled"}, {"testsuite"}),
    "testsuite": ({"name", "tests"}, {"failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package", "disabled"},
                  {"properties", "testcase", "system-out", "system-err"}),
    "testcase": ({"name", "classname"}, {"time", "status", "assertions"}, {"skipped", "error", "failure", "system-out", "system-err"}),
    "failure": (set(), {"type", "message"}, set()),
    "error": (set(), {"type", "message"}, set()),
    "skipped": (set(), {"message"}, set()),
}


def check_junit(text):
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites"
    for node in root.iter():
        need, may, children = JUNIT[node.tag]
        assert need <= set(node.attrib) <= need | may, node.attrib
        assert {child.tag for child in node} <= children
        assert node.tag != "testcase" or len(node) <= 1 and node.get("name") and node.get("classname")
    for tag, key in (("failure", "failures"), ("error", "errors"), ("testcase", "tests")):
        for suite in root:
            assert len(suite.findall(".//" + tag)) == int(suite.get(key))
        assert sum(int(suite.get(key)) for suite in root) == int(root.get(key))
    assert all(len(suite.findall(".//skipped")) == int(suite.get("skipped")) for suite in root)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp")) for suite in root)
    return root


def test_junit_has_a_case_for_each_check_and_upgrade(render):
    report = json.loads(AUDIT.read_text())
    root = check_junit(render(AUDIT, "junit")[0])
    assert [suite.get("name") for suite in root] == [t["id"] for t in report["targets"]] + ["run"]
    cases = {(c.get("classname"), c.get("name")): c for c in root.iter("testcase")}
    for row in report["checks"]:
        case = cases.pop((f"{row['target']}.{row['object']}", f"{row['id']} {row['title']}"))
        want = {"pass": None, "fail": "failure", "manual": "skipped", "na": "skipped", "unknown": "error"}[row["outcome"]]
        if row["id"] == "1.1.1":
            want = "skipped"  # an exception covers it
            assert "single disk" in case[0].get("message")
        assert (case[0].tag if len(case) else None) == want, row
        assert want is None or row["id"] == "1.1.1" or row["evidence"][0] in case[0].get("message")
    web = "registry.example.org/shop/web:2.4.vulnerability"
    assert {name for cls, name in cases if cls == web} == {"openssl", "curl", "zlib"}
    assert {"CVE-2024-5535", "CVE-2024-4741"} <= set(cases[web, "openssl"][0].text.split())
    assert cases["plimsoll", "verdict"][0].tag == "failure"
    blind = [c for (cls, _), c in cases.items() if cls == "could not look"]
    assert sorted(c[0].tag for c in blind) == ["error", "skipped", "skipped"]


def test_junit_of_clean_packages_is_a_pass(render):
    report = json.loads(SAMPLE.read_text())
    report["findings"] = []
    cases = {(c.get("classname"), c.get("name")): c for c in check_junit(render(report, "junit")[0]).iter("testcase")}
    assert len(cases["app.tar.vulnerability", "packages"]) == 0


@pytest.mark.parametrize("n", range(4))
def test_junit_of_hostile_texts(render, n):
    text = render(evil_report(n), "junit")[0]
    assert "\x1b" not in text and "\u202e" not in text and len(text) < 1 << 20
    check_junit(text)


# ---- markdown ---------------------------------------------------------------------------------------------


def rendered(text):
    """As GitHub's own parser makes HTML of it."""
    if not shutil.which("cmark-gfm"):
        pytest.skip("skipped: this platform has no cmark-gfm")
    return subprocess.run(["cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough", "-e", "tasklist"], input=text.encode(),
                          capture_output=True, check=True).stdout.decode()


def check_markdown(text):
    """Elements and links that the rendered page has; whatever stands outside of code must not link or call anybody."""
    assert len(text.encode("utf-16-le")) // 2 <= 65536
    html = rendered(text)
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    tags = {node.tag for node in tree.iter() if isinstance(node.tag, str)}
    assert tags <= {"html", "head", "body", "h2", "h3", "p", "ul", "ol", "li", "strong", "em", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "a",
                    "sub"}, tags
    for node in tree.iter("a"):
        assert re.match(r"https://(security-tracker\.debian\.org/tracker|www\.cve\.org/CVERecord)", node.get("href")), node.get("href")
    for table in tree.iter("table"):
        widths = {len(row) for row in table.iter("tr")}
        assert len(widths) == 1, "a cell broke its row"
    outside = []

    def walk(node, inside):
        inside = inside or node.tag in ("code", "pre", "a")
        if not inside:
            outside.append(node.text or "")
        for child in node:
            walk(child, inside)
            if not inside:
                outside.append(child.tail or "")

    walk(tree, False)
    words = "".join(outside)
    assert not re.search(r"@\w|#\d|\bGH-\d|https?://|www\.\w", words), words
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", html)
    return tree


def test_markdown(render, golden):
    text, said = render(AUDIT, "markdown")
    golden("audit.md", text)
    assert said == ""
    tree = check_markdown(text)
    page = "".join(tree.itertext())
    report = json.loads(AUDIT.read_text())
    for finding in report["findings"]:
        assert bool(finding["suppressed"]) != (finding["id"] in page), finding["id"]
    for row in report["fixes"]:
        assert all(line.strip() in page for line in row["command"].splitlines())
    for row in report["diagnostics"]:
        assert row["message"] in page


@pytest.mark.parametrize("n", range(6))
def test_markdown_of_hostile_texts(render, n):
    report = evil_report(n)
    for finding in report["findings"]:
        finding["references"] = []
    check_markdown(render(report, "markdown")[0])


def test_markdown_says_what_it_left_out(render):
    report = many(json.loads(AUDIT.read_text()), 3000)
    checks = [f for f in json.loads(AUDIT.read_text())["findings"] if f["kind"] == "audit"]
    for i in range(2000):
        row = copy.deepcopy(checks[i % len(checks)])
        row.update(id=f"X{i}", key=f"x{i}", object="\U0001f6a2" * 50)
        report["findings"].append(row)
    report["diagnostics"] = report["diagnostics"] * 500
    text, said = render(report, "markdown")
    tree = check_markdown(text)
    assert len(text) > 40000
    page = "".join(tree.itertext())
    shown = len(re.findall(r"CVE-2024-\d", page))
    assert f"{3000 - shown} more vulnerabilities are not shown here" in page and f"{3000 - shown} more vulnerabilities" in said
    assert shown > 20 and page.count("critical") > 20 and "Could not look" in page and "more lines are not shown" in page


# ---- html -----------------------------------------------------------------------------------------------------

HTML = "{http://www.w3.org/1999/xhtml}"


def check_html(text):
    """Parsed as a browser does, without any error; nothing is loaded; nothing but our own elements; the policy holds."""
    parser = html5lib.HTMLParser(strict=False)
    tree = parser.parse(text)
    assert not parser.errors, parser.errors[:3]
    nodes = [n for n in tree.iter() if isinstance(n.tag, str)]
    tags = {n.tag.split("}")[1] for n in nodes}
    assert tags <= set("html head meta title style script body a div header nav p h1 h2 h3 main section article ul ol li pre code span strong b table thead tbody tr th td "
                       "details summary dl dt dd footer label input svg circle path rect text".split()), tags
    assert text.count("<script") == text.count("<style") == 1
    for node in nodes:
        for name, value in node.attrib.items():
            assert name in ("class", "id", "href", "lang", "charset", "http-equiv", "content", "name", "aria-label", "aria-hidden", "role", "width", "height", "viewBox", "cx",
                            "cy", "r", "x", "y", "d", "fill", "stroke-width", "stroke-dasharray", "transform", "text-anchor", "preserveAspectRatio", "scope", "data-row",
                            "data-label", "open", "hidden", "for", "type", "placeholder"), name
        if node.tag == HTML + "a":
            assert re.fullmatch(r"#[a-z0-9]+", node.get("href")), node.get("href")
    ids = [n.get("id") for n in nodes if n.get("id")]
    assert len(ids) == len(set(ids))
    assert {n.get("href")[1:] for n in nodes if n.tag == HTML + "a"} <= set(ids)
    policy = next(n for n in nodes if n.get("http-equiv")).get("content")
    for kind in ("style", "script"):
        inside = re.search(f"<{kind}>(.*?)</{kind}>", text, re.S).group(1)
        hashed = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{hashed}'" in policy
        assert not re.search(r"url\(|@import|https?:", inside)
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    for table in (n for n in nodes if n.tag == HTML + "table"):
        for head in table.iter(HTML + "th"):
            assert head.get("scope") in ("col", "row")
    levels = [int(n.tag[-1]) for n in nodes if re.fullmatch(re.escape(HTML) + "h[1-6]", n.tag)]
    assert levels[0] == 1 and levels.count(1) == 1 and all(b <= a + 1 for a, b in zip(levels, levels[1:]))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", re.sub(r"<script>.*?</script>", "", text, flags=re.S))
    return tree


def test_html_says_what_the_report_says(render):
    report = json.loads(AUDIT.read_text())
    page = " ".join(" ".join(check_html(render(AUDIT, "html")[0]).itertext()).split())

    def has(text):
        return " ".join(text.replace("`", " ").split()) in page or " ".join(text.replace("`", "").split()) in page

    host = report["host"]
    for text in [host["name"], host["machine_id"], host["os"], host["kernel"], *host["engines"], *report["verdict"]["reasons"]]:
        assert has(text), text
    for row in report["checks"]:
        assert has(row["id"]) and has(row["object"]) and all(map(has, row["evidence"])), row
    for row in report["findings"]:
        assert has(row["id"]) and has(row["title"])
        if row["suppressed"]:
            assert all(has(row["suppressed"][key]) for key in ("reason", "owner", "until", "by"))
    for row in report["fixes"]:
        assert has(row["title"]) and all(map(has, row["command"].splitlines()))
    for row in report["diagnostics"]:
        assert has(row["code"]) and has(row["message"])
    for row in report["db"]["feeds"]:
        assert has(row["name"]) and has(row["as_of"])
    for name in ("CIS Docker Benchmark 1.6.0", "CIS Controls 8", "NIST SP 800-190", "PCI DSS 4.0.1", "MITRE ATT&CK"):
        assert has(name)


def test_html_by_framework_counts_rows(render):
    report = json.loads(AUDIT.read_text())
    tree = check_html(render(AUDIT, "html")[0])
    section = next(n for n in tree.iter(HTML + "section") if n.get("id") == "frameworks")
    rows = {}
    for name, table in zip((h for h in section.iter(HTML + "h3")), section.iter(HTML + "table")):
        for row in table.find(HTML + "tbody"):
            cells = ["".join(c.itertext()) for c in row]
            rows["".join(name.itertext()).strip(), cells[0]] = (cells[1], list(map(int, cells[2:7])))
    want = {}
    names = {"cis-docker": "CIS Docker Benchmark", "cis-controls": "CIS Controls", "nist-800-190": "NIST SP 800-190", "pci-dss": "PCI DSS", "attack": "MITRE ATT&CK"}
    outcomes = ["pass", "fail", "manual", "na", "unknown"]
    for check in report["checks"]:
        for control in check["controls"]:
            key = f"{names[control['framework']]} {control['version']}".strip(), control["id"]
            want.setdefault(key, [0] * 5)[outcomes.index(check["outcome"])] += 1
    assert {key: counts for key, (_, counts) in rows.items()} == want
    assert rows["CIS Docker Benchmark 1.6.0", "5.4"][0] == "fail" and rows["CIS Docker Benchmark 1.6.0", "1.1.3"][0] == "unknown"


def test_html_of_a_scan(render):
    text = "".join(check_html(render(SAMPLE, "html")[0]).itertext())
    assert "CVE-2024-5535" in text and "app.tar" in text and "Failed" in text


@pytest.mark.parametrize("n", range(6))
def test_html_of_hostile_texts(render, n):
    text = render(evil_report(n), "html")[0]
    check_html(text)
    assert len(text) < 2 << 20


# ---- table and jsonl of an audit ----------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 100, 200])
def test_table_of_an_audit(plimsoll, golden, width):
    done = plimsoll("report", AUDIT, env={"COLUMNS": str(width)})
    assert done.returncode == 1 and done.stderr == ""
    assert max(map(len, done.stdout.splitlines())) <= width
    golden(f"audit-table-{width}.txt", done.stdout)


def test_table_of_an_audit_lists_what_it_is_asked_for(plimsoll):
    report = json.loads(AUDIT.read_text())
    short, long = (plimsoll("report", AUDIT, "--show-suppressed", *more).stdout for more in ([], ["-v"]))
    for row in report["checks"]:
        line = f"{row['id']} {row['title']}"
        assert line in long and (line in short) >= (row["outcome"] in ("fail", "manual", "unknown")), row
    assert "(suppressed: exception)" in short and "1.1.1" not in plimsoll("report", AUDIT).stdout
    assert short.index("5.32 the engine") < short.index("5.4 capabilities") < short.index("5.11 memory") and "COULD NOT LOOK" in short


@pytest.mark.parametrize("n", range(3))
def test_table_of_hostile_texts(plimsoll, tmp_path, n):
    path = tmp_path / "evil.json"
    path.write_text(json.dumps(evil_report(n)))
    for width, more in ((60, []), (133, ["-v", "--show-suppressed"])):
        text = plimsoll("report", path, *more, env={"COLUMNS": str(width)}).stdout
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
        for line in text.splitlines():
            columns = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
            assert columns <= width, line[:200]


def test_jsonl_has_every_row_of_an_audit(render):
    report = json.loads(AUDIT.read_text())
    rows = {}
    for line in render(AUDIT, "jsonl", "--show-suppressed")[0].splitlines():
        row = json.loads(line)
        rows.setdefault(row.pop("record"), []).append(row)
    assert rows["check"] == report["checks"] and rows["score"] == report["scores"] and rows["fix"] == report["fixes"]
    assert len(rows["finding"]) == len(report["findings"])
