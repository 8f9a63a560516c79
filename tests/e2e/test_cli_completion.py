# SPDX-License-Identifier: Apache-2.0
"""Completion scripts, run by the shells themselves."""
import json
import shutil
import subprocess

import pytest

ASK = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
function_name=$(complete -p plimsoll | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$function_name"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def ask(plimsoll, tmp_path):
    script = tmp_path / "completion.bash"
    script.write_text(plimsoll("completion", "bash").stdout)

    def words(*line):
        done = subprocess.run(["bash", "--norc", "-c", ASK, "bash", script, *line], capture_output=True, text=True, check=True,
                              cwd=plimsoll.cwd, env=plimsoll.env)
        assert done.stderr == ""
        return set(done.stdout.split())

    return words


def names(plimsoll, what):
    key = "name" if what in ("commands", "options") else "id"
    return {row[key] for row in json.loads(plimsoll("list", what, "-o", "json").stdout)}


def test_bash_knows_commands_options_and_values(plimsoll, ask):
    assert ask("plimsoll", "") == {name.split()[0] for name in names(plimsoll, "commands")}
    assert ask("plimsoll", "config", "") >= {"check", "init"}
    assert ask("plimsoll", "rep") == {"report"}
    assert ask("plimsoll", "report", "--s") == {"--sort", "--show-suppressed"}
    assert ask("plimsoll", "config", "init", "--f") == {"--force"}
    assert ask("plimsoll", "report", "x", "-o", "") == names(plimsoll, "formats")
    assert ask("plimsoll", "--color", "a") == {"auto", "always"}
    assert ask("plimsoll", "--quiet", "completion", "") == {"bash", "zsh", "fish"}
    assert "--offline" in ask("plimsoll", "--")


def test_bash_offers_files(plimsoll, ask):
    (plimsoll.cwd / "some file.json").write_text("{}")
    assert ask("plimsoll", "report", "so") == {"some", "file.json"}


def test_every_option_is_in_every_script(plimsoll):
    options = names(plimsoll, "options")
    for shell in ("bash", "zsh"):
        script = plimsoll("completion", shell).stdout
        assert all(o in script for o in options if o in plimsoll("help", "report").stdout)
    fish = plimsoll("completion", "fish").stdout
    assert all(f"-l {o[2:]}" in fish for o in options if o in plimsoll("help", "report").stdout)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_parse(plimsoll, tmp_path, shell):
    if not shutil.which(shell):
        pytest.skip(f"platform without {shell}")
    script = tmp_path / "script"
    script.write_text(plimsoll("completion", shell).stdout)
    subprocess.run([shell, "-n", script], check=True)
