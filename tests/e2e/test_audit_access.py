# SPDX-License-Identifier: Apache-2.0
"""Who reaches the engine: users by primary and supplementary group and by sudo. The accounts of the machine are not touched:
the audit runs in a mount namespace of its own, in which other files lie over /etc/passwd, /etc/group and /etc/sudoers.d."""
import os
import re

import pytest

from audited import Audit

CHECKS = ("1.1.2", "H-SOCK", "H-GROUP")
OVERLAID = """
set -e
mount --make-rprivate /
for name in passwd group sudoers.d nsswitch.conf; do
    [ ! -e "/etc/$name" ] || mount --bind "$1/$name" "/etc/$name"
done
shift
exec "$@"
"""
PASSWD = """root:x:0:0:root:/root:/bin/sh
primary:x:2001:{gid}::/home/primary:/bin/sh
member:x:2002:2002::/home/member:/bin/sh
other:x:2003:2003::/home/other:/bin/sh
sudoer:x:2004:2004::/home/sudoer:/bin/sh
"""
GROUP = "root:x:0:\n{name}:x:{gid}:member\nmember:x:2002:\nother:x:2003:\nsudoer:x:2004:\n"


@pytest.fixture(scope="module")
def audit(daemons, tmp_path_factory):
    gid = os.stat(daemons.clean.socket).st_gid
    if gid == 0:
        pytest.skip("the machine has no group docker: the socket is root's alone")
    etc = tmp_path_factory.mktemp("etc")
    (etc / "passwd").write_text(PASSWD.format(gid=gid))
    (etc / "group").write_text(GROUP.format(name="docker", gid=gid))
    (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\n")
    (etc / "sudoers.d").mkdir(mode=0o750)
    (etc / "sudoers.d/docker").write_text("sudoer ALL=(root) NOPASSWD: /usr/bin/docker\n")
    (etc / "sudoers.d/docker").chmod(0o440)
    return Audit(tmp_path_factory.mktemp("access"), "host", "-H", daemons.clean.host,
                 prefix=("unshare", "-m", "sh", "-c", OVERLAID, "sh", etc))


def failures(audit):
    return {(c, o): " ".join(row["evidence"]) for (c, o), row in audit.rows.items() if c in CHECKS and row["outcome"] == "fail"}


@pytest.mark.parametrize("user,how", (("primary", r"passwd|primary"), ("member", r"/etc/group|member"), ("sudoer", r"sudo")))
def test_users_who_reach_the_engine_are_named(audit, user, how):
    said = [f"{o}: {text}" for (c, o), text in failures(audit).items() if user in o or user in text]
    assert said, failures(audit)
    assert any(re.search(how, text) for text in said), said


def test_others_are_not_named(audit):
    assert not [text for (c, o), text in failures(audit).items() if "other" == o or re.search(r"\bother\b \(", text)]
