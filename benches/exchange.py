#!/usr/bin/env python3
"""One exchange with AWS STS, or with Google's STS and IAM Credentials: oidc-exchange beside the recipe that it replaces
(the AWS CLI with jq; gcloud three times), and beside curl doing the same POSTs.

    sh install.sh --to target/bench
    cargo run -p sandbox -- python3 benches/exchange.py target/bench/oidc-exchange aws
    cargo run -p sandbox -- python3 benches/exchange.py target/bench/oidc-exchange gcp

The contestants take turns, so that a busy moment of the machine hits all of them. Wall time, CPU time (user and system,
of the whole process tree) come from wait4(2), peak memory from GNU time where it is installed: wait4 would count this
interpreter's own, before exec. Printed: medians, the quartiles in brackets, and ratios.
A contestant whose tools are not on PATH is left out, and named.
"""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROLE = "arn:aws:iam::123456789012:role/deploy"
PROVIDER = "projects/123456/locations/global/workloadIdentityPools/sandbox-ci/providers/semaphore"
ACCOUNT = "deploy@sandbox-project.iam.gserviceaccount.com"
RUNS = {"aws": 21, "gcp": 9}

# What the recipe that this replaces does: the token in argv, and jq three times.
RECIPE = f"""
creds=$(aws sts assume-role-with-web-identity --role-arn {ROLE} --role-session-name bench \
  --web-identity-token "$SEMAPHORE_OIDC_TOKEN" --endpoint-url "$AWS_ENDPOINT_URL_STS" --region us-east-1) || exit
AWS_ACCESS_KEY_ID=$(echo "$creds" | jq -r .Credentials.AccessKeyId)
AWS_SECRET_ACCESS_KEY=$(echo "$creds" | jq -r .Credentials.SecretAccessKey)
AWS_SESSION_TOKEN=$(echo "$creds" | jq -r .Credentials.SessionToken)
[ -n "$AWS_SESSION_TOKEN" ]
"""

# Likewise, but that it writes no line feed behind the token, and that `sed` puts in other endpoints than Google's own.
GCLOUD_RECIPE = f"""
CLOUDSDK_CONFIG=$(mktemp -d) && export CLOUDSDK_CONFIG CLOUDSDK_CORE_DISABLE_PROMPTS=1
cd "$CLOUDSDK_CONFIG" && printf %s "$SEMAPHORE_OIDC_TOKEN" > token &&
gcloud iam workload-identity-pools create-cred-config {PROVIDER} --service-account={ACCOUNT} \
  --credential-source-file=token --output-file=creds.json &&
sed -i "s|https://sts.googleapis.com|$SANDBOX_GOOGLE_STS|; s|https://iamcredentials.googleapis.com|$SANDBOX_GOOGLE_IAM|" creds.json &&
gcloud auth login --cred-file=creds.json && gcloud auth print-access-token
status=$?; rm -rf "$CLOUDSDK_CONFIG"; exit $status
"""

CURLS = f"""
federated=$(curl --fail --silent --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:token-exchange \
  --data-urlencode audience=//iam.googleapis.com/{PROVIDER} \
  --data-urlencode scope=https://www.googleapis.com/auth/iam \
  --data-urlencode requested_token_type=urn:ietf:params:oauth:token-type:access_token \
  --data-urlencode subject_token_type=urn:ietf:params:oauth:token-type:jwt \
  --data-urlencode subject_token@"$1" "$SANDBOX_GOOGLE_STS/v1/token") || exit
federated=${{federated#*'"access_token":"'}}
curl --fail --silent --header "Authorization: Bearer ${{federated%%'"'*}}" --json '{{"scope":["https://www.googleapis.com/auth/cloud-platform"]}}' \
  "$SANDBOX_GOOGLE_IAM/v1/projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken"
"""


def google(program, token_file):
    endpoints = ["--sts-endpoint", os.environ["SANDBOX_GOOGLE_STS"], "--iamcredentials-endpoint", os.environ["SANDBOX_GOOGLE_IAM"]]
    yield "oidc-exchange", [program], [program, "gcp", "--provider", PROVIDER, "--service-account", ACCOUNT, *endpoints]
    yield "curl, twice", ["curl"], ["sh", "-c", CURLS, "sh", token_file]
    yield "gcloud, three commands", ["gcloud"], ["sh", "-c", GCLOUD_RECIPE]


def aws(program, token_file):
    post = ["curl", "--fail", "--silent", "--output", "/dev/null"]
    form = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": ROLE, "RoleSessionName": "bench"}
    for name, value in form.items():
        post += ["--data-urlencode", f"{name}={value}"]
    post += ["--data-urlencode", f"WebIdentityToken@{token_file}", os.environ["AWS_ENDPOINT_URL_STS"]]
    yield "oidc-exchange", [program], [program, "aws", "--role-arn", ROLE]
    yield "curl, the same POST", ["curl"], post
    yield "aws sts …, jq ×3", ["aws", "jq"], ["sh", "-c", RECIPE]


def run(command):
    """Wall and CPU in milliseconds."""
    began = time.perf_counter()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{command[0]} ended with {child.returncode}")
    return wall * 1e3, (used.ru_utime + used.ru_stime) * 1e3


def peak(command):
    """The largest process's peak memory in MiB, as text."""
    time = shutil.which("time", path="/usr/bin:/bin")
    if not time:
        return "–"
    said = subprocess.run([time, "-f", "%M", *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return f"{int(said.stderr.split()[-1]) / 1024:.1f}"


def spread(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return middle, f"{middle:.1f} [{low:.1f}–{high:.1f}]"


def main():
    program = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else shutil.which("oidc-exchange")
    cloud = sys.argv[2] if len(sys.argv) > 2 else "aws"
    contestants = {"aws": aws, "gcp": google}[cloud]
    with tempfile.NamedTemporaryFile("w") as token_file:
        token_file.write(os.environ["SEMAPHORE_OIDC_TOKEN"])
        token_file.flush()
        present = []
        for name, tools, command in contestants(program, token_file.name):
            missing = [tool for tool in tools if not shutil.which(tool)]
            if missing:
                print(f"left out: {name} (no {', '.join(missing)})")
            else:
                present.append((name, command, []))
        for turn in range(RUNS[cloud] + 1):
            for _, command, samples in present:
                measured = run(command)
                if turn:  # The first turn warms the caches.
                    samples.append(measured)
    print(f"{os.path.getsize(program)} bytes; {RUNS[cloud]} runs each, medians [quartiles]\n")
    print("| | wall, ms | CPU, ms | peak memory, MiB | wall, × ours | CPU, × ours |")
    print("|---|---|---|---|---|---|")
    ours = None
    for name, command, samples in present:
        wall, cpu = (spread(column) for column in zip(*samples))
        ours = ours or (wall[0], cpu[0])
        print(f"| {name} | {wall[1]} | {cpu[1]} | {peak(command)} | {wall[0] / ours[0]:.1f} | {cpu[0] / ours[1]:.1f} |")


main()
