#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Building, size and speed of the vulnerability store.

usage: bench_db.py BUILD_DIR DATA_DIR      (DATA_DIR: the advisory archives, for example ../shared/data)

Prints: wall time and peak memory of `db build` over everything there, bytes per range with and without
texts, and the time to open the store and match 500 packages (median of 51 rounds).
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

FEEDS = [("debian-dsa", "debian-security-tracker.tar.zst"), ("ubuntu-tracker", "ubuntu-cve-tracker.tar.zst"),
         ("alpine-secdb", "alpine-secdb.tar.zst"), ("kev", "cisa-kev.tar.zst"), ("endoflife", "endoflife.tar.zst"),
         ("oval", "rhel8-oval.tar.zst"), ("oval", "azurelinux-oval.tar.zst")]
FEEDS += [("osv", n + ".zip") for n in ("debian-elts", "almalinux", "go", "crates.io", "pypi", "bitnami")]


def feeds(binary, data):
    known = subprocess.run([binary, "list", "feeds"], capture_output=True, text=True).stdout
    for form, name in FEEDS:
        if (data / name).exists() and (form in known or not known):
            yield f"{form}-{name.split('.')[0]}:{form}={data / name}"
    for path in sorted((data / "osv-slices").glob("*.zip")):
        yield f"slice-{path.stem}:osv={path}"


def names_of(binary, store, ecosystem, count):
    """Source packages of this machine first, then others of the store, so that the list is as long as asked."""
    own = subprocess.run(["dpkg-query", "-W", "-f", "${source:Package}\n"], capture_output=True, text=True).stdout.split()
    names = sorted(set(own))
    return "".join(f"{n}\n" for n in (names + [f"package-{i}" for i in range(count)])[:count])


def main():
    build, data = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    binary = build / "plimsoll"
    with tempfile.TemporaryDirectory() as folder:
        store = pathlib.Path(folder) / "bench.db"
        argv = [str(binary), "db", "build", "-q", "--out", str(store)]
        for spec in feeds(str(binary), data):
            argv += ["--feed", spec]
        start = time.monotonic()
        child = subprocess.Popen(argv)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        if status:
            sys.exit("db build failed")
        info = json.loads(subprocess.run([binary, "db", "status", "-o", "json", "--db", store, "--db-max-age", "none"],
                                         capture_output=True, text=True, check=True).stdout)
        ranges = sum(f["ranges"] for f in info["feeds"])
        texts = sum(f["text_bytes"] for f in info["feeds"])
        records = sum(f["records"] for f in info["feeds"])
        print(f"db build: {wall:.2f} s wall, {usage.ru_utime + usage.ru_stime:.2f} s CPU, "
              f"peak {usage.ru_maxrss / 1024:.0f} MiB (limits 10 s, 300 MiB)")
        print(f"store: {len(info['feeds'])} feeds, {records} records, {ranges} ranges, {info['bytes'] / 2**20:.1f} MiB; "
              f"{(info['bytes'] - texts) / ranges:.1f} bytes per range without texts (limit 100), "
              f"{info['bytes'] / ranges:.1f} with")
        for ecosystem in ("Debian:12", "Debian:11", "Ubuntu:22.04:LTS"):
            out = subprocess.run([build / "bench" / "bench-db-match", store, ecosystem, "51"], capture_output=True, text=True,
                                 input=names_of(binary, store, ecosystem, 500), check=True).stdout.split()
            print(f"open and match {out[0]} packages of {ecosystem}: {out[1]} ranges, {out[2]} records read, "
                  f"{int(out[4]) / 1000:.2f} ms (limit 5), best {int(out[3]) / 1000:.2f} ms")


main()
