//! `explain --target` and `setup --target`: a target replaces the options.

use std::time::SystemTime;

use sandbox::{Job, PROVIDER, Sandbox};
use serde_json::json;

use super::requests;
use crate::support::{Program, expect, oidc_exchange};

const FILE: &str = r#"version = 1

[target.deploy]
aws.role-arn = "arn:aws:iam::123456789012:role/deploy"

[target.elsewhere]
aws.role-arn = "arn:aws:iam::123456789012:role/other"
aws.region = "eu-central-1"

[target.bad]
aws.region = "eu-central-1"
aws.role-arn = "deploy"

[target.nameless]
aws.region = "eu-central-1"

[target.web]
gcp.provider = "projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore"
gcp.service-account = "deploy@my-project.iam.gserviceaccount.com"

[target.nobody]
gcp.project = "my-project"

[target.terraform]
azure.tenant-id = "72f988bf-86f1-41af-91ab-2d7cd011db47"
azure.client-id = "00001111-aaaa-2222-bbbb-3333cccc4444"
azure.authority-host = "AzureUSGovernment"

[target.secrets]
vault.addr = "https://vault.example.com"
vault.namespace = "team"
vault.role = "ci"
vault.mount = "semaphore"
vault.secrets = [
  "DB_PASSWORD=secret/production/db#password",
  "DB_USER=secret/production/db#user",
  "KEY=kv2:secret/production/web?version=3#key",
  "CERT=POST:pki/issue/web{\"common_name\":\"ci.example.com\"}#certificate",
]

[target.wildcard]
vault.role = "ci"
vault.secrets = ["A=secret/a*#b"]

[target.default-role]
vault.secrets = ["A=secret/a#b"]
"#;

fn program<'s>(words: &[&str]) -> Program<'s> {
    let program = oidc_exchange(words.iter().copied());
    program.scratch().write("oidc-exchange.toml", FILE);
    program
}

/// `setup` for a branch in the options, which needs no token.
fn setup<'s>(words: &[&str]) -> Program<'s> {
    let jobs = ["--issuer", "https://acme.semaphoreci.com", "--repo", "web", "--branch", "main", "--project-id"];
    program(&["setup"]).args(words).args(jobs).arg("936a5312-a3b8-4921-8b3f-2cec8baac574")
}

/// With a target, `setup` prints what it prints with the options that the target has.
#[test]
fn a_target_sets_up_what_its_options_would() {
    let with_options = |words: &[&str]| setup(words).run().exits(0).stdout();
    let provider = "projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore";
    for (target, options) in [
        (&["aws", "--target", "deploy"][..], &["aws", "--role-arn", "arn:aws:iam::123456789012:role/deploy"][..]),
        (
            &["gcp", "--target", "web"],
            &["gcp", "--provider", provider, "--service-account", "deploy@my-project.iam.gserviceaccount.com"],
        ),
    ] {
        let expected = with_options(options);
        setup(target).run().exits(0).stdout_is(&expected).stderr_is(expect![""]);
        // A variable is used only if the target does not have the key.
        setup(target).env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/other").run().exits(0).stdout_is(&expected);
        // The file may be in another place.
        let program = setup(target).args(["--targets", "there.toml"]);
        program.scratch().write("there.toml", FILE);
        program.scratch().write("oidc-exchange.toml", "version = 2");
        program.run().exits(0).stdout_is(&expected);
    }
    let role = "arn:aws:iam::123456789012:role/deploy";
    let expected = with_options(&["aws", "--role-arn", role]);
    setup(&["aws", "--target", "nameless"]).env("AWS_ROLE_ARN", role).run().exits(0).stdout_is(&expected);
}

