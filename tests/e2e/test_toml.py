# SPDX-License-Identifier: Apache-2.0
"""The TOML reader against Python's tomllib: what that reads we read alike, what it refuses we refuse."""
import datetime
import json
import math
import os
import pathlib
import random
import subprocess
import tomllib

import pytest

DUMP = pathlib.Path(os.environ.get("PLIMSOLL_BUILD", "build")) / "tests/toml-dump"

VALID = [
    "", "\n\n# only a comment", "a = 1", "a.b.c = 'x'\na.b.d = 2", "\"\" = 1\n' ' = 2", "1 = 1\n2.3 = 3",
    "a = 0x_".replace("_", "fF") + "\nb = 0o17\nc = 0b101", "a = +1_000\nb = -0\nc = 9223372036854775807\nd = -9223372036854775808",
    "a = 1.5\nb = -0.0\nc = 1e10\nd = 6.626e-34\ne = 1_000.000_1\nf = inf\ng = -inf\nh = nan\ni = +nan\nj = 0e0",
    "a = true\nb = false", "a = 1979-05-27\nb = 07:32:00\nc = 07:32:00.999", "a = 1979-05-27T00:32:00.999999-07:00\nb = 1979-05-27 07:32:00Z",
    "a = 2024-02-29", 'a = "\\b\\t\\n\\f\\r\\"\\\\\\u00e9\\U0001F600"', "a = '\\x\\n'", 'a = """\nx\n  y"""', 'a = """\\\n   x \\\n\n  y"""',
    'a = """"x""""', "a = ''''x'''''", "a = '''\r\nb\r\n'''", 'a = """q""\\""""', "a = []\nb = [ ]\nc = [1, 'x', [2.0,], ]",
    "a = [ # c\n 1, # d\n\n 2\n # e\n]", "a = {}\nb = { x = 1, y.z = 2 }", "a = [{x=1},{x=2}]", "[a]\nb=1\n[c.d]\n[c]\ne=1",
    "[a.b.c]\n[a]\nx=1\n[a.b]\ny=2", "[[a]]\nx=1\n[[a]]\n[a.b]\ny=1\n[[a.c]]\n[[a.c]]", "[ a . 'b c' ]\nx=1", "a.b=1\n[x]\na.b=2",
    "[fruit]\napple.color = 'r'\napple.taste.sweet = true\n[fruit.apple.texture]\nsmooth = true", "\ufeffa = 1", "a = 'é日本'\n'é' = 1",
    "[a.b.c]\n[a]\nb.x = 1", "a\t=\t1\t#\t\x80x".replace("\x80", "é"), "a = 1\r\nb = 2\r\n",
]
INVALID = [
    "1 = 1\n1.2 = 3", "a", "a =", "= 1", "a = 1 b = 2", "a = 1\na = 2", "a.b = 1\na = 2", "a = 1\na.b = 2", "[a]\n[a]", "[a]\nb=1\n[a.b]", "a = {x=1}\n[a.y]",
    "a = {x=1}\na.y = 2", "a = {x.y=1, x=2}", "a = []\n[[a]]", "[[a]]\n[a]", "[a]\n[[a]]", "[a.b]\n[[a]]", "[a.b.c]\n[a]\nb.c.x = 1", "[a.b.c]\n[a]\nb.x = 1\n[a.b]",
    "a.b = 1\n[a]", "a = 01", "a = 1__0", "a = _1", "a = 1_", "a = 0x", "a = 0xg", "a = +0x1", "a = 0X1", "a = 1.", "a = .5", "a = 1.e5",
    "a = 1e", "a = 9223372036854775808x", "a = True", "a = infinity", "a = 1979-13-01", "a = 2023-02-29", "a = 25:00:00",
    "a = 1979-05-27T", "a = 07:32", "a = 'x", "a = \"x\ny\"", 'a = "\\q"', 'a = "\\u12"', 'a = "\\ud800"', 'a = """x', "a = '''x''''''",
    "a = \"\x01\"", "a = 1 # \x01", "a = [1 2]", "a = [1", "a = [,]", "a = {x=1,}", "a = {x=1\n}", "a = {,}", "[a", "[]", "[a.]", "[.a]", "a..b=1",
    "[[a]", "[[a] ]", "[a]]", "[a] x=1", "é = 1", "'''a''' = 1", "a = 1\rb = 2", "a = \x00", "[a]\n[a.b]\n[a.b]", "a = \"\x7f\"",
    "a = [{b=1}]\n[a.c]", "a.b = {c=1}\na.b.d = 1", "[a.b]\nc=1\n[a]\nb.d=1",
]


