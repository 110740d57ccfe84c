#!/usr/bin/env python3
"""Makes a wheel for pip, pipx and uv of each archive in a directory.

The formats: https://packaging.python.org/en/latest/specifications/binary-distribution-format/ (PEP 427), core-metadata/ (PEP 566,
PEP 639) and platform-compatibility-tags/ (PEP 600, PEP 656) there.

Usage: wheel.py DIRECTORY
"""

import base64
import hashlib
import io
import pathlib
import re
import sys
import time
import zipfile

from contents import HELPER, PROGRAM, REPOSITORY, archives, stated

# The name `oidc-exchange` on PyPI belongs to another project.
NAME = "oidc-exchange-cli"

# A static program needs no C library, so one wheel has the tags of glibc and musl. These are the oldest tags that today's
# installers support for the processor. manylinux2014 is what pip before 20.3 calls manylinux_2_17.
PLATFORMS = {
    "linux-x86_64": ["manylinux_2_17_x86_64", "manylinux2014_x86_64", "musllinux_1_1_x86_64"],
    "linux-aarch64": ["manylinux_2_17_aarch64", "manylinux2014_aarch64", "musllinux_1_1_aarch64"],
    "macos-aarch64": ["macosx_11_0_arm64"],
}

# A wheel contains no links, and a second copy of the program would double its size. Installers write their Python into the first line.
HELPER_SCRIPT = f"""#!python
import os
import sys

program = os.path.join(os.path.dirname(os.path.realpath(__file__)), "{PROGRAM}")
os.execv(program, ["{HELPER}", *sys.argv[1:]])
"""


def python_version(version):
    """Returns the version in Python's form: 1.2.3-rc.1 becomes 1.2.3rc1."""
    found = re.fullmatch(r"(\d+\.\d+\.\d+)(?:-(alpha|beta|rc)\.(\d+))?", version)
    if not found:
        sys.exit(f"wheel.py: error: Python has no such version: {version}")
    release, stage, number = found.groups()
    return release + ({"alpha": "a", "beta": "b", "rc": "rc"}[stage] + number if stage else "")


def metadata(archive, version):
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {NAME}",
        f"Version: {version}",
        f"Summary: {stated('description')}",
        "Keywords: oidc,ci,aws,gcp,azure,vault,credentials",
        f"License-Expression: {stated('license')}",
        "License-File: LICENSE",
        "License-File: THIRD-PARTY.txt",
        "Classifier: Environment :: Console",
        "Classifier: Topic :: Security",
        f"Project-URL: Repository, {REPOSITORY}",
        f"Project-URL: Documentation, {REPOSITORY}/blob/v{archive.version}/docs/index.md",
        f"Project-URL: Changelog, {REPOSITORY}/blob/v{archive.version}/CHANGELOG.md",
        f"Project-URL: Issues, {REPOSITORY}/issues",
        "Requires-Python: >=3.6",
        "Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM",
    ]
    return "\n".join(lines) + "\n\n" + archive.readme()


def wheel(archive, directory):
    version = python_version(archive.version)
    base = f"{NAME.replace('-', '_')}-{version}"
    platforms = PLATFORMS[archive.system]
    tags = "".join(f"Tag: py3-none-{platform}\n" for platform in platforms)
    files = [
        (f"{base}.data/scripts/{PROGRAM}", archive.files[PROGRAM], 0o755),
        (f"{base}.data/scripts/{HELPER}", HELPER_SCRIPT.encode(), 0o755),
        (f"{base}.dist-info/METADATA", metadata(archive, version).encode(), 0o644),
        (f"{base}.dist-info/WHEEL", f"Wheel-Version: 1.0\nGenerator: wheel.py\nRoot-Is-Purelib: false\n{tags}".encode(), 0o644),
        (f"{base}.dist-info/licenses/LICENSE", archive.files["LICENSE"], 0o644),
        (f"{base}.dist-info/licenses/THIRD-PARTY.txt", archive.files["THIRD-PARTY.txt"], 0o644),
    ]

    def recorded(name, content):
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        return f"{name},sha256={digest},{len(content)}\n"

    record = f"{base}.dist-info/RECORD"
    rows = "".join(recorded(name, content) for name, content, _ in files)
    files.append((record, f"{rows}{record},,\n".encode(), 0o644))

    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as out:
        for name, content, mode in files:
            entry = zipfile.ZipInfo(name, time.gmtime(archive.epoch)[:6])
            entry.create_system = 3  # Unix, whose permissions follow
            entry.external_attr = (0o100000 | mode) << 16
            out.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
    (directory / f"{base}-py3-none-{'.'.join(platforms)}.whl").write_bytes(raw.getvalue())


for each in archives(sys.argv[1]):
    wheel(each, pathlib.Path(sys.argv[1]))
