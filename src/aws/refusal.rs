//! AWS STS's errors: cause, cure, and whether they heal by themselves.
//!
//! Codes and messages:
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors>.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::http::Failure;
use crate::http::retry::{Retry, Retryable};
use crate::secret::{Secret, redact};

pub(super) const PROVIDER: &str = "AWS STS";

/// One attempt that brought no credentials.
#[derive(Debug)]
pub enum Attempt {
    /// No answer came.
    Transport(Failure),
    /// An error came.
    Answered(Answer),
    /// Something came that is no answer of STS.
    Garbled {
        /// The status code.
        status: u16,
        /// What is wrong with it.
        why: String,
    },
}

/// An error answer's parts, fit to be shown.
#[derive(Debug)]
pub struct Answer {
    status: u16,
    code: Option<String>,
    message: String,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    awaited: Option<Duration>,
}

impl Answer {
    /// Takes the parts that may be shown, with `secrets` removed where the service repeats them.
    #[must_use]
    pub fn new(
        status: u16,
        code: Option<&str>,
        message: Option<&str>,
        request_id: Option<&str>,
        retry_after: Option<Duration>,
        secrets: &[&Secret],
    ) -> Self {
        /// A message longer than this is no message of STS.
        const SHOWN: usize = 600;
        let clean = |text: &str| {
            let clean = secrets.iter().fold(text.to_owned(), |text, secret| redact(&text, secret));
            clean.chars().take(SHOWN).collect::<String>()
        };
        Self {
            status,
            code: code.map(clean),
            message: message.map(clean).unwrap_or_default(),
            request_id: request_id.map(clean),
            retry_after,
            awaited: None,
        }
    }

    /// All of it, for an error.
    pub(super) fn said(&self) -> String {
        match &self.request_id {
            Some(id) => format!("{self} (request {id})"),
            None => self.to_string(),
        }
    }

    /// The same as one that the user said to wait out, where `grace` covers it.
    #[must_use]
    pub(super) fn with(self, grace: Grace) -> Self {
        Self { awaited: grace.left(Cause::of(&self)), ..self }
    }

    /// Why STS answered so.
    pub(super) fn cause(&self) -> Cause {
        Cause::of(self)
    }

    fn says(&self, text: &str) -> bool {
        self.message.to_ascii_lowercase().contains(&text.to_ascii_lowercase())
    }
}

/// Code and message; the request's id, of use to the provider's support, is for the last answer alone.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => f.write_str(code)?,
            None => write!(f, "status {}, without an error code of STS", self.status)?,
        }
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

/// Why STS did not answer with credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The trust policy, or a policy above it, does not let the token in; or there is no such role.
    TrustPolicy,
    /// No OIDC provider for the issuer in the role's account.
    NoProvider,
    /// The provider does not list the token's audience.
    Audience,
    /// STS could not get the issuer's keys. Heals.
    KeysUnreachable,
    /// The token is not one that STS reads.
    TokenUnreadable,
    /// The token's time is over.
    Expired,
    /// STS could not speak to the issuer. Heals.
    IssuerUnreachable,
    /// The issuer itself said no.
    IssuerRejected,
    /// The session policy cannot be read.
    PolicyMalformed,
    /// Session policy, policy ARNs and tags are too large together.
    PolicyTooLarge,
    /// The account has switched STS off in that region.
    RegionDisabled,
    /// The role's sessions are shorter.
    DurationTooLong,
    /// Another parameter is out of bounds.
    Parameter,
    /// The credentials that signed the call are not known there; new ones may not be for some seconds.
    KeysUnknown,
    /// This machine's clock differs from AWS's.
    Clock,
    /// Too many calls. Heals.
    Throttled,
    /// The service failed. Heals.
    ServerFault,
    /// No error code: something in between answered.
    NotSts,
    /// A refusal that is not known here.
    Other,
}

