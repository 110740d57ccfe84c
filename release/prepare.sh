#!/bin/sh
#
# Installs a new enough Rust on a hosted CI machine, and on Linux the tools for static binaries with musl.

set -eu

command -v rustup >/dev/null || {
  echo "release/prepare.sh: error: there is no rustup on this machine: https://rustup.rs" >&2
  exit 1
}
rustup toolchain install stable --profile minimal --component clippy --component rustfmt --no-self-update
rustup default stable
if [ "$(uname -s)" = Linux ]; then
  rustup target add "$(uname -m)-unknown-linux-musl"
  sudo apt-get -q update
  sudo apt-get -qy install --no-install-recommends musl-tools
fi
rustc -vV
