//! `--verify`: checks the token with its issuer's published keys and with the clocks. It reports all faults at once.

use super::discovery;
use super::issuer::{Issuer, Page, Unread};
use super::jwks;
use super::provider_errors::on;
use super::relative_time::span;
use super::{claim_checks, signature};
use crate::cloud::TokenFault;
use crate::error::Error;
use crate::explanation::{Check, Explanation, Mark, Verdict};
use crate::host::Clock;
use crate::http::Client;
use crate::http::retry::Deadline;
use crate::subject::SubjectToken;

/// The clock differences that are reported as a note and as a warning, in seconds.
const SAID: u64 = 5;
const WARNED: u64 = 60;

/// What was downloaded from the issuer, and the results.
struct Asked {
    checks: Vec<Check>,
    pages: Vec<Page>,
    unreachable: Option<Error>,
}

/// Checks `token` with the documents that its issuer publishes, using the client `http` and the clock `clock`.
///
/// Sources: [OpenID Connect Discovery 1.0](https://openid.net/specs/openid-connect-discovery-1_0.html),
/// [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517).
///
/// # Errors
/// If the issuer could not be reached before `deadline`, and the token has no other fault.
pub async fn verify(
    token: &SubjectToken,
    http: Client,
    clock: &Clock,
    deadline: Deadline,
) -> Result<Explanation, Error> {
    let issuer = Issuer { http, clock, deadline };
    let asked = ask(token, &issuer).await;
    let mut checks = asked.checks;
    checks.push(signature::header(token.header()));
    checks.push(claim_checks::check(token.claims(), clock.unix()));
    let any = |mark: Mark| checks.iter().any(|check| check.mark == mark);
    let verdict = match asked.unreachable {
        _ if any(Mark::Fails) => Verdict::Refused,
        Some(unreachable) => return Err(unreachable),
        None if any(Mark::Unknown) => Verdict::CannotTell,
        None => Verdict::Accepted,
    };
    let title = match verdict {
        Verdict::Accepted => "this token is valid by its issuer's keys",
        Verdict::Refused => "this token is not valid",
        Verdict::CannotTell => "whether this token is valid",
    };
    let mut notes = clocks(&asked.pages);
    notes.extend(slow(&asked.pages));
    Ok(Explanation { verdict, title: title.into(), checks, lints: misnamed(&asked.pages), notes })
}

async fn ask(token: &SubjectToken, issuer: &Issuer<'_>) -> Asked {
    let mut asked = Asked { checks: Vec::new(), pages: Vec::new(), unreachable: None };
    let header = token.header();
    let iss = token.claims().text("iss").unwrap_or_default();
    let address = match discovery::address(iss) {
        Ok(address) => address,
        Err(why) => {
            let because = if iss.is_empty() { "there is none".into() } else { format!("it is {iss}: {why}") };
            asked.fails("iss is an issuer's address", because, Some(TokenFault::NoIssuer));
            return asked;
        }
    };
    let Some(page) = asked.page(issuer, &address, "discovery document", Some(TokenFault::IssuerInClear)).await else {
        return asked;
    };
    let alg = header.alg.as_deref().unwrap_or("(none)");
    let (check, keys_address) = discovery::check(&page, &address, iss, alg);
    asked.checks.push(check);
    asked.pages.push(page.read());
    let Some(keys_address) = keys_address else { return asked };
    let Some(page) = asked.page(issuer, &keys_address, "keys", None).await else { return asked };
    let (check, keys) = jwks::check(&page, keys_address.as_str(), header);
    asked.checks.push(check);
    asked.pages.push(page.read());
    asked.checks.extend(signature::check(token.jwt(), header, &keys));
    asked
}

impl Asked {
    fn fails(&mut self, title: &str, because: String, fault: Option<TokenFault<'_>>) {
        let check = Check::new(Mark::Fails, title).fact("because", because);
        self.checks.push(match fault {
            Some(fault) => on(fault, check),
            None => check,
        });
    }

    /// Downloads the page at `address`. `in_clear` is the fault if that is not https.
    async fn page(
        &mut self,
        issuer: &Issuer<'_>,
        address: &reqwest::Url,
        what: &str,
        in_clear: Option<TokenFault<'_>>,
    ) -> Option<Page> {
        let title = format!("{what} at {address}");
        match issuer.page(address).await {
            Ok(page) => return Some(page),
            Err(Unread::Clear(failure)) => {
                let hint = failure.hints().into_iter().next().unwrap_or_default();
                self.fails(&title, format!("{failure}: {hint}"), in_clear);
            }
            Err(Unread::Unreachable(unreachable)) => {
                self.checks.push(Check::new(Mark::Unknown, title).fact("because", unreachable.report().first("said")));
                self.unreachable = Some(unreachable);
            }
        }
        None
    }
}

/// Reports a difference between this machine's clock and the issuer's.
fn clocks(pages: &[Page]) -> Vec<String> {
    let nearest = pages.iter().filter_map(|page| page.ahead).min_by_key(|ahead| ahead.unsigned_abs());
    let Some(ahead) = nearest.filter(|ahead| ahead.unsigned_abs() > SAID) else { return Vec::new() };
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    let said = format!("this machine's clock is {} {side} the issuer's", span(ahead));
    if ahead.unsigned_abs() > WARNED {
        tracing::warn!("{said}; the token's times are judged by this machine's");
    }
    vec![said]
}

/// Reports a slow issuer: AWS waits only for a limited time.
fn slow(pages: &[Page]) -> Option<String> {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
    let slowest = pages.iter().map(|page| page.took).max()?;
    (slowest > PATIENCE).then(|| {
        format!(
            "the issuer took {:.1} s to answer; AWS waits 5 s, then it cannot retrieve the key",
            slowest.as_secs_f32()
        )
    })
}

/// Reports JSON with another media type.
fn misnamed(pages: &[Page]) -> Vec<String> {
    let odd = pages.iter().filter(|page| page.status == 200 && !page.is_called_json() && page.is_object);
    odd.map(|page| match page.media_type.as_str() {
        "" => "the issuer answers without a Content-Type: it should be application/json".into(),
        other => format!("the issuer calls its JSON {other}: it should be application/json"),
    })
    .collect()
}
