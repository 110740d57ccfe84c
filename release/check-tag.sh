#!/bin/sh
#
# Is this tag a release's? It must be v and the version in Cargo.toml, and CHANGELOG.md must tell of it.
# Prints what it tells, for the release's page.
#
#   sh release/check-tag.sh TAG

set -eu
cd "$(dirname -- "$0")/.."

fail() {
  printf '%s\n' "release/check-tag.sh: error: $*" >&2
  exit 1
}

[ $# -eq 1 ] || fail "usage: release/check-tag.sh TAG"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
[ "$1" = "v$version" ] || fail "Cargo.toml has the version $version, and the tag is ${1:-not there}"
notes=$(awk -v heading="## $version" '
  /^## / { inside = ($0 == heading || index($0, heading " ") == 1); next }
  inside { print }
' CHANGELOG.md)
[ -n "$notes" ] || fail "CHANGELOG.md has no section \`## $version\`, or nothing in it"
printf '%s\n' "$notes"
