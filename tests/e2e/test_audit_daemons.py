# SPDX-License-Identifier: Apache-2.0
"""Faults of engines: real daemons that are configured badly, by flag and by file, and their clean twins."""
import http.client
import os
import pathlib
import re
import ssl
import stat

import pytest

from audited import Audit


def open_tcp(port, context=None):
    """Whether someone without a certificate is answered."""
    connection = (http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context) if context else
                  http.client.HTTPConnection("127.0.0.1", port, timeout=10))
    try:
        connection.request("GET", "/info")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def trusting():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def test_the_tcp_faults_are_there(daemons):
    assert open_tcp(daemons.by_flag.words["port"])
    assert open_tcp(daemons.by_file.words["port"])
    assert open_tcp(daemons.tls_only.words["port"], trusting())
    assert not open_tcp(daemons.clean.words["port"])
    assert not open_tcp(daemons.clean.words["port"], trusting())


def test_the_daemons_are_as_configured(daemons):
    for bad in (daemons.by_flag, daemons.by_file):
        info = bad.get("/info")
        assert info["Debug"] is True or bad is daemons.by_file
        assert info["LoggingDriver"] == "none"
        assert info["LiveRestoreEnabled"] is False
        assert info["ExperimentalBuild"] is True
    clean = daemons.clean.get("/info")
    assert clean["LiveRestoreEnabled"] is True and clean["LoggingDriver"] == "syslog" and clean["Debug"] is False
    assert stat.S_IMODE(os.stat(daemons.by_file.socket).st_mode) == 0o602
    assert os.readlink(f"/proc/{daemons.own_network.process.pid}/ns/net") != os.readlink("/proc/self/ns/net")


def test_the_imitators_look_like_it(daemons):
    for other in daemons.imitators:
        words = pathlib.Path(f"/proc/{other.pid}/cmdline").read_bytes()
        assert words.startswith(b"dockerd") and b"--tlsverify" in words
        assert other.poll() is None
    assert os.path.basename(os.readlink(f"/proc/{daemons.imitators[1].pid}/exe")) == "dockerd"


# ---- what the audit says of them ---------------------------------------------------------------------

@pytest.fixture(scope="session")
def audits(daemons, tmp_path_factory):
    """Each engine, judged by itself."""
    return {name: Audit(tmp_path_factory.mktemp(name), "engine", "-H", daemon.host) for name, daemon in daemons.all.items()}


# (engine, check): what the evidence must say
FAULTS = {
    ("by-flag", "2.7"): r"tcp|127\.0\.0\.1", ("by-flag", "2.3"): r"debug", ("by-flag", "2.13"): r"none", ("by-flag", "2.14"): r"no-new-privileges.*false",
    ("by-flag", "2.15"): r"[Ll]ive", ("by-flag", "2.5"): r"registry\.example", ("by-flag", "2.18"): r"[Ee]xperimental",
    ("by-flag", "2.16"): r"userland-proxy", ("by-flag", "D2"): r"0\.0\.0\.0", ("by-flag", "D4"): r"shareable", ("by-flag", "D8"): r"http://mirror",
    ("by-file", "2.7"): r"tcp|127\.0\.0\.1", ("by-file", "2.3"): r"debug", ("by-file", "2.13"): r"none", ("by-file", "2.14"): r"no-new-privileges.*false",
    ("by-file", "2.15"): r"[Ll]ive", ("by-file", "2.5"): r"0\.0\.0\.0/0", ("by-file", "2.18"): r"[Ee]xperimental", ("by-file", "2.16"): r"userland-proxy",
    ("by-file", "2.12"): r"[Aa]uthorization", ("tls-only", "2.7"): r"tls|verif|certificate", ("tls-only", "2.3"): r"warn",
    ("own-network", "2.14"): r"no-new-privileges", ("own-network", "2.15"): r"[Ll]ive",
}
TWINS = [("clean", check) for check in ("2.3", "2.5", "2.6", "2.7", "2.13", "2.14", "2.15", "2.16", "2.18", "D2", "D4", "D8")] + [
    ("own-network", check) for check in ("2.2", "2.3", "2.4", "2.16")] + [("tls-only", "2.5")]
# (engine, check, what of it): owner and mode
FILE_FAULTS = {"3.16": r"docker\.sock.*0?602|0?602", "3.18": r"0?602"}


@pytest.mark.parametrize("name,check", FAULTS)
def test_the_fault_is_found(audits, daemons, name, check):
    audits[name].must_fail(check, daemons.all[name].host, FAULTS[name, check])


@pytest.mark.parametrize("name,check", TWINS)
def test_the_clean_twin_passes(audits, daemons, name, check):
    audits[name].must_pass(check, daemons.all[name].host)


def test_open_tcp_is_critical(audits, daemons):
    for name in ("by-flag", "by-file", "tls-only"):
        assert audits[name].findings["2.7", daemons.all[name].host]["severity"] == "critical"


def test_imitators_change_nothing(audits, daemons):
    """Their claims are nowhere in the evidence, and nothing is said to pass because of them."""
    audit, host = audits["by-flag"], daemons.by_flag.host
    for other in daemons.imitators:
        assert f"/proc/{other.pid}/" not in audit.out.decode()
    for check in ("2.7", "2.14", "2.15"):
        assert audit.outcome(check, host) == "fail"


def test_each_engine_is_judged_by_its_own_settings(audits, daemons):
    for name, audit in audits.items():
        endpoints = {o for c, o in audit.rows if c == "2.7"}
        assert endpoints == {daemons.all[name].host}


def test_all_engines_are_found(daemons, tmp_path):
    """Without an address every dockerd that runs is found, each once."""
    audit = Audit(tmp_path, "engine", "--check", "2.14")
    found = [o for c, o in audit.rows if c == "2.14"]
    for daemon in daemons.all.values():
        assert found.count(daemon.host) == 1, found
        assert audit.outcome("2.14", daemon.host) == ("pass" if daemon.name == "clean" else "fail")


@pytest.mark.parametrize("check", FILE_FAULTS)
def test_wrong_modes_are_found(audits, daemons, check):
    """0602 is below 0644 as a number, and anyone may write."""
    rows = [(o, row) for (c, o), row in audits["by-file"].rows.items() if c == check and row["outcome"] == "fail"]
    assert rows, {o: row["evidence"] for (c, o), row in audits["by-file"].rows.items() if c == check}
    assert re.search(FILE_FAULTS[check], " ".join(rows[0][1]["evidence"]))
    clean = [row for (c, o), row in audits["clean"].rows.items() if c == check]
    assert clean and {row["outcome"] for row in clean} <= {"pass", "na"}, clean


def test_a_changed_file_is_not_loaded(daemons, tmp_path):
    """daemon.json was changed after the start: what it says now is not in force, and the audit says so."""
    daemon = daemons.own_network
    path = daemon.root / "daemon.json"
    before = Audit(tmp_path, "engine", "-H", daemon.host)
    text = path.read_text()
    try:
        path.write_text('{"icc": true, "userland-proxy": true, "no-new-privileges": true, "live-restore": true}')
        after = Audit(tmp_path, "engine", "-H", daemon.host)
    finally:
        path.write_text(text)
    assert "not loaded" not in before.out.decode()
    assert "not loaded" in after.out.decode()
    assert after.outcome("2.14", daemon.host) != "pass"
    assert after.outcome("2.15", daemon.host) == "fail"
