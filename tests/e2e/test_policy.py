# SPDX-License-Identifier: Apache-2.0
"""`plimsoll policy test`: cases of the original's behaviour, as they are and disguised.

Disguised: names, ids of bundles, policies, allowlists, mappings and items renamed, keys shuffled. A program that
knew the cases would fail; one that evaluates them does not. Message ids that come from renamed things are renamed
in what is expected as well.
"""
import json
import os
import pathlib
import random

import pytest

SHARED = pathlib.Path(os.environ.get("PLIMSOLL_SHARED", pathlib.Path(__file__).parents[3] / "shared"))
GOLDEN = SHARED / "spec" / "anchore-policy-golden.json"


@pytest.fixture(scope="module")
def cases():
    if not GOLDEN.exists():
        pytest.skip("skipped: ../shared is not here")
    return json.loads(GOLDEN.read_text())


def run(plimsoll, document, *args):
    (plimsoll.cwd / "cases.json").write_text(json.dumps(document))
    return plimsoll("policy", "test", *args, "cases.json")


def shuffled(value, rng):
    """Keys in another order; lists keep theirs, which means something."""
    if isinstance(value, list):
        return [shuffled(v, rng) for v in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    rng.shuffle(keys)
    return {k: shuffled(value[k], rng) for k in keys}


def disguised(case, number):
    case = json.loads(json.dumps(case))
    bundle, expected = case["bundle"], case["expected"]
    new = lambda old: f"renamed {number} {old}"  # noqa: E731
    case["name"] = f"case {number}"
    bundle["id"] = new("bundle")
    for policy in bundle["policies"]:
        policy["id"] = new(policy["id"])
        policy["name"] = "another name"
    for allowlist in bundle.get("whitelists", []):
        allowlist["id"], allowlist["name"] = new(allowlist["id"]), new(allowlist["name"])
        for item in allowlist["items"]:
            item["id"] = new(item["id"])
    for mapping in bundle["mappings"]:
        mapping["name"] = new(mapping["name"])
        for key in ("policy_id",):
            if key in mapping:
                mapping[key] = new(mapping[key])
        for key in ("policy_ids", "whitelist_ids"):
            if key in mapping:
                mapping[key] = [new(i) for i in mapping[key]]
    for row in expected.get("rows", []):
        row["policy_id"] = new(row["policy_id"])
        if row["whitelisted"]:
            row["whitelisted"] = {k: new(v) for k, v in row["whitelisted"].items()}
    return case


def test_every_case_and_vector(plimsoll, cases):
    done = plimsoll("policy", "test", GOLDEN)
    total = len(cases["cases"]) + len(cases["suid_trigger_id_vectors"])
    assert done.stdout.splitlines()[-1] == f"{total} passed, 0 failed", done.stdout
    assert done.returncode == 0


def test_renamed_ids_and_shuffled_keys(plimsoll, cases):
    rng = random.Random(5)
    other = [shuffled(disguised(c, i), rng) for i, c in enumerate(cases["cases"])]
    rng.shuffle(other)
    done = run(plimsoll, {"cases": other})
    assert done.stdout == f"{len(other)} passed, 0 failed\n"


def test_wrong_expectations_fail(plimsoll, cases):
    """Each row's id and message is compared, not only the verdict."""
    rows = [c for c in cases["cases"] if c["expected"].get("rows")]
    broken = json.loads(json.dumps(rows))
    for i, case in enumerate(broken):
        case["expected"]["rows"][0]["trigger_id" if i % 2 else "message"] += "."
    done = run(plimsoll, {"cases": broken})
    assert done.stdout.splitlines()[-1] == f"0 passed, {len(broken)} failed"
    assert done.returncode == 1


def test_defects_are_gone_in_fixed_mode(plimsoll, cases):
    """What the notes call a defect of the engine comes out differently; most cases stay."""
    defects = [c for c in cases["cases"] if "engine defect" in c.get("note", "")]
    assert defects
    done = run(plimsoll, {"cases": defects}, "--mode", "fixed")
    assert done.stdout.splitlines()[-1] == f"0 passed, {len(defects)} failed"
    sound = [c for c in cases["cases"] if c["name"].startswith(("vuln severity", "passwd blacklist_user"))]
    done = run(plimsoll, {"cases": sound}, "--mode", "fixed")
    assert done.stdout == f"{len(sound)} passed, 0 failed\n"


def test_bad_files(plimsoll):
    (plimsoll.cwd / "no.json").write_text('{"cases": 3}')
    done = plimsoll("policy", "test", "no.json")
    assert done.returncode != 0 and "policy.cases" in done.stderr
    (plimsoll.cwd / "broken.json").write_text('{"cases":\n [}')
    done = plimsoll("policy", "test", "broken.json")
    assert "broken.json:2:3" in done.stderr
