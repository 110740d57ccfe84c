#!/bin/sh
#
# Tests install.sh in a checkout, with dash, bash and busybox sh: its decisions, its output, and its files. `.ci/run` also
# installs the real build.

# shellcheck source=tests/install/support.sh
. "$(dirname -- "$0")/support.sh"

# --- the cases ---------------------------------------------------------------------------------

to_a_directory() {
  fresh
  install --to "$home/new dir/it's"
  check "--to makes the directory and installs" ends_with 0
  check "--to: the program runs" is_new "$home/new dir/it's/oidc-exchange"
  check "--to: nothing else is left" both_in "$home/new dir/it's"
  check "--to: it says where" says "installed oidc-exchange 2.0.0 as $home/new dir/it's/oidc-exchange (as --to says)"
  check "--to: it says that the program is static" says "fully static"
  check "--to: it says what the link is" says "linked $home/new dir/it's/docker-credential-oidc-exchange to it"
  line=$(printf '%s\n' "$out" | sed -n 's/^    //p')
  found=$(PATH=$path sh -c "$line; command -v oidc-exchange") || found=
  check "--to: the line puts it on PATH" [ "$found" = "$home/new dir/it's/oidc-exchange" ]

  fresh
  install --to=there
  check "--to=DIR, from the working directory" is_new "$home/cwd/there/oidc-exchange"

  fresh
  mkdir "$home/bin"
  path=$path:$home/bin/
  install --to "$home/bin"
  check "--to a directory on PATH needs no line" silent "PATH"
}

by_path() {
  fresh
  mkdir -p "$home/.cargo/bin" "$home/cwd/relative" "$home/open" "$home/venv/bin" "$home/first" "$home/second" "$home/x/sbin"
  chmod 0777 "$home/open"
  path=$path:relative::$home/none:$home/open:$home/.cargo/bin:$home/venv/bin:$home/x/sbin:$home/first:$home/second
  install
  check "the first suitable directory on PATH" is_new "$home/first/oidc-exchange"
  check "it says which and why" says "as $home/first/oidc-exchange (the first suitable directory on PATH)"
  check "no line for PATH" silent "export"
  check "no other" absent "$home/second/oidc-exchange"

  fresh
  mkdir -p "$home/.local/bin" "$home/other"
  path=$path:$home/.local/bin:$home/other
  install
  check "the home's .local/bin when PATH has it" is_new "$home/.local/bin/oidc-exchange"

  fresh
  install
  check "the home's .local/bin when nothing on PATH is suitable" is_new "$home/.local/bin/oidc-exchange"
  check "… with the line that puts it on PATH" says "    export PATH='$home/.local/bin':\"\$PATH\""

  fresh
  set_variables=SHELL=/usr/bin/fish
  install
  check "fish has its own line" says "    fish_add_path '$home/.local/bin'"

  fresh
  mkdir -p "$home/groups" "$home/mine"
  chmod 0775 "$home/groups" "$home/mine"
  path=$path:$home/groups:$home/mine
  # Only root can create other users' directories.
  if [ "$(id -u)" -eq 0 ]; then
    mkdir "$home/theirs"
    chown 65534 "$home/theirs"
    chgrp 65534 "$home/groups"
    path=$home/theirs:$path
    install
    check "a directory of another user's, and one that another group may write, are passed over" is_new "$home/mine/oidc-exchange"

    install --to "$home/theirs"
    check "--to another user's directory: it warns" complains "the user 65534 may put another program in its place"
    install --to "$home/groups"
    check "--to a group's directory: it warns" complains "the group 65534 may put another program in its place"
    check "--to a group's directory: installed" is_new "$home/groups/oidc-exchange"
    install --to "$home/mine"
    check "--to one's own directory: no warning" uncomplaining

    fresh
    mkdir -p "$home/shared/bin" "$home/elsewhere" "$home/mine"
    chmod 0777 "$home/shared"
    ln -s "$home/elsewhere" "$home/link"
    chown -h 65534 "$home/link"
    path=$path:$home/shared/bin:$home/link:$home/mine
    install
    check "a directory below one that everybody may write, and another user's link, are passed over" is_new "$home/mine/oidc-exchange"
    install --to "$home/shared/bin"
    check "--to a directory below one that everybody may write: it warns" complains "everybody may put another program in its place"
    install --to "$home/link"
    check "--to another user's link: it warns" complains "the user 65534 may put another program in its place"
  fi

  fresh
  mkdir "$home/first" "$home/second"
  cp "$work/old" "$home/first/oidc-exchange"
  path=$path:$home/first:$home/second
  install --to "$home/second"
  check "another one that PATH finds first is named" says "PATH has another one first: $home/first/oidc-exchange"

  fresh
  set_variables=HOME=
  install
  check "no HOME: an error" ends_with 1
  check "no HOME: it says what to do" complains "--to DIR"
}

