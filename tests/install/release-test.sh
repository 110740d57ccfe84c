#!/bin/sh
#
# Tests how install.sh installs a release, with dash, bash and busybox sh, and with curl and wget. The release is in a
# directory, on a server on loopback, or on servers that are broken, manipulated or wrong.

# shellcheck source=tests/install/support.sh
. "$(dirname -- "$0")/support.sh"

# --- releases ----------------------------------------------------------------------------------

served=$work/served

release() { # WHERE PROGRAM VERSION [SYSTEM]
  name=oidc-exchange-$3-${4:-linux-x86_64}
  mkdir -p "$served/$1" "$work/packing/$name"
  cp -P "$2" "$work/packing/$name/oidc-exchange"
  tar -C "$work/packing" -czf "$served/$1/$name.tar.gz" "$name"
  rm -r "$work/packing"
  sums "$1"
}

sums() { # WHERE
  (cd "$served/$1" && sha256sum ./*.tar.gz | sed 's|\./||' >SHA256SUMS)
}

# A program for another processor.
foreign() {
  cp "$work/new" "$work/foreign"
  printf '\363' | dd of="$work/foreign" bs=1 seek=18 conv=notrunc 2>/dev/null
}

releases() {
  program other 1.5.0 -static
  foreign
  printf '#!/bin/sh\nexit 1\n' >"$work/broken"
  chmod +x "$work/broken"
  ln -s /bin/sh "$work/link"

  release good "$work/new" 2.0.0
  release good "$work/foreign" 2.0.0 linux-aarch64
  release good "$work/foreign" 2.0.0 macos-aarch64
  echo "an install.sh has a line of its own" | sha256sum | sed 's/-$/install.sh/' >>"$served/good/SHA256SUMS"

  release github/latest/download "$work/new" 2.0.0
  release github/download/v1.5.0 "$work/other" 1.5.0
  release several "$work/new" 2.0.0
  release several "$work/other" 1.5.0

  release tampered "$work/new" 2.0.0
  (cd "$served/tampered" && printf 'x' | dd of=oidc-exchange-2.0.0-linux-x86_64.tar.gz bs=1 seek=100 conv=notrunc 2>/dev/null)
  release wrong-sums "$work/new" 2.0.0
  zeros=$(printf '%064d' 0)
  sed -i "s/^[0-9a-f]*/$zeros/" "$served/wrong-sums/SHA256SUMS"
  for damage in 's/^.//' 's/^[0-9a-f]*/-/' 's/\.gz$//' '1d' 's/$/ more/'; do
    where=damaged-$(printf '%s' "$damage" | tr -cd 'a-z0-9')
    release "$where" "$work/new" 2.0.0
    sed -i "$damage" "$served/$where/SHA256SUMS"
  done
  release missing "$work/new" 2.0.0
  rm "$served/missing/"*.tar.gz
  release no-sums "$work/new" 2.0.0
  rm "$served/no-sums/SHA256SUMS"
  release other-system "$work/new" 2.0.0 linux-riscv64
  release mislabelled "$work/foreign" 2.0.0
  release misnamed "$work/other" 2.0.0
  release does-not-run "$work/broken" 2.0.0
  release a-link "$work/link" 2.0.0
  release nothing-in-it "$work/new" 2.0.0
  tar -C "$work" -czf "$served/nothing-in-it/oidc-exchange-2.0.0-linux-x86_64.tar.gz" new
  sums nothing-in-it
  release no-archive "$work/new" 2.0.0
  echo "not an archive" >"$served/no-archive/oidc-exchange-2.0.0-linux-x86_64.tar.gz"
  sums no-archive
}

serve() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -keyout "$work/key.pem" -out "$work/ca.pem" 2>/dev/null
  cat "$work/key.pem" "$work/ca.pem" >"$work/server.pem"
  mkfifo "$work/hold" "$work/ports"
  python3 "$root/tests/install/server.py" "$served" "$work/server.pem" "$work/requests" <"$work/hold" >"$work/ports" &
  server=$!
  exec 3>"$work/hold"
  # The server ends when its standard input closes.
  trap 'exec 3>&-; wait "$server" || true; rm -rf -- "$work"' EXIT
  read -r http https <"$work/ports"
  http=http://127.0.0.1:$http
  https=https://localhost:$https
  printf 'ca_certificate = %s\n' "$work/ca.pem" >"$work/wgetrc"
  chmod 0644 "$work/ca.pem" "$work/wgetrc"
}

# --- a case ------------------------------------------------------------------------------------

