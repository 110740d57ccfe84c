//! The HTTP/1.1 server of all services. It is hand-written, because a [`Fault`] needs the socket.

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

/// A future answer.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Response> + Send + 'a>>;

/// The answers of a service.
pub trait Service: Send + Sync + 'static {
    /// The normal answer.
    fn answer<'a>(&'a self, request: &'a Request) -> Answer<'a>;

    /// The answer to a caller over the rate limit.
    fn throttled(&self) -> Response;

    /// The answer during an outage.
    fn unavailable(&self) -> Response;

    /// A refusal that repeats the caller's secrets. `sent` are all requests so far. A service without secrets only
    /// refuses.
    fn indiscreet(&self, sent: &[Request]) -> Response {
        let _ = sent;
        Response::new(403, "text/plain; charset=utf-8", "Forbidden")
    }
}

/// A running server. On drop, it stops and closes its connections.
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The data that the connections of one server share.
pub(crate) struct Shared {
    service: Arc<dyn Service>,
    tls: Option<TlsAcceptor>,
    fault_plan: Mutex<FaultPlan>,
    requests: Mutex<Vec<Request>>,
}

impl Server {
    /// Starts a server on a free port of `127.0.0.1`. `room` makes the service for the server's URL.
    ///
    /// # Errors
    /// If the port, the thread or the runtime is not available.
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

    /// `http://127.0.0.1:PORT`, or `https://…` over TLS, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_for("127.0.0.1")
    }

    /// The URL with another host name, which must resolve to `127.0.0.1`.
    #[must_use]
    pub fn url_for(&self, host: &str) -> String {
        format!("{}://{host}:{}", self.scheme, self.port())
    }

    /// The port that the server listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every complete request in order, whether it was answered or not.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// Clears the recorded requests.
    pub fn forget_requests(&self) {
        lock(&self.shared.requests).clear();
    }

    /// Waits until that many requests have arrived; returns false after `patience`.
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

    /// Plans these faults for the next requests, one each.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared.fault_plan).script(faults);
    }

    /// Sets a fault for every request, after those of [`script`](Self::script); `None` ends it.
    pub fn always(&self, fault: impl Into<Option<Fault>>) {
        lock(&self.shared.fault_plan).always(fault.into());
    }

    /// Sets a rate limit in requests per second (with a burst of one second's worth). Other requests get the real
    /// service's refusal.
    pub fn throttle(&self, per_second: u32) {
        lock(&self.shared.fault_plan).throttle(per_second);
    }

    /// Plans a fault for the next `times` requests for which `at` is true, before any other fault; for all of them if
    /// `None`.
    pub fn aim(&self, at: fn(&Request) -> bool, fault: Fault, times: impl Into<Option<usize>>) {
        lock(&self.shared.fault_plan).aim(at, fault, times.into());
    }

    /// Answers 503 until `end`.
    pub fn outage_until(&self, end: Instant) {
        lock(&self.shared.fault_plan).outage_until(end);
    }

    /// Answers 503 for that time from now.
    pub fn outage_for(&self, time: Duration) {
        self.outage_until(Instant::now() + time);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has already been printed.
            let _ = thread.join();
        }
    }
}

/// With a long queue: if it were full, callers would wait a second for their next attempt.
fn listen() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    socket.listen(4096)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    for connection in 1.. {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection::serve(stream, connection, Arc::clone(&shared)))),
            // For example, no file descriptors are left: wait until a connection closes.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