without_permission() {
  fresh
  mkdir "$home/closed" "$home/open"
  chmod 0555 "$home/closed"
  # Root may write everywhere.
  if [ "$(id -u)" -eq 0 ]; then
    chown 65534:65534 "$home/open"
    user="setpriv --reuid=65534 --regid=65534 --clear-groups"
  fi
  path=$path:$home/closed:$home/open
  install --to "$home/closed"
  check "no permission: an error" ends_with 1
  check "no permission: it says so" complains "you may not write to $home/closed"
  check "no permission: known before the build" not_built
  install --to "$home/closed/below"
  check "no permission to make it: an error" ends_with 1
  check "no permission to make it: it says so" complains "cannot make the directory $home/closed/below"
  install
  check "PATH: one that cannot be written is passed over" is_new "$home/open/oidc-exchange"
}

wrong_usage() {
  for arguments in --frobnicate --to --to= extra "--to $work/x --frobnicate"; do
    fresh
    # shellcheck disable=SC2086 # these are words
    install $arguments
    check "$arguments: exit 2" ends_with 2
    check "$arguments: said on standard error alone" quiet
    check "$arguments: it points to --help" complains "--help"
    check "$arguments: nothing is built" not_built
  done
  fresh
  install --to ''
  check "--to '': exit 2" ends_with 2
  install --help
  check "--help: exit 0" ends_with 0
  check "--help: it says where to" says "first one on PATH"
  check "--help: nothing is built" not_built
}

over_an_old_one() {
  fresh
  mkdir "$home/bin"
  cp "$work/old" "$home/bin/oidc-exchange"
  "$home/bin/oidc-exchange" wait &
  running=$!
  install --to "$home/bin"
  check "an old version that runs is replaced" is_new "$home/bin/oidc-exchange"
  check "… and mentioned" says "it replaced oidc-exchange 1.0.0"
  check "… and goes on running" kill -0 "$running"
  kill "$running"
  wait "$running" 2>/dev/null || true
  check "… and no other file is left" both_in "$home/bin"

  fresh
  mkdir "$home/bin"
  echo "another's" >"$home/bin/docker-credential-oidc-exchange"
  install --to "$home/bin"
  check "a helper that is no link: installed" ends_with 0
  check "a helper that is no link: it says so" complains "is not a link, and is left as it is"
  check "a helper that is no link: it stays" grep -q "another's" "$home/bin/docker-credential-oidc-exchange"

  fresh
  mkdir "$home/bin"
  ln -s /elsewhere "$home/bin/docker-credential-oidc-exchange"
  install --to "$home/bin"
  check "an older link is replaced" linked_in "$home/bin"

  fresh
  mkdir "$home/bin"
  echo "not a program" >"$home/bin/oidc-exchange"
  install --to "$home/bin"
  check "an old file that does not run is replaced" is_new "$home/bin/oidc-exchange"
  check "… and mentioned" says "it replaced an older file"

  fresh
  mkdir "$home/bin"
  ln -s "$home/elsewhere" "$home/bin/oidc-exchange"
  install --to "$home/bin"
  check "a dangling link is replaced" is_new "$home/bin/oidc-exchange"
  check "… not followed" absent "$home/elsewhere"

  if [ "$(id -u)" -eq 0 ]; then
    for mode in 0755 1777; do
      fresh
      mkdir "$home/bin"
      chmod "$mode" "$home/bin"
      printf '#!/bin/sh\necho run >%s/was-run\n' "$home" >"$home/bin/oidc-exchange"
      chmod 0755 "$home/bin/oidc-exchange"
      chown 65534 "$home/bin/oidc-exchange"
      install --to "$home/bin"
      check "another user's file, in $mode: replaced" is_new "$home/bin/oidc-exchange"
      check "another user's file, in $mode: not run" absent "$home/was-run"
      check "another user's file, in $mode: said" says "it replaced a file that other users may have written"
      check "another user's file, in $mode: no warning of the directory" uncomplaining
    done
  fi

  fresh
  mkdir -p "$home/bin/oidc-exchange"
  install --to "$home/bin"
  check "a directory of that name: an error" ends_with 1
  check "a directory of that name: it says so" complains "is a directory"
  check "a directory of that name: it stays empty" alone_in "$home/bin/oidc-exchange" ""
}

