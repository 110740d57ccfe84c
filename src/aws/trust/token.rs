//! The requirements of STS for a token, which are checked before any policy.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>

use super::super::SessionTag;
use super::request::Request;
use crate::explanation::{Check, Mark};
use crate::subject::LEEWAY;
use crate::text::time;

/// The longest time since its issue at which STS accepts a token, in seconds.
const OLDEST: i64 = 24 * 60 * 60;

/// All checks, in the form for the report.
pub(super) fn checks(request: &Request<'_>, now: i64) -> Vec<Check> {
    let mut checks = vec![age(request, now), named(request)];
    checks.extend(tags(request));
    checks
}

fn age(request: &Request<'_>, now: i64) -> Check {
    let claims = request.claims;
    let Some(expiry) = claims.expiry() else {
        return Check::new(Mark::Fails, "it has no `exp`, which STS requires");
    };
    if expiry.saturating_add(LEEWAY) < now {
        return Check::new(Mark::Fails, format!("it expired {}", time(expiry)))
            .fact("clock", format!("{}, by this machine's clock", time(now)));
    }
    if let Some(start) = claims.not_before().filter(|start| *start > now.saturating_add(LEEWAY)) {
        return Check::new(Mark::Fails, format!("it is not good before {}", time(start)))
            .fact("clock", format!("{}, by this machine's clock", time(now)));
    }
    if let Some(issued) = claims.issued().filter(|issued| issued.saturating_add(OLDEST + LEEWAY) < now) {
        return Check::new(Mark::Unknown, format!("it was issued {}", time(issued)))
            .fact("because", "STS may find a token too old a day after it was issued");
    }
    Check::new(Mark::Holds, format!("it is valid until {}", time(expiry)))
}

fn named(request: &Request<'_>) -> Check {
    let claims = request.claims;
    let has = |name: &&str| {
        claims.text(name).is_some() || (*name == "aud" && claims.audience().is_some_and(|aud| !aud.is_empty()))
    };
    let missing: Vec<String> =
        ["iss", "aud", "sub"].iter().filter(|name| !has(name)).map(|name| format!("`{name}`")).collect();
    if missing.is_empty() {
        return Check::new(Mark::Holds, "it names its issuer, its audience and its subject");
    }
    Check::new(
        Mark::Fails,
        format!("it has no {} that is a text, and STS accepts no token without", missing.join(" and no ")),
    )
}

fn tags(request: &Request<'_>) -> Option<Check> {
    if !request.is_tagged() {
        return None;
    }
    for (name, value) in &request.tags {
        let Some(value) = value else {
            return Some(
                Check::new(Mark::Unknown, format!("its session tag `{name}` is not one text"))
                    .fact("because", "a tag has one value; what STS makes of this is not known"),
            );
        };
        if let Err(why) = SessionTag::new(name, value) {
            return Some(
                Check::new(Mark::Fails, format!("its session tag `{name}` is one that STS does not take"))
                    .fact("presented", value.clone())
                    .fact("because", why),
            );
        }
    }
    Some(Check::new(Mark::Holds, "it carries session tags, in the form that STS accepts"))
}
