# SPDX-License-Identifier: Apache-2.0
"""The declarative cases of the event-generator, done for real (evtgen.py) while `plimsoll watch` runs with the official
rules. PLIMSOLL_EVTGEN names further files or folders of such cases."""
import os
import pathlib
import subprocess
import tempfile

import pytest

import evtgen
from watching import acting_engine, watching  # noqa: F401  (fixtures)

SHARED = pathlib.Path(os.environ.get("PLIMSOLL_SHARED") or pathlib.Path(__file__).parents[3] / "shared")


def files():
    """(name, text) of every file of cases."""
    packed = SHARED / "data" / "falco-evtgen-suite.tar.zst"
    found = []
    if packed.exists():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["tar", "--zstd", "-xf", packed, "-C", folder], check=True)
            found += [(p.name, p.read_text()) for p in sorted(pathlib.Path(folder).rglob("*.yaml"))]
    for place in os.environ.get("PLIMSOLL_EVTGEN", "").split(":"):
        path = pathlib.Path(place)
        if place and path.exists():
            found += [(p.name, p.read_text()) for p in (sorted(path.rglob("*.yaml")) if path.is_dir() else [path])]
    return found


FILES = files()


@pytest.fixture(scope="module")
def done(watching):
    """Every case acted: {file: [(case, action or the reason why not)]}."""
    out = {}
    for name, text in FILES:
        rows = out[name] = []
        for case in evtgen.cases(text):
            try:
                action = evtgen.to_action(case)
            except evtgen.Unknown as why:
                rows.append((case, str(why)))
                continue
            with evtgen.Setup(case, action):
                watching.act(action)
            rows.append((case, action))
    watching.settle()
    return out


def test_there_are_cases():
    if not FILES:
        pytest.skip("../shared is not here: no declarative cases")
    assert FILES


@pytest.mark.parametrize("name", [name for name, _ in FILES] or [None])
def test_cases(request, name):
    if name is None:
        pytest.skip("../shared is not here: no declarative cases")
    watching, done = request.getfixturevalue("watching"), request.getfixturevalue("done")
    missing = []
    for case, action in done[name]:
        if isinstance(action, str):
            missing.append(f"{case['id']}: {action}")
        elif "rule" in case and "expectedOutcome" in case:
            try:
                watching.wait(lambda _: any(evtgen.matches(case, a) for a in watching.of(action)), case["id"], 10)
            except AssertionError:
                got = [(a["rule"], a["output_fields"]) for a in watching.of(action)]
                missing.append(f"{case['id']} {case['item']}: {action.code} {action.error} {got}")
    assert not missing, f"{len(missing)} of {len(done[name])}:\n" + "\n".join(missing[:20])
