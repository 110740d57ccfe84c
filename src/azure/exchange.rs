//! The wire: the subject token for an access token.

use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::Value;
use serde_json::error::Category;

use super::answer::Answer;
use super::cause::Cause;
use super::hints::Context;
use super::{AccessToken, Request};
use crate::cloud::Given;
use crate::error::Error;
use crate::http::retry::Deadline;
use crate::http::{self, Attempt, Failure};
use crate::secret::Secret;
use crate::text::time;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// No field is ever shown: an answer holds the token.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: Option<String>,
    /// Seconds, as a number; as a text from Entra's older endpoints.
    expires_in: Option<Value>,
}

impl Granted {
    fn lasts(&self) -> Option<Duration> {
        let seconds = match self.expires_in.as_ref()? {
            Value::String(text) => text.trim().parse().ok(),
            Value::Number(number) => number.as_f64(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        Duration::try_from_secs_f64(seconds?).ok()
    }

    fn token(self, now: SystemTime) -> Result<AccessToken, &'static str> {
        if self.token_type.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err("its token is not a bearer token");
        }
        let expires = self.lasts().and_then(|lasts| now.checked_add(lasts));
        Ok(AccessToken { secret: token_of(self.access_token)?, expires })
    }
}

/// Trades the token for what `request` asks.
///
/// # Errors
/// Entra's refusal, or that it could not be reached in time.
pub async fn exchange(request: &Request, given: &Given<'_>) -> Result<AccessToken, Error> {
    let Given { token, http, host, deadline, .. } = *given;
    let grace = request.wait_for_iam.map(Deadline::after);
    http.shown().add(token.jwt());
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", request.client.as_str())
        .append_pair("scope", request.scope.as_str())
        .append_pair("client_assertion_type", ASSERTION_TYPE)
        .append_pair("client_assertion", token.jwt().reveal())
        .finish();
    let once = async || {
        let response = http.send(call(request, form.as_bytes())?).await?;
        if !(200..300).contains(&response.status) {
            let retry_after = response.retry_after(host.clock.now());
            let answer = Answer::read(&response, http.shown());
            let cause = Cause::of(&answer);
            let covered = cause.may_be_young() && grace.is_some_and(|grace| !grace.remaining().is_zero());
            return Err(Attempt::answered(answer, covered || cause.row().is_retried(), retry_after));
        }
        let garbled = |why: &str| Attempt::garbled(response.status, why);
        let granted: Granted = serde_json::from_slice(&response.body).map_err(|error| garbled(unreadable(&error)))?;
        granted.token(host.clock.now()).map_err(garbled)
    };
    let context = Context { request, token, clock: &host.clock };
    let access_token = http.retry(deadline, once).await.map_err(|gave_up| gave_up.explain(&context))?;
    http.shown().add(&access_token.secret);
    Ok(access_token)
}

fn call(request: &Request, body: &[u8]) -> Result<http::Request, Failure> {
    let url = Url::parse(&request.authority.token(&request.tenant))
        .map_err(|error| Failure::Setup { why: format!("the authority is not an address: {error}") })?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    Ok(http::Request { method: Method::POST, url, headers, body: body.to_vec() })
}

/// What is wrong with an answer; serde's own words could quote it.
fn unreadable(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        Category::Data => "a field is missing or of another kind",
        Category::Syntax | Category::Io => "it is not JSON",
        Category::Eof => "it ends too soon",
    }
}

/// Empty is no token, and one with spaces or control characters fits into no header. Nor does one of megabytes.
fn token_of(text: String) -> Result<Secret, &'static str> {
    const LONGEST: usize = 64 << 10;
    if text.len() > LONGEST {
        return Err("its token is too long for one");
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("its token is empty or not one");
    }
    Ok(Secret::new(text))
}

/// Until when a token is valid, for a person.
pub(super) fn until(expires: SystemTime) -> String {
    let seconds = expires.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    time(i64::try_from(seconds).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(members: &str) -> Result<Option<SystemTime>, &'static str> {
        let granted: Granted = serde_json::from_str(members).map_err(|error| unreadable(&error))?;
        granted.token(SystemTime::UNIX_EPOCH).map(|token| token.expires)
    }

    #[test]
    fn a_lifetime_is_a_number_or_a_text_or_not_known() {
        let hour = SystemTime::UNIX_EPOCH + Duration::from_secs(3599);
        for life in ["3599", "3599.0", "\"3599\""] {
            let answer = format!(r#"{{"token_type":"Bearer","access_token":"t","expires_in":{life}}}"#);
            assert_eq!(granted(&answer), Ok(Some(hour)), "{life}");
        }
        for none in [r#"{"access_token":"t"}"#, r#"{"access_token":"t","expires_in":-1}"#] {
            assert_eq!(granted(none), Ok(None), "{none}");
        }
    }

    #[test]
    fn an_answer_without_a_usable_token_is_refused() {
        for answer in [
            "{}",
            r#"{"access_token":"","expires_in":3599}"#,
            r#"{"access_token":"a b","expires_in":3599}"#,
            r#"{"access_token":["t"],"expires_in":3599}"#,
            r#"{"token_type":"pop","access_token":"t","expires_in":3599}"#,
        ] {
            assert!(granted(answer).is_err(), "{answer}");
        }
    }
}
