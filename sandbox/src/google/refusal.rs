//! Google's refusals: two services, two formats.

use serde_json::{Value, json};

use crate::server::Response;

/// An error of STS: RFC 6749, section 5.2.
pub(super) fn sts(status: u16, error: &str, description: &str) -> Response {
    Response::json(status, &json!({ "error": error, "error_description": description }))
}

/// An error of every other service: <https://google.aip.dev/193>.
pub(super) fn api(status: u16, code: &str, message: &str, info: Option<Value>) -> Response {
    let mut error = json!({ "code": status, "message": message, "status": code });
    if let Some(mut info) = info {
        info["@type"] = "type.googleapis.com/google.rpc.ErrorInfo".into();
        error["details"] = json!([info]);
    }
    Response::json(status, &json!({ "error": error }))
}

pub(super) fn invalid_request(description: &str) -> Response {
    sts(400, "invalid_request", description)
}

pub(super) fn invalid_grant(description: &str) -> Response {
    sts(400, "invalid_grant", description)
}

pub(super) fn not_a_provider() -> Response {
    invalid_request(
        "Invalid value for \"audience\". This value should be the full resource name of the Identity Provider. See \
         https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats.",
    )
}

pub(super) fn no_such_provider() -> Response {
    sts(
        400,
        "invalid_target",
        "The target service indicated by the \"audience\" parameters is invalid. This might either be because the pool \
         or provider is disabled or deleted or because it doesn't exist.",
    )
}

pub(super) fn no_permission(permission: &str) -> Response {
    let message = format!("Permission '{permission}' denied on resource (or it may not exist).");
    let info = json!({
        "reason": "IAM_PERMISSION_DENIED",
        "domain": "iam.googleapis.com",
        "metadata": { "permission": permission },
    });
    api(403, "PERMISSION_DENIED", &message, Some(info))
}

pub(super) fn service_disabled(project: &str) -> Response {
    let message = format!(
        "IAM Service Account Credentials API has not been used in project {project} before or it is disabled. Enable it \
         by visiting https://console.developers.google.com/apis/api/iamcredentials.googleapis.com/overview?project={project} \
         then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems \
         and retry."
    );
    let info = json!({
        "reason": "SERVICE_DISABLED",
        "domain": "googleapis.com",
        "metadata": { "consumer": format!("projects/{project}"), "service": "iamcredentials.googleapis.com" },
    });
    api(403, "PERMISSION_DENIED", &message, Some(info))
}

pub(super) fn unauthenticated() -> Response {
    api(
        401,
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid \
         authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        None,
    )
}

pub(super) fn scope_insufficient() -> Response {
    let info = json!({ "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "domain": "googleapis.com" });
    api(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.", Some(info))
}

pub(super) fn invalid_argument(message: &str) -> Response {
    api(400, "INVALID_ARGUMENT", message, None)
}

pub(super) fn not_found() -> Response {
    api(404, "NOT_FOUND", "Requested entity was not found.", None)
}
