//! Words of other tools and actions, with suggestions. The comments name the tools.

/// A word of another tool, with a suggestion.
pub(super) struct Habit {
    /// The commands in which it applies, separated by `|`; empty for all.
    pub(super) within: &'static str,
    /// The words, separated by spaces.
    pub(super) typed: &'static str,
    /// The suggestion.
    pub(super) instead: &'static str,
}

const fn habit(within: &'static str, typed: &'static str, instead: &'static str) -> Habit {
    Habit { within, typed, instead }
}

/// Commands.
pub(super) const COMMANDS: &[Habit] = &[
    // The AWS CLI and configure-aws-credentials.
    habit("", "amazon sts iam assume-role assume-role-with-web-identity configure-aws-credentials", "write `aws`"),
    // gcloud.
    habit("", "google gcloud workload-identity-federation create-cred-config", "write `gcp`"),
    // The Azure CLI and Azure/login.
    habit("", "az entra microsoft azure-login", "write `azure`"),
    // vault and bao.
    habit("", "bao openbao hashicorp hcv kv read secret secrets", "write `vault`"),
    // aws-vault, saml2aws and other tools.
    habit("", "login auth exchange get credentials assume", "write the cloud: `aws`, `gcp`, `azure` or `vault`"),
    habit("", "exec run env shell", "write `aws`, `gcp`, `azure` or `vault`, with `-- COMMAND` at the end"),
    // Docker, the AWS CLI and Azure's registries.
    habit(
        "",
        "docker docker-login ecr get-login-password acr gcr configure-docker",
        "write the cloud with `--registry HOST`",
    ),
    // kubectl's exec plugins.
    habit(
        "",
        "kubectl kubernetes k8s eks gke aks get-token kubelogin gke-gcloud-auth-plugin",
        "write the cloud with `--format kubernetes`",
    ),
    habit("", "credential-process", "write `aws --format process`"),
    habit("", "version", "write `--version`"),
    habit("", "whoami status jwt claims decode inspect show id-token", "write `token`"),
    habit("", "verify validate", "write `token --verify`"),
    habit(
        "",
        "why debug doctor check diagnose simulate",
        "write `explain aws`, `explain gcp`, `explain azure` or `explain vault`",
    ),
    habit(
        "",
        "init create bootstrap configure terraform",
        "write `setup aws`, `setup gcp`, `setup azure` or `setup vault`",
    ),
    habit("", "logout cleanup revoke unset destroy", "write `clean`"),
    habit("", "completion autocomplete", "write `completions`"),
    habit("", "manual docs", "write `man`"),
];

