//! The server's errors: what they are, whether they heal by themselves, and how they are told.

use std::fmt;
use std::time::Duration;

use reqwest::Url;
use serde_json::Value;

use super::login_refusal::LoginCause;
use super::read_refusal::ReadCause;
use super::wire::Kind;
use crate::error::{Error, Exit, Refusal};
use crate::http::retry::{GaveUp, Retry, Retryable};
use crate::http::{Failure, Unreachable};

pub(super) const PROVIDER: &str = "Vault";

/// One attempt that brought no good answer. It may hold part of a secret's metadata, so there is no `Debug`.
pub(super) struct Attempt {
    pub(super) kind: Kind,
    pub(super) problem: Problem,
}

/// What came instead.
pub(super) enum Problem {
    /// No answer.
    Transport(Failure),
    /// An error.
    Answered(Answer),
    /// Something that is no answer of the server's.
    Garbled { status: u16, why: String },
}

/// An error answer's parts, fit to be shown.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Whether the body has the form of the server's errors.
    pub(super) vaults: bool,
    /// The port speaks TLS, and was spoken to in clear.
    pub(super) clear_text_to_tls: bool,
    pub(super) message: String,
    pub(super) warnings: Vec<String>,
    /// What is known of a deleted version.
    pub(super) data: Option<Value>,
    pub(super) retry_after: Option<Duration>,
}

impl Answer {
    pub(super) fn says(&self, text: &str) -> bool {
        self.message.contains(text)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if !self.message.is_empty() {
            write!(f, " {}", self.message)?;
        }
        for warning in &self.warnings {
            write!(f, " (warning: {warning})")?;
        }
        Ok(())
    }
}

/// Why there is no good answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// What can go wrong with every call.
    Common(Common),
    /// The login.
    Login(LoginCause),
    /// A read or a write with the client token.
    Read(ReadCause),
}

/// What can go wrong with every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Common {
    /// Sealed, or not initialised. Heals.
    Sealed,
    /// A rate limit. Heals.
    Throttled,
    /// A standby that has not caught up. Heals.
    Lagging,
    /// A KV engine that is being turned into version 2. Heals.
    Upgrading,
    /// The server failed. Heals.
    ServerFault,
    /// There is no such namespace.
    Namespace,
    /// Plain http was spoken to a port of TLS.
    ClearTextToTls,
    /// Something in between answered.
    NotVault,
}

impl Cause {
    pub(super) fn of(kind: Kind, answer: &Answer) -> Self {
        if let Some(common) = Common::of(answer) {
            return Self::Common(common);
        }
        match kind {
            Kind::Login => Self::Login(LoginCause::of(answer)),
            Kind::Preflight | Kind::Read | Kind::Write | Kind::Token => Self::Read(ReadCause::of(kind, answer)),
        }
    }

    pub(super) fn heals(&self) -> bool {
        match self {
            Self::Common(common) => common.heals(),
            Self::Login(cause) => cause.heals(),
            Self::Read(_) => false,
        }
    }
}

impl Common {
    fn of(answer: &Answer) -> Option<Self> {
        /// Server errors that another attempt meets again.
        const PERMANENT: [&str; 3] = [
            "missing name in alias",
            "could not find version data",
            "requests with inline authentication cannot generate leases",
        ];
        if answer.clear_text_to_tls {
            return Some(Self::ClearTextToTls);
        }
        Some(match answer.status {
            429 => Self::Throttled,
            412 | 472 | 473 => Self::Lagging,
            503 | 501 => Self::Sealed,
            500..=599 if PERMANENT.iter().any(|text| answer.says(text)) => return None,
            408 | 425 | 500..=599 => Self::ServerFault,
            400 if answer.says("will resume service shortly") => Self::Upgrading,
            404 if answer.says("namespace not found") => Self::Namespace,
            _ if !answer.vaults => Self::NotVault,
            _ => return None,
        })
    }

    fn heals(self) -> bool {
        match self {
            Self::Sealed | Self::Throttled | Self::Lagging | Self::Upgrading | Self::ServerFault => true,
            Self::Namespace | Self::ClearTextToTls | Self::NotVault => false,
        }
    }

    /// Whether the request was surely not carried out.
    fn untouched(self) -> bool {
        match self {
            Self::Sealed | Self::Throttled | Self::Lagging | Self::Upgrading => true,
            Self::ServerFault | Self::Namespace | Self::ClearTextToTls | Self::NotVault => false,
        }
    }

    pub(super) fn hints(self) -> Vec<String> {
        let hint = match self {
            Self::Sealed => "the server is sealed, or still starting: somebody must unseal it (bao status)",
            Self::Throttled => "many jobs ask at once: a longer --timeout lets this one wait its turn",
            Self::Lagging => "a standby had not caught up with the login; a longer --timeout waits for it",
            Self::Upgrading => "the engine is being turned into KV version 2; a longer --timeout waits for it",
            Self::ServerFault => "the server's own log says what failed there",
            Self::Namespace => {
                "check --namespace (VAULT_NAMESPACE): there is no such namespace, or none with this mount"
            }
            Self::ClearTextToTls => "this port speaks TLS: write the address with https://",
            Self::NotVault => "was this Vault? a proxy, a captive portal or a wrong VAULT_ADDR may have answered",
        };
        vec![hint.to_owned()]
    }
}

