#!/bin/sh
#
# Puts oidc-exchange on this machine. `sh install.sh --help` says how and where.
#
# POSIX sh. Everything is in functions and the last line calls them, so that a copy of this script
# that was cut off on its way does nothing.

set -eu

PROGRAM=oidc-exchange

usage() {
  cat <<EOF
Builds $PROGRAM from this checkout and installs it.

Usage: sh install.sh [--to DIR]

Options:
      --to DIR  install into DIR, which is made if need be
  -h, --help    print this

Without --to, the directory is the first one on PATH that
  - is an absolute path and exists,
  - you may write to and not everybody may, and
  - no package manager or language tool keeps for itself (not /bin, /usr/bin or
    an sbin; not ~/.cargo/bin, shims, virtual environments and the like),
and if there is none, ~/.local/bin, with the line that puts it on PATH.

On Linux the binary is fully static: for musl where rustup has that target and a
C compiler for it is on PATH, else for glibc. It is built where cargo builds
everything here: in CARGO_TARGET_DIR, or in target/ beside this script.

Exit codes: 0 installed, 1 not installed, 2 wrong usage.
EOF
}

say() {
  printf '%s\n' "install.sh: $*"
}

# The first line is what is wrong, each further argument a line on what to do.
err() {
  printf '%s\n' "install.sh: error: $1" >&2
  shift
  for hint in "$@"; do
    printf '%s\n' "install.sh: hint: $hint" >&2
  done
  exit 1
}

wrong_usage() {
  printf '%s\n' "install.sh: error: $1" "install.sh: hint: \`sh install.sh --help\` lists the options" >&2
  exit 2
}

have() {
  command -v "$1" >/dev/null 2>&1
}

main() {
  to=
  temporary=
  parse_arguments "$@"

  find_checkout || err "this is not a checkout of $PROGRAM" \
    "the script builds the source it lies beside: run it as \`sh install.sh\` in a clone"
  choose_directory
  build_from_checkout
  check_binary
  install_binary
  report
}

parse_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help)
        usage
        exit 0
        ;;
      --to)
        [ $# -ge 2 ] || wrong_usage "--to needs a directory"
        set_to "$2"
        shift
        ;;
      --to=*) set_to "${1#--to=}" ;;
      *) wrong_usage "unknown argument: $1" ;;
    esac
    shift
  done
}

