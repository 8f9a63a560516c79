#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Evaluation of a bundle with 200 rules on an image of 2,000 packages, 20,000 files and 600 vulnerabilities.

usage: bench_policy.py BENCH-POLICY FOLDER     RUNS=5

The limit is 20 ms for the evaluation; loading the bundle is told beside it. Rows of a Markdown table, as bench/run.py
prints them.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys

RUNS = int(os.environ.get("RUNS", "5"))
RULES, PACKAGES, FILES, VULNERABILITIES = 200, 2000, 20000, 600


def rule(number, heavy):
    kinds = [("packages", "blacklist", {"name": f"package-{number}"}),
             ("packages", "required_package", {"name": f"package-{number * 7}"}),
             ("files", "name_match", {"regex": f"(?i).*/lib{number}[a-z]*\\.(so|a)$"}),
             ("files", "attribute_match", {"filename": f"/usr/share/{number}/f", "mode": "0644"}),
             ("files", "suid_or_guid_set", {}),
             ("licenses", "blacklist_partial_match", {"licenses": f"GPL-{number},AGPL"}),
             ("vulnerabilities", "package", {"package_type": "all", "severity": "high", "severity_comparison": ">="}),
             ("vulnerabilities", "blacklist", {"vulnerability_ids": f"CVE-2024-{number},CVE-2025-{number}"}),
             ("dockerfile", "instruction", {"instruction": "RUN", "check": "like", "value": f".*curl.*{number}.*"}),
             ("metadata", "attribute", {"attribute": "size", "check": ">", "value": f"{number}gb"})]
    at = number % len(kinds)
    if at == 2 and not heavy and number > 20:
        at = 3  # two expressions over all paths are usual; twenty are the heavy bundle
    gate, trigger, params = kinds[at]
    return {"id": f"r{number}", "gate": gate, "trigger": trigger, "action": "WARN",
            "params": [{"name": k, "value": v} for k, v in params.items()]}


def bundle(heavy):
    items = [{"id": f"i{i}", "gate": "vulnerabilities", "trigger_id": f"CVE-2023-{i}+package-{i}"} for i in range(1000)]
    items += [{"id": f"w{i}", "gate": "vulnerabilities", "trigger_id": f"CVE-2023-{i}*+*"} for i in range(20)]
    return {"id": "b", "version": "1_0",
            "policies": [{"id": "p", "version": "1_0", "rules": [rule(i, heavy) for i in range(RULES)]}],
            "whitelists": [{"id": "w", "name": "w", "version": "1_0", "items": items}],
            "mappings": [{"registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"}, "policy_id": "p",
                          "whitelist_ids": ["w"]}]}


def facts():
    severities = ["Low", "Medium", "High", "Critical"]
    return {"image": {
        "image_id": "1", "dockerfile_mode": "Actual", "size": 1 << 30, "distro": "debian", "distro_version": "12",
        "dockerfile_contents": "FROM debian:12\n" + "".join(f"RUN apt-get install -y package-{i}\n" for i in range(40)),
        "files": {f"/usr/share/{i % 500}/directory/file-{i}.so": {"mode": 0o100644} for i in range(FILES)},
        "packages": [{"name": f"package-{i}", "version": "1.0", "fullversion": "1.0-1", "release": "1", "pkg_type": "dpkg",
                      "license": "GPL-2 MIT BSD-3-clause Expat"} for i in range(PACKAGES)]},
        "vulnerabilities": [{"id": f"CVE-2023-{i}", "severity": severities[i % 4], "link": "https://example.test/",
                             "package": f"package-{i}", "version": "1.0", "package_type": "dpkg", "location": "pkgdb",
                             "fix_versions": ["1.1"] if i % 2 else [], "will_not_fix": False, "nvd_cvss": [],
                             "vendor_cvss": []} for i in range(VULNERABILITIES)]}


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    (folder / "facts.json").write_text(json.dumps(facts()))
    for heavy in (False, True):
        (folder / "bundle.json").write_text(json.dumps(bundle(heavy)))
        done = subprocess.run([program, folder / "bundle.json", folder / "facts.json", str(RUNS)], text=True,
                              stdout=subprocess.PIPE, check=True)
        runs = [[float(x) for x in line.split()] for line in done.stdout.splitlines()]
        load, evaluate, rows = (statistics.median(r[i] for r in runs) for i in range(3))
        kind = "20 expressions over all paths" if heavy else "2 expressions over all paths"
        print(f"| policy: {RULES} rules, {PACKAGES} packages, {kind} | {evaluate:.1f} ms | {'-' if heavy else '20 ms'} | "
              f"{FILES} files, {rows:.0f} findings; loading the bundle {load:.1f} ms |", flush=True)


if __name__ == "__main__":
    main()
