# SPDX-License-Identifier: Apache-2.0
"""Dockerfiles: as a source, beside an image, and what a real builder writes into the history."""
import json
import os
import shutil
import subprocess

import pytest

BAD = """\
FROM debian
USER root
RUN apt-get install x
RUN cd /x; ls $UNQUOTED
"""


def findings(done):
    report = json.loads(done.stdout)
    return report, report["findings"]


def ids(found):
    return {f["id"] for f in found if not f["suppressed"]}


def scan(plimsoll, *args, **kwargs):
    done = plimsoll("scan", "--only", "misconfiguration", "--offline", "-o", "json", *args, **kwargs)
    assert done.returncode in (0, 3, 5) and done.stdout, done.stderr  # 5: an image without packages
    return findings(done)


def test_a_dockerfile_is_a_source(plimsoll):
    (plimsoll.cwd / "Dockerfile").write_text(BAD)
    report, found = scan(plimsoll, "./Dockerfile")
    assert {"4.1", "DL3003", "DL3006", "DL3008", "DL3014", "DL3015", "SC2164"} <= ids(found)
    assert report["targets"][0]["source"]["scheme"] == "dockerfile"
    places = {f["id"]: (f["location"]["path"], f["location"]["line"]) for f in found}
    assert places["DL3008"] == ("./Dockerfile", 3)
    assert next(f for f in found if f["id"] == "4.1")["aliases"] == ["CIS-DI-0001", "DL3002"]
    (plimsoll.cwd / "other").write_text("FROM debian:12\n")
    _, found = scan(plimsoll, "dockerfile:other")
    assert ids(found) == set()


def test_faults_are_named_with_their_place(plimsoll):
    (plimsoll.cwd / "Dockerfile").write_text("FROM a:1\n RUNN x\n")
    done = plimsoll("scan", "./Dockerfile", "-o", "json")
    assert done.returncode == 3
    diagnostics = [d for d in json.loads(done.stdout)["diagnostics"] if d["code"] == "dockerfile.invalid"]
    assert [d["message"] for d in diagnostics] == ["line 2, column 2: there is no instruction RUNN"]


def test_hadolint_configuration(plimsoll):
    (plimsoll.cwd / "Dockerfile").write_text(BAD)
    (plimsoll.cwd / "h.yaml").write_text("ignored: [DL3006]\ntrustedRegistries: [registry.example]\noverride:\n  error: [DL3003]\n")
    _, found = scan(plimsoll, "./Dockerfile", "--hadolint-config", "h.yaml")
    assert "DL3006" not in ids(found) and "DL3026" in ids(found)
    assert next(f for f in found if f["id"] == "DL3006")["suppressed"]["by"] == "config"
    assert next(f for f in found if f["id"] == "DL3003")["severity"] == "high"
    (plimsoll.cwd / "h.yaml").write_text("ignored: [DL3006]\nnonsense: 1\n")
    done = plimsoll("scan", "./Dockerfile", "--hadolint-config", "h.yaml")
    assert done.returncode == 2 and "h.yaml: line 2" in done.stderr


SCRIPTS = ["rm $(cat list) $dir", "cd /x; ls", "echo `ls`", "for i in $(ls); do echo $i; done", "if [ $A = b ]; then x; fi",
           "a && b || c", "export P=$(pwd); echo \"$P\"", "echo fine"]


def test_shell_findings_are_those_of_shellcheck(plimsoll, tmp_path):
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    (plimsoll.cwd / "Dockerfile").write_text("FROM a:1\n" + "".join(f"RUN {s}\n" for s in SCRIPTS))
    _, found = scan(plimsoll, "./Dockerfile")
    ours = {(f["location"]["line"], f["id"]) for f in found if f["id"].startswith("SC")}
    theirs = set()
    for number, script in enumerate(SCRIPTS):
        file = tmp_path / "script"
        file.write_text(f"#!/bin/sh\n{script}\n")
        done = subprocess.run(["shellcheck", "--norc", "-f", "json", "-e", "2187,1090,1091", file], capture_output=True, text=True)
        theirs |= {(number + 2, f"SC{c['code']}") for c in json.loads(done.stdout)}
    assert ours == theirs and ours


def test_without_shellcheck_the_tokenizer_judges(plimsoll):
    (plimsoll.cwd / "Dockerfile").write_text("FROM a:1\nRUN cd /x; rm $(cat list)\n")
    _, found = scan(plimsoll, "./Dockerfile", env={"PATH": "/nonexistent"})
    shell = [f for f in found if f["id"].startswith("SC")]
    assert {f["id"] for f in shell} == {"SC2046", "SC2164"}
    assert all("built-in" in f["evidence"][0] for f in shell)


def test_a_shellcheck_that_fails_is_said(plimsoll, tmp_path):
    fake = tmp_path / "bin" / "shellcheck"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho nonsense\n")
    fake.chmod(0o755)
    (plimsoll.cwd / "Dockerfile").write_text("FROM a:1\nRUN cd /x; ls\n")
    report, found = scan(plimsoll, "./Dockerfile", env={"PATH": str(fake.parent)})
    assert "SC2164" in ids(found)
    assert "dockerfile.shellcheck" in {d["code"] for d in report["diagnostics"]}


BUILT = """\
FROM scratch
ARG WHO=nobody
LABEL org.example.a="b c"
ENV A=1 B="x y"
COPY file /dir/
EXPOSE 8080 53/udp
HEALTHCHECK --interval=7s CMD ["/bin/x", "y"]
WORKDIR /dir
USER ${WHO}
ENTRYPOINT ["/bin/x"]
CMD ["-v"]
"""


def build(engine, name, text):
    engine.build(name, text, {"file": "x\n"})
    return name


def disagreements(plimsoll, engine, image, text):
    (plimsoll.cwd / "Dockerfile").write_text(text)
    _, found = scan(plimsoll, f"docker:{image}", "-H", engine.host, "--dockerfile", "Dockerfile")
    return {f["object"] for f in found if f["id"] == "B1"}


def test_image_and_dockerfile_agree(plimsoll, docker_engine):
    image = build(docker_engine, "dfile:agree", BUILT)
    assert disagreements(plimsoll, docker_engine, image, BUILT) == set()
    changed = {"USER": ("USER ${WHO}", "USER root"), "EXPOSE": ("8080", "8081"), "CMD": ('["-v"]', '["-q"]'),
               "ENTRYPOINT": ('ENTRYPOINT ["/bin/x"]', 'ENTRYPOINT ["/bin/z"]'), "LABEL": ("b c", "b"),
               "HEALTHCHECK": ('"y"', '"z"'), "WORKDIR": ("WORKDIR /dir", "WORKDIR /other")}
    for kind, (old, new) in changed.items():
        assert disagreements(plimsoll, docker_engine, image, BUILT.replace(old, new)) == {kind}


def test_run_lines_are_compared_with_a_real_builders_history(plimsoll, docker_engine, layered_image):
    text = f"FROM {layered_image}\nRUN echo one && \\\n    # why\n    echo  two\nRUN [\"echo\", \"three\"]\n"
    image = build(docker_engine, "dfile:run", text)
    assert disagreements(plimsoll, docker_engine, image, text) == set()
    assert disagreements(plimsoll, docker_engine, image, text.replace("two", "2")) == {"RUN"}
    assert disagreements(plimsoll, docker_engine, image, text + "RUN echo more\n") == {"RUN"}
