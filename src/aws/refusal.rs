//! AWS STS's errors: cause, cure, and whether they heal by themselves.
//!
//! Codes and messages:
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors>.

use std::fmt;
use std::time::Duration;

use super::Request;
use crate::error::{Error, Exit, Refusal};
use crate::host::Clock;
use crate::http::retry::{Effort, Outcome, Retryable, Verdict};
use crate::http::{Failure, Unreachable};
use crate::secret::{Secret, redact};
use crate::subject::claims::{JobKind, time};
use crate::subject::{Claims, SubjectToken};

const PROVIDER: &str = "AWS STS";

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
}

impl Answer {
    /// Takes the parts that may be shown, with `token` removed where the service repeats it.
    #[must_use]
    pub fn new(
        status: u16,
        code: Option<&str>,
        message: Option<&str>,
        request_id: Option<&str>,
        retry_after: Option<Duration>,
        token: &Secret,
    ) -> Self {
        /// A message longer than this is no message of STS.
        const SHOWN: usize = 600;
        let clean = |text: &str| redact(text, token).chars().take(SHOWN).collect::<String>();
        Self {
            status,
            code: code.map(clean),
            message: message.map(clean).unwrap_or_default(),
            request_id: request_id.map(clean),
            retry_after,
        }
    }

    /// All of it, for an error.
    fn said(&self) -> String {
        match &self.request_id {
            Some(id) => format!("{self} (request {id})"),
            None => self.to_string(),
        }
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
enum Cause {
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

    fn heals(self) -> bool {
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
            | Self::NotSts
            | Self::Other => false,
        }
    }

    fn title(self) -> &'static str {
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
    fn verdict(&self) -> Verdict {
        match self {
            Self::Transport(failure) => failure.verdict(),
            Self::Answered(answer) if Cause::of(answer).heals() => Verdict::Again { after: answer.retry_after },
            Self::Answered(_) | Self::Garbled { .. } => Verdict::Final,
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

/// What an error is explained with.
pub(super) struct Context<'a> {
    pub(super) request: &'a Request,
    pub(super) token: &'a SubjectToken,
    pub(super) clock: &'a Clock,
}

impl Context<'_> {
    /// The end of all attempts, as the user reads it.
    pub(super) fn explain(&self, outcome: Outcome<Attempt>, effort: Effort) -> Error {
        let asked = vec![self.request.role.as_str().to_owned()];
        let unreachable = |said: String, hints: Vec<String>| {
            Error::Unreachable(Box::new(Unreachable {
                provider: PROVIDER,
                said,
                asked: asked.clone(),
                effort,
                hints,
                exit: Exit::Unreachable,
            }))
        };
        match outcome {
            Outcome::TimedOut => {
                unreachable("nothing, until --timeout".into(), vec!["can this machine reach the region's STS?".into()])
            }
            Outcome::Failed(Attempt::Transport(failure)) => {
                Error::Unreachable(Box::new(Unreachable::from_failure(PROVIDER, &failure, asked, effort)))
            }
            Outcome::Failed(garbled @ Attempt::Garbled { .. }) => unreachable(garbled.to_string(), vec![in_between()]),
            Outcome::Failed(Attempt::Answered(answer)) => {
                let cause = Cause::of(&answer);
                let hints = self.hints(cause);
                if cause.heals() || cause == Cause::NotSts {
                    return unreachable(answer.said(), hints);
                }
                let presented = self.claims().presented();
                Error::Refused(Box::new(Refusal {
                    title: cause.title().into(),
                    said: answer.said(),
                    asked,
                    presented,
                    hints,
                }))
            }
        }
    }

    fn claims(&self) -> &Claims {
        self.token.claims()
    }

    fn hints(&self, cause: Cause) -> Vec<String> {
        let issuer = self.claims().text("iss").unwrap_or("(none)");
        let host = self.claims().issuer_host().unwrap_or("(none)");
        let audience = self.claims().audience().unwrap_or_else(|| "(none)".into());
        let account = self.request.role.account();
        match cause {
            Cause::TrustPolicy => self.trust_policy_hints(host, &audience),
            Cause::NoProvider => vec![
                format!("account {account} knows no provider for exactly this issuer; provider and role must be in the same account"),
                format!("create it: aws iam create-open-id-connect-provider --url {issuer} --client-id-list {audience}"),
            ],
            Cause::Audience => vec![
                format!("the provider {} does not list this audience, to the letter", self.request.role.provider_arn(host)),
                format!(
                    "add it: aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {} --client-id {audience}",
                    self.request.role.provider_arn(host)
                ),
            ],
            Cause::KeysUnreachable | Cause::IssuerUnreachable => vec![format!(
                "AWS fetches the issuer's keys itself, within 5 s: {issuer}/.well-known/openid-configuration and the jwks_uri in it must be public"
            )],
            Cause::TokenUnreadable => vec!["is this the job's OpenID Connect token, whole, and signed with RS256 or ES256?".into()],
            Cause::Expired => self.expiry_hints(),
            Cause::IssuerRejected => vec!["the issuer itself no longer stands by this token: run the job again for a new one".into()],
            Cause::PolicyMalformed => vec!["check --policy with: aws accessanalyzer validate-policy --policy-type IDENTITY_POLICY --policy-document file://…".into()],
            Cause::PolicyTooLarge => vec![
                "shorten --policy, name fewer --policy-arn, or put the rules into the role itself".into(),
                "tags that the token carries count as well".into(),
            ],
            Cause::RegionDisabled => vec![format!(
                "ask another region's STS with --sts-region; the job's own region stays {}",
                self.request.region.as_ref().map_or("as it is", super::Region::as_str)
            )],
            Cause::DurationTooLong => vec![format!(
                "lower --duration, or raise the role's maximum: aws iam update-role --role-name {} --max-session-duration SECONDS",
                self.request.role.as_str().rsplit('/').next().unwrap_or_default()
            )],
            Cause::Parameter | Cause::Other => Vec::new(),
            Cause::Throttled => vec!["many jobs ask at once: a longer --timeout lets this one wait its turn".into()],
            Cause::ServerFault => vec!["the service itself failed; its state is on https://health.aws.amazon.com/health/status".into()],
            Cause::NotSts => vec![in_between()],
        }
    }

    fn trust_policy_hints(&self, host: &str, audience: &str) -> Vec<String> {
        let claims = self.claims();
        let mut hints = Vec::new();
        match claims.job_kind() {
            Some(JobKind::PullRequest) => hints.push(
                "this is a pull-request job; a trust policy for `…:ref_type:branch:ref:refs/heads/main` does not match it".into(),
            ),
            Some(JobKind::Tag) => hints.push("this is a tag's job; a trust policy for `…:ref_type:branch:ref:…` does not match it".into()),
            Some(JobKind::ProjectDebug) => hints.push("this is a debug session of the project: its `sub` names no ref at all".into()),
            Some(JobKind::Branch) | None => {}
        }
        let sub = claims.text("sub").unwrap_or("(none)");
        hints.push(format!(
            "the role's trust policy must name the provider {} and match `{host}:aud` = {audience} and `{host}:sub` = {sub}",
            self.request.role.provider_arn(host)
        ));
        if claims.has("https://aws.amazon.com/tags") {
            hints.push("this token carries session tags, so the trust policy must also allow sts:TagSession".into());
        }
        hints.push("AWS says the same of a role that does not exist: is the ARN right, to the letter?".into());
        hints
    }

    fn expiry_hints(&self) -> Vec<String> {
        let mut hints = Vec::new();
        if let Some(expiry) = self.claims().expiry() {
            let issued = self.claims().issued().map(|at| format!("issued {}, ", time(at))).unwrap_or_default();
            hints.push(format!(
                "the token was {issued}good until {}; this machine's clock says {}",
                time(expiry),
                time(self.clock.unix())
            ));
        }
        hints.push("STS takes no token later than its expiry, nor a day after it was issued; a job cannot ask for another: run it again".into());
        hints
    }
}

fn in_between() -> String {
    "was this AWS STS? a proxy, a captive portal or a wrong AWS_ENDPOINT_URL_STS may have answered".into()
}
