#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Engines that misbehave, for tests/audit/test_collect.c.

usage: stand_in.py SOCKET MODE
Answers on a unix socket as MODE says, prints a line when ready and serves until its standard input ends.
"""
import http.server
import json
import socketserver
import sys
import threading

MODE = sys.argv[2]
lists = 0


def container(number, **more):
    return {"Id": "%064x" % number, "Names": ["/other/alias", "/c%d" % number], "Image": "i", "ImageID": "sha256:aa",
            "State": "running", "Labels": {}, **more}


def containers():
    global lists
    lists += 1
    if MODE == "huge":
        return [container(i) for i in range(10000)]
    if MODE == "not-a-list":
        return {"message": "no"}
    labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
    found = [container(1), container(2, Labels=labels), container(3), container(4)]
    # 3 vanishes for good, 4 is listed again though its inspect says 404
    return [c for c in found if not (lists > 1 and c["Names"][1] == "/c3")]


def inspect(number):
    if number in (3, 4):
        return None
    return {"Id": "%064x" % number, "Name": "/c%d" % number, "Image": "sha256:aa", "State": {"Status": "paused"},
            "HostConfig": {}, "Config": {}, "NetworkSettings": {}, "ExecIDs": ["e1", "e2"] if number == 1 else None}


def answer(path):
    swarm = {"LocalNodeState": "active", "ControlAvailable": False} if MODE == "worker" else {}
    if path.startswith("/v1."):
        path = "/" + path.split("/", 2)[2]
    if path == "/version":
        return {"Version": "27.0.0", "ApiVersion": "1.46", "MinAPIVersion": "1.24"}
    if path == "/info":
        return {"ID": "x", "DockerRootDir": "/var/lib/docker", "Swarm": swarm}
    if path.startswith("/containers/json"):
        return containers()
    if path.startswith("/containers/"):
        return inspect(int(path.split("/")[2], 16))
    if path == "/exec/e1/json":
        return {"ID": "e1", "Running": True}
    if path == "/images/json":
        return [{"Id": "sha256:aa", "RepoTags": ["b:1", "a:1"], "Created": 5, "Size": 7, "ParentId": "sha256:cc"},
                {"Id": "sha256:bb", "RepoTags": None, "RepoDigests": ["r@sha256:1"]},
                {"Id": "sha256:cc", "RepoTags": ["<none>:<none>"], "RepoDigests": ["<none>@<none>"]}]
    if path.startswith("/images/"):
        return {"Config": {"User": "u"}} if path.endswith("/json") else []
    return [] if path in ("/networks", "/volumes", "/plugins") else None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        found = answer(self.path)
        body = json.dumps(found if found is not None else {"message": "no such thing"}).encode()
        if MODE == "garbage" and self.path.endswith("/version"):
            body = b"\0\xff not json"
        if MODE == "half-info" and self.path.endswith("/info"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body) + 100))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True
            return
        self.send_response(200 if found is not None else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


threading.Thread(target=Server(sys.argv[1], Handler).serve_forever, daemon=True).start()
sys.stdout.write("ready\n")
sys.stdout.flush()
sys.stdin.read()