impl Cause {
    fn of(answer: &Answer) -> Self {
        match answer.code.as_deref().unwrap_or_default() {
            "AccessDenied" | "AccessDeniedException" => Self::TrustPolicy,
            "InvalidIdentityToken" | "InvalidIdentityTokenException" => Self::of_token(answer),
            "ExpiredTokenException" | "ExpiredToken" => Self::Expired,
            "IDPCommunicationError" => Self::IssuerUnreachable,
            "IDPRejectedClaim" => Self::IssuerRejected,
            "MalformedPolicyDocument" => Self::PolicyMalformed,
            "PackedPolicyTooLarge" => Self::PolicyTooLarge,
            "RegionDisabledException" => Self::RegionDisabled,
            "ValidationError" if answer.says("DurationSeconds") => Self::DurationTooLong,
            "ValidationError" | "InvalidParameterValue" | "InvalidParameterCombination" | "MissingParameter" => {
                Self::Parameter
            }
            "InvalidClientTokenId" | "UnrecognizedClientException" => Self::KeysUnknown,
            "RequestExpired" | "RequestTimeTooSkewed" => Self::Clock,
            "SignatureDoesNotMatch" if answer.says("expired") || answer.says("not yet current") => Self::Clock,
            // THROTTLING_ERRORS of aws-runtime, under whatever status.
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
            Self::KeysUnreachable
        } else if answer.says("No OpenIDConnect provider found") {
            Self::NoProvider
        } else if answer.says("audience") {
            Self::Audience
        } else {
            Self::TokenUnreadable
        }
    }

    pub(super) fn heals(self) -> bool {
        match self {
            Self::KeysUnreachable | Self::IssuerUnreachable | Self::Throttled | Self::ServerFault => true,
            Self::TrustPolicy
            | Self::NoProvider
            | Self::Audience
            | Self::TokenUnreadable
            | Self::Expired
            | Self::IssuerRejected
            | Self::PolicyMalformed
            | Self::PolicyTooLarge
            | Self::RegionDisabled
            | Self::DurationTooLong
            | Self::Parameter
            | Self::KeysUnknown
            | Self::Clock
            | Self::NotSts
            | Self::Other => false,
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::TrustPolicy
            | Self::NoProvider
            | Self::Audience
            | Self::TokenUnreadable
            | Self::Expired
            | Self::IssuerRejected => "AWS STS refused the token",
            Self::PolicyMalformed | Self::PolicyTooLarge => "AWS STS refused the session policy",
            Self::RegionDisabled => "AWS STS is switched off in this region for the role's account",
            Self::DurationTooLong => "AWS STS refused the session's duration",
            Self::KeysUnknown => "AWS STS does not know the new credentials",
            Self::Clock => "AWS STS refused the request for its time",
            Self::Parameter
            | Self::Other
            | Self::KeysUnreachable
            | Self::IssuerUnreachable
            | Self::Throttled
            | Self::ServerFault
            | Self::NotSts => "AWS STS refused the request",
        }
    }
}

impl Retryable for Attempt {
    fn retry(&self) -> Retry {
        match self {
            Self::Transport(failure) => failure.retry(),
            Self::Answered(answer) if answer.awaited.is_some() || Cause::of(answer).heals() => {
                Retry::Again { after: answer.retry_after }
            }
            Self::Answered(_) | Self::Garbled { .. } => Retry::Never,
        }
    }

    fn budget(&self) -> Option<Duration> {
        match self {
            Self::Answered(answer) => answer.awaited,
            Self::Transport(_) | Self::Garbled { .. } => None,
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(failure) => failure.fmt(f),
            Self::Answered(answer) => write!(f, "{PROVIDER}: {answer}"),
            Self::Garbled { status, why } => write!(f, "the answer with status {status} cannot be used: {why}"),
        }
    }
}

/// Which refusals are waited out, and until when.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Grace {
    /// A role or a provider made a moment ago (`--wait-for-iam`): IAM is only eventually consistent
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>).
    pub(super) iam: Option<Instant>,
    /// Credentials issued a moment ago.
    pub(super) keys: Option<Instant>,
}

impl Grace {
    /// How much longer this is waited out; nothing where it is not, or no more.
    fn left(self, cause: Cause) -> Option<Duration> {
        let until = match cause {
            Cause::TrustPolicy | Cause::NoProvider => self.iam,
            Cause::KeysUnknown => self.keys,
            Cause::Audience
            | Cause::KeysUnreachable
            | Cause::TokenUnreadable
            | Cause::Expired
            | Cause::IssuerUnreachable
            | Cause::IssuerRejected
            | Cause::PolicyMalformed
            | Cause::PolicyTooLarge
            | Cause::RegionDisabled
            | Cause::DurationTooLong
            | Cause::Parameter
            | Cause::Clock
            | Cause::Throttled
            | Cause::ServerFault
            | Cause::NotSts
            | Cause::Other => None,
        };
        until?.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}
