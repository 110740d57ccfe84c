//! The commands of docs/google.md: gcloud takes them, and what they create lets in whom the page says.

use std::sync::Arc;

use sandbox::server::{Answer, Response, Service};
use sandbox::{Job, Request, Sandbox, Server};
use serde_json::{Value, json};

use super::gcloud::{found, quiet};
use crate::support::Program;

const PAGE: &str = include_str!("../../../docs/google.md");

/// The page's nth block of commands.
fn block(index: usize) -> &'static str {
    let block = PAGE.split("```sh\n").nth(index + 1).unwrap();
    block.split_once("```").unwrap().0
}

/// Google's administrative services, which say yes to everything.
struct Yes;

impl Service for Yes {
    fn answer<'a>(&'a self, request: &'a Request) -> Answer<'a> {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let done = json!({ "name": "operations/o", "done": true, "response": {} });
        let answer = match request.path.as_str() {
            path if path.ends_with(":getIamPolicy") => json!({ "etag": "BwX=" }),
            path if path.ends_with(":setIamPolicy") => body["policy"].clone(),
            path if path.ends_with("/serviceAccounts") => {
                let email = format!("{}@my-project.iam.gserviceaccount.com", body["accountId"].as_str().unwrap());
                json!({ "email": email, "name": format!("projects/my-project/serviceAccounts/{email}") })
            }
            path if path.contains("/workloadIdentityPools/") && request.method == "GET" => {
                json!({ "name": path.trim_start_matches("/v1/") })
            }
            "/v1/projects/my-project" => json!({ "projectId": "my-project", "projectNumber": "123456" }),
            _ => done,
        };
        Box::pin(async move { Response::json(200, &answer) })
    }

    fn throttled(&self) -> Response {
        Response::html(429)
    }

    fn unavailable(&self) -> Response {
        Response::html(503)
    }
}

fn sent(requests: &[Request], method: &str, path: &str) -> Value {
    let found = requests.iter().find(|request| request.method == method && request.path.ends_with(path));
    let found = found.unwrap_or_else(|| panic!("no {method} {path}"));
    serde_json::from_slice(&found.body).unwrap()
}

#[test]
fn what_the_page_creates_lets_in_whom_it_says() {
    let Some(gcloud) = found("gcloud") else { return };
    let google = Server::start(None, |_| Arc::new(Yes)).unwrap();
    let mut setup = quiet(Program::new(
        "/bin/sh",
        ["-euc", &format!("gcloud() {{ '{}' \"$@\"; }}\n{}", gcloud.display(), block(0))],
    ))
    .env("CLOUDSDK_AUTH_ACCESS_TOKEN", "administrator");
    for api in ["IAM", "CLOUDRESOURCEMANAGER", "SERVICEUSAGE"] {
        setup = setup.env(&format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}"), format!("{}/", google.url()));
    }
    setup.run().exits(0);
    let requests = google.requests();
    let pool = "projects/my-project/locations/global/workloadIdentityPools";
    let provider = sent(&requests, "POST", &format!("{pool}/semaphore/providers"));
    sent(&requests, "POST", &format!("/v1/{pool}"));
    let policy = sent(&requests, "POST", ":setIamPolicy")["policy"].clone();

    let sandbox = Sandbox::start().unwrap();
    let (name, account) = (
        "projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore",
        "deploy@my-project.iam.gserviceaccount.com",
    );
    assert_eq!(provider["oidc"]["issuerUri"], "https://acme.semaphoreci.com");
    assert_eq!(provider["oidc"]["allowedAudiences"], json!(["https://acme.semaphoreci.com"]));
    // The sandbox's issuer in place of the page's.
    let issuer = sandbox.issuer.url();
    let mapping = provider["attributeMapping"].as_object().unwrap();
    let mapping: Vec<(&str, &str)> =
        mapping.iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap())).collect();
    let condition = provider["attributeCondition"].as_str();
    sandbox.google.create_provider(name, &issuer, &[&issuer], &mapping, condition).unwrap();
    sandbox.google.create_account(account);
    for binding in policy["bindings"].as_array().unwrap() {
        for member in binding["members"].as_array().unwrap() {
            sandbox.google.bind(account, binding["role"].as_str().unwrap(), member.as_str().unwrap());
        }
    }

    let exchange = block(1).split_once("gcloud ").unwrap().0.replace(
        "gcp \\",
        "gcp --sts-endpoint \"$SANDBOX_GOOGLE_STS\" --iamcredentials-endpoint \"$SANDBOX_GOOGLE_IAM\" \\",
    );
    let script = format!("NUMBER=123456; PROJECT=my-project\n{exchange}\necho \"$GOOGLE_CLOUD_PROJECT\"");
    let ends = |job: &Job| Program::new("/bin/sh", ["-c", &script]).job_of(&sandbox, job).run().code;
    assert_eq!(ends(&Job::branch("main")), Some(0));
    for other in [
        Job::branch("feature-x"),
        Job::pull_request(123, "feature-x"),
        Job::debug_of(&Job::branch("main")),
        Job::tag("v1.0.0"),
        Job::project_debug(),
        Job::branch("main").project_id("00000000-0000-0000-0000-000000000000"),
    ] {
        assert_eq!(ends(&other), Some(4), "{other:?}");
    }
}
