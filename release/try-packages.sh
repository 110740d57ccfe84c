#!/bin/sh
#
# Installs each package of a release in a new directory, like its users, and runs both of its programs.
#
#   sh release/try-packages.sh RELEASE WORK [--complete]
#
# RELEASE is a directory from assemble.sh with a package for this machine. WORK is an empty directory. If a tool is missing, the step that
# needs it is skipped with a message; with --complete that is an error.

set -eu
[ $# -ge 2 ] || { echo "usage: release/try-packages.sh RELEASE WORK [--complete]" >&2; exit 2; }
release=$(CDPATH='' cd -- "$1" && pwd)
work=$(CDPATH='' cd -- "$2" && pwd)
complete=${3-}
cd "$(dirname -- "$0")"
case $(uname -s)-$(uname -m) in
  Linux-x86_64) system=linux-x86_64 wheel="manylinux*x86_64" npm=linux-x64 foreign=macosx ;;
  Linux-aarch64) system=linux-aarch64 wheel="manylinux*aarch64" npm=linux-arm64 foreign=macosx ;;
  Darwin-arm64) system=macos-aarch64 wheel=macosx npm=darwin-arm64 foreign="manylinux*x86_64" ;;
  *) echo "release/try-packages.sh: error: no release is made for this machine" >&2 && exit 1 ;;
esac
# dpkg requires programs in these directories.
PATH=$PATH:/usr/sbin:/sbin
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' ../Cargo.toml | head -n 1)

fail() {
  printf '%s\n' "release/try-packages.sh: error: $*" >&2
  exit 1
}

missing() { # WHAT WHY
  [ -z "$complete" ] || fail "$1 cannot be tried: $2"
  echo "skipped: $1: $2"
}

have() { # WHAT TOOL…
  what=$1
  shift
  for tool in "$@"; do
    command -v "$tool" >/dev/null || { missing "$what" "there is no $tool" && return 1; }
  done
}

