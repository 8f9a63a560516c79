#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Image archives for test_archive.c, made with tarfile, gzip, umoci and skopeo.

usage: archives.py DIR

The end-to-end tests import its functions; they name their files in full.
"""
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile

OUT = sys.argv[1] if __name__ == "__main__" else ""


def layer(*files):
    """Names and contents; a content of None is a directory, ("l", target) and ("h", target) are links."""
    buf = io.BytesIO()
    with tarfile.open(fileobj=buf, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            if data is None:
                info.type, info.mode, data = tarfile.DIRTYPE, 0o755, b""
            elif isinstance(data, tuple):
                info.type, info.linkname, data = (tarfile.SYMTYPE if data[0] == "l" else tarfile.LNKTYPE), data[1], b""
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buf.getvalue()


def sha(data):
    return hashlib.sha256(data).hexdigest()


def config(tars, **more):
    history = []
    for i in range(len(tars)):
        history += [{"created_by": "step %d" % i}, {"created_by": "ENV", "empty_layer": True}]
    return json.dumps(dict({"architecture": "amd64", "os": "linux", "created": "2024-05-06T07:08:09Z", "history": history,
                            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(t) for t in tars]}}, **more)).encode()


def write(path, members, mode="w"):
    with tarfile.open(os.path.join(OUT, path), mode) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            if isinstance(data, tuple):
                info.type, info.linkname, data = tarfile.SYMTYPE, data[1], b""
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def save(images, pack=lambda t: t, links=False):
    """Members of a classic docker save: [(tags, tars)]."""
    members, rows, seen = [], [], {}
    for tags, tars in images:
        names = []
        for i, tar in enumerate(tars):
            name = "%s-%d/layer.tar" % (sha(tar)[:12], i)
            names.append(name)
            if links and sha(tar) in seen:
                members.append((name, ("l", "../" + seen[sha(tar)])))
            else:
                members.append((name, pack(tar)))
                seen[sha(tar)] = name
        conf = config(tars)
        members.append((sha(conf) + ".json", conf))
        rows.append({"Config": sha(conf) + ".json", "RepoTags": tags, "Layers": names})
    return members + [("manifest.json", json.dumps(rows).encode()), ("repositories", b"{}")]


# ---- OCI layouts ----------------------------------------------------------------------------------

def blob(top, data):
    os.makedirs(os.path.join(top, "blobs/sha256"), exist_ok=True)
    with open(os.path.join(top, "blobs/sha256", sha(data)), "wb") as out:
        out.write(data)
    return {"digest": "sha256:" + sha(data), "size": len(data)}


def manifest(top, tars, layer_type="application/vnd.oci.image.layer.v1.tar+gzip", **conf):
    layers = [dict(blob(top, gzip.compress(t, mtime=0)), mediaType=layer_type) for t in tars]
    c = dict(blob(top, config(tars, **conf)), mediaType="application/vnd.oci.image.config.v1+json")
    return dict(blob(top, json.dumps({"schemaVersion": 2, "config": c, "layers": layers}).encode()),
                mediaType="application/vnd.oci.image.manifest.v1+json")


def layout(name, rows):
    top = os.path.join(OUT, name)
    with open(os.path.join(top, "index.json"), "w", encoding="ascii") as out:
        json.dump({"schemaVersion": 2, "manifests": rows}, out)
    with open(os.path.join(top, "oci-layout"), "w", encoding="ascii") as out:
        out.write('{"imageLayoutVersion":"1.0.0"}')
    return top


def tagged(row, tag):
    return dict(row, annotations={"org.opencontainers.image.ref.name": tag})


def platform(row, arch, **more):
    return dict(row, platform=dict({"os": "linux", "architecture": arch}, **more))


ONE = layer(("etc", None), ("etc/name", b"one"), ("etc/other", b"1"), ("gone/name", b"deleted"))
TWO = layer(("etc/name", b"two"), (".wh.gone", b""))


def docker_archives():
    write("classic.tar", save([(["app:1.0"], [ONE, TWO])]))
    write("gz-layers.tar", save([(["app:1.0"], [ONE, TWO])], pack=gzip.compress))
    write("outer.tar.gz", save([(["app:1.0"], [ONE, TWO])]), "w:gz")
    write("links.tar", save([(["app:1.0"], [ONE, TWO, ONE])], links=True))
    write("two-images.tar", save([(["a:1", "docker.io/library/c:3"], [ONE]), (["b:2"], [ONE, TWO])]))
    good = save([(["app:1.0"], [ONE, TWO])])
    write("bad-diffid.tar", [(n, d[:-1024] + b"\1" + d[-1023:]) if n.endswith("-0/layer.tar") else (n, d) for n, d in good])
    write("bad-config.tar", [(n, d + b" ") if n.endswith(".json") and n != "manifest.json" else (n, d) for n, d in good])
    write("no-layer.tar", [(n, d) for n, d in good if not n.endswith("-1/layer.tar")])
    write("no-manifest.tar", [(n, d) for n, d in good if n != "manifest.json"])
    write("not-json.tar", [(n, d) if n != "manifest.json" else (n, b'[{"Config": ') for n, d in good])
    cut = ONE[:1024 + 512 + 100]
    write("cut-layer.tar", save([(["app:1.0"], [cut, TWO])]))
    gz = bytearray(gzip.compress(ONE, 1))
    gz[len(gz) // 2] ^= 0xff
    write("flipped-gz.tar", save([(["app:1.0"], [ONE, TWO])], pack=lambda t: bytes(gz) if t is ONE else t))
    data = open(os.path.join(OUT, "classic.tar"), "rb").read()
    open(os.path.join(OUT, "cut-outer.tar"), "wb").write(data[:3000])
    open(os.path.join(OUT, "junk.tar"), "wb").write(os.urandom(4096))
    open(os.path.join(OUT, "empty.tar"), "wb").close()
    write("bomb.tar", save([(["app:1.0"], [layer(("big", b"\0" * (64 << 20)), ("etc/name", b"after"))])], pack=gzip.compress))
    write("symlinked.tar", save([(["app:1.0"], [layer(("moved/name", b"moved"), ("etc", ("l", "/moved")))])]))
    write("upper-link.tar", save([(["app:1.0"], [layer(("moved/name", b"moved")), layer(("etc", ("l", "moved")))])]))
    write("hardlink.tar", save([(["app:1.0"], [layer(("first", b"linked"), ("etc/name", ("h", "first")))])]))
    write("loop.tar", save([(["app:1.0"], [layer(("etc", ("l", "etc2")), ("etc2", ("l", "etc")))])]))
    conf = config([ONE], architecture="arm64")
    write("arm.tar", [("x/layer.tar", ONE), (sha(conf) + ".json", conf),
                      ("manifest.json", json.dumps([{"Config": sha(conf) + ".json", "Layers": ["x/layer.tar"]}]).encode())])


def layouts():
    oci = os.path.join(OUT, "oci")
    layout("oci", [tagged(manifest(oci, [ONE, TWO]), "latest"), tagged(manifest(oci, [ONE]), "base")])
    multi = os.path.join(OUT, "multi")
    inner = blob(multi, json.dumps({"schemaVersion": 2, "manifests": [
        platform(manifest(multi, [ONE], architecture="arm"), "arm", variant="v6"),
        platform(manifest(multi, [TWO], architecture="arm", variant="v7"), "arm", variant="v7"),
        platform(manifest(multi, [ONE, TWO]), "amd64"),
        platform(manifest(multi, [ONE], architecture="arm64"), "arm64"),
        dict(platform(manifest(multi, []), "unknown", os="unknown"),
             annotations={"vnd.docker.reference.type": "attestation-manifest"})]}).encode())
    layout("multi", [tagged(dict(inner, mediaType="application/vnd.oci.image.index.v1+json"), "latest")])
    odd = os.path.join(OUT, "odd")
    layout("odd", [manifest(odd, [ONE, TWO], layer_type="application/vnd.example.layer")])
    bad = os.path.join(OUT, "badblob")
    layout("badblob", [manifest(bad, [ONE, TWO])])
    victim = os.path.join(bad, "blobs/sha256", sha(gzip.compress(ONE, mtime=0)))
    with open(victim, "wb") as out:
        out.write(gzip.compress(layer(("etc/name", b"swapped")), mtime=0))
    missing = os.path.join(OUT, "missing")
    layout("missing", [manifest(missing, [ONE, TWO])])
    os.unlink(os.path.join(missing, "blobs/sha256", sha(gzip.compress(TWO, mtime=0))))
    with tarfile.open(os.path.join(OUT, "oci.tar"), "w") as tar:
        tar.add(oci, arcname=".")

    # ---- what other tools write --------------------------------------------------------------------------

    umoci = os.path.join(OUT, "umoci")
    one, two = os.path.join(OUT, "one.layer"), os.path.join(OUT, "two.layer")
    open(one, "wb").write(ONE)
    open(two, "wb").write(TWO)
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    subprocess.run(["umoci", "init", "--layout", umoci], **quiet)
    subprocess.run(["umoci", "new", "--image", umoci + ":v1"], **quiet)
    for path in (one, two):
        subprocess.run(["umoci", "raw", "add-layer", "--image", umoci + ":v1", path], **quiet)
    for target in ("docker-archive:" + OUT + "/skopeo-docker.tar:app:1.0", "oci-archive:" + OUT + "/skopeo-oci.tar:v1",
                   "oci:" + OUT + "/skopeo-oci:v1"):
        subprocess.run(["skopeo", "--insecure-policy", "copy", "-q", "oci:" + umoci + ":v1", target], **quiet)
    shutil.copytree(umoci, os.path.join(OUT, "umoci2"))


if __name__ == "__main__":
    docker_archives()
    layouts()