# A new machine without a checkout, with an old version, and with only this client.
alone() { # CLIENT
  fresh
  rm "$home/shims/cargo" "$home/checkout/Cargo.toml" "$home/shims/file" "$home/shims/cc"
  for linked in "$1" gzip sha256sum tar timeout; do
    [ -z "$linked" ] || ln -s "$(command -v "$linked")" "$home/shims/$linked"
  done
  mkdir "$home/bin"
  cp "$work/old" "$home/bin/oidc-exchange"
  set_variables="CURL_CA_BUNDLE=$work/ca.pem WGETRC=$work/wgetrc"
  : >"$work/requests"
}

untouched() { is_old "$home/bin/oidc-exchange" && alone_in "$home/bin" oidc-exchange; }
asked_for_nothing() { ! [ -s "$work/requests" ]; }
asked_for() { grep -qxF -- "$1" "$work/requests"; }
nothing_over_http() { ! grep -q "^http " "$work/requests"; }
installed() { ends_with 0 && is_new "$home/bin/oidc-exchange" && both_in "$home/bin"; }

refused() { # WHAT MESSAGE
  check "$1: an error" ends_with 1
  check "$1: it says so" complains "$2"
  check "$1: the old one stays, and nothing else is left" untouched
}

here() { # COMMAND STAND-IN: an answer of this machine's
  rm -f "$home/shims/$1"
  printf '#!/bin/sh\n%s\n' "$2" >"$home/shims/$1"
  chmod +x "$home/shims/$1"
}

# With tighter limits.
in_a_hurry() {
  sed -i 's/^LONGEST=.*/LONGEST=2/; s/^LARGEST=.*/LARGEST=2048/' "$script"
}

# --- the cases ---------------------------------------------------------------------------------

from_a_directory() {
  alone ""
  install --to "$home/bin" --from "$served/good"
  check "from a directory" installed
  check "from a directory: what it replaced" says "it replaced oidc-exchange 1.0.0"
  check "from a directory: how it was verified" says "SHA-256 is right: sha256sum"
  alone ""
  ln -s "$served/good" "$home/cwd/release"
  install --to "$home/bin" --from=release
  check "from a directory, from the working directory" installed

  alone ""
  install --to "$home/bin" --from "$served/several" --version v1.5.0
  check "--version chooses among several" [ "$("$home/bin/oidc-exchange" --version)" = "oidc-exchange 1.5.0" ]
  alone ""
  install --to "$home/bin" --from "$served/several"
  refused "several, and none chosen" "choose one with --version"
  install --to "$home/bin" --from "$served/good" --version 3.0.0
  refused "a version that is not there" "no release 3.0.0 for linux-x86_64"
  install --to "$home/bin" --from "$home/none"
  refused "no such directory" "there is no SHA256SUMS in $home/none"

  fresh
  for tool in gzip sha256sum tar; do
    ln -s "$(command -v "$tool")" "$home/shims/$tool"
  done
  install --to "$home/bin" --from "$served/good"
  check "--from in a checkout: a release" is_new "$home/bin/oidc-exchange"
  check "--from in a checkout: no build" not_built
}