nothing_to_build_with() {
  fresh
  rm "$home/shims/cargo"
  install --to "$home/bin"
  check "no cargo: an error" ends_with 1
  check "no cargo: it says what to do" complains "https://rustup.rs"

  fresh
  rm "$home/checkout/Cargo.toml"
  install --to "$home/bin"
  check "not a checkout: an error" ends_with 1
  check "not a checkout: it says what to do" complains "run it as \`sh install.sh\` in a clone"
  check "not a checkout: nothing is made" absent "$home/bin"

  fresh
  status=0
  # shellcheck disable=SC2086 # the shell is several words
  out=$(cd "$home/checkout" && env -i HOME="$home" PATH="$path" $shell <install.sh 2>"$work/errors") || status=$?
  errors=$(cat "$work/errors")
  check "piped into the shell: an error, even in a checkout" ends_with 1
  check "piped into the shell: it says why" complains "not a checkout"
}

cut_off() {
  size=$(wc -c <"$root/install.sh")
  for bytes in 300 5000 $((size - 30)) $(seq $((size - 16)) $((size - 2))); do
    fresh
    head -c "$bytes" "$root/install.sh" >"$script"
    install --to "$home/bin"
    check "cut off after $bytes bytes: nothing is done" absent "$home/bin"
    check "cut off after $bytes bytes: nothing is built" not_built
  done
}

