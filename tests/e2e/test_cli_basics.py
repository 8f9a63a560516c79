# SPDX-License-Identifier: Apache-2.0
"""The command line: help, hints, exit codes, what goes to which stream."""
import json
import os
import pathlib
import signal
import subprocess

import pytest

SAMPLE = pathlib.Path(__file__).parent / "data" / "sample-report.json"


def commands(plimsoll):
    return [row["name"] for row in json.loads(plimsoll("list", "commands", "-o", "json").stdout)]


def test_bare_call_is_short_and_shows_three_examples(plimsoll):
    done = plimsoll()
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) <= 16
    assert sum(line.startswith("  plimsoll ") for line in lines) == 3


def test_help_of_every_command_names_its_options_and_fits(plimsoll):
    names = commands(plimsoll)
    assert {"report", "list", "config", "config init", "help", "version", "completion"} <= set(names)
    for name in names:
        for done in (plimsoll("help", *name.split(), env={"COLUMNS": "80"}), plimsoll(*name.split(), "--help", env={"COLUMNS": "80"})):
            assert done.returncode == 0, name
            assert done.stdout.startswith(f"usage: plimsoll {name} "), name
            assert "--offline" in done.stdout
            assert max(map(len, done.stdout.splitlines())) <= 110
    every = plimsoll("help").stdout
    assert all(f"  {name}" in every for name in names)
    assert "docs DIR" not in every


def test_versions_agree(plimsoll):
    plain = plimsoll("version").stdout
    assert plimsoll("--version").stdout == plain
    assert plain == f"plimsoll {json.loads(plimsoll('version', '-o', 'json').stdout)['version']}\n"


@pytest.mark.parametrize("args, says", [
    (["nginx"], "nginx: no such command [usage.command]; try: plimsoll scan nginx"),
    (["./app.tar"], "try: plimsoll scan ./app.tar"),
    (["hlep"], "try: plimsoll help"),
    (["convert", "x"], "try: plimsoll report"),
    (["config", "inti"], "one word too many"),
    (["version", "--quite"], "--quite: no such option [usage.option]; try: --quiet"),
    (["version", "--ignore-unfixed"], "here it is --only-fixed"),
    (["version", "--format", "json"], "here it is --output FORMAT"),
    (["report", "x", "-f", "json"], "try: here it is --output FORMAT"),
    (["version", "--debug"], "here it is --verbose"),
    (["report", "x", "--input", "y"], "name the file as the source"),
    (["version", "-Z"], "-Z: no such option"),
    (["version", "--jobs"], "--jobs: a value is missing [usage.value]; try: --jobs N"),
    (["version", "--jobs=many"], "\"many\" is no value for jobs"),
    (["version", "--color", "blue"], "try: one of auto, always, never"),
    (["version", "--no-offline=yes"], "takes no value"),
    (["version", "--now", "yesterday"], "\"yesterday\" is no value for now"),
    (["version", "--group-by", "fix"], "not an option of \"plimsoll version\""),
    (["version", "surplus"], "one word too many: \"surplus\""),
    (["report"], "FILE|- is missing"),
    (["list", "nonsense"], "catalogers"),
    (["help", "nonsense"], "no such command"),
    (["completion", "tcsh"], "bash, zsh or fish"),
    (["--quiet"], "a command is missing"),
    (["report", SAMPLE, "-o", "jsom"], "-o jsom: no such format [usage.format]; try: -o json"),
    (["report", SAMPLE, "-o", "json="], "a file name is missing"),
    (["report", SAMPLE, "-o", "template"], "try: -o template=FILE"),
    (["report", SAMPLE, "-o", "template=/nonexistent"], "/nonexistent"),
    (["report", SAMPLE, "-o", "csv=x", "-o", "jsonl=x"], "two formats for one file"),
    (["version", "-o", "csv"], "-o table or -o json"),
])
def test_usage_errors_are_exit_2_and_say_what_to_try(plimsoll, args, says):
    done = plimsoll(*args)
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr
    assert done.stderr.startswith("plimsoll: ") and done.stderr.count("\n") == 1


def test_options_may_stand_anywhere_and_be_bundled(plimsoll):
    want = plimsoll("version", "-v").stdout
    assert "compiler" in want
    for args in (["-v", "version"], ["-qv", "version"], ["-j2", "-v", "version"], ["--jobs", "2", "version", "--verbose"],
                 ["-vj", "2", "version"], ["--color=never", "version", "-v", "--"]):
        assert plimsoll(*args).stdout == want, args
    assert plimsoll("version", "--", "-v").returncode == 2


def test_exit_codes(plimsoll, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text('{"schema": "plimsoll/report/v1", "findings": [{"kind": "odd"}]}')
    assert plimsoll("report", SAMPLE).returncode == 1  # as the run that made it
    assert plimsoll("report", tmp_path / "missing.json").returncode == 3
    done = plimsoll("report", broken)
    assert done.returncode == 3 and "broken.json: findings[0]: has the unknown kind \"odd\" [report.invalid]" in done.stderr
    with open("/dev/full", "w") as full:
        done = plimsoll("version", stdout=full)
    assert done.returncode == 3 and "standard output" in done.stderr


def test_a_reader_that_leaves_is_no_error(plimsoll):
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w") as out:
        done = plimsoll("report", SAMPLE, "-o", "json", "-o", f"csv={plimsoll.cwd}/x.csv", stdout=out)
    assert done.returncode == 1 and done.stderr == ""
    assert (plimsoll.cwd / "x.csv").read_text().startswith("target,kind,id,")


def test_closed_streams_do_not_crash(plimsoll):
    for command in ("exec >&-; exec \"$0\" version", "exec 2>&-; exec \"$0\" nonsense"):
        done = subprocess.run(["sh", "-c", command, plimsoll.binary], env=plimsoll.env, cwd=plimsoll.cwd, capture_output=True)
        assert done.returncode == (3 if "version" in command else 2)


def test_listing_is_the_same_in_every_locale_and_zone(plimsoll):
    for args in (["report", SAMPLE, "-o", "table"], ["report", SAMPLE, "-o", "json"], ["list", "commands"]):
        want = plimsoll(*args)
        for env in ({"LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8"}, {"TZ": "Pacific/Kiritimati"}, {"LC_ALL": "tr_TR.UTF-8"}):
            done = plimsoll(*args, env=env)
            assert (done.stdout, done.returncode) == (want.stdout, want.returncode)


def test_termination_asks_first(plimsoll):
    process = subprocess.Popen([plimsoll.binary, "report", "-"], env=plimsoll.env, cwd=plimsoll.cwd, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # Wait until it blocks in its read: only then are the handlers surely set.
    while "read" not in pathlib.Path(f"/proc/{process.pid}/wchan").read_text() and process.poll() is None:
        if pathlib.Path(f"/proc/{process.pid}/syscall").read_text().startswith("0 "):
            break
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.stdin.close()
    assert process.wait(timeout=30) == 3
