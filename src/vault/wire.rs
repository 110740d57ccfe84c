//! Sends one call and parses its answer.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::Number;
use serde_json::value::RawValue;

use super::answer::{Answer, Body, CLEAR_TEXT_TO_TLS, Kind};
use super::data::{Data, small};
use super::login_cause::LoginCause;
use super::path::Path;
use crate::host::Clock;
use crate::http::{self, Attempt, Client, Exhausted, Failure, RawText, RawTexts, Sent};
use crate::secret::Secret;

/// A header that browsers do not send across sites without permission. A Vault agent can require it.
const REQUEST: HeaderName = HeaderName::from_static("x-vault-request");
const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
const INDEX: HeaderName = HeaderName::from_static("x-vault-index");

/// A server, with what later calls need.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) http: Client,
    pub(super) address: Url,
    pub(super) namespace: Option<String>,
    pub(super) clock: Clock,
    /// The state of storage in the login's answer. A standby with an older state does not have the token.
    pub(super) index: Option<HeaderValue>,
    /// Whether one connection carries several requests at a time, according to the login's answer.
    pub(super) multiplexed: bool,
}

/// One request.
pub(super) struct Call<'a> {
    pub(super) kind: Kind,
    pub(super) path: &'a Path,
    pub(super) version: Option<u32>,
    /// The JSON body of a POST; `None` for a GET.
    pub(super) body: Option<Vec<u8>>,
    pub(super) token: Option<&'a Secret>,
}

/// A server's answer. It may contain secrets, so there is no `Debug`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Message<'t> {
    #[serde(deserialize_with = "short")]
    lease_id: String,
    #[serde(deserialize_with = "count")]
    lease_duration: u64,
    #[serde(deserialize_with = "lenient")]
    renewable: bool,
    #[serde(borrow)]
    data: Option<&'t RawValue>,
    #[serde(deserialize_with = "object")]
    auth: Option<Auth>,
    wrap_info: Option<IgnoredAny>,
    #[serde(deserialize_with = "lenient")]
    warnings: Option<RawTexts>,
    #[serde(deserialize_with = "lenient")]
    errors: Option<RawTexts>,
}

/// The parts of a successful answer besides its data. They may contain secrets, so there is no `Debug`.
#[derive(Default)]
pub(super) struct Envelope {
    pub(super) lease_id: String,
    pub(super) lease_duration: u64,
    pub(super) renewable: bool,
    pub(super) auth: Option<Auth>,
}

/// The client token in the answer to a login or a renewal.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Auth {
    #[serde(deserialize_with = "short")]
    pub(super) client_token: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) accessor: RawText,
    #[serde(deserialize_with = "lenient")]
    pub(super) policies: Option<RawTexts>,
    #[serde(deserialize_with = "count")]
    pub(super) lease_duration: u64,
    #[serde(deserialize_with = "lenient")]
    pub(super) renewable: bool,
    #[serde(deserialize_with = "lenient")]
    pub(super) token_type: RawText,
    #[serde(deserialize_with = "count")]
    pub(super) num_uses: u64,
    pub(super) mfa_requirement: Option<IgnoredAny>,
}

/// A text that later requests contain, so its length is limited.
fn short<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    if text.len() > LONGEST { Err(D::Error::custom("it is too long")) } else { Ok(text) }
}

/// A value of an unexpected type counts as missing.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(deserializer: D) -> Result<T, D::Error> {
    let text = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(text.get()).unwrap_or_default())
}

/// An object or nothing. A list is refused, although serde accepts one in place of an object.
fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Auth>, D::Error> {
    let text = <&RawValue>::deserialize(deserializer)?.get();
    match text {
        "null" => Ok(None),
        text if text.starts_with('{') => serde_json::from_str(text).map(Some).map_err(D::Error::custom),
        _ => Err(D::Error::custom("it is not an object")),
    }
}

/// The most warnings of one answer that are shown.
const WARNINGS: usize = 8;

/// The longest text from the server that is sent back to it, in bytes. A server's token has some hundred bytes at
/// most.
const LONGEST: usize = 16 << 10;

/// A number that a server, or the author of a secret, chooses freely. For example, the `ttl` of a KV version 1 secret
/// becomes the `lease_duration` of its answer. A fraction is truncated, a number that is too large becomes the
/// largest one, and anything else becomes 0.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = <&RawValue>::deserialize(deserializer)?.get();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).trim();
    let number = text.parse::<Number>().unwrap_or_else(|_| Number::from(0));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast stops at the bounds")]
    Ok(number.as_u64().unwrap_or_else(|| number.as_str().parse::<f64>().unwrap_or_default() as u64))
}

/// A lifetime in seconds. It is limited to about a century, so that no clock overflows.
pub(super) fn life(seconds: u64) -> Duration {
    const CENTURY: u64 = 100 * 366 * 24 * 3600;
    Duration::from_secs(seconds.min(CENTURY))
}

/// A successful answer.
pub(super) struct Success {
    pub(super) status: u16,
    pub(super) envelope: Envelope,
    pub(super) data: Option<Data>,
    pub(super) index: Option<HeaderValue>,
    pub(super) multiplexed: bool,
}

