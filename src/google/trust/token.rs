//! The checks of STS before the mapping: the provider's state, the token's issuer, audience and times.

use serde_json::Value as Json;

use super::provider::Configuration;
use crate::explanation::{Check, Mark};
use crate::subject::Claims;
use crate::text::time;

/// The tolerated clock difference in seconds. It was measured, and is not documented.
const SKEW: i64 = 60;
/// The greatest age of `iat`.
const ONE_DAY: i64 = 24 * 60 * 60;

pub(super) const SAYS: &str = "answer";

pub(super) fn state(provider: &Configuration) -> Check {
    if let Some(off) = provider.off {
        return Check::new(Mark::Fails, "the provider is switched off")
            .fact("because", off)
            .fact(SAYS, "invalid_target: The target service indicated by the \"audience\" parameters is invalid. …");
    }
    match &provider.odd_state {
        None => Check::new(Mark::Holds, "the provider is active"),
        Some(state) => Check::new(Mark::Unknown, "the provider is active")
            .fact("because", format!("its state is `{state}`, which is not known here")),
    }
}

pub(super) fn issuer(provider: &Configuration, claims: &Claims) -> Check {
    let wanted = [provider.issuer.clone()];
    match claims.text("iss") {
        Some(issuer) if issuer == provider.issuer => Check::new(Mark::Holds, "the token's issuer is the provider's"),
        issuer => {
            let slash =
                issuer.is_some_and(|issuer| issuer.trim_end_matches('/') == provider.issuer.trim_end_matches('/'));
            let check = Check::new(Mark::Fails, "the token's issuer is not the provider's")
                .compared(&wanted, issuer.unwrap_or("(none)"));
            let check = if slash { check.fact("because", "the slash at the end counts") } else { check };
            check.fact(SAYS, "invalid_grant: The issuer in ID Token … does not match the expected one(s) …")
        }
    }
}

pub(super) fn audience(provider: &Configuration, claims: &Claims) -> Check {
    let presented: Vec<&str> = match claims.payload().get("aud") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(many)) => many.iter().filter_map(Json::as_str).collect(),
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_)) | None => Vec::new(),
    };
    let default = provider.audiences.is_empty();
    let wanted = if default {
        let Some(name) = &provider.name else {
            return Check::new(Mark::Unknown, "the token's audience is the provider itself")
                .fact("because", "`oidc.allowedAudiences` is empty, and the file has no `name`");
        };
        vec![name.audience(), format!("https:{}", name.audience())]
    } else {
        provider.audiences.clone()
    };
    if presented.iter().any(|one| wanted.iter().any(|wanted| wanted == one)) {
        return Check::new(Mark::Holds, "the token's audience is an allowed one");
    }
    let check = Check::new(Mark::Fails, "the token's audience is not an allowed one");
    let check = if default {
        check.fact("because", "`oidc.allowedAudiences` is empty, so that the provider's own name is asked for")
    } else {
        check
    };
    let shown = if presented.is_empty() { "(none)".into() } else { presented.join(", ") };
    check
        .compared(&wanted, &shown)
        .fact(SAYS, "invalid_grant: The audience in ID Token […] does not match the expected audience.")
}

/// Also checks the other claims that the reference requires; `iss` and `aud` are checked separately
/// (<https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token>).
pub(super) fn times(claims: &Claims, now: i64) -> Check {
    let mut wrong = Vec::new();
    match claims.expiry() {
        None => wrong.push("the token has no `exp`".to_owned()),
        Some(at) if at.saturating_add(SKEW) <= now => {
            wrong.push(format!("it was valid until {}, and it is {}", time(at), time(now)));
        }
        Some(_) => {}
    }
    match claims.issued() {
        None => wrong.push("the token has no `iat`".to_owned()),
        Some(at) if at.saturating_sub(SKEW) >= now => {
            wrong.push(format!("it was issued {}, and it is {}: one clock is wrong", time(at), time(now)));
        }
        Some(at) if now.saturating_sub(at) > ONE_DAY => {
            wrong.push(format!("it was issued {}, more than a day ago", time(at)));
        }
        Some(_) => {}
    }
    if wrong.is_empty() {
        return Check::new(Mark::Holds, "the token's times are good");
    }
    let check = Check::new(Mark::Fails, "the token's times are not good").fact("because", wrong.join("; "));
    check.fact(SAYS, "invalid_grant: ID Token issued at … is stale to sign-in.")
}

/// Semaphore's claim filter can remove it.
pub(super) fn subject(claims: &Claims) -> Option<Check> {
    if claims.text("sub").is_some() {
        return None;
    }
    Some(
        Check::new(Mark::Fails, "the token has no `sub`")
            .fact("because", "the organization's filter may take it out; STS requires it with any mapping"),
    )
}
