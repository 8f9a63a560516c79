#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `plimsoll watch` costs other programs: loops of system calls beside an idle baseline, in turns.

usage: bench_watch.py TITLE PLIMSOLL LOAD RULES...     RUNS=5, SECONDS=1; LOAD: bench-watch-load of the build tree

Which calls are captured: those that the rules name and that the kernel's filter cannot exclude, and for the process table
exec, fork, exit and changes of credentials; read and close are not captured with the official rules. Rows of a Markdown
table, as bench/run.py prints them. Needs root.
"""
import os
import pathlib
import queue
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

RUNS = int(os.environ.get("RUNS", "5"))
SECONDS = os.environ.get("SECONDS", "1")
MARK = f"plimsoll-mark-{os.getpid()}-"
FENCE = os.path.join(tempfile.gettempdir(), MARK + "rule.yaml")
FENCE_RULE = f"""- rule: Mark
  desc: a mark of the bench
  condition: evt.type = mkdir and evt.arg.path contains {MARK}
  output: mark %evt.arg.path
  priority: DEBUG
"""


def turn(load, loop, file):
    return float(subprocess.run([load, loop, SECONDS, file], check=True, capture_output=True, text=True).stdout)


def rss_and_cpu(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    rss = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return rss, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def watch(plimsoll, arguments, **streams):
    return subprocess.Popen([plimsoll, "watch", *arguments, "--rules", FENCE], stdin=subprocess.DEVNULL, text=True, **streams)


def until_watching(process, folder):
    """Puts up a mark until its alert comes; seconds since the start of the program."""
    started, seen = time.monotonic(), threading.Event()
    threading.Thread(target=lambda: (process.stdout.readline(), seen.set()), daemon=True).start()
    while not seen.wait(0.002):
        os.mkdir(os.path.join(folder, MARK))
        os.rmdir(os.path.join(folder, MARK))
        if process.poll() is not None:
            sys.exit(f"plimsoll watch ended with {process.returncode}")
    return time.monotonic() - started


def latencies(process, folder, count=300):
    """Milliseconds from before the call to the line on standard output, sorted."""
    lines, out = queue.Queue(), []

    def read():
        for line in process.stdout:
            lines.put((time.monotonic(), line))

    threading.Thread(target=read, daemon=True).start()
    for i in range(count):
        name = f"{MARK}{i}."
        before = time.monotonic()
        os.mkdir(os.path.join(folder, name))
        os.rmdir(os.path.join(folder, name))
        while True:
            at, line = lines.get(timeout=10)
            if name in line:
                break
        out.append((at - before) * 1000)
    return sorted(out)


def end(process):
    process.terminate()
    _, errors = process.communicate()
    lost = re.search(r"(\d+) lost", errors)
    return int(lost.group(1)) if lost else -1


def main():
    title, plimsoll, load, *rules = sys.argv[1:]
    arguments = [x for r in rules for x in ("-r", r)]
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "file")
        pathlib.Path(file).write_text("bytes\n")
        pathlib.Path(FENCE).write_text(FENCE_RULE)
        for loop in ("getppid", "open", "fork"):
            bare, watched, cpu, rss, lost = [], [], [], 0, 0
            for _ in range(RUNS):
                bare.append(turn(load, loop, file))
                p = watch(plimsoll, arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                until_watching(p, folder)
                before = rss_and_cpu(p.pid)[1]
                watched.append(turn(load, loop, file))
                rss, after = rss_and_cpu(p.pid)
                cpu.append((after - before) / float(SECONDS))
                lost += end(p)
            a, b = statistics.median(bare), statistics.median(watched)
            print(f"| watch, {title}, {loop} loop | {a:.0f} ns bare, {b:.0f} ns watched | {a / b:.2f} of the speed, "
                  f"{statistics.median(cpu):.2f} core of ours, {lost} lost, {rss / 1024:.0f} MiB |", flush=True)
        starts = []
        for _ in range(RUNS):
            p = watch(plimsoll, arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            starts.append(until_watching(p, folder) * 1000)
            if len(starts) == RUNS:
                took = latencies(p, folder)
            end(p)
        print(f"| watch, {title}, start to first alert | {statistics.median(starts):.0f} ms | |")
        print(f"| watch, {title}, alert latency | median {statistics.median(took):.1f} ms | p99 {took[int(len(took) * 0.99)]:.1f} ms |")
    os.unlink(FENCE)


if __name__ == "__main__":
    main()
