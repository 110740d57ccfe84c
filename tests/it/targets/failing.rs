//! One of several targets fails: nothing is exported, and the others' results are revoked.

use sandbox::Sandbox;

use super::{file, requests, run_of, with};
use crate::support::recorder::closed_port;
use crate::support::{expect, stop};

const AWS: &str = "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CREDENTIAL_EXPIRATION AWS_ACCOUNT_ID";
const LEFT: &str = "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CREDENTIAL_EXPIRATION AWS_ACCOUNT_ID \
                    AWS_WEB_IDENTITY_TOKEN_FILE GOOGLE_APPLICATION_CREDENTIALS CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE \
                    GOOGLE_OAUTH_ACCESS_TOKEN CLOUDSDK_AUTH_ACCESS_TOKEN GOOGLE_ID_TOKEN AZURE_FEDERATED_TOKEN_FILE \
                    ARM_OIDC_TOKEN_FILE_PATH AZURE_TOKEN_CREDENTIALS ARM_USE_OIDC VAULT_TOKEN";

fn removed(names: &str, code: u8) -> String {
    format!("unset {names};\n{}", stop(code))
}

#[test]
fn one_refusal_revokes_what_the_others_got() {
    let sandbox = Sandbox::start().unwrap();
    let output = run_of(&["token", "release", "terraform"], &sandbox).run();
    output
        .exits(4)
        .stdout_is(&removed(&format!("VAULT_TOKEN {AWS} AZURE_FEDERATED_TOKEN_FILE ARM_OIDC_TOKEN_FILE_PATH"), 4));
    output.stderr_is(expect![[r#"
        error: target release: AWS STS refused the token
          said       AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (request ID)
          asked for  arn:aws:iam::123456789012:role/release
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main

        hint: check the role's ARN and its trust policy
        hint: find the cause: oidc-exchange explain aws --trust-policy role.json
    "#]]);
    let issued = sandbox.vault.issued();
    assert!(issued.len() == 1 && issued.iter().all(|token| !sandbox.vault.is_good(token)), "{}", issued.len());
    assert!(output.scratch.files().iter().all(|path| !path.to_string_lossy().contains("azure-token")));
}

#[test]
fn every_failure_is_reported_and_the_lowest_code_counts() {
    let sandbox = Sandbox::start().unwrap();
    let nowhere = format!("http://127.0.0.1:{}", closed_port());
    let output = run_of(&["secrets", "release", "--timeout", "3s"], &sandbox)
        .word(&nowhere, "NOWHERE")
        .word(&nowhere[7..], "NOWHERE")
        .env("VAULT_ADDR", &nowhere)
        .run();
    output.exits(4).stdout_is(&removed(&format!("DB_PASSWORD {AWS}"), 4)).stderr_is(expect![[r#"
        warning: NOWHERE refused the connection; trying again for up to T s
        error: target secrets: Vault could not be reached or kept failing
          said       NOWHERE refused the connection
          asked for  role ci at auth/jwt/login of NOWHERE
          tried      N attempts in T s

        hint: check the address, and that a server is running there
        error: target release: AWS STS refused the token
          said       AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (request ID)
          asked for  arn:aws:iam::123456789012:role/release
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main

        hint: check the role's ARN and its trust policy
        hint: find the cause: oidc-exchange explain aws --trust-policy role.json
    "#]]);
}

#[test]
fn variables_in_each_others_way_are_seen_before_anything_is_sent() {
    let sandbox = Sandbox::start().unwrap();
    let output = run_of(&["deploy", "secrets", "release"], &sandbox).run();
    output.exits(2).stderr_is(expect![[r#"
        error: AWS_ACCESS_KEY_ID is for the target deploy and for the target release

        hint: give one of them other names: aws.env-prefix, aws.profile, or another variable for a secret
        hint: or use them in two runs
    "#]]);
    let file =
        file() + "[target.gov2]\naws.role-arn = \"arn:aws:iam::123456789012:role/deploy\"\naws.profile = \"gov\"\n";
    with(&["gov", "gov2"], &file, &sandbox).run().exits(2).stderr_is(expect![[r#"
        error: the targets gov and gov2 both write the profile gov
    "#]]);
    // A variable that one target removes must not be set by another.
    let file = format!(
        "version = 1\n[target.a.aws]\nrole-arn = '{0}'\n[target.b.aws]\nrole-arn = '{0}'\nrefreshable = true\n",
        sandbox::DEPLOY_ROLE
    );
    with(&["a", "b"], &file, &sandbox).run().exits(2).stderr_is(expect![[r#"
        error: AWS_WEB_IDENTITY_TOKEN_FILE is for the target a and for the target b

        hint: give one of them other names: aws.env-prefix, aws.profile, or another variable for a secret
        hint: or use them in two runs
    "#]]);
    assert_eq!(requests(&sandbox), 0);
}

/// The names of a `#*` are known only after the read.
#[test]
fn names_that_a_read_brings_are_compared_after_it() {
    let sandbox = Sandbox::start().unwrap();
    let file = file()
        + "[target.other]\nvault.role = 'ci'\nvault.no-revoke = true\nvault.secrets = ['DB_PASSWORD=secret/production/db#password']\n";
    let output = with(&["all-secrets", "other"], &file, &sandbox).run();
    output.exits(2).stdout_is(&removed("DB_PASSWORD", 2)).stderr_is(expect![[r#"
        error: DB_PASSWORD is for target all-secrets and for target other

        hint: give the variables of one of them another name or prefix
    "#]]);
    let issued = sandbox.vault.issued();
    assert!(issued.len() == 2 && issued.iter().all(|token| !sandbox.vault.is_good(token)));
    run_of(&["all-secrets", "secrets"], &sandbox).run().exits(2).stderr_is(expect![[r#"
        error: DB_PASSWORD is for target all-secrets and for target secrets

        hint: give the variables of one of them another name or prefix
    "#]]);
}

#[test]
fn a_command_is_not_run_with_a_part_of_them() {
    let sandbox = Sandbox::start().unwrap();
    run_of(&["staging", "release", "--", "touch", "ran"], &sandbox).run().exits(4).stdout_is("");
    let output = run_of(&["gov", "--", "touch", "ran"], &sandbox).run();
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: oidc-exchange.toml:13:5: target gov: --profile: a profile is not for one COMMAND

        hint: leave out `-- COMMAND`, or give the target an env-prefix in place of the profile
    "#]]);
    assert!(output.scratch.files().iter().all(|path| !path.ends_with("ran")));
}

#[test]
fn whatever_is_wrong_the_caller_is_stopped_and_keeps_no_credentials() {
    let sandbox = Sandbox::start().unwrap();
    run_of(&["deploy", "--nonsense"], &sandbox).run().exits(2).stdout_is(&removed(AWS, 2));
    run_of(&["deploy", "secret"], &sandbox).run().exits(2).stdout_is(&removed(LEFT, 2)).stderr_is(expect![[r#"
        error: oidc-exchange.toml has no target `secret`

        hint: write secrets, if that is meant
    "#]]);
    run_of(&[], &sandbox).run().exits(2).stdout_is(&removed(LEFT, 2)).stderr_is(expect![[r#"
        error: no target was named

        hint: oidc-exchange.toml has: deploy, staging, gov, release, web, terraform, secrets, all-secrets, token
    "#]]);
    run_of(&["deploy", "deploy"], &sandbox).run().exits(2).stdout_is(&removed(AWS, 2)).stderr_is(expect![[r#"
        error: the target deploy is named twice
    "#]]);
    with(&["deploy"], "version = 2", &sandbox).run().exits(2).stdout_is(&removed(LEFT, 2));
    run_of(&["deploy", "--format", "json"], &sandbox).env_remove("SEMAPHORE_OIDC_TOKEN").run().exits(3).stdout_is("");
    run_of(&["deploy"], &sandbox).env_remove("SEMAPHORE_OIDC_TOKEN").run().exits(3).stdout_is(&removed(AWS, 3));
    run_of(&["deploy", "--timeout", "0"], &sandbox).run().exits(2).stdout_is(&removed(AWS, 2));
    assert_eq!(requests(&sandbox), 0);
}
