"""The contestants of each exchange: oidc-exchange, curl with the same requests, and the usual tools."""

import json
import os
import shlex
import shutil
import subprocess
from urllib.parse import urlsplit

from loopback import ToLoopback, pinned
from measure import Contestant

ROLE = "arn:aws:iam::123456789012:role/deploy"
PROVIDER = "projects/123456/locations/global/workloadIdentityPools/sandbox-ci/providers/semaphore"
ACCOUNT = "deploy@sandbox-project.iam.gserviceaccount.com"
IMPERSONATE = f"projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"

TENANT, CLIENT = "72f988bf-86f1-41af-91ab-2d7cd011db47", "00001111-aaaa-2222-bbbb-3333cccc4444"
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

CURL = ["curl", "--fail", "--silent", "--show-error"]

# The published recipe: the token is in argv, and jq runs three times.
AWS_RECIPE = f"""
creds=$("$0" sts assume-role-with-web-identity --role-arn {ROLE} --role-session-name bench \
  --web-identity-token "$SEMAPHORE_OIDC_TOKEN" --region us-east-1) || exit
AWS_ACCESS_KEY_ID=$(echo "$creds" | jq -r .Credentials.AccessKeyId)
AWS_SECRET_ACCESS_KEY=$(echo "$creds" | jq -r .Credentials.SecretAccessKey)
AWS_SESSION_TOKEN=$(echo "$creds" | jq -r .Credentials.SessionToken)
[ -n "$AWS_SESSION_TOKEN" ]
"""

BOTO = f"""
import os, boto3
answer = boto3.client("sts", region_name="us-east-1").assume_role_with_web_identity(
    RoleArn="{ROLE}", RoleSessionName="bench", WebIdentityToken=os.environ["SEMAPHORE_OIDC_TOKEN"])
print(answer["Credentials"]["SessionToken"])
"""

# The published recipe, with two differences: no line feed after the token, and `sed` replaces Google's endpoints.
GCLOUD_RECIPE = f"""
CLOUDSDK_CONFIG=$(mktemp -d) && export CLOUDSDK_CONFIG CLOUDSDK_CORE_DISABLE_PROMPTS=1
cd "$CLOUDSDK_CONFIG" && printf %s "$SEMAPHORE_OIDC_TOKEN" > token &&
gcloud iam workload-identity-pools create-cred-config {PROVIDER} --service-account={ACCOUNT} \
  --credential-source-file=token --output-file=creds.json &&
sed -i -e "s|https://sts.googleapis.com|$SANDBOX_GOOGLE_STS|" \
  -e "s|https://iamcredentials.googleapis.com|$SANDBOX_GOOGLE_IAM|" creds.json &&
gcloud auth login --cred-file=creds.json && gcloud auth print-access-token
status=$?; rm -rf "$CLOUDSDK_CONFIG"; exit $status
"""

# Two processes: the second request contains a part of the first answer, which `--next` does not support.
GCP_CURL = f"""
federated=$("$@" --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:token-exchange \
  --data-urlencode audience=//iam.googleapis.com/{PROVIDER} \
  --data-urlencode scope=https://www.googleapis.com/auth/iam \
  --data-urlencode requested_token_type=urn:ietf:params:oauth:token-type:access_token \
  --data-urlencode subject_token_type=urn:ietf:params:oauth:token-type:jwt \
  --data-urlencode subject_token@"$TOKEN_FILE" "$SANDBOX_GOOGLE_STS/v1/token") || exit
federated=${{federated#*'"access_token":"'}}
"$@" --header "Authorization: Bearer ${{federated%%'"'*}}" --json '{{"scope":["{SCOPE}"]}}' \
  "$SANDBOX_GOOGLE_IAM/v1/{IMPERSONATE}"
"""

GOOGLE_AUTH = f"""
import os, google.auth.identity_pool as pool, google.auth.transport.requests as transport
credentials = pool.Credentials.from_file(os.environ["CREDENTIALS_FILE"], scopes=["{SCOPE}"])
credentials.refresh(transport.Request())
print(credentials.token)
"""

