//! Google's errors: which one it is, whether it heals, and whether a change made a moment ago would explain it.
//!
//! Texts: <https://docs.cloud.google.com/iam/docs/troubleshooting-workload-identity-federation>.

use super::answer::Answer;
use super::refusal::Step;

/// Why a call brought no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// STS does not take the audience for a provider's name.
    ProviderName,
    /// No such provider or pool; or it is disabled or deleted.
    ProviderUnknown,
    /// The provider does not list the token's audience.
    Audience,
    /// The provider is of another issuer.
    Issuer,
    /// The token's time is over, or has not come.
    Stale,
    /// STS could not get the issuer's keys, or not the one that signed. Heals.
    IssuerUnreachable,
    /// The signature is not the issuer's.
    Signature,
    /// The provider's condition is not true of the token.
    Condition,
    /// The mapping makes a subject, or another attribute, that is too long.
    MappedAttribute,
    /// Another thing about the token, or about the request.
    Request,
    /// The service account does not let the federated identity act as it; or there is no such account.
    Impersonation,
    /// The same, for an ID token.
    IdToken,
    /// The IAM Credentials API is switched off in the project.
    ServiceDisabled,
    /// No such service account.
    NoAccount,
    /// More than an hour, without the organization's leave.
    Lifetime,
    /// A scope or a delegate that is none.
    Argument,
    /// The federated token itself is not taken.
    Unauthenticated,
    /// The federated token's scope is too narrow.
    Scope,
    /// A policy of the organization forbids it.
    OrganizationPolicy,
    /// Too many calls. Heals.
    Throttled,
    /// The service failed. Heals.
    ServerFault,
    /// No error of Google's: something in between answered.
    NotGoogle,
    /// A refusal that is not known here.
    Other,
}

impl Cause {
    pub(super) fn of(step: Step, answer: &Answer) -> Self {
        match (answer.status, answer.code.as_deref().unwrap_or_default()) {
            (429, _) | (_, "quota_exceeded" | "RESOURCE_EXHAUSTED") => Self::Throttled,
            (408 | 412 | 425 | 500..=599, _) => Self::ServerFault,
            (_, "") => Self::NotGoogle,
            (_, code) => match step {
                Step::Sts => Self::of_sts(code, answer),
                Step::AccessToken | Step::IdToken => Self::of_iam(step, code, answer),
            },
        }
    }

    fn of_sts(code: &str, answer: &Answer) -> Self {
        match code {
            "invalid_target" => Self::ProviderUnknown,
            "unauthorized_client" => Self::Condition,
            "invalid_request" if answer.says("value for \"audience\"") => Self::ProviderName,
            "invalid_request" | "invalid_grant" if answer.says("size of mapped attribute") => Self::MappedAttribute,
            "invalid_grant" if answer.says("audience in ID Token") => Self::Audience,
            "invalid_grant" if answer.says("issuer in ID Token") => Self::Issuer,
            "invalid_grant" if answer.says("stale to sign-in") => Self::Stale,
            "invalid_grant" if answer.says("connecting to the given credential's issuer") => Self::IssuerUnreachable,
            "invalid_grant" if answer.says("verify the ID Token signature") => Self::Signature,
            "invalid_request" | "invalid_grant" => Self::Request,
            _ => Self::Other,
        }
    }

    fn of_iam(step: Step, code: &str, answer: &Answer) -> Self {
        match (code, answer.reason.as_deref().unwrap_or_default()) {
            (_, "SERVICE_DISABLED") => Self::ServiceDisabled,
            (_, "ACCESS_TOKEN_SCOPE_INSUFFICIENT") => Self::Scope,
            (_, _) if answer.says("it is disabled") && answer.says("API") => Self::ServiceDisabled,
            (_, _)
                if answer.says("lifetimes of more than 1 hour")
                    || answer.says("lifetime cannot exceed 3600 seconds") =>
            {
                Self::Lifetime
            }
            ("UNAUTHENTICATED", _) => Self::Unauthenticated,
            ("FAILED_PRECONDITION", _) => Self::OrganizationPolicy,
            ("NOT_FOUND", _) => Self::NoAccount,
            ("PERMISSION_DENIED", _) if answer.says("getOpenIdToken") => Self::IdToken,
            ("PERMISSION_DENIED", _) if answer.says("getAccessToken") => Self::Impersonation,
            // What it said before it named the permission.
            ("PERMISSION_DENIED", _) if answer.says("does not have permission") => match step {
                Step::IdToken => Self::IdToken,
                Step::AccessToken | Step::Sts => Self::Impersonation,
            },
            ("INVALID_ARGUMENT", _) => Self::Argument,
            _ => Self::Other,
        }
    }

    /// Whether the same call can end differently by itself.
    pub(super) fn heals(self) -> bool {
        match self {
            Self::IssuerUnreachable | Self::Throttled | Self::ServerFault => true,
            Self::ProviderName
            | Self::ProviderUnknown
            | Self::Audience
            | Self::Issuer
            | Self::Stale
            | Self::Signature
            | Self::Condition
            | Self::MappedAttribute
            | Self::Request
            | Self::Impersonation
            | Self::IdToken
            | Self::ServiceDisabled
            | Self::NoAccount
            | Self::Lifetime
            | Self::Argument
            | Self::Unauthenticated
            | Self::Scope
            | Self::OrganizationPolicy
            | Self::NotGoogle
            | Self::Other => false,
        }
    }

    /// Whether Google says this of a provider, a binding or an API that was made or switched on a moment ago: a change
    /// takes a minute or more to be seen everywhere.
    /// <https://docs.cloud.google.com/iam/docs/access-change-propagation>.
    pub(super) fn may_be_young(self) -> bool {
        matches!(self, Self::ProviderUnknown | Self::Impersonation | Self::IdToken | Self::ServiceDisabled)
    }

    pub(super) fn title(self, step: Step) -> &'static str {
        match self {
            Self::ProviderName | Self::ProviderUnknown => "Google STS does not know the provider",
            Self::Audience
            | Self::Issuer
            | Self::Stale
            | Self::IssuerUnreachable
            | Self::Signature
            | Self::Condition
            | Self::MappedAttribute
            | Self::Request => "Google STS refused the token",
            Self::Impersonation | Self::IdToken | Self::NoAccount => {
                "Google IAM does not let the job act as the service account"
            }
            Self::ServiceDisabled => "the IAM Credentials API is switched off in the project",
            Self::Lifetime => "Google IAM refused the access token's life",
            Self::Argument
            | Self::Unauthenticated
            | Self::Scope
            | Self::OrganizationPolicy
            | Self::Throttled
            | Self::ServerFault
            | Self::NotGoogle
            | Self::Other => match step {
                Step::Sts => "Google STS refused the request",
                Step::AccessToken | Step::IdToken => "Google IAM Credentials refused the request",
            },
        }
    }
}
