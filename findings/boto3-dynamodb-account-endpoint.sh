#!/bin/sh
# boto3 1.44.8: AWS_ACCOUNT_ID in the environment changes the host of every DynamoDB request.
#
# Expected: the credentials' account has no influence on the address, which is dynamodb.REGION.amazonaws.com.
# Seen: ACCOUNT.ddb.REGION.amazonaws.com. A firewall that allows only the first host stops the program.
# AWS_ACCOUNT_ID_ENDPOINT_MODE=disabled restores the first host.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-account-endpoints.html
#
# Nothing is sent: the program ends before the first request. Exit 1: the behaviour has changed.
set -eu

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
python3 -m venv "$directory/venv"
"$directory/venv/bin/pip" install --quiet boto3==1.44.8 botocore==1.44.8

cat >"$directory/ask.py" <<'PYTHON'
import boto3

def show(request, **_):
    print(request.url)
    raise SystemExit(0)

client = boto3.client("dynamodb")
client.meta.events.register("before-send", show)
client.list_tables()
PYTHON

ask() {
  env -i PATH="$PATH" HOME="$directory" AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1 AWS_EC2_METADATA_DISABLED=true \
    AWS_ACCESS_KEY_ID=ASIAEXAMPLE AWS_SECRET_ACCESS_KEY=example AWS_SESSION_TOKEN=example "$@" \
    "$directory/venv/bin/python" "$directory/ask.py"
}

expect() {
  printf '%-70s %s\n' "$1" "$3"
  [ "$2" = "$3" ] || { echo "changed: it was $2" >&2; exit 1; }
}

expect "without AWS_ACCOUNT_ID" "https://dynamodb.eu-west-1.amazonaws.com/" "$(ask)"
expect "AWS_ACCOUNT_ID=123456789012" "https://123456789012.ddb.eu-west-1.amazonaws.com/" "$(ask AWS_ACCOUNT_ID=123456789012)"
expect "AWS_ACCOUNT_ID=123456789012 AWS_ACCOUNT_ID_ENDPOINT_MODE=disabled" "https://dynamodb.eu-west-1.amazonaws.com/" \
  "$(ask AWS_ACCOUNT_ID=123456789012 AWS_ACCOUNT_ID_ENDPOINT_MODE=disabled)"