# The token is in argv, because az accepts it only there. Each turn has its own directory, like each job.
AZ_RECIPE = f"""
AZURE_CONFIG_DIR=$(mktemp -d) && export AZURE_CONFIG_DIR &&
"$@" login --service-principal --username {CLIENT} --tenant {TENANT} --federated-token "$SEMAPHORE_OIDC_TOKEN" \
  --allow-no-subscriptions --output none &&
"$@" account get-access-token --query accessToken --output tsv
status=$?; rm -rf "$AZURE_CONFIG_DIR"; exit $status
"""

BAO_RECIPE = """
BAO_TOKEN=$("$0" write -field=token auth/jwt/login role=ci jwt="$SEMAPHORE_OIDC_TOKEN") || exit
export BAO_TOKEN
i=0; while [ $i -lt "$1" ]; do "$0" kv get -field=value secret/bench/$i || exit; i=$((i + 1)); done
"""

# One process makes all reads: one after the other on one connection, or in parallel.
BAO_CURL = """
last=$(($1 - 1)); together=$2; curl=$3; shift 3
login=$("$curl" "$@" --json @"$LOGIN_FILE" "$BAO_ADDR/v1/auth/jwt/login") || exit
login=${login#*'"client_token":"'}; token="X-Vault-Token: ${login%%'"'*}"
if [ -n "$together" ]; then
  "$curl" "$@" --parallel --header "$token" "$BAO_ADDR/v1/secret/data/bench/[0-$last]" || exit
  "$curl" "$@" --request POST --header "$token" "$BAO_ADDR/v1/auth/token/revoke-self"
else
  "$curl" "$@" --header "$token" "$BAO_ADDR/v1/secret/data/bench/[0-$last]" \
    --next "$@" --request POST --header "$token" "$BAO_ADDR/v1/auth/token/revoke-self"
fi
"""


def curl(env):
    return [*CURL, "--cacert", env["SSL_CERT_FILE"]] if "SSL_CERT_FILE" in env else CURL


def aws(program, env):
    post = [*curl(env), "--output", os.devnull]
    form = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": ROLE, "RoleSessionName": "bench"}
    for name, value in form.items():
        post += ["--data-urlencode", f"{name}={value}"]
    post += ["--data-urlencode", f"WebIdentityToken@{env['TOKEN_FILE']}", env["AWS_ENDPOINT_URL_STS"]]
    cli, python = pinned("aws", "aws") or shutil.which("aws"), pinned("aws", "python")
    ours = [program, "aws", "--role-arn", ROLE]
    yield Contestant("oidc-exchange", ours, env, role="ours")
    yield Contestant("curl, the same POST", post, env, ["curl"], role="curl")
    yield Contestant("the recipe: aws sts …, jq ×3", ["sh", "-c", AWS_RECIPE, cli], env, [cli, "jq"], 4, "recipe")
    yield Contestant("boto3", [python, "-c", BOTO], env, [python], 4)
    if "SYSTEM_STORE" in env:
        plain = {name: value for name, value in env.items() if name not in ("SSL_CERT_FILE", "AWS_CA_BUNDLE")}
        both = [word if word != env["SSL_CERT_FILE"] else env["SYSTEM_STORE"] for word in post]
        yield Contestant("oidc-exchange, system's certificates", [*ours, "--ca-file", env["SSL_CERT_FILE"]], plain)
        yield Contestant("curl, system's certificates", both, plain, ["curl"])


def kept(env):
    """A contestant's OIDC_EXCHANGE_DIR is emptied before each turn, so the cache is in another directory."""
    env = {name: value for name, value in env.items() if name != "OIDC_EXCHANGE_DIR"}
    return {**env, "HOME": env["PLACE"], "SEMAPHORE_JOB_ID": "bench"}


