#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `plimsoll watch` costs other programs: loops of system calls beside an idle baseline, in turns.

usage: bench_watch.py PLIMSOLL LOAD RULES...     RUNS=5, SECONDS=1; LOAD: bench-watch-load of the build tree

Which calls are captured: those that the rules name and that the kernel's filter cannot exclude, and for the process table
exec, fork, exit and changes of credentials; read and close are not captured with the official rules. Rows of a Markdown
table, as bench/run.py prints them. Needs root.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = int(os.environ.get("RUNS", "5"))
SECONDS = os.environ.get("SECONDS", "1")


def turn(load, loop, file):
    return float(subprocess.run([load, loop, SECONDS, file], check=True, capture_output=True, text=True).stdout)


def rss_and_cpu(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    rss = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return rss, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    plimsoll, load, *rules = sys.argv[1:]
    arguments = [x for r in rules for x in ("-r", r)]
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "file")
        pathlib.Path(file).write_text("bytes\n")
        for loop in ("getppid", "open", "fork"):
            bare, watched, cpu, rss = [], [], [], 0
            for _ in range(RUNS):
                bare.append(turn(load, loop, file))
                with subprocess.Popen([plimsoll, "watch", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
                    time.sleep(1)
                    if p.poll() is not None:
                        sys.exit(f"plimsoll watch ended with {p.returncode}")
                    before = rss_and_cpu(p.pid)[1]
                    watched.append(turn(load, loop, file))
                    rss, after = rss_and_cpu(p.pid)
                    cpu.append((after - before) / float(SECONDS))
                    p.terminate()
            a, b = statistics.median(bare), statistics.median(watched)
            print(f"| watch, {loop} loop | {a:.0f} ns bare, {b:.0f} ns watched | {a / b:.2f} of the speed | "
                  f"{statistics.median(cpu):.2f} core | {rss / 1024:.0f} MiB |", flush=True)


if __name__ == "__main__":
    main()
