#!/bin/sh
# pnpm 9.15.9: a command of a package's "bin" starts under the name of its file, not under its own.
#
# Expected: the same as with npm 10.9.2, which creates a symbolic link for each command. Two commands may name one file. A program
# that depends on its own name (like busybox) then gets the command's name.
# Seen: pnpm writes a script for each command. The script starts the file by its path, so both commands get the file's name. A
# package for npm and pnpm needs a file for each command.
#
# Nothing is sent. Exit 1: the behaviour has changed.
set -eu

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
export HOME="$directory" npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false

mkdir package tools with-npm with-pnpm
printf '{ "name": "two-names", "version": "1.0.0", "bin": { "one": "file", "two": "file" } }\n' >package/package.json
cat >package/file <<'SCRIPT'
#!/bin/sh
echo "${0##*/}"
SCRIPT
chmod +x package/file
tar -czf package.tgz package
(cd tools && npm install --silent --prefix . npm@10.9.2 pnpm@9.15.9 >install.log 2>&1) || { cat tools/install.log >&2; exit 1; }

expect() {
  printf '%-40s %s\n' "$1" "$3"
  [ "$2" = "$3" ] || { echo "changed: it was $2" >&2; exit 1; }
}

for manager in npm pnpm; do
  (
    cd "with-$manager"
    printf '{ "private": true, "dependencies": { "two-names": "file:../package.tgz" } }\n' >package.json
    "../tools/node_modules/.bin/$manager" install --offline >install.log 2>&1 || { cat install.log >&2; exit 1; }
  )
done
for command in one two; do
  expect "npm 10.9.2, $command starts as" "$command" "$("with-npm/node_modules/.bin/$command")"
  expect "pnpm 9.15.9, $command starts as" file "$("with-pnpm/node_modules/.bin/$command")"
done
