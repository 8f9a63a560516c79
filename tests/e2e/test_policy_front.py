# SPDX-License-Identifier: Apache-2.0
"""What people touch of policies: check, explain, lint, convert, diff, and scan --policy. How single gates judge is tested
with the gates."""
import json
import pathlib
import re

import pytest

NAMES = ("default", "strict", "cis-docker", "nist-800-190")
TOP = pathlib.Path(__file__).parents[2]


def flaw(number, severity, fix=()):
    return {"id": f"CVE-2026-{number}", "severity": severity, "link": "https://example.test", "package": "libdemo",
            "version": "1.0", "package_type": "dpkg", "location": "pkgdb", "fix_versions": list(fix), "will_not_fix": False,
            "fix_observed_at": None, "detected_at": "2026-10-01T00:00:00Z", "nvd_cvss": [], "vendor_cvss": []}


def write_facts(folder, *flaws, name="facts.json"):
    facts = {"image_id": 64 * "1", "image_digest": "sha256:" + 64 * "a", "dockerfile_mode": "Actual",
             "dockerfile_contents": "FROM scratch\n", "size": 10, "distro": "debian", "distro_version": "12", "like_distro": "",
             "docker_data": {"Architecture": "amd64", "Os": "linux"}, "layers": ["l"], "vulnerabilities": list(flaws)}
    path = folder / name
    path.write_text(json.dumps(facts))
    return path


def rule(gate, trigger, action, **params):
    return {"gate": gate, "trigger": trigger, "action": action, "params": [{"name": n, "value": v} for n, v in params.items()]}


def bundle(*rules, items=(), repository="*", **more):
    return {"id": "team", "version": "1_0", "name": "Team", "policies": [{"id": "p", "name": "P", "version": "1_0", "rules": list(rules)}],
            "whitelists": [{"id": "w", "name": "W", "version": "1_0", "items": list(items)}],
            "mappings": [{"name": "m", "registry": "docker.io", "repository": repository, "image": {"type": "tag", "value": "*"},
                          "policy_ids": ["p"], "whitelist_ids": ["w"]}], **more}


SEVERE = rule("vulnerabilities", "package", "STOP", package_type="all", severity="high", severity_comparison=">=")
WARN = rule("always", "always", "WARN")


def write(folder, document, name="bundle.json"):
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=1))
    return path


def check(plimsoll, *args, tag="docker.io/team/app:1", **kwargs):
    return plimsoll("policy", "check", *args, "--tag", tag, "--now", "2026-11-24", **kwargs)


def verdict(done):
    return json.loads(done.stdout)["verdict"]


# ---- check ---------------------------------------------------------------------------------------


def test_stop_fails_warn_passes_unless_told(plimsoll):
    facts = write_facts(plimsoll.cwd, flaw(1, "High"))
    stop, warn, go = (write(plimsoll.cwd, bundle(r), n) for r, n in ((SEVERE, "s.json"), (WARN, "w.json"),
                                                                      (rule("always", "always", "GO"), "g.json")))
    assert check(plimsoll, facts, "--policy", stop).returncode == 1
    assert check(plimsoll, facts, "--policy", warn).returncode == 0
    assert check(plimsoll, facts, "--policy", warn, "--fail-on-warn").returncode == 1
    assert check(plimsoll, facts, "--policy", go, "--fail-on-warn").returncode == 0
    for path, result in ((stop, "fail"), (warn, "warn"), (go, "pass")):
        assert verdict(check(plimsoll, facts, "--policy", path, "-o", "json"))["result"] == result


def test_rows_are_in_the_report_and_of_its_target(plimsoll):
    facts = write_facts(plimsoll.cwd, flaw(1, "High"), flaw(2, "Low"))
    done = check(plimsoll, facts, "--policy", write(plimsoll.cwd, bundle(SEVERE)), "-o", "json")
    report = json.loads(done.stdout)
    rows = report["verdict"]["rules"]
    assert [(r["gate"], r["trigger"], r["trigger_id"], r["action"], r["allowlisted"]) for r in rows] == [
        ("vulnerabilities", "package", "CVE-2026-1+libdemo", "stop", False)]
    assert report["targets"][0]["verdict"]["rules"] == rows and report["verdict"]["policy"] == "team"


def test_nothing_applied_is_no_success(plimsoll):
    facts = write_facts(plimsoll.cwd)
    path = write(plimsoll.cwd, bundle(WARN, repository="other/*"))
    done = check(plimsoll, facts, "--policy", path)
    assert done.returncode == 5 and "nothing was applied" in re.sub(r"\s+", " ", done.stdout)
    assert check(plimsoll, facts, "--policy", path, "--allow", "empty").returncode == 0
    done = check(plimsoll, facts, "--policy", path, "--mode", "compat", "-o", "json")
    assert done.returncode == 0 and verdict(done)["result"] == "pass"


