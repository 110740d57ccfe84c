#!/bin/sh
# @kubernetes/client-node 2.0.1: it installs on Node 20 and does not load there.
#
# Expected: a package that needs Node 22 lists that in "engines", for readers and for npm.
# Seen: it has no "engines". It needs undici ^8.7.0, here 8.13.1, which is for Node 22.19 and later. On Node 20 the first import
# ends with a TypeError. Version 1.4.0 loads.
#
# Nothing is sent: the program ends after the import. Exit 1: the behaviour has changed.
set -eu

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
export HOME="$directory" npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false

install() {
  mkdir "$1"
  cat >"$1/package.json" <<JSON
{
  "private": true,
  "dependencies": { "node": "20.20.0", "@kubernetes/client-node": "$1" },
  "overrides": { "undici": "8.13.1" }
}
JSON
  (cd "$1" && npm install --silent >install.log 2>&1) || { cat "$1/install.log" >&2; exit 1; }
}

load() {
  printf "import { KubeConfig } from '@kubernetes/client-node';\nconsole.log(typeof KubeConfig);\n" >"$1/load.mjs"
  (cd "$1" && ./node_modules/.bin/node load.mjs 2>&1 | sed -n 's/^\(TypeError\): .*/\1/p; s/^function$/loads/p')
}

expect() {
  printf '%-60s %s\n' "$1" "$3"
  [ "$2" = "$3" ] || { echo "changed: it was $2" >&2; exit 1; }
}

install 2.0.1
install 1.4.0
engines=$(cd 2.0.1 && node -p 'JSON.stringify(require("./node_modules/@kubernetes/client-node/package.json").engines) || "none"')
expect "engines of 2.0.1" none "$engines"
expect "2.0.1 on $(./2.0.1/node_modules/.bin/node --version)" TypeError "$(load 2.0.1)"
expect "1.4.0 on $(./1.4.0/node_modules/.bin/node --version)" loads "$(load 1.4.0)"
