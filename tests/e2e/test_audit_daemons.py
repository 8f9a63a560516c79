# SPDX-License-Identifier: Apache-2.0
"""Faults of engines: real daemons that are configured badly, by flag and by file, and their clean twins."""
import http.client
import os
import pathlib
import ssl
import stat

import pytest

from planted_daemons import daemons  # noqa: F401  (fixture)


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


def test_the_tcp_faults_are_there(daemons):  # noqa: F811
    assert open_tcp(daemons.by_flag.words["port"])
    assert open_tcp(daemons.by_file.words["port"])
    assert open_tcp(daemons.tls_only.words["port"], trusting())
    assert not open_tcp(daemons.clean.words["port"])
    assert not open_tcp(daemons.clean.words["port"], trusting())


def test_the_daemons_are_as_configured(daemons):  # noqa: F811
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


def test_the_imitators_look_like_it(daemons):  # noqa: F811
    for other in daemons.imitators:
        words = pathlib.Path(f"/proc/{other.pid}/cmdline").read_bytes()
        assert words.startswith(b"dockerd") and b"--tlsverify" in words
        assert other.poll() is None
    assert os.path.basename(os.readlink(f"/proc/{daemons.imitators[1].pid}/exe")) == "dockerd"
