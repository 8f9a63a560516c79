# SPDX-License-Identifier: Apache-2.0
"""plimsoll exception add, list, lint, import: files that people keep by hand, and those of other tools."""
import json

FINDING = {"key": "k1", "target": "t", "id": "CVE-2024-0001", "kind": "vulnerability", "severity": "high",
           "title": "x", "package": {"id": "p", "name": "libcurl4", "version": "7.1", "type": "deb",
                                     "purl": "pkg:deb/debian/libcurl4@7.1?arch=amd64"},
           "aliases": ["GHSA-aaaa"], "fix": {"state": "unknown", "versions": []}}
ROW = {"gate": "dockerfile", "trigger": "instruction", "trigger_id": "0123abcd", "action": "stop", "message": "m",
       "allowlisted": False}


def write_report(folder, findings=(FINDING,), rules=(ROW,)):
    verdict = {"result": "fail", "policy": "p", "rules": list(rules), "reasons": []}
    report = {"schema": "plimsoll/report/v1", "run": {"tool": "plimsoll", "version": "0", "started": "2026-11-24T00:00:00Z",
                                                      "exit": {"code": 0, "also": []}},
              "targets": [{"id": "t", "source": {"scheme": "dir", "reference": "app:1", "layers": []}, "verdict": verdict}],
              "packages": [{"target": "t", "id": "p", "type": "deb", "name": "libcurl4", "version": "7.1",
                            "purl": "pkg:deb/debian/libcurl4@7.1?arch=amd64", "source": {"name": "curl", "version": "7.1"}}],
              "findings": list(findings), "checks": [], "verdict": verdict, "diagnostics": []}
    path = folder / "app.json"
    path.write_text(json.dumps(report))
    return path


SAID = ("--reason", "not reachable", "--owner", "web", "--until", "2027-01-31", "--now", "2026-11-24")


