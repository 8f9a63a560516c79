#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds small signed repositories in a folder and serves them on 127.0.0.1.

usage: make_repos.py FOLDER     prints "READY PORT" and serves until standard input ends

Debian: keys by gpg, binary packages by dpkg-deb, indices and Release files as apt-ftparchive
would write them. rpm: packages by rpmbuild, metadata by createrepo_c and modifyrepo_c.
Alpine: an index signed by openssl. Prints "MISSING program" and ends if a tool is not there.
"""
import gzip
import hashlib
import http.server
import io
import lzma
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import threading

NEEDED = ["gpg", "gpgv", "dpkg-deb", "openssl"]
MAIL = "Test <test@example.org>"
DATE = "Sat, 21 Oct 2023 16:55:26 +0200"


def run(*argv, **kw):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw).stdout


def changelog(source, *entries):
    """entries: (version, distribution, [lines])"""
    return "\n".join(f"{source} ({v}) {dist}; urgency=medium\n\n" + "".join(f"  * {line}\n" for line in lines)
                     + f"\n -- {MAIL}  {DATE}\n" for v, dist, lines in entries)


def tar_bytes(members, mode="w:xz"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


class Pool:
    """One repository folder: packages, sources, suites."""

    def __init__(self, top, home):
        self.top, self.home = pathlib.Path(top), home
        self.top.mkdir(parents=True, exist_ok=True)
        self.binaries, self.sources = [], []

    def put(self, path, data):
        full = self.top / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(data)
        return path, len(data), hashlib.sha256(data).hexdigest()

    def deb(self, name, version, source, source_version, log=None, arch="amd64"):
        tree = self.top.parent / "deb-tree"
        shutil.rmtree(tree, ignore_errors=True)
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "DEBIAN/control").write_text(f"Package: {name}\nVersion: {version}\nArchitecture: {arch}\n"
                                             f"Maintainer: {MAIL}\nDescription: test\n")
        doc = tree / "usr/share/doc" / name
        doc.mkdir(parents=True)
        if log:
            (doc / "changelog.Debian.gz").write_bytes(gzip.compress(log.encode()))
        file = f"pool/{source}/{name}_{version}_{arch}.deb"
        (self.top / file).parent.mkdir(parents=True, exist_ok=True)
        run("dpkg-deb", "--root-owner-group", "-Zxz", "-b", str(tree), str(self.top / file))
        data = (self.top / file).read_bytes()
        src = source if source_version == version and source == name else f"{source} ({source_version})"
        self.binaries.append(f"Package: {name}\nSource: {src}\nVersion: {version}\nArchitecture: {arch}\n"
                             f"Description: test\n continued: Version: 9\nFilename: {file}\nSize: {len(data)}\n"
                             f"SHA256: {hashlib.sha256(data).hexdigest()}\n")

    def source(self, name, version, file, data, served=True):
        """A source stanza with an .orig file that must not be chosen."""
        row = (f"pool/{name}/{file}", len(data), hashlib.sha256(data).hexdigest())
        if served:
            self.put(row[0], data if served is True else served)
        self.sources.append(f"Package: {name}\nBinary: {name}\nVersion: {version}\nFormat: 3.0 (quilt)\n"
                            f"Directory: pool/{name}\nChecksums-Sha256:\n"
                            f" {'0' * 64} 12 {name}_0.orig.tar.xz\n {row[2]} {row[1]} {file}\n")

    def suite(self, suite, codename, sign="good", extra="", spoil=None, detached=False, origin="Debian"):
        sums, top = [], f"dists/{suite}"
        for path, rows in (("main/binary-amd64/Packages", self.binaries), ("main/source/Sources", self.sources)):
            text = "\n".join(rows).encode()
            packed = lzma.compress(text)
            if spoil == "cut":  # listed as it is, but its end is missing
                packed = packed[:-20]
            for name, data, stored in ((path, text, False), (path + ".xz", packed, True)):
                digest = hashlib.sha256(data).hexdigest()
                sums.append(f" {digest} {len(data):8} {name}")
                if stored:
                    served = {"index": b"x" + data[1:], "short": data[:40]}.get(spoil, data)
                    self.put(f"{top}/{os.path.dirname(path)}/by-hash/SHA256/{digest}", served)
        release = (f"Origin: {origin}\nSuite: oldstable\nCodename: {codename}\nDate: Sat, 01 Nov 2025 10:00:00 UTC\n"
                   f"Acquire-By-Hash: yes\n{extra}Architectures: amd64\nComponents: main\nSHA256:\n" + "\n".join(sums) + "\n")
        self.put(f"{top}/Release", release.encode())
        if not sign:
            return
        how = ["--detach-sign"] if detached else ["--clearsign"]
        run("gpg", "--batch", "--yes", "--homedir", str(self.home), "-u", sign, "--armor", "-o",
            str(self.top / top / ("Release.gpg" if detached else "InRelease")), *how, str(self.top / top / "Release"))


def fill_security(p):
    log = changelog("alpha", ("1.0-1+deb12u2", "bookworm-security", ["Fix overflow (CVE-2024-1111).", "And cve-2024-2222"]),
                    ("1.0-1+deb12u1", "bookworm", ["CVE-2024-1000, CVE-2024-1001"]), ("1.0-1", "unstable", ["CVE-2020-0001"]))
    p.deb("alpha", "1.0-1+deb12u2", "alpha", "1.0-1+deb12u2")
    p.deb("libalpha1", "1.0-1+deb12u2", "alpha", "1.0-1+deb12u2")
    p.source("alpha", "1.0-1+deb12u2", "alpha_1.0-1+deb12u2.debian.tar.xz", tar_bytes([("debian/changelog", log.encode())]))
    log = changelog("beta", ("2.1", "bookworm-security", ["Something that has no number"]), ("2.0", "unstable", ["CVE-2020-0002"]))
    p.deb("beta", "2.1", "beta", "2.1")
    p.source("beta", "2.1", "beta_2.1.tar.xz", tar_bytes([("beta/debian/changelog", log.encode())]))
    log = changelog("gamma", ("3.1-1", "bookworm-security", ["CVE-2024-3333 by the binary"]), ("3.0-1", "unstable", ["new"]))
    p.deb("gamma", "1:3.1-1+b1", "gamma", "3.1-1", log)
    p.source("gamma", "3.1-1", "gamma_3.1-1.debian.tar.xz", b"not there", served=False)
    log = changelog("zeta", ("6.1-1", "bookworm-security", ["CVE-2024-6666 by the binary"]), ("6.0-1", "unstable", ["new"]))
    p.deb("zeta", "6.1-1", "zeta", "6.1-1", log)
    p.source("zeta", "6.1-1", "zeta_6.1-1.debian.tar.xz", b"signed bytes", served=b"other bytes!")
    log = changelog("kern", ("5.2-1", "bookworm-security", ["CVE-2024-5555"]), ("5.1-1", "bookworm", ["new"]))
    p.deb("kern-image-5.2", "5.2-1", "kern", "5.2-1")
    p.source("kern", "5.2-1", "kern_5.2-1.debian.tar.xz", tar_bytes([("debian/changelog", log.encode())]))
    log = changelog("java", ("17.2-1~deb12u1", "bookworm-security", ["Rebuild"]), ("17.2-1", "unstable", ["CVE-2024-1702"]),
                    ("17.1-1", "unstable", ["CVE-2024-1701"]))
    p.deb("java", "17.2-1~deb12u1", "java", "17.2-1~deb12u1")
    p.source("java", "17.2-1~deb12u1", "java_17.2-1~deb12u1.debian.tar.xz", tar_bytes([("debian/changelog", log.encode())]))


def fill_main(p):
    log = changelog("delta", ("4.1-1", "bookworm", ["CVE-2024-4444 in a point release"]), ("4.0-1", "unstable", ["new"]))
    diff = "--- delta-4.1.orig/debian/changelog\n+++ delta-4.1/debian/changelog\n@@ -0,0 +1,9 @@\n" + \
        "".join("+" + line + "\n" for line in log.splitlines())
    p.deb("delta", "4.1-1", "delta", "4.1-1")
    p.source("delta", "4.1-1", "delta_4.1-1.diff.gz", gzip.compress(diff.encode()))
    log = changelog("epsilon", ("5.1", "bookworm", ["Nothing of note"]), ("5.0", "unstable", ["CVE-2020-0003"]))
    p.deb("epsilon", "5.1", "epsilon", "5.1")
    p.source("epsilon", "5.1", "epsilon_5.1.tar.xz", tar_bytes([("debian/changelog", log.encode())]))
    p.deb("eta", "7.0-1", "eta", "7.0-1")


def make_debian(out, home):
    first = Pool(out / "debian-security", home)
    fill_security(first)
    shutil.copytree(first.top, out / "foreign")
    for name, sign, extra, spoil in (("unsigned", "", "", None), ("wrongkey", "other", "", None),
                                     ("expired", "good", "Valid-Until: Sun, 02 Nov 2025 00:00:00 UTC\n", None),
                                     ("badhash", "good", "", "index"), ("short", "good", "", "short"),
                                     ("cut", "good", "", "cut")):
        shutil.copytree(first.top, out / name)
        p = Pool(out / name, home)
        p.binaries, p.sources = first.binaries, first.sources
        p.suite("bookworm-security", "bookworm-security", sign, extra, spoil)
    first.suite("bookworm-security", "bookworm-security", extra="Valid-Until: Tue, 01 Jan 2199 00:00:00 UTC\n")
    p = Pool(out / "debian", home)
    fill_main(p)
    p.suite("bookworm", "bookworm", detached=True)  # Release and Release.gpg only
    p.suite("bookworm-updates", "bookworm-updates")
    p = Pool(out / "foreign", home)  # another vendor's repository with a suite of the same name
    p.binaries, p.sources = first.binaries, first.sources
    p.suite("bookworm", "bookworm", origin="Somebody")


def make_root(out, port):
    keyring = out / "root/usr/share/keyrings/debian-archive-keyring.gpg"
    keyring.parent.mkdir(parents=True)
    shutil.copy(out / "good.gpg", keyring)
    apt = out / "root/etc/apt/sources.list.d"
    apt.mkdir(parents=True)
    (out / "root/var/lib/apt/lists").mkdir(parents=True)
    (out / "root/etc/apt/sources.list").write_text(
        f"# comment\ndeb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://127.0.0.1:{port}/foreign bookworm main\n"
        f"deb http://127.0.0.1:{port}/debian/ bookworm main # the archive\ndeb-src http://127.0.0.1:{port}/debian bookworm main\n"
        "deb cdrom:[Debian]/ bookworm main\n")
    (apt / "security.sources").write_text(
        f"Types: deb deb-src\nURIs: http://127.0.0.1:{port}/debian-security\nSuites: bookworm-security\nComponents: main\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n"
        f"Types: deb\nEnabled: no\nURIs: http://127.0.0.1:1/off\nSuites: bookworm\nComponents: main\n")


def make_rpm(out, home):
    if not all(shutil.which(tool) for tool in ("createrepo_c", "modifyrepo_c", "rpmbuild")):
        return
    top, spec = out / "rpm", out / "tool.spec"
    (top / "packages").mkdir(parents=True)
    spec.write_text("Name: tool\nEpoch: 1\nVersion: 2.0\nRelease: 3\nSummary: t\nLicense: MIT\nBuildArch: noarch\n"
                    "%description\nt\n%files\n")
    run("rpmbuild", "-bb", "--define", f"_topdir {out / 'rpmbuild'}", "--define", f"_rpmdir {top / 'packages'}", str(spec))
    run("createrepo_c", "-q", str(top))
    (out / "updateinfo.xml").write_text("""<?xml version="1.0" encoding="UTF-8"?>
