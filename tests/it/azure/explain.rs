//! `explain azure`: federated credentials, evaluated on the job's token.

use sandbox::{CLIENT, Job, Sandbox, TENANT};
use serde_json::{Value, json};

use super::deploy;
use crate::support::{Program, expect, oidc_exchange};

const ISSUER: &str = "https://acme.semaphoreci.com";

fn credential(name: &str, issuer: &str, subject: &str, audience: &str) -> Value {
    // In az's format.
    json!({
        "audiences": [audience],
        "description": null,
        "id": "bdad0963-4a7a-43ae-b569-e67e1da3f2c0",
        "issuer": issuer,
        "name": name,
        "subject": subject,
    })
}

/// `explain azure` of these credentials for this job's token.
fn explained<'s>(sandbox: &'s Sandbox, credentials: &Value, job: &Job) -> Program<'s> {
    let program = oidc_exchange(["explain", "azure", "--credentials", "credentials.json"]).job_of(sandbox, job);
    program.scratch().write("credentials.json", credentials.to_string());
    program
}

fn main() -> String {
    Job::branch("main").subject()
}

#[test]
fn a_credential_for_this_branch() {
    let sandbox = Sandbox::start().unwrap();
    let issuer = sandbox.issuer.url();
    let credentials = json!([credential("main", &issuer, &main(), &issuer)]);
    explained(&sandbox, &credentials, &Job::branch("main")).run().exits(0).stdout_reads(expect![[r#"
        accepted: a federated credential allows this token

        ✓ the token's times are good
        ✓ the credential main
          ✓ `iss` is the credential's issuer
          ✓ `aud` is the credential's audience
          ✓ `sub` is the credential's subject

        lint: a debug session of this job has the same `sub`, and Entra sees no other claim: no credential can refuse it

        note: whether the token is genuine was not checked; oidc-exchange token --verify does that
        note: what the application may do is a matter of its role assignments, which are not in this file
    "#]]);
}

#[test]
fn the_tutorials_audience_and_another_branch() {
    let sandbox = Sandbox::start().unwrap();
    let issuer = sandbox.issuer.url();
    let credentials = json!([
        credential("main", &issuer, &main(), "api://AzureADTokenExchange"),
        credential("release", &issuer, &Job::branch("release").subject(), &issuer),
    ]);
    explained(&sandbox, &credentials, &Job::branch("main")).run().exits(4).stdout_reads(expect![[r#"
        refused: no federated credential allows this token

        ✓ the token's times are good
        ✗ the credential main
          ✓ `iss` is the credential's issuer
          ✗ `aud` is not the credential's audience
              wanted     api://AzureADTokenExchange
              presented  http://ISSUER
                         ^ differs from here
          ✓ `sub` is the credential's subject
        ✗ the credential release
          ✓ `iss` is the credential's issuer
          ✓ `aud` is the credential's audience
          ✗ `sub` is not the credential's subject
              wanted     org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/release
              presented  org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
                                                                                                                       ^ differs from here

        lint: the credential main can never match: Semaphore's `aud` is the organization's address, and no job can choose it

        note: oidc-exchange setup azure prints the commands that create the credential for this token
        note: whether the token is genuine was not checked; oidc-exchange token --verify does that
        note: what the application may do is a matter of its role assignments, which are not in this file
    "#]]);
}

#[test]
fn a_pull_request_that_no_credential_can_allow() {
    let sandbox = Sandbox::start().unwrap();
    let issuer = sandbox.issuer.url();
    let push =
        Job::pull_request(123, "feature-x").reference("refs/semaphoreci/0000000000000000000000000000000000000000");
    let credentials = json!([credential("pr", &issuer, &push.subject(), &issuer)]);
    let job = Job::pull_request(123, "feature-x");
    explained(&sandbox, &credentials, &job).run().exits(4).stdout_reads(expect![[r#"
        refused: no federated credential allows this token

        ✓ the token's times are good
        ✗ the credential pr
          ✓ `iss` is the credential's issuer
          ✓ `aud` is the credential's audience
          ✗ `sub` is not the credential's subject
              wanted     org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:pull-request:ref:refs/semaphoreci/0000000000000000000000000000000000000000
              presented  org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:pull-request:ref:refs/semaphoreci/5c84719708b9b649b9ef3b56af214f38cee6acde
                                                                                                                                   ^ differs from here

        lint: the credential pr is for one push of a pull request: the next push has another subject

        note: this is a pull-request job: its `sub` changes with every push, so no federated credential can allow it
        note: whether the token is genuine was not checked; oidc-exchange token --verify does that
        note: what the application may do is a matter of its role assignments, which are not in this file
    "#]]);
}

#[test]
fn wildcards_slashes_and_cases() {
    let sandbox = Sandbox::start().unwrap();
    let issuer = sandbox.issuer.url();
    let credentials = json!([
        credential("any-branch", &issuer, &Job::branch("*").subject(), &issuer),
        credential("slash", &format!("{issuer}/"), &main(), &issuer),
        credential("case", &issuer, &main().replace("web", "Web"), &issuer),
    ]);
    explained(&sandbox, &credentials, &Job::branch("main")).run().exits(4).stdout_reads(expect![[r#"
        refused: no federated credential allows this token

        ✓ the token's times are good
        ✗ the credential any-branch
          ✓ `iss` is the credential's issuer
          ✓ `aud` is the credential's audience
          ✗ `sub` is not the credential's subject
              wanted     org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/*
              presented  org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
                                                                                                                       ^ differs from here
        ✗ the credential slash
          ✗ `iss` is not the credential's issuer
              wanted     http://ISSUER/
              presented  http://ISSUER
                                               ^ differs from here
              because    a slash at the end counts
          ✓ `aud` is the credential's audience
          ✓ `sub` is the credential's subject
        ✗ the credential case
          ✓ `iss` is the credential's issuer
          ✓ `aud` is the credential's audience
          ✗ `sub` is not the credential's subject
              wanted     org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:Web:ref_type:branch:ref:refs/heads/main
              presented  org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
                                                                                    ^ differs from here
              because    the case of letters counts

        lint: the credential any-branch has a `*` in its subject, and Entra supports no wildcards
        lint: the credential slash has a slash at the end of its issuer, which Entra compares exactly

        note: oidc-exchange setup azure prints the commands that create the credential for this token
        note: whether the token is genuine was not checked; oidc-exchange token --verify does that
        note: what the application may do is a matter of its role assignments, which are not in this file
    "#]]);
}

#[test]
fn a_flexible_credential_and_none() {
    let sandbox = Sandbox::start().unwrap();
    let issuer = sandbox.issuer.url();
    let flexible = json!({
        "name": "flexible",
        "issuer": issuer,
        "audiences": [issuer],
        "subject": null,
        "claimsMatchingExpression": { "value": "claims['sub'] matches 'org:acme:*'", "languageVersion": 1 },
    });
    explained(&sandbox, &json!([flexible]), &Job::branch("main")).run().exits(4).stdout_reads(expect![[r#"
        refused: no federated credential allows this token

        ✓ the token's times are good
        ✗ the credential flexible
          ✓ `iss` is the credential's issuer
          ✓ `aud` is the credential's audience
          ✗ the claims match the credential's expression
              wanted     claims['sub'] matches 'org:acme:*'
              because    Entra supports such expressions only for GitHub, GitLab and Terraform Cloud

        lint: the credential flexible has an expression, which Entra supports only for GitHub, GitLab and Terraform Cloud

        note: oidc-exchange setup azure prints the commands that create the credential for this token
        note: whether the token is genuine was not checked; oidc-exchange token --verify does that
        note: what the application may do is a matter of its role assignments, which are not in this file
    "#]]);
    explained(&sandbox, &json!([]), &Job::branch("main")).run().exits(4).stdout_reads(expect![[r#"
        refused: no federated credential allows this token

        ✓ the token's times are good

        note: the file has no federated credential; Entra then answers AADSTS70025
        note: oidc-exchange setup azure prints the commands that create the credential for this token
        note: whether the token is genuine was not checked; oidc-exchange token --verify does that
        note: what the application may do is a matter of its role assignments, which are not in this file
    "#]]);
}

/// Another CI system's token, which a flexible credential may match.
#[test]
fn what_is_not_evaluated_is_not_decided() {
    let github = "https://token.actions.githubusercontent.com";
    let flexible = json!({
        "name": "flexible",
        "issuer": github,
        "audiences": ["api://AzureADTokenExchange"],
        "claimsMatchingExpression": { "value": "claims['sub'] matches 'repo:*'", "languageVersion": 1 },
    });
    let claims = json!({
        "iss": github, "aud": "api://AzureADTokenExchange", "sub": "repo:acme/web:ref:refs/heads/main", "exp": 4_000_000_000_u64,
    });
    let program = oidc_exchange(["explain", "azure", "--credentials", "c.json", "--claims", "claims.json"]);
    program.scratch().write("c.json", json!([flexible]).to_string());
    program.scratch().write("claims.json", claims.to_string());
    program.run().exits(7).stdout_reads(expect![[r#"
        cannot tell: a federated credential allows this token if what is marked with ? holds

        ✓ the token's times are good
        ? the credential flexible
          ✓ `iss` is the credential's issuer
          ✓ `aud` is the credential's audience
          ? the claims match the credential's expression
              wanted     claims['sub'] matches 'repo:*'
              because    expressions are not evaluated here

        note: whether the token is genuine was not checked; oidc-exchange token --verify does that
        note: what the application may do is a matter of its role assignments, which are not in this file
        note: the claims are a file's: whether the token has expired since is not judged
    "#]]);
}

#[test]
fn a_file_that_holds_no_credentials() {
    let sandbox = Sandbox::start().unwrap();
    for (file, why) in [
        (json!({}), "it is not a list of federated credentials"),
        (json!("x"), "it is not a list of federated credentials"),
        (json!([1]), "[0]: it is not an object"),
        (json!([{ "issuer": ISSUER, "subject": 1, "audiences": [] }]), "[0].subject: it is not a text"),
        (json!([{ "issuer": ISSUER, "subject": "s", "audiences": "a" }]), "[0].audiences: it is not a list"),
        (json!({ "value": [{ "subject": "s", "audiences": ["a"] }] }), "value[0].issuer: it is not a text"),
    ] {
        let output = explained(&sandbox, &file, &Job::branch("main")).run();
        assert!(output.exits(2).stderr().contains(why), "{why}: {}", output.describe());
    }
}

/// The decision of the sandbox's Entra, for each credential and job.
#[test]
fn it_decides_as_entra_does() {
    let jobs = [Job::branch("main"), Job::branch("Main"), Job::tag("v1"), Job::debug_of(&Job::branch("main"))];
    let sandbox = Sandbox::start().unwrap();
    let issuer = sandbox.issuer.url();
    let rules: Vec<[String; 3]> = vec![
        [issuer.clone(), main(), issuer.clone()],
        [format!("{issuer}/"), main(), issuer.clone()],
        [issuer.clone(), Job::tag("v1").subject(), issuer.clone()],
        [issuer.clone(), Job::branch("*").subject(), issuer.clone()],
        [issuer.clone(), main(), "api://AzureADTokenExchange".into()],
    ];
    for [issuer, subject, audience] in &rules {
        sandbox.azure.create_application(TENANT, CLIENT);
        sandbox.azure.add_credential(TENANT, CLIENT, issuer, subject, audience);
        let credentials = json!([credential("one", issuer, subject, audience)]);
        for job in &jobs {
            let said = explained(&sandbox, &credentials, job).run().code;
            let done = deploy(&sandbox, &[]).job_of(&sandbox, job).run().code;
            assert_eq!(said, done, "{issuer} {subject} {audience}: {}", job.subject());
        }
    }
}

/// `explain` reads the document of `setup`, which accepts the job.
#[test]
fn what_setup_makes_is_accepted() {
    let sandbox = Sandbox::start().unwrap();
    let output = oidc_exchange(["setup", "azure", "--client-id", CLIENT, "--format", "json"]).job(&sandbox).run();
    let file: Value = serde_json::from_str(&output.exits(0).stdout()).unwrap();
    explained(&sandbox, &file, &Job::branch("main")).run().exits(0);
    explained(&sandbox, &file, &Job::branch("other")).run().exits(4);
}