def rows_of(plimsoll, *more):
    done = plimsoll("exception", "list", "-o", "json", "--now", "2026-11-24", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["exceptions"]


def test_a_finding_becomes_one_of_its_package(plimsoll):
    report = write_report(plimsoll.cwd)
    for word in ("k1", "GHSA-aaaa", "cve-2024-0001"):
        done = plimsoll("exception", "add", word, report, *SAID, "--exceptions", word + ".yaml")
        assert done.returncode == 0, done.stderr
        row = rows_of(plimsoll, "--exceptions", word + ".yaml")[0]
        assert (row["id"], row["where"]["purl"], row["until"]) == ("CVE-2024-0001", "pkg:deb/debian/libcurl4", "2027-01-31")


def test_a_rule_of_the_verdict(plimsoll):
    report = write_report(plimsoll.cwd)
    assert plimsoll("exception", "add", "0123abcd", report, *SAID).returncode == 0
    assert plimsoll("exception", "add", "dockerfile.instruction", report, *SAID).returncode == 0
    one, every = rows_of(plimsoll, report)
    assert (one["id"], one["where"]["check"], one["state"]) == ("0123abcd", "dockerfile.instruction", "used")
    assert (every["id"], every["where"]["check"]) == ("dockerfile.instruction", None)


def test_what_is_not_there_is_a_fault(plimsoll):
    report = write_report(plimsoll.cwd)
    done = plimsoll("exception", "add", "CVE-1999-1", report, *SAID)
    assert done.returncode == 2 and "CVE-1999-1" in done.stderr
    assert not (plimsoll.cwd / "exceptions.yaml").exists()
    assert plimsoll("exception", "add", "k1", report, *SAID, "--package", "bash").returncode == 2
    assert plimsoll("exception", "add", "k1", report, *SAID, "--package", "curl").returncode == 0
    done = plimsoll("exception", "add", "k1", report, *SAID)
    assert done.returncode == 2 and "there already" in done.stderr


def test_reason_owner_and_end_are_needed(plimsoll):
    for gone in ("--reason", "--owner", "--until"):
        at = SAID.index(gone)
        done = plimsoll("exception", "add", "X-1", *SAID[:at], *SAID[at + 2:])
        assert done.returncode == 2 and gone in done.stderr, gone
    for until in ("yesterday", "2026-11-23", "2027-02-30"):
        done = plimsoll("exception", "add", "X-1", "--reason", "abcd", "--owner", "o", "--until", until, "--now", "2026-11-24")
        assert done.returncode == 2, until
    done = plimsoll("exception", "add", "X-1", "--reason", "abcd", "--owner", "o", "--until", "30d", "--now", "2026-11-24")
    assert "until: 2026-12-24" in done.stdout


def test_remarks_and_order_stay(plimsoll):
    old = "# why we accept what\n\n-   id: B   # first\n    reason: 'it''s fine'\n# tail"
    path = plimsoll.cwd / "exceptions.yaml"
    path.write_text(old)
    path.chmod(0o600)
    assert plimsoll("exception", "add", "A-1", *SAID).returncode == 0
    assert path.read_text().startswith(old + "\n- id: A-1\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [r["id"] for r in rows_of(plimsoll)] == ["B", "A-1"]


def test_a_list_that_cannot_grow_stays_as_it_was(plimsoll):
    path = plimsoll.cwd / "exceptions.yaml"
    for old in ("exceptions: [{id: a, reason: because}]\n", "- id: a\n  reason: |+\n    x\n\n...\n"):
        path.write_text(old)
        done = plimsoll("exception", "add", "A-1", *SAID)
        assert done.returncode == 2, old
        assert path.read_text() == old


def test_lint(plimsoll):
    path = plimsoll.cwd / "exceptions.yaml"
    path.write_text("- {id: a, reason: todo, owner: x, until: 2027-01-01}\n- {id: '*', reason: all of it, owner: x, until: 2027-01-01}\n"
                    "- {id: b, reason: because, until: 2020-01-01}\n- {id: c}\n- {id: d, reason: because, who: x}\n")
    done = plimsoll("exception", "lint", "--now", "2026-11-24")
    assert done.returncode == 1
    for line, word in ((1, "says nothing"), (2, "suppresses everything"), (3, "ended on 2020-01-01"), (3, "nobody answers"),
                       (4, "needs a `reason`"), (5, "unknown key")):
        assert any(f"exceptions.yaml:{line}:" in text and word in text for text in done.stdout.splitlines()), word
    path.write_text("- {id: a, reason: because, owner: x, until: 2027-01-01}\n")
    done = plimsoll("exception", "lint", "--now", "2026-11-24")
    assert (done.returncode, done.stdout) == (0, "1 exception, 0 errors, 0 warnings\n")


FOREIGN = {
    ".trivyignore": ("# not reachable\nCVE-1-1\nCVE-1-2 exp:2027-01-31\n",
                     [("CVE-1-1", {}, "not reachable", None), ("CVE-1-2", {}, "ignored in .trivyignore", "2027-01-30")]),
    ".trivyignore.yaml": ("vulnerabilities:\n- id: CVE-1-1\n  paths: [usr/lib/x]\n  purls: ['pkg:deb/debian/a', 'pkg:deb/debian/b']\n"
                          "  statement: s\n  expired_at: 2027-01-31\n",
                          [("CVE-1-1", {"path": "/usr/lib/x", "purl": "pkg:deb/debian/" + p}, "s", "2027-01-30") for p in "ab"]),
    ".grype.yaml": ("ignore:\n- vulnerability: CVE-1-1\n  package: {name: lib.*, type: deb, version: 1:2+3}\n"
                    "- vulnerability: CVE-1-2\n  fix-state: unknown\n- package: {type: gem}\n",
                    [("CVE-1-1", {"purl": "pkg:deb/**/lib**@1:2%2B3", "kind": "vulnerability"}, "ignored in .grype.yaml", None),
                     ("*", {"purl": "pkg:gem/**/*", "kind": "vulnerability"}, "ignored in .grype.yaml", None)]),
    "osv-scanner.toml": ("[[IgnoredVulns]]\nid = 'GO-1'\nignoreUntil = 2027-01-31T12:00:00Z\nreason = 'r'\n"
                         "[[PackageOverrides]]\nname = 'org.x:y'\necosystem = 'Maven'\nignore = true\n",
                         [("GO-1", {}, "r", "2027-01-30"),
                          ("*", {"purl": "pkg:maven/**/org.x/y", "kind": "vulnerability"}, "ignored in osv-scanner.toml", None)]),
    ".gitleaksignore": (40 * "a" + ":a/b.txt:rule-1:7\n", [("rule-1", {"path": "/a/b.txt", "line": 7}, "ignored in .gitleaksignore", None)]),
    ".gitleaks.toml": ("[[rules]]\nid = 'r1'\n[[rules.allowlists]]\npaths = ['''^docs/.*\\.md$''', 'a{3}']\nregexes = ['x']\n",
                       [("r1", {"path": "/docs/**.md", "kind": "secret"}, "allowed in .gitleaks.toml", None)]),
    ".hadolint.yaml": ("ignored: [DL3008]\n", [("DL3008", {}, "ignored in .hadolint.yaml", None)]),
}


def test_files_of_other_tools(plimsoll):
    for name, (text, expected) in FOREIGN.items():
        (plimsoll.cwd / name).write_text(text)
        direct = rows_of(plimsoll, "--exceptions", name)
        assert plimsoll("exception", "import", name, "--exceptions", name + ".out").returncode == 0
        carried = rows_of(plimsoll, "--exceptions", name + ".out")
        for rows in (direct, carried):
            got = [(r["id"], {k: v for k, v in r["where"].items() if v not in (None, 0)}, r["reason"], r["until"]) for r in rows]
            assert got == expected, name


def test_what_cannot_be_carried_is_named(plimsoll):
    for name, count in ((".grype.yaml", 1), (".gitleaks.toml", 2)):
        (plimsoll.cwd / name).write_text(FOREIGN[name][0])
        done = plimsoll("exception", "import", name)
        assert f"{count} row{'s' if count > 1 else ''} not carried over" in done.stdout, done.stdout
    again = plimsoll("exception", "import", ".grype.yaml")
    assert again.stdout.startswith("0 exceptions written to exceptions.yaml, 2 there already")


def test_an_import_adds_an_owner_and_an_end(plimsoll):
    (plimsoll.cwd / ".trivyignore").write_text(FOREIGN[".trivyignore"][0])
    assert plimsoll("exception", "import", ".trivyignore", "--owner", "web", "--until", "2027-03-01").returncode == 0
    assert [(r["owner"], r["until"]) for r in rows_of(plimsoll)] == [("web", "2027-03-01"), ("web", "2027-01-30")]
