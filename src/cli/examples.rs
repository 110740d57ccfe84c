//! The examples at the end of help texts and of the manual's sections. A test parses each of them.

pub(super) const AWS: &str = r#"Examples:
  # In a job's shell
  eval "$(oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy)"
  # Only for one command
  oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy \
      -- terraform apply
  # For a job longer than an hour: SDKs renew the credentials
  eval "$(oidc-exchange aws --refreshable \
      --role-arn arn:aws:iam::123456789012:role/deploy)"
  # Through another role into an account, and no other
  eval "$(oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/ci \
      --chain-role-arn arn:aws:iam::210987654321:role/deploy \
      --allowed-account-id 210987654321)"
  # For docker push to Amazon ECR, without docker login
  oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy \
      --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com"#;

pub(super) const GCP: &str = r#"Examples:
  POOL=projects/123456/locations/global/workloadIdentityPools/semaphore
  # As a service account, for gcloud and Google's client libraries
  eval "$(oidc-exchange gcp --provider "$POOL/providers/semaphore" \
      --service-account deploy@my-proj.iam.gserviceaccount.com)"
  # An ID token for a service on Cloud Run, and no file
  eval "$(oidc-exchange gcp --provider "$POOL/providers/semaphore" \
      --service-account deploy@my-proj.iam.gserviceaccount.com \
      --no-credentials-file \
      --id-token-audience https://web-abc123-ew.a.run.app)"
  # For docker push to Artifact Registry, without docker login and gcloud
  oidc-exchange gcp --provider "$POOL/providers/semaphore" \
      --service-account deploy@my-proj.iam.gserviceaccount.com \
      --registry europe-west1-docker.pkg.dev"#;

pub(super) const AZURE: &str = r#"Examples:
  # For Azure SDKs and Terraform; every client gets new access tokens by itself
  eval "$(oidc-exchange azure \
      --tenant-id 72f988bf-86f1-41af-91ab-2d7cd011db47 \
      --client-id 00001111-aaaa-2222-bbbb-3333cccc4444)"
  # For one command, with AZURE_TENANT_ID and AZURE_CLIENT_ID in the environment
  oidc-exchange azure --subscription-id 11112222-bbbb-3333-cccc-4444dddd5555 \
      -- terraform apply
  # An access token for Key Vault, in a variable
  eval "$(oidc-exchange azure --scope https://vault.azure.net/.default \
      --access-token-env KEY_VAULT_TOKEN)"
  # For docker push to Azure Container Registry, without docker login and az
  oidc-exchange azure --registry contoso.azurecr.io"#;

pub(super) const VAULT: &str = r#"Examples:
  # A field of a secret, as a variable
  eval "$(oidc-exchange vault --role ci DB_PASSWORD=secret/production/db#password)"
  # A private file with a field in it, and all fields of a secret
  eval "$(oidc-exchange vault --addr https://vault.example.com --role ci \
      KUBECONFIG=secret/ci/cluster?file#config DB_=secret/production/db#*)"
  # For one command: leases are renewed while it runs, and revoked after it
  oidc-exchange vault --role ci DB=database/creds/migrations -- ./migrate
  # The client token itself, for other tools
  eval "$(oidc-exchange vault --role ci)""#;

pub(super) const USE: &str = r#"Examples:
  # Two targets of oidc-exchange.toml, in a job's shell
  eval "$(oidc-exchange use deploy secrets)"
  # For one command
  oidc-exchange use deploy secrets -- ./deploy.sh
  # In a pipeline that checks the file; nothing is sent
  oidc-exchange use --check"#;

pub(super) const TOKEN: &str = "\
Examples:
  # What a trust policy can match
  oidc-exchange token
  # Check the signature and the clocks
  oidc-exchange token --verify";

pub(super) const EXPLAIN: &str = "\
Examples:
  # Why does AWS refuse this job?
  aws iam get-role --role-name deploy --output json >role.json
  oidc-exchange explain aws --trust-policy role.json
  # Would Google Cloud accept it?
  oidc-exchange explain gcp --provider-config provider.json --iam-policy policy.json
  # Would Azure?
  az ad app federated-credential list --id CLIENT_ID \\
      | oidc-exchange explain azure --credentials -
  # And Vault?
  bao read -format=json auth/jwt/role/ci \\
      | oidc-exchange explain vault --role-config -";

pub(super) const SETUP: &str = "\
Examples:
  # In a job: for the branch or tag that it runs on
  oidc-exchange setup aws --role-arn arn:aws:iam::123456789012:role/deploy
  # From anywhere
  oidc-exchange setup vault --role ci --issuer https://acme.semaphoreci.com \\
      --project-id 936a5312-a3b8-4921-8b3f-2cec8baac574 --repo web --branch main";

pub(super) const EXPLAIN_AWS: &str = "\
Examples:
  # In the job, with the role's trust policy from an administrator
  oidc-exchange explain aws --trust-policy role.json
  # Elsewhere, with the claims that the job printed
  aws iam get-role --role-name deploy --output json \\
      | oidc-exchange explain aws --trust-policy - --claims claims.json
  # For the role of a target in oidc-exchange.toml
  oidc-exchange explain aws --target deploy --trust-policy role.json";