def docker(program, env):
    """A cached registry password: oidc-exchange has it in its file, Amazon's helper in its cache."""
    directory = os.path.join(env["PLACE"], "bin")
    os.makedirs(directory, exist_ok=True)
    helper = os.path.join(directory, "docker-credential-oidc-exchange")
    os.symlink(program, helper)
    env = {**kept(env), "PATH": f"{directory}{os.pathsep}{env['PATH']}"}
    subprocess.run([program, "aws", "--role-arn", ROLE, "--registry", REGISTRY], env=env, check=True)
    server = os.path.join(env["PLACE"], "registry")
    with open(server, "w") as file:
        file.write(REGISTRY)
    theirs = shutil.which("docker-credential-ecr-login") or "docker-credential-ecr-login"
    yield Contestant("docker-credential-oidc-exchange get", [helper, "get"], env, role="ours", stdin=server)
    yield Contestant("docker-credential-ecr-login list", [theirs, "list"], env, [theirs], role="recipe")


def kubernetes(program, env):
    """A token for an EKS cluster from an existing session: oidc-exchange has it in its cache, the AWS CLI in variables."""
    env = kept(env)
    ours = [program, "aws", "--role-arn", ROLE, "--region", "us-east-1"]
    session = json.loads(subprocess.check_output([*ours, "--format", "json"], env=env))
    cli = pinned("aws", "aws") or shutil.which("aws")
    theirs = {**env, **session, "AWS_DEFAULT_REGION": "us-east-1"}
    plugin = [*ours, "--eks-cluster", "bench", "--format", "kubernetes"]
    subprocess.run(plugin, env=env, check=True, stdout=subprocess.DEVNULL)
    yield Contestant("oidc-exchange --format kubernetes", plugin, env, role="ours")
    command = [cli, "eks", "get-token", "--cluster-name", "bench"]
    yield Contestant("aws eks get-token", command, theirs, [cli], 4, "recipe")


def gcp(program, env):
    endpoints = ["--sts-endpoint", env["SANDBOX_GOOGLE_STS"], "--iamcredentials-endpoint", env["SANDBOX_GOOGLE_IAM"]]
    file = os.path.join(env["PLACE"], f"google-{urlsplit(env['SANDBOX_GOOGLE_STS']).port}.json")
    account = {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{PROVIDER}",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{env['SANDBOX_GOOGLE_STS']}/v1/token",
        "service_account_impersonation_url": f"{env['SANDBOX_GOOGLE_IAM']}/v1/{IMPERSONATE}",
        "credential_source": {"file": env["TOKEN_FILE"]},
    }
    with open(file, "w") as written:
        json.dump(account, written)
    python = pinned("google", "python")
    ours = [program, "gcp", "--provider", PROVIDER, "--service-account", ACCOUNT, *endpoints]
    yield Contestant("oidc-exchange", ours, env, role="ours")
    yield Contestant("curl, twice", ["sh", "-c", GCP_CURL, "sh", *curl(env)], env, ["curl"], role="curl")
    yield Contestant("the recipe: gcloud ×3", ["sh", "-c", GCLOUD_RECIPE], env, ["gcloud"], 7, "recipe")
    yield Contestant("google-auth", [python, "-c", GOOGLE_AUTH], {**env, "CREDENTIALS_FILE": file}, [python], 4)


def azure(program, env):
    ours = [program, "azure", "--tenant-id", TENANT, "--client-id", CLIENT, "--access-token-env", "TOKEN"]
    yield Contestant("oidc-exchange", ours, env, role="ours")
    python = pinned("az", "python")
    az = [python, "-m", "azure.cli"] if python else ["az"]
    # az calls only Microsoft's own hosts: a proxy redirects them to this machine.
    quiet = {"AZURE_CORE_COLLECT_TELEMETRY": "false", "AZURE_CORE_NO_COLOR": "true"}
    proxy = ToLoopback(urlsplit(env["AZURE_AUTHORITY_HOST"]).port).url
    theirs = {**env, **quiet, "HTTPS_PROXY": proxy, "HOME": env["PLACE"]}
    theirs.pop("AZURE_AUTHORITY_HOST")
    name = "the recipe: az login, az account get-access-token"
    yield Contestant(name, ["sh", "-c", AZ_RECIPE, "sh", *az], theirs, az[:1], 7, "recipe")


