# SPDX-License-Identifier: Apache-2.0
"""An HTTP server of feed files for tests: ETag, If-None-Match, Range with If-Range, and stops.

A path in `stall` sends that many bytes of its body and then nothing more until `release` is set;
`stalled` is set when it has come that far. `requests` records (path, status, headers).
"""
import hashlib
import http.server
import threading


class FeedServer:
    def __init__(self):
        self.files, self.stall, self.requests = {}, {}, []
        self.stalled, self.release = threading.Event(), threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def answer(self, status, headers, body=b"", stall=None):
                outer.requests.append((self.path, status, dict(self.headers)))
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if stall is not None:
                    self.wfile.write(body[:stall])
                    self.wfile.flush()
                    outer.stalled.set()
                    outer.release.wait(60)
                    self.close_connection = True
                    return
                self.wfile.write(body)

            def do_GET(self):
                body = outer.files.get(self.path)
                if body is None:
                    return self.answer(404, {})
                etag = '"%s"' % hashlib.sha256(body).hexdigest()[:16]
                headers = {"ETag": etag}
                if self.headers.get("If-None-Match") == etag:
                    return self.answer(304, headers)
                start = self.headers.get("Range")
                if start and self.headers.get("If-Range") == etag:
                    first = int(start.removeprefix("bytes=").removesuffix("-"))
                    if first >= len(body):
                        return self.answer(416, {"Content-Range": f"bytes */{len(body)}"})
                    headers["Content-Range"] = f"bytes {first}-{len(body) - 1}/{len(body)}"
                    return self.answer(206, headers, body[first:])
                return self.answer(200, headers, body, outer.stall.get(self.path))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def statuses(self, path):
        return [status for p, status, _ in self.requests if p == path]

    def close(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()
