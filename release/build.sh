#!/bin/sh
#
# Builds the program for this machine with install.sh, and packs it for a release:
#
#   sh release/build.sh --out DIR [--musl]
#
# Writes DIR/oidc-exchange-VERSION-SYSTEM.tar.gz. With --musl, a build for another C library is an error.
# The same files result in the same archive, byte for byte: the time in it is SOURCE_DATE_EPOCH, by default
# the commit's.

set -eu
cd "$(dirname -- "$0")/.."

# The largest size of the program in bytes: static, stripped, with all features.
SIZE_LIMIT=${SIZE_LIMIT:-6000000}

fail() {
  printf '%s\n' "release/build.sh: error: $*" >&2
  exit 1
}

out=
musl=
while [ $# -gt 0 ]; do
  case $1 in
    --out)
      [ $# -ge 2 ] || fail "--out needs a directory"
      out=$2
      shift
      ;;
    --musl) musl=yes ;;
    *) fail "unknown argument: $1" ;;
  esac
  shift
done
[ -n "$out" ] || fail "where to? --out DIR"

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
# The same names as in install.sh.
case $(uname -s)-$(uname -m) in
  Linux-x86_64) system=linux-x86_64 ;;
  Linux-aarch64) system=linux-aarch64 ;;
  Darwin-arm64) system=macos-aarch64 ;;
  *) fail "no release is made for $(uname -s) on $(uname -m)" ;;
esac
name=oidc-exchange-$version-$system
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
trap 'exit 1' HUP INT TERM
stage=$work/$name
program=$stage/oidc-exchange

sh install.sh --to "$stage"

if [ -n "$musl" ]; then
  built=${CARGO_TARGET_DIR:-target}/$(uname -m)-unknown-linux-musl/release/oidc-exchange
  cmp -s "$built" "$program" || fail "this is not the build for musl: are its target and musl-gcc here?"
fi
if [ "$(uname -s)" = Linux ] && readelf -SW "$program" | grep -q ' \.symtab '; then
  fail "the program is not stripped"
fi
size=$(wc -c <"$program")
[ "$size" -le "$SIZE_LIMIT" ] || fail "the program has outgrown its budget: $((size)) bytes of $SIZE_LIMIT"
[ "$("$program" --version)" = "oidc-exchange $version" ] || fail "the program says that it is $("$program" --version)"

mkdir "$stage/completions" "$stage/man"
"$program" completions bash >"$stage/completions/oidc-exchange.bash"
"$program" completions zsh >"$stage/completions/_oidc-exchange"
"$program" completions fish >"$stage/completions/oidc-exchange.fish"
"$program" man >"$stage/man/oidc-exchange.1"
cp LICENSE README.md CHANGELOG.md "$stage/"
python3 -B release/notices.py "$system" >"$stage/THIRD-PARTY.txt"

mkdir -p "$out"
python3 release/archive.py "$stage" "$out/$name.tar.gz"
printf '%s\n' "$out/$name.tar.gz: the program has $((size)) bytes of $SIZE_LIMIT"
