#!/usr/bin/env python3
"""Packs a directory into a .tar.gz that depends only on the names and contents of the files.

GNU's tar and macOS's share no way to fix owners, times and order; this is the same everywhere.

Usage: archive.py DIRECTORY ARCHIVE, with SOURCE_DATE_EPOCH set
"""

import gzip
import os
import pathlib
import sys
import tarfile

directory, archive = map(pathlib.Path, sys.argv[1:])
epoch = int(os.environ["SOURCE_DATE_EPOCH"])


def plain(entry):
    """Removes the owner and the time of an entry, and lets everybody read it."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = epoch
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry


with (
    open(archive, "wb") as raw,
    gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=raw, mtime=epoch) as packed,
    tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar,
):
    for path in [directory, *sorted(directory.rglob("*"))]:
        name = path.relative_to(directory.parent).as_posix()
        tar.add(path, name, recursive=False, filter=plain)
