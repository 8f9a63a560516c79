# SPDX-License-Identifier: Apache-2.0
"""Named targets against receivers of our own: HTTP, SMTP, syslog over UDP; an outage and what it leaves on disk."""
import email
import email.policy
import hashlib
import hmac
import json
import queue
import socket
import threading

import pytest

from test_watch_outputs import RULE, TASK, Server

WAIT = 30


class Mail:
    """A server that speaks as much SMTP as a delivery needs; keeps (from, to, message)."""

    def __init__(self):
        self.got = queue.Queue()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            with peer, peer.makefile("rwb") as f:
                self.talk(f)

    def talk(self, f):
        def say(line):
            f.write(line + b"\r\n")
            f.flush()

        say(b"220 test")
        sender, to = None, []
        for line in f:
            word = line.strip().upper()
            if word.startswith((b"EHLO", b"HELO")):
                say(b"250 test")
            elif word.startswith(b"MAIL FROM"):
                sender = line
                say(b"250 ok")
            elif word.startswith(b"RCPT TO"):
                to.append(line)
                say(b"250 ok")
            elif word == b"DATA":
                say(b"354 go on")
                body = b""
                for row in f:
                    if row.strip() == b".":
                        break
                    body += row[1:] if row.startswith(b".") else row
                self.got.put((sender, to, body))
                say(b"250 kept")
            elif word == b"QUIT":
                say(b"221 bye")
                return
            else:
                say(b"502 no")



def test_email(plimsoll):
    server = Mail()
    plimsoll.user_config(f"notify:\n  post:\n    kind: email\n    server: smtp://127.0.0.1:{server.port}\n    from: plimsoll@example.org\n"
                        "    to: [a@example.org, b@example.org]\n    starttls: optional\n")
    done = plimsoll("notify", "test", "post")
    assert done.returncode == 0, done.stdout + done.stderr
    sender, to, body = server.got.get(timeout=WAIT)
    assert b"plimsoll@example.org" in sender and len(to) == 2
    message = email.message_from_bytes(body, policy=email.policy.default)
    assert message["From"] and message["Subject"] and message["Date"] and message["Message-ID"]
    assert message.get_content_type() == "text/plain" and message.get_content().strip()


@pytest.mark.parametrize("kind", ["slack", "teams", "webhook", "alertmanager"])
def test_http_kinds(plimsoll, kind):
    server = Server()
    secret = kind in ("slack", "teams")
    url = f"http://127.0.0.1:{server.port}/"
    text = f"notify:\n  one:\n    kind: {kind}\n    url: " + ("\"$TARGET\"" if secret else url) + "\n"
    if kind == "webhook":
        text += "    hmac-secret: \"$KEY\"\n"
    plimsoll.user_config(text)
    done = plimsoll("notify", "test", "one", env={"TARGET": url, "KEY": "s3cret"})
    assert done.returncode == 0, done.stdout + done.stderr
    headers, body = server.requests.get(timeout=WAIT)
    data = json.loads(body)
    if kind == "slack":
        assert data["text"]
    elif kind == "teams":
        card = data["attachments"][0]
        assert card["contentType"] == "application/vnd.microsoft.card.adaptive" and card["content"]["type"] == "AdaptiveCard"
    elif kind == "alertmanager":
        assert data[0]["labels"]["alertname"] and data[0]["startsAt"] and data[0]["annotations"]
    else:
        want = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
        assert headers["X-Plimsoll-Signature"] == f"sha256={want}"
    assert "s3cret" not in done.stdout + done.stderr


def test_syslog_by_udp(plimsoll):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.settimeout(WAIT)
        plimsoll.user_config(f"notify:\n  log:\n    kind: syslog\n    address: udp://127.0.0.1:{s.getsockname()[1]}\n")
        done = plimsoll("notify", "test", "log")
        assert done.returncode == 0, done.stdout + done.stderr
        assert s.recv(65536).startswith(b"<")


def test_an_outage_is_bridged(plimsoll):
    """Down: on disk. Up again: everything, in order, and nothing left."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    plimsoll.user_config(f"notify:\n  hook:\n    kind: webhook\n    url: http://127.0.0.1:{port}/\n")
    (plimsoll.cwd / "rules.yaml").write_text(RULE)

    def replay(name, first, n):
        lines = [TASK] + [{"event": "openat", "tid": 7, "ts": 1782900131004210337 + (first + i) * 10**9, "res": 3,
                           "params": {"name": "/etc/shadow", "flags": "O_RDONLY"}} for i in range(n)]
        (plimsoll.cwd / name).write_text("".join(json.dumps(x) + "\n" for x in lines))
        return plimsoll("watch", "replay", name, "-r", "rules.yaml", "--notify", "hook", "--notify-dir", plimsoll.cwd / "queue")

    assert replay("down.jsonl", 0, 3).returncode == 0
    assert any(p.stat().st_size for p in (plimsoll.cwd / "queue").rglob("*.q"))
    with Server(port=port) as server:
        assert replay("up.jsonl", 3, 1).returncode == 0
        times = [json.loads(server.requests.get(timeout=WAIT)[1])["time"] for _ in range(4)]
    assert times == sorted(times) and len(set(times)) == 4
    assert not any(p.stat().st_size for p in (plimsoll.cwd / "queue").rglob("*.q"))


def test_a_bad_target_names_its_place(plimsoll):
    path = plimsoll.user_config("notify:\n  x:\n    kind: pigeon\n")
    done = plimsoll("notify", "test", "x")
    assert done.returncode == 2 and f"{path.name}:" in done.stdout and "pigeon" in done.stdout
