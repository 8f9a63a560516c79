#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when a file includes a module against the table of allowed edges.

usage: check_layers.py ROOT 'module: dep dep' ...   (the table stands in meson.build)
A module may include itself, what its row names, and what those rows name in turn. Of other
modules only the public header (MODULE/MODULE.h; any header of base and codec; those in PUBLIC) is allowed.
"""
import pathlib
import re
import sys

# Modules that are several things, each with a header of its own.
PUBLIC = {"model": {"facts.h", "host_paths.h"},  # what is known of an image; what paths of a host mean
          "inspect": {"dockerfile.h", "dockerfile_rules.h", "compose.h"},  # texts that are judged without an image
          "watch": {"rules.h", "field.h", "kfilter.h", "falco_yaml.h"},  # rule files, fields, the filter, falco.yaml: commands of their own
          "image": {"seen.h"}}  # what was computed of a file once

INCLUDE = re.compile(r'^\s*#\s*include\s+"([a-z0-9_]+)/([a-z0-9_./]+)"', re.M)


def main():
    root, table = pathlib.Path(sys.argv[1]), {}
    for row in sys.argv[2:]:
        name, _, deps = row.partition(":")
        table[name.strip()] = deps.split()
    reach = {}

    def closure(name, path=()):
        if name in path:
            sys.exit("cycle: " + " -> ".join(path + (name,)))
        if name not in reach:
            reach[name] = {name}.union(*(closure(d, path + (name,)) for d in table[name]))
        return reach[name]

    faults = []
    for module in table:
        closure(module)
        for path in sorted((root / "src" / module).rglob("*.[ch]")):
            text = path.read_text()
            for match in INCLUDE.finditer(text):
                target, header = match.groups()
                line = text.count("\n", 0, match.start()) + 1
                where = f"{path.relative_to(root)}:{line}"
                if target not in table:
                    faults.append(f"{where}: unknown module {target}")
                elif target not in reach[module]:
                    faults.append(f"{where}: {module} may not include {target}")
                elif target != module and target not in ("base", "codec") and header != target + ".h" \
                        and header not in PUBLIC.get(target, ()):
                    faults.append(f"{where}: {header} is private to {target}")
    for folder in sorted(p.name for p in (root / "src").iterdir() if p.is_dir()):
        if folder not in table:
            faults.append(f"src/{folder}: not in the table of meson.build")
    print("\n".join(faults) if faults else f"{len(table)} modules, no include against the table")
    return 1 if faults else 0


sys.exit(main())