pub(super) const EXPLAIN_GCP: &str = "\
Examples:
  # The provider's mapping and condition
  oidc-exchange explain gcp --provider-config provider.json
  # The same, and who may act as the service account
  oidc-exchange explain gcp --provider-config provider.json \\
      --iam-policy policy.json";

pub(super) const EXPLAIN_AZURE: &str = "\
Examples:
  # The federated credentials of an application
  az ad app federated-credential list --id CLIENT_ID \\
      | oidc-exchange explain azure --credentials -
  # Elsewhere, with the claims that the job printed
  oidc-exchange explain azure --credentials credentials.json \\
      --claims claims.json";

pub(super) const EXPLAIN_VAULT: &str = "\
Examples:
  # A role
  vault read -format=json auth/jwt/role/ci \\
      | oidc-exchange explain vault --role-config -
  # The same, and the configuration of its auth method
  oidc-exchange explain vault --role-config role.json \\
      --mount-config mount.json";

pub(super) const SETUP_AWS: &str = "\
Examples:
  # In a job: a role for the branch or tag that it runs on
  oidc-exchange setup aws --role-arn arn:aws:iam::123456789012:role/deploy
  # From anywhere, for every tag that begins with v
  oidc-exchange setup aws --role-arn arn:aws:iam::123456789012:role/release \\
      --issuer https://acme.semaphoreci.com --repo web --tag \"v*\" \\
      --project-id 936a5312-a3b8-4921-8b3f-2cec8baac574
  # The role of a target in oidc-exchange.toml
  oidc-exchange setup aws --target deploy";

pub(super) const SETUP_GCP: &str = "\
Examples:
  # In a job: a pool, a provider, and who may act as the service account
  POOL=projects/123456/locations/global/workloadIdentityPools/ci
  oidc-exchange setup gcp --provider $POOL/providers/semaphore \\
      --service-account deploy@my-proj.iam.gserviceaccount.com";

pub(super) const SETUP_AZURE: &str = "\
Examples:
  # In a job: a federated credential of an application
  oidc-exchange setup azure --client-id 00001111-aaaa-2222-bbbb-3333cccc4444
  # A managed identity that may read a resource group
  oidc-exchange setup azure --identity deploy --resource-group ci \\
      --assign-role Reader --on /subscriptions/SUBSCRIPTION/resourceGroups/web";

pub(super) const SETUP_VAULT: &str = "\
Examples:
  # In a job: a role that may read a secret
  oidc-exchange setup vault --role ci --secret secret/production/db
  # From anywhere
  oidc-exchange setup vault --role ci --issuer https://acme.semaphoreci.com \\
      --project-id 936a5312-a3b8-4921-8b3f-2cec8baac574 --repo web --branch main
  # The role of a target in oidc-exchange.toml, which may read its secrets
  oidc-exchange setup vault --target secrets";

pub(super) const CLEAN: &str = r#"Examples:
  # At the end of a job, on a self-hosted machine
  eval "$(oidc-exchange clean)"
  # The same in fish
  eval (oidc-exchange clean --format fish | string collect)"#;

pub(super) const COMPLETIONS: &str = r#"Examples:
  # bash, in ~/.bashrc
  eval "$(oidc-exchange completions bash)"
  # zsh, into a directory of fpath
  oidc-exchange completions zsh >~/.zfunc/_oidc-exchange
  # fish
  oidc-exchange completions fish >~/.config/fish/completions/oidc-exchange.fish"#;

pub(super) const MAN: &str = "\
Examples:
  # Read it
  oidc-exchange man | man -l -
  # Keep it
  oidc-exchange man >~/.local/share/man/man1/oidc-exchange.1";

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use crate::cli::Cli;

    /// The program's command lines, up to the end of a substitution, a pipe or a redirection.
    fn command_lines(examples: &str) -> Vec<Vec<String>> {
        let joined = examples.replace("\\\n", " ");
        let lines = joined.lines().filter(|line| !line.trim_start().starts_with('#'));
        let ours = lines.filter_map(|line| line.split_once("oidc-exchange ").map(|(_, rest)| rest));
        let words = |rest: &str| {
            let ends = [rest.find([')', '>']), rest.find(" | ")];
            let end = ends.into_iter().flatten().min().unwrap_or(rest.len());
            ["oidc-exchange"].into_iter().chain(rest[..end].split_whitespace()).map(str::to_owned).collect()
        };
        ours.map(words).collect()
    }

    #[test]
    fn each_example_can_be_meant() {
        let mut program = Cli::command();
        program.build();
        for command in program.get_subcommands() {
            of(command, command.get_name());
            for below in command.get_subcommands() {
                of(below, &[command.get_name(), " ", below.get_name()].concat());
            }
        }
    }

    /// `path` contains the subcommands.
    fn of(command: &clap::Command, path: &str) {
        let examples = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
        let lines = command_lines(&examples);
        assert!(!lines.is_empty(), "{path} has no example");
        for line in lines {
            assert!(line[1..].join(" ").starts_with(path), "{line:?}");
            Cli::try_parse_from(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        }
    }
}
