# SPDX-License-Identifier: Apache-2.0
"""Engines that hang, answer garbage, stop half-way, list thousands or lose their containers: `unknown` with the reason,
a run that ends, an exit code that says so, and never a pass for what was not seen."""
import concurrent.futures
import json
import time

import pytest

from audited import Audit
from planted_daemons import INFO, FakeEngine, container, usual

STALL_SECONDS = 30
SPARE_SECONDS = 30  # of a busy machine
API_CHECKS = ("2.3", "2.5", "2.6", "2.12", "2.13", "2.15", "2.17", "2.18")  # that ask /info, not the machine's files


def head(length):
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nApi-Version: 1.41\r\nContent-Length: {length}\r\n\r\n".encode()


@pytest.fixture
def fake(tmp_path):
    """Makes fake engines that are closed after the test."""
    made = []

    def make(*args, **kw):
        made.append(FakeEngine(tmp_path, *args, **kw))
        return made[-1]
    yield make
    for one in made:
        one.close()


def no_pass_below(audit, *checks):
    """None of the checks is said to have passed anywhere."""
    passed = [(c, o) for (c, o), row in audit.rows.items() if row["outcome"] == "pass" and (not checks or c in checks)]
    assert not passed


def is_incomplete(audit):
    assert audit.code == 3, (audit.code, audit.err)
    assert audit.report["verdict"]["result"] == "incomplete"


@pytest.fixture(scope="module")
def stalled(tmp_path_factory):
    """The engines that never go on, asked all at once: each run takes as long as the stall limit."""
    row = container(1)
    rows = {"hang": dict(hangs=True),
            "info": dict(answer=lambda path: head(5000) + b'{"ID": "' if path == "/info" else usual(path, {})),
            "list": dict(answer=lambda path: head(5000) + b'[{"Id": "' if path == "/containers/json" else usual(path, {})),
            "inspect": dict(answer=lambda path: head(5000) + b'{"Id": "' if path.startswith("/containers/0") else usual(path, {row[0]["Id"]: row}))}
    engines, results = {}, {}

    def run(name):
        started = time.monotonic()
        audit = Audit(tmp_path_factory.mktemp(name), *((["containers"] if name in ("list", "inspect") else ["engine"])), "-H", engines[name].host, timeout=300)
        return audit, time.monotonic() - started
    for name, more in rows.items():
        engines[name] = FakeEngine(tmp_path_factory.mktemp("fake"), **more)
    with concurrent.futures.ThreadPoolExecutor(len(rows)) as pool:
        runs = {name: pool.submit(run, name) for name in rows}
        results = {name: job.result() for name, job in runs.items()}
    yield results
    for one in engines.values():
        one.close()


@pytest.mark.parametrize("name", ("hang", "info", "list", "inspect"))
def test_a_stalled_engine_ends_the_run(stalled, name):
    audit, seconds = stalled[name]
    assert seconds < STALL_SECONDS + SPARE_SECONDS
    is_incomplete(audit)
    assert f"for {STALL_SECONDS} s" in audit.out.decode()
    no_pass_below(audit, *(API_CHECKS if name in ("hang", "info") else ()))


