# SPDX-License-Identifier: Apache-2.0
"""The outputs of `plimsoll watch` against real receivers: an HTTP and TLS server, nats-server, a socket in the place of
/dev/log and of the journal, programs. Events come from a recording, so no kernel rights are needed."""
import gzip
import http.server
import json
import os
import pathlib
import queue
import shutil
import socket
import ssl
import struct
import subprocess
import threading

import pytest

WAIT = 30  # seconds until a test gives up on an event; no test sleeps
TASK = {"task": {"tid": 7, "comm": "cat", "args": ["a b"], "exepath": "/bin/cat", "container": "0123456789ab"}}
RULE = """
- rule: Shadow read
  desc: a test
  condition: evt.type=openat and fd.name=/etc/shadow
  output: "read | name=%proc.name args=%proc.args"
  priority: WARNING
  tags: [b, a]
"""


@pytest.fixture
def watch(plimsoll):
    """Replays a recording with n events and falco.yaml's keys; checks the exit code."""
    def run(keys, n=1, expect=0, gap_ms=0, **kwargs):
        lines = [TASK] + [{"event": "openat", "tid": 7, "ts": 1782900131004210337 + i * gap_ms * 1000000,
                           "res": 3, "params": {"name": "/etc/shadow", "flags": "O_RDONLY"}} for i in range(n)]
        (plimsoll.cwd / "rec.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
        (plimsoll.cwd / "rules.yaml").write_text(RULE)
        options = [x for key in keys for x in ("-o", key)]
        done = plimsoll("watch", "replay", "rec.jsonl", "-r", "rules.yaml", *options, **kwargs)
        assert done.returncode == expect, done.stderr
        return done
    return run


class Server:
    """Keeps requests as (headers, body); answers with the statuses in turn, then 200."""
    def __init__(self, statuses=(), context=None, port=0):
        self.requests, self.statuses, outer = queue.Queue(), list(statuses), self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_POST(self):
                outer.requests.put((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *args: None
        if context:
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def take(self):
        return self.requests.get(timeout=WAIT)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.http.shutdown()
        self.http.server_close()


def http_keys(url, *more):
    return ["json_output=true", "http_output.enabled=true", f"http_output.url={url}"] + ["http_output." + x for x in more]


def test_http_one_alert_a_request(watch):
    with Server() as server:
        watch(http_keys(f"http://127.0.0.1:{server.port}/in", "user_agent=mine/1"), n=3)
        assert server.requests.qsize() == 3
        headers, body = server.take()
    alert = json.loads(body)
    assert alert["rule"] == "Shadow read" and alert["priority"] == "Warning" and alert["tags"] == ["a", "b"]
    assert headers["Content-Type"] == "application/json" and headers["User-Agent"] == "mine/1"


def test_http_text(watch):
    with Server() as server:
        watch(http_keys(f"http://127.0.0.1:{server.port}/")[1:])
        headers, body = server.take()
    assert headers["Content-Type"] == "text/plain" and b"Warning read | name=cat" in body


def test_http_batches_signed_and_compressed(watch, tmp_path):
    (tmp_path / "key").write_text("the key\n")
    with Server() as server:
        watch(http_keys(f"http://127.0.0.1:{server.port}/in", "batch=10", "batch_wait=60s", "compress_uploads=true",
                        f"hmac_secret=@{tmp_path}/key", "authorization=$TOKEN"), n=25, env={"TOKEN": "tok"})
        got = [server.take() for _ in range(3)]
    assert [len(json.loads(gzip.decompress(body))) for _, body in got] == [10, 10, 5]
    for headers, body in got:
        by_openssl = subprocess.run(["openssl", "dgst", "-sha256", "-hmac", "the key", "-r"], input=body,
                                    capture_output=True, check=True).stdout.split()[0].decode()
        assert headers["X-Plimsoll-Signature"] == "sha256=" + by_openssl
        assert headers["Authorization"] == "Bearer tok" and headers["Content-Encoding"] == "gzip"


def test_http_tries_again_and_keeps_the_order(watch):
    with Server([503, 429, 500]) as server:
        watch(http_keys(f"http://127.0.0.1:{server.port}/in", "retry_wait=100ms"), n=2, gap_ms=1)
        got = [json.loads(server.take()[1])["time"] for _ in range(5)]
    assert got == [got[0]] * 4 + [got[4]] and got[4] > got[0]  # refused three times, then the first and the second
    assert server.requests.empty()


def test_http_refused_for_good_is_said(watch):
    with Server([400]) as server:
        done = watch(http_keys(f"http://127.0.0.1:{server.port}/s3cret"), n=2)
        assert server.requests.qsize() == 2
    assert "HTTP 400" in done.stderr and "gave up" in done.stderr and "s3cret" not in done.stderr


def certificates(folder):
    def openssl(*args):
        subprocess.run(("openssl",) + args, check=True, capture_output=True, cwd=folder)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *curve, "-days", "2", "-subj", "/CN=test CA", "-keyout", "ca.key", "-out", "ca.pem")
    for name in ("localhost", "client"):
        openssl("req", *curve, "-subj", "/CN=" + name, "-keyout", name + ".key", "-out", name + ".csr")
        (folder / "ext").write_text("subjectAltName=DNS:" + name)
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "ext", "-out", name + ".pem")


def test_https_with_a_client_certificate(watch, tmp_path):
    certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "localhost.pem", tmp_path / "localhost.key")
    context.load_verify_locations(tmp_path / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with Server(context=context) as server:
        url = f"https://localhost:{server.port}/in"
        tls = [f"ca_cert={tmp_path}/ca.pem", "mtls=true", f"client_cert={tmp_path}/client.pem", f"client_key={tmp_path}/client.key"]
        watch(http_keys(url, *tls))
        assert json.loads(server.take()[1])["rule"] == "Shadow read"
        done = watch(http_keys(url, "retries=0"))  # an unknown authority
        assert "certificate" in done.stderr and server.requests.empty()


def test_a_server_that_hangs_delays_nobody(watch, tmp_path):
    """It accepts and never answers: the file gets everything, the run ends, what was lost is said."""
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        keys = http_keys(f"http://127.0.0.1:{hanging.getsockname()[1]}/")
        done = watch(keys + ["file_output.enabled=true", f"file_output.filename={tmp_path}/alerts"], n=50)
    assert len((tmp_path / "alerts").read_text().splitlines()) == 50
    assert "alerts were not delivered" in done.stderr


def log_socket(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(str(path))
    s.settimeout(WAIT)
    return s


def test_syslog_is_what_logger_writes(watch, tmp_path):
    with log_socket(tmp_path / "log") as s:
        watch(["syslog_output.enabled=true", f"syslog_output.address={tmp_path}/log", "syslog_output.facility=local3"])
        ours = s.recv(65536).decode()
        if shutil.which("logger"):
            subprocess.run(["logger", "-u", str(tmp_path / "log"), "-p", "local3.warning", "-t", "plimsoll", "--id=1",
                            "Warning read"], check=True)
            theirs = s.recv(65536).decode()
            assert ours[:ours.index(">") + 1] == theirs[:theirs.index(">") + 1] == "<156>"
            assert ours[len("<156>Jul  1 10:02:11"):].startswith(" plimsoll[") and " plimsoll[1]: Warning read" in theirs
    assert "]: Warning read | name=cat args=a b" in ours and "\n" not in ours


def journal_fields(data):
    out = {}
    while data:
        end = data.index(b"\n")
        if b"=" in data[:end]:
            name, _, value = data[:end].partition(b"=")
            data = data[end + 1:]
        else:  # NAME\n, length, value\n
            name, (n,) = data[:end], struct.unpack_from("<Q", data, end + 1)
            value, data = data[end + 9:end + 9 + n], data[end + 10 + n:]
        out[name.decode()] = value.decode()
    return out


def test_journald_gets_fields(watch, tmp_path):
    with log_socket(tmp_path / "journal") as s:
        watch(["journald_output.enabled=true", f"journald_output.socket={tmp_path}/journal"])
        fields = journal_fields(s.recv(65536))
    assert fields["PRIORITY"] == "4" and fields["SYSLOG_IDENTIFIER"] == "plimsoll" and fields["RULE"] == "Shadow read"
    assert fields["MESSAGE"].startswith("Warning read | name=cat args=a b") and fields["TAGS"] == "a,b"
    assert fields["FALCO_PROC_NAME"] == "cat" and fields["CONTAINER_ID"] == "0123456789ab"


@pytest.mark.parametrize("keep_alive", ["true", "false"])
def test_program(watch, tmp_path, keep_alive):
    program = f"cat >> {tmp_path}/out; echo end >> {tmp_path}/ends"
    watch(["program_output.enabled=true", f"program_output.program={program}", f"program_output.keep_alive={keep_alive}"], n=5)
    assert len((tmp_path / "out").read_text().splitlines()) == 5
    assert len((tmp_path / "ends").read_text().splitlines()) == (1 if keep_alive == "true" else 5)


def test_program_that_hangs_or_fails_is_said(watch, tmp_path):
    done = watch(["program_output.enabled=true", "program_output.program=exec sleep 600", "program_output.timeout=100ms"])
    assert "did not end within 100 ms and was killed" in done.stderr
    done = watch(["program_output.enabled=true", "program_output.program=exit 3"])
    assert "ended with status 3" in done.stderr


def test_file_rotates(watch, tmp_path):
    keys = ["json_output=true", "file_output.enabled=true", f"file_output.filename={tmp_path}/a", "file_output.max_size=1K",
            "file_output.max_files=2"]
    watch(keys, n=9)
    files = sorted(p.name for p in tmp_path.glob("a*"))
    assert files == ["a", "a.1", "a.2"]
    assert all(p.stat().st_size <= 1024 for p in tmp_path.glob("a*"))
    for name in files:
        for line in (tmp_path / name).read_text().splitlines():
            json.loads(line)


def test_limits_say_what_they_hold_back(watch):
    done = watch(["outputs.rate=1", "outputs.max_burst=2"], n=100)
    lines = done.stdout.splitlines()
    assert len(lines) == 3 and lines[2].endswith("(and 97 similar)")


def test_configuration_faults(watch, tmp_path):
    for keys, words in ((http_keys("ftp://x"), "not http"), (http_keys("http://x", "nonsense=1"), "unknown key"),
                        (http_keys("http://x", "hmac_secret=plain"), "@FILE"), (http_keys("http://x", "mtls=true"), "client_cert"),
                        (["file_output.enabled=true"], "filename is missing"),
                        (["nats_output.enabled=true", "nats_output.url=nats://x"], "subject")):
        done = watch(keys, expect=2)
        assert words in done.stderr and "plain\"" not in done.stderr


@pytest.fixture
def nats():
    server = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
    if not server:
        pytest.skip("skipped: no nats-server here")
    if not (pathlib.Path(os.environ["PLIMSOLL_BINARY"]).parent / "plimsoll-nats.so").exists():
        pytest.skip("skipped: built without libnats")
    p = subprocess.Popen([server, "-a", "127.0.0.1", "-p", "-1", "--user", "u", "--pass", "p"], stderr=subprocess.PIPE, text=True)
    address = None
    for line in p.stderr:
        if "Listening for client connections on" in line:
            address = line.split()[-1]
        if "Server is ready" in line:
            break
    threading.Thread(target=p.stderr.read, daemon=True).start()
    yield address
    p.terminate()
    p.wait()


def subscribe(address, subject):
    """A subscriber in the protocol's own words; returns a file of the connection."""
    host, port = address.rsplit(":", 1)
    s = socket.create_connection((host, int(port)), timeout=WAIT)
    f = s.makefile("rwb")
    f.readline()
    f.write(b'CONNECT {"verbose":false,"user":"u","pass":"p"}\r\nSUB %s 1\r\nPING\r\n' % subject.encode())
    f.flush()
    while f.readline() != b"PONG\r\n":
        pass
    return f


def test_nats(watch, nats):
    f = subscribe(nats, "alerts.>")
    keys = ["json_output=true", "nats_output.enabled=true", f"nats_output.url=nats://{nats}", "nats_output.subject=alerts.host"]
    watch(keys + ["nats_output.user=u", "nats_output.password=$NATS_PW"], n=20, env={"NATS_PW": "p"})
    for _ in range(20):
        head = f.readline().split()
        assert head[:2] == [b"MSG", b"alerts.host"]
        assert json.loads(f.read(int(head[-1]) + 2))["rule"] == "Shadow read"
    done = watch(keys + ["nats_output.user=u", "nats_output.password=$NATS_PW", "nats_output.retries=0"], env={"NATS_PW": "wr0ng"})
    assert "uthorization" in done.stderr and "wr0ng" not in done.stderr
