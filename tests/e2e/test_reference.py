# SPDX-License-Identifier: Apache-2.0
"""What is written down twice must agree: reference pages, man pages, codes and the sources."""
import json
import pathlib
import re
import shutil
import subprocess

TOP = pathlib.Path(__file__).parents[2]
CALL = re.compile(r"\b(?:plm_fail_id|plm_diag|plm_diag_err|plm_[a-z_]*diag|diag|[a-z_]+_diag)\s*\(((?:[^;\"]|\n){0,200}?)\"([a-z0-9]+(?:[.-][a-z0-9-]+)+)\"")


def test_pages_are_what_the_tables_say(plimsoll, request, tmp_path):
    assert plimsoll("docs", tmp_path / "docs").returncode == 0
    made = {p.relative_to(tmp_path / "docs"): p.read_text() for p in (tmp_path / "docs").rglob("*") if p.is_file()}
    assert len(made) > 10
    if request.config.getoption("--update-golden"):
        for folder in ("reference", "man"):
            shutil.rmtree(TOP / "docs" / folder, ignore_errors=True)
        plimsoll("docs", TOP / "docs")
    there = {p.relative_to(TOP / "docs"): p.read_text() for folder in ("reference", "man") for p in (TOP / "docs" / folder).rglob("*")
             if p.is_file()}
    stale = sorted(str(p) for p in made.keys() | there.keys() if made.get(p) != there.get(p))
    assert not stale, "run pytest --update-golden tests/e2e/test_reference.py"


def test_man_pages_have_no_warnings(plimsoll, tmp_path):
    plimsoll("docs", tmp_path)
    for page in sorted((tmp_path / "man").iterdir()):
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", page], capture_output=True, text=True)
            assert (done.returncode, done.stderr) == (0, ""), page.name
        assert page.read_text().startswith(".\\\" Made by plimsoll docs")


def test_every_code_has_a_meaning_and_is_used(plimsoll):
    rows = json.loads(plimsoll("list", "codes", "-o", "json").stdout)
    known = [row["id"] for row in rows]
    assert known == sorted(set(known))
    assert all(row["meaning"] for row in rows)
    used = set()
    sources = ""
    for path in (TOP / "src").rglob("*.c"):
        text = path.read_text()
        sources += text if path.name != "codes.c" else ""
        used |= {m.group(2) for m in CALL.finditer(text) if "." in m.group(2)}
    assert "usage.option" in used
    assert sorted(used - set(known)) == [], "src/model/codes.c lacks these"
    assert [code for code in known if f'"{code}"' not in sources and not code.endswith(".unreadable")] == [], "no longer used"


def test_every_command_and_option_row_is_complete(plimsoll):
    for what in ("commands", "options", "formats", "feeds", "catalogers", "schemes"):
        rows = json.loads(plimsoll("list", what, "-o", "json").stdout)
        first = [next(iter(row.values())) for row in rows]
        assert rows and first == sorted(set(first)), what
        assert all(row.get("summary", row.get("help")) for row in rows), what
