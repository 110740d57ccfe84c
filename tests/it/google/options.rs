//! Invalid options are refused before anything is sent.

use sandbox::{DEPLOY_ACCOUNT, PROVIDER, Sandbox};

use super::{deploy, direct, stopped};
use crate::support::{Program, expect, oidc_exchange, stop};

/// Exit 2, nothing sent, and this on standard error.
#[track_caller]
#[allow(clippy::needless_pass_by_value, reason = "it is written in place")]
fn misunderstood(sandbox: &Sandbox, program: Program<'_>, expected: expect_test::Expect) {
    let before = sandbox.google.sts.requests().len();
    program.run().exits(2).stdout_is(&stopped(2)).stderr_is(expected);
    assert_eq!(sandbox.google.sts.requests().len(), before);
}

fn named<'s>(sandbox: &'s Sandbox, provider: &str) -> Program<'s> {
    oidc_exchange(["gcp", "--provider", provider]).job(sandbox)
}

#[test]
fn a_provider_that_is_none() {
    let sandbox = Sandbox::start().unwrap();
    let by_id = PROVIDER.replace("123456", "sandbox-project");
    misunderstood(
        &sandbox,
        named(&sandbox, &by_id),
        expect![[r#"
        error: --provider: `projects/sandbox-project/locations/global/workloadIdentityPools/sandbox-ci/providers/semaphore` is not a provider's name: use the project number, not the project id

        hint: find the number: gcloud projects describe sandbox-project --format='value(projectNumber)'
    "#]],
    );
    let pool = PROVIDER.split_once("/providers").unwrap().0;
    misunderstood(
        &sandbox,
        named(&sandbox, pool),
        expect![[r#"
        error: --provider: `projects/123456/locations/global/workloadIdentityPools/sandbox-ci` is not a provider's name: it names a pool, not one of its providers

        hint: write it as projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/ID
        hint: list its providers: gcloud iam workload-identity-pools providers list --workload-identity-pool=projects/123456/locations/global/workloadIdentityPools/sandbox-ci
    "#]],
    );
    let elsewhere = format!("//iam.apis-s3ns.fr/{PROVIDER}");
    misunderstood(
        &sandbox,
        named(&sandbox, &elsewhere),
        expect![[r#"
            error: --provider: `//iam.apis-s3ns.fr/projects/123456/locations/global/workloadIdentityPools/sandbox-ci/providers/semaphore` is not a provider's name: it is of another universe than that of --universe-domain

            hint: write it as projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/ID
        "#]],
    );
    misunderstood(
        &sandbox,
        oidc_exchange(["gcp"]).job(&sandbox),
        expect![[r#"
        error: the following required arguments were not provided:
          --provider <NAME>

        Usage: oidc-exchange gcp --provider <NAME> [-- <COMMAND>...]

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn a_provider_is_read_in_other_forms() {
    let sandbox = Sandbox::start().unwrap();
    for provider in [
        format!("//iam.googleapis.com/{PROVIDER}"),
        format!("https://iam.googleapis.com/{PROVIDER}"),
        format!("https://iam.googleapis.com/v1/{PROVIDER}"),
    ] {
        let endpoints = ["--sts-endpoint", &sandbox.google.sts.url()];
        named(&sandbox, &provider).args(endpoints).run().exits(0);
    }
}

#[test]
fn an_account_that_is_none() {
    let sandbox = Sandbox::start().unwrap();
    misunderstood(
        &sandbox,
        direct(&sandbox, &["--service-account", "me@example.com"]),
        expect![[r#"
            error: --service-account: `me@example.com` is not a service account's e-mail address: such an address ends with gserviceaccount.com; people and groups cannot be impersonated

            hint: write it as NAME@PROJECT.iam.gserviceaccount.com; gcloud iam service-accounts list shows them
        "#]],
    );
    misunderstood(
        &sandbox,
        direct(&sandbox, &["--service-account", "103271949540120710052"]),
        expect![[r#"
            error: --service-account: `103271949540120710052` is a service account's numeric id, not its e-mail address

            hint: this shows the address: gcloud iam service-accounts describe 103271949540120710052 --format='value(email)'
        "#]],
    );
}

#[test]
fn what_is_for_an_account_alone() {
    let sandbox = Sandbox::start().unwrap();
    misunderstood(
        &sandbox,
        direct(&sandbox, &["--lifetime", "1h"]),
        expect![[r#"
        error: --lifetime is for a service account's tokens

        hint: name the account with --service-account
    "#]],
    );
    let alone: [&[&str]; 2] = [
        &["--delegate", DEPLOY_ACCOUNT, "--no-credentials-file", "--access-token"],
        &["--id-token-audience", "https://run.test"],
    ];
    for options in alone {
        direct(&sandbox, options).run().exits(2);
    }
}

#[test]
fn what_the_file_cannot_carry() {
    let sandbox = Sandbox::start().unwrap();
    misunderstood(
        &sandbox,
        deploy(&sandbox, &["--delegate", DEPLOY_ACCOUNT]),
        expect![[r#"
        error: --delegate: the credentials file cannot carry it, and clients would go without

        hint: take the tokens themselves: --no-credentials-file --access-token
    "#]],
    );
    let scope = "https://www.googleapis.com/auth/pubsub";
    misunderstood(
        &sandbox,
        deploy(&sandbox, &["--scope", scope, "--access-token"]),
        expect![[r#"
        error: --scope: the credentials file cannot carry it, and clients would go without

        hint: take the tokens themselves: --no-credentials-file --access-token
    "#]],
    );
}

#[test]
fn what_hands_out_nothing() {
    let sandbox = Sandbox::start().unwrap();
    misunderstood(
        &sandbox,
        deploy(&sandbox, &["--no-credentials-file"]),
        expect![[r#"
        error: --no-credentials-file leaves nothing to return

        hint: ask for --access-token or for --id-token-audience, too
    "#]],
    );
}

#[test]
fn values_out_of_bounds() {
    let sandbox = Sandbox::start().unwrap();
    misunderstood(
        &sandbox,
        deploy(&sandbox, &["--lifetime", "5m"]),
        expect![[r#"
        error: --lifetime: the lifetime of an access token is 10m to 12h

        hint: more than 1h needs a policy of the organization that allows it to the service account
    "#]],
    );
    misunderstood(
        &sandbox,
        deploy(&sandbox, &["--wait-for-iam", "5m"]),
        expect![[r#"
        error: --wait-for-iam: --timeout would end the wait before its time

        hint: give the whole exchange more time: --timeout 6m
    "#]],
    );
    let universe = deploy(&sandbox, &["--universe-domain", "https://googleapis.com"]);
    misunderstood(
        &sandbox,
        universe,
        expect![[r#"
        error: --universe-domain: `https://googleapis.com` is not a universe's domain

        hint: it is a domain in lower case, like googleapis.com, without a service's name before it
    "#]],
    );
    for options in [
        ["--project", "My Project"],
        ["--sts-endpoint", "https://user:hunter2@sts.test"],
        ["--iamcredentials-endpoint", "iam.test"],
        ["--id-token-audience", " "],
    ] {
        oidc_exchange(["gcp", "--provider", PROVIDER, "--service-account", DEPLOY_ACCOUNT])
            .args(options)
            .job(&sandbox)
            .secret("a password", "hunter2")
            .run()
            .exits(2);
    }
}

#[test]
fn a_variable_that_means_something_else() {
    let sandbox = Sandbox::start().unwrap();
    for name in ["GOOGLE_APPLICATION_CREDENTIALS", "PATH", "CLOUDSDK_CONFIG", "A B", "9"] {
        let options = ["--id-token-audience", "https://run.test", "--id-token-env", name];
        let output = deploy(&sandbox, &options).run();
        output.exits(2);
        assert!(output.stderr().starts_with("error: --id-token-env requires the name of a variable"), "{name}");
    }
    for name in ["_oidc_intact", "_oidc_exchange", "PPID", "path", "BASH_ENV", "PS4", "ENV"] {
        let output = deploy(&sandbox, &["--id-token-audience", "https://run.test", "--id-token-env", name]).run();
        let said = format!("error: --id-token-env: {name} is a variable ");
        assert!(output.exits(2).stderr().starts_with(&said), "{name}: {}", output.stderr());
    }
}

#[test]
fn plain_http_is_for_loopback_alone() {
    let sandbox = Sandbox::start().unwrap();
    let clear = named(&sandbox, PROVIDER).args(["--sts-endpoint", "http://sts.corp.test"]);
    misunderstood(
        &sandbox,
        clear,
        expect![[r#"
            error: cannot ask Google STS
              said       http://sts.corp.test is not https
              asked for  provider semaphore of pool sandbox-ci, project 123456

            hint: use an https address; plain http is for loopback, and for one host that --allow-http names
        "#]],
    );
}

#[test]
fn a_bad_end_removes_the_variable_that_was_named_for_an_id_token() {
    let output = oidc_exchange(["gcp", "--id-token-env", "RUN_TOKEN", "--nonsense"]).run();
    output.exits(2).stdout_is(&format!(
        "unset GOOGLE_APPLICATION_CREDENTIALS CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE GOOGLE_OAUTH_ACCESS_TOKEN \
         CLOUDSDK_AUTH_ACCESS_TOKEN RUN_TOKEN;\n{}",
        stop(2)
    ));
}
