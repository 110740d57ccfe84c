//! Sends reqwest's requests over our own connections. reqwest's client would open the connections itself, and lose a
//! proxy's answer.

use std::time::Duration;

use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use reqwest::header::{ACCEPT, AUTHORIZATION, Entry, HeaderMap, HeaderValue, LOCATION, USER_AGENT};
use reqwest::{Body, StatusCode, Url, Version};

use super::connect::{self, Connector, Ways};
use super::failure::Failure;
use super::peer::{RawText, Shown};
use super::sent::{Noting, Sent};
use super::{BODY_LIMIT, Exhausted, Held, Request, Response, body, origin, proxy};

/// The size limit for the headers of an HTTP/2 answer, counted as in RFC 9113, section 6.5.2. In memory they need
/// about five times as much, and a hundred answers may arrive at once.
const HEADERS: u32 = 16 << 10;

/// The flow-control window of an HTTP/2 connection. Its buffer is not counted in the memory budget.
const WINDOW: u32 = 1 << 20;

/// Statuses with another address (RFC 9110, section 15.4). The other 3xx statuses have none, and are not answers to
/// our requests: the caller reports that another server answered.
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// Keeps connections, and sends requests over them.
#[derive(Debug)]
pub(super) struct Transport(Client<Connector, Body>);

impl Transport {
    pub(super) fn new(ways: Ways) -> Self {
        const IDLE: Duration = Duration::from_secs(90);
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE);
        builder.http2_max_header_list_size(HEADERS);
        builder.http2_initial_connection_window_size(WINDOW).http2_initial_stream_window_size(WINDOW);
        Self(builder.build(Connector::new(ways)))
    }

    /// Sends `request` to `host`, which is its name in messages. Reads the whole answer, as long as `held` can grow.
    /// `noted` records when the request starts to be sent.
    ///
    /// # Errors
    /// If the answer is incomplete, or a redirect.
    pub(super) async fn send(
        &self,
        request: Request,
        host: &str,
        held: Held,
        shown: &Shown,
        noted: Option<&Sent>,
    ) -> Result<Response, Failure> {
        let request = prepared(request, shown, noted).try_into();
        let request = request.map_err(|_: reqwest::Error| Failure::Setup { why: format!("{host} cannot be asked") })?;
        let sent = self.0.request(request).await.map_err(|error| Failure::of_request(&error, host, shown))?;
        let mut answer = reqwest::Response::from(sent.map(Body::wrap));
        let (status, multiplexed) = (answer.status(), answer.version() == Version::HTTP_2);
        if REDIRECTS.contains(&status.as_u16()) {
            return Err(redirect(status, answer.headers(), host, shown));
        }
        let headers = std::mem::take(answer.headers_mut());
        let mut body = body::Body::new(held);
        while let Some(chunk) = answer.chunk().await.map_err(|error| Failure::of_body(&error, host, shown))? {
            if body.len() + chunk.len() > BODY_LIMIT {
                return Err(Failure::TooLarge { host: host.into() });
            }
            body.push(&chunk).map_err(|Exhausted| Failure::TooMuch)?;
        }
        let (body, held) = body.whole().map_err(|Exhausted| Failure::TooMuch)?;
        Ok(Response { status: status.as_u16(), headers, body, multiplexed, held })
    }
}

fn redirect(status: StatusCode, headers: &HeaderMap, host: &str, shown: &Shown) -> Failure {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let location = location.map(|location| shown.clean(&RawText::new(&origin(location))));
    Failure::Redirect { host: host.into(), status: status.as_u16(), location }
}

fn prepared(request: Request, shown: &Shown, noted: Option<&Sent>) -> reqwest::Request {
    let Request { method, mut url, mut headers, body } = request;
    if let Entry::Vacant(entry) = headers.entry(AUTHORIZATION)
        && let Some(authorization) = authorization(&url, shown)
    {
        entry.insert(authorization);
    }
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(connect::USER_AGENT));
    // The header now contains the user.
    let _ = (url.set_username(""), url.set_password(None));
    let mut prepared = reqwest::Request::new(method, url);
    *prepared.headers_mut() = headers;
    *prepared.body_mut() = Some(match noted {
        None => body.into(),
        Some(sent) => Body::wrap(Noting::new(body, sent.clone())),
    });
    prepared
}

/// The user and password of an address, as a header. They are registered as secrets, because the server may repeat
/// them.
fn authorization(url: &Url, shown: &Shown) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let user = proxy::User::new(url.username(), url.password().unwrap_or_default())?;
    user.secrets().iter().for_each(|secret| shown.add(secret));
    let mut value = HeaderValue::from_str(user.basic().reveal()).ok()?;
    value.set_sensitive(true);
    Some(value)
}
