# SPDX-License-Identifier: Apache-2.0
"""One run of `plimsoll audit` and its rows."""
import json
import os
import re
import subprocess

OUTSIDE = ("DOCKER_", "CONTAINER_HOST", "PLIMSOLL_", "XDG_")
OUTCOMES = {"pass", "fail", "manual", "na", "unknown"}


class Audit:
    """The run's exit code, its words and its report; rows by (check, object)."""

    def __init__(self, folder, *args, timeout=120, command="audit", env=None, prefix=()):
        home = folder / "home"
        home.mkdir(exist_ok=True)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(OUTSIDE)}
        clean |= {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "TZ": "UTC", "LANG": "C", **(env or {})}
        # Without vulnerability data: the audit itself is what is asked here. Not --offline: that forbids a handshake with a TCP API too.
        self.args = [*map(str, prefix), os.environ["PLIMSOLL_BINARY"], command, *map(str, args), "--skip", "vulnerability", "--repo", "never", "--db-update", "never",
                     "--cache-dir", str(folder / "cache"), "-o", "json"]
        done = subprocess.run(self.args, env=clean, capture_output=True, timeout=timeout, cwd=home, stdin=subprocess.DEVNULL)
        self.code, self.err, self.out = done.returncode, done.stderr.decode(errors="replace"), done.stdout
        assert self.code >= 0, f"{self.args}: ended by signal {-self.code}: {self.err[-2000:]}"
        assert "AddressSanitizer" not in self.err and "runtime error" not in self.err, self.err
        assert self.out, f"{self.args}: exit {self.code}, no report: {self.err[-2000:]}"
        self.report = json.loads(self.out)
        self.rows = {(row["id"], row["object"]): row for row in self.report["checks"]}
        assert len(self.rows) == len(self.report["checks"]), "two rows for one check and object"
        assert {row["outcome"] for row in self.rows.values()} <= OUTCOMES
        self.findings = {(f["id"], f["object"]): f for f in self.report["findings"] if f["kind"] == "audit"}

    def join(self, other):
        """Adds the rows of a run over another stage."""
        assert not set(self.rows) & set(other.rows)
        self.rows |= other.rows
        self.findings |= other.findings

    def row(self, check, item):
        assert (check, item) in self.rows, f"{check} of {item}: no row; of it: {sorted(c for c, o in self.rows if o == item)}"
        return self.rows[check, item]

    def outcome(self, check, item):
        return self.row(check, item)["outcome"]

    def evidence(self, check, item):
        return "\n".join(map(str, self.row(check, item)["evidence"]))

    def outcomes(self, item):
        """{check: outcome} of one object."""
        return {check: row["outcome"] for (check, o), row in self.rows.items() if o == item}

    def must_fail(self, check, item, pattern):
        """A failed row with that evidence, and its finding."""
        row = self.row(check, item)
        assert row["outcome"] == "fail", f"{check} of {item}: {row['outcome']}, {row['evidence']}"
        assert re.search(pattern, self.evidence(check, item)), f"{check} of {item}: no {pattern} in {row['evidence']}"
        assert (check, item) in self.findings, f"{check} of {item}: no finding"

    def must_pass(self, check, item):
        row = self.row(check, item)
        assert row["outcome"] == "pass", f"{check} of {item}: {row['outcome']}, {row['evidence']}"
        assert (check, item) not in self.findings

    def diagnostics(self):
        return {d["code"] for d in self.report["diagnostics"]}
