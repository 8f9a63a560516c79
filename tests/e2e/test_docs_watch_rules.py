# SPDX-License-Identifier: Apache-2.0
"""The worked examples of docs/watch-rules.md: YAML blocks that begin with `# NAME.yaml` are files, every `$ plimsoll` line of a console
block is run among them, and its output must be what the page shows. `--update-golden` writes it."""
import pathlib
import re
import shlex

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "watch-rules.md"
FILES = re.compile(r"```yaml\n(# (\S+\.yaml)\n.*?)```", re.S)
BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.S)


def test_examples_are_real(plimsoll, request):
    old = PAGE.read_text()
    for text, name in FILES.findall(old):
        (plimsoll.cwd / name).write_text(text)

    def run(m):
        out = []
        for line in (x for x in m.group(0).splitlines() if x.startswith("$ ")):
            done = plimsoll(*shlex.split(line[2:])[1:])
            out += [line, *done.stdout.splitlines()]
            if done.returncode:
                out.append(f"(exit code {done.returncode})")
        return "\n".join(out) + "\n"

    new = BLOCK.sub(run, old)
    assert "$ plimsoll" in new
    if request.config.getoption("--update-golden"):
        PAGE.write_text(new)
    else:
        assert new == old
