#!/usr/bin/env python3
"""Checks the dependencies with deny.toml.

Every crate's licence; one version of each crate in the program; none of those that it bans; and all of them from one
registry. cargo-deny, which takes minutes to build, checks the same and more if it is installed.

The fuzz targets must have the same versions as the program. Otherwise they test other libraries.
"""

import re
import sys
import tomllib

from crates import SYSTEMS, metadata_for, needed_in


def is_allowed(expression, allowed):
    """Evaluates an SPDX expression as a Python expression, in which each licence is True or False."""
    # An exception only adds permissions to a licence; `/` is cargo's old spelling of OR.
    plain = re.sub(r"\s+WITH\s+[\w.-]+", "", expression).replace("/", " OR ")
    words = re.findall(r"[()]|[\w.+-]+", plain)
    spelt = [word.lower() if word in ("AND", "OR", "(", ")") else str(word in allowed) for word in words]
    return eval(" ".join(spelt), {"__builtins__": {}})  # of True, False, and, or, brackets


def toml(name):
    with open(name, "rb") as file:
        return tomllib.load(file)


def other_versions():
    """The crates of the fuzz targets that have another version in the program, with cargo's words for a change."""
    locked = [(crate["name"], crate["version"]) for crate in toml("Cargo.lock")["package"]]
    fuzzed = [(crate["name"], crate["version"]) for crate in toml("fuzz/Cargo.lock")["package"]]
    for name, version in sorted(set(fuzzed) - set(locked)):
        ours = [other for known, other in locked if known == name]
        if ours:
            yield f"{name}@{version} --precise {max(ours)}"


def main():
    rules = toml("deny.toml")
    allowed = rules["licenses"]["allow"]
    banned = {rule["crate"] for rule in rules["bans"]["deny"]}
    may_differ = {rule["crate"] for rule in rules["bans"]["skip"]}
    wrong = set()
    everything = {}
    for system in SYSTEMS:
        metadata = metadata_for(system)
        used = {node["id"] for node in metadata["resolve"]["nodes"]}
        everything |= {crate["id"]: crate for crate in metadata["packages"] if crate["id"] in used}
        versions = {}
        for crate in needed_in(metadata):
            versions.setdefault(crate["name"], set()).add(crate["version"])
        wrong |= {f"{name} is banned" for name in versions.keys() & banned}
        wrong |= {
            f"{name} is in the program in the versions {', '.join(sorted(found))}"
            for name, found in versions.items()
            if len(found) > 1 and name not in may_differ
        }
    for crate in everything.values():
        if not crate["license"] or not is_allowed(crate["license"], allowed):
            wrong.add(f"{crate['name']} {crate['version']} has the licence {crate['license'] or 'of a file'}")
    sources = {crate["source"] for crate in everything.values()} - {None}
    if len(sources) != 1 or not sources.pop().startswith("registry+"):
        wrong.add("the crates do not all come from one registry")
    for line in sorted(wrong):
        print(f"error: {line}", file=sys.stderr)
    if wrong:
        sys.exit("error: deny.toml does not allow that")
    for change in (other := list(other_versions())):
        print(f"error: cargo update --manifest-path fuzz/Cargo.toml -p {change}", file=sys.stderr)
    if other:
        sys.exit("error: fuzz/Cargo.lock has other versions than Cargo.lock")
    print(f"{len(everything)} crates: their licences, versions and sources are what deny.toml allows")


main()
