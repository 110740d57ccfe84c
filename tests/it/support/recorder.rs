//! Servers that must receive nothing, and a proxy that records requests.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tokio::net::TcpSocket;

/// A server that records the first bytes of each connection, and then behaves as `how`.
pub(crate) struct Recorder {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    /// Closes every connection after its first bytes.
    pub(crate) fn start() -> Self {
        Self::answering(drop)
    }

    /// A proxy for https that connects to the requested port of this machine, for any host name.
    pub(crate) fn proxy() -> Self {
        Self::answering(|(client, head)| {
            let Some(port) = head.strip_prefix("CONNECT ").and_then(|rest| rest.split([':', ' ']).nth(1)) else {
                return;
            };
            let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port.parse().unwrap())) else { return };
            tunnel(client, server);
        })
    }

    /// A proxy for https that sends `first` after `pause`, and then connects like [`Recorder::proxy`].
    pub(crate) fn proxy_that(first: &'static str, pause: Duration) -> Self {
        Self::answering(move |(mut client, head)| {
            thread::sleep(pause);
            let port = head.split([':', ' ']).nth(2).and_then(|port| port.parse().ok()).unwrap();
            if client.write_all(first.as_bytes()).is_ok() {
                carry(client, TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap());
            }
        })
    }

    /// A proxy for https that reports success at once, and connects after `pause`.
    pub(crate) fn proxy_that_connects_after(pause: Duration) -> Self {
        Self::answering(move |(mut client, head)| {
            let port: u16 = head.split([':', ' ']).nth(2).and_then(|port| port.parse().ok()).unwrap();
            if client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").is_ok() {
                thread::sleep(pause);
                carry(client, TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap());
            }
        })
    }

    /// Sends `words` and closes every connection.
    pub(crate) fn saying(words: &'static str) -> Self {
        Self::answering(move |(mut client, _)| {
            let _ = client.write_all(words.as_bytes());
        })
    }

    /// A proxy for https that maps port 443 of each host to the port of this machine that `port_of` returns. If
    /// nothing listens there, the proxy closes the connection.
    pub(crate) fn proxy_to(port_of: impl Fn(&str) -> u16 + Send + Sync + 'static) -> Self {
        Self::answering(move |(client, head)| {
            let host = head.strip_prefix("CONNECT ").and_then(|rest| rest.split_once(":443 "));
            let server = host.map(|(host, _)| TcpStream::connect((Ipv4Addr::LOCALHOST, port_of(host))));
            if let Some(Ok(server)) = server {
                tunnel(client, server);
            }
        })
    }

    fn answering(how: impl Fn((TcpStream, String)) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&seen);
        let how = Arc::new(how);
        // It ends with the test's process: nothing waits for this thread.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (record, how) = (Arc::clone(&record), Arc::clone(&how));
                thread::spawn(move || {
                    let mut client = client;
                    let head = head(&mut client);
                    record.lock().unwrap().push(head.clone());
                    how((client, head));
                });
            }
        });
        Self { port, seen }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Waits for the first caller, and returns its first bytes.
    #[track_caller]
    pub(crate) fn await_first(&self) -> String {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(first) = self.seen().into_iter().next() {
                return first;
            }
            assert!(Instant::now() < end, "nobody called");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// The first bytes of every caller, up to an empty line.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn head(client: &mut TcpStream) -> String {
    client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") && bytes.len() < 65_536 {
        match client.read(&mut byte) {
            Ok(1) => bytes.push(byte[0]),
            _ => break,
        }
    }
    client.set_read_timeout(None).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn tunnel(mut client: TcpStream, server: TcpStream) {
    if client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").is_ok() {
        carry(client, server);
    }
}

/// Copies bytes in both directions.
pub(crate) fn carry(mut client: TcpStream, mut server: TcpStream) {
    let (Ok(mut from_client), Ok(mut to_server)) = (client.try_clone(), server.try_clone()) else { return };
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
}

/// A port of this machine on which nothing listens.
pub(crate) fn closed_port() -> u16 {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let address = socket.local_addr().unwrap();
    // It is bound and does not listen until the tests end, so that no other test can get the port.
    std::mem::forget(socket);
    address.port()
}
