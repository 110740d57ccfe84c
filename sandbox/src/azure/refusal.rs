//! The refusals of Microsoft Entra.
//!
//! <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow#error-response-1>

use serde_json::json;

use crate::server::Response;

const TRACE: &str = "255d1aef-8c98-452f-ac51-23d051240864";
const CORRELATION: &str = "fb3d2015-bc17-4bb9-bb85-30c5cf1aaaa7";
const TIME: &str = "2026-01-09 02:02:12Z";

pub(super) fn error(status: u16, error: &str, number: u32, words: &str) -> Response {
    let description =
        format!("AADSTS{number}: {words} Trace ID: {TRACE} Correlation ID: {CORRELATION} Timestamp: {TIME}");
    let body = json!({
        "error": error,
        "error_description": description,
        "error_codes": [number],
        "timestamp": TIME,
        "trace_id": TRACE,
        "correlation_id": CORRELATION,
        "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
    });
    Response::json(status, &body)
}

/// The refusal of a client assertion.
pub(super) fn assertion(number: u32, words: &str) -> Response {
    error(401, "invalid_client", number, words)
}

/// The refusal that no federated credential has this value.
pub(super) fn no_match(number: u32, what: &str, presented: &str) -> Response {
    let words = format!(
        "No matching federated identity record found for presented assertion {what} '{presented}'. Check your federated \
         identity credential Subject, Audience and Issuer against the presented assertion. \
         https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
    );
    assertion(number, &words)
}

pub(super) fn missing(parameter: &str) -> Response {
    let words = format!("The request body must contain the following parameter: '{parameter}'.");
    error(400, "invalid_request", 900_144, &words)
}

pub(super) fn no_tenant(tenant: &str) -> Response {
    let words = format!(
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct \
         cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for \
         the tenant."
    );
    error(400, "invalid_request", 90_002, &words)
}

pub(super) fn no_application(client: &str, tenant: &str) -> Response {
    let words = format!(
        "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the \
         application has not been installed by the administrator of the tenant or consented to by any user in the \
         tenant. You may have sent your authentication request to the wrong tenant."
    );
    error(400, "unauthorized_client", 700_016, &words)
}

pub(super) fn scope(scope: &str) -> Response {
    let words = format!(
        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default \
         suffixed to the resource identifier (application ID URI)."
    );
    error(400, "invalid_scope", 1_002_012, &words)
}

pub(super) fn no_resource(resource: &str, tenant: &str) -> Response {
    let words = format!(
        "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the \
         application has not been installed by the administrator of the tenant or consented to by any user in the \
         tenant. You might have sent your authentication request to the wrong tenant."
    );
    error(400, "invalid_resource", 500_011, &words)
}
