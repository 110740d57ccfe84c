//! An HTTP/1.1 server with answers that a test sets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// One answer.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Lines with their ends.
    pub(super) headers: String,
    pub(super) body: Body,
}

#[derive(Clone)]
pub(super) enum Body {
    Whole(Arc<String>),
    /// This text repeatedly, in chunks, with pauses.
    Endless(Arc<String>, Duration),
}

impl Answer {
    pub(super) fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: String::new(), body: Body::Whole(Arc::new(body.into())) }
    }

    pub(super) fn endless(part: impl Into<String>, pause: Duration) -> Self {
        Self { status: 200, headers: String::new(), body: Body::Endless(Arc::new(part.into()), pause) }
    }

    pub(super) fn with_headers(self, headers: String) -> Self {
        Self { headers, ..self }
    }
}

/// A running server. It is stopped on drop: its answers have megabytes, and a test has hundreds of servers.
pub(super) struct Server {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    /// As long as it is open, no other server gets the port.
    _listener: TcpListener,
}

impl Server {
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Its thread waits for a connection.
        drop(TcpStream::connect(self.address));
    }
}

/// Answers each request by its path.
pub(super) fn serve(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let server = Server {
        address: listener.local_addr().unwrap(),
        ended: Arc::default(),
        _listener: listener.try_clone().unwrap(),
    };
    let ended = Arc::clone(&server.ended);
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            if ended.load(Ordering::Relaxed) {
                break;
            }
            let answer = Arc::clone(&answer);
            thread::spawn(move || {
                let mut reader = BufReader::new(client.try_clone().unwrap());
                while let Some(path) = request(&mut reader) {
                    // The caller closes the connection at its limit.
                    if send(&client, &answer(&path)).is_err() {
                        return;
                    }
                }
            });
        }
    });
    server
}

/// Reads a request, and returns its path.
fn request(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    reader.by_ref().take(length).read_to_end(&mut Vec::new()).ok()?;
    Some(path)
}

fn send(mut client: &TcpStream, answer: &Answer) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {} X\r\ncontent-type: application/json\r\n{}", answer.status, answer.headers);
    match &answer.body {
        Body::Whole(body) => {
            client.write_all(format!("{head}content-length: {}\r\n\r\n", body.len()).as_bytes())?;
            client.write_all(body.as_bytes())
        }
        Body::Endless(part, pause) => {
            client.write_all(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes())?;
            let chunk = format!("{:x}\r\n{part}\r\n", part.len());
            loop {
                client.write_all(chunk.as_bytes())?;
                thread::sleep(*pause);
            }
        }
    }
}