<updates>
 <update from="x@example.org" status="final" type="security" version="1">
  <id>TSA-2024:1</id><title>Important: tool</title><severity>Important</severity><issued date="2024-03-01 10:00:00"/>
  <references><reference href="https://example.org/1" id="CVE-2024-7001" type="cve" title="CVE-2024-7001"/>
   <reference href="https://example.org/2" id="TSA-2024:1" type="self" title="TSA-2024:1"/></references>
  <pkglist><collection short="x"><name>x</name>
   <package name="tool" version="2.0" release="2" epoch="1" arch="noarch" src="tool.src.rpm"><filename>f</filename></package>
  </collection></pkglist>
 </update>
 <update from="x@example.org" status="final" type="security" version="1">
  <id>TSA-2024:2</id><title>Low: tool</title><severity>Low</severity><issued date="2024-04-01 10:00:00"/>
  <references><reference href="https://example.org/3" id="CVE-2024-7001" type="cve" title="CVE-2024-7001"/>
   <reference href="https://example.org/4" id="CVE-2024-7002" type="cve" title="CVE-2024-7002"/></references>
  <pkglist><collection short="x"><name>x</name>
   <package name="tool" version="2.0" release="3" epoch="1" arch="noarch" src="tool.src.rpm"><filename>f</filename></package>
  </collection></pkglist>
 </update>
 <update from="x@example.org" status="final" type="bugfix" version="1">
  <id>TBA-2024:3</id><title>tool bug fix</title><issued date="2024-05-01"/><references/>
  <pkglist><collection short="x"><name>x</name>
   <package name="tool" version="2.0" release="4" epoch="1" arch="noarch" src="tool.src.rpm"><filename>f</filename></package>
  </collection></pkglist>
 </update>
 <update from="x@example.org" status="final" type="security" version="1">
  <id>TSA-2024:4</id><title>Moderate: nodejs:18</title><severity>Moderate</severity><issued date="2024-05-01"/>
  <references><reference href="https://example.org/5" id="CVE-2024-7004" type="cve" title="CVE-2024-7004"/></references>
  <pkglist><collection short="x"><name>x</name><module name="nodejs" stream="18" version="1" context="c" arch="x86_64"/>
   <package name="nodejs" version="18.5" release="1" epoch="1" arch="x86_64" src="n.src.rpm"><filename>f</filename></package>
  </collection></pkglist>
 </update>
