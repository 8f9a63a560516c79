# SPDX-License-Identifier: Apache-2.0
"""plimsoll find: what it finds, and that a list it could not read whole is no "not found"."""

STATUS = "".join(f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n"
                 for name, version in (("alpha", "1.2-1"), ("beta", "2.0-3")))


def root(folder, text):
    (folder / "var/lib/dpkg").mkdir(parents=True)
    (folder / "etc").mkdir()
    (folder / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\n')
    (folder / "var/lib/dpkg/status").write_text(text)
    return f"dir:{folder}"


def test_versions_are_compared_in_the_order_of_the_ecosystem(plimsoll, tmp_path):
    source = root(tmp_path / "whole", STATUS)
    for wanted, names in (("beta", ["beta"]), ("beta@<2.0-2", []), ("beta@>=2.0~rc1,<2.1", ["beta"]), ("*", ["alpha", "beta"])):
        done = plimsoll("find", wanted, "--in", source, "--offline")
        assert done.returncode == 0, done.stderr
        assert [line.split()[1] for line in done.stdout.splitlines()[1:]] == names


def test_a_list_that_is_cut_is_not_a_clean_no(plimsoll, tmp_path):
    source = root(tmp_path / "cut", STATUS[:-20])
    done = plimsoll("find", "gamma", "--in", source, "--offline")
    assert done.returncode == 3
    assert "could not be read or judged" in done.stderr
