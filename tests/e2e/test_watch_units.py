# SPDX-License-Identifier: Apache-2.0
"""The service units: systemd itself judges them; rights are those that the documentation promises, no more."""
import configparser
import os
import pathlib
import re
import shutil
import subprocess

import pytest

BUILD = pathlib.Path(os.environ.get("PLIMSOLL_BUILD", pathlib.Path(__file__).parents[2] / "build"))
DETECTION = {"CAP_BPF", "CAP_PERFMON", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"}
UNITS = {"plimsoll-watch.service": DETECTION, "plimsoll-respond.service": DETECTION | {"CAP_SYS_ADMIN", "CAP_KILL"}}


def unit(name):
    path = BUILD / name
    if not path.exists():
        pytest.skip(f"skipped: {path} was not built")
    return path


def analyze(*words):
    if not shutil.which("systemd-analyze"):
        pytest.skip("skipped: systemd-analyze is not installed")
    return subprocess.run(("systemd-analyze",) + words, capture_output=True, text=True, check=False)


def placed(name, tmp_path, edit=lambda text: text):
    """A copy whose program exists, since verify looks for it."""
    program = tmp_path / "plimsoll"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / name
    copy.write_text(edit(re.sub(r"^ExecStart=\S+", f"ExecStart={program}", unit(name).read_text(), flags=re.M)))
    return copy


def settings(name):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(unit(name))
    return parser


@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_the_unit(name, tmp_path):
    done = analyze("verify", "--man=no", str(placed(name, tmp_path)))
    assert done.returncode == 0 and name not in done.stderr, done.stderr


@pytest.mark.parametrize("name", UNITS)
def test_systemd_would_have_said_what_is_wrong(name, tmp_path):
    """The test above can fail: a setting that does not exist is named."""
    done = analyze("verify", "--man=no", str(placed(name, tmp_path, lambda t: t + "\n[Service]\nProtectSystems=yes\n")))
    assert "ProtectSystems" in done.stderr


@pytest.mark.parametrize("name,wanted", UNITS.items())
def test_the_unit_has_these_rights_only(name, wanted):
    service = settings(name)["Service"]
    assert set(service["CapabilityBoundingSet"].split()) == wanted
    assert service["NoNewPrivileges"] == "yes" and service["ProtectSystem"] == "strict"


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_is_well_confined(name, tmp_path):
    done = analyze("security", "--offline=true", "--threshold=35", "--no-pager", str(placed(name, tmp_path)))
    if "unrecognized option" in done.stderr:
        pytest.skip("skipped: this systemd cannot judge files")
    assert done.returncode == 0, done.stdout[-400:] + done.stderr


def test_the_units_exclude_each_other():
    for name, other in zip(UNITS, reversed(UNITS)):
        assert settings(name)["Unit"]["Conflicts"] == other


def test_the_units_run_this_program():
    for name in UNITS:
        words = settings(name)["Service"]["ExecStart"].split()
        assert words[0].endswith("/bin/plimsoll") and words[1:3] == ["watch", "run"]