impl Retryable for Attempt {
    fn retry(&self) -> Retry {
        let safe = self.kind != Kind::Write;
        match &self.problem {
            Problem::Transport(failure) if wants_certificate(failure) => Retry::Never,
            Problem::Transport(failure) if safe || never_sent(failure) => failure.retry(),
            Problem::Answered(answer) => {
                let again = match Cause::of(self.kind, answer) {
                    Cause::Common(common) => common.heals() && (safe || common.untouched()),
                    cause @ (Cause::Login(_) | Cause::Read(_)) => cause.heals(),
                };
                if again { Retry::Again { after: answer.retry_after } } else { Retry::Never }
            }
            Problem::Transport(_) | Problem::Garbled { .. } => Retry::Never,
        }
    }
}

fn never_sent(failure: &Failure) -> bool {
    match failure {
        Failure::ConnectionRefused { .. }
        | Failure::Connect { .. }
        | Failure::Lookup { .. }
        | Failure::NoSuchHost { .. }
        | Failure::NotHttps { .. }
        | Failure::Setup { .. }
        | Failure::Certificate { .. } => true,
        Failure::Timeout { .. } | Failure::Broken { .. } | Failure::Redirect { .. } | Failure::TooLarge { .. } => false,
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Transport(failure) => failure.fmt(f),
            Problem::Answered(answer) => write!(f, "{PROVIDER}: {answer}"),
            Problem::Garbled { status, why } => write!(f, "the answer with status {status} cannot be used: {why}"),
        }
    }
}

/// What an error is told with.
pub(super) struct Told {
    pub(super) title: String,
    pub(super) presented: Vec<String>,
    pub(super) hints: Vec<String>,
}

/// The end of all attempts, as the user reads it; `tell` words what is particular to the call.
pub(super) fn explain(
    GaveUp { last, attempts }: GaveUp<Attempt>,
    asked: Vec<String>,
    address: &Url,
    tell: impl FnOnce(&Cause) -> Told,
) -> Error {
    let unreachable = |said: String, asked: Vec<String>, hints: Vec<String>| {
        let exit = Exit::Unreachable;
        Error::from(Unreachable { provider: PROVIDER, said, asked, attempts, hints, exit })
    };
    match last {
        None => {
            let hint = "can this machine reach the server: a firewall, or a proxy that HTTPS_PROXY should name?";
            unreachable("nothing, until --timeout".into(), asked, vec![hint.into()])
        }
        Some(Attempt { problem: Problem::Transport(failure), .. }) => {
            let mut unreachable = Unreachable::from_failure(PROVIDER, &failure, asked, attempts);
            unreachable.hints.extend(transport_hint(&failure, address));
            Error::from(unreachable)
        }
        Some(garbled @ Attempt { problem: Problem::Garbled { .. }, .. }) => {
            unreachable(garbled.to_string(), asked, Common::NotVault.hints())
        }
        Some(Attempt { kind, problem: Problem::Answered(answer) }) => {
            let cause = Cause::of(kind, &answer);
            let told = tell(&cause);
            if cause.heals() || matches!(cause, Cause::Common(Common::NotVault | Common::ClearTextToTls)) {
                return unreachable(answer.to_string(), asked, told.hints);
            }
            let Told { title, presented, hints } = told;
            Error::from(Refusal { title, said: answer.to_string(), asked, presented, hints })
        }
    }
}

/// What the server's own variables can do about a connection that failed.
fn transport_hint(failure: &Failure, address: &Url) -> Option<String> {
    let hint = match failure {
        Failure::Certificate { .. } => {
            "VAULT_CACERT (or VAULT_CACERT_BYTES, VAULT_CAPATH) names the server's own CA, VAULT_TLS_SERVER_NAME the name in its certificate"
        }
        failure if wants_certificate(failure) => {
            "the server asks for a client certificate: VAULT_CLIENT_CERT and VAULT_CLIENT_KEY name it"
        }
        // A port of TLS says so in clear and hangs up, and the reset may be all that arrives.
        Failure::Broken { .. } if address.scheme() == "http" => {
            "does this port speak TLS? then write the address with https://"
        }
        Failure::Broken { .. } => {
            "where the server asks for a client certificate, VAULT_CLIENT_CERT and VAULT_CLIENT_KEY name it"
        }
        Failure::NotHttps { .. }
        | Failure::Setup { .. }
        | Failure::NoSuchHost { .. }
        | Failure::Lookup { .. }
        | Failure::ConnectionRefused { .. }
        | Failure::Connect { .. }
        | Failure::Timeout { .. }
        | Failure::Redirect { .. }
        | Failure::TooLarge { .. } => return None,
    };
    Some(hint.into())
}

/// Whether the server ended the connection for want of a client certificate: another attempt shows none either.
fn wants_certificate(failure: &Failure) -> bool {
    match failure {
        Failure::Connect { why, .. } | Failure::Broken { why, .. } => why.contains("CertificateRequired"),
        Failure::NotHttps { .. }
        | Failure::Setup { .. }
        | Failure::NoSuchHost { .. }
        | Failure::Lookup { .. }
        | Failure::ConnectionRefused { .. }
        | Failure::Certificate { .. }
        | Failure::Timeout { .. }
        | Failure::Redirect { .. }
        | Failure::TooLarge { .. } => false,
    }
}
