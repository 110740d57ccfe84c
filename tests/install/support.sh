#!/bin/sh
#
# Shared by the tests of install.sh: replacements for programs, a new machine for each case, the shells.
# Sourced, from a script that then calls `in_every_shell`.

set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
trap 'exit 1' HUP INT TERM
chmod 0755 "$work"
passed=0
failed=0
skipped=0

# --- the stand-ins -----------------------------------------------------------------------------

# cargo and rustc, so that a case takes milliseconds. They record their arguments, and create a small static program as the
# build's result.

program() { # NAME VERSION [CC-FLAG…]
  name=$1 version=$2
  shift 2
  cat >"$work/$name.c" <<EOF
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "wait")) for (;;) pause();
  puts("oidc-exchange $version");
}
EOF
  cc "$@" -o "$work/$name" "$work/$name.c"
}
program new 2.0.0 -static
program old 1.0.0 -static
program dynamic 2.0.0

mkdir "$work/stand-ins"
cat >"$work/stand-ins/cargo" <<'EOF'
#!/bin/sh
[ "$1" != fetch ] || exit 0
printf '%s\n' "$@" "RUSTFLAGS=${RUSTFLAGS-unset}" "CARGO_ENCODED_RUSTFLAGS=${CARGO_ENCODED_RUSTFLAGS-unset}" \
  "CC_x86_64_unknown_linux_musl=${CC_x86_64_unknown_linux_musl-unset}" "in $(pwd)" >"$LOG"
[ "$BUILDS" != nothing ] || exit 101
while [ $# -gt 0 ]; do
  case $1 in
    --target) triple=$2 ;;
    --target-dir) dir=$2 ;;
  esac
  shift
done
mkdir -p "$dir/$triple/release"
cp "$BUILDS" "$dir/$triple/release/oidc-exchange"
EOF
cat >"$work/stand-ins/rustc" <<'EOF'
#!/bin/sh
case $* in
  --version) echo "rustc 1.0.0" ;;
  -vV) printf 'rustc 1.0.0\nhost: %s\n' "$HOST" ;;
  "--print target-libdir --target "*) echo "$LIBDIR" ;;
  # A program that tries a link argument: not linked, linked, or linked and unable to start.
  "- --crate-name probe -o "*"link-arg=-Wl,${NOT_LINKED:-nothing}"*) exit 1 ;;
  "- --crate-name probe -o "*"link-arg=-Wl,${NOT_STARTED:-nothing}"*) cp /bin/false "$5" ;;
  "- --crate-name probe -o "*) cp /bin/true "$5" ;;
esac
EOF
chmod +x "$work/stand-ins/cargo" "$work/stand-ins/rustc"

# --- a case ------------------------------------------------------------------------------------

# A new home, checkout and PATH. The tools are in a directory of a kind that the script does not change. A case removes the
# tools that must be missing.
fresh() {
  home=$work/home
  rm -rf -- "$home"
  mkdir -p "$home/shims" "$home/checkout" "$home/cwd"
  for linked in cat cc cp chmod dirname env file grep head id ldd ln ls mkdir mktemp mv printf readelf rm sed sh tail tr uname; do
    ln -s "$(command -v "$linked")" "$home/shims/$linked"
  done
  ln -s "$work/stand-ins/cargo" "$work/stand-ins/rustc" "$home/shims/"
  cp "$root/install.sh" "$root/Cargo.toml" "$home/checkout/"
  script=$home/checkout/install.sh
  path=$home/shims
  builds=$work/new
  host=x86_64-unknown-linux-gnu
  libdir=$home/no-such-target
  user=
  set_variables=
  # The checkout may be another user's.
  if [ "$(id -u)" -eq 0 ]; then chown -R 65534:65534 "$home/checkout"; fi
}

# Runs install.sh with these arguments; then `out`, `errors` and `status` are the result.
install() {
  status=0
  # The shell under test is several words, and so are the variables.
  # shellcheck disable=SC2086
  (
    cd "$home/cwd"
    exec $user env -i HOME="$home" PATH="$path" SHELL=/bin/sh LOG="$home/log" BUILDS="$builds" HOST="$host" \
      LIBDIR="$libdir" $set_variables $shell "$script" "$@"
  ) >"$work/out" 2>"$work/errors" </dev/null || status=$?
  out=$(cat "$work/out")
  errors=$(cat "$work/errors")
}

check() { # WHAT COMMAND…
  what=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED [%s] %s\n  status: %s\n  out: %s\n  errors: %s\n' "$shell" "$what" "$status" "$out" "$errors" >&2
  fi
}

ends_with() { [ "$status" -eq "$1" ]; }
says() { case $out in *"$1"*) ;; *) return 1 ;; esac; }
complains() { case $errors in *"$1"*) ;; *) return 1 ;; esac; }
silent() { ! says "$1"; }
quiet() { [ -z "$out" ]; }
uncomplaining() { [ -z "$errors" ]; }
is_new() { [ "$("$1" --version)" = "oidc-exchange 2.0.0" ] && [ "$(stat -c %a "$1")" = 755 ]; }
is_old() { [ "$("$1" --version)" = "oidc-exchange 1.0.0" ]; }
absent() { ! [ -e "$1" ]; }
not_built() { ! [ -e "$home/log" ]; }
was_called_with() { grep -qxF -- "$1" "$home/log"; }
alone_in() { [ "$(ls -A "$1")" = "$2" ]; }
# The program, and the link to it.
# The names are from these tests, without special characters.
# shellcheck disable=SC2012
both_in() { [ "$(ls -A "$1" | tr '\n' ' ')" = "docker-credential-oidc-exchange oidc-exchange " ] && linked_in "$1"; }
linked_in() { [ "$(readlink "$1/docker-credential-oidc-exchange")" = oidc-exchange ]; }

# --- the shells --------------------------------------------------------------------------------

in_every_shell() { # CASES…
  for shell in dash bash "busybox sh"; do
    if ! command -v "${shell%% *}" >/dev/null; then
      if [ -n "${CI-}" ]; then
        echo "error: ${shell%% *} is not here, and CI tests with it" >&2
        exit 1
      fi
      echo "skipped: ${shell%% *} is not here"
      skipped=$((skipped + 1))
      continue
    fi
    shell="$(command -v "${shell%% *}")${shell#"${shell%% *}"}"
    for case in "$@"; do
      "$case"
    done
  done
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
}
