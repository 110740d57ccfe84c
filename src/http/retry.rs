//! When an attempt is repeated, and after how long.
//!
//! Full jitter (a delay drawn from zero to a doubling cap) keeps a fleet of jobs that failed together
//! from coming back together: <https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/>.

use std::time::Duration;

use tokio::time::{Instant, sleep};

const FIRST_CAP: Duration = Duration::from_millis(200);
const LAST_CAP: Duration = Duration::from_secs(5);

/// How long a refused connection is tried again: a server that is restarting comes back within it, and
/// a wrong address should not cost the whole timeout.
const REFUSED_FOR: Duration = Duration::from_secs(30);

/// Whether another attempt can end differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It cannot.
    Final,
    /// It can, until the deadline; not before `after`, where the server asked for a pause.
    Again {
        /// The server's `Retry-After`.
        after: Option<Duration>,
    },
    /// It can, for [`REFUSED_FOR`] from the first failure on.
    AgainBriefly,
}

/// An error that knows whether it heals by itself.
pub trait Retryable: std::fmt::Display {
    /// Whether to try again.
    fn verdict(&self) -> Verdict;
}

/// The end of all attempts.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    started: Instant,
    bound: Duration,
}

impl Deadline {
    /// `bound` from now.
    #[must_use]
    pub fn after(bound: Duration) -> Self {
        Self { started: Instant::now(), bound }
    }

    /// The time that is left.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.bound.saturating_sub(self.started.elapsed())
    }
}

/// What was spent before giving up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Attempts made.
    pub attempts: u32,
    /// Time since the deadline was set.
    pub elapsed: Duration,
    /// The pause the server asked for, where it was longer than the time left.
    pub asked_to_wait: Option<Duration>,
}

impl Effort {
    /// A line for a person; nothing where there was one attempt alone.
    #[must_use]
    pub fn describe(&self) -> Option<String> {
        let seconds = self.elapsed.as_secs_f32();
        match (self.attempts, self.asked_to_wait) {
            (_, Some(pause)) => Some(format!(
                "{} in {seconds:.1} s; the server asks for a pause of {} s, which is more than --timeout leaves",
                attempts(self.attempts),
                pause.as_secs()
            )),
            (0 | 1, None) => None,
            (n, None) => Some(format!("{} in {seconds:.1} s", attempts(n))),
        }
    }
}

fn attempts(n: u32) -> String {
    if n == 1 { "1 attempt".into() } else { format!("{n} attempts") }
}

/// Why there is no answer: the attempt's own error, or the deadline while the first attempt was under way.
#[derive(Debug)]
pub enum Outcome<E> {
    /// The last attempt's error.
    Failed(E),
    /// The deadline came before any attempt had ended.
    TimedOut,
}

/// Runs `attempt` until it succeeds, fails for good, or `deadline` passes.
///
/// # Errors
/// The last error, and the effort that was made.
pub async fn run<T, E: Retryable>(
    deadline: Deadline,
    mut attempt: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, (Outcome<E>, Effort)> {
    let mut effort = Effort { attempts: 0, elapsed: Duration::ZERO, asked_to_wait: None };
    let mut cap = FIRST_CAP;
    let mut first_failure = None;
    let mut last = Outcome::TimedOut;
    loop {
        effort.attempts += 1;
        let answer = tokio::time::timeout(deadline.remaining(), attempt()).await;
        effort.elapsed = deadline.started.elapsed();
        let error = match answer {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => return Err((last, effort)),
        };
        let failing_since = *first_failure.get_or_insert_with(Instant::now);
        let pause = match error.verdict() {
            Verdict::Final => return Err((Outcome::Failed(error), effort)),
            Verdict::AgainBriefly if failing_since.elapsed() >= REFUSED_FOR => {
                return Err((Outcome::Failed(error), effort));
            }
            Verdict::AgainBriefly | Verdict::Again { after: None } => jitter(cap),
            Verdict::Again { after: Some(after) } => {
                if after > deadline.remaining() {
                    effort.asked_to_wait = Some(after);
                    return Err((Outcome::Failed(error), effort));
                }
                after + jitter(cap)
            }
        };
        if pause >= deadline.remaining() {
            return Err((Outcome::Failed(error), effort));
        }
        tracing::warn!("{error}; trying again in {:.1} s", pause.as_secs_f32());
        last = Outcome::Failed(error);
        sleep(pause).await;
        cap = (cap * 2).min(LAST_CAP);
    }
}

fn jitter(cap: Duration) -> Duration {
    cap.mul_f32(fastrand::f32())
}

/// The pause that a `Retry-After` header asks for: seconds, or a date (RFC 9110, section 10.2.3).
/// What cannot be read counts as absent.
#[must_use]
pub fn retry_after(value: &str, now: std::time::SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}
