#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""source-server.py FOLDER: serves FOLDER's files on loopback, well or badly by the first part of the path.

Writes its port to FOLDER/port, and a line for each request to FOLDER/log: path, Range or -, status. A state that a way of
answering needs (what was asked for before) is kept per path.
"""
import http.server
import os
import sys
import time

folder = sys.argv[1]
asked = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def note(self, status):
        with open(folder + "/log", "a") as log:
            log.write("%s %s %s\n" % (self.path, self.headers.get("Range", "-"), status))

    def plain(self, status, headers=()):
        self.note(status)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def range_start(self, tag):
        """Where the part begins that is wanted and still the same."""
        wanted = self.headers.get("Range", "")
        if not wanted.startswith("bytes=") or self.headers.get("If-Range", tag) != tag:
            return 0
        return int(wanted[6:].split("-")[0])

    def answer(self, data, start=0, tag=None, end=None, shown=None):
        """data from start; no more than up to end, though more is promised."""
        self.note(206 if start else 200)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (start if shown is None else shown, len(data) - 1, len(data)))
        for name, value in tag or ():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start:end])
        self.wfile.flush()
        if end is not None and end < len(data):
            self.close_connection = True

    def do_GET(self):
        way, _, name = self.path[1:].partition("?")[0].partition("/")
        count = asked[self.path] = asked.get(self.path, 0) + 1
        etag = [("ETag", '"one"')]
        if way == "loop":
            return self.plain(302, [("Location", "/loop/" + name + "x")])
        if way == "redirect":
            return self.plain(301, [("Location", "/ok/" + name)])
        if way == "tofile":
            return self.plain(302, [("Location", "file://%s/%s" % (folder, name))])
        if way == "busy" and count == 1:
            return self.plain(503)
        if way == "git":
            name = "git/" + name
        try:
            data = open(os.path.join(folder, name), "rb").read()
        except OSError:
            return self.plain(404)
        half = len(data) // 2
        if way in ("ok", "busy", "git"):
            start = self.range_start('"one"')
            if start >= len(data):
                return self.plain(416)
            return self.answer(data, start, etag)
        if way == "norange":
            return self.answer(data, end=half if count == 1 else None)
        if way == "never":
            return self.answer(data, end=half)
        if way == "pieces":
            start = self.range_start('"one"')
            return self.answer(data, start, etag, start + len(data) // 4 + 1)
        if way == "dated":
            date = "Tue, 01 Oct 2024 10:00:00 GMT"
            start = self.range_start(date)
            return self.answer(data, start, [("ETag", 'W/"weak"'), ("Last-Modified", date)], half if count == 1 else None)
        if way == "changed":
            if count == 1:
                return self.answer(b"x" * len(data), 0, [("ETag", '"old"')], half)
            return self.answer(data, self.range_start('"new"'), [("ETag", '"new"')])
        if way == "liar":
            # the file is another, its tag the same
            if count == 1:
                return self.answer(b"x" * len(data), 0, etag, half)
            return self.answer(data, self.range_start('"one"'), etag)
        if way == "shifted":
            start = self.range_start('"one"')
            return self.answer(data, start, etag, half if count == 1 else None, shown=start + 1)
        if way == "hang" and count == 1:
            self.answer(data, 0, etag, half)
            open(folder + "/hangs", "w").close()
            time.sleep(600)
            return None
        if way == "hang":
            return self.answer(data, self.range_start('"one"'), etag)
        return self.plain(404)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(folder + "/port.tmp", "w") as port:
    port.write(str(server.server_address[1]))
os.rename(folder + "/port.tmp", folder + "/port")
server.serve_forever()
