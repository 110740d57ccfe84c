#!/usr/bin/env python3
"""Measures an exchange with oidc-exchange, with curl for the same requests, and with the usual tools.

    sh install.sh --to target/bench
    python3 benches/compare.py target/bench/oidc-exchange [aws|gcp|azure|vault|use|version|kept|all] [--turns N] [--write]

It starts the sandbox with plain HTTP and with TLS, and the OpenBao that the tests have downloaded. Each exchange is measured
directly on loopback, and through a relay that adds 25 ms in each direction and counts connections, requests (plain HTTP only) and
data round trips. First, the relay is tested with curl, for which the numbers are known.

The contestants take turns, so that load on the machine affects all of them. (hyperfine finishes one command before it starts the
next.) The wall time is measured around spawn and wait4(2); wait4(2) returns the CPU time of the whole process tree. The output has
medians, quartiles in brackets, and ratios to oidc-exchange.

A contestant is skipped with a message if its tools are missing. `--write` writes docs/speed.md. Then
`UPDATE_EXPECT=1 cargo test --test it speed_is_what` draws docs/pictures/speed.svg.
"""

import argparse
import contextlib
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
from urllib.parse import urlsplit

import contestants
import report
from loopback import ROOT, openbao, sandbox
from measure import Contestant, present, say, take_turns
from relay import Ledger, Relay

EACH_WAY = 0.025
SECRETS = (1, 10, 100)
STORE = "/etc/ssl/certs/ca-certificates.crt"
QUIET = ("CORE_DISABLE_USAGE_REPORTING", "COMPONENT_MANAGER_DISABLE_UPDATE_CHECK", "CORE_DISABLE_FILE_LOGGING")
URLS = ("AWS_ENDPOINT_URL_STS", "SANDBOX_GOOGLE_STS", "SANDBOX_GOOGLE_IAM", "AZURE_AUTHORITY_HOST", "VAULT_ADDR", "BAO_ADDR")


