//! Times and durations as text.

use crate::text::time;

/// A duration in its two largest units: `23 hours 57 minutes`.
pub(super) fn span(seconds: i64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let seconds = seconds.unsigned_abs();
    let first = UNITS.iter().position(|(length, _)| seconds >= *length).unwrap_or(UNITS.len() - 1);
    let mut left = seconds;
    let mut parts = Vec::new();
    for (length, name) in UNITS.iter().skip(first).take(2) {
        let count = left / length;
        left %= length;
        if count > 0 || (parts.is_empty() && first == UNITS.len() - 1) {
            parts.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
    }
    parts.join(" ")
}

/// A time as a date and relative to `now`: `2026-08-10T22:13:20Z, 3 minutes ago`.
pub(super) fn moment(at: i64, now: i64) -> String {
    let distance = span(at.saturating_sub(now));
    if at > now { format!("{}, in {distance}", time(at)) } else { format!("{}, {distance} ago", time(at)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_two_units() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (-61, "1 minute 1 second"),
            (3_600, "1 hour"),
            (3_659, "1 hour"),
            (86_399, "23 hours 59 minutes"),
            (90_000, "1 day 1 hour"),
            (86_400 * 400, "400 days"),
        ] {
            assert_eq!(span(seconds), words);
        }
    }

    #[test]
    fn a_moment_is_past_or_to_come() {
        assert_eq!(moment(1_786_400_000, 1_786_400_060), "2026-08-10T22:13:20Z, 1 minute ago");
        assert_eq!(moment(1_786_400_000, 1_786_313_600), "2026-08-10T22:13:20Z, in 1 day");
        assert!(moment(i64::MAX, i64::MIN).ends_with("days") || moment(i64::MAX, -5).contains(", in "));
    }

    proptest::proptest! {
        #[test]
        fn no_time_is_too_far(at: i64, now: i64) {
            proptest::prop_assert!(!moment(at, now).is_empty());
        }
    }
}