@pytest.mark.parametrize("garbage", (b"\x00\xff\xfe garbage \x1b[2J\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<html>\n\n\n", head(2) + b"[]",
                                     head(4) + b"null", b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", head(60) + b"[" * 60))
def test_garbage_is_unknown(fake, tmp_path, garbage):
    audit = Audit(tmp_path, "-H", fake(lambda path: garbage, closes=True).host, "engine")
    is_incomplete(audit)
    no_pass_below(audit, *API_CHECKS)


def test_a_list_that_breaks_off(fake, tmp_path):
    def answer(path):
        return head(9000) + b'[{"Id": "' + b"0" * 64 if path == "/containers/json" else usual(path, {})
    audit = Audit(tmp_path, "containers", "-H", fake(answer, closes=True).host)
    is_incomplete(audit)
    no_pass_below(audit)


def test_containers_that_vanish(fake, tmp_path):
    """In the list, but gone when they are asked for: unknown, with the reason."""
    rows = {f"{n:064x}": container(n) for n in range(3)}

    def answer(path):
        return None if path == f"/containers/{2:064x}/json" else usual(path, rows)
    audit = Audit(tmp_path, "containers", "-H", fake(answer).host)
    assert audit.outcome("5.5", "c0") == audit.outcome("5.5", "c1") == "pass"
    gone = audit.outcomes("c2")
    assert gone.get("5.5", "unknown") == "unknown" and "pass" not in gone.values()
    assert gone or "c2" in json.dumps(audit.report["diagnostics"]), "it is passed over in silence"
    named = Audit(tmp_path, "containers", "-H", fake_again(fake, answer, tmp_path).host, "--check", "5.5")
    assert named.code == 3, named.err


def fake_again(fake, answer, tmp_path):
    (tmp_path / "fake.sock").unlink()
    return fake(answer)


WRONG = [7, "x", [], {}, None, True, -1, 1e300, [[]], {"a": {"b": []}}]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_values_of_the_wrong_type(fake, tmp_path, number):
    """Every field of the inspect answer and of /info holds something that it never holds."""
    wrong = WRONG[number]
    row, inspect = container(1)
    bad = {**{k: wrong for k in inspect}, "Id": inspect["Id"], "Name": inspect["Name"]}
    deep = {**inspect, "Id": f"{2:064x}", "Name": "/c2", "HostConfig": {k: wrong for k in (
        "Privileged", "CapAdd", "CapDrop", "SecurityOpt", "Binds", "NetworkMode", "PidMode", "IpcMode", "UTSMode", "UsernsMode", "Memory", "NanoCpus",
        "PidsLimit", "RestartPolicy", "PortBindings", "Devices", "DeviceCgroupRules", "Ulimits", "Sysctls", "GroupAdd", "LogConfig", "MaskedPaths",
        "ReadonlyPaths", "OomScoreAdj", "ShmSize", "CgroupParent", "Runtime", "ReadonlyRootfs", "ExtraHosts", "Links")},
        "Config": {k: wrong for k in ("Env", "Labels", "User", "Cmd", "Entrypoint", "Healthcheck", "ExposedPorts", "Image")}, "Mounts": wrong,
        "NetworkSettings": {"Ports": wrong, "Networks": wrong}, "State": {k: wrong for k in ("Status", "Running", "Pid", "StartedAt", "Health")}}
    rows = {row["Id"]: (row, bad), deep["Id"]: ({**row, "Id": deep["Id"], "Names": ["/c2"]}, deep)}

    def answer(path):
        return {k: wrong for k in INFO} if path == "/info" else usual(path, rows)
    audit = Audit(tmp_path, "-H", fake(answer).host, "containers")
    assert audit.code in (0, 3), audit.err
    if not isinstance(wrong, bool) and wrong is not None:
        assert audit.outcome("5.5", "c2") != "pass", audit.evidence("5.5", "c2")


def test_ten_thousand_containers(fake, tmp_path):
    """Each is judged, or it is said which ones were not."""
    count = 10000
    rows = {f"{n:064x}": container(n, Privileged=n % 1000 == 7) for n in range(count)}
    audit = Audit(tmp_path, "containers", "--check", "5.5", "-H", fake(lambda path: usual(path, rows)).host, timeout=100)
    outcomes = {o: row["outcome"] for (c, o), row in audit.rows.items() if c == "5.5"}
    if len(outcomes) == count:
        assert sorted(o for o, outcome in outcomes.items() if outcome == "fail") == sorted(f"c{n}" for n in range(7, count, 1000))
        assert set(outcomes.values()) == {"pass", "fail"}
    else:
        is_incomplete(audit)
        assert str(count) in json.dumps(audit.report["diagnostics"]), "how many were left out is not said"


def test_no_engine_at_the_address(tmp_path):
    audit = Audit(tmp_path, "containers", "-H", f"unix://{tmp_path}/nothing.sock")
    is_incomplete(audit)
    no_pass_below(audit)
