//! The causes of a failed call to AWS STS, with the title, hints and retries of each.
//!
//! Codes and messages:
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors>.

use std::time::Duration;

use tokio::time::Instant;

use super::answer::{Answer, PROVIDER};
use super::hints::{Context, Step};
use crate::http::{Attempt, Explain, Problem, Row, Told};
use crate::subject::Claims;

/// Why STS returned no credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The trust policy, or an organization's policy, does not allow the token; or the role does not exist.
    TrustPolicy,
    /// The role's account has no OIDC provider for the issuer.
    NoProvider,
    /// The provider does not list the token's audience.
    Audience,
    /// The provider has an old thumbprint of the issuer's certificate.
    Thumbprint,
    /// STS could not download the issuer's keys.
    IssuerUnreachable,
    /// STS cannot parse the token.
    TokenUnreadable,
    /// The token has expired.
    Expired,
    /// The issuer itself rejected the token.
    IssuerRejected,
    /// The session policy is malformed.
    PolicyMalformed,
    /// Session policy, policy ARNs and tags are too large together.
    PolicyTooLarge,
    /// STS is disabled for the account in that region.
    RegionDisabled,
    /// The requested duration is longer than the role's maximum.
    DurationTooLong,
    /// The credentials that signed the call are not known in the region; new ones may take some seconds.
    KeysUnknown,
    /// This machine's clock differs from AWS's.
    Clock,
    /// Too many calls.
    Throttled,
    /// The service failed.
    ServerFault,
    /// The answer has no error code: another server answered, for example a proxy.
    NotSts,
    /// Another refusal, for example a parameter out of range.
    Other,
}

impl Cause {
    pub(super) fn of(answer: &Answer) -> Self {
        match answer.code.unclean() {
            "AccessDenied" | "AccessDeniedException" => Self::TrustPolicy,
            "InvalidIdentityToken" | "InvalidIdentityTokenException" => Self::of_token(answer),
            "ExpiredTokenException" | "ExpiredToken" => Self::Expired,
            "IDPCommunicationError" => Self::IssuerUnreachable,
            "IDPRejectedClaim" => Self::IssuerRejected,
            "MalformedPolicyDocument" => Self::PolicyMalformed,
            "PackedPolicyTooLarge" => Self::PolicyTooLarge,
            "RegionDisabledException" => Self::RegionDisabled,
            "ValidationError" if answer.says("DurationSeconds") => Self::DurationTooLong,
            "InvalidClientTokenId" | "UnrecognizedClientException" => Self::KeysUnknown,
            "RequestExpired" | "RequestTimeTooSkewed" => Self::Clock,
            "SignatureDoesNotMatch" if answer.says("expired") || answer.says("not yet current") => Self::Clock,
            "ValidationError" | "InvalidParameterValue" | "InvalidParameterCombination" | "MissingParameter" => {
                Self::Other
            }
            // THROTTLING_ERRORS of aws-runtime, with any status.
            "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "BandwidthLimitExceeded"
            | "LimitExceededException"
            | "SlowDown"
            | "PriorRequestNotComplete"
            | "EC2ThrottledException" => Self::Throttled,
            code => match answer.status {
                429 => Self::Throttled,
                408 | 412 | 425 | 500..=599 => Self::ServerFault,
                _ if code.is_empty() => Self::NotSts,
                _ => Self::Other,
            },
        }
    }

    fn of_token(answer: &Answer) -> Self {
        if answer.says("retrieve verification key") {
            Self::IssuerUnreachable
        } else if answer.says("No OpenIDConnect provider found") {
            Self::NoProvider
        } else if answer.says("thumbprint") {
            Self::Thumbprint
        } else if answer.says("audience") {
            Self::Audience
        } else {
            Self::TokenUnreadable
        }
    }

