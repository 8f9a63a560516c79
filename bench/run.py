#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The measures of the project, each beside its physical limit in the same run.

usage: bench/run.py [NAME ...]     names: scan inspect policy db host start audit watch; default: all

Every figure is the median of RUNS (default 5) runs of whole processes, A and B in turn. Results go to standard output
as a Markdown table, as docs/performance.md has it. grype, trivy and syft are measured beside ours where they are on
the PATH.
"""
import gzip
import hashlib
import io
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
PLIMSOLL = os.environ.get("PLIMSOLL_BINARY", str(TOP / "build" / "release" / "plimsoll"))
SHARED = pathlib.Path(os.environ.get("PLIMSOLL_SHARED", TOP.parent / "shared"))
RUNS = int(os.environ.get("RUNS", "5"))
JOBS = len(os.sched_getaffinity(0))

sys.path.insert(0, str(TOP / "tests" / "e2e"))


def timed(argv, env=None):
    started = time.monotonic()
    r = subprocess.run([str(a) for a in argv], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
    return time.monotonic() - started, r


def peak_pss(argv, env=None):
    """Peak of the sum of Pss over the process and its descendants, in MiB, sampled every 5 ms; memfd pages that are
    mapped are part of it."""
    p = subprocess.Popen([str(a) for a in argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    peak = 0
    while p.poll() is None:
        total, todo = 0, [p.pid]
        while todo:
            pid = todo.pop()
            try:
                with open(f"/proc/{pid}/smaps_rollup") as f:
                    total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/children") as f:
                        todo += [int(c) for c in f.read().split()]
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
        peak = max(peak, total)
        time.sleep(0.005)
    return peak / 1024


def pair(ours, limit, ours_env=None, before=None):
    """Medians of both and of the ratio, run in turn."""
    a, b, ratio = [], [], []
    for i in range(RUNS + 1):
        if before:
            before()
        ta, r = timed(ours, ours_env)
        if r.returncode not in (0, 1, 3, 4):
            sys.exit(f"{ours}: exit {r.returncode}: {r.stderr.decode(errors='replace')[-500:]}")
        tb, _ = timed(limit)
        if i:  # the first pair warms the page cache
            a.append(ta)
            b.append(tb)
            ratio.append(ta / tb)
    return statistics.median(a), statistics.median(b), statistics.median(ratio)


def cpu(argv):
    """User and system time of the process and all its workers."""
    before = os.times()
    _, r = timed(argv)
    after = os.times()
    if r.returncode not in (0, 1, 3, 4):
        sys.exit(f"{argv}: exit {r.returncode}: {r.stderr.decode(errors='replace')[-500:]}")
    return after.children_user - before.children_user + after.children_system - before.children_system


rows = []


def row(name, ours, limit, note):
    rows.append((name, ours, limit, note))
    print(f"| {name} | {ours} | {limit} | {note} |", flush=True)


# ---- images ------------------------------------------------------------------------------------------------

def layer(path, root_tar, extra_bytes, seed):
    """A gzip layer: the files of a real root, plus files of text-like data up to a size. Returns (digest, diff id)."""
    rnd = random.Random(seed)
    words = [bytes(rnd.choices(b"abcdefghijklmnopqrstuvwxyz", k=rnd.randint(2, 9))) for _ in range(4000)]
    raw = path.with_suffix(".tar")
    with tarfile.open(raw, "w", format=tarfile.GNU_FORMAT) as out:
        if root_tar:
            with tarfile.open(root_tar) as src:
                for member in src:
                    out.addfile(member, src.extractfile(member) if member.isreg() else None)
        done = 0
        while done < extra_bytes:
            block = b" ".join(rnd.choices(words, k=60000)) + rnd.randbytes(120000)
            info = tarfile.TarInfo(f"opt/data{seed}/{done // 4096:08d}.bin")
            info.size = len(block)

            out.addfile(info, io.BytesIO(block))
            done += len(block)
    diff = hashlib.sha256()
    with open(raw, "rb") as f, gzip.GzipFile(path, "wb", compresslevel=6, mtime=0) as z:
        while chunk := f.read(1 << 20):
            diff.update(chunk)
            z.write(chunk)
    raw.unlink()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return digest, diff.hexdigest()


def image(folder, megabytes):
    """An OCI archive of four layers; the first is a real Debian root."""
    import roots
    root_tar = roots.root_tar("bookworm")
    archive = folder / f"image-{megabytes}.tar"
    per = max(0, megabytes * 1000000 - root_tar.stat().st_size) // 4
    blobs, layers, diffs = {}, [], []
    for i in range(4):
        path = folder / f"layer-{megabytes}-{i}.gz"
        digest, diff = layer(path, root_tar if i == 0 else None, per, i)
        layers.append({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "sha256:" + digest,
                       "size": path.stat().st_size})
        diffs.append("sha256:" + diff)
        blobs[digest] = path
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": diffs},
                         "history": [{"created_by": f"layer {i}"} for i in range(4)]}).encode()
    cd = hashlib.sha256(config).hexdigest()
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                           "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:" + cd,
                                      "size": len(config)}, "layers": layers}).encode()
    md = hashlib.sha256(manifest).hexdigest()
    index = json.dumps({"schemaVersion": 2, "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json",
                                                           "digest": "sha256:" + md, "size": len(manifest)}]}).encode()
    with tarfile.open(archive, "w") as t:
        def add(name, data):

            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
        add("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        add("index.json", index)
        add(f"blobs/sha256/{md}", manifest)
        add(f"blobs/sha256/{cd}", config)
        for digest, path in blobs.items():
            t.add(path, arcname=f"blobs/sha256/{digest}")
    return archive, [p for p in blobs.values()]


def scan_command(source, cache, *extra):
    return [PLIMSOLL, "scan", source, "--only", "vulnerability", "--offline", "--repo", "never", "--db-update", "never", "-q",
            "--cache-dir", cache, "-o", "json=/dev/null", *extra]


def bench_scan(folder):
    for megabytes in [int(m) for m in os.environ.get("SIZES", "200 600 2000").split()]:
        archive, layers = image(folder, megabytes)
        cache = folder / "cache"
        layers.sort(key=lambda p: -p.stat().st_size)
        tasks = "\\0".join([f"igzip -dc {p} >/dev/null" for p in layers] + [f"openssl dgst -sha256 {p} >/dev/null" for p in layers])
        limit = ["sh", "-c", f"printf '{tasks}' | xargs -0 -P {JOBS} -I% sh -c %"]
        cold = scan_command(f"oci-archive:{archive}", cache)

        def forget():
            shutil.rmtree(cache, ignore_errors=True)
        a, b, r = pair(cold, limit, before=forget)
        forget()
        pss = peak_pss(cold)
        row(f"cold scan, {megabytes} MB oci-archive", f"{a:.3f} s, {pss:.0f} MiB", f"{b:.3f} s", f"ratio {r:.2f} to igzip + sha256")
        a, b, r = pair(cold, ["true"])
        row(f"warm scan, {megabytes} MB oci-archive", f"{a * 1000:.1f} ms", f"{b * 1000:.1f} ms", "limit: starting a process")
        for p in layers:
            p.unlink()
        archive.unlink()


def bench_inspect(folder):
    """What the default inspectors add to a cold scan. CPU time of all processes, and wall time."""
    for megabytes in [int(m) for m in os.environ.get("SIZES", "200 600").split()]:
        archive, layers = image(folder, megabytes)
        plain = scan_command(f"oci-archive:{archive}", folder / "none", "--no-cache")
        full = [a if a != "vulnerability" else "vulnerability,secret,misconfiguration" for a in plain]
        a, b, r = pair(full, plain)
        work = [(cpu(full), cpu(plain)) for _ in range(RUNS)]
        x, y = statistics.median(t for t, _ in work), statistics.median(t for _, t in work)
        row(f"cold scan with secrets and misconfiguration, {megabytes} MB", f"{a:.3f} s, CPU {x:.3f} s",
            f"{b:.3f} s, CPU {y:.3f} s", f"ratio {r:.2f}, of CPU time {x / y:.2f}, to vulnerabilities alone; asked for: 1.30")
        for p in layers:
            p.unlink()
        archive.unlink()


def bench_host(_folder):
    a, b, r = pair([PLIMSOLL, "scan", "dir:/", "--only", "vulnerability", "--offline", "--repo", "never", "--db-update", "never", "-q",
                    "--no-cache", "-o", "json=/dev/null"], ["find", "/", "-xdev"])
    row("live host, packages", f"{a * 1000:.1f} ms", f"{b * 1000:.1f} ms", f"ratio {r:.2f} to find / -xdev")


def bench_start(_folder):
    a, b, _ = pair([PLIMSOLL, "version"], ["true"])
    row("start", f"{a * 1000:.1f} ms", f"{b * 1000:.1f} ms", "plimsoll version beside true")


def bench_db(folder):
    script = TOP / "bench" / "bench_db.py"
    if not SHARED.exists() or not script.exists():
        print("db: skipped, reads ../shared")
        return
    subprocess.run([sys.executable, script, pathlib.Path(PLIMSOLL).parent, SHARED / "data"], check=True)


def bench_audit(folder):
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        print("audit: skipped, needs root and dockerd")
        return
    # a short path: sun_path has 108 bytes
    with tempfile.TemporaryDirectory(prefix="plimsoll-bench-", dir="/var/tmp") as place:
        subprocess.run([sys.executable, TOP / "bench" / "bench_audit.py", PLIMSOLL, place], check=True)


def bench_policy(folder):
    program = pathlib.Path(PLIMSOLL).parent / "bench" / "bench-policy"
    subprocess.run([sys.executable, TOP / "bench" / "bench_policy.py", program, folder], check=True)


def bench_watch(folder):
    packed = pathlib.Path(os.environ.get("PLIMSOLL_SHARED") or TOP.parent / "shared") / "data" / "falco-rules.tar.zst"
    if os.geteuid() != 0 or not packed.exists():
        print("watch: skipped, needs root and the official rule files in ../shared")
        return
    subprocess.run(["tar", "--zstd", "-xf", packed, "-C", folder, "--strip-components=1"], check=True)
    place = pathlib.Path(folder)
    load = pathlib.Path(PLIMSOLL).parent / "bench" / "bench-watch-load"
    files = ["falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"]
    for title, n in (("stable rules", 1), ("all three files", 3)):
        subprocess.run([sys.executable, TOP / "bench" / "bench_watch.py", title, PLIMSOLL, load, *(place / f for f in files[:n])], check=True)


BENCHES = {"audit": bench_audit, "start": bench_start, "host": bench_host, "db": bench_db, "scan": bench_scan,
           "inspect": bench_inspect, "policy": bench_policy, "watch": bench_watch}


def main():
    names = sys.argv[1:] or list(BENCHES)
    print("| measure | plimsoll | physical limit | note |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="plimsoll-bench-") as folder:
        for name in names:
            BENCHES[name](pathlib.Path(folder))


if __name__ == "__main__":
    main()
