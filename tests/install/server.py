"""Serves a directory on loopback, over http and https, well and badly.

Usage: server.py DIRECTORY CERTIFICATE REQUESTS

The certificate is a PEM file with its key. Prints `PORT PORT`, http's first; notes each request in the file REQUESTS;
ends when standard input does. The first part of a path says how the rest is served:

    /files/PATH       as it is
    /half/PATH        half of it, of the length that was promised
    /short/PATH       half of it, as though that were all
    /endless/PATH     without an end
    /stalled/PATH     a few bytes, then silence
    /status/N/PATH    as the status N
    /to-https/PATH    a redirect to /files/PATH over https
    /to-http/PATH     the same over http
    /round/PATH       a redirect to itself
"""

import http.server
import os
import pathlib
import ssl
import sys
import threading

root, certificate, requests = map(pathlib.Path, sys.argv[1:])
ports = {}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with requests.open("a") as log:
            log.write(f"{'https' if isinstance(self.connection, ssl.SSLSocket) else 'http'} {self.path}\n")
        _, how, path = self.path.split("/", 2)
        if how == "to-https":
            return self.redirect(f"https://localhost:{ports['https']}/files/{path}")
        if how == "to-http":
            return self.redirect(f"http://127.0.0.1:{ports['http']}/files/{path}")
        if how == "round":
            return self.redirect(f"https://localhost:{ports['https']}{self.path}")
        if how == "status":
            return self.answer(int(path.split("/")[0]), b"no\n")
        if how in ("endless", "stalled"):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * 1024)
            while how == "endless":
                self.wfile.write(b"x" * 65536)
            self.wfile.flush()
            return over.wait()
        file = root / path
        if not file.is_file():
            return self.answer(404, b"no such file\n")
        content = file.read_bytes()
        if how == "half":
            return self.answer(200, content[: len(content) // 2], promised=len(content))
        if how == "short":
            content = content[: len(content) // 2]
        self.answer(200, content)

    def answer(self, status, content, promised=None):
        self.send_response(status)
        self.send_header("Content-Length", str(promised or len(content)))
        self.end_headers()
        self.wfile.write(content)

    def redirect(self, address):
        self.send_response(302)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that goes away is what many tests are about."""


over = threading.Event()
for scheme in ("http", "https"):
    server = Server(("127.0.0.1", 0), Handler)
    if scheme == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    ports[scheme] = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(ports["http"], ports["https"], flush=True)
sys.stdin.read()
over.set()
os._exit(0)
