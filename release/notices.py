#!/usr/bin/env python3
"""Prints the licence notices of everything that is linked into the program: crates, Rust's standard library, and musl.

The crates are those of Cargo.lock that SYSTEM's program contains. Their texts come from the crates themselves, and the standard
library's from the toolchain that is in use. A crate that offers a choice of licences is used under Apache-2.0, if that is one of them.
A crate without a text is an error.

Usage: notices.py SYSTEM, for instance linux-x86_64
"""

import html
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / ".ci"))

from crates import PROGRAM, linked_in, metadata_for  # noqa: E402

TARGETS = {
    "linux-x86_64": "x86_64-unknown-linux-musl",
    "linux-aarch64": "aarch64-unknown-linux-musl",
    "macos-aarch64": "aarch64-apple-darwin",
}
# The first of these that a crate offers is used.
PREFERRED = ["Apache-2.0", "MIT", "ISC"]
# A file with the text of a licence that its crate offers as one of several.
ALTERNATIVE = re.compile(r"(LICEN[CS]E-(APACHE|MIT|ISC|ZLIB|BOOST|BSL)|UNLICENSE|COPYING)\b.*", re.IGNORECASE)
NOTICE = re.compile(r"(LICEN[CS]E|UNLICENSE|COPYING|COPYRIGHT|NOTICE)\b.*", re.IGNORECASE)

# These crates state the MIT licence in Cargo.toml and contain no text of it.
WITHOUT_A_TEXT = {"base64-simd", "vsimd"}
MIT = """\
Copyright (c) the authors of the crate, {repository}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def chosen(expression):
    """The licence to use the crate under, or None if the SPDX expression requires several."""
    if re.search(r"\bAND\b", expression):
        return None
    offered = re.split(r"\s+OR\s+|\s*/\s*", expression)
    return next((name for name in PREFERRED if name in offered), offered[0] if len(offered) == 1 else None)


def texts(crate):
    """The texts that must go with the crate, apart from the Apache licence's own."""
    directory = pathlib.Path(crate["manifest_path"]).parent
    files = sorted(path for path in directory.rglob("*") if path.is_file() and NOTICE.fullmatch(path.name))
    licence = chosen(crate["license"])
    kept = []
    for path in files:
        is_alternative = path.parent == directory and ALTERNATIVE.fullmatch(path.name)
        if licence and is_alternative and f"-{licence.split('-')[0]}".lower() not in path.name.lower():
            continue
        text = path.read_text().strip("\n")
        if text.lstrip().startswith("Apache License") and licence in ("Apache-2.0", None):
            continue
        if licence == "Apache-2.0" and path.parent == directory and path.name.lower().startswith("license-apache"):
            continue
        kept.append(text)
    if not kept and licence != "Apache-2.0":
        if crate["name"] not in WITHOUT_A_TEXT or licence != "MIT":
            sys.exit(f"notices.py: error: {crate['name']} {crate['version']} has no text of its licence, {crate['license']}")
        kept.append(MIT.format(repository=crate["repository"]))
    return kept


def standard_library():
    """The notices of Rust's standard library, which each toolchain of rustup contains as a page."""
    root = subprocess.run(["rustc", "--print", "sysroot"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    path = pathlib.Path(root, "share/doc/rust/COPYRIGHT-library.html")
    if not path.is_file():
        sys.exit(f"notices.py: error: {path} is missing; use a toolchain that rustup installed")
    page = re.sub(r"<head>.*?</head>|<ul>.*?</ul>|<h2>Table of Contents</h2>", "", path.read_text(), flags=re.DOTALL)
    lines = html.unescape(re.sub(r"<[^>]*>", "", page)).splitlines()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()


def heading(text):
    return f"{'=' * 100}\n{text}\n{'=' * 100}\n"


def main(system):
    crates = sorted(linked_in(metadata_for(TARGETS[system])), key=lambda crate: (crate["name"], crate["version"]))
    crates = [crate for crate in crates if crate["name"] != PROGRAM]
    by_text = {}
    for crate in crates:
        for text in texts(crate):
            by_text.setdefault(text, []).append(f"{crate['name']} {crate['version']}")

    print(f"{PROGRAM} contains the following software. Its own licence is in LICENSE.\n")
    for crate in crates:
        licence = crate["license"].replace("/", " OR ").replace("  ", " ")
        used = chosen(crate["license"])
        under = f"{used}, one of {licence}" if used and used != licence else licence
        print(f"{crate['name']} {crate['version']}: {under}\n  {crate['repository']}")
    print("Rust's standard library: its notices are at the end")
    if "linux" in system:
        print("musl, the C library: MIT\n  https://musl.libc.org")

    print(f"\n{heading('Apache License, version 2.0')}\n{(SOURCE / 'LICENSE').read_text().strip()}")
    for text, names in by_text.items():
        print(f"\n{heading(', '.join(names))}\n{text}")
    if "linux" in system:
        print(f"\n{heading('musl')}\n{(SOURCE / 'release/notices/musl.txt').read_text().strip()}")
    print(f"\n{heading('The standard library of Rust')}\n{standard_library()}")


if len(sys.argv) != 2 or sys.argv[1] not in TARGETS:
    sys.exit(f"usage: notices.py {'|'.join(TARGETS)}")
main(sys.argv[1])
