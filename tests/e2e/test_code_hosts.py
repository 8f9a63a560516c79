# SPDX-License-Identifier: Apache-2.0
"""github-annotations, gitlab, gitlab-codequality, checkstyle: read with parsers that we did not write, with
hostile texts in every place, and within what the receivers document."""
import json
import re
import uuid
from xml.etree import ElementTree

import jsonschema
import pytest
from test_formats import AUDIT, EVIL, SAMPLE, evil_report, render  # noqa: F401

# What GitLab's schema 15 demands of the parts that we write (its own file is not redistributed here).
TEXT = {"type": "string", "minLength": 1}
IDENTIFIERS = {"type": "array", "minItems": 1, "maxItems": 20, "items": {
    "type": "object", "required": ["type", "name", "value"],
    "properties": {"type": TEXT, "name": TEXT, "value": TEXT, "url": {"type": "string", "pattern": "^(https?|ftp)://.+"}}}}
TOOL = {"type": "object", "required": ["id", "name", "version", "vendor"], "properties": {
    "id": TEXT, "name": {"type": "string", "minLength": 1, "maxLength": 255}, "version": TEXT,
    "vendor": {"type": "object", "required": ["name"], "properties": {"name": TEXT}}}}
TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}
PLACES = {
    "container_scanning": {"type": "object", "required": ["dependency", "operating_system", "image"], "properties": {
        "operating_system": TEXT, "image": {"type": "string", "pattern": r"^[^:]+(:\d+[^:]*)?:[^:]+(:\d+)?$"},
        "dependency": {"type": "object", "required": ["package", "version"]}}},
    "secret_detection": {"type": "object", "required": ["commit"], "properties": {
        "commit": {"type": "object", "required": ["sha"], "properties": {"sha": TEXT}}, "start_line": {"type": "number", "minimum": 1}}},
    "sast": {"type": "object", "properties": {"file": TEXT, "start_line": {"type": "number", "minimum": 1}}},
}


def schema(kind):
    return {
        "type": "object", "required": ["version", "vulnerabilities", "scan"], "properties": {
            "version": {"pattern": r"^15\.\d+\.\d+$"},
            "scan": {"type": "object", "required": ["analyzer", "scanner", "type", "start_time", "end_time", "status"], "properties": {
                "analyzer": TOOL, "scanner": TOOL, "type": {"const": kind}, "start_time": TIME, "end_time": TIME, "status": {"enum": ["success", "failure"]},
                "messages": {"type": "array", "items": {"type": "object", "required": ["level", "value"], "properties": {
                    "level": {"enum": ["info", "warn", "fatal"]}, "value": TEXT}}}}},
            "vulnerabilities": {"type": "array", "items": {
                "type": "object", "required": ["id", "identifiers", "location"], "properties": {
                    "id": TEXT, "name": {"type": "string", "maxLength": 255}, "description": {"type": "string", "maxLength": 1048576},
                    "solution": {"type": "string", "maxLength": 7000},
                    "severity": {"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
                    "identifiers": IDENTIFIERS, "location": PLACES[kind]}}}}}


def check_gitlab(text):
    report = json.loads(text)
    jsonschema.validate(report, schema(report["scan"]["type"]))
    ids = [v["id"] for v in report["vulnerabilities"]]
    assert len(set(ids)) == len(ids)
    assert all(str(uuid.UUID(i)) == i for i in ids)
    return report


def test_gitlab_container_scanning(render):
    text, said = render(SAMPLE, "gitlab")[:2]
    report = check_gitlab(text)
    assert report["scan"]["type"] == "container_scanning"
    counted = [f for f in json.loads(SAMPLE.read_text())["findings"] if f["kind"] == "vulnerability" and not f["suppressed"]]
    assert len(report["vulnerabilities"]) == len(counted)
    assert {v["identifiers"][0]["value"] for v in report["vulnerabilities"]} == {f["id"] for f in counted}
    assert render(SAMPLE, "gitlab")[0] == text


def test_gitlab_type_follows_what_was_found(render, tmp_path):
    report = json.loads(SAMPLE.read_text())
    for kind, wanted in (("secret", "secret_detection"), ("misconfiguration", "sast")):
        for f in report["findings"]:
            f["kind"] = kind
        assert check_gitlab(render(report, "gitlab")[0])["scan"]["type"] == wanted


def test_codequality(render):
    rows = json.loads(render(SAMPLE, "gitlab-codequality")[0])
    assert rows
    for row in rows:
        assert row["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert row["description"] and row["check_name"] and row["location"]["lines"]["begin"] >= 1
        assert not row["location"]["path"].startswith(("/", "./"))
    prints = [row["fingerprint"] for row in rows]
    assert len(set(prints)) == len(prints)


def check_annotations(text):
    levels = {"error": 0, "warning": 0, "notice": 0}
    for line in text.splitlines():
        m = re.fullmatch(r"::(error|warning|notice) ([^\n]*?)::(.*)", line)
        assert m, line
        levels[m[1]] += 1
        for prop in m[2].split(","):
            assert re.fullmatch(r"(file|line|title)=[^:,]*", prop), line
    assert all(n <= 10 for n in levels.values())
    return levels


def test_annotations(render):
    text = render(SAMPLE, "github-annotations")[0]
    assert check_annotations(text)["error"]
    assert text.splitlines()[-1].startswith("::notice title=plimsoll::verdict ")


def test_checkstyle(render):
    root = ElementTree.fromstring(render(SAMPLE, "checkstyle")[0])
    assert root.tag == "checkstyle" and list(root)
    for file in root:
        assert file.tag == "file" and file.get("name")
        for error in file:
            assert error.tag == "error" and error.get("severity") in ("error", "warning", "info") and int(error.get("line")) >= 1
            assert error.get("message") is not None and error.get("source")


@pytest.mark.parametrize("n", range(len(EVIL)))
def test_hostile_texts(render, n):
    report = evil_report(n)
    check_gitlab(render(report, "gitlab")[0])
    for f in report["findings"]:
        f["kind"] = "vulnerability"
    text = render(report, "gitlab")[0]
    check_gitlab(text)
    json.loads(render(report, "gitlab-codequality")[0])
    check_annotations(render(report, "github-annotations")[0])
    ElementTree.fromstring(render(report, "checkstyle")[0])
    for bad in ("\x1b", "\u202e", "\u0000"):
        assert bad not in text
