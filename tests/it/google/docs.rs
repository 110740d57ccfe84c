//! The commands of docs/google.md: gcloud accepts them, and the result allows the jobs that the page states.

use std::path::Path;
use std::sync::{Arc, Mutex};

use sandbox::server::{Answer, Response, Service};
use sandbox::{Job, Request, Sandbox, Server};
use serde_json::{Value, json};

use super::gcloud::{found, quiet};
use crate::support::Program;

const PAGE: &str = include_str!("../../../docs/google.md");

/// The indices of the page's blocks.
const SETUP: usize = 0;
const BY_HAND: usize = 1;
const IN_THE_JOB: usize = 2;
const REFUSED: usize = 3;

/// The page's nth block of commands.
fn block(index: usize) -> &'static str {
    let block = PAGE.split("```sh\n").nth(index + 1).unwrap();
    block.split_once("```").unwrap().0
}

/// Google's administrative services. They allow everything, and store the pools, the provider and the policy.
#[derive(Default)]
pub(super) struct Administration(Mutex<Made>);

#[derive(Default)]
struct Made {
    pools: Vec<String>,
    provider: Value,
    policy: Value,
}

/// <https://google.aip.dev/193>.
fn not_found() -> Response {
    let error = json!({ "code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND" });
    Response::json(404, &json!({ "error": error }))
}

impl Service for Administration {
    fn answer<'a>(&'a self, request: &'a Request) -> Answer<'a> {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let done = json!({ "name": "operations/o", "done": true, "response": {} });
        let mut made = self.0.lock().unwrap();
        let answer = match (request.method.as_str(), request.path.as_str()) {
            (_, path) if path.ends_with(":getIamPolicy") => {
                if made.policy.is_null() {
                    json!({ "etag": "BwX=" })
                } else {
                    made.policy.clone()
                }
            }
            (_, path) if path.ends_with(":setIamPolicy") => {
                made.policy = body["policy"].clone();
                made.policy.clone()
            }
            (_, path) if path.ends_with("/serviceAccounts") => {
                let email = format!("{}@my-project.iam.gserviceaccount.com", body["accountId"].as_str().unwrap());
                json!({ "email": email, "name": format!("projects/my-project/serviceAccounts/{email}") })
            }
            ("POST", path) if path.ends_with("/workloadIdentityPools") => {
                made.pools.push(request.query.clone());
                done
            }
            ("POST", path) if path.ends_with("/providers") => {
                made.provider = body;
                done
            }
            ("PATCH", path) if path.contains("/providers/") => {
                made.provider = body;
                done
            }
            ("GET", path) if path.contains("/providers/") && made.provider.is_null() => {
                return Box::pin(async { not_found() });
            }
            ("GET", path) if path.contains("/workloadIdentityPools/") && made.pools.is_empty() => {
                return Box::pin(async { not_found() });
            }
            // IAM returns the project's number, for a request by id too.
            ("GET", path) if path.contains("/providers/") => {
                let mut provider = made.provider.clone();
                provider["name"] = path.trim_start_matches("/v1/").replace("/my-project/", "/123456/").into();
                provider["state"] = "ACTIVE".into();
                provider
            }
            ("GET", path) if path.contains("/workloadIdentityPools/") => {
                json!({ "name": path.trim_start_matches("/v1/") })
            }
            (_, "/v1/projects/my-project") => json!({ "projectId": "my-project", "projectNumber": "123456" }),
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

pub(super) fn sent(requests: &[Request], method: &str, path: &str) -> Value {
    let found = requests.iter().find(|request| request.method == method && request.path.ends_with(path));
    let found = found.unwrap_or_else(|| panic!("no {method} {path}"));
    serde_json::from_slice(&found.body).unwrap()
}

/// Runs a script of the page with an administrator's gcloud, with this test's services.
fn administrator<'s>(gcloud: &Path, google: &Server, script: &str) -> Program<'s> {
    let script = format!("gcloud() {{ '{}' \"$@\"; }}\n{script}", gcloud.display());
    let program = quiet(Program::new("/bin/sh", ["-euc", &script])).env("CLOUDSDK_AUTH_ACCESS_TOKEN", "administrator");
    ["IAM", "CLOUDRESOURCEMANAGER", "SERVICEUSAGE"].iter().fold(program, |program, api| {
        program.env(&format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}"), format!("{}/", google.url()))
    })
}

#[test]
fn what_the_page_creates_lets_in_whom_it_says() {
    let Some(gcloud) = found("gcloud") else { return };
    let google = Server::start(None, |_| Arc::new(Administration::default())).unwrap();
    administrator(&gcloud, &google, block(BY_HAND)).run().exits(0);
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

    let exchange = block(IN_THE_JOB).split_once("gcloud ").unwrap().0.replace(
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

/// A token of the page's organization.
fn acme(job: Job) -> Job {
    let issuer = "https://acme.semaphoreci.com";
    job.claim("iss", issuer).claim("aud", issuer)
}

/// According to `explain`, both ways of the page allow pipelines of main, and no pull request.
#[test]
fn what_was_created_is_explained() {
    let Some(gcloud) = found("gcloud") else { return };
    let sandbox = Sandbox::start().unwrap();
    for setup in [format!("{}\n. ./setup.sh", block(SETUP)), block(BY_HAND).to_owned()] {
        let google = Server::start(None, |_| Arc::new(Administration::default())).unwrap();
        let created = administrator(&gcloud, &google, &setup).run();
        created.exits(0);
        let ask = format!("PROJECT=my-project\n{}", block(REFUSED));
        let main = administrator(&gcloud, &google, &ask).job_of(&sandbox, &acme(Job::branch("main"))).run();
        main.exits(0);
        let accepted = "accepted: the provider allows this token, and it may act as the service account\n";
        assert!(main.stdout().starts_with(accepted), "{}", main.describe());
        let mut scratch = main.scratch;
        let explain = block(REFUSED).trim_end().lines().last().unwrap();
        for job in [Job::pull_request(7, "x"), Job::debug_of(&Job::branch("main"))] {
            let other = Program::new("/bin/sh", ["-c", explain]).within(scratch).job_of(&sandbox, &acme(job)).run();
            other.exits(4);
            scratch = other.scratch;
        }
    }
}

/// Also without gcloud: the page's command is valid, and its output is for gcloud.
#[test]
fn the_page_s_setup_prints_commands() {
    let output = Program::new("/bin/sh", ["-euc", &format!("{}\ncat setup.sh", block(SETUP))]).run();
    output.exits(0);
    assert_eq!(
        output.stdout().lines().filter(|line| line.trim_start().starts_with("gcloud ")).count(),
        6,
        "{}",
        output.describe()
    );
}
