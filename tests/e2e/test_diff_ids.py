# SPDX-License-Identifier: Apache-2.0
"""What an image config claims about its uncompressed layers decides nothing before it was computed."""
import gzip
import json

import pytest

from bad_input import BASE, TOP, archives, docker_archive, oci_dir, put, stanza, store, tar_bytes, world  # noqa: F401

EVIL = archives.layer(("etc/os-release", b'ID=debian\nVERSION_ID="12"\n'), ("var/lib/dpkg/status", stanza("openssl", "3.0.8-1")))


def digest(data):
    return "sha256:" + archives.sha(data)


def claims(*tars):
    return {"rootfs": {"type": "layers", "diff_ids": [digest(t) for t in tars]}}


def layout(folder, tars, pack=None, **conf):
    """An OCI layout whose layers are packed by another program than the fixtures', or not at all."""
    rows = [dict(archives.blob(str(folder), (pack or (lambda t: t))(t)), mediaType="application/vnd.oci.image.layer.v1.tar") for t in tars]
    config = dict(archives.blob(str(folder), archives.config(tars, **conf)), mediaType="application/vnd.oci.image.config.v1+json")
    body = json.dumps({"schemaVersion": 2, "config": config, "layers": rows}).encode()
    row = dict(archives.blob(str(folder), body), mediaType="application/vnd.oci.image.manifest.v1+json")
    archives.layout(str(folder), [archives.tagged(row, "latest")])
    return folder


def archive_of(folder):
    return tar_bytes([(str(p.relative_to(folder)), p.read_bytes()) for p in sorted(folder.rglob("*")) if p.is_file()])


def verified(got):
    return [layer.get("diff_id_verified", False) for layer in got.report["targets"][0]["source"]["layers"]]


def is_base(got):
    return [layer["base"] for layer in got.report["targets"][0]["source"]["layers"]]


def test_diff_ids_of_compressed_layers_are_computed_when_asked(world, tmp_path):
    good = oci_dir(tmp_path / "good", [BASE, TOP])
    data = archive_of(good)
    file = put(world, "good.tar", data)
    assert verified(world.scan(file)) == [False, False]
    for got in (world.scan(file, "--verify-diff-ids"), world.scan(file, "--verify-diff-ids"), world.scan(f"oci-dir:{good}", "--verify-diff-ids"),
                world.scan_bytes(data), world.scan(file, "--verify-diff-ids", "--no-cache"), world.scan(file)):
        assert got.code == 0 and got.is_whole(), got.says()
    assert verified(world.scan(file, "--verify-diff-ids")) == [True, True]
    warm = world.scan(file, "--verify-diff-ids")
    assert warm.report["targets"][0]["source"]["layers_cached"] == 2


@pytest.mark.parametrize("is_warm", [False, True])
def test_a_lie_about_a_compressed_layer_is_incomplete(world, tmp_path, is_warm):
    data = archive_of(oci_dir(tmp_path / "lie", [BASE, TOP], **claims(EVIL, TOP)))
    file = put(world, "lie.tar", data)
    if is_warm:
        assert world.scan(file).code == 0
        world.bad(file, "--verify-diff-ids")
    for got in (world.bad(file, "--verify-diff-ids"), world.bad(f"oci-archive:{file}", "--verify-diff-ids", "--no-cache")):
        assert "layer.diff-id-mismatch" in got.codes() and digest(EVIL) in got.says() and digest(BASE) in got.says(), got.says()
        assert verified(got) == [False, True]


def test_a_lie_in_a_stream_is_incomplete(world, tmp_path):
    data = archive_of(oci_dir(tmp_path / "lie", [BASE, TOP], **claims(EVIL, TOP)))
    packed = put(world, "lie.tar.gz", gzip.compress(data))
    for _ in range(2):
        got = world.bad(f"oci-archive:{packed}", "--verify-diff-ids", says="layer.diff-id-mismatch")
        assert verified(got) == [False, True]


def test_a_lie_about_a_plain_layer_is_always_found(world, tmp_path):
    good = layout(tmp_path / "good", [BASE, TOP])
    assert verified(world.scan(f"oci-dir:{good}")) == [True, True]
    lie = layout(tmp_path / "lie", [BASE, TOP], **claims(EVIL, TOP))
    for source in (f"oci-dir:{lie}", put(world, "lie.tar", archive_of(lie)), put(world, "lie.tar.gz", gzip.compress(archive_of(lie)))):
        got = world.bad(source, says="layer.diff-id-mismatch")
        assert verified(got) == [False, True]
    classic = world.scan(put(world, "classic.tar", docker_archive(BASE, TOP)))
    assert verified(classic) == [True, True]


def test_a_claimed_base_is_no_base(world, tmp_path):
    base = oci_dir(tmp_path / "base", [BASE])
    honest = layout(tmp_path / "honest", [BASE, TOP], pack=lambda t: gzip.compress(t, 1, mtime=1))
    forged = layout(tmp_path / "forged", [EVIL, TOP], pack=lambda t: gzip.compress(t, 1, mtime=1), **claims(BASE, TOP))
    got = world.scan(f"oci-dir:{honest}", "--base", f"oci-dir:{base}")
    assert got.code == 0 and is_base(got) == [True, False], got.says()
    got = world.bad(f"oci-dir:{forged}", "--base", f"oci-dir:{base}", says=["base.not-a-prefix", "layer.diff-id-mismatch"])
    assert is_base(got) == [False, False]


def test_a_claimed_layer_is_not_excused(world, tmp_path):
    accepted = put(world, "accepted.yaml", f"exceptions:\n- id: '*'\n  reason: r\n  where: {{layer: '{digest(BASE)}'}}\n".encode())
    honest = layout(tmp_path / "honest", [BASE, TOP], pack=gzip.compress)
    forged = layout(tmp_path / "forged", [EVIL, TOP], pack=gzip.compress, **claims(BASE, TOP))
    got = world.scan(f"oci-dir:{honest}", "--exceptions", accepted)
    assert got.code == 0 and got.report["findings"][0]["suppressed"], got.says()
    got = world.bad(f"oci-dir:{forged}", "--exceptions", accepted, says="layer.diff-id-mismatch")
    assert not got.report["findings"][0]["suppressed"]
