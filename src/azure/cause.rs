//! The causes of a failed call to Microsoft Entra, with the title, hints and retries of each.
//!
//! Numbers: <https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes>.

use super::answer::{Answer, PROVIDER};
use super::hints::{Context, OTHER_CLOUD};
use crate::http::{Explain, Row, Told};
use crate::subject::Claims;

/// Why a call returned no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The tenant has no such application or managed identity.
    NoApplication,
    /// The application is disabled.
    Disabled,
    /// The tenant does not exist.
    NoTenant,
    /// The tenant is in another cloud.
    OtherCloud,
    /// The application has no federated credential.
    NoCredential,
    /// No federated credential has the token's issuer, subject and audience. Entra does not state which one differs.
    NoMatch,
    /// No federated credential has the token's issuer.
    Issuer,
    /// No federated credential has its audience.
    Audience,
    /// No federated credential has its subject.
    Subject,
    /// A federated credential has its subject in different case.
    SubjectCase,
    /// Entra itself issued the token.
    OwnToken,
    /// The tenant does not allow federation.
    FederationOff,
    /// The token has expired, or is not valid yet.
    Stale,
    /// The signature is wrong, or the token is incomplete.
    Signature,
    /// Entra could not download or parse the issuer's keys.
    IssuerUnreachable,
    /// The resource for the access token does not exist.
    Resource,
    /// An application cannot request this scope.
    Scope,
    /// Conditional Access refuses the token.
    Policy,
    /// Too many calls.
    Throttled,
    /// The service failed.
    ServerFault,
    /// The answer is not an error of Entra: another server answered, for example a proxy.
    NotEntra,
    /// Another refusal.
    Other,
}

impl Cause {
    pub(super) fn of(answer: &Answer) -> Self {
        let by_number = answer.number.filter(|_| !answer.error.is_empty()).and_then(Self::of_number);
        by_number.unwrap_or_else(|| match (answer.status, answer.error.unclean()) {
            (429, _) => Self::Throttled,
            (408 | 412 | 425 | 500..=599, _) | (_, "temporarily_unavailable" | "server_error") => Self::ServerFault,
            (_, "") => Self::NotEntra,
            (_, "invalid_scope") => Self::Scope,
            _ => Self::Other,
        })
    }

    fn of_number(number: u64) -> Option<Self> {
        Some(match number {
            700_016 => Self::NoApplication,
            7_000_112 => Self::Disabled,
            90_002 => Self::NoTenant,
            90_038 | 900_382 | 900_432 => Self::OtherCloud,
            70_025 => Self::NoCredential,
            70_021 => Self::NoMatch,
            700_211 => Self::Issuer,
            700_212 => Self::Audience,
            700_213 => Self::Subject,
            7_002_138 => Self::SubjectCase,
            700_222 | 700_226 | 700_227 | 700_229 => Self::OwnToken,
            700_223 | 700_238 => Self::FederationOff,
            700_024 | 50_013 | 500_133 => Self::Stale,
            50_027 | 700_027 | 900_384 => Self::Signature,
            90_061 | 50_166 | 501_661 | 900_612 => Self::IssuerUnreachable,
            500_011 | 50_001 => Self::Resource,
            28_002 | 70_011 | 700_022 | 700_023 | 1_002_012 => Self::Scope,
            53_003 | 530_032 => Self::Policy,
            90_055 => Self::Throttled,
            50_000 | 90_006 | 90_012 | 90_024 | 90_033 | 90_090 | 90_091 => Self::ServerFault,
            _ => return None,
        })
    }

