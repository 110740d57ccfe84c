//! Parses the answers of a registry: a refresh token, or an error.
//!
//! <https://distribution.github.io/distribution/spec/api/#errors>

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::PROVIDER;
use crate::cloud::{token_of, unreadable};
use crate::http::{ErrorAnswer, PeerText, RawText, Response, Shown};
use crate::json;
use crate::registry::Password;

/// The user name for a refresh token
/// (<https://learn.microsoft.com/en-us/azure/container-registry/container-registry-authentication#az-acr-login-with---expose-token>).
const USERNAME: &str = "00000000-0000-0000-0000-000000000000";

#[derive(Deserialize)]
struct Granted {
    refresh_token: String,
}

#[derive(Deserialize)]
struct Claims {
    exp: f64,
}

/// Parses a password.
///
/// # Errors
/// What is wrong with the answer, without any part of it.
pub(super) fn password(body: &[u8]) -> Result<Password, &'static str> {
    let granted: Granted = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    let secret = token_of(granted.refresh_token)?;
    let expires = expiry(secret.reveal()).ok_or("its refresh token is not a JWT with a time of expiry")?;
    Ok(Password { username: USERNAME.into(), secret, expires })
}

/// The expiry of a JWT (RFC 7519, section 4.1.4). The registry checks its signature.
fn expiry(token: &str) -> Option<SystemTime> {
    let mut parts = token.split('.');
    let (_, payload, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(claims.exp).ok()?)
}

/// The parts of an error answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Empty if the answer has none.
    pub(super) code: RawText,
    message: RawText,
    /// Whether it has no body.
    pub(super) is_empty: bool,
    /// Code and message.
    words: PeerText,
}

impl Answer {
    pub(super) fn read(response: &Response, shown: &Shown) -> Self {
        // A larger answer is not a registry's error.
        let body = json::parse_within(&response.body, &mut (1 << 20)).unwrap_or_default();
        let error = &body["errors"][0];
        let (code, message) = (RawText::of(&error["code"]), RawText::of(&error["message"]));
        let status = response.status;
        let words = if code.is_empty() {
            RawText::new(&format!("status {status}, without an error code of a registry"))
        } else if message.is_empty() {
            code.clone()
        } else {
            code.clone().then(": ", &message)
        };
        let is_empty = response.body.trim_ascii().is_empty();
        Self { status, code, message, is_empty, words: shown.clean(&words) }
    }

    pub(super) fn says(&self, text: &str) -> bool {
        self.message.says(text)
    }
}

impl ErrorAnswer for Answer {
    fn said(&self) -> String {
        self.words.to_string()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PROVIDER}: {}", self.words)
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn jwt(payload: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
    }

    fn answer(token: &str) -> String {
        serde_json::json!({ "refresh_token": token }).to_string()
    }

    #[test]
    fn a_password_lives_as_long_as_its_token_says() {
        for exp in ["1700000000", "1700000000.0", "1.7e9"] {
            let token = jwt(&format!(r#"{{"exp":{exp},"aud":"contoso.azurecr.io"}}"#));
            let password = password(answer(&token).as_bytes()).unwrap();
            assert_eq!((password.username.as_str(), password.secret.reveal()), (USERNAME, token.as_str()));
            assert_eq!(password.expires, SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000), "{exp}");
        }
    }

    #[test]
    fn half_an_answer_is_none() {
        for body in [
            String::new(),
            "{}".into(),
            "[]".into(),
            r#"{"refresh_token":null}"#.into(),
            r#"{"refresh_token":["x"]}"#.into(),
            answer(""),
            answer("opaque"),
            answer("a.b"),
            answer("a.b.c.d"),
            answer(&jwt("")),
            answer(&jwt("{}")),
            answer(&jwt(r#"{"exp":"1700000000"}"#)),
            answer(&jwt(r#"{"exp":-1}"#)),
            answer(&jwt(r#"{"exp":1e300}"#)),
            answer(&jwt(r#"{"exp":null}"#)),
            answer(&jwt(r#"{"exp":1,"exp":2}"#)),
            answer(&format!("{} ", jwt(r#"{"exp":1700000000}"#))),
            answer(&format!("{}\n", jwt(r#"{"exp":1700000000}"#))),
            answer(&format!("{}\u{1b}[2J", jwt(r#"{"exp":1700000000}"#))),
            answer(&jwt(&format!(r#"{{"exp":1700000000,"x":"{}"}}"#, "x".repeat(64 << 10)))),
        ] {
            assert!(password(body.as_bytes()).is_err(), "{}", &body[..body.len().min(80)]);
        }
    }

    #[test]
    fn what_is_no_error_of_a_registrys_is_not_shown() {
        let said =
            |body: &str| Answer::read(&Response::new(403, HeaderMap::new(), body.into()), &Shown::default()).said();
        for body in [
            "",
            "<html>hunter2</html>",
            "{}",
            r#"{"errors":[]}"#,
            r#"{"errors":"hunter2"}"#,
            r#"{"errors":[{"message":"hunter2"}]}"#,
        ] {
            assert_eq!(said(body), "status 403, without an error code of a registry", "{body}");
        }
        assert_eq!(said(r#"{"errors":[{"code":"DENIED"}]}"#), "DENIED");
        assert_eq!(said(r#"{"errors":[{"code":"DENIED","message":"a\u001b[2J\nb"}]}"#), "DENIED: a[2J b");
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_the_readers_panic(body: Vec<u8>, status: u16, token: String) {
            let _ = (password(&body), password(answer(&token).as_bytes()));
            let _ = Answer::read(&Response::new(status, HeaderMap::new(), body), &Shown::default()).said();
        }
    }
}
