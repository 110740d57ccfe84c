"""Which crates the program is made of, by what cargo says."""

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
    """Yields every crate that goes into the program or that builds one of those, the program itself included."""
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
            if any(kind["kind"] in (None, "build") for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
