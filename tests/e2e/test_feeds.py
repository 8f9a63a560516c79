# SPDX-License-Identifier: Apache-2.0
"""What the feed formats make of real data, against an independent reading in Python.

`feed-dump FORMAT ROOT` (tests/vulndb/feed_dump.c) prints every push of a format as a JSON line. Here the
same files are read with json, csv, yaml, xml and regular expressions, and both must give the same rows.
"""
import collections
import csv
import json
import os
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile

import pytest
import yaml

BUILD = pathlib.Path(os.environ.get("PLIMSOLL_BUILD", pathlib.Path(os.environ["PLIMSOLL_BINARY"]).parent))
DUMP = BUILD / "tests" / "feed-dump"
SHARED = pathlib.Path(os.environ.get("PLIMSOLL_SHARED", pathlib.Path(__file__).parents[3] / "shared"))


def shared(name):
    path = SHARED / "data" / name
    if not path.exists():
        pytest.skip(f"skipped: ../shared has no data/{name}")
    return path


def unpack(name, to, *members):
    with open(to / "pack.tar", "wb") as out:
        subprocess.run(["zstd", "-dcq", shared(name)], stdout=out, check=True)
    subprocess.run(["tar", "-xf", "pack.tar", *members], cwd=to, check=True)
    (to / "pack.tar").unlink()


