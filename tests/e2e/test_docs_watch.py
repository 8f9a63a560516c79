# SPDX-License-Identifier: Apache-2.0
"""The worked examples of docs/watch.md are run; their output must be what the page shows. `--update-golden` writes it."""
import os
import re
import shlex
import subprocess
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "watch.md"
DATA = Path(__file__).parents[1] / "watch" / "recordings"
BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.S)


def test_examples_are_real(tmp_path, request):
    (tmp_path / "web.jsonl").write_text((DATA / "late_metadata.jsonl").read_text())
    (tmp_path / "rules.yaml").write_text((DATA / "rules.yaml").read_text())
    binary = str(Path(os.environ.get("PLIMSOLL_BINARY", "build/plimsoll")).resolve())

    def run(match):
        line = match.group(0).splitlines()[0]
        done = subprocess.run([binary, *shlex.split(line[2:])[1:]], capture_output=True, text=True, cwd=tmp_path, timeout=60,
                              env=dict(os.environ, TZ="UTC"))
        return f"{line}\n{done.stdout}"

    old = PAGE.read_text()
    new = BLOCK.sub(run, old)
    assert old.count("$ plimsoll") == 2
    if request.config.getoption("--update-golden"):
        PAGE.write_text(new)
    assert new == PAGE.read_text()
