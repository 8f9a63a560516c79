# SPDX-License-Identifier: Apache-2.0
"""Planted faults in real containers: each is really in force, the audit finds it, and nothing else beside it."""
import pytest

from planted import ground  # noqa: F401  (fixture)
from planted_containers import CONTAINERS, HOSTILE_BODIES

ROWS = [pytest.param(plant, id=plant.name) for plant in CONTAINERS]


@pytest.mark.parametrize("plant", ROWS)
def test_the_fault_is_there(ground, plant):  # noqa: F811
    assert plant.name not in ground.failures, ground.failures[plant.name]
    state = ground.inspect(plant.name)["State"]
    assert (state["Status"] == "created") == plant.is_stopped
    if plant.force:
        assert plant.force(ground, plant)


@pytest.mark.parametrize("name", HOSTILE_BODIES)
def test_the_engine_took_the_hostile_container(ground, name):  # noqa: F811
    assert name not in ground.failures, ground.failures[name]
