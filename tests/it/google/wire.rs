//! The bytes of requests, and what they never contain.

use sandbox::{DEPLOY_ACCOUNT, PROVIDER, Sandbox};
use serde_json::{Value, json};

use super::{deploy, direct};
use crate::support::expect;

fn body(request: &sandbox::Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

#[test]
fn the_token_goes_to_sts_in_a_form_and_without_an_authorization_header() {
    let sandbox = Sandbox::start().unwrap();
    let program = deploy(&sandbox, &[]);
    program.run().exits(0).stderr_is(expect![""]);
    let requests = sandbox.google.sts.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!((request.method.as_str(), request.path.as_str(), request.query.as_str()), ("POST", "/v1/token", ""));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    for header in ["authorization", "cookie", "x-goog-api-key"] {
        assert_eq!(request.header(header), None);
    }
    let names: Vec<&str> = request.form.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["grant_type", "audience", "scope", "requested_token_type", "subject_token_type", "subject_token"];
    assert_eq!(names, expected);
    assert_eq!(request.field("audience"), Some(format!("//iam.googleapis.com/{PROVIDER}").as_str()));
    assert_eq!(request.field("scope"), Some("https://www.googleapis.com/auth/iam"), "it is only traded on");
}

#[test]
fn the_federated_token_alone_goes_to_iam() {
    let sandbox = Sandbox::start().unwrap();
    deploy(&sandbox, &["--lifetime", "10m"]).run().exits(0);
    let requests = sandbox.google.iam.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!(request.path, format!("/v1/projects/-/serviceAccounts/{DEPLOY_ACCOUNT}:generateAccessToken"));
    let bearer = format!("Bearer {}", sandbox.google.federated()[0]);
    assert!(request.header("authorization") == Some(&bearer));
    let expected = json!({ "scope": ["https://www.googleapis.com/auth/cloud-platform"], "lifetime": "600s" });
    assert_eq!(body(request), expected);
}

#[test]
fn every_option_has_its_field() {
    let sandbox = Sandbox::start().unwrap();
    let middle = "middle@sandbox-project.iam.gserviceaccount.com";
    sandbox.google.create_account(middle);
    let everybody = format!("principalSet://iam.googleapis.com/{}/*", sandbox::POOL);
    sandbox.google.bind(middle, "roles/iam.workloadIdentityUser", &everybody);
    let creator = "roles/iam.serviceAccountTokenCreator";
    sandbox.google.bind(DEPLOY_ACCOUNT, creator, &format!("serviceAccount:{middle}"));
    let scopes = ["https://www.googleapis.com/auth/devstorage.read_only", "https://www.googleapis.com/auth/pubsub"];
    let options = [
        ["--no-credentials-file", "--access-token"].as_slice(),
        &["--delegate", middle, "--scope", scopes[0], "--scope", scopes[1]],
        &["--id-token-audience", "https://run.test/x?y=1&z", "--include-email"],
    ];
    deploy(&sandbox, &options.concat()).run().exits(0);
    let requests = sandbox.google.iam.requests();
    let delegates = [format!("projects/-/serviceAccounts/{middle}")];
    assert_eq!(body(&requests[0]), json!({ "delegates": delegates, "scope": scopes }));
    assert_eq!(requests[1].path, format!("/v1/projects/-/serviceAccounts/{DEPLOY_ACCOUNT}:generateIdToken"));
    let expected = json!({ "delegates": delegates, "audience": "https://run.test/x?y=1&z", "includeEmail": true });
    assert_eq!(body(&requests[1]), expected);
}

#[test]
fn without_a_service_account_the_scope_is_asked_of_sts_and_iam_is_left_alone() {
    let sandbox = Sandbox::start().unwrap();
    direct(&sandbox, &[]).run().exits(0);
    let scopes = ["https://www.googleapis.com/auth/pubsub", "https://www.googleapis.com/auth/logging.write"];
    let options = ["--no-credentials-file", "--access-token", "--scope", scopes[0], "--scope", scopes[1]];
    direct(&sandbox, &options).run().exits(0);
    let asked: Vec<Option<String>> =
        sandbox.google.sts.requests().iter().map(|request| request.field("scope").map(str::to_owned)).collect();
    let default = "https://www.googleapis.com/auth/cloud-platform".to_owned();
    assert_eq!(asked, [Some(default), Some(scopes.join(" "))]);
    assert!(sandbox.google.iam.requests().is_empty());
}

#[test]
fn an_id_token_alone_needs_no_access_token() {
    let sandbox = Sandbox::start().unwrap();
    let options = ["--no-credentials-file", "--id-token-audience", "https://run.test"];
    deploy(&sandbox, &options).run().exits(0);
    let paths: Vec<String> = sandbox.google.iam.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, [format!("/v1/projects/-/serviceAccounts/{DEPLOY_ACCOUNT}:generateIdToken")]);
}

/// The harness searches the messages for every issued token.
#[test]
fn calls_are_told_without_what_they_carry() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&sandbox, &["--id-token-audience", "https://run.test"]).arg("-vv").run();
    output.exits(0).stderr_is(expect![[r#"
        oidc-exchange: POST GOOGLE-STS: 200 in T ms
        oidc-exchange: POST GOOGLE-IAM: 200 in T ms
        oidc-exchange: POST GOOGLE-IAM: 200 in T ms
    "#]]);
}

#[test]
fn a_redirect_is_not_followed_with_the_token_or_the_federated_token() {
    let sandbox = Sandbox::start().unwrap();
    let elsewhere = crate::support::recorder::Recorder::start();
    let fault = sandbox::Fault::Redirect { status: 307, location: elsewhere.url() };
    sandbox.google.sts.script([fault.clone()]);
    deploy(&sandbox, &[]).run().exits(5);
    sandbox.google.iam.script([fault]);
    deploy(&sandbox, &[]).run().exits(5);
    assert!(elsewhere.seen().is_empty());
}
