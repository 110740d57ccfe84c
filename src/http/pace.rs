//! How long a call waits before it is made again.
//!
//! A fault is retried soon, with full jitter: a pause from zero to a doubling cap. Jobs that failed together do not return
//! together then: <https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/>.
//!
//! A throttled call waits longer, and in proportion to the time for which it has been throttled. A job cannot see how
//! many others wait. If each pause is a share of that time, a fleet of any size ends within the same multiple of the
//! ideal time. The number of requests grows with the logarithm of its size. `docs/load.md` shows both.

use std::time::Duration;

const FIRST_CAP: Duration = Duration::from_millis(200);
pub(super) const LAST_CAP: Duration = Duration::from_secs(5);

/// The bounds of the first pause of a throttled call.
const THROTTLED_FIRST: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(1));
/// The bounds of a later one, as shares of the time since the first failure.
const THROTTLED_SHARE: (f32, f32) = (0.33, 0.5);

/// The pauses of one call after faults.
pub(super) struct Pace {
    cap: Duration,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { cap: FIRST_CAP }
    }

    /// The pause after a fault; not shorter than `asked`, the pause that the server asked for.
    pub(super) fn soon(&mut self, asked: Duration) -> Duration {
        let pause = asked + self.cap.mul_f32(fastrand::f32());
        self.cap = (self.cap * 2).min(LAST_CAP);
        pause
    }
}

/// The pause after a throttled call whose first failure was `failing_for` ago; not shorter than `asked`.
pub(super) fn throttled(failing_for: Duration, asked: Duration) -> Duration {
    let shortest = THROTTLED_FIRST.0.max(failing_for.mul_f32(THROTTLED_SHARE.0));
    let longest = THROTTLED_FIRST.1.max(failing_for.mul_f32(THROTTLED_SHARE.1));
    shortest.max(asked) + longest.saturating_sub(shortest).mul_f32(fastrand::f32())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOT_ASKED: Duration = Duration::ZERO;

    #[test]
    fn pauses_after_faults_double_up_to_a_cap() {
        let mut pace = Pace::new();
        for most in [200, 400, 800, 1600, 3200, 5000, 5000] {
            assert!(pace.soon(NOT_ASKED) <= Duration::from_millis(most));
        }
    }

    #[test]
    fn pauses_of_a_throttled_call_grow_with_the_time() {
        for (failing_for, least, most) in
            [(0, 500, 1000), (1000, 500, 1000), (10_000, 3300, 5000), (60_000, 19_800, 30_000)]
        {
            for _ in 0..100 {
                let pause = throttled(Duration::from_millis(failing_for), NOT_ASKED);
                assert!(pause.as_millis() >= least - 1 && pause.as_millis() <= most + 1, "{failing_for}: {pause:?}");
            }
        }
    }

    #[test]
    fn a_pause_is_never_shorter_than_what_the_server_asks_for() {
        let asked = Duration::from_secs(7);
        for failing_for in [0, 1, 10, 100] {
            assert!(Pace::new().soon(asked) >= asked);
            assert!(throttled(Duration::from_secs(failing_for), asked) >= asked);
        }
    }
}