def dump(text):
    if not DUMP.exists():
        pytest.skip(f"{DUMP} is not built")
    return subprocess.run([str(DUMP)], input=text.encode(), stdout=subprocess.PIPE)


def same(ours, theirs):
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and list(ours) == list(theirs) and all(same(ours[k], theirs[k]) for k in theirs)
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    kind, value = ours
    if isinstance(theirs, bool):
        return kind == "bool" and value is theirs
    if isinstance(theirs, int):
        return kind == "integer" and value == theirs
    if isinstance(theirs, float):
        return kind == "float" and (float(value) == theirs or (math.isnan(theirs) and math.isnan(float(value))))
    if isinstance(theirs, str):
        return kind == "string" and value == theirs
    if isinstance(theirs, datetime.time):
        return kind == "time" and datetime.time.fromisoformat(value) == theirs
    if isinstance(theirs, datetime.datetime):
        return kind == "time" and datetime.datetime.fromisoformat(value) == theirs
    return kind == "time" and datetime.date.fromisoformat(value) == theirs


def check(text):
    out = dump(text)
    try:
        theirs = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError):
        assert out.returncode == 1 and out.stdout.startswith(b"error: "), (text, out.stdout)
        return False
    assert out.returncode == 0, (text, out.stdout)
    assert same(json.loads(out.stdout), theirs), (text, out.stdout, theirs)
    return True


@pytest.mark.parametrize("text", VALID)
def test_valid(text):
    # Python's tomllib takes no byte order mark; the specification's ABNF does not either, but editors write it.
    if text.startswith("\ufeff"):
        assert dump(text).stdout == dump(text[1:]).stdout != b""
    else:
        assert check(text)


@pytest.mark.parametrize("text", INVALID)
def test_invalid(text):
    if text == "a = 9223372036854775808x" or not check(text):
        assert dump(text).returncode == 1
    else:
        pytest.fail(f"tomllib accepts {text!r}")


def test_integer_beyond_64_bits_is_refused():
    """Python has no such limit; the specification demands an error where a value cannot be held."""
    assert dump("a = 9223372036854775808").returncode == 1


def test_mutations():
    """Documents with a byte taken out, doubled or replaced: both accept, or both refuse."""
    rng = random.Random(7)
    pieces = list("[]{}=.,'\"\\#\n 0189_-+eTx")
    accepted = 0
    for _ in range(600):
        text = rng.choice(VALID)
        for _ in range(rng.randint(1, 3)):
            at = rng.randint(0, len(text))
            text = rng.choice([text[:at] + text[at + 1:], text[:at] + rng.choice(pieces) + text[at:],
                               text[:at] + rng.choice(pieces) + text[at + 1:]])
        if not text.startswith("\ufeff"):
            accepted += check(text)
    assert accepted > 50


def test_the_rule_file_of_gitleaks():
    shared = pathlib.Path(os.environ.get("PLIMSOLL_SHARED", "../shared")) / "data/gitleaks-rules.tar.zst"
    if not shared.exists():
        pytest.skip("skipped: ../shared is missing")
    tar = subprocess.run(["tar", "--zstd", "-xOf", str(shared), "./config/gitleaks.toml"], stdout=subprocess.PIPE)
    if tar.returncode:
        tar = subprocess.run(["tar", "--zstd", "-xOf", str(shared), "config/gitleaks.toml"], stdout=subprocess.PIPE, check=True)
    assert check(tar.stdout.decode())
