//! An access token in the answer of an OAuth 2.0 token endpoint (RFC 6749, section 5.1).

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::Value;
use serde_json::error::Category;

use crate::cache::{Entry, Kept};
use crate::error::{Error, Exit, Report};
use crate::secret::Secret;
use crate::text::time;

/// An access token.
#[derive(Debug)]
pub struct AccessToken {
    /// The token.
    pub secret: Secret,
    /// When it expires, if the service returned that.
    pub expires: Option<SystemTime>,
}

impl Kept for AccessToken {
    fn read(entry: &Entry) -> Option<Self> {
        let secret = token_of(entry.secret.reveal().to_owned()).ok()?;
        Some(Self { secret, expires: Some(entry.expires) })
    }

    fn entry(&self) -> Result<Entry, Error> {
        let expires = self.expires.ok_or_else(|| {
            Error::new(Exit::Output, Report::new("the access token is not kept: it came without its time of expiry"))
        })?;
        Ok(Entry { secret: self.secret.clone(), expires })
    }
}

/// The answer of a token endpoint. It is never shown, because it contains the token.
#[derive(Deserialize)]
pub struct Granted {
    access_token: String,
    /// Google's own clients do not require it.
    token_type: Option<String>,
    /// Seconds, as a number. Entra's older endpoints send a text, and Google's own clients accept one. Google omits
    /// it for a token that expires in a second or two.
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

    /// The token in an answer that was received at `now`.
    ///
    /// # Errors
    /// If it is not a bearer token, or [`token_of`] refuses it.
    pub fn token(self, now: SystemTime) -> Result<AccessToken, &'static str> {
        if self.token_type.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err("its token is not a bearer token");
        }
        let expires = self.lasts().and_then(|lasts| now.checked_add(lasts));
        Ok(AccessToken { secret: token_of(self.access_token)?, expires })
    }
}

/// Checks that a token fits into an HTTP header: it is not empty and has no spaces or control characters. Its length
/// is limited; a federated token of Google has at most 12 KiB
/// (<https://docs.cloud.google.com/docs/authentication/token-types>).
///
/// # Errors
/// The reason, without any part of the token.
pub fn token_of(text: String) -> Result<Secret, &'static str> {
    const LONGEST: usize = 64 << 10;
    if text.len() > LONGEST {
        return Err("its token is too long for one");
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("its token is empty or not one");
    }
    Ok(Secret::new(text))
}

/// The reason why an answer with a token could not be parsed. serde's own message could quote the token.
#[must_use]
pub fn unreadable(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        Category::Data => "a field is missing or of another kind",
        Category::Syntax | Category::Io => "it is not JSON",
        Category::Eof => "it ends too soon",
    }
}

/// Checks that what a service has just issued is valid at `now`.
///
/// # Errors
/// The reason, with both times. Either the answer is wrong, or this machine's clock.
pub fn still_valid(expires: SystemTime, now: SystemTime) -> Result<SystemTime, String> {
    if expires > now {
        return Ok(expires);
    }
    Err(format!("it expired at {}, and this machine's clock shows {}", until(expires), until(now)))
}

/// The time until which a token is valid, for a message.
#[must_use]
pub fn until(expires: SystemTime) -> String {
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
        let hour = SystemTime::UNIX_EPOCH + Duration::from_hours(1);
        for life in ["3600", "3600.0", "\"3600\"", "3.6e3"] {
            let answer = format!(r#"{{"token_type":"Bearer","access_token":"t","expires_in":{life}}}"#);
            assert_eq!(granted(&answer), Ok(Some(hour)), "{life}");
        }
        for none in [
            r#"{"access_token":"t"}"#,
            r#"{"access_token":"t","expires_in":null}"#,
            r#"{"access_token":"t","expires_in":-1}"#,
            r#"{"access_token":"t","expires_in":"NaN"}"#,
        ] {
            assert_eq!(granted(none), Ok(None), "{none}");
        }
    }

    #[test]
    fn an_answer_without_a_usable_token_is_refused() {
        for answer in [
            "{}",
            r#"{"token_type":"Bearer"}"#,
            r#"{"access_token":"","expires_in":3599}"#,
            r#"{"access_token":"a b","expires_in":3599}"#,
            r#"{"access_token":["t"],"expires_in":3599}"#,
            r#"{"token_type":"pop","access_token":"t","expires_in":3599}"#,
        ] {
            assert!(granted(answer).is_err(), "{answer}");
        }
    }
}