def test_a_policy_with_faults_stops(plimsoll):
    facts = write_facts(plimsoll.cwd)
    done = check(plimsoll, facts, "--policy", write(plimsoll.cwd, bundle(rule("nothing", "always", "WARN"))))
    assert done.returncode == 1 and "nothing" in done.stdout
    done = check(plimsoll, facts, "--policy", write(plimsoll.cwd, "policy: x\nrules:\n  - halt: always.always\n", "x.yaml"))
    assert done.returncode == 1 and "2:5" not in done.stdout and "halt" in done.stdout


@pytest.mark.parametrize("text", ["rules: [", "just text", "{\"version\": \"9\"}"])
def test_what_is_no_policy_is_a_usage_fault(plimsoll, text):
    facts = write_facts(plimsoll.cwd)
    assert check(plimsoll, facts, "--policy", write(plimsoll.cwd, text, "x")).returncode == 2
    assert check(plimsoll, facts, "--policy", "no-such-policy").returncode == 2


def test_exceptions_accept_rows(plimsoll):
    facts = write_facts(plimsoll.cwd, flaw(1, "High"), flaw(2, "Critical"))
    path = write(plimsoll.cwd, bundle(SEVERE))
    write(plimsoll.cwd, "- {id: CVE-2026-1, where: {purl: 'pkg:deb/debian/libdemo'}, reason: because, owner: me, until: 2027-01-01}\n"
          "- {id: CVE-2026-2+libdemo, where: {check: vulnerabilities.package}, reason: because, owner: me, until: 2027-01-01}\n",
          "e.yaml")
    done = check(plimsoll, facts, "--policy", path, "--exceptions", "e.yaml", "-o", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 0 and all(r["allowlisted"] for r in report["verdict"]["rules"])
    assert not [d for d in report["diagnostics"] if d["code"] == "exception.unused"]
    write(plimsoll.cwd, "- {id: CVE-2026-1, reason: because, until: 2026-01-01}\n- {id: CVE-2026-9, reason: because}\n", "e.yaml")
    done = check(plimsoll, facts, "--policy", path, "--exceptions", "e.yaml", "-o", "json")
    codes = [d["code"] for d in json.loads(done.stdout)["diagnostics"]]
    assert done.returncode == 1 and "exception.expired" in codes and "exception.unused" in codes


def test_no_worse_than_before(plimsoll):
    before = write_facts(plimsoll.cwd, flaw(1, "High"), name="before.json")
    path = write(plimsoll.cwd, "policy: x\nrules:\n  - stop: ratchet.vulnerabilities\n", "x.yaml")
    same, worse = write_facts(plimsoll.cwd, flaw(1, "High")), write_facts(plimsoll.cwd, flaw(1, "High"), flaw(2, "Low"), name="w.json")
    assert check(plimsoll, same, "--policy", path, "--against", before).returncode == 0
    done = check(plimsoll, worse, "--policy", path, "--against", before, "-o", "json")
    assert done.returncode == 1 and ["CVE-2026-2" in r["trigger_id"] for r in verdict(done)["rules"]] == [True]


def test_a_gate_and_a_policy_either_fails(plimsoll):
    root = plimsoll.cwd / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "os-release").write_text('ID=debian\nVERSION_ID="12"\n')
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "var/lib/dpkg/status").write_text("Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n")
    common = ("--offline", "--repo", "never", "--allow", "incomplete", "--db-max-age", "none", "-o", "json", "--skip", "vulnerability")
    warn = write(plimsoll.cwd, bundle(rule("packages", "blacklist", "WARN", name="a")))
    stop = write(plimsoll.cwd, bundle(rule("packages", "blacklist", "STOP", name="a")), "stop.json")
    for path, result, code in ((warn, "warn", 0), (stop, "fail", 1)):
        done = plimsoll("scan", f"dir:{root}", "--policy", path, "--tag", "docker.io/a:1", *common)
        assert (done.returncode, verdict(done)["result"]) == (code, result), done.stderr
        assert [r["gate"] for r in verdict(done)["rules"]] == ["packages"]


@pytest.mark.parametrize("form, words", [("table", "vulnerabilities.package"), ("markdown", "vulnerabilities.package"),
                                         ("junit", "vulnerabilities.package"), ("sarif", '"trigger_id":"CVE-2026-1+libdemo"')])
