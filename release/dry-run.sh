#!/bin/sh
#
# Makes a release of this checkout for this machine, and installs it. Publishes nothing.
#
#   sh release/dry-run.sh DIR [--complete]
#
# DIR/release gets the files of the release, and DIR/bin the installed program. If the tools for a package are missing, it is
# skipped with a message; with --complete that is an error.

set -eu
case $#:${2-} in
  1: | 2:--complete) ;;
  *)
    echo "usage: release/dry-run.sh DIR [--complete]" >&2
    exit 2
    ;;
esac
complete=${2-}
mkdir -p "$1"
dir=$(CDPATH='' cd -- "$1" && pwd)
cd "$(dirname -- "$0")/.."

fail() {
  printf '%s\n' "release/dry-run.sh: error: $*" >&2
  exit 1
}

sh release/build.sh --out "$dir/release"
sh release/assemble.sh "$dir/release" --on-github
sh "$dir/release/install.sh" --from "$dir/release" --to "$dir/bin"
"$dir/bin/oidc-exchange" --version
sh "$dir/release/install.sh" --help | grep -qF "$(cat release/repository)/releases" ||
  fail "the release's install.sh does not name the releases"

archive=$(cd "$dir/release" && ls ./*.tar.gz)
name=${archive#./}
name=${name%.tar.gz}
mkdir -p "$dir/unpacked"
tar -xzf "$dir/release/$name.tar.gz" -C "$dir/unpacked"
expected="CHANGELOG.md LICENSE README.md THIRD-PARTY.txt completions/_oidc-exchange completions/oidc-exchange.bash completions/oidc-exchange.fish man/oidc-exchange.1 oidc-exchange"
found=$(cd "$dir/unpacked/$name" && find . -type f | sed 's|^\./||' | LC_ALL=C sort | tr '\n' ' ')
[ "$found" = "$expected " ] || fail "the archive holds: $found"
[ "$(readlink "$dir/unpacked/$name/docker-credential-oidc-exchange")" = oidc-exchange ] ||
  fail "the archive lacks the helper's link"

# The same files with other times and permissions must result in the same archive.
find "$dir/unpacked" -exec touch {} +
chmod -R go-rwx "$dir/unpacked"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)} \
  python3 release/archive.py "$dir/unpacked/$name" "$dir/again.tar.gz"
cmp "$dir/release/$name.tar.gz" "$dir/again.tar.gz" || fail "the archive depends on more than its files"
rm -r "$dir/unpacked" "$dir/again.tar.gz"

mkdir "$dir/packages"
sh release/try-packages.sh "$dir/release" "$dir/packages" ${complete:+"$complete"}
chmod -R u+w "$dir/packages"
rm -rf "$dir/packages"
