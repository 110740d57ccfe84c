//! The HTTP/1.1 server under every room: hand-written, because a [`Fault`] needs the socket itself.

mod connection;
mod fault;
mod fault_plan;
mod message;
mod read;
mod tls;

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

pub use fault::{Fault, Forgery};
pub(crate) use message::repeated;
pub use message::{Request, Response};
pub use tls::{ServerTls, Tls};

use crate::sync::lock;
use fault_plan::FaultPlan;

/// An answer in the making.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Response> + Send + 'a>>;

/// What a room answers.
pub trait Service: Send + Sync + 'static {
    /// The answer of normal service.
    fn answer<'a>(&'a self, request: &'a Request) -> Answer<'a>;

    /// The answer to a caller who comes too often.
    fn throttled(&self) -> Response;

    /// The answer while the room is down.
    fn unavailable(&self) -> Response;

    /// A refusal that repeats what callers keep secret; `sent` are all requests so far. A room that is sent no secret just
    /// refuses.
    fn indiscreet(&self, sent: &[Request]) -> Response {
        let _ = sent;
        Response::new(403, "text/plain; charset=utf-8", "Forbidden")
    }
}

/// A running server; it stops, and its connections close, when this is dropped.
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the connections of one server share.
pub(crate) struct Shared {
    service: Arc<dyn Service>,
    tls: Option<TlsAcceptor>,
    fault_plan: Mutex<FaultPlan>,
    requests: Mutex<Vec<Request>>,
}

impl Server {
    /// Serves on a free port of `127.0.0.1`; the room is built once its url is known.
    ///
    /// # Errors
    /// When the port, the thread or its runtime cannot be had.
    pub fn start(tls: Option<&ServerTls>, room: impl FnOnce(&str) -> Arc<dyn Service>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(async { listen() })?;
        let address = listener.local_addr()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared {
            service: room(&format!("{scheme}://{address}")),
            tls: tls.map(ServerTls::acceptor),
            fault_plan: Mutex::default(),
            requests: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(format!("sandbox-{}", address.port())).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, serving) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { address, scheme, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT`, or `https://…` over TLS; no trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_for("127.0.0.1")
    }

    /// The same under another host name, which must resolve to `127.0.0.1`.
    #[must_use]
    pub fn url_for(&self, host: &str) -> String {
        format!("{}://{host}:{}", self.scheme, self.port())
    }

    /// The port that the server listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every request that arrived whole, in order, answered or not.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        lock(&self.shared.requests).clear();
    }

    /// Waits until that many requests have arrived; false when they have not after `patience`.
    #[must_use]
    pub fn await_requests(&self, count: usize, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        while lock(&self.shared.requests).len() < count {
            if Instant::now() >= end {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// The next requests meet these faults, one each, in order; normal service follows.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared.fault_plan).script(faults);
    }

    /// Every request meets this fault, after those of [`script`](Self::script), until it is changed; `None` ends it.
    pub fn always(&self, fault: impl Into<Option<Fault>>) {
        lock(&self.shared.fault_plan).always(fault.into());
    }

    /// Serves this many requests a second (and as many at once after a quiet second); refuses the others as the real
    /// service does.
    pub fn throttle(&self, per_second: u32) {
        lock(&self.shared.fault_plan).throttle(per_second);
    }

    /// The next `times` requests that are such ones meet this fault, before any other; all of them where that is none.
    pub fn aim(&self, at: fn(&Request) -> bool, fault: Fault, times: impl Into<Option<usize>>) {
        lock(&self.shared.fault_plan).aim(at, fault, times.into());
    }

    /// Answers 503 until then.
    pub fn outage_until(&self, end: Instant) {
        lock(&self.shared.fault_plan).outage_until(end);
    }

    /// Answers 503 for that long, from now.
    pub fn outage_for(&self, time: Duration) {
        self.outage_until(Instant::now() + time);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic over there has been printed already.
            let _ = thread.join();
        }
    }
}

/// With room for a crowd: a full queue would make callers wait a second for their next try.
fn listen() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    socket.listen(4096)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    for connection in 1.. {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection::serve(stream, connection, Arc::clone(&shared)))),
            // Out of descriptors, for one: those that are open will close.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
