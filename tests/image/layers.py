#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Layers made with Python's tarfile, and what they must look like merged.

usage: layers.py DIR
Writes DIR/CASE/0.tar, 1.tar ... and DIR/CASE/expected: lines "type mode uid gid path" of the merged
view, and "diag CODE" for each kind of diagnostic. Where a case says so the lines come from `umoci unpack`
of the same layers, else from the rules of the image specification as written here.
"""
import io
import os
import stat
import subprocess
import sys
import tarfile

ROOT = os.geteuid() == 0


def entry(name, kind="f", data=b"", mode=None, uid=0, gid=0, link=""):
    info = tarfile.TarInfo(name)
    info.type = {"f": tarfile.REGTYPE, "d": tarfile.DIRTYPE, "l": tarfile.SYMTYPE, "h": tarfile.LNKTYPE,
                 "p": tarfile.FIFOTYPE}[kind]
    info.mode = mode if mode is not None else {"d": 0o755, "l": 0o777}.get(kind, 0o644)
    info.uid, info.gid, info.linkname, info.mtime = uid, gid, link, 1700000000
    info.size = len(data)
    return info, data


def f(name, data=b"x", **k):
    return entry(name, "f", data, **k)


def d(name, **k):
    return entry(name, "d", **k)


def l(name, target, **k):
    return entry(name, "l", link=target, **k)


def h(name, target, **k):
    return entry(name, "h", link=target, **k)


CASES = {
    # name: (layers, expected lines or None for umoci, diagnostics)
    "plain": ([[d("etc"), f("etc/a", uid=7, gid=8), f("etc/b", mode=0o600)], [f("etc/a", b"two", mode=0o755)]], None, []),
    "whiteout": ([[d("a"), f("a/x"), f("a/y"), d("a/sub"), f("a/sub/z")],
                  [d("a"), f("a/.wh.x", b""), f("a/.wh.sub", b"")]], None, []),
    "whiteout_root": ([[d("usr"), f("usr/x"), f("top")], [f(".wh.usr", b""), f(".wh.top", b"")]], None, []),
    "opaque": ([[d("a"), f("a/x"), d("a/s"), f("a/s/y")], [d("a", mode=0o700), f("a/.wh..wh..opq", b""), f("a/new")]],
               None, []),
    "opaque_after": ([[d("a"), f("a/x")], [d("a"), f("a/new"), f("a/.wh..wh..opq", b"")]], None, []),
    "opaque_root": ([[d("a"), f("a/x"), f("b")], [f(".wh..wh..opq", b""), f("c")]], ["f 644 0 0 c"], []),
    "dir_by_file": ([[d("a"), f("a/x")], [f("a", b"now a file")], [d("b")]], None, []),
    "file_by_dir": ([[f("a")], [d("a"), f("a/x")]], None, []),
    "implicit": ([[d("a", mode=0o711, uid=3), f("a/x")], [f("a/b/c/y")]], None, []),
    "implicit_over_file": ([[f("a")], [f("a/x")]], ["d 755 0 0 a", "f 644 0 0 a/x"], []),
    "file_then_dir_again": ([[d("a"), f("a/old")], [f("a", b"f")], [d("a"), f("a/new")]],
                            ["d 755 0 0 a", "f 644 0 0 a/new"], []),
    "hardlink": ([[f("a", mode=0o640, uid=5), h("b", "a"), h("./c", "/b")]], None, []),
    "hardlink_lower": ([[f("a")], [h("b", "a")]], ["f 644 0 0 a", "h 644 0 0 b"], ["layer.link-unresolved"]),
    "same_layer_link": ([[d("usr"), d("usr/lib"), l("lib", "usr/lib"), f("lib/x")]],
                        ["l 777 0 0 lib", "d 755 0 0 usr", "d 755 0 0 usr/lib", "f 644 0 0 usr/lib/x"], []),
    "same_layer_link_up": ([[l("a", "../../../b"), f("a/x")]], ["l 777 0 0 a", "d 755 0 0 b", "f 644 0 0 b/x"], []),
    "lower_link_not_followed": ([[d("r"), l("s", "r")], [f("s/x")]],
                                ["d 755 0 0 r", "d 755 0 0 s", "f 644 0 0 s/x"], []),
    "link_loop": ([[l("a", "b"), l("b", "a"), f("a/x"), f("ok")]],
                  ["l 777 0 0 a", "l 777 0 0 b", "f 644 0 0 ok"], ["layer.bad-path"]),
    "readded": ([[d("a"), f("a/x")], [f(".wh.a", b""), d("a"), f("a/y")]],
                ["d 755 0 0 a", "f 644 0 0 a/y"], ["layer.whiteout-readded"]),
    "readded_file": ([[f("a")], [f(".wh.a", b""), f("a", mode=0o600)]], ["f 600 0 0 a"], []),
    "escape": ([[f("../../etc/passwd"), f("a/../../x"), f("/abs/y"), f("./b/./c//d")]],
               ["d 755 0 0 abs", "f 644 0 0 abs/y", "d 755 0 0 b", "d 755 0 0 b/c", "f 644 0 0 b/c/d"],
               ["layer.path-escape"]),
    "control": ([[f("new\nline"), f("esc\x1b[31m"), f("tab\tx")]],
                ["f 644 0 0 esc\x1b[31m", "f 644 0 0 new\nline", "f 644 0 0 tab\tx"], []),
    "aufs": ([[f(".wh..wh.plnk", b""), f("a")]], ["f 644 0 0 a"], []),
    "bad_whiteout": ([[f("a/.wh.", b""), f("a/.wh...", b"")]], ["d 755 0 0 a"], ["layer.bad-whiteout"]),
    "twice": ([[d("a"), f("a/x"), f("a", b"f"), f("b"), f("b", mode=0o600)]], ["f 644 0 0 a", "f 600 0 0 b"], []),
    "order": ([[f("a-b"), f("a/x"), f("a.b"), f("a/y/z"), f("ab")]],
              ["d 755 0 0 a", "f 644 0 0 a-b", "f 644 0 0 a.b", "f 644 0 0 a/x", "d 755 0 0 a/y", "f 644 0 0 a/y/z",
               "f 644 0 0 ab"], []),
    "many": ([[d("d"), f("d/%d" % i)] for i in range(12)] + [[f("d/.wh.3", b""), f("d/.wh.7", b"")]], None, []),
}


def run(*args):
    subprocess.run(args, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def unpacked(folder, tars):
    """The merged view as umoci sees it."""
    image = os.path.join(folder, "img")
    run("umoci", "init", "--layout", image)
    run("umoci", "new", "--image", image + ":t")
    for tar in tars:
        run("umoci", "raw", "add-layer", "--image", image + ":t", tar)
    bundle = os.path.join(folder, "bundle")
    run(*["umoci", "unpack"] + ([] if ROOT else ["--rootless"]) + ["--image", image + ":t", bundle])
    top = os.path.join(bundle, "rootfs")
    lines = []
    for base, dirs, files in os.walk(top):
        for name in dirs + files:
            path = os.path.join(base, name)
            st = os.lstat(path)
            kind = "d" if stat.S_ISDIR(st.st_mode) else "l" if stat.S_ISLNK(st.st_mode) else "f"
            lines.append("%s %o %d %d %s" % (kind, st.st_mode & 0o7777, st.st_uid, st.st_gid, os.path.relpath(path, top)))
    return lines


def main():
    for name, (layers, expected, diags) in CASES.items():
        folder = os.path.join(sys.argv[1], name)
        os.makedirs(folder)
        tars = []
        for i, layer in enumerate(layers):
            tars.append(os.path.join(folder, "%d.tar" % i))
            with tarfile.open(tars[-1], "w", format=tarfile.PAX_FORMAT) as tar:
                for info, data in layer:
                    tar.addfile(info, io.BytesIO(data))
        lines = expected if expected is not None else unpacked(folder, tars)
        if not ROOT:
            lines = [" ".join(x.split(" ")[:2] + ["0", "0"] + x.split(" ")[4:]) for x in lines]
        with open(os.path.join(folder, "expected"), "w", encoding="utf-8", newline="") as out:
            for line in sorted(lines + ["diag " + x for x in diags]):
                out.write(line + "\0")
        with open(os.path.join(folder, "umoci"), "w", encoding="ascii") as out:
            out.write("1" if expected is None else "0")


main()
