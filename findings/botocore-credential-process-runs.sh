#!/bin/sh
# botocore 1.44.8: in the last 15 minutes of its credentials, a credential_process runs at every use of them.
#
# Expected: credentials that are valid for 14 more minutes are kept, and the process runs once.
# Seen: one run for each use. botocore renews 15 minutes before the expiry, but the process has no newer credentials.
# A credential_process that keeps its answer must renew it more than 15 minutes before the end.
#
# Exit 1: the behaviour has changed.
set -eu

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
python3 -m venv "$directory/venv"
"$directory/venv/bin/pip" install --quiet botocore==1.44.8

cat >"$directory/process.py" <<'PYTHON'
import datetime
import json
import sys

directory, minutes = sys.argv[1], int(sys.argv[2])
with open(f"{directory}/runs", "a") as runs:
    runs.write("x")
end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
print(json.dumps({"Version": 1, "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "example", "SessionToken": "example",
                  "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ")}))
PYTHON

cat >"$directory/use.py" <<'PYTHON'
import botocore.session

credentials = botocore.session.Session(profile="p").get_credentials()
for _ in range(10):
    credentials.get_frozen_credentials()
PYTHON

# The number of runs for ten uses of credentials that are valid for $1 minutes.
runs() {
  printf '[profile p]\ncredential_process = python3 %s/process.py %s %s\n' "$directory" "$directory" "$1" >"$directory/config"
  : >"$directory/runs"
  env -i PATH="$PATH" HOME="$directory" AWS_CONFIG_FILE="$directory/config" "$directory/venv/bin/python" "$directory/use.py"
  wc -c <"$directory/runs" | tr -d ' '
}

expect() {
  printf '%-40s %s\n' "$1" "$3"
  [ "$2" = "$3" ] || { echo "changed: it was $2" >&2; exit 1; }
}

expect "good for 16 minutes: runs for ten uses" 1 "$(runs 16)"
expect "good for 14 minutes: runs for ten uses" 11 "$(runs 14)"
