#!/bin/sh
#
# Completes a release from the archives in a directory: adds packages of the same programs, install.sh and SHA256SUMS.
#
#   sh release/assemble.sh DIR [--on-github]
#
# With --on-github, DIR's install.sh downloads releases from the repository's address (release/repository).
# Otherwise it requires --from.

set -eu
source=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
script=$source/install.sh

fail() {
  printf '%s\n' "release/assemble.sh: error: $*" >&2
  exit 1
}

releases=
case $#:${2-} in
  1:) ;;
  2:--on-github) releases=$(cat "$source/release/repository")/releases ;;
  *) fail "usage: release/assemble.sh DIR [--on-github]" ;;
esac
cd "$1"

set -- oidc-exchange-*.tar.gz
[ -f "$1" ] || fail "there are no archives here: $PWD"
versions=$(for archive in "$@"; do
  archive=${archive#oidc-exchange-}
  printf '%s\n' "${archive%-*-*.tar.gz}"
done | sort -u)
case $versions in
  *[!0-9A-Za-z.+-]*) fail "these are archives of several versions: $(printf '%s' "$versions" | tr '\n' ' ')" ;;
esac

case $releases in
  '') cp "$script" install.sh ;;
  *[!A-Za-z0-9.:/_-]*) fail "not an address: $releases" ;;
  https://*)
    sed "s|^RELEASES=\$|RELEASES=$releases|" "$script" >install.sh
    grep -qxF "RELEASES=$releases" install.sh || fail "install.sh has no line that takes the address"
    ;;
  *) fail "not an https address: $releases" ;;
esac
sh -n install.sh

for kind in wheel npm deb image; do
  python3 -B "$source/release/$kind.py" .
done

if command -v sha256sum >/dev/null; then
  sum="sha256sum"
else
  sum="shasum -a 256"
fi
# The command may be several words.
# shellcheck disable=SC2086
(
  export LC_ALL=C
  set --
  for file in install.sh oidc-exchange* oidc_exchange*; do
    ! [ -f "$file" ] || set -- "$@" "$file"
  done
  $sum -- "$@" >SHA256SUMS
)
cat SHA256SUMS
