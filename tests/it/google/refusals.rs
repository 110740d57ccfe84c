//! The exact errors for the services' refusals. None is retried.

use sandbox::google::Google;
use sandbox::{DEPLOY_ACCOUNT, Fault, Job, Outage, PROVIDER, RELEASE_ACCOUNT, Sandbox, now};

use super::{deploy, direct, stopped};
use crate::support::{Output, Program, expect};

fn requests(google: &Google) -> usize {
    google.sts.requests().len() + google.iam.requests().len()
}

/// Runs it until a refusal by STS or IAM, which must not be retried.
#[track_caller]
fn refused(sandbox: &Sandbox, program: Program<'_>) -> Output {
    let before = requests(&sandbox.google);
    let output = program.run();
    output.exits(4).stdout_is(&stopped(4));
    let asked = requests(&sandbox.google) - before;
    let paths: Vec<String> = sandbox.google.iam.requests().into_iter().map(|request| request.path).collect();
    assert!(asked == 1 || (asked == 2 && paths.len() == 1), "a refusal is not repeated: {asked} requests, {paths:?}");
    assert!(!output.scratch.home().join(".oidc-exchange").exists(), "nothing is left");
    output
}

fn refused_job(job: &Job) -> Output {
    let sandbox = Sandbox::start().unwrap();
    refused(&sandbox, deploy(&sandbox, &[]).job_of(&sandbox, job))
}

/// The sandbox with another provider in its place.
fn with_provider(mapping: &[(&str, &str)], condition: Option<&str>) -> Sandbox {
    let sandbox = Sandbox::start().unwrap();
    let issuer = sandbox.issuer.url();
    sandbox.google.create_provider(PROVIDER, &issuer, &[&issuer], mapping, condition).unwrap();
    sandbox
}

/// IAM's answer, in the form of Google's services.
fn iam_answers(status: u16, code: &str, message: &str) -> Output {
    let sandbox = Sandbox::start().unwrap();
    let body = serde_json::json!({ "error": { "code": status, "message": message, "status": code } }).to_string();
    sandbox.google.iam.script([Fault::Status { status, headers: Vec::new(), body }]);
    refused(&sandbox, deploy(&sandbox, &[]).job(&sandbox))
}

fn sts_answers(error: &str, description: &str) -> Output {
    let sandbox = Sandbox::start().unwrap();
    let body = serde_json::json!({ "error": error, "error_description": description }).to_string();
    sandbox.google.sts.script([Fault::Status { status: 400, headers: Vec::new(), body }]);
    refused(&sandbox, deploy(&sandbox, &[]))
}

const SUB127: (&str, &str) = ("google.subject", "assertion.sub127");

