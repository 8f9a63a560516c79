#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fuzzes each target (or the ones named) with libFuzzer under ASan and UBSan.

usage: run_fuzz.py [-Dmeson_option ...] [NAME ...]       FUZZ_SECONDS=20 each, FUZZ_JOBS=1 at a time

New inputs stay in build/fuzz-corpus/NAME; a crash is copied to fuzz/corpus/NAME, where the replay test keeps it.
The last line is "N passed, N failed".
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / "build" / "fuzz"
SECONDS = int(os.environ.get("FUZZ_SECONDS", "20"))
JOBS = int(os.environ.get("FUZZ_JOBS", "1"))


def build(options):
    clang = shutil.which("clang-14") or shutil.which("clang") or sys.exit("fuzzing needs clang")
    env = dict(os.environ, CC=("ccache " if shutil.which("ccache") else "") + clang)
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["meson", "setup", BUILD, "--buildtype=debugoptimized", "-Dfuzzer=true", "-Db_sanitize=address,undefined",
                        "-Db_lundef=false", *options], check=True, env=env, cwd=TOP, stdout=subprocess.DEVNULL)
    else:
        os.utime(TOP / "meson.build")
    subprocess.run(["ninja", "-C", BUILD], check=True, env=env, cwd=TOP, stdout=subprocess.DEVNULL)


def fuzz(program):
    name = program.name.removeprefix("fuzz_")
    grown = TOP / "build" / "fuzz-corpus" / name
    crashes = TOP / "build" / "fuzz-crashes" / name
    for folder in (grown, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    seeds = TOP / "fuzz" / "corpus" / name
    r = subprocess.run([program, grown, seeds, f"-max_total_time={SECONDS}", "-timeout=20", "-rss_limit_mb=3000",
                        "-max_len=65536", f"-artifact_prefix={crashes}/", "-print_final_stats=1", "-verbosity=0"],
                       cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", r.stdout)
    coverage = re.findall(r"cov: (\d+)", r.stdout)
    found = sorted(crashes.iterdir())
    for crash in found:
        shutil.copy(crash, seeds / crash.name)
    ok = r.returncode == 0 and not found
    print(f"{'ok  ' if ok else 'FAIL'} {name}: {runs.group(1) if runs else '?'} runs, coverage {coverage[-1] if coverage else '?'}",
          flush=True)
    if not ok:
        print("\n".join(r.stdout.splitlines()[-40:]), flush=True)
    return ok


def main():
    options = [a for a in sys.argv[1:] if a.startswith("-D")]
    names = [a for a in sys.argv[1:] if not a.startswith("-D")]
    build(options)
    programs = sorted(p for p in BUILD.rglob("fuzz_*") if p.is_file() and os.access(p, os.X_OK) and not p.name.endswith("-replay")
                      and "." not in p.name)
    if names:
        programs = [p for p in programs if p.name.removeprefix("fuzz_") in names]
        if len(programs) != len(set(names)):
            sys.exit("no such target: one of " + " ".join(sorted(p.name.removeprefix("fuzz_") for p in BUILD.rglob("fuzz_*"))))
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        results = list(pool.map(fuzz, programs))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
