//! Command lines and variables that are wrong.

use sandbox::{DEPLOY_ACCOUNT, DEPLOY_ROLE, Job, PROVIDER, Sandbox, TENANT, Tls};

use super::Runs;
use crate::support::{Program, oidc_exchange};

const LONG: &str = "/srv/build/agents/production/eu-west-1/workspaces/very-long-name-of-a-project/checkout/deployment/certificates/authorities/of-the-company/current/generated/by/the/platform/team/for/all/services/of/this/department/root-and-intermediate-certificates-of-the-internal-authority-2026.pem";

#[test]
fn of_aws() {
    let sandbox = Sandbox::start().unwrap();
    let mut runs = Runs::default();
    let mut line = |kind: &str, words: &[&str]| {
        runs.add(kind, 2, &oidc_exchange(["aws"]).args(words).job(&sandbox).run());
    };
    line("no role", &[]);
    line("not an ARN", &["--role-arn", "deploy"]);
    line("a user's ARN", &["--role-arn", "arn:aws:iam::123456789012:user/deploy"]);
    let role = |words: &[&'static str]| [&["--role-arn", DEPLOY_ROLE], words].concat();
    line("a misspelt option", &role(&["--regoin", "eu-west-1"]));
    line("an option of another tool", &["--role-to-assume", DEPLOY_ROLE]);
    line("a format that does not exist", &role(&["--format", "xml"]));
    line("a format as --output", &role(&["--output", "json"]));
    line("a format of another command", &role(&["--format", "raw"]));
    line("an option without a value", &role(&["--region"]));
    line("an option that is empty", &role(&["--region", ""]));
    line("not a region", &role(&["--region", "Frankfurt (eu)"]));
    line("a duration that is too short", &role(&["--duration", "5m"]));
    line("not a duration", &role(&["--duration", "an hour"]));
    line("a session name", &role(&["--role-session-name", "web/main"]));
    line("a session tag", &role(&["--session-tag", "team"]));
    line("a policy that is not JSON", &role(&["--policy", "{"]));
    line("a policy's file that is missing", &role(&["--policy", "@policy.json"]));
    line("a policy's ARN", &role(&["--policy-arn", "ReadOnly"]));
    line("a policy with --refreshable", &role(&["--refreshable", "--policy", "{}"]));
    line("a chain with --refreshable", &role(&["--refreshable", "--chain-role-arn", DEPLOY_ROLE]));
    line("an external id without its role", &role(&["--external-id", "x"]));
    line("a profile called DEFAULT", &role(&["--profile", "DEFAULT"]));
    line("a profile with --output", &role(&["--profile", "ci", "--output", "x"]));
    line("a prefix that is no name", &role(&["--env-prefix", "my-"]));
    line("an account's id", &role(&["--allowed-account-id", "1234-5678-9012"]));
    line("a registry of another cloud", &role(&["--registry", "europe-docker.pkg.dev"]));
    line("a registry with a scheme", &role(&["--registry", "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com"]));
    line("a cluster without its format", &role(&["--eks-cluster", "web"]));
    line("a kubernetes format without a cluster", &role(&["--format", "kubernetes"]));
    line("no COMMAND", &role(&["--"]));
    line("a timeout of zero", &role(&["--timeout", "0s"]));
    line("an option twice", &role(&["--region", "eu-west-1", "--region", "eu-west-2"]));
    line("a file of certificates that is missing", &role(&["--ca-file", LONG]));
    line("a file of certificates that is a directory", &role(&["--ca-file", "/"]));
    line("an option for COMMAND", &role(&["--pass-token"]));
    line("-q and -v", &role(&["-q", "-v"]));
    line("standard input for a policy", &role(&["--token-file", "-", "--policy", "@-"]));
    line("a word too many", &role(&["deploy"]));
    runs.are_short(38);
}

#[test]
fn of_google_azure_and_vault() {
    let sandbox = Sandbox::start().unwrap();
    let mut runs = Runs::default();
    let mut line = |kind: &str, words: &[&str]| runs.add(kind, 2, &oidc_exchange(words).job(&sandbox).run());
    line("no provider", &["gcp"]);
    line("a provider by its project's id", &["gcp", "--provider", &PROVIDER.replace("123456", "my-project")]);
    line("a provider in quotes", &["gcp", "--provider", "'projects/1/x'"]);
    let gcp = |words: &[&'static str]| [&["gcp", "--provider", PROVIDER], words].concat();
    line("an account by its name alone", &gcp(&["--service-account", "deploy"]));
    line(
        "a scope with a file",
        &gcp(&["--service-account", DEPLOY_ACCOUNT, "--scope", "https://www.googleapis.com/auth/x"]),
    );
    line("an ID token without an account", &gcp(&["--id-token-audience", "https://run.test"]));
    line("nothing to return", &gcp(&["--no-credentials-file"]));
    line("a lifetime that is too long", &gcp(&["--service-account", DEPLOY_ACCOUNT, "--lifetime", "13h"]));
    line("an endpoint over plain http", &gcp(&["--sts-endpoint", "http://sts.example.com"]));
    line("another tool's option", &["gcp", "--workload-identity-provider", PROVIDER]);
    line("no tenant", &["azure"]);
    line("no application", &["azure", "--tenant-id", TENANT]);
    line("not an application's id", &["azure", "--tenant-id", TENANT, "--client-id", "deploy"]);
    line(
        "an authority that is none",
        &["azure", "--tenant-id", TENANT, "--client-id", TENANT, "--authority-host", "Azure"],
    );
    line(
        "a scope of Azure",
        &["azure", "--tenant-id", TENANT, "--client-id", TENANT, "--scope", "vault", "--access-token-env", "T"],
    );
    let vault = |words: &[&'static str]| [&["vault", "--role", "ci"], words].concat();
    line("an address over plain http", &vault(&["--addr", "http://vault.example.com:8200"]));
    line("an address without a scheme", &vault(&["--addr", "vault.example.com:8200"]));
    line("an address with a password", &vault(&["--addr", "https://me:secret@vault.example.com"]));
    line("a secret without a variable", &vault(&["secret/data/db"]));
    line("a secret with a colon", &vault(&["db:password"]));
    line("a secret's name that is no variable", &vault(&["my-db=secret/db#x"]));
    line("a variable that is run", &vault(&["BASH_ENV=secret/db#x"]));
    line("a secret's option", &vault(&["A=secret/db?binary#x"]));
    line("a variable twice", &vault(&["A=secret/db#x", "A=secret/db#y"]));
    line("a raw format for two", &vault(&["--format", "raw", "A=secret/db#x", "B=secret/db#y"]));
    line("a namespace", &vault(&["--namespace", "a b"]));
    line("a mount with auth", &vault(&["--mount", "auth/jwt/login"]));
    line("a file of secrets that is missing", &vault(&["--secrets-file", "secrets.txt"]));
    line("a command that does not exist", &["asw"]);
    line("another tool's command", &["login"]);
    line("no rule to explain", &["explain", "aws"]);
    line("a role file that is missing", &["explain", "vault", "--role-config", "role.json"]);
    line("no shell", &["completions"]);
    line("a shell that does not exist", &["completions", "powershell"]);
    line("no target", &["use"]);
    line("a claim that is no JSON", &["explain", "aws", "--trust-policy", "p", "--claims", "c"]);
    runs.are_short(36);
}

#[test]
fn of_variables() {
    // The certificates are read for an https address only.
    let sandbox = Sandbox::start_tls(&Tls::new().unwrap()).unwrap();
    let mut runs = Runs::default();
    let mut one = |kind: &str, exit: i32, words: &[&str], name: &str, value: &str| {
        runs.add(kind, exit, &oidc_exchange(words).job(&sandbox).env(name, value).run());
    };
    let aws = ["aws", "--role-arn", DEPLOY_ROLE];
    let vault = ["vault", "--role", "ci", "A=secret/production/db#password"];
    one("a proxy with a path", 2, &aws, "HTTPS_PROXY", "http://proxy.corp.test:3128/proxy.pac");
    one("a proxy of another kind", 2, &aws, "HTTPS_PROXY", "ftp://proxy.corp.test");
    one("AWS_CA_BUNDLE", 2, &aws, "AWS_CA_BUNDLE", "/no/such/bundle.pem");
    one("SSL_CERT_FILE", 2, &aws, "SSL_CERT_FILE", LONG);
    one("AWS_REGION", 2, &aws, "AWS_REGION", "the east");
    one("an endpoint", 2, &aws, "AWS_ENDPOINT_URL_STS", "sts.internal");
    one("an endpoint over plain http", 2, &aws, "AWS_ENDPOINT_URL_STS", "http://sts.internal");
    one("VAULT_SKIP_VERIFY", 2, &vault, "VAULT_SKIP_VERIFY", "true");
    one("VAULT_CACERT", 2, &vault, "VAULT_CACERT", "/no/such/ca.pem");
    one(
        "VAULT_CACERT_BYTES",
        2,
        &vault,
        "VAULT_CACERT_BYTES",
        "-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----",
    );
    one("VAULT_CLIENT_CERT without its key", 2, &vault, "VAULT_CLIENT_CERT", "/no/such/cert.pem");
    one("VAULT_CLIENT_TIMEOUT", 2, &vault, "VAULT_CLIENT_TIMEOUT", "5 min");
    one("VAULT_TLS_SERVER_NAME", 2, &vault, "VAULT_TLS_SERVER_NAME", "not a name");
    one("VAULT_ADDR", 2, &vault, "VAULT_ADDR", "ftp://vault");
    one(
        "KUBERNETES_EXEC_INFO",
        2,
        &["aws", "--role-arn", DEPLOY_ROLE, "--eks-cluster", "web", "--format", "kubernetes"],
        "KUBERNETES_EXEC_INFO",
        "{",
    );
    runs.are_short(15);
}

#[test]
fn of_the_token() {
    let sandbox = Sandbox::start().unwrap();
    let mut runs = Runs::default();
    let aws = || oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE]).beside(&sandbox);
    let mut one = |kind: &str, program: Program<'_>| runs.add(kind, 3, &program.run());
    one("none", aws());
    one("an empty one", aws().env("SEMAPHORE_OIDC_TOKEN", ""));
    one("a word", aws().env("SEMAPHORE_OIDC_TOKEN", "token"));
    one("JSON", aws().env("SEMAPHORE_OIDC_TOKEN", "{\"value\":\"a.b.c\"}"));
    one("its variable's name", aws().env("SEMAPHORE_OIDC_TOKEN", "$SEMAPHORE_OIDC_TOKEN"));
    one("three parts that are none", aws().env("SEMAPHORE_OIDC_TOKEN", "a.b.c"));
    one("five parts", aws().env("SEMAPHORE_OIDC_TOKEN", "a.b.c.d.e"));
    one("another variable", aws().args(["--token-env", "CI_JOB_TOKEN"]));
    one("a file that is missing", aws().args(["--token-file", "/run/secrets/token"]));
    one("a directory", aws().args(["--token-file", "/"]));
    one("nothing on standard input", aws().args(["--token-file", "-"]));
    one(
        "one that has expired",
        oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE])
            .job_of(&sandbox, &Job::branch("main").issued_at(1_700_000_000).expires_at(1_700_086_400)),
    );
    one("none for token", oidc_exchange(["token"]));
    one("none for token --verify", oidc_exchange(["token", "--verify"]));
    runs.are_short(14);
}
