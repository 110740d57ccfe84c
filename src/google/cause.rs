//! The causes of a failed call to Google, with the title, hints and retries of each.
//!
//! Texts: <https://docs.cloud.google.com/iam/docs/troubleshooting-workload-identity-federation>.

use super::answer::{Answer, Step};
use super::hints::Context;
use crate::http::{Explain, Row, Told};

/// Why a call returned no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// For STS, the audience is not a provider's name.
    ProviderName,
    /// The provider or pool does not exist, or is disabled or deleted.
    ProviderUnknown,
    /// The provider does not list the token's audience.
    Audience,
    /// The provider has another issuer.
    Issuer,
    /// The token has expired, or is not valid yet.
    Stale,
    /// STS could not download the issuer's keys, or they do not contain the token's key.
    IssuerUnreachable,
    /// The signature is wrong.
    Signature,
    /// The token does not satisfy the provider's condition.
    Condition,
    /// The mapping results in a subject, or another attribute, that is too long.
    MappedAttribute,
    /// Another fault of the token or the request.
    Request,
    /// The federated identity may not act as the service account, or the account does not exist.
    Impersonation,
    /// The same, for an ID token.
    IdToken,
    /// The IAM Credentials API is disabled in the project.
    ServiceDisabled,
    /// The service account does not exist.
    NoAccount,
    /// A lifetime of more than an hour, which the organization does not allow.
    Lifetime,
    /// An invalid scope or delegate.
    Argument,
    /// The federated token itself is not accepted.
    Unauthenticated,
    /// The federated token's scope is too narrow.
    Scope,
    /// An organization policy denies it.
    OrganizationPolicy,
    /// Too many calls.
    Throttled,
    /// The service failed.
    ServerFault,
    /// The answer is not an error of Google: another server answered, for example a proxy.
    NotGoogle,
    /// Another refusal.
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
            // The older message, which does not name the permission.
            ("PERMISSION_DENIED", _) if answer.says("does not have permission") => match answer.step {
                Step::IdToken => Self::IdToken,
                Step::AccessToken | Step::Sts => Self::Impersonation,
            },
            ("INVALID_ARGUMENT", _) => Self::Argument,
            _ => Self::Other,
        }
    }

    /// The title, hints and retries of the cause.
    pub(super) fn row<'a>(self) -> Row<Context<'a>> {
        const TOKEN: &str = "Google STS refused the token";
        const PROVIDER: &str = "Google STS has no such provider";
        const ACCOUNT: &str = "Google IAM denies the job access to the service account";
        match self {
            Self::ProviderName => Row::refused(PROVIDER).fix(Context::provider_name),
            Self::ProviderUnknown => Row::refused(PROVIDER).fix(Context::provider_unknown),
            Self::Audience => Row::refused(TOKEN).fix(Context::audience),
            Self::Issuer => Row::refused(TOKEN).fix(Context::issuer),
            Self::Stale => Row::refused(TOKEN).fix(Context::staleness),
            Self::IssuerUnreachable => Row::heals().fix(Context::issuer_unreachable).next(Context::verify_line),
            Self::Signature => Row::refused(TOKEN)
                .say(&["check that this is the job's whole token; if keys were uploaded to the provider, upload the issuer's present ones"])
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
            Self::Throttled => Row::throttled(),
            Self::ServerFault => Row::heals().fix(Context::server_fault),
            Self::NotGoogle => Row::something_else(),
            Self::Other => Row::refused(REQUEST),
        }
    }

    /// Whether Google can return this for a provider, a binding or an API that was just created or enabled. A change
    /// takes a minute or more to be visible everywhere.
    /// <https://docs.cloud.google.com/iam/docs/access-change-propagation>.
    pub(super) fn may_be_young(self) -> bool {
        matches!(self, Self::ProviderUnknown | Self::Impersonation | Self::IdToken | Self::ServiceDisabled)
    }

    /// The claims that are relevant for the step that refused. Empty if Google has quoted them, or has not checked
    /// claims.
    fn presented(self, context: &Context<'_>) -> Vec<String> {
        match self {
            Self::Condition | Self::Impersonation | Self::IdToken => context.presented_to_rules(),
            Self::Signature => context.presented_issuer(),
            Self::ProviderName
            | Self::ProviderUnknown
            | Self::Audience
            | Self::Issuer
            | Self::Stale
            | Self::MappedAttribute
            | Self::ServiceDisabled
            | Self::NoAccount
            | Self::Lifetime
            | Self::Argument
            | Self::Unauthenticated
            | Self::Scope
            | Self::OrganizationPolicy => Vec::new(),
            Self::IssuerUnreachable
            | Self::Request
            | Self::Throttled
            | Self::ServerFault
            | Self::NotGoogle
            | Self::Other => context.presented(),
        }
    }
}

/// The title of a refused request, after the service's name.
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
        let mut told = cause.row().tell(self);
        if matches!(cause, Cause::Impersonation | Cause::IdToken) {
            // Each of the others has a long command.
            told.more = told.hints.split_off(1);
        }
        let title = told.title.take().map(|title| match title.as_str() {
            REQUEST => format!("{} {title}", self.step.provider()),
            _ => title,
        });
        let is_explained = !matches!(cause, Cause::Request | Cause::Other | Cause::NotGoogle);
        let quoted = is_explained.then(|| answer.said_briefly());
        // The provider is of no interest if Google has a temporary error.
        let is_of_no_interest = title.is_none() && cause != Cause::NotGoogle && self.step == Step::Sts;
        let asked = is_of_no_interest.then(Vec::new);
        Told { title, quoted, asked, presented: cause.presented(self), ..told }
    }
}
