#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns a file into a C array, so that the program needs no data file beside it.

usage: embed.py FILE SYMBOL OUT.c      (SYMBOL[] and SYMBOL_n; a NUL follows the last byte)
"""
import sys

source, symbol, out = sys.argv[1:]
data = open(source, "rb").read()
lines = [", ".join(str(b) if b < 128 else f"(char){b}" for b in data[i:i + 24]) for i in range(0, len(data), 24)] + ["0"]
with open(out, "w") as f:
    f.write("#include <stddef.h>\n"
            f"extern const char {symbol}[];\nextern const size_t {symbol}_n;\n"
            f"const char {symbol}[] = {{\n" + ",\n".join(lines) + f"}};\nconst size_t {symbol}_n = {len(data)};\n")
