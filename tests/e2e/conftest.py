# SPDX-License-Identifier: Apache-2.0
"""Fixtures of all end-to-end tests.

    def test_x(plimsoll, golden):
        done = plimsoll("report", "x.json")          # in a working directory, HOME and cache of its own
        assert done.returncode == 0
        golden("x.txt", done.stdout)                 # compared with tests/e2e/golden/x.txt

`--update-golden` is the only way in which golden files are written.
"""
import os
import pathlib
import subprocess

import pytest

from engine import containerd_engine, docker_engine, layered_image, podman_engine, snapshotter_engine  # noqa: F401  (fixtures)
from planted import ground, ground_audit  # noqa: F401
from planted_daemons import daemons  # noqa: F401

HERE = pathlib.Path(__file__).parent
TOP = HERE.parents[1]


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write the golden files and reference pages")


class Plimsoll:
    """The program in a world of its own: nothing of the caller's home, configuration or variables reaches it."""

    def __init__(self, folder):
        self.binary = os.environ["PLIMSOLL_BINARY"]
        self.cwd = folder / "work"
        self.home = folder / "home"
        for path in (self.cwd, self.home):
            path.mkdir()
        self.env = {"HOME": str(self.home), "PATH": os.environ["PATH"], "XDG_CONFIG_HOME": str(self.home / "config"),
                    "XDG_CACHE_HOME": str(self.home / "cache"), "XDG_RUNTIME_DIR": str(self.home), "TZ": "UTC", "LANG": "C"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def __call__(self, *args, env=None, text=True, **kwargs):
        kwargs.setdefault("cwd", self.cwd)
        kwargs.setdefault("timeout", 120)
        if "input" not in kwargs:
            kwargs.setdefault("stdin", subprocess.DEVNULL)
        kwargs.setdefault("stdout", subprocess.PIPE)
        kwargs.setdefault("stderr", subprocess.PIPE)
        return subprocess.run([self.binary, *map(str, args)], env={**self.env, **(env or {})}, text=text, **kwargs)

    def user_config(self, text):
        path = self.home / "config" / "plimsoll" / "plimsoll.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def project_config(self, text):
        path = self.cwd / "plimsoll.yaml"
        path.write_text(text)
        path.chmod(0o644)
        return path


@pytest.fixture
def plimsoll(tmp_path):
    return Plimsoll(tmp_path)


@pytest.fixture
def golden(request):
    def compare(name, text):
        path = HERE / "golden" / name
        if request.config.getoption("--update-golden"):
            path.write_text(text)
        assert path.exists(), f"{path.name} is missing: run pytest with --update-golden"
        assert text == path.read_text()

    return compare
