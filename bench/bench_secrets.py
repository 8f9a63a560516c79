#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The secret search over text files of this machine: all rules in one pass, and the same rules one by one.

usage: bench_secrets.py BUILD [RULES]     RULES: a rule file; default: the built-in rules

Time of one processor, files in memory, the best of five; one by one over a part of the files, once, because it
takes that long. Rows of a Markdown table, as bench/run.py prints them.
"""
import json
import pathlib
import subprocess
import sys

ROOTS = ["/usr/lib/python3", "/usr/share/doc", "/usr/share/perl", "/usr/include", "/etc"]
KINDS = {".py", ".txt", ".md", ".h", ".pm", ".pl", ".conf", ".json", ".html", ""}
WANTED, ALONE = 64 << 20, 1 << 20


def texts():
    out, total = [], 0
    for root in ROOTS:
        for path in sorted(pathlib.Path(root).rglob("*")):
            try:
                size = path.stat().st_size if path.is_file() and not path.is_symlink() else 0
            except OSError:
                continue
            if path.suffix in KINDS and 1024 < size < 8 << 20 and total < WANTED:
                out.append((path, size))
                total += size
    return out


def measure(program, rules, how, files):
    names = "\0".join(str(p) for p in files)
    out = subprocess.run(["xargs", "-0", "-n", "100000", "-s", "2000000", program, rules, how], input=names.encode(), stdout=subprocess.PIPE, check=True)
    rows = [json.loads(line) for line in out.stdout.splitlines()]
    size, seconds = sum(r["bytes"] for r in rows), sum(r["seconds"] for r in rows)
    return rows[0]["rules"], size, seconds


def main():
    program = str(pathlib.Path(sys.argv[1]) / "tests/secret-dump")
    rules = sys.argv[2] if len(sys.argv) > 2 else "-"
    files, few, total = texts(), [], 0
    for path, size in files:
        if total < ALONE and size < ALONE // 8:
            few.append(path)
            total += size
    print("| secret search | rules | MB | MB/s of one processor |\n|---|---|---|---|")
    for title, how, some in (("all rules in one pass", "--bench", [p for p, _ in files]), ("one by one", "--one-by-one", few)):
        n, size, seconds = measure(program, rules, how, some)
        print(f"| {title} | {n} | {size / 1e6:.1f} | {size / seconds / 1e6:.1f} |")


if __name__ == "__main__":
    main()
