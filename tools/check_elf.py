#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a binary's ELF headers with readelf: position independent, full RELRO, no executable stack, no text
relocations, fortified calls, and only the libraries that design.md 5.3 allows in the main binary."""
import re
import subprocess
import sys

ALLOWED = {"libcrypto", "libisal", "libzstd", "liblzma", "libz", "libseccomp", "libpcre2-8", "libyaml-0", "libexpat",
           "libyyjson", "libsqlite3", "libc", "libm", "libdl", "libpthread", "ld-linux-x86-64", "ld-linux-aarch64"}


def readelf(option, path):
    return subprocess.run(["readelf", "-W", option, path], check=True, capture_output=True, text=True).stdout


def main():
    path, faults = sys.argv[1], []
    header, dynamic, segments, symbols = (readelf(o, path) for o in ("-h", "-d", "-l", "--dyn-syms"))
    if "DYN (" not in header:
        faults.append("not position independent")
    if "BIND_NOW" not in dynamic and "NOW" not in dynamic:
        faults.append("not bound at start (BIND_NOW)")
    if "GNU_RELRO" not in segments:
        faults.append("no RELRO")
    stack = re.search(r"GNU_STACK.*", segments)
    if not stack or "E" in stack.group(0).split()[6]:
        faults.append("executable stack")
    if "TEXTREL" in dynamic:
        faults.append("text relocations")
    if "_chk@" not in symbols:
        faults.append("no fortified call")
    for needed in re.findall(r"NEEDED.*\[([^]]+)\]", dynamic):
        if needed.split(".so")[0] not in ALLOWED:
            faults.append(f"links {needed}, which belongs behind a module that is opened on first use")
    if re.search(r"R(UN)?PATH", dynamic):
        faults.append("has a run path")
    print("\n".join(faults) or "hardened")
    return 1 if faults else 0


sys.exit(main())
