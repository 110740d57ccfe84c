#!/usr/bin/env python3
"""Makes a container image of the Linux archives in a directory, one for all processors, without a daemon.

It has the program and nothing to run it in: it is there to be copied from. The format is an OCI image layout in a tar file,
https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md, which skopeo, podman and others read as `oci-archive:`.

Usage: image.py DIRECTORY
"""

import datetime
import hashlib
import json
import pathlib
import sys

from contents import HELPER, PROGRAM, REPOSITORY, archives, packed, stated, tar

PROCESSORS = {"linux-x86_64": "amd64", "linux-aarch64": "arm64"}
TYPE = "application/vnd.oci.image"

blobs = {}


def blob(kind, content, **more):
    """Keeps the content; returns its descriptor."""
    digest = hashlib.sha256(content).hexdigest()
    blobs[digest] = content
    return {"mediaType": f"{TYPE}.{kind}", "digest": f"sha256:{digest}", "size": len(content), **more}


def encoded(document):
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def labels(archive):
    time = datetime.datetime.fromtimestamp(archive.epoch, datetime.timezone.utc)
    values = {
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "description": stated("description"),
        "documentation": f"{REPOSITORY}/blob/v{archive.version}/docs/install.md",
        "licenses": stated("license"),
        "source": REPOSITORY,
        "title": PROGRAM,
        "url": REPOSITORY,
        "version": archive.version,
    }
    return {f"org.opencontainers.image.{name}": value for name, value in values.items()}


def manifest(archive):
    """The image for one processor."""
    platform = {"architecture": PROCESSORS[archive.system], "os": "linux"}
    # A copy of a directory keeps its links; a copy of a single link copies the target.
    files = tar(
        [
            ("licenses/LICENSE", archive.files["LICENSE"], 0o644),
            ("licenses/THIRD-PARTY.txt", archive.files["THIRD-PARTY.txt"], 0o644),
            (f"bin/{PROGRAM}", archive.files[PROGRAM], 0o755),
            (f"bin/{HELPER}", PROGRAM, 0),
        ],
        archive.epoch,
    )
    about = labels(archive)
    created = about["org.opencontainers.image.created"]
    config = {
        **platform,
        "created": created,
        "config": {"Entrypoint": [f"/bin/{PROGRAM}"], "Env": ["PATH=/bin"], "Labels": about, "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(files).hexdigest()}"]},
        "history": [{"created": created, "created_by": "release/image.py"}],
    }
    document = {
        "schemaVersion": 2,
        "mediaType": f"{TYPE}.manifest.v1+json",
        "config": blob("config.v1+json", encoded(config)),
        "layers": [blob("layer.v1.tar+gzip", packed(files))],
        "annotations": about,
    }
    return blob("manifest.v1+json", encoded(document), platform=platform)


def index(manifests, **more):
    return encoded({"schemaVersion": 2, "mediaType": f"{TYPE}.index.v1+json", "manifests": manifests, **more})


directory = pathlib.Path(sys.argv[1])
linux = [archive for archive in archives(directory) if archive.system in PROCESSORS]
if linux:
    first = linux[0]
    name = {"org.opencontainers.image.ref.name": f"{PROGRAM}:{first.version}"}
    whole = blob("index.v1+json", index([manifest(each) for each in linux], annotations=labels(first)), annotations=name)
    layout = [("oci-layout", b'{"imageLayoutVersion":"1.0.0"}', 0o644), ("index.json", index([whole]), 0o644)]
    layout += [(f"blobs/sha256/{digest}", content, 0o644) for digest, content in sorted(blobs.items())]
    (directory / f"{PROGRAM}-{first.version}-oci.tar").write_bytes(tar(layout, first.epoch))