#[test]
fn a_target_tells_where_the_clouds_side_is() {
    setup(&["azure", "--target", "terraform", "--assign-role", "Reader", "--on", "/subscriptions/x"])
        .run()
        .exits(0)
        .stderr_is(expect![""])
        .stdout_reads(expect![[r#"
            # allows: jobs for the branch main of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of https://acme.semaphoreci.com
            # denies: every other branch and tag, pull requests, and other projects
            # beware: a debug session of such a job has the same subject and is allowed too: Entra compares no other claim
            # beware: an application or managed identity has 20 federated credentials at most
            # beware: the target is in AzureUSGovernment: run `az cloud set --name AzureUSGovernment` first

            # the application's service principal
            az ad sp show --id 00001111-aaaa-2222-bbbb-3333cccc4444 >/dev/null 2>&1 ||
              az ad sp create --id 00001111-aaaa-2222-bbbb-3333cccc4444

            # the federated credential; if it exists, this replaces its rule
            credential='{"name":"semaphore-web-main-219af880","issuer":"https://acme.semaphoreci.com","subject":"org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main","audiences":["https://acme.semaphoreci.com"]}'
            if az ad app federated-credential show --id 00001111-aaaa-2222-bbbb-3333cccc4444 \
              --federated-credential-id semaphore-web-main-219af880 >/dev/null 2>&1; then
              az ad app federated-credential update --id 00001111-aaaa-2222-bbbb-3333cccc4444 \
                --federated-credential-id semaphore-web-main-219af880 \
                --parameters "$credential"
            else
              az ad app federated-credential create --id 00001111-aaaa-2222-bbbb-3333cccc4444 \
                --parameters "$credential"
            fi

            # what it may do; this changes nothing if it is assigned
            az role assignment create --assignee-object-id "$(az ad sp show --id 00001111-aaaa-2222-bbbb-3333cccc4444 --query id --output tsv)" \
              --assignee-principal-type ServicePrincipal \
              --role Reader \
              --scope /subscriptions/x
        "#]]);
    setup(&["vault", "--target", "secrets"]).run().exits(0).stderr_is(expect![""]).stdout_reads(expect![[r#"
        # allows: jobs for the branch main of the project 936a5312-a3b8-4921-8b3f-2cec8baac574 (repository web) of https://acme.semaphoreci.com
        # denies: every other branch and tag, pull requests, debug sessions (job_type), other projects
        # beware: auth/semaphore/config is written as a whole: if the method is already in use, read it first; for another issuer, use another --mount
        # beware: a token is valid for 15 minutes, or for an hour if it is renewed: set token_max_ttl for longer jobs
        # beware: a secret has both spellings, with data/ for KV version 2 and without it for version 1; kv2: or kv1: before its path leaves one; for a mount of several segments, write data/ after the mount
        # beware: with HashiCorp Vault, write `vault` for `bao`
        # beware: the target's Vault is https://vault.example.com: set VAULT_ADDR=https://vault.example.com first
        # beware: the target is in a namespace: set VAULT_NAMESPACE=team first

        # the auth method
        bao read sys/auth/semaphore >/dev/null 2>&1 ||
          bao auth enable -path=semaphore jwt

        # the issuer whose tokens it accepts
        bao write auth/semaphore/config - <<'END'
        {
          "bound_issuer": "https://acme.semaphoreci.com",
          "oidc_discovery_url": "https://acme.semaphoreci.com"
        }
        END

        # what its tokens may read
        bao policy write semaphore-ci - <<'END'
        path "secret/data/production/db" { capabilities = ["read"] }
        path "secret/production/db" { capabilities = ["read"] }
        path "secret/data/production/web" { capabilities = ["read"] }
        path "pki/issue/web" { capabilities = ["update"] }
        END

        # who gets one
        bao write auth/semaphore/role/ci - <<'END'
        {
          "bound_audiences": [
            "https://acme.semaphoreci.com"
          ],
          "bound_claims": {
            "job_type": "pipeline_job",
            "prj_id": "936a5312-a3b8-4921-8b3f-2cec8baac574",
            "ref": "refs/heads/main",
            "ref_type": "branch"
          },
          "bound_claims_type": "string",
          "claim_mappings": {
            "job_id": "job_id",
            "ref": "ref",
            "repo_slug": "repo_slug",
            "wf_id": "wf_id"
          },
          "role_type": "jwt",
          "token_max_ttl": "1h",
          "token_policies": [
            "semaphore-ci"
          ],
          "token_ttl": "15m",
          "user_claim": "prj_id"
        }
        END
    "#]]);
}

#[test]
fn what_is_wrong_with_a_target_is_told_with_its_place() {
    let mut said = String::new();
    for words in [
        &["aws", "--target", "deplyo"][..],
        &["aws", "--target", "zzz"],
        &["aws", "--target", "secrets"],
        &["aws", "--target", "bad"],
        &["aws", "--target", "nameless"],
        &["gcp", "--target", "nobody"],
        &["vault", "--target", "wildcard"],
        &["vault", "--target", "default-role"],
        &["aws", "--target", ""],
        &["aws", "--target", "deploy", "--targets", "nowhere.toml"],
    ] {
        let output = setup(words).run();
        output.exits(2).stdout_is("");
        said.push_str(&output.told());
    }
    expect![[r#"
        error: oidc-exchange.toml has no target `deplyo`

        hint: write deploy, if that is meant
        error: oidc-exchange.toml has no target `zzz`

        hint: oidc-exchange use --list shows the targets
        error: oidc-exchange.toml:29:9: target secrets: it is a target of vault, and not of aws

        hint: write vault in place of aws
        error: oidc-exchange.toml:12:5: target bad: --role-arn: `deploy` is not a role's ARN: it is only a name, without the role's account

        hint: write it as arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
        error: oidc-exchange.toml:14:9: target nameless: no role was given: its ARN names the account that needs the provider

        hint: name the role to create with --role-arn arn:aws:iam::ACCOUNT:role/NAME, or with the variable AWS_ROLE_ARN
        error: oidc-exchange.toml:21:9: target nobody: the target has no gcp.provider, which is the one to create
        error: oidc-exchange.toml:43:7: target wildcard: vault.secrets: `secret/a*` cannot be in a policy, where `*` is a wildcard
        error: oidc-exchange.toml:45:9: target default-role: the target has no vault.role, which is the one to create
        error: oidc-exchange.toml has no target ``

        hint: oidc-exchange use --list shows the targets
        error: --targets: cannot read nowhere.toml: No such file or directory (os error 2)
    "#]].assert_eq(&said);
    let program = setup(&["aws", "--target", "deploy"]);
    program.scratch().write("oidc-exchange.toml", FILE.to_owned() + "[target.x]\naws.token-file = 'x'\n");
    program.run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: oidc-exchange.toml:48:5: target x: aws.token-file: a targets file names no file
    "#]]);
}

#[test]
fn an_option_beside_a_target_that_has_it_is_refused() {
    let mut said = String::new();
    for words in [
        &["setup", "aws", "--target", "deploy", "--role-arn", "arn:aws:iam::123456789012:role/x"][..],
        &["setup", "gcp", "--target", "web", "--provider", PROVIDER],
        &["setup", "gcp", "--target", "web", "--service-account", "x@y.iam.gserviceaccount.com"],
        &["setup", "azure", "--target", "terraform", "--client-id", "00001111-aaaa-2222-bbbb-3333cccc4444"],
        &["setup", "azure", "--target", "terraform", "--identity", "x", "--resource-group", "y"],
        &["setup", "vault", "--target", "secrets", "--role", "x"],
        &["setup", "vault", "--target", "secrets", "--mount", "x"],
        &["setup", "vault", "--target", "secrets", "--secret", "secret/x"],
        &["setup", "aws", "--target", "deploy", "--target", "bad"],
        &["setup", "aws", "--targets", "oidc-exchange.toml"],
        &["explain", "aws", "--target", "deploy", "--trust-policy", "x", "--role-arn", "x"],
        &["explain", "aws", "--targets", "oidc-exchange.toml", "--trust-policy", "x"],
    ] {
        let output = program(words).run();
        output.exits(2).stdout_is("");
        said.push_str(output.told().lines().next().unwrap_or_default());
        said.push('\n');
    }
    expect![[r#"
        error: the argument '--target <NAME>' cannot be used with '--role-arn <ARN>'
        error: the argument '--target <NAME>' cannot be used with '--provider <NAME>'
        error: the argument '--target <NAME>' cannot be used with '--service-account <EMAIL>'
        error: the argument '--target <NAME>' cannot be used with '--client-id <ID>'
        error: the argument '--target <NAME>' cannot be used with '--identity <NAME>'
        error: the argument '--target <NAME>' cannot be used with '--role <NAME>'
        error: the argument '--target <NAME>' cannot be used with '--mount <PATH>'
        error: the argument '--target <NAME>' cannot be used with '--secret <PATH>'
        error: the argument '--target <NAME>' cannot be used multiple times
        error: the following required arguments were not provided:
        error: the argument '--target <NAME>' cannot be used with '--role-arn <ARN>'
        error: the following required arguments were not provided:
    "#]]
    .assert_eq(&said);
}

/// `explain` of a document, with claims from another machine.
fn explain<'s>(words: &[&str], document: &serde_json::Value) -> Program<'s> {
    let program = program(&["explain"]).args(words).args(["document.json", "--claims", "claims.json"]);
    let issuer = "https://acme.semaphoreci.com";
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({ "iss": issuer, "aud": issuer, "sub": Job::branch("main").subject(), "iat": now - 60, "nbf": now - 60, "exp": now + 3600 });
    program.scratch().write("claims.json", json!({ "claims": claims }).to_string());
    program.scratch().write("document.json", document.to_string());
    program
}

#[test]
fn a_rule_is_explained_for_the_targets_role() {
    let provider = "arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com";
    let statement = json!({
        "Effect": "Allow",
        "Principal": { "Federated": provider },
        "Action": "sts:AssumeRoleWithWebIdentity",
    });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let output = explain(&["aws", "--target", "deploy", "--trust-policy"], &policy).run();
    let first = output.exits(0).stdout().lines().next().unwrap_or_default().to_owned();
    assert_eq!(first, "accepted: the trust policy allows this token to assume arn:aws:iam::123456789012:role/deploy");
    let role = json!({ "Role": {
        "Arn": "arn:aws:iam::123456789012:role/deploy",
        "AssumeRolePolicyDocument": policy,
    } });
    explain(&["aws", "--target", "deploy", "--trust-policy"], &role).run().exits(0);
    let mut said = String::new();
    for name in ["elsewhere", "bad", "web", "deplyo"] {
        let output = explain(&["aws", "--target", name, "--trust-policy"], &role).run();
        output.exits(2).stdout_is("");
        said.push_str(&output.told());
    }
    expect![[r#"
        error: oidc-exchange.toml:7:5: target elsewhere: --role-arn names arn:aws:iam::123456789012:role/other, and --trust-policy document.json is of the role arn:aws:iam::123456789012:role/deploy

        hint: use the file of that role: aws iam get-role prints it
        error: oidc-exchange.toml:12:5: target bad: --role-arn: `deploy` is not a role's ARN: it is only a name, without the role's account

        hint: write it as arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
        error: oidc-exchange.toml:17:9: target web: it is a target of gcp, and not of aws

        hint: write gcp in place of aws
        error: oidc-exchange.toml has no target `deplyo`

        hint: write deploy, if that is meant
    "#]].assert_eq(&said);
}

#[test]
fn a_provider_is_explained_for_the_target() {
    let name = "projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore";
    let configuration = |name: Option<&str>| {
        let issuer = "https://acme.semaphoreci.com";
        let mut all = json!({
            "attributeMapping": { "google.subject": "assertion.sub.extract('project:{id}:')" },
            "oidc": { "issuerUri": issuer, "allowedAudiences": [issuer] },
        });
        if let Some(name) = name {
            all["name"] = name.into();
        }
        all
    };
    let words = ["gcp", "--target", "web", "--provider-config"];
    explain(&words, &configuration(Some(name))).run().exits(0);
    let output = explain(&words, &configuration(None)).run();
    output.exits(0);
    explain(&words, &configuration(Some(&name.replace("semaphore", "github"))))
        .run()
        .exits(2)
        .stdout_is("")
        .stderr_is(expect![[r#"
            error: oidc-exchange.toml:18:5: target web: --provider names projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore, and --provider-config document.json is of projects/123456/locations/global/workloadIdentityPools/github/providers/github

            hint: give the configuration of the target's provider
        "#]]);
}

#[test]
fn notes_name_what_the_target_has() {
    let note = |words: &[&str], document: serde_json::Value, part: &str| {
        let output = explain(words, &document).run();
        let text = output.exits(4).stdout();
        let found = text.lines().find(|line| line.contains(part)).unwrap_or_default().to_owned();
        found + "\n"
    };
    let mut said = note(&["azure", "--target", "terraform", "--credentials"], json!([]), "setup azure");
    let role = json!({ "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["https://other.test"] });
    said += &note(&["vault", "--target", "secrets", "--role-config"], role.clone(), "bao write");
    said += &note(&["vault", "--target", "default-role", "--role-config"], role, "bao write");
    expect![[r#"
        note: oidc-exchange setup azure --client-id 00001111-aaaa-2222-bbbb-3333cccc4444 prints the commands that create the credential for this token
        note: to fix the role: printf %s '{"bound_audiences":["https://other.test","https://acme.semaphoreci.com"],"role_type":"jwt"}' | bao write auth/semaphore/role/ci -
        note: to fix the role: printf %s '{"bound_audiences":["https://other.test","https://acme.semaphoreci.com"],"role_type":"jwt"}' | bao write auth/jwt/role/NAME -
    "#]].assert_eq(&said);
}

/// The targets of the sandbox's job. `explain` accepts the output of `setup` for each.
#[test]
fn what_setup_prints_for_a_target_explain_accepts_for_it() {
    let sandbox = Sandbox::start().unwrap();
    for (cloud, target, document) in [
        ("aws", "deploy", "--trust-policy"),
        ("gcp", "web", "--provider-config"),
        ("azure", "terraform", "--credentials"),
        ("vault", "secrets", "--role-config"),
    ] {
        let script = format!(
            "oidc-exchange setup {cloud} --target {target} --format json >both.json &&
             oidc-exchange explain {cloud} --target {target} {document} both.json | sed -n 1p"
        );
        let program = Program::new("/bin/sh", ["-c", &script]).job(&sandbox);
        program.scratch().write("oidc-exchange.toml", FILE);
        let output = program.run();
        assert!(output.exits(0).stdout().starts_with("accepted: "), "{script}: {}", output.describe());
    }
    assert_eq!(requests(&sandbox), 0, "nothing is sent");
}
