#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for an engine, for tests/docker/test_docker.c.

usage: engine.py SOCKET FOLDER
Answers GET requests on a unix socket with the file FOLDER/<path with / as _>, status 404 and an engine's
error text where there is none; a first line "HTTP nnn" in the file sets the status. Prints a line when
ready and serves until its standard input ends.
"""
import http.server
import pathlib
import socketserver
import sys
import threading

FOLDER = pathlib.Path(sys.argv[2])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        path, status = FOLDER / self.path.strip("/").replace("/", "_"), 200
        if path.is_file():
            body = path.read_bytes()
            if body.startswith(b"HTTP "):
                first, _, body = body.partition(b"\n")
                status = int(first.split()[1])
        else:
            status, body = 404, b'{"message":"No such image: %s"}' % self.path.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


threading.Thread(target=Server(sys.argv[1], Handler).serve_forever, daemon=True).start()
sys.stdout.write("ready\n")
sys.stdout.flush()  # one write: the reader may close the pipe after it
sys.stdin.read()
