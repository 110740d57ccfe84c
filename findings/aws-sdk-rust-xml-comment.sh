#!/bin/sh
# aws-sdk-sts 1.124.0 (the AWS SDK for Rust) beside boto3 1.40.0: a comment in an XML text cuts the text off.
#
# Expected: `<SecretAccessKey>first<!-- note -->second</SecretAccessKey>` is the text `firstsecond`, as in XML 1.0, section 2.5:
# a comment is not part of the character data.
# Seen: the SDK returns `first` and no error. boto3 returns `firstsecond`. If a proxy or an emulator writes such an answer, a
# program with this SDK has a credential that looks complete. AWS itself sends no comments.
#
# Exit 1: the behaviour has changed.
set -eu

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
python3 -m venv "$directory/venv"
"$directory/venv/bin/pip" install --quiet boto3==1.40.0
cd "$directory"

cat >answer.xml <<'XML'
<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>first<!-- note -->second</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>
XML

cat >boto.py <<'PYTHON'
import http.server
import threading

import boto3


class Sts(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        answer = open("answer.xml", "rb").read()
        self.send_response(200)
        self.send_header("content-type", "text/xml")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Sts)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = boto3.client("sts", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{server.server_port}")
answer = client.assume_role_with_web_identity(
    RoleArn="arn:aws:iam::123456789012:role/example", RoleSessionName="example", WebIdentityToken="example"
)
print(answer["Credentials"]["SecretAccessKey"])
PYTHON

mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "answer"
version = "0.0.0"
edition = "2024"

[dependencies]
aws-sdk-sts = { version = "=1.124.0", default-features = false, features = ["behavior-version-latest", "rt-tokio"] }
aws-smithy-http-client = { version = "1", features = ["test-util"] }
aws-smithy-types = "1"
http = "1"
tokio = { version = "1", features = ["rt", "time"] }
TOML
cat >src/main.rs <<'RUST'
use aws_sdk_sts::config::{Config, Region};
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_types::body::SdkBody;

fn main() {
    let answer = |_| http::Response::builder().status(200).body(SdkBody::from(include_str!("../answer.xml"))).unwrap();
    let config = Config::builder().region(Region::new("us-east-1")).http_client(infallible_client_fn(answer)).build();
    let call = aws_sdk_sts::Client::from_conf(config)
        .assume_role_with_web_identity()
        .role_arn("arn:aws:iam::123456789012:role/example")
        .role_session_name("example")
        .web_identity_token("example")
        .send();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    println!("{}", runtime.block_on(call).unwrap().credentials().unwrap().secret_access_key());
}
RUST

rust=$(CARGO_TARGET_DIR=$directory/target cargo run --quiet)
python=$(venv/bin/python boto.py)
echo "aws-sdk-sts: $rust; boto3: $python"
[ "$rust" = first ] && [ "$python" = firstsecond ]
