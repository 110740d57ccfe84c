//! The only HTTP client: every exchange, including the AWS SDK's, uses [`Client::send`].
//!
//! A call of it is one attempt, with limits for time and size. It never follows redirects. It uses https, except for
//! loopback and for hosts that the user named. [`Client::retry`] repeats attempts.

mod attempt;
mod authority;
mod body;
mod budget;
mod certificate_fault;
mod connect;
pub mod dns;
mod explain;
mod failure;
mod fake;
mod key_length;
mod overrides;
mod pace;
mod peer;
mod pem;
mod proxy;
mod redact;
pub mod resolv_conf;
mod response;
pub mod retry;
mod sent;
pub mod smithy;
mod tls;
mod transport;
mod trust;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use tokio::sync::OnceCell;

pub use attempt::{Again, Attempt, ErrorAnswer, Problem};
use budget::Budget;
pub use budget::{Exhausted, Held};
use connect::Ways;
use dns::Resolver;
pub use explain::{Explain, Row, THROTTLED, Told};
pub use failure::{Failure, NoTls, ProxyFailure, ProxyFault};
pub use overrides::{Overrides, ServerName};
pub use peer::{PeerText, RawText, RawTexts, Shown};
pub use proxy::{Proxies, Proxy};
pub use response::{BODY_LIMIT, RUN_LIMIT, Response};
use retry::{Deadline, GaveUp, Retryable};
pub use sent::Sent;
use tls::Tls;
use transport::Transport;
pub use trust::{Bundle, CaFile, Identity, Trust};

/// The network settings of the user and the environment.
#[derive(Debug)]
pub struct Settings {
    /// The trusted certificates.
    pub trust: Trust,
    /// The proxies.
    pub proxies: Proxies,
    /// A host for which plain HTTP is allowed, besides loopback.
    pub allow_http: Option<String>,
    /// The settings of one provider.
    pub overrides: Overrides,
}

/// A request. The body may contain a secret, so there is no `Debug`.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// Headers, without those of the transport.
    pub headers: HeaderMap,
    /// The body; empty if there is none.
    pub body: Vec<u8>,
}

/// The timeout of one attempt, from the first packet to the last byte of the body. AWS STS itself waits up to 5 s for
/// an issuer's keys.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);

/// The client. Clones are cheap and share connections.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    deadline: Deadline,
    resolver: Arc<Resolver>,
    clear: OnceLock<Transport>,
    tls: OnceCell<Transport>,
    fake: Option<fake::Answers>,
    budget: Budget,
    last_said: retry::LastSaid,
    shown: Shown,
}

impl Client {
    /// A client that has not read or sent anything yet. Certificates are loaded at the first https call, before
    /// `deadline`.
    #[must_use]
    pub fn new(settings: Settings, deadline: Deadline) -> Self {
        Self::with(settings, deadline, None)
    }

    /// A client for tests and fuzzing that sends nothing. Each call gets the next of these answers; later calls
    /// fail.
    #[must_use]
    pub fn fake(answers: impl IntoIterator<Item = Response>) -> Self {
        let settings = Settings {
            trust: Trust::default(),
            proxies: Proxies::default(),
            allow_http: None,
            overrides: Overrides::default(),
        };
        Self::with(settings, Deadline::after(ATTEMPT_TIMEOUT), Some(fake::Answers::new(answers)))
    }

    fn with(settings: Settings, deadline: Deadline, fake: Option<fake::Answers>) -> Self {
        let (resolver, clear, tls) = (Arc::default(), OnceLock::new(), OnceCell::new());
        let (last_said, shown) = (retry::LastSaid::default(), Shown::default());
        settings.proxies.secrets().for_each(|secret| shown.add(&secret));
        let budget = Budget::new(RUN_LIMIT);
        Self(Arc::new(Inner { settings, deadline, resolver, clear, tls, fake, budget, last_said, shown }))
    }

    /// A client of the same run with other settings. It shares the resolver, the memory budget, and the list of
    /// secrets.
    #[must_use]
    pub fn beside(&self, settings: Settings) -> Self {
        let (resolver, budget, shown) = (Arc::clone(&self.0.resolver), self.0.budget.clone(), self.0.shown.clone());
        settings.proxies.secrets().for_each(|secret| shown.add(&secret));
        let (clear, tls, last_said) = (OnceLock::new(), OnceCell::new(), retry::LastSaid::default());
        let deadline = self.0.deadline;
        Self(Arc::new(Inner { settings, deadline, resolver, clear, tls, fake: None, budget, last_said, shown }))
    }

    /// The secrets that were sent or received by this client. They are removed from text that is shown.
    #[must_use]
    pub fn shown(&self) -> &Shown {
        &self.0.shown
    }

    /// An empty share of the run's memory budget for answers, for values that are made of them.
    #[must_use]
    pub fn hold(&self) -> Held {
        self.0.budget.hold()
    }