def dump(form, root, paths):
    text = "".join(f"{p}\n" for p in paths)
    done = subprocess.run([DUMP, form, root], input=text, text=True, capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def advisories(lines):
    return [x for x in lines if "id" in x]


def rows(lines, *keys):
    """Counter of (id, ecosystem, package, fixed...) over all ranges."""
    out = collections.Counter()
    for adv in advisories(lines):
        for a in adv["affected"]:
            for r in a["ranges"]:
                out[(adv["id"], a["ecosystem"], a["package"], *[r.get(k, a.get(k)) for k in keys])] += 1
    return out


def test_debian_dsa_lists_equal_a_reading_by_regular_expression(tmp_path):
    unpack("debian-security-tracker.tar.zst", tmp_path, "--wildcards", "*/DSA.list", "*/DLA.list")
    numbers = dict(potato="2.2", woody="3.0", sarge="3.1", etch="4", lenny="5", squeeze="6", wheezy="7", jessie="8", stretch="9",
                   buster="10", bullseye="11", bookworm="12", trixie="13")
    want, cves, paths = collections.Counter(), {}, []
    for path in sorted(tmp_path.rglob("D?A.list")):
        paths.append(path.relative_to(tmp_path))
        ident = None
        for line in path.read_text().splitlines():
            if m := re.match(r"\[[^]]*\] (\S+)", line):
                ident = m[1]
                cves.setdefault(ident, set())
            elif m := re.match(r"\s+\{(.*?)\}", line):
                cves[ident] |= set(m[1].split())
            elif m := re.match(r"\s+\[(\w+)\]\s+-\s+(\S+)\s+([^<\s]\S*)", line):
                want[(ident, "Debian:" + numbers[m[1]], m[2], m[3])] += 1
            elif m := re.match(r"\s+\[(\w+)\]\s+-\s+(\S+)\s+<not-affected>", line):
                want[(ident, "Debian:" + numbers[m[1]], m[2], "0")] += 1
            elif m := re.match(r"\s+\[(\w+)\]\s+-\s+(\S+)\s+<(unfixed|end-of-life)>", line):
                want[(ident, "Debian:" + numbers[m[1]], m[2], None)] += 1
    got = dump("debian-dsa", tmp_path, paths)
    assert rows(got, "fixed") == want
    assert sum(want.values()) > 10000
    covered = collections.defaultdict(set)
    for a in advisories(got):
        covered[a["id"]] |= set(a.get("covers", []))
    assert covered == cves
    assert [x for x in got if "bad" in x] == []


UCT_STATES = {"needed": "not-fixed", "needs-triage": "not-fixed", "pending": "not-fixed", "deferred": "deferred"}


def uct_rows(path, ecosystem):
    """(id, ecosystem, package, channel, state, fixed) of one CVE file; ecosystem: codename to name."""
    text = path.read_text()
    ident = re.search(r"^Candidate:\s*(\S+)", text, re.M)[1]
    for m in re.finditer(r"^([a-z][^:_\n]*)_([^:\n]+):[ \t]*(\S+)[ \t]*(.*)$", text, re.M):
        release, package, status, rest = m.groups()
        note = rest.strip()
        note = note[1:note.rindex(")")].strip() if note.startswith("(") and ")" in note else note
        channel, name = None, release
        if "/" in release:
            a, b = release.split("/", 1)
            name, sub = (b, a) if b in ecosystem else (a, b)
            channel = {"esm": "esm", "esm-infra": "esm", "esm-apps": "esm", "ros-esm": "ros-esm", "fips": "fips",
                       "fips-updates": "fips-updates"}.get(sub)
            if channel is None:
                continue
        if name not in ecosystem or status == "DNE":
            continue
        state, fixed = UCT_STATES.get(status), None
        if status == "released":
            version = re.split(r"[,\s]", note)[0] if note else ""
            if not version:
                continue
            state, fixed = "fixed", version
        elif status == "not-affected":
            state, fixed = "not-affected", "0"
        elif status == "ignored":
            state = "end-of-life" if note.startswith("end of ") else "wont-fix"
        yield (ident, ecosystem[name], package, channel, state, fixed)


def test_ubuntu_tracker_equals_a_reading_by_regular_expression(tmp_path):
    unpack("ubuntu-cve-tracker.tar.zst", tmp_path, "active", "retired")
    source = (pathlib.Path(__file__).parents[2] / "src" / "model" / "releases.c").read_text()
    ecosystem = dict(re.findall(r'\{"ubuntu", "[^"]+", "(\w+)", "(Ubuntu:[^"]+)"\}', source))
    assert ecosystem["jammy"] == "Ubuntu:22.04:LTS" and ecosystem["mantic"] == "Ubuntu:23.10"
    paths = sorted(p for p in tmp_path.rglob("CVE-*"))[::7]
    want = collections.Counter()
    for path in paths:
        want.update(uct_rows(path, ecosystem))
    got = dump("ubuntu-tracker", tmp_path, [p.relative_to(tmp_path) for p in paths])
    assert rows(got, "channel", "state", "fixed") == want
    assert len(advisories(got)) == len(paths) and sum(want.values()) > 100000


OSV_FILES = ["almalinux.zip", "debian-elts.zip", "crates.io.zip", "go.zip"] + [
    f"osv-slices/{n}.zip" for n in ("alpine", "debian", "ubuntu", "rocky-linux", "maven", "npm", "malicious", "hex", "pypi")]


def osv_rows(record):
    """(id, ecosystem, package, introduced, fixed, last_affected, only) of one record."""
    plain = re.match(r"..(BA|EA)-", record["id"]) and not any(x.startswith("CVE-") for x in record.get("related", []))
    for a in record.get("affected", []) if not plain else []:
        package = a.get("package", {})
        name = re.sub(r"^Ubuntu:Pro:(?:[^0-9:][^:]*:)?", "Ubuntu:", package.get("ecosystem", ""))
        ranges = a.get("ranges", [])
        ranges = [r for r in ([ranges] if isinstance(ranges, dict) else ranges) if r["type"] != "GIT"]
        key = (record["id"], name, package.get("name"))
        for r in ranges:
            begin = None
            for e in r["events"]:
                if "introduced" in e:
                    begin = e["introduced"] if begin is None else begin
                else:
                    yield (*key, begin, e.get("fixed"), e.get("last_affected"), None)
                    begin = None
            if begin is not None:
                yield (*key, begin, None, None, None)
        if name and not ranges:
            for v in a.get("versions", []):
                yield (*key, None, None, None, v)


@pytest.mark.parametrize("name", OSV_FILES)
def test_osv_ranges_equal_a_reading_by_json(tmp_path, name):
    with zipfile.ZipFile(shared(name)) as z:
        z.extractall(tmp_path)
    paths = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*.json"))
    want, covers, malware = collections.Counter(), {}, 0
    for path in paths:
        record = json.loads((tmp_path / path).read_text())
        malware += record["id"].startswith("MAL-")
        want.update(osv_rows(record))
        covers[record["id"]] = {x for x in record.get("upstream", []) if x.startswith("CVE-")}
    got = dump("osv", tmp_path, paths)
    have = collections.Counter()
    for (ident, eco, package, module, *rest), n in rows(got, "modularity", "introduced", "fixed", "last", "only").items():
        have[(ident, eco, package, *rest)] += n if module is None else 1
    if name == "almalinux.zip":  # one row per module that the title names
        assert set(have) == set(want)
    else:
        assert have == want
    assert sum(a.get("malware", False) for a in advisories(got)) == malware
    for a in advisories(got):
        if covers[a["id"]]:
            assert set(a["covers"]) == covers[a["id"]]
    if name == "osv-slices/ubuntu.zip":
        assert {"esm", "fips", "fips-updates"} <= {x.get("channel") for a in advisories(got) for x in a["affected"]}


def test_alpine_secdb_equals_a_reading_by_yaml_and_json(tmp_path):
    unpack("alpine-secdb.tar.zst", tmp_path)
    paths = sorted(p for p in tmp_path.rglob("*") if p.suffix in (".yaml", ".json"))
    want = collections.Counter()
    for path in paths:
        doc = json.loads(path.read_text()) if path.suffix == ".json" else yaml.load(path.read_text(), yaml.CSafeLoader)
        for p in doc["packages"] or []:
            for version, ids in (p["pkg"].get("secfixes") or {}).items():
                for ident in ids or []:
                    ident = ident.split()[0].replace("CVE_", "CVE-")
                    if m := re.match(r"CVE-\d{4}-\d+", ident):
                        ident = m[0]
                    want[(ident, "Alpine:" + doc["distroversion"], p["pkg"]["name"], str(version).strip())] += 1
    got = dump("alpine-secdb", tmp_path, [p.relative_to(tmp_path) for p in paths])
    assert [x for x in got if "bad" in x] == []
    assert rows(got, "fixed") == want
    assert sum(want.values()) > 20000


def test_kev_json_and_csv_say_the_same(tmp_path):
    unpack("cisa-kev.tar.zst", tmp_path)
    folder = tmp_path / "2025-08-25"
    got = {form: {(x["kev"], x["added"][:10]) for x in dump("kev", folder, [f"known_exploited_vulnerabilities.{form}"]) if "kev" in x}
           for form in ("json", "csv")}
    with open(folder / "known_exploited_vulnerabilities.csv", newline="") as f:
        want = {(r["cveID"], r["dateAdded"]) for r in csv.DictReader(f)}
    assert got["json"] == got["csv"] == want
    newer = dump("kev", tmp_path / "2026-01-27", ["known_exploited_vulnerabilities.json"])
    assert sum("kev" in x for x in newer) == 1500
    assert newer[-1] == {"as_of": "2026-01-27T20:51:50Z"}


def test_endoflife_equals_a_reading_by_yaml(tmp_path):
    unpack("endoflife.tar.zst", tmp_path)
    paths = sorted(tmp_path.rglob("products/*.md"))
    want = {}
    for path in paths:
        doc = next(yaml.safe_load_all(path.read_text().split("\n---", 1)[0]))
        for r in doc["releases"]:
            end = r.get("eol")
            if path.stem == "debian" and r.get("eoes"):
                end = r["eoes"]
            if end not in (None, False):
                want[(doc["permalink"][1:], str(r["releaseCycle"]))] = str(r.get("releaseDate") if end is True else end)
    got = {(x["eol"], x["cycle"]): x["date"][:10] for x in dump("endoflife", tmp_path, [p.relative_to(tmp_path) for p in paths]) if "eol" in x}
    assert got == want
    assert got[("debian", "12")] == "2028-06-30"


def local(element):
    return element.tag.rsplit("}", 1)[1]


def child(element, name):
    return next((c for c in element if local(c) == name), None)


@pytest.mark.parametrize("pack, name", [("rhel8-oval.tar.zst", "com.redhat.rhsa-RHEL8.xml"),
                                        ("azurelinux-oval.tar.zst", "azurelinux-3.0-oval.xml"),
                                        ("azurelinux-oval.tar.zst", "cbl-mariner-1.0-oval.xml")])
def test_oval_equals_a_reading_by_elementtree(tmp_path, pack, name):
    unpack(pack, tmp_path)
    path = next(tmp_path.rglob(name))
    tree = ElementTree.parse(path)
    by_id = {e.get("id"): e for e in tree.iter() if e.get("id")}
    want = collections.Counter()

    def walk(node, module, ident, platform):
        for c in node:
            if local(c) == "criterion":
                if m := re.fullmatch(r"(Red Hat Enterprise Linux \d+) is installed", c.get("comment", "")):
                    platform = m[1]
                if m := re.fullmatch(r"Module (\S+) is enabled", c.get("comment", "")):
                    module = m[1]
        for c in node:
            if local(c) == "criteria":
                walk(c, module, ident, platform)
            if local(c) != "criterion" or c.get("test_ref") not in by_id:
                continue
            test = by_id[c.get("test_ref")]
            if child(test, "state") is None:
                continue
            state = by_id[child(test, "state").get("state_ref")]
            evr = child(state, "evr")
            if evr is None:
                continue
            package = child(by_id[child(test, "object").get("object_ref")], "name").text
            end = (None, evr.text) if evr.get("operation") == "less than or equal" else (evr.text, None)
            release = re.search(r"\.(?:azl|cm)(\d+)", evr.text)
            eco = platform.replace(" Enterprise Linux ", ":") if "Red Hat" in platform else "Azure Linux:" + release[1]
            want[(ident, eco, package, module, *end)] += 1

    for d in tree.iter():
        if local(d) != "definition":
            continue
        refs = [r.get("ref_id") for r in d.iter() if local(r) == "reference"]
        ident = next((r for r in refs if not r.startswith("CVE-")), refs[0])
        platform = next(p.text for p in d.iter() if local(p) == "platform")
        walk(child(d, "criteria"), None, ident, platform)
    got = dump("oval", path.parent, [path.name])
    assert rows(got, "modularity", "fixed", "last") == want
    assert [x for x in got if "bad" in x] == []
    assert sum(want.values()) > 1000


def test_updateinfo_as_createrepo_writes_it(tmp_path):
    """modifyrepo_c puts the file into the repository's metadata, compressed; createrepo_c's own reader must like it."""
    if not shutil.which("modifyrepo_c"):
        pytest.skip("skipped: no createrepo_c on this platform")
    (tmp_path / "repodata").mkdir()
    subprocess.run(["createrepo_c", "-q", tmp_path], check=True)
    source = pathlib.Path(__file__).parents[1] / "vulndb" / "rpm-updateinfo" / "updateinfo.xml"
    (tmp_path / "updateinfo.xml").write_bytes(source.read_bytes())
    subprocess.run(["modifyrepo_c", "--mdtype=updateinfo", tmp_path / "updateinfo.xml", tmp_path / "repodata"], check=True,
                   capture_output=True)
    packed = next((tmp_path / "repodata").glob("*updateinfo.xml*"))
    tool = {".gz": "gzip", ".xz": "xz", ".zst": "zstd", ".bz2": "bzip2"}[packed.suffix]
    plain = subprocess.run([tool, "-dc", packed], capture_output=True, check=True).stdout
    (tmp_path / "again.xml").write_bytes(plain)
    want = collections.Counter()
    for u in ElementTree.fromstring(plain).iter("update"):
        if u.get("type") == "security":
            want[u.findtext("id")] += sum(p.get("arch") not in ("src", None) for p in u.iter("package"))
    got = dump("rpm-updateinfo", tmp_path, ["again.xml"])
    have = {a["id"]: len(a["affected"]) for a in advisories(got) if a["id"].startswith("ALSA")}
    assert have["ALSA-2022:9001"] == want["ALSA-2022:9001"] - 1  # the row of an unknown distribution


CVSS_LINE = re.compile(r"^ \w+: (CVSS:[0-9.]+/\S+) \[([0-9.]+) ", re.M)


def test_cvss_scores_equal_those_that_ubuntu_copied_from_nvd(tmp_path):
    unpack("ubuntu-cve-tracker.tar.zst", tmp_path, "active")
    paths = sorted(tmp_path.rglob("CVE-202*"))[::5]
    want = {m[1]: float(m[2]) for p in paths for m in CVSS_LINE.finditer(p.read_text())}
    got = {c["vector"]: c["score"] for a in advisories(dump("ubuntu-tracker", tmp_path, [p.relative_to(tmp_path) for p in paths]))
           for c in a.get("cvss", [])}
    assert got == want and len(want) > 100
