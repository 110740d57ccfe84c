//! Parses the answers of ECR: a password, or an error.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Number;

use crate::aws::registry::EcrHost;
use crate::cloud::unreadable;
use crate::http::{ErrorAnswer, PeerText, RawText, Response, Shown};
use crate::registry::Password;
use crate::secret::Secret;

/// It is never shown, because it contains the password.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Granted {
    #[serde(deserialize_with = "first")]
    authorization_data: Option<Token>,
}

/// ECR returns a list of one object, ECR Public the object itself. Further elements are read and dropped one by one: a
/// list of millions must not fill the memory.
fn first<'de, D: Deserializer<'de>>(data: D) -> Result<Option<Token>, D::Error> {
    struct First;

    impl<'de> Visitor<'de> for First {
        type Value = Option<Token>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a password, or a list of passwords")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let first = list.next_element()?;
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(first)
        }

        fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
            Token::deserialize(MapAccessDeserializer::new(object)).map(Some)
        }
    }

    data.deserialize_any(First)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    authorization_token: String,
    /// Seconds since 1970, with a fraction.
    expires_at: Number,
}

/// Parses a password.
///
/// # Errors
/// What is wrong with the answer, without any part of it.
pub(super) fn password(body: &[u8]) -> Result<Password, &'static str> {
    const LONGEST: usize = 64 << 10;
    let granted: Granted = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    let token = granted.authorization_data.ok_or("it has no password")?;
    let seconds = token.expires_at.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let expires = seconds.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(seconds));
    let expires = expires.ok_or("its expiresAt is not a time")?;
    if token.authorization_token.len() > LONGEST {
        return Err("its password is too long for one");
    }
    // Base64 of `AWS:PASSWORD`.
    let text = STANDARD.decode(token.authorization_token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or("its password cannot be decoded")?;
    let (username, secret) = text.split_once(':').ok_or("its password has no user name")?;
    let whole = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !whole(username) || !whole(secret) {
        return Err("its password is empty or not one");
    }
    Ok(Password { username: username.to_owned(), secret: Secret::new(secret.to_owned()), expires })
}

/// The parts of an error answer.
pub(super) struct Answer {
    provider: &'static str,
    pub(super) status: u16,
    /// Empty if the answer has none.
    pub(super) code: RawText,
    message: RawText,
    /// Code and message.
    words: PeerText,
    request_id: Option<PeerText>,
}

#[derive(Default, Deserialize)]
struct Refused {
    #[serde(default, rename = "__type")]
    code: Option<RawText>,
    #[serde(default, alias = "Message")]
    message: Option<RawText>,
}

impl Answer {
    pub(super) fn read(host: &EcrHost, response: &Response, shown: &Shown) -> Self {
        let Refused { code, message } = serde_json::from_slice(&response.body).unwrap_or_default();
        // The code may have a prefix, as in `com.amazonaws.ecr#ServerException`.
        let code = code.unwrap_or_default();
        let code = RawText::new(code.unclean().rsplit('#').next().unwrap_or_default());
        let message = message.unwrap_or_default();
        let status = response.status;
        let mut words = if code.is_empty() {
            RawText::new(&format!("status {status}, without an error code of ECR"))
        } else {
            code.clone()
        };
        // An answer that is not an ECR error may contain anything, so it is not shown.
        if !message.is_empty() && !code.is_empty() {
            words = words.then(": ", &message);
        }
        let request_id = response.request_id().map(|id| shown.clean(&id));
        Self { provider: host.provider(), status, code, message, words: shown.clean(&words), request_id }
    }

    pub(super) fn says(&self, text: &str) -> bool {
        self.message.says(text)
    }
}

impl ErrorAnswer for Answer {
    fn said(&self) -> String {
        self.words.with_id("request", self.request_id.as_ref())
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.provider, self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> String {
        STANDARD.encode(text)
    }

    #[test]
    fn a_password_is_in_a_list_or_by_itself() {
        let one =
            format!(r#"{{"authorizationToken":"{}","expiresAt":1700000000.5,"proxyEndpoint":"x"}}"#, token("AWS:a:b"));
        for body in [format!(r#"{{"authorizationData":[{one}]}}"#), format!(r#"{{"authorizationData":{one}}}"#)] {
            let password = password(body.as_bytes()).unwrap();
            assert_eq!((password.username.as_str(), password.secret.reveal()), ("AWS", "a:b"));
            assert_eq!(password.expires, SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_500));
        }
    }

    #[test]
    fn half_an_answer_is_none() {
        let with = |token: &str, expires: &str| {
            format!(r#"{{"authorizationData":[{{"authorizationToken":"{token}","expiresAt":{expires}}}]}}"#)
        };
        for body in [
            "{}".into(),
            "[]".into(),
            String::new(),
            r#"{"authorizationData":[]}"#.into(),
            r#"{"authorizationData":null}"#.into(),
            with(&token("AWS:a"), "-1"),
            with(&token("AWS:a"), "1e300"),
            with(&token("AWS:a"), "\"1700000000\""),
            with(&token("AWS:a"), "null"),
            with(&token("AWS:"), "1700000000"),
            with(&token(":a"), "1700000000"),
            with(&token("AWS"), "1700000000"),
            with(&token("AWS:a b"), "1700000000"),
            with(&token("AWS:a\n"), "1700000000"),
            with("%%%", "1700000000"),
            with("", "1700000000"),
        ] {
            assert!(password(body.as_bytes()).is_err(), "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_the_readers_panic(body: Vec<u8>, status: u16) {
            let _ = password(&body);
            let host = EcrHost::parse("--registry", "public.ecr.aws").unwrap();
            let response = Response::new(status, reqwest::header::HeaderMap::new(), body);
            let _ = Answer::read(&host, &response, &Shown::default()).said();
        }
    }
}
