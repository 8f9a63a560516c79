# SPDX-License-Identifier: Apache-2.0
"""`plimsoll vercmp`: the command, and its answers against the real tools.

deb: python3-apt's compare for thousands of pairs and `dpkg --compare-versions` for a few
hundred (one process a pair); rpm: rpm's own vercmp, all pairs in one Lua chunk; all three
schemes: the lists in ../shared.
"""
import os
import pathlib
import random
import shutil
import subprocess

import pytest

BINARY = os.environ["PLIMSOLL_BINARY"]
SHARED = pathlib.Path(os.environ.get("PLIMSOLL_SHARED", pathlib.Path(__file__).parents[3] / "shared"))
FRAGMENTS = "0 1 2 9 10 00 01 007 2024 a b rc Z alpha . - _ ~ ^ + .. el8 +deb12u1 ~bpo ubuntu1".split()


def answers(scheme, pairs):
    text = "".join(f"{a}\t{b}\n" for a, b in pairs)
    done = subprocess.run([BINARY, "vercmp", scheme], input=text, text=True, capture_output=True, check=True)
    return done.stdout.split()


def version(rng, epoch=True):
    head = rng.choice(["", "0:", "1:", "01:"]) if epoch and rng.random() < 0.3 else ""
    return head + rng.choice("0123456789") + "".join(rng.choice(FRAGMENTS) for _ in range(rng.randint(0, 5)))


def pairs(seed, count, accept=lambda v: True):
    rng = random.Random(seed)
    out = []
    while len(out) < count:
        a = version(rng)
        # half of the pairs differ in one place only, so that they are equal for long
        b = version(rng) if rng.random() < 0.5 else a.replace(rng.choice(a), rng.choice(FRAGMENTS), 1)
        if accept(a) and accept(b):
            out.append((a, b))
    return out


def sign(number):
    return "<" if number < 0 else ">" if number > 0 else "="


def check(scheme, rows, wanted):
    got = answers(scheme, rows)
    assert len(got) == len(rows)
    wrong = [(a, b, want, have) for (a, b), want, have in zip(rows, wanted, got) if want != have]
    assert not wrong, wrong[:10]
    assert set(got) == {"<", "=", ">"}


def is_deb(v):
    head, colon, rest = v.partition(":")
    if colon and not head.isdigit():
        return False
    rest = rest if colon else v
    upstream, dash, revision = rest.rpartition("-")
    if dash and not (upstream and revision):
        return False
    return rest[:1].isdigit() and "^" not in rest and "_" not in rest and ":" not in rest


def test_deb_against_apt():
    apt_pkg = pytest.importorskip("apt_pkg", reason="skipped: python3-apt is missing")
    apt_pkg.init_system()
    rows = pairs(1, 8000, is_deb)
    check("deb", rows, [sign(apt_pkg.version_compare(a, b)) for a, b in rows])


@pytest.mark.skipif(not shutil.which("dpkg"), reason="skipped: dpkg is missing")
def test_deb_against_dpkg():
    rows = pairs(2, 300, is_deb)

    def dpkg(a, b):
        for op, char in (("lt-nl", "<"), ("gt-nl", ">")):
            if subprocess.run(["dpkg", "--compare-versions", a, op, b], check=False).returncode == 0:
                return char
        return "="

    check("deb", rows, [dpkg(a, b) for a, b in rows])


@pytest.mark.skipif(not shutil.which("rpm"), reason="skipped: rpm is missing")
def test_rpm_against_rpm():
    # rpm.vercmp compares one part; epochs and releases are put together here as rpm does
    rows = [(a, b) for a, b in pairs(3, 4000) if ":" not in a + b and "-" not in a + b]
    assert len(rows) > 500
    table = ",".join('{"%s","%s"}' % row for row in rows)
    script = "%{lua: for _, p in ipairs({" + table + "}) do print(rpm.vercmp(p[1], p[2]) .. '\\n') end}"
    done = subprocess.run(["rpm", "--eval", script], capture_output=True, text=True, check=True)
    check("rpm", rows, [sign(int(line)) for line in done.stdout.split()])


def split_evr(v):
    digits = len(v) - len(v.lstrip("0123456789"))
    epoch, rest = (v[:digits] or "0", v[digits + 1:]) if v[digits:digits + 1] == ":" else ("0", v)
    if "-" in rest:
        return (epoch, *rest.rsplit("-", 1))
    return epoch, rest, None


def test_rpm_against_label_compare():
    rpm = pytest.importorskip("rpm", reason="skipped: python3-rpm is missing")
    rows, wanted = [], []
    for a, b in pairs(4, 8000):
        try:
            wanted.append(sign(rpm.labelCompare(split_evr(a), split_evr(b))))
            rows.append((a, b))
        except ValueError:  # "invalid version"
            continue
    assert len(rows) > 5000
    check("rpm", rows, wanted)


@pytest.mark.parametrize("scheme, name", [("deb", "debian"), ("rpm", "redhat"), ("apk", "alpine"), ("semver", "semver")])
def test_shared_lists(scheme, name):
    archive = SHARED / "data" / "version-order.tar.zst"
    if not archive.exists():
        pytest.skip(f"skipped: {archive} is missing")
    member = f"osv-scalibr/semantic/testdata/{name}-versions.txt"
    done = subprocess.run(["tar", "--zstd", "-xOf", archive, member], capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines() if line.strip() and not line.startswith(("#", "//"))]
    assert len(rows) >= 30 and all(len(row) == 3 for row in rows)
    got = answers(scheme, [(a, b) for a, _, b in rows])
    wrong = [(row, have) for row, have in zip(rows, got) if row[1] != have]
    assert not wrong, wrong


def run(*argv, stdin=""):
    return subprocess.run([BINARY, "vercmp", *argv], input=stdin, text=True, capture_output=True, check=False)


def test_two_words():
    assert run("deb", "1.0~rc1-1", "1.0-1").stdout == "<\n"
    assert run("Alpine:v3.19", "1.2.3_p1", "1.2.3-r5").stdout == ">\n"
    assert run("rpm", "1_0", "1.0").stdout == "=\n"


def test_invalid_version_is_told():
    done = run("deb", "1_0", "1.0")
    assert done.returncode == 0 and done.stdout == ">\n"
    assert "1_0" in done.stderr and "valid" in done.stderr


def test_unknown_scheme():
    done = run("nonsense", "1", "2")
    assert done.returncode == 2 and done.stdout == ""
    assert "plimsoll list schemes" in done.stderr


def test_one_version():
    assert run("deb", "1").returncode == 2


def test_line_without_tab():
    done = run("deb", stdin="1\t2\n1 2\n")
    assert done.returncode == 2 and done.stdout == "<\n"
    assert "line 2" in done.stderr
