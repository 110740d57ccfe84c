//! Decides whether an attempt is repeated, and for how long.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::pace::{self, Pace};
use crate::text::beginning;

/// The shortest time for an attempt.
const LAST_ATTEMPT: Duration = Duration::from_millis(250);

/// How long a refused connection is retried. A server that restarts is back within this time, and a wrong address
/// should not use the whole timeout.
const REFUSED_FOR: Duration = Duration::from_secs(30);

/// The length of an error in a warning.
const MOST_SAID: usize = 60;

/// Whether a retry can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It cannot succeed.
    Never,
    /// It can succeed, until the deadline; but not before `after`, if the server requested a pause.
    Again {
        /// The server's `Retry-After`.
        after: Option<Duration>,
    },
    /// It can succeed if fewer callers ask, not before `after`.
    Throttled {
        /// The server's `Retry-After`.
        after: Option<Duration>,
    },
    /// It can succeed, for [`REFUSED_FOR`] after the first failure.
    Briefly,
}

/// An error that determines whether to retry.
pub trait Retryable: std::fmt::Display {
    /// Whether to try again.
    fn retry(&self) -> Retry;

    /// The time limit for retries, if it is not the deadline.
    fn budget(&self) -> Option<Duration> {
        None
    }
}

/// The time at which all attempts end.
///
/// ```
/// use std::time::Duration;
///
/// use oidc_exchange::http::retry::Deadline;
///
/// assert!(Deadline::after(Duration::from_secs(60)).remaining() <= Duration::from_secs(60));
/// assert_eq!(Deadline::after(Duration::ZERO).remaining(), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    started: Instant,
    bound: Duration,
}

impl Deadline {
    /// The deadline `bound` from now.
    #[must_use]
    pub fn after(bound: Duration) -> Self {
        Self { started: Instant::now(), bound }
    }

    /// The time itself; `None` if it is later than the clock can represent.
    #[must_use]
    pub fn end(&self) -> Option<std::time::Instant> {
        self.started.checked_add(self.bound).map(Instant::into_std)
    }

    /// The deadline `bound` after `started`.
    #[must_use]
    pub fn since(started: Instant, bound: Duration) -> Self {
        Self { started, bound }
    }

    /// The remaining time.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.bound.saturating_sub(self.started.elapsed())
    }

    /// The remaining time, slightly shortened: then the error names the file that does not end, not the call that
    /// waits for it.
    #[must_use]
    pub fn remaining_for_reading(&self) -> Duration {
        const MARGIN: Duration = Duration::from_millis(100);
        let left = self.remaining();
        left.saturating_sub(MARGIN.min(left / 10))
    }
}

/// The number of attempts, and their duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// The number.
    pub made: u32,
    /// Time since the deadline was set.
    pub elapsed: Duration,
    /// The pause that the server requested, if it was longer than the remaining time.
    pub asked_to_wait: Option<Duration>,
}

impl Attempts {
    /// One attempt, which is not mentioned in messages.
    pub const ONE: Self = Self { made: 1, elapsed: Duration::ZERO, asked_to_wait: None };

    /// A line for the report; empty if there was only one attempt.
    #[must_use]
    pub fn describe(&self) -> Option<String> {
        /// A number for a longer pause does not help.
        const LONGEST: Duration = Duration::from_hours(24);
        let seconds = self.elapsed.as_secs_f32();
        let made = if self.made == 1 { "1 attempt".into() } else { format!("{} attempts", self.made) };
        match (self.made, self.asked_to_wait) {
            (_, Some(pause)) => Some(format!(
                "{made} in {seconds:.1} s; the server asks for a pause of {}, which is more than --timeout leaves",
                if pause > LONGEST { "more than a day".to_owned() } else { format!("{} s", pause.as_secs()) }
            )),
            (0 | 1, None) => None,
            (_, None) => Some(format!("{made} in {seconds:.1} s")),
        }
    }
}

/// All attempts failed.
#[derive(Debug)]
pub struct GaveUp<E> {
    /// The last attempt's error; `None` if no attempt finished before the deadline.
    pub last: Option<E>,
    /// The number and duration of the attempts.
    pub attempts: Attempts,
}