set_to() {
  case $1 in
    '') wrong_usage "--to needs a directory" ;;
    /*) to=$1 ;;
    *) to=$PWD/$1 ;;
  esac
}

# --- what to install ---------------------------------------------------------------------------

# Sets `checkout`: the directory that this script is in, if that is the source.
find_checkout() {
  case $0 in
    */*) checkout=${0%/*} ;;
    *) checkout=. ;;
  esac
  [ -f "$0" ] || return 1
  grep -q "^name = \"$PROGRAM\"\$" "$checkout/Cargo.toml" 2>/dev/null || return 1
  checkout=$(CDPATH='' cd -- "$checkout" && pwd)
}

# Sets `binary`: the release build of the checkout.
build_from_checkout() {
  { have cargo && have "${RUSTC:-rustc}"; } ||
    err "no Rust toolchain on PATH (cargo and rustc)" \
      "install one as https://rustup.rs says, or put the one you have on PATH (often ~/.cargo/bin)"

  target_dir=${CARGO_TARGET_DIR:-$checkout/target}
  case $target_dir in
    /*) ;;
    *) target_dir=$PWD/$target_dir ;;
  esac
  # Cargo finds .cargo/config.toml, and rustup its overrides, from the working directory.
  cd "$checkout"
  host=$("${RUSTC:-rustc}" -vV | sed -n 's/^host: //p')
  case $host in
    *-linux-*) build_static ;;
    *-apple-darwin)
      triple=$host
      cargo_build
      ;;
    *) err "no build for ${host:-an unknown host} yet: Linux and macOS only" ;;
  esac
  binary=$target_dir/$triple/release/$PROGRAM
  [ -f "$binary" ] || err "cargo succeeded, but there is no $binary"
}

build_static() {
  choose_linux_target
  # This variable would replace what .cargo/config.toml and the line below ask rustc for.
  if [ -n "${RUSTFLAGS-}${CARGO_ENCODED_RUSTFLAGS-}" ]; then
    say "RUSTFLAGS is left out of this build: the binary would not come out static"
  fi
  unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
  # With --target the flags do not reach build scripts and procedural macros, which cannot be
  # static; given this way they are added to those of .cargo/config.toml.
  flags="'-C', 'target-feature=+crt-static'"
  # Each makes the binary smaller. Identical functions are kept once; a panic ends the program, so that nothing reads the
  # tables for unwinding it.
  for argument in -z,pack-relative-relocs --icf=all --no-eh-frame-hdr,-T,release/no-unwind-tables.ld; do
    ! links "-Wl,$argument" || flags="$flags, '-C', 'link-arg=-Wl,$argument'"
  done
  cargo_build --config "target.$triple.rustflags=[$flags]"
}

# Whether the linker here takes this argument, and this C library then starts the program (glibc before 2.36 does not
# know packed relocations).
links() {
  probe=$(mktemp -d) || return 1
  linked=1
  if printf 'fn main() {}\n' | "${RUSTC:-rustc}" - --crate-name probe -o "$probe/probe" --target "$triple" \
    -C panic=abort -C target-feature=+crt-static -C "link-arg=$1" >/dev/null 2>&1 && "$probe/probe"; then
    linked=0
  fi
  rm -rf -- "$probe"
  return "$linked"
}

cargo_build() {
  say "building for $triple in $target_dir"
  cargo build --release --locked --package "$PROGRAM" --bin "$PROGRAM" \
    --target "$triple" --target-dir "$target_dir" "$@" </dev/null || build_failed
}

build_failed() {
  needed=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
  set -- "cargo's own message is above; this needs Rust ${needed:-of a recent version}, and here is $("${RUSTC:-rustc}" --version)"
  have "${CC:-cc}" || set -- "$@" "there is no C compiler (${CC:-cc}) on PATH: install gcc or clang"
  case $triple in
    *-linux-gnu*)
      has_library libc.a || set -- "$@" \
        "the C library has no static half here (libc.a): Debian has it in libc6-dev, Fedora in glibc-static"
      ;;
  esac
  err "the build failed" "$@"
}

# The C compiler answers with a path if it finds the library, else with the bare name.
has_library() {
  case $("${CC:-cc}" "-print-file-name=$1" 2>/dev/null) in
    /*) return 0 ;;
    *) return 1 ;;
  esac
}

# Sets `triple`: musl where it can be built, since it is made for static binaries, else glibc.
choose_linux_target() {
  triple=$host
  case $host in
    *-gnu*) musl=$(printf '%s\n' "$host" | sed 's/-gnu/-musl/') ;;
    *) return 0 ;;
  esac
  # Some crates here build C code, so the target's standard library alone is not enough.
  libdir=$("${RUSTC:-rustc}" --print target-libdir --target "$musl" 2>/dev/null) || return 0
  [ -d "$libdir" ] || return 0
  variable=CC_$(printf '%s\n' "$musl" | tr - _)
  if eval "[ -z \"\${$variable-}\" ]"; then
    for compiler in "${musl%%-*}-linux-musl-gcc" musl-gcc; do
      if have "$compiler"; then
        export "$variable=$compiler"
        break
      fi
    done
  fi
  if eval "[ -n \"\${$variable-}\" ]"; then
    triple=$musl
  else
    say "the target $musl is here, but no C compiler for it (musl-gcc): building for glibc"
  fi
}

# --- is it what it should be? ------------------------------------------------------------------

check_binary() {
  [ "$(uname -s)" != Linux ] || check_static
  version=$(version_of "$binary") || err "the new binary does not run here: $binary --version"
}

# A static binary asks for no interpreter (the dynamic loader) and no library.
check_static() {
  if have readelf; then
    if ! proof=$(LC_ALL=C readelf -lWd "$binary" 2>&1); then
      err "readelf cannot read $binary" "$proof"
    fi
    case $proof in
      *INTERP* | *NEEDED*) err "the binary is not static: readelf shows a loader or a library in $binary" ;;
    esac
    proof="readelf shows no loader and no library"
  elif have file; then
    proof=$(LC_ALL=C file -bL "$binary")
    case $proof in
      *"statically linked"* | *"static-pie linked"*) proof="as file says" ;;
      *) err "the binary is not static: file says: $proof" ;;
    esac
  elif have ldd; then
    # ldd exits non-zero for what it cannot list, which is what is hoped for.
    proof=$(LC_ALL=C ldd "$binary" 2>&1) || true
    case $proof in
      *"statically linked"* | *"not a dynamic executable"* | *"Not a valid dynamic program"*) proof="as ldd says" ;;
      *) err "the binary is not static: ldd says: $proof" ;;
    esac
  else
    proof=
    say "whether the binary is static is not checked: neither readelf, file nor ldd is here"
  fi
}

version_of() {
  "$1" --version 2>/dev/null </dev/null
}

# --- where to ----------------------------------------------------------------------------------

# Sets `directory` and `why`.
choose_directory() {
  if [ -n "$to" ]; then
    directory=$to
    why="as --to says"
  elif directory=$(first_on_path); then
    why="the first suitable directory on PATH"
  else
    [ -n "${HOME-}" ] || err "no suitable directory on PATH, and HOME is not set" "name one with --to DIR"
    directory=$HOME/.local/bin
    why="no directory on PATH is suitable"
  fi
  # Found out now rather than after minutes of building.
  mkdir -p -- "$directory" 2>/dev/null || err "cannot make the directory $directory" "name another with --to DIR"
  writable "$directory" ||
    err "you may not write to $directory" "name another directory with --to DIR, or run this as a user who may"
  destination=${directory%/}/$PROGRAM
  ! [ -d "$destination" ] || err "$destination is a directory: the program cannot take its place"
}

first_on_path() {
  rest=$PATH:
  while [ -n "$rest" ]; do
    candidate=${rest%%:*}
    rest=${rest#*:}
    if suitable "$candidate"; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

suitable() {
  case $1 in
    "${HOME:-/}/.local/bin" | "${HOME:-/}/.local/bin/") ;;
    # Others' own: what they put there they also overwrite, hide or remove.
    /bin | /usr/bin | */sbin | /nix/* | /snap/* | /opt/*/* | "${HOME:-/}"/.*) return 1 ;;
    */cargo/bin | */.cargo/bin | */shims | */node_modules/.bin | */.venv/* | */venv/*) return 1 ;;
    "${CARGO_HOME:-/dev/null}"/* | "${VIRTUAL_ENV:-/dev/null}"/* | "${CONDA_PREFIX:-/dev/null}"/*) return 1 ;;
    /*) ;;
    *) return 1 ;;
  esac
  writable "$1" && ! writable_by_all "$1"
}

writable() {
  [ -d "$1" ] && [ -w "$1" ] && [ -x "$1" ]
}

# Where everybody may write, anybody may put another program in this one's place.
writable_by_all() {
  case $(LC_ALL=C ls -ldL -- "$1") in
    ????????w*) return 0 ;;
    *) return 1 ;;
  esac
}

# --- there -------------------------------------------------------------------------------------

# By a rename within the directory: whoever runs the program meanwhile gets the old one or the new
# one, and a failure on the way leaves the old one.
install_binary() {
  old=
  if [ -e "$destination" ] || [ -L "$destination" ]; then
    old=$(version_of "$destination") || old="an older file"
    [ -n "$old" ] || old="an older file"
  fi
  trap remove_temporary EXIT
  trap 'exit 1' HUP INT TERM
  temporary=$(mktemp "${directory%/}/.$PROGRAM.XXXXXX" 2>/dev/null) ||
    err "you may not write to $directory" "name another directory with --to DIR, or run this as a user who may"
  cp -- "$binary" "$temporary" || err "cannot copy the program to $directory"
  chmod 0755 "$temporary" || err "cannot make $temporary executable"
  mv -f -- "$temporary" "$destination" || err "cannot put the program at $destination"
  temporary=
}

remove_temporary() {
  [ -z "$temporary" ] || rm -f -- "$temporary"
}

report() {
  say "installed $version as $destination ($why)"
  [ -z "$old" ] || say "it replaced $old"
  [ -z "${proof-}" ] || say "fully static: $proof"
  version_of "$destination" >/dev/null || err "it does not run there: is $directory on a file system mounted noexec?"

  first=$(command -v "$PROGRAM") || first=
  if ! on_path; then
    say "$directory is not on PATH; this line puts it there (and, in your shell's start file, keeps it):"
    path_line
  elif [ "$(resolved "${first%/*}")" != "$(resolved "$directory")" ]; then
    say "note: PATH has another one first: $first"
  fi
}

resolved() {
  (CDPATH='' cd -P -- "$1" 2>/dev/null && pwd -P) || true
}

on_path() {
  case :$PATH: in
    *:"${directory%/}":* | *:"${directory%/}/":*) return 0 ;;
    *) return 1 ;;
  esac
}

path_line() {
  quoted="'$(printf '%s\n' "${directory%/}" | sed "s/'/'\\\\''/g")'"
  case ${SHELL-} in
    */fish) line="fish_add_path $quoted" ;;
    *) line="export PATH=$quoted:\"\$PATH\"" ;;
  esac
  printf '\n    %s\n\n' "$line"
}

main "$@"