/// Options, in the form of [`super::kebab`].
pub(super) const OPTIONS: &[Habit] = &[
    // configure-aws-credentials, the AWS CLI and aws-vault.
    habit("aws", "role-to-assume assume-role-arn assume-role", "write `--role-arn`"),
    habit("aws", "arn role role-name", "write `--role-arn`, with the whole ARN"),
    habit("aws", "aws-region", "write `--region`"),
    habit("aws", "role-duration-seconds duration-seconds session-duration", "write `--duration`"),
    habit("aws", "session-name", "write `--role-session-name`"),
    habit("aws", "inline-session-policy", "write `--policy`"),
    habit("aws", "managed-session-policies policy-arns", "write `--policy-arn` once for each ARN"),
    habit("aws", "allowed-account-ids expected-account-id", "write `--allowed-account-id` once for each account"),
    habit("aws", "role-chaining", "write `--chain-role-arn`, with the next role"),
    habit("aws", "role-external-id", "write `--external-id` beside `--chain-role-arn`"),
    habit("aws", "tags", "write `--session-tag` beside `--chain-role-arn`"),
    habit("aws", "endpoint-url", "set the variable AWS_ENDPOINT_URL_STS"),
    habit("aws", "profile-name", "write `--profile`"),
    habit("aws", "audience audiences", "leave it out: the job's token has its own audience"),
    habit(
        "aws",
        "skip-session-tagging role-skip-session-tagging mask-aws-account-id output-credentials",
        "leave it out",
    ),
    // google-github-actions/auth and gcloud.
    habit("gcp", "workload-identity-provider", "write `--provider`"),
    habit(
        "gcp",
        "workload-identity-pool pool pool-id project-number",
        "write `--provider`, with the provider's whole name",
    ),
    habit("gcp", "service-account-email impersonate-service-account account", "write `--service-account`"),
    habit("gcp", "project-id", "write `--project`"),
    habit(
        "gcp",
        "access-token-lifetime token-lifetime service-account-token-lifetime-seconds duration",
        "write `--lifetime`",
    ),
    habit("gcp", "access-token-scopes scopes", "write `--scope` once for each scope"),
    habit("gcp", "delegates", "write `--delegate` once for each account"),
    habit("gcp", "token-format", "write `--access-token` or `--id-token-audience`"),
    habit(
        "gcp",
        "audience audiences",
        "write `--id-token-audience` for an ID token; the audience of the job's token cannot be changed",
    ),
    habit("gcp", "id-token-include-email", "write `--include-email`"),
    habit("gcp", "universe", "write `--universe-domain`"),
    habit("gcp", "output-file create-credentials-file cred-file credential-file", "write `--credentials-file`"),
    // Azure/login and the Azure CLI.
    habit("azure", "tenant", "write `--tenant-id`"),
    habit("azure", "subscription", "write `--subscription-id`"),
    habit("azure", "username u app-id application-id", "write `--client-id`"),
    habit("azure", "environment cloud", "write `--authority-host`"),
    habit("azure", "resource scopes", "write `--scope RESOURCE/.default`"),
    habit("azure", "audience", "leave it out: the job's token has its own audience"),
    habit("azure", "federated-token", "write `--token-env`, with the name of the variable that contains the token"),
    habit("azure", "service-principal allow-no-subscriptions", "leave it out"),
    // vault-action, vault and bao.
    habit("vault", "address url vault-addr", "write `--addr`"),
    habit("vault", "path auth-path jwt-path mount-path", "write `--mount`, with the mount of the JWT auth method"),
    habit("vault", "ns", "write `--namespace`"),
    habit("vault", "field", "write the field after the secret's path: NAME=path#field"),
    habit("vault", "secret secrets", "write NAME=path#field as an argument, or as a line of `--secrets-file`"),
    habit("vault", "kv-version", "leave it out, or write kv1: or kv2: before the path"),
    habit("vault", "jwt jwt-token", "write `--token-env`, with the name of the variable that contains the token"),
    habit("vault", "ca-cert cacert ca-certificate", "write `--ca-file`"),
    habit(
        "vault",
        "tls-skip-verify insecure",
        "write `--ca-file` to trust the server's own CA; TLS is always verified",
    ),
    habit("vault", "method", "leave it out: the method is jwt; `--mount` names where it is mounted"),
    // All tools.
    habit(
        "aws|gcp|azure",
        "jwt jwt-token",
        "write `--token-env`, with the name of the variable that contains the token",
    ),
    habit("aws|gcp|azure|vault|token", "proxy http-proxy https-proxy", "set the variable HTTPS_PROXY"),
    habit("aws|gcp|azure|vault|token", "query", "write `--format json`, and read it with jq"),
    habit("token", "decode raw", "leave it out"),
    habit("use", "all", "name each target"),
    habit("use", "config config-file file f targets-file", "write `--targets`"),
    habit("aws|gcp|azure|vault", "shell", "write `--format env` for POSIX shells, `--format fish` for fish"),
    habit("aws|gcp|azure|vault", "export output-format", "write `--format`"),
    habit("aws|gcp|azure|vault", "json", "write `--format json`"),
    habit(
        "aws|gcp|azure|vault",
        "env-file dotenv",
        "write `--format env-no-export` or `--format dotenv`, with `--output`",
    ),
    habit("aws|gcp|azure|vault", "o", "write `--output` for a file's path, `--format` for the form"),
    habit("aws|gcp|azure|vault|token|explain|setup", "f", "write `--format`"),
    habit("token|explain", "output o json", "write `--format json`"),
    habit("setup", "output o json", "write `--format json`, or `>` and the file's name"),
    habit(
        "aws|gcp|azure|vault|token|explain|setup",
        "web-identity-token-file token-path credential-source-file oidc-token-file id-token-file",
        "write `--token-file`",
    ),
    habit(
        "aws|gcp|azure|vault|token|explain|setup",
        "web-identity-token oidc-token id-token subject-token",
        "write `--token-env`, with the name of the variable that contains the token",
    ),
    habit("aws|gcp|azure|token", "ca-bundle cafile cacert", "write `--ca-file`"),
    habit("vault", "ca-bundle cafile", "write `--ca-file`"),
    habit(
        "aws|gcp|azure",
        "no-verify-ssl insecure",
        "write `--ca-file` to trust the server's own CA; TLS is always verified",
    ),
    habit("vault", "no-verify-ssl", "write `--ca-file` to trust the server's own CA; TLS is always verified"),
    habit("", "debug log-level", "write `-v`"),
    habit("", "silent", "write `-q`"),
    // aws, gcloud, vault and bao.
    habit("explain aws", "policy policy-document role-policy", "write `--trust-policy`"),
    habit("explain gcp", "provider", "write `--provider-config`, with the file that gcloud has printed"),
    habit("explain vault", "role", "write `--role-config`, with the file that vault or bao has printed"),
    habit("setup aws", "role role-name role-to-assume", "write `--role-arn`, with the whole ARN"),
    habit("setup", "project", "write `--project-id`, with the UUID of the Semaphore project"),
    habit("setup", "repository", "write `--repo`, without the owner"),
    habit("setup", "organization", "write `--org`"),
    habit("setup", "ref", "write `--branch` or `--tag`"),
];

