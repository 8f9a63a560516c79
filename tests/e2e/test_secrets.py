# SPDX-License-Identifier: Apache-2.0
"""Secrets in an image built in layers: found where a later layer deleted them, redacted wherever they are shown."""
import base64
import hashlib
import io
import json
import os
import pathlib
import subprocess
import tarfile
import zlib

import pytest

BINARY = os.environ.get("PLIMSOLL_BINARY", "build/plimsoll")
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def github(kind, body):
    """A token with the checksum that GitHub puts there: CRC-32 of the 30 characters, in base 62."""
    crc, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        crc, digit = divmod(crc, 62)
        check = DIGITS[digit] + check
    return f"{kind}_{body}{check}"


def private_key():
    out = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return out.stdout.decode()


def jwt():
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': 'build', 'exp': 1900000000})}.{'Zx9_' * 10}abc"


PAT = github("ghp", "x7Kd02mPqLw93ZtRbV5nYc81HsGf4J")
WRONG = PAT[:-1] + ("a" if PAT[-1] != "a" else "b")
KEY = private_key()
JWT = jwt()
STRIPE = "sk_live_" + "51H8aKq2eZvKYlo2CxT9bN4w"
URL_PASSWORD = "q8Vt3mZx"
ENV_PASSWORD = "Tr0ub4dor&3x"


def layer(files):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            data = text if isinstance(text, bytes) else text.encode()
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return raw.getvalue()


def image(path, layers, config=None, history=None):
    config = {"architecture": "amd64", "os": "linux", "config": config or {},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(x).hexdigest() for x in layers]},
              "history": history or [{"created_by": f"RUN step {i}"} for i in range(len(layers))]}
    blob = json.dumps(config).encode()
    names = [f"{i}/layer.tar" for i in range(len(layers))]
    manifest = json.dumps([{"Config": "config.json", "RepoTags": ["app:1"], "Layers": names}]).encode()
    with tarfile.open(path, "w") as tar:
        for name, data in [("config.json", blob), *zip(names, layers), ("manifest.json", manifest)]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def run(*argv, cache=None, want=(0,)):
    cmd = [BINARY, *argv] + (["--cache-dir", str(cache)] if cache else [])
    out = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert out.returncode in want, (out.returncode, out.stdout[-2000:], out.stderr.decode())
    return out


def scan(source, tmp_path, *options):
    out = run("scan", str(source), "--only", "secret", "-o", "json", "--allow", "incomplete,empty", *options, cache=tmp_path / "cache")
    report = json.loads(out.stdout)
    return report, [f for f in report["findings"] if f["kind"] == "secret"]


def by_id(findings):
    out = {}
    for f in findings:
        out.setdefault(f["id"], []).append(f)
    return out


@pytest.fixture
def built(tmp_path):
    layers = [
        layer({"root/.ssh/id_ecdsa": KEY, "app/.env": f"# local\nGITHUB_TOKEN={PAT}\nOTHER={WRONG}\n", "app/readme": "nothing\n",
               "app/blob": b"\x00\x01" + PAT.encode()}),
        layer({"root/.ssh/.wh.id_ecdsa": "", "app/.env": f"GITHUB_TOKEN={PAT}\n"}),
        layer({"srv/config.yaml": f"db: postgres://app:{URL_PASSWORD}@db.internal:5432/app\ntoken: {JWT}\n",
               "srv/.env.example": "GITHUB_TOKEN=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nAPI_KEY=${API_KEY}\nX_PASSWORD=<your-password>\n",
               "srv/allowed.txt": f"key = {STRIPE} # plimsoll:allow\n"}),
    ]
    config = {"Env": ["PATH=/usr/bin", f"DB_PASSWORD={ENV_PASSWORD}", f"GH={PAT}"], "Labels": {"build.token": STRIPE}}
    history = [{"created_by": "COPY . /"}, {"created_by": f"RUN |1 GH={PAT} /bin/sh -c make # buildkit"}, {"created_by": f"ENV DB_PASSWORD={ENV_PASSWORD}"}]
    return image(tmp_path / "app.tar", layers, config, history)


def test_a_deleted_key_is_still_found(built, tmp_path):
    _, findings = scan(f"docker-archive:{built}", tmp_path)
    [key] = by_id(findings)["private-key"]
    assert key["location"]["path"] == "/root/.ssh/id_ecdsa" and key["location"]["line"] == 1
    assert key["severity"] == "critical"
    text = "\n".join(key["evidence"])
    assert "in layer 1 of 3" in text and "still in the image" in text
    assert "decodes to a key without a passphrase" in text


def test_one_finding_for_a_secret_in_two_layers(built, tmp_path):
    _, findings = scan(f"docker-archive:{built}", tmp_path)
    env = [f for f in by_id(findings)["github-pat"] if f["location"]["path"] == "/app/.env"]
    real = [f for f in env if "its checksum is right" in "".join(f["evidence"])]
    wrong = [f for f in env if "does not match" in "".join(f["evidence"])]
    assert len(real) == 1 and len(wrong) == 1 and len(env) == 2
    assert real[0]["severity"] == "critical" and wrong[0]["severity"] == "high"
    assert real[0]["location"]["line"] == 2
    assert any(e.startswith("also in layer 2 of 3") for e in real[0]["evidence"])
    assert not any("still in the image" in e for e in real[0]["evidence"])
    assert any("still in the image" in e for e in wrong[0]["evidence"]), "the second layer's file has it no longer"


def test_environment_labels_and_history(built, tmp_path):
    _, findings = scan(f"docker-archive:{built}", tmp_path)
    config = {f["object"]: f for f in findings if not f["location"]["path"]}
    assert "env DB_PASSWORD" in config and "label build.token" in config
    gh = config["env GH"]
    assert gh["id"] == "github-pat" and any("history" in e for e in gh["evidence"]), "ENV and build argument are one finding"
    assert not any(o.startswith("env PATH") for o in config)


