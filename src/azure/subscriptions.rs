//! The subscriptions that the application may see, by one call to Azure Resource Manager
//! (<https://learn.microsoft.com/en-us/rest/api/resources/subscriptions/list>).

use std::fmt;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;

use super::SubscriptionId;
use crate::cloud::{AccessToken, Given, unreadable};
use crate::error::Error;
use crate::http::{self, Attempt, ErrorAnswer, Explain, Failure, PeerText, RawText, Response, Shown, Told};
use crate::json;

const PROVIDER: &str = "Azure Resource Manager";

/// A subscription as az keeps it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Subscription {
    pub(super) id: SubscriptionId,
    pub(super) name: String,
    /// `Enabled`, or why it cannot be used.
    pub(super) state: String,
    /// The tenant that it belongs to; none if that is not known.
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

/// Asks `resource_manager`, an address without a path, which subscriptions `token` opens. Only its first page is read: it has
/// more subscriptions than a job's application has roles in.
///
/// # Errors
/// The refusal of Azure Resource Manager, or that it could not be reached in time.
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
            let heals = matches!(response.status, 408 | 429) || response.status >= 500;
            return Err(Attempt::answered(Answer::read(&response, http.shown()), heals, retry_after));
        }
        let garbled = |why: &str| Attempt::garbled(response.status, why);
        let page: Page = serde_json::from_slice(&response.body).map_err(|error| garbled(unreadable(&error)))?;
        if page.next.is_some_and(|next| !next.is_empty()) {
            tracing::warn!("az is told of the first {} subscriptions only", page.value.len());
        }
        let subscriptions = page.value.into_iter().map(|one| {
            let id = SubscriptionId::parse("subscriptionId", &one.subscription_id);
            let id = id.map_err(|_| garbled("a subscription's id is not a UUID"))?;
            Ok(Subscription { id, name: one.display_name, state: one.state, home: one.tenant_id })
        });
        subscriptions.collect::<Result<Vec<_>, _>>()
    };
    http.retry(deadline, once).await.map_err(|gave_up| gave_up.explain(&Asked))
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
    words: PeerText,
}

impl Answer {
    fn read(response: &Response, shown: &Shown) -> Self {
        let body = json::parse_within(&response.body, &mut (1 << 20)).unwrap_or_default();
        let (code, message) = (RawText::of(&body["error"]["code"]), RawText::of(&body["error"]["message"]));
        let words = if code.is_empty() {
            RawText::new(&format!("status {}, without an error of {PROVIDER}", response.status))
        } else {
            code.then(": ", &message)
        };
        Self { status: response.status, words: shown.clean(&words) }
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
        let refused = (400..500).contains(&answer.status) && !matches!(answer.status, 408 | 429);
        Told {
            title: refused.then(|| format!("{PROVIDER} refused to list the subscriptions")),
            hints: vec!["name the subscription with --subscription-id: then nothing is asked for".into()],
            ..Told::default()
        }
    }
}
