# SPDX-License-Identifier: Apache-2.0
"""plimsoll watch on this kernel: an alert of a real action, Prometheus text, hot reload that keeps the process table, signals."""
import json
import os
import re
import select
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

BINARY = os.environ.get("PLIMSOLL_BINARY", "build/plimsoll")
SAMPLE = re.compile(r'^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="(\\.|[^"\\])*",?)*\})? [-+0-9.eE]+$')
RULE = ("- rule: {name}\n  desc: d\n  condition: evt.type in (open, openat) and fd.name startswith {where}/ and proc.pname = {parent}\n"
        "  output: \"{name} %fd.name by %proc.name of %proc.pname\"\n  priority: CRITICAL\n")


class Watch:
    def __init__(self, *args):
        self.p = subprocess.Popen([BINARY, "watch", "-o", "falco-json", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def alert(self, rule, act, seconds=20):
        """Repeats the action until an alert of the rule came."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            act()
            while select.select([self.p.stdout], [], [], 0.3)[0]:
                line = self.p.stdout.readline()
                if not line:
                    err = self.p.stderr.read()
                    if re.search(r"BTF|CAP_|permission|not permitted|module of watch", err):
                        pytest.skip("skipped: " + err.splitlines()[-1])
                    raise AssertionError(err)
                found = json.loads(line)
                if found["rule"] == rule:
                    return found
        raise AssertionError(f"no alert {rule}")

    def stop(self):
        self.p.send_signal(signal.SIGTERM)
        out, err = self.p.communicate(timeout=20)
        return self.p.returncode, out, err


@pytest.fixture
def watch():
    if os.geteuid() != 0:
        pytest.skip("skipped: not root")
    made = []

    def make(*args):
        made.append(Watch(*args))
        return made[-1]
    yield make
    for w in made:
        w.p.kill()
        w.p.wait()


def opener(tmp_path):
    """A parent that is there before the rules change: what is known of it must survive the reload."""
    name = "keepstate"
    parent = tmp_path / name
    parent.write_text(f"#!/bin/sh\nwhile read line; do cat {tmp_path}/file >/dev/null; done\n")
    parent.chmod(0o755)
    (tmp_path / "file").write_text("x")
    return subprocess.Popen([str(parent)], stdin=subprocess.PIPE, text=True), name


def test_alert_reload_metrics_and_end(watch, tmp_path):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    parent, name = opener(tmp_path)
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULE.format(name="first", where=tmp_path, parent=name))

    def act():
        parent.stdin.write("\n")
        parent.stdin.flush()
    try:
        w = watch("-r", str(rules), "--metrics-listen", str(port))
        got = w.alert("first", act)
        assert got["output_fields"]["proc.pname"] == name and got["output_fields"]["fd.name"] == f"{tmp_path}/file"
        rules.write_text("- rule: [\n")
        w.alert("Falco internal: rules reload", act)
        w.alert("first", act)
        rules.write_text(RULE.format(name="second", where=tmp_path, parent=name))
        assert w.alert("second", act)["output_fields"]["proc.pname"] == name
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
        types = {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, metric, kind = line.split()
                assert metric not in types
                types[metric] = kind
            elif not line.startswith("# HELP "):
                assert SAMPLE.match(line), line
                assert re.match(r"[a-zA-Z0-9_:]+", line).group() in types
        assert "plimsoll_watch_reloads_total 1\n" in text
        assert json.loads(urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10).read()) == {"status": "ok"}
        assert "0.63.0" in urllib.request.urlopen(f"http://127.0.0.1:{port}/versions", timeout=10).read().decode()
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/other", timeout=10)
        code, _, err = w.stop()
        assert code == 0 and "second" in err
    finally:
        parent.kill()
        parent.wait()


def test_fail_on_in_a_pipeline(watch, tmp_path):
    parent, name = opener(tmp_path)
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULE.format(name="first", where=tmp_path, parent=name))

    def act():
        parent.stdin.write("\n")
        parent.stdin.flush()
    try:
        w = watch("-r", str(rules), "--fail-on", "critical", "-o", f"json={tmp_path}/r.json")
        w.alert("first", act)
        assert w.stop()[0] == 1
        assert json.loads(Path(tmp_path, "r.json").read_text())["findings"][0]["id"] == "first"
        quiet = watch("-r", str(rules), "--fail-on", "critical", "--for", "1s")
        assert quiet.p.wait(20) == 0
    finally:
        parent.kill()
        parent.wait()
