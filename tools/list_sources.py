#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the files of one suffix in one folder, sorted: meson's source lists."""
import pathlib
import sys

folder, suffix = pathlib.Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ".c"
for path in sorted(folder.glob("*" + suffix)):
    print(path.as_posix())
