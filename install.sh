#!/bin/sh
#
# Installs oidc-exchange on this machine. `sh install.sh --help` describes the options.
#
# POSIX sh. Everything is in functions, and the last command, in braces, calls them. A shell runs it only after it has read the
# closing brace. So a truncated copy of this script does nothing.

set -eu

PROGRAM=oidc-exchange

# Its second name: docker, podman and others run it for the passwords of registries.
HELPER=docker-credential-oidc-exchange

# The address of a repository's releases on GitHub. It is empty in the source. Each release contains a copy with its
# address (release/assemble.sh).
RELEASES=

# The limits of a download: blocks (every release is much smaller) and seconds.
LARGEST=65536
LONGEST=300

BUILD_IT="on Linux and macOS it can be built: run \`sh install.sh\` in a clone, with Rust"

usage() {
  cat <<EOF
Installs $PROGRAM: built from the checkout that this script lies in, else from a release.

Usage: sh install.sh [--to DIR] [--version V] [--from URL|DIR]

Options:
      --to DIR        install into DIR, which is made if need be
      --version V     install the release V, not the latest one nor a build
      --from URL|DIR  install from this copy of a release: its SHA256SUMS and archives
                      on a server or in a directory
  -h, --help          print this

What is downloaded is installed only if its SHA-256 is the one in SHA256SUMS. Addresses
are https, and so is what they redirect to; http is for loopback. Releases are at
  ${RELEASES:-no address that this copy of the script names: say where with --from}
In a pipe, options stand after \`-s --\`: curl ... | sh -s -- --to DIR

Without --to, the directory is the first one on PATH that
  - is an absolute path and exists,
  - you may write to, and other users may not: it belongs to you or to root, and so
    does its group if that may write, and
  - no package manager or language tool keeps for itself (not /bin, /usr/bin or
    an sbin; not ~/.cargo/bin, shims, virtual environments and the like),
and if there is none, ~/.local/bin, with the line that puts it on PATH.

What is built on Linux is fully static: for musl where rustup has that target and a
C compiler for it is on PATH, else for glibc. It is built where cargo builds
everything here: in CARGO_TARGET_DIR, or in target/ beside this script.

Exit codes: 0 installed, 1 not installed, 2 wrong usage.
EOF
}

say() {
  printf '%s\n' "install.sh: $*"
}

complain() {
  printf '%s\n' "install.sh: $*" >&2
}

# The first argument is the error, each other argument a line with a hint.
err() {
  complain "error: $1"
  shift
  for hint in "$@"; do
    complain "hint: $hint"
  done
  exit 1
}

wrong_usage() {
  complain "error: $1"
  complain "hint: \`sh install.sh --help\` lists the options"
  exit 2
}

have() {
  command -v "$1" >/dev/null 2>&1
}

main() {
  to=
  wanted=
  from=
  workspace=
  temporary=
  parse_arguments "$@"

  if [ -z "$wanted$from" ] && find_checkout; then
    choose_directory
    build_from_checkout
    check_build
  else
    choose_release
    choose_directory
    fetch_release
    check_release
  fi
  install_binary
  link_helper
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
      --version)
        [ $# -ge 2 ] || wrong_usage "--version needs a version"
        set_version "$2"
        shift
        ;;
      --version=*) set_version "${1#--version=}" ;;
      --from)
        [ $# -ge 2 ] || wrong_usage "--from needs an address or a directory"
        set_from "$2"
        shift
        ;;
      --from=*) set_from "${1#--from=}" ;;
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

set_version() {
  wanted=${1#v}
  case $wanted in
    *[!0-9A-Za-z.+-]*) wrong_usage "--version: not a version: $1" ;;
    [0-9]*) ;;
    *) wrong_usage "--version needs a version, such as 1.2.3" ;;
  esac
}

set_from() {
  case $1 in
    '') wrong_usage "--from needs an address or a directory" ;;
    *://*)
      from=${1%/}
      allowed "$from" || wrong_usage "--from: neither a plain https address nor http on loopback: $1"
      ;;
    /*) from=$1 ;;
    *) from=$PWD/$1 ;;
  esac
}

# --- a build of the checkout -------------------------------------------------------------------

# Sets `checkout`: the directory of this script, if that is the source.
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
  # Cargo searches .cargo/config.toml, and rustup its overrides, starting at the working directory.
  cd "$checkout"
  host=$("${RUSTC:-rustc}" -vV | sed -n 's/^host: //p')
  case $host in
    *-linux-*) build_static ;;
    *-apple-darwin)
      triple=$host
      flags=
      without_paths
      cargo_build --config "target.$triple.rustflags=[${flags#, }]"
      ;;
    *) err "no build for ${host:-an unknown host} yet: Linux and macOS only" ;;
  esac
  binary=$target_dir/$triple/release/$PROGRAM
  [ -f "$binary" ] || err "cargo succeeded, but there is no $binary"
}

build_static() {
  choose_linux_target
  # This variable would replace the flags of .cargo/config.toml and of the line below.
  if [ -n "${RUSTFLAGS-}${CARGO_ENCODED_RUSTFLAGS-}" ]; then
    say "RUSTFLAGS is left out of this build: the binary would not come out static"
  fi
  unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
  # With --target the flags do not apply to build scripts and procedural macros, which cannot be
  # static. In this form they are added to those of .cargo/config.toml.
  flags="'-C', 'target-feature=+crt-static'"
  # Each makes the binary smaller. Identical functions are merged. A panic ends the program, so the unwinding tables are
  # not needed.
  for argument in -z,pack-relative-relocs --icf=all --no-eh-frame-hdr,-T,release/no-unwind-tables.ld; do
    ! links "-Wl,$argument" || flags="$flags, '-C', 'link-arg=-Wl,$argument'"
  done
  without_paths
  cargo_build --config "target.$triple.rustflags=[$flags]"
}

# Adds to `flags` what removes the paths of this machine's package directory from the program; a panic would print them.
without_paths() {
  # Creates the directories below. If it fails, the build fails in the same way, with an explanation.
  cargo fetch --locked --target "$triple" </dev/null || true
  for sources in "${CARGO_HOME:-${HOME-}/.cargo}"/registry/src/*; do
    case $sources in
      *\'*) ;;
      *) ! [ -d "$sources" ] || flags="$flags, '--remap-path-prefix=$sources=crates'" ;;
    esac
  done
}

# Whether the linker accepts this argument, and the C library then starts the program. glibc before 2.36 does not support packed
# relocations.
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

# The C compiler prints a path if it finds the library, otherwise only the name.
has_library() {
  case $("${CC:-cc}" "-print-file-name=$1" 2>/dev/null) in
    /*) return 0 ;;
    *) return 1 ;;
  esac
}

# Sets `triple`: musl if it can be built, since it is made for static binaries; otherwise glibc.
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

check_build() {
  [ "$(uname -s)" != Linux ] || check_static
  version=$(version_of "$binary") || err "the new binary does not run here: $binary --version"
}

# A static binary requires no interpreter (the dynamic loader) and no library.
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
    # ldd exits non-zero for a static binary, which is the expected case.
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

# --- a release ---------------------------------------------------------------------------------

# Sets `system`, which is in the names of archives, and `from`: the place of the release's files.
choose_release() {
  kernel=$(uname -s)
  machine=$(uname -m)
  # On an ARM Mac, a translated shell gets the name of the other processor.
  if [ "$kernel" = Darwin ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then
    machine=arm64
  fi
  case $kernel-$machine in
    Linux-x86_64 | Linux-amd64) system=linux-x86_64 ;;
    Linux-aarch64 | Linux-arm64) system=linux-aarch64 ;;
    Darwin-arm64) system=macos-aarch64 ;;
    *) err "there is no release for $kernel on $machine" "$BUILD_IT" ;;
  esac
  [ -z "$from" ] || return 0
  [ -n "$RELEASES" ] || err "this is not a checkout of $PROGRAM, and this copy of the script names no releases" \
    "to build, run it as \`sh install.sh\` in a clone" \
    "to install a release, say where its files are with --from URL|DIR, or take the install.sh that is among them"
  # https://docs.github.com/en/repositories/releasing-projects-on-github/linking-to-releases
  from=$RELEASES/latest/download
  [ -z "$wanted" ] || from=$RELEASES/download/v$wanted
  allowed "$from" || err "this copy of the script names releases at no address that may be used: $RELEASES"
}

# Sets `binary`. Everything is unpacked in the target directory, because /tmp may be mounted
# noexec, or be too small.
fetch_release() {
  for tool in tar gzip; do
    have "$tool" || err "there is no $tool here, which unpacks the release"
  done
  clean_up_in_the_end
  workspace=$(mktemp -d "${directory%/}/.$PROGRAM.XXXXXX" 2>/dev/null) || not_writable
  fetch SHA256SUMS
  choose_archive
  fetch "$archive"
  verify
  member=${archive%.tar.gz}/$PROGRAM
  (cd "$workspace" && tar -xzf "$archive" "$member") || err "cannot unpack $archive"
  binary=$workspace/$member
  { [ -f "$binary" ] && ! [ -L "$binary" ]; } || err "$archive holds no program at $member"
}

# Downloads or copies the release's file $1 to the workspace.
fetch() {
  case $from in
    *://*)
      say "downloading $from/$1"
      download "$from/$1" "$workspace/$1" || err "cannot download $from/$1" "the reason stands above; nothing was changed"
      ;;
    *)
      [ -f "$from/$1" ] || err "there is no $1 in $from" "--from takes the directory with a release's SHA256SUMS and archives"
      cp -- "$from/$1" "$workspace/$1" || err "cannot read $from/$1"
      ;;
  esac
}

# Sets `archive`; `expected`, its hash in SHA256SUMS; and `released`, the version in its name.
choose_archive() {
  archive=
  while read -r sum name rest; do
    name=${name#\*}
    case $name$rest in
      *[!0-9A-Za-z._+-]*) continue ;;
      "$PROGRAM-$wanted-$system.tar.gz") ;;
      "$PROGRAM-"[0-9]*"-$system.tar.gz") [ -z "$wanted" ] || continue ;;
      *) continue ;;
    esac
    [ -z "$archive" ] || err "$from has more than one release for $system" "choose one with --version V"
    archive=$name
    expected=$(printf '%s\n' "$sum" | tr ABCDEF abcdef)
  done <"$workspace/SHA256SUMS"
  [ -n "$archive" ] || err "no release${wanted:+ $wanted} for $system stands in $from/SHA256SUMS" "$BUILD_IT"
  is_sha256 "$expected" || err "what stands before $archive in $from/SHA256SUMS is not a SHA-256"
  released=${archive#"$PROGRAM-"}
  released=${released%"-$system.tar.gz"}
}

is_sha256() {
  case $1 in
    *[!0-9a-f]*) return 1 ;;
  esac
  [ ${#1} -eq 64 ]
}

# Sets `checksum`, the tool. Without one, nothing is installed.
verify() {
  if have sha256sum; then
    checksum="sha256sum"
  elif have shasum; then
    checksum="shasum -a 256"
  elif have openssl; then
    checksum="openssl dgst -sha256"
  else
    err "the download cannot be verified: neither sha256sum, shasum nor openssl is here" \
      "install one of them and run this again; coreutils has sha256sum"
  fi
  # The command is several words. `0123…  -`, or openssl's `SHA2-256(stdin)= 0123…`
  # shellcheck disable=SC2086
  found=$($checksum <"$workspace/$archive") || err "$checksum does not work here"
  found=${found##*= }
  found=${found%% *}
  is_sha256 "$found" || err "$checksum gives no SHA-256 here, but: $found"
  [ "$found" = "$expected" ] || err "$archive is not what SHA256SUMS says: it was not installed" \
    "expected $expected, found $found" \
    "a download that was cut short looks like this, and so does one that was tampered with"
}

check_release() {
  version=$(version_of "$binary") || err "the program in $archive does not run here, on $kernel on $machine" \
    "it was made for another system, or $directory is on a file system mounted noexec"
  [ "$version" = "$PROGRAM $released" ] || err "the program in $archive says that it is $version"
}

# Checks an address for downloads: https, or http on this machine.
allowed() {
  case $1 in
    *[[:space:][:cntrl:]?#@\\]*) return 1 ;;
    https://[!/]*) return 0 ;;
    *) on_loopback "$1" ;;
  esac
}

on_loopback() {
  case $1 in
    http://*) authority=${1#http://} ;;
    *) return 1 ;;
  esac
  authority=${authority%%/*}
  case $authority in
    '[::1]'*) host='[::1]' ;;
    *) host=${authority%%:*} ;;
  esac
  case $host in
    '[::1]' | localhost) ;;
    *) is_loopback_address "$host" || return 1 ;;
  esac
  case ${authority#"$host"} in
    '') ;;
    :*[!0-9]*) return 1 ;;
    :*) ;;
    *) return 1 ;;
  esac
}

# Loopback addresses such as 127.0.0.1: four numbers below 256, which every download tool reads alike. Any other text that
# starts with `127.` is a host name.
is_loopback_address() (
  case $1 in
    127.*.*.*) ;;
    *) return 1 ;;
  esac
  rest=${1#127}.
  for _ in 2 3 4; do
    rest=${rest#.}
    number=${rest%%.*}
    rest=.${rest#*.}
    case $number in
      [0-9] | [1-9][0-9] | 1[0-9][0-9] | 2[0-4][0-9] | 25[0-5]) ;;
      *) return 1 ;;
    esac
  done
  [ "$rest" = . ]
)

# Time and size are limited, for any server.
download() { # URL FILE
  if have curl; then
    with_curl "$1" "$2"
  elif have timeout && have wget && LC_ALL=C wget --version 2>/dev/null | grep -q '^GNU Wget '; then
    with_wget "$1" "$2"
  else
    err "there is no curl here, and no GNU wget (with timeout)" \
      "install curl, or copy the release's files here and use --from DIR" \
      "busybox's wget is not used: it does not check certificates"
  fi
}

# POSIX uses units of 512 bytes, bash of 1024. A lower existing limit cannot be raised.
limited() {
  (ulimit -f "$LARGEST" 2>/dev/null || true && exec "$@")
}

with_curl() {
  url=$1
  set -- --globoff --silent --show-error --output "$2" --write-out '%{http_code}' \
    --connect-timeout 20 --max-time "$LONGEST" --retry 3 --retry-max-time "$LONGEST"
  if on_loopback "$url"; then
    set -- "$@" --noproxy '*' --proto '=http' --max-redirs 0
  else
    set -- "$@" --proto '=https' --tlsv1.2 --location --proto-redir '=https' --max-redirs 5
  fi
  answer=$(limited curl "$@" -- "$url") || return 1
  [ "$answer" = 200 ] || {
    complain "the server answered $answer"
    return 1
  }
}

# This script follows redirects itself, because wget would follow one from https to http.
with_wget() {
  url=$1
  log=$workspace/wget.log
  # With GNU's timeout, Ctrl-C would not reach wget without this option. Other versions neither have nor need it.
  foreground=
  ! timeout --foreground 1 sh -c : 2>/dev/null || foreground=--foreground
  for _ in 1 2 3 4 5 6; do
    bypass=
    ! on_loopback "$url" || bypass=--no-proxy
    # shellcheck disable=SC2086 # each is an option or nothing
    if limited timeout $foreground "$LONGEST" wget --server-response --max-redirect=0 --tries=3 --timeout=20 $bypass \
      --output-document="$2" -- "$url" 2>"$log"; then
      return 0
    fi
    next=$(tr -d '\r' <"$log" | sed -n 's/^ *[Ll]ocation: *\(https:[^ ]*\).*/\1/p' | tail -n 1)
    if [ -z "$next" ] || on_loopback "$url"; then
      break
    fi
    url=$next
  done
  cat "$log" >&2
  return 1
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
  # Checked now, not after minutes of building.
  mkdir -p -- "$directory" 2>/dev/null || err "cannot make the directory $directory" "name another with --to DIR"
  writable "$directory" || not_writable
  destination=${directory%/}/$PROGRAM
  ! [ -d "$destination" ] || err "$destination is a directory: the program cannot take its place"
}

not_writable() {
  err "you may not write to $directory" "name another directory with --to DIR, or run this as a user who may"
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
    # These directories belong to other tools, which overwrite, hide or remove files in them.
    /bin | /usr/bin | */sbin | /nix/* | /snap/* | /opt/*/* | "${HOME:-/}"/.*) return 1 ;;
    */cargo/bin | */.cargo/bin | */shims | */node_modules/.bin | */.venv/* | */venv/*) return 1 ;;
    "${CARGO_HOME:-/dev/null}"/* | "${VIRTUAL_ENV:-/dev/null}"/* | "${CONDA_PREFIX:-/dev/null}"/*) return 1 ;;
    /*) ;;
    *) return 1 ;;
  esac
  writable "$1" && ! [ "$(others_who_may_replace "$1")" ]
}

writable() {
  [ -d "$1" ] && [ -w "$1" ] && [ -x "$1" ]
}

# Prints who else may replace the directory or a file in it, except this user and root; nothing if nobody may. A
# user who may write to a parent can replace the directory, and the owner of a link can change its target.
others_who_may_replace() {
  physical=$(CDPATH='' cd -P -- "$1" 2>/dev/null && pwd -P) || return 0
  case $1 in
    /*) logical=$1 ;;
    *) logical=$(pwd)/$1 ;;
  esac
  for place in "$physical" "${logical%/}"; do
    while [ "$place" ]; do
      who=$(others_who_may_write "$place")
      if [ -z "$who" ] && [ -L "$place" ]; then
        # shellcheck disable=SC2012 # the owner, before any name
        owner=$(LC_ALL=C ls -ldn -- "$place" | sed -n '1s/^[^ ]* *[^ ]* *\([^ ]*\).*/\1/p')
        case $owner in 0 | "$(id -u)") ;; *) who="the user $owner" ;; esac
      fi
      if [ "$who" ]; then
        printf '%s\n' "$who"
        return
      fi
      place=${place%/*}
    done
  done
  others_who_may_write /
}

# The same for one file or directory, without its parents.
others_who_may_write() {
  # shellcheck disable=SC2012,SC2046 # the mode, the links, the owner, the group, before any name
  set -- $(LC_ALL=C ls -ldLn -- "$1" 2>/dev/null | sed -n '1s/^\([^ ]* *[^ ]* *[^ ]* *[^ ]*\).*/\1/p')
  case ${1-} in
    '') return 0 ;;
    # In a directory with the sticky bit, users can replace only their own files.
    ????????w[tT]*) ;;
    ????????w*)
      echo everybody
      return
      ;;
  esac
  case $3 in
    0 | "$(id -u)") ;;
    *)
      echo "the user $3"
      return
      ;;
  esac
  case $1:$4 in
    ?????w???[tT]*) ;;
    # An access control list gives the group's permissions to others.
    ?????w????+:* | ?????w???+:*) echo "others, by an access control list" ;;
    *:0 | *:"$(id -g)") ;;
    ?????w*) echo "the group $4" ;;
  esac
}

# --- there -------------------------------------------------------------------------------------

# Uses a rename within the directory. A process that starts the program at that time gets the old one or the new one. A failure
# leaves the old one.
install_binary() {
  old=
  if [ -e "$destination" ] || [ -L "$destination" ]; then
    # Do not run another user's file, because this user may be root. Do not follow a symlink, which another user may have made.
    if [ -L "$destination" ]; then
      old="a link"
    elif [ "$(others_who_may_write "$destination")" ] || [ "$(others_who_may_replace "$directory")" ]; then
      old="a file that other users may have written"
    else
      old=$(version_of "$destination") || old="an older file"
      [ -n "$old" ] || old="an older file"
    fi
  fi
  clean_up_in_the_end
  temporary=$(mktemp "${directory%/}/.$PROGRAM.XXXXXX" 2>/dev/null) || not_writable
  cp -- "$binary" "$temporary" || err "cannot copy the program to $directory"
  chmod 0755 "$temporary" || err "cannot make $temporary executable"
  mv -f -- "$temporary" "$destination" || err "cannot put the program at $destination"
  temporary=
}

# The link is in the same directory, so that both are on PATH. An existing file that is not a symlink is not from this script.
link_helper() {
  helper=${directory%/}/$HELPER
  if [ -d "$helper" ] || { [ -e "$helper" ] && ! [ -L "$helper" ]; }; then
    complain "warning: $helper is not a link, and is left as it is: docker runs it for registries' passwords"
    helper=
    return
  fi
  if ! have ln; then
    say "there is no ln here: for docker's registries, link $helper to $PROGRAM"
    helper=
    return
  fi
  temporary=${directory%/}/.$PROGRAM.link.$$
  if ! { ln -s -- "$PROGRAM" "$temporary" && mv -f -- "$temporary" "$helper"; }; then
    complain "warning: cannot make the link $helper, by which docker finds $PROGRAM"
    rm -f -- "$temporary"
    helper=
  fi
  temporary=
}

clean_up_in_the_end() {
  trap clean_up EXIT
  trap 'exit 1' HUP INT TERM
}

# shellcheck disable=SC2317 # a trap calls it
clean_up() {
  [ -z "$temporary" ] || rm -f -- "$temporary"
  [ -z "$workspace" ] || rm -rf -- "$workspace"
}

report() {
  say "installed $version as $destination ($why)"
  [ -z "$old" ] || say "it replaced $old"
  [ -z "$helper" ] || say "linked $helper to it, for docker's registries"
  others=$(others_who_may_replace "$directory")
  [ -z "$others" ] || complain "warning: $others may put another program in its place: $directory"
  [ -z "${proof-}" ] || say "fully static: $proof"
  [ -z "${checksum-}" ] || say "its archive's SHA-256 is right: $checksum"
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

{
  main "$@"
  exit
}
