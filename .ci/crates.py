"""Lists the crates that the program consists of, from `cargo metadata`."""

import json
import subprocess

PROGRAM = "oidc-exchange"
SYSTEMS = [
    "x86_64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-gnu",
    "aarch64-unknown-linux-musl",
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
]


def metadata_for(system):
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", system]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def needed_in(metadata):
    """Yields every crate that is linked into the program or runs in its build, and the program itself."""
    return reached(metadata, lambda crate, kind: kind in (None, "build"))


def linked_in(metadata):
    """Yields every crate that is linked into the program, and the program itself: no build scripts, no procedural macros."""
    return reached(metadata, lambda crate, kind: kind is None and crate["targets"][0]["kind"] != ["proc-macro"])


def reached(metadata, follows):
    """Yields the program and each crate that it reaches through dependencies for which `follows(crate, kind)` holds."""
    crates = {crate["id"]: crate for crate in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    waiting = [crate["id"] for crate in metadata["packages"] if crate["name"] == PROGRAM]
    seen = set()
    while waiting:
        crate = waiting.pop()
        if crate in seen:
            continue
        seen.add(crate)
        yield crates[crate]
        for dependency in nodes[crate]["deps"]:
            if any(follows(crates[dependency["pkg"]], kind["kind"]) for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
