//! Why a call to Google brought no token, and all that follows from it.
//!
//! Texts: <https://docs.cloud.google.com/iam/docs/troubleshooting-workload-identity-federation>.

use super::answer::{Answer, Step};
use super::hints::Context;
use crate::http::{Explain, Row, THROTTLED, Told};

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
    /// STS could not get the issuer's keys, or not the one that signed.
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
    /// Too many calls.
    Throttled,
    /// The service failed.
    ServerFault,
    /// No error of Google's: something in between answered.
    NotGoogle,
    /// A refusal that is not known here.
    Other,
}

impl Cause {
    pub(super) fn of(answer: &Answer) -> Self {
        match (answer.status, answer.code.unclean()) {
            (429, _) | (_, "quota_exceeded" | "RESOURCE_EXHAUSTED") => Self::Throttled,
            (408 | 412 | 425 | 500..=599, _) => Self::ServerFault,
            (_, "") => Self::NotGoogle,
            (_, code) => match answer.step {
                Step::Sts => Self::of_sts(code, answer),
                Step::AccessToken | Step::IdToken => Self::of_iam(code, answer),
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

    fn of_iam(code: &str, answer: &Answer) -> Self {
        match (code, answer.reason.unclean()) {
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
            ("PERMISSION_DENIED", _) if answer.says("does not have permission") => match answer.step {
                Step::IdToken => Self::IdToken,
                Step::AccessToken | Step::Sts => Self::Impersonation,
            },
            ("INVALID_ARGUMENT", _) => Self::Argument,
            _ => Self::Other,
        }
    }

    /// All that follows from the cause.
    pub(super) fn row<'a>(self) -> Row<Context<'a>> {
        const TOKEN: &str = "Google STS refused the token";
        const PROVIDER: &str = "Google STS does not know the provider";
        const ACCOUNT: &str = "Google IAM does not let the job act as the service account";
        match self {
            Self::ProviderName => Row::refused(PROVIDER).fix(Context::provider_name),
            Self::ProviderUnknown => Row::refused(PROVIDER).fix(Context::provider_unknown),
            Self::Audience => Row::refused(TOKEN).fix(Context::audience),
            Self::Issuer => Row::refused(TOKEN).fix(Context::issuer),
            Self::Stale => Row::refused(TOKEN).fix(Context::staleness),
            Self::IssuerUnreachable => Row::heals().fix(Context::issuer_unreachable).next(Context::verify_line),
            Self::Signature => Row::refused(TOKEN)
                .say(&["check that this is the job's token, whole, and that keys uploaded to the provider, if any, are the issuer's present ones"])
                .next(Context::verify_line),
            Self::Condition => Row::refused(TOKEN).fix(Context::condition).next(Context::explain_line),
            Self::MappedAttribute => Row::refused(TOKEN).fix(Context::mapped_attribute).next(Context::explain_line),
            Self::Request => Row::refused(TOKEN),
            Self::Impersonation => Row::refused(ACCOUNT).fix(Context::binding),
            Self::IdToken => Row::refused(ACCOUNT).fix(Context::id_token),
            Self::ServiceDisabled => {
                Row::refused("the IAM Credentials API is switched off in the project").fix(Context::service_disabled)
            }
            Self::NoAccount => Row::refused(ACCOUNT).fix(Context::no_account),
            Self::Lifetime => Row::refused("Google IAM refused the access token's lifetime").say(&[
                "ask for --lifetime 1h or less",
                "or let the organization policy constraints/iam.allowServiceAccountCredentialLifetimeExtension name the service account, for up to 12h",
            ]),
            Self::Argument => {
                Row::refused(REQUEST).say(&["check that Google has every --scope, and that every --delegate is a service account"])
            }
            Self::Unauthenticated => Row::refused(REQUEST).say(&[
                "the federated token was refused a moment after it was made: check this machine's clock, and that --iamcredentials-endpoint leads to the same universe as --sts-endpoint",
            ]),
            Self::Scope => Row::refused(REQUEST).say(&["ask for --scope https://www.googleapis.com/auth/cloud-platform"]),
            Self::OrganizationPolicy => Row::refused(REQUEST)
                .say(&["a policy of the organization forbids it: its administrator can say which, and allow it"]),
            Self::Throttled => Row::heals().say(&[THROTTLED]),
            Self::ServerFault => Row::heals().fix(Context::server_fault),
            Self::NotGoogle => Row::something_else(),
            Self::Other => Row::refused(REQUEST),
        }
    }

    /// Whether Google says this of a provider, a binding or an API that was made or switched on a moment ago: a change
    /// takes a minute or more to be seen everywhere.
    /// <https://docs.cloud.google.com/iam/docs/access-change-propagation>.
    pub(super) fn may_be_young(self) -> bool {
        matches!(self, Self::ProviderUnknown | Self::Impersonation | Self::IdToken | Self::ServiceDisabled)
    }

    /// What the token presents to the step that refused it; nothing if Google has quoted it, or looked at no claim.
    fn presented(self, context: &Context<'_>) -> Vec<String> {
        match self {
            Self::Condition | Self::MappedAttribute | Self::Impersonation | Self::IdToken => {
                context.presented_to_rules()
            }
            Self::ProviderName
            | Self::ProviderUnknown
            | Self::Audience
            | Self::Issuer
            | Self::Stale
            | Self::ServiceDisabled
            | Self::NoAccount
            | Self::Lifetime
            | Self::Argument
            | Self::Unauthenticated
            | Self::Scope
            | Self::OrganizationPolicy => Vec::new(),
            Self::IssuerUnreachable
            | Self::Signature
            | Self::Request
            | Self::Throttled
            | Self::ServerFault
            | Self::NotGoogle
            | Self::Other => context.presented(),
        }
    }
}

/// What a refusal of the request is called, after the service.
const REQUEST: &str = "refused the request";

impl Explain<Answer> for Context<'_> {
    fn provider(&self) -> &'static str {
        self.step.provider()
    }

    fn address_setting(&self) -> &'static str {
        self.step.endpoint_option()
    }

    fn asked(&self) -> Vec<String> {
        self.asked_for()
    }

    fn tell(&self, answer: &Answer) -> Told {
        let cause = Cause::of(answer);
        let told = cause.row().tell(self);
        let title = told.title.map(|title| match title.as_str() {
            REQUEST => format!("{} {title}", self.step.provider()),
            _ => title,
        });
        let is_explained = !matches!(cause, Cause::Request | Cause::Other | Cause::NotGoogle);
        let quoted = is_explained.then(|| answer.said_briefly());
        Told { title, quoted, presented: cause.presented(self), ..told }
    }
}
