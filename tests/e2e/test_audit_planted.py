# SPDX-License-Identifier: Apache-2.0
"""Planted faults in real containers: each is really in force, the audit finds it, and nothing else beside it."""
import json
import re

import pytest

from audited import Audit
from planted_containers import CONTAINERS, HOSTILE_BODIES

ROWS = [pytest.param(plant, id=plant.name) for plant in CONTAINERS]
FAULTS = [pytest.param(plant, check, pattern, id=f"{plant.name}-{check}") for plant in CONTAINERS for check, pattern in plant.fails.items()]


@pytest.mark.parametrize("plant", ROWS)
def test_the_fault_is_there(ground, plant):
    assert plant.name not in ground.failures, ground.failures[plant.name]
    state = ground.inspect(plant.name)["State"]
    assert (state["Status"] == "created") == plant.is_stopped
    if plant.force:
        assert plant.force(ground, plant)


@pytest.mark.parametrize("name", HOSTILE_BODIES)
def test_the_engine_took_the_hostile_container(ground, name):
    assert name not in ground.failures, ground.failures[name]


@pytest.fixture(scope="module")
def ground_engine(ground, tmp_path_factory):
    return Audit(tmp_path_factory.mktemp("engine"), "engine", "-H", ground.host)


@pytest.mark.parametrize("plant,check,pattern", FAULTS)
def test_the_fault_is_found(ground_audit, plant, check, pattern):
    ground_audit.must_fail(check, plant.object or plant.name, pattern)


@pytest.mark.parametrize("plant", ROWS)
def test_nothing_else_is_found(ground_audit, plant):
    """What is near to a fault passes, and every check that the change does not touch says what it says of "clean"."""
    item = plant.object or plant.name
    for check in plant.passes:
        ground_audit.must_pass(check, item)
    clean, mine = ground_audit.outcomes("clean"), ground_audit.outcomes(item)
    allowed = set(plant.fails) | set(plant.also) | {"drift"}
    more = {check: (outcome, ground_audit.row(check, item)["evidence"]) for check, outcome in mine.items()
            if outcome in ("fail", "manual", "unknown") and outcome != clean.get(check) and check not in allowed}
    assert not more
    assert set(mine) - {"drift"} == set(clean) - {"drift"}, "a check has no row"


@pytest.mark.parametrize("plant", ROWS)
def test_drift_is_found_where_it_is(ground_audit, plant):
    item = plant.object or plant.name
    finding = ground_audit.findings.get(("drift", item))
    if plant.drift:
        assert finding, "nothing in force is said to differ from what was declared"
        assert re.search(plant.drift, json.dumps(finding["evidence"])), finding["evidence"]
    elif "drift" not in plant.also:
        assert not finding, finding["evidence"]


def test_the_clean_container_has_no_fault(ground_audit):
    bad = {check: (outcome, ground_audit.row(check, "clean")["evidence"]) for check, outcome in ground_audit.outcomes("clean").items()
           if outcome in ("fail", "unknown")}
    assert not bad


def test_each_object_has_one_row_per_check(ground_audit, ground):
    """Every container that the engine has, stopped ones too, and none besides."""
    names = {plant.object or plant.name for plant in CONTAINERS}
    objects = {row["object"] for row in ground_audit.report["checks"] if row["id"] == "5.5"}
    assert names <= objects
    assert len(objects) == len(ground.get("/containers/json?all=1"))


@pytest.mark.parametrize("check,pattern", (("2.2", r"icc"), ("2.4", r"iptables"), ("2.14", r"no-new-privileges"), ("2.16", r"userland-proxy"),
                                           ("D6", r"wrap|loose")))
def test_faults_of_the_engine_itself(ground, ground_engine, check, pattern):
    """Defaults that are none of the benchmark's, on an engine with a bridge and extra runtimes."""
    ground_engine.must_fail(check, ground.host, pattern)


def test_hostile_texts_are_escaped(ground_audit, ground, plimsoll, tmp_path):
    """Names and labels from a container reach the terminal, HTML and Markdown as text."""
    saved = tmp_path / "report.json"
    saved.write_bytes(ground_audit.out)
    for style in ("table", "html", "markdown", "sarif", "junit", "csv"):
        done = plimsoll("report", saved, "-o", style, text=False)
        assert done.returncode in (0, 1, 3), done.stderr
        assert b"<script>alert(1)" not in done.stdout or style in ("table", "sarif", "csv"), style
        for raw in (b"\x1b", b"\x07", b"\xe2\x80\xae"):
            assert raw not in done.stdout, (style, raw)
        done.stdout.decode("utf-8")
    assert ground_audit.out.decode("utf-8")
    assert ("5.5", "hostile-label") in ground_audit.rows or any("script" in o for c, o in ground_audit.rows if c == "5.5")