class Race:
    """The contestants of one exchange, with plain HTTP or TLS, near and distant."""

    def __init__(self, cloud, scheme, build, env, turns):
        self.cloud, self.scheme = cloud, scheme
        with far_away(env) as (ledger, far):
            self.near, self.far = present(list(build(env))), [one for one in build(far) if not one.missing]
            say(f"{cloud}, {scheme}: {'; '.join(one.name for one in self.near)}")
            take_turns(self.near, turns)
            take_turns(self.far, max(turns // 2, 2), ledger)
        for contestant in self.near:
            contestant.measure_peak()

    def rows(self):
        return list(zip(self.near, self.far))

    def row(self, role):
        """The first one with that role; of several curls, the fastest with a distant server."""
        found = [pair for pair in self.rows() if pair[0].role == role]
        return min(found, key=lambda pair: report.median(pair[1].walls), default=None)


@contextlib.contextmanager
def far_away(env):
    """The same servers behind relays that share a ledger."""
    ledger, env = Ledger(), dict(env)
    with contextlib.ExitStack() as relays:
        for name in URLS:
            if name in env:
                port = urlsplit(env[name]).port
                relay = relays.enter_context(contextlib.closing(Relay(port, EACH_WAY, ledger)))
                env[name] = env[name].replace(f":{port}", f":{relay.port}")
        yield ledger, env


def furnished(env, place, tls=False):
    """Variables for the contestants, in addition to the sandbox's. The machine's own trust store is not used."""
    os.mkdir(place)
    for name in ("SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", *(() if tls else ("SSL_CERT_FILE",))):
        env.pop(name, None)
    files = {"TOKEN_FILE": os.path.join(place, "token"), "LOGIN_FILE": os.path.join(place, "login")}
    env = {**env, **files, "PLACE": place}
    with open(env["TOKEN_FILE"], "w") as file:
        file.write(env["SEMAPHORE_OIDC_TOKEN"])
    with open(env["LOGIN_FILE"], "w") as file:
        json.dump({"role": "ci", "jwt": env["SEMAPHORE_OIDC_TOKEN"]}, file)
    for quiet in QUIET:
        env[f"CLOUDSDK_{quiet}"] = "true"
    if tls:
        env["REQUESTS_CA_BUNDLE"] = env["CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE"] = env["SSL_CERT_FILE"]
        if os.path.isfile(STORE):
            env["SYSTEM_STORE"] = os.path.join(place, "store.pem")
            with open(env["SYSTEM_STORE"], "wb") as both:
                for part in (STORE, env["SSL_CERT_FILE"]):
                    with open(part, "rb") as file:
                        both.write(file.read())
    return env


def check(tls, clear):
    """One POST over plain HTTP is a connection, a request and a round trip; with TLS 1.3, the handshake is one more."""
    for scheme, env, expected in (("clear", clear, (1, 1, 1)), ("TLS", tls, (0, 1, 2))):
        with far_away(env) as (ledger, far):
            post = next(one for one in contestants.aws("", far) if one.role == "curl")
            if post.missing:
                return "the relay's counts are unchecked: no curl"
            wall, _, counts = post.take_turn(ledger)
        ways = expected[2] + 1  # The TCP handshake takes a round trip, too.
        if counts != expected or not ways * 2e3 * EACH_WAY <= wall:
            sys.exit(f"the relay counts {counts} requests, connections and round trips of curl's in {scheme}: not {expected}")
    return "the relay counts a POST of curl correctly: one round trip over plain HTTP, two over TLS"


def version(program, env, turns):
    with tempfile.TemporaryDirectory() as place:
        source, empty = os.path.join(place, "empty.c"), os.path.join(place, "empty")
        with open(source, "w") as file:
            file.write("int main(void) { return 0; }\n")
        compiler = shutil.which("cc")
        if compiler:
            subprocess.run([compiler, "-O", "-static", "-o", empty, source], check=True)
        taking_part = present([
            Contestant("oidc-exchange --version", [program, "--version"], env, role="ours"),
            Contestant("an empty C program, static", [empty], env, ["cc"]),
            Contestant("true", [shutil.which("true")], env),
        ])
        take_turns(taking_part, 5 * turns)
        for contestant in taking_part:
            contestant.measure_peak()
    return taking_part


def kept(program, env, turns):
    """Cached answers: a Kubernetes client's plugin, and docker's helper."""
    pairs = []
    for build in (contestants.kubernetes, contestants.docker):
        taking_part = present(list(build(program, env)))
        say(f"kept: {'; '.join(one.name for one in taking_part)}")
        take_turns(taking_part, 15 * turns)
        for contestant in taking_part:
            contestant.measure_peak()
        pairs.append(taking_part)
    return pairs


def sizes():
    """The parts of the binary, if `cargo bloat` is installed."""
    command = ["cargo", "bloat", "--release", "--crates", "-n", "15"]
    if not shutil.which("cargo-bloat"):
        return command, None
    unstripped = {**os.environ, "CARGO_PROFILE_RELEASE_STRIP": "false"}
    said = subprocess.run(command, cwd=ROOT, env=unstripped, stdout=subprocess.PIPE, text=True, check=True).stdout
    return command, said.strip()


def commit():
    """The commit of the measured program, if it is a build of this checkout."""
    command = ["git", "-C", ROOT, "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.strip() or "unknown"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("what", nargs="?", default="all", choices=["aws", "gcp", "azure", "vault", "use", "version", "kept", "all"])
    parser.add_argument("--turns", type=int, default=21)
    parser.add_argument("--write", action="store_true", help="needs `all`")
    given = parser.parse_args()
    if given.write and given.what != "all":
        parser.error("--write needs all of it")
    program = os.path.abspath(given.program)
    wanted = ("aws", "gcp", "azure", "vault", "use", "version", "kept") if given.what == "all" else (given.what,)
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory(prefix="oidc-exchange-bench-"))
        clear = furnished(stack.enter_context(sandbox()), os.path.join(place, "clear"))
        tls = furnished(stack.enter_context(sandbox("--tls")), os.path.join(place, "tls"), tls=True)
        checked = check(tls, clear)
        say(checked)
        races = []
        both, secure = (("http", clear), ("TLS", tls)), (("TLS", tls),)
        for name, build, schemes in (
            ("aws", contestants.aws, both), ("gcp", contestants.gcp, both), ("azure", contestants.azure, secure),
            ("use, three clouds", contestants.several, secure), ("use, 20 targets", contestants.many, secure),
        ):
            for scheme, env in schemes:
                if name.split(",")[0] in wanted:
                    here = lambda env, build=build: build(program, env)
                    races.append(Race(name, scheme, here, env, given.turns))
        if "vault" in wanted:
            bao = stack.enter_context(openbao(clear["SEMAPHORE_ORGANIZATION_URL"]))
            if not bao:
                say("left out: vault (no OpenBao: `cargo test -p oidc-exchange --test it vault::server` fetches it)")
            for secrets in SECRETS if bao else ():
                for scheme in ("http", "TLS"):
                    env = bao.env(clear, scheme)
                    here = lambda env, secrets=secrets: contestants.vault(program, env, bao.program, secrets)
                    label = f"vault, {secrets} secret{'s' if secrets > 1 else ''}"
                    races.append(Race(label, scheme, here, env, given.turns))
        from_kept = kept(program, clear, given.turns) if "kept" in wanted else []
        starts = version(program, clear, given.turns) if "version" in wanted else []
    result = report.Result(
        races, from_kept, starts, os.path.getsize(program), sizes(), checked, given.turns, f"{datetime.date.today().isoformat()}, commit {commit()}"
    )
    print(result.whole())
    if given.write:
        result.write()


main()