def test_other_formats_show_the_rows(plimsoll, form, words):
    facts = write_facts(plimsoll.cwd, flaw(1, "High"))
    done = check(plimsoll, facts, "--policy", write(plimsoll.cwd, bundle(SEVERE)), "-o", form)
    assert words in done.stdout.replace('": "', '":"').replace("\\.", ".")


# ---- the policies that are built in ------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_built_in_policies_have_no_fault(plimsoll, name):
    done = plimsoll("policy", "lint", name)
    assert (done.returncode, done.stdout) == (0, "0 errors, 0 warnings\n")
    text = (TOP / "policies" / f"{name}.yaml").read_text()
    rules = re.split(r"\n  - (?=stop|warn)", text)[1:]
    assert len(rules) > 5 and all("\n    reason: " in r and "\n    reference: " in r for r in rules)


# ---- lint -----------------------------------------------------------------------------------------------


def test_lint_names_what_is_there_for_nothing(plimsoll):
    document = bundle(
        rule("vulnerabilities", "package", "STOP", package_type="all", severity="critical"),
        rule("vulnerabilities", "package", "STOP", package_type="all", max_days_since_fix="3"),
        rule("files", "name_match", "WARN", regex="(x+)+y"), rule("files", "name_match", "WARN", regex="*.pem"),
        rule("secrets", "found", "STOP"), rule("always", "always", "GO"), WARN, WARN,
        items=[{"gate": "vulnerabilities", "trigger_id": "CVE-2026-1", "id": "a"}, {"gate": "malware", "trigger_id": "x", "id": "b"},
               {"gate": "always", "trigger_id": "always", "id": "c", "expires_on": "2020-01-01T00:00:00Z"}])
    document["mappings"] *= 2
    document["policies"].append({"id": "idle", "version": "1_0", "rules": []})
    done = plimsoll("policy", "lint", write(plimsoll.cwd, document), "--now", "2026-11-24")
    assert done.returncode == 1
    for words in ("no severity is above critical", "does nothing without fix_available", "a repetition inside a repeated group",
                  "not an expression", "plimsoll's own", "changes no verdict", "it fires twice", "CVE+PACKAGE", "gate malware",
                  "ended on 2020-01-01", "is never reached", "idle is named by no mapping"):
        assert words in done.stdout, words


def test_lint_has_lines_and_json(plimsoll):
    path = write(plimsoll.cwd, "policy: x\nrules:\n  - stop: always.always\n    wiht: {}\n  - stop: nothing.at_all\n", "x.yaml")
    done = plimsoll("policy", "lint", path, "-o", "json")
    found = {(p["line"], p["severity"]) for p in json.loads(done.stdout)["problems"]}
    assert done.returncode == 1 and {(4, "error"), (5, "error")} <= found


# ---- convert ------------------------------------------------------------------------------------------------


FULL = {"allowlisted_images": [{"id": "ai", "name": "AI", "registry": "*", "repository": "ok/*", "image": {"type": "tag", "value": "*"}}],
        "denylisted_images": [{"id": "di", "name": "DI", "registry": "quay.io", "repository": "*", "image": {"type": "digest", "value": "sha256:1"}}],
        "id": "x", "name": "All of it", "version": "2", "description": "d: \"quoted\" # no remark",
        "rule_sets": [{"id": "s1", "name": "S 1", "version": "2", "description": "", "artifact_type": "image", "rules": [
            {"id": "r1", "gate": "vulnerabilities", "trigger": "denylist", "action": "STOP",
             "params": [{"name": "vulnerability_ids", "value": "CVE-1,CVE-2"}, {"name": "vendor_only", "value": "true"}],
             "recommendation": "yes", "description": "off"},
            {"id": "r2", "gate": "files", "trigger": "name_match", "action": "WARN", "params": [{"name": "regex", "value": "^/a: {b}, [c]\\.\n\t'x'"}]}]},
            {"id": "s2", "name": "S 2", "version": "2", "rules": []}],
        "allowlists": [{"id": "l", "name": "L", "version": "2", "items": [
            {"id": "i", "gate": "files", "trigger_id": "*", "expires_on": "2030-01-01T00:00:00Z", "description": "null"}]}],
        "mappings": [{"id": "m1", "name": "M", "registry": "docker.io", "repository": "a/*", "image": {"type": "tag", "value": "1.2"},
                      "rule_set_ids": ["s1", "s2"], "allowlist_ids": ["l"]},
                     {"id": "m2", "name": "M2", "registry": "*", "repository": "*", "image": {"type": "id", "value": "0123"},
                      "rule_set_ids": ["s2"], "allowlist_ids": []}]}