    /// The title, hints and retries of the cause.
    pub(super) fn row<'a>(self) -> Row<Context<'a>> {
        const APPLICATION: &str = "Microsoft Entra cannot find the application";
        const TENANT: &str = "Microsoft Entra cannot find the tenant";
        const TOKEN: &str = "Microsoft Entra refused the token";
        const REQUEST: &str = "Microsoft Entra refused the request";
        match self {
            Self::NoApplication => Row::refused(APPLICATION).fix(Context::application),
            Self::Disabled => Row::refused("the application is disabled").fix(Context::disabled),
            Self::NoTenant => Row::refused(TENANT)
                .say(&["print the tenant's ID with: az account show --query tenantId --output tsv", OTHER_CLOUD]),
            Self::OtherCloud => Row::refused(TENANT).say(&[OTHER_CLOUD]),
            Self::NoCredential => Row::refused("the application has no federated credential").fix(Context::no_credential),
            Self::NoMatch => Row::refused(TOKEN).fix(Context::no_match).next(Context::explain_line),
            Self::Issuer => Row::refused(TOKEN).fix(Context::issuer).next(Context::explain_line),
            Self::Audience => Row::refused(TOKEN).fix(Context::audience).next(Context::explain_line),
            Self::Subject => Row::refused(TOKEN).fix(Context::subject),
            Self::SubjectCase => Row::refused(TOKEN)
                .say(&["write the credential's subject exactly like this: Entra compares the case of letters"]),
            Self::OwnToken => Row::refused(TOKEN).say(&[
                "this is a token that Microsoft Entra issued: use the CI job's own token",
            ]),
            Self::FederationOff => Row::refused(TOKEN)
                .say(&["a policy of the tenant disables federated credentials: ask the tenant's administrator to allow them"]),
            Self::Stale => Row::refused(TOKEN).fix(Context::staleness),
            Self::Signature => Row::refused(TOKEN)
                .say(&["check that this is the job's whole token; if the issuer has just changed its keys, run the job again in 15 minutes"])
                .next(Context::verify_line),
            Self::IssuerUnreachable => Row::heals().fix(Context::issuer_unreachable).next(Context::verify_line),
            Self::Resource => Row::refused(REQUEST).fix(|_| Context::resource()),
            Self::Scope => Row::refused(REQUEST).fix(Context::scope),
            Self::Policy => Row::refused(REQUEST)
                .say(&["a Conditional Access policy blocks this application: ask the tenant's administrator to allow it"]),
            Self::Throttled => Row::throttled(),
            Self::ServerFault => Row::heals()
                .say(&["the service itself failed; its state is on https://azure.status.microsoft"]),
            Self::NotEntra => Row::something_else(),
            Self::Other => Row::refused(REQUEST),
        }
    }

    /// The relevant claims of the token. Empty if Entra has quoted the claim that differs, or has not checked the
    /// claims.
    fn presented(self, claims: &Claims, quoted: &str) -> Vec<String> {
        let one = |name: &str, value: Option<String>| {
            let value = value.filter(|value| !value.is_empty()).unwrap_or_else(|| "(none)".into());
            if quoted.contains(&value) { Vec::new() } else { vec![format!("{name}={value}")] }
        };
        match self {
            Self::Issuer => one("iss", claims.text("iss").map(str::to_owned)),
            Self::Audience => one("aud", claims.audience()),
            Self::Subject | Self::SubjectCase => one("sub", claims.text("sub").map(str::to_owned)),
            Self::NoApplication
            | Self::Disabled
            | Self::NoTenant
            | Self::OtherCloud
            | Self::NoCredential
            | Self::FederationOff
            | Self::Stale
            | Self::Signature
            | Self::Resource
            | Self::Scope
            | Self::Policy => Vec::new(),
            Self::OwnToken => vec![format!("iss={}", claims.text("iss").unwrap_or("(none)"))],
            Self::NoMatch
            | Self::IssuerUnreachable
            | Self::Throttled
            | Self::ServerFault
            | Self::NotEntra
            | Self::Other => claims.presented(),
        }
    }

    /// The relevant part of what was requested: the application, if one of its credentials is wrong; nothing, if Entra
    /// has a temporary error.
    fn asked(self, context: &Context<'_>) -> Option<Vec<String>> {
        match self {
            Self::NoCredential | Self::NoMatch | Self::Issuer | Self::Audience | Self::Subject | Self::SubjectCase => {
                Some(vec![context.application_asked_for()])
            }
            Self::IssuerUnreachable | Self::Throttled | Self::ServerFault => Some(Vec::new()),
            Self::NoApplication
            | Self::Disabled
            | Self::NoTenant
            | Self::OtherCloud
            | Self::OwnToken
            | Self::FederationOff
            | Self::Stale
            | Self::Signature
            | Self::Resource
            | Self::Scope
            | Self::Policy
            | Self::NotEntra
            | Self::Other => None,
        }
    }

    /// Whether Entra can return this for a federated credential that was just created: some of its servers receive it
    /// minutes later
    /// (<https://learn.microsoft.com/en-us/entra/workload-id/workload-identity-federation-considerations#errors>).
    pub(super) fn may_be_young(self) -> bool {
        matches!(self, Self::NoCredential | Self::NoMatch | Self::Issuer | Self::Subject)
    }
}

impl Explain<Answer> for Context<'_> {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn address_setting(&self) -> &'static str {
        "--authority-host"
    }

    fn asked(&self) -> Vec<String> {
        self.asked_for()
    }

    fn tell(&self, answer: &Answer) -> Told {
        let cause = Cause::of(answer);
        let brief = answer.said_briefly();
        let presented = cause.presented(self.token.claims(), &brief);
        let quoted = if cause == Cause::Signature {
            Some(answer.said_with_reason())
        } else {
            (!matches!(cause, Cause::Other | Cause::NotEntra)).then_some(brief)
        };
        let mut told = cause.row().tell(self);
        if cause == Cause::Subject && !self.is_pull_request() {
            // Entra quotes a long subject, so only the first hint is shown.
            told.more = told.hints.split_off(1);
        }
        Told { quoted, presented, asked: cause.asked(self), ..told }
    }
}
