#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what test_xml.c expects of mixed.xml, by Python's own parser: events.py < mixed.xml > mixed.events"""
import sys
import xml.etree.ElementTree as ET

depth = 0
for event, e in ET.iterparse(sys.stdin.buffer, events=("start", "end")):
    name = e.tag.split("}")[-1]
    if event == "start":
        depth += 1
        print(f"{depth} <{name} {e.get('id', '')}")
    else:
        text = (e.text or "") + "".join(c.tail or "" for c in e)
        print(f"{depth} >{name} [{text.strip()}]")
        depth -= 1
