#!/usr/bin/env python3
"""Measures the CPU time from a clean clone to the first credentials: the README's first command in the sandbox.

    python3 benches/build.py [COMMIT] [--turns N]

HEAD and COMMIT (default: 68ceb61) are cloned, and take turns. Each turn has a new target directory, and runs the first
`cargo run -p sandbox` in the README of its clone. wait4(2) returns the CPU time of the whole process tree: cargo, the compilers, the
linkers and the programs. The crates are downloaded before. Then HEAD is built once more, with a wrapper around rustc. It measures
each crate, and costs a few seconds that the turns do not have. The output is two tables in Markdown.

The CPU time depends on the load of the machine, so only ratios of one run count.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import median

from loopback import ROOT
from measure import processor, say
from report import table

FIRST = "68ceb61"
WRAPPER = "--rustc"
LOG = "OIDC_EXCHANGE_BUILD_LOG"
COMMAND = re.compile(r"^    (cargo run -p sandbox -- .+)$", re.MULTILINE)

# The first group with a pattern that matches the name of the crate counts.
GROUPS = {
    "this program and the sandbox": "oidc_exchange sandbox",
    "build scripts": "build_script_* cc find_msvc_tools shlex autocfg* rustversion rustc_version semver cfg_aliases",
    "macros that write code, and syn": """syn quote proc_macro2 unicode_ident synstructure heck displaydoc thiserror_impl *_derive *_macros
        *_attributes""",
    "AWS's SDK": """aws_* time time_core deranged num_conv powerfmt xmlparser regex_lite bytes_utils vsimd outref base64_simd urlencoding
        hex uuid utf_types arc_swap""",
    "TLS and signatures": """rustls* tokio_rustls ring webpki* openssl_probe untrusted zeroize subtle rcgen yasna pem p256 p384 p521 prime*
        crypto_* elliptic_curve ecdsa rfc6979 signature der pkcs8 sec1 spki ff group wnaf hybrid_array typenum hkdf hmac sha2 md5 digest
        block_buffer const_oid ctutils cmov cpubits cpufeatures base16ct num_traits""",
    "HTTP and DNS": """hyper* h2 http* reqwest hickory_proto tower* url idna* icu_* tinystr zerovec zerotrie zerofrom yoke potential_utf
        litemap writeable utf8_iter percent_encoding form_urlencoded ipnet want try_lock rand* chacha20 data_encoding tinyvec slab
        indexmap hashbrown equivalent sync_wrapper""",
    "tokio and system calls": """tokio* mio socket2 signal_hook* rustix linux_raw_sys libc nix errno getrandom tempfile futures_* bytes
        memchr smallvec tracing* once_cell""",
    "serde, JSON and TOML": "serde serde_core serde_json itoa zmij ryu toml_parser winnow",
    "the command line": "clap clap_builder clap_lex terminal_size strsim anstyle",
    "other libraries": "*",
}


class Clone:
    def __init__(self, name, commit, place):
        self.name, self.place, self.times = name, Path(place), []
        git("clone", "--quiet", "--no-checkout", ROOT, place)
        git("-C", place, "checkout", "--quiet", "--detach", commit)
        found = COMMAND.search((self.place / "README.md").read_text())
        self.command = shlex.split(found[1]) if found else sys.exit(f"the README of {commit} has no `cargo run -p sandbox`")
        subprocess.run(["cargo", "fetch", "--locked", "--quiet"], cwd=place, env=environment(), check=True)

    def build(self, **more):
        """Runs the command of the README in a new target directory; the CPU time in seconds."""
        with tempfile.TemporaryDirectory() as target:
            env = environment() | {"CARGO_TARGET_DIR": target, "CARGO_NET_OFFLINE": "true"} | more
            return cpu_time(self.command, cwd=self.place, env=env)


def git(*arguments):
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def environment():
    """Without variables that change a build."""
    kept = ("CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN")
    return {name: value for name, value in os.environ.items() if name in kept or not re.match("CARGO_|RUST", name)}


def cpu_time(command, **options):
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)
    with child.stderr:
        said = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{shlex.join(command)} ended with {child.returncode}\n{said.decode(errors='replace')}")
    return used.ru_utime + used.ru_stime


def as_rustc(command):
    """Runs the compiler for cargo, and adds a line to the log: its CPU time and the name of the crate."""
    child = subprocess.Popen(command)
    _, status, used = os.wait4(child.pid, 0)
    names = [after for before, after in zip(command, command[1:]) if before == "--crate-name"]
    with open(os.environ[LOG], "a") as log:
        log.write(f"{used.ru_utime + used.ru_stime} {names[0] if names else '-'}\n")
    return os.waitstatus_to_exitcode(status)


def crates(clone, place):
    """The CPU time of a whole build, and that of each crate."""
    wrapper, log = Path(place, "rustc"), Path(place, "log")
    wrapper.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(os.path.abspath(__file__))} {WRAPPER} "$@"\n')
    wrapper.chmod(0o700)
    whole = clone.build(RUSTC_WRAPPER=str(wrapper), **{LOG: str(log)})
    times = [line.split() for line in log.read_text().splitlines()]
    return whole, [(name, float(time)) for time, name in times]


def groups(whole, times):
    """Rows with the CPU time of each group, its part of the whole, and its largest crates with their seconds."""
    sums = {group: {} for group in GROUPS}
    for crate, time in times:
        group = next(group for group, patterns in GROUPS.items() if any(fnmatchcase(crate, one) for one in patterns.split()))
        sums[group][crate] = sums[group].get(crate, 0) + time
    for name, members in sums.items():
        largest = sorted(members, key=members.get, reverse=True)[:6]
        yield row(name, sum(members.values()), whole, ", ".join(f"{crate} {members[crate]:.1f}" for crate in largest))
    rest = whole - sum(time for _, time in times)
    yield row("without rustc", rest, whole, "the C compiler for ring, the runs of build scripts, cargo")
    yield row("**sum**", whole, whole, "")


def row(name, time, whole, what):
    return [name, f"{time:.1f}", f"{100 * time / whole:.0f} %", what]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commit", nargs="?", default=FIRST, help="the commit to compare with")
    parser.add_argument("--turns", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        head = git("-C", ROOT, "rev-parse", "--short", "HEAD")
        clones = [Clone(f"HEAD, {head}", head, f"{place}/head"), Clone(given.commit, given.commit, f"{place}/other")]
        for turn in range(given.turns):
            for clone in clones:
                clone.times.append(clone.build())
                say(f"turn {turn + 1}, {clone.name}: {clone.times[-1]:.1f} s")
        whole, times = crates(clones[0], place)
    theirs = median(clones[1].times)
    rows = [
        [clone.name, ", ".join(f"{time:.1f}" for time in clone.times), f"{median(clone.times):.1f}", f"{median(clone.times) / theirs:.2f}"]
        for clone in clones
    ]
    print(f"{processor()}; {given.turns} turns.\n")
    print(table(["from a clean clone to credentials", "CPU, s", "median", f"× {given.commit}"], rows))
    print()
    print(table(["where it goes", "CPU, s", "part", "the largest"], groups(whole, times)))


if sys.argv[1:2] == [WRAPPER]:
    sys.exit(as_rustc(sys.argv[2:]))
main()
