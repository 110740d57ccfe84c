//! Checks the token's own claims with this machine's clock.

use serde_json::Value;

use super::provider_errors::{on, refusing};
use super::relative_time::moment;
use crate::cloud::TokenFault;
use crate::explanation::{Check, Mark};
use crate::subject::{Claims, LEEWAY};

/// The greatest age at which some clouds accept a token, for any `exp`; in seconds.
const A_DAY: i64 = 86_400;

/// Checks the claims that every cloud requires, and the times.
pub(super) fn check(claims: &Claims, now: i64) -> Check {
    let mut parts = vec![subject(claims), audience(claims), issued(claims, now), expiry(claims, now)];
    parts.extend(not_before(claims, now));
    parts.extend(["iat", "nbf", "exp"].into_iter().filter_map(|name| whole(claims, name)));
    Check::all("the token's own claims", parts)
}

fn subject(claims: &Claims) -> Check {
    let requires = refusing(TokenFault::NoSubject, "requires", "require");
    match claims.text("sub") {
        Some(_) => Check::new(Mark::Holds, "sub is there"),
        None => on(
            TokenFault::NoSubject,
            Check::new(Mark::Fails, "sub is there")
                .fact("because", format!("it is not: an organization can switch it off, and {requires} it")),
        ),
    }
}

fn audience(claims: &Claims) -> Check {
    let there = claims.audience().is_some_and(|audience| !audience.is_empty());
    let check = Check::new(if there { Mark::Holds } else { Mark::Fails }, "aud is there");
    if there {
        return check;
    }
    let requires = refusing(TokenFault::NoAudience, "requires", "require");
    on(TokenFault::NoAudience, check.fact("because", format!("it is not, and {requires} it")))
}

fn issued(claims: &Claims, now: i64) -> Check {
    let Some(at) = claims.issued() else {
        return on(
            TokenFault::NoTime,
            Check::new(Mark::Fails, "iat is a time").fact("because", "it is not there, or no number"),
        );
    };
    let title = format!("issued {}", moment(at, now));
    if at.saturating_sub(now) > LEEWAY {
        return on(
            TokenFault::IssuedLater,
            Check::new(Mark::Fails, title).fact("because", by_clock("that is in the future")),
        );
    }
    let expired = claims.expiry().is_some_and(|expiry| expiry <= now);
    if now.saturating_sub(at) > A_DAY && !expired {
        let take = refusing(TokenFault::TooOld, "takes", "take");
        let because = format!("{take} a token for a day, even if its exp is later");
        return on(TokenFault::TooOld, Check::new(Mark::Fails, title).fact("because", because));
    }
    Check::new(Mark::Holds, title)
}

fn expiry(claims: &Claims, now: i64) -> Check {
    let Some(at) = claims.expiry() else {
        return on(
            TokenFault::NoTime,
            Check::new(Mark::Fails, "exp is a time").fact("because", "it is not there, or no number"),
        );
    };
    let title = format!("valid until {}", moment(at, now));
    if at > now {
        return Check::new(Mark::Holds, title);
    }
    let fault = if now.saturating_sub(at) > LEEWAY { TokenFault::Expired } else { TokenFault::JustExpired };
    on(fault, Check::new(Mark::Fails, title).fact("because", by_clock("that is over")))
}

fn not_before(claims: &Claims, now: i64) -> Option<Check> {
    let at = claims.not_before()?;
    // Semaphore sets it to the time of issue, which is already reported.
    if claims.issued() == Some(at) && at.saturating_sub(now) <= LEEWAY {
        return None;
    }
    let title = format!("good from {}", moment(at, now));
    Some(if at.saturating_sub(now) > LEEWAY {
        on(TokenFault::NotYetValid, Check::new(Mark::Fails, title).fact("because", by_clock("that is still to come")))
    } else {
        Check::new(Mark::Holds, title)
    })
}

/// Reports a time that is a number, but not an integer.
fn whole(claims: &Claims, name: &str) -> Option<Check> {
    let odd = matches!(claims.get(name)?, number @ Value::Number(_) if number.as_i64().is_none());
    odd.then(|| {
        on(
            TokenFault::OddTime,
            Check::new(Mark::Fails, format!("{name} is a whole number"))
                .fact("because", format!("it is not, and {} no other", refusing(TokenFault::OddTime, "reads", "read"))),
        )
    })
}

fn by_clock(what: &str) -> String {
    format!("{what}, by this machine's clock")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_786_400_000;

    fn faults(payload: &Value) -> Vec<String> {
        let mut whole = json!({ "sub": "x", "aud": "y", "iat": NOW - 10, "exp": NOW + 10, "nbf": NOW - 10 });
        for (name, value) in payload.as_object().unwrap() {
            whole[name] = value.clone();
        }
        let check = check(&Claims::new(serde_json::from_value(whole).unwrap()), NOW);
        let failed: Vec<&Check> = check.parts.iter().filter(|part| part.mark == Mark::Fails).collect();
        assert_eq!(failed.is_empty(), check.mark == Mark::Holds);
        failed.iter().map(|part| part.title.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn a_minute_is_allowed_for_clocks_but_not_at_the_end() {
        assert!(faults(&json!({})).is_empty());
        assert!(faults(&json!({ "iat": NOW + 60, "nbf": NOW + 60, "exp": NOW + 90 })).is_empty());
        assert_eq!(
            faults(&json!({ "iat": NOW + 61, "nbf": NOW + 61, "exp": NOW + 90 })),
            ["issued 2026-08-10T22:14:21Z,", "good from"]
        );
        assert_eq!(faults(&json!({ "exp": NOW })), ["valid until"], "AWS allows none");
    }

    #[test]
    fn all_that_is_wrong_is_found_together() {
        assert_eq!(
            faults(&json!({ "sub": "", "aud": [], "exp": "soon", "iat": null })),
            ["sub is", "aud is", "iat is", "exp is"]
        );
        assert_eq!(faults(&json!({ "exp": NOW + 10, "iat": NOW - 86_401 })).len(), 1, "too old");
        assert_eq!(faults(&json!({ "iat": 1.5, "exp": 2.5 })), ["valid until", "iat is", "exp is"]);
    }
}