</updates>
""")
    run("modifyrepo_c", "--mdtype=updateinfo", str(out / "updateinfo.xml"), str(top / "repodata"))
    run("gpg", "--batch", "--yes", "--homedir", str(home), "-u", "good", "--armor", "--detach-sign", str(top / "repodata/repomd.xml"))


def make_apk(out):
    key, pub = out / "apk.rsa", out / "root/etc/apk/keys/test-1.rsa.pub"
    pub.parent.mkdir(parents=True)
    run("openssl", "genrsa", "-out", str(key), "2048")
    run("openssl", "rsa", "-in", str(key), "-pubout", "-out", str(pub))
    index = "C:Q1x=\nP:musl\nV:1.2.4-r3\nA:x86_64\no:musl\n\nC:Q1y=\nP:busybox\nV:1.36.1-r5\nA:x86_64\n\n"
    body = gzip.compress(tar_bytes([("DESCRIPTION", b"v3.18"), ("APKINDEX", index.encode())], "w:"))
    for name, spoil in (("apk", b""), ("apk-bad", b"changed")):
        for kind, digest in (("RSA", "-sha1"), ("RSA256", "-sha256")):
            folder = out / f"{name}-{kind.lower()}/v3.18/main/x86_64"
            folder.mkdir(parents=True)
            sig = run("openssl", "dgst", digest, "-sign", str(key), input=body + spoil)
            head = tar_bytes([(f".SIGN.{kind}.test-1.rsa.pub", sig)], "w:")[:512 + (len(sig) + 511) // 512 * 512]
            (folder / "APKINDEX.tar.gz").write_bytes(gzip.compress(head) + body)


class Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass


def main():
    out = pathlib.Path(sys.argv[1])
    for tool in NEEDED:
        if not shutil.which(tool):
            print("MISSING", tool, flush=True)
            return
    home = out / "gnupg"
    home.mkdir(parents=True, mode=0o700)
    try:
        for name in ("good", "other"):
            run("gpg", "--batch", "--homedir", str(home), "--passphrase", "", "--quick-gen-key", name, "ed25519", "sign", "never")
            (out / f"{name}.gpg").write_bytes(run("gpg", "--homedir", str(home), "--export", name))
        (out / "good.asc").write_bytes(run("gpg", "--homedir", str(home), "--armor", "--export", "good"))
        make_debian(out, home)
        make_rpm(out, home)
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], stderr=subprocess.DEVNULL)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a, **k: Quiet(*a, directory=str(out), **k))
    make_root(out, server.server_port)
    make_apk(out)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("READY", server.server_port, flush=True)
    sys.stdin.read()
    server.shutdown()


main()