#[test]
fn a_provider_that_is_not_there() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.google.delete_provider(PROVIDER);
    refused(&sandbox, deploy(&sandbox, &[])).stderr_is(expect![[r#"
        error: Google STS has no such provider
          said       invalid_target: The target service indicated by the "audience" parameters is invalid. …
          asked for  provider semaphore of pool sandbox-ci, project 123456

        hint: look for it: gcloud iam workload-identity-pools providers describe projects/123456/locations/global/workloadIdentityPools/sandbox-ci/providers/semaphore
        hint: undelete it within 30 days; or enable it: update-oidc --no-disabled
    "#]]);
}

#[test]
fn a_name_that_sts_does_not_take() {
    let text = "Invalid value for \"audience\". This value should be the full resource name of the Identity Provider.";
    sts_answers("invalid_request", text).stderr_is(expect![[r#"
        error: Google STS has no such provider
          said       invalid_request: Invalid value for "audience". …
          asked for  provider semaphore of pool sandbox-ci, project 123456

        hint: check the project's number, the pool and the provider
        hint: gcloud iam workload-identity-pools providers list --workload-identity-pool=projects/123456/locations/global/workloadIdentityPools/sandbox-ci
    "#]]);
}

#[test]
fn a_provider_that_takes_its_own_name_alone_for_an_audience() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.google.create_provider(PROVIDER, &sandbox.issuer.url(), &[], &[SUB127], None).unwrap();
    refused(&sandbox, deploy(&sandbox, &[])).stderr_is(expect![[r#"
        error: Google STS refused the token
          said       invalid_grant: The audience in ID Token [http://ISSUER] does not match the expected audience.
          asked for  provider semaphore of pool sandbox-ci, project 123456

        hint: allow the token's audience: gcloud iam workload-identity-pools providers update-oidc projects/123456/locations/global/workloadIdentityPools/sandbox-ci/providers/semaphore --allowed-audiences=http://ISSUER
    "#]]);
}

#[test]
fn a_provider_of_another_issuer() {
    let sandbox = Sandbox::start().unwrap();
    let issuer = sandbox.issuer.url();
    sandbox.google.create_provider(PROVIDER, &format!("{issuer}/"), &[&issuer], &[SUB127], None).unwrap();
    refused(&sandbox, deploy(&sandbox, &[])).stderr_is(expect![[r#"
        error: Google STS refused the token
          said       invalid_grant: The issuer in ID Token http://ISSUER does not match the expected one(s) in config: http://ISSUER/.
          asked for  provider semaphore of pool sandbox-ci, project 123456

        hint: set the token's issuer: gcloud iam workload-identity-pools providers update-oidc projects/123456/locations/global/workloadIdentityPools/sandbox-ci/providers/semaphore --issuer-uri=http://ISSUER
    "#]]);
}

#[test]
fn a_token_from_the_future() {
    let output = refused_job(&Job::branch("main").issued_at(4_000_000_000));
    assert!(output.stderr().contains("is stale to sign-in."), "{}", output.describe());
    output.stderr_is(expect![[r#"
        error: Google STS refused the token
          said       invalid_grant: ID Token issued at 4000000000 is stale to sign-in.
          asked for  provider semaphore of pool sandbox-ci, project 123456

        hint: the token was issued TIME, valid until TIME; this machine's clock has TIME
        hint: a job cannot ask for another token: run it again
    "#]]);
}

#[test]
fn a_token_that_is_older_than_a_day() {
    let job = Job::branch("main").issued_at(now() - 90_000).expires_at(now() + 3600);
    assert!(refused_job(&job).stderr().contains("\nhint: a job cannot ask for another token: run it again\n"));
}

#[test]
fn a_signature_that_is_not_the_issuers() {
    let sandbox = Sandbox::start().unwrap();
    let forged = sandbox.issuer.forged(&Job::branch("main"));
    refused(&sandbox, deploy(&sandbox, &[]).token(&forged)).stderr_is(expect![[r#"
        error: Google STS refused the token
          said       invalid_grant: Unable to verify the ID Token signature.
          asked for  provider semaphore of pool sandbox-ci, project 123456
          presented  iss=http://ISSUER

        hint: check that this is the job's whole token; if keys were uploaded to the provider, upload the issuer's present ones
        hint: see what its issuer publishes: oidc-exchange token --verify
    "#]]);
}

#[test]
fn a_condition_that_a_pull_request_does_not_meet() {
    let sandbox = with_provider(&[SUB127], Some("assertion.branch == 'main' && assertion.ref_type == 'branch'"));
    let job = Job::pull_request(123, "feature-x");
    refused(&sandbox, deploy(&sandbox, &[]).job_of(&sandbox, &job)).stderr_is(expect![[r#"
        error: Google STS refused the token
          said       unauthorized_client: The given credential is rejected by the attribute condition.
          asked for  provider semaphore of pool sandbox-ci, project 123456
          presented  sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:pull-request:ref:refs/semaphoreci/…
                     branch=main  pr=123  pr_branch=feature-x

        hint: here `branch` is the target branch
        hint: find the cause: oidc-exchange explain gcp --provider-config provider.json
    "#]]);
}

/// A condition compares whole claims. So a claim that is only a part of the subject is shown too: `pr=5` beside an id
/// with a `5`.
#[test]
fn what_a_condition_compares_is_shown_whole() {
    let sandbox = with_provider(&[SUB127], Some("false"));
    let presented = |job: &Job| {
        let told = refused(&sandbox, deploy(&sandbox, &[]).job_of(&sandbox, job)).told();
        let (_, lines) = told.split_once("  presented  ").unwrap();
        let lines = lines.split_once("\n\n").unwrap().0.lines().skip(1);
        lines.map(str::trim).collect::<Vec<_>>().join("  ")
    };
    for (job, shown) in [
        (Job::pull_request(5, "web"), "branch=main  pr=5  pr_branch=web"),
        (Job::pull_request(123, "acme"), "branch=main  pr=123  pr_branch=acme"),
        (Job::branch("main"), "branch=main"),
        (Job::branch("heads"), "branch=heads"),
        (Job::branch("web").org("web"), "branch=web"),
        (Job::tag("v1"), "branch=refs/tags/v1"),
        (Job::debug_of(&Job::branch("x")), "branch=x  job_type=debug_job"),
        (Job::project_debug(), "branch=main  job_type=project_debug_job"),
        (Job::branch("pipeline_job"), "branch=pipeline_job"),
        // Claims that differ from those in the subject.
        (Job::branch("x").claim("repo", "we"), "repo=we  branch=x"),
        (Job::branch("x").claim("repo", "acme"), "repo=acme  branch=x"),
        (Job::branch("x").claim("ref", "refs/heads"), "ref=refs/heads  branch=x"),
        (Job::branch("x").claim("ref_type", "ref"), "ref_type=ref  branch=x"),
        (Job::branch("x").claim("prj_id", "project"), "prj_id=project  branch=x"),
        (Job::branch("x").claim("org", "web:ref_type"), "org=web:ref_type  branch=x"),
        (Job::branch("x").without("branch").without("job_type"), ""),
    ] {
        assert_eq!(presented(&job), shown, "{}", job.subject());
    }
}

#[test]
fn a_condition_about_a_claim_that_is_not_there() {
    let sandbox = with_provider(&[SUB127], Some("assertion.repo == 'web'"));
    let job = Job::branch("main").without("repo");
    let output = refused(&sandbox, deploy(&sandbox, &[]).job_of(&sandbox, &job));
    assert!(output.stderr().contains("\nhint: a claim that is absent fails it\n"), "{}", output.describe());
    assert!(!output.stderr().contains("repo=web  "), "{}", output.describe());
}

#[test]
fn a_subject_of_more_than_127_bytes() {
    let sandbox = with_provider(&[("google.subject", "assertion.sub")], None);
    let job = Job::branch(&"long-".repeat(20));
    refused(&sandbox, deploy(&sandbox, &[]).job_of(&sandbox, &job)).stderr_is(expect![[r#"
        error: Google STS refused the token
          said       invalid_request: The size of mapped attribute google.subject exceeds the 127 bytes limit. …
          asked for  provider semaphore of pool sandbox-ci, project 123456

        hint: google.subject may have 127 bytes, and `sub` has 194: map assertion.sub127, and let a condition on prj_id and ref decide
        hint: find the cause: oidc-exchange explain gcp --provider-config provider.json
    "#]]);
}

/// The short form is truncated by characters, and Google counts bytes.
#[test]
fn a_short_subject_of_more_than_127_bytes() {
    let sandbox = with_provider(&[SUB127], None);
    let job = Job::branch(&"日".repeat(40));
    let output = refused(&sandbox, deploy(&sandbox, &[]).job_of(&sandbox, &job));
    assert!(output.stderr().contains("google.subject exceeds the 127 bytes limit"), "{}", output.describe());
}

#[test]
fn a_mapping_that_cannot_be_evaluated_is_not_a_long_subject() {
    let sandbox = with_provider(&[("google.subject", "assertion.nothing")], None);
    let output = refused(&sandbox, deploy(&sandbox, &[]));
    assert!(!output.stderr().contains("127 bytes"), "{}", output.describe());
}

#[test]
fn an_account_that_the_job_may_not_act_as() {
    let sandbox = Sandbox::start().unwrap();
    refused(&sandbox, direct(&sandbox, &["--service-account", RELEASE_ACCOUNT])).stderr_is(expect![[r#"
        error: Google IAM denies the job access to the service account
          said       IAM_PERMISSION_DENIED: Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).
          asked for  release@sandbox-project.iam.gserviceaccount.com
          presented  sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
                     branch=main

        hint: print the commands to bind the job: oidc-exchange setup gcp
    "#]]);
}

#[test]
fn an_account_that_is_not_there_and_the_way_to_it() {
    let sandbox = Sandbox::start().unwrap();
    let options = ["--service-account", "nobody@other-project.iam.gserviceaccount.com", "--delegate", DEPLOY_ACCOUNT];
    let program = direct(&sandbox, &options).args(["--no-credentials-file", "--access-token"]);
    refused(&sandbox, program).stderr_is(expect![[r#"
        error: Google IAM denies the job access to the service account
          said       IAM_PERMISSION_DENIED: Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).
          asked for  nobody@other-project.iam.gserviceaccount.com
                     by way of deploy@sandbox-project.iam.gserviceaccount.com
          presented  sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
                     branch=main

        hint: print the commands to bind the job: oidc-exchange setup gcp
    "#]]);
}

#[test]
fn an_id_token_that_the_job_may_not_have() {
    let sandbox = Sandbox::start().unwrap();
    let options = ["--service-account", RELEASE_ACCOUNT, "--id-token-audience", "https://run.test"];
    let output = refused(&sandbox, direct(&sandbox, &options).arg("--no-credentials-file"));
    output.stderr_is(expect![[r#"
        error: Google IAM denies the job access to the service account
          said       IAM_PERMISSION_DENIED: Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist).
          asked for  an ID token of release@sandbox-project.iam.gserviceaccount.com for https://run.test
          presented  sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
                     branch=main

        hint: print the commands to bind the job: oidc-exchange setup gcp
    "#]]);
}

#[test]
fn an_api_that_is_switched_off() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.google.enable_api(false);
    refused(&sandbox, deploy(&sandbox, &[])).stderr_is(expect![[r#"
        error: the IAM Credentials API is switched off in the project
          said       PERMISSION_DENIED SERVICE_DISABLED: IAM Service Account Credentials API has not been used in project 123456 before or it is disabled. …
          asked for  deploy@sandbox-project.iam.gserviceaccount.com

        hint: switch it on: gcloud services enable iamcredentials.googleapis.com --project=123456
        hint: if it was switched on a moment ago, retry with --wait-for-iam 5m --timeout 6m
    "#]]);
}

#[test]
fn a_life_of_more_than_an_hour() {
    let sandbox = Sandbox::start().unwrap();
    refused(&sandbox, deploy(&sandbox, &["--lifetime", "2h"])).stderr_is(expect![[r#"
        error: Google IAM refused the access token's lifetime
          said       INVALID_ARGUMENT: The access token can not have lifetimes of more than 1 hour. …
          asked for  deploy@sandbox-project.iam.gserviceaccount.com

        hint: ask for --lifetime 1h or less
        hint: or let the organization policy constraints/iam.allowServiceAccountCredentialLifetimeExtension name the service account, for up to 12h
    "#]]);
    sandbox.google.allow_long_lives(DEPLOY_ACCOUNT);
    deploy(&sandbox, &["--lifetime", "2h"]).run().exits(0);
    let other = iam_answers(400, "INVALID_ARGUMENT", "The access token lifetime cannot exceed 3600 seconds.");
    assert!(other.stderr().contains("\nhint: ask for --lifetime 1h or less\n"));
}

#[test]
fn a_scope_that_google_does_not_know() {
    let sandbox = Sandbox::start().unwrap();
    let options = ["--no-credentials-file", "--access-token", "--scope", "https://example.test/auth/x"];
    refused(&sandbox, deploy(&sandbox, &options)).stderr_is(expect![[r#"
        error: Google IAM Credentials refused the request
          said       INVALID_ARGUMENT: Request contains an invalid argument.
          asked for  deploy@sandbox-project.iam.gserviceaccount.com

        hint: check that Google has every --scope, and that every --delegate is a service account
    "#]]);
}

#[test]
fn an_account_that_iam_does_not_find() {
    iam_answers(404, "NOT_FOUND", "Not found; Gaia id not found for email deploy@x").stderr_is(expect![[r#"
        error: Google IAM denies the job access to the service account
          said       NOT_FOUND: Not found; Gaia id not found for email deploy@x
          asked for  deploy@sandbox-project.iam.gserviceaccount.com

        hint: check that the address is exact, and that the account was not deleted
        hint: list them: gcloud iam service-accounts list --project=sandbox-project
    "#]]);
}

#[test]
fn a_federated_token_that_iam_does_not_take() {
    let text = "Request had invalid authentication credentials. Expected OAuth 2 access token.";
    iam_answers(401, "UNAUTHENTICATED", text).stderr_is(expect![[r#"
        error: Google IAM Credentials refused the request
          said       UNAUTHENTICATED: Request had invalid authentication credentials. …
          asked for  deploy@sandbox-project.iam.gserviceaccount.com

        hint: the federated token was refused a moment after it was made: check this machine's clock, and that --iamcredentials-endpoint leads to the same universe as --sts-endpoint
    "#]]);
}

#[test]
fn a_scope_that_is_too_narrow() {
    let sandbox = Sandbox::start().unwrap();
    let body = r#"{"error":{"code":403,"message":"Request had insufficient authentication scopes.",
        "status":"PERMISSION_DENIED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo",
        "reason":"ACCESS_TOKEN_SCOPE_INSUFFICIENT","domain":"googleapis.com"}]}}"#;
    sandbox.google.iam.script([Fault::Status { status: 403, headers: Vec::new(), body: body.into() }]);
    refused(&sandbox, deploy(&sandbox, &[])).stderr_is(expect![[r#"
        error: Google IAM Credentials refused the request
          said       PERMISSION_DENIED ACCESS_TOKEN_SCOPE_INSUFFICIENT: Request had insufficient authentication scopes.
          asked for  deploy@sandbox-project.iam.gserviceaccount.com

        hint: ask for --scope https://www.googleapis.com/auth/cloud-platform
    "#]]);
}

#[test]
fn a_policy_of_the_organization() {
    let text = "Operation denied by org policy: constraints/iam.example.";
    iam_answers(400, "FAILED_PRECONDITION", text).stderr_is(expect![[r#"
        error: Google IAM Credentials refused the request
          said       FAILED_PRECONDITION: Operation denied by org policy: constraints/iam.example.
          asked for  deploy@sandbox-project.iam.gserviceaccount.com

        hint: a policy of the organization forbids it: its administrator can say which, and allow it
    "#]]);
}

#[test]
fn the_older_words_for_a_missing_binding() {
    let output = iam_answers(403, "PERMISSION_DENIED", "The caller does not have permission");
    assert!(output.stderr().contains("\nhint: print the commands to bind the job: oidc-exchange setup gcp\n"));
}

#[test]
fn a_refusal_that_is_not_known_here_is_shown_as_it_is() {
    sts_answers("invalid_grant", "Something new about \u{1b}[31mtokens.").stderr_is(expect![[r#"
        error: Google STS refused the token
          said       invalid_grant: Something new about [31mtokens.
          asked for  provider semaphore of pool sandbox-ci, project 123456
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
    "#]]);
}

#[test]
fn what_a_token_says_is_not_run_by_who_copies_a_hint() {
    let sandbox = with_provider(&[SUB127], None);
    let job = Job::branch("main").audience("x; rm -rf $(echo '~')");
    let output = refused(&sandbox, deploy(&sandbox, &[]).job_of(&sandbox, &job));
    let quoted = r"--allowed-audiences='x; rm -rf $(echo '\''~'\'')'";
    assert!(output.stderr().contains(quoted), "{}", output.describe());
}

#[test]
fn an_issuer_that_google_cannot_ask_is_no_refusal() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.issuer.set_outage(Outage::Html);
    let output = deploy(&sandbox, &["--timeout", "5s"]).run();
    output.exits(5).stdout_is(&stopped(5)).stderr_is(expect![[r#"
        warning: Google STS: invalid_grant: Error connecting to the given cre…; trying again for up to T s
        error: Google STS could not be reached or kept failing
          said       invalid_grant: Error connecting to the given credential's issuer.
          tried      N attempts in T s

        hint: Google fetches the keys of http://ISSUER itself: they must be public
        hint: if they are not public, upload its keys to the provider: update-oidc --jwk-json-path=FILE
    "#]]);
}
