//! Refusals of AWS STS: code, status and message.

use super::xml;
use crate::server::Response;

pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn response(&self) -> Response {
        xml::error(self.status, self.code, &self.message)
    }

    /// Code and message in the form of services with JSON answers.
    pub(super) fn for_json(&self) -> (&str, &str) {
        let code = match self.code {
            "InvalidClientTokenId" => "UnrecognizedClientException",
            "ExpiredToken" => "ExpiredTokenException",
            "SignatureDoesNotMatch" => "InvalidSignatureException",
            "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
            code => code,
        };
        (code, &self.message)
    }

    pub(super) fn access_denied(message: impl Into<String>) -> Self {
        Self::new(403, "AccessDenied", message)
    }

    /// AWS uses one message for all reasons.
    pub(super) fn not_authorized() -> Self {
        Self::access_denied("Not authorized to perform sts:AssumeRoleWithWebIdentity")
    }

    pub(super) fn invalid_token(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidIdentityToken", message)
    }

    pub(super) fn not_a_jwt() -> Self {
        Self::invalid_token(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        )
    }

    pub(super) fn no_verification_key() -> Self {
        Self::invalid_token(
            "Couldn't retrieve verification key from your identity provider, please reference \
             AssumeRoleWithWebIdentity documentation for requirements",
        )
    }

    pub(super) fn expired_token(message: impl Into<String>) -> Self {
        Self::new(400, "ExpiredTokenException", message)
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationError", message)
    }

    pub(super) fn malformed_policy() -> Self {
        Self::new(400, "MalformedPolicyDocument", "This policy contains invalid Json")
    }

    pub(super) fn no_such_action(action: Option<&str>) -> Self {
        match action {
            None => Self::new(400, "MissingAction", "The request must contain the parameter Action"),
            Some(action) => {
                Self::new(400, "InvalidAction", format!("Could not find operation {action} for version 2011-06-15"))
            }
        }
    }

    pub(super) fn unsigned() -> Self {
        Self::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
    }

    pub(super) fn unknown_key() -> Self {
        Self::new(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
    }

    pub(super) fn expired_key() -> Self {
        Self::new(403, "ExpiredToken", "The security token included in the request is expired")
    }

    pub(super) fn wrong_signature() -> Self {
        Self::new(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.",
        )
    }
}
