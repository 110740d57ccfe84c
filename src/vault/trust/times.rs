//! Checks the token's times, like the server's token library.
//!
//! <https://github.com/hashicorp/cap/blob/main/jwt/jwt.go>

use serde_json::Value;

use super::go;
use super::role::Role;
use crate::subject::Claims;

/// The leeway if the role's setting is 0.
const CLOCK_SKEW: i64 = 60;
/// The lifetime of a token without an expiry, if the role sets none.
const OPEN_END: i64 = 150;

/// A fault of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not valid yet, because of `nbf`.
    NotBefore,
    /// Expired, because of `exp`.
    Expired,
    /// Not valid yet, because of `iat`.
    Issued,
}

/// The token's times, with defaults for missing ones; in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) issued: i64,
    pub(super) not_before: i64,
    pub(super) expires: i64,
    /// The tolerated clock difference.
    pub(super) leeway: i64,
}

impl Times {
    /// `None` if the token has no times. The default of `exp` is some time after `iat`, that of `nbf` is `iat`.
    pub(super) fn of(claims: &Claims, role: &Role) -> Option<Self> {
        let seconds = |name| claims.get(name).and_then(Value::as_number).and_then(go::seconds).unwrap_or_default();
        let (issued, mut not_before, mut expires) = (seconds("iat"), seconds("nbf"), seconds("exp"));
        if issued == 0 && not_before == 0 && expires == 0 {
            return None;
        }
        if expires == 0 {
            expires = issued.max(not_before).wrapping_add(leeway(role.expiration_leeway, OPEN_END));
        }
        if not_before == 0 {
            let from_the_end = expires.wrapping_sub(leeway(role.not_before_leeway, OPEN_END));
            not_before = if issued == 0 { from_the_end } else { issued };
        }
        Some(Self { issued, not_before, expires, leeway: leeway(role.clock_skew_leeway, CLOCK_SKEW) })
    }

    /// The faults at `now`, in the server's order.
    pub(super) fn faults(self, now: i64) -> impl Iterator<Item = Fault> {
        let late = go::instant(now.saturating_add(self.leeway));
        let early = go::instant(now.saturating_sub(self.leeway));
        [
            (late < go::instant(self.not_before), Fault::NotBefore),
            (early > go::instant(self.expires), Fault::Expired),
            (late < go::instant(self.issued), Fault::Issued),
        ]
        .into_iter()
        .filter_map(|(is_so, fault)| is_so.then_some(fault))
    }
}

/// A setting of 0 means the default, and a negative one means no leeway.
fn leeway(setting: i64, default: i64) -> i64 {
    if setting == 0 { default } else { setting.max(0) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{claims, role};
    use super::*;

    const NOW: i64 = 1_786_400_000;

    fn faults(role_says: &Value, token_says: &Value) -> Option<Vec<Fault>> {
        Times::of(&claims(token_says), &role(role_says)).map(|times| times.faults(NOW).collect())
    }

    #[track_caller]
    fn good(role_says: &Value, token_says: &Value) {
        assert_eq!(faults(role_says, token_says), Some(vec![]));
    }

    #[track_caller]
    fn bad(role_says: &Value, token_says: &Value, fault: Fault) {
        assert_eq!(faults(role_says, token_says), Some(vec![fault]));
    }

    #[test]
    fn the_clocks_may_differ_by_a_minute_by_more_or_not_at_all() {
        let by = |seconds: i64| json!({ "clock_skew_leeway": seconds });
        let ends = |at: i64| json!({ "iat": NOW - 1000, "nbf": NOW - 1000, "exp": at });
        good(&by(0), &ends(NOW - 60));
        bad(&by(0), &ends(NOW - 61), Fault::Expired);
        good(&by(300), &ends(NOW - 300));
        bad(&by(300), &ends(NOW - 301), Fault::Expired);
        good(&by(-1), &ends(NOW));
        bad(&by(-1), &ends(NOW - 1), Fault::Expired);
        let begins = |nbf: i64, iat: i64| json!({ "iat": iat, "nbf": nbf, "exp": NOW + 1000 });
        good(&by(0), &begins(NOW + 60, NOW + 60));
        bad(&by(0), &begins(NOW + 61, NOW), Fault::NotBefore);
        bad(&by(0), &begins(NOW, NOW + 61), Fault::Issued);
        assert_eq!(
            faults(&by(0), &json!({ "iat": NOW + 99, "nbf": NOW + 99, "exp": NOW - 99 })),
            Some(vec![Fault::NotBefore, Fault::Expired, Fault::Issued])
        );
    }

    #[test]
    fn a_token_without_an_end_is_good_for_a_while() {
        let from = |at: i64| json!({ "iat": at, "nbf": at });
        good(&json!({}), &from(NOW - 210));
        bad(&json!({}), &from(NOW - 211), Fault::Expired);
        good(&json!({ "expiration_leeway": 1000 }), &from(NOW - 1060));
        bad(&json!({ "expiration_leeway": -1 }), &from(NOW - 61), Fault::Expired);
        good(&json!({}), &json!({ "iat": NOW - 1000, "nbf": NOW - 200 }));
        // The setting does not apply if the token has an expiry.
        bad(&json!({ "expiration_leeway": 1000 }), &json!({ "iat": NOW - 1000, "exp": NOW - 61 }), Fault::Expired);
    }

    #[test]
    fn a_token_without_a_beginning_begins_when_it_was_issued_or_a_while_before_its_end() {
        bad(&json!({}), &json!({ "exp": NOW + 300 }), Fault::NotBefore);
        good(&json!({}), &json!({ "exp": NOW + 210 }));
        good(&json!({ "not_before_leeway": 1000 }), &json!({ "exp": NOW + 300 }));
        bad(&json!({ "not_before_leeway": -1 }), &json!({ "exp": NOW + 61 }), Fault::NotBefore);
        good(&json!({}), &json!({ "iat": NOW, "exp": NOW + 86_400 }));
    }

    #[test]
    fn a_time_that_no_clock_can_hold_is_the_first_one() {
        let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        bad(&json!({}), &json!({ "exp": number("1e30") }), Fault::Expired);
        good(&json!({}), &json!({ "exp": NOW + 99, "nbf": number("1e30") }));
        good(&json!({}), &json!({ "exp": NOW + 99, "iat": number("9.3e18") }));
        bad(&json!({}), &json!({ "iat": number("1e30") }), Fault::Expired);
        bad(&json!({}), &json!({ "exp": number("1e18") }), Fault::NotBefore);
        bad(&json!({}), &json!({ "exp": number("9223372036854775807") }), Fault::Expired);
        bad(&json!({}), &json!({ "exp": number("9223371974719179000") }), Fault::NotBefore);
    }

    #[test]
    fn no_time_is_no_token() {
        assert_eq!(faults(&json!({}), &json!({})), None);
        assert_eq!(faults(&json!({}), &json!({ "iat": 0, "nbf": 0, "exp": null })), None);
        good(&json!({}), &json!({ "iat": NOW, "exp": 1_786_400_000.7 }));
    }
}
