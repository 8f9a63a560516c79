# SPDX-License-Identifier: Apache-2.0
"""The worked examples of docs/policy.md and docs/exceptions.md: every `$ plimsoll` line of a console block is run, in order and
in one folder, and its output must be what the page shows. `--update-golden` writes it."""
import pathlib
import re
import shlex
import shutil

import pytest

HERE = pathlib.Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.S)


def run_block(plimsoll, text):
    out = []
    for line in (x for x in text.splitlines() if x.startswith("$ ")):
        words = shlex.split(line[2:].replace("plimsoll ", "", 1))
        target = words[words.index(">") + 1] if ">" in words else None
        words = words[:words.index(">")] if target else words
        done = plimsoll(*words, "--now", "2026-11-24")
        out.append(line)
        if target:
            (plimsoll.cwd / target).write_text(done.stdout)
        else:
            out += done.stdout.splitlines()
        if done.returncode:
            out.append(f"(exit code {done.returncode})")
    return "\n".join(out) + "\n"


@pytest.mark.parametrize("page", ["policy.md", "exceptions.md"])
def test_examples_are_real(plimsoll, page, request):
    shutil.copytree(HERE / "data" / "policy", plimsoll.cwd, dirs_exist_ok=True)
    old = (DOCS / page).read_text()
    new = BLOCK.sub(lambda m: run_block(plimsoll, m.group(0)), old)
    assert "$ plimsoll" in new
    if request.config.getoption("--update-golden"):
        (DOCS / page).write_text(new)
    else:
        assert new == old
