//! The error messages of the real services. `Err` explains why a step's service has none of this kind.

use sandbox::Fault;
use serde_json::json;

use super::rows::Stage;
use super::steps::Step;

type Words = Result<Fault, &'static str>;

const NO_TOKEN: &str = "it does not look at the token";

/// Too many calls.
pub(super) fn throttled(stage: &Stage<'_>) -> Words {
    Ok(match stage.step {
        Step::Token | Step::Hop | Step::Identity | Step::Eks | Step::TargetToken => {
            Fault::aws_error(400, "Throttling", "Rate exceeded")
        }
        Step::Ecr | Step::EcrPublic | Step::Renewal => ecr("ThrottlingException", "Rate exceeded"),
        Step::Sts => google_sts(429, "quota_exceeded", "The request was throttled. Please retry after a few seconds."),
        Step::AccessToken | Step::IdToken | Step::Gke => google_api(429, "RESOURCE_EXHAUSTED", "Quota exceeded."),
        Step::Assertion | Step::Aks => entra(400, "invalid_request", 90_055, "The tenant sends too many requests."),
        Step::AcrChallenge | Step::AcrExchange => {
            body(429, &json!({ "errors": [{ "code": "TOOMANYREQUESTS", "message": "too many requests" }] }))
        }
        Step::Subscriptions => {
            body(429, &json!({ "error": { "code": "TooManyRequests", "message": "The request is being throttled." } }))
        }
        Step::Login | Step::Mount | Step::Read | Step::Write | Step::Revocation | Step::TargetRead => {
            vault(429, "rate limit quota exceeded")
        }
        Step::Discovery | Step::Keys => return Err("it has no words of its own"),
    })
}

/// The issuer's keys are temporarily unavailable.
pub(super) fn no_keys(stage: &Stage<'_>) -> Words {
    Ok(match stage.step {
        Step::Token | Step::Eks | Step::TargetToken => Fault::aws_error(
            400,
            "InvalidIdentityToken",
            "Couldn't retrieve verification key from your identity provider, please reference \
             AssumeRoleWithWebIdentity documentation for requirements",
        ),
        Step::Sts => google_sts(400, "invalid_grant", "Error connecting to the given credential's issuer."),
        Step::Assertion | Step::Aks => {
            entra(401, "invalid_client", 90_061, "Request to External OIDC endpoint failed.")
        }
        Step::Login => vault(
            400,
            "error validating token: error verifying token signature: fetching keys oidc: get keys failed 503",
        ),
        Step::Hop
        | Step::Identity
        | Step::AccessToken
        | Step::IdToken
        | Step::Mount
        | Step::Read
        | Step::Write
        | Step::Revocation
        | Step::Discovery
        | Step::Keys
        | Step::Ecr
        | Step::EcrPublic
        | Step::Renewal
        | Step::AcrChallenge
        | Step::AcrExchange
        | Step::Gke
        | Step::Subscriptions
        | Step::TargetRead => return Err(NO_TOKEN),
    })
}

/// It has expired, by the server's clock.
pub(super) fn expired(stage: &Stage<'_>) -> Words {
    let token = Fault::aws_error(
        400,
        "ExpiredTokenException",
        "Token expired: current date/time 1790000000 must be before the expiration date/time 1789996400",
    );
    by_its_clock(
        stage,
        token,
        "Signature expired: 20260101T000000Z is now earlier than 20260101T004500Z (20260101T010000Z - 15 min.)",
        "error validating token: invalid expiration time (exp) claim: token is expired",
    )
}

/// It is not yet valid, by the server's clock.
pub(super) fn not_yet_valid(stage: &Stage<'_>) -> Words {
    by_its_clock(
        stage,
        Fault::aws_error(400, "InvalidIdentityToken", "The token is not yet valid (nbf)."),
        "Signature not yet current: 20260101T010000Z is still later than 20260101T001500Z (20260101T000000Z + 15 min.)",
        "error validating token: invalid not before (nbf) claim: token not yet valid",
    )
}

/// The message about time, for each step that checks the token or a signature of ours.
fn by_its_clock(stage: &Stage<'_>, token: Fault, signature: &str, login: &str) -> Words {
    Ok(match stage.step {
        Step::Token | Step::Eks | Step::TargetToken => token,
        Step::Ecr | Step::EcrPublic | Step::Renewal => ecr("InvalidSignatureException", signature),
        Step::Hop | Step::Identity => Fault::aws_error(403, "SignatureDoesNotMatch", signature),
        Step::Sts => google_sts(400, "invalid_grant", "ID Token issued at 1790000000 is stale to sign-in."),
        Step::Assertion | Step::Aks => {
            entra(401, "invalid_client", 700_024, "Client assertion is not within its valid time range.")
        }
        Step::Login => vault(400, login),
        Step::AccessToken
        | Step::IdToken
        | Step::Mount
        | Step::Read
        | Step::Write
        | Step::Revocation
        | Step::Discovery
        | Step::Keys
        | Step::AcrChallenge
        | Step::AcrExchange
        | Step::Gke
        | Step::Subscriptions
        | Step::TargetRead => return Err(NO_TOKEN),
    })
}

fn ecr(code: &str, message: &str) -> Fault {
    body(400, &json!({ "__type": code, "message": message }))
}

fn google_sts(status: u16, code: &str, description: &str) -> Fault {
    body(status, &json!({ "error": code, "error_description": description }))
}

fn google_api(status: u16, code: &str, message: &str) -> Fault {
    body(status, &json!({ "error": { "code": status, "message": message, "status": code } }))
}

fn entra(status: u16, error: &str, number: u32, words: &str) -> Fault {
    let description = format!("AADSTS{number}: {words} Trace ID: t Correlation ID: c Timestamp: now");
    body(status, &json!({ "error": error, "error_description": description, "error_codes": [number] }))
}

fn vault(status: u16, error: &str) -> Fault {
    body(status, &json!({ "errors": [error] }))
}

fn body(status: u16, body: &serde_json::Value) -> Fault {
    Fault::Status { status, headers: Vec::new(), body: body.to_string() }
}
