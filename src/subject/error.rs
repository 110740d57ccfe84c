//! Why there is no usable token, and hints.

use std::fmt;

use super::Source;
use crate::error::{self, Exit, Report};
use crate::shell::Name;

/// There is no usable subject token.
#[derive(Debug, PartialEq, Eq)]
pub enum Error {
    /// The variable is not set.
    Absent {
        /// The variable.
        variable: Name,
        /// Whether this looks like a Semaphore job.
        in_semaphore: bool,
    },
    /// The token is empty.
    Empty {
        /// Where the token should be.
        place: String,
    },
    /// The file or standard input cannot be read.
    Unreadable {
        /// Where the token should be.
        place: String,
        /// The operating system's reason.
        why: String,
    },
    /// It is not a token.
    NotJwt {
        /// The reason.
        why: String,
    },
    /// It is something that contains a token, or should contain one.
    Wrapped {
        /// What it is.
        what: &'static str,
        /// How to extract the token.
        fix: String,
    },
    /// The token has expired.
    Expired {
        /// `exp`, in seconds since 1970.
        expiry: i64,
        /// This machine's time, in seconds since 1970.
        now: i64,
    },
}

impl From<Error> for error::Error {
    fn from(error: Error) -> Self {
        Self::new(Exit::Subject, error.report())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report().title)
    }
}

impl std::error::Error for Error {}

impl Error {
    fn report(&self) -> Report {
        match self {
            Self::Absent { variable, in_semaphore } => Report::new(format!("no subject token: {variable} is not set"))
                .hints(where_it_may_be(variable, *in_semaphore)),
            Self::Empty { place } => Report::new(format!("no subject token: {place} is empty")).hints([
                "an empty token usually means that OpenID Connect is not enabled for this organization or job".into(),
            ]),
            Self::Unreadable { place, why } => {
                Report::new(format!("cannot read the subject token from {place}: {why}"))
            }
            Self::NotJwt { why } => Report::new(format!("the subject token is not a JWT: {why}"))
                .hints(["check that it was not cut, quoted or changed on its way here".into()]),
            Self::Wrapped { what, fix } => {
                Report::new(format!("the subject token is not a JWT: {what}")).hints([fix.clone()])
            }
            Self::Expired { expiry, now } => Report::new(format!(
                "the subject token expired {} ago",
                humantime::format_duration(std::time::Duration::from_secs(now.saturating_sub(*expiry).unsigned_abs()))
            ))
            .fact("expired", vec![crate::text::time(*expiry)])
            .fact("now", vec![format!("{}, by this machine's clock", crate::text::time(*now))])
            .hints([
                "a Semaphore job gets one token, valid for 24 hours from before it was queued: run the job again"
                    .into(),
                "check this machine's clock".into(),
            ]),
        }
    }
}

fn where_it_may_be(variable: &Name, in_semaphore: bool) -> Vec<String> {
    if variable.as_str() != Source::DEFAULT_VARIABLE {
        return vec![format!(
            "--token-env names {variable}: check that this CI system puts its OpenID Connect token there"
        )];
    }
    if in_semaphore {
        return vec![
            "this looks like a Semaphore job, but it was given no token: is OpenID Connect part of the organization's plan? (Community Edition has none)".into(),
            "a pipeline's own `env_vars` or secrets may have overridden it".into(),
        ];
    }
    vec![
        "in `docker run`, pass it on: -e SEMAPHORE_OIDC_TOKEN; under sudo, keep it: sudo -E".into(),
        "outside a Semaphore job there is none; another CI system's token is named with --token-env or --token-file"
            .into(),
    ]
}
