"""The inputs of a release's packages: the archives in its directory, Cargo.toml and release/repository.

A package depends on nothing else: the same archives and the same zlib give the same packages, to the byte.
"""

import dataclasses
import gzip
import io
import pathlib
import re
import tarfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = (SOURCE / "release/repository").read_text().strip()
OWNER = REPOSITORY.rsplit("/", 2)[1].lower()

PROGRAM = "oidc-exchange"
# docker and podman run the program by this name. The program behaves according to its name.
HELPER = "docker-credential-oidc-exchange"


def stated(key):
    """Returns a value from Cargo.toml."""
    return re.search(rf'^{key} = "(.*)"$', (SOURCE / "Cargo.toml").read_text(), re.MULTILINE)[1]


@dataclasses.dataclass
class Archive:
    """An archive: its version and system, the time in it, and its files by name."""

    version: str
    system: str
    epoch: int
    files: dict

    def readme(self):
        """Returns README.md for a registry: links and pictures lead to the repository at this version."""

        def absolute(found):
            kind = "raw" if found[1].startswith("!") else "blob"
            return f"{found[1]}({REPOSITORY}/{kind}/v{self.version}/{found[2]})"

        text = self.files["README.md"].decode()
        return re.sub(r"(!?\[[^\]]*\])\((?!https://|#)([^)\s]+)\)", absolute, text)


def archives(directory):
    """Yields the archives in a directory, sorted by name."""
    for path in sorted(pathlib.Path(directory).glob(f"{PROGRAM}-*.tar.gz")):
        version, system = re.fullmatch(rf"{PROGRAM}-(.+?)-(\w+-\w+)\.tar\.gz", path.name).groups()
        with tarfile.open(path) as tar:
            members = tar.getmembers()
            files = {entry.name.partition("/")[2]: tar.extractfile(entry).read() for entry in members if entry.isfile()}
        yield Archive(version, system, int(members[0].mtime), files)


def tar(entries, epoch):
    """Returns a tar archive of entries (name, content, mode). A text as content is the target of a symlink. Directories are added."""
    raw = io.BytesIO()
    directories = set()

    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as out:

        def add(name, kind, mode, **more):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.mtime = kind, mode, epoch
            entry.uname = entry.gname = "root"
            content = more.get("content", b"")
            entry.size, entry.linkname = len(content), more.get("link", "")
            out.addfile(entry, io.BytesIO(content))

        for name, content, mode in entries:
            start = "./" if name.startswith("./") else ""
            parents = pathlib.PurePosixPath(name).parents
            for parent in reversed([str(parent) for parent in parents if str(parent) != "."]):
                if parent not in directories:
                    directories.add(parent)
                    add(f"{start}{parent}", tarfile.DIRTYPE, 0o755)
            if isinstance(content, str):
                add(name, tarfile.SYMTYPE, 0o777, link=content)
            else:
                add(name, tarfile.REGTYPE, mode, content=content)
    return raw.getvalue()


def packed(content):
    """Returns the content compressed with gzip, without a name and a time."""
    raw = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=raw, mtime=0) as out:
        out.write(content)
    return raw.getvalue()
