#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A web server with bad manners, for tests/net/test_net.c.

usage: server.py DIR
Listens on loopback: plain, TLS, TLS that wants a client certificate, and a unix socket in DIR,
where the certificates are generated too. Prints one line with the ports and serves until its
standard input ends.
"""
import http.server
import os
import re
import socketserver
import ssl
import subprocess
import sys
import threading

BIG = bytes(i * 7 % 251 for i in range(200000))
STAMP = "Sun, 06 Nov 1994 08:49:37 GMT"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def reply(self, status, body=b"", headers=(), length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def redirect(self, to):
        self.reply(302, b"elsewhere", [("Location", to)])

    def do_HEAD(self):
        self.do_GET()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.reply(201, self.headers.get("Content-Type", "").encode() + b"|" + body)

    def do_GET(self):
        path = self.path.partition("?")[0]
        name = path.strip("/").partition("/")[0].replace("-", "_")
        getattr(self, "get_" + name, self.get_nothing)(path)

    def get_nothing(self, path):
        self.reply(404, b'{"message": "no such thing"}')

    def get_etag(self, path):
        if self.headers.get("If-None-Match") == '"v1"' or self.headers.get("If-Modified-Since") == STAMP:
            return self.reply(304, headers=[("ETag", '"v1"')])
        self.reply(200, b"version one", [("ETag", '"v1"'), ("Last-Modified", STAMP), ("Content-Type", "text/x-test")])

    def get_range(self, path):
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        fresh = self.headers.get("If-Range", '"big"') in ('"big"', STAMP)
        if not asked or not fresh:
            return self.reply(200, BIG, [("ETag", '"big"')])
        start = int(asked[1])
        if start >= len(BIG):
            return self.reply(416, b"", [("Content-Range", f"bytes */{len(BIG)}")])
        self.reply(206, BIG[start:], [("Content-Range", f"bytes {start}-{len(BIG) - 1}/{len(BIG)}")])

    def get_wrong_range(self, path):
        self.reply(206, BIG[:10], [("Content-Range", f"bytes 0-9/{len(BIG)}")])

    def get_stall(self, path):
        self.reply(200, b"x" * 1000, length=2000)
        self.wfile.flush()
        self.connection.recv(1)  # until the client gives up
        self.close_connection = True

    def get_mute(self, path):
        self.connection.recv(1)
        self.close_connection = True

    def get_truncated(self, path):
        self.reply(200, b"y" * 5000, length=10000)
        self.close_connection = True

    def get_truncated_chunks(self, path):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nhello\r\n40\r\nnot all of it")
        self.close_connection = True

    def get_endless(self, path):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(BIG)
        except OSError:
            pass

    def get_loop(self, path):
        self.redirect("/loop")

    def get_hops(self, path):
        left = int(path.rpartition("/")[2])
        self.redirect(f"/hops/{left - 1}") if left else self.reply(200, b"arrived")

    def get_to(self, path):
        self.redirect(self.path.partition("?")[2])

    def get_status(self, path):
        self.reply(int(path.rpartition("/")[2]), b'{"message": "as you wished"}')

    def get_headers(self, path):
        self.reply(200, "".join(f"{k}: {v}\n" for k, v in self.headers.items()).encode())


class Quiet:
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that hangs up is what some tests are about


class UnixServer(Quiet, socketserver.ThreadingUnixStreamServer):
    pass


class TcpServer(Quiet, http.server.ThreadingHTTPServer):
    pass


def openssl(*args):
    subprocess.run(("openssl",) + args, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def certificates(folder):
    """A CA and two certificates of it: localhost for the server, client for the client."""
    at = lambda name: os.path.join(folder, name)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *curve, "-days", "2", "-subj", "/CN=test CA", "-keyout", at("ca.key"), "-out", at("ca.pem"))
    for name in ("localhost", "client"):
        openssl("req", *curve, "-subj", "/CN=" + name, "-keyout", at(name + ".key"), "-out", at(name + ".csr"))
        with open(at("ext"), "w") as f:
            f.write("subjectAltName=DNS:" + name)
        openssl("x509", "-req", "-in", at(name + ".csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial",
                "-days", "2", "-extfile", at("ext"), "-out", at(name + ".pem"))


def serve(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    folder = sys.argv[1]
    certificates(folder)
    ports = []
    for wants in (None, ssl.CERT_NONE, ssl.CERT_REQUIRED):
        server = TcpServer(("127.0.0.1", 0), Handler)
        if wants is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(os.path.join(folder, "localhost.pem"), os.path.join(folder, "localhost.key"))
            tls.load_verify_locations(os.path.join(folder, "ca.pem"))
            tls.verify_mode = wants
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        ports.append(server.server_address[1])
        serve(server)
    serve(UnixServer(os.path.join(folder, "socket"), Handler))
    sys.stdout.write("%d %d %d\n" % tuple(ports))
    sys.stdout.flush()  # one write: the reader may close the pipe after it
    sys.stdin.read()


main()
