#!/bin/sh
#
# Runs the static binary in an empty directory tree: no /dev, no certificates, no resolv.conf, no
# libraries, only an etc/hosts that gives the sandbox's STS an IPv4 address.
#
# Usage: chroot.sh BINARY

set -eu

[ $# -eq 1 ] || { echo "usage: chroot.sh BINARY" >&2; exit 2; }
case $1 in
  /*) binary=$1 ;;
  *) binary=$PWD/$1 ;;
esac
cd "$(dirname -- "$0")/../.."

PATH=$PATH:/usr/sbin:/sbin
if [ "$(id -u)" -eq 0 ]; then
  enter=chroot
elif unshare -r true 2>/dev/null; then
  enter="unshare -r chroot"
elif [ -n "${CI-}" ]; then
  echo "error: this needs root or user namespaces, and CI must have one of them" >&2
  exit 1
else
  echo "skipped: neither root nor user namespaces here"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
fi

passed=0
failed=0
work=$(mktemp -d)
jail=$work/jail
sandbox=
finish() {
  # The sandbox ends when its standard input closes.
  exec 3>&-
  [ -z "$sandbox" ] || wait "$sandbox" || true
  rm -rf -- "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# Runs the program in the jail with $variables and nothing else in its environment.
# Then `out`, `errors`, `status` and `seconds` are the result.
run() {
  status=0
  began=$(date +%s)
  # The variables are several words, and so may the command be.
  # shellcheck disable=SC2086
  env -i PATH="$PATH" $variables $enter "$jail" /oidc-exchange "$@" >"$work/out" 2>"$work/errors" 3>&- || status=$?
  seconds=$(($(date +%s) - began))
  out=$(cat "$work/out")
  errors=$(cat "$work/errors")
}

check() { # WHAT COMMAND…
  what=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
    echo "ok: $what"
  else
    failed=$((failed + 1))
    # Standard output may contain credentials (the sandbox's own).
    printf 'FAILED: %s\n  status %s after %s s\n  errors: %s\n' "$what" "$status" "$seconds" "$errors" >&2
  fi
}

ends_with() { [ "$status" -eq "$1" ]; }
says() { case $out in *"$1"*) ;; *) return 1 ;; esac; }
complains() { printf '%s' "$errors" | grep -qi -- "$1"; }
no_panic() { ! printf '%s%s' "$out" "$errors" | grep -q "panick"; }
within() { [ "$seconds" -le "$1" ]; }
# A job's use of it, in a shell outside of the jail.
sets() { [ -n "$(env -i OUT="$out" sh -c "eval \"\$OUT\"; printf %s \"\${$1-}\"" 2>/dev/null)" ]; }
sets_nothing() { ! says "export AWS_"; }
holds_nothing_new() { [ "$(cd "$jail" && find . | sort)" = "$before" ]; }

mkdir -p "$jail/etc"
cp -- "$binary" "$jail/oidc-exchange"
echo "127.0.0.1 sts.sandbox.test" >"$jail/etc/hosts"

mkfifo "$work/hold"
cargo run --quiet --locked -p sandbox --example https_sts -- "$jail/ca.pem" <"$work/hold" >"$work/sandbox" &
sandbox=$!
exec 3>"$work/hold"
until grep -q '^ready$' "$work/sandbox"; do
  kill -0 "$sandbox" 2>/dev/null || { echo "error: the sandbox's STS did not start" >&2; exit 1; }
  sleep 0.2
done
token=$(sed -n 's/^token //p' "$work/sandbox")
port=$(sed -n 's/^port //p' "$work/sandbox")
role=$(sed -n 's/^role //p' "$work/sandbox")
before=$(cd "$jail" && find . | sort)

variables=
run --version
check "--version runs" ends_with 0
check "--version says what it is" says "oidc-exchange "

variables="SEMAPHORE_OIDC_TOKEN=$token AWS_ENDPOINT_URL_STS=https://sts.sandbox.test:$port"
run aws --role-arn "$role" --ca-file /ca.pem --timeout 20s
check "an exchange over https, by a name from /etc/hosts" ends_with 0
for variable in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN; do
  check "it hands out $variable" sets "$variable"
done
check "it waits for no nameserver" within 3

run aws --role-arn "$role" --timeout 20s
check "without --ca-file: unreachable" ends_with 5
check "without --ca-file: it says that the certificate is not trusted" complains "certificate"
check "without --ca-file: it names --ca-file" complains "--ca-file"
check "without --ca-file: no panic" no_panic
check "without --ca-file: no credentials" sets_nothing
check "without --ca-file: it is not tried again and again" within 3

variables="SEMAPHORE_OIDC_TOKEN=$token AWS_ENDPOINT_URL_STS=https://nowhere.sandbox.test:$port"
run aws --role-arn "$role" --ca-file /ca.pem --timeout 7s
check "a name that nobody knows, and no nameserver: unreachable" ends_with 5
check "a name that nobody knows: it is named" complains "nowhere.sandbox.test"
check "a name that nobody knows: no panic" no_panic
check "a name that nobody knows: the bound holds" within 9

check "nothing is left in the chroot" holds_nothing_new

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
