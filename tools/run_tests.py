#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every check of the project, one after the other; called by `./dev test`.

usage: run_tests.py [-Dmeson_option ...] [PART ...]      parts: build unit lint e2e fuzz (default: all)

The last line is "N passed, N failed, N skipped" for everything: cmocka tests, corpus inputs' programs,
pytest tests and each lint. With PLIMSOLL_CI=1 a skip fails the run, unless it says that it reads ../shared
or names another platform: a machine that cannot run a test must not look like one where it passed.
"""
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / "build"
CI = os.environ.get("PLIMSOLL_CI") == "1"
# Why a test may skip in CI: it reads ../shared, or it is about another platform.
ALLOWED_SKIP = re.compile(r"\bshared\b|\bplatform\b", re.I)
WARNINGS_ARE_ERRORS = "--werror"
# clang-format and clang-tidy speak differently in each version; 14 (Debian 12) is the one that decides.
CLANG_VERSION = 14


class Results:
    def __init__(self):
        self.passed, self.failed, self.skipped = [], [], []

    def add(self, name, ok, detail=""):
        (self.passed if ok else self.failed).append(name)
        if not ok:
            print(f"FAILED {name}\n{detail}", flush=True)

    def skip(self, name, reason):
        if CI and not ALLOWED_SKIP.search(reason):
            self.add(name, False, f"skipped, which CI does not accept: {reason}")
        else:
            self.skipped.append((name, reason))
            print(f"skipped {name}: {reason}", flush=True)


results = Results()


def run(argv, **kwargs):
    return subprocess.run([str(a) for a in argv], cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", **kwargs)


def stage(name):
    print(f"== {name} ({time.strftime('%H:%M:%S')})", flush=True)


def tool(name):
    """NAME-14 or NAME, if its version is the one that decides; else None."""
    for candidate in (f"{name}-{CLANG_VERSION}", name):
        path = shutil.which(candidate)
        if path and re.search(rf"version {CLANG_VERSION}\.", run([path, "--version"]).stdout):
            return path
    return None


def tail(text, lines=60):
    return "\n".join(text.splitlines()[-lines:])


def configure_and_build(name, options, compiler=None):
    """True if the tree BUILD/name is built without a warning."""
    folder = BUILD / name
    env = dict(os.environ)
    if compiler:
        env["CC"] = ("ccache " if shutil.which("ccache") else "") + compiler
    if not (folder / "build.ninja").exists():
        r = run(["meson", "setup", folder, WARNINGS_ARE_ERRORS, *options, *MESON_OPTIONS], env=env)
        if r.returncode:
            results.add(f"configure {name}", False, tail(r.stdout))
            return False
    else:
        # Sources are listed at configure time: a new file must be noticed.
        os.utime(TOP / "meson.build")
    r = run(["ninja", "-C", folder, "-k", "0"], env=env)
    errors = "\n".join(line for line in r.stdout.splitlines() if re.search(r"error|warning:|undefined", line) and " -o " not in line)
    results.add(f"build {name}", r.returncode == 0, errors[:6000] or tail(r.stdout))
    return r.returncode == 0


def meson_tests(name, suites):
    """Runs meson tests and counts what is inside each program."""
    folder = BUILD / name
    log = folder / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    argv = ["meson", "test", "-C", folder, "--no-rebuild"]
    for suite in suites:
        argv += ["--suite", suite]
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:detect_stack_use_after_return=0",
               UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1")
    r = run(argv, env=env)
    if not log.exists():
        results.add(f"{name}: meson test", False, tail(r.stdout))
        return
    for line in log.read_text().splitlines():
        row = json.loads(line)
        out = row.get("stdout", "") + row.get("stderr", "")
        title = f"{name} {row['name']}"
        # At the end cmocka lists skipped and failed cases once more.
        each = re.sub(r"^\[.*listed below:\n(\[.*\n)*", "", out, flags=re.M)
        cases = re.findall(r"^\[\s+(OK|FAILED|ERROR|SKIPPED)\s+\] (\w+)$", each, re.M)
        if row["result"] == "SKIP":
            results.skip(title, out.strip() or "no reason given")
        elif row["result"] not in ("OK", "EXPECTEDFAIL"):
            results.add(title, False, tail(out))
        elif cases:
            reasons = dict(re.findall(r"^skipped (\w+): (.*)$", out, re.M))
            general = re.search(r"^[^\[\n]*skipped.*$", out, re.M | re.I)
            for verdict, case in cases:
                if verdict == "OK":
                    results.add(f"{title} {case}", True)
                elif verdict == "SKIPPED":
                    reason = reasons.get(case) or (general.group(0) if general else "")
                    results.skip(f"{title} {case}", reason or "no reason given")
        else:
            results.add(title, True)


ASAN = ["--buildtype=debugoptimized", "-Db_sanitize=address,undefined", "-Db_lundef=false"]
# Name of a build tree: (what is said, meson options, with clang).
TREES = {"gcc": ("build with gcc", ["--buildtype=debugoptimized"], False),
         "clang": ("build with clang, release", ["--buildtype=release"], True),
         "asan": ("build with ASan and UBSan", ASAN, True)}


@functools.lru_cache(maxsize=None)
def built(name):
    """Builds a tree once; True if that went well. A part asks for the trees that it runs."""
    title, options, with_clang = TREES[name]
    stage(title)
    compiler = (shutil.which("clang-14") or shutil.which("clang")) if with_clang else "gcc"
    if not compiler:
        results.skip(f"build {name}", "no clang")
        return False
    return configure_and_build(name, options, compiler)


def part_build():
    for name in TREES:
        built(name)


def part_unit():
    if built("gcc"):
        stage("unit tests, gcc")
        meson_tests("gcc", ["unit", "lint"])
    if built("asan"):
        stage("unit tests, ASan and UBSan")
        meson_tests("asan", ["unit"])


def part_fuzz():
    if built("asan"):
        stage("fuzz corpora, ASan and UBSan")
        meson_tests("asan", ["fuzz"])
    if built("gcc"):
        stage("fuzz corpora, gcc")
        meson_tests("gcc", ["fuzz"])


def c_files():
    """Of the repository; where the tree is no clone (an unpacked release), all but what is below build*."""
    r = run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.c", "*.h"])
    if r.returncode == 0:
        return sorted(set(r.stdout.split()))
    files = (path.relative_to(TOP) for path in TOP.rglob("*.[ch]"))
    return sorted(str(path) for path in files if not path.parts[0].startswith(("build", ".")))


def part_lint():
    has_clang_tree = built("clang")
    stage("formatting")
    clang_format = tool("clang-format")
    if clang_format:
        r = run([clang_format, "--dry-run", "-Werror", *c_files()])
        results.add("clang-format", r.returncode == 0, tail(r.stdout, 20))
    else:
        results.skip("clang-format", f"platform without clang-format {CLANG_VERSION}")
    stage("headers compile alone")
    faults = []
    for header in sorted((TOP / "src").rglob("*.h")):
        name = header.relative_to(TOP / "src").as_posix()
        flags = ["-std=gnu17", "-D_GNU_SOURCE", "-Isrc", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", "-"]
        flags += [f"-I{o.split('=', 1)[1]}" for o in MESON_OPTIONS if o.startswith("-Dyyjson_dir=")]
        r = run(["gcc", *flags], input=f'#include "{name}"\n')
        if r.returncode:
            faults.append(f"{name}: " + next((x for x in r.stdout.splitlines() if "error" in x), "gcc failed"))
    results.add("headers compile alone", not faults, "\n".join(faults))
    stage("clang-tidy")
    clang_tidy = tool("clang-tidy")
    database = BUILD / "clang" / "compile_commands.json"
    if clang_tidy and database.exists():
        sources = [f for f in c_files() if f.startswith("src/") and f.endswith(".c")]
        jobs = str(len(os.sched_getaffinity(0)))
        r = run(["xargs", "-P", jobs, "-n", "4", clang_tidy, "-p", BUILD / "clang", "--quiet", "--warnings-as-errors=*"],
                input="\n".join(sources))
        findings = "\n".join(sorted({x for x in r.stdout.splitlines() if re.search(r"(warning|error):", x)}))
        results.add("clang-tidy", r.returncode == 0, findings or tail(r.stdout))
    elif clang_tidy:
        results.skip("clang-tidy", "no compilation database: the build with clang failed")
    else:
        results.skip("clang-tidy", f"platform without clang-tidy {CLANG_VERSION}")
    stage("cppcheck")
    if shutil.which("cppcheck"):
        r = run(["cppcheck", "--enable=warning,portability", "--inline-suppr", "--quiet", "--error-exitcode=1", "--std=c11",
                 "--suppressions-list=tools/cppcheck.txt", "-j", "2", "-Isrc", "-D_GNU_SOURCE", "-DPLM_VERSION=\"\"", "-DPLM_MODULE_DIR=\"\"", "-D__typeof__(x)=void *", "--max-configs=2", "src"])
        results.add("cppcheck", r.returncode == 0, tail(r.stdout))
    else:
        results.skip("cppcheck", "no cppcheck")
    stage("hardening of the binary")
    if has_clang_tree:
        r = run([sys.executable, "tools/check_elf.py", BUILD / "clang" / "plimsoll"])
        results.add("hardening", r.returncode == 0, r.stdout)


def pytest(name, folder, extra=()):
    report = BUILD / f"{name}.xml"
    report.unlink(missing_ok=True)
    env = dict(os.environ, PLIMSOLL_BINARY=str(BUILD / "gcc" / "plimsoll"), PLIMSOLL_BUILD=str(BUILD / "gcc"),
               PLIMSOLL_SHARED=os.environ.get("PLIMSOLL_SHARED", str(TOP.parent / "shared")), PYTHONDONTWRITEBYTECODE="1")
    env.pop("PYTHONPATH", None)
    r = run(["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", f"--junitxml={report}", folder,
             *extra], env=env)
    if not report.exists():
        results.add(name, False, tail(r.stdout))
        return
    for case in ET.parse(report).getroot().iter("testcase"):
        title = f"{name} {case.get('classname')}.{case.get('name')}"
        bad = case.find("failure") if case.find("failure") is not None else case.find("error")
        skip = case.find("skipped")
        if bad is not None:
            results.add(title, False, tail(bad.text or bad.get("message", ""), 40))
        elif skip is not None:
            results.skip(title, skip.get("message", "no reason given"))
        else:
            results.add(title, True)


def part_e2e():
    if not built("gcc"):
        return
    stage("end-to-end tests")
    pytest("e2e", "tests/e2e")


PARTS = {"build": part_build, "unit": part_unit, "fuzz": part_fuzz, "lint": part_lint, "e2e": part_e2e}

MESON_OPTIONS = [a for a in sys.argv[1:] if a.startswith("-D")]


def main():
    wanted = [a for a in sys.argv[1:] if not a.startswith("-D")]
    unknown = [w for w in wanted if w not in PARTS]
    if unknown:
        sys.exit(f"unknown part {unknown[0]}: one of {' '.join(PARTS)}")
    BUILD.mkdir(exist_ok=True)
    started = time.monotonic()
    for name, function in PARTS.items():
        if not wanted or name in wanted:
            function()
    if results.skipped:
        print("skipped:", *(f"  {n}: {r}" for n, r in results.skipped), sep="\n")
    if results.failed:
        print("failed:", *(f"  {n}" for n in results.failed), sep="\n")
    print(f"{time.monotonic() - started:.0f} s")
    print(f"{len(results.passed)} passed, {len(results.failed)} failed, {len(results.skipped)} skipped", flush=True)
    return 1 if results.failed or not results.passed else 0


if __name__ == "__main__":
    sys.exit(main())