/// The last failure that was printed. All calls of a client share it: requests on a shared connection fail together,
/// which should be printed once.
#[derive(Debug, Default)]
pub(super) struct LastSaid(Mutex<String>);

impl LastSaid {
    /// Whether `text` differs from the last one. Stores it.
    fn first_time(&self, text: &str) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = *said != text;
        text.clone_into(&mut said);
        first
    }
}

/// Repeats `attempt` until it succeeds, fails permanently, or `deadline` passes. Prints the first failure, and each
/// one that differs from the previous; with `-v`, all.
pub(super) async fn run<T, E: Retryable>(
    last_said: &LastSaid,
    deadline: Deadline,
    mut attempt: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, GaveUp<E>> {
    let mut attempts = Attempts { made: 0, elapsed: Duration::ZERO, asked_to_wait: None };
    let mut pace = Pace::new();
    let mut first_failure = None;
    let mut last = None;
    loop {
        attempts.made += 1;
        let answer = tokio::time::timeout(deadline.remaining(), attempt()).await;
        attempts.elapsed = deadline.started.elapsed();
        let error = match answer {
            Ok(Ok(value)) => {
                if attempts.made > 1 {
                    last_said.first_time("");
                }
                return Ok(value);
            }
            Ok(Err(error)) => error,
            Err(_) => return Err(GaveUp { last, attempts }),
        };
        let failing_since = *first_failure.get_or_insert_with(Instant::now);
        let remaining = error.budget().map_or_else(|| deadline.remaining(), |budget| budget.min(deadline.remaining()));
        let asked = match error.retry() {
            Retry::Never => return Err(GaveUp { last: Some(error), attempts }),
            Retry::Briefly if failing_since.elapsed() >= REFUSED_FOR => {
                return Err(GaveUp { last: Some(error), attempts });
            }
            Retry::Briefly => Duration::ZERO,
            Retry::Again { after } | Retry::Throttled { after } => after.unwrap_or_default(),
        };
        if asked >= remaining {
            attempts.asked_to_wait = (!asked.is_zero()).then_some(asked);
            return Err(GaveUp { last: Some(error), attempts });
        }
        // After the pause, enough time for an attempt must remain. The last attempt is made shortly before the
        // deadline.
        let longest = remaining.saturating_sub(asked + LAST_ATTEMPT);
        if longest < LAST_ATTEMPT {
            return Err(GaveUp { last: Some(error), attempts });
        }
        let pause = match error.retry() {
            Retry::Throttled { .. } => pace::throttled(failing_since.elapsed(), asked),
            Retry::Again { .. } | Retry::Briefly | Retry::Never => pace.soon(asked),
        };
        let pause = pause.min(asked + longest);
        let said = error.to_string();
        if last_said.first_time(&said) {
            // The error at the end has all of it.
            let said = if tracing::enabled!(tracing::Level::INFO) { said.into() } else { beginning(&said, MOST_SAID) };
            tracing::warn!("{said}; trying again for up to {} s", remaining.as_secs().max(1));
        } else {
            tracing::info!("{said}; trying again in {:.1} s", pause.as_secs_f32());
        }
        last = Some(error);
        sleep(pause).await;
    }
}

/// The pause in a `Retry-After` header: seconds, or a date (RFC 9110, section 10.2.3). An invalid header counts as
/// missing.
#[must_use]
pub fn retry_after(value: &str, now: std::time::SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::http::pace::LAST_CAP;

    #[derive(Debug)]
    struct Answer(Retry);

    impl std::fmt::Display for Answer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("no")
        }
    }

    impl Retryable for Answer {
        fn retry(&self) -> Retry {
            self.0
        }
    }

    /// Runs with a clock that jumps to the next event. Returns the number of attempts, and the time of each.
    fn attempts_at(
        bound: Duration,
        mut retry: impl FnMut(usize, Duration) -> Option<Retry>,
    ) -> (Option<Attempts>, Vec<Duration>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (deadline, started) = (Deadline::after(bound), Instant::now());
            let mut times = Vec::new();
            let outcome = run(&LastSaid::default(), deadline, async || {
                times.push(started.elapsed());
                retry(times.len(), started.elapsed()).map_or(Ok(()), |retry| Err(Answer(retry)))
            })
            .await;
            (outcome.err().map(|gave_up| gave_up.attempts), times)
        })
    }

    const AGAIN: Retry = Retry::Again { after: None };

    #[test]
    fn a_refusal_costs_one_attempt() {
        let (attempts, times) = attempts_at(Duration::from_mins(2), |_, _| Some(Retry::Never));
        assert_eq!((attempts.unwrap().made, times.len()), (1, 1));
    }

    #[test]
    fn what_heals_is_tried_to_the_end_of_the_time_and_not_beyond() {
        let (attempts, times) = attempts_at(Duration::from_mins(2), |_, _| Some(AGAIN));
        assert!(attempts.unwrap().made > 30, "the pauses are 5 s at most");
        let last = times.last().unwrap();
        assert!(*last > Duration::from_secs(115) && *last < Duration::from_mins(2), "{last:?}");
        assert!(times.windows(2).all(|pair| pair[1] <= pair[0] + LAST_CAP + Duration::from_millis(1)));
    }

    #[test]
    fn an_outage_of_75_seconds_is_outlived() {
        let outage = Duration::from_secs(75);
        let (attempts, times) = attempts_at(Duration::from_mins(2), |_, at| (at < outage).then_some(AGAIN));
        assert_eq!(attempts, None);
        assert!(*times.last().unwrap() < outage + LAST_CAP);
    }

    #[test]
    fn a_throttled_call_is_made_again_less_and_less_often() {
        let throttled = Retry::Throttled { after: None };
        let (attempts, times) = attempts_at(Duration::from_mins(2), |_, _| Some(throttled));
        let made = attempts.unwrap().made;
        assert!((10..=18).contains(&made), "{made}");
        let last = times.last().unwrap();
        assert!(*last > Duration::from_secs(115) && *last < Duration::from_mins(2), "{last:?}");
        let pauses: Vec<_> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        assert!(pauses.iter().all(|pause| *pause >= Duration::from_millis(250)), "{pauses:?}");
    }

    #[test]
    fn a_refused_connection_is_given_up_after_half_a_minute() {
        let (_, times) = attempts_at(Duration::from_mins(2), |_, _| Some(Retry::Briefly));
        let last = times.last().unwrap();
        assert!(*last >= REFUSED_FOR && *last <= REFUSED_FOR + LAST_CAP, "{last:?}");
    }

    #[test]
    fn the_server_is_given_the_pause_it_asks_for_or_none_at_all() {
        let after = Some(Duration::from_secs(10));
        let (attempts, times) = attempts_at(Duration::from_mins(1), |n, _| (n == 1).then_some(Retry::Again { after }));
        assert!(attempts.is_none() && times[1] >= Duration::from_secs(10) && times[1] < Duration::from_secs(11));

        let after = Some(Duration::from_hours(1));
        let (attempts, times) = attempts_at(Duration::from_mins(1), |_, _| Some(Retry::Again { after }));
        assert_eq!((attempts.unwrap().asked_to_wait, times.len()), (after, 1));
    }

    #[test]
    fn an_attempt_is_cut_off_at_the_deadline() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let outcome = runtime.block_on(async {
            let never = async || std::future::pending::<Result<(), Answer>>().await;
            run(&LastSaid::default(), Deadline::after(Duration::from_secs(3)), never).await
        });
        assert!(matches!(outcome, Err(GaveUp { last: None, attempts }) if attempts.elapsed >= Duration::from_secs(3)));
    }

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(retry_after(" 120 ", now), Some(Duration::from_mins(2)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now), Some(Duration::from_secs(10)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("99999999999999999999999", now), Some(Duration::from_secs(u64::MAX)));
        for none in ["", "-1", "1.5", "soon"] {
            assert_eq!(retry_after(none, now), None, "{none}");
        }
    }
}