from_a_server() {
  for client in curl wget; do
    alone "$client"
    install --to "$home/bin" --from "$http/files/good"
    check "$client, http on loopback" installed
    alone "$client"
    install --to "$home/bin" --from "$https/files/good/"
    check "$client, https" installed
    check "$client, https: asked for twice, and only there" [ "$(sort "$work/requests")" = \
      "https /files/good/SHA256SUMS
https /files/good/oidc-exchange-2.0.0-linux-x86_64.tar.gz" ]
    alone "$client"
    install --to "$home/bin" --from "$https/to-https/good"
    check "$client, a redirect to https" installed
    alone "$client"
    set_variables="$set_variables http_proxy=http://127.0.0.1:9 HTTP_PROXY=http://127.0.0.1:9 ALL_PROXY=http://127.0.0.1:9"
    install --to "$home/bin" --from "$http/files/good"
    check "$client: loopback is not asked for through a proxy" installed

    alone "$client"
    install --to "$home/bin" --from "$https/to-http/good"
    refused "$client, a redirect to http" "cannot download"
    check "$client, a redirect to http is not followed" nothing_over_http
    install --to "$home/bin" --from "$http/to-https/good"
    refused "$client, a redirect from loopback" "cannot download"
    install --to "$home/bin" --from "$https/round/good"
    refused "$client, redirects without an end" "cannot download"
    set_variables=
    install --to "$home/bin" --from "$https/files/good"
    refused "$client, a certificate that nobody vouches for" "cannot download"

    alone "$client"
    in_a_hurry
    for code in 403 404 500 503; do
      install --to "$home/bin" --from "$http/status/$code"
      refused "$client, $code" "cannot download $http/status/$code/SHA256SUMS"
    done
    for how in half short; do
      install --to "$home/bin" --from "$http/$how/good"
      refused "$client, $how" "error"
    done
    cp "$served/good/SHA256SUMS" "$home/cwd/"
    install --to "$home/bin" --from "$http/files/missing"
    refused "$client, a missing archive" "cannot download $http/files/missing/oidc-exchange-2.0.0-linux-x86_64.tar.gz"
    install --to "$home/bin" --from "$http/files/tampered"
    refused "$client, tampered with" "is not what SHA256SUMS says"

    alone "$client"
    in_a_hurry
    began=$(date +%s)
    install --to "$home/bin" --from "$http/stalled/good"
    refused "$client, a server that falls silent" "cannot download"
    install --to "$home/bin" --from "$http/endless/good"
    refused "$client, a file without an end" "cannot download"
    check "$client: both are bounded" [ $(($(date +%s) - began)) -lt 30 ]
  done
}

by_its_own_address() {
  alone curl
  sed -i "s|^RELEASES=.*|RELEASES=$https/files/github|" "$script"
  install --help
  check "--help names the address" says "  $https/files/github"
  install --to "$home/bin"
  check "the latest release" installed
  check "the latest release: by its address" asked_for "https /files/github/latest/download/SHA256SUMS"
  install --to "$home/bin" --version 1.5.0
  check "--version" [ "$("$home/bin/oidc-exchange" --version)" = "oidc-exchange 1.5.0" ]
  check "--version: by its address" asked_for "https /files/github/download/v1.5.0/SHA256SUMS"

  # As documented: with options, and without a checkout or even a file.
  alone curl
  sed -i "s|^RELEASES=.*|RELEASES=$https/files/github|" "$script"
  status=0
  # shellcheck disable=SC2086 # the variables and the shell are several words
  out=$(cd "$home/checkout" && env -i HOME="$home" PATH="$path" $set_variables $shell -s -- --to "$home/bin" \
    <"$script" 2>"$work/errors") || status=$?
  errors=$(cat "$work/errors")
  check "piped into the shell" installed

  alone curl
  sed -i "s|^RELEASES=.*|RELEASES=http://example.com/releases|" "$script"
  install --to "$home/bin"
  refused "an address of its own over http" "no address that may be used"

  alone curl
  install --to "$home/bin"
  refused "no address of its own" "this copy of the script names no releases"
  check "no address of its own: what to do" complains "--from URL|DIR"
}

wrong_usage() {
  for arguments in --version --version= "--version latest" "--version 1/../2" "--version 1;2" --from --from= \
    "--from http://example.com/x" "--from http://127.0.0.1@example.com/x" "--from http://127.0.0.1.example.com/" \
    "--from http://localhost.example.com" "--from http://localhost:80@example.com" "--from ftp://127.0.0.1/" \
    "--from file:///tmp" "--from https:///x" "--from https://user@example.com/x" "--from https://example.com/x?y" \
    "--from HTTP://127.0.0.1/x" "--from http://127.999.999.999/x" "--from http://127./x" "--from http://127.1/x" \
    "--from http://127.0.0.256/x" "--from http://127.0.0.1.2/x" "--from http://127.0.0./x" "--from http://127.0.0.01/x" \
    "--from http://127.0.0.1./x" "--from http://127..0.1/x"; do
    alone curl
    # shellcheck disable=SC2086 # these are words
    install --to "$home/bin" $arguments
    check "$arguments: exit 2" ends_with 2
    check "$arguments: it points to --help" complains "--help"
    check "$arguments: the old one stays" untouched
  done
}

bad_releases() {
  alone ""
  while read -r where message; do
    install --to "$home/bin" --from "$served/$where"
    refused "$where" "$message"
  done <<END
tampered is not what SHA256SUMS says
wrong-sums is not what SHA256SUMS says
damaged-s is not a SHA-256
damaged-s09af is not a SHA-256
damaged-sgz no release for linux-x86_64
damaged-1d no release for linux-x86_64
damaged-smore no release for linux-x86_64
missing there is no oidc-exchange-2.0.0-linux-x86_64.tar.gz
no-sums there is no SHA256SUMS
other-system no release for linux-x86_64
mislabelled does not run here
misnamed says that it is oidc-exchange 1.5.0
does-not-run does not run here
a-link holds no program
nothing-in-it cannot unpack
no-archive cannot unpack
END
}

other_machines() {
  while read -r kernel machine message; do
    alone ""
    here uname "case \$1 in -s) echo $kernel ;; -m) echo $machine ;; esac"
    here sysctl "exit 1"
    install --to "$home/bin" --from "$served/good"
    refused "$kernel on $machine" "$message"
  done <<END
Linux riscv64 there is no release for Linux on riscv64
Linux armv7l there is no release for Linux on armv7l
Linux i686 there is no release for Linux on i686
FreeBSD amd64 there is no release for FreeBSD on amd64
Darwin x86_64 there is no release for Darwin on x86_64
Linux aarch64 oidc-exchange-2.0.0-linux-aarch64.tar.gz does not run here
Linux arm64 oidc-exchange-2.0.0-linux-aarch64.tar.gz does not run here
Darwin arm64 oidc-exchange-2.0.0-macos-aarch64.tar.gz does not run here
END
  alone ""
  here uname "case \$1 in -s) echo Darwin ;; -m) echo x86_64 ;; esac"
  here sysctl "echo 1"
  install --to "$home/bin" --from "$served/good"
  refused "a translated shell on an ARM Mac" "oidc-exchange-2.0.0-macos-aarch64.tar.gz does not run here"
  alone ""
  here uname "case \$1 in -s) echo Linux ;; -m) echo amd64 ;; esac"
  install --to "$home/bin" --from "$served/good"
  check "Linux on amd64" installed
}

tools_that_lack() {
  for tool in sha256sum shasum openssl; do
    alone ""
    rm "$home/shims/sha256sum"
    ln -s "$(command -v "$tool")" "$home/shims/$tool"
    install --to "$home/bin" --from "$served/good"
    check "verified with $tool" installed
    check "verified with $tool: it says so" says "SHA-256 is right: $tool"
    alone ""
    rm "$home/shims/sha256sum"
    ln -s "$(command -v "$tool")" "$home/shims/$tool"
    install --to "$home/bin" --from "$served/tampered"
    refused "tampered with, seen by $tool" "is not what SHA256SUMS says"
  done
  alone ""
  rm "$home/shims/sha256sum"
  install --to "$home/bin" --from "$served/good"
  refused "nothing to verify with" "neither sha256sum, shasum nor openssl is here"
  for answer in "exit 1" "echo" "echo $(printf '%064d' 0)" "echo sorry"; do
    alone ""
    here sha256sum "$answer"
    install --to "$home/bin" --from "$served/good"
    refused "a sha256sum that does: $answer" "error"
  done
  for tool in tar gzip; do
    alone ""
    rm "$home/shims/$tool"
    install --to "$home/bin" --from "$served/good"
    refused "no $tool" "there is no $tool here"
  done

  alone ""
  install --to "$home/bin" --from "$http/files/good"
  refused "nothing to download with" "no curl here, and no GNU wget"
  alone ""
  here wget 'echo "BusyBox v1.36.1"'
  install --to "$home/bin" --from "$http/files/good"
  refused "another wget" "no curl here, and no GNU wget"
  alone wget
  rm "$home/shims/timeout"
  install --to "$home/bin" --from "$http/files/good"
  refused "wget without timeout" "no curl here, and no GNU wget"
  check "nothing to download with: nothing is asked for" asked_for_nothing
}

without_permission() {
  alone curl
  chmod 0555 "$home/bin"
  if [ "$(id -u)" -eq 0 ]; then user="setpriv --reuid=65534 --regid=65534 --clear-groups"; fi
  install --to "$home/bin" --from "$http/files/good"
  refused "no permission" "you may not write to $home/bin"
  check "no permission: known before the download" asked_for_nothing
  chmod 0755 "$home/bin"
}

interrupted() {
  for client in curl wget; do
    alone "$client"
    # A separate process group, as on a terminal.
    # shellcheck disable=SC2086 # the variables and the shell are several words
    setsid env -i HOME="$home" PATH="$path" $set_variables $shell "$script" --to "$home/bin" --from "$http/stalled/good" \
      >/dev/null 2>&1 </dev/null 3>&- &
    group=$!
    until [ -s "$work/requests" ]; do sleep 0.05; done
    kill -TERM "-$group"
    status=0
    wait "$group" || status=$?
    check "$client, interrupted: not a success" [ "$status" -ne 0 ]
    check "$client, interrupted: the old one stays, and nothing else is left" untouched
  done
}

out='' errors='' status=0
releases
serve
in_every_shell from_a_directory from_a_server by_its_own_address wrong_usage bad_releases other_machines tools_that_lack \
  without_permission interrupted