def without_empty(node):
    if isinstance(node, dict):
        return {k: without_empty(v) for k, v in node.items() if v != ""}
    return [without_empty(v) for v in node] if isinstance(node, list) else node


def test_nothing_is_lost_on_the_way_to_our_form_and_back(plimsoll):
    yaml = pytest.importorskip("yaml")
    ours = plimsoll("policy", "convert", write(plimsoll.cwd, FULL))
    assert ours.returncode == 0, ours.stderr
    assert yaml.safe_load(ours.stdout)["rule_sets"][0]["rules"][1]["with"]["regex"] == "^/a: {b}, [c]\\.\n\t'x'"
    back = plimsoll("policy", "convert", write(plimsoll.cwd, ours.stdout, "x.yaml"), "--to", "anchore-v2")
    assert json.loads(back.stdout) == without_empty(FULL)
    again = plimsoll("policy", "convert", write(plimsoll.cwd, back.stdout, "y.json"))
    assert again.stdout == ours.stdout


def test_the_old_format_and_back(plimsoll):
    old = bundle(SEVERE, rule("packages", "blacklist", "WARN", name="telnetd"), items=[{"gate": "packages", "trigger_id": 32 * "a", "id": "i"}],
                 whitelisted_images=[], blacklisted_images=[])
    ours = plimsoll("policy", "convert", write(plimsoll.cwd, old))
    assert "warn: packages.blacklist" in ours.stdout  # ids of findings hang on this word
    back = plimsoll("policy", "convert", write(plimsoll.cwd, ours.stdout, "x.yaml"), "--to", "anchore")
    assert json.loads(back.stdout) == old
    new = plimsoll("policy", "convert", write(plimsoll.cwd, old), "--to", "anchore-v2")
    assert json.loads(new.stdout)["rule_sets"][0]["rules"][1]["trigger"] == "denylist" and "ids made of its messages" in new.stderr


@pytest.mark.parametrize("name", NAMES)
def test_reasons_survive_our_own_form(plimsoll, name):
    once = plimsoll("policy", "convert", name).stdout
    path = write(plimsoll.cwd, once, "x.yaml")
    assert plimsoll("policy", "convert", path).stdout == once and once.count("    reason: ") == once.count("    reference: ") > 5


def test_a_policy_with_faults_is_not_converted(plimsoll):
    done = plimsoll("policy", "convert", write(plimsoll.cwd, bundle(rule("nothing", "x", "STOP"))))
    assert (done.returncode, done.stdout) == (2, "")


# ---- explain and diff ------------------------------------------------------------------------------------------


def test_explain(plimsoll):
    facts = write_facts(plimsoll.cwd, flaw(1, "High"), flaw(2, "High"))
    document = bundle(SEVERE, rule("packages", "blacklist", "STOP", name="telnetd"),
                      items=[{"gate": "vulnerabilities", "trigger_id": "CVE-2026-1+*", "id": "it"}])
    document["mappings"].insert(0, {**document["mappings"][0], "name": "first", "registry": "quay.io"})
    write(plimsoll.cwd, "- {id: CVE-2026-2, reason: not reachable, owner: web, until: 2027-01-01}\n", "e.yaml")
    done = plimsoll("policy", "explain", facts, "--policy", write(plimsoll.cwd, document), "--tag", "docker.io/team/app:1",
                    "--exceptions", "e.yaml", "--now", "2026-11-24")
    assert done.returncode == 0
    for words in ("first (line", "its registry is docker.io, not quay.io", "applies: m", "read: 2 vulnerabilities", "fired 2 times",
                  "by allowlist W, item it", "by an exception: not reachable (web, until 2027-01-01)", "did not fire",
                  "go (policy_evaluation)"):
        assert words in done.stdout, words


def test_diff(plimsoll):
    facts = write_facts(plimsoll.cwd, flaw(1, "High"))
    a, b = write(plimsoll.cwd, bundle(SEVERE), "a.json"), write(plimsoll.cwd, bundle(WARN), "b.json")
    tag = ("--tag", "docker.io/x:1")
    done = plimsoll("policy", "diff", a, b, facts, *tag, "-o", "json")
    (image,) = json.loads(done.stdout)["images"]
    assert done.returncode == 1 and (image["a"], image["b"]) == ("stop", "warn")
    assert {(r["trigger_id"], r["a"], r["b"]) for r in image["rows"]} == {("CVE-2026-1+libdemo", "stop", "-"), ("always", "-", "warn")}
    assert plimsoll("policy", "diff", a, a, facts, *tag).returncode == 0
    modes = plimsoll("policy", "diff", a, facts, *tag)
    assert modes.returncode == 0 and "(compat)" in modes.stdout and "(fixed)" in modes.stdout