impl Server {
    /// Sends `call` once.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Success, Attempt<Answer>> {
        self.send_noting(call, None).await
    }

    /// Sends `call` once. Sets `sent` when its body starts to be sent.
    pub(super) async fn send_noting(&self, call: &Call<'_>, sent: Option<&Sent>) -> Result<Success, Attempt<Answer>> {
        let unanswered = |failure: Failure| {
            let attempt = Attempt::from(failure);
            if call.kind == Kind::Write { attempt.unless_sent() } else { attempt }
        };
        if let Some(token) = call.token {
            self.http.shown().add(token);
        }
        let request = self.request(call).map_err(unanswered)?;
        let response = self.http.send_noting(request, sent).await.map_err(unanswered)?;
        let status = response.status;
        // A text with escapes is decoded into a second buffer, and its data is copied.
        let mut beside = response.held.beside();
        beside.add(response.body.len()).map_err(|Exhausted| Failure::TooMuch)?;
        let is_object = response.body.trim_ascii_start().starts_with(b"{");
        let read = Some(&response.body).filter(|_| is_object).map(|body| serde_json::from_slice::<Message<'_>>(body));
        if status == 206 {
            return Err(Attempt::garbled(status, "it is a part of an answer"));
        }
        if (200..300).contains(&status) {
            let message = match read {
                Some(Ok(message)) => message,
                None if response.body.is_empty() => Message::default(),
                Some(Err(_)) | None => return Err(Attempt::garbled(status, "it is not an answer of Vault")),
            };
            if message.wrap_info.is_some() {
                return Err(Attempt::unusable(
                    status,
                    "it is wrapped (response wrapping), which oidc-exchange does not request",
                    "remove min_wrapping_ttl from the policies for this path, or the header X-Vault-Wrap-TTL that a proxy adds",
                ));
            }
            if let Some(auth) = &message.auth {
                self.http.shown().add(&Secret::new(auth.client_token.clone()));
            }
            for warning in message.warnings.iter().flat_map(RawTexts::iter).take(WARNINGS) {
                let issued = message.data.map(RawValue::get).unwrap_or_default();
                tracing::info!("the server warns: {}", self.http.shown().clean_beside(warning, issued));
            }
            let index = response.header(&INDEX).filter(|index| index.len() <= LONGEST).cloned();
            let Message { lease_id, lease_duration, renewable, auth, .. } = message;
            let envelope = Envelope { lease_id, lease_duration, renewable, auth };
            let text = message.data.map(RawValue::to_owned);
            let data = text.map(|text| Data { text, held: response.held });
            return Ok(Success { status, envelope, data, index, multiplexed: response.multiplexed });
        }
        let Message { errors, warnings, data, .. } = read.and_then(Result::ok).unwrap_or_default();
        let clear_text_to_tls = response.body.starts_with(CLEAR_TEXT_TO_TLS.as_bytes());
        let body = Body { clear_text_to_tls, errors, warnings, data: data.map(small) };
        let answer = Answer::new(call.kind, status, body, self.http.shown());
        let again = match LoginCause::of(&answer) {
            Ok(cause) => cause.row().again().only_if(call.kind == Kind::Login),
            // It is not known whether a proxy's error means that the request was not executed.
            Err(common) => common.again(call.kind).only_if(call.kind != Kind::Write || answer.vaults),
        };
        Err(Attempt::answered(answer, again, response.retry_after(self.clock.now())))
    }

    fn request(&self, call: &Call<'_>) -> Result<http::Request, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST, HeaderValue::from_static("true"));
        let mut put = |name: HeaderName, what: &str, value: &str| {
            let mut value = HeaderValue::from_str(value)
                .map_err(|_| Failure::Setup { why: format!("no header can carry the {what}") })?;
            value.set_sensitive(true);
            headers.insert(name, value);
            Ok(())
        };
        if let Some(namespace) = &self.namespace {
            put(NAMESPACE, "namespace", namespace)?;
        }
        if let Some(token) = call.token {
            put(TOKEN, "client token", token.reveal())?;
        }
        if let Some(index) = &self.index {
            headers.insert(INDEX, index.clone());
        }
        let mut url = call.path.url(&self.address);
        if let Some(version) = call.version {
            url.set_query(Some(&format!("version={version}")));
        }
        let (method, body) = match &call.body {
            Some(body) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                (Method::POST, body.clone())
            }
            None => (Method::GET, Vec::new()),
        };
        Ok(http::Request { method, url, headers, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_number_is_the_answer_is_read() {
        for (text, seconds) in [
            ("3600", 3600),
            ("0", 0),
            ("-1", 0),
            ("-1e30", 0),
            ("3600.9", 3600),
            ("1e30", u64::MAX),
            ("1e400", u64::MAX),
            ("18446744073709551616", u64::MAX),
            ("\"3600\"", 3600),
            ("\" 60 \"", 60),
            ("\"-1\"", 0),
            ("\"soon\"", 0),
            ("null", 0),
            ("true", 0),
            ("[1]", 0),
            ("{\"a\":1}", 0),
        ] {
            let text = format!("{{\"lease_duration\":{text},\"auth\":{{\"num_uses\":{text}}},\"data\":{{\"a\":1}}}}");
            let message: Message<'_> = serde_json::from_str(&text).unwrap();
            assert_eq!((message.lease_duration, message.auth.unwrap().num_uses), (seconds, seconds), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_number_makes_an_answer_unreadable(number in "-?[0-9]{1,25}(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,4})?") {
            // A JSON number has no leading zero.
            if let Ok(value) = number.parse::<Number>() {
                let text = format!("{{\"lease_duration\":{value}}}");
                proptest::prop_assert!(serde_json::from_str::<Message<'_>>(&text).is_ok(), "{}", text);
            }
        }
    }
}