the_build() {
  fresh
  set_variables="RUSTFLAGS=-Cdebuginfo=1 CARGO_ENCODED_RUSTFLAGS=-Cdebuginfo=1"
  install --to "$home/bin"
  for argument in --release --locked "$host" "in $home/checkout" "$home/checkout/target" RUSTFLAGS=unset \
    CARGO_ENCODED_RUSTFLAGS=unset; do
    check "cargo was called with $argument" was_called_with "$argument"
  done
  check "RUSTFLAGS: it says that they are left out" says "RUSTFLAGS is left out"

  fresh
  mkdir -p "$home/.cargo/registry/src/mirror.example-0123"
  install --to "$home/bin"
  check "the package directory's path stays out of the program" was_called_with \
    "target.$host.rustflags=['-C', 'target-feature=+crt-static', '-C', 'link-arg=-Wl,-z,pack-relative-relocs', '-C', 'link-arg=-Wl,--icf=all', '-C', 'link-arg=-Wl,--no-eh-frame-hdr,-T,release/no-unwind-tables.ld', '--remap-path-prefix=$home/.cargo/registry/src/mirror.example-0123=crates']"

  relocations="'-C', 'link-arg=-Wl,-z,pack-relative-relocs'"
  folding="'-C', 'link-arg=-Wl,--icf=all'"
  tables="'-C', 'link-arg=-Wl,--no-eh-frame-hdr,-T,release/no-unwind-tables.ld'"
  for case in \
    "NOT_LINKED=nothing:$relocations, $folding, $tables" \
    "NOT_LINKED=--icf:$relocations, $tables" \
    "NOT_LINKED=--no-eh-frame:$relocations, $folding" \
    "NOT_STARTED=-z,pack:$folding, $tables"; do
    fresh
    set_variables=${case%%:*}
    install --to "$home/bin"
    check "the linker, where $set_variables: its flags" \
      was_called_with "target.$host.rustflags=['-C', 'target-feature=+crt-static', ${case#*:}]"
  done

  fresh
  set_variables=CARGO_TARGET_DIR=built
  install --to "$home/bin"
  check "CARGO_TARGET_DIR, from the working directory" is_new "$home/cwd/built/$host/release/oidc-exchange"

  fresh
  libdir=$home
  ln -s /bin/true "$home/shims/musl-gcc"
  install --to "$home/bin"
  check "musl where it is there" was_called_with x86_64-unknown-linux-musl
  check "musl: its C compiler is named" was_called_with CC_x86_64_unknown_linux_musl=musl-gcc
  check "musl: installed" is_new "$home/bin/oidc-exchange"

  fresh
  libdir=$home
  install --to "$home/bin"
  check "musl without a C compiler: glibc" was_called_with "$host"
  check "musl without a C compiler: it says so" says "no C compiler for it (musl-gcc): building for glibc"

  fresh
  host=aarch64-apple-darwin
  builds=$work/dynamic
  rm "$home/shims/uname"
  printf '#!/bin/sh\necho Darwin\n' >"$home/shims/uname"
  chmod +x "$home/shims/uname"
  install --to "$home/bin"
  check "macOS: installed" is_new "$home/bin/oidc-exchange"
  check "macOS: not said to be static" silent "static"

  fresh
  host=x86_64-pc-windows-gnu
  install --to "$home/bin"
  check "another system: an error" complains "Linux and macOS only"
}

a_bad_build() {
  fresh
  mkdir "$home/bin"
  cp "$work/old" "$home/bin/oidc-exchange"
  builds=nothing
  install --to "$home/bin"
  check "a failed build: an error" ends_with 1
  check "a failed build: it says what it needs" complains "this needs Rust $(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$root/Cargo.toml")"
  check "a failed build: the old one stays" is_old "$home/bin/oidc-exchange"

  for tool in readelf file ldd; do
    builds=$work/dynamic
    rm -f "$home/log"
    install --to "$home/bin"
    check "a dynamic binary, seen by $tool: an error" ends_with 1
    check "a dynamic binary, seen by $tool: it says so" complains "not static"
    check "a dynamic binary, seen by $tool: the old one stays" is_old "$home/bin/oidc-exchange"
    builds=$work/new
    install --to "$home/other"
    check "a static binary, seen by $tool" says "$tool"
    rm "$home/shims/$tool"
  done
  install --to "$home/other"
  check "with none of the three: said to be unchecked" says "is not checked"
  check "with none of the three: installed" ends_with 0

  fresh
  printf '#!/bin/sh\nexit 1\n' >"$work/broken"
  chmod +x "$work/broken"
  builds=$work/broken
  rm "$home/shims/readelf" "$home/shims/file" "$home/shims/ldd"
  install --to "$home/bin"
  check "a binary that does not run: an error" complains "does not run here"
  check "a binary that does not run: not installed" absent "$home/bin/oidc-exchange"
}

in_every_shell to_a_directory by_path without_permission wrong_usage over_an_old_one nothing_to_build_with cut_off \
  the_build a_bad_build
