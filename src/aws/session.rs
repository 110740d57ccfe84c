//! The name and duration of a session.

use super::arn::is_in_name;
use crate::error::Usage;
use crate::host::Env;

/// A session name: 2 to 64 of `[A-Za-z0-9_+=,.@-]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionName(String);

const SHORTEST: usize = 2;
const LONGEST: usize = 64;

impl SessionName {
    /// Parses a name. `origin` is the option or variable that it came from.
    ///
    /// # Errors
    /// If STS would reject it.
    pub fn parse(origin: &str, text: &str) -> Result<Self, Usage> {
        if (SHORTEST..=LONGEST).contains(&text.len()) && text.bytes().all(is_in_name) {
            return Ok(Self(text.to_owned()));
        }
        Err(Usage::new(format!("{origin}: `{text}` is not a role session name"))
            .hint("it has 2 to 64 letters, digits and +=,.@_- (no space, no slash, no colon)"))
    }

    /// `semaphore-job-<id>`. Outside of a Semaphore job, the program's name.
    ///
    /// # Errors
    /// As [`Env::get`].
    pub fn of_job(env: &Env) -> Result<Self, Usage> {
        let name = match env.get("SEMAPHORE_JOB_ID")? {
            Some(id) => format!("semaphore-job-{id}"),
            None => env!("CARGO_PKG_NAME").to_owned(),
        };
        let name = name.chars().map(|c| if u8::try_from(c).is_ok_and(is_in_name) { c } else { '-' });
        Ok(Self(name.take(LONGEST).collect()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A session's duration: 15 minutes to 12 hours, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration(u16);

impl Duration {
    /// Checks a duration.
    ///
    /// # Errors
    /// If STS would reject it.
    pub fn new(length: std::time::Duration) -> Result<Self, Usage> {
        let wrong = || {
            Usage::new("--duration: a session lasts from 15m to 12h")
                .hint("the role's own maximum, an hour unless it was raised, holds as well")
        };
        match u16::try_from(length.as_secs()) {
            Ok(seconds @ 900..=43_200) if length.subsec_nanos() == 0 => Ok(Self(seconds)),
            _ => Err(wrong()),
        }
    }

    /// The duration in seconds.
    #[must_use]
    pub fn seconds(self) -> i32 {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration as Time, SystemTime};

    use super::*;
    use crate::host::Host;

    #[test]
    fn a_name_is_what_sts_takes() {
        for good in ["ab", "a=b,c.d@e_f-g+h", &"x".repeat(64)] {
            assert!(SessionName::parse("x", good).is_ok(), "{good}");
        }
        for bad in ["", "a", "a b", "a/b", "a:b", "ä-ä", &"x".repeat(65)] {
            assert!(SessionName::parse("x", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_jobs_name_always_passes() {
        let name = |id: &str| {
            SessionName::of_job(&Host::fake(&[("SEMAPHORE_JOB_ID", id)], SystemTime::UNIX_EPOCH).env).unwrap()
        };
        assert_eq!(
            name("c117e453-1189-4eaf-b03a-dd6538eb49b2").as_str(),
            "semaphore-job-c117e453-1189-4eaf-b03a-dd6538eb49b2"
        );
        assert_eq!(name("a/b ü").as_str(), "semaphore-job-a-b--");
        assert_eq!(name(&"x".repeat(99)).as_str().len(), 64);
        assert_eq!(name("").as_str(), "oidc-exchange");
    }

    #[test]
    fn a_session_lasts_a_quarter_of_an_hour_to_half_a_day() {
        for (seconds, good) in [(899, false), (900, true), (43_200, true), (43_201, false), (u64::MAX, false)] {
            assert_eq!(Duration::new(Time::from_secs(seconds)).is_ok(), good, "{seconds}");
        }
    }
}
