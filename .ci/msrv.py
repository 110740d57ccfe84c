#!/usr/bin/env python3
"""Checks the rust-version in Cargo.toml.

It must not be lower than the rust-version of any crate of the program, or of a crate that builds one,
on any supported system. (clippy checks the program's own code: it reads the same field, and reports
newer items of the standard library.)
"""

import sys

from crates import PROGRAM, SYSTEMS, metadata_for, needed_in


def number(version):
    parts = [int(part) for part in version.split(".")]
    return parts + [0] * (3 - len(parts))


def main():
    crates = {crate["id"]: crate for system in SYSTEMS for crate in needed_in(metadata_for(system))}.values()
    program = next(crate for crate in crates if crate["name"] == PROGRAM)
    stated = program["rust_version"]
    if stated is None:
        sys.exit("error: Cargo.toml states no rust-version")
    others = [crate for crate in crates if crate is not program and crate["rust_version"]]
    if not others:
        sys.exit("error: no dependency states a rust-version, which cannot be: cargo metadata has changed?")
    younger = [crate for crate in others if number(crate["rust_version"]) > number(stated)]
    for crate in younger:
        print(f"error: {crate['name']} {crate['version']} needs Rust {crate['rust_version']}", file=sys.stderr)
    if younger:
        sys.exit(f"error: so rust-version = \"{stated}\" in Cargo.toml is not true")
    highest = max(others, key=lambda crate: number(crate["rust_version"]))
    print(
        f"rust-version {stated} holds: of {len(others)} crates that state one, the highest is "
        f"{highest['rust_version']} ({highest['name']} {highest['version']})"
    )


main()
