#!/usr/bin/env python3
"""Makes a package for Debian and Ubuntu of each Linux archive in a directory.

The format: deb(5) and https://www.debian.org/doc/debian-policy/. The program is static, so the package depends on nothing.

Usage: deb.py DIRECTORY
"""

import email.utils
import hashlib
import pathlib
import sys
import time

from contents import HELPER, OWNER, PROGRAM, REPOSITORY, archives, packed, stated, tar

ARCHITECTURES = {"linux-x86_64": "amd64", "linux-aarch64": "arm64"}
# GitHub's address for an account without mail.
MAINTAINER = f"{PROGRAM} contributors <{OWNER}@users.noreply.github.com>"

DESCRIPTION = """\
 It runs inside a CI job, sends the job's OpenID Connect token to AWS, Google
 Cloud, Azure or Vault, and exports the credentials to the job's shell. If a
 step fails, the job stops. As docker-credential-oidc-exchange it gives docker
 and podman the passwords of registries.
"""

# Policy requires shared libraries, but a job's image may have none, or others. A static position-independent program looks
# like a library without its dependencies.
OVERRIDES = f"{PROGRAM}: statically-linked-binary\n{PROGRAM}: shared-library-lacks-prerequisites\n"


def copyright_file(epoch):
    return f"""\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: {PROGRAM}
Source: {REPOSITORY}
Comment: The program contains other software. Its copyright notices and
 licences are in /usr/share/doc/{PROGRAM}/THIRD-PARTY.txt.gz.

Files: *
Copyright: {time.gmtime(epoch).tm_year} {PROGRAM} contributors
License: {stated("license")}
 On Debian systems, the full text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
"""


def changelog(version, epoch):
    date = email.utils.formatdate(epoch)
    return f"{PROGRAM} ({version}) stable; urgency=medium\n\n  * Release: see changelog.gz.\n\n -- {MAINTAINER}  {date}\n"


def installed(archive, version):
    """Returns the package's files: the name, the content or the target of a symlink, and the mode."""
    share = "./usr/share"
    files = archive.files
    return [
        (f"./usr/bin/{PROGRAM}", files[PROGRAM], 0o755),
        (f"./usr/bin/{HELPER}", PROGRAM, 0),
        (f"{share}/bash-completion/completions/{PROGRAM}", files[f"completions/{PROGRAM}.bash"], 0o644),
        (f"{share}/bash-completion/completions/{HELPER}", PROGRAM, 0),
        (f"{share}/doc/{PROGRAM}/changelog.Debian.gz", packed(changelog(version, archive.epoch).encode()), 0o644),
        (f"{share}/doc/{PROGRAM}/changelog.gz", packed(files["CHANGELOG.md"]), 0o644),
        (f"{share}/doc/{PROGRAM}/THIRD-PARTY.txt.gz", packed(archive.files["THIRD-PARTY.txt"]), 0o644),
        (f"{share}/doc/{PROGRAM}/copyright", copyright_file(archive.epoch).encode(), 0o644),
        (f"{share}/fish/vendor_completions.d/{PROGRAM}.fish", files[f"completions/{PROGRAM}.fish"], 0o644),
        (f"{share}/lintian/overrides/{PROGRAM}", OVERRIDES.encode(), 0o644),
        (f"{share}/man/man1/{HELPER}.1.gz", f"{PROGRAM}.1.gz", 0),
        (f"{share}/man/man1/{PROGRAM}.1.gz", packed(files[f"man/{PROGRAM}.1"]), 0o644),
        (f"{share}/zsh/vendor-completions/_{PROGRAM}", files[f"completions/_{PROGRAM}"], 0o644),
    ]


def member(name, content, epoch):
    """Returns a file in an ar archive, padded to an even length."""
    return f"{name:<16}{epoch:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode() + content + b"\n" * (len(content) % 2)


def package(archive, directory):
    # `~` sorts before everything, as a pre-release must.
    version = archive.version.replace("-", "~") + "-1"
    architecture = ARCHITECTURES[archive.system]
    files = installed(archive, version)
    contents = [(name, content) for name, content, _ in files if isinstance(content, bytes)]
    size = sum((len(content) + 1023) // 1024 for _, content in contents)
    control = (
        f"Package: {PROGRAM}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {MAINTAINER}\n"
        f"Installed-Size: {size}\nSection: utils\nPriority: optional\nHomepage: {REPOSITORY}\n"
        f"Description: {stated('description')[0].lower()}{stated('description')[1:]}\n{DESCRIPTION}"
    )
    sums = "".join(f"{hashlib.md5(content).hexdigest()}  {name[2:]}\n" for name, content in contents)
    about = [("./control", control.encode(), 0o644), ("./md5sums", sums.encode(), 0o644)]
    members = [
        ("debian-binary", b"2.0\n"),
        ("control.tar.gz", packed(tar(about, archive.epoch))),
        ("data.tar.gz", packed(tar(files, archive.epoch))),
    ]
    whole = b"!<arch>\n" + b"".join(member(name, content, archive.epoch) for name, content in members)
    (directory / f"{PROGRAM}_{version}_{architecture}.deb").write_bytes(whole)


for each in archives(sys.argv[1]):
    if each.system in ARCHITECTURES:
        package(each, pathlib.Path(sys.argv[1]))
