//! A way to a server that keeps some requests for itself: the server never sees them, and the caller waits.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Passes requests on to a port of this machine, but for those that it holds.
pub(crate) struct Relay {
    port: u16,
    held: Arc<Held>,
}

#[derive(Default)]
struct Held {
    count: Mutex<usize>,
    more: Condvar,
}

impl Relay {
    /// Holds every request whose first line has one of `words` in it.
    pub(crate) fn holding(port: u16, words: &[&str]) -> Self {
        let words: Arc<[String]> = words.iter().map(|word| (*word).to_owned()).collect();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (own, held) = (listener.local_addr().unwrap().port(), Arc::new(Held::default()));
        let count = Arc::clone(&held);
        // It ends with the test's process: a thread that waits for nobody.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (words, count) = (Arc::clone(&words), Arc::clone(&count));
                thread::spawn(move || pass_on(client, port, &words, &count));
            }
        });
        Self { port: own, held }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Waits until it holds a request.
    #[track_caller]
    pub(crate) fn await_held(&self) {
        let end = Instant::now() + Duration::from_secs(30);
        let mut count = self.held.count.lock().unwrap();
        while *count == 0 {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "nothing came that was to be held");
            count = self.held.more.wait_timeout(count, left).unwrap().0;
        }
    }
}

fn pass_on(mut client: TcpStream, port: u16, words: &[String], held: &Held) {
    let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return };
    let (Ok(mut from_server), Ok(mut to_client)) = (server.try_clone(), client.try_clone()) else { return };
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    while let Some(request) = request(&mut client) {
        let line =
            String::from_utf8_lossy(request.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
        if words.iter().any(|word| line.contains(word)) {
            *held.count.lock().unwrap() += 1;
            held.more.notify_all();
            // Until the caller hangs up.
            let _ = client.read(&mut [0]);
            break;
        }
        if server.write_all(&request).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Write);
}

/// The next request, with its body; none at the end.
fn request(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    client.read_exact(&mut body).ok()?;
    bytes.extend(body);
    Some(bytes)
}
