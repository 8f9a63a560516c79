#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""audit, check and find on a real engine with 30 running containers from 10 images.

usage: bench_audit.py PLIMSOLL FOLDER     RUNS=5; PLIMSOLL_PEERS: a folder with docker-bench-security.sh, or its checkout

The limit of `audit containers` is the engine's own time: the same answers (info, version, list, an inspect each) asked
for over one connection. Rows of a Markdown table, as bench/run.py prints them. Needs root and dockerd.
"""
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests" / "e2e"))
sys.path.insert(0, str(TOP / "bench"))
import engine  # noqa: E402
import roots  # noqa: E402
from run import peak_pss  # noqa: E402

RUNS = int(os.environ.get("RUNS", "5"))
CONTAINERS, IMAGES = 30, 10


def start(folder):
    sock = folder / "d.sock"
    (folder / "config").mkdir()
    process = engine.start(["dockerd", "--data-root", folder / "data", "--exec-root", folder / "exec", "--pidfile", folder / "pid",
                            "-H", f"unix://{sock}", "--bridge=none", "--iptables=false", "--ip6tables=false",
                            "--storage-driver=overlay2", "--containerd-namespace", f"bench-{os.getpid()}",
                            "--containerd-plugins-namespace", f"bench-{os.getpid()}-plugins"], sock, folder)
    return process, engine.Engine(sock, folder)


def fill(e):
    e.import_tar(roots.root_tar("bookworm"), "base:1")
    for i in range(IMAGES):
        e.build(f"img:{i}", f"FROM base:1\nRUN echo {i} > /id\n")
    for i in range(CONTAINERS):
        e.docker("run", "-d", "--network=none", "--name", f"c{i}", f"img:{i % IMAGES}", "sleep", "infinity")


def sweep(sock):
    """The engine's own time for what an audit asks."""
    started = time.monotonic()
    c = engine.UnixConnection(sock)

    def get(path):
        c.request("GET", path)
        return json.loads(c.getresponse().read())
    get("/info"), get("/version")
    for row in get("/containers/json?all=1"):
        get(f"/containers/{row['Id']}/json")
    c.close()
    return time.monotonic() - started


def run(argv):
    started = time.monotonic()
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode not in (0, 1):
        sys.exit(f"{argv}: exit {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")
    return time.monotonic() - started


def peers(sock):
    folder = pathlib.Path(os.environ.get("PLIMSOLL_PEERS", "/nonexistent"))
    scripts = [p for p in (folder / "docker-bench-security.sh", folder / "docker-bench-security/docker-bench-security.sh") if p.exists()]
    for script in scripts[:1]:
        started = time.monotonic()
        subprocess.run(["sh", script, "-b"], cwd=script.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env={**os.environ, "DOCKER_HOST": f"unix://{sock}"})
        print(f"| docker-bench-security, the same engine | {time.monotonic() - started:.1f} s | | one run |", flush=True)
    if not scripts:
        print("| docker-bench-security | | | not measured: PLIMSOLL_PEERS names no folder that has it |", flush=True)


def main():
    plimsoll, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    process, e = start(folder)
    try:
        fill(e)
        cache = ["--cache-dir", folder / "cache", "--db-update", "never", "-q"]
        quick = ["--skip", "vulnerability", *cache]
        api, both = [], {}
        commands = {"audit containers, 30 running": ["audit", "containers", "-H", e.host, *quick],
                    "audit, everything": ["audit", "-H", e.host, *quick],
                    "check, warm cache, 30 containers of 10 images": ["check", "-H", e.host, *cache],
                    "find openssl --in running, warm cache": ["find", "openssl", "--in", "running", "-H", e.host, *cache]}
        for i in range(RUNS + 1):
            api.append(sweep(e.socket))
            for name, argv in commands.items():
                took = run([plimsoll, *argv])
                if i:  # the first one fills the caches
                    both.setdefault(name, []).append(took)
        limit = statistics.median(api[1:]) * 1000
        for name, took in both.items():
            peak = peak_pss([plimsoll, *commands[name]])
            print(f"| {name} | {statistics.median(took) * 1000:.0f} ms, {peak:.0f} MiB | {limit:.0f} ms | the same answers asked of the engine |",
                  flush=True)
        peers(e.socket)
    finally:
        e.docker("rm", "-f", *e.docker("ps", "-aq").split(), check=False)
        engine.stop(process)
        engine.unmount_below(folder)


main()
