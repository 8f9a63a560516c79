# SPDX-License-Identifier: Apache-2.0
"""Bad input against the real program: archives and the layers in them. What holds for every case: bad_input.py."""
import gzip
import hashlib
import io
import json
import lzma
import shutil
import subprocess
import tarfile
import zlib

import pytest

from bad_input import (BASE, RELEASE, STATUS, TOP, archives, docker_archive, image_of, link, oci_archive, oci_dir, put,
                       raw_tar, stanza, store, tar_bytes, world)  # noqa: F401  (fixtures)

# ---- the undamaged image ------------------------------------------------------------------------------------------


@pytest.fixture(params=["docker-archive", "oci-archive"])
def archive(request, tmp_path):
    """Scheme and bytes of the undamaged image."""
    if request.param == "docker-archive":
        return request.param, docker_archive(BASE, TOP)
    return request.param, oci_archive(tmp_path / "layout", [BASE, TOP])


def test_the_undamaged_image_is_clean(world, archive):
    scheme, data = archive
    path = put(world, "good.tar", data)
    for got in (world.scan(f"{scheme}:{path}"), world.scan(path), world.scan_bytes(data), world.scan_bytes(gzip.compress(data))):
        assert got.code == 0 and got.is_whole(), got.says()
        assert not got.codes() - {"exception.unused"}, got.says()


# ---- truncated and flipped ------------------------------------------------------------------------------------------


