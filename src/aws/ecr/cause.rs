//! The causes of a failed call to ECR, with the title, hints and retries of each.
//!
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/CommonErrors.html>

use super::answer::Answer;
use crate::aws::RoleArn;
use crate::aws::registry::Registry;
use crate::host::Clock;
use crate::http::{Explain, Row, Told};
use crate::text::time;

/// Why ECR returned no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The role's policies do not allow it.
    Denied,
    /// The credentials are not known in the region; new ones may take some seconds.
    KeysUnknown,
    /// The session has expired.
    Expired,
    /// This machine's clock differs from AWS's.
    Clock,
    /// The request that arrived differs from the signed one.
    Signature,
    /// Too many calls.
    Throttled,
    /// The service failed.
    ServerFault,
    /// The answer is not an ECR error: another server answered, for example a proxy.
    NotEcr,
    /// Another refusal.
    Other,
}

impl Cause {
    pub(super) fn of(answer: &Answer) -> Self {
        match answer.code.unclean() {
            "AccessDeniedException" | "AccessDenied" => Self::Denied,
            "UnrecognizedClientException" | "InvalidClientTokenId" => Self::KeysUnknown,
            "ExpiredTokenException" | "ExpiredToken" => Self::Expired,
            "RequestExpired" | "RequestTimeTooSkewed" => Self::Clock,
            "InvalidSignatureException" | "SignatureDoesNotMatch" => {
                if answer.says("expired") || answer.says("not yet current") { Self::Clock } else { Self::Signature }
            }
            "ThrottlingException" | "Throttling" | "TooManyRequestsException" | "RequestLimitExceeded" => {
                Self::Throttled
            }
            "ServerException" | "InternalFailure" | "ServiceUnavailable" | "ServiceUnavailableException" => {
                Self::ServerFault
            }
            code => match answer.status {
                429 => Self::Throttled,
                408 | 412 | 425 | 500..=599 => Self::ServerFault,
                _ if code.is_empty() => Self::NotEcr,
                _ => Self::Other,
            },
        }
    }

    /// The title, hints and retries of the cause.
    pub(super) fn row<'a>(self) -> Row<Context<'a>> {
        const TITLE: &str = "refused to give a password";
        match self {
            Self::Denied => Row::refused(TITLE).fix(Context::denied),
            Self::KeysUnknown => Row::refused(TITLE).fix(Context::keys_unknown),
            Self::Expired | Self::Clock => Row::refused(TITLE).fix(Context::clock),
            Self::Signature => Row::refused(TITLE).fix(Context::signature),
            Self::Throttled => Row::throttled(),
            Self::ServerFault => Row::heals()
                .say(&["the service itself failed; its state is on https://health.aws.amazon.com/health/status"]),
            Self::NotEcr => Row::something_else(),
            Self::Other => Row::refused(TITLE),
        }
    }
}

/// The inputs for explaining an error.
pub(super) struct Context<'a> {
    pub(super) registry: &'a Registry,
    pub(super) role: &'a RoleArn,
    pub(super) clock: &'a Clock,
}

impl Context<'_> {
    fn denied(&self) -> Vec<String> {
        let actions = if self.registry.host.is_public() {
            "ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken"
        } else {
            "ecr:GetAuthorizationToken"
        };
        vec![format!("allow {actions} on the resource * in the role's policies (and in --policy and --policy-arn)")]
    }

    fn keys_unknown(&self) -> Vec<String> {
        vec![format!(
            "check that the account has enabled the region {}; unset AWS_ENDPOINT_URL and {} if they name another service",
            self.registry.host.region(),
            self.registry.host.setting()
        )]
    }

    fn clock(&self) -> Vec<String> {
        vec![format!("check this machine's clock: it has {}", time(self.clock.unix()))]
    }

    fn signature(&self) -> Vec<String> {
        vec![format!(
            "a proxy, or the service that {} or AWS_ENDPOINT_URL names, may have changed the request",
            self.registry.host.setting()
        )]
    }
}

impl Explain<Answer> for Context<'_> {
    fn provider(&self) -> &'static str {
        self.registry.host.provider()
    }

    fn address_setting(&self) -> &'static str {
        self.registry.host.setting()
    }

    fn asked(&self) -> Vec<String> {
        vec![format!("the password of {}", self.registry.host.as_str())]
    }

    fn tell(&self, answer: &Answer) -> Told {
        let cause = Cause::of(answer);
        let told = cause.row().tell(self);
        // The answer names it, or has nothing to do with it.
        let names_session = cause == Cause::KeysUnknown || answer.says(&format!(":assumed-role/{}/", self.role.name()));
        let presented = if names_session { Vec::new() } else { vec![format!("a session of {}", self.role.as_str())] };
        Told { title: told.title.map(|title| format!("{} {title}", self.provider())), presented, ..told }
    }
}