def several(program, env):
    """Three clouds in one run, each alone, and one after the other."""
    endpoints = ["--sts-endpoint", env["SANDBOX_GOOGLE_STS"], "--iamcredentials-endpoint", env["SANDBOX_GOOGLE_IAM"]]
    file = targets(env, "three", f"""[target.deploy]
aws.role-arn = "{ROLE}"

[target.web.gcp]
provider = "{PROVIDER}"
service-account = "{ACCOUNT}"

[target.secrets]
vault.role = "ci"
vault.secrets = ["PASSWORD=kv2:secret/production/db#password"]
""")
    alone = {
        "aws": ["aws", "--role-arn", ROLE],
        "gcp": ["gcp", "--provider", PROVIDER, "--service-account", ACCOUNT, *endpoints],
        "vault": ["vault", "--role", "ci", "PASSWORD=kv2:secret/production/db#password"],
    }
    use = [program, "use", "deploy", "web", "secrets", "--targets", file, *endpoints]
    yield Contestant("oidc-exchange use", use, env, role="ours")
    for cloud, command in alone.items():
        yield Contestant(f"oidc-exchange {cloud}", [program, *command], env, role="alone")
    script = " && ".join(shlex.join([program, *command]) for command in alone.values())
    yield Contestant("the three, one after the other", ["sh", "-c", script], env, role="sequence")


def many(program, env):
    """Twenty roles in one run, and one."""
    names = [f"t{number}" for number in range(20)]
    tables = [f'[target.{name}]\naws.role-arn = "{ROLE}"\naws.env-prefix = "{name.upper()}_"\n' for name in names]
    use = [program, "use", "--targets", targets(env, "many", "\n".join(tables))]
    yield Contestant("oidc-exchange use, 20 targets", [*use, *names], env, role="ours")
    yield Contestant("oidc-exchange use, one of them", [*use, names[0]], env, role="alone")


def targets(env, name, tables):
    file = os.path.join(env["PLACE"], f"{name}.toml")
    with open(file, "w") as written:
        written.write(f"version = 1\n\n{tables}")
    return file


def vault(program, env, bao, secrets):
    ours = [program, "vault", "--role", "ci", *(f"S{n}=secret/bench/{n}#value" for n in range(secrets))]
    told = [word.replace("=secret/", "=kv2:secret/") for word in ours]
    yield Contestant("oidc-exchange", ours, env, role="ours")
    yield Contestant("oidc-exchange, with the mount's kind", told, env, role="told")
    yield Contestant("oidc-exchange, its login not revoked", [*ours, "--no-revoke"], env, role="kept")
    one = ["sh", "-c", BAO_CURL, "sh", str(secrets)]
    plain = [*curl(env), "--http1.1"]
    yield Contestant("curl, one read after the other", [*one, "", *plain], env, ["curl"], role="curl")
    if secrets > 1:
        together = [*one, "together", *plain, "--parallel-max", "8"]
        yield Contestant("curl, eight reads at a time", together, env, ["curl"], role="curl")
        if "SSL_CERT_FILE" in env:
            streams = [*one, "together", *curl(env), "--http2", "--parallel-max", "100"]
            yield Contestant("curl, HTTP/2, all reads at once", streams, env, ["curl"], role="curl")
    name = f"the recipe: bao write, bao kv get{f' ×{secrets}' if secrets > 1 else ''}"
    recipe = ["sh", "-c", BAO_RECIPE, bao, str(secrets)]
    yield Contestant(name, recipe, env, [bao], {1: 4, 10: 7}.get(secrets, 10), "recipe")
