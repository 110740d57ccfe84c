#!/bin/sh
#
# Checks that the tag is v and the version in Cargo.toml, and that CHANGELOG.md has a section for it. Also checks that
# this is the repository in the pages, because their links lead to its files.
# Prints that section, for the release's page.
#
#   sh release/check-tag.sh TAG

set -eu
cd "$(dirname -- "$0")/.."

fail() {
  printf '%s\n' "release/check-tag.sh: error: $*" >&2
  exit 1
}

# A git address without the parts that differ between its forms: the protocol, a user, an ssh port, the suffix.
plain() {
  printf '%s\n' "$1" | tr '[:upper:]' '[:lower:]' |
    sed -E 's|^[a-z+]+://||; s|^[^/@]*@||; s|^([^/:]+):[0-9]+/|\1/|; s|^([^/:]+):/*|\1/|; s|/+$||; s|\.git$||'
}

[ $# -eq 1 ] || fail "usage: release/check-tag.sh TAG"

repository=$(cat release/repository)
case $repository in
  *[!A-Za-z0-9.:/_-]*) fail "release/repository must have one line, an https address: $repository" ;;
  https://*/*/*) ;;
  *) fail "release/repository must have one line, an https address: $repository" ;;
esac
if [ -n "${GITHUB_REPOSITORY-}" ]; then
  here=${GITHUB_SERVER_URL:-https://github.com}/$GITHUB_REPOSITORY
else
  here=$(git remote get-url origin) || fail "there is no remote \`origin\` to compare with $repository"
fi
[ "$(plain "$here")" = "$(plain "$repository")" ] ||
  fail "this is a clone of $(plain "$here"), and the pages name $repository: change release/repository, then run UPDATE_EXPECT=1 cargo it docs::repository"

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
[ "$1" = "v$version" ] || fail "Cargo.toml has the version $version, and the tag is ${1:-not there}"
notes=$(awk -v heading="## $version" '
  /^## / { inside = ($0 == heading || index($0, heading " ") == 1); next }
  inside { print }
' CHANGELOG.md)
[ -n "$notes" ] || fail "CHANGELOG.md has no section \`## $version\`, or nothing in it"
printf '%s\n' "$notes"