    /// Repeats `attempt` until it succeeds, fails permanently, or `deadline` passes. Prints the first failure, and
    /// each one that differs from the previous; with `-v`, all.
    ///
    /// # Errors
    /// The last error, and the number of attempts.
    pub async fn retry<T, E: Retryable>(
        &self,
        deadline: Deadline,
        attempt: impl AsyncFnMut() -> Result<T, E>,
    ) -> Result<T, GaveUp<E>> {
        retry::run(&self.0.last_said, deadline, attempt).await
    }

    /// Sends `request` once and reads the whole answer.
    ///
    /// # Errors
    /// A [`Failure`] if the address is not allowed, or the answer is incomplete. An error status is not a failure
    /// here, but a redirect is.
    pub async fn send(&self, request: Request) -> Result<Response, Failure> {
        self.send_noting(request, None).await
    }

    /// Sends `request` like [`send`](Self::send). Sets `sent` when its body starts to be sent.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub async fn send_noting(&self, request: Request, sent: Option<&Sent>) -> Result<Response, Failure> {
        let host = host_and_port(&request.url);
        let started = Instant::now();
        let method = request.method.clone();
        let outcome = match &self.0.fake {
            Some(answers) => answers.next(),
            None => self.attempt(request, &host, sent).await,
        };
        let took = started.elapsed().as_millis();
        match &outcome {
            Ok(response) => {
                let id = || response.shown_id(self.shown()).map(|id| format!(" (request {id})"));
                tracing::info!("{method} {host}: {} in {took} ms{}", response.status, id().unwrap_or_default());
            }
            Err(failure) => tracing::info!("{method} {host}: {failure} after {took} ms"),
        }
        outcome
    }

    /// Opens a connection to `url` in the background, for a later call.
    ///
    /// This requires a request: `HEAD /`, without a secret. Its result is ignored; the later call reports a host that
    /// is unreachable. Plain HTTP has no handshake to save, so nothing is sent.
    pub fn open_ahead(&self, url: &Url) {
        if url.scheme() != "https" {
            return;
        }
        let (client, mut root) = (self.clone(), url.clone());
        root.set_path("/");
        root.set_query(None);
        tokio::spawn(async move {
            // After the answer is dropped, the connection stays in the client's pool.
            let _ = client
                .send(Request { method: Method::HEAD, url: root, headers: HeaderMap::new(), body: Vec::new() })
                .await;
        });
    }

    async fn attempt(&self, request: Request, host: &str, sent: Option<&Sent>) -> Result<Response, Failure> {
        // Not limited by the attempt's timeout: the files are read once, and may be slow.
        let transport = self.transport_for(&request.url).await?;
        let settings = &self.0.settings;
        let bound = settings.overrides.attempt.unwrap_or(ATTEMPT_TIMEOUT);
        let proxy = settings.proxies.for_url(&request.url);
        // A silent proxy is reported by its name, so its attempt ends before the run does.
        let left = self.0.deadline.remaining_for_reading();
        let bound = if proxy.is_some() && !left.is_zero() { bound.min(left) } else { bound };
        let answer = tokio::time::timeout(bound, transport.send(request, host, self.hold(), self.shown(), sent)).await;
        answer.unwrap_or_else(|_| Err(silence(host.into(), proxy, bound)))
    }

    async fn transport_for(&self, url: &Url) -> Result<&Transport, Failure> {
        let settings = &self.0.settings;
        let transport = |tls| {
            let (resolver, proxies) = (Arc::clone(&self.0.resolver), settings.proxies.clone());
            Transport::new(Ways { resolver, proxies, tls, shown: self.shown().clone() })
        };
        match url.scheme() {
            "https" => {
                let built = self.0.tls.get_or_try_init(async || {
                    let anchors = settings.trust.anchors(self.0.deadline.remaining_for_reading()).await?;
                    Ok(transport(Some(Tls::new(anchors, &settings.overrides)?)))
                });
                built.await
            }
            "http" if is_loopback(url) || self.is_allowed_in_clear(url) => {
                Ok(self.0.clear.get_or_init(|| transport(None)))
            }
            _ => Err(Failure::NotHttps { url: origin(url.as_str()) }),
        }
    }

    fn is_allowed_in_clear(&self, url: &Url) -> bool {
        let allowed = self.0.settings.allow_http.as_deref();
        let named = allowed
            .is_some_and(|allowed| url.host_str().is_some_and(|host| bare(host).eq_ignore_ascii_case(bare(allowed))));
        if named {
            tracing::warn!(
                "using plain http to {}, as --allow-http allows: anyone on the network path can read the token",
                host_and_port(url)
            );
        }
        named
    }
}

/// The failure if the answer is not complete before the timeout.
fn silence(host: String, proxy: Option<&Proxy>, after: Duration) -> Failure {
    match proxy {
        None => Failure::Timeout { host, after },
        Some(proxy) => proxy.failed(host, ProxyFault::Silent(after)),
    }
}

/// Whether `url` is a loopback address of this machine, or `localhost` (RFC 6761, section 6.3).
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    match bare(host).parse::<std::net::IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => dns::is_localhost(host),
    }
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Scheme, host and port of an address. The other parts may contain a secret (user information, a query).
fn origin(address: &str) -> String {
    Url::parse(address)
        .map_or_else(|_| "an address that cannot be read".into(), |url| url.origin().ascii_serialization())
}