def test_structures_and_placeholders(built, tmp_path):
    _, findings = scan(f"docker-archive:{built}", tmp_path)
    rules = by_id(findings)
    [url] = rules["url-credentials"]
    assert url["location"]["path"] == "/srv/config.yaml"
    [token] = rules["jwt"]
    assert any("HS256" in e and "1900000000" in e for e in token["evidence"])
    example = [f for f in findings if f["location"]["path"] == "/srv/.env.example"]
    assert [(f["id"], f["severity"]) for f in example] == [("github-pat", "low")]
    assert any("placeholder" in e for e in example[0]["evidence"])
    assert not any(f["location"]["path"] in ("/srv/allowed.txt", "/app/blob", "/app/readme") for f in findings)


@pytest.mark.parametrize("form", ["json", "table", "jsonl", "sarif", "csv", "markdown", "html", "junit", "facts"])
def test_no_secret_in_any_output(built, tmp_path, form):
    out = run("scan", f"docker-archive:{built}", "--only", "secret", "-o", form, "--allow", "incomplete,empty", "-v", cache=tmp_path / "cache")
    for secret in (PAT, WRONG, JWT, STRIPE, URL_PASSWORD, ENV_PASSWORD, KEY.splitlines()[1]):
        for text in (out.stdout, out.stderr):
            assert secret.encode() not in text, (form, secret)
    for record in (tmp_path / "cache").rglob("*"):
        if record.is_file():
            data = record.read_bytes()
            for secret in (WRONG, URL_PASSWORD, KEY.splitlines()[1]):
                assert secret.encode() not in data, record


def test_same_result_from_the_cache_and_with_one_job(built, tmp_path):
    _, cold = scan(f"docker-archive:{built}", tmp_path)
    _, warm = scan(f"docker-archive:{built}", tmp_path)
    _, single = scan(f"docker-archive:{built}", tmp_path / "other", "--jobs", "1")
    assert cold == warm == single and cold


def test_exception_by_fingerprint(built, tmp_path):
    _, findings = scan(f"docker-archive:{built}", tmp_path)
    [key] = by_id(findings)["private-key"]
    [fingerprint] = [a for a in key["aliases"] if a.startswith("sha256:")]
    file = tmp_path / "exceptions.yaml"
    file.write_text(f"exceptions:\n  - id: {fingerprint}\n    reason: revoked\n    owner: me\n")
    _, after = scan(f"docker-archive:{built}", tmp_path, "--exceptions", str(file))
    [key] = by_id(after)["private-key"]
    assert key["suppressed"]["reason"] == "revoked"


GITLEAKS = r"""
title = "ours"
[extend]
useDefault = %s
disabledRules = ["private-key"]
[[rules]]
id = "corp-token"
description = "Token of our own"
regex = '''\bcorp_(?i)[a-z0-9]{12}\b'''
keywords = ["corp_"]
[[rules.allowlists]]
condition = "AND"
paths = ['''(?:^|/)fixtures/''']
stopwords = ["sample"]
[[allowlists]]
targetRules = ["corp-token"]
regexTarget = "line"
regexes = ['''ignore-this''']
"""


def test_rules_of_gitleaks(tmp_path):
    tree = tmp_path / "tree"
    for name, text in {"a.txt": "x corp_AbC123dEf456\n", "fixtures/b.txt": "corp_sample123456\ncorp_zzz123456789\n", "c.txt": "ignore-this corp_AbC123dEf457\n",
                       "key.pem": KEY, "d.env": f"T={PAT}\n"}.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    rules = tmp_path / ".gitleaks.toml"
    rules.write_text(GITLEAKS % "true")
    _, findings = scan(f"dir:{tree}", tmp_path, "--secret-config", str(rules))
    got = sorted((f["id"], f["location"]["path"], f["location"]["line"]) for f in findings)
    assert got == [("corp-token", "/a.txt", 1), ("corp-token", "/fixtures/b.txt", 2), ("github-pat", "/d.env", 1)]
    rules.write_text(GITLEAKS % "false")
    _, findings = scan(f"dir:{tree}", tmp_path, "--secret-config", str(rules))
    assert {f["id"] for f in findings} == {"corp-token"}


def test_own_rule_file_and_its_faults(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.txt").write_text(f"ACME-0042-SECRET\n{PAT}\n")
    rules = tmp_path / "rules.yaml"
    rules.write_text("version: 1\nextends: builtin\ndisable: [github-pat]\nrules:\n  - id: acme\n    title: ACME key\n    severity: critical\n"
                     "    pattern: 'ACME-(\\d{4})-SECRET'\n")
    _, findings = scan(f"dir:{tree}", tmp_path, "--secret-config", str(rules))
    assert [(f["id"], f["severity"], f["location"]["line"]) for f in findings] == [("acme", "critical", 1)]
    for text, message in {"rules:\n  - id: x\n": b"needs a pattern or a path", "rules:\n  - id: x\n    pattern: '('\n": b"rule x",
                          "rules:\n  - id: x\n    pattern: a\n    allow: [{pathes: [b]}]\n": b"rules.yaml:4:14: unknown key pathes",
                          "version: 2\n": b"version 1"}.items():
        rules.write_text(text)
        out = run("scan", f"dir:{tree}", "--only", "secret", "--secret-config", str(rules), cache=tmp_path / "cache", want=(2,))
        assert message in out.stderr, (text, out.stderr)
    out = run("scan", f"dir:{tree}", "--only", "secret", "--secret-config", str(tmp_path / "none"), cache=tmp_path / "cache", want=(2,))
    assert b"none" in out.stderr
