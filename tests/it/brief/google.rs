//! Answers of Google's STS and of its IAM.

use sandbox::{DEPLOY_ACCOUNT, Fault, Job, PROVIDER, Sandbox};
use serde_json::json;

use super::Runs;
use crate::support::{Program, oidc_exchange};

fn gcp<'s>(sandbox: &'s Sandbox, more: &[&str]) -> Program<'s> {
    let (sts, iam) = (sandbox.google.sts.url(), sandbox.google.iam.url());
    let line = ["gcp", "--provider", PROVIDER, "--service-account", DEPLOY_ACCOUNT];
    oidc_exchange(line).args(["--sts-endpoint", &sts, "--iamcredentials-endpoint", &iam]).args(more).job(sandbox)
}

fn answer(status: u16, body: &serde_json::Value) -> Fault {
    Fault::Status { status, headers: Vec::new(), body: body.to_string() }
}

const STS: [(&str, &str, &str); 9] = [
    (
        "no provider",
        "invalid_target",
        "The target service indicated by the \"audience\" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn't exist.",
    ),
    (
        "the provider's name",
        "invalid_request",
        "Invalid value for \"audience\". This value should be the full resource name of the Identity Provider. See https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats.",
    ),
    (
        "the audience",
        "invalid_grant",
        "The audience in ID Token [https://acme.semaphoreci.com] does not match the expected audience.",
    ),
    (
        "the issuer",
        "invalid_grant",
        "The issuer in ID Token https://acme.semaphoreci.com does not match the expected ones: [https://acme.semaphoreci.com/].",
    ),
    ("the time", "invalid_grant", "ID Token issued at 1790000000 is stale to sign-in."),
    ("the signature", "invalid_grant", "Unable to verify the ID Token signature."),
    ("the condition", "unauthorized_client", "The given credential is rejected by the attribute condition."),
    (
        "a mapped attribute",
        "invalid_request",
        "The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than 127 bytes.",
    ),
    ("a request", "invalid_request", "Invalid subject token."),
];

const IAM: [(&str, u16, &str, &str, &str); 9] = [
    (
        "the binding",
        403,
        "PERMISSION_DENIED",
        "IAM_PERMISSION_DENIED",
        "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
    ),
    ("the older text of it", 403, "PERMISSION_DENIED", "", "The caller does not have permission"),
    (
        "no account",
        404,
        "NOT_FOUND",
        "",
        "Not found; Gaia id not found for email deploy@sandbox-project.iam.gserviceaccount.com",
    ),
    (
        "the API",
        403,
        "PERMISSION_DENIED",
        "SERVICE_DISABLED",
        "IAM Service Account Credentials API has not been used in project 123456 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/iamcredentials.googleapis.com/overview?project=123456 then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.",
    ),
    (
        "the lifetime",
        400,
        "INVALID_ARGUMENT",
        "",
        "The access token lifetime cannot exceed 3600 seconds (to allow lifetimes of more than 1 hour, the service account must be in an allowlist).",
    ),
    ("a scope", 400, "INVALID_ARGUMENT", "", "Invalid OAuth scope or ID token audience provided."),
    (
        "the federated token's scope",
        403,
        "PERMISSION_DENIED",
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "Request had insufficient authentication scopes.",
    ),
    (
        "the federated token",
        401,
        "UNAUTHENTICATED",
        "ACCESS_TOKEN_EXPIRED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
    ),
    ("an organization's policy", 400, "FAILED_PRECONDITION", "", "Precondition check failed."),
];

#[test]
fn of_both_services() {
    let mut runs = Runs::default();
    let sandbox = Sandbox::start().unwrap();
    for (kind, error, description) in STS {
        sandbox.google.sts.script([answer(400, &json!({ "error": error, "error_description": description }))]);
        runs.add(kind, 4, &gcp(&sandbox, &[]).run());
    }
    for (kind, status, code, reason, message) in IAM {
        let details = if reason.is_empty() { json!([]) } else { json!([{ "reason": reason }]) };
        let error = json!({ "code": status, "message": message, "status": code, "details": details });
        sandbox.google.iam.script([answer(status, &json!({ "error": error }))]);
        runs.add(kind, 4, &gcp(&sandbox, &[]).run());
    }
    let id_token = json!({ "error": { "code": 403, "status": "PERMISSION_DENIED",
        "message": "Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist)." } });
    sandbox.google.iam.script([answer(403, &id_token)]);
    let more = ["--id-token-audience", "https://run.test", "--no-credentials-file"];
    runs.add("an ID token", 4, &gcp(&sandbox, &more).run());
    for (kind, job) in [("a tag", Job::tag("v1")), ("a pull request", Job::pull_request(7, "topic"))] {
        let body = json!({ "error": "unauthorized_client", "error_description": "The given credential is rejected by the attribute condition." });
        sandbox.google.sts.script([answer(400, &body)]);
        runs.add(kind, 4, &gcp(&sandbox, &[]).job_of(&sandbox, &job).run());
    }
    let issuer =
        json!({ "error": "invalid_grant", "error_description": "Error connecting to the given credential's issuer." });
    let down = json!({ "error": { "code": 503, "message": "The service is currently unavailable.", "status": "UNAVAILABLE" } });
    let many = json!({ "error": { "code": 429, "message": "Quota exceeded for quota metric 'Token exchange requests' and limit 'Token exchange requests per minute' of service 'sts.googleapis.com' for consumer 'project_number:123456'.", "status": "RESOURCE_EXHAUSTED" } });
    for (kind, status, body) in
        [("the issuer's keys", 400, issuer), ("a failure", 503, down), ("too many calls", 429, many)]
    {
        sandbox.google.sts.always(answer(status, &body));
        runs.add(kind, 5, &gcp(&sandbox, &["--timeout", "1s"]).run());
    }
    runs.are_short(24);
}