def test_truncated_archives_are_never_clean(world, archive):
    scheme, data = archive
    end = len(data.rstrip(b"\0"))
    for n in sorted({0, 1, 100, 257, 511, 512, 513, 1023, end - 1} | set(range(512, end, 1536)) | set(range(700, end, 1700))):
        path = put(world, "cut.tar", data[:n])
        for got in (world.scan(f"{scheme}:{path}"), world.scan_bytes(data[:n])):
            if got.code == 0 and n > end - 1024:  # nothing but a member that no image needs was cut
                assert got.is_whole(), (n, got.says())
                continue
            assert got.code == 3 and (got.args[1] == "-" or "cut.tar" in got.says()), (n, got.says())
    packed = gzip.compress(data)
    for n in range(0, len(packed) - 8, len(packed) // 12):
        assert world.scan(f"{scheme}:{put(world, 'cut.tgz', packed[:n])}").code == 3, n
        assert world.scan_bytes(packed[:n]).code == 3, n


def test_flipped_bits_are_found_or_harmless(world, archive):
    scheme, data = archive
    for at in range(3, len(data.rstrip(b"\0")), 211):
        mutated = bytearray(data)
        mutated[at] ^= 1 << at % 8
        path = put(world, "flip.tar", mutated)
        for got in (world.scan(f"{scheme}:{path}"), world.scan_bytes(mutated)):
            assert got.code in (0, 3), (at, got.says())
            assert got.code == 3 or got.is_whole(), (at, got.says())
            assert got.code == 0 or "flip.tar" in got.says() or got.args[1] == "-" or got.codes(), (at, got.says())


def test_flipped_bits_in_a_layout_are_found(world, tmp_path):
    top = oci_dir(tmp_path / "layout", [BASE, TOP])
    for path in sorted(p for p in top.rglob("*") if p.is_file()):
        good = path.read_bytes()
        for at in range(0, len(good), len(good) // 6 + 1):
            bad = bytearray(good)
            bad[at] ^= 1 << at % 8
            path.write_bytes(bad)
            got = world.scan(f"oci-dir:{top}")
            assert got.code == 3 or got.is_whole(), (path, at, got.says())
            if path.parent.name == "sha256":
                assert got.code == 3 and path.name[:12] in got.says(), (path, at, got.says())
        for n in (0, len(good) // 2, len(good) - 1):
            path.write_bytes(good[:n])
            world.bad(f"oci-dir:{top}") if path.name != "oci-layout" else world.scan(f"oci-dir:{top}")
        path.unlink()
        if path.name != "oci-layout":
            got = world.bad(f"oci-dir:{top}")
            assert path.name[:12] in got.says(), got.says()
        path.write_bytes(good)
    assert world.scan(f"oci-dir:{top}").is_whole()


# ---- lying archives -------------------------------------------------------------------------------------------------


def lie(members, change):
    """Members with each one given to change(name, data), which gives the new data or None to leave it out."""
    changed = [(name, change(name, data)) for name, data in members]
    return tar_bytes([(name, data) for name, data in changed if data is not None])


def docker_lies():
    good = archives.save([(["app:1"], [BASE, TOP])])
    config = next(n for n, _ in good if n.endswith(".json") and n != "manifest.json")
    first = next(n for n, _ in good if n.endswith("-0/layer.tar"))
    second = next(n for n, _ in good if n.endswith("-1/layer.tar"))
    other = archives.layer(("etc/os-release", RELEASE), ("var/lib/dpkg/status", stanza("openssl", "3.0.99-1")))

    def only(name, data):
        return lambda n, d: data if n == name else d

    def rows(**more):
        row = {"Config": config, "RepoTags": ["app:1"], "Layers": [first, second]}
        return json.dumps([{**row, **more}]).encode()

    manifest = "manifest.json"
    return {
        "layer-swapped": (lie(good, only(second, other)), "layer.digest-mismatch", second),
        "layer-missing": (lie(good, only(second, None)), "layer.missing", second),
        "layer-empty": (lie(good, only(second, b"")), "layer.", second),
        "layer-not-tar": (lie(good, only(second, b"no tar at all" * 100)), "layer.", second),
        "config-changed": (lie(good, lambda n, d: d + b" " if n == config else d), "image.digest-mismatch", config),
        "config-missing": (lie(good, only(config, None)), "", config),
        "config-not-json": (lie(good, only(config, b"{]")), "not JSON", config),
        "config-array": (lie(good, only(config, b"[]")), "not an image config", config),
        "config-deep": (lie(good, only(config, b"[" * 100000 + b"]" * 100000)), "", config),
        "config-no-diff-ids": (lie(good, only(config, b'{"architecture":"amd64","os":"linux"}')), "image.layer-count", ""),
        "manifest-not-json": (lie(good, only(manifest, b'[{"Config": ')), "manifest.json:1:", ""),
        "manifest-object": (lie(good, only(manifest, b'{"Config": 1}')), "manifest.json: not the list", ""),
        "manifest-empty-list": (lie(good, only(manifest, b"[]")), "image.not-found", ""),
        "manifest-missing": (lie(good, only(manifest, None)), "not an image archive", ""),
        "manifest-no-layers": (lie(good, only(manifest, rows(Layers=[]))), "image.layer-count", ""),
        "manifest-one-layer": (lie(good, only(manifest, rows(Layers=[first]))), "image.layer-count", ""),
        "manifest-order": (lie(good, only(manifest, rows(Layers=[second, first]))), "layer.digest-mismatch", ""),
        "manifest-600-layers": (lie(good, only(manifest, rows(Layers=[first] * 600))), "600 layers are over limits.layers", ""),
        "manifest-upward": (lie(good, only(manifest, rows(Layers=["../../etc/passwd", second]))), "layer.missing", "../../etc/passwd"),
        "manifest-numbers": (lie(good, only(manifest, rows(Layers=[1, {}]))), "", ""),
        "manifest-control": (lie(good, only(manifest, rows(Layers=["\033[2J\n", second]))), "layer.missing", ""),
        "not-a-tar": (b"\x7fELF" + bytes(range(256)) * 40, "at offset 0", ""),
        "zeros": (bytes(20480), "not an image archive", ""),
        "empty": (b"", "", ""),
    }


@pytest.mark.parametrize("name", docker_lies())
def test_lying_archives(world, name):
    data, code, thing = docker_lies()[name]
    path = put(world, "lie.tar", data)
    got = world.bad(f"docker-archive:{path}", says=("lie.tar" if not code.startswith("layer.") else "", code, thing))
    assert got.report is None or not got.findings() or got.codes() or not got.report["targets"]
    stream = world.scan_bytes(data)
    assert stream.code == 3, (stream.code, stream.says())
    assert code in stream.says() or name == "empty", stream.says()


@pytest.mark.parametrize("text,code", [
    ("[]", "index.json"), ("{", "index.json:1:"), ('{"manifests": 3}', "index.json"), ('{"manifests": []}', "image.not-found"),
    ('{"manifests": [{"digest": "sha256:zz"}]}', "no sha256 digest"), ('{"manifests": [{"digest": "sha512:' + "0" * 128 + '"}]}', "no sha256 digest"),
    ('{"manifests": [{"digest": "sha256:' + "0" * 64 + '"}]}', "0" * 64),
    ('{"manifests": [{"digest": "sha256:../../../../../../../etc/passwd"}]}', "no sha256 digest"),
    ("[" * 200000, "index.json"), ('{"manifests":' * 5000, "index.json"), ("\U0001f433", "index.json"),
], ids=range(11))
def test_hostile_indexes_of_a_layout(world, tmp_path, text, code):
    top = oci_dir(tmp_path / "layout", [BASE])
    (top / "index.json").write_text(text)
    world.bad(f"oci-dir:{top}", says=(str(top), code))


def test_an_index_that_contains_itself_ends(world, tmp_path):
    """A digest cannot be that of its own text, but a layout whose blobs lie can."""
    top = tmp_path / "layout"
    (top / "blobs/sha256").mkdir(parents=True)
    name = "ab" * 32
    text = json.dumps({"schemaVersion": 2, "manifests": [{"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "sha256:" + name}]})
    (top / "index.json").write_text(text)
    (top / "blobs/sha256" / name).write_text(text)
    world.bad(f"oci-dir:{top}", says=("nested", name))


def test_wrong_sizes_digests_and_media_types_of_a_layout(world, tmp_path):
    def edit(name, change):
        top = oci_dir(tmp_path / name, [BASE, TOP])
        index = json.loads((top / "index.json").read_text())
        path = top / "blobs/sha256" / index["manifests"][0]["digest"][7:]
        manifest = json.loads(path.read_text())
        path.unlink()
        change(manifest)
        row = archives.blob(str(top), json.dumps(manifest).encode())
        index["manifests"][0].update(row)
        (top / "index.json").write_text(json.dumps(index))
        return f"oci-dir:{top}"

    def media(m):
        m["layers"][1]["mediaType"] = "application/vnd.example\033[31m+brotli"

    def size(m):
        m["layers"][1]["size"] += 1

    def absent(m):
        m["layers"][1]["digest"] = "sha256:" + "1" * 64

    def other_hash(m):
        m["layers"][1]["digest"] = "sha512:" + "1" * 128

    def swapped(m):
        m["layers"].reverse()

    def no_config(m):
        del m["config"]

    def huge(m):
        m["annotations"] = {"x": "y" * (9 << 20)}

    world.bad(edit("media", media), says="[layer.media-type]")
    world.bad(edit("size", size), says="[layer.size-mismatch]")
    world.bad(edit("absent", absent), says=("[layer.missing]", "1" * 64))
    world.bad(edit("hash", other_hash), says="[layer.")
    world.bad(edit("config", no_config), says="config")
    world.bad(edit("huge", huge), says="limits.manifest_bytes")
    # The order is what the manifest says: its own digest holds, so only the config can contradict it.
    got = world.scan(edit("order", swapped))
    assert got.code in (0, 3)


def test_the_wrong_platform_is_not_scanned(world, tmp_path):
    top = oci_dir(tmp_path / "layout", [BASE, TOP], architecture="s390x")
    world.bad(f"oci-dir:{top}", says=("image.platform", "s390x"))
    config = archives.config([BASE], architecture="riscv64")
    path = put(world, "x.tar", tar_bytes([("a/layer.tar", BASE), ("c.json", config), ("manifest.json", json.dumps(
        [{"Config": "c.json", "Layers": ["a/layer.tar"]}]).encode())]))
    world.bad(f"docker-archive:{path}", says=("image.platform", "riscv64", "x.tar"))


# ---- bombs ------------------------------------------------------------------------------------------------------------


def zeros(n):
    """A tar of one large file of zeros and, behind it, a database."""
    buf = io.BytesIO()
    with tarfile.open(fileobj=buf, mode="w") as tar:
        info = tarfile.TarInfo("big")
        info.size = n
        tar.addfile(info, io.BytesIO(bytes(n)))
        for name, data in (("etc/os-release", RELEASE), ("var/lib/dpkg/status", stanza("openssl", "3.0.8-1"))):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buf.getvalue()


def zstd(data):
    return subprocess.run(["zstd", "-19", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


BOMBS = {"gzip": lambda d: gzip.compress(d, 9), "xz": lambda d: lzma.compress(d, preset=0)}
if shutil.which("zstd"):
    BOMBS["zstd"] = zstd


@pytest.mark.parametrize("kind", BOMBS)
def test_decompression_bombs_stop_at_the_limit(world, kind):
    tar = zeros(96 << 20)
    packed = BOMBS[kind](tar)
    assert len(packed) * 200 < len(tar)
    path = put(world, "bomb.tar", docker_archive(tar, pack=lambda t: packed))
    got = world.bad(f"docker-archive:{path}", says="limit.ratio")
    assert "0-0/layer.tar" in got.says() or "layer.tar" in got.says()
    assert world.scan_bytes(path.read_bytes()).code == 3
    # The archive itself as a bomb, and a bomb in a bomb.
    outer = put(world, "outer.tgz", BOMBS[kind](docker_archive(tar)))
    world.bad(f"docker-archive:{outer}", says="ratio")
    outer.write_bytes(BOMBS[kind](docker_archive(packed, pack=lambda t: packed)))
    assert world.scan(f"docker-archive:{outer}").code == 3


def million(path):
    """An archive of one gzip layer with 999,999 empty files and a database; made in pieces, so that this process stays small
    (a child's peak of memory counts from what its parent had)."""
    h = bytearray(512)
    h[0:9] = b"d/0000000"
    h[100:108], h[108:116], h[116:124] = b"0000644\0", b"0000000\0", b"0000000\0"
    h[124:136], h[136:148], h[148:156], h[156:157] = b"00000000000\0", b"00000000000\0", b" " * 8, b"0"
    h[257:265] = b"ustar\00000"
    head, middle, tail, base = bytes(h[:2]), bytes(h[9:148]), bytes(h[156:]), sum(h) - 7 * ord("0")
    digest, packer, packed = hashlib.sha256(), zlib.compressobj(1, wbits=31), []

    def put_in(chunk):
        digest.update(chunk)
        packed.append(packer.compress(chunk))

    for start in range(1, 1000000, 4000):
        rows = []
        for n in range(start, min(start + 4000, 1000000)):
            name = b"%07d" % n
            rows.append(b"".join((head, name, middle, b"%06o\0 " % (base + sum(name)), tail)))
        put_in(b"".join(rows))
    put_in(BASE)
    layer = b"".join(packed) + packer.flush()
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest.hexdigest()]}}).encode()
    path.write_bytes(tar_bytes([("a/layer.tar", layer), ("c.json", config), ("manifest.json", json.dumps(
        [{"Config": "c.json", "RepoTags": ["many:1"], "Layers": ["a/layer.tar"]}]).encode())]))


def test_a_million_entries(world):
    """Below the limit of entries: read whole, within the time and memory of every other case."""
    path = world.cwd / "many.tar"
    million(path)
    got = world.scan(f"docker-archive:{path}", "--no-cache")
    assert got.code == 0 and got.packages() == [("openssl", "3.0.8-1")], got.says()


# ---- names -----------------------------------------------------------------------------------------------------------


EVIL = "e\033]0;x\007\r\n\x7f\x85\u202e|<b>\"',=\\"


@pytest.mark.parametrize("name", ["../var/lib/dpkg/status", "/../../var/lib/dpkg/status", "a/../../var/lib/dpkg/status",
                                  "var/../../var/lib/dpkg/status"])
def test_names_that_lead_above_the_root_are_told(world, name):
    evil = raw_tar((name, stanza("evil", "1")))
    got = world.scan(image_of(world, BASE, evil))
    assert got.code in (0, 3) and "[layer.path-escape]" in got.says(), got.says()
    assert got.packages() == [("openssl", "3.0.8-1")]


@pytest.mark.parametrize("name", ["/var/lib/dpkg/status", "./var/lib/dpkg/status", "//var//lib/./dpkg/status", "var/lib/x/../dpkg/status"])
def test_names_that_mean_the_database_are_the_database(world, name):
    got = world.scan(image_of(world, raw_tar(("etc/os-release", RELEASE), (name, STATUS))))
    assert got.code == 3 and "[layer." in got.says() or got.packages() == [("openssl", "3.0.8-1")], got.says()


def control(text):
    return [c for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c == "\u202e"]


def test_control_bytes_of_an_image_are_escaped_in_every_output(world):
    """Names of files, packages, versions, tags, instructions and the distribution come from the image."""
    status = STATUS.replace(b"Version: 3.0.8-1", b"Version: 3.0.8-1\033[31m") + stanza("x\033[2Jy", "1\x07") + stanza("z\x9b31m", "1\x85")
    release = RELEASE.replace(b"Debian GNU", b"De\033[5mb\xc2\x9b\xe2\x80\xae\x07")
    tar = raw_tar(("etc/os-release", release), ("var/lib/dpkg/status", status), ("../" + EVIL, b"x"), ("var/lib/dpkg/status.d/" + EVIL, STATUS),
                  link("a/" + EVIL, "missing\033[31m", tarfile.LNKTYPE))
    config = json.loads(archives.config([tar]))
    config["history"] = [{"created_by": "RUN " + EVIL}]
    config = json.dumps(config).encode()
    path = put(world, "evil.tar", tar_bytes([("a/layer.tar", tar), ("c.json", config), ("manifest.json", json.dumps(
        [{"Config": "c.json", "RepoTags": ["app:" + EVIL], "Layers": ["a/layer.tar"]}]).encode())]))
    argv = world.argv(path)[:-2]
    for output in (["table"], ["table", "-v"], ["table", "--group-by", "none"], ["csv"], ["jsonl"], ["json"]):
        got = world.run("scan", *argv, "-o", *output)
        assert got.code in (0, 3), got.err
        assert not control(got.err), (output, got.err)
        text = got.out
        if output[0] in ("json", "jsonl"):
            assert not [c for c in text if ord(c) < 32 and c != "\n"], output
            for line in text.splitlines() if output[0] == "jsonl" else [text]:
                json.loads(line)
        else:
            assert not control(text), (output, control(text))
        assert "\033" not in text and "\x07" not in text
    got = world.scan(path)
    assert "layer.path-escape" in got.codes()
    for words in (["evil\033[2J:x"], ["./no\033[2J\nsuch"], ["docker-archive:/no\033[2J\nsuch"], ["--\033[2J"], ["dir:/no\x85such"]):
        got = world.run("scan", *world.argv(*words))
        assert got.code in (2, 3) and not control(got.err), (words, got.err)


# ---- links and whiteouts --------------------------------------------------------------------------------------------------


def test_link_loops_end(world):
    loop = raw_tar(("etc/os-release", RELEASE), link("var/lib/dpkg", "../lib/dpkg2"), link("var/lib/dpkg2", "dpkg"))
    world.bad(image_of(world, loop), says="[layer.link-loop]")
    self_loop = raw_tar(("etc/os-release", RELEASE), link("var", "var"))
    world.bad(image_of(world, self_loop), says="[layer.link-loop]")
    many = raw_tar(("etc/os-release", RELEASE), *[link(f"l{i}", f"l{i + 1}") for i in range(300)], link("var", "l0"))
    got = world.scan(image_of(world, many))
    assert got.code in (3, 5), got.says()
    hard = raw_tar(("etc/os-release", RELEASE), link("var/lib/dpkg/status", "b", tarfile.LNKTYPE), link("b", "var/lib/dpkg/status", tarfile.LNKTYPE))
    world.bad(image_of(world, hard), says="[layer.link-unresolved]")


def test_hard_links_to_missing_names_are_told(world):
    for target in ("no/such", "../../etc/passwd", "/etc/passwd", "", "var/lib/dpkg/status", "\033[31m"):
        tar = raw_tar(("etc/os-release", RELEASE), link("var/lib/dpkg/status", target, tarfile.LNKTYPE))
        world.bad(image_of(world, tar), says="[layer.")
    lower = raw_tar(("etc/os-release", RELEASE), ("data", STATUS))
    upper = raw_tar(link("var/lib/dpkg/status", "data", tarfile.LNKTYPE))
    world.bad(image_of(world, lower, upper), says="[layer.link-unresolved]")


def test_symbolic_links_never_leave_the_image(world):
    (world.cwd / "status").write_bytes(stanza("outside", "1"))
    for target in (str(world.cwd), "../../../../../.." + str(world.cwd), "/proc/self/cwd"):
        tar = raw_tar(("etc/os-release", RELEASE), link("var/lib/dpkg", target))
        got = world.scan(image_of(world, tar))
        assert got.code != 0 and "outside" not in got.out, got.says()


def test_odd_whiteouts(world):
    base = raw_tar(("etc/os-release", RELEASE), ("var/lib/dpkg/status", STATUS))
    for name in (".wh.", "var/.wh.", ".wh...", ".wh..", ".wh..wh..opq/x"):
        got = world.scan(image_of(world, base, raw_tar((name, b""))))
        assert got.code == 3 or got.packages() == [("openssl", "3.0.8-1")], (name, got.says())
    # Deleting the database takes its packages away from the view; it is said.
    for name in ("var/lib/dpkg/.wh.status", "var/lib/.wh.dpkg", ".wh.var", "var/lib/dpkg/.wh..wh..opq", "var/.wh..wh..opq"):
        got = world.scan(image_of(world, base, raw_tar((name, b""))))
        assert got.code != 0 and "[catalog.database-removed]" in got.says(), (name, got.says())
    again = raw_tar(("var/lib/.wh.dpkg", b""), ("var/lib/dpkg/info/x.list", b""))
    world.bad(image_of(world, base, again), says="[layer.whiteout-readded]")


def test_odd_kinds_of_entries_in_place_of_the_database(world):
    for kind in (tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, b"Z"):
        tar = raw_tar(("etc/os-release", RELEASE), ("var/lib/dpkg/status", b"", {"type": kind}))
        got = world.scan(image_of(world, tar))
        assert got.code != 0, (kind, got.says())


# ---- compressed streams that ask for too much memory --------------------------------------------------------------------------


def greedy_xz(data):
    """Whose header asks for a dictionary of 4 GiB."""
    packed = bytearray(lzma.compress(data, preset=0, check=lzma.CHECK_CRC32))
    size = (packed[12] + 1) * 4
    assert packed[14:16] == b"\x21\x01"
    packed[16] = 40
    packed[12 + size - 4:12 + size] = zlib.crc32(packed[12:12 + size - 4]).to_bytes(4, "little")
    return bytes(packed)


def greedy_zstd(data):
    """Whose header asks for a window of 2 GiB and more: magic, no content size, window descriptor, one raw block."""
    return b"\x28\xb5\x2f\xfd\x00\xaf" + ((len(data) << 3) | 1).to_bytes(3, "little") + data


@pytest.mark.parametrize("pack", [greedy_xz, greedy_zstd])
def test_greedy_windows_stay_within_the_memory(world, pack):
    tar = TOP[:60000]
    for path in (put(world, "layer.tar", docker_archive(BASE, tar, pack=lambda t: t if t is BASE else pack(t))),
                 put(world, "whole.tar", pack(docker_archive(BASE)[:100000]))):
        got = world.scan(f"docker-archive:{path}")
        assert got.code in (0, 3) and (got.code == 3 or got.packages()), got.says()
        assert got.code == 0 or path.name in got.says(), got.says()