one() { # PATTERN: sets `package`
  # Expands the pattern.
  # shellcheck disable=SC2086
  set -- $1
  { [ $# -eq 1 ] && [ -f "$1" ]; } || fail "not one file: $*"
  package=$1
}

# Checks that both programs of a directory run, without each other on PATH and without this environment.
runs() { # WHAT DIRECTORY
  for name in "oidc-exchange --version" "docker-credential-oidc-exchange version"; do
    answer=$(cd / && env -i PATH="$2:/usr/bin:/bin" sh -c "$name") || fail "$1: $name fails"
    [ "$answer" = "${name%% *} $version" ] || fail "$1: $name prints $answer"
  done
  # Arguments, input and exit status are passed through.
  ! (cd / && echo | env -i PATH="$2:/usr/bin:/bin" docker-credential-oidc-exchange get >/dev/null 2>&1) ||
    fail "$1: the helper has a password for nothing"
  echo "$1: both programs run"
}

if command -v sha256sum >/dev/null; then
  sum="sha256sum"
else
  sum="shasum -a 256"
fi

# Checks that a changed byte is detected in each file.
sums() {
  # The command may be several words.
  # shellcheck disable=SC2086
  (cd "$release" && $sum -c SHA256SUMS >/dev/null) || fail "SHA256SUMS is wrong"
  mkdir "$work/damaged"
  cp "$release/SHA256SUMS" "$work/damaged.sums"
  while read -r _ file; do
    cp "$release/$file" "$work/damaged/"
    python3 -c 'import sys; f = open(sys.argv[1], "r+b"); f.seek(1000); b = f.read(1); f.seek(1000); f.write(bytes([b[0] ^ 1]))' \
      "$work/damaged/$file"
    # shellcheck disable=SC2086
    ! (cd "$work/damaged" && grep -F "  $file" ../damaged.sums | $sum -c - >/dev/null 2>&1) || fail "$file may be damaged unseen"
    rm "$work/damaged/$file"
  done <"$release/SHA256SUMS"
  [ "$(find "$release" -type f | wc -l)" -eq "$(($(wc -l <"$release/SHA256SUMS") + 1))" ] || fail "a file has no sum"
  echo "sums: a byte that differs is found in each file"
}

# Checks that the same archives result in the same packages, at another time, in another zone and with another umask.
again() {
  mkdir "$work/again"
  cp "$release"/oidc-exchange-*.tar.gz "$work/again/"
  (
    umask 077
    export TZ=Asia/Tokyo LC_ALL=C SOURCE_DATE_EPOCH=1
    for kind in wheel npm deb image; do
      python3 -B "$kind.py" "$work/again"
    done
  )
  for file in "$work"/again/*; do
    cmp "$file" "$release/${file##*/}" || fail "${file##*/} depends on more than the archives"
  done
  echo "again: the packages depend on the archives only"
}

# Makes packages for all systems, with a dummy program. Checks that the files on the page exist.
others() {
  mkdir "$work/others"
  tar -xzf "$archive" -C "$work"
  echo "a stand-in" >"$work/$stage/oidc-exchange"
  for system in linux-x86_64 linux-aarch64 macos-aarch64; do
    SOURCE_DATE_EPOCH=1000000000 python3 archive.py "$work/$stage" "$work/others/oidc-exchange-$version-$system.tar.gz"
  done
  for kind in wheel npm deb image; do
    python3 -B "$kind.py" "$work/others"
  done
  named=$(sed -n 's/^[A-Z]*=\(oidc[-_]exchange.*\)/\1/p' ../docs/install.md | sed "s/\$VERSION/$version/")
  [ "$(printf '%s\n' "$named" | wc -l)" -eq 5 ] || fail "docs/install.md should name five files: $named"
  for file in $named; do
    [ -f "$work/others/$file" ] || [ -f "$work/others/$file.tar.gz" ] || fail "docs/install.md names $file, which no release has"
  done
}

# Standard input is the file of licence notices that a package has.
notices() { # WHAT
  cmp -s - "$work/$stage/THIRD-PARTY.txt" || fail "$1 lacks the licence notices of the archive"
}

wheel() {
  python3 -c 'import ensurepip, venv' 2>/dev/null || { missing "the wheel" "this Python makes no venv" && return 0; }
  python3 -m venv "$work/venv"
  pip() {
    "$work/venv/bin/pip" --quiet --disable-pip-version-check --no-input "$@"
  }
  one "$release/*$wheel*.whl"
  python3 - "$package" <<'END' || fail "the wheel's RECORD or its page is wrong"
import base64, csv, hashlib, io, re, sys, zipfile

wheel = zipfile.ZipFile(sys.argv[1])
texts = {name.partition(".dist-info/")[2]: wheel.read(name).decode() for name in wheel.namelist() if ".dist-info/" in name}
rows = list(csv.reader(io.StringIO(texts["RECORD"])))
assert [row[0] for row in rows] == wheel.namelist(), rows
for name, digest, size in rows[:-1]:
    content = wheel.read(name)
    found = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    assert (digest, size) == (f"sha256={found}", str(len(content))), name
# PyPI shows the page outside of the repository, so relative links would be broken.
assert not re.search(r"\]\((?!https://|#)", texts["METADATA"])
# Each licence file that METADATA names is there (PEP 639).
for name in re.findall("^License-File: (.*)$", texts["METADATA"], re.MULTILINE):
    assert texts[f"licenses/{name}"], name
END
  pip install --no-index "$package"
  pip check >/dev/null
  runs "the wheel" "$work/venv/bin"
  find "$work/venv/lib" -path '*.dist-info/licenses/THIRD-PARTY.txt' -exec cat {} + | notices "the wheel"
  # Each system accepts only its own package.
  for platform in manylinux2014_x86_64 musllinux_1_1_aarch64 macosx_11_0_arm64; do
    pip download --no-index --find-links "$work/others" --no-deps --only-binary=:all: --platform "$platform" \
      --dest "$work/chosen" oidc-exchange-cli || fail "there is no wheel for $platform"
  done
  one "$work/others/*$foreign*.whl"
  ! pip install --no-index "$package" 2>/dev/null || fail "pip installs another system's wheel"
  pip uninstall --yes oidc-exchange-cli
  ! [ -e "$work/venv/bin/oidc-exchange" ] || fail "the wheel stays after it was uninstalled"
}

npm_package() {
  have "the npm package" npm node || return 0
  one "$release/*-npm-$npm.tgz"
  PATH_OF_NODE=$(dirname -- "$(command -v node)")
  set -- --offline --no-audit --no-fund --no-update-notifier --loglevel=error --cache "$work/npm-cache"
  npm install "$@" --global --prefix "$work/npm" "$package" >/dev/null
  runs "the npm package" "$work/npm/bin:$PATH_OF_NODE"
  find "$work/npm/lib/node_modules" -name THIRD-PARTY.txt -exec cat {} + | notices "the npm package"
  answer=$(cd "$work" && npx --yes "$@" --package "$package" oidc-exchange --version)
  [ "$answer" = "oidc-exchange $version" ] || fail "npx: oidc-exchange --version prints $answer"
  for foreign in "$work"/others/*-npm-*.tgz; do
    [ "${foreign##*/}" != "${package##*/}" ] || continue
    errors=$(npm install "$@" --global --prefix "$work/npm-other" "$foreign" 2>&1) && fail "npm installs another system's package"
    wanted=${errors#*EBADPLATFORM*wanted }
    case ${wanted%% (current*} in
      *'"os":'*'"cpu":'* | *'"cpu":'*'"os":'*) ;;
      *) fail "npm does not refuse ${foreign##*/} for its system and processor: $errors" ;;
    esac
  done
}

deb() {
  have "the Debian package" dpkg man bash || return 0
  one "$release/*_$(dpkg --print-architecture).deb"
  if have "Debian's policy" lintian; then
    # This tag is only for packages in Debian's archive.
    lintian --quiet --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$package" ||
      fail "the Debian package is not as Debian's policy wants it"
  fi
  root=$work/debian
  mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
  : >"$root/var/lib/dpkg/status"
  # Debian's container images are configured to leave documentation out.
  set -- --root="$root" --force-not-root --log=/dev/null --path-include='/*'
  dpkg "$@" --install "$package" >/dev/null
  [ -z "$(dpkg "$@" --verify oidc-exchange)" ] || fail "the Debian package's files are not what it states"
  runs "the Debian package" "$root/usr/bin"
  share=$root/usr/share
  gunzip -c "$share/doc/oidc-exchange/THIRD-PARTY.txt.gz" | notices "the Debian package"
  for page in oidc-exchange docker-credential-oidc-exchange; do
    (cd "$share/man" && man -l "man1/$page.1.gz") | grep -q "short-lived" || fail "the Debian package has no page for $page"
    bash -c '. "$1" && complete -p "$2"' bash "$share/bash-completion/completions/$page" "$page" >/dev/null ||
      fail "the Debian package has no completion for $page"
  done
  dpkg "$@" --purge oidc-exchange >/dev/null
  left=$(find "$root/usr" ! -type d 2>/dev/null || true)
  [ -z "$left" ] || fail "the Debian package leaves $left"
}

image() {
  have "the image" skopeo buildah || return 0
  # RUN sets groups, for which a user needs an own range.
  [ "$(id -u)" -eq 0 ] || grep -q "^$(id -un):" /etc/subuid || {
    echo "skipped: the image: /etc/subuid has no range for this user"
    return 0
  }
  one "$release/*-oci.tar"
  for want in os:linux architecture:amd64 architecture:arm64; do
    skopeo inspect --raw "oci-archive:$work/others/${package##*/}" | grep -q "\"${want%:*}\":\"${want#*:}\"" ||
      fail "the image lacks $want"
  done
  skopeo inspect "oci-archive:$package" | grep -qF "\"org.opencontainers.image.version\": \"$version\"" ||
    fail "the image's labels lack the version"
  # Only the layers are gzip files.
  skopeo --insecure-policy copy --quiet "oci-archive:$package" "dir:$work/image"
  for layer in "$work"/image/*; do
    tar -xzOf "$layer" licenses/THIRD-PARTY.txt 2>/dev/null || true
  done | notices "the image"
  set -- --root "$work/storage" --runroot "$work/storage-run" --storage-driver vfs
  name=registry.example.com/oidc-exchange:$version
  mkdir "$work/context"
  # The line comes from the page.
  {
    echo "FROM scratch"
    sed -n "s|^COPY --from=.* /bin/|COPY --from=$name /bin/|p" ../docs/install.md
    echo 'RUN ["/usr/local/bin/oidc-exchange", "--version"]'
    echo 'RUN ["/usr/local/bin/docker-credential-oidc-exchange", "version"]'
  } >"$work/context/Containerfile"
  buildah "$@" tag "$(buildah "$@" pull -q "oci-archive:$package")" "$name"
  built=$(buildah "$@" build --isolation chroot --pull-never "$work/context" 2>&1) || fail "the image cannot be copied from: $built"
  for answer in "oidc-exchange $version" "docker-credential-oidc-exchange $version"; do
    printf '%s\n' "$built" | grep -qx "$answer" || fail "a copy out of the image prints no $answer: $built"
  done
  echo "the image: both programs run where they were copied to"
}

archive=$release/oidc-exchange-$version-$system.tar.gz
stage=$(basename -- "$archive" .tar.gz)
sums
again
others
wheel
npm_package
deb
image
