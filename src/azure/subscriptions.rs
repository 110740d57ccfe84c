//! Lists the subscriptions that the application can access, with one call to Azure Resource Manager
//! (<https://learn.microsoft.com/en-us/rest/api/resources/subscriptions/list>).

use std::fmt;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;

use super::SubscriptionId;
use crate::cloud::{AccessToken, Given, unreadable};
use crate::error::Error;
use crate::http::{
    self, Again, Attempt, ErrorAnswer, Explain, Failure, PeerText, RawText, Response, Shown, THROTTLED, Told,
};
use crate::json;

const PROVIDER: &str = "Azure Resource Manager";

/// A subscription, with the fields that az stores.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Subscription {
    pub(super) id: SubscriptionId,
    pub(super) name: String,
    /// `Enabled`, or a state in which it cannot be used.
    pub(super) state: String,
    /// The tenant that owns it, if that is known.
    pub(super) home: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    value: Vec<Listed>,
    #[serde(rename = "nextLink")]
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    subscription_id: String,
    display_name: String,
    state: String,
    tenant_id: Option<String>,
}

/// Lists the subscriptions that `token` can access. `resource_manager` is an address without a path. Only the first
/// page is read: a job's application has roles in fewer subscriptions than that.
///
/// # Errors
/// If Azure Resource Manager refuses, or cannot be reached in time.
pub(super) async fn list(
    resource_manager: &str,
    token: &AccessToken,
    given: &Given<'_>,
) -> Result<Vec<Subscription>, Error> {
    let Given { http, deadline, .. } = *given;
    let once = async || {
        let response = http.send(call(resource_manager, token)?).await?;
        if !(200..300).contains(&response.status) {
            let retry_after = response.retry_after(given.host.clock.now());
            let answer = Answer::read(&response, http.shown());
            let again = answer.again();
            return Err(Attempt::answered(answer, again, retry_after));
        }
        page(&response.body).map_err(|why| Attempt::garbled(response.status, why))
    };
    http.retry(deadline, once).await.map_err(|gave_up| gave_up.explain(&Asked))
}

/// Parses the first page.
fn page(body: &[u8]) -> Result<Vec<Subscription>, &'static str> {
    let page: Page = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    if page.next.is_some_and(|next| !next.is_empty()) {
        tracing::warn!("az gets only the first {} subscriptions", page.value.len());
    }
    let subscriptions = page.value.into_iter().map(|one| {
        let id = SubscriptionId::parse("subscriptionId", &one.subscription_id);
        let id = id.map_err(|_| "a subscription's id is not a UUID")?;
        Ok(Subscription { id, name: one.display_name, state: one.state, home: one.tenant_id })
    });
    subscriptions.collect()
}

fn call(resource_manager: &str, token: &AccessToken) -> Result<http::Request, Failure> {
    let setup = |why: &str| Failure::Setup { why: why.into() };
    let url = Url::parse(&format!("{resource_manager}/subscriptions?api-version=2022-12-01"))
        .map_err(|_| setup("the address of Azure Resource Manager is none"))?;
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.secret.reveal()))
        .map_err(|_| setup("the access token fits into no header"))?;
    bearer.set_sensitive(true);
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, bearer);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    Ok(http::Request { method: Method::GET, url, headers, body: Vec::new() })
}

/// An error answer.
struct Answer {
    status: u16,
    /// Whether it has the service's error format.
    is_own: bool,
    words: PeerText,
}

impl Answer {
    fn read(response: &Response, shown: &Shown) -> Self {
        let body = json::parse_within(&response.body, &mut (1 << 20)).unwrap_or_default();
        let (code, message) = (RawText::of(&body["error"]["code"]), RawText::of(&body["error"]["message"]));
        let is_own = !code.is_empty();
        let words = if is_own {
            code.then(": ", &message)
        } else {
            RawText::new(&format!("status {}, without an error of {PROVIDER}", response.status))
        };
        Self { status: response.status, is_own, words: shown.clean(&words) }
    }

    /// Whether a retry can succeed, and after which kind of pause.
    fn again(&self) -> Again {
        match self.status {
            429 => Again::Throttled,
            408 | 412 | 425 | 500..=599 => Again::Soon,
            _ => Again::Never,
        }
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

struct Asked;

impl Explain<Answer> for Asked {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn address_setting(&self) -> &'static str {
        "--authority-host"
    }

    fn asked(&self) -> Vec<String> {
        vec!["the subscriptions of the application, for az".into()]
    }

    fn tell(&self, answer: &Answer) -> Told {
        let refused = answer.again() == Again::Never;
        let title = (answer.is_own && refused).then(|| format!("{PROVIDER} refused to list the subscriptions"));
        let something_else = !answer.is_own && refused;
        let mut hints = vec!["name the subscription with --subscription-id: then nothing is asked for".into()];
        hints.extend((answer.status == 429).then(|| THROTTLED.into()));
        Told { title, something_else, hints, ..Told::default() }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    #[test]
    fn half_a_page_is_none() {
        let one =
            |id: &str| format!(r#"{{"value":[{{"subscriptionId":"{id}","displayName":"a","state":"Enabled"}}]}}"#);
        assert_eq!(page(one("11112222-bbbb-3333-cccc-4444dddd5555").as_bytes()).unwrap().len(), 1);
        assert_eq!(page(br#"{"value":[],"nextLink":null}"#).unwrap(), []);
        for body in ["", "{}", "[]", r#"{"value":null}"#, r#"{"value":[{}]}"#, &one(""), &one("../x"), &one("1\\n")] {
            assert!(page(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn an_error_of_something_else_is_no_refusal() {
        let told = |status, body: &str| {
            let answer = Answer::read(&Response::new(status, HeaderMap::new(), body.into()), &Shown::default());
            let told = Asked.tell(&answer);
            (told.title.is_some(), told.something_else, answer.again())
        };
        let own = r#"{"error":{"code":"AuthorizationFailed","message":"no"}}"#;
        assert_eq!(told(403, own), (true, false, Again::Never));
        assert_eq!(told(403, "<html>"), (false, true, Again::Never));
        for status in [408, 412, 425, 500, 503] {
            assert_eq!(told(status, own), (false, false, Again::Soon), "{status}");
        }
        assert_eq!(told(429, own), (false, false, Again::Throttled));
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_the_readers_panic(body: Vec<u8>, status: u16) {
            let _ = page(&body);
            let _ = Answer::read(&Response::new(status, HeaderMap::new(), body), &Shown::default()).said();
        }
    }
}