    /// The title, hints and retries of the cause.
    pub(super) fn row<'a>(self) -> Row<Context<'a>> {
        const TOKEN: &str = "AWS STS refused the token";
        const POLICY: &str = "AWS STS refused the session policy";
        match self {
            Self::TrustPolicy => Row::refused(TOKEN).fix(Context::trust_policy).next(Context::explain_line),
            Self::NoProvider => Row::refused(TOKEN).fix(Context::no_provider),
            Self::Audience => Row::refused(TOKEN).fix(Context::audience),
            Self::Thumbprint => Row::refused(TOKEN).fix(Context::thumbprint),
            Self::IssuerUnreachable => Row::heals().fix(Context::issuer).next(Context::verify_line),
            Self::TokenUnreadable => Row::refused(TOKEN)
                .say(&["check that this is the job's whole token, signed with RS256 or ES256"])
                .next(Context::verify_line),
            Self::Expired => Row::refused(TOKEN).fix(Context::expiry),
            Self::IssuerRejected => Row::refused(TOKEN)
                .say(&["the issuer no longer accepts this token: run the job again for a new one"]),
            Self::PolicyMalformed => Row::refused(POLICY).say(&[
                "validate it: aws accessanalyzer validate-policy --policy-type IDENTITY_POLICY --policy-document file://…",
            ]),
            Self::PolicyTooLarge => Row::refused(POLICY).say(&[
                "shorten --policy, name fewer --policy-arn, or put the rules into the role itself",
                "tags that the token carries count as well",
            ]),
            Self::RegionDisabled => {
                Row::refused("AWS STS is switched off in this region for the role's account").fix(Context::region)
            }
            Self::DurationTooLong => Row::refused("AWS STS refused the session's duration").fix(Context::duration),
            Self::KeysUnknown => Row::refused("AWS STS does not recognize the new credentials").say(&[
                "a region may not have new credentials for some seconds: run the command again",
                "in a region that the account had to opt in to, ask another region's STS with --sts-region",
            ]),
            Self::Clock => Row::refused("AWS STS refused the request for its time").fix(Context::clock),
            Self::Throttled => Row::throttled(),
            Self::ServerFault => {
                Row::heals().say(&["the service itself failed; its state is on https://health.aws.amazon.com/health/status"])
            }
            Self::NotSts => Row::something_else(),
            Self::Other => Row::refused("AWS STS refused the request"),
        }
    }

    /// The relevant claims of the token. Empty if the cause is no claim, or a hint or the answer has it.
    fn presented(self, claims: &Claims) -> Vec<String> {
        match self {
            Self::TokenUnreadable => vec![format!("iss={}", claims.text("iss").unwrap_or("(none)"))],
            Self::NoProvider
            | Self::Audience
            | Self::Thumbprint
            | Self::Expired
            | Self::PolicyMalformed
            | Self::PolicyTooLarge
            | Self::RegionDisabled
            | Self::DurationTooLong
            | Self::KeysUnknown
            | Self::Clock => Vec::new(),
            Self::TrustPolicy
            | Self::IssuerUnreachable
            | Self::IssuerRejected
            | Self::Throttled
            | Self::ServerFault
            | Self::NotSts
            | Self::Other => claims.presented(),
        }
    }
}

/// Which refusals are retried, and until when.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Grace {
    /// For a role or a provider that was just created (`--wait-for-iam`): IAM is eventually consistent
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>).
    pub(super) iam: Option<Instant>,
    /// For credentials that were just issued.
    pub(super) keys: Option<Instant>,
}

impl Grace {
    /// Makes the attempt retryable if its refusal is covered.
    pub(super) fn cover(self, attempt: Attempt<Answer>) -> Attempt<Answer> {
        let Problem::Answered(answer) = &attempt.problem else { return attempt };
        let left = self.left(Cause::of(answer));
        attempt.waited_out(left)
    }

    fn left(self, cause: Cause) -> Option<Duration> {
        let iam = self.iam.filter(|_| matches!(cause, Cause::TrustPolicy | Cause::NoProvider));
        let until = iam.or(self.keys.filter(|_| cause == Cause::KeysUnknown));
        until?.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

impl Explain<Answer> for Context<'_> {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn address_setting(&self) -> &'static str {
        "AWS_ENDPOINT_URL_STS"
    }

    fn asked(&self) -> Vec<String> {
        self.asked_for()
    }

    fn tell(&self, answer: &Answer) -> Told {
        let cause = Cause::of(answer);
        let told = cause.row().tell(self);
        // The commands and the claims concern only the token.
        let (presented, next) = match self.step {
            Step::Token => (cause.presented(self.claims()), told.next),
            Step::Hop { .. } | Step::Identity => (self.session(answer), Vec::new()),
        };
        let quoted = match self.hop() {
            Some(hop) => Some(answer.said_without_resource(hop.role.as_str())),
            None if cause == Cause::IssuerUnreachable => Some(answer.said_without_advice()),
            None => None,
        };
        // The role is of no interest if STS has a temporary error.
        let is_of_no_interest = told.title.is_none() && cause != Cause::NotSts && matches!(self.step, Step::Token);
        let asked = is_of_no_interest.then(Vec::new);
        Told { title: told.title.map(|title| self.title(&title)), quoted, asked, presented, next, ..told }
    }
}
