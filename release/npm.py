#!/usr/bin/env python3
"""Makes a package for npm, pnpm and yarn of each archive in a directory.

The format: https://docs.npmjs.com/cli/configuring-npm/package-json. A package is for one system, which `os` and `cpu` state, so that
`bin` can name the program itself: no script stands between a job and it.

Usage: npm.py DIRECTORY
"""

import json
import pathlib
import sys

from contents import HELPER, OWNER, PROGRAM, REPOSITORY, archives, packed, stated, tar

SYSTEMS = {"linux-x86_64": ("linux", "x64"), "linux-aarch64": ("linux", "arm64"), "macos-aarch64": ("darwin", "arm64")}

# A package contains no links, and pnpm starts a file by its own name, not by that of the command. The program behaves according to
# its name.
HELPER_SCRIPT = f"""#!/usr/bin/env node
"use strict";
const {{ spawnSync }} = require("node:child_process");
const path = require("node:path");

const program = path.join(__dirname, "{PROGRAM}");
const ended = spawnSync(program, process.argv.slice(2), {{ argv0: "{HELPER}", stdio: "inherit" }});
if (ended.error) throw ended.error;
process.exitCode = ended.status ?? 1;
"""


def package(archive, directory):
    system, processor = SYSTEMS[archive.system]
    description = {
        # In the owner's scope, in which nobody else can publish.
        "name": f"@{OWNER}/{PROGRAM}-{system}-{processor}",
        "version": archive.version,
        "description": stated("description"),
        "keywords": ["oidc", "ci", "aws", "gcp", "azure", "vault", "credentials"],
        "license": stated("license"),
        "homepage": f"{REPOSITORY}#readme",
        "repository": {"type": "git", "url": f"git+{REPOSITORY}.git"},
        "bugs": {"url": f"{REPOSITORY}/issues"},
        "bin": {PROGRAM: f"bin/{PROGRAM}", HELPER: f"bin/{HELPER}"},
        "os": [system],
        "cpu": [processor],
        # Yarn would keep it in a zip file, from which it cannot be run.
        "preferUnplugged": True,
    }
    entries = [
        ("package/package.json", (json.dumps(description, indent=2) + "\n").encode(), 0o644),
        ("package/README.md", archive.readme().encode(), 0o644),
        ("package/LICENSE", archive.files["LICENSE"], 0o644),
        ("package/THIRD-PARTY.txt", archive.files["THIRD-PARTY.txt"], 0o644),
        (f"package/bin/{PROGRAM}", archive.files[PROGRAM], 0o755),
        (f"package/bin/{HELPER}", HELPER_SCRIPT.encode(), 0o755),
    ]
    path = directory / f"{PROGRAM}-{archive.version}-npm-{system}-{processor}.tgz"
    path.write_bytes(packed(tar(entries, archive.epoch)))


for each in archives(sys.argv[1]):
    package(each, pathlib.Path(sys.argv[1]))