/// Values of `--format` and of `--on-error`.
pub(super) const VALUES: &[Habit] = &[
    habit(
        "--format",
        "sh bash zsh dash ksh posix shell export eval text",
        "write `--format env`, or leave it out: env is the default",
    ),
    habit("--format", "docker podman env-file envfile", "write `--format env-no-export`"),
    habit("--format", "dot-env .env", "write `--format dotenv`"),
    habit("--format", "credential-process credential_process", "write `--format process`, of `aws`"),
    habit("--format", "kubectl k8s kubeconfig exec-credential execcredential", "write `--format kubernetes`"),
    habit("--format", "jsonc yaml yaml-stream yamlc yml table tsv toml csv", "write `--format json`"),
    habit("--format", "value plain", "write `--format raw`, of `vault`, for the value of one secret"),
    habit("--on-error", "exit fail abort", "write `--on-error stop`, or leave it out: stop is the default"),
    habit("--on-error", "continue ignore nothing", "write `--on-error none`"),
];

/// Commands that print the document for `explain`.
pub(super) const DOCUMENTS: &[(&str, &str)] = &[
    (
        "explain aws",
        "aws iam get-role --role-name NAME --output json | oidc-exchange explain aws --claims FILE --trust-policy -",
    ),
    (
        "explain gcp",
        "gcloud iam workload-identity-pools providers describe PROVIDER --format=json | oidc-exchange explain gcp --claims FILE --provider-config -",
    ),
    (
        "explain azure",
        "az ad app federated-credential list --id CLIENT_ID | oidc-exchange explain azure --claims FILE --credentials -",
    ),
    (
        "explain vault",
        "vault read -format=json auth/jwt/role/NAME | oidc-exchange explain vault --claims FILE --role-config -",
    ),
];
